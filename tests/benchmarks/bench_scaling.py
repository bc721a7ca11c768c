"""What a sweep, a ring and a schedule cost beside their peers.

``make bench TOPIC=scaling`` runs it; `harness` says how. The sweep starts
processes, and waiting is their cost: its table has wall seconds, one run a
way, and is printed but not kept. A Slurm joins in where it is installed.
"""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import harness

if __name__ == "__main__":  # and not in the processes that a sweep starts
    bench = harness.Bench("scaling", backend=None)

import joblib  # noqa: E402
import numpy as np  # noqa: E402

from servers.slurm import local  # noqa: E402
from topoi import scaling  # noqa: E402
from topoi.scaling.trials import train_spirals  # noqa: E402

GRID = {"width": [8, 32], "learning_rate": [0.1, 0.3, 1.0, 3.0]}
TRIALS = scaling.make_trials(GRID, seed=7)


def one(trial: scaling.Trial) -> float:
    """Run one trial without a folder, for the peers."""
    return train_spirals(**trial.parameters, seed=trial.seed)


def wall(run: Callable) -> tuple[float, object]:
    """Return the seconds that passed, and the result."""
    begin = time.perf_counter()
    result = run()
    return time.perf_counter() - begin, result


def by_executor(executor: Callable) -> list[float]:
    """Return the metrics of a sweep in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        found = scaling.sweep(train_spirals, TRIALS, executor, Path(folder))
    return [record["metric"] for record in found]


def by_pool() -> list[float]:
    """Return the metrics by the standard library alone."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, TRIALS))


def by_joblib() -> list[float]:
    """Return the metrics by joblib's processes."""
    return joblib.Parallel(2)(joblib.delayed(one)(t) for t in TRIALS)


def by_slurm() -> list[float]:
    """Return the metrics by a Slurm with two nodes, its start included."""
    with local.cluster(nodes=2) as slurm:
        return by_executor(scaling.slurm_array(slurm.environment))


def time_sweeps() -> None:
    """Time one sweep of eight trials in six ways."""
    ways = {
        "ours, serial": lambda: by_executor(scaling.serial),
        "ours, pool of 2": lambda: by_executor(scaling.process_pool(2)),
        "ours, array emulated": lambda: by_executor(scaling.emulated_array(2)),
        "ProcessPoolExecutor(2)": by_pool,
        "joblib, 2 processes": by_joblib,
    }
    if not local.missing():
        ways["ours, Slurm with 2 nodes"] = by_slurm
    right = [one(trial) for trial in TRIALS]
    for name, run in ways.items():
        seconds, metrics = wall(run)
        assert metrics == right, name
        print(f"sweep of 8 trials   {name:<26} {seconds:6.2f} s", flush=True)


def compare_ring(length: int = 1_000_000, world: int = 4) -> None:
    """Compare the counted ring and a plain sum."""
    vectors = list(np.random.default_rng(0).normal(size=(world, length)))
    bench.compare(
        f"sum of {world} vectors of {length:,}",
        {
            "topoi.scaling.ring_allreduce": lambda: scaling.ring_allreduce(
                vectors
            )[0][0],
            "numpy.sum": lambda: np.sum(vectors, axis=0),
        },
    )


def compare_schedule(jobs: int = 100_000, workers: int = 64) -> None:
    """Compare our schedule with a heap and one that searches the minimum."""
    lengths = np.random.default_rng(0).integers(1, 100, jobs).tolist()

    def searching() -> int:
        free = np.zeros(workers, int)
        for length in lengths:
            free[np.argmin(free)] += length
        return int(free.max())

    bench.compare(
        f"{jobs:,} jobs on {workers} workers",
        {
            "topoi.scaling.list_schedule": lambda: (
                scaling.list_schedule(lengths, workers).makespan
            ),
            "numpy.argmin at each job": searching,
        },
        agree=0.0,
    )


if __name__ == "__main__":
    time_sweeps()
    compare_ring()
    compare_schedule()
    bench.store()
