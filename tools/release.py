"""Turn a lab with solutions into what students receive.

The steps and their order are those of ``nbgrader generate_assignment``;
`tests/test_release.py` compares every lab with nbgrader's own result, byte
for byte. They are written out here because building the book needs them,
and nbgrader brings a JupyterLab and a database with it.
"""

import copy
import hashlib

from nbformat import NotebookNode

CODE_STUB = ["# YOUR CODE HERE", "raise NotImplementedError()"]
TEXT_STUB = ["YOUR ANSWER HERE"]
KEYS = {"schema_version", "grade_id", "grade", "solution", "locked"}


class ReleaseError(RuntimeError):
    """A lab's marks are not what nbgrader expects; the message says which."""


def release(nb: NotebookNode) -> NotebookNode:
    """Return a copy with stubs, without hidden tests and outputs.

    Parameters
    ----------
    nb : NotebookNode
        A lab with its solutions; it stays as it is.

    Returns
    -------
    NotebookNode
        Answers are stubs, checks are locked and have no hidden tests, and
        each graded cell carries the checksum that nbgrader compares.

    Raises
    ------
    ReleaseError
        If metadata are incomplete, a name is used twice, a region has no
        end, or a region stands in a cell of another kind.
    """
    student = copy.deepcopy(nb)
    _check_marks(student)
    student.metadata.pop("celltoolbar", None)
    for cell in student.cells:
        cell.metadata.pop("mystnb", None)  # captions belong to the book
        _lock(cell)
        _stub_solutions(cell)
        _drop_outputs(cell)
        cut = _without(cell, "HIDDEN TESTS", [])
        if cut and not _is(cell, "grade"):
            raise ReleaseError(
                "Hidden tests stand in a cell that gives no points:\n"
                f"{cell.source}"
            )
        _sign(cell)
    return student


def _is(cell: NotebookNode, kind: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(kind, False))


def _is_locked(cell: NotebookNode) -> bool:
    if _is(cell, "solution"):
        return False
    return _is(cell, "grade") or _is(cell, "locked")


def _check_marks(nb: NotebookNode) -> None:
    """Refuse metadata that nbgrader would refuse."""
    seen = set()
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader")
        if mark is None:
            continue
        name = mark.get("grade_id", "")
        if absent := KEYS - set(mark):
            raise ReleaseError(f"{name or cell.source}: no {sorted(absent)}")
        if mark["schema_version"] != 3:
            raise ReleaseError(f"{name}: schema_version is 3, not another")
        if not (mark["grade"] or mark["solution"] or mark["locked"]):
            continue
        if name == "" or name in seen:
            raise ReleaseError(f"The grade_id {name!r} is empty or used twice")
        seen.add(name)
        _check_points(cell, mark)


def _check_points(cell: NotebookNode, mark: NotebookNode) -> None:
    """Refuse a graded cell without points, and text graded by machine."""
    if mark["grade"] and "points" not in mark:
        raise ReleaseError(f"{mark['grade_id']} is graded: give its points")
    is_text = cell.cell_type == "markdown" and not mark.get("task", False)
    if is_text and mark["grade"] != mark["solution"]:
        raise ReleaseError(
            f"{mark['grade_id']} is text: it is graded and a solution, or "
            "neither"
        )


def _lock(cell: NotebookNode) -> None:
    """Keep graded cells from being deleted, and checks from being edited."""
    if _is(cell, "solution"):
        cell.metadata["deletable"] = False
    elif _is_locked(cell):
        cell.metadata["deletable"] = False
        cell.metadata["editable"] = False


def _stub_solutions(cell: NotebookNode) -> None:
    """Put a stub where a solution was, or in place of the whole answer."""
    stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
    replaced = _without(cell, "SOLUTION", stub)
    if replaced and not _is(cell, "solution"):
        raise ReleaseError(
            f"A solution stands in a cell that is no answer:\n{cell.source}"
        )
    if _is(cell, "solution") and not replaced:
        cell.source = "\n".join(stub)


def _without(cell: NotebookNode, what: str, stub: list[str]) -> bool:
    """Replace the regions ``BEGIN what`` to ``END what`` of a cell.

    The stub takes the indentation of the line that begins the region.
    """
    begin, end = f"BEGIN {what}", f"END {what}"
    kept, inside, found = [], False, False
    for line in cell.source.split("\n"):
        if begin in line:
            if inside:
                raise ReleaseError(f"{begin} within {begin}:\n{cell.source}")
            inside = found = True
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + text for text in stub]
        elif end in line:
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise ReleaseError(f"{begin} without {end}:\n{cell.source}")
    cell.source = "\n".join(kept)
    return found


def _drop_outputs(cell: NotebookNode) -> None:
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        for field in ("collapsed", "scrolled"):
            cell.metadata.pop(field, None)


def _sign(cell: NotebookNode) -> None:
    """Store the checksum by which nbgrader sees a change."""
    if not (_is(cell, "solution") or _is_locked(cell)):
        return
    mark = cell.metadata.nbgrader
    parts = [cell.source, cell.cell_type]
    parts += [_is(cell, "grade"), _is(cell, "solution"), _is_locked(cell)]
    parts += [mark["grade_id"]]
    parts += [float(mark["points"])] if _is(cell, "grade") else []
    text = "".join(map(str, parts))
    mark["checksum"] = hashlib.md5(text.encode()).hexdigest()
    mark["cell_type"] = cell.cell_type
