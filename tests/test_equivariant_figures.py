"""The explorable square: maps rebuilt from the paths and turned again."""

import re

import numpy as np
import pytest
from scipy.signal import correlate2d
from test_explorable import picked, sentence, stored

from topoi.equivariant import figures

IMAGE = (np.random.default_rng(3).random((11, 11)) < 0.4).astype(float)
ANGLES = (0, 45, 90, 180, 270)
NAMES = list(figures.LAYERS)


@pytest.fixture(scope="module")
def data():
    return stored(figures.round_the_square(IMAGE, ANGLES).html)


def shades(data, at, name, left, top):
    """Return signed shades of a map, read from its paths."""
    shown = {(id, attribute): c for id, attribute, *c in data["set"]}
    found = np.zeros(IMAGE.shape, int)
    for mark, sign in (("p", 1), ("n", -1)):
        for tone in range(1, figures.TONES + 1):
            d = picked(data, at, *shown[f"{name}-{mark}{tone}", "d"])
            for x, y, width in re.findall(r"M([\d.]+),([\d.]+)h(\d+)", d):
                c = round((float(x) - left) / figures.CELL)
                r = int((float(y) - top) // figures.CELL)
                found[r, c : c + int(width) // figures.CELL] = sign * tone
    return found


@pytest.mark.parametrize("m", range(3))
@pytest.mark.parametrize("n", [0, 2, 3, 4])
def test_quarter_turns(data, m, n):
    at = [m, n]
    _, b, c = figures.COLUMNS
    low = figures.ROWS[1]
    answer = shades(data, at, "answer", b, figures.ROWS[0])
    first = shades(data, at, "first", b, low)
    second = shades(data, at, "second", c, low)
    np.testing.assert_array_equal(second, np.rot90(answer, ANGLES[n] // 90))
    exact = "exactly" in sentence(data, at)
    assert exact == (NAMES[m] != "one kernel" or ANGLES[n] == 0)
    if exact:
        np.testing.assert_array_equal(first, second)


def test_layers_are_what_they_say():
    x = np.random.default_rng(4).normal(size=(7, 7))
    sobel = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    pad = {"mode": "same", "boundary": "fill"}
    four = [correlate2d(x, np.rot90(sobel, k), **pad) for k in range(4)]
    np.testing.assert_allclose(figures.one_kernel(x), four[0], atol=1e-12)
    np.testing.assert_allclose(
        figures.four_kernels(x), np.max(four, axis=0), atol=1e-12
    )
    around = 9 * x - correlate2d(x, np.ones((3, 3)), **pad)
    np.testing.assert_allclose(figures.symmetric_kernel(x), around, atol=1e-12)


def test_turns_in_between_are_not_exact(data):
    for m in range(3):
        assert re.search(r"differ by \d+% of", sentence(data, [m, 1]))
