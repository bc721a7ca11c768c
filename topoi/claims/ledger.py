"""The ledger's entries: ``claims/<topic>.yml``, read and validated."""

import os
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from topoi import runtime
from topoi.claims.verdicts import KINDS, hidden_by, interval_problem

FOLDER = runtime.shipped("claims")
# Entries from before controls were asked for; the list only gets shorter.
WITHOUT_CONTROL = "without-control.txt"
_TEXTS = {
    *("id", "kind", "statement", "expected", "why"),
    *("control", "paper", "source", "paper_value", "show"),
}


class LedgerError(ValueError):
    """The ledger has no such claim, or an entry is malformed."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One entry of the ledger.

    Attributes
    ----------
    id : str
        ``topic/short-name``.
    kind : str
        ``theorem`` (proved somewhere, checked here), ``experiment`` (a
        number or ranking that a paper measured) or ``ours`` (a measurement
        that no paper states).
    statement : str
        One sentence with its conditions.
    intervals : dict of str to dict
        Verdict -> ``{equals: v}``, ``{min: a, max: b}`` or ``{}``; the first
        that holds the value decides.
    expected : str
        The verdict at small scale.
    why : str
        Why the intervals are what they are.
    control : str
        The mistake that `tests/controls` plants, in one sentence.
    paper : str
        Key in ``references.bib``; absent for kind ``ours``.
    source : str
        Section, table or equation as far as it was read.
    paper_value : str
        As printed there, or "theorem"; absent for kind ``ours``.
    show : str
        Format specification of the value on the card, such as ".1%".
    survey : bool
        Whether ``records/survey/<topic>.json`` decides: several seeds.
    run : dict, optional
        With a survey: the interval in which one run on the page must lie,
        where that is wider than the interval of the expected verdict.
    deviations : tuple of str
        Changes after registration, each with its reason.
    """

    id: str
    kind: str
    statement: str
    intervals: dict[str, dict[str, Any]]
    expected: str
    why: str
    control: str = ""
    paper: str = ""
    source: str = ""
    paper_value: str = ""
    show: str = ""
    survey: bool = False
    run: dict[str, Any] | None = None
    deviations: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether some interval has bounds, so that a value is a number."""
        return any({"min", "max"} & set(i) for i in self.intervals.values())


def topic_of(claim_id: str) -> str:
    """Return the topic in ``topic/short-name``."""
    return claim_id.split("/")[0]


@cache
def load_ledger(path: Path | None = None) -> dict[str, Claim]:
    """Read and validate the ledger.

    Parameters
    ----------
    path : Path, optional
        A folder of ``<topic>.yml`` files, or one file; by default
        ``claims/`` beside the library, or what the environment variable
        ``TOPOI_CLAIMS`` names.

    Returns
    -------
    dict of str to Claim
        Topics in alphabetical order, each in the order of its file.

    Raises
    ------
    LedgerError
        If there is no such folder, or an entry is incomplete or
        contradictory; the message names the file and the entry.
    """
    path = Path(path or os.environ.get("TOPOI_CLAIMS", FOLDER))
    if not path.exists():
        raise LedgerError(f"{path} is missing: restore it with git checkout.")
    files = sorted(path.glob("*.yml")) if path.is_dir() else [path]
    excused = without_control(path if path.is_dir() else path.parent)
    ledger: dict[str, Claim] = {}
    for file in files:
        for claim in _entries(file):
            if claim.id in ledger:
                raise LedgerError(f"{claim.id} stands twice in {file.name}.")
            if path.is_dir() and topic_of(claim.id) != file.stem:
                raise LedgerError(
                    f"{claim.id} stands in {file.name}: move it to "
                    f"{topic_of(claim.id)}.yml, or mend the id."
                )
            _check_control(claim, file.name, excused)
            ledger[claim.id] = claim
    return ledger


def without_control(folder: Path = FOLDER) -> list[str]:
    """Return the ids that may stand in the ledger without a control yet."""
    file = folder / WITHOUT_CONTROL
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [s for s in map(str.strip, lines) if s and not s.startswith("#")]


def _entries(file: Path) -> list[Claim]:
    import yaml

    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise LedgerError(f"{file.name} is no YAML: {error}") from None
    if not isinstance(entries, list):
        raise LedgerError(
            f"{file.name} must be a list of entries, each starting with "
            f"'- id: topic/short-name', but it is a {type(entries).__name__}."
        )
    return [_claim(entry, file.name) for entry in entries]


def _claim(entry: Any, where: str) -> Claim:
    """Build one entry, or say everything that is wrong with it."""
    if not isinstance(entry, dict):
        raise LedgerError(f"{where}: {entry!r} is no entry with fields.")
    problems = _field_problems(entry)
    if not problems:
        entry = entry | {"deviations": tuple(entry.get("deviations", ()))}
        claim = Claim(**entry)
        problems = _verdict_problems(claim) + _kind_problems(claim)
        problems += _survey_problems(claim)
    if problems:
        raise LedgerError(
            f"{where}: {entry.get('id', 'an entry without id')}: "
            f"{'; '.join(problems)}."
        )
    return claim


def _field_problems(entry: dict[str, Any]) -> list[str]:
    known = {f.name: f for f in fields(Claim)}
    unknown = sorted(map(str, set(entry) - set(known)))
    problems = []
    if unknown:
        problems.append(
            f"unknown field {', '.join(unknown)} (the fields are "
            f"{', '.join(known)})"
        )
    missing = [
        name
        for name, field in known.items()
        if field.default is MISSING and name not in entry
    ]
    if missing:
        problems.append(f"missing field {', '.join(missing)}")
    for name in sorted(_TEXTS & set(entry)):
        if not isinstance(entry[name], str):
            problems.append(
                f"{name} is text, but it is {entry[name]!r}: put it in quotes"
            )
    if not isinstance(entry.get("survey", False), bool):
        problems.append(f"survey is true or false, not {entry['survey']!r}")
    lines = entry.get("deviations", [])
    if not isinstance(lines, list) or not all(
        isinstance(line, str) and line.strip() for line in lines
    ):
        problems.append("deviations is a list of sentences, one a change")
    return problems


def _verdict_problems(claim: Claim) -> list[str]:
    """Return what is wrong with kind, expected verdict and intervals."""
    if claim.kind not in KINDS:
        return [f"kind {claim.kind!r} is not one of {', '.join(KINDS)}"]
    if not isinstance(claim.intervals, dict):
        return ["intervals maps verdicts to intervals"]
    names = KINDS[claim.kind]
    problems = [
        f"{verdict!r} is no verdict of kind {claim.kind}, whose verdicts "
        f"are {', '.join(names)}"
        for verdict in dict.fromkeys([*claim.intervals, claim.expected])
        if verdict not in names
    ]
    if claim.expected == "not-tested" and claim.intervals:
        problems.append("what was not tested has no intervals")
    elif claim.expected not in ("not-tested", *claim.intervals):
        problems.append(
            f"expected {claim.expected!r} is not among the intervals "
            f"{', '.join(claim.intervals) or '(none)'}"
        )
    if "not-tested" in claim.intervals:
        problems.append("not-tested is expected, never an interval")
    return problems + _interval_problems(claim.intervals)


def _interval_problems(intervals: dict[str, Any]) -> list[str]:
    problems = []
    for verdict, interval in intervals.items():
        if found := interval_problem(interval):
            problems.append(f"{verdict}: {found}")
    if problems:
        return problems
    names = list(intervals)
    for number, later in enumerate(names):
        for earlier in names[:number]:
            if hidden_by(intervals[later], intervals[earlier]):
                problems.append(
                    f"no value can reach {later!r}: {earlier!r} stands "
                    "before it and holds all of it. Order them from narrow "
                    "to wide"
                )
    return problems


def _kind_problems(claim: Claim) -> list[str]:
    papers = ("paper", "source", "paper_value")
    if claim.kind == "ours":
        given = [n for n in ("paper", "paper_value") if getattr(claim, n)]
        return [
            f"kind ours has no {name}, because no paper states it"
            for name in given
        ]
    return [
        f"kind {claim.kind} needs {name} (kind ours does without)"
        for name in papers
        if not getattr(claim, name)
    ]


def _survey_problems(claim: Claim) -> list[str]:
    if claim.run is None:
        return []
    if not claim.survey:
        return ["run, the interval of one run, needs survey: true"]
    found = interval_problem(claim.run)
    return [f"run: {found}"] if found else []


def _check_control(claim: Claim, where: str, excused: list[str]) -> None:
    untested = claim.expected == "not-tested"  # no value, nothing to plant
    if claim.control or claim.id in excused or untested:
        return
    raise LedgerError(
        f"{where}: {claim.id}: missing control. Say in one sentence which "
        "mistake moves the value out of its interval, and plant it in "
        f"tests/controls/{topic_of(claim.id)}.py."
    )
