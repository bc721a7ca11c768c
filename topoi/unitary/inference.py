"""Before a network is used: fixed weights, and batch norm folded away."""

import keras
import numpy as np
from keras import layers, ops

from topoi.unitary.layers import StiefelConv2D


def freeze_stiefel(model: keras.Model) -> keras.Model:
    """Return the same function with ordinary convolutions.

    Each `StiefelConv2D` computes its kernel once and becomes a `Conv2D`.

    Parameters
    ----------
    model : keras.Model
        A functional one.
    """

    def plain(layer):
        if not isinstance(layer, StiefelConv2D):
            return layer.__class__.from_config(layer.get_config())
        return layers.Conv2D(
            layer.filters,
            layer.kernel_size,
            layer.strides,
            layer.padding,
            use_bias=layer.use_bias,
            name=layer.name,
        )

    frozen = keras.models.clone_model(model, clone_function=plain)
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, StiefelConv2D):
            kernel = ops.cast(layer.kernel(), layer.variable_dtype)
            weights = [ops.convert_to_numpy(kernel), *weights[1:]]
        if weights:
            frozen.get_layer(layer.name).set_weights(weights)
    return frozen


def fold_batchnorm(model: keras.Model) -> keras.Model:
    """Return the same function, without batch normalisation.

    At inference batch normalisation multiplies each channel by a constant
    and adds another one. So does a convolution with other weights and a
    bias.

    Parameters
    ----------
    model : keras.Model
        A functional one, in which every `BatchNormalization` follows a
        `Conv2D`.

    Raises
    ------
    ValueError
        If one follows anything else.
    """
    folds = {}  # name of a convolution -> its batch normalisation
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            before = layer.input._keras_history.operation
            if not isinstance(before, layers.Conv2D):
                raise ValueError(
                    f"{layer.name} follows {before.name}, which is no Conv2D:"
                    " it cannot be folded."
                )
            folds[before.name] = layer

    def folded(layer):
        config = layer.get_config()
        if layer.name in folds:
            config["use_bias"] = True
        return layer.__class__.from_config(config)

    def passed(layer, inputs, *args, **kwargs):
        if isinstance(layer, layers.BatchNormalization):
            return inputs
        return layer(inputs, *args, **kwargs)

    lean = keras.models.clone_model(
        model, clone_function=folded, call_function=passed
    )
    for layer in model.layers:
        if layer.name in folds:
            weights = folded_weights(layer, folds[layer.name])
            lean.get_layer(layer.name).set_weights(weights)
        elif layer.weights and not isinstance(
            layer, layers.BatchNormalization
        ):
            lean.get_layer(layer.name).set_weights(layer.get_weights())
    return lean


def folded_weights(conv, norm) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of norm(conv(x)) as one convolution."""
    kernel, *bias = conv.get_weights()  # (k, k, in, out)
    mean, variance = (
        ops.convert_to_numpy(v)
        for v in (norm.moving_mean, norm.moving_variance)
    )
    scale = 1 / np.sqrt(variance + norm.epsilon)  # (out,)
    if norm.scale:
        scale = scale * ops.convert_to_numpy(norm.gamma)
    shift = (bias[0] if bias else 0) - mean
    beta = ops.convert_to_numpy(norm.beta) if norm.center else 0
    return kernel * scale, shift * scale + beta
