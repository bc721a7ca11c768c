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
    rng = np.random.default_rng(seed)
    y = np.arange(points) % 2
    turn = 1 + 8 * rng.random(points)
    angle = turn + np.pi * y
    x = turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) / 9
    return x + 0.02 * rng.normal(size=x.shape), y


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

    Raises
    ------
    ValueError
        If the trial would train nothing.
    FloatingPointError
        If the weights become NaN or infinite.
    """
    _check_trial(width, learning_rate, steps)
    x, y = spirals(seed)
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(2, width))
    b, v, c = np.zeros(width), rng.normal(size=width) / width, 0.0
    for _ in range(steps):
        rows = rng.integers(0, len(x), BATCH)
        hidden = np.tanh(4 * x[rows] @ w + b)
        error = 1 / (1 + np.exp(-hidden @ v - c)) - y[rows]
        back = np.outer(error, v) * (1 - hidden**2)
        # (2, batch) @ (batch, width)
        w -= learning_rate * 4 * x[rows].T @ back / BATCH
        b -= learning_rate * back.mean(0)
        # (width, batch) @ (batch,)
        v -= learning_rate * hidden.T @ error / BATCH
        c -= learning_rate * error.mean()
    if not all(np.isfinite(a).all() for a in (w, b, v, c)):
        raise FloatingPointError(
            f"After {steps} steps at learning rate {learning_rate} a weight "
            "is NaN or infinite. Lower the learning rate."
        )
    x, y = spirals(seed + 1)
    return float(np.mean((np.tanh(4 * x @ w + b) @ v + c > 0) == y))


def _check_trial(width: int, learning_rate: float, steps: int) -> None:
    if width < 1 or steps < 1 or not learning_rate > 0:
        raise ValueError(
            "A trial needs at least one unit, one step, and a learning rate "
            f"above 0, but got width {width}, {steps} steps and learning "
            f"rate {learning_rate}: it would train nothing."
        )
