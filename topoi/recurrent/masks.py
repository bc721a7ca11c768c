"""Masks: which steps of a sequence count.

A mask has shape (batch, time) and is true where a step counts.
"""

from keras import ops


def zero_masked(x, mask):
    """Return x, (batch, time, n), with zeros where the mask is false.

    Chosen, not multiplied: NaN and infinity at masked steps go, too. Without
    a mask, x itself.
    """
    if mask is None:
        return x
    keep = ops.expand_dims(ops.cast(mask, "bool"), -1)  # (batch, time, 1)
    return ops.where(keep, x, ops.zeros_like(x))


def last_step(x, mask):
    """Return what the last step that counts holds, (batch, n).

    The last step of all without a mask, and zero where no step counts.
    """
    if mask is None:
        return x[:, -1]
    seen = ops.cumsum(ops.cast(mask, "int32"), axis=1)  # (batch, time)
    last = ops.logical_and(mask, ops.equal(seen, seen[:, -1:]))
    # At most one step a sequence is left: the sum over time picks it.
    return ops.sum(zero_masked(x, last), axis=1)
