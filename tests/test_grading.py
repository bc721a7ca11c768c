"""The grader: honest work, attacks, kills, the gradebook.

The attacks run once, through the command that teachers use, on a tiny lab;
each test then reads its grade. The control has the same wrong answers and no
attack: no attack may earn more.
"""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import attacks
import nbformat
import psutil
import pytest
from grading_helpers import needs_sandbox
from grading_many import KINDS, Outcome, survive

from tools.grading import (
    grade,
    machine,
    report,
    sandbox,
    seccomp,
    session,
    store,
    submissions,
)
from tools.notebooks import ROOT, write

HONEST = ("first", "Ωmega, \"ñ\" 'q'", "=1+1", "[a]", "middle", "zz last")


class Folder:
    """Submissions and the outcome of grading them."""

    def __init__(self, path: Path):
        self.path, self.out, self.labs = path / "in", path / "out", path / "l"
        for folder in (self.path, self.labs):
            folder.mkdir(parents=True)
        write(attacks.tiny_lab(), self.labs / "tiny.ipynb")

    def put(self, student: str, notebook) -> Path:
        """Hand in a notebook, or the bytes of a file."""
        place = self.path / student / "tiny.ipynb"
        if isinstance(notebook, bytes):
            place.parent.mkdir()
            place.write_bytes(notebook)
        else:
            write(notebook, place)
        return place

    def command(self, *more: str) -> list[str]:
        """Return the command that grades this folder."""
        return [
            *(sys.executable, "-m", "tools.grading"),
            *("--submissions", str(self.path), "--out", str(self.out)),
            *("--labs", str(self.labs), *more),
        ]

    def grade(self, *more: str, **options) -> subprocess.CompletedProcess:
        """Grade it; the command must end well."""
        run = subprocess.run(
            self.command(*more),
            cwd=ROOT,
            capture_output=True,
            text=True,
            **options,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run

    def rows(self) -> dict[str, dict]:
        """Return the rows of grades.csv by student."""
        text = (self.out / "grades.csv").read_text(encoding="utf-8")
        return {r["student"]: r for r in csv.DictReader(text.splitlines())}

    def results(self) -> list[dict]:
        """Return all stored results."""
        files = sorted(self.out.glob("grading/results/tiny/*.json"))
        return [json.loads(file.read_text()) for file in files]


def right():
    """Return the lab with right answers."""
    return attacks.submission(answers=attacks.RIGHT)


# -- the attacks ------------------------------------------------------------

MOVES = {
    **{
        f"patch {n}": attacks.submission(c) for n, c in attacks.PATCHES.items()
    },
    **{
        f"value {n}": attacks.submission(after=c)
        for n, c in attacks.VALUES.items()
    },
    **{f"harm {n}": attacks.submission(c) for n, c in attacks.HARM.items()},
    **{f"metadata {n}": make() for n, make in attacks.METADATA.items()},
    **{f"file {n}": data for n, data in attacks.FILES.items()},
}
BREACHES = list(attacks.breaches(Path("/x"), 1))
LINKS = ("soft link", "hard link", "pipe", "folder", "two")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """Grade all quick attacks, with honest students between them."""
    folder = Folder(tmp_path_factory.mktemp("attacks"))
    outside = folder.path.parent / "outside"
    outside.write_text("whole")
    outside.chmod(0o666)
    with Listener() as listener:
        breaches = attacks.breaches(outside, listener.port)
        for name, notebook in (MOVES | breaches).items():
            folder.put(name, notebook)
        for student in HONEST:
            place = folder.put(student, right())
        shutil.copy(place, place.with_name("copy"))
        attacks.put_links(folder.path, place)
        folder.put("control", attacks.submission())
        folder.put("reversed", reversed_cells())
        (folder.path / "nothing").mkdir()
        (folder.path / os.fsdecode(b"no text \xff")).mkdir()
        limits = ("--seconds", "20", "--call-seconds", "4", "--no-store")
        before = tree(folder.path)
        folder.grade(*limits)
    folder.connections = listener.connections
    folder.changed = before != tree(folder.path)
    folder.outside = outside.read_text()
    return folder


class Listener:
    """A server on the loopback device that counts connections."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.connections = self.socket.getsockname()[1], 0
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        return self

    def _listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return the bytes of all plain files below a folder."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def reversed_cells():
    """Return right answers whose cells stand in reverse order."""
    nb = right()
    nb.cells = nb.cells[::-1]
    return nb


@needs_sandbox
@pytest.mark.parametrize("name", [*MOVES, *BREACHES, *LINKS, "nothing"])
def test_no_attack_earns_more_than_its_control(attacked, name):
    rows = attacked.rows()
    assert rows["control"]["points"] == "0"
    assert rows[name]["points"] == "0", rows[name]
    result = next(r for r in attacked.results() if r["student"] == name)
    assert all(check["message"] for check in result["checks"])


@needs_sandbox
@pytest.mark.parametrize("student", [*HONEST, "reversed"])
def test_honest_students_keep_their_points(attacked, student):
    shown = f"'{student}" if student.startswith("=") else student
    row = attacked.rows()[shown]
    assert (row["points"], row["of"]) == ("5", "6"), row
    assert row["waiting for manual grading"] == "1"


@needs_sandbox
def test_nothing_outside_was_touched(attacked):
    assert attacked.outside == "whole"
    assert attacked.connections == 0
    assert not attacked.changed, "a submission was changed"
    assert nothing_left("98765")


def nothing_left(words: str) -> bool:
    """Wait until no process has these words in its command line."""
    for _ in range(100):
        lines = [" ".join(p.info["cmdline"]) for p in processes()]
        if not [line for line in lines if words in line]:
            return True
        time.sleep(0.1)
    return False


def processes() -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline", "uids"])
    return [p for p in found if p.info["cmdline"]]


@needs_sandbox
def test_output_is_cut(attacked):
    sizes = [
        path.stat().st_size
        for path in attacked.out.glob("grading/results/tiny/*.json")
    ]
    assert max(sizes) < 200_000


@needs_sandbox
def test_reasons_are_told(attacked):
    rows = attacked.rows()
    assert "is a link" in rows["soft link"]["note"]
    assert "is a link" in rows["hard link"]["note"]
    assert "no plain file" in rows["pipe"]["note"]
    assert "Two notebooks" in rows["two"]["note"]
    assert "No notebook" in rows["nothing"]["note"]
    assert "must be printable" in rows["no text \\udcff"]["note"]
    assert "not JSON" in rows["file not json"]["note"]
    assert "at most" in rows["file too large"]["note"]
    assert "process has ended" in rows["harm os._exit"]["note"]


@needs_sandbox
def test_slow_attacks_end_and_say_why(tmp_path):
    folder = Folder(tmp_path)
    for name, code in attacks.SLOW.items():
        folder.put(name, attacks.submission(after=code))
    folder.put("zz last", right())
    limits = ("--seconds", "15", "--call-seconds", "1", "--memory", "300")
    folder.grade(*limits, "--no-store")
    rows = folder.rows()
    assert {rows[name]["points"] for name in attacks.SLOW} == {"0"}
    assert rows["zz last"]["points"] == "5"
    assert "15 seconds" in rows["sleeps through signals"]["note"]
    results = {r["student"]: r for r in folder.results()}
    messages = [c["message"] for c in results["endless function"]["checks"]]
    told = "A call (was stopped after 1 seconds|did not return within)"
    assert all(re.match(told, text) for text in messages), messages
    hog = results["memory hog"]
    assert (
        "MemoryError" in json.dumps(hog["outputs"]) or "memory" in hog["note"]
    )
    assert "more than 300 MB of memory" in rows["memory of many"]["note"]
    assert "20000 files" in rows["many links"]["note"]


# -- one lost answer, and the others ------------------------------------------

LOST = {
    "loops": "while True: pass",
    "catches errors": "while True:\n        try: 1 / 0\n"
    "        except Exception: pass",
    "sleeps": "import time\n    time.sleep(1000)",
    "hears nothing": "import signal\n"
    "    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
    "    while True: pass",
    "exits": "import os\n    os._exit(0)",
    "kills": "import os\n    os.kill(os.getpid(), 9)",
    "ends Python": "raise SystemExit(0)",
}


def verdicts(lab, notebook, tmp_path, **limits):
    """Return what the checker says of a notebook, by check."""
    write(lab, tmp_path / "tiny.ipynb")
    lab = submissions.read_lab(tmp_path / "tiny.ipynb")
    box = sandbox.Box(sandbox.Limits(**limits))
    found = session.run(lab, nbformat.writes(notebook).encode(), box)
    return {name: found.verdicts[name] for name in lab.checks}


@needs_sandbox
def test_an_endless_cell_leaves_time_for_the_checks(tmp_path):
    nb = attacks.submission("while True: pass", attacks.RIGHT)
    lab = attacks.tiny_lab()
    try:
        found = verdicts(lab, nb, tmp_path, seconds=6)
    except KeyError:  # a busy machine needs three seconds to start
        found = verdicts(lab, nb, tmp_path, seconds=60)
    assert all(verdict["passed"] for verdict in found.values())


def many_exercises(number: int):
    """Return a lab of so many exercises, each to double a number."""
    lab = attacks.tiny_lab()
    answer, check = lab.cells[3], lab.cells[4]
    lab.cells = lab.cells[:1]
    for n in range(number):
        new, test = answer.copy(), check.copy()
        new.metadata, test.metadata = {}, {}
        new.source = (
            f"def twice{n}(x):\n    ### BEGIN SOLUTION\n"
            "    return 2 * x\n    ### END SOLUTION"
        )
        test.source = f"assert twice{n}(3) == 6"
        name, solved = f"twice{n}", {"solution": True}
        marks = {"grade": True, "locked": True, "points": 1}
        lab.cells.append(attacks.marked(new, name, **solved))
        lab.cells.append(attacks.marked(test, f"{name}-check", **marks))
    return lab


@needs_sandbox
def test_every_exercise_gets_its_points_however_many_are_lost(tmp_path):
    """Each second answer never returns; three of them end the worker."""
    lab = many_exercises(2 * len(LOST) + 1)
    nb = lab.copy()
    nb.cells = [cell.copy() for cell in lab.cells]
    bodies = ["return 2 * x"]
    for body in LOST.values():
        bodies += [body, "return 2 * x"]
    for n, (cell, body) in enumerate(zip(nb.cells[1::2], bodies, strict=True)):
        cell.source = f"def twice{n}(x):\n    {body}"
    found = verdicts(lab, nb, tmp_path, seconds=90, call_seconds=0.5)
    passed = [verdict["passed"] for verdict in found.values()]
    assert passed == [n % 2 == 0 for n in range(len(bodies))]
    told = [verdict["message"] for verdict in found.values()][1::2]
    assert all("stopped after 0.5 seconds" in text for text in told[:3])
    assert "did not return within the time limit" in told[3]
    assert told[4] == told[5] == "The student's process has ended."


def test_a_check_has_its_share_of_the_time(monkeypatch):
    """Two of four are left of 100 seconds: 50 and some slack for this one."""
    monkeypatch.setattr(session.time, "monotonic", lambda: 1000.0)
    found = session.Session(verdicts={"a": {}, "b": {}})
    found.share_out(4, 1100.0)
    assert found.late == float("inf"), "nothing is running"
    found.hear_checker({"begin": "c"})
    found.share_out(4, 1100.0)
    assert found.late == 1050 + session.SLACK
    found.hear_checker({"id": "c", "passed": True})
    assert (found.late, found.begun) == (float("inf"), "")


# -- resuming ---------------------------------------------------------------


@needs_sandbox
def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    """By hand the same with two hundred: see `grading_many`."""
    outcome, told = survive(tmp_path, len(KINDS), 2, "--no-store")
    assert told == []
    assert outcome.killed == 2
    assert all(nothing_left(f"{sandbox.PREFIX}{n}-") for n in outcome.runs)


def test_wrong_points_or_a_lost_student_are_found(tmp_path):
    """Of `grading_many`; no sandbox is needed to count."""
    outcome = Outcome(tmp_path, 3)
    run = outcome.finish("--no-store", "--trust-submissions")
    assert run.returncode == 0, run.stderr
    assert outcome.wrong() == []
    outcome.points["student 1"] = 5
    outcome.points["student 3"] = 5
    assert outcome.wrong() == [
        "3 rows for 4 students",
        "student 1: 3 ",
        "not one result for each student",
    ]


def test_two_runs_do_not_share_a_folder(tmp_path):
    busy = pytest.raises(grade.Busy, match="--out")
    with grade.locked(tmp_path), busy, grade.locked(tmp_path):
        pass
    with grade.locked(tmp_path):
        pass


# -- what answers do to their arguments --------------------------------------

LABELS = """\
import numpy as np

labels = np.array([1.0, 0.0, 1.0])
"""
SHARE = """\
def share(a):
    ### BEGIN SOLUTION
    return float(a.mean())
    ### END SOLUTION"""
GUESS = """\
def guess(n):
    ### BEGIN SOLUTION
    return labels
    ### END SOLUTION"""
OVERWRITES = """\
def share(a):
    a[:] = 7
    return 2 / 3


def guess(n):
    return np.full(n, 7.0)"""


def test_an_answer_cannot_change_what_later_checks_expect(tmp_path):
    """Control: the guess of 7, without a change of the labels, fails."""
    folder = Folder(tmp_path)
    lab = attacks.tiny_lab()
    first = "assert share(labels) == 2 / 3"
    second = "assert np.array_equal(guess(3), labels)"
    for cell, source in zip(
        lab.cells, (LABELS, SHARE, first, GUESS, second), strict=False
    ):
        cell.source = source
    write(lab, folder.labs / "tiny.ipynb")
    lab.cells[1].source, lab.cells[3].source = OVERWRITES, "pass"
    folder.put("ada", lab)
    folder.grade("--trust-submissions", "--no-store")
    assert folder.rows()["ada"]["failed checks"] == "norm-check"


def test_stop_iteration_ends_no_loop_of_a_check(tmp_path):
    folder = Folder(tmp_path)
    lab = attacks.tiny_lab()
    lab.cells[2].source = "assert all(map(softmax, [1, 2]))"
    write(lab, folder.labs / "tiny.ipynb")
    stop = "def softmax(x):\n    raise StopIteration"
    folder.put("ada", attacks.submission(after=stop))
    folder.grade("--trust-submissions", "--no-store")
    assert folder.rows()["ada"]["points"] == "0"


# -- as at home ---------------------------------------------------------------

HEADS = {
    "matplotlib": "%matplotlib inline\n",
    "other back ends": "%matplotlib notebook\n%matplotlib\n",
    "retina": "%config InlineBackend.figure_format = 'retina'\n",
    "autoreload": "%load_ext autoreload\n%autoreload 2\n",
    "time": "%%time\n",
    "system": "!ls /\nfiles = !ls\n",
    "pip": "%pip install numpy\n%conda install numpy\n",
    "display": "from IPython.display import HTML, clear_output\n"
    "display(HTML('<b>'), 3)\nclear_output()\n",
    "progress": "from tqdm.auto import tqdm\nfor _ in tqdm(range(9)): 1\n",
    "await": "import asyncio\nawait asyncio.sleep(0)\n",
    "plot": "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\n",
    "help": "print?\n",
    "warning": "import warnings\nwarnings.warn('look')\n",
    "log": "import logging\nlogging.basicConfig(level=10)\n"
    "logging.info('x')\n",
}


@pytest.fixture(scope="module")
def at_home(tmp_path_factory):
    """Right answers, written, named and encoded as students do."""
    folder = Folder(tmp_path_factory.mktemp("home"))
    for name, head in HEADS.items():
        right_there = attacks.submission(answers=head + attacks.RIGHT)
        folder.put(name, right_there)
    text = nbformat.writes(right())
    folder.put("byte-order mark", b"\xef\xbb\xbf" + text.encode())
    folder.put("wide", text.encode("utf-16"))
    for student, name in TAKEN.items():
        place = folder.put(student, right())
        place.rename(place.with_name(name))
    folder.put("elsewhere", right()).rename(folder.path / "elsewhere/x.ipynb")
    folder.put("\N{BUG}" * 60, right())
    folder.put("\x01" * 64, right())
    wrong = "def norm(x): raise ValueError('\N{BUG} \u221a')"
    folder.put("an emoji", attacks.submission(after=wrong))
    (folder.path / "roster.csv").write_text(
        "id,name\nelsewhere,Emmy\nabsent,\u00c9mile\n"
    )
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    roster = ("--roster", str(folder.path / "roster.csv"))
    folder.run = folder.grade(
        "--trust-submissions", *roster, env=environment, encoding="latin-1"
    )
    return folder


TAKEN = {
    "downloaded": "tiny-student (1).ipynb",
    "again": "tiny(2).ipynb",
    "copied": "tiny-student-Copy1.ipynb",
    "capital": "TINY.ipynb",
}


@pytest.mark.parametrize("name", [*HEADS, *TAKEN, "byte-order mark", "wide"])
def test_what_students_really_write_has_the_marks_of_home(at_home, name):
    row = at_home.rows()[name]
    assert row["points"] == "5", row


def test_a_file_of_another_name_is_told(at_home):
    row = at_home.rows()["elsewhere"]
    assert row["points"] == "0"
    assert row["note"].endswith("is missing. There is x.ipynb.")


def test_those_who_handed_in_nothing_have_a_row(at_home):
    row = at_home.rows()["absent"]
    assert (row["name"], row["points"]) == ("\u00c9mile", "0")
    assert row["note"] == "Nothing was handed in."
    assert at_home.rows()["elsewhere"]["name"] == "Emmy"
    assert "Not in the roster: " in at_home.run.stdout
    assert ", again, an emoji, autoreload, " in at_home.run.stdout


def test_one_odd_name_keeps_nobody_out_of_the_gradebook(at_home):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{at_home.out}/grading/gradebook.db") as book:
        stored = len(book.assignment_submissions("tiny"))
    assert stored == len(at_home.rows())


def test_a_terminal_without_the_character_shows_an_escape(at_home):
    assert "ValueError: \\U0001f41b \\u221a" in at_home.run.stdout


def test_points_stand_by_exercise_with_the_total_of_the_feedback(at_home):
    text = (at_home.out / "grades-tiny.csv").read_text(encoding="utf-8")
    rows = {r["student"]: r for r in csv.DictReader(text.splitlines())}
    heads = ["softmax (of 3)", "norm (of 2)", "why (of 1)"]
    assert [*rows["time"]][-3:] == heads
    assert [rows["time"][head] for head in heads] == ["3", "2", ""]
    assert (rows["time"]["points"], rows["time"]["of"]) == ("5", "6")
    pages = at_home.out / "grading" / "course" / "feedback"
    page = (pages / "time" / "tiny" / "tiny.html").read_text()
    assert "(Score: 5.0 / 6.0)" in page
    assert "mean 4." in at_home.run.stdout
    assert "of 6, of which a person gives 1" in at_home.run.stdout


def test_grades_and_answers_are_closed_to_others(at_home):
    closed = [at_home.out / "grading", *at_home.out.glob("*.csv")]
    found = [*closed, *(at_home.out / "grading").rglob("*")]
    assert len(found) > 50
    open_ones = [p for p in found if p.stat().st_mode & 0o077]
    assert open_ones == []


def test_a_roster_has_each_id_once(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("\ufeffstudent\nada, Ada L.\nben,,7\n", encoding="utf-8")
    assert submissions.roster(path) == [
        submissions.Person("ada", "Ada L."),
        submissions.Person("ben", "", ("7",)),
    ]
    for text in ("ada\nada\n", "id,name\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match="each id once"):
            submissions.roster(path)


# -- when the machine runs short ---------------------------------------------


@pytest.fixture
def tasks(tmp_path):
    """Two submissions, right and wrong, to be graded in this process."""
    folder = Folder(tmp_path)
    folder.put("right", right())
    folder.put("wrong", attacks.submission())
    lab = submissions.read_lab(folder.labs / "tiny.ipynb")
    return grade.find(folder.path, [lab], tmp_path / "results", trusted=True)


def states(tasks) -> dict[str, tuple]:
    found = grade.grade_all(tasks, sandbox.Limits(), jobs=2)
    return {r["student"]: (r["state"], report.points(r)) for r in found}


def test_nothing_that_failed_for_want_of_memory_counts(tasks, monkeypatch):
    """What passed has passed; what failed is tried again, and not stored."""
    looks = []
    monkeypatch.setattr(
        machine, "shortage", lambda folder: looks.append(folder) or "No RAM."
    )
    assert states(tasks) == {"right": ("graded", 5), "wrong": ("ungraded", 0)}
    assert len(list(tasks[0].results.iterdir())) == 1
    tried = len({folder for folder in looks})
    assert tried == 3, "the failed one a second time, alone"
    monkeypatch.setattr(machine, "shortage", lambda folder: "")
    assert states(tasks) == {"right": ("graded", 5), "wrong": ("graded", 0)}


def test_an_error_of_ours_is_no_verdict(tasks, monkeypatch, capsys):
    monkeypatch.setattr(session, "run", lambda *_: 1 / 0)
    results = list(grade.grade_all(tasks, sandbox.Limits(), jobs=1))
    assert {r["state"] for r in results} == {"ungraded"}
    assert not tasks[0].results.exists()
    row = next(csv.DictReader(report.table(results).splitlines()))
    assert (row["state"], row["points"]) == ("ungraded", "")
    assert "division by zero" in row["note"]
    head = next(csv.DictReader(report.lab_table(results).splitlines()))
    assert head["points"] == head["norm (of 2)"] == ""


def test_a_run_with_ungraded_students_says_so(tmp_path):
    """Their folder cannot be read, so nobody knows what they handed in."""
    folder = Folder(tmp_path)
    folder.put("ada", right())
    folder.put("ben", right())
    code = (
        "import sys\nfrom tools.grading import __main__, session\n"
        "run = session.run\n"
        "def fails(lab, notebook, box, *more):\n"
        "    if b'no luck' in notebook: raise OSError('no luck')\n"
        "    return run(lab, notebook, box, *more)\n"
        "session.run = fails\nsys.exit(__main__.main())"
    )
    folder.put("cy", attacks.submission("# no luck"))
    arguments = folder.command("--trust-submissions", "--no-store")[3:]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert "UNGRADED cy: Could not be graded: no luck" in done.stdout
    rows = folder.rows()
    assert (rows["ada"]["points"], rows["cy"]["points"]) == ("5", "")


def test_shortages_are_seen(monkeypatch, tmp_path):
    assert machine.shortage(tmp_path) == ""
    monkeypatch.setattr(machine, "processes", lambda: (96, 100))
    assert "96 of 100 processes" in machine.shortage(tmp_path)
    few = type("Disk", (), {"free": 2**20})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: few)
    assert "1 MB left" in machine.shortage(tmp_path)
    monkeypatch.setattr(machine, "memory_left_mb", lambda: 7.0)
    assert "only 7 MB of memory" in machine.shortage(tmp_path)


def test_processes_of_this_user_are_counted(monkeypatch):
    """Oracle: psutil."""
    mine = [p for p in psutil.process_iter(["uids", "num_threads"])]
    expected = sum(
        p.info["num_threads"]
        for p in mine
        if p.info["uids"] and p.info["uids"].effective == os.geteuid()
    )
    assert abs(machine._of_user(0) - expected) <= 0.2 * expected
    assert machine._of_user(10**9) >= expected - 20
    running, most = machine.processes()
    assert 0 <= running < most


@needs_sandbox
def test_processes_outside_are_not_counted_as_the_student_s(tmp_path):
    """More than a sandbox may have, of the very user that it runs as."""
    user = sandbox.FIRST_UID if os.geteuid() == 0 else None
    crowd = [
        subprocess.Popen(["sleep", "300"], user=user)
        for _ in range(sandbox.Limits.processes + 10)
    ]
    folder = Folder(tmp_path)
    try:
        folder.put("ada", right())
        folder.put("fork bomb", attacks.submission(attacks.SLOW["fork bomb"]))
        folder.grade("--no-store", "--seconds", "8", "--jobs", "1")
    finally:
        for one in crowd:
            one.kill()
            one.wait()
    rows = folder.rows()
    assert (rows["ada"]["points"], rows["fork bomb"]["points"]) == ("5", "0")


def test_old_kernels_count_wrongly_and_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox.platform, "release", lambda: "5.10.0-9")
    monkeypatch.setattr(sandbox.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: "/usr/bin/x")
    with pytest.raises(sandbox.SandboxError, match=r"Linux 5\.10.*as root"):
        sandbox.probe(sandbox.Box(sandbox.Limits(), folder=tmp_path))


# -- what lies where everybody reads -----------------------------------------


@pytest.mark.parametrize("name", ["labs", "submissions", "out"])
def test_secrets_below_what_all_may_read_are_refused(name, tmp_path):
    shared = Path(next(iter(sandbox._shared())))
    places = {"labs": tmp_path, "submissions": tmp_path, "out": tmp_path}
    sandbox.demand_hidden(places.values())
    places[name] = shared / "course"
    with pytest.raises(sandbox.SandboxError, match=f"below {shared}.*--labs"):
        sandbox.demand_hidden(places.values())


def test_a_link_into_what_all_may_read_is_followed(tmp_path):
    (tmp_path / "labs").symlink_to(Path(sys.prefix, "lib"))
    with pytest.raises(sandbox.SandboxError, match="may read"):
        sandbox.demand_hidden([tmp_path / "labs"])


def test_only_parts_of_the_system_are_shared():
    shared = set(sandbox._shared())
    assert not {"/usr", "/usr/local", "/usr/src", "/etc", "/"} & shared


# -- without bubblewrap -----------------------------------------------------


def test_without_bubblewrap_it_refuses(tmp_path):
    folder = Folder(tmp_path)
    folder.put("ada", right())
    environment = os.environ | {"PATH": str(tmp_path)}
    run = subprocess.run(
        folder.command(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert run.returncode == 2
    assert "apt-get install bubblewrap" in run.stderr
    assert not (folder.out / "grades.csv").exists()


def test_trusted_submissions_are_marked(tmp_path):
    folder = Folder(tmp_path)
    folder.put("ada", right())
    folder.put("ben", attacks.submission())
    folder.grade("--trust-submissions", "--no-store")
    rows = folder.rows()
    assert rows["ada"]["points"] == "5"
    assert rows["ben"]["points"] == "0"
    assert rows["ada"]["run"] == "TRUSTED, not isolated"


# -- the gradebook ----------------------------------------------------------


@needs_sandbox
def test_gradebook_and_feedback(tmp_path):
    """Oracle: nbgrader's own reading of its database."""
    from nbgrader.api import Gradebook

    folder = Folder(tmp_path)
    folder.put("=ada, [1]", right())
    shown = "<script>alert(1)</script>"
    wrong = attacks.submission(after=f"print({shown!r})")
    link = "[x](JAVASCRIPT:alert(2)) ![y](http://there/y.png) [z] \ud800"
    link += "\n\n[z]: JavaScript:alert(3)"
    wrong.cells[-2].source = f"My thoughts {shown} {link}"
    text = nbformat.writes(wrong, ensure_ascii=True)
    folder.put("ben", text.encode())
    folder.put("cy", b"{")
    for _ in range(2):  # the second run stores nothing anew
        folder.grade()
    place = f"sqlite:///{folder.out}/grading/gradebook.db"
    with Gradebook(place) as book:
        found = {
            s.student.id: (s.score, s.max_score, s.needs_manual_grade)
            for s in book.assignment_submissions("tiny")
        }
        assert len(book.assignment_submissions("tiny")) == 3
    assert found[store.nbgrader_id("=ada, [1]")][:2] == (5, 6)
    assert found["ben"] == (0, 6, True)
    assert found["cy"][0] == 0
    pages = folder.out / "grading" / "course" / "feedback"
    page = (pages / "ben" / "tiny" / "tiny.html").read_text()
    assert "softmax([0, 0]) = " in page
    assert "My thoughts" in page
    assert shown not in page
    assert not re.search("href=.javascript|src=.http://there", page, re.I)


# -- pieces -----------------------------------------------------------------


def test_filter_of_system_calls():
    for kind in ("x86_64", "aarch64"):
        rules = seccomp.program(kind)
        assert len(rules) % 8 == 0
        numbers = seccomp.DENIED[kind].values()
        assert len(set(numbers)) == len(numbers)
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.program("riscv64")


def test_a_formula_in_a_name_is_text():
    result = {
        "student": "=HYPERLINK(1)",
        "lab": "tiny",
        "checks": [],
        "manual": {},
        "state": "graded",
        "note": 'a "b", c',
        "trusted": False,
    }
    names = {"=HYPERLINK(1)": "+Ada"}
    line = report.table([result], names).splitlines()[1]
    assert line.startswith('"\'=HYPERLINK(1)","\'+Ada","tiny"')
    assert '"a ""b"", c"' in line


def test_summary_counts_failures():
    def result(student, passed):
        checks = [
            {
                "id": "a",
                "points": 2 * passed,
                "most": 2,
                "passed": passed,
                "message": "swapped",
            }
        ]
        return {
            "student": student,
            "lab": "x",
            "state": "graded",
            "checks": checks,
            "manual": {"why": 3},
        }

    left = result("r", False) | {"state": "ungraded"}
    text = report.summary([result("p", True), result("q", False), left])
    assert "x: 2 students, mean 1.0 of 5, of which a person gives 3" in text
    assert "x: 1 students UNGRADED" in text
    assert "a: 1 of 2 fail" in text
    assert "1 x swapped" in text


@pytest.mark.parametrize(
    "name", ["a\nb", "x" * 101, "\x1b[2J", "\N{BUG}" * 51]
)
def test_odd_student_names_are_refused(name):
    with pytest.raises(submissions.Refused, match="printable"):
        submissions.check_id(name)


def test_messages_lose_escape_sequences():
    assert grade.clean("\x1b[31mred\x1b[0m\x07\nβ\ud800") == "red\nβ"


def test_unknown_lab_is_named(tmp_path):
    folder = Folder(tmp_path)
    command = folder.command("--lab", "cnn", "--trust-submissions")
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2
    assert "no lab 'cnn'; there are tiny" in run.stderr


def test_submissions_lie_in_a_folder(tmp_path):
    with pytest.raises(NotADirectoryError, match="a student, but .*nowhere"):
        submissions.students(tmp_path / "nowhere")


def test_fixture_is_a_valid_lab():
    nbformat.validate(attacks.tiny_lab())
