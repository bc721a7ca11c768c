"""Start a process without network, in a read-only file system of its own.

The order of wrapping, when started as root: a control group where there is
one, a private mount namespace in which folders below a closed home are bound
to an open place, ``setpriv`` to an unprivileged uid, ``taskset``,
``prlimit``, ``bwrap``, Python. Other users start with ``taskset``, after the
control group.
"""

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tools.grading import groups, seccomp
from topoi import runtime

ROOT = runtime.ROOT
INSIDE = "tools/grading/inside"  # what runs in sandboxes
COURSE = "/course"  # where a sandbox sees the library
FIRST_UID = 64_100  # one uid a slot; no account should have them
# Not /usr as a whole: a checkout may lie in it, as in /usr/src.
SYSTEM = (
    *("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo"),
    "/etc/ld.so.cache",
)
COUNTS_INSIDE = (5, 14)  # the first Linux that counts processes of a sandbox
MB = 2**20
END_SECONDS = 20  # that a killed sandbox may take to disappear
MOUNT = (
    'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; '
    'done; shift; exec "$@"'
)


class SandboxError(RuntimeError):
    """No sandbox can be made here; the text says why and what helps."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use; exceeding a limit costs only itself.

    Attributes
    ----------
    seconds : float
        Wall clock for everything.
    call_seconds, cell_seconds : float
        For one call of an answer, and for one cell of the notebook. All
        cells have half of the time, and each check its share of the rest.
    patience : float
        How many times longer than a check allows a call may take: this
        machine may be slower than that of the student, and busy.
    address_mb, memory_mb, scratch_mb, file_mb : int
        Address space of one process, memory of one process and of all
        processes of a sandbox, the folder that it may write to, one file.
    processes, files : int
        Processes and threads, and files, of a sandbox.
    output, report : int
        Characters kept of one cell, and of all.
    """

    seconds: float = 600
    call_seconds: float = 120
    cell_seconds: float = 120
    patience: float = 10
    address_mb: int = 6144
    memory_mb: int = 4096
    scratch_mb: int = 64
    file_mb: int = 50
    processes: int = 200
    files: int = 20_000
    output: int = 20_000
    report: int = 4_000_000


@dataclass
class Box:
    """One way to start processes: in sandboxes, or plainly when trusted.

    Attributes
    ----------
    parent : Path, optional
        The control group in which those of sandboxes are made; see `groups`.
    """

    limits: Limits
    trusted: bool = False
    slot: int = 0
    folder: Path = field(default_factory=Path)
    parent: Path | None = None
    made: list[groups.Group] = field(default_factory=list)

    def start(
        self, arguments: Sequence[str], files: dict[str, Path], fds: tuple
    ) -> subprocess.Popen:
        """Start Python; `files` are visible under the given paths.

        In `arguments`, ``{/in/name}`` stands for the place of a file.
        """
        places = {n: str(p) if self.trusted else n for n, p in files.items()}
        command = [_fill(argument, places) for argument in arguments]
        command = [sys.executable, "-B", "-P", *command]
        if self.trusted:
            return _popen(
                command, fds, cwd=self.folder, env=_environment(ROOT)
            )
        with tempfile.TemporaryFile() as rules:
            rules.write(seccomp.program())
            rules.seek(0)
            wrapped = self._grouped(self.wrap(command, files, rules.fileno()))
            return _popen(wrapped, (*fds, rules.fileno()))

    def _grouped(self, command: list[str]) -> list[str]:
        """Return a command that runs in a new control group, if we can."""
        if self.parent is None:
            return command
        group = groups.make(
            self.parent,
            self.slot,
            str(len(self.made)),
            self.limits.memory_mb,
            self.limits.processes,
        )
        self.made.append(group)
        return group.enter(command)

    def close(self) -> str:
        """Remove the control groups; return what was too much for one."""
        full = [group for group in self.made if group.was_too_large()]
        while self.made:
            self.made.pop().remove()
        return too_much(self.limits) if full else ""

    def wrap(
        self, command: list[str], files: dict[str, Path], rules: int
    ) -> list[str]:
        """Return the whole command line of a sandbox."""
        binds = _shared()
        binds |= {str(p): name for name, p in files.items()}
        staged, root = {}, os.geteuid() == 0
        if root:
            others = [p for p in binds if self.folder not in Path(p).parents]
            staged = self._staged([p for p in others if not _open_to_all(p)])
        inner = [
            *_own_core(self.slot),
            *_limited(self.limits),
            *_bubble(self.limits, rules),
            *_pairs({staged.get(p, p): name for p, name in binds.items()}),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--size", str(16 * MB), "--tmpfs", "/dev/shm"),
            *("--remount-ro", "/dev"),
            *(
                "--size",
                str(self.limits.scratch_mb * MB),
                "--tmpfs",
                "/scratch",
            ),
            *("--remount-ro", "/", "--chdir", "/scratch", "--"),
            # Counted in there: the user's own processes are not among them.
            *("prlimit", f"--nproc={self.limits.processes}", "--"),
            *command,
        ]
        return [*self._dropped(staged), *inner] if root else inner

    def _staged(self, closed: list[str]) -> dict[str, str]:
        """Return open places at which closed folders shall be bound."""
        places = {}
        for number, path in enumerate(closed):
            place = self.folder / f"mount{number}"
            if os.path.isdir(path):
                place.mkdir(exist_ok=True)
            else:
                place.touch()
            places[path] = str(place)
        return places

    def _dropped(self, staged: dict[str, str]) -> list[str]:
        uid = FIRST_UID + self.slot
        drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}"]
        drop += ["--clear-groups", "--inh-caps=-all", "--no-new-privs"]
        if not staged:
            return drop
        pairs = [text for pair in staged.items() for text in pair]
        mount = ["unshare", "--mount", "--propagation", "private"]
        return [*mount, "sh", "-c", MOUNT, "sh", *pairs, "--", *drop]


def _fill(argument: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        argument = argument.replace("{" + name + "}", place)
    return argument


def _popen(command: list[str], fds: tuple, **more: object) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        pass_fds=fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **more,
    )


def _shared() -> dict[str, str]:
    """Return what every sandbox may read, and where: Python and library."""
    places = [path for path in SYSTEM if Path(path).exists()]
    for prefix in sorted({sys.base_prefix, sys.prefix}):
        if prefix == "/usr/local":
            places += [f"{prefix}/bin", f"{prefix}/lib"]
        elif prefix != "/usr":
            places.append(prefix)
    library = {str(ROOT / n): f"{COURSE}/{n}" for n in ("topoi", "datasets")}
    return {path: path for path in places} | library


def demand_hidden(secrets: Iterable[Path]) -> None:
    """Refuse to grade where submissions could read what they must not.

    Raises
    ------
    SandboxError
        If a folder lies below one that every sandbox may read.
    """
    for secret in secrets:
        for path in _shared():
            if secret.resolve().is_relative_to(Path(path).resolve()):
                raise SandboxError(
                    f"{secret} lies below {path}, which every submission may "
                    "read. Move it, or give another place with --labs, "
                    "--submissions or --out."
                )


def scripts(*modules: str) -> dict[str, Path]:
    """Return files of `INSIDE` by the places where a sandbox sees them."""
    names = [f"{INSIDE}/{module}.py" for module in ("__init__", *modules)]
    return {f"{COURSE}/{name}": ROOT / name for name in names}


def _open_to_all(path: str) -> bool:
    """Whether every user may pass all folders on the way to a path."""
    parents = [Path(path), *Path(path).parents]
    return all(p.stat().st_mode & 0o1 for p in parents if p.is_dir())


def too_much(limits: Limits) -> str:
    """Return in words that a sandbox took more memory than it may."""
    return (
        f"Stopped: more than {limits.memory_mb} MB of memory. Does something "
        "grow with every step, or is an array far larger than it should be?"
    )


def _own_core(slot: int) -> list[str]:
    """Keep a slot on one core, so that it cannot slow down the others."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "--cpu-list", str(cores[slot % len(cores)])]


def _limited(limits: Limits) -> list[str]:
    return [
        "prlimit",
        f"--as={limits.address_mb * MB}",
        f"--data={limits.memory_mb * MB}",
        f"--fsize={limits.file_mb * MB}",
        f"--cpu={int(2 * limits.seconds) + 1}",
        "--core=0",
        "--nofile=256",
    ]


def _bubble(limits: Limits, rules: int) -> list[str]:
    environment = _environment(COURSE) | {
        "HOME": "/scratch",
        "TMPDIR": "/scratch",
    }
    pairs = environment.items()
    return [
        *("bwrap", "--seccomp", str(rules)),
        *("--unshare-all", "--unshare-user", "--disable-userns"),
        *("--uid", "1000", "--gid", "1000", "--hostname", "lab"),
        *("--die-with-parent", "--new-session", "--clearenv"),
        *(text for pair in pairs for text in ("--setenv", *pair)),
        *("--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"),
        *("--symlink", "usr/lib64", "/lib64"),
    ]


def _pairs(binds: dict[str, str]) -> list[str]:
    return [text for p, n in binds.items() for text in ("--ro-bind", p, n)]


def _environment(course: Path | str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": tempfile.gettempdir(),
        "PYTHONPATH": str(course),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow"),
        **runtime.environment(),
    }


# -- watching and ending ----------------------------------------------------


def memory_mb(process: subprocess.Popen) -> float:
    """Return the resident memory of a process and all its children."""
    total = 0
    for member in _family(process):
        with contextlib.suppress(psutil.Error):
            total += member.memory_info().rss
    return total / MB


def files(process: subprocess.Popen) -> int:
    """Return how many files lie in the folders that a sandbox may write to.

    Each one takes memory of the kernel, which belongs to no process.
    """
    for member in _family(process):
        root = f"/proc/{member.pid}/root"
        with contextlib.suppress(OSError):
            states = map(os.statvfs, (f"{root}/scratch", f"{root}/dev/shm"))
            return sum(s.f_files - s.f_ffree for s in states)
    return 0


def _family(process: subprocess.Popen) -> list[psutil.Process]:
    try:
        top = psutil.Process(process.pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def end(process: subprocess.Popen) -> None:
    """Kill a sandbox with all that runs in it, and wait until it is gone.

    The next sandbox of a slot may start only then: hundreds of processes
    that are still dying count against its limit.
    """
    family, late = _family(process), time.monotonic() + END_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    while time.monotonic() < late and not all(map(_gone, family)):
        time.sleep(0.01)
    if process.stderr is not None:
        process.stderr.close()


def _gone(member: psutil.Process) -> bool:
    try:
        return member.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def probe(box: Box) -> None:
    """See whether sandboxes work here, by starting one.

    Raises
    ------
    SandboxError
        If bubblewrap is missing or fails; the text holds its own words.
    """
    for tool in ("bwrap", "prlimit", "taskset"):
        if shutil.which(tool) is None:
            raise SandboxError(
                f"{tool} is not installed, and submissions are not run "
                "without it. On Debian and Ubuntu: apt-get install "
                "bubblewrap util-linux. Only for notebooks that you wrote "
                "yourself: --trust-submissions."
            )
    found = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if found < COUNTS_INSIDE and os.geteuid() != 0:
        raise SandboxError(
            f"Linux {platform.release()} would count your own processes as "
            "those of a submission: grade as root, or on Linux 5.14 or newer."
        )
    with contextlib.ExitStack() as stack:
        stack.callback(box.close)
        process = box.start(["-c", "import numpy"], {}, ())
        words = process.stderr.read(4000).decode(errors="replace").strip()
        code = process.wait()
        process.stderr.close()
    if code != 0:
        raise SandboxError(
            f"bubblewrap does not work here (exit {code}): {words} In a "
            "container it needs user namespaces: see the page How to grade. "
            "Only for notebooks that you wrote yourself: --trust-submissions."
        )


PREFIX = "topoi-grading-"


def _temporary() -> str:
    """Return a folder for temporary ones that every uid can reach."""
    usual = tempfile.gettempdir()
    return usual if os.geteuid() or _open_to_all(usual) else "/tmp"


def remove_left_overs() -> None:
    """Remove folders and groups of runs whose process has ended."""
    if parent := groups.find_parent():
        groups.remove_left_overs(parent)
    for folder in Path(_temporary()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def temporary_folder(slot: int) -> Iterator[Path]:
    """Make a folder that only its slot may enter; its name has the owner."""
    with tempfile.TemporaryDirectory(
        prefix=f"{PREFIX}{os.getpid()}-", dir=_temporary()
    ) as name:
        if os.geteuid() == 0:
            os.chown(name, FIRST_UID + slot, FIRST_UID + slot)
        yield Path(name)
