"""Whether the machine had enough left while a submission was graded.

A verdict counts only if the submission had what its limits promise. When
memory, disk or processes of the *machine* run out, the fault may be somebody
else's, so nothing is stored and the submission is graded again.
"""

import contextlib
import os
import resource
import shutil
from pathlib import Path

MEMORY_MB = 200  # available, below which programs are about to be killed
DISK_MB = 20  # free where temporary folders lie
SHARE = 0.95  # of the processes that a user or a container may have


def shortage(folder: Path) -> str:
    """Return in words what this machine is short of, or nothing.

    Parameters
    ----------
    folder : Path
        Where temporary files go.
    """
    left = memory_left_mb()
    if left < MEMORY_MB:
        return f"The machine has only {left:.0f} MB of memory left."
    free = shutil.disk_usage(folder).free / 2**20
    if free < DISK_MB:
        return f"The disk of {folder} has only {free:.0f} MB left."
    running, most = processes()
    if running >= SHARE * most:
        return f"{running} of {most:g} processes are in use."
    return ""


def memory_left_mb() -> float:
    """Return what the kernel says that programs can still get."""
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1024
    return float("inf")


def processes() -> tuple[int, float]:
    """Return how many processes and threads there are, and may be.

    The tightest limit counts: that of our group (a container), or, unless
    we are root, that of our user.
    """
    limits = [_of_group()]
    most, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if os.geteuid() != 0 and most != resource.RLIM_INFINITY:
        limits.append((_of_user(SHARE * most), most))
    return max(limits, key=lambda pair: pair[0] / pair[1])


def _of_group() -> tuple[int, float]:
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds in ("", "pids"):
                folder = Path("/sys/fs/cgroup", kinds, path.lstrip("/"))
                current, most = folder / "pids.current", folder / "pids.max"
                return int(current.read_text()), float(most.read_text())
    return 0, float("inf")


def _of_user(many: float) -> int:
    """Count the threads of our user; not one by one while all are few."""
    with open("/proc/loadavg") as file:
        total = int(file.read().split()[3].split("/")[1])
    if total < many:
        return total
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid():
                found += len(os.listdir(folder / "task"))
    return found
