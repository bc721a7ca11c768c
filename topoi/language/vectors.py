"""Words as vectors: counts of neighbours, their surprise, fewer columns."""

import numpy as np
from scipy.sparse.linalg import svds


def cooccurrence(tokens: np.ndarray, words: int, window: int = 4):
    """Count how often two words stand near each other.

    Parameters
    ----------
    tokens : ndarray of int, shape (texts, length)
        Words 0 (fills up) and those from `words` on are left out, but they
        keep their places.
    words : int
    window : int
        Largest distance that is near.

    Returns
    -------
    ndarray, shape (words, words)
        Symmetric; row and column 0 are zero.

    Raises
    ------
    ValueError
        If `tokens` is no table, or the window is below 1.
    """
    tokens = np.asarray(tokens, dtype=np.int64)
    if tokens.ndim != 2 or window < 1:
        raise ValueError(
            "cooccurrence needs a table of tokens and a window from 1 on, "
            f"but got shape {tokens.shape} and {window}."
        )
    counts = np.zeros(words * words)
    for d in range(1, window + 1):
        a, b = tokens[:, :-d].ravel(), tokens[:, d:].ravel()
        both = (a > 0) & (b > 0) & (a < words) & (b < words)
        pairs = a[both] * words + b[both]
        counts += np.bincount(pairs, minlength=words * words)
    counts = counts.reshape(words, words)
    return counts + counts.T


def ppmi(counts: np.ndarray, alpha: float = 0.75) -> np.ndarray:
    """Return max(log p(a, b) / (p(a) q(b)), 0), the surprise of a pair.

    Parameters
    ----------
    counts : ndarray, shape (words, words)
    alpha : float
        The distribution q of contexts is raised to this power, which makes
        rare contexts less surprising.

    Returns
    -------
    ndarray, shape (words, words)
        Zero for pairs that never occur.

    Raises
    ------
    ValueError
        If the counts are negative or all zero.
    """
    counts = np.asarray(counts, dtype=np.float64)
    if counts.min(initial=0) < 0 or not counts.any():
        raise ValueError("ppmi needs counts, some of them positive.")
    p = counts / counts.sum()
    rows = p.sum(axis=1, keepdims=True)  # (words, 1)
    contexts = p.sum(axis=0) ** alpha  # (words,)
    expected = rows * contexts / contexts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.log(p / expected)
    return np.where(p > 0, np.maximum(surprise, 0), 0)


def word_vectors(matrix: np.ndarray, size: int) -> np.ndarray:
    """Return the best approximation of the rows with `size` numbers each.

    The left singular vectors, times the roots of the singular values (Levy
    and Goldberg, 2014).

    Raises
    ------
    ValueError
        If `size` is not below the number of words.
    """
    if not 1 <= size < min(matrix.shape):
        raise ValueError(
            f"size is from 1 to {min(matrix.shape) - 1}, not {size}."
        )
    start = np.ones(min(matrix.shape))
    left, values, _ = svds(matrix, size, v0=start)
    order = np.argsort(-values)
    return left[:, order] * np.sqrt(values[order])


def nearest(vectors: np.ndarray, word: int, count: int) -> np.ndarray:
    """Return the words whose vectors make the smallest angles with one.

    The word itself is left out; a zero vector is nobody's neighbour.
    """
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors[word] / np.where(lengths > 0, lengths, np.inf)
    cosines[word] = -np.inf
    return np.argsort(-cosines, kind="stable")[:count]
