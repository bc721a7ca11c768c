"""Networks with and without activation functions, and how they are trained."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from topoi.autodiff import make_step
from topoi.polynomial.layers import CCP, NCP

ACTIVATIONS = (None, "relu")


@dataclass(frozen=True)
class PolySettings:
    """How a classifier is trained."""

    learning_rate: float = 2e-3
    batch_size: int = 100
    epochs: int = 30
    seed: int = 0

    def __post_init__(self):
        """Refuse numbers that train nothing."""
        if min(self.learning_rate, self.batch_size, self.epochs) <= 0:
            raise ValueError(
                "learning_rate, batch_size and epochs must be positive, got "
                f"{self.learning_rate}, {self.batch_size}, {self.epochs}."
            )


def build_polynomial(
    kind: str, size: int, classes: int, rank: int = 64, degree: int = 3
) -> keras.Model:
    """Return a classifier without activation functions that gives logits.

    Parameters
    ----------
    kind : str
        "linear", "ccp", "ncp" or "ncp skip".
    size, classes : int
        Inputs and outputs.
    rank, degree : int
        Of the polynomial; a linear model has none.
    """
    made = {
        "linear": lambda: [],
        "ccp": lambda: [CCP(rank, degree)],
        "ncp": lambda: [NCP(rank, degree)],
        "ncp skip": lambda: [NCP(rank, degree, skip=True)],
    }
    if kind not in made:
        raise ValueError(f"kind is one of {sorted(made)}, got {kind!r}.")
    middle = made[kind]()
    return keras.Sequential(
        [keras.Input((size,)), *middle, layers.Dense(classes)]
    )


def build_dense(
    size: int, classes: int, width: int, depth: int, activation: str | None
) -> keras.Model:
    """Return a network of dense layers that gives logits."""
    hidden = [layers.Dense(width, activation) for _ in range(depth)]
    return keras.Sequential(
        [keras.Input((size,)), *hidden, layers.Dense(classes)]
    )


def polynomial_block(
    x, channels: int, strides: int, activation: str | None, polynomial: bool
):
    """Return a residual block, or its version of second degree.

    Both compute a short way u, one convolution, and a long way v, two
    convolutions. The residual block returns ``u + v``, the polynomial one
    ``u + u * v``: a product more, and no weight more.
    """
    _check_activation(activation)
    short = layers.Conv2D(channels, 1, strides=strides, padding="same")(x)
    v = layers.Conv2D(channels, 3, strides=strides, padding="same")(x)
    v = layers.Activation(activation)(v)
    v = layers.Conv2D(channels, 3, padding="same")(v)
    if polynomial:
        v = layers.Multiply()([short, v])
    return layers.Activation(activation)(layers.Add()([short, v]))


def build_residual(
    shape: tuple[int, int, int],
    classes: int,
    channels: tuple[int, ...] = (8, 16),
    activation: str | None = None,
    polynomial: bool = False,
) -> keras.Model:
    """Return a small residual network for pictures that gives logits.

    One block per number of channels; each halves height and width. The head
    is a dense layer on all that is left, so without activation functions and
    products the network is a linear map.
    """
    inputs = keras.Input(shape)
    x = inputs
    for count in channels:
        x = polynomial_block(x, count, 2, activation, polynomial)
    return keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(x)))


def train_polynomial(
    network: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    settings: PolySettings = PolySettings(),
) -> keras.Model:
    """Train a classifier with Adam, while the rate falls to zero; return it.

    Raises
    ------
    FloatingPointError
        If the loss stops being finite.
    """
    steps = settings.epochs * -(-len(x) // settings.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, steps
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(rate), loss)
    keras.utils.set_random_seed(settings.seed)
    history = network.fit(
        x, y, settings.batch_size, settings.epochs, verbose=0
    )
    if not np.isfinite(history.history["loss"]).all():
        raise FloatingPointError(
            "The loss is not finite: products of inputs grow quickly, so "
            f"take a learning rate below {settings.learning_rate}."
        )
    return network


def correct_share(network: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of right answers."""
    logits = network.predict(x, 500, verbose=0)
    return float((logits.argmax(-1) == y).mean())


# -- generators -------------------------------------------------------------


def build_maker(
    latent: int,
    size: int,
    rank: int = 64,
    degree: int = 3,
    activation: str | None = None,
    inject: bool = True,
) -> keras.Model:
    """Return a generator of pictures, (batch, latent) -> (batch, size).

    Parameters
    ----------
    latent, size : int
        Numbers of a code and of a picture.
    rank, degree : int
        Width, and number of layers before the last one.
    activation : str or None
        None or "relu".
    inject : bool
        With it every layer meets the code again in a product, as in `NCP`.
        Without it the code enters the first layer only.
    """
    _check_activation(activation)
    if inject:
        middle = [NCP(rank, degree, activation=activation)]
    else:
        middle = [layers.Dense(rank, activation) for _ in range(degree)]
    return keras.Sequential(
        [keras.Input((latent,)), *middle, layers.Dense(size)]
    )


def mean_distance(x, y):
    """Return the mean Euclidean distance of the rows of x to those of y."""
    squares = ops.sum(x**2, 1)[:, None] + ops.sum(y**2, 1)[None]
    squares = squares - 2 * ops.matmul(x, ops.transpose(y))  # (n, m)
    return ops.mean(ops.sqrt(ops.maximum(squares, 1e-8)))


def energy_loss(made, real):
    """Return the part of the energy distance that depends on the made rows.

    ``2 E|X - Y| - E|X - X'|`` for made X and real Y. Pairs of a row with
    itself do not count.
    """
    count = made.shape[0]
    within = mean_distance(made, made) * count / (count - 1)
    return 2 * mean_distance(made, real) - within


def energy_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Return the energy distance of two samples: 0 for equal distributions.

    ``2 E|X - Y| - E|X - X'| - E|Y - Y'|``. Source: Szekely and Rizzo (2013).
    """
    count = len(real)
    within = mean_distance(real, real) * count / (count - 1)
    return float(energy_loss(made, real) - within)


def train_maker(
    maker: keras.Model,
    real: np.ndarray,
    learning_rate: float = 2e-3,
    batch_size: int = 128,
    steps: int = 600,
    seed: int = 0,
) -> keras.Model:
    """Train a generator to a small energy distance; return it.

    Raises
    ------
    FloatingPointError
        If the loss stops being finite.
    ValueError
        If nothing would be trained.
    """
    if min(learning_rate, steps) <= 0 or batch_size < 2:
        raise ValueError(
            "Needs learning_rate > 0, steps >= 1 and batch_size >= 2, got "
            f"{learning_rate}, {steps} and {batch_size}."
        )
    rng = np.random.default_rng(seed)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(rate, beta_1=0.5)

    def loss_fn(z, x):
        return energy_loss(maker(z), x)

    step = make_step(loss_fn, optimizer, maker.trainable_variables)
    latent = maker.input_shape[-1]
    for _ in range(steps):
        z = rng.normal(size=(batch_size, latent)).astype("float32")
        loss, _ = step(z, real[rng.integers(0, len(real), batch_size)])
    if not np.isfinite(float(loss)):
        raise FloatingPointError(
            f"The loss is not finite; take a rate below {learning_rate}."
        )
    return maker


def make(maker: Callable, count: int, latent: int, seed: int = 0):
    """Return pictures for normal codes, as an array (count, size)."""
    z = np.random.default_rng(seed).normal(size=(count, latent))
    return ops.convert_to_numpy(maker(z.astype("float32")))


def _check_activation(activation: str | None) -> None:
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation is one of {ACTIVATIONS}, got {activation!r}."
        )
