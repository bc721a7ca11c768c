"""A Transformer from its parts, a recurrent peer, and how they learn."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from topoi.autodiff import make_step
from topoi.language.layers import PreNormBlock


@keras.saving.register_keras_serializable(package="topoi")
class Transformer(keras.Model):
    """Tokens in, logits of the next token out, at every step.

    Parameters
    ----------
    vocabulary : int
    width : int
        Of the stream that runs through all blocks.
    layers, heads : int
    positions, smear, mlp, norm, use_bias
        As for `PreNormBlock`.

    Notes
    -----
    (batch, time) of int -> (batch, time, vocabulary).
    """

    def __init__(
        self,
        vocabulary: int,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        positions: str = "relative",
        smear: bool = False,
        mlp: bool = True,
        norm: bool = True,
        use_bias: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.settings = {
            "vocabulary": vocabulary,
            "width": width,
            "layers": layers,
            "heads": heads,
            "positions": positions,
            "smear": smear,
            "mlp": mlp,
            "norm": norm,
            "use_bias": use_bias,
        }
        start = keras.initializers.RandomNormal(stddev=0.3)
        self.embedding = keras.layers.Embedding(vocabulary, width, start)
        self.blocks = [
            PreNormBlock(heads, positions, smear, use_bias, mlp, norm)
            for _ in range(layers)
        ]
        self.norm = keras.layers.LayerNormalization() if norm else None
        self.head = keras.layers.Dense(vocabulary)

    def build(self, input_shape=None):
        """Make the weights of all parts."""
        shape = None, None, self.settings["width"]
        self.embedding.build((None, None))
        for part in (*self.blocks, self.norm, self.head):
            if part is not None:
                part.build(shape)
        self.built = True

    def call(self, tokens):
        """Return the logits."""
        x = self.embedding(tokens)  # (batch, time, width)
        for block in self.blocks:
            x = block(x)
        if self.norm is not None:
            x = self.norm(x)
        return self.head(x)  # (batch, time, vocabulary)

    def maps(self, tokens) -> list[np.ndarray]:
        """Return where each layer looks, each (batch, heads, time, time)."""
        x, found = self.embedding(tokens), []
        for block in self.blocks:
            weights = block.attention.weights_of(block.normed(x))
            found.append(ops.convert_to_numpy(weights))
            x = block(x)
        return found

    def get_config(self):
        """Return the arguments of the constructor."""
        return {"name": self.name, **self.settings}


def build_transformer(
    vocabulary: int, width: int = 64, layers: int = 2, **settings
) -> Transformer:
    """Return an untrained `Transformer` with its weights made.

    `settings` are arguments of `Transformer`.
    """
    model = Transformer(vocabulary, width, layers, **settings)
    model.build()
    return model


def build_recurrent(
    vocabulary: int, width: int = 64, units: int = 128, cell: str = "gru"
) -> keras.Model:
    """Return an untrained recurrent network with the same task.

    Parameters
    ----------
    vocabulary : int
    width : int
        Of the vectors that stand for the tokens.
    units : int
        Of the state.
    cell : {"gru", "lstm"}

    Raises
    ------
    ValueError
        If the cell is unknown.
    """
    kinds = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
    if cell not in kinds:
        raise ValueError(f"cell is gru or lstm, but it is {cell!r}.")
    start = keras.initializers.RandomNormal(stddev=0.3)
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary, width, start)(tokens)
    x = kinds[cell](units, return_sequences=True)(x)  # (batch, time, units)
    return keras.Model(tokens, keras.layers.Dense(vocabulary)(x))


@dataclass(frozen=True)
class Settings:
    """Every number of a training.

    Attributes
    ----------
    steps, batch_size : int
    learning_rate : float
        The largest; it rises linearly over `warmup` steps and falls as a
        cosine to zero, unless `decay` is false.
    warmup : int
    decay : bool

    Raises
    ------
    ValueError
        If they would train nothing.
    """

    steps: int = 300
    batch_size: int = 32
    learning_rate: float = 3e-3
    warmup: int = 0
    decay: bool = False

    def __post_init__(self):
        if min(self.steps, self.batch_size) < 1 or self.learning_rate <= 0:
            raise ValueError(
                "steps and batch_size are from 1 on and learning_rate is "
                f"positive, but they are {self.steps}, {self.batch_size} "
                f"and {self.learning_rate}: that trains nothing."
            )
        if not 0 <= self.warmup <= self.steps:
            raise ValueError(
                f"warmup is from 0 to the {self.steps} steps, not "
                f"{self.warmup}."
            )

    def optimizer(self) -> keras.optimizers.Optimizer:
        """Return Adam with this schedule, and gradients of length 1."""
        rate = self.learning_rate
        if self.decay:
            rate = keras.optimizers.schedules.CosineDecay(
                0.0 if self.warmup else rate,
                max(self.steps - self.warmup, 1),
                warmup_target=rate if self.warmup else None,
                warmup_steps=self.warmup,
            )
        return keras.optimizers.Adam(rate, beta_2=0.99, clipnorm=1.0)


def next_token_loss(model, tokens, counts):
    """Return the mean surprise at the next token, in nats.

    Parameters
    ----------
    model : keras.Model
        (batch, time) -> (batch, time, vocabulary), logits.
    tokens : array of int, shape (batch, time + 1)
    counts : array of float, shape (batch, time)
        1 where the next token counts, else 0.
    """
    logits = model(tokens[:, :-1])
    surprise = keras.losses.sparse_categorical_crossentropy(
        tokens[:, 1:], logits, from_logits=True
    )  # (batch, time)
    return ops.sum(surprise * counts) / ops.sum(counts)


def train_next_token(
    model: keras.Model,
    draw: Callable[[np.random.Generator, int], tuple],
    settings: Settings,
    rng: np.random.Generator,
    look: Callable[[int], None] | None = None,
    every: int = 50,
) -> np.ndarray:
    """Train a model on batches that are drawn when they are needed.

    Parameters
    ----------
    model : keras.Model
        Is changed.
    draw : callable
        ``draw(rng, batch_size)`` returns `tokens` and `counts` of
        `next_token_loss`.
    settings : Settings
    rng : Generator
    look : callable, optional
        ``look(step)`` is called after every `every` steps.

    Returns
    -------
    ndarray, shape (steps,)
        The losses.

    Raises
    ------
    FloatingPointError
        If a loss is not finite.
    """
    variables = model.trainable_variables
    step = make_step(
        lambda tokens, counts: next_token_loss(model, tokens, counts),
        settings.optimizer(),
        variables,
        model.variables,
    )
    losses = np.zeros(settings.steps)
    for n in range(settings.steps):
        tokens, counts = draw(rng, settings.batch_size)
        loss, _ = step(tokens.astype("int32"), counts.astype("float32"))
        losses[n] = float(ops.convert_to_numpy(loss))
        if not np.isfinite(losses[n]):
            raise FloatingPointError(
                f"The loss of step {n + 1} is {losses[n]}: lower the "
                f"learning rate, now {settings.learning_rate}."
            )
        if look is not None and (n + 1) % every == 0:
            look(n + 1)
    return losses


def word_accuracy(model: keras.Model, tokens: np.ndarray, counts: np.ndarray):
    """Return the share of the tokens that count which the model has right."""
    logits = ops.convert_to_numpy(model(tokens[:, :-1].astype("int32")))
    right = logits.argmax(axis=-1) == tokens[:, 1:]  # (batch, time)
    return float((right * counts).sum() / counts.sum())
