"""Planted mistakes: the claims of the chapter *Language* notice them."""

import functools

import keras
import numpy as np
from keras import ops

from controls import control
from topoi import data, language
from topoi.language import BytePair, NGram
from topoi.survey import paired

ATTENTION = {"heads": 1, "mlp": False, "norm": False, "use_bias": False}
RNG = np.random.default_rng


@functools.cache
def _book():
    return data.load("devils_dictionary").text.tobytes().decode("ascii")


@functools.cache
def _characters():
    """Return the book as numbers, and where its last tenth begins."""
    number = {c: n for n, c in enumerate(sorted(set(_book())))}
    tokens = np.array([number[c] for c in _book()])
    return tokens, len(tokens) * 9 // 10


def _bits(model):
    tokens, cut = _characters()
    scores = model.log2_probs(tokens, cut)
    return language.bits_per_character(scores, len(tokens) - cut)


@control("language/round-trip", "Latin-1 for UTF-8")
def latin_one():
    def back(text):
        raw = text.encode("latin-1", errors="replace")
        return BytePair().decode(list(raw))

    nasty = [
        "",
        "\x00",
        "\u2028",
        "e\u0301é",
        "👩‍👩‍👧",
        "\ufeff \t\n",
        "日本語",
    ]
    return sum(back(text) != text for text in nasty)


@control("language/kneser-ney", "plain counts at every order")
def plain_counts_below():
    """Absolute discounting with a constant of zero: raw frequencies."""
    tokens, cut = _characters()
    raw = NGram(tokens[:cut], 6, 83)
    raw.levels = [
        level._replace(discount=1e-3)
        for level in NGram(tokens[:cut], 6, 83, "witten-bell").levels
    ]
    best = NGram(tokens[:cut], 5, 83, "witten-bell")
    return _bits(best) - _bits(raw)


@functools.cache
def _by_merges():
    """Return bits per token and tokens per character for three tokenizers."""
    text, rows = _book()[:60_000], []
    cut = len(text) * 9 // 10
    pairs = BytePair.train(text[:cut], 256)
    for merges, order in ((0, 6), (64, 5), (256, 4)):
        part = BytePair(pairs.merges[:merges])
        before, after = part.encode(text[:cut]), part.encode(text[cut:])
        model = NGram(before, order, len(part))
        scores = model.log2_probs(np.append(before, after), len(before))
        rows.append((-scores.mean(), len(after) / (len(text) - cut)))
    return np.array(rows).T


@control("language/tokenizers", "perplexity per character")
def per_character():
    bits, density = _by_merges()
    perplexity = 2 ** (bits * density)
    return perplexity.max() / perplexity.min() - 1


@control("language/same-bits", "bits per token")
def per_token():
    return np.ptp(_by_merges()[0])


@control("language/raw-rows", "each word has the row of another")
def rows_of_others():
    mails = data.load("spam")
    once = np.unique(mails.tokens.astype(int), axis=0)
    known = [str(w) for w in mails.words[:1500]]
    near = language.cooccurrence(once, len(known))
    near[1] = near[:, 1] = 0
    surprise = language.ppmi(near)
    vectors = language.word_vectors(surprise, 50)
    others = surprise[RNG(0).permutation(len(surprise))]
    names = "monday tuesday wednesday thursday friday saturday sunday"
    group = [known.index(w) for w in names.split() if w in known]
    shares = [
        np.mean(
            [
                np.isin(language.nearest(space, n, 5), group).mean()
                for n in group
            ]
        )
        for space in (others, vectors)
    ]
    return shares[0] - shares[1]


@control("language/causal", "forbidden scores are only lowered")
def a_soft_mask():
    rng = RNG(0)
    x = rng.normal(size=(12, 8))
    later = x.copy()
    later[7:] = 100
    soft = -5.0 * ~language.causal_mask(12)

    def look(x):
        scores = x @ x.T / np.sqrt(8) + soft
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True) @ x

    return np.count_nonzero(look(later)[:7] - look(x)[:7])


@control("language/root-of-d", "keys correlated with queries")
def correlated_keys():
    rng = RNG(0)
    q = rng.normal(size=(40_000, 16))
    k = 0.6 * q + 0.8 * rng.normal(size=q.shape)
    return abs(np.var((q * k).sum(-1)) / 16 - 1)


@control("language/sinusoids", "the angle grows with the square")
def squared_angles():
    speed = 10_000.0 ** (-np.arange(0, 16, 2) / 16)
    angle = np.arange(64)[:, np.newaxis] ** 2 * speed
    codes = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
    ahead, *_ = np.linalg.lstsq(codes[:50], codes[7:57], rcond=None)
    return np.abs(codes[:57] @ ahead - codes[7:64]).max()


@control("language/order-needs-positions", "one layer")
def one_layer_sees_a_set():
    keras.utils.set_random_seed(1)
    model = language.build_transformer(20, 32, 1, positions="none")
    past = RNG(0).permutation(20)[:9]
    rows = np.stack([past, RNG(1).permutation(past)])
    out = ops.convert_to_numpy(model(np.hstack([rows, [[7], [7]]])))[:, -1]
    return np.abs(out[0] - out[1]).max()


@control("language/cache", "only the last 4 tokens are kept")
def a_forgetful_cache():
    keras.utils.set_random_seed(0)
    model = language.build_transformer(20, 32, 2)
    model.set_weights([RNG(2).normal(size=w.shape) for w in model.weights])
    tokens = RNG(3).integers(0, 20, 60)
    whole = language.CachedTransformer(model).feed(tokens)
    return sum(
        language.CachedTransformer(model).feed(tokens[t - 4 : t])[-1].argmax()
        != whole[t - 1].argmax()
        for t in range(5, 60)
    )


@control("language/head-counts", "compares with the token itself")
def a_head_without_its_first_layer():
    model = language.induction_by_hand(9, 4.0)
    first = model.blocks[0].attention.distance
    first.assign(0 * ops.convert_to_numpy(first.value))
    row = np.append(0, RNG(4).integers(1, 9, 30))
    out = ops.convert_to_numpy(model(row[np.newaxis]))[0, -1]
    return np.abs(out - language.induction_formula(row, 9, 4.0)).max()


def _copier(build, steps, rate=3e-3, **words):
    keras.utils.set_random_seed(0)
    model = build()
    language.train_next_token(
        model,
        lambda rng, n: language.repeated_words(rng, n, **words),
        language.Settings(steps, 32, rate),
        RNG(0),
    )
    test = language.repeated_words(RNG(1000), 300, **words)
    return language.word_accuracy(model, *test)


def _one_layer(width):
    return language.build_transformer(64, width, 1, **ATTENTION)


@control("language/two-layers-copy", "both have one layer", heavy=True)
def one_layer_against_one():
    wide = _copier(lambda: _one_layer(64), 200)
    return wide - _copier(lambda: _one_layer(32), 200)


@control("language/smeared-keys", "the keys are not smeared", heavy=True)
def keys_without_smear():
    return _copier(lambda: _one_layer(64), 300)


@control(
    "language/recurrent-copies-less", "words of 2 to 4 tokens", heavy=True
)
def short_words():
    return _copier(
        lambda: language.build_recurrent(64, 64, 58, "lstm"),
        500,
        1e-2,
        shortest=2,
        longest=4,
    )


@control("language/counting-wins", "counting of order 1")
def single_characters():
    """Against the survey's networks, which pay about 3 bits."""
    tokens, cut = _characters()
    return 3.0 - _bits(NGram(tokens[:cut], 1, 83))


@control("language/recurrent-ahead", "the GRU against itself", heavy=True)
def gru_against_itself():
    text = _book()[:40_000]
    bits = []
    for seed in range(6):
        keras.utils.set_random_seed(seed)
        model = language.CharLM(text, "gru", length=32, width=16, units=32)
        model.train(text[:36_000], language.Settings(40, 16, 8e-3), seed)
        scores = model.log2_probs(text[35_900:38_000], 100)
        bits.append(-scores.mean())
    return paired(bits[:3], bits[3:]).in_errors


@control("language/mixture", "the network is untrained")
def an_untrained_share():
    tokens, cut = _characters()
    counted = NGram(tokens[:cut], 6, 83).log2_probs(tokens, cut)
    flat = np.full(len(counted), -np.log2(83))
    half = len(counted) // 2
    shares = np.linspace(0, 0.5, 26)
    mixed = [language.mix(counted, flat, s) for s in shares]
    best = int(np.argmax([m[:half].sum() for m in mixed]))
    return mixed[best][half:].mean() - counted[half:].mean()


@functools.cache
def _filters():
    mails = data.load("spam")
    tokens = mails.tokens.astype(int)
    x = language.bag(tokens, len(mails.words))
    train, test = language.split_mails(tokens, RNG(0))
    plain = language.fit_filter(x[train], mails.spam[train])
    held = x[test[mails.spam[test] == 1]]
    return plain, held[np.flatnonzero(plain.score(held) > 0)]


@control("language/good-words", "thirty words drawn at random")
def random_words():
    plain, caught = _filters()
    words = RNG(0).permutation(np.arange(2, caught.shape[1]))[:30]
    return np.mean(plain.score(language.add_words(caught, words)) <= 0)


@control("language/monotone", "weights may be negative")
def a_filter_that_can_be_talked_round():
    plain, caught = _filters()
    kind = np.argsort(plain.weights)[:30]
    return int(np.sum(plain.score(language.add_words(caught, kind)) <= 0))


@control("language/price-of-monotone", "both may have negative weights")
def two_plain_filters():
    """Their penalties differ, so that they are not the same filter."""
    mails = data.load("spam")
    tokens = mails.tokens.astype(int)
    x = language.bag(tokens, len(mails.words))
    train, test = language.split_mails(tokens, RNG(0))
    rates = [
        np.mean(
            (
                language.fit_filter(
                    x[train], mails.spam[train], penalty
                ).score(x[test])
                > 0
            )
            == mails.spam[test]
        )
        for penalty in (1.0, 1.5)
    ]
    return rates[0] - rates[1]
