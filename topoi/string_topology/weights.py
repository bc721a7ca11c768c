"""The weights of a small tanh network, up to permutations of its neurons.

A network with one hidden layer is an array `theta` of shape (m, d + 2): a row
(w, b, a) for each neuron, and the output is the sum of a tanh(w . x + b).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize

Loss = Callable[[np.ndarray], float]


def forward(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the outputs of a network.

    Parameters
    ----------
    theta : ndarray, shape (m, d + 2)
    x : ndarray, shape (n, d)

    Returns
    -------
    ndarray, shape (n,)
    """
    return np.tanh(x @ theta[:, :-2].T + theta[:, -2]) @ theta[:, -1]


def square_loss(theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean squared error of a network."""
    return float(np.mean((forward(theta, x) - y) ** 2))


def square_jacobian(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the derivatives of the outputs, shape (n, m * (d + 2))."""
    hidden = np.tanh(x @ theta[:, :-2].T + theta[:, -2])  # (n, m)
    back = theta[:, -1] * (1 - hidden**2)  # (n, m)
    rows = np.concatenate(
        [back[:, :, None] * x[:, None], back[:, :, None], hidden[:, :, None]],
        axis=2,
    )  # (n, m, d + 2)
    return rows.reshape(len(x), -1)  # (n, m * (d + 2))


class Student(NamedTuple):
    """A trained network.

    Attributes
    ----------
    theta : ndarray, shape (m, d + 2)
    loss : float
        Its mean squared error.
    """

    theta: np.ndarray
    loss: float


def random_teacher(
    width: int, inputs: int, rng: np.random.Generator
) -> np.ndarray:
    """Return random weights, shape (width, inputs + 2).

    Output weights have a size of at least 1/2, so that every neuron is needed.
    """
    theta = 1.5 * rng.normal(size=(width, inputs + 2))
    theta[:, -1] = np.sign(theta[:, -1]) * (0.5 + abs(theta[:, -1]) / 2)
    return theta


def train_student(
    x: np.ndarray,
    y: np.ndarray,
    width: int,
    rng: np.random.Generator,
    steps: int = 300,
) -> Student:
    """Train a network from random weights by Levenberg-Marquardt.

    Near a network without error the steps are Newton's, so the loss falls
    to rounding there, which first-order methods do not reach.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    width : int
        Number of neurons m; n is at least m (d + 2).
    rng : Generator
        Draws the first weights.
    steps : int
        Largest number of steps.

    Raises
    ------
    ValueError
        If there are no neurons, no steps, or too few examples.
    FloatingPointError
        If the weights do not stay finite.
    """
    shape = (width, x.shape[1] + 2)
    if width < 1 or steps < 1 or len(x) < shape[0] * shape[1]:
        raise ValueError(
            "Training needs neurons, steps, and as many examples as weights; "
            f"here are {width}, {steps} and {len(x)}."
        )
    start = rng.normal(size=shape)
    found = optimize.least_squares(
        lambda v: forward(v.reshape(shape), x) - y,  # (n,)
        start.ravel(),
        jac=lambda v: square_jacobian(v.reshape(shape), x),
        method="lm",
        max_nfev=steps,
        ftol=1e-15,
        xtol=1e-15,
        gtol=1e-15,
    )
    theta = found.x.reshape(shape)  # (m, d + 2)
    if not np.isfinite(theta).all():
        raise FloatingPointError("The weights of the student are not finite.")
    return Student(theta, square_loss(theta, x, y))


# -- the symmetry -----------------------------------------------------------


def hidden_permutation(
    theta: np.ndarray,
    permutation: Sequence[int],
    signs: Sequence[int] | None = None,
) -> np.ndarray:
    """Return the same function with its neurons in other places.

    Parameters
    ----------
    theta : ndarray, shape (m, d + 2)
    permutation : sequence of int
        Neuron k goes to place ``permutation[k]``.
    signs : sequence of 1 and -1, optional
        Neuron k changes all its signs: tanh is odd.

    Raises
    ------
    ValueError
        If it is no permutation of the neurons, or a sign is not 1 or -1.
    """
    m = len(theta)
    signs = np.ones(m) if signs is None else np.asarray(signs)
    if sorted(permutation) != list(range(m)):
        raise ValueError(f"{tuple(permutation)} is no permutation of {m}.")
    if signs.shape != (m,) or (abs(signs) != 1).any():
        raise ValueError(f"Give a sign 1 or -1 for each of {m} neurons.")
    moved = np.empty_like(theta)
    moved[list(permutation)] = signs[:, None] * theta
    return moved


def match_neurons(
    theta: np.ndarray, other: np.ndarray
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return (permutation, signs) that bring `theta` closest to `other`.

    The squared distance is a sum over neurons, so the best of all
    2^m m! symmetries is an assignment problem.
    """
    plus = ((theta[:, None] - other[None]) ** 2).sum(-1)  # (m, m)
    minus = ((theta[:, None] + other[None]) ** 2).sum(-1)  # (m, m)
    rows, places = optimize.linear_sum_assignment(np.minimum(plus, minus))
    flipped = minus[rows, places] < plus[rows, places]
    return (
        tuple(int(k) for k in places),
        tuple(-1 if f else 1 for f in flipped),
    )


# -- paths ------------------------------------------------------------------


def walk_along(
    corners: Sequence[np.ndarray], points: int = 51
) -> list[np.ndarray]:
    """Return evenly spaced points of the straight pieces between corners."""
    found = [corners[0]]
    for start, stop in zip(corners, corners[1:], strict=False):
        for t in np.linspace(0, 1, points)[1:]:
            found.append((1 - t) * start + t * stop)
    return found


def barrier(
    loss: Loss, start: np.ndarray, stop: np.ndarray, points: int = 51
) -> float:
    """Return how far the loss rises above the chord on a straight path.

    The largest loss((1-t) start + t stop) - (1-t) loss(start) - t loss(stop)
    over evenly spaced t; 0 or more.
    """
    heights = [loss(theta) for theta in walk_along([start, stop], points)]
    chord = np.linspace(heights[0], heights[-1], points)
    return float(np.max(heights - chord))


def move_neuron(theta: np.ndarray, i: int, spare: int) -> list[np.ndarray]:
    """Return the corners of a path that moves neuron i into a spare place.

    Parameters
    ----------
    theta : ndarray, shape (m, d + 2)
    i : int
        The neuron to move; afterwards its place is spare.
    spare : int
        A neuron whose output weight is 0.

    Returns
    -------
    list of ndarray
        First the incoming weights of the spare neuron become those of i,
        which changes nothing because its output weight is 0. Then the
        output weight goes over from i to the spare one; their sum stays.

    Raises
    ------
    ValueError
        If the output weight of the spare neuron is not 0.
    """
    if theta[spare, -1] != 0:
        raise ValueError(
            f"Neuron {spare} is not spare: its output weight is "
            f"{theta[spare, -1]}, not 0."
        )
    copied = theta.copy()
    copied[spare, :-1] = theta[i, :-1]
    shifted = copied.copy()
    shifted[spare, -1], shifted[i, -1] = theta[i, -1], 0
    return [theta, copied, shifted]


def spare_neuron_loop(theta: np.ndarray, i: int, j: int) -> list[np.ndarray]:
    """Return the corners of a path of one function that swaps two neurons.

    The last neuron must be spare, with output weight 0. It lends its place:
    i moves there, j moves to i, i moves from there to j, and the last neuron
    gets its own weights back. The path ends at `theta` with rows i and j
    exchanged, and the function never changes.

    Raises
    ------
    ValueError
        If the last neuron is not spare, or i and j are not two others.
    """
    last = len(theta) - 1
    if i == j or not {i, j} <= set(range(last)):
        raise ValueError(
            f"Swap two different neurons from 0 to {last - 1}, not {i}, {j}."
        )
    corners = move_neuron(theta, i, last)
    corners += move_neuron(corners[-1], j, i)[1:]
    corners += move_neuron(corners[-1], last, j)[1:]
    home = corners[-1].copy()
    home[last] = theta[last]
    return [*corners, home]


def permutation_path(
    theta: np.ndarray, permutation: Sequence[int]
) -> list[np.ndarray]:
    """Return corners from `theta` to any order of its neurons.

    The last neuron is spare and stays. A permutation is a product of swaps,
    so `spare_neuron_loop` is used once for each of them.
    """
    corners, here = [theta], list(range(len(theta)))
    if list(permutation)[-1:] != here[-1:]:
        raise ValueError("The last neuron is spare: it must keep its place.")
    target = list(np.argsort(permutation))  # who shall stand at place k
    for place in range(len(theta) - 1):
        other = here.index(target[place])
        if other != place:
            corners += spare_neuron_loop(corners[-1], place, other)[1:]
            here[place], here[other] = here[other], here[place]
    return corners
