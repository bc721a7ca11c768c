"""Control groups: one limit of memory for all that a sandbox holds.

A limit of a process (``prlimit``) does not see its children, nor what the
kernel keeps for it: buffers, directories, links. A control group of version 2
counts all of it, and the kernel itself keeps the limit. Making one needs an
ancestor of our own group that may be written to and hands memory on to its
children: the service manager of a user has one, and root has.

Where there is none, `sandbox` limits each process and watches the sum.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")
PREFIX = "topoi-grading-"
NEEDED = {"memory", "pids"}  # what the ancestor hands on
MORE = 20  # processes that the wrapping needs
REMOVE_SECONDS = 5
ENTER = 'echo $$ > "$1" && shift && exec "$@"'


@dataclass(frozen=True)
class Group:
    """A control group of one sandbox."""

    folder: Path

    def enter(self, command: list[str]) -> list[str]:
        """Return a command that runs another one in this group."""
        place = str(self.folder / "cgroup.procs")
        return ["sh", "-c", ENTER, "sh", place, *command]

    def was_too_large(self) -> bool:
        """Whether the kernel killed something for want of memory in it."""
        with contextlib.suppress(OSError, ValueError):
            text = (self.folder / "memory.events").read_text()
            found = dict(line.split() for line in text.splitlines())
            return int(found.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Kill what is left in it, and remove it."""
        late = time.monotonic() + REMOVE_SECONDS
        with contextlib.suppress(OSError):
            _write(self.folder / "cgroup.kill", 1)
        while time.monotonic() < late:
            try:
                _remove(self.folder)
            except FileNotFoundError:
                return
            except OSError:  # the last process is still dying
                time.sleep(0.02)


def make(
    parent: Path, slot: int, kind: str, memory_mb: int, most: int
) -> Group:
    """Make the group of a sandbox.

    Parameters
    ----------
    parent : Path
        What `find_parent` has returned.
    slot, kind : int, str
        Which sandbox it is for; they make its name.
    memory_mb : int
        Memory of all processes and of the kernel for them. Nothing is
        swapped out, and if it does not suffice all are killed.
    most : int
        Processes and threads.

    Raises
    ------
    OSError
        If the system refuses.
    """
    group = Group(parent / f"{PREFIX}{os.getpid()}-{slot}-{kind}")
    group.remove() if group.folder.exists() else None
    group.folder.mkdir()
    _write(group.folder / "memory.max", memory_mb * 2**20)
    _write(group.folder / "pids.max", most + MORE)
    for name, value in (("memory.swap.max", 0), ("memory.oom.group", 1)):
        with contextlib.suppress(OSError):  # not everywhere
            _write(group.folder / name, value)
    return group


def find_parent() -> Path | None:
    """Return the nearest group in which we may make groups with limits."""
    for mount in MOUNTS:
        if (mount / "cgroup.controllers").exists():
            own = mount / _own().lstrip("/")
            folders = [own, *own.parents]
            below = [f for f in folders if f.is_relative_to(mount)]
            return next(filter(_hands_on, below), None)
    return None


def _own() -> str:
    """Return the name of our own group, from the root of its hierarchy."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                return line.removeprefix("0::")
    return "/"


def _hands_on(folder: Path) -> bool:
    try:
        given = (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    writable = (
        os.access(p, os.W_OK) for p in (folder, folder / "cgroup.procs")
    )
    return set(given) >= NEEDED and all(writable)


def remove_left_overs(parent: Path) -> None:
    """Remove the groups of runs whose process has ended."""
    for folder in parent.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            Group(folder).remove()


def _remove(folder: Path) -> None:
    """Remove a group; its files are the kernel's and vanish with it."""
    folder.rmdir()


def _write(file: Path, value: int) -> None:
    with open(file, "w") as stream:
        stream.write(str(value))
