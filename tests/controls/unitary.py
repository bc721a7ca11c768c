"""Controls of the claims about unitary networks."""

import math
import time
from functools import cache

import keras
import numpy as np
import sympy
from keras import ops
from scipy.linalg import expm
from sklearn.datasets import load_digits

from controls import control
from topoi import survey, unitary

SHAPES = [(n, r) for n in range(1, 7) for r in range(1, n + 1)]


def draw(n, r, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, r)) * 1.2 / math.sqrt(n)


# -- the maps -----------------------------------------------------------------


@control("unitary/any-shape", "the transpose is added")
def added():
    rng, exact = np.random.default_rng(0), 0
    for n, r in SHAPES:
        T = sympy.Matrix(r, r, lambda i, j: int(rng.integers(1, 6)))
        B = sympy.Matrix(n - r, r, lambda i, j: int(rng.integers(1, 6)))
        A1, eye = T + T.T, sympy.eye(r)
        M = eye + B.T * B / 4 - A1 / 2
        if M.det() != 0:
            S = M.inv()
            Q = (2 * S - eye).col_join(B * S)
            exact += eye == Q.T * Q
    return exact


@control("unitary/thin-exponential", "B^T B has the wrong sign")
def wrong_sign():
    gaps = []
    for n, r in ((2, 1), (9, 4), (144, 16)):
        lower = draw(n, r)
        A = unitary.skew_from_lower(lower)
        A1, B = A[:r, :r], A[r:, :r]
        K = np.block([[A1, B.T @ B], [np.eye(r), np.zeros((r, r))]])
        X = expm(K)[:, :r]
        ours = np.concatenate([X[:r], B @ X[r:]])
        gaps.append(np.abs(ours - expm(A)[:, :r]).max())
    return max(gaps)


@control("unitary/dimension", "every entry is counted")
def all_entries():
    differ = 0
    for n in (4, 6, 8):
        for r in (1, n // 2, n):
            flat = np.random.default_rng(n).normal(0, 0.5, n * r)
            rows = []
            for move in 1e-5 * np.eye(n * r):
                ends = [
                    unitary.thin_exp((flat + s * move).reshape(n, r))
                    for s in (1, -1)
                ]
                rows.append((ends[0] - ends[1]).ravel() / 2e-5)
            values = np.linalg.svd(rows, compute_uv=False)
            differ += int(np.sum(values > 1e-3)) != n * r
    return differ


@control("unitary/polished", "the step is left out")
def unpolished():
    A = unitary.skew_from_lower(draw(144, 144)).astype("float32")
    Q = unitary.expm(ops.convert_to_tensor(A), squarings=8)
    Q = ops.convert_to_numpy(Q)
    return float(np.abs(Q.T @ Q - np.eye(144)).max())


# -- depth --------------------------------------------------------------------


def stack(law, gain, activation):
    rng = np.random.default_rng(0)
    weights = unitary.draw_weights(law, gain, 64, 200, rng)
    return unitary.norms_through_depth(weights, activation, rng)


@control("unitary/keeps-norms", "normal weights of the same mean size")
def normal_weights():
    norms = stack("normal", 1.0, "MaxMin")
    return float(max(np.abs(found - 1).max() for found in norms))


@control("unitary/relu-chain", "the absolute value in place of ReLU")
def absolute():
    return float(np.log2(stack("orthogonal", 1.0, "abs").forward[-1]))


@control("unitary/relu-halves", "the gain is the square root of 2")
def he_gain():
    norms = stack("orthogonal", math.sqrt(2), "ReLU")
    return float(np.log2(norms.forward[-1])) / -100


# -- convolutions -------------------------------------------------------------


@control("unitary/expanding-conv", "as many filters as channels")
def square_conv():
    Q = unitary.random_stiefel(36, 4, np.random.default_rng(0))
    kernel = unitary.flat_kernel(Q, 3, 4)
    return float(np.abs(unitary.conv_singular_values(kernel, 8) - 3).max())


@control("unitary/contracting-conv", "a 1 x 1 kernel")
def one_by_one():
    Q = unitary.random_stiefel(16, 16, np.random.default_rng(0))
    values = unitary.conv_singular_values(unitary.flat_kernel(Q, 1, 16), 8)
    return values[-1] / values[0]


# -- disk ---------------------------------------------------------------------


@control("unitary/disk-square", "the rebuilt matrix is stored as well")
def both_stored():
    n = 512
    return 1 - (unitary.stiefel_dimension(n, n) + n * n) / (n * n)


@control("unitary/disk-network", "every layer is counted as square")
def all_square():
    dense = free = 0
    for shape in unitary.resnet44_shapes():
        n = max(shape.k**2 * shape.channels, shape.filters)
        dense, free = dense + n * n, free + unitary.stiefel_dimension(n, n)
    return 1 - free / dense


# -- size of activations ------------------------------------------------------


@cache
def size_after(variant: str, blocks: int = 14) -> float:
    """Return the root mean square after the last block, untrained."""
    keras.utils.set_random_seed(0)
    network = unitary.build_digit_network(variant, blocks)
    before = keras.Model(network.input, network.layers[-3].output)
    y = ops.convert_to_numpy(before(digits()[0][:64]))
    return float(np.sqrt(np.mean(y**2)))


@control("unitary/division-keeps-size", "nothing is divided")
def undivided():
    return size_after("none")


@control("unitary/manifold-grows", "free weights")
def free_weights():
    return size_after("none")


# -- accuracy -----------------------------------------------------------------


@cache
def digits():
    found = load_digits()
    x = (found.images[..., np.newaxis] / 16).astype("float32")
    order = np.random.default_rng(0).permutation(len(x))
    return x[order], found.target[order]


def accuracy(network, epochs: int = 4) -> float:
    """Return the test accuracy in per cent, after some epochs or none."""
    x, y = digits()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(3e-3)
    network.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    if epochs:
        network.fit(x[:1024], y[:1024], 64, epochs, verbose=0)
    return 100 * network.evaluate(x[1400:], y[1400:], verbose=0)[1]


@cache
def trained(variant: str) -> float:
    keras.utils.set_random_seed(0)
    return accuracy(unitary.build_digit_network(variant, 2))


@cache
def untrained(variant: str) -> float:
    keras.utils.set_random_seed(0)
    return accuracy(unitary.build_digit_network(variant, 2), 0)


@control(
    "unitary/competitive", "the unitary network is not trained", heavy=True
)
def untrained_unitary():
    return untrained("unitary") - trained("batch norm")


@control(
    "unitary/pixel-norm-alone", "free weights are not trained", heavy=True
)
def untrained_pixel_norm():
    return untrained("pixel norm") - trained("unitary")


@control("unitary/manifold-alone", "both networks divide", heavy=True)
def both_divide():
    return trained("unitary") - trained("unitary")


@control(
    "unitary/plain-chain", "the published chain is not trained", heavy=True
)
def untrained_chain():
    keras.utils.set_random_seed(0)
    sorts = accuracy(unitary.build_chain("MaxMin", 4), 2)
    return sorts - accuracy(unitary.build_chain("unitary", 4), 0)


@control("unitary/beyond-the-grid", "the rate stays 0.01")
def rate_inside():
    found = []
    for claim in ("competitive", "pixel-norm-alone", "manifold-alone"):
        values = survey.load(f"unitary/{claim}").values
        found += [
            values[f"{name} at 0.01"].mean()
            for name in unitary.VARIANTS
            if name in values and (name != "unitary" or "none" in values)
        ]
    return sum(found) / 5


# -- inference ----------------------------------------------------------------


@control("unitary/fold-exact", "the running variance is left out")
def without_variance():
    keras.utils.set_random_seed(0)
    network = unitary.build_resnet44("batch norm", (8, 8, 3))
    rng = np.random.default_rng(0)
    norms = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for norm in norms:
        draws = [rng.uniform(0.5, 1.5, norm.gamma.shape) for _ in range(4)]
        norm.set_weights(draws)
    x = rng.normal(size=(2, 8, 8, 3)).astype("float32")
    due = ops.convert_to_numpy(network(x, training=False))
    for norm in norms:
        norm.moving_variance.assign(np.ones(norm.gamma.shape))
    lean = unitary.fold_batchnorm(network)
    ours = ops.convert_to_numpy(lean(x, training=False))
    return float(np.abs(ours - due).max() / np.abs(due).max())


def seconds(*calls, rounds: int = 12) -> list[float]:
    """Return median CPU seconds of calls that take turns."""
    spent = [[] for _ in calls]
    for turn in range(rounds + 2):
        for call, times in zip(calls, spent, strict=True):
            before = time.process_time()
            call()
            if turn >= 2:
                times.append(time.process_time() - before)
    return [float(np.median(times)) for times in spent]


@control(
    "unitary/faster-inference",
    "the kernels are computed at each use",
    heavy=True,
)
def computed_at_each_use():
    x = np.zeros((1, 32, 32, 3), "float32")
    ours = unitary.build_resnet44("unitary")
    peer = unitary.build_resnet44("batch norm")
    slow, usual = seconds(
        lambda: ours.predict_on_batch(x), lambda: peer.predict_on_batch(x)
    )
    return slow / usual


@control(
    "unitary/norms-cost",
    "the network without normalisation beside itself",
    heavy=True,
)
def beside_itself():
    x = np.zeros((1, 32, 32, 3), "float32")
    one, two = (unitary.build_resnet44("none") for _ in range(2))
    first, second = seconds(
        lambda: one.predict_on_batch(x), lambda: two.predict_on_batch(x)
    )
    return first / second
