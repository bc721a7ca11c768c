"""Rows that belong together: duplicates, groups, and what a split leaks."""

from typing import NamedTuple

import numpy as np


class LeakReport(NamedTuple):
    """What the training part of a split gives away of its test part.

    Attributes
    ----------
    seen : float
        Share of the test rows whose inputs also stand in a training row.
    conflicted : int
        Rows, of both parts, whose inputs occur with several labels.
    ceiling : float
        Largest accuracy that any function of the inputs has on all rows.
    """

    seen: float
    conflicted: int
    ceiling: float


def duplicate_groups(x: np.ndarray) -> np.ndarray:
    """Return a number per row, equal for rows with equal inputs.

    Parameters
    ----------
    x : ndarray
        Inputs without NaN, shape (rows, columns).

    Returns
    -------
    ndarray
        Whole numbers from 0, shape (rows,).
    """
    x = np.asarray(x)
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x needs shape (rows, columns), but has {x.shape}.")
    if x.dtype.kind == "f" and np.isnan(x).any():
        raise ValueError("x has NaN, which equals nothing. Fill it first.")
    return np.unique(x, axis=0, return_inverse=True)[1].ravel()  # (rows,)


def label_counts(groups: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how often each label occurs in each group, (groups, labels)."""
    _, labels = np.unique(y, return_inverse=True)
    counts = np.zeros((groups.max() + 1, labels.max() + 1), int)
    np.add.at(counts, (groups, labels.ravel()), 1)
    return counts


def leak_report(
    x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> LeakReport:
    """Return what a split of labelled rows leaks through equal inputs.

    Parameters
    ----------
    x : ndarray
        Inputs of all rows, shape (rows, columns).
    y : ndarray
        Labels, shape (rows,).
    train, test : ndarray
        Indices of rows.

    Raises
    ------
    ValueError
        If a row is in both parts, or x has NaN.
    """
    if np.intersect1d(train, test).size:
        raise ValueError("A row is in the training and in the test part.")
    groups = duplicate_groups(x)
    counts = label_counts(groups, y)
    several = (counts > 0).sum(axis=1) > 1  # (groups,)
    return LeakReport(
        seen=float(np.isin(groups[test], groups[train]).mean()),
        conflicted=int(several[groups].sum()),
        ceiling=float(counts.max(axis=1).sum() / len(groups)),
    )
