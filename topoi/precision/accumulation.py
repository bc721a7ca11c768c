"""Sums whose every intermediate result is rounded to a narrow format.

An addition is done in float32 and rounded once more. For the formats used
here that equals one rounding of the exact sum, because float32 has at least
two bits more than twice the significant bits of bfloat16 and of float16
(Figueroa, 1995); the tests compare with native arithmetic.
"""

import math

import numpy as np

from topoi.precision.formats import Format, round_to


def running_sum(values: np.ndarray, target: Format) -> np.ndarray:
    """Add from the first to the last, rounding after every addition.

    Parameters
    ----------
    values : ndarray of float32, shape (n, ...)
        Summed along the first axis; rounded to the format first.
    target : Format
        Where every intermediate sum is stored.

    Returns
    -------
    ndarray of float32, shape (...)

    Raises
    ------
    TypeError
        If `values` is not float32.
    """
    total = np.zeros(values.shape[1:], np.float32)
    for value in round_to(values, target):
        total = _add(total, value, target)
    return total


def pairwise_sum(values: np.ndarray, target: Format) -> np.ndarray:
    """Add neighbours, then their sums; the error grows like log(n), not n.

    Parameters, result and errors are those of `running_sum`.
    """
    values = round_to(values, target)
    if len(values) == 0:
        return np.zeros(values.shape[1:], np.float32)
    while len(values) > 1:
        odd = values[len(values) - len(values) % 2 :]
        pairs = values[: len(values) - len(odd)]
        sums = _add(pairs[::2], pairs[1::2], target)
        values = np.concatenate([sums, odd])
    return values[0]


def kahan_sum(values: np.ndarray, target: Format) -> np.ndarray:
    """Add one by one, and carry the rounding error to the next addition.

    Parameters, result and errors are those of `running_sum`. Source: Kahan
    (1965); two numbers of the format are kept.
    """
    total = np.zeros(values.shape[1:], np.float32)
    lost = np.zeros_like(total)
    for value in round_to(values, target):
        value = _add(value, -lost, target)
        larger = _add(total, value, target)
        added = _add(larger, -total, target)  # what arrived in the sum
        lost = _add(added, -value, target)
        total = larger
    return total


def stagnation_point(increment: float, target: Format) -> float:
    """Return where a running sum of equal positive increments stops.

    Parameters
    ----------
    increment : float
        A positive number of the format.
    target : Format
        Where the sum is stored.

    Returns
    -------
    float
        The first power of two whose half spacing is at least `increment`.

    Raises
    ------
    ValueError
        If `increment` is not positive and finite.
    """
    if not 0 < increment < math.inf:
        raise ValueError(
            "stagnation_point needs a positive finite increment, got "
            f"{increment}. For a negative one, mirror the result."
        )
    return 2.0 ** math.ceil(math.log2(2 * increment / target.epsilon))


def _add(a: np.ndarray, b: np.ndarray, target: Format) -> np.ndarray:
    return round_to(np.asarray(a + b, np.float32), target)
