"""Patches of colour pictures: in colour, in grey, and split at random.

The learning rate was chosen among 0.001, 0.003, 0.01 and 0.03, for colour and
for grey, on the last columns of the training halves, with seed 100.
"""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from topoi import cnn
from topoi.survey import load, survey

EPOCHS = 15


def accuracy(patches, seed, epochs=EPOCHS):
    """Return the test accuracy of a network trained on patches."""
    model = cnn.train_patches(patches, epochs, seed)
    _, right = model.evaluate(patches.x_test, patches.y_test, 500, verbose=0)
    return float(right)


def in_grey(patches):
    """Return the patches without their colours."""
    return patches._replace(
        x_train=cnn.grey(patches.x_train), x_test=cnn.grey(patches.x_test)
    )


def from_features(model, patches):
    """Return the test accuracy of a classifier that sees colours alone."""
    model.fit(cnn.colour_features(patches.x_train), patches.y_train)
    seen = cnn.colour_features(patches.x_test)
    return float(model.score(seen, patches.y_test))


def patches_named(seed):
    """Return the test accuracies of all methods."""
    patches = cnn.cut_patches(cnn.colour_pictures())
    area = cnn.split_by_area(patches)
    dealt = cnn.split_at_random(patches, np.random.default_rng(seed))
    logistic = LogisticRegression(C=0.3, max_iter=500)
    return {
        "colour": accuracy(area, seed),
        "grey": accuracy(in_grey(area), seed),
        "colour, dealt": accuracy(dealt, seed),
        "logistic": from_features(
            make_pipeline(StandardScaler(), logistic), area
        ),
        "forest": from_features(
            RandomForestClassifier(100, random_state=seed), area
        ),
    }


@survey(
    "cnn/colour-beats-grey",
    seeds=range(5),
    value=lambda unit: unit["colour"] - unit["grey"],
)
def colour_beats_grey(seed):
    """Test accuracy in colour, in grey, and of colours without a place."""
    return patches_named(seed)


def recorded(seed):
    """Return what `colour_beats_grey` has measured: the same runs."""
    found = load("cnn/colour-beats-grey")
    at = found.seeds.index(seed)
    return {name: float(values[at]) for name, values in found.values.items()}


@survey(
    "cnn/colour-beats-features",
    seeds=range(5),
    value=lambda unit: unit["colour"] - max(unit["logistic"], unit["forest"]),
    reduce="standard errors",
)
def colour_beats_features(seed):
    """The network against two classifiers that know the colours alone."""
    unit = recorded(seed)
    return {name: unit[name] for name in ("colour", "logistic", "forest")}


@survey(
    "cnn/random-split-leaks",
    seeds=range(5),
    value=lambda unit: unit["colour, dealt"] - unit["colour"],
)
def random_split_leaks(seed):
    """The network, tested on other halves and on patches dealt out."""
    unit = recorded(seed)
    return {name: unit[name] for name in ("colour", "colour, dealt")}
