"""Tokens as integers: what the network reads and writes."""

from collections.abc import Iterable, Sequence

import numpy as np

from topoi.symbolic_integration.expressions import (
    BINARY,
    FUNCTIONS,
    ExpressionError,
)

PAD, START, END = 0, 1, 2
SYMBOLS = ("x", "c", "c1", "c2", "y", "y1", "y2")
TOKENS = (
    "<pad>", "<start>", "<end>", *SYMBOLS, *FUNCTIONS, *BINARY,
    "INT+", "INT-", *"0123456789",
)  # fmt: skip
INDEX = {token: i for i, token in enumerate(TOKENS)}


def encode(tokens: Iterable[str]) -> list[int]:
    """Return the token numbers of an expression, without marks.

    Raises
    ------
    ExpressionError
        If a token is not in the vocabulary.
    """
    try:
        return [INDEX[token] for token in tokens]
    except KeyError as error:
        raise ExpressionError(
            f"Token {error.args[0]!r} is not in the vocabulary of "
            f"{len(TOKENS)} tokens: {', '.join(TOKENS[3:])}."
        ) from None


def decode(numbers: Iterable[int]) -> list[str]:
    """Return the tokens up to the end mark, without marks and padding."""
    out = []
    for n in numbers:
        if n == END:
            break
        if n not in (PAD, START):
            out.append(TOKENS[int(n)])
    return out


def to_array(
    rows: Sequence[Sequence[str]], length: int, marks: bool = False
) -> np.ndarray:
    """Return expressions as one padded array.

    Parameters
    ----------
    rows : sequence of token sequences
    length : int
        Number of columns.
    marks : bool
        Whether a row stands between the start and the end mark.

    Returns
    -------
    ndarray of int32, shape (len(rows), length)

    Raises
    ------
    ValueError
        If a row is longer than `length`.
    """
    array = np.zeros((len(rows), length), np.int32)
    for i, row in enumerate(rows):
        numbers = encode(row)
        if marks:
            numbers = [START, *numbers, END]
        if len(numbers) > length:
            raise ValueError(
                f"Row {i} has {len(numbers)} tokens, but the array has "
                f"{length} columns. Drop longer pairs or widen the array."
            )
        array[i, : len(numbers)] = numbers
    return array
