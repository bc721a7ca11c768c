"""Small generators and critics, and the judge of digits."""

from collections.abc import Iterator

import keras
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
    kernel = _initializers(seed)
    return keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(7 * 7 * 2 * width, kernel_initializer=next(kernel)),
            layers.LeakyReLU(0.2),
            layers.Reshape((7, 7, 2 * width)),
            layers.Conv2DTranspose(
                width, 4, 2, "same", kernel_initializer=next(kernel)
            ),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(
                1,
                4,
                2,
                "same",
                activation="tanh",
                kernel_initializer=next(kernel),
            ),
        ],
        name="generator",
    )


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
    kernel = _initializers(seed)
    wrap = layers.SpectralNormalization if spectral else (lambda layer: layer)

    def conv(channels):
        return wrap(
            layers.Conv2D(
                channels, 4, 2, "same", kernel_initializer=next(kernel)
            )
        )

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            conv(width),
            layers.LeakyReLU(0.2),
            conv(2 * width),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            wrap(layers.Dense(1, kernel_initializer=next(kernel))),
        ],
        name="critic",
    )


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
    kernel = _initializers(seed)
    hidden = [
        layers.Dense(width, "relu", kernel_initializer=next(kernel))
        for _ in range(depth)
    ]
    last = layers.Dense(outputs, kernel_initializer=next(kernel))
    return keras.Sequential([keras.Input((inputs,)), *hidden, last], name=name)


def build_classifier(seed: int = 0) -> keras.Model:
    """Return the judge: digits (n, 28, 28, 1) -> class logits (n, 10).

    The layer called ``features`` has 64 rectified outputs.
    """
    kernel = _initializers(seed)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(
                16,
                3,
                2,
                "same",
                "channels_last",
                activation="relu",
                kernel_initializer=next(kernel),
            ),
            layers.Conv2D(
                32,
                3,
                2,
                "same",
                "channels_last",
                activation="relu",
                kernel_initializer=next(kernel),
            ),
            layers.Flatten(),
            layers.Dense(
                64, "relu", kernel_initializer=next(kernel), name="features"
            ),
            layers.Dense(10, kernel_initializer=next(kernel)),
        ],
        name="classifier",
    )


def _initializers(seed: int) -> Iterator[keras.initializers.Initializer]:
    """Yield one Glorot initialiser a layer, each with a seed of its own."""
    for number in range(100):
        yield keras.initializers.GlorotUniform(seed=1000 * seed + number)
