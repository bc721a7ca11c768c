"""Run a notebook at a scale and record it, once.

    python -m servers.run_notebook chapters/cnn.ipynb --scale full

The committed notebook is not touched. While a copy runs, its outputs grow in
``<record>.running.ipynb``; in the end they lie beside the record, or, after
an error, in ``<record>.failed.ipynb``. A run that is recorded is not
repeated, and two runners of the same run take turns: so a queue may start
this program as often as it likes, and be killed at any time.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import importlib.util
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from servers.runs import (
    ROOT,
    Run,
    add_run_options,
    needs,
    notebook_path,
)
from topoi import claims, records, runtime
from topoi.doctor import visible_gpus

START_TIMEOUT = 120  # seconds until a kernel answers; imports may be slow


def run_once(run: Run) -> bool:
    """Execute a run unless it is recorded; return whether it executed.

    Raises
    ------
    papermill.exceptions.PapermillExecutionError
        If a cell fails. The copy with the traceback is kept, and there is
        no record.
    """
    run.record.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(run.record.with_suffix(".lock")):
        key = run.key()
        if run.is_recorded():
            return False
        from tools.notebooks import write_text  # slow, as what follows

        with _kernel_settings(run, key["digest"]) as report:
            live = _execute(run)
            record = key | _facts(live, report)
        live.replace(run.record.with_suffix(".ipynb"))
        run.record.with_suffix(".failed.ipynb").unlink(missing_ok=True)
        shutil.rmtree(run.record.with_suffix(".ckpt"), ignore_errors=True)
        write_text(run.record, json.dumps(record, indent=1) + "\n")
    return True


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock that the system frees when this process ends."""
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _kernel_settings(run: Run, digest: str) -> Iterator[Path]:
    """Set what the kernel inherits; yield the file of its own report."""
    checkpoints = run.record.with_suffix(".ckpt")
    if checkpoints.is_dir() and not (checkpoints / digest).is_dir():
        shutil.rmtree(checkpoints)  # of another version of the code
    # Sockets of the kernel lie here: their paths must be short.
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        report = Path(folder, "report.json")
        os.environ |= {
            "KERAS_BACKEND": run.backend,
            "JUPYTER_RUNTIME_DIR": folder,
            "TOPOI_REPORT": str(report),
        }
        if run.scale == "full":
            os.environ["TOPOI_CHECKPOINTS"] = str(checkpoints / digest)
        yield report


def _execute(run: Run) -> Path:
    """Run the copy; return its path, or keep it as the failed one."""
    import papermill
    from traitlets.config import Config

    live = run.record.with_suffix(".running.ipynb")
    try:
        papermill.execute_notebook(
            run.notebook,
            live,
            parameters={"SCALE": run.scale},
            cwd=run.notebook.parent,
            kernel_name="python3",
            progress_bar=sys.stderr.isatty(),
            start_timeout=START_TIMEOUT,
            execution_timeout=60 * needs(run.notebook, run.scale).minutes,
            config=Config({"KernelManager": _sockets()}),
        )
    except Exception:
        if live.exists():
            live.replace(run.record.with_suffix(".failed.ipynb"))
        raise
    return live


def _sockets() -> dict[str, str]:
    """Return how runner and kernel talk: files that nobody else can open.

    Without an address of its own, each kernel would take ``kernel-ipc`` in
    the current folder, and two runners would read each other's messages.
    """
    folder = Path(os.environ["JUPYTER_RUNTIME_DIR"])
    return {"transport": "ipc", "ip": str(folder / "kernel")}


# -- the record -------------------------------------------------------------


def _facts(live: Path, report: Path) -> dict:
    """Return what there is to say about an executed copy."""
    done = json.loads(live.read_text(encoding="utf-8"))
    backend = os.environ["KERAS_BACKEND"]
    gpus, _ = visible_gpus()
    kernel = records.read(report) or {}
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "started": done["metadata"]["papermill"]["start_time"][:19],
        "seconds": round(done["metadata"]["papermill"]["duration"], 1),
        "memory_mb": round(usage.ru_maxrss / 1024),  # of the largest child
        "device": kernel.get("device") or ", ".join(gpus) or "CPU",
        "gpu_peak_mb": kernel.get("gpu_peak_mb"),
        "gpus": gpus,
        "python": platform.python_version(),
        **runtime.versions("keras", "numpy", backend),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "-uno")),
        "host": platform.node(),
        "job": os.environ.get("SLURM_JOB_ID"),
        "claims": [dataclasses.asdict(m) for m in claims.read_stored(live)],
    }


def _git(*arguments: str) -> str:
    """Return what git says of this copy; nothing outside a repository."""
    try:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


# -- command line -----------------------------------------------------------


def choose_gpu(slot: int, gpus: int) -> None:
    """Give this process the GPU of its slot in a queue.

    Parameters
    ----------
    slot : int
        From 0, as xargs counts; slots beyond the GPUs share them.
    gpus : int
        GPUs of the queue. A list in ``CUDA_VISIBLE_DEVICES`` is obeyed; it
        may hold indices, or UUIDs of GPUs and of their parts (MIG).
    """
    listed = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    devices = [word.strip() for word in listed.split(",") if word.strip()]
    devices = devices or [str(i) for i in range(gpus)]
    if gpus:
        chosen = devices[slot % min(gpus, len(devices))]
        os.environ["CUDA_VISIBLE_DEVICES"] = chosen


def main() -> int:
    """Parse the command line; 0 for a record, 1 for a failed cell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebook", type=notebook_path)
    parser.add_argument("--gpus", type=int, default=0, help="of the queue")
    add_run_options(parser)
    options = parser.parse_args()
    if importlib.util.find_spec(options.backend) is None:
        parser.error(
            f"{options.backend} is not installed: "
            f"`make backend BACKEND={options.backend}`."
        )
    choose_gpu(int(os.environ.get("TOPOI_SLOT", 0)), options.gpus)
    run = Run(options.notebook, options.scale, options.backend, options.runs)
    # A queue that stops us politely gets its kernel stopped and cleared up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return _report(run)


def _report(run: Run) -> int:
    try:
        executed = run_once(run)
    except Exception as error:  # any failing cell, kernel or file
        print(f"{run.name}: failed\n{error}", file=sys.stderr)
        return 1
    record = records.read(run.record) or {}
    state = "passed" if executed else "already recorded"
    print(
        f"{run.name} at scale {run.scale}: {state}, "
        f"{record.get('seconds')} s on {record.get('device')}: {run.record}",
        flush=True,
    )
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
