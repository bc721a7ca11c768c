"""Oracles of topoi.equivalence: corners, exact cells, brute force, SymPy."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topoi import equivalence, tropical
from topoi.equivalence import Interval, Settings, Status, Term
from topoi.tropical import Layer

SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
LOW, HIGH = [-1.0, -1.0], [1.0, 1.0]


def network(seed, widths=(2, 6, 6, 1)):
    return equivalence.random_network(widths, np.random.default_rng(seed))


def exact_ranges(net, polygon):
    """Return the exact ranges of all hidden units on a polygon.

    Oracle: a piecewise linear function has its extrema at vertices of its
    cells, and these are known without rounding.
    """
    cells = tropical.enumerate_regions(net, polygon, exact=True)
    z = equivalence.preactivations(
        equivalence.to_fractions(net), cells.vertices
    )
    return [Interval(values.min(0), values.max(0)) for values in z]


def rectangle(low, high):
    (a, b), (c, d) = low, high
    return np.array([[a, b], [c, b], [c, d], [a, d]], float)


# -- bounds -----------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 8])
def test_bounds_of_the_first_layer_are_attained_at_corners(n):
    net = network(n, (n, 5, 1))
    rng = np.random.default_rng(n)
    low = rng.normal(size=n)
    high = low + rng.random(n)
    corners = np.array(list(itertools.product(*zip(low, high, strict=True))))
    z = equivalence.preactivations(net, corners)[0]
    bounds = equivalence.interval_bounds(net, low, high)[0]
    np.testing.assert_allclose(bounds.lower, z.min(0), atol=1e-12)
    np.testing.assert_allclose(bounds.upper, z.max(0), atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_later_bounds_contain_the_exact_ranges(seed):
    net = network(seed)
    bounds = equivalence.interval_bounds(
        equivalence.to_fractions(net), LOW, HIGH
    )
    ranges = exact_ranges(net, SQUARE)
    for wide, exact in zip(bounds, ranges, strict=False):
        assert (wide.lower <= exact.lower).all()
        assert (wide.upper >= exact.upper).all()
    assert (bounds[1].upper > ranges[1].upper).any()


def test_fractions_give_the_same_bounds_as_floats():
    net = network(0)
    exact = equivalence.interval_bounds(
        equivalence.to_fractions(net), LOW, HIGH
    )
    rounded = equivalence.interval_bounds(net, LOW, HIGH)
    for a, b in zip(exact, rounded, strict=True):
        assert isinstance(a.lower[0], Fraction)
        np.testing.assert_allclose(a.lower.astype(float), b.lower)
        np.testing.assert_allclose(a.upper.astype(float), b.upper)


def test_a_unit_that_is_zero_everywhere_is_off():
    low, high = np.array([0.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0, 0.0])
    (status,) = equivalence.statuses([Interval(low, high)])
    # floats: a bound of 0 may be rounded, unless the unit is constant
    assert status.tolist() == [-1, 0, 0, -1]
    exact = Interval(tropical.fractions(low), tropical.fractions(high))
    assert equivalence.statuses([exact])[0].tolist() == [-1, 1, -1, -1]


def test_rounded_bounds_near_zero_decide_nothing():
    interval = Interval(np.array([-1.0, 1e-12]), np.array([-1e-12, 1.0]))
    assert equivalence.statuses([interval])[0].tolist() == [0, 0]


def test_local_boxes_stay_valid():
    low, high = equivalence.local_box(np.array([0.05, 0.5]), 0.1)
    np.testing.assert_allclose(low, [0.0, 0.4])
    np.testing.assert_allclose(high, [0.15, 0.6])


@pytest.mark.parametrize(
    ("low", "high"),
    [([0.0], [1.0]), ([0.0, 2.0], [1.0, 1.0]), ([0.0, np.inf], [1.0, np.inf])],
)
def test_bad_boxes_are_refused(low, high):
    with pytest.raises(ValueError, match="box"):
        equivalence.interval_bounds(network(0), low, high)


# -- stability --------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_highs_agrees_with_exact_cells(seed):
    net = network(seed)
    found = equivalence.stable_units(net, LOW, HIGH, "milp")
    truth = equivalence.statuses(exact_ranges(net, SQUARE))
    for a, b in zip(found, truth, strict=True):
        np.testing.assert_array_equal(a, b)


def test_highs_agrees_with_all_patterns_in_three_inputs():
    """Oracle: one linear program for each activation pattern."""
    from scipy.optimize import linprog

    net = network(5, (3, 4, 3, 1))
    (w, b, _), (w2, b2, _), _ = net
    low, high = -np.ones(3), np.ones(3)
    found = equivalence.stable_units(net, low, high, "milp")[1]
    for unit in range(3):
        values = []
        for pattern in itertools.product([0, 1], repeat=4):
            sign = np.where(np.array(pattern) == 1, 1.0, -1.0)
            slope = (w2[unit] * pattern) @ w
            rest = (w2[unit] * pattern) @ b + b2[unit]
            for direction in (1, -1):
                best = linprog(
                    -direction * slope,
                    A_ub=-sign[:, None] * w,
                    b_ub=sign * b,
                    bounds=list(zip(low, high, strict=True)),
                )
                if best.status == 0:
                    values.append(-direction * best.fun + rest)
        off, on = max(values) <= 0, min(values) >= 0
        assert found[unit] == (-1 if off else 1 if on else 0)


@pytest.mark.parametrize("seed", range(3))
def test_interval_statuses_are_among_those_of_highs(seed):
    net = network(seed, (2, 8, 8, 1))
    box = [0.1, 0.1], [0.3, 0.4]
    cheap = equivalence.stable_units(net, *box)
    full = equivalence.stable_units(net, *box, "milp")
    for a, b in zip(cheap, full, strict=True):
        assert (a[a != 0] == b[a != 0]).all()
    rng = np.random.default_rng(0)
    x = rng.uniform(*box, size=(500, 2))
    seen = equivalence.data_statuses(net, x)
    for a, b in zip(full, seen, strict=True):
        assert (a[np.abs(a) == 1] == b[np.abs(a) == 1]).all()


def test_points_with_both_signs_spare_the_solver(monkeypatch):
    net = network(1)
    x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    without = equivalence.stable_units(net, LOW, HIGH, "milp")
    asked = []
    whole = equivalence.StabilityProgram.largest

    def counted(*arguments):
        asked.append(1)
        return whole(*arguments)

    monkeypatch.setattr(equivalence.StabilityProgram, "largest", counted)
    found = equivalence.stable_units(net, LOW, HIGH, "milp", x)
    for a, b in zip(found, without, strict=True):
        np.testing.assert_array_equal(a, b)
    unstable = (without[1] == 0).sum()
    assert len(asked) <= 2 * (len(without[1]) - unstable + 1)


def test_out_of_time_is_unknown():
    net = network(0, (8, 40, 40, 1))
    found = equivalence.stable_units(
        net, -np.ones(8), np.ones(8), "milp", time_limit=1e-6
    )
    assert set(found[1].tolist()) <= {0, 2, -1, 1}
    assert Status.UNKNOWN in found[1]


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="interval"):
        equivalence.stable_units(network(0), LOW, HIGH, "guess")


# -- removal ----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_removal_is_exact_on_the_whole_square(seed):
    net = network(seed, (2, 8, 8, 2))
    exact = equivalence.to_fractions(net)
    low, high = [-0.2, 0.0], [0.2, 0.3]
    status = equivalence.stable_units(exact, low, high)
    small = equivalence.remove_stable(exact, status)
    found = equivalence.compare_exactly(
        net, small.layers, rectangle(low, high)
    )
    assert found.different == 0
    assert small.off == sum((s == -1).sum() for s in status)
    assert sum(len(b) for _, b, _ in small.layers) < 18


def test_dependent_units_are_merged_by_hand():
    """Three units that are on: h3 = 2 h1 - h2 + (b3 - 2 b1 + b2)."""
    f = tropical.fractions
    first = Layer(f([[1, 0], [0, 1], [2, -1]]), f([2, 3, 5]))
    last = Layer(f([[1, 1, 10]]), f([7]), False)
    status = [np.array([1, 1, 1])]
    # not all are on, or the layer would be folded
    first = Layer(f([*first.weights, [1, 1]]), f([*first.bias, 0]))
    last = Layer(f([[1, 1, 10, 4]]), f([7]), False)
    status = [np.array([1, 1, 1, 0])]
    small = equivalence.remove_stable([first, last], status)
    assert small[1:] == (0, 1, 0)
    assert small.layers[1].weights.tolist() == [[21, -9, 4]]
    assert small.layers[1].bias.tolist() == [7 + 10 * (5 - 2 * 2 + 3)]


@pytest.mark.parametrize("exact", [True, False])
def test_more_units_than_inputs_depend(exact):
    net = network(2, (2, 5, 3, 1))
    net[0] = net[0]._replace(bias=net[0].bias + 9)  # all are on
    net[0] = net[0]._replace(
        weights=np.vstack([net[0].weights[:4], 9 * net[0].weights[4]]),
        bias=np.append(net[0].bias[:4], 0.0),
    )
    net = equivalence.to_fractions(net) if exact else net
    status = equivalence.stable_units(net, LOW, HIGH)
    assert status[0].tolist() == [1, 1, 1, 1, 0]
    small = equivalence.remove_stable(net, status)
    assert small.dependent == 2
    found = equivalence.compare_exactly(net, small.layers, SQUARE)
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    change = equivalence.forward(net, x) - equivalence.forward(small.layers, x)
    assert np.abs(change.astype(float)).max() < 1e-10
    assert (found.different == 0) is exact or not exact


def test_a_stable_layer_is_folded_and_a_dead_one_is_a_constant():
    net = network(3, (2, 3, 3, 2))
    on = [np.ones(3, int), np.ones(3, int)]
    net[0] = net[0]._replace(bias=np.full(3, 9.0))
    net[1] = net[1]._replace(
        weights=np.abs(net[1].weights), bias=np.full(3, 9.0)
    )
    small = equivalence.remove_stable(net, on)
    assert len(small.layers) == 1
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    np.testing.assert_allclose(
        equivalence.forward(small.layers, x),
        equivalence.forward(net, x),
        atol=1e-12,
    )
    for off in ([-np.ones(3, int), on[1]], [on[0], -np.ones(3, int)]):
        dead = [layer._replace() for layer in net]
        number = 0 if off[0][0] < 0 else 1
        dead[number] = dead[number]._replace(bias=np.full(3, -99.0))
        small = equivalence.remove_stable(dead, off)
        assert (small.layers[-1].weights == 0).all()
        np.testing.assert_allclose(
            equivalence.forward(small.layers, x),
            equivalence.forward(dead, x),
            atol=1e-12,
        )


def test_statuses_must_fit():
    net = network(0)
    with pytest.raises(ValueError, match="statuses"):
        equivalence.remove_stable(net, [np.zeros(6, int)])
    with pytest.raises(ValueError, match="linear"):
        equivalence.remove_stable(net[:-1], [np.zeros(6, int)])


def test_comparison_finds_a_difference_in_one_cell():
    net = network(1)
    changed = [layer._replace() for layer in net]
    bump = Layer(np.array([[1.0, 1.0]]), np.array([-1.9]))
    changed[0] = Layer(
        np.vstack([net[0].weights, bump.weights]),
        np.append(net[0].bias, bump.bias),
    )
    passed = np.zeros((7, 7))
    passed[:6, :6], passed[6, 6] = net[1].weights, 1.0
    changed[1] = Layer(passed, np.append(net[1].bias, 0.0))
    changed[2] = Layer(
        np.column_stack([net[2].weights, [[1.0]]]), net[2].bias, False
    )
    found = equivalence.compare_exactly(net, changed, SQUARE)
    assert found.different >= 1
    assert found.share == pytest.approx(0.1**2 / 2 / 4)  # a corner
    x = np.random.default_rng(0).uniform(-1, 0.9, (500, 2))
    np.testing.assert_array_equal(
        equivalence.forward(net, x), equivalence.forward(changed, x)
    )


def test_networks_of_different_depth_are_compared():
    affine = [Layer(np.array([[1.0, -2.0]]), np.array([0.5]), False)]
    deep = equivalence.difference_network(affine, network(0))
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    due = equivalence.forward(affine, x) - equivalence.forward(network(0), x)
    np.testing.assert_allclose(equivalence.forward(deep, x), due, atol=1e-12)


def test_outside_of_the_domain_the_removed_unit_is_seen():
    first = Layer(np.array([[1.0, 0.0], [-1.0, 1.0]]), np.array([-5.0, 0.0]))
    net = [first, Layer(np.array([[1.0, 1.0]]), np.zeros(1), False)]
    small = equivalence.remove_stable(net, [np.array([-1, 0])]).layers
    x, change = equivalence.outside_witness(net, small, 0, reach=20)
    assert x.tolist() == [20.0, 0.0]
    assert change == 15.0


# -- two hidden layers, maxima ----------------------------------------------


@pytest.mark.parametrize("out", [1, 2])
def test_two_hidden_layers_are_right_away_from_walls(out):
    net = network(4, (2, 5, 4, out))
    cells = tropical.enumerate_regions(net, SQUARE)
    walls, _ = equivalence.cell_walls(cells)
    shallow = equivalence.two_hidden_layers(cells, 1e4)
    assert [layer.relu for layer in shallow] == [True, True, False]
    x = np.random.default_rng(0).uniform(-1, 1, (4000, 2))
    far = np.abs(x @ walls[:, :2].T + walls[:, 2]).min(1) > 0.01
    assert far.mean() > 0.5
    np.testing.assert_allclose(
        equivalence.forward(shallow, x[far]),
        equivalence.forward(net, x[far]),
        atol=1e-7,
    )


def test_each_cell_lies_inside_of_its_walls():
    cells = tropical.enumerate_regions(network(2), SQUARE)
    walls, of_cell = equivalence.cell_walls(cells)
    for number, centre in enumerate(cells.centres()):
        own = walls[of_cell[number]]
        assert (own[:, :2] @ centre + own[:, 2] > 0).all()


def test_steepness_changes_no_sizes():
    cells = tropical.enumerate_regions(network(2), SQUARE)
    sizes = {
        tuple(len(b) for _, b, _ in equivalence.two_hidden_layers(cells, m))
        for m in (1.0, 1e3, 1e6)
    }
    assert len(sizes) == 1
    with pytest.raises(ValueError, match="positive"):
        equivalence.two_hidden_layers(cells, 0.0)


@pytest.mark.parametrize("n", range(1, 10))
def test_maxima_are_exact(n):
    net = equivalence.max_network(n)
    assert len(net) - 1 == math.ceil(math.log2(n))
    x = np.random.default_rng(n).integers(-5, 6, (400, n)).astype(float)
    np.testing.assert_array_equal(equivalence.forward(net, x)[:, 0], x.max(1))


def test_no_numbers_have_no_maximum():
    with pytest.raises(ValueError, match="at least one"):
        equivalence.max_network(0)


def test_five_numbers_in_two_hidden_layers():
    net = equivalence.max_of_five()
    assert len(net) == 3
    x = np.array(list(itertools.product([-1, 0, 2], repeat=5)))[::5]
    found = equivalence.forward(net, tropical.fractions(x))[:, 0]
    assert (found == x.max(1)).all()


def test_certificate_of_five():
    kinks, linear = equivalence.sorted_form(equivalence.five_terms(), 5)
    assert len(kinks) == 3
    assert set(kinks.values()) == {0}
    assert linear == [1, 0, 0, 0, 0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=5, max_size=5))
def test_sorted_form_is_the_sum_on_sorted_numbers(numbers):
    """Oracle: the definition of a term, evaluated directly."""
    x = sorted(numbers, reverse=True)
    terms = [
        Term(Fraction(1), ((0,), (0,)), ((1, 2), (3, 4))),
        Term(Fraction(-2), ((0, 1), (0, 2)), ((1, 2), (3, 4))),
        Term(Fraction(3), ((4,), (2, 3)), ((0, 3), (4,))),
        Term(Fraction(1), ((2, 3), (2, 4)), ((0,), (4,))),
    ]
    value = sum(
        t.coefficient
        * max(
            sum(max(x[i] for i in m) for m in side)
            for side in (t.left, t.right)
        )
        for t in terms
    )
    kinks, linear = equivalence.sorted_form(terms, 5)
    form = sum(c * v for c, v in zip(linear, x, strict=True))
    form += sum(
        c * max(sum(p * q for p, q in zip(d, x, strict=True)), 0)
        for d, c in kinks.items()
    )
    assert form == value


# -- symmetries -------------------------------------------------------------


def planted(net, rng):
    """Return a copy with random scalings and orders, in fractions."""
    widths = [len(b) for _, b, relu in net if relu]
    factors = [tropical.fractions(rng.integers(1, 50, w) / 8) for w in widths]
    orders = [rng.permutation(w) for w in widths]
    return equivalence.reorder(equivalence.rescale(net, factors), orders)


@pytest.mark.parametrize("seed", range(5))
def test_planted_symmetries_change_nothing_and_are_recovered(seed):
    rng = np.random.default_rng(seed)
    net = equivalence.to_fractions(network(seed, (3, 4, 5, 2)))
    copy = planted(net, rng)
    x = tropical.fractions(rng.integers(-9, 9, (6, 3)))
    assert (equivalence.forward(net, x) == equivalence.forward(copy, x)).all()
    assert equivalence.parameter_distance(net, copy) > 0
    assert equivalence.parameter_distance(net, copy, True) == 0
    one = equivalence.canonical(net)
    assert (equivalence.forward(net, x) == equivalence.forward(one, x)).all()
    changed = [*copy[:-1], copy[-1]._replace(bias=copy[-1].bias + 1)]
    assert equivalence.parameter_distance(net, changed, True) > 0


def test_negative_factors_are_refused():
    with pytest.raises(ValueError, match="positive"):
        equivalence.rescale(network(0), [-np.ones(6), np.ones(6)])
    with pytest.raises(ValueError, match="hidden layers"):
        equivalence.rescale(network(0), [np.ones(6)])
    with pytest.raises(ValueError, match="permutation"):
        equivalence.reorder(network(0), [np.zeros(6, int)])


@pytest.mark.parametrize("bias", [True, False])
def test_jacobian_is_that_of_difference_quotients(bias):
    net = network(1, (3, 4, 3, 2))
    x = np.random.default_rng(0).normal(size=(5, 3))
    jacobian = equivalence.parameter_jacobian(net, x, bias)
    flat = equivalence.flatten(net, bias)
    assert jacobian.shape == (10, len(flat))

    def outputs(vector):
        layers, begin = [], 0
        for w, b, relu in net:
            new = vector[begin : begin + w.size].reshape(w.shape)
            begin += w.size
            if bias:
                b = vector[begin : begin + b.size]
                begin += b.size
            layers.append(Layer(new, b, relu))
        return equivalence.forward(layers, x).ravel()

    for k, step in enumerate(1e-6 * np.eye(len(flat))):
        slope = (outputs(flat + step) - outputs(flat - step)) / 2e-6
        np.testing.assert_allclose(jacobian[:, k], slope, atol=1e-7)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_generic_networks_have_one_free_direction_a_unit(width):
    rng = np.random.default_rng(width)
    net = equivalence.draw_teacher(6, width, rng)
    x = rng.normal(size=(20 * width, 6))
    found = equivalence.equivalence_dimension(net, x, bias=False)
    assert (found.parameters, found.free) == (7 * width, width)
    assert found.gap > 1e6
    exact = equivalence.equivalence_dimension(
        equivalence.to_fractions(net), tropical.fractions(x), bias=False
    )
    assert exact.free == width


def test_a_silent_unit_frees_its_weights():
    net = equivalence.draw_teacher(6, 2, np.random.default_rng(0))
    net[1].weights[0, 1] = 0.0
    x = np.random.default_rng(1).normal(size=(60, 6))
    found = equivalence.equivalence_dimension(net, x, bias=False)
    assert found.free == 1 + 6


def test_too_few_inputs_cannot_show_a_rank():
    net = network(0)
    with pytest.raises(ValueError, match="more inputs"):
        equivalence.equivalence_dimension(net, np.zeros((3, 2)))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10**6))
def test_rank_modulo_a_prime_is_the_rank(n, k, seed):
    """Oracle: SymPy."""
    import sympy

    rng = np.random.default_rng(seed)
    rank = min(n, k, 2)
    matrix = rng.integers(-3, 4, (n, rank)) @ rng.integers(-3, 4, (rank, k))
    assert equivalence.exact_rank(matrix) == sympy.Matrix(matrix).rank()


# -- students ---------------------------------------------------------------


def test_gradients_of_students_are_those_of_difference_quotients():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    w, a = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3))
    _, (dw, da) = equivalence.student_gradients(w, a, x, y)
    for array, gradient in ((w, dw), (a, da)):
        for place in np.ndindex(array.shape):
            array[place] += 1e-6
            up = equivalence.student_gradients(w, a, x, y)[0]
            array[place] -= 2e-6
            down = equivalence.student_gradients(w, a, x, y)[0]
            array[place] += 1e-6
            slope = (up - down)[place[0]] / 2e-6
            assert gradient[place] == pytest.approx(slope, abs=1e-6)


def test_students_find_their_teacher():
    rng = np.random.default_rng(2)
    teacher = equivalence.draw_teacher(4, 2, rng)
    x = rng.normal(size=(256, 4))
    y = equivalence.forward(teacher, x)[:, 0]
    found = equivalence.train_students(x, y, 2, 6, rng, steps=2500)
    good = np.flatnonzero(found.losses < 1e-20)
    assert len(good) >= 2
    for number in good:
        net = found.layers(number)
        assert equivalence.parameter_distance(teacher, net, True) < 1e-6
    with pytest.raises(FloatingPointError):
        equivalence.train_students(x, y, 2, 1, rng, 60, 1e200)


def test_slice_holds_its_three_solutions():
    rng = np.random.default_rng(2)
    nets = [equivalence.draw_teacher(3, 2, rng) for _ in range(3)]
    x = rng.normal(size=(100, 3))
    y = equivalence.forward(nets[0], x)[:, 0]
    grid = np.linspace(-1, 1, 5)
    found = equivalence.genni_slice(nets[0], nets[1:], x, y, grid)
    assert found.losses[2, 2] == 0
    np.testing.assert_allclose(
        found.axes @ found.axes.T, np.eye(2), atol=1e-12
    )
    centre = equivalence.flatten(nets[0], bias=False)
    for net, place in zip(nets[1:], found.places, strict=True):
        np.testing.assert_allclose(
            centre + place @ found.axes, equivalence.flatten(net, bias=False)
        )
    line = equivalence.segment_losses(nets[0], nets[1], x, y)
    other = ((equivalence.forward(nets[1], x)[:, 0] - y) ** 2).mean()
    assert line[0] == pytest.approx(0, abs=1e-20)
    assert line[-1] == pytest.approx(other)


# -- classifiers ------------------------------------------------------------


def test_restriction_to_a_plane_is_the_network_there():
    net = network(0, (5, 4, 2))
    points = np.random.default_rng(0).normal(size=(3, 5))
    flat, places = equivalence.on_plane(net, points)
    np.testing.assert_allclose(
        equivalence.forward(flat, places),
        equivalence.forward(net, points),
        atol=1e-12,
    )
    counts = equivalence.cells_per_plane(
        net, points, 2, np.random.default_rng(0)
    )
    assert counts[0] == counts[1] <= 11  # four lines make at most 11 cells


def test_a_penalty_makes_small_weights_and_an_attack_stays_in_the_cube():
    import keras
    from keras import ops

    rng = np.random.default_rng(0)
    x = rng.random((120, 6)).astype("float32")
    y = (x.sum(1) > 3).astype(int)
    sizes = {}
    for l1 in (0.0, 0.01):
        keras.utils.set_random_seed(0)
        model = equivalence.build_relu_network(6, (4,), 2)
        chosen = Settings(l1=l1, epochs=8, batch_size=40)
        losses = equivalence.train_compressible(model, x, y, chosen)
        assert losses[-1] < losses[0]
        sizes[l1] = sum(np.abs(np.array(v)).sum() for v in model.weights)
    assert sizes[0.01] < sizes[0.0]
    clean = equivalence.penalised_loss(
        model, ops.convert_to_tensor(x), y, Settings()
    )
    hard = equivalence.penalised_loss(
        model, ops.convert_to_tensor(x), y, Settings(epsilon=0.1)
    )
    assert float(hard) > float(clean)
    assert 0 <= equivalence.model_accuracy(model, x, y) <= 1


@pytest.mark.parametrize(
    "bad", [{"epochs": 0}, {"l1": -1.0}, {"learning_rate": 0.0}]
)
def test_settings_that_train_nothing_are_refused(bad):
    with pytest.raises(ValueError, match="must"):
        Settings(**bad)
