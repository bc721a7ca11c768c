"""`tools.registration`: intervals do not follow the measurement silently."""

import json
import subprocess

import pytest
import yaml

import gates
from tools import registration
from topoi.claims import MIME

TOPICS = sorted(p.stem for p in (gates.ROOT / "claims").glob("*.yml"))


@pytest.mark.parametrize("topic", TOPICS)
def test_no_measured_claim_of_this_book_changed_without_a_reason(topic):
    assert registration.problems(topic=topic) == []


class Book:
    """A small repository with one claim."""

    def __init__(self, root):
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.entry = {
            "id": "demo/x",
            "kind": "ours",
            "intervals": {"measured": {"min": 4}, "moved": {}},
            "expected": "measured",
        }

    def git(self, *arguments):
        author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        run = ["git", *author, *arguments]
        subprocess.run(run, cwd=self.root, check=True, capture_output=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def register(self, commit=True, **changed):
        self.entry = self.entry | changed
        self.write("claims/demo.yml", yaml.safe_dump([self.entry]))
        if commit:
            self.commit()

    def measure(self):
        output = {"data": {MIME: {"id": "demo/x"}}}
        cells = [{"cell_type": "code", "outputs": [output]}]
        self.write("chapters/demo.ipynb", json.dumps({"cells": cells}))
        self.commit()

    def survey(self):
        record = {"surveys": {"demo/x": {"value": 3.0}}}
        self.write("records/survey/demo.json", json.dumps(record))
        self.commit()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "step")

    def problems(self):
        return registration.problems(self.root)


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


WIDER = {"measured": {"min": 2}, "moved": {}}


def test_intervals_may_change_before_the_measurement(book):
    book.register()
    book.register(intervals=WIDER)
    book.measure()
    assert book.problems() == []


@pytest.mark.parametrize("how", ["measure", "survey"])
@pytest.mark.parametrize("commit", [True, False])
def test_a_silent_change_after_it_is_found(book, how, commit):
    book.register()
    getattr(book, how)()
    assert book.problems() == []
    book.register(commit=commit, intervals=WIDER)
    (problem,) = book.problems()
    assert "demo/x: intervals changed after the measurement" in problem
    assert ("the working tree" in problem) is not commit


def test_the_expected_verdict_may_not_change_silently_either(book):
    book.register()
    book.measure()
    book.register(expected="moved")
    assert "expected changed" in book.problems()[0]


def test_a_change_with_its_reason_passes(book):
    book.register()
    book.measure()
    book.register(intervals=WIDER, deviations=["4 was a slip of the pen."])
    assert book.problems() == []
    book.register(intervals={"measured": {"min": 1}, "moved": {}})
    assert len(book.problems()) == 1, "each change needs a line of its own"


def test_reasons_stay(book):
    book.register(deviations=["Registered late."])
    book.measure()
    book.register(deviations=[])
    assert "was changed or taken away" in book.problems()[0]


def test_words_may_change(book):
    book.register(why="A ruler.")
    book.measure()
    book.register(why="A steel ruler.")
    assert book.problems() == []


def test_an_entry_that_was_away_is_compared_with_its_last_state(book):
    book.register()
    book.measure()
    book.write("claims/demo.yml", "[]\n")
    book.commit()
    book.register(intervals=WIDER)
    assert len(book.problems()) == 1


def test_a_silent_change_stays_found_when_more_commits_follow(book):
    book.register()
    book.measure()
    book.register(intervals=WIDER)
    book.register(why="Something else.")
    assert len(book.problems()) == 1


def test_an_unreadable_version_is_left_out(book):
    book.register()
    book.measure()
    book.write("claims/demo.yml", "- [")
    book.commit()
    book.register()
    assert book.problems() == []


def test_without_history_there_is_nothing_to_compare(tmp_path):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "demo.yml").write_text("[]")
    assert registration.problems(tmp_path) == []
