"""The explorable speed-up: the two laws, written out."""

import re

import pytest
from test_explorable import picked, sentence, stored

from topoi.scaling import figures

WORKERS, SERIAL = tuple(2**k for k in range(11)), (0.001, 0.05, 0.3)


@pytest.fixture(scope="module")
def data():
    return stored(figures.speed_limits(WORKERS, SERIAL).html)


@pytest.mark.parametrize("m", range(3))
@pytest.mark.parametrize("grows", [0, 1])
def test_gains_and_limits(data, m, grows):
    share = SERIAL[m]
    shown = {(id, name): c for id, name, *c in data["set"]}
    for n, workers in enumerate(WORKERS):
        at = [m, n, grows]
        gain = 1 / (share + (1 - share) / workers)
        if grows:
            gain = share + (1 - share) * workers
        said = sentence(data, at)
        assert f"{workers} workers make it {gain:.3g} times" in said
        limit = f"more than {1 / share:.3g} times"
        assert (limit in said) == (not grows)
        width = float(picked(data, at, *shown["serial", "width"]))
        assert width == pytest.approx(figures.WIDTH * share, abs=0.06)
        x = float(picked(data, at, *shown["dot", "cx"]))
        y = float(picked(data, at, *shown["dot", "cy"]))
        d = picked(data, at, *shown["curve", "d"])
        points = re.findall(r"([\d.]+),([\d.]+)", d)
        assert (x, y) == tuple(map(float, points[n]))


def test_the_bar_is_the_time_of_a_step(data):
    shown = {(id, name): c for id, name, *c in data["set"]}
    for n, workers in enumerate(WORKERS):
        parts = [
            float(picked(data, [1, n, 0], *shown[name, "width"]))
            for name in ("serial", "shared")
        ]
        expected = 0.05 + 0.95 / workers
        assert sum(parts) / figures.WIDTH == pytest.approx(expected, abs=4e-4)
