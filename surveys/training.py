"""Optimisers, initial weights and remedies against over-fitting.

Learning rates and strengths were chosen on seeds 100 to 102: for the
optimisers by the training loss from grids whose neighbours differ by a factor
of about two, for the remedies by the loss on the validation set.
"""

import keras
import numpy as np

from topoi import data, training
from topoi.survey import survey

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
