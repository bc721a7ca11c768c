"""An induction head set by hand, and tasks whose answers stand in the text."""

from collections.abc import Sequence

import numpy as np

from topoi.language.models import Transformer

SURE = 60.0  # a score that leaves nothing for the others


def repeated_words(
    rng: np.random.Generator,
    n: int,
    length: int = 32,
    alphabet: int = 64,
    shortest: int = 8,
    longest: int = 16,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw words of different tokens, each repeated to fill its row.

    Parameters
    ----------
    rng : Generator
    n : int
        Rows.
    length : int
        Tokens of a row.
    alphabet : int
        Number of tokens to draw from.
    shortest, longest : int
        A word's length is uniform between these.

    Returns
    -------
    tokens : ndarray of int, shape (n, length)
    counts : ndarray of float, shape (n, length - 1)
        1 where the next token follows from the text: from the second token
        of the first repetition on.

    Raises
    ------
    ValueError
        If a word could be longer than the alphabet or the row.
    """
    if not 1 <= shortest <= longest <= min(alphabet, length - 1):
        raise ValueError(
            f"Words of {shortest} to {longest} different tokens need an "
            f"alphabet of {longest} and a row of {longest + 1} at least, but "
            f"there are {alphabet} and {length}."
        )
    sizes = rng.integers(shortest, longest + 1, n)
    words = rng.permuted(np.tile(np.arange(alphabet), (n, 1)), axis=1)
    steps = np.arange(length)
    tokens = np.take_along_axis(words, steps % sizes[:, np.newaxis], axis=1)
    counts = steps[1:] > sizes[:, np.newaxis]  # (n, length - 1)
    return tokens, counts.astype(np.float64)


def markov_chains(
    rng: np.random.Generator, n: int, states: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw chains, each from transition probabilities of its own.

    Every row of every matrix is uniform on the simplex, and so is the first
    state.

    Returns
    -------
    tokens : ndarray of int, shape (n, length)
    matrices : ndarray, shape (n, states, states)
        Probability of the next state (last axis) after each.
    """
    matrices = rng.dirichlet(np.ones(states), (n, states))
    ends = matrices.cumsum(axis=-1)
    tokens = np.zeros((n, length), np.int64)
    tokens[:, 0] = rng.integers(0, states, n)
    for t in range(1, length):
        end = ends[np.arange(n), tokens[:, t - 1]]  # (n, states)
        draw = rng.random((n, 1))
        tokens[:, t] = np.minimum((draw > end).sum(axis=1), states - 1)
    return tokens, matrices


def bayes_chain(tokens: np.ndarray, states: int) -> np.ndarray:
    """Return the best prediction of each next state of `markov_chains`.

    After state a it is (n(ac) + 1) / (n(a) + states), where n(ac) counts how
    often c has followed a so far, and n(a) how often anything has.

    Returns
    -------
    ndarray, shape (chains, length - 1, states)
        Entry t predicts token t + 1 from tokens 0 to t.
    """
    tokens = np.asarray(tokens)
    chains, length = tokens.shape
    follows = np.zeros((chains, states, states))
    rows = np.arange(chains)
    out = np.zeros((chains, length - 1, states))
    for t in range(length - 1):
        if t:
            follows[rows, tokens[:, t - 1], tokens[:, t]] += 1
        seen = follows[rows, tokens[:, t]] + 1  # (chains, states)
        out[:, t] = seen / seen.sum(axis=-1, keepdims=True)
    return out


def induction_formula(
    context: Sequence[int], vocabulary: int, beta: float
) -> np.ndarray:
    """Return what an induction head of strength beta predicts, by counting.

    Parameters
    ----------
    context : sequence of int, length t > 0
        Its last token is a.
    vocabulary : int
    beta : float
        The score of a place whose predecessor is a; others score 0.

    Returns
    -------
    ndarray, shape (vocabulary,)
        (w n(ac) + n(c)) / (w n(a) + t) with w = exp(beta) - 1: n(ac) counts
        a followed by c, n(a) a followed by anything, n(c) all c.

    Raises
    ------
    ValueError
        If the context is empty.
    """
    context = [int(token) for token in context]
    if not context:
        raise ValueError("An induction head needs a context to look at.")
    after, every = np.zeros(vocabulary), np.zeros(vocabulary)
    for place, token in enumerate(context):
        every[token] += 1
        if place and context[place - 1] == context[-1]:
            after[token] += 1
    w = np.expm1(beta)
    return (w * after + every) / (w * after.sum() + len(context))


def induction_by_hand(vocabulary: int, beta: float) -> Transformer:
    """Return a Transformer of two attentions whose weights are set by hand.

    Its stream has three slots: token, token before, answer. The first layer
    copies the token before; the second compares it with the present token,
    scores a match with beta, and copies the token found there into the
    answer. The outputs are probabilities, not logits: those of
    `induction_formula`, if the first token of a row occurs only there.
    """
    v = vocabulary
    model = Transformer(
        v,
        3 * v,
        heads=1,
        mlp=False,
        norm=False,
        use_bias=False,
    )
    model.build()
    here, before, answer = (slice(n * v, (n + 1) * v) for n in range(3))
    one = np.eye(v)

    def slots(source, target, scale=1.0):
        matrix = np.zeros((3 * v, 3 * v))
        matrix[source, target] = scale * one
        return matrix

    distance = np.zeros(model.blocks[0].attention.distance.shape)
    distance[0, 1] = SURE
    nothing, copy = np.zeros((3 * v, 3 * v)), slots(here, here)
    match = slots(here, here, beta * np.sqrt(3 * v)), slots(before, here)
    _set(model.blocks[0], (nothing, nothing), copy, slots(here, before))
    model.blocks[0].attention.distance.assign(distance)
    _set(model.blocks[1], match, copy, slots(here, answer))
    model.embedding.set_weights([np.hstack([one, 0 * one, 0 * one])])
    read = np.vstack([0 * one, 0 * one, one])
    model.head.set_weights([read, np.zeros(v)])
    return model


def _set(block, query_and_key, value, output) -> None:
    parts = block.attention
    names = parts.to_query, parts.to_key, parts.to_value, parts.to_output
    arrays = (*query_and_key, value, output)
    for layer, array in zip(names, arrays, strict=True):
        layer.set_weights([array])


def head_scores(
    maps: Sequence[np.ndarray], tokens: np.ndarray
) -> dict[str, np.ndarray]:
    """Return how much each head looks where an induction circuit looks.

    Parameters
    ----------
    maps : sequence of ndarray, each (batch, heads, time, time)
        From `Transformer.maps`.
    tokens : ndarray of int, shape (batch, time)

    Returns
    -------
    dict of str to ndarray, shape (layers, heads)
        "previous": mean weight of the step before. "induction": mean weight
        of the places whose predecessor is the present token, over the steps
        that have such a place.
    """
    tokens = np.asarray(tokens)
    time = tokens.shape[1]
    same = tokens[:, :, np.newaxis] == tokens[:, np.newaxis, :-1]
    places = np.zeros((len(tokens), time, time), bool)
    places[:, :, 1:] = same & np.tri(time, time - 1, -1, dtype=bool)
    steps = places.any(axis=-1)  # (batch, time)
    scores: dict[str, list] = {"previous": [], "induction": []}
    for layer in maps:
        back = np.diagonal(layer, -1, axis1=-2, axis2=-1)
        scores["previous"].append(back.mean(axis=(0, 2)))  # (heads,)
        mass = (layer * places[:, np.newaxis]).sum(axis=-1)
        heads = np.moveaxis(mass, 1, -1)[steps]  # (steps, heads)
        scores["induction"].append(heads.mean(axis=0))
    return {name: np.array(rows) for name, rows in scores.items()}
