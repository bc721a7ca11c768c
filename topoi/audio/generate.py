"""Sound as output: a network that paints the picture of a spoken digit."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from topoi.audio.features import mel_filters, stretch
from topoi.audio.invert import griffin_lim, mel_to_magnitude
from topoi.audio.recognise import Settings, finite

if TYPE_CHECKING:
    import keras


class Pairs(NamedTuple):
    """Pictures of digits said by voices, some pairs of them held out."""

    pictures: np.ndarray  # (pairs, frames, bands), decibels
    digit: np.ndarray  # (pairs,), 0 to 9
    voice: np.ndarray  # (pairs,), 0 to voices - 1
    held_out: np.ndarray  # (pairs,), bool


def hold_out_pairs(
    digit: np.ndarray, voice: np.ndarray, share: float, seed: int
) -> np.ndarray:
    """Return a mask: true for pairs that training must not see.

    Every digit and every voice keeps at least one pair.

    Raises
    ------
    ValueError
        If `share` is not in (0, 1), or nothing can be kept for a digit or
        voice.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}.")
    rng = np.random.default_rng(seed)
    held = np.zeros(len(digit), bool)
    for k in rng.permutation(len(digit)):
        if held.sum() >= round(share * len(digit)):
            return held
        rest = ~held
        rest[k] = False
        held[k] = digit[k] in digit[rest] and voice[k] in voice[rest]
    raise ValueError(f"A share of {share} leaves a digit or a voice unseen.")


def additive_pictures(pairs: Pairs) -> np.ndarray:
    """Return the best sum of a picture per digit and a picture per voice.

    The baseline: least squares on the pairs that are not held out.

    Returns
    -------
    ndarray, shape (pairs, frames, bands)
        For all pairs.
    """
    digits = np.eye(pairs.digit.max() + 1)[pairs.digit]
    voices = np.eye(pairs.voice.max() + 1)[pairs.voice]
    design = np.concatenate([digits, voices], axis=1)  # (pairs, 10 + voices)
    y = pairs.pictures.reshape(len(design), -1)
    seen = ~pairs.held_out
    weights, *_ = np.linalg.lstsq(design[seen], y[seen], rcond=None)
    return (design @ weights).reshape(pairs.pictures.shape)


def build_speaker(
    voices: int, shape: tuple[int, int] = (32, 32), seed: int = 0
) -> "keras.Model":
    """Return an untrained network from (digit, voice) to a picture.

    Parameters
    ----------
    voices : int
    shape : (frames, bands)
    seed : int

    Returns
    -------
    keras.Model
        Takes integers of shape (batch, 2), returns (batch, frames, bands).
    """
    import keras
    from keras import layers

    def start(number):
        return keras.initializers.HeNormal(seed=seed + number)

    pair = keras.Input((2,), dtype="int32")
    digit = layers.Embedding(10, 16, embeddings_initializer=start(0))
    voice = layers.Embedding(voices, 16, embeddings_initializer=start(1))
    x = layers.Concatenate()([digit(pair[:, 0]), voice(pair[:, 1])])
    for number in (2, 3):  # (batch, 128)
        x = layers.Dense(
            128, activation="relu", kernel_initializer=start(number)
        )(x)
    size = shape[0] * shape[1]
    x = layers.Dense(size, kernel_initializer=start(4))(x)
    return keras.Model(pair, layers.Reshape(shape)(x))


class Speaker(NamedTuple):
    """A trained network and the scale of its pictures."""

    network: "keras.Model"
    mean: np.ndarray  # (frames, bands)
    scale: float
    losses: list[float]

    def pictures(self, digit: np.ndarray, voice: np.ndarray) -> np.ndarray:
        """Return pictures in decibels, shape (pairs, frames, bands)."""
        from keras import ops

        pairs = np.stack([digit, voice], axis=1).astype("int32")
        drawn = ops.convert_to_numpy(self.network(pairs, training=False))
        return drawn * self.scale + self.mean


def train_speaker(pairs: Pairs, settings: Settings) -> Speaker:
    """Train `build_speaker` by squared error on the pairs not held out.

    Raises
    ------
    FloatingPointError
        If the loss is not finite.
    """
    import keras

    keras.utils.set_random_seed(settings.seed)
    seen = ~pairs.held_out
    y = pairs.pictures[seen]
    mean, scale = y.mean(axis=0), float(y.std())
    network = build_speaker(
        int(pairs.voice.max()) + 1, y.shape[1:], settings.seed
    )
    network.compile(keras.optimizers.Adam(settings.learning_rate), "mse")
    history = network.fit(
        np.stack([pairs.digit, pairs.voice], axis=1)[seen].astype("int32"),
        ((y - mean) / scale).astype("float32"),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        verbose=0,
    )
    return Speaker(network, mean, scale, finite(history.history["loss"]))


def unexplained(pairs: Pairs, pictures: np.ndarray) -> float:
    """Return the squared error on held-out pairs over their variance.

    1 is as bad as the mean picture of the pairs that were seen.
    """
    held = pairs.held_out
    mean = pairs.pictures[~held].mean(axis=0)
    left = np.square(pairs.pictures[held] - pictures[held]).mean()
    return float(left / np.square(pairs.pictures[held] - mean).mean())


def sound_of(
    picture: np.ndarray,
    frames: int | None = None,
    steps: int = 60,
    seed: int = 0,
    rate: float = 8000,
    size: int = 256,
    hop: int = 64,
) -> np.ndarray:
    """Return a sound with a given mel picture.

    Decibels become energies, energies are spread over the bins of their
    triangles, and `griffin_lim` finds phases.

    Parameters
    ----------
    picture : ndarray, shape (any, bands)
        In decibels.
    frames : int, optional
        How many frames, `hop` samples apart, the sound lasts; twice those of
        the picture unless given.
    steps, seed, rate, size, hop
        As in `griffin_lim`, `mel_filters` and `stft`.

    Returns
    -------
    ndarray, shape ((frames - 1) * hop + size,)
    """
    frames = 2 * len(picture) if frames is None else frames
    energy = 10 ** (stretch(picture, frames) / 10)
    filters = mel_filters(rate, size, picture.shape[1])
    magnitude = mel_to_magnitude(energy, filters)
    return griffin_lim(magnitude, steps, hop, seed, 0.99).signal
