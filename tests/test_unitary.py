"""Unitary networks against SciPy, closed forms, brute force and laws."""

import math
from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from keras import layers, ops
from scipy import linalg

from topoi import unitary
from topoi.autodiff import input_gradient

SHAPES = [(2, 1), (3, 3), (5, 2), (6, 5), (9, 4), (20, 3), (16, 16)]


def draw(n, r, seed=0, size=1.5):
    rng = np.random.default_rng(seed)
    return size * rng.normal(size=(n, r)) / math.sqrt(n)


def tensor(array, dtype="float32"):
    return ops.convert_to_tensor(np.asarray(array, dtype))


# -- from free numbers to orthonormal columns ---------------------------------


def test_dimensions():
    assert unitary.stiefel_dimension(8, 8) == 28
    assert unitary.stiefel_dimension(3, 1) == 2  # a sphere
    pairs = [(4, 4, 6), (6, 2, 9), (8, 3, 18)]
    for n, r, due in pairs:
        assert unitary.stiefel_dimension(n, r) == due
    with pytest.raises(ValueError, match="1 <= r <= n"):
        unitary.stiefel_dimension(2, 3)


def test_flat_numbers_fill_the_lower_triangle():
    lower = unitary.lower_from_flat(np.arange(1.0, 6), 4, 2)[:, :2]
    due = [[0, 0], [1, 0], [2, 3], [4, 5]]
    np.testing.assert_array_equal(lower, due)
    with pytest.raises(ValueError, match="needs 5 numbers"):
        unitary.lower_from_flat(np.zeros(8), 4, 2)


@pytest.mark.parametrize(("n", "r"), SHAPES)
def test_skew(n, r):
    A = unitary.skew_from_lower(draw(n, r))
    np.testing.assert_array_equal(A, -A.T)
    np.testing.assert_array_equal(A[r:, r:], 0)
    np.testing.assert_array_equal(
        A[:, :r].T[np.triu_indices(r, 1)] < 0,
        A[:, :r][np.triu_indices(r, 1)] > 0,
    )


def test_a_rotation_of_the_plane():
    t = 0.7
    for columns in (unitary.exp_columns, unitary.thin_exp):
        due = [[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]]
        ours = columns(np.array([[0, 0], [t, 0.0]]))
        np.testing.assert_allclose(ours, due, atol=1e-15)


def test_rodrigues():
    a, b, c = 0.3, -0.5, 0.8
    K = unitary.skew_from_lower(np.array([[0, 0, 0], [c, 0, 0], [-b, a, 0]]))
    t = math.sqrt(a * a + b * b + c * c)
    due = np.eye(3) + math.sin(t) / t * K + (1 - math.cos(t)) / t**2 * K @ K
    lower = np.tril(K, -1)
    np.testing.assert_allclose(unitary.exp_columns(lower), due, atol=1e-15)


def test_cayley_in_the_plane_and_on_the_sphere():
    t = 0.7  # a rotation by 2 arctan(t / 2)
    ours = unitary.cayley_columns(np.array([[0.0], [t]]))[:, 0]
    angle = 2 * math.atan(t / 2)
    np.testing.assert_allclose(ours, [math.cos(angle), math.sin(angle)])
    b = np.array([0.4, -1.1])  # r = 1: stereographic projection of b / 2
    ours = unitary.cayley_columns(np.array([[0.0], *b[:, None]]))[:, 0]
    q = b @ b / 4
    due = np.array([1 - q, *b]) / (1 + q)
    np.testing.assert_allclose(ours, due, atol=1e-15)


@pytest.mark.parametrize(("n", "r"), SHAPES)
def test_thin_maps_are_the_full_ones(n, r):
    lower = draw(n, r, seed=n)
    A, eye = unitary.skew_from_lower(lower), np.eye(n)
    due = linalg.expm(A)[:, :r]
    np.testing.assert_allclose(unitary.thin_exp(lower), due, atol=1e-13)
    np.testing.assert_allclose(unitary.exp_columns(lower), due, atol=1e-13)
    cayley = np.linalg.solve(eye - A / 2, eye + A / 2)[:, :r]
    ours = unitary.cayley_columns(lower)
    np.testing.assert_allclose(ours, cayley, atol=1e-13)
    for columns in (due, ours):
        np.testing.assert_allclose(columns.T @ columns, np.eye(r), atol=1e-13)


def test_thin_exponential_is_thin():
    """200,000 rows: the whole matrix would take 300 gigabytes."""
    columns = unitary.thin_exp(draw(200_000, 2))
    np.testing.assert_allclose(columns.T @ columns, np.eye(2), atol=1e-12)


@pytest.mark.parametrize(("n", "r"), SHAPES)
def test_pytorch_formula(n, r):
    """What torch's parametrizations.orthogonal documents, by other means.

    Its Cayley map is (I + A/2)(I - A/2)^-1 and its exponential that of the
    padded lower triangle. Witnesses: eigenvalues and the polar factor.
    """
    lower = draw(n, r, seed=2)
    A, eye = unitary.skew_from_lower(lower), np.eye(n)
    theirs = ((eye + A / 2) @ np.linalg.inv(eye - A / 2))[:, :r]
    np.testing.assert_allclose(
        unitary.cayley_columns(lower), theirs, atol=1e-12
    )
    angles, vectors = np.linalg.eigh(1j * A)
    spectral = (vectors * np.exp(-1j * angles)) @ vectors.conj().T
    ours = unitary.exp_columns(lower)
    np.testing.assert_allclose(ours, spectral.real[:, :r], atol=1e-13)
    polar, stretch = linalg.polar(ours)
    np.testing.assert_allclose(polar, ours, atol=1e-13)
    np.testing.assert_allclose(stretch, np.eye(r), atol=1e-13)


def test_cayley_of_fractions_is_exact():
    """In fractions, without the library: S, the columns, the way back."""
    A1 = [[Fraction(0), Fraction(-2, 3)], [Fraction(2, 3), Fraction(0)]]
    B = [[Fraction(1, 2), Fraction(-1)]]
    M = [
        [(i == j) + B[0][i] * B[0][j] / 4 - A1[i][j] / 2 for j in range(2)]
        for i in range(2)
    ]
    det = M[0][0] * M[1][1] - M[0][1] * M[1][0]
    S = [
        [M[1][1] / det, -M[0][1] / det],
        [-M[1][0] / det, M[0][0] / det],
    ]
    Q = [[2 * S[i][j] - (i == j) for j in range(2)] for i in range(2)]
    Q += [[sum(B[0][k] * S[k][j] for k in range(2)) for j in range(2)]]
    gram = [
        [sum(Q[k][i] * Q[k][j] for k in range(3)) for j in range(2)]
        for i in range(2)
    ]
    assert gram == [[1, 0], [0, 1]]
    lower = np.array([[0, 0], [2 / 3, 0], [0.5, -1]])
    ours = unitary.cayley_columns(lower)
    np.testing.assert_allclose(ours, np.float64(Q), atol=1e-15)


@given(some.integers(1, 7), some.integers(1, 7), some.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_cayley_is_inverted(n, r, seed):
    n, r = max(n, r), min(n, r)
    lower = draw(n, r, seed, size=3)
    back = unitary.cayley_parameters(unitary.cayley_columns(lower))
    np.testing.assert_allclose(back, np.tril(lower, -1), atol=1e-9)


def test_every_frame_up_to_signs_of_columns():
    rng = np.random.default_rng(0)
    for n, r in SHAPES:
        Q = unitary.random_stiefel(n, r, rng)
        signs = np.ones(r)
        for j in range(r):  # choose the sign with the larger pivot
            choices = []
            for sign in (1, -1):
                signs[j] = sign
                top = (Q * signs)[: j + 1, : j + 1] + np.eye(j + 1)
                choices.append(abs(np.linalg.det(top)))
            signs[j] = 1 if choices[0] >= choices[1] else -1
        lower = unitary.cayley_parameters(Q * signs)
        again = unitary.cayley_columns(lower)
        np.testing.assert_allclose(again, Q * signs, atol=1e-9)


def test_what_the_cayley_map_misses():
    with pytest.raises(ValueError, match="Flip the sign"):
        unitary.cayley_parameters(np.diag([-1.0, -1.0]))
    with pytest.raises(ValueError, match="not orthonormal"):
        unitary.cayley_parameters(np.ones((3, 2)))


def test_reflections_are_two_away():
    rng = np.random.default_rng(1)
    reflection = np.diag([-1.0] + [1] * 7)
    distances = []
    for _ in range(20):
        Q = unitary.exp_columns(draw(8, 8, rng.integers(999)))
        assert np.linalg.det(Q) == pytest.approx(1)
        distances.append(np.linalg.norm(reflection - Q))
    assert min(distances) >= 2
    assert np.linalg.norm(reflection - np.eye(8)) == 2


@pytest.mark.parametrize(("n", "r"), [(4, 4), (6, 2), (8, 3), (5, 5)])
def test_rank_of_the_derivative(n, r):
    count = unitary.stiefel_dimension(n, r)
    flat, step = np.random.default_rng(3).normal(0, 0.5, count), 1e-5
    for columns in (unitary.thin_exp, unitary.cayley_columns):
        rows = []
        for unit in np.eye(count) * step:
            high, low = (
                columns(unitary.lower_from_flat(flat + s * unit, n, r))
                for s in (1, -1)
            )
            rows.append((high - low).ravel() / (2 * step))
        assert np.linalg.svd(rows, compute_uv=False)[-1] > 0.05


def test_exponential_is_lipschitz():
    rng = np.random.default_rng(4)
    for _ in range(30):
        one, two = (draw(9, 4, rng.integers(999)) for _ in range(2))
        change = unitary.skew_from_lower(one - two)
        moved = unitary.exp_columns(one) - unitary.exp_columns(two)
        assert np.linalg.norm(moved, 2) <= np.linalg.norm(change, 2) + 1e-12


def test_random_frames():
    Q = unitary.random_stiefel(30, 7, np.random.default_rng(0))
    np.testing.assert_allclose(Q.T @ Q, np.eye(7), atol=1e-14)
    many = [
        unitary.random_stiefel(3, 1, np.random.default_rng(s))[:, 0]
        for s in range(600)
    ]
    assert np.abs(np.mean(many, axis=0)).max() < 0.1
    np.testing.assert_allclose(np.var(many, axis=0), 1 / 3, atol=0.05)
    with pytest.raises(ValueError, match="1 <= r <= n"):
        unitary.random_stiefel(2, 3, np.random.default_rng(0))


def test_bad_parameters():
    for bad in (np.zeros(3), np.zeros((2, 3)), np.zeros((2, 0))):
        with pytest.raises(ValueError, match="shape"):
            unitary.cayley_columns(bad)
    with pytest.raises(ValueError, match="NaN"):
        unitary.thin_exp(np.array([[0.0], [np.nan]]))


# -- the same in Keras --------------------------------------------------------


@pytest.mark.parametrize("method", ["exp", "cayley"])
@pytest.mark.parametrize(("n", "r"), SHAPES)
def test_keras_maps(n, r, method):
    lower = draw(n, r)
    ours = ops.convert_to_numpy(unitary.stiefel(tensor(lower), method))
    columns = (
        unitary.exp_columns if method == "exp" else unitary.cayley_columns
    )
    np.testing.assert_allclose(ours, columns(lower), atol=2e-6)
    np.testing.assert_allclose(ours.T @ ours, np.eye(r), atol=2e-6)


def test_keras_maps_without_a_lower_block_and_far_out():
    zero = ops.convert_to_numpy(unitary.stiefel(tensor(np.zeros((6, 2)))))
    np.testing.assert_array_equal(zero, np.eye(6)[:, :2])
    for method in ("exp", "cayley"):
        far = unitary.stiefel(tensor(draw(40, 8, size=8)), method)
        far = ops.convert_to_numpy(far)
        np.testing.assert_allclose(far.T @ far, np.eye(8), atol=1e-5)


def test_expm():
    A = unitary.skew_from_lower(draw(12, 12))
    ours = ops.convert_to_numpy(unitary.expm(tensor(A)))
    np.testing.assert_allclose(ours, linalg.expm(A), atol=3e-6)
    general = draw(5, 5)
    ours = ops.convert_to_numpy(unitary.expm(tensor(general)))
    np.testing.assert_allclose(ours, linalg.expm(general), atol=1e-5)
    with pytest.raises(ValueError, match="squarings"):
        unitary.expm(tensor(A), squarings=-1)


def test_polish_squares_the_error():
    Q = unitary.random_stiefel(9, 4, np.random.default_rng(0))
    bent = Q + 1e-3 * draw(9, 4)
    after = ops.convert_to_numpy(unitary.polish(tensor(bent)))
    before = np.abs(bent.T @ bent - np.eye(4)).max()
    assert np.abs(after.T @ after - np.eye(4)).max() <= 3 * before**2 + 1e-6


@pytest.mark.parametrize("method", ["exp", "cayley"])
def test_gradient_of_the_maps(method):
    """Against differences of the double-precision maps."""
    columns = unitary.thin_exp if method == "exp" else unitary.cayley_columns
    lower, weights = draw(6, 3), draw(6, 3, seed=1)
    target = tensor(weights)

    def loss(v):
        return ops.sum(unitary.stiefel(v, method) * target)

    ours = ops.convert_to_numpy(input_gradient(loss, tensor(lower)))
    due = np.zeros_like(lower)
    for place in np.argwhere(np.tril(np.ones((6, 3)), -1)):
        step = np.zeros_like(lower)
        step[tuple(place)] = 1e-6
        change = columns(lower + step) - columns(lower - step)
        due[tuple(place)] = np.sum(change * weights) / 2e-6
    np.testing.assert_allclose(ours, due, atol=5e-6)


# -- layers -------------------------------------------------------------------


def built(layer, shape, seed=0):
    keras.utils.set_random_seed(seed)
    layer.build((None, *shape))
    return layer


def test_dense_keeps_and_projects():
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    norm = np.linalg.norm(x, axis=1)
    for units in (6, 9):
        layer = built(unitary.StiefelDense(units), (6,))
        y = ops.convert_to_numpy(layer(x))
        np.testing.assert_allclose(np.linalg.norm(y, axis=1), norm, rtol=1e-5)
    layer = built(unitary.StiefelDense(3, gain=2.0), (6,))
    y = ops.convert_to_numpy(layer(x))
    assert (np.linalg.norm(y, axis=1) <= 2 * norm).all()
    assert layer.count_params() == unitary.stiefel_dimension(6, 3)


def test_conv_is_a_product_with_patches():
    layer = built(unitary.StiefelConv2D(4, 3, 2, "same"), (5, 6, 3))
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    W = ops.convert_to_numpy(layer.matrix())
    np.testing.assert_allclose(W.T @ W, np.eye(4), atol=2e-6)
    padded = np.pad(x, ((0, 0), (1, 1), (0, 1), (0, 0)))  # Keras' "same"
    for i in range(3):
        for j in range(3):
            patch = padded[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
            due = patch.reshape(2, -1) @ W
            np.testing.assert_allclose(y[:, i, j], due, atol=1e-5)
    assert layer.count_params() == unitary.stiefel_dimension(27, 4)


def test_one_by_one_is_an_isometry():
    layer = built(unitary.StiefelConv2D(8, 1), (4, 4, 3))
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    norms = [np.linalg.norm(a.reshape(2, -1), axis=1) for a in (x, y)]
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-6)


def test_first_weights_lie_in_no_corner():
    for method in ("exp", "cayley"):
        layer = built(unitary.StiefelConv2D(16, 3, method=method), (4, 4, 16))
        W = ops.convert_to_numpy(layer.matrix())
        energy = np.sum(W[:16] ** 2) / 16  # of the first tap: 1/9 is fair
        assert energy < 0.5, method


def test_pixel_norm():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 4)).astype("float32")
    x[0, 0, 0] = 0
    y = ops.convert_to_numpy(unitary.PixelNorm()(x))
    norms = np.linalg.norm(y, axis=-1)
    assert norms[0, 0, 0] == 0
    norms[0, 0, 0] = 1
    np.testing.assert_allclose(norms, 1, atol=1e-6)
    with pytest.raises(ValueError, match="positive"):
        unitary.PixelNorm(0)


def test_max_min_sorts_and_keeps():
    x = np.float32([[1, 2, 4, 3, -1, -1]])
    y = ops.convert_to_numpy(unitary.MaxMin()(x))
    np.testing.assert_array_equal(y, [[2, 1, 4, 3, -1, -1]])
    np.testing.assert_array_equal(unitary.sort_pairs(x), y)
    with pytest.raises(ValueError, match="pairs"):
        unitary.MaxMin()(np.zeros((2, 3), "float32"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: unitary.StiefelDense(1), "at least 2"),
        (lambda: unitary.StiefelDense(4, method="qr"), "method"),
        (lambda: unitary.StiefelDense(4, gain=0), "gain"),
        (lambda: unitary.StiefelConv2D(4, 2.5), "whole number"),
        (lambda: unitary.StiefelConv2D(4, 3, padding="full"), "padding"),
        (lambda: unitary.StiefelDense(4)(np.zeros((2, 1))), "inputs"),
        (lambda: unitary.stiefel(tensor(np.eye(2)), "qr"), "method"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# -- depth --------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["none", "abs", "MaxMin"])
def test_orthogonal_stacks_keep_norms(activation):
    rng = np.random.default_rng(0)
    weights = unitary.draw_weights("orthogonal", 1, 16, 60, rng)
    norms = unitary.norms_through_depth(weights, activation, rng)
    for found in norms:
        assert found.shape == (61,)
        np.testing.assert_allclose(found, 1, atol=1e-12)


def test_relu_halves_the_energy():
    rng = np.random.default_rng(0)
    weights = unitary.draw_weights("orthogonal", 1, 128, 60, rng)
    norms = unitary.norms_through_depth(weights, "ReLU", rng)
    assert np.log2(norms.forward[-1]) == pytest.approx(-30, rel=0.1)


@pytest.mark.parametrize("activation", sorted(unitary.ACTIVATIONS))
def test_backward_is_the_transposed_derivative(activation):
    function = unitary.ACTIVATIONS[activation]
    z, dy = np.random.default_rng(0).normal(size=(2, 6))
    columns = [
        (function.forward(z + h) - function.forward(z - h)) / 2e-6
        for h in np.eye(6) * 1e-6
    ]
    due = np.array(columns) @ dy
    np.testing.assert_allclose(function.backward(z, dy), due, atol=1e-8)


def test_stack_by_hand():
    weights = [np.diag([2.0, 1.0]), np.diag([3.0, 1.0])]

    class Fixed:
        given = iter([np.array([1.0, 0.0]), np.array([0.0, 1.0])])

        def normal(self, size):
            return next(self.given)

    norms = unitary.norms_through_depth(weights, "none", Fixed())
    np.testing.assert_array_equal(norms.forward, [1, 2, 6])
    np.testing.assert_array_equal(norms.backward, [1, 1, 1])


def test_unknown_names():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="activation"):
        unitary.norms_through_depth([np.eye(2)], "gelu", rng)
    with pytest.raises(ValueError, match="law"):
        unitary.draw_weights("uniform", 1, 2, 2, rng)
    with pytest.raises(ValueError, match="variant"):
        unitary.build_digit_network("layer norm")


# -- spectrum -----------------------------------------------------------------


def test_singular_values_by_brute_force():
    """The whole circular convolution as one matrix."""
    rng = np.random.default_rng(0)
    kernel, size = rng.normal(size=(3, 2, 2, 3)), 4
    columns = []
    for place in range(size * size * 2):
        x = np.zeros(size * size * 2)
        x[place] = 1
        x = x.reshape(size, size, 2)
        y = np.zeros((size, size, 3))
        for u in range(3):
            for v in range(2):
                moved = np.roll(x, (-u, -v), (0, 1))
                y += moved @ kernel[u, v]
        columns.append(y.ravel())
    due = np.linalg.svd(np.array(columns), compute_uv=False)
    ours = unitary.conv_singular_values(kernel, size)
    np.testing.assert_allclose(ours, due, atol=1e-12)
    energy = size * size * np.sum(kernel**2)
    assert np.sum(ours**2) == pytest.approx(energy)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_expanding_kernels_multiply_by_k(k):
    rng = np.random.default_rng(0)
    columns = unitary.random_stiefel(2 * k * k + 3, 2 * k * k, rng)
    kernel = unitary.flat_kernel(columns, k, 2 * k * k + 3)
    values = unitary.conv_singular_values(kernel, 5)
    np.testing.assert_allclose(values, k, atol=1e-12)


def test_flat_kernel_is_the_layers():
    layer = built(unitary.StiefelConv2D(4, 3), (5, 5, 2))
    W = ops.convert_to_numpy(layer.matrix())
    kernel = unitary.flat_kernel(W, 3, 4)
    np.testing.assert_allclose(kernel, layer.kernel(), atol=1e-6)
    with pytest.raises(ValueError, match="no kernel"):
        unitary.flat_kernel(W, 3, 5)
    with pytest.raises(ValueError, match="size"):
        unitary.conv_singular_values(kernel, 2)


def test_zero_padding_loses_the_rim():
    """White noise through an expanding layer: 3 - 2/n per unit length."""
    rng = np.random.default_rng(0)
    Q = unitary.random_stiefel(9, 9, rng)
    kernel = unitary.flat_kernel(Q, 3, 9).astype("float32")
    n = 4
    x = rng.normal(size=(3000, n, n, 1)).astype("float32")
    y = ops.convert_to_numpy(ops.conv(x, kernel, 1, "same"))
    energy = np.mean(np.sum(y**2, (1, 2, 3))) / (n * n)
    assert math.sqrt(energy) == pytest.approx(3 - 2 / n, rel=0.02)


# -- networks -----------------------------------------------------------------


def test_resnet44_is_counted_right():
    shapes = unitary.resnet44_shapes()
    assert len(shapes) == 43
    dense = sum(s.k**2 * s.channels * s.filters for s in shapes)
    assert dense == 531_888
    free = 0
    for s in shapes:
        sides = s.k**2 * s.channels, s.filters
        free += unitary.stiefel_dimension(max(sides), min(sides))
    assert free == 476_280
    square = [s for s in shapes if s.k**2 * s.channels == s.filters]
    assert [s.name for s in square] == ["1.1 reduce"]
    assert sum(s.contracting for s in shapes) == 26


@pytest.mark.parametrize("variant", sorted(unitary.VARIANTS))
def test_variants_differ_in_one_thing(variant):
    network = unitary.build_digit_network(variant, 2)
    kinds = [type(layer).__name__ for layer in network.layers]
    weights, norm = unitary.VARIANTS[variant]
    assert kinds.count("StiefelConv2D") == (5 if weights == "stiefel" else 0)
    assert kinds.count("Conv2D") == (0 if weights == "stiefel" else 5)
    # the stem expands 9 inputs to 16 filters: no pixel is divided there
    assert kinds.count("PixelNorm") == (4 if norm == "pixel" else 0)
    assert kinds.count("BatchNormalization") == (5 if norm == "batch" else 0)
    assert network.output_shape == (None, 10)


def test_chain():
    network = unitary.build_chain("MaxMin", 3)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("MaxMin") == kinds.count("StiefelConv2D") == 3


def randomised(network, seed=0):
    """Give every weight, running averages included, random values."""
    rng = np.random.default_rng(seed)
    network.set_weights(
        [
            w + 0.2 * np.abs(rng.normal(size=w.shape))
            for w in network.get_weights()
        ]
    )
    return network


def test_folding_changes_nothing():
    inputs = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 3, use_bias=True)(inputs)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.Conv2D(5, 1, use_bias=False)(layers.ReLU()(x))
    x = layers.BatchNormalization(center=False, epsilon=0.1)(x)
    network = randomised(keras.Model(inputs, layers.Flatten()(x)))
    lean = unitary.fold_batchnorm(network)
    kinds = {type(layer).__name__ for layer in lean.layers}
    assert "BatchNormalization" not in kinds
    data = np.random.default_rng(1).normal(size=(3, 6, 6, 3))
    data = data.astype("float32")
    due = network(data, training=False)
    np.testing.assert_allclose(lean(data), due, rtol=1e-4, atol=1e-5)


def test_folding_refuses_what_it_cannot():
    inputs = keras.Input((4,))
    x = layers.BatchNormalization()(layers.ReLU()(inputs))
    with pytest.raises(ValueError, match="cannot be folded"):
        unitary.fold_batchnorm(keras.Model(inputs, x))


def test_freezing_changes_nothing():
    keras.utils.set_random_seed(0)
    network = unitary.build_digit_network("unitary", 1)
    plain = unitary.freeze_stiefel(network)
    kinds = [type(layer).__name__ for layer in plain.layers]
    assert "StiefelConv2D" not in kinds
    assert kinds.count("PixelNorm") == 2
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype("float32")
    np.testing.assert_allclose(plain(x), network(x), atol=1e-5)
