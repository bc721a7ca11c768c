"""How well a score ranks: ROC, precision and recall, and the areas below."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr


class RocCurve(NamedTuple):
    """One point per threshold, from the strictest to the laxest."""

    false_alarms: np.ndarray  # share of the negatives at or above it
    hits: np.ndarray  # share of the positives at or above it
    thresholds: np.ndarray  # the first is infinite: nothing is above it


class PrecisionRecall(NamedTuple):
    """One point per threshold, from the strictest to the laxest."""

    precision: np.ndarray  # share of positives among what is above it
    recall: np.ndarray  # share of the positives that are above it
    thresholds: np.ndarray


def check_scores(y: np.ndarray, score: np.ndarray) -> tuple:
    """Return labels as booleans and scores as floats, both checked.

    Raises
    ------
    ValueError
        If shapes differ, a label is neither 0 nor 1, one of the two does not
        occur, or a score is NaN.
    """
    y, score = np.asarray(y), np.asarray(score, float)
    if y.ndim != 1 or y.shape != score.shape:
        raise ValueError(
            f"y and score need one shape (n,), but have {y.shape} and "
            f"{score.shape}."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError("y holds other labels than 0 and 1.")
    y = y.astype(bool)
    if y.all() or not y.any():
        raise ValueError("y holds one label only: there is nothing to rank.")
    if np.isnan(score).any():
        raise ValueError("A score is NaN.")
    return y, score


def auc(y: np.ndarray, score: np.ndarray) -> float:
    """Return how often a positive scores above a negative; a tie is half.

    Computed from ranks in O(n log n): in ascending order the r-th row has
    rank r, rows with equal scores share the mean of their ranks, and

        area = (ranks of the positives - p (p + 1) / 2) / (p q)

    for p positives and q negatives.

    Parameters
    ----------
    y : ndarray
        Labels 0 and 1, shape (n,).
    score : ndarray
        Larger means more likely 1, shape (n,).
    """
    y, score = check_scores(y, score)
    _, places, counts = np.unique(
        score, return_inverse=True, return_counts=True
    )
    ranks = np.cumsum(counts) - (counts - 1) / 2  # one for each value
    p, q = y.sum(), (~y).sum()
    return float((ranks[places][y].sum() - p * (p + 1) / 2) / (p * q))


def above(y: np.ndarray, score: np.ndarray) -> tuple:
    """Return positives and negatives at or above each score, and the scores.

    The scores fall; equal ones make one entry.
    """
    y, score = check_scores(y, score)
    order = np.argsort(-score, kind="stable")
    y, score = y[order], score[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    return np.cumsum(y)[last], np.cumsum(~y)[last], score[last]


def roc_curve(y: np.ndarray, score: np.ndarray) -> RocCurve:
    """Return the share of hits against the share of false alarms.

    Parameters
    ----------
    y : ndarray
        Labels 0 and 1, shape (n,).
    score : ndarray
        Larger means more likely 1, shape (n,).
    """
    hits, alarms, thresholds = above(y, score)
    return RocCurve(
        np.append(0.0, alarms / alarms[-1]),
        np.append(0.0, hits / hits[-1]),
        np.append(np.inf, thresholds),
    )


def precision_recall(y: np.ndarray, score: np.ndarray) -> PrecisionRecall:
    """Return precision and recall at each threshold; arguments as above."""
    hits, alarms, thresholds = above(y, score)
    return PrecisionRecall(hits / (hits + alarms), hits / hits[-1], thresholds)


def average_precision(y: np.ndarray, score: np.ndarray) -> float:
    """Return precision averaged over recall, as a sum of steps.

    No line is drawn between the points: in between, precision is not known
    to be better than at the next point.
    """
    precision, recall, _ = precision_recall(y, score)
    return float(np.sum(precision * np.diff(recall, prepend=0.0)))


def binormal_auc(distance: float) -> float:
    """Return the area for scores N(0, 1) and N(distance, 1)."""
    return float(ndtr(distance / np.sqrt(2)))
