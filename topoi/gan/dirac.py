"""The Dirac-GAN: two numbers that show when the game converges."""

from typing import Any

import numpy as np
import scipy.special

Array = Any  # numbers or NumPy arrays


def dirac_field(
    theta: Array, psi: Array, penalty: float = 0.0, logistic: bool = False
) -> tuple[Array, Array]:
    """Return the directions in which both players of the Dirac-GAN pull.

    All data sit at 0, the generator puts everything at theta, and the
    critic is the line f(x) = psi x.

    Parameters
    ----------
    theta, psi : float or ndarray
        State of generator and critic; any shapes that broadcast.
    penalty : float
        Weight gamma of the penalty (gamma / 2) psi^2, the squared slope of
        the critic at the data (R1).
    logistic : bool
        The cross-entropy game, with its saturating loss, instead of the
        bilinear (Wasserstein) one.

    Returns
    -------
    toward_theta, toward_psi : float or ndarray
        Minus the gradient of each player's loss.

    Notes
    -----
    Source: Mescheder, Geiger and Nowozin (2018), section 2.
    """
    slope = scipy.special.expit(psi * theta) if logistic else 1.0
    return slope * psi, -slope * theta - penalty * psi


def dirac_path(
    rate: float,
    steps: int,
    penalty: float = 0.0,
    alternating: bool = False,
    logistic: bool = False,
    start: tuple[float, float] = (1.0, 0.0),
) -> np.ndarray:
    """Return the states (theta, psi) that gradient descent visits.

    Parameters
    ----------
    rate : float
        Step size of both players.
    steps : int
        Number of updates.
    penalty, logistic
        As in `dirac_field`.
    alternating : bool
        The critic moves first, and the generator sees its new slope;
        otherwise both answer the old state.
    start : (float, float)
        First row of the result.

    Returns
    -------
    ndarray, shape (steps + 1, 2)
    """
    path = [start]
    for _ in range(steps):
        theta, psi = path[-1]
        _, toward_psi = dirac_field(theta, psi, penalty, logistic)
        new_psi = psi + rate * toward_psi
        seen = new_psi if alternating else psi
        toward_theta, _ = dirac_field(theta, seen, penalty, logistic)
        path.append((theta + rate * toward_theta, new_psi))
    return np.array(path)


def dirac_jacobian(
    rate: float,
    slope: float = 1.0,
    penalty: float = 0.0,
    alternating: bool = False,
) -> np.ndarray:
    """Return the matrix of one update of the Dirac-GAN at its equilibrium.

    Parameters
    ----------
    rate, penalty, alternating
        As in `dirac_path`.
    slope : float
        Of a player's loss at the critic's output 0: 1 for the bilinear
        game, 1/2 for the logistic one.

    Returns
    -------
    ndarray, shape (2, 2)
        Acts on (theta, psi); its eigenvalues decide over convergence.
    """
    critic = np.array([[1.0, 0.0], [-rate * slope, 1 - rate * penalty]])
    generator = np.array([[1.0, rate * slope], [0.0, 1.0]])
    if alternating:
        return generator @ critic
    return generator + critic - np.eye(2)
