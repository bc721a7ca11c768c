"""Seeds, threads, scale, and the doctor.

A notebook calls `setup` before it imports anything numerical::

    from topoi import runtime
    runtime.setup(SCALE, seed=7)

``python -m topoi.runtime doctor`` says what an installation lacks.
"""

import ast
import importlib.metadata
import importlib.util
import inspect
import json
import os
import platform
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SCALES = ("small", "full")
BACKENDS = ("tensorflow", "jax", "torch")
ROOT = Path(__file__).resolve().parent.parent

# Read by the libraries when they start; a value set by the user wins.
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # same sums on every kind of CPU
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # kernels share a GPU
}
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def setup(scale: str = "small", seed: int = 0) -> None:
    """Fix scale, seeds, threads and log level for one notebook.

    At scale ``small`` every numerical library gets one thread and
    deterministic operations, so that two runs agree; at ``full`` the
    libraries keep their own thread counts and GPU memory grows on demand.

    Parameters
    ----------
    scale : {"small", "full"}
        A minute on two CPU cores, or a GPU server.
    seed : int
        Seeds Python, NumPy and the Keras backend.

    Raises
    ------
    ValueError
        If `scale` is unknown.
    """
    _check_scale(scale)
    os.environ["TOPOI_SCALE"] = scale
    environment = dict(_ENVIRONMENT)
    if scale == "small":
        environment |= _ONE_THREAD
    for name, value in environment.items():
        os.environ.setdefault(name, value)

    with _native_stderr_silenced():
        import keras

        backend = keras.backend.backend()
        _prepare_backend(backend, deterministic=scale == "small")
    keras.utils.set_random_seed(seed)
    if scale == "small":
        _one_thread()


def pick(scale: str, *, small: T, full: T) -> T:
    """Return `small` or `full`, whichever the scale asks for.

    Raises
    ------
    ValueError
        If `scale` is neither "small" nor "full".
    """
    _check_scale(scale)
    return small if scale == "small" else full


def current_scale() -> str:
    """Return the scale that `setup` has fixed; "small" before that."""
    return os.environ.get("TOPOI_SCALE", "small")


def show_source(f: Callable) -> None:
    """Display the source of a library function in a notebook.

    Of the docstring only the first line is kept, so that the code stays in
    view. Outside a notebook the text is printed.

    Parameters
    ----------
    f : function or class
        Defined in a file.
    """
    source = _shorten(textwrap.dedent(inspect.getsource(f)))
    try:
        from IPython import get_ipython
    except ImportError:
        print(source)
        return
    if get_ipython() is None:
        print(source)
        return
    from IPython.display import display

    bundle = {
        "text/plain": source,
        "text/markdown": f"```python\n{source}\n```",
    }
    display(bundle, raw=True)


def _shorten(source: str) -> str:
    """Return a function's source with the first line of its docstring."""
    body = ast.parse(source).body[0].body
    first = body[0]
    if len(body) == 1 or not (
        isinstance(first, ast.Expr)
        and isinstance(getattr(first.value, "value", None), str)
    ):
        return source.rstrip()
    lines = source.splitlines()
    line = lines[first.lineno - 1].removesuffix('"""') + '"""'
    return "\n".join(
        [*lines[: first.lineno - 1], line, *lines[first.end_lineno :]]
    )


def device_report() -> dict[str, str]:
    """Return backend, device and versions of this process as short texts."""
    import keras
    import numpy as np

    backend = keras.backend.backend()
    return {
        "backend": backend,
        "device": _devices(backend) or _cpu_name(),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "numpy": np.__version__,
        backend: importlib.metadata.version(backend),
    }


def _check_scale(scale: str) -> None:
    if scale not in SCALES:
        raise ValueError(
            f"The scale is one of {', '.join(SCALES)}, but SCALE = {scale!r}. "
            "Set it in the first code cell, or with "
            "`make run NB=... SCALE=full`."
        )


@contextmanager
def _native_stderr_silenced() -> Iterator[None]:
    """Drop what a backend's C++ part writes to stderr while it starts.

    TensorFlow's start-up lines ignore the log level that is set above; in a
    notebook they would be stored as output. Python errors still propagate.
    """
    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _one_thread() -> None:
    """Limit libraries that were loaded before the environment was set."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(1)


def _prepare_backend(backend: str, deterministic: bool) -> None:
    if backend == "tensorflow":
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # retracing is no reader's concern
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        if deterministic:
            tf.config.experimental.enable_op_determinism()
    elif backend == "torch" and deterministic:
        import torch

        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True, warn_only=True)


def _devices(backend: str) -> str:
    """Return the names of the GPUs that a backend sees, or ""."""
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = map(tf.config.experimental.get_device_details, gpus)
        names = [d.get("device_name", "GPU") for d in details]
    elif backend == "jax":
        import jax

        names = [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    else:
        import torch

        count = torch.cuda.device_count()
        names = [torch.cuda.get_device_name(i) for i in range(count)]
    return ", ".join(names)


def _cpu_name() -> str:
    return f"CPU, {os.cpu_count()} cores"


# -- doctor -----------------------------------------------------------------

PROBE = (
    "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; "
    "os.environ['KERAS_BACKEND'] = {name!r}; "
    "import keras; from topoi import runtime; "
    "a = keras.ops.ones((256, 256)); "
    "assert float(keras.ops.sum(a @ a)) == 256.0 ** 3; "
    "print(runtime._devices({name!r}) or 'no GPU')"
)


def doctor(lock: Path = ROOT / "requirements" / "lock.txt") -> int:
    """Print the state of this installation; return 0 if it is sound, else 1.

    Checks Python, every pinned package, what each installed backend sees
    (with a small product of matrices), and the shipped data files.
    """
    checks = [*_python(), *_packages(lock), *_backends(), *_data_files()]
    for good, text in checks:
        print(("ok       " if good else "PROBLEM  ") + text)
    problems = sum(not good for good, _ in checks)
    if problems:
        print(f"{problems} problem(s): see the lines above.")
    else:
        print("Everything is in place.")
    return int(problems > 0)


def _python() -> Iterator[tuple[bool, str]]:
    good = sys.version_info[:2] == (3, 11)
    text = f"Python {platform.python_version()} at {sys.executable}"
    yield good, text + ("" if good else ": the book is pinned to Python 3.11")


def _packages(lock: Path) -> Iterator[tuple[bool, str]]:
    """Compare the installed packages with the lock file."""
    if not lock.exists():
        yield False, f"{lock} is missing: restore it with git checkout"
        return
    count = 0
    for requirement in _pins(lock.read_text()):
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
                f"is {pinned}: run `make env`",
            )
    yield True, f"{count} pinned packages compared with {lock.name}"


def _pins(text: str) -> list:
    """Return the requirements of a lock file that hold on this machine."""
    from packaging.requirements import Requirement

    lines = (line.split("\\")[0].strip() for line in text.splitlines())
    pins = [Requirement(line) for line in lines if line[:1].isalnum()]
    return [r for r in pins if r.marker is None or r.marker.evaluate()]


def _backends() -> Iterator[tuple[bool, str]]:
    """Start each installed backend in a process of its own."""
    installed = [b for b in BACKENDS if importlib.util.find_spec(b)]
    if not installed:
        yield False, "no backend: install tensorflow, jax or torch"
    for name in installed:
        try:
            run = subprocess.run(
                [sys.executable, "-c", PROBE.format(name=name)],
                capture_output=True,
                text=True,
                timeout=120,
                cwd=ROOT,
            )
        except subprocess.TimeoutExpired:
            yield False, f"{name}: did not answer within 120 s"
            continue
        lines = (run.stdout if run.returncode == 0 else run.stderr).split("\n")
        last = [line for line in lines if line.strip()][-1:]
        yield run.returncode == 0, f"{name}: {' '.join(last)}"


def _data_files() -> Iterator[tuple[bool, str]]:
    from topoi import data

    for name in data.names(shipped=True):
        try:
            data.load(name)
        except data.DataError as error:
            yield False, str(error)
        else:
            yield True, f"data set {name}"


def main(arguments: list[str]) -> int:
    """Run ``python -m topoi.runtime doctor`` or ``... report``."""
    if arguments == ["doctor"]:
        return doctor()
    if arguments == ["report"]:
        print(json.dumps(device_report()))
        return 0
    print("usage: python -m topoi.runtime doctor | report", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
