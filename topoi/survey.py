"""Surveys: one measurement repeated over seeds, recorded, and resumed.

A survey is a function of a seed in ``surveys/<topic>.py``::

    from topoi.survey import survey

    @survey("cnn/shift-tolerance", seeds=range(5), value=lead)
    def shift_tolerance(seed):
        return {"ours": ..., "baseline": ...}

``make survey TOPIC=cnn`` runs what is missing, one unit a seed, and appends
each unit to ``records/survey/cnn.json`` as soon as it is measured: a killed
run loses at most the unit it was in, and the same command goes on with the
next. Cards and figures read the record with `load`.
"""

import argparse
import datetime
import hashlib
import importlib.util
import inspect
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from topoi import records, runtime

FOLDER = runtime.ROOT / "surveys"
RECORDS = runtime.ROOT / "records" / "survey"

Unit = Mapping[str, float]


def _standard_errors(values: np.ndarray) -> float:
    """Return the mean in units of its standard error."""
    return paired(values, np.zeros_like(values)).in_errors


REDUCTIONS: dict[str, Callable[[np.ndarray], float]] = {
    "median": np.median,
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
    "standard errors": _standard_errors,
}


class SurveyError(ValueError):
    """A survey is declared wrongly, or its record is not complete."""


@dataclass(frozen=True)
class Survey:
    """A declared survey: see `survey`."""

    id: str
    function: Callable[[int], Unit]
    seeds: tuple[int, ...]
    value: str | Callable[[Unit], float] | None
    reduce: str

    @property
    def code(self) -> str:
        """A digest of the function's source: other code, other survey."""
        source = inspect.getsource(self.function)
        body = source[source.index("def ") :]
        return hashlib.sha256(body.encode()).hexdigest()[:16]

    def value_of(self, unit: Unit) -> float:
        """Return the claim's value for one seed."""
        if callable(self.value):
            return float(self.value(unit))
        name = self.value or next(iter(unit))
        return float(unit[name])


_declared: dict[str, Survey] = {}


def survey(
    claim_id: str,
    seeds: Iterable[int],
    value: str | Callable[[Unit], float] | None = None,
    reduce: str = "median",
) -> Callable[[Callable[[int], Unit]], Callable[[int], Unit]]:
    """Declare that a function of a seed measures a claim.

    Parameters
    ----------
    claim_id : str
        ``topic/short-name``, an entry of the ledger with ``survey: true``.
    seeds : iterable of int
        One unit a seed; at least five for a claim about training. Every
        generator is seeded with it before the function is called.
    value : str or callable, optional
        How a unit becomes the claim's value: the name of one of its numbers,
        or a function of the unit. May be left out if it has one number.
    reduce : str
        How the values of all seeds become the one that decides the verdict:
        a key of `REDUCTIONS`. "standard errors" is the mean over its
        standard error, for a ranking.

    Returns
    -------
    callable
        A decorator; the function stays as it is. It takes a seed and returns
        a dict of floats.

    Raises
    ------
    SurveyError
        If seeds are missing or repeated, the reduction is unknown, or the
        claim has a survey already.
    """
    seeds = tuple(int(seed) for seed in seeds)
    if not seeds or len(set(seeds)) < len(seeds):
        raise SurveyError(
            f"{claim_id}: a survey needs seeds, each once, but got {seeds}."
        )
    if reduce not in REDUCTIONS:
        raise SurveyError(
            f"{claim_id}: reduce is one of {', '.join(REDUCTIONS)}, but it "
            f"is {reduce!r}."
        )

    def declare(function: Callable[[int], Unit]) -> Callable[[int], Unit]:
        known = _declared.get(claim_id)
        if known is not None and known.function is not function:
            raise SurveyError(f"{claim_id} has two surveys. Remove one.")
        _declared[claim_id] = Survey(claim_id, function, seeds, value, reduce)
        return function

    return declare


# -- statistics -------------------------------------------------------------


class Paired(NamedTuple):
    """The difference of two methods that share their seeds.

    Attributes
    ----------
    difference : float
        Mean of the differences, first minus second.
    error : float
        Standard error of that mean.
    n : int
        Number of seeds.
    """

    difference: float
    error: float
    n: int

    @property
    def equal(self) -> bool:
        """Whether the difference lies within two standard errors of 0."""
        return abs(self.difference) <= 2 * self.error

    @property
    def in_errors(self) -> float:
        """The difference in standard errors; 0 if there is none."""
        if self.difference == 0:
            return 0.0
        if self.error == 0:
            return math.copysign(math.inf, self.difference)
        return self.difference / self.error


def paired(a: Iterable[float], b: Iterable[float]) -> Paired:
    """Compare two methods run with the same seeds.

    Parameters
    ----------
    a, b : iterable of float
        One value a seed, in the same order.

    Raises
    ------
    ValueError
        If the lengths differ or there are fewer than two seeds.
    """
    a, b = (np.asarray(list(v), dtype=float) for v in (a, b))
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(
            "paired compares two lists of numbers, one a seed, at least two "
            f"seeds; got shapes {a.shape} and {b.shape}."
        )
    differences = a - b
    error = differences.std(ddof=1) / math.sqrt(len(a))
    return Paired(float(differences.mean()), float(error), len(a))


# -- reading ----------------------------------------------------------------


@dataclass(frozen=True)
class Recorded:
    """A finished survey, read from its record.

    Attributes
    ----------
    id : str
        ``topic/short-name``.
    seeds : tuple of int
        In the order of the values.
    values : dict of str to ndarray
        What the units returned, by name; shape (seeds,).
    by_seed : ndarray
        The claim's value for each seed; shape (seeds,).
    value : float
        The one that decides the verdict.
    reduced_by : str
        How `value` came from `by_seed`, such as "median".
    facts : dict
        Date, device, backend, versions, commit, seconds.
    """

    id: str
    seeds: tuple[int, ...]
    values: dict[str, np.ndarray]
    by_seed: np.ndarray
    value: float
    reduced_by: str
    facts: dict[str, Any]

    @property
    def median(self) -> float:
        """The median over the seeds."""
        return float(np.median(self.by_seed))

    @property
    def quartiles(self) -> tuple[float, float]:
        """The quartiles over the seeds: half of them lie between."""
        low, high = np.quantile(self.by_seed, (0.25, 0.75))
        return float(low), float(high)

    def paired(self, a: str, b: str) -> Paired:
        """Compare two of the survey's numbers, by their names."""
        return paired(self.values[a], self.values[b])


def load(claim_id: str, folder: Path | None = None) -> Recorded:
    """Return the recorded survey of a claim.

    Parameters
    ----------
    claim_id : str
        ``topic/short-name``.
    folder : Path, optional
        Where the records lie; by default ``records/survey``.

    Raises
    ------
    SurveyError
        If the survey has not been run, or not to its end.
    """
    topic = claim_id.split("/")[0]
    record = records.read((folder or RECORDS) / f"{topic}.json") or {}
    entry = record.get("surveys", {}).get(claim_id)
    if entry is None:
        raise SurveyError(
            f"{claim_id} has no recorded survey: make survey TOPIC={topic}."
        )
    seeds = tuple(entry["seeds"])
    units = [entry["units"].get(str(seed)) for seed in seeds]
    if None in units:
        raise SurveyError(
            f"{claim_id}: {len(seeds) - units.count(None)} of {len(seeds)} "
            f"seeds are recorded: make survey TOPIC={topic} goes on."
        )
    names = units[0]["values"]
    return Recorded(
        id=claim_id,
        seeds=seeds,
        values={n: np.array([u["values"][n] for u in units]) for n in names},
        by_seed=np.array([u["value"] for u in units]),
        value=float(entry["value"]),
        reduced_by=entry["reduced_by"],
        facts={k: v for k, v in entry.items() if k not in ("units", "seeds")},
    )


# -- running ----------------------------------------------------------------


def run(
    topic: str,
    folder: Path = FOLDER,
    out: Path = RECORDS,
    only: str | None = None,
    again: bool = False,
) -> None:
    """Measure the units of a topic's surveys that have no record yet.

    Parameters
    ----------
    topic : str
        Its surveys stand in ``surveys/<topic>.py``.
    folder, out : Path
        Where the surveys and the records lie.
    only : str, optional
        The id of one survey.
    again : bool
        Forget what is recorded and measure everything.

    Raises
    ------
    SurveyError
        If the topic has no such survey, or a unit is not a dict of numbers.
    """
    runtime.setup("small", seed=0)
    declared = declared_in(topic, folder)
    if only is not None and only not in declared:
        raise SurveyError(f"{only} is none of {', '.join(declared)}.")
    path = out / f"{topic}.json"
    for declaration in declared.values():
        if only in (None, declaration.id):
            _run_one(declaration, path, again)
    _forget_others(path, declared)


def declared_in(topic: str, folder: Path = FOLDER) -> dict[str, Survey]:
    """Import ``surveys/<topic>.py`` and return what it declares.

    Raises
    ------
    SurveyError
        If there is no such file, or it declares another topic's survey.
    """
    file = folder / f"{topic}.py"
    if not file.exists():
        known = ", ".join(sorted(f.stem for f in folder.glob("[!_]*.py")))
        raise SurveyError(
            f"{topic} has no surveys: there is no {file.name} in "
            f"{folder.name}/. Topics with surveys: {known or 'none'}."
        )
    _declared.clear()
    spec = importlib.util.spec_from_file_location(f"surveys_{topic}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # inspect and pickle ask for it
    spec.loader.exec_module(module)
    found = dict(_declared)
    foreign = [i for i in found if i.split("/")[0] != topic]
    if foreign:
        raise SurveyError(f"{file.name} declares {', '.join(foreign)}.")
    return found


def _run_one(declared: Survey, path: Path, again: bool) -> None:
    entry = _entry(path, declared.id)
    if again or entry.get("code") != declared.code:
        entry = {}
    units = entry.get("units", {})
    left = [seed for seed in declared.seeds if str(seed) not in units]
    total = len(declared.seeds)
    print(f"{declared.id}: {len(left)} of {total} seeds to run", flush=True)
    facts = {"code": declared.code, "seeds": list(declared.seeds)}
    for seed in left:
        units[str(seed)] = unit = _measure(declared, seed)
        facts |= _facts()
        _append(path, declared, entry | facts | {"units": units})
        print(
            f"{declared.id}: seed {seed}: {unit['value']:.6g} "
            f"({unit['seconds']:.1f} s)",
            flush=True,
        )
    _append(path, declared, entry | facts | {"units": units})


def _measure(declared: Survey, seed: int) -> dict[str, Any]:
    """Return one unit: its numbers, the claim's value, its seconds."""
    import keras

    # Layers' names and counters must not depend on the units before.
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    wall, cpu = time.perf_counter(), time.process_time()
    values = _checked(declared.id, seed, declared.function(seed))
    return {
        "values": values,
        "value": declared.value_of(values),
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
    }


def _checked(claim_id: str, seed: int, values: Any) -> dict[str, float]:
    if not isinstance(values, dict) or not values:
        raise SurveyError(
            f"{claim_id}: a unit returns a dict of numbers, such as "
            f"{{'ours': 0.9}}, but seed {seed} returned {values!r}."
        )
    numbers = {str(name): float(value) for name, value in values.items()}
    lost = [name for name, value in numbers.items() if math.isnan(value)]
    if lost:
        raise SurveyError(
            f"{claim_id}: seed {seed} measured NaN for {', '.join(lost)}. "
            "Find out where it starts; a run that diverges should return a "
            "number that says so, such as the accuracy of guessing."
        )
    return numbers


def _append(path: Path, declared: Survey, entry: dict[str, Any]) -> None:
    """Write one survey into the topic's record, beside the others."""
    units = [entry["units"].get(str(seed)) for seed in declared.seeds]
    # Units of seeds that are no longer asked for go.
    entry["units"] = {
        str(seed): unit
        for seed, unit in zip(declared.seeds, units, strict=True)
        if unit is not None
    }
    for unit in entry["units"].values():  # `value=` may be newer than it
        unit["value"] = declared.value_of(unit["values"])
    entry["reduced_by"] = declared.reduce
    entry["cpu_seconds"] = round(
        sum(u["cpu_seconds"] for u in entry["units"].values()), 1
    )
    entry.pop("value", None)
    if None not in units:
        by_seed = np.array([unit["value"] for unit in units])
        entry["value"] = float(REDUCTIONS[declared.reduce](by_seed))
    record = records.read(path) or {}
    surveys = record.get("surveys", {}) | {declared.id: entry}
    records.write(path, {"surveys": dict(sorted(surveys.items()))})


def _entry(path: Path, claim_id: str) -> dict[str, Any]:
    record = records.read(path) or {}
    return record.get("surveys", {}).get(claim_id, {})


def _forget_others(path: Path, declared: Mapping[str, Survey]) -> None:
    """Drop records of surveys that are no longer declared."""
    record = records.read(path) or {}
    kept = {
        k: v for k, v in record.get("surveys", {}).items() if k in declared
    }
    if kept != record.get("surveys", {}):
        records.write(path, {"surveys": kept})


def _facts() -> dict[str, Any]:
    return {
        "date": datetime.date.today().isoformat(),
        **runtime.device_report(),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(  # but for what surveys themselves write
            _git("status", "--porcelain", "-uno", "--", ":!records")
        ),
    }


def _git(*arguments: str) -> str:
    """Return what git says of this copy; nothing outside a repository."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=runtime.ROOT,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def main() -> int:
    """Run ``python -m topoi.survey --topic X``."""
    parser = argparse.ArgumentParser(description="Run a topic's surveys.")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--only", help="the id of one survey")
    parser.add_argument("--again", action="store_true", help="measure anew")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    try:
        run(
            options.topic,
            options.folder,
            options.out,
            options.only,
            options.again,
        )
    except SurveyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    # The surveys register themselves in the imported module, not in this one.
    from topoi import survey as imported

    sys.exit(imported.main())
