"""The encoder-decoder Transformer, from Keras operations only.

Pre-normalised layers, rotary positions, one embedding table for the input,
the output and the last linear map. The decoder can also run one token at a
time on stored keys and values, which is what beam search needs.
"""

import copy
from collections.abc import Sequence
from functools import cache

import keras
import numpy as np
from keras import ops

from topoi.symbolic_integration import vocabulary
from topoi.symbolic_integration.vocabulary import PAD, TOKENS

MAX_POSITIONS = 1024
_LARGE = 1e9  # added to the scores of forbidden keys, minus sign below
_register = keras.saving.register_keras_serializable(package="topoi")


@cache
def _rotations(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cosines and sines of all positions, (positions, size / 2)."""
    frequencies = 1e4 ** (-np.arange(0, size, 2) / size)
    angles = np.arange(MAX_POSITIONS)[:, None] * frequencies
    return np.cos(angles).astype("float32"), np.sin(angles).astype("float32")


def rotate(x, cosines, sines):
    """Turn pairs of features by an angle that grows with the position.

    Scalar products of turned queries and keys depend on the *distance* of
    their positions only. x : (..., length, heads, size); cosines and sines :
    (length, 1, size / 2). Source: Su et al. (2021).
    """
    first, second = ops.split(x, 2, axis=-1)
    return ops.concatenate(
        [first * cosines - second * sines, first * sines + second * cosines],
        axis=-1,
    )


def linear(x, weight):
    """Return x @ weight as one product of matrices: (..., n) -> (..., m).

    Folding the leading axes first matters on a CPU: a batched product with
    a broadcast weight also has a batched gradient, which is summed later.
    Not ops.matmul, which turns float64 into float32 on PyTorch.
    """
    shape = ops.shape(x)
    flat = ops.reshape(x, (-1, weight.shape[0]))  # (rows, n)
    product = flat @ ops.convert_to_tensor(weight)  # (rows, m)
    return ops.reshape(product, (*shape[:-1], weight.shape[1]))  # (..., m)


@_register
class Attention(keras.layers.Layer):
    """Multi-head attention: (batch, queries, width) -> the same shape.

    Parameters
    ----------
    heads : int
        Divides the width of the input.
    rotary : bool
        Whether queries and keys are turned by their positions.
    """

    def __init__(self, heads: int, rotary: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.rotary = heads, rotary

    def build(self, input_shape):
        """Create the four square weight matrices."""
        width = input_shape[-1]
        if width % (2 * self.heads):
            raise ValueError(
                f"Attention(heads={self.heads}) needs a width that is a "
                f"multiple of {2 * self.heads} (pairs of features in every "
                f"head), but got {width}."
            )
        self.size = width // self.heads
        for name in ("query", "key", "value", "output"):
            weight = self.add_weight(
                name=name, shape=(width, width), initializer="glorot_uniform"
            )
            setattr(self, f"_{name}", weight)

    def _heads(self, x, weight):
        # (batch, length, width) -> (batch, length, heads, size)
        shape = ops.shape(x)
        return ops.reshape(
            linear(x, weight), (shape[0], shape[1], self.heads, self.size)
        )

    def _turn(self, x, start=0):
        """Apply `rotate` to positions start, start + 1, ..."""
        length = ops.shape(x)[1]
        tables = []
        for table in _rotations(self.size):
            table = ops.cast(ops.convert_to_tensor(table), x.dtype)
            tables.append(table[start : start + length][:, None, :])
        return rotate(x, *tables)

    def keys_values(self, memory, start=0):
        """Return keys and values, each (batch, length, heads, size)."""
        keys = self._heads(memory, self._key)
        if self.rotary:
            keys = self._turn(keys, start)
        return keys, self._heads(memory, self._value)

    def attend(self, x, keys, values, bias, start=0):
        """Return the attention of x over stored keys and values.

        bias : broadcastable to (batch, heads, queries, keys), 0 where a key
        may be seen and very negative elsewhere.
        """
        queries = self._heads(x, self._query)
        if self.rotary:
            queries = self._turn(queries, start)
        # every query with every key: (batch, heads, queries, keys)
        scores = ops.einsum("bqhd,bkhd->bhqk", queries, keys)
        scores = scores * (self.size**-0.5) + bias
        # means of the values: (batch, queries, heads, size)
        mixed = ops.einsum("bhqk,bkhd->bqhd", ops.softmax(scores), values)
        # (batch, queries, heads, size) -> (batch, queries, width)
        return linear(ops.reshape(mixed, ops.shape(x)), self._output)

    def call(self, x, memory=None, bias=0.0):
        """Attend from x to memory, or to x itself."""
        keys, values = self.keys_values(x if memory is None else memory)
        return self.attend(x, keys, values, bias)

    def compute_output_shape(self, input_shape, *_):
        """Return the shape of the queries."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "heads": self.heads,
            "rotary": self.rotary,
        }


@_register
class FeedForward(keras.layers.Layer):
    """Two linear maps with a GELU between: (..., width) -> (..., width)."""

    def __init__(self, hidden: int, **kwargs):
        super().__init__(**kwargs)
        self.hidden = hidden

    def build(self, input_shape):
        """Create the two weight matrices."""
        width = input_shape[-1]
        self.first = self.add_weight(name="first", shape=(width, self.hidden))
        self.second = self.add_weight(
            name="second", shape=(self.hidden, width)
        )

    def call(self, x):
        """Apply both maps at each position alone."""
        hidden = ops.gelu(linear(x, self.first), approximate=True)
        return linear(hidden, self.second)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "hidden": self.hidden}


@_register
class Block(keras.layers.Layer):
    """One Transformer layer: attention, in a decoder a second one, then MLP.

    Each part reads a normalised input and adds its result to the stream.
    """

    def __init__(self, heads: int, hidden: int, decoder: bool, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.hidden, self.decoder = heads, hidden, decoder
        names = ("own", "cross", "mlp") if decoder else ("own", "mlp")
        policy = self.dtype_policy  # the parts compute as the block does
        self.norms = {
            name: keras.layers.LayerNormalization(
                rms_scaling=False,
                epsilon=1e-5,
                name=f"norm_{name}",
                dtype=policy,
            )
            for name in names
        }
        self.own = Attention(heads, name="own", dtype=policy)
        if decoder:
            self.cross = Attention(
                heads, rotary=False, name="cross", dtype=policy
            )
        self.mlp = FeedForward(hidden, name="mlp", dtype=policy)

    def build(self, input_shape):
        """Build the parts for inputs (batch, length, width)."""
        for part in (*self.norms.values(), self.own, self.mlp):
            part.build(input_shape)
        if self.decoder:
            self.cross.build(input_shape)

    def call(self, x, bias, memory=None, memory_bias=0.0):
        """Transform x; a decoder block also reads the memory."""
        x = x + self.own(self.norms["own"](x), bias=bias)
        if self.decoder:
            query = self.norms["cross"](x)
            x = x + self.cross(query, memory, bias=memory_bias)
        return x + self.mlp(self.norms["mlp"](x))

    def step(self, x, position, cache, memory, memory_bias):
        """Run one position on stored keys and values.

        Parameters
        ----------
        x : tensor, shape (rows, 1, width)
        position : int
        cache : (keys, values), each (rows, length, heads, size)
        memory : (keys, values) of the encoder for the same rows
        memory_bias : tensor, broadcastable to (rows, heads, 1, keys)

        Returns
        -------
        x, cache
            The new stream, and the cache with this position filled in.
        """
        normed = self.norms["own"](x)
        new = self.own.keys_values(normed, position)
        places = ops.arange(ops.shape(cache[0])[1])
        # (length,) -> (1, length, 1, 1), to broadcast to keys and values
        here = ops.reshape(places == position, (1, -1, 1, 1))
        cache = tuple(
            ops.where(here, fresh, old)
            for fresh, old in zip(new, cache, strict=True)
        )
        bias = ops.where(places <= position, 0.0, -_LARGE)
        x = x + self.own.attend(normed, *cache, bias, position)
        query = self.norms["cross"](x)
        x = x + self.cross.attend(query, *memory, memory_bias)
        return x + self.mlp(self.norms["mlp"](x)), cache

    def compute_output_shape(self, input_shape, *_):
        """Return the shape of the stream."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "heads": self.heads,
            "hidden": self.hidden,
            "decoder": self.decoder,
        }


@_register
class Seq2Seq(keras.Model):
    """Encoder-decoder Transformer over one vocabulary.

    Call it with (problems, answers so far), integers of shape (batch, S) and
    (batch, T); it returns logits of shape (batch, T, vocabulary).

    Parameters
    ----------
    width, layers, heads : int
        Width of the stream, blocks on each side, heads in a block.
    vocabulary_size : int
        Number of tokens; 0 pads.
    """

    def __init__(
        self,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        vocabulary_size: int = len(TOKENS),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.settings = {
            "width": width,
            "layers": layers,
            "heads": heads,
            "vocabulary_size": vocabulary_size,
        }
        self.embedding = keras.layers.Embedding(
            vocabulary_size,
            width,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=width**-0.5
            ),
            name="embedding",
        )
        self.encoder, self.decoder = (
            [
                Block(heads, 4 * width, side == "decoder", name=f"{side}_{i}")
                for i in range(layers)
            ]
            for side in ("encoder", "decoder")
        )
        self.norm_memory = keras.layers.LayerNormalization(epsilon=1e-5)
        self.norm_output = keras.layers.LayerNormalization(epsilon=1e-5)

    def build(self, input_shape=None):
        """Build every part; the lengths do not matter."""
        shape = (None, None, self.settings["width"])
        self.embedding.build((None, None))
        for part in (*self.encoder, *self.decoder):
            part.build(shape)
        self.norm_memory.build(shape)
        self.norm_output.build(shape)
        self.built = True

    def _embed(self, tokens):
        scale = self.settings["width"] ** 0.5
        return self.embedding(tokens) * scale

    def encode(self, problems):
        """Return the memory (batch, S, width) and its bias of padding."""
        bias = ops.where(ops.not_equal(problems, PAD), 0.0, -_LARGE)
        bias = bias[:, None, None, :]  # (batch, 1, 1, S): heads, queries
        x = self._embed(problems)
        for block in self.encoder:
            x = block(x, bias)
        return self.norm_memory(x), bias

    def decode(self, answers, memory, memory_bias):
        """Return the logits after each token of the answers."""
        places = ops.arange(ops.shape(answers)[1])
        # (T, T): a token sees itself and those before it
        bias = ops.where(places[:, None] >= places, 0.0, -_LARGE)
        x = self._embed(answers)
        for block in self.decoder:
            x = block(x, bias, memory, memory_bias)
        return self.logits(x)

    def logits(self, x):
        """Return the scores of the tokens, with the embedding table."""
        table = ops.transpose(self.embedding.embeddings)  # (width, tokens)
        return linear(self.norm_output(x), table)

    def call(self, inputs):
        """Return the logits of the next tokens, (batch, T, vocabulary)."""
        problems, answers = inputs
        return self.decode(answers, *self.encode(problems))

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), **self.settings}


@_register
def token_loss(target, logits):
    """Return the mean cross-entropy over the tokens that are not padding."""
    return keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=PAD
    )(target, logits)


class Batches(keras.utils.PyDataset):
    """Batches of pairs of similar length, padded to a few widths.

    Parameters
    ----------
    pairs : sequence of (problem, answer)
        Token tuples.
    size : int
        Pairs in a batch.
    seed : int
    steps : int
        Batches in all; the pairs are shuffled again when they run out.
    widths : sequence of int
        Allowed numbers of columns of the problems; few, because each one
        is compiled.
    answer_width : int
        Columns of the answers, including both marks.
    """

    def __init__(
        self,
        pairs: Sequence,
        size: int,
        seed: int,
        steps: int,
        widths: Sequence[int] = (12, 20, 32),
        answer_width: int = 22,
    ):
        super().__init__()
        self.problems, self.answers = (
            vocabulary.to_array([p[0] for p in pairs], max(widths)),
            vocabulary.to_array([p[1] for p in pairs], answer_width, True),
        )
        self.widths, self.size, self.steps = sorted(widths), size, steps
        self._plan = self._planned(np.random.default_rng(seed))

    def _planned(self, rng: np.random.Generator) -> list:
        """Return the (rows, width) of each batch, in random order."""
        lengths = (self.problems != PAD).sum(axis=1)
        buckets = np.searchsorted(self.widths, lengths)
        plan: list = []
        while len(plan) < self.steps:
            epoch = []
            for b, width in enumerate(self.widths):
                rows = rng.permutation(np.flatnonzero(buckets == b))
                for start in range(0, len(rows) - self.size + 1, self.size):
                    epoch.append((rows[start : start + self.size], width))
            if not epoch:
                raise ValueError(
                    f"{len(lengths)} pairs do not fill one batch of "
                    f"{self.size}. Generate more, or take smaller batches."
                )
            plan += [epoch[i] for i in rng.permutation(len(epoch))]
        return plan[: self.steps]

    def cut(self, first: int, last: int) -> "Batches":
        """Return the batches from `first` to before `last`."""
        part = copy.copy(self)
        part._plan = self._plan[first:last]
        part.steps = len(part._plan)
        return part

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, i: int):
        rows, width = self._plan[i]
        answers = self.answers[rows]
        return (self.problems[rows, :width], answers[:, :-1]), answers[:, 1:]


def warm_cosine(
    peak: float, steps: int, warm_up: int = 50
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return a rate that rises linearly and falls as a cosine to zero."""
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 50,
        decay_steps=max(1, steps - warm_up),
        warmup_target=peak,
        warmup_steps=warm_up,
    )


def make_optimizer(
    learning_rate: float, steps: int
) -> keras.optimizers.Optimizer:
    """Return Muon for the matrices and AdamW for embedding and norms."""
    return keras.optimizers.Muon(
        warm_cosine(learning_rate, steps),
        weight_decay=0.01,
        adam_weight_decay=0.0,
        adam_beta_2=0.98,
        momentum=0.95,
        clipnorm=1.0,
    )


def train(
    model: Seq2Seq,
    batches: Batches,
    learning_rate: float = 2e-2,
    verbose: bool = False,
) -> list[float]:
    """Compile and train for one pass over the batches; return the losses."""
    model.compile(
        optimizer=make_optimizer(learning_rate, len(batches)),
        loss=token_loss,
    )
    return train_on(model, batches, verbose)


def train_on(
    model: Seq2Seq, batches: Batches, verbose: bool = False
) -> list[float]:
    """Train a compiled model batch by batch; return the loss of each.

    `fit` would fix the shapes by the first batches; here they may differ.
    With `verbose`, a progress bar is shown.

    Raises
    ------
    FloatingPointError
        If a loss is NaN or infinite.
    """
    bar = keras.utils.Progbar(len(batches)) if verbose else None
    losses = []
    for i in range(len(batches)):
        inputs, target = batches[i]
        model.reset_metrics()
        losses.append(float(model.train_on_batch(inputs, target)))
        if not np.isfinite(losses[-1]):
            raise FloatingPointError(
                f"The loss of step {i + 1} is {losses[-1]}, so the training "
                "is stopped. Lower the learning rate."
            )
        if bar:
            bar.update(i + 1, [("loss", losses[-1])])
    return losses
