"""What a stack of matrices and activations does to the size of a signal."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from topoi.unitary.lie import random_stiefel


class Activation(NamedTuple):
    """A function of the last axis, and what it sends back to its input."""

    forward: Callable[[np.ndarray], np.ndarray]
    backward: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (z, dy) -> dz


def sort_pairs(z: np.ndarray) -> np.ndarray:
    """Return (max, min) of each pair of neighbours on the last axis."""
    a, b = z[..., 0::2], z[..., 1::2]
    pairs = np.stack([np.maximum(a, b), np.minimum(a, b)], axis=-1)
    return pairs.reshape(z.shape)


def _unsort_pairs(z: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Return the entries of dy where those of z came from."""
    swapped = (z[..., 0::2] < z[..., 1::2])[..., np.newaxis]
    pairs = dy.reshape(*dy.shape[:-1], -1, 2)  # (..., pairs, 2)
    return np.where(swapped, pairs[..., ::-1], pairs).reshape(dy.shape)


ACTIVATIONS = {
    "none": Activation(lambda z: z, lambda z, dy: dy),
    "ReLU": Activation(lambda z: np.maximum(z, 0), lambda z, dy: dy * (z > 0)),
    "tanh": Activation(np.tanh, lambda z, dy: dy / np.cosh(z) ** 2),
    "abs": Activation(np.abs, lambda z, dy: dy * np.sign(z)),
    "MaxMin": Activation(sort_pairs, _unsort_pairs),
}


class Norms(NamedTuple):
    """Norms along a stack, relative to where the signal starts."""

    forward: np.ndarray  # (L + 1,): of the activations, the input first
    backward: np.ndarray  # (L + 1,): of the gradient, the input first


def norms_through_depth(
    weights: Sequence[np.ndarray], activation: str, rng: np.random.Generator
) -> Norms:
    """Send a normal signal through a stack, and a normal gradient back.

    Parameters
    ----------
    weights : sequence of ndarray
        W of ``x -> activation(W x)``, each of shape (outputs, inputs).
    activation : str
        A key of `ACTIVATIONS`.
    rng : Generator
        Draws the input, and the gradient at the output.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation is one of {', '.join(ACTIVATIONS)}, not "
            f"{activation!r}."
        )
    function = ACTIVATIONS[activation]
    x = rng.normal(size=weights[0].shape[1])
    before, forward = [], [np.linalg.norm(x)]
    for W in weights:
        before.append(W @ x)
        x = function.forward(before[-1])
        forward.append(np.linalg.norm(x))
    dx = rng.normal(size=len(x))
    backward = [np.linalg.norm(dx)]
    for W, z in zip(reversed(weights), reversed(before), strict=True):
        dx = W.T @ function.backward(z, dx)
        backward.append(np.linalg.norm(dx))
    forward, backward = np.array(forward), np.array(backward)
    return Norms(forward / forward[0], backward[::-1] / backward[0])


def draw_weights(
    law: str, gain: float, width: int, depth: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return square matrices, shape (width, width).

    Parameters
    ----------
    law : {"normal", "orthogonal"}
        Independent entries of variance gain^2 / width, or gain times a
        random orthogonal matrix.
    gain : float
    width, depth : int
    rng : Generator
    """
    if law == "orthogonal":
        return [gain * random_stiefel(width, width, rng) for _ in range(depth)]
    if law == "normal":
        shape = depth, width, width
        return list(rng.normal(scale=gain / math.sqrt(width), size=shape))
    raise ValueError(f'law is "normal" or "orthogonal", not {law!r}.')
