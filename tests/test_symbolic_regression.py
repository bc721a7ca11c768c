"""Oracles of topoi.symbolic_regression: SymPy, differences, closed forms."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from topoi import symbolic_regression as sr
from topoi.autodiff import value_and_grad
from topoi.symbolic_regression import arithmetic, dynamics, layers

X = sympy.Symbol("x", real=True)
TINY = sr.Settings(warm_steps=60, steps=120, frozen_steps=30)


# -- units ------------------------------------------------------------------


@pytest.mark.parametrize("name", sr.UNITS)
def test_a_unit_is_four_times_the_same_formula(name):
    """Oracle: SymPy's expression and SymPy's derivative of it."""
    unit = sr.UNITS[name]
    symbols = sympy.symbols("a b", real=True)[: unit.arity]
    formula = sympy.sympify(unit.sympy(*symbols))
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (unit.arity, 50))
    wanted = sympy.lambdify(symbols, formula, "numpy")(*points) + 0 * points[0]
    value = unit.value(*points)
    np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-14)
    ours = unit.keras(*map(ops.convert_to_tensor, points))
    np.testing.assert_allclose(ops.convert_to_numpy(ours), wanted, atol=1e-4)
    for symbol, slope in zip(
        symbols, unit.slopes(*points, value), strict=True
    ):
        exact = sympy.lambdify(symbols, sympy.diff(formula, symbol), "numpy")
        np.testing.assert_allclose(
            slope, exact(*points) + 0 * points[0], rtol=1e-9, atol=1e-10
        )


def test_units_read_the_columns_that_the_layer_gives_them():
    units = ("identity", "square", "square", "product", "product")
    assert sr.columns(units) == 7
    places = [(b.unit.name, b.outputs, b.inputs) for b in sr.blocks(units)]
    assert places == [
        ("identity", slice(0, 1), (slice(0, 1, 1),)),
        ("square", slice(1, 3), (slice(1, 3, 1),)),
        ("product", slice(3, 5), (slice(3, 7, 2), slice(4, 7, 2))),
    ]


def test_two_products_never_share_a_column():
    """Oracle: whole numbers, by hand."""
    units = ("identity", "product", "product")
    w = [np.array([[1.0, 2, 3, 4, 5]]), np.eye(3)]
    found = sr.forward(w, np.array([[1.0]]), units)
    np.testing.assert_allclose(found, [[1, 10 * 2 * 3, 10 * 4 * 5]])


@pytest.mark.parametrize("units", [(), ("cube",), ("product", "identity")])
def test_impossible_units_are_refused(units):
    with pytest.raises(ValueError, match="Units are|Products stand last"):
        sr.columns(units)


# -- penalties --------------------------------------------------------------


@given(st.floats(-3, 3), st.sampled_from([0.01, 0.05, 0.3]))
def test_penalty_is_even_and_above_its_value_at_zero(w, a):
    value = sr.l05_smooth(np.array(w), a)
    assert value == sr.l05_smooth(np.array(-w), a)
    assert value >= math.sqrt(3 * a / 8) - 1e-15
    if abs(w) >= a:
        assert value == pytest.approx(math.sqrt(abs(w)), rel=1e-14)


def test_penalty_at_special_places():
    a = 0.05
    values = sr.l05_smooth(np.array([0, a / 2, a, 1.0]), a)
    middle = -1 / 128 * a + 3 / 16 * a + 3 / 8 * a  # by hand
    wanted = [math.sqrt(3 * a / 8), math.sqrt(middle), math.sqrt(a), 1]
    np.testing.assert_allclose(values, wanted, rtol=1e-14)


def test_penalty_slope_is_the_difference_quotient():
    w = np.concatenate([np.linspace(-0.2, 0.2, 401), [0.05, -0.05, 2.0]])
    step = 1e-7
    quotient = (sr.l05_smooth(w + step) - sr.l05_smooth(w - step)) / (2 * step)
    np.testing.assert_allclose(sr.l05_slope(w), quotient, atol=1e-5)
    assert sr.l05_slope(np.zeros(3)).tolist() == [0, 0, 0]


def test_penalty_needs_a_width():
    for width in (0, -1):
        with pytest.raises(ValueError, match="width a > 0"):
            sr.l05_smooth(np.ones(2), width)


def test_keras_penalty_is_that_of_numpy_with_a_finite_slope_at_zero():
    w = np.array([[0.0, 0.02, -0.05], [1.0, -0.3, 0.0]], "float32")
    kernel = keras.Variable(w)
    loss = value_and_grad(lambda: layers.l05_penalty(kernel), [kernel])
    value, (grad,) = loss()
    assert float(value) == pytest.approx(sr.l05_smooth(w).sum(), rel=1e-5)
    np.testing.assert_allclose(
        ops.convert_to_numpy(grad), sr.l05_slope(w), rtol=1e-4, atol=1e-6
    )


def test_gates_are_open_as_often_as_the_penalty_says():
    """Oracle: 100,000 draws."""
    rng = np.random.default_rng(0)
    for place in (-2.0, 0.0, 1.5):
        u = rng.uniform(1e-6, 1 - 1e-6, 100_000)
        z = sr.hard_concrete(np.array(place), u)
        assert z.min() >= 0
        assert z.max() <= 1
        share = np.mean(z > 0)
        assert share == pytest.approx(
            float(sr.expected_l0(np.array(place))), abs=0.006
        )


def test_gate_slopes_are_difference_quotients():
    rng = np.random.default_rng(1)
    place, u = rng.normal(size=200), rng.uniform(0.05, 0.95, 200)
    step = 1e-6

    def quotient(f):
        return (f(place + step) - f(place - step)) / (2 * step)

    z = sr.hard_concrete(place, u)
    np.testing.assert_allclose(
        sr.gate_slope(z),
        quotient(lambda p: sr.hard_concrete(p, u)),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        sr.expected_l0_slope(place), quotient(sr.expected_l0), atol=1e-6
    )


def test_mean_gates_shut_and_open():
    gates = sr.mean_gate(np.array([-9.0, 0.0, 9.0]))
    np.testing.assert_allclose(gates, [0, 0.5, 1])


# -- training ---------------------------------------------------------------


def random_networks(trials=3, inputs=2, seed=0):
    rng = np.random.default_rng(seed)
    weights = sr.initial_weights(inputs, 1, trials, rng)
    x = rng.uniform(-1, 1, (30, inputs))
    return weights, x, rng.normal(size=(30, 1))


def test_gradients_are_difference_quotients():
    weights, x, y = random_networks()
    _, grads = sr.loss_and_grad(weights, x, y)
    rng = np.random.default_rng(5)
    for k, w in enumerate(weights):
        for _ in range(15):
            at = tuple(rng.integers(0, n) for n in w.shape)
            moved = []
            for step in (1e-6, -1e-6):
                other = [v.copy() for v in weights]
                other[k][at] += step
                moved.append(sr.loss_and_grad(other, x, y)[0][at[0]])
            quotient = (moved[0] - moved[1]) / 2e-6
            assert grads[k][at] == pytest.approx(quotient, rel=1e-4, abs=1e-6)


def test_networks_of_a_stack_do_not_mix():
    weights, x, y = random_networks()
    losses, grads = sr.loss_and_grad(weights, x, y)
    for trial in range(3):
        alone = [w[trial : trial + 1] for w in weights]
        loss, grad = sr.loss_and_grad(alone, x, y)
        assert loss[0] == pytest.approx(losses[trial], rel=1e-12)
        for g, h in zip(grad, grads, strict=True):
            np.testing.assert_allclose(g[0], h[trial], rtol=1e-9, atol=1e-12)


def test_jacobian_adds_up_to_the_gradient():
    weights, x, y = random_networks(trials=1)
    one = [w[0] for w in weights]
    miss = (sr.forward(one, x) - y)[:, 0]
    _, grads = sr.loss_and_grad(weights, x, y)
    for part, grad in zip(sr.jacobian(one, x), grads, strict=True):
        np.testing.assert_allclose(
            2 / len(x) * part @ miss, grad[0], rtol=1e-8, atol=1e-10
        )


def test_keras_layers_compute_what_numpy_computes():
    model = layers.build_eql(2)
    x = np.random.default_rng(0).uniform(-1, 1, (20, 2)).astype("float32")
    wanted = sr.forward(layers.network_weights(model), x)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), wanted, rtol=2e-4, atol=2e-5
    )


def test_frozen_weights_stay_zero():
    weights, x, y = random_networks()
    masks = sr.freeze_masks(weights, 0.3)
    start = [w * m for w, m in zip(weights, masks, strict=True)]
    end = sr.run_phase(start, x, y, TINY, 50, 1e-2, masks)
    moved = 0
    for w, m, s in zip(end, masks, start, strict=True):
        assert not w[m == 0].any()
        moved += np.sum(w != s)
    assert moved > 50


def test_a_frozen_layer_of_keras_stays_frozen():
    model = layers.build_eql(1, penalty=1e-3)
    left = layers.freeze_all(model, 0.05)
    model.compile("adam", "mse")
    x = np.linspace(-1, 1, 64)[:, None]
    model.fit(x, x**2, epochs=2, verbose=0)
    kernels = layers.network_weights(model)
    assert sum(np.count_nonzero(k) for k in kernels) == left
    assert all(layer.penalty == 0 for layer in layers.eql_layers(model))


def test_training_with_a_freeze_fits_and_keeps_zeros():
    keras.utils.set_random_seed(0)
    model = layers.build_eql(1, depth=1, penalty=1e-3)
    x = np.linspace(-1, 1, 96)[:, None]
    before = np.mean((model.predict(x, verbose=0) - x) ** 2)
    left = layers.train_and_freeze(
        model, x, x, epochs=8, threshold=0.05, batch_size=16
    )
    kernels = layers.network_weights(model)
    assert sum(np.count_nonzero(k) for k in kernels) == left
    assert left < sum(k.size for k in kernels)
    assert np.mean((model.predict(x, verbose=0) - x) ** 2) < before


def test_training_with_a_freeze_refuses_what_it_cannot_do():
    model = layers.build_eql(1, depth=1)
    x = np.linspace(-1, 1, 8)[:, None]
    with pytest.raises(ValueError, match="epochs"):
        layers.train_and_freeze(model, x, x, epochs=0)
    with pytest.raises(FloatingPointError, match="not finite"):
        layers.train_and_freeze(model, x, x * np.nan, epochs=1)


def test_penalty_enters_the_loss_of_keras():
    free, dear = layers.build_eql(1), layers.build_eql(1, penalty=0.1)
    dear.set_weights(free.get_weights())
    x = np.linspace(-1, 1, 64)[:, None]
    for model in (free, dear):
        model.compile("sgd", "mse")
    losses = [m.evaluate(x, x, verbose=0) for m in (free, dear)]
    size = sum(sr.l05_smooth(k).sum() for k in layers.network_weights(free))
    assert losses[1] - losses[0] == pytest.approx(0.1 * size, rel=1e-4)


def test_first_weights_are_cut_off_and_seeded():
    one, two = (
        sr.initial_weights(2, 1, 4, np.random.default_rng(3)) for _ in "ab"
    )
    for a, b, deviation in zip(one, two, (0.1, 0.5, 1.0), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.abs(a).max() <= 2 * deviation
    shapes = [w.shape for w in one]
    assert shapes == [(4, 2, 20), (4, 18, 20), (4, 18, 1)]


def test_polishing_finds_exact_coefficients():
    """Oracle: the planted numbers."""
    truth = sr.exact_network("xy/2 + z/2", "xyz")
    truth = [w.astype(float) for w in truth]
    rng = np.random.default_rng(0)
    rough = [w * (1 + 0.05 * rng.normal(size=w.shape)) for w in truth]
    x = rng.uniform(-1, 1, (60, 3))
    y = (x[:, :1] * x[:, 1:2] + x[:, 2:]) / 2
    found = sr.polish(rough, x, y)
    assert np.abs(sr.forward(found, x) - y).max() < 1e-12
    for w, v in zip(found, truth, strict=True):
        assert not w[v == 0].any()


def test_polishing_never_makes_it_worse():
    weights, x, y = random_networks(trials=1)
    one = [w[0] * (np.abs(w[0]) > 0.6) for w in weights]
    before = np.mean((sr.forward(one, x) - y) ** 2)
    assert np.mean((sr.forward(sr.polish(one, x, y), x) - y) ** 2) <= before


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 0},
        {"steps": 0, "warm_steps": 0},
        {"steps": -1},
        {"learning_rate": 0.0},
        {"penalty": math.inf},
        {"width": 0.0},
        {"threshold": -1.0},
        {"units": ("cube",)},
    ],
)
def test_settings_that_train_nothing_are_refused(change):
    with pytest.raises(ValueError, match="got|are|needed"):
        replace(TINY, **change)


def test_training_stops_when_everything_diverges():
    weights, x, y = random_networks()
    with pytest.raises(FloatingPointError, match="diverged"):
        sr.train_in_phases([w * np.inf for w in weights], x, y, TINY)


def test_points_of_another_shape_are_refused():
    weights, _, _ = random_networks()
    for x in (np.ones((5, 3)), np.ones(5)):
        with pytest.raises(ValueError, match=r"\(n, inputs\)"):
            sr.forward(weights, x)


def test_gated_training_lowers_the_error():
    x, y, _ = sr.sample("x**2", 64)
    rng = np.random.default_rng(0)
    start = sr.initial_weights(1, 1, 3, rng, TINY)
    longer = replace(TINY, steps=400, penalty=1e-3)
    found = sr.train_gated(start, x, y[:, None], rng, longer)
    assert found.losses.min() < y.var() / 2


# -- formulas ---------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_printed_formula_is_the_network(seed):
    """Oracle: 100 points, with products, scalings and all."""
    rng = np.random.default_rng(seed)
    weights = [w[0] for w in sr.initial_weights(2, 1, 1, rng)]
    weights = [w * (rng.uniform(size=w.shape) < 0.15) for w in weights]
    formula = sr.to_sympy(weights, ("x", "y"))
    x = rng.uniform(-1, 1, (100, 2))
    np.testing.assert_allclose(
        sr.to_numpy(formula, ("x", "y"))(x),
        sr.forward(weights, x)[:, 0],
        rtol=1e-9,
        atol=1e-9,
    )


@pytest.mark.parametrize("name", sr.EXACT_NETWORKS)
def test_functions_of_the_paper_are_inside(name):
    formula = sr.parse_formula(sr.FUNCTIONS_OF_THE_PAPER[name])
    names = sorted(map(str, formula.free_symbols))
    weights = sr.exact_network(name, names)
    assert sr.same_formula(sr.to_sympy(weights, names), formula)
    x = np.random.default_rng(0).uniform(-2, 2, (200, len(names)))
    floats = [w.astype(float) for w in weights]
    miss = sr.forward(floats, x)[:, 0] - sr.to_numpy(formula, names)(x)
    assert np.mean(miss**2) < 1e-20


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_pruning_changes_no_output(seed):
    rng = np.random.default_rng(seed)
    weights = [w[0] for w in sr.initial_weights(2, 1, 1, rng)]
    weights = [w * (rng.uniform(size=w.shape) < 0.08) for w in weights]
    pruned = sr.prune_dead(weights)
    x = rng.uniform(-1, 1, (40, 2))
    np.testing.assert_allclose(
        sr.forward(pruned, x), sr.forward(weights, x), atol=1e-12
    )
    for w, v in zip(weights, pruned, strict=True):
        assert np.count_nonzero(v) <= np.count_nonzero(w)


def test_pruning_removes_what_nobody_reads():
    truth = [w.astype(float) for w in sr.exact_network("x^2", "x")]
    noisy = [w.copy() for w in truth]
    noisy[0][0, 3] = 0.7  # an identity that no weight reads
    noisy[1][12, 5] = 0.4  # reads a sine without an input
    noisy[0][0, 0] = 0.2  # what a constant is given
    for w, v in zip(sr.prune_dead(noisy), truth, strict=True):
        np.testing.assert_array_equal(w, v)


def test_tidy_rounds_and_drops():
    formula = sympy.Float(0.9999999) * X**2 + sympy.Float(3e-7) * X
    formula += sympy.sin(sympy.Float(2.0000001) * sympy.pi * X)
    assert sr.tidy(formula) == X**2 + sympy.sin(2 * sympy.pi * X)
    assert sr.tidy(sympy.Float(0.333333) * X) == X / 3
    assert str(sr.tidy(sympy.Float(0.3456789) * X)) == "0.3457*x"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2*x", 1.0),
        ("x^2 + 1", 1.25),
        ("-sin(pi*x)", -1.0),
        ("exp(-x**2)", math.exp(-0.25)),
        ("sqrt(x)/2", math.sqrt(0.5) / 2),
        ("(1 + x)*(1 - x)", 0.75),
        ("0.1*x", 0.05),
        ("tanh(log(x))", math.tanh(math.log(0.5))),
    ],
)
def test_formulas_are_read(text, value):
    found = sr.parse_formula(text)
    assert float(found.subs(X, 0.5)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "2x", "x +", "(x", "x**x", "x**99", "open('f')", "x.real",
        "__import__('os')", "[x]", "x if x else 1", "sin", "sin(x, x)", "1/0",
        "x = 1", "lambda x: x", "'x'", "True", "x < 1", "1j", None, 3,
        "x" * 300, "f(x)", "a" + "+a" * 120,
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(sr.FormulaError):
        sr.parse_formula(text)


def test_variables_that_have_no_column_are_named():
    with pytest.raises(sr.FormulaError, match="'y'"):
        sr.to_numpy(sr.parse_formula("x + y"), ("x",))


def test_names_must_fit_the_network():
    with pytest.raises(ValueError, match="names"):
        sr.to_sympy(sr.exact_network("x", "x"), ("x", "y"))
    with pytest.raises(ValueError, match="none of"):
        sr.exact_network("x^9", "x")


# -- discovery --------------------------------------------------------------


def test_a_line_is_discovered_and_judged():
    x, y, names = sr.sample("2*x - 1/2")
    found = sr.discover(x, y, names, trials=4)[0]
    assert found.exact
    assert sr.exactly(found, "2*x - 1/2")
    assert not sr.exactly(found, "2*x")
    far = np.array([[7.0], [-3.0]])
    np.testing.assert_allclose(found.predict(far), [13.5, -6.5], atol=1e-8)


def test_units_of_measurement_are_scaled_back():
    """Metres to millimetres: the formula is found in the given units."""
    x, y, names = sr.sample("3*x")
    found = sr.discover(1000 * x, 40 * y, names, trials=4)[0]
    assert sr.same_formula(found.formula(), sr.parse_formula("3*x/25"))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(5), np.zeros(5), "too few"),
        (np.arange(30), np.arange(29), "shape"),
        (np.arange(30), np.full(30, 2.0), "All values are 2"),
        (np.zeros(30), np.arange(30), "never changes"),
        (np.arange(30), np.full(30, np.nan), "NaN"),
        (np.ones((30, 5)), np.arange(30), "One to four"),
        (["a"] * 30, np.arange(30), "numbers"),
        ([[1, 2], [3]], np.arange(30), "numbers"),
    ],
)
def test_data_that_cannot_be_searched_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        sr.discover(x, y)
    assert sr.answer_reader(x, y).startswith("No search: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", "no variable"),
        ("1/x**0.5", "not finite"),
        ("log(x)", "not finite"),
        ("import os", "no formula"),
        ("a+b+c+d+e", "One to four"),
    ],
)
def test_an_answer_says_what_is_wrong(text, message):
    assert message in sr.answer_reader(text, trials=1)


def test_answer_needs_values():
    assert "values" in sr.answer_reader(np.arange(30))


def test_sample_checks_its_domain():
    for domain in ((1, 1), (2, 1), (0, math.inf)):
        with pytest.raises(ValueError, match="domain"):
            sr.sample("x", domain=domain)


def test_noise_has_the_size_that_is_asked_for():
    x, clean, _ = sr.sample("x**2", 20_000)
    _, noisy, _ = sr.sample("x**2", 20_000, noise=0.2)
    share = (noisy - clean).std() / clean.std()
    assert share == pytest.approx(0.2, rel=0.03)


def test_values_have_a_column_of_their_own():
    x, y, names = sr.sample("x*y", 40)
    weights = sr.initial_weights(2, 1, 1, np.random.default_rng(0))
    trained = sr.Trained(weights, weights, np.ones(1))
    with pytest.raises(ValueError, match=r"\(n, 1\)"):
        sr.read_out(trained, x, y, names)


def test_long_formulas_are_not_printed():
    weights = [w[0] for w in random_networks(trials=1)[0]]
    full = sr.Discovery(
        weights, 1.0, 400, 0, sr.DEFAULT_UNITS, ("x", "y"), np.ones(2), 1.0
    )
    with pytest.raises(ValueError, match="not readable"):
        full.formula()


# -- systems ----------------------------------------------------------------


def test_exact_steps_compose():
    """Two steps are one of twice the length; energy is kept."""
    rng = np.random.default_rng(0)
    state, hidden = rng.normal(size=(50, 2)), rng.uniform(0.1, 1, 50)
    for step in (dynamics.kinematics_step, dynamics.oscillator_step):
        twice = step(step(state, hidden, 0.3), hidden, 0.3)
        np.testing.assert_allclose(
            twice, step(state, hidden, 0.6), rtol=1e-12, atol=1e-12
        )
    end = dynamics.oscillator_step(state, hidden, 0.7)
    energies = [
        hidden * s[:, 0] ** 2 / 2 + s[:, 1] ** 2 / 2 for s in (state, end)
    ]
    np.testing.assert_allclose(*energies, rtol=1e-12)


def test_oscillator_matrix_is_a_matrix_exponential():
    """Oracle: SciPy's expm of the differential equation."""
    from scipy.linalg import expm

    for omega2, dt in ((0.3, 0.1), (1.0, 2.0)):
        wanted = expm(dt * np.array([[0, 1], [-omega2, 0]]))
        np.testing.assert_allclose(
            dynamics.oscillator_matrix(omega2, dt), wanted, atol=1e-12
        )


def test_pairs_share_the_hidden_number():
    for system in ("kinematics", "oscillator"):
        pairs = dynamics.draw_pairs(system, 7, 5, np.random.default_rng(0))
        assert pairs.seen.shape == pairs.other.shape == (7, 6, 2)
        step = getattr(dynamics, f"{system}_step")
        dt = 0.25 if system == "kinematics" else 0.1
        for path in (pairs.seen, pairs.other):
            np.testing.assert_allclose(
                path[:, 1], step(path[:, 0], pairs.hidden, dt), atol=1e-12
            )
    with pytest.raises(ValueError, match="system"):
        dynamics.draw_pairs("pendulum", 1, 1, np.random.default_rng(0))


def test_propagator_applies_its_cell_again_and_again():
    cell = dynamics.build_cell()
    model = dynamics.build_propagator(5, 3, cell, 0.5)
    rng = np.random.default_rng(0)
    seen, start = rng.normal(size=(4, 6, 2)), rng.normal(size=(4, 2))
    out = model.predict([seen, start], verbose=0)
    assert out.shape == (4, 3, 2)
    z = model.get_layer("encoder").predict(seen, verbose=0)
    state = start
    for k in range(3):
        rates = cell.predict(np.hstack([state, z]), verbose=0)
        state = state + 0.5 * rates
        np.testing.assert_allclose(out[:, k], state, rtol=1e-4, atol=1e-5)


# -- sums of digits ---------------------------------------------------------


def test_digit_pairs_keep_to_their_range():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 28, 28)).astype("uint8")
    labels = rng.integers(0, 10, 50)
    for limits in ({"below": 9}, {"least": 9}, {}):
        pairs = arithmetic.draw_digit_pairs(images, labels, 200, rng, **limits)
        assert pairs.first.shape == (200, 14, 14)
        np.testing.assert_array_equal(pairs.digits.sum(1), pairs.total)
        assert pairs.total.max() < limits.get("below", 99)
        assert pairs.total.min() >= limits.get("least", 0)
    with pytest.raises(ValueError, match="No pair"):
        arithmetic.draw_digit_pairs(images, labels, 5, rng, least=30)


def test_adder_uses_one_extractor_for_both_pictures():
    model = arithmetic.build_adder(arithmetic.build_sum_head())
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (3, 14, 14)).astype("uint8")
    z = model.get_layer("extractor").predict(a, verbose=0)
    assert z.shape == (3, 1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Sequential") == 2  # extractor and head
    assert model.predict([a, a], verbose=0).shape == (3, 1)


def test_public_names_are_sorted_and_there():
    assert all(hasattr(sr, name) for name in sr.__all__)
    assert len(set(sr.__all__)) == len(sr.__all__)
