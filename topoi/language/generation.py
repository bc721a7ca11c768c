"""Text as output: sampling, and a Transformer that remembers its keys."""

from collections.abc import Callable, Sequence

import numpy as np
from keras import ops
from scipy.special import erf

from topoi.language.layers import FARTHEST
from topoi.language.models import Transformer


def sampling_distribution(
    logits: Sequence[float],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> np.ndarray:
    """Return the probabilities that the next token is drawn from.

    Parameters
    ----------
    logits : array_like, shape (vocabulary,)
    temperature : float
        Divides the logits; towards 0 the largest takes all.
    top_k : int, optional
        Keep only so many tokens.
    top_p : float
        Keep the fewest most likely tokens whose probabilities reach this.

    Returns
    -------
    ndarray, shape (vocabulary,)

    Raises
    ------
    ValueError
        If the temperature is not positive, nothing is kept, or a logit is
        NaN.
    """
    z = np.asarray(logits, dtype=np.float64)
    few = top_k is not None and top_k < 1
    if few or not (temperature > 0 and 0 < top_p <= 1):
        raise ValueError(
            "temperature is positive, top_k from 1 on and top_p in (0, 1], "
            f"but they are {temperature}, {top_k} and {top_p}."
        )
    if np.isnan(z).any():
        raise ValueError("A logit is NaN: the network has diverged.")
    p = np.exp((z - z.max()) / temperature)
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    before = np.cumsum(p[order]) - p[order]
    kept = order[(before < top_p) & (np.arange(len(p)) < (top_k or len(p)))]
    q = np.zeros_like(p)
    q[kept] = p[kept]
    return q / q.sum()


def generate(
    next_logits: Callable[[list[int]], np.ndarray],
    prompt: Sequence[int],
    length: int,
    rng: np.random.Generator,
    **sampling,
) -> list[int]:
    """Return new tokens, each drawn after all tokens before it.

    Parameters
    ----------
    next_logits : callable
        Is given the tokens that are new since its last call, first the
        prompt, and returns logits of shape (vocabulary,).
    prompt : sequence of int
    length : int
        Number of new tokens.
    rng : Generator
    **sampling
        `temperature`, `top_k` and `top_p` of `sampling_distribution`.

    Raises
    ------
    ValueError
        If the prompt is empty.
    """
    new = [int(token) for token in prompt]
    if not new:
        raise ValueError("generate needs a prompt of one token at least.")
    out: list[int] = []
    for _ in range(length):
        p = sampling_distribution(next_logits(new), **sampling)
        new = [int(rng.choice(len(p), p=p))]
        out += new
    return out


class CachedTransformer:
    """A `Transformer` in NumPy that keeps keys and values it has computed.

    Parameters
    ----------
    model : Transformer
        Its weights are copied, as float64.

    Attributes
    ----------
    seen : int
        How many tokens it has read.

    Notes
    -----
    With a causal mask, a later token never changes an earlier step. So its
    keys and values can be kept, and reading one more token costs one step.
    """

    def __init__(self, model: Transformer):
        self.settings = model.settings
        self._embedding = _arrays(model.embedding)[0]
        self._blocks = [_block_arrays(block) for block in model.blocks]
        self._norm = model.norm and _arrays(model.norm)
        self._head = _arrays(model.head)
        self.seen = 0
        self._cache: list = [None] * len(self._blocks)

    def feed(self, tokens: Sequence[int]) -> np.ndarray:
        """Read further tokens; return the logits after each of them.

        Returns
        -------
        ndarray, shape (len(tokens), vocabulary)

        Raises
        ------
        ValueError
            If there is no such token, or none at all.
        """
        tokens = np.asarray(tokens, dtype=np.int64).reshape(-1)
        size = self.settings["vocabulary"]
        if not tokens.size or tokens.min() < 0 or tokens.max() >= size:
            raise ValueError(
                f"feed reads tokens from 0 to {size - 1}, one at least, not "
                f"{tokens[:5].tolist()}."
            )
        x = self._embedding[tokens]  # (new, width)
        for n, block in enumerate(self._blocks):
            x = x + self._look_back(n, _normed(x, block["norm"]))
            if block["mlp"]:
                w, b, w2, b2 = block["mlp"]
                h = _normed(x, block["norm_mlp"]) @ w + b
                h = h * (1 + erf(h / np.sqrt(2))) / 2  # gelu
                x = x + h @ w2 + b2
        self.seen += len(tokens)
        return _affine(_normed(x, self._norm), self._head)

    def _look_back(self, n: int, x: np.ndarray) -> np.ndarray:
        """Return what layer n adds, and keep its keys and values."""
        block, heads = self._blocks[n], self.settings["heads"]
        size = x.shape[1] // heads
        q, k, v = (
            _affine(x, block[part]).reshape(len(x), heads, size)
            for part in ("query", "key", "value")
        )  # each (new, heads, size)
        raw, keys, values = self._cache[n] or (k[:1], k[:0], v[:0])
        before = np.concatenate([raw, k[:-1]])
        self._cache[n] = k[-1:], keys, values
        if block["gate"] is not None:
            gate = 1 / (1 + np.exp(-block["gate"].reshape(heads, 1)))
            k = gate * k + (1 - gate) * before
        keys, values = np.concatenate([keys, k]), np.concatenate([values, v])
        self._cache[n] = self._cache[n][0], keys, values
        scores = np.einsum("qhs,khs->hqk", q, keys) / np.sqrt(size)
        back = self.seen + np.arange(len(x))[:, np.newaxis]
        back = back - np.arange(len(keys))  # (new, all): steps back
        if block["distance"] is not None:
            scores += block["distance"][:, np.clip(back, 0, FARTHEST)]
        scores = np.where(back >= 0, scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        found = np.einsum("hqk,khs->qhs", weights, values)
        return _affine(found.reshape(len(x), heads * size), block["output"])


def _arrays(layer) -> list[np.ndarray]:
    return [
        np.asarray(ops.convert_to_numpy(w.value), np.float64)
        for w in layer.weights
    ]


def _block_arrays(block) -> dict:
    look = block.attention
    found = {
        part: _arrays(getattr(look, f"to_{part}"))
        for part in ("query", "key", "value", "output")
    }
    for name in ("distance", "gate"):
        weight = getattr(look, name, None)
        found[name] = weight
        if weight is not None:
            value = ops.convert_to_numpy(weight.value)
            found[name] = np.asarray(value, np.float64)
    found["norm"] = _arrays(block.norm_attention) if block.norm else None
    found["mlp"] = found["norm_mlp"] = None
    if block.mlp:
        found["mlp"] = _arrays(block.wide) + _arrays(block.narrow)
        found["norm_mlp"] = _arrays(block.norm_mlp) if block.norm else None
    return found


def _affine(x: np.ndarray, arrays: list[np.ndarray]) -> np.ndarray:
    return x @ arrays[0] + (arrays[1] if len(arrays) > 1 else 0)


def _normed(x: np.ndarray, arrays: list[np.ndarray] | None) -> np.ndarray:
    if not arrays:
        return x
    gain, shift = arrays
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-3) * gain + shift
