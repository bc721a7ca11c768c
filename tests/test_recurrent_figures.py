"""The explorable carries: ordinary sums of integers tell the same."""

import re

import numpy as np
import pytest
from test_explorable import picked, sentence, stored

from topoi.recurrent import figures, to_bits

SUMS = [(100, 27), (1, 255), (85, 170), (219, 73), (0, 0), (255, 255)]


def letter(a, b, low, high):
    """What digits low to high - 1 do with a carry: by addition alone."""
    mask = 2 ** (high - low) - 1
    total = (a >> low & mask) + (b >> low & mask)
    if total > mask:
        return "G"
    return "P" if total == mask else "K"


@pytest.mark.parametrize(("a", "b"), SUMS)
def test_each_circle_sees_a_block_of_digits(a, b):
    levels = figures.carry_levels(*(to_bits([n], 8)[0] for n in (a, b)))
    assert len(levels) == 4
    for k, letters in enumerate(levels):
        expected = [
            letter(a, b, max(n + 1 - 2**k, 0), n + 1) for n in range(8)
        ]
        assert letters == expected


def test_the_figure_shows_the_rounds_that_are_over():
    data = stored(figures.carry_tree(SUMS).html)
    shown = {(id, name): c for id, name, *c in data["set"]}
    for m, (a, b) in enumerate(SUMS):
        for step in range(4):
            for level in range(4):
                texts = [
                    picked(data, [m, step], *shown[f"t{level}{n}", "text"])
                    for n in range(8)
                ]
                assert all(texts) == any(texts) == (level <= step)
        carries = [
            (a % 2 ** (n + 1) + b % 2 ** (n + 1)) >> (n + 1) for n in range(8)
        ]
        last = [
            picked(data, [m, 3], *shown[f"t3{n}", "text"]) for n in range(8)
        ]
        assert [t == "G" for t in last] == [c == 1 for c in carries]
        assert "8 of 8 positions is settled" in sentence(data, [m, 3])


def test_the_longest_chain_settles_late():
    data = stored(figures.carry_tree([(1, 255), (0, 0)]).html)
    settled = [
        int(re.search(r"(\d) of 8 pos", sentence(data, [0, step]))[1])
        for step in range(4)
    ]
    assert settled == [1, 2, 4, 8]
    digits = np.array([to_bits([n], 8)[0] for n in (1, 255)])
    assert digits.sum() == 9
