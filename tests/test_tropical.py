"""Oracles of topoi.tropical: closed forms, fractions, hulls, sampling."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from topoi import tropical
from topoi.tropical import (
    Layer,
    TropicalPolynomial,
    box,
    crossings,
    preactivations,
)

UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)


def random_network(widths, seed=0, outputs=0, inputs=2):
    """Return He-normal layers with float32 numbers."""
    rng = np.random.default_rng(seed)
    layers = []
    for width in [*widths, outputs] if outputs else widths:
        w = rng.normal(size=(width, inputs)) * np.sqrt(2 / inputs)
        b = rng.normal(size=width) / 2
        w, b = (v.astype(np.float32).astype(float) for v in (w, b))
        layers.append(Layer(w, b))
        inputs = width
    if outputs:
        layers[-1] = layers[-1]._replace(relu=False)
    return layers


def integer_network(rng, outputs=2):
    """Return a small network of small integers, full of coincidences."""
    layers, inputs = [], 2
    for width in rng.integers(1, 6, rng.integers(1, 4)):
        w = rng.integers(-3, 4, (width, inputs))
        layers.append(Layer(w, rng.integers(-2, 3, width)))
        inputs = width
    w = rng.integers(-3, 4, (outputs, inputs))
    return [*layers, Layer(w, rng.integers(-2, 3, outputs), False)]


def forward(layers, x):
    """Evaluate a network on rows x, and its pattern, independently."""
    pattern = []
    for w, b, relu in layers:
        x = x @ np.asarray(w, float).T + np.asarray(b, float)
        if relu:
            pattern.append(x > 0)
            x = x * (x > 0)
    return x, np.concatenate(pattern, 1)


# -- one layer: arrangements of lines ---------------------------------------


def count_in_box(layer):
    """Return 1 + lines that meet the box + crossings inside it."""
    w, b = layer.weights, layer.bias
    corners = box() @ w.T + b
    meets = (corners.min(0) < 0) & (corners.max(0) > 0)
    total = 1 + meets.sum()
    for i, k in combinations(range(len(b)), 2):
        point = np.linalg.solve(w[[i, k]], -b[[i, k]])
        total += np.abs(point).max() < 1
    return total


@pytest.mark.parametrize(("m", "known"), [(10, 41), (20, 78), (64, 1242)])
def test_one_layer_counts_lines_and_crossings(m, known):
    """Oracle: every pair of lines solved by itself."""
    layers = random_network([m])
    wanted = count_in_box(layers[0])
    assert tropical.count_regions(layers, box()) == wanted
    assert len(tropical.enumerate_regions(layers, box())) == wanted
    if m != 20:
        assert wanted == known


@pytest.mark.parametrize(("m", "d"), [(6, 1), (7, 2), (12, 2), (7, 3), (6, 4)])
def test_generic_arrangement_is_zaslavskys_number(m, d):
    rng = np.random.default_rng(m)
    walls = rng.normal(size=(m, d + 1))
    wanted = sum(comb(m, i) for i in range(d + 1))
    assert tropical.arrangement_count(walls) == wanted
    homogeneous = np.vstack([walls, np.eye(d + 1)[-1]])
    cells = tropical.arrangement_cells(homogeneous)
    assert (cells[:, -1] > 0).sum() == wanted
    assert len(np.unique(cells, axis=0)) == len(cells)


def test_arrangements_that_are_not_generic():
    """Oracles: permutations of the braid arrangement, drawings by hand."""
    braid = []
    for i, k in combinations(range(4), 2):
        row = np.zeros(5)
        row[i], row[k] = 1, -1
        braid.append(row)
    assert tropical.arrangement_count(braid) == 24  # 4! orders
    parallel = [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert tropical.arrangement_count(parallel) == 6
    pencil = [[1, 0, 0], [0, 1, 0], [1, 1, 0], [2, 2, 0]]
    assert tropical.arrangement_count(pencil) == 6


def test_subdivision_of_a_large_box_is_the_arrangement():
    rng = np.random.default_rng(3)
    w, b = rng.integers(-5, 6, (9, 2)), rng.integers(-3, 4, 9)
    keep = np.abs(w).sum(1) > 0
    rows = np.column_stack([w, b])[keep]
    cells = len(tropical.enumerate_regions([(w, b)], box(1e3)))
    assert cells == tropical.arrangement_count(rows)


# -- deep networks ----------------------------------------------------------


@pytest.mark.parametrize(
    ("widths", "known"), [((64, 64), 3869), ((64, 64, 64), 8161)]
)
def test_two_code_paths_count_alike(widths, known):
    layers = random_network(widths)
    fast = tropical.enumerate_regions(layers, box())
    slow = tropical.enumerate_regions(layers, box(), one_by_one=True)
    assert len(fast) == len(slow) == known
    assert tropical.count_regions(layers, box()) == known
    for found in (fast, slow):
        assert found.euler_characteristic == 1
        areas = found.areas()
        assert areas.min() > 0
        assert abs(areas.sum() - 4) < 1e-9


def test_large_network_in_blocks(monkeypatch):
    """Memory in small blocks must not change a count."""
    layers = random_network([64, 64])
    monkeypatch.setattr(preactivations, "BLOCK", 2**14)
    monkeypatch.setattr(crossings, "PAIRS", 2**9)
    assert len(tropical.enumerate_regions(layers, box())) == 3869
    assert tropical.count_regions(layers, box()) == 3869


def test_cells_are_exactly_the_activation_patterns():
    """Oracle: cells are convex, so patterns are distinct, and sampling
    must find no pattern that was not enumerated."""
    layers = random_network([16, 16, 16], seed=5)
    found = tropical.enumerate_regions(layers, box())
    patterns = {row.tobytes() for row in found.patterns()}
    assert len(patterns) == len(found)
    x = np.random.default_rng(0).uniform(-1, 1, (100_000, 2))
    sampled = {row.tobytes() for row in forward(layers, x)[1]}
    assert sampled <= patterns
    assert len(sampled) < len(patterns)  # sampling alone undercounts


def test_affine_maps_are_the_network():
    layers = random_network([12, 9], seed=2, outputs=3)
    found = tropical.enumerate_regions(layers, box())
    slope, intercept = found.affine()
    x = found.centres()
    ours = np.einsum("foi,fi->fo", slope, x) + intercept
    np.testing.assert_allclose(ours, forward(layers, x)[0], atol=1e-12)
    one, constant = found.affine(7)
    np.testing.assert_array_equal(one, slope[7])
    np.testing.assert_array_equal(constant, intercept[7])
    with pytest.raises(IndexError, match="but got face 9999"):
        found.affine(9999)


@pytest.mark.parametrize("widths", [(10,), (16, 16), (8, 8, 8)])
def test_rational_arithmetic_certifies_the_count(widths):
    rng = np.random.default_rng(1)
    layers = [
        Layer(np.round(w * 64) / 64, np.round(b * 64) / 64)
        for w, b, _ in random_network(widths, seed=rng.integers(100))
    ]
    exact = tropical.enumerate_regions(layers, box(), exact=True)
    rounded = tropical.enumerate_regions(layers, box())
    assert len(exact) == len(rounded)
    assert exact.exact
    assert not rounded.exact
    assert isinstance(exact.vertices[0, 0], (int, Fraction))
    np.testing.assert_array_equal(
        sorted(map(tuple, exact.patterns())),
        sorted(map(tuple, rounded.patterns())),
    )


def test_exact_vertices_lie_on_their_lines_exactly():
    layers = random_network([8], seed=4)
    found = tropical.enumerate_regions(layers, box(), exact=True)
    ends = found.vertices[found.mesh.ends]
    w, b = map(tropical.fractions, layers[0][:2])
    for pair, unit in zip(ends, found.mesh.source, strict=True):
        if unit >= 0:
            values = [w[unit] @ point + b[unit] for point in pair]
            assert values == [0, 0]


def test_networks_full_of_coincidences():
    """Oracle: the same network in integers; 120 networks of small integers
    with triple points, repeated and parallel lines, dead cells."""
    rng = np.random.default_rng(11)
    kite = np.array([[0, 0], [3, 1], [2, 4], [-1, 2]], float)
    for number in range(120):
        layers = integer_network(rng)
        domain = kite if number % 3 == 0 else box(float(rng.integers(1, 4)))
        exact = tropical.enumerate_regions(layers, domain, exact=True)
        fast = tropical.enumerate_regions(layers, domain)
        slow = tropical.enumerate_regions(layers, domain, one_by_one=True)
        assert len(fast) == len(slow) == len(exact)
        assert tropical.count_regions(layers, domain) == len(exact)
        assert fast.merge_linear().max() == exact.merge_linear().max()
        ours, theirs = fast.boundary_segments(), exact.boundary_segments()
        assert len(ours) == len(theirs)
        assert fast.areas().min() > 0
        assert abs(fast.areas().sum() - exact.areas().sum()) < 1e-9


def test_degenerate_neurons_by_hand():
    """Oracles: pictures small enough to draw."""
    across = Layer(np.array([[1.0, 1.0]]), np.zeros(1))  # corner to corner
    assert len(tropical.enumerate_regions([across], box())) == 2
    twins = Layer(np.array([[1.0, 2.0]] * 2), np.full(2, 0.1))
    assert len(tropical.enumerate_regions([twins], box())) == 2
    never = Layer(np.array([[1.0, 1.0]]), np.array([5.0]))
    assert len(tropical.enumerate_regions([never], box())) == 1
    dead = Layer(np.zeros((1, 2)), np.zeros(1))
    assert len(tropical.enumerate_regions([dead], box())) == 1
    star = Layer(np.array([[1.0, 0], [0, 1], [1, 1], [1, -1]]), np.zeros(4))
    assert tropical.count_regions([star], box()) == 8
    again = [star, Layer(np.eye(4), np.zeros(4))]  # the same lines again
    assert tropical.count_regions(again, box()) == 8


# -- constructions and bounds -----------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_constructions_attain_their_counts(depth):
    tent = tropical.in_plane(tropical.tent(depth))
    assert len(tropical.enumerate_regions(tent, UNIT)) == 2**depth
    square = tropical.product_tent(depth)
    assert len(tropical.enumerate_regions(square, UNIT)) == 4**depth
    zigzag = tropical.in_plane(tropical.zigzag(depth))
    assert len(tropical.enumerate_regions(zigzag, UNIT)) == 4**depth
    assert tropical.region_bounds(1, [3] * depth).upper == 4**depth
    folded = tropical.montufar_network(depth)
    wanted = 11 * 4 ** (depth - 1)
    assert len(tropical.enumerate_regions(folded, UNIT)) == wanted
    assert tropical.region_bounds(2, [4] * depth).lower == wanted


def test_constructions_exactly():
    for net, wanted in (
        (tropical.in_plane(tropical.tent(6)), 64),
        (tropical.product_tent(3), 64),
        (tropical.in_plane(tropical.zigzag(3)), 64),
        (tropical.montufar_network(3), 176),
    ):
        found = tropical.enumerate_regions(net, UNIT, exact=True)
        assert len(found) == wanted


def test_zigzag_maps_each_piece_onto_the_interval():
    layers = tropical.zigzag(1)
    knots = [Fraction(n, 8) for n in (0, 1, 4, 6, 8)]
    values = []
    for x in knots:
        h = np.array([x], object)
        for w, b, relu in layers:
            h = w @ h + b
            h = np.maximum(h, 0) if relu else h
        values.append(h[0])
    assert values == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("d", "widths", "known"),
    [
        (2, (4, 4), (44, 121, 121)),
        (2, (8, 8), (592, 1369, 1369)),
        (2, (64, 64), (2130944, 4330561, 4330561)),
        (2, (2, 2, 2), (4, 30, 64)),
        (1, (3, 3), (12, 16, 16)),
    ],
)
def test_bounds_known_values(d, widths, known):
    assert tropical.region_bounds(d, widths) == known


@pytest.mark.parametrize("widths", [(4, 4), (3, 3, 3), (2, 2, 2, 2), (8, 8)])
def test_counts_stay_below_the_bounds(widths):
    bounds = tropical.region_bounds(2, widths)
    assert bounds.lower <= bounds.serra <= bounds.upper
    for seed in range(5):
        layers = random_network(widths, seed)
        assert tropical.count_regions(layers, box(50.0)) <= bounds.serra


# -- merging and boundaries -------------------------------------------------


def test_merging_joins_equal_maps_only():
    """A dead output makes every cell one region; a unit with outgoing
    weight zero leaves cells that differ in nothing."""
    layers = random_network([5], seed=1)
    zero = Layer(np.zeros((1, 5)), np.ones(1), False)
    found = tropical.enumerate_regions([*layers, zero], box())
    assert found.merge_linear().max() == 0
    one = Layer(np.array([[1.0, 0, 0, 0, 0]]), np.zeros(1), False)
    found = tropical.enumerate_regions([*layers, one], box(9.0))
    assert found.merge_linear().max() == 1


def test_merged_count_is_the_count_of_gradients_where_gradients_differ():
    """Oracle: breadth-first search over neighbours, in plain Python."""
    layers = random_network([3, 3, 3], seed=8, outputs=2)
    found = tropical.enumerate_regions(layers, box(3.0), exact=True)
    slope, intercept = found.affine()
    maps = [(*s.ravel(), *c) for s, c in zip(slope, intercept, strict=True)]
    pairs = found.mesh.face.reshape(-1, 2)
    pairs = {tuple(p) for p in pairs if p.min() >= 0}
    left, regions = set(range(len(found))), 0
    while left:
        queue, regions = [left.pop()], regions + 1
        while queue:
            face = queue.pop()
            near = [
                k
                for k in left
                if maps[k] == maps[face]
                and ((k, face) in pairs or (face, k) in pairs)
            ]
            left -= set(near)
            queue += near
    assert found.merge_linear().max() + 1 == regions
    rounded = tropical.enumerate_regions(layers, box(3.0)).merge_linear()
    assert rounded.max() + 1 == regions


def test_boundary_separates_the_signs():
    """Oracle: the sign of f_1 - f_2 - c on straight walks through the box;
    a walk changes sign as often as it meets a segment."""
    layers = random_network([16, 16], seed=6, outputs=2)
    level = 0.1
    found = tropical.enumerate_regions(layers, box())
    segments = found.boundary_segments(level)
    middle = segments.mean(1)
    outputs = forward(layers, middle)[0]
    tied = outputs[:, 0] - outputs[:, 1] - level
    assert np.abs(tied).max() < 1e-12
    rng = np.random.default_rng(2)
    for _ in range(20):
        start, stop = rng.uniform(-1, 1, (2, 2))
        walk = start + np.linspace(0, 1, 20_001)[:, None] * (stop - start)
        value = forward(layers, walk)[0]
        sign = np.sign(value[:, 0] - value[:, 1] - level)
        changes = (np.diff(sign) != 0).sum()
        normal = np.array([[0, 1], [-1, 0]]) @ (stop - start)
        side = (segments - start) @ normal
        crossing = side[:, 0] * side[:, 1] < 0
        t = side[:, 0] / (side[:, 0] - side[:, 1] + ~crossing)
        point = segments[:, 0] + t[:, None] * (segments[:, 1] - segments[:, 0])
        where = (point - start) @ (stop - start) / ((stop - start) ** 2).sum()
        meets = (crossing & (where > 0) & (where < 1)).sum()
        assert meets == changes


def test_ties_on_a_whole_cell_are_outside_the_hypersurface():
    """f_1 = relu(x), f_2 = -relu(x) tie for all x <= 0, while the corner
    set of R = 2x + x + 0 (max-plus) is x = 0 alone."""
    layers = [
        Layer(np.array([[1.0, 0.0]]), np.zeros(1)),
        Layer(np.array([[1.0], [-1.0]]), np.zeros(2), False),
    ]
    found = tropical.enumerate_regions(layers, box(), exact=True)
    slope, _ = found.affine()
    tied = [not any(s[0] - s[1]) for s in slope]
    assert sorted(tied) == [False, True]
    segments = np.asarray(found.boundary_segments(), float)
    np.testing.assert_array_equal(segments[:, :, 0], 0)


# -- tropical polynomials ---------------------------------------------------

COEFFICIENTS = st.fractions(-4, 4, max_denominator=6)
EXPONENTS = st.tuples(st.integers(0, 3), st.integers(0, 3))
POLYNOMIALS = st.dictionaries(
    EXPONENTS, COEFFICIENTS, min_size=1, max_size=5
).map(lambda terms: TropicalPolynomial(2, terms))
POINTS = st.tuples(COEFFICIENTS, COEFFICIENTS)


@given(POLYNOMIALS, POLYNOMIALS, POLYNOMIALS)
@settings(deadline=None, max_examples=60)
def test_semiring_laws(f, g, h):
    assert f + f == f
    assert f + g == g + f
    assert f * g == g * f
    assert (f + g) + h == f + (g + h)
    assert (f * g) * h == f * (g * h)
    assert f * (g + h) == f * g + f * h


@given(POLYNOMIALS, POLYNOMIALS, POINTS, st.integers(0, 4))
@settings(deadline=None, max_examples=60)
def test_values_are_maxima_and_sums(f, g, x, power):
    assert (f + g)(x) == max(f(x), g(x))
    assert (f * g)(x) == f(x) + g(x)
    assert (f**power)(x) == power * f(x)


@given(POLYNOMIALS, POINTS)
@settings(deadline=None, max_examples=100)
def test_pruning_keeps_the_function_and_only_winners(f, x):
    """Oracle: a kept monomial wins strictly on an exact polygon."""
    pruned = f.prune()
    assert pruned(x) == f(x)
    assert set(pruned.regions(box(200.0))) == set(pruned.terms)


def test_power_has_no_cross_terms():
    f = TropicalPolynomial(1, {(0,): 0, (1,): Fraction(1, 2), (2,): 0})
    assert len(f**2) == 3
    assert len(f * f) == 5
    assert (f * f).same_function(f**2)
    assert f**0 == TropicalPolynomial(1, {(0,): 0})
    assert repr(f) == "max(0, 1/2 + x, 2x)"
    with pytest.raises(ValueError, match="exponent >= 0, but got -1"):
        f**-1


def test_newton_polytopes_add_under_products():
    """P(f g) = P(f) + P(g), P(f + g) = hull of the union: upper hulls."""
    rng = np.random.default_rng(0)
    terms = [
        {tuple(map(int, e)): int(c) for e, c in zip(es, cs, strict=True)}
        for es, cs in (
            (rng.integers(0, 4, (5, 2)), rng.integers(-5, 6, 5))
            for _ in range(2)
        )
    ]
    f, g = (TropicalPolynomial(2, t) for t in terms)
    sums = [p + q for p, q in product(f.lifted(), g.lifted())]
    union = np.vstack([f.lifted(), g.lifted()])
    u = np.column_stack([rng.normal(size=(50, 2)), np.ones(50)])
    for h, points in ((f * g, np.array(sums)), (f + g, union)):
        ours = (u @ h.lifted().T).max(1)
        np.testing.assert_allclose(ours, (u @ points.T).max(1), atol=1e-12)


def test_curve_is_dual_to_the_subdivision():
    f = TropicalPolynomial(
        2,
        {(0, 0): 0, (1, 0): 1, (0, 1): 1, (2, 0): 0, (1, 1): 1, (0, 2): 0},
    )
    edges, corners = f.curve(box(10.0))
    for (one, two), (p, q) in edges.items():
        dual = [a - b for a, b in zip(one, two, strict=True)]
        side = [a - b for a, b in zip(p, q, strict=True)]
        assert dual[0] * side[0] + dual[1] * side[1] == 0
        middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        assert f(middle) == TropicalPolynomial(2, {one: f.terms[one]})(middle)
    # A smooth conic: 4 vertices, 9 edges (3 bounded), area 4 of triangles.
    assert len(corners) == 4
    assert len(edges) == 9
    assert all(len(ties) == 3 for ties in corners.values())
    with pytest.raises(ValueError, match="needs 2 variables, but it has 1"):
        TropicalPolynomial(1, {(0,): 0}).curve(box())


@pytest.mark.parametrize("widths", [(2, 4, 1), (2, 3, 3, 1), (1, 3, 2)])
@pytest.mark.parametrize("prune", [True, False])
def test_network_is_a_tropical_quotient_exactly(widths, prune):
    rng = np.random.default_rng(sum(widths))
    layers = []
    for a, b in zip(widths, widths[1:], strict=False):
        bias = rng.normal(size=b).round(2)
        layers.append(Layer(rng.integers(-3, 4, (b, a)), bias))
    layers[-1] = layers[-1]._replace(relu=False)
    quotients = tropical.network_to_tropical(layers, prune)
    for _ in range(40):
        x = [Fraction(int(v), 7) for v in rng.integers(-30, 31, widths[0])]
        h = np.array(x, object)
        for w, b, relu in layers:
            h = tropical.fractions(w) @ h + tropical.fractions(b)
            h = np.maximum(h, 0) if relu else h
        assert [q(x) for q in quotients] == list(h)
    exponents = [e for q in quotients for e in q.numerator.terms]
    assert all(isinstance(v, int) for e in exponents for v in e)


def test_regions_of_a_shallow_network_are_upper_vertices():
    """One layer with positive weights behind it is a tropical polynomial;
    its linear regions are the vertices of its upper hull."""
    rng = np.random.default_rng(9)
    w = rng.integers(-9, 10, (5, 2))
    b = rng.integers(-5, 6, 5)
    total = Layer(np.ones((1, 5)), np.zeros(1), False)
    (quotient,) = tropical.network_to_tropical([(w, b), total])
    f = quotient.numerator
    upper = tropical.zonotope_vertices(np.column_stack([w, b]), upper=True)
    found = tropical.enumerate_regions([(w, b), total], box(1e3))
    assert len(f) == len(upper) == found.merge_linear().max() + 1


# -- zonotopes --------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "n", "vertices", "upper"),
    [
        (4, 2, 8, 5),
        (6, 2, 12, 7),
        (5, 3, 22, 16),
        (7, 3, 44, 29),
        (6, 4, 52, 42),
    ],
)
def test_zonotope_vertices(m, n, vertices, upper):
    """Oracles: the hull of all 2^m sums, and the binomial sums."""
    rng = np.random.default_rng(m)
    generators = rng.normal(size=(m, n))
    ours = tropical.zonotope_vertices(generators)
    top = tropical.zonotope_vertices(generators, upper=True)
    assert len(ours) == vertices == 2 * sum(comb(m - 1, i) for i in range(n))
    assert len(top) == upper == sum(comb(m, i) for i in range(n))
    sums = np.array(list(product((0, 1), repeat=m))) @ generators
    hull = ConvexHull(sums)
    wanted = sums[hull.vertices]
    order = [np.lexsort(points.round(9).T) for points in (ours, wanted)]
    np.testing.assert_allclose(ours[order[0]], wanted[order[1]], atol=1e-9)
    facets = hull.simplices[hull.equations[:, -2] > 1e-9]
    assert len(np.unique(facets)) == upper


def test_fractions_stay_exact():
    """Three directions that floats cannot tell apart, and thirds.

    1, 1 + 2^-60 and 1 - 2^-60 are one float, so rounding would leave two
    parallel pairs and fewer cells.
    """
    hair = Fraction(1, 2**60)
    rows = [[Fraction(1), slope] for slope in (1, 1 + hair, 1 - hair)]
    rows = np.array(rows, object)
    assert len(tropical.arrangement_cells(rows)) == 6
    assert len(tropical.arrangement_cells(rows.astype(float))) == 2
    corners = tropical.zonotope_vertices(rows)
    assert len(corners) == 6
    assert all(isinstance(v, Fraction) for v in corners.ravel())
    assert [3, 3] in corners.tolist()
    thirds = np.array([[Fraction(1, 3), 0], [0, Fraction(1, 7)]], object)
    total = max(tropical.zonotope_vertices(thirds).tolist())
    assert total == [Fraction(1, 3), Fraction(1, 7)]
    assert tropical.zonotope_vertices(rows.astype(float)).dtype == float


def test_degenerate_zonotopes():
    segment = [[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]]
    assert len(tropical.zonotope_vertices(segment)) == 2
    square = [[1.0, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert len(tropical.zonotope_vertices(square)) == 4


@pytest.mark.parametrize("p", [1, 6])
def test_decision_polytope_gives_the_difference(p):
    """Oracle: the network itself, on 4000 points."""
    rng = np.random.default_rng(p)
    a, b = rng.integers(-5, 6, (p, 2)), rng.integers(-5, 6, (2, p))
    first, second = tropical.decision_polytope(a, b)
    x = rng.normal(size=(4000, 2))
    f = np.maximum(x @ a.T, 0) @ b.T
    gap = first.support(x) - second.support(x) - (f[:, 0] - f[:, 1])
    assert np.abs(gap).max() < 1e-11
    for zonotope in (first, second):
        highest = (x @ zonotope.vertices().T).max(1)
        np.testing.assert_allclose(highest, zonotope.support(x), atol=1e-11)


# -- margins, attacks, pruning ----------------------------------------------


def test_margin_is_the_distance_to_the_nearest_point():
    """Oracle: 40,000 points laid along the segments."""
    layers = random_network([16, 16], seed=6, outputs=2)
    segments = tropical.enumerate_regions(layers, box()).boundary_segments()
    x = np.random.default_rng(1).uniform(-0.7, 0.7, (50, 2))
    margin = tropical.exact_margin(x, segments, box())
    t = np.linspace(0, 1, 2001)[:, None, None]
    dense = (1 - t) * segments[:, 0] + t * segments[:, 1]
    dense = dense.reshape(-1, 2)
    nearest = np.linalg.norm(x[:, None] - dense, axis=2).min(1)
    assert (margin.distance <= nearest + 1e-12).all()
    np.testing.assert_allclose(margin.distance, nearest, atol=1e-3)
    f = forward(layers, margin.nearest)[0]
    assert np.abs(f[:, 0] - f[:, 1]).max() < 1e-9
    side = 1 - np.abs(x).max(1)
    np.testing.assert_array_equal(margin.certified, margin.distance <= side)


def test_margin_without_a_boundary_is_infinite():
    margin = tropical.exact_margin(
        np.zeros((2, 2)), np.zeros((0, 2, 2)), box()
    )
    assert np.isinf(margin.distance).all()
    assert not margin.certified.any()
    with pytest.raises(ValueError, match=r"got \(2,\) and \(1, 2, 2\)"):
        tropical.exact_margin(np.zeros(2), np.zeros((1, 2, 2)), box())


def test_first_layer_perturbation_moves_the_input():
    rng = np.random.default_rng(0)
    a, x, eta = rng.normal(size=(5, 3)), *rng.normal(size=(2, 3))
    change = tropical.perturb_first_layer(a, x, eta)
    np.testing.assert_allclose((a + change) @ x, a @ (x + eta), atol=1e-12)
    # The smallest: any other solution differs by rows orthogonal to x.
    other = rng.normal(size=(5, 3))
    other -= np.outer(other @ x, x) / (x @ x)
    assert abs((change * other).sum()) < 1e-12
    with pytest.raises(ValueError, match="x other than 0"):
        tropical.perturb_first_layer(a, np.zeros(3), eta)


def test_shrinkage_minimises_its_objective():
    """Oracle: no random step makes the penalised distance smaller."""
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(6, 3)), rng.normal(size=(2, 6))
    penalty = 0.8
    wanted = tropical.decision_polytope(a, b)
    found = tropical.shrink_generators(a, b, penalty)

    def objective(h, g):
        rows = np.linalg.norm(h, axis=1).sum()
        return 0.5 * ((h - g) ** 2).sum() + penalty * rows

    for h, zonotope in zip(found, wanted, strict=True):
        least = objective(h, zonotope.generators)
        for _ in range(200):
            step = rng.normal(size=h.shape) * rng.choice([1e-3, 0.1])
            assert objective(h + step, zonotope.generators) >= least
    scores = tropical.generator_scores(a, b)
    vanished = [(h == 0).all(1) for h in found]
    np.testing.assert_array_equal(np.stack(vanished, 1), scores <= penalty)


# -- Keras ------------------------------------------------------------------


def test_dense_models_are_read_without_rounding():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(7, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(5),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(0)
    model.set_weights(
        [np.abs(rng.normal(size=w.shape)) + 0.1 for w in model.get_weights()]
    )
    layers = tropical.from_keras(model)
    assert [layer.relu for layer in layers] == [True, True, False]
    np.testing.assert_array_equal(
        layers[0].weights, model.layers[0].get_weights()[0].T.astype(float)
    )
    x = rng.normal(size=(20, 2))
    wanted = np.asarray(model(x.astype("float32")))
    np.testing.assert_allclose(forward(layers, x)[0], wanted, rtol=1e-5)


def test_convolutional_models_are_read_on_a_plane():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, activation="relu", padding="same"),
            keras.layers.AveragePooling2D(2),
            keras.layers.Conv2D(4, 2, strides=1, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    rng = np.random.default_rng(0)
    origin, plane = rng.normal(size=(6, 6, 1)), rng.normal(size=(2, 6, 6, 1))
    layers = tropical.from_keras(model, origin, plane)
    assert layers[0].weights.shape == (108, 2)
    s = rng.normal(size=(10, 2))
    x = origin + np.tensordot(s, plane, 1)
    wanted = np.asarray(model(x.astype("float32")))
    found = forward(layers, s)[0]
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    cells = tropical.enumerate_regions(layers, box())
    assert cells.euler_characteristic == 1
    assert len(np.unique(cells.patterns(), axis=0)) == len(cells)


def _small(*layers):
    return keras.Sequential([keras.Input((4, 4, 1)), *layers])


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        (
            lambda: [keras.layers.MaxPooling2D(2)],
            r"cannot read layer .*MaxPool",
        ),
        (lambda: [keras.layers.Conv2D(2, 3, activation="tanh")], "has 'tanh'"),
        (
            lambda: [keras.layers.Flatten(), keras.layers.Dense(2, "softmax")],
            "returns the logits",
        ),
        (lambda: [keras.layers.ReLU(max_value=6)], "clipped relu"),
    ],
)
def test_unsupported_models_are_refused(layers, text):
    with pytest.raises(ValueError, match=text):
        tropical.from_keras(_small(*layers()))


def test_models_with_branches_are_refused():
    x = keras.Input((2,))
    h = keras.layers.Dense(2, activation="relu")(x)
    model = keras.Model(x, keras.layers.Dense(2)(keras.layers.add([x, h])))
    with pytest.raises(ValueError, match="cannot read layer .*Add"):
        tropical.from_keras(model)
    shared = keras.layers.Dense(2, activation="relu")
    model = keras.Model(x, shared(shared(x)))
    with pytest.raises(ValueError, match="chains only"):
        tropical.from_keras(model)
    with pytest.raises(ValueError, match=r"got \(3,\) and \(2, 2\)"):
        tropical.from_keras(model, np.zeros(3), np.eye(2))


# -- bad input --------------------------------------------------------------

GOOD = [(np.eye(2), np.zeros(2))]


@pytest.mark.parametrize(
    ("polygon", "text"),
    [
        ([[0, 0], [1, 0]], "at least 3 finite corners"),
        ([[0, 0], [2, 0], [1, 0.5], [1, 2]], "strictly convex"),
        ([[0, 0], [1, 0], [2, 0], [1, 1]], "strictly convex"),
        ([[0, 0], [1, 0], [np.nan, 1]], "finite corners"),
        (np.zeros((4, 3)), r"got shape \(4, 3\)"),
        (
            [[0, 1], [0.6, -0.8], [-0.95, 0.3], [0.95, 0.3], [-0.6, -0.8]],
            "strictly convex",
        ),
    ],
)
def test_bad_polygons(polygon, text):
    for function in (tropical.enumerate_regions, tropical.count_regions):
        with pytest.raises(ValueError, match=text):
            function(GOOD, polygon)


def test_clockwise_polygons_are_turned_around():
    found = tropical.enumerate_regions(GOOD, box()[::-1])
    assert found.areas().min() > 0
    assert len(found) == 4


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([], "at least one layer"),
        ([(np.eye(3), np.zeros(3))], r"shape \(out, 2\).*\(3, 3\)"),
        ([(np.eye(2), np.zeros(3))], r"got \(2, 2\) and \(3,\)"),
        ([*GOOD, (np.ones((1, 3)), np.zeros(1))], "Layer 1 needs"),
        ([(np.eye(2) * np.nan, np.zeros(2))], "NaN or infinite"),
        ([(np.eye(2), np.array([np.inf, 0]))], "NaN or infinite"),
        ([(np.eye(2), np.zeros(2), False), *GOOD], "only the last layer"),
    ],
)
def test_bad_layers(layers, text):
    for function in (tropical.enumerate_regions, tropical.count_regions):
        with pytest.raises(ValueError, match=text):
            function(layers, box())


def test_other_bad_input():
    with pytest.raises(ValueError, match=r"shape \(m, d \+ 1\)"):
        tropical.arrangement_count(np.zeros(3))
    with pytest.raises(ValueError, match="Row 1 has w = 0"):
        tropical.arrangement_count([[1, 0, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match="Generators are finite rows"):
        tropical.zonotope_vertices([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="Normals are finite rows"):
        tropical.arrangement_cells([[np.inf, 1.0]])
    with pytest.raises(ValueError, match=r"d = 0 and widths \[3\]"):
        tropical.region_bounds(0, [3])
    with pytest.raises(ValueError, match=r"b of shape \(2, p\)"):
        tropical.decision_polytope(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="depth = 0"):
        tropical.tent(0)
    with pytest.raises(ValueError, match="at least one monomial"):
        TropicalPolynomial(1, {})
    with pytest.raises(ValueError, match="Exponents need 2 entries"):
        TropicalPolynomial(2, {(1,): 0})
    found = tropical.enumerate_regions(random_network([3], outputs=2), box())
    with pytest.raises(ValueError, match=r"outputs of 0 to 1, but got \(0, 2"):
        found.boundary_segments(outputs=(0, 2))
