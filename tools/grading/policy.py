"""Deadlines, and what a late submission loses: one file a course.

    zone = "Europe/Berlin"          # of all times; UTC without it

    [late]
    percent_per_day = 10            # of the lab's points, for each day begun
    grace_minutes = 30              # nothing is lost within them
    last_day = 7                    # after it, everything is lost

    [deadlines]
    foundations = 2026-10-12        # the end of that day
    cnn = 2026-10-26T18:00:00

    [extensions.ada]                # by the student's id
    cnn = 2026-11-02

Results do not depend on this file: change it, grade again, and only tables
and pages are made anew.
"""

import csv
import datetime
import math
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DAY = datetime.timedelta(days=1)
TABLES = {"zone", "late", "deadlines", "extensions"}
LATE = {"percent_per_day", "grace_minutes", "last_day"}


@dataclass(frozen=True)
class Late:
    """What is known of the time of one submission.

    Attributes
    ----------
    handed_in : str
        In the course's time zone; empty if nothing was handed in.
    days : int
        Days late, begun ones included.
    penalty : float
        Points that are lost, at most all of the lab.
    """

    handed_in: str = ""
    days: int = 0
    penalty: float = 0


@dataclass(frozen=True)
class Policy:
    """Deadlines of a course and what lateness costs.

    Attributes
    ----------
    deadlines : mapping
        Of each lab; a lab without one is never late.
    extensions : mapping
        Later deadlines of single students, by id and lab.
    percent, grace, last_day
        What a day costs, the time that costs nothing, and the day after
        which everything is lost; None means that there is none.
    """

    deadlines: Mapping[str, datetime.datetime] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, datetime.datetime]] = field(
        default_factory=dict
    )
    zone: datetime.tzinfo = datetime.UTC
    percent: float = 0
    grace: datetime.timedelta = datetime.timedelta()
    last_day: int | None = None

    def judge(
        self, lab: str, student: str, seconds: float | None, most: float
    ) -> Late:
        """Say how late a submission was and what it loses.

        Parameters
        ----------
        lab, student : str
        seconds : float, optional
            When it was handed in, since 1970; None if it was not.
        most : float
            Points of the lab.
        """
        if seconds is None:
            return Late()
        when = datetime.datetime.fromtimestamp(seconds, self.zone)
        told = when.isoformat(" ", "minutes")
        due = self.extensions.get(student, {}).get(
            lab, self.deadlines.get(lab)
        )
        if due is None or when <= due + self.grace:
            return Late(told)
        days = math.ceil((when - due) / DAY)
        share = min(days * self.percent / 100, 1)
        if self.last_day is not None and days > self.last_day:
            share = 1
        return Late(told, days, round(share * most, 2))


def read(path: Path, labs: set[str]) -> Policy:
    """Read the file of a course.

    Raises
    ------
    ValueError
        If a key, lab or value is none that is known; the text names it.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from None
    late = found.get("late", {})
    _demand_known(path, "", found, TABLES)
    _demand_known(path, "late.", late, LATE)
    zone = _zone(path, found.get("zone", "UTC"))
    dates = {"deadlines": found.get("deadlines", {})}
    dates |= {
        f"extensions.{name}": given
        for name, given in found.get("extensions", {}).items()
    }
    for table, given in dates.items():
        _demand_known(path, f"{table}.", given, labs)
    times = {
        table: {lab: _time(path, lab, v, zone) for lab, v in given.items()}
        for table, given in dates.items()
    }
    last = late.get("last_day")
    return Policy(
        times.pop("deadlines"),
        {name.partition(".")[2]: given for name, given in times.items()},
        zone,
        _number(path, late, "percent_per_day", 100),
        datetime.timedelta(
            minutes=_number(path, late, "grace_minutes", math.inf)
        ),
        None if last is None else _number(path, late, "last_day", math.inf),
    )


def _demand_known(path: Path, table: str, found: object, known: set) -> None:
    if not isinstance(found, dict):
        raise ValueError(f"{path}: {table[:-1]} is no table.")
    unknown = sorted(found.keys() - known)
    if unknown:
        raise ValueError(
            f"{path}: {table}{unknown[0]} is unknown; there are "
            f"{', '.join(sorted(known))}."
        )


def _zone(path: Path, name: object) -> datetime.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError):
        raise ValueError(
            f"{path}: {name!r} is no time zone, such as Europe/Berlin."
        ) from None


def _number(path: Path, late: dict, key: str, most: float) -> float:
    value = late.get(key, 0)
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise ValueError(f"{path}: late.{key} is no number from 0: {value!r}.")
    return value


def _time(
    path: Path, lab: str, value: object, zone: datetime.tzinfo
) -> datetime.datetime:
    """Return a deadline; a date is its last moment."""
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, datetime.date):
        last = datetime.datetime.combine(value, datetime.time.max)
        return last.replace(tzinfo=zone)
    raise ValueError(
        f"{path}: the deadline of {lab} is a date or a date with a time, as "
        f"2026-10-26 or 2026-10-26T18:00:00, and no {value!r}."
    )


# -- when something was handed in -------------------------------------------


def times(path: Path) -> dict[tuple[str, str], float]:
    """Return the seconds since 1970 by student and lab, from a CSV file.

    The columns are student, lab, time: as `servers/hub/collect.py` and many
    learning platforms write it, ISO 8601. A time without a zone is UTC.

    Raises
    ------
    ValueError
        If a line has no such time.
    """
    found = {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if not row or (number == 1 and row[0].lower() == "student"):
                continue
            try:
                student, lab, text = (word.strip() for word in row)
                when = datetime.datetime.fromisoformat(text)
            except ValueError:
                raise ValueError(
                    f"{path}, line {number}: student, lab and a time as "
                    f"2026-10-26T18:00:00+01:00 are due, not {row}."
                ) from None
            if when.tzinfo is None:
                when = when.replace(tzinfo=datetime.UTC)
            found[student, lab] = when.timestamp()
    return found
