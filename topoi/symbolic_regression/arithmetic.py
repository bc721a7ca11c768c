"""The sum of two handwritten digits: a digit extractor and two heads."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from topoi.symbolic_regression.layers import build_eql

NO_PRODUCTS = (
    ("constant",) * 2
    + ("identity",) * 4
    + ("square",) * 2
    + ("sin",) * 2
    + ("exp",) * 2
    + ("sigmoid",) * 2
)


class DigitPairs(NamedTuple):
    """Pairs of pictures with the sum of their digits.

    Attributes
    ----------
    first, second : array of uint8, shape (pairs, 14, 14)
        Pictures.
    digits : array, shape (pairs, 2)
        What they show; only for looking at the result.
    total : array, shape (pairs,)
        The sum, the only thing that training is told.
    """

    first: np.ndarray
    second: np.ndarray
    digits: np.ndarray
    total: np.ndarray


def draw_digit_pairs(
    images: np.ndarray,
    labels: np.ndarray,
    pairs: int,
    rng: np.random.Generator,
    below: int | None = None,
    least: int | None = None,
) -> DigitPairs:
    """Draw pairs of pictures, if asked for only with sums in a range.

    Parameters
    ----------
    images : array of uint8, shape (n, 28, 28)
        Halved in both directions by averages.
    labels : array, shape (n,)
        Their digits.
    pairs : int
        How many.
    rng : Generator
    below, least : int, optional
        Keep pairs whose sum is smaller than `below`, or at least `least`.
    """
    small = images.reshape(-1, 14, 2, 14, 2).mean((2, 4)).astype("uint8")
    chosen = np.empty((0, 2), int)
    while len(chosen) < pairs:
        new = rng.integers(0, len(images), (2 * pairs, 2))
        total = labels[new].astype(int).sum(1)
        keep = np.ones(len(new), bool)
        if below is not None:
            keep &= total < below
        if least is not None:
            keep &= total >= least
        if not keep.any():
            raise ValueError("No pair of digits has such a sum.")
        chosen = np.concatenate([chosen, new[keep]])
    chosen = chosen[:pairs]
    digits = labels[chosen].astype(int)
    return DigitPairs(
        small[chosen[:, 0]], small[chosen[:, 1]], digits, digits.sum(1)
    )


def build_digit_extractor() -> keras.Sequential:
    """Return a network (14, 14) -> 1 number of scale 1/2."""
    return keras.Sequential(
        [
            keras.Input((14, 14)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Reshape((14, 14, 1)),
            keras.layers.Conv2D(16, 4, 2, activation="relu"),  # (6, 6, 16)
            keras.layers.Flatten(),  # (576,)
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dense(1),
            keras.layers.BatchNormalization(),
            keras.layers.Rescaling(0.5),
        ],
        name="extractor",
    )


def build_relu_head() -> keras.Sequential:
    """Return the head that the equation learner is compared with."""
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(50, "relu"),
            keras.layers.Dense(50, "relu"),
            keras.layers.Dense(1),
        ]
    )


def build_adder(head: keras.Model) -> keras.Model:
    """Return (first, second) -> sum: one extractor, used twice, and a head.

    The head's output is scaled by ``9 y + 9``, so that 0 is the mean sum.
    `get_layer("extractor")` is the extractor.
    """
    extractor = build_digit_extractor()
    first, second = keras.Input((14, 14)), keras.Input((14, 14))
    z = ops.concatenate([extractor(first), extractor(second)], axis=-1)
    return keras.Model([first, second], 9 * head(z) + 9)


def build_sum_head(penalty: float = 1e-2) -> keras.Model:
    """Return an equation learner of two inputs without products."""
    return build_eql(2, 1, 1, NO_PRODUCTS, penalty)


def rounded_accuracy(model: keras.Model, pairs: DigitPairs) -> float:
    """Return the share of pairs whose rounded prediction is the sum."""
    found = model.predict(
        [pairs.first, pairs.second], batch_size=1000, verbose=0
    )
    return float(np.mean(np.rint(found[:, 0]) == pairs.total))
