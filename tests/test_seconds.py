"""Budgets of time: what a reader waits for on one quiet core.

Read from the records that `make refresh` leaves: CPU seconds of a kernel with
one numeric thread, which do not depend on what else the machine does. Half as
much again is allowed, because machines differ.
"""

import json

import nbformat
import pytest

from tools import notebooks
from topoi import records

BUDGET = {"chapters": 40, "labs": 15}  # CPU seconds, the imports included
CHECK = 3  # of one check of a lab
SIGN_OF_LIFE = 1  # a check that takes longer says so while it works
TOLERANCE = 1.5
NOTEBOOKS = notebooks.notebooks()


def time_problems(name: str, record: dict, flushed: set[str]) -> list[str]:
    """Return how a notebook's record breaks the budgets of its folder.

    Parameters
    ----------
    name : str
        As in ``chapters/cnn.ipynb``.
    flushed : set of str
        The checks that print something at once.
    """
    problems = []
    budget = BUDGET[name.split("/")[0]]
    if record["cpu_seconds"] > TOLERANCE * budget:
        problems.append(
            f"{name} takes {record['cpu_seconds']} CPU seconds, beyond "
            f"{TOLERANCE} times its budget of {budget}"
        )
    for check, seconds in record.get("checks", {}).items():
        if seconds > TOLERANCE * CHECK:
            problems.append(
                f"{name}: the check of {check} takes {seconds} CPU seconds, "
                f"beyond {TOLERANCE} times its budget of {CHECK}"
            )
        elif seconds > TOLERANCE * SIGN_OF_LIFE and check not in flushed:
            problems.append(
                f"{name}: the check of {check} takes {seconds} CPU seconds "
                "without a sign of life: print what it does, with flush=True"
            )
    return problems


def flushed_checks(nb) -> set[str]:
    """Return the checks of a lab that print something at once."""
    names = {
        cell.metadata.get("nbgrader", {}).get("grade_id", "")
        for cell in nb.cells
        if "flush=True" in cell.source
    }
    return {name.removesuffix(notebooks.CHECK) for name in names}


@pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}"
)
def test_budgets_are_kept(path):
    record = records.read(notebooks.record_file(path))
    assert record, f"{path.name} has no record: make refresh TOPIC={path.stem}"
    name = path.relative_to(notebooks.ROOT).as_posix()
    flushed = flushed_checks(notebooks.read(path))
    assert time_problems(name, record, flushed) == []
    if path.parent.name == "labs":
        assert record["checks"], "older than this test: make refresh"


@pytest.mark.parametrize(
    ("name", "record", "words"),
    [
        ("chapters/a.ipynb", {"cpu_seconds": 61}, "61 CPU seconds, beyond"),
        ("labs/a.ipynb", {"cpu_seconds": 23}, "times its budget of 15"),
        (
            "labs/a.ipynb",
            {"cpu_seconds": 9, "checks": {"shift": 5.0, "field": 0.1}},
            "the check of shift takes 5.0 CPU seconds, beyond",
        ),
        (
            "labs/a.ipynb",
            {"cpu_seconds": 9, "checks": {"shift": 2.0}},
            "without a sign of life",
        ),
    ],
)
def test_a_planted_violation_is_found(name, record, words):
    (problem,) = time_problems(name, record, set())
    assert words in problem


def test_what_keeps_its_budget_passes():
    record = {"cpu_seconds": 20, "checks": {"shift": 4.0, "field": 1.0}}
    assert time_problems("labs/a.ipynb", record, {"shift"}) == []


def test_a_refresh_measures_cells_and_checks(tmp_path, monkeypatch, capsys):
    """Oracle: a loop of a known CPU time, on a machine that may be busy."""
    spin = (
        "import time\nend = time.process_time() + {}\n"
        "while time.process_time() < end: pass"
    )
    cells = [
        nbformat.v4.new_code_cell(spin.format(seconds))
        for seconds in (0, 0.1, 1.2)
    ]
    cells[1].metadata["nbgrader"] = {"grade_id": "quick-check"}
    cells[2].metadata["nbgrader"] = {"grade_id": "slow-check"}
    path = tmp_path / "lab.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.setattr(notebooks, "SLOW", 1.0)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    record = notebooks._execute_and_store(path)
    assert record["checks"]["quick"] < 0.5
    assert 1.1 <= record["checks"]["slow"] < 2
    assert record["cpu_seconds"] > 1.3
    json.dumps(record)
    assert "cell 2 slow-check: 1." in capsys.readouterr().out
