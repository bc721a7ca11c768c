"""Planted mistakes: the claims of the chapter *Training* notice them."""

import keras
import numpy as np

from controls import control
from topoi import data, training
from topoi.survey import paired

CURVATURES = (1.0, 25.0)


def _walk(rate, momentum, steps):
    with np.errstate(over="ignore", invalid="ignore"):
        return training.walk(
            training.momentum_step,
            lambda w: training.valley_slope(w, CURVATURES),
            (1, 1),
            steps,
            learning_rate=rate,
            momentum=momentum,
        )


def _signals():
    found = data.load("mnist1d")
    x, y = found.x_train.astype(float), found.y_train.astype(int)
    return x[:3200], y[:3200]


def _train(sizes, gain, seed, epochs):
    rng = np.random.default_rng(seed)
    network = training.init_layers(sizes, gain, rng)
    return training.train_layers(
        network,
        *_signals(),
        epochs,
        rng,
        training.momentum_step,
        learning_rate=0.03 if len(sizes) < 5 else 0.003,
    )


@control("training/learning-rate-limit", "momentum is added")
def limit_with_momentum():
    rates = (0.01, 0.04, 0.07, 0.079, 0.081, 0.09, 0.2)
    arrived = [np.abs(_walk(r, 0.5, 4000)[-1]).max() < 0.01 for r in rates]
    pairs = zip(arrived, rates, strict=True)
    return int(sum(here != (rate < 2 / 25) for here, rate in pairs))


@control("training/heavy-ball", "the momentum is set to 0")
def heavy_ball_without_momentum():
    rate = training.best_settings(*CURVATURES)["learning_rate"]
    distance = np.linalg.norm(_walk(rate, 0.0, 300), axis=1)
    return (distance[-1] / distance[100]) ** (1 / 200) / (4 / 6)


@control("training/adam-first-step", "the means are not corrected")
def adam_without_corrections():
    gradient = np.array([1000.0, -1.0, 0.001])
    mean, square = 0.1 * gradient, 0.001 * gradient**2
    first = -0.1 * mean / (np.sqrt(square) + 1e-8)
    return np.abs(first / (-0.1 * np.sign(gradient)) - 1).max()


@control("training/he-keeps-moments", "Glorot's variance")
def moments_with_glorots_variance():
    squares = [
        training.signal_by_depth(20, 256, 1.0, seed).forward ** 2
        for seed in range(20)
    ]
    mean = np.mean(squares, axis=0)
    return mean[-1] / mean[0]


@control("training/he-thirty-layers", "both start with Glorot's weights")
def both_with_glorots_weights():
    shares = []
    for seed in (0, 1):
        run = _train([40, *[64] * 29, 10], 1.0, seed, 3)
        shares.append(training.loss_and_accuracy(run.layers, *_signals())[1])
    return shares[0] - shares[1]


@control("training/adam-is-faster", "momentum against itself, other seeds")
def momentum_against_itself():
    losses = [
        _train([40, 64, 64, 10], 2.0, seed, 10).losses[-1] for seed in range(8)
    ]
    return paired(losses[:4], losses[4:]).in_errors


@control("training/dropout-helps", "a rate of 0.95", heavy=True)
def too_much_dropout():
    found = data.load("mnist1d")
    accuracies = {0.0: [], 0.95: []}
    for seed in range(3):
        for rate, seen in accuracies.items():
            keras.utils.set_random_seed(seed)
            model = training.build_signal_network(40, 10, 128, rate, seed)
            model.compile(
                keras.optimizers.Adam(2e-3),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"],
            )
            model.fit(found.x_train, found.y_train, 100, 10, verbose=0)
            result = model.evaluate(found.x_test, found.y_test, verbose=0)
            seen.append(result[1])
    return paired(accuracies[0.95], accuracies[0.0]).in_errors


RATES = {
    "frozen": 0.003,
    "fine-tuned": 0.012,
    "scratch": 0.012,
    "linear": 0.003,
    "random": 0.03,
    "wide random": 0.003,
}


def _transfer(seed, size, shuffled=False, trained=True):
    """Return a score for each start, from good or bad source labels."""
    found = data.load("mnist1d")
    x, y = found.x_train.astype(float), found.y_train.astype(int)
    x_test, y_test = found.x_test.astype(float), found.y_test.astype(int)
    rng = np.random.default_rng(seed)
    source = training.init_layers([40, 64, 64, 5], 2.0, rng)
    if trained:
        labels = rng.permutation(y[y < 5]) if shuffled else y[y < 5]
        source = training.train_layers(
            source, x[y < 5], labels, 30, rng, learning_rate=0.003
        ).layers
    x, y = x[y >= 5], y[y >= 5] - 5
    rows = training.few_of_each(y, size, rng)
    test = x_test[y_test >= 5], y_test[y_test >= 5] - 5

    def score(name):
        network, frozen = training.transfer_starts(source, 5, rng)[name]
        epochs = -(-300 * 64 // max(len(rows), 64))
        layers = training.train_top(
            *(network, x[rows], y[rows], frozen, epochs, rng),
            learning_rate=RATES[name],
        ).layers
        return training.loss_and_accuracy(layers, *test)[1]

    return score


@control("training/transfer-few-labels", "the source labels are shuffled")
def few_labels_after_shuffled_ones():
    scores = [_transfer(seed, 25, shuffled=True) for seed in range(4)]
    frozen = [score("frozen") for score in scores]
    others = [max(score("scratch"), score("linear")) for score in scores]
    return paired(frozen, others).in_errors


@control("training/trained-beat-random", "the frozen layers were not trained")
def untrained_against_random():
    scores = [_transfer(seed, 25, trained=False) for seed in range(4)]
    frozen = [score("frozen") for score in scores]
    others = [max(score("random"), score("wide random")) for score in scores]
    return paired(frozen, others).in_errors


@control(
    "training/boost-lingers", "the fine-tuned network gets 25 labels a class"
)
def tuned_with_fewer_labels():
    tuned = [_transfer(seed, 25)("fine-tuned") for seed in range(4)]
    scratch = [_transfer(seed, 250)("scratch") for seed in range(4)]
    return paired(tuned, scratch).in_errors


@control(
    "training/freezing-holds-back",
    "the network from scratch gets 25 labels a class",
)
def scratch_with_fewer_labels():
    frozen = [_transfer(seed, 250)("frozen") for seed in range(4)]
    scratch = [_transfer(seed, 25)("scratch") for seed in range(4)]
    return paired(scratch, frozen).in_errors
