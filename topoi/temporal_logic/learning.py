"""Networks whose units are formulas: build, train, and read them out."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from topoi import autodiff
from topoi.temporal_logic.layers import (
    AlwaysLayer,
    AndLayer,
    EventuallyLayer,
    OrLayer,
    PredicateLayer,
)
from topoi.temporal_logic.settings import FormulaSettings
from topoi.temporal_logic.syntax import (
    Always,
    And,
    Atom,
    Eventually,
    Formula,
    Or,
)

TEMPORAL = ("always", "eventually", "both")


def build_formula_network(
    length: int,
    channels: int,
    parts: int = 1,
    temporal: str = "always",
    combine: str = "and",
    sigma: float = 1.0,
    gates: bool = False,
    gate_cost: float = 0.01,
) -> keras.Model:
    """Return an untrained network (batch, length, channels) -> (batch,).

    Parameters
    ----------
    length, channels : int
        Of a series.
    parts : int
        Formulas side by side, each one predicate under one operator.
    temporal : {"always", "eventually", "both"}
        The operator; "both" gives each predicate the two of them.
    combine : {"and", "or"}
        How the parts are joined, if there are several.
    sigma : float
        Softness of all operators.
    gates, gate_cost
        As in `AlwaysLayer`, for the temporal operators.
    """
    if temporal not in TEMPORAL or combine not in ("and", "or"):
        raise ValueError(
            f"temporal is one of {TEMPORAL} and combine 'and' or 'or', got "
            f"{temporal!r} and {combine!r}."
        )
    x = layers.Input((length, channels))
    r = PredicateLayer(parts)(x)  # (batch, length, parts)
    options = {"sigma": sigma, "gates": gates, "gate_cost": gate_cost}
    kinds = {"always": [AlwaysLayer], "eventually": [EventuallyLayer]}
    chosen = kinds.get(temporal, [AlwaysLayer, EventuallyLayer])
    found = [kind(0, length - 1, **options)(r) for kind in chosen]
    r = found[0] if len(found) == 1 else layers.Concatenate()(found)
    if r.shape[-1] > 1:  # (batch, 1, formulas)
        r = (AndLayer if combine == "and" else OrLayer)(sigma=sigma)(r)
    return keras.Model(x, layers.Flatten()(r)[:, 0])


def margin_loss(y, r):
    """Return the mean of exp(-y r), labels y in {-1, 1}.

    The exponent is cut at 30, so no single series overflows.
    """
    y = ops.cast(y, r.dtype)
    return ops.mean(ops.exp(ops.minimum(-y * r, 30.0)))


def train_formulas(
    network: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    settings: FormulaSettings | None = None,
) -> np.ndarray:
    """Train in place; return the loss of each step, shape (steps,).

    Parameters
    ----------
    network : keras.Model
        Gives one margin for each series.
    x : array, shape (cases, time, channels)
        Standardised: the softness has no meaning for other units.
    y : array, shape (cases,)
        1 or True where the formula should hold, 0 or False elsewhere.
    settings : FormulaSettings, optional

    Raises
    ------
    ValueError
        If a class is missing, or labels are neither.
    FloatingPointError
        If the loss is no longer finite.
    """
    settings = settings or FormulaSettings()
    signs = _signs(x, y)
    x = np.asarray(x, "float32")
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, settings.steps
    )

    def loss(x, signs):
        return margin_loss(signs, network(x, training=True)) + sum(
            network.losses
        )

    step = autodiff.make_step(
        loss,
        keras.optimizers.Adam(rate),
        network.trainable_variables,
        network.variables,
    )
    rng, losses = np.random.default_rng(settings.seed), []
    for _ in range(settings.steps):
        rows = slice(None)
        if settings.batch_size < len(x):
            rows = rng.choice(len(x), settings.batch_size, replace=False)
        losses.append(step(x[rows], signs[rows])[0])
    losses = np.array([float(value) for value in losses])
    if not np.isfinite(losses).all():
        raise FloatingPointError("The loss is not finite: lower the rate.")
    return losses


def train_restarts(
    build: Callable[[], keras.Model],
    x: np.ndarray,
    y: np.ndarray,
    settings: FormulaSettings | None = None,
    starts: int = 4,
) -> keras.Model:
    """Train from several first weights; return the network of least loss.

    A formula has bad local minima: a predicate that points the wrong way
    cannot turn around. The loss is that of the training series, averaged
    over the last twenty steps.

    Parameters
    ----------
    build : callable
        Returns an untrained network; called once a start.
    x, y, settings
        As for `train_formulas`.
    starts : int
        At least 1.
    """
    if starts < 1:
        raise ValueError(f"starts is at least 1, got {starts}.")
    found = []
    for _ in range(starts):
        network = build()
        loss = train_formulas(network, x, y, settings)[-20:].mean()
        found.append((loss, network))
    return min(found, key=lambda pair: pair[0])[1]


def _signs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return labels in {-1, 1}; refuse what cannot be learned from."""
    y = np.asarray(y)
    if np.unique(y).tolist() != [0, 1] or np.shape(x)[:1] != y.shape:
        raise ValueError(
            "y needs one label for each series, and both classes, 0 and 1; "
            f"got {len(y)} labels for {len(x)} series, "
            f"with values {np.unique(y)[:5].tolist()}."
        )
    return np.where(y == 1, 1.0, -1.0).astype("float32")


def keep_largest(
    network: keras.Model, k: int, x: np.ndarray | None = None
) -> None:
    """Set all but k weights of each temporal formula to 0.

    A weight of exactly 0 has no derivative, so it stays 0 when the network
    is trained further.

    Parameters
    ----------
    network : keras.Model
        Of `build_formula_network`.
    k : int
        Weights to keep.
    x : array, shape (cases, time, channels), optional
        With series, the k steps with the largest mean share q are kept:
        those that decide. Without, those with the largest weights.

    Raises
    ------
    ValueError
        If k is below 1.
    """
    if k < 1:
        raise ValueError(f"Keep at least one weight: k >= 1, got {k}.")
    for layer in network.layers:
        if isinstance(layer, AlwaysLayer):
            rank = layer.weights_in_use()
            if x is not None:
                rank = _mean_shares(network, layer, x)
            rank = ops.convert_to_numpy(rank)
            w = ops.convert_to_numpy(layer.w).copy()
            lost = np.argsort(-rank, axis=1, kind="stable")[:, k:]
            np.put_along_axis(w, lost, 0, axis=1)
            layer.w.assign(w)


def _mean_shares(network: keras.Model, layer, x: np.ndarray):
    """Return the mean shares of a layer's steps, (formulas, window)."""
    below = keras.Model(network.input, layer.input)
    q = layer.shares(below(np.asarray(x, "float32")))
    return ops.mean(q, axis=(0, 1))


def set_softness(network: keras.Model, sigma: float) -> None:
    """Give every operator of the network another softness.

    A step that was compiled before keeps the old one; `train_formulas`
    compiles anew each time.
    """
    if not sigma > 0:
        raise ValueError(f"sigma is a softness > 0, got {sigma}.")
    for layer in network.layers:
        if isinstance(layer, AlwaysLayer | AndLayer):
            layer.sigma = sigma


def decide(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return whether the margin of each series is at least 0."""
    return margins(network, x) >= 0


def margins(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return the margin of each series, shape (cases,)."""
    return ops.convert_to_numpy(network(np.asarray(x, "float32")))


def read_formula(network: keras.Model) -> Formula:
    """Return the formula that a network of `build_formula_network` is.

    Weights are shares of their sum; a gate below half of the largest one
    gives weight 0. It speaks about the network's inputs:
    `original_units` turns it around.
    """
    predicate, *temporal = [
        layer
        for layer in network.layers
        if isinstance(layer, PredicateLayer | AlwaysLayer)
    ]
    a = ops.convert_to_numpy(predicate.a)
    b = ops.convert_to_numpy(predicate.b)
    parts = []
    for layer in temporal:
        eventually = isinstance(layer, EventuallyLayer)
        kind = Eventually if eventually else Always
        for k, w in enumerate(_shares_of(layer)):
            atom = Atom(tuple(a[:, k].tolist()), float(b[k]))
            parts.append(kind(atom, layer.start, layer.stop, tuple(w)))
    joined = [x for x in network.layers if isinstance(x, AndLayer)]
    if not joined:
        return parts[0]
    (w,) = _shares_of(joined[0])
    kind = Or if isinstance(joined[0], OrLayer) else And
    return kind(tuple(parts), tuple(w))


def _shares_of(layer) -> np.ndarray:
    """Return the shares of a layer's weights, (formulas, combined)."""
    w = np.atleast_2d(ops.convert_to_numpy(layer.weights_in_use()))
    w = w.astype(float)
    if layer.gate_logits is not None:
        g = np.atleast_2d(ops.convert_to_numpy(layer.open_gates()))
        w = w * (g >= 0.5)
    return w / w.sum(1, keepdims=True)


def build_lstm(length: int, channels: int, units: int = 16) -> keras.Model:
    """Return an untrained LSTM that gives one margin for each series."""
    x = layers.Input((length, channels))
    return keras.Model(x, layers.Dense(1)(layers.LSTM(units)(x))[:, 0])
