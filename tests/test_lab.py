"""`topoi.lab`: what it says about answers whose state is known by hand."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from topoi import lab

CHECKS = {
    "half": 'assert half(4) == 2, "half(4) is 2"',
    "bare": "value = half(5)\nassert value == 2.5",
    "third": "assert third(3) == 1",
    "helper": "def twice(x):\n    return 2 * x\n\nassert twice(1) == 2",
    "helped": "assert twice(half(4)) == 4",
    "hidden": "",
}
RIGHT = "def half(x):\n    return x / 2\n\ndef third(x):\n    return x / 3"


def check(name, source):
    mark = {
        "grade": True,
        "solution": False,
        "grade_id": f"{name}-check",
        "points": 2,
    }
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = nbformat.from_dict(mark)
    return [new_markdown_cell(f"## Exercise: {name}\n\nText"), cell]


def write(path, answer="", checks=CHECKS):
    cells = [new_code_cell(answer)]
    for name, source in checks.items():
        cells += check(name, source)
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def states(answer, checks=CHECKS, seconds=60):
    write(Path("toy-student.ipynb"), checks=checks)
    names = {}
    exec(answer, names)
    state = lab.progress("toy", names, seconds)
    return {
        r.exercise.removeprefix("Exercise: "): r[2:] for r in state.results
    }, state


@pytest.mark.usefixtures("here")
def test_right_answers_pass_and_empty_checks_are_left_out():
    found, state = states(RIGHT)
    assert set(found) == set(CHECKS) - {"hidden"}
    assert set(found.values()) == {("passes", "")}
    assert state.passed
    assert state.headline == "toy: 5 of 5 exercises pass, 10 of 10 points."


ANSWERS = [
    (
        "half(x) = NotImplementedError",
        "not started",
        "Replace the line raise NotImplementedError().",
    ),
    ("half(x) = ValueError('x')", "stops with an error", "ValueError: x"),
    ("half(x) = SystemExit(3)", "stops with an error", "SystemExit: 3"),
    ("half(x) = NameError('y')", "stops with an error", "NameError: y"),
]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("answer", "state", "message"), ANSWERS)
def test_an_answer_that_raises(answer, state, message):
    head, error = answer.split(" = ")
    found, _ = states(f"def {head}:\n    raise {error}")
    assert found["half"] == (state, message)


@pytest.mark.usefixtures("here")
def test_wrong_answers_show_the_message_or_else_the_line():
    found, state = states("def half(x):\n    return x // 2 + x % 2 * x")
    assert found["half"][0] == "passes"
    assert found["bare"] == ("not yet right", "False: assert value == 2.5")
    assert found["third"] == (
        "cell not run yet",
        "Run the cell that defines third first.",
    )
    assert not state.passed
    found, _ = states("def half(x):\n    return x")
    assert found["half"] == ("not yet right", "half(4) is 2")


@pytest.mark.usefixtures("here")
def test_checks_work_in_a_copy_and_print_nothing(capsys):
    write(Path("toy.ipynb"), checks={"a": "x = 5\nprint('seen')\nhalf = 3"})
    names = {"x": 1, "half": 2}
    state = lab.progress("toy", names)
    assert state.passed
    assert names == {"x": 1, "half": 2}
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("here")
def test_an_endless_answer_is_stopped_even_if_it_catches_all():
    endless = (
        "def half(x):\n    while True:\n        try:\n            "
        "while True:\n                pass\n        except Exception:\n"
        "            pass"
    )
    start = time.monotonic()
    found, _ = states(endless, {"half": CHECKS["half"]}, seconds=0.3)
    assert time.monotonic() - start < 5
    assert found["half"] == ("takes too long", "Stopped after 0.3 seconds.")


def test_names_are_those_of_the_caller(here):
    write(here / "toy-student.ipynb")
    caller = {"__name__": "caller"}
    exec(RIGHT + "\nfrom topoi import lab\ns = lab.progress('toy')", caller)
    assert caller["s"].passed


def test_the_notebook_is_found_by_name_or_by_path(here):
    write(here / "toy-of-jane.ipynb")
    for name in ("toy", "toy-of-jane.ipynb"):
        assert len(lab.progress(name, {}).results) == 5
    with pytest.raises(FileNotFoundError, match="no cnn-student.ipynb"):
        lab.progress("cnn", {})


def test_both_tables_say_the_same():
    results = [
        lab.Result("Ex 1", 2, "passes"),
        lab.Result("Ex <2>", 3, "not yet right", "a < b\nand c"),
    ]
    state = lab.Progress("toy", results)
    assert repr(state) == (
        "toy: 1 of 2 exercises pass, 2 of 5 points.\n"
        "✓ Ex 1: passes\n"
        "✗ Ex <2>: not yet right\n"
        "    a < b\n"
        "    and c"
    )
    html = state._repr_html_()
    assert "1 of 2 exercises pass" in html
    assert html.count("<tr>") == 3
    assert "Ex &lt;2&gt;" in html
    assert "a &lt; b" in html


# -- the command ------------------------------------------------------------


def command(path):
    call = [sys.executable, "-m", "topoi.lab", "check", str(path)]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        call, capture_output=True, text=True, env=environment
    )


def test_command_runs_the_file_in_a_fresh_kernel(tmp_path):
    path = write(tmp_path / "toy.ipynb", RIGHT)
    before = path.read_bytes()
    run = command(path)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert run.stdout.startswith("toy.ipynb: 5 of 5 exercises pass")
    assert path.read_bytes() == before


def test_command_tells_what_fails_and_which_cell_stops(tmp_path):
    answer = "def half(x):\n    return x\n\n1 / 0"
    run = command(write(tmp_path / "toy.ipynb", answer))
    assert run.returncode == 1
    assert "✗ Exercise: half: not yet right\n    half(4) is 2" in run.stdout
    assert "NameError: name 'third' is not defined" in run.stdout
    assert re.search(r"begins 'def half.*\n.*ZeroDivisionError", run.stdout)


def test_command_survives_a_kernel_that_ends(tmp_path):
    run = command(write(tmp_path / "toy.ipynb", "import os\nos._exit(0)"))
    assert run.returncode == 2
    assert "Python ended before its last cell" in run.stderr


def test_command_refuses_what_is_no_lab(tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    for path, message in (
        (broken, "cannot be read as one"),
        (tmp_path / "absent.ipynb", "cannot be read as one"),
        (write(tmp_path / "empty.ipynb", checks={}), "none of its cells"),
    ):
        run = command(path)
        assert run.returncode == 2
        assert message in run.stderr
