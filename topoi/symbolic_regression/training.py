"""Many equation learners trained side by side, in NumPy, with a frozen end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from topoi.symbolic_regression.penalties import l05_slope
from topoi.symbolic_regression.units import DEFAULT_UNITS, blocks, columns

INITIAL = (0.1, 0.5, 1.0)  # first, middle and last weights


@dataclass(frozen=True)
class Settings:
    """Numbers of a training in phases.

    Attributes
    ----------
    depth : int
        Hidden layers.
    units : tuple of str
        The units of each hidden layer.
    warm_steps, steps, frozen_steps : int
        Steps at a high rate, at a low rate, and after the freeze.
    warm_rate, learning_rate, frozen_rate : float
        Learning rates of the three phases.
    penalty : float
        Weight of the penalty before the freeze.
    threshold : float
        A weight that is smaller at the freeze stays 0 from then on.
    width : float
        Half the width of the smooth part of the penalty.
    decay, epsilon : float
        Of RMSprop, whose mean square starts at 1.
    """

    depth: int = 2
    units: tuple[str, ...] = DEFAULT_UNITS
    warm_steps: int = 600
    steps: int = 2400
    frozen_steps: int = 300
    warm_rate: float = 1e-1
    learning_rate: float = 1e-2
    frozen_rate: float = 1e-3
    penalty: float = 5e-3
    threshold: float = 1e-2
    width: float = 0.05
    decay: float = 0.9
    epsilon: float = 1e-10

    def __post_init__(self):
        columns(self.units)
        if self.depth < 1:
            raise ValueError(f"depth is at least 1, got {self.depth}.")
        counts = self.warm_steps, self.steps, self.frozen_steps
        if min(counts) < 0 or sum(counts[:2]) == 0:
            raise ValueError(
                "These settings train nothing: warm_steps, steps and "
                f"frozen_steps are {counts}."
            )
        rates = self.warm_rate, self.learning_rate, self.frozen_rate
        if min(rates) <= 0 or not math.isfinite(self.penalty):
            raise ValueError(
                "Learning rates are positive and the penalty is finite; got "
                f"{rates} and {self.penalty}."
            )
        if self.threshold < 0 or self.width <= 0:
            raise ValueError(
                "threshold >= 0 and width > 0 are needed; got "
                f"{self.threshold} and {self.width}."
            )


STANDARD = Settings()


def initial_weights(
    inputs: int,
    outputs: int,
    trials: int,
    rng: np.random.Generator,
    settings: Settings = STANDARD,
) -> list[np.ndarray]:
    """Draw weights of several networks.

    Returns
    -------
    list of array
        ``depth + 1`` arrays, ``(trials, rows, columns)`` each: normal
        numbers, cut off at two standard deviations.
    """
    reads, width = columns(settings.units), len(settings.units)
    rows = [inputs] + [width] * settings.depth
    cols = [reads] * settings.depth + [outputs]
    first, middle, last = INITIAL
    deviations = [first] + [middle] * (settings.depth - 1) + [last]
    drawn = []
    for shape, deviation in zip(
        zip(rows, cols, strict=True), deviations, strict=True
    ):
        w = rng.normal(size=(trials, *shape))
        far = np.abs(w) > 2
        while far.any():
            w[far] = rng.normal(size=far.sum())
            far = np.abs(w) > 2
        drawn.append(deviation * w)
    return drawn


# -- forward and back -------------------------------------------------------


def forward(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    units: Sequence[str] = DEFAULT_UNITS,
) -> np.ndarray:
    """Return the outputs of equation learners.

    Parameters
    ----------
    weights : sequence of array
        Hidden weights, then output weights: ``(..., rows, columns)``, where
        the leading axis, if there is one, runs over networks.
    x : array, shape (n, inputs)
        Points, the same for all networks.
    units : sequence of str
        The units of each hidden layer.

    Returns
    -------
    array, shape (..., n, outputs)

    Raises
    ------
    ValueError
        If the first weights have another number of rows than `x` columns.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != np.shape(weights[0])[-2]:
        raise ValueError(
            "x has shape (n, inputs) and the first weights (..., inputs, "
            f"columns); got {x.shape} and {np.shape(weights[0])}."
        )
    h, runs = x.T, blocks(units)
    for w in weights[:-1]:
        h, _ = _hidden(w, h, runs, len(units))
    out = np.swapaxes(weights[-1], -1, -2) @ h  # (..., outputs, n)
    return np.swapaxes(out, -1, -2)


def _hidden(w, h, runs, width):
    """Return values and arguments of one layer, units first: (..., s, n)."""
    g = np.swapaxes(w, -1, -2) @ h  # (..., columns, n)
    out = np.empty((*g.shape[:-2], width, g.shape[-1]), g.dtype)
    for block in runs:
        arguments = (g[..., columns_, :] for columns_ in block.inputs)
        out[..., block.outputs, :] = block.unit.value(*arguments)
    return out, g


def loss_and_grad(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    units: Sequence[str] = DEFAULT_UNITS,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the mean square errors and their gradients.

    Parameters
    ----------
    weights : sequence of array
        Shapes ``(trials, rows, columns)``.
    x, y : array, shapes (n, inputs) and (n, outputs)
        Data.
    units : sequence of str
        The units of each hidden layer.

    Returns
    -------
    losses : array, shape (trials,)
    grads : list of array
        The shapes of `weights`.
    """
    runs, width = blocks(units), len(units)
    values, arguments = [np.ascontiguousarray(x.T)], []
    for w in weights[:-1]:
        h, g = _hidden(w, values[-1], runs, width)
        values.append(h)
        arguments.append(g)
    miss = np.swapaxes(weights[-1], 1, 2) @ values[-1] - y.T  # (t, m, n)
    losses = np.mean(miss**2, axis=(1, 2))  # (t,)
    back = 2 / y.size * miss
    grads = [values[-1] @ np.swapaxes(back, 1, 2)]
    if y.shape[1] == 1:
        dh = weights[-1] * back  # (t, s, n), by far the faster way
    else:
        dh = weights[-1] @ back
    for k in range(len(weights) - 2, -1, -1):
        dg = _back(dh, arguments[k], values[k + 1], runs)
        grads.append(values[k] @ np.swapaxes(dg, 1, 2))
        if k:
            dh = weights[k] @ dg
    return losses, grads[::-1]


def jacobian(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    units: Sequence[str] = DEFAULT_UNITS,
) -> list[np.ndarray]:
    """Return the derivative of one network's output by each weight.

    Parameters
    ----------
    weights : sequence of array
        Shapes ``(rows, columns)``, one output.
    x : array, shape (n, inputs)

    Returns
    -------
    list of array
        Shapes ``(rows, columns, n)``.
    """
    runs, width = blocks(units), len(units)
    values, arguments = [x.T], []
    for w in weights[:-1]:
        h, g = _hidden(w, values[-1], runs, width)
        values.append(h)
        arguments.append(g)
    back = np.ones((1, len(x)))  # the output by itself
    found = []
    for k in range(len(weights) - 1, -1, -1):
        found.append(values[k][:, None] * back)  # (rows, columns, n)
        if k:
            dh = weights[k] @ back  # (s, n)
            back = _back(dh, arguments[k - 1], values[k], runs)
    return found[::-1]


def _back(dh, g, h, runs):
    """Turn derivatives by values into derivatives by arguments."""
    dg = np.empty_like(g)
    for block in runs:
        inner = [g[..., c, :] for c in block.inputs]
        outer = block.outputs
        slopes = block.unit.slopes(*inner, h[..., outer, :])
        for c, slope in zip(block.inputs, slopes, strict=True):
            dg[..., c, :] = dh[..., outer, :] * slope
    return dg


# -- training ---------------------------------------------------------------


@dataclass(frozen=True)
class Trained:
    """Networks after training.

    Attributes
    ----------
    weights : list of array
        Shapes ``(trials, rows, columns)``; frozen entries are exactly 0.
    before : list of array
        The same weights just before the freeze.
    losses : array, shape (trials,)
        Mean square error on the data; infinite where it diverged.
    """

    weights: list[np.ndarray]
    before: list[np.ndarray]
    losses: np.ndarray

    def network(self, trial: int) -> list[np.ndarray]:
        """Return the weights of one network, (rows, columns) each."""
        return [w[trial] for w in self.weights]


def train_in_phases(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    settings: Settings = STANDARD,
) -> Trained:
    """Train in phases: fast, slow, then frozen and without a penalty.

    Parameters
    ----------
    weights : sequence of array
        First weights, from `initial_weights`; they are not changed.
    x, y : array, shapes (n, inputs) and (n, outputs)
        All data are used in each step. The dtype of `x` is computed in.
    settings : Settings
        Phases, rates, penalty.

    Raises
    ------
    FloatingPointError
        If all networks diverge.
    """
    state = [np.array(w, x.dtype) for w in weights]
    y = y.astype(x.dtype)
    s = settings
    with np.errstate(over="ignore", invalid="ignore"):
        state = run_phase(state, x, y, s, s.warm_steps, s.warm_rate)
        state = run_phase(state, x, y, s, s.steps, s.learning_rate)
        before = [w.copy() for w in state]
        masks = freeze_masks(state, s.threshold)
        free = replace(s, penalty=0.0)
        state = [w * m for w, m in zip(state, masks, strict=True)]
        state = run_phase(
            state, x, y, free, s.frozen_steps, s.frozen_rate, masks
        )
        losses, _ = loss_and_grad(state, x, y, s.units)
    losses = np.where(np.isfinite(losses), losses, np.inf)
    if not np.isfinite(losses).any():
        raise FloatingPointError(
            f"All {len(losses)} networks diverged. Lower warm_rate, or scale "
            "the data to a size near 1."
        )
    return Trained(state, before, losses)


def freeze_masks(
    weights: Sequence[np.ndarray], threshold: float
) -> list[np.ndarray]:
    """Return masks, 1 where a weight is larger than a threshold, else 0."""
    return [(np.abs(w) > threshold).astype(w.dtype) for w in weights]


def polish(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    units: Sequence[str] = DEFAULT_UNITS,
    steps: int = 100,
) -> list[np.ndarray]:
    """Fit the weights that are not 0 by least squares, in double precision.

    Gradient steps stop at errors near 1e-6, because their size does not
    shrink. The steps of Levenberg and Marquardt do, so that on exact data
    the coefficients become exact up to rounding.

    Parameters
    ----------
    weights : sequence of array
        One network with one output, shapes ``(rows, columns)``.
    x, y : array, shapes (n, inputs) and (n, 1)
        Data.
    units : sequence of str
        The units of each hidden layer.
    steps : int
        At most so many evaluations.

    Returns
    -------
    list of array
        The weights, zeros where zeros were; the given ones if the fit is not
        better or not finite.
    """
    weights = [np.array(w, "float64") for w in weights]
    x = np.asarray(x, "float64")
    y = np.asarray(y, "float64").reshape(len(x), 1)  # (n, 1)
    places = [np.nonzero(w) for w in weights]
    start = np.concatenate(
        [w[p] for w, p in zip(weights, places, strict=True)]
    )
    if not 0 < len(start) <= len(x):
        return weights

    def at(values):
        new, k = [np.zeros_like(w) for w in weights], 0
        for w, p in zip(new, places, strict=True):
            w[p] = values[k : k + len(p[0])]
            k += len(p[0])
        return new

    def miss(values):
        found = (forward(at(values), x, units) - y)[:, 0]
        return np.nan_to_num(found, nan=1e9, posinf=1e9, neginf=-1e9)

    def slopes(values):
        parts = jacobian(at(values), x, units)
        rows = [j[p] for j, p in zip(parts, places, strict=True)]
        return np.nan_to_num(np.concatenate(rows).T)  # (n, weights)

    from scipy.optimize import least_squares

    with np.errstate(all="ignore"):
        end = least_squares(
            miss, start, slopes, method="lm", max_nfev=steps,
            xtol=1e-14, ftol=1e-14, gtol=1e-15,
        ).x  # fmt: skip
        better = np.sum(miss(end) ** 2) <= np.sum(miss(start) ** 2)
    return at(end) if better and np.isfinite(end).all() else weights


def run_phase(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    settings: Settings,
    steps: int,
    learning_rate: float,
    masks: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Return the weights after some steps of RMSprop at one rate.

    With `masks`, an entry whose mask is 0 never moves.
    """
    weights = [w.copy() for w in weights]
    squares = [np.ones_like(w) for w in weights]
    for _ in range(steps):
        _, grads = loss_and_grad(weights, x, y, settings.units)
        for k, (w, g, v) in enumerate(
            zip(weights, grads, squares, strict=True)
        ):
            if settings.penalty:
                g = g + settings.penalty * l05_slope(w, settings.width)
            if masks is not None:
                g = g * masks[k]
            v *= settings.decay
            v += (1 - settings.decay) * g * g
            w -= learning_rate * g / np.sqrt(v + settings.epsilon)
    return weights
