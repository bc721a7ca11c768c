"""Induced representations of finite groups, and maps that commute.

A group is any object with ``order``, ``product(a, b)`` and ``inverse(a)``;
a representation is an array (order, d, d) of matrices, indexed by elements.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from topoi.equivariant.groups import SquareGroup, check_count


@dataclass(frozen=True)
class TorusGroup:
    """Translations of a periodic grid, with turns about its origin.

    Element ``(row * side + column) * n + k`` applies k, one of the n
    elements of the group of the square, and then the translation.

    Parameters
    ----------
    side : int
        Of the grid.
    square : SquareGroup
        Turns, or turns and mirrors.

    Raises
    ------
    ValueError
        If `side` is not positive.
    """

    side: int
    square: SquareGroup

    def __post_init__(self):
        check_count("side", self.side)

    @property
    def order(self) -> int:
        """Number of elements."""
        return self.side**2 * self.square.order

    @property
    def stabiliser(self) -> list[int]:
        """The elements that fix the origin."""
        return list(range(self.square.order))

    def product(self, a: int, b: int) -> int:
        """Return the element that applies `b` first and then `a`."""
        shift_a, k_a = divmod(a, self.square.order)
        shift_b, k_b = divmod(b, self.square.order)
        row_b, column_b = divmod(shift_b, self.side)
        f, s = divmod(k_a, 4)
        row, column = row_b, -column_b if f else column_b
        for _ in range(s):
            row, column = -column, row
        row_a, column_a = divmod(shift_a, self.side)
        row, column = (
            (row + row_a) % self.side,
            (column + column_a) % self.side,
        )
        place = row * self.side + column
        return place * self.square.order + self.square.product(k_a, k_b)

    def inverse(self, a: int) -> int:
        """Return the element that undoes `a`."""
        k = self.square.inverse(a % self.square.order)
        back = self.product(k, a - a % self.square.order)
        shift = back // self.square.order
        row, column = (-part % self.side for part in divmod(shift, self.side))
        return (row * self.side + column) * self.square.order + k


def induced_representation(
    group: object, subgroup: Sequence[int], rho: Callable
) -> np.ndarray:
    """Return the representation induced from a subgroup.

    Parameters
    ----------
    group : object
        With `order`, `product` and `inverse`.
    subgroup : sequence of int
        Its elements.
    rho : callable
        ``rho(k)``, a matrix (d, d) for k in the subgroup.

    Returns
    -------
    ndarray of float64, shape (order, q d, q d)
        q is the index of the subgroup: one block a coset. Where g r_i =
        r_j k for representatives r, block (j, i) of g is rho(k).

    Raises
    ------
    ValueError
        If the elements do not form a subgroup.
    """
    members = set(subgroup)
    products = {group.product(a, b) for a in members for b in members}
    if not members or products != members:
        raise ValueError(
            "induced_representation needs a subgroup, closed under products, "
            f"but got {sorted(members)}. Add the products that are missing."
        )
    coset, representatives = _cosets(group, subgroup)
    d = len(rho(subgroup[0]))
    q = len(representatives)
    # (element g, coset j, row of rho, coset i, column of rho)
    matrices = np.zeros((group.order, q, d, q, d))
    for g in range(group.order):
        for i, r in enumerate(representatives):
            moved = group.product(g, r)
            j = coset[moved]
            k = group.product(group.inverse(representatives[j]), moved)
            matrices[g, j, :, i] = rho(k)
    # a coset and a place in rho together number the rows: (order, q d, q d)
    return matrices.reshape(group.order, q * d, q * d)


def _cosets(group: object, subgroup: Sequence[int]) -> tuple[dict, list[int]]:
    """Return the number of each element's coset, and representatives."""
    coset, representatives = {}, []
    for g in range(group.order):
        if g not in coset:
            members = (group.product(g, k) for k in subgroup)
            coset.update(dict.fromkeys(members, len(representatives)))
            representatives.append(g)
    return coset, representatives


def project_intertwiner(
    matrix: np.ndarray, rho_in: np.ndarray, rho_out: np.ndarray
) -> np.ndarray:
    """Return the nearest matrix X with X rho_in(g) = rho_out(g) X.

    Parameters
    ----------
    matrix : ndarray, shape (d_out, d_in)
        Any matrix.
    rho_in, rho_out : ndarray of shape (order, d, d)
        Orthogonal representations, d = d_in and d = d_out.

    Returns
    -------
    ndarray of float64, shape (d_out, d_in)
        The mean of rho_out(g) matrix rho_in(g)^-1 over the group.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    if matrix.shape != (rho_out.shape[1], rho_in.shape[1]):
        raise ValueError(
            f"project_intertwiner needs a matrix of shape "
            f"{(rho_out.shape[1], rho_in.shape[1])}, but got {matrix.shape}. "
            "Rows belong to the output."
        )
    # rho_out(g) (a, b), matrix (b, c), rho_in(g)^-1, the transpose of (d, c)
    mean = np.einsum("gab,bc,gdc->ad", rho_out, matrix, rho_in, optimize=True)
    return mean / len(rho_in)


def intertwiner_dimension(rho_in: np.ndarray, rho_out: np.ndarray) -> int:
    """Return the dimension of all X with X rho_in(g) = rho_out(g) X.

    The mean of the product of the two characters, which are real here;
    O(order) once the traces are known.
    """
    characters = [np.trace(rho, axis1=1, axis2=2) for rho in (rho_in, rho_out)]
    return round(float(np.mean(characters[0] * characters[1])))


def intertwiner_basis(rho_in: np.ndarray, rho_out: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the maps that commute with the group.

    Parameters
    ----------
    rho_in, rho_out : ndarray of shape (order, d, d)
        Orthogonal representations, d = d_in and d = d_out.

    Returns
    -------
    ndarray of float64, shape (dimension, d_out, d_in)

    Notes
    -----
    Eigenvectors of the projection onto commuting matrices for eigenvalue 1;
    O((d_in d_out)^3), meant for small groups.
    """
    d_in, d_out = rho_in.shape[1], rho_out.shape[1]
    # The projection sends X to the mean of rho_out(g) X rho_in(g)^T: entry
    # (b, d) of X goes to entry (a, c) with weight rho_out_ab rho_in_cd.
    projection = np.einsum("gab,gcd->acbd", rho_out, rho_in, optimize=True)
    # (a, c, b, d) -> (d_out d_in, d_out d_in): X as one long vector
    projection = projection.reshape(d_out * d_in, -1) / len(rho_in)
    values, vectors = np.linalg.eigh((projection + projection.T) / 2)
    # columns -> (dimension, d_out d_in) -> (dimension, d_out, d_in)
    return vectors[:, values > 0.5].T.reshape(-1, d_out, d_in)
