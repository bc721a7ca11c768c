"""Formulas as layers of Keras: each unit is one formula.

The last axis counts formulas that stand side by side, so a layer maps
(batch, time, formulas) to (batch, time', formulas').
"""

import keras
import numpy as np
from keras import ops

_FAR = -1e30  # the exponent of what has weight 0
_TINY = 1e-30


def soft_min_shares(r, w, sigma: float):
    """Return the shares q of a soft minimum; they add up to 1.

    Parameters
    ----------
    r : tensor, shape (..., n)
        In float32 or float64.
    w : tensor, broadcast to the shape of r
        Weights, of which the absolute values count.
    sigma : float
        Softness, above 0.

    Returns
    -------
    tensor, shape (..., n)
        Proportional to ``|w| exp(-r / sigma)``.
    """
    w = ops.abs(ops.cast(w, r.dtype))
    exponent = ops.log(ops.maximum(w, _TINY)) - r / sigma
    exponent = ops.where(w > 0, exponent, ops.cast(_FAR, r.dtype))
    return ops.softmax(exponent, axis=-1)


def weighted_soft_min(r, w, sigma: float):
    """Return the soft minimum along the last axis, as `soft_min` does.

    Parameters
    ----------
    r, w, sigma
        As for `soft_min_shares`.

    Returns
    -------
    tensor, shape (...)
        In the dtype of r, computed in float32 at least.
    """
    kind = keras.backend.standardize_dtype(r.dtype)
    wide = ops.cast(r, kind if kind == "float64" else "float32")
    q = soft_min_shares(wide, w, sigma)
    return ops.cast(ops.sum(q * wide, axis=-1), kind)


@keras.saving.register_keras_serializable(package="topoi")
class PredicateLayer(keras.layers.Layer):
    """Linear predicates, (batch, time, channels) -> (batch, time, units).

    Unit k gives the margin ``a_k . x - b_k`` of the predicate
    ``a_k . x >= b_k``.

    Parameters
    ----------
    units : int
        Predicates side by side.
    """

    def __init__(self, units: int = 1, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"units is at least 1, got {units}.")
        self.units = units

    def build(self, input_shape):
        """Create coefficients and bounds."""
        channels = input_shape[-1]
        size = 1 / np.sqrt(channels)
        self.a = self.add_weight(
            shape=(channels, self.units),
            initializer=keras.initializers.RandomNormal(stddev=size),
            name="a",
        )
        self.b = self.add_weight(
            shape=(self.units,),
            initializer=keras.initializers.RandomNormal(stddev=0.5),
            name="b",
        )

    def call(self, x):
        """Return the margins."""
        return ops.matmul(x, self.a) - self.b

    def compute_output_shape(self, input_shape):
        """Return (batch, time, units)."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return what a copy needs."""
        return {**super().get_config(), "units": self.units}


class _Combination(keras.layers.Layer):
    """Weights, softness and gates; a subclass says what is combined."""

    def __init__(
        self,
        sigma: float = 1.0,
        gates: bool = False,
        gate_cost: float = 0.01,
        gate_doubt: float = 0.01,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not sigma > 0:
            raise ValueError(f"sigma is a softness > 0, got {sigma}.")
        self.sigma, self.gates = sigma, gates
        self.gate_cost, self.gate_doubt = gate_cost, gate_doubt

    def add_combination(self, shape: tuple[int, ...]) -> None:
        """Create weights of this shape, and gates if there are any."""
        self.w = self.add_weight(
            shape=shape,
            initializer=keras.initializers.RandomUniform(0.5, 1.5),
            name="w",
        )
        self.gate_logits = None
        if self.gates:
            self.gate_logits = self.add_weight(
                shape=shape,
                initializer=keras.initializers.Constant(2.0),
                name="gate_logits",
            )

    def weights_in_use(self):
        """Return |w|, times the gates if there are any."""
        w = ops.abs(self.w)
        return w if self.gate_logits is None else w * self.open_gates()

    def open_gates(self):
        """Return the gates g, divided by the largest of their formula."""
        g = ops.sigmoid(self.gate_logits)
        return g / ops.max(g, axis=-1, keepdims=True)

    def pay_for_gates(self) -> None:
        """Add cost * sum g + doubt * sum g (1 - g) to the loss."""
        if self.gate_logits is not None:
            g = self.open_gates()
            doubt = ops.sum(g * (1 - g))
            self.add_loss(self.gate_cost * ops.sum(g))
            self.add_loss(self.gate_doubt * doubt)

    def get_config(self):
        """Return what a copy needs."""
        return {
            **super().get_config(),
            "sigma": self.sigma,
            "gates": self.gates,
            "gate_cost": self.gate_cost,
            "gate_doubt": self.gate_doubt,
        }


@keras.saving.register_keras_serializable(package="topoi")
class AlwaysLayer(_Combination):
    """Each unit at all times of a window, (b, time, k) -> (b, time', k).

    Parameters
    ----------
    start, stop : int
        The window runs from now + start to now + stop, both included;
        time' is ``time - stop``.
    sigma : float
        Softness, above 0.
    gates : bool
        Whether each weight gets a gate that training may close. Gates are
        divided by the largest of their formula: only the ratios of weights
        count, so otherwise all gates could close together at no cost.
    gate_cost, gate_doubt : float
        Prices of open gates, and of gates that are neither open nor closed.
    """

    _sign = 1.0

    def __init__(self, start: int, stop: int, sigma=1.0, **kwargs):
        super().__init__(sigma=sigma, **kwargs)
        if not 0 <= start <= stop:
            raise ValueError(
                f"A window has 0 <= start <= stop, got [{start}:{stop}]."
            )
        self.start, self.stop = start, stop

    def build(self, input_shape):
        """Create one weight for each formula and step."""
        self._check(input_shape)
        self.add_combination((input_shape[-1], self.stop - self.start + 1))

    def _check(self, input_shape):
        if input_shape[1] is None or input_shape[1] <= self.stop:
            raise ValueError(
                f"The window ends at step {self.stop}, so a signal needs "
                f"at least {self.stop + 1} steps; got {input_shape[1]}."
            )

    def call(self, r):
        """Return the margins of the combinations."""
        self.pay_for_gates()
        r = self._sign * self.windows(r)  # (batch, time', units, window)
        w = self.weights_in_use()
        return self._sign * weighted_soft_min(r, w, self.sigma)

    def windows(self, r):
        """Return each time's window, (batch, time', units, window)."""
        length = r.shape[1] - self.stop
        steps = range(self.start, self.stop + 1)
        return ops.stack([r[:, t : t + length] for t in steps], axis=-1)

    def shares(self, r):
        """Return the shares q of the steps, (batch, time', units, window)."""
        r = ops.cast(self._sign * self.windows(r), "float32")
        return soft_min_shares(r, self.weights_in_use(), self.sigma)

    def compute_output_shape(self, input_shape):
        """Return (batch, time - stop, k)."""
        self._check(input_shape)
        batch, time, units = input_shape
        return (batch, time - self.stop, units)

    def get_config(self):
        """Return what a copy needs."""
        window = {"start": self.start, "stop": self.stop}
        return {**super().get_config(), **window}


@keras.saving.register_keras_serializable(package="topoi")
class EventuallyLayer(AlwaysLayer):
    """Each unit at some time of a window: minus `AlwaysLayer` of minus."""

    _sign = -1.0


@keras.saving.register_keras_serializable(package="topoi")
class AndLayer(_Combination):
    """All units together, (batch, time, k) -> (batch, time, 1).

    Parameters
    ----------
    sigma : float
        Softness, above 0.
    gates, gate_cost, gate_doubt
        As in `AlwaysLayer`.
    """

    _sign = 1.0

    def build(self, input_shape):
        """Create one weight for each formula."""
        self.add_combination((input_shape[-1],))

    def call(self, r):
        """Return the margins of the combinations."""
        self.pay_for_gates()
        w = self.weights_in_use()
        found = weighted_soft_min(self._sign * r, w, self.sigma)
        return self._sign * ops.expand_dims(found, -1)

    def compute_output_shape(self, input_shape):
        """Return (batch, time, 1)."""
        return (*input_shape[:-1], 1)


@keras.saving.register_keras_serializable(package="topoi")
class OrLayer(AndLayer):
    """At least one unit: minus `AndLayer` of minus the margins."""

    _sign = -1.0
