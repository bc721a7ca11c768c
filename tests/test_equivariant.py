"""Oracles of topoi.equivariant: brute force, closed forms, SymPy, laws."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from topoi import equivariant
from topoi.equivariant import GroupConv2D, LiftingConv2D, equivariance_error

GROUPS = ("p4", "p4m")
DOUBLE = keras.backend.backend() != "jax"  # JAX holds float32 by default


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
        pytest.skip("JAX runs in float32")
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


def test_freeze_keeps_the_function(rng):
    x = rng.normal(size=(2, 13, 13, 2)).astype("float32")
    inner = network("p4", pool="max")
    model = keras.Sequential([inner, keras.layers.Flatten()])
    with pytest.raises(ValueError, match="built model.*Call it"):
        equivariant.freeze(model)
    y = apply(model, x)
    frozen = equivariant.freeze(model)
    np.testing.assert_allclose(apply(frozen, x), y, atol=1e-6)
    kinds = {type(layer).__name__ for layer in frozen.layers[0].layers}
    assert "FrozenGroupConv2D" in kinds
    assert not kinds & {"LiftingConv2D", "GroupConv2D"}


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (LiftingConv2D(2, 3), (1, 5, 6, 1), r"square.*\(1, 5, 6, 1\).*Crop"),
        (LiftingConv2D(2, 3), (5, 5, 1), r"LiftingConv2D.*\(5, 5, 1\)"),
        (GroupConv2D(2, 3), (1, 5, 5, 8, 1), r"4, channels.*\(1, 5, 5, 8"),
        (LiftingConv2D(2, 7), (1, 5, 5, 1), "is 7, that of the picture 5"),
        (equivariant.GroupPool(), (1, 5, 5), "GroupPool.*A lifting"),
    ],
)
def test_layers_refuse_other_shapes(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer(np.zeros(shape, "float32"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LiftingConv2D(0, 3), "filters of at least 1, but got 0"),
        (lambda: GroupConv2D(1, 3, "p6"), "got 'p6'"),
        (lambda: GroupConv2D(1, 2, padding="same"), "kernel_size=2.*odd"),
        (lambda: equivariant.GroupPool("sum"), "got 'sum'.*Choose"),
    ],
)
def test_layers_refuse_other_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- what every layer promises ----------------------------------------------

LAYERS = {
    "lifting": (lambda: LiftingConv2D(3, 3, "p4m", 2), (7, 7, 2)),
    "group": (lambda: GroupConv2D(3, 3, padding="same"), (5, 5, 4, 2)),
    "average": (lambda: equivariant.GroupAveragePool2D(2), (6, 6, 4, 2)),
    "pool": (lambda: equivariant.GroupPool("mean"), (3, 3, 4, 2)),
    "frozen": (lambda: equivariant.FrozenGroupConv2D(3, 3, 4), (5, 5, 4, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer_keeps_its_promises(name, rng):
    """Declared shape, rebuilt from config, one example alone, half float."""
    make, shape = LAYERS[name]
    layer = make()
    x = rng.normal(size=(3, *shape)).astype("float32")
    y = apply(randomised(layer, x, rng), x)
    assert tuple(layer.compute_output_shape(x.shape)) == y.shape
    twin = type(layer).from_config(layer.get_config())
    twin(x)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(apply(twin, x), y)
    np.testing.assert_allclose(apply(layer, x[:1]), y[:1], atol=1e-5)
    config = {**layer.get_config(), "dtype": "mixed_float16"}
    half = type(layer).from_config(config)
    assert keras.backend.standardize_dtype(half(x).dtype) == "float16"
