"""Weights by hand: proofs that a formula is inside the network."""

from collections.abc import Sequence

import numpy as np
import sympy

from topoi.symbolic_regression.units import DEFAULT_UNITS, UNITS

# One entry a layer: (row, unit, weight). A row is an input, or a unit of the
# layer before, named by its kind and number; "out" is the output. A second
# argument of a product is called product' instead of product.
_HALF, _TENTH = sympy.Rational(1, 2), sympy.Rational(1, 10)
EXACT_NETWORKS: dict[str, list[list[tuple]]] = {
    "x": [
        [("x", "identity", 1)],
        [("identity", "identity", 1)],
        [("identity", "out", 1)],
    ],
    "x^2": [
        [("x", "square", 1)],
        [("square", "identity", 1)],
        [("identity", "out", 1)],
    ],
    "x^3": [
        [("x", "square", 1), ("x", "identity", 1)],
        [("square", "product", 1), ("identity", "product'", 1)],
        [("product", "out", _TENTH)],
    ],
    "sin": [
        [("x", "sin", _HALF)],
        [("sin", "identity", 1)],
        [("identity", "out", 1)],
    ],
    "xy": [
        [("x", "product", 1), ("y", "product'", 1)],
        [("product", "identity", 1)],
        [("identity", "out", _TENTH)],
    ],
    "sigmoid": [
        [("x", "sigmoid", _HALF)],
        [("sigmoid", "identity", 1)],
        [("identity", "out", 1)],
    ],
    "xy/2 + z/2": [
        [
            ("x", "product", 1),
            ("y", "product'", 1),
            ("z", "identity", 1),
        ],
        [("product", "identity", _TENTH), ("identity", "identity", 1)],
        [("identity", "out", _HALF)],
    ],
    "exp": [
        [("x", "square", 1)],
        [("square", "exp", -1)],
        [("exp", "out", sympy.E), ("constant", "out", 1)],
    ],
    "x^2 + sin": [
        [("x", "square", 1), ("y", "sin", _HALF)],
        [("square", "identity", 1), ("sin", "identity", 1)],
        [("identity", "out", 1)],
    ],
    "x^2 + y - 2z": [
        [("x", "square", 1), ("y", "identity", 1), ("z", "identity", -2)],
        [("square", "identity", 1), ("identity", "identity", 1)],
        [("identity", "out", 1)],
    ],
}


def exact_network(
    name: str,
    names: Sequence[str],
    units: Sequence[str] = DEFAULT_UNITS,
) -> list[np.ndarray]:
    """Return weights that compute a formula of the paper exactly.

    Parameters
    ----------
    name : str
        A key of `EXACT_NETWORKS`.
    names : sequence of str
        Names of the inputs.
    units : sequence of str
        The units of the two hidden layers.

    Returns
    -------
    list of array of SymPy numbers
        Shapes ``(rows, columns)``. ``w.astype(float)`` makes floats.
    """
    if name not in EXACT_NETWORKS:
        raise ValueError(f"{name!r} is none of {', '.join(EXACT_NETWORKS)}.")
    column, row, reads = {"out": 0}, {n: i for i, n in enumerate(names)}, 0
    value = {}
    for place, unit in enumerate(units):
        if unit not in column:  # the first of its kind
            column[unit], value[unit] = reads, place
            column[unit + "'"] = reads + 1
        reads += UNITS[unit].arity
    weights = []
    for k, entries in enumerate(EXACT_NETWORKS[name]):
        rows = len(names) if k == 0 else len(units)
        last = k == len(EXACT_NETWORKS[name]) - 1
        w = np.full((rows, 1 if last else reads), sympy.Integer(0))
        for source, target, weight in entries:
            i = row[source] if k == 0 else value[source]
            w[i, column[target]] = sympy.sympify(weight)
        weights.append(w)
    return weights
