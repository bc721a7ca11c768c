"""Which outputs of a sequence model move with which inputs."""

from collections.abc import Callable

import numpy as np
from keras import ops


def dependence(function: Callable, x: np.ndarray) -> np.ndarray:
    """Return which outputs move when one step of the input is changed.

    Parameters
    ----------
    function : callable
        Maps (batch, time, n) to (batch, time, m).
    x : ndarray of float32, shape (time, n)
        One sequence; each of its steps is increased by 1 in turn.

    Returns
    -------
    ndarray of bool, shape (time, time)
        Entry (t, s): does the output at t depend on the input at s?

    Notes
    -----
    Two calls with `time` sequences each, which differ in one step a row. The
    comparison is exact: an output that does not read the step is computed
    from the same numbers at the same place of the batch.
    """
    length = len(x)
    batch = np.repeat(x[np.newaxis], length, axis=0)
    before = ops.convert_to_numpy(function(batch))
    steps = np.arange(length)
    batch[steps, steps] += 1
    after = ops.convert_to_numpy(function(batch))
    return (after != before).any(axis=-1).T
