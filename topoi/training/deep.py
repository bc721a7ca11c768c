"""Networks of any depth by hand, and what initial weights do to them.

The parameters are a list of pairs (w, b), one a layer, with relu after all
layers but the last.
"""

from typing import NamedTuple

import numpy as np

from topoi.foundations import cross_entropy, one_hot, softmax

Layers = list[tuple[np.ndarray, np.ndarray]]
GAINS = {"He": 2.0, "Glorot": 1.0}  # variance of a weight times its fan-in


def init_layers(
    sizes: list[int], gain: float, rng: np.random.Generator
) -> Layers:
    """Return weights of variance gain / inputs, biases 0.

    Parameters
    ----------
    sizes : list of int
        Inputs, hidden widths, classes.
    gain : float
        2 is He's choice for relu. Glorot and Bengio's 2 / (inputs + outputs)
        is 1 / inputs for layers of equal width.
    rng : Generator

    Raises
    ------
    ValueError
        If there are fewer than two sizes or `gain` is not positive.
    """
    if len(sizes) < 2 or not gain > 0:
        raise ValueError(
            "init_layers needs at least inputs and outputs and a positive "
            f"gain, but got sizes {sizes} and gain {gain}."
        )
    return [
        (rng.normal(0, np.sqrt(gain / m), (m, n)), np.zeros(n))
        for m, n in zip(sizes[:-1], sizes[1:], strict=True)
    ]


def deep_forward(layers: Layers, x: np.ndarray) -> list[np.ndarray]:
    """Return the input of every layer, and the logits at the end."""
    values = [x]
    for k, (w, b) in enumerate(layers):
        x = x @ w + b  # (examples, units)
        if k < len(layers) - 1:
            x = np.maximum(x, 0)
        values.append(x)
    return values


def deep_gradients(
    layers: Layers, x: np.ndarray, labels: np.ndarray
) -> tuple[float, Layers]:
    """Return the cross-entropy and its gradient, layer by layer."""
    *values, logits = deep_forward(layers, x)
    loss = cross_entropy(logits, labels)
    adjoint = softmax(logits) - one_hot(labels, logits.shape[1])
    adjoint = adjoint / len(x)  # (examples, classes)
    gradients = []
    for (w, _), value in zip(reversed(layers), reversed(values), strict=True):
        gradients.append((value.T @ adjoint, adjoint.sum(axis=0)))
        adjoint = (adjoint @ w.T) * (value > 0)  # (examples, inputs of w)
    return loss, gradients[::-1]


class Signal(NamedTuple):
    """Root mean squares in an untrained network, layer by layer."""

    forward: np.ndarray  # of the values, shape (depth + 1,)
    backward: np.ndarray  # of the adjoints on the way back, the same shape


def signal_by_depth(
    depth: int, width: int, gain: float, seed: int, activation: str = "relu"
) -> Signal:
    """Send noise forward through random layers, and noise back.

    Parameters
    ----------
    depth, width : int
        Layers, and units of each.
    gain : float
        Variance of a weight times the width.
    seed : int
        Of weights and noise.
    activation : {"relu", "tanh"}

    Raises
    ------
    ValueError
        If the activation is unknown.
    """
    if activation not in ("relu", "tanh"):
        raise ValueError(
            f"activation is 'relu' or 'tanh', but it is {activation!r}."
        )
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(64, width))
    forward, slopes, matrices = [_rms(x)], [], []
    for _ in range(depth):
        w = rng.normal(0, np.sqrt(gain / width), (width, width))
        sums = x @ w
        if activation == "relu":
            x, slope = np.maximum(sums, 0), sums > 0
        else:
            x = np.tanh(sums)
            slope = 1 - x**2
        forward.append(_rms(x))
        slopes.append(slope)
        matrices.append(w)
    adjoint = rng.normal(size=x.shape)
    backward = [_rms(adjoint)]
    for w, slope in zip(reversed(matrices), reversed(slopes), strict=True):
        adjoint = (adjoint * slope) @ w.T
        backward.append(_rms(adjoint))
    return Signal(np.array(forward), np.array(backward[::-1]))


def _rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x))))
