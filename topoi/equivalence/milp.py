"""Exact stability by mixed-integer programming, with SciPy's HiGHS."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from topoi.equivalence.bounds import (
    Interval,
    Status,
    check_box,
    data_statuses,
    interval_bounds,
    statuses,
)
from topoi.tropical import Layer, float_layers, read_layers

TOLERANCE = 1e-6  # of the solver: what is closer to 0 is not decided


class StabilityProgram:
    """The inputs of one layer, as the points of a mixed-integer program.

    The variables are the inputs x, the outputs h of all earlier hidden
    layers, and one binary d for each earlier unit that is not stable:
    h >= z, h >= 0, h <= z - l (1 - d), h <= u d, where l <= z <= u.

    Parameters
    ----------
    layers : sequence of Layer
        The hidden layers before the one that is asked about; may be empty.
    lower, upper : ndarray, shape (in,)
    bounds : sequence of Interval
        Of the preactivations of these layers.
    status : sequence of ndarray
        Of their units: 1 on, -1 off, anything else needs a binary.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        lower: np.ndarray,
        upper: np.ndarray,
        bounds: Sequence[Interval],
        status: Sequence[np.ndarray],
    ):
        self._rows: list[tuple[dict, float, float]] = []
        self._low, self._high = list(lower), list(upper)
        self._whole = [0] * len(lower)
        self.inputs = list(range(len(lower)))
        before = self.inputs
        for layer, interval, known in zip(layers, bounds, status, strict=True):
            before = self._add_layer(layer, interval, known, before)
        self.outputs = before

    @property
    def binaries(self) -> int:
        """How many integer variables there are."""
        return sum(self._whole)

    def _add(self, low: float, high: float, whole: int = 0) -> int:
        self._low.append(low)
        self._high.append(high)
        self._whole.append(whole)
        return len(self._low) - 1

    def _add_layer(self, layer, interval, known, before) -> list[int]:
        found = []
        for row, b, low, high, sign in zip(
            layer.weights, layer.bias, *interval, known, strict=True
        ):
            h = self._add(0.0, max(high, 0.0))
            # h - w . before, in terms of the variables
            terms = {h: 1.0} | dict(zip(before, -row, strict=True))
            if sign == Status.OFF:
                self._high[h] = 0.0
            elif sign == Status.ON:
                self._rows.append((terms, b, b))
            else:
                d = self._add(0.0, 1.0, whole=1)
                self._rows.append((terms, b, np.inf))
                self._rows.append((terms | {d: -low}, -np.inf, b - low))
                self._rows.append(({h: 1.0, d: -high}, -np.inf, 0.0))
            found.append(h)
        return found

    def largest(
        self, weights: np.ndarray, time_limit: float
    ) -> tuple[float, float]:
        """Return a value of weights . outputs that is attained, and a bound.

        The first number is attained by some input, the second is an upper
        bound; when the solver ends in time they agree. Without a feasible
        point in time the first is minus infinity.
        """
        objective = np.zeros(len(self._low))
        objective[self.outputs] = -weights
        entries = [
            (i, j, value)
            for i, (terms, _, _) in enumerate(self._rows)
            for j, value in terms.items()
        ]
        limits = None
        if entries:
            i, j, value = zip(*entries, strict=True)
            shape = (len(self._rows), len(self._low))
            matrix = coo_array((value, (i, j)), shape).tocsr()
            limits = LinearConstraint(
                matrix, *np.array([r[1:] for r in self._rows]).T
            )
        result = milp(
            objective,
            constraints=limits,
            bounds=Bounds(self._low, self._high),
            integrality=self._whole,
            options={"time_limit": time_limit, "mip_rel_gap": 0.0},
        )
        value = -np.inf if result.x is None else -result.fun
        bound = getattr(result, "mip_dual_bound", None)
        if bound is None:
            bound = result.fun if result.status == 0 else -np.inf
        return float(value), float(-bound)


def stable_units(
    layers: Sequence[tuple],
    lower: np.ndarray,
    upper: np.ndarray,
    method: str = "interval",
    x: np.ndarray | None = None,
    time_limit: float = 10.0,
) -> list[np.ndarray]:
    """Return which hidden units keep their sign on a box.

    Parameters
    ----------
    layers : sequence of Layer
        A network; with fractions and "interval" the answer is a proof.
    lower, upper : array-like, shape (in,)
    method : {"interval", "milp"}
        "interval" tests the bounds alone, fast and exact or rounded as the
        layers are. "milp" then decides the other units by HiGHS, in floats.
    x : ndarray, shape (n, in), optional
        Inputs in the box. A unit that takes both signs there is unstable,
        and the solver need not be asked.
    time_limit : float
        Seconds for each question to the solver.

    Returns
    -------
    list of ndarray of int
        For each hidden layer: -1 off, 1 on, 0 unstable (by "interval": not
        decided), and 2 where the solver ran out of time or the answer is
        within its tolerance of 0.

    Raises
    ------
    ValueError
        For another method, or a box that does not fit.

    Notes
    -----
    At most two mixed-integer programs per unit, with one binary for each
    unstable unit before it: exponential in these at worst.
    """
    network = read_layers(layers)
    if method not in ("interval", "milp"):
        raise ValueError(
            f"method is 'interval' or 'milp', but it is {method!r}."
        )
    lower, upper = check_box(network, lower, upper)
    bounds = interval_bounds(network, lower, upper)
    hidden = sum(layer.relu for layer in network)
    known = statuses(bounds)[:hidden]
    if method == "interval":
        return known
    network = float_layers(network)
    box = lower.astype(float), upper.astype(float)
    bounds = [
        Interval(low.astype(float), high.astype(float)) for low, high in bounds
    ]
    for number in range(1, hidden):  # the first layer's bounds are attained
        program = StabilityProgram(
            network[:number], *box, bounds[:number], known[:number]
        )
        seen = None if x is None else data_statuses(network, x)[number]
        for unit in np.flatnonzero(known[number] == Status.UNSTABLE):
            if seen is not None and seen[unit] == Status.UNSTABLE:
                continue
            row = network[number].weights[unit], network[number].bias[unit]
            known[number][unit] = _decide(program, *row, time_limit)
    return known


def _decide(
    program: StabilityProgram, weights: np.ndarray, b: float, seconds: float
) -> Status:
    """Return the status of one unit; UNKNOWN rather than a guess."""
    value, bound = program.largest(weights, seconds)
    if bound + b <= -TOLERANCE:
        return Status.OFF
    turns_on = value + b >= TOLERANCE
    value, bound = program.largest(-weights, seconds)
    if -bound + b >= TOLERANCE:
        return Status.ON
    turns_off = -value + b <= -TOLERANCE
    return Status.UNSTABLE if turns_on and turns_off else Status.UNKNOWN
