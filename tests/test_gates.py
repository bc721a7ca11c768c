"""Every gate can fail: it is shown something broken on purpose."""

import os
import subprocess
import sys

import pytest

import gates
from topoi.claims import Claim, Measurement

FIXTURES = gates.ROOT / "tests" / "fixtures"


@pytest.mark.parametrize(
    "words",
    [
        "not in normal form",
        "a cell was not executed",
        "the source ends in a newline",
        "beyond 79 columns",
        "stores stderr",
        "stores an error: ZeroDivisionError",
        "cell 5: a picture without alternative text",
        "cell 6: a picture without alternative text",
        "installs something",
    ],
)
def test_broken_notebook_is_found(words):
    problems = gates.notebook_problems(FIXTURES / "broken.ipynb")
    assert any(words in problem for problem in problems), problems


def test_cells_out_of_order_are_found(tmp_path):
    text = (FIXTURES / "broken.ipynb").read_text()
    path = tmp_path / "order.ipynb"
    path.write_text(
        text.replace('"execution_count": null', '"execution_count": 9')
    )
    assert "cells were not executed in order: make refresh" in (
        gates.notebook_problems(path)
    )


def test_heavy_notebook_and_picture_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "MAX_NOTEBOOK", 100)
    monkeypatch.setattr(gates, "MAX_PICTURE", 10)
    problems = gates.notebook_problems(FIXTURES / "broken.ipynb")
    assert any("over 100" in problem for problem in problems)
    assert any("a picture of" in problem for problem in problems)


@pytest.mark.parametrize(
    "words",
    [
        "2 headings of level 1",
        "a heading level is skipped",
        "no language set",
        "picture a.png: alt is None",
        "picture b.png: alt is '../_images/b.png'",
        "outside script",
        "outside img",
        "outside address in a style",
        "dead link nowhere.html",
        "dead anchor #there",
        "was not rendered: '{",
        "was not rendered: 'Then $$",
    ],
)
def test_broken_page_is_found(words):
    page = FIXTURES / "broken.html"
    problems = gates.page_problems(page, FIXTURES)
    assert any(words in problem for problem in problems), problems
    assert not any("#here" in problem for problem in problems)


def test_missing_lab_and_missing_page_are_found():
    problems = gates.pair_problems({"a", "b"}, {"b", "c"}, ["chapters/a"])
    assert problems == [
        "chapter a has no lab",
        "lab c has no chapter",
        "chapters/b is not in _toc.yml",
        "labs/b is not in _toc.yml",
        "labs/c is not in _toc.yml",
    ]


def test_ledger_gaps_are_found():
    def claim(name, **changed):
        entry = {
            "id": name,
            "kind": "experiment",
            "statement": "t",
            "intervals": {"partly": {"max": 5}, "not-reproduced": {}},
            "expected": "partly",
            "why": "why",
        }
        return Claim(**entry | changed)

    def stored(name, value, verdict="partly"):
        place = ("small", "jax", "CPU", "experiment")
        return Measurement(name, value, "", verdict, *place)

    names = ("a/1", "a/2", "a/3", "a/4")
    ledger = {name: claim(name) for name in names}
    ledger["a/5"] = claim("a/5", intervals={}, expected="not-tested")
    measured = [stored("a/2", 6), stored("a/4", 1, "reproduced")]
    problems = gates.ledger_problems(
        ledger, measured, {"a/2", "a/3", "a/4", "a/9"}
    )
    assert problems == [
        "a/1: no notebook checks it",
        "a/9: checked, but not in the ledger",
        "a/3: no stored value: make refresh",
        "a/2: stored 6 is 'not-reproduced', expected is 'partly'",
        "a/4: the verdict changed: refresh",
    ]


def test_nbval_finds_a_changed_output_and_a_broken_cell():
    """The gate on notebooks, run as `make test` runs it."""
    arguments = "-p no:cacheprovider --nbval-lax --nbval-current-env -q"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *arguments.split()),
            *("--rootdir", str(FIXTURES), "-c", os.devnull),
            str(FIXTURES / "drifted.ipynb"),
        ],
        cwd=FIXTURES,
        capture_output=True,
        text=True,
        env=os.environ | {"PY_COLORS": "0"},
    )
    assert run.returncode == 1
    assert "2 failed, 1 passed" in run.stdout
    assert "6 x 7 = 41" in run.stdout
    assert "a cell that breaks" in run.stdout


@pytest.mark.parametrize(
    ("alt", "good"),
    [
        ("A digit and its filters", True),
        ("", False),
        (None, False),
        ("fig", False),
        ("plot.png", False),
        ("../_images/abc", False),
    ],
)
def test_alternative_text_is_words(alt, good):
    assert gates.says_something(alt) is good
