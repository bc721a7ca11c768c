"""The topos of a network against enumeration, matrices and other routes."""

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import scipy.stats

from topoi import topos

rng_of = np.random.default_rng
RESIDUAL = topos.ARCHITECTURES["residual"]


def space_of(name):
    return topos.Alexandrov.of(topos.network_poset(topos.ARCHITECTURES[name]))


def chain(n):
    return topos.Alexandrov(range(n), combinations(range(n), 2))


TREES = [
    topos.Alexandrov("abc", [("a", "c"), ("b", "c")]),
    topos.Alexandrov("abc", [("a", "b"), ("a", "c")]),
]

# -- the site -----------------------------------------------------------------


@pytest.mark.parametrize("graph", topos.ARCHITECTURES.values())
@pytest.mark.parametrize("duplicate", [True, False, "inputs"])
def test_paths_are_the_sum_of_powers_of_the_adjacency_matrix(graph, duplicate):
    kinds, arrows = topos.site(graph, duplicate)
    names = list(kinds)
    step = np.zeros((len(names),) * 2, dtype=int)
    for u, v in arrows:
        step[names.index(u), names.index(v)] += 1
    total = power = np.eye(len(names), dtype=int)
    for _ in names:
        power = power @ step
        total = total + power
    counts = topos.path_counts(kinds, arrows)
    ours = [[counts.get((u, v), 0) for v in names] for u in names]
    np.testing.assert_array_equal(ours, total)


def test_parallel_arrows_of_the_residual_block():
    poset = topos.network_poset(RESIDUAL, duplicate=False)
    assert poset.parallel == (("g", "A_y", 2),)
    with pytest.raises(ValueError, match="2 arrows from 'g' to 'A_y'"):
        topos.Alexandrov.of(poset)


def test_smallest_counterexamples_and_none_with_copies():
    bare = topos.smallest_parallel(3, False)
    assert bare == {"l0": [], "l1": ["l0"], "l2": ["l0", "l1"]}
    inputs = topos.smallest_parallel(4, "inputs")
    assert inputs == {
        "l0": [],
        "l1": ["l0"],
        "l2": ["l1"],
        "l3": ["l1", "l2"],
    }
    assert topos.smallest_parallel(4, True) is None


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_minimal_and_maximal_points_of_all_architectures(size):
    for graph in topos.all_graphs(size):
        poset = topos.network_poset(graph)
        assert not poset.parallel
        strict = [(u, v) for u, v in poset.le if u != v]
        minimal = set(poset.points) - {v for _, v in strict}
        maximal = set(poset.points) - {u for u, _ in strict}
        assert (minimal, maximal) == topos.endpoints(graph)


def test_number_of_graphs():
    assert [len(list(topos.all_graphs(n))) for n in range(1, 5)] == [
        1,
        2,
        8,
        64,
    ]


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ({"x": [], "y": ["z"]}, "'z', which is no layer"),
        ({"x": [], "y": ["x", "x"]}, "twice"),
        ({"x:y": []}, "may not be called"),
    ],
)
def test_malformed_graphs(graph, message):
    with pytest.raises(ValueError, match=message):
        topos.site(graph)


def test_cycle():
    with pytest.raises(ValueError, match="cycle through"):
        topos.network_poset({"a": ["b"], "b": ["a"]})


# -- opens --------------------------------------------------------------------

COUNTS = {
    "chain": 5,
    "residual": 28,
    "skip from input": 24,
    "two inputs": 31,
    "two-step RNN": 323,
    "U-Net": 191,
    "LSTM cell": 10_662_542,
}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_number_of_opens(name, count):
    assert space_of(name).count_opens() == count


@pytest.mark.parametrize(
    ("rows", "columns", "count"),
    [(1, 1, 17), (2, 1, 145), (2, 2, 5297), (3, 3, 30_322_594)],
)
def test_opens_of_recurrent_lattices(rows, columns, count):
    poset = topos.lattice_rnn(rows, columns)
    assert topos.Alexandrov.of(poset).count_opens() == count


@pytest.mark.parametrize("name", list(COUNTS)[:4])
def test_opens_by_trying_every_set_of_points(name):
    poset = topos.network_poset(topos.ARCHITECTURES[name])
    below = {v: {u for u, w in poset.le if w == v} for v in poset.points}
    every = (
        frozenset(c)
        for n in range(len(poset.points) + 1)
        for c in combinations(poset.points, n)
    )
    brute = {s for s in every if all(below[v] <= s for v in s)}
    space = topos.Alexandrov.of(poset)
    assert set(space.opens()) == brute
    assert len(space.opens()) == len(brute)
    for v in poset.points:
        assert set(space.omega(v)) == {s for s in brute if s <= below[v]}


def test_random_orders_counted_and_listed():
    """Fresh orders each time the seed moves; 200 of up to 12 points."""
    rng = rng_of(3)
    for _ in range(200):
        n = int(rng.integers(1, 13))
        above = np.triu(rng.random((n, n)) < rng.choice([0.1, 0.3]), 1)
        for k in range(n):
            above |= np.outer(above[:, k], above[k])
        space = topos.Alexandrov(range(n), np.argwhere(above).tolist())
        assert space.count_opens() == len(space.opens())


@pytest.mark.parametrize(
    "space",
    [space_of(n) for n in list(COUNTS)[:4]] + TREES,
    ids=[*list(COUNTS)[:4], "tree", "tree upside down"],
)
def test_implication_is_the_right_adjoint_of_intersection(space):
    opens = space.opens()
    for u, v in product(opens, repeat=2):
        w = space.imp(u, v)
        assert space.is_open(w)
        assert all((r & u <= v) == (r <= w) for r in opens)


def test_excluded_middle_and_regular_opens():
    space = space_of("residual")
    every = frozenset(space.points)
    opens = space.opens()
    assert sum(u | space.neg(u) != every for u in opens) == 26
    assert sum(space.neg(space.neg(u)) == u for u in opens) == 8
    values = {x: len(space.omega(x)) for x in space.points}
    assert values == {
        "g:y": 2,
        "h:y": 2,
        "o": 2,
        "y": 3,
        "g": 3,
        "h": 7,
        "x": 8,
        "A_y": 13,
    }


def test_number_of_small_orders():
    """Labelled in one fixed linear order: 1, 1, 2, 7, 40, 357."""
    sizes = [len(topos.small_posets(n)) for n in range(6)]
    assert sizes == [1, 1, 2, 7, 40, 357]


def test_what_is_no_order():
    with pytest.raises(ValueError, match="not transitive"):
        topos.Alexandrov("abc", [("a", "b"), ("b", "c")])
    with pytest.raises(ValueError, match="below each other"):
        topos.Alexandrov("ab", [("a", "b"), ("b", "a")])
    with pytest.raises(ValueError, match="unknown point"):
        topos.Alexandrov("a", [("a", "z")])
    with pytest.raises(ValueError, match="'z' is no point"):
        TREES[0].neg("z")


# -- presheaves ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["residual", "two inputs", "chain"])
@pytest.mark.parametrize("seed", range(5))
def test_sections_are_forward_passes(name, seed):
    graph = topos.ARCHITECTURES[name]
    sizes = dict.fromkeys(graph, 2)
    functions = topos.random_functions(graph, sizes, rng_of(seed))
    f = topos.activities(graph, sizes, functions)
    inputs = [layer for layer in graph if not graph[layer]]
    passes = set()
    for states in product(range(2), repeat=len(inputs)):
        at = dict(zip(inputs, states, strict=True))
        for layer, read in graph.items():
            if read:
                at[layer] = functions[layer](*(at[p] for p in read))
        passes.add(tuple(at[layer] for layer in graph))
    brute = list(topos.every_family(f))
    assert f.is_functor()
    assert len(brute) == len(f.sections()) == 2 ** len(inputs)
    assert {tuple(s[layer] for layer in graph) for s in brute} == passes


def test_a_larger_tang_has_more_sections():
    sizes = dict.fromkeys(RESIDUAL, 3)
    functions = topos.random_functions(RESIDUAL, sizes, rng_of(0))
    free = topos.activities(RESIDUAL, sizes, functions, hidden=2)
    assert len(free.sections()) == 6


def test_gluing_in_all_pairs_of_opens():
    sizes = dict.fromkeys(RESIDUAL, 3)
    functions = topos.random_functions(RESIDUAL, sizes, rng_of(0))
    f = topos.activities(RESIDUAL, sizes, functions)
    assert f.glue_failures() == (0, 784)


@pytest.mark.parametrize("name", ["chain", "residual", "two inputs"])
@pytest.mark.parametrize("seed", range(4))
def test_truth_values_classify_subobjects(name, seed):
    poset = topos.network_poset(topos.ARCHITECTURES[name])
    f = topos.random_presheaf(poset, rng_of(seed), largest=2)
    assert f.is_functor()
    parts = f.subobjects()
    maps = {frozenset(f.classify(p).items()) for p in parts}
    assert len(parts) == len(maps) == topos.maps_to_omega(f)
    every = {x: f.below(x) for x in poset.points}
    for part in parts:
        value = f.classify(part)
        assert part == {e for e in value if value[e] == every[e[0]]}


def test_subobjects_by_trying_every_set_of_elements():
    poset = topos.network_poset(topos.ARCHITECTURES["chain"])
    f = topos.random_presheaf(poset, rng_of(1), largest=3)
    elements = [(x, s) for x in poset.points for s in range(f.sizes[x])]

    def closed(part):
        return all(
            (u, m[s]) in part
            for (u, v), m in f.maps.items()
            for x, s in part
            if x == v
        )

    brute = sum(
        closed(set(c))
        for n in range(len(elements) + 1)
        for c in combinations(elements, n)
    )
    assert brute == len(f.subobjects())


def test_what_is_no_functor_is_noticed():
    poset = topos.network_poset(RESIDUAL)
    sizes = dict.fromkeys(RESIDUAL, 2)
    functions = topos.random_functions(RESIDUAL, sizes, rng_of(0))
    f = topos.activities(RESIDUAL, sizes, functions)
    maps = {
        **f.maps,
        ("h:y", "x"): tuple(1 - f.restrict(s, "x", "h:y") for s in range(2)),
    }
    assert not topos.FinitePresheaf(poset, f.sizes, maps).is_functor()


def test_malformed_presheaves():
    poset = topos.network_poset({"x": [], "y": ["x"]})
    with pytest.raises(ValueError, match="no map is given from 'x' to 'y'"):
        topos.FinitePresheaf(poset, {"x": 1, "y": 1}, {})
    with pytest.raises(ValueError, match="needs 2 entries in range\\(1\\)"):
        topos.FinitePresheaf(poset, {"x": 2, "y": 1}, {("y", "x"): [0, 1]})
    f = topos.FinitePresheaf(poset, {"x": 2, "y": 1}, {("y", "x"): [0, 0]})
    with pytest.raises(ValueError, match="not open"):
        f.sections(frozenset("x"))


# -- learning -----------------------------------------------------------------


@pytest.fixture(scope="module")
def residual_model():
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    x = keras.Input((4,), name="x")
    h = keras.layers.Dense(6, activation="tanh", name="h")(x)
    g = keras.layers.Dense(6, activation="tanh", name="g")(h)
    y = keras.layers.Add(name="y")([g, h])
    o = keras.layers.Dense(2, name="o")(y)
    return keras.Model(x, o)


def test_a_keras_pass_is_a_section(residual_model):
    assert topos.keras_graph(residual_model) == RESIDUAL
    x = rng_of(0).normal(size=(5, 4)).astype("float32")
    values, maps = topos.keras_sections(residual_model, x)
    poset = topos.network_poset(RESIDUAL)
    assert set(values) == set(poset.points)
    assert set(topos.covers(poset)) <= set(maps)
    assert max(topos.section_defect(values, maps).values()) < 1e-6
    values["g"] = values["g"] + 0.1
    broken = {
        a for a, d in topos.section_defect(values, maps).items() if d > 1e-3
    }
    assert broken == {("g", "h"), ("g:y", "g")}


def chain_of_layers(seed=0):
    rng = rng_of(seed)
    sizes = [(4, 5), (5, 6), (6, 2)]
    weights = [rng.normal(size=s) / 2 for s in sizes]
    return weights, rng.normal(size=(8, 4)), rng.normal(size=(8, 2))


def test_gradient_step_against_differences():
    weights, x, targets = chain_of_layers()
    new = topos.gradient_step(0, x, weights, targets, 1.0)

    def loss(w):
        return 0.5 * np.sum((topos.forward(w, x)[-1] - targets) ** 2)

    for k, w in enumerate(weights):
        for i, j in [(0, 0), (3, 1)]:
            e = np.zeros_like(w)
            e[i, j] = 1e-5
            up, down = (
                loss([*weights[:k], w + s * e, *weights[k + 1 :]])
                for s in (1, -1)
            )
            slope = (up - down) / 2e-5
            assert abs((w - new[k])[i, j] - slope) < 1e-7


def test_two_squares_commute_and_one_does_not():
    weights, x, targets = chain_of_layers()
    assert topos.square_with_activity(weights, x, targets, 0.1) == [0, 0]
    other = [rng_of(9).normal(size=(4, 5)), *weights[1:]]
    defect, size = topos.square_on_weights(weights, other, x, targets, 0.1)
    assert defect > 0.1 * size > 1e-2
    frozen = [np.ones_like(w) for w in weights]
    moved = [w - f for w, f in zip(weights, frozen, strict=True)]
    shorter = [w - f for w, f in zip(weights[1:], frozen[1:], strict=True)]
    assert topos.difference(moved[1:], shorter) == 0
    with pytest.raises(ValueError, match="first layer only"):
        topos.square_on_weights(
            weights, [*weights[:2], weights[2] + 1], x, targets, 0.1
        )


def test_exact_step_of_a_linear_chain():
    """y = w2 w1 at x = 1 with target 0: the slopes are y w2 and y w1."""
    assert topos.chain_step([1, 1]) == [0, 0]
    assert topos.chain_step([2, 1]) == [0, -3]
    assert topos.chain_step([3, -2]) == [3 - 12, -2 + 18]


# -- symmetry -----------------------------------------------------------------


def matrices(perms):
    return [np.eye(len(p), dtype=int)[:, list(p)] for p in perms]


@pytest.mark.parametrize(
    ("source", "target", "dims"),
    [
        ("plane", "plane", {3: 3, 4: 6}),
        ("plane", "group", {3: 9, 4: 16}),
        ("group", "group", {3: 36, 4: 64}),
    ],
)
@pytest.mark.parametrize("n", [3, 4])
def test_dimensions_of_equivariant_maps(source, target, dims, n):
    actions = topos.torus_actions(n)
    assert topos.hom_dim(actions[source], actions[target]) == dims[n]


@pytest.mark.parametrize("gens", [slice(0, 2), slice(0, 3)])
def test_dimension_is_that_of_a_null_space(gens):
    plane = topos.torus_actions(3)["plane"][gens]
    eye = np.eye(9)
    rows = [np.kron(g, eye) - np.kron(eye, g.T) for g in matrices(plane)]
    nullity = 81 - np.linalg.matrix_rank(np.concatenate(rows))
    assert nullity == topos.hom_dim(plane, plane)


def integers(shape, seed):
    return rng_of(seed).integers(-5, 6, shape)


@pytest.mark.parametrize("seed", range(5))
def test_p4_in_integers(seed):
    image, kernel = integers((6, 6), seed), integers((6, 6), seed + 100)
    kernels = integers((4, 6, 6), seed + 200)
    lifted = topos.lift(image, kernel)
    turned = topos.lift(topos.turn(image), kernel)
    np.testing.assert_array_equal(turned, topos.turn_maps(lifted))
    out = topos.group_correlate(lifted, kernels)
    np.testing.assert_array_equal(
        topos.group_correlate(turned, kernels), topos.turn_maps(out)
    )
    shifted = np.roll(lifted, (1, 2), (1, 2))
    np.testing.assert_array_equal(
        topos.group_correlate(shifted, kernels), np.roll(out, (1, 2), (1, 2))
    )


def test_correlation_by_its_definition():
    image, kernel = integers((5, 5), 0), integers((5, 5), 1)
    slow = [
        [
            sum(
                kernel[a, b] * image[(i + a) % 5, (j + b) % 5]
                for a, b in product(range(5), repeat=2)
            )
            for j in range(5)
        ]
        for i in range(5)
    ]
    np.testing.assert_array_equal(topos.correlate(image, kernel), slow)


def test_truth_values_of_monoids():
    cyclic = [[(a + b) % 4 for b in range(4)] for a in range(4)]
    counter = [[min(a + b, 3) for b in range(4)] for a in range(4)]
    assert len(topos.right_ideals(cyclic)) == 2
    assert len(topos.right_ideals([[0, 1], [1, 1]])) == 3
    assert len(topos.right_ideals(counter)) == 5


def test_unequal_generators():
    with pytest.raises(ValueError, match="on both sides, got 1 and 2"):
        topos.hom_dim([(0,)], [(0,), (0,)])


# -- semantic information -----------------------------------------------------


@pytest.mark.parametrize("space", [chain(3), *TREES, chain(0), chain(1)])
def test_semantic_cohomology_vanishes(space):
    """Oracle for the ranks: dense matrices over the floats."""
    for p in space.opens():
        found = topos.cocycle_space(space, p)
        assert (found.h1, found.h0) == (0, 1)


def test_ranks_by_floats():
    rng = rng_of(2)
    for _ in range(50):
        a = rng.integers(-1, 2, rng.integers(1, 9, 2))
        rows = [dict(enumerate(map(int, row))) for row in a]
        assert topos.rank(rows) == np.linalg.matrix_rank(a)


def test_cocycles_of_a_boolean_algebra_have_the_right_dimension():
    """Functions of theories modulo constants: 2^(n - |P|) - 1."""
    space = topos.Alexandrov("abc", [])
    for p in space.opens():
        found = topos.cocycle_space(space, p)
        assert found.z1 == 2 ** (3 - len(p)) - 1


def test_conditioning_is_an_action():
    for space in [chain(3), *TREES]:
        for q, r, t in product(space.opens(), repeat=3):
            assert space.imp(q & r, t) == space.imp(r, space.imp(q, t))


def test_the_counterexample_to_concavity():
    delta = {0: Fraction(1), 1: Fraction(1, 2)}
    found = topos.concavity_defect(
        chain(2), lambda t: sum((delta[x] for x in t), Fraction(0))
    )
    half, empty = frozenset([0]), frozenset()
    assert found == (Fraction(-1, 2), (half, empty, half))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_concave_exactly_if_boolean(size):
    """With random increasing functions: the theorem of the chapter."""
    for space in topos.small_posets(size):
        weights = rng_of(size).integers(1, 9, size)
        found = topos.concavity_defect(
            space, lambda t, w=weights: int(sum(w[x] for x in t))
        )
        assert (found.value >= 0) == topos.is_boolean(space)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_information_is_never_negative_with_halving(size):
    for space in topos.small_posets(size):
        assert topos.mutual_information(space, topos.halving).value == 0


def test_other_precisions_fail():
    assert topos.mutual_information(TREES[0], len).value == -1
    least = [
        topos.mutual_information(s, lambda t: math.log(1 + len(t))).value
        for s in topos.small_posets(4)
    ]
    assert min(least) < -0.2


def test_numbers_of_carnap_and_bar_hillel():
    a, b, c = (topos.holds(person, "m") for person in "abc")
    assert topos.content(a) == 32
    assert topos.content(frozenset()) == 64
    assert topos.inf_(a & b) == 2
    assert topos.cont(a & b & c) - topos.cont(a & b) == Fraction(1, 8)
    assert topos.structural(a & b) == Fraction(3, 10)
    gain = topos.inf_(a & b & c, topos.structural) - topos.inf_(
        a & b, topos.structural
    )
    assert gain == pytest.approx(math.log2(1.5), abs=1e-12)
    with pytest.raises(ValueError, match="infinite information"):
        topos.inf_(frozenset())


def test_the_structural_measure_is_an_urn():
    """Polya: draw, put back, add one more of the kind that was drawn."""
    for state in topos.STATES:
        p = Fraction(1)
        for k, kind in enumerate(state):
            p *= Fraction(1 + state[:k].count(kind), 4 + k)
        assert topos.structural(frozenset([state])) == p


def test_symmetries_of_the_language():
    group = topos.symmetries()
    assert len({tuple(g[s] for s in topos.STATES) for g in group}) == 48
    found = topos.orbits(group)
    assert [len(o) for o in found] == [4, 12, 24, 24]
    fixed = [sum(g[min(o)] == min(o) for g in group) for o in found]
    assert fixed == [12, 4, 2, 2]
    assert len(topos.orbits(topos.symmetries(square=False))) == 20
    simple = {topos.holds(p, x) for p, x in product("abc", "mfyo")}
    first = topos.holds("a", "m")
    assert {frozenset(g[s] for s in first) for g in group} == simple
    assert len(simple) == 12


# -- entropy ------------------------------------------------------------------


def columns(seed, n=200):
    rng = rng_of(seed)
    x = rng.integers(0, 3, n)
    y = (x + rng.integers(0, 2, n)) % 4
    return x, y, rng.integers(0, 3, n) * (y > 1)


def test_entropy_against_scipy():
    x, y, _ = columns(0)
    counts = list(Counter(zip(x, y, strict=True)).values())
    expected = scipy.stats.entropy(counts, base=2)
    assert topos.entropy(x, y) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_entropy_is_a_cocycle_and_others_are_not(seed):
    x, y, z = columns(seed)
    assert abs(topos.delta(topos.entropy)(x, y)) < 1e-12
    assert abs(topos.delta(topos.gini)(x, y)) > 0.05
    i2 = topos.delta_t(topos.entropy)
    total = topos.entropy(x) + topos.entropy(y) - topos.entropy(x, y)
    assert i2(x, y) == pytest.approx(total, abs=1e-12)
    i3 = i2(x, y) - topos.conditioned(i2, z, x, y)
    assert topos.delta2(i2)(z, x, y) == pytest.approx(
        topos.conditioned(i2, z, x, y)
        - i2(topos.joint(z, x), y)
        + i2(z, topos.joint(x, y))
        - i2(z, x),
        abs=1e-12,
    )
    assert topos.delta2(i2)(z, x, y) == pytest.approx(-i3, abs=1e-12)


def test_conditional_entropy_on_a_table_by_hand():
    x, y = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2])
    assert topos.conditional(y, x) == 0.5
    assert topos.conditional(x, y) == 0


@pytest.mark.parametrize("n", [2, 4, 6, 8, 10, 12, 14, 18, 24])
def test_one_cocycle_per_prime(n):
    assert topos.count_cocycles(n) == len(topos.primes(n))


def test_cocycle_rank_over_the_floats():
    rows = topos.cocycle_rows(12)
    keys = sorted({k for row in rows for k in row})
    dense = np.zeros((len(rows), len(keys)))
    for i, row in enumerate(rows):
        for k, v in row.items():
            dense[i, keys.index(k)] = v
    assert len(keys) - np.linalg.matrix_rank(dense) == 5


@pytest.mark.parametrize("prime", [2, 3, 5])
def test_prime_cocycles_solve_the_equations(prime):
    n = 12

    def g(a, b):
        return topos.split_information(
            a, b, lambda k: topos.valuation(k, prime)
        )

    for row in topos.cocycle_rows(n):
        assert sum(v * g(*divmod(k, n + 1)) for k, v in row.items()) == 0


def test_split_information_with_the_logarithm_is_entropy():
    column = np.array([0] * 3 + [1] * 5)
    ours = topos.split_information(3, 5, math.log2)
    assert ours == pytest.approx(8 * topos.entropy(column), abs=1e-12)


def test_columns_of_unequal_length():
    with pytest.raises(ValueError, match="lengths \\[2, 3\\]"):
        topos.joint(np.zeros(2, int), np.zeros(3, int))
    with pytest.raises(ValueError, match="at least one column"):
        topos.entropy()


# -- cells, fibrant objects ---------------------------------------------------


def test_bars():
    x, labels = topos.bars()
    assert x.shape == (4225, 32)
    assert np.bincount(labels).tolist() == [2350, 1100, 775]
    top, low = x[:, :16] > 0, x[:, 16:] > 0
    shared = (top & low).sum(1)
    inside = shared == np.minimum(top.sum(1), low.sum(1))
    expected = np.where(shared == 0, 0, np.where(inside, 2, 1))
    np.testing.assert_array_equal(labels, expected)


def test_cell_score_against_loops():
    rng = rng_of(0)
    labels = rng.integers(0, 3, 300)
    activity = np.tanh(3 * rng.normal(size=(300, 4)) + labels[:, None] - 1)
    score = topos.cell_score(activity, labels, tol=0.1, min_share=0.1)
    ruled = [set() for _ in labels]
    cells = 0
    for unit in range(4):
        v = activity[:, unit]
        for low, high in [(-2, -1 / 3), (-1 / 3, 1 / 3), (1 / 3, 2)]:
            inside = [i for i in range(300) if low <= v[i] < high]
            if len(inside) < 30:
                continue
            out = {
                c
                for c in range(3)
                if sum(labels[i] == c for i in inside)
                <= 0.1 * sum(labels == c)
            }
            cells += bool(out)
            for i in inside:
                ruled[i] |= out
    assert score.cells == cells > 0
    assert score.content == pytest.approx(sum(map(len, ruled)) / 900)
    decided = [ruled[i] | {labels[i]} == {0, 1, 2} for i in range(300)]
    assert score.decide == pytest.approx(np.mean(decided))
    with pytest.raises(ValueError, match="one label per input"):
        topos.cell_score(activity, labels[:-1])


def test_train_bars_gives_the_activities_of_the_network():
    x, labels = topos.bars(pixels=8)
    network, acts = topos.train_bars(2, 0, x, labels, epochs=3, width=5)
    logits = acts[-1] @ network.coefs_[-1] + network.intercepts_[-1]
    np.testing.assert_array_equal(logits.argmax(1), network.predict(x))


def test_fibrant_objects_are_the_nonempty_surjections():
    objects = topos.small_objects(3, 2)
    assert len(objects) == 20
    for f in objects:
        assert topos.is_fibrant(f) == topos.is_surjection(f), f
