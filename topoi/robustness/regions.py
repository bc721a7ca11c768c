"""Paths between two points that stay in the region of one class."""

from collections.abc import Callable

import numpy as np

from topoi.robustness.perturb import move_into_class
from topoi.robustness.slopes import checked_batch, labels_of


def points_along(path: np.ndarray, samples: int = 100) -> np.ndarray:
    """Return points on a polyline, `samples` on each piece, ends included.

    Parameters
    ----------
    path : ndarray, shape (corners, d)
        At least two corners.
    samples : int

    Returns
    -------
    ndarray, shape ((corners - 1) * samples, d)
    """
    path = np.asarray(path, "float32")
    if path.ndim != 2 or len(path) < 2:
        raise ValueError(
            "A path needs at least two corners, as rows of an array; got "
            f"shape {path.shape}."
        )
    share = np.linspace(0, 1, samples, dtype="float32")[:, None]
    pieces = [
        (1 - share) * a + share * b
        for a, b in zip(path[:-1], path[1:], strict=True)
    ]
    return np.concatenate(pieces)


def stays_inside(
    model: Callable, path: np.ndarray, label: int, samples: int = 100
) -> bool:
    """Return whether all sampled points of a polyline have this label."""
    return bool(np.all(labels_of(model, points_along(path, samples)) == label))


def length_ratio(path: np.ndarray) -> float:
    """Return the length of a polyline over the distance of its ends."""
    path = np.asarray(path, float)
    pieces = np.linalg.norm(np.diff(path, axis=0), axis=1)
    straight = np.linalg.norm(path[-1] - path[0])
    if straight == 0:
        raise ValueError("The ends of the path coincide.")
    return float(pieces.sum() / straight)


def find_path(
    model: Callable,
    a: np.ndarray,
    b: np.ndarray,
    label: int,
    overshoot: float = 2.0,
    depth: int = 9,
    samples: int = 100,
) -> np.ndarray | None:
    """Return a polyline from a to b inside of one class, or None.

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    a, b : ndarray, shape (d,)
        Two points that the network gives the class `label`.
    label : int
    overshoot : float
        Of the projection of a midpoint into the class; with 0.02 it ends
        just behind the boundary, with 2 well inside.
    depth : int
        A piece is halved at most so often: at most 2**depth pieces.
    samples : int
        Points that are tried on each piece.

    Returns
    -------
    ndarray, shape (corners, d), or None
        A path is a certificate, up to the sampling. None proves nothing: the
        class may be connected all the same.

    Notes
    -----
    If the straight piece stays in the class, it is the answer. Otherwise its
    midpoint is moved into the class and both halves are treated alike.
    Source: Fawzi et al. (2018), algorithm 1.
    """
    a, b = (np.asarray(p, "float32") for p in (a, b))
    if np.any(labels_of(model, checked_batch(np.stack([a, b]))) != label):
        raise ValueError(f"Both ends of the path must have the label {label}.")
    return _joined(model, a, b, label, overshoot, depth, samples)


def _joined(model, a, b, label, overshoot, depth, samples):
    straight = np.stack([a, b])
    if stays_inside(model, straight, label, samples):
        return straight
    if depth == 0:
        return None
    middle = (a + b)[None] / 2  # (1, d)
    middle, found = move_into_class(model, middle, [label], overshoot)
    if not found[0]:
        return None
    halves = []
    for ends in ((a, middle[0]), (middle[0], b)):
        half = _joined(model, *ends, label, overshoot, depth - 1, samples)
        if half is None:
            return None
        halves.append(half)
    return np.concatenate([halves[0], halves[1][1:]])
