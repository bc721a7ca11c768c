"""Optimisers, initial weights and remedies against over-fitting.

Learning rates and strengths were chosen on seeds 100 to 102: for the
optimisers by the training loss from grids whose neighbours differ by a factor
of about two, for the remedies by the loss on the validation set. For transfer
they were chosen by the accuracy on the labels of the target that are never
trained on, averaged over 10, 100 and 250 labels a class.
"""

import keras
import numpy as np

from topoi import data, training
from topoi.survey import load, survey

STEPS = {
    "descent": (training.descent_step, 0.5),
    "momentum": (training.momentum_step, 0.03),
    "Adam": (training.adam_step, 0.006),
}
EPOCHS = 40
DROPOUT, DECAY, PATIENCE = 0.2, 1.0, 5


def signals():
    """Return MNIST-1D: 3,200 signals to train on, 800 to decide, 1,000."""
    found = data.load("mnist1d")
    y, y_test = found.y_train.astype(int), found.y_test.astype(int)
    return (
        (found.x_train[:3200], y[:3200]),
        (found.x_train[3200:], y[3200:]),
        (found.x_test, y_test),
    )


def trained(sizes, gain, seed, epochs, step, rate):
    """Return the network and the losses of one run."""
    (x, y), _, _ = signals()
    rng = np.random.default_rng(seed)
    network = training.init_layers(sizes, gain, rng)
    return training.train_layers(
        network, x.astype(float), y, epochs, rng, step, learning_rate=rate
    )


@survey(
    "training/adam-is-faster",
    seeds=range(8),
    value=lambda unit: unit["momentum"] - unit["Adam"],
    reduce="standard errors",
)
def adam_is_faster(seed):
    """Training loss of the last of thirty epochs, for three optimisers."""
    return {
        name: trained([40, 64, 64, 10], 2.0, seed, 30, step, rate).losses[-1]
        for name, (step, rate) in STEPS.items()
    }


@survey(
    "training/he-thirty-layers",
    seeds=range(6),
    value=lambda unit: unit["He"] - unit["Glorot"],
)
def he_thirty_layers(seed):
    """Share of the training signals that thirty layers get right."""
    (x, y), _, _ = signals()
    sizes = [40, *[64] * 29, 10]
    shares = {}
    for name, gain in training.GAINS.items():
        run = trained(sizes, gain, seed, 10, training.momentum_step, 0.003)
        shares[name] = training.loss_and_accuracy(
            run.layers, x.astype(float), y
        )[1]
    return shares


def remedied(seed, dropout=0.0, decay=None, patience=None):
    """Return test accuracy and test loss of one network."""
    (x, y), valid, (x_test, y_test) = signals()
    keras.utils.set_random_seed(seed)
    model = training.build_signal_network(40, 10, 128, dropout, seed)
    model.compile(
        keras.optimizers.Adam(2e-3, weight_decay=decay),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    stop = keras.callbacks.EarlyStopping(
        patience=patience or EPOCHS, restore_best_weights=bool(patience)
    )
    model.fit(
        *(x, y, 100, EPOCHS),
        verbose=0,
        validation_data=valid,
        callbacks=[stop] if patience else [],
    )
    loss, accuracy = model.evaluate(x_test, y_test, 500, verbose=0)
    return float(accuracy), float(loss)


@survey(
    "training/dropout-helps",
    seeds=range(8),
    value=lambda unit: unit["dropout"] - unit["none"],
    reduce="standard errors",
)
def dropout_helps(seed):
    """Test accuracy and loss without a remedy, and with each of three."""
    cases = {
        "none": {},
        "stopping": {"patience": PATIENCE},
        "dropout": {"dropout": DROPOUT},
        "decay": {"decay": DECAY},
    }
    unit = {}
    for name, settings in cases.items():
        unit[name], unit[f"{name} loss"] = remedied(seed, **settings)
    return unit


SIZES = (5, 10, 25, 100, 250)  # labels a class
STEPS_OF_TRANSFER = 900
RATES = {
    "frozen": 0.003,
    "fine-tuned": 0.012,
    "scratch": 0.012,
    "linear": 0.003,
    "random": 0.03,
    "wide random": 0.003,
}
BASELINES = ("scratch", "linear", "random", "wide random")


def two_tasks():
    """Return the classes 0 to 4, and 5 to 9 to train on and to test on."""
    found = data.load("mnist1d")
    x, y = found.x_train.astype(float), found.y_train.astype(int)
    x_test, y_test = found.x_test.astype(float), found.y_test.astype(int)
    new, new_test = y >= 5, y_test >= 5
    return (
        (x[~new], y[~new]),
        (x[new], y[new] - 5),
        (x_test[new_test], y_test[new_test] - 5),
    )


def source_network(x, y, seed):
    """Return a network that has learned the classes 0 to 4."""
    rng = np.random.default_rng(seed)
    network = training.init_layers([40, 64, 64, 5], 2.0, rng)
    return training.train_layers(
        network, x, y, 30, rng, learning_rate=0.003
    ).layers


def score(name, start, x, y, test, rng, steps=STEPS_OF_TRANSFER):
    """Return the test accuracy of a method that is trained on x and y."""
    network, frozen = start
    epochs = -(-steps * 64 // max(len(x), 64))
    layers = training.train_top(
        network, x, y, frozen, epochs, rng, learning_rate=RATES[name]
    ).layers
    return training.loss_and_accuracy(layers, *test)[1]


def transfers(seed):
    """Return the test accuracy of each method for each number of labels."""
    source, (x, y), test = two_tasks()
    network = source_network(*source, seed)
    unit = {}
    for size in SIZES:
        rng = np.random.default_rng([seed, size])
        rows = training.few_of_each(y, size, rng)
        some = x[rows], y[rows]
        starts = training.transfer_starts(network, 5, rng)
        for name, start in starts.items():
            unit[f"{name} {size}"] = score(name, start, *some, test, rng)
    for name in ("scratch", "fine-tuned"):  # are 900 steps enough?
        twice = score(name, starts[name], *some, test, rng, 1800)
        unit[f"{name}, twice"] = twice
    return unit


def lead(unit, name, others, size):
    """Return by how much a method is ahead of the best of some others."""
    return unit[f"{name} {size}"] - max(unit[f"{o} {size}"] for o in others)


@survey(
    "training/transfer-few-labels",
    seeds=range(10),
    value=lambda unit: lead(unit, "frozen", BASELINES, 25),
    reduce="standard errors",
)
def transfer_few_labels(seed):
    """Test accuracy of six methods for five numbers of labels."""
    return transfers(seed)


def recorded(seed):
    """Return what `transfer_few_labels` has measured: the same runs."""
    found = load("training/transfer-few-labels")
    at = found.seeds.index(seed)
    return {name: float(values[at]) for name, values in found.values.items()}


@survey(
    "training/trained-beat-random",
    seeds=range(10),
    value=lambda unit: lead(unit, "frozen", ("random", "wide random"), 25),
    reduce="standard errors",
)
def trained_beat_random(seed):
    """The same with 25 labels: trained features, and random ones."""
    unit = recorded(seed)
    return {key: unit[key] for key in unit if key.endswith(" 25")}


@survey(
    "training/boost-lingers",
    seeds=range(10),
    value=lambda unit: lead(unit, "fine-tuned", ("scratch",), 250),
    reduce="standard errors",
)
def boost_lingers(seed):
    """The same with 250 labels: fine-tuned, and from scratch."""
    unit = recorded(seed)
    return {key: unit[key] for key in unit if key.endswith(" 250")}


@survey(
    "training/freezing-holds-back",
    seeds=range(10),
    value=lambda unit: lead(unit, "scratch", ("frozen",), 250),
    reduce="standard errors",
)
def freezing_holds_back(seed):
    """The same with 250 labels: from scratch, and frozen."""
    unit = recorded(seed)
    return {key: unit[key] for key in unit if key.endswith(" 250")}
