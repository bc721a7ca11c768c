"""Loops of a quotient by a finite group, by listing.

A loop of the quotient [M / G] is a path in M that closes up to an element of
G. For a finite set M every path stands still, so a loop is a pair (x, g) with
g x = x, and h takes it to (h x, h g h^-1).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product
from math import factorial, prod
from typing import Any, NamedTuple

import numpy as np

Permutation = tuple[int, ...]


class FiniteGroup:
    """A finite group, given by its elements and a rule to multiply them.

    Parameters
    ----------
    elements : sequence
        Hashable, each once.
    multiply : callable
        Takes two elements to their product.

    Raises
    ------
    ValueError
        If the products leave the elements, or break a law of groups.
    """

    def __init__(
        self, elements: Sequence[Hashable], multiply: Callable[[Any, Any], Any]
    ):
        self.elements = list(elements)
        number = {g: k for k, g in enumerate(self.elements)}
        try:
            table = np.array(
                [
                    [number[multiply(g, h)] for h in self.elements]
                    for g in self.elements
                ]
            )
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} is no element.") from None
        every = np.arange(len(self.elements))
        units = [k for k in every if (table[k] == every).all()]
        lawful = len(units) == 1 and all(
            (table[table[g]] == table[g][table]).all() for g in every
        )
        if not lawful or (np.sort(table, axis=1) != every).any():
            raise ValueError("These products do not form a group.")
        self.table, self.number = table, number
        self.unit = int(units[0])

    def __len__(self) -> int:
        return len(self.elements)

    def times(self, *factors: Hashable) -> Hashable:
        """Return a product of elements."""
        total = self.unit
        for g in factors:
            total = self.table[total, self.number[g]]
        return self.elements[total]

    def inverse_of(self, g: Hashable) -> Hashable:
        """Return the inverse of an element."""
        row = self.table[self.number[g]]
        return self.elements[int(np.flatnonzero(row == self.unit)[0])]

    def conjugate(self, g: Hashable, h: Hashable) -> Hashable:
        """Return h g h^-1."""
        return self.times(h, g, self.inverse_of(h))

    def centraliser(self, g: Hashable) -> list:
        """Return the elements that commute with g."""
        return [
            h for h in self.elements if self.times(g, h) == self.times(h, g)
        ]

    def commuting_pairs(self) -> int:
        """Return the number of pairs (g, h) with g h = h g."""
        return int((self.table == self.table.T).sum())

    def order_of(self, g: Hashable) -> int:
        """Return the least k > 0 with g^k = 1."""
        power, k = g, 1
        while self.number[power] != self.unit:
            power, k = self.times(power, g), k + 1
        return k


class Component(NamedTuple):
    """A connected component of a loop stack.

    Attributes
    ----------
    loop : tuple
        One loop (x, g) in it.
    loops : int
        How many pairs (x, g) lie in it.
    automorphisms : int
        How many elements of the group fix the loop.
    """

    loop: tuple
    loops: int
    automorphisms: int


def loop_components(
    group: FiniteGroup,
    points: Sequence[Hashable] = ((),),
    act: Callable[[Any, Any], Any] = lambda g, x: x,
) -> list[Component]:
    """Return the components of the loop stack of [points / group].

    Parameters
    ----------
    group : FiniteGroup
    points : sequence, optional
        A finite set; one point by default, which gives conjugacy classes.
    act : callable, optional
        Takes (g, x) to g x.

    Returns
    -------
    list of Component
        In the order in which their first loops are listed.
    """
    loops = [(x, g) for x in points for g in group.elements if act(g, x) == x]
    left, found = dict.fromkeys(loops), []
    while left:
        x, g = next(iter(left))
        orbit = {(act(h, x), group.conjugate(g, h)) for h in group.elements}
        found.append(Component((x, g), len(orbit), len(group) // len(orbit)))
        for loop in orbit:
            left.pop(loop)
    return found


# -- permutations -----------------------------------------------------------


def compose(p: Permutation, q: Permutation) -> Permutation:
    """Return "first q, then p"."""
    return tuple(p[k] for k in q)


def symmetric_group(n: int) -> FiniteGroup:
    """Return all permutations of n things."""
    return FiniteGroup(list(permutations(range(n))), compose)


def cycle_type(p: Permutation) -> tuple[int, ...]:
    """Return the lengths of the cycles, longest first."""
    left, lengths = set(range(len(p))), []
    while left:
        k, length = left.pop(), 1
        while p[k] in left:
            k = p[k]
            left.remove(k)
            length += 1
        lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


def partitions(n: int, largest: int | None = None) -> Iterator[tuple]:
    """Yield the ways to write n as a sum, largest part first."""
    if n == 0:
        yield ()
    for part in range(min(n, largest or n), 0, -1):
        for rest in partitions(n - part, part):
            yield (part, *rest)


def centraliser_order(lengths: Sequence[int], signs: int = 1) -> int:
    """Return how many elements commute with a permutation of a cycle type.

    With ``signs=2`` the permutation may also flip signs; then it is the
    factor of the cycles of one kind, those with an even, or those with an
    odd number of flips.
    """
    counts = Counter(lengths)
    return prod((signs * j) ** m * factorial(m) for j, m in counts.items())


def class_sizes(m: int, flips: bool = False) -> list[Fraction]:
    """Return 1 / |centraliser| for each class of S_m, or with sign flips.

    Their sum is 1. With flips the group has 2^m m! elements, and a class
    is a pair of partitions: cycles with an even and with an odd number of
    flips.
    """
    if not flips:
        return [Fraction(1, centraliser_order(c)) for c in partitions(m)]
    return [
        Fraction(1, centraliser_order(c, 2) * centraliser_order(d, 2))
        for k in range(m + 1)
        for c in partitions(k)
        for d in partitions(m - k)
    ]


# -- a group that acts up to isomorphism ------------------------------------


def cocycles(n: int, m: int) -> list[dict[tuple[int, int], int]]:
    """Return all weak actions of Z_n on [point / Z_m] by identities.

    Each element of Z_n acts as the identity. "First h, then g" and "gh" may
    differ by an element c(g, h) of Z_m. The unit acts strictly, and three
    elements must fit: c(g, h) + c(gh, k) = c(h, k) + c(g, hk).

    Returns
    -------
    list of dict
        (g, h) -> c(g, h), the zero one first.
    """
    pairs = list(product(range(n), repeat=2))
    free = [(g, h) for g, h in pairs if g and h]
    found = []
    for values in product(range(m), repeat=len(free)):
        c = dict.fromkeys(pairs, 0) | dict(zip(free, values, strict=True))
        if all(
            (c[g, h] + c[(g + h) % n, k] - c[h, k] - c[g, (h + k) % n]) % m
            == 0
            for g, h, k in product(range(n), repeat=3)
        ):
            found.append(c)
    return found


def weak_quotient(
    c: dict[tuple[int, int], int], n: int, m: int
) -> FiniteGroup:
    """Return the group E with [[point / Z_m] / Z_n] = [point / E].

    Its elements are pairs (s, g), and
    (s, g) (t, h) = (s + t + c(g, h), g + h).
    """
    return FiniteGroup(
        list(product(range(m), range(n))),
        lambda u, v: (
            (u[0] + v[0] + c[u[1], v[1]]) % m,
            (u[1] + v[1]) % n,
        ),
    )


def characters(group: FiniteGroup, n: int) -> int:
    """Return the number of homomorphisms to Z_n, by trying all functions."""
    table, count = group.table, 0
    for values in product(range(n), repeat=len(group)):
        f = np.array(values)
        count += bool(((f[table] - f[:, None] - f[None]) % n == 0).all())
    return count


def transfer(group: FiniteGroup, subgroup: Sequence[Hashable]) -> dict:
    """Return the transfer of an abelian subgroup: all preimages of a loop.

    A loop g of [point / group] lifts to the covering [point / subgroup] of
    degree k = |group| / |subgroup|, once from each of the k sheets. The
    lifts close up to loops, and their product is the transfer of g.

    Returns
    -------
    dict
        Element of the group -> element of the subgroup.

    Raises
    ------
    ValueError
        If the subgroup is not abelian, so that the order would matter.
    """
    inside = set(subgroup)
    if any(not inside <= set(group.centraliser(s)) for s in inside):
        raise ValueError("The transfer is defined here for abelian subgroups.")
    sheets: list = []
    for g in group.elements:
        rests = [group.times(group.inverse_of(t), g) for t in sheets]
        if inside.isdisjoint(rests):
            sheets.append(g)
    images = {}
    for g in group.elements:
        total = group.elements[group.unit]
        for t in sheets:
            moved = group.times(g, t)
            for s in sheets:  # the sheet on which the lift ends
                rest = group.times(group.inverse_of(s), moved)
                if rest in inside:
                    total = group.times(total, rest)
        images[g] = total
    return images
