"""Surveys of the chapter on symbolic regression: 20 starts side by side."""

from dataclasses import replace
from functools import cache

import numpy as np

from topoi import symbolic_regression as sr
from topoi.survey import load, survey

TRIALS = 20
NAMES = tuple(sr.FUNCTIONS_OF_THE_PAPER)


def trained(x, y, settings=sr.STANDARD, gated=False):
    """Train 20 networks on data; return their discoveries by trial."""
    rng = np.random.default_rng(1)
    start = sr.initial_weights(x.shape[1], 1, TRIALS, rng, settings)
    x32, y = x.astype("float32"), y[:, None]
    if gated:
        start = [
            w * 0.5 / d for w, d in zip(start, (0.1, 0.5, 1.0), strict=True)
        ]
        result = sr.train_gated(start, x32, y, rng, settings)
    else:
        result = sr.train_in_phases(start, x32, y, settings)
    found = sr.read_out(result, x, y, "xyzw"[: x.shape[1]], settings)
    return {d.trial: d for d in found}


@cache
def discoveries(name, penalty=5e-3, half=1.0, noise=0.0, gated=False):
    """Return the discoveries of 20 starts for one function."""
    text = sr.FUNCTIONS_OF_THE_PAPER[name]
    x, y, _ = sr.sample(text, domain=(-half, half), noise=noise)
    return trained(x, y, replace(sr.STANDARD, penalty=penalty), gated)


@cache
def exact(name, **changes):
    """Return which of 20 starts are exact, as 20 zeros and ones."""
    found, text = discoveries(name, **changes), sr.FUNCTIONS_OF_THE_PAPER[name]
    return [
        float(k in found and sr.exactly(found[k], text)) for k in range(TRIALS)
    ]


@cache
def outside(name):
    """Return points in (-2, 2) and the function there."""
    x, y, _ = sr.sample(
        sr.FUNCTIONS_OF_THE_PAPER[name], 1000, (-2.0, 2.0), seed=9
    )
    return x, y


def error(predicted, y):
    """Return the mean square error as a share of the variance, bounded."""
    share = np.mean((predicted - y) ** 2) / y.var()
    return float(min(share, 1e9)) if np.isfinite(share) else 1e9


@survey(
    "symbolic_regression/several-functions",
    seeds=range(TRIALS),
    value=lambda unit: np.mean([unit[name] for name in NAMES]),
    reduce="mean",
)
def several_functions(seed):
    """Which of ten functions one start finds, and its error in (-2, 2)."""
    unit = {name: exact(name)[seed] for name in NAMES}
    for name in NAMES:
        x, y = outside(name)
        found = discoveries(name).get(seed)
        far = error(found.predict(x), y) if found else 1e9
        unit[f"far {name}"] = far
        unit[f"near {name}"] = found.error if found else 1e9
    return unit


def recorded(name, seed):
    """Return a number of the first survey, which comes before all others."""
    return load("symbolic_regression/several-functions").values[name][seed]


@survey("symbolic_regression/planted", seeds=range(TRIALS), reduce="mean")
def planted(seed):
    """Whether one start returns x^2 + sin(2 pi y) exactly."""
    return {"exact": recorded("x^2 + sin", seed)}
