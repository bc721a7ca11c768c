"""Controls of the chapter on convolutional networks."""

from math import ceil

import keras
import numpy as np
from keras import layers, ops
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from controls import control
from topoi import cnn, data
from topoi.survey import paired


def _seven():
    return data.load("mnist").x_test[:1, :, :, np.newaxis].astype(int)


def _kernels():
    across = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    return np.stack([across, across.T], axis=-1)[:, :, np.newaxis, :]


@control("cnn/output-size", "the division is rounded up")
def rounded_up():
    wrong = 0
    for n, k, s in np.ndindex(15, 6, 4):
        if n > 8 and k in (1, 2, 3, 5) and s:
            layer = layers.Conv1D(1, k, s)
            size = layer.compute_output_shape((1, n, 1))[1]
            wrong += ceil((n - k) / s) + 1 != size
    return wrong


def _moved_answers(shift, stride, padding):
    seven, kernels = _seven(), _kernels()
    answer = cnn.conv2d(seven, kernels, None, stride, padding)
    expected = np.roll(answer, [shift // stride] * 2, (1, 2))
    moved = np.roll(seven, (shift, shift), (1, 2))
    moved = cnn.conv2d(moved, kernels, None, stride, padding)
    return (moved != expected).sum()


@control("cnn/shift-equivariance", "the answer is moved in one direction only")
def moved_in_one_direction():
    seven, kernels = _seven(), _kernels()
    answer = cnn.conv2d(seven, kernels, padding="circular")
    moved = np.roll(seven, (-4, -4), (1, 2))
    moved = cnn.conv2d(moved, kernels, padding="circular")
    return (moved != np.roll(answer, -4, 1)).sum()


@control("cnn/stride-breaks-shifts", "the shift is a multiple of the stride")
def multiple_of_the_stride():
    return _moved_answers(-4, 2, "circular")


@control("cnn/adjoint", "the kernel is flipped on the way back")
def flipped_on_the_way_back():
    rng = np.random.default_rng(7)
    x, w = rng.normal(size=(2, 9, 8, 3)), rng.normal(size=(3, 3, 3, 4))
    options = {"stride": 2, "padding": "same"}
    y = cnn.conv2d(x, w, **options)
    dy = rng.normal(size=y.shape)
    dx, _, _ = cnn.conv2d_backward(dy, x, w[::-1, ::-1], **options)
    return abs(np.vdot(y, dy) - np.vdot(x, dx))


@control("cnn/checkerboard", "the border is counted as well")
def with_the_border():
    broken = 0
    for s in (2, 3, 4):
        for k in range(s, 8):
            paper, ones = np.ones((1, 8, 8, 1)), np.ones((k, k, 1, 1))
            stamped = cnn.conv2d_transpose(paper, ones, stride=s)
            broken += (len(np.unique(stamped)) == 1) != (k % s == 0)
    return broken


@control("cnn/three-small-kernels", "only two 3 x 3 layers are counted")
def two_small_kernels():
    sevens = cnn.conv_parameters(7, 64, 64, bias=False)
    return sevens / (2 * cnn.conv_parameters(3, 64, 64, bias=False)) - 1


def _lenet(pairs_in_c3=6 * 3 + 9 * 4 + 1 * 6, pooled=4 + 1):
    """Return parameters and connections of LeNet-5."""
    c1, c3 = cnn.conv_parameters(5, 1, 6), 25 * pairs_in_c3 + 16
    c5, f6 = cnn.conv_parameters(5, 16, 120), (120 + 1) * 84
    pooling = (14 * 14 * 6 + 5 * 5 * 16) * pooled
    connections = 28 * 28 * c1 + 10 * 10 * c3 + pooling + c5 + f6 + 84 * 10
    return c1 + 2 * 6 + c3 + 2 * 16 + c5 + f6, connections


@control("cnn/lenet-parameters", "each map of C3 sees all six maps before it")
def c3_sees_all():
    return _lenet(pairs_in_c3=6 * 16)[0]


@control("cnn/lenet-connections", "the biases of the pooling are forgotten")
def pooling_without_biases():
    return _lenet(pooled=4)[1]


def _digits(count):
    mnist = data.load("mnist")
    x = mnist.x_test[:count, ..., np.newaxis] / np.float32(255)
    return x, mnist.y_test[:count]


@control("cnn/cam-identity", "the bias is forgotten")
def map_without_bias():
    keras.utils.set_random_seed(7)
    model = cnn.build_small_cnn("batch", "gap")
    kernel, bias = model.layers[-1].get_weights()
    bias += np.linspace(-0.1, 0.1, len(bias))  # as training leaves it
    model.layers[-1].set_weights([kernel, bias])
    x, _ = _digits(4)
    activation, _ = cnn.class_activation_map(model, x)
    predicted = ops.convert_to_numpy(model(x))
    return float(np.abs(activation.mean((1, 2)) - predicted).max())


def _first_norm(scale, residual):
    rng = np.random.default_rng(7)
    lift = rng.normal(size=(3, 3, 1, 8))
    start = np.maximum(cnn.conv2d(_seven() / 255, lift, padding="same"), 0)
    kernels = scale * rng.normal(size=(20, 3, 3, 8, 8)) / np.sqrt(9 * 8)
    return cnn.layer_gradient_norms(start, kernels, residual)[0]


@control("cnn/plain-gradient", "the variance is 2/fan-in, for ReLU")
def variance_of_he():
    return _first_norm(2**0.5, False)


@control("cnn/residual-gradient", "the shortcuts are left out")
def without_shortcuts():
    return _first_norm(0.2, False)


def _accuracy(model, x, y):
    return (ops.convert_to_numpy(model(x)).argmax(1) == y).mean()


@control("cnn/shift-tolerance", "the first weights are scored")
def tolerance_untrained():
    x, y = _digits(500)
    moved = cnn.shift_images(x, 2, 2)
    keras.utils.set_random_seed(7)
    average = cnn.build_small_cnn("batch", "gap")
    hidden = keras.Sequential(
        [layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)]
    )
    return _accuracy(average, moved, y) - _accuracy(hidden, moved, y)


@control("cnn/lenet-beats-dense", "LeNet-5 is scored with its first weights")
def lenet_untrained():
    x, y = _digits(800)
    flat = x.reshape(800, -1)
    dense = LogisticRegression(C=0.01, max_iter=300).fit(flat[:400], y[:400])
    keras.utils.set_random_seed(7)
    lenet = _accuracy(cnn.build_lenet(), x[400:], y[400:])
    return lenet - (dense.predict(flat[400:]) == y[400:]).mean()


@control(
    "cnn/running-averages",
    "both averages are read where they start, before any step",
)
def before_the_first_step():
    x, y = _digits(200)
    keras.utils.set_random_seed(7)
    model = cnn.build_small_cnn("batch", "gap")
    norm = model.layers[2]
    found = []
    for _ in (0.9, 0.99):  # both averages are still where they start
        norm.moving_mean.assign(np.zeros(norm.moving_mean.shape))
        norm.moving_variance.assign(np.ones(norm.moving_variance.shape))
        found.append(_accuracy(model, x, y))
    return found[0] - found[1]


def _halves():
    return cnn.split_by_area(cnn.cut_patches(cnn.colour_pictures()))


def _patches_named(patches, epochs, seed):
    model = cnn.train_patches(patches, epochs, seed)
    return _accuracy(model, patches.x_test, patches.y_test)


@control(
    "cnn/colour-beats-grey",
    "both networks see the patches in grey",
    heavy=True,
)
def grey_against_grey():
    area = _halves()
    grey = area._replace(
        x_train=cnn.grey(area.x_train), x_test=cnn.grey(area.x_test)
    )
    first, second = (_patches_named(grey, 8, seed) for seed in (0, 1))
    return first - second


@control(
    "cnn/colour-beats-features", "the networks are scored with first weights"
)
def untrained_against_features():
    area = _halves()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3))
    model.fit(cnn.colour_features(area.x_train), area.y_train)
    linear = model.score(cnn.colour_features(area.x_test), area.y_test)
    untrained = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        model = cnn.build_small_cnn("batch", "gap", (16, 16, 3), 7)
        untrained.append(_accuracy(model, area.x_test, area.y_test))
    return paired(untrained, [linear] * 3).in_errors


@control(
    "cnn/random-split-leaks",
    "both networks are tested on the other halves",
    heavy=True,
)
def both_on_other_halves():
    area = _halves()
    first, second = (_patches_named(area, 8, seed) for seed in (0, 1))
    return first - second
