"""The look: contrast of its colours, the hero's geometry, its drawings."""

import re
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest

import gates
from tools import hero
from topoi import plotting

STATIC = gates.ROOT / "_static"
SVG = "{http://www.w3.org/2000/svg}"


# -- colours ----------------------------------------------------------------


def tokens(theme):
    """Colours of the style sheet by name, for one theme."""
    css = (STATIC / "topoi.css").read_text(encoding="utf-8")
    light, dark = css.split("@media not print {", maxsplit=1)
    found = dict(re.findall(r"--tt-(\w+): (#[0-9a-f]{6});", light))
    if theme == "dark":
        dark = dark[: dark.index("\n}\n")]
        found |= dict(re.findall(r"--tt-(\w+): (#[0-9a-f]{6});", dark))
    return found


def contrast(one, two):
    """WCAG 2 contrast ratio of two colours, from its definition."""

    def luminance(colour):
        channels = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
        channels = channels / 255
        linear = np.where(
            channels <= 0.04045,
            channels / 12.92,
            ((channels + 0.055) / 1.055) ** 2.4,
        )
        return linear @ [0.2126, 0.7152, 0.0722]

    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_known_pairs():
    """Oracle: black on white is 21 to 1; #767676 on white just passes."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert 4.5 <= contrast("#767676", "#ffffff") < 4.6


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_legible_on_every_ground(theme):
    colour = tokens(theme)
    washes = [f"w{k}" for k in range(1, 6)]
    words = ["text", "ink", "muted", "link"]
    for word, ground in product(words, ["bg", "surface", *washes]):
        assert contrast(colour[word], colour[ground]) >= 4.5, (word, ground)
    for k, ground in product(range(1, 6), ["bg", "surface"]):
        assert contrast(colour[f"t{k}"], colour[ground]) >= 4.5, (k, ground)
    for k in range(1, 6):
        assert contrast(colour[f"t{k}"], colour[f"w{k}"]) >= 4.5, k


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_and_borders_are_visible(theme):
    colour = tokens(theme)
    for mark in ("strong", "p1", "p2", "p3", "p4", "p5"):
        assert contrast(colour[mark], colour["bg"]) >= 3, mark
        assert contrast(colour[mark], colour["surface"]) >= 3, mark


def test_figures_use_the_hues_of_the_pages():
    light = tokens("light")
    assert plotting.PAPER.lower() == light["paper"] == light["bg"]
    cycle = {colour.lower() for colour in plotting.CYCLE}
    assert cycle == {light[f"p{k}"] for k in range(1, 6)}


def test_eyebrows_carry_the_names_of_the_parts():
    from tools.bookext import topics

    css = (STATIC / "topoi.css").read_text(encoding="utf-8")
    parts, _ = topics.read_topics(gates.ROOT)
    for part in parts:
        words = f"Part {topics.ROMAN[part.number]}, {part.title}"
        assert f'content: "{words}" / "";' in css


# -- the hero ---------------------------------------------------------------


@pytest.fixture(scope="module")
def curve():
    exponents, coefficients = hero.monomials()
    return exponents, coefficients, hero.vertices(exponents, coefficients)


def test_the_hero_is_a_smooth_curve_of_its_degree(curve):
    """Oracle: its dual cuts a triangle of side d into d * d unit triangles.

    So the curve has d * d vertices, each on three edges; of these 3 d are
    rays, which end at one vertex only.
    """
    exponents, _, corners = curve
    degree, rays = hero.DEGREE, 3 * hero.DEGREE
    assert len(corners) == degree**2
    assert all(len(winners) == 3 for winners in corners)
    lines = hero.edges(exponents, corners)
    assert len(lines) == (3 * degree**2 + rays) / 2


def test_two_monomials_tie_along_each_edge(curve):
    exponents, coefficients, corners = curve
    for start, end in hero.edges(exponents, corners):
        point = (np.asarray(start) + np.asarray(end)) / 2
        values = np.sort(coefficients + exponents @ point)
        assert values[-1] - values[-2] < 1e-9
        assert values[-1] - values[-3] > 1e-6


def test_pixels_and_plane_are_inverse():
    points = np.array([[0.0, 0.0], [1.5, -2.0]])
    assert hero.to_plane(hero.to_pixels(points)) == pytest.approx(points)


def test_the_stored_hero_is_what_the_tool_draws():
    assert (STATIC / "hero.svg").read_text(encoding="utf-8") == hero.hero()


# -- drawings ---------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [*sorted(STATIC.glob("*.svg")), *sorted(STATIC.glob("tiles/*.svg"))],
    ids=lambda path: path.stem,
)
def test_drawings_are_small_and_need_nothing_else(path):
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox")
    assert root.find(f".//{SVG}text") is None
    assert re.findall(r"(?:href|src)=|url\(http", text) == []
    assert len(text) <= (20_000 if path.stem == "hero" else 8_000)
