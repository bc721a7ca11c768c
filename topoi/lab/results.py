"""Which exercises of a lab pass: asked in the notebook, or of the file.

`nbformat` is imported where a file is read: its validator takes a second of
the two that a lab of NumPy alone needs to start.
"""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from topoi.lab.clock import TooLong, time_limit

if TYPE_CHECKING:
    import nbformat

CHECK_SECONDS = 60  # a check of this book takes a few seconds
CELL_SECONDS = 300
PROGRESS_TAG = "progress"  # the cell that asks; a check of the file skips it
MARKS = {
    "passes": "✓",
    "not yet right": "✗",
    "stops with an error": "✗",
    "takes too long": "✗",
    "cell not run yet": "○",
    "not started": "○",
}


class Result(NamedTuple):
    """What became of one exercise."""

    exercise: str  # its heading
    points: float
    state: str  # a key of MARKS
    message: str = ""


class Progress:
    """The state of every exercise; notebooks show it as a table.

    Parameters
    ----------
    name : str
        Name of the lab, for the first line.
    results : list of Result
        The exercises, in the order of the notebook.
    trouble : tuple of Result
        Other cells that did not run through; they give no points.
    """

    def __init__(
        self,
        name: str,
        results: list[Result],
        trouble: tuple[Result, ...] = (),
    ):
        self.name, self.results, self.trouble = name, results, trouble

    @property
    def passed(self) -> bool:
        """Whether every exercise passes."""
        return all(r.state == "passes" for r in self.results)

    @property
    def headline(self) -> str:
        """Exercises and points in one sentence."""
        good = [r for r in self.results if r.state == "passes"]
        points, total = (
            sum(r.points for r in some) for some in (good, self.results)
        )
        return (
            f"{self.name}: {len(good)} of {len(self.results)} exercises "
            f"pass, {points:g} of {total:g} points."
        )

    def __repr__(self) -> str:
        lines = [self.headline]
        for r in (*self.results, *self.trouble):
            lines.append(f"{MARKS[r.state]} {r.exercise}: {r.state}")
            lines += [f"    {line}" for line in r.message.splitlines()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        left = "style='text-align: left; vertical-align: top'"
        rows = "".join(
            f"<tr><td {left}>{escape(r.exercise)}</td>"
            f"<td {left}>{MARKS[r.state]}&nbsp;{r.state}</td>"
            f"<td {left}>{escape(r.message)}</td></tr>"
            for r in (*self.results, *self.trouble)
        )
        heads = "".join(
            f"<th {left}>{head}</th>"
            for head in ("Exercise", "State", "What the check says")
        )
        return (
            f"<p>{escape(self.headline)}</p><table><thead><tr>{heads}</tr>"
            f"</thead><tbody>{rows}</tbody></table>"
        )


# -- cells ------------------------------------------------------------------


def is_answer(cell: nbformat.NotebookNode) -> bool:
    """Whether students write this cell."""
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def is_check(cell: nbformat.NotebookNode) -> bool:
    """Whether this cell checks an answer by itself."""
    mark = cell.metadata.get("nbgrader", {})
    return mark.get("grade", False) and not mark.get("solution", False)


class _Check(NamedTuple):
    exercise: str
    points: float
    cell: nbformat.NotebookNode


def _checks(nb: nbformat.NotebookNode) -> list[_Check]:
    """Return the check cells that say anything, under their headings."""
    heading, found = "", []
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("## "):
                    heading = line.removeprefix("## ").strip()
        elif is_check(cell) and cell.source.strip():
            points = cell.metadata.nbgrader.get("points", 0)
            found.append(_Check(heading, points, cell))
    return found


# -- in the notebook --------------------------------------------------------


def progress(
    lab: str,
    names: dict[str, object] | None = None,
    seconds: float = CHECK_SECONDS,
) -> Progress:
    """Return which exercises of a lab pass with the functions you have now.

    Parameters
    ----------
    lab : str
        Name of the lab, as in ``progress("cnn")``, or the path of its
        notebook if you have given it another name.
    names : dict, optional
        What the checks see; by default the names of the caller. The checks
        work in a copy of it.
    seconds : float
        Longest time for one check.

    Raises
    ------
    FileNotFoundError
        If the working folder holds no notebook of that lab.
    """
    import nbformat

    path = _find(lab)
    if names is None:
        names = sys._getframe(1).f_globals
    helpers, results = {}, []
    for exercise, points, cell in _checks(nbformat.read(path, as_version=4)):
        space = helpers | names
        outcome = _run_check(cell.source, space, seconds)
        results.append(Result(exercise, points, *outcome))
        helpers |= {k: v for k, v in space.items() if k not in names}
    return Progress(Path(lab).stem, results)


def _find(lab: str) -> Path:
    """Return the notebook of a lab: a path, or a name in this folder."""
    if lab.endswith(".ipynb"):
        places = [Path(lab)]
    else:
        usual = (f"{lab}-student.ipynb", f"{lab}.ipynb")
        others = sorted(Path().glob(f"{lab}*.ipynb"))
        places = [*map(Path, usual), *others]
    for path in places:
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"The checks are read from the lab's notebook, but {Path.cwd()} "
        f"holds no {places[0]}. Name the file, as in "
        'progress("my-copy.ipynb").'
    )


def _run_check(source: str, space: dict, seconds: float) -> tuple[str, str]:
    """Run one check in these names; return state and message."""
    silent = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(silent),
            contextlib.redirect_stderr(silent),
            time_limit(seconds),
        ):
            exec(compile(source, "<check>", "exec"), space)
    except TooLong:
        return "takes too long", f"Stopped after {seconds:g} seconds."
    except (Exception, SystemExit) as error:
        return _judge_error(error, source)
    return "passes", ""


def _judge_error(error: BaseException, source: str) -> tuple[str, str]:
    place = traceback.extract_tb(error.__traceback__)[-1]
    in_check = place.filename == "<check>"
    if isinstance(error, NameError) and in_check:
        name = error.name
        return "cell not run yet", f"Run the cell that defines {name} first."
    message = str(error)
    if isinstance(error, AssertionError) and not message and in_check:
        message = f"False: {source.splitlines()[place.lineno - 1].strip()}"
    return _judge(type(error).__name__, message)


def _judge(kind: str, message: str) -> tuple[str, str]:
    """Return state and message for an exception of that name."""
    if kind == "NotImplementedError":
        return "not started", "Replace the line raise NotImplementedError()."
    if kind == "AssertionError":
        return "not yet right", message
    if kind == "KeyboardInterrupt":
        return "takes too long", "The time limit of a cell has passed."
    return "stops with an error", f"{kind}: {message}".removesuffix(": ")


# -- of the file -----------------------------------------------------------


def check(path: Path | str, seconds: int = CELL_SECONDS) -> Progress:
    """Run a lab from top to bottom in a fresh kernel; the file stays.

    Parameters
    ----------
    path : Path or str
        A notebook with check cells.
    seconds : int
        Longest time for one cell.

    Raises
    ------
    ValueError
        If the file is no notebook, or one without checks, or if Python
        does not survive it.
    """
    path = Path(path)
    nb = _read(path)
    _execute(nb, path, seconds)
    results = [
        Result(exercise, points, *_stored_outcome(cell))
        for exercise, points, cell in _checks(nb)
    ]
    return Progress(path.name, results, tuple(_trouble(nb)))


def _execute(nb: nbformat.NotebookNode, path: Path, seconds: int) -> None:
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    client = NotebookClient(
        nb,
        timeout=seconds,
        interrupt_on_timeout=True,
        allow_errors=True,
        skip_cells_with_tag=PROGRESS_TAG,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    try:
        client.execute()
    except DeadKernelError as error:
        raise ValueError(
            f"{path} should run from top to bottom, but Python ended before "
            "its last cell. Does a cell call exit(), or need more memory "
            "than there is?"
        ) from error


def _trouble(nb: nbformat.NotebookNode) -> Iterator[Result]:
    """Yield the cells that stopped, other than checks and stubs."""
    for cell in nb.cells:
        if cell.cell_type != "code" or is_check(cell):
            continue
        state, message = _stored_outcome(cell)
        if state not in ("passes", "not started"):
            first = cell.source.splitlines()[0]
            yield Result(f"The cell that begins {first!r}", 0, state, message)


def _read(path: Path) -> nbformat.NotebookNode:
    import nbformat

    try:
        nb = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises many kinds
        raise ValueError(
            f"{path} should be a notebook, but cannot be read as one "
            f"({type(error).__name__}). Save it again from JupyterLab."
        ) from error
    if not _checks(nb):
        raise ValueError(
            f"{path} should be a lab, but none of its cells is a check. "
            "Compare it with the notebook that you were given."
        )
    return nb


def _stored_outcome(cell: nbformat.NotebookNode) -> tuple[str, str]:
    for output in cell.outputs:
        if output.output_type == "error":
            return _judge(output.ename, output.evalue)
    return "passes", ""
