"""Problems that jump, an oracle that rounds, and an adversary that answers.

Everything here is arithmetic of fractions: a gap of 2**-500 is as real as a
gap of one half, and no result depends on rounding.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

# 3 / sqrt(2) to 17 digits: two solutions t e_1 and t e_2 are sqrt(2) t apart.
_T = Fraction(21213203435596426, 10**16)

Gap = tuple[int, int] | None  # (n, j): entry j is larger by 2**-n; None: tie


class ReadLimitError(RuntimeError):
    """An algorithm asked an oracle for more digits than it may read."""


@dataclass(frozen=True)
class JumpInstance:
    """A basis pursuit problem built of rows with two entries each.

    Block ``i`` asks for the smallest abs(x_1) + abs(x_2) with
    ``rows[i][0] x_1 + rows[i][1] x_2 = heights[i]``. `q` further unknowns
    are equal to 1, so that solutions have norms of at least sqrt(q).

    Attributes
    ----------
    rows : tuple of (Fraction, Fraction)
        The two positive entries of each block's row.
    heights : tuple of Fraction
        The positive right-hand sides.
    q : int
        Number of unknowns that are 1.
    """

    rows: tuple[tuple[Fraction, Fraction], ...]
    heights: tuple[Fraction, ...]
    q: int = 3

    @property
    def A(self) -> np.ndarray:
        """The matrix, (blocks + q, 2 * blocks + q), of fractions."""
        blocks, q = len(self.rows), self.q
        matrix = np.full((blocks + q, 2 * blocks + q), Fraction(0))
        for i, row in enumerate(self.rows):
            matrix[i, 2 * i : 2 * i + 2] = row
        for i in range(q):
            matrix[blocks + i, 2 * blocks + i] = Fraction(1)
        return matrix

    @property
    def y(self) -> np.ndarray:
        """The right-hand side, (blocks + q,), of fractions."""
        return np.array([*self.heights, *[Fraction(1)] * self.q], object)

    @property
    def x(self) -> np.ndarray:
        """A solution, (2 * blocks + q,): in a tie, the middle of them all."""
        parts = [
            sum(corners) / len(corners)
            for corners in map(row_solutions, self.rows, self.heights)
        ]
        return np.array([*np.ravel(parts), *[Fraction(1)] * self.q], object)

    def distance(self, x: Sequence) -> float:
        """Return the Euclidean distance of `x` to the set of solutions.

        Raises
        ------
        ValueError
            If `x` has another length, or entries that are no finite numbers.
        """
        x = _exact(x, self.A.shape[1])
        blocks = len(self.rows)
        total = sum((value - 1) ** 2 for value in x[2 * blocks :])
        for i in range(blocks):
            corners = row_solutions(self.rows[i], self.heights[i])
            total += _squared_distance(x[2 * i : 2 * i + 2], corners)
        return math.sqrt(total)


def row_solutions(
    row: tuple[Fraction, Fraction], height: Fraction
) -> np.ndarray:
    """Return the corners of the set of solutions of one block.

    Parameters
    ----------
    row : (Fraction, Fraction)
        Two positive entries a_1, a_2.
    height : Fraction
        The positive right-hand side t.

    Returns
    -------
    ndarray of Fraction, shape (1, 2) or (2, 2)
        t e_1 / a_1 if a_1 is larger, t e_2 / a_2 if a_2 is; both if they are
        equal, and then the whole segment between them solves the problem.
    """
    zero, corners = Fraction(0), []
    if row[0] >= row[1]:
        corners.append([height / row[0], zero])
    if row[1] >= row[0]:
        corners.append([zero, height / row[1]])
    return np.array(corners, object)


def jump_instance(
    K: int, n: int | None = None, j: int = 1, q: int = 3
) -> JumpInstance:
    """Return a problem whose solution jumps by 3 * 10**-K with one entry.

    Parameters
    ----------
    K : int
        The decimal digit that is at stake.
    n : int, optional
        Entry `j` of the row (1, 1) is raised by 2**-n. None keeps the tie.
    j : {1, 2}
        Which entry.
    q : int
        Number of further unknowns.

    Returns
    -------
    JumpInstance
        For n >= 1 the condition number of A A^T is at most 3.25.

    Raises
    ------
    ValueError
        If `j` is neither 1 nor 2, or `n` is below 1.
    """
    return block_instance(K, [None if n is None else (n, j)], q)


def block_instance(K: int, gaps: Iterable[Gap], q: int = 3) -> JumpInstance:
    """Return a problem whose block number i jumps by 3 * 10**(i - K).

    Parameters
    ----------
    K : int
        The decimal digit that is at stake in block 0.
    gaps : iterable of (n, j) or None
        One entry a block: entry j is raised by 2**-n, or the block ties.
    q : int
        Number of further unknowns.

    Raises
    ------
    ValueError
        If some j is neither 1 nor 2, or some n is below 1.
    """
    rows = []
    for gap in gaps:
        row = [Fraction(1), Fraction(1)]
        if gap is not None:
            n, j = gap
            if j not in (1, 2) or n < 1:
                raise ValueError(
                    "A gap is a pair (n, j) with n >= 1 and j = 1 or 2, or "
                    f"None for a tie, but got {gap!r}."
                )
            row[j - 1] += Fraction(1, 2**n)
        rows.append(tuple(row))
    heights = (_T / Fraction(10) ** (K - i) for i in range(len(rows)))
    return JumpInstance(tuple(rows), tuple(heights), q)


class Sample(NamedTuple):
    """What an oracle says: A and y up to 2**-n in each entry."""

    A: np.ndarray
    y: np.ndarray


class DyadicOracle:
    """Hand out a problem to any number of binary digits, and count them.

    Parameters
    ----------
    instance : JumpInstance
        The problem; algorithms must not look at it.
    limit : int
        Largest number of digits that it gives away.

    Attributes
    ----------
    max_n : int
        The most digits that were read so far.
    """

    def __init__(self, instance: JumpInstance, limit: int = 10_000):
        self.instance, self.limit, self.max_n = instance, limit, 0

    def sample(self, n: int) -> Sample:
        """Return A and y rounded down to multiples of 2**-n.

        Raises
        ------
        ReadLimitError
            If `n` exceeds the limit.
        ValueError
            If `n` is negative.
        """
        if n < 0:
            raise ValueError(f"sample needs n >= 0 binary digits, got {n}.")
        if n > self.limit:
            raise ReadLimitError(
                f"The algorithm asked for {n} binary digits and has not "
                f"halted within {self.limit}. On this input it may read for "
                "ever."
            )
        self.max_n = max(self.max_n, n)
        return Sample(
            _round_down(self.instance.A, n), _round_down(self.instance.y, n)
        )


Algorithm = Callable[[DyadicOracle], Sequence]


class Verdict(NamedTuple):
    """What the adversary found.

    Attributes
    ----------
    halted : bool
        Whether the algorithm answered on the tie; if not, it has failed
        there, and the other fields are empty.
    digits : int
        Binary digits that it read on the tie.
    instances : tuple of JumpInstance
        Two problems that look like the tie up to that digit.
    errors : tuple of float
        Distance of its answers from the solutions of these two.
    """

    halted: bool
    digits: int
    instances: tuple[JumpInstance, ...] = ()
    errors: tuple[float, ...] = ()


def adversary(
    algorithm: Algorithm, K: int, q: int = 3, limit: int = 10_000
) -> Verdict:
    """Run an algorithm on the tie, then on the two problems that defeat it.

    Parameters
    ----------
    algorithm : callable
        ``algorithm(oracle) -> x``; it sees the problem through
        ``oracle.sample(n)`` only, and is deterministic.
    K : int
        The decimal digit at stake: solutions are 3 * 10**-K apart.
    q : int
        Further unknowns, as in `jump_instance`.
    limit : int
        Digits after which the adversary stops waiting.

    Returns
    -------
    Verdict
        If the algorithm halts on the tie, the larger error is at least
        1.5 * 10**-K.
    """
    oracle = DyadicOracle(jump_instance(K, q=q), limit)
    try:
        algorithm(oracle)
    except ReadLimitError:
        return Verdict(halted=False, digits=oracle.max_n)
    digits = oracle.max_n
    pair = tuple(jump_instance(K, digits + 1, j, q) for j in (1, 2))
    errors = tuple(
        problem.distance(algorithm(DyadicOracle(problem, limit)))
        for problem in pair
    )
    return Verdict(True, digits, pair, errors)


def _round_down(array: np.ndarray, n: int) -> np.ndarray:
    """Return the largest multiples of 2**-n below each entry."""
    scale = 2**n
    floors = [Fraction(math.floor(v * scale), scale) for v in array.flat]
    return np.array(floors, object).reshape(array.shape)


def _exact(x: Sequence, size: int) -> list[Fraction]:
    """Return the entries of a vector as fractions."""
    values = np.ravel(np.asarray(x, object))
    if len(values) != size:
        raise ValueError(
            f"A solution has {size} entries, but the answer has "
            f"{len(values)}. Return one number for each column of A."
        )
    try:
        return [
            v if isinstance(v, Fraction) else Fraction(float(v))
            for v in values
        ]
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            "A solution has finite numbers as entries, but the answer is "
            f"{x!r}. Did the algorithm divide by zero?"
        ) from error


def _squared_distance(point: list, corners: np.ndarray) -> Fraction:
    """Return the squared distance to a point or to a segment."""
    start, end = corners[0], corners[-1]
    along, offset = end - start, np.array(point, object) - start
    length = along @ along
    share = Fraction(0) if length == 0 else (along @ offset) / length
    nearest = min(max(share, Fraction(0)), Fraction(1)) * along
    return (offset - nearest) @ (offset - nearest)
