"""The explorable game: eigenvalues and paths, by closed forms."""

import re

import numpy as np
import pytest
from test_explorable import picked, sentence, stored

from topoi.gan import figures

RATES, PENALTIES = (0.05, 0.2, 0.5), (0.0, 0.3, 1.0)


@pytest.fixture(scope="module")
def data():
    return stored(figures.dirac_game(RATES, PENALTIES).html)


def factor(rate, alternating, penalty):
    """Largest eigenvalue from the characteristic polynomial alone."""
    trace = 2 - rate * penalty - (rate**2 if alternating else 0)
    det = 1 - rate * penalty + (0 if alternating else rate**2)
    return np.abs(np.roots([1, -trace, det])).max()


@pytest.mark.parametrize("m", range(3))
@pytest.mark.parametrize("alternating", [0, 1])
@pytest.mark.parametrize("k", range(3))
def test_the_verdict_is_that_of_the_eigenvalues(data, m, alternating, k):
    expected = factor(RATES[m], alternating, PENALTIES[k])
    said = sentence(data, [m, alternating, k])
    if abs(expected - 1) < 1e-9:
        assert "goes round and round" in said
        return
    word = "outwards" if expected > 1 else "converges"
    assert said.endswith(f"so the path {word}.") or word in said
    number = float(re.search(r"(\d\.\d{4})", said)[1])
    assert number == pytest.approx(expected, abs=5e-5)


def test_without_penalty_each_step_at_once_lengthens_the_radius(data):
    """|1 + i eta| = sqrt(1 + eta^2), as in the chapter."""
    shown = {(id, name): c for id, name, *c in data["set"]}
    for m, rate in enumerate(RATES):
        d = picked(data, [m, 0, 0], *shown["path", "d"])
        points = np.array(re.findall(r"([\d.]+),([\d.]+)", d), float)
        centre = [
            figures.LEFT + figures.SIDE / 2,
            figures.TOP + figures.SIDE / 2,
        ]
        radius = np.hypot(*(points - centre).T)
        growth = np.sqrt(1 + rate**2) ** np.arange(len(points))
        np.testing.assert_allclose(radius / radius[0], growth, atol=4e-3)
        x, y = (
            picked(data, [m, 0, 0], *shown["end", n]) for n in ("cx", "cy")
        )
        assert [float(x), float(y)] == points[-1].tolist()


def test_every_point_lies_in_the_plane(data):
    numbers = [
        float(n)
        for text in data["table"]
        if text.startswith("M")
        for n in re.findall(r"[ML](-?[\d.]+)", text)
    ]
    assert min(numbers) >= figures.LEFT
    assert max(numbers) <= figures.LEFT + figures.SIDE
