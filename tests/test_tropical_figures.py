"""The explorable conic: counted again by brute force on a grid of points."""

from fractions import Fraction

import numpy as np
import pytest
from test_explorable import picked, sentence, stored

from topoi import tropical
from topoi.tropical import figures

TERMS = {(0, 0): 0, (1, 0): 2, (0, 1): 1, (2, 0): 1, (1, 1): 4, (0, 2): 0}
VALUES = [Fraction(n, 2) for n in range(-4, 11)]


@pytest.fixture(scope="module")
def data():
    conic = tropical.TropicalPolynomial(2, TERMS)
    return stored(figures.drag_coefficient(conic, VALUES).html)


def winners(terms):
    """Return which monomials win alone at a point of a fine grid."""
    axis = np.linspace(-4.99, 4.99, 401) + 0.001
    x, y = np.meshgrid(axis, axis)
    forms = [float(c) + i * x + j * y for (i, j), c in sorted(terms.items())]
    order = np.sort(forms, axis=0)
    alone = order[-1] > order[-2] + 1e-9
    return set(np.argmax(forms, axis=0)[alone].tolist())


@pytest.mark.parametrize("exponent", sorted(TERMS))
@pytest.mark.parametrize("value", VALUES[::3])
def test_regions_are_those_of_a_grid(data, exponent, value):
    exponents = sorted(TERMS)
    expected = winners(TERMS | {exponent: value})
    at = [exponents.index(exponent), VALUES.index(value)]
    assert sentence(data, at).startswith(f"{len(expected)} regions, ")
    shown = {(id, name): c for id, name, *c in data["set"]}
    for n, e in enumerate(exponents):
        d = picked(data, at, *shown[f"cell{e}", "d"])
        assert bool(d) == (n in expected), e
        fill = picked(data, at, *shown[f"dot{e}", "fill"])
        assert ("--tt-bg" not in fill) == (n in expected)


def test_regions_minus_edges_plus_vertices_is_one(data):
    """Euler's formula in a window, its outer edges left out."""
    for m in range(len(TERMS)):
        for n in range(len(VALUES)):
            text = sentence(data, [m, n])
            numbers = [int(w) for w in text.split() if w.isdigit()]
            regions, edges, corners = numbers[:3]
            assert regions - edges + corners == 1, text
