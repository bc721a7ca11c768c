"""Surveys of polynomial networks: activations, products, repeated filters.

Rates were chosen on seeds from 100, on grids with a factor of two. Two best
rates are the largest that was tried: 0.016 of all networks for signals, and
0.032 of the products for pictures.
"""

from functools import cache

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from topoi import audio, data, polynomial
from topoi.polynomial import PolySettings
from topoi.survey import survey

# -- signals ----------------------------------------------------------------

SIGNALS = {  # builder and best rate
    "ncp": (("ncp", 40, 10, 64, 3), 1.6e-2),
}
RELU = {
    "relu 2": ((40, 10, 105, 2, "relu"), 1.6e-2),
    "relu 3": ((40, 10, 79, 3, "relu"), 1.6e-2),
}


@cache
def signal_accuracy(name: str, seed: int, shuffle: bool = False) -> float:
    """Return the test accuracy of one network on MNIST-1D."""
    d = data.load("mnist1d")
    x, y, test = d.x_train, d.y_train, d.x_test
    if shuffle:
        y = np.random.default_rng(seed).permutation(y)
    keras.utils.set_random_seed(seed)
    if name in RELU:
        sizes, rate = RELU[name]
        network = polynomial.build_dense(*sizes)
    else:
        sizes, rate = SIGNALS[name]
        network = polynomial.build_polynomial(*sizes)
    train = PolySettings(rate, 100, 20, seed)
    polynomial.train_polynomial(network, x, y, train)
    return polynomial.correct_share(network, test, d.y_test)


@survey(
    "polynomial/beside-relu",
    seeds=range(5),
    value=lambda u: u["ncp"] - max(u["relu 2"], u["relu 3"]),
    reduce="standard errors",
)
def beside_relu(seed):
    """NCP without activation beside ReLU networks of as many weights."""
    names = ("ncp", "relu 2", "relu 3")
    return {name: signal_accuracy(name, seed) for name in names}


# -- pictures ---------------------------------------------------------------

PICTURES = {  # activation, products, best rate
    "no activation": (None, False, 8e-3),
    "products": (None, True, 3.2e-2),
}


def halved(x: np.ndarray) -> np.ndarray:
    """Return pictures of 14 x 14 pixels between 0 and 1, (n, 14, 14, 1)."""
    blocks = x.reshape(-1, 14, 2, 14, 2).mean((2, 4))
    return (blocks / 255).astype("float32")[..., None]


@cache
def digits():
    """Return training and test pictures with their digits."""
    d = data.load("mnist")
    return halved(d.x_train), d.y_train, halved(d.x_test), d.y_test


@cache
def picture_accuracy(name: str, seed: int, shuffle: bool = False) -> float:
    """Return the test accuracy of one network on 2,000 small digits."""
    x, y, test, answers = digits()
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(x))[:2000]
    x, y = x[chosen], y[chosen]
    if shuffle:
        y = rng.permutation(y)
    activation, products, rate = PICTURES[name]
    keras.utils.set_random_seed(seed)
    network = polynomial.build_residual(
        (14, 14, 1), 10, (8, 16), activation, products
    )
    train = PolySettings(rate, 50, 12, seed)
    polynomial.train_polynomial(network, x, y, train)
    return polynomial.correct_share(network, test, answers)


@survey(
    "polynomial/pictures-without-activation",
    seeds=range(5),
    value=lambda u: u["products"] - u["no activation"],
)
def pictures_without_activation(seed):
    """Residual networks without activation, sums beside products."""
    names = ("no activation", "products")
    return {name: picture_accuracy(name, seed) for name in names}


# -- sound ------------------------------------------------------------------

SOUNDS = {"ncp": 2e-3, "relu": 2e-3}


@cache
def words():
    """Return features (360, 1024), digits, and the words of the voices."""
    found = audio.load_words("spoken_digits")
    english = (found.source == "espeak-ng") & (found.language == "en")
    found = found.take(english)
    view = audio.view(found, "stretched")
    return view.reshape(len(view), -1), found.digit, found


@cache
def sound_accuracy(name: str, seed: int, shuffle: bool = False) -> float:
    """Return the accuracy on words by voices that were held out."""
    x, y, found = words()
    rng = np.random.default_rng(seed)
    held = audio.held_out_voices(found, 1 / 3, rng)
    known = y[~held]
    if shuffle:
        known = rng.permutation(known)
    mean, deviation = x[~held].mean(0), x[~held].std(0) + 1e-6
    z = ((x - mean) / deviation / 4).astype("float32")
    if name == "linear":
        model = LogisticRegression(C=1.0, max_iter=500).fit(z[~held], known)
        return float(model.score(z[held], y[held]))
    keras.utils.set_random_seed(seed)
    if name == "ncp":
        network = polynomial.build_polynomial("ncp", 1024, 10, 32, 2)
    else:
        network = polynomial.build_dense(1024, 10, 64, 2, "relu")
    train = PolySettings(SOUNDS[name], 20, 20, seed)
    polynomial.train_polynomial(network, z[~held], known, train)
    return polynomial.correct_share(network, z[held], y[held])


@survey(
    "polynomial/sound-without-activation",
    seeds=range(5),
    value=lambda u: u["ncp"] - u["relu"],
    reduce="standard errors",
)
def sound_without_activation(seed):
    """NCP of degree 2 beside a ReLU network on spoken digits."""
    names = ("linear", *SOUNDS)
    return {name: sound_accuracy(name, seed) for name in names}


# -- generation -------------------------------------------------------------

MAKERS = {  # activation, code in every layer, best rate
    "linear": (None, False, 8e-3),
    "products": (None, True, 1.6e-2),
    "relu, code first": ("relu", False, 1.6e-2),
    "relu, code everywhere": ("relu", True, 1.6e-2),
}


@cache
def threes():
    """Return training and test pictures of the digit 3, (n, 196)."""
    x, y, test, answers = digits()
    return x[y == 3].reshape(-1, 196), test[answers == 3].reshape(-1, 196)


@cache
def made_distance(name: str, seed: int) -> float:
    """Return the energy distance of made to held-out threes."""
    activation, inject, rate = MAKERS[name]
    train, test = threes()
    keras.utils.set_random_seed(seed)
    maker = polynomial.build_maker(16, 196, 64, 3, activation, inject)
    polynomial.train_maker(maker, train, rate, 128, 600, seed)
    made = polynomial.make(maker, 2000, 16, seed + 1000)
    return polynomial.energy_distance(made, test)


@survey(
    "polynomial/generates-without-activation",
    seeds=range(5),
    value=lambda u: u["linear"] / u["products"],
)
def generates_without_activation(seed):
    """A linear generator beside one of degree 3."""
    names = ("linear", "products")
    return {name: made_distance(name, seed) for name in names}


@survey(
    "polynomial/code-in-every-layer",
    seeds=range(5),
    value=lambda u: u["relu, code first"] - u["relu, code everywhere"],
    reduce="standard errors",
)
def code_in_every_layer(seed):
    """Generators with ReLU, code in the first layer or in every layer."""
    names = ("relu, code first", "relu, code everywhere")
    return {name: made_distance(name, seed) for name in names}


# -- filters ----------------------------------------------------------------

SHAPES = {"2, 2": (2, 2), "2, 2, 2": (2, 2, 2), "4, 2": (4, 2)}


def shared_angle(filters) -> float:
    """Return the smallest angle, in degrees, between roots of two filters.

    Roots are points of the projective line: a root r stands for the direction
    (1, r), and angles of complex directions are those between lines.
    """
    found = []
    for w in filters:
        roots = np.roots(w)
        missing = len(w) - 1 - len(roots)
        ways = [np.array([1, r]) for r in roots]
        found.append(ways + [np.array([0, 1])] * missing)
    cosines = [
        abs(np.vdot(a, b)) / np.linalg.norm(a) / np.linalg.norm(b)
        for i, first in enumerate(found)
        for second in found[:i]
        for a in first
        for b in second
    ]
    return float(np.degrees(np.arccos(min(max(cosines), 1.0))))


def repeated_share(
    sizes, seed: int, runs: int = 5, reachable: bool = False
) -> float:
    """Return the share of runs that end with a root in common."""
    rng = np.random.default_rng(seed)
    count = 1 + sum(size - 1 for size in sizes)
    ended = []
    while len(ended) < runs:
        target = rng.normal(size=count)
        if polynomial.lcn_contains(target, sizes) != reachable:
            continue
        target = target / np.linalg.norm(target)
        start = [rng.normal(size=size) for size in sizes]
        path = polynomial.lcn_flow(target, start, 0.02, 20000, keep=20000)
        ended.append(shared_angle(path.filters[-1]) < 2)
    return float(np.mean(ended))


@survey(
    "polynomial/repeated-filters",
    seeds=range(5),
    value=lambda u: float(np.mean(list(u.values()))),
    reduce="mean",
)
def repeated_filters(seed):
    """Descent to targets that the filters cannot reach."""
    return {name: repeated_share(s, seed) for name, s in SHAPES.items()}
