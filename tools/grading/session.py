"""Run one submission: start worker and checker, gather what they say."""

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.grading import machine, sandbox
from tools.grading.sandbox import Box, scripts
from tools.grading.submissions import Lab

SLACK = 5  # seconds beyond its share that a check has to end by itself
LINES_BYTES = 8 * 2**20  # of verdicts, and of a report
TICK = 0.25  # seconds between two looks at the memory
ENDED = "The student's process has ended."  # in `inside.remote`
WORKER = ("wire", "ship", "worker")
CHECKER = (*WORKER, "remote", "checker")


@dataclass
class Session:
    """What was learnt about one submission.

    Attributes
    ----------
    verdicts : dict
        What the checker said of each check: passed, message, printed.
    cells, outputs : list, dict
        What the worker said of itself: the submission's cells, and what
        they showed. Not to be trusted.
    reason : str
        Why there may be fewer verdicts than checks.
    begun : str
        The check that is running.
    late : float
        When its share of the time is over.
    heard : bool
        Whether the checker has said anything.
    broken : str
        What the file is, if it is no notebook.
    shortage : str
        What the machine was short of meanwhile; then nothing counts that
        has failed.
    """

    verdicts: dict[str, dict] = field(default_factory=dict)
    cells: list[dict] = field(default_factory=list)
    outputs: dict[int, list] = field(default_factory=dict)
    reason: str = ""
    begun: str = ""
    late: float = float("inf")
    heard: bool = False
    broken: str = ""
    shortage: str = ""

    def look_around(self, box: Box) -> None:
        """Note what the machine is short of."""
        self.shortage = self.shortage or machine.shortage(box.folder)

    def share_out(self, checks: int, deadline: float) -> None:
        """Give the check that is running its share of the time, once."""
        if self.begun and self.late == float("inf"):
            now, left = time.monotonic(), checks - len(self.verdicts)
            self.late = now + (deadline - now) / max(left, 1) + SLACK

    def hear_checker(self, line: dict) -> None:
        """Take a line of the checker."""
        self.heard = True
        if "begin" in line:
            self.begun, self.late = line["begin"], float("inf")
        if "id" in line:
            self.verdicts.setdefault(line.pop("id"), line)
            self.begun, self.late = "", float("inf")
        self.reason = line.get("end", self.reason)

    def hear_worker(self, line: dict) -> None:
        """Take a line of the worker; a forged one is dropped."""
        if "broken" in line:
            self.broken = str(line["broken"])[:200]
        if isinstance(line.get("cells"), list) and not self.cells:
            self.cells = [c for c in line["cells"] if isinstance(c, dict)]
        if isinstance(line.get("outputs"), list):
            place = line.get("at")
            if type(place) is int and 0 <= place < len(self.cells):
                self.outputs.setdefault(place, line["outputs"][:20])


def run(
    lab: Lab, notebook: bytes, box: Box, rehearsal: dict | None = None
) -> Session:
    """Give a submission to a worker and the lab to a checker.

    When a check loses the worker, it has failed; both are started again for
    the checks that are left, as long as each start brings a verdict. Every
    check has its share of the time that is left, so that none of them, with
    an answer that never ends, takes the points of the others.
    """
    session = Session()
    deadline = time.monotonic() + box.limits.seconds
    while True:
        before = len(session.verdicts)
        with sandbox.temporary_folder(box.slot) as folder:
            box.folder = folder
            _once(session, lab, notebook, box, deadline, rehearsal)
            session.look_around(box)
        if not (session.heard or session.broken or session.reason):
            raise sandbox.SandboxError("The sandbox did not start.")
        if session.begun:  # the checker itself has died
            message = session.reason or "The check did not survive the answer."
            verdict = {"passed": False, "message": message, "printed": ""}
            session.verdicts[session.begun] = verdict
            session.begun = ""
        done = lab.checks.keys() <= session.verdicts.keys()
        if done or session.broken or len(session.verdicts) == before:
            break
    return session


def _once(
    session: Session,
    lab: Lab,
    notebook: bytes,
    box: Box,
    deadline: float,
    rehearsal: dict | None,
) -> None:
    options = asdict(box.limits) | {"lab": "keras" if lab.needs_keras else ""}
    options |= {"skip": list(session.verdicts)}
    options["seconds"] = max(deadline - time.monotonic(), 1)
    session.reason, session.late = "", float("inf")
    inputs = {"submission.ipynb": notebook, "lab.ipynb": lab.source}
    if rehearsal is not None:
        options["rehearse"] = "{/in/rehearsal.json}"
        inputs["rehearsal.json"] = json.dumps(rehearsal).encode()
    files = _write(box.folder, inputs)
    hers = {n: p for n, p in files.items() if n == "/in/submission.ipynb"}
    ours = {n: p for n, p in files.items() if n not in hers}
    options = json.dumps(options)
    with _Pipes() as pipes, contextlib.ExitStack() as stack:
        stack.callback(_close, session, box)
        worker = box.start(
            [*_module("worker"), "{/in/submission.ipynb}"]
            + [options, *pipes.worker],
            hers | scripts(*WORKER),
            tuple(map(int, pipes.worker)),
        )
        stack.callback(sandbox.end, worker)
        checker = box.start(
            [*_module("checker"), "{/in/lab.ipynb}"]
            + [options, *pipes.checker],
            ours | scripts(*CHECKER),
            tuple(map(int, pipes.checker)),
        )
        stack.callback(sandbox.end, checker)
        pipes.close_children()
        _gather(session, lab, pipes, (worker, checker), box, deadline)


def _close(session: Session, box: Box) -> None:
    """End the control groups, when all of the sandboxes is gone."""
    full = box.close()
    if not full:
        return
    session.reason = full
    last = next(reversed(session.verdicts.values()), {})
    if last.get("message") == ENDED:  # the checker cannot know why
        last["message"] = full


def _write(folder: Path, inputs: dict[str, bytes]) -> dict[str, Path]:
    files = {}
    for name, data in inputs.items():
        path = folder / name
        path.write_bytes(data)
        path.chmod(0o644)
        files[f"/in/{name}"] = path
    return files


def _module(name: str) -> list[str]:
    return ["-m", f"tools.grading.inside.{name}"]


class _Pipes:
    """Requests, answers, the worker's report, the checker's verdicts."""

    def __enter__(self) -> "_Pipes":
        requests, answers, self.report, self.verdicts = (
            os.pipe() for _ in range(4)
        )
        worker = requests[0], answers[1], self.report[1]
        checker = answers[0], requests[1], self.verdicts[1]
        self.worker = tuple(map(str, worker))
        self.checker = tuple(map(str, checker))
        self.children = {*worker, *checker}
        return self

    def close_children(self) -> None:
        """Close the ends that only the children use."""
        while self.children:
            os.close(self.children.pop())

    def __exit__(self, *_: object) -> None:
        self.close_children()
        os.close(self.report[0])
        os.close(self.verdicts[0])


def _gather(
    session: Session,
    lab: Lab,
    pipes: _Pipes,
    processes: tuple[subprocess.Popen, ...],
    box: Box,
    deadline: float,
) -> None:
    """Read lines until the checker has ended or a limit is reached."""
    hear = {
        pipes.verdicts[0]: _Lines(session.hear_checker),
        pipes.report[0]: _Lines(session.hear_worker),
    }
    with selectors.DefaultSelector() as selector:
        for fd in hear:
            selector.register(fd, selectors.EVENT_READ)
        look = 0.0
        while pipes.verdicts[0] in selector.get_map():
            _read(selector, hear, TICK)
            if time.monotonic() < look:
                continue
            look = time.monotonic() + TICK
            session.look_around(box)
            session.share_out(len(lab.checks), deadline)
            reason = _exceeded(session, processes, box, deadline)
            if reason:
                session.reason = reason
                return
        while _read(selector, hear, 0):
            pass


def _read(
    selector: selectors.BaseSelector, hear: dict, seconds: float
) -> bool:
    """Read what is there; return whether something was."""
    events = selector.select(seconds)
    for (_, fd, _, _), _ in events:
        data = os.read(fd, 2**16)
        if not data or not hear[fd].feed(data):
            selector.unregister(fd)
    return bool(events)


def _exceeded(
    session: Session, processes: tuple, box: Box, deadline: float
) -> str:
    if time.monotonic() > deadline:
        return f"Stopped after {box.limits.seconds:g} seconds."
    if time.monotonic() > session.late:
        return "The check was stopped: it had its share of the time."
    if max(map(sandbox.memory_mb, processes)) > box.limits.memory_mb:
        return sandbox.too_much(box.limits)
    if max(map(sandbox.files, processes)) > box.limits.files:
        return f"Stopped: more than {box.limits.files} files."
    return ""


class _Lines:
    """Lines of JSON from a pipe, up to a limit."""

    def __init__(self, hear: Callable[[dict], None]):
        self.hear, self.rest, self.size = hear, b"", 0

    def feed(self, data: bytes) -> bool:
        """Take some bytes; return whether more is welcome."""
        self.size += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError, RecursionError):
                value = json.loads(line)
                if isinstance(value, dict):
                    self.hear(value)
        return self.size < LINES_BYTES
