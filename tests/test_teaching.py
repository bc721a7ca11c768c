"""`tools.bookext.teaching`: course plans, lab facts, rubrics."""

import re

import nbformat
import pytest

import gates
from tools import labs
from tools.bookext import teaching, topics
from tools.bookext.teaching import TeachingError

LABS = labs.labs()
WORDS = {"One": 1, "Two": 2, "Three": 3, "Four": 4}
TOPICS = {t.id: t for t in topics.read_topics(gates.ROOT)[1]}


def plans():
    """Return the plans of the page as lists of topics, by their unit."""
    page = (gates.ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^```{course-plan} (\w+)\n(.*?)^```", page, re.M | re.S
    )
    return {
        unit: teaching.read_plan(lines.splitlines(), set(TOPICS))
        for unit, lines in found
    }


def test_the_long_plan_has_every_topic_once():
    weeks = plans()["Week"]
    names = [name for topics, _ in weeks for name in topics]
    assert len(weeks) == 12
    assert sorted(names) == sorted(TOPICS)
    assert len(plans()["Day"]) == 5


@pytest.mark.parametrize("unit", ["Week", "Day"])
def test_a_plan_never_comes_before_its_prerequisites(unit):
    """Those that the plan has at all: the short one leaves most out."""
    order = [name for topics, _ in plans()[unit] for name in topics]
    for place, name in enumerate(order):
        later = set(order[place:])
        assert later & set(TOPICS[name].needs) == set(), name


@pytest.mark.parametrize("path", LABS, ids=lambda p: p.stem)
def test_each_lab_has_its_facts_and_a_rubric_that_adds_up(path):
    """Oracle: the total that the lab's own box promises."""
    facts = teaching.lab_facts(labs.read(path))
    assert 45 <= facts.minutes <= 75
    box = "\n".join(c.source for c in labs.read(path).cells)
    assert int(re.search(r"^Points\n: (\d+),", box, re.M)[1]) == facts.points
    assert WORDS[facts.rubric.split()[0]] == facts.by_reader
    assert len(re.findall(r"\bone for\b", facts.rubric)) == facts.by_reader


def test_a_lab_without_rubric_or_time():
    nb = labs.read(LABS[0])
    labs.thinking(nb)[0].source = "An answer.\n\nNo marks are mentioned."
    assert teaching.lab_facts(nb).rubric == ""
    with pytest.raises(TeachingError, match="Found: None, None, 0 answers"):
        teaching.lab_facts(nbformat.v4.new_notebook())


def test_a_plan_with_an_unknown_topic_is_refused():
    with pytest.raises(TeachingError, match="names nets"):
        teaching.read_plan(["cnn nets | x"], {"cnn"})
    assert teaching.read_plan(["a b | c", ""], {"a", "b"}) == [
        (["a", "b"], "c")
    ]


def test_planned_topics_are_marked_and_written_ones_linked():
    topic = topics.Topic("cnn", "practice", "Nets", "Line", [], True)
    assert teaching.planned(topic) == "[Nets](../chapters/cnn.ipynb)"
    planned = topic._replace(written=False)
    assert teaching.planned(planned) == "Nets (*in preparation*)"


def test_table():
    table = teaching.table(("A", "B"), [("1", "2")])
    assert table == "| A | B |\n| --- | --- |\n| 1 | 2 |"
