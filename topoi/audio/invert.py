"""From pictures back to sound: phases, and mel bands."""

from typing import NamedTuple

import numpy as np

from topoi.audio.signal import istft, stft


class Rebuilt(NamedTuple):
    """A signal found from magnitudes."""

    signal: np.ndarray  # ((frames - 1) * hop + size,)
    errors: np.ndarray  # (steps + 1,), before the first step and after each


def griffin_lim(
    magnitude: np.ndarray,
    steps: int,
    hop: int = 64,
    seed: int = 0,
    momentum: float = 0.0,
    start: np.ndarray | None = None,
) -> Rebuilt:
    """Find a signal whose STFT has given magnitudes.

    Alternately: take the nearest spectrum that belongs to a signal, then put
    the given magnitudes back and keep the phases. Sources: Griffin and Lim
    (1984); with momentum Perraudin, Balazs and Soendergaard (2013).

    Parameters
    ----------
    magnitude : ndarray, shape (frames, bins)
        Not negative.
    steps : int
    hop : int
        As in `stft`.
    seed : int
        For the phases at the start.
    momentum : float
        0 is the method of 1984; 0.99 is the fast one.
    start : ndarray, shape (frames, bins), optional
        Phases to start from, instead of random ones.

    Returns
    -------
    Rebuilt
        Errors are the distance of the signal's own magnitudes from the given
        ones over all bins, relative to their size. Without momentum they
        never rise.

    Raises
    ------
    ValueError
        If magnitudes are negative or not finite, all are 0, `steps` is below
        1, or momentum is outside of [0, 1).
    """
    magnitude = _checked(magnitude, steps, momentum)
    if start is None:
        rng = np.random.default_rng(seed)
        start = rng.uniform(0, 2 * np.pi, magnitude.shape)
    size = _norm(magnitude)
    length = 2 * (magnitude.shape[1] - 1)
    spectrum, last, errors = magnitude * np.exp(1j * start), 0.0, []
    for _ in range(steps + 1):
        signal = istft(spectrum, hop)
        own = stft(signal, length, hop)  # the nearest one of a signal
        errors.append(_norm(np.abs(own) - magnitude) / size)
        ahead = own + momentum * (own - last)
        spectrum = magnitude * np.exp(1j * np.angle(ahead))
        last = own
    return Rebuilt(signal, np.array(errors))


def _norm(half: np.ndarray) -> float:
    """Return the norm of a real signal's whole spectrum from its half.

    All bins but the first and the last stand for their mirror image too.
    """
    squares = 2 * np.abs(half) ** 2  # (frames, bins)
    squares[:, [0, -1]] /= 2
    return float(np.sqrt(squares.sum()))


def _checked(magnitude, steps, momentum):
    magnitude = np.asarray(magnitude, dtype=float)
    if steps < 1 or not 0 <= momentum < 1:
        raise ValueError(
            f"steps must be at least 1 and momentum in [0, 1); got {steps} "
            f"and {momentum}."
        )
    if magnitude.ndim != 2 or not np.isfinite(magnitude).all():
        raise ValueError(
            "magnitude must be a finite array of shape (frames, bins)."
        )
    if magnitude.min() < 0 or magnitude.max() == 0:
        raise ValueError(
            "Magnitudes are not negative and not all 0. Decibels? Convert "
            "them first: 10 ** (decibels / 20)."
        )
    return magnitude


def mel_to_magnitude(energy: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Return magnitudes whose mel energies are about those given.

    The energy of a triangle is spread over its bins. For a flat spectrum
    this is exact between the outer centres; details within a triangle are
    lost.

    Parameters
    ----------
    energy : ndarray, shape (frames, count)
    filters : ndarray, shape (count, bins)

    Returns
    -------
    ndarray, shape (frames, bins)
    """
    power = (energy / filters.sum(axis=1)) @ filters  # (frames, bins)
    return np.sqrt(np.maximum(power, 0))


def swap_phases(
    a: np.ndarray, b: np.ndarray, size: int | None = None, hop: int = 64
) -> np.ndarray:
    """Return a sound with the magnitudes of a and the phases of b.

    Parameters
    ----------
    a, b : ndarray, shape (samples,)
        Of the same length.
    size, hop : int
        Of the STFT. Without a size one transform takes the whole signals.
    """
    if size is None:
        turned = np.exp(1j * np.angle(np.fft.rfft(b)))
        return np.fft.irfft(np.abs(np.fft.rfft(a)) * turned, len(a))
    turned = np.exp(1j * np.angle(stft(b, size, hop)))
    return istft(np.abs(stft(a, size, hop)) * turned, hop)
