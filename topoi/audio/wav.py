"""Sound as bytes: mu-law, WAV files, and players for a page."""

import base64
import struct
import zlib
from html import escape

import numpy as np

from topoi.audio.features import log_mel

MU = 255


def mu_law(x: np.ndarray) -> np.ndarray:
    """Return bytes whose 255 steps have nearly equal ratios.

    Parameters
    ----------
    x : ndarray, any shape
        In [-1, 1].

    Returns
    -------
    ndarray, uint8
        128 for silence; ``mu_law_inverse`` gives the middle of each step.

    Raises
    ------
    ValueError
        If a sample is not finite or beyond [-1, 1].
    """
    x = _inside(x)
    size = np.log1p(MU * np.abs(x)) / np.log1p(MU)
    return np.rint(128 + 127 * np.sign(x) * size).astype(np.uint8)


def mu_law_inverse(codes: np.ndarray) -> np.ndarray:
    """Return the signal that bytes of `mu_law` stand for, as float64."""
    s = (np.asarray(codes, dtype=float) - 128) / 127
    return np.sign(s) * np.expm1(np.abs(s) * np.log1p(MU)) / MU


def wav_bytes(x: np.ndarray, rate: int = 8000, bits: int = 8) -> bytes:
    """Return a WAV file of one channel.

    Parameters
    ----------
    x : ndarray, shape (samples,)
        In [-1, 1].
    rate : int
        Samples per second.
    bits : int
        8 (unsigned) or 16 (signed), as the format says.

    Raises
    ------
    ValueError
        If `bits` is another number, the signal has another shape, or a
        sample is not finite or beyond [-1, 1].
    """
    x = _inside(x)
    if x.ndim != 1 or bits not in (8, 16):
        raise ValueError(
            "wav_bytes takes one channel, shape (samples,), and 8 or 16 bits; "
            f"got {x.shape} and {bits}."
        )
    if bits == 8:
        data = np.rint(128 + 127 * x).astype(np.uint8).tobytes()
    else:
        data = np.rint(32767 * x).astype("<i2").tobytes()
    width = bits // 8
    form = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * width, width, bits
    )
    body = form + struct.pack("<4sI", b"data", len(data)) + data
    body += b"\0" * (len(data) % 2)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WAVE") + body


def player(
    x: np.ndarray, label: str, rate: int = 8000, loudest: float | None = 0.9
) -> "Player":
    """Return a player for a page, with a spectrogram and a label beside it.

    Parameters
    ----------
    x : ndarray, shape (samples,)
        At most 2 seconds, so that a page stays small.
    label : str
        What is heard, for those who do not hear it.
    rate : int
    loudest : float, optional
        The signal is scaled so that its loudest sample is this; None keeps
        it as it is.

    Raises
    ------
    ValueError
        If the signal is too long, silent, or not finite; if there is no
        label.
    """
    x = np.asarray(x, dtype=float)
    if not label.strip():
        raise ValueError("A player needs a label: say what is heard.")
    if x.ndim != 1 or not 256 <= len(x) <= 2 * rate:
        raise ValueError(
            f"A player takes 256 samples to two seconds of sound; the shape "
            f"is {x.shape}."
        )
    if loudest is not None:
        peak = np.abs(x).max()
        if not 0 < peak < np.inf:
            raise ValueError(f"The loudest sample is {peak}: nothing to hear.")
        x = x * (loudest / peak)
    return Player(x, label, rate)


class Player:
    """Some sounds to be played; a notebook shows them as one list."""

    def __init__(self, x: np.ndarray, label: str, rate: int):
        self.sounds = [(x, label, rate)]

    def __add__(self, other: "Player") -> "Player":
        both = Player(*self.sounds[0])
        both.sounds = self.sounds + other.sounds
        return both

    def __repr__(self) -> str:
        return "\n".join(
            f"Sound: {label} ({len(x) / rate:.2f} s)"
            for x, label, rate in self.sounds
        )

    def _repr_html_(self) -> str:
        items = "".join(_item(*sound) for sound in self.sounds)
        return f"<ul class='tt-players'>{items}</ul>"


def _item(x: np.ndarray, label: str, rate: int) -> str:
    sound = base64.b64encode(wav_bytes(x, rate)).decode("ascii")
    picture = base64.b64encode(thumbnail(x, rate)).decode("ascii")
    label = escape(label, quote=True)
    seconds = len(x) / rate
    return (
        "<li style='display: flex; flex-wrap: wrap; gap: .4rem .8rem; "
        "align-items: center'>"
        f"<img alt='Spectrogram, {seconds:.2f} seconds: {label}' "
        "width='96' height='48' style='image-rendering: pixelated' "
        f"src='data:image/png;base64,{picture}'>"
        f"<audio controls preload='metadata' aria-label='{label}' "
        "style='width: 15rem; max-width: 100%; height: 2.5rem' "
        f"src='data:audio/wav;base64,{sound}'></audio>"
        f"<span>{label}</span></li>"
    )


def thumbnail(x: np.ndarray, rate: int = 8000) -> bytes:
    """Return a small spectrogram as a PNG file: time to the right, low down.

    Dark is loud; 50 decibels from paper to ink.
    """
    hop = max(1, (len(x) - 256) // 48)
    picture = log_mel(x, rate, hop=hop, count=24, depth=50)
    levels = np.rint(-picture.T[::-1] / 50 * 15).astype(np.uint8)
    return _png(levels)


def _png(levels: np.ndarray) -> bytes:
    """Return a grey PNG of 16 levels, 0 is black; shape (rows, columns)."""
    rows, columns = levels.shape
    if columns % 2:
        levels = np.pad(levels, ((0, 0), (0, 1)))
    packed = levels[:, ::2] << 4 | levels[:, 1::2]  # two pixels a byte
    lines = np.pad(packed, ((0, 0), (1, 0))).tobytes()  # filter 0 a line

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", check)
        )

    head = struct.pack(">IIBBBBB", columns, rows, 4, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )


def _inside(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    if x.size and not np.abs(x).max() <= 1:
        raise ValueError(
            "Samples must lie in [-1, 1], but the largest size is "
            f"{np.abs(x).max()}. Divide by it."
        )
    return x
