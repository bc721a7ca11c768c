"""Attacks to compare with, and how the size of an attack is measured."""

from collections.abc import Callable

import numpy as np
from keras import ops
from scipy.optimize import minimize

from topoi import autodiff
from topoi.robustness.slopes import checked_batch, labels_of, logits_of


def rho_adv(r: np.ndarray, x: np.ndarray, ord: float = 2) -> float:
    """Return the mean of norm(r) / norm(x) over a batch.

    Parameters
    ----------
    r, x : ndarray, shape (n, ...)
        Perturbations and examples. Subtracting a mean picture from x first
        changes the result: state the preprocessing.
    ord : {2, numpy.inf}

    Raises
    ------
    ValueError
        If the shapes differ, or an example is zero.

    Notes
    -----
    Source: Moosavi-Dezfooli et al. (2016), experiments.
    """
    if np.shape(r) != np.shape(x):
        raise ValueError(
            f"rho_adv needs one perturbation for each example, got shapes "
            f"{np.shape(r)} and {np.shape(x)}."
        )
    size = [np.linalg.norm(a.reshape(len(a), -1), ord, axis=1) for a in (r, x)]
    if np.min(size[1]) == 0:
        raise ValueError("An example is zero, so its ratio is not defined.")
    return float(np.mean(size[0] / size[1]))


def sign_direction(
    model: Callable, x: np.ndarray, label: np.ndarray
) -> np.ndarray:
    """Return the sign of the gradient of the loss of `label`, shape of x.

    Notes
    -----
    The cross-entropy is a growing function of
    ``log(sum of exp(f_k), k other than label) - f_label``. We differentiate
    that: the signs are the same, and they survive when the network is so
    certain that the cross-entropy rounds to 0.
    """
    x = checked_batch(x)
    classes = logits_of(model, x[:1]).shape[1]
    own = np.eye(classes, dtype="float32")[np.asarray(label)]
    own = ops.convert_to_tensor(own)

    def lead_of_others(u):
        logits = model(u)
        others = ops.logsumexp(logits - 1e9 * own, axis=-1)
        return others - ops.sum(logits * own, axis=-1)  # (n,)

    gradient = autodiff.input_gradient(lead_of_others, x)
    return np.sign(ops.convert_to_numpy(gradient))


def fgsm(
    model: Callable, x: np.ndarray, label: np.ndarray, eps: float | np.ndarray
) -> np.ndarray:
    """Return the perturbations eps * sign(gradient of the loss).

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    x : ndarray, shape (n, ...)
    label : ndarray of int, shape (n,)
        From which class to move away.
    eps : float or ndarray, shape (n,)
        One size for all, or a size for each.

    Notes
    -----
    Source: Goodfellow et al. (2015), the fast gradient sign method.
    """
    x = checked_batch(x)
    eps = np.broadcast_to(np.asarray(eps, "float32"), (len(x),))
    shape = (-1,) + (1,) * (x.ndim - 1)
    return eps.reshape(shape) * sign_direction(model, x, label)


def fgsm_eps_for_rate(
    model: Callable,
    x: np.ndarray,
    label: np.ndarray,
    rate: float = 0.9,
    grid: np.ndarray | None = None,
) -> float:
    """Return the smallest common eps that changes a share of the labels.

    Parameters
    ----------
    model, x, label
        As for `fgsm`; `label` is what the network says at x.
    rate : float
        The share, in (0, 1].
    grid : ndarray, optional
        Sizes to try, in rising order; 0.001 to 0.4 in steps of 0.001 by
        default.

    Raises
    ------
    ValueError
        If no size of the grid is enough.
    """
    x, label, grid = checked_batch(x), np.asarray(label), _grid(grid)
    direction = sign_direction(model, x, label)
    for eps in grid:
        if np.mean(labels_of(model, x + eps * direction) != label) >= rate:
            return float(eps)
    raise ValueError(
        f"No eps up to {grid[-1]} changes {rate:.0%} of the labels: give a "
        "longer grid."
    )


def fgsm_own_eps(
    model: Callable,
    x: np.ndarray,
    label: np.ndarray,
    grid: np.ndarray | None = None,
) -> np.ndarray:
    """Return, for each example, the smallest eps that changes its label.

    Infinity where no size of the grid does. Shape (n,).
    """
    x, label, grid = checked_batch(x), np.asarray(label), _grid(grid)
    direction = sign_direction(model, x, label)
    found, active = np.full(len(x), np.inf), np.arange(len(x))
    for eps in grid:
        moved = labels_of(model, x[active] + eps * direction[active])
        changed = active[moved != label[active]]
        found[changed] = np.minimum(found[changed], eps)
        left = active[np.isinf(found[active])]
        if len(left) == 0:
            break
        if 2 * len(left) <= len(active):  # few sizes: JAX compiles for each
            active = left
    return found


def _grid(grid: np.ndarray | None) -> np.ndarray:
    grid = np.arange(1, 401) / 1000 if grid is None else np.asarray(grid)
    return grid.astype("float32")


def lbfgs_attack(
    model: Callable,
    x: np.ndarray,
    targets: int = 3,
    rounds: int = 10,
    steps: int = 60,
) -> tuple[np.ndarray, np.ndarray]:
    """Return small perturbations found by L-BFGS and a search for a price.

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    x : ndarray, shape (n, ...)
    targets : int
        The classes that are tried for each example: those with the largest
        logits after its own. The shortest perturbation is returned.
    rounds : int
        Bisections of the price c, for each example and target.
    steps : int
        Of L-BFGS, in each round.

    Returns
    -------
    r : ndarray, shape (n, ...)
    success : ndarray of bool, shape (n,)

    Notes
    -----
    Minimises ``c norm(r)^2 + loss(x + r, target)`` and looks for the largest
    c at which the target is reached. The problems of a batch share no
    variable, so they are minimised as one sum. Without bounds on the pixels.
    Source: Szegedy et al. (2014).
    """
    x = checked_batch(x)
    order = np.argsort(-logits_of(model, x), axis=1)[:, 1 : targets + 1]
    goal, many = order.ravel(), np.repeat(x, order.shape[1], axis=0)
    low, high = np.full(len(many), 1e-4), np.full(len(many), 1e2)
    best = np.zeros_like(many)
    size = np.full(len(many), np.inf)
    for _ in range(rounds):
        price = np.sqrt(low * high)
        r = _minimise(model, many, goal, price, steps)
        reached = labels_of(model, many + r) == goal
        norm = np.linalg.norm(r.reshape(len(r), -1), axis=1)
        better = reached & (norm < size)
        best[better], size[better] = r[better], norm[better]
        low, high = (
            np.where(reached, price, low),
            np.where(reached, high, price),
        )
    size = size.reshape(order.shape)  # (n, targets)
    rows, choice = np.arange(len(x)), size.argmin(axis=1)
    best = best.reshape(*order.shape, *x.shape[1:])
    return best[rows, choice], np.isfinite(size[rows, choice])


def _minimise(model, x, goal, price, steps):
    """Return what L-BFGS makes of price |r|^2 + loss(x + r, goal)."""
    classes = logits_of(model, x[:1]).shape[1]
    wanted = ops.convert_to_tensor(np.eye(classes, dtype="float32")[goal])

    def loss(u):
        logits = model(u)
        return ops.logsumexp(logits, axis=-1) - ops.sum(logits * wanted, -1)

    def value_and_slope(flat):
        r = flat.reshape(x.shape)
        u = (x + r).astype("float32")
        value, pull = autodiff.pullback(loss, u)
        slope = ops.convert_to_numpy(pull(np.ones(len(u), "float32")))
        cost = price.reshape((-1,) + (1,) * (x.ndim - 1))
        total = (cost * r**2).sum() + ops.convert_to_numpy(value).sum()
        return float(total), (2 * cost * r + slope).ravel().astype(float)

    found = minimize(
        value_and_slope,
        np.zeros(x.size),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps},
    )
    return found.x.reshape(x.shape).astype("float32")
