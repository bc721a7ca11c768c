"""Controls of the claims about polynomial networks."""

from fractions import Fraction
from itertools import permutations, product

import keras
import numpy as np
import sympy
from sklearn.linear_model import LogisticRegression

from controls import control
from topoi import data, polynomial, survey
from topoi.polynomial import PolySettings

draw = polynomial.integer_weights


# -- polynomials of the input -----------------------------------------------


@control("polynomial/degrees", "a ReLU between the steps")
def relu_between_the_steps():
    rng, wrong = np.random.default_rng(1), 0
    for degree in (1, 2, 3, 4):
        U = [draw(rng, 3, 2) for _ in range(degree)]

        def f(z, U=U):
            x = z @ U[0]
            for u in U[1:]:
                x = np.maximum(x, 0)
                x = (z @ u) * x + x
            return x

        wrong += polynomial.polynomial_degree(f, 3, exact=True) != degree
    return wrong


@control("polynomial/closed-form", "x_{n-1} is left out")
def no_skip():
    rng, differ = np.random.default_rng(0), 0
    for degree in (2, 3, 4):
        for _ in range(10):
            U = [draw(rng, 4, 2) for _ in range(degree)]
            z = draw(rng, 8, 4)
            x = z @ U[0]
            for u in U[1:]:
                x = (z @ u) * x
            differ += int((x != polynomial.ccp_closed_form(z, U)).sum())
    return differ


@control("polynomial/dense-tensors", "the tensors are not made symmetric")
def unsymmetric():
    rng = np.random.default_rng(1)
    U, C = [draw(rng, 3, 2) for _ in range(2)], draw(rng, 2, 2)
    T = np.einsum("ko,ak,bk->oab", C, *U)  # the whole part of degree 2
    outputs = polynomial.expand(lambda z: polynomial.ccp_forward(z, U) @ C, 3)
    differ = 0
    for tensor, poly in zip(T, outputs, strict=True):
        for index in product(range(3), repeat=2):
            orders = len(set(permutations(index)))
            due = poly.coeff_monomial([index.count(i) for i in range(3)])
            differ += int(tensor[index] * orders != due)
    return differ


@control("polynomial/parity", "the corners with z4 = -1 are left out")
def half_of_the_cube():
    cube = np.array(list(product((-1, 1), repeat=4)))
    half = cube[cube[:, 3] == 1]
    # there the product of all four is that of the first three
    terms = half[:, :3].prod(1)
    error = half.prod(1) - terms * Fraction(int(terms @ half.prod(1)), 8)
    return float(sum(error**2) / 8)


def signal_accuracy(network, rate=8e-3, shuffle=False):
    """Return the accuracy on MNIST-1D after three epochs."""
    d, y = data.load("mnist1d"), None
    y = d.y_train
    if shuffle:
        y = np.random.default_rng(0).permutation(y)
    train = PolySettings(rate, 100, 3)
    polynomial.train_polynomial(network, d.x_train, y, train)
    return polynomial.correct_share(network, d.x_test, d.y_test)


def recorded(name):
    """Return the recorded values of a claim's survey."""
    return survey.load(f"polynomial/{name}").values


def in_errors(differences):
    """Return a mean difference in standard errors."""
    return survey.paired(differences, np.zeros(len(differences))).in_errors


@control("polynomial/signals-without-activation", "NCP has degree 1")
def degree_one():
    keras.utils.set_random_seed(0)
    network = polynomial.build_polynomial("ncp", 40, 10, 64, 1)
    d = data.load("mnist1d")
    linear = LogisticRegression(max_iter=300).fit(d.x_train, d.y_train)
    return signal_accuracy(network) - linear.score(d.x_test, d.y_test)


@control("polynomial/beside-relu", "NCP learns shuffled labels")
def shuffled_signals():
    keras.utils.set_random_seed(0)
    network = polynomial.build_polynomial("ncp", 40, 10, 64, 3)
    found, rivals = (
        signal_accuracy(network, shuffle=True),
        recorded("beside-relu"),
    )
    return in_errors(found - np.maximum(rivals["relu 2"], rivals["relu 3"]))


def picture_accuracy(products):
    """Return the accuracy of a residual network after one epoch."""
    d = data.load("mnist")
    x = d.x_train[:1000].reshape(-1, 14, 2, 14, 2).mean((2, 4)) / 255
    y = d.y_train[:1000]
    keras.utils.set_random_seed(0)
    network = polynomial.build_residual(
        (14, 14, 1), 10, (8, 16), None, products
    )
    x = x.astype("float32")[..., None]
    train = PolySettings(8e-3, 50, 2)
    polynomial.train_polynomial(network, x, y, train)
    test = d.x_test[:1000].reshape(-1, 14, 2, 14, 2).mean((2, 4)) / 255
    test = test.astype("float32")[..., None]
    return polynomial.correct_share(network, test, d.y_test[:1000])


@control("polynomial/pictures-without-activation", "added, not multiplied")
def added():
    plain = recorded("pictures-without-activation")["no activation"]
    return float(np.median(picture_accuracy(products=False) - plain))


@control("polynomial/sound-without-activation", "noise instead of words")
def noise_for_words():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 32)).astype("float32")
    y = rng.integers(0, 10, 240)  # no relation to the noise
    keras.utils.set_random_seed(0)
    network = polynomial.build_polynomial("ncp", 32, 10, 8, 2)
    polynomial.train_polynomial(network, x, y, PolySettings(1e-2, 40, 4))
    fresh = rng.normal(size=(120, 32)).astype("float32")
    found = polynomial.correct_share(network, fresh, rng.integers(0, 10, 120))
    return in_errors(found - recorded("sound-without-activation")["relu"])


def made_distance(activation, inject, steps=60):
    """Return the energy distance of a short run to 300 threes."""
    d = data.load("mnist")
    x = d.x_train[d.y_train == 3].reshape(-1, 14, 2, 14, 2).mean((2, 4))
    x = (x / 255).astype("float32").reshape(-1, 196)
    keras.utils.set_random_seed(0)
    maker = polynomial.build_maker(16, 196, 64, 3, activation, inject)
    polynomial.train_maker(maker, x[300:], 2e-3, 64, steps)
    return polynomial.energy_distance(polynomial.make(maker, 300, 16), x[:300])


@control("polynomial/generates-without-activation", "linear, not trained")
def linear_not_trained():
    products = recorded("generates-without-activation")["products"]
    return float(np.median(made_distance(None, False, steps=1) / products))


@control("polynomial/code-in-every-layer", "both get the code in front")
def both_in_front():
    first = recorded("code-in-every-layer")["relu, code first"]
    return in_errors(first[1:] - first[:-1])  # each seed beside the next


# -- polynomials of the weights ---------------------------------------------

SHAPES = (2, 2), (3, 2), (3, 3), (2, 2, 2), (4, 2), (2, 2, 3), (4, 4)


@control("polynomial/reachable", "odd sizes are counted")
def odd_sizes():
    rng, disagree = np.random.default_rng(5), 0
    for sizes in SHAPES:
        for _ in range(10):
            w = rng.integers(1, 5, sum(sizes) - len(sizes) + 1)
            odd = sum(size % 2 for size in sizes)
            wrong = polynomial.real_root_count(w) >= odd
            disagree += wrong != polynomial.lcn_contains(w, sizes)
    return disagree


@control("polynomial/semi-algebraic", "the network has a stride of 2")
def strided_share():
    w = np.random.default_rng(1).normal(size=(4, 20000))
    return float(np.isclose(w[0] * w[3], w[1] * w[2], rtol=1e-9).mean())


@control("polynomial/rank", "only real roots count as shared")
def real_roots_only():
    filters = [np.array([1, 0, 1]), np.array([1, 0, 1])]
    matrix = polynomial.lcn_jacobian(filters)
    shared_and_real = 0
    return int(np.linalg.matrix_rank(matrix) != len(matrix) - shared_and_real)


@control("polynomial/invariant", "the sum of the squares is watched")
def sum_of_squares():
    start, drifts = [np.array([1.0, 0.3]), np.array([-0.4, 0.9])], []
    for rate in (4e-3, 1e-3):
        path = polynomial.lcn_flow([1, -3, 2], start, rate, round(6 / rate), 5)
        sums = np.array([sum(w @ w for w in f) for f in path.filters])
        drifts.append(np.abs(sums - sums[0]).max())
    return drifts[0] / drifts[1]


@control("polynomial/repeated-filters", "the targets can be reached")
def reachable_targets():
    rng, ended = np.random.default_rng(0), []
    while len(ended) < 12:
        target = rng.normal(size=3)
        if not polynomial.lcn_contains(target, (2, 2)):
            continue
        start = list(rng.normal(size=(2, 2)))
        path = polynomial.lcn_flow(target, start, 0.02, 3000, 3000)
        cosine = polynomial.alignment(*path.filters[-1])
        ended.append(cosine > np.cos(np.radians(2)))
    return float(np.mean(ended))


@control("polynomial/only-saddles", "the targets have no real roots")
def targets_without_roots():
    rng, traps = np.random.default_rng(0), 0
    for _ in range(40):
        target = np.array([1 + rng.uniform(), rng.normal() / 9, 1])
        points = polynomial.critical_points(target)
        traps += sum(p.kind == "local minimum" for p in points)
    return traps


@control("polynomial/bad-minimum", "the target is (3, 0, 1)")
def another_target():
    y, target = np.array([0, 1]), np.array([3, 0, 1])
    hessian = sympy.Matrix(polynomial.lcn_hessian([y, y], target).tolist())
    return 9.0 if min(sorted(hessian.eigenvals())[1:]) > 0 else 1.0


@control("polynomial/strides", "the stride is 1")
def stride_one():
    rng, losses = np.random.default_rng(4), 0
    for _ in range(20):
        points = polynomial.critical_points(rng.normal(size=3))
        for point in points[:-1]:  # all but zero
            matrix = polynomial.lcn_jacobian(point.filters)
            losses += int(np.linalg.matrix_rank(matrix, tol=1e-6) < 3)
    return losses
