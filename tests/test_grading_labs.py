"""Every lab through the real grading path: two sandboxes and the wire.

One run a lab: the solutions pass every check; then each stored wrong answer,
and the untouched stub, replaces its solution in the worker, and the check
that is meant for it is run again, hidden tests and all.
"""

import importlib
import re

import pytest
from grading_helpers import needs_sandbox

from tools import labs
from tools.grading import sandbox, session, submissions

PATHS = {path.stem: path for path in labs.labs()}
LIMITS = sandbox.Limits(seconds=1800)
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


@needs_sandbox
@pytest.mark.parametrize("topic", PATHS)
def test_solutions_pass_and_mistakes_meet_their_message(topic):
    lab, wrong = submissions.read_lab(PATHS[topic]), mistakes(topic)
    codes = {
        check: [e[1] for e in entries] for check, entries in wrong.items()
    }
    found = session.run(lab, lab.source, sandbox.Box(LIMITS), codes)
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
