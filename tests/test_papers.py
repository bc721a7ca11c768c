"""`papers.yml`: every statement of the works is answered."""

import json
import re

import pytest
import yaml

import gates
from tools.bookext import papers
from tools.bookext.papers import Statement

WORKS = papers.read_papers(gates.ROOT)


def test_every_statement_is_answered_and_every_answer_is_there():
    assert papers.problems(gates.ROOT, WORKS) == []


def test_the_works_are_those_of_the_book():
    assert len(WORKS) == 28
    assert len({work.work for work in WORKS}) == 28
    assert all(work.statements for work in WORKS)


CLAIM = {
    "id": "one/x",
    "kind": "ours",
    "statement": "s",
    "intervals": {"measured": {}},
    "expected": "measured",
    "why": "w",
    "control": "c",
}


@pytest.fixture
def book(tmp_path):
    """A book with one written topic, one planned topic and one claim."""
    topics = [
        {"id": i, "part": "p", "title": i.title(), "line": "l", "needs": []}
        for i in ("one", "two")
    ]
    parts = [{"id": "p", "number": 1, "title": "P", "line": "l"}]
    both = {"parts": parts, "topics": topics}
    (tmp_path / "topics.yml").write_text(yaml.safe_dump(both))
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "one.yml").write_text(yaml.safe_dump([CLAIM]))
    (tmp_path / "references.bib").write_text("@book{Key2020,\n}\n")
    source = ["# One\n", "\n", "## What is a `Var`?\n", "(my-label)=\n"]
    cells = [{"cell_type": "markdown", "source": source}]
    (tmp_path / "chapters").mkdir()
    notebook = json.dumps({"cells": cells})
    (tmp_path / "chapters" / "one.ipynb").write_text(notebook)
    return tmp_path


def works(book, statement, **more):
    work = {"work": "W", "by": "A", "topic": "one", "statements": [statement]}
    (book / "papers.yml").write_text(yaml.safe_dump([work | more]))
    return papers.read_papers(book)


@pytest.mark.parametrize(
    "answer",
    [
        {"claims": ["one/x"]},
        {"sections": ["chapters/one"]},
        {"sections": ["chapters/one#what-is-a-var"]},
        {"sections": ["chapters/one#my-label"]},
        {"why_not": "No device."},
        {"open": "two"},
    ],
)
def test_an_answer_is_accepted(book, answer):
    found = works(book, {"says": "It works."} | answer, key="Key2020")
    assert papers.problems(book, found) == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "nothing answers it"),
        ({"claims": []}, "nothing answers it"),
        ({"claims": ["one/y"]}, "no claim one/y"),
        ({"sections": ["chapters/one#no"]}, "no section chapters/one#no"),
        ({"sections": ["chapters/two"]}, "no section chapters/two"),
        ({"open": "three"}, "open for three, which is no topic"),
        ({"open": "one"}, "one has a chapter now"),
    ],
)
def test_what_answers_nothing_is_found(book, answer, message):
    found = works(book, {"says": "It works."} | answer)
    (problem,) = papers.problems(book, found)
    assert message in problem


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"key": "Nobody2020"}, "not in references.bib"),
        ({"topic": "three"}, "three is no topic"),
    ],
)
def test_work_that_is_not_of_this_book_is_found(book, more, message):
    found = works(book, {"says": "s", "why_not": "w"}, **more)
    assert message in papers.problems(book, found)[0]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"why_not": "w"}, "needs says"),
        ({"says": "s", "because": "w"}, "has because, says"),
        ({"says": "s", "claims": "one/x"}, "claims is a list"),
    ],
)
def test_malformed_statement_is_refused(book, statement, message):
    with pytest.raises(ValueError, match=message):
        works(book, statement)


def test_item_shows_every_answer_and_escapes():
    statement = Statement("a < b", ["one/x"], ["chapters/one"], "No.", "two")
    links = {"one/x": "<b>X</b>", "chapters/one": "<i>One</i>"}
    html = papers.item(statement, links, {"two": "Two & co"})
    assert "a &lt; b" in html
    assert "<li><b>X</b></li><li><i>One</i></li><li>No.</li>" in html
    assert "in preparation: Two &amp; co" in html


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("chapters/one", "One"),
        ("chapters/one#what-is-a-var", "One: What is a Var?"),
        ("chapters/one#my-label", "One: my-label"),
    ],
)
def test_section_is_named_by_its_heading(book, place, words):
    link = papers.section_link(book, place)
    page, _, anchor = place.partition("#")
    href = f"../{page}.html" + (f"#{anchor}" if anchor else "")
    assert link == f'<a href="{href}">{words}</a>'


def test_tally_counts_each_state(book):
    found = works(book, {"says": "s", "open": "two"})
    assert "1 works make 1 statements: 0 are answered" in papers.tally(found)
    assert "1 wait for their chapter" in papers.tally(found)


# -- which chapter answers which line ---------------------------------------


def test_the_table_of_the_map_links_every_section_of_its_work():
    """Every row has its links, and each leads to a heading that exists."""
    (work,) = [work for work in WORKS if work.key == "Heaton2020"]
    html = papers.answers_table(gates.ROOT, work, {"tabular": "Tables"})
    assert html.count('<tr role="row">') == 1 + len(work.statements)
    links = re.findall(r'href="\.\./([^"#]+)\.html#?([^"]*)"', html)
    sections = [place for s in work.statements for place in s.sections]
    assert ["#".join(filter(None, link)) for link in links] == sections
    for page, anchor in links:
        assert anchor in papers.headings(gates.ROOT, page)
    page = (gates.ROOT / "book" / "map.md").read_text()
    assert "```{answers-of} Heaton2020" in page


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"open": "two"}, "Two, in preparation"),
        ({"why_not": "No device."}, "No device."),
        ({"claims": ["one/x"]}, '<a href="../chapters/one.html">One</a>'),
        (
            {"sections": ["chapters/one#my-label"], "claims": ["one/x"]},
            '<a href="../chapters/one.html#my-label">One: my-label</a>',
        ),
    ],
)
def test_a_line_shows_its_answer_as_soon_as_it_is_there(book, answer, words):
    (work,) = works(book, {"says": "a < b"} | answer)
    html = papers.answers_table(book, work, {"two": "Two"})
    assert "a &lt; b</td>" in html
    assert f">{words}</td>" in html
