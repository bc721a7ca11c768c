"""Forward passes as sections, and one step of gradient descent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Weights = list[np.ndarray]


def keras_graph(model) -> dict[str, list[str]]:
    """Return which layer reads which, for a functional Keras model."""
    graph = {}
    for layer in model.layers:
        parents = layer._inbound_nodes[0].parent_nodes
        graph[layer.name] = [node.operation.name for node in parents]
    return graph


def keras_sections(
    model, x: np.ndarray
) -> tuple[dict[str, Any], dict[tuple[str, str], Callable]]:
    """Return a forward pass as a section, and all restriction maps.

    Parameters
    ----------
    model : keras.Model
        Functional, with one input; each layer is used once.
    x : array
        A batch of inputs.

    Returns
    -------
    values : dict
        Point of the network's poset -> activity, an array. A tang holds the
        list of the activities that it joins.
    restriction_maps : dict
        (u, v) with u <= v -> function from values at v to values at u, one
        for each pair of the Hasse diagram.
    """
    import keras

    graph = keras_graph(model)
    outputs = [layer.output for layer in model.layers]
    probe = keras.Model(model.input, outputs)
    found = [keras.ops.convert_to_numpy(a) for a in probe(x, training=False)]
    values: dict[str, Any] = dict(zip(graph, found, strict=True))
    maps: dict[tuple[str, str], Callable] = {}
    for name, read in graph.items():
        layer = model.get_layer(name)
        if len(read) == 1:
            maps[name, read[0]] = _numpy(layer)
        if len(read) < 2:
            continue
        tang = f"A_{name}"
        values[tang] = [values[p] for p in read]
        maps[name, tang] = _numpy(layer)
        for k, p in enumerate(read):
            tip = f"{p}:{name}"
            values[tip] = values[p]
            maps[tip, tang] = _pick(k)
            maps[tip, p] = _same
    return values, maps


def _numpy(layer) -> Callable:
    from keras import ops

    return lambda value: ops.convert_to_numpy(layer(value, training=False))


def _pick(k: int) -> Callable:
    return lambda joined: joined[k]


def _same(value):
    return value


def section_defect(
    values: Mapping[str, Any], maps: Mapping[tuple[str, str], Callable]
) -> dict[tuple[str, str], float]:
    """Return by how much each restriction map misses the value below it.

    For (u, v): the largest entry of ``|map(values[v]) - values[u]|``. A
    forward pass is a section, so all are 0 up to rounding.
    """
    return {
        (u, v): float(np.max(np.abs(f(values[v]) - values[u])))
        for (u, v), f in maps.items()
    }


def forward(weights: Weights, x: np.ndarray) -> list[np.ndarray]:
    """Return the activities x_0, ..., x_n of a chain of tanh layers.

    Layer k maps a batch ``x_k`` (batch, n_k) to ``tanh(x_k @ weights[k])``.
    """
    activities = [x]
    for w in weights:
        activities.append(np.tanh(activities[-1] @ w))
    return activities


def gradient_step(
    k: int,
    x_k: np.ndarray,
    weights: Weights,
    targets: np.ndarray,
    learning_rate: float,
) -> Weights:
    """Return the weights behind layer k after one step of descent.

    Parameters
    ----------
    k : int
        The layer whose activity is given.
    x_k : array (batch, n_k)
        Its activity.
    weights : list of arrays
        All weights of the chain; only ``weights[k:]`` are read.
    targets : array (batch, n_last)
        What the last layer should give. The loss is half the sum of the
        squared errors.
    learning_rate : float
        Length of the step.

    Returns
    -------
    list of arrays
        New values of ``weights[k:]``.
    """
    later = weights[k:]
    activities = forward(later, x_k)
    error = activities[-1] - targets  # derivative with respect to x_n
    new: Weights = []
    pairs = zip(later, activities[:-1], activities[1:], strict=True)
    for w, before, after in reversed(list(pairs)):
        slope = error * (1 - after**2)  # before the tanh
        new.append(w - learning_rate * before.T @ slope)
        error = slope @ w.T
    return new[::-1]


def difference(a: Weights, b: Weights) -> float:
    """Return the largest difference between two lists of arrays."""
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True))


def square_with_activity(
    weights: Weights, x: np.ndarray, targets: np.ndarray, rate: float
) -> list[float]:
    """Return the defect of the step on pairs (activity, later weights).

    For each k: step at layer k and then forget ``weights[k]``, against
    carry the activity one layer on, forget, and then step.
    """
    activities = forward(weights, x)
    defects = []
    for k in range(len(weights) - 1):
        here = gradient_step(k, activities[k], weights, targets, rate)
        on = np.tanh(activities[k] @ weights[k])
        there = gradient_step(k + 1, on, weights, targets, rate)
        defects.append(difference(here[1:], there))
    return defects


def square_on_weights(
    weights: Weights,
    other: Weights,
    x: np.ndarray,
    targets: np.ndarray,
    rate: float,
) -> tuple[float, float]:
    """Return the defect of the step as a map of weights alone.

    `other` agrees with `weights` behind the first layer. If the step were
    natural, the new weights behind the first layer would agree too.

    Returns
    -------
    defect, size : float
        Largest disagreement, and largest change that the step makes there.
    """
    if difference(weights[1:], other[1:]) > 0:
        raise ValueError(
            "the two lists of weights may differ in the first layer only."
        )
    here = gradient_step(0, x, weights, targets, rate)[1:]
    there = gradient_step(0, x, other, targets, rate)[1:]
    return difference(here, there), difference(here, weights[1:])


def chain_step(
    weights: Sequence[int], x: int = 1, target: int = 0
) -> list[int]:
    """Take one step of length 1 in the chain y = w_n ... w_1 x, exactly.

    Every layer has one linear unit; integers stay integers. The loss is
    half the squared error.
    """
    y = x
    for w in weights:
        y *= w
    new = []
    for k, w in enumerate(weights):
        others = x
        for j, v in enumerate(weights):
            others *= v if j != k else 1
        new.append(w - (y - target) * others)
    return new
