"""A linear spam filter, and the fewest words that get a mail past it."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize, sparse

UNKNOWN = 1  # tokens up to this one are no words


class SpamFilter(NamedTuple):
    """A mail is called spam if its score is positive.

    Attributes
    ----------
    weights : ndarray, shape (words,)
        Of log(1 + count); zero for what is no word.
    bias : float
    """

    weights: np.ndarray
    bias: float

    def score(self, x) -> np.ndarray:
        """Return the scores of mails given by `bag`, shape (mails,)."""
        return np.asarray(x @ self.weights) + self.bias


def bag(tokens: np.ndarray, words: int) -> sparse.csr_array:
    """Return log(1 + count) of each word in each mail.

    Parameters
    ----------
    tokens : ndarray of int, shape (mails, length)
        Tokens 0 and 1 are no words and are not counted.
    words : int

    Returns
    -------
    csr_array, shape (mails, words)
    """
    mails, length = tokens.shape
    rows = np.repeat(np.arange(mails), length)
    columns = np.asarray(tokens, np.int64).ravel()
    real = columns > UNKNOWN
    ones = np.ones(real.sum())
    shape = (mails, words)
    counts = sparse.csr_array((ones, (rows[real], columns[real])), shape)
    counts.sum_duplicates()
    counts.data = np.log1p(counts.data)
    return counts


def split_mails(
    tokens: np.ndarray, rng: np.random.Generator, share: float = 0.25
) -> tuple[np.ndarray, np.ndarray]:
    """Return places of the mails to train on, and of those to test on.

    Equal mails fall on the same side, because a filter that has seen a mail
    need not have learned anything to recognise its copy.
    """
    _, group = np.unique(tokens, axis=0, return_inverse=True)
    group = group.reshape(-1)
    order = rng.permutation(group.max() + 1)
    tested = np.isin(group, order[: int(share * len(order))])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def fit_filter(
    x: sparse.csr_array,
    spam: np.ndarray,
    penalty: float = 1.0,
    monotone: bool = False,
) -> SpamFilter:
    """Fit a logistic regression, perhaps with weights from 0 on.

    Parameters
    ----------
    x : csr_array, shape (mails, words)
    spam : ndarray of {0, 1}, shape (mails,)
    penalty : float
        Times half the sum of squares of the weights is added to the loss,
        which is summed over the mails.
    monotone : bool
        No weight below 0: then no added word lowers a score.

    Raises
    ------
    ValueError
        If one of the two classes is missing.
    """
    y = np.asarray(spam, dtype=np.float64)
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError("A filter learns from spam (1) and from others (0).")
    signs = 2 * y - 1

    def loss(parameters):
        w, b = parameters[:-1], parameters[-1]
        margin = signs * (x @ w + b)
        value = np.logaddexp(0, -margin).sum() + penalty / 2 * w @ w
        pull = -signs / (1 + np.exp(np.minimum(margin, 500)))
        slope = np.append(x.T @ pull + penalty * w, pull.sum())
        return value, slope

    low = 0 if monotone else None
    bounds = [(low, None)] * x.shape[1] + [(None, None)]
    start = np.zeros(x.shape[1] + 1)
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds
    )
    return SpamFilter(found.x[:-1], float(found.x[-1]))


def fewest_words(
    counts: np.ndarray, weights: np.ndarray, score: float
) -> list[int]:
    """Return a shortest list of words that makes a score negative.

    Parameters
    ----------
    counts : ndarray of int, shape (words,)
        How often each word stands in the mail already.
    weights : ndarray, shape (words,)
        Of log(1 + count).
    score : float
        Of the mail as it is.

    Returns
    -------
    list of int
        Words to add, in the order of their gains; words may repeat. Empty
        if the score is not positive.

    Raises
    ------
    ValueError
        If no number of added words is enough: without negative weights.

    Notes
    -----
    The k-th copy of a word gains less than the one before it, because the
    logarithm flattens. So taking the largest gain on offer, again and again,
    collects the largest total for every number of words.
    """
    weights, counts = np.asarray(weights), np.asarray(counts)
    if score > 0 and not (weights < 0).any():
        raise ValueError(
            "No word lowers this score: all weights are from 0 on."
        )
    have = counts.astype(np.int64)
    gains = weights * (np.log1p(have + 1) - np.log1p(have))
    fresh = iter(np.argsort(gains, kind="stable").tolist())  # best word first
    heap: list[tuple[float, int]] = []
    added: list[int] = []

    def offer(word: int) -> None:
        change = weights[word] * np.log((have[word] + 2) / (have[word] + 1))
        heapq.heappush(heap, (float(change), word))

    offer(next(fresh))
    while score > 0:
        change, word = heapq.heappop(heap)
        score += change
        added.append(word)
        first = have[word] == counts[word]
        if first and (new := next(fresh, -1)) >= 0:
            offer(new)  # no word behind it in the line gains more
        have[word] += 1
        offer(word)
    return added


def add_words(x: sparse.csr_array, words: Sequence[int]) -> sparse.csr_array:
    """Return bags of the same mails with the same words added to each."""
    counts = np.expm1(x.toarray())  # (mails, words)
    counts += np.bincount(words, minlength=x.shape[1])
    return sparse.csr_array(np.log1p(counts))
