"""From data to formulas: restarts, polishing, and the choice among them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from topoi.symbolic_regression.formula import (
    parse_formula,
    prune_dead,
    same_formula,
    tidy,
    to_numpy,
    to_sympy,
)
from topoi.symbolic_regression.training import (
    STANDARD,
    Settings,
    Trained,
    forward,
    initial_weights,
    polish,
    train_in_phases,
)

FUNCTIONS_OF_THE_PAPER = {  # in the code of Kim et al. (2021), in this order
    "x": "x",
    "x^2": "x**2",
    "x^3": "x**3",
    "sin": "sin(2*pi*x)",
    "xy": "x*y",
    "sigmoid": "1/(1 + exp(-10*x))",
    "xy/2 + z/2": "x*y/2 + z/2",
    "exp": "exp(-x**2)",
    "x^2 + sin": "x**2 + sin(2*pi*y)",
    "x^2 + y - 2z": "x**2 + y - 2*z",
}
MOST_WEIGHTS = 30  # above that a formula is not readable
EXACT = 1e-20  # share of the variance below which an error is rounding
QUICK = Settings(warm_steps=600, steps=2000, frozen_steps=400)


@dataclass(frozen=True)
class Discovery:
    """One trained network, read as a formula.

    Attributes
    ----------
    weights : list of array
        Polished, without dead ways, shapes ``(rows, columns)``.
    error : float
        Mean square error on the data it was fitted to, as a share of the
        variance.
    size : int
        Number of weights that are not 0.
    trial : int
        Which of the networks it was.
    """

    weights: list[np.ndarray]
    error: float
    size: int
    trial: int
    units: tuple[str, ...]
    names: tuple[str, ...]
    input_scale: np.ndarray
    output_scale: float

    @property
    def exact(self) -> bool:
        """Whether nothing but rounding is left of the error."""
        return self.error < EXACT

    def formula(self, tolerance: float = 1e-4) -> sympy.Expr:
        """Return the formula, expanded and rounded."""
        if self.size > MOST_WEIGHTS:
            raise ValueError(
                f"{self.size} weights are left, and a formula of more than "
                f"{MOST_WEIGHTS} is not readable. Choose another trial."
            )
        found = to_sympy(self.weights, self.names, self.units)
        names = [sympy.Symbol(name, real=True) for name in self.names]
        scaled = {
            name: name / sympy.Float(scale)
            for name, scale in zip(names, self.input_scale, strict=True)
            if scale != 1
        }
        found = found.xreplace(scaled)
        if self.output_scale != 1:
            found = found * sympy.Float(self.output_scale)
        return tidy(found, tolerance)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the network's output at points, (n, inputs) -> (n,)."""
        with np.errstate(all="ignore"):
            out = forward(
                self.weights, np.asarray(x) / self.input_scale, self.units
            )
        return self.output_scale * out[:, 0]


def read_out(
    trained: Trained,
    x: np.ndarray,
    y: np.ndarray,
    names: Sequence[str],
    settings: Settings = STANDARD,
    scales: tuple[np.ndarray, float] | None = None,
) -> list[Discovery]:
    """Polish each network and return them, the best first.

    The best has the smallest ``n log(error) + size log(n)``, the criterion
    of Schwarz (BIC). Errors below `EXACT` count as equal, so among exact
    formulas the shortest wins. Only the data of the fit are used.

    Parameters
    ----------
    trained : Trained
        From `train_in_phases` or `train_gated`.
    x, y : array, shapes (n, inputs) and (n, 1)
        The data, as they were trained on.
    names : sequence of str
        Names of the inputs.
    settings : Settings
        Those of the training.
    scales : tuple, optional
        What inputs and outputs were divided by.

    Raises
    ------
    ValueError
        If `y` has another shape.
    """
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    if y.shape != (len(x), 1):
        raise ValueError(
            f"y has shape (n, 1), here ({len(x)}, 1); got {y.shape}."
        )
    found = []
    inputs, output = scales or (np.ones(x.shape[1]), 1.0)
    for trial, loss in enumerate(trained.losses):
        if not np.isfinite(loss):
            continue
        w = prune_dead(trained.network(trial), settings.units)
        w = polish(w, x, y, settings.units)
        w = [np.where(np.abs(v) > 1e-9, v, 0) for v in w]
        w = prune_dead(w, settings.units)
        with np.errstate(all="ignore"):
            miss = forward(w, x, settings.units) - y
            error = float(np.mean(miss**2) / y.var())
        size = int(sum(np.count_nonzero(v) for v in w))
        if math.isfinite(error):
            found.append(
                Discovery(
                    w, error, size, trial, settings.units, tuple(names),
                    inputs, output,
                )
            )  # fmt: skip

    def criterion(d: Discovery) -> float:
        return len(x) * math.log(max(d.error, EXACT)) + d.size * math.log(
            len(x)
        )

    return sorted(found, key=criterion)


def discover(
    x: np.ndarray,
    y: np.ndarray,
    names: Sequence[str] | None = None,
    trials: int = 6,
    seed: int = 0,
    settings: Settings = QUICK,
) -> list[Discovery]:
    """Search for formulas ``y = f(x)``, from several random starts.

    Inputs and outputs whose size is far from 1 are scaled, and the formulas
    scaled back.

    Parameters
    ----------
    x : array, shape (n,) or (n, inputs)
        Points, at least 20, with up to 4 inputs.
    y : array, shape (n,)
        Values.
    names : sequence of str, optional
        Names of the inputs; x, y, z, w by default.
    trials : int
        Random starts, trained side by side.
    seed : int
        Of the starts.
    settings : Settings
        By default about a second for each start.

    Returns
    -------
    list of Discovery
        The best first, see `read_out`.

    Raises
    ------
    ValueError
        If shapes do not fit, numbers are not finite, there are too few
        points, or the values are all equal.
    """
    x, y = _checked(x, y)
    if trials < 1:
        raise ValueError(f"At least one trial is needed, got {trials}.")
    names = tuple(names or "xyzw"[: x.shape[1]])
    if len(names) != x.shape[1]:
        raise ValueError(
            f"There are {x.shape[1]} inputs but {len(names)} names: {names}."
        )
    inputs = np.array([_scale(np.abs(v).max()) for v in x.T])
    output = _scale(y.std())
    x, y = x / inputs, y[:, None] / output
    rng = np.random.default_rng(seed)
    start = initial_weights(x.shape[1], 1, trials, rng, settings)
    trained = train_in_phases(start, x.astype("float32"), y, settings)
    return read_out(trained, x, y, names, settings, (inputs, output))


def _scale(size: float) -> float:
    return 1.0 if 0.2 <= size <= 2.5 else float(size)


def _checked(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return data as (n, inputs) and (n,), or say what is wrong."""
    try:
        x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    except (TypeError, ValueError) as error:
        raise ValueError(
            "x and y are arrays of numbers; text, gaps or rows of different "
            f"lengths were found ({error})."
        ) from error
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            "x has shape (n,) or (n, inputs) and y has shape (n,); got "
            f"{x.shape} and {y.shape}."
        )
    if not 1 <= x.shape[1] <= 4:
        raise ValueError(f"One to four inputs are read, got {x.shape[1]}.")
    if len(x) < 20:
        raise ValueError(
            f"{len(x)} points are too few to tell formulas apart: give at "
            "least 20."
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x or y holds NaN or infinity: leave those rows out.")
    if np.ptp(y) == 0:
        raise ValueError(f"All values are {y[0]:g}: that is the formula.")
    if (np.ptp(x, axis=0) == 0).any():
        raise ValueError("An input never changes: leave its column out.")
    return x, y


def sample(
    text: str,
    points: int = 256,
    domain: tuple[float, float] = (-1.0, 1.0),
    noise: float = 0.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return random points of a formula that is given as a text.

    Parameters
    ----------
    text : str
        See `parse_formula`.
    points : int
        How many.
    domain : tuple
        Every input is uniform between these two.
    noise : float
        Standard deviation of normal noise, as a share of that of the values.
    seed : int

    Returns
    -------
    x : array, shape (points, inputs)
    y : array, shape (points,)
    names : tuple of str
        The inputs, in the order of the alphabet.
    """
    low, high = domain
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"domain is (low, high), low < high; got {domain}.")
    formula = parse_formula(text)
    names = tuple(sorted(str(s) for s in formula.free_symbols))
    if not names:
        raise ValueError(f"{text!r} has no variable: its value is {formula}.")
    rng = np.random.default_rng(seed)
    x = rng.uniform(low, high, (points, len(names)))
    y = to_numpy(formula, names)(x)
    if not np.isfinite(y).all():
        raise ValueError(
            f"{text!r} is not finite on all of ({low:g}, {high:g}): choose "
            "a domain without its poles and gaps."
        )
    return x, y + noise * y.std() * rng.normal(size=points), names


def answer_reader(question, y=None, trials: int = 6, seed: int = 0) -> str:
    """Return a sentence: the formula that is found, or what is wrong.

    Parameters
    ----------
    question : str or array
        A formula to be found again from 256 of its values; or points, and
        then `y` holds their values.
    y : array, optional
        Values at the points.
    trials, seed : int
        Random starts, as for `discover`.
    """
    try:
        if isinstance(question, str):
            x, values, names = sample(question)
        else:
            if y is None:
                raise ValueError("Points need values: answer_reader(x, y).")
            x, values, names = question, y, None
        best = discover(x, values, names, trials, seed)[0]
        if best.exact:
            return f"Found, exact up to rounding: {best.formula()}"
        share = f"{100 * math.sqrt(best.error):.2g} % of the spread"
        if best.size > MOST_WEIGHTS:
            return (
                f"No formula: the best of {trials} networks misses by {share} "
                f"and has {best.size} weights. Try more trials or a new seed."
            )
        return f"Not exact, it misses by {share}: {best.formula(1e-2)}"
    except (ValueError, FloatingPointError) as error:
        return f"No search: {error}"


def exactly(found: Discovery, formula: str) -> bool:
    """Tell whether a discovery is a given formula, by algebra."""
    if not found.exact or found.size > MOST_WEIGHTS:
        return False
    return same_formula(found.formula(), parse_formula(formula))
