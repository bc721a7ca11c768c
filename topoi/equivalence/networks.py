"""Networks that are trained to be compressed: l1 penalty, attacked inputs.

Keras is imported where it is used, so that a lab without training starts at
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Settings:
    """Numbers of a training.

    Attributes
    ----------
    l1 : float
        Strength of the penalty on the absolute values of all weights.
    epsilon : float
        Size of the one-step attack in each input; 0 trains on clean inputs.
    learning_rate : float
        At the start; it falls to 0 along a cosine.
    epochs, batch_size, seed : int
    """

    l1: float = 0.0
    epsilon: float = 0.0
    learning_rate: float = 1e-2
    epochs: int = 40
    batch_size: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that train nothing."""
        if min(self.epochs, self.batch_size, self.learning_rate) <= 0:
            raise ValueError(
                "epochs, batch_size and learning_rate must be positive."
            )
        if min(self.l1, self.epsilon) < 0:
            raise ValueError("l1 and epsilon must not be negative.")


def build_relu_network(
    inputs: int, widths: tuple[int, ...] = (24, 24), classes: int = 10
) -> keras.Model:
    """Return an untrained chain of Dense layers that ends in logits."""
    import keras

    layers = [keras.Input((inputs,))]
    layers += [keras.layers.Dense(w, activation="relu") for w in widths]
    return keras.Sequential([*layers, keras.layers.Dense(classes)])


def penalised_loss(
    model: keras.Model, x: object, y: object, settings: Settings
) -> object:
    """Return the loss: cross-entropy on attacked inputs, plus the penalty.

    Parameters
    ----------
    model : keras.Model
    x : tensor, shape (batch, in), entries in [0, 1]
    y : tensor of int, shape (batch,)
    settings : Settings
        Of which `l1` and `epsilon` are used.
    """
    import keras
    from keras import ops

    from topoi import autodiff

    def cross_entropy(x):
        losses = keras.losses.sparse_categorical_crossentropy
        return ops.mean(losses(y, model(x), from_logits=True))

    if settings.epsilon:
        slope = autodiff.input_gradient(cross_entropy, x)
        x = x + settings.epsilon * ops.sign(ops.stop_gradient(slope))
        x = ops.clip(x, 0.0, 1.0)
    size = sum(ops.sum(ops.abs(layer.kernel)) for layer in model.layers)
    return cross_entropy(x) + settings.l1 * size


def train_compressible(
    model: keras.Model, x: np.ndarray, y: np.ndarray, settings: Settings
) -> np.ndarray:
    """Train a classifier with Adam, and return the mean loss of each epoch.

    Parameters
    ----------
    model : keras.Model
        As `build_relu_network` returns it.
    x : ndarray, shape (n, in), float32 in [0, 1]
    y : ndarray of int, shape (n,)
    settings : Settings

    Raises
    ------
    FloatingPointError
        If the loss does not stay finite.
    """
    import keras

    from topoi import autodiff

    batches = len(x) // settings.batch_size
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, batches * settings.epochs
    )

    def loss(x, y):
        return penalised_loss(model, x, y, settings)

    step = autodiff.make_step(
        loss,
        keras.optimizers.Adam(schedule),
        model.trainable_variables,
        model.non_trainable_variables,
    )
    rng = np.random.default_rng(settings.seed)
    means = []
    for _ in range(settings.epochs):
        order = rng.permutation(len(x))[: batches * settings.batch_size]
        parts = np.split(order, batches)
        losses = [float(step(x[part], y[part])[0]) for part in parts]
        means.append(np.mean(losses))
        if not np.isfinite(means[-1]):
            raise FloatingPointError(
                f"The loss is {means[-1]}: lower the learning rate."
            )
    return np.array(means)


def model_accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of examples whose largest logit is their class's."""
    from keras import ops

    logits = ops.convert_to_numpy(model(x))
    return float((logits.argmax(-1) == y).mean())
