"""Curvature of the decision boundary, and the subspace where it lives."""

from collections.abc import Callable

import numpy as np

from topoi.robustness.slopes import (
    checked_batch,
    gap_product,
    gap_weights,
    labels_of,
    logit_jacobian,
    logits_of,
)


def boundary_points(
    model: Callable,
    x: np.ndarray,
    x_adv: np.ndarray,
    own: np.ndarray,
    other: np.ndarray,
    rounds: int = 40,
) -> np.ndarray:
    """Return points between x and x_adv at which f_own = f_other.

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    x, x_adv : ndarray, shape (n, ...)
        On the two sides: f_own > f_other at x, and f_own <= f_other at
        x_adv.
    own, other : ndarray of int, shape (n,)
    rounds : int
        Bisections.

    Returns
    -------
    ndarray, shape (n, ...)

    Raises
    ------
    ValueError
        If the boundary does not separate x from x_adv.
    """
    x, x_adv = checked_batch(x), checked_batch(x_adv)
    rows = np.arange(len(x))

    def gap(u):
        logits = logits_of(model, u)
        return logits[rows, own] - logits[rows, other]

    if np.any(gap(x) <= 0) or np.any(gap(x_adv) > 0):
        raise ValueError(
            "f_own - f_other must be positive at x and not at x_adv: pass "
            "the result of an attack that succeeded, and its labels."
        )
    low, high = np.zeros(len(x)), np.ones(len(x))
    shape = (-1,) + (1,) * (x.ndim - 1)
    for _ in range(rounds):
        middle = (low + high) / 2
        inside = gap(x + middle.reshape(shape) * (x_adv - x)) > 0
        low, high = (
            np.where(inside, middle, low),
            np.where(inside, high, middle),
        )
    return (x + high.reshape(shape) * (x_adv - x)).astype("float32")


def principal_curvatures(
    gradient: np.ndarray, hessian: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return principal curvatures and directions of the surface F = 0.

    Parameters
    ----------
    gradient, hessian : ndarray, shapes (n, d) and (n, d, d)
        Of F at points of the surface.

    Returns
    -------
    curvatures : ndarray, shape (n, d - 1)
        In rising order. With F = f_own - f_other they are negative where the
        own region is convex: -1 / R for a ball of radius R.
    directions : ndarray, shape (n, d - 1, d)
        Unit vectors, tangent to the surface.

    Raises
    ------
    ValueError
        If a gradient vanishes: the surface has no normal there.

    Notes
    -----
    The eigenvalues of ``Q^T H Q / norm(gradient)``, where the columns of Q
    are an orthonormal basis of the tangent space. So the zero eigenvalue
    that ``P H P`` has along the normal never enters.
    """
    gradient, hessian = (np.asarray(a, float) for a in (gradient, hessian))
    length = np.linalg.norm(gradient, axis=1)
    if np.any(length == 0):
        raise ValueError("A gradient is zero: the surface has no normal.")
    values, vectors = [], []
    for g, h, size in zip(gradient, hessian, length, strict=True):
        basis = np.linalg.qr(g[:, None], mode="complete")[0][:, 1:]  # (d, d-1)
        value, inside = np.linalg.eigh(basis.T @ h @ basis / size)
        values.append(value)
        vectors.append((basis @ inside).T)  # (d - 1, d)
    return np.stack(values), np.stack(vectors)


def mean_curvature(gradient: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    """Return the mean of the principal curvatures, shape (n,).

    It is ``(tr H - u^T H u) / ((d - 1) norm(gradient))`` with u the unit
    normal, so no eigenvalue is needed.
    """
    length = np.linalg.norm(gradient, axis=1)
    u = gradient / length[:, None]
    trace = np.trace(hessian, axis1=1, axis2=2)  # (n,)
    along = np.einsum("ni,nij,nj->n", u, hessian, u)
    return (trace - along) / ((gradient.shape[1] - 1) * length)


def sampled_curvature(
    model: Callable,
    x: np.ndarray,
    own: np.ndarray,
    other: np.ndarray,
    rng: np.random.Generator,
    vectors: int = 10,
) -> np.ndarray:
    """Return an estimate of the mean curvature of f_own = f_other at x.

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    x : ndarray, shape (n, d)
        Points; the curvature is that of the level set through each.
    own, other : ndarray of int, shape (n,)
    rng : numpy.random.Generator
    vectors : int
        Random tangent unit vectors v; the mean of ``v^T H v`` over the norm
        of the gradient is returned.

    Returns
    -------
    ndarray, shape (n,)

    Notes
    -----
    Hutchinson's estimator: one Hessian-vector product for each vector, and no
    Hessian. Fawzi et al. (2018) use ten vectors.
    """
    x = checked_batch(x)
    both = np.stack([own, other], axis=1)
    logits, jacobian = logit_jacobian(model, x, both)
    slope = jacobian[:, 0] - jacobian[:, 1]  # (n, d)
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    u = slope / length
    v = rng.normal(size=(vectors, *x.shape)).astype("float32")
    v -= np.sum(v * u, axis=2, keepdims=True) * u  # tangent
    v /= np.linalg.norm(v, axis=2, keepdims=True)
    weights = gap_weights(own, other, logits.shape[1])
    product = gap_product(
        model,
        np.tile(x, (vectors, 1)),
        np.tile(weights, (vectors, 1)),
        v.reshape(-1, x.shape[1]),
    ).reshape(v.shape)
    return np.sum(v * product, axis=2).mean(axis=0) / length[:, 0]


def curved_subspace(directions: np.ndarray, dimension: int) -> np.ndarray:
    """Return the subspace that holds most of some directions.

    Parameters
    ----------
    directions : ndarray, shape (..., d)
        Unit vectors, such as the most curved directions of many points.
    dimension : int

    Returns
    -------
    ndarray, shape (dimension, d)
        Orthonormal rows: the first right singular vectors.
    """
    stacked = np.reshape(directions, (-1, np.shape(directions)[-1]))
    if not 1 <= dimension <= min(stacked.shape):
        raise ValueError(
            f"{len(stacked)} directions of length {stacked.shape[1]} have no "
            f"subspace of dimension {dimension}."
        )
    return np.linalg.svd(stacked, full_matrices=False)[2][:dimension]


def fooling_rate(
    model: Callable,
    x: np.ndarray,
    basis: np.ndarray,
    size: float,
    rng: np.random.Generator,
    draws: int = 10,
) -> float:
    """Return how often a random vector of a subspace changes the label.

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    x : ndarray, shape (n, d)
    basis : ndarray, shape (m, d)
        Orthonormal rows that span the subspace.
    size : float
        Norm of the perturbations; their directions are uniform.
    rng : numpy.random.Generator
    draws : int
        Perturbations for each example.
    """
    x = checked_batch(x)
    label = labels_of(model, x)
    inside = rng.normal(size=(draws, len(x), len(basis)))
    inside *= size / np.linalg.norm(inside, axis=2, keepdims=True)
    moved = x + (inside @ basis).astype("float32")  # (draws, n, d)
    after = labels_of(model, moved.reshape(-1, x.shape[1]))
    return float(np.mean(after.reshape(draws, -1) != label))
