"""Transfer: what a network has learned, used for other classes."""

from typing import Any

import numpy as np

from topoi.training.deep import Layers, deep_forward, init_layers
from topoi.training.fitting import Epochs, train_layers


def swap_head(
    network: Layers, classes: int, rng: np.random.Generator
) -> Layers:
    """Return the network with a new last layer for other classes.

    The layers before it are those of `network`; the new one has He's random
    weights and the bias 0.
    """
    inputs = len(network[-1][0])
    return [*network[:-1], *init_layers([inputs, classes], 2.0, rng)]


def train_top(
    network: Layers,
    x: np.ndarray,
    labels: np.ndarray,
    frozen: int,
    epochs: int,
    rng: np.random.Generator,
    **settings: Any,
) -> Epochs:
    """Train a network whose first `frozen` layers stay as they are.

    What the frozen layers make of the examples never changes, so it is
    computed once, and the layers above are trained on it.

    Parameters
    ----------
    network : list of (w, b)
        Left as it is.
    x, labels, epochs, rng
        As in `train_layers`.
    frozen : int
        0 trains everything; at least one layer must be left to train.
    **settings
        As in `train_layers`: a step, a batch size, a learning rate.

    Raises
    ------
    ValueError
        If no layer would be trained, or `frozen` is negative.
    """
    if not 0 <= frozen < len(network):
        raise ValueError(
            f"A network of {len(network)} layers can have 0 to "
            f"{len(network) - 1} frozen ones, but frozen is {frozen}."
        )
    values = deep_forward(network, x)[frozen]  # (examples, units)
    top = train_layers(
        network[frozen:], values, labels, epochs, rng, **settings
    )
    return Epochs([*network[:frozen], *top.layers], top.losses)


def transfer_starts(
    source: Layers, classes: int, rng: np.random.Generator
) -> dict[str, tuple[Layers, int]]:
    """Return name -> (first layers, how many are frozen) for a new task.

    "frozen" and "fine-tuned" keep what `source` has learned, below a new
    head. The others know nothing of it: "scratch" trains everything, "linear"
    sees the inputs alone, and the two random ones keep untrained layers, of
    the source's widths or of 1,000 units.
    """
    sizes = [len(w) for w, _ in source] + [classes]
    fresh = init_layers(sizes, 2.0, rng)
    below = len(source) - 1  # the layers under the head
    wide = init_layers([sizes[0], 1000, classes], 2.0, rng)
    return {
        "frozen": (swap_head(source, classes, rng), below),
        "fine-tuned": (swap_head(source, classes, rng), 0),
        "scratch": (fresh, 0),
        "linear": (init_layers([sizes[0], classes], 2.0, rng), 0),
        "random": (fresh, below),
        "wide random": (wide, 1),
    }


def few_of_each(
    labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the places of `count` examples of each class, at random.

    Raises
    ------
    ValueError
        If a class has fewer.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if not 1 <= count <= counts.min():
        raise ValueError(
            f"The rarest class has {counts.min()} examples, so count must be "
            f"1 to {counts.min()}, but it is {count}."
        )
    chosen = [
        rng.permutation(np.flatnonzero(labels == one))[:count]
        for one in classes
    ]
    return np.concatenate(chosen)
