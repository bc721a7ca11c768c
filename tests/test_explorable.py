"""`topoi.plotting.explore`: the stored states are the computed ones."""

import itertools
import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import explorable_toy as toy
import pytest

from topoi.plotting import Drawing, explorable, explore

ROOT = Path(__file__).parent.parent


def stored(html):
    """Return the states as a page finds them."""
    pattern = r'<script type="application/json">(.*?)</script>'
    return json.loads(re.search(pattern, html, re.DOTALL)[1])


def picked(data, at, axes, places):
    """Look a value up; written anew, as an oracle for both readers."""
    index, size = 0, 1
    for axis in reversed(axes):
        index += size * at[axis]
        size *= len(data["controls"][axis]["values"])
    return data["table"][places[index]]


def sentence(data, at):
    return "".join(
        part if isinstance(part, str) else picked(data, at, *part)
        for part in data["say"]
    )


VALUES = (toy.SPEEDS, range(3), toy.SHAPES, (False, True))


def test_every_state_is_stored_as_it_was_computed():
    data = stored(toy.figure().html)
    assert [len(c["values"]) for c in data["controls"]] == [4, 3, 2, 2]
    for at in itertools.product(*(range(len(v)) for v in VALUES)):
        state = toy.state(*(v[n] for v, n in zip(VALUES, at, strict=True)))
        assert sentence(data, at) == "".join(state.pop("say"))
        found = {
            (id, name): picked(data, at, axes, places)
            for id, name, axes, places in data["set"]
        }
        for id, attributes in state.items():
            for name, value in attributes.items():
                shown = found[id, name]
                if name == "fill":
                    assert shown == explorable.COLORS[value]
                elif name == "text":
                    assert shown == value
                else:
                    assert float(shown) == pytest.approx(value, abs=0.05)


def test_a_value_is_stored_once_for_controls_that_do_not_matter():
    data = stored(toy.figure().html)
    axes = {(id, name): axes for id, name, axes, _ in data["set"]}
    assert axes["disc", "cx"] == [0, 1]
    assert axes["disc", "r"] == [2]
    assert axes["label", "fill"] == [3]
    assert [p if isinstance(p, str) else p[0] for p in data["say"]] == [
        [0, 1],
        [2],
        [0, 1],
        [3],
    ]


def test_the_picture_shows_the_first_state():
    figure = toy.figure()
    svg = re.search(r"<svg.*?</svg>", figure.html, re.DOTALL)[0]
    picture = ElementTree.fromstring(svg)
    named = {e.get("data-id"): e for e in picture if e.get("data-id")}
    assert float(named["disc"].get("cx")) == 70
    assert named["square"].get("width") == "0"
    assert named["label"].text == "0.5"
    assert picture.get("aria-label").startswith("A disc on a line")
    words = "After 1 steps at speed 0.5 the disc stands at 0.5."
    assert figure.sentence == words
    assert f'aria-live="polite">{words}</p>' in figure.html
    assert repr(figure) == f"A thing that moves. {words}"
    assert toy.figure().html == figure.html, "the same again"


def test_texts_cannot_break_out_of_the_page():
    picture = Drawing()
    picture.text(0, 0, 'a < b & "c"', id="t")
    evil = "</script><script>alert(1)</script>"
    controls = [explorable.toggle("<b>")]
    figure = explore(
        lambda on: {"t": {"text": evil if on else "<i>"}, "say": evil},
        controls,
        picture,
        title='"quoted"',
        alt="<&>",
    )
    assert figure.html.count("</script>") == 2  # the data and the script
    assert stored(figure.html)["controls"][0]["label"] == "<b>"
    assert "alert" not in re.sub(
        r"<script.*?</script>|<p.*?</p>", "", (figure.html), flags=re.DOTALL
    )
    assert unescape(re.search(r"<p[^>]*>(.*?)</p>", figure.html)[1]) == evil


@pytest.mark.parametrize(
    ("x", "digits", "text"),
    [(-0.001, 2, "0.00"), (-1.5, 1, "−1.5"), (2, 0, "2"), (-0.0, 1, "0.0")],
)
def test_numbers_for_readers(x, digits, text):
    assert explorable.decimal(x, digits) == text


def test_paths():
    assert explorable.path([0, 1.26], [-0.01, 2]) == "M0,0L1.3,2"
    assert explorable.path([0, 1], [0, 2], close=True) == "M0,0L1,2Z"
    with pytest.raises(ValueError, match="finite numbers, but got nan"):
        explorable.path([0, float("nan")], [0, 1])


def one(state, **kind):
    picture = Drawing()
    picture.circle(0, 0, id="dot")
    control = explorable.slider("n", range(kind.get("count", 3)))
    return explore(state, [control], picture, "t", "a")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda n: {"dott": {"r": n}, "say": ""}, "sets dott, .* only dot"),
        (
            lambda n: {"dot": {"r": n} if n else {}, "say": ""},
            r"state of \(1,\) and the first .* \[\('dot', 'r'\)\]",
        ),
        (lambda n: {"dot": {"fill": "red"}, "say": ""}, "'red' is no colour"),
        (lambda n: {"dot": {"cx": 1e999}, "say": ""}, "finite numbers"),
    ],
)
def test_states_that_do_not_fit(state, message):
    with pytest.raises(ValueError, match=message):
        one(state)


def test_a_heavy_figure_is_refused():
    import random

    rng = random.Random(1)
    heavy = {n: "".join(rng.choices("abcdefghij", k=40)) for n in range(1000)}
    with pytest.raises(ValueError, match=r"weighs \d+ bytes .* fewer values"):
        one(lambda n: {"dot": {"r": 1}, "say": heavy[n]}, count=1000)


def test_bad_controls_and_names_are_refused():
    for values, start, words in (
        ([1], 1, None),
        ([1, 2], 3, None),
        ([1, 2], 1, ["one"]),
    ):
        with pytest.raises(ValueError, match="two values or more"):
            explorable.slider("n", values, start, words)
    picture = Drawing()
    picture.circle(0, 0, id="dot")
    with pytest.raises(ValueError, match="named 'dot'"):
        picture.circle(0, 0, id="dot")
    with pytest.raises(ValueError, match="too small for a phone"):
        picture.text(0, 0, "a", size=12)


def test_colours_are_those_of_the_style_sheet():
    """Each fallback, for JupyterLab, is the book's own light tone."""
    css = (ROOT / "_static" / "topoi.css").read_text()
    for value in explorable.COLORS.values():
        for name, colour in re.findall(r"var\((--tt-\w+), (#\w+)\)", value):
            light = re.search(rf"{name}: (#\w+);", css)[1]
            assert light.lower() == colour.lower(), name


def test_the_script_is_small_and_the_books_copy_is_the_same():
    script = explorable.SCRIPT.read_bytes()
    assert (ROOT / "_static" / "explore.js").read_bytes() == script
    assert len(script) <= 6000
    text = script.decode()
    assert "onclick" not in text
    assert "http" not in text
    short = explorable._script()
    assert "/*" not in short
    assert '"</' not in short
    assert short in toy.figure().html


def test_the_book_takes_the_script_out():
    from docutils import nodes, utils

    from tools.bookext import explorables

    document = utils.new_document("page")
    html = toy.figure().html
    document += nodes.raw("", html, format="html")
    document += nodes.raw("", "<b>else</b>", format="html")
    explorables.drop_scripts(None, document)
    figure, other = (n.astext() for n in document.findall(nodes.raw))
    assert other == "<b>else</b>"
    assert "tt-script" not in figure
    assert stored(figure) == stored(html)
