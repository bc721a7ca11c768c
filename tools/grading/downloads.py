"""Unpack what Moodle and Canvas download: whose file it is, and of which lab.

Moodle makes a folder a student, ``Ada Lovelace_12345_assignsubmission_file_``
(or, by a setting, files whose names begin so); Canvas makes files
``lovelaceada_12345_67890_cnn-student.ipynb``, with ``LATE_`` before the
numbers of late ones. Folders named by ids, packed, are read too, and so is
such an archive that a browser has unpacked by itself.

Only bytes of notebooks are written, under names that we choose. An archive
that is damaged or far too large stops everything: nobody gets 0 points for it.
"""

import contextlib
import os
import re
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.grading import exports, submissions
from tools.grading.submissions import LARGEST, Person, named_like

MOODLE = re.compile(
    r"(?P<who>[^_]+)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)",
    re.DOTALL,
)
CANVAS = re.compile(
    r"(?:(?P<who>\w+?)_)??(?P<late>LATE_)?(?P<number>\d+|anon_[^\W_]+)_"
    r"(?P<upload>\d+)_(?P<file>.+)",
    re.DOTALL,
)
AGAIN = re.compile(r"-\d+(?=\.ipynb$)")  # Canvas, when a name is taken
JUNK = re.compile(r"__MACOSX|\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
UTF8 = 0x800  # the flag of an entry whose name is UTF-8
ENTRIES = 50_000  # of one archive
TOTAL = 2 * 2**30  # bytes of all notebooks
TOLD = 5  # names in one message


class DownloadError(ValueError):
    """An archive that is not unpacked; the text says why and what helps."""


@dataclass(frozen=True)
class Entry:
    """A file of an archive, or of one that is unpacked already."""

    parts: tuple[str, ...]
    date: tuple
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Sent:
    """A file that somebody handed in, as the platform names both.

    Attributes
    ----------
    who, number : str
        The student's name and number there; either may be empty.
    order : tuple
        Larger for what counts if there are several.
    """

    platform: str
    archive: str
    who: str
    number: str
    file: str
    late: bool
    order: tuple
    read: Callable[[], bytes]

    @property
    def owner(self) -> tuple[str, ...]:
        """What tells students of one archive apart."""
        return self.archive, self.who, self.number


# -- reading ------------------------------------------------------------------


def is_download(place: Path) -> bool:
    """Whether this is an archive, or a folder of archives or unpacked ones.

    A folder with a folder a student, named by ids, is none.
    """
    if not place.is_dir():
        return place.is_file()
    entries = list(place.iterdir())
    folders = [e.name for e in entries if e.is_dir() and not _is_junk(e.name)]
    if folders:
        return any(map(MOODLE.fullmatch, folders))
    files = [e.name for e in entries if e.is_file()]
    return any(
        CANVAS.fullmatch(name)
        or MOODLE.fullmatch(name)
        or name.lower().endswith(".zip")
        for name in files
    )


def _is_junk(name: str) -> bool:
    return bool(JUNK.fullmatch(name)) and not MOODLE.fullmatch(name)


def sent(place: Path) -> Iterator[Sent]:
    """Yield all files of a download that belong to somebody.

    Raises
    ------
    DownloadError
        If an archive cannot be read, or nothing in it is anybody's.
    """
    archives = [place]
    if place.is_dir():
        packed = [p for p in place.iterdir() if p.suffix.lower() == ".zip"]
        archives = sorted(packed) or [place]
    for path in archives:
        entries = _of_folder(path) if path.is_dir() else _of_archive(path)
        entries = [e for e in entries if not any(map(_is_junk, e.parts))]
        when = 0 if path.is_dir() else path.stat().st_mtime
        found = list(filter(None, (_owned(path, e, when) for e in entries)))
        if not found:  # by ids, as we document it
            found = [_plain(path, e, when) for e in entries if e.parts[1:]]
        if not found:
            raise DownloadError(
                f"{path} holds no submissions: neither Moodle's folders "
                "NAME_12345_assignsubmission_file_, nor Canvas' files "
                "name_12345_67890_FILE.ipynb, nor a folder a student."
            )
        yield from found


def _of_folder(folder: Path) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            parts = path.relative_to(folder).parts
            yield Entry(
                tuple(map(_text, parts)),
                (status.st_mtime,),
                lambda p=path: _file(p),
            )


def _file(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(fd, "rb") as file:
        return file.read(LARGEST + 1)


def _of_archive(path: Path) -> Iterator[Entry]:
    try:
        archive = zipfile.ZipFile(path)  # closed with the last entry
        infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise DownloadError(
            f"{path} is no whole zip file ({error}): download it again."
        ) from None
    if len(infos) > ENTRIES:
        raise DownloadError(
            f"{path} holds {len(infos)} files; at most {ENTRIES} are read."
        )
    for info in infos:
        found = re.split(r"[/\\]", _name(info))
        parts = tuple(p for p in found if p not in ("", ".", ".."))
        yield Entry(
            parts or ("_",),
            info.date_time,
            lambda i=info: _unpacked(path, archive, i),
        )


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; some programs write UTF-8 and do not say so."""
    name = info.filename
    if not info.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return _text(name)


def _text(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _unpacked(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo
) -> bytes:
    """Return an entry's bytes, at most one more than a notebook may have."""
    if info.compress_type not in PACKED:
        raise DownloadError(f"{path}: {info.filename!r} is packed oddly.")
    try:
        with archive.open(info) as file:
            return file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise DownloadError(
            f"{path}: {info.filename!r} cannot be unpacked ({error}). "
            "Download the archive again."
        ) from None


def _owned(path: Path, entry: Entry, when: float) -> Sent | None:
    """Return whose an entry is if it is named by Moodle or Canvas."""
    for place, part in enumerate(entry.parts):
        if match := MOODLE.fullmatch(part):
            last = place == len(entry.parts) - 1
            file = match["file"] if last else entry.parts[-1]
            who, number = match["who"], match["number"]
            order = when, 0, entry.date
            break
    else:
        match = CANVAS.fullmatch(entry.parts[-1])
        if match is None:
            return None
        file, who, number = match["file"], match["who"] or "", match["number"]
        order = when, int(match["upload"]), entry.date
    late = bool(match.groupdict().get("late"))
    kind = "Moodle" if match.re is MOODLE else "Canvas"
    return Sent(kind, path.name, who, number, file, late, order, entry.read)


def _plain(path: Path, entry: Entry, when: float) -> Sent:
    who, file = entry.parts[-2:]
    order = when, 0, entry.date
    return Sent("", path.name, who, "", file, False, order, entry.read)


# -- who is who ---------------------------------------------------------------


def spelled(name: str) -> str:
    """Return the letters and digits of a name without accents and case."""
    text = unicodedata.normalize("NFKD", name).casefold()
    return "".join(filter(str.isalnum, text))


def _spellings(name: str) -> set[str]:
    """Return how platforms may write a name: either end of it first."""
    words = name.replace(",", " ").split()
    turned = (words[n:] + words[:n] for n in range(len(words)))
    return {spelled("".join(found)) for found in turned} - {""}


class Roster:
    """All students of a course, to be found by names and numbers."""

    def __init__(self, people: Iterable[Person]):
        self.people = list(people)
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = defaultdict(set)
        for person in self.people:
            for text in (person.id, *person.others):
                self._ids[text.casefold()].add(person.id)
            for text in _spellings(person.name):
                self._names[text].add(person.id)

    def find(self, who: str, number: str) -> set[str]:
        """Return the ids that may be meant; one if it is certain.

        Moodle may write the name of a group before that of the student.
        """
        if number and (found := self._ids.get(number.casefold())):
            return found
        if not number and (found := self._ids.get(who.casefold())):
            return found
        parts = who.split("-")
        for start in range(len(parts)):
            name = spelled("".join(parts[start:]))
            if found := self._names.get(name):
                return found
        return set()


def owners(files: list[Sent], roster: Roster) -> tuple[dict, list[str]]:
    """Return the id of each owner, and what a teacher should know of them.

    Two owners of one archive never share an id: both keep the names and
    numbers that the platform gives them.
    """
    told, ids = [], {}
    apart = {f.owner: f for f in files}
    found = {key: roster.find(f.who, f.number) for key, f in apart.items()}
    claims = Counter(
        (key[0], *ids) for key, ids in found.items() if len(ids) == 1
    )
    for key, file in apart.items():
        match = found[key]
        if len(match) == 1 and claims[key[0], *match] == 1:
            ids[key] = next(iter(match))
            continue
        ids[key] = _own_name(file, apart, bool(roster.people))
        if match:
            meant = " or ".join(sorted(match))
            told.append(
                f"{file.archive}: {ids[key]} may be {meant}, but so may "
                "another one. Put the number into a further column of the "
                "roster."
            )
    return ids, told


def _own_name(file: Sent, apart: dict, known: bool) -> str:
    """Return a folder's name for somebody who is in no roster.

    It has the number where a name alone may be that of another student.
    """
    if file.platform == "Canvas" and not known:
        return file.number  # the gradebook of Canvas has it
    same = [k for k in apart if k[0] == file.archive and k[1] == file.who]
    name = file.who
    if file.number and (known or len(same) > 1):
        name = f"{file.who} ({file.number})".strip()
    return name


# -- writing ------------------------------------------------------------------


def lab_of(file: Sent, labs: set[str], chosen: str | None) -> str | None:
    """Return which lab a file is: by its name, by choice, by the archive."""
    for name in (file.file, AGAIN.sub("", file.file)):
        for lab in labs:
            if named_like(lab, [name]):
                return lab
    if not file.file.lower().endswith(".ipynb"):
        return None
    return chosen or exports.lab_in(Path(file.archive).stem, labs)


def unpack(
    place: Path,
    out: Path,
    labs: set[str],
    people: Iterable[Person] = (),
    chosen: str | None = None,
) -> list[str]:
    """Write a download as a folder a student; return what came of it.

    Parameters
    ----------
    place : Path
        An archive, or a folder of archives.
    out : Path
        The folder to write; what is there is replaced.
    labs : set of str
        Names of labs.
    people : iterable of Person
        Students of the course; without them, names of the platform are ids.
    chosen : str, optional
        The lab of notebooks whose names tell none.

    Raises
    ------
    DownloadError
        If it cannot be read as a whole, or a student's id is no folder.
    """
    roster = Roster(people)
    files = list(sent(place))
    ids, told = owners(files, roster)
    fresh = out.with_name(f"{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    found: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    others: dict[str, list[Sent]] = defaultdict(list)
    for file in files:
        student, lab = ids[file.owner], lab_of(file, labs, chosen)
        if lab:
            found[student, lab].append(file)
        else:
            others[student].append(file)
    left = TOTAL
    for (student, lab), several in found.items():
        several.sort(key=lambda f: _rank(f, labs))
        left -= _write(fresh, student, f"{lab}.ipynb", several[-1].read())
        if left < 0:
            raise DownloadError(f"{place} unpacks to more than {TOTAL} bytes.")
        if several[1:]:
            names = ", ".join(repr(f.file) for f in several[:-1])
            told.append(
                f"{student}: {several[-1].file!r} counts, not {names}."
            )
    for student, several in others.items():
        for file in several:  # so that the grades can name it
            _write(fresh, student, _cleaned(file.file), b"")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return [*_summary(files, ids, roster), *told]


def _rank(file: Sent, labs: set[str]) -> tuple:
    """Order several files for one lab; the last one counts."""
    named = any(named_like(lab, [file.file]) for lab in labs)
    copy = re.search(r"(\d+)\D*$", Path(file.file).stem)
    when, upload, date = file.order
    return when, named, upload, date, int(copy[1]) if copy else 0


def _cleaned(name: str) -> str:
    """Return an empty file's name that nobody takes for a notebook of a lab.

    It says what was handed in; letters that a path may mean are gone.
    """
    kept = re.sub(r"[^\w .()+-]|^\.", "_", name)[-80:]
    while len(kept.encode()) > submissions.BYTES:
        kept = kept[1:]
    return re.sub(r"^\.", "_", kept) or "_"


def _write(folder: Path, student: str, name: str, content: bytes) -> int:
    place = folder / _checked(student)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(place / name, "wb") as file:
        if len(content) <= LARGEST:
            file.write(content)
        else:
            file.truncate(LARGEST + 1)  # refused by its size when graded
    return len(content)


def _checked(student: str) -> str:
    """Return an id that is one folder's name, or refuse it."""
    student = "".join(c if c.isprintable() else "_" for c in student)
    if "/" in student or student in ("", ".", ".."):
        raise DownloadError(f"{student!r} cannot be the name of a folder.")
    if student.startswith("."):
        student = f"_{student}"
    try:
        submissions.check_id(student)
    except submissions.Refused:
        return student[: submissions.BYTES // 4]
    return student


def _summary(files: list[Sent], ids: dict, roster: Roster) -> Iterator[str]:
    known = {person.id for person in roster.people}
    for archive in dict.fromkeys(f.archive for f in files):
        here = [f for f in files if f.archive == archive]
        students = {ids[f.owner] for f in here}
        kinds = " and ".join(sorted({f.platform for f in here} - {""}))
        text = f"{archive}: {len(students)} students"
        text += f" of {kinds}" if kinds else ""
        if known:
            text += f", {len(students & known)} of them in the roster"
        yield f"{text}."
    late = sorted({ids[f.owner] for f in files if f.late})
    if late:
        more = f" and {len(late) - TOLD} more" if late[TOLD:] else ""
        yield (
            f"Canvas marks as late: {', '.join(late[:TOLD])}{more}. Nothing "
            "was subtracted."
        )
    if known:
        strangers = sorted(set(ids.values()) - known)
        for name in strangers[:TOLD]:
            yield f"{name} is not in the roster: see the file and the name."


def people_of(paths: Iterable[Path]) -> list[Person]:
    """Return the students of gradebooks; one that is none has nobody.

    The gradebook is filled in later, and that tells what is wrong with it.
    """
    found = []
    for path in paths:
        try:
            found += exports.people(path)
        except (exports.ExportError, OSError, UnicodeDecodeError):
            continue
    return list({p.id: p for p in found}.values())
