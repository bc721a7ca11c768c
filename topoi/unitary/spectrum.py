"""What a convolution does to lengths: all its singular values."""

import numpy as np


def conv_singular_values(kernel: np.ndarray, size: int) -> np.ndarray:
    """Return all singular values of a circular convolution, largest first.

    Parameters
    ----------
    kernel : ndarray, shape (k, k, channels_in, channels_out)
    size : int
        The picture has size x size pixels, size >= k; edges are glued.

    Returns
    -------
    ndarray, shape (size^2 min(channels_in, channels_out),)

    Notes
    -----
    The Fourier transform turns the convolution into one small matrix for
    each frequency. O(size^2 (channels^2 log(size) + channels^3)).
    Source: Sedghi, Gupta and Long (2019).
    """
    kernel = np.asarray(kernel)
    if kernel.ndim != 4 or max(kernel.shape[:2]) > size:
        raise ValueError(
            "conv_singular_values takes a kernel (k, k, in, out) and a size "
            f"of at least k, got shape {kernel.shape} and size {size}."
        )
    # one (in, out) matrix for each of size * size frequencies
    transforms = np.fft.fft2(kernel, (size, size), axes=(0, 1))
    values = np.linalg.svd(transforms, compute_uv=False)
    return np.sort(values.ravel())[::-1]


def flat_kernel(columns: np.ndarray, k: int, filters: int) -> np.ndarray:
    """Return a kernel (k, k, channels, filters) from orthonormal columns.

    Parameters
    ----------
    columns : ndarray, shape (n, r)
        n and r are k^2 channels and filters, the larger one first.
    k, filters : int
    """
    n, r = np.shape(columns)
    if filters not in (n, r) or (n + r - filters) % (k * k):
        raise ValueError(
            f"{n} x {r} is no kernel of {k} x {k} taps and {filters} filters: "
            "one side is the filters, the other k^2 times the channels."
        )
    matrix = columns if filters == r else columns.T  # (k^2 in, out)
    return np.reshape(matrix, (k, k, -1, filters))
