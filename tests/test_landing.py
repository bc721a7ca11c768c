"""`tools.bookext`: topics, the cards of the landing page, the map."""

import re
from itertools import pairwise

import pytest
import yaml

import gates
from tools.bookext import landing, topics_map
from tools.bookext.topics import Topic, levels, read_topics

PARTS = [{"id": "one", "number": 1, "title": "One & all", "line": "First."}]


def entry(name, needs=(), part="one"):
    return {
        "id": name,
        "part": part,
        "title": name.title(),
        "line": f"About {name}",
        "needs": list(needs),
    }


@pytest.fixture
def book(tmp_path):
    """A function that writes a book's topics.yml and its chapters."""

    def write(entries, written=()):
        text = yaml.safe_dump({"parts": PARTS, "topics": entries})
        (tmp_path / "topics.yml").write_text(text)
        (tmp_path / "chapters").mkdir(exist_ok=True)
        for name in written:
            (tmp_path / "chapters" / f"{name}.ipynb").touch()
        return tmp_path

    return write


# -- topics.yml -------------------------------------------------------------


def test_the_topics_of_this_book_are_sound():
    parts, topics = read_topics(gates.ROOT)
    assert [part.number for part in parts] == [1, 2, 3, 4, 5]
    tiles = {p.stem for p in (gates.ROOT / "_static/tiles").glob("*.svg")}
    assert tiles == {topic.id for topic in topics}


def test_a_topic_is_written_when_its_chapter_exists(book):
    _, topics = read_topics(book([entry("a"), entry("b")], ["b"]))
    assert [topic.written for topic in topics] == [False, True]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry("a"), entry("a")], "ids are unique, got 'a' twice"),
        ([entry("a", part="two")], "is in part 'two', which is not listed"),
        ([entry("a", ["z"])], "topic 'a' needs 'z', which is no topic"),
        ([entry("a", ["a"])], r"must not run in a circle.*\['a'\]"),
        (
            [entry("a"), entry("b", ["c"]), entry("c", ["b"])],
            r"circle, got one among \['b', 'c'\]",
        ),
        ([{"id": "a"}], "needs the keys id, line, needs, part, title"),
        ([entry("a") | {"mood": "good"}], "got id, line, mood"),
    ],
)
def test_unsound_topics_are_refused(book, entries, message):
    with pytest.raises(ValueError, match=message):
        read_topics(book(entries))


def longest_chain(name, needs):
    """Oracle for `levels`: try every chain downwards."""
    return max((1 + longest_chain(n, needs) for n in needs[name]), default=0)


def test_levels_are_longest_chains():
    _, topics = read_topics(gates.ROOT)
    needs = {topic.id: topic.needs for topic in topics}
    assert levels(topics) == {
        name: longest_chain(name, needs) for name in needs
    }


# -- cards ------------------------------------------------------------------


def topic(written, title="Waves & sums"):
    return Topic("waves", "one", title, "A < B", [], written)


def test_only_a_written_topic_has_a_link():
    card = landing.card_html(topic(True), "../")
    assert '<a href="../chapters/waves.html">Waves &amp; sums</a>' in card
    assert "in preparation" not in card
    card = landing.card_html(topic(False), "")
    assert "<a" not in card
    assert "in preparation" in card


def test_words_of_a_topic_are_escaped():
    assert "A &lt; B" in landing.card_html(topic(True), "")


# -- map --------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    parts, topics = read_topics(gates.ROOT)
    return parts, topics, {part.id: part.number for part in parts}


def test_boxes_of_the_wide_map_do_not_overlap(real):
    _, topics, _ = real
    rows, depth, count = topics_map.tree_rows(topics)
    for level in set(depth.values()):
        column = sorted(rows[name] for name in depth if depth[name] == level)
        assert all(low + 1 <= high for low, high in pairwise(column))
    assert min(rows.values()) >= 0
    assert max(rows.values()) <= count - 1


@pytest.mark.parametrize("kind", ["wide", "narrow"])
def test_a_map_has_each_topic_and_each_need_once(real, kind):
    parts, topics, numbers = real
    if kind == "wide":
        drawing = topics_map.wide_map(topics, numbers, "../")
    else:
        drawing = topics_map.narrow_map(parts, topics, numbers, "../")
    assert len(re.findall(r'class="tt-(?:planned|written) ', drawing)) == len(
        topics
    )
    assert drawing.count("<path") == sum(len(t.needs) for t in topics)
    for one in topics:
        link = f'href="../chapters/{one.id}.html"'
        assert (link in drawing) == one.written


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Scaling", ["Scaling"]),
        ("Temporal logic", ["Temporal logic"]),
        ("The topos of a network", ["The topos", "of a network"]),
        ("Thermodynamically", ["Thermodynamically"]),
    ],
)
def test_titles_break_in_the_middle(title, lines):
    assert topics_map.two_lines(title) == lines
