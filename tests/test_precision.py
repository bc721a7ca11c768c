"""Oracles of topoi.precision: ml_dtypes, search, closed forms, Keras, laws."""

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace

import keras
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from topoi import precision
from topoi.precision import (
    BFLOAT16,
    FLOAT8_E5M2,
    FLOAT16,
    FLOAT32,
    TFLOAT32,
    Arithmetic,
    Format,
    Settings,
    round_to,
    speed,
    truncate_to,
)

RNG = np.random.default_rng(7)
PEERS = {
    BFLOAT16: ml_dtypes.bfloat16,
    FLOAT16: np.float16,
    FLOAT8_E5M2: ml_dtypes.float8_e5m2,
}
PAIRS = [pytest.param(f, p, id=f.name) for f, p in PEERS.items()]
NARROW = [pytest.param(f, id=f.name) for f in (*PEERS, TFLOAT32)]
NUMBERS = st.floats(width=32, allow_nan=False)


def float32(bits):
    return np.asarray(bits, np.uint32).view(np.float32)


def cast(x, dtype):
    """Round with another library; both complain about what overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(dtype).astype(np.float32)


def bits(x):
    return np.ascontiguousarray(x, np.float32).view(np.uint32)


def same_numbers(ours, theirs):
    """Equal bit for bit, and NaN at the same places."""
    nan = np.isnan(theirs)
    np.testing.assert_array_equal(np.isnan(ours), nan)
    np.testing.assert_array_equal(bits(ours)[~nan], bits(theirs)[~nan])


# -- formats ----------------------------------------------------------------


@pytest.mark.parametrize(("target", "peer"), PAIRS)
def test_constants_are_those_of_other_libraries(target, peer):
    info = ml_dtypes.finfo(peer)
    assert target.bits == info.bits
    assert target.epsilon == float(info.eps)
    assert target.largest == float(info.max)
    assert target.smallest_normal == float(info.smallest_normal)
    assert target.smallest_subnormal == float(info.smallest_subnormal)


def test_constants_of_float32():
    info = np.finfo(np.float32)
    assert FLOAT32.largest == float(info.max)
    assert FLOAT32.smallest_subnormal == float(info.smallest_subnormal)
    assert FLOAT32.epsilon == float(info.eps)


@pytest.mark.parametrize(("target", "peer"), PAIRS)
def test_fields_are_the_stored_bits(target, peer):
    """Oracle: the bytes of the other library's numbers."""
    width = np.uint8 if target.bits == 8 else np.uint16
    values = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-6, -3e-8, 65504.0, np.inf, 7e4]
    with np.errstate(over="ignore"):
        stored = np.array(values, np.float32).astype(peer).view(width)
    for value, pattern in zip(values, stored, strict=True):
        assert "".join(target.fields(value)) == f"{pattern:0{target.bits}b}"


def test_fields_refuse_nan():
    with pytest.raises(ValueError, match="needs a number.*got NaN"):
        BFLOAT16.fields(np.nan)


@pytest.mark.parametrize(("exponent", "fraction"), [(9, 7), (1, 7), (5, 24)])
def test_format_refuses_impossible_widths(exponent, fraction):
    with pytest.raises(ValueError, match=f"'odd' has {exponent} and"):
        Format("odd", exponent, fraction)


# -- rounding ---------------------------------------------------------------

HALVES = np.arange(2**16, dtype=np.uint32) << 16
LOWS = (0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF)


@pytest.mark.parametrize("low", LOWS)
def test_bfloat16_on_every_upper_half(low):
    """Oracle: ml_dtypes, for all signs, exponents and kept bits."""
    x = float32(HALVES | low)
    same_numbers(round_to(x, BFLOAT16), cast(x, ml_dtypes.bfloat16))


@pytest.mark.parametrize(("target", "peer"), PAIRS)
def test_rounding_of_a_million_bit_patterns(target, peer):
    """Oracle: ml_dtypes or NumPy; NaN, infinities and subnormals included."""
    x = float32(RNG.integers(0, 2**32, 1_000_000, dtype=np.uint32))
    same_numbers(round_to(x, target), cast(x, peer))


@pytest.mark.parametrize(("target", "peer"), PAIRS)
def test_rounding_near_every_number_and_every_tie(target, peer):
    """Oracle: the other library, on its own grid, between and beside it."""
    width = np.uint8 if target.bits == 8 else np.uint16
    pattern = np.arange(2**target.bits, dtype=width)
    with np.errstate(invalid="ignore"):
        grid = pattern.view(peer).astype(np.float64)
    grid = np.unique(grid[np.isfinite(grid)])
    middle = (grid[1:] + grid[:-1]) / 2
    x = np.concatenate([grid, middle]).astype(np.float32)
    x = np.concatenate(
        [x, np.nextafter(x, np.inf), np.nextafter(x, np.float32(-np.inf))]
    )
    same_numbers(round_to(x, target), cast(x, peer))


@pytest.mark.parametrize("target", NARROW)
def test_result_is_a_nearest_point_of_the_grid(target):
    """Oracle: spacing from the exponent, in float64, no bit arithmetic."""
    x = RNG.normal(size=2000).astype(np.float32) * np.float32(0.01)
    exponent = np.floor(np.log2(np.abs(x.astype(np.float64))))
    step = np.exp2(exponent - target.fraction_bits)
    step = np.maximum(step, target.smallest_subnormal)
    nearest = np.rint(x / step) * step  # rint: ties to even
    np.testing.assert_array_equal(round_to(x, target), nearest)


def test_ties_go_to_the_even_neighbour():
    """Oracle: half-way points worked out by hand."""
    x = np.float32([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 2.0**-134])
    wanted = np.float32([1, 1 + 2**-6, -1, 0])
    np.testing.assert_array_equal(round_to(x, BFLOAT16), wanted)


@pytest.mark.parametrize("round_or_cut", [round_to, truncate_to])
@pytest.mark.parametrize("target", NARROW)
def test_nan_stays_nan_with_its_sign(round_or_cut, target):
    """Payloads in the low bits, and those that a carry would overflow."""
    x = float32([0x7F800001, 0xFF800001, 0x7FC00000, 0x7FFFFFFF, 0xFFFFFFFF])
    found = round_or_cut(x, target)
    assert np.isnan(found).all()
    np.testing.assert_array_equal(np.signbit(found), np.signbit(x))


@pytest.mark.parametrize("target", NARROW)
def test_what_is_too_large_becomes_infinite(target):
    half = target.largest * target.epsilon / (2 - target.epsilon) / 2
    last = np.float32(target.largest + half * (1 - 2**-10))
    x = np.array([target.largest, last, target.largest + half], np.float32)
    found = round_to(np.concatenate([x, -x]), target)
    wanted = np.float32([target.largest, target.largest, np.inf])
    np.testing.assert_array_equal(found, np.concatenate([wanted, -wanted]))
    cut = truncate_to(x, target)
    np.testing.assert_array_equal(cut, np.float32([target.largest] * 3))


@pytest.mark.parametrize("target", NARROW)
@given(x=NUMBERS, y=NUMBERS)
@settings(max_examples=60, deadline=None)
def test_rounding_is_idempotent_odd_and_monotone(target, x, y):
    pair = np.sort(np.array([x, y], np.float32))
    once = round_to(pair, target)
    np.testing.assert_array_equal(round_to(once, target), once)
    np.testing.assert_array_equal(round_to(-pair, target), -once)
    assert once[0] <= once[1]


@pytest.mark.parametrize("target", NARROW)
@given(x=NUMBERS)
@settings(max_examples=60, deadline=None)
def test_truncation_is_the_neighbour_towards_zero(target, x):
    x = np.array([x], np.float32)
    cut, near = truncate_to(x, target), round_to(x, target)
    assert np.abs(cut) <= np.abs(x)
    np.testing.assert_array_equal(round_to(cut, target), cut)  # on the grid
    if np.abs(near) <= np.abs(x):
        np.testing.assert_array_equal(cut, near)


def test_relative_error_and_bias_of_bfloat16():
    """Half a unit in the last place, and the bias of truncation.

    For significands of a uniform logarithm the mean of the bits dropped is
    2**-8 (1 - 2**-16) times the mean of 1/m, which is 1 / (2 ln 2).
    """
    x = np.exp2(RNG.uniform(-60, 60, 400_000)).astype(np.float32)
    exact = x.astype(np.float64)
    near = round_to(x, BFLOAT16) / exact - 1
    cut = truncate_to(x, BFLOAT16) / exact - 1
    assert 0.0038 < np.abs(near).max() <= 2**-8
    assert 0.0076 < np.abs(cut).max() <= 2**-7
    assert abs(near.mean()) < 2e-5  # 400,000 draws, deviation 1.8e-3
    assert cut.mean() == pytest.approx(-(2**-8) / (2 * math.log(2)), abs=2e-5)


def test_float32_is_left_as_it_is():
    x = float32(RNG.integers(0, 2**32, 10_000, dtype=np.uint32))
    same_numbers(round_to(x, FLOAT32), x)


def test_shapes_strides_and_blocks():
    x = RNG.normal(size=(2, 3, precision.formats.BLOCK)).astype(np.float32)
    whole = round_to(x, BFLOAT16)
    part = round_to(x[:, ::2, 5::7], BFLOAT16)
    np.testing.assert_array_equal(whole[:, ::2, 5::7], part)
    assert round_to(np.float32(1.01), BFLOAT16).shape == ()
    assert round_to(np.zeros((0, 3), np.float32), BFLOAT16).shape == (0, 3)


@pytest.mark.parametrize("bad", [np.float64(1.0), np.arange(3), [1.0]])
def test_rounding_refuses_other_types(bad):
    with pytest.raises(TypeError, match="starts from float32, but got.*np.fl"):
        round_to(bad, BFLOAT16)


def test_why_float64_is_refused():
    """Rounding to float32 first lands on a tie and hides the excess."""
    x = 1 + 2.0**-8 + 2.0**-40
    twice = round_to(np.array([x], np.float32), BFLOAT16)
    assert twice[0] == 1.0
    assert abs(1 + 2**-7 - x) < abs(1 - x)


# -- accumulation -----------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "peer"),
    [(FLOAT16, np.float16), (BFLOAT16, ml_dtypes.bfloat16)],
)
def test_running_sum_is_native_addition(target, peer):
    """Oracle: the narrow type's own addition, in a loop."""
    values = RNG.normal(size=(300, 20)).astype(np.float32)
    native = np.zeros(20, peer)
    for value in values.astype(peer):
        native = native + value
    ours = precision.running_sum(values, target)
    np.testing.assert_array_equal(ours, native.astype(np.float32))


def test_sums_of_the_chapter():
    """Oracle: the spacing of the grid, worked out by hand."""
    ones = np.ones(10_000, np.float32)
    cents = np.full(4096, 0.01, np.float32)
    assert precision.running_sum(ones, FLOAT16) == 2048
    assert precision.running_sum(ones, BFLOAT16) == 256
    assert precision.running_sum(cents, BFLOAT16) == 4.0
    assert precision.running_sum(cents, FLOAT16) == 32.0
    assert precision.running_sum(cents, FLOAT32) == pytest.approx(40.96, 1e-3)


@pytest.mark.parametrize("better", ["pairwise_sum", "kahan_sum"])
def test_better_sums_of_ones_are_exact(better):
    ones = np.ones(10_000, np.float32)
    add = getattr(precision, better)
    assert add(ones, FLOAT16) == 10_000
    assert add(ones, FLOAT32) == 10_000
    assert add(ones[:0], FLOAT16) == 0
    assert add(ones[:7], BFLOAT16) == 7


@pytest.mark.parametrize("target", [FLOAT16, BFLOAT16])
def test_better_sums_beat_the_running_sum(target):
    values = RNG.uniform(0, 1, (2000, 30)).astype(np.float32)
    exact = round_to(values, target).astype(np.float64).sum(0)

    def error(add):
        return np.abs(add(values, target) / exact - 1).max()

    assert error(precision.running_sum) > 10 * target.epsilon
    assert error(precision.kahan_sum) <= target.epsilon
    assert error(precision.pairwise_sum) <= 6 * target.epsilon  # log2 n = 11


@pytest.mark.parametrize("target", [FLOAT16, BFLOAT16, FLOAT8_E5M2])
@given(share=st.floats(0.51, 1.0), power=st.integers(-3, 1))
@settings(max_examples=12, deadline=None)
def test_stagnation_point_is_where_the_sum_stops(target, share, power):
    step = round_to(np.float32([share * 2.0**power]), target)[0]
    stop = precision.stagnation_point(float(step), target)
    values = np.full(int(3 * stop / step) + 3, step, np.float32)
    assert precision.running_sum(values, target) == stop


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_stagnation_point_refuses_what_is_no_increment(bad):
    with pytest.raises(ValueError, match=f"positive finite.*got {bad}"):
        precision.stagnation_point(bad, BFLOAT16)


def test_error_of_a_product_does_not_grow_with_its_length():
    """Rounded operands, float32 sums: two roundings, whatever the length."""
    errors = {}
    for target, length in itertools.product(
        (BFLOAT16, FLOAT16), (64, 1024, 8192)
    ):
        a = RNG.normal(size=(48, length)).astype(np.float32)
        b = RNG.normal(size=(length, 48)).astype(np.float32)
        exact = a.astype(float) @ b
        found = round_to(a, target) @ round_to(b, target)
        error = np.linalg.norm(found - exact) / np.linalg.norm(exact)
        errors[target.name, length] = error / target.epsilon
    # each rounding: uniform error of at most half a step, two operands
    assert all(0.27 < e < 0.33 for e in errors.values()), errors


# -- training ---------------------------------------------------------------

DIGITS = load_digits()
X = (DIGITS.data / 16).astype(np.float32)
Y = DIGITS.target
SHORT = Settings(steps=60)


def start(*seeds):
    return precision.initial_layers((64, 16, 10), seeds)


def fit(arithmetic, settings_=SHORT, seeds=(0, 1), layers=None, masks=None):
    layers = layers or start(*seeds)
    return precision.train(X, Y, layers, arithmetic, settings_, seeds, masks)


def equal_layers(one, two):
    pairs = zip(one.layers, two.layers, strict=True)
    return all(
        np.array_equal(a, b)
        for pair in pairs
        for a, b in zip(*pair, strict=True)
    )


@pytest.mark.parametrize("weight_decay", [0.0, 1e-2])
def test_float32_training_is_that_of_keras(weight_decay):
    """Oracle: Keras' layers, loss and SGD on the same batches.

    Keras has no weight decay inside the gradient, so the penalty stands in
    the loss. Its momentum keeps v <- m v - rate g; with a constant rate that
    is the same path, so one step at a time is compared.
    """
    plan = Settings(steps=1, weight_decay=weight_decay)
    layers = start(3)
    ours = fit(Arithmetic(), plan, (3,), layers)
    penalty = keras.regularizers.L2(weight_decay / 2)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(16, "relu", kernel_regularizer=penalty),
            keras.layers.Dense(10, kernel_regularizer=penalty),
        ]
    )
    model.set_weights([a[0] for pair in layers for a in pair])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    batch = precision.training._order(len(X), plan, 3)[0]
    model.train_on_batch(X[batch], Y[batch])
    found = [a[0] for pair in ours.layers for a in pair]
    for a, b in zip(found, model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-6)


def test_momentum_and_schedule_by_hand():
    """Oracle: two steps from gradients that finite differences confirm."""
    plan = Settings(steps=2)
    ours = fit(Arithmetic(), plan, (0,))
    one = fit(Arithmetic(), Settings(steps=1), (0,))
    w0, w1, w2 = (t[0][0][0] for t in (start(0), one.layers, ours.layers))
    first = (w0 - w1) / 0.1  # velocity after the first step, full rate
    second = (w1 - w2) / 0.05  # after the second, half the rate
    gradient = second - 0.9 * first
    batch = precision.training._order(len(X), plan, 0)[1]

    def loss(i, j, shift):
        layers = [(w.astype(float), b) for w, b in one.layers]
        layers[0][0][0, i, j] += shift
        return float(_loss(layers, X[batch], Y[batch]))

    assert np.array_equal(
        precision.training._order(len(X), Settings(steps=1), 0)[0],
        precision.training._order(len(X), plan, 0)[0],
    )
    for i, j in [(20, 3), (42, 8), (60, 0)]:
        slope = (loss(i, j, 1e-5) - loss(i, j, -1e-5)) / 2e-5
        assert gradient[i, j] == pytest.approx(slope, abs=2e-5)


def _loss(layers, x, y):
    """Mean cross-entropy in float64."""
    (w, b), (v, c) = ([a[0].astype(float) for a in pair] for pair in layers)
    logits = np.maximum(x @ w + b, 0) @ v + c
    top = logits.max(1, keepdims=True)
    logs = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
    return -logs[np.arange(len(y)), y].mean()


@pytest.mark.parametrize(
    "numbers",
    [{"steps": 0}, {"batch_size": 0}, {"learning_rate": 0.0}],
    ids=lambda numbers: next(iter(numbers)),
)
def test_settings_that_train_nothing_are_refused(numbers):
    with pytest.raises(ValueError, match=f"{next(iter(numbers))} above 0"):
        Settings(**numbers)


def test_a_training_that_learns_nothing_is_an_error():
    """A scale beyond float16 makes every gradient infinite."""
    scaled = Arithmetic(FLOAT16, loss_scale=2.0**30)
    with pytest.raises(FloatingPointError, match="All 60 steps were skipped"):
        fit(scaled)
    layers = start(0, 1)
    layers[0][0][1] = np.nan
    with pytest.raises(FloatingPointError, match="network 1 ends as nan"):
        fit(Arithmetic(), layers=layers)


def test_runs_do_not_touch_each_other():
    both = fit(Arithmetic(BFLOAT16))
    second = fit(Arithmetic(BFLOAT16), seeds=(1,))
    np.testing.assert_array_equal(both.losses[:, 1], second.losses[:, 0])


def test_starting_weights_are_not_changed():
    layers = start(0, 1)
    before = [w.copy() for w, _ in layers]
    fit(Arithmetic(), layers=layers, masks=[np.zeros(1)] * 2)
    for w, kept in zip(layers, before, strict=True):
        np.testing.assert_array_equal(w[0], kept)


@pytest.mark.parametrize("target", [FLOAT32, BFLOAT16])
def test_powers_of_two_change_nothing(target):
    """Loss weight and loss scale are exact where nothing leaves the range."""
    plain = fit(Arithmetic(target))
    tiny = fit(Arithmetic(target), replace(SHORT, loss_weight=2.0**-20))
    scaled = fit(Arithmetic(target, loss_scale=2.0**12))
    assert equal_layers(plain, tiny)
    assert equal_layers(plain, scaled)


def test_float16_needs_a_loss_scale():
    weak = replace(SHORT, loss_weight=2.0**-20)
    lost = fit(Arithmetic(FLOAT16), weak)
    saved = fit(Arithmetic(FLOAT16, loss_scale=2.0**20), weak)
    assert (lost.flushed > 0.95).all()
    assert equal_layers(saved, fit(Arithmetic(FLOAT16)))
    assert saved.losses[-1].max() < 0.8 * lost.losses[-1].min()


def test_overflow_skips_the_step():
    scaled = Arithmetic(FLOAT16, loss_scale=2.0**30)
    huge = precision.Networks(start(0, 1), scaled, SHORT, None)
    for number in range(3):
        huge.step(np.stack([X[:64]] * 2), np.stack([Y[:64]] * 2), number)
    assert (huge.skipped == 3).all()
    for (w, b), (first, zero) in zip(huge.layers, start(0, 1), strict=True):
        np.testing.assert_array_equal(w, first)
        np.testing.assert_array_equal(b, zero)


def test_only_the_run_that_overflows_is_skipped():
    layers = start(0, 1)
    layers[0][0][1] *= 1e3
    layers[1][0][1] *= 1e3
    mixed = fit(Arithmetic(FLOAT16, loss_scale=2.0**14), layers=layers)
    assert mixed.skipped[0] == 0
    assert mixed.skipped[1] > 0


def test_weights_without_a_master_copy_lie_on_the_grid():
    found = fit(Arithmetic(BFLOAT16, master=False))
    for w, b in found.layers:
        np.testing.assert_array_equal(round_to(w, BFLOAT16), w)
        np.testing.assert_array_equal(round_to(b, BFLOAT16), b)
    kept = fit(Arithmetic(BFLOAT16)).layers[0][0]
    assert (round_to(kept, BFLOAT16) != kept).mean() > 0.9


def test_masks_hold_with_momentum_and_weight_decay():
    plan = replace(SHORT, weight_decay=1e-3)
    dense = fit(Arithmetic(), plan)
    masks = [
        np.stack([precision.mask_nm(w) for w in ws])
        for ws, _ in dense.layers[:1]
    ] + [np.ones(1, bool)]
    sparse = fit(Arithmetic(), plan, layers=dense.layers, masks=masks)
    w = sparse.layers[0][0]
    assert not w[~masks[0]].any()
    assert all(precision.is_nm(one) for one in w)
    assert (w[masks[0]] != 0).mean() > 0.9


def test_predict_agrees_with_a_plain_forward_pass():
    found = fit(Arithmetic())
    (w, b), (v, c) = found.layers
    logits = np.maximum(X @ w[1] + b[1], 0) @ v[1] + c[1]
    classes = precision.predict(found.layers, X)
    assert (classes[1] == logits.argmax(1)).mean() > 0.999
    assert (classes == Y).mean() > 0.5


def test_train_wants_a_seed_a_network():
    with pytest.raises(ValueError, match="3 seeds for 2 networks"):
        fit(Arithmetic(), seeds=(0, 1, 2), layers=start(0, 1))


def test_dynamic_loss_scale_is_that_of_keras():
    """Oracle: Keras' LossScaleOptimizer, fed good and infinite gradients."""
    if keras.backend.backend() == "jax":
        pytest.skip("on JAX it works inside a compiled step only")
    inner = keras.optimizers.SGD(0.1)
    optimizer = keras.optimizers.LossScaleOptimizer(
        inner, initial_scale=64.0, dynamic_growth_steps=3
    )
    variable = keras.Variable(np.ones(2, np.float32))
    optimizer.build([variable])
    scale, good = 64.0, 0
    for finite in [True] * 4 + [False] + [True] * 7 + [False] * 2:
        value = 1.0 if finite else np.inf
        gradient = keras.ops.convert_to_tensor(np.full(2, value, np.float32))
        optimizer.apply([gradient], [variable])
        scale, good = precision.next_loss_scale(scale, good, finite, 3)
        assert float(keras.ops.convert_to_numpy(optimizer.dynamic_scale)) == (
            scale
        )


def test_loss_scale_never_falls_below_one():
    assert precision.next_loss_scale(1.0, 5, finite=False) == (1.0, 0)


# -- the layer --------------------------------------------------------------


@pytest.mark.parametrize("target", [BFLOAT16, FLOAT16])
def test_layer_rounds_both_ways(target):
    """Oracle: the same products in NumPy with round_to."""
    from topoi import autodiff

    layer = precision.LowPrecisionDense(3, target.name)
    x = RNG.normal(size=(5, 8)).astype(np.float32)
    layer.build((None, 8))
    layer.bias.assign(RNG.normal(size=3).astype(np.float32))
    kernel, bias = (np.array(w) for w in layer.get_weights())
    error = RNG.normal(size=(5, 3)).astype(np.float32)

    sent = keras.ops.convert_to_tensor(error)

    def loss():
        return keras.ops.sum(layer(x) * sent)

    _, (dw, db) = autodiff.value_and_grad(loss, layer.trainable_variables)()
    dx = autodiff.input_gradient(lambda v: layer(v) * sent, x)
    rx, rw, re = (round_to(a, target) for a in (x, kernel, error))
    outputs = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(outputs, rx @ rw + bias, atol=1e-6)
    array = keras.ops.convert_to_numpy
    np.testing.assert_allclose(array(dw), rx.T @ re, atol=1e-6)
    np.testing.assert_allclose(array(dx), re @ rw.T, atol=1e-6)
    np.testing.assert_allclose(array(db), error.sum(0), atol=1e-6)


def test_backend_casts_round_as_we_do():
    """Oracle for both: the tie grid through the backend's own cast."""
    x = float32(np.concatenate([HALVES[::7] | low for low in LOWS]))
    x = x[np.isfinite(x) & (np.abs(x) < BFLOAT16.largest)]
    x = x[(np.abs(x) >= BFLOAT16.smallest_normal) | (x == 0)]
    theirs = keras.ops.cast(keras.ops.cast(x, "bfloat16"), "float32")
    same_numbers(round_to(x, BFLOAT16), keras.ops.convert_to_numpy(theirs))


def test_layer_treats_infinity_as_dense_does():
    """Oracle: keras.layers.Dense with the same weights."""
    x = RNG.normal(size=(3, 8)).astype(np.float32)
    x[0, 2], x[1, 5] = np.inf, -np.inf
    narrow, dense = precision.LowPrecisionDense(4), keras.layers.Dense(4)
    ours, theirs = narrow(x), dense(x)
    dense.set_weights(narrow.get_weights())
    ours, theirs = (
        keras.ops.convert_to_numpy(layer(x)) for layer in (narrow, dense)
    )
    np.testing.assert_array_equal(ours[:2], theirs[:2])
    assert np.isinf(ours[:2]).all()
    assert np.isfinite(ours[2]).all()


def test_layer_refuses_other_formats():
    with pytest.raises(ValueError, match="target is 'tfloat32'.*round_to"):
        precision.LowPrecisionDense(3, "tfloat32")
    with pytest.raises(ValueError, match="dtype is float16. Leave dtype out"):
        precision.LowPrecisionDense(3, dtype="mixed_float16")


# -- masks ------------------------------------------------------------------


def brute_mask(weights, n, m):
    """Sort every group on its own, the first of equal ones first."""
    mask = np.zeros(weights.shape, bool)
    for start_, column in itertools.product(
        range(0, len(weights), m), range(weights.shape[1])
    ):
        group = [abs(v) for v in weights[start_ : start_ + m, column]]
        best = sorted(range(m), key=lambda i: (-group[i], i))[:n]
        for i in best:
            mask[start_ + i, column] = True
    return mask


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (3, 4), (1, 2), (4, 8)])
def test_mask_is_the_sorted_one(n, m):
    """Oracle: sorting group by group; integers give many ties."""
    weights = RNG.integers(-2, 3, (24, 7))
    mask = precision.mask_nm(weights, n, m)
    np.testing.assert_array_equal(mask, brute_mask(weights, n, m))
    assert precision.is_nm(weights * mask, n, m)


def test_mask_along_another_axis():
    weights = RNG.normal(size=(3, 3, 8, 5))
    mask = precision.mask_nm(weights, axis=2)
    flat = weights.transpose(2, 0, 1, 3).reshape(8, -1)
    wanted = brute_mask(flat, 2, 4).reshape(8, 3, 3, 5).transpose(1, 2, 0, 3)
    np.testing.assert_array_equal(mask, wanted)
    last = precision.mask_nm(weights.reshape(45, 8), axis=1)
    again = precision.mask_nm(weights.reshape(45, 8), axis=-1)
    np.testing.assert_array_equal(last, again)


def test_mask_is_that_of_pytorch():
    """Oracle: PyTorch's sparsifier, whose weight is (outputs, inputs)."""
    torch = pytest.importorskip("torch")
    from torch.ao.pruning import WeightNormSparsifier

    linear = torch.nn.Linear(64, 32)
    sparsifier = WeightNormSparsifier(
        sparsity_level=1.0, sparse_block_shape=(1, 4), zeros_per_block=2
    )
    model = torch.nn.Sequential(linear)
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}])
    weight = linear.parametrizations.weight.original.detach().numpy()
    sparsifier.step()
    theirs = linear.parametrizations.weight[0].mask.numpy().astype(bool)
    np.testing.assert_array_equal(precision.mask_nm(weight.T).T, theirs)


def test_energy_that_a_mask_keeps():
    """Oracles: Gaussian order statistics, integrated without our masks."""
    weights = np.random.default_rng(0).normal(size=(2048, 512))

    def kept(mask):
        return (weights**2 * mask).sum() / (weights**2).sum()

    squares = np.sort(
        np.random.default_rng(1).normal(size=(200_000, 4)) ** 2, axis=1
    )
    shares = squares.mean(0) / squares.mean()  # of all four, in order
    assert kept(precision.mask_nm(weights)) == pytest.approx(
        shares[2:].sum() / 4, abs=0.002
    )
    assert kept(precision.mask_nm(weights, 1, 4)) == pytest.approx(
        shares[3] / 4, abs=0.002
    )
    blind = precision.mask_nm(RNG.normal(size=weights.shape))
    assert kept(blind) == pytest.approx(0.5, abs=0.002)


def test_masks_refuse_what_they_cannot_group():
    with pytest.raises(ValueError, match=r"fill axis 0, but it has 6.*Pad"):
        precision.mask_nm(np.ones((6, 4)))
    with pytest.raises(ValueError, match="n = 5 and m = 4"):
        precision.mask_nm(np.ones((8, 4)), 5, 4)
    with pytest.raises(ValueError, match="weights hold NaN"):
        precision.mask_nm(np.full((4, 4), np.nan))
    assert not precision.is_nm(np.ones((4, 1)))


@pytest.mark.parametrize("decay", [0.0, 1e-3])
def test_fixed_mask_survives_momentum_and_decay(decay):
    """The gradient's mask alone would not: the last line shows it."""
    kernel = RNG.normal(size=(64, 10)).astype(np.float32)
    mask = precision.mask_nm(kernel)
    model = _sparse_model(kernel, precision.FixedMask(mask), decay)
    w = model.layers[0].kernel
    found = keras.ops.convert_to_numpy(w)
    assert not found[~mask].any()
    assert (found[mask] != (kernel * mask)[mask]).any()
    loose = keras.ops.convert_to_numpy(
        _sparse_model(kernel, None, decay).layers[0].kernel
    )
    assert loose[~mask].any()


def _sparse_model(kernel, constraint, decay):
    layer = keras.layers.Dense(10, kernel_constraint=constraint)
    model = keras.Sequential([keras.Input((64,)), layer])
    layer.kernel.assign(kernel * precision.mask_nm(kernel))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=decay)
    model.compile(optimizer, loss)
    model.fit(X[:320], Y[:320], batch_size=32, verbose=0)
    return model


def test_fixed_mask_can_be_saved(tmp_path):
    mask = precision.mask_nm(RNG.normal(size=(8, 3)))
    constraint = precision.FixedMask(mask)
    again = precision.FixedMask.from_config(constraint.get_config())
    np.testing.assert_array_equal(again.mask, mask)
    layer = keras.layers.Dense(3, kernel_constraint=constraint)
    model = keras.Sequential([keras.Input((8,)), layer])
    model.save(tmp_path / "sparse.keras")
    loaded = keras.saving.load_model(tmp_path / "sparse.keras")
    found = loaded.layers[0].kernel_constraint.mask
    np.testing.assert_array_equal(found, mask)


def test_fixed_mask_refuses_another_shape():
    constraint = precision.FixedMask(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"\(4, 2\), but the weight has"):
        constraint(keras.ops.ones((4, 3)))


# -- the compressed form ----------------------------------------------------


@given(
    inputs=st.sampled_from([4, 8, 12, 24]),
    outputs=st.integers(1, 6),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_compression_is_lossless(inputs, outputs, seed):
    """Groups with 0, 1 and 2 weights are among the integers."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-1, 2, (inputs, outputs)).astype(np.float16)
    weights *= precision.mask_nm(weights)
    packed = precision.compress_24(weights)
    np.testing.assert_array_equal(precision.decompress_24(packed), weights)
    rows = packed.rows().reshape(-1, 2, outputs)
    assert (rows[:, 0] < rows[:, 1]).all(), "two different places"
    assert (rows // 4 == np.arange(inputs // 4)[:, None, None]).all()


def test_codes_are_the_six_pairs():
    """Oracle: all pairs of places, each as one group."""
    pairs = list(itertools.combinations(range(4), 2))
    weights = np.zeros((8, len(pairs)), np.float32)
    for column, (a, b) in enumerate(pairs):
        weights[[a, b], column] = 1
        weights[[4 + a, 4 + b], len(pairs) - 1 - column] = 2
    codes = precision.compress_24(weights).codes[0]
    low = [a | b << 2 for a, b in pairs]
    wanted = [a | b << 4 for a, b in zip(low, reversed(low), strict=True)]
    np.testing.assert_array_equal(codes, wanted)


@pytest.mark.parametrize(
    ("dtype", "share"), [("float16", 0.5625), ("int8", 0.625)]
)
def test_bytes(dtype, share):
    weights = RNG.integers(-99, 100, (64, 128)).astype(dtype)
    weights *= precision.mask_nm(weights.astype(float))
    packed = precision.compress_24(weights)
    assert packed.nbytes == share * weights.nbytes
    assert packed.values.dtype == dtype


@pytest.mark.parametrize("inputs", [4, 12, 64])
def test_compressed_product_is_the_dense_one(inputs):
    weights = RNG.normal(size=(inputs, 9))
    weights *= precision.mask_nm(weights)
    x = RNG.normal(size=(5, inputs))
    ours = precision.matmul_24(x, precision.compress_24(weights))
    np.testing.assert_allclose(ours, x @ weights, rtol=0, atol=1e-13)


def test_compression_refuses_dense_and_flat_weights():
    for bad in (np.ones((4, 2)), np.zeros((2, 4, 3))):
        with pytest.raises(ValueError, match="Prune it first"):
            precision.compress_24(bad)
    packed = precision.compress_24(np.zeros((8, 2)))
    with pytest.raises(ValueError, match=r"\(batch, 8\), but got \(3, 4\)"):
        precision.matmul_24(np.ones((3, 4)), packed)


# -- permutations -----------------------------------------------------------


def splits():
    """Return the 35 ways to put eight channels in two groups of four."""
    for rest in itertools.combinations(range(1, 8), 3):
        group = (0, *rest)
        other = [i for i in range(8) if i not in group]
        yield np.array([*group, *other])


@pytest.mark.parametrize("seed", range(6))
def test_no_swap_improves_the_result(seed):
    """Oracle: every swap tried, every split tried, with the mask itself."""
    weights = np.random.default_rng(seed).standard_t(2, size=(8, 5))
    found = precision.search_permutation(weights)
    kept = precision.kept_magnitude(weights[found.order])
    for a, b in itertools.combinations(range(8), 2):
        order = found.order.copy()
        order[[a, b]] = order[[b, a]]
        swapped = precision.kept_magnitude(weights[order])
        assert swapped <= kept + 1e-9
    best = max(precision.kept_magnitude(weights[s]) for s in splits())
    assert kept <= best + 1e-9
    assert len(list(splits())) == 35


def test_gains_of_the_search_are_what_pruning_keeps():
    """Oracle: the mask, computed anew at the end."""
    weights = np.random.default_rng(3).standard_t(2, size=(32, 24))
    found = precision.search_permutation(weights)
    np.testing.assert_array_equal(np.sort(found.order), np.arange(32))
    assert (np.diff(found.kept) > 0).all()
    assert len(found.kept) > 3
    kept = precision.kept_magnitude(weights[found.order])
    assert found.kept[-1] == pytest.approx(kept, rel=1e-12)
    assert found.kept[0] == pytest.approx(precision.kept_magnitude(weights))


def test_a_planted_permutation_is_found():
    """Two strong and two weak rows a group keep everything that is strong."""
    strong = np.zeros((16, 6))
    strong[:8] = RNG.uniform(1, 2, (8, 6))
    found = precision.search_permutation(strong)
    assert found.kept[-1] == pytest.approx(strong.sum())
    assert found.kept[0] == pytest.approx(precision.kept_magnitude(strong))


def test_permuted_channels_compute_the_same():
    """Oracle: the network before; the order of a sum is all that changes."""
    before, bias = RNG.normal(size=(6, 8)), RNG.normal(size=8)
    after, x = RNG.normal(size=(8, 3)), RNG.normal(size=(20, 6))
    order = RNG.permutation(8)
    first, second, third = precision.permute_channels(
        before, bias, after, order
    )
    plain = np.maximum(x @ before + bias, 0) @ after
    moved = np.maximum(x @ first + second, 0) @ third
    np.testing.assert_allclose(moved, plain, atol=1e-12)
    with pytest.raises(ValueError, match="0 to 7 once"):
        precision.permute_channels(before, bias, after, order[:7])


# -- the GPU ----------------------------------------------------------------


class FakeTensor:
    """Remembers its type; `cuda` and `bfloat16` return a new one."""

    def __init__(self, kind="float32"):
        self.kind = kind

    def cuda(self):
        return self

    def bfloat16(self):
        return FakeTensor("bfloat16")


class FakeTorch:
    """A clock that says 4, 2 and 1 ms for three kinds of products."""

    def __init__(self, capability=(9, 0), available=True):
        self.made = []
        self.now = 0.0
        self.cuda = SimpleNamespace(
            is_available=lambda: available,
            get_device_capability=lambda _: capability,
            get_device_name=lambda _: "Fake H0",
            synchronize=lambda: None,
            Event=self.event,
        )
        matmul = SimpleNamespace(allow_tf32=False)
        self.backends = SimpleNamespace(cuda=SimpleNamespace(matmul=matmul))
        self.sparse = SimpleNamespace(
            to_sparse_semi_structured=lambda w: FakeTensor("sparse")
        )
        functional = SimpleNamespace(linear=self.linear)
        self.nn = SimpleNamespace(functional=functional)

    def from_numpy(self, array):
        self.made.append(array)
        return FakeTensor()

    def linear(self, x, w):
        fast = self.backends.cuda.matmul.allow_tf32
        cost = {"float32": 4.0, "bfloat16": 1.5, "sparse": 1.0}[w.kind]
        self.now += cost / 2 if fast and w.kind == "float32" else cost

    def event(self, enable_timing):
        stamp = SimpleNamespace(at=None)
        stamp.record = lambda: setattr(stamp, "at", self.now)
        stamp.elapsed_time = lambda end: end.at - stamp.at
        return stamp


def test_speeds_are_timed_by_the_device():
    torch = FakeTorch()
    (found,) = precision.measure_speeds([64], torch=torch)
    assert found == precision.Speed(64, 4.0, 2.0, 1.5, 1.0)
    assert found.ratios() == (4.0 / 1.5, 1.5)
    assert torch.backends.cuda.matmul.allow_tf32 is False
    w = torch.made[1]  # (outputs, inputs): groups lie along the rows
    assert precision.is_nm(w, axis=1)
    assert w.shape == (64, 64)


def test_devices_that_will_not_do(monkeypatch):
    assert precision.find_device(FakeTorch()) == "Fake H0"
    assert precision.find_device(FakeTorch(available=False)) == ""
    assert precision.find_device(FakeTorch(capability=(7, 5))) == ""

    def missing():
        raise ImportError

    monkeypatch.setattr(speed, "_import_torch", missing)
    assert precision.find_device() == ""
    with pytest.raises(RuntimeError, match="found none.*SCALE=full"):
        precision.measure_speeds([64])


def test_sizes_that_sparse_kernels_refuse():
    with pytest.raises(ValueError, match=r"multiples of 64, not \[100\]"):
        precision.measure_speeds([64, 100], torch=FakeTorch())
