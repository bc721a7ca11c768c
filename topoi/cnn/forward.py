"""Convolution from scratch: the loop, then one matrix product."""

import numpy as np

from topoi.cnn.checks import pad, pair, parts_of, prepare, rows_of, windows_of
from topoi.cnn.sizes import Padding


def conv2d_naive(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Correlate pictures with kernels, one output pixel at a time.

    The definition written out: slow, and the oracle of everything below.
    Arguments, result and errors are those of `conv2d`.
    """
    x, w, (rows, columns) = prepare(x, w, b, stride, padding, dilation)
    k_rows, k_columns, _, channels_out = w.shape
    y = np.zeros((len(x), rows, columns, channels_out), x.dtype)
    # one pixel, one tap: (n, channels_in) @ (channels_in, channels_out)
    for i in range(rows):
        for j in range(columns):
            for u in range(k_rows):
                for v in range(k_columns):
                    row = i * stride + u * dilation
                    column = j * stride + v * dilation
                    y[:, i, j] += x[:, row, column] @ w[u, v]
    return y if b is None else y + b


def im2col(
    x: np.ndarray,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Return every window that the kernel sees, flattened to a row.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels)
        Pictures of any dtype.
    kernel : int or (int, int)
        Height and width of the window.
    stride, padding, dilation
        As in `out_size`, alike for both axes.

    Returns
    -------
    ndarray, shape (n, height_out, width_out, k_rows * k_columns * channels)
        A copy; a row is ordered like ``w.reshape(-1, channels_out)``.

    Raises
    ------
    ValueError
        If `x` is not a batch, or the kernel does not fit.
    """
    k_rows, k_columns = pair(kernel)
    x, (rows, columns) = pad(x, (k_rows, k_columns), stride, padding, dilation)
    n, _, _, channels = x.shape
    windows = windows_of(
        x, (rows, columns), (k_rows, k_columns), stride, dilation
    )  # (n, rows, columns, k_rows, k_columns, channels)
    return windows.reshape(n, rows, columns, k_rows * k_columns * channels)


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Correlate pictures with kernels: `im2col`, then one matrix product.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels_in)
        Pictures. Integers stay integers, so small cases can be exact; a NaN
        reaches those outputs whose window contains it.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        Kernels, one an output channel.
    b : ndarray, shape (channels_out,), optional
        Added to every pixel.
    stride, padding, dilation
        As in `out_size`, alike for both axes.

    Returns
    -------
    ndarray, shape (n, height_out, width_out, channels_out)
        In the common dtype of `x` and `w` (int64 if both are integers).

    Raises
    ------
    ValueError
        If a rank or the channels disagree, or the kernel does not fit.

    Notes
    -----
    ``k_rows * k_columns * channels_in`` multiply-adds an output number.
    """
    x, w, size = prepare(x, w, b, stride, padding, dilation)
    windows = windows_of(x, size, w.shape[:2], stride, dilation)
    y = np.empty((len(x), *size, w.shape[3]), x.dtype)
    # (n, rows, columns, taps) @ (taps, channels_out), where taps =
    # k_rows * k_columns * channels_in
    for part in parts_of(len(x), windows[:1].nbytes):
        y[part] = rows_of(windows[part]) @ w.reshape(-1, w.shape[3])
    return y if b is None else y + b
