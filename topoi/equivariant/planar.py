"""Convolutions that turn with the picture: layers for p4 and p4m.

A kernel is stored once; its turned copies, the *filter bank*, are gathered
by a constant table and used in one ordinary convolution. `freeze` stores
the bank for inference.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from topoi.convolution import convolve
from topoi.equivariant.groups import (
    SquareGroup,
    check_count,
    check_square,
)


class _BankConv2D(layers.Layer):
    """What lifting and group convolution share: bank, convolution, bias."""

    _lifting: bool

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        group: str = "p4",
        strides: int = 1,
        padding: str = "valid",
        use_bias: bool = True,
        kernel_initializer: Any = "he_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, number in (
            ("filters", filters),
            ("kernel_size", kernel_size),
            ("strides", strides),
        ):
            check_count(name, number)
        _check_padding(type(self).__name__, padding, kernel_size, strides)
        self.filters = filters
        self.kernel_size = kernel_size
        self.group = SquareGroup(group)
        self.strides = strides
        self.padding = padding
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        """Create the kernel (k, k, channels in, filters) and the bias."""
        self._check_input(input_shape)
        n = 1 if self._lifting else self.group.order
        self._channels_in = n * input_shape[-1]
        self._table = _turn_table(self.kernel_size, n, self.group)
        self.kernel = self.add_weight(
            shape=(self.kernel_size,) * 2 + (self._channels_in, self.filters),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.filters,), initializer="zeros", name="bias"
            )

    def filter_bank(self):
        """Return all turned kernels, (k, k, channels in, order * filters)."""
        k, order = self.kernel_size, self.group.order
        places = len(self._table)
        channels = k * k * self._channels_in // places
        # A place is a pixel of the kernel and, after lifting, an element h.
        parts = ops.reshape(self.kernel, (places, channels, self.filters))
        bank = ops.take(parts, self._table, axis=0)  # (places, g, c, filters)
        bank = ops.transpose(bank, (0, 2, 1, 3))  # (places, c, g, filters)
        # (k, k, h * c, g * filters): what one ordinary convolution takes
        return ops.reshape(bank, (k, k, -1, order * self.filters))

    def call(self, inputs):
        """Correlate with the bank; one bias a filter, shared by all turns."""
        shape = self.compute_output_shape(inputs.shape)
        bias = ops.tile(self.bias, shape[3]) if self.use_bias else None
        y = convolve(
            _merge(inputs),  # (batch, N, N, h * c)
            self.filter_bank(),
            bias,
            self.strides,
            self.padding,
        )  # (batch, N', N', g * filters)
        return ops.reshape(y, (-1, *shape[1:]))  # (batch, N', N', g, filters)

    def compute_output_shape(self, input_shape):
        """Return (batch, side, side, order, filters)."""
        self._check_input(input_shape)
        side = _side(
            input_shape[1], self.kernel_size, self.strides, self.padding
        )
        return (input_shape[0], side, side, self.group.order, self.filters)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "group": self.group.name,
            "strides": self.strides,
            "padding": self.padding,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }

    def _check_input(self, shape):
        rank = 4 if self._lifting else 5
        group_axis = None if self._lifting else self.group.order
        _check_input(type(self).__name__, shape, rank, group_axis)


@keras.saving.register_keras_serializable(package="topoi")
class LiftingConv2D(_BankConv2D):
    """(batch, N, N, channels) -> (batch, N', N', order, filters).

    Channel (g, c) answers to kernel c turned by g.

    Parameters
    ----------
    filters, kernel_size : int
        Kernels learnt; their side.
    group : {"p4", "p4m"}
        Quarter turns, or turns and mirrors.
    strides : int
        Step; exact only where `is_exact_size` says so.
    padding : {"valid", "same"}
        "same" is for odd kernels at stride 1: else one side would get more
        zeros than the other.
    use_bias : bool
        One number a filter, shared by the group axis.
    kernel_initializer : str or Initializer
        For the shared kernel.

    Raises
    ------
    ValueError
        If the picture is not square, the rank is wrong, a number is not
        positive, the padding is unknown or lopsided, or the kernel does not
        fit.

    Notes
    -----
    Costs one convolution to ``order * filters`` channels. Source: Cohen
    and Welling (2016), equation 10.
    """

    _lifting = True


@keras.saving.register_keras_serializable(package="topoi")
class GroupConv2D(_BankConv2D):
    """(batch, N, N, order, c) -> (batch, N', N', order, filters).

    The kernel is a function on pixels *and* group; a turn moves its pixels
    and permutes its group axis. Arguments and errors are those of
    `LiftingConv2D`; the group axis must be as long as the group.

    Notes
    -----
    ``order * k**2 * c * filters`` weights; costs one convolution from
    ``order * c`` to ``order * filters`` channels. Source: Cohen and Welling
    (2016), equation 11.
    """

    _lifting = False


@keras.saving.register_keras_serializable(package="topoi")
class FrozenGroupConv2D(layers.Layer):
    """A lifting or group convolution whose filter bank is stored.

    Made by `freeze`; for inference only. The weights are those of one
    ordinary convolution, and none is trainable.

    Parameters
    ----------
    filters, kernel_size, order, strides, padding
        As in the layer it came from; `order` is that of the group.
    activation : str or callable, optional
        Applied to the result.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        order: int,
        strides: int = 1,
        padding: str = "valid",
        activation: Any = None,
        **kwargs,
    ):
        super().__init__(**{**kwargs, "trainable": False})
        for name, number in (
            ("filters", filters),
            ("kernel_size", kernel_size),
            ("order", order),
            ("strides", strides),
        ):
            check_count(name, number)
        _check_padding(type(self).__name__, padding, kernel_size, strides)
        self.filters = filters
        self.kernel_size = kernel_size
        self.order = order
        self.strides = strides
        self.padding = padding
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Create the bank and a bias."""
        self.compute_output_shape(input_shape)
        channels = int(np.prod(input_shape[3:]))  # c, or h * c
        self.bank = self.add_weight(
            shape=(self.kernel_size,) * 2
            + (channels, self.order * self.filters),
            name="bank",
        )
        self.bias = self.add_weight(
            shape=(self.order * self.filters,), name="bias"
        )

    def call(self, inputs):
        """Correlate with the stored bank."""
        y = convolve(
            _merge(inputs), self.bank, self.bias, self.strides, self.padding
        )
        y = self.activation(y)  # (batch, N', N', g * filters)
        return ops.reshape(y, (-1, *y.shape[1:3], self.order, self.filters))

    def compute_output_shape(self, input_shape):
        """Return (batch, side, side, order, filters)."""
        rank = 4 if len(input_shape) == 4 else 5  # before or after lifting
        _check_input("FrozenGroupConv2D", input_shape, rank, None)
        side = _side(
            input_shape[1], self.kernel_size, self.strides, self.padding
        )
        return (input_shape[0], side, side, self.order, self.filters)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "order": self.order,
            "strides": self.strides,
            "padding": self.padding,
            "activation": keras.activations.serialize(self.activation),
        }


@keras.saving.register_keras_serializable(package="topoi")
class GroupAveragePool2D(layers.Layer):
    """Mean over windows: (batch, N, N, order, c) -> (batch, N', N', ...).

    Parameters
    ----------
    pool_size, strides : int
        Side of a window, and step. Exact under turns when
        ``is_exact_size(N, pool_size, strides)``.

    Raises
    ------
    ValueError
        If a number is below 1, or the input is not a square group feature.
    """

    def __init__(self, pool_size: int = 2, strides: int | None = None, **kw):
        super().__init__(**kw)
        self.pool_size = pool_size
        self.strides = pool_size if strides is None else strides
        check_count("pool_size", self.pool_size)
        check_count("strides", self.strides)

    def call(self, inputs):
        """Pool the merged channels, then split them again."""
        shape = self.compute_output_shape(inputs.shape)
        merged = _merge(inputs)  # (batch, N, N, order * c)
        pooled = ops.average_pool(
            merged, self.pool_size, self.strides, "valid", "channels_last"
        )  # (batch, N', N', order * c)
        return ops.reshape(pooled, (-1, *shape[1:]))

    def compute_output_shape(self, input_shape):
        """Return the shape with both sides shortened."""
        _check_input("GroupAveragePool2D", input_shape, 5, None)
        side = _side(input_shape[1], self.pool_size, self.strides, "valid")
        return (input_shape[0], side, side, *input_shape[3:])

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
        }


@keras.saving.register_keras_serializable(package="topoi")
class GroupPool(layers.Layer):
    """Reduce the group axis: (..., order, channels) -> (..., channels).

    What is left is a picture that turns with the input, and after a global
    spatial pool an invariant vector.

    Parameters
    ----------
    mode : {"max", "mean"}
        How the values of one pixel are reduced. A maximum keeps NaN, and
        leaves minus infinity out.

    Raises
    ------
    ValueError
        If the mode is unknown, or the input is no group feature.
    """

    def __init__(self, mode: str = "max", **kwargs):
        super().__init__(**kwargs)
        if mode not in ("max", "mean"):
            raise ValueError(
                'GroupPool has the modes "max" and "mean", but got '
                f"{mode!r}. Choose one of the two."
            )
        self.mode = mode

    def call(self, inputs):
        """Take the maximum or the mean over the group axis."""
        self.compute_output_shape(inputs.shape)
        if self.mode == "max":
            return ops.max(inputs, axis=-2)
        # not ops.mean, which sums float64 as float32 on JAX and PyTorch
        return ops.sum(inputs, axis=-2) / inputs.shape[-2]

    def compute_output_shape(self, input_shape):
        """Return the shape without the group axis."""
        _check_input("GroupPool", input_shape, 5, None)
        return (*input_shape[:-2], input_shape[-1])

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "mode": self.mode}


def group_batchnorm(**kwargs) -> layers.BatchNormalization:
    """Return batch normalisation whose statistics all turns share.

    It normalises the last axis only. A layer that normalised the merged
    ``order * channels`` axis would treat turned copies differently.
    """
    return layers.BatchNormalization(axis=-1, **kwargs)


def freeze(model: keras.Model) -> keras.Model:
    """Return a copy for inference that stores every filter bank.

    The copy computes the same function with plain convolutions: the turned
    kernels are no longer gathered at each call. In a Sequential model each
    convolution also takes over the normalisation and the activation after
    it. The copy does not follow later training of `model`.

    Parameters
    ----------
    model : keras.Model
        Built, Sequential or functional; may contain other such models.

    Raises
    ------
    ValueError
        If the model is not built.
    """
    if not model.built:
        raise ValueError(
            f"freeze needs a built model, but {model.name!r} has no weights "
            "yet. Call it on an input first."
        )
    if isinstance(model, keras.Sequential):
        return _frozen_chain(model)
    copy = keras.models.clone_model(model, clone_function=_frozen_layer)
    for layer, twin in zip(model.layers, copy.layers, strict=True):
        twin.set_weights(_frozen_weights(layer, twin))
    return copy


def _frozen_chain(model: keras.Sequential) -> keras.Sequential:
    """Freeze the layers one after another, and fold what can be folded."""
    chain = []  # layers and their weights
    for layer in model.layers:
        if not (chain and _fold(layer, *chain[-1])):
            twin = _frozen_layer(layer)
            chain.append((twin, _frozen_weights(layer, twin)))
    start = keras.Input(
        batch_shape=model.input_shape, dtype=model.inputs[0].dtype
    )
    twins = [twin for twin, _ in chain]
    copy = keras.Sequential([start, *twins], name=model.name)
    for twin, weights in chain:
        twin.set_weights(weights)
    return copy


def _frozen_weights(layer: layers.Layer, twin: layers.Layer) -> list:
    """Return the weights of a layer's frozen twin; models have theirs."""
    if isinstance(layer, keras.Model):
        return twin.get_weights()
    if not isinstance(layer, _BankConv2D):
        return layer.get_weights()
    bank = ops.convert_to_numpy(layer.filter_bank()).copy()
    bias = np.zeros(layer.filters, bank.dtype)
    if layer.use_bias:
        bias = ops.convert_to_numpy(layer.bias)
    return [bank, np.tile(bias, layer.group.order)]


def _fold(layer: layers.Layer, last: layers.Layer, weights: list) -> bool:
    """Let a frozen convolution do the work of the layer after it, if it can.

    Normalisation is then in the bank and the bias, for inference.
    """
    linear = keras.activations.linear
    if type(last) is not FrozenGroupConv2D or last.activation is not linear:
        return False
    if type(layer) is layers.Activation:
        last.activation = layer.activation
        return True
    if type(layer) is layers.BatchNormalization and layer.axis in (-1, 4):
        gain, shift = (
            np.tile(part, last.order) for part in _gain_and_shift(layer)
        )
        weights[0] *= gain  # (k, k, channels, g * filters) * (g * filters,)
        weights[1] = weights[1] * gain + shift
        return True
    return False


def _gain_and_shift(layer: layers.BatchNormalization) -> tuple:
    """Return what a normalisation multiplies by and adds at inference."""
    mean, variance = (
        ops.convert_to_numpy(part)
        for part in (layer.moving_mean, layer.moving_variance)
    )
    gain = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        gain = gain * ops.convert_to_numpy(layer.gamma)
    shift = -mean * gain
    if layer.center:
        shift = shift + ops.convert_to_numpy(layer.beta)
    return gain, shift


def _frozen_layer(layer: layers.Layer) -> layers.Layer:
    if isinstance(layer, keras.Model):
        return freeze(layer)
    if not isinstance(layer, _BankConv2D):
        return type(layer).from_config(layer.get_config())
    return FrozenGroupConv2D(
        layer.filters,
        layer.kernel_size,
        layer.group.order,
        layer.strides,
        layer.padding,
        name=layer.name,
        dtype=layer.dtype_policy,
    )


def _turn_table(k: int, n: int, group: SquareGroup) -> np.ndarray:
    """Return whose weight stands at a place of each turned kernel.

    Parameters
    ----------
    k, n : int
        Side of the kernel; length of its group axis, 1 when lifting.

    Returns
    -------
    ndarray of int32, shape (k * k * n, order)
    """
    places = np.arange(k * k * n).reshape(1, k, k, n)  # one numbered kernel
    act = group.act_image if n == 1 else group.act_feature
    turned = [act(g, places).ravel() for g in range(group.order)]
    return np.stack(turned, axis=-1).astype(np.int32)  # (k * k * n, order)


def _merge(x):
    """Return x with all axes after the second side merged into channels.

    (batch, N, N, c) stays; (batch, N, N, h, c) becomes (batch, N, N, h * c).
    """
    return ops.reshape(x, (-1, *x.shape[1:3], int(np.prod(x.shape[3:]))))


def _side(side: int, k: int, stride: int, padding: str) -> int:
    if padding == "same":
        return -(-side // stride)
    if k > side:
        raise ValueError(
            f"The window must fit into the picture: its side is {k}, that "
            f"of the picture {side}. Pad, or take a smaller window."
        )
    return (side - k) // stride + 1


def _check_padding(layer: str, padding: str, k: int, strides: int) -> None:
    lopsided = padding == "same" and (k % 2 == 0 or strides > 1)
    if padding not in ("valid", "same") or lopsided:
        raise ValueError(
            f'{layer} needs padding "valid", or "same" with an odd kernel '
            f"and stride 1, but got padding={padding!r}, kernel_size={k} and "
            f"strides={strides}: one side would get more zeros than the "
            "other, and a turn would not preserve that. Take an odd kernel "
            "at stride 1, or pad with keras.layers.ZeroPadding2D and use "
            '"valid".'
        )


def _check_input(layer: str, shape, rank: int, order: int | None) -> None:
    if len(shape) != rank or order not in (None, shape[3]):
        wanted = "side, side, channels"
        if rank == 5:
            wanted = f"side, side, {order or 'order'}, channels"
        raise ValueError(
            f"{layer} needs input of shape (batch, {wanted}), but got "
            f"{tuple(shape)}. A lifting convolution adds the group axis."
        )
    check_square(shape)
