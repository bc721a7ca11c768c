"""What Moodle and Canvas download, imitated: unpacked, matched, graded.

Names of folders and files are made as both platforms make them, by the source
that each has published; neither platform runs here.
"""

import csv
import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import attacks
import nbformat
import pytest

from tools.grading import downloads, exports, submissions
from tools.grading.submissions import Person
from tools.notebooks import ROOT, write

LABS = {"cnn", "string_topology", "tiny"}
NOON = (2026, 10, 26, 12, 0, 0)


def pack(path: Path, files: dict, date: tuple = NOON) -> Path:
    """Make an archive of files by their names, or by `ZipInfo`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            info = name
            if isinstance(name, str):
                info = zipfile.ZipInfo(name, date)
                info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


def moodle(who: str, number: int, file: str) -> str:
    return f"{who}_{number}_assignsubmission_file_/{file}"


def unpacked(place: Path, *people: Person, chosen=None):
    """Return the files of an unpacked download, and what was told."""
    out = place.parent / "unpacked"
    told = downloads.unpack(place, out, LABS, people, chosen)
    found = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }
    return found, "\n".join(told)


ADA = Person("al815", "Ada Lovelace")
EMILE = Person("ec22", "Émilie du Châtelet")
ZOE = Person("zm1", "Zoë Müller-Weiß", ("777",))


# -- the two platforms --------------------------------------------------------


def test_moodle_s_folders_are_matched_by_names(tmp_path):
    """With a group, umlauts taken apart as macOS does, and Moodle's files."""
    files = {
        moodle("Ada Lovelace", 12345, "cnn-student.ipynb"): "ada",
        moodle("Group A-E\u0301milie du Cha\u0302telet", 9, "cnn.ipynb"): "e",
        "Zoë Müller-Weiß_31_assignsubmission_file_cnn (2).ipynb": "zoe",
        "Zoë Müller-Weiß_31_assignsubmission_onlinetext_/on.html": "text",
        "__MACOSX/" + moodle("Ada Lovelace", 12345, "._cnn.ipynb"): "junk",
    }
    place = pack(tmp_path / "CS-Lab-77.zip", files)
    found, told = unpacked(place, ADA, EMILE, ZOE)
    assert found == {
        "al815/cnn.ipynb": b"ada",
        "ec22/cnn.ipynb": b"e",
        "zm1/cnn.ipynb": b"zoe",
        "zm1/on.html": b"",
    }
    assert told == (
        "CS-Lab-77.zip: 3 students of Moodle, 3 of them in the roster."
    )


def test_canvas_files_are_matched_by_numbers_and_names(tmp_path):
    files = {
        "lovelaceada_101_5001_cnn-student.ipynb": "ada",
        "duchâteletémilie_LATE_102_5002_cnn-student-1.ipynb": "late",
        "anewname_777_5003_cnn.ipynb": "zoe",
        "curiemarie_104_5004_lab.pdf": "pdf",
    }
    place = pack(tmp_path / "cs-cnn_submissions.zip", files)
    found, told = unpacked(place, ADA, EMILE, ZOE)
    assert found == {
        "al815/cnn.ipynb": b"ada",
        "ec22/cnn.ipynb": b"late",
        "zm1/cnn.ipynb": b"zoe",
        "curiemarie (104)/lab.pdf": b"",
    }
    assert "4 students of Canvas, 3 of them in the roster" in told
    assert "late: ec22. Nothing was subtracted" in told
    assert "curiemarie (104) is not in the roster" in told


def test_without_a_roster_the_platform_s_own_names_are_ids(tmp_path):
    """Canvas' number stands in its gradebook; anonymous ones have letters."""
    files = {
        "lovelaceada_101_5001_cnn.ipynb": "a",
        "LATE_anon_Xy9Qz_5002_cnn.ipynb": "b",
    }
    found, told = unpacked(pack(tmp_path / "c.zip", files))
    assert set(found) == {"101/cnn.ipynb", "anon_Xy9Qz/cnn.ipynb"}
    files = {
        moodle("Max Muster", 1, "cnn.ipynb"): "one",
        moodle("Max Muster", 2, "cnn.ipynb"): "two",
        moodle("Ada", 3, "cnn.ipynb"): "ada",
    }
    found, _ = unpacked(pack(tmp_path / "m.zip", files))
    assert found == {
        "Max Muster (1)/cnn.ipynb": b"one",
        "Max Muster (2)/cnn.ipynb": b"two",
        "Ada/cnn.ipynb": b"ada",
    }


def test_an_archive_of_folders_by_ids_is_read_too(tmp_path):
    files = {"hand-ins/al815/cnn.ipynb": "a", "hand-ins/zm1/lab.txt": "b"}
    found, _ = unpacked(pack(tmp_path / "x.zip", files), ADA, ZOE)
    assert found == {"al815/cnn.ipynb": b"a", "zm1/lab.txt": b""}


def test_an_archive_that_a_browser_has_unpacked_is_one(tmp_path):
    place = tmp_path / "down"
    write(attacks.tiny_lab(), place / moodle("Ada Lovelace", 5, "tiny.ipynb"))
    assert downloads.is_download(place)
    found, _ = unpacked(place, ADA)
    assert list(found) == ["al815/tiny.ipynb"]
    (tmp_path / "usual" / "ada").mkdir(parents=True)
    pack(tmp_path / "usual" / "labs.zip", {"a": "b"})
    assert not downloads.is_download(tmp_path / "usual")
    assert not downloads.is_download(tmp_path / "nowhere")


# -- whose is it --------------------------------------------------------------


def test_two_of_one_name_are_never_guessed(tmp_path):
    """Nor is a student who has taken another one's name on the platform."""
    files = {
        moodle("Ada Lovelace", 1, "cnn.ipynb"): "one",
        moodle("Ada Lovelace", 2, "cnn.ipynb"): "two",
        moodle("al815", 3, "cnn.ipynb"): "three",
    }
    place = pack(tmp_path / "m.zip", files)
    found, told = unpacked(place, ADA)
    assert set(found) == {
        "Ada Lovelace (1)/cnn.ipynb",
        "Ada Lovelace (2)/cnn.ipynb",
        "al815 (3)/cnn.ipynb",
    }
    assert "Put the number into a further column" in told
    known = Person("al815", "Ada Lovelace", ("2",))
    other = Person("al816", "Ada Lovelace", ("1",))
    found, _ = unpacked(place, known, other)
    assert found["al815/cnn.ipynb"] == b"two"
    assert found["al816/cnn.ipynb"] == b"one"


def test_one_number_under_two_names_is_nobody_s(tmp_path):
    """Canvas' names may end in an underscore and digits."""
    files = {
        "ben_777_12_34_cnn.ipynb": "forged",
        "müllerweißzoë_777_5003_cnn.ipynb": "zoe",
    }
    found, told = unpacked(pack(tmp_path / "c.zip", files), ZOE)
    assert "zm1/cnn.ipynb" not in found
    assert told.count("may be zm1, but so may another one") == 2


def test_the_later_one_counts(tmp_path):
    down = tmp_path / "down"
    old = pack(down / "a.zip", {"lovelaceada_101_1_cnn.ipynb": "last week"})
    new = {
        "lovelaceada_101_30_cnn (1).ipynb": "second",
        "lovelaceada_101_4_cnn.ipynb": "first",
        "lovelaceada_101_99_scratch.ipynb": "no name of the lab",
        "müllerweißzoë_7_8_cnn.ipynb": "by Canvas",
    }
    pack(down / "cnn.zip", new)
    again = {
        moodle("Émilie du Châtelet", 9, "cnn (2).ipynb"): "copy",
        moodle("Émilie du Châtelet", 9, "cnn.ipynb"): "original",
    }
    pack(down / "m.zip", again)
    for n, path in enumerate((old, down / "cnn.zip", down / "m.zip")):
        os.utime(path, (n, n))
    assert downloads.is_download(down)
    found, told = unpacked(down, ADA, EMILE, ZOE)
    assert found == {
        "al815/cnn.ipynb": b"second",
        "zm1/cnn.ipynb": b"by Canvas",
        "ec22/cnn.ipynb": b"copy",
    }
    assert "al815: 'cnn (1).ipynb' counts, not 'cnn.ipynb', " in told
    assert "ec22: 'cnn (2).ipynb' counts, not 'cnn.ipynb'." in told


@pytest.mark.parametrize(
    ("archive", "file", "chosen", "lab"),
    [
        ("x.zip", "string_topology-student(1).ipynb", None, "string_topology"),
        ("CS1-string topology-9.zip", "lab.ipynb", None, "string_topology"),
        ("cs1-cnn_submissions.zip", "Untitled.ipynb", None, "cnn"),
        ("cs1-cnn_submissions.zip", "Untitled.ipynb", "tiny", "tiny"),
        ("cs1-cnn_submissions.zip", "tiny.ipynb", "cnn", "tiny"),
        ("x.zip", "Untitled.ipynb", None, None),
        ("cnn.zip", "cnn.pdf", None, None),
    ],
)
def test_a_file_s_lab(archive, file, chosen, lab):
    sent = downloads.Sent("", archive, "", "", file, False, (), bytes)
    assert downloads.lab_of(sent, LABS, chosen) == lab


# -- archives that harm -------------------------------------------------------


def test_nothing_is_written_outside(tmp_path):
    files = {
        "../" + moodle("Ada Lovelace", 1, "cnn.ipynb"): "up",
        "..\\" + moodle("Ada Lovelace", 1, "cnn.ipynb"): "up",
        "/" + moodle("Ada Lovelace", 1, "cnn.ipynb"): "root",
        moodle("..", 2, "cnn.ipynb"): "dots",
        moodle("Émilie du Châtelet", 3, "../../../x.ipynb"): "deep",
        moodle("e" * 300, 4, "\x1b[2J\n.pdf"): "long",
        moodle(".hidden", 5, "..cnn.pdf"): "dots",
    }
    link = zipfile.ZipInfo(moodle("Zoë Müller-Weiß", 6, "cnn.ipynb"), NOON)
    link.external_attr = 0o120777 << 16
    place = pack(tmp_path / "in" / "m.zip", files | {link: "/etc/passwd"})
    found, _ = unpacked(place, ADA, EMILE, ZOE)
    assert found["al815/cnn.ipynb"] == b"root"
    assert found["zm1/cnn.ipynb"] == b"/etc/passwd", "text, and no link"
    assert found["_.. (2)/cnn.ipynb"] == b"dots"
    assert found["ec22/x.ipynb"] == b""
    assert "e" * 40 in " ".join(found)
    assert {p.name for p in tmp_path.iterdir()} == {"in"}
    assert {p.name for p in place.parent.iterdir()} == {"m.zip", "unpacked"}
    for name in found:
        submissions.check_id(name.split("/")[0])


def test_a_bomb_costs_its_owner_only(tmp_path, monkeypatch):
    """Two gigabytes in two megabytes would be read to 5 MB; here 20 MB."""
    bomb = b"\0" * (20 * 2**20)
    files = {
        moodle("Ada Lovelace", 1, "cnn.ipynb"): bomb,
        moodle("Zoë Müller-Weiß", 2, "cnn.ipynb"): "small",
    }
    place = pack(tmp_path / "m.zip", files)
    assert place.stat().st_size < 100_000
    found, _ = unpacked(place, ADA, ZOE)
    assert len(found["al815/cnn.ipynb"]) == submissions.LARGEST + 1
    with pytest.raises(submissions.Refused, match="at most"):
        submissions.read(tmp_path / "unpacked", "al815", "cnn")
    assert found["zm1/cnn.ipynb"] == b"small"
    monkeypatch.setattr(downloads, "TOTAL", 2**20)
    with pytest.raises(downloads.DownloadError, match="more than 1048576"):
        unpacked(place, ADA, ZOE)
    monkeypatch.setattr(downloads, "ENTRIES", 1)
    with pytest.raises(downloads.DownloadError, match="2 files; at most 1"):
        unpacked(place, ADA, ZOE)


def damaged(place: Path) -> None:
    data = bytearray(place.read_bytes())
    data[60:90] = b"\xff" * 30
    place.write_bytes(data)


def cut(place: Path) -> None:
    place.write_bytes(place.read_bytes()[:-30])


def encrypted(place: Path) -> None:
    """Set the flag of encryption in both headers."""
    data = bytearray(place.read_bytes())
    second = data.index(b"PK\x01\x02")
    for at in (6, second + 8):
        (flags,) = struct.unpack_from("<H", data, at)
        struct.pack_into("<H", data, at, flags | 1)
    place.write_bytes(data)


@pytest.mark.parametrize("harm", [damaged, cut, encrypted])
def test_a_damaged_archive_stops_before_anybody_gets_nothing(harm, tmp_path):
    files = {"a_1_2_cnn.ipynb": os.urandom(200)}
    place = pack(tmp_path / "c.zip", files)
    unpacked(place)
    before = list((tmp_path / "unpacked").rglob("*"))
    harm(place)
    with pytest.raises(downloads.DownloadError, match=r"again|whole"):
        unpacked(place)
    assert list((tmp_path / "unpacked").rglob("*")) == before


def test_other_packing_is_refused_since_it_unpacks_at_once(tmp_path):
    info = zipfile.ZipInfo("a_1_2_cnn.ipynb", NOON)
    info.compress_type = zipfile.ZIP_LZMA
    with pytest.raises(downloads.DownloadError, match="packed oddly"):
        unpacked(pack(tmp_path / "c.zip", {info: "x"}))


def test_what_holds_no_submissions_is_told(tmp_path):
    with pytest.raises(downloads.DownloadError, match="no submissions"):
        unpacked(pack(tmp_path / "c.zip", {"readme.txt": "x"}))


def test_names_in_utf8_that_do_not_say_so(tmp_path):
    """As programs write them that pack a folder again."""
    name = moodle("Zoë Müller-Weiß", 6, "cnn.ipynb")
    place = pack(tmp_path / "m.zip", {name: "x"})
    data = bytearray(place.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark) + at
        (flags,) = struct.unpack_from("<H", data, start)
        struct.pack_into("<H", data, start, flags & ~downloads.UTF8)
    place.write_bytes(data)
    assert list(unpacked(place, ZOE)[0]) == ["zm1/cnn.ipynb"]


# -- who stands in a gradebook ------------------------------------------------

CANVAS = (
    "Student,ID,SIS Login ID,Section,tiny (8812)\n"
    "    Points Possible,,,,6\n"
    '"Lovelace, Ada",101,ada,A,\n'
    '"Müller-Weiß, Zoë",103,zoe,A,\n'
    '"Curie, Marie",104,marie,A,2\n'
    '"Student, Test",900,,A,\n'
)
MOODLE = (
    "First name;Last name;ID number;Email address;tiny (Real)\n"
    "Ada;Lovelace;;ada@x.org;-\nZoë;Müller-Weiß;z7;zoe@x.org;-\n"
)


def test_a_gradebook_is_a_roster(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text(CANVAS, encoding="utf-8")
    assert exports.people(path) == [
        Person("ada", "Lovelace, Ada", ("101",)),
        Person("zoe", "Müller-Weiß, Zoë", ("103",)),
        Person("marie", "Curie, Marie", ("104",)),
    ]
    path.write_text(MOODLE, encoding="utf-8")
    assert exports.people(path) == [
        Person("ada@x.org", "Ada Lovelace"),
        Person("z7", "Zoë Müller-Weiß", ("zoe@x.org",)),
    ]
    path.write_text("a,b\n1,2\n")
    assert downloads.people_of([path, tmp_path / "missing"]) == []


def test_from_a_download_to_the_import(tmp_path):
    """One command; the totals stand in the copy of the gradebook."""
    right = nbformat.writes(attacks.submission(answers=attacks.RIGHT))
    wrong = nbformat.writes(attacks.submission())
    files = {
        "lovelaceada_LATE_101_51_tiny-student-1.ipynb": right,
        "müllerweißzoë_103_52_Untitled (1).ipynb": wrong,
    }
    pack(tmp_path / "cs-tiny_submissions.zip", files)
    write(attacks.tiny_lab(), tmp_path / "labs" / "tiny.ipynb")
    (tmp_path / "g.csv").write_text(CANVAS, encoding="utf-8")
    (tmp_path / "course.toml").write_text(
        "[late]\npercent_per_day = 50\n[deadlines]\ntiny = 2020-01-01\n"
    )
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tools.grading", "--no-store"),
            "--trust-submissions",
            *("--submissions", tmp_path / "cs-tiny_submissions.zip"),
            *("--labs", tmp_path / "labs", "--out", tmp_path / "out"),
            *("--gradebook", tmp_path / "g.csv"),
            *("--policy", tmp_path / "course.toml"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    text = (tmp_path / "out" / "import-g.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[-1] for row in rows[1:]] == ["6", "5", "0", "2", ""]
    assert "2 students of Canvas, 2 of them in the roster" in run.stdout
    assert "so nobody is late" in run.stdout
    table = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert "Nothing was handed in." in table, "Marie, whose points are kept"
