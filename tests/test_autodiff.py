"""Gradients and steps, on whichever backend KERAS_BACKEND selects.

Oracles: derivatives worked out by hand, one step of gradient descent in
NumPy, and Keras' own `train_on_batch`.
"""

import keras
import numpy as np
import pytest
from keras import layers, ops

from topoi import autodiff
from topoi.autodiff import UndeclaredVariableError, input_gradient, make_step

BACKEND = keras.backend.backend()
jit_or_not = pytest.mark.parametrize("jit", [True, False])


# Keras 3.15 converts to NumPy in a way that NumPy 2.4 finds old.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't:DeprecationWarning"
)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def values(variables):
    return [array(v).copy() for v in variables]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def network(*widths, inputs=3, **kwargs):
    """Return a built dense network with weights drawn by NumPy."""
    model = keras.Sequential(
        [layers.Dense(w, activation="tanh", **kwargs) for w in widths[:-1]]
        + [layers.Dense(widths[-1], **kwargs)]
    )
    model.build((None, inputs))
    for seed, variable in enumerate(model.trainable_variables):
        variable.assign(0.5 * normal(*variable.shape, seed=seed))
    return model


def squared_error(model):
    def loss_fn(x, y):
        prediction = ops.cast(model(x, training=True), "float32")
        return ops.mean((prediction - y) ** 2)

    return loss_fn


def sgd(rate=0.1):
    return keras.optimizers.SGD(rate)


# -- input_gradient ---------------------------------------------------------


def test_gradient_of_a_cube_is_three_squares():
    x = normal(5, 4)
    gradient = array(input_gradient(lambda u: u**3, x))
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-5)


def test_gradient_of_its_squared_norm_is_36_cubes():
    """|3 x^2|^2 = 9 x^4, and its derivative is 36 x^3."""
    x = normal(5, 4)

    def squared_norm(u):
        return input_gradient(lambda v: v**3, u) ** 2

    gradient = array(input_gradient(squared_norm, x))
    np.testing.assert_allclose(gradient, 36 * x**3, rtol=1e-5)


def test_third_derivative_of_a_fourth_power():
    def derive(f):
        return lambda u: input_gradient(f, u)

    third = derive(derive(derive(lambda u: u**4)))
    np.testing.assert_allclose(array(third(np.float32([2.0]))), [48.0])


def test_rows_are_differentiated_independently():
    model, x = network(4, 1), normal(6, 3)
    together = array(input_gradient(model, x))
    alone = [array(input_gradient(model, x[i : i + 1]))[0] for i in range(6)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_gradient_where_f_does_not_depend_on_x_is_zero():
    gradient = input_gradient(lambda u: ops.ones((2,)), normal(3))
    np.testing.assert_array_equal(array(gradient), np.zeros(3))


def test_float64_becomes_the_float_type_of_keras():
    gradient = input_gradient(lambda u: u**2, np.ones(2, np.float64))
    assert keras.backend.standardize_dtype(gradient.dtype) == "float32"


def test_integers_have_no_gradient():
    with pytest.raises(TypeError, match=r"got uint8 of shape \(2, 3\)\. Con"):
        input_gradient(lambda u: u, np.zeros((2, 3), np.uint8))


def test_moving_statistics_are_written_by_a_differentiated_call():
    layer = layers.BatchNormalization(momentum=0.5)
    layer.build((None, 3))
    x = normal(8, 3)
    input_gradient(lambda u: layer(u, training=True), x)
    np.testing.assert_allclose(
        array(layer.moving_mean), 0.5 * x.mean(axis=0), atol=1e-6
    )


# -- pullback ---------------------------------------------------------------


def test_pullback_of_a_product_by_hand():
    """With f = (x0 x1, x1^2) the rows of the Jacobian are known."""
    y, pull = autodiff.pullback(
        lambda u: ops.stack([u[0] * u[1], u[1] ** 2]), np.float32([2, 3])
    )
    np.testing.assert_allclose(array(y), [6, 9])
    rows = [array(pull(np.eye(2, dtype="f4")[k])) for k in range(2)]
    np.testing.assert_allclose(rows, [[3, 2], [0, 6]])


def test_pullback_agrees_with_the_gradient_of_a_sum():
    model, x = network(4, 2), normal(6, 3)
    y, pull = autodiff.pullback(model, x)
    np.testing.assert_allclose(array(y), array(model(x)), atol=1e-6)
    weight = normal(6, 2, seed=3)
    wanted = input_gradient(lambda u: ops.sum(model(u) * weight, -1), x)
    for _ in range(2):  # f is not evaluated again, so twice is allowed
        np.testing.assert_allclose(
            array(pull(weight)), array(wanted), atol=1e-6
        )


def test_pullback_of_a_constant_is_zero():
    _, pull = autodiff.pullback(lambda u: ops.ones((2,)), normal(3))
    np.testing.assert_array_equal(array(pull(normal(2))), np.zeros(3))


def test_pullback_refuses_integers():
    with pytest.raises(TypeError, match=r"pullback needs .* got uint8"):
        autodiff.pullback(lambda u: u, np.zeros((2, 3), np.uint8))


# -- value_and_grad ---------------------------------------------------------


def test_gradients_of_a_quadratic_form():
    a, b = (keras.Variable(normal(3, seed=s)) for s in (1, 2))
    value, (da, db) = autodiff.value_and_grad(
        lambda c: ops.sum(c * a * b * b), [a, b]
    )(2.0)
    a, b = array(a), array(b)
    np.testing.assert_allclose(array(value), 2 * (a * b * b).sum(), rtol=1e-5)
    np.testing.assert_allclose(array(da), 2 * b * b, rtol=1e-5)
    np.testing.assert_allclose(array(db), 4 * a * b, rtol=1e-5)


def test_results_are_free_of_graphs_and_leave_nothing_behind():
    """NumPy refuses a PyTorch tensor that still belongs to a graph."""
    v = keras.Variable(np.float32([1.0, 2.0]))
    f = autodiff.value_and_grad(lambda: (ops.sum(v * v), v * 3), [v])
    (value, aux), (gradient,) = f()
    assert np.asarray(value) == 5
    assert np.asarray(aux).tolist() == [3, 6]
    assert np.asarray(gradient).tolist() == [2, 4]
    if BACKEND == "torch":
        assert v.value.grad is None


def test_gradient_of_a_gradient_norm():
    """f = sum v^3, so |grad f|^2 = 9 sum v^4, with derivative 36 v^3."""
    v = keras.Variable(normal(4))

    def norm():
        _, (g,) = autodiff.value_and_grad(lambda: ops.sum(v**3), [v])()
        return ops.sum(g**2)

    _, (gradient,) = autodiff.value_and_grad(norm, [v])()
    expected = 36 * array(v) ** 3
    np.testing.assert_allclose(array(gradient), expected, rtol=1e-5)


def test_what_the_function_assigns_is_assigned_once():
    v = keras.Variable(np.float32(3.0))
    count = keras.Variable(np.float32(0.0), trainable=False)

    def f():
        count.assign_add(1.0)
        return v * count

    result, _ = autodiff.value_and_grad(f, [v])()
    assert float(result) == 3
    assert float(array(count)) == 1


@pytest.mark.parametrize(
    ("variables", "error", "message"),
    [
        ([], ValueError, "at least one variable, but `variables` is empty"),
        ([normal(2)], TypeError, "`variables` must list keras.Variable .* nd"),
    ],
)
def test_value_and_grad_refuses(variables, error, message):
    with pytest.raises(error, match=message):
        autodiff.value_and_grad(lambda: 0.0, variables)


def test_an_unused_variable_is_named_by_value_and_grad():
    used, unused = (keras.Variable(1.0, name=n) for n in ("used", "unused"))
    with pytest.raises(ValueError, match=r"no gradient .* to unused\. Leave"):
        autodiff.value_and_grad(lambda: used * 2.0, [used, unused])()


# -- make_step: what it computes --------------------------------------------


def numpy_step(weights, x, y, rate):
    """One step of gradient descent for tanh network and mean square."""
    w1, b1, w2, b2 = (w.astype(np.float64) for w in weights)
    h = np.tanh(x @ w1 + b1)
    residual = h @ w2 + b2 - y
    d_out = 2 * residual / residual.size
    d_hidden = (d_out @ w2.T) * (1 - h**2)
    gradients = [x.T @ d_hidden, d_hidden.sum(0), h.T @ d_out, d_out.sum(0)]
    stepped = [
        w - rate * g for w, g in zip((w1, b1, w2, b2), gradients, strict=True)
    ]
    return (residual**2).mean(), stepped


@jit_or_not
def test_a_step_is_the_step_written_by_hand(jit):
    model, x, y = network(5, 2), normal(7, 3), normal(7, 2, seed=9)
    loss, expected = numpy_step(values(model.variables), x, y, 0.1)
    step = make_step(
        squared_error(model), sgd(), model.trainable_variables, jit=jit
    )
    ours, aux = step(x, y)
    assert aux is None
    assert abs(float(ours) - loss) < 1e-6
    for variable, value in zip(model.variables, expected, strict=True):
        np.testing.assert_allclose(array(variable), value, atol=1e-6)


def test_the_loss_is_the_same_on_every_backend():
    """Oracle: the float64 NumPy network; the weights come from NumPy too.

    Each backend lands within 1e-5 of one number, so they agree to 2e-5.
    """
    model, x, y = network(5, 2), normal(7, 3), normal(7, 2, seed=9)
    step = make_step(squared_error(model), sgd(), model.trainable_variables)
    weights = values(model.variables)
    for _ in range(5):
        expected, weights = numpy_step(weights, x, y, 0.1)
        assert abs(float(step(x, y)[0]) - expected) < 1e-5


def batch_norm_network():
    model = keras.Sequential(
        [layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.build((None, 3))
    for seed, variable in enumerate(model.trainable_variables):
        variable.assign(normal(*variable.shape, seed=seed))
    return model


@jit_or_not
def test_moving_statistics_advance_as_under_train_on_batch(jit):
    ours, keras_own = batch_norm_network(), batch_norm_network()
    keras_own.compile(sgd(), "mean_squared_error", jit_compile=False)
    step = make_step(
        squared_error(ours),
        sgd(),
        ours.trainable_variables,
        ours.variables,
        jit=jit,
    )
    before = values(ours.non_trainable_variables)
    for seed in range(3):
        x, y = normal(8, 3, seed=seed), normal(8, 1, seed=seed + 9)
        step(x, y)
        keras_own.train_on_batch(x, y)
    after = values(ours.non_trainable_variables)
    assert all((a != b).all() for a, b in zip(after, before, strict=True))
    pairs = zip(values(ours.weights), values(keras_own.weights), strict=True)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_adam_takes_the_same_steps_as_under_train_on_batch():
    ours, keras_own = network(5, 2), network(5, 2)
    keras_own.compile("adam", "mean_squared_error", jit_compile=False)
    step = make_step(
        squared_error(ours),
        keras.optimizers.Adam(),
        ours.trainable_variables,
    )
    x, y = normal(8, 3), normal(8, 2, seed=9)
    for _ in range(4):
        step(x, y)
        keras_own.train_on_batch(x, y)
    pairs = zip(values(ours.weights), values(keras_own.weights), strict=True)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


@jit_or_not
def test_a_generator_step_leaves_the_discriminator_alone(jit):
    """Bit for bit, and the other way round."""
    g, d, z, x = network(4, 3, inputs=2), network(4, 1), normal(8, 2), 0
    x = normal(8, 3, seed=5)

    def g_loss(z):
        return ops.mean(ops.softplus(-d(g(z))))

    def d_loss(x, z):
        real, fake = d(x), d(ops.stop_gradient(g(z)))
        return ops.mean(ops.softplus(-real) + ops.softplus(fake)), {"f": fake}

    both = g.variables + d.variables
    g_step = make_step(g_loss, sgd(), g.trainable_variables, both, jit=jit)
    d_step = make_step(d_loss, sgd(), d.trainable_variables, both, jit=jit)
    for step, arrays, moving, resting in (
        (g_step, (z,), g, d),
        (d_step, (x, z), d, g),
        (g_step, (z,), g, d),
    ):
        still, moved = values(resting.variables), values(moving.variables)
        step(*arrays)
        for before, v in zip(still, resting.variables, strict=True):
            np.testing.assert_array_equal(array(v), before)
        for before, v in zip(moved, moving.variables, strict=True):
            assert (array(v) != before).any()


def test_a_step_sees_what_another_step_changed():
    """The bug that the scope guards against: an opponent frozen in time."""
    v, w = (keras.Variable(np.float32(1.0)) for _ in range(2))
    rise = make_step(lambda: -w * 1.0, sgd(1.0), [w])
    follow = make_step(lambda: v * w, sgd(1.0), [v], [w])
    seen = []
    for _ in range(3):
        rise()
        before = float(array(v))
        follow()
        seen.append(before - float(array(v)))
    assert seen == [2.0, 3.0, 4.0]


def test_variables_outside_are_read_afresh_if_assigned_between_steps():
    v = keras.Variable(np.float32(0.0))
    optimizer = sgd(1.0)
    step = make_step(lambda: v * 1.0, optimizer, [v])
    step()
    v.assign(10.0)
    optimizer.learning_rate = 0.25
    step()
    assert float(array(v)) == 9.75


def test_dropout_draws_new_masks_and_repeats_from_its_seed():
    x = np.ones((1, 64), np.float32)

    def masks():
        drop = layers.Dropout(0.5, seed=3)
        v = keras.Variable(np.float32(1.0))
        step = make_step(
            lambda x: (ops.sum(y := drop(x * v, training=True)), y),
            sgd(0.0),
            [v],
            drop.variables,
        )
        return [array(step(x)[1]) for _ in range(2)]

    first, second = masks()
    assert (first != second).any()
    np.testing.assert_array_equal([first, second], masks())


def test_spectral_normalisation_step_is_the_step_written_by_hand():
    """Gradient of <G, W / s> with s = v W u, where u and v are constants."""
    layer = layers.SpectralNormalization(layers.Dense(2, use_bias=False))
    layer.build((None, 3))
    kernel, u = layer.layer.kernel, layer.vector_u
    kernel.assign(normal(3, 2, seed=1))
    x, c = normal(6, 3, seed=2), normal(6, 2, seed=3)
    w, left = array(kernel), array(u)[0]
    right = w @ left / np.linalg.norm(w @ left)
    left = right @ w / np.linalg.norm(right @ w)
    sigma, g = right @ w @ left, x.T @ c
    gradient = g / sigma - (g * w).sum() / sigma**2 * np.outer(right, left)
    step = make_step(
        lambda x, c: ops.sum(layer(x, training=True) * c),
        sgd(0.01),
        [kernel],
        layer.variables,
    )
    step(x, c)
    np.testing.assert_allclose(array(u)[0], left, atol=1e-5)
    expected = w / sigma - 0.01 * gradient
    np.testing.assert_allclose(array(kernel), expected, atol=1e-5)


@jit_or_not
def test_gradient_penalty_of_a_linear_critic(jit):
    """D(x) = w.x has the gradient w: the penalty is (|w| - 1)^2."""
    w = keras.Variable(normal(3, 1))
    before = array(w).copy()

    def penalty(x):
        g = input_gradient(lambda u: ops.matmul(u, w), x)
        return ops.mean((ops.sqrt(ops.sum(g**2, axis=1)) - 1) ** 2)

    loss, _ = make_step(penalty, sgd(0.1), [w], jit=jit)(normal(5, 3, seed=4))
    norm = np.linalg.norm(before)
    assert abs(float(loss) - (norm - 1) ** 2) < 1e-5
    expected = before - 0.1 * 2 * (norm - 1) * before / norm
    np.testing.assert_allclose(array(w), expected, atol=1e-5)


def test_value_and_grad_inside_a_step():
    v, w = (keras.Variable(normal(3, seed=s)) for s in (1, 2))
    v0, w0 = array(v).copy(), array(w).copy()

    def loss():
        _, (g,) = autodiff.value_and_grad(lambda: ops.sum(v**2 * w), [v])()
        return ops.sum(g**2)  # 4 v^2 w^2

    make_step(loss, sgd(0.01), [w], [v])()
    expected = w0 - 0.01 * 8 * v0**2 * w0
    np.testing.assert_allclose(array(w), expected, rtol=1e-5)


def test_aux_keeps_its_nesting_and_its_values_from_before_the_step():
    v = keras.Variable(np.float32(2.0))
    step = make_step(
        lambda x: (v * 1.0, {"twice": v * 2, "rest": [x, (3, v)]}), sgd(), [v]
    )
    _, aux = step(np.arange(3, dtype=np.int32))
    assert float(array(aux["twice"])) == 4
    x, (three, two) = aux["rest"]
    assert array(x).tolist() == [0, 1, 2]
    assert (int(three), float(array(two))) == (3, 2.0)


def test_arguments_may_be_nested_read_only_float64_or_numbers():
    v = keras.Variable(np.float32(2.0))
    x = np.ones(4)
    x.flags.writeable = False
    step = make_step(
        lambda batch, c: v * ops.sum(batch["x"]) * c, sgd(1.0), [v]
    )
    assert float(step({"x": x}, 0.5)[0]) == 4.0
    assert float(array(v)) == 0.0


def test_batches_of_other_sizes_are_accepted():
    model = network(4, 1)
    step = make_step(squared_error(model), sgd(), model.trainable_variables)
    for size in (8, 8, 3, 1):
        loss, _ = step(normal(size, 3), normal(size, 1))
        assert np.isfinite(float(loss))


def test_a_frozen_layer_trains_if_it_is_listed():
    """`trainable` of the step counts, not the flag of the layer."""
    model = network(4, 1)
    model.trainable = False
    before = values(model.variables)
    step = make_step(squared_error(model), sgd(), model.variables)
    step(normal(8, 3), normal(8, 1))
    for old, v in zip(before, model.variables, strict=True):
        assert (array(v) != old).any()


def test_layer_losses_can_be_added():
    """Oracle: the gradient of 0.5 * sum w^2 is w."""
    layer = layers.Dense(
        2, use_bias=False, kernel_regularizer=keras.regularizers.L2(0.5)
    )
    layer.build((None, 3))
    before = array(layer.kernel).copy()

    def loss(x):
        return 0.0 * ops.sum(layer(x)) + sum(layer.losses)

    make_step(loss, sgd(0.1), layer.variables)(normal(1, 3))
    after = array(layer.kernel)
    np.testing.assert_allclose(after, 0.9 * before, atol=1e-6)


def test_weight_constraints_hold_after_a_step():
    v = keras.Variable(np.float32([1.0, -1.0]))
    v.constraint = keras.constraints.NonNeg()
    make_step(lambda: ops.sum(v), sgd(0.1), [v])()
    assert array(v).tolist() == [np.float32(0.9), 0.0]


# -- mixed precision --------------------------------------------------------


@jit_or_not
def test_a_loss_scale_optimizer_scales_and_unscales(jit):
    """Powers of two are exact, so the step is that of plain descent."""
    v = keras.Variable(np.float32([1.0, 2.0]))
    optimizer = keras.optimizers.LossScaleOptimizer(
        sgd(0.5), initial_scale=1024.0, dynamic_growth_steps=2
    )
    step = make_step(lambda: ops.sum(v**2), optimizer, [v], jit=jit)
    loss, _ = step()
    assert float(loss) == 5.0
    assert array(v).tolist() == [0.0, 0.0]
    step()
    assert float(array(optimizer.dynamic_scale)) == 2048.0


def test_a_gradient_that_overflows_is_skipped_and_the_scale_halved():
    v = keras.Variable(np.float32(1.0))
    optimizer = keras.optimizers.LossScaleOptimizer(
        sgd(1.0), initial_scale=1024.0
    )
    step = make_step(lambda c: ops.sum(v * c), optimizer, [v])
    step(np.float32(3e38))
    assert float(array(v)) == 1.0
    assert float(array(optimizer.dynamic_scale)) == 512.0
    step(np.float32(1.0))
    assert float(array(v)) == 0.0


def test_a_half_precision_network_takes_a_step():
    """Within the rounding of float16 of the step in float32."""
    model, half = network(5, 2), network(5, 2, dtype="mixed_float16")
    x, y = normal(8, 3), normal(8, 2, seed=9)
    optimizer = keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=64.0)
    expected, _ = make_step(
        squared_error(model), sgd(), model.trainable_variables
    )(x, y)
    loss, _ = make_step(
        squared_error(half), optimizer, half.trainable_variables
    )(x, y)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert abs(float(loss) - float(expected)) < 1e-2
    for a, b in zip(half.variables, model.variables, strict=True):
        np.testing.assert_allclose(array(a), array(b), atol=2e-3)


# -- make_step: what it refuses ---------------------------------------------


@jit_or_not
def test_an_undeclared_variable_is_named(jit):
    g, d = network(4, 3, inputs=2), network(4, 1)
    step = make_step(
        lambda z: ops.mean(d(g(z))), sgd(), g.trainable_variables, jit=jit
    )
    path = d.variables[0].path
    with pytest.raises(UndeclaredVariableError, match=f"also uses.*{path}"):
        step(normal(8, 2))


@jit_or_not
def test_an_undeclared_assignment_is_named_and_not_made(jit):
    v = keras.Variable(np.float32(1.0))
    count = keras.Variable(np.float32(0.0), name="count", trainable=False)

    def loss():
        count.assign(5.0)
        return v * 1.0

    step = make_step(loss, sgd(), [v], jit=jit)
    with pytest.raises(
        UndeclaredVariableError, match=r"Assigned among them: count\."
    ):
        step()
    assert float(array(count)) == 0.0
    assert float(array(v)) == 1.0


def test_moving_statistics_must_be_declared():
    model = batch_norm_network()
    step = make_step(squared_error(model), sgd(), model.trainable_variables)
    with pytest.raises(UndeclaredVariableError, match="moving_mean.*state="):
        step(normal(8, 3), normal(8, 1))
    assert (array(model.layers[1].moving_mean) == 0).all()


def test_a_layer_built_inside_is_refused_and_usable_afterwards():
    layer, v = layers.Dense(2), keras.Variable(np.float32(1.0))
    step = make_step(lambda x: v * ops.sum(layer(x)), sgd(), [v])
    with pytest.raises(UndeclaredVariableError, match="Build every layer"):
        step(normal(4, 3))
    np.testing.assert_array_equal(
        array(layer(np.zeros((1, 3), np.float32))), np.zeros((1, 2))
    )


def test_a_regularised_undeclared_layer_is_named_too():
    """Keras fails inside before the guard is reached; the guard speaks."""
    layer = layers.Dense(2, kernel_regularizer="l2")
    layer.build((None, 3))
    v = keras.Variable(np.float32(1.0))
    step = make_step(
        lambda x: v * ops.sum(layer(x)) + sum(layer.losses), sgd(), [v]
    )
    with pytest.raises(UndeclaredVariableError, match="kernel"):
        step(normal(4, 3))


def test_the_global_seed_is_refused():
    """On JAX by Keras itself, elsewhere as an undeclared variable."""
    v = keras.Variable(np.float32(1.0))
    step = make_step(lambda: v * keras.random.normal(()), sgd(), [v])
    with pytest.raises(ValueError, match="seed_generator|SeedGenerator"):
        step()


def test_after_an_error_the_next_step_works():
    model, x = network(4, 1), normal(8, 3)
    step = make_step(squared_error(model), sgd(), model.trainable_variables)
    bad = make_step(
        lambda x: ops.mean(model(x)), sgd(), model.trainable_variables[:2]
    )
    with pytest.raises(UndeclaredVariableError):
        bad(x)
    assert np.isfinite(float(step(x, normal(8, 1))[0]))
    assert model(x).shape == (8, 1)


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (lambda v: v * np.ones(3, "f4"), ValueError, r"shape \(3,\)\. Reduce"),
        (lambda v: ops.cast(v, "int32"), ValueError, "but it is int32"),
        (lambda v: {"loss": v}, TypeError, "pair .scalar, aux.*it returned"),
        (lambda v: (v * 1, "text"), TypeError, "holds 'text' of type str"),
        (lambda v: (v * 1, [object()]), TypeError, "of type object. Return"),
    ],
)
def test_a_bad_result_of_the_loss_function(result, error, message):
    v = keras.Variable(np.float32(1.0))
    with pytest.raises(error, match=message):
        make_step(lambda: result(v), sgd(), [v])()


@jit_or_not
def test_a_trainable_variable_that_is_never_read_is_named(jit):
    v, idle = keras.Variable(1.0), keras.Variable(1.0, name="idle")
    step = make_step(lambda: v * 2.0, sgd(), [v, idle], jit=jit)
    with pytest.raises(ValueError, match=r"respect to idle\. Leave them out"):
        step()
    assert float(array(v)) == 1.0


@pytest.mark.skipif(BACKEND == "jax", reason="JAX gives a gradient of zero")
def test_a_variable_behind_stop_gradient_is_named():
    v, cut = keras.Variable(1.0), keras.Variable(1.0, name="cut")
    step = make_step(lambda: v + ops.stop_gradient(cut * 1.0), sgd(), [v, cut])
    with pytest.raises(ValueError, match="respect to cut.*stop_gradient"):
        step()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (lambda v: (sgd(), []), ValueError, "`trainable` is empty. Build"),
        (lambda v: (sgd(), [normal(2)]), TypeError, "`trainable` must list.*"),
        (lambda v: (sgd(), [v], ["w"]), TypeError, "`state` must.*holds str"),
        (lambda v: ("adam", [v]), TypeError, "needs an optimiser.*'adam'"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    v = keras.Variable(1.0)
    with pytest.raises(error, match=message):
        make_step(lambda: v * 1.0, *arguments(v))


def test_an_optimiser_of_other_variables_is_refused():
    v, w = (keras.Variable(1.0) for _ in range(2))
    optimizer = sgd()
    make_step(lambda: v * 1.0, optimizer, [v])
    make_step(lambda: v * 2.0, optimizer, [v])  # the same: allowed
    with pytest.raises(ValueError, match="built for 1 variables.* of its own"):
        make_step(lambda: w * 1.0, optimizer, [w])
