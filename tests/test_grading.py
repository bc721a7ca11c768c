"""The grader: honest work, attacks, kills, the gradebook.

The attacks run once, through the command that teachers use, on a tiny lab;
each test then reads its grade. The control has the same wrong answers and no
attack: no attack may earn more.
"""

import collections
import csv
import json
import os
import re
import shutil
import signal
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

from tools.grading import grade, report, sandbox, seccomp, store, submissions
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
    assert row["points"] == row["of"] == "5", row
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
    limits = ("--seconds", "8", "--call-seconds", "1", "--memory", "300")
    folder.grade(*limits, "--no-store")
    rows = folder.rows()
    assert {rows[name]["points"] for name in attacks.SLOW} == {"0"}
    assert rows["zz last"]["points"] == "5"
    assert "8 seconds" in rows["sleeps through signals"]["note"]
    results = {r["student"]: r for r in folder.results()}
    messages = [c["message"] for c in results["endless function"]["checks"]]
    assert messages == ["A call did not return within the time limit."] * 2
    assert "memory" in rows["memory hog"]["note"]


# -- resuming ---------------------------------------------------------------


@needs_sandbox
def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    folder = Folder(tmp_path)
    students = [f"student {n}" for n in range(6)]
    for student in students:
        folder.put(student, right())
    done = folder.out / "grading" / "results" / "tiny"
    command = folder.command("--no-store", "--jobs", "1")
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        while len(list(done.glob("*.json"))) < 2:
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert nothing_left(f"{sandbox.PREFIX}{run.pid}-")
    before = {p: p.stat().st_mtime_ns for p in done.glob("*.json")}
    assert 2 <= len(before) < len(students)
    folder.grade("--no-store")
    assert all(p.stat().st_mtime_ns == t for p, t in before.items())
    counted = collections.Counter(r["student"] for r in folder.results())
    assert counted == dict.fromkeys(students, 1)
    rows = folder.rows()
    assert {rows[student]["points"] for student in students} == {"5"}
    left = Path(sandbox._temporary()).glob(f"{sandbox.PREFIX}{run.pid}-*")
    assert not list(left)


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
    for machine in ("x86_64", "aarch64"):
        rules = seccomp.program(machine)
        assert len(rules) % 8 == 0
        assert len(set(seccomp.DENIED[machine].values())) == len(
            seccomp.DENIED[machine]
        )
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.program("riscv64")


def test_a_formula_in_a_name_is_text():
    result = {
        "student": "=HYPERLINK(1)",
        "lab": "tiny",
        "checks": [],
        "manual": {},
        "note": 'a "b", c',
        "trusted": False,
    }
    line = report.table([result]).splitlines()[1]
    assert line.startswith('"\'=HYPERLINK(1)","tiny"')
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
        return {"student": student, "lab": "x", "checks": checks}

    text = report.summary([result("p", True), result("q", False)])
    assert "x: 2 students, mean 1.0 of 2" in text
    assert "a: 1 of 2 fail" in text
    assert "1 x swapped" in text


@pytest.mark.parametrize("name", ["a\nb", "x" * 101, "\x1b[2J"])
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
