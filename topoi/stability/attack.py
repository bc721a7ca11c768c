"""Search for the perturbation that a reconstruction stands worst."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from topoi import autodiff

Array = Any


class Attack(NamedTuple):
    """What a search found for each of a batch of pictures."""

    r: np.ndarray  # (batch, N) perturbations of the pictures
    errors: np.ndarray  # (batch,) size of what they do
    history: np.ndarray  # (steps + 1, batch) the largest so far


def worst_case(
    recon: Callable[[Array], Array],
    A: np.ndarray,
    x: np.ndarray,
    eta: float | np.ndarray,
    steps: int = 20,
    rng: np.random.Generator | None = None,
    rate: float = 0.5,
) -> Attack:
    """Return perturbations of given size that hurt a reconstruction most.

    Parameters
    ----------
    recon : callable
        Maps measurements (batch, m) to pictures (batch, N), row by row, and
        can be differentiated by the backend.
    A : ndarray, shape (m, N)
        How pictures are measured.
    x : ndarray, shape (batch, N)
        Pictures.
    eta : float or ndarray, shape (batch,)
        Each perturbation r has norm(r) <= eta * norm(x).
    steps : int
        Steps of projected ascent along normalised gradients.
    rng : numpy.random.Generator, optional
        Draws the start; a fixed one by default.
    rate : float
        Length of a step as a share of the radius.

    Returns
    -------
    Attack
        `errors` holds norm(recon(A (x + r)) - x); the best r of all steps.

    Raises
    ------
    ValueError
        If `eta` is not positive or the shapes do not fit.
    """
    x = _checked(A, x)
    if np.min(eta) <= 0:
        raise ValueError(f"worst_case needs a positive eta, got {eta}.")
    rng = np.random.default_rng(0) if rng is None else rng
    radius = (eta * np.linalg.norm(x, axis=1))[:, None]  # (batch, 1)
    r = _onto_sphere(rng.normal(size=x.shape), radius)

    def damage(r):
        moved = recon(ops.matmul(ops.add(r, x32), At32))
        return ops.sum((moved - x32) ** 2, axis=-1)

    x32, At32 = _tensor(x), _tensor(A.T)
    best, history = Attack(r, np.zeros(len(x)), None), []
    for step in range(steps + 1):
        value = np.sqrt(ops.convert_to_numpy(damage(_tensor(r))))
        best = _better(best, r, value)
        history.append(best.errors)
        if step == steps:
            break
        slope = autodiff.input_gradient(damage, _tensor(r))
        slope = _onto_sphere(ops.convert_to_numpy(slope), radius)
        r = _into_ball(r + rate * slope, radius)
    return best._replace(history=np.stack(history))


def momentum_search(
    recon: Callable[[Array], Array],
    A: np.ndarray,
    x: np.ndarray,
    steps: int = 300,
    penalty: float = 0.01,
    rate: float = 0.01,
    momentum: float = 0.9,
    largest: float = np.inf,
    rng: np.random.Generator | None = None,
) -> Attack:
    """Return perturbations found by ascent with momentum, as published.

    Parameters
    ----------
    recon, A, x
        As for `worst_case`.
    steps : int
        Steps of ascent; the longer, the larger the perturbation.
    penalty : float
        Factor of norm(r)**2 / 2 in what is maximised.
    rate, momentum : float
        v <- momentum * v + rate * gradient, r <- r + v.
    largest : float
        A perturbation stays as it is once norm(r) >= largest * norm(x).
    rng : numpy.random.Generator, optional
        Draws the start, 0.001 times uniform numbers.

    Returns
    -------
    Attack
        Of the last step; `errors` holds norm(recon(A (x + r)) - recon(A x)),
        `history` the same at every step.

    Notes
    -----
    Source: Antun et al. (2020), the settings of the code that Colbrook,
    Antun and Hansen (2022) published.
    """
    x = _checked(A, x)
    rng = np.random.default_rng(0) if rng is None else rng
    limit = largest * np.linalg.norm(x, axis=1)
    r = 1e-3 * rng.uniform(size=x.shape)
    At32, x32 = _tensor(A.T), _tensor(x)
    before = recon(ops.matmul(x32, At32))

    def gain(r):
        moved = recon(ops.matmul(r + x32, At32)) - before
        return (
            ops.sum(moved**2, axis=-1) - penalty * ops.sum(r**2, axis=-1)
        ) / 2

    def change(r):
        moved = recon(ops.matmul(_tensor(r) + x32, At32)) - before
        return np.linalg.norm(ops.convert_to_numpy(moved), axis=1)

    v, history = np.zeros_like(r), [change(r)]
    for _ in range(steps):
        slope = ops.convert_to_numpy(autodiff.input_gradient(gain, _tensor(r)))
        v = momentum * v + rate * slope
        r = r + np.where(np.linalg.norm(r, axis=1) < limit, 1, 0)[:, None] * v
        history.append(change(r))
    return Attack(r, history[-1], np.stack(history))


def _checked(A: np.ndarray, x: np.ndarray) -> np.ndarray:
    if x.ndim != 2 or A.ndim != 2 or x.shape[1] != A.shape[1]:
        raise ValueError(
            "The search needs A of shape (m, N) and pictures of shape "
            f"(batch, N), got {A.shape} and {x.shape}. Flatten the pictures: "
            "x.reshape(len(x), -1)."
        )
    return np.asarray(x, float)


def _tensor(array: np.ndarray) -> Array:
    return ops.convert_to_tensor(np.asarray(array, "float32"))


def _better(best: Attack, r: np.ndarray, errors: np.ndarray) -> Attack:
    """Return, row by row, the perturbation with the larger error."""
    larger = errors > best.errors
    return best._replace(
        r=np.where(larger[:, None], r, best.r),
        errors=np.maximum(errors, best.errors),
    )


def _onto_sphere(v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(v, axis=1, keepdims=True)
    return v * radius / np.maximum(norm, 1e-30)


def _into_ball(v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(v, axis=1, keepdims=True)
    return v * np.minimum(1, radius / np.maximum(norm, 1e-30))
