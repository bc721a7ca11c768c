"""Surveys of the chapter on unitary networks: accuracy, and seconds."""

import time
from functools import cache

import keras
import numpy as np
from sklearn.datasets import load_digits

from topoi import unitary
from topoi.survey import survey

RATES = (1e-3, 3e-3, 1e-2)
BLOCKS, DEPTH, STEPS, BATCH = 4, 10, 112, 64


@cache
def digits() -> tuple:
    """Return (pictures, labels) for training, for choosing, for testing."""
    found = load_digits()
    x = (found.images[..., np.newaxis] / 16).astype("float32")
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], found.target[order]
    cuts = (slice(0, 1024), slice(1024, 1400), slice(1400, None))
    return tuple((x[cut], y[cut]) for cut in cuts)


@cache
def compiled(build, variant: str, size: int) -> tuple:
    """Return a network, its first optimiser's weights, and its rate.

    Traced once: later runs put fresh weights into it.
    """
    network = build(variant, size)
    optimizer = keras.optimizers.Adam(1e-3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    optimizer.build(network.trainable_variables)
    start = [v.numpy() for v in optimizer.variables]
    return network, optimizer, start


def trained(build, variant: str, size: int, rate: float, seed: int) -> tuple:
    """Return accuracies for choosing and for testing, and the last loss."""
    (x, y), choose, test = digits()
    network, optimizer, start = compiled(build, variant, size)
    keras.utils.set_random_seed(seed)
    network.set_weights(build(variant, size).get_weights())
    for variable, value in zip(optimizer.variables, start, strict=True):
        variable.assign(value)
    epochs = STEPS * BATCH // len(x)

    def cosine(epoch, _):
        return float(rate * (1 + np.cos(np.pi * epoch / epochs)) / 2)

    log = network.fit(
        x,
        y,
        BATCH,
        epochs,
        verbose=0,
        callbacks=[keras.callbacks.LearningRateScheduler(cosine)],
    )
    scores = [network.evaluate(*part, verbose=0)[1] for part in (choose, test)]
    return *scores, log.history["loss"][-1]


@cache
def at_all_rates(build, variant: str, size: int, seed: int) -> dict:
    """Return test accuracy, chosen rate and last loss, and each rate's."""
    runs = [trained(build, variant, size, rate, seed) for rate in RATES]
    best = int(np.argmax([chosen for chosen, _, _ in runs]))
    unit = {
        variant: 100 * runs[best][1],
        f"{variant} rate": RATES[best],
        f"{variant} loss": runs[best][2],
    }
    for rate, run in zip(RATES, runs, strict=True):
        unit[f"{variant} at {rate:g}"] = 100 * run[1]
    return unit


def residual(variant: str, seed: int) -> dict:
    """Return `at_all_rates` of the residual network."""
    return at_all_rates(unitary.build_digit_network, variant, BLOCKS, seed)


@survey(
    "unitary/competitive",
    seeds=range(5),
    value=lambda unit: unit["unitary"] - unit["batch norm"],
    reduce="mean",
)
def competitive(seed):
    """The unitary network, batch normalisation, and neither."""
    return {
        **residual("unitary", seed),
        **residual("batch norm", seed),
        **residual("none", seed),
    }


@survey(
    "unitary/pixel-norm-alone",
    seeds=range(5),
    value=lambda unit: unit["pixel norm"] - unit["unitary"],
    reduce="mean",
)
def pixel_norm_alone(seed):
    """Ordinary weights, each pixel divided by its norm."""
    return {**residual("pixel norm", seed), **residual("unitary", seed)}


@survey(
    "unitary/manifold-alone",
    seeds=range(5),
    value=lambda unit: unit["manifold"] - unit["unitary"],
    reduce="mean",
)
def manifold_alone(seed):
    """Orthonormal weights, no division."""
    return {**residual("manifold", seed), **residual("unitary", seed)}


@survey(
    "unitary/plain-chain",
    seeds=range(5),
    value=lambda unit: unit["MaxMin"] - unit["unitary"],
    reduce="mean",
)
def plain_chain(seed):
    """Chains without shortcuts; MaxMin at one rate, its rival at three."""
    build = unitary.build_chain
    _, test, loss = trained(build, "MaxMin", DEPTH, 3e-3, seed)
    rival = at_all_rates(build, "unitary", DEPTH, seed)
    return {"MaxMin": 100 * test, "MaxMin loss": loss, **rival}


@survey(
    "unitary/beyond-the-grid",
    seeds=range(5),
    value=lambda unit: sum(unit[name] for name in unitary.VARIANTS) / 5,
    reduce="mean",
)
def beyond_the_grid(seed):
    """The residual variants at 0.03; MaxMin at 0.01 and 0.03."""
    build, unit = unitary.build_digit_network, {}
    for name in unitary.VARIANTS:
        unit[name] = 100 * trained(build, name, BLOCKS, 3e-2, seed)[1]
    for rate in (1e-2, 3e-2):
        found = trained(unitary.build_chain, "MaxMin", DEPTH, rate, seed)
        unit[f"MaxMin at {rate:g}"] = 100 * found[1]
    return unit


# -- seconds ----------------------------------------------------------------


@cache
def ready() -> dict[str, keras.Model]:
    """Return ResNet-44 in every variant, as it is used."""
    keras.utils.set_random_seed(0)
    nets = {
        name: unitary.build_resnet44(name)
        for name in ("none", "batch norm", "unitary")
    }
    nets["unitary"] = unitary.freeze_stiefel(nets["unitary"])
    nets["folded"] = unitary.fold_batchnorm(nets["batch norm"])
    return nets


def seconds(batch: int, rounds: int = 30) -> dict[str, float]:
    """Return median CPU milliseconds; the networks take turns."""
    x = np.random.default_rng(0).normal(size=(batch, 32, 32, 3))
    x = x.astype("float32")
    nets = ready()
    spent = {name: [] for name in nets}
    for turn in range(rounds + 3):
        for name, network in nets.items():
            before = time.process_time()
            network.predict_on_batch(x)
            if turn >= 3:
                spent[name].append(time.process_time() - before)
    return {
        f"{name}, {batch}": 1000 * float(np.median(times))
        for name, times in spent.items()
    }


@survey(
    "unitary/faster-inference",
    seeds=range(5),
    value=lambda unit: unit["unitary, 1"] / unit["batch norm, 1"],
)
def faster_inference(seed):
    """One picture at a time, and eight; the seed counts repetitions."""
    return {**seconds(1), **seconds(8, 6)}


@survey(
    "unitary/norms-cost",
    seeds=range(5),
    value=lambda unit: unit["folded, 1"] / unit["none, 1"],
)
def norms_cost(seed):
    """Batch normalisation folded, and no normalisation at all."""
    return seconds(1)
