"""Semantic information: theories, conditioning, cocycles, contents.

The propositions are the open sets of a finite space, a Heyting algebra. A
theory T is itself an open set: the states that it still allows.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product
from typing import NamedTuple

from topoi.topos.alexandrov import Alexandrov, Open

PRIME = 2**61 - 1  # ranks are computed modulo this prime


def rank(rows: Iterable[Mapping[Hashable, int]], prime: int = PRIME) -> int:
    """Return the rank of integer rows, given as column -> entry.

    Modulo a prime the rank can only be smaller than over the rationals.
    """
    pivots: dict = {}
    for given in rows:
        row = {c: v % prime for c, v in given.items() if v % prime}
        while row:
            c = min(row, key=hash)
            if c not in pivots:
                scale = pow(row[c], -1, prime)
                pivots[c] = {k: v * scale % prime for k, v in row.items()}
                break
            factor = row[c]
            for k, v in pivots[c].items():
                value = (row.get(k, 0) - factor * v) % prime
                row.pop(k, None)
                if value:
                    row[k] = value
    return len(pivots)


def _row(*terms: tuple[Hashable, int]) -> dict:
    row: dict = {}
    for column, sign in terms:
        row[column] = row.get(column, 0) + sign
    return row


class Cohomology(NamedTuple):
    """Dimensions over the rationals: cocycles, coboundaries, invariants."""

    z1: int
    b1: int
    h0: int

    @property
    def h1(self) -> int:
        """Cocycles that are no coboundaries."""
        return self.z1 - self.b1


def cocycle_space(space: Alexandrov, p: Open) -> Cohomology:
    """Return the dimensions of the semantic cohomology at a proposition.

    Theories are the T with T & P empty, propositions the Q >= P; Q acts on
    a theory by conditioning, T -> (Q => T). A cochain gives a number
    phi(Q, T) to each pair; it is a cocycle if
    phi(Q & R, S) = phi(Q, S) + phi(R, Q => S) (BB, equation 3.33).
    """
    opens = space.opens()
    theories = [t for t in opens if not t & p]
    given = [q for q in opens if q >= p]
    number = {t: k for k, t in enumerate(theories)}
    index = {q: k for k, q in enumerate(given)}
    after = {(q, t): space.imp(q, t) for q in given for t in theories}

    def column(q, t):
        return index[q] * len(theories) + number[t]

    cocycles = (
        _row(
            (column(q & r, s), 1),
            (column(q, s), -1),
            (column(r, after[q, s]), -1),
        )
        for q in given
        for r in given
        for s in theories
    )
    moved = (
        _row((number[after[q, t]], 1), (number[t], -1))
        for q in given
        for t in theories
    )
    b1 = rank(moved)
    z1 = len(given) * len(theories) - rank(cocycles)
    return Cohomology(z1, b1, len(theories) - b1)


class Witness(NamedTuple):
    """A least value, and the open sets at which it is taken."""

    value: float | Fraction | int
    at: tuple[Open, ...]


def concavity_defect(
    space: Alexandrov, psi: Callable[[Open], float | Fraction]
) -> Witness:
    """Return the least value of the concavity expression, with a witness.

    psi(Q => T) - psi(T) - psi(Q => T') + psi(T') over all Q and T <= T'.
    BB's proposition D.1 says that it is never negative for the functions
    psi there.

    Returns
    -------
    Witness
        The value and (Q, T, T').
    """
    opens = space.opens()
    psi_of = {t: psi(t) for t in opens}
    best = None
    for q in opens:
        gain = {t: psi_of[space.imp(q, t)] - psi_of[t] for t in opens}
        for t in opens:
            for larger in opens:
                if t <= larger:
                    value = gain[t] - gain[larger]
                    if best is None or value < best.value:
                        best = Witness(value, (q, t, larger))
    return best


def mutual_information(
    space: Alexandrov, psi: Callable[[Open], float | Fraction]
) -> Witness:
    """Return the least mutual information of two propositions.

    I(Q; R)(T) = psi(Q => T) + psi(R => T) - psi(Q & R => T) - psi(T).

    Returns
    -------
    Witness
        The value and (Q, R, T).
    """
    opens = space.opens()
    psi_of = {t: psi(t) for t in opens}
    after = {(q, t): psi_of[space.imp(q, t)] for q in opens for t in opens}
    return min(
        (
            Witness(
                after[q, t] + after[r, t] - after[q & r, t] - psi_of[t],
                (q, r, t),
            )
            for q in opens
            for r in opens
            for t in opens
        ),
        key=lambda witness: witness.value,
    )


def halving(t: Open) -> Fraction:
    """Return -2^(-|T|): a precision for which all information is >= 0."""
    return -Fraction(1, 2 ** len(t))


def is_boolean(space: Alexandrov) -> bool:
    """Return whether U or not U is everything, for every open U."""
    every = frozenset(space.points)
    return all(u | space.neg(u) == every for u in space.opens())


# -- Carnap and Bar-Hillel ---------------------------------------------------

KINDS = ("my", "mo", "fy", "fo")  # male or female, young or old
STATES = tuple(product(KINDS, repeat=3))  # of the persons a, b, c


def holds(person: str, letter: str) -> Open:
    """Return the states in which a person has an attribute.

    `person` is "a", "b" or "c"; `letter` "m", "f", "y" or "o".
    """
    k = "abc".index(person)
    return frozenset(s for s in STATES if letter in s[k])


def content(t: Open, states: Sequence = STATES) -> int:
    """Return the number of states that a theory excludes."""
    return len(states) - len(t)


def uniform(t: Open) -> Fraction:
    """Return the measure that gives every state the same weight."""
    return Fraction(len(t), len(STATES))


def structure(state: tuple[str, ...]) -> tuple[str, ...]:
    """Return a state without the names of the persons."""
    return tuple(sorted(state))


def structural(t: Open) -> Fraction:
    """Return the measure that gives every *structure* the same weight.

    A structure tells how many persons are of each kind; its weight is
    shared equally by the states that have it.
    """
    sizes: dict = {}
    for s in STATES:
        sizes[structure(s)] = sizes.get(structure(s), 0) + 1
    return sum(
        (Fraction(1, len(sizes) * sizes[structure(s)]) for s in t),
        Fraction(0),
    )


def cont(t: Open, measure: Callable = uniform) -> Fraction:
    """Return the content 1 - m(T) of Carnap and Bar-Hillel."""
    return 1 - measure(t)


def inf_(t: Open, measure: Callable = uniform) -> float:
    """Return the amount of information -log2 m(T), in bits."""
    m = measure(t)
    if m == 0:
        raise ValueError(
            "a theory that allows no state has infinite information: m(T) "
            "must be positive."
        )
    return -math.log2(m)


def symmetries(square: bool = True) -> list[dict]:
    """Return the symmetries of the language, as maps state -> state.

    The persons may change names; with `square` the attributes may too: the
    eight symmetries of the square of kinds, the same for all persons.
    """
    kinds = [dict(zip(KINDS, KINDS, strict=True))]
    if square:
        kinds = [dict(zip(KINDS, image, strict=True)) for image in _square()]
    return [
        {s: tuple(kind[s[k]] for k in order) for s in STATES}
        for kind in kinds
        for order in permutations(range(3))
    ]


def _square() -> list[tuple[str, ...]]:
    """Permutations of the kinds that keep neighbours neighbours."""

    def apart(a, b):
        return sum(p != q for p, q in zip(a, b, strict=True))

    return [
        image
        for image in permutations(KINDS)
        if all(
            apart(KINDS[i], KINDS[j]) == apart(image[i], image[j])
            for i, j in product(range(4), repeat=2)
        )
    ]


def orbits(group: Sequence[Mapping]) -> list[frozenset]:
    """Return the orbits of a list of maps that is closed as a group."""
    found = {frozenset(g[s] for g in group) for s in group[0]}
    return sorted(found, key=lambda o: (len(o), sorted(o)))
