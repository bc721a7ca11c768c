"""Signals and their spectra: Fourier transforms, windows, the STFT."""

import numpy as np


def alias(frequency: float, rate: float) -> float:
    """Return the frequency from 0 to rate/2 with the same samples.

    A cosine of `frequency` hertz, sampled `rate` times a second, cannot be
    told from one of the frequency that comes back.

    Parameters
    ----------
    frequency : float
        Any real number, in hertz.
    rate : float
        Samples per second.

    Raises
    ------
    ValueError
        If `rate` is not positive.
    """
    if not rate > 0:
        raise ValueError(f"rate counts samples per second, got {rate}.")
    inside = frequency % rate
    return min(inside, rate - inside)


def dft(x: np.ndarray) -> np.ndarray:
    """Return the discrete Fourier transform by its definition.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        Real or complex.

    Returns
    -------
    ndarray, shape (..., n), complex
        Entry k is the sum of ``x[j] exp(-2 pi i j k / n)``. O(n^2).
    """
    x = np.asarray(x)
    n = np.arange(_length(x))
    turns = np.outer(n, n) % len(n) / len(n)
    return x @ np.exp(-2j * np.pi * turns)


def fft(x: np.ndarray) -> np.ndarray:
    """Return the same transform by halving, in O(n log n).

    Source: Cooley and Tukey (1965), the case of two.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        n is a power of two.

    Raises
    ------
    ValueError
        If n is not a power of two.
    """
    x = np.asarray(x)
    n = _length(x)
    if n & (n - 1):
        raise ValueError(
            f"fft halves the signal again and again, so its length must be a "
            f"power of two, but it is {n}. Pad with zeros, or use np.fft.fft."
        )
    if n == 1:
        return x.astype(complex)
    even, odd = fft(x[..., ::2]), fft(x[..., 1::2])
    odd = odd * np.exp(-2j * np.pi * np.arange(n // 2) / n)
    return np.concatenate([even + odd, even - odd], axis=-1)


def hann(size: int) -> np.ndarray:
    """Return the periodic Hann window, ``sin(pi j / size) ** 2``.

    Raises
    ------
    ValueError
        If `size` is below 2.
    """
    if size < 2:
        raise ValueError(f"A window has at least 2 samples, not {size}.")
    return np.sin(np.pi * np.arange(size) / size) ** 2


def frames(x: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Cut a signal into overlapping frames; what is left over is dropped.

    Parameters
    ----------
    x : ndarray, shape (samples,)
    size : int
        Samples per frame, at most those of the signal.
    hop : int
        Samples from one start to the next.

    Returns
    -------
    ndarray, shape (1 + (samples - size) // hop, size)
        A copy: frame i starts at sample ``i * hop``.

    Raises
    ------
    ValueError
        If the signal is not one-dimensional or shorter than a frame, or if
        `size` or `hop` is not positive.
    """
    x = np.asarray(x)
    if x.ndim != 1:
        raise ValueError(
            "frames takes one signal of shape (samples,), but got the shape "
            f"{x.shape}. Mix the channels, or call it once for each."
        )
    if size < 1 or hop < 1:
        raise ValueError(f"size and hop must be positive: {size}, {hop}.")
    if len(x) < size:
        raise ValueError(
            f"A signal of {len(x)} samples has no frame of {size}. Pad it "
            "with zeros, or use a shorter window."
        )
    views = np.lib.stride_tricks.sliding_window_view(x, size)
    return views[::hop].copy()  # (frames, size)


def stft(
    x: np.ndarray,
    size: int = 256,
    hop: int = 64,
    window: np.ndarray | None = None,
) -> np.ndarray:
    """Return the short-time Fourier transform.

    Parameters
    ----------
    x : ndarray, shape (samples,)
        Real; no zeros are added at its ends.
    size : int
        Samples per window, even.
    hop : int
        Samples from one window to the next.
    window : ndarray, shape (size,), optional
        `hann(size)` unless given.

    Returns
    -------
    ndarray, shape (frames, size // 2 + 1), complex
        Row i is the spectrum of the windowed samples from ``i * hop`` on;
        column k belongs to ``k * rate / size`` hertz.

    Raises
    ------
    ValueError
        As `frames`; if `size` is odd, or the window has another length.
    """
    window = _window(size, window)
    return np.fft.rfft(frames(x, size, hop) * window)  # (frames, bins)


def window_sum(
    count: int, hop: int, window: np.ndarray, power: int = 2
) -> np.ndarray:
    """Return the sum of `count` shifted windows, each to a power.

    Returns
    -------
    ndarray, shape ((count - 1) * hop + size,)
    """
    return _overlap_add(np.tile(window**power, (count, 1)), hop)


def istft(
    spectrum: np.ndarray, hop: int = 64, window: np.ndarray | None = None
) -> np.ndarray:
    """Return the signal whose STFT is closest to `spectrum`.

    Each inverse transform is windowed again, all are added up where they
    belong, and the sum is divided by that of the squared windows. This is
    the least-squares inverse: Griffin and Lim (1984).

    Parameters
    ----------
    spectrum : ndarray, shape (frames, size // 2 + 1), complex
        Any; it need not be the STFT of a signal.
    hop, window
        As in `stft`.

    Returns
    -------
    ndarray, shape ((frames - 1) * hop + size,)
        The same samples that went into `stft`, but for those that no window
        has seen (0 comes back) and for those near the two ends, where the
        windows are nearly 0 and rounding is magnified: add zeros of one
        window before the transform if they matter.

    Raises
    ------
    ValueError
        If `spectrum` is not two-dimensional or the window does not fit.
    """
    spectrum = np.asarray(spectrum)
    if spectrum.ndim != 2 or min(spectrum.shape) < 1:
        raise ValueError(
            "istft takes one spectrum of shape (frames, bins), but got the "
            f"shape {spectrum.shape}."
        )
    size = 2 * (spectrum.shape[1] - 1)
    window = _window(size, window)
    pieces = np.fft.irfft(spectrum, size) * window  # (frames, size)
    total = _overlap_add(pieces, hop)
    weight = window_sum(len(pieces), hop, window)
    seen = weight > 1e-10 * weight.max()
    return np.divide(total, weight, out=np.zeros_like(total), where=seen)


def _overlap_add(pieces: np.ndarray, hop: int) -> np.ndarray:
    """Add rows up, each `hop` samples after the one before."""
    count, size = pieces.shape
    total = np.zeros((count - 1) * hop + size)
    for start, piece in zip(range(0, count * hop, hop), pieces, strict=True):
        total[start : start + size] += piece
    return total


def _window(size: int, window: np.ndarray | None) -> np.ndarray:
    if size < 2 or size % 2:
        raise ValueError(f"size must be even and positive, but it is {size}.")
    if window is None:
        return hann(size)
    window = np.asarray(window, dtype=float)
    if window.shape != (size,):
        raise ValueError(
            f"The window must have the shape ({size},), but it has "
            f"{window.shape}."
        )
    return window


def _length(x: np.ndarray) -> int:
    if x.ndim < 1 or x.shape[-1] < 1:
        raise ValueError(f"A transform needs samples; the shape is {x.shape}.")
    return x.shape[-1]
