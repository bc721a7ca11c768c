"""Generators that are trained: as a variational autoencoder, as a GAN."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from topoi import autodiff, gan

Array = Any  # a NumPy array or a tensor of the backend


@dataclass(frozen=True)
class VAESettings:
    """Every number of the training of a variational autoencoder.

    Attributes
    ----------
    beta : float
        Weight of the Kullback-Leibler term.
    learning_rate : float
        First rate of Adam; a cosine brings it to 0.
    batch_size, epochs : int
        Pictures a step; passes over the pictures.

    Raises
    ------
    ValueError
        If nothing would be learned.
    """

    beta: float = 0.1
    learning_rate: float = 6e-3
    batch_size: int = 64
    epochs: int = 12

    def __post_init__(self):
        if min(self.batch_size, self.epochs) < 1 or self.learning_rate <= 0:
            raise ValueError(
                "Training needs a batch_size and epochs of at least 1 and a "
                f"learning_rate above 0, but got {self.batch_size}, "
                f"{self.epochs} and {self.learning_rate}."
            )
        if not self.beta >= 0:
            raise ValueError(f"beta is 0 or more, but got {self.beta}.")


def build_relu_generator(widths: Sequence[int], seed: int = 0) -> keras.Model:
    """Return an untrained generator without biases, with linear output.

    Parameters
    ----------
    widths : sequence of int
        n_0, n_1, ..., n.
    seed : int
        Of the initial weights, which NumPy draws: equal on all backends.
        They follow He's rule; those of the last matrix are multiplied by
        0.3, so that pixels start near 0.
    """
    latent, *hidden, outputs = widths
    stack = [keras.Input((latent,))]
    stack += [layers.Dense(n, "relu", use_bias=False) for n in hidden]
    stack += [layers.Dense(outputs, use_bias=False)]
    model = _draw(keras.Sequential(stack, name="generator"), seed)
    last = model.trainable_variables[-1]
    last.assign(0.3 * ops.convert_to_numpy(last))
    return model


def build_vae_encoder(
    inputs: int, width: int, latent: int, seed: int = 0
) -> keras.Model:
    """Return a network (rows, inputs) -> (rows, 2 latent).

    The first half of its output is the mean of the latent, the second half
    the logarithm of its variance.
    """
    stack = [
        keras.Input((inputs,)),
        layers.Dense(width, "relu"),
        layers.Dense(2 * latent),
    ]
    return _draw(keras.Sequential(stack, name="encoder"), seed)


def _draw(model: keras.Model, seed: int) -> keras.Model:
    """Draw kernels by He's rule; biases stay 0."""
    rng = np.random.default_rng(seed)
    for v in model.trainable_variables:
        if len(v.shape) == 2:
            v.assign(rng.normal(size=v.shape) * np.sqrt(2 / v.shape[0]))
    return model


def vae_loss(
    generator: keras.Model,
    encoder: keras.Model,
    pictures: Array,
    noise: Array,
    beta: float,
) -> Array:
    """Return the mean of squared error / 2 plus beta times KL, a scalar.

    Parameters
    ----------
    pictures : array, shape (rows, n)
        A batch.
    noise : array, shape (rows, n_0)
        Standard normal: z = mean + noise * deviation.
    beta : float
        Weight of KL(N(mean, variance) || N(0, 1)).
    """
    # (rows, 2 n_0) -> twice (rows, n_0)
    mean, log_variance = ops.split(encoder(pictures), 2, axis=-1)
    z = mean + noise * ops.exp(log_variance / 2)
    error = ops.sum((generator(z) - pictures) ** 2, axis=-1) / 2  # (rows,)
    kl = ops.exp(log_variance) + mean**2 - 1 - log_variance
    return ops.mean(error + beta * ops.sum(kl, axis=-1) / 2)


def train_vae(
    generator: keras.Model,
    pictures: np.ndarray,
    settings: VAESettings,
    width: int = 128,
    seed: int = 0,
) -> list[float]:
    """Train a generator together with an encoder of its own.

    Parameters
    ----------
    generator : keras.Model
        (rows, n_0) -> (rows, n).
    pictures : ndarray, shape (count, n)
        At least one batch of them.
    settings : VAESettings
        How to train.
    width : int
        Hidden units of the encoder.
    seed : int
        Of the encoder, the batches and the noise.

    Returns
    -------
    list of float
        The loss of the last step of each epoch.

    Raises
    ------
    ValueError
        If the shapes do not fit or there is not one batch.
    FloatingPointError
        If the loss stops being finite.
    """
    pictures, batch = (
        _checked(generator, pictures, settings),
        settings.batch_size,
    )
    steps, latent = len(pictures) // batch, generator.input_shape[-1]
    encoder = build_vae_encoder(pictures.shape[1], width, latent, seed)
    step = _vae_step(generator, encoder, settings, steps)
    rng, history = np.random.default_rng(seed), []
    for _ in range(settings.epochs):
        order = rng.permutation(len(pictures))[: steps * batch]
        for rows in order.reshape(steps, batch):  # (steps, batch)
            noise = rng.normal(size=(batch, latent)).astype("float32")
            value, _ = step(pictures[rows], noise)
        history.append(float(value))
        if not np.isfinite(history[-1]):
            raise FloatingPointError(
                f"The loss is {history[-1]} after epoch {len(history)}. Take "
                "a smaller learning_rate."
            )
    return history


def _checked(
    generator: keras.Model, pictures: np.ndarray, settings: VAESettings
) -> np.ndarray:
    """Return pictures as float32, if the generator can learn from them."""
    pictures = np.asarray(pictures, "float32")
    expected = generator.output_shape[1:]
    if pictures.shape[1:] != expected or len(pictures) < settings.batch_size:
        raise ValueError(
            f"train_vae needs at least {settings.batch_size} pictures of "
            f"shape {expected}, but got {pictures.shape}."
        )
    return pictures


def _vae_step(generator, encoder, settings: VAESettings, steps: int):
    """Return one step of Adam on both networks, (pictures, noise) -> loss."""
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, steps * settings.epochs
    )

    def loss(x, noise):
        return vae_loss(generator, encoder, x, noise, settings.beta)

    both = generator.trainable_variables + encoder.trainable_variables
    return autodiff.make_step(loss, keras.optimizers.Adam(rate), both)


def train_gan(
    generator: keras.Model,
    pictures: np.ndarray,
    settings: gan.Settings,
    steps: int = 600,
    width: int = 128,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Train a generator in the game of `topoi.gan`; return its losses.

    Parameters
    ----------
    generator : keras.Model
        (rows, n_0) -> (rows, n).
    pictures : ndarray, shape (count, n)
        Real samples.
    settings : gan.Settings
        Loss and optimisers.
    steps, width, seed : int
        Updates of the generator; units in each of the critic's two hidden
        layers; seed of the critic and the game.
    """
    critic = gan.build_mlp(pictures.shape[1], 1, width, seed=seed)
    game = gan.Game(generator, critic, settings, seed=seed)
    return game.train(np.asarray(pictures, "float32"), steps)


def shrink(pictures: np.ndarray) -> np.ndarray:
    """Return MNIST as rows: (count, 28, 28) uint8 -> (count, 196) in [0, 1].

    Each pixel of the 14 x 14 result is the mean of 2 x 2 pixels.
    """
    if pictures.shape[1:] != (28, 28):
        raise ValueError(
            f"shrink needs pictures of 28 x 28 pixels, not {pictures.shape}."
        )
    # (count, 14, 2, 14, 2) -> mean over both pairs -> (count, 14, 14)
    small = pictures.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    return small.reshape(len(pictures), 196).astype("float32")
