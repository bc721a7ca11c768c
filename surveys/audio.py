"""Recognisers on voices, a second synthesiser and people; phases; a speaker.

The strength of the linear model, the epochs of the networks and the 30 dB of
the end points were fixed on voices and on the second synthesiser (seeds 100
to 102) before any of these runs saw the words by people.
"""

from functools import cache

import numpy as np

from topoi import audio
from topoi.survey import survey

LANGUAGES = ("en", "es", "fr", "it", "ru")
HELD_OUT = 1 / 3
NETWORK = {"epochs": 20}
SPEAKER = {"epochs": 50}


@cache
def recordings():
    """Return the synthetic words, those of flite, and those of people."""
    words = audio.load_words("spoken_digits")
    first = words.take(words.source == "espeak-ng")
    second = words.take(words.source == "flite")
    return first, second, audio.load_words("spoken_people")


@cache
def seen(part, language):
    """Return digits, voices and all views of one part in one language."""
    words = recordings()[part]
    words = words.take(words.language == language)
    views = {name: audio.view(words, name) for name in audio.VIEWS}
    return words, views | {"sequences": audio.sequences(words)}


def right(answers, words):
    """Return how many answers are right."""
    return int((answers == words.digit).sum())


def answers(method, view, rows, seed, language, tests):
    """Train on some rows of a language; answer each of the tests."""
    words, views = seen(0, language)
    digit = words.digit[rows]
    if method == "dtw":
        templates = [views["sequences"][k] for k in np.flatnonzero(rows)]
        return [audio.nearest_digits(templates, digit, t) for t in tests]
    if method == "linear":
        model = audio.fit_linear(views[view][rows], digit)
        return [model.predict(audio.flat(t)) for t in tests]
    made = audio.train_recogniser(
        views[view][rows],
        digit,
        audio.Settings(**NETWORK, seed=seed),
        _compiled.get(view),
    )
    _compiled[view] = made.network
    return [made.predict(t) for t in tests]


_compiled = {}  # one network a view, used again and again


METHODS = {
    "linear, fixed grid": ("linear", "fixed grid"),
    "linear, stretched": ("linear", "stretched"),
    "linear, cepstra": ("linear", "cepstra"),
    "warping, cepstra": ("dtw", "sequences"),
    "network, stretched": ("network", "stretched"),
    "network, cepstra": ("network", "cepstra"),
}


@cache
def ladder(seed):
    """Return right answers of each method on voices, flite and people.

    The slowest method, the network on 32 bands, answers in English only.
    """
    unit = {}
    for name, (method, view) in METHODS.items():
        totals = {"voices": 0, "flite": 0, "people": 0}
        slow = name == "network, stretched"
        for language in LANGUAGES[:1] if slow else LANGUAGES:
            words, views = seen(0, language)
            rng = np.random.default_rng(seed)
            out = audio.held_out_voices(words, HELD_OUT, rng)
            people, people_views = seen(2, language)
            places = np.flatnonzero(out)
            held = [views[view][k] for k in places]
            held = held if method == "dtw" else np.stack(held)
            tests = [held, people_views[view]]
            if language == "en":
                flite, flite_views = seen(1, "en")
                tests.append(flite_views[view])
            said = answers(method, view, ~out, seed, language, tests)
            totals["people"] += right(said[1], people)
            if language == "en":
                totals["voices"] = right(said[0], words.take(out))
                totals["flite"] = right(said[2], flite)
        if slow:
            del totals["people"]
        unit |= {f"{name}: {part}": k for part, k in totals.items()}
    return unit


def difference(a, b):
    """Return a function of a unit: how many more a has right than b."""
    return lambda unit: unit[a] - unit[b]


@survey(
    "audio/network-at-home",
    seeds=range(6),
    value=difference(
        "network, stretched: voices", "linear, stretched: voices"
    ),
    reduce="standard errors",
)
def network_at_home(seed):
    """Right answers of 120 by unseen voices, 50 by flite, 70 by people."""
    return ladder(seed)


@survey(
    "audio/network-away",
    seeds=range(6),
    value=difference("linear, cepstra: flite", "network, cepstra: flite"),
    reduce="standard errors",
)
def network_away(seed):
    """Right answers of 120 by unseen voices, 50 by flite, 70 by people."""
    return ladder(seed)


@survey(
    "audio/gap-to-people",
    seeds=range(6),
    value=lambda unit: (
        unit["network, cepstra: voices"] / 120
        - unit["network, cepstra: people"] / 70
    ),
)
def gap_to_people(seed):
    """Right answers of 120 by unseen voices, 50 by flite, 70 by people."""
    return ladder(seed)


@survey(
    "audio/features-help-people",
    seeds=range(6),
    value=difference("linear, cepstra: people", "linear, fixed grid: people"),
)
def features_help_people(seed):
    """Right answers of 120 by unseen voices, 50 by flite, 70 by people."""
    return ladder(seed)


@survey(
    "audio/mel-cepstra",
    seeds=range(6),
    value=lambda unit: unit["mel"] - unit["linear"],
    reduce="standard errors",
)
def mel_cepstra(seed):
    """Right answers of 170 words, by cepstra on two scales, warped."""
    even = audio.triangles(np.linspace(0, 4000, 34), 8000, 256)
    words, _ = seen(0, "en")
    flite, _ = seen(1, "en")
    rng = np.random.default_rng(seed)
    out = audio.held_out_voices(words, HELD_OUT, rng)
    unit = {}
    for name, filters in (("mel", None), ("linear", even)):
        templates = audio.sequences(words.take(~out), filters)
        unit[name] = sum(
            right(
                audio.nearest_digits(
                    templates,
                    words.digit[~out],
                    audio.sequences(test, filters),
                ),
                test,
            )
            for test in (words.take(out), flite)
        )
    return unit


@survey(
    "audio/voices-do-not-leak",
    seeds=range(10),
    value=lambda unit: unit["words"] - unit["voices"],
    reduce="standard errors",
)
def voices_do_not_leak(seed):
    """Accuracy on a third of the words, by voices and at random."""
    words, views = seen(0, "en")
    rng = np.random.default_rng(seed)
    by_voice = audio.held_out_voices(words, HELD_OUT, rng)
    by_word = rng.permutation(by_voice)
    x = views["stretched"]
    unit = {}
    for name, out in (("voices", by_voice), ("words", by_word)):
        model = audio.fit_linear(x[~out], words.digit[~out])
        unit[name] = model.score(audio.flat(x[out]), words.digit[out])
    return unit


@survey(
    "audio/fast-griffin-lim",
    seeds=range(10),
    value=lambda unit: unit["momentum"] / unit["plain"],
)
def fast_griffin_lim(seed):
    """Error after 100 steps, without and with momentum, on one word."""
    words, _ = seen(0, "en")
    rng = np.random.default_rng(seed)
    signal = np.pad(words.signals[rng.integers(len(words.digit))], 256)
    magnitude = np.abs(audio.stft(signal))
    return {
        name: float(
            audio.griffin_lim(magnitude, 100, 64, seed, momentum).errors[-1]
        )
        for name, momentum in (("plain", 0.0), ("momentum", 0.99))
    }


def english_pairs(seed):
    """Return the pictures of all (digit, voice), 15 % of them held out."""
    words, views = seen(0, "en")
    _, voice = np.unique(words.voice, return_inverse=True)
    held = audio.hold_out_pairs(words.digit, voice, 0.15, seed)
    return audio.Pairs(views["stretched"], words.digit, voice, held)


@cache
def speaker(seed):
    """Return what is unexplained on new pairs, and what is recognised."""
    pairs = english_pairs(seed)
    made = audio.train_speaker(pairs, audio.Settings(**SPEAKER, seed=seed))
    drawn = made.pictures(pairs.digit, pairs.voice)
    held = pairs.held_out
    model = audio.fit_linear(pairs.pictures[~held], pairs.digit[~held])
    heard = [
        audio.stretch(audio.trim(audio.log_mel(audio.sound_of(picture))))
        for picture in drawn[held]
    ]
    true = audio.flat(pairs.pictures[held])
    return {
        "network": audio.unexplained(pairs, drawn),
        "sum": audio.unexplained(pairs, audio.additive_pictures(pairs)),
        "recognised": model.score(
            audio.flat(np.stack(heard)), pairs.digit[held]
        ),
        "true words recognised": model.score(true, pairs.digit[held]),
    }


@survey(
    "audio/speaks-new-pairs",
    seeds=range(5),
    value=lambda unit: unit["network"] / unit["sum"],
)
def speaks_new_pairs(seed):
    """Unexplained share on new pairs, of the network and of a sum."""
    return speaker(seed)


@survey("audio/speech-is-recognised", seeds=range(5), value="recognised")
def speech_is_recognised(seed):
    """Share of sounds of new pairs that are recognised."""
    return speaker(seed)
