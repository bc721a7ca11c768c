"""What the other files refuse, and the two activations that they know."""

from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """A map of numbers that never stretches a distance, and its slope."""

    value: object  # z -> phi(z), entry by entry
    slope: object  # x = phi(z) -> phi'(z), read off the value


ACTIVATIONS = {
    "relu": Activation(
        lambda z: np.maximum(z, 0),
        lambda x: (x > 0).astype(np.result_type(x, 1.0)),
    ),
    "tanh": Activation(np.tanh, lambda x: 1 - x**2),
}


def activation_named(name: str) -> Activation:
    """Return an activation by its name.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in ACTIVATIONS:
        raise ValueError(
            f"The activations are {sorted(ACTIVATIONS)}, got {name!r}. Both "
            "satisfy |phi(s) - phi(t)| <= |s - t|, which all proofs need."
        )
    return ACTIVATIONS[name]


def square(A: np.ndarray) -> np.ndarray:
    """Return A as an array.

    Raises
    ------
    ValueError
        If it is not a square matrix, or holds NaN or infinity.
    """
    A = np.asarray(A)
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(
            f"A maps states to states and is square, got shape {A.shape}."
        )
    if A.dtype != object and not np.isfinite(A).all():
        raise ValueError("A holds NaN or infinity.")
    return A
