"""A ring of Gaussians, and ways through latent space."""

import numpy as np
import scipy.spatial


def ring_centres(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Return the centres of a ring of Gaussians, shape (modes, 2)."""
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draw_ring(
    n: int,
    rng: np.random.Generator,
    modes: int = 8,
    radius: float = 2.0,
    spread: float = 0.1,
) -> np.ndarray:
    """Return `n` points of a ring of Gaussians, (n, 2) float32.

    `spread` is the standard deviation along each axis.
    """
    centres = ring_centres(modes, radius)[rng.integers(modes, size=n)]
    return (centres + spread * rng.normal(size=(n, 2))).astype("float32")


def modes_hit(
    points: np.ndarray,
    modes: int = 8,
    radius: float = 2.0,
    spread: float = 0.1,
    share: float = 0.02,
) -> int:
    """Return how many Gaussians of the ring the points represent.

    A mode counts if at least `share` of all points lie within three
    standard deviations of its centre.

    Raises
    ------
    ValueError
        If `points` is not of shape (n, 2).
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(
            f"modes_hit needs points of shape (n, 2), got {points.shape}."
        )
    centres = ring_centres(modes, radius)
    distances = scipy.spatial.distance.cdist(points, centres)
    near = (distances < 3 * spread).mean(axis=0)
    return int(np.sum(near >= share))


# -- ways through latent space ----------------------------------------------


def interpolate(
    a: np.ndarray, b: np.ndarray, steps: int, spherical: bool = False
) -> np.ndarray:
    """Return points on the way from `a` to `b`, both ends included.

    Parameters
    ----------
    a, b : ndarray, shape (latent,)
        Two latent points.
    steps : int
        Number of points, at least 2.
    spherical : bool
        Along the great circle, with the length changing geometrically,
        instead of along the chord.

    Returns
    -------
    ndarray, shape (steps, latent), in the dtype of `a`

    Raises
    ------
    ValueError
        If the shapes differ, `steps` is below 2, or the great circle is not
        unique because an end is 0 or the ends are opposite.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape or steps < 2:
        raise ValueError(
            "interpolate needs two vectors of one length and at least 2 "
            f"steps, got shapes {a.shape}, {b.shape} and steps={steps}."
        )
    t = np.linspace(0, 1, steps)[:, None]
    if not spherical:
        return ((1 - t) * a + t * b).astype(a.dtype)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) == 0:
        raise ValueError("The origin has no direction: take another end.")
    u, v = a / lengths[0], b / lengths[1]
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if np.pi - angle < 1e-6:
        raise ValueError(
            "The ends point in opposite directions, so every great circle "
            "through them is as short: go through a third point."
        )
    weights = t if angle < 1e-6 else np.sin(t * angle) / np.sin(angle)
    others = 1 - t if angle < 1e-6 else np.sin((1 - t) * angle) / np.sin(angle)
    length = lengths[0] ** (1 - t) * lengths[1] ** t
    return (length * (others * u + weights * v)).astype(a.dtype)
