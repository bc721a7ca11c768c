"""Controls of the chapter on adversarial networks."""

import keras
import numpy as np
from keras import ops

from controls import control
from topoi import autodiff, cnn, data, gan


@control("gan/dirac-simultaneous", "the generator sees the critic's new slope")
def alternating_steps():
    growth = []
    for rate in (0.05, 0.2, 1.0):
        path = gan.dirac_path(rate, 40, alternating=True)
        norms = np.linalg.norm(path, axis=1)
        growth.append(norms[1:] / norms[:-1] - abs(1 + 1j * rate))
    return np.abs(growth).max()


X = np.linspace(-6, 6, 1201)
DX = X[1] - X[0]


def _bell(mean, deviation):
    density = np.exp(-(((X - mean) / deviation) ** 2) / 2)
    return density / (density.sum() * DX)


@control(
    "gan/optimal-value", "the best discriminator is that of fake pictures"
)
def densities_swapped():
    p, q = _bell(0, 1), _bell(2, 1.4)
    value = gan.game_value(gan.optimal_discriminator(q, p), p, q, DX)
    return abs(value - (2 * gan.js_divergence(p, q, DX) - np.log(4)))


@control("gan/minimum", "the discriminator always says 1")
def always_real():
    p = _bell(0, 1)
    return gan.game_value(np.full(X.shape, 1 - 1e-6), p, p, DX)


@control(
    "gan/saturation", "the derivative is that of the mean over four logits"
)
def derivative_of_the_mean():
    logits = np.float32([-10, -5, 0, 5])
    loss = gan.LOSSES["saturating"].generator
    slopes = ops.convert_to_numpy(autodiff.input_gradient(loss, logits))
    return float(slopes[0])


def _point():
    point = np.zeros(1201)
    point[600] = 1 / DX
    return point


@control("gan/disjoint-js", "the mixture lacks its factor 1/2")
def mixture_without_half():
    p, q = _point(), np.roll(_point(), 10)

    def divergence(a, b):
        on = a > 0
        return (a[on] * np.log(a[on] / b[on])).sum() * DX

    mixture = p + q  # the right one: (p + q) / 2
    js = (divergence(p, mixture) + divergence(q, mixture)) / 2
    return abs(js - np.log(2))


@control("gan/disjoint-w1", "the distance is counted in cells of the grid")
def distance_in_cells():
    found = gan.wasserstein_1d(_point(), np.roll(_point(), 10), DX)
    return abs(found - 10)


@control("gan/dirac-alternating", "the steps are simultaneous")
def simultaneous_steps():
    moduli = abs(np.linalg.eigvals(gan.dirac_jacobian(0.5)))
    return np.abs(moduli - 1).max()


@control("gan/dirac-r1", "the penalty has half of its weight")
def half_the_penalty():
    flow = gan.dirac_jacobian(1.0, penalty=0.3) - np.eye(2)
    roots = -0.3 + np.array([-1j, 1j]) * np.sqrt(1 - 0.3**2)
    return np.abs(np.sort_complex(np.linalg.eigvals(flow)) - roots).max()


@control("gan/equal-losses", "leaky units keep a tenth, not a fifth")
def slope_of_a_tenth():
    def leaky(x):
        return np.where(x > 0, x, 0.1 * x)

    critic, rng = gan.build_critic(4), np.random.default_rng(2)
    for v in critic.trainable_variables:
        v.assign(0.1 * rng.normal(size=v.shape).astype("float32"))
    w = [ops.convert_to_numpy(v) for v in critic.trainable_variables]
    x = rng.normal(size=(4, 28, 28, 1)).astype("float32")
    h = leaky(cnn.conv2d(x, w[0], w[1], stride=2, padding="same"))
    h = leaky(cnn.conv2d(h, w[2], w[3], stride=2, padding="same"))
    logits = h.reshape(4, -1) @ w[4] + w[5]
    value = gan.LOSSES["wasserstein"].generator(critic(x))
    value = float(ops.convert_to_numpy(value))
    return abs(value / -logits.mean() - 1)


def _untrained_ring(noise):
    samples = ops.convert_to_numpy(gan.build_mlp(2, 2, seed=11)(noise))
    offsets = samples[:, None] - gan.ring_centres()
    nearest = np.linalg.norm(offsets, axis=2).argmin(axis=1)
    return samples, np.bincount(nearest).max() / len(nearest)


@control("gan/ring-collapse", "all samples come from the same noise")
def one_noise_vector():
    noise = np.random.default_rng(1).normal(size=(1, 2)).astype("float32")
    return _untrained_ring(np.repeat(noise, 200, axis=0))[1]


@control("gan/ring-wgan", "the first weights are scored")
def ring_untrained():
    noise = np.random.default_rng(1).normal(size=(1000, 2)).astype("float32")
    return gan.modes_hit(_untrained_ring(noise)[0])


@control("gan/no-class-lost", "the judge is not trained")
def judge_untrained():
    pictures = gan.scale_pictures(data.load("mnist").x_test[:300])
    judge = gan.build_classifier(seed=0)
    _, shares = gan.features_and_probabilities(judge, pictures)
    return gan.class_entropy(shares.argmax(axis=1))


@control("gan/spectral-norm", "the norm is that of kernels before a step")
def before_the_first_step():
    critic, norms = gan.build_critic(16, True, seed=2), []
    for layer in critic.layers:
        if isinstance(layer, keras.layers.SpectralNormalization):
            kernel = ops.convert_to_numpy(layer.layer.kernel)
            matrix = kernel.reshape(-1, kernel.shape[-1])
            norms.append(np.linalg.norm(matrix, 2))
    return max(norms)


def _brightness(stage):
    """Return features of eight rows for samples at a stage of a training.

    Noise that gives way to digits stands for the samples of a game.
    """
    pictures = np.float32(data.load("mnist").x_test[:600]) / 255
    noise = np.random.default_rng(0).random(pictures.shape)
    mixed = stage * pictures[300:] + (1 - stage) * noise[300:]
    return [
        v.reshape(300, 7, 4, 28).mean((2, 3)) for v in (pictures[:300], mixed)
    ]


def _distances():
    return [
        gan.feature_fid(*_brightness(stage)) for stage in (0, 0.3, 0.6, 0.9)
    ]


@control("gan/distance-falls", "the quotient is upside down")
def last_over_first():
    distances = _distances()
    return distances[-1] / distances[0]


@control("gan/wgan-gp-no-worse", "the quotient is upside down")
def rival_over_ours():
    ours, rival = _distances()[-1], min(_distances()[:-1])
    return rival / ours


@control("gan/wasserstein-loss-tells", "the loss keeps its sign")
def loss_with_its_sign():
    losses = []
    for stage in (0, 0.3, 0.6, 0.9):
        real, fake = _brightness(stage)
        means = real.mean(0), fake.mean(0)
        way = (means[0] - means[1]) / np.linalg.norm(means[0] - means[1])
        losses.append((fake @ way).mean() - (real @ way).mean())
    return np.corrcoef(losses, np.log(_distances()))[0, 1]


@control(
    "gan/logistic-loss-misleads", "the loss is that of the Wasserstein critic"
)
def loss_of_the_other_recipe():
    return -loss_with_its_sign()
