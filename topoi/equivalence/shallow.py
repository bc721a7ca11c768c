"""Fewer hidden layers: any network in two, and maxima exactly."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, permutations
from math import gcd
from typing import NamedTuple

import numpy as np

from topoi.tropical import Layer, Subdivision, fractions

# -- any network in two hidden layers ---------------------------------------


def cell_walls(cells: Subdivision) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the half-planes that bound the cells of a network.

    Parameters
    ----------
    cells : Subdivision
        Of a convex polygon; its own sides are no walls.

    Returns
    -------
    walls : ndarray, shape (n, 3)
        Distinct rows (u, v, c) with u^2 + v^2 = 1; a cell behind a wall lies
        where u x + v y + c >= 0.
    of_cell : list of ndarray of int
        The walls of each cell.
    """
    faces = [np.asarray(corners, float) for corners in cells.faces()]
    corners = np.concatenate(faces)
    low, high = corners.min(0), corners.max(0)
    rows, owner = [], []
    for number, face in enumerate(faces):
        side = np.roll(face, -1, 0) - face
        normal = np.column_stack([-side[:, 1], side[:, 0]])  # inward
        normal /= np.linalg.norm(side, axis=1, keepdims=True)
        middle = face + side / 2
        inside = ((middle > low + 1e-12) & (middle < high - 1e-12)).all(1)
        offset = -(normal * middle).sum(1, keepdims=True)
        rows.append(np.hstack([normal, offset])[inside])
        owner += [number] * inside.sum()
    rows = np.concatenate(rows)
    _, index, inverse = np.unique(
        rows.round(9) + 0.0, axis=0, return_index=True, return_inverse=True
    )
    owner = np.array(owner)
    of_cell = [
        np.unique(inverse.ravel()[owner == number])
        for number in range(len(faces))
    ]
    return rows[index], of_cell


def two_hidden_layers(cells: Subdivision, steepness: float) -> list[Layer]:
    """Return a network of two hidden layers that agrees inside each cell.

    Layer 1 measures, for each wall, how far a point is on the wrong side,
    v = relu(-g), and hands the inputs on. Layer 2 has a pair for each cell
    and output, relu(f + C - M s) and relu(C - M s), where f is the affine
    map of the cell and s the sum of v over its walls. Their difference is f
    in the cell and 0 where M s >= 2 C.

    Parameters
    ----------
    cells : Subdivision
        Of a rectangle with sides parallel to the axes.
    steepness : float
        M; the larger, the narrower the strip along the walls in which the
        network is wrong. The number of units does not depend on it.

    Returns
    -------
    list of Layer
        Float64.
    """
    if not steepness > 0:
        raise ValueError(f"steepness must be positive, but is {steepness}.")
    slope, intercept = (np.asarray(a, float) for a in cells.affine())
    corner = np.concatenate([np.asarray(f, float) for f in cells.faces()])
    low = corner.min(0)
    level = 1 + max(
        np.abs(a @ corner.T + c[:, None]).max()
        for a, c in zip(slope, intercept, strict=True)
    )
    walls, of_cell = cell_walls(cells)
    first = Layer(
        np.concatenate([-walls[:, :2], np.eye(2)]),
        np.concatenate([-walls[:, 2], -low]),
    )
    count, out = slope.shape[:2]
    wrong = np.zeros((count, len(walls)))  # (cells, walls): M s
    for number, mine in enumerate(of_cell):
        wrong[number, mine] = -steepness
    both = np.concatenate([np.repeat(wrong, out, 0), slope.reshape(-1, 2)], 1)
    only = np.concatenate(
        [np.repeat(wrong, out, 0), np.zeros((count * out, 2))], 1
    )
    at_low = slope @ low + intercept  # (cells, out)
    second = Layer(
        np.concatenate([both, only]),
        np.concatenate([at_low.ravel() + level, np.full(count * out, level)]),
    )
    add = np.tile(np.eye(out), count)  # (out, cells * out)
    return [
        first,
        second,
        Layer(np.concatenate([add, -add], 1), np.zeros(out), False),
    ]


# -- maxima -----------------------------------------------------------------


def max_network(n: int) -> list[Layer]:
    """Return a network that computes the maximum of n numbers exactly.

    A tournament: max(a, b) = relu(a - b) + relu(b) - relu(-b), and who has
    no opponent waits as relu(a) - relu(-a). It has ceil(log2 n) hidden
    layers; all weights are integers.
    """
    if n < 1:
        raise ValueError(f"A maximum needs at least one number, but n = {n}.")
    layers, read = [], np.eye(n)  # read: values from the units so far
    while len(read) > 1:
        games, waiting = divmod(len(read), 2)
        rows, sums = [], np.zeros((games + waiting, 3 * games + 2 * waiting))
        for game in range(games):
            a, b = read[2 * game : 2 * game + 2]
            rows += [a - b, b, -b]
            sums[game, 3 * game : 3 * game + 3] = 1, 1, -1
        if waiting:
            rows += [read[-1], -read[-1]]
            sums[-1, -2:] = 1, -1
        layers.append(Layer(np.array(rows), np.zeros(len(rows))))
        read = sums
    return [*layers, Layer(read, np.zeros(1), False)]


Side = tuple[tuple[int, ...], ...]  # a sum of maxima: ((0, 1), (2,))


class Term(NamedTuple):
    """A coefficient times the larger of two sums of maxima of numbers.

    ``Term(1, ((0, 1),), ((2,),))`` is max(max(x0, x1), x2).
    """

    coefficient: Fraction
    left: Side
    right: Side


def five_terms() -> list[Term]:
    """Return terms that add up to the maximum of five numbers.

    Each inner maximum is one of at most two numbers, so the sum is a network
    with two hidden layers. With m_ij = max(x_i, x_j), it is 1/30 times

    - twice the sum over the 15 pairs of pairs max(2 m_ij, 2 m_kl),
    - plus the sum over the 15 of max(2 x_i, m_jk + m_lm),
    - minus the sum over the 30 of max(m_ij + m_ik, m_jk + m_lm).
    """
    kinds = (
        (Fraction(1, 15), ((0, 1), (0, 1)), ((2, 3), (2, 3))),
        (Fraction(1, 30), ((0,), (0,)), ((1, 2), (3, 4))),
        (Fraction(-1, 30), ((0, 1), (0, 2)), ((1, 2), (3, 4))),
    )
    return [
        Term(coefficient, *sides)
        for coefficient, left, right in kinds
        for sides in orbit(left, right, 5)
    ]


def orbit(left: Side, right: Side, n: int) -> list[tuple[Side, Side]]:
    """Return all distinct pairs of sides that arise by renaming n numbers."""
    found = set()
    for names in permutations(range(n)):
        sides = [
            tuple(sorted(tuple(sorted(names[i] for i in m)) for m in side))
            for side in (left, right)
        ]
        found.add(tuple(sorted(sides)))
    return sorted(found)


def sorted_form(terms: Sequence[Term], n: int) -> tuple[dict, list]:
    """Return a sum of terms on the cone x_0 >= x_1 >= ... >= x_{n-1}.

    There every inner maximum is the number with the smallest index, so each
    term is the larger of two linear functions. Where one of them wins on the
    whole cone, the term is linear. Otherwise it has a kink along a
    hyperplane d . x = 0 that crosses the cone: it is linear plus a multiple
    of relu(d . x).

    Returns
    -------
    kinks : dict
        For each primitive integer normal d, first entry positive, the
        coefficient of relu(d . x). If all are 0, the sum is linear there.
    linear : list of Fraction
        The coefficients of the linear rest.
    """
    kinks: dict[tuple, Fraction] = {}
    linear = [Fraction(0)] * n
    for coefficient, *sides in terms:
        left, right = (_leaders(side, n) for side in sides)
        d = [p - q for p, q in zip(left, right, strict=True)]
        partial = [sum(d[: i + 1]) for i in range(n - 1)]
        if min(partial) < 0 < max(partial):
            scale = gcd(*d)
            if next(v for v in d if v) < 0:  # relu(-t) = relu(t) - t
                left, right = right, left
                d = [-v for v in d]
            key = tuple(v // scale for v in d)
            kinks[key] = kinks.get(key, Fraction(0)) + coefficient * scale
            always = right
        else:
            always = left if max(partial) > 0 else right
        linear = [
            s + coefficient * v for s, v in zip(linear, always, strict=True)
        ]
    return kinks, linear


def _leaders(side: Side, n: int) -> list[int]:
    counts = [0] * n
    for numbers in side:
        counts[min(numbers)] += 1
    return counts


def max_of_five() -> list[Layer]:
    """Return a network of two hidden layers for the maximum of five numbers.

    Integers over 30, kept as fractions. Layer 1 holds relu(x_i - x_j) for
    i < j, and relu(x_i), relu(-x_i); layer 2 one unit for each term of
    `five_terms`, and two that hand a sum on.
    """
    n, terms = 5, five_terms()
    pairs = list(combinations(range(n), 2))
    rows = []
    for i, j in pairs:
        rows.append(np.eye(n)[i] - np.eye(n)[j])
    first = np.concatenate([rows, np.eye(n), -np.eye(n)])  # (20, 5)

    def values(side: Side) -> np.ndarray:
        """Return a sum of maxima as a combination of the first layer."""
        row = np.zeros(len(first), int)
        for numbers in side:
            last = len(pairs) + numbers[-1]
            row[[last, last + n]] += 1, -1  # x_j = relu(x_j) - relu(-x_j)
            if len(numbers) == 2:
                row[pairs.index(numbers)] += 1
        return row

    # max(A, B) = relu(A - B) + B; the multiples of B are handed on
    rows = [values(t.left) - values(t.right) for t in terms]
    rest = sum(t.coefficient * fractions(values(t.right)) for t in terms)
    second = np.concatenate([fractions(rows), [rest], [-rest]])
    out = fractions([[*(t.coefficient for t in terms), 1, -1]])
    zeros = (
        fractions(np.zeros(size)) for size in (len(first), len(second), 1)
    )
    weights = fractions(first), second, out
    last = (True, True, False)
    return [Layer(*layer) for layer in zip(weights, zeros, last, strict=True)]
