"""Pictures to learn from: discs to count, and shifts."""

import math

import numpy as np


def count_discs(
    n: int, seed: int, size: int = 32, most: int = 9
) -> tuple[np.ndarray, np.ndarray]:
    """Draw pictures of 0 to `most` white discs that do not touch.

    Parameters
    ----------
    n : int
        Number of pictures.
    seed : int
        The same seed draws the same pictures.
    size, most : int
        Side of a picture in pixels; largest count.

    Returns
    -------
    images : ndarray of float32, shape (n, size, size, 1)
        0 outside and 1 inside the discs, radius 1.5 to 3.5 pixels.
    counts : ndarray of int64, shape (n,)
        Uniform on 0, ..., `most`.

    Raises
    ------
    ValueError
        If so many discs do not find room.
    """
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    images = np.zeros((n, size, size, 1), np.float32)
    counts = rng.integers(most + 1, size=n)
    for image, count in zip(images, counts, strict=True):
        for row, column, radius in _place_discs(rng, int(count), size):
            inside = np.hypot(rows - row, columns - column) <= radius
            image[inside] = 1
    return images, counts


def _place_discs(
    rng: np.random.Generator, count: int, size: int, tries: int = 2000
) -> list[tuple[float, float, float]]:
    """Return (row, column, radius) of discs at least 2 pixels apart."""
    discs: list[tuple[float, float, float]] = []
    for _ in range(tries):
        if len(discs) == count:
            return discs
        radius = rng.uniform(1.5, 3.5)
        row, column = rng.uniform(radius, size - 1 - radius, 2)
        if all(
            math.hypot(row - r, column - c) > radius + other + 2
            for r, c, other in discs
        ):
            discs.append((row, column, radius))
    raise ValueError(
        f"{count} discs found no room in {size} x {size} pixels after "
        f"{tries} tries: take a larger size or fewer discs."
    )


def shift_images(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move pictures by whole pixels; what enters is zero.

    Parameters
    ----------
    images : ndarray, shape (n, height, width) or (n, height, width, channels)
        Any dtype.
    down, right : int
        Pixels; negative for up and left.

    Returns
    -------
    ndarray
        A copy of the same shape and dtype.

    Raises
    ------
    ValueError
        If `images` is not a batch.
    """
    if np.ndim(images) not in (3, 4):
        raise ValueError(
            "shift_images needs a batch (n, height, width) or with channels, "
            f"but got shape {np.shape(images)}. One picture? Write "
            "image[np.newaxis]."
        )
    moved = np.zeros_like(images)
    height, width = images.shape[1:3]
    to_rows, from_rows = _overlap(down, height)
    to_columns, from_columns = _overlap(right, width)
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved


def _overlap(shift: int, length: int) -> tuple[slice, slice]:
    """Return where pixels arrive and where they come from."""
    shift = max(-length, min(length, shift))
    low, high = max(shift, 0), length + min(shift, 0)
    return slice(low, high), slice(low - shift, high - shift)
