"""Arrangements, zonotopes, and bounds on the number of linear regions."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import comb, prod
from typing import NamedTuple

import numpy as np

from topoi.tropical.layers import as_numbers, fractions

Vector = tuple[Fraction, ...]


def arrangement_count(hyperplanes: np.ndarray) -> int:
    """Return the number of cells of hyperplanes in R^d, exactly.

    Parameters
    ----------
    hyperplanes : array-like, shape (m, d + 1)
        Rows (w, b) stand for w . x + b = 0. Repeats, parallels and common
        points are allowed.

    Raises
    ------
    ValueError
        If a row has w = 0, or the array is not of rank 2 with d >= 1.

    Notes
    -----
    Deletion and restriction in fractions: the i-th hyperplane adds as many
    cells as the earlier ones cut out of it. Time up to m^d. Source:
    Zaslavsky (1975).
    """
    array = np.asarray(hyperplanes)
    if array.ndim != 2 or array.shape[1] < 2:
        raise ValueError(
            "Hyperplanes are rows (w, b), an array of shape (m, d + 1) with "
            f"d >= 1, but got {array.shape}."
        )
    rows = [tuple(row) for row in fractions(array)]
    for number, row in enumerate(rows):
        if not any(row[:-1]):
            raise ValueError(
                f"Row {number} has w = 0 and is no hyperplane: "
                f"{[float(v) for v in row]}. Leave constant units out."
            )
    return deletion_restriction(distinct_hyperplanes(rows))


def distinct_hyperplanes(rows: Sequence[Vector]) -> list[Vector]:
    """Return each hyperplane once, scaled to a leading 1; drop w = 0.

    Rows (w, b) of fractions that are proportional are one hyperplane.
    """
    scaled = {}
    for row in rows:
        lead = next((value for value in row[:-1] if value), None)
        if lead is not None:
            scaled[tuple(value / lead for value in row)] = None
    return list(scaled)


def deletion_restriction(rows: list[Vector]) -> int:
    """Return the number of cells of distinct hyperplanes (w, b).

    Each hyperplane adds the cells into which the earlier ones cut it; these
    are counted in the same way, one dimension lower.
    """
    if not rows:
        return 1
    if len(rows[0]) == 2:
        return 1 + len(rows)
    total = 1
    for i, row in enumerate(rows):
        traces = [restrict(earlier, row) for earlier in rows[:i]]
        total += deletion_restriction(distinct_hyperplanes(traces))
    return total


def restrict(row: Vector, wall: Vector) -> Vector:
    """Return the trace of a hyperplane on a wall, with one variable less.

    The wall's first variable with a nonzero coefficient is eliminated.
    """
    k = next(i for i, value in enumerate(wall) if value)
    factor = row[k] / wall[k]
    return tuple(
        value - factor * other
        for i, (value, other) in enumerate(zip(row, wall, strict=True))
        if i != k
    )


def zonotope_vertices(
    generators: np.ndarray, upper: bool = False
) -> np.ndarray:
    """Return the vertices of the Minkowski sum of the segments [0, g_j].

    Parameters
    ----------
    generators : array-like, shape (m, n)
        Rows g_j, floats or fractions; they may be parallel, zero, or span
        less than R^n.
    upper : bool
        Only the vertices of the upper hull: those that maximise some linear
        form whose last coefficient is positive.

    Returns
    -------
    ndarray, shape (vertices, n)
        Exact fractions if `generators` is an object array; else float64.
        Which sums are vertices is exact in both cases.

    Raises
    ------
    ValueError
        If `generators` is not of rank 2, or holds NaN or infinity.

    Notes
    -----
    The vertex in direction u is the sum of the g_j with g_j . u > 0, so
    vertices correspond to the cells of the hyperplanes g_j . u = 0, which
    are found in exact arithmetic (`arrangement_cells`).
    """
    array = _finite_rows(generators, "Generators")
    walls = array
    if upper:
        last = np.eye(array.shape[1], dtype=int)[-1]
        walls = np.vstack([array, last.astype(array.dtype)])
    cells = arrangement_cells(walls)
    if upper:
        cells = cells[cells[:, -1] > 0, :-1]
    return (cells > 0).astype(int) @ array  # (vertices, m) @ (m, n)


def _finite_rows(values: np.ndarray, name: str) -> np.ndarray:
    """Return an array (m, n) of float64, or of fractions if given so."""
    array = as_numbers(values)
    if array.ndim != 2 or not np.isfinite(array.astype(float)).all():
        raise ValueError(
            f"{name} are finite rows, an array of shape (m, n), but got "
            f"shape {array.shape}."
        )
    return array


def arrangement_cells(normals: np.ndarray) -> np.ndarray:
    """Return the sign vectors of all cells of hyperplanes through 0.

    Parameters
    ----------
    normals : array-like, shape (m, n)
        Floats or fractions, both taken at their exact values.

    Returns
    -------
    ndarray of int, shape (cells, m)
        Signs +1 and -1; 0 in the column of a zero normal.

    Raises
    ------
    ValueError
        If `normals` is not of rank 2, or holds NaN or infinity.
    """
    array = _finite_rows(normals, "Normals")
    rows = [tuple(row) for row in fractions(array)]
    size = array.shape[1]
    signs = [
        [_sign(_dot(row, point)) for row in rows]
        for point in _witnesses(rows, size)
    ]
    return np.array(signs, int).reshape(-1, len(rows))


def _witnesses(rows: list[Vector], size: int) -> list[Vector]:
    """Return one interior point of each cell of a central arrangement.

    A new wall cuts those cells that meet it: the cells of the earlier walls
    inside it. A point of such a cell, moved a little to both sides of the
    wall, gives the two halves.
    """
    points: list[Vector] = [(Fraction(1),) * size]
    walls: list[Vector] = []
    for row in _directions(rows):
        k = next(i for i, value in enumerate(row) if value)
        inner = [restrict(wall, row) for wall in walls]
        cut = {}
        for flat in _witnesses(inner, size - 1) if size > 1 else [()]:
            rest = [*flat[:k], Fraction(0), *flat[k:]]
            rest[k] = -_dot(row, rest) / row[k]
            cut[_signs(walls, rest)] = rest
        walls.append(row)
        whole = [p for p in points if _signs(walls[:-1], p) not in cut]
        halves = [_step(p, walls, s) for p in cut.values() for s in (1, -1)]
        points = whole + halves
    return points


def _directions(rows: list[Vector]) -> list[Vector]:
    """Return the nonzero rows, one of each direction."""
    kept = {}
    for row in rows:
        lead = next((value for value in row if value), None)
        if lead is not None:
            kept.setdefault(tuple(value / lead for value in row), row)
    return list(kept.values())


def _step(point: Vector, walls: list[Vector], side: int) -> Vector:
    """Return a point beside the last wall, in the same cell of the others."""
    normal = walls[-1]
    reach = Fraction(1)
    for wall in walls[:-1]:
        slope = abs(_dot(wall, normal))
        if slope:
            reach = min(reach, abs(_dot(wall, point)) / (2 * slope))
    return tuple(
        value + side * reach * n
        for value, n in zip(point, normal, strict=True)
    )


def _dot(u: Sequence, v: Sequence) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def _signs(walls: list[Vector], point: Sequence) -> tuple[int, ...]:
    return tuple(_sign(_dot(wall, point)) for wall in walls)


# -- bounds -----------------------------------------------------------------


class RegionBounds(NamedTuple):
    """Bounds on the largest number of linear regions of an architecture.

    Attributes
    ----------
    lower : int
        Lower bound on the maximum: Montufar's networks (2014) have at least
        as many. They fold, so every layer but the last needs d units or
        more; if one is narrower, this is the trivial 1.
    serra : int
        Upper bound of Serra, Tjandraatmadja and Ramalingam (2018).
    upper : int
        Product over the layers of the cells of generic hyperplanes.
    """

    lower: int
    serra: int
    upper: int


def region_bounds(d: int, widths: Sequence[int]) -> RegionBounds:
    """Return bounds on the regions of ReLU networks R^d -> R.

    Parameters
    ----------
    d : int
        Number of inputs.
    widths : sequence of int
        Widths of the hidden layers; the linear output is not counted.

    Raises
    ------
    ValueError
        If `d` or a width is not a positive integer.

    Notes
    -----
    `serra` runs over all tuples of dimensions: time (d + 1)^layers.
    """
    if d < 1 or not len(widths) or min(widths) < 1:
        raise ValueError(
            "Bounds need d >= 1 inputs and at least one hidden layer of "
            f"width >= 1, but got d = {d} and widths {list(widths)}."
        )
    *folds, last = widths
    lower = prod((n // d) ** d for n in folds) * _cells(last, d)
    upper = prod(_cells(n, d) for n in widths)
    return RegionBounds(max(lower, 1), _serra(d, widths), upper)


def _cells(n: int, d: int) -> int:
    """Return the number of cells of n generic hyperplanes in R^d."""
    return sum(comb(n, i) for i in range(d + 1))


def _serra(d: int, widths: Sequence[int]) -> int:
    total = 0
    for choice in product(range(d + 1), repeat=len(widths)):
        room = d
        for j, n in zip(choice, widths, strict=True):
            if j > min(room, n):
                break
            room = min(room, n - j)
        else:
            total += prod(map(comb, widths, choice))
    return total


# -- decision boundaries ----------------------------------------------------


class Zonotope(NamedTuple):
    """shift + sum of the segments [0, g_j].

    Attributes
    ----------
    shift : ndarray, shape (n,)
    generators : ndarray, shape (m, n)
    """

    shift: np.ndarray
    generators: np.ndarray

    def support(self, x: np.ndarray) -> np.ndarray:
        """Return max of v . x over the zonotope: (..., n) -> (...,)."""
        x = np.asarray(x, float)
        along = x @ self.generators.T  # (..., n) @ (n, m)
        return x @ self.shift + np.maximum(along, 0).sum(-1)

    def vertices(self) -> np.ndarray:
        """Return the vertices, shape (vertices, n)."""
        return self.shift + zonotope_vertices(self.generators)


def decision_polytope(
    a: np.ndarray, b: np.ndarray
) -> tuple[Zonotope, Zonotope]:
    """Return the zonotopes of a two-class network b max(a x, 0).

    Parameters
    ----------
    a : array-like, shape (p, n)
        First-layer weights; there are no biases.
    b : array-like, shape (2, p)
        Second-layer weights of the two classes.

    Returns
    -------
    first, second : Zonotope
        f_1(x) - f_2(x) is the difference of their support functions, and
        the hull of their union is dual to the decision boundary.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Source: Alfarra et al. (2022), theorem on two-layer networks.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.ndim != 2 or b.shape != (2, len(a)):
        raise ValueError(
            "decision_polytope needs a of shape (p, n) and b of shape "
            f"(2, p), but got {a.shape} and {b.shape}. Biases are not "
            "supported: append a constant input."
        )
    below = np.maximum(-a, 0)
    plus, minus = np.maximum(b, 0), np.maximum(-b, 0)
    first, second = plus[0] + minus[1], plus[1] + minus[0]
    # Segment lengths of one zonotope shift the other one.
    shift = (first + second) @ below
    return (
        Zonotope(shift, first[:, None] * a),
        Zonotope(shift, second[:, None] * a),
    )
