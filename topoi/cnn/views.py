"""Convolution seen as a product of spectra, and as one large matrix."""

import numpy as np

from topoi.cnn.checks import check_ranks, common, prepare
from topoi.cnn.sizes import Padding, pads_of, same_padding


def conv2d_fft(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Correlate on a torus by multiplying spectra.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels_in)
        Pictures, taken as periodic.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        Kernels, not larger than the picture.

    Returns
    -------
    ndarray, shape (n, height, width, channels_out)
        Equal to ``conv2d(x, w, padding="circular")`` up to rounding, in
        floating point. One NaN spoils its whole picture.

    Raises
    ------
    ValueError
        If ranks or channels disagree, or the kernel is larger than `x`.

    Notes
    -----
    O(N log N) a channel for N pixels, independent of the kernel's size.
    """
    x, w = common(x, w)
    check_ranks(x, w)
    size, kernel = x.shape[1:3], w.shape[:2]
    if kernel[0] > size[0] or kernel[1] > size[1]:
        raise ValueError(
            "conv2d_fft needs a kernel not larger than the picture, but the "
            f"kernel is {kernel} and the picture {size}. Use conv2d."
        )
    centred = np.zeros((*size, *w.shape[2:]), w.dtype)
    centred[: kernel[0], : kernel[1]] = w
    shift = [-same_padding(n, k)[0] for n, k in zip(size, kernel, strict=True)]
    centred = np.roll(centred, shift, axis=(0, 1))
    # A product of matrices of channels at each frequency:
    # (height, width / 2 + 1, n, c_in) @ (height, width / 2 + 1, c_in, c_out)
    spectrum = np.fft.rfft2(x, axes=(1, 2)).transpose(1, 2, 0, 3)
    gain = np.fft.rfft2(centred, axes=(0, 1)).conj()
    product = (spectrum @ gain).transpose(2, 0, 1, 3)  # pictures first again
    return np.fft.irfft2(product, s=size, axes=(1, 2))


def conv_matrix(
    w: np.ndarray,
    size: tuple[int, int],
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Return the matrix A with ``conv2d(x, w).ravel() == A @ x.ravel()``.

    Parameters
    ----------
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        Kernels.
    size : (int, int)
        Height and width of the one picture x; keep it small.
    stride, padding, dilation
        As in `out_size`.

    Returns
    -------
    ndarray, shape (rows * columns * channels_out, size * channels_in)
        Mostly zeros: a picture of the layer, not a way to compute it.

    Raises
    ------
    ValueError
        If `w` is not of rank 4 or does not fit.
    """
    x = np.zeros((1, *size, np.shape(w)[2] if np.ndim(w) == 4 else 1))
    _, _, (rows, columns) = prepare(x, w, None, stride, padding, dilation)
    k_rows, k_columns, channels_in, channels_out = w.shape
    above = pads_of(size[0], k_rows, stride, padding, dilation)[0]
    left = pads_of(size[1], k_columns, stride, padding, dilation)[0]
    matrix = np.zeros(
        (rows, columns, channels_out, *size, channels_in), w.dtype
    )
    for i, j, u, v in np.ndindex(rows, columns, k_rows, k_columns):
        row = i * stride + u * dilation - above
        column = j * stride + v * dilation - left
        if padding == "circular":
            row, column = row % size[0], column % size[1]
        if 0 <= row < size[0] and 0 <= column < size[1]:
            matrix[i, j, :, row, column] += w[u, v].T
    # (rows, columns, c_out, height, width, c_in) -> outputs x inputs
    return matrix.reshape(rows * columns * channels_out, -1)
