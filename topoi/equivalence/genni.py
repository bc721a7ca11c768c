"""Many students of one teacher, and slices through the set they found.

The networks here have one hidden layer, no biases and one output,
f(x) = sum_j a_j relu(w_j . x).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from topoi.equivalence.symmetry import flatten
from topoi.tropical import Layer


def one_hidden_layer(w: np.ndarray, a: np.ndarray) -> list[Layer]:
    """Return sum_j a_j relu(w_j . x) as layers; w (h, in), a (h,)."""
    return [
        Layer(w, np.zeros(len(w), w.dtype)),
        Layer(a[None], np.zeros(1, w.dtype), False),
    ]


def draw_teacher(
    inputs: int, width: int, rng: np.random.Generator
) -> list[Layer]:
    """Return a network with normal weights of variances 1/in and 1/width."""
    w = rng.normal(size=(width, inputs)) / np.sqrt(inputs)
    return one_hidden_layer(w, rng.normal(size=width) / np.sqrt(width))


class Students(NamedTuple):
    """Networks that were trained on the same outputs.

    Attributes
    ----------
    w : ndarray, shape (students, h, in)
    a : ndarray, shape (students, h)
    losses : ndarray, shape (students,)
        Mean squared errors at the end.
    """

    w: np.ndarray
    a: np.ndarray
    losses: np.ndarray

    def layers(self, number: int) -> list[Layer]:
        """Return one of them as layers."""
        return one_hidden_layer(self.w[number], self.a[number])


def train_students(
    x: np.ndarray,
    y: np.ndarray,
    width: int,
    students: int,
    rng: np.random.Generator,
    steps: int = 4000,
    learning_rate: float = 0.05,
) -> Students:
    """Train several networks of one hidden layer side by side.

    Adam on all examples, the rate lowered to 0 along a cosine, in float64.

    Parameters
    ----------
    x : ndarray, shape (n, in)
    y : ndarray, shape (n,)
    width, students : int
    rng : numpy.random.Generator
        Draws the first weights.
    steps : int
    learning_rate : float

    Raises
    ------
    FloatingPointError
        If the weights do not stay finite.
    """
    n, inputs = x.shape
    w = rng.normal(size=(students, width, inputs)) / np.sqrt(inputs)
    a = rng.normal(size=(students, width)) / np.sqrt(width)
    moments = [np.zeros_like(p) for p in (w, w, a, a)]
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            _, gradients = student_gradients(w, a, x, y)
            rate = learning_rate * (1 + np.cos(np.pi * step / steps)) / 2
            for k, (p, g) in enumerate(zip((w, a), gradients, strict=True)):
                m, v = moments[2 * k : 2 * k + 2]
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                unbiased = m / (1 - 0.9 ** (step + 1))
                spread = np.sqrt(v / (1 - 0.999 ** (step + 1)))
                p -= rate * unbiased / (spread + 1e-8)
        losses, _ = student_gradients(w, a, x, y)
    if not np.isfinite(losses).all():
        raise FloatingPointError(
            f"The weights left the finite numbers: learning_rate = "
            f"{learning_rate} is too large."
        )
    return Students(w, a, losses)


def student_gradients(
    w: np.ndarray, a: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return mean squared errors of several networks and their gradients.

    Parameters
    ----------
    w : ndarray, shape (students, h, in)
    a : ndarray, shape (students, h)
    x : ndarray, shape (n, in)
    y : ndarray, shape (n,)
    """
    h = np.maximum(w @ x.T, 0)  # (students, h, n)
    error = (a[:, None] @ h)[:, 0] - y  # (students, n)
    scaled = 2 / len(y) * error
    da = (h @ scaled[..., None])[..., 0]  # (students, h)
    dh = a[..., None] * scaled[:, None] * (h > 0)  # (students, h, n)
    return (error**2).mean(1), (dh @ x, da)


# -- slices -----------------------------------------------------------------


class Slice(NamedTuple):
    """A flat grid in the space of parameters.

    Attributes
    ----------
    losses : ndarray, shape (k, k)
        Mean squared distance of the functions; row i, column j belongs to
        centre + grid[j] * axes[0] + grid[i] * axes[1].
    axes : ndarray, shape (2, parameters)
        Orthonormal.
    places : ndarray, shape (others, 2)
        Coordinates of the other solutions in the slice.
    """

    losses: np.ndarray
    axes: np.ndarray
    places: np.ndarray


def genni_slice(
    center: Sequence[tuple],
    others: Sequence[Sequence[tuple]],
    x: np.ndarray,
    y: np.ndarray,
    grid: np.ndarray,
) -> Slice:
    """Evaluate the loss on the plane through three solutions.

    Parameters
    ----------
    center : sequence of Layer
        One hidden layer without biases, one output.
    others : two sequences of Layer
        Of the same shape; the differences to the centre span the plane.
    x : ndarray, shape (n, in)
    y : ndarray, shape (n,)
        What the networks should return.
    grid : ndarray, shape (k,)
        Coordinates along both axes.
    """
    c = flatten(center, bias=False)
    spread = np.array([flatten(o, bias=False) - c for o in others])  # (2, P)
    axes = np.linalg.qr(spread.T)[0].T
    axes *= np.sign((axes * spread).sum(1))[:, None]
    u, v = np.meshgrid(grid, grid)  # both (k, k)
    points = c + u[..., None] * axes[0] + v[..., None] * axes[1]
    losses = function_losses(points.reshape(-1, len(c)), center, x, y)
    return Slice(losses.reshape(u.shape), axes, spread @ axes.T)


def function_losses(
    parameters: np.ndarray,
    like: Sequence[tuple],
    x: np.ndarray,
    y: np.ndarray,
    block: int = 256,
) -> np.ndarray:
    """Return the mean squared error of each parameter vector, (m, P) -> (m,).

    The vectors are networks of the shape of `like`; `block` of them at a
    time are evaluated.
    """
    width, inputs = like[0].weights.shape
    losses = []
    for begin in range(0, len(parameters), block):
        part = parameters[begin : begin + block]
        w = part[:, : width * inputs].reshape(-1, width, inputs)
        h = np.maximum(w @ x.T, 0)  # (block, h, n)
        a = part[:, width * inputs :]
        losses.append((((a[:, None] @ h)[:, 0] - y) ** 2).mean(1))
    return np.concatenate(losses)


def segment_losses(
    a: Sequence[tuple],
    b: Sequence[tuple],
    x: np.ndarray,
    y: np.ndarray,
    points: int = 41,
) -> np.ndarray:
    """Return the losses along the straight line from one network to another.

    Shape (points,); the largest one is the barrier between two solutions.
    """
    start, end = (flatten(net, bias=False) for net in (a, b))
    t = np.linspace(0, 1, points)[:, None]
    return function_losses((1 - t) * start + t * end, a, x, y)
