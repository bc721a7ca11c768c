"""Counting: what a pixel sees, what a layer holds and costs."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import keras
from keras import layers

from topoi.cnn.sizes import check_counts


class ReceptiveField(NamedTuple):
    """The input pixels that output pixel i of a stack sees, on one axis.

    They are ``start + i * jump, ..., start + i * jump + size - 1``.
    """

    size: int
    jump: int
    start: int


def receptive_field(stack: Iterable[tuple[int, ...]]) -> ReceptiveField:
    """Return what one output pixel of a stack of layers can see.

    Parameters
    ----------
    stack : iterable of (k, stride), (k, stride, dilation) or
        (k, stride, dilation, pad_before)
        One entry a layer, from the input on; pooling layers count too.

    Returns
    -------
    ReceptiveField
        Size, jump and start. A negative start lies in the padding.

    Raises
    ------
    ValueError
        If an entry has another length or holds numbers below 1.

    Notes
    -----
    Layer l widens the field by ``dilation * (k - 1)`` times the product of
    all earlier strides (the jump).
    """
    size, jump, start = 1, 1, 0
    for entry in stack:
        if not 2 <= len(entry) <= 4:
            raise ValueError(
                "A layer is (k, stride), (k, stride, dilation) or (k, "
                f"stride, dilation, pad_before), but got {entry}."
            )
        k, stride, dilation, before = (*entry, *(1, 0)[len(entry) - 2 :])
        check_counts(k=k, stride=stride, dilation=dilation)
        size += dilation * (k - 1) * jump
        start -= before * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def conv_parameters(
    k: int, channels_in: int, channels_out: int, bias: bool = True
) -> int:
    """Return ``k**2 * channels_in * channels_out`` (+ ``channels_out``)."""
    check_counts(k=k, channels_in=channels_in, channels_out=channels_out)
    return k * k * channels_in * channels_out + bias * channels_out


def conv_macs(
    k: int, channels_in: int, channels_out: int, height: int, width: int
) -> int:
    """Return the multiply-adds of a layer whose *output* is height x width.

    Without the additions of the bias.
    """
    check_counts(height=height, width=width)
    weights = conv_parameters(k, channels_in, channels_out, bias=False)
    return weights * height * width


def model_macs(model: keras.Model) -> int:
    """Return the multiply-adds of all Conv2D and Dense layers, a picture.

    Raises
    ------
    ValueError
        If the model has no such layer.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            total += (
                layer.kernel.shape[0]
                * layer.kernel.shape[1]
                * (layer.kernel.shape[2] * math.prod(layer.output.shape[1:]))
            )
        elif isinstance(layer, layers.Dense):
            total += math.prod(layer.kernel.shape)
    if total == 0:
        raise ValueError(
            f"model_macs counts Conv2D and Dense layers, but {model.name!r} "
            "has none at its top level. Pass the inner model."
        )
    return total
