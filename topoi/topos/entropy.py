"""Entropy as a cocycle, and the cocycles that are not entropy.

An observable is a column of integers, one entry per example. A functional
gives a number to a list of columns, through their joint law alone.
"""

from collections.abc import Callable, Sequence

import numpy as np

from topoi.topos.semantics import rank

Functional = Callable[..., float]


def joint(*columns: np.ndarray) -> np.ndarray:
    """Return one column that has a value for each combination of values."""
    if not columns:
        raise ValueError("give at least one column.")
    if len({len(c) for c in columns}) > 1:
        raise ValueError(
            "the columns must be equally long, got lengths "
            f"{[len(c) for c in columns]}."
        )
    rows = np.stack([np.asarray(c) for c in columns], axis=1)
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel()


def entropy(*columns: np.ndarray) -> float:
    """Return the Shannon entropy of the joint law of columns, in bits."""
    counts = np.bincount(joint(*columns))
    p = counts / counts.sum()
    return float(-np.sum(p * np.log2(p)))


def gini(*columns: np.ndarray) -> float:
    """Return the sum of the squared probabilities: no cocycle."""
    counts = np.bincount(joint(*columns))
    return float(np.sum((counts / counts.sum()) ** 2))


def conditioned(f: Functional, x: np.ndarray, *columns: np.ndarray) -> float:
    """Return (X.F)(columns), the mean of F given X.

    Each value of x selects some examples; F is computed on these alone, and
    the results are averaged with the probabilities of the values.
    """
    group = joint(x)
    total = 0.0
    for value in range(group.max() + 1):
        chosen = group == value
        total += chosen.mean() * f(*(np.asarray(c)[chosen] for c in columns))
    return float(total)


def conditional(y: np.ndarray, x: np.ndarray) -> float:
    """Return H(Y | X) in bits, by conditioning on each value of X."""
    return conditioned(entropy, x, y)


def delta(f: Functional) -> Functional:
    """Return the coboundary of a functional of one variable.

    (dF)(X; Y) = X.F(Y) - F(XY) + F(X). F is a cocycle if this is 0.
    """
    return lambda x, y: conditioned(f, x, y) - f(joint(x, y)) + f(x)


def delta_t(f: Functional) -> Functional:
    """Return the coboundary without conditioning: F(Y) - F(XY) + F(X).

    Of entropy it is the mutual information of X and Y.
    """
    return lambda x, y: f(y) - f(joint(x, y)) + f(x)


def delta2(f: Functional) -> Functional:
    """Return the coboundary of a functional of two variables.

    (dF)(X; Y; Z) = X.F(Y; Z) - F(XY; Z) + F(X; YZ) - F(X; Y).
    """
    return lambda x, y, z: (
        conditioned(f, x, y, z)
        - f(joint(x, y), z)
        + f(x, joint(y, z))
        - f(x, y)
    )


def cocycle_rows(largest: int) -> list[dict]:
    """Return the linear equations for entropy on counts up to `largest`.

    The unknown g(a, b) stands for the information in splitting a + b
    examples into a and b, times a + b. Columns are pairs with a <= b.
    """
    pairs = [
        (a, b) for a in range(1, largest) for b in range(a, largest - a + 1)
    ]

    def row(*terms):
        found: dict = {}
        for a, b, sign in terms:
            pair = min(a, b), max(a, b)
            key = pair[0] * (largest + 1) + pair[1]
            found[key] = found.get(key, 0) + sign
        return found

    rows = [
        row((a, b, 1), (a + b, c, 1), (b, c, -1), (a, b + c, -1))
        for a in range(1, largest)
        for b in range(1, largest - a)
        for c in range(a, largest - a - b + 1)
    ]
    rows += [
        row((k * a, k * b, 1), (a, b, -k))
        for a, b in pairs
        for k in range(2, largest // (a + b) + 1)
    ]
    return rows


def count_cocycles(largest: int) -> int:
    """Return the dimension of the cocycles on counts up to `largest`."""
    unknowns = sum(
        1 for a in range(1, largest) for b in range(a, largest - a + 1)
    )
    return unknowns - rank(cocycle_rows(largest))


def primes(largest: int) -> list[int]:
    """List the primes up to a number, by trial division."""
    found: list[int] = []
    for n in range(2, largest + 1):
        if all(n % p for p in found):
            found.append(n)
    return found


def split_information(a: int, b: int, weight: Callable[[int], float]) -> float:
    """Return the cocycle F(a + b) - F(a) - F(b) with F(n) = n weight(n).

    With ``weight=math.log2`` it is (a + b) times the entropy of a split.
    """
    return (a + b) * weight(a + b) - a * weight(a) - b * weight(b)


def valuation(n: int, prime: int) -> int:
    """Return how often a prime divides n."""
    times = 0
    while n % prime == 0:
        n //= prime
        times += 1
    return times


def code(activity: np.ndarray, units: Sequence[int] | None = None):
    """Return the signs of the units of a layer as one column.

    Parameters
    ----------
    activity : array (examples, units)
    units : sequence of int, optional
        Which units; all by default.
    """
    signs = activity > 0
    return joint(*(signs if units is None else signs[:, list(units)]).T)
