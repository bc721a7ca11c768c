"""Oracles of topoi.equivariant: brute force, closed forms, SymPy, laws."""

import itertools
import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pytest
import scipy.ndimage
import scipy.special
import sympy
from keras import ops
from scipy.spatial.transform import Rotation
from sympy.physics import wigner
from sympy.physics.quantum.cg import CG
from sympy.physics.quantum.spin import Rotation as SymbolicRotation

from topoi import equivariant
from topoi.equivariant import GroupConv2D, LiftingConv2D, equivariance_error

GROUPS = ("p4", "p4m")
JAX = keras.backend.backend() == "jax"
DOUBLE = not JAX or os.environ.get("JAX_ENABLE_X64") == "1"


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def apply(layer, x):
    return ops.convert_to_numpy(layer(x))


def randomised(layer, x, rng):
    """Build a layer or model, and give every weight a random value."""
    layer(x)
    layer.set_weights(
        [rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()]
    )
    return layer


def matrix(g):
    """Return what element g does to (column, -row), from two generators."""
    turn, mirror = np.array([[0, -1], [1, 0]]), np.diag([-1, 1])
    f, s = divmod(g, 4)
    return np.linalg.matrix_power(turn, s) @ np.linalg.matrix_power(mirror, f)


# -- groups -----------------------------------------------------------------


@pytest.mark.parametrize("name", GROUPS)
def test_products_are_those_of_integer_matrices(name):
    """Oracle: all products of 2 x 2 matrices; 16 for p4, 64 for p4m."""
    group = equivariant.SquareGroup(name)
    elements = range(group.order)
    for a, b in itertools.product(elements, repeat=2):
        wanted = matrix(a) @ matrix(b)
        np.testing.assert_array_equal(matrix(group.product(a, b)), wanted)
        assert group.product(a, group.inv_mul(a)[b]) == b
    for a in elements:
        assert group.product(a, group.inverse(a)) == 0
        assert group.product(group.inverse(a), a) == 0


@pytest.mark.parametrize("side", [4, 5])
def test_action_moves_each_pixel_by_the_matrix(side):
    """Oracle: a loop over pixels, in doubled centred coordinates."""
    group = equivariant.Dihedral4()
    x = np.arange(side * side).reshape(1, side, side, 1)
    for g in range(8):
        moved = np.empty_like(x)
        for row, column in np.ndindex(side, side):
            point = np.array([2 * column - side + 1, side - 1 - 2 * row])
            u, v = matrix(g) @ point
            target = ((side - 1 - v) // 2, (u + side - 1) // 2)
            moved[0, *target] = x[0, row, column]
        np.testing.assert_array_equal(group.act_image(g, x), moved)


def test_actions_compose(rng):
    group = equivariant.Dihedral4()
    y = rng.normal(size=(1, 3, 3, 8, 2))
    for a, b in itertools.product(range(8), repeat=2):
        np.testing.assert_array_equal(
            group.act_feature(a, group.act_feature(b, y)),
            group.act_feature(group.product(a, b), y),
        )


def test_bad_groups_and_pictures_are_refused():
    group = equivariant.Cyclic4()
    with pytest.raises(ValueError, match="\"p4\" .* got 'p6'.*Choose"):
        equivariant.SquareGroup("p6")
    with pytest.raises(ValueError, match=r"square.*\(1, 3, 4, 1\).*Crop"):
        group.act_image(1, np.zeros((1, 3, 4, 1)))
    with pytest.raises(ValueError, match="0 to 3, but got 4"):
        group.act_image(4, np.zeros((1, 3, 3, 1)))
    with pytest.raises(ValueError, match=r"p4 has shape.*\(1, 3, 3, 8\)"):
        group.act_feature(1, np.zeros((1, 3, 3, 8)))


# -- p4 and p4m layers ------------------------------------------------------


def correlation_by_definition(x, kernel, group, lifting):
    """Return sum over pixels and group of x(y, h) w(g^-1 (y - x), g^-1 h).

    Oracle: loops, and the matrices of `matrix`; no turned arrays.
    """
    n, k = group.order, kernel.shape[0]
    weights = kernel.reshape(k, k, 1 if lifting else n, -1, kernel.shape[-1])
    features = x[:, :, :, None] if lifting else x
    side = x.shape[1] - k + 1
    y = np.zeros((len(x), side, side, n, kernel.shape[-1]))
    for g, row, column, h in np.ndindex(n, k, k, weights.shape[2]):
        point = np.array([2 * column - k + 1, k - 1 - 2 * row])
        u, v = matrix(g).T @ point
        source = ((k - 1 - v) // 2, (u + k - 1) // 2)
        h_source = 0 if lifting else group.inv_mul(g)[h]
        window = features[:, row : row + side, column : column + side, h]
        y[:, :, :, g] += window @ weights[*source, h_source]
    return y


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("k", [2, 3])
def test_convolutions_follow_their_definition(name, k, rng):
    group = equivariant.SquareGroup(name)
    for layer, shape in (
        (LiftingConv2D(3, k, name), (2, 5, 5, 2)),
        (GroupConv2D(3, k, name), (2, 5, 5, group.order, 2)),
    ):
        x = rng.normal(size=shape).astype("float32")
        y = apply(randomised(layer, x, rng), x)
        kernel, bias = layer.get_weights()
        lifting = isinstance(layer, LiftingConv2D)
        wanted = correlation_by_definition(x, kernel, group, lifting) + bias
        np.testing.assert_allclose(y, wanted, atol=2e-5)


def network(name, dtype="float32", pool=None):
    """Return lift, group convolution, normalisation, pool, convolution."""
    return keras.Sequential(
        [
            LiftingConv2D(4, 3, name, dtype=dtype),
            keras.layers.Activation("relu", dtype=dtype),
            GroupConv2D(4, 3, name, padding="same", dtype=dtype),
            equivariant.group_batchnorm(dtype=dtype),
            keras.layers.Activation("relu", dtype=dtype),
            equivariant.GroupAveragePool2D(3, 2, dtype=dtype),
            GroupConv2D(3, 2, name, use_bias=False, dtype=dtype),
            *([equivariant.GroupPool(pool, dtype=dtype)] if pool else []),
        ]
    )


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_networks_are_exactly_equivariant(name, dtype, rng):
    """Rounding only: below 5e-6 in float32, 1e-13 in float64."""
    if dtype == "float64" and not DOUBLE:
        pytest.skip("JAX holds float32 here")
    group = equivariant.SquareGroup(name)
    x = rng.normal(size=(2, 13, 13, 2)).astype(dtype)
    model = network(name, dtype)
    model(x)
    error = equivariance_error(
        model, group.act_image, group.act_feature, x, range(group.order)
    )
    assert error < (5e-6 if dtype == "float32" else 1e-13), error


def test_group_axis_and_size_are_needed(rng):
    """Negative controls: a forgotten permutation, a side that is even."""
    group = equivariant.Cyclic4()
    x = rng.normal(size=(1, 13, 13, 2)).astype("float32")
    model = network("p4")
    forgotten = equivariance_error(
        model, group.act_image, group.act_image, x, range(4)
    )
    assert forgotten > 0.3
    strided = LiftingConv2D(4, 3, "p4", strides=2)
    for side in (12, 13, 14, 15):
        x = rng.normal(size=(1, side, side, 1)).astype("float32")
        error = equivariance_error(
            strided, group.act_image, group.act_feature, x, range(4)
        )
        exact = equivariant.is_exact_size(side, 3, 2)
        assert error < 5e-6 if exact else error > 0.3, (side, error)


def test_same_padding_with_a_stride_would_be_lopsided(rng):
    """Why it is refused: Keras pads side 12 by 0 and 1 at stride 2."""
    group = equivariant.Cyclic4()
    x = rng.normal(size=(1, 12, 12, 1)).astype("float32")
    layer = LiftingConv2D(4, 3, "p4", strides=2)
    assert equivariant.is_exact_size(13, 3, 2)  # the size alone would do
    error = equivariance_error(
        lambda x: apply(layer, np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))),
        group.act_image,
        group.act_feature,
        x,
        range(4),
    )
    assert error > 0.3, error


def test_exact_sizes_by_brute_force():
    """Oracle: the set of window positions, reversed."""
    for side, k, stride in itertools.product(range(8, 41), (1, 3, 4), (2, 3)):
        starts = set(range(0, side - k + 1, stride))
        symmetric = starts == {side - k - start for start in starts}
        assert equivariant.is_exact_size(side, k, stride) == symmetric
    with pytest.raises(ValueError, match="side=2, kernel_size=3.*Pad"):
        equivariant.is_exact_size(2, 3, 1)


@pytest.mark.parametrize("mode", ["max", "mean"])
def test_pooled_features_turn_like_pictures(mode, rng):
    group = equivariant.Dihedral4()
    x = rng.normal(size=(2, 13, 13, 2)).astype("float32")
    model = network("p4m", pool=mode)
    act = group.act_image
    assert equivariance_error(model, act, act, x, range(8)) < 5e-6


def test_a_turn_between_the_quarters_needs_interpolation(rng):
    """Negative control: SciPy turns picture and feature, the disc inside."""
    side = np.arange(25) - 12
    disc = (np.hypot(*np.meshgrid(side, side)) < 9)[..., None]
    x = scipy.ndimage.gaussian_filter(rng.normal(size=(1, 25, 25, 2)), 1)
    x = x.astype("float32")
    model = keras.Sequential(
        [
            LiftingConv2D(4, 3, padding="same"),
            keras.layers.Activation("relu"),
            GroupConv2D(4, 3, padding="same"),
            equivariant.GroupPool(),
        ]
    )
    randomised(model, x, rng)

    def turn(angle, x):
        return scipy.ndimage.rotate(x, angle, (2, 1), reshape=False, order=3)

    def inside(angle, y):
        return turn(angle, y) * disc

    errors = [
        equivariance_error(
            lambda x: apply(model, x) * disc, turn, inside, x, [angle]
        )
        for angle in (90, 45, 30)
    ]
    assert errors[0] < 1e-5 < 0.05 < min(errors[1:]), errors


@pytest.mark.parametrize("name", GROUPS)
def test_a_mask_turns_with_its_picture(name, rng):
    """A segmentation head: pool the group, then one pixel of Conv2D."""
    group = equivariant.SquareGroup(name)
    x = rng.normal(size=(2, 13, 13, 2)).astype("float32")
    head = keras.layers.Conv2D(3, 1)
    model = keras.Sequential([network(name, pool="max"), head])
    model(x)
    act = group.act_image
    assert equivariance_error(model, act, act, x, range(group.order)) < 5e-6


def test_offsets_turn_as_arrows(rng):
    """A head for objects: sum over s of y_s times the arrow at s quarters.

    Negative control: arrows that move with their pixels and do not turn.
    """
    group = equivariant.Cyclic4()
    x = rng.normal(size=(2, 13, 13, 2)).astype("float32")
    features = network("p4")
    arrows = np.stack([matrix(s) @ (1, 0) for s in range(4)])

    def model(x):
        return np.einsum("bijsc,sd->bijcd", apply(features, x), arrows)

    def turned(s, y):
        return group.act_image(s, y) @ matrix(s).T

    right, wrong = (
        equivariance_error(model, group.act_image, act, x, range(4))
        for act in (turned, group.act_image)
    )
    assert right < 5e-6
    assert wrong > 0.5


def trained(model, x, rng):
    """Give every weight a random value, variances positive ones."""
    model(x)
    for w in model.weights:
        value = rng.normal(scale=0.5, size=w.shape)
        w.assign(np.abs(value) + 0.5 if "variance" in w.name else value)
    return model


@pytest.mark.parametrize("kind", ["chain", "graph"])
def test_freeze_keeps_the_function(kind, rng):
    """A Sequential model loses its separate normalisation, others keep it."""
    x = rng.normal(size=(2, 13, 13, 2)).astype("float32")
    inner = network("p4", pool="max")
    model = keras.Sequential([inner, keras.layers.Flatten()])
    with pytest.raises(ValueError, match="built model.*Call it"):
        equivariant.freeze(model)
    y = apply(trained(model, x, rng), x)
    if kind == "graph":
        start = keras.Input((13, 13, 2))
        end = start
        for layer in inner.layers:
            end = layer(end)
        inner = keras.Model(start, end)
        model = keras.Sequential([inner, keras.layers.Flatten()])
        model(x)
    frozen = equivariant.freeze(model)
    np.testing.assert_allclose(apply(frozen, x), y, atol=2e-5 * abs(y).max())
    kinds = {type(layer).__name__ for layer in frozen.layers[0].layers}
    assert "FrozenGroupConv2D" in kinds
    assert not kinds & {"LiftingConv2D", "GroupConv2D"}
    separate = {"Activation", "BatchNormalization"} <= kinds
    assert separate == (kind == "graph"), kinds


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (LiftingConv2D(2, 3), (1, 5, 6, 1), r"square.*\(1, 5, 6, 1\).*Crop"),
        (LiftingConv2D(2, 3), (5, 5, 1), r"LiftingConv2D.*\(5, 5, 1\)"),
        (GroupConv2D(2, 3), (1, 5, 5, 8, 1), r"4, channels.*\(1, 5, 5, 8"),
        (LiftingConv2D(2, 7), (1, 5, 5, 1), "is 7, that of the picture 5"),
        (GroupConv2D(2, 3), (1, 5, 6, 4, 1), r"square.*\(1, 5, 6, 4, 1\)"),
        (equivariant.GroupPool(), (1, 5, 5), "GroupPool.*A lifting"),
        (
            equivariant.GroupAveragePool2D(),
            (1, 6, 4, 4, 1),
            r"square.*\(1, 6, 4, 4, 1\).*Crop",
        ),
        (
            equivariant.GroupAveragePool2D(7),
            (1, 5, 5, 4, 1),
            "is 7, that of the picture 5.*Pad",
        ),
    ],
)
def test_layers_refuse_other_shapes(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer(np.zeros(shape, "float32"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: LiftingConv2D(0, 3),
            "filters must be.*at least 1.*filters=0",
        ),
        (lambda: GroupConv2D(1, 3, "p6"), "got 'p6'"),
        (lambda: GroupConv2D(1, 2, padding="same"), "kernel_size=2.*odd"),
        (lambda: GroupConv2D(1, 3, padding="full"), "padding='full'"),
        (
            lambda: LiftingConv2D(4, 3, "p4m", strides=2, padding="same"),
            'LiftingConv2D.*strides=2.*ZeroPadding2D.*"valid"',
        ),
        (
            lambda: GroupConv2D(4, 5, strides=3, padding="same"),
            "GroupConv2D.*kernel_size=5 and strides=3",
        ),
        (
            lambda: equivariant.FrozenGroupConv2D(4, 3, 4, 2, "same"),
            "FrozenGroupConv2D.*strides=2",
        ),
        (lambda: equivariant.FrozenGroupConv2D(4, 3, 0), "order=0"),
        (lambda: equivariant.GroupPool("sum"), "got 'sum'.*Choose"),
        (lambda: equivariant.GroupAveragePool2D(0), "pool_size=0"),
        (lambda: equivariant.GroupAveragePool2D(2, 0), "strides=0"),
        (
            lambda: LiftingConv2D(1, 3)(keras.Input((None, None, 1))),
            r"known side.*\(None, None, None, 1\)",
        ),
    ],
)
def test_layers_refuse_other_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_error_needs_a_result_to_be_relative_to(value):
    act = equivariant.Cyclic4().act_image
    x = np.full((1, 3, 3, 1), value, "float32")
    with pytest.raises(ValueError, match=f"which is {value}.*finite and not"):
        equivariance_error(lambda x: x, act, act, x, range(4))


# -- rotations --------------------------------------------------------------

ANGLES = (0.7, 1.1, -2.3)


def angles_of(x):
    """Return (theta, phi) of unit vectors."""
    return np.arccos(np.clip(x[..., 2], -1, 1)), np.arctan2(
        x[..., 1], x[..., 0]
    )


def directions(rng, n):
    x = rng.normal(size=(n, 3))
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_rotation_matrix_agrees_with_scipy():
    """Oracle: scipy's intrinsic z-y-z angles."""
    wanted = Rotation.from_euler("ZYZ", ANGLES).as_matrix()
    ours = equivariant.rotation_matrix(*ANGLES)
    np.testing.assert_allclose(ours, wanted, atol=1e-15)


def test_degree_one_in_closed_form():
    """Oracles: the textbook d^1, and the rotation matrix itself."""
    c, s = np.cos(1.1), np.sin(1.1) / np.sqrt(2)
    half = [(1 + c) / 2, (1 - c) / 2]
    wanted = [[half[0], s, half[1]], [-s, c, s], [half[1], -s, half[0]]]
    small = equivariant.wigner_small_d(1, 1.1)
    np.testing.assert_allclose(small, wanted, atol=1e-15)
    matrix = equivariant.rotation_matrix(*ANGLES)
    order = [1, 2, 0]  # y, z, x
    np.testing.assert_allclose(
        equivariant.wigner_d(1, *ANGLES),
        matrix[np.ix_(order, order)],
        atol=1e-15,
    )


def test_small_d_agrees_with_sympy():
    """Oracle: SymPy's exact matrices; its rows run from +l to -l."""
    for l in (1, 2, 3):
        exact = [
            [
                complex(SymbolicRotation.d(l, m, k, sympy.Float(1.1)).doit())
                for k in range(-l, l + 1)
            ]
            for m in range(-l, l + 1)
        ]
        ours = equivariant.wigner_small_d(l, 1.1)
        np.testing.assert_allclose(ours, np.real(exact), atol=2e-15)


def small_d_by_factorials(l, m, k):
    """Return entry (m, k) for cos, sin = 3/5, 4/5 of half the angle.

    Wigner's sum, exact but for one square root: whole numbers over 25**l.
    """
    terms = range(max(0, k - m), min(l + k, l - m) + 1)
    total = sum(
        (-1) ** (m - k + j)
        * math.comb(l + k, j)
        * math.comb(l - k, l - m - j)
        * 3 ** (2 * l + k - m - 2 * j)
        * 4 ** (m - k + 2 * j)
        for j in terms
    )
    f = math.factorial
    square = Fraction(f(l + m) * f(l - m), f(l + k) * f(l - k))
    size = math.sqrt(square * Fraction(total, 25**l) ** 2)
    return math.copysign(size, total)


@pytest.mark.parametrize("l", [1, 2, 7, 20, 40, 60])
def test_small_d_agrees_with_the_factorial_sum(l, rng):
    """Oracle: Wigner's sum in whole numbers; in floats it fails at 60."""
    ours = equivariant.wigner_small_d(l, 2 * math.atan2(4, 3))
    pairs = itertools.product(range(-l, l + 1), repeat=2)
    if l > 7:
        pairs = rng.integers(-l, l + 1, size=(200, 2)).tolist()
    for m, k in pairs:
        wanted = small_d_by_factorials(l, m, k)
        assert abs(ours[m + l, k + l] - wanted) < 1e-13, (m, k)


def test_middle_column_is_made_of_harmonics():
    """Oracle: scipy; D^l_m0 is sqrt(4 pi / (2 l + 1)) Y_lm(beta, alpha)."""
    alpha, beta, gamma = ANGLES
    for l in (0, 1, 2, 5, 12):
        m = np.arange(-l, l + 1)
        complex_y = scipy.special.sph_harm_y(l, m, beta, alpha)
        wanted = (equivariant.to_real(l) @ complex_y).real
        ours = equivariant.wigner_d(l, alpha, beta, gamma)[:, l]
        scale = np.sqrt(4 * np.pi / (2 * l + 1))
        np.testing.assert_allclose(ours, scale * wanted, atol=1e-13)


def test_traces_are_the_characters(rng):
    """Oracle: sin((2l+1) w/2) / sin(w/2), free of conventions."""
    angles = rng.uniform(-3, 3, size=(3, 50))
    matrix = equivariant.rotation_matrix(*angles)
    half = np.arccos((np.trace(matrix, axis1=1, axis2=2) - 1) / 2) / 2
    for l in (0, 1, 2, 5, 10):
        trace = np.trace(equivariant.wigner_d(l, *angles), axis1=1, axis2=2)
        wanted = np.sin((2 * l + 1) * half) / np.sin(half)
        np.testing.assert_allclose(trace, wanted, atol=1e-10)


def test_wigner_matrices_multiply_like_rotations():
    """Oracle: scipy composes the rotations; D stays orthogonal to l = 100."""
    first, second = ANGLES, (0.2, 2.0, 0.9)
    both = Rotation.from_euler("ZYZ", first) * Rotation.from_euler(
        "ZYZ", second
    )
    product = both.as_euler("ZYZ")
    for l in (1, 4, 9):
        d = [equivariant.wigner_d(l, *a) for a in (first, second, product)]
        np.testing.assert_allclose(d[0] @ d[1], d[2], atol=1e-12)
    for l in (20, 60, 100):
        d = equivariant.wigner_d(l, *ANGLES)
        np.testing.assert_allclose(d @ d.T, np.eye(2 * l + 1), atol=1e-13)


def test_harmonics_agree_with_scipy(rng):
    """Oracle: scipy's complex harmonics, and the change of basis."""
    theta, phi = angles_of(directions(rng, 40))
    ours = equivariant.sph_harm_real(30, theta, phi)
    for l in (0, 1, 2, 7, 30):
        m = np.arange(-l, l + 1)
        theirs = scipy.special.sph_harm_y(l, m, theta[:, None], phi[:, None])
        wanted = theirs @ equivariant.to_real(l).T
        assert np.abs(wanted.imag).max() < 1e-14
        block = ours[:, l * l : (l + 1) ** 2]
        np.testing.assert_allclose(block, wanted.real, atol=1e-13)


def test_addition_theorem(rng):
    """Oracle: sum over m is (2l+1)/(4 pi) P_l(x.y)."""
    x, y = directions(rng, 2)
    both = [equivariant.sph_harm_real(8, *angles_of(v)) for v in (x, y)]
    for l in range(9):
        total = (both[0] * both[1])[l * l : (l + 1) ** 2].sum()
        legendre = scipy.special.eval_legendre(l, x @ y)
        assert abs(total - (2 * l + 1) / (4 * np.pi) * legendre) < 1e-13


def test_coefficients_rotate_like_points(rng):
    """Oracle: sample f(R^-1 x) at random points."""
    f = rng.normal(size=(1, 81, 1))
    x = directions(rng, 30)
    back = x @ equivariant.rotation_matrix(*ANGLES)  # R^-1 x
    wanted = equivariant.sph_harm_real(8, *angles_of(back)) @ f[0]
    turned = equivariant.rotate_coefficients(f, *ANGLES)[0]
    ours = equivariant.sph_harm_real(8, *angles_of(x)) @ turned
    np.testing.assert_allclose(ours, wanted, atol=1e-12)


def test_clebsch_gordan_agrees_with_sympy():
    """Oracle: SymPy's exact numbers, carried to the real basis."""
    for l1, l2 in itertools.product(range(3), repeat=2):
        for l in range(abs(l1 - l2), l1 + l2 + 1):
            table = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l + 1), complex)
            for m1, m2 in itertools.product(
                range(-l1, l1 + 1), range(-l2, l2 + 1)
            ):
                if abs(m1 + m2) <= l:
                    value = CG(l1, m1, l2, m2, l, m1 + m2).doit()
                    table[m1 + l1, m2 + l2, m1 + m2 + l] = float(value)
            u1, u2, u = (equivariant.to_real(k) for k in (l1, l2, l))
            wanted = np.einsum("am,bn,ck,mnk->abc", u1, u2, u.conj(), table)
            wanted = wanted * (1j if (l1 + l2 + l) % 2 else 1)
            assert np.abs(wanted.imag).max() < 1e-15
            ours = equivariant.clebsch_gordan(l1, l2, l)
            np.testing.assert_allclose(ours, wanted.real, atol=1e-15)


@pytest.mark.parametrize(
    "degrees", [(3, 4, 5), (4, 4, 7), (6, 2, 5), (6, 6, 6)]
)
def test_clebsch_gordan_agrees_with_sympys_symbols(degrees):
    """Oracle: SymPy's other module, of 3j symbols; larger degrees."""
    l1, l2, l = degrees
    table = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l + 1))
    for m1, m2 in itertools.product(range(-l1, l1 + 1), range(-l2, l2 + 1)):
        if abs(m1 + m2) <= l:
            symbol = wigner.wigner_3j(l1, l2, l, m1, m2, -m1 - m2)
            sign = (-1) ** (l1 - l2 + m1 + m2)
            place = m1 + l1, m2 + l2, m1 + m2 + l
            table[place] = sign * math.sqrt(2 * l + 1) * float(symbol)
    u1, u2, u = (equivariant.to_real(k) for k in degrees)
    wanted = np.einsum("am,bn,ck,mnk->abc", u1, u2, u.conj(), table)
    wanted = (wanted * 1j ** (sum(degrees) % 2)).real
    ours = equivariant.clebsch_gordan(*degrees)
    np.testing.assert_allclose(ours, wanted, atol=1e-14)


def test_clebsch_gordan_agrees_with_e3nn():
    """Oracle: e3nn, where it is installed; one sign a triple is free.

    Its axes (x, y, z) are ours (y, z, x), so that the bases coincide.
    """
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    for l1, l2, l in itertools.product(range(5), repeat=3):
        if not abs(l1 - l2) <= l <= l1 + l2:
            continue
        theirs = o3.wigner_3j(l1, l2, l, dtype=torch.float64)
        theirs = theirs.numpy() * np.sqrt(2 * l + 1)
        ours = equivariant.clebsch_gordan(l1, l2, l)
        sign = np.sign((ours * theirs).sum())
        np.testing.assert_allclose(ours, sign * theirs, atol=1e-13)


def test_clebsch_gordan_of_degree_forty():
    """Laws: orthonormal columns, and the intertwiner; one closed form."""
    c = equivariant.clebsch_gordan(20, 20, 40)
    columns = c.reshape(-1, 81)
    np.testing.assert_allclose(columns.T @ columns, np.eye(81), atol=1e-13)
    d, top = (equivariant.wigner_d(l, *ANGLES) for l in (20, 40))
    turned = np.einsum("am,bn,mnk->abk", d, d, c, optimize=True)
    np.testing.assert_allclose(turned, c @ top, atol=1e-13)
    parts = [
        equivariant.clebsch_gordan(40, 1, l).reshape(243, -1)
        for l in (39, 40, 41)
    ]
    whole = np.concatenate(parts, axis=1)  # square, so a unitary matrix
    np.testing.assert_allclose(whole @ whole.T, np.eye(243), atol=1e-13)
    scalar = equivariant.clebsch_gordan(40, 40, 0)[:, :, 0]
    np.testing.assert_allclose(scalar, np.eye(81) / 9, atol=1e-14)


def test_clebsch_gordan_in_closed_form():
    """Oracles: scalar product, cross product, orthogonality."""
    scalar = equivariant.clebsch_gordan(1, 1, 0)[:, :, 0]
    np.testing.assert_allclose(scalar, -np.eye(3) / np.sqrt(3), atol=1e-15)
    cross = equivariant.clebsch_gordan(1, 1, 1)
    epsilon = np.zeros((3, 3, 3))  # (y, z, x) is an even permutation
    for i, j, k in itertools.permutations(range(3)):
        epsilon[i, j, k] = (i - j) * (j - k) * (k - i) / 2
    sign = np.sign(cross[0, 1, 2] * epsilon[0, 1, 2])
    np.testing.assert_allclose(cross, sign * epsilon / np.sqrt(2), atol=1e-15)
    columns = np.concatenate(
        [
            equivariant.clebsch_gordan(5, 4, l).reshape(99, -1)
            for l in range(1, 10)
        ],
        axis=1,
    )
    np.testing.assert_allclose(columns.T @ columns, np.eye(99), atol=1e-14)
    assert not equivariant.clebsch_gordan(1, 1, 3).any()


@pytest.mark.parametrize(
    "degrees", [(1, 1, 1), (2, 3, 4), (5, 5, 5), (6, 4, 7)]
)
def test_clebsch_gordan_intertwines(degrees):
    """Law: (D1 kron D2) C = C D."""
    c = equivariant.clebsch_gordan(*degrees)
    d1, d2, d = (equivariant.wigner_d(l, *ANGLES) for l in degrees)
    np.testing.assert_allclose(
        np.einsum("am,bn,mnk->abk", d1, d2, c), c @ d, atol=5e-15
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: equivariant.wigner_d(-1, 0, 0, 0), "l must be.*l=-1"),
        (lambda: equivariant.wigner_d(1, np.nan, 0, 0), "finite.*nan.*Remove"),
        (lambda: equivariant.clebsch_gordan(1, 1.5, 1), "l2=1.5"),
        (lambda: equivariant.sph_harm_real(-2, 0, 0), "degree=-2"),
        (lambda: equivariant.SphereGrid(2, 0.5), "at least 1.*0.5.*Raise"),
        (lambda: equivariant.correlate_zonal(np.ones(9), np.ones(2)), "has 3"),
        (
            lambda: equivariant.ZonalConv(2)(np.ones((1, 8, 1), "float32")),
            r"\(L \+ 1\)\*\*2.*got 8.*Pad",
        ),
        (
            lambda: equivariant.PowerSpectrum()(np.ones((1, 9), "float32")),
            r"PowerSpectrum.*\(1, 9\)",
        ),
        (
            lambda: equivariant.RotationConv(1)(np.ones((1, 9, 1), "float32")),
            r"K = 1, 10, 35.*\(1, 9, 1\)",
        ),
    ],
)
def test_bad_angles_and_degrees_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- layers on the sphere ---------------------------------------------------


@pytest.mark.parametrize("oversample", [1, 1.5])
def test_grids_are_orthonormal(oversample):
    """Law: analysis undoes synthesis; total weight is the area."""
    sphere = equivariant.SphereGrid(6, oversample)
    eye = sphere.analysis @ sphere.synthesis
    np.testing.assert_allclose(eye, np.eye(49), atol=2e-14)
    assert abs(sphere.weights.sum() - 4 * np.pi) < 1e-13
    turns = equivariant.RotationGrid(3, oversample)
    eye = turns.analysis @ turns.synthesis
    np.testing.assert_allclose(eye, np.eye(84), atol=2e-14)


def test_zonal_correlation_is_the_integral(rng):
    """Oracle: quadrature of psi(R_x^-1 y) f(y) at one point."""
    f, psi = rng.normal(size=49), rng.normal(size=7)
    grid = equivariant.SphereGrid(6)
    filled = np.zeros((1, 49, 1))
    filled[0, [l * l + l for l in range(7)], 0] = psi
    turned = equivariant.rotate_coefficients(filled, 0.4, 1.3, 0)[0, :, 0]
    values = (grid.synthesis @ turned) * (grid.synthesis @ f)
    wanted = (values * grid.weights).sum()
    h = equivariant.correlate_zonal(f, psi)
    ours = equivariant.sph_harm_real(6, 1.3, 0.4) @ h
    assert abs(ours - wanted) < 1e-13


def test_sphere_correlation_is_the_integral(rng):
    """Oracle: quadrature of psi(R^-1 x) f(x) at one rotation."""
    x = rng.normal(size=(1, 25, 2)).astype("float32")
    layer = equivariant.SphereCorrelation(3)
    f_lm = apply(randomised(layer, x, rng), x)
    d = [equivariant.wigner_d(l, *ANGLES).ravel() for l in range(5)]
    ours = np.concatenate(d) @ f_lm[0]
    psi = layer.get_weights()[0].transpose(1, 0, 2)
    grid = equivariant.SphereGrid(4)
    turned = grid.synthesis @ equivariant.rotate_coefficients(psi, *ANGLES)
    values = np.einsum(
        "n,nc,cnf->f", grid.weights, grid.synthesis @ x[0], turned
    )
    np.testing.assert_allclose(ours, values, rtol=1e-4)


def rotate(g, f):
    return equivariant.rotate_coefficients(f, *g).astype(f.dtype)


def rotate_both(g, f):
    return equivariant.rotate_matrices(f, *g).astype(f.dtype)


def unmoved(g, f):
    return f


ROTATIONS = [ANGLES, (2.0, 0.3, 1.0), (0.0, np.pi, 0.5)]
EXACT_ON_SPHERE = {
    "zonal": (lambda **k: equivariant.ZonalConv(4, **k), 25, rotate, rotate),
    "square": (
        lambda **k: equivariant.SphericalActivation(ops.square, **k),
        25,
        rotate,
        rotate,
    ),
    "product": (
        lambda **k: equivariant.CGProduct(4, 5, **k),
        25,
        rotate,
        rotate,
    ),
    "power": (lambda **k: equivariant.PowerSpectrum(**k), 25, rotate, unmoved),
    "lift": (
        lambda **k: equivariant.SphereCorrelation(4, **k),
        25,
        rotate,
        rotate_both,
    ),
    "rotations": (
        lambda **k: equivariant.RotationConv(4, **k),
        35,
        rotate_both,
        rotate_both,
    ),
    "square of rotations": (
        lambda **k: equivariant.RotationActivation(ops.square, **k),
        35,
        rotate_both,
        rotate_both,
    ),
}


@pytest.mark.parametrize("name", EXACT_ON_SPHERE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_spherical_layers_are_equivariant(name, dtype, rng):
    """Rounding only: below 1e-5 in float32, 1e-13 in float64."""
    if dtype == "float64" and not DOUBLE:
        pytest.skip("JAX holds float32 here")
    make, length, act_in, act_out = EXACT_ON_SPHERE[name]
    x = rng.normal(size=(2, length, 3)).astype(dtype)
    layer = make(dtype=dtype)
    randomised(layer, x, rng)
    error = equivariance_error(layer, act_in, act_out, x, ROTATIONS)
    assert error < (1e-5 if dtype == "float32" else 1e-13), error


def test_relu_aliases_and_finer_grids_help(rng):
    """Law: the error of ReLU falls with the grid, and does not vanish."""
    x = rng.normal(size=(2, 49, 3)).astype("float32")
    errors = []
    for oversample in (1, 2, 4):
        relu = equivariant.SphericalActivation("relu", oversample)
        errors.append(equivariance_error(relu, rotate, rotate, x, ROTATIONS))
    assert errors[0] > 0.03
    assert errors[0] > 3 * errors[1] > 9 * errors[2] > 1e-3, errors


def test_squares_need_the_finer_grid(rng):
    """Degree 2 L comes out of L: the coarsest grid folds it back."""
    x = rng.normal(size=(2, 49, 3)).astype("float32")
    both = rng.normal(size=(2, 35, 3)).astype("float32")
    for layer, act, features in (
        (equivariant.SphericalActivation, rotate, x),
        (equivariant.RotationActivation, rotate_both, both),
    ):
        coarse, fine = (
            equivariance_error(
                layer(ops.square, oversample), act, act, features, ROTATIONS
            )
            for oversample in (1, 1.5)
        )
        assert fine < 1e-5 < 0.01 < coarse, (fine, coarse)


def test_product_of_two_features_is_a_product_of_values(rng):
    """Oracle: for degree 0 out, the triple (l, l, 0) is a scalar product."""
    x, y = rng.normal(size=(2, 1, 9, 1)).astype("float32")
    layer = equivariant.CGProduct(1, 0)
    layer([x, y])
    layer.set_weights([np.ones((3, 1))])
    blocks = [
        (-1) ** l * (x * y)[0, l * l : (l + 1) ** 2].sum() / np.sqrt(2 * l + 1)
        for l in range(3)
    ]
    assert abs(apply(layer, [x, y])[0, 0, 0] - sum(blocks)) < 1e-5


# -- steerable filters ------------------------------------------------------

FREQUENCIES = list(itertools.product(range(4), repeat=2))


def rho(m, angle):
    """Return the rotation matrix by m * angle; 1 for m = 0."""
    fields = (0,) * m + (1,)
    return equivariant.rotation_of_fields(fields, angle)


def evaluate(series, phi):
    """Sum the Fourier series of all kernels of a basis at one angle."""
    f = np.arange(series.shape[1])
    return np.einsum("bfij,f->bij", series[:, :, 0], np.cos(f * phi)) + (
        np.einsum("bfij,f->bij", series[:, :, 1], np.sin(f * phi))
    )


@pytest.mark.parametrize(("n", "m"), FREQUENCIES)
def test_angular_kernels_steer_and_are_all(n, m):
    """Oracles: the constraint, and a count by linear algebra.

    The count: kernels on 12 equally spaced directions that steer by the
    twelfth part of a turn, as a representation of the cyclic group.
    """
    basis = equivariant.angular_basis(n, m)
    for phi, turn in ((0.3, 1.1), (2.0, -0.7)):
        wanted = rho(m, turn) @ evaluate(basis, phi) @ rho(n, turn).T
        np.testing.assert_allclose(
            evaluate(basis, phi + turn), wanted, atol=1e-14
        )
    assert len(basis) == (1, 2, 4)[bool(n) + bool(m)]
    turn = 2 * np.pi / 12
    shift = np.roll(np.eye(12), 1, axis=0)
    act = np.kron(shift, np.kron(rho(m, turn), rho(n, turn)))
    values = np.linalg.eigvals(act)
    assert (np.abs(values - 1) < 1e-9).sum() == len(basis)
    flat = basis.reshape(len(basis), -1)
    assert np.linalg.matrix_rank(flat) == len(basis)


def responses(kernel, angle):
    """Correlate with 40 pictures of Gaussian blobs, turned analytically.

    Returns (40, channels): values at the centre of each picture.
    """
    rng = np.random.default_rng(3)
    u, v = rng.uniform(-4, 4, size=(2, 40, 12, 1))
    heights = rng.normal(size=(40, 12))
    c, s = np.cos(angle), np.sin(angle)
    u, v = c * u - s * v, s * u + c * v
    axis = np.arange(len(kernel)) - len(kernel) // 2
    across, down = (np.exp(-((axis - w) ** 2) / 2) for w in (u, -v))
    return np.einsum("bn,bni,bnj,ijc->bc", heights, down, across, kernel)


def steering_error(k, m, radius, angle):
    """Return the relative error of responses that should have turned."""
    kernel = equivariant.circular_harmonic_basis(k, 0, m, (radius,))[0, ..., 0]
    before = responses(kernel, 0)
    gap = responses(kernel, angle) - before @ rho(m, angle).T
    return np.linalg.norm(gap) / np.linalg.norm(before)


def test_other_angles_pay_for_the_grid():
    """Exact at 90 degrees; at 45, a small kernel aliases high frequency."""
    for k, m, radius in ((3, 1, 1), (5, 2, 2), (9, 4, 3)):
        assert steering_error(k, m, radius, np.pi / 2) < 1e-13
    for m in range(5):
        assert steering_error(9, m, 3, np.pi / 4) < 0.02
    # on 3 x 3 pixels, frequency 4 has the period of the grid itself
    alias = equivariant.circular_harmonic_basis(3, 0, 4, (1,))[0, ..., 0]
    turned = np.rot90(alias)
    np.testing.assert_allclose(turned, alias, atol=1e-15)
    assert steering_error(3, 4, 1, np.pi / 4) > 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steerable_networks_turn_by_quarters(dtype, rng):
    if dtype == "float64" and not DOUBLE:
        pytest.skip("JAX holds float32 here")
    first, second = (4, 3, 2), (2, 2)
    model = keras.Sequential(
        [
            equivariant.SteerableConv2D((2,), first, 5, dtype=dtype),
            equivariant.NormActivation(first, dtype=dtype),
            equivariant.SteerableConv2D(
                first, second, 3, padding="same", dtype=dtype
            ),
        ]
    )
    x = rng.normal(size=(2, 9, 9, 2)).astype(dtype)
    randomised(model, x, rng)
    error = equivariance_error(
        model,
        lambda s, x: equivariant.act_fields(s, x, (2,)),
        lambda s, y: equivariant.act_fields(s, y, second),
        x,
        range(4),
    )
    assert error < (1e-5 if dtype == "float32" else 1e-12), error
    wrong = equivariance_error(
        model,
        lambda s, x: equivariant.act_fields(s, x, (2,)),
        lambda s, y: equivariant.act_fields(s, y, (6,)),
        x,
        range(4),
    )
    assert wrong > 0.1  # vectors that do not turn with their pixels


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: equivariant.SteerableConv2D((1,), (1,), 4), "size=4"),
        (
            lambda: equivariant.SteerableConv2D((1,), (1,), 3, padding="full"),
            "SteerableConv2D.*got 'full'",
        ),
        (lambda: equivariant.SteerableConv2D((), (1,), 3), r"got \(\).*Write"),
        (lambda: equivariant.angular_basis(0, -1), "m=-1"),
        (
            lambda: equivariant.NormActivation((1, 1))(np.ones((1, 2))),
            r"expects 3 channels.*\(1, 2\)",
        ),
        (
            lambda: equivariant.SteerableConv2D((1,), (1,), 3)(
                np.ones((1, 4, 5, 1), "float32")
            ),
            "square",
        ),
        (
            lambda: equivariant.act_fields(1, np.ones((1, 4, 4, 2)), (1,)),
            "expects 1 channels",
        ),
    ],
)
def test_bad_fields_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- induced representations ------------------------------------------------


def regular(group):
    """Return rho(k) of the regular representation."""
    eye = np.eye(group.order)
    return lambda k: (
        eye[
            :, [group.product(group.inverse(k), h) for h in range(group.order)]
        ].T
    )


def trivial(k):
    return np.eye(1)


def test_torus_group_obeys_the_axioms(rng):
    group = equivariant.TorusGroup(3, equivariant.Dihedral4())
    for a, b, c in rng.integers(group.order, size=(200, 3)):
        left = group.product(group.product(a, b), c)
        assert left == group.product(a, group.product(b, c))
        assert group.product(a, group.inverse(a)) == 0
        assert group.product(group.inverse(a), a) == 0


@pytest.mark.parametrize("name", GROUPS)
def test_induced_representations_multiply(name, rng):
    square = equivariant.SquareGroup(name)
    group = equivariant.TorusGroup(3, square)
    pi = equivariant.induced_representation(
        group, group.stabiliser, regular(square)
    )
    for a, b in rng.integers(group.order, size=(30, 2)):
        np.testing.assert_array_equal(pi[a] @ pi[b], pi[group.product(a, b)])


@pytest.mark.parametrize("name", GROUPS)
def test_intertwiners_are_the_layers(name):
    """Oracle: orbits of kernel pixels, and the layers' parameter counts."""
    square = equivariant.SquareGroup(name)
    group = equivariant.TorusGroup(3, square)
    scalar, full = (
        equivariant.induced_representation(group, group.stabiliser, kind)
        for kind in (trivial, regular(square))
    )
    places = np.arange(9).reshape(1, 3, 3)
    orbits = {
        frozenset(
            square.act_image(g, places).ravel()[i] for g in range(square.order)
        )
        for i in range(9)
    }
    lifting, group_conv = LiftingConv2D(1, 3, name), GroupConv2D(1, 3, name)
    lifting.build((None, 3, 3, 1))
    group_conv.build((None, 3, 3, square.order, 1))
    count = equivariant.intertwiner_dimension
    assert count(scalar, scalar) == len(orbits) == 3
    assert count(scalar, full) == lifting.count_params() - 1
    assert count(full, full) == group_conv.count_params() - 1


def test_projection_makes_any_kernel_equivariant(rng):
    """Claim: an arbitrary map fails, its mean over the group commutes."""
    square = equivariant.Cyclic4()
    group = equivariant.TorusGroup(3, square)
    scalar, full = (
        equivariant.induced_representation(group, group.stabiliser, kind)
        for kind in (trivial, regular(square))
    )
    matrix = rng.normal(size=(36, 9))
    projected = equivariant.project_intertwiner(matrix, scalar, full)
    np.testing.assert_allclose(
        projected @ scalar, full @ projected, atol=1e-14
    )
    assert np.abs(matrix @ scalar - full @ matrix).max() > 1
    again = equivariant.project_intertwiner(projected, scalar, full)
    np.testing.assert_allclose(again, projected, atol=1e-14)
    basis = equivariant.intertwiner_basis(scalar, scalar)
    assert len(basis) == equivariant.intertwiner_dimension(scalar, scalar)
    for x in basis:
        np.testing.assert_allclose(x @ scalar, scalar @ x, atol=1e-13)
    with pytest.raises(ValueError, match=r"\(36, 9\), but got \(9, 36\)"):
        equivariant.project_intertwiner(matrix.T, scalar, full)
    with pytest.raises(ValueError, match=r"closed.*\[0, 1\].*Add"):
        equivariant.induced_representation(square, [0, 1], trivial)


# -- gauge convolution ------------------------------------------------------

IN, OUT = (2, 2, 1), (1, 2, 1)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_icosphere_counts(level):
    """Oracles: counting formulas, Euler, and Gauss-Bonnet for transport."""
    vertices, faces = equivariant.icosphere(level)
    mesh = equivariant.MeshGeometry(vertices, faces)
    edges = mesh.present.sum()
    assert len(vertices) == 10 * 4**level + 2
    assert edges == 60 * 4**level
    assert len(vertices) - edges // 2 + len(faces) == 2
    assert (np.linalg.det(vertices[faces]) > 0).all()
    assert abs(abs(mesh.holonomy()) - 4 * np.pi) < 1e-11


def turn_fields(f, angles, fields):
    """Apply rho(angle) at each vertex: a loop over vertices."""
    turned = [
        equivariant.rotation_of_fields(fields, angle) @ f[:, p].T
        for p, angle in enumerate(angles)
    ]
    return np.stack(turned, axis=0).transpose(2, 0, 1).astype(f.dtype)


def twin(layer, mesh, x):
    """Return the layer with the same weights and another geometry."""
    other = equivariant.GaugeConv(
        layer.fields_in,
        layer.fields_out,
        mesh,
        layer.transport,
        dtype=layer.dtype_policy,
    )
    other(x)
    other.set_weights(layer.get_weights())
    return other


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_frames_do_not_matter(dtype, rng):
    """Random frames everywhere; without transport this fails at order 1."""
    if dtype == "float64" and not DOUBLE:
        pytest.skip("JAX holds float32 here")
    vertices, faces = equivariant.icosphere(1)
    angles = rng.uniform(-3, 3, size=len(vertices))
    plain = equivariant.MeshGeometry(vertices, faces)
    turned = equivariant.MeshGeometry(vertices, faces, angles)
    f = rng.normal(size=(2, len(vertices), 8)).astype(dtype)
    errors = {}
    for transport in (True, False):
        layer = equivariant.GaugeConv(IN, OUT, plain, transport, dtype=dtype)
        y = apply(randomised(layer, f, rng), f)
        f_turned = turn_fields(f, -angles, IN)
        ours = apply(twin(layer, turned, f), f_turned)
        gap = np.abs(ours - turn_fields(y, -angles, OUT)).max()
        errors[transport] = gap / np.abs(y).max()
    assert errors[True] < (1e-5 if dtype == "float32" else 1e-13), errors
    assert errors[False] > 0.3


def icosahedral_rotations():
    """Return the 60 rotations that permute the vertices, by brute force."""
    vertices, faces = equivariant.icosphere(0)
    start = np.linalg.inv(vertices[faces[0]].T)
    images = np.concatenate([np.roll(faces, k, axis=1) for k in range(3)])
    return [vertices[image].T @ start for image in images]


def test_rotations_of_the_icosahedron_commute(rng):
    """All 60; the field is carried as arrows in space."""
    vertices, faces = equivariant.icosphere(1)
    mesh = equivariant.MeshGeometry(
        vertices, faces, rng.uniform(-3, 3, size=len(vertices))
    )
    f = rng.normal(size=(1, len(vertices), 8)).astype("float32")
    layer = equivariant.GaugeConv(IN, OUT, mesh)
    y = apply(randomised(layer, f, rng), f)

    def act(matrix, field, fields):
        moved = vertices @ matrix.T
        target = (moved @ vertices.T).argmax(axis=1)
        axis = mesh.first @ matrix.T  # where each first axis arrives
        angles = np.arctan2(
            (axis * mesh.second[target]).sum(1),
            (axis * mesh.first[target]).sum(1),
        )
        result = np.empty_like(field)
        result[:, target] = turn_fields(field, angles, fields)
        return result

    rotations = icosahedral_rotations()
    assert len(rotations) == 60
    for matrix in rotations:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)
    error = equivariance_error(
        layer,
        lambda g, x: act(g, x, IN),
        lambda g, y: act(g, y, OUT),
        f,
        rotations,
    )
    assert error < 1e-5, error
    assert y.shape == (1, len(vertices), 7)


def test_gauge_convolution_follows_its_definition(rng):
    """Oracle: a loop over edges with rotations of space, one kernel type."""
    vertices, faces = equivariant.icosphere(0)
    mesh = equivariant.MeshGeometry(vertices, faces, rng.normal(size=12))
    f = rng.normal(size=(1, 12, 2)).astype("float32")
    layer = equivariant.GaugeConv((0, 1), (1,), mesh)
    w, bias = (part.ravel() for part in _vector_to_scalar(layer, f, rng))
    wanted = np.full(12, bias[0], float)
    frames = np.stack([mesh.first, mesh.second], axis=1)
    arrows = np.einsum("pc,pcx->px", f[0], frames)
    for p in range(12):
        near = {int(q) for face in faces if p in face for q in face} - {p}
        for q in near:
            cross = np.cross(vertices[q], vertices[p])
            sine = np.linalg.norm(cross)
            angle = np.arctan2(sine, vertices[q] @ vertices[p])
            turn = Rotation.from_rotvec(cross / sine * angle)
            arrow = frames[p] @ turn.apply(arrows[q])
            step = frames[p] @ (vertices[q] - vertices[p])
            u = step / np.linalg.norm(step)
            kernel = w[0] * u + w[1] * np.array([u[1], -u[0]])
            wanted[p] += kernel @ arrow / len(near)
    np.testing.assert_allclose(apply(layer, f)[0, :, 0], wanted, atol=1e-5)


def _vector_to_scalar(layer, f, rng):
    """Return the two weights of (0, 1) -> (1,), and the bias."""
    randomised(layer, f, rng)
    weights = [w for w in layer.get_weights() if w.size]
    assert [w.size for w in weights] == [2, 1]
    return weights


def icosahedron(**change):
    """Return the arguments of a mesh, some of them changed."""
    vertices, faces = equivariant.icosphere()
    return {"vertices": vertices, "faces": faces, **change}


FACES = icosahedron()["faces"]
SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
FLAG = np.array([[0, 1, 2], [0, 2, 3]])  # two faces of a square


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            icosahedron(vertices=np.full((12, 3), np.nan)),
            "NaN or inf.*Remove",
        ),
        (icosahedron(vertices=np.zeros((12, 2))), r"\(12, 2\).*triangles"),
        (icosahedron(faces=np.array([[0, 1, 12]])), "0 to 11.*to 12"),
        (icosahedron(faces=np.zeros((0, 3), int)), "0 indices"),
        (icosahedron(faces=FACES + 0.0), "got float64.*integers"),
        (icosahedron(gauge=np.zeros(3)), r"one gauge.*\(3,\)"),
        # a corner named twice, and three corners on a line
        (
            {"vertices": SQUARE[:3], "faces": [[0, 1, 2], [0, 0, 1]]},
            r"face 1 with vertices \[0, 0, 1\] has none",
        ),
        (
            {"vertices": np.arange(9.0).reshape(3, 3), "faces": [[0, 1, 2]]},
            "on a line.*1 in all",
        ),
        # one face turned over, by its order and in a closed surface
        (
            {"vertices": SQUARE, "faces": [[0, 1, 2], [0, 3, 2]]},
            "faces run from vertex 2 to 0: one is turned over",
        ),
        (
            icosahedron(faces=np.vstack([FACES[:1, ::-1], FACES[1:]])),
            "opposite directions, but 2 faces run",
        ),
        # three faces at one edge, and one face twice
        (
            {
                "vertices": np.vstack([SQUARE, [[0.5, 0.5, 1]]]),
                "faces": [*FLAG, [0, 2, 4]],
            },
            "more than two meet",
        ),
        ({"vertices": SQUARE, "faces": [*FLAG, [0, 1, 2]]}, "2 faces run"),
        # a pillow: the same triangle from both sides
        (
            {"vertices": SQUARE[:3], "faces": [[0, 1, 2], [2, 1, 0]]},
            "vertex 0 cancel.*folds back",
        ),
    ],
)
def test_bad_meshes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        equivariant.MeshGeometry(**arguments)


def test_a_mesh_may_have_a_border():
    """Law: on a flat square nothing turns, whatever the triangles."""
    mesh = equivariant.MeshGeometry(SQUARE, FLAG)
    assert mesh.present.sum() == 10  # five edges, both ways
    np.testing.assert_allclose(mesh.transport, 0, atol=1e-15)


def test_nothing_is_read_where_there_is_no_neighbour():
    """A vertex of valence 2 beside one of 3: its row is filled with itself."""
    mesh = equivariant.MeshGeometry(SQUARE, FLAG)
    layer = equivariant.GaugeConv((1,), (1,), mesh)
    x = np.ones((1, 4, 1), "float32")
    x[0, 3] = np.nan  # no neighbour of vertex 1
    y = apply(layer, x)[0, :, 0]
    assert np.isnan(y).tolist() == [True, False, True, True]


def test_gauge_convolution_refuses_other_fields():
    layer = equivariant.GaugeConv(
        (1, 1), (1,), equivariant.MeshGeometry(*equivariant.icosphere())
    )
    with pytest.raises(ValueError, match=r"12, 3\).*\(1, 12, 2\).*Count"):
        layer(np.zeros((1, 12, 2), "float32"))
    with pytest.raises(ValueError, match="level=-1"):
        equivariant.icosphere(-1)


@pytest.mark.skipif(not JAX or DOUBLE, reason="the others hold float64")
def test_double_precision_on_jax():
    """The float64 tests again, in a process that lets JAX hold them."""
    command = [sys.executable, "-m", "pytest", "-q", "-k", "float64", __file__]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        env={**os.environ, "JAX_ENABLE_X64": "1"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout, run.stdout
