"""A model of characters: an alphabet, a network, and what it writes."""

import numpy as np
from keras import ops

from topoi.language.generation import CachedTransformer, generate
from topoi.language.models import (
    Settings,
    Transformer,
    build_recurrent,
    build_transformer,
    train_next_token,
)


class CharLM:
    """A network that reads characters and predicts the next one.

    Parameters
    ----------
    text : str
        Its characters become the alphabet, in sorted order.
    kind : {"transformer", "gru", "lstm"}
        What `build_transformer` or `build_recurrent` makes.
    length : int
        Characters of a window; each is predicted from those before it.
    **sizes
        Further arguments of the builder.

    Attributes
    ----------
    alphabet : str
    model : keras.Model

    Raises
    ------
    ValueError
        If the text has fewer than two different characters, or the kind is
        unknown.
    """

    def __init__(
        self, text: str, kind: str = "transformer", length: int = 64, **sizes
    ):
        self.alphabet = "".join(sorted(set(text)))
        if len(self.alphabet) < 2:
            raise ValueError(
                "A model of characters needs a text with at least two "
                f"different ones, but got {text[:20]!r}."
            )
        if kind not in ("transformer", "gru", "lstm"):
            raise ValueError(
                f"kind is transformer, gru or lstm, but it is {kind!r}."
            )
        self.length = length
        self._number = {c: n for n, c in enumerate(self.alphabet)}
        if kind == "transformer":
            self.model = build_transformer(len(self.alphabet), **sizes)
        else:
            self.model = build_recurrent(
                len(self.alphabet), cell=kind, **sizes
            )

    def encode(self, text: str) -> np.ndarray:
        """Return the numbers of characters, shape (n,), int32.

        Raises
        ------
        ValueError
            If a character is not in the alphabet.
        """
        foreign = sorted(set(text) - set(self.alphabet))
        if foreign:
            raise ValueError(
                f"{foreign[0]!r} is not in the alphabet of "
                f"{len(self.alphabet)} characters."
            )
        return np.array([self._number[c] for c in text], np.int32)

    def decode(self, tokens) -> str:
        """Return the characters of numbers."""
        return "".join(self.alphabet[int(n)] for n in tokens)

    def train(self, text: str, settings: Settings, seed: int, **look):
        """Train on windows of a text drawn at random; return the losses.

        `look` and `every` are those of `train_next_token`.

        Raises
        ------
        ValueError
            If the text is not longer than a window.
        """
        tokens = self.encode(text)
        if len(tokens) <= self.length:
            raise ValueError(
                f"The text has {len(tokens)} characters, but a window needs "
                f"{self.length + 1}."
            )
        steps = np.arange(self.length + 1)

        def draw(rng, batch_size):
            starts = rng.integers(0, len(tokens) - self.length, batch_size)
            windows = tokens[starts[:, np.newaxis] + steps]
            return windows, np.ones((batch_size, self.length))

        rng = np.random.default_rng(seed)
        return train_next_token(self.model, draw, settings, rng, **look)

    def write(self, prompt: str, length: int, seed: int, **sampling) -> str:
        """Return what the model writes after a prompt, one draw a character.

        `sampling` are the arguments of `sampling_distribution`.

        Raises
        ------
        ValueError
            If the prompt is empty or holds a foreign character.
        """
        # a Transformer keeps what it has read; a recurrent network reads
        # its last window again
        read: list[int] = []
        kept = None
        if isinstance(self.model, Transformer):
            kept = CachedTransformer(self.model)

        def next_logits(new):
            if kept is not None:
                return kept.feed(new)[-1]
            read.extend(new)
            window = np.array([read[-self.length :]], np.int32)
            return ops.convert_to_numpy(self.model(window))[0, -1]

        rng = np.random.default_rng(seed)
        start = self.encode(prompt)
        return self.decode(
            generate(next_logits, start, length, rng, **sampling)
        )

    def log2_probs(self, text: str, start: int) -> np.ndarray:
        """Return log2 of the probability of each character from `start` on.

        Each has at least half a window of characters before it; so `start`
        is at least that.

        Returns
        -------
        ndarray, shape (len(text) - start,)

        Raises
        ------
        ValueError
            If `start` is below half a window, or not in the text.
        """
        tokens, half = self.encode(text), self.length // 2
        if not half <= start < len(tokens):
            raise ValueError(
                f"start is from {half}, half a window, to {len(tokens) - 1}, "
                f"not {start}."
            )
        begins = np.arange(start - half, len(tokens) - half, half)
        padded = np.pad(tokens, (0, self.length + 1))
        steps = np.arange(self.length + 1)
        windows = padded[begins[:, np.newaxis] + steps]
        out = []
        for part in np.array_split(windows, -(-len(windows) // 128)):
            logits = ops.convert_to_numpy(self.model(part[:, :-1]))
            z = logits.astype("float64")[:, half - 1 : -1]
            z -= z.max(axis=-1, keepdims=True)
            z -= np.log(np.exp(z).sum(axis=-1, keepdims=True))
            after = part[:, half : self.length, np.newaxis]
            out.append(np.take_along_axis(z, after, -1)[..., 0])
        nats = np.concatenate(out).ravel()  # (windows * half,)
        return nats[: len(tokens) - start] / np.log(2)
