"""Temporal logic against brute force, rtamt, closed forms and laws."""

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topoi import autodiff, data
from topoi import temporal_logic as tl
from topoi.temporal_logic import Always, And, Atom, Eventually, Not, Or

X = Atom((1.0,), 0.0)
RTAMT = Path(__file__).parent / "fixtures" / "rtamt.json"


# -- true or false: brute force on all short signals --------------------------


def brute(formula, signal, t):
    """Decide a formula at one time by the words of its definition."""
    match formula:
        case Atom(a, b):
            total = sum(u * v for u, v in zip(a, signal[t], strict=True))
            return total >= b
        case Not(part):
            return not brute(part, signal, t)
        case And(parts, w):
            return all(
                brute(p, signal, t)
                for p, v in zip(parts, w or [1] * len(parts), strict=True)
                if v
            )
        case Or(parts, w):
            return any(
                brute(p, signal, t)
                for p, v in zip(parts, w or [1] * len(parts), strict=True)
                if v
            )
        case Always(part, start, stop, w) | Eventually(part, start, stop, w):
            times = range(start, stop + 1)
            answers = [
                brute(part, signal, t + d)
                for d, v in zip(times, w or [1] * len(times), strict=True)
                if v
            ]
            return (all if isinstance(formula, Always) else any)(answers)


def small_formulas():
    low = Atom((-1.0,), 1.0)  # x <= -1
    first = [X, low, Not(X), And((X, Not(low))), Or((Not(X), low), (0, 2))]
    second = [
        kind(part, start, stop, w)
        for part in first[:4]
        for kind in (Always, Eventually)
        for start, stop, w in ((0, 1, None), (1, 2, (1, 0)), (0, 2, None))
    ]
    third = [And((second[0], second[9])), Not(second[4])]
    third += [Always(second[7], 0, 1), Eventually(second[2], 1, 1)]
    return first + second + third


@pytest.mark.parametrize("formula", small_formulas(), ids=str)
def test_all_signals_of_length_five_are_decided_as_defined(formula):
    signals = np.array(list(itertools.product((-2, -1, 1), repeat=5)))
    x = signals[:, :, None].astype(float)
    found = tl.satisfies(formula, x)
    times = range(5 - tl.horizon(formula))
    wanted = [[brute(formula, s, t) for t in times] for s in x]
    assert found.tolist() == wanted
    margin = tl.stl_robustness(formula, x)
    assert found[margin > 0].all()
    assert not found[margin < 0].any()


def test_exact_margins_are_those_of_rtamt():
    cases = json.loads(RTAMT.read_text())["cases"]
    assert len(cases) == 40
    for case in cases:
        formula = tl.parse_formula(case["formula"], ("x", "y"))
        x = np.array(case["signal"])
        assert tl.stl_robustness(formula, x).tolist() == case["robustness"]
        soft = tl.wstl_robustness(formula, x, sigma=1e-3)
        np.testing.assert_allclose(soft, case["robustness"], atol=5e-3)


# -- the soft minimum ---------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "w", "sigma", "value"),
    [
        ((2, 0.5), (1, 1), 1, 0.7736),
        ((2, 0.5), (1, 1), 0.1, 0.5000),
        ((2, 0.5), (0.9, 0.1), 1, 1.5014),
        ((0.5, -0.2), (1, 1), 1, 0.0323),
        ((0.5, -0.2), (1, 1), 0.1, -0.1994),
        ((0.5, -0.2), (0.9, 0.1), 1, 0.372),
        ((0, 2), (1, 1), 1, 0.2384),
        ((0, 3), (1, 1), 1, 0.1423),
    ],
)
def test_soft_min_of_two_numbers(r, w, sigma, value):
    assert tl.soft_min(r, w, sigma) == pytest.approx(value, abs=5e-5)


margins = hnp.arrays(float, 5, elements=st.floats(-9, 9, width=32))
importance = hnp.arrays(float, 5, elements=st.floats(0.0625, 3, width=32))
softness = st.floats(0.05, 4)


@settings(max_examples=200, deadline=None)
@given(margins, importance, softness, st.floats(-5, 5))
def test_laws_of_the_soft_minimum(r, w, sigma, d):
    a = tl.soft_min(r, w, sigma)
    assert r.min() - 1e-9 <= a <= r.max() + 1e-9
    assert tl.soft_min(r + d, w, sigma) == pytest.approx(a + d, abs=1e-9)
    assert tl.soft_min(r, 3 * w, sigma) == pytest.approx(a, abs=1e-9)
    assert 2 * a == pytest.approx(tl.soft_min(2 * r, w, 2 * sigma), abs=1e-8)
    least = r.min()
    assert a <= least + tl.soft_min_gap(r, w, sigma) + 1e-9
    w[1] = 0
    other = r.copy()
    other[1] = -40
    if w.any():
        assert tl.soft_min(r, w, sigma) == tl.soft_min(other, w, sigma)


@settings(max_examples=100, deadline=None)
@given(margins, importance, st.floats(0.3, 3))
def test_derivatives_are_difference_quotients(r, w, sigma):
    by_r, by_w = tl.soft_min_gradient(r, w, sigma)
    h = 1e-6
    for j in range(5):
        e = h * np.eye(5)[j]
        up, down = (tl.soft_min(r + s * e, w, sigma) for s in (1, -1))
        assert by_r[j] == pytest.approx((up - down) / (2 * h), abs=2e-5)
        up, down = (tl.soft_min(r, w + s * e, sigma) for s in (1, -1))
        assert by_w[j] == pytest.approx((up - down) / (2 * h), abs=2e-3)
    assert by_r.sum() == pytest.approx(1)
    assert by_w @ w == pytest.approx(0, abs=1e-9)


def test_it_falls_where_one_entry_rises_by_an_exact_argument():
    """A(0, 2) = 2/(e^2 + 1) and A(0, 3) = 3/(e^3 + 1), with 27/10 < e."""
    e = Fraction(27, 10)
    assert float(e) < math.e
    # 2 (e^3 + 1) > 3 (e^2 + 1), since e^2 (2 e - 3) > 1
    assert e**2 * (2 * e - 3) > 1
    assert tl.soft_min((0, 2)) == pytest.approx(2 / (math.e**2 + 1))
    assert tl.soft_min((0, 3)) == pytest.approx(3 / (math.e**3 + 1))


def test_large_numbers_and_zero_weights():
    assert tl.soft_min([1e4, -1e4]) == -1e4
    assert tl.soft_min([100, 0], [1, 0]) == 100
    assert tl.soft_min([[1, 5], [4, 2]], axis=0, sigma=0).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("w", "sigma", "message"),
    [
        ((1, 2, 3), 1, "2 weights are needed"),
        ((0, 0), 1, "at least one is positive"),
        ((1, -1), 1, ">= 0"),
        ((1, 1), -1, "softness"),
        ((1, np.nan), 1, "finite"),
    ],
)
def test_soft_min_refuses(w, sigma, message):
    with pytest.raises(ValueError, match=message):
        tl.soft_min((1, 2), w, sigma)


def test_gradient_and_signals_are_refused():
    with pytest.raises(ValueError, match="sigma > 0"):
        tl.soft_min_gradient((1, 2), (1, 1), 0)
    with pytest.raises(ValueError, match="looks at 3 steps"):
        tl.satisfies(Always(X, 0, 2), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="1 channels"):
        tl.satisfies(X, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        tl.satisfies(X, [[np.nan]])
    with pytest.raises(ValueError, match="time, channels"):
        tl.satisfies(X, [1.0])
    mixed = And((X, Atom((1, 1), 0)))
    with pytest.raises(ValueError, match="different numbers"):
        tl.satisfies(mixed, np.zeros((2, 2)))


# -- formulas -----------------------------------------------------------------


def formulas(channels=2):
    number = st.floats(-5, 5).map(lambda v: round(v, 3))
    leaf = st.builds(Atom, st.tuples(*[number] * channels).filter(any), number)
    weights = st.none() | st.tuples(*[st.floats(0.1, 2)] * 3)

    def above(part):
        return (
            st.builds(Not, part)
            | st.builds(And, st.tuples(part, part, part), weights)
            | st.builds(Or, st.tuples(part, part, part), weights)
            | st.builds(Always, part, st.just(1), st.just(3), weights)
            | st.builds(Eventually, part, st.just(0), st.just(2), weights)
        )

    return st.recursive(leaf, above, max_leaves=5)


@settings(max_examples=100, deadline=None)
@given(formulas(), st.integers(0, 99))
def test_sentences_are_read_as_they_were_written(formula, seed):
    text = tl.formula_to_text(formula, ("x", "y"), 17)
    again = tl.parse_formula(text, ("x", "y"))
    x = np.random.default_rng(seed).normal(size=(tl.horizon(formula) + 2, 2))
    for sigma in (0, 1.0):
        np.testing.assert_allclose(
            tl.wstl_robustness(again, x, sigma),
            tl.wstl_robustness(formula, x, sigma),
            atol=1e-9,
        )


@settings(max_examples=60, deadline=None)
@given(formulas(), st.integers(0, 99), st.sampled_from((0, 0.1, 1, 2)))
def test_de_morgan_and_units(formula, seed, sigma):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(tl.horizon(formula) + 4, 2))
    margin = tl.wstl_robustness(formula, x, sigma)
    turned = Not(Always(Not(formula), 0, 2, (3, 1, 2)))
    np.testing.assert_allclose(
        tl.wstl_robustness(turned, x, sigma),
        tl.wstl_robustness(Eventually(formula, 0, 2, (3, 1, 2)), x, sigma),
    )
    mean, scale = np.array([1.5, -2]), np.array([0.5, 3])
    moved = tl.original_units(formula, mean, scale)
    np.testing.assert_allclose(
        tl.wstl_robustness(moved, x * scale + mean, sigma), margin, atol=1e-9
    )


def test_reversed_and_sparse_weights():
    formula = And((Always(X, 0, 2, (0.2, 0.5, 0.3)), X), (1, 3))
    back = tl.time_reversed(formula)
    assert back.parts[0].weights == (0.3, 0.5, 0.2)
    assert tl.time_reversed(back) == formula
    kept = tl.topk_sparsify(formula, 2)
    assert kept.parts[0].weights == pytest.approx((0, 0.625, 0.375))
    assert tl.topk_sparsify(formula, 1).weights == (0, 1)
    assert tl.topk_sparsify(X, 1) == X
    with pytest.raises(tl.FormulaError, match="k >= 1"):
        tl.topk_sparsify(formula, 0)
    assert [atom.b for atom in tl.atoms(formula)] == [0, 0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Atom((), 1), "at least one coefficient"),
        (lambda: Atom((np.inf,), 1), "finite"),
        (lambda: And(()), "at least one part"),
        (lambda: Always(X, 2, 1), "start <= stop"),
        (lambda: Always(X, 0, 1, (1,)), "2 weights"),
        (lambda: Or((X, X), (0, 0)), "positive"),
        (lambda: Or((X, X), (1, -1)), ">= 0"),
    ],
)
def test_trees_that_mean_nothing_are_refused(make, message):
    with pytest.raises(tl.FormulaError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected a channel"),
        ("light", "Expected '>=' or '<='"),
        ("light > 3", "Expected '>=' or '<='"),
        ("dark >= 3", "no channel 'dark'"),
        ("always(light >= 3)", "Expected '\\['"),
        ("always[0:2](light >= 3", "close the bracket"),
        ("always[2:1](light >= 3)", "start <= stop"),
        ("always[0:1.5](light >= 3)", "whole number"),
        ("light >= 3 co2 >= 4", "ends before 'co2'"),
        ("light >= 3 & co2 >= 4", "'&' has no meaning"),
        ("2 light >= 3", "Expected '\\*'"),
        ("always[0:1]{1}(light >= 3)", "2 weights"),
        ("all{1,2}(light >= 3)", "1 weights"),
        ("not " * 60 + "light >= 1", "inside each other"),
        ("light >= 1e999", "too large"),
        ("x" * 3000, "longer than"),
        (None, "is a text"),
    ],
)
def test_sentences_that_are_refused(text, message):
    with pytest.raises(tl.FormulaError, match=message):
        tl.parse_formula(text, ("light", "co2"))


def test_a_reader_gets_an_answer_or_a_clear_error():
    names = ("light", "co2")
    series = "300 500\n310 600\n290, 700"
    good = tl.explain("always[0:2](light >= 280)", series, names)
    assert "holds at step 0" in good
    assert "Margin 10" in good
    bad = tl.explain("eventually[0:1](co2 >= 650)", series, names)
    assert "does not hold" in bad
    assert "Margin -50" in bad
    one = tl.explain("x >= 1", "2, 3 4\n5", ("x",))
    assert "1 of 4 steps" in one
    for formula, text, message in (
        ("always[0:9](light >= 1)", series, "looks at 10 steps"),
        ("light >= 1", "300", "needs 2 finite numbers"),
        ("light >= 1", "300 dark", "not a row of numbers"),
        ("light >= 1", "", "no numbers"),
        ("light >= 1", "nan 3", "finite"),
        ("heat >= 1", series, "no channel"),
        ("light >= 1", np.zeros(3), "time, channels"),
    ):
        answer = tl.explain(formula, text, names)
        assert answer.startswith("Cannot answer.")
        assert message in answer


# -- layers and networks ------------------------------------------------------


def test_a_network_is_the_formula_that_is_read_from_it():
    keras.utils.set_random_seed(1)
    network = tl.build_formula_network(6, 2, 3, "both", "or", sigma=0.7)
    formula = tl.read_formula(network)
    assert isinstance(formula, Or)
    assert len(formula.parts) == 6
    x = np.random.default_rng(1).normal(size=(9, 6, 2)).astype("float32")
    np.testing.assert_allclose(
        tl.wstl_robustness(formula, x, 0.7)[:, 0],
        network.predict(x, verbose=0),
        atol=1e-5,
    )


def test_a_layer_gives_the_same_as_arrays_and_leaves_zero_weights_out():
    r = np.array([[40.0, 0.0], [0.5, -0.2]], "float32")
    for w in ((1, 0), (0.9, 0.1), (-1, 1)):
        found = tl.weighted_soft_min(
            keras.ops.convert_to_tensor(r), np.array(w, "float32"), 0.5
        )
        wanted = tl.soft_min(r, np.abs(w), 0.5)
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(found), wanted, atol=1e-5
        )


def test_a_window_that_starts_later():
    layer = tl.EventuallyLayer(1, 2, sigma=0.3)
    x = np.random.default_rng(2).normal(size=(1, 5, 1)).astype("float32")
    found = keras.ops.convert_to_numpy(layer(x))[0, :, 0]
    w = np.abs(keras.ops.convert_to_numpy(layer.w))[0]
    formula = Eventually(X, 1, 2, tuple(w.tolist()))
    np.testing.assert_allclose(
        found, tl.wstl_robustness(formula, x[0], 0.3), atol=1e-5
    )


def test_closed_gates_give_weight_zero_and_one_stays_open():
    keras.utils.set_random_seed(3)
    network = tl.build_formula_network(4, 1, gates=True)
    (layer,) = [x for x in network.layers if isinstance(x, tl.AlwaysLayer)]
    layer.gate_logits.assign(np.array([[-3.0, -1, -2, -4]], "float32"))
    assert tl.read_formula(network).weights == (0, 1, 0, 0)
    before = tl.margins(network, np.ones((1, 4, 1)))
    layer.gate_logits.assign(layer.gate_logits - 9)  # all close together
    assert np.count_nonzero(tl.read_formula(network).weights) == 1
    assert tl.margins(network, np.ones((1, 4, 1))) == pytest.approx(before)
    layer.gate_logits.assign(layer.gate_logits + 9)
    network(np.zeros((1, 4, 1), "float32"))
    g = 1 / (1 + np.exp([3.0, 1, 2, 4]))
    g = g / g.max()
    cost = 0.01 * (g.sum() + (g * (1 - g)).sum())
    assert float(sum(network.losses)) == pytest.approx(cost, rel=1e-4)


def test_training_finds_a_rule_and_refuses_nonsense():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4, 1))
    y = x.min((1, 2)) >= -1
    keras.utils.set_random_seed(0)
    network = tl.build_formula_network(4, 1, sigma=0.3)
    losses = tl.train_formulas(network, x, y, tl.FormulaSettings(150, 60, 0.1))
    assert losses[-20:].mean() < 0.5 * losses[0]
    assert (tl.decide(network, x) == y).mean() > 0.9
    with pytest.raises(ValueError, match="both classes"):
        tl.train_formulas(network, x, np.ones(120))
    with pytest.raises(ValueError, match="train nothing"):
        tl.FormulaSettings(steps=0)
    with pytest.raises(ValueError, match="temporal is one of"):
        tl.build_formula_network(4, 1, temporal="until")


def test_pruning_by_weight_and_by_share():
    """Step 0 is heavy but always good; step 2 decides."""
    network = tl.build_formula_network(3, 1)
    predicate, always = network.layers[1:3]
    predicate.a.assign([[1.0]])
    predicate.b.assign([0.0])
    always.w.assign([[5.0, 1.0, 1.0]])
    x = np.array([[[9.0], [1.0], [-1.0]], [[9.0], [2.0], [-2.0]]])
    tl.keep_largest(network, 2, x)
    assert (keras.ops.convert_to_numpy(always.w) > 0).tolist() == [
        [False, True, True]
    ]
    always.w.assign([[5.0, 1.0, 2.0]])
    tl.keep_largest(network, 2)
    assert keras.ops.convert_to_numpy(always.w).tolist() == [[5, 0, 2]]
    tl.train_formulas(network, x, [1, 0], tl.FormulaSettings(5))
    w = keras.ops.convert_to_numpy(always.w)[0]
    assert w[1] == 0
    assert w[0] != 5
    tl.set_softness(network, 0.5)
    assert always.sigma == 0.5
    with pytest.raises(ValueError, match="k >= 1"):
        tl.keep_largest(network, 0)
    with pytest.raises(ValueError, match="sigma"):
        tl.set_softness(network, 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tl.PredicateLayer(0), "at least 1"),
        (lambda: tl.AlwaysLayer(2, 1), "start <= stop"),
        (lambda: tl.AndLayer(sigma=0), "sigma"),
        (lambda: tl.AlwaysLayer(0, 4).build((None, 3, 1)), "at least 5"),
    ],
)
def test_layers_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# -- rules, windows, rooms ----------------------------------------------------


def brute_rule(x, y):
    best = 0
    for value in x.reshape(len(x), -1).T:
        cuts = np.unique(value)
        for c in (cuts[1:] + cuts[:-1]) / 2:
            hits = np.sum((value >= c) == y)
            best = max(best, hits, len(y) - hits)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_no_other_rule_of_one_entry_is_better(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 6, (15, 3, 2)).astype(float)
    y = rng.random(15) < 0.5
    y[:2] = 0, 1
    rule = tl.one_rule(x, y)
    assert (rule.decide(x) == y).sum() == brute_rule(x, y)


def test_one_rule_on_power_days():
    """Oracle: a stump of scikit-learn on the official split."""
    days = data.load("italy_power")
    x = days.x_train[:, :, None]
    rule = tl.one_rule(x, days.winter_train)
    assert (rule.step, rule.channel, rule.above) == (19, 0, True)
    right = rule.decide(days.x_test[:, :, None]) == days.winter_test
    assert right.mean() == pytest.approx(0.9699, abs=1e-4)
    with pytest.raises(ValueError, match="both classes"):
        tl.one_rule(x, np.ones(67))


def test_threshold_rule_is_a_rule_about_the_least_value():
    x = np.array([[[1.0, 5]], [[2.0, 0]], [[8.0, 1]]]).repeat(2, axis=1)
    rule = tl.threshold_rule(x, [False, False, True], 0)
    assert rule == Always(Atom((1, 0), 5), 0, 1)


def test_windows_are_constant_and_stay_in_place():
    signal = np.arange(20.0)[:, None]
    label = np.repeat([0, 1], 10)
    windows = tl.cut_windows(signal, label, 4)
    assert windows.first.tolist() == [0, 4, 12, 16]
    assert windows.y.tolist() == [False, False, True, True]
    assert windows.x[:, 0, 0].tolist() == [0, 4, 12, 16]
    assert len(tl.cut_windows(signal, label, 4, 1).x) == 14
    with pytest.raises(ValueError, match="a label for each"):
        tl.cut_windows(signal, label[1:], 4)


def test_standardise_uses_the_training_part_alone():
    train, test = np.array([[[1.0, 7]], [[3.0, 7]]]), np.full((1, 1, 2), 5.0)
    mean, scale, (a, b) = tl.standardise(train, test)
    assert mean.tolist() == [2, 7]
    assert scale.tolist() == [1, 1]
    assert b.ravel().tolist() == [3, -2]
    assert a[:, 0, 0].tolist() == [-1, 1]


def test_a_simulated_room():
    rng = np.random.default_rng(0)
    x, present = tl.simulate_room(3, rng)
    assert x.shape == (3 * 1440, len(tl.ROOM))
    assert np.isfinite(x).all()
    assert 0.1 < present.mean() < 0.5
    co2 = x[:, tl.ROOM.index("co2")]
    assert co2[present].mean() > co2[~present].mean() + 100
    light = x[:, tl.ROOM.index("light")]
    assert (light[present] > 300).all()
    assert (light[~present] > 300).mean() > 0.02
    again, _ = tl.simulate_room(3, np.random.default_rng(0))
    assert (again == x).all()


def test_copies_before_a_split_fall_on_both_sides():
    x = np.random.default_rng(0).normal(size=(200, 2, 1))
    y = np.arange(200) < 40
    rng = np.random.default_rng(1)
    leaky = tl.resampled_split(x, y, rng, before=True)
    clean = tl.resampled_split(x, y, rng, before=False)
    for split in (leaky, clean):
        assert abs(split.y_train.mean() - 0.5) < 0.06
    shared = np.isin(leaky.source_test, leaky.source_train)
    assert shared[leaky.y_test].mean() > 0.8
    assert not np.isin(clean.source_test, clean.source_train).any()
    assert len(np.unique(clean.source_test)) == len(clean.source_test) == 40


def test_copies_carry_noise_and_originals_do_not():
    x = np.zeros((30, 2, 1))
    y = np.arange(30) < 5
    split = tl.resampled_split(
        x, y, np.random.default_rng(0), before=False, noise=2.0
    )
    changed = (split.x_train != 0).any((1, 2))
    assert changed.sum() == len(split.x_train) - 24
    assert not (split.x_test != 0).any()


# -- derivatives by hand ------------------------------------------------------


@pytest.mark.parametrize("kind", [Always, Eventually])
@pytest.mark.parametrize("gates", [False, True])
def test_derivatives_by_hand_are_those_of_the_layers(kind, gates):
    """Back-propagation through the layers knows nothing of our formulas."""
    keras.utils.set_random_seed(4)
    word = "always" if kind is Always else "eventually"
    network = tl.build_formula_network(
        5, 2, temporal=word, sigma=0.7, gates=gates, gate_cost=0.3
    )
    names = {v.path.split("/")[-1]: v for v in network.trainable_variables}
    if gates:
        names["gate_logits"].assign([[0.3, -1.0, 2.0, 0.1, -0.4]])
    values = {
        n: keras.ops.convert_to_numpy(v).astype(float).ravel()
        for n, v in names.items()
    }
    values["b"] = values["b"][0]
    rng = np.random.default_rng(4)
    x = rng.normal(size=(9, 5, 2)).astype("float32")
    signs = np.where(rng.random(9) < 0.5, 1, -1).astype("float32")

    def loss(x, signs):
        return tl.margin_loss(signs, network(x, training=True)) + sum(
            network.losses
        )

    variables = list(names.values())
    value, found = autodiff.value_and_grad(loss, variables)(x, signs)
    ours, gradient = tl.loss_and_gradient(
        values, x.astype(float), signs, kind, 0.7, 0.3
    )
    assert float(value) == pytest.approx(ours, rel=1e-4)
    for name, theirs in zip(names, found, strict=True):
        np.testing.assert_allclose(
            gradient[name],
            keras.ops.convert_to_numpy(theirs).reshape(gradient[name].shape),
            atol=2e-5,
        )


def test_a_formula_by_hand_finds_a_rule_and_goes_on():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4, 1))
    y = x.max((1, 2)) >= 1
    options = tl.FormulaSettings(300, 120, 0.1)
    fitted = tl.fit_restarts(x, y, rng, 3, settings=options, sigma=0.3)
    assert (tl.satisfies(fitted.formula, x)[:, 0] == y).mean() > 0.9
    assert sum(fitted.formula.weights) == pytest.approx(1)
    short = tl.keep_steps(fitted.formula, np.array([1, 4, 2, 3]), 2)
    assert [w > 0 for w in short.weights] == [False, True, False, True]
    further = tl.fit_formula(x, y, tl.parameters_of(short), settings=options)
    assert [w > 0 for w in further.formula.weights] == [
        False,
        True,
        False,
        True,
    ]
    share = tl.mean_shares(Eventually(X, 0, 1, (0.9, 0.1)), [[[0.0], [9.0]]])
    assert share[1] == pytest.approx(np.exp(9) / (np.exp(9) + 9))
    with pytest.raises(ValueError, match="k lies between"):
        tl.keep_steps(short, np.ones(4), 5)
    with pytest.raises(ValueError, match="hold all 120"):
        tl.fit_formula(
            x, y, tl.parameters_of(short), settings=tl.FormulaSettings(3, 9)
        )
    with pytest.raises(ValueError, match="starts"):
        tl.fit_restarts(x, y, rng, 0)
    with pytest.raises(ValueError, match="starts"):
        tl.train_restarts(lambda: None, x, y, starts=0)
