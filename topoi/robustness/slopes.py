"""Labels, logits with their Jacobian, and Hessians of a gap of two logits."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from topoi import autodiff

Array = Any
Model = Callable[[Array], Array]
ROWS = 20_000  # at most so many rows are sent through a model at once


def logits_of(model: Model, x: np.ndarray) -> np.ndarray:
    """Return the logits of a batch, shape (n, classes), float32.

    Parameters
    ----------
    model : callable
        A Keras model or a function of tensors, (n, ...) to (n, classes).
    x : ndarray, shape (n, ...)

    Raises
    ------
    ValueError
        If `x` is no batch, or the model does not return one row for each
        example.
    """
    x = checked_batch(x)
    parts = [
        ops.convert_to_numpy(model(ops.convert_to_tensor(part)))
        for part in np.split(x, range(ROWS, len(x), ROWS))
    ]
    logits = np.concatenate(parts)
    if logits.ndim != 2 or len(logits) != len(x):
        raise ValueError(
            "The model should return logits of shape (n, classes), but for "
            f"{len(x)} inputs it returned shape {logits.shape}."
        )
    return logits


def labels_of(model: Model, x: np.ndarray) -> np.ndarray:
    """Return the class with the largest logit, shape (n,)."""
    return logits_of(model, x).argmax(axis=1)


def logit_jacobian(
    model: Model, x: np.ndarray, classes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and their gradients with respect to the input.

    Parameters
    ----------
    model : callable
        As for `logits_of`.
    x : ndarray, shape (n, ...)
    classes : ndarray of int, shape (n, m), optional
        Which logits of each example are differentiated; all by default.

    Returns
    -------
    logits : ndarray, shape (n, classes)
    jacobian : ndarray, shape (n, m, ...)

    Notes
    -----
    One forward pass and m backward passes for the whole batch.
    """
    logits, pull = autodiff.pullback(model, checked_batch(x))
    logits = ops.convert_to_numpy(logits)
    if classes is None:
        every = np.arange(logits.shape[1])
        classes = np.broadcast_to(every, logits.shape)
    one_hot = np.eye(logits.shape[1], dtype="float32")
    rows = [ops.convert_to_numpy(pull(one_hot[c])) for c in classes.T]
    return logits, np.stack(rows, axis=1)


def gap_weights(
    own: np.ndarray, other: np.ndarray, classes: int
) -> np.ndarray:
    """Return rows with 1 at `own` and -1 at `other`, shape (n, classes).

    The sum of logits with these weights is F = f_own - f_other, positive
    where the own class wins.
    """
    one_hot = np.eye(classes, dtype="float32")
    return one_hot[own] - one_hot[other]


def gap_product(
    model: Model, x: np.ndarray, weights: np.ndarray, v: np.ndarray
) -> np.ndarray:
    """Return H v for the Hessian H of F = sum(weights * logits) at x.

    Parameters
    ----------
    model : callable
        As for `logits_of`; must treat rows independently.
    x, v : ndarray, shape (n, d)
        Points, and one vector each.
    weights : ndarray, shape (n, classes)
        Such as `gap_weights` returns.

    Returns
    -------
    ndarray, shape (n, d)
    """
    parts = []
    for at in range(0, len(x), ROWS):
        rows = slice(at, at + ROWS)
        parts.append(_product(model, x[rows], weights[rows], v[rows]))
    return np.concatenate(parts)


def _product(model, x, weights, v):
    weights, v = (
        ops.convert_to_tensor(np.asarray(a, "float32")) for a in (weights, v)
    )

    def gap(u):
        return ops.sum(model(u) * weights, axis=-1)  # (n,)

    def slope_along(u):
        return ops.sum(autodiff.input_gradient(gap, u) * v, axis=-1)  # (n,)

    x = np.asarray(x, "float32")
    return ops.convert_to_numpy(autodiff.input_gradient(slope_along, x))


def gap_hessians(
    model: Model, x: np.ndarray, own: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, gradient and Hessian of F = f_own - f_other.

    Parameters
    ----------
    model : callable
        As for `logits_of`; must treat rows independently.
    x : ndarray, shape (n, d)
    own, other : ndarray of int, shape (n,)
        Two classes for each point.

    Returns
    -------
    values : ndarray, shape (n,)
    gradients : ndarray, shape (n, d)
    hessians : ndarray, shape (n, d, d)
        Symmetrised. d products with unit vectors for each point.
    """
    x = checked_batch(x)
    n, d = x.shape
    both = np.stack([own, other], axis=1)
    logits, jacobian = logit_jacobian(model, x, both)
    rows = np.arange(n)
    values = logits[rows, own] - logits[rows, other]
    weights = gap_weights(own, other, logits.shape[1])
    product = gap_product(
        model,
        np.repeat(x, d, axis=0),
        np.repeat(weights, d, axis=0),
        np.tile(np.eye(d, dtype="float32"), (n, 1)),
    )
    hessians = product.reshape(n, d, d)
    hessians = (hessians + hessians.transpose(0, 2, 1)) / 2
    return values, jacobian[:, 0] - jacobian[:, 1], hessians


def checked_batch(x: Any) -> np.ndarray:
    """Return a batch as float32; refuse what is none, empty or not finite."""
    x = np.asarray(x, "float32")
    if x.ndim < 2 or len(x) == 0:
        raise ValueError(
            f"A batch of shape (n, ...) is due, got shape {x.shape}. One "
            "example? Write x[np.newaxis]."
        )
    if not np.isfinite(x).all():
        raise ValueError("The inputs hold NaN or infinity.")
    return x
