"""How sure is a share of right answers?"""

from math import comb

import numpy as np


def wilson(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return an interval for a probability of which a share was seen.

    Source: Wilson (1927). Unlike ``share +- z * error`` it stays within
    [0, 1] and does not shrink to a point at 0 or 1.

    Raises
    ------
    ValueError
        Unless ``0 <= right <= total`` and ``total >= 1``.
    """
    if not (0 <= right <= total and total >= 1):
        raise ValueError(f"{right} right of {total} is no share.")
    share = right / total
    centre = share + z**2 / (2 * total)
    spread = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    below = 1 + z**2 / total
    return float((centre - spread) / below), float((centre + spread) / below)


def mcnemar(a: np.ndarray, b: np.ndarray) -> float:
    """Return the exact two-sided p-value for two answers to the same words.

    Only the words count that one has right and the other wrong. If neither
    is better, each of them is a fair toss.

    Parameters
    ----------
    a, b : ndarray of bool, shape (words,)
        Which words each had right.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    if a.shape != b.shape:
        raise ValueError(
            f"Both must answer the same words: {a.shape}, {b.shape}."
        )
    more = max(int((a & ~b).sum()), int((b & ~a).sum()))
    total = int((a ^ b).sum())
    tail = sum(comb(total, k) for k in range(more, total + 1))
    return min(1.0, 2 * tail / 2**total)
