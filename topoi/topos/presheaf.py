"""What each layer knows: presheaves of finite sets on a poset.

A presheaf gives a finite set ``F(x) = {0, ..., n - 1}`` to each point and,
for u <= v, a map ``F(v) -> F(u)``: what is known at v decides what is known
at u, which comes later in the flow of the data.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod

import numpy as np

from topoi.topos.alexandrov import Alexandrov, Open
from topoi.topos.site import Graph, Poset, covers, network_poset

Family = tuple[tuple[str, int], ...]


class FinitePresheaf:
    """A presheaf of finite sets, given on the pairs of a Hasse diagram.

    Parameters
    ----------
    poset : Poset
        A true poset, without parallel arrows.
    sizes : mapping
        Number of elements of F(x) for each point x.
    maps : mapping
        (u, v) -> sequence of length ``sizes[v]`` with entries below
        ``sizes[u]``: the restriction from v to u. One for each pair that
        `covers` lists; more are allowed and are checked by `is_functor`.

    Raises
    ------
    ValueError
        If a map is missing, or has the wrong length or range.
    """

    def __init__(self, poset: Poset, sizes: Mapping, maps: Mapping):
        self.poset, self.sizes = poset, dict(sizes)
        self.space = Alexandrov.of(poset)
        self.maps = {a: tuple(m) for a, m in maps.items()}
        for u, v in covers(poset):
            if (u, v) not in self.maps:
                raise ValueError(f"no map is given from {v!r} to {u!r}.")
        for (u, v), m in self.maps.items():
            wrong = [s for s in m if not 0 <= s < self.sizes[u]]
            if len(m) != self.sizes[v] or wrong:
                raise ValueError(
                    f"the map from {v!r} to {u!r} needs {self.sizes[v]} "
                    f"entries in range({self.sizes[u]}), got {m}."
                )
        self._all = self._compose()

    def _compose(self) -> dict:
        """Compose the maps along one path for each pair u <= v."""
        found = {(x, x): tuple(range(n)) for x, n in self.sizes.items()}
        order = sorted(self.poset.points, key=lambda v: len(self.below(v)))
        for v in order:
            for w in (w for w, top in self.maps if top == v):
                step = self.maps[w, v]
                for u in self.below(w):
                    onward = found[u, w]
                    found.setdefault((u, v), tuple(onward[s] for s in step))
        return found

    def below(self, v) -> Open:
        """Return all points u <= v."""
        return self.space.below(v)

    def restrict(self, s: int, v, u) -> int:
        """Return what element s of F(v) becomes in F(u), for u <= v."""
        return self._all[u, v][s]

    def is_functor(self) -> bool:
        """Return whether all ways from v down to u give the same map."""
        return all(
            tuple(self._all[u, w][s] for s in step) == self._all[u, v]
            for (w, v), step in self.maps.items()
            for u in self.below(w)
        )

    def sections(self, region: Open | None = None) -> list[dict]:
        """List the families over an open set that fit together.

        A family chooses an element s_x of F(x) for each point x of the
        region such that s_x restricts to s_y for all y <= x. The choices at
        the maximal points decide the others.

        Raises
        ------
        ValueError
            If the region is not open.
        """
        points = self.poset.points if region is None else region
        if not self.space.is_open(points):
            raise ValueError(f"{set(points)} is not open (a down-set).")
        points = [x for x in self.poset.points if x in set(points)]
        top = [
            x
            for x in points
            if not any(x != y and x in self.below(y) for y in points)
        ]
        found = []
        for chosen in product(*(range(self.sizes[x]) for x in top)):
            family = self._spread(dict(zip(top, chosen, strict=True)))
            if family is not None:
                found.append(family)
        return found

    def _spread(self, chosen: dict) -> dict | None:
        family: dict = {}
        for x, s in chosen.items():
            for y in self.below(x):
                value = self._all[y, x][s]
                if family.setdefault(y, value) != value:
                    return None
        return family

    def glue_failures(self) -> tuple[int, int]:
        """Check the sheaf condition on all pairs of opens.

        Returns
        -------
        failures, pairs : int
            In how many pairs (U, V) the number of sections over the union
            differs from the number of pairs of sections over U and over V
            that agree on what U and V share.
        """
        opens = self.space.opens()
        over = {u: self.sections(u) for u in opens}
        failures = 0
        for u, v in product(opens, repeat=2):
            shared = sorted(u & v, key=str)
            left, right = (_tally(over[w], shared) for w in (u, v))
            fits = sum(n * right.get(key, 0) for key, n in left.items())
            failures += fits != len(over[u | v])
        return failures, len(opens) ** 2

    def elements(self) -> Alexandrov:
        """Return the poset of all pairs (x, s) with s in F(x).

        (y, t) lies below (x, s) if y <= x and s restricts to t.
        """
        pairs = [
            ((u, image[s]), (v, s))
            for (u, v), image in self._all.items()
            for s in range(self.sizes[v])
        ]
        points = [(x, s) for x, n in self.sizes.items() for s in range(n)]
        return Alexandrov(points, pairs)

    def subobjects(self) -> list[Open]:
        """List the subpresheaves, as sets of pairs (x, s).

        A subpresheaf keeps some elements at each point, and with each
        element all of its restrictions: an open set of `elements`.
        """
        return self.elements().opens()

    def classify(self, part: Open) -> dict:
        """Return the characteristic map of a subpresheaf.

        The truth value of s in F(x) is the set of points y <= x at which s
        has arrived in the part.
        """
        return {
            (x, s): frozenset(
                y for y in self.below(x) if (y, self.restrict(s, x, y)) in part
            )
            for x, n in self.sizes.items()
            for s in range(n)
        }


def _tally(families: list[dict], points: Sequence) -> dict:
    counts: dict = {}
    for family in families:
        key = tuple(family[x] for x in points)
        counts[key] = counts.get(key, 0) + 1
    return counts


def maps_to_omega(presheaf: FinitePresheaf) -> int:
    """Count the natural maps from a presheaf to the truth values.

    By backtracking over all values: it knows nothing of subobjects.
    """
    space = presheaf.space
    omega = {x: space.omega(x) for x in presheaf.poset.points}
    slots = [
        (x, s)
        for x in sorted(omega, key=lambda x: len(space.below(x)))
        for s in range(presheaf.sizes[x])
    ]
    chosen: dict = {}

    def natural(x, s, value):
        return all(
            value & space.below(y) == chosen[y, presheaf.restrict(s, x, y)]
            for y in space.below(x)
            if y != x
        )

    def extend(k: int) -> int:
        if k == len(slots):
            return 1
        x, s = slots[k]
        total = 0
        for value in omega[x]:
            if natural(x, s, value):
                chosen[x, s] = value
                total += extend(k + 1)
        return total

    return extend(0)


def random_presheaf(
    poset: Poset, rng: np.random.Generator, largest: int = 3
) -> FinitePresheaf:
    """Return a random presheaf with 1 to `largest` elements per point.

    Points with several ways down get only elements that fit.
    """
    lower = {v: [u for u, w in covers(poset) if w == v] for v in poset.points}
    order = sorted(
        poset.points, key=lambda v: sum(w == v for _, w in poset.le)
    )
    sizes: dict = {}
    maps: dict = {}
    for v in order:
        known = Poset(
            tuple(sizes),
            frozenset(p for p in poset.le if set(p) <= set(sizes)),
            {},
            (),
        )
        below = frozenset(u for u, w in poset.le if w == v and u != v)
        fits = FinitePresheaf(known, sizes, maps).sections(below)
        sizes[v] = int(rng.integers(1, largest + 1)) if fits else 0
        picks = rng.integers(0, max(len(fits), 1), sizes[v])
        for u in lower[v]:
            maps[u, v] = tuple(fits[k][u] for k in picks)
    return FinitePresheaf(poset, sizes, maps)


def activities(
    graph: Graph,
    sizes: Mapping[str, int],
    functions: Mapping[str, Callable[..., int]],
    hidden: int = 1,
) -> FinitePresheaf:
    """Return the presheaf of activities of a network of finite layers.

    Parameters
    ----------
    graph : mapping
        The architecture.
    sizes : mapping
        How many states each layer has.
    functions : mapping
        For each layer that reads others, a function of their states.
    hidden : int
        Hidden states at each tang, which its layer never shows: with more
        than one the tang is larger than the product of what it joins.

    Returns
    -------
    FinitePresheaf
        A tang holds the tuples of the states that it joins.
    """
    poset = network_poset(graph)
    full, maps = dict(sizes), {}
    for layer, read in graph.items():
        states = list(product(*(range(sizes[p]) for p in read)))
        if len(read) == 1:
            maps[layer, read[0]] = [functions[layer](*s) for s in states]
        if len(read) < 2:
            continue
        tang = f"A_{layer}"
        states = [s for s in states for _ in range(hidden)]
        full[tang] = hidden * prod(sizes[p] for p in read)
        maps[layer, tang] = [functions[layer](*s) for s in states]
        for k, p in enumerate(read):
            tip = f"{p}:{layer}"
            full[tip] = sizes[p]
            maps[tip, tang] = [s[k] for s in states]
            maps[tip, p] = range(sizes[p])
    return FinitePresheaf(poset, full, maps)


def random_functions(
    graph: Graph, sizes: Mapping[str, int], rng: np.random.Generator
) -> dict[str, Callable[..., int]]:
    """Return a random table of values as the function of each layer."""

    def lookup(layer, read):
        table = rng.integers(0, sizes[layer], [sizes[p] for p in read])
        return lambda *states: int(table[states])

    return {a: lookup(a, read) for a, read in graph.items() if read}


def every_family(presheaf: FinitePresheaf) -> Iterator[dict]:
    """Yield all global sections by trying every choice at every point.

    Slow and simple: it shares nothing with `sections`.
    """
    points = presheaf.poset.points
    for chosen in product(*(range(presheaf.sizes[x]) for x in points)):
        family = dict(zip(points, chosen, strict=True))
        if all(
            m[family[v]] == family[u] for (u, v), m in presheaf.maps.items()
        ):
            yield family
