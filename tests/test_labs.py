"""Every lab: solutions pass, stubs and typical wrong answers do not.

A lab is run once, cell by cell, in this process. Before each check the names
defined so far are kept, so that a wrong answer repeats its own check only.
"""

import ast
import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import matplotlib
import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from tools import labs
from tools.bookext import labs as pages
from topoi import lab
from wrong_answers import WrongAnswer

matplotlib.use("Agg")

LABS = labs.labs()
TOPICS = [path.stem for path in LABS]
MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
MARKS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS")


def wrong_answers(topic: str) -> list[WrongAnswer]:
    return importlib.import_module(f"wrong_answers.{topic}").WRONG_ANSWERS


CASES = [
    pytest.param(topic, wrong, id=f"{topic}-{wrong.exercise}-{wrong.name}")
    for topic in TOPICS
    for wrong in wrong_answers(topic)
]
EXERCISES = [
    pytest.param(topic, n, id=f"{topic}-{exercise.name}")
    for topic, path in zip(TOPICS, LABS, strict=True)
    for n, exercise in enumerate(labs.exercises(labs.read(path)))
]


# -- running a lab ----------------------------------------------------------


def execute(cell, names: dict) -> str:
    """Run a cell in these names and return what it printed."""
    printed = io.StringIO()
    source = cell if isinstance(cell, str) else cell.source
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "<cell>", "exec"), names)
    return printed.getvalue()


@dataclass
class Run:
    """What a run of the solutions left: one entry an exercise."""

    before: dict[str, dict] = field(default_factory=dict)  # its answer
    after: dict[str, dict] = field(default_factory=dict)  # answered
    printed: dict[str, str] = field(default_factory=dict)  # by the check


def solved(topic: str) -> Run:
    """Return what a run of the solutions left; the run is made once."""
    run = _solved(topic)
    if isinstance(run, Exception):
        raise run
    return run


@cache
def _solved(topic: str) -> Run | Exception:
    try:
        return _solve(read(topic), topic)
    except Exception as error:  # kept, so that a failing lab runs once too
        return error


def _solve(nb, topic: str) -> Run:
    run, names = Run(), {"__name__": f"lab_{topic}"}
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if labs.is_answer(cell):
            run.before[name] = dict(names)
        if labs.is_check(cell):
            name = name.removesuffix(labs.CHECK)
            run.after[name] = dict(names)
            run.printed[name] = execute(cell, names)
        else:
            execute(cell, names)
    return run


def read(topic: str):
    return labs.read(labs.ROOT / "labs" / f"{topic}.ipynb")


@pytest.fixture(scope="module", autouse=True)
def environment():
    """Keep what `runtime.setup` writes into the environment in this file."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


# -- the notebook -----------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_metadata_are_valid(topic):
    """Oracle: nbgrader's own validator, and unique names."""
    nb = read(topic)
    MetadataValidator().validate_nb(nb)
    marked = [
        c.metadata.nbgrader for c in nb.cells if "nbgrader" in c.metadata
    ]
    names = [mark.grade_id for mark in marked]
    assert len(set(names)) == len(names)
    assert {mark.schema_version for mark in marked} == {3}
    for cell in nb.cells:
        if labs.is_check(cell):
            assert cell.metadata.nbgrader.locked, "students could edit it"


@pytest.mark.parametrize("topic", TOPICS)
def test_a_lab_has_its_parts(topic):
    nb = read(topic)
    exercises = labs.exercises(nb)
    assert 4 <= len(exercises) <= 6
    assert len(labs.thinking(nb)) == 1
    for exercise in exercises:
        assert "### BEGIN SOLUTION" in exercise.answer.source
        assert "### BEGIN HIDDEN TESTS" in exercise.check.source
        assert '"""' in exercise.answer.source, "a stub says what it returns"
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    levels = [int(n) for n in re.findall(r"\[level (\d) of 3\]{", text)]
    assert len(levels) == len(exercises)
    assert levels == sorted(levels), "exercises become harder"
    assert text.count("You should see\n:class: tt-see") == len(exercises)
    assert text.count("{dropdown} Hint") == len(exercises)


@pytest.mark.parametrize("topic", TOPICS)
def test_points_in_the_text_are_those_of_the_checks(topic):
    nb = read(topic)
    points = [exercise.points for exercise in labs.exercises(nb)]
    points += [c.metadata.nbgrader.points for c in labs.thinking(nb)]
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    told = re.findall(r"^(?:\[level.*\} )?(\d+) points\b", text, re.MULTILINE)
    assert [int(n) for n in told] == points
    assert f"Points\n: {sum(points)}," in text


# -- the checks -------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_every_exercise_has_a_stored_wrong_answer(topic):
    stored = wrong_answers(topic)
    names = {exercise.name for exercise in labs.exercises(read(topic))}
    assert {wrong.exercise for wrong in stored} == names
    assert len({(w.exercise, w.name) for w in stored}) == len(stored)


def silent_asserts(nb) -> list[str]:
    """Return the assertions of checks that would fail without a word."""
    return [
        f"{cell.metadata.nbgrader.grade_id}: {ast.unparse(node)}"
        for cell in nb.cells
        if cell.cell_type == "code" and "nbgrader" in cell.metadata
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Assert) and node.msg is None
    ]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_assertion_of_a_check_has_a_message(topic):
    assert silent_asserts(read(topic)) == []


def test_a_silent_assertion_is_found():
    check = cell("one", "assert x == 1, 'x is 1.'\nassert x", grade=True)
    assert silent_asserts(notebook(check)) == ["one: assert x"]


@pytest.mark.parametrize(("topic", "n"), EXERCISES)
def test_a_second_run_of_the_check_gives_the_same(topic, n):
    """The first run, in `solved`, also shows that the solution passes."""
    exercise, run = labs.exercises(read(topic))[n], solved(topic)
    again = execute(exercise.check, dict(run.after[exercise.name]))
    assert again == run.printed[exercise.name]
    assert again.strip(), "a check says that it has passed"


@pytest.mark.parametrize(("topic", "n"), EXERCISES)
def test_the_untouched_stub_fails(topic, n):
    nb = read(topic)
    name = labs.exercises(nb)[n].name
    stub = labs.exercises(labs.student_version(nb))[n]
    names = dict(solved(topic).before[name])
    execute(stub.answer, names)
    with pytest.raises(NotImplementedError):
        execute(stub.check, names)


@pytest.mark.parametrize(("topic", "wrong"), CASES)
def test_a_wrong_answer_meets_its_message(topic, wrong):
    """The visible check alone rejects it, as students will see."""
    student = labs.student_version(read(topic))
    checks = {e.name: e.check for e in labs.exercises(student)}
    names = dict(solved(topic).after[wrong.exercise])
    execute(wrong.code, names)
    with pytest.raises(AssertionError, match=wrong.message):
        execute(checks[wrong.exercise], names)


NUMPY_ALONE = [
    topic for topic in TOPICS if "backend=None" in nbformat.writes(read(topic))
]
RUN = """
import sys
from pathlib import Path

names = {"__name__": "lab"}
for source in Path(sys.argv[1]).read_text().split("# CELL"):
    exec(compile(source, "<cell>", "exec"), names)
assert not {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
"""


@pytest.mark.parametrize("topic", NUMPY_ALONE)
def test_a_lab_of_numpy_alone_runs_without_keras(topic, tmp_path):
    """What ``setup(..., backend=None)`` says is true of the whole lab."""
    code = [c.source for c in read(topic).cells if c.cell_type == "code"]
    (tmp_path / "cells.py").write_text("\n# CELL\n".join(code))
    command = [sys.executable, "-c", RUN, tmp_path / "cells.py"]
    told = subprocess.run(
        command,
        cwd=labs.ROOT,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr


# -- the student version ----------------------------------------------------


def solution_lines(nb) -> set[str]:
    """Lines that stand in solutions and nowhere else in the lab."""
    inside, outside = set(), set()
    for cell in nb.cells:
        solution = labs.is_answer(cell) and cell.cell_type == "markdown"
        for line in cell.source.split("\n"):
            if "END SOLUTION" in line:
                solution = False
            (inside if solution else outside).add(line.strip())
            if "BEGIN SOLUTION" in line:
                solution = True
    return {line for line in inside - outside if len(line) > 3}


@pytest.mark.parametrize("topic", TOPICS)
def test_student_version_tells_nothing(topic):
    """Oracle: the lines between the markers, found without nbgrader."""
    nb = read(topic)
    before = nbformat.writes(nb)
    student = labs.student_version(nb)
    assert nbformat.writes(nb) == before, "the lab itself must stay"
    text = nbformat.writes(student)
    told = {s.strip() for c in student.cells for s in c.source.split("\n")}
    lines = solution_lines(nb)
    assert len(lines) > 10
    assert lines & told == set()
    assert not any(mark in text for mark in MARKS)
    for cell in student.cells:
        assert not cell.get("outputs"), "outputs may show the solution"
    nbformat.validate(student)
    assert nbformat.writes(labs.student_version(nb)) == text


@pytest.mark.parametrize("topic", TOPICS)
def test_student_version_has_no_hidden_tests(topic):
    nb = read(topic)
    student = labs.student_version(nb)
    pairs = zip(labs.exercises(nb), labs.exercises(student), strict=True)
    for whole, shown in pairs:
        before, _, rest = whole.check.source.partition(
            "### BEGIN HIDDEN TESTS"
        )
        after = rest.partition("### END HIDDEN TESTS\n")[2]
        assert shown.check.source == before + after
        assert not shown.check.metadata.editable
        assert not shown.answer.metadata.deletable


MYST = """\
# Title

:::{div} tt-facts tt-part-1
You need
: the chapter [Nets](../chapters/cnn.ipynb),
  and time

Points
: 3
:::

[level 1 of 3]{.tt-level} 2 points, [a page](https://example.org), $a[i]$

::::{admonition} You should see
:class: tt-see
One line

and another.
::::

:::{dropdown} Hint
Use `:`.
:::"""
PLAIN = """\
# Title

- **You need:** the chapter Nets,
  and time

- **Points:** 3

*level 1 of 3*, 2 points, [a page](https://example.org), $a[i]$

> **You should see**
>
> One line
>
> and another.

<details>
<summary>Hint</summary>

Use `:`.

</details>"""


def test_plain_text_needs_no_extension():
    assert labs.plain_text(MYST) == PLAIN


@pytest.mark.parametrize("topic", TOPICS)
def test_student_text_is_plain(topic):
    nb = read(topic)
    student = labs.student_version(nb)
    text = "\n".join(c.source for c in student.cells)
    assert ":::" not in text
    assert ".tt-" not in text
    assert text.count("<summary>Hint</summary>") == len(labs.exercises(nb))


def test_command_line_writes_student_notebooks(tmp_path):
    script = labs.ROOT / "tools" / "labs.py"
    command = [sys.executable, str(script), "--out", str(tmp_path / "new")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    written = sorted((tmp_path / "new").iterdir())
    assert run.stdout.split() == [str(path) for path in written]
    assert [p.name for p in written] == [f"{t}-student.ipynb" for t in TOPICS]
    assert labs.read(written[0]) == labs.student_notebook(LABS[0])


def test_student_notebook_begins_with_the_library_and_ends_with_progress():
    nb = labs.student_notebook(LABS[0])
    nbformat.validate(nb)
    *cells, _, last = nb.cells
    first = next(c for c in cells if c.cell_type == "code")
    assert first.id == "library"
    cells.remove(first)
    assert cells == labs.student_version(read(TOPICS[0])).cells
    assert last.source.endswith(f'lab.progress("{TOPICS[0]}")')
    assert last.metadata.tags == [lab.PROGRESS_TAG]


def test_a_notebook_with_answers_is_kept(tmp_path):
    """Only a missing notebook is written; nobody's work is overwritten."""
    told = labs.write_student(LABS[0], tmp_path)
    target = Path(told)
    fresh = target.read_text(encoding="utf-8")
    assert labs.write_student(LABS[0], tmp_path) == told
    edited = fresh.replace("YOUR CODE HERE", "my answer")
    target.write_text(edited, encoding="utf-8")
    assert "edited or is older: kept" in labs.write_student(LABS[0], tmp_path)
    assert target.read_text(encoding="utf-8") == edited
    target.unlink()
    labs.write_student(LABS[0], tmp_path)
    assert target.read_text(encoding="utf-8") == fresh


def test_command_line_names_a_lab_that_is_no_notebook(tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    script = labs.ROOT / "tools" / "labs.py"
    command = [sys.executable, script, "--out", tmp_path / "out", broken]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith(f"{broken}: ")
    assert not (tmp_path / "out").exists()


# -- bad labs ---------------------------------------------------------------


def cell(name: str, source: str, **marks):
    mark = {"grade": False, "solution": False, "locked": False, "task": False}
    mark |= {"grade_id": name, "schema_version": 3} | marks
    new = nbformat.v4.new_code_cell(source)
    new.metadata["nbgrader"] = nbformat.from_dict(mark)
    return new


ANSWER = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def test_an_answer_without_its_check_is_named():
    answers = [cell(name, ANSWER, solution=True) for name in ("one", "two")]
    with pytest.raises(labs.LabError, match=r"NAME-check .* are one, two"):
        labs.exercises(notebook(*answers))


def test_a_check_before_its_answer_is_refused():
    check = cell("one-check", "assert f() == 1", grade=True, points=1)
    with pytest.raises(labs.LabError, match="one-check, one"):
        labs.exercises(notebook(check, cell("one", ANSWER, solution=True)))


def test_a_solution_in_an_unmarked_cell_is_refused():
    with pytest.raises(RuntimeError, match="a cell that is no answer"):
        labs.student_version(notebook(nbformat.v4.new_code_cell(ANSWER)))


def test_a_region_without_end_is_refused():
    open_end = ANSWER.rpartition("\n")[0]
    with pytest.raises(RuntimeError, match="BEGIN SOLUTION without END"):
        labs.student_version(notebook(cell("one", open_end, solution=True)))


# -- the page ---------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_page_shows_stub_check_and_folded_solution(topic):
    nb = read(topic)
    page = pages.lab_page(nb, "x-student.ipynb")
    nbformat.validate(page)
    sources = [c.source for c in page.cells]
    links = re.findall('href="([^"]*)"', sources[1])
    assert links[:2] == [labs.ZIP, "x-student.ipynb"]
    assert not any(mark in s for mark in MARKS for s in sources)
    folded = [c for c in page.cells if c.id.endswith("-solution")]
    assert len(folded) == len(labs.exercises(nb))
    for cell, exercise in zip(folded, labs.exercises(nb), strict=True):
        assert cell.metadata.tags == ["hide-input"]
        compile(cell.source, "solution", "exec")
        lines = exercise.answer.source.split("\n")
        kept = [s for s in lines if s.strip() not in MARKERS]
        assert cell.source.split("\n") == kept
    unfolded = {
        s.strip()
        for c in page.cells
        if not c.id.endswith("-solution") and c.cell_type == "code"
        for s in c.source.split("\n")
    }
    code_only = solution_lines(
        notebook(*(e.answer for e in labs.exercises(nb)))
    )
    elsewhere = {
        s.strip() for e in labs.exercises(nb) for s in _lines(e.check)
    }
    assert unfolded & code_only <= elsewhere


def _lines(cell) -> list[str]:
    return cell.source.split("\n")


@pytest.mark.parametrize("topic", TOPICS)
def test_page_keeps_the_outputs_of_checks(topic):
    nb = read(topic)
    page = {c.id: c for c in pages.lab_page(nb, "x").cells}
    for exercise in labs.exercises(nb):
        assert page[exercise.check.id].outputs == exercise.check.outputs
        assert page[exercise.check.id].outputs, "make refresh"
        assert page[exercise.answer.id].outputs == []


def test_fence_of_a_model_answer_is_longer_than_its_own():
    folded = pages._dropdown("Title", "a\n::::{note}\nb\n::::")
    assert folded.startswith(":::::{dropdown} Title\n")
    assert folded.endswith("\n:::::")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_lab_does_not_use_the_librarys_answers(topic):
    """Checks and solutions with topoi's own function would prove nothing."""
    answers, used = set(), set()
    for cell in read(topic).cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        if labs.is_answer(cell):
            definitions = ast.FunctionDef | ast.ClassDef
            answers |= {
                n.name for n in tree.body if isinstance(n, definitions)
            }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and "topoi" in node.module:
                used |= {alias.name for alias in node.names}
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
    assert answers
    assert answers & used == set()
