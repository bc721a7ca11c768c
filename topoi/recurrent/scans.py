"""Scans: all prefixes of an associative product, linear recurrences."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

Arrays = tuple[np.ndarray, ...]
Operator = Callable[[Arrays, Arrays], Arrays]
SCAN_METHODS = ("tree", "doubling")


def prefix_scan(operator: Operator, elements: Arrays) -> Arrays:
    """Return all prefix products e_0 o e_1 o ... o e_t, along the last axis.

    Parameters
    ----------
    operator : callable
        Associative; takes and returns tuples of arrays, earlier part first.
    elements : tuple of ndarray, each of shape (..., length)
        One element of the monoid a position.

    Returns
    -------
    tuple of ndarray, shapes of `elements`

    Raises
    ------
    ValueError
        If there is no element.

    Notes
    -----
    Doubling: after level k a position holds the product of the 2**k
    elements that end there. ceil(log2(length)) calls of `operator`,
    O(length log length) work. Source: Hillis and Steele (1986).
    """
    result = tuple(np.asarray(e) for e in elements)
    length = result[0].shape[-1]
    if length == 0:
        raise ValueError(
            f"A scan needs at least one element, got shape {result[0].shape}."
        )
    reach = 1
    while reach < length:
        # (..., length - reach): blocks, and the blocks that end before them
        earlier = tuple(e[..., :-reach] for e in result)
        later = tuple(e[..., reach:] for e in result)
        joined = operator(earlier, later)
        result = tuple(
            np.concatenate([e[..., :reach], j], axis=-1)
            for e, j in zip(result, joined, strict=True)
        )
        reach *= 2
    return result


def linear_compose(left: Sequence, right: Sequence) -> tuple:
    """Return the composition of two maps h -> a h + b as one such map.

    Parameters
    ----------
    left, right : pair of tensor
        (a, b) of the map that is applied first, and of the second.

    Returns
    -------
    pair of tensor

    Notes
    -----
    The same operator as `carry_compose`, with sum and product in place of
    "or" and "and". It never divides, so a small product of the a does no
    harm beyond rounding to zero.
    """
    return left[0] * right[0], right[0] * left[1] + right[1]


def scan_linear(a, b, axis: int = 1, initial=None, method: str = "tree"):
    """Solve h_t = a_t h_{t-1} + b_t for all t by an associative scan.

    Parameters
    ----------
    a, b : tensor, the same shape
        Factors and summands; the length of `axis` must be known.
    axis : int
        The axis of time.
    initial : tensor, optional
        h before the first step, of the shape of `a` without `axis`; zero
        by default.
    method : {"tree", "doubling"}
        "tree" is `keras.ops.associative_scan`: O(length) work, long to
        compile. "doubling" does O(length log length) work in few, large
        operations: the better choice for some hundred steps.

    Returns
    -------
    tensor, the shape of `b`

    Raises
    ------
    ValueError
        If the shapes differ, time is empty or of unknown length, or the
        method is unknown.

    Notes
    -----
    Both take O(log length) dependent steps. Source: Blelloch (1990) for the
    tree, Hillis and Steele (1986) for doubling; Martin and Cundy (2018) for
    recurrences.
    """
    a, b = ops.convert_to_tensor(a), ops.convert_to_tensor(b)
    shape = tuple(b.shape)
    _check_scan(tuple(a.shape), shape, axis)
    if method not in SCAN_METHODS:
        raise ValueError(
            f"scan_linear knows the methods {', '.join(SCAN_METHODS)}, got "
            f"{method!r}."
        )
    if method == "doubling":
        products, h = _doubling(a, b, axis % len(shape))
    else:
        products, h = ops.associative_scan(linear_compose, (a, b), axis=axis)
    if initial is not None:
        # products of all factors so far carry the start to every step
        h = h + products * ops.expand_dims(initial, axis)
    # Inside the tree TensorFlow forgets the shape, PyTorch half precision.
    h = ops.cast(h, keras.backend.standardize_dtype(b.dtype))
    return ops.reshape(h, [-1 if n is None else n for n in shape])


def _doubling(a, b, axis: int) -> tuple:
    """Compose each map with the one `reach` steps earlier, then double."""
    length, reach = b.shape[axis], 1
    while reach < length:
        kept = [slice(None)] * len(b.shape)
        kept[axis] = slice(length - reach)
        width = [[0, 0]] * len(b.shape)
        width[axis] = [reach, 0]  # before the start: the map h -> 1 h + 0
        earlier_a = ops.pad(a[tuple(kept)], width, constant_values=1)
        earlier_b = ops.pad(b[tuple(kept)], width)
        a, b = linear_compose((earlier_a, earlier_b), (a, b))
        reach *= 2
    return a, b


def _check_scan(shape_a: tuple, shape_b: tuple, axis: int) -> None:
    if shape_a != shape_b:
        raise ValueError(
            "scan_linear needs a and b of one shape, got "
            f"{shape_a} and {shape_b}. Broadcast the smaller one first."
        )
    if not -len(shape_b) <= axis < len(shape_b):
        raise ValueError(
            f"scan_linear got axis={axis} for shape {shape_b}. Time is axis "
            "1 of (batch, time, features)."
        )
    if not shape_b[axis]:
        raise ValueError(
            "scan_linear needs a known length of at least one step, got "
            f"shape {shape_b}, axis {axis}. Give the time length to the "
            "model: keras.Input((length, features))."
        )
