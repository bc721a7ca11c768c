"""Memory of submissions: by control groups, and without them.

This suite also runs where no control group can be made, so the kernel's part
is played by a folder: what is written to which file follows the kernel's
documentation of version 2.
"""

import os
import shutil
import subprocess
from pathlib import Path

import attacks
import nbformat
import pytest
from grading_helpers import needs_sandbox

from tools.grading import groups, sandbox, session, submissions
from tools.notebooks import write

GREEDY = """\
def norm(x):
    return sum(len(bytearray(2**26)) for _ in [0]) + len(
        [bytearray(2**26) for _ in range(60)]
    )
"""


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A folder that looks like control groups, in which we are a session."""
    mount = tmp_path / "cgroup"
    own = mount / "user.slice" / "apps" / "session"
    own.mkdir(parents=True)
    (mount / "cgroup.controllers").write_text("cpu memory pids\n")
    handed = {mount: "memory pids", mount / "user.slice": "cpu"}
    handed |= {own.parent: "cpu memory pids", own: ""}
    for folder, names in handed.items():
        (folder / "cgroup.subtree_control").write_text(f"{names}\n")
        (folder / "cgroup.procs").write_text("")
    monkeypatch.setattr(groups, "MOUNTS", (mount,))
    monkeypatch.setattr(groups, "_own", lambda: "/user.slice/apps/session")
    # The files of a real group vanish with it.
    monkeypatch.setattr(groups, "_remove", shutil.rmtree)
    return own.parent


def test_the_nearest_group_that_hands_memory_on_is_found(kernel, monkeypatch):
    assert groups.find_parent() == kernel
    (kernel / "cgroup.subtree_control").write_text("cpu\n")
    assert groups.find_parent() == kernel.parents[1]
    monkeypatch.setattr(groups.os, "access", lambda *_: False)
    assert groups.find_parent() is None
    monkeypatch.setattr(groups, "MOUNTS", (kernel / "nowhere",))
    assert groups.find_parent() is None


def test_a_group_has_its_limits_and_goes_with_its_sandbox(kernel):
    group = groups.make(kernel, 3, "0", memory_mb=100, most=50)
    assert group.folder.name == f"topoi-grading-{os.getpid()}-3-0"
    said = {p.name: p.read_text() for p in group.folder.iterdir()}
    assert said == {
        "memory.max": str(100 * 2**20),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": str(50 + groups.MORE),
    }
    subprocess.run(group.enter(["true"]), check=True)
    inside = (group.folder / "cgroup.procs").read_text()
    assert inside.strip().isdecimal(), "the shell entered before `true`"
    assert not group.was_too_large()
    (group.folder / "memory.events").write_text("max 9\noom_kill 1\n")
    assert group.was_too_large()
    group.remove()
    assert not group.folder.exists()


def test_groups_of_dead_runs_are_removed(kernel):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for owner in (ended.pid, os.getpid()):
        (kernel / f"{groups.PREFIX}{owner}-0-0").mkdir()
    groups.remove_left_overs(kernel)
    left = [p.name for p in kernel.glob(f"{groups.PREFIX}*")]
    assert left == [f"{groups.PREFIX}{os.getpid()}-0-0"]


def run(code: str, tmp_path: Path, parent=None, **limits) -> session.Session:
    write(attacks.tiny_lab(), tmp_path / "tiny.ipynb")
    lab = submissions.read_lab(tmp_path / "tiny.ipynb")
    notebook = attacks.submission(answers=f"{attacks.RIGHT}\n{code}")
    box = sandbox.Box(sandbox.Limits(**limits), parent=parent)
    return session.run(lab, nbformat.writes(notebook).encode(), box)


@needs_sandbox
def test_an_answer_that_the_kernel_killed_is_told_why(kernel, monkeypatch):
    """The kernel's part: the process dies, and the group counts it."""
    make = groups.make

    def made(*arguments):
        group = make(*arguments)
        (group.folder / "memory.events").write_text("oom_kill 1\n")
        return group

    monkeypatch.setattr(groups, "make", made)
    kill = "def norm(x):\n    import os\n    os.kill(os.getpid(), 9)"
    found = run(kill, kernel.parents[2], kernel, memory_mb=700)
    assert found.verdicts["softmax-check"]["passed"]
    message = found.verdicts["norm-check"]["message"]
    assert message.startswith("Stopped: more than 700 MB of memory.")
    assert not list(kernel.glob(f"{groups.PREFIX}*")), "left behind"


@needs_sandbox
def test_without_groups_a_process_is_told_that_memory_is_short(tmp_path):
    found = run(GREEDY, tmp_path, memory_mb=1000)
    assert found.verdicts["softmax-check"]["passed"]
    message = found.verdicts["norm-check"]["message"]
    assert "MemoryError" in message
    assert message.endswith("A submission may take 1000 MB of memory.")
