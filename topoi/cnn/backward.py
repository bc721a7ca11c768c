"""The way back: gradients of a convolution, and its adjoint."""

from collections.abc import Sequence

import numpy as np

from topoi.cnn.checks import (
    check_dy,
    check_ranks,
    common,
    parts_of,
    prepare,
    rows_of,
    windows_of,
)
from topoi.cnn.sizes import Padding, out_size, pads_of


def conv2d_backward(
    dy: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of ``sum(dy * conv2d(x, w, b))``.

    Parameters
    ----------
    dy : ndarray, shape (n, height_out, width_out, channels_out)
        Gradient with respect to the output.
    x, w, stride, padding, dilation
        As they were given to `conv2d`.

    Returns
    -------
    dx, dw, db : ndarray
        Shaped like `x`, `w` and the bias.

    Raises
    ------
    ValueError
        If `dy` has not the shape of the output.
    """
    dx = conv2d_transpose(dy, w, x.shape[1:3], stride, padding, dilation)
    padded, w, size = prepare(x, w, None, stride, padding, dilation)
    check_dy(dy, (len(x), *size, w.shape[3]))
    windows = windows_of(padded, size, w.shape[:2], stride, dilation)
    dw = np.zeros((w[..., 0].size, w.shape[3]), np.result_type(x, dy))
    for part in parts_of(len(x), windows[:1].nbytes):
        # pixels of all pictures as rows: (n * rows * columns, taps)
        rows = rows_of(windows[part]).reshape(-1, len(dw))
        # (taps, pixels) @ (pixels, channels_out)
        dw += rows.T @ dy[part].reshape(-1, w.shape[3])
    return dx, dw.reshape(w.shape), dy.sum(axis=(0, 1, 2))


def conv2d_transpose(
    y: np.ndarray,
    w: np.ndarray,
    size: tuple[int, int] | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Apply the adjoint of ``x -> conv2d(x, w)``: the transposed convolution.

    Parameters
    ----------
    y : ndarray, shape (n, height, width, channels_out)
        What the convolution would have returned.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        The kernels of that convolution.
    size : (int, int), optional
        Height and width of the result. Several sizes can have the same
        ``out_size``; by default "same" and "circular" give stride times the
        size of `y`, everything else the smallest that fits.
    stride, padding, dilation
        Of that convolution.

    Returns
    -------
    ndarray, shape (n, *size, channels_in)

    Raises
    ------
    ValueError
        If ranks or channels disagree, or `size` does not lead to `y`.

    Notes
    -----
    The work is done by `stamp`; padding is cut off, or folded back.
    """
    y, w = common(y, w)
    check_ranks(y, w, axis=3)
    size = size or _smallest(y.shape[1:3], w, stride, padding, dilation)
    pads = [
        pads_of(n, k, stride, padding, dilation)
        for n, k in zip(size, w.shape[:2], strict=True)
    ]
    expected = tuple(
        out_size(n, k, stride, padding, dilation)
        for n, k in zip(size, w.shape[:2], strict=True)
    )
    check_dy(y, (len(y), *expected, w.shape[3]))
    padded = tuple(n + sum(p) for n, p in zip(size, pads, strict=True))
    x = stamp(y, w, padded, stride, dilation)
    if padding == "circular":
        return _fold(_fold(x, 1, pads[0]), 2, pads[1])
    (top, _), (left, _) = pads
    return x[:, top : top + size[0], left : left + size[1]]


def stamp(
    y: np.ndarray,
    w: np.ndarray,
    size: tuple[int, int],
    stride: int = 1,
    dilation: int = 1,
) -> np.ndarray:
    """Let each pixel of `y` stamp the kernels, scaled; overlaps add up.

    The loop runs over the taps of the kernel: for one tap no two stamps
    overlap, so a strided slice may take the sum. A scatter over all windows
    at once would need the slower ``np.add.at``.

    Parameters
    ----------
    y : ndarray, shape (n, rows, columns, channels_out)
        What to stamp with.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        The stamps.
    size : (int, int)
        Height and width of the paper; no stamp may reach beyond.
    stride, dilation : int
        Distance between stamps, and between the taps of one.

    Returns
    -------
    ndarray, shape (n, *size, channels_in)
    """
    x = np.zeros((len(y), *size, w.shape[2]), y.dtype)
    tall, wide = (stride * (n - 1) + 1 for n in y.shape[1:3])
    for u, v in np.ndindex(w.shape[:2]):
        top, left = u * dilation, v * dilation
        rows = slice(top, top + tall, stride)
        columns = slice(left, left + wide, stride)
        # (n, rows, columns, channels_out) @ (channels_out, channels_in)
        x[:, rows, columns] += y @ w[u, v].T
    return x


def _fold(x: np.ndarray, axis: int, pads: tuple[int, int]) -> np.ndarray:
    """Undo circular padding: what was wrapped around is added back."""
    x = np.moveaxis(x, axis, 0)
    length = len(x) - sum(pads)
    folded = np.zeros((length, *x.shape[1:]), x.dtype)
    np.add.at(folded, (np.arange(len(x)) - pads[0]) % length, x)
    return np.moveaxis(folded, 0, axis)


def _smallest(
    size: Sequence[int],
    w: np.ndarray,
    stride: int,
    padding: Padding,
    dilation: int,
) -> tuple[int, ...]:
    """Return the default size of a transposed convolution."""
    if padding in ("same", "circular"):
        return tuple(stride * n for n in size)
    return tuple(
        (n - 1) * stride
        + dilation * (k - 1)
        + 1
        - sum(pads_of(n, k, stride, padding, dilation))
        for n, k in zip(size, w.shape[:2], strict=True)
    )
