"""The domain: a strictly convex polygon."""

from fractions import Fraction

import numpy as np


def check_polygon(polygon: np.ndarray) -> np.ndarray:
    """Return a strictly convex polygon, counter-clockwise, as (k, 2) floats.

    Raises
    ------
    ValueError
        If it is not a strictly convex polygon with at least 3 corners.
    """
    corners = np.asarray(polygon, float)
    good = corners.ndim == 2 and corners.shape[1:] == (2,)
    if not (good and len(corners) >= 3 and np.isfinite(corners).all()):
        raise ValueError(
            "The domain is a polygon of shape (corners, 2) with at least 3 "
            f"finite corners, but got shape {corners.shape}: {polygon!r}."
        )
    exact = [(Fraction(x), Fraction(y)) for x, y in corners.tolist()]
    if sum(_turns(exact)) < 0:
        corners, exact = corners[::-1].copy(), exact[::-1]
    turns = _turns(exact)
    if min(turns) <= 0 or _winding(corners) != 1:
        worst = turns.index(min(turns))
        raise ValueError(
            "The domain must be a strictly convex polygon, but it does not "
            f"turn left at corner {corners[worst].tolist()}. Pass the "
            "corners of its convex hull in order, without repeats."
        )
    return corners


def _turns(corners: list) -> list:
    """Return the exact cross product of the two sides at each corner."""
    k, turns = len(corners), []
    for i in range(k):
        (ax, ay), (bx, by) = corners[i - 1], corners[i]
        cx, cy = corners[(i + 1) % k]
        turns.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return turns


def _winding(corners: np.ndarray) -> int:
    sides = np.roll(corners, -1, 0) - corners
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    turn = np.diff(angles, append=angles[0])
    return round((turn % (2 * np.pi)).sum() / (2 * np.pi))


def box(half_width: float = 1.0) -> np.ndarray:
    """Return the square [-half_width, half_width]^2 as (4, 2) corners."""
    corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    return half_width * np.array(corners, float)
