"""One formula trained with derivatives by hand, in NumPy.

The same parameters, loss and optimiser as a network of
`build_formula_network` with one part, about ten times as fast: for surveys.
A test compares its derivatives with those of the layers.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from topoi.temporal_logic.settings import FormulaSettings
from topoi.temporal_logic.syntax import Always, Atom, Eventually, Formula

Parameters = dict[str, np.ndarray]
GATE_DOUBT = 0.01


class Fitted(NamedTuple):
    """A formula that was trained, and its loss on the training series."""

    formula: Always | Eventually
    loss: float


def first_parameters(
    length: int, channels: int, rng: np.random.Generator, gates: bool = False
) -> Parameters:
    """Return untrained parameters, drawn as those of the layers are."""
    start = {
        "a": rng.normal(0, channels**-0.5, channels),
        "b": rng.normal(0, 0.5, ()),
        "w": rng.uniform(0.5, 1.5, length),
    }
    return start | ({"gate_logits": np.full(length, 2.0)} if gates else {})


def loss_and_gradient(
    parameters: Parameters,
    x: np.ndarray,
    signs: np.ndarray,
    kind: type = Eventually,
    sigma: float = 1.0,
    gate_cost: float = 0.01,
) -> tuple[float, Parameters]:
    """Return the loss of one formula over a whole series, and derivatives.

    Parameters
    ----------
    parameters : dict
        ``a`` (channels,), ``b`` (), ``w`` (time,), and ``gate_logits``
        (time,) if there are gates.
    x : array, shape (cases, time, channels)
    signs : array, shape (cases,)
        Labels in {-1, 1}.
    kind : {Always, Eventually}
    sigma : float
    gate_cost : float
        Price of open gates.

    Returns
    -------
    float
        Mean of exp(-y r), and the price of the gates.
    dict
        Derivatives, with the names of the parameters.
    """
    turn = -1.0 if kind is Eventually else 1.0
    gates, price = _gates(parameters, gate_cost)
    weights = np.abs(parameters["w"]) * gates
    r = turn * (x @ parameters["a"] - parameters["b"])  # (cases, time)
    with np.errstate(divide="ignore"):
        exponent = np.log(weights) - r / sigma
    q = np.exp(exponent - exponent.max(1, keepdims=True))
    q /= q.sum(1, keepdims=True)
    least = (q * r).sum(1)
    decay = np.exp(np.minimum(-signs * turn * least, 30.0))
    outer = -signs * decay / len(x)  # of the margins
    distance = r - least[:, None]
    by_r = outer[:, None] * q * (1 - distance / sigma)
    safe = np.where(weights > 0, weights, 1.0)
    by_weight = turn * (outer[:, None] * q * distance).sum(0) / safe
    gradient = {
        "a": np.einsum("ctm,ct->m", x, by_r),
        "b": -by_r.sum(),
        "w": by_weight * gates * np.sign(parameters["w"]),
    }
    if "gate_logits" in parameters:
        by_gate = by_weight * np.abs(parameters["w"])
        by_gate += gate_cost + GATE_DOUBT * (1 - 2 * gates)
        gradient["gate_logits"] = _through_gates(parameters, gates, by_gate)
    return float(decay.mean() + price), gradient


def _gates(parameters: Parameters, cost: float) -> tuple[np.ndarray, float]:
    """Return the gates, divided by the largest, and their price."""
    if "gate_logits" not in parameters:
        return np.ones(len(parameters["w"])), 0.0
    g = 1 / (1 + np.exp(-parameters["gate_logits"]))
    g = g / g.max()
    return g, cost * g.sum() + GATE_DOUBT * (g * (1 - g)).sum()


def _through_gates(parameters, gates, by_gate) -> np.ndarray:
    """Return the derivative by the logits from that by relative gates."""
    g = 1 / (1 + np.exp(-parameters["gate_logits"]))
    top = g.argmax()
    by_g = by_gate / g[top]
    by_g[top] -= (by_gate * gates).sum() / g[top]
    return by_g * g * (1 - g)


def fit_formula(
    x: np.ndarray,
    y: np.ndarray,
    parameters: Parameters,
    kind: type = Eventually,
    sigma: float = 1.0,
    settings: FormulaSettings | None = None,
    gate_cost: float = 0.01,
) -> Fitted:
    """Train one formula over whole series with Adam on all of them.

    Parameters
    ----------
    x : array, shape (cases, time, channels)
        Standardised.
    y : array of bool, shape (cases,)
    parameters : dict
        Of `first_parameters` or `parameters_of`; is not changed.
    kind, sigma, gate_cost
        As for `loss_and_gradient`.
    settings : FormulaSettings, optional
        Its batch size must hold all series.

    Raises
    ------
    ValueError
        If the batch would not hold all series.
    """
    settings = settings or FormulaSettings()
    if settings.batch_size < len(x):
        raise ValueError(
            f"The batch of {settings.batch_size} must hold all {len(x)} "
            "series."
        )
    signs = np.where(np.asarray(y) == 1, 1.0, -1.0)
    now = {name: np.array(value) for name, value in parameters.items()}
    mean = {name: np.zeros_like(value) for name, value in now.items()}
    square = {name: np.zeros_like(value) for name, value in now.items()}
    options = kind, sigma, gate_cost
    for step in range(settings.steps):
        _, gradient = loss_and_gradient(now, x, signs, *options)
        share = step / settings.steps
        rate = settings.learning_rate * (1 + np.cos(np.pi * share)) / 2
        for name, g in gradient.items():
            mean[name] = 0.9 * mean[name] + 0.1 * g
            square[name] = 0.999 * square[name] + 0.001 * g**2
            m = mean[name] / (1 - 0.9 ** (step + 1))
            v = square[name] / (1 - 0.999 ** (step + 1))
            now[name] = now[name] - rate * m / (np.sqrt(v) + 1e-7)
    loss, _ = loss_and_gradient(now, x, signs, *options)
    gates, _ = _gates(now, gate_cost)
    weights = np.abs(now["w"]) * gates * (gates >= 0.5)
    atom = Atom(tuple(now["a"]), float(now["b"]))
    shares = tuple((weights / weights.sum()).tolist())
    return Fitted(kind(atom, 0, x.shape[1] - 1, shares), loss)


def fit_restarts(
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    starts: int = 3,
    gates: bool = False,
    **options,
) -> Fitted:
    """Train from several first parameters; return the least loss."""
    if starts < 1:
        raise ValueError(f"starts is at least 1, got {starts}.")
    size = x.shape[1], x.shape[2]
    fitted = [
        fit_formula(x, y, first_parameters(*size, rng, gates), **options)
        for _ in range(starts)
    ]
    return min(fitted, key=lambda f: f.loss)


def parameters_of(formula: Always | Eventually) -> Parameters:
    """Return the parameters of a formula, to train it further.

    Weights are scaled to the mean 1 among those that are not 0; a weight of
    0 has no derivative and stays 0.
    """
    w = np.array(formula.weights)
    w = w / w[w > 0].mean()
    return {
        "a": np.array(formula.part.a),
        "b": np.array(formula.part.b),
        "w": w,
    }


def mean_shares(
    formula: Always | Eventually, x: np.ndarray, sigma: float = 1.0
) -> np.ndarray:
    """Return how much each step decides, on average, shape (time,).

    Parameters
    ----------
    formula : Always or Eventually
        About whole series, its part an atom.
    x : array, shape (cases, time, channels)
    sigma : float

    Returns
    -------
    array, shape (time,)
        The mean share q of each step; they add up to 1.
    """
    turn = -1.0 if isinstance(formula, Eventually) else 1.0
    r = turn * (np.asarray(x, float) @ np.array(formula.part.a))
    with np.errstate(divide="ignore"):
        exponent = np.log(np.array(formula.weights)) - r / sigma
    q = np.exp(exponent - exponent.max(1, keepdims=True))
    return (q / q.sum(1, keepdims=True)).mean(0)


def keep_steps(formula: Formula, rank: np.ndarray, k: int) -> Formula:
    """Keep the weights of the k steps of highest rank; divide by their sum."""
    if not 1 <= k <= len(rank):
        raise ValueError(f"k lies between 1 and {len(rank)}, got {k}.")
    w = np.array(formula.weights)
    w[np.argsort(-rank, kind="stable")[k:]] = 0
    return replace(formula, weights=tuple((w / w.sum()).tolist()))
