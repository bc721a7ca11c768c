"""Fill in the gradebook file of Moodle or Canvas, to be imported there.

Both import what they have exported. So a teacher exports the gradebook, we
write the points into the columns of the labs, and leave everything else as it
is: names, numbers of assignments, the row of possible points.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.grading import report
from tools.grading.grade import is_graded
from tools.grading.submissions import NOTHING, Person

# Columns that may hold a student's id, as each platform heads them.
PLATFORMS = {
    "Canvas": ("SIS Login ID", "SIS User ID", "ID", "Integration ID"),
    "Moodle": ("Username", "ID number", "Email address"),
}
# Columns of a student's name, in the order in which it is written.
NAMES = {
    "Canvas": {"student"},
    "Moodle": {"first name", "last name", "surname", "full name"},
}
EMPTY = ("", "-")
TEST = "Student, Test"  # whom Canvas adds to every course
# In front of the first student Canvas has a row of possible points.
POSSIBLE = "points possible"
KIND = re.compile(r"\s*\((real|\d+)\)\s*$", re.IGNORECASE)
OTHER_KIND = re.compile(r"\((letter|percentage|feedback)\)\s*$", re.IGNORECASE)


class ExportError(ValueError):
    """The file is no gradebook that we know; the text says what is missing."""


@dataclass(frozen=True)
class Filled:
    """A gradebook with points.

    Attributes
    ----------
    platform : str
    text : str
        The file.
    labs : dict of str to str
        The labs that were found, and the heads of their columns.
    missing : list of str
        Students of ours who are not in it.
    """

    platform: str
    text: str
    labs: dict[str, str]
    missing: list[str]


def fill(path: Path, results: list[dict]) -> Filled:
    """Write the points of all graded results into a gradebook.

    Where nothing was handed in, points that stand there already are kept:
    the work may have come in another way.

    Raises
    ------
    ExportError
        If the file is no export of Moodle or Canvas, has no column for any
        lab, or several for one.
    """
    separator, rows, heads = _read(path)
    platform, places = _platform(path, heads)
    columns = _columns(path, heads, set(report.by_lab(results)))
    owners = _owners(rows, places)
    missing = set()
    for result in filter(is_graded, results):
        number = owners.get(result["student"].casefold())
        if number is None:
            missing.add(result["student"])
        elif result["lab"] in columns:
            row, place = rows[number], columns[result["lab"]]
            row += [""] * (len(heads) - len(row))
            if result.get("note") != NOTHING or row[place].strip() in EMPTY:
                row[place] = f"{report.total(result):g}"
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\n")
    writer.writerows(rows)
    labs = {lab: heads[place] for lab, place in columns.items()}
    return Filled(platform, file.getvalue(), labs, sorted(missing))


def people(path: Path) -> list[Person]:
    """Return the students of a gradebook; the first id that is there counts.

    Raises
    ------
    ExportError
        If the file is no export of Moodle or Canvas.
    """
    _, rows, heads = _read(path)
    platform, places = _platform(path, heads)
    lowered = [head.casefold() for head in heads]
    order = [head.casefold() for head in PLATFORMS[platform]]
    places.sort(key=lambda place: order.index(lowered[place]))
    written = [n for n, head in enumerate(lowered) if head in NAMES[platform]]
    found = []
    for row in rows[1:]:
        if not row or POSSIBLE in row[0].casefold() or row[0] == TEST:
            continue
        cells = [cell.strip() for cell in row] + [""] * len(heads)
        ids = [cells[place] for place in places if cells[place]]
        name = " ".join(cells[place] for place in written)
        if ids:
            found.append(Person(ids[0], name, tuple(ids[1:])))
    return found


def lab_in(text: str, labs: Iterable[str]) -> str | None:
    """Return the longest name of a lab that stands in a text as words."""
    words = _words(text)
    matching = [lab for lab in labs if _words(lab) in words]
    return max(matching, key=len, default=None)


def _read(path: Path) -> tuple[str, list[list[str]], list[str]]:
    """Return the separator, the rows and the heads of a gradebook."""
    text = path.read_text(encoding="utf-8-sig")
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    heads = [head.strip() for head in rows[0]] if rows else []
    return separator, rows, heads


def _platform(path: Path, heads: list[str]) -> tuple[str, list[int]]:
    lowered = [head.casefold() for head in heads]
    for name, ids in PLATFORMS.items():
        wanted = {head.casefold() for head in ids}
        places = [n for n, head in enumerate(lowered) if head in wanted]
        if places and (name != "Canvas" or "section" in lowered):
            return name, places
    raise ExportError(
        f"{path} is no gradebook of Canvas (columns Student, ID, SIS Login "
        "ID, Section) or Moodle (ID number, Email address or Username)."
    )


def _columns(path: Path, heads: list[str], labs: set[str]) -> dict[str, int]:
    """Return the place of each lab's column.

    A head is that of the longest name which stands in it as whole words.
    """
    found: dict[str, int] = {}
    for place, head in enumerate(heads):
        lab = lab_in(KIND.sub("", head), labs)
        if lab is None or OTHER_KIND.search(head):
            continue
        if lab in found:
            raise ExportError(
                f"{path}: {heads[found[lab]]!r} and {head!r} both name the "
                f"lab {lab}. Take one of them out."
            )
        found[lab] = place
    if not found:
        raise ExportError(
            f"{path} has no column that names one of the labs: "
            f"{', '.join(sorted(labs))}. Make the assignment there first, "
            "then export again."
        )
    return found


def _words(text: str) -> str:
    words = re.findall(r"[^\W_]+", text.casefold())
    return f" {' '.join(words)} "


def _owners(rows: list[list[str]], places: list[int]) -> dict[str, int]:
    """Return the number of each student's row by all of the ids in it."""
    owners = {}
    for number, row in enumerate(rows[1:], start=1):
        if row and POSSIBLE in row[0].casefold():
            continue
        for place in places:
            value = row[place].strip() if place < len(row) else ""
            if value:
                owners.setdefault(value.casefold(), number)
    return owners
