"""What the convolutions share: one dtype, ranks, padding, windows."""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from topoi.cnn.sizes import Padding, out_size, pads_of


def prepare(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    stride: int,
    padding: Padding,
    dilation: int,
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Return padded `x`, `w` in a common dtype, and the output's size."""
    x, w = common(x, w)
    check_ranks(x, w)
    if b is not None and np.shape(b) != w.shape[3:]:
        raise ValueError(
            f"The bias needs one number an output channel, shape "
            f"{w.shape[3:]}, but got {np.shape(b)}."
        )
    x, size = pad(x, w.shape[:2], stride, padding, dilation)
    return x, w, size


def common(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert to one dtype; small integers to int64, lest sums overflow."""
    dtype = np.result_type(x, w)
    if dtype.kind in "bui":
        dtype = np.dtype(np.int64)
    return np.asarray(x, dtype), np.asarray(w, dtype)


def pad(
    x: np.ndarray,
    kernel: tuple[int, int],
    stride: int,
    padding: Padding,
    dilation: int,
) -> tuple[np.ndarray, tuple[int, int]]:
    """Pad both axes and return the output's height and width."""
    x = np.asarray(x)
    check_batch(x)
    pads = [(0, 0)] * 4
    size = []
    for axis, (n, k) in enumerate(zip(x.shape[1:3], kernel, strict=True), 1):
        size.append(out_size(n, k, stride, padding, dilation))
        pads[axis] = pads_of(n, k, stride, padding, dilation)
    if any(map(any, pads)):
        x = np.pad(x, pads, "wrap" if padding == "circular" else "constant")
    return x, tuple(size)


def pair(kernel: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a kernel that may be given as one side."""
    return kernel if isinstance(kernel, tuple) else (kernel, kernel)


def check_batch(x: np.ndarray) -> None:
    """Raise ValueError unless `x` is a batch of pictures."""
    if x.ndim != 4:
        raise ValueError(
            "Pictures come as a batch (n, height, width, channels), but got "
            f"shape {x.shape}. One grey picture? Write "
            "x[np.newaxis, :, :, np.newaxis]."
        )


def check_ranks(x: np.ndarray, w: np.ndarray, axis: int = 2) -> None:
    """Check ranks, and the channels of `x` against `axis` of the kernel."""
    check_batch(x)
    if w.ndim != 4:
        raise ValueError(
            "A kernel has shape (k_rows, k_columns, channels_in, "
            f"channels_out), but got {w.shape}. One grey kernel? Write "
            "w[:, :, np.newaxis, np.newaxis]."
        )
    if x.shape[3] != w.shape[axis]:
        raise ValueError(
            f"The picture has {x.shape[3]} channels and the kernel takes "
            f"{w.shape[axis]}: shapes {x.shape} and {w.shape}. Channels come "
            "last in pictures, and third in kernels."
        )


def check_dy(dy: np.ndarray, expected: tuple[int, ...]) -> None:
    """Raise ValueError unless `dy` has the shape of the output."""
    if np.shape(dy) != expected:
        raise ValueError(
            f"The convolution returns shape {expected}, so its gradient or "
            f"its adjoint's argument has that shape too, but got "
            f"{np.shape(dy)}. Give stride, padding, dilation and size as "
            "they were on the way forward."
        )


def windows_of(
    x: np.ndarray,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    dilation: int,
) -> np.ndarray:
    """View padded `x` as (n, rows, columns, k_rows, k_columns, channels)."""
    n, rows, columns, channels = x.strides
    return as_strided(
        x,
        shape=(len(x), *size, *kernel, x.shape[3]),
        strides=(
            n,
            rows * stride,
            columns * stride,
            rows * dilation,
            columns * dilation,
            channels,
        ),
        writeable=False,
    )


def rows_of(windows: np.ndarray) -> np.ndarray:
    """Copy windows into the rows of `im2col`."""
    # (n, rows, columns, k_rows, k_columns, channels) -> (n, rows, columns,
    # k_rows * k_columns * channels)
    return windows.reshape(*windows.shape[:3], math.prod(windows.shape[3:]))


def parts_of(n: int, bytes_each: int, cache: int = 2**21) -> list[slice]:
    """Cut a batch so that the rows of one part stay in the cache."""
    size = max(1, cache // max(bytes_each, 1))
    return [slice(start, start + size) for start in range(0, n, size)]
