"""Controls of the chapter on tropical geometry."""

from fractions import Fraction

import keras
import numpy as np
from sklearn.datasets import make_moons

from controls import control
from topoi import tropical

UNIT = [[0, 0], [1, 0], [1, 1], [0, 1]]
DEPTHS = range(1, 6)


def _moons(n=800):
    x, y = make_moons(n, noise=0.12, random_state=0)
    return (x - [0.5, 0.25]) / 1.6, y


def _he(widths, seed):
    """Return untrained layers as [weights, bias] pairs, (out, in)."""
    rng = np.random.default_rng(seed)
    return [
        [rng.normal(size=(n, m)) * np.sqrt(2 / m), np.zeros(n)]
        for m, n in zip(widths[:-1], widths[1:], strict=True)
    ]


def _train(net, x, y, steps=300, rate=0.01):
    """Fit softmax logits by full-batch Adam, in place; return the net."""
    flat = [p for layer in net for p in layer]
    first, second = ([np.zeros_like(p) for p in flat] for _ in range(2))
    for t in range(1, steps + 1):
        seen, h = [], x
        for i, (w, b) in enumerate(net):
            seen.append(h)
            h = h @ w.T + b
            h = np.maximum(h, 0) if i + 1 < len(net) else h
        e = np.exp(h - h.max(1, keepdims=True))
        error = (e / e.sum(1, keepdims=True) - np.eye(2)[y]) / len(x)
        slopes = []
        for (w, _), before in zip(net[::-1], seen[::-1], strict=True):
            slopes = [error.T @ before, error.sum(0), *slopes]
            error = error @ w * (before > 0)
        for p, g, m, v in zip(flat, slopes, first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return net


def _layers(net):
    """Return the layers for `enumerate_regions`, the last one linear."""
    *hidden, last = net
    hidden = [tropical.Layer(*layer) for layer in hidden]
    return [*hidden, tropical.Layer(*last, relu=False)]


@control("tropical/networks-are-quotients", "the output also has a ReLU")
def relu_at_the_output():
    rng = np.random.default_rng(0)
    net = [
        tropical.Layer(rng.integers(-4, 5, (3, 2)), np.ones(3)),
        tropical.Layer(rng.integers(-4, 5, (1, 3)), np.zeros(1)),
    ]
    linear = [net[0], net[1]._replace(relu=False)]
    (quotient,) = tropical.network_to_tropical(linear)
    wrong = 0
    for _ in range(50):
        h = np.array([Fraction(int(v), 7) for v in rng.integers(-50, 51, 2)])
        x = h
        for weights, bias, relu in net:
            h = tropical.fractions(weights) @ h + tropical.fractions(bias)
            h = np.maximum(h, 0) if relu else h
        wrong += quotient(x) != h[0]
    return wrong


@control(
    "tropical/zonotope-vertices", "all vertices and upper ones change places"
)
def counts_swapped():
    found = []
    for m, size in [(4, 2), (6, 2), (5, 3), (7, 3), (6, 4)]:
        generators = np.random.default_rng(m).normal(size=(m, size))
        counts = [
            len(tropical.zonotope_vertices(generators, upper=upper))
            for upper in (True, False)
        ]
        found.append("{}/{}".format(*counts))
    return " ".join(found)


@control(
    "tropical/regions-are-upper-vertices",
    "the lower vertices are counted as well",
)
def lower_vertices_too():
    agree = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        w, b = rng.integers(-9, 10, (5, 2)), rng.integers(-5, 6, 5)
        total = tropical.Layer(np.ones((1, 5)), np.zeros(1), relu=False)
        net = [(w, b), total]
        drawn = tropical.enumerate_regions(net, tropical.box(1e3))
        vertices = tropical.zonotope_vertices(
            np.column_stack([w, b]), upper=False
        )
        agree.append(len(vertices) == drawn.merge_linear().max() + 1)
    return np.mean(agree)


@control(
    "tropical/boundary-on-hypersurface", "the bias of the logits is dropped"
)
def no_last_bias():
    net = _he((2, 8, 8, 2), seed=1)
    net[-1][1] = np.array([0.3, -0.2])
    layers = _layers(net)
    cells = tropical.enumerate_regions(layers, tropical.box())
    h = cells.boundary_segments().mean(1)
    for i, (weights, bias, relu) in enumerate(layers):
        h = h @ weights.T + bias * (i < len(layers) - 1)
        h = np.maximum(h, 0) if relu else h
    return np.ptp(h, axis=1).max()


@control(
    "tropical/ties-on-a-cell", "the monomials are taken at relu(x), not x"
)
def monomials_of_the_hidden_unit():
    x = np.linspace(-1, 1, 2001)
    on = x[np.maximum(x, 0) == -np.maximum(x, 0)]
    h = np.maximum(on, 0)
    values = np.sort(np.stack([2 * h, h, 0 * h]), 0)
    return (values[-1] == values[-2]).mean()


@control(
    "tropical/upper-bound", "the bound takes two inputs for a network of one"
)
def bound_of_the_plane():
    attained = []
    for depth in (1, 2):
        net = tropical.in_plane(tropical.zigzag(depth))
        cells = len(tropical.enumerate_regions(net, UNIT))
        attained.append(cells / tropical.region_bounds(2, [3] * depth).upper)
    return max(attained)


@control(
    "tropical/montufar", "cells are counted on [-1, 1]^2, not on [0, 1]^2"
)
def on_the_whole_box():
    counts = [
        len(
            tropical.enumerate_regions(
                tropical.montufar_network(depth), tropical.box()
            )
        )
        for depth in DEPTHS
    ]
    return ", ".join(map(str, counts[1:]))


@control("tropical/serra", "the dimension does not shrink from layer to layer")
def dimensions_do_not_shrink():
    from itertools import product
    from math import comb, prod

    widths = (2, 2, 2)
    serra = sum(
        prod(map(comb, widths, choice))
        for choice in product(range(3), repeat=3)
    )
    upper = tropical.region_bounds(2, widths).upper
    return f"{serra} instead of {upper}"


@control("tropical/few-patterns", "the layers have no biases")
def no_biases():
    ratio = []
    for depth in (1, 2):
        net = [tuple(pair) for pair in _he([2] + depth * [64], seed=0)]
        seen = tropical.count_regions(net, tropical.box())
        ratio.append(seen / ((64 * depth) ** 2 / 2))
    return max(ratio)


@control("tropical/decision-polytope", "the two polytopes change places")
def polytopes_swapped():
    rng = np.random.default_rng(4)
    a, out = rng.integers(-5, 6, (6, 2)), rng.integers(-5, 6, (2, 6))
    two, one = tropical.decision_polytope(a, out)
    x = rng.normal(size=(100, 2))
    logits = np.maximum(x @ a.T, 0) @ out.T
    gap = one.support(x) - two.support(x) - (logits[:, 0] - logits[:, 1])
    return np.abs(gap).max()


def _shape(net, directions):
    """Return the scaled support function of the decision polytope."""
    w, b, v, _ = net
    pair = tropical.decision_polytope(np.column_stack([w.T, b]), v.T)
    height = np.max([z.support(directions) for z in pair], 0)
    height = height - directions @ pair[0].shift
    return height / height.max()


@control(
    "tropical/lottery-polytope",
    "own start and new start change places",
    heavy=True,
)
def starts_swapped():
    x, y = _moons()
    directions = np.random.default_rng(0).normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distance = np.zeros((3, 2))
    for seed in range(3):
        dense = _fit_keras(_keras(64, seed), x, y)
        w, b, v, _ = dense
        size = np.linalg.norm(np.column_stack([w.T, b, v]), axis=1)
        kept = size >= np.sort(size)[-16]
        for k, start in enumerate((seed + 100, seed)):
            w, b, v, c = _keras(64, start).get_weights()
            model = _keras(16, start)
            model.set_weights([w[:, kept], b[kept], v[kept], c])
            again = _shape(_fit_keras(model, x, y), directions)
            distance[seed, k] = np.abs(again - _shape(dense, directions)).max()
    own, new = distance.mean(0)
    return own / new


def _keras(width, seed):
    keras.utils.set_random_seed(seed)
    hidden = keras.layers.Dense(width, activation="relu")
    out = keras.layers.Dense(2)
    return keras.Sequential([keras.Input((2,)), hidden, out])


def _fit_keras(model, x, y):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(x.astype("float32"), y, epochs=60, batch_size=100, verbose=0)
    return model.get_weights()


@control(
    "tropical/pruning", "magnitude keeps the smallest units, not the largest"
)
def smallest_units_kept():
    x, y = _moons()
    (w, b), (v, c) = _train(_he((2, 64, 2), 0), x, y)
    rows = np.column_stack([w, b])
    lengths = tropical.generator_scores(rows, v).max(1)
    magnitude = np.linalg.norm(np.column_stack([rows, v.T]), axis=1)

    def accuracy(score, n):
        kept = score >= np.sort(score)[-n]
        h = np.maximum(x @ w.T + b, 0) * kept
        return ((h @ v.T + c).argmax(1) == y).mean()

    return np.mean(
        [accuracy(lengths, n) - accuracy(-magnitude, n) for n in (32, 16, 8)]
    )


@control(
    "tropical/first-layer-attack", "the perturbation is subtracted, not added"
)
def perturbation_subtracted():
    net = _he((2, 8, 2), seed=1)
    net[0][1] = np.random.default_rng(1).normal(size=8) / 2
    layers = _layers(net)
    cells = tropical.enumerate_regions(layers, tropical.box())
    x = np.random.default_rng(2).uniform(-0.5, 0.5, (40, 2))
    edge = cells.boundary_segments()
    margin = tropical.exact_margin(x, edge, tropical.box())

    def classify(point, matrix):
        h = np.maximum(matrix @ point + net[0][1], 0)
        return (net[1][0] @ h + net[1][1]).argmax()

    flips, matrix = [], net[0][0]
    for start, foot in zip(x, margin.nearest, strict=True):
        shift = 1.01 * (foot - start)
        bent = matrix - tropical.perturb_first_layer(matrix, start, shift)
        pairs = [(start, matrix), (start, bent), (start + shift, matrix)]
        old, by_weights, by_input = (classify(*pair) for pair in pairs)
        flips.append(by_weights == by_input != old)
    return np.mean(flips)


@control(
    "tropical/deepfool", "the step is not divided by the slope's length twice"
)
def divided_by_the_norm():
    x, y = _moons()
    net = _train(_he((2, 16, 16, 2), 0), x, y)
    cells = tropical.enumerate_regions(_layers(net), tropical.box())
    edge = cells.boundary_segments()
    margin = tropical.exact_margin(x, edge, tropical.box())

    def piece(x):
        h, slope = x, np.broadcast_to(np.eye(2), (len(x), 2, 2))
        for i, (w, b) in enumerate(net):
            h, slope = h @ w.T + b, w @ slope
            if i < 2:
                slope, h = (h > 0)[..., None] * slope, np.maximum(h, 0)
        return h[:, 0] - h[:, 1], slope[:, 0] - slope[:, 1]

    move, side = np.zeros_like(x), np.sign(piece(x)[0])
    for _ in range(50):
        value, slope = piece(x + 1.02 * move)
        length = np.linalg.norm(slope, axis=1, keepdims=True)
        step = value[:, None] * slope / length
        move -= (np.sign(value) == side)[:, None] * step
    move *= 1.02
    flipped = np.sign(piece(x + move)[0]) != side
    usable = margin.certified & flipped
    lengths = np.linalg.norm(move, axis=1)[usable]
    return np.median(lengths / margin.distance[usable])
