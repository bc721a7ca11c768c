"""A dense network with rounded corners, its training and its fine-tuning."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="topoi")
class SharpSoftplus(layers.Layer):
    """A relu with a rounded corner: log(1 + exp(beta a)) / beta.

    Parameters
    ----------
    beta : float
        How sharp the corner is; the largest distance from relu, at 0, is
        log(2) / beta.

    Raises
    ------
    ValueError
        If `beta` is not positive.

    Notes
    -----
    Any shape; the shape stays. The second derivative is
    ``beta s (1 - s)`` with s the logistic function of ``beta a``, so a
    network of these has a curvature where a relu network has none. Minus
    infinity becomes 0, as for relu.
    """

    def __init__(self, beta: float = 10.0, **kwargs):
        super().__init__(**kwargs)
        if not beta > 0:
            raise ValueError(
                f"SharpSoftplus needs a positive beta, got {beta}. For a "
                "plain relu use keras.layers.ReLU."
            )
        self.beta = float(beta)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return tuple(input_shape)

    def call(self, x):
        """Return values of the same shape."""
        return ops.softplus(self.beta * x) / self.beta

    def get_config(self):
        """Return the arguments of the constructor."""
        return super().get_config() | {"beta": self.beta}


def build_smooth_mlp(
    sizes: Sequence[int], beta: float | None = 10.0, seed: int = 0
) -> keras.Model:
    """Return a dense network that outputs logits.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden units of each layer, classes.
    beta : float or None
        Of `SharpSoftplus`; None for relu.
    seed : int
        Of He's initial weights.

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is not positive.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            "build_smooth_mlp needs the numbers of inputs and classes, with "
            f"hidden units between them, all positive; got {list(sizes)}."
        )
    parts = [keras.Input((sizes[0],))]
    for k, width in enumerate(sizes[1:]):
        start = keras.initializers.HeNormal(seed=seed + k)
        parts.append(layers.Dense(width, kernel_initializer=start))
        if k < len(sizes) - 2:
            parts.append(
                layers.ReLU() if beta is None else SharpSoftplus(beta)
            )
    return keras.Sequential(parts)


@dataclass(frozen=True)
class Settings:
    """Numbers of a training with Adam.

    Raises ValueError where nothing would be trained.
    """

    epochs: int = 12
    learning_rate: float = 2e-3
    batch_size: int = 64

    def __post_init__(self):
        if self.epochs < 1 or self.batch_size < 1 or self.learning_rate <= 0:
            raise ValueError(
                "Training needs at least one epoch, a batch of at least one "
                f"example and a positive learning rate, got {self}."
            )


def train_adam(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    settings: Settings = Settings(),
) -> keras.Model:
    """Train a classifier that outputs logits; return it.

    Parameters
    ----------
    model : keras.Model
        Its weights are changed.
    x, y : ndarray, shapes (n, ...) and (n,)
        Inputs and labels.
    settings : Settings

    Raises
    ------
    FloatingPointError
        If the loss is not finite at the end of an epoch.
    """
    model.compile(
        keras.optimizers.Adam(settings.learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(
        x, y, settings.batch_size, settings.epochs, verbose=0
    ).history["loss"]
    if not np.all(np.isfinite(history)):
        raise FloatingPointError(
            f"The loss became {history[-1]}: the learning rate of {settings} "
            "is too large, or the data hold NaN."
        )
    return model


def fine_tune(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    settings: Settings = Settings(epochs=5, learning_rate=1e-3),
) -> keras.Model:
    """Return a copy of a network that was trained further on other data.

    Parameters
    ----------
    model : keras.Model
        Stays as it is.
    x, y : ndarray
        Inputs, perhaps perturbed, and their true labels.
    settings : Settings
        Five epochs at half of the learning rate, as Moosavi-Dezfooli et al.
        (2016).
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return train_adam(copy, x, y, settings)
