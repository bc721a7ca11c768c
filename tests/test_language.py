"""Language: tokens, counts, attention, circuits, sampling and the filter.

Oracles: a trainer that recounts everything, n-gram models from dictionaries,
Keras' own attention and a loop, counting, numerical integration, and brute
force over all short lists of words.
"""

import itertools
from collections import Counter, defaultdict

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy import stats

from topoi import data, language
from topoi.language.layers import POSITIONS

RNG = np.random.default_rng
SENTENCE = "the cat sat on the mat and the rat sat on the cat"


@pytest.fixture(scope="module")
def book():
    return data.load("devils_dictionary").text.tobytes().decode("ascii")


def array(x):
    return ops.convert_to_numpy(x)


# -- byte pairs -------------------------------------------------------------


def recounting_trainer(text, merges):
    """Count every pair again after each merge."""
    words = Counter(tuple(p.encode()) for p in language.split_pieces(text))
    found = []
    for new in range(256, 256 + merges):
        pairs = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:], strict=False):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        found.append(best)
        again = Counter()
        for word, n in words.items():
            out = []
            for token in word:
                out.append(token)
                if tuple(out[-2:]) == best:
                    out[-2:] = [new]
            again[tuple(out)] += n
        words = again
    return found, words


def test_training_equals_a_trainer_that_recounts(book):
    text = book[:6000]
    found, words = recounting_trainer(text, 60)
    pairs = language.BytePair.train(text, 60)
    assert list(pairs.merges) == found
    # and encoding gives the segmentation that training has left
    left = {
        bytes(b for t in word for b in pairs.vocabulary[t]): list(word)
        for word in words
    }
    for raw, tokens in left.items():
        assert pairs.encode_piece(raw.decode()) == tokens


TRAINED = language.BytePair.train(SENTENCE * 3 + " naïve 日本 😀😀", 40)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_comes_back(text):
    assert TRAINED.decode(TRAINED.encode(text)) == text
    assert "".join(language.split_pieces(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "\x85\u2028 a",
        "👩‍👩‍👧",
        "e\u0301é",
        "  \t\n\n ",
        "ﷺ",
        "\ufeff",
    ],
)
def test_nasty_texts_come_back(text):
    assert TRAINED.decode(TRAINED.encode(text)) == text


def test_the_whole_book_comes_back(book):
    assert TRAINED.decode(TRAINED.encode(book)) == book


def test_a_hand_example_of_merges():
    # ab and ba occur 3 times each: the smaller pair wins; then (ab)(ab)
    pairs = language.BytePair.train("abababa", 2)
    a, b = b"ab"
    assert pairs.merges == ((a, b), (256, 256))
    assert pairs.vocabulary[256:] == [b"ab", b"abab"]
    assert pairs.encode("abababa").tolist() == [257, 256, a]
    assert pairs.show(pairs.encode("abababa")) == "abab|ab|a"


def test_merges_end_when_pieces_are_whole():
    pairs = language.BytePair.train("aa aa", 10)
    assert len(pairs.merges) == 2  # aa, then a blank in front of it
    assert language.BytePair.train("", 5).merges == ()


def test_longest_match_is_another_tokenizer():
    a, b, c = b"abc"
    pairs = language.BytePair([(b, c), (a, b), (257, c)])
    assert pairs.encode("abc").tolist() == [a, 256]
    assert language.longest_match("abc", pairs.vocabulary) == [258]
    both = language.longest_match(SENTENCE, TRAINED.vocabulary)
    assert TRAINED.decode(both) == SENTENCE


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: language.BytePair([(0, 256)]), "only tokens 0 to 255"),
        (lambda: language.BytePair([(0, 1), (0, 1)]), "merged twice"),
        (lambda: language.BytePair.train("a", -1), "from 0 on, not -1"),
        (lambda: TRAINED.decode([0, 999]), "no token 999"),
        (lambda: TRAINED.decode([-1]), "no token -1"),
        (lambda: TRAINED.encode("\ud800"), "surrogates"),
        (lambda: language.longest_match("é", [b"a"]), "No token begins"),
    ],
)
def test_bad_tokens_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- counting ---------------------------------------------------------------


def kneser_ney_by_dictionaries(tokens, order, vocabulary, context, token):
    """The definition, order by order, from sets and dictionaries."""

    def table(n):
        if n == order:
            return Counter(
                tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)
            )
        fronts = defaultdict(set)
        for i in range(len(tokens) - n):
            fronts[tuple(tokens[i + 1 : i + 1 + n])].add(tokens[i])
        longer = table(n + 1)
        kept = defaultdict(set)
        for gram in longer:
            kept[gram[1:]].add(gram[0])
        assert n + 1 < order or kept == fronts
        return Counter({g: len(s) for g, s in kept.items()})

    def p(n, context):
        if n == 0:
            return 1 / vocabulary
        counts = table(n)
        ones = sum(c == 1 for c in counts.values())
        twos = sum(c == 2 for c in counts.values())
        d = ones / (ones + 2 * twos) if ones else 0.5
        head = tuple(context[len(context) - n + 1 :])
        after = {g[-1]: c for g, c in counts.items() if g[:-1] == head}
        lower = p(n - 1, context)
        total = sum(after.values())
        if not total:
            return lower
        kept = max(after.get(token, 0) - d, 0)
        return (kept + d * len(after) * lower) / total

    return p(min(order, len(context) + 1), context)


def test_kneser_ney_equals_its_definition_from_dictionaries():
    rng = RNG(0)
    tokens = rng.integers(0, 4, 60).tolist()
    model = language.NGram(tokens, 3, 5)
    for context in ([], [2], [4], [1, 2], [3, 3], [4, 4], [0, 1, 2, 3]):
        ours = model.distribution(context)
        for token in range(5):
            wanted = kneser_ney_by_dictionaries(tokens, 3, 5, context, token)
            assert ours[token] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("smoothing", language.SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_distributions_sum_to_one_and_equal_the_scores(smoothing, order):
    rng = RNG(order)
    tokens = rng.integers(0, 6, 200)
    model = language.NGram(tokens, order, 7, smoothing)
    for context in ([], [1], [6], [2, 3, 1], [6, 6, 6], tokens[:9]):
        p = model.distribution(context)
        assert p.sum() == pytest.approx(1, abs=1e-12)
        assert p.min() >= 0
    other = rng.integers(0, 7, 30)
    scores = model.log2_probs(other, 8)
    for i, score in enumerate(scores, start=8):
        p = model.distribution(other[:i])[other[i]]
        assert score == pytest.approx(np.log2(p), abs=1e-12)


def test_witten_bell_by_hand():
    # 0 1 0 2: after 0 came 1 and 2, once each
    model = language.NGram([0, 1, 0, 2], 2, 3, "witten-bell")
    one = (np.array([2, 1, 1]) + 3 / 3) / (4 + 3)
    np.testing.assert_allclose(model.distribution(), one)
    two = (np.array([0, 1, 1]) + 2 * one) / (2 + 2)
    np.testing.assert_allclose(model.distribution([0]), two)


def test_additive_by_hand():
    model = language.NGram([0, 1, 0, 2], 2, 3, "additive", constant=1)
    np.testing.assert_allclose(model.distribution([0]), [1 / 5, 2 / 5, 2 / 5])
    np.testing.assert_allclose(model.distribution([1]), [2 / 4, 1 / 4, 1 / 4])


def test_a_frequent_word_of_one_context_has_a_small_lower_order():
    """San Francisco: the continuation counts, not the counts, are used."""
    san, francisco, word = 0, 1, 2
    tokens = [san, francisco, word] * 10 + [3, word, 4, word, 5, word]
    lower = language.NGram(tokens, 2, 6).distribution([])
    assert lower[francisco] < lower[word] / 2


def test_bits_and_mixtures():
    assert language.bits_per_character(np.array([-3.0, -1.0]), 8) == 0.5
    p, q = np.log2([0.5, 0.1]), np.log2([0.25, 0.3])
    mixed = 2 ** language.mix(p, q, 0.25)
    np.testing.assert_allclose(mixed, [0.4375, 0.15])
    np.testing.assert_allclose(language.mix(p, q, 0), p)
    np.testing.assert_allclose(language.mix(p, q, 1), q)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: language.NGram([0, 5], 1, 5), "from 0 to 4"),
        (lambda: language.NGram([0, 1], 3, 5), "from 1 to the 2 tokens"),
        (lambda: language.NGram([0, 1], 0, 5), "from 1 to the 2 tokens"),
        (lambda: language.NGram([0] * 99, 9, 999), "63 bits"),
        (lambda: language.NGram([0, 1], 1, 5, "none"), "smoothing is one of"),
        (lambda: language.bits_per_character(np.zeros(1), 0), "characters"),
        (lambda: language.mix([0.0], [0.0], 2), "between 0 and 1"),
        (lambda: language.mix([0.0], [0.0, 1.0], 0.5), "one shape"),
    ],
)
def test_bad_counts_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- vectors ----------------------------------------------------------------


def test_cooccurrence_equals_a_loop():
    tokens = RNG(1).integers(0, 6, (5, 9))
    counts = np.zeros((5, 5))
    for row in tokens:
        for i, j in itertools.permutations(range(9), 2):
            if abs(i - j) <= 3 and 0 < row[i] < 5 and 0 < row[j] < 5:
                counts[row[i], row[j]] += 1
    np.testing.assert_array_equal(language.cooccurrence(tokens, 5, 3), counts)


def test_ppmi_by_hand():
    counts = np.array([[0, 3], [3, 2]])
    p, row = counts / 8, np.array([3, 5]) / 8
    found = language.ppmi(counts, alpha=1)
    assert found[0, 1] == pytest.approx(np.log(p[0, 1] / (row[0] * row[1])))
    assert found[0, 0] == found[1, 1] == 0  # never seen; less than expected
    flat = row**0.75 / (row**0.75).sum()
    found = language.ppmi(counts)
    assert found[1, 0] == pytest.approx(np.log(p[1, 0] / (row[1] * flat[0])))


def test_vectors_are_the_best_approximation():
    matrix = RNG(2).random((12, 12))
    matrix += matrix.T
    vectors = language.word_vectors(matrix, 4)
    left, values, _ = np.linalg.svd(matrix)
    wanted = left[:, :4] * np.sqrt(values[:4])
    np.testing.assert_allclose(
        vectors @ vectors.T, wanted @ wanted.T, atol=1e-8
    )


def test_nearest_sorts_by_angle():
    vectors = np.array([[1, 0], [2, 0.1], [0, 1], [-1, 0], [0, 0], [1, 1.0]])
    assert language.nearest(vectors, 0, 3).tolist() == [1, 5, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: language.cooccurrence(np.zeros(4, int), 3), "table"),
        (lambda: language.ppmi(np.zeros((2, 2))), "some of them positive"),
        (lambda: language.ppmi(-np.ones((2, 2))), "needs counts"),
        (lambda: language.word_vectors(np.ones((3, 3)), 3), "from 1 to 2"),
    ],
)
def test_bad_vectors_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- attention --------------------------------------------------------------


def looped_attention(q, k, v, mask):
    """Query by query, key by key, in float64."""
    out = np.zeros((len(q), v.shape[1]))
    for i, j in itertools.product(range(len(q)), range(len(k))):
        if mask[i, j]:
            row = [
                np.exp(q[i] @ k[m] / np.sqrt(q.shape[1])) * mask[i, m]
                for m in range(len(k))
            ]
            out[i] += row[j] / sum(row) * v[j]
    return out


def test_attention_equals_a_loop():
    rng = RNG(3)
    q, k = rng.normal(size=(5, 4)), rng.normal(size=(7, 4))
    v, mask = rng.normal(size=(7, 3)), rng.random((5, 7)) < 0.6
    mask[2] = False
    ours = array(language.attention(q, k, v, mask))
    np.testing.assert_allclose(
        ours, looped_attention(q, k, v, mask), atol=1e-6
    )
    assert (ours[2] == 0).all()  # may look nowhere
    everywhere = np.ones((5, 7), bool)
    np.testing.assert_allclose(
        array(language.attention(q, k, v)),
        looped_attention(q, k, v, everywhere),
        atol=1e-6,
    )


def test_a_query_of_zero_gets_the_mean():
    v = RNG(4).normal(size=(6, 3))
    out = array(language.attention(np.zeros((1, 2)), np.ones((6, 2)), v))
    np.testing.assert_allclose(out[0], v.mean(0), atol=1e-6)


def test_without_a_mask_the_order_of_the_past_is_invisible():
    rng = RNG(5)
    x, order = rng.normal(size=(2, 8, 4)).astype("float32"), rng.permutation(8)
    ours = array(language.attention(x, x, x))
    moved = array(language.attention(x[:, order], x[:, order], x[:, order]))
    np.testing.assert_allclose(moved, ours[:, order], atol=1e-6)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("smear", [False, True])
def test_later_inputs_change_nothing_before_them(positions, smear):
    keras.utils.set_random_seed(1)
    layer = language.PreNormBlock(2, positions, smear)
    x = RNG(6).normal(size=(3, 12, 8)).astype("float32")
    before = array(layer(x))
    changed = x.copy()
    changed[:, 7:] = 1e3
    after = array(layer(changed))
    assert np.abs(after[:, :7] - before[:, :7]).max() == 0.0
    assert np.abs(after[:, 7:] - before[:, 7:]).max() > 0.1


def test_the_layer_equals_keras_own():
    keras.utils.set_random_seed(2)
    x = RNG(7).normal(size=(2, 9, 12)).astype("float32")
    ours = language.CausalAttention(3)
    ours(x)
    ours.set_weights([RNG(8).normal(size=w.shape) for w in ours.weights])
    theirs = keras.layers.MultiHeadAttention(3, 4)
    theirs(x, x)
    q, k, v, out = (
        [array(w.value) for w in layer.weights]
        for layer in (
            ours.to_query,
            ours.to_key,
            ours.to_value,
            ours.to_output,
        )
    )
    inner = [
        part
        for kernel, bias in (q, (k[0], np.zeros(12)), v)
        for part in (kernel.reshape(12, 3, 4), bias.reshape(3, 4))
    ]
    theirs.set_weights([*inner, out[0].reshape(3, 4, 12), out[1]])
    gap = array(ours(x)) - array(theirs(x, x, use_causal_mask=True))
    assert np.abs(gap).max() < 1e-5


def test_a_bias_of_the_keys_would_change_nothing():
    rng = RNG(9)
    q, k, v = rng.normal(size=(3, 6, 4))
    np.testing.assert_allclose(
        array(language.attention(q, k + rng.normal(size=4), v)),
        array(language.attention(q, k, v)),
        atol=1e-6,
    )


@pytest.mark.parametrize("width", [32, 64, 96])
def test_a_block_has_twelve_squares_of_weights(width):
    block = language.PreNormBlock(4)
    block.build((None, None, width))
    assert block.count_params() == 12 * width**2 + 12 * width


def test_one_causal_layer_sees_a_set_and_two_see_an_order():
    rng = RNG(10)
    shift = rng.permutation(9)
    for layers, low, high in ((1, 0, 1e-5), (2, 1e-3, np.inf)):
        keras.utils.set_random_seed(3)
        model = language.build_transformer(
            20, 16, layers, heads=2, positions="none"
        )
        past = rng.permutation(20)[:9]
        rows = np.stack([past, past[shift]])
        rows = np.hstack([rows, [[7], [7]]])
        out = array(model(rows))[:, -1]
        assert low <= np.abs(out[0] - out[1]).max() < high


def test_sinusoids_turn():
    p = language.sinusoids(60, 16)
    assert p[0, :2].tolist() == [0, 1]
    assert p[3, 2] == pytest.approx(np.sin(3 * 10_000 ** (-2 / 16)))
    angle = 7 * 10_000.0 ** (-np.arange(0, 16, 2) / 16)
    turn = np.zeros((16, 16))
    for i, a in enumerate(angle):
        rotation = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        turn[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = rotation
    np.testing.assert_allclose(p[:53] @ turn, p[7:], atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: language.attention(
                np.zeros((2, 3)), np.zeros((2, 4)), np.zeros((2, 4))
            ),
            "a query has 3 entries and a key 4",
        ),
        (
            lambda: language.attention(
                np.zeros((2, 3)), np.zeros((5, 3)), np.zeros((4, 3))
            ),
            "5 keys, but 4 values",
        ),
        (lambda: language.sinusoids(4, 3), "in pairs, not 3"),
        (lambda: language.CausalAttention(2, "absolute"), "one of none, rel"),
        (
            lambda: language.CausalAttention(3).build((None, 4, 8)),
            "cannot share a width of 8",
        ),
        (
            lambda: language.build_recurrent(5, cell="rnn"),
            "gru or lstm, but it is 'rnn'",
        ),
    ],
)
def test_bad_shapes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- circuits and tasks -----------------------------------------------------


@pytest.mark.parametrize("beta", [0.0, 1.5, 6.0])
def test_the_head_by_hand_counts(beta):
    model = language.induction_by_hand(7, beta)
    tokens = RNG(11).integers(1, 7, (4, 25))
    tokens[:, 0] = 0  # occurs only there
    out = array(model(tokens))
    for row, p in zip(tokens, out, strict=True):
        for t in range(25):
            wanted = language.induction_formula(row[: t + 1], 7, beta)
            np.testing.assert_allclose(p[t], wanted, atol=2e-6)


def test_the_formula_has_its_two_limits():
    context = [1, 2, 1, 3, 1, 2, 1]  # after 1 came 2, 3, 2
    np.testing.assert_allclose(
        language.induction_formula(context, 4, 40),
        [0, 0, 2 / 3, 1 / 3],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        language.induction_formula(context, 4, 0), [0, 4 / 7, 2 / 7, 1 / 7]
    )


def test_the_head_by_hand_repeats_a_hundred_tokens():
    model = language.induction_by_hand(101, 30.0)
    word = RNG(12).permutation(np.arange(1, 101))
    row = np.concatenate([[0], word, word])[np.newaxis]
    told = array(model(row))[0].argmax(axis=-1)
    assert (told[101:-1] == word[1:]).all()


def test_repeated_words_are_what_they_say():
    tokens, counts = language.repeated_words(RNG(13), 50, 20, 12, 3, 9)
    sizes = set()
    for row, count in zip(tokens, counts, strict=True):
        size = int(np.flatnonzero(row == row[0])[1])
        sizes.add(size)
        assert len(set(row[:size])) == size
        assert (row[size:] == row[:-size]).all()
        assert count.tolist() == [float(t + 1 > size) for t in range(19)]
    assert sizes == set(range(3, 10))


def test_chains_follow_their_matrices():
    tokens, matrices = language.markov_chains(RNG(14), 3, 3, 20_000)
    np.testing.assert_allclose(matrices.sum(-1), 1)
    for row, matrix in zip(tokens, matrices, strict=True):
        pairs = np.zeros((3, 3))
        np.add.at(pairs, (row[:-1], row[1:]), 1)
        np.testing.assert_allclose(
            pairs / pairs.sum(1, keepdims=True), matrix, atol=0.05
        )


def test_bayes_equals_numerical_integration():
    """Two states: average the prediction over a grid of both rows."""
    grid = (np.arange(4000) + 0.5) / 4000
    for tokens in itertools.product((0, 1), repeat=6):
        pairs = list(zip(tokens[:5], tokens[1:5], strict=False))
        a = tokens[4]
        ones = sum(p == (a, 1) for p in pairs)
        zeros = sum(p == (a, 0) for p in pairs)
        likely = grid**ones * (1 - grid) ** zeros
        wanted = (likely * grid).sum() / likely.sum()
        ours = language.bayes_chain(np.array([tokens]), 2)[0, 4, 1]
        assert ours == pytest.approx(wanted, abs=1e-6)


def test_nothing_beats_bayes_on_average():
    """Else the targets would leak into the inputs."""
    tokens, matrices = language.markov_chains(RNG(15), 400, 4, 40)
    p = language.bayes_chain(tokens, 4)

    def nats(q):
        told = np.take_along_axis(q, tokens[:, 1:, np.newaxis], -1)
        return -np.log(told).mean()

    for beta in (0.5, 2.0, 4.0):
        by_counting = [
            [
                language.induction_formula(row[: t + 1], 4, beta) + 1e-9
                for t in range(39)
            ]
            for row in tokens[:60]
        ]
        told = np.array(by_counting)
        ours = -np.log(
            np.take_along_axis(told, tokens[:60, 1:, np.newaxis], -1)
        )
        best = -np.log(
            np.take_along_axis(p[:60], tokens[:60, 1:, np.newaxis], -1)
        )
        assert ours.mean() > best.mean()
    rows = np.take_along_axis(matrices, tokens[:, :-1, np.newaxis], 1)
    assert nats(rows) < nats(p)  # knowing the matrix is better


def test_head_scores_of_the_circuit_are_one():
    model = language.induction_by_hand(30, 30.0)
    tokens, _ = language.repeated_words(RNG(16), 5, 20, 29, 4, 8)
    rows = np.hstack([np.zeros((5, 1), int), tokens + 1])
    scores = language.head_scores(model.maps(rows), rows)
    assert scores["previous"][0, 0] == pytest.approx(1, abs=1e-6)
    assert scores["induction"][1, 0] == pytest.approx(1, abs=1e-6)
    assert scores["induction"][0, 0] < 0.1


# -- training ---------------------------------------------------------------


def test_a_model_learns_a_text_by_heart():
    text = "ab" * 60 + "."
    model = language.CharLM(text, length=8, width=16, layers=1, heads=2)
    seen = []
    options = language.Settings(60, 16, 1e-2, warmup=5, decay=True)
    losses = model.train(text, options, 0, look=seen.append, every=20)
    assert losses[-5:].mean() < 0.3 * losses[:5].mean()
    assert seen == [20, 40, 60]
    bits = -model.log2_probs(text, 20)[:-1]
    assert bits.mean() < 0.5


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_scores_equal_those_of_single_windows(kind):
    keras.utils.set_random_seed(4)
    text = SENTENCE * 2
    model = language.CharLM(text, kind, length=10, width=8)
    tokens, start = model.encode(text), 13
    ours = model.log2_probs(text, start)
    assert len(ours) == len(text) - start
    for n, score in enumerate(ours):
        begin = start - 5 + n // 5 * 5
        window = tokens[begin : start + n]
        z = array(model.model(window[np.newaxis]))[0, -1].astype("float64")
        p = np.exp(z) / np.exp(z).sum()
        assert score == pytest.approx(np.log2(p[tokens[start + n]]), abs=1e-4)
    assert model.decode(tokens) == text


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_cold_writing_takes_the_likeliest_character(kind):
    keras.utils.set_random_seed(6)
    model = language.CharLM(SENTENCE, kind, length=40, width=8)
    text = "the "
    for _ in range(5):
        z = array(model.model(model.encode(text)[np.newaxis]))[0, -1]
        text += model.alphabet[z.argmax()]
    assert model.write("the ", 5, seed=1, temperature=1e-4) == text[4:]
    hot = [model.write("the ", 8, seed, temperature=3.0) for seed in (1, 1, 2)]
    assert hot[0] == hot[1] != hot[2]
    with pytest.raises(ValueError, match="a prompt"):
        model.write("", 3, seed=0)


def test_a_loss_that_is_not_finite_stops_the_training():
    model = language.build_transformer(5, 8, 1, heads=2)

    def draw(rng, n):
        return np.zeros((n, 4), int), np.zeros((n, 3))

    with pytest.raises(FloatingPointError, match="step 1 is nan"):
        language.train_next_token(model, draw, language.Settings(2), RNG(0))


def test_a_saved_model_is_the_same(tmp_path):
    model = language.build_transformer(9, 8, 1, heads=2, smear=True)
    tokens = RNG(17).integers(0, 9, (2, 6))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(
        array(again(tokens)), array(model(tokens)), atol=1e-6
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: language.Settings(steps=0), "trains nothing"),
        (lambda: language.Settings(learning_rate=0), "trains nothing"),
        (lambda: language.Settings(10, warmup=11), "warmup is from 0"),
        (lambda: language.CharLM("aaa"), "at least two"),
        (lambda: language.CharLM("ab", "rnn"), "kind is transformer"),
        (
            lambda: language.CharLM("ab", width=8).encode("abc"),
            "'c' is not in the alphabet of 2",
        ),
        (
            lambda: language.CharLM("ab", width=8).train(
                "ab", language.Settings(1), 0
            ),
            "a window needs 65",
        ),
        (
            lambda: language.CharLM("ab", width=8).log2_probs("ab" * 40, 3),
            "start is from 32",
        ),
        (
            lambda: language.repeated_words(RNG(0), 1, longest=40),
            "an alphabet of 40",
        ),
        (
            lambda: language.induction_formula([], 3, 1.0),
            "needs a context",
        ),
        (lambda: language.explore_induction("xyz"), "has room for"),
    ],
)
def test_bad_tasks_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- generation -------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smear": True, "positions": "none"},
        {"mlp": False, "norm": False, "use_bias": False, "heads": 1},
    ],
)
def test_the_cache_changes_nothing(options):
    keras.utils.set_random_seed(5)
    model = language.build_transformer(11, 16, 2, **options)
    model.set_weights([RNG(18).normal(size=w.shape) for w in model.weights])
    tokens = RNG(19).integers(0, 11, 45)
    whole = language.CachedTransformer(model).feed(tokens)
    keras_own = array(model(tokens[np.newaxis]))[0]
    scale = np.abs(whole).max()
    assert np.abs(whole - keras_own).max() < 1e-4 * scale
    step = language.CachedTransformer(model)
    parts = [step.feed(tokens[:7])] + [step.feed([t]) for t in tokens[7:]]
    assert step.seen == 45
    assert np.abs(np.concatenate(parts) - whole).max() < 1e-12 * scale


def test_sampling_draws_from_what_it_says():
    logits = np.log([0.5, 0.3, 0.15, 0.05])
    p = language.sampling_distribution(logits, 0.7, top_p=0.9)
    assert p[3] == 0
    assert p.sum() == pytest.approx(1)
    wanted = np.array([0.5, 0.3, 0.15]) ** (1 / 0.7)
    np.testing.assert_allclose(p[:3], wanted / wanted.sum())
    out = language.generate(
        lambda new: logits, [0], 3000, RNG(20), temperature=0.7, top_p=0.9
    )
    counts = np.bincount(out, minlength=4)
    assert counts[3] == 0
    assert stats.chisquare(counts[:3], 3000 * p[:3]).pvalue > 0.01


def test_truncation_keeps_the_fewest_that_reach_the_mass():
    logits = np.log([0.1, 0.4, 0.2, 0.3])
    kept = {
        mass: np.flatnonzero(
            language.sampling_distribution(logits, top_p=mass)
        ).tolist()
        for mass in (0.3, 0.45, 0.95)
    }
    assert kept == {0.3: [1], 0.45: [1, 3], 0.95: [0, 1, 2, 3]}
    top = language.sampling_distribution(logits, top_k=2)
    np.testing.assert_allclose(top, [0, 4 / 7, 0, 3 / 7])
    cold = language.sampling_distribution(logits, temperature=1e-3)
    np.testing.assert_allclose(cold, [0, 1, 0, 0], atol=1e-12)


def test_the_generator_is_given_each_token_once():
    seen = []

    def next_logits(new):
        seen.extend(new)
        return np.eye(5)[len(seen) % 5] * 99

    out = language.generate(next_logits, [4, 4], 4, RNG(0))
    assert out == [2, 3, 4, 0]
    assert seen == [4, 4, 2, 3, 4]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: language.sampling_distribution([0.0], 0), "positive"),
        (lambda: language.sampling_distribution([0.0], 1, 0), "temperature"),
        (lambda: language.sampling_distribution([0.0], top_p=0), "top_p"),
        (lambda: language.sampling_distribution([np.nan, 0]), "NaN"),
        (lambda: language.generate(None, [], 1, RNG(0)), "a prompt"),
        (
            lambda: language.CachedTransformer(
                language.build_transformer(5, 8, 1, heads=2)
            ).feed([5]),
            "tokens from 0 to 4",
        ),
    ],
)
def test_bad_sampling_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- the filter -------------------------------------------------------------


def shortest_by_brute_force(counts, weights, score):
    """Try all multisets of words, the smallest first."""
    if score <= 0:
        return 0
    for size in itertools.count(1):
        for words in itertools.combinations_with_replacement(
            range(len(weights)), size
        ):
            after = counts + np.bincount(words, minlength=len(weights))
            moved = weights @ (np.log1p(after) - np.log1p(counts))
            if score + moved <= 0:
                return size


def test_fewest_words_equals_brute_force():
    rng = RNG(21)
    for _ in range(60):
        weights, counts = rng.normal(size=5), rng.integers(0, 3, 5)
        weights[0] = -abs(weights[0]) - 0.6
        score = rng.uniform(-0.2, 0.9)
        words = language.fewest_words(counts, weights, score)
        assert len(words) == shortest_by_brute_force(counts, weights, score)
        after = counts + np.bincount(words, minlength=5).astype(int)
        moved = weights @ (np.log1p(after) - np.log1p(counts))
        assert score + moved <= 1e-12


def test_the_bag_counts_words_only():
    tokens = np.array([[2, 2, 1, 3], [4, 0, 0, 0]])
    x = language.bag(tokens, 5).toarray()
    np.testing.assert_allclose(np.expm1(x), [[0, 0, 2, 1, 0], [0, 0, 0, 0, 1]])
    more = language.add_words(language.bag(tokens, 5), [2, 4, 4])
    np.testing.assert_allclose(
        np.expm1(more.toarray()), [[0, 0, 3, 1, 2], [0, 0, 1, 0, 3]]
    )


def test_the_filter_stands_at_a_minimum_and_at_its_bounds():
    rng = RNG(22)
    tokens = rng.integers(2, 12, (300, 6))
    spam = ((tokens < 5).sum(1) + rng.normal(size=300) > 2).astype(int)
    x = language.bag(tokens, 12)
    for monotone in (False, True):
        found = language.fit_filter(x, spam, 2.0, monotone)
        p = 1 / (1 + np.exp(-found.score(x)))
        slope = x.T @ (p - spam) + 2.0 * found.weights
        free = found.weights > 0 if monotone else np.ones(12, bool)
        assert np.abs(slope[free]).max() < 0.05
        assert abs((p - spam).sum()) < 0.05
        if monotone:
            assert found.weights.min() >= 0
            assert (slope[~free] > -0.05).all()
            before = found.score(x)
            for word in range(2, 12):
                after = found.score(language.add_words(x, [word, word]))
                assert (after >= before - 1e-12).all()


def test_equal_mails_fall_on_one_side():
    tokens = RNG(23).integers(0, 3, (200, 3))
    train, test = language.split_mails(tokens, RNG(24))
    assert sorted([*train, *test]) == list(range(200))
    rows = [set(map(tuple, tokens[part])) for part in (train, test)]
    assert not rows[0] & rows[1]
    assert rows[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: language.fewest_words(np.zeros(2), np.ones(2), 1.0),
            "No word lowers",
        ),
        (
            lambda: language.fit_filter(np.ones((3, 2)), np.ones(3)),
            "learns from spam",
        ),
    ],
)
def test_bad_mails_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- the data ---------------------------------------------------------------


def test_the_book_is_as_its_card_says(book):
    assert len(book) == 354_895
    assert len(set(book)) == 83
    assert book.startswith("PREFACE\n\n_The Devil's Dictionary_")
    cut = len(book) * 9 // 10
    assert set(book[cut:]) <= set(book[:cut])


def test_the_mails_are_as_their_card_says():
    mails = data.load("spam")
    assert mails.tokens.shape == (6046, 200)
    assert mails.spam.sum() == 1896
    assert len(np.unique(mails.tokens, axis=0)) == 5820
    assert mails.words[:6].tolist() == ["", "?", "#", "the", "to", "and"]
    assert not any(word[:1].isdigit() for word in mails.words)
