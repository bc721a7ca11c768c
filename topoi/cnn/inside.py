"""Looking inside: where a network finds what it sees."""

import keras
import numpy as np
from keras import layers

from topoi.cnn.sizes import out_size


def class_activation_map(
    model: keras.Model, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a network with global average pooling finds each class.

    Parameters
    ----------
    model : keras.Model
        Its last two layers are GlobalAveragePooling2D and a linear Dense.
    images : ndarray, shape (n, height, width, channels)
        As the model takes them.

    Returns
    -------
    maps : ndarray of float32, shape (n, rows, columns, classes)
        ``sum_k features[..., k] * weights[k, class]``.
    logits : ndarray of float32, shape (n, classes)
        ``maps.mean(axis=(1, 2)) + bias``, exactly the model's output.

    Raises
    ------
    ValueError
        If the model does not end that way.

    Notes
    -----
    Source: Zhou et al. (2016), section 2.
    """
    pooling, dense = model.layers[-2:]
    good = isinstance(pooling, layers.GlobalAveragePooling2D) and (
        isinstance(dense, layers.Dense)
        and dense.activation is keras.activations.linear
    )
    if not good:
        raise ValueError(
            "class_activation_map needs a model that ends in "
            "GlobalAveragePooling2D and a linear Dense, but the last layers "
            f"are {pooling.name!r} and {dense.name!r}. Try "
            'build_small_cnn(head="gap"), or occlusion_map.'
        )
    features = keras.Model(model.inputs, pooling.input)
    weights, bias = dense.get_weights()
    # (n, rows, columns, channels) @ (channels, classes)
    maps = features.predict(images, verbose=0) @ weights
    return maps, maps.mean(axis=(1, 2)) + bias


def occlusion_map(
    model: keras.Model,
    image: np.ndarray,
    label: int,
    patch: int = 6,
    stride: int = 2,
    fill: float = 0.0,
) -> np.ndarray:
    """Return how much hiding each part of a picture costs its class.

    Parameters
    ----------
    model : keras.Model
        Returns logits.
    image : ndarray, shape (height, width, channels)
        One picture.
    label : int
        The class whose probability is watched.
    patch, stride : int
        Side of the square that hides, and its step, in pixels.
    fill : float
        Grey value of the square.

    Returns
    -------
    ndarray of float, shape (rows, columns)
        Probability of the class with nothing hidden, minus with the square
        there; positive where the square hides evidence for the class.

    Raises
    ------
    ValueError
        If `image` is a batch, or the patch does not fit.
    """
    image = np.asarray(image)
    if image.ndim != 3:
        raise ValueError(
            "occlusion_map takes one picture (height, width, channels), but "
            f"got shape {image.shape}. Pick one of the batch: images[0]."
        )
    rows = out_size(image.shape[0], patch, stride)
    columns = out_size(image.shape[1], patch, stride)
    # one copy for each place of the square, and the whole picture at the end
    hidden = np.repeat(image[np.newaxis], rows * columns + 1, axis=0)
    for n, (i, j) in enumerate(np.ndindex(rows, columns)):
        top, left = i * stride, j * stride
        hidden[n, top : top + patch, left : left + patch] = fill
    logits = model.predict(hidden, verbose=0, batch_size=256)
    probability = _softmax(logits)[:, label]
    # (rows * columns,) -> (rows, columns)
    return (probability[-1] - probability[:-1]).reshape(rows, columns)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
