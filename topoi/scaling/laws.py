"""What adding workers can bring: four laws, each of a few lines."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np


def amdahl(parallel: float, workers: float) -> float:
    """Return the speed-up of a job of fixed size, 1 / ((1-p) + p/K).

    Parameters
    ----------
    parallel : float in [0, 1]
        Share p of the one-worker time that K workers can divide.
    workers : float
        K, at least 1; ``math.inf`` gives the limit 1 / (1 - p).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: Amdahl (1967), in words; the formula is in Gustafson (1988).
    """
    _check_share(parallel, workers)
    time = (1 - parallel) + parallel / workers
    return 1 / time if time > 0 else inf


def gustafson(parallel: float, workers: float) -> float:
    """Return the speed-up of a job that grows with K, (1-p) + p K.

    Here `parallel` is the share of the time on K workers, not on one.
    Arguments and errors are those of `amdahl`; source: Gustafson (1988).
    """
    _check_share(parallel, workers)
    return (1 - parallel) + parallel * workers


def fit_parallel_share(
    workers: Sequence[int], seconds: Sequence[float]
) -> float:
    """Return the share p of Amdahl's law that fits measured times best.

    Parameters
    ----------
    workers : sequence of int
        Numbers of workers, at least two different ones.
    seconds : sequence of float
        The time that each took; all positive.

    Returns
    -------
    float
        1 - a/(a + b) for the line T(K) = a + b/K of least squares. Outside
        [0, 1] the measurements do not follow the law.

    Raises
    ------
    ValueError
        If there are fewer than two different numbers of workers, not one
        time each, or a time that is not positive.
    """
    inverse = 1 / np.asarray(workers, float)
    seconds = np.asarray(seconds, float)
    if len(set(inverse)) < 2 or inverse.shape != seconds.shape:
        raise ValueError(
            "fit_parallel_share needs one time for each of at least two "
            f"numbers of workers, but got workers {list(workers)} and "
            f"{seconds.size} times. Measure with one worker and with more."
        )
    if not (seconds > 0).all():
        raise ValueError(
            f"Times are positive, but seconds = {seconds.tolist()}. Is one "
            "of them a difference taken the wrong way round?"
        )
    slope, intercept = np.polyfit(inverse, seconds, 1)
    return float(slope / (slope + intercept))


def break_even(once: float, slow: float, fast: float) -> float:
    """Return after how many steps an investment has paid for itself.

    Parameters
    ----------
    once : float
        Seconds spent once, such as tracing and compiling.
    slow, fast : float
        Seconds a step without and with it.

    Returns
    -------
    int or inf
        The least n with once + n fast <= n slow; infinite if `fast` is not
        faster.
    """
    if fast >= slow:
        return inf
    return ceil(once / (slow - fast))


@dataclass(frozen=True)
class Job:
    """One bar of a Gantt chart: which job ran where and when."""

    job: int
    worker: int
    start: float
    length: float


@dataclass(frozen=True)
class Schedule:
    """Jobs on workers, and the time at which the last one ends."""

    jobs: tuple[Job, ...]
    makespan: float


def list_schedule(lengths: Sequence[float], workers: int) -> Schedule:
    """Give each job of a list to the worker that is free first.

    Parameters
    ----------
    lengths : sequence of float or int
        Job lengths in the order of the list; integers stay exact. Sort them
        in decreasing order for the rule "longest first".
    workers : int
        K, at least 1. Ties go to the worker of the lower number.

    Returns
    -------
    Schedule
        Its makespan is at most (2 - 1/K) times the shortest possible one.

    Raises
    ------
    ValueError
        If there is no worker, or a length is negative.

    Notes
    -----
    O(n log K). Source: Graham (1969).
    """
    if workers < 1 or any(length < 0 for length in lengths):
        raise ValueError(
            f"list_schedule needs at least one worker (got {workers}) and "
            f"lengths that are not negative (got {list(lengths)})."
        )
    free = [(0, worker) for worker in range(workers)]
    jobs = []
    for job, length in enumerate(lengths):
        start, worker = heapq.heappop(free)
        jobs.append(Job(job, worker, start, length))
        heapq.heappush(free, (start + length, worker))
    return Schedule(tuple(jobs), max(end for end, _ in free))


def best_makespan(lengths: Sequence[float], workers: int) -> float:
    """Return the shortest makespan, by trying all assignments that differ.

    Parameters
    ----------
    lengths : sequence of float or int
        At most 12 job lengths.
    workers : int
        Number of workers.

    Raises
    ------
    ValueError
        If there are more than 12 jobs: the work grows as K**n.
    """
    if len(lengths) > 12:
        raise ValueError(
            f"best_makespan tries every assignment, but {len(lengths)} jobs "
            "have too many: give at most 12, or use list_schedule."
        )
    loads = {(0,) * workers}
    for length in lengths:
        loads = {
            tuple(sorted((*load[:k], load[k] + length, *load[k + 1 :])))
            for load in loads
            for k in range(workers)
        }
    return min(load[-1] for load in loads)


def _check_share(parallel: float, workers: float) -> None:
    if not (0 <= parallel <= 1 and workers >= 1):
        raise ValueError(
            "The laws need 0 <= p <= 1 and at least one worker, but p = "
            f"{parallel} and K = {workers}. Give p as a share, not in per "
            "cent."
        )
