"""The symmetries of a square, and how they act on pictures and features.

A picture has shape ``(batch, side, side, channels)``; a group feature has
one more axis, ``(batch, side, side, order, channels)``, and holds at each
pixel a function on the group.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from keras import ops


@dataclass(frozen=True)
class SquareGroup:
    """Quarter turns, with or without mirror images.

    Element ``4 * f + s`` mirrors left and right when ``f = 1``, and then
    turns by ``s`` quarters, anticlockwise as the picture is seen.

    Parameters
    ----------
    name : {"p4", "p4m"}
        With the translations of the grid: turns, or turns and mirrors.

    Raises
    ------
    ValueError
        If the name is unknown.

    Notes
    -----
    Source: Cohen and Welling (2016).
    """

    name: str

    def __post_init__(self):
        if self.name not in ("p4", "p4m"):
            raise ValueError(
                'A group of the square is "p4" (quarter turns) or "p4m" '
                f"(turns and mirrors), but got {self.name!r}. Choose one of "
                "the two; other turns do not map the pixel grid to itself."
            )

    @property
    def order(self) -> int:
        """Number of elements that fix the centre: 4 or 8."""
        return 4 if self.name == "p4" else 8

    def product(self, a: int, b: int) -> int:
        """Return the element that applies `b` first and then `a`."""
        (fa, sa), (fb, sb) = divmod(a, 4), divmod(b, 4)
        return 4 * (fa ^ fb) + (sa + (-sb if fa else sb)) % 4

    def inverse(self, a: int) -> int:
        """Return the element that undoes `a`; a mirror undoes itself."""
        return a if a >= 4 else -a % 4

    def inv_mul(self, g: int) -> list[int]:
        """Return the elements g^-1 h for h = 0, ..., order - 1."""
        inverse = self.inverse(g)
        return [self.product(inverse, h) for h in range(self.order)]

    def act_image(self, g: int, x: np.ndarray) -> np.ndarray:
        """Return the picture x(g^-1 .), turned in axes 1 and 2.

        Raises
        ------
        ValueError
            If the two axes differ in length or `g` is no element.
        """
        self._check(g, x)
        f, s = divmod(g, 4)
        return np.rot90(np.flip(x, 2) if f else x, s, (1, 2))

    def act_feature(self, g: int, y: np.ndarray) -> np.ndarray:
        """Return the feature y(g^-1 x, g^-1 h): pixels move, axis 3 too.

        Raises
        ------
        ValueError
            If the picture is not square, axis 3 is not as long as the
            group, or `g` is no element.
        """
        if y.ndim < 4 or y.shape[3] != self.order:
            raise ValueError(
                f"A feature of {self.name} has shape (batch, side, side, "
                f"{self.order}, ...), but got {y.shape}. Apply a lifting "
                "convolution first, or act_image for a picture."
            )
        return self.act_image(g, y)[:, :, :, self.inv_mul(g)]

    def _check(self, g: int, x: np.ndarray) -> None:
        check_square(x.shape)
        if g not in range(self.order):
            raise ValueError(
                f"The elements of {self.name} are 0 to {self.order - 1}, "
                f"but got {g!r}. Reduce turns modulo 4."
            )


def Cyclic4() -> SquareGroup:  # noqa: N802 - named as the group is
    """Return the four quarter turns."""
    return SquareGroup("p4")


def Dihedral4() -> SquareGroup:  # noqa: N802 - named as the group is
    """Return the eight symmetries of the square."""
    return SquareGroup("p4m")


def check_square(shape: tuple) -> None:
    """Raise a ValueError unless axes 1 and 2 are equal and known."""
    if len(shape) < 3 or shape[1] is None or shape[1] != shape[2]:
        raise ValueError(
            "A quarter turn needs square pictures of known side, (batch, "
            f"side, side, ...), but got shape {tuple(shape)}. Crop or pad "
            "to a square."
        )


def check_count(name: str, value: int, least: int = 1) -> None:
    """Raise a ValueError unless `value` is a whole number from `least`."""
    if not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(
            f"{name} must be a whole number of at least {least}, but got "
            f"{name}={value!r}."
        )


def is_exact_size(side: int, kernel_size: int, stride: int) -> bool:
    """Tell whether a strided window stays exactly equivariant to turns.

    The windows of a "valid" layer must reach both borders of the picture,
    so that a turn maps the visited positions to visited positions:
    ``(side - kernel_size) % stride == 0``. Sampling is ``kernel_size=1``.

    Raises
    ------
    ValueError
        If a number is below 1 or the kernel does not fit.
    """
    if min(side, kernel_size, stride) < 1 or kernel_size > side:
        raise ValueError(
            "is_exact_size needs 1 <= kernel_size <= side and stride >= 1, "
            f"but got side={side}, kernel_size={kernel_size}, "
            f"stride={stride}. Pad the picture, or take a smaller kernel."
        )
    return (side - kernel_size) % stride == 0


def equivariance_error(
    f: Callable,
    act_in: Callable,
    act_out: Callable,
    x: np.ndarray,
    elements: Iterable,
) -> float:
    """Return max |f(g x) - g f(x)| / max |f(x)| over group elements.

    Parameters
    ----------
    f : callable
        The map, from an array to an array or tensor.
    act_in, act_out : callable
        ``act(g, array)``, the action before and after `f`.
    x : ndarray
        Input.
    elements : iterable
        Group elements to try.

    Raises
    ------
    ValueError
        If f(x) is zero everywhere or not finite, so that no error could
        be relative to it.
    """
    y = ops.convert_to_numpy(f(x))
    scale = np.abs(y).max()
    if not np.isfinite(scale) or scale == 0:
        raise ValueError(
            "equivariance_error is relative to max |f(x)|, which is "
            f"{scale}. Take an input on which f is finite and not zero."
        )
    gaps = (
        np.abs(
            ops.convert_to_numpy(f(np.ascontiguousarray(act_in(g, x))))
            - act_out(g, y)
        ).max()
        for g in elements
    )
    return float(max(gaps) / scale)
