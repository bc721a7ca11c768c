"""Adders: carries that ripple, carries that look ahead, and a task."""

from collections.abc import Sequence

import numpy as np

from topoi.recurrent.scans import Arrays, prefix_scan


def to_bits(numbers: Sequence[int], width: int) -> np.ndarray:
    """Return binary digits, least significant first.

    Parameters
    ----------
    numbers : sequence of int
        Non-negative, of any size.
    width : int
        Digits a number.

    Returns
    -------
    ndarray of bool, shape (len(numbers), width)

    Raises
    ------
    ValueError
        If a number is negative or needs more than `width` digits.
    """
    numbers = [int(n) for n in numbers]
    for n in numbers:
        if n < 0 or n.bit_length() > width:
            raise ValueError(
                f"to_bits needs numbers from 0 to 2**{width} - 1, got {n}. "
                f"Use width={max(n.bit_length(), 1)} or more, and no sign."
            )
    digits = [[n >> t & 1 for t in range(width)] for n in numbers]
    return np.array(digits, bool).reshape(len(numbers), width)


def to_integers(bits: np.ndarray) -> list[int]:
    """Return the integers whose digits, lowest first, are rows of `bits`."""
    return [
        sum(1 << t for t, bit in enumerate(row) if bit)
        for row in np.asarray(bits)
    ]


def ripple_add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Add binary numbers digit by digit, each carry after the one before.

    Parameters
    ----------
    a, b : ndarray of bool, shape (..., width)
        Digits, least significant first.

    Returns
    -------
    ndarray of bool, shape (..., width + 1)
        Digits of the sum; the last one is the carry out.

    Raises
    ------
    ValueError
        If shapes differ, are empty, or a digit is neither 0 nor 1.
    """
    a, b = _check_bits(a, b)
    carry = np.zeros(a.shape[:-1], bool)
    digits = []
    for t in range(a.shape[-1]):
        g, p = a[..., t] & b[..., t], a[..., t] ^ b[..., t]
        digits.append(p ^ carry)
        carry = g | (p & carry)
    return np.stack([*digits, carry], axis=-1)


def carry_compose(left: Arrays, right: Arrays) -> Arrays:
    """Return (generate, propagate) of two neighbouring blocks as one block.

    Parameters
    ----------
    left, right : pair of ndarray of bool
        (g, p) of the lower and of the higher block. A block sends a carry
        out if the higher half generates one, or passes on what the lower
        half generates; it propagates if both halves do.

    Returns
    -------
    pair of ndarray of bool

    Notes
    -----
    Associative, with neutral element (0, 1); not commutative.
    """
    (g_low, p_low), (g_high, p_high) = left, right
    return g_high | (p_high & g_low), p_low & p_high


def lookahead_add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Add binary numbers with all carries from one prefix scan.

    Parameters, result and errors are those of `ripple_add`; the number of
    array operations grows like log2(width) instead of width.
    """
    a, b = _check_bits(a, b)
    p = a ^ b
    carry_out, _ = prefix_scan(carry_compose, (a & b, p))
    zero = np.zeros((*a.shape[:-1], 1), bool)
    carry_in = np.concatenate([zero, carry_out[..., :-1]], axis=-1)
    return np.concatenate([p ^ carry_in, carry_out[..., -1:]], axis=-1)


def carry_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far back the digits lie that decide the carry into a place.

    Parameters
    ----------
    a, b : ndarray of bool, shape (..., width)
        Digits, least significant first.

    Returns
    -------
    ndarray of int, shape (..., width)
        t - s for the last s < t where the digits of `a` and `b` agree; they
        generate a carry or kill it, and every place between passes it on.
        Before the lowest digit both numbers are zero: they agree at -1.

    Raises
    ------
    ValueError
        As `ripple_add`.
    """
    a, b = _check_bits(a, b)
    distance = np.ones(a.shape, int)
    for t in range(1, a.shape[-1]):
        passes = a[..., t - 1] ^ b[..., t - 1]
        distance[..., t] = np.where(passes, distance[..., t - 1] + 1, 1)
    return distance


def addition_task(
    count: int,
    width: int,
    rng: np.random.Generator,
    propagate: float | np.ndarray = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw sums as sequences of digit pairs, lowest digit first.

    Parameters
    ----------
    count, width : int
        Number of sums, and digits of each summand.
    rng : numpy.random.Generator
        Source of randomness.
    propagate : float or ndarray, shape (count,)
        Probability that a position is forced to hold two different digits,
        so that it passes a carry on. Fair digits do so half of the time.

    Returns
    -------
    x : ndarray of float32, shape (count, width, 2)
        The two digits of each position.
    y : ndarray of float32, shape (count, width, 1)
        The digits of the sum, without the carry out.

    Raises
    ------
    ValueError
        If `count` or `width` is not positive, or a probability leaves
        [0, 1].
    """
    chance = np.broadcast_to(np.asarray(propagate, float), (count,))
    bad_chance = ((chance < 0) | (chance > 1)).any()
    if count < 1 or width < 1 or bad_chance:
        raise ValueError(
            "addition_task needs count >= 1, width >= 1 and propagate in "
            f"[0, 1], got count={count}, width={width}, "
            f"propagate={propagate}."
        )
    a, b = rng.integers(0, 2, size=(2, count, width)).astype(bool)
    # (count, width) < (count, 1)
    forced = rng.random((count, width)) < chance[:, np.newaxis]
    b = np.where(forced, ~a, b)
    y = lookahead_add(a, b)[:, :-1, np.newaxis]  # (count, width, 1)
    # two arrays (count, width) -> (count, width, 2)
    return np.stack([a, b], axis=-1).astype("float32"), y.astype("float32")


def _check_bits(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim == 0 or a.shape[-1] == 0:
        raise ValueError(
            "An adder needs two arrays of digits of one shape (..., width) "
            f"with width >= 1, got {a.shape} and {b.shape}. Pad the shorter "
            "number with zeros at its end."
        )
    for digits in (a, b):
        if not np.isin(digits, (0, 1)).all():
            raise ValueError(
                "Digits must be 0 or 1, but got a value "
                f"{digits[~np.isin(digits, (0, 1))].flat[0]}. Use "
                "to_bits(numbers, width) to make digits."
            )
    return a.astype(bool), b.astype(bool)
