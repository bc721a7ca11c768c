"""Oracles of topoi.stability: LPs, closed forms, brute force, bounds, SVDs."""

import itertools
import math
from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from topoi import stability
from topoi.stability import (
    DyadicOracle,
    FirenetLayer,
    FourierHaar,
    JumpInstance,
    Matrix,
    ReadLimitError,
    SquareRootLasso,
    adversary,
    block_instance,
    jump_instance,
)


def sparse_problem(seed, m=64, size=128, s=6):
    """Return a Gaussian matrix, a sparse x and their product."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(m, size)) / np.sqrt(m)
    x = np.zeros(size)
    x[rng.choice(size, s, replace=False)] = rng.normal(size=s)
    return matrix, x, matrix @ x


# -- problems that jump -----------------------------------------------------


@pytest.mark.parametrize("K", [1, 3, 6])
@pytest.mark.parametrize("n", [10, 20])
@pytest.mark.parametrize("j", [1, 2])
def test_solution_is_that_of_a_linear_program(K, n, j):
    """Oracle: HiGHS, which shares no line with the closed form."""
    problem = jump_instance(K, n, j)
    found = stability.basis_pursuit(
        problem.A.astype(float), problem.y.astype(float)
    )
    np.testing.assert_allclose(found, problem.x.astype(float), atol=1e-9)


def test_two_solutions_are_three_units_apart():
    one, two = (jump_instance(4, 200, j).x for j in (1, 2))
    gap = math.sqrt(sum((one - two) ** 2))
    assert gap == pytest.approx(3e-4, rel=1e-12)


@pytest.mark.parametrize("n", [1, 5, 30])
def test_problems_are_well_conditioned(n):
    matrix = jump_instance(3, n, 1).A.astype(float)
    assert np.linalg.cond(matrix @ matrix.T) <= 3.25 + 1e-12


def test_distance_to_a_tie_is_that_to_its_segment():
    """Oracle: a fine grid on the segment."""
    tie = jump_instance(1, q=0)
    t = float(tie.heights[0])
    share = np.linspace(0, 1, 20_001)[:, None]
    segment = t * np.hstack([share, 1 - share])
    for point in np.random.default_rng(3).uniform(-0.5, 0.5, (30, 2)):
        nearest = np.linalg.norm(segment - point, axis=1).min()
        assert tie.distance(point) == pytest.approx(nearest, abs=1e-4)


def test_blocks_have_their_own_jumps():
    problem = block_instance(5, [None, (9, 1), (2, 2)])
    assert problem.A.shape == (6, 9)
    np.testing.assert_array_equal(problem.A @ problem.x, problem.y)
    assert problem.distance(problem.x) == 0
    moved = problem.x.copy()
    moved[2:4] = moved[3], moved[2]  # the other corner of block 1
    assert problem.distance(moved) == pytest.approx(3e-4, rel=1e-2)


def test_an_oracle_rounds_by_less_than_its_promise():
    problem = jump_instance(3, 7, 1)
    oracle = DyadicOracle(problem)
    for n in (0, 3, 7, 50, 200):
        sample = oracle.sample(n)
        for given_, true in zip(sample, (problem.A, problem.y), strict=True):
            assert np.all(true - given_ >= 0)
            assert np.all(true - given_ < Fraction(1, 2**n))
            assert all((v * 2**n).denominator == 1 for v in given_.flat)
    assert oracle.max_n == 200


def test_gaps_hide_behind_the_rounding():
    tie = DyadicOracle(jump_instance(3))
    for n, j in itertools.product((1, 10, 100), (1, 2)):
        near = DyadicOracle(jump_instance(3, n + 1, j))
        same = [
            np.array_equal(a, b)
            for a, b in zip(near.sample(n), tie.sample(n), strict=True)
        ]
        assert all(same)
        assert not np.array_equal(near.sample(n + 1).A, tie.sample(n + 1).A)


# -- the game ---------------------------------------------------------------


def middle(oracle):
    A, y = oracle.sample(60)
    share = y[0] / (A[0, 0] + A[0, 1])
    return [share, share, *y[1:]]


def first_corner_unless_smaller(oracle):
    A, y = oracle.sample(25)
    if A[0, 0] >= A[0, 1]:
        return [y[0] / A[0, 0], 0, *y[1:]]
    return [0, y[0] / A[0, 1], *y[1:]]


def linear_program(oracle):
    A, y = (part.astype(float) for part in oracle.sample(50))
    return stability.basis_pursuit(A, y)


def restarted(oracle):
    A, y = (part.astype(float) for part in oracle.sample(40))
    return stability.firenet(
        y, Matrix(A), SquareRootLasso(0.5), p=60, n=25, delta=1e-12
    )


def decide(oracle):
    """Read until the larger entry is certain: right, but not on a tie."""
    for n in itertools.count(8):
        A, _ = oracle.sample(n)
        if abs(A[0, 0] - A[0, 1]) >= Fraction(2, 2**n):
            break
    A, y = oracle.sample(max(n, 60))
    j = int(A[0, 1] > A[0, 0])
    corner = [0, 0]
    corner[j] = y[0] / A[0, j]
    return [*corner, *y[1:]]


@pytest.mark.parametrize("K", [1, 3, 6])
@pytest.mark.parametrize(
    "algorithm",
    [middle, first_corner_unless_smaller, linear_program, restarted],
)
def test_the_adversary_defeats_what_halts(algorithm, K):
    verdict = adversary(algorithm, K)
    assert verdict.halted
    assert max(verdict.errors) >= 1.4999 * 10.0**-K
    for problem, error in zip(verdict.instances, verdict.errors, strict=True):
        answer = algorithm(DyadicOracle(problem))
        assert problem.distance(answer) == pytest.approx(error)


def test_the_adversary_cannot_defeat_what_reads_for_ever():
    verdict = adversary(decide, 3, limit=300)
    assert not verdict.halted
    assert verdict.digits == 300
    for n, j in itertools.product((1, 7, 40, 150), (1, 2)):
        problem = jump_instance(3, n, j)
        assert problem.distance(decide(DyadicOracle(problem))) < 1e-12


def test_no_bound_on_the_digits_is_enough():
    for bound in (5, 20, 80):
        oracle = DyadicOracle(jump_instance(3, bound + 2, 1), limit=bound)
        with pytest.raises(ReadLimitError, match=r"has not halted within"):
            decide(oracle)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: jump_instance(3, 0, 1), r"n >= 1 .* got \(0, 1\)"),
        (lambda: jump_instance(3, 4, 3), r"j = 1 or 2"),
        (lambda: jump_instance(3).distance([1, 2]), r"has 5 entries"),
        (lambda: jump_instance(3).distance([math.nan] * 5), "divide by zero"),
        (lambda: jump_instance(3).distance([None] * 5), "finite numbers"),
        (lambda: DyadicOracle(jump_instance(3)).sample(-1), r"n >= 0"),
    ],
)
def test_the_game_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# -- prox and projection ----------------------------------------------------


@pytest.mark.parametrize("v", [0.3, -1.7, 0.0, 0.4 - 0.9j, 1e-320])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 2.0])
def test_soft_is_the_minimiser(v, threshold):
    """Oracle: all points of a grid of the plane."""
    line = np.linspace(-2, 2, 401)
    grid = line[:, None] + 1j * line[None, :]
    cost = threshold * abs(grid) + abs(grid - v) ** 2 / 2
    best = grid.flat[cost.argmin()]
    assert abs(stability.soft(np.array([v]), threshold)[0] - best) < 0.01


def test_soft_keeps_phases_and_types():
    rng = np.random.default_rng(0)
    v = rng.normal(size=20) + 1j * rng.normal(size=20)
    w = stability.soft(v, 0.5)
    kept = abs(w) > 0
    np.testing.assert_allclose(np.angle(w[kept]), np.angle(v[kept]))
    assert stability.soft(np.float32([1, -2, 0]), 0.5).dtype == np.float32


@given(st.integers(0, 50), st.floats(0.01, 5))
@settings(max_examples=25, deadline=None)
def test_projection_is_nearest(seed, scale):
    rng = np.random.default_rng(seed)
    q, other = rng.normal(size=(2, 5)) * scale
    inside = other / max(1, np.linalg.norm(other))
    p = stability.project_to_ball(q)
    assert np.linalg.norm(p) <= 1 + 1e-12
    assert np.linalg.norm(q - p) <= np.linalg.norm(q - inside) + 1e-12


# -- primal-dual steps ------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_mean_obeys_the_bound_of_chambolle_and_pock(seed):
    matrix, x, y = sparse_problem(seed)
    op, problem = Matrix(matrix), SquareRootLasso(0.1)
    for steps in (1, 10, 100, 1000):
        run = stability.primal_dual(y, op, problem, steps)
        gap = problem.value(run.mean, y, op) - problem.value(x, y, op)
        bound = op.norm * (np.linalg.norm(x) ** 2 + 1) / steps
        assert gap <= bound * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_dual_vectors_bound_the_value(seed):
    matrix, x, y = sparse_problem(seed)
    op, problem = Matrix(matrix), SquareRootLasso(0.1)
    run = stability.primal_dual(y, op, problem, 4000)
    low = problem.lower_bound(run.u, y, op)
    assert problem.value(run.last, y, op) - low < 1e-6
    rng = np.random.default_rng(seed)
    for _ in range(20):
        z, u = rng.normal(size=x.size), rng.normal(size=y.size)
        assert problem.lower_bound(u, y, op) <= problem.value(z, y, op)


def reference_firenet(y, A, lam, w, p, n, delta):
    """FIRENET as a page of formulas would write it; complex, no helpers."""
    L, eps, psi = np.linalg.norm(A, 2), np.linalg.norm(y), 0 * A.conj().T @ y
    for _ in range(n):
        eps = np.exp(-1) * (delta + eps)
        beta = eps / (2 * L)
        al = 1 / (beta * p)
        x, u, mean = al * psi, np.zeros(len(y), y.dtype), 0
        for _ in range(p):
            v = x - A.conj().T @ u / L
            size = np.abs(v)
            cut = np.maximum(size, lam * w / L)
            new = (1 - lam * w / L / cut) * v
            q = u + (A @ (2 * new - x) - al * y) / L
            u = q if np.linalg.norm(q) <= 1 else q / np.linalg.norm(q)
            x, mean = new, mean + new / p
        psi = mean / al
    return psi


@pytest.mark.parametrize("complex_", [False, True])
def test_firenet_is_its_formulas(complex_):
    rng = np.random.default_rng(5)
    A = rng.normal(size=(10, 24))
    if complex_:
        A = A + 1j * rng.normal(size=(10, 24))
    y, w = A @ rng.normal(size=24), rng.uniform(0.5, 2, 24)
    ours = stability.firenet(
        y, Matrix(A), SquareRootLasso(0.2, w), p=7, n=6, delta=1e-3
    )
    theirs = reference_firenet(y, A, 0.2, w, p=7, n=6, delta=1e-3)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_one_restart_is_a_run_on_scaled_data():
    matrix, _, y = sparse_problem(1)
    op, problem = Matrix(matrix), SquareRootLasso(0.1)
    scale = 2 * op.norm * math.e / (np.linalg.norm(y) * 15)
    once = stability.primal_dual(scale * y, op, problem, 15).mean / scale
    ours = stability.firenet(y, op, problem, p=15, n=1)
    np.testing.assert_allclose(ours, once, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_restart_shrinks_the_error_by_e(seed):
    """A band of 5 % around e, far from the 2 or 3 of another factor."""
    matrix, x, y = sparse_problem(seed, m=128, size=256, s=10)
    history = []
    stability.firenet(
        y, Matrix(matrix), SquareRootLasso(0.1), p=30, n=24, history=history
    )
    errors = np.linalg.norm(np.stack(history) - x, axis=1)
    used = errors[(errors < 1e-2) & (errors > 1e-9)]
    ratio = (used[0] / used[-1]) ** (1 / (len(used) - 1))
    assert ratio == pytest.approx(math.e, rel=0.05)


def test_without_restarts_the_mean_is_slow():
    """The law: error times steps is constant, within 15 %."""
    matrix, x, y = sparse_problem(0, m=128, size=256, s=10)
    op, problem = Matrix(matrix), SquareRootLasso(0.1)
    products = []
    for steps in (500, 1000, 2000, 4000):
        mean = stability.primal_dual(y, op, problem, steps).mean
        products.append(steps * np.linalg.norm(mean - x))
    assert max(products) < 1.15 * min(products)


def test_too_few_steps_stall_in_the_wrong_place():
    matrix, x, y = sparse_problem(0, m=128, size=256, s=10)
    ends = [
        stability.firenet(y, Matrix(matrix), SquareRootLasso(0.1), 5, n)
        for n in (40, 80)
    ]
    assert np.linalg.norm(ends[0] - x) > 0.5
    assert np.linalg.norm(ends[0] - ends[1]) < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_known_supports_are_recovered(seed):
    matrix, x, y = sparse_problem(seed)
    exact = stability.basis_pursuit(matrix, y)
    np.testing.assert_allclose(exact, x, atol=1e-8)
    found = stability.firenet(y, Matrix(matrix), SquareRootLasso(0.1), 40, 20)
    np.testing.assert_allclose(found, x, atol=1e-6)


def null_space_constants(v, s):
    """Return the smallest rho for a kernel spanned by one vector."""
    size = np.sort(np.abs(v))[::-1]
    head, tail = np.linalg.norm(size[:s]), size[s:].sum()
    return head * math.sqrt(s) / tail


def test_sharpness_holds_where_the_null_space_property_does():
    """Oracle: 2,000 points z around x, on a kernel of dimension one.

    The kernel alone gives rho; off the kernel, the pseudo-inverse bounds
    the rest: v = k + A^+ A v, so gamma = (1 + rho sqrt(N / s)) / sigma_min.
    """
    rng = np.random.default_rng(2)
    kernel = rng.choice([-1.0, 1.0], 8) * rng.uniform(0.8, 1.2, 8)
    kernel /= np.linalg.norm(kernel)
    _, _, rows = np.linalg.svd(kernel[None, :])
    matrix, s = rows[1:], 1  # orthonormal rows, so sigma_min = 1
    rho = null_space_constants(kernel, s)
    gamma = 1 + rho * math.sqrt(8 / s)
    lam = (1 + rho) ** 2 / ((3 + rho) * gamma)
    C = stability.sharpness_from_null_space(rho, gamma, lam, s)
    assert pytest.approx((3 + rho) * gamma / (1 - rho)) == C
    x = np.zeros(8)
    x[3] = 1.5
    op, problem, y = Matrix(matrix), SquareRootLasso(lam), matrix @ x
    base = problem.value(x, y, op)
    for _ in range(2000):
        h = rng.normal(size=8) * 10 ** rng.uniform(-3, 1)
        gain = problem.value(x + h, y, op) - base
        assert np.linalg.norm(h) <= C * gain * (1 + 1e-9)
    # The theorem, with the p that it asks for.
    p = stability.inner_steps(op.norm, C)
    history = []
    stability.firenet(y, op, problem, p, 12, history=history)
    for k, psi in enumerate(history, 1):
        bound = C * math.exp(-k) * np.linalg.norm(y)
        assert np.linalg.norm(psi - x) <= bound


def test_counts_of_layers_and_restarts():
    assert stability.affine_layers(20, 8) == 481
    assert stability.restarts_for(math.exp(-5)) == 5
    assert stability.restarts_for(1e-6) == 14
    assert stability.inner_steps(1.0, 1.0) == 6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Matrix([1.0, 2.0]), r"shape \(m, N\), got shape \(2,\)"),
        (lambda: Matrix([[math.nan]]), "finite array"),
        (lambda: stability.basis_pursuit(np.eye(2), [1.0]), r"\(1,\)"),
        (
            lambda: stability.basis_pursuit([[0.0, 0.0]], [1.0]),
            "found no x",
        ),
        (
            lambda: stability.firenet(
                np.zeros(2), Matrix(np.eye(2)), SquareRootLasso(1), 2, 2
            ),
            r"norm\(y\) = 0",
        ),
        (
            lambda: stability.firenet(
                np.ones(2), Matrix(np.eye(2)), SquareRootLasso(1), 0, 2
            ),
            "p = 0",
        ),
        (lambda: stability.restarts_for(2), "between 0 and 1, got 2"),
        (
            lambda: stability.sharpness_from_null_space(0.5, 1, 9, 4),
            r"lam <= 0\.321",
        ),
    ],
)
def test_recovery_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# -- pictures ---------------------------------------------------------------


@pytest.mark.parametrize("levels", [0, 1, 3])
def test_haar_goes_back_and_keeps_lengths(levels):
    rng = np.random.default_rng(0)
    image = rng.normal(size=(2, 16, 16)) + 1j * rng.normal(size=(2, 16, 16))
    there = stability.haar2(image, levels)
    np.testing.assert_allclose(stability.ihaar2(there, levels), image)
    assert np.linalg.norm(there) == pytest.approx(np.linalg.norm(image))


def test_haar_corner_holds_block_means():
    """Oracle: sums over blocks."""
    image = np.random.default_rng(1).normal(size=(8, 8))
    blocks = image.reshape(2, 4, 2, 4).sum((1, 3)) / 4
    np.testing.assert_allclose(stability.haar2(image, 2)[:2, :2], blocks)


def test_haar_levels_name_the_blocks():
    """A constant on blocks of side 4 has no details of levels 2 and 3."""
    levels = stability.haar_levels(16, 3)
    assert np.bincount(levels.ravel()).tolist() == [4, 12, 48, 192]
    image = np.kron(
        np.random.default_rng(2).normal(size=(4, 4)), np.ones((4, 4))
    )
    coefficients = stability.haar2(image, 3)
    assert abs(coefficients[levels >= 2]).max() < 1e-12
    assert abs(coefficients[levels == 1]).min() > 1e-6


def test_haar_matrix_is_the_transform():
    matrix = stability.haar_matrix(8, 2)
    image = np.random.default_rng(1).normal(size=(8, 8))
    coefficients = stability.haar2(image, 2)
    np.testing.assert_allclose(matrix @ coefficients.ravel(), image.ravel())


def test_weights_fall_where_coefficients_are_many():
    weights = stability.level_weights(stability.phantom(64), 3)
    levels = stability.haar_levels(64, 3)
    per_level = [np.unique(weights[levels == k]) for k in range(4)]
    assert all(len(values) == 1 for values in per_level)
    counts = np.array([1 / float(v[0]) ** 2 for v in per_level])
    assert counts.sum() == pytest.approx(1)  # w_k^2 s_k = s on each level


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_mask_is_symmetric_and_of_its_size(share):
    mask = stability.frequency_mask(32, share, np.random.default_rng(0))
    again = stability.frequency_mask(32, share, np.random.default_rng(0))
    np.testing.assert_array_equal(mask, again)
    for k, l in np.argwhere(mask):
        assert mask[-k % 32, -l % 32]
    assert abs(mask.sum() - share * 1024) <= 1
    assert mask[:4, :4].all()


def test_fourier_haar_has_its_adjoint_and_norm():
    rng = np.random.default_rng(0)
    op = FourierHaar(stability.frequency_mask(16, 0.4, rng), 2)
    m = op.mask.sum()
    for _ in range(5):
        x = rng.normal(size=256) + 1j * rng.normal(size=256)
        u = rng.normal(size=m) + 1j * rng.normal(size=m)
        assert np.vdot(u, op.A(x)) == pytest.approx(np.vdot(op.At(u), x))
    x = rng.normal(size=256)
    for _ in range(50):  # power iteration
        x = op.At(op.A(x))
        x = x / np.linalg.norm(x)
    assert np.linalg.norm(op.A(x)) == pytest.approx(1, abs=1e-9)


def test_real_rows_hold_what_complex_numbers_do():
    rng = np.random.default_rng(4)
    mask = stability.frequency_mask(16, 0.4, rng)
    matrix = stability.real_matrix(mask)
    np.testing.assert_allclose(
        matrix @ matrix.T, np.eye(mask.sum()), atol=1e-12
    )
    image = rng.normal(size=(16, 16))
    spectrum = np.fft.fft2(image, norm="ortho") * mask
    back = np.fft.ifft2(spectrum, norm="ortho").real
    np.testing.assert_allclose(
        matrix.T @ matrix @ image.ravel(), back.ravel(), atol=1e-12
    )


def test_real_and_complex_firenet_agree():
    rng = np.random.default_rng(0)
    mask = stability.frequency_mask(16, 0.6, rng)
    op, image = FourierHaar(mask, 2), stability.phantom(16)
    problem = SquareRootLasso(0.02)
    first = stability.firenet(op.measure(image), op, problem, 10, 5)
    rows = stability.real_matrix(mask)
    real = Matrix(rows @ stability.haar_matrix(16, 2))
    second = stability.firenet(rows @ image.ravel(), real, problem, 10, 5)
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_pictures_are_what_they_say():
    head = stability.phantom(64)
    assert head.shape == (64, 64)
    assert (head.min(), head.max()) == (0, 1)
    assert head[0].max() == 0  # the frame is empty
    assert head[32, 10] == 1  # the skull
    assert head[32, 12] == pytest.approx(0.2)  # 1 - 0.8 inside of it
    images = stability.ellipse_images(20, 24, np.random.default_rng(0))
    assert images.shape == (20, 24, 24)
    assert all(len(np.unique(image)) <= 6 for image in images)
    assert images.max() <= 1
    assert min(i.max() for i in images) >= 0.2


def test_the_detail_is_nearly_invisible():
    mask = stability.frequency_mask(32, 0.3, np.random.default_rng(0))
    detail = stability.grid_detail(32, (12, 18), 3.0).ravel()
    seen = np.linalg.norm(stability.real_matrix(mask) @ detail)
    assert seen < 0.06 * np.linalg.norm(detail)


def test_a_detail_can_be_hidden_to_a_given_share():
    mask = stability.frequency_mask(16, 0.4, np.random.default_rng(1))
    A = stability.real_matrix(mask)
    detail = stability.grid_detail(16, (8, 8), 2.0).ravel()
    hidden = stability.hide_detail(detail, A, 0.05)
    share = np.linalg.norm(A @ hidden) / np.linalg.norm(hidden)
    assert share == pytest.approx(0.05)
    unseen = np.eye(256) - A.T @ A
    np.testing.assert_allclose(unseen @ hidden, unseen @ detail, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: stability.hide_detail(np.ones(2), np.eye(2), 0.1),
            "unmeasured part",
        ),
        (lambda: stability.haar2(np.ones((6, 6)), 2), r"multiple of 4"),
        (lambda: stability.haar2(np.ones((4, 8)), 1), r"\(4, 8\)"),
        (lambda: FourierHaar(np.ones((8, 8)), 1), "booleans"),
        (lambda: FourierHaar(np.zeros((8, 8), bool), 1), "at least one"),
        (
            lambda: stability.frequency_mask(8, 0, np.random.default_rng(0)),
            r"got 0",
        ),
        (
            lambda: stability.real_matrix(np.eye(8, k=1, dtype=bool)),
            "contains -k",
        ),
    ],
)
def test_pictures_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# -- the layer --------------------------------------------------------------


def layer_and_twin():
    matrix, x, y = sparse_problem(3, m=24, size=40, s=3)
    weights = np.linspace(0.5, 1.5, 40)
    layer = FirenetLayer(matrix, 0.1, weights, p=6, n=5, delta=1e-6)
    twin = stability.firenet(
        y, Matrix(matrix), SquareRootLasso(0.1, weights), 6, 5, 1e-6
    )
    return layer, twin, y


def test_layer_is_the_function():
    """float32 through 30 steps: four digits are left."""
    layer, twin, y = layer_and_twin()
    out = ops.convert_to_numpy(layer(y[None].astype("float32")))
    np.testing.assert_allclose(out[0], twin, atol=2e-4)


def test_layer_treats_rows_and_axes_alone():
    layer, _, y = layer_and_twin()
    batch = np.stack([y, -2 * y, 0 * y]).astype("float32")
    out = ops.convert_to_numpy(layer(batch))
    alone = ops.convert_to_numpy(layer(batch[:1]))
    np.testing.assert_allclose(out[0], alone[0], atol=1e-5)
    np.testing.assert_allclose(out[1], -2 * out[0], atol=1e-3)
    assert abs(out[2]).max() == 0
    deep = ops.convert_to_numpy(layer(batch[:, None, :]))
    np.testing.assert_allclose(deep[:, 0], out, atol=1e-5)


def test_layer_comes_back_from_its_config():
    layer, _, y = layer_and_twin()
    again = FirenetLayer.from_config(layer.get_config())
    batch = y[None].astype("float32")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(layer(batch)), ops.convert_to_numpy(again(batch))
    )
    assert layer.compute_output_shape((None, 24)) == (None, 40)
    assert layer.count_params() == 0


def test_layer_has_a_finite_gradient():
    from topoi import autodiff

    layer, _, y = layer_and_twin()
    slope = autodiff.input_gradient(
        lambda v: ops.sum(layer(v) ** 2), np.stack([y, 0 * y])
    )
    assert np.isfinite(ops.convert_to_numpy(slope)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: FirenetLayer([1.0], 0.1), r"got shape \(1,\)"),
        (lambda: FirenetLayer(np.eye(2), 0.1, p=0), "p = 0"),
        (lambda: FirenetLayer(np.eye(2), -1), "lam = -1"),
        (
            lambda: FirenetLayer(np.eye(2), 1).compute_output_shape((4, 3)),
            r"needs inputs \(..., 2\), got \(4, 3\)",
        ),
    ],
)
def test_layer_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_reconstructor_starts_near_the_adjoint():
    keras.utils.set_random_seed(0)
    mask = stability.frequency_mask(8, 0.5, np.random.default_rng(0))
    matrix = stability.real_matrix(mask)
    net = stability.build_reconstructor(matrix, width=4, depth=2, hidden=3)
    for layer in net.layers:  # silence what is trained
        if layer.trainable and layer.weights:
            layer.set_weights([0 * w for w in layer.get_weights()])
    y = np.random.default_rng(1).normal(size=(3, len(matrix)))
    out = net.predict(y, verbose=0)
    np.testing.assert_allclose(out, y @ matrix, atol=1e-5)


# -- the search -------------------------------------------------------------


def linear_reconstruction(seed=0):
    """Return A, W with W A x = x for one x, and that x."""
    rng = np.random.default_rng(seed)
    A = np.linalg.qr(rng.normal(size=(20, 12)))[0].T  # (12, 20)
    W = rng.normal(size=(20, 12))
    x = A.T @ rng.normal(size=12)
    y = A @ x
    W += np.outer(x - W @ y, y) / (y @ y)
    return A, W, x


@pytest.mark.parametrize("seed", range(3))
def test_search_finds_the_largest_singular_value(seed):
    """Oracle: for a linear map the worst case is a singular value."""
    A, W, x = linear_reconstruction(seed)
    found = stability.worst_case(
        lambda y: ops.matmul(y, W.T.astype("float32")),
        A,
        x[None],
        eta=0.1,
        steps=60,
    )
    worst = 0.1 * np.linalg.norm(x) * np.linalg.norm(W @ A, 2)
    assert found.errors[0] == pytest.approx(worst, rel=1e-3)
    assert np.linalg.norm(found.r) <= 0.1 * np.linalg.norm(x) * (1 + 1e-6)
    assert np.all(np.diff(found.history[:, 0]) >= 0)
    after = np.linalg.norm(W @ A @ (x + found.r[0]) - x)
    assert after == pytest.approx(found.errors[0], rel=1e-4)


def test_each_picture_may_have_a_size_of_its_own():
    A, W, x = linear_reconstruction()
    recon = lambda y: ops.matmul(y, W.T.astype("float32"))  # noqa: E731
    eta = np.array([0.01, 0.2])
    found = stability.worst_case(recon, A, np.stack([x, x]), eta, 30)
    sizes = np.linalg.norm(found.r, axis=1) / np.linalg.norm(x)
    np.testing.assert_allclose(sizes, eta, rtol=1e-3)


def test_momentum_search_is_its_recurrence():
    """Oracle: the published formulas on a linear map, in NumPy."""
    A, W, x = linear_reconstruction()
    found = stability.momentum_search(
        lambda y: ops.matmul(y, W.T.astype("float32")),
        A,
        x[None],
        steps=8,
        rng=np.random.default_rng(1),
    )
    r, v = 1e-3 * np.random.default_rng(1).uniform(size=(1, 20)), 0
    B = W @ A
    for _ in range(8):
        v = 0.9 * v + 0.01 * (r @ B.T @ B - 0.01 * r)
        r = r + v
    np.testing.assert_allclose(found.r, r, atol=1e-4)  # float32 slopes
    assert found.errors[0] == pytest.approx(np.linalg.norm(B @ r[0]), rel=1e-4)
    assert found.history.shape == (9, 1)


def test_momentum_search_stops_at_its_size():
    A, W, x = linear_reconstruction()
    recon = lambda y: ops.matmul(y, W.T.astype("float32"))  # noqa: E731
    pair = np.stack([x, 4 * x])
    found = stability.momentum_search(recon, A, pair, 60, largest=0.05)
    free = stability.momentum_search(recon, A, pair, 60)
    size = np.linalg.norm(found.r, axis=1) / np.linalg.norm(pair, axis=1)
    assert np.all(size >= 0.05)
    assert np.all(size < 0.2)
    assert np.all(np.linalg.norm(free.r, axis=1) > 100 * size)


def test_search_refuses_pictures_that_do_not_fit():
    A, W, x = linear_reconstruction()
    with pytest.raises(ValueError, match=r"\(12, 20\) and \(20,\)"):
        stability.worst_case(lambda y: y, A, x, 0.1)
    with pytest.raises(ValueError, match="positive eta, got 0"):
        stability.worst_case(lambda y: y, A, x[None], 0)


def test_public_names_are_sorted_and_there():
    assert sorted(stability.__all__) == stability.__all__
    assert all(hasattr(stability, name) for name in stability.__all__)
    assert isinstance(jump_instance(1), JumpInstance)
