"""Attention as a soft look-up, and the layers that are made of it."""

from typing import Any

import keras
import numpy as np
from keras import ops

Array = Any  # a NumPy array or a tensor of the backend
FARTHEST = 32  # distances beyond this one share a bias
POSITIONS = ("none", "relative")


def attention(q: Array, k: Array, v: Array, mask: Array | None = None):
    r"""Return softmax(q k' / sqrt(d)) v: each query's mean of the values.

    Parameters
    ----------
    q : array, shape (..., queries, d)
    k : array, shape (..., keys, d)
    v : array, shape (..., keys, n)
    mask : array of bool, shape (..., queries, keys), optional
        True where a query may look.

    Returns
    -------
    tensor, shape (..., queries, n)
        Zeros for a query that may look nowhere.

    Raises
    ------
    ValueError
        If the sizes of queries and keys differ, or there is not one value
        for each key.
    """
    return ops.matmul(attention_weights(q, k, mask, v=v), v)


def attention_weights(
    q: Array,
    k: Array,
    mask: Array | None = None,
    bias: Array | None = None,
    v: Array | None = None,
):
    """Return the weights of `attention`, shape (..., queries, keys).

    `bias` is added to the scores; `v` is only compared with the keys.
    """
    q, k = ops.convert_to_tensor(q), ops.convert_to_tensor(k)
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(
            "Queries and keys are compared entry by entry, but a query has "
            f"{q.shape[-1]} entries and a key {k.shape[-1]}."
        )
    if v is not None and tuple(v.shape)[-2] != k.shape[-2]:
        raise ValueError(
            f"There are {k.shape[-2]} keys, but {tuple(v.shape)[-2]} values: "
            "each key needs one."
        )
    size = q.shape[-1]
    scores = ops.matmul(q, ops.swapaxes(k, -1, -2)) / size**0.5
    if bias is not None:
        scores = scores + bias
    if mask is None:
        return ops.softmax(scores, axis=-1)
    mask = ops.convert_to_tensor(mask, dtype="bool")
    lowest = float(np.finfo(_numpy_dtype(scores)).min) / 2
    weights = ops.softmax(ops.where(mask, scores, lowest), axis=-1)
    return ops.where(mask, weights, ops.zeros_like(weights))


def _numpy_dtype(x: Array) -> str:
    dtype = keras.backend.standardize_dtype(x.dtype)
    return "float32" if dtype == "bfloat16" else dtype


def causal_mask(length: int) -> np.ndarray:
    """Return where step t (row) may look: at steps up to t.

    Returns
    -------
    ndarray of bool, shape (length, length)
    """
    return np.tri(length, dtype=bool)


def sinusoids(length: int, size: int) -> np.ndarray:
    """Return the positions of Vaswani et al. (2017), section 3.5.

    Returns
    -------
    ndarray, shape (length, size)
        Columns 2i and 2i + 1 are sine and cosine of t / 10000^(2i / size).

    Raises
    ------
    ValueError
        If `size` is odd.
    """
    if size % 2:
        raise ValueError(f"Sines and cosines come in pairs, not {size}.")
    speed = 10_000.0 ** (-np.arange(0, size, 2) / size)
    angle = np.arange(length)[:, np.newaxis] * speed  # (length, size / 2)
    both = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    return both.reshape(length, size)


@keras.saving.register_keras_serializable(package="topoi")
class CausalAttention(keras.layers.Layer):
    """Several attentions side by side, each step looking back only.

    Parameters
    ----------
    heads : int
        Must divide the width of the input.
    positions : {"none", "relative"}
        "relative" adds to each score a learned number that depends on the
        head and on the distance, up to 32.
    smear : bool
        Each key is mixed with the key of the step before, with a learned
        weight for each head.
    use_bias : bool
        Of the queries, the values and the output. A bias of the keys would
        add the same number to all scores of a query, and change nothing.

    Notes
    -----
    (batch, time, width) -> (batch, time, width). Masks are not supported.
    """

    def __init__(
        self,
        heads: int,
        positions: str = "none",
        smear: bool = False,
        use_bias: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if positions not in POSITIONS:
            raise ValueError(
                f"positions is one of {', '.join(POSITIONS)}, but it is "
                f"{positions!r}."
            )
        self.heads, self.positions = heads, positions
        self.smear, self.use_bias = smear, use_bias

    def build(self, input_shape):
        """Make the four linear maps, and what else is asked for."""
        width = input_shape[-1]
        if width % self.heads:
            raise ValueError(
                f"{self.heads} heads cannot share a width of {width}: choose "
                "a number that divides it."
            )
        for name in ("query", "key", "value", "output"):
            bias = self.use_bias and name != "key"
            layer = keras.layers.Dense(
                width, use_bias=bias, name=name, dtype=self.dtype_policy
            )
            layer.build(input_shape)
            setattr(self, f"to_{name}", layer)
        if self.positions == "relative":
            shape = self.heads, FARTHEST + 1
            self.distance = self.add_weight(
                shape=shape, initializer="zeros", name="distance"
            )
        if self.smear:
            self.gate = self.add_weight(
                shape=(self.heads, 1, 1), initializer="zeros", name="gate"
            )

    def call(self, x):
        """Return what each step finds in its past."""
        values = self._split(self.to_value(x))
        found = ops.matmul(self.weights_of(x), values)
        return self.to_output(self._join(found))

    def weights_of(self, x):
        """Return where each step looks, shape (batch, heads, time, time)."""
        q, k = self._split(self.to_query(x)), self._split(self.to_key(x))
        if self.smear:
            gate = ops.sigmoid(self.gate)
            before = ops.concatenate([k[:, :, :1], k[:, :, :-1]], axis=2)
            k = gate * k + (1 - gate) * before
        steps = ops.arange(ops.shape(x)[1])
        back = steps[:, None] - steps  # (time, time): how far back a key is
        bias = None
        if self.positions == "relative":
            near = ops.clip(back, 0, FARTHEST)
            bias = ops.take(self.distance, near, axis=1)
        return attention_weights(q, k, back >= 0, bias)

    def _split(self, x):
        shape = ops.shape(x)
        size = x.shape[-1] // self.heads
        x = ops.reshape(x, (shape[0], shape[1], self.heads, size))
        return ops.transpose(x, (0, 2, 1, 3))  # (batch, heads, time, size)

    def _join(self, x):
        x = ops.transpose(x, (0, 2, 1, 3))  # (batch, time, heads, size)
        shape = ops.shape(x)
        width = x.shape[2] * x.shape[3]
        return ops.reshape(x, (shape[0], shape[1], width))

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the arguments of the constructor."""
        return super().get_config() | {
            "heads": self.heads,
            "positions": self.positions,
            "smear": self.smear,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="topoi")
class PreNormBlock(keras.layers.Layer):
    """A block of a Transformer: look back, then think about it.

    x + attention(norm(x)), then x + mlp(norm(x)) with four times the width
    in between; the pre-LN form of Xiong et al. (2020).

    Parameters
    ----------
    heads : int
    positions, smear, use_bias
        As for `CausalAttention`.
    mlp, norm : bool
        Whether the block has an MLP, and normalises what its parts read.

    Notes
    -----
    (batch, time, width) -> (batch, time, width). Masks are not supported.
    """

    def __init__(
        self,
        heads: int,
        positions: str = "none",
        smear: bool = False,
        use_bias: bool = True,
        mlp: bool = True,
        norm: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.mlp, self.norm = mlp, norm
        self.attention = CausalAttention(
            heads, positions, smear, use_bias, dtype=self.dtype_policy
        )

    def build(self, input_shape):
        """Make the parts."""
        width, policy = input_shape[-1], self.dtype_policy
        self.attention.build(input_shape)
        if self.norm:
            self.norm_attention = keras.layers.LayerNormalization(dtype=policy)
            self.norm_attention.build(input_shape)
        if self.mlp:
            self.wide = keras.layers.Dense(4 * width, "gelu", dtype=policy)
            self.wide.build(input_shape)
            self.narrow = keras.layers.Dense(width, dtype=policy)
            self.narrow.build((*input_shape[:-1], 4 * width))
            if self.norm:
                self.norm_mlp = keras.layers.LayerNormalization(dtype=policy)
                self.norm_mlp.build(input_shape)

    def call(self, x):
        """Return the input plus what both parts add."""
        x = x + self.attention(self.normed(x))
        if self.mlp:
            seen = self.norm_mlp(x) if self.norm else x
            x = x + self.narrow(self.wide(seen))
        return x

    def normed(self, x):
        """Return what the attention reads."""
        return self.norm_attention(x) if self.norm else x

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the arguments of the constructor."""
        parts = self.attention
        return super().get_config() | {
            "heads": parts.heads,
            "positions": parts.positions,
            "smear": parts.smear,
            "use_bias": parts.use_bias,
            "mlp": self.mlp,
            "norm": self.norm,
        }
