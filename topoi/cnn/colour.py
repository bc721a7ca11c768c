"""Pictures in colour: seven of them, cut into patches, split two ways.

The pictures come with the package scikit-image, so nothing is fetched. A
patch belongs to the class of the picture that it was cut from.
"""

from typing import NamedTuple

import keras
import numpy as np

from topoi.cnn.networks import build_small_cnn

HEIGHT, WIDTH = 288, 432  # of the part of each picture that is used
PICTURES = {  # name: (function of skimage.data, every how many pixels)
    "astronaut": ("astronaut", 1),
    "cat": ("chelsea", 1),
    "coffee": ("coffee", 1),
    "galaxies": ("hubble_deep_field", 2),
    "tissue": ("immunohistochemistry", 1),
    "retina": ("retina", 3),
    "rocket": ("rocket", 1),
}


class Patches(NamedTuple):
    """Patches of pictures with their picture's number, split in two."""

    x_train: np.ndarray  # (n_train, size, size, channels) float32, 0 to 1
    y_train: np.ndarray  # (n_train,) int
    x_test: np.ndarray  # (n_test, size, size, channels) float32, 0 to 1
    y_test: np.ndarray  # (n_test,) int


def colour_pictures() -> np.ndarray:
    """Return the middle of seven colour pictures.

    Returns
    -------
    ndarray, shape (7, 288, 432, 3), uint8
        In the order of `PICTURES`. The last axis is red, green, blue.
    """
    from skimage import data

    middles = []
    for function, every in PICTURES.values():
        picture = getattr(data, function)()[::every, ::every]
        top = (picture.shape[0] - HEIGHT) // 2
        left = (picture.shape[1] - WIDTH) // 2
        middles.append(picture[top : top + HEIGHT, left : left + WIDTH])
    return np.stack(middles)


def cut_patches(pictures: np.ndarray, size: int = 16) -> np.ndarray:
    """Cut pictures into a grid of square patches that do not overlap.

    Parameters
    ----------
    pictures : ndarray, shape (n, height, width, channels)
    size : int
        Side of a patch; it divides height and width.

    Returns
    -------
    ndarray, shape (n, rows, columns, size, size, channels)
        Of the same dtype.

    Raises
    ------
    ValueError
        If the grid does not fill the pictures.
    """
    n, height, width, channels = pictures.shape
    if size < 1 or height % size or width % size:
        raise ValueError(
            f"Patches of {size} pixels do not fill pictures of {height} x "
            f"{width}: give a size that divides both."
        )
    rows, columns = height // size, width // size
    grid = pictures.reshape(n, rows, size, columns, size, channels)
    return grid.swapaxes(2, 3)  # (n, rows, columns, size, size, channels)


def split_by_area(patches: np.ndarray) -> Patches:
    """Train on the left of each picture, test on its right.

    The column in the middle is left out (two if their number is even), so
    that no patch of the test touches one of the training.

    Parameters
    ----------
    patches : ndarray, shape (n, rows, columns, size, size, channels)
        Of `cut_patches`, uint8.
    """
    half = (patches.shape[2] - 1) // 2
    left, right = patches[:, :, :half], patches[:, :, -half:]
    return Patches(*_labelled(left), *_labelled(right))


def split_at_random(patches: np.ndarray, rng: np.random.Generator) -> Patches:
    """Deal the patches out at random, as many as in `split_by_area`."""
    x, y = _labelled(patches)
    order = rng.permutation(len(x))
    count = len(x) // patches.shape[2] * ((patches.shape[2] - 1) // 2)
    train, test = order[:count], order[-count:]
    return Patches(x[train], y[train], x[test], y[test])


def _labelled(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return patches in a row, from 0 to 1, and the numbers of pictures."""
    n, rows, columns = patches.shape[:3]
    x = patches.reshape(-1, *patches.shape[3:])  # (patches, size, size, c)
    return x / np.float32(255), np.repeat(np.arange(n), rows * columns)


def grey(x: np.ndarray) -> np.ndarray:
    """Return the mean of the channels, shape (..., 1)."""
    return x.mean(axis=-1, keepdims=True)


def colour_features(x: np.ndarray, levels: int = 4) -> np.ndarray:
    """Describe patches by their colours, whatever their places.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels)
        From 0 to 1.
    levels : int
        Into which each channel is divided for the histogram.

    Returns
    -------
    ndarray, shape (n, 2 * channels + levels ** channels)
        Mean and standard deviation of each channel, then the square roots of
        the shares of pixels in each cell of the cube of colours.
    """
    steps = np.minimum((x * levels).astype(int), levels - 1)
    cells = levels ** x.shape[-1]
    places = steps @ levels ** np.arange(x.shape[-1])  # (n, height, width)
    shares = [
        np.bincount(place.ravel(), minlength=cells) / place.size
        for place in places
    ]
    means, spreads = x.mean(axis=(1, 2)), x.std(axis=(1, 2))  # (n, channels)
    return np.hstack([means, spreads, np.sqrt(shares)])


def train_patches(
    patches: Patches, epochs: int, seed: int, learning_rate: float = 1e-2
) -> keras.Model:
    """Return a small network, trained to name the picture of a patch.

    Two convolutions with max-pooling, a third one, and the mean over all
    positions, with batch normalisation; Adam, whose rate falls to 0.
    """
    keras.utils.set_random_seed(seed)
    classes = int(patches.y_train.max()) + 1
    shape = patches.x_train.shape[1:]
    model = build_small_cnn("batch", "gap", shape, classes)
    steps = epochs * -(-len(patches.x_train) // 64)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    model.fit(patches.x_train, patches.y_train, 64, epochs, verbose=0)
    return model
