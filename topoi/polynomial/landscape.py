"""All critical points of a network of two filters of size two."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sympy

from topoi.polynomial.filters import (
    lcn_compose,
    lcn_factor,
    lcn_hessian,
    rational,
    real_root_count,
)

TINY = 1e-7


class CriticalPoint(NamedTuple):
    """A point with zero gradient by both filters."""

    filters: list[np.ndarray]  # balanced: of one norm
    product: np.ndarray  # (3,)
    loss: float  # |product - target|^2 / 2
    kind: str  # global minimum, local minimum or saddle
    eigenvalues: np.ndarray  # of the Hessian by the four entries, sorted


def discriminant(w: Sequence) -> float:
    """Return b^2 - 4 a c of (a, b, c): not negative if both roots are real."""
    return w[1] ** 2 - 4 * w[0] * w[2]


def stationary_form(target: Sequence) -> list[sympy.Rational]:
    """Return the quartic whose real roots are the critical double roots.

    For ``u = (1, s)`` and ``v = u * u = (1, 2 s, s^2)``, the largest part of
    the target along v is ``<t, v>^2 / |v|^2``. Its derivative has the factors
    <t, v> and ``-t_1 s^4 + (2 t_2 - t_0) s^3 + (t_2 - 2 t_0) s + t_1``, whose
    coefficients are returned, the highest power first.
    """
    t = rational(target)
    return [-t[1], 2 * t[2] - t[0], sympy.S.Zero, t[2] - 2 * t[0], t[1]]


def double_roots(target: Sequence) -> list[np.ndarray]:
    """Return unit vectors u such that c u * u is critical for some c."""
    form = stationary_form(target)
    count = real_root_count(form)
    infinite = next(i for i, v in enumerate(form) if v)
    numbers = np.array([float(v) for v in form])
    roots = sorted(np.roots(numbers), key=lambda r: abs(r.imag))
    ways = [np.array([0.0, 1.0])] if infinite else []
    for root in roots[: count - infinite]:
        u = np.array([1.0, root.real])
        u /= np.linalg.norm(u)
        if all(abs(u @ [-v[1], v[0]]) > TINY for v in ways):
            ways.append(u)
    return ways


def critical_points(target: Sequence) -> list[CriticalPoint]:
    """Return the critical points of two filters of size 2, one per product.

    Filters may be scaled, ``(s w_1, w_2 / s)``, without any change of the
    product; of each such family the balanced member is returned, and of a
    product with two roots one order. The zero filters come last.

    Parameters
    ----------
    target : sequence of three numbers
        With ``t_1^2 != t_0 t_2``; otherwise a zero filter beside a filter
        that is not zero is critical as well, which is not listed.

    Raises
    ------
    ValueError
        If the target has not three entries, is zero, or lies on that
        exceptional set.
    """
    t = np.asarray(target, float)
    exact = rational(target)
    if len(exact) != 3:
        raise ValueError(f"A target has three entries, got {len(exact)}.")
    if exact[1] ** 2 == exact[0] * exact[2]:
        raise ValueError(
            "For t_1^2 = t_0 t_2, the zero target included, there are "
            "further critical points with one zero filter."
        )
    pairs = []
    if real_root_count(target) == 2 and discriminant(exact) > 0:
        pairs.append(_balanced(*lcn_factor(target, (2, 2))))
    for u in double_roots(target):
        v = np.convolve(u, u)
        c = (t @ v) / (v @ v)
        if abs(c) > TINY:
            pairs.append([abs(c) ** 0.5 * u, np.sign(c) * abs(c) ** 0.5 * u])
    pairs.append([np.zeros(2), np.zeros(2)])
    losses = [((lcn_compose(pair) - t) ** 2).sum() / 2 for pair in pairs]
    return [
        _classified(pair, t, loss, min(losses))
        for pair, loss in zip(pairs, losses, strict=True)
    ]


def _balanced(first: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    """Return the two filters with equal norms."""
    scale = np.sqrt(np.linalg.norm(second) / np.linalg.norm(first))
    return [first * scale, second / scale]


def _classified(pair, t, loss, least) -> CriticalPoint:
    values = np.linalg.eigvalsh(lcn_hessian(pair, t))
    size = np.linalg.norm(t)
    kind = "saddle"
    if loss <= least + 1e-12 * size**2:
        kind = "global minimum"
    elif values[0] > -TINY * size and values[1] > TINY * size:
        kind = "local minimum"  # the one zero belongs to the scaling
    return CriticalPoint(pair, lcn_compose(pair), float(loss), kind, values)


def nearest_square(target: Sequence) -> tuple[np.ndarray, float]:
    """Return the best product of two filters of size 2, and its loss.

    A search over 20,001 angles, for targets without real roots; others are
    returned as they are, with loss 0.
    """
    t = np.asarray(target, float)
    if discriminant(t) >= 0:
        return t, 0.0
    angle = np.linspace(0, np.pi, 20001)
    a, b = np.cos(angle), np.sin(angle)
    v = np.stack([a * a, 2 * a * b, b * b], axis=1)  # (angles, 3)
    along = (v @ t) ** 2 / (v**2).sum(1)
    best = v[along.argmax()]
    product = best * (best @ t) / (best @ best)
    return product, float(((product - t) ** 2).sum() / 2)


def strided_critical_points(target: Sequence) -> list[list[np.ndarray]]:
    """Return the filters at all critical points but 0, for strides (2, 1).

    Two filters of size 2 with stride 2 in the first layer have the product
    ``(a c, b c, a d, b d)``: the entries of a matrix of rank one. Its critical
    points are the pairs of singular vectors of the target as a 2 by 2 matrix.
    """
    matrix = np.asarray(target, float).reshape(2, 2)  # rows: d's, c's
    left, sizes, right = np.linalg.svd(matrix)
    return [
        [np.sqrt(s) * right[i], np.sqrt(s) * left[:, i]]
        for i, s in enumerate(sizes)
        if s > TINY
    ]
