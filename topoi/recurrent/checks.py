"""Checks that the files of this package share."""

from collections.abc import Sequence

import numpy as np


def check_sequences(x: np.ndarray) -> None:
    """Raise unless `x` is a finite batch of sequences with a step.

    Raises
    ------
    ValueError
        If `x` is not of rank 3, has no sequence or no step, or holds NaN or
        infinity.
    """
    shape = np.shape(x)
    if len(shape) != 3:
        raise ValueError(
            "A batch of sequences has shape (batch, time, features), but got "
            f"shape {shape}. One sequence? Write x[np.newaxis]. One feature? "
            "Write x[..., np.newaxis]."
        )
    if 0 in shape:
        raise ValueError(
            f"A batch of sequences needs at least one step, got shape {shape}."
            " Drop empty sequences before the call."
        )
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        raise ValueError(
            f"Sequences must be finite, but {len(bad)} values are not; the "
            f"first is {x[tuple(bad[0])]} at (sequence, step, feature) = "
            f"{tuple(bad[0].tolist())}. Impute or mask them first."
        )


def positive(where: str, name: str, value: int) -> int:
    """Return `value` as an int; raise ValueError unless it is positive."""
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(
            f"{where} needs a positive integer {name}, got {value!r}."
        )
    return int(value)


def check_rank(
    layer: str, shape: Sequence, known_length: bool = False
) -> None:
    """Raise ValueError unless `shape` is (batch, time, features)."""
    if len(shape) != 3:
        raise ValueError(
            f"{layer} needs sequences of shape (batch, time, features), got "
            f"shape {tuple(shape)}. One feature? Add an axis: "
            "keras.layers.Reshape((length, 1))."
        )
    if shape[1] == 0 or (known_length and shape[1] is None):
        raise ValueError(
            f"{layer} needs {'a known length of ' if known_length else ''}at "
            f"least one step, got shape {tuple(shape)}. Give the time length "
            "to the model: keras.Input((length, features))."
        )


def output_shape(shape: Sequence, units: int, sequences: bool) -> tuple:
    """Return the shape of all states, or of the last one."""
    return (*shape[:-1], units) if sequences else (shape[0], units)
