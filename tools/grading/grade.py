"""Grade a folder of submissions: every student once, also after a kill.

One result file a submission, written whole or not at all; its name is a hash
of lab, student and notebook. A run does what has no result yet, so that a
killed one goes on where it stopped. When a submission failed while the machine
was short of something, or for a reason of ours, it is *ungraded*: it has no
points, not even 0, and nothing is stored.
"""

import contextlib
import fcntl
import json
import os
import queue
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.grading import sandbox, session, submissions
from tools.grading.submissions import Lab, Refused
from tools.notebooks import write_text

VERSION = "3"  # part of every result's key: a new one grades all again
CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|[^\n\t -~\u00a0-\ud7ff\ue000-\U0010ffff]"
)


class Busy(RuntimeError):
    """Another run grades into the same folder."""


@dataclass(frozen=True)
class Task:
    """One submission: a student's notebook of a lab."""

    lab: Lab
    student: str
    folder: Path  # of all submissions
    results: Path
    trusted: bool = False

    def key(self, notebook: bytes) -> str:
        """Return the name of its result."""
        version = VERSION + "trusted" * self.trusted
        return submissions.key(version, self.lab, self.student, notebook)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder while this one lives.

    Raises
    ------
    Busy
        If another run is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(
                f"Another run is grading into {folder}. Wait for it, or give "
                "another folder with --out."
            ) from None
        yield


def find(
    folder: Path,
    labs: Iterable[Lab],
    results: Path,
    trusted: bool,
    roster: Iterable[str] = (),
) -> list[Task]:
    """Return a task for every student and every lab that anybody submitted.

    Students of the roster who have no folder get one too.
    """
    students = sorted({*submissions.students(folder), *roster})
    tasks = []
    for lab in labs:
        sent = [
            submissions.has_notebook(folder, s, lab.name) for s in students
        ]
        if any(sent):
            place = results / lab.name
            tasks += [Task(lab, s, folder, place, trusted) for s in students]
    return tasks


def grade_all(
    tasks: list[Task],
    limits: sandbox.Limits,
    jobs: int,
    parent: Path | None = None,
) -> Iterator[dict]:
    """Grade every task that has no result; yield all results as they come.

    What could not be graded is tried once more at the end, alone. The
    `parent` is where control groups are made, if anywhere.
    """
    slots: queue.Queue[int] = queue.Queue()
    for slot in range(jobs):
        slots.put(slot)

    def work(task: Task) -> dict:
        slot = slots.get()
        try:
            box = sandbox.Box(limits, task.trusted, slot, parent=parent)
            return grade(task, box)
        except Exception as error:  # one student's trouble stops nobody
            return ungraded(task, str(error) or type(error).__name__)
        finally:
            slots.put(slot)

    again = []
    with ThreadPoolExecutor(jobs) as pool:
        for task, result in zip(tasks, pool.map(work, tasks), strict=True):
            if is_graded(result):
                yield result
            else:
                again.append(task)
    yield from map(work, again)


def ungraded(task: Task, why: str) -> dict:
    """Return a result that is none; the next run tries again."""
    result = _result(task, "", None, f"Could not be graded: {why}")
    return result | {"state": "ungraded"}


def is_graded(result: dict) -> bool:
    """Whether a result counts."""
    return result["state"] == "graded"


def grade(task: Task, box: sandbox.Box) -> dict:
    """Return the stored result of a task, or grade it and store the result."""
    try:
        notebook = submissions.read(task.folder, task.student, task.lab.name)
    except Refused as error:
        key = task.key(str(error).encode())
        return _stored(task, _result(task, key, None, str(error)))
    key = task.key(notebook)
    stored = _load(task.results / f"{key}.json")
    if stored is not None:
        return stored
    start = time.monotonic()
    found = session.run(task.lab, notebook, box)
    seconds = round(time.monotonic() - start, 2)
    if found.shortage and not _all_passed(task.lab, found):
        return ungraded(task, found.shortage)
    remark = note(task.lab, found)
    return _stored(task, _result(task, key, found, remark, seconds))


def _all_passed(lab: Lab, found: session.Session) -> bool:
    verdicts = [found.verdicts.get(name, {}) for name in lab.checks]
    return all(verdict.get("passed") is True for verdict in verdicts)


def note(lab: Lab, found: session.Session) -> str:
    """Return what a teacher should know about a submission as a whole."""
    if found.broken:
        return f"The file is {found.broken}."
    names = {cell.get("id") for cell in found.cells}
    if not names & {name.removesuffix("-check") for name in lab.checks}:
        return "No answer cell of this lab is in it: is it another notebook?"
    return found.reason


def _stored(task: Task, result: dict) -> dict:
    write_durably(task.results / f"{result['key']}.json", result)
    return result


def _result(
    task: Task,
    key: str,
    found: session.Session | None,
    remark: str,
    seconds: float = 0.0,
) -> dict:
    result = {
        "student": submissions.shown(task.student),
        "lab": task.lab.name,
        "key": key,
        "trusted": task.trusted,
        "state": "graded",
        "note": clean(remark),
        "seconds": seconds,
        "checks": [
            _check(name, most, found, remark)
            for name, most in task.lab.checks.items()
        ],
        "manual": task.lab.manual,
        "cells": found.cells if found else [],
        "outputs": found.outputs if found else {},
    }
    return json.loads(json.dumps(result))


def _check(
    name: str, most: float, found: session.Session | None, remark: str
) -> dict:
    verdict = found.verdicts.get(name) if found else None
    if verdict is None:
        reason = remark or "The check was not reached."
        verdict = {"passed": False, "message": reason, "printed": ""}
    passed = verdict["passed"] is True
    return {
        "id": name,
        "points": most if passed else 0,
        "most": most,
        "passed": passed,
        "message": clean(verdict["message"]),
        "printed": clean(verdict["printed"]),
    }


def clean(text: str) -> str:
    """Return a text without escape sequences, controls, lone surrogates."""
    return CONTROL.sub("", text)


def write_durably(path: Path, value: dict) -> None:
    """Write JSON so that a killed run leaves all of it or nothing."""
    write_text(path, json.dumps(value, ensure_ascii=True))
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def _load(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
