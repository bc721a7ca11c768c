"""Tropical polynomials with exact coefficients, and networks as quotients.

Max-plus arithmetic: the sum of two numbers is their maximum, the product is
their ordinary sum. A polynomial is then the maximum of affine forms
``c + a . x``, one a monomial.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

import numpy as np

from topoi.tropical.layers import fractions, read_layers

Exponent = tuple[int | Fraction, ...]
Number = int | float | Fraction


class TropicalPolynomial:
    """The maximum of finitely many affine forms, stored exactly.

    ``f + g`` is the tropical sum (maximum), ``f * g`` the tropical product
    (sum), ``f ** a`` the tropical power (a times f, for rational a >= 0).

    Parameters
    ----------
    variables : int
        Number d of variables.
    terms : mapping from exponent to coefficient
        Exponents are tuples of d integers or fractions; coefficients are
        integers, fractions or floats (taken at their exact value).

    Raises
    ------
    ValueError
        If there is no term, or an exponent has another length than d.
    """

    def __init__(self, variables: int, terms: Mapping[Exponent, Number]):
        if not terms:
            raise ValueError(
                "A tropical polynomial needs at least one monomial, but got "
                "none. The empty maximum would be minus infinity."
            )
        for exponent in terms:
            if len(exponent) != variables:
                raise ValueError(
                    f"Exponents need {variables} entries, one a variable, "
                    f"but got {exponent}."
                )
        self.variables = variables
        self.terms = {
            tuple(map(_whole, exponent)): Fraction(coefficient)
            for exponent, coefficient in terms.items()
        }

    def __repr__(self) -> str:
        forms = (_form(c, a) for a, c in sorted(self.terms.items()))
        return f"max({', '.join(forms)})"

    def __len__(self) -> int:
        """Return the number of stored monomials."""
        return len(self.terms)

    def __eq__(self, other: object) -> bool:
        """Compare stored monomials; see `same_function` for values."""
        if not isinstance(other, TropicalPolynomial):
            return NotImplemented
        same = self.variables == other.variables
        return same and self.terms == other.terms

    __hash__ = None

    def __call__(self, x: Sequence[Number]) -> Fraction:
        """Return the exact value at one point."""
        point = [Fraction(v) for v in x]
        return max(
            c + sum((a * v for a, v in zip(exponent, point, strict=True)))
            for exponent, c in self.terms.items()
        )

    def __add__(self, other: "TropicalPolynomial") -> "TropicalPolynomial":
        """Return the maximum; equal exponents keep the larger coefficient."""
        terms = dict(self.terms)
        for exponent, c in other.terms.items():
            terms[exponent] = max(c, terms.get(exponent, c))
        return TropicalPolynomial(self.variables, terms)

    def __mul__(self, other: "TropicalPolynomial") -> "TropicalPolynomial":
        """Return the sum of the functions: all pairs of monomials."""
        terms: dict[Exponent, Fraction] = {}
        for one, c in self.terms.items():
            for two, e in other.terms.items():
                exponent = tuple(a + b for a, b in zip(one, two, strict=True))
                terms[exponent] = max(c + e, terms.get(exponent, c + e))
        return TropicalPolynomial(self.variables, terms)

    def __pow__(self, power: Number) -> "TropicalPolynomial":
        """Return the function times `power`, without cross terms."""
        power = Fraction(power)
        if power < 0:
            raise ValueError(
                f"A tropical power needs an exponent >= 0, but got {power}: "
                "a negative multiple of a maximum is not a maximum."
            )
        if power == 0:
            return TropicalPolynomial(self.variables, {self._origin: 0})
        scaled = {
            tuple(power * a for a in exponent): power * c
            for exponent, c in self.terms.items()
        }
        return TropicalPolynomial(self.variables, scaled)

    @property
    def _origin(self) -> Exponent:
        return (0,) * self.variables

    def shift(self, constant: Number) -> "TropicalPolynomial":
        """Return the function plus a constant."""
        constant = Fraction(constant)
        terms = {a: c + constant for a, c in self.terms.items()}
        return TropicalPolynomial(self.variables, terms)

    def lifted(self) -> np.ndarray:
        """Return the points (exponent, coefficient), floats (n, d + 1)."""
        rows = [(*exponent, c) for exponent, c in self.terms.items()]
        return np.array(rows, float)

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return rounded values at many points (n, d), shape (n,)."""
        lifted = self.lifted()
        # (points, variables) @ (variables, terms) -> (points, terms)
        forms = np.asarray(points) @ lifted[:, :-1].T + lifted[:, -1]
        return forms.max(1)

    def prune(self) -> "TropicalPolynomial":
        """Return the same function without its idle monomials.

        A monomial is dropped only with a certificate in exact arithmetic:
        weights that write its exponent as a mean of other exponents, whose
        mean coefficient is at least as large. What stays are the vertices
        of the upper hull of the lifted points.
        """
        keys = list(self.terms)
        upper, facets = _upper_hull(self.lifted())
        kept = {keys[i]: self.terms[keys[i]] for i in upper}
        for i in sorted(set(range(len(keys))) - set(upper)):
            support = [
                keys[k] for k in _facet_around(self.lifted(), facets, i)
            ]
            if not _dominated(keys[i], self.terms, support):
                kept[keys[i]] = self.terms[keys[i]]
        return TropicalPolynomial(self.variables, kept)

    def same_function(self, other: "TropicalPolynomial") -> bool:
        """Return whether both have the same values everywhere."""
        return self.prune() == other.prune()

    def regions(self, polygon: Sequence) -> dict[Exponent, list]:
        """Return where each monomial wins inside a polygon (two variables).

        Returns
        -------
        dict from exponent to list of corners
            Exact convex polygons; monomials that win nowhere are left out.
        """
        self._need_plane()
        corners = [tuple(row) for row in fractions(np.asarray(polygon))]
        cells = {}
        for exponent, c in self.terms.items():
            cell = corners
            for other, e in self.terms.items():
                difference = [
                    a - b for a, b in zip(exponent, other, strict=True)
                ]
                cell = _clip(cell, difference, c - e)
            if len(cell) > 2:
                cells[exponent] = cell
        return cells

    def curve(self, polygon: Sequence) -> tuple[dict, dict]:
        """Return the tropical curve in a polygon and its dual (d = 2).

        Returns
        -------
        edges : dict from a pair of exponents to a segment
            The two end points where these monomials tie and win. The pair is
            an edge of the dual subdivision, perpendicular to the segment.
        corners : dict from point to list of exponents
            Vertices of the curve inside the polygon, with the monomials that
            tie there: the cells of the dual subdivision.
        """
        cells = self.regions(polygon)
        edges = {}
        for one, two in combinations(sorted(cells), 2):
            common = set(cells[one]) & set(cells[two])
            if len(common) == 2:
                edges[one, two] = tuple(sorted(common))
        corners: dict[tuple, list] = {}
        for exponent, cell in sorted(cells.items()):
            for point in cell:
                corners.setdefault(point, []).append(exponent)
        shared = {p: list(e) for p, e in corners.items() if len(e) > 2}
        return edges, shared

    def _need_plane(self) -> None:
        if self.variables != 2:
            raise ValueError(
                "Regions and curves are drawn in the plane: the polynomial "
                f"needs 2 variables, but it has {self.variables}."
            )


class TropicalRational(NamedTuple):
    """A difference of two tropical polynomials, numerator - denominator."""

    numerator: TropicalPolynomial
    denominator: TropicalPolynomial

    def __call__(self, x: Sequence[Number]) -> Fraction:
        """Return the exact value at one point."""
        return self.numerator(x) - self.denominator(x)


def network_to_tropical(
    layers: Sequence[tuple], prune: bool = True
) -> list[TropicalRational]:
    """Return each output of a ReLU network as an exact difference F - G.

    Parameters
    ----------
    layers : sequence of Layer or of pairs (weights, bias)
        As for `enumerate_regions`, with any number of inputs.
    prune : bool
        Drop idle monomials after each layer.

    Returns
    -------
    list of TropicalRational
        One an output. Exponents are integers when the weights are.

    Raises
    ------
    ValueError
        For layers that do not fit together or are not finite.

    Notes
    -----
    With weights A = A+ - A- the step is G' = A+ G + A- F,
    H = A+ F + A- G + b, and F' = max(H, G') behind a ReLU, because
    max(H - G', 0) = max(H, G') - G'. Monomials multiply with the width, so
    this is for small networks. Source: Zhang, Naitzat and Lim (2018).
    """
    network = read_layers(layers)
    variables = network[0].weights.shape[1]
    units = np.eye(variables, dtype=int).tolist()
    f = [TropicalPolynomial(variables, {tuple(u): 0}) for u in units]
    g = [TropicalPolynomial(variables, {(0,) * variables: 0})] * variables
    for layer in network:
        pairs = [
            tropical_unit(row, bias, f, g, layer.relu)
            for row, bias in zip(
                fractions(layer.weights), fractions(layer.bias), strict=True
            )
        ]
        if prune:
            pairs = [(one.prune(), two.prune()) for one, two in pairs]
        f, g = map(list, zip(*pairs, strict=True))
    return [TropicalRational(*pair) for pair in zip(f, g, strict=True)]


def tropical_unit(
    row: Sequence[Fraction],
    bias: Fraction,
    f: Sequence[TropicalPolynomial],
    g: Sequence[TropicalPolynomial],
    relu: bool,
) -> tuple[TropicalPolynomial, TropicalPolynomial]:
    """Return F and G of one unit, whose inputs are the f_i - g_i.

    Parameters
    ----------
    row, bias : fractions
        The unit computes ``row . (f - g) + bias``.
    f, g : sequences of TropicalPolynomial
    relu : bool
        Whether the larger of this and 0 is taken.
    """
    variables = f[0].variables
    one = TropicalPolynomial(variables, {(0,) * variables: 0})
    above, below = one, one
    for a, numerator, denominator in zip(row, f, g, strict=True):
        plus, minus = max(a, 0), max(-a, 0)
        above = above * numerator**plus * denominator**minus
        below = below * denominator**plus * numerator**minus
    above = above.shift(bias)
    return (above + below if relu else above), below


# -- helpers ----------------------------------------------------------------


def _whole(value: Number) -> int | Fraction:
    value = Fraction(value)
    return value.numerator if value.denominator == 1 else value


def _form(coefficient: Fraction, exponent: Exponent) -> str:
    names = (
        "xyz"
        if len(exponent) <= 3
        else [f"x{i}" for i in range(len(exponent))]
    )
    parts = [
        name if a == 1 else f"{a}{name}"
        for a, name in zip(exponent, names, strict=False)
        if a
    ]
    if coefficient or not parts:
        parts.insert(0, str(coefficient))
    return " + ".join(parts).replace("+ -", "- ")


def _upper_hull(lifted: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Return the vertices and the facets of the upper hull of some points.

    Facets come as (n, k) indices. A copy of all points far below makes the
    hull solid when the points lie in one hyperplane.
    """
    from scipy.spatial import ConvexHull

    exponents = lifted[:, :-1] - lifted[0, :-1]
    _, sizes, axes = np.linalg.svd(exponents, full_matrices=False)
    rank = int((sizes > 1e-9 * max(sizes.max(initial=0), 1)).sum())
    if rank == 0:
        best = int(lifted[:, -1].argmax())
        return [best], np.array([[best]])
    # (terms, variables) @ (variables, rank), beside the heights
    flat = np.column_stack([exponents @ axes[:rank].T, lifted[:, -1]])
    below = flat.copy()
    below[:, -1] = flat[:, -1].min() - np.ptp(flat, axis=0).sum() - 1
    hull = ConvexHull(np.concatenate([flat, below]))
    facets = hull.simplices[hull.equations[:, -2] > 1e-9]
    facets = facets[(facets < len(flat)).all(1)]
    return sorted(set(facets.ravel().tolist())), facets


def _facet_around(lifted: np.ndarray, facets: np.ndarray, i: int) -> list[int]:
    """Return the facet whose projection contains point i best."""
    best, found = -np.inf, []
    for facet in facets:
        # (corners, variables + 1) -> one column a corner
        rows = np.column_stack([lifted[facet, :-1], np.ones(len(facet))]).T
        wanted = np.append(lifted[i, :-1], 1)
        weights, *_ = np.linalg.lstsq(rows, wanted, rcond=None)
        error = np.abs(rows @ weights - wanted).max()
        if error < 1e-6 and weights.min() > best:
            best, found = weights.min(), facet.tolist()
    return found


def _dominated(exponent: Exponent, terms: Mapping, support: list) -> bool:
    """Certify exactly that a mean of other monomials is never below."""
    rows = [[*(Fraction(a) for a in key), Fraction(1)] for key in support]
    weights = _solve(rows, [*map(Fraction, exponent), Fraction(1)])
    if weights is None or min(weights) < 0:
        return False
    mean = sum(w * terms[k] for w, k in zip(weights, support, strict=True))
    return mean >= terms[exponent]


def _solve(columns: list, wanted: list) -> list | None:
    """Return exact weights w with sum w_k columns[k] = wanted, or None."""
    unknowns = len(columns)
    rows = [
        [column[r] for column in columns] + [wanted[r]]
        for r in range(len(wanted))
    ]
    done = 0
    for k in range(unknowns):
        pivot = next((r for r in range(done, len(rows)) if rows[r][k]), None)
        if pivot is None:
            return None
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][k] for value in rows[done]]
        for r in range(len(rows)):
            if r != done and rows[r][k]:
                factor = rows[r][k]
                rows[r] = [
                    v - factor * p
                    for v, p in zip(rows[r], rows[done], strict=True)
                ]
        done += 1
    if not unknowns or any(row[-1] for row in rows[done:]):
        return None
    return [rows[k][-1] for k in range(unknowns)]


def _clip(cell: list, slope: Iterable, constant: Fraction) -> list:
    """Return the part of a convex polygon where an affine form is >= 0."""
    a, b = slope
    value = [a * x + b * y + constant for x, y in cell]
    if all(v <= 0 for v in value) and any(v < 0 for v in value):
        return []
    clipped = []
    for i, v in enumerate(value):
        before = value[i - 1]
        if v * before < 0:
            (x0, y0), (x1, y1) = cell[i - 1], cell[i]
            t = before / (before - v)
            clipped.append((x0 + t * (x1 - x0), y0 + t * (y1 - y0)))
        if v >= 0:
            clipped.append(cell[i])
    return clipped
