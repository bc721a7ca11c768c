"""Oracles of topoi.training: Keras' own steps, closed forms, differences."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from topoi import foundations, training

RNG = np.random.default_rng(17)
START = RNG.normal(size=(3, 2))
GRADIENTS = RNG.normal(size=(12, 3, 2))


def ours(step, **settings):
    w, state = START, None
    for gradient in GRADIENTS:
        w, state = step(w, gradient, state, **settings)
    return w


def theirs(optimizer):
    variable = keras.Variable(START.astype("float32"))
    for gradient in GRADIENTS:
        optimizer.apply(
            [ops.convert_to_tensor(np.float32(gradient))], [variable]
        )
    return ops.convert_to_numpy(variable.value)


# -- optimisers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "settings", "optimizer"),
    [
        (
            training.descent_step,
            {"learning_rate": 0.1},
            keras.optimizers.SGD(0.1),
        ),
        (
            training.momentum_step,
            {"learning_rate": 0.1, "momentum": 0.8},
            keras.optimizers.SGD(0.1, momentum=0.8),
        ),
        (
            training.adam_step,
            {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95},
            keras.optimizers.Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-8),
        ),
    ],
    ids=["descent", "momentum", "adam"],
)
def test_twelve_steps_end_where_keras_ends(step, settings, optimizer):
    np.testing.assert_allclose(
        ours(step, **settings), theirs(optimizer), atol=2e-6
    )


def test_defaults_of_adam_are_the_papers():
    np.testing.assert_allclose(
        ours(training.adam_step),
        theirs(keras.optimizers.Adam(0.001, epsilon=1e-8)),
        atol=2e-6,
    )


@given(st.floats(1e-3, 1e3), st.booleans())
def test_adams_first_step_is_the_sign(size, up):
    """Closed form: learning_rate * g / (abs(g) + epsilon)."""
    gradient = np.array(size if up else -size)
    w, state = training.adam_step(np.zeros(()), gradient, learning_rate=0.1)
    assert w == pytest.approx(-0.1 * np.sign(gradient), rel=2e-5)
    assert state.step == 1


def test_steps_leave_their_arguments_alone():
    for step in (
        training.descent_step,
        training.momentum_step,
        training.adam_step,
    ):
        w, gradient = START.copy(), GRADIENTS[0].copy()
        _, state = step(w, gradient)
        step(w, gradient, state)
        np.testing.assert_array_equal(w, START)
        np.testing.assert_array_equal(gradient, GRADIENTS[0])


def test_walk_visits_every_place():
    """Oracle: on c w**2 / 2 each step multiplies by 1 - rate c."""
    places = training.walk(
        training.descent_step, lambda w: 2 * w, [1.0], 5, learning_rate=0.1
    )
    np.testing.assert_allclose(places[:, 0], 0.8 ** np.arange(6))
    for rate, steps in ((0, 5), (-0.1, 5), (0.1, 0)):
        with pytest.raises(ValueError, match="positive learning_rate"):
            training.walk(
                training.descent_step, np.sin, [1.0], steps, learning_rate=rate
            )


# -- valleys ----------------------------------------------------------------

CURVATURES = (1.0, 25.0)


def measured_factor(learning_rate, momentum, steps=400):
    places = training.walk(
        training.momentum_step,
        lambda w: training.valley_slope(w, CURVATURES),
        [1.0, 1.0],
        steps,
        learning_rate=learning_rate,
        momentum=momentum,
    )
    distance = np.linalg.norm(places, axis=1)
    return (distance[-1] / distance[steps // 2]) ** (2 / steps)


def test_slope_of_a_valley():
    w = np.array([2.0, -1.0])
    slope = foundations.central_differences(
        lambda p: training.valley(p, CURVATURES), w
    )
    np.testing.assert_allclose(
        training.valley_slope(w, CURVATURES), slope, rtol=1e-8
    )
    assert training.valley(np.zeros((4, 2)), CURVATURES).shape == (4,)


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("learning_rate", [0.01, 0.03, 0.06])
def test_contraction_is_what_a_long_walk_shows(learning_rate, momentum):
    factor = training.contraction(CURVATURES, learning_rate, momentum)
    measured = measured_factor(learning_rate, momentum)
    assert measured == pytest.approx(factor, abs=0.01)


@given(st.floats(0.01, 0.5), st.floats(0.1, 20))
@settings(max_examples=40, deadline=None)
def test_contraction_without_momentum(learning_rate, c):
    factor = training.contraction([c], learning_rate)
    assert factor == pytest.approx(abs(1 - learning_rate * c), abs=1e-9)


def test_no_setting_beats_polyaks():
    """Oracle: a grid of settings around them."""
    best = training.best_settings(*CURVATURES)
    factor = training.contraction(CURVATURES, **best)
    assert factor == pytest.approx(4 / 6, abs=1e-6)  # (5 - 1) / (5 + 1)
    for rate in best["learning_rate"] * np.linspace(0.6, 1.4, 9):
        for momentum in best["momentum"] + np.linspace(-0.2, 0.3, 11):
            other = training.contraction(CURVATURES, rate, momentum)
            assert other >= factor - 1e-6
    with pytest.raises(ValueError, match="0 < low <= high"):
        training.best_settings(2, 1)


# -- depth ------------------------------------------------------------------

X = RNG.normal(size=(7, 4))
LABELS = np.array([0, 2, 1, 1, 0, 2, 2])


def test_deep_gradients_equal_differences():
    network = training.init_layers([4, 6, 5, 6, 3], 2.0, RNG)
    network = [(w, b + 0.1) for w, b in network]
    loss, gradients = training.deep_gradients(network, X, LABELS)
    assert loss == pytest.approx(
        foundations.cross_entropy(
            training.deep_forward(network, X)[-1], LABELS
        )
    )
    for k in range(4):
        for part in range(2):

            def value(p, k=k, part=part):
                changed = [list(pair) for pair in network]
                changed[k][part] = p
                logits = training.deep_forward(changed, X)[-1]
                return foundations.cross_entropy(logits, LABELS)

            slope = foundations.central_differences(value, network[k][part])
            gap = foundations.relative_gap(gradients[k][part], slope)
            assert gap < 1e-6


def test_two_layers_are_those_of_foundations():
    (w1, b1), (w2, b2) = training.init_layers([4, 6, 3], 2.0, RNG)
    loss, deep = training.deep_gradients([(w1, b1), (w2, b2)], X, LABELS)
    other, flat = foundations.loss_and_gradients([w1, b1, w2, b2], X, LABELS)
    assert loss == other
    for ours, theirs in zip(
        [p for pair in deep for p in pair], flat, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-14)


def test_initial_weights_have_their_variance():
    """Oracle: 60,000 draws know a variance to 1.2 % (two errors)."""
    network = training.init_layers(
        [200, 300, 10], 2.0, np.random.default_rng(0)
    )
    (w, b), _ = network
    assert np.var(w) == pytest.approx(2 / 200, rel=0.02)
    assert not b.any()
    with pytest.raises(ValueError, match="positive gain"):
        training.init_layers([3, 3], 0, RNG)
    with pytest.raises(ValueError, match="at least inputs"):
        training.init_layers([3], 1, RNG)


@pytest.mark.parametrize(("gain", "factor"), [(2.0, 1.0), (1.0, 0.5)])
def test_second_moment_by_layer(gain, factor):
    """Theory: relu halves it, so a layer multiplies it by gain / 2."""
    squares = np.array(
        [
            training.signal_by_depth(10, 200, gain, seed).forward ** 2
            for seed in range(40)
        ]
    ).mean(axis=0)
    rate = (squares[-1] / squares[1]) ** (1 / 9)
    assert rate == pytest.approx(factor, rel=0.05)


def test_signal_back_equals_that_of_the_tape():
    """Oracle: the tape, on the same weights."""
    depth, width, seed = 4, 8, 3
    signal = training.signal_by_depth(depth, width, 2.0, seed)
    rng = np.random.default_rng(seed)
    x = foundations.Var(rng.normal(size=(64, width)))
    y = x
    for _ in range(depth):
        w = rng.normal(0, np.sqrt(2 / width), (width, width))
        y = (y @ foundations.Var(w)).relu()
    adjoint = rng.normal(size=y.shape)
    (y * adjoint).sum().backward()
    assert signal.forward[-1] == pytest.approx(np.sqrt(np.mean(y.value**2)))
    assert signal.backward[0] == pytest.approx(np.sqrt(np.mean(x.adjoint**2)))
    assert len(signal.forward) == len(signal.backward) == depth + 1


def test_tanh_saturates_and_unknown_activations_are_named():
    large = training.signal_by_depth(5, 50, 100.0, 0, "tanh").forward
    assert 0.9 < large[-1] <= 1
    with pytest.raises(ValueError, match="'relu' or 'tanh'.*'swish'"):
        training.signal_by_depth(2, 2, 1.0, 0, "swish")


# -- loops ------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 12))
def test_batches_hold_every_row_once(n, size):
    parts = list(training.batches(n, size, np.random.default_rng(0)))
    assert sorted(np.concatenate(parts)) == list(range(n))
    assert all(len(part) == size for part in parts[:-1])
    assert 1 <= len(parts[-1]) <= size


def test_training_repeats_and_leaves_its_start_alone():
    start = training.init_layers([4, 8, 3], 2.0, np.random.default_rng(1))
    kept = [(w.copy(), b.copy()) for w, b in start]
    runs = [
        training.train_layers(
            start, X, LABELS, 60, np.random.default_rng(2), learning_rate=0.02
        )
        for _ in range(2)
    ]
    assert runs[0].losses == runs[1].losses
    for (w, b), (v, c) in zip(start, kept, strict=True):
        np.testing.assert_array_equal(w, v)
        np.testing.assert_array_equal(b, c)
    assert runs[0].losses[-1] < 0.3 * runs[0].losses[0]
    loss, accuracy = training.loss_and_accuracy(runs[0].layers, X, LABELS)
    assert loss < 0.5
    assert accuracy == 1


def test_one_batch_is_one_step():
    """Oracle: a step of gradient descent by hand."""
    start = training.init_layers([4, 8, 3], 2.0, np.random.default_rng(1))
    run = training.train_layers(
        start,
        X,
        LABELS,
        1,
        np.random.default_rng(2),
        training.descent_step,
        batch_size=7,
        learning_rate=0.5,
    )
    loss, gradients = training.deep_gradients(start, X, LABELS)
    assert run.losses == [pytest.approx(loss)]
    for new, old, gradient in zip(run.layers, start, gradients, strict=True):
        for p, q, g in zip(new, old, gradient, strict=True):
            np.testing.assert_allclose(p, q - 0.5 * g, atol=1e-12)


def test_training_refuses_what_cannot_train():
    start = training.init_layers([4, 8, 3], 2.0, RNG)
    with pytest.raises(ValueError, match="at least one epoch"):
        training.train_layers(start, X, LABELS, 0, RNG)
    with pytest.raises(FloatingPointError, match="learning rate"):
        training.train_layers(start, X * np.nan, LABELS, 1, RNG)


def brute_force_stop(losses, patience):
    """Return (best, last) by looking at every prefix."""
    for last in range(len(losses)):
        best = int(np.argmin(losses[: last + 1]))
        if last - best >= patience:
            return best, last
    return int(np.argmin(losses)), len(losses) - 1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_early_stopping_by_brute_force(losses, patience):
    """Ties keep the earlier epoch, as argmin does."""
    assert training.stopped_epoch(losses, patience) == brute_force_stop(
        losses, patience
    )


def test_early_stopping_as_keras_does_it():
    losses = [3.0, 2.0, 2.5, 1.5, 1.6, 1.7, 1.4, 1.0]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    callback = keras.callbacks.EarlyStopping(patience=2)
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    assert training.stopped_epoch(losses, 2) == (3, epoch) == (3, 5)


def test_early_stopping_refuses_nothing_to_look_at():
    for losses, patience in (([], 3), ([1.0], 0)):
        with pytest.raises(ValueError, match="patience of at least 1"):
            training.stopped_epoch(losses, patience)


def test_dropout_keeps_the_mean():
    x = np.ones((400, 500))
    y = training.drop(x, 0.3, np.random.default_rng(0))
    assert set(np.unique(y.round(6))) == {0.0, round(1 / 0.7, 6)}
    assert y.mean() == pytest.approx(1, abs=0.005)
    np.testing.assert_array_equal(training.drop(x, 0.0, RNG), x)
    for rate in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="rate must lie"):
            training.drop(x, rate, RNG)


def test_classifier_is_seeded_and_drops_only_in_training():
    a, b, c = (
        training.build_signal_network(5, 3, 16, 0.5, seed)
        for seed in (0, 0, 1)
    )
    weights = [m.get_weights() for m in (a, b, c)]
    for left, right in zip(weights[0], weights[1], strict=True):
        np.testing.assert_array_equal(left, right)
    assert not np.array_equal(weights[0][0], weights[2][0])
    assert a.count_params() == 5 * 16 + 16 + 16 * 16 + 16 + 16 * 3 + 3
    x = np.ones((4, 5), "float32")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(a(x)), ops.convert_to_numpy(b(x))
    )
    dropped = ops.convert_to_numpy(a(x, training=True))
    assert np.abs(dropped - dropped[0]).max() > 0
    assert len(training.build_signal_network(5, 3).layers) == 3


def test_explorable_valley_says_what_the_walk_does():
    """Oracle: the longest walk, computed here."""
    figure = training.explore_valley()
    assert figure.weight < 10_000
    end = training.valley_walk(0.07, 0.0)[-1]
    w1, w2 = -4 * (1 - 0.07) ** 40, 1.5 * (1 - 0.07 * 25) ** 40
    np.testing.assert_allclose(end, [w1, w2], rtol=1e-9)
    assert f"is {np.hypot(w1, w2):.2g}." in figure.sentence
    assert "shrinks by the factor 0.930" in figure.sentence
    assert "far away" in " ".join(figure.data["table"])


# -- transfer ---------------------------------------------------------------


def small_task(seed=0):
    rng = np.random.default_rng(seed)
    network = training.init_layers([4, 5, 6, 3], 2.0, rng)
    x, labels = rng.normal(size=(12, 4)), np.arange(12) % 2
    return network, x, labels, rng


def test_a_new_head_keeps_what_lies_below():
    network, _, _, rng = small_task()
    before = [w.copy() for w, _ in network]
    swapped = training.swap_head(network, 9, rng)
    assert [w.shape for w, _ in swapped] == [(4, 5), (5, 6), (6, 9)]
    assert not swapped[-1][1].any()
    for old, new in zip(network[:-1], swapped[:-1], strict=True):
        assert old is new
    for kept, (w, _) in zip(before, network, strict=True):
        np.testing.assert_array_equal(kept, w)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_a_step_above_frozen_layers_is_a_step_of_the_whole(frozen):
    """Oracle: the gradient of the whole network, applied at the top alone."""
    network, x, labels, rng = small_task()
    _, gradients = training.deep_gradients(network, x, labels)
    found = training.train_top(
        network, x, labels, frozen, 1, rng,
        step=training.descent_step, learning_rate=0.1,
    ).layers  # fmt: skip
    for k, ((w, b), (dw, db)) in enumerate(
        zip(network, gradients, strict=True)
    ):
        moved = 0.1 if k >= frozen else 0.0
        np.testing.assert_allclose(found[k][0], w - moved * dw, atol=1e-12)
        np.testing.assert_allclose(found[k][1], b - moved * db, atol=1e-12)


def test_nothing_frozen_is_ordinary_training():
    network, x, labels, _ = small_task()
    both = [
        function(
            network, x, labels, *extra, 3, np.random.default_rng(1),
            learning_rate=0.01,
        )
        for function, extra in (
            (training.train_layers, ()),
            (training.train_top, (0,)),
        )
    ]  # fmt: skip
    assert both[0].losses == both[1].losses


@pytest.mark.parametrize("frozen", [-1, 3])
def test_a_layer_must_be_left_to_train(frozen):
    network, x, labels, rng = small_task()
    with pytest.raises(ValueError, match="0 to 2 frozen ones"):
        training.train_top(network, x, labels, frozen, 1, rng)


def test_starts_freeze_what_they_say():
    network, _, _, rng = small_task()
    starts = training.transfer_starts(network, 7, rng)
    for name in ("frozen", "fine-tuned"):
        assert starts[name][0][0] is network[0]
    assert starts["random"][0] is starts["scratch"][0]
    frozen = {name: count for name, (_, count) in starts.items()}
    assert frozen == {
        "frozen": 2,
        "fine-tuned": 0,
        "scratch": 0,
        "linear": 0,
        "random": 2,
        "wide random": 1,
    }
    for layers, _ in starts.values():
        values = training.deep_forward(layers, np.ones((2, 4)))
        assert values[-1].shape == (2, 7)
    assert len(starts["linear"][0]) == 1
    assert starts["wide random"][0][0][0].shape == (4, 1000)


def test_few_of_each_are_as_many_as_asked():
    labels = np.array([0, 1, 2] * 5 + [1, 1])
    rows = training.few_of_each(labels, 4, np.random.default_rng(0))
    assert len(set(rows.tolist())) == 12
    assert np.bincount(labels[rows]).tolist() == [4, 4, 4]
    for count in (0, 6):
        with pytest.raises(ValueError, match="rarest class has 5"):
            training.few_of_each(labels, count, np.random.default_rng(0))
