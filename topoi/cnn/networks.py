"""Networks for small pictures: LeNet, a small CNN, a ResNet."""

import itertools

import keras
from keras import layers

from topoi.cnn.sizes import check_counts


def build_lenet(
    input_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10
) -> keras.Model:
    """Return a LeNet-5 with plain pooling and a linear last layer.

    Two 5 x 5 convolutions with average pooling, then Dense 120, 84 and
    `classes`, all tanh; the output is logits. 61,706 parameters for 28 x 28.

    Notes
    -----
    Source: LeCun et al. (1998), figure 2. There the pooling has trainable
    gains, C3 sees only some maps of S2, and the output is Gaussian.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
            layers.Dense(classes),
        ],
        name="lenet",
    )


def build_small_cnn(
    norm: str | None = None,
    head: str = "flatten",
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    momentum: float = 0.9,
) -> keras.Model:
    """Return a small convolutional classifier that outputs logits.

    Parameters
    ----------
    norm : {None, "batch"}
        Whether each convolution is followed by batch normalisation.
    head : {"flatten", "gap"}
        Two convolutions (16 and 32 channels) and Dense 64, or a third
        convolution (64 channels) and global average pooling.
    input_shape : (height, width, channels)
        Of one picture.
    classes : int
        Number of outputs; 1 for a regression.
    momentum : float
        Of the running averages. The 0.99 of Keras needs thousands of steps.

    Raises
    ------
    ValueError
        If `norm` or `head` is unknown.
    """
    if norm not in (None, "batch") or head not in ("flatten", "gap"):
        raise ValueError(
            'build_small_cnn takes norm=None or "batch" and head="flatten" or '
            f'"gap", but got norm={norm!r}, head={head!r}.'
        )
    gap = head == "gap"
    x = inputs = keras.Input(input_shape)
    for filters in (16, 32):
        x = _convolution(x, filters, norm, momentum, same=gap)
        x = layers.MaxPooling2D(2)(x)
    if gap:
        x = _convolution(x, 64, norm, momentum, same=True)
        x = layers.GlobalAveragePooling2D()(x)
    else:
        x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(classes)(x), name=f"cnn_{head}")


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    norm: str | None,
    momentum: float,
    same: bool,
) -> keras.KerasTensor:
    """Add a 3 x 3 convolution, perhaps batch normalisation, and relu."""
    padding = "same" if same else "valid"
    x = layers.Conv2D(filters, 3, padding=padding, use_bias=not norm)(x)
    if norm:
        x = layers.BatchNormalization(momentum=momentum)(x)
    return layers.ReLU()(x)


def residual_block(
    x: keras.KerasTensor, filters: int, stride: int = 1, momentum: float = 0.9
) -> keras.KerasTensor:
    """Add ``relu(x + F(x))`` with two normalised 3 x 3 convolutions in F.

    A 1 x 1 convolution takes the place of the identity when the stride or
    the channels change the shape.

    Notes
    -----
    Source: He et al. (2016), figure 2 and option B.
    """
    check_counts(filters=filters, stride=stride)
    shortcut = x
    f = layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
    f = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(f))
    f = layers.Conv2D(filters, 3, padding="same", use_bias=False)(f)
    f = layers.BatchNormalization(momentum=momentum)(f)
    if stride > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization(momentum=momentum)(shortcut)
    return layers.ReLU()(layers.Add()([shortcut, f]))


def build_resnet(
    blocks: int = 3,
    filters: int = 16,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
) -> keras.Model:
    """Return a residual network of depth ``6 * blocks + 2``.

    Three stages of `blocks` residual blocks with `filters`, twice and four
    times as many channels, the picture halved in between; global average
    pooling; logits. ``blocks=3`` is ResNet-20.

    Notes
    -----
    Source: He et al. (2016), section 4.2; there the shortcuts are option A.
    """
    check_counts(blocks=blocks)
    x = inputs = keras.Input(input_shape)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for stage, block in itertools.product(range(3), range(blocks)):
        stride = 2 if stage and not block else 1
        x = residual_block(x, filters * 2**stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes)(x), name="resnet")
