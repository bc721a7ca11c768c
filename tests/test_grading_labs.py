"""Every lab through the real grading path: two sandboxes and the wire.

One run a lab: the solutions pass every check; then each stored wrong answer,
and the untouched stub, replaces its solution in the worker, and the check
that is meant for it is run again, hidden tests and all. Training that only
checks need is left out of the submission, to save its time.
"""

import importlib
import re
import symtable

import nbformat
import pytest
from grading_helpers import needs_sandbox

from tools import labs
from tools.grading import sandbox, session, submissions

PATHS = {path.stem: path for path in labs.labs()}
LIMITS = sandbox.Limits(seconds=1800, patience=2)
UNANSWERED = re.escape("Not answered yet")


def mistakes(topic: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return name, code and message of what each check must reject."""
    module = importlib.import_module(f"wrong_answers.{topic}")
    nb = labs.read(PATHS[topic])
    stubs = labs.exercises(labs.student_version(nb))
    found = {
        stub.name + labs.CHECK: [("stub", stub.answer.source, UNANSWERED)]
        for stub in stubs
    }
    for wrong in module.WRONG_ANSWERS:
        entry = wrong.name, wrong.code, wrong.message
        found[wrong.exercise + labs.CHECK].append(entry)
    return found


def needed(nb: nbformat.NotebookNode) -> bytes:
    """Return the lab without the cells that define nothing for answers."""
    wanted, kept = set(), []
    for cell in reversed(nb.cells):
        if cell.cell_type == "code":
            given = labs.is_answer(cell) or "import " in cell.source
            given |= labs.is_check(cell) and "# probe" in cell.source
            if not (given or defined(cell.source) & wanted):
                continue
            wanted |= used(cell.source)
        kept.append(cell)
    smaller = nb.copy()
    smaller.cells = kept[::-1]
    return nbformat.writes(smaller).encode()


def used(source: str) -> set[str]:
    """Return the names that a cell takes from other cells."""
    tables = [symtable.symtable(source, "cell", "exec")]
    for table in tables:
        tables += table.get_children()
    return {
        symbol.get_name()
        for table in tables
        for symbol in table.get_symbols()
        if symbol.is_global() and symbol.is_referenced()
    } | {s.get_name() for s in tables[0].get_symbols() if s.is_referenced()}


def defined(source: str) -> set[str]:
    """Return the names that a cell defines at its top level."""
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned()}


@needs_sandbox
@pytest.mark.parametrize("topic", PATHS)
def test_solutions_pass_and_mistakes_meet_their_message(topic):
    lab, wrong = submissions.read_lab(PATHS[topic]), mistakes(topic)
    codes = {
        check: [e[1] for e in entries] for check, entries in wrong.items()
    }
    notebook = needed(labs.read(PATHS[topic]))
    found = session.run(lab, notebook, sandbox.Box(LIMITS), codes)
    problems = []
    for check in lab.checks:
        verdict = found.verdicts.get(check, {"message": found.reason})
        if not verdict.get("passed"):
            problems.append(f"{check}: solution: {verdict['message']}")
        for number, (name, _, message) in enumerate(wrong[check]):
            verdict = found.verdicts.get(f"{check}/{number}", {})
            text = verdict.get("message", "no verdict")
            if verdict.get("passed", True) or not re.search(message, text):
                problems.append(f"{check}: {name}: {text!r}, not {message!r}")
    assert not problems, "\n".join(problems)
