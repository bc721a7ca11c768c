"""A network with one hidden layer, its loss, and its gradient by hand.

Examples are rows: `x` has shape (examples, inputs). The parameters are a
list [w1, b1, w2, b2] of shapes (inputs, width), (width,), (width, classes)
and (classes,).
"""

import keras
import numpy as np
from keras import layers

from topoi.foundations.tape import Var

Params = list[np.ndarray]


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return a row per label: 1 at the label's place, 0 elsewhere.

    Raises
    ------
    ValueError
        If a label is not an integer from 0 to classes - 1.
    """
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or (
        labels.size and not 0 <= labels.min() <= labels.max() < classes
    ):
        raise ValueError(
            f"Labels must be integers from 0 to {classes - 1}, but got "
            f"{labels.dtype} with values {np.unique(labels)[:8].tolist()}. "
            "For names: np.unique(names, return_inverse=True)."
        )
    return (labels[..., np.newaxis] == np.arange(classes)).astype(float)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities exp(z) / sum exp(z) along the last axis.

    The largest logit of a row is subtracted first. That changes nothing in
    the quotient and keeps exp from overflowing.
    """
    logits = np.asarray(logits, dtype=np.float64)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of -log softmax(logits)[label] over the examples.

    Parameters
    ----------
    logits : array_like, shape (examples, classes)
    labels : ndarray of int, shape (examples,)

    Raises
    ------
    ValueError
        If the shapes do not belong together, or a label is out of range.
    """
    logits = np.asarray(logits, dtype=np.float64)
    labels = np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            "cross_entropy needs logits (examples, classes) and labels "
            f"(examples,), but got {logits.shape} and {labels.shape}."
        )
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.sum(log_p * one_hot(labels, logits.shape[1])) / len(labels)


def init_params(
    inputs: int, width: int, classes: int, rng: np.random.Generator
) -> Params:
    """Return random weights of variance 2 / inputs of the layer, biases 0.

    Source: He et al. (2015); the chapter *Training* says why.
    """
    return [
        rng.normal(0, np.sqrt(2 / inputs), (inputs, width)),
        np.zeros(width),
        rng.normal(0, np.sqrt(2 / width), (width, classes)),
        np.zeros(classes),
    ]


def forward(params: Params, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return hidden values (examples, width), logits (examples, classes)."""
    w1, b1, w2, b2 = params
    hidden = np.maximum(x @ w1 + b1, 0)  # (examples, width)
    return hidden, hidden @ w2 + b2  # (examples, classes)


def loss_and_gradients(
    params: Params, x: np.ndarray, labels: np.ndarray
) -> tuple[float, Params]:
    """Return the cross-entropy and its gradient, derived by hand."""
    _, _, w2, b2 = params
    hidden, logits = forward(params, x)
    loss = cross_entropy(logits, labels)
    d_logits = softmax(logits) - one_hot(labels, b2.size)
    d_logits = d_logits / len(x)  # (examples, classes)
    d_w2 = hidden.T @ d_logits  # (width, classes)
    d_b2 = d_logits.sum(axis=0)  # (classes,)
    d_hidden = d_logits @ w2.T  # (examples, width)
    d_before = d_hidden * (hidden > 0)  # relu lets through what was on
    d_w1 = x.T @ d_before  # (inputs, width)
    d_b1 = d_before.sum(axis=0)  # (width,)
    return loss, [d_w1, d_b1, d_w2, d_b2]


def tape_loss(w1: Var, b1: Var, w2: Var, b2: Var, x, labels) -> Var:
    """Return the same loss from parameters on the tape, as a `Var`."""
    hidden = (x @ w1 + b1).relu()  # (examples, width)
    logits = hidden @ w2 + b2  # (examples, classes)
    shifted = logits - logits.value.max(axis=1, keepdims=True)
    log_sum = shifted.exp().sum(axis=1, keepdims=True).log()
    log_p = (shifted - log_sum) * one_hot(labels, b2.value.size)
    return -log_p.sum() / len(x)


def accuracy(params: Params, x: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of examples whose largest logit is at the label."""
    logits = forward(params, x)[1]
    return float(np.mean(logits.argmax(axis=1) == labels))


def descend(
    params: Params,
    x: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    steps: int,
) -> tuple[Params, list[float]]:
    """Walk against the gradient; return the parameters and all losses.

    Parameters
    ----------
    params : list of ndarray
        Where to start; left as they are.
    x, labels : ndarray, shapes (examples, inputs) and (examples,)
        All of them are used in every step.
    learning_rate : float
        Length of a step, as a multiple of the gradient.
    steps : int
        How many.

    Raises
    ------
    ValueError
        If `learning_rate` or `steps` would train nothing.
    FloatingPointError
        If the loss is no longer a finite number.
    """
    if not (learning_rate > 0 and steps > 0):
        raise ValueError(
            "descend needs a positive learning_rate and at least one step, "
            f"but got {learning_rate} and {steps}."
        )
    losses = []
    for step in range(steps):
        loss, gradients = loss_and_gradients(params, x, labels)
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss is {loss} at step {step}: the learning rate "
                f"{learning_rate} is too large, or the data hold NaN."
            )
        losses.append(loss)
        params = [
            p - learning_rate * g
            for p, g in zip(params, gradients, strict=True)
        ]
    return params, losses


def build_network(inputs: int, width: int, classes: int) -> keras.Model:
    """Return the same network in Keras; its outputs are logits."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(width, activation="relu"),
            layers.Dense(classes),
        ]
    )
