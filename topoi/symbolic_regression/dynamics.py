"""Two systems with a hidden number, and a cell that learns their steps."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from topoi.symbolic_regression.layers import build_eql


class Pairs(NamedTuple):
    """Pairs of trajectories that share a hidden number.

    Attributes
    ----------
    seen, other : array, shape (pairs, steps + 1, 2)
        Position and speed; the encoder reads `seen`, the cell continues
        `other`.
    hidden : array, shape (pairs,)
        The number that both share.
    """

    seen: np.ndarray
    other: np.ndarray
    hidden: np.ndarray


def kinematics_step(state: np.ndarray, a: np.ndarray, dt: float) -> np.ndarray:
    """Return position and speed after `dt` at the acceleration `a`, exactly.

    `state` has shape (..., 2), `a` shape (...,).
    """
    d, v = state[..., 0], state[..., 1]
    return np.stack([d + dt * v + dt**2 / 2 * a, v + dt * a], -1)


def oscillator_step(
    state: np.ndarray, omega2: np.ndarray, dt: float
) -> np.ndarray:
    """Return position and speed after `dt`, exactly, for ``x'' = -omega2 x``.

    `state` has shape (..., 2), `omega2` shape (...,) with positive entries.
    """
    x, v = state[..., 0], state[..., 1]
    omega = np.sqrt(omega2)
    c, s = np.cos(omega * dt), np.sin(omega * dt)
    return np.stack([x * c + v / omega * s, -omega * x * s + v * c], -1)


def oscillator_matrix(omega2: float, dt: float) -> np.ndarray:
    """Return the exact step as a matrix, shape (2, 2)."""
    return oscillator_step(np.eye(2), np.full(2, float(omega2)), dt).T


def draw_pairs(
    system: str,
    pairs: int,
    steps: int,
    rng: np.random.Generator,
    dt: float | None = None,
) -> Pairs:
    """Draw pairs of trajectories.

    Parameters
    ----------
    system : str
        ``"kinematics"``: the hidden number is an acceleration in (-1, 1).
        ``"oscillator"``: it is omega squared, in (0.1, 1).
    pairs, steps : int
        How many pairs, and steps of each trajectory.
    rng : Generator
    dt : float, optional
        Time of a step: 0.25 or 0.1 by default.
    """
    if system not in ("kinematics", "oscillator"):
        raise ValueError(
            f"system is 'kinematics' or 'oscillator', got {system!r}."
        )
    if system == "kinematics":
        step, dt = kinematics_step, dt or 0.25
        hidden = rng.uniform(-1, 1, pairs)
        size = np.array([1.0, 1.0])
    else:
        step, dt = oscillator_step, dt or 0.1
        hidden = rng.uniform(0.1, 1, pairs)
        size = np.array([1.0, 0.5])
    state = size * rng.uniform(-1, 1, (2, pairs, 2))
    states = [state]
    for _ in range(steps):
        states.append(step(states[-1], hidden, dt))
    seen, other = np.stack(states, -2)  # (pairs, steps + 1, 2) each
    return Pairs(seen, other, hidden)


def build_dynamics_encoder(steps: int) -> keras.Sequential:
    """Return a network (steps + 1, 2) -> 1 hidden number, of scale 1/2."""
    return keras.Sequential(
        [
            keras.Input((steps + 1, 2)),
            keras.layers.Flatten(),
            keras.layers.Dense(32, "relu"),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dense(1),
            keras.layers.BatchNormalization(),
            keras.layers.Rescaling(0.5),
        ]
    )


def build_propagator(
    steps: int,
    ahead: int,
    cell: keras.Model,
    dt: float,
) -> keras.Model:
    """Return encoder and cell in one: (trajectory, state) -> next states.

    Parameters
    ----------
    steps : int
        Steps of the trajectory that the encoder reads.
    ahead : int
        How often the cell is applied.
    cell : keras.Model
        Takes position, speed and the hidden number, shape (batch, 3), and
        returns the mean rates of change of position and speed in one step.
    dt : float
        Time of a step.

    Returns
    -------
    keras.Model
        Inputs (batch, steps + 1, 2) and (batch, 2), output
        (batch, ahead, 2). `get_layer("encoder")` is the encoder.
    """
    encoder = build_dynamics_encoder(steps)
    encoder.name = "encoder"
    seen, start = keras.Input((steps + 1, 2)), keras.Input((2,))
    z, state, states = encoder(seen), start, []
    for _ in range(ahead):
        state = state + dt * cell(ops.concatenate([state, z], axis=-1))
        states.append(state)
    return keras.Model([seen, start], ops.stack(states, axis=1))


CELL_UNITS = (
    ("constant",)
    + ("identity",) * 2
    + ("square",) * 2
    + ("sin", "exp", "sigmoid")
    + ("product",) * 2
)


def build_cell(penalty: float = 1e-3) -> keras.Model:
    """Return an equation learner of one hidden layer for rates of change."""
    return build_eql(3, 2, 1, CELL_UNITS, penalty)


def exact_rates(
    system: str, state: np.ndarray, hidden: np.ndarray, dt: float
) -> np.ndarray:
    """Return what a perfect cell gives: (exact next state - state) / dt."""
    step = kinematics_step if system == "kinematics" else oscillator_step
    return (step(state, hidden, dt) - state) / dt


def windows(
    pairs: Pairs, ahead: int, rng: np.random.Generator, per_pair: int = 1
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return inputs and outputs of a propagator, from random places.

    Returns
    -------
    inputs : list of array
        The trajectories that the encoder reads, (n, steps + 1, 2), and
        states of the other ones, (n, 2).
    outputs : array, shape (n, ahead, 2)
        The states that follow.
    """
    count, length = pairs.other.shape[:2]
    row = np.tile(np.arange(count), per_pair)
    at = rng.integers(0, length - ahead, len(row))
    after = [pairs.other[row, at + k] for k in range(1, ahead + 1)]
    return [pairs.seen[row], pairs.other[row, at]], np.stack(after, 1)
