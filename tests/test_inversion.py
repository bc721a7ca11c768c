"""Oracles of inversion: searches, exact ranks, other solvers, laws."""

import math
from itertools import combinations

import keras
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize, nnls
from sklearn.linear_model import Lasso

from topoi import gan, inversion
from topoi.inversion import ReluGenerator

SMALL = st.integers(-2, 2)


def gaussian(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def network(widths, seed, output="linear"):
    rng = np.random.default_rng(seed)
    gen = inversion.random_generator(widths, rng, output)
    return gen, rng.normal(size=widths[0])


# -- coherence, spark, sub-spark, sub-rank ------------------------------------


def exact_spark(W):
    """Return the spark by SymPy's exact ranks."""
    m = W.shape[1]
    for k in range(1, m + 1):
        for columns in combinations(range(m), k):
            part = sympy.Matrix(W[:, columns].tolist())
            if part.rank() < k:
                return k
    return math.inf


@given(
    st.lists(st.lists(SMALL, min_size=5, max_size=5), min_size=3, max_size=3)
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_spark_is_that_of_exact_arithmetic(rows):
    W = np.array(rows)
    assert inversion.spark(W) == exact_spark(W)


def test_spark_of_known_matrices():
    assert inversion.spark(gaussian(0, 6, 8)) == 7
    assert inversion.spark(np.eye(4)) == math.inf
    assert inversion.spark(inversion.identity_hadamard(4)) == 4
    assert inversion.spark([[1, 0, 1], [0, 1, 1]]) == 3
    assert inversion.spark([[1, 0], [0, 0]]) == 1
    assert inversion.spark([[1, 2], [1, 2]]) == 2


def test_subgroup_indicators_are_sparse_in_both_bases():
    """The upper bound 2 sqrt(n) of the spark of [I H], for n = 16."""
    D = inversion.identity_hadamard(16)
    v = np.zeros(32)
    v[:4] = 1  # the subgroup {0, 1, 2, 3} of the group of 4-bit words
    v[16:] = -D[:, 16:].T @ v[:16]
    assert np.allclose(D @ v, 0)
    assert np.count_nonzero(np.abs(v) > 1e-12) == 8
    assert np.isclose(inversion.coherence(D), 1 / 4)  # lower bound 2 / mu


def test_sub_spark_and_sub_rank():
    W = gaussian(1, 6, 8)
    assert inversion.sub_spark(W, 4) == 5
    assert inversion.sub_rank(W, 4) == 4
    W[1] = 2 * W[0]
    assert inversion.sub_rank(W, 2) == 1
    assert inversion.sub_spark(W, 2) == 2
    assert inversion.sub_rank(gaussian(2, 6, 3), 5) == 3


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_spark_is_at_least_what_coherence_says(seed):
    W = gaussian(seed, 4, 7)
    assert inversion.spark(W) >= 1 + 1 / inversion.coherence(W) - 1e-9


def test_coherence_by_hand_and_its_laws():
    W = np.array([[1, 1], [0, 1]])
    assert np.isclose(inversion.coherence(W), 1 / math.sqrt(2))
    assert np.isclose(inversion.coherence(W * [3, -5]), 1 / math.sqrt(2))
    assert inversion.coherence(np.eye(3)) == 0
    W = gaussian(3, 5, 9)
    rotation = np.linalg.qr(gaussian(4, 5, 5))[0]
    both = inversion.coherence(W), inversion.coherence(rotation @ W)
    assert np.isclose(*both)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inversion.coherence(np.eye(2)[:, :1]), "two columns"),
        (lambda: inversion.coherence([[1, 0], [1, 0]]), "none of them zero"),
        (lambda: inversion.spark([1, 2]), "needs a finite matrix"),
        (lambda: inversion.spark([[np.nan]]), "needs a finite matrix"),
        (lambda: inversion.spark(np.empty((3, 0))), "rows and columns"),
        (lambda: inversion.spark(np.ones((40, 80)) + np.eye(40, 80)), None),
        (lambda: inversion.spark(gaussian(0, 40, 80)), "Use coherence"),
        (lambda: inversion.sub_spark(np.eye(3), 4), "between 1 and 3"),
        (lambda: inversion.sub_rank(np.eye(3), 0), "between 1 and 3"),
    ],
)
def test_bad_matrices(call, message):
    if message is None:
        assert call() == 2
        return
    with pytest.raises(ValueError, match=message):
        call()


# -- dual vectors: against the set of solutions itself ------------------------


def widest(M, b, price=None):
    """Return the largest extent of {x >= 0, M x = b} in any direction.

    With a price: of those with the least sum.
    """
    m = M.shape[1]
    if price is not None:
        least = linprog(np.ones(m), A_eq=M, b_eq=b).fun
        M, b = np.vstack([M, np.ones(m)]), np.append(b, least)
    extents = []
    for j in range(m):
        c = np.eye(m)[j]
        low = linprog(c, A_eq=M, b_eq=b)
        high = linprog(-c, A_eq=M, b_eq=b)
        extents.append(np.inf if high.x is None else -high.fun - low.fun)
    return max(extents)


@pytest.mark.parametrize("price", [0.0, 1.0])
def test_dual_vectors_decide_uniqueness(price):
    rng, found = np.random.default_rng(5), []
    for _ in range(16):
        M, x = rng.normal(size=(5, 8)), np.zeros(8)
        active = rng.choice(8, rng.integers(1, 5), replace=False)
        x[active] = rng.random(len(active)) + 0.2
        w = inversion.dual_vector(M, x > 0, price)
        found.append(w is not None)
        if price:
            least = linprog(np.ones(8), A_eq=M, b_eq=M @ x).fun
            is_least = np.isclose(least, x.sum())
            only = is_least and widest(M, M @ x, 1.0) < 1e-6
        else:
            only = widest(M, M @ x) < 1e-6
        assert found[-1] == only
        if w is not None:
            assert np.allclose(M[:, x > 0].T @ w, price)
            assert (M[:, x == 0].T @ w < price).all()
    assert 1 < sum(found) < 15  # both cases occurred


def test_dual_vectors_in_special_cases():
    M = np.array([[1.0, 0, 1], [0, 1, 1]])
    assert inversion.dual_vector(M, [False, False, True]) is None
    w = inversion.dual_vector(M, [False, False, True], 1.0)
    assert w is not None
    assert np.isclose(w.sum(), 1)
    assert inversion.dual_vector(M, [True, True, True]) is None  # dependent
    assert inversion.dual_vector(np.eye(2), [True, True]) is not None
    assert inversion.dual_vector(-np.eye(2), [False, False]) is not None


# -- chances ------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 9))
def test_wendel_on_a_line_and_in_the_plane(n):
    assert np.isclose(inversion.chance_in_halfspace(n, 1), 2.0 ** (1 - n))
    assert np.isclose(
        inversion.chance_in_halfspace(n, 2), min(1, n * 2.0 ** (1 - n))
    )
    assert np.isclose(inversion.chance_in_halfspace(2 * n, n), 0.5)


def test_chance_certified_is_a_sum_of_binomial_coefficients():
    tosses = sum(math.comb(24, s) for s in range(10, 25)) / 2**24
    assert np.isclose(inversion.chance_certified(10, 24, 60), tosses)
    by_hand = 0.0  # 7 units, 5 outputs, latent of size 2
    for s in range(2, 6):
        vectors, dimension = 7 - s, 5 - s
        below = sum(
            math.comb(vectors - 1, k) for k in range(min(dimension, vectors))
        )
        by_hand += math.comb(7, s) / 2**7 * below / 2 ** (vectors - 1)
    assert np.isclose(inversion.chance_certified(2, 7, 5), by_hand)


def test_chance_certified_is_what_certificates_find():
    rng, found = np.random.default_rng(6), []
    for _ in range(150):
        gen = inversion.random_generator((2, 7, 5), rng)
        found.append(inversion.certify(gen, rng.normal(size=2)).unique)
    chance = inversion.chance_certified(2, 7, 5)
    error = math.sqrt(chance * (1 - chance) / 150)
    assert abs(np.mean(found) - chance) < 3.5 * error


# -- generators ---------------------------------------------------------------


def test_forward_by_hand():
    gen = ReluGenerator([[[1, 0], [0, 1], [-1, -1]], [[1, 0, 1], [0, 1, 1]]])
    assert gen.widths == [2, 3, 2]
    assert gen.forward([2, 1]).tolist() == [2, 1]
    assert gen.layers([-1, -1])[0].tolist() == [0, 0, 2]
    assert gen.forward([[-1, -1], [2, -1]]).tolist() == [[2, 2], [2, 0]]


@pytest.mark.parametrize("output", list(inversion.OUTPUTS))
def test_outputs_and_their_inverses(output):
    gen, z = network((4, 12, 30), 7, output)
    y = gen.forward(z)
    assert np.allclose(
        gen.before_output(y), gen.weights[-1] @ gen.layers(z)[-1], atol=1e-6
    )
    assert np.isfinite(gen.before_output(np.full(30, 1.0))).all()
    phi = inversion.OUTPUTS[output]
    t = np.linspace(-2, 2, 9)
    difference = (phi.value(t + 1e-6) - phi.value(t - 1e-6)) / 2e-6
    assert np.allclose(phi.slope(phi.value(t)), difference, atol=1e-8)


def test_active_map_is_the_jacobian():
    gen, z = network((3, 9, 14, 20), 8)
    step = 1e-6 * np.eye(3)
    difference = (gen.forward(z + step) - gen.forward(z - step)) / 2e-6
    assert np.allclose(gen.active_map(z), difference.T, atol=1e-7)
    assert np.allclose(gen.active_map(z) @ z, gen.forward(z))


def test_observed_keeps_rows():
    gen, z = network((3, 9, 20), 9)
    mask = np.arange(20) % 3 == 0
    assert np.allclose(gen.observed(mask).forward(z), gen.forward(z)[mask])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ReluGenerator([np.eye(2)]), "hidden layer"),
        (lambda: ReluGenerator([np.eye(2), np.ones((2, 3))]), "transpose"),
        (lambda: ReluGenerator([np.eye(2), np.eye(2) * np.nan]), "NaN"),
        (lambda: ReluGenerator([np.eye(2)] * 2, "relu"), "output is one"),
        (lambda: network((3, 4, 5), 0)[0].forward(np.ones(4)), "3 coord"),
        (
            lambda: network((3, 4, 5), 0)[0].observed(np.ones(5)),
            "5 booleans",
        ),
        (
            lambda: network((3, 4, 5), 0)[0].observed(np.ones(4, bool)),
            "5 booleans",
        ),
    ],
)
def test_bad_generators(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_keras_models_become_generators():
    model = inversion.build_relu_generator((3, 8, 12, 20), seed=1)
    gen, z = inversion.generator_from_keras(model), gaussian(10, 5, 3)
    out = keras.ops.convert_to_numpy(model(z.astype("float32")))
    assert gen.widths == [3, 8, 12, 20]
    assert np.allclose(gen.forward(z), out, atol=1e-4)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([keras.layers.Dense(4, "relu")], "use_bias=False"),
        ([keras.layers.LeakyReLU()], "no dense layer"),
        ([keras.layers.Dense(4, "relu", use_bias=False)], "last layer"),
        (
            [keras.layers.Dense(4, "tanh", use_bias=False)] * 2,
            "Hidden layers need relu",
        ),
    ],
)
def test_other_keras_models_are_refused(layers, message):
    model = keras.Sequential([keras.Input((4,)), *layers])
    with pytest.raises(ValueError, match=message):
        inversion.generator_from_keras(model)


# -- certificates: against a search over all cells ----------------------------


def latents_of(gen, y):
    """Return every latent (x, y) in the plane with this signal, by cells.

    In the plane the cells of the first layer are sectors between lines; on
    each, the generator with one hidden layer is linear. None if the latents
    are infinitely many.
    """
    W = gen.weights[0]
    angles = np.arctan2(-W[:, 0], W[:, 1])
    borders = np.sort(np.concatenate([angles, angles + np.pi]) % (2 * np.pi))
    nexts = np.append(borders[1:], borders[0] + 2 * np.pi)
    found = []
    for angle in (borders + nexts) / 2:
        inside = np.array([np.cos(angle), np.sin(angle)])
        on = W @ inside > 0
        J = gen.weights[1] @ (W * on[:, np.newaxis])
        z, _, rank, _ = np.linalg.lstsq(J, y)
        if not np.allclose(J @ z, y):
            continue
        along = np.linalg.svd(J)[2][-1] * np.linspace(-50, 50, 4001)[:, None]
        if rank < 2 and (on == (W @ (z + along).T > 0).T).all(1).any():
            return None
        if rank == 2 and np.array_equal(on, W @ z > 0):
            found.append(z)
    return found


def test_certificates_against_all_cells():
    counts = {True: 0, False: 0}
    for seed in range(60):
        gen, z = network((2, 6, 4), seed)
        certificate = inversion.certify(gen, z)
        found = latents_of(gen, gen.forward(z))
        counts[certificate.unique] += 1
        if certificate.unique:
            assert found is not None
            assert len(found) == 1
            assert np.allclose(found[0], z)
        if certificate.flat:
            assert found is None or len(found) != 1
    assert min(counts.values()) > 5


def test_few_active_units_leave_flat_cells():
    gen = ReluGenerator([[[1, 0], [0, 1], [-1, -1]], np.eye(3)])
    certificate = inversion.certify(gen, np.array([-1.0, -1.0]))
    assert certificate.flat
    assert not certificate.unique
    assert [r.because for r in certificate.layers] == ["linear", "unknown"]
    moved = gen.forward([-1.5, -0.5])
    assert np.allclose(moved, gen.forward([-1.0, -1.0]))
    report = inversion.certify(gen, np.array([2.0, 1.0])).layers[1]
    assert report == (0, 2, 2, 2, 2, "linear")


def test_certificates_say_whether_pursuit_succeeds():
    agreed = []
    for seed in range(24):
        gen, z = network((5, 20, 34, 24), seed)
        found = inversion.latent_pursuit(gen, gen.forward(z))
        right = inversion.relative_error(found.z, z) < 1e-6
        certificate = inversion.certify(gen, z)
        assert right == certificate.recoverable
        assert certificate.recoverable or not certificate.unique
        agreed.append(right)
    assert 3 < sum(agreed) < 21


# -- pursuits -----------------------------------------------------------------


def test_pursuit_is_no_worse_than_the_interior_point_method():
    rng = np.random.default_rng(11)
    for _ in range(8):
        M, A = rng.normal(size=(10, 24)), rng.normal(size=(8, 24))
        x = np.maximum(rng.normal(size=24), 0)
        A *= -np.sign(A @ x)[:, np.newaxis]  # A x < 0 holds
        ours = inversion.nonnegative_pursuit(M, M @ x, A)
        theirs = linprog(
            np.ones(24),
            A_ub=A,
            b_ub=np.zeros(8),
            A_eq=M,
            b_eq=M @ x,
            method="highs-ipm",
        )
        assert np.isclose(ours.sum(), theirs.fun)
        assert np.allclose(M @ ours, M @ x)
        assert (ours >= 0).all()
        assert (A @ ours <= 1e-7).all()
        free = inversion.nonnegative_pursuit(M, M @ x)
        assert free.sum() <= ours.sum() + 1e-9
        signed = inversion.signed_pursuit(M, M @ x)
        assert np.abs(signed).sum() <= free.sum() + 1e-9


def test_inequalities_of_slack_rows_never_decide():
    differ = []
    for seed in range(20):
        gen, z = network((6, 18, 26, 20), seed)
        y = gen.forward(z)
        found = [
            inversion.invert_layerwise(
                gen,
                y,
                lambda M, b, A, keep=keep: inversion.nonnegative_pursuit(
                    M, b, A if keep else None
                ),
            )
            for keep in (True, False)
        ]
        right = [np.allclose(f.z, z, atol=1e-6) for f in found]
        differ.append(right[0] != right[1])
    assert not any(differ)


def test_signs_help_where_the_layer_is_wider_than_the_signal():
    signed, nonnegative = [], []
    for seed in range(6):
        gen, z = network((6, 78, 60), seed)
        y = gen.forward(z)
        one = inversion.layered_basis_pursuit(gen, y).z
        two = inversion.latent_pursuit(gen, y).z
        signed.append(np.allclose(one, z, atol=1e-6))
        nonnegative.append(np.allclose(two, z, atol=1e-6))
    assert not any(signed)
    assert sum(nonnegative) > 4


@pytest.mark.parametrize("output", list(inversion.OUTPUTS))
def test_round_trip(output):
    gen, z = network((4, 16, 40, 80), 12, output)
    y = gen.forward(0.3 * z)
    for method in (inversion.latent_pursuit, inversion.layered_basis_pursuit):
        found = method(gen, y)
        assert found.solved
        assert np.allclose(gen.forward(found.z), y, atol=1e-8)
        assert np.allclose(found.layers[0], gen.layers(0.3 * z)[0], atol=1e-6)


def test_masked_round_trip():
    gen, z = network((4, 16, 40, 80), 13)
    mask = np.random.default_rng(0).random(80) < 0.7
    found = inversion.latent_pursuit(gen.observed(mask), gen.forward(z)[mask])
    assert np.allclose(found.z, z, atol=1e-8)


def test_signals_out_of_range_are_reported():
    gen, _ = network((4, 16, 12), 14)
    gen.weights[1] = np.abs(gen.weights[1])
    found = inversion.latent_pursuit(gen, -np.ones(12))
    assert not found.solved
    assert not found.z.any()
    gen, z = network((4, 16, 40), 14)  # least squares has a misfit here
    assert not inversion.latent_pursuit(gen, gen.forward(z) + 0.1).solved


def test_dependent_equations_do_no_harm():
    M, x = gaussian(15, 6, 12), np.zeros(12)
    x[[1, 5]] = 1.0, 2.0
    tall = np.vstack([M, M[:3] + M[3:], M * 0.1])
    assert np.allclose(inversion.nonnegative_pursuit(tall, tall @ x), x)
    rows, values = inversion.independent_rows(tall, tall @ x)
    assert np.allclose(rows @ rows.T, np.eye(6))
    assert len(values) == 6


def test_lasso_without_price_is_nonnegative_least_squares():
    M, b = gaussian(16, 20, 12), gaussian(17, 20)
    ours = inversion.nonnegative_lasso(M, b, 0.0, 2000)
    assert np.allclose(ours, nnls(M, b)[0], atol=1e-7)


@pytest.mark.parametrize("positive", [True, False])
def test_lasso_is_that_of_scikit_learn(positive):
    M, b, lam = gaussian(18, 20, 30), gaussian(19, 20), 0.4
    M /= np.linalg.norm(M, axis=0)
    solve = inversion.nonnegative_lasso if positive else inversion.signed_lasso
    ours = solve(M, b, lam, 5000)
    theirs = Lasso(
        lam / 20, fit_intercept=False, positive=positive, tol=1e-10
    ).fit(M, b)
    assert np.allclose(ours, theirs.coef_, atol=1e-6)


def test_prices_belong_to_unit_columns():
    M, b = gaussian(20, 20, 30), gaussian(21, 20)
    norms = np.linalg.norm(M, axis=0)
    ours = inversion.nonnegative_lasso(M, b, 0.4, 5000)
    unit = inversion.nonnegative_lasso(M / norms, b, 0.4, 5000)
    assert np.allclose(ours * norms, unit, atol=1e-5)


def test_constrained_lasso_is_that_of_a_general_solver():
    M, b, A = gaussian(22, 12, 8), gaussian(23, 12), gaussian(24, 5, 8)
    price = 0.2 * np.linalg.norm(M, axis=0)

    def value(x):
        return np.sum((M @ x - b) ** 2) / 2 + price @ x

    theirs = minimize(
        value,
        np.zeros(8),
        bounds=[(0, None)] * 8,
        constraints={"type": "ineq", "fun": lambda x: -A @ x},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    ours = inversion.constrained_lasso(M, b, A, 0.2, 20_000)
    assert (A @ ours <= 1e-6).all()
    assert (ours >= 0).all()
    assert np.isclose(value(ours), theirs.fun, atol=1e-6)
    free = inversion.nonnegative_lasso(M, b, 0.2)
    assert value(free) < value(ours) - 1e-3  # the constraints are active
    none = inversion.constrained_lasso(M, b, A[:0], 0.2, 1000)
    assert np.allclose(none, free)


def test_small_prices_lead_to_the_linear_program():
    gen, z = network((4, 20, 16), 25)
    M, x = gen.weights[1], gen.layers(z)[0]
    exact = inversion.nonnegative_pursuit(M, M @ x)
    close = inversion.nonnegative_lasso(M, M @ x, 1e-4, 20_000)
    price = np.linalg.norm(M, axis=0)
    assert price @ close <= price @ exact + 1e-6
    assert np.abs(close - exact).max() < 0.05 or price @ close < price @ exact


def test_debiasing_removes_the_price():
    M, x = gaussian(26, 30, 20), np.zeros(20)
    x[[2, 7]] = 1.0, 2.0
    biased = inversion.nonnegative_lasso(M, M @ x, 1.0)
    assert np.abs(biased - x).max() > 0.1
    assert np.allclose(inversion.debiased(M, M @ x, biased, 0.05), x)


def test_guarantee_of_one_layer():
    """Supports and errors for Hadamard's dictionary, mu = 1 / 8."""
    D, rng = inversion.identity_hadamard(64), np.random.default_rng(27)
    for _ in range(10):
        x, e = np.zeros(128), rng.normal(size=64)
        x[rng.choice(128, 2, replace=False)] = rng.random(2) + 1
        e *= 0.05 / np.linalg.norm(e)
        for solve in (inversion.nonnegative_lasso, inversion.signed_lasso):
            found = solve(D, D @ x + e, 0.1, 1000)
            assert not found[x == 0].any()
            assert np.abs(found - x).max() <= (3 + math.sqrt(1.5)) * 0.05


def test_error_chain_bounds_the_latent():
    rng = np.random.default_rng(28)
    gen, z = inversion.planted_generator(rng)
    assert gen.widths == [2, 4, 512, 256]
    assert [int((x > 0).sum()) for x in gen.layers(z)] == [3, 5]
    e = rng.normal(size=256)
    e *= 0.005 / np.linalg.norm(e)
    prices, bound = inversion.error_chain(gen, z, 0.005)
    found = inversion.layered_basis_pursuit(gen, gen.forward(z) + e, prices)
    error = np.linalg.norm(found.z - z)
    assert 0 < error <= bound < 1
    # one layer by hand: eps_1 = (3 + sqrt(1.5)) sqrt(5) eps
    second = (3 + math.sqrt(1.5)) * math.sqrt(5) * 0.005
    assert np.allclose(prices, [0.01, 2 * second])
    assert inversion.error_chain(gen, z, 0.05)[1] == math.inf


def test_error_chain_is_vacuous_for_gaussian_weights():
    gen, z = network((4, 16, 60), 29)
    assert inversion.error_chain(gen, z, 1e-6)[1] == math.inf


def test_noisy_pursuit_errs_by_about_the_noise():
    gen, z = network((4, 16, 40, 120), 30)
    y = gen.forward(z)
    level = 0.005 * np.linalg.norm(y) / math.sqrt(120)
    noisy = y + level * gaussian(31, 120)
    found = inversion.latent_pursuit(gen, noisy, level)
    assert inversion.relative_error(gen.forward(found.z), y) < 0.01


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: inversion.latent_pursuit(g, np.ones(4)), "observed"),
        (lambda g: inversion.latent_pursuit(g, np.full(5, np.nan)), "finite"),
        (
            lambda g: inversion.layered_basis_pursuit(g, np.ones(5), [1, 2]),
            "One price",
        ),
        (
            lambda g: inversion.nonnegative_lasso(np.eye(2), np.ones(2), -1),
            "lam",
        ),
        (
            lambda g: inversion.constrained_lasso(
                np.eye(2), np.ones(2), np.eye(2), 1.0, 0
            ),
            "steps",
        ),
        (
            lambda g: inversion.nonnegative_pursuit(np.eye(2), np.ones(3)),
            "need M of shape",
        ),
        (
            lambda g: inversion.signed_pursuit(
                np.eye(2), np.ones(2), np.eye(3)
            ),
            "need M of shape",
        ),
        (
            lambda g: inversion.nonnegative_pursuit(
                np.ones((1, 2)), -np.ones(1)
            ),
            "HiGHS found no x",
        ),
    ],
)
def test_bad_pursuits(call, message):
    with pytest.raises(ValueError, match=message):
        call(network((3, 4, 5), 0)[0])


# -- descent ------------------------------------------------------------------


@pytest.mark.parametrize("output", list(inversion.OUTPUTS))
def test_gradient_is_that_of_differences(output):
    gen, _ = network((3, 8, 10, 12), 32, output)
    z, y = gaussian(33, 4, 3), 0.3 * gaussian(34, 4, 12)
    losses, slopes = inversion.latent_gradient(gen, z, y)
    out = gen.forward(z)
    assert np.allclose(losses, ((out - y) ** 2).sum(1) / 2)
    for k in range(3):
        step = 1e-6 * np.eye(3)[k]
        up = inversion.latent_gradient(gen, z + step, y)[0]
        down = inversion.latent_gradient(gen, z - step, y)[0]
        assert np.allclose(slopes[:, k], (up - down) / 2e-6, atol=1e-5)


def test_descent_finds_latents_of_a_wide_generator():
    gen, _ = network((3, 40, 60), 35)
    z, starts = gaussian(36, 4, 3), gaussian(37, 5, 3)
    y = gen.forward(z)
    found = inversion.restarts(gen, y, starts, steps=400, learning_rate=0.5)
    assert found.z.shape == (4, 5, 3)
    assert found.residuals.shape == (4, 5)
    best = inversion.best_of(found, 5)
    assert np.allclose(best, z, atol=1e-3)
    again = np.linalg.norm(gen.forward(found.z) - y[:, np.newaxis], axis=-1)
    size = np.linalg.norm(y, axis=1)[:, np.newaxis]
    assert np.allclose(found.residuals, again / size)
    by_r = [
        inversion.relative_error(gen.forward(inversion.best_of(found, r)), y)
        for r in range(1, 6)
    ]
    assert (np.diff(by_r, axis=0) <= 1e-12).all()


def test_starts_do_not_meet():
    gen, _ = network((3, 10, 12), 38)
    y, starts = gen.forward(gaussian(39, 2, 3)), gaussian(40, 3, 3)
    all_at_once = inversion.restarts(gen, y, starts, 50)
    alone = inversion.descend_latents(gen, y[1:], starts[2:], 50)
    assert np.allclose(all_at_once.z[1, 2], alone.z[0])
    assert np.allclose(starts, gaussian(40, 3, 3))  # not changed in place


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g, y, z: inversion.descend_latents(g, y, z[:1]), "rows"),
        (lambda g, y, z: inversion.descend_latents(g, y[:, :3], z), "rows"),
        (lambda g, y, z: inversion.descend_latents(g, y, z, 0), "one step"),
        (lambda g, y, z: inversion.descend_latents(g, y, z, 5, 0.0), "rate"),
        (
            lambda g, y, z: inversion.best_of(
                inversion.restarts(g, y, z, 1), 3
            ),
            "between 1 and 2",
        ),
    ],
)
def test_bad_descents(call, message):
    gen, _ = network((3, 4, 5), 0)
    with pytest.raises(ValueError, match=message):
        call(gen, np.ones((2, 5)), np.ones((2, 3)))


# -- training -----------------------------------------------------------------


def test_the_loss_of_an_autoencoder_by_numpy():
    generator = inversion.build_relu_generator((2, 5, 6), seed=2)
    encoder = inversion.build_vae_encoder(6, 4, 2, seed=3)
    x, noise = gaussian(41, 3, 6), gaussian(42, 3, 2)
    both = encoder.get_weights()
    code = np.maximum(x @ both[0] + both[1], 0) @ both[2] + both[3]
    mean, log_variance = code[:, :2], code[:, 2:]
    z = mean + noise * np.exp(log_variance / 2)
    out = inversion.generator_from_keras(generator).forward(z)
    kl = (np.exp(log_variance) + mean**2 - 1 - log_variance).sum(1) / 2
    expected = np.mean(((out - x) ** 2).sum(1) / 2 + 0.3 * kl)
    x, noise = x.astype("float32"), noise.astype("float32")
    got = inversion.vae_loss(generator, encoder, x, noise, 0.3)
    assert np.isclose(float(got), expected, rtol=1e-4)


def test_training_makes_the_loss_smaller():
    rng = np.random.default_rng(43)
    x = rng.random((160, 2)) @ rng.random((2, 12))
    model = inversion.build_relu_generator((2, 8, 12), seed=1)
    quick = inversion.VAESettings(0.05, 0.02, batch_size=16, epochs=8)
    history = inversion.train_vae(model, x, quick, width=16)
    assert len(history) == 8
    assert history[-1] < 0.5 * history[0]
    before = model.get_weights()
    played = inversion.train_gan(model, x, gan.Settings(), 2, width=8)
    assert played["critic"].shape == (2,)
    assert not np.allclose(before[0], model.get_weights()[0])


def test_training_refuses_what_cannot_work():
    model = inversion.build_relu_generator((2, 4, 6))
    quick = inversion.VAESettings(batch_size=4, epochs=1)
    with pytest.raises(ValueError, match="at least 4 pictures"):
        inversion.train_vae(model, np.ones((3, 6)), quick)
    with pytest.raises(ValueError, match="at least 4 pictures"):
        inversion.train_vae(model, np.ones((8, 5)), quick)
    with pytest.raises(FloatingPointError, match="smaller learning_rate"):
        inversion.train_vae(model, np.full((8, 6), np.inf), quick)
    for wrong in ({"beta": -1}, {"epochs": 0}, {"learning_rate": 0.0}):
        with pytest.raises(ValueError, match="but got"):
            inversion.VAESettings(**wrong)


def test_shrink_takes_means():
    pictures = np.zeros((2, 28, 28), np.uint8)
    pictures[1, :2, :2] = [[255, 0], [0, 255]]
    small = inversion.shrink(pictures)
    assert small.shape == (2, 196)
    assert small[1, 0] == 0.5
    assert small.sum() == 0.5
    with pytest.raises(ValueError, match="28 x 28"):
        inversion.shrink(np.zeros((2, 14, 14)))
