"""Make the student notebooks of the labs.

    python tools/labs.py --out build/labs [labs/cnn.ipynb ...]

A lab is stored with its solutions, in nbgrader's format. Its student version
is what nbgrader would release: stubs for the solutions, no hidden tests, no
outputs, checks locked. It is generated where it is needed, never committed.
"""

import argparse
import copy
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.notebooks import ROOT, read, write  # noqa: E402

CHECK = "-check"  # ends the name of a check: "sizes" has "sizes-check"


class LabError(ValueError):
    """A lab breaks a rule of the house; the message says which."""


class Exercise(NamedTuple):
    """One exercise: the cells of its answer and of its check."""

    name: str
    answer: NotebookNode
    check: NotebookNode

    @property
    def points(self) -> int:
        """Points that the check gives."""
        return self.check.metadata.nbgrader.points


def labs() -> list[Path]:
    """Return the notebooks of all labs, in a fixed order."""
    return sorted(ROOT.glob("labs/*.ipynb"))


def is_answer(cell: NotebookNode) -> bool:
    """Whether students write this cell."""
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def is_check(cell: NotebookNode) -> bool:
    """Whether this cell checks an answer by itself."""
    mark = cell.metadata.get("nbgrader", {})
    return mark.get("grade", False) and not mark.get("solution", False)


def exercises(nb: NotebookNode) -> list[Exercise]:
    """Return the exercises that are checked by machine, in order.

    Raises
    ------
    LabError
        If an answer is not followed by its check before the next answer.
    """
    cells = [c for c in nb.cells if c.cell_type == "code"]
    cells = [c for c in cells if is_answer(c) or is_check(c)]
    names = [c.metadata.nbgrader.grade_id for c in cells]
    wanted = [name + CHECK for name in names[::2]]
    if names[1::2] != wanted or any(map(is_check, cells[::2])):
        raise LabError(
            "Each answer cell NAME needs one check cell NAME-check before "
            f"the next answer, but the cells are {', '.join(names)}."
        )
    pairs = zip(names[::2], cells[::2], cells[1::2], strict=True)
    return [Exercise(*pair) for pair in pairs]


def thinking(nb: NotebookNode) -> list[NotebookNode]:
    """Return the answers that a person reads: free text, graded by hand."""
    return [c for c in nb.cells if is_answer(c) and c.cell_type == "markdown"]


def student_version(nb: NotebookNode) -> NotebookNode:
    """Return what students receive; the argument stays as it is.

    A release whose text needs no extension of Jupyter: see `plain_text`.
    """
    student = release(nb)
    for cell in student.cells:
        if cell.cell_type == "markdown":
            cell.source = plain_text(cell.source)
    return student


def release(nb: NotebookNode) -> NotebookNode:
    """Return a copy with stubs, without hidden tests and outputs.

    The steps are nbgrader's own, in the order of ``generate_assignment``,
    without its database.

    Raises
    ------
    ValidationError
        If the metadata are not valid (nbgrader's error).
    RuntimeError
        If a region has no end, or a solution stands in another cell.
    """
    student, resources = copy.deepcopy(nb), {}
    for cell in student.cells:
        cell.metadata.pop("mystnb", None)  # captions belong to the book
    for step in _steps():
        student, resources = step.preprocess(student, resources)
    return student


def _steps() -> Iterator:
    from nbgrader import preprocessors as nbgrader

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    yield nbgrader.CheckCellMetadata()
    yield nbgrader.LockCells()
    yield nbgrader.ClearSolutions()
    yield nbgrader.ClearOutput()
    yield nbgrader.ClearHiddenTests()
    yield nbgrader.ClearMarkScheme()
    yield nbgrader.ComputeChecksums()
    yield nbgrader.CheckCellMetadata()


def plain_text(text: str) -> str:
    """Return Markdown without MyST, so that plain Jupyter folds the hints.

    Dropdowns become HTML details, other boxes quotations under their title,
    definition lists bullet points; marks such as ``{.tt-level}`` and links
    into the book fall away.
    """
    text = re.sub(r"^(\w.*)\n: ", r"- **\1:** ", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^]]*)\]\{[^}]*\}", r"*\1*", text)
    text = re.sub(r"\[([^]]*)\]\(\.\./[^)]*\)", r"\1", text)
    return BOX.sub(_plain_box, text)


BOX = re.compile(
    r"^(:{3,})\{(\w+)\}([^\n]*)\n(?::[^\n]*\n)*(.*?)\n\1$", re.M | re.S
)


def _plain_box(match: re.Match) -> str:
    kind, title, body = match[2], match[3].strip(), match[4]
    if kind == "dropdown":
        summary = f"<details>\n<summary>{title}</summary>"
        return f"{summary}\n\n{body}\n\n</details>"
    if kind == "admonition":
        lines = [f"**{title}**", "", *body.split("\n")]
        return "\n".join(f"> {line}".rstrip() for line in lines)
    return body


def student_name(path: Path) -> str:
    """Return the file name of a lab's student version."""
    return f"{path.stem}-student.ipynb"


def main() -> int:
    """Parse the command line and write student notebooks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NB")
    options = parser.parse_args()
    for path in options.notebooks or labs():
        target = options.out / student_name(path)
        try:
            write(student_version(read(path)), target)
        except (OSError, ValueError, RuntimeError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
