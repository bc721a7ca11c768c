"""A teacher's term: deadlines, pages for students, reports, other gradebooks.

One class is graded once, through the command that teachers use, with
nbgrader's gradebook; most tests read what came of it.
"""

import csv
import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import attacks
import pytest

from tools.grading import (
    classreport,
    exports,
    feedback,
    policy,
    report,
    submissions,
)
from tools.notebooks import ROOT, write

UTC = datetime.UTC
COURSE = """\
zone = "Europe/Berlin"

[late]
percent_per_day = 20
grace_minutes = 30
last_day = 3

[deadlines]
tiny = 2026-10-26T18:00:00

[extensions.cy]
tiny = 2026-10-30
"""
# Berlin leaves summer time on the day before the deadline: 18:00 is 17:00 UTC.
TIMES = {
    "ada": "2026-10-26T17:25:00+00:00",  # within the grace
    "ben": "2026-10-26T17:31:00+00:00",  # just not
    "cy": "2026-10-30T22:00:00+00:00",  # before the end of that day in Berlin
    "dan": "2026-10-28T17:30:00+00:00",  # the third day has begun
    "eve": "2026-11-05T00:00:00+00:00",  # far too late
}
HALF = attacks.RIGHT + "\ndef norm(x):\n    raise NotImplementedError\n"
WRONG = attacks.RIGHT + "\ndef softmax(x):\n    return x / 2 + 0.5\n"
ANSWERS = {
    "ada": attacks.RIGHT,
    "ben": attacks.RIGHT,
    "cy": HALF,
    "dan": WRONG,
    "eve": attacks.WRONG,
}


def read(path: Path) -> dict[str, dict]:
    text = path.read_text(encoding="utf-8")
    return {row["student"]: row for row in csv.DictReader(text.splitlines())}


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """Grade five students, one of whom is missing in the times."""
    folder = tmp_path_factory.mktemp("term")
    lab = attacks.tiny_lab()
    lab.cells[2].source = lab.cells[2].source.replace(', "overflow"', "")
    write(lab, folder / "labs" / "tiny.ipynb")
    for student, code in ANSWERS.items():
        nb = attacks.submission(answers=code)
        if student in ("ada", "ben"):  # the others left the question out
            nb.cells[-2].source = "Because of the maximum."
        write(nb, folder / "in" / student / "tiny.ipynb")
    rows = [f"{name},tiny,{time}" for name, time in TIMES.items()]
    text = "\n".join(["student,lab,time", *rows])
    (folder / "in" / "times.csv").write_text(text)
    (folder / "course.toml").write_text(COURSE)
    (folder / "roster.csv").write_text("ada,Ada\nzoe,Zoe\n")
    (folder / "canvas.csv").write_text(CANVAS)
    (folder / "broken.csv").write_text("a,b\n1,2\n")
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tools.grading", "--trust-submissions"),
            *("--submissions", folder / "in", "--labs", folder / "labs"),
            *("--out", folder / "out", "--policy", folder / "course.toml"),
            *("--roster", folder / "roster.csv"),
            *("--gradebook", folder / "canvas.csv"),
            *("--gradebook", folder / "broken.csv"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return folder / "out", run


CANVAS = (
    "Student,ID,SIS Login ID,Section,tiny (8812),Essay (7)\n"
    "    Points Possible,,,,6,10\n"
    '"Lovelace, Ada",101,ada,A,,9\n'
    '"B, Ben",102,BEN,A,1,\n'
    '"Nobody, N",103,nobody,B,,3\n'
)


# -- deadlines ----------------------------------------------------------------


def test_late_days_and_penalties_stand_in_the_grades(term):
    rows = read(term[0] / "grades.csv")
    names = "points", "days late", "penalty", "total"
    found = {s: tuple(r[n] for n in names) for s, r in rows.items()}
    assert found == {
        "ada": ("5", "0", "0", "5"),
        "ben": ("5", "1", "1.2", "3.8"),
        "cy": ("3", "0", "0", "3"),
        "dan": ("2", "3", "3.6", "0"),
        "eve": ("0", "10", "6", "0"),
        "zoe": ("0", "0", "0", "0"),
    }
    assert rows["ben"]["handed in"] == "2026-10-26 18:31+01:00"
    assert rows["zoe"]["handed in"] == ""
    ours = read(term[0] / "grades-tiny.csv")
    for student, row in ours.items():
        whole = rows[student]
        assert (row["penalty"], row["total"]) == (
            whole["penalty"],
            whole["total"],
        )


def test_a_day_has_begun_or_not():
    due = datetime.datetime(2026, 10, 26, 18, tzinfo=UTC)
    rules = policy.Policy({"a": due}, percent=10, last_day=7)

    def judge(minutes):
        late = rules.judge("a", "x", due.timestamp() + 60 * minutes, 20)
        return late.days, late.penalty

    day = 24 * 60
    assert judge(0) == (0, 0)
    assert judge(1) == judge(day) == (1, 2)
    assert judge(day + 1) == (2, 4)
    assert judge(7 * day) == (7, 14)
    assert judge(7 * day + 1) == (8, 20)
    assert rules.judge("b", "x", 0, 20).days == 0, "a lab without deadline"
    assert rules.judge("a", "x", None, 20) == policy.Late()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[deadlines]\ntinny = 2026-10-26", "deadlines.tinny is unknown"),
        ("[deadlines]\ntiny = 'Monday'", "the deadline of tiny is a date"),
        ("[late]\npercent = 3", "late.percent is unknown"),
        ("[late]\npercent_per_day = 300", "no number from 0: 300"),
        ("[late]\ngrace_minutes = -1", "no number from 0: -1"),
        ("zone = 'Berlin'", "'Berlin' is no time zone"),
        ("deadlines = 3", "deadlines is no table"),
        ("[extensions.ada]\nx = 2026-10-26", "extensions.ada.x is unknown"),
        ("zone", "no TOML"),
    ],
)
def test_a_wrong_policy_is_named(text, words, tmp_path):
    path = tmp_path / "course.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        policy.read(path, {"tiny"})


@pytest.mark.parametrize("place", ["page", "module"])
def test_the_example_that_is_shown_is_one(place, tmp_path):
    text = policy.__doc__
    if place == "page":
        text = (ROOT / "book" / "grading.md").read_text()
        (text,) = re.findall(r"```toml\n(zone = .*?)```", text, re.S)
    else:
        text = "\n".join(re.findall(r"^    (.*)$", text, re.M))
    (tmp_path / "course.toml").write_text(text)
    rules = policy.read(tmp_path / "course.toml", {"foundations", "cnn"})
    assert (rules.percent, rules.last_day) == (10, 7)
    assert rules.deadlines["cnn"].hour == 18
    assert rules.extensions["ada"]["cnn"].hour == 23


def test_times_without_a_zone_are_utc_and_others_are_refused(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("ada,tiny,1970-01-01 00:01:00\n")
    assert policy.times(path) == {("ada", "tiny"): 60}
    path.write_text("ada,tiny,yesterday\n")
    with pytest.raises(ValueError, match="line 1: student, lab and a time"):
        policy.times(path)


def test_without_a_list_the_time_is_that_of_the_file(tmp_path):
    write(attacks.tiny_lab(), tmp_path / "ada" / "tiny.ipynb")
    os.utime(tmp_path / "ada" / "tiny.ipynb", (60, 60))
    assert submissions.handed_in(tmp_path, "ada", "tiny") == 60
    assert submissions.handed_in(tmp_path, "ben", "tiny") is None
    (tmp_path / "ada" / "tiny (1).ipynb").touch()
    assert submissions.handed_in(tmp_path, "ada", "tiny") is None


# -- pages for students -------------------------------------------------------


def page(term, student: str) -> str:
    pages = term[0] / "grading" / "course" / "feedback"
    return (pages / student / "tiny" / "tiny.html").read_text()


def test_a_page_has_the_points_of_the_table(term):
    assert "(Score: 3.8 / 6.0)" in page(term, "ben")
    assert "Late submission penalty (Score: -1.2)" in page(term, "ben")
    assert "Late submission" not in page(term, "ada")
    assert "(Score: 0.0 / 6.0)" in page(term, "dan"), "never below 0"


def test_a_page_shows_no_hidden_test(term):
    """Dan fails in a hidden line that has no message of its own."""
    text = re.sub("<[^>]*>", "", page(term, "dan"))
    assert "hidden softmax" in text, "its message is meant for him"
    for student in ANSWERS:
        text = re.sub("<[^>]*>", "", page(term, student))
        assert feedback.STAND_IN in text
        assert "default_rng" not in text
        assert "isfinite" not in text


def test_a_line_of_a_hidden_test_is_not_quoted():
    check = attacks.SOFTMAX_CHECK
    hidden = "assert np.isfinite(softmax(x))"
    source = (
        f"assert a\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    )
    assert feedback.told(f"{feedback.LINE}assert a", source).endswith("a")
    told = feedback.told(feedback.LINE + hidden, source)
    assert told == "A hidden test does not hold."
    assert feedback.told("swapped", source) == "swapped"
    assert "HIDDEN" not in feedback.without_hidden(check)
    assert 'print("passed")' in feedback.without_hidden(check)
    unbalanced = "a\n### BEGIN HIDDEN TESTS\nb"
    assert "b" not in feedback.without_hidden(unbalanced).split("\n")


OUTSIDE = r"<(script|link|img|iframe|object)\b[^>]*(src|href)=.?(https?:)?//"


def test_a_page_needs_no_network(term):
    for student in ANSWERS:
        text = page(term, student)
        assert not re.search(OUTSIDE, text)
        assert "@import" not in text
        assert not re.search(r"url\([\"']?(https?:)?//", text)
    script = term[0] / "grading" / "course" / "feedback" / "mathjax"
    assert (script / "tex-mml-chtml.js").is_file()
    assert not [p for p in script.rglob("*") if p.stat().st_mode & 0o077]
    assert "../../mathjax/tex-mml-chtml.js" in text
    assert re.search(OUTSIDE, '<script a="b" src="https://x/y.js">'), "control"


# -- the class report ---------------------------------------------------------


def result(student, passed, messages=("", ""), sent=True):
    """Return what the grader keeps of a student, with two checks."""
    checks = [
        {
            "id": f"{name}-check",
            "points": most * ok,
            "most": most,
            "passed": ok,
            "message": message,
        }
        for name, most, ok, message in zip(
            ("a", "b"), (3, 2), passed, messages, strict=True
        )
    ]
    cells = [{"id": "a"}] if sent else []
    return {"student": student, "lab": "tiny", "checks": checks,
            "manual": {}, "state": "graded", "cells": cells}  # fmt: skip


def test_a_report_counts_who_tried_and_who_passed(monkeypatch):
    names = [("a", "swapped", "arguments swapped"), ("b", "x", "swapped")]
    monkeypatch.setattr(classreport, "named_mistakes", lambda _: names)
    swapped = "arguments swapped: 3\nmore"
    stub = "Not answered yet (NotImplementedError)."
    rows = [
        result("p", (True, True)),
        result("q", (False, True), (swapped, "")),
        result("r", (False, False), (swapped, stub)),
        result("s", (False, False), ("ZeroDivisionError", stub)),
        result("t", (False, False), ("", "Nothing"), sent=False),
        result("u", (False, True)) | {"state": "ungraded"},
    ]
    first, second = classreport.analyse(rows)
    assert (first.handed_in, first.tried, first.passed) == (4, 4, 1)
    assert first.messages[0] == ("arguments swapped: 3", 2)
    assert (first.mistakes, first.nameless) == ({"swapped": 2}, 1)
    assert (second.handed_in, second.tried, second.passed) == (4, 2, 2)
    assert second.messages == []
    # By hand: (1, 0, 0, 0) and (2, 2, 0, 0) correlate as 1 / sqrt(3).
    assert first.discrimination == pytest.approx(3**-0.5)
    (row, _) = csv.DictReader(classreport.table([first, second]).splitlines())
    assert row["passed of tried"] == "0.25"
    assert (row["most frequent message"], row["times"]) == (
        "arguments swapped: 3",
        "2",
    )


def test_all_or_none_passing_separates_nobody():
    rows = [result(s, (True, False)) for s in "pq"]
    assert [e.discrimination for e in classreport.analyse(rows)] == [None] * 2


def test_the_report_names_nobody_and_runs_no_message(term):
    text = (term[0] / "report.html").read_text()
    assert not re.search("ada|ben|dan|zoe", text)
    assert not re.search(OUTSIDE, text)
    rows = [result("p", (False, True), ("<script>alert(1)</script>", ""))]
    text = classreport.page(classreport.analyse(rows))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    lines = (term[0] / "report.csv").read_text().splitlines()
    first, second = csv.DictReader(lines)
    assert (first["tried"], first["passed"]) == ("5", "3")
    assert (second["tried"], second["passed"]) == ("4", "3")


def test_named_mistakes_of_the_book_are_found():
    found = classreport.named_mistakes("foundations")
    assert len(found) > 10
    assert all(re.compile(pattern) for _, _, pattern in found)
    assert classreport.named_mistakes("no lab of ours") == []


def test_a_hundred_submissions_are_reported_in_no_time():
    rows = [result(f"s{n}", (n % 2 == 0, n % 3 == 0)) for n in range(100)]
    start = time.process_time()
    classreport.page(classreport.analyse(rows))
    assert time.process_time() - start < 5


# -- gradebooks of learning platforms -----------------------------------------


def test_canvas_gets_its_own_file_back_with_points(term):
    out, run = term
    assert (out / "import-canvas.csv").read_text() == (
        CANVAS.replace("ada,A,,9", "ada,A,5,9").replace(
            "BEN,A,1,", "BEN,A,3.8,"
        )
    )
    assert "For Canvas: " in run.stdout
    assert "tiny in 'tiny (8812)'" in run.stdout
    assert "Not in canvas.csv: cy, dan, eve, zoe" in run.stdout
    assert "broken.csv is no gradebook of Canvas" in run.stderr


MOODLE = (
    "First name;Last name;ID number;Email address;"
    "Assignment: Tiny (Real);Assignment: Tiny (Feedback);Course total (Real)\n"
    "Ada;L.;4711;ada@example.org;-;;\n"
    "Ben;B.;4712;ben@example.org;-;;\n"
)


def test_moodle_is_met_by_number_or_address(tmp_path):
    path = tmp_path / "moodle.csv"
    path.write_text("\ufeff" + MOODLE, encoding="utf-8")
    rows = [result("4711", (True, False)), result("Ben@example.org", (1, 1))]
    filled = exports.fill(path, rows)
    assert filled.platform == "Moodle"
    first, second = (f"{name}@example.org;" for name in ("ada", "ben"))
    expected = MOODLE.replace(f"{first}-", f"{first}3")
    assert filled.text == expected.replace(f"{second}-", f"{second}5")
    assert filled.missing == []


def test_the_longer_name_owns_a_column(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("Username,training (1),Other training (2)\nada,,\n")
    rows = [
        result("ada", (True, False)) | {"lab": "training"},
        result("ada", (True, True)) | {"lab": "other_training"},
    ]
    assert exports.fill(path, rows).text.endswith("ada,3,5\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,tiny\nada,\n", "no gradebook of Canvas"),
        ("", "no gradebook of Canvas"),
        ("Username,essay\nada,\n", "no column that names one of the labs"),
        ("Username,tiny (1),tiny (2)\nada,,\n", "both name the lab tiny"),
    ],
)
def test_a_file_that_cannot_be_filled_is_explained(text, words, tmp_path):
    path = tmp_path / "g.csv"
    path.write_text(text)
    with pytest.raises(exports.ExportError, match=words):
        exports.fill(path, [result("ada", (True, True))])


def test_ungraded_students_keep_what_stands_there(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text("Username,tiny\nada,7\n")
    left = result("ada", (True, True)) | {"state": "ungraded"}
    assert exports.fill(path, [left]).text.endswith("ada,7\n")


# -- marks by hand ------------------------------------------------------------


def test_what_a_person_gave_counts_everywhere(term, tmp_path):
    """As in nbgrader's formgrader, then the same command again."""
    from nbgrader.api import Gradebook

    from tools.grading import store

    shutil.copytree(term[0] / "grading", tmp_path / "grading")
    place = f"sqlite:///{tmp_path}/grading/gradebook.db"
    with Gradebook(place) as book:
        grade = book.find_grade("why", "tiny", "tiny", "ben")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        book.db.commit()
    lab = submissions.read_lab(term[0].parent / "labs" / "tiny.ipynb")
    checks = [{"id": "x", "points": 5, "most": 5, "passed": True}]
    rows = [
        {"student": s, "lab": "tiny", "checks": checks, "manual": {"why": 1}}
        for s in ("ada", "ben")
    ]
    store.Store(tmp_path / "grading").add_marks(lab, rows)
    assert [report.total(row) for row in rows] == [5, 5.5]
    assert [report.waiting(row) for row in rows] == [1, 0]
