"""Make, grow and mend the project's environment; look at a bare machine.

    python3 tools/environment.py make read|run|develop --venv .venv
    python3 tools/environment.py doctor --venv .venv
    python3 tools/environment.py check

The Makefile calls it before anything is installed, so it needs the standard
library alone, and it can be read by old Pythons, which it sends away with a
sentence. Several calls for one environment wait for each other.

A size is a part of the next one: `read` builds the book, `run` adds what its
notebooks need, `develop` adds tests, formatters and graders.
"""

import argparse
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
MISSING = "h5py and tensorflow"  # have no wheel for the Python after NEWEST
# size: lock file, stamp, purpose, megabytes on disk
SIZES = {
    "read": ("read.txt", ".read", "to build the book", 340),
    "run": ("run.txt", ".run", "to run its notebooks", 3200),
    "develop": ("lock.txt", ".ready", "to change and test it", 3600),
}
WAYS_OUT = """\
Install one of them:
  Debian, Ubuntu    apt install python3 python3-venv (or python3.12 ...)
  macOS             brew install python@3.13, or python.org
  Windows           winget install Python.Python.3.13, or python.org
  anywhere          uv python install 3.13
and say where it is: make PYTHON=/path/to/python3.13"""


class Refusal(Exception):
    """What is asked for cannot be done here; the message says the repair."""


def spell(version):
    """Return a version as it is written: (3, 11) is 3.11."""
    return ".".join(map(str, version))


def check_python(version, executable):
    """Refuse a Python for which the pinned packages do not exist.

    Raises
    ------
    Refusal
        With the version that was found, and how to get another one.
    """
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return
    found = f"{executable} is Python {spell(version[:3])}"
    allowed = f"Python {spell(OLDEST)} to {spell(NEWEST)}"
    if tuple(version[:2]) > NEWEST:
        why = f"for which {MISSING} have no wheel at the pinned versions"
    else:
        why = "which is too old for the pinned packages"
    raise Refusal(f"{found}, {why}.\nThe book needs {allowed}. {WAYS_OUT}")


def check_venv_module(version):
    """Refuse a Python that cannot make environments, as Debian's alone."""
    if importlib.util.find_spec("ensurepip") is None:
        name = f"python{spell(version[:2])}-venv"
        raise Refusal(
            f"{sys.executable} cannot make environments: ensurepip is "
            f"missing. On Debian and Ubuntu: apt install {name}"
        )


def check_folder(venv):
    """Refuse a place that cannot hold an environment."""
    if os.pathsep in str(venv.resolve()):
        raise Refusal(
            f"{venv.resolve()} holds the character {os.pathsep!r}, which "
            "separates folders in PATH, so no environment works there. Move "
            "the project, or give another place: make VENV=/dir/env"
        )
    try:
        venv.mkdir(parents=True, exist_ok=True)
        with open(str(venv / ".lock"), "a"):
            pass
    except OSError as error:
        raise Refusal(
            f"Cannot write {venv} ({error.strerror}): give writable places, "
            "as in 'make book VENV=/dir/env BUILD=/dir'."
        ) from error


def check_disk(venv, size, free=None):
    """Refuse to fill the disk."""
    place = venv.resolve()
    while not place.exists():
        place = place.parent
    if free is None:
        free = shutil.disk_usage(str(place)).free / 1e6
    needed = SIZES[size][3] * 1.3  # archives are kept until they are unpacked
    if free < needed:
        raise Refusal(
            f"Size {size} needs {needed:,.0f} MB while it is installed, and "
            f"{free:,.0f} MB are free beside {venv}. Give a place on another "
            "disk: make VENV=/dir/env (and TMPDIR=/dir)"
        )


# -- one at a time ----------------------------------------------------------


def _try_lock(file):
    """Lock an open file for this process; return False if another has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def alone(venv, every=0.2):
    """Hold the environment's lock; the system frees it if we are killed."""
    with open(str(venv / ".lock"), "a") as file:
        if not _try_lock(file):
            print(f"Another command is at work on {venv}: waiting for it.")
            sys.stdout.flush()
            while not _try_lock(file):
                time.sleep(every)
        yield


# -- the environment --------------------------------------------------------


def python_of(venv):
    """Return the path of an environment's Python."""
    if os.name == "nt":
        return venv / "Scripts" / "python.exe"
    return venv / "bin" / "python"


def ask(venv, code):
    """Return what an environment's Python prints, or None if it is broken."""
    try:
        run = subprocess.run(
            [str(python_of(venv)), "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def version_of(venv):
    """Return the version of a working environment, else None.

    One without pip is broken, for its making was interrupted; unless uv has
    made it.
    """
    pip = "" if is_of_uv(venv) else "import pip; "
    answer = ask(venv, pip + "import sys; print(*sys.version_info[:3])")
    return None if answer is None else tuple(map(int, answer.split()))


def is_of_uv(venv):
    """Say whether uv has made the environment: it leaves pip out."""
    config = venv / "pyvenv.cfg"
    return config.exists() and "\nuv = " in config.read_text("utf-8")


def is_fresh(venv, size):
    """Say whether this size, or a larger one, is newer than its lock."""
    names = list(SIZES)
    return any(_is_stamped(venv, n) for n in names[names.index(size) :])


def _is_stamped(venv, size):
    """Say whether this size's own stamp is newer than its lock file."""
    lock, stamp = SIZES[size][:2]
    lock, stamp = ROOT / "requirements" / lock, venv / stamp
    return stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime


def empty(venv):
    """Remove everything but the lock that we hold."""
    for path in venv.iterdir():
        if path.name == ".lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        else:
            path.unlink()


def create(venv):
    """Create the environment, or leave a working one as it is."""
    found = version_of(venv)
    if found is not None:
        check_python(found, python_of(venv))
        if found[:2] != sys.version_info[:2]:
            print(
                f"{venv} has Python {spell(found)} and keeps it; for "
                f"{spell(sys.version_info[:2])} remove {venv} first."
            )
        return
    check_python(sys.version_info, sys.executable)
    check_venv_module(sys.version_info)
    empty(venv)
    run = subprocess.run([sys.executable, "-m", "venv", str(venv)])
    if run.returncode:
        raise Refusal(f"{sys.executable} -m venv {venv} failed: see above.")


def install(venv, lock):
    """Install exactly what a lock file says, and check every hash."""
    if is_of_uv(venv):
        raise Refusal(
            f"uv has made {venv}, without pip. Install with uv pip install "
            f"--python {python_of(venv)} --require-hashes -r {lock}"
        )
    command = [str(python_of(venv)), "-m", "pip", "install", "--quiet"]
    command += ["--disable-pip-version-check", "--require-hashes"]
    run = subprocess.run([*command, "-r", str(lock)])
    if run.returncode:
        raise Refusal(
            f"pip could not install {lock.name}: its reasons stand above. "
            "If the network failed, repeat the command; it goes on from "
            "what is there."
        )


def make(venv, size, mend=False):
    """Make an environment of a size, or grow a smaller one in place.

    Parameters
    ----------
    venv : Path
        Its folder.
    size : str
        A key of `SIZES`.
    mend : bool
        Compare every package again, although the stamp is fresh.

    Raises
    ------
    Refusal
        If this machine cannot do it; the message says why.
    """
    lock, _, purpose, megabytes = SIZES[size]
    lock = ROOT / "requirements" / lock
    check_folder(venv)
    with alone(venv):
        if is_fresh(venv, size) and not mend:
            _stamp(venv, size)
            return
        create(venv)
        check_disk(venv, size)
        print(
            f"Installing what is needed {purpose}: {venv} will take "
            f"{megabytes:,} MB."
        )
        sys.stdout.flush()
        install(venv, lock)
        _add_project(venv)
        _stamp(venv, size)


def _add_project(venv):
    """Let the environment import `topoi` and `tools` from this folder."""
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    packages = Path(ask(venv, code))
    text = f"{ROOT}\n"
    (packages / "topoi.pth").write_text(text, encoding="utf-8")


def _stamp(venv, size):
    """Mark this size and the smaller ones as installed.

    A fresh stamp keeps its time, or the book would be built again because
    of packages that it does not use.
    """
    for name, (_, stamp, _, _) in SIZES.items():
        if not _is_stamped(venv, name):
            (venv / stamp).touch()
        if name == size:
            break


def size_of(venv):
    """Return the largest size that an environment holds, or None."""
    found = [n for n, row in SIZES.items() if (venv / row[1]).exists()]
    return found[-1] if found else None


# -- doctor -----------------------------------------------------------------


def examine(venv, size):
    """Yield (sound, text) for what must hold before an environment exists.

    `sound` is True, False, or None for what one should only know. Where an
    environment works, nothing else matters: it may well be read-only.
    """
    if version_of(venv) is not None and size_of(venv) is not None:
        yield _state(venv)
        return
    for name, test in (
        (
            f"Python {spell(sys.version_info[:3])} at {sys.executable}",
            lambda: check_python(sys.version_info, sys.executable),
        ),
        ("it can make environments", lambda: check_venv_module(_here())),
        (f"{venv} can be written", lambda: check_folder(venv)),
        (f"the disk has room for size {size}", lambda: check_disk(venv, size)),
    ):
        try:
            test()
        except Refusal as refusal:
            yield False, str(refusal)
        else:
            yield True, name
    yield _state(venv)


def _here():
    return sys.version_info


def _state(venv):
    """Return the line about the environment itself."""
    if size_of(venv) is None:
        return None, f"{venv} is not made yet: `make env SIZE=read`"
    found = version_of(venv)
    if found is None:
        return False, f"{venv} is damaged: `make env`"
    try:
        check_python(found, python_of(venv))
    except Refusal as refusal:
        return False, f"{refusal}\nthen remove {venv} and run `make env`"
    stale = [n for n in SIZES if (venv / SIZES[n][1]).exists()]
    if not is_fresh(venv, stale[-1]):
        return False, f"{venv} is older than its lock file: `make env`"
    return True, f"{venv}: size {size_of(venv)}, Python {spell(found)}"


def doctor(venv, size):
    """Print one line a check; return the number of problems."""
    words = {True: "ok       ", None: "note     ", False: "PROBLEM  "}
    problems = 0
    for sound, text in examine(venv, size):
        print(words[sound] + text.replace("\n", "\n" + " " * 9))
        sys.stdout.flush()
        problems += sound is False
    return problems


def main():
    """Parse the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["make", "doctor", "check"])
    parser.add_argument("size", nargs="?", choices=list(SIZES))
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("--mend", action="store_true")
    options = parser.parse_args()
    size = options.size or size_of(options.venv) or "develop"
    try:
        if options.command == "doctor":
            return int(doctor(options.venv, options.size or "read") > 0)
        if options.command == "check":
            check_python(sys.version_info, sys.executable)
            return 0
        make(options.venv, size, options.mend)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
