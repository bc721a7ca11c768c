"""One comparison of a benchmark: agree, warm up, take turns, record.

A benchmark opens with the environment, since libraries read it when they
start::

    from benchmarks import harness

    bench = harness.Bench("precision", backend="torch")
    ...
    bench.compare("2:4 mask, 512 x 512", {"topoi": ours, "PyTorch": theirs})
    bench.store()

All programs of a comparison run in this process, on one numeric thread, and
take turns: a round calls each of them, so what else the machine does hits
all alike. The figures are CPU seconds, medians over rounds, and the ratio of
a peer to us is taken within each round: median and quartiles. A ratio above
1 means that ours is faster.
"""

import datetime
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from topoi import records, runtime

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "records" / "bench"
ROUNDS = 15
SECONDS = 6.0  # for one comparison; long calls get fewer rounds
SHORTEST = 2e-3  # a shorter call is repeated within its turn
# The C library keeps freed memory: otherwise fresh pages, which hit one
# program or another by chance, cost up to a third.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": "1" * 9,
}


class Disagreement(AssertionError):
    """Two programs of a comparison return different results."""


class Bench:
    """The comparisons of one topic.

    Parameters
    ----------
    topic : str
        Names the record: ``records/bench/<topic>.json``.
    backend : str or None
        The Keras backend under which the peers run too; None for what needs
        no Keras.

    Notes
    -----
    Starts the program again where the C library's settings are missing, for
    it reads them first of all.
    """

    def __init__(self, topic: str, backend: str | None = "tensorflow"):
        self.topic, self.backend = topic, backend
        self.rows: list[dict[str, Any]] = []
        if backend:
            os.environ["KERAS_BACKEND"] = backend
        if not KEEP_MEMORY.items() <= os.environ.items():
            environment = {**os.environ, **KEEP_MEMORY}
            os.execve(sys.executable, sys.orig_argv, environment)
        runtime.setup("small", seed=7, backend="keras" if backend else None)
        name = f"Keras on {backend}" if backend else "NumPy"
        print(f"{topic}: {name}, one thread, CPU time")

    def compare(
        self,
        kernel: str,
        programs: Mapping[str, Callable[[], Any]],
        agree: float | Callable[[Any, Any], bool] | None = 1e-4,
    ) -> None:
        """Compare results, then times; print the table and keep the row.

        Parameters
        ----------
        kernel : str
            What is computed, at which size; a row of *Status*.
        programs : mapping of str to callable
            Ours first. A peer that is not installed is left out by the
            caller.
        agree : float, callable or None
            Largest difference from our result relative to its largest
            entry, or a function (ours, theirs) -> bool; None where results
            cannot be compared (a training step with weights of its own).

        Raises
        ------
        Disagreement
            If a peer's result is another one.
        """
        names = list(programs)
        results = {name: call() for name, call in programs.items()}
        for name in names[1:]:
            if not agrees(results[names[0]], results[name], agree):
                raise Disagreement(f"{kernel}: {names[0]} and {name} differ")
        del results
        seconds = take_turns(programs)
        row = summarise(kernel, seconds)
        self.rows.append(row)
        print_row(row)

    def store(self) -> Path:
        """Write the record of this run; return its path."""
        path = FOLDER / f"{self.topic}.json"
        record = {
            "date": datetime.date.today().isoformat(),
            **runtime.device_report(),
            "versions": versions(),
            "rows": self.rows,
        }
        records.write(path, record)
        return path


def agrees(ours: Any, theirs: Any, agree: Any) -> bool:
    """Return whether two results are the same, as `compare` asks."""
    import numpy as np

    if agree is None:
        return True
    if callable(agree):
        return bool(agree(ours, theirs))
    a, b = (np.asarray(part, dtype=np.float64) for part in (ours, theirs))
    if a.shape != b.shape:
        return False
    scale = np.abs(a).max(initial=0.0) or 1.0
    return bool(np.abs(a - b).max(initial=0.0) <= agree * scale)


def take_turns(
    programs: Mapping[str, Callable[[], Any]],
) -> dict[str, list[float]]:
    """Return CPU seconds of each call, one figure a round.

    The results were compared before, so everything is warm.
    """
    once = {name: cpu_seconds(call) for name, call in programs.items()}
    repeats = {
        name: max(1, round(SHORTEST / max(seconds, 1e-7)))
        for name, seconds in once.items()
    }
    a_round = sum(once[name] * repeats[name] for name in programs)
    rounds = max(3, min(ROUNDS, int(SECONDS / max(a_round, 1e-6))))
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, call in programs.items():
            seconds[name].append(cpu_seconds(call, repeats[name]))
    return seconds


def cpu_seconds(call: Callable[[], Any], repeats: int = 1) -> float:
    """Return the CPU seconds of one call, the mean over `repeats`."""
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats


def quartiles(values: list[float]) -> list[float]:
    """Return first quartile, median and third quartile."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return [low, middle, high]


def summarise(kernel: str, seconds: dict[str, list[float]]) -> dict[str, Any]:
    """Return one row of the record: milliseconds, and peers' ratios."""
    names = list(seconds)
    ours = seconds[names[0]]
    return {
        "kernel": kernel,
        "rounds": len(ours),
        "ours": {
            "name": names[0],
            "ms": [1e3 * s for s in quartiles(ours)],
        },
        "peers": [
            {
                "name": name,
                "ms": [1e3 * s for s in quartiles(seconds[name])],
                "ratio": quartiles(
                    [t / s for s, t in zip(ours, seconds[name], strict=True)]
                ),
            }
            for name in names[1:]
        ],
    }


def print_row(row: dict[str, Any]) -> None:
    """Print one comparison: milliseconds, and peer / ours with quartiles."""
    print(f"{row['kernel']} ({row['rounds']} rounds)")
    print(f"  {row['ours']['name']:34}{row['ours']['ms'][1]:11.3f} ms")
    for peer in row["peers"]:
        low, middle, high = peer["ratio"]
        print(
            f"  {peer['name']:34}{peer['ms'][1]:11.3f} ms"
            f"{middle:8.2f} times ours ({low:.2f} to {high:.2f})",
            flush=True,
        )


def versions() -> dict[str, str]:
    """Return the versions of the peers that are installed."""
    found = {}
    for line in (ROOT / "requirements" / "peers.txt").read_text().split("\n"):
        name = line.split("==")[0].strip()
        if not name or name.startswith("#"):
            continue
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
