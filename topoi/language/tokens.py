"""Byte pairs: from text to numbers and back, without loss."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

PIECE = re.compile(r" ?\w+| ?[^\w\s]+|\s+")
BYTES = 256


def split_pieces(text: str) -> list[str]:
    """Return the pieces of a text: words, marks and gaps.

    A word takes one blank in front of it along. Pieces are never merged
    with each other, and they concatenate to the text.
    """
    return PIECE.findall(text)


class BytePair:
    """A vocabulary of bytes and of merged pairs (Sennrich et al., 2016).

    Parameters
    ----------
    merges : sequence of (int, int)
        Merge number k joins two earlier tokens into token 256 + k. Tokens 0
        to 255 are the bytes.

    Attributes
    ----------
    merges : tuple of (int, int)
    vocabulary : list of bytes
        What each token stands for.

    Raises
    ------
    ValueError
        If a merge uses a token that does not exist yet, or is repeated.
    """

    def __init__(self, merges: Iterable[tuple[int, int]] = ()):
        self.merges = tuple((int(a), int(b)) for a, b in merges)
        self.vocabulary = [bytes([n]) for n in range(BYTES)]
        for pair in self.merges:
            if not all(0 <= n < len(self.vocabulary) for n in pair):
                raise ValueError(
                    f"Merge {len(self.vocabulary) - BYTES} joins {pair}, but "
                    f"only tokens 0 to {len(self.vocabulary) - 1} exist "
                    "before it. Keep the merges in their order."
                )
            left, right = (self.vocabulary[n] for n in pair)
            self.vocabulary.append(left + right)
        self._rank = {pair: k for k, pair in enumerate(self.merges)}
        if len(self._rank) < len(self.merges):
            raise ValueError("A pair is merged twice. Give each merge once.")
        self._known: dict[str, list[int]] = {}

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.vocabulary)

    @classmethod
    def train(cls, text: str, merges: int) -> "BytePair":
        """Return the vocabulary that merges the most frequent pairs.

        Parameters
        ----------
        text : str
        merges : int
            How many. There are fewer where every piece is one token already.

        Raises
        ------
        ValueError
            If `merges` is negative.

        Notes
        -----
        Every distinct piece is stored once, with its count, and an index
        says which pieces hold a pair; so a merge costs only the pieces that
        it changes. Of equally frequent pairs the smaller one is taken.
        """
        if merges < 0:
            raise ValueError(f"merges is a number from 0 on, not {merges}.")
        learner = _Learner(Counter(split_pieces(text)))
        found = []
        while len(found) < merges and (pair := learner.best()) is not None:
            learner.merge(pair, BYTES + len(found))
            found.append(pair)
        return cls(found)

    def encode(self, text: str) -> np.ndarray:
        """Return the tokens of a text, shape (n,), int32.

        Raises
        ------
        ValueError
            If the text holds half of a surrogate pair, which is no
            character and has no bytes.
        """
        tokens: list[int] = []
        for piece in split_pieces(text):
            if piece not in self._known:
                self._known[piece] = self.encode_piece(piece)
            tokens += self._known[piece]
        return np.array(tokens, np.int32)

    def encode_piece(self, piece: str) -> list[int]:
        """Apply the merges to one piece, the earliest merge first."""
        tokens = list(piece.encode("utf-8"))
        while len(tokens) > 1:
            pairs = set(zip(tokens, tokens[1:], strict=False))
            pair = min(pairs, key=lambda p: self._rank.get(p, len(self)))
            if pair not in self._rank:
                break
            tokens = merge_pair(tokens, pair, BYTES + self._rank[pair])
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens.

        Tokens from `encode` give back their text exactly. Others may cut a
        character in two; what is no UTF-8 becomes U+FFFD.

        Raises
        ------
        ValueError
            If there is no such token.
        """
        numbers = [int(n) for n in tokens]
        wrong = [n for n in numbers if not 0 <= n < len(self)]
        if wrong:
            raise ValueError(
                f"There is no token {wrong[0]}: the vocabulary has "
                f"{len(self)}, from 0 on."
            )
        joined = b"".join(self.vocabulary[n] for n in numbers)
        return joined.decode("utf-8", errors="replace")

    def show(self, tokens: Sequence[int]) -> str:
        """Return the tokens of a text with bars between them."""
        return "|".join(
            self.vocabulary[int(n)].decode("utf-8", errors="replace")
            for n in tokens
        )


def merge_pair(tokens: list[int], pair: tuple, new: int) -> list[int]:
    """Replace a pair by a new token, from left to right."""
    out, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            out.append(new)
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


class _Learner:
    """Counts of pairs, kept up to date while pieces are merged."""

    def __init__(self, pieces: Counter[str]):
        self.words = [list(piece.encode("utf-8")) for piece in pieces]
        self.often = list(pieces.values())
        self.counts: Counter[tuple[int, int]] = Counter()
        self.where = defaultdict(set)
        for n in range(len(self.words)):
            self._count(n, 1)

    def _count(self, n: int, sign: int) -> None:
        for pair in zip(self.words[n], self.words[n][1:], strict=False):
            self.counts[pair] += sign * self.often[n]
            self.where[pair].add(n)

    def best(self) -> tuple[int, int] | None:
        if not self.counts:
            return None
        top = max(self.counts.values())
        if top < 1:
            return None
        return min(pair for pair, n in self.counts.items() if n == top)

    def merge(self, pair: tuple[int, int], new: int) -> None:
        for n in self.where.pop(pair):
            self._count(n, -1)
            self.words[n] = merge_pair(self.words[n], pair, new)
            self._count(n, 1)
        del self.counts[pair]


def longest_match(text: str, vocabulary: Sequence[bytes]) -> list[int]:
    """Return the tokens that a greedy reader takes: always the longest.

    It knows the vocabulary and not the order of the merges, so it is
    another tokenizer than `BytePair`.

    Raises
    ------
    ValueError
        If no token starts with a byte of the text.
    """
    number = {piece: n for n, piece in enumerate(vocabulary)}
    longest = max(map(len, vocabulary), default=0)
    tokens = []
    for piece in split_pieces(text):
        raw, i = piece.encode("utf-8"), 0
        while i < len(raw):
            ends = range(min(len(raw), i + longest), i, -1)
            end = next((e for e in ends if raw[i:e] in number), None)
            if end is None:
                raise ValueError(f"No token begins with {raw[i : i + 1]!r}.")
            tokens.append(number[raw[i:end]])
            i = end
    return tokens
