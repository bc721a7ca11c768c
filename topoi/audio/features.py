"""What a recogniser looks at: mel pictures, cepstra, end points, length."""

import numpy as np

from topoi.audio.signal import stft

DEPTH = 60.0  # decibels below the loudest value of a picture that are kept


def hz_to_mel(frequency):
    """Return mels: nearly linear below 700 hertz, logarithmic above."""
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def mel_to_hz(mel):
    """Return the frequency of a number of mels, in hertz."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


def mel_filters(
    rate: float = 8000,
    size: int = 256,
    count: int = 32,
    low: float = 0.0,
    high: float | None = None,
) -> np.ndarray:
    """Return triangles of height 1 whose corners are evenly spaced in mel.

    Parameters
    ----------
    rate : float
        Samples per second.
    size : int
        Samples per window of the STFT.
    count : int
        Number of filters.
    low, high : float
        Ends in hertz; `high` is rate/2 unless given.

    Returns
    -------
    ndarray, shape (count, size // 2 + 1)
        Row b weights the bins of a spectrum. Between the first and the last
        centre each column sums to 1.

    Raises
    ------
    ValueError
        If the ends are not ``0 <= low < high <= rate / 2``, or if a triangle
        is so narrow that it contains no bin.
    """
    high = rate / 2 if high is None else high
    if not 0 <= low < high <= rate / 2:
        raise ValueError(
            f"The filters must lie between 0 and {rate / 2:g} Hz, but low is "
            f"{low} and high is {high}."
        )
    ends = hz_to_mel(low), hz_to_mel(high)
    return triangles(mel_to_hz(np.linspace(*ends, count + 2)), rate, size)


def triangles(corners: np.ndarray, rate: float, size: int) -> np.ndarray:
    """Return filters of height 1, each between three neighbouring corners.

    Parameters
    ----------
    corners : ndarray, shape (count + 2,)
        Rising, in hertz.
    rate, size
        As in `mel_filters`.

    Returns
    -------
    ndarray, shape (count, size // 2 + 1)

    Raises
    ------
    ValueError
        If there are fewer than three corners, they do not rise, or a
        triangle contains no bin.
    """
    corners = np.asarray(corners, dtype=float)
    if len(corners) < 3 or not (np.diff(corners) > 0).all():
        raise ValueError(
            "A triangle has three rising corners, so there must be at least "
            f"1 filter; got {len(corners) - 2}."
        )
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    f = np.arange(size // 2 + 1)[:, None] * rate / size  # (bins, 1)
    rising = (f - left) / (centre - left)
    falling = (right - f) / (right - centre)
    filters = np.maximum(0, np.minimum(rising, falling)).T  # (count, bins)
    empty = np.flatnonzero(filters.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"Filter {empty[0]} contains no bin: bins are {rate / size:g} Hz "
            "apart. Use a longer window or fewer filters."
        )
    return filters


def log_mel(
    x: np.ndarray,
    rate: float = 8000,
    size: int = 256,
    hop: int = 128,
    count: int = 32,
    depth: float = DEPTH,
    filters: np.ndarray | None = None,
) -> np.ndarray:
    """Return the picture of a sound: energy by time and pitch, in decibels.

    Parameters
    ----------
    x : ndarray, shape (samples,)
    rate, size, hop, count
        As in `mel_filters` and `stft`.
    depth : float
        Values this far below the loudest one are raised to that level, so
        that silence is no number of its own.
    filters : ndarray, shape (count, size // 2 + 1), optional
        Other triangles than those of `mel_filters`.

    Returns
    -------
    ndarray, shape (frames, count)
        ``10 log10`` of the energy in each triangle, 0 at the loudest.

    Raises
    ------
    ValueError
        As `stft`; if the signal is silent or not finite.
    """
    if filters is None:
        filters = mel_filters(rate, size, count)
    energy = np.abs(stft(x, size, hop)) ** 2 @ filters.T  # (frames, count)
    loudest = energy.max()
    if not 0 < loudest < np.inf:
        raise ValueError(
            "log_mel needs a finite signal that is not silent: its loudest "
            f"energy is {loudest}."
        )
    floor = loudest * 10 ** (-depth / 10)
    return 10 * np.log10(np.maximum(energy, floor) / loudest)


def dct_matrix(size: int) -> np.ndarray:
    """Return the orthonormal DCT-II: row k is a cosine of k half waves."""
    k, n = np.arange(size)[:, None], np.arange(size)
    cosines = np.cos(np.pi * k * (2 * n + 1) / (2 * size))
    return cosines * np.where(k == 0, np.sqrt(1 / size), np.sqrt(2 / size))


def mfcc(picture: np.ndarray, count: int = 12) -> np.ndarray:
    """Return mel-frequency cepstral coefficients 1 to `count`.

    They are the slowest cosines of each column of a mel picture. Number 0,
    the loudness, is left out. Source: Davis and Mermelstein (1980).

    Parameters
    ----------
    picture : ndarray, shape (..., bands)
        What `log_mel` returns.

    Returns
    -------
    ndarray, shape (..., count)

    Raises
    ------
    ValueError
        If there are fewer than ``count + 1`` bands.
    """
    bands = np.shape(picture)[-1]
    if not 1 <= count < bands:
        raise ValueError(f"{bands} bands give 1 to {bands - 1}, not {count}.")
    return picture @ dct_matrix(bands)[1 : count + 1].T


def loud_part(loudness: np.ndarray, decibel: float = 30.0) -> slice:
    """Return from where to where a word is loud.

    Parameters
    ----------
    loudness : ndarray, shape (frames,)
        In decibels.
    decibel : float
        Frames this much below the loudest count as silence.

    Returns
    -------
    slice
        From the first to the last frame that is no silence.

    Raises
    ------
    ValueError
        If there are no frames or `decibel` is not positive.
    """
    loudness = np.asarray(loudness)
    if loudness.ndim != 1 or not len(loudness) or not decibel > 0:
        raise ValueError(
            "loud_part takes the loudness of at least one frame and a "
            f"positive distance; got the shape {loudness.shape}, {decibel}."
        )
    loud = np.flatnonzero(loudness >= loudness.max() - decibel)
    return slice(int(loud[0]), int(loud[-1]) + 1)


def trim(picture: np.ndarray, decibel: float = 30.0) -> np.ndarray:
    """Return the frames of a mel picture between its end points."""
    loudness = 10 * np.log10(np.sum(10 ** (picture / 10), axis=1))
    return picture[loud_part(loudness, decibel)]


def stretch(picture: np.ndarray, count: int = 32) -> np.ndarray:
    """Return `count` frames, evenly spaced between the first and the last.

    Parameters
    ----------
    picture : ndarray, shape (frames, bands)

    Returns
    -------
    ndarray, shape (count, bands)
        Linear between neighbouring frames.
    """
    picture = np.asarray(picture, dtype=float)
    if picture.ndim != 2 or not len(picture) or count < 1:
        raise ValueError(
            "stretch takes a picture of shape (frames, bands) and a positive "
            f"count; got {picture.shape} and {count}."
        )
    place = np.linspace(0, len(picture) - 1, count)
    left = np.minimum(place.astype(int), max(len(picture) - 2, 0))
    right = np.minimum(left + 1, len(picture) - 1)
    share = (place - left)[:, None]
    return (1 - share) * picture[left] + share * picture[right]


def fixed_grid(picture: np.ndarray, count: int = 56) -> np.ndarray:
    """Return the first `count` frames; a short picture ends in silence."""
    grid = np.full((count, picture.shape[1]), picture.min())
    grid[: len(picture)] = picture[:count]
    return grid
