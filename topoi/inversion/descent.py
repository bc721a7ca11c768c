"""Gradient descent on the latent, from several starts."""

from typing import NamedTuple

import numpy as np

from topoi.inversion.generators import OUTPUTS, ReluGenerator


class Descent(NamedTuple):
    """Where each start arrived: `descend_latents` and `restarts`."""

    z: np.ndarray  # (..., n_0) the latents
    residuals: np.ndarray  # (...) norm(G(z) - y) / norm(y)


def latent_gradient(
    gen: ReluGenerator, z: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return norm(G(z) - y)**2 / 2 for each row, and its gradient.

    Parameters
    ----------
    z : ndarray, shape (rows, n_0)
        Latents.
    y : ndarray, shape (rows, n)
        Signals, one for each latent.

    Returns
    -------
    losses : ndarray, shape (rows,)
    gradients : ndarray, shape (rows, n_0)
        By back-propagation: each matrix transposed, each relu a mask.
    """
    hidden, phi = gen.layers(z), OUTPUTS[gen.output]
    out = phi.value(hidden[-1] @ gen.weights[-1].T)
    error = out - y
    back = error * phi.slope(out)  # (rows, n)
    for x, W in zip(hidden[::-1], gen.weights[:0:-1], strict=True):
        back = (back @ W) * (x > 0)  # (rows, n_i)
    return (error**2).sum(-1) / 2, back @ gen.weights[0]  # sums over outputs


def descend_latents(
    gen: ReluGenerator,
    y: np.ndarray,
    z: np.ndarray,
    steps: int = 1000,
    learning_rate: float = 0.05,
) -> Descent:
    """Return where Adam arrives from the latents `z`, a row each.

    Parameters
    ----------
    gen : ReluGenerator
        The generator, of the observed outputs if some are missing.
    y : ndarray, shape (rows, n)
        Signals.
    z : ndarray, shape (rows, n_0)
        Where to start.
    steps, learning_rate : int, float
        Steps of Adam; the first rate, which a cosine brings to 0.

    Raises
    ------
    ValueError
        If rows of y and z do not match, or nothing would be learned.
    """
    z, y = np.array(z, float), np.asarray(y, float)
    if z.shape[:-1] != y.shape[:-1] or y.shape[-1] != gen.widths[-1]:
        raise ValueError(
            f"descend_latents needs y of shape (rows, {gen.widths[-1]}) and "
            f"z of shape (rows, {gen.widths[0]}), but got {y.shape} and "
            f"{z.shape}."
        )
    if steps < 1 or not learning_rate > 0:
        raise ValueError("Give at least one step and a rate above 0.")
    mean, square = np.zeros_like(z), np.zeros_like(z)
    for k in range(steps):
        slope = latent_gradient(gen, z, y)[1]
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope**2
        rate = learning_rate * (1 + np.cos(np.pi * k / steps)) / 2
        scale = np.sqrt(square / (1 - 0.999 ** (k + 1))) + 1e-8
        z -= rate * mean / (1 - 0.9 ** (k + 1)) / scale
    losses = latent_gradient(gen, z, y)[0]
    size = np.maximum(np.linalg.norm(y, axis=-1), 1e-300)
    return Descent(z, np.sqrt(2 * losses) / size)


def restarts(
    gen: ReluGenerator,
    y: np.ndarray,
    starts: np.ndarray,
    steps: int = 1000,
    learning_rate: float = 0.05,
) -> Descent:
    """Return where every start arrives, for every signal.

    Parameters
    ----------
    y : ndarray, shape (signals, n)
        Signals.
    starts : ndarray, shape (R, n_0)
        The same starts for all signals.

    Returns
    -------
    Descent
        z of shape (signals, R, n_0) and residuals of shape (signals, R).
        The answer of r restarts is the first of r with the least residual:
        `best_of`.
    """
    y, starts = np.atleast_2d(y), np.atleast_2d(starts)
    rows = np.repeat(y, len(starts), axis=0)  # (signals * R, n)
    found = descend_latents(
        gen, rows, np.tile(starts, (len(y), 1)), steps, learning_rate
    )
    shape = len(y), len(starts)
    return Descent(
        found.z.reshape(*shape, -1),  # (signals, R, n_0)
        found.residuals.reshape(shape),  # (signals, R)
    )


def best_of(found: Descent, r: int) -> np.ndarray:
    """Return the latents (signals, n_0) that win among the first r starts.

    The residual on what was observed decides: nobody knows the true latent.
    """
    if not 1 <= r <= found.residuals.shape[1]:
        raise ValueError(
            f"r is between 1 and {found.residuals.shape[1]}, but got {r}."
        )
    winner = found.residuals[:, :r].argmin(axis=1)  # (signals,)
    return found.z[np.arange(len(winner)), winner]


def relative_error(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return norm(found - true) / norm(true) along the last axis."""
    size = np.maximum(np.linalg.norm(true, axis=-1), 1e-300)
    return np.linalg.norm(np.asarray(found) - true, axis=-1) / size
