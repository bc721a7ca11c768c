"""The first figure of the back-propagation paper: seeing mirror symmetry.

Six binary inputs, two hidden units, one output; the output should be 1 when
the second half of the input mirrors the first.
"""

from itertools import product
from typing import NamedTuple

import numpy as np


class Symmetry(NamedTuple):
    """What training left."""

    params: list[np.ndarray]  # w1 (6, 2), b1 (2,), w2 (2, 1), b2 (1,)
    errors: list[float]  # half the summed square, before every sweep
    solved: int | None  # sweeps until every output was on its side of 1/2


def symmetry_task() -> tuple[np.ndarray, np.ndarray]:
    """Return all 64 inputs (64, 6) and the wanted outputs (64, 1)."""
    x = np.array(list(product([0.0, 1.0], repeat=6)))
    wanted = np.all(x == x[:, ::-1], axis=1)
    return x, wanted.astype(float)[:, np.newaxis]


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-a)), computed as a tanh: no overflow."""
    return (1 + np.tanh(np.asarray(a) / 2)) / 2


def learn_symmetry(
    seed: int,
    sweeps: int = 4000,
    learning_rate: float = 0.1,
    momentum: float = 0.9,
) -> Symmetry:
    """Train the network by the paper's own recipe.

    Parameters
    ----------
    seed : int
        Of the first weights, uniform in [-0.3, 0.3].
    sweeps : int
        Steps; each uses all 64 inputs.
    learning_rate, momentum : float
        The paper's epsilon and alpha.

    Notes
    -----
    Source: Rumelhart, Hinton and Williams (1986), equations 4-9 and figure
    1. The error is half the summed square of the differences.
    """
    x, wanted = symmetry_task()
    rng = np.random.default_rng(seed)
    shapes = ((6, 2), (2,), (2, 1), (1,))
    params = [rng.uniform(-0.3, 0.3, shape) for shape in shapes]
    changes = [np.zeros(shape) for shape in shapes]
    errors, solved = [], None
    for sweep in range(sweeps):
        w1, b1, w2, b2 = params
        hidden = sigmoid(x @ w1 + b1)  # (64, 2)
        y = sigmoid(hidden @ w2 + b2)  # (64, 1)
        errors.append(0.5 * float(np.sum((y - wanted) ** 2)))
        if solved is None and np.abs(y - wanted).max() < 0.5:
            solved = sweep
        d_out = (y - wanted) * y * (1 - y)  # (64, 1)
        d_hidden = (d_out @ w2.T) * hidden * (1 - hidden)  # (64, 2)
        gradients = [x.T @ d_hidden, d_hidden.sum(0)]
        gradients += [hidden.T @ d_out, d_out.sum(0)]
        changes = [
            momentum * change - learning_rate * gradient
            for change, gradient in zip(changes, gradients, strict=True)
        ]
        params = [p + c for p, c in zip(params, changes, strict=True)]
    return Symmetry(params, errors, solved)


def mirror_gap(w1: np.ndarray) -> float:
    """Return how far mirrored weights are from being opposite.

    0 if the weights of each hidden unit change their sign when the input is
    mirrored, as in the paper's solution; 2 if they stay the same.
    """
    return float(np.abs(w1 + w1[::-1]).max() / np.abs(w1).max())


def weight_ratios(w1: np.ndarray) -> np.ndarray:
    """Return, per hidden unit, its three sizes over the smallest, sorted.

    Shape (2, 3); the paper finds 1 : 2 : 4, in some order.
    """
    half = np.abs(w1[:3] - w1[:2:-1]) / 2  # (3, 2): both sides averaged
    return np.sort(half / half.min(axis=0), axis=0).T
