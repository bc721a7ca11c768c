"""Oracle of topoi.convolution: keras.ops.conv and an addition."""

import keras
import numpy as np
import pytest
from keras import ops

from topoi.autodiff import value_and_grad
from topoi.convolution import convolve

array = ops.convert_to_numpy


def normal(*shape, seed=0):
    """Return standard normal float32 numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_convolution_is_that_of_keras(padding, strides):
    """Oracle: keras.ops.conv and an addition; even and odd kernels."""
    for k, rows, columns in ((1, 4, 5), (2, 5, 6), (3, 7, 8), (4, 8, 5)):
        x, kernel = normal(2, rows, columns, 3), normal(k, k, 3, 4, seed=1)
        bias = normal(4, seed=2)
        wanted = array(ops.conv(x, kernel, strides, padding, "channels_last"))
        ours = convolve(x, kernel, None, strides, padding)
        np.testing.assert_allclose(array(ours), wanted, atol=1e-5)
        ours = convolve(x, kernel, bias, strides, padding)
        np.testing.assert_allclose(array(ours), wanted + bias, atol=1e-5)


def test_convolution_has_the_gradients_of_its_parts():
    """Oracle: the same with keras.ops.conv and an addition."""
    x = normal(2, 6, 6, 3)
    kernel = keras.Variable(normal(3, 3, 3, 4, seed=1))
    bias = keras.Variable(normal(4, seed=2))

    def parts():
        y = ops.conv(x, kernel, 1, "same", "channels_last")
        return ops.sum(ops.square(y + ops.convert_to_tensor(bias)))

    def whole():
        y = convolve(x, kernel, bias, 1, "same")
        return ops.sum(ops.square(y))

    wanted, ours = (
        value_and_grad(f, [kernel, bias])()[1] for f in (parts, whole)
    )
    for a, b in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(array(a), array(b), rtol=1e-4, atol=1e-3)


def test_unknown_padding_is_refused():
    with pytest.raises(ValueError, match='"valid" and "same", got \'full\''):
        convolve(normal(1, 4, 4, 1), normal(3, 3, 1, 1), padding="full")
