"""Training loops: mini-batches, validation, early stopping, dropout, decay."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from topoi.foundations import cross_entropy
from topoi.training.deep import Layers, deep_forward, deep_gradients
from topoi.training.optimisers import Step, adam_step


def batches(
    n: int, size: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield the numbers 0 to n - 1 in random order, `size` at a time."""
    order = rng.permutation(n)
    for first in range(0, n, size):
        yield order[first : first + size]


class Epochs(NamedTuple):
    """What training left, one entry an epoch."""

    layers: Layers
    losses: list[float]  # mean over the batches of the epoch


def train_layers(
    network: Layers,
    x: np.ndarray,
    labels: np.ndarray,
    epochs: int,
    rng: np.random.Generator,
    step: Step = adam_step,
    batch_size: int = 64,
    **settings: float,
) -> Epochs:
    """Train a network of `init_layers` with an optimiser of this package.

    Parameters
    ----------
    network : list of (w, b)
        Left as it is.
    x, labels : ndarray, shapes (examples, inputs) and (examples,)
    epochs : int
        Times through the data.
    rng : Generator
        Shuffles.
    step : callable
        `descent_step`, `momentum_step` or `adam_step`.
    batch_size : int
    **settings
        Of the step, such as ``learning_rate``.

    Raises
    ------
    ValueError
        If no epoch is asked for.
    FloatingPointError
        If a loss is not finite.
    """
    if epochs < 1:
        raise ValueError(f"Training needs at least one epoch, got {epochs}.")
    network = list(network)
    states: list[Any] = [(None, None)] * len(network)
    losses = []
    for _ in range(epochs):
        sums = 0.0
        for rows in batches(len(x), batch_size, rng):
            loss, gradients = deep_gradients(network, x[rows], labels[rows])
            _check(loss, settings)
            sums += loss * len(rows)
            for k, gradient in enumerate(gradients):
                network[k], states[k] = update_layer(
                    step, network[k], gradient, states[k], settings
                )
        losses.append(sums / len(x))
    return Epochs(network, losses)


def update_layer(step, pair, gradient, states, settings):
    """Take one step with matrix and bias; return them and their states."""
    done = [
        step(p, g, state, **settings)
        for p, g, state in zip(pair, gradient, states, strict=True)
    ]
    return tuple(w for w, _ in done), tuple(state for _, state in done)


def _check(loss: float, settings: dict) -> None:
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"The loss is {loss}: the learning rate of {settings} is too "
            "large, or the data hold NaN."
        )


def loss_and_accuracy(
    network: Layers, x: np.ndarray, labels: np.ndarray
) -> tuple[float, float]:
    """Return loss and accuracy."""
    logits = deep_forward(network, x)[-1]
    right = float(np.mean(logits.argmax(axis=1) == labels))
    return cross_entropy(logits, labels), right


def build_signal_network(
    inputs: int,
    classes: int,
    width: int = 128,
    dropout: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """Return a network with two hidden layers, dropout after each.

    Weights are drawn by Keras' He initialiser from `seed`.
    """
    he = keras.initializers.HeNormal
    parts = [keras.Input((inputs,))]
    for k in range(2):
        start = he(seed=seed + k)
        parts.append(
            layers.Dense(width, activation="relu", kernel_initializer=start)
        )
        if dropout:
            parts.append(layers.Dropout(dropout, seed=seed + 10 + k))
    parts.append(layers.Dense(classes, kernel_initializer=he(seed=seed + 5)))
    return keras.Sequential(parts)


def stopped_epoch(losses: list[float], patience: int) -> tuple[int, int]:
    """Return (best, last) epoch of early stopping on validation losses.

    Training ends when `patience` epochs in a row have not improved on the
    best; `last` is the epoch after which it ended. Epochs count from 0.

    Raises
    ------
    ValueError
        If there are no losses or `patience` is not positive.
    """
    if len(losses) == 0 or patience < 1:
        raise ValueError(
            "stopped_epoch needs losses and a patience of at least 1, but "
            f"got {len(losses)} losses and {patience}."
        )
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


def drop(x: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Return x with entries set to 0 at random, the others scaled up.

    Each entry is dropped with probability `rate`; what stays is divided by
    1 - rate, so that the mean stays. Source: Srivastava et al. (2014), in
    the inverted form of all libraries.

    Raises
    ------
    ValueError
        Unless 0 <= rate < 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate must lie in [0, 1), but it is {rate}.")
    kept = rng.random(x.shape) >= rate
    return np.where(kept, x / (1 - rate), 0.0)
