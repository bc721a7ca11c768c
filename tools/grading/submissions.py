"""Find submissions and read their bytes; never parse or follow anything."""

import csv
import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from tools import labs

LARGEST = 5 * 2**20  # bytes
LONGEST = 100  # characters of a student's id
BYTES = 200  # of it as a file name, of which systems allow 255
# What browsers and file managers make of a name when it is taken.
COPY = r"( ?\(\d+\)| - Copy| copy( \d+)?|-Copy\d+)?"
NOTHING = "Nothing was handed in."
FILES = 1000  # names of a folder that are looked at


class Refused(ValueError):
    """A submission that is not read; the text is its grade's reason."""


@dataclass(frozen=True)
class Lab:
    """A lab as the instructor wrote it.

    Attributes
    ----------
    name : str
    source : bytes
        The notebook with solutions and hidden checks.
    checks, manual : dict of str to float
        Points of each check, and of each answer that a person reads.
    code : str
        Source of all code cells.
    """

    name: str
    source: bytes
    checks: dict[str, float]
    manual: dict[str, float]
    code: str

    @property
    def needs_keras(self) -> bool:
        """Whether a cell of the lab speaks of Keras."""
        return "keras" in self.code or "tensorflow" in self.code


def read_lab(path: Path) -> Lab:
    """Read a lab of the book, or another one in its format."""
    nb = labs.read(path)
    checks = [c for c in nb.cells if labs.is_check(c)]
    hand = [c for c in nb.cells if labs.is_answer(c)]
    hand = [c for c in hand if c.metadata.nbgrader.grade]
    return Lab(
        path.stem,
        path.read_bytes(),
        *(
            {
                c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
                for c in x
            }
            for x in (checks, hand)
        ),
        "\n".join(c.source for c in nb.cells if c.cell_type == "code"),
    )


@dataclass(frozen=True)
class Person:
    """A student: the id, which is the name of the folder, and the name.

    Attributes
    ----------
    others : tuple of str
        Other ids and numbers, as learning platforms give them.
    """

    id: str
    name: str = ""
    others: tuple[str, ...] = ()


def roster(path: Path) -> list[Person]:
    """Return all students of a course.

    Parameters
    ----------
    path : Path
        A CSV file: the id, which is the name of the folder, and then, if
        there is one, the student's name, and numbers that learning platforms
        give the student. A first line whose id is ``id`` or ``student`` is
        its heading.

    Raises
    ------
    ValueError
        If an id stands twice or no line has one.
    """
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [[w.strip() for w in row] for row in csv.reader(file) if row]
    if rows and rows[0][0].lower() in ("id", "student"):
        rows = rows[1:]
    rows = [row for row in rows if row[0]]
    found = [
        Person(row[0], " ".join(row[1:2]), tuple(filter(None, row[2:])))
        for row in rows
    ]
    ids = {person.id for person in found}
    if not ids or len(ids) < len(rows):
        raise ValueError(
            f"{path}: a line a student, and each id once; found {len(rows)} "
            f"lines and {len(ids)} ids."
        )
    return found


def students(folder: Path) -> list[str]:
    """Return the names of all folders, sorted.

    Raises
    ------
    NotADirectoryError
        If `folder` is no folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(
            f"Submissions lie in a folder, a folder a student, but {folder} "
            "is none."
        )
    with os.scandir(folder) as entries:
        found = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    return sorted(name for name in found if not name.startswith("."))


def check_id(student: str) -> None:
    """Refuse a name that is no safe folder name everywhere.

    Raises
    ------
    Refused
    """
    size = len(student.encode(errors="surrogateescape"))
    if len(student) > LONGEST or size > BYTES or not student.isprintable():
        raise Refused(
            f"The folder's name must be printable and at most {LONGEST} "
            f"characters and {BYTES} bytes long."
        )


def shown(student: str) -> str:
    """Return a folder's name, with escapes for what cannot be printed."""
    return student if student.isprintable() else repr(student)[1:-1]


def names(lab: str) -> tuple[str, str]:
    """Return the file names under which a lab is submitted."""
    return f"{lab}.ipynb", f"{lab}-student.ipynb"


def named_like(lab: str, files: list[str]) -> list[str]:
    """Return the files that a lab may be, as ``cnn-student (1).ipynb``."""
    pattern = f"{re.escape(lab)}(-student)?{COPY}\\.ipynb"
    return sorted(f for f in files if re.fullmatch(pattern, f, re.IGNORECASE))


def has_notebook(folder: Path, student: str, lab: str) -> bool:
    """Whether something lies where the notebook is expected."""
    try:
        return bool(named_like(lab, _listed(folder / student)))
    except (OSError, ValueError):  # a roster may hold anything
        return False


def _listed(place: Path | int) -> list[str]:
    with os.scandir(place) as entries:
        return sorted(e.name for e in islice(entries, FILES))


def read(folder: Path, student: str, lab: str) -> bytes:
    """Return the bytes of a submitted notebook.

    Raises
    ------
    Refused
        If there is none, or if it is no plain file of its own.
    """
    check_id(student)
    try:
        place = os.open(folder / student, os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Refused(NOTHING) from None
    try:
        return _read(_chosen(lab, _listed(place)), place)
    finally:
        os.close(place)


def handed_in(folder: Path, student: str, lab: str) -> float | None:
    """Return when the file of a submission was last changed, as it says.

    Whoever made the file could choose this time, and some programs that
    unpack archives set it to their own.

    Returns
    -------
    float or None
        Seconds since 1970; None if there is no such file.
    """
    try:
        place = os.open(folder / student, os.O_DIRECTORY | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return None
    try:
        name = _chosen(lab, _listed(place))
        return os.stat(name, dir_fd=place, follow_symlinks=False).st_mtime
    except (OSError, Refused):
        return None
    finally:
        os.close(place)


def _chosen(lab: str, files: list[str]) -> str:
    """Return the one file that is the lab; names are told as they are."""
    found = named_like(lab, files)
    if len(found) > 1:
        told = " and ".join(map(shown, found[:3]))
        raise Refused(f"{_count(len(found))} notebooks, {told}: leave one.")
    if not found:
        others = [shown(f)[:80] for f in files if not f.startswith(".")]
        told = f" There is {', '.join(others[:3])}." if others else ""
        raise Refused(
            f"No notebook: {' or '.join(names(lab))} is missing.{told}"
        )
    return found[0]


def _count(number: int) -> str:
    return {2: "Two", 3: "Three"}.get(number, str(number))


def _read(name: str, place: int) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(name, flags, dir_fd=place)
    except OSError:
        raise Refused(f"{name} is a link or cannot be read.") from None
    try:
        _demand_plain(name, os.fstat(fd))
        with open(fd, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(fd)


def _demand_plain(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise Refused(f"{name} is a link or no plain file.")
    if status.st_size > LARGEST:
        raise Refused(
            f"{name} has {status.st_size} bytes; at most {LARGEST} are read. "
            "Clear its outputs and submit again."
        )


def key(version: str, lab: Lab, student: str, notebook: bytes) -> str:
    """Return the name of the result of one submission."""
    name = student.encode(errors="surrogateescape")
    parts = version.encode(), name, lab.source, notebook
    whole = b"".join(sha256(part).digest() for part in parts)
    return sha256(whole).hexdigest()[:32]
