"""Spoken words: the shipped recordings and the features of each word."""

from typing import NamedTuple

import numpy as np

from topoi import data
from topoi.audio.features import (
    fixed_grid,
    log_mel,
    mfcc,
    stretch,
    trim,
)
from topoi.audio.wav import mu_law_inverse

RATE = 8000


class Words(NamedTuple):
    """Utterances, one an entry; all arrays have the same length."""

    signals: list[np.ndarray]  # each (samples,) float64, 8000 per second
    digit: np.ndarray  # 0 to 9
    language: np.ndarray  # "en", "es", "fr", "it", "ru"
    source: np.ndarray  # "espeak-ng", "flite", "people"
    voice: np.ndarray

    def take(self, where: np.ndarray) -> "Words":
        """Return the words at these places, or where a mask is true.

        Raises
        ------
        ValueError
            If nothing is left.
        """
        places = np.arange(len(self.digit))[where]
        if not len(places):
            raise ValueError("No word is left: check the names you compare.")
        rest = (column[places] for column in self[1:])
        return Words([self.signals[k] for k in places], *rest)


def load_words(name: str) -> Words:
    """Return shipped recordings.

    Parameters
    ----------
    name : {"spoken_digits", "spoken_people"}
        Two synthesisers, or people, who are for testing only.

    Raises
    ------
    ValueError
        If no set of recordings has that name.
    """
    found = data.load(name)
    if not isinstance(found, data.Recordings):
        raise ValueError(f"{name!r} holds no recordings.")
    audio = mu_law_inverse(found.audio)  # once: slices cost nothing
    ends = np.cumsum(found.length.astype(int))
    signals = np.split(audio, ends[:-1])
    return Words(
        signals,
        found.digit.astype(int),
        found.language,
        found.source,
        found.voice,
    )


def held_out_voices(
    words: Words, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Return a mask over words: true where the voice is held out.

    Parameters
    ----------
    words : Words
        Of one language.
    share : float
        Of the voices, rounded; at least one and not all are held out.
    """
    voices = np.unique(words.voice)
    count = min(max(round(share * len(voices)), 1), len(voices) - 1)
    return np.isin(words.voice, rng.permutation(voices)[:count])


def pictures(
    words: Words, filters: np.ndarray | None = None
) -> list[np.ndarray]:
    """Return the log-mel picture of every word, each (frames, 32).

    Other `filters` than the mel ones give other pictures.
    """
    return [log_mel(x, RATE, filters=filters) for x in words.signals]


# What a recogniser sees of one log-mel picture, by name.
VIEWS = {
    "fixed grid": fixed_grid,
    "stretched": lambda picture: stretch(trim(picture)),
    "cepstra": lambda picture: mfcc(stretch(trim(picture))),
}


def view(words: Words, name: str) -> np.ndarray:
    """Return one array of features for all words.

    Parameters
    ----------
    words : Words
    name : {"fixed grid", "stretched", "cepstra"}
        56 frames from the start; or 32 frames between the end points, as 32
        bands or as 12 cepstra.

    Returns
    -------
    ndarray, shape (words, frames, bands), float64

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in VIEWS:
        raise ValueError(
            f"view knows {', '.join(VIEWS)}, but was asked for {name!r}."
        )
    return np.stack([VIEWS[name](picture) for picture in pictures(words)])


def sequences(
    words: Words, filters: np.ndarray | None = None
) -> list[np.ndarray]:
    """Return what warping compares: trimmed cepstra of their own length."""
    return [mfcc(trim(picture)) for picture in pictures(words, filters)]
