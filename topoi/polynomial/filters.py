"""Linear convolutional networks: filters as polynomials, and their descent."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from typing import NamedTuple

import numpy as np
import sympy

X = sympy.Symbol("x")
Filters = Sequence[np.ndarray]


def spread(w: np.ndarray, gap: int) -> np.ndarray:
    """Return a filter with gap - 1 zeros between its entries."""
    w = np.asarray(w)
    wide = np.zeros((len(w) - 1) * gap + 1, w.dtype)
    wide[::gap] = w
    return wide


def lcn_compose(
    filters: Filters, strides: Sequence[int] | None = None
) -> np.ndarray:
    """Return the filter of the whole network.

    Parameters
    ----------
    filters : sequence of L arrays, shape (k_l,)
    strides : sequence of L integers, optional
        The last one has no influence on the filter. All 1 by default.

    Returns
    -------
    array, shape (k,)
        Coefficients of the product of the polynomials ``p_l(x^(S_l))``, where
        S_l is the product of the strides before layer l.
    """
    strides = [1] * len(filters) if strides is None else strides
    gaps = [prod(strides[:layer]) for layer in range(len(filters))]
    wide = [spread(w, gap) for w, gap in zip(filters, gaps, strict=True)]
    return reduce(np.convolve, wide)


def lcn_apply(
    x: np.ndarray, filters: Filters, strides: Sequence[int]
) -> np.ndarray:
    """Return what the layers do to a signal, one after the other."""
    for w, stride in zip(filters, strides, strict=True):
        x = np.correlate(x, w, "valid")[::stride]
    return x


def others(filters: Filters, *without: int) -> np.ndarray:
    """Return the product of all filters but some."""
    kept = [w for i, w in enumerate(filters) if i not in without]
    return reduce(np.convolve, kept, np.ones(1, np.asarray(filters[0]).dtype))


def lcn_jacobian(
    filters: Filters, strides: Sequence[int] | None = None
) -> np.ndarray:
    """Return the derivative of the product by all entries, (k, sum k_l)."""
    columns = []
    for layer, w in enumerate(filters):
        for unit in np.eye(len(w), dtype=np.asarray(w).dtype):
            changed = [*filters[:layer], unit, *filters[layer + 1 :]]
            columns.append(lcn_compose(changed, strides))
    return np.stack(columns, axis=1)


def lcn_gradient(filters: Filters, target: np.ndarray) -> list[np.ndarray]:
    """Return the gradient of ``|product - target|^2 / 2`` by each filter."""
    error = lcn_compose(filters) - target
    return [
        np.correlate(error, others(filters, layer), "valid")
        for layer in range(len(filters))
    ]


def lcn_hessian(filters: Filters, target: np.ndarray) -> np.ndarray:
    """Return the second derivative of ``|product - target|^2 / 2``."""
    jacobian = lcn_jacobian(filters)
    error = lcn_compose(filters) - target
    kind = np.result_type(jacobian, error)
    hessian = (jacobian.T @ jacobian).astype(kind)
    starts = np.cumsum([0, *map(len, filters)])
    for i in range(len(filters)):
        for j in range(i):
            both = np.correlate(error, others(filters, i, j), "valid")
            a, b = np.arange(len(filters[i])), np.arange(len(filters[j]))
            block = both[a[:, None] + b]  # (k_i, k_j)
            rows = slice(starts[i], starts[i + 1])
            columns = slice(starts[j], starts[j + 1])
            hessian[rows, columns] += block
            hessian[columns, rows] += block.T
    return hessian


# -- roots ------------------------------------------------------------------


def rational(w: Sequence) -> list[sympy.Rational]:
    """Return the entries as exact fractions, floats by their binary value."""
    if all(isinstance(v, sympy.Rational) for v in w):
        return list(w)
    numbers = [Fraction(v) for v in np.asarray(w).tolist()]
    return [sympy.Rational(v.numerator, v.denominator) for v in numbers]


def real_root_count(w: Sequence) -> int:
    """Return the number of real roots of a filter, counted exactly.

    Leading zeros are roots at infinity and count; multiple roots count as
    often as they occur.

    Raises
    ------
    ValueError
        If all entries are 0, because then every number is a root.
    """
    entries = rational(w)
    if not any(entries):
        raise ValueError("The zero filter has infinitely many roots.")
    infinite = next(i for i, v in enumerate(entries) if v)
    poly = sympy.Poly(entries, X)
    parts = poly.sqf_list()[1]
    return infinite + int(sum(p.count_roots() * n for p, n in parts))


def even_sizes(sizes: Sequence[int]) -> int:
    """Return how many filters have an even size, hence an odd degree."""
    return sum(size % 2 == 0 for size in sizes)


def lcn_contains(w: Sequence, sizes: Sequence[int]) -> bool:
    """Tell whether filters of these sizes can be found with product w.

    Raises
    ------
    ValueError
        If w has not the size of such a product.
    """
    _check_sizes(w, sizes)
    if not any(rational(w)):
        return True
    return real_root_count(w) >= even_sizes(sizes)


def lcn_factor(w: Sequence, sizes: Sequence[int]) -> list[np.ndarray]:
    """Return filters of these sizes with product w, up to rounding.

    Raises
    ------
    ValueError
        If there are none, or if w is zero or has the wrong size.
    """
    if not lcn_contains(w, sizes):
        raise ValueError(
            f"{list(w)} has {real_root_count(w)} real roots, and filters of "
            f"the sizes {tuple(sizes)} need {even_sizes(sizes)}."
        )
    lines, quadratics = _real_factors(w)
    filters = []
    for size in sizes:
        degree, parts = size - 1, []
        if degree % 2:
            parts.append(lines.pop())
        filters.append([parts, degree // 2])
    quadratics += [
        np.convolve(lines[i], lines[i + 1]) for i in range(0, len(lines), 2)
    ]
    found = []
    for parts, count in filters:
        parts += [quadratics.pop() for _ in range(count)]
        found.append(reduce(np.convolve, parts, np.ones(1)))
    entries = np.asarray(w, float)
    product = lcn_compose(found)
    found[0] = found[0] * (entries @ product) / (product @ product)
    return found


def _real_factors(w: Sequence) -> tuple[list, list]:
    """Return linear factors for real roots, quadratic ones for pairs."""
    entries = np.asarray(w, float)
    infinite = int(np.flatnonzero(entries)[0])
    real = real_root_count(w) - infinite
    roots = sorted(np.roots(entries), key=lambda r: abs(r.imag))
    lines = [np.array([0.0, 1.0])] * infinite
    lines += [np.array([1.0, -r.real]) for r in roots[:real]]
    upper = [r for r in roots[real:] if r.imag > 0]
    pairs = [np.array([1.0, -2 * r.real, abs(r) ** 2]) for r in upper]
    return lines, pairs


def _check_sizes(w: Sequence, sizes: Sequence[int]) -> None:
    due = 1 + sum(size - 1 for size in sizes)
    if min(sizes, default=0) < 1 or len(w) != due:
        raise ValueError(
            f"Filters of the sizes {tuple(sizes)} have a product of size "
            f"{due}, got {len(w)} entries."
        )


def shared_degree(filters: Filters) -> int:
    """Return the degree of the gcd of the products of all filters but one.

    This is how many roots, complex ones and those at infinity included, keep
    the derivative of the product from being onto. Exact.
    """
    rests = [rational(others(filters, i)) for i in range(len(filters))]
    if not all(any(rest) for rest in rests):
        raise ValueError("A zero filter has no degree: leave it out.")
    infinite = min(next(i for i, v in enumerate(r) if v) for r in rests)
    common = reduce(sympy.gcd, [sympy.Poly(r, X) for r in rests])
    return infinite + common.degree()


# -- descent ----------------------------------------------------------------


class FilterPath(NamedTuple):
    """The path of gradient descent."""

    filters: list[list[np.ndarray]]  # one list of filters per kept step
    losses: np.ndarray  # (kept,)

    @property
    def products(self) -> np.ndarray:
        """Return the filters of the whole network, (kept, k)."""
        return np.array([lcn_compose(filters) for filters in self.filters])

    @property
    def balance(self) -> np.ndarray:
        """Return ``|w_l|^2 - |w_1|^2`` along the path, (kept, L - 1)."""
        squares = [[w @ w for w in filters] for filters in self.filters]
        squares = np.array(squares)
        return squares[:, 1:] - squares[:, :1]


def lcn_flow(
    target: Sequence,
    filters: Filters,
    learning_rate: float = 0.01,
    steps: int = 5000,
    keep: int = 50,
) -> FilterPath:
    """Follow gradient descent on ``|product - target|^2 / 2``.

    Parameters
    ----------
    target : sequence of k numbers
    filters : sequence of L arrays
        Where to start.
    learning_rate : float
    steps : int
    keep : int
        Store the first of every `keep` steps, and the last.

    Raises
    ------
    FloatingPointError
        If the weights stop being finite: the learning rate is too large.
    ValueError
        If nothing would be trained, or if the sizes do not fit.
    """
    _check_sizes(target, [len(w) for w in filters])
    if learning_rate <= 0 or steps < 1 or keep < 1:
        raise ValueError(
            "learning_rate, steps and keep must be positive, got "
            f"{learning_rate}, {steps} and {keep}."
        )
    target = np.asarray(target, float)
    filters = [np.array(w, float) for w in filters]
    path = [filters]
    for step in range(1, steps + 1):
        gradients = lcn_gradient(filters, target)
        filters = [
            w - learning_rate * g
            for w, g in zip(filters, gradients, strict=True)
        ]
        if step % keep == 0 or step == steps:
            if not all(np.isfinite(w).all() for w in filters):
                raise FloatingPointError(
                    f"FilterPath left the finite numbers before step {step}; "
                    f"take a learning rate below {learning_rate}."
                )
            path.append(filters)
    errors = np.array([lcn_compose(w) - target for w in path])
    return FilterPath(path, (errors**2).sum(1) / 2)


def alignment(v: np.ndarray, w: np.ndarray) -> float:
    """Return |cos| of the angle between two filters of one size."""
    return float(abs(v @ w) / np.sqrt((v @ v) * (w @ w)))
