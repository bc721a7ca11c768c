"""Audio: transforms, features, warping, phases, bytes, and the recordings."""

import base64
import io
import itertools
import re
import wave

import numpy as np
import pytest
import scipy.fft
import scipy.signal
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from datasets import speech
from topoi import audio, data

REALS = st.floats(-1, 1, width=32)


def noise(length, seed=0):
    return np.random.default_rng(seed).normal(size=length)


@pytest.fixture(scope="module")
def words():
    return audio.load_words("spoken_digits")


@pytest.fixture(scope="module")
def people():
    return audio.load_words("spoken_people")


# -- sampling and transforms ------------------------------------------------


@given(st.floats(-50_000, 50_000), st.sampled_from([8000.0, 44_100.0]))
def test_an_alias_has_the_same_samples(frequency, rate):
    low = audio.alias(frequency, rate)
    assert 0 <= low <= rate / 2
    n = np.arange(64)
    a, b = (np.cos(2 * np.pi * f * n / rate) for f in (frequency, low))
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_aliases_by_hand():
    pairs = {5000: 3000, 3000: 3000, 4000: 4000, 8000: 0, 9000: 1000, -1: 1}
    assert {f: audio.alias(f, 8000) for f in pairs} == pairs
    with pytest.raises(ValueError, match="samples per second"):
        audio.alias(1.0, 0)


@settings(max_examples=25, deadline=None)
@given(
    arrays(float, 16, elements=REALS),
    arrays(float, 16, elements=REALS),
    st.integers(0, 15),
)
def test_transforms_obey_their_laws(x, y, shift):
    """Oracles: NumPy's transform, linearity, Parseval, the shift theorem."""
    spectrum = audio.fft(x)
    np.testing.assert_allclose(spectrum, np.fft.fft(x), atol=1e-12)
    np.testing.assert_allclose(audio.dft(x), spectrum, atol=1e-12)
    both = audio.fft(2 * x - y)
    np.testing.assert_allclose(both, 2 * spectrum - audio.fft(y), atol=1e-12)
    energy = np.sum(np.abs(spectrum) ** 2) / 16
    np.testing.assert_allclose(energy, np.sum(x**2), atol=1e-12)
    turned = spectrum * np.exp(-2j * np.pi * np.arange(16) * shift / 16)
    np.testing.assert_allclose(audio.fft(np.roll(x, shift)), turned, atol=1e-9)


def test_transforms_take_batches_and_any_length():
    x = noise(3 * 8).reshape(3, 8)
    np.testing.assert_allclose(audio.fft(x), np.fft.fft(x), atol=1e-12)
    x = noise(7)
    np.testing.assert_allclose(audio.dft(x), np.fft.fft(x), atol=1e-12)
    with pytest.raises(ValueError, match="power of two, but it is 7"):
        audio.fft(x)
    with pytest.raises(ValueError, match="needs samples"):
        audio.dft(np.array([]))


def test_hann_is_scipys_periodic_window():
    for size in (2, 7, 256):
        theirs = scipy.signal.get_window("hann", size)
        np.testing.assert_allclose(audio.hann(size), theirs, atol=1e-15)
    with pytest.raises(ValueError, match="at least 2"):
        audio.hann(1)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 9))
def test_frames_are_the_slices_of_the_signal(length, size, hop):
    x = np.arange(length)
    if length < size:
        with pytest.raises(ValueError, match="has no frame"):
            audio.frames(x, size, hop)
        return
    starts = range(0, length - size + 1, hop)
    expected = [x[s : s + size] for s in starts]
    np.testing.assert_array_equal(audio.frames(x, size, hop), expected)


@pytest.mark.parametrize(("size", "hop"), [(256, 64), (128, 100), (64, 64)])
def test_stft_is_scipys_in_both_of_its_forms(size, hop):
    x, window = noise(1500), audio.hann(size)
    ours = audio.stft(x, size, hop)
    _, _, old = scipy.signal.stft(
        *(x, 1, window, size, size - hop),
        boundary=None,
        padded=False,
    )
    np.testing.assert_allclose(ours, old.T * window.sum(), atol=1e-12)
    new = scipy.signal.ShortTimeFFT(window, hop, 1, phase_shift=None)
    first = 0 if size // 2 % hop else size // 2 // hop
    if first:  # their slices are centred on multiples of the hop
        theirs = new.stft(x)[:, first - new.p_min :][:, : len(ours)].T
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_scipys_default_phase_differs_and_its_magnitude_does_not():
    """The trap of the section: phases refer to the middle of the window."""
    x, window = noise(1500), audio.hann(256)
    ours = audio.stft(x, 256, 64)
    new = scipy.signal.ShortTimeFFT(window, 64, 1)
    theirs = new.stft(x)[:, 2 - new.p_min :][:, : len(ours)].T
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-12)
    assert np.abs(ours - theirs).max() > 1


@pytest.mark.parametrize("hop", [32, 64, 128, 100])
def test_overlap_add_gives_the_signal_back(hop):
    x = noise(2000)
    back = audio.istft(audio.stft(x, 256, hop), hop)
    weight = audio.window_sum(1 + (2000 - 256) // hop, hop, audio.hann(256))
    seen = weight > 0.1
    np.testing.assert_allclose(back[seen], x[: len(back)][seen], atol=1e-12)
    assert back[0] == 0  # the window is 0 there: no one has seen it


def test_squared_windows_sum_to_a_constant_at_three_quarters_overlap():
    weight = audio.window_sum(20, 64, audio.hann(256))
    np.testing.assert_allclose(weight[256:-256], 1.5, atol=1e-14)
    weight = audio.window_sum(20, 128, audio.hann(256))  # and not at half
    assert np.ptp(weight[256:-256]) > 0.4


def test_istft_is_the_least_squares_inverse():
    """Oracle: the dense linear system, solved by NumPy."""
    size, hop, count = 8, 3, 4
    length = (count - 1) * hop + size
    columns = [audio.stft(row, size, hop).ravel() for row in np.eye(length)]
    rng = np.random.default_rng(2)
    wish = rng.normal(size=(count, 5)) + 1j * rng.normal(size=(count, 5))
    wish[:, [0, -1]] = wish[:, [0, -1]].real  # as of real signals
    # A bin between the ends stands for its conjugate as well.
    both = np.sqrt(np.tile([1, 2, 2, 2, 1], count))
    matrix = np.stack(columns, axis=1) * both[:, None]
    target = wish.ravel() * both
    best = np.linalg.lstsq(
        np.concatenate([matrix.real, matrix.imag]),
        np.concatenate([target.real, target.imag]),
        rcond=None,
    )[0]
    np.testing.assert_allclose(audio.istft(wish, hop), best, atol=1e-12)


def test_istft_by_another_library():
    x = noise(1024)
    spectrum = audio.stft(x, 128, 32)
    # Its warning concerns the two ends, which are not compared.
    with pytest.warns(UserWarning, match="NOLA"):
        _, theirs = scipy.signal.istft(
            spectrum.T / audio.hann(128).sum(),
            window="hann",
            nperseg=128,
            noverlap=96,
            boundary=None,
        )
    ours = audio.istft(spectrum, 32)
    np.testing.assert_allclose(ours[96:-96], theirs[96:-96], atol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: audio.frames(np.ones((2, 9)), 4, 2), "one signal"),
        (lambda: audio.frames(np.ones(9), 4, 0), "must be positive"),
        (lambda: audio.stft(np.ones(300), 255), "size must be even"),
        (lambda: audio.stft(np.ones(300), 256, 64, np.ones(9)), "shape"),
        (lambda: audio.istft(np.ones(5)), "one spectrum of shape"),
        (lambda: audio.istft(np.ones((4, 5)), 2, np.ones(9)), "window must"),
    ],
)
def test_bad_signals_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- features ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "size", "count"), [(8000, 256, 32), (16_000, 512, 40)]
)
def test_mel_filters_by_interpolation(rate, size, count):
    """Oracle: each triangle as np.interp of its three corners."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    f = np.arange(size // 2 + 1) * rate / size
    theirs = [
        np.interp(f, corners[k : k + 3], [0, 1, 0]) for k in range(count)
    ]
    ours = audio.mel_filters(rate, size, count)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    between = (f >= corners[1]) & (f <= corners[-2])
    np.testing.assert_allclose(ours.sum(axis=0)[between], 1, atol=1e-12)


def test_mel_scale_is_inverted_and_meets_its_anchor():
    f = np.linspace(0, 4000, 50)
    np.testing.assert_allclose(
        audio.mel_to_hz(audio.hz_to_mel(f)), f, atol=1e-9
    )
    assert abs(audio.hz_to_mel(1000) - 1000) < 0.1


def test_filters_without_a_bin_are_refused():
    assert np.linalg.matrix_rank(audio.mel_filters(count=32)) == 32
    with pytest.raises(ValueError, match="contains no bin"):
        audio.mel_filters(8000, 128, 64)
    for ends in ((-1, 4000), (0, 4001), (300, 300)):
        with pytest.raises(ValueError, match="between 0 and 4000"):
            audio.mel_filters(low=ends[0], high=ends[1])
    with pytest.raises(ValueError, match="at least 1 filter"):
        audio.mel_filters(count=0)
    with pytest.raises(ValueError, match="rising corners"):
        audio.triangles([0, 200, 100], 8000, 256)


def test_log_mel_of_a_tone_is_loudest_where_it_is():
    x = np.cos(2 * np.pi * 1000 * np.arange(4000) / 8000)
    picture = audio.log_mel(x)
    assert picture.shape == (1 + (4000 - 256) // 128, 32)
    assert picture.max() == 0
    assert picture.min() >= -60
    corners = audio.mel_to_hz(np.linspace(0, audio.hz_to_mel(4000), 34))
    nearest = np.abs(corners[1:-1] - 1000).argmin()
    assert (picture.argmax(axis=1) == nearest).all()
    np.testing.assert_allclose(audio.log_mel(x / 9), picture, atol=1e-9)
    with pytest.raises(ValueError, match="silent"):
        audio.log_mel(np.zeros(4000))
    with pytest.raises(ValueError, match="finite"):
        audio.log_mel(np.full(4000, np.nan))


def test_cepstra_are_scipys_cosine_transform():
    picture = noise(5 * 32).reshape(5, 32)
    theirs = scipy.fft.dct(picture, norm="ortho")
    np.testing.assert_allclose(audio.mfcc(picture), theirs[:, 1:13])
    np.testing.assert_allclose(
        audio.dct_matrix(9) @ audio.dct_matrix(9).T, np.eye(9), atol=1e-12
    )
    for count in (0, 32):
        with pytest.raises(ValueError, match="1 to 31"):
            audio.mfcc(picture, count)


@given(
    arrays(float, st.integers(1, 20), elements=st.floats(-80, 0)),
    st.sampled_from([3.0, 30.0]),
)
def test_loud_part_by_looking_at_each_frame(loudness, decibel):
    loud = [k for k, v in enumerate(loudness) if v >= max(loudness) - decibel]
    found = audio.loud_part(loudness, decibel)
    assert found == slice(loud[0], loud[-1] + 1)


@given(st.integers(1, 12), st.integers(1, 20))
def test_stretch_is_linear_interpolation(frames, count):
    picture = noise(frames * 3).reshape(frames, 3)
    place = np.linspace(0, frames - 1, count)
    theirs = [np.interp(place, np.arange(frames), c) for c in picture.T]
    ours = audio.stretch(picture, count)
    np.testing.assert_allclose(ours, np.transpose(theirs), atol=1e-12)


def test_features_refuse_what_they_cannot_use():
    for wrong in (np.array([]), np.ones((2, 2))):
        with pytest.raises(ValueError, match="at least one frame"):
            audio.loud_part(wrong)
    with pytest.raises(ValueError, match="positive distance"):
        audio.loud_part(np.ones(3), 0)
    for picture, count in ((np.ones(3), 4), (np.ones((3, 2)), 0)):
        with pytest.raises(ValueError, match="stretch takes"):
            audio.stretch(picture, count)


def test_a_fixed_grid_cuts_or_fills_with_silence():
    picture = -np.arange(6.0).reshape(3, 2)
    assert audio.fixed_grid(picture, 2).tolist() == picture[:2].tolist()
    filled = audio.fixed_grid(picture, 4)
    assert filled.tolist() == [*picture.tolist(), [-5, -5]]


# -- warping ----------------------------------------------------------------


def cheapest_path(d, i, j):
    """Oracle: try every monotone path to (i, j)."""
    if i == j == 0:
        return d[0, 0]
    ways = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
    costs = [cheapest_path(d, *w) for w in ways if min(w) >= 0]
    return d[i, j] + min(costs)


@pytest.mark.parametrize("seed", range(6))
def test_dtw_finds_the_cheapest_of_all_paths(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 6, 2)
    a, b = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    d = np.linalg.norm(a[:, None] - b, axis=2)
    np.testing.assert_allclose(audio.distances(a, b), d, atol=1e-7)
    found = audio.dtw(a, b)
    assert found.cost == pytest.approx(
        cheapest_path(d, n - 1, m - 1) / (n + m)
    )
    assert found.cost == pytest.approx(audio.dtw(b, a).cost)
    assert found.path[0] == (0, 0)
    assert found.path[-1] == (n - 1, m - 1)
    steps = np.diff(found.path, axis=0)
    assert {tuple(s) for s in steps.tolist()} <= {(0, 1), (1, 0), (1, 1)}
    along = sum(d[i, j] for i, j in found.path) / (n + m)
    assert found.cost == pytest.approx(along)


def test_repeated_frames_cost_nothing():
    a = noise(20).reshape(10, 2)
    slow = np.repeat(a, [1, 3, 1, 2, 2, 1, 1, 4, 1, 2], axis=0)
    assert audio.dtw(a, slow).cost < 1e-6
    assert audio.dtw(a, slow[::-1]).cost > 0.1


def test_many_templates_cost_what_each_costs():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(7, 3))
    templates = [rng.normal(size=(m, 3)) for m in (1, 4, 9, 7)]
    each = [audio.dtw(a, b).cost for b in templates]
    np.testing.assert_allclose(audio.dtw_costs(a, templates), each)
    digits = audio.nearest_digits(templates, [5, 6, 7, 8], [templates[2]])
    assert digits.tolist() == [7]


def test_warping_refuses_other_shapes():
    good = np.ones((3, 2))
    for bad in (np.ones(3), np.ones((0, 2))):
        with pytest.raises(ValueError, match="shape"):
            audio.dtw(good, bad)
    with pytest.raises(ValueError, match="same bands"):
        audio.dtw(good, np.ones((3, 4)))


# -- phases -----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_griffin_lim_never_rises(seed, words):
    magnitude = np.abs(audio.stft(words.signals[60 + seed][:3000]))
    errors = audio.griffin_lim(magnitude, 60, seed=seed).errors
    assert len(errors) == 61
    assert np.diff(errors).max() <= 1e-12
    assert errors[-1] < errors[0] / 3


def test_the_true_phase_is_a_fixed_point():
    spectrum = audio.stft(noise(2000))
    found = audio.griffin_lim(np.abs(spectrum), 3, start=np.angle(spectrum))
    assert found.errors.max() < 1e-12


@pytest.mark.parametrize(
    ("magnitude", "options", "message"),
    [
        (np.ones((4, 5)), {"steps": 0}, "steps must be"),
        (np.ones((4, 5)), {"momentum": 1.0}, "momentum"),
        (-np.ones((4, 5)), {}, "Decibels"),
        (np.zeros((4, 5)), {}, "not all 0"),
        (np.full((4, 5), np.nan), {}, "finite"),
        (np.ones(5), {}, "shape"),
    ],
)
def test_bad_magnitudes_are_named(magnitude, options, message):
    with pytest.raises(ValueError, match=message):
        audio.griffin_lim(magnitude, **{"steps": 2, "hop": 2} | options)


def test_a_flat_spectrum_survives_the_mel_bands():
    filters = audio.mel_filters()
    energy = np.full((3, 129), 4.0) @ filters.T
    magnitude = audio.mel_to_magnitude(energy, filters)
    inside = slice(3, 120)
    np.testing.assert_allclose(magnitude[:, inside], 2, atol=1e-12)


def test_swapping_phases_with_itself_changes_nothing():
    x = noise(1024)
    same = audio.swap_phases(x, x, 128, 32)
    np.testing.assert_allclose(same[128:-128], x[128:-128], atol=1e-12)
    np.testing.assert_allclose(audio.swap_phases(x, x), x, atol=1e-12)
    y = noise(1024, 1)
    mixed = np.fft.rfft(audio.swap_phases(x, y))
    np.testing.assert_allclose(np.abs(mixed), np.abs(np.fft.rfft(x)))


# -- bytes ------------------------------------------------------------------


@given(arrays(float, 30, elements=st.floats(-1, 1)))
def test_mu_law_is_within_half_a_step(x):
    back = audio.mu_law_inverse(audio.mu_law(x))
    squeezed = [np.sign(v) * np.log1p(255 * np.abs(v)) for v in (x, back)]
    gap = np.abs(squeezed[0] - squeezed[1]).max()
    assert gap <= np.log(256) / 254 + 1e-12
    np.testing.assert_array_equal(audio.mu_law(x), speech.mu_law_bytes(x))


@pytest.mark.parametrize("bits", [8, 16])
def test_wav_files_are_read_back_by_the_standard_library(bits):
    x = np.linspace(-1, 1, 501)
    with wave.open(io.BytesIO(audio.wav_bytes(x, 8000, bits))) as file:
        assert file.getparams()[:4] == (1, bits // 8, 8000, 501)
        raw = file.readframes(501)
    if bits == 8:
        back = (np.frombuffer(raw, np.uint8).astype(float) - 128) / 127
    else:
        back = np.frombuffer(raw, "<i2") / 32767
    assert np.abs(back - x).max() <= 0.51 / (2 ** (bits - 1) - 1)


def test_bytes_refuse_what_does_not_fit():
    for bad in (np.array([1.5]), np.array([np.nan])):
        with pytest.raises(ValueError, match=r"lie in \[-1, 1\]"):
            audio.mu_law(bad)
    for x, bits in ((np.ones((2, 2)), 8), (np.ones(4), 24)):
        with pytest.raises(ValueError, match="one channel"):
            audio.wav_bytes(x, 8000, bits)


def test_a_player_is_usable_without_hearing_and_offline():
    x = np.sin(np.arange(2000) / 3)
    page = audio.player(x, 'a "tone" & more') + audio.player(x, "again")
    html = page._repr_html_()
    assert html.count("<audio controls") == 2
    assert html.count("<img alt=") == 2
    assert "autoplay" not in html
    assert "http" not in html
    assert "aria-label='a &quot;tone&quot; &amp; more'" in html
    assert "<span>again</span>" in html
    sound, picture = (
        base64.b64decode(re.search(kind + r";base64,([^']+)'", html)[1])
        for kind in ("audio/wav", "image/png")
    )
    with wave.open(io.BytesIO(sound)) as file:
        samples = np.frombuffer(file.readframes(2000), np.uint8)
    assert abs(np.abs(samples.astype(float) - 128).max() / 127 - 0.9) < 0.01
    image = np.array(Image.open(io.BytesIO(picture)))
    assert image.shape[0] == 24
    tone = 3**-1 * 8000 / (2 * np.pi)
    row = 23 - image[:, image.shape[1] // 2].argmin()  # dark is loud
    corners = audio.mel_to_hz(np.linspace(0, audio.hz_to_mel(4000), 26))
    assert corners[row] <= tone <= corners[row + 2]
    assert repr(page).splitlines()[1] == "Sound: again (0.25 s)"


def test_a_player_refuses_silence_length_and_no_label():
    x = np.ones(4000)
    with pytest.raises(ValueError, match="needs a label"):
        audio.player(x, " ")
    with pytest.raises(ValueError, match="nothing to hear"):
        audio.player(0 * x, "silence")
    for length in (100, 16_001):
        with pytest.raises(ValueError, match="two seconds"):
            audio.player(np.ones(length), "tone")


# -- judging ----------------------------------------------------------------


def test_wilson_is_scipys_interval():
    for right, total in ((8, 10), (0, 7), (7, 7), (52, 70)):
        theirs = scipy.stats.binomtest(right, total).proportion_ci(
            0.95, method="wilson"
        )
        np.testing.assert_allclose(
            audio.wilson(right, total), theirs, atol=1e-4
        )
    with pytest.raises(ValueError, match="no share"):
        audio.wilson(3, 2)


def test_wilson_covers_as_often_as_it_says():
    """Oracle: all outcomes of 50 tosses, weighted by their probability."""
    cover = []
    for p in np.linspace(0.05, 0.95, 19):
        inside = [
            low <= p <= high
            for low, high in (audio.wilson(k, 50) for k in range(51))
        ]
        cover.append(inside @ scipy.stats.binom.pmf(range(51), 50, p))
    assert min(cover) > 0.90
    assert abs(np.mean(cover) - 0.95) < 0.01


def test_mcnemar_is_a_sign_test():
    rng = np.random.default_rng(1)
    for _ in range(8):
        a, b = rng.random((2, 70)) < 0.7
        more, total = int((a & ~b).sum()), int((a ^ b).sum())
        theirs = scipy.stats.binomtest(more, total).pvalue
        assert audio.mcnemar(a, b) == pytest.approx(theirs)
    assert audio.mcnemar(a, a) == 1
    with pytest.raises(ValueError, match="same words"):
        audio.mcnemar(a, b[:3])


# -- recordings -------------------------------------------------------------


def test_the_recordings_are_what_their_cards_say(words, people):
    assert len(words.digit) == 890
    assert len(people.digit) == 70
    for part, source, languages in (
        (
            words,
            "espeak-ng",
            {"en": 36, "es": 12, "fr": 12, "it": 12, "ru": 12},
        ),
        (words, "flite", {"en": 5}),
        (people, "people", {"en": 1, "es": 1, "fr": 2, "it": 2, "ru": 1}),
    ):
        for language, count in languages.items():
            chosen = part.take(
                (part.source == source) & (part.language == language)
            )
            assert len(np.unique(chosen.voice)) == count
            assert np.bincount(chosen.digit).tolist() == [count] * 10
    for part in (words, people):
        loudest = [np.abs(x).max() for x in part.signals]
        assert 0.88 < min(loudest) <= max(loudest) < 0.92
        assert sum(map(len, part.signals)) == len(
            data.load("spoken_digits" if part is words else "spoken_people")[0]
        )


def test_people_never_are_in_the_training_file(words, people):
    assert set(words.source) == {"espeak-ng", "flite"}
    assert set(people.source) == {"people"}
    assert not set(words.voice) & set(people.voice)


def test_the_shipped_audio_stays_below_three_megabytes():
    files = [f"{n}.npz" for n in ("spoken_digits", "spoken_people")]
    assert sum((data.folder() / f).stat().st_size for f in files) < 3_000_000


def test_held_out_voices_are_whole_voices(words):
    english = words.take((words.language == "en") & (words.source != "flite"))
    out = audio.held_out_voices(english, 1 / 3, np.random.default_rng(0))
    assert out.sum() == 120
    assert not set(english.voice[out]) & set(english.voice[~out])
    again = audio.held_out_voices(english, 1 / 3, np.random.default_rng(0))
    assert (out == again).all()


def test_words_say_what_they_lack(words):
    with pytest.raises(ValueError, match="No word is left"):
        words.take(words.language == "de")
    with pytest.raises(ValueError, match="holds no recordings"):
        audio.load_words("penguins")
    with pytest.raises(ValueError, match="No data set is called"):
        audio.load_words("spoken")
    with pytest.raises(ValueError, match="view knows fixed grid"):
        audio.view(words, "melody")


def test_views_have_their_shapes(words):
    few = words.take(np.arange(6))
    shapes = {name: audio.view(few, name).shape for name in audio.VIEWS}
    assert shapes == {
        "fixed grid": (6, 56, 32),
        "stretched": (6, 32, 32),
        "cepstra": (6, 32, 12),
    }
    for sequence, picture in zip(
        audio.sequences(few), audio.pictures(few), strict=True
    ):
        assert sequence.shape[1] == 12
        assert 1 < len(sequence) <= len(picture)
    even = audio.triangles(np.linspace(0, 4000, 34), 8000, 256)
    other = audio.sequences(few, even)
    assert [len(s[0]) for s in other] == [12] * 6


# -- how the recordings are made --------------------------------------------


def test_the_recipe_chooses_by_names_alone():
    names = ["Alex", "Annie", "klatt", "m1", "f2"]
    chosen = speech.chosen(names, "en-us", 3)
    assert chosen == speech.chosen(names[::-1], "en-us", 3)
    for accent, voice in itertools.product(("it", "ru"), names):
        pitch, speed = speech.manner(accent, voice)
        assert 30 <= pitch <= 70
        assert 130 <= speed <= 190


def test_the_recipe_trims_and_resamples():
    rate = 22_050
    tone = np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate)
    x = speech.tidy(np.pad(0.3 * tone, 4000), rate)
    assert abs(np.abs(x).max() - 0.9) < 1e-9
    assert abs(len(x) / 8000 - 0.5) < 0.03
    spectrum = np.abs(np.fft.rfft(x))
    assert abs(spectrum.argmax() * 8000 / len(x) - 440) < 3
    raw = io.BytesIO()
    with wave.open(raw, "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
    with pytest.raises(ValueError, match="mono files of 16 bits"):
        speech.read_wav(raw.getvalue())


# -- networks ---------------------------------------------------------------


def toy(seed=0, count=60):
    """Digits 0 and 1: energy that rises or falls in time."""
    rng = np.random.default_rng(seed)
    digit = np.arange(count) % 2
    ramp = np.linspace(-1, 1, 8)[:, None] * np.ones(4)
    x = np.where(digit[:, None, None], ramp, -ramp)
    return x + 0.3 * rng.normal(size=x.shape), digit


def test_recognisers_learn_a_rise_from_a_fall():
    x, digit = toy()
    x_test, y_test = toy(1)
    assert audio.fit_linear(x, digit).score(audio.flat(x_test), y_test) == 1
    made = audio.train_recogniser(x, digit, audio.Settings(epochs=20))
    assert (made.predict(x_test) == y_test).mean() > 0.95
    assert made.losses[-1] < made.losses[0]
    found = audio.nearest_digits(list(x), digit, list(x_test))
    assert (found == y_test).all()


def test_training_is_repeated_by_its_seed():
    x, digit = toy()
    few = audio.Settings(epochs=2, seed=4)
    first, again = (audio.train_recogniser(x, digit, few) for _ in range(2))
    assert first.losses == again.losses


def test_a_compiled_network_starts_afresh():
    x, digit = toy()
    few = audio.Settings(epochs=3, seed=4)
    first = audio.train_recogniser(x, digit, few)
    weights = first.network.get_weights()
    again = audio.train_recogniser(x, digit, few, first.network)
    assert again.network is first.network
    np.testing.assert_allclose(again.losses, first.losses, rtol=1e-5)
    for a, b in zip(again.network.get_weights(), weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_settings_that_train_nothing_are_refused():
    for wrong in ({"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0.0}):
        with pytest.raises(ValueError, match="must be positive"):
            audio.Settings(**wrong)
    x, digit = toy()
    x[3, 2, 1] = np.nan
    with pytest.raises(FloatingPointError, match="NaN"):
        audio.train_recogniser(x, digit, audio.Settings(epochs=1))


def test_recogniser_counts_its_weights_by_hand():
    network = audio.build_recogniser((32, 12))
    by_hand = (9 * 16 + 16) + (9 * 16 * 32 + 32) + (8 * 3 * 32 * 10 + 10)
    assert network.count_params() == by_hand


def grid(voices=6, share=0.2):
    digit = np.repeat(np.arange(10), voices)
    voice = np.tile(np.arange(voices), 10)
    rng = np.random.default_rng(0)
    digits, speakers = rng.normal(size=(10, 4, 3)), rng.normal(size=(6, 4, 3))
    held = audio.hold_out_pairs(digit, voice, share, 0)
    pictures = digits[digit] + speakers[voice]
    return audio.Pairs(pictures, digit, voice, held)


def test_held_out_pairs_leave_every_digit_and_voice():
    pairs = grid()
    assert pairs.held_out.sum() == 12
    seen = ~pairs.held_out
    assert set(pairs.digit[seen]) == set(range(10))
    assert set(pairs.voice[seen]) == set(range(6))
    for share in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            audio.hold_out_pairs(pairs.digit, pairs.voice, share, 0)
    with pytest.raises(ValueError, match="unseen"):
        audio.hold_out_pairs(pairs.digit, pairs.voice, 0.9, 0)


def test_the_additive_baseline_finds_a_sum():
    """Oracle: pictures that are sums leave nothing unexplained."""
    pairs = grid()
    assert audio.unexplained(pairs, audio.additive_pictures(pairs)) < 1e-20
    mean = pairs.pictures[~pairs.held_out].mean(axis=0)
    flat = np.broadcast_to(mean, pairs.pictures.shape)
    assert audio.unexplained(pairs, flat) == pytest.approx(1)


def test_a_speaker_learns_pairs_it_has_not_seen():
    pairs = grid()
    made = audio.train_speaker(pairs, audio.Settings(150, 16, 3e-3, 1))
    drawn = made.pictures(pairs.digit, pairs.voice)
    assert drawn.shape == pairs.pictures.shape
    assert audio.unexplained(pairs, drawn) < 0.5
    shape = audio.build_speaker(3, (5, 7)).output_shape
    assert shape == (None, 5, 7)


def test_the_sound_of_a_picture_has_that_picture(words):
    word = words.signals[75][:4000]
    picture = audio.log_mel(word, hop=64)
    sound = audio.sound_of(picture, len(picture))
    again = audio.log_mel(sound, hop=64)
    assert len(again) == len(picture)
    assert np.corrcoef(picture.ravel(), again.ravel())[0, 1] > 0.95


# -- the explorable figure --------------------------------------------------


def test_the_figure_draws_samples_and_alias():
    figure = audio.explore_aliasing()
    assert figure.weight <= 10_000
    times, values = audio.samples_shown(5000)
    assert len(times) == 9
    np.testing.assert_allclose(
        values, audio.samples_shown(3000)[1], atol=1e-12
    )
