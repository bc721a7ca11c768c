"""The decisive attacks once more, when the grader runs as another user.

The tests of `test_grading.py` run as whoever starts them, often root in a
container. Root drops to a user of its own for each sandbox; another user has
none to drop to, so a submission runs under the very account of the teacher.
"""

import contextlib
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import attacks
import pytest
from grading_helpers import needs_sandbox
from test_grading import Listener

from tools.grading import sandbox
from tools.notebooks import ROOT, write

TEACHER = 64_900  # a number that no account has; nothing needs its name
as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="everything here runs as a plain user already"
)

# Each pair is bound to an open place; then an empty folder that all may pass
# hides the closed one, and the pair's path is made in it again. Nobody but
# this process and its children sees these mounts.
OPEN = """
set -e
hidden=$1; shift
for path in "$@"; do
  [ "$path" = -- ] && break
  n=$((n + 1)); mkdir -p "$hidden/$n"; mount --bind "$path" "$hidden/$n"
done
m=0
while [ "$1" != -- ]; do m=$((m + 1)); eval "p$m=\\$1"; shift; done
shift
while [ "$1" != -- ]; do mount -t tmpfs -o mode=755 none "$1"; shift; done
shift
n=0
while [ $n -lt $m ]; do
  n=$((n + 1)); eval "path=\\$p$n"
  mkdir -p "$path"; mount --bind "$hidden/$n" "$path"
done
exec "$@"
"""


def needed() -> list[Path]:
    """Return the folders that grading reads: Python, packages, the house."""
    found = {Path(sys.base_prefix), Path(sys.prefix), ROOT}
    return sorted(p for p in found if not _is_open(p))


def closed(paths: list[Path]) -> list[Path]:
    """Return the outermost folders on the way that others may not pass."""
    tops = set()
    for path in paths:
        shut = [p for p in (path, *path.parents) if not p.stat().st_mode & 1]
        tops.add(shut[-1])
    return sorted(tops)


def _is_open(path: Path) -> bool:
    return all(p.stat().st_mode & 1 for p in (path, *path.parents))


def as_teacher(folder: Path, command: list[str]) -> subprocess.Popen:
    """Run a command as the teacher, who can read what grading needs."""
    (folder / "binds").mkdir(exist_ok=True)
    paths = needed()
    drop = ["setpriv", f"--reuid={TEACHER}", f"--regid={TEACHER}"]
    drop += ["--clear-groups", "--inh-caps=-all"]
    mount = ["unshare", "--mount", "--propagation", "private"]
    whole = [*mount, "sh", "-c", OPEN, "sh", folder / "binds", *paths, "--"]
    whole += [*closed(paths), "--", *drop, *command]
    return subprocess.Popen(
        whole,
        cwd=ROOT,
        env=os.environ | {"HOME": str(folder), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


CHOSEN = {
    "patch": ("numpy", "the worker"),
    "value": ("equals everything", "array that agrees"),
    "harm": ("kills all", "forged verdicts"),
    "breach": (
        "reads the lab", "finds the gradebook", "reads a neighbour",
        "writes outside", "writes to the course", "connects", "is root",
        "sees processes",
    ),
}  # fmt: skip
HONEST = ("first", "zz last")


def hand_in(folder: Path, port: int) -> list[str]:
    """Write the attacks and the honest work; return the attacks' names."""
    secret = folder / "home" / "grades.csv"
    secret.parent.mkdir()
    secret.write_text("whole")
    made = {
        "patch": lambda n: attacks.submission(attacks.PATCHES[n]),
        "value": lambda n: attacks.submission(after=attacks.VALUES[n]),
        "harm": lambda n: attacks.submission(attacks.HARM[n]),
        "breach": attacks.breaches(secret, port).get,
    }
    found = {
        name: made[kind](name)
        for kind, names in CHOSEN.items()
        for name in names
    }
    right = dict.fromkeys(HONEST, attacks.submission(answers=attacks.RIGHT))
    for name, notebook in (found | right).items():
        write(notebook, folder / "in" / name / "tiny.ipynb")
    write(attacks.tiny_lab(), folder / "labs" / "tiny.ipynb")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, TEACHER, TEACHER)
        path.chmod(0o700 if path.is_dir() else 0o600)
    return [*found]


@as_root
@needs_sandbox
def test_a_plain_user_loses_no_grade_and_gives_none_away():
    """Their own files, processes and secrets are of the same account."""
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp"))
        listener = stack.enter_context(Listener())
        folder = Path(name)
        tried = hand_in(folder, listener.port)
        neighbour = subprocess.Popen(["sleep", "600"], user=TEACHER)
        stack.callback(neighbour.wait)
        stack.callback(neighbour.kill)
        grading = as_teacher(
            folder,
            [
                *(sys.executable, "-m", "tools.grading", "--no-store"),
                *("--submissions", str(folder / "in")),
                *("--labs", str(folder / "labs"), "--jobs", "2"),
                *("--out", str(folder / "out"), "--seconds", "60"),
            ],
        )
        told = "".join(grading.communicate(timeout=300))
        assert grading.returncode == 0, told
        assert neighbour.poll() is None, "a process of the account was killed"
        assert listener.connections == 0
        secret = folder / "home" / "grades.csv"
        assert secret.read_text() == "whole"
        text = (folder / "out" / "grades.csv").read_text()
        points = {
            r["student"]: r["points"]
            for r in csv.DictReader(text.splitlines())
        }
        assert points == dict.fromkeys(tried, "0") | dict.fromkeys(HONEST, "5")
        owners = {p.stat().st_uid for p in (folder / "out").rglob("*")}
        assert owners == {TEACHER}


def test_what_is_needed_is_read_through_the_closed_folders(tmp_path):
    """Of the helper: only outermost folders are replaced."""
    inner = tmp_path / "root" / "py" / "bin"
    inner.mkdir(parents=True)
    (tmp_path / "root").chmod(0o700)
    (tmp_path / "root" / "py").chmod(0o700)
    tops = closed([inner])
    assert len(tops) == 1
    assert inner.is_relative_to(tops[0])
    assert not tops[0].stat().st_mode & 1
    assert sandbox.FIRST_UID != TEACHER
