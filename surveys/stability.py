"""Surveys of the chapter on stability: how much networks amplify."""

from functools import cache

import keras
import numpy as np
from keras import ops

from topoi import stability
from topoi.survey import survey

SIZE, SHARE, TRAINED = 32, 0.3, 3000


@cache
def setting(seed: int) -> dict:
    """Return mask, pictures and FIRENET of one seed."""
    rng = np.random.default_rng(seed)
    A = stability.real_matrix(stability.frequency_mask(SIZE, SHARE, rng))
    haar = stability.haar_matrix(SIZE, 3)
    images = stability.ellipse_images(TRAINED + 24, SIZE, rng)
    images = images.reshape(len(images), -1)
    detail = stability.grid_detail(SIZE, (12, 18), 3.0).ravel()
    detail = stability.hide_detail(detail, A, 1 / 18)
    layer = stability.FirenetLayer(A @ haar, lam=0.01, p=20, n=6)
    haar32 = ops.convert_to_tensor(haar.T.astype("float32"))

    def firenet(y):
        return ops.matmul(layer(y), haar32)

    return {
        "A": A,
        "train": images[:TRAINED],
        "test": images[TRAINED:],
        "detail": detail,
        "firenet": firenet,
        "rng": rng,
    }


def trained(setting: dict, detail: bool, epochs: int = 6) -> keras.Model:
    """Return a network trained with or without the detail in its pictures."""
    A, x, rng = setting["A"], setting["train"], setting["rng"]
    if detail:
        x = x + rng.integers(0, 2, (len(x), 1)) * setting["detail"]
    network = stability.build_reconstructor(A)
    steps = epochs * len(x) // 16
    rate = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    network.compile(keras.optimizers.Adam(rate), "mse")
    x = x.astype("float32")
    y = x @ A.T.astype("float32")
    network.fit(y, x, batch_size=16, epochs=epochs, verbose=0)
    return network


def error(setting: dict, recon, x: np.ndarray) -> float:
    """Return the mean relative error on pictures."""
    out = ops.convert_to_numpy(recon(measured(setting, x)))
    size = np.linalg.norm(x, axis=1)
    return float(np.mean(np.linalg.norm(out - x, axis=1) / size))


def amplification(setting: dict, recon, steps: int = 25) -> float:
    """Return the mean of the largest change that was found per size."""
    A, x = setting["A"], setting["test"][:8]
    found = stability.worst_case(recon, A, x, eta=0.03, steps=steps)
    moved = ops.convert_to_numpy(recon(measured(setting, x + found.r)))
    still = ops.convert_to_numpy(recon(measured(setting, x)))
    change = np.linalg.norm(moved - still, axis=1)
    return float(np.mean(change / np.linalg.norm(found.r @ A.T, axis=1)))


def measured(setting: dict, x: np.ndarray):
    """Return the measurements of pictures as a tensor."""
    return ops.convert_to_tensor((x @ setting["A"].T).astype("float32"))


@cache
def firenet_numbers(seed: int) -> dict[str, float]:
    """Return what FIRENET reaches on the pictures of one seed."""
    s = setting(seed)
    return {
        "firenet": amplification(s, s["firenet"], steps=12),
        "firenet error": error(s, s["firenet"], s["test"]),
    }


@survey(
    "stability/detail-is-amplified",
    seeds=range(5),
    value=lambda unit: unit["network"] / unit["firenet"],
)
def detail_is_amplified(seed):
    """A network that saw the detail, and FIRENET, which did not."""
    s = setting(seed)
    network = trained(s, detail=True)
    with_detail = s["test"] + s["detail"]
    return {
        "network": amplification(s, network),
        "network error": error(s, network, s["test"]),
        **firenet_numbers(seed),
        "network error with detail": error(s, network, with_detail),
        "firenet error with detail": error(s, s["firenet"], with_detail),
    }


@survey(
    "stability/trained-is-unstable",
    seeds=range(5),
    value=lambda unit: unit["network"] / unit["firenet"],
)
def trained_is_unstable(seed):
    """A network that was trained on plain pictures, and FIRENET."""
    s = setting(seed)
    network = trained(s, detail=False)
    return {
        "network": amplification(s, network),
        "network error": error(s, network, s["test"]),
        **firenet_numbers(seed),
    }
