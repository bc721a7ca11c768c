"""The equation learner as a layer of Keras, to be joined to other networks."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from topoi.symbolic_regression.training import INITIAL
from topoi.symbolic_regression.units import DEFAULT_UNITS, blocks, columns


@keras.saving.register_keras_serializable(package="topoi")
class EQLLayer(keras.layers.Layer):
    """A layer whose units are formulas, (..., rows) -> (..., units).

    Parameters
    ----------
    units : sequence of str
        Names of `UNITS`; a product reads two columns, and products stand
        last.
    deviation : float
        Standard deviation of the first weights, which are normal numbers cut
        off at two deviations.
    penalty : float
        Weight of the smoothed L0.5 penalty on the kernel. A change counts
        from the next `compile` on.
    width : float
        Half the width of the smooth part of the penalty.

    Notes
    -----
    There is no bias: constants are units. `freeze` keeps small weights at 0.
    An infinite input makes NaN in units that compute ``0 * inf``.
    Source: Kim et al. (2021).
    """

    def __init__(
        self,
        units: Sequence[str] = DEFAULT_UNITS,
        deviation: float = 0.5,
        penalty: float = 0.0,
        width: float = 0.05,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = tuple(units)
        self.columns = columns(self.units)
        if deviation <= 0 or width <= 0:
            raise ValueError(
                "EQLLayer needs deviation > 0 and width > 0; got "
                f"{deviation} and {width}."
            )
        self.deviation, self.penalty, self.width = deviation, penalty, width

    def build(self, input_shape):
        """Create the kernel and the mask, (rows, columns) each."""
        shape = (input_shape[-1], self.columns)
        self.kernel = self.add_weight(
            shape=shape,
            initializer=keras.initializers.TruncatedNormal(
                stddev=self.deviation
            ),
            name="kernel",
        )
        self.mask = self.add_weight(
            shape=shape, initializer="ones", trainable=False, name="mask"
        )

    def call(self, inputs):
        """Return the values of all units."""
        kernel = ops.cast(self.kernel, self.compute_dtype)
        kernel = kernel * ops.cast(self.mask, self.compute_dtype)
        if self.penalty:
            self.add_loss(self.penalty * l05_penalty(kernel, self.width))
        g = ops.matmul(inputs, kernel)  # (..., columns)
        parts = [
            block.unit.keras(*(g[..., c] for c in block.inputs))
            for block in blocks(self.units)
        ]
        return ops.concatenate(parts, axis=-1)  # (..., units)

    def compute_output_shape(self, input_shape):
        """Return (..., units)."""
        return (*input_shape[:-1], len(self.units))

    def freeze(self, threshold: float = 1e-2) -> int:
        """Keep small weights at 0 from now on; return how many are left."""
        kernel = ops.convert_to_numpy(self.kernel)
        kept = np.abs(kernel) > threshold
        self.mask.assign(kept.astype(kernel.dtype))
        self.kernel.assign(kernel * kept)
        return int(kept.sum())

    def get_config(self):
        """Return what the constructor needs."""
        return {
            **super().get_config(),
            "units": list(self.units),
            "deviation": self.deviation,
            "penalty": self.penalty,
            "width": self.width,
        }


def l05_penalty(kernel, width: float = 0.05):
    """Return the sum of the smoothed L0.5 penalty over a tensor."""
    size = ops.abs(kernel)
    small = ops.minimum(size, width)  # the branch not taken stays finite
    inside = -(small**4) / (8 * width**3) + 3 * small**2 / (4 * width)
    inside = inside + 3 * width / 8
    return ops.sum(ops.sqrt(ops.where(size < width, inside, size)))


def build_eql(
    inputs: int,
    outputs: int = 1,
    depth: int = 2,
    units: Sequence[str] = DEFAULT_UNITS,
    penalty: float = 0.0,
) -> keras.Sequential:
    """Return an untrained equation learner.

    Parameters
    ----------
    inputs, outputs : int
        Numbers of inputs and outputs.
    depth : int
        Hidden layers; the output layer is linear, without a bias.
    units : sequence of str
        The units of each hidden layer.
    penalty : float
        Weight of the penalty on all kernels.
    """
    first, middle, last = INITIAL
    hidden = [
        EQLLayer(units, middle if k else first, penalty) for k in range(depth)
    ]
    end = EQLLayer(("identity",) * outputs, last, penalty)
    return keras.Sequential([keras.Input((inputs,)), *hidden, end])


def eql_layers(model: keras.Model) -> list[EQLLayer]:
    """Return the equation-learner layers of a model, nested ones too."""
    found = []
    for layer in model.layers:
        if isinstance(layer, EQLLayer):
            found.append(layer)
        elif hasattr(layer, "layers"):
            found += eql_layers(layer)
    return found


def freeze_all(model: keras.Model, threshold: float = 1e-2) -> int:
    """Freeze all equation-learner layers and drop their penalty.

    Compile again afterwards. Returns how many weights are left.
    """
    left = 0
    for layer in eql_layers(model):
        layer.penalty = 0.0
        left += layer.freeze(threshold)
    return left


def network_weights(model: keras.Model) -> list[np.ndarray]:
    """Return the masked kernels of an equation learner, as `forward` reads."""
    return [
        ops.convert_to_numpy(layer.kernel * layer.mask).astype("float64")
        for layer in eql_layers(model)
    ]


def train_and_freeze(
    model: keras.Model,
    inputs,
    outputs: np.ndarray,
    epochs: int,
    learning_rate: float = 3e-3,
    threshold: float = 3e-2,
    scale: float = 1.0,
    batch_size: int = 64,
) -> int:
    """Train with the penalty, freeze, and train on without it.

    Parameters
    ----------
    model : keras.Model
        Holds equation-learner layers, or none.
    inputs, outputs
        What `fit` takes.
    epochs : int
        Passes over the data before the freeze; a quarter as many follow.
    learning_rate : float
        Of Adam; falls to 0 as a cosine in both phases, the second of which
        begins at a third.
    threshold : float
        Smaller weights of the equation learner are frozen at 0.
    scale : float
        The square error is divided by its square.
    batch_size : int

    Returns
    -------
    int
        How many weights of the equation learner are left.

    Raises
    ------
    FloatingPointError
        If the loss is not finite at the end.
    """
    if epochs < 1:
        raise ValueError(f"epochs is at least 1, got {epochs}.")

    quicker = {}
    if keras.backend.backend() == "tensorflow":
        quicker = {"steps_per_execution": 16, "jit_compile": False}

    def phase(epochs, rate):
        steps = epochs * max(1, len(outputs) // batch_size)
        falling = keras.optimizers.schedules.CosineDecay(rate, steps)
        model.compile(
            keras.optimizers.Adam(falling, clipnorm=1.0),
            "mse",
            loss_weights=[scale**-2],
            **quicker,
        )
        seen = model.fit(
            inputs, outputs, batch_size=batch_size, epochs=epochs, verbose=0
        )
        if not np.isfinite(seen.history["loss"][-1]):
            raise FloatingPointError("The loss is not finite. Lower the rate.")

    phase(epochs, learning_rate)
    left = freeze_all(model, threshold)
    phase(max(1, epochs // 4), learning_rate / 3)
    return left
