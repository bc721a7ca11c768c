"""`tools.release`: what nbgrader releases, without nbgrader."""

import copy
import logging

import nbformat
import pytest
from nbgrader import preprocessors

from tools import labs
from tools.release import ReleaseError, release

STEPS = (
    preprocessors.CheckCellMetadata,
    preprocessors.LockCells,
    preprocessors.ClearSolutions,
    preprocessors.ClearOutput,
    preprocessors.ClearHiddenTests,
    preprocessors.ClearMarkScheme,
    preprocessors.ComputeChecksums,
    preprocessors.CheckCellMetadata,
)
MARK = {"schema_version": 3, "grade": False, "solution": False}
MARK |= {"locked": False, "task": False}


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)


def by_nbgrader(nb):
    """Return what nbgrader's own steps make of a notebook."""
    student, resources = copy.deepcopy(nb), {}
    for cell in student.cells:
        cell.metadata.pop("mystnb", None)
    for step in STEPS:
        student, resources = step().preprocess(student, resources)
    return student


@pytest.mark.parametrize("path", labs.labs(), ids=lambda path: path.stem)
def test_every_lab_is_released_as_by_nbgrader(path):
    nb = labs.read(path)
    before = nbformat.writes(nb)
    assert nbformat.writes(release(nb)) == nbformat.writes(by_nbgrader(nb))
    assert nbformat.writes(nb) == before


def cell(source, kind="code", **marks):
    make = getattr(nbformat.v4, f"new_{kind}_cell")
    made = make(source, id="a")
    if marks:
        mark = MARK | {"grade_id": "a"} | marks
        mark = {k: v for k, v in mark.items() if v is not None}
        made.metadata["nbgrader"] = nbformat.from_dict(mark)
    return made


def lab(*cells):
    for number, each in enumerate(cells):
        each.id = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=list(cells))


ANSWER = {"solution": True}
CHECK = {"grade": True, "locked": True, "points": 2}
KINDS = {
    "a whole answer": cell("x = 1", **ANSWER),
    "an indented region": cell(
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
        **ANSWER,
    ),
    "two regions": cell(
        "# BEGIN SOLUTION\nx\n# END SOLUTION\ny\n"
        "\t# BEGIN SOLUTION\n\tz\n\t# END SOLUTION",
        **ANSWER,
    ),
    "text": cell("because", "markdown", grade=True, solution=True, points=1),
    "a check": cell(
        "assert x\n### BEGIN HIDDEN TESTS\nassert y\n### END HIDDEN TESTS",
        **CHECK,
    ),
    "a given cell": cell("import math", locked=True),
    "an answer that is graded": cell("x", solution=True, grade=True, points=1),
    "no cell of nbgrader's": cell("x"),
    "a letter beyond ASCII": cell("x = 'é∈'", **ANSWER),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_cell_is_released_as_by_nbgrader(name):
    nb = lab(KINDS[name])
    assert release(nb) == by_nbgrader(nb)


FAULTS = {
    "no end": lab(cell("# BEGIN SOLUTION\nx", **ANSWER)),
    "nested": lab(cell("BEGIN SOLUTION\nBEGIN SOLUTION\nEND SOLUTION")),
    "solution elsewhere": lab(cell("# BEGIN SOLUTION\n# END SOLUTION")),
    "tests elsewhere": lab(cell("# BEGIN HIDDEN TESTS\n# END HIDDEN TESTS")),
    "tests without end": lab(cell("# BEGIN HIDDEN TESTS", **CHECK)),
    "twice": lab(cell("x", **ANSWER), cell("y", **ANSWER)),
    "no name": lab(cell("x", **ANSWER, grade_id="")),
    "no points": lab(cell("x", grade=True)),
    "no kind": lab(cell("x", grade=None, locked=True)),
    "an old schema": lab(cell("x", **ANSWER, schema_version=2)),
    "text half graded": lab(cell("x", "markdown", solution=True)),
    "text only graded": lab(cell("x", "markdown", grade=True, points=1)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_nbgrader_refuses_is_refused(name):
    with pytest.raises(Exception):  # noqa: B017, PT011 nbgrader's own kinds
        by_nbgrader(FAULTS[name])
    with pytest.raises(ReleaseError):
        release(FAULTS[name])
