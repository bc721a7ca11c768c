"""Right answers written differently pass the lab on language."""

import pytest
from right_answers import assert_passes, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "encode": (
        """
def to_tokens(piece, merges):
    tokens = [bytes([b]) for b in piece.encode()]
    for a, b in merges:
        i = 0
        while i + 1 < len(tokens):
            if tokens[i] == a and tokens[i + 1] == b:
                tokens[i : i + 2] = [a + b]
            i += 1
    return tokens
""",
        """
def to_tokens(piece, merges):
    raw = piece.encode()
    tokens = [raw[i : i + 1] for i in range(len(raw))]
    rank = {pair: n for n, pair in enumerate(merges)}
    while pairs := [p for p in zip(tokens, tokens[1:]) if p in rank]:
        a, b = min(pairs, key=rank.get)
        out, rest = [], tokens[:]
        while rest:
            two = tuple(rest[:2]) == (a, b)
            out.append(a + b if two else rest[0])
            rest = rest[1 + two :]
        tokens = out
    return tokens
""",
    ),
    "accounts": (
        """
def bits_per_character(losses, sizes, characters):
    total = 0.0
    for loss, size in zip(losses, sizes):
        total += -np.log2(np.exp(-loss)) * size
    return total / characters
""",
        """
def bits_per_character(losses, sizes, characters):
    mean = np.average(losses, weights=sizes)
    return mean * np.log2(np.e) * (sizes.sum() / characters)
""",
    ),
    "smooth": (
        """
def kneser_ney(tokens, vocabulary, discount):
    v = range(vocabulary)
    pairs = list(zip(tokens.tolist(), tokens.tolist()[1:]))
    kinds = set(pairs)
    lower = [sum(p[1] == c for p in kinds) / len(kinds) for c in v]
    P = np.zeros((vocabulary, vocabulary))
    for a in v:
        n = sum(p[0] == a for p in pairs)
        m = sum(p[0] == a for p in kinds)
        for c in v:
            P[a, c] = lower[c]
            if n:
                top = max(pairs.count((a, c)) - discount, 0)
                P[a, c] = top / n + discount * m / n * lower[c]
    return P
""",
        """
def kneser_ney(tokens, vocabulary, discount):
    flat = tokens[:-1] * vocabulary + tokens[1:]
    n = np.bincount(flat, minlength=vocabulary**2)
    n = n.reshape(vocabulary, vocabulary)
    taken = np.minimum(n, discount)
    lower = np.sign(n).sum(0) / np.sign(n).sum()
    mass = taken.sum(1)[:, None] * lower + (n - taken)
    rows = n.sum(1)
    mass[rows == 0] = lower
    return mass / np.where(rows > 0, rows, 1)[:, None]
""",
    ),
    "look": (
        """
def causal_attention(q, k, v):
    out = []
    for t in range(len(q)):
        s = k[: t + 1] @ q[t] / k.shape[1] ** 0.5
        w = np.exp(s - s.max())
        out.append(w @ v[: t + 1] / w.sum())
    return np.array(out)
""",
        """
def causal_attention(q, k, v):
    s = np.einsum("td,sd->ts", q, k) * k.shape[-1] ** -0.5
    s[np.triu_indices(len(s), 1)] = -np.inf
    w = np.exp(s - np.max(s, 1)[:, None])
    return (w @ v) / w.sum(1)[:, None]
""",
    ),
    "head": (
        """
def set_head(vocabulary, beta):
    root = np.sqrt(beta)
    one = np.eye(vocabulary)
    query, key = np.zeros((2, 3 * vocabulary, vocabulary))
    query[:vocabulary] = root * one
    key[vocabulary : 2 * vocabulary] = root * one
    value = np.zeros((3, vocabulary, 3, vocabulary))
    value[0, :, 2] = one
    return query, key, value.reshape(3 * vocabulary, -1)
""",
        """
def set_head(vocabulary, beta):
    first = np.array([[1], [0], [0]])
    second = np.array([[0], [1], [0]])
    last = np.array([[0, 0, 1]])
    one = np.eye(vocabulary)
    turned = one[::-1]
    return (
        np.kron(first, turned),
        np.kron(second, beta * turned),
        np.kron(first @ last, one),
    )
""",
    ),
    "fewest": (
        """
import heapq


def fewest_words(counts, weights, score):
    heap = []
    for w in range(2, len(weights)):
        gain = weights[w] * (np.log1p(counts[w] + 1) - np.log1p(counts[w]))
        heap.append((gain, w, int(counts[w])))
    heapq.heapify(heap)
    added = []
    while score > 0:
        gain, w, n = heapq.heappop(heap)
        score = score + gain
        added.append(w)
        again = weights[w] * (np.log1p(n + 2) - np.log1p(n + 1))
        heapq.heappush(heap, (again, w, n + 1))
    return added
""",
        """
def fewest_words(counts, weights, score):
    copies = np.arange(200)[:, None] + counts
    gains = weights * (np.log(copies + 2) - np.log(copies + 1))
    gains[:, :2] = 0
    order = np.argsort(gains, axis=None, kind="stable")
    total = score + np.cumsum(gains.ravel()[order])
    need = 0 if score <= 0 else int(np.argmax(total <= 0)) + 1
    return (order[:need] % len(weights)).tolist()
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("language", name, RIGHT[name][n])
