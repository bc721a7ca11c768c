"""DeepFool: walk to the nearest class of the linearised network."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from topoi import autodiff
from topoi.robustness.slopes import (
    checked_batch,
    labels_of,
    logit_jacobian,
    logits_of,
)

TINY = 1e-12  # floor of the norm of a gradient


class DeepFoolResult(NamedTuple):
    """What DeepFool found for each example of a batch."""

    r: np.ndarray  # (n, ...) perturbations, overshoot included
    x_adv: np.ndarray  # (n, ...) perturbed examples
    label: np.ndarray  # (n,) class of the network before
    new_label: np.ndarray  # (n,) and after
    iterations: np.ndarray  # (n,) linearisations
    success: np.ndarray  # (n,) whether the class has changed


def hyperplane_step(
    gaps: np.ndarray, slopes: np.ndarray, norm: float = 2, extra: float = 0.0
) -> np.ndarray:
    """Return the shortest steps onto the nearest of some hyperplanes.

    Parameters
    ----------
    gaps : ndarray, shape (n, m)
        Values g_k = f_k - f_own of m other classes.
    slopes : ndarray, shape (n, m, d)
        Their gradients w_k.
    norm : {2, numpy.inf}
        What "nearest" and "shortest" are measured by. The distance of the
        hyperplane of class k is |g_k| over the dual norm of w_k.
    extra : float
        Added to the distance.

    Returns
    -------
    ndarray, shape (n, d)

    Notes
    -----
    Source: Moosavi-Dezfooli et al. (2016), the multiclass and the l_p case.
    """
    if norm not in (2, np.inf):
        raise ValueError(f"norm is 2 or numpy.inf, but it is {norm!r}.")
    dual = 2 if norm == 2 else 1
    length = np.maximum(np.linalg.norm(slopes, dual, axis=2), TINY)
    distance = np.abs(gaps) / length  # (n, m)
    rows, nearest = np.arange(len(gaps)), distance.argmin(axis=1)
    w = slopes[rows, nearest]  # (n, d)
    if norm == 2:
        w = w / length[rows, nearest][:, None]
    else:
        w = np.sign(w)
    return (distance[rows, nearest] + extra)[:, None] * w


def deepfool(
    model: Callable,
    x: np.ndarray,
    overshoot: float = 0.02,
    max_iter: int = 50,
    num_classes: int | None = None,
    norm: float = 2,
    linearise_at: str = "plain",
    extra: float = 0.0,
    clip: tuple[float, float] | None = None,
) -> DeepFoolResult:
    """Return small perturbations that change the class of a network.

    Parameters
    ----------
    model : callable
        Keras model or function of tensors, (n, ...) to logits (n, classes);
        rows are treated independently.
    x : ndarray, shape (n, ...)
        Examples; each moves away from the class that the network gives it.
    overshoot : float
        The perturbation is ``1 + overshoot`` times the sum of the steps.
    max_iter : int
        Linearisations at most.
    num_classes : int, optional
        Only so many classes with the largest logits at `x` are considered,
        the own one included; all by default.
    norm : {2, numpy.inf}
        What is to be small.
    linearise_at : {"plain", "overshot"}
        Where the network is linearised: at x plus the sum of the steps, as
        in the paper, or with the overshoot, as in the authors' PyTorch code
        and in foolbox. Both test the class with the overshoot.
    extra : float
        Added to each distance; 1e-4 in the authors' PyTorch code.
    clip : (low, high), optional
        Keep inputs within these bounds.

    Returns
    -------
    DeepFoolResult

    Raises
    ------
    ValueError
        For an unknown norm or place, numbers out of range, or a batch that
        is none.

    Notes
    -----
    An upper bound on the distance of the nearest other class, never the
    distance itself. Source: Moosavi-Dezfooli et al. (2016), algorithm 2.
    """
    x = checked_batch(x)
    _check(overshoot, max_iter, linearise_at)
    limits = clip or (-np.inf, np.inf)
    further = 1 + overshoot
    ahead = further if linearise_at == "overshot" else 1.0
    r, candidates, active = np.zeros_like(x), None, np.arange(len(x))
    iterations = np.zeros(len(x), int)
    for _ in range(max_iter):
        at = np.clip(x[active] + ahead * r[active], *limits)
        logits, pull = autodiff.pullback(model, at)
        logits = ops.convert_to_numpy(logits)
        if candidates is None:
            candidates = _likeliest(logits, num_classes)
            label, new_label = candidates[:, 0], candidates[:, 0].copy()
        r[active] += batch_step(logits, pull, candidates[active], norm, extra)
        iterations[active] += 1
        moved = np.clip(x[active] + further * r[active], *limits)
        new_label[active] = labels_of(model, moved)
        active = active[new_label[active] == label[active]]
        if len(active) == 0:
            break
    x_adv = np.clip(x + further * r, *limits)
    changed = new_label != label
    return DeepFoolResult(
        x_adv - x, x_adv, label, new_label, iterations, changed
    )


def _likeliest(logits: np.ndarray, num_classes: int | None) -> np.ndarray:
    """Return the classes with the largest logits, the largest first."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :num_classes]
    if order.shape[1] < 2:
        raise ValueError("DeepFool needs at least two classes.")
    return order


def batch_step(
    logits: np.ndarray,
    pull: Callable,
    candidates: np.ndarray,
    norm: float = 2,
    extra: float = 0.0,
) -> np.ndarray:
    """Return DeepFool's step for each example of a batch.

    Parameters
    ----------
    logits : ndarray, shape (n, classes)
    pull : callable
        Of `topoi.autodiff.pullback`: one backward pass a call.
    candidates : ndarray of int, shape (n, m)
        The own class of each example, and the others to consider.
    norm, extra
        As for `hyperplane_step`.

    Returns
    -------
    ndarray, of the shape of the inputs
    """
    chosen = np.take_along_axis(logits, candidates, axis=1)
    gaps = chosen[:, 1:] - chosen[:, :1]  # (n, m - 1)
    one_hot = np.eye(logits.shape[1], dtype="float32")
    own = one_hot[candidates[:, 0]]  # (n, classes)
    rows = [
        ops.convert_to_numpy(pull(one_hot[other] - own))
        for other in candidates[:, 1:].T
    ]
    shape = rows[0].shape
    flat = np.stack([row.reshape(len(row), -1) for row in rows], axis=1)
    return hyperplane_step(gaps, flat, norm, extra).reshape(shape)


def _check(overshoot: float, max_iter: int, linearise_at: str) -> None:
    if linearise_at not in ("plain", "overshot"):
        raise ValueError(
            'linearise_at is "plain" or "overshot", but it is '
            f"{linearise_at!r}."
        )
    if max_iter < 1 or overshoot < 0:
        raise ValueError(
            "DeepFool needs at least one iteration and an overshoot of 0 or "
            f"more, got {max_iter} and {overshoot}."
        )


def move_into_class(
    model: Callable,
    x: np.ndarray,
    target: np.ndarray,
    overshoot: float = 2.0,
    max_iter: int = 50,
) -> tuple[np.ndarray, np.ndarray]:
    """Move examples until the network gives them the class `target`.

    Parameters
    ----------
    model : callable
        As for `deepfool`.
    x : ndarray, shape (n, ...)
    target : ndarray of int, shape (n,)
        The wanted class of each.
    overshoot : float
        The examples move ``1 + overshoot`` times the sum of the steps. With
        2 they end well inside of the class.
    max_iter : int

    Returns
    -------
    moved : ndarray, shape (n, ...)
    success : ndarray of bool, shape (n,)

    Notes
    -----
    Each step goes to the boundary between the target and the class that
    wins, in the linearised network: a DeepFool with a target.
    """
    x, target = checked_batch(x), np.asarray(target)
    r, moved = np.zeros_like(x), x.copy()
    success = labels_of(model, x) == target
    for _ in range(max_iter):
        active = np.flatnonzero(~success)
        if len(active) == 0:
            break
        r[active] += _targeted_step(
            model, x[active] + r[active], target[active]
        )
        moved[active] = x[active] + (1 + overshoot) * r[active]
        success[active] = labels_of(model, moved[active]) == target[active]
    return moved, success


def _targeted_step(model: Callable, x: np.ndarray, target: np.ndarray) -> Any:
    rows = np.arange(len(x))
    rivals = logits_of(model, x)
    rivals[rows, target] = -np.inf
    pair = np.stack([target, rivals.argmax(axis=1)], axis=1)
    logits, jacobian = logit_jacobian(model, x, pair)
    gap = logits[rows, pair[:, 1]] - logits[rows, pair[:, 0]] + 1e-6
    w = (jacobian[:, 0] - jacobian[:, 1]).reshape(len(x), -1)
    square = np.maximum((w**2).sum(axis=1), TINY)
    return ((gap / square)[:, None] * w).reshape(x.shape)
