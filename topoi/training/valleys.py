"""Quadratic valleys, where the speed of an optimiser is known exactly.

The valley of curvatures ``(c_1, ..., c_k)`` is the function
``(c_1 w_1**2 + ... + c_k w_k**2) / 2``.
"""

from collections.abc import Sequence

import numpy as np


def valley(w: np.ndarray, curvatures: Sequence[float]) -> np.ndarray:
    """Return the height at places `w` of shape (..., k)."""
    return np.sum(np.asarray(curvatures) * np.square(w), axis=-1) / 2


def valley_slope(w: np.ndarray, curvatures: Sequence[float]) -> np.ndarray:
    """Return the gradient at places `w`, of the shape of `w`."""
    return np.asarray(curvatures) * w


def contraction(
    curvatures: Sequence[float], learning_rate: float, momentum: float = 0.0
) -> float:
    """Return by which factor the distance to the bottom shrinks per step.

    In the long run, in the slowest direction; above 1 the walk diverges.

    Notes
    -----
    In a direction of curvature c the heavy ball obeys the recurrence
    w[t + 1] = (1 + momentum - learning_rate c) w[t] - momentum w[t - 1]; the
    factor is the modulus of the larger root of its characteristic
    polynomial. Without momentum it is abs(1 - learning_rate c).
    """
    factors = []
    for c in curvatures:
        middle = 1 + momentum - learning_rate * c
        factors.append(np.abs(np.roots([1, -middle, momentum])).max())
    return float(max(factors))


def best_settings(low: float, high: float) -> dict[str, float]:
    """Return Polyak's learning rate and momentum for curvatures in a range.

    Raises
    ------
    ValueError
        Unless 0 < low <= high.

    Notes
    -----
    Source: Polyak (1964). The factor per step is then the square root of the
    momentum, (sqrt(k) - 1) / (sqrt(k) + 1) with k = high / low.
    """
    if not 0 < low <= high:
        raise ValueError(
            f"Curvatures need 0 < low <= high, but got {low} and {high}."
        )
    a, b = np.sqrt(low), np.sqrt(high)
    return {
        "learning_rate": float(4 / (a + b) ** 2),
        "momentum": float(((b - a) / (b + a)) ** 2),
    }
