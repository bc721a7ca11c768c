"""Gradient boosting by hand: stumps that each repair what is left over."""

from typing import NamedTuple

import numpy as np


class Stump(NamedTuple):
    """A tree with one question: is this column at most the threshold?"""

    column: int
    threshold: float
    left: float  # the answer if yes
    right: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the answer for each row, shape (rows,)."""
        yes = x[:, self.column] <= self.threshold
        return np.where(yes, self.left, self.right)


def fit_stump(x: np.ndarray, y: np.ndarray) -> Stump:
    """Return the stump with the smallest squared error.

    Parameters
    ----------
    x : ndarray
        Shape (rows, columns). Thresholds lie halfway between neighbours.
    y : ndarray
        What to predict, shape (rows,).

    Raises
    ------
    ValueError
        If no column has two different values.

    Notes
    -----
    Sorting a column makes both sides of every threshold a prefix and its
    rest, so all of them cost one cumulative sum: O(rows log rows) a column.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    best, stump = -1.0, None
    for column in range(x.shape[1]):
        order = np.argsort(x[:, column], kind="stable")
        value, total = x[order, column], np.cumsum(y[order])
        cuts = np.flatnonzero(np.diff(value) > 0)
        if not cuts.size:
            continue
        n = cuts + 1  # rows on the left of each cut
        left, right = total[cuts], total[-1] - total[cuts]
        gain = left**2 / n + right**2 / (len(y) - n)
        top = int(np.argmax(gain))
        if gain[top] > best:
            best, cut = gain[top], cuts[top]
            stump = Stump(
                column,
                float((value[cut] + value[cut + 1]) / 2),
                float(left[top] / n[top]),
                float(right[top] / (len(y) - n[top])),
            )
    if stump is None:
        raise ValueError("Every column is constant: there is no question.")
    return stump


def boost(
    x: np.ndarray, y: np.ndarray, rounds: int, learning_rate: float
) -> list[Stump]:
    """Return stumps whose answers, times the rate, add up to y minus mean.

    Each is fitted to what the earlier ones have left over. For a rate
    between 0 and 2 the training error never rises.
    """
    if not 0 < learning_rate < 2:
        raise ValueError(f"learning_rate is {learning_rate}, not in (0, 2).")
    rest = np.asarray(y, float) - np.mean(y)
    stumps = []
    for _ in range(rounds):
        stumps.append(fit_stump(x, rest))
        rest = rest - learning_rate * stumps[-1].predict(x)
    return stumps


def boosted(
    stumps: list[Stump], x: np.ndarray, mean: float, learning_rate: float
) -> np.ndarray:
    """Return the predictions after each round, shape (rounds, rows)."""
    answers = np.stack([stump.predict(x) for stump in stumps])
    return mean + learning_rate * np.cumsum(answers, axis=0)
