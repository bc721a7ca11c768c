"""Run a lab with its hidden checks, while the answers run elsewhere.

    python -m tools.grading.inside.checker LAB OPTIONS READER WRITER VERDICTS

Cells that students write are not run: each name that they define becomes
what the worker holds under it, data or a proxy. All other cells run here.
One line of JSON a check goes to VERDICTS.
"""

import ast
import functools
import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .remote import Client, WorkerLost, stops
from .ship import Probe
from .wire import Channel
from .worker import Capped, lighten, redirected

PROBE = re.compile(r"^# probe\b.*\n(?=def )", re.MULTILINE)
MESSAGE = 4_000  # characters
SHARE = 0.8  # of the time of a check that its calls may use
PRINTED = 20_000


# -- the lab's cells --------------------------------------------------------


def split_answer(source: str) -> tuple[ast.Module, list[str]]:
    """Return what the lab gives in an answer cell, and the student's names.

    A statement that lies between the markers, or has them inside, is the
    student's; only the names that it defines are returned.
    """
    regions, given, names = _regions(source), [], []
    for statement in ast.parse(source).body:
        lines = range(_first_line(statement), statement.end_lineno + 1)
        imports = isinstance(statement, ast.Import | ast.ImportFrom)
        if imports or not regions.intersection(lines):
            given.append(statement)
        else:
            names += _defined(statement)
    return ast.Module(given, []), names


def _regions(source: str) -> set[int]:
    """Return the numbers of all lines between the markers."""
    inside, lines = False, set()
    for number, line in enumerate(source.split("\n"), start=1):
        inside |= "### BEGIN SOLUTION" in line
        if inside:
            lines.add(number)
        inside &= "### END SOLUTION" not in line
    return lines


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a top-level statement defines."""
    scopes = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    if isinstance(statement, scopes):
        return [statement.name]
    return [
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def compiled(source: str, name: str) -> Any:
    """Compile a cell; functions under ``# probe`` get the decorator."""
    return compile(PROBE.sub("@__probe__\n", source), f"<{name}>", "exec")


def strict(compare: Callable) -> Callable:
    """Return a comparison in which nothing agrees with an empty array.

    Broadcasting stretches an array of shape (0, n) over all arrays of shape
    (n,); no entry is left then, and ``np.allclose`` finds no difference.
    """

    @functools.wraps(compare)
    def compared(a: Any, b: Any, *args: Any, **kwargs: Any) -> Any:
        if (np.asarray(a).size == 0) != (np.asarray(b).size == 0):
            return np.False_
        return compare(a, b, *args, **kwargs)

    return compared


class Lab:
    """One run of a lab against one worker."""

    def __init__(self, client: Client, emit: Any, options: dict):
        self.client, self.names, self.emit = client, client.names, emit
        self.options, self.ready = options, False
        self.end, self.left = time.monotonic() + options["seconds"], 1
        self.names["__name__"] = "lab"
        self.names["__probe__"] = lambda f: Probe(f, client.call)

    def run(self, cells: list[dict]) -> None:
        """Run all cells in order."""
        self.left = sum(map(is_check, cells)) - len(self.options["skip"])
        for cell in cells:
            mark = cell["metadata"].get("nbgrader", {})
            source = "".join(cell["source"])
            if mark.get("solution"):
                self.bind(source)
            elif mark.get("grade"):
                self.check(mark["grade_id"], source)
            else:
                self.plain(source)

    def plain(self, source: str) -> None:
        """Run a cell of the lab; an answer that it uses may break it."""
        self.share_out()
        try:
            with redirected(Capped(0)):
                exec(compiled(source, "cell"), self.names)
        except (Exception, *stops()):
            return

    def bind(self, source: str) -> None:
        """Take what the lab gives, and the student's names."""
        if not self.ready:
            self.client.wait_ready(self.options["seconds"])
            self.ready = True
        self.share_out()
        given, wanted = split_answer(source)
        exec(compile(given, "<given>", "exec"), self.names)
        for name in wanted:
            self.names.pop(name, None)
        self.names.update(self.client.look_up(wanted))

    def check(self, name: str, source: str) -> None:
        """Run a check and emit its verdict."""
        if name in self.options["skip"]:
            return
        self.share_out()
        self.left -= 1
        self.verdict(name, source, self.names)

    def share_out(self) -> None:
        """Let calls use the share of one check of the time that is left."""
        now = time.monotonic()
        share = (self.end - now) / max(self.left, 1)
        self.client.begun, self.client.end = now, now + SHARE * share

    def verdict(self, name: str, source: str, names: dict) -> None:
        """Run a check in these names and emit what comes of it.

        Answers work on copies of their arguments, so nothing that they do
        to them can help a check to pass. When a check has passed, though
        arguments were changed in place, it is run again with the changes:
        it may forbid them. Then they are taken back, or an answer could
        write into what later checks compare with.
        """
        self.emit(begin=name)
        before = dict(names)
        self.client.write_back = self.client.changed = False
        outcome = self._outcome(source, names)
        if outcome["passed"] and self.client.changed:
            self.client.write_back = True
            outcome = self._outcome(source, before)
            self.client.take_back()
        lost = outcome.pop("lost")
        self.emit(id=name, **outcome)
        if lost:
            raise lost

    def _outcome(self, source: str, names: dict) -> dict:
        """Run a check; what it raises is the reason."""
        stream, lost, message = Capped(PRINTED), None, ""
        try:
            with redirected(stream):
                exec(compiled(source, "check"), names)
        except WorkerLost as error:
            lost, message = error, str(error) or "The worker was lost."
        except BaseException as error:
            message = explain(error, source) or type(error).__name__
        if "MemoryError" in message:
            most = self.options["memory_mb"]
            message += f" A submission may take {most} MB of memory."
        return {
            "passed": not message,
            "message": message[:MESSAGE],
            "printed": stream.text(),
            "lost": lost,
        }

    def rehearse(self, cells: list[dict], wrong: dict) -> None:
        """Give every stored wrong answer, and the stub, to its check."""
        for cell in cells:
            mark = cell["metadata"].get("nbgrader", {})
            source = "".join(cell["source"])
            if not mark.get("grade") or cell["cell_type"] != "code":
                self.run([cell])
                if mark.get("solution"):
                    answer = source
                continue
            before = dict(self.names)
            self.verdict(mark["grade_id"], source, self.names)
            for number, code in enumerate(wrong.get(mark["grade_id"], [])):
                self.client.run(code)
                self.try_again(
                    f"{mark['grade_id']}/{number}", answer, source, before
                )
                self.client.run(answer)
            self.bind(answer)

    def try_again(
        self, name: str, answer: str, check: str, names: dict
    ) -> None:
        """Run a check again on what the worker holds now."""
        trial = dict(names)
        trial.update(self.client.look_up(split_answer(answer)[1]))
        self.verdict(name, check, trial)


def is_check(cell: dict) -> bool:
    """Whether a cell of code is a check."""
    mark = cell["metadata"].get("nbgrader", {})
    return bool(mark.get("grade")) and not mark.get("solution")


def explain(error: BaseException, source: str) -> str:
    """Return in words why a check failed."""
    text = str(error)
    if isinstance(error, stops()):
        return (
            f"A call was stopped after {error.args[0]:g} seconds. Does a "
            "loop or a recursion never end?"
        )
    if isinstance(error, AssertionError) and text:
        return text
    if isinstance(error, AssertionError):
        return f"This does not hold: {_failing_line(error, source)}"
    if isinstance(error, NotImplementedError):
        return "Not answered yet (NotImplementedError)."
    return f"{type(error).__name__}: {text}"


def _failing_line(error: BaseException, source: str) -> str:
    lines, trace, line = source.split("\n"), error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<check>":
            line = lines[trace.tb_lineno - 1].strip()
        trace = trace.tb_next
    return line


def main() -> None:
    """Run the lab; losing the worker ends the run."""
    path, options, *fds = sys.argv[1:]
    options, (reader, writer, verdicts) = json.loads(options), map(int, fds)
    verdicts = os.fdopen(verdicts, "w", encoding="utf-8")

    def emit(**verdict: Any) -> None:
        print(json.dumps(verdict), file=verdicts, flush=True)

    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    lighten([options["lab"]])
    os.environ["TOPOI_ANSWERS_ELSEWHERE"] = "1"  # `lab.guard` keeps no time
    np.allclose, np.isclose = strict(np.allclose), strict(np.isclose)
    limits = options["call_seconds"], options["patience"]
    client = Client(Channel(reader, writer), {}, *limits)
    lab = Lab(client, emit, options)
    try:
        if "rehearse" in options:
            with open(options["rehearse"], encoding="utf-8") as file:
                lab.rehearse(cells, json.load(file))
        else:
            lab.run(cells)
        emit(end="")
    except WorkerLost as error:
        emit(end=str(error))


if __name__ == "__main__":
    main()
