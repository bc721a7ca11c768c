"""The nearest matrix whose rows are short in the l1 norm."""

import numpy as np


def project_rows(A: np.ndarray, radius: float) -> np.ndarray:
    """Return the nearest matrix with sum_j |a_ij| <= radius in each row.

    Parameters
    ----------
    A : ndarray, shape (n, m)
    radius : float
        Positive. The result has max row sum, the norm ||A||_inf, of at most
        that.

    Returns
    -------
    ndarray, shape (n, m)
        Nearest in the Frobenius norm; rows that are short stay as they are.

    Notes
    -----
    Each row is a problem of its own: entries shrink by a threshold t until
    the sum fits. With the sizes sorted, s_1 >= s_2 >= ..., the number of
    entries that stay is the last k with k s_k > s_1 + ... + s_k - radius.
    O(n m log m).
    """
    A = np.asarray(A)
    if A.ndim != 2 or not radius > 0:
        raise ValueError(
            "project_rows needs a matrix and a positive radius, got shape "
            f"{A.shape} and {radius}."
        )
    sizes = -np.sort(-np.abs(A), axis=1)
    excess = np.cumsum(sizes, axis=1) - radius
    places = np.arange(1, A.shape[1] + 1)
    stay = np.maximum((places * sizes > excess).sum(axis=1, keepdims=True), 1)
    threshold = np.take_along_axis(excess, stay - 1, axis=1) / stay
    threshold = np.maximum(threshold, 0)
    return np.sign(A) * np.maximum(np.abs(A) - threshold, 0)


def row_norm(A: np.ndarray) -> float:
    """Return ||A||_inf, the largest sum of absolute values in a row."""
    return float(np.abs(A).sum(axis=1).max(initial=0))
