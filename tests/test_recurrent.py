"""Oracles for topoi.recurrent: Keras, Python integers, loops, brute force."""

import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from topoi import autodiff, recurrent
from topoi.recurrent import CarryLookahead, CarryLookaheadRNN, MinGRU

LENGTHS = (1, 2, 3, 7, 64, 1000)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def randomised(layer, rng, shape):
    """Build a layer and give every weight, biases too, a random value."""
    layer.build((None, *shape))
    layer.set_weights(
        [rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()]
    )
    return layer


# -- cells ------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 7, 50])
def test_lstm_equals_keras_with_the_same_weights(rng, length):
    """Oracle: keras.layers.LSTM, all weights random."""
    layer = keras.layers.LSTM(5, return_sequences=True)
    randomised(layer, rng, (length, 3))
    x = rng.normal(size=(4, length, 3)).astype("float32")
    ours = recurrent.lstm_forward(x, *layer.get_weights())
    assert np.abs(ours - ops.convert_to_numpy(layer(x))).max() < 1e-6


@pytest.mark.parametrize("length", [1, 7, 50])
def test_gru_equals_keras_with_the_same_weights(rng, length):
    """Oracle: keras.layers.GRU, all weights random, both biases too."""
    layer = keras.layers.GRU(5, return_sequences=True)
    randomised(layer, rng, (length, 3))
    x = rng.normal(size=(4, length, 3)).astype("float32")
    ours = recurrent.gru_forward(x, *layer.get_weights())
    assert np.abs(ours - ops.convert_to_numpy(layer(x))).max() < 1e-6


def test_rnn_step_equals_keras(rng):
    """Oracle: keras.layers.SimpleRNN, unrolled by hand."""
    layer = randomised(keras.layers.SimpleRNN(5), rng, (6, 3))
    x = rng.normal(size=(4, 6, 3)).astype("float32")
    h = np.zeros((4, 5), "float32")
    for t in range(6):
        h = recurrent.rnn_step(x[:, t], h, *layer.get_weights())
    assert np.abs(h - ops.convert_to_numpy(layer(x))).max() < 1e-6


def test_cells_equal_torch_after_reordering_gates(rng):
    """Oracle: PyTorch's cells, which order gates differently."""
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    gru = torch.nn.GRU(3, 4, batch_first=True)
    r, z, n = (slice(k * 4, k * 4 + 4) for k in range(3))
    order = np.r_[z, r, n]
    w = gru.weight_ih_l0.detach().numpy()[order].T
    u = gru.weight_hh_l0.detach().numpy()[order].T
    biases = (gru.bias_ih_l0, gru.bias_hh_l0)
    b = np.stack([v.detach().numpy()[order] for v in biases])
    expected = gru(torch.from_numpy(x))[0].detach().numpy()
    assert np.abs(recurrent.gru_forward(x, w, u, b) - expected).max() < 1e-6
    lstm = torch.nn.LSTM(3, 4, batch_first=True)
    w = lstm.weight_ih_l0.detach().numpy().T
    u = lstm.weight_hh_l0.detach().numpy().T
    b = (lstm.bias_ih_l0 + lstm.bias_hh_l0).detach().numpy()
    expected = lstm(torch.from_numpy(x))[0].detach().numpy()
    assert np.abs(recurrent.lstm_forward(x, w, u, b) - expected).max() < 1e-6


def test_memory_derivative_is_the_product_of_forget_gates(rng):
    """Law for U = 0: c_T is affine in c_0 with slope prod f_t."""
    w, b = rng.normal(scale=0.3, size=(3, 8)), 2 + rng.normal(size=8)
    u, x = np.zeros((2, 8)), rng.normal(size=(10, 1, 3))

    def last_memory(c):
        h = np.zeros((1, 2))
        for step in x:
            h, c = recurrent.lstm_step(step, h, c, w, u, b)
        return c

    gates = 1 / (1 + np.exp(-(x[:, 0] @ w + b)[:, 2:4]))
    c = rng.normal(size=(1, 2))
    slope = last_memory(c + 1) - last_memory(c)
    np.testing.assert_allclose(slope[0], gates.prod(axis=0), rtol=1e-9)


def test_parameter_counts_equal_keras():
    """Oracle: count_params of the built layers."""
    for n, m in [(1, 1), (3, 5), (28, 64)]:
        counts = {
            keras.layers.SimpleRNN(m): recurrent.rnn_parameters(n, m),
            keras.layers.LSTM(m): recurrent.lstm_parameters(n, m),
            keras.layers.GRU(m): recurrent.gru_parameters(n, m),
            MinGRU(m): recurrent.min_gru_parameters(n, m),
        }
        for levels, convs, residual in [(1, 1, False), (3, 2, True)]:
            layer = CarryLookaheadRNN(
                m, levels, kernel=3, convs=convs, residual=residual
            )
            counts[layer] = recurrent.lookahead_parameters(
                n, m, levels, 3, convs, residual
            )
        for layer, formula in counts.items():
            layer.build((None, 4, n))
            assert layer.count_params() == formula, (layer.name, n, m)


# -- adders -----------------------------------------------------------------


def test_carry_operator_is_associative_with_neutral_element():
    """Oracle: all 64 triples of the four-element monoid."""
    monoid = list(itertools.product((False, True), repeat=2))
    compose = recurrent.carry_compose
    for a, b, c in itertools.product(monoid, repeat=3):
        assert compose(compose(a, b), c) == compose(a, compose(b, c))
    for a in monoid:
        assert compose((False, True), a) == a == compose(a, (False, True))


def test_carry_operator_does_not_commute():
    kill, generate = (False, False), (True, False)
    assert recurrent.carry_compose(kill, generate) == generate
    assert recurrent.carry_compose(generate, kill) == kill


@pytest.mark.parametrize(
    "add", [recurrent.ripple_add, recurrent.lookahead_add]
)
def test_adders_on_all_pairs_of_bytes(add):
    """Oracle: Python's integers, 65,536 sums."""
    numbers = np.arange(256)
    a, b = (m.ravel() for m in np.meshgrid(numbers, numbers))
    digits = add(recurrent.to_bits(a, 8), recurrent.to_bits(b, 8))
    assert (digits @ (1 << np.arange(9)) == a + b).all()


@given(
    st.integers(0, 2**200 - 1),
    st.integers(0, 2**200 - 1),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_adders_on_numbers_of_200_digits(a, b):
    """Oracle: Python's integers."""
    x, y = recurrent.to_bits([a], 200), recurrent.to_bits([b], 200)
    assert recurrent.to_integers(recurrent.lookahead_add(x, y)) == [a + b]
    assert recurrent.to_integers(recurrent.ripple_add(x, y)) == [a + b]


def test_carry_distance_by_search(rng):
    """Oracle: walk back from each place to the first pair that agrees."""
    a, b = rng.integers(0, 2, size=(2, 20, 30)).astype(bool)
    ours = recurrent.carry_distance(a, b)
    for row in range(20):
        for t in range(30):
            s = t - 1
            while s >= 0 and a[row, s] != b[row, s]:
                s -= 1
            assert ours[row, t] == t - s
    one, ones = recurrent.to_bits([1], 30), recurrent.to_bits([2**30 - 1], 30)
    assert recurrent.carry_distance(one, ones)[0, -1] == 29


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64, 65, 1000])
def test_prefix_scan_equals_itertools_and_counts_levels(rng, length):
    """Oracle: itertools.accumulate; level count ceil(log2 length)."""
    calls = []

    def add(left, right):
        calls.append(1)
        return (left[0] + right[0],)

    x = rng.integers(0, 9, length)
    (ours,) = recurrent.prefix_scan(add, (x,))
    assert ours.tolist() == list(itertools.accumulate(x.tolist()))
    assert len(calls) == math.ceil(math.log2(length))


def test_addition_task_is_addition_with_the_asked_share(rng):
    """Oracle: Python's integers; a share of forced positions."""
    x, y = recurrent.addition_task(200, 24, rng, propagate=0.95)
    a, b = (recurrent.to_integers(x[..., k]) for k in range(2))
    sums = [(p + q) % 2**24 for p, q in zip(a, b, strict=True)]
    assert recurrent.to_integers(y[..., 0]) == sums
    share = (x[..., 0] != x[..., 1]).mean()
    assert abs(share - 0.975) < 0.01  # 0.95 + half of the other 0.05
    assert x.dtype == y.dtype == np.float32


# -- scans ------------------------------------------------------------------


def loop(a, b, h):
    """The recurrence as it is written, in float64."""
    states = []
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        states.append(h)
    return np.stack(states, axis=1)


@pytest.mark.parametrize("length", LENGTHS)
def test_scan_equals_the_loop(rng, length):
    """Oracle: the Python loop in float64; factors in (0, 1)."""
    a = rng.uniform(size=(2, length, 3))
    b, h = rng.normal(size=(2, length, 3)), rng.normal(size=(2, 3))
    for start, method in itertools.product((None, h), recurrent.SCAN_METHODS):
        ours = recurrent.scan_linear(
            a.astype("float32"),
            b.astype("float32"),
            initial=None if start is None else start.astype("float32"),
            method=method,
        )
        expected = loop(a, b, 0 if start is None else start)
        assert np.abs(ops.convert_to_numpy(ours) - expected).max() < 1e-5


@pytest.mark.parametrize("method", recurrent.SCAN_METHODS)
def test_time_may_be_any_axis(rng, method):
    """Oracle: the same scan with time moved to axis 1."""
    a, b = rng.uniform(size=(2, 4, 3, 9)).astype("float32")
    for axis in (0, 2, -1):
        ours = recurrent.scan_linear(a, b, axis=axis, method=method)
        moved = (np.moveaxis(v, axis, 0)[np.newaxis] for v in (a, b))
        expected = np.moveaxis(loop(*moved, 0)[0], 0, axis)
        np.testing.assert_allclose(
            ops.convert_to_numpy(ours), expected, atol=1e-5
        )


def test_scan_survives_products_that_underflow():
    """Law: a constant a < 1 tends to b/(1 - a), though a**1000 is 0."""
    a = np.full((1, 1000, 1), 0.5, "float32")
    h = recurrent.scan_linear(a, np.ones_like(a))
    last = ops.convert_to_numpy(h)[0, -1, 0]
    assert last == pytest.approx(2.0, abs=1e-6)


def test_scan_gradient_equals_the_gradient_of_the_loop(rng):
    """Oracle: reverse recurrence by hand, dL/db_t = w_t + a_{t+1} dL/db."""
    a, b, w = rng.uniform(size=(3, 1, 37, 2)).astype("float32")
    of_b = autodiff.input_gradient(
        lambda v: ops.multiply(w, recurrent.scan_linear(a, v)), b
    )
    of_a = autodiff.input_gradient(
        lambda v: ops.multiply(w, recurrent.scan_linear(v, b)), a
    )
    later, expected = np.zeros((1, 2)), np.zeros((1, 37, 2))
    for t in reversed(range(37)):
        factor = a[:, t + 1] if t < 36 else 0
        later = expected[:, t] = w[:, t] + factor * later
    before = np.pad(loop(a, b, 0)[:, :-1], [(0, 0), (1, 0), (0, 0)])
    of_b, of_a = map(ops.convert_to_numpy, (of_b, of_a))
    np.testing.assert_allclose(of_b, expected, atol=1e-4)
    np.testing.assert_allclose(of_a, expected * before, atol=1e-4)


def test_min_gru_equals_its_recurrence(rng):
    """Oracle: the two gates and the recurrence in NumPy."""
    layer = randomised(MinGRU(4, activation="tanh"), rng, (11, 3))
    x = rng.normal(size=(2, 11, 3))
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    z, v = np.split(x @ kernel + bias, 2, axis=-1)
    z, v = 1 / (1 + np.exp(-z)), np.tanh(v)
    ours = ops.convert_to_numpy(layer(x.astype("float32")))
    np.testing.assert_allclose(ours, loop(1 - z, z * v, 0), atol=1e-6)


def test_gate_and_value_of_an_array_are_those_of_a_tensor(rng):
    layer = randomised(MinGRU(4), rng, (5, 3))
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    for ours, wanted in zip(
        layer.gate_and_value(x),
        layer.gate_and_value(ops.convert_to_tensor(x)),
        strict=True,
    ):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(wanted)
        )


def test_min_gru_adds_when_it_is_given_propagate_and_generate(rng):
    """Law: z = 1 - p and v = g make the state the carry, exactly."""
    layer = MinGRU(1)
    layer.build((None, 96, 2))  # features: generate, propagate
    gain = 200.0
    kernel = np.array([[0, 1], [-2 * gain, 0]])  # columns: gate, value
    layer.set_weights([kernel, np.array([gain, 0])])
    x, y = recurrent.addition_task(50, 96, rng, propagate=0.9)
    a, b = x[..., 0].astype(bool), x[..., 1].astype(bool)
    features = np.stack([a & b, a ^ b], axis=-1).astype("float32")
    carry_out = ops.convert_to_numpy(layer(features))[..., 0]
    carry_in = np.pad(carry_out[:, :-1], [(0, 0), (1, 0)])
    total = (a ^ b) ^ (carry_in > 0.5)
    np.testing.assert_array_equal(total, y[..., 0].astype(bool))


def test_a_half_open_gate_holds_the_sum_as_a_fraction():
    """Oracle: Python integers. Raw digits, z = 1/2, carry out is h >= 1."""
    numbers = np.random.default_rng(7).integers(0, 2**20, (200, 2)).tolist()
    a, b = (
        recurrent.to_bits(column, 20) for column in zip(*numbers, strict=True)
    )
    layer = MinGRU(1)
    layer.build((None, 20, 2))
    layer.set_weights([np.array([[0, 1], [0, 1]]), np.zeros(2)])
    digits = np.stack([a, b], axis=-1).astype("float32")
    state = ops.convert_to_numpy(layer(digits))[:, -1, 0]
    np.testing.assert_array_equal(state * 2**20, [x + y for x, y in numbers])


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=3))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_affine_gate_cannot_write_at_both_and_hold_between(weights):
    """Theorem: min(z(0,0), z(1,1)) <= max(z(0,1), z(1,0))."""
    u, v, c = weights
    z = {(a, b): u * a + v * b + c for a in (0, 1) for b in (0, 1)}
    both, between = min(z[0, 0], z[1, 1]), max(z[0, 1], z[1, 0])
    assert both <= between + 1e-9


# -- lookahead network ------------------------------------------------------

FIELDS = [(2, 2, 1), (2, 3, 1), (3, 2, 1), (2, 2, 2), (3, 2, 2)]


@pytest.mark.parametrize(("kernel", "levels", "convs"), FIELDS)
@pytest.mark.parametrize("shift", [False, True])
def test_receptive_field_by_perturbation(rng, kernel, levels, convs, shift):
    """Oracle: change one input at a time; non-negative weights cannot
    cancel, so the band of moved outputs is exactly R wide."""
    layer = CarryLookahead(3, levels, kernel, convs, shift=shift)
    length = 24
    layer.build((None, length, 2))
    layer.set_weights([rng.uniform(0.1, 1, w.shape) for w in layer.weights])
    x = rng.uniform(size=(length, 2)).astype("float32")
    moved = recurrent.dependence(layer, x)
    age = np.subtract.outer(np.arange(length), np.arange(length))
    field = recurrent.causal_field(kernel, levels, convs)
    first = int(shift)
    expected = (first <= age) & (age < first + field)
    np.testing.assert_array_equal(moved, expected)
    assert layer.reach == first + field


@pytest.mark.parametrize("length", [1, 2, 3, 28, 31, 32, 100])
def test_levels_for_is_the_smallest(length):
    """Oracle: try every number of levels."""
    for kernel, convs in [(2, 1), (3, 1), (2, 2)]:
        levels = recurrent.levels_for(length, kernel, convs)
        fields = [
            recurrent.causal_field(kernel, k, convs) for k in range(1, 9)
        ]
        assert levels == 1 + next(
            k for k, field in enumerate(fields) if field >= length
        )


def test_lookahead_network_equals_its_formula(rng):
    """Oracle: sums over taps in NumPy, published form and shifted form."""
    x = rng.normal(size=(2, 9, 3))
    for shift in (False, True):
        layer = randomised(CarryLookaheadRNN(4, 2, shift=shift), rng, (9, 3))
        w1, b1, w2, b2, w_x, b_x, w_y, b_y = weights_of(layer)
        y = x
        for kernel, bias, dilation in ((w1, b1, 1), (w2, b2, 2)):
            past = np.pad(y, [(0, 0), (dilation, 0), (0, 0)])[:, :9]
            y = np.maximum(past @ kernel[0] + y @ kernel[1] + bias, 0)
        if shift:
            y = np.pad(y, [(0, 0), (1, 0), (0, 0)])[:, :9]
        expected = np.tanh(x @ w_x + b_x + y @ w_y + b_y)
        ours = ops.convert_to_numpy(layer(x.astype("float32")))
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def weights_of(layer):
    parts = [*layer.lookahead.convolutions]
    parts += [layer.from_input, layer.from_lookahead]
    return [w.astype("float64") for part in parts for w in part.get_weights()]


def test_every_layer_is_causal(rng):
    """Changing a step moves no earlier output: exact equality."""
    x = rng.normal(size=(16, 3)).astype("float32")
    for layer in (
        MinGRU(4),
        CarryLookaheadRNN(4, 3, shift=False),
        CarryLookaheadRNN(4, 3, residual=True, convs=2),
        keras.layers.LSTM(4, return_sequences=True),
    ):
        moved = recurrent.dependence(layer, x)
        assert not np.triu(moved, 1).any(), layer.name


def test_last_state_is_that_of_the_sequence_without_its_padding(rng):
    """Oracle: each sequence alone, cut to its length."""
    lengths = (7, 4, 1)
    x = rng.normal(size=(3, 7, 3)).astype("float32")
    mask = np.arange(7) < np.reshape(lengths, (3, 1))
    for make in (
        lambda: CarryLookaheadRNN(4, 2, return_sequences=False),
        lambda: CarryLookaheadRNN(
            4, 2, convs=2, residual=True, shift=False, return_sequences=False
        ),
        lambda: MinGRU(4, return_sequences=False),
        lambda: keras.layers.LSTM(4),  # what Keras' own layers do
    ):
        layer = make()
        ours = ops.convert_to_numpy(layer(x, mask=mask))
        for row, length in enumerate(lengths):
            alone = ops.convert_to_numpy(layer(x[row : row + 1, :length]))
            np.testing.assert_allclose(ours[row], alone[0], atol=1e-6)


def test_a_sequence_without_a_step_ends_at_zero():
    for layer in (
        CarryLookaheadRNN(4, 2, return_sequences=False),
        MinGRU(4, return_sequences=False),
        keras.layers.LSTM(4),
    ):
        x, mask = np.ones((2, 5, 3), "float32"), np.zeros((2, 5), bool)
        assert not ops.convert_to_numpy(layer(x, mask=mask)).any()


def test_layers_train_inside_a_model(rng):
    """A linear target is learnt to a tenth of its variance."""
    x = rng.normal(size=(256, 12, 2)).astype("float32")
    y = np.cumsum(x[..., :1], axis=1)[:, -4:] * 0.3
    model = keras.Sequential(
        [
            keras.Input((12, 2)),
            MinGRU(16),
            CarryLookaheadRNN(16, 4, dropout=0.0, shift=False),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    target = np.concatenate([np.zeros((256, 8, 1)), y], axis=1)
    weight = np.repeat([[0.0] * 8 + [3.0] * 4], 256, axis=0)
    history = model.fit(
        x, target, 32, 25, verbose=0, sample_weight=weight
    ).history["loss"]
    assert history[-1] < 0.1 * history[0]


# -- forecasting ------------------------------------------------------------


def test_windows_match_index_arithmetic():
    """Oracle: a series that counts, so that every value is its index."""
    series = np.stack([np.arange(50.0), np.arange(50.0) + 100], axis=1)
    x, y = recurrent.windows(series, past=8, horizon=3, target=1)
    assert x.shape == (40, 8, 2)
    assert y.shape == (40,)
    for i in (0, 17, 39):
        assert x[i, :, 0].tolist() == list(range(i, i + 8))
        assert y[i] == 100 + i + 7 + 3


def test_baselines_pick_the_right_values():
    """Oracle: the same counting series."""
    series = np.arange(60.0)[:, np.newaxis]
    x, y = recurrent.windows(series, past=48, horizon=2)
    assert (recurrent.persistence(x) == y - 2).all()
    assert (recurrent.seasonal_naive(x, 24, horizon=2) == y - 24).all()


def test_ridge_finds_a_linear_rule(rng):
    """Oracle: the rule that made the targets."""
    x = rng.normal(size=(300, 6, 2))
    rule = rng.normal(size=12)
    y = x.reshape(300, 12) @ rule + 3
    ours = recurrent.ridge_forecast(x[:200], y[:200], x[200:], 1e-8)
    np.testing.assert_allclose(ours, y[200:], atol=1e-6)


def test_time_split_keeps_order_and_everything():
    train, test = recurrent.time_split(101, test=0.2)
    assert np.concatenate([train, test]).tolist() == list(range(101))
    assert len(test) == 20


# -- bad input --------------------------------------------------------------

ONES = np.ones((1, 2), bool)
BAD = {
    r"shape \(4, 3\)": lambda: recurrent.lstm_forward(
        np.ones((4, 3)), *[np.ones((3, 4))] * 2, np.ones(4)
    ),
    r"at least one step, got shape \(2, 0, 3\)": lambda: recurrent.gru_forward(
        np.ones((2, 0, 3)), *[np.ones((3, 3))] * 3
    ),
    r"first is nan at .* \(1, 2, 0\)": lambda: recurrent.check_sequences(
        np.where(np.arange(12).reshape(2, 3, 2) == 10, np.nan, 1.0)
    ),
    r"0 to 2\*\*3 - 1, got 8.*width=4": lambda: recurrent.to_bits([8], 3),
    r"got -1": lambda: recurrent.to_bits([-1], 3),
    r"\(1, 2\) and \(1, 3\)": lambda: recurrent.ripple_add(
        ONES, np.ones((1, 3), bool)
    ),
    r"got a value 2": lambda: recurrent.lookahead_add(ONES, 2 * ONES),
    r"at least one element, got shape \(3, 0\)": lambda: recurrent.prefix_scan(
        recurrent.carry_compose, (np.ones((3, 0)),) * 2
    ),
    r"got count=0": lambda: recurrent.addition_task(
        0, 3, np.random.default_rng(0)
    ),
    r"propagate=1\.5": lambda: recurrent.addition_task(
        2, 3, np.random.default_rng(0), propagate=1.5
    ),
    r"one shape, got \(1, 2, 3\) and \(1, 2, 4\)": lambda: (
        recurrent.scan_linear(np.ones((1, 2, 3)), np.ones((1, 2, 4)))
    ),
    r"known length of at least one step, got shape \(1, 0, 3\)": lambda: (
        recurrent.scan_linear(np.ones((1, 0, 3)), np.ones((1, 0, 3)))
    ),
    r"methods tree, doubling, got 'loop'": lambda: recurrent.scan_linear(
        np.ones((1, 2, 3)), np.ones((1, 2, 3)), method="loop"
    ),
    r"got axis=3": lambda: recurrent.scan_linear(
        np.ones((1, 2, 3)), np.ones((1, 2, 3)), axis=3
    ),
    r"MinGRU needs a positive integer units, got 0": lambda: MinGRU(0),
    r"MinGRU needs sequences .* got shape \(2, 3\)": lambda: MinGRU(4)(
        np.ones((2, 3), "float32")
    ),
    r"known length of at least one step, got shape \(None, None, 3\)": (
        lambda: MinGRU(4)(keras.Input((None, 3)))
    ),
    r"needs padding='causal', got 'same'": lambda: CarryLookahead(
        4, 2, padding="same"
    ),
    r"CarryLookahead needs a positive integer levels, got 0": lambda: (
        CarryLookaheadRNN(4, 0)
    ),
    r"CarryLookaheadRNN needs sequences": lambda: CarryLookaheadRNN(4, 2)(
        np.ones((2, 3), "float32")
    ),
    r"needs kernel >= 2, got 1": lambda: recurrent.levels_for(9, kernel=1),
    r"positive integer kernel, got 2.5": lambda: recurrent.causal_field(
        2.5, 3
    ),
    r"\(length, channels\), got \(9,\)": lambda: recurrent.windows(
        np.ones(9), 3
    ),
    r"series of 9 steps .* needs 10": lambda: recurrent.windows(
        np.ones((9, 1)), 8, 2
    ),
    r"first is inf": lambda: recurrent.windows(np.full((9, 1), np.inf), 3),
    r"share between 0 and 1 .* test=1.0 of 9": lambda: recurrent.time_split(
        9, 1.0
    ),
    r"does not hold the value 48 steps before": lambda: (
        recurrent.seasonal_naive(np.ones((1, 8, 1)), 48)
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_a_remedy(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
