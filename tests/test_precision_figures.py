"""The explorable byte: ml_dtypes reads the same bits."""

import ml_dtypes
import numpy as np
import pytest
from test_explorable import picked, sentence, stored

from topoi.precision import FLOAT8_E5M2, Format, figures

E4M3 = Format("float8_e4m3", 4, 3)
THEIRS = {
    E4M3: ml_dtypes.float8_e4m3,
    FLOAT8_E5M2: ml_dtypes.float8_e5m2,
}


@pytest.mark.parametrize("target", THEIRS, ids=lambda f: f.name)
def test_every_byte_stands_for_what_it_should(target):
    codes = np.arange(256, dtype=np.uint8)
    theirs = codes.view(THEIRS[target]).astype(np.float64)
    ours = np.array([figures.decode(int(c), target) for c in codes])
    np.testing.assert_array_equal(ours, theirs)
    some = ~np.isnan(theirs)  # -0.0 is negative, and a NaN has no sign
    assert np.array_equal(np.signbit(ours)[some], np.signbit(theirs)[some])


def number(text):
    if "×" in text:
        mantissa, power = text.split(" × 2^")
        return number(mantissa) * 2.0 ** number(power)
    return float(text.replace("−", "-"))


@pytest.mark.parametrize("which", [0, 1])
def test_the_figure_shows_value_and_neighbours(which):
    target = list(THEIRS)[which]
    figure = figures.byte_to_toggle(tuple(THEIRS), 0b00111101)
    data = stored(figure.html)
    shown = {(id, name): c for id, name, *c in data["set"]}
    finite = np.arange(256, dtype=np.uint8).view(THEIRS[target])
    line = np.unique(finite.astype(float)[np.isfinite(finite.astype(float))])
    for code in range(256):
        at = [which, *(code >> p & 1 for p in range(7, -1, -1))]
        value = figures.decode(code, target)
        text = picked(data, at, *shown["value", "text"])
        bits = [picked(data, at, *shown[f"bit{n}", "text"]) for n in range(8)]
        assert "".join(bits) == f"{code:08b}"
        if not np.isfinite(value):
            assert text.lstrip("−") in ("NaN", "infinity")
            continue
        assert number(text) == value
        place = int(np.searchsorted(line, value))
        for name, there in (("below", place - 1), ("above", place + 1)):
            # "above" is the larger magnitude: on the left for negative ones
            if np.signbit(value):
                there = 2 * place - there
            text = picked(data, at, *shown[name, "text"])
            if 0 <= there < len(line):
                assert number(text) == line[there], (code, name)
            else:
                assert text == ""


def test_sentences_name_the_kind():
    data = stored(figures.byte_to_toggle(tuple(THEIRS), 0).html)
    assert "two of them" in sentence(data, [0] * 9)
    assert "subnormal" in sentence(data, [0] * 8 + [1])
    largest = [0, 0, 1, 1, 1, 0, 1, 1, 1]
    assert "Nothing finite is larger" in sentence(data, largest)
    assert "infinity" in sentence(data, [0, 0, 1, 1, 1, 1, 0, 0, 0])
    assert "not a number" in sentence(data, [0, 0, 1, 1, 1, 1, 0, 0, 1])
