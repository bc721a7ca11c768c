"""Controls of the chapter on low precision and sparsity."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import keras
import ml_dtypes
import numpy as np
from sklearn.datasets import load_digits

from controls import control
from topoi import data, precision
from topoi.precision import BFLOAT16, FLOAT16, FLOAT32, Arithmetic

SEEDS = range(1)
QUICK = precision.Settings(steps=60, learning_rate=0.1)


@control("precision/float16-limits", "subnormal numbers are forgotten")
def without_subnormals():
    power = f"2^{int(np.log2(FLOAT16.smallest_normal))}"
    return f"{FLOAT16.largest:.0f} {power} {power}"


@control("precision/bfloat16-range", "float16 is compared, not bfloat16")
def range_of_float16():
    return FLOAT16.smallest_normal / FLOAT32.smallest_normal


@control("precision/rounding-exact", "the lower half is cut off, not rounded")
def cut_off():
    upper = np.arange(0x3F80, 0x4080, dtype=np.uint32) << 16
    lows = np.array([0, 1, 0x7FFF, 0x8000, 0xFFFF], np.uint32)
    x = (upper[:, None] | lows).view(np.float32)
    ours = precision.truncate_to(x, BFLOAT16)
    theirs = x.astype(ml_dtypes.bfloat16).astype(np.float32)
    return (ours != theirs).sum()


@control("precision/float16-sum", "the ones are added in pairs")
def added_in_pairs():
    ones = np.ones(10_000, np.float32)
    return float(precision.pairwise_sum(ones, FLOAT16))


@control("precision/master-copy", "the weight is kept in float32")
def kept_in_float32():
    steps = np.float32([1] + [-1e-3] * 1000)
    return float(precision.running_sum(steps, FLOAT32))


@control("precision/product-error", "the sums are stored in bfloat16 as well")
def sums_rounded():
    rng, errors = np.random.default_rng(7), []
    for length in (64, 512):
        a = rng.normal(size=(8, length)).astype(np.float32)
        b = rng.normal(size=(length, 8)).astype(np.float32)
        exact, total = a.astype(np.float64) @ b, np.zeros((8, 8), np.float32)
        a, b = (precision.round_to(v, BFLOAT16) for v in (a, b))
        for column, row in zip(a.T, b, strict=True):
            total += np.outer(column, row)
            total = precision.round_to(total, BFLOAT16)
        errors.append(np.linalg.norm(total - exact) / np.linalg.norm(exact))
    return max(errors) / min(errors)


@cache
def _digits():
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.data))
    return (digits.data[order] / 16).astype(np.float32), digits.target[order]


def _start():
    return precision.initial_layers((64, 32, 10), SEEDS)


def _run(arithmetic, settings=QUICK, labels=None):
    """Return a short training on the digits, with its test accuracy."""
    x, y = _digits()
    taught = y[400:] if labels is None else labels
    done = precision.train(
        x[400:], taught, _start(), arithmetic, settings, SEEDS
    )
    guess = precision.predict(done.layers, x[:400], arithmetic)
    return done, (guess == y[:400]).mean()


@control("precision/bfloat16-trains", "bfloat16 is taught shuffled labels")
def shuffled_labels():
    _, y = _digits()
    shuffled = np.random.default_rng(1).permutation(y[400:])
    low = _run(Arithmetic(BFLOAT16), labels=shuffled)[1]
    return low - _run(Arithmetic())[1]


@control("precision/truncation", "the truncated network is scored untrained")
def truncated_untrained():
    x, y = _digits()
    arithmetic = Arithmetic(BFLOAT16, truncate=True)
    guess = precision.predict(_start(), x[:400], arithmetic)
    return (guess == y[:400]).mean() - _run(Arithmetic(BFLOAT16))[1]


@control("precision/master-weights", "both runs keep a master copy")
def both_with_master():
    losses = [_run(Arithmetic(BFLOAT16))[0].losses for _ in range(2)]
    return losses[0][-20:].mean() / losses[1][-20:].mean()


def _weak(power):
    return replace(QUICK, loss_weight=2.0**-power)


@control("precision/float16-flushed", "the factor is 2^-10, not 2^-20")
def half_the_exponent():
    return _run(Arithmetic(FLOAT16), _weak(10))[0].flushed.mean()


def _agreement(one, two):
    pairs = zip(one.layers, two.layers, strict=True)
    return np.mean([(a == b).mean() for (a, _), (b, _) in pairs])


@control("precision/loss-scaling", "the loss is scaled by 2^10, not by 2^20")
def scaled_too_little():
    scaled = Arithmetic(FLOAT16, loss_scale=2.0**10)
    rescued, plain = _run(scaled, _weak(20)), _run(Arithmetic(FLOAT16))
    return _agreement(rescued[0], plain[0])


@control("precision/no-loss-scaling", "the factor is 0.001, no power of two")
def no_power_of_two():
    weak = replace(QUICK, loss_weight=1e-3)
    brain, plain = (_run(Arithmetic(BFLOAT16), s) for s in (weak, QUICK))
    return _agreement(brain[0], plain[0])


@control("precision/keras-loss-scale", "the two policies change places")
def policies_swapped():
    names = []
    for policy in ("mixed_bfloat16", "mixed_float16"):
        keras.mixed_precision.set_dtype_policy(policy)
        try:
            model = keras.Sequential(
                [keras.Input((4,)), keras.layers.Dense(2)]
            )
            model.compile("sgd", "mse")
        finally:
            keras.mixed_precision.set_dtype_policy("float32")
        scaler = keras.optimizers.LossScaleOptimizer
        names.append("yes" if isinstance(model.optimizer, scaler) else "no")
    return ", ".join(names)


@control("precision/compressed-size", "each place takes a byte, not two bits")
def places_in_bytes():
    shares, rng = [], np.random.default_rng(0)
    for dtype in ("float16", "int8"):
        dense = rng.integers(-99, 100, (16, 8)).astype(dtype)
        dense *= precision.mask_nm(dense.astype(float))
        values = precision.compress_24(dense).values
        shares.append(Fraction(values.nbytes + values.size, dense.nbytes))
    return " ".join(map(str, shares))


@control(
    "precision/half-the-products", "zeros that are not stored are multiplied"
)
def products_of_zeros():
    kernel = np.random.default_rng(0).normal(size=(16, 8))
    sparse = kernel * precision.mask_nm(kernel)
    unpacked = precision.decompress_24(precision.compress_24(sparse))
    return np.divide(sparse.size, unpacked.size)


SIGNALS = precision.Settings(steps=400, learning_rate=0.05, weight_decay=1e-3)


@cache
def _on_signals():
    """Return a network trained on MNIST-1D, by layer (weights, bias)."""
    signals = data.load("mnist1d")
    start = precision.initial_layers((40, 64, 64, 10), SEEDS)
    return precision.train(
        signals.x_train, signals.y_train, start, Arithmetic(), SIGNALS, SEEDS
    ).layers


def _score(layers):
    signals = data.load("mnist1d")
    guess = precision.predict(layers, signals.x_test)
    return (guess == signals.y_test).mean()


def _pruned(rule):
    return [
        (w * np.stack([rule(one) for one in w]), b) for w, b in _on_signals()
    ]


def _random_mask(w):
    return precision.mask_nm(np.random.default_rng(5).normal(size=w.shape))


@control("precision/retraining", "the pruned network is not trained again")
def scored_at_once():
    return _score(_pruned(precision.mask_nm)) - _score(_on_signals())


@control("precision/mask-choice", "the pruned networks are not trained again")
def masks_at_once():
    largest, random = (
        _score(_pruned(rule)) for rule in (precision.mask_nm, _random_mask)
    )
    return largest - random


@control(
    "precision/permutation",
    "the gain is divided by what was kept, not by the gap",
)
def divided_by_what_is_kept():
    closed = []
    for weights, _ in _on_signals()[1:]:
        found = precision.search_permutation(weights[0])
        gain = found.kept[-1] - found.kept[0]
        closed.append(gain / found.kept[0])
    return np.mean(closed)


@control(
    "precision/permutation-accuracy",
    "inputs are permuted, but not the channels that feed them",
)
def one_side_permuted():
    layers = [(w.copy(), b) for w, b in _on_signals()]
    weights = layers[1][0]
    order = precision.search_permutation(weights[0]).order
    weights[0] = weights[0][order]
    return _score(layers) - _score(_on_signals())
