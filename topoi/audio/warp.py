"""Dynamic time warping: compare two words that differ in speed."""

from typing import NamedTuple

import numpy as np


class Warp(NamedTuple):
    """The cheapest way to match two sequences."""

    cost: float  # sum of the distances, divided by the lengths' sum
    path: list[tuple[int, int]]  # pairs of frames, from both starts


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of every frame of a to every one of b.

    Parameters
    ----------
    a, b : ndarray, shapes (n, bands) and (m, bands)

    Returns
    -------
    ndarray, shape (n, m)
    """
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)  # (n, m)
    return np.sqrt(np.maximum(squares - 2 * a @ b.T, 0))


def dtw(a: np.ndarray, b: np.ndarray) -> Warp:
    """Match two sequences of frames, in order, at the smallest cost.

    A path starts at both first frames, ends at both last ones, and each step
    moves on in a, in b, or in both. Source: Sakoe and Chiba (1978), with
    equal weights for the three steps.

    Parameters
    ----------
    a, b : ndarray, shapes (n, bands) and (m, bands)

    Returns
    -------
    Warp
        O(n m).

    Raises
    ------
    ValueError
        If one is empty, or the bands differ.
    """
    a, b = _checked(a), _checked(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"Both need the same bands, but they have {a.shape[1]} and "
            f"{b.shape[1]}."
        )
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i, row in enumerate(distances(a, b)):
        for j, distance in enumerate(row):
            before = min(total[i, j], total[i, j + 1], total[i + 1, j])
            total[i + 1, j + 1] = distance + before
    return Warp(total[-1, -1] / (len(a) + len(b)), _way_back(total))


def _way_back(total: np.ndarray) -> list[tuple[int, int]]:
    """Return the path from the start, found from the end."""
    i, j = total.shape[0] - 1, total.shape[1] - 1
    path = []
    while i and j:
        path.append((i - 1, j - 1))
        steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        i, j = min(steps, key=lambda place: total[place])
    return path[::-1]


def dtw_costs(a: np.ndarray, templates: list[np.ndarray]) -> np.ndarray:
    """Return the costs of `dtw` between one sequence and many.

    The many are padded to one length and go through the same two loops
    together, which is much faster than one by one.

    Returns
    -------
    ndarray, shape (templates,)
    """
    a = _checked(a)
    lengths = np.array([len(_checked(b)) for b in templates])
    padded = np.zeros((len(templates), lengths.max(), a.shape[1]))
    for row, b in zip(padded, templates, strict=True):
        row[: len(b)] = b
    # (length, n, templates): the two loops walk over the first two.
    each = np.stack([distances(a, b) for b in padded]).transpose(2, 1, 0)
    before = np.full((len(a) + 1, len(templates)), np.inf)
    before[0] = 0
    found = np.zeros(len(templates))
    for j, column in enumerate(each):
        now = np.full_like(before, np.inf)
        for i, distance in enumerate(column):
            least = np.minimum(np.minimum(before[i], before[i + 1]), now[i])
            now[i + 1] = distance + least
        ends = lengths == j + 1
        found[ends] = now[-1][ends]
        before = now
    return found / (len(a) + lengths)


def _checked(a: np.ndarray) -> np.ndarray:
    a = np.asarray(a, dtype=float)
    if a.ndim != 2 or not len(a):
        raise ValueError(
            "Warping needs sequences of shape (frames, bands) with at least "
            f"one frame; got {a.shape}."
        )
    return a
