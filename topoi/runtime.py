"""Seeds, threads, scale, and what a long run keeps.

A notebook calls `setup` before it imports anything numerical::

    from topoi import runtime
    runtime.setup(SCALE, seed=7)

This file holds the one table of threads, logs and kernels that numerical
libraries read when they start (`environment`); whatever starts a process
takes it from here. Importing it loads the standard library only.

    python -m topoi.runtime threads [N]   NAME=value words for env or export
    python -m topoi.runtime report        backend, device and versions (JSON)
"""

import atexit
import importlib.metadata
import json
import os
import pickle
import platform
import random
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from topoi.source import show_source as show_source  # a public name here

T = TypeVar("T")

SCALES = ("small", "full")
BACKENDS = ("tensorflow", "jax", "torch")
ROOT = Path(__file__).resolve().parent.parent

# Whatever the number of threads: logs, the same sums on every kind of CPU,
# and GPUs that several kernels may share.
_LOGS_AND_KERNELS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


def shipped(folder: str) -> Path:
    """Return where ``datasets`` or ``claims`` lie.

    In a clone they are folders beside the package; a wheel carries copies
    inside of it.
    """
    beside = ROOT / folder
    inside = Path(__file__).resolve().parent / "carried" / folder
    return inside if inside.exists() and not beside.exists() else beside


def threads(count: int = 1) -> dict[str, str]:
    """Return the variables that give a process so many numeric threads.

    OpenBLAS, MKL and PyTorch read the first one, TensorFlow the next two,
    JAX the last. They must be set before those libraries start.

    Raises
    ------
    ValueError
        If `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"A process has at least 1 thread, not {count}.")
    eigen = "true" if count > 1 else "false"
    return {
        "OMP_NUM_THREADS": str(count),
        "TF_NUM_INTRAOP_THREADS": str(count),
        "TF_NUM_INTEROP_THREADS": "1",
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={eigen}",
    }


def environment(count: int | None = 1) -> dict[str, str]:
    """Return all variables that numerical libraries read when they start.

    Parameters
    ----------
    count : int, optional
        Threads of a process; with None the libraries choose.
    """
    chosen = {} if count is None else threads(count)
    return _LOGS_AND_KERNELS | chosen


def set_environment(count: int | None = 1) -> None:
    """Set what `environment` says in this process; a user's value wins."""
    for name, value in environment(count).items():
        os.environ.setdefault(name, value)


def setup(
    scale: str = "small", seed: int = 0, backend: str | None = "keras"
) -> None:
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
    backend : {"keras", None}
        None for a notebook that computes with NumPy alone: Keras and its
        backend, some seconds and a gigabyte, are not imported.

    Raises
    ------
    ValueError
        If `scale` or `backend` is unknown.
    """
    _check_scale(scale)
    if backend not in ("keras", None):
        raise ValueError(
            'backend is "keras" or None, for NumPy alone, but it is '
            f"{backend!r}. Which library serves Keras is chosen by the "
            "variable KERAS_BACKEND."
        )
    os.environ["TOPOI_SCALE"] = scale
    os.environ["TOPOI_BACKEND"] = backend or "numpy"
    set_environment(1 if scale == "small" else None)
    _prepare(seed, deterministic=scale == "small")
    if scale == "small":
        _one_thread()
    if "TOPOI_REPORT" in os.environ:
        atexit.unregister(_leave_report)
        atexit.register(_leave_report)


def _prepare(seed: int, deterministic: bool) -> None:
    """Start the backend that this process uses, and seed everything."""
    with _native_stderr_silenced():
        _prepare_backend(current_backend(), deterministic)
    _seed(seed)


def _seed(seed: int) -> None:
    if current_backend() == "numpy":
        import numpy as np

        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002, for those who call it
        return
    import keras

    keras.utils.set_random_seed(seed)


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


def current_backend() -> str:
    """Return what this process computes with: a backend of Keras, or "numpy".

    It is "numpy" after ``setup(..., backend=None)``; otherwise Keras is
    asked, and imported for it.
    """
    if os.environ.get("TOPOI_BACKEND") == "numpy":
        return "numpy"
    import keras

    return keras.backend.backend()


def resume(name: str, compute: Callable[..., T], *arguments: Any) -> T:
    """Return ``compute(*arguments)``, or what an interrupted run kept of it.

    A long notebook wraps each training in it. Under `make run` and its kin
    at full size, the result is pickled; the same command after an
    interruption takes it from there. Anywhere else nothing is kept.

    Parameters
    ----------
    name : str
        Unique in the notebook; the name of a file.
    compute : callable
        Its result can be pickled, as a Keras model can.
    *arguments
        What `compute` is called with.

    Returns
    -------
    object
        The result. At full size the seeds that follow depend on `name`
        alone: a resumed notebook computes what an uninterrupted one does.
    """
    folder = checkpoint_folder()
    if folder is None:
        return compute(*arguments)
    file = folder / f"{name}.pickle"
    if not file.exists():
        _keep(file, compute(*arguments))
    result = pickle.loads(file.read_bytes())
    _seed(zlib.crc32(name.encode()))
    return result


def checkpoint_folder() -> Path | None:
    """Return the folder where this run keeps what it would lose.

    The runner of full-size runs names it in ``TOPOI_CHECKPOINTS`` and
    removes it after the run; None means that nothing is to be kept.
    """
    if "TOPOI_CHECKPOINTS" not in os.environ:
        return None
    folder = Path(os.environ["TOPOI_CHECKPOINTS"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(file: Path, result: object) -> None:
    """Pickle a result; a kill leaves the file whole or absent."""
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_bytes(pickle.dumps(result))
    temporary.replace(file)


def device_report() -> dict[str, str]:
    """Return backend, device and versions of this process as short texts."""
    backend = current_backend()
    return {
        "backend": backend,
        "device": devices(backend) or _cpu_name(),
        "python": platform.python_version(),
        **versions("keras", "numpy", backend),
    }


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of those packages that are installed.

    Nothing is imported. A package may be installed as ``<name>-cpu``, as
    TensorFlow is; it is reported under its plain name.
    """
    found = {}
    for package in packages:
        for name in (f"{package}-cpu", package):
            with suppress(importlib.metadata.PackageNotFoundError):
                found[package] = importlib.metadata.version(name)
    return found


def _leave_report() -> None:
    """Tell the runner, at the end, what this process ran on."""
    peak = _gpu_peak_mb(current_backend())
    report = {**device_report(), "gpu_peak_mb": peak}
    Path(os.environ["TOPOI_REPORT"]).write_text(
        json.dumps(report), encoding="utf-8"
    )


def _gpu_peak_mb(backend: str) -> int | None:
    """Return the most memory that the backend held on its first GPU."""
    if not devices(backend):
        return None
    if backend == "tensorflow":
        import tensorflow as tf

        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    elif backend == "jax":
        import jax

        peak = jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]
    else:
        import torch

        peak = torch.cuda.max_memory_allocated()
    return round(peak / 2**20)


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


def devices(backend: str) -> str:
    """Return the names of the GPUs that a backend sees, or ""."""
    if backend == "numpy":
        return ""
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


def main(arguments: list[str]) -> int:
    """Run ``python -m topoi.runtime threads [N]`` or ``... report``."""
    match arguments:
        case ["threads", *count] if len(count) < 2 and _counts(count):
            words = threads(*map(int, count)).items()
            print(*(f"{name}={value}" for name, value in words))
        case ["report"]:
            print(json.dumps(device_report()))
        case _:
            usage = "usage: python -m topoi.runtime threads [N] | report"
            print(usage, file=sys.stderr)
            return 2
    return 0


def _counts(words: list[str]) -> bool:
    return all(word.isdecimal() and int(word) > 0 for word in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
