"""Which values can a unit take on a box? Bounds, signs, and exact numbers.

A network is a list of `topoi.tropical.Layer`: weights (out, in), bias (out,),
and whether a ReLU follows. All functions here take floats or, in arrays of
dtype object, fractions; with fractions nothing is rounded.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from topoi.tropical import Layer, fractions, read_layers

MARGIN = 1e-9  # a bound of floats that is closer to 0 decides nothing


class Status(IntEnum):
    """What is known about the sign of a unit's preactivation on a domain."""

    OFF = -1
    UNSTABLE = 0
    ON = 1
    UNKNOWN = 2


class Interval(NamedTuple):
    """Bounds of the preactivations of one layer.

    Attributes
    ----------
    lower, upper : ndarray, shape (units,)
    """

    lower: np.ndarray
    upper: np.ndarray


def random_network(
    widths: Sequence[int], rng: np.random.Generator
) -> list[Layer]:
    """Return a network with normal weights and biases, its last layer linear.

    Parameters
    ----------
    widths : sequence of int
        Inputs, hidden layers, outputs. Weights have variance 1 / inputs of
        their layer, biases have standard deviation 0.5.
    rng : numpy.random.Generator
    """
    layers = []
    for n, units in zip(widths, widths[1:], strict=False):
        weights = rng.normal(size=(units, n)) / np.sqrt(n)
        layers.append(Layer(weights, 0.5 * rng.normal(size=units)))
    return [*layers[:-1], layers[-1]._replace(relu=False)]


def to_fractions(layers: Sequence[tuple]) -> list[Layer]:
    """Return the same network with exact numbers.

    Every float is a fraction, so nothing is rounded here either.
    """
    return [
        Layer(fractions(w), fractions(b), relu)
        for w, b, relu in read_layers(layers)
    ]


def is_exact(layers: Sequence[tuple]) -> bool:
    """Return whether all numbers of a network are Python's own (exact)."""
    arrays = [np.asarray(a) for layer in layers for a in layer[:2]]
    return all(a.dtype == object for a in arrays)


def forward(layers: Sequence[tuple], x: np.ndarray) -> np.ndarray:
    """Return the outputs of a network.

    Parameters
    ----------
    layers : sequence of Layer
    x : ndarray, shape (n, in)

    Returns
    -------
    ndarray, shape (n, out)
        Fractions, if the layers and `x` hold them.
    """
    for weights, bias, relu in layers:
        x = x @ weights.T + bias  # (n, in) -> (n, out)
        x = np.maximum(x, 0) if relu else x
    return x


def preactivations(layers: Sequence[tuple], x: np.ndarray) -> list[np.ndarray]:
    """Return what enters each ReLU, one array (n, units) per hidden layer."""
    found = []
    for weights, bias, relu in layers:
        x = x @ weights.T + bias
        if relu:
            found.append(x)
            x = np.maximum(x, 0)
    return found


def interval_bounds(
    layers: Sequence[tuple], lower: np.ndarray, upper: np.ndarray
) -> list[Interval]:
    """Return bounds of every preactivation on the box lower <= x <= upper.

    A positive weight takes the largest input to the largest value, a
    negative one the smallest input. The bounds are attained in the first
    layer and sound, but in general too wide, in the later ones.

    Parameters
    ----------
    layers : sequence of Layer
    lower, upper : array-like, shape (in,)

    Returns
    -------
    list of Interval
        One for each layer, the last linear one included.

    Raises
    ------
    ValueError
        If the box does not fit to the network, or is empty.
    """
    network = read_layers(layers)
    lower, upper = check_box(network, lower, upper)
    found = []
    for weights, bias, relu in network:
        up, down = np.maximum(weights, 0), np.minimum(weights, 0)
        low = up @ lower + down @ upper + bias  # (out,)
        high = up @ upper + down @ lower + bias
        found.append(Interval(low, high))
        if relu:
            lower, upper = np.maximum(low, 0), np.maximum(high, 0)
    return found


def check_box(
    layers: Sequence[Layer], lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a box as two arrays; exact ones for an exact network."""
    kind = fractions if is_exact(layers) else np.asarray
    lower, upper = kind(lower), kind(upper)
    size = layers[0].weights.shape[1]
    if lower.shape != (size,) or upper.shape != (size,):
        raise ValueError(
            f"The box needs a lower and an upper corner of shape ({size},), "
            f"but got {lower.shape} and {upper.shape}."
        )
    numbers = np.append(lower, upper).astype(float)
    if not np.isfinite(numbers).all() or (lower > upper).any():
        raise ValueError(
            "The box must be bounded and not empty: lower <= upper in every "
            "coordinate, all numbers finite."
        )
    return lower, upper


def local_box(
    x: np.ndarray, radius: float, lower: float = 0.0, upper: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs within a radius of x in every coordinate.

    Parameters
    ----------
    x : ndarray, shape (in,)
    radius : float
    lower, upper : float
        Limits of valid inputs; the box is cut there.
    """
    x = np.asarray(x, float)
    low = np.clip(x - radius, lower, upper)
    return low, np.clip(x + radius, lower, upper)


def statuses(bounds: Sequence[Interval]) -> list[np.ndarray]:
    """Return what the bounds decide: -1 off, 1 on, 0 not decided.

    Off is tried first, so a unit that is 0 on the whole box is off. Bounds
    of floats that are closer to 0 than a margin, relative to the width of
    the interval, decide nothing: they may be rounded. A bound of a constant
    unit, and fractions, need no margin.
    """
    found = []
    for low, high in bounds:
        margin = 0
        if low.dtype != object:
            margin = MARGIN * (high - low)
        off, on = high <= -margin, low >= margin
        found.append(np.where(off, -1, np.where(on, 1, 0)).astype(int))
    return found


def data_statuses(layers: Sequence[tuple], x: np.ndarray) -> list[np.ndarray]:
    """Return which units keep one sign on examples: -1, 1, or 0 for both.

    This is *no* proof for other inputs.
    """
    found = []
    for z in preactivations(layers, x):
        off, on = (z <= 0).all(0), (z >= 0).all(0)
        found.append(np.where(off, -1, np.where(on, 1, 0)).astype(int))
    return found
