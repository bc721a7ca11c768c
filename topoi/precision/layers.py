"""A dense layer of Keras whose products see rounded operands only."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from topoi.precision.formats import FORMATS

_CASTS = ("bfloat16", "float16")


@keras.saving.register_keras_serializable(package="topoi")
class LowPrecisionDense(keras.layers.Layer):
    """Dense layer, (..., inputs) -> (..., units), in an emulated format.

    Kernel and bias are float32. Inputs, kernel and, in the backward pass,
    the incoming error are rounded before they are multiplied; sums are
    float32. That is what matrix units do whose inputs are narrow and whose
    accumulators are not.

    Parameters
    ----------
    units : int
        Number of outputs.
    target : {"bfloat16", "float16"}
        Format of the operands.
    activation : str or callable, optional
        Applied to the float32 result.

    Notes
    -----
    NaN and infinity in an input go through as in `keras.layers.Dense`.
    """

    def __init__(
        self,
        units: int,
        target: str = "bfloat16",
        activation=None,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        if self.compute_dtype != "float32":
            raise ValueError(
                "LowPrecisionDense emulates narrow formats in float32, but "
                f"its dtype is {self.compute_dtype}. Leave dtype out, and "
                "choose the format with `target`."
            )
        if target not in _CASTS:
            raise ValueError(
                f"LowPrecisionDense knows {' and '.join(_CASTS)}, but target "
                f"is {target!r}. For the other formats "
                f"({', '.join(set(FORMATS) - set(_CASTS))}) use round_to."
            )
        self.units, self.target = units, target
        self.activation = keras.activations.get(activation)
        self.supports_masking = True

    def build(self, input_shape):
        """Create kernel and bias."""
        shape = (input_shape[-1], self.units)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.bias = self.add_weight(
            shape=(self.units,), initializer="zeros", name="bias"
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the outputs."""
        return (*input_shape[:-1], self.units)

    def call(self, inputs):
        """Return activation(round(inputs) @ round(kernel) + bias)."""
        x = straight_through(inputs, self.target)
        kernel = straight_through(self.kernel, self.target)
        product = round_error(self.target)(ops.matmul(x, kernel))
        return self.activation(product + self.bias)

    def get_config(self):
        """Return what the constructor needs."""
        return {
            **super().get_config(),
            "units": self.units,
            "target": self.target,
            "activation": keras.activations.serialize(self.activation),
        }


def _rounded(x, target: str):
    return ops.cast(ops.cast(x, target), "float32")


def straight_through(x: Any, target: str) -> Any:
    """Round on the way in; let errors pass as if nothing had happened.

    The difference of a number and its rounded value is a float32, so the sum
    below is the rounded value exactly. Infinity stays itself: it has no
    difference to its rounded value, inf - inf is NaN.
    """
    x = ops.convert_to_tensor(x)
    gap = ops.where(ops.isinf(x), ops.zeros_like(x), _rounded(x, target) - x)
    return x + ops.stop_gradient(gap)


def round_error(target: str) -> Callable[[Any], Any]:
    """Return an identity that rounds the error on the way back.

    Its value is its argument; its derivative is rounded to `target`.
    """

    @ops.custom_gradient
    def identity(y):
        def grad(*args, upstream=None):
            return _rounded(args[0] if upstream is None else upstream, target)

        return y, grad

    return identity
