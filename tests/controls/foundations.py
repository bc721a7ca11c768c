"""Planted mistakes: the claims of the chapter *Foundations* notice them."""

import numpy as np

from controls import control
from topoi import foundations
from topoi.foundations import Var

RNG = np.random.default_rng(3)
X, LABELS = RNG.normal(size=(40, 8)), RNG.integers(0, 3, 40)
PARAMS = foundations.init_params(8, 16, 3, RNG)


def _loss(p, k):
    params = [*PARAMS[:k], p, *PARAMS[k + 1 :]]
    return foundations.cross_entropy(foundations.forward(params, X)[1], LABELS)


def _differences():
    return [
        foundations.central_differences(lambda p, k=k: _loss(p, k), old)
        for k, old in enumerate(PARAMS)
    ]


def _largest_gap(ours, theirs):
    pairs = zip(ours, theirs, strict=True)
    return max(foundations.relative_gap(a, b) for a, b in pairs)


@control("foundations/back-propagation", "the slope of the relu is left out")
def without_the_slope_of_relu():
    hidden, logits = foundations.forward(PARAMS, X)
    error = foundations.softmax(logits) - foundations.one_hot(LABELS, 3)
    error = error / len(X)
    below = error @ PARAMS[2].T
    ours = [X.T @ below, below.sum(0), hidden.T @ error, error.sum(0)]
    return _largest_gap(ours, _differences())


@control("foundations/back-propagation", "the sum instead of the mean")
def sum_for_mean():
    _, ours = foundations.loss_and_gradients(PARAMS, X, LABELS)
    return _largest_gap([len(X) * g for g in ours], _differences())


@control("foundations/tape-is-exact", "differences stand in for the tape")
def differences_for_the_tape():
    _, ours = foundations.loss_and_gradients(PARAMS, X, LABELS)
    return _largest_gap(ours, _differences())


@control("foundations/gradient-cost", "differences, two values a parameter")
def differences_by_count():
    make = np.vectorize(foundations.Counted, otypes=[object])
    numbers = np.random.default_rng(0).normal
    x, w1 = numbers(size=(5, 6)), make(numbers(size=(6, 2)))
    w2 = make(numbers(size=(2, 1)))

    def value():
        return ((x @ Var(w1)).relu() @ Var(w2)).sum()

    foundations.Counted.count = 0
    value()
    once = foundations.Counted.count
    for _ in range(2 * (w1.size + w2.size)):
        value()
    return foundations.Counted.count / once


@control("foundations/symmetry-sweeps", "training without momentum")
def sweeps_without_momentum():
    runs = (
        foundations.learn_symmetry(seed, 10_000, momentum=0.0).solved
        for seed in range(3)
    )
    return float(np.median([10_000 if n is None else n for n in runs]))


@control("foundations/symmetry-solved", "training without momentum")
def solved_without_momentum():
    runs = [
        foundations.learn_symmetry(seed, 10_000, momentum=0.0)
        for seed in range(3)
    ]
    return float(np.mean([run.solved is not None for run in runs]))


@control("foundations/symmetry-weights", "the first random weights")
def untrained_weights():
    shown = 0
    for seed in range(20):
        w1 = foundations.learn_symmetry(seed, 0).params[0]
        gap = foundations.weight_ratios(w1) / [1, 2, 4] - 1
        shown += np.abs(gap).max() < 0.1 > foundations.mirror_gap(w1)
    return shown / 20
