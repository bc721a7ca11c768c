"""Sweeps: many independent trials, on whatever runs them.

A sweep is a folder. It holds the plan (``sweep.json``) and one line of JSON
a finished trial (``results/0003.jsonl``). An *executor* is a function that
sees to it that every trial of a list is run; how, is its affair::

    trials = make_trials({"width": [4, 8], "rate": [0.1, 0.3]}, seed=7)
    records = sweep(train, trials, process_pool(2), folder)

A sweep that was interrupted goes on when it is called again. What a Slurm
task calls is ``python -m topoi.scaling.sweep FOLDER ID``.
"""

import importlib
import itertools
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import numpy as np

from topoi.runtime import ROOT
from topoi.scaling.processes import Finished, run_processes

Executor = Callable[[Path, list[int]], None]
PLAN, RESULTS, LOGS = "sweep.json", "results", "logs"
TIMING = ("seconds", "started", "worker")  # what may differ between runs


class SweepError(RuntimeError):
    """A sweep is not complete, or its folder holds something else."""


@dataclass(frozen=True)
class Trial:
    """One training of a sweep: its number, its settings and its seed."""

    id: int
    parameters: dict[str, Any]
    seed: int


def make_trials(grid: Mapping[str, Sequence], seed: int = 0) -> list[Trial]:
    """Return one trial for every combination of the settings.

    Parameters
    ----------
    grid : mapping of str to sequence
        The values of each parameter; the last parameter varies fastest.
    seed : int
        Seed of the sweep. A trial's own seed follows from it and from the
        trial's number, never from the worker that happens to run it.

    Raises
    ------
    ValueError
        If a parameter has no values.
    """
    empty = [name for name, values in grid.items() if not len(values)]
    if empty or not grid:
        raise ValueError(
            f"A grid needs values for each parameter, but {empty or 'it'} "
            "is empty. One fixed value? Write a list of one."
        )
    return [
        Trial(i, dict(zip(grid, values, strict=True)), _seed(seed, i))
        for i, values in enumerate(itertools.product(*grid.values()))
    ]


def _seed(seed: int, trial: int) -> int:
    return int(np.random.SeedSequence([seed, trial]).generate_state(1)[0])


def sweep(
    function: Callable[..., float],
    trials: Sequence[Trial],
    executor: Executor,
    folder: Path,
) -> list[dict]:
    """Run the trials that have no result yet, and collect all of them.

    Parameters
    ----------
    function : callable
        ``function(**parameters, seed=seed) -> float``; at the top level of a
        module, because other processes import it by name.
    trials : sequence of Trial
        Their ids are 0, 1, 2, ...
    executor : callable
        `serial`, or what `process_pool`, `emulated_array`, `slurm_array`
        return.
    folder : Path
        Made if it does not exist. One sweep a folder.

    Returns
    -------
    list of dict
        One record a trial, by id: id, parameters, seed, metric, seconds,
        started (seconds since 1970) and worker (process id).

    Raises
    ------
    SweepError
        If the folder holds another sweep, or a trial left no result.
    ValueError
        If another process could not import `function`.
    """
    folder = Path(folder).absolute()
    _store_plan(folder, _name_of(function), trials)
    done = {record["id"] for record in _records(folder)}
    left = [trial.id for trial in trials if trial.id not in done]
    if left:
        executor(folder, left)
    return collect(folder)


def _name_of(function: Callable) -> str:
    """Return module:name, after looking whether it leads back."""
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or "<" in name:
        raise ValueError(
            f"A sweep's function is imported by other processes, but {name} "
            f"of {module} has no name that they could import. Move it to the "
            "top level of a module."
        )
    return f"{module}:{name}"


def _store_plan(folder: Path, function: str, trials: Sequence[Trial]) -> None:
    plan = {"function": function, "trials": [asdict(t) for t in trials]}
    plan = json.loads(json.dumps(plan))
    path = folder / PLAN
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != plan:
        raise SweepError(
            f"{folder} holds another sweep. Results of two sweeps must not "
            "mix: choose a new folder, or delete this one."
        )
    for part in (RESULTS, LOGS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    _write(path, json.dumps(plan, indent=1))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    os.replace(temporary, path)


# -- one trial --------------------------------------------------------------


def run_trial(folder: Path, trial_id: int) -> None:
    """Run one trial of a sweep and write its line of JSON.

    Raises
    ------
    SweepError
        If the plan has no trial of this number.
    """
    plan = json.loads((Path(folder) / PLAN).read_text(encoding="utf-8"))
    chosen = [t for t in plan["trials"] if t["id"] == trial_id]
    if not chosen:
        raise SweepError(
            f"Trial {trial_id} is not in the plan of {folder}, which has "
            f"{len(plan['trials'])} trials counted from 0. Look at --array."
        )
    module, name = plan["function"].split(":")
    function = getattr(importlib.import_module(module), name)
    started, begin = time.time(), time.perf_counter()
    metric = function(**chosen[0]["parameters"], seed=chosen[0]["seed"])
    record = chosen[0] | {
        "metric": float(metric),
        "seconds": time.perf_counter() - begin,
        "started": started,
        "worker": os.getpid(),
    }
    line = json.dumps(record)
    _write(Path(folder) / RESULTS / f"{trial_id:04d}.jsonl", line)


# -- collecting -------------------------------------------------------------


def collect(folder: Path) -> list[dict]:
    """Return all records of a sweep, by id, or refuse.

    Raises
    ------
    SweepError
        If a trial has no record or more than one, a record belongs to no
        trial or to other settings, or a line is not valid JSON.
    """
    folder = Path(folder)
    plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))["trials"]
    planned = {trial["id"]: trial for trial in plan}
    records = _records(folder)
    ids = [record["id"] for record in records]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    unknown = sorted(set(ids) - set(planned))
    missing = sorted(set(planned) - set(ids))
    if twice or unknown or missing:
        raise SweepError(
            f"The sweep in {folder} is not one record a trial: missing "
            f"{missing}, more than once {twice}, unknown {unknown}. Run the "
            "missing ones again; delete the others."
            + _last_words(folder, missing)
        )
    for record in records:
        if not planned[record["id"]].items() <= record.items():
            raise SweepError(
                f"Record {record['id']} was made with other settings than "
                f"the plan of {folder} has now. Delete it and run again."
            )
    return sorted(records, key=lambda record: record["id"])


def _records(folder: Path) -> list[dict]:
    records = []
    for path in sorted((folder / RESULTS).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise SweepError(
                    f"{path} holds a broken line ({error}). A task was "
                    "killed while writing? Delete the file and run again."
                ) from None
    return records


def _last_words(folder: Path, missing: list[int]) -> str:
    """Return the last line of the first missing trial's log, if any."""
    for trial in missing[:1]:
        log = folder / LOGS / f"{trial}.log"
        lines = (
            log.read_text(encoding="utf-8").split("\n") if log.exists() else []
        )
        said = [line for line in lines if line.strip()]
        if said:
            return f" The log of trial {trial} ends: {said[-1]}"
    return ""


def comparable(records: Sequence[dict]) -> list[str]:
    """Return the lines of a sweep without when, where and how long."""
    return [
        json.dumps({k: v for k, v in r.items() if k not in TIMING})
        for r in sorted(records, key=lambda record: record["id"])
    ]


# -- executors --------------------------------------------------------------


def serial(folder: Path, ids: list[int]) -> None:
    """Run the trials one after the other, in this process."""
    for trial_id in ids:
        run_trial(folder, trial_id)


def process_pool(workers: int = 2, timeout: float = 60) -> Executor:
    """Return an executor with new processes on this machine.

    The processes are started afresh (``spawn``), so that they share no
    state with this one. After `timeout` seconds, or at the first trial that
    fails, they are killed and the error is raised here.
    """

    def execute(folder: Path, ids: list[int]) -> None:
        before = set(active_children())
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        try:
            futures = [pool.submit(run_trial, folder, i) for i in ids]
            done, late = wait(futures, timeout, "FIRST_EXCEPTION")
            for future in done:
                future.result()
            if late:
                raise TimeoutError(
                    f"{len(late)} of {len(ids)} trials were not done after "
                    f"{timeout} s; the pool was killed. Raise the limit, or "
                    "look for a trial that hangs."
                )
        except BaseException:
            for child in set(active_children()) - before:
                child.kill()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    return execute


def array_script(
    folder: Path, ids: Sequence[int], slots: int = 2, minutes: int = 10
) -> str:
    """Return the job script of a Slurm array: one task a trial.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    ids : sequence of int
        Trials to run; ``SLURM_ARRAY_TASK_ID`` is one of them in each task.
    slots : int
        How many tasks may run at the same time.
    minutes : int
        After which Slurm ends a task.
    """
    python, where = shlex.quote(sys.executable), shlex.quote(str(folder))
    return f"""\
#!/bin/bash
#SBATCH --job-name=sweep
#SBATCH --array={",".join(map(str, ids))}%{slots}
#SBATCH --cpus-per-task=1
#SBATCH --mem=500
#SBATCH --time={minutes}
#SBATCH --output={folder}/{LOGS}/%a.log
export OMP_NUM_THREADS=1
exec {python} -m topoi.scaling.sweep {where} "$SLURM_ARRAY_TASK_ID"
"""


def slurm_array(
    environment: Mapping[str, str] | None = None,
    slots: int = 2,
    timeout: float = 120,
) -> Executor:
    """Return an executor that submits one Slurm array and waits for it.

    Parameters
    ----------
    environment : mapping, optional
        Added to the environment of Slurm's commands; ``SLURM_CONF`` names
        a Slurm of one's own.
    slots : int
        How many tasks may run at the same time.
    timeout : float
        Seconds after which the array is cancelled and TimeoutError raised.
    """
    environment = dict(environment or {}) | {"PYTHONPATH": _python_path()}

    def slurm(*command: str) -> str:
        (run,) = run_processes([command], 60, [environment])
        if run.status:
            raise SweepError(
                f"{command[0]} failed: {run.stderr.strip()}. Does `sinfo` "
                "answer, and is SLURM_CONF right?"
            )
        return run.stdout.strip()

    def execute(folder: Path, ids: list[int]) -> None:
        script = folder / "array.sbatch"
        script.write_text(array_script(folder, ids, slots), encoding="utf-8")
        job = slurm("sbatch", "--parsable", str(script)).split(";")[0]
        deadline = time.monotonic() + timeout
        while slurm("squeue", "--noheader", "--jobs", job):
            if time.monotonic() > deadline:
                slurm("scancel", job)
                raise TimeoutError(
                    f"Array {job} was not done after {timeout} s and was "
                    "cancelled. Look at `squeue` and `sinfo`, then run the "
                    "sweep again: finished trials are kept."
                )
            time.sleep(0.3)

    return execute


def emulated_array(slots: int = 2, timeout: float = 120) -> Executor:
    """Return an executor that runs the array script without a Slurm."""

    def execute(folder: Path, ids: list[int]) -> None:
        script = array_script(folder, ids, slots)
        for i, run in run_array(script, slots, timeout).items():
            (folder / LOGS / f"{i}.log").write_text(
                run.stdout + run.stderr, encoding="utf-8"
            )

    return execute


def run_array(
    script: str,
    slots: int = 2,
    timeout: float = 60,
    job: int = 1,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> dict[int, Finished]:
    """Run a job array as Slurm would, as far as a bash script can tell.

    Reads ``#SBATCH --array``; everything else that Slurm does, such as
    limits of memory, is left out.

    Parameters
    ----------
    script : str
        Text of the job script.
    slots : int
        Tasks that run at the same time.
    timeout : float
        Seconds for a task; then it is killed with all that it has started.
    job : int
        What the tasks find as ``SLURM_ARRAY_JOB_ID``; each has a
        ``SLURM_JOB_ID`` of its own.
    environment : mapping, optional
        Added to the environment of the tasks.
    cwd : Path, optional
        Where they run.

    Returns
    -------
    dict of int to Finished
        What each task wrote, by task id.

    Raises
    ------
    ValueError
        If the script has no ``#SBATCH --array`` line.
    """

    def run(task: int) -> Finished:
        extra = dict(environment or {}) | {
            "PYTHONPATH": _python_path(),
            "SLURM_ARRAY_TASK_ID": str(task),
            "SLURM_ARRAY_JOB_ID": str(job),
            "SLURM_JOB_ID": str(job + task),
        }
        command = ["bash", "-c", script]
        return run_processes([command], timeout, [extra], cwd)[0]

    tasks = _array_ids(script)
    with ThreadPoolExecutor(slots) as pool:
        return dict(zip(tasks, pool.map(run, tasks), strict=True))


def _array_ids(script: str) -> list[int]:
    """Return the task ids of a job script: ``0-3,7`` is 0, 1, 2, 3, 7."""
    found = re.search(r"^#SBATCH\s+(?:--array=|-a\s*)(\S+)", script, re.M)
    ranges = found[1].split("%")[0] if found else ""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", ranges):
        raise ValueError(
            "An array script needs a line such as `#SBATCH --array=0-7`, but "
            f"the ids found are {ranges!r}. Put it above the first command."
        )
    ids = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        ids += range(int(first), int(last or first) + 1)
    return ids


def _python_path() -> str:
    known = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(ROOT), *([known] if known else [])])


if __name__ == "__main__":
    run_trial(Path(sys.argv[1]), int(sys.argv[2]))
