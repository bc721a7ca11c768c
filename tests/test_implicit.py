"""Oracles of implicit networks: closed forms, brute force, other solvers."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.optimize import fsolve, linprog, minimize

from topoi import implicit
from topoi.autodiff import value_and_grad
from topoi.implicit import ImplicitModel, Settings
from topoi.implicit.layers import ImplicitDense, RowL1Ball


def random_model(seed, n=8, p=4, q=3, radius=0.8, direct=True):
    """Return a model whose |A| has this spectral radius."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    A *= radius / np.abs(np.linalg.eigvals(np.abs(A))).max()
    D = rng.normal(size=(q, p)) if direct else np.zeros((q, p))
    return ImplicitModel(
        A, rng.normal(size=(n, p)), rng.normal(size=(q, n)), D
    )


def layers_of(rng, sizes):
    """Return integer weights and biases of a dense network."""
    pairs = list(zip(sizes[1:], sizes, strict=False))
    return (
        [rng.integers(-3, 4, shape) for shape in pairs],
        [rng.integers(-3, 4, shape[0]) for shape in pairs],
    )


def forward(weights, biases, u):
    """Return a ReLU network's outputs, layer by layer."""
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        u = np.maximum(u @ w.T + b, 0)
    return u @ weights[-1].T + biases[-1]


# -- equilibria -------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_picard_solves_the_equation_that_fsolve_solves(activation):
    model = random_model(1)
    phi = np.tanh if activation == "tanh" else lambda z: np.maximum(z, 0)
    q = np.random.default_rng(2).normal(size=8)
    ours = implicit.picard(model.A, q, activation, 1e-13).x
    theirs = fsolve(lambda x: x - phi(model.A @ x + q), ours + 0.1)
    np.testing.assert_allclose(ours, theirs, atol=1e-7)


def test_one_state_has_a_closed_form():
    for a in (-0.9, -0.3, 0.0, 0.5, 0.9):
        x = implicit.picard(np.array([[a]]), np.array([[1.0], [-1.0]])).x
        np.testing.assert_allclose(x[:, 0], [1 / (1 - a), 0], atol=1e-8)


def test_the_error_bound_holds_and_the_last_step_alone_does_not():
    A, worse = np.array([[0.95]]), 0
    for q in np.linspace(0.1, 3, 30):
        found = implicit.picard(A, np.array([q]), tol=1e-3)
        error = abs(found.x[0] - q / 0.05)
        assert error <= implicit.error_bound(found.gap, 0.95) * (1 + 1e-9)
        worse += error > found.gap
    assert worse == 30


def test_a_cycle_is_damped():
    A, q = np.array([[-3.0]]), np.array([1.0])
    plain = implicit.picard(A, q, max_steps=101)
    assert not plain.converged
    assert plain.gap == 1
    damped = implicit.picard(A, q, damping=0.8)
    assert damped.converged
    assert abs(damped.x[0] - 0.25) < 1e-9
    assert implicit.relu_solutions([[-3]], [1]) == [[0.25]]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_newton_and_picard_agree(activation):
    for seed in range(20):
        model = random_model(seed, radius=0.95)
        q = np.random.default_rng(seed).normal(size=(5, 8))
        newton = implicit.newton(model.A, q, activation)
        slow = implicit.picard(model.A, q, activation, 1e-14).x
        assert newton.converged
        assert newton.steps <= 10
        np.testing.assert_allclose(newton.x, slow, atol=1e-10)


def test_all_patterns_find_what_picard_finds():
    rng = np.random.default_rng(4)
    for _ in range(5):
        A = rng.integers(-4, 5, (4, 4)) / 20
        q = rng.integers(-4, 5, 4) / 4
        (only,) = implicit.relu_solutions(A, q)
        found = implicit.picard(A, q, tol=1e-14).x
        np.testing.assert_allclose([float(v) for v in only], found, atol=1e-9)


def test_infinitely_many_solutions_are_refused():
    with pytest.raises(ValueError, match="Infinitely many"):
        implicit.relu_solutions([[1]], [0])
    assert implicit.relu_solutions([[1]], [1]) == []


# -- well-posedness ---------------------------------------------------------


def test_radius_of_known_matrices():
    turn = np.array([[0, 2.0], [-2, 0]])
    assert implicit.pf_radius(turn) == pytest.approx(2)
    assert implicit.pf_radius(np.full((3, 3), -0.25)) == pytest.approx(0.75)
    rng = np.random.default_rng(0)
    triangular = np.triu(9 * rng.normal(size=(12, 12)), 1)
    order = rng.permutation(12)
    assert implicit.pf_radius(triangular[np.ix_(order, order)]) == 0


@given(st.integers(0, 10**6), st.floats(0.1, 0.98))
@settings(max_examples=30, deadline=None)
def test_scaling_is_a_certificate(seed, radius):
    A = random_model(seed, 6, radius=radius).A
    v = implicit.scaling(A, radius + 0.01)
    assert (v >= 1).all()
    assert (np.abs(A) @ v <= (radius + 0.01) * v * (1 + 1e-9)).all()
    exact = implicit.certificate(A)
    assert exact is not None
    assert min(exact) > 0


def test_certificate_exists_exactly_below_one():
    A = random_model(3, radius=1.0).A
    assert implicit.certificate(1.001 * A) is None
    assert implicit.certificate(0.999 * A) is not None


def test_scaling_approaches_the_perron_vector():
    A = np.abs(random_model(5).A)
    values, vectors = np.linalg.eig(A)
    perron = np.abs(vectors[:, np.abs(values).argmax()].real)
    v = implicit.scaling(A, 0.8 + 1e-9)
    np.testing.assert_allclose(v / v.sum(), perron / perron.sum(), atol=1e-6)


def test_rescaling_keeps_the_function_and_bounds_the_rows():
    rng = np.random.default_rng(6)
    for seed in range(20):
        model = random_model(seed, radius=0.9)
        if seed % 2:
            model = model._replace(A=np.triu(model.A, 1))
        rate = implicit.pf_radius(model.A) + 0.01
        short = implicit.pf_rescale(model, rate)
        assert implicit.row_norm(short.A) <= rate * (1 + 1e-9)
        u = rng.normal(size=(5, 4))
        np.testing.assert_allclose(
            implicit.answer(short, u, tol=1e-13),
            implicit.answer(model, u, tol=1e-13),
            rtol=1e-8, atol=1e-8,
        )  # fmt: skip


def test_rescaling_changes_the_function_of_tanh():
    model = random_model(1)
    u = np.ones((1, 4))
    short = implicit.pf_rescale(model, 0.85)
    gap = implicit.answer(short, u, "tanh") - implicit.answer(model, u, "tanh")
    assert np.abs(gap).max() > 1e-3


# -- networks as models, and their algebra ----------------------------------


@pytest.mark.parametrize("sizes", [(5, 8, 3), (5, 8, 7, 6, 3), (1, 1, 1, 1)])
def test_feedforward_networks_are_embedded_exactly(sizes):
    rng = np.random.default_rng(7)
    weights, biases = layers_of(rng, sizes)
    model = implicit.from_feedforward(weights, biases)
    u = rng.integers(-5, 6, (20, sizes[0]))
    ours = implicit.answer(model, implicit.with_one(u))
    np.testing.assert_array_equal(ours, forward(weights, biases, u))
    np.testing.assert_array_equal(model.A, np.triu(model.A, 1))
    hidden = len(sizes) - 2
    found = implicit.picard(model.A, implicit.with_one(u) @ model.B.T)
    assert found.steps <= hidden + 1


def test_residual_and_recurrent_networks():
    rng = np.random.default_rng(8)
    u = rng.integers(-3, 4, (10, 4))
    blocks = [
        (rng.integers(-2, 3, (6, 4)), rng.integers(-2, 3, (4, 6)))
        for _ in range(3)
    ]
    model, x = implicit.from_residual(*blocks[0]), u
    for pair in blocks[1:]:
        model = implicit.cascade(model, implicit.from_residual(*pair))
    for weight, back in blocks:
        x = x + np.maximum(x @ weight.T, 0) @ back.T
    np.testing.assert_array_equal(implicit.answer(model, u), x)

    W, U = rng.integers(-2, 3, (3, 3)), rng.integers(-2, 3, (3, 2))
    V, inputs = rng.integers(-2, 3, (1, 3)), rng.integers(-3, 4, (7, 5, 2))
    h = np.zeros((7, 3), int)
    for t in range(5):
        h = np.maximum(h @ W.T + inputs[:, t] @ U.T, 0)
    model = implicit.from_recurrent(W, U, V, 5)
    latest_first = inputs[:, ::-1].reshape(7, 10)
    np.testing.assert_array_equal(
        implicit.answer(model, latest_first), h @ V.T
    )


def test_the_algebra_of_models():
    first, second = random_model(1, q=4), random_model(2)
    u = np.random.default_rng(3).normal(size=(6, 4))
    one, two = implicit.answer(first, u), implicit.answer(second, u)
    close = {"rtol": 1e-7, "atol": 1e-7}
    both = implicit.cascade(first, second)
    np.testing.assert_allclose(
        implicit.answer(both, u), implicit.answer(second, one), **close
    )
    beside = implicit.answer(implicit.side_by_side(first, second), u)
    np.testing.assert_allclose(beside, np.hstack([one, two]), **close)
    third = random_model(4)
    np.testing.assert_allclose(
        implicit.answer(implicit.add(second, third), u),
        two + implicit.answer(third, u),
        **close,
    )
    assert implicit.pf_radius(both.A) == pytest.approx(0.8)


def test_feedback_solves_the_loop():
    model = random_model(5, direct=False)
    gain = 0.01 * np.random.default_rng(6).normal(size=(4, 3))
    closed, u = implicit.feedback(model, gain), np.ones(4)
    y = implicit.answer(closed, u)
    np.testing.assert_allclose(
        implicit.answer(model, u + gain @ y), y, atol=1e-8
    )
    assert implicit.pf_radius(implicit.feedback(model, 50 * gain).A) > 0.8


def test_unused_states_are_dropped():
    rng = np.random.default_rng(9)
    dropped = 0
    for _ in range(30):
        A = np.triu(rng.integers(-2, 3, (9, 9)), 1)
        A *= rng.random((9, 9)) < 0.25
        B = rng.integers(-2, 3, (9, 3)) * (rng.random((9, 3)) < 0.3)
        C = rng.integers(-2, 3, (2, 9)) * (rng.random((2, 9)) < 0.3)
        model = implicit.implicit_model(A, B, C)
        small = implicit.reduce_states(model)
        dropped += 9 - len(small.A)
        u = rng.integers(-4, 5, (8, 3))
        np.testing.assert_array_equal(
            implicit.answer(small, u), implicit.answer(model, u)
        )
    assert dropped > 30


def test_a_state_that_is_needed_stays():
    chain = implicit.implicit_model(
        np.eye(4, k=1), np.eye(4)[:, 3:], np.eye(4)[:1]
    )
    assert implicit.active_states(chain).all()


# -- gradients --------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gradients_agree_with_differences_and_with_unrolling(activation):
    model, rng = random_model(10, radius=0.7), np.random.default_rng(11)
    u, weight = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))

    def loss(model, u):
        return (implicit.answer(model, u, activation, 1e-14) * weight).sum()

    x = implicit.picard(model.A, u @ model.B.T, activation, 1e-14).x
    ours = implicit.implicit_gradient(model, u, x, weight, activation)
    unrolled = implicit.unrolled_gradient(model, u, weight, 300, activation)
    for name, grad, long in zip("ABCDu", ours, unrolled, strict=True):
        np.testing.assert_allclose(grad, long, atol=1e-9)
        value = u if name == "u" else getattr(model, name)
        for place in [(0, 0), (1, 2), (2, 3)]:
            sides = []
            for sign in (1, -1):
                moved = value.copy()
                moved[place] += sign * 1e-6
                sides.append(
                    loss(model, moved)
                    if name == "u"
                    else loss(model._replace(**{name: moved}), u)
                )
            slope = (sides[0] - sides[1]) / 2e-6
            assert abs(slope - grad[place]) < 1e-6 * max(1, abs(slope))
    rows = implicit.jacobian(model, u[0], activation)
    np.testing.assert_allclose(weight[0] @ rows, ours.u[0], atol=1e-9)


def test_the_gradient_of_a_scalar_is_known():
    model = ImplicitModel(*(np.array([[v]]) for v in (0.5, 2.0, 3.0, 1.0)))
    u, x = np.array([[1.0]]), np.array([[4.0]])  # x = 2 / (1 - 0.5)
    grads = implicit.implicit_gradient(model, u, x, np.ones((1, 1)))
    wanted = (3 * 4 / 0.5, 3 / 0.5, 4.0, 1.0, 3 * 2 / 0.5 + 1)
    np.testing.assert_allclose([g[0, 0] for g in grads], wanted)


# -- projection -------------------------------------------------------------


def nearest_row(row, radius):
    """Return the projection of one row by a general solver."""
    n = len(row)
    result = minimize(
        lambda w: ((w[:n] - w[n:] - row) ** 2).sum(),
        np.zeros(2 * n),
        bounds=[(0, None)] * (2 * n),
        constraints={"type": "ineq", "fun": lambda w: radius - w.sum()},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return result.x[:n] - result.x[n:]


def test_projection_is_the_nearest_matrix():
    rng = np.random.default_rng(12)
    for radius in (0.3, 1.0, 4.0):
        A = rng.normal(size=(4, 5))
        ours = implicit.project_rows(A, radius)
        theirs = np.array([nearest_row(row, radius) for row in A])
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        again = implicit.project_rows(ours, radius)
        np.testing.assert_allclose(again, ours, atol=1e-12)
        due = np.minimum(np.abs(A).sum(axis=1), radius)
        np.testing.assert_allclose(np.abs(ours).sum(axis=1), due)


def test_projection_of_ties_and_zeros():
    ones = implicit.project_rows(np.ones((1, 4)), 1.0)
    np.testing.assert_allclose(ones, 0.25)
    np.testing.assert_array_equal(
        implicit.project_rows(np.zeros((2, 3)), 1.0), np.zeros((2, 3))
    )
    one = implicit.project_rows(np.array([[-5.0, 1.0]]), 2.0)
    np.testing.assert_allclose(one, [[-2, 0]])


def test_the_constraint_of_keras_is_the_projection():
    A = np.random.default_rng(13).normal(size=(6, 7)).astype("float32")
    ours = ops.convert_to_numpy(RowL1Ball(1.5)(ops.convert_to_tensor(A)))
    np.testing.assert_allclose(ours, implicit.project_rows(A, 1.5), atol=1e-6)


# -- robustness -------------------------------------------------------------


def test_outputs_move_less_than_the_sensitivity():
    rng = np.random.default_rng(14)
    model = random_model(15, radius=0.6)
    S, tight = implicit.sensitivity(model), 0
    u = rng.normal(size=4)
    y = implicit.answer(model, u)
    for _ in range(300):
        change = 0.5 * rng.normal(size=4)
        moved = np.abs(implicit.answer(model, u + change) - y)
        assert (moved <= S @ np.abs(change) + 1e-9).all()
        tight = max(tight, (moved / (S @ np.abs(change))).max())
    assert tight > 0.05


def test_the_sensitivity_is_reached_by_positive_models():
    rng = np.random.default_rng(16)
    A, B, C, D = (
        np.abs(w)
        for w in random_model(17, radius=0.6)
    )  # fmt: skip
    model, change = ImplicitModel(A, B, C, D), rng.random(4)
    u = rng.random(4)
    moved = implicit.answer(model, u + change) - implicit.answer(model, u)
    np.testing.assert_allclose(
        moved, implicit.sensitivity(model) @ change, rtol=1e-7
    )


def test_certificates_and_attacks_do_not_contradict():
    model = random_model(18, radius=0.5)
    u = np.random.default_rng(19).normal(size=(40, 4))
    certified = implicit.certified_radius(model, u)
    attack = implicit.attack_radius(model, u, largest=4.0)
    assert (certified.radius <= attack).all()
    assert np.isfinite(attack).sum() > 10
    rng = np.random.default_rng(20)
    for _ in range(50):
        sign = rng.choice([-1, 1], u.shape)
        moved = u + 0.999 * certified.radius[:, np.newaxis] * sign
        y = implicit.answer(model, moved)
        assert (y.argmax(axis=1) == certified.labels).all()


def test_the_radius_of_a_linear_model_is_exact():
    zero = ImplicitModel(
        np.zeros((1, 1)), np.zeros((1, 2)), np.zeros((2, 1)),
        np.array([[1.0, 2.0], [0.0, -1.0]]),
    )  # fmt: skip
    found = implicit.certified_radius(zero, np.array([[1.0, 1.0]]))
    assert found.labels[0] == 0
    assert found.radius[0] == pytest.approx((3 - -1) / (1 + 3))
    fixed = implicit.certified_radius(
        zero, np.array([[1.0, 1.0]]), np.array([True, False])
    )
    assert fixed.radius[0] == pytest.approx(4 / 1)


def test_the_linear_program_bounds_every_sample():
    model = random_model(21, radius=0.5)
    u, rng = np.array([0.3, -0.2, 0.5, 1.0]), np.random.default_rng(22)
    free = np.array([True, True, True, False])
    y = implicit.answer(model, u)
    label, rates = int(y.argmax()), implicit.gap_rates(model, free)
    corners = u + 0.2 * free * rng.uniform(-1, 1, (2000, 4))
    values = implicit.answer(model, corners)
    for target in {0, 1, 2} - {label}:
        found = implicit.lp_attack(model, u, 0.2, label, target, free)
        sampled = (values[:, target] - values[:, label]).max()
        reach = y[target] - y[label] + 0.2 * rates[label, target]
        assert sampled <= found.bound + 1e-7
        assert found.value <= found.bound + 1e-7
        assert found.bound <= reach + 1e-7
        assert np.abs(found.u - u).max() <= 0.2 + 1e-9
        assert found.u[3] == 1


def test_the_linear_program_of_one_state_by_hand():
    # x = relu(u), y = (0, x): around u = 0.1 with size 0.3, y_1 - y_0 <= 0.4
    model = ImplicitModel(
        np.zeros((1, 1)), np.ones((1, 1)), np.array([[0.0], [1.0]]),
        np.zeros((2, 1)),
    )  # fmt: skip
    up = implicit.lp_attack(model, np.array([0.1]), 0.3, 0, 1)
    assert up.bound == pytest.approx(0.4, abs=1e-7)
    down = implicit.lp_attack(model, np.array([0.1]), 0.3, 1, 0)
    assert down.bound == pytest.approx(0, abs=1e-7)
    assert linprog([1], bounds=[(2, 3)]).fun == 2  # the solver is there


# -- training ---------------------------------------------------------------


def blobs():
    """Return two noisy classes."""
    rng = np.random.default_rng(23)
    y = rng.integers(0, 2, 300)
    return rng.normal(size=(300, 2)) + 2 * y[:, np.newaxis], y


def test_training_keeps_its_bounds_and_repeats():
    x, y = blobs()
    setting = Settings(
        states=6, kappa=0.4, steps=120, batch_size=50, input_norm=0.7,
        direct=False,
    )  # fmt: skip
    one, two = (implicit.train_implicit(x, y, setting, 3) for _ in range(2))
    np.testing.assert_array_equal(one.losses, two.losses)
    assert implicit.row_norm(one.model.A) <= 0.4 + 1e-12
    assert implicit.row_norm(one.model.B[:, :-1]) <= 0.7 + 1e-12
    assert (one.model.D[:, :-1] == 0).all()
    assert implicit.share_right(one.model, x, y) > 0.85
    assert one.losses[-10:].mean() < 0.6 * one.losses[:5].mean()


def test_a_price_makes_zeros():
    x, y = blobs()
    shares = []
    for shrink in (0.0, 1.0):
        setting = Settings(
            states=6, steps=200, shrink=shrink, learning_rate=3e-2
        )
        model = implicit.train_implicit(x, y, setting, 0).model
        shares.append((model.B[:, :-1] == 0).mean())
    assert shares[0] < 0.1
    assert shares[1] > 0.3


def test_data():
    x, y, x_test, y_test = implicit.small_digits(50, 20)
    assert x.shape == (50, 49)
    assert x_test.shape == (20, 49)
    assert 0 <= x.min() <= x.max() <= 1
    assert set(y) <= set(range(10))
    assert len(y_test) == 20
    u, y = implicit.equilibrium_task(500, np.random.default_rng(0))
    assert u.shape == (500, 4)
    assert abs(y.mean()) < 1e-9
    assert y.std() == pytest.approx(1)


# -- the layer --------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_layer_has_value_and_gradient_of_the_equation(activation):
    layer = ImplicitDense(6, 2, 0.8, activation, tol=1e-7)
    rng = np.random.default_rng(24)
    u = rng.normal(size=(5, 3)).astype("float32")
    layer(u)
    A = implicit.project_rows(rng.normal(size=(6, 6)), 0.8)
    others = [rng.normal(size=w.shape) for w in layer.weights[1:]]
    layer.set_weights([A, *others])
    B, C, D, b, d = others
    model = ImplicitModel(A, np.c_[B, b], C, np.c_[D, d])
    one, weight = implicit.with_one(u), rng.normal(size=(5, 2))
    wanted = implicit.answer(model, one, activation)
    ours = ops.convert_to_numpy(layer(u))
    np.testing.assert_allclose(ours, wanted, atol=2e-5)

    x = implicit.picard(A, one @ model.B.T, activation).x
    grads = implicit.implicit_gradient(model, one, x, weight, activation)
    _, found = value_and_grad(
        lambda: ops.sum(layer(u) * weight.astype("float32")),
        layer.trainable_weights,
    )()
    found = [ops.convert_to_numpy(g) for g in found]
    pairs = zip(
        found,
        (grads.A, grads.B[:, :-1], grads.C, grads.D[:, :-1], grads.B[:, -1],
         grads.D[:, -1]),
        strict=True,
    )  # fmt: skip
    for ours, exact in pairs:
        np.testing.assert_allclose(
            ours, exact, atol=1e-4 * np.abs(exact).max()
        )


def test_the_layer_trains_within_its_ball():
    x, y = blobs()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([ImplicitDense(5, 2, kappa=0.3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
    model.fit(x.astype("float32"), y, epochs=8, verbose=0)
    A = ops.convert_to_numpy(model.layers[0].A)
    assert implicit.row_norm(A) <= 0.3 + 1e-5
    assert model.evaluate(x, y, verbose=0)[1] > 0.85


# -- what is refused --------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: implicit.picard(np.ones((2, 3)), np.ones(2)), "square"),
        (lambda: implicit.picard(np.eye(2), np.ones(3)), "has 2 rows"),
        (lambda: implicit.picard(np.eye(1), np.ones(1), "exp"), "activations"),
        (lambda: implicit.picard(np.eye(1) * np.nan, np.ones(1)), "NaN"),
        (lambda: implicit.error_bound(1.0, 1.0), "below 1"),
        (lambda: implicit.scaling(np.eye(2), 1.0), "must lie above"),
        (lambda: implicit.sensitivity(random_model(0, radius=1.1)), "below 1"),
        (lambda: implicit.project_rows(np.ones((1, 2)), 0), "positive"),
        (lambda: implicit.from_feedforward([np.eye(2)], [1]), "hidden layer"),
        (
            lambda: implicit.from_feedforward(
                [np.ones((3, 2)), np.ones((1, 2))], [np.ones(3), np.ones(1)]
            ),
            "A layer of 3 units",
        ),
        (
            lambda: implicit.implicit_model(np.eye(2), np.eye(3), np.eye(2)),
            "B needs 2 rows",
        ),
        (
            lambda: implicit.implicit_model(
                np.eye(2), np.eye(2), np.eye(2), np.eye(3)
            ),
            "D has shape",
        ),
        (
            lambda: implicit.cascade(random_model(0), random_model(1)),
            "returns 3 numbers",
        ),
        (
            lambda: implicit.add(random_model(0), random_model(1, q=2)),
            "have no sum",
        ),
        (
            lambda: implicit.side_by_side(
                random_model(0), random_model(1, p=5)
            ),
            "one input",
        ),
        (
            lambda: implicit.feedback(random_model(0), np.ones((4, 3))),
            "D = 0",
        ),
        (
            lambda: implicit.from_recurrent(*[np.eye(1)] * 3, 0),
            "number of steps",
        ),
        (lambda: Settings(kappa=1.0), "kappa"),
        (lambda: Settings(steps=0), "at least 1"),
        (lambda: Settings(learning_rate=0), "positive"),
        (lambda: Settings(loss="mse"), "loss is one of"),
        (lambda: RowL1Ball(0), "positive"),
        (lambda: ImplicitDense(0, 1), "n >= 1"),
        (lambda: ImplicitDense(2, 1, kappa=1.0), "kappa"),
        (lambda: ImplicitDense(2, 1, activation="exp"), "activations"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_answers_without_an_equilibrium_are_refused():
    A = np.array([[-1.9, -1.7], [1.2, 1.0]])
    model = implicit.implicit_model(A, np.eye(2), np.eye(2))
    with pytest.raises(FloatingPointError, match="pf_radius"):
        implicit.answer(model, np.array([0.5, 0.8]), max_steps=200)


def test_training_stops_at_nan():
    x, y = blobs()
    with pytest.raises(FloatingPointError, match="loss is"):
        implicit.train_implicit(x * np.nan, y, Settings(steps=3), 0)
