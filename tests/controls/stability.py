"""Controls of the claims about stability."""

import itertools
import math
from fractions import Fraction
from functools import cache

import keras
import numpy as np
from keras import ops

from controls import control
from topoi import stability
from topoi.stability import DyadicOracle, Matrix, SquareRootLasso

K = 3


def middle(oracle):
    A, y = oracle.sample(60)
    share = y[0] / (A[0, 0] + A[0, 1])
    return [share, share, *y[1:]]


# -- the barrier ------------------------------------------------------------


@control("stability/k-digits", "judged by the solutions of the tie")
def judged_by_the_tie():
    verdict = stability.adversary(middle, K)
    tie = stability.jump_instance(K)
    answers = [middle(DyadicOracle(p)) for p in verdict.instances]
    return max(tie.distance(x) for x in answers) * 10**K


@control("stability/randomised", "told which problem it sees")
def told_the_problem():
    pair = [stability.jump_instance(K, 26, j) for j in (1, 2)]
    return min(p.distance(p.x) <= 10**-K for p in pair) * 1.0


def digits_of(algorithm) -> tuple[int, float]:
    """Return digits read and largest error, for gaps down to 2**-200."""
    read, errors = 0, []
    for n, j in itertools.product((1, 8, 30, 200), (1, 2)):
        problem = stability.block_instance(K, [None, (n, j), (3, 2)])
        oracle = DyadicOracle(problem)
        errors.append(problem.distance(algorithm(oracle)))
        read = max(read, oracle.max_n)
    return read, max(errors)


def corner(sample, block, n):
    """Return a block's answer by its larger entry; the middle if unsure."""
    a, b = sample.A[block, 2 * block : 2 * block + 2]
    y = sample.y[block]
    if abs(a - b) <= Fraction(2, 2**n):
        return [y / (a + b)] * 2
    return [y / a, 0] if a > b else [0, y / b]


@control("stability/k-minus-one-digits", "stops after 40 digits")
def stops_early():
    def algorithm(oracle):
        sample = oracle.sample(40)
        parts = [corner(sample, block, 40) for block in range(3)]
        return [*sum(parts, []), *sample.y[3:]]

    read, error = digits_of(algorithm)
    return read if error <= 10.0 ** -(K - 1) else 0


@control("stability/k-minus-two-digits", "the middle in the third block too")
def middle_everywhere():
    def algorithm(oracle):
        sample = oracle.sample(16)
        parts = [[sample.y[i] / 2] * 2 for i in range(3)]
        return [*sum(parts, []), *sample.y[3:]]

    return digits_of(algorithm)[1] * 10 ** (K - 2)


@control("stability/network-exists", "both get the network of the first")
def one_network():
    pair = [stability.jump_instance(K, 26, j) for j in (1, 2)]
    x, y = pair[0].x.astype(float), pair[0].y.astype(float)
    weights = np.outer(x, y) / (y @ y)
    return max(p.distance(weights @ p.y.astype(float)) * 10**K for p in pair)


@control("stability/firenet-misses-k", "judged by the solutions of the tie")
def firenet_judged_by_the_tie():
    problem, tie = (
        stability.jump_instance(K, 20, 1),
        stability.jump_instance(K),
    )
    found = stability.firenet(
        problem.y.astype(float),
        Matrix(problem.A.astype(float)),
        SquareRootLasso(0.4),
        p=60,
        n=30,
    )
    return tie.distance(found) * 10**K


# -- FIRENET ----------------------------------------------------------------


@control("stability/theorem-bound", "no restarts, all steps in one run")
def bound_without_restarts():
    op, problem, x = Matrix([[2.0, 1.0]]), SquareRootLasso(0.5), [1.0, 0.0]
    y, shares = np.array([2.0]), []
    for n in range(1, 21):
        mean = stability.primal_dual(y, op, problem, 55 * n).mean
        bound = 2 * math.sqrt(5) * math.exp(-n) * 2
        shares.append(np.linalg.norm(mean - x) / bound)
    return max(shares)


@cache
def gaussian():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(128, 256)) / np.sqrt(128)
    x = np.zeros(256)
    x[rng.choice(256, 10, replace=False)] = rng.normal(size=10)
    return Matrix(A), x, A @ x


def factor(errors):
    used = errors[(errors < 1e-2) & (errors > 1e-10)]
    return (used[0] / used[-1]) ** (1 / (len(used) - 1))


@control("stability/e-per-restart", "the target is halved, not divided by e")
def halved():
    op, x, y = gaussian()
    level, psi, errors = np.linalg.norm(y), 0 * x, []
    for _ in range(40):
        level /= 2
        scale = 2 * op.norm / (level * 30)
        run = stability.primal_dual(
            scale * y, op, SquareRootLasso(0.1), 30, scale * psi
        )
        psi = run.mean / scale
        errors.append(np.linalg.norm(psi - x))
    return factor(np.array(errors))


@control("stability/e-per-restart", "the restarts are left out")
def not_restarted():
    op, x, y = gaussian()
    errors = [
        np.linalg.norm(
            stability.primal_dual(y, op, SquareRootLasso(0.1), 30 * k).mean - x
        )
        for k in range(2, 14)
    ]
    return (errors[0] / errors[-1]) ** (1 / (len(errors) - 1))


@control("stability/layers-log", "no restarts: error times steps is constant")
def layers_without_restarts():
    op, x, y = gaussian()
    mean = stability.primal_dual(y, op, SquareRootLasso(0.1), 1000).mean
    constant = 1000 * np.linalg.norm(mean - x)
    steps = [constant / accuracy for accuracy in (1e-3, 1e-6, 1e-9)]
    return (steps[2] - steps[1]) / (steps[1] - steps[0])


# -- pictures ---------------------------------------------------------------


@cache
def pictures():
    """Return measurements, pictures and the detail of the chapter."""
    rng = np.random.default_rng(3)
    A = stability.real_matrix(stability.frequency_mask(32, 0.3, rng))
    images = stability.ellipse_images(2524, 32, rng).reshape(2524, -1)
    detail = stability.grid_detail(32, (12, 18), 3.0).ravel()
    detail = stability.hide_detail(detail, A, 1 / 18)
    return A, images[:2500], images[2500:], detail, rng


@control("stability/firenet-withstands", "a linear map fitted to the detail")
def linear_map():
    A, train, test, detail, rng = pictures()
    x = train + rng.integers(0, 2, (len(train), 1)) * detail
    y = x @ A.T
    weights = np.linalg.solve(y.T @ y + 1e-3 * np.eye(len(A)), y.T @ x)
    return np.linalg.norm(weights, 2)  # of a linear map, this is the worst


@control("stability/certificate", "the error on x + d is left out")
def half_of_the_bound():
    """FIRENET loses the detail: its other error is what saves the bound."""
    A, _, test, detail, _ = pictures()
    haar = stability.haar_matrix(32, 3)
    layer = stability.FirenetLayer(A @ haar, lam=0.01, p=5, n=2)

    def recon(x):
        return (
            ops.convert_to_numpy(layer((x @ A.T).astype("float32"))) @ haar.T
        )

    plain, other = recon(test), recon(test + detail)
    change = np.linalg.norm(other - plain, axis=1)
    low = np.linalg.norm(detail) - np.linalg.norm(plain - test, axis=1)
    return float((change - low).min())


def trained(with_detail: bool) -> tuple[float, float]:
    """Return the amplification of a network and of FIRENET."""
    A, train, test, detail, rng = pictures()
    if with_detail:
        train = train + rng.integers(0, 2, (len(train), 1)) * detail
    keras.utils.set_random_seed(0)
    network = stability.build_reconstructor(A)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, 4 * len(train) // 16)
    network.compile(keras.optimizers.Adam(rate), "mse")
    network.fit(train @ A.T, train, batch_size=16, epochs=4, verbose=0)
    haar = stability.haar_matrix(32, 3)
    layer = stability.FirenetLayer(A @ haar, lam=0.01, p=15, n=5)
    back = haar.T.astype("float32")
    return (
        amplification(network, A, test[:6]),
        amplification(lambda y: ops.matmul(layer(y), back), A, test[:6]),
    )


def amplification(method, A, x):
    r = stability.worst_case(method, A, x, 0.03, 10).r
    before, after = (
        ops.convert_to_numpy(method((p @ A.T).astype("float32")))
        for p in (x, x + r)
    )
    size = np.linalg.norm(r @ A.T, axis=1)
    return float(np.mean(np.linalg.norm(after - before, axis=1) / size))


@control(
    "stability/trained-is-unstable", "trained with the detail", heavy=True
)
def trained_with_the_detail():
    network, firenet = trained(with_detail=True)
    return network / firenet


@control(
    "stability/detail-is-amplified", "trained without the detail", heavy=True
)
def trained_without_the_detail():
    network, firenet = trained(with_detail=False)
    return network / firenet
