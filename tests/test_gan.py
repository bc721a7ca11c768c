"""Oracles of topoi.gan: closed forms, NumPy in float64, SciPy, counting."""

import hashlib
import pickle

import keras
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import layers, ops

from topoi import cnn, gan
from topoi.autodiff import value_and_grad

RNG = np.random.default_rng(7)
GRID = np.linspace(-6, 6, 1201)
DX = GRID[1] - GRID[0]
BACKEND = keras.backend.backend()


def bell(mean, deviation=1.0):
    density = scipy.stats.norm.pdf(GRID, mean, deviation)
    return density / (density.sum() * DX)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def number(tensor):
    return float(numpy(tensor))


def set_weights(model, seed, scale=0.1):
    """Give a model weights that NumPy has drawn: equal on every backend."""
    rng = np.random.default_rng(seed)
    for v in model.trainable_variables:
        v.assign(scale * rng.normal(size=v.shape).astype("float32"))


def digest(model):
    """Return a hash of all weights: equal exactly when every bit is."""
    raw = b"".join(numpy(v).tobytes() for v in model.variables)
    return hashlib.sha256(raw).hexdigest()


def linear_critic(weights, shape):
    """Return x -> w . x as a Keras model."""
    inputs = keras.Input(shape)
    dense = layers.Dense(1, use_bias=False)
    model = keras.Model(inputs, dense(layers.Flatten()(inputs)))
    dense.kernel.assign(np.float32(weights).reshape(-1, 1))
    return model


# -- the game on known densities --------------------------------------------


@given(st.floats(-1, 1), st.floats(0.8, 1.5))
@settings(max_examples=30, deadline=None)
def test_value_of_the_best_answer_is_two_js_minus_log_four(mean, deviation):
    """The theorem, with the divergence in its other form: by entropies."""
    p, q = bell(0), bell(mean, deviation)
    value = gan.game_value(gan.optimal_discriminator(p, q), p, q, DX)

    def entropy(density):
        return -np.sum(scipy.special.xlogy(density, density)) * DX

    js = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
    assert value == pytest.approx(2 * js - np.log(4), abs=1e-6)
    assert gan.js_divergence(p, q, DX) == pytest.approx(js, abs=1e-6)


def test_no_other_answer_scores_higher():
    """Oracle: a numerical maximiser over free answers at 20 points."""
    p, q = RNG.random((2, 20)) / 20
    found = scipy.optimize.minimize(
        lambda d: -gan.game_value(d, p, q, 1.0),
        np.full(20, 0.5),
        bounds=[(1e-6, 1 - 1e-6)] * 20,
    )
    best = gan.optimal_discriminator(p, q)
    np.testing.assert_allclose(found.x, best, atol=1e-3)
    assert gan.game_value(best, p, q, 1.0) >= -found.fun


def test_equal_densities_reach_the_minimum():
    p = bell(1, 0.5)
    d = gan.optimal_discriminator(p, p)
    assert (d == 0.5).all()
    assert gan.game_value(d, p, p, DX) == pytest.approx(-np.log(4))
    assert gan.js_divergence(p, p, DX) == 0


def test_disjoint_supports_give_log_two_and_the_distance():
    """Point masses at 0 and at theta, for every theta but 0."""
    for theta in (1, 5, 400):
        p, q = np.zeros((2, 1001))
        p[500], q[500 + theta] = 1 / DX, 1 / DX
        assert gan.js_divergence(p, q, DX) == pytest.approx(np.log(2))
        distance = gan.wasserstein_1d(p, q, DX)
        assert distance == pytest.approx(theta * DX)


def test_wasserstein_agrees_with_scipy():
    p, q = bell(-1, 0.7), 0.5 * bell(0) + 0.5 * bell(3)
    theirs = scipy.stats.wasserstein_distance(GRID, GRID, p, q)
    assert gan.wasserstein_1d(p, q, DX) == pytest.approx(theirs, rel=1e-4)


def test_logistic_regression_finds_the_log_ratio():
    """Features x and x^2 can express log p/q of two Gaussians exactly."""
    p, q = bell(-0.5, 1.0), bell(1.0, 1.5)
    near = (GRID > -3) & (GRID < 4)
    features = np.stack([np.ones_like(GRID), GRID, GRID**2], axis=1)

    def loss(w):
        d = scipy.special.expit(features @ w)
        return -gan.game_value(d, p, q, DX)

    w = scipy.optimize.minimize(loss, np.zeros(3), tol=1e-10).x
    ratio = np.log(p / q)
    assert np.abs(features @ w - ratio)[near].max() < 0.05


def test_nowhere_any_mass_means_undecided():
    zero = np.zeros(3)
    np.testing.assert_array_equal(gan.optimal_discriminator(zero, zero), 0.5)
    assert gan.game_value(np.array([0.0, 1.0, 0.5]), zero, zero, 1) == 0


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        (np.ones(3), np.ones(4), r"their shapes are \(3,\) and \(4,\)\. Eval"),
        (-np.ones(3), np.ones(3), "density p must be finite and not negative"),
        (np.ones(2), np.array([1, np.nan]), "density q must be finite"),
    ],
)
def test_bad_densities_are_refused(p, q, message):
    for function in (gan.optimal_discriminator, gan.wasserstein_1d):
        with pytest.raises(ValueError, match=message):
            function(*([p, q] + [0.1] * (function is gan.wasserstein_1d)))


def test_logits_instead_of_probabilities_are_refused():
    ones = np.ones(2)
    with pytest.raises(ValueError, match=r"-1\.0 to 3\.0\. Logits\? Apply"):
        gan.game_value(np.array([-1.0, 3.0]), ones, ones, 1.0)


def test_wasserstein_on_a_plane_is_refused():
    with pytest.raises(ValueError, match=r"on a line.*\(2, 2\)"):
        gan.wasserstein_1d(np.ones((2, 2)), np.ones((2, 2)), 1.0)


# -- the Dirac-GAN ----------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 0.1, 1.0, 3.0])
def test_simultaneous_steps_grow_by_the_modulus_of_the_eigenvalue(rate):
    path = gan.dirac_path(rate, 30)
    norms = np.linalg.norm(path, axis=1)
    expected = abs(1 + 1j * rate)
    np.testing.assert_allclose(norms[1:] / norms[:-1], expected, atol=1e-6)


@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_linear_paths_are_powers_of_the_jacobian(alternating, penalty):
    path = gan.dirac_path(0.2, 12, penalty, alternating)
    matrix = gan.dirac_jacobian(0.2, 1.0, penalty, alternating)
    power = np.linalg.matrix_power(matrix, 12)
    np.testing.assert_allclose(path[-1], power @ path[0], atol=1e-12)


@pytest.mark.parametrize("alternating", [False, True])
def test_jacobian_is_that_of_the_logistic_game(alternating):
    """Oracle: central differences of one update, at the equilibrium."""
    h = 1e-5
    columns = [
        np.subtract(
            *(
                gan.dirac_path(0.3, 1, 0.4, alternating, True, start)[1]
                for start in (np.eye(2)[i] * h, -np.eye(2)[i] * h)
            )
        )
        / (2 * h)
        for i in (0, 1)
    ]
    matrix = gan.dirac_jacobian(0.3, 0.5, 0.4, alternating)
    np.testing.assert_allclose(np.stack(columns, axis=1), matrix, atol=1e-8)


def test_alternating_steps_neither_grow_nor_shrink_up_to_rate_two():
    for rate in (0.1, 1.0, 1.99):
        matrix = gan.dirac_jacobian(rate, alternating=True)
        np.testing.assert_allclose(abs(np.linalg.eigvals(matrix)), 1)
    matrix = gan.dirac_jacobian(2.1, alternating=True)
    assert abs(np.linalg.eigvals(matrix)).max() > 1.5


@given(st.floats(0, 4), st.floats(0.2, 1))
@settings(deadline=None)
def test_penalty_moves_the_eigenvalues_of_the_flow(penalty, slope):
    """(Jacobian - 1) / rate is the flow's matrix, of either update."""
    root = np.sqrt(complex(penalty**2 / 4 - slope**2))
    expected = np.sort_complex([-penalty / 2 - root, -penalty / 2 + root])
    matrix = (gan.dirac_jacobian(1.0, slope, penalty) - np.eye(2)) / 1.0
    # a double root moves by the square root of a rounding error
    np.testing.assert_allclose(
        np.sort_complex(np.linalg.eigvals(matrix)), expected, atol=1e-6
    )


def test_with_a_penalty_small_steps_converge_and_large_ones_do_not():
    """Simultaneous: converges exactly for rate < penalty / slope^2."""
    for rate, converges in ((0.4, True), (0.6, False)):
        eigenvalues = np.linalg.eigvals(gan.dirac_jacobian(rate, 1.0, 0.5))
        assert (abs(eigenvalues).max() < 1) == converges


# -- losses -----------------------------------------------------------------

LOGITS = np.float32([[-30], [-2], [0], [1], [30]])


@pytest.mark.parametrize("name", gan.LOSSES)
def test_losses_agree_with_their_formulas(name):
    """Oracle: probabilities in float64, logits within +-30."""
    real, fake = LOGITS.astype(float)[::-1] - 1, LOGITS.astype(float)

    def log_s(x):
        return scipy.special.log_expit(x)

    expected = {
        "saturating": (
            -log_s(real).mean() - log_s(-fake).mean(),
            log_s(-fake).mean(),
        ),
        "logistic": (
            -log_s(real).mean() - log_s(-fake).mean(),
            -log_s(fake).mean(),
        ),
        "hinge": (
            np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean(),
            -fake.mean(),
        ),
        "wasserstein": (fake.mean() - real.mean(), -fake.mean()),
    }[name]
    losses = gan.LOSSES[name]
    ours = (
        number(losses.critic(np.float32(real), np.float32(fake))),
        number(losses.generator(np.float32(fake))),
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_derivatives_of_both_generator_losses():
    """-s(l) saturates where the critic wins; -(1 - s(l)) does not."""
    logit = keras.Variable(LOGITS)
    s = scipy.special.expit(LOGITS.astype(float))
    for name, expected in (("saturating", -s), ("logistic", s - 1)):
        loss = gan.LOSSES[name].generator
        _, (gradient,) = value_and_grad(
            lambda f=loss: f(logit.value), [logit]
        )()
        np.testing.assert_allclose(
            numpy(gradient) * len(LOGITS), expected, atol=1e-6
        )


# -- gradient penalty and reversal ------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (4, 4, 1)])
def test_penalty_of_a_linear_critic_is_exact(shape):
    """The slope of w . x is w everywhere, whatever the batch."""
    weights = RNG.normal(size=np.prod(shape)).astype("float32")
    critic = linear_critic(weights, shape)
    real, fake = RNG.normal(size=(2, 6, *shape)).astype("float32")
    mix = RNG.random((6,) + (1,) * len(shape)).astype("float32")
    penalty = number(gan.gradient_penalty(critic, real, fake, mix))
    expected = (np.linalg.norm(weights) - 1) ** 2
    assert penalty == pytest.approx(expected, rel=1e-5)


def test_penalty_is_taken_on_the_segments():
    """Critic sum x^3 has slope 3 x^2, evaluated at the mixtures."""
    real, fake = RNG.normal(size=(2, 5, 3)).astype("float32")
    mix = RNG.random((5, 1)).astype("float32")
    x = (mix * real + (1 - mix) * fake).astype(float)
    expected = np.mean((np.linalg.norm(3 * x**2, axis=1) - 1) ** 2)
    ours = gan.gradient_penalty(
        lambda u: ops.sum(u**3, axis=1, keepdims=True), real, fake, mix
    )
    assert number(ours) == pytest.approx(expected, rel=1e-4)


def test_penalty_of_a_flat_critic_has_a_finite_gradient():
    """The plain root has an infinite slope at 0 and would give NaN."""
    critic = linear_critic(np.zeros(3), (3,))
    x = np.ones((4, 3), "float32")

    def loss():
        return gan.gradient_penalty(critic, x, -x, np.ones((4, 1), "float32"))

    value, (gradient,) = value_and_grad(loss, critic.trainable_variables)()
    assert number(value) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(numpy(gradient)).all()


@pytest.mark.parametrize(
    ("fake", "mix"), [((4, 3), (4, 3)), ((4, 2), (4, 1)), ((4, 3), (4,))]
)
def test_penalty_refuses_other_shapes(fake, mix):
    with pytest.raises(ValueError, match=r"shape \(n, 1, \), but got \(4, 3"):
        gan.gradient_penalty(
            ops.sum, *(np.ones(s, "float32") for s in ((4, 3), fake, mix))
        )


@given(
    arrays(
        np.float32,
        5,
        elements=st.floats(
            -(2.0**60), 2.0**60, width=32, allow_subnormal=False
        ),
    )
)
@settings(max_examples=25, deadline=None)
def test_reversal_keeps_every_bit(x):
    np.testing.assert_array_equal(numpy(gan.reverse_gradient(x)), x)


def test_reversal_turns_the_gradient_round():
    x = keras.Variable(np.float32(RNG.normal(size=100)))
    layer = gan.GradientReversal()
    _, (plain,) = value_and_grad(lambda: ops.sum(x.value**3), [x])()
    _, (turned,) = value_and_grad(lambda: ops.sum(layer(x.value) ** 3), [x])()
    np.testing.assert_array_equal(numpy(turned), -numpy(plain))


# -- networks: the same loss on every backend -------------------------------


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def forward_in_numpy(generator, critic, z):
    """Return pictures and logits in float64, with the NumPy convolutions."""
    weights = [numpy(v).astype(float) for v in generator.trainable_variables]
    kernel, bias, up1, bias1, up2, bias2 = weights
    x = leaky(z.astype(float) @ kernel + bias).reshape(len(z), 7, 7, -1)
    x = leaky(cnn.conv2d_transpose(x, up1, stride=2, padding="same") + bias1)
    x = np.tanh(cnn.conv2d_transpose(x, up2, stride=2, padding="same") + bias2)
    weights = [numpy(v).astype(float) for v in critic.trainable_variables]
    down1, bias1, down2, bias2, kernel, bias = weights
    y = leaky(cnn.conv2d(x, down1, bias1, stride=2, padding="same"))
    y = leaky(cnn.conv2d(y, down2, bias2, stride=2, padding="same"))
    return x, y.reshape(len(y), -1) @ kernel + bias


def test_networks_compute_what_numpy_computes():
    """Run on each backend, this makes their losses equal within 1e-5."""
    generator, critic = gan.build_generator(8, 4), gan.build_critic(4)
    set_weights(generator, 1)
    set_weights(critic, 2)
    z = RNG.normal(size=(5, 8)).astype("float32")
    pictures, logits = forward_in_numpy(generator, critic, z)
    ours = numpy(generator(z))
    assert ours.shape == (5, 28, 28, 1)
    np.testing.assert_allclose(ours, pictures, atol=1e-6)
    for name in ("logistic", "hinge", "wasserstein"):
        settings = gan.Settings(name)
        loss = gan.generator_objective(generator, critic, settings)(z)
        expected = {
            "logistic": np.logaddexp(0, -logits).mean(),
        }.get(name, -logits.mean())
        assert number(loss) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_same_seed_same_weights():
    first, second = gan.build_generator(8, 4, 3), gan.build_generator(8, 4, 3)
    assert digest(first) == digest(second)
    assert digest(first) != digest(gan.build_generator(8, 4, 4))


def test_weights_are_drawn_by_the_rule_of_glorot():
    """Oracle: Keras' own initialiser, by its largest value and its mean."""
    critic = gan.build_critic(16, spectral=True)
    for kernel in (v for v in critic.trainable_variables if len(v.shape) > 1):
        theirs = keras.initializers.GlorotUniform(seed=1)(kernel.shape)
        ours, theirs = numpy(kernel), numpy(theirs)
        limit = np.abs(theirs).max()
        assert np.abs(ours).max() == pytest.approx(limit, rel=0.03)
        assert abs(ours.mean()) < limit / 4
    vectors = [v for v in critic.variables if v.name == "vector_u"]
    assert len(vectors) == 3
    assert all(np.abs(numpy(v)).max() > 0 for v in vectors)


# -- training ---------------------------------------------------------------


def small_game(settings, seed=0, **kwargs):
    generator = gan.build_mlp(3, 2, 8, 1, seed=1)
    critic = gan.build_mlp(2, 1, 8, 1, seed=2)
    set_weights(generator, 1, 0.5)
    set_weights(critic, 2, 0.5)
    return gan.Game(generator, critic, settings, seed, **kwargs)


@pytest.mark.parametrize("name", ["dcgan", "wgan-gp"])
def test_each_step_moves_its_own_player_only(name):
    game = small_game(gan.SETTINGS[name])
    real = RNG.normal(size=(4, 2)).astype("float32")
    before = digest(game.generator), digest(game.critic)
    game.critic_step(real, game.draw_latent(4), np.ones((4, 1), "float32"))
    assert digest(game.generator) == before[0]
    assert digest(game.critic) != before[1]
    before = digest(game.generator), digest(game.critic)
    game.generator_step(game.draw_latent(4))
    assert digest(game.generator) != before[0]
    assert digest(game.critic) == before[1]


def test_generator_step_is_one_step_of_adam():
    """Oracle: Adam's first step is the learning rate times the sign."""
    game = small_game(gan.Settings("logistic", learning_rate=0.01))
    z = game.draw_latent(6)
    objective = gan.generator_objective(
        game.generator, game.critic, game.settings
    )
    variables = game.generator.trainable_variables
    _, gradients = value_and_grad(objective, variables)(z)
    gradients = [numpy(g).copy() for g in gradients]
    old = [numpy(v).copy() for v in variables]
    game.generator_step(z)
    for v, before, g in zip(variables, old, gradients, strict=True):
        clear = np.abs(g) > 1e-2  # Adam's 1e-7 then costs 3e-4 of a step
        moved = numpy(v) - before
        np.testing.assert_allclose(
            moved[clear], -0.01 * np.sign(g[clear]), rtol=1e-3
        )


def test_spectral_norm_bounds_the_critic():
    """Oracle: singular values by LAPACK after enough power iterations."""
    dense = layers.SpectralNormalization(layers.Dense(6))
    critic = keras.Sequential([keras.Input((2,)), dense, layers.Dense(1)])
    generator = gan.build_mlp(3, 2, 8, 1)
    game = gan.Game(
        generator, critic, gan.Settings("hinge", learning_rate=1e-4)
    )
    game.train(RNG.normal(size=(64, 2)), 40, 32)
    kernel = numpy(dense.layer.kernel)
    largest = np.linalg.svd(kernel, compute_uv=False)[0]
    assert largest == pytest.approx(1, abs=0.02)


def test_training_finds_a_shifted_cloud():
    """A generator that starts near 0 must come to the data at (3, 3)."""
    data = 3 + 0.5 * RNG.normal(size=(512, 2))
    game = small_game(gan.Settings("logistic", learning_rate=1e-2))
    history = game.train(data, 150, 64)
    assert set(history) == {"critic", "generator"}
    assert history["critic"].shape == (150,)
    assert np.isfinite(history["critic"]).all()
    mean = game.sample(game.draw_latent(500)).mean(axis=0)
    assert np.abs(mean - 3).max() < 1.5


def test_equal_seeds_train_equally():
    data = RNG.normal(size=(64, 2))
    runs = [small_game(gan.SETTINGS["wgan-gp"], seed=5) for _ in range(2)]
    for game in runs:
        game.train(data, 2, 16)
    assert digest(runs[0].generator) == digest(runs[1].generator)


@pytest.mark.parametrize("name", gan.SETTINGS)
def test_a_pickled_game_goes_on_as_if_nothing_had_happened(name):
    """Oracle: the same game without a break, weight for weight."""
    data = RNG.normal(size=(64, 2))
    whole, broken = (small_game(gan.SETTINGS[name], seed=5) for _ in range(2))
    whole.train(data, 4, 16)
    broken.train(data, 2, 16)
    revived = pickle.loads(pickle.dumps(broken))
    revived.train(data, 2, 16)
    assert revived.steps_done == 4
    for ours, theirs in (
        (whole.generator, revived.generator),
        (whole.critic, revived.critic),
    ):
        assert digest(ours) == digest(theirs)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.ones((8, 3)), r"shape \(2,\).*data has the shape \(8, 3\)"),
        (np.ones((3, 2)), r"at least 4 real samples.*\(3, 2\)"),
        (np.full((8, 2), np.nan), "float64 with 16 values that are NaN"),
        (np.ones((8, 2), int), "train needs finite floating point numbers"),
        (np.ones((0, 2)), r"at least 4 real samples.*\(0, 2\)"),
    ],
)
def test_bad_data_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        small_game(gan.Settings()).train(data, 1, 4)


def test_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="one of saturating, .* got 'kl'"):
        small_game(gan.Settings("kl"))


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"makes \(None, 2\).*\(None, 3\)"):
        gan.Game(gan.build_mlp(4, 2), gan.build_mlp(3, 1), gan.Settings())


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"critic_steps": 0}, "critic_steps of at least 1"),
        ({"learning_rate": 0.0}, "would learn nothing"),
        ({"penalty": -1.0}, "0 or more, but got -1"),
    ],
)
def test_settings_that_train_nothing_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        gan.Settings(**numbers)


@pytest.mark.parametrize("numbers", [(0, 4), (1, 0)])
def test_training_without_steps_or_samples_is_refused(numbers):
    data = np.zeros((8, 2), "float32")
    with pytest.raises(ValueError, match="at least one step of at least one"):
        small_game(gan.Settings()).train(data, *numbers)


def test_a_game_stops_at_nan():
    """A weight that is NaN makes both losses NaN at the first step."""
    game = small_game(gan.Settings())
    weight = game.critic.trainable_variables[0]
    weight.assign(np.full(weight.shape, np.nan, "float32"))
    with pytest.raises(FloatingPointError, match="After step 1 the losses"):
        game.train(np.zeros((8, 2), "float32"), 100, 4)


def test_scaling_pictures():
    pictures = np.uint8([[[0, 255], [51, 204]]])
    scaled = gan.scale_pictures(pictures)
    assert scaled.shape == (1, 2, 2, 1)
    np.testing.assert_allclose(scaled.ravel(), [-1, 1, -0.6, 0.6], atol=1e-6)
    with pytest.raises(TypeError, match=r"got float32\. Scaling twice"):
        gan.scale_pictures(scaled)


# -- two compiled models and the flag `trainable` ---------------------------

ORDERS = {
    # TensorFlow, JAX, PyTorch: does the critic still train?
    "freeze once, after a first step": ("yes", "ValueError", "no"),
    "freeze once, before the first step": ("no", "no", "no"),
    "set the flag before every step": ("yes", "yes", "yes"),
}


def play_with_flags(order):
    """Return "yes", "no" or the error: does the critic's second step work?"""
    generator = gan.build_mlp(3, 2, 4, 1, seed=1)
    critic = gan.build_mlp(2, 1, 4, 1, seed=2)
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    z = np.ones((8, 3), "float32")
    critic.compile("sgd", "mse", jit_compile=False)
    if order == "freeze once, after a first step":
        critic.train_on_batch(x, y)
    if order != "set the flag before every step":
        critic.trainable = False
    both = keras.Sequential([generator, critic])
    both.compile("sgd", "mse", jit_compile=False)
    try:
        for _ in range(2):
            if order == "set the flag before every step":
                critic.trainable = True
            before = digest(critic)
            critic.train_on_batch(x, y)
            moved = digest(critic) != before
            if order == "set the flag before every step":
                critic.trainable = False
            before = digest(critic)
            both.train_on_batch(z, y)
            assert digest(critic) == before, "the generator's step moved it"
    except ValueError:
        return "ValueError"
    return "yes" if moved else "no"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.filterwarnings("ignore:The model does not have any trainable")
def test_which_orders_of_freezing_work(order):
    column = ("tensorflow", "jax", "torch").index(BACKEND)
    assert play_with_flags(order) == ORDERS[order][column]


# -- a ring of Gaussians, and latent space ----------------------------------


def test_ring_has_its_modes_and_all_are_found():
    points = gan.draw_ring(4000, np.random.default_rng(0))
    assert points.dtype == np.float32
    assert gan.modes_hit(points) == 8
    np.testing.assert_allclose(np.hypot(*gan.ring_centres(5).T), 2)
    assert gan.modes_hit(points[points[:, 0] > 1]) == 3
    assert gan.modes_hit(np.zeros((10, 2))) == 0


def test_a_mode_needs_its_share():
    points = np.concatenate([np.tile([2.0, 0], (99, 1)), [[0, 2.0]]])
    assert gan.modes_hit(points) == 1
    assert gan.modes_hit(points, share=0.01) == 2
    with pytest.raises(ValueError, match=r"shape \(n, 2\), got \(2, 3\)"):
        gan.modes_hit(np.ones((2, 3)))


@pytest.mark.parametrize("spherical", [False, True])
def test_interpolation_meets_both_ends(spherical):
    a, b = RNG.normal(size=(2, 64))
    way = gan.interpolate(a, b, 7, spherical)
    assert way.shape == (7, 64)
    np.testing.assert_allclose(way[[0, -1]], [a, b], atol=1e-12)


def test_great_circle_keeps_length_and_divides_the_angle():
    a, b = np.float32([3, 0, 0]), np.float32([0, 3, 0])
    way = gan.interpolate(a, b, 4, spherical=True)
    angles = np.pi / 6 * np.arange(4)
    expected = 3 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1)
    np.testing.assert_allclose(way, expected, atol=1e-6)
    assert way.dtype == np.float32
    chord = gan.interpolate(a, b, 3)
    assert np.linalg.norm(chord[1]) == pytest.approx(3 / np.sqrt(2))


def test_parallel_ends_have_a_way_and_opposite_ends_have_none():
    a = np.array([1.0, 0])
    way = gan.interpolate(a, 4 * a, 3, spherical=True)
    np.testing.assert_allclose(way[:, 0], [1, 2, 4])
    with pytest.raises(ValueError, match="opposite directions.*third point"):
        gan.interpolate(a, -a, 3, spherical=True)
    with pytest.raises(ValueError, match="no direction: take another end"):
        gan.interpolate(a, 0 * a, 3, spherical=True)
    with pytest.raises(ValueError, match="and steps=1"):
        gan.interpolate(a, a, 1)


# -- measures ---------------------------------------------------------------


def random_covariance(d):
    root = RNG.normal(size=(d, d))
    return root @ root.T


def test_distance_of_commuting_gaussians():
    """|m1 - m2|^2 + sum (s1 - s2)^2, in a common eigenbasis."""
    basis = scipy.stats.ortho_group.rvs(6, random_state=1)
    s1, s2 = RNG.random((2, 6))
    m1, m2 = RNG.normal(size=(2, 6))
    covariances = [(basis * s**2) @ basis.T for s in (s1, s2)]
    ours = gan.frechet_distance(m1, covariances[0], m2, covariances[1])
    expected = np.sum((m1 - m2) ** 2) + np.sum((s1 - s2) ** 2)
    assert ours == pytest.approx(expected, abs=1e-9)


def test_distance_agrees_with_scipys_matrix_root():
    m1, m2 = RNG.normal(size=(2, 5))
    c1, c2 = random_covariance(5), random_covariance(5)
    cross = np.trace(scipy.linalg.sqrtm(c1 @ c2)).real
    expected = np.sum((m1 - m2) ** 2) + np.trace(c1 + c2) - 2 * cross
    assert gan.frechet_distance(m1, c1, m2, c2) == pytest.approx(expected)


def test_distance_of_singular_covariances_stays_real():
    flat = np.diag([1.0, 0, 0])
    other = np.diag([0, 4.0, 0])
    zero = np.zeros(3)
    assert gan.frechet_distance(zero, flat, zero, other) == pytest.approx(5)


def test_fid_of_a_sample_with_itself_is_zero():
    a = RNG.normal(size=(200, 8))
    assert gan.feature_fid(a, a) == pytest.approx(0, abs=1e-6)
    assert gan.feature_fid(a, a + 3) == pytest.approx(8 * 9, abs=1e-6)
    assert gan.feature_fid(a, 2 * a + 1) == pytest.approx(
        gan.feature_fid(2 * a + 1, a)
    )


def brute_force(real, fake, k):
    """Return coverage and density by three loops."""
    covered, count = 0, 0
    for i, x in enumerate(real):
        others = [np.linalg.norm(x - y) for j, y in enumerate(real) if j != i]
        radius = sorted(others)[k - 1]
        inside = sum(np.linalg.norm(x - y) <= radius for y in fake)
        covered += inside > 0
        count += inside
    return covered / len(real), count / (k * len(fake))


@pytest.mark.parametrize("k", [1, 5])
def test_coverage_and_density_count_balls(k):
    real, fake = RNG.normal(size=(30, 2)), 0.5 + RNG.normal(size=(20, 2))
    expected = brute_force(real, fake, k)
    ours = gan.coverage(real, fake, k), gan.density(real, fake, k)
    assert ours == pytest.approx(expected)


def test_coverage_at_its_ends():
    real = RNG.normal(size=(40, 3))
    assert gan.coverage(real, real) == 1
    assert gan.coverage(real, real + 100) == 0
    repeated = np.tile(real[:1], (50, 1))
    alone, balls = gan.coverage(real, real[:1]), brute_force(real, real[:1], 5)
    assert gan.coverage(real, repeated) == alone == balls[0]


@pytest.mark.parametrize("measure", [gan.feature_fid, gan.coverage])
@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones((9, 2, 2)), np.ones((9, 2)), r"got \(9, 2, 2\)\. Flatten"),
        (np.ones((9, 2)), np.ones((0, 2)), r"with n >= \d, got \(0, 2\)"),
        (np.ones((9, 2)), np.full((9, 2), np.nan), "18 of 18 are NaN"),
        (np.ones((9, 2)), np.ones((9, 3)), "same columns, got 2 and 3"),
    ],
)
def test_bad_features_are_refused(measure, a, b, message):
    with pytest.raises(ValueError, match=message):
        measure(a, b)


def test_too_few_neighbours_are_refused():
    with pytest.raises(ValueError, match="below the 5 real samples, got k=5"):
        gan.density(np.ones((5, 2)), np.ones((5, 2)))


def test_class_measures():
    labels = np.repeat(np.arange(10), 3)
    assert gan.class_entropy(labels) == pytest.approx(np.log(10))
    assert gan.smallest_share(labels) == pytest.approx(0.1)
    assert gan.class_entropy([4, 4, 4]) == 0
    assert gan.smallest_share([4, 4, 4]) == 0
    with pytest.raises(ValueError, match=r"shape \(3, 10\)\. Probabilities"):
        gan.class_entropy(np.ones((3, 10)))


def test_report_of_the_real_pictures_themselves():
    """An untrained judge will do: equal pictures, equal features."""
    classifier = gan.build_classifier()
    pictures = RNG.uniform(-1, 1, (60, 28, 28, 1)).astype("float32")
    features, probabilities = gan.features_and_probabilities(
        classifier, pictures
    )
    assert features.shape == (60, 64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    report = gan.report(classifier, features, pictures)
    assert report.fid == pytest.approx(0, abs=1e-6)
    assert report.coverage == 1
    shares = np.bincount(probabilities.argmax(axis=1), minlength=10) / 60
    assert report.smallest == shares.min()


def test_classifier_learns_two_kinds_of_stripes():
    stripes = np.zeros((128, 28, 28), np.uint8)
    labels = np.arange(128) % 2
    stripes[labels == 0, ::4] = 255
    stripes[labels == 1, :, ::4] = 255
    x = gan.scale_pictures(stripes)
    classifier = gan.train_classifier(x, labels, epochs=3)
    _, probabilities = gan.features_and_probabilities(classifier, x)
    assert (probabilities.argmax(axis=1) == labels).all()
