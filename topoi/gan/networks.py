"""Small generators and critics, and the judge of digits.

All initial weights are drawn by NumPy, so that equal seeds mean equal
networks on every backend.
"""

import keras
import numpy as np
from keras import layers


def build_generator(
    latent: int = 64, width: int = 16, seed: int = 0
) -> keras.Model:
    """Return a network (n, latent) -> (n, 28, 28, 1) with values in [-1, 1].

    Parameters
    ----------
    latent : int
        Number of coordinates of a latent point.
    width : int
        Channels at 14 x 14 pixels; twice as many at 7 x 7.
    seed : int
        Of the initial weights.

    Notes
    -----
    Source: Radford, Metz and Chintala (2016), cut to two stages and without
    batch normalisation.
    """
    model = keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(7 * 7 * 2 * width),
            layers.LeakyReLU(0.2),
            layers.Reshape((7, 7, 2 * width)),
            layers.Conv2DTranspose(width, 4, 2, "same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(1, 4, 2, "same", activation="tanh"),
        ],
        name="generator",
    )
    return _draw(model, seed)


def build_critic(
    width: int = 16, spectral: bool = False, seed: int = 0
) -> keras.Model:
    """Return a network (n, 28, 28, 1) -> (n, 1) without normalised batches.

    Parameters
    ----------
    width : int
        Channels at 14 x 14 pixels; twice as many at 7 x 7.
    spectral : bool
        Divide each kernel by an estimate of its largest singular value
        (Miyato et al. 2018).
    seed : int
        Of the initial weights.
    """
    wrap = layers.SpectralNormalization if spectral else (lambda layer: layer)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            wrap(layers.Conv2D(width, 4, 2, "same")),
            layers.LeakyReLU(0.2),
            wrap(layers.Conv2D(2 * width, 4, 2, "same")),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            wrap(layers.Dense(1)),
        ],
        name="critic",
    )
    return _draw(model, seed)


def build_mlp(
    inputs: int,
    outputs: int,
    width: int = 64,
    depth: int = 2,
    seed: int = 0,
    name: str | None = None,
) -> keras.Model:
    """Return a dense network (n, inputs) -> (n, outputs) for small games.

    `depth` hidden layers of `width` rectified units; linear output.
    """
    hidden = [layers.Dense(width, "relu") for _ in range(depth)]
    stack = [keras.Input((inputs,)), *hidden, layers.Dense(outputs)]
    return _draw(keras.Sequential(stack, name=name), seed)


def build_classifier(seed: int = 0) -> keras.Model:
    """Return the judge: digits (n, 28, 28, 1) -> class logits (n, 10).

    The layer called ``features`` has 64 rectified outputs.
    """
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, 2, "same", activation="relu"),
            layers.Conv2D(32, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, "relu", name="features"),
            layers.Dense(10),
        ],
        name="classifier",
    )
    return _draw(model, seed)


def _draw(model: keras.Model, seed: int) -> keras.Model:
    """Draw kernels uniformly by Glorot's rule; biases stay 0.

    Vectors of a power iteration, the only other variables of rank 2 or more,
    become standard normal.
    """
    rng = np.random.default_rng(seed)
    for v in model.variables:
        if len(v.shape) < 2:
            continue
        *taps, fan_in, fan_out = v.shape
        limit = np.sqrt(6 / (np.prod(taps, dtype=int) * (fan_in + fan_out)))
        drawn = rng.uniform(-limit, limit, v.shape)
        v.assign(drawn if v.trainable else rng.normal(size=v.shape))
    return model
