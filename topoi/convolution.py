"""Convolution of pictures, as fast as the backend can.

One function for every topic whose layers convolve. The part that only
PyTorch needs is `topoi.autodiff.conv2d_of_views`.
"""

from typing import Any

import keras
from keras import ops

from topoi import autodiff

Array = Any  # a NumPy array or a tensor of the backend


def convolve(
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    strides: int = 1,
    padding: str = "valid",
) -> Array:
    """Return pictures correlated with a kernel, plus a bias.

    Parameters
    ----------
    x : array, shape (batch, rows, columns, channels)
        Pictures.
    kernel : array, shape (k_rows, k_columns, channels, filters)
        Of the type of `x`.
    bias : array, shape (filters,), optional
        Of the type of `x`.
    strides : int
        Step along both axes.
    padding : {"valid", "same"}
        As in Keras.

    Returns
    -------
    array
        Shape (batch, rows', columns', filters): what `keras.ops.conv` and an
        addition return.

    Raises
    ------
    ValueError
        If the padding is unknown.

    Notes
    -----
    On PyTorch, Keras copies pictures and results to reorder their axes, and
    an addition is one more pass over the result. There the axes are swapped
    as views, and the convolution adds the bias itself.
    """
    if padding not in ("valid", "same"):
        raise ValueError(
            f'convolve knows the paddings "valid" and "same", got {padding!r}.'
        )
    if keras.backend.backend() == "torch":
        pads = [(0, 0), (0, 0)]
        if padding == "same":
            reach = zip(x.shape[1:3], kernel.shape[:2], strict=True)
            pads = [_same_padding(n, k, strides) for n, k in reach]
        return autodiff.conv2d_of_views(x, kernel, bias, strides, pads)
    y = ops.conv(x, kernel, strides, padding, "channels_last")
    return y if bias is None else y + ops.convert_to_tensor(bias)


def _same_padding(n: int, k: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after an axis that Keras calls "same"."""
    needed = max((-(-n // stride) - 1) * stride + k - n, 0)
    return needed // 2, needed - needed // 2
