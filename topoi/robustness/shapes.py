"""Classifiers by formula: their regions and boundaries are known exactly.

Each function returns a function ``logits(x)`` of tensors of shape (n, d),
made of `keras.ops`, so that it can be attacked like a network.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

Classifier = Callable[[Any], Any]


def affine_classifier(weights: np.ndarray, bias: np.ndarray) -> Classifier:
    """Return x -> x @ weights + bias; weights (d, classes).

    The boundary between k and l is the hyperplane on which
    ``x @ (w_k - w_l) + b_k - b_l`` vanishes.
    """
    weights, bias = _constant(weights), _constant(bias)
    return lambda x: ops.matmul(x, weights) + bias


def quadratic_classifier(
    centres: np.ndarray, matrices: np.ndarray, bias: np.ndarray | None = None
) -> Classifier:
    """Return logits -(x - m_k)^T M_k (x - m_k) + b_k.

    Parameters
    ----------
    centres : ndarray, shape (classes, d)
        The points m_k.
    matrices : ndarray, shape (classes, d, d)
        Symmetric matrices M_k.
    bias : ndarray, shape (classes,), optional
        The numbers b_k; zeros by default.

    Notes
    -----
    Two classes meet on a quadric, whose Hessian is constant.
    """
    zero = np.zeros(len(centres))
    centres, matrices = _constant(centres), _constant(matrices)
    bias = _constant(zero if bias is None else bias)

    def logits(x):
        gap = x[:, None, :] - centres  # (n, classes, d)
        return bias - ops.einsum("nki,kij,nkj->nk", gap, matrices, gap)

    return logits


def disc_classifier(centres: np.ndarray, radius: float) -> Classifier:
    """Return two logits: class 0 inside of one of some balls, else class 1.

    If the balls are disjoint, class 0 has one component for each of them.
    """
    centres = _constant(centres)

    def logits(x):
        square = ops.sum((x[:, None, :] - centres) ** 2, -1)  # (n, balls)
        inside = radius**2 - ops.min(square, axis=1)
        return ops.stack([inside, -inside], axis=1)  # (n, 2)

    return logits


def spiral_classifier(twist: float = 2.0) -> Classifier:
    """Return two logits F, -F with F = cos(angle - twist * radius).

    In polar coordinates (s, t) class 0 is ``|t - twist s| < pi / 2``, up to
    whole turns. It is the image of a strip, and the origin is a limit of its
    points; so class 0 is one connected arm, and so is class 1.
    """

    def logits(x):
        first, second = x[:, 0], x[:, 1]
        radius = ops.sqrt(first**2 + second**2 + 1e-12)
        turned = twist * radius
        f = (first * ops.cos(turned) + second * ops.sin(turned)) / radius
        return ops.stack([f, -f], axis=1)  # (n, 2)

    return logits


def _constant(array: Any) -> Any:
    return ops.convert_to_tensor(np.asarray(array, "float32"))
