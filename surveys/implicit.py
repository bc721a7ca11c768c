"""Surveys of the chapter on implicit networks: what feedback and bounds buy.

The learning rate of each method is the best of a sweep on seeds that no survey
uses, with pictures that no test uses: ``python surveys/implicit.py`` prints
the tables below.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from topoi import implicit
from topoi.implicit import Settings
from topoi.survey import survey

RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
PRICES = (0.0, 0.01, 0.03, 0.1, 0.3)
FREE = np.arange(50) < 49  # pixels move, the input 1 does not


@cache
def digits():
    """Return 8,000 digits to train, 4,000 held out, and 5,000 to test."""
    x, y, x_test, y_test = implicit.small_digits(12_000, 5000)
    return x[:8000], y[:8000], x[8000:], y[8000:], x_test, y_test


DIGITS = {
    "implicit": Settings(states=20, kappa=0.5, steps=3000),
    "one layer": Settings(states=27, kappa=0, steps=3000),
    "loose": Settings(states=20, kappa=0.9, steps=3000),
    "designed": Settings(
        states=20, kappa=0.3, input_norm=1.0, direct=False, steps=3000
    ),
}
SHORT = {"steps": 3000, "batch_size": 50, "loss": "squared error"}
EQUILIBRIA = {
    "implicit": Settings(states=12, kappa=0.95, tol=1e-4, **SHORT),
    "one layer": Settings(states=36, kappa=0, **SHORT),
}
# The best rates, by the sweeps below: means of the accuracy on held-out
# digits, and of the squared error.
#   rate        0.001   0.003   0.01    0.03    0.1
#   implicit    0.8748  0.8952  0.9118  0.9283  0.9245
#   one layer   0.8782  0.8975  0.9150  0.9258  0.9207
#   loose       0.8745  0.8932  0.9115  0.9258  0.9203
#   designed    0.7243  0.7808  0.8237  0.8360  0.8235
DIGIT_RATES = {name: 3e-2 for name in DIGITS}
#   rate        0.003    0.01     0.03     0.1      0.3
#   implicit    0.00461  0.00261  0.00156  0.00140  0.00553
#   one layer   0.01297  0.00838  0.00538  0.00640  0.01055
EQUILIBRIUM_RATES = {"implicit": 1e-1, "one layer": 3e-2}


def with_rate(settings: Settings, rate: float, **changes) -> Settings:
    """Return the settings with a learning rate and other changes."""
    return replace(settings, learning_rate=rate, **changes)


def trained_on_digits(name: str, seed: int, **changes):
    """Return the model of a method, trained at its best rate."""
    x, y, *_ = digits()
    settings = with_rate(DIGITS[name], DIGIT_RATES[name], **changes)
    return implicit.train_implicit(x, y, settings, seed).model


def test_accuracy(model) -> float:
    """Return the share of 5,000 test digits that are right."""
    *_, x_test, y_test = digits()
    return implicit.share_right(model, x_test, y_test)


def median_radius(model) -> float:
    """Return the median certified radius of 1,000 test digits."""
    x = implicit.with_one(digits()[4][:1000])
    return float(np.median(implicit.certified_radius(model, x, FREE).radius))


def equilibrium_error(name: str, seed: int, task=None, rate=None) -> float:
    """Return the mean squared test error of a method on one teacher."""
    task = task or implicit.equilibrium_task
    u, y = task(6000, np.random.default_rng(1000 + seed))
    settings = with_rate(EQUILIBRIA[name], rate or EQUILIBRIUM_RATES[name])
    model = implicit.train_implicit(u[:4000], y[:4000], settings, seed).model
    answers = implicit.answer(model, implicit.with_one(u[4000:]), tol=1e-8)
    return float(np.mean((answers - y[4000:]) ** 2))


@survey("implicit/feedback-on-digits", seeds=range(8), value="points")
def feedback_on_digits(seed):
    """An implicit model and one hidden layer with as many weights."""
    unit = {
        name: test_accuracy(trained_on_digits(name, seed))
        for name in ("implicit", "one layer")
    }
    unit["points"] = 100 * (unit["implicit"] - unit["one layer"])
    return unit


@survey(
    "implicit/robustness-designed",
    seeds=range(5),
    value=lambda unit: unit["designed radius"] / unit["loose radius"],
)
def robustness_designed(seed):
    """Short rows of A and B, and a model without such bounds."""
    unit = {}
    for name in ("loose", "designed"):
        model = trained_on_digits(name, seed)
        x = implicit.with_one(digits()[4][:300])
        attacks = implicit.attack_radius(model, x, FREE)
        unit[f"{name} radius"] = median_radius(model)
        unit[f"{name} attack"] = float(np.median(attacks))
        unit[f"{name} accuracy"] = test_accuracy(model)
    return unit


def zeros_of(model) -> float:
    """Return the share of zeros in A and B, biases left out."""
    entries = np.concatenate([model.A.ravel(), model.B[:, :-1].ravel()])
    return float((entries == 0).mean())


@survey("implicit/sparsity", seeds=range(5), value="zeros")
def sparsity(seed):
    """The largest price that loses at most a point on held-out digits."""
    held, labels = digits()[2:4]
    models = [
        trained_on_digits("implicit", seed, shrink=price, steps=1500)
        for price in PRICES
    ]
    scores = [implicit.share_right(m, held, labels) for m in models]
    best = max(i for i, s in enumerate(scores) if s >= scores[0] - 0.01)
    unit = {
        "zeros": zeros_of(models[best]),
        "price": PRICES[best],
        "zeros without": zeros_of(models[0]),
        "accuracy": test_accuracy(models[best]),
        "accuracy without": test_accuracy(models[0]),
    }
    for price, score, model in zip(PRICES, scores, models, strict=True):
        unit[f"held out at {price}"] = score
        unit[f"zeros at {price}"] = zeros_of(model)
    return unit


@survey(
    "implicit/feedback-on-equilibria",
    seeds=range(8),
    value=lambda unit: unit["one layer"] / unit["implicit"],
)
def feedback_on_equilibria(seed):
    """Two methods on answers that are equilibria of a teacher."""
    return {name: equilibrium_error(name, seed) for name in EQUILIBRIA}


def sweep_digits(seeds=(100, 101)) -> None:
    """Print what each rate gives, a mean over seeds that no survey uses."""
    x, y, held, labels, *_ = digits()
    for name, settings in DIGITS.items():
        means = []
        for rate in RATES:
            models = [
                implicit.train_implicit(x, y, with_rate(settings, rate), seed)
                for seed in seeds
            ]
            scores = [
                implicit.share_right(m.model, held, labels) for m in models
            ]
            means.append(np.mean(scores))
        print(f"{name:10}", *(f"{mean:.4f}" for mean in means), flush=True)


def sweep_equilibria(seeds=(100, 101)) -> None:
    """Print the error that each rate gives, on other teachers."""
    for name in EQUILIBRIA:
        means = [
            np.mean([equilibrium_error(name, s, rate=rate) for s in seeds])
            for rate in RATES
        ]
        print(f"{name:10}", *(f"{mean:.5f}" for mean in means), flush=True)


if __name__ == "__main__":
    print("rate      ", *RATES)
    sweep_equilibria()
    sweep_digits()
