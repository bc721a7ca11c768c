"""Planted mistakes: the claims of the chapter *Audio* notice them."""

from functools import cache

import numpy as np

from controls import control
from topoi import audio
from topoi.survey import paired


@cache
def _words(source="flite", language="en"):
    words = audio.load_words("spoken_digits")
    return words.take((words.source == source) & (words.language == language))


@cache
def _english(view):
    """Return the English words of espeak-ng and one view of them."""
    words = _words("espeak-ng")
    return words, audio.view(words, view)


def _split(words, seed, share=1 / 3):
    rng = np.random.default_rng(seed)
    return audio.held_out_voices(words, share, rng)


def _cheapest(d, i, j):
    """Return the cost of the best of all paths to (i, j)."""
    if i == j == 0:
        return d[0, 0]
    ways = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
    return d[i, j] + min(_cheapest(d, *w) for w in ways if min(w) >= 0)


@control("audio/aliasing", "half the rate is taken for a period")
def folded_at_half_the_rate():
    n, rate = np.arange(64), 8000
    frequencies = np.random.default_rng(7).uniform(0, 50_000, 500)
    gaps = [
        np.cos(2 * np.pi * f * n / rate)
        - np.cos(2 * np.pi * (f % (rate / 2)) * n / rate)
        for f in frequencies
    ]
    return float(np.abs(gaps).max())


def _turned(x):
    if len(x) == 1:
        return x.astype(complex)
    even, odd = _turned(x[::2]), _turned(x[1::2])
    odd = odd * np.exp(2j * np.pi * np.arange(len(x) // 2) / len(x))
    return np.concatenate([even + odd, even - odd])


@control("audio/fast-transform", "the factors turn the other way")
def turned_the_other_way():
    x = np.random.default_rng(7).normal(size=1024)
    return float(np.abs(_turned(x) - audio.dft(x)).max())


@control("audio/overlap-add", "the second window is left out")
def one_window_only():
    x, size, hop = _words().signals[7], 256, 64
    pieces = np.fft.irfft(audio.stft(x, size, hop), size)
    total = np.zeros((len(pieces) - 1) * hop + size)
    for k, piece in enumerate(pieces):
        total[k * hop : k * hop + size] += piece
    weight = audio.window_sum(len(pieces), hop, audio.hann(size))
    seen = weight > 0.1
    gap = total[seen] / weight[seen] - x[: len(total)][seen]
    return float(np.abs(gap).max())


@control("audio/uncertainty", "spreads of amplitudes, not of energies")
def spreads_of_amplitudes():
    t = np.arange(-512, 512)
    window = np.exp(-((t / 40) ** 2) / 2)
    spectrum = np.abs(np.fft.fft(window))
    f = np.fft.fftfreq(1024)

    def spread(x, weight):
        return np.sqrt((x**2 * weight).sum() / weight.sum())

    return float(4 * np.pi * spread(t, window) * spread(f, spectrum))


@control("audio/griffin-lim-never-rises", "momentum 0.99")
def momentum_rises():
    signal = np.pad(_words().signals[3], 256)
    magnitude = np.abs(audio.stft(signal))
    errors = audio.griffin_lim(magnitude, 100, momentum=0.99).errors
    return float(np.diff(errors).max())


@control("audio/dtw-is-optimal", "no step along the diagonal")
def without_the_diagonal():
    rng, wrong = np.random.default_rng(7), 0
    for _ in range(60):
        n, m = rng.integers(1, 6, 2)
        a, b = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
        d = np.linalg.norm(a[:, None] - b, axis=2)
        total = np.full((n + 1, m + 1), np.inf)
        total[0, 0] = 0
        for i in range(n):
            for j in range(m):
                if i == j == 0:
                    before = 0
                else:
                    before = min(total[i, j + 1], total[i + 1, j])
                total[i + 1, j + 1] = d[i, j] + before
        wrong += abs(total[n, m] - _cheapest(d, n - 1, m - 1)) > 1e-9
    return int(wrong)


@control("audio/fast-griffin-lim", "momentum 0 on both sides")
def plain_against_plain():
    magnitude = np.abs(audio.stft(np.pad(_words().signals[3], 256)))
    a, b = (
        audio.griffin_lim(magnitude, 100, seed=seed).errors[-1]
        for seed in (0, 1)
    )
    return float(max(a, b) / min(a, b))


@control("audio/phase-of-whole-words", "windows of 256 samples")
def phases_of_short_windows():
    words = _words()
    words = words.take(words.voice == "slt")
    leads = []
    for a, b in ((0, 1), (3, 8), (6, 2), (9, 4)):
        pair = [np.zeros(8192) for _ in range(2)]
        for padded, k in zip(pair, (a, b), strict=True):
            signal = words.signals[k][:4096]
            padded[2048 : 2048 + len(signal)] = signal
        mixed = audio.swap_phases(*pair, 256, 64)
        of_a, of_b, of_both = (
            audio.log_mel(x[2048:6144]).ravel() for x in (*pair, mixed)
        )
        leads.append(
            np.corrcoef(of_both, of_b)[0, 1] - np.corrcoef(of_both, of_a)[0, 1]
        )
    return float(np.mean(leads))


@control("audio/mu-law", "the word is not quiet")
def at_full_level():
    x = 0.9 * _words().signals[7]
    noises = (
        audio.mu_law_inverse(audio.mu_law(x)) - x,
        np.rint(127 * x) / 127 - x,
    )
    mu_law, even = (10 * np.log10(np.mean(n**2)) for n in noises)
    return float(even - mu_law)


@control("audio/mel-cepstra", "both scales are linear")
def linear_against_linear():
    words, flite = _words("espeak-ng"), _words()
    even = audio.triangles(np.linspace(0, 4000, 34), 8000, 256)
    tests, rights = audio.sequences(flite, even), []
    for seed in range(4):
        rest = words.take(~_split(words, seed, 0.8))
        templates = audio.sequences(rest, even)
        said = audio.nearest_digits(templates, rest.digit, tests)
        rights.append(np.mean(said == flite.digit))
    return paired(rights[:2], rights[2:]).in_errors


@control("audio/voices-do-not-leak", "random words are trained on as well")
def trained_on_the_test():
    words, x = _english("stretched")
    scores = []
    for seed in range(4):
        out = _split(words, seed)
        honest = audio.fit_linear(x[~out], words.digit[~out])
        leaky = audio.fit_linear(x, words.digit)
        tested = audio.flat(x[out]), words.digit[out]
        scores.append([m.score(*tested) for m in (leaky, honest)])
    return paired(*np.transpose(scores)).in_errors


@control("audio/network-at-home", "the network is not trained")
def untrained_network():
    words, x = _english("stretched")
    scores = []
    for seed in range(3):
        out = _split(words, seed)
        linear = audio.fit_linear(x[~out], words.digit[~out])
        network = audio.build_recogniser(x.shape[1:], seed=seed)
        raw = audio.Recogniser(network, x.mean(axis=0), x.std(axis=0) + 1, [])
        scores.append(
            [
                np.mean(raw.predict(x[out]) == words.digit[out]),
                linear.score(audio.flat(x[out]), words.digit[out]),
            ]
        )
    return paired(*np.transpose(scores)).in_errors


@control(
    "audio/network-away", "the linear model sees the fixed grid", heavy=True
)
def linear_on_the_fixed_grid():
    words, cepstra = _english("cepstra")
    _, grid = _english("fixed grid")
    flite, rights = _words(), []
    tests = {view: audio.view(flite, view) for view in audio.VIEWS}
    for seed in range(3):
        rest = ~_split(words, seed)
        linear = audio.fit_linear(grid[rest], words.digit[rest])
        network = audio.train_recogniser(
            cepstra[rest], words.digit[rest], audio.Settings(seed=seed)
        )
        said = (
            linear.predict(audio.flat(tests["fixed grid"])),
            network.predict(tests["cepstra"]),
        )
        rights.append([np.sum(answer == flite.digit) for answer in said])
    return paired(*np.transpose(rights)).in_errors


@control("audio/gap-to-people", "both are synthetic voices")
def voices_against_voices():
    words, x = _english("cepstra")
    rights = []
    for seed in range(2):
        out = _split(words, seed)
        model = audio.fit_linear(x[~out], words.digit[~out])
        rights.append(model.score(audio.flat(x[out]), words.digit[out]))
    return abs(rights[0] - rights[1])


@control("audio/features-help-people", "the digits are shuffled in training")
def shuffled_digits():
    people, rights = audio.load_words("spoken_people"), []
    for view in ("cepstra", "fixed grid"):
        right = 0
        for language in np.unique(people.language):
            words = _words("espeak-ng", str(language))
            digit = np.random.default_rng(7).permutation(words.digit)
            tests = people.take(people.language == language)
            model = audio.fit_linear(audio.view(words, view), digit)
            said = model.predict(audio.flat(audio.view(tests, view)))
            right += int(np.sum(said == tests.digit))
        rights.append(right)
    return rights[0] - rights[1]


def _english_pairs():
    words, x = _english("stretched")
    _, voice = np.unique(words.voice, return_inverse=True)
    held = audio.hold_out_pairs(words.digit, voice, 0.15, 0)
    return audio.Pairs(x, words.digit, voice, held)


def _untrained_pictures(pairs):
    network = audio.build_speaker(int(pairs.voice.max()) + 1, seed=1)
    mean = pairs.pictures[~pairs.held_out].mean(axis=0)
    raw = audio.Speaker(network, mean, float(pairs.pictures.std()), [])
    return raw.pictures(pairs.digit, pairs.voice)


@control("audio/speaks-new-pairs", "the network is not trained")
def untrained_speaker():
    pairs = _english_pairs()
    total = audio.additive_pictures(pairs)
    drawn = _untrained_pictures(pairs)
    return audio.unexplained(pairs, drawn) / audio.unexplained(pairs, total)


@control("audio/speech-is-recognised", "pictures of an untrained network")
def untrained_speech():
    pairs = _english_pairs()
    held = pairs.held_out
    drawn = _untrained_pictures(pairs)[held][:12]
    model = audio.fit_linear(pairs.pictures[~held], pairs.digit[~held])
    heard = [
        audio.stretch(audio.trim(audio.log_mel(audio.sound_of(picture))))
        for picture in drawn
    ]
    return model.score(
        audio.flat(np.stack(heard)), pairs.digit[held][: len(heard)]
    )
