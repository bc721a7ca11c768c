"""Networks for tables: plain, with embeddings, and one that reconstructs."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from topoi import autodiff

TABLE_LOSSES = {
    "squares": lambda y, z: ops.mean((z - y) ** 2),
    "logits": lambda y, z: ops.mean(ops.softplus(z) - y * z),
}


@dataclass(frozen=True)
class Settings:
    """Every number of a training with Adam.

    Attributes
    ----------
    epochs, batch_size : int
        Passes over the rows; rows in a mini-batch.
    learning_rate : float
        Adam's, at the start; it falls to 0 along half a cosine.
    """

    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 2e-3

    def __post_init__(self):
        if min(self.epochs, self.batch_size) < 1 or self.learning_rate <= 0:
            raise ValueError(f"These settings train nothing: {self}.")


def build_table_network(
    features: int,
    units: Sequence[int] = (64, 64),
    dropout: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """Return an untrained network from a row of features to one number.

    Parameters
    ----------
    features : int
        Numbers in a row.
    units : sequence of int
        Units of the hidden layers, with relu.
    dropout : float
        Share that is dropped behind each hidden layer.
    seed : int
        Of the first weights and of dropout.
    """
    x = keras.Input((features,))
    return keras.Model(x, stack_layers(x, units, dropout, seed))


def build_embedding_network(
    features: int,
    levels: Sequence[int],
    size: int = 1,
    units: Sequence[int] = (64, 64),
    seed: int = 0,
) -> keras.Model:
    """Return an untrained network that looks each code up in a table.

    Its inputs are a list: the features, shape (batch, features), and for
    each column of codes an array of whole numbers, shape (batch,). Layer
    ``embedding_k`` holds the vectors of column k, shape (levels[k], size).

    Parameters
    ----------
    features : int
        Numbers in a row besides the codes.
    levels : sequence of int
        How many codes, 0 to levels - 1, each column has.
    size : int
        Numbers in the vector of a code.
    units, seed
        As in `build_table_network`.
    """
    numbers = keras.Input((features,))
    codes = [keras.Input((), dtype="int32") for _ in levels]
    vectors = [
        keras.layers.Embedding(
            int(count),
            size,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=0.1, seed=seed + 10 + k
            ),
            name=f"embedding_{k}",
        )(code)
        for k, (code, count) in enumerate(zip(codes, levels, strict=True))
    ]
    x = keras.layers.Concatenate()([numbers, *vectors])
    return keras.Model([numbers, *codes], stack_layers(x, units, 0.0, seed))


def stack_layers(
    x: keras.KerasTensor, units: Sequence[int], dropout: float, seed: int
) -> keras.KerasTensor:
    """Return hidden layers with relu on x, and one linear unit on top."""
    for k, width in enumerate(units):
        start = keras.initializers.HeNormal(seed=seed + 100 * k)
        x = keras.layers.Dense(
            width, activation="relu", kernel_initializer=start
        )(x)
        if dropout:
            x = keras.layers.Dropout(dropout, seed=seed + 100 * k)(x)
    start = keras.initializers.GlorotUniform(seed=seed + 1000)
    return keras.layers.Dense(1, kernel_initializer=start)(x)


def build_autoencoder(
    features: int, code: int = 3, units: int = 16, seed: int = 0
) -> keras.Model:
    """Return an untrained network that passes a row through `code` numbers.

    features - units - code - units - features, with tanh on the wide layers.
    """
    x = keras.Input((features,))
    y = x
    for k, (width, activation) in enumerate(
        [(units, "tanh"), (code, None), (units, "tanh"), (features, None)]
    ):
        start = keras.initializers.GlorotUniform(seed=seed + 100 * k)
        y = keras.layers.Dense(
            width, activation=activation, kernel_initializer=start
        )(y)
    return keras.Model(x, y)


def train_network(
    model: keras.Model,
    inputs: np.ndarray | list[np.ndarray],
    y: np.ndarray,
    settings: Settings,
    loss: str = "squares",
    seed: int = 0,
) -> list[float]:
    """Train a network of this file; return the loss of each epoch.

    Parameters
    ----------
    model : keras.Model
        Its weights are changed.
    inputs : ndarray or list of ndarray
        What the model takes, one row per target.
    y : ndarray
        Targets, shape (rows,) or the shape of the output.
    settings : Settings
        Epochs, batches and learning rate.
    loss : str
        A key of `TABLE_LOSSES`: "squares" for numbers, "logits" for the
        cross-entropy of logits against labels 0 and 1.
    seed : int
        Of the order of the rows.

    Raises
    ------
    FloatingPointError
        If the loss stops being finite.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    columns = inputs if isinstance(inputs, list) else [inputs]
    y = np.asarray(y, "float32").reshape(len(y), -1)  # (rows, outputs)
    size = min(settings.batch_size, len(y))
    batches = len(y) // size
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, settings.epochs * batches
    )
    step = autodiff.make_step(
        lambda y, *x: TABLE_LOSSES[loss](y, model(list(x) if x[1:] else x[0])),
        keras.optimizers.Adam(rate),
        model.trainable_variables,
        model.non_trainable_variables,
    )
    losses = []
    for _ in range(settings.epochs):
        order = rng.permutation(len(y))[: batches * size]
        total = 0.0
        for rows in order.reshape(batches, size):  # (batches, size)
            total += float(step(y[rows], *(a[rows] for a in columns))[0])
        losses.append(total / batches)
        if not np.isfinite(total):
            raise FloatingPointError(
                f"The loss is no number any more: {losses}. Is an input NaN, "
                "or the learning rate too large?"
            )
    return losses


def predict_rows(
    model: keras.Model, inputs: np.ndarray | list[np.ndarray]
) -> np.ndarray:
    """Return the one output of each row, shape (rows,) float64."""
    found = model.predict(inputs, batch_size=4096, verbose=0)
    return found[:, 0].astype(float)  # (rows,)


def learned_codes(model: keras.Model, column: int) -> np.ndarray:
    """Return the vectors of a column's codes, shape (levels, size)."""
    layer = model.get_layer(f"embedding_{column}")
    return keras.ops.convert_to_numpy(layer.embeddings)


def reconstruction_error(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each row, shape (rows,)."""
    found = model.predict(x, batch_size=4096, verbose=0)
    return np.mean((found - x) ** 2, axis=1)  # (rows,)


def linear_reconstruction_error(
    train: np.ndarray, x: np.ndarray, code: int = 3
) -> np.ndarray:
    """Return what the best linear auto-encoder leaves of each row.

    It keeps the `code` directions in which the training rows vary most, the
    principal components. Shapes (n, features), (rows, features) to (rows,).
    """
    mean = train.mean(axis=0)  # (features,)
    _, _, directions = np.linalg.svd(train - mean, full_matrices=False)
    kept = directions[:code]  # (code, features)
    rest = (x - mean) - (x - mean) @ kept.T @ kept
    return np.mean(rest**2, axis=1)  # (rows,)
