"""The training that sweeps repeat: tiny, in NumPy, a fraction of a second."""

import numpy as np

POINTS = 400
BATCH = 40


def spirals(seed: int, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return points of two noisy spirals and their classes.

    Returns
    -------
    x : ndarray, shape (points, 2)
    y : ndarray, shape (points,), of 0 and 1
    """
    random = np.random.default_rng(seed)
    y = np.arange(points) % 2
    turn = 1 + 8 * random.random(points)
    angle = turn + np.pi * y
    x = turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) / 9
    return x + 0.02 * random.normal(size=x.shape), y


def train_spirals(
    width: int, learning_rate: float, seed: int, steps: int = 2500
) -> float:
    """Return the test accuracy of a network with one hidden layer.

    Parameters
    ----------
    width : int
        Hidden units (tanh).
    learning_rate : float
        Of gradient descent on batches of 40.
    seed : int
        Of data, weights and batches: nothing else is random.
    steps : int
        Updates.
    """
    x, y = spirals(seed)
    random = np.random.default_rng(seed)
    w = random.normal(size=(2, width))
    b, v, c = np.zeros(width), random.normal(size=width) / width, 0.0
    for _ in range(steps):
        rows = random.integers(0, len(x), BATCH)
        hidden = np.tanh(4 * x[rows] @ w + b)
        error = 1 / (1 + np.exp(-hidden @ v - c)) - y[rows]
        back = np.outer(error, v) * (1 - hidden**2)
        w -= learning_rate * 4 * x[rows].T @ back / BATCH
        b -= learning_rate * back.mean(0)
        v -= learning_rate * hidden.T @ error / BATCH
        c -= learning_rate * error.mean()
    x, y = spirals(seed + 1)
    return float(np.mean((np.tanh(4 * x @ w + b) @ v + c > 0) == y))
