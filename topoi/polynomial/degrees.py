"""Which degree has a black box? Finite differences and SymPy answer."""

from collections.abc import Callable

import numpy as np
import sympy


def polynomial_degree(
    f: Callable,
    size: int,
    max_degree: int = 8,
    rng: np.random.Generator | None = None,
    exact: bool = False,
    tolerance: float = 1e-6,
    lines: int = 3,
) -> int | None:
    """Return the degree of a function along random lines, or None.

    Parameters
    ----------
    f : callable
        Maps an array (points, size) to one (points,) or (points, outputs).
    size : int
        Number of inputs.
    max_degree : int
        The largest degree that is looked for.
    rng : numpy.random.Generator, optional
        Draws the lines; seeded with 0 by default.
    exact : bool
        Draw lines with integer points, as Python integers; then a difference
        has to be 0. Otherwise it has to be below `tolerance`, relative to
        the largest value.
    lines : int
        Number of lines. The largest degree found counts.

    Returns
    -------
    int or None
        None where differences of order `max_degree` + 1 are left: no
        polynomial of a degree up to `max_degree`.

    Notes
    -----
    A polynomial of degree N in z is one of degree at most N in t on the line
    ``z0 + t v``, and of degree N on almost all lines. There its differences of
    order N + 1 vanish, and those of order N do not.
    """
    if max_degree < 0 or lines < 1:
        raise ValueError(
            "polynomial_degree needs max_degree >= 0 and lines >= 1, got "
            f"{max_degree} and {lines}."
        )
    rng = np.random.default_rng(0) if rng is None else rng
    found = []
    for _ in range(lines):
        values = np.asarray(f(_line(size, max_degree + 3, rng, exact)))
        found.append(_degree_of_values(values, max_degree, exact, tolerance))
    return None if None in found else max(found)


def _line(size, count, rng, exact):
    """Return points on a random line, (count, size)."""
    if exact:
        start, way = rng.integers(-3, 4, (2, size)).astype(object)
        times = np.arange(count).astype(object)
    else:
        start, way = rng.normal(size=(2, size)) / np.sqrt(size)
        times = np.linspace(-1.5, 1.5, count)
    return start + times[:, None] * way


def _degree_of_values(values, max_degree, exact, tolerance):
    """Return the degree of one row of equally spaced values, or None."""
    small = 0 if exact else tolerance * np.abs(values).max()
    degree = -1
    for order in range(max_degree + 2):
        if (np.abs(values) > small).any():
            degree = order
        values = values[1:] - values[:-1]
    return None if degree > max_degree else max(degree, 0)


def expand(f: Callable, size: int) -> list[sympy.Poly]:
    """Return the outputs of a function as polynomials in z1, z2, ...

    The function gets one object array of symbols, shape (size,), and must
    use nothing but arithmetic.
    """
    symbols = sympy.symbols(f"z1:{size + 1}")
    outputs = np.atleast_1d(f(np.array(symbols, object)))
    return [sympy.Poly(sympy.expand(y), *symbols) for y in outputs]


def integer_weights(
    rng: np.random.Generator, *shape: int, largest: int = 3
) -> np.ndarray:
    """Return Python integers from 1 to `largest`, with random signs."""
    size = rng.integers(1, largest + 1, shape)
    return (size * rng.choice([-1, 1], shape)).astype(object)
