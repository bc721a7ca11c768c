"""Does the curvature tell that a picture was attacked, and what it was?"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from topoi.robustness.curvature import sampled_curvature
from topoi.robustness.slopes import checked_batch, logits_of


class CurvatureScore(NamedTuple):
    """What the curvature says about each example of a batch."""

    score: np.ndarray  # (n,) mean over the other classes
    terms: np.ndarray  # (n, classes) one curvature a class; -inf for the own
    guess: np.ndarray  # (n,) the class with the largest term


def curvature_score(
    model: Callable,
    x: np.ndarray,
    rng: np.random.Generator,
    vectors: int = 10,
) -> CurvatureScore:
    """Return the mean curvature of the level sets f_k - f_i through x.

    Parameters
    ----------
    model : callable
        As for `topoi.robustness.deepfool`.
    x : ndarray, shape (n, d)
        Examples; k is the class that the network gives each of them.
    rng : numpy.random.Generator
    vectors : int
        Random vectors for each curvature.

    Returns
    -------
    CurvatureScore
        With F = f_k - f_i a larger score means that the region of k looks
        less convex from x, as behind the boundary of the class that x came
        from. `guess` is that class, if x was attacked.

    Notes
    -----
    Source: Fawzi et al. (2018); signs as in this package.
    """
    x = checked_batch(x)
    logits = logits_of(model, x)
    own, (n, classes) = logits.argmax(axis=1), logits.shape
    others = np.argsort(-logits, axis=1)[:, 1:]  # (n, classes - 1)
    terms = np.full((n, classes), -np.inf)
    for column in others.T:
        terms[np.arange(n), column] = sampled_curvature(
            model, x, own, column, rng, vectors
        )
    finite = np.where(np.isfinite(terms), terms, 0)
    score = finite.sum(axis=1) / (classes - 1)
    return CurvatureScore(score, terms, terms.argmax(axis=1))
