"""Subprocesses that end in time, whatever happens to them."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """A process that has ended: exit status and what it wrote."""

    status: int
    stdout: str
    stderr: str


def run_processes(
    commands: Sequence[Sequence[str]],
    timeout: float,
    environments: Sequence[Mapping[str, str]] | None = None,
    cwd: Path | None = None,
) -> list[Finished]:
    """Start processes together, wait for all, and leave none behind.

    Parameters
    ----------
    commands : sequence of (sequence of str)
        One command a process, as for `subprocess`.
    timeout : float
        Seconds for all of them together.
    environments : sequence of mapping, optional
        For each process what is added to the present environment.
    cwd : Path, optional
        Where they run.

    Returns
    -------
    list of Finished
        In the order of `commands`; a status other than 0 is the caller's
        affair, except that the first failure ends the other processes.

    Raises
    ------
    TimeoutError
        If one is still running after `timeout` seconds. By then all of them,
        and every process that they have started, have been killed.

    Notes
    -----
    Each process leads a group of its own, and the whole group is killed.
    Outputs go to files, so that a full pipe cannot block anyone.
    """
    environments = environments or [{}] * len(commands)
    running: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            pairs = zip(commands, environments, strict=True)
            for n, (command, extra) in enumerate(pairs):
                running.append(_start(command, extra, cwd, folder, n))
            _wait(running, timeout)
        finally:
            for process in running:
                _end(process)
        return [_finished(p, folder, n) for n, p in enumerate(running)]


def _start(
    command: Sequence[str],
    extra: Mapping[str, str],
    cwd: Path | None,
    folder: Path,
    n: int,
) -> subprocess.Popen:
    """Start one process as the head of a group, writing to two files."""
    with (
        open(folder / f"{n}.out", "wb") as out,
        open(folder / f"{n}.err", "wb") as err,
    ):
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **extra},
            cwd=cwd,
            start_new_session=True,
        )


def _wait(processes: list[subprocess.Popen], timeout: float) -> None:
    """Return when all have ended or one has failed."""
    deadline = time.monotonic() + timeout
    while True:
        states = [process.poll() for process in processes]
        if None not in states or any(states):
            return
        if time.monotonic() > deadline:
            late = [n for n, state in enumerate(states) if state is None]
            raise TimeoutError(
                f"Process {late} of {len(states)} did not end within "
                f"{timeout} s and was killed. Does a worker wait for one "
                "that has died? On a busy machine raise the limit."
            )
        time.sleep(0.02)


def _end(process: subprocess.Popen) -> None:
    """Kill a process and all that it started, and collect its status.

    Windows has no groups of processes to kill; `taskkill` follows the tree.
    """
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, capture_output=True)
    process.wait()


def _finished(process: subprocess.Popen, folder: Path, n: int) -> Finished:
    texts = (
        (folder / f"{n}.{kind}").read_text("utf-8", errors="replace")
        for kind in ("out", "err")
    )
    return Finished(process.returncode, *texts)


def free_port() -> int:
    """Return a port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
