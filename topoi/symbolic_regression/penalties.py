"""Penalties that make weights vanish: smoothed L0.5, and a relaxed L0."""

import math

import numpy as np

GAMMA, ZETA, BETA = -0.1, 1.1, 2 / 3


def l05_smooth(w: np.ndarray, a: float = 0.05) -> np.ndarray:
    """Return the smoothed square root of ``|w|``, entry by entry.

    Outside of ``(-a, a)`` it is ``sqrt(|w|)``. Inside, it is the square root
    of the even polynomial of degree 4 that continues ``|w|`` with the same
    value, slope and curvature at ``a``.

    Parameters
    ----------
    w : array
        Weights, any shape.
    a : float
        Half the width of the smooth part.

    Returns
    -------
    array
        The shape of `w`.

    Notes
    -----
    At 0 it is ``sqrt(3 a / 8)``, not 0. Source: the code of Kim et al.
    (2021).
    """
    _check(a)
    size = np.abs(w)
    small = np.minimum(size, a)  # keeps the branch that is not taken finite
    inside = -(small**4) / (8 * a**3) + 3 * small**2 / (4 * a) + 3 * a / 8
    return np.sqrt(np.where(size < a, inside, size))


def l05_slope(w: np.ndarray, a: float = 0.05) -> np.ndarray:
    """Return the derivative of `l05_smooth`, entry by entry."""
    _check(a)
    size = np.abs(w)
    small = np.minimum(size, a)
    inside = -(small**3) / (2 * a**3) + 3 * small / (2 * a)
    rising = np.where(size < a, inside, 1.0)
    return np.sign(w) * rising / (2 * l05_smooth(w, a))


def _check(a: float) -> None:
    if not a > 0:
        raise ValueError(f"l05_smooth needs a width a > 0, got {a}.")


def hard_concrete(log_alpha: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return gates between 0 and 1, drawn by uniform numbers `u`.

    A logistic variable is squeezed into (0, 1), stretched to
    ``(GAMMA, ZETA)`` and clipped, so that 0 and 1 have positive probability.

    Parameters
    ----------
    log_alpha : array
        Location of each gate.
    u : array
        Numbers strictly between 0 and 1, of a shape that broadcasts.
    """
    s = _sigmoid((np.log(u) - np.log1p(-u) + log_alpha) / BETA)
    return np.clip(s * (ZETA - GAMMA) + GAMMA, 0, 1)


def expected_l0(log_alpha: np.ndarray) -> np.ndarray:
    """Return the probability that each gate is not 0."""
    return _sigmoid(log_alpha - BETA * math.log(-GAMMA / ZETA))


def mean_gate(log_alpha: np.ndarray) -> np.ndarray:
    """Return the gate that is used after training, entry by entry."""
    return np.clip(_sigmoid(log_alpha) * (ZETA - GAMMA) + GAMMA, 0, 1)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(x))
