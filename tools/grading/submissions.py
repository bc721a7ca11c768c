"""Find submissions and read their bytes; never parse or follow anything."""

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tools import labs

LARGEST = 5 * 2**20  # bytes
LONGEST = 100  # characters of a student's id


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
    if len(student) > LONGEST or not student.isprintable():
        raise Refused(
            f"The folder's name must be printable and at most {LONGEST} "
            "characters long."
        )


def shown(student: str) -> str:
    """Return a folder's name, with escapes for what cannot be printed."""
    return student if student.isprintable() else repr(student)[1:-1]


def names(lab: str) -> tuple[str, str]:
    """Return the file names under which a lab may be submitted."""
    return f"{lab}.ipynb", f"{lab}-student.ipynb"


def has_notebook(folder: Path, student: str, lab: str) -> bool:
    """Whether something lies where the notebook is expected."""
    return any(os.path.lexists(folder / student / n) for n in names(lab))


def read(folder: Path, student: str, lab: str) -> bytes:
    """Return the bytes of a submitted notebook.

    Raises
    ------
    Refused
        If there is none, or if it is no plain file of its own.
    """
    check_id(student)
    place = os.open(folder / student, os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = [n for n in names(lab) if _exists(n, place)]
        if not found:
            raise Refused(
                f"No notebook: {' or '.join(names(lab))} is missing."
            )
        if len(found) > 1:
            raise Refused(f"Two notebooks, {' and '.join(found)}: leave one.")
        return _read(found[0], place)
    finally:
        os.close(place)


def _exists(name: str, place: int) -> bool:
    try:
        os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


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
