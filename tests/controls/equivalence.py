"""Controls of the claims about equivalent networks."""

from fractions import Fraction
from functools import cache

import numpy as np

from controls import control
from topoi import equivalence, tropical
from topoi.equivalence import Settings
from topoi.tropical import Layer


def network(seed, widths=(2, 6, 6, 1)):
    return equivalence.random_network(widths, np.random.default_rng(seed))


# -- stable units -----------------------------------------------------------


@control("equivalence/removal-exact", "stable on 30 points is called stable")
def stable_on_points():
    side, different = 0.3, 0
    x = np.random.default_rng(9).uniform(-side, side, (30, 2))
    for seed in range(5):
        net = network(seed, (2, 8, 8, 1))
        status = equivalence.data_statuses(net, x)
        small = equivalence.remove_stable(
            equivalence.to_fractions(net), status
        )
        found = equivalence.compare_exactly(
            net, small.layers, tropical.box(side)
        )
        different += found.different
    return different


@cache
def classifier():
    """Return a network on [0, 1]^64 whose units are partly stable."""
    net = network(0, (64, 24, 24, 10))
    net[0] = net[0]._replace(
        weights=net[0].weights / 8, bias=net[0].bias - 0.2
    )
    return net


@control("equivalence/removal-digits", "an unstable unit is removed too")
def one_too_many():
    exact = equivalence.to_fractions(classifier())
    status = equivalence.stable_units(exact, np.zeros(64), np.ones(64))
    wrong = [s.copy() for s in status]
    unit = np.flatnonzero(status[0] == 0)[0]
    wrong[0][unit] = -1
    small = equivalence.remove_stable(exact, wrong)
    x = np.random.default_rng(0).integers(0, 2, (20, 64))
    x[0] = classifier()[0].weights[unit] > 0  # the unit is on here
    x = tropical.fractions(x)
    before, after = (
        equivalence.forward(net, x) for net in (exact, small.layers)
    )
    return int((before != after).sum())


@control("equivalence/domain-matters", "the input lies inside of the domain")
def inside():
    net = classifier()
    status = equivalence.stable_units(net, np.zeros(64), np.ones(64))
    small = equivalence.remove_stable(net, status).layers
    x = np.random.default_rng(1).random((1, 64))
    change = equivalence.forward(net, x) - equivalence.forward(small, x)
    return float(np.abs(change).max())


def local_statuses(x, radius):
    box = equivalence.local_box(x, radius)
    return np.concatenate(equivalence.stable_units(classifier(), *box))


@control("equivalence/smaller-domain", "the smaller box is elsewhere")
def elsewhere():
    lost = 0
    x = np.random.default_rng(2).random((51, 64))
    for here, there in zip(x, x[1:], strict=False):
        large, small = local_statuses(here, 0.1), local_statuses(there, 0.05)
        lost += int(((large != 0) & (small != large)).sum())
    return lost


@control("equivalence/local-collapse", "the radius is 0.5")
def wide_box():
    x = np.random.default_rng(3).random((50, 64))
    found = [
        equivalence.stable_units(
            classifier(), *equivalence.local_box(picture, 0.5)
        )
        for picture in x
    ]
    return float(np.mean([(s != 0).all() for known in found for s in known]))


@control("equivalence/highs-brute", "interval bounds alone decide")
def intervals_only():
    differ = 0
    for seed in range(8):
        net = network(seed)
        exact = equivalence.to_fractions(net)
        cells = tropical.enumerate_regions(net, tropical.box(1), exact=True)
        z = equivalence.preactivations(exact, cells.vertices)
        ranges = [equivalence.Interval(v.min(0), v.max(0)) for v in z]
        found = equivalence.stable_units(net, [-1, -1], [1, 1])
        for a, b in zip(found, equivalence.statuses(ranges), strict=True):
            differ += int((a != b).sum())
    return differ


# -- depth ------------------------------------------------------------------


@control("equivalence/two-layers", "the constant C is left out")
def without_the_constant():
    net = network(3)
    cells = tropical.enumerate_regions(net, tropical.box(1))
    line = (np.arange(100) + 0.5) / 50 - 1
    x = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    truth, shares = equivalence.forward(net, x)[:, 0], []
    for m in (1e3, 1e5):
        first, second, last = equivalence.two_hidden_layers(cells, m)
        level = second.bias[-1]  # of the units that hold C alone
        second = Layer(second.weights, second.bias - level)
        found = equivalence.forward([first, second, last], x)[:, 0]
        shares.append((np.abs(found - truth) > 1e-6).mean())
    return float(np.log10(shares[0] / shares[1]) / 2)


@control("equivalence/two-layers-not-uniform", "points far from the walls")
def far_from_walls():
    net = network(3)
    cells = tropical.enumerate_regions(net, tropical.box(1))
    walls, _ = equivalence.cell_walls(cells)
    x = np.random.default_rng(0).uniform(-1, 1, (4000, 2))
    far = np.abs(x @ walls[:, :2].T + walls[:, 2]).min(1) > 0.05
    worst = []
    for m, points in ((1e3, x), (1e6, x[far])):
        shallow = equivalence.two_hidden_layers(cells, m)
        gap = equivalence.forward(shallow, points)
        worst.append(np.abs(gap - equivalence.forward(net, points)).max())
    return float(worst[1] / worst[0])


@control("equivalence/only-regions", "one layer of two units that cross")
def two_lines():
    layer = Layer(np.array([[1.0, 0.2], [0.1, 1.0]]), np.zeros(2))
    return 2**2 / tropical.count_regions([layer], tropical.box(1))


@control("equivalence/max-exact", "relu(b) alone")
def without_the_negative_part():
    wrong = 0
    for n in range(2, 10):
        net = equivalence.max_network(n)
        last = net[-1]._replace(weights=np.maximum(net[-1].weights, 0))
        x = np.random.default_rng(n).integers(-3, 4, (500, n)).astype(float)
        found = equivalence.forward([*net[:-1], last], x)[:, 0]
        wrong += int((found != x.max(1)).sum())
    return wrong


@control("equivalence/five-in-two", "the negative terms are left out")
def positive_terms():
    terms = [t for t in equivalence.five_terms() if t.coefficient > 0]
    kinks, linear = equivalence.sorted_form(terms, 5)
    rest = sum(abs(c) for c in kinks.values())
    due = [Fraction(v) for v in (1, 0, 0, 0, 0)]
    return float(
        rest + sum(abs(c - d) for c, d in zip(linear, due, strict=True))
    )


# -- symmetries -------------------------------------------------------------


@control("equivalence/symmetries-recovered", "one factor is negative")
def negative_factor():
    wrong = 0
    for seed in range(20):
        net = equivalence.to_fractions(network(seed, (3, 5, 4, 2)))
        w, b, _ = net[0]
        by = tropical.fractions([-2, 1, 1, 1, 1])
        copy = [
            Layer(by[:, None] * w, by * b),
            net[1]._replace(weights=net[1].weights / by),
            net[2],
        ]
        wrong += equivalence.parameter_distance(net, copy, True) != 0
    return wrong


@control("equivalence/dimension", "one unit has no outgoing weight")
def silent_unit():
    total = 0
    for width in range(1, 4):
        rng = np.random.default_rng(width)
        net = equivalence.draw_teacher(12, width, rng)
        net[1].weights[0, 0] = 0.0
        x = rng.normal(size=(60 * width, 12))
        found = equivalence.equivalence_dimension(net, x, bias=False)
        total += abs(found.free - width)
    return total


# -- training ---------------------------------------------------------------


@cache
def run(seed=0, **settings):
    """Return the numbers of the survey for one short training."""
    import keras
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order]
    keras.utils.set_random_seed(seed)
    model = equivalence.build_relu_network(64)
    chosen = Settings(**{"seed": seed, "epochs": 20} | settings)
    equivalence.train_compressible(model, x[500:], y[500:], chosen)
    layers = tropical.from_keras(model)
    status = equivalence.stable_units(layers, np.zeros(64), np.ones(64))
    small = equivalence.remove_stable(layers, status).layers
    sizes = [sum(w.size for w, _, _ in net) for net in (layers, small)]
    rng = np.random.default_rng(seed)
    cells = equivalence.cells_per_plane(layers, x[:500], 6, rng)
    return {
        "accuracy": equivalence.model_accuracy(model, x[:500], y[:500]),
        "stable": float(sum((s != 0).sum() for s in status)),
        "cells": float(cells.mean()),
        "removed": 1 - sizes[1] / sizes[0],
    }


@control("equivalence/l1-stable", "no penalty", heavy=True)
def no_penalty_stable():
    return run()["stable"] - run(batch_size=90)["stable"]


@control("equivalence/l1-regions", "no penalty", heavy=True)
def no_penalty_regions():
    return run()["cells"] / run(batch_size=90)["cells"]


@control("equivalence/l1-accuracy", "a hundred times the penalty", heavy=True)
def hundred_times():
    differences = [
        run(seed, l1=1e-1)["accuracy"] - run(seed)["accuracy"]
        for seed in range(3)
    ]
    error = np.std(differences, ddof=1) / np.sqrt(3)
    return float(np.mean(differences) / error)


@control("equivalence/lossless", "no penalty", heavy=True)
def no_penalty_removed():
    return run()["removed"]


@control("equivalence/adversarial-regions", "no attack", heavy=True)
def no_attack():
    return run(batch_size=90)["cells"] / run()["cells"]


@control("equivalence/adversarial-stable", "with the penalty", heavy=True)
def attack_and_penalty():
    return run(l1=1e-3, epsilon=0.1)["stable"] - run()["stable"]


@control("equivalence/learning-rate", "a rate of 0.00001", heavy=True)
def slow():
    return run(learning_rate=1e-5)["accuracy"] - run()["accuracy"]


# -- students ---------------------------------------------------------------


@cache
def students(steps):
    """Return a teacher, its students, and data."""
    rng = np.random.default_rng(0)
    teacher = equivalence.draw_teacher(12, 2, rng)
    x = rng.normal(size=(512, 12))
    y = equivalence.forward(teacher, x)[:, 0]
    return teacher, equivalence.train_students(x, y, 2, 10, rng, steps), x, y


def good_students():
    teacher, found, x, y = students(4000)
    good = np.flatnonzero(found.losses < 1e-20)
    return teacher, [found.layers(number) for number in good], x, y


@control("equivalence/students-found", "ten steps")
def ten_steps():
    _, found, _, _ = students(10)
    return float((found.losses < 1e-20).mean())


@control("equivalence/students-identified", "parameters as they are")
def raw_parameters():
    teacher, nets, _, _ = good_students()
    return max(equivalence.parameter_distance(teacher, net) for net in nets)


@control("equivalence/straight-line", "canonical forms first")
def aligned():
    _, nets, x, y = good_students()
    one, two = (equivalence.canonical(net) for net in nets[:2])
    return float(equivalence.segment_losses(one, two, x, y).max() / y.var())


@control("equivalence/slice-threshold", "the same threshold twice")
def same_threshold():
    _, nets, x, y = good_students()
    grid = np.linspace(-3, 3, 21)
    found = equivalence.genni_slice(nets[0], nets[1:3], x[:64], y[:64], grid)
    area = (found.losses < 0.025).mean()
    return float(area / area)
