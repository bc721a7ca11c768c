"""Open sets of a poset, its truth values, and how many there are."""

from collections.abc import Iterable, Iterator
from functools import cache

from topoi.topos.site import Poset

Open = frozenset


class Alexandrov:
    """The topology of down-sets on a finite poset.

    A set of points is open if with each point it holds all points below.
    In the poset of a network *below* means later in the flow of the data.

    Parameters
    ----------
    points : sequence
        Hashable names.
    le : iterable of pairs
        (u, v) for u <= v. Reflexive pairs may be left out; the relation
        must be transitive.

    Raises
    ------
    ValueError
        If the relation is not a partial order on the points.
    """

    def __init__(self, points, le: Iterable[tuple]):
        self.points = tuple(points)
        self._index = {p: i for i, p in enumerate(self.points)}
        n = len(self.points)
        self.down = [1 << i for i in range(n)]  # bitmask of {y : y <= x}
        self.up = [1 << i for i in range(n)]
        for u, v in le:
            if u not in self._index or v not in self._index:
                raise ValueError(f"({u!r}, {v!r}) names an unknown point.")
            self.down[self._index[v]] |= 1 << self._index[u]
            self.up[self._index[u]] |= 1 << self._index[v]
        self.all = (1 << n) - 1
        self._check()

    @classmethod
    def of(cls, poset: Poset) -> "Alexandrov":
        """Return the space of a network's poset.

        Raises
        ------
        ValueError
            If the category has parallel arrows and so is no poset.
        """
        if poset.parallel:
            u, v, n = poset.parallel[0]
            raise ValueError(
                f"there are {n} arrows from {u!r} to {v!r}: this category is "
                "no poset. Copy the tips (duplicate=True)."
            )
        return cls(poset.points, poset.le)

    def _check(self) -> None:
        for i, below in enumerate(self.down):
            for j in _bits(below):
                if self.down[j] & ~below:
                    raise ValueError(
                        f"not transitive at {self.points[j]!r} <= "
                        f"{self.points[i]!r}. Give the closure of the order."
                    )
                if i != j and self.down[j] >> i & 1:
                    raise ValueError(
                        f"{self.points[i]!r} and {self.points[j]!r} are "
                        "below each other: not an order."
                    )

    def mask(self, points: Iterable) -> int:
        """Return a set of points as a bitmask."""
        mask = 0
        for p in points:
            if p not in self._index:
                raise ValueError(
                    f"{p!r} is no point. The points are {self.points}."
                )
            mask |= 1 << self._index[p]
        return mask

    def as_set(self, mask: int) -> Open:
        """Return a bitmask as a frozenset of points."""
        return frozenset(self.points[i] for i in _bits(mask))

    def is_open(self, points: Iterable) -> bool:
        """Return whether a set of points is a down-set."""
        mask = self.mask(points)
        return self._interior(mask) == mask

    def _masks(self) -> list[int]:
        """List all opens: each point stays out, or joins what is below."""
        masks = {0}
        for i in sorted(range(len(self.points)), key=self._rank):
            below = self.down[i] & ~(1 << i)
            masks |= {m | 1 << i for m in masks if below & ~m == 0}
        return sorted(masks, key=lambda m: (m.bit_count(), m))

    def _rank(self, i: int) -> int:
        return self.down[i].bit_count()

    def opens(self) -> list[Open]:
        """List the open sets, small ones first; see `count_opens`."""
        return [self.as_set(m) for m in self._masks()]

    def count_opens(self) -> int:
        """Count the open sets without listing them.

        An open set either misses a point, and all above it, or holds it,
        and all below it. What is left is split into connected parts, whose
        counts multiply; parts that were met before are looked up.
        """
        return _count(tuple(self.up), tuple(self.down), self.all)

    def _interior(self, mask: int) -> int:
        return sum(1 << i for i in _bits(mask) if self.down[i] & ~mask == 0)

    def interior(self, points: Iterable) -> Open:
        """Return the largest open set inside a set of points."""
        return self.as_set(self._interior(self.mask(points)))

    def imp(self, u: Iterable, v: Iterable) -> Open:
        """Return U => V, the largest open W with W & U inside V."""
        outside = self.all & ~self.mask(u)
        return self.as_set(self._interior(outside | self.mask(v)))

    def neg(self, u: Iterable) -> Open:
        """Return not U, the largest open set that misses U."""
        return self.imp(u, ())

    def below(self, x) -> Open:
        """Return all points y <= x."""
        return self.as_set(self.down[self._index[x]])

    def omega(self, x) -> list[Open]:
        """List the truth values at x: the open sets inside `below(x)`."""
        mask = self.down[self._index[x]]
        part = [self.points[i] for i in _bits(mask)]
        pairs = [
            (self.points[j], p)
            for p in part
            for j in _bits(self.down[self._index[p]])
        ]
        return Alexandrov(part, pairs).opens()


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _count(up: tuple[int, ...], down: tuple[int, ...], every: int) -> int:
    def component(part: int) -> int:
        reached = edge = part & -part
        while edge:
            near = 0
            for i in _bits(edge):
                near |= up[i] | down[i]
            edge = near & part & ~reached
            reached |= edge
        return reached

    @cache
    def connected(part: int) -> int:
        def weight(i):
            return ((up[i] | down[i]) & part).bit_count()

        x = max(_bits(part), key=weight)
        return count(part & ~up[x]) + count(part & ~down[x])

    def count(part: int) -> int:
        total = 1
        while part:
            piece = component(part)
            total *= connected(piece)
            part &= ~piece
        return total

    return count(every)


def small_posets(size: int) -> list[Alexandrov]:
    """List the partial orders on `size` points, each shape at least once.

    Only orders in which i <= j implies that number i comes first, which is
    no loss: every finite order can be numbered that way.
    """
    pairs = [(i, j) for j in range(size) for i in range(j)]
    found = []
    for chosen in range(1 << len(pairs)):
        le = {pairs[k] for k in _bits(chosen)}
        closed = all((i, k) in le for i, j in le for j2, k in le if j == j2)
        if closed:
            found.append(Alexandrov(range(size), le))
    return found
