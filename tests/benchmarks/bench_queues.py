"""Wall time of the same notebooks: one by one, two workers, a Slurm here.

    python -m tests.benchmarks.bench_queues [NOTEBOOK ...]

Each queue starts without records, at small scale. By default the lightest
labs run, twice as many as slots; their seconds come from the records. Slurm
is left out where it is missing.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servers.slurm import local
from topoi.runtime import ROOT

LIGHT = [
    f"labs/{topic}.ipynb"
    for topic in ("tropical", "symbolic_integration", "rl", "gan")
]


def make(
    target: str, chosen: list[str], *options: str, environment=os.environ
) -> None:
    """Run a target of the Makefile; stop with its output if it fails."""
    command = ["make", target, f"NB={' '.join(chosen)}", *options]
    own = ("MAKEFLAGS", "MAKELEVEL")  # of a make that started this program
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={k: v for k, v in environment.items() if k not in own},
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def by_workers(chosen: list[str], build: str, workers: int) -> float:
    """Return the seconds of the queue on this machine."""
    begin = time.perf_counter()
    make("run-all", chosen, f"BUILD={build}", f"WORKERS={workers}")
    return time.perf_counter() - begin


def by_slurm(chosen: list[str], build: str) -> float:
    """Return the seconds from the submission to an empty queue."""
    with local.cluster(nodes=2) as slurm:
        begin = time.perf_counter()
        options = [f"BUILD={build}"]
        make("cluster-run", chosen, *options, environment=slurm.environment)
        slurm.wait(timeout=1200)
        return time.perf_counter() - begin


def recorded(build: str) -> list[float]:
    """Return the seconds of each record."""
    files = Path(build).glob("runs/small/*/*/*.json")
    return [json.loads(file.read_text())["seconds"] for file in files]


def main(chosen: list[str]) -> None:
    """Print one line a queue."""
    queues = {
        "one by one": lambda build: by_workers(chosen, build, 1),
        "two workers": lambda build: by_workers(chosen, build, 2),
    }
    if not local.missing():
        queues["Slurm, two nodes"] = lambda build: by_slurm(chosen, build)
    print("notebooks:", ", ".join(chosen))
    print(f"{'queue':18} wall s  records  their sum s")
    for name, measure in queues.items():
        with tempfile.TemporaryDirectory() as build:
            wall, each = measure(build), recorded(build)
        print(f"{name:18} {wall:6.1f}  {len(each):7}  {sum(each):11.1f}")


if __name__ == "__main__":
    main(sys.argv[1:] or LIGHT)
