"""What an installation lacks, on a laptop and on a GPU server.

``make doctor`` looks at the bare machine first (``tools/environment.py``) and
then runs ``python -m topoi.doctor`` in the environment. Each prints one line
a check: ``ok``, ``note`` (it works, but you should know) or ``PROBLEM`` with
its repair.
"""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from topoi.runtime import BACKENDS, ROOT, threads

# One line a check: True is sound, None worth knowing, False a problem.
Checks = Iterator[tuple[bool | None, str]]
WORDS = {True: "ok       ", None: "note     ", False: "PROBLEM  "}
PYTHONS = ((3, 11), (3, 13))  # for which every pin has a wheel
# What `make` leaves in an environment: its largest size has this lock.
STAMPS = {".ready": "lock.txt", ".run": "run.txt", ".read": "read.txt"}
LISTS = ("requirements.txt", "light.txt")  # in the students' zip file
GIGABYTES = 10  # free, for environments and runs at full size

# Run in a process of its own: products for a second, checked by NumPy.
PROBE = """
import json, os, time
from topoi import runtime
runtime.set_environment(None)
os.environ["KERAS_BACKEND"] = {name!r}
begin = time.perf_counter()
import keras
import numpy as np
seconds = time.perf_counter() - begin
devices = runtime.devices({name!r})
size = 4096 if devices else 512
a, b = np.random.default_rng(0).normal(size=(2, size, size)).astype("f4")
x, y = map(keras.ops.convert_to_tensor, (a, b))
product = keras.ops.convert_to_numpy(x @ y)
error = np.abs(product[:8] - a[:8].astype(float) @ b).max() / size**0.5
count, begin = 0, time.perf_counter()
while time.perf_counter() - begin < 1.0:
    last, count = keras.ops.convert_to_numpy((x @ y)[0, 0]), count + 1
rate = 2 * size**3 * count / (time.perf_counter() - begin) / 1e9
print(json.dumps(dict(seconds=seconds, devices=devices, rate=rate,
                      error=float(error))))
"""
TOLERANCE = 0.02  # of a sum's standard deviation; TF32 keeps 10 bits


def doctor(lock: Path | None = None) -> int:
    """Print the state of this installation; return 0 if it is sound, else 1.

    Checks Python, every pinned package, what each installed backend sees
    beside what the driver lists (with a second of matrix products compared
    with NumPy), the shipped data files, locks, disk, threads and Slurm.
    """
    lock = lock or _lock_file()
    problems = 0
    for state, text in _checks(lock):
        print(WORDS[state] + text, flush=True)
        problems += state is False
    if problems:
        print(f"{problems} problem(s): see the lines above.")
    else:
        print("Everything is in place.")
    return int(problems > 0)


def _checks(lock: Path) -> Checks:
    yield from _python()
    yield from _packages(lock)
    yield from _bytecode()
    yield from _gpus()
    yield from _backends()
    yield from _data_files()
    yield from _locks()
    yield from _disk()
    yield from _threads()
    yield from _slurm()


def _lock_file() -> Path:
    """Return the list of packages that this environment should hold.

    It is named by ``TOPOI_LOCK``, or by the stamp that `make` left in the
    environment; students have two lists beside the library, of which the
    light one holds no Keras.
    """
    if "TOPOI_LOCK" in os.environ:
        return Path(os.environ["TOPOI_LOCK"])
    if (ROOT / LISTS[0]).exists():
        return ROOT / LISTS[importlib.util.find_spec("keras") is None]
    present = [s for s in STAMPS if (Path(sys.prefix) / s).exists()]
    name = STAMPS[present[0]] if present else "lock.txt"
    return ROOT / "requirements" / name


def _install(lock: Path) -> str:
    """Return the command that installs what a lock lists."""
    if lock.name not in LISTS:
        return "`make env`"
    python, path = shlex.quote(sys.executable), shlex.quote(str(lock))
    return f"`{python} -m pip install --require-hashes -r {path}`"


def _python() -> Checks:
    first, last = PYTHONS
    good = first <= sys.version_info[:2] <= last
    text = f"Python {platform.python_version()} at {sys.executable}"
    if not good:
        text += ": the packages are pinned for Python 3.11 to 3.13"
    yield good, text


def _packages(lock: Path) -> Checks:
    """Compare the installed packages with the lock file."""
    if not lock.exists():
        yield False, f"{lock} is missing: `git checkout {lock}`"
        return
    count = 0
    for requirement in _pins(lock.read_text(encoding="utf-8")):
        pinned = next(iter(requirement.specifier)).version
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = None
        count += 1
        if found != pinned:
            yield (
                False,
                f"{requirement.name} {found or 'is not installed'}, pinned "
                f"is {pinned}: {_install(lock)}",
            )
    yield True, f"{count} pinned packages compared with {lock.name}"


def _pins(text: str) -> list:
    """Return the requirements of a lock file that hold on this machine."""
    from packaging.requirements import Requirement

    lines = (line.split("\\")[0].strip() for line in text.splitlines())
    pins = [Requirement(line) for line in lines if line[:1].isalnum()]
    return [r for r in pins if r.marker is None or r.marker.evaluate()]


def _bytecode() -> Checks:
    """Say whether packages are compiled: without it an import is slow."""
    numpy = importlib.util.find_spec("numpy")
    if numpy is None:
        return
    compiled = Path(importlib.util.cache_from_source(numpy.origin)).exists()
    packages = shlex.quote(str(Path(numpy.origin).parents[1]))
    python = shlex.quote(sys.executable)
    repair = f"`{python} -m compileall -q -j 0 {packages}`"
    yield (
        compiled or None,
        "packages are compiled to bytecode"
        if compiled
        else f"packages are not compiled, imports are slow: {repair}",
    )


# -- devices ----------------------------------------------------------------


def _driver_gpus() -> list[str]:
    """Return a line for each GPU that the driver lists."""
    if shutil.which("nvidia-smi") is None:
        return []
    fields = "name,driver_version,memory.total,memory.used"
    run = subprocess.run(
        ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"],
        capture_output=True,
        text=True,
    )
    return run.stdout.splitlines() if run.returncode == 0 else []


def visible_gpus() -> tuple[list[str], str]:
    """Return the GPUs that CUDA offers here, and the word that hides more.

    ``CUDA_VISIBLE_DEVICES`` holds indices, or UUIDs of GPUs or of their parts
    (MIG), of which the beginning is enough. A word that fits no device, or
    several, hides itself and all that follow, as in CUDA.

    Returns
    -------
    names : list of str
        As the driver names them; a part has the name of its GPU and its size.
    word : str
        What fits no device; empty if all words do.
    """
    if shutil.which("nvidia-smi") is None:
        return [], ""
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True)
    found = _listed(listed.stdout.decode(errors="replace"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return [name for index, _, name in found if index], ""
    names = []
    for word in filter(None, map(str.strip, visible.split(","))):
        fitting = [n for i, u, n in found if i == word or _begins(u, word)]
        if len(fitting) != 1:
            return names, word
        names += fitting
    return names, ""


def _listed(text: str) -> list[tuple[str, str, str]]:
    """Return index, UUID and name of each device that ``-L`` lists.

    A part of a GPU has no index of its own.
    """
    found, whole = [], ""
    for line in text.splitlines():
        if gpu := re.match(r"GPU (\d+): (.*) \(UUID: (\S+)\)", line):
            index, whole, uuid = gpu.groups()
            found.append((index, uuid, whole))
        elif part := re.match(r"\s+(MIG \S+) .*\(UUID: (\S+)\)", line):
            found.append(("", part[2], f"{whole} {part[1]}"))
    return found


def _begins(uuid: str, word: str) -> bool:
    return word.startswith(("GPU-", "MIG-")) and uuid.startswith(word)


def _chosen_gpus() -> Checks:
    """Say what ``CUDA_VISIBLE_DEVICES`` leaves of the GPUs, if it is set."""
    names, word = visible_gpus()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return
    told = f"CUDA_VISIBLE_DEVICES={visible}"
    if word:
        text = f"{told}: the driver lists no one device {word!r}, so it and "
        text += "all after it are hidden; `nvidia-smi -L` lists them"
        yield False, text
    else:
        yield None, f"{told}: {', '.join(names) or 'no GPU'}"


def _gpus() -> Checks:
    if shutil.which("nvidia-smi") is None:
        yield None, "no nvidia-smi: this machine runs on its CPU"
        return
    listed = _driver_gpus()
    if not listed:
        yield False, "nvidia-smi lists no GPU: is the driver loaded?"
    for number, line in enumerate(listed):
        name, driver, total, used = line.split(", ")
        text = f"GPU {number}: {name}, driver {driver}, {used} of {total} used"
        yield True, text
    yield from _chosen_gpus()


def _backends() -> Checks:
    """Start each installed backend in a process of its own."""
    installed = [b for b in BACKENDS if importlib.util.find_spec(b)]
    if not installed and _lock_file().name == LISTS[1]:
        full = _install(ROOT / LISTS[0])
        yield None, f"labs that train no network work; for all labs: {full}"
    elif not installed and _lock_file().name == STAMPS[".read"]:
        yield None, "this size builds the book; notebooks: `make env SIZE=run`"
    elif not installed:
        yield False, "no backend: `make backend BACKEND=tensorflow`"
    expected = len(_driver_gpus())
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        expected = len(visible_gpus()[0])
    for name in installed:
        yield _backend(name, expected)


def _backend(name: str, expected: int) -> tuple[bool | None, str]:
    """Run the probe of a backend; compare its devices with the driver's."""
    try:
        run = subprocess.run(
            [sys.executable, "-c", PROBE.format(name=name)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        return False, f"{name}: did not answer within 120 s"
    output = run.stdout if run.returncode == 0 else run.stderr
    last = ([line for line in output.splitlines() if line.strip()] or [""])[-1]
    if run.returncode:
        return False, f"{name}: {last}"
    return _judged(name, expected, json.loads(last))


def _judged(name: str, expected: int, seen: dict) -> tuple[bool | None, str]:
    """Return the line of a backend that has answered."""
    devices = seen["devices"] or "no GPU"
    text = (
        f"{name}: {devices}, imported in {seen['seconds']:.1f} s, products "
        f"of matrices at {seen['rate']:,.0f} GFLOP/s"
    )
    if not seen["error"] < TOLERANCE:
        return False, f"{text}, but NumPy disagrees by {seen['error']:.2g}"
    if expected and not seen["devices"]:
        text += f"; the driver offers {expected}: "
        text += f"make backend BACKEND={name}-cuda"
        chosen = os.environ.get("KERAS_BACKEND", "tensorflow") == name
        return (False if chosen else None), text
    return True, text


def _data_files() -> Checks:
    from topoi import data

    for name in data.names(shipped=True):
        try:
            data.load(name)
        except data.DataError as error:
            yield False, str(error)
        else:
            yield True, f"data set {name}"


# -- machine ----------------------------------------------------------------


def _locks() -> Checks:
    """Try whether a lock taken here keeps another process out."""
    try:
        import fcntl
    except ImportError:
        yield None, "no file locks on this system: run one queue at a time"
        return
    folder = ROOT / os.environ.get("BUILD", "build")
    code = (
        "import fcntl, sys; "
        "fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            command = [sys.executable, "-c", code, file.name]
            other = subprocess.run(command, capture_output=True)
    except OSError as error:
        yield False, f"{folder} cannot hold locks: {error}"
        return
    if other.returncode:
        yield True, f"locks in {folder} exclude a second process"
    else:
        yield (
            False,
            (
                f"locks in {folder} do not exclude a second process, so two "
                "queues may run a notebook twice: mount with flock, or use a "
                "local disk (BUILD=/dir)"
            ),
        )


def _disk() -> Checks:
    free = shutil.disk_usage(ROOT).free / 1e9
    text = f"{free:.0f} GB free on disk"
    if free >= GIGABYTES:
        yield True, text
    else:
        yield None, f"{text}: a GPU environment needs up to {GIGABYTES} GB"


def _threads() -> Checks:
    given = {n: os.environ[n] for n in threads() if n in os.environ}
    words = ", ".join(f"{name}={value}" for name, value in given.items())
    yield (
        None,
        (
            f"threads are limited for every run: {words}"
            if given
            else "threads: one at scale small, the libraries' choice at full"
        ),
    )


def _slurm() -> Checks:
    if shutil.which("sbatch") is None:
        yield None, "no Slurm: `make run-all` queues on this machine"
        return
    partitions = None
    with contextlib.suppress(subprocess.SubprocessError, OSError):
        run = subprocess.run(
            ["sinfo", "--noheader", "--format=%P %D nodes %t"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        partitions = "; ".join(run.stdout.split("\n")).strip("; ")
    yield (
        (True, f"Slurm: {partitions}")
        if partitions is not None
        else (None, "sbatch is here, but sinfo gets no answer: no cluster")
    )


if __name__ == "__main__":
    sys.exit(doctor())
