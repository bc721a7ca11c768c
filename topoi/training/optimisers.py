"""Three ways to take a step: gradient descent, momentum, Adam.

A step is a pure function ``step(w, gradient, state, ...) -> (w, state)``;
`state` is None before the first step. Arrays of any shape.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Step = Callable[[np.ndarray, np.ndarray, Any], tuple[np.ndarray, Any]]


def descent_step(w, gradient, state=None, learning_rate=0.01):
    """Walk against the gradient; there is nothing to remember."""
    return w - learning_rate * gradient, state


def momentum_step(w, gradient, state=None, learning_rate=0.01, momentum=0.9):
    """Repeat a share of the last change and walk against the gradient.

    The state is the last change. Source: Polyak (1964), the heavy ball; in
    the form of Keras' SGD.
    """
    last = 0.0 if state is None else state
    change = momentum * last - learning_rate * gradient
    return w + change, change


class AdamState(NamedTuple):
    """What Adam remembers."""

    step: int
    mean: np.ndarray  # running mean of the gradients, m
    square: np.ndarray  # running mean of their squares, v


def adam_step(
    w,
    gradient,
    state=None,
    learning_rate=0.001,
    beta_1=0.9,
    beta_2=0.999,
    epsilon=1e-8,
):
    """Divide the mean gradient by its usual size, entry by entry.

    Source: Kingma and Ba (2015), algorithm 1, with both corrections for the
    start at zero. Keras adds its epsilon before the second correction, which
    differs by a factor below 1.001 for entries above 1e-4.
    """
    step, mean, square = state or AdamState(0, 0.0, 0.0)
    step += 1
    mean = beta_1 * mean + (1 - beta_1) * gradient
    square = beta_2 * square + (1 - beta_2) * gradient**2
    m_hat = mean / (1 - beta_1**step)
    v_hat = square / (1 - beta_2**step)
    w = w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return w, AdamState(step, mean, square)


def walk(
    step: Step,
    gradient: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    steps: int,
    **settings: float,
) -> np.ndarray:
    """Return the places that an optimiser visits, the start included.

    Parameters
    ----------
    step : callable
        One of the steps of this module.
    gradient : callable
        From a place to the gradient there.
    start : array_like
        Left as it is.
    steps : int
    **settings
        ``learning_rate`` and what else the step takes.

    Returns
    -------
    ndarray, shape (steps + 1, ...)

    Raises
    ------
    ValueError
        If the learning rate is not positive, or there are no steps.
    """
    if not (settings.get("learning_rate", 1) > 0 and steps > 0):
        raise ValueError(
            "walk needs a positive learning_rate and at least one step, but "
            f"got {settings.get('learning_rate')} and {steps}."
        )
    places, state = [np.array(start, dtype=np.float64)], None
    for _ in range(steps):
        w, state = step(places[-1], gradient(places[-1]), state, **settings)
        places.append(w)
    return np.array(places)
