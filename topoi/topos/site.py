"""From an architecture to a poset: the graph, its forks, its site.

An architecture is a dict ``layer -> list of the layers it reads``. The site
of Belfiore and Bennequin (arXiv 2106.14587, section 1.3) has one object for
each layer and, at each layer that reads several others, a *fork* made of a
star, a tang and one tip for each layer that is read. Its arrows run against
the data.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

Graph = Mapping[str, Sequence[str]]
Arrow = tuple[str, str]

ARCHITECTURES: dict[str, dict[str, list[str]]] = {
    "chain": {"x0": [], "x1": ["x0"], "x2": ["x1"], "x3": ["x2"]},
    "residual": {
        "x": [],
        "h": ["x"],
        "g": ["h"],
        "y": ["g", "h"],
        "o": ["y"],
    },
    "skip from input": {
        "x": [],
        "h": ["x"],
        "y": ["h", "x"],
        "o": ["y"],
    },
    "two inputs": {"a": [], "b": [], "y": ["a", "b"], "o": ["y"]},
    "two-step RNN": {
        "x1": [],
        "x2": [],
        "h0": [],
        "h1": ["x1", "h0"],
        "h2": ["x2", "h1"],
        "o": ["h2"],
    },
    "U-Net": {
        "x": [],
        "d1": ["x"],
        "d2": ["d1"],
        "m": ["d2"],
        "u2": ["m", "d2"],
        "u1": ["u2", "d1"],
        "o": ["u1"],
    },
    "LSTM cell": {
        "x": [],
        "h": [],
        "c": [],
        "i": ["x", "h"],
        "f": ["x", "h"],
        "g": ["x", "h"],
        "o": ["x", "h"],
        "ig": ["i", "g"],
        "fc": ["f", "c"],
        "c'": ["ig", "fc"],
        "h'": ["o", "c'"],
    },
}


class Poset(NamedTuple):
    """A finite set of points with a relation between them.

    Attributes
    ----------
    points : tuple of str
    le : frozenset of pairs
        All (u, v) with u <= v, reflexive and transitive.
    kinds : dict
        "layer", "tip" or "tang" for each point.
    parallel : tuple of (u, v, number)
        Pairs with several arrows u -> v. Empty exactly if the category of
        paths is a poset.
    """

    points: tuple[str, ...]
    le: frozenset[Arrow]
    kinds: dict[str, str]
    parallel: tuple[tuple[str, str, int], ...]


def _check(graph: Graph) -> None:
    for layer, read in graph.items():
        if ":" in layer or layer.startswith(("A_", "A*_")):
            raise ValueError(
                f"a layer may not be called {layer!r}: ':', 'A_' and 'A*_' "
                "mark tips, tangs and stars. Choose another name."
            )
        unknown = [p for p in read if p not in graph]
        if unknown:
            raise ValueError(
                f"layer {layer!r} reads {unknown[0]!r}, which is no layer. "
                f"The layers are {', '.join(graph)}."
            )
        if len(set(read)) < len(read):
            raise ValueError(
                f"layer {layer!r} reads {list(read)}: one of them twice. "
                "Name each layer that is read once."
            )


def site(
    graph: Graph, duplicate: bool | str = True
) -> tuple[dict[str, str], list[Arrow]]:
    """Return the objects of the site with their kinds, and its arrows.

    Parameters
    ----------
    graph : mapping
        ``graph[a]`` lists the layers that layer `a` reads.
    duplicate : bool or "inputs"
        Whether a fork gets a copy of each layer that it reads, as a tip:
        always, never, or for input layers only.

    Returns
    -------
    kinds : dict
        Object -> "layer", "tip", "tang" or "star". The fork at layer y has
        tang ``A_y``, star ``A*_y`` and tips ``p:y``.
    arrows : list of (source, target)
        Generating arrows, against the data.

    Raises
    ------
    ValueError
        For unknown or repeated layers, and for reserved names.
    """
    _check(graph)
    kinds = dict.fromkeys(graph, "layer")
    arrows = []
    for layer, read in graph.items():
        if len(read) == 1:
            arrows.append((layer, read[0]))
        if len(read) < 2:
            continue
        tang, star = f"A_{layer}", f"A*_{layer}"
        kinds |= {tang: "tang", star: "star"}
        arrows += [(layer, tang), (star, tang)]
        for p in read:
            copied = duplicate is True or (
                duplicate == "inputs" and not graph[p]
            )
            tip = f"{p}:{layer}" if copied else p
            if copied:
                kinds[tip] = "tip"
                arrows.append((tip, p))
            arrows.append((tip, star))
    return kinds, arrows


def path_counts(
    objects: Iterable[str], arrows: Iterable[Arrow]
) -> dict[Arrow, int]:
    """Count the directed paths between any two objects.

    A path is an arrow of the free category; the empty path counts.

    Returns
    -------
    dict
        (u, v) -> number of paths from u to v, where it is not 0.

    Raises
    ------
    ValueError
        If the arrows have a cycle.
    """
    objects = list(objects)
    following: dict[str, list[str]] = {u: [] for u in objects}
    for source, target in arrows:
        following[source].append(target)
    open_now: set[str] = set()

    @cache
    def from_(u: str) -> dict[str, int]:
        if u in open_now:
            raise ValueError(
                f"the arrows have a cycle through {u!r}. An architecture "
                "must be unrolled in time first."
            )
        open_now.add(u)
        counts = {u: 1}
        for v in following[u]:
            for w, n in from_(v).items():
                counts[w] = counts.get(w, 0) + n
        open_now.discard(u)
        return counts

    return {(u, v): n for u in objects for v, n in from_(u).items()}


def network_poset(graph: Graph, duplicate: bool | str = True) -> Poset:
    """Return the part of the site without stars, with its order.

    u <= v means that an arrow runs from u to v: v comes earlier in the
    flow of the data. See `site` for the arguments and errors.
    """
    kinds, arrows = site(graph, duplicate)
    counts = path_counts(kinds, arrows)
    kept = tuple(u for u, kind in kinds.items() if kind != "star")
    pairs = {p: n for p, n in counts.items() if p[0] in kept and p[1] in kept}
    several = tuple((u, v, n) for (u, v), n in pairs.items() if n > 1)
    return Poset(kept, frozenset(pairs), {u: kinds[u] for u in kept}, several)


def covers(poset: Poset) -> list[Arrow]:
    """Return the pairs u < v with nothing between: the Hasse diagram."""
    strict = {(u, v) for u, v in poset.le if u != v}
    return [
        (u, v)
        for u, v in sorted(strict)
        if not any((u, w) in strict and (w, v) in strict for w in poset.points)
    ]


def lattice_rnn(rows: int, columns: int) -> Poset:
    """Return the poset of a recurrent lattice, one joint tang per cell.

    Cell (i, j) joins its input x and state h with its neighbours' states;
    its tips are not copied (section 4.1 of the paper). The first row and
    column read states from outside.
    """
    arrows = []
    for i, j in product(range(1, rows + 1), range(1, columns + 1)):
        tang = f"A_{i},{j}"
        arrows += [(f"x{i},{j}", tang), (f"h{i},{j}", tang)]
        arrows += [(f"x{i},{j - 1}", tang), (f"h{i - 1},{j}", tang)]
    points = tuple(dict.fromkeys(p for arrow in arrows for p in arrow))
    kinds = {p: "tang" if p.startswith("A_") else "layer" for p in points}
    return Poset(points, frozenset(path_counts(points, arrows)), kinds, ())


def all_graphs(size: int) -> Iterator[dict[str, list[str]]]:
    """Yield each acyclic graph on `size` layers, edges forwards only.

    There are 2^(size (size - 1) / 2); fewer edges come first.
    """
    names = [f"l{k}" for k in range(size)]
    edges = list(combinations(names, 2))
    for number in range(len(edges) + 1):
        for chosen in combinations(edges, number):
            yield {v: [u for u, w in chosen if w == v] for v in names}


def smallest_parallel(
    largest: int, duplicate: bool | str
) -> dict[str, list[str]] | None:
    """Return the smallest architecture whose site has parallel arrows.

    Fewest layers, then fewest edges. None if no architecture with up to
    `largest` layers has any.
    """
    for size in range(1, largest + 1):
        for graph in all_graphs(size):
            if network_poset(graph, duplicate).parallel:
                return graph
    return None


def endpoints(graph: Graph) -> tuple[set[Hashable], set[Hashable]]:
    """Return (minimal, maximal) points as theorem 1.2 names them.

    Minimal: outputs and tips. Maximal: inputs and tangs.
    """
    kinds, _ = site(graph)
    read = {p for layers in graph.values() for p in layers}
    of = {k: {u for u in kinds if kinds[u] == k} for k in ("tip", "tang")}
    outputs = set(graph) - read
    inputs = {layer for layer in graph if not graph[layer]}
    return outputs | of["tip"], inputs | of["tang"]
