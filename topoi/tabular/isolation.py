"""Isolation: what is unusual is cut off from the rest after few cuts."""

import numpy as np


def average_path(n: int) -> float:
    """Return the mean depth of a leaf in a random binary tree of n leaves.

    It is 2 H(n-1) - 2 (n-1)/n with H(k) = 1 + 1/2 + ... + 1/k, the number
    c(n) of Liu, Ting and Zhou (2008), which takes a depth to a common scale.
    """
    if n < 1:
        raise ValueError(f"A tree has at least one leaf, but n is {n}.")
    harmonic = np.sum(1 / np.arange(1, n))
    return float(2 * harmonic - 2 * (n - 1) / n)


def isolation_depths(
    sample: np.ndarray,
    x: np.ndarray,
    rng: np.random.Generator,
    limit: int,
) -> np.ndarray:
    """Return how deep each row of x falls in one random tree of a sample.

    A column and a threshold between its extremes are drawn, the sample and
    the rows are split by it, and so on, until one row of the sample is left,
    or `limit` questions were asked. What m rows would still need on average,
    ``average_path(m)``, is added.

    Parameters
    ----------
    sample : ndarray
        Rows that the tree is grown on, shape (m, columns).
    x : ndarray
        Rows to judge, shape (rows, columns).
    rng : numpy.random.Generator
        Draws columns and thresholds.
    limit : int
        Largest number of questions.

    Returns
    -------
    ndarray
        Depths, shape (rows,).
    """
    low, high = sample.min(axis=0), sample.max(axis=0)  # (columns,)
    open_columns = np.flatnonzero(low < high)
    if limit == 0 or not open_columns.size or not len(x):
        return np.full(len(x), average_path(len(sample)))
    column = rng.choice(open_columns)
    cut = rng.uniform(low[column], high[column])
    depths = np.empty(len(x))
    for side in (False, True):
        rows = (x[:, column] > cut) == side
        part = sample[(sample[:, column] > cut) == side]
        depths[rows] = 1 + isolation_depths(part, x[rows], rng, limit - 1)
    return depths


def isolation_scores(
    train: np.ndarray,
    x: np.ndarray,
    rng: np.random.Generator,
    trees: int = 100,
    size: int = 256,
) -> np.ndarray:
    """Return 2 ** (-mean depth / average path): near 1 means unusual.

    Parameters
    ----------
    train : ndarray
        Rows that samples are drawn from, shape (n, columns).
    x : ndarray
        Rows to judge, shape (rows, columns).
    rng : numpy.random.Generator
        Draws samples, columns and thresholds.
    trees, size : int
        Number of trees; rows in the sample of each.
    """
    train, x = np.asarray(train, float), np.asarray(x, float)
    if train.ndim != 2 or x.shape[1:] != train.shape[1:] or len(train) < 2:
        raise ValueError(
            "train and x need shapes (n, columns), n > 1, and (rows, "
            f"columns), but have {train.shape} and {x.shape}."
        )
    size = min(size, len(train))
    limit = int(np.ceil(np.log2(size)))
    depths = np.zeros(len(x))
    for _ in range(trees):
        sample = train[rng.choice(len(train), size, replace=False)]
        depths += isolation_depths(sample, x, rng, limit)
    return 2 ** (-depths / trees / average_path(size))
