"""Layers with orthonormal weights, and what stands between them."""

import math

import keras
from keras import ops

from topoi.unitary.lie import stiefel_dimension
from topoi.unitary.maps import METHODS, lower_places, stiefel

# First weights are normal with this deviation over sqrt(n): for n far above r
# the first r rows of the matrix are then near 0 on average, not near I.
TYPICAL = {"cayley": 2.0, "exp": math.pi / 2}
EPSILON = 1.1920929e-7  # float32's; what the published code adds to a norm


class OrthonormalWeights:
    """What layers with orthonormal rows or columns share; no layer itself."""

    def __init__(self, method, gain, use_bias, **kwargs):
        super().__init__(**kwargs)
        if method not in METHODS:
            raise ValueError(f'method is "cayley" or "exp", not {method!r}.')
        if not (math.isfinite(gain) and gain > 0):
            raise ValueError(f"gain is a positive number, not {gain}.")
        self.method, self.gain, self.use_bias = method, float(gain), use_bias

    def add_matrix(self, inputs: int, outputs: int) -> None:
        """Add the free numbers of an (inputs, outputs) matrix, and a bias."""
        self.inputs, self.outputs = inputs, outputs
        n, r = max(inputs, outputs), min(inputs, outputs)
        self.places = lower_places(n, r)
        self.lie = self.add_weight(
            name="lie",
            shape=(stiefel_dimension(n, r),),
            initializer=keras.initializers.RandomNormal(
                stddev=TYPICAL[self.method] / math.sqrt(n)
            ),
            autocast=False,  # orthonormal only in the full precision
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(outputs,))

    def matrix(self):
        """Return the weight matrix, shape (inputs, outputs).

        Orthonormal columns if inputs >= outputs, orthonormal rows otherwise.
        """
        lie = ops.convert_to_tensor(self.lie)
        padded = ops.concatenate([lie, ops.zeros_like(lie[:1])])
        columns = stiefel(ops.take(padded, self.places, axis=0), self.method)
        if self.inputs < self.outputs:
            columns = ops.transpose(columns)
        return columns

    def weight_of(self, shape):
        """Return the matrix times the gain, in the dtype of the inputs."""
        matrix = ops.reshape(self.matrix() * self.gain, shape)
        return ops.cast(matrix, self.compute_dtype)

    def get_config(self):
        """Return what the constructor needs."""
        return {
            **super().get_config(),
            "method": self.method,
            "gain": self.gain,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="topoi")
class StiefelDense(OrthonormalWeights, keras.layers.Layer):
    """y = gain x W + b with orthonormal W, (..., inputs) -> (..., units).

    Parameters
    ----------
    units : int
        At least 2, as is the number of inputs.
    method : {"cayley", "exp"}
        From the free numbers to W.
    gain : float
        A fixed factor, such as the square root of 2 in front of a ReLU.
    use_bias : bool

    Notes
    -----
    As many weights as W has degrees of freedom. Source: Chang and Wang
    (2021) for "exp", without their normalisation.
    """

    def __init__(
        self, units, method="cayley", gain=1.0, use_bias=False, **kwargs
    ):
        super().__init__(method, gain, use_bias, **kwargs)
        self.units = _count("units", units, 2)

    def build(self, input_shape):
        """Add the weights."""
        _count("the number of inputs", input_shape[-1], 2)
        self.add_matrix(input_shape[-1], self.units)

    def compute_output_shape(self, input_shape):
        """Return (..., units)."""
        return (*input_shape[:-1], self.units)

    def call(self, inputs):
        """Return gain x W + b."""
        y = ops.matmul(inputs, self.weight_of((self.inputs, self.outputs)))
        return y if self.bias is None else y + self.bias

    def get_config(self):
        """Return what the constructor needs."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="topoi")
class StiefelConv2D(OrthonormalWeights, keras.layers.Layer):
    """A convolution whose *flattened* kernel is orthonormal.

    (n, height, width, channels) -> (n, height', width', filters).

    Parameters
    ----------
    filters, kernel_size, strides : int
    padding : {"same", "valid"}
    method, gain, use_bias
        As in `StiefelDense`.

    Notes
    -----
    The kernel, reshaped to (kernel_size^2 channels, filters), has
    orthonormal rows or columns. This makes the convolution an isometry if
    kernel_size is 1 and filters >= channels; nothing else guarantees one.
    Source: Chang and Wang (2021) for "exp"; their layer divides by the norm
    of each pixel after it, see `PixelNorm`.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="same",
        method="cayley",
        gain=1.0,
        use_bias=False,
        **kwargs,
    ):
        super().__init__(method, gain, use_bias, **kwargs)
        self.filters = _count("filters", filters, 2)
        self.kernel_size = _count("kernel_size", kernel_size)
        self.strides = _count("strides", strides)
        if padding not in ("same", "valid"):
            raise ValueError(f'padding is "same" or "valid", not {padding!r}.')
        self.padding = padding

    def build(self, input_shape):
        """Add the weights."""
        k, channels = self.kernel_size, input_shape[-1]
        _count("kernel_size^2 times channels", k * k * channels, 2)
        self.kernel_shape = (k, k, channels, self.filters)
        self.add_matrix(k * k * channels, self.filters)

    def compute_output_shape(self, input_shape):
        """Return (n, height', width', filters)."""
        cut = self.kernel_size - 1 if self.padding == "valid" else 0
        size = [
            None if side is None else -(-(side - cut) // self.strides)
            for side in input_shape[1:3]
        ]
        return (input_shape[0], *size, self.filters)

    def kernel(self):
        """Return the kernel with its gain, (k, k, channels, filters)."""
        return self.weight_of(self.kernel_shape)

    def call(self, inputs):
        """Return the convolution."""
        y = ops.conv(inputs, self.kernel(), self.strides, self.padding)
        return y if self.bias is None else y + self.bias

    def get_config(self):
        """Return what the constructor needs."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable(package="topoi")
class PixelNorm(keras.layers.Layer):
    """Divide each pixel by its norm over the channels, the last axis.

    Nothing is trained. A pixel of zeros stays zero.

    Notes
    -----
    Source: the published code of Chang and Wang (2021), where it follows
    every convolution with fewer filters than inputs to one of them.
    """

    def __init__(self, epsilon=EPSILON, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(f"epsilon is positive, not {epsilon}.")
        self.epsilon, self.supports_masking = epsilon, True

    def compute_output_shape(self, input_shape):
        """Return the shape that came in."""
        return tuple(input_shape)

    def call(self, inputs):
        """Return x / norm(x)."""
        half = self.compute_dtype in ("float16", "bfloat16")
        x = ops.cast(inputs, "float32") if half else inputs
        square = ops.sum(x * x, axis=-1, keepdims=True)  # (..., 1)
        y = x / ops.sqrt(square + self.epsilon**2)
        return ops.cast(y, self.compute_dtype)

    def get_config(self):
        """Return what the constructor needs."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="topoi")
class MaxMin(keras.layers.Layer):
    """Sort each pair of neighbouring channels, the larger one first.

    Keeps every norm, because it only exchanges entries. The last axis is
    even. Source: Anil, Lucas and Grosse (2019), GroupSort with groups of 2.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        """Refuse an odd number of channels."""
        if input_shape[-1] % 2:
            raise ValueError(
                "MaxMin sorts pairs, but the last axis has "
                f"{input_shape[-1]} entries."
            )

    def compute_output_shape(self, input_shape):
        """Return the shape that came in."""
        return tuple(input_shape)

    def call(self, inputs):
        """Return (max, min) of each pair."""
        a, b = inputs[..., 0::2], inputs[..., 1::2]
        pairs = ops.stack([ops.maximum(a, b), ops.minimum(a, b)], axis=-1)
        return ops.reshape(pairs, ops.shape(inputs))  # (..., channels)


def _count(name: str, value, least: int = 1) -> int:
    """Return a whole number, or say what is wrong with it."""
    if isinstance(value, bool) or int(value) != value or value < least:
        raise ValueError(
            f"{name} is a whole number of at least {least}, not {value}."
        )
    return int(value)
