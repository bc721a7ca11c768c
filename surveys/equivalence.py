"""Surveys of the chapter on equivalent networks: l1, attacks, students."""

from functools import cache

import keras
import numpy as np
from sklearn.datasets import load_digits

from topoi import equivalence, tropical
from topoi.equivalence import Settings
from topoi.survey import survey

STRENGTHS = (0.0, 3e-4, 1e-3, 2e-3, 4e-3)
SIZES = (0.05, 0.1, 0.2, 0.3)
RATES = (3e-3, 1e-2, 3e-2)
PLANES = 6


@cache
def digits(seed: int) -> tuple:
    """Return 1,297 pictures for training and 500 for the test."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order]
    return x[500:], y[500:], x[:500], y[:500]


@cache
def trained(settings: Settings) -> dict[str, float]:
    """Return what one training gives."""
    x, y, x_test, y_test = digits(settings.seed)
    keras.utils.set_random_seed(settings.seed)  # all ways start alike
    model = equivalence.build_relu_network(64)
    equivalence.train_compressible(model, x, y, settings)
    layers = tropical.from_keras(model)
    zeros, ones = np.zeros(64), np.ones(64)
    exact = equivalence.to_fractions(layers)
    status = equivalence.stable_units(exact, zeros, ones)
    small = equivalence.remove_stable(exact, status).layers
    sizes = [
        sum(layer.weights.size for layer in net) for net in (layers, small)
    ]
    seen = equivalence.data_statuses(layers, x.astype(float))
    rng = np.random.default_rng(settings.seed)
    cells = equivalence.cells_per_plane(layers, x_test, PLANES, rng)
    return {
        "accuracy": equivalence.model_accuracy(model, x_test, y_test),
        "stable": float(sum((s != 0).sum() for s in status)),
        "off": float(sum((s == -1).sum() for s in status)),
        "on data": float(sum((s != 0).sum() for s in seen)),
        "cells": float(cells.mean()),
        "removed": 1 - sizes[1] / sizes[0],
    }


def named(name: str, settings: Settings) -> dict[str, float]:
    """Return the numbers of a training, with its name before each."""
    return {f"{name} {key}": v for key, v in trained(settings).items()}


@cache
def strengths(seed: int) -> dict[str, float]:
    """Return the numbers of each strength of the penalty."""
    found = {}
    for l1 in STRENGTHS:
        found |= named(f"{l1:g}", Settings(l1=l1, seed=seed))
    return found


@cache
def rates(seed: int) -> dict[str, float]:
    """Return the accuracies of three ways of training at three rates."""
    ways = {"plain": {}, "l1": {"l1": 1e-3}, "attack": {"epsilon": 0.1}}
    return {
        f"{way} {rate:g}": trained(
            Settings(learning_rate=rate, seed=seed, **more)
        )["accuracy"]
        for way, more in ways.items()
        for rate in RATES
    }


def middle_rate(unit: dict[str, float]) -> float:
    """Return by how much the middle rate leads, at worst."""
    return min(
        unit[f"{way} {RATES[1]:g}"]
        - max(unit[f"{way} {rate:g}"] for rate in (RATES[0], RATES[2]))
        for way in ("plain", "l1", "attack")
    )


@cache
def attacked(seed: int) -> dict[str, float]:
    """Return the numbers of each size of the attack, and of none."""
    found = named("0", Settings(seed=seed))
    for epsilon in SIZES:
        settings = Settings(epsilon=epsilon, seed=seed)
        found |= named(f"{epsilon:g}", settings)
    return found


@survey(
    "equivalence/l1-stable",
    seeds=range(5),
    value=lambda u: u["0.001 stable"] - u["0 stable"],
)
def l1_stable(seed):
    """Return the numbers of all strengths."""
    return strengths(seed)


@survey(
    "equivalence/l1-regions",
    seeds=range(5),
    value=lambda u: u["0.001 cells"] / u["0 cells"],
)
def l1_regions(seed):
    """Return the numbers of all strengths."""
    return strengths(seed)


@survey(
    "equivalence/l1-accuracy",
    seeds=range(5),
    value=lambda u: u["0.001 accuracy"] - u["0 accuracy"],
    reduce="standard errors",
)
def l1_accuracy(seed):
    """Return the numbers of all strengths."""
    return strengths(seed)


@survey(
    "equivalence/lossless",
    seeds=range(5),
    value=lambda u: u["0.001 removed"],
)
def lossless(seed):
    """Return the numbers of all strengths."""
    return strengths(seed)


@survey(
    "equivalence/adversarial-regions",
    seeds=range(5),
    value=lambda u: u["0.1 cells"] / u["0 cells"],
)
def adversarial_regions(seed):
    """Return the numbers of all sizes of the attack."""
    return attacked(seed)


@survey(
    "equivalence/adversarial-stable",
    seeds=range(5),
    value=lambda u: (
        max(u[f"{size:g} stable"] for size in SIZES) - u["0 stable"]
    ),
)
def adversarial_stable(seed):
    """Return the numbers of all sizes of the attack."""
    return attacked(seed)


@survey("equivalence/learning-rate", seeds=range(5), value=middle_rate)
def learning_rate(seed):
    """Return the accuracies at all rates."""
    return rates(seed)


# -- students ---------------------------------------------------------------


@cache
def students(seed: int, steps: int = 4000) -> dict[str, float]:
    """Return what ten students of one teacher reach."""
    rng = np.random.default_rng(seed)
    teacher = equivalence.draw_teacher(12, 2, rng)
    x = rng.normal(size=(512, 12))
    y = equivalence.forward(teacher, x)[:, 0]
    found = equivalence.train_students(x, y, 2, 10, rng, steps)
    nets = [found.layers(i) for i in np.flatnonzero(found.losses < 1e-20)]
    apart = [equivalence.parameter_distance(teacher, net) for net in nets]
    same = [equivalence.parameter_distance(teacher, n, True) for n in nets]
    lines = [
        equivalence.segment_losses(a, b, x, y).max() / y.var()
        for i, a in enumerate(nets)
        for b in nets[:i]
    ]
    return {
        "share": len(nets) / 10,
        "distance": max(same, default=np.inf),
        "raw distance": min(apart, default=np.inf),
        "line": max(lines, default=0.0),
    }


@survey("equivalence/students-found", seeds=range(5), value="share")
def students_found(seed):
    """Return what the students reach."""
    return students(seed)


@survey(
    "equivalence/students-identified",
    seeds=range(5),
    value="distance",
    reduce="max",
)
def students_identified(seed):
    """Return what the students reach."""
    return students(seed)


@survey("equivalence/straight-line", seeds=range(5), value="line")
def straight_line(seed):
    """Return what the students reach."""
    return students(seed)
