"""Controls of the chapter on the topos of a network."""

import math
from itertools import product

import numpy as np

from controls import control
from topoi import topos

RESIDUAL = topos.ARCHITECTURES["residual"]


@control("topos/forward-sections", "the tang has a hidden state")
def spontaneous():
    rng = np.random.default_rng(0)
    wrong = 0
    for name in ["residual", "two inputs"]:
        shape = topos.ARCHITECTURES[name]
        sizes = dict.fromkeys(shape, 2)
        layers = topos.random_functions(shape, sizes, rng)
        network = topos.activities(shape, sizes, layers, hidden=2)
        inputs = math.prod(2 for a in shape if not shape[a])
        wrong += len(network.sections()) != inputs
    return wrong


@control("topos/parallel-arrows", "every tip is copied")
def copied():
    found = topos.smallest_parallel(4, duplicate=True)
    return 0 if found is None else len(found)


@control("topos/minimal-points", "the tips are not copied")
def bare():
    return sum(
        bool(topos.network_poset(graph, duplicate=False).parallel)
        for size in range(1, 5)
        for graph in topos.all_graphs(size)
    )


@control("topos/gluing", "regions are taken that are not open")
def any_region():
    """x >= h with two states each: every family over {x} and over {h}."""
    fits = {frozenset(): 1, frozenset("x"): 2, frozenset("h"): 2}
    fits[frozenset("xh")] = 2  # h is decided by x
    pairs = product(fits, repeat=2)
    return sum(fits[u] * fits[v] != fits[u | v] for u, v in pairs if not u & v)


@control("topos/excluded-middle", "negation is the complement")
def complement():
    space = topos.Alexandrov.of(topos.network_poset(RESIDUAL))
    every = frozenset(space.points)
    return sum(u | (every - u) != every for u in space.opens())


@control("topos/classifier", "only true and false are offered")
def two_values():
    poset = topos.network_poset(RESIDUAL)
    sample = topos.random_presheaf(poset, np.random.default_rng(0), 2)
    sample.space.omega = lambda x: [frozenset(), sample.below(x)]
    return int(len(sample.subobjects()) != topos.maps_to_omega(sample))


@control("topos/step-with-activity", "each layer starts from the raw input")
def raw_input():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(4, 4)) / 2 for _ in range(3)]
    x, targets = rng.normal(size=(8, 4)), rng.normal(size=(8, 4))
    here = topos.gradient_step(0, x, weights, targets, 0.1)
    there = topos.gradient_step(1, x, weights, targets, 0.1)
    return topos.difference(here[1:], there)


@control("topos/step-on-weights", "the first weight does not change")
def same_weight():
    before, after = topos.chain_step([1, 1]), topos.chain_step([1, 1])
    return abs(before[1] - after[1])


@control("topos/group-fibres", "one kernel that is not turned")
def plain_correlation():
    image, kernel = np.random.default_rng(0).integers(-5, 6, (2, 6, 6))
    turned = topos.correlate(topos.turn(image), kernel)
    return abs(turned - topos.turn(topos.correlate(image, kernel))).max()


@control("topos/boolean-fibres", "a counter takes the place of the group")
def counter():
    table = [[min(a + b, 3) for b in range(4)] for a in range(4)]
    return len(topos.right_ideals(table))


@control("topos/semantic-cohomology", "one coboundary is left out")
def without_one():
    space = topos.Alexandrov("abc", [])
    found = topos.cocycle_space(space, frozenset())
    return found.z1 - (found.b1 - 1)


@control("topos/simple-content", "two simple sentences at once")
def two_sentences():
    return topos.content(topos.holds("a", "m") & topos.holds("b", "m"))


@control("topos/concavity", "the two points are free")
def free_points():
    weight = {0: 1.0, 1: 0.5}
    space = topos.Alexandrov(range(2), [])
    return topos.concavity_defect(space, lambda t: sum(weight[x] for x in t))[
        0
    ]


@control("topos/information-positive", "ln(1 + |T|) is the precision")
def logarithm():
    least = [
        topos.mutual_information(s, lambda t: math.log(1 + len(t))).value
        for s in topos.small_posets(4)
    ]
    return sum(value < -1e-9 for value in least)


@control("topos/carnap", "states have equal weights")
def equal_states():
    return topos.inf_(topos.holds("a", "m") & topos.holds("b", "m"))


@control("topos/entropy-cocycle", "squares take the place of entropy")
def squares():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, (2, 100))
    return abs(topos.delta(topos.gini)(x, y))


@control("topos/prime-cocycles", "groups of equal size are not compared")
def without_homogeneity():
    wrong = 0
    for n in range(2, 13):
        rows = [r for r in topos.cocycle_rows(n) if not _homogeneous(r, n)]
        unknowns = sum(1 for a in range(1, n) for _ in range(a, n - a + 1))
        wrong += unknowns - topos.rank(rows) != len(topos.primes(n))
    return wrong


def _homogeneous(row, n):
    if len(row) != 2:
        return False
    small, large = sorted(divmod(key, n + 1) for key in row)
    return any(tuple(k * s for s in small) == large for k in range(2, n + 1))


@control("topos/logical-cells", "the labels are shuffled", heavy=True)
def shuffled():
    x, labels = topos.bars()
    mixed = np.random.default_rng(0).permutation(labels)
    last = [topos.train_bars(d, 0, x, labels)[1][-1] for d in (3, 1)]
    deep, single = (topos.cell_score(layer, mixed).content for layer in last)
    return deep - single


@control("topos/fibrant", "the empty map counts as a surjection")
def empty_map():
    return sum(
        topos.is_fibrant(f) != (set(f.images) == set(range(f.size)))
        for f in topos.small_objects(3, 2)
    )


@control("topos/lstm-opens", "the forks are left out")
def no_forks():
    cell = topos.ARCHITECTURES["LSTM cell"]
    graph = {layer: read[:1] for layer, read in cell.items()}
    return topos.Alexandrov.of(topos.network_poset(graph)).count_opens()
