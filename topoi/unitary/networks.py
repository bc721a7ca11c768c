"""Small residual networks that differ in one thing, and ResNet-44."""

from typing import NamedTuple

import keras
from keras import layers

from topoi.unitary.layers import MaxMin, PixelNorm, StiefelConv2D

# What stands behind the convolutions, and what their weights are.
VARIANTS = {
    "unitary": ("stiefel", "pixel"),  # as published
    "batch norm": ("free", "batch"),
    "pixel norm": ("free", "pixel"),
    "manifold": ("stiefel", None),
    "none": ("free", None),
}


class Shape(NamedTuple):
    """A convolution: its name, kernel side and channels."""

    name: str
    k: int
    channels: int
    filters: int

    @property
    def contracting(self) -> bool:
        """Whether it has fewer filters than inputs to one of them."""
        return self.filters < self.k**2 * self.channels


def conv_unit(
    x: keras.KerasTensor,
    filters: int,
    kernel_size: int,
    variant: str,
    strides: int = 1,
) -> keras.KerasTensor:
    """Add a convolution without bias, and what its variant puts behind it.

    Parameters
    ----------
    x : KerasTensor, shape (n, height, width, channels)
    filters, kernel_size, strides : int
    variant : str
        A key of `VARIANTS`: free or orthonormal weights; then batch
        normalisation, `PixelNorm` (if the layer contracts) or nothing.
    """
    if variant not in VARIANTS:
        raise ValueError(
            f"variant is one of {', '.join(VARIANTS)}, not {variant!r}."
        )
    weights, norm = VARIANTS[variant]
    shape = Shape("", kernel_size, x.shape[-1], filters)
    if weights == "stiefel":
        x = StiefelConv2D(filters, kernel_size, strides)(x)
    else:
        x = layers.Conv2D(
            filters,
            kernel_size,
            strides,
            "same",
            use_bias=False,
            kernel_initializer="he_normal",
        )(x)
    if norm == "batch":
        x = layers.BatchNormalization(momentum=0.9)(x)
    elif norm == "pixel" and shape.contracting:
        x = PixelNorm()(x)
    return x


def build_digit_network(
    variant: str, blocks: int = 7, filters: int = 16
) -> keras.Model:
    """Return a residual network for digits of 8 x 8 pixels.

    A stem of stride 2, `blocks` times relu(x + F(x)) with two 3 x 3
    convolutions in F, ten logits. ``2 * blocks + 1`` convolutions.

    Parameters
    ----------
    variant : str
        A key of `VARIANTS`.
    blocks, filters : int
    """
    inputs = keras.Input((8, 8, 1))
    x = layers.ReLU()(conv_unit(inputs, filters, 3, variant, 2))
    for _ in range(blocks):
        f = layers.ReLU()(conv_unit(x, filters, 3, variant))
        f = conv_unit(f, filters, 3, variant)
        x = layers.ReLU()(layers.Add()([x, f]))
    x = layers.Flatten()(x)  # (n, 16 filters)
    return keras.Model(inputs, layers.Dense(10)(x), name="digits")


def build_chain(
    variant: str, depth: int = 20, filters: int = 16
) -> keras.Model:
    """Return a plain chain of 3 x 3 convolutions, without shortcuts.

    The first one has stride 2, as in `build_digit_network`.

    Parameters
    ----------
    variant : str
        A key of `VARIANTS`, with ReLU; or "MaxMin": orthonormal weights,
        and pairs sorted in place of ReLU.
    depth, filters : int
    """
    x = inputs = keras.Input((8, 8, 1))
    for layer in range(depth):
        stride = 1 if layer else 2
        if variant == "MaxMin":
            x = MaxMin()(StiefelConv2D(filters, 3, stride)(x))
        else:
            x = layers.ReLU()(conv_unit(x, filters, 3, variant, stride))
    x = layers.Flatten()(x)  # (n, 16 filters)
    return keras.Model(inputs, layers.Dense(10)(x), name="chain")


def resnet44_shapes() -> list[Shape]:
    """Return the 43 convolutions of the published code's ResNet-44.

    A stem, then bottlenecks (1 x 1, 3 x 3, 1 x 1) in three stages of 3, 4
    and 6, with 16, 32 and 64 filters inside and four times as many outside;
    three of the 43 are shortcuts.
    """
    shapes, channels = [Shape("stem", 3, 3, 16)], 16
    for stage, blocks in enumerate((3, 4, 6)):
        width = 16 * 2**stage
        for block in range(blocks):
            name = f"{stage + 1}.{block + 1}"
            shapes += [
                Shape(f"{name} reduce", 1, channels, width),
                Shape(f"{name} middle", 3, width, width),
                Shape(f"{name} expand", 1, width, 4 * width),
            ]
            if not block:
                shapes.append(
                    Shape(f"{name} shortcut", 1, channels, 4 * width)
                )
            channels = 4 * width
    return shapes


def build_resnet44(
    variant: str, input_shape: tuple[int, int, int] = (32, 32, 3)
) -> keras.Model:
    """Return ResNet-44 in the published code's variant for small pictures.

    Parameters
    ----------
    variant : str
        A key of `VARIANTS`.
    input_shape : tuple of int
    """
    x = inputs = keras.Input(input_shape)
    x = layers.ReLU()(conv_unit(x, 16, 3, variant))
    for stage, blocks in enumerate((3, 4, 6)):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            x = _bottleneck(x, 16 * 2**stage, stride, not block, variant)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10)(x), name="resnet44")


def _bottleneck(x, width, stride, first, variant):
    f = layers.ReLU()(conv_unit(x, width, 1, variant))
    f = layers.ReLU()(conv_unit(f, width, 3, variant, stride))
    f = conv_unit(f, 4 * width, 1, variant)
    if first:
        x = conv_unit(x, 4 * width, 1, variant, stride)
    return layers.ReLU()(layers.Add()([x, f]))
