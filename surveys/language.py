"""Copying words, models of characters, and spam filters, over seeds.

Learning rates were chosen on seed 100 from grids whose neighbours differ by
a factor of about two: 0.003 to 0.02 for the LSTM, 0.004 to 0.032 for the GRU
and 0.003 to 0.024 for the Transformer, each in 250 to 400 steps. The last
doubling gained less than a tenth of a bit. The steps of GRU and Transformer
take about equal time.
"""

import functools

import keras
import numpy as np

from topoi import data, language
from topoi.survey import survey

EVERY = 50
ATTENTION = {"heads": 1, "mlp": False, "norm": False, "use_bias": False}
COPIERS = {
    "two layers": (
        lambda: language.build_transformer(64, 64, 2, **ATTENTION),
        (400, 3e-3),
    ),
    "one layer": (
        lambda: language.build_transformer(64, 64, 1, **ATTENTION),
        (400, 3e-3),
    ),
    "smeared keys": (
        lambda: language.build_transformer(64, 64, 1, smear=True, **ATTENTION),
        (300, 3e-3),
    ),
    "LSTM": (
        lambda: language.build_recurrent(64, 64, 58, "lstm"),
        (400, 1e-2),
    ),
}


def copying(name, seed):
    """Return accuracies on repeated words, by step of the training."""
    build, (steps, rate) = COPIERS[name]
    keras.utils.set_random_seed(seed)
    model = build()
    test = language.repeated_words(np.random.default_rng(1000 + seed), 400)
    seen = {}

    def look(step):
        seen[f"{name} {step}"] = language.word_accuracy(model, *test)

    language.train_next_token(
        model,
        language.repeated_words,
        language.Settings(steps, 32, rate),
        np.random.default_rng(seed),
        look,
        EVERY,
    )
    return seen | {name: seen[f"{name} {steps}"]}


@survey(
    "language/two-layers-copy",
    seeds=range(5),
    value=lambda unit: unit["two layers"] - unit["one layer"],
    reduce="min",
)
def two_layers_copy(seed):
    """Accuracy of two layers of attention, and of one, in equal steps."""
    return copying("two layers", seed) | copying("one layer", seed)


@survey(
    "language/smeared-keys",
    seeds=range(5),
    value="smeared keys",
    reduce="min",
)
def smeared_keys(seed):
    """Accuracy of one layer whose keys see the token before."""
    return copying("smeared keys", seed)


@survey(
    "language/recurrent-copies-less",
    seeds=range(5),
    value="LSTM",
    reduce="max",
)
def recurrent_copies_less(seed):
    """Accuracy of an LSTM in as many steps as two layers had."""
    return copying("LSTM", seed)


WIDTHS = {
    "gru": {"width": 64, "units": 128},
    "transformer": {"width": 64, "layers": 2, "heads": 4},
}
TEXT = {"gru": (200, 3.2e-2), "transformer": (120, 2.4e-2)}


@functools.cache
def text_models(seed):
    """Return bits per character of counting, GRU, Transformer, mixture.

    All on 10,000 held-out characters. The share of the GRU in the mixture
    is chosen on the 10,000 before them.
    """
    text = data.load("devils_dictionary").text.tobytes().decode("ascii")
    cut = len(text) * 9 // 10
    train, held = text[:cut], text[cut : cut + 20_000]
    half = len(held) // 2
    scores = {}
    for kind, (steps, rate) in TEXT.items():
        keras.utils.set_random_seed(seed)
        model = language.CharLM(text, kind, **WIDTHS[kind])
        settings = language.Settings(
            steps, 32, rate, warmup=steps // 10, decay=True
        )
        model.train(train, settings, seed)
        scores[kind] = model.log2_probs(train[-32:] + held, 32)
    tokens = model.encode(text)
    table = language.NGram(tokens[:cut], 6, len(model.alphabet))
    counted = table.log2_probs(tokens[: cut + len(held)], cut)
    shares = np.linspace(0, 0.5, 26)
    mixed = [language.mix(counted, scores["gru"], s) for s in shares]
    best = int(np.argmax([m[:half].sum() for m in mixed]))
    scores |= {"counting": counted, "mixture": mixed[best]}
    bits = {name: float(-s[half:].mean()) for name, s in scores.items()}
    return bits | {"weight": float(shares[best])}


@survey(
    "language/counting-wins",
    seeds=range(5),
    value=lambda u: min(u["gru"], u["transformer"]) - u["counting"],
    reduce="min",
)
def counting_wins(seed):
    """Bits per character that the better network pays above counting."""
    return text_models(seed)


@survey(
    "language/recurrent-ahead",
    seeds=range(5),
    value=lambda u: u["transformer"] - u["gru"],
    reduce="standard errors",
)
def recurrent_ahead(seed):
    """Bits per character of the Transformer and of the GRU."""
    return text_models(seed)


@survey(
    "language/mixture",
    seeds=range(5),
    value=lambda u: u["counting"] - u["mixture"],
    reduce="min",
)
def mixture(seed):
    """Bits per character that a share of the GRU saves."""
    return text_models(seed)


@functools.cache
def bags():
    """Return the mails as bags of words, and which are spam."""
    mails = data.load("spam")
    tokens = mails.tokens.astype(int)
    return tokens, language.bag(tokens, len(mails.words)), mails.spam


def filters(seed):
    """Return two filters fitted on one split, and the mails held out."""
    tokens, x, spam = bags()
    train, test = language.split_mails(tokens, np.random.default_rng(seed))
    fitted = {
        name: language.fit_filter(x[train], spam[train], monotone=monotone)
        for name, monotone in (("plain", False), ("monotone", True))
    }
    return fitted, x[test], spam[test] == 1


@survey("language/good-words", seeds=range(5), value="30 words")
def good_words(seed):
    """Share of the caught spam that passes with words from one list."""
    fitted, x, spam = filters(seed)
    plain = fitted["plain"]
    caught = x[np.flatnonzero((plain.score(x) > 0) & spam)]
    kind = np.argsort(plain.weights)
    shares = {
        f"{many} words": float(
            np.mean(plain.score(language.add_words(caught, kind[:many])) <= 0)
        )
        for many in (5, 10, 20, 30)
    }
    counts = np.round(np.expm1(caught.toarray())).astype(int)
    needed = [
        len(language.fewest_words(row, plain.weights, score))
        for row, score in zip(counts, plain.score(caught), strict=True)
    ]
    return shares | {
        "median": float(np.median(needed)),
        "largest": float(max(needed)),
    }


@survey("language/price-of-monotone", seeds=range(5), value="price")
def price_of_monotone(seed):
    """Accuracy of both filters without an attack, and the difference."""
    fitted, x, spam = filters(seed)
    found = {}
    for name, model in fitted.items():
        called = model.score(x) > 0
        found[name] = float(np.mean(called == spam))
        found[f"{name} recall"] = float(np.mean(called[spam]))
        found[f"{name} false alarms"] = float(np.mean(called[~spam]))
    return found | {"price": found["plain"] - found["monotone"]}
