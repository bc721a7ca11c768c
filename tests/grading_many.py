"""Grade many submissions through kill -9, and count that all points are right.

    python -m grading_many 200 --kills 5      (in the folder tests)

The tests do it with few; before a release it is done once with many. Every
student's points are known beforehand: some answer rightly, some wrongly, some
attack, and some have an answer that never ends.
"""

import argparse
import collections
import csv
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import attacks

from tools.grading import sandbox
from tools.notebooks import ROOT, write

HALF = attacks.RIGHT + "\n\ndef norm(x):\n    return -1.0\n"
ENDLESS = (
    attacks.RIGHT + "\n\ndef softmax(x):\n    while True:\n        pass\n"
)
KINDS = (  # answers, what comes before them, points of 5
    (attacks.RIGHT, "", 5),
    (HALF, "", 3),
    (attacks.WRONG, "", 0),
    (attacks.RIGHT, "", 5),
    (ENDLESS, "", 2),
    (attacks.WRONG, attacks.PATCHES["numpy"], 0),
    (attacks.RIGHT, "%matplotlib inline\n!ls", 5),
    (attacks.WRONG, attacks.HARM["kills all"], 0),
)


class Outcome:
    """What many runs have left."""

    def __init__(self, folder: Path, students: int):
        self.folder, self.out = folder, folder / "out"
        self.points, self.killed, self.seconds = {}, 0, 0.0
        self.runs: list[int] = []  # their process ids
        write(attacks.tiny_lab(), folder / "labs" / "tiny.ipynb")
        for n in range(students):
            code, before, points = KINDS[n % len(KINDS)]
            name = f"student {n}"
            nb = attacks.submission(before, code)
            write(nb, folder / "in" / name / "tiny.ipynb")
            self.points[name] = points

    def command(self, *more: str) -> list[str]:
        """Return the command that grades."""
        return [
            *(sys.executable, "-m", "tools.grading"),
            *("--submissions", str(self.folder / "in")),
            *("--labs", str(self.folder / "labs"), "--out", str(self.out)),
            *("--seconds", "60", "--call-seconds", "0.5", *more),
        ]

    def files(self) -> dict[str, int]:
        """Return when each result was written."""
        found = (self.out / "grading" / "results").glob("*/*.json")
        return {path.name: path.stat().st_mtime_ns for path in found}

    def kill_when(self, enough: int, *more: str) -> None:
        """Start grading, and kill it once there are so many results."""
        with subprocess.Popen(
            self.command(*more),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as run:
            while len(self.files()) < enough and run.poll() is None:
                time.sleep(0.02)
            run.send_signal(signal.SIGKILL)
            self.killed += run.wait() == -signal.SIGKILL
        self.runs.append(run.pid)

    def finish(self, *more: str) -> subprocess.CompletedProcess:
        """Grade what is left."""
        return subprocess.run(
            self.command(*more), cwd=ROOT, capture_output=True, text=True
        )

    def wrong(self) -> list[str]:
        """Return what is not as it must be, in words."""
        told = []
        text = (self.out / "grades.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        counted = collections.Counter(row["student"] for row in rows)
        if counted != dict.fromkeys(self.points, 1):
            told.append(f"{len(rows)} rows for {len(self.points)} students")
        for row in rows:
            if row["points"] != str(self.points[row["student"]]):
                told.append(f"{row['student']}: {row['points']} {row['note']}")
        stored = (self.out / "grading" / "results").glob("*/*.json")
        names = collections.Counter(
            json.loads(path.read_text())["student"] for path in stored
        )
        if names != dict.fromkeys(self.points, 1):
            told.append("not one result for each student")
        place = Path(sandbox._temporary())
        if any(list(place.glob(f"{sandbox.PREFIX}{n}-*")) for n in self.runs):
            told.append("temporary folders are left")
        return told


def survive(
    folder: Path, students: int, kills: int, *more: str
) -> tuple[Outcome, list[str]]:
    """Grade, kill again and again, grade to the end; return what is wrong."""
    outcome, told = Outcome(folder, students), []
    start, kept = time.monotonic(), {}
    for n in range(kills):
        outcome.kill_when((n + 1) * students // (kills + 1), *more)
        kept = outcome.files()
    run = outcome.finish(*more)
    outcome.seconds = time.monotonic() - start
    if run.returncode:
        told.append(f"status {run.returncode}: {run.stdout}{run.stderr}")
    after = outcome.files()
    if any(after.get(name) != written for name, written in kept.items()):
        told.append("a result was made twice")
    return outcome, told + outcome.wrong()


def in_gradebook(outcome: Outcome) -> list[str]:
    """Return whose points nbgrader has wrong."""
    from nbgrader.api import Gradebook

    place = f"sqlite:///{outcome.out}/grading/gradebook.db"
    with Gradebook(place) as book:
        found = {
            s.student.id: s.score for s in book.assignment_submissions("tiny")
        }
    names = sorted(outcome.points.keys() | found.keys())
    return [n for n in names if found.get(n) != outcome.points.get(n)]


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("students", type=int)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--no-store", action="store_true")
    options = parser.parse_args()
    more = ["--no-store"] * options.no_store
    with tempfile.TemporaryDirectory() as folder:
        outcome, told = survive(
            Path(folder), options.students, options.kills, *more
        )
        if not options.no_store:
            told += [f"gradebook: {n}" for n in in_gradebook(outcome)]
    print(
        f"{options.students} submissions, {outcome.killed} kills, "
        f"{outcome.seconds:.0f} seconds, {len(told)} faults"
    )
    print(*told, sep="\n")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
