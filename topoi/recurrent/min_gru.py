"""MinGRU: a gated recurrence that one scan solves."""

from collections.abc import Callable

import keras
from keras import ops

from topoi.recurrent.checks import check_rank, output_shape, positive
from topoi.recurrent.masks import zero_masked
from topoi.recurrent.scans import scan_linear


@keras.saving.register_keras_serializable(package="topoi")
class MinGRU(keras.layers.Layer):
    """Gated linear recurrence: (batch, time, n) -> (batch, time, units).

    h_t = (1 - z_t) h_{t-1} + z_t v_t, where gate and candidate read the
    input only, z_t = sigmoid(x_t W_z + b_z) and v_t = act(x_t W_v + b_v).
    Without h in the gates the recurrence is linear, and one scan solves it.

    Parameters
    ----------
    units : int
        Width of the state.
    activation : str or callable, optional
        Applied to the candidate; none by default.
    return_sequences : bool
        All states, or the last one of shape (batch, units).
    method : {"tree", "doubling"}
        How `scan_linear` computes them.

    Raises
    ------
    ValueError
        If `units` is not positive, the method is unknown, the input is not
        of rank 3, or its time length is unknown.

    Notes
    -----
    A masked step leaves the state as it is. z here takes the *new* value,
    the other way round than in `gru_step`. Source: Feng et al. (2024).
    """

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = None,
        return_sequences: bool = True,
        method: str = "tree",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = positive("MinGRU", "units", units)
        self.method = method
        self.activation = keras.activations.get(activation)
        self.return_sequences = return_sequences
        self.supports_masking = True

    def build(self, input_shape):
        """Create kernel (n, 2 units) and bias, gate first."""
        check_rank("MinGRU", input_shape, known_length=True)
        shape = (input_shape[-1], 2 * self.units)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.bias = self.add_weight(
            shape=shape[1:], initializer="zeros", name="bias"
        )

    def gate_and_value(self, inputs):
        """Return z and v, each of shape (batch, time, units)."""
        # (batch, time, n) @ (n, 2 units), then cut in two along the units
        # (not ops.matmul, which turns float64 into float32 on PyTorch)
        inputs = ops.convert_to_tensor(inputs)  # arrays come in as well
        product = inputs @ ops.convert_to_tensor(self.kernel)
        z, v = ops.split(product + self.bias, 2, -1)
        return ops.sigmoid(z), self.activation(v)

    def call(self, inputs, mask=None):
        """Return the states; a masked step keeps the state."""
        z, v = self.gate_and_value(zero_masked(inputs, mask))
        z = zero_masked(z, mask)  # a closed gate keeps the state
        h = scan_linear(1 - z, z * v, method=self.method)
        return h if self.return_sequences else h[:, -1]

    def compute_mask(self, inputs, mask=None):
        """Pass the mask on with sequences only."""
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        """Return the shape of the states, or of the last one."""
        check_rank("MinGRU", input_shape, known_length=True)
        return output_shape(input_shape, self.units, self.return_sequences)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "return_sequences": self.return_sequences,
            "method": self.method,
        }
