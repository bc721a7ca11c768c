"""Recordings for the spoken digits: three sources, one form.

`build.py` unpacks Debian's packages and calls `synthetic` and `people`. Both
return every utterance at 8 kHz, trimmed, at one loudness, in mu-law bytes.
Nothing here draws random numbers: pitch and speed of a synthetic voice come
from a checksum of its name.
"""

import ctypes
import io
import os
import wave
import zlib
from collections.abc import Callable, Iterable
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import resample_poly

RATE = 8000
LOUDEST = 0.9  # of full scale
QUIET = 0.02  # of the loudest sample: trimmed at both ends
MARGIN = 80  # samples that stay in front of and behind a word

# What each language is called in espeak-ng, and how many voices speak it.
LANGUAGES = {
    "en": ("en-us", 36),
    "es": ("es-419", 12),
    "fr": ("fr-fr", 12),
    "it": ("it", 12),
    "ru": ("ru", 12),
}
# Voices that hardly anyone would understand, or that differ in speed alone.
DROPPED = (
    ("croak", "whisper", "whisperf", "Demonic", "fast", "Tweaky")
    + ("shelby", "Mr serious")
)  # fmt: skip
FLITE = ("kal", "kal16", "awb", "rms", "slt")
SOUNDS = "usr/share/asterisk/sounds"
# Speaker, language, and the files of the digits.
SPEAKERS = (
    ("Allison Smith (English)", "en", "en_US_f_Allison/digits/{}.wav"),
    ("Allison Smith (Spanish)", "es", "es_MX_f_Allison/digits/{}.wav"),
    ("June Wallack", "fr", "fr_CA_f_June/digits/{}.wav"),
    ("Armelle Desjardins", "fr", "fr/digits/{}.gsm"),
    ("Carlo Flora", "it", "it_IT_m_Carlo/digits/{}.wav"),
    ("Paola Dal Zot", "it", "it_IT_f_Menardi/digits/{}.wav"),
    ("IvrvoiceRU", "ru", "ru_RU_f_IvrvoiceRU/digits/{}.wav"),
)

Run = Callable[[list[str], dict[str, str]], None]


class Word(NamedTuple):
    """One utterance: 8 kHz, trimmed, its loudest sample at 0.9."""

    signal: np.ndarray  # (samples,) float64
    digit: int
    language: str
    source: str  # "espeak-ng", "flite" or "people"
    voice: str


# --- Three sources ----------------------------------------------------------


def synthetic(root: Path, run: Run) -> list[Word]:
    """Return the digits of both synthesisers.

    Parameters
    ----------
    root : Path
        Where the packages of espeak-ng and flite are unpacked.
    run : callable
        Runs a command, given its words and environment variables.
    """
    words = []
    for language, (accent, count) in LANGUAGES.items():
        for voice in chosen(voices(root), accent, count):
            for digit in range(10):
                sound = _espeak(root, run, accent, voice, digit)
                word = (digit, language, "espeak-ng", f"{accent}+{voice}")
                words.append(Word(tidy(*sound), *word))
    for voice in FLITE:
        for digit in range(10):
            sound = _flite(root, run, voice, digit)
            words.append(Word(tidy(*sound), digit, "en", "flite", voice))
    return words


def people(root: Path) -> list[Word]:
    """Return the digits that seven people recorded for telephones."""
    return [
        Word(
            tidy(*read(root / SOUNDS / files.format(digit), root)),
            digit,
            language,
            "people",
            speaker,
        )
        for speaker, language, files in SPEAKERS
        for digit in range(10)
    ]


def voices(root: Path) -> list[str]:
    """Return the names of espeak-ng's variants that can be understood."""
    (folder,) = root.glob("usr/lib/*/espeak-ng-data/voices/!v")
    names = sorted(path.name for path in folder.iterdir())
    return [n for n in names if n not in DROPPED and "robo" not in n.lower()]


def chosen(names: Iterable[str], accent: str, count: int) -> list[str]:
    """Return `count` names, those with the smallest checksums."""
    return sorted(names, key=lambda name: _checksum(accent, name))[:count]


def manner(accent: str, voice: str) -> tuple[int, int]:
    """Return pitch (30 to 70) and speed (130 to 190 words a minute)."""
    number = _checksum(accent, voice)
    return 30 + number % 41, 130 + number // 41 % 61


def _checksum(accent: str, voice: str) -> int:
    return zlib.crc32(f"{accent}+{voice}".encode())


def _espeak(root, run, accent, voice, digit):
    pitch, speed = manner(accent, voice)
    (library,) = root.glob("usr/lib/*/espeak-ng-data")
    words = ["-v", f"{accent}+{voice}", "-p", str(pitch), "-s", str(speed)]
    return _spoken(
        run,
        root,
        [str(root / "usr/bin/espeak-ng"), f"--path={library.parent}", *words],
        ["-w", "FILE", str(digit)],
    )


def _flite(root, run, voice, digit):
    command = [str(root / "usr/bin/flite"), "-voice", voice]
    return _spoken(run, root, command, ["-t", str(digit), "-o", "FILE"])


def _spoken(run, root, command, rest):
    """Let a program write a file; return its samples and their rate."""
    file = root / "spoken.wav"
    (libraries,) = {path.parent for path in root.glob("usr/lib/*/lib*.so*")}
    rest = [str(file) if word == "FILE" else word for word in rest]
    run([*command, *rest], {"LD_LIBRARY_PATH": str(libraries)})
    try:
        return read_wav(file.read_bytes())
    finally:
        file.unlink()


# --- One form ---------------------------------------------------------------


def read(path: Path, root: Path) -> tuple[np.ndarray, int]:
    """Return samples in [-1, 1] and their rate, of a .wav or .gsm file."""
    raw = path.read_bytes()
    if path.suffix == ".wav":
        return read_wav(raw)
    (library,) = root.glob("usr/lib/*/libgsm.so.1")
    return read_gsm(raw, library), RATE


def read_wav(raw: bytes) -> tuple[np.ndarray, int]:
    """Return samples in [-1, 1] and their rate, of 16-bit mono WAV bytes."""
    with wave.open(io.BytesIO(raw)) as file:
        if (file.getsampwidth(), file.getnchannels()) != (2, 1):
            raise ValueError("The recipe reads mono files of 16 bits only.")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 32768, file.getframerate()


def read_gsm(raw: bytes, library: Path) -> np.ndarray:
    """Decode GSM 06.10 with libgsm: 33 bytes become 160 samples."""
    gsm = ctypes.CDLL(os.fspath(library))
    gsm.gsm_create.restype = ctypes.c_void_p
    state = ctypes.c_void_p(gsm.gsm_create())
    samples = np.zeros((len(raw) // 33, 160), np.int16)
    for k, row in enumerate(samples):
        frame = ctypes.create_string_buffer(raw[33 * k : 33 * (k + 1)], 33)
        if gsm.gsm_decode(state, frame, row.ctypes.data_as(ctypes.c_void_p)):
            raise ValueError(f"Frame {k} is no GSM 06.10.")
    gsm.gsm_destroy(state)
    return samples.ravel() / 32768


def tidy(x: np.ndarray, rate: int) -> np.ndarray:
    """Return a word at 8 kHz, its loudest sample 0.9, silence cut off."""
    if rate != RATE:
        common = gcd(rate, RATE)
        x = resample_poly(x, RATE // common, rate // common)
    x = x * (LOUDEST / np.abs(x).max())
    loud = np.flatnonzero(np.abs(x) > QUIET * LOUDEST)
    return x[max(loud[0] - MARGIN, 0) : loud[-1] + MARGIN]


def mu_law_bytes(x: np.ndarray) -> np.ndarray:
    """Return signals in [-1, 1] as bytes: 255 steps of equal ratio.

    Byte ``128 + 127 s`` stands for the number s in [-1, 1] with
    ``x = sign(s) (256 ** |s| - 1) / 255``.
    """
    size = np.log1p(255 * np.abs(x)) / np.log(256)
    return np.rint(128 + 127 * np.sign(x) * size).astype(np.uint8)


def arrays(words: list[Word]) -> dict[str, np.ndarray]:
    """Return words as flat arrays; word k has ``length[k]`` samples."""
    signals = [mu_law_bytes(word.signal) for word in words]
    return {
        "audio": np.concatenate(signals),
        "length": np.array([len(s) for s in signals], np.uint16),
        "digit": np.array([word.digit for word in words], np.uint8),
        "language": np.array([word.language for word in words]),
        "source": np.array([word.source for word in words]),
        "voice": np.array([word.voice for word in words]),
    }
