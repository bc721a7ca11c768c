"""Curves on a surface with boundary: crossings and the Goldman bracket.

The surface is a disc with bands: one vertex, and a loop through each band.
Its *surface word* lists the ends of the bands counter-clockwise around the
vertex, 'abAB' for the torus with one hole: the loop a leaves at 'a' and comes
back at 'A'. With at least one hole, every such surface arises in this way.
"""

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from topoi.string_topology.words import (
    canon,
    cyc_reduce,
    inverse,
    root_power,
    without_zeros,
)

CASES = ("transverse", "parallel", "antiparallel")
SURFACES = {
    "torus with one hole": "abAB",
    "pair of pants": "aAbB",
    "genus two with one hole": "abABcdCD",
    "torus with two holes": "abABcC",
}


class Crossing(NamedTuple):
    """A crossing of two curves, at the first vertex that they share.

    Attributes
    ----------
    i, j : int
        The curves stand at letter `i` of x and letter `j` of y.
    sign : int
        +1 if y crosses from the right of x to its left, else -1.
    case : str
        One of `CASES`.
    """

    i: int
    j: int
    sign: int
    case: str


class Surface:
    """A surface with boundary, given by its surface word.

    Parameters
    ----------
    word : str
        Each letter once in lower and once in upper case, in the
        counter-clockwise order of the ends of the bands.

    Raises
    ------
    ValueError
        If a letter is missing or stands twice.
    """

    def __init__(self, word: str):
        lower = sorted(c for c in word if c.islower())
        upper = sorted(c.lower() for c in word if c.isupper())
        if not lower or lower != upper or len(set(word)) != len(word):
            raise ValueError(
                f"{word!r} is no surface word: each letter must stand once "
                "in lower and once in upper case, as in 'abAB'."
            )
        self.word = word
        self.place = {end: k for k, end in enumerate(word)}
        n = len(word)
        self._left = [
            [[(h - o) % n < (p - o) % n for h in range(n)] for o in range(n)]
            for p in range(n)
        ]

    def __repr__(self) -> str:
        return f"Surface({self.word!r})"

    @property
    def rank(self) -> int:
        """Number of bands, which is the number of generators."""
        return len(self.word) // 2

    @cached_property
    def boundaries(self) -> tuple[str, ...]:
        """The classes of the boundary curves, one direction each."""
        ends, found = set(self.word), []
        while ends:
            start = end = min(ends)
            curve = ""
            while True:
                curve += end
                ends.discard(end)
                k = self.place[end.swapcase()] + 1
                end = self.word[k % len(self.word)]
                if end == start:
                    break
            found.append(canon(curve))
        return tuple(sorted(found))

    @property
    def genus(self) -> int:
        """Number of handles, from the Euler characteristic 1 - rank."""
        return (1 + self.rank - len(self.boundaries)) // 2

    def left(self, p: str, o: str, h: str) -> bool:
        """Tell whether end h lies left of a path that comes in at p, out at o.

        Left means: counter-clockwise between `o` and `p`.
        """
        p, o, h = (self.place[end] for end in (p, o, h))
        return self._left[p][o][h]

    def reduced(self, word: str) -> str:
        """Return a word cyclically reduced, if its letters are bands here.

        Raises
        ------
        ValueError
            For a letter that the surface does not have.
        """
        strange = sorted(set(word) - set(self.word))
        if strange:
            raise ValueError(
                f"{word!r} has the letter {strange[0]!r}, but the bands of "
                f"this surface are {''.join(sorted(self.word))}."
            )
        return cyc_reduce(word)

    def crossings(self, x: str, y: str) -> list[Crossing]:
        """Return the crossings of two curves pulled tight, with signs.

        Parameters
        ----------
        x, y : str
            Cyclically reduced words.

        Returns
        -------
        list of Crossing
            Each crossing once, at the first vertex of the segment that both
            curves share, as x runs through it.

        Raises
        ------
        ValueError
            If a word is not cyclically reduced.

        Notes
        -----
        Time O(len(x) len(y)): a shared segment is walked along only from
        its first vertex, so that no pair (i, j) is looked at twice.
        """
        for word in (x, y):
            if self.reduced(word) != word:
                raise ValueError(
                    f"{word!r} is not cyclically reduced: call cyc_reduce."
                )
        x_in, x_out = self.ends(x)
        y_in, y_out = self.ends(y)
        found = []
        for i, (p, o) in enumerate(zip(x_in, x_out, strict=True)):
            for j, (q, r) in enumerate(zip(y_in, y_out, strict=True)):
                if p in (q, r):
                    continue  # they have met before this vertex
                left = self._left[p][o]
                if r == o:
                    case = "parallel"
                    a, b = shared(x_out, i, y_out, j, 1)
                    before = left[q]
                    after = self._left[x_in[a]][x_out[a]][y_out[b]]
                elif q == o:
                    case = "antiparallel"
                    a, b = shared(x_out, i, y_in, j, -1)
                    before = self._left[x_in[a]][x_out[a]][y_in[b]]
                    after = left[r]
                else:
                    case = "transverse"
                    before, after = left[q], left[r]
                if before != after:
                    found.append(Crossing(i, j, 1 if after else -1, case))
        return found

    def ends(self, word: str) -> tuple[list[int], list[int]]:
        """Return the places where a curve enters and leaves the vertex.

        Returns
        -------
        entering, leaving : list of int
            One entry for each letter; before letter i the curve comes in
            through the far end of letter i - 1.
        """
        leaving = [self.place[c] for c in word]
        back = [self.place[c.swapcase()] for c in word]
        return back[-1:] + back[:-1], leaving

    def term(self, x: str, y: str, at: Crossing) -> str:
        """Return the class of: once around x, then y, from a crossing."""
        return canon(x[at.i :] + x[: at.i] + y[at.j :] + y[: at.j])

    def bracket(
        self,
        x: str,
        y: str,
        keep: Callable[[Crossing], bool] | None = None,
        signed: bool = True,
    ) -> Counter:
        """Return the Goldman bracket of two free homotopy classes.

        Parameters
        ----------
        x, y : str
            Any words.
        keep : callable, optional
            Plants a mistake: only crossings for which it is true count.
        signed : bool
            False plants another one: every sign becomes +1.

        Returns
        -------
        Counter
            Class -> coefficient, without zeros.
        """
        x, y = self.reduced(x), self.reduced(y)
        total: Counter = Counter()
        for at in self.crossings(x, y):
            if keep is None or keep(at):
                total[self.term(x, y, at)] += at.sign if signed else 1
        return without_zeros(total)

    def undirected_bracket(self, x: str, y: str) -> Counter:
        """Return the bracket of two curves without directions.

        It is [x, y] + [x, y^-1], where a class and its inverse get one name,
        the smaller one.
        """
        total: Counter = Counter()
        for other in (y, inverse(y)):
            for word, count in self.bracket(x, other).items():
                total[min(word, canon(inverse(word)))] += count
        return without_zeros(total)

    def intersection(self, x: str, y: str) -> int:
        """Return the geometric intersection number i(x, y)."""
        return len(self.crossings(self.reduced(x), self.reduced(y)))

    def self_intersection(self, word: str) -> int:
        """Return the least number of double points of curves in a class.

        With w = r^k, r primitive, it is k^2 SI(r) + k - 1; SI(r) is half
        of the crossings of r with itself, for each double point is listed
        from either strand.
        """
        root, k = root_power(self.reduced(word))
        twice = len(self.crossings(root, root))
        return k * k * twice // 2 + k - 1

    def algebraic(self, x: str, y: str) -> int:
        """Return the algebraic intersection number, from letter counts.

        Two bands cross if their ends interleave in the surface word. No
        crossing of curves is looked at.
        """
        bands = sorted(c for c in self.word if c.islower())
        total = 0
        for g in bands:
            for h in bands:
                if g == h:
                    continue
                before = self.left(g.upper(), g, h.upper())
                after = self.left(g.upper(), g, h)
                sign = int(after) - int(before)
                x_g = x.count(g) - x.count(g.upper())
                y_h = y.count(h) - y.count(h.upper())
                total += x_g * y_h * sign
        return total

    def is_boundary(self, word: str) -> bool:
        """Tell whether a class is a power of a boundary curve."""
        root = canon(root_power(word)[0])
        return root in self.boundaries or canon(inverse(root)) in (
            self.boundaries
        )


def shared(
    x: list[int], i: int, y: list[int], j: int, step: int
) -> tuple[int, int]:
    """Return where two cyclic lists differ first, x forward from i.

    `step` is the direction in y, 1 or -1, from j.
    """
    m, n = len(x), len(y)
    while x[i] == y[j]:
        i, j = (i + 1) % m, (j + step) % n
    return i, j
