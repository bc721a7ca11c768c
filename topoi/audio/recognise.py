"""Recognisers: a linear one, a small network, and matching by warping."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from topoi.audio.warp import dtw_costs

if TYPE_CHECKING:  # Keras is imported where a network is built, not before:
    import keras  # the lab needs NumPy alone.


@dataclass(frozen=True)
class Settings:
    """How a network of this chapter is trained.

    Attributes
    ----------
    epochs : int
        Passes over the data.
    batch_size : int
    learning_rate : float
        Of Adam.
    seed : int
        For weights, order and dropout.

    Raises
    ------
    ValueError
        If a number would train nothing.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self):
        if min(self.epochs, self.batch_size) < 1 or self.learning_rate <= 0:
            raise ValueError(
                "epochs, batch_size and learning_rate must be positive, but "
                f"they are {self.epochs}, {self.batch_size} and "
                f"{self.learning_rate}."
            )


def flat(x: np.ndarray) -> np.ndarray:
    """Return one row a word, shape (words, frames * bands)."""
    return x.reshape(len(x), -1)


def fit_linear(x: np.ndarray, digit: np.ndarray, strength: float = 0.1):
    """Return a fitted logistic regression on standardised features.

    Parameters
    ----------
    x : ndarray, shape (words, frames, bands)
    digit : ndarray, shape (words,)
    strength : float
        Inverse of the penalty, `C` of scikit-learn.
    """
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=strength, max_iter=500)
    )
    return model.fit(flat(x), digit)


def nearest_digits(
    templates: list[np.ndarray],
    digit: np.ndarray,
    sequences: list[np.ndarray],
) -> np.ndarray:
    """Return for each sequence the digit of the cheapest template to warp.

    Parameters
    ----------
    templates, sequences : list of ndarray
        Each (frames, bands).
    digit : ndarray, shape (templates,)
    """
    costs = [dtw_costs(sequence, templates) for sequence in sequences]
    return np.asarray(digit)[np.argmin(costs, axis=1)]


def build_recogniser(
    shape: tuple[int, int], classes: int = 10, seed: int = 0
) -> "keras.Model":
    """Return an untrained network: two convolutions, each pooled, and Dense.

    Parameters
    ----------
    shape : (frames, bands)
    classes : int
    seed : int
        For weights and dropout.
    """
    import keras
    from keras import layers

    def convolution(filters, number):
        start = keras.initializers.HeNormal(seed=seed + number)
        return layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=start,
        )

    last = keras.initializers.GlorotUniform(seed=seed + 2)
    return keras.Sequential(
        [
            keras.Input((*shape, 1)),
            convolution(16, 0),  # (batch, frames, bands, 16)
            layers.MaxPooling2D(2),
            convolution(32, 1),  # (batch, frames / 2, bands / 2, 32)
            layers.MaxPooling2D(2),
            layers.Flatten(),  # (batch, frames / 4 * bands / 4 * 32)
            layers.Dropout(0.3, seed=seed + 3),
            layers.Dense(classes, kernel_initializer=last),
        ]
    )


@dataclass
class Recogniser:
    """A trained network and the scale of its inputs."""

    network: "keras.Model"
    mean: np.ndarray  # (frames, bands)
    deviation: np.ndarray  # (frames, bands)
    losses: list[float]  # one an epoch

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the most likely digit of each word, shape (words,)."""
        from keras import ops

        logits = self.network(self.scaled(x), training=False)
        return ops.convert_to_numpy(logits).argmax(axis=1)

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """Return inputs as the network sees them, float32, one channel."""
        scaled = (x - self.mean) / self.deviation
        return scaled[..., None].astype("float32")


def train_recogniser(
    x: np.ndarray,
    digit: np.ndarray,
    settings: Settings = Settings(),
    compiled: "keras.Model | None" = None,
) -> Recogniser:
    """Train `build_recogniser` with Adam and cross-entropy.

    Parameters
    ----------
    x : ndarray, shape (words, frames, bands)
    digit : ndarray, shape (words,)
    settings : Settings
    compiled : keras.Model, optional
        The network of an earlier call for the same shape. It starts afresh,
        but need not be compiled again; the earlier result is lost.

    Raises
    ------
    FloatingPointError
        If the loss is not finite.
    """
    import keras

    keras.utils.set_random_seed(settings.seed)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-3
    network = build_recogniser(x.shape[1:], 10, settings.seed)
    if compiled is None:
        network.compile(
            keras.optimizers.Adam(settings.learning_rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
    else:
        network = restarted(compiled, network, settings.learning_rate)
    made = Recogniser(network, mean, deviation, [])
    history = network.fit(
        made.scaled(x),
        np.asarray(digit),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        verbose=0,
    )
    made.losses = finite(history.history["loss"])
    return made


def restarted(
    compiled: "keras.Model", fresh: "keras.Model", learning_rate: float
) -> "keras.Model":
    """Return a compiled network with the variables of an untrained one."""
    for old, new in zip(compiled.variables, fresh.variables, strict=True):
        old.assign(new)
    for state in compiled.optimizer.variables:
        state.assign(0 * state)  # the means of Adam and its count of steps
    compiled.optimizer.learning_rate = learning_rate
    return compiled


def finite(losses: list[float]) -> list[float]:
    """Return losses; raise FloatingPointError if one is not finite."""
    if not np.isfinite(losses).all():
        raise FloatingPointError(
            "The loss is not finite: is a feature NaN, or the learning rate "
            "too large?"
        )
    return losses
