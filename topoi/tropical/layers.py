"""A network as a list of affine maps: read, checked, rounded or exact."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    """An affine map, with or without a ReLU behind it.

    Attributes
    ----------
    weights : ndarray, shape (out, in)
    bias : ndarray, shape (out,)
    relu : bool
        False for the last, linear layer of a network.
    """

    weights: np.ndarray
    bias: np.ndarray
    relu: bool = True


def read_layers(
    layers: Sequence[tuple], inputs: int | None = None
) -> list[Layer]:
    """Return checked layers of float64 (or fractions, if given so).

    Parameters
    ----------
    layers : sequence of Layer or of pairs (weights, bias)
        Weights of shape (out, in), bias of shape (out,); a pair stands for a
        ReLU layer. Only the last layer may be linear.
    inputs : int, optional
        How many inputs the first layer must have; any number by default.

    Raises
    ------
    ValueError
        If there is no layer, shapes do not fit, a linear layer is not the
        last, or a number is not finite.
    """
    if not len(layers):
        raise ValueError(
            "A network needs at least one layer, but got an empty list: "
            "pass [(weights, bias), ...]."
        )
    checked: list[Layer] = []
    for number, entry in enumerate(layers):
        layer = Layer(*entry)
        layer = Layer(
            as_numbers(layer.weights),
            as_numbers(layer.bias),
            bool(layer.relu),
        )
        _check_layer(number, layer, inputs)
        if checked and not checked[-1].relu:
            raise ValueError(
                f"Layer {number - 1} is linear, but only the last layer may "
                "be. Multiply it into its successor: (W2 W1, W2 b1 + b2)."
            )
        checked.append(layer)
        inputs = len(layer.bias)
    return checked


def as_numbers(values: np.ndarray) -> np.ndarray:
    """Return float64, or the numbers of an object array as they are."""
    array = np.asarray(values)
    return array if array.dtype == object else array.astype(float)


def _check_layer(number: int, layer: Layer, inputs: int | None) -> None:
    weights, bias, _ = layer
    fits = weights.ndim == 2 and bias.shape == weights.shape[:1]
    if not fits or (inputs is not None and weights.shape[1] != inputs):
        wanted = "in" if inputs is None else inputs
        raise ValueError(
            f"Layer {number} needs weights of shape (out, {wanted}) and a "
            f"bias of shape (out,), but got {weights.shape} and "
            f"{bias.shape}. A Keras kernel has shape (in, out): transpose it."
        )
    numbers = np.append(weights.ravel(), bias).astype(float)
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"Layer {number} holds NaN or infinite numbers: no region can "
            "be computed. Look at the training run that produced it."
        )


def float_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers with float64 numbers."""
    return [
        Layer(w.astype(float), b.astype(float), relu) for w, b, relu in layers
    ]


def exact_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return integer layers with the same signs at every point.

    A float is an integer over a power of two, so a layer times a power of
    two is integer; its bias also carries the factors of earlier layers.
    """
    scale, scaled = 1, []
    for weights, bias, relu in layers:
        rows = fractions(np.column_stack([weights, bias]))  # (out, in + 1)
        unit = lcm(*(entry.denominator for entry in rows.flat))
        whole = np.array([int(entry * unit) for entry in rows.flat], object)
        whole = whole.reshape(rows.shape)
        scaled.append(Layer(whole[:, :-1], whole[:, -1] * scale, relu))
        scale *= unit
    return scaled


def fractions(values: np.ndarray) -> np.ndarray:
    """Return the exact values of numbers, an object array of Fractions."""
    values = np.asarray(values)
    exact = [Fraction(value) for value in values.ravel().tolist()]
    return np.array(exact, object).reshape(values.shape)
