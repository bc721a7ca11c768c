"""Controls of the claims about symbolic regression."""

from dataclasses import replace
from functools import cache

import numpy as np
import sympy

from controls import control
from topoi import symbolic_regression as sr


def searched(x, y, settings=sr.STANDARD, trials=4):
    """Return discoveries of some starts, trained as in the survey."""
    rng = np.random.default_rng(1)
    start = sr.initial_weights(x.shape[1], 1, trials, rng, settings)
    trained = sr.train_in_phases(
        start, x.astype("float32"), y[:, None], settings
    )
    return sr.read_out(trained, x, y[:, None], "xyzw"[: x.shape[1]], settings)


@cache
def with_the_wrong_sign():
    """Return x^2 searched with a penalty that makes weights grow."""
    x, y, _ = sr.sample("x**2")
    return searched(x, y, replace(sr.STANDARD, penalty=-5e-3))


# -- theorems ---------------------------------------------------------------


@control("symbolic_regression/penalty-joins", "a / 8 instead of 3 a / 8")
def wrong_constant():
    w, a = sympy.symbols("w a", positive=True)
    p = -(w**4) / (8 * a**3) + 3 * w**2 / (4 * a) + a / 8
    wrong = [sympy.diff(p - w, w, k).subs(w, a) for k in range(3)]
    return sum(v != 0 for v in wrong)


@control("symbolic_regression/inside-the-network", "4 pi is forgotten")
def sine_without_its_factor():
    same = 0
    for name, text in sr.FUNCTIONS_OF_THE_PAPER.items():
        formula = sr.parse_formula(text)
        letters = sorted(map(str, formula.free_symbols))
        weights = sr.exact_network(name, letters)
        sine = weights[0][:, sr.DEFAULT_UNITS.index("sin")]
        sine *= 4  # as if the unit were sin(pi g)
        same += sr.same_formula(sr.to_sympy(weights, letters), formula)
    return same


@control("symbolic_regression/gate-open", "the temperature is left out")
def without_temperature():
    rng, largest = np.random.default_rng(0), 0.0
    for location in np.linspace(-3, 3, 7):
        u = rng.uniform(1e-6, 1 - 1e-6, 20_000)
        share = np.mean(sr.hard_concrete(location, u) > 0)
        wrong = 1 / (1 + np.exp(-(location - np.log(0.1 / 1.1))))
        largest = max(largest, abs(share - wrong))
    return largest


# -- formulas ---------------------------------------------------------------


@control(
    "symbolic_regression/several-functions", "the penalty has the wrong sign"
)
def several_with_the_wrong_sign():
    found = [sr.exactly(d, "x**2") for d in with_the_wrong_sign()]
    return float(np.mean(found))


@control("symbolic_regression/planted", "points and values are shuffled")
def shuffled():
    x, y, _ = sr.sample("x**2 + sin(2*pi*y)")
    y = np.random.default_rng(3).permutation(y)
    text = "x**2 + sin(2*pi*y)"
    return float(np.mean([sr.exactly(d, text) for d in searched(x, y)]))
