"""The explorable window: sums by SciPy, squares counted in the paths."""

import re

import numpy as np
import pytest
from scipy.signal import correlate2d
from test_explorable import picked, sentence, stored

from topoi.cnn import figures

KERNELS = {
    "edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "blur": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
}
IMAGE = np.random.default_rng(5).integers(0, 10, (14, 14))


@pytest.fixture(scope="module")
def data():
    return stored(figures.window_on_a_digit(IMAGE, KERNELS).html)


def test_half_the_size():
    image = np.zeros((4, 4))
    image[:2, 2:] = 1
    image[3, 0] = 0.5
    assert figures.coarse(image).tolist() == [[0, 9], [1, 0]]


def test_every_window_adds_up(data):
    shown = {(id, name): c for id, name, *c in data["set"]}
    for k, kernel in enumerate(KERNELS.values()):
        sums = correlate2d(IMAGE, kernel, mode="valid")
        for row in range(12):
            for column in range(12):
                at = [k, row, column]
                said = sentence(data, at).replace("−", "-")
                numbers = re.findall(r"-?\d+", said)
                assert numbers == [
                    str(n) for n in (row, column, sums[row, column])
                ]
                total = 0
                for r, c in np.ndindex(3, 3):
                    ink, tap = (
                        picked(data, at, *shown[f"{n}{r}{c}", "text"])
                        for n in ("ink", "tap")
                    )
                    total += int(ink) * int(tap[1:].replace("−", "-"))
                assert total == sums[row, column]


def test_the_map_holds_each_sum_in_the_colour_of_its_sign(data):
    shown = {(id, name): c for id, name, *c in data["set"]}
    for k, kernel in enumerate(KERNELS.values()):
        sums = correlate2d(IMAGE, kernel, mode="valid")
        for hue, sign in (("lagoon", 1), ("coral", -1)):
            places = []
            for tone in range(1, 5):
                d = picked(data, [k, 0, 0], *shown[f"{hue}{tone}", "d"])
                places += re.findall(r"M([\d.]+),([\d.]+)", d)
            found = {
                (
                    round((float(y) - figures.TOP) / figures.CELL),
                    round((float(x) - figures.RIGHT) / figures.CELL),
                )
                for x, y in places
            }
            assert found == set(map(tuple, np.argwhere(sign * sums > 0)))


def test_the_window_stands_where_the_map_is_read(data):
    shown = {(id, name): c for id, name, *c in data["set"]}
    for at in ([0, 0, 0], [1, 11, 3], [0, 5, 11]):
        _, row, column = at
        x, y = (float(picked(data, at, *shown["window", n])) for n in "xy")
        assert (x, y) == (2 + 10 * column, figures.TOP + 10 * row)
        x, y = (float(picked(data, at, *shown["cell", n])) for n in "xy")
        assert (x, y) == (figures.RIGHT + 11 * column, figures.TOP + 11 * row)
