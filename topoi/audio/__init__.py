"""Audio: from a pressure wave to a word, and back.

- `signal`: aliases, Fourier transforms, frames, the STFT and its inverse
- `features`: mel filters, log-mel pictures, cepstra, end points, stretching
- `warp`: dynamic time warping
- `wav`: mu-law, WAV files, players for a page
- `words`: the shipped recordings and what a recogniser sees of them
- `recognise`: a linear model, a small network, nearest templates
- `judge`: how sure a share of right answers is
- `invert`: phases from magnitudes, magnitudes from mel bands
- `generate`: a network that speaks
- `drawing`: aliasing to explore
"""

from topoi.audio.drawing import explore_aliasing, samples_shown
from topoi.audio.features import (
    dct_matrix,
    fixed_grid,
    hz_to_mel,
    log_mel,
    loud_part,
    mel_filters,
    mel_to_hz,
    mfcc,
    stretch,
    triangles,
    trim,
)
from topoi.audio.generate import (
    Pairs,
    Speaker,
    additive_pictures,
    build_speaker,
    hold_out_pairs,
    sound_of,
    train_speaker,
    unexplained,
)
from topoi.audio.invert import (
    Rebuilt,
    griffin_lim,
    mel_to_magnitude,
    swap_phases,
)
from topoi.audio.judge import mcnemar, wilson
from topoi.audio.recognise import (
    Recogniser,
    Settings,
    build_recogniser,
    fit_linear,
    flat,
    nearest_digits,
    train_recogniser,
)
from topoi.audio.signal import (
    alias,
    dft,
    fft,
    frames,
    hann,
    istft,
    stft,
    window_sum,
)
from topoi.audio.warp import Warp, distances, dtw, dtw_costs
from topoi.audio.wav import (
    Player,
    mu_law,
    mu_law_inverse,
    player,
    thumbnail,
    wav_bytes,
)
from topoi.audio.words import (
    RATE,
    VIEWS,
    Words,
    held_out_voices,
    load_words,
    pictures,
    sequences,
    view,
)

__all__ = [
    "RATE",
    "Pairs",
    "Player",
    "Rebuilt",
    "Recogniser",
    "Settings",
    "Speaker",
    "VIEWS",
    "Warp",
    "Words",
    "additive_pictures",
    "alias",
    "build_recogniser",
    "build_speaker",
    "dct_matrix",
    "dft",
    "distances",
    "dtw",
    "dtw_costs",
    "loud_part",
    "explore_aliasing",
    "fft",
    "fit_linear",
    "fixed_grid",
    "flat",
    "frames",
    "griffin_lim",
    "hann",
    "held_out_voices",
    "hold_out_pairs",
    "hz_to_mel",
    "istft",
    "load_words",
    "log_mel",
    "mcnemar",
    "mel_filters",
    "mel_to_hz",
    "mel_to_magnitude",
    "mfcc",
    "mu_law",
    "mu_law_inverse",
    "nearest_digits",
    "pictures",
    "player",
    "samples_shown",
    "sequences",
    "sound_of",
    "stft",
    "stretch",
    "swap_phases",
    "thumbnail",
    "train_recogniser",
    "train_speaker",
    "triangles",
    "trim",
    "unexplained",
    "view",
    "wav_bytes",
    "wilson",
    "window_sum",
]
