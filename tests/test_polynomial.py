"""Oracles of polynomial networks and of linear convolutional networks."""

import itertools
from fractions import Fraction

import keras
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.optimize import minimize
from scipy.signal import fftconvolve

from topoi import polynomial

rng = np.random.default_rng


def integers(seed, *shape):
    return polynomial.integer_weights(rng(seed), *shape)


def ccp_weights(seed, d, k, degree):
    return [integers(seed + n, d, k) for n in range(degree)]


def ncp_weights(seed, d, k, degree):
    A = ccp_weights(seed, d, k, degree)
    S = ccp_weights(seed + 20, k, k, degree)[1:]
    V = ccp_weights(seed + 40, k, k, degree)[1:]
    b = [row[0] for row in ccp_weights(seed + 60, k, k, degree)[1:]]
    return A, S, b, V


# -- recursions -------------------------------------------------------------


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_closed_form_is_exact(degree):
    U = ccp_weights(0, 4, 3, degree)
    z = integers(9, 6, 4)
    assert (
        polynomial.ccp_forward(z, U) == polynomial.ccp_closed_form(z, U)
    ).all()


def test_ccp_by_hand():
    """(z1) (1 + z2) at (2, 3) is 8, and without the skip it would be 6."""
    U = [np.array([[1], [0]]), np.array([[0], [1]])]
    assert polynomial.ccp_forward(np.array([2, 3]), U).tolist() == [8]


def test_ncp_by_hand():
    """x1 = z1, x2 = z2 (2 x1 + 5), with skip 7: plus 7 x1."""
    A = [np.array([[1], [0]]), np.array([[0], [1]])]
    S, b, V = [np.array([[2]])], [np.array([5])], [np.array([[7]])]
    z = np.array([3, 4])
    assert polynomial.ncp_forward(z, A, S, b).tolist() == [44]
    assert polynomial.ncp_forward(z, A, S, b, V).tolist() == [65]


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_expansion_has_the_coefficients_of_the_tensor(degree):
    """SymPy's coefficients against the symmetric tensor, exactly."""
    U, C = ccp_weights(3, 3, 2, 3), integers(5, 2, 2)
    T = polynomial.ccp_tensor(U, C, degree)
    assert T.shape == (2, *[3] * degree)
    outputs = polynomial.expand(lambda z: polynomial.ccp_forward(z, U) @ C, 3)
    for output, poly in enumerate(outputs):
        for index in itertools.combinations_with_replacement(range(3), degree):
            powers = [index.count(i) for i in range(3)]
            orders = len(set(itertools.permutations(index)))
            due = poly.coeff_monomial(powers)
            assert sympy.nsimplify(T[(output, *index)] * orders) == due


def test_tensors_add_up_to_the_network():
    random = rng(0)
    U = [random.normal(size=(5, 4)) for _ in range(4)]
    C, z = random.normal(size=(4, 2)), random.normal(size=5)
    parts = [
        polynomial.contract(polynomial.ccp_tensor(U, C, n), z)
        for n in (1, 2, 3, 4)
    ]
    whole = polynomial.ccp_forward(z, U) @ C
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-12)


def test_tensor_is_symmetric_and_refuses_other_degrees():
    random = rng(1)
    U = [random.normal(size=(3, 2)) for _ in range(3)]
    T = polynomial.ccp_tensor(U, np.eye(2), 3)
    np.testing.assert_allclose(T, T.transpose(0, 3, 1, 2), atol=1e-14)
    for degree in (0, 4):
        with pytest.raises(ValueError, match="degree 1 to 3"):
            polynomial.ccp_tensor(U, np.eye(2), degree)


def test_counts_are_those_of_keras_and_of_enumeration():
    network = polynomial.build_polynomial("ccp", 7, 3, rank=5, degree=4)
    due = polynomial.ccp_parameters(7, 5, 4, 3)
    assert network.count_params() == due == 5 * (4 * 7 + 3) + 3
    monomials = sum(
        1
        for n in range(4)
        for _ in itertools.combinations_with_replacement(range(5), n)
    )
    assert polynomial.tensor_parameters(5, 3, 2) == 2 * monomials


# -- degrees ----------------------------------------------------------------


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["ccp", "ncp", "skip"])
def test_three_ways_to_measure_a_degree_agree(kind, degree):
    A, S, b, V = ncp_weights(degree, 3, 2, degree)

    def f(z):
        if kind == "ccp":
            return polynomial.ccp_forward(z, A)
        return polynomial.ncp_forward(
            z, A, S, b, V if kind == "skip" else None
        )

    assert all(p.total_degree() == degree for p in polynomial.expand(f, 3))
    assert polynomial.polynomial_degree(f, 3, exact=True) == degree
    floats = [[w.astype(float) for w in weights] for weights in (A, S, b, V)]
    A, S, b, V = floats
    assert polynomial.polynomial_degree(f, 3) == degree


def test_degrees_multiply_in_a_chain():
    U, W = ccp_weights(0, 3, 3, 2), ccp_weights(7, 3, 3, 3)

    def f(z):
        return polynomial.ccp_forward(polynomial.ccp_forward(z, U), W)

    assert polynomial.polynomial_degree(f, 3, exact=True) == 6
    assert max(p.total_degree() for p in polynomial.expand(f, 3)) == 6


@pytest.mark.parametrize(
    "f",
    [
        lambda z: np.maximum(z[:, 0], 0) + z[:, 1],
        lambda z: np.tanh(z @ [1.0, 2.0]),
        lambda z: z[:, 0] / (4 + z[:, 1] ** 2),
    ],
)
def test_what_is_no_polynomial_has_no_degree(f):
    assert polynomial.polynomial_degree(f, 2, max_degree=5) is None


def test_degree_of_constants_and_of_numpy_polynomials():
    assert polynomial.polynomial_degree(lambda z: 0 * z[:, 0], 2) == 0
    assert polynomial.polynomial_degree(lambda z: 3 + 0 * z[:, 0], 2) == 0
    for degree in range(7):
        p = np.polynomial.Polynomial(rng(degree).normal(size=degree + 1))
        found = polynomial.polynomial_degree(lambda z, p=p: p(z[:, 0]), 1)
        assert found == degree


def test_degree_beyond_the_limit_is_none():
    assert polynomial.polynomial_degree(lambda z: z[:, 0] ** 4, 1, 3) is None
    with pytest.raises(ValueError, match="max_degree"):
        polynomial.polynomial_degree(lambda z: z[:, 0], 1, -1)


# -- layers -----------------------------------------------------------------


def test_layers_are_the_recursions():
    z = rng(0).normal(size=(6, 5)).astype("float32")
    layer = polynomial.CCP(4, 3)
    out = ops.convert_to_numpy(layer(z))
    U = [ops.convert_to_numpy(w) for w in layer.weights]
    np.testing.assert_allclose(
        out, polynomial.ccp_closed_form(z, U), rtol=1e-4, atol=1e-6
    )
    for skip in (False, True):
        layer = polynomial.NCP(4, 3, skip=skip)
        out = ops.convert_to_numpy(layer(z))
        A = [layer.first, *layer.inputs]
        parts = [A, layer.states, layer.shifts]
        if skip:
            parts.append(layer.skips)
        arrays = [[ops.convert_to_numpy(w) for w in part] for part in parts]
        due = polynomial.ncp_forward(z, *arrays)
        np.testing.assert_allclose(out, due, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [polynomial.CCP, polynomial.NCP])
@pytest.mark.parametrize("bad", [(0, 2), (3, 0), (2.5, 2), (3, 1.5)])
def test_layers_refuse_bad_sizes(kind, bad):
    with pytest.raises(ValueError, match="rank|degree"):
        kind(*bad)
    with pytest.raises(ValueError, match="last axis"):
        kind(2, 2).build((None, None))


def degree_of(network, size):
    def f(z):
        return ops.convert_to_numpy(network(z.astype("float32")))

    return polynomial.polynomial_degree(f, size, 8, tolerance=1e-3)


def test_networks_without_activations_have_their_degree():
    keras.utils.set_random_seed(0)
    for kind, due in (("linear", 1), ("ccp", 3), ("ncp", 3), ("ncp skip", 3)):
        network = polynomial.build_polynomial(kind, 4, 2, 8, 3)
        assert degree_of(network, 4) == due
    assert degree_of(polynomial.build_dense(4, 2, 8, 3, None), 4) == 1
    assert degree_of(polynomial.build_dense(4, 2, 8, 2, "relu"), 4) is None
    for inject, due in ((True, 3), (False, 1)):
        maker = polynomial.build_maker(3, 5, 8, 3, inject=inject)
        assert degree_of(maker, 3) == due


@pytest.mark.parametrize(
    ("activation", "polynomial_", "due"),
    [(None, False, 1), (None, True, 4), ("relu", False, None)],
)
def test_residual_networks_have_their_degree(activation, polynomial_, due):
    """Two blocks of degree two make degree four, without more weights."""
    keras.utils.set_random_seed(1)
    network = polynomial.build_residual(
        (8, 8, 1), 3, (4, 4), activation, polynomial_
    )
    plain = polynomial.build_residual((8, 8, 1), 3, (4, 4))
    assert network.count_params() == plain.count_params()

    def f(z):
        x = z.reshape(-1, 8, 8, 1).astype("float32") * 4
        return ops.convert_to_numpy(network(x))

    found = polynomial.polynomial_degree(f, 64, 8, tolerance=2e-4)
    assert found == due


def test_builders_and_trainers_refuse():
    with pytest.raises(ValueError, match="kind is one of"):
        polynomial.build_polynomial("cubic", 3, 2)
    with pytest.raises(ValueError, match="activation is one of"):
        polynomial.build_residual((4, 4, 1), 2, (2,), "tanh")
    with pytest.raises(ValueError, match="positive"):
        polynomial.PolySettings(epochs=0)
    maker = polynomial.build_maker(2, 3, 4, 2)
    with pytest.raises(ValueError, match="steps"):
        polynomial.train_maker(maker, np.zeros((9, 3), "float32"), steps=0)


def test_training_stops_on_nan():
    network = polynomial.build_polynomial("ccp", 3, 2, 4, 2)
    x = np.full((8, 3), np.nan, "float32")
    with pytest.raises(FloatingPointError, match="learning rate"):
        polynomial.train_polynomial(
            network, x, np.zeros(8), polynomial.PolySettings(epochs=1)
        )
    maker = polynomial.build_maker(2, 3, 4, 2)
    with pytest.raises(FloatingPointError, match="not finite"):
        polynomial.train_maker(maker, x, steps=1, batch_size=4)


def test_xor_is_learnt_without_activation():
    """Degree two is enough for the sign of z1 z2, a linear map is not."""
    x = rng(0).normal(size=(300, 2)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    scores = []
    for kind in ("linear", "ccp"):
        keras.utils.set_random_seed(3)
        network = polynomial.build_polynomial(kind, 2, 2, 8, 2)
        train = polynomial.PolySettings(3e-2, 30, 8)
        polynomial.train_polynomial(network, x, y, train)
        scores.append(polynomial.correct_share(network, x, y))
    assert scores[0] < 0.7 < 0.95 < scores[1]


def test_energy_distance_against_loops():
    x, y = rng(0).normal(size=(2, 7, 3)).astype("float32")

    def mean(a, b, own):
        far = [
            np.linalg.norm(u - v)
            for i, u in enumerate(a)
            for j, v in enumerate(b)
            if not (own and i == j)
        ]
        return np.mean(far)

    due = 2 * mean(x, y, 0) - mean(x, x, 1) - mean(y, y, 1)
    assert abs(polynomial.energy_distance(x, y) - due) < 2e-4


def test_trained_maker_comes_closer():
    angle = rng(0).uniform(0, 2 * np.pi, 600)
    real = np.stack([np.cos(angle), np.sin(angle)], 1).astype("float32")
    found = []
    for inject in (False, True):
        keras.utils.set_random_seed(0)
        maker = polynomial.build_maker(2, 2, 16, 3, inject=inject)
        polynomial.train_maker(maker, real, 1e-2, 64, steps=120)
        made = polynomial.make(maker, 600, 2, seed=5)
        found.append(polynomial.energy_distance(made, real))
    assert found[1] < 0.7 * found[0]


# -- filters ----------------------------------------------------------------


def test_product_is_that_of_sympy_and_of_fourier():
    filters = [integers(n, k) for n, k in enumerate((2, 3, 4))]
    x = sympy.Symbol("x")
    polys = [sympy.Poly([int(v) for v in w], x) for w in filters]
    due = (polys[0] * polys[1] * polys[2]).all_coeffs()
    found = polynomial.lcn_compose(filters)
    assert found.tolist() == due
    floats = [w.astype(float) for w in filters]
    twice = fftconvolve(fftconvolve(floats[0], floats[1]), floats[2])
    np.testing.assert_allclose(found.astype(float), twice, atol=1e-9)


@pytest.mark.parametrize(
    "strides", [(1, 1, 1), (2, 1, 1), (2, 3, 1), (1, 2, 2)]
)
def test_layers_do_what_their_product_does(strides):
    random = rng(3)
    filters = [random.normal(size=k) for k in (2, 3, 2)]
    w = polynomial.lcn_compose(filters, strides)
    signal = random.normal(size=60)
    step = int(np.prod(strides))
    due = np.correlate(signal, w, "valid")[::step]
    found = polynomial.lcn_apply(signal, filters, strides)
    np.testing.assert_allclose(found, due[: len(found)], atol=1e-12)


def test_strides_by_hand():
    """(x + 2) and (3 x + 4), the second in x^2."""
    found = polynomial.lcn_compose(
        [np.array([1, 2]), np.array([3, 4])], (2, 1)
    )
    assert found.tolist() == [3, 6, 4, 8]


def numeric_gradient(f, x, step=1e-6):
    unit = np.eye(len(x)) * step
    return np.array([(f(x + e) - f(x - e)) / (2 * step) for e in unit])


@pytest.mark.parametrize("sizes", [(2, 2), (3, 2), (2, 2, 3), (4, 1)])
def test_derivatives_against_differences(sizes):
    random = rng(5)
    filters = [random.normal(size=k) for k in sizes]
    target = random.normal(size=1 + sum(k - 1 for k in sizes))
    cuts = np.cumsum(sizes)[:-1]

    def loss(flat):
        parts = np.split(flat, cuts)
        error = polynomial.lcn_compose(parts) - target
        return (error**2).sum() / 2

    def gradient(flat):
        parts = np.split(flat, cuts)
        return np.concatenate(polynomial.lcn_gradient(parts, target))

    flat = np.concatenate(filters)
    due = numeric_gradient(loss, flat)
    np.testing.assert_allclose(gradient(flat), due, atol=1e-6)
    due = numeric_gradient(gradient, flat)
    found = polynomial.lcn_hessian(filters, target)
    np.testing.assert_allclose(found, due, atol=1e-6)
    due = numeric_gradient(
        lambda v: polynomial.lcn_compose(np.split(v, cuts)), flat
    ).T
    found = polynomial.lcn_jacobian(filters)
    np.testing.assert_allclose(found, due, atol=1e-6)


def test_jacobian_with_strides():
    random = rng(6)
    filters = [random.normal(size=2), random.normal(size=3)]
    flat = np.concatenate(filters)
    due = numeric_gradient(
        lambda v: polynomial.lcn_compose([v[:2], v[2:]], (3, 1)), flat
    ).T
    found = polynomial.lcn_jacobian(filters, (3, 1))
    np.testing.assert_allclose(found, due, atol=1e-6)


LINES = {"p": [1, 0], "q": [1, -1], "r": [1, 2], "inf": [0, 1]}


@pytest.mark.parametrize(
    ("filters", "rank", "k"),
    [
        ([[1, -1], [1, 2]], 3, 3),
        ([[1, 2], [2, 4]], 2, 3),
        ([[1, -3, 2], [1, 3]], 4, 4),
        ([[1, -3, 2], [1, -1]], 3, 4),
        ([LINES["p"], LINES["q"], LINES["r"]], 4, 4),
        ([LINES["p"], LINES["p"], LINES["q"]], 3, 4),
        ([LINES["p"], LINES["p"], LINES["p"]], 2, 4),
        ([[1, 0, 1], [1, 0, 1]], 3, 5),
        ([[1, -1, 0], [1, 2, 0]], 4, 5),
        ([[0, 1], [0, 3]], 2, 3),  # both have their root at infinity
        ([[0, 1, 1], [0, 1, 2]], 4, 5),
    ],
)
def test_rank_of_the_jacobian(filters, rank, k):
    filters = [np.array(w) for w in filters]
    jacobian = sympy.Matrix(polynomial.lcn_jacobian(filters).tolist())
    assert jacobian.rank() == rank
    assert rank == k - polynomial.shared_degree(filters)


def test_zero_filter_has_no_shared_degree():
    with pytest.raises(ValueError, match="zero filter"):
        polynomial.shared_degree([np.array([0, 0]), np.array([1, 1])])


@pytest.mark.parametrize(
    ("w", "count"),
    [
        ([1, -3, 2], 2),
        ([1, 0, 1], 0),
        ([1, 2, 1], 2),
        ([0, 1, 1], 2),  # one at infinity
        ([0, 0, 1], 2),
        ([1, 0, 0], 2),
        ([1, 0, 0, 0, 1], 0),
        ([1, -2, 1, 0], 3),
        ([5], 0),
        ([0.5, -1.5, 1.0], 2),
    ],
)
def test_real_roots(w, count):
    assert polynomial.real_root_count(w) == count


def test_real_roots_close_to_the_boundary():
    """Floats near a double root are decided by their exact value."""
    step = Fraction(1, 2**60)
    assert polynomial.real_root_count([1, -2, 1 - step]) == 2
    assert polynomial.real_root_count([1, -2, 1 + step]) == 0
    with pytest.raises(ValueError, match="zero filter"):
        polynomial.real_root_count([0, 0])


def reachable(w, sizes):
    """Brute force: can the real factors be dealt out to the degrees?"""
    x = sympy.Symbol("x")
    w = [int(v) for v in w]
    infinite = next(i for i, v in enumerate(w) if v)
    roots = sympy.Poly(w, x).nroots(n=30, maxsteps=200)
    real = sum(bool(abs(sympy.im(r)) < 1e-12) for r in roots)
    parts = [1] * (infinite + real) + [2] * ((len(roots) - real) // 2)
    degrees = [k - 1 for k in sizes]
    return deal(tuple(parts), tuple(degrees))


def deal(parts, room):
    if not parts:
        return not any(room)
    return any(
        deal(
            parts[1:],
            (*room[:i], room[i] - parts[0], *room[i + 1 :]),
        )
        for i in range(len(room))
        if room[i] >= parts[0]
    )


@pytest.mark.parametrize(
    "sizes", [(2, 2), (3, 2), (3, 3), (2, 2, 2), (4, 2), (2, 2, 3), (4, 4)]
)
def test_membership_against_brute_force(sizes):
    random = rng(sum(sizes))
    size = 1 + sum(k - 1 for k in sizes)
    seen = set()
    for _ in range(18):
        w = random.integers(-4, 5, size)
        w[0] *= random.integers(2)
        if not w.any():
            continue
        # distinct roots only: a numeric root finder splits double ones
        square_free = sympy.Poly(w.tolist(), sympy.Symbol("x")).is_sqf
        if not square_free:
            continue
        found = polynomial.lcn_contains(w, sizes)
        assert found == reachable(w, sizes), w
        seen.add(found)
        if found:
            filters = polynomial.lcn_factor(w, sizes)
            assert [len(f) for f in filters] == list(sizes)
            product = polynomial.lcn_compose(filters)
            np.testing.assert_allclose(product, w, atol=1e-8)
        else:
            with pytest.raises(ValueError, match="real roots"):
                polynomial.lcn_factor(w, sizes)
    filling = sum(k % 2 == 0 for k in sizes) <= 1
    assert (seen == {True}) == filling


def test_zero_belongs_to_every_network_and_sizes_must_fit():
    assert polynomial.lcn_contains([0, 0, 0], (2, 2))
    with pytest.raises(ValueError, match="size"):
        polynomial.lcn_contains([1, 2], (2, 2))
    with pytest.raises(ValueError, match="size"):
        polynomial.lcn_contains([1, 2], ())


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=2).filter(any))
@settings(max_examples=25, deadline=None)
def test_products_of_two_lines_have_real_roots(line):
    w = np.convolve(line, [2, -3])
    assert polynomial.lcn_contains(w.tolist(), (2, 2))
    assert polynomial.discriminant(w) >= 0


def test_kac_number_of_real_quadratics():
    """Kac: 1.2970 real roots on average, so a share of 0.6485 has two."""
    w = rng(0).normal(size=(40000, 3))
    share = (w[:, 1] ** 2 >= 4 * w[:, 0] * w[:, 2]).mean()
    assert abs(share - 0.6485) < 0.01
    few = [polynomial.lcn_contains(v, (2, 2)) for v in w[:300]]
    assert few == (w[:300, 1] ** 2 >= 4 * w[:300, 0] * w[:300, 2]).tolist()


# -- descent ----------------------------------------------------------------


def test_descent_reaches_a_real_target_and_keeps_the_balance():
    start = [np.array([1.0, 0.3]), np.array([-0.4, 0.9])]
    drifts = []
    for rate in (4e-3, 1e-3):
        path = polynomial.lcn_flow(
            [1, -3, 2], start, rate, int(8 / rate), keep=100
        )
        balance = path.balance[:, 0]
        drifts.append(np.abs(balance - balance[0]).max())
    assert path.losses[-1] < 1e-3
    assert 3 < drifts[0] / drifts[1] < 5
    np.testing.assert_allclose(path.products[0], np.convolve(*start))


def test_every_layer_loses_the_same_square():
    """<w, gradient> is one number for all layers: exact on integers."""
    filters = [integers(n, k) for n, k in enumerate((2, 3, 4, 2))]
    target = integers(9, 8)
    gradients = polynomial.lcn_gradient(filters, target)
    parts = {int(w @ g) for w, g in zip(filters, gradients, strict=True)}
    assert len(parts) == 1


def test_unreachable_target_ends_at_repeated_filters():
    start = [np.array([0.8, 0.9]), np.array([-0.5, 1.0])]
    path = polynomial.lcn_flow([1, 0.5, 1], start, 0.05, 6000, keep=1000)
    best, loss = polynomial.nearest_square([1, 0.5, 1])
    assert abs(path.losses[-1] - loss) < 1e-3
    assert polynomial.alignment(*path.filters[-1]) > 0.999


def test_descent_refuses():
    ones = [np.ones(2), np.ones(2)]
    with pytest.raises(ValueError, match="size"):
        polynomial.lcn_flow([1, 2], ones)
    with pytest.raises(ValueError, match="positive"):
        polynomial.lcn_flow([1, 2, 3], ones, steps=0)
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match="learning rate"),
    ):
        polynomial.lcn_flow([1, 2, 3], ones, 50.0, 200)


# -- landscape --------------------------------------------------------------


def gradient_size(point, target):
    parts = polynomial.lcn_gradient(point.filters, np.asarray(target))
    return max(np.abs(g).max() for g in parts)


@pytest.mark.parametrize("seed", range(4))
def test_critical_points_are_complete(seed):
    """Newton's method from many starts finds nothing that is not listed."""
    target = rng(seed).normal(size=3)
    points = polynomial.critical_points(target)
    assert all(gradient_size(p, target) < 1e-7 for p in points)
    products = np.array([p.product for p in points])

    def squared_gradient(flat):
        parts = polynomial.lcn_gradient([flat[:2], flat[2:]], target)
        return sum((g**2).sum() for g in parts)

    random = rng(seed + 100)
    for _ in range(8):
        found = minimize(
            squared_gradient, random.normal(size=4), options={"gtol": 1e-12}
        )
        if found.fun > 1e-13:
            continue
        product = np.convolve(found.x[:2], found.x[2:])
        assert np.abs(products - product).sum(1).min() < 1e-2


def test_stationary_form_is_the_numerator_of_the_derivative():
    t, s = sympy.symbols("t0 t1 t2"), sympy.Symbol("s")
    along = t[0] + 2 * t[1] * s + t[2] * s**2
    size = 1 + 4 * s**2 + s**4
    due = 2 * along.diff(s) * size - along * size.diff(s)
    numbers = {t[0]: 3, t[1]: -5, t[2]: sympy.Rational(7, 2)}
    form = polynomial.stationary_form([3, -5, Fraction(7, 2)])
    found = sum(c * s**n for n, c in enumerate(reversed(form)))
    assert sympy.expand(due.subs(numbers) - 4 * found) == 0


def test_landscape_of_a_real_target():
    points = polynomial.critical_points([1, -3, 2])
    kinds = [p.kind for p in points]
    assert kinds == ["global minimum", "saddle", "saddle", "saddle"]
    np.testing.assert_allclose(points[0].product, [1, -3, 2])
    assert points[-1].product.tolist() == [0, 0, 0]


def test_a_bad_local_minimum_exactly():
    """The target (6/5, 0, 1) has a local minimum at y^2, by fractions."""
    target = np.array([Fraction(6, 5), 0, 1], object)
    y = np.array([0, 1], object)
    gradients = polynomial.lcn_gradient([y, y], target)
    assert all((g == 0).all() for g in gradients)
    hessian = sympy.Matrix(
        [
            [sympy.nsimplify(v) for v in row]
            for row in polynomial.lcn_hessian([y, y], target).tolist()
        ]
    )
    values = hessian.eigenvals()
    due = {0: 1, 2: 1, sympy.Rational(4, 5): 1, sympy.Rational(6, 5): 1}
    assert {sympy.nsimplify(v): n for v, n in values.items()} == due
    kinds = {
        tuple(p.product.round(6)): p.kind
        for p in polynomial.critical_points([1.2, 0, 1])
    }
    assert kinds[(0, 0, 1)] == "local minimum"
    assert kinds[(1.2, 0, 0)] == "global minimum"
    start = [np.array([0.1, 0.9]), np.array([-0.1, 1.1])]
    path = polynomial.lcn_flow([1.2, 0, 1], start, 0.02, 8000, keep=800)
    assert abs(path.losses[-1] - 0.72) < 1e-3


@pytest.mark.parametrize("seed", range(8))
def test_real_targets_have_no_bad_minimum(seed):
    target = np.convolve(*rng(seed).normal(size=(2, 2)))
    kinds = [p.kind for p in polynomial.critical_points(target)]
    assert "local minimum" not in kinds
    assert kinds.count("global minimum") == 1


def test_nearest_square_against_the_critical_points():
    for seed in range(8):
        target = rng(seed).normal(size=3)
        best, loss = polynomial.nearest_square(target)
        points = polynomial.critical_points(target)
        assert abs(loss - min(p.loss for p in points)) < 1e-5
        assert polynomial.discriminant(best) > -1e-9


def test_round_target_has_a_degenerate_quartic():
    """(1, 0, 1): both x^2 and y^2 are best, and roots at infinity count."""
    points = polynomial.critical_points([1, 0, 1])
    best = [p.product for p in points if p.kind == "global minimum"]
    assert sorted(np.round(best, 6).tolist()) == [[0, 0, 1], [1, 0, 0]]


def test_critical_points_refuse():
    with pytest.raises(ValueError, match="three entries"):
        polynomial.critical_points([1, 2])
    for target in ([0, 0, 0], [1, 1, 1], [4, 2, 1]):
        with pytest.raises(ValueError, match="zero"):
            polynomial.critical_points(target)


def test_strided_networks_have_smooth_critical_points():
    for seed in range(10):
        target = rng(seed).normal(size=4)
        found = polynomial.strided_critical_points(target)
        assert len(found) == 2
        for filters in found:
            jacobian = polynomial.lcn_jacobian(filters, (2, 1))
            error = polynomial.lcn_compose(filters, (2, 1)) - target
            assert np.abs(jacobian.T @ error).max() < 1e-10
            assert np.linalg.matrix_rank(jacobian) == 3


def test_alignment():
    assert polynomial.alignment(np.ones(2), -3 * np.ones(2)) == pytest.approx(
        1
    )
    assert polynomial.alignment(np.array([1, 0]), np.array([0, 2])) == 0
