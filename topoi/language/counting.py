"""n-gram models: the next token from counts of what followed before."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SMOOTHINGS = ("kneser-ney", "witten-bell", "additive")


class _Level(NamedTuple):
    """Counts of n-grams of one length, as sorted numbers."""

    grams: np.ndarray  # (m,) numbers of the n-grams
    counts: np.ndarray  # (m,)
    heads: np.ndarray  # (k,) numbers of their contexts
    totals: np.ndarray  # (k,) sum of the counts that follow
    kinds: np.ndarray  # (k,) how many different tokens follow
    discount: float


class NGram:
    r"""A model of the next token given the `order` - 1 tokens before it.

    Parameters
    ----------
    tokens : array_like of int, shape (n,)
        The text to count in.
    order : int
        From 1, which ignores the context, on.
    vocabulary : int
        Number of tokens.
    smoothing : str
        One of `SMOOTHINGS`.
    constant : float
        What "additive" adds to every count.

    Raises
    ------
    ValueError
        If a token is outside of the vocabulary, the text is shorter than
        `order`, the smoothing is unknown, or ``vocabulary ** order``
        exceeds 63 bits.

    Notes
    -----
    Interpolated Kneser-Ney: with :math:`C` the counts at the highest order
    and, below it, the number of *different* tokens in front,

    .. math:: p_n(c \mid h) = \frac{\max(C(hc) - D_n, 0)
        + D_n N(h)\, p_{n-1}(c \mid h')}{C(h)},
        \qquad p_0 = 1 / V,

    where :math:`N(h)` counts the different tokens after :math:`h`,
    :math:`h'` is :math:`h` without its first token and
    :math:`D_n = n_1/(n_1 + 2 n_2)`. Witten-Bell takes plain counts at every
    order and :math:`N(h)` as the mass of the lower one. Where `h` was never
    seen, the lower order answers alone.
    """

    def __init__(
        self,
        tokens: Sequence[int],
        order: int,
        vocabulary: int,
        smoothing: str = "kneser-ney",
        constant: float = 0.1,
    ):
        tokens = _checked(tokens, vocabulary)
        if smoothing not in SMOOTHINGS:
            raise ValueError(
                f"smoothing is one of {', '.join(SMOOTHINGS)}, but it is "
                f"{smoothing!r}."
            )
        if order < 1 or len(tokens) < order:
            raise ValueError(
                f"order is from 1 to the {len(tokens)} tokens, not {order}."
            )
        if order * np.log2(max(vocabulary, 2)) > 63:
            raise ValueError(
                f"{order} tokens of {vocabulary} do not fit into 63 bits: "
                "take a lower order, or a smaller vocabulary."
            )
        self.order, self.vocabulary = order, vocabulary
        self.smoothing, self.constant = smoothing, constant
        self.levels = self._count(tokens)

    def _count(self, tokens: np.ndarray) -> list[_Level]:
        """Return the tables of lengths 1 to `order`."""
        v, levels, longer = self.vocabulary, [], None
        for n in range(self.order, 0, -1):
            keys = _keys(tokens, n, v)
            if self.smoothing == "kneser-ney" and longer is not None:
                # one different token in front counts once
                keys = longer % v**n
            grams, counts = np.unique(keys, return_counts=True)
            levels.append(_level(grams, counts, v))
            longer = grams
        return levels[::-1]

    def log2_probs(self, tokens: Sequence[int], start: int = 0) -> np.ndarray:
        """Return log2 of the probability of each token from `start` on.

        Parameters
        ----------
        tokens : array_like of int, shape (n,)
        start : int
            The tokens before it are context only.

        Returns
        -------
        ndarray, shape (n - start,)
        """
        tokens = _checked(tokens, self.vocabulary)
        p = np.full(len(tokens), 1 / self.vocabulary)
        for n in range(1, self.order + 1):
            keys = _keys(tokens, n, self.vocabulary)
            p[n - 1 :] = self.rise(n, keys, p[n - 1 :])
        return np.log2(p[start:])

    def distribution(self, context: Sequence[int] = ()) -> np.ndarray:
        """Return the probabilities of the next token, shape (vocabulary,).

        Only the last `order` - 1 tokens of the context count; a shorter
        context is answered by the lower orders.
        """
        context = _checked(context, self.vocabulary)
        every = np.arange(self.vocabulary)
        p = np.full(self.vocabulary, 1 / self.vocabulary)
        for n in range(1, min(self.order, len(context) + 1) + 1):
            head = 0
            for token in context[len(context) - n + 1 :]:
                head = head * self.vocabulary + int(token)
            p = self.rise(n, head * self.vocabulary + every, p)
        return p

    def rise(self, n: int, keys: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Return the probabilities of order n from those of order n - 1.

        `keys` are the n-grams as numbers, the last token as the last digit.
        """
        level = self.levels[n - 1]
        heads = keys // self.vocabulary  # the n-grams without their last token
        counts = look_up(level.grams, level.counts, keys)
        totals = look_up(level.heads, level.totals, heads)
        kinds = look_up(level.heads, level.kinds, heads)
        if self.smoothing == "additive":
            if n < self.order:
                return lower
            wide = totals + self.constant * self.vocabulary
            return (counts + self.constant) / wide
        seen = np.maximum(totals, 1)  # where it is 0, `lower` answers
        if self.smoothing == "kneser-ney":
            kept = np.maximum(counts - level.discount, 0)
            p = (kept + level.discount * kinds * lower) / seen
        else:
            p = (counts + kinds * lower) / (seen + kinds)
        return np.where(totals > 0, p, lower)


def _checked(tokens: Sequence[int], vocabulary: int) -> np.ndarray:
    tokens = np.asarray(tokens, dtype=np.int64).reshape(-1)
    if tokens.size and not (0 <= tokens.min() <= tokens.max() < vocabulary):
        raise ValueError(
            f"Tokens are from 0 to {vocabulary - 1}, but these go from "
            f"{tokens.min()} to {tokens.max()}."
        )
    return tokens


def _keys(tokens: np.ndarray, n: int, vocabulary: int) -> np.ndarray:
    """Return every n-gram as one number, the last token as the last digit."""
    size = max(len(tokens) - n + 1, 0)
    keys = np.zeros(size, np.int64)
    for j in range(n):
        keys = keys * vocabulary + tokens[j : j + size]
    return keys


def _level(grams: np.ndarray, counts: np.ndarray, vocabulary: int) -> _Level:
    heads, inverse = np.unique(grams // vocabulary, return_inverse=True)
    once, twice = np.sum(counts == 1), np.sum(counts == 2)
    discount = once / (once + 2 * twice) if once else 0.5
    return _Level(
        grams,
        counts,
        heads,
        np.bincount(inverse, counts),
        np.bincount(inverse),
        float(discount),
    )


def look_up(sorted_keys, values, keys):
    """Return the values of keys, and 0 for unknown ones."""
    if not len(sorted_keys):
        return np.zeros(len(keys))
    places = np.minimum(
        np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1
    )
    return np.where(sorted_keys[places] == keys, values[places], 0)


def bits_per_character(log2_probs: np.ndarray, characters: int) -> float:
    """Return the bits that a model spends, over the characters it covers.

    Parameters
    ----------
    log2_probs : ndarray
        One number a token.
    characters : int
        Of the text that the tokens spell.

    Raises
    ------
    ValueError
        If there are no characters.
    """
    if characters < 1:
        raise ValueError(f"A text needs characters, but has {characters}.")
    return float(-np.sum(log2_probs) / characters)


def mix(log2_p: np.ndarray, log2_q: np.ndarray, weight: float) -> np.ndarray:
    """Return log2 of (1 - weight) p + weight q.

    Raises
    ------
    ValueError
        If the weight is not between 0 and 1, or the shapes differ.
    """
    log2_p, log2_q = np.asarray(log2_p), np.asarray(log2_q)
    if not 0 <= weight <= 1 or log2_p.shape != log2_q.shape:
        raise ValueError(
            "mix needs two arrays of one shape and a weight between 0 and 1,"
            f" but got {log2_p.shape}, {log2_q.shape} and {weight}."
        )
    with np.errstate(divide="ignore"):
        return np.logaddexp2(
            log2_p + np.log2(1 - weight), log2_q + np.log2(weight)
        )
