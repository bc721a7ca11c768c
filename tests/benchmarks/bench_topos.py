"""Counting the open sets of a poset beside listing antichains in networkx.

``make bench TOPIC=topos`` runs it; `harness` says how. Every open set is the
set below one antichain, so both programs return the same number. networkx
lists them, which the sizes here still allow; an LSTM cell is counted alone,
against the recursion that the chapter prints.
"""

from functools import cache

from benchmarks import harness

bench = harness.Bench("topos", backend=None)

from topoi import topos  # noqa: E402


def unrolled(steps: int) -> topos.Poset:
    """Return the poset of a recurrent network over some steps."""
    graph: dict[str, list[str]] = {"h0": []}
    for t in range(1, steps + 1):
        graph |= {f"x{t}": [], f"h{t}": [f"x{t}", f"h{t - 1}"]}
    return topos.network_poset(graph | {"o": [f"h{steps}"]})


def antichains(poset: topos.Poset):
    """Return a function that counts by listing, or None."""
    try:
        import networkx
    except ImportError:
        return None
    strict = [(u, v) for u, v in poset.le if u != v]
    graph = networkx.DiGraph(strict)
    return lambda: sum(1 for _ in networkx.antichains(graph))


def by_splitting(poset: topos.Poset) -> int:
    """Count as the chapter does, with sets instead of bitmasks."""
    low = {v: {u for u, w in poset.le if w == v} for v in poset.points}
    up = {v: {w for u, w in poset.le if u == v} for v in poset.points}

    @cache
    def count(left: frozenset) -> int:
        if not left:
            return 1
        x = max(left, key=lambda v: (len((low[v] | up[v]) & left), v))
        return count(left - up[x]) + count(left - low[x])

    return count(frozenset(poset.points))


def compare(name: str, poset: topos.Poset, listed: bool) -> None:
    """Compare all programs on one poset."""
    space = topos.Alexandrov.of(poset)
    programs = {
        "topoi.topos.Alexandrov.count_opens": space.count_opens,
        "sets instead of bitmasks": lambda: by_splitting(poset),
    }
    peer = antichains(poset) if listed else None
    if peer:
        programs["networkx.antichains"] = peer
    bench.compare(f"open sets of {name}", programs, 0)


if __name__ == "__main__":
    compare("a two-step RNN", unrolled(2), listed=True)
    compare("a four-step RNN", unrolled(4), listed=True)
    cell = topos.network_poset(topos.ARCHITECTURES["LSTM cell"])
    compare("an LSTM cell", cell, listed=False)
    bench.store()
