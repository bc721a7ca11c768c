"""Oracles of topoi.cnn: brute force, closed forms, Keras, SciPy, laws."""

import itertools
import socket

import keras
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from topoi import cnn

RNG = np.random.default_rng(7)
SIDES = st.integers(1, 30)
STEPS = st.integers(1, 4)


def normal(*shape):
    return RNG.normal(size=shape)


def impulse_count(n, k, stride, before, after, dilation):
    """Count by hand: walk along the axis until the kernel falls off."""
    start, count = -before, 0
    while start + dilation * (k - 1) <= n - 1 + after:
        start, count = start + stride, count + 1
    return count


# -- sizes ------------------------------------------------------------------


@given(SIDES, st.integers(1, 7), STEPS, STEPS, st.integers(0, 4))
def test_out_size_counts_positions(n, k, stride, dilation, pad):
    """Oracle: a walk along the axis."""
    walked = impulse_count(n, k, stride, pad, pad + 1, dilation)
    if walked == 0:
        with pytest.raises(ValueError, match="must fit into the padded"):
            cnn.out_size(n, k, stride, (pad, pad + 1), dilation)
    else:
        size = cnn.out_size(n, k, stride, (pad, pad + 1), dilation)
        assert size == walked


@given(SIDES, st.integers(1, 7), STEPS, STEPS)
def test_same_padding_is_the_least_that_gives_the_ceiling(
    n, k, stride, dilation
):
    before, after = cnn.same_padding(n, k, stride, dilation)
    wanted = int(np.ceil(n / stride))
    assert impulse_count(n, k, stride, before, after, dilation) == wanted
    assert after - before in (0, 1)
    if after:
        fewer = impulse_count(n, k, stride, before, after - 1, dilation)
        assert fewer == wanted - 1
    assert cnn.out_size(n, k, stride, "same", dilation) == wanted
    assert cnn.out_size(n, k, stride, "circular", dilation) == wanted


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)]
)
def test_out_size_agrees_with_keras(padding, stride, dilation):
    for n, k in itertools.product(range(5, 12), (1, 2, 3)):
        layer = keras.layers.Conv1D(
            1, k, stride, padding, dilation_rate=dilation
        )
        theirs = layer.compute_output_shape((1, n, 1))[1]
        assert cnn.out_size(n, k, stride, padding, dilation) == theirs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "n must be a whole number of at least 1.*n=0"),
        ((5, 3, 0), "stride must be.*stride=0"),
        ((5, 3, 1, "valid", 1.5), "dilation must be.*1.5"),
        ((5, 3, 1, "full"), "none negative, but got 'full'"),
        ((5, 3, 1, -1), "none negative, but got -1"),
        ((5, 3, 1, (1, 2, 3)), r"but got \(1, 2, 3\)"),
        ((5, 7), "covers 7 pixels, but only 5 are there"),
        ((5, 3, 1, "valid", 3), "covers 7 pixels.*smaller kernel"),
    ],
)
def test_out_size_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        cnn.out_size(*arguments)


# -- forward ----------------------------------------------------------------

CASES = [
    (size, stride, padding, dilation)
    for size in ((8, 8), (7, 9))
    for stride in (1, 2, 3)
    for padding in ("valid", "same", "circular", 2, (0, 3))
    for dilation in (1, 2)
]


@pytest.mark.parametrize(("size", "stride", "padding", "dilation"), CASES)
def test_the_forms_agree(size, stride, padding, dilation):
    """Oracle: the loop, and the matrix filled entry by entry."""
    x, w, b = normal(2, *size, 3), normal(3, 2, 3, 4), normal(4)
    options = (stride, padding, dilation)
    loop = cnn.conv2d_naive(x, w, b, *options)
    np.testing.assert_allclose(cnn.conv2d(x, w, b, *options), loop, atol=1e-12)
    matrix = cnn.conv_matrix(w, size, *options)
    product = (x.reshape(2, -1) @ matrix.T).reshape(loop.shape) + b
    np.testing.assert_allclose(product, loop, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)]
)
def test_loop_agrees_with_keras(k, padding, stride, dilation):
    """Oracle: keras.ops.conv; float32 sums of 27 terms, hence 1e-5."""
    for n in (7, 8):
        x = normal(2, n, n, 3).astype(np.float32)
        w = normal(k, k, 3, 2).astype(np.float32)
        theirs = keras.ops.conv(x, w, stride, padding, dilation_rate=dilation)
        ours = cnn.conv2d_naive(x, w, None, stride, padding, dilation)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(
            ours, keras.ops.convert_to_numpy(theirs), atol=1e-5
        )


def test_correlates_without_flipping_the_kernel():
    """Oracle: scipy.signal, which knows both operations."""
    x, w = normal(9, 8), normal(3, 4)
    ours = cnn.conv2d(x[None, ..., None], w[..., None, None])[0, ..., 0]
    np.testing.assert_allclose(
        ours, scipy.signal.correlate2d(x, w, "valid"), atol=1e-12
    )
    flipped = scipy.signal.convolve2d(x, w, "valid")
    assert np.abs(ours - flipped).max() > 0.1


@pytest.mark.parametrize("k", [(1, 1), (3, 3), (2, 5), (6, 7)])
def test_fft_is_the_circular_convolution(k):
    """Oracle: scipy.ndimage.correlate with wrapped borders."""
    x, w = normal(3, 6, 7, 2), normal(*k, 2, 3)
    spectral = cnn.conv2d_fft(x, w)
    np.testing.assert_allclose(
        spectral, cnn.conv2d(x, w, padding="circular"), atol=1e-12
    )
    # scipy centres a kernel of even length one pixel further on
    origin = [-1 if n % 2 == 0 else 0 for n in k]
    theirs = sum(
        scipy.ndimage.correlate(
            x[0, ..., c], w[..., c, 1], mode="wrap", origin=origin
        )
        for c in range(2)
    )
    np.testing.assert_allclose(spectral[0, ..., 1], theirs, atol=1e-12)


def test_fft_keeps_float32():
    x, w = np.float32(normal(1, 5, 6, 1)), np.float32(normal(3, 3, 1, 1))
    assert cnn.conv2d_fft(x, w).dtype == np.float32


def test_circulant_matrix_is_diagonal_in_the_fourier_basis():
    """Closed form: eigenvalues are the conjugate spectrum of the kernel."""
    w = normal(3, 3, 1, 1)
    matrix = cnn.conv_matrix(w, (5, 5), padding="circular")
    fourier = np.kron(np.fft.fft(np.eye(5)), np.fft.fft(np.eye(5)))
    diagonal = fourier @ matrix @ np.linalg.inv(fourier)
    np.testing.assert_allclose(
        diagonal - np.diag(np.diag(diagonal)), 0, atol=1e-12
    )


def test_integers_stay_exact():
    """uint8 pictures times int8 kernels would overflow in 8 bits."""
    x = np.full((1, 4, 4, 1), 255, np.uint8)
    w = np.full((3, 3, 1, 1), 100, np.int8)
    for convolve in (cnn.conv2d, cnn.conv2d_naive):
        y = convolve(x, w)
        assert y.dtype == np.int64
        np.testing.assert_array_equal(y, 9 * 255 * 100)


def test_nan_reaches_only_the_windows_that_see_it():
    x = np.zeros((2, 9, 9, 1))
    x[0, 4, 4] = np.nan
    lost = np.isnan(cnn.conv2d(x, np.ones((3, 3, 1, 1))))
    assert lost[1].sum() == 0
    assert lost[0, 2:5, 2:5].all()
    assert lost.sum() == 9


def test_empty_batch_and_single_picture():
    w = normal(3, 3, 1, 2)
    assert cnn.conv2d(np.zeros((0, 5, 5, 1)), w).shape == (0, 3, 3, 2)
    x = normal(70, 5, 5, 1)
    np.testing.assert_allclose(
        cnn.conv2d(x[3:4], w), cnn.conv2d(x, w)[3:4], atol=1e-13
    )


def test_parts_cover_the_batch():
    """A large batch is cut into parts; every picture is computed once."""
    covered = np.zeros(103, int)
    for part in cnn.checks.parts_of(103, 100, cache=1000):
        covered[part] += 1
    assert (covered == 1).all()


def test_im2col_rows_are_windows():
    x = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    columns = cnn.im2col(x, (2, 3))
    assert columns.shape == (2, 3, 3, 18)
    assert columns.dtype == x.dtype
    np.testing.assert_array_equal(columns[1, 2, 1], x[1, 2:4, 1:4].reshape(-1))
    np.testing.assert_array_equal(
        cnn.im2col(x, 2, stride=2, dilation=2)[0, 0, 1],
        x[0, 0:3:2, 2:5:2].reshape(-1),
    )


PICTURE, KERNEL = np.zeros((1, 5, 5, 3)), np.zeros((3, 3, 3, 2))


@pytest.mark.parametrize(
    ("x", "w", "b", "message"),
    [
        (PICTURE[0], KERNEL, None, r"\(5, 5, 3\).*x\[np.newaxis"),
        (PICTURE, KERNEL[0], None, r"\(3, 3, 2\).*w\[:, :, np.newaxis"),
        (
            PICTURE.transpose(0, 3, 1, 2),
            KERNEL,
            None,
            "has 5 channels and the kernel takes 3.*Channels come last",
        ),
        (PICTURE, np.zeros((6, 6, 3, 2)), None, "covers 6 pixels.*only 5"),
        (PICTURE, KERNEL, np.zeros(3), r"shape \(2,\), but got \(3,\)"),
    ],
)
@pytest.mark.parametrize("convolve", [cnn.conv2d, cnn.conv2d_naive])
def test_bad_arguments_are_named(convolve, x, w, b, message):
    with pytest.raises(ValueError, match=message):
        convolve(x, w, b)


def test_bad_arguments_elsewhere():
    with pytest.raises(ValueError, match="not larger than the picture"):
        cnn.conv2d_fft(PICTURE, np.zeros((6, 3, 3, 2)))
    with pytest.raises(ValueError, match=r"but got \(3, 3\)"):
        cnn.conv_matrix(np.zeros((3, 3)), (5, 5))
    with pytest.raises(ValueError, match="come as a batch"):
        cnn.im2col(PICTURE[0], 3)


# -- backward ---------------------------------------------------------------


@pytest.mark.parametrize(("size", "stride", "padding", "dilation"), CASES)
def test_adjoint_identity(size, stride, padding, dilation):
    """Law: <conv(x), y> = <x, conv_transpose(y)>."""
    x, w = normal(2, *size, 3), normal(3, 2, 3, 4)
    forward = cnn.conv2d(x, w, None, stride, padding, dilation)
    y = normal(*forward.shape)
    back = cnn.conv2d_transpose(y, w, size, stride, padding, dilation)
    assert np.vdot(forward, y) == pytest.approx(np.vdot(x, back), abs=1e-10)


@pytest.mark.parametrize(("size", "stride", "padding", "dilation"), CASES[::3])
def test_backward_against_central_differences(size, stride, padding, dilation):
    x, w, b = normal(2, *size, 2), normal(3, 2, 2, 3), normal(3)
    options = (stride, padding, dilation)
    dy = normal(*cnn.conv2d(x, w, b, *options).shape)
    gradients = cnn.conv2d_backward(dy, x, w, *options)

    def loss(x, w, b):
        return np.vdot(dy, cnn.conv2d_naive(x, w, b, *options))

    for which, gradient in enumerate(gradients):
        direction = normal(*gradient.shape)
        ahead, behind = [x, w, b], [x, w, b]
        ahead[which] = ahead[which] + 1e-5 * direction
        behind[which] = behind[which] - 1e-5 * direction
        slope = (loss(*ahead) - loss(*behind)) / 2e-5
        assert slope == pytest.approx(np.vdot(gradient, direction), abs=1e-6)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="uses TensorFlow's tape"
)
@pytest.mark.parametrize(("stride", "padding"), [(1, "valid"), (2, "same")])
def test_backward_agrees_with_keras(stride, padding):
    import tensorflow as tf

    x = normal(3, 8, 8, 2).astype(np.float32)
    w = normal(3, 3, 2, 4).astype(np.float32)
    tensors = [tf.constant(x), tf.constant(w)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = keras.ops.conv(*tensors, stride, padding)
        loss = tf.reduce_sum(y**2) / 2
    theirs = tape.gradient(loss, tensors)
    ours = cnn.conv2d_backward(
        cnn.conv2d(x, w, None, stride, padding), x, w, stride, padding
    )
    for a, b in zip(ours[:2], theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("stride", "k"), [(1, 3), (2, 3), (2, 4), (3, 3)])
def test_transpose_agrees_with_keras(padding, stride, k):
    y = normal(2, 5, 6, 4).astype(np.float32)
    w = normal(k, k, 3, 4).astype(np.float32)
    theirs = keras.ops.conv_transpose(y, w, stride, padding)
    ours = cnn.conv2d_transpose(y, w, stride=stride, padding=padding)
    np.testing.assert_allclose(
        ours, keras.ops.convert_to_numpy(theirs), atol=1e-5
    )


def test_transpose_refuses_a_size_that_does_not_fit():
    y = np.zeros((1, 5, 5, 2))
    with pytest.raises(ValueError, match=r"\(1, 6, 6, 2\).*got \(1, 5, 5, 2"):
        cnn.conv2d_transpose(y, KERNEL, size=(8, 8))
    with pytest.raises(ValueError, match="has 3 channels.*takes 2"):
        cnn.conv2d_transpose(np.zeros((1, 5, 5, 3)), KERNEL)
    with pytest.raises(ValueError, match="way forward"):
        cnn.conv2d_backward(y, PICTURE, KERNEL)


def test_checkerboard_only_when_the_stride_does_not_divide_the_kernel():
    """Closed form: stamps of ones overlap evenly if and only if s | k."""
    for k, stride in itertools.product(range(2, 7), (2, 3)):
        stamps = cnn.conv2d_transpose(
            np.ones((1, 9, 9, 1)), np.ones((k, k, 1, 1)), stride=stride
        )
        inner = stamps[0, k:-k, k:-k, 0]
        assert (np.ptp(inner) == 0) == (k % stride == 0)


# -- symmetry ---------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 3))
def test_equivariance_on_the_torus(down, right, stride):
    """Law, exact in integers: shift by s a before = by a after."""
    x = np.random.default_rng(1).integers(-9, 9, (1, 6, 6, 2))
    w = np.random.default_rng(2).integers(-9, 9, (3, 3, 2, 2))

    def apply(x):
        return cnn.conv2d(x, w, stride=stride, padding="circular")

    before = apply(np.roll(x, (stride * down, stride * right), (1, 2)))
    after = np.roll(apply(x), (down, right), (1, 2))
    np.testing.assert_array_equal(before, after)


def test_stride_breaks_odd_shifts():
    x = RNG.integers(-9, 9, (1, 8, 8, 1))
    w = RNG.integers(-9, 9, (3, 3, 1, 1))
    y = cnn.conv2d(x, w, stride=2, padding="circular")
    moved = cnn.conv2d(np.roll(x, 1, 1), w, stride=2, padding="circular")
    assert not any(
        np.array_equal(moved, np.roll(y, a, (1, 2)))
        for a in itertools.product(range(4), range(4))
    )


# -- counting ---------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(1, 3),
            st.integers(1, 2),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_receptive_field_by_perturbation(stack):
    """Oracle: positive kernels, so that a pixel counts when it acts."""
    n, field = 140, cnn.receptive_field(stack)
    response = np.eye(n)[:, :, None, None]  # pixel by pixel, (n, n, 1, 1)
    for k, stride, dilation, pad in stack:
        response = np.pad(response, ((0, 0), (pad, 0), (0, 0), (0, 0)))
        span = dilation * (k - 1) + 1
        kernel = np.zeros((span, 1, 1, 1))
        kernel[::dilation] = 1
        response = cnn.conv2d_naive(response, kernel, stride=stride)
    i = -(-max(-field.start, 0) // field.jump) + 1  # sees no padding
    seen = np.flatnonzero(response[:, i, 0, 0])
    first = field.start + i * field.jump
    assert seen[0] == first
    assert seen[-1] == first + field.size - 1


def test_receptive_field_by_hand():
    assert cnn.receptive_field([(3, 1), (3, 1)]) == (5, 1, 0)
    assert cnn.receptive_field([(3, 2, 1, 1), (3, 2, 1, 1)]) == (7, 4, -3)
    assert cnn.receptive_field([]) == (1, 1, 0)
    with pytest.raises(ValueError, match=r"but got \(3,\)"):
        cnn.receptive_field([(3,)])
    with pytest.raises(ValueError, match="stride=0"):
        cnn.receptive_field([(3, 0)])


def test_parameters_and_multiply_adds_of_lenet():
    """Oracle: Keras counts parameters; the sums are done by hand."""
    model = cnn.build_lenet()
    assert model.count_params() == 61_706
    convolutions = [model.layers[0], model.layers[2]]
    for layer, (c_in, c_out) in zip(
        convolutions, [(1, 6), (6, 16)], strict=True
    ):
        counted = cnn.conv_parameters(5, c_in, c_out)
        assert layer.count_params() == counted
    macs = 28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16
    macs += 400 * 120 + 120 * 84 + 84 * 10
    assert cnn.model_macs(model) == macs
    assert cnn.conv_macs(5, 6, 16, 10, 10) == 240_000


def test_multiply_adds_by_counting_products():
    """Oracle: ones times ones adds up one a product."""
    y = cnn.conv2d(np.ones((1, 7, 6, 2)), np.ones((3, 3, 2, 4)), stride=2)
    assert y.sum() == cnn.conv_macs(3, 2, 4, *y.shape[1:3])


def test_counting_refuses():
    with pytest.raises(ValueError, match="channels_in=0"):
        cnn.conv_parameters(3, 0, 4)
    with pytest.raises(ValueError, match="height=0"):
        cnn.conv_macs(3, 1, 4, 0, 4)
    empty = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
    with pytest.raises(ValueError, match="has none at its top level"):
        cnn.model_macs(empty)


# -- networks ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("norm", "head", "parameters"),
    [
        (None, "flatten", 56_714),
        (None, "gap", 23_946),
        ("batch", "gap", 24_282),
    ],
)
def test_small_cnn_parameters(norm, head, parameters):
    """Sums of k^2 C_in C_out + C_out; batch norm has four a channel."""
    assert cnn.build_small_cnn(norm, head).count_params() == parameters


def test_small_cnn_refuses():
    with pytest.raises(ValueError, match="norm='layer', head='gap'"):
        cnn.build_small_cnn("layer", "gap")


# Keras 3.15 reads variables with np.array, which NumPy 2 deprecates.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize(
    "build",
    [cnn.build_lenet, cnn.build_small_cnn, lambda: cnn.build_resnet(1, 4)],
)
def test_networks_save_and_reload(build, tmp_path):
    model, x = build(), normal(3, 28, 28, 1).astype(np.float32)
    y = model.predict(x, verbose=0)
    assert y.shape == (3, 10)
    np.testing.assert_allclose(
        model.predict(x[:1], verbose=0), y[:1], atol=1e-5
    )
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), y, atol=1e-6)


def test_resnet_20_has_its_depth_and_size():
    """He et al. (2016), section 4.2: 6n + 2 weighted layers, 0.27 M."""
    model = cnn.build_resnet(3, 16, (32, 32, 3))
    weighted = [
        layer
        for layer in model.layers
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense))
        and getattr(layer, "kernel_size", (3, 3)) == (3, 3)
    ]
    assert len(weighted) == 20
    assert 0.265e6 < model.count_params() < 0.28e6


def test_residual_block_without_f_is_relu():
    """Zero the last scale of F and the block is relu of the identity."""
    inputs = keras.Input((6, 6, 4))
    model = keras.Model(inputs, cnn.residual_block(inputs, 4))
    norms = [m for m in model.layers if "normalization" in m.name]
    norms[-1].gamma.assign(np.zeros(4))
    x = normal(2, 6, 6, 4).astype(np.float32)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), np.maximum(x, 0), atol=1e-6
    )


@pytest.mark.parametrize("residual", [False, True])
def test_layer_gradient_norms_by_differences(residual):
    """Oracle: central differences of the loss at the first layer."""
    x = normal(1, 4, 4, 2)
    kernels = 0.4 * normal(3, 3, 3, 2, 2)

    def loss(x):
        for w in kernels:
            z = cnn.conv2d_naive(x, w, padding="same")
            x = np.maximum(z, 0) + (x if residual else 0)
        return (x**2).sum() / 2, x

    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = 1e-6
        gradient[index] = (loss(x + step)[0] - loss(x - step)[0]) / 2e-6
    norms = cnn.layer_gradient_norms(x, kernels, residual)
    expected = np.linalg.norm(gradient) / np.linalg.norm(loss(x)[1])
    assert norms[0] == pytest.approx(expected, rel=1e-6)
    assert len(norms) == 4
    assert norms[-1] == 1


def test_layer_gradient_norms_of_nothing():
    """Residual with F = 0 is the identity; plain with F = 0 is dead."""
    kernels = np.zeros((5, 3, 3, 1, 1))
    ones = cnn.layer_gradient_norms(np.ones((1, 4, 4, 1)), kernels, True)
    np.testing.assert_array_equal(ones, np.ones(6))
    with pytest.raises(ValueError, match="zero everywhere"):
        cnn.layer_gradient_norms(np.ones((1, 4, 4, 1)), kernels, False)


# -- pictures ---------------------------------------------------------------


def test_discs_are_counted_by_connected_components():
    """Oracle: scipy.ndimage.label; discs that do not touch are components."""
    images, counts = cnn.count_discs(300, seed=1)
    components = [scipy.ndimage.label(image[..., 0])[1] for image in images]
    np.testing.assert_array_equal(components, counts)
    assert set(counts) == set(range(10))
    assert set(np.unique(images)) == {0, 1}
    again, _ = cnn.count_discs(300, seed=1)
    np.testing.assert_array_equal(images, again)
    assert not np.array_equal(images, cnn.count_discs(300, seed=2)[0])


def test_discs_without_room():
    with pytest.raises(ValueError, match=r"no room in 12 x 12 pixels"):
        cnn.count_discs(50, seed=0, size=12)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, -1), (-3, 3), (9, 0)])
def test_shift_images_moves_content(down, right):
    """Oracle: pixel by pixel."""
    images = RNG.integers(1, 9, (2, 5, 6))
    moved = cnn.shift_images(images, down, right)
    for i, j in np.ndindex(5, 6):
        inside = 0 <= i - down < 5 and 0 <= j - right < 6
        expected = images[:, i - down, j - right] if inside else 0
        np.testing.assert_array_equal(moved[:, i, j], expected)
    assert moved.dtype == images.dtype


def test_shift_images_needs_a_batch():
    with pytest.raises(ValueError, match=r"\(5, 6\).*np.newaxis"):
        cnn.shift_images(np.zeros((5, 6)), 1, 1)


# -- looking inside ---------------------------------------------------------


def test_class_activation_map_averages_to_the_logit():
    """Law: mean of the map plus bias is the output of the network."""
    model = cnn.build_small_cnn("batch", "gap")
    model.layers[-1].bias.assign(normal(10))
    x = RNG.uniform(size=(4, 28, 28, 1)).astype(np.float32)
    maps, logits = cnn.class_activation_map(model, x)
    assert maps.shape == (4, 7, 7, 10)
    np.testing.assert_allclose(logits, model.predict(x, verbose=0), atol=1e-5)


def test_class_activation_map_refuses_other_heads():
    with pytest.raises(ValueError, match="ends in GlobalAveragePooling2D"):
        cnn.class_activation_map(
            cnn.build_small_cnn(), np.zeros((1, 28, 28, 1))
        )


def test_occlusion_finds_the_pixel_that_decides():
    """A model that looks at one pixel: closed form of the drop."""
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(flat))
    weights = np.zeros((64, 2))
    weights[3 * 8 + 5, 1] = 4.0
    model.set_weights([weights, np.zeros(2)])
    image = np.ones((8, 8, 1), np.float32)
    drop = cnn.occlusion_map(model, image, label=1, patch=2, stride=2)
    expected = np.zeros((4, 4))
    expected[1, 2] = 1 / (1 + np.exp(-4)) - 0.5
    np.testing.assert_allclose(drop, expected, atol=1e-6)
    with pytest.raises(ValueError, match="takes one picture"):
        cnn.occlusion_map(model, image[None], 1)


# -- batch normalisation ------------------------------------------------------


def averages_after_training(momentum, callbacks=()):
    """Train a little from a fixed seed; return the running averages."""
    keras.utils.set_random_seed(3)
    model = cnn.build_small_cnn("batch", "gap", (8, 8, 1), momentum=momentum)
    model.compile("adam", "mse", jit_compile=False)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 8, 8, 1)).astype(np.float32)
    y = rng.normal(size=(32, 10)).astype(np.float32)
    model.fit(x, y, 8, 2, shuffle=False, verbose=0, callbacks=callbacks)
    return read_averages(model)


def read_averages(model):
    values = [
        keras.ops.convert_to_numpy(v.value)
        for layer in model.layers
        if "normalization" in layer.name
        for v in (layer.moving_mean, layer.moving_variance)
    ]
    return np.concatenate(values)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="jit_compile=False is slow"
)
def test_running_averages_are_those_of_a_run_of_their_own():
    """Oracle: Keras, trained again with that momentum."""
    follow = cnn.RunningAverages((0.5, 0.99), read_averages)
    own = averages_after_training(0.9, [follow])
    for momentum, ours in zip((0.5, 0.99), follow.results[-1], strict=True):
        theirs = averages_after_training(momentum)
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
        assert np.abs(ours - own).max() > 0.01


def test_running_averages_need_batch_normalisation():
    model = cnn.build_small_cnn(None, "gap", (8, 8, 1))
    model.compile("adam", "mse")
    x, y = np.zeros((2, 8, 8, 1)), np.zeros((2, 10))
    follow = cnn.RunningAverages((0.5,), read_averages)
    with pytest.raises(ValueError, match=r"one momentum, but found \[\]"):
        model.fit(x, y, verbose=0, callbacks=[follow])


# -- colour -----------------------------------------------------------------


def test_the_pictures_come_without_a_socket(monkeypatch):
    """Oracle: the sky over a rocket is blue, an eye is red inside."""

    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    pictures = cnn.colour_pictures()
    assert pictures.shape == (7, 288, 432, 3)
    assert pictures.dtype == np.uint8
    red, _, blue = np.moveaxis(pictures.mean(axis=(1, 2)), -1, 0)
    names = list(cnn.PICTURES)
    assert blue[names.index("rocket")] > red[names.index("rocket")]
    assert red[names.index("retina")] > 2 * blue[names.index("retina")]


def test_patches_are_slices_of_their_picture():
    pictures = np.arange(2 * 6 * 8 * 3).reshape(2, 6, 8, 3)
    patches = cnn.cut_patches(pictures, 2)
    assert patches.shape == (2, 3, 4, 2, 2, 3)
    for n, i, j in np.ndindex(2, 3, 4):
        expected = pictures[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        np.testing.assert_array_equal(patches[n, i, j], expected)
    with pytest.raises(ValueError, match="divides both"):
        cnn.cut_patches(pictures, 4)


def numbered_patches(columns):
    """Patches of two pictures whose pixels hold their column."""
    width = 4 * columns
    across = np.arange(width, dtype=np.uint8)
    pictures = np.broadcast_to(across[:, np.newaxis], (2, 8, width, 3))
    return cnn.cut_patches(pictures, 4)


@pytest.mark.parametrize("columns", [5, 6])
def test_areas_do_not_touch(columns):
    split = cnn.split_by_area(numbered_patches(columns))
    assert split.x_train.shape == split.x_test.shape == (8, 4, 4, 3)
    last = 255 * split.x_train.max()
    first = 255 * split.x_test.min()
    assert first - last > 4  # at least one patch lies between
    assert split.y_train.tolist() == [0] * 4 + [1] * 4
    assert split.x_train.dtype == np.float32


@pytest.mark.parametrize("columns", [5, 6])
def test_a_random_split_is_as_large_and_disjoint(columns):
    pictures = np.arange(2 * 8 * 4 * columns * 3).reshape(2, 8, -1, 3)
    patches = cnn.cut_patches(pictures, 4)
    split = cnn.split_at_random(patches, np.random.default_rng(0))
    assert len(split.x_train) == len(split.x_test) == 8
    first = np.concatenate([split.x_train, split.x_test])[:, 0, 0, 0]
    assert len(set(first.tolist())) == 16


def test_grey_forgets_the_edge_between_two_colours():
    """Oracle: the edge of the chapter, by hand."""
    edge = np.array([[[200, 100, 0], [0, 100, 200]]])[np.newaxis]
    assert cnn.grey(edge).ravel().tolist() == [100, 100]
    kernel = np.array([[[1, 0, -1], [-1, 0, 1]]])[..., np.newaxis]
    assert cnn.conv2d(edge, kernel).item() == 200 + 200


def test_colour_features_count_pixels():
    rng = np.random.default_rng(0)
    x = rng.random((3, 4, 5, 2))
    x[0, 0, 0] = 1.0  # the last cell holds its upper end
    found = cnn.colour_features(x, levels=3)
    assert found.shape == (3, 2 + 2 + 9)
    edges = np.linspace(0, 1, 4)
    for features, patch in zip(found, x, strict=True):
        pixels = patch.reshape(-1, 2)  # (pixels, channels)
        counts, _ = np.histogramdd(pixels, bins=[edges, edges])
        expected = [
            *pixels.mean(axis=0),
            *pixels.std(axis=0),
            *np.sqrt(counts.T.ravel() / 20),
        ]
        np.testing.assert_allclose(features, expected)


def test_a_network_learns_two_plain_colours():
    rng = np.random.default_rng(0)
    y = np.arange(128) % 2
    x = rng.random((128, 4, 4, 3)).astype(np.float32) / 4
    x[y == 1, :, :, 0] += 0.7
    patches = cnn.Patches(x, y, x, y)
    model = cnn.train_patches(patches, 8, seed=0, learning_rate=0.01)
    _, right = model.evaluate(x, y, verbose=0)
    assert right > 0.9
