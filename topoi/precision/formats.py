"""Floating-point formats narrower than float32, and rounding to them.

Numbers of a narrow format are stored as float32 that happen to be on its
grid. One routine rounds to every format with an IEEE layout: sign, exponent
with a bias, fraction, subnormals, infinities, NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BLOCK = 2**16  # numbers rounded at a time, so that they stay in the cache
_FRACTION = 23  # stored fraction bits of float32


@dataclass(frozen=True)
class Format:
    """A binary format with an IEEE layout, no wider than float32.

    Attributes
    ----------
    name : str
        As NumPy or Keras call it.
    exponent_bits, fraction_bits : int
        Widths of the two stored fields; one sign bit comes on top.

    Raises
    ------
    ValueError
        If a field is wider than in float32, or too narrow to be a format.
    """

    name: str
    exponent_bits: int
    fraction_bits: int

    def __post_init__(self):
        if not (
            2 <= self.exponent_bits <= 8
            and 1 <= self.fraction_bits <= _FRACTION
        ):
            raise ValueError(
                "A format needs 2 to 8 exponent bits and 1 to 23 fraction "
                f"bits, but {self.name!r} has {self.exponent_bits} and "
                f"{self.fraction_bits}. Wider numbers do not fit float32."
            )

    @property
    def bits(self) -> int:
        """Width of a stored number."""
        return 1 + self.exponent_bits + self.fraction_bits

    @property
    def bias(self) -> int:
        """What the stored exponent exceeds the true one by."""
        return 2 ** (self.exponent_bits - 1) - 1

    @property
    def epsilon(self) -> float:
        """Distance from 1 to the next larger number."""
        return 2.0**-self.fraction_bits

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2 - self.epsilon) * 2.0**self.bias

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with full precision."""
        return 2.0 ** (1 - self.bias)

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive number."""
        return self.smallest_normal * self.epsilon

    def fields(self, x: float) -> tuple[str, str, str]:
        """Return sign, exponent and fraction of round(x) as bit strings.

        Raises
        ------
        ValueError
            If `x` is NaN: its payload is not part of the format's contract.
        """
        y = float(round_to(np.array([x], np.float32), self)[0])
        if np.isnan(y):
            raise ValueError(
                "fields needs a number or an infinity, got NaN. NaN has "
                "many bit patterns: every exponent bit set, fraction not 0."
            )
        stored = self._stored(abs(y))
        text = f"{stored:0{self.bits - 1}b}"
        sign = "1" if np.signbit(y) else "0"
        return sign, text[: self.exponent_bits], text[self.exponent_bits :]

    def _stored(self, y: float) -> int:
        """Return exponent and fraction of y >= 0 as one integer."""
        if np.isinf(y):
            return (2**self.exponent_bits - 1) << self.fraction_bits
        if y < self.smallest_normal:
            return int(y / self.smallest_subnormal)
        exponent = int(np.frexp(y)[1]) - 1
        fraction = y / 2.0**exponent - 1
        stored = (exponent + self.bias) << self.fraction_bits
        return stored + int(fraction / self.epsilon)


FLOAT32 = Format("float32", 8, 23)
FLOAT16 = Format("float16", 5, 10)
BFLOAT16 = Format("bfloat16", 8, 7)
TFLOAT32 = Format("tfloat32", 8, 10)
FLOAT8_E5M2 = Format("float8_e5m2", 5, 2)
FORMATS = {
    f.name: f for f in (FLOAT32, TFLOAT32, BFLOAT16, FLOAT16, FLOAT8_E5M2)
}


def round_to(x: np.ndarray, target: Format) -> np.ndarray:
    """Round to the nearest number of a format, ties to even.

    Parameters
    ----------
    x : ndarray of float32, any shape
        Infinities and signed zeros are kept. NaN stays NaN, with its sign.
    target : Format
        The grid to round to.

    Returns
    -------
    ndarray of float32, same shape
        On the grid of `target`. What lies half a step or more beyond the
        largest number becomes infinite; what lies at or below half the
        smallest one becomes zero.

    Raises
    ------
    TypeError
        If `x` is not float32: from float64 it would be rounded twice.

    Notes
    -----
    O(x.size) time, one array of extra memory. The chapter *precision*
    derives the integer trick; Kalamkar et al. (2019) emulate bfloat16 so.
    """
    return _by_blocks(round_block, x, target)


def truncate_to(x: np.ndarray, target: Format) -> np.ndarray:
    """Round towards zero: drop the bits that a format does not store.

    Parameters, result and errors are those of `round_to`, except that large
    numbers stop at the largest finite one instead of becoming infinite.
    """
    return _by_blocks(_truncate_block, x, target)


def _by_blocks(kernel: Callable, x: np.ndarray, target: Format) -> np.ndarray:
    """Apply a kernel to pieces of x that fit the cache."""
    if getattr(x, "dtype", None) != np.float32:
        found = getattr(x, "dtype", type(x).__name__)
        raise TypeError(
            f"Rounding to {target.name} starts from float32, but got {found}."
            " Rounding twice can change the result, so convert on purpose: "
            "np.float32(x)."
        )
    flat = np.ascontiguousarray(x).reshape(-1)  # (size,)
    out = np.empty_like(flat)
    for start in range(0, flat.size, BLOCK):
        piece = slice(start, start + BLOCK)
        kernel(flat[piece], out[piece], target)
    return out.reshape(x.shape)


def round_block(x: np.ndarray, out: np.ndarray, target: Format) -> None:
    """Write the rounded x to out; both are vectors of float32.

    `round_to` calls it for one block of numbers after another.
    """
    bits, rounded = x.view(np.uint32), out.view(np.uint32)
    dropped = _FRACTION - target.fraction_bits
    if dropped:
        np.right_shift(bits, dropped, out=rounded)
        rounded &= 1  # 1 where the last kept bit is odd
        rounded += (1 << (dropped - 1)) - 1  # just below half a step
        rounded += bits
        rounded &= _kept(dropped)
    else:
        rounded[:] = bits
    _restore_nan(x, out, dropped)
    if target.exponent_bits < 8:
        step = np.float32(target.smallest_subnormal)
        small = np.abs(x) < target.smallest_normal
        anchor = step * np.float32(2.0**_FRACTION)  # its spacing is `step`
        nearest = (np.abs(x[small]) + anchor) - anchor
        out[small] = np.copysign(nearest, x[small])
        _replace_beyond(out, target.largest, np.inf)


def _truncate_block(x: np.ndarray, out: np.ndarray, target: Format) -> None:
    """Write x without its low bits to out; both are vectors of float32."""
    dropped = _FRACTION - target.fraction_bits
    np.bitwise_and(x.view(np.uint32), _kept(dropped), out=out.view(np.uint32))
    _restore_nan(x, out, dropped)
    if target.exponent_bits < 8:
        step = np.float32(target.smallest_subnormal)
        small = np.abs(x) < target.smallest_normal
        out[small] = np.trunc(x[small] / step) * step
        finite = np.isfinite(x)
        out[finite] = np.clip(out[finite], -target.largest, target.largest)


def _kept(dropped: int) -> int:
    return 0xFFFFFFFF - ((1 << dropped) - 1)


def _restore_nan(x: np.ndarray, out: np.ndarray, dropped: int) -> None:
    """Make NaN quiet and short; a carry may have turned it into a number."""
    if np.isnan(x.max()):  # a maximum is NaN if any number is
        nan = np.isnan(x)
        kept = x.view(np.uint32)[nan] & _kept(dropped)
        out.view(np.uint32)[nan] = kept | 0x00400000


def _replace_beyond(out: np.ndarray, largest: float, value: float) -> None:
    beyond = np.abs(out) > largest
    if beyond.any():
        out[beyond] = np.copysign(np.float32(value), out[beyond])
