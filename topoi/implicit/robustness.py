"""How far an output can move when the input does: bounds and attacks."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from topoi.implicit.equilibrium import pf_radius, picard
from topoi.implicit.gradients import implicit_gradient
from topoi.implicit.models import ImplicitModel, answer


def state_sensitivity(model: ImplicitModel) -> np.ndarray:
    """Return (I - |A|)^-1 |B|, shape (n, p): |x - x'| <= it |u - u'|.

    Raises
    ------
    ValueError
        If `pf_radius` of A is not below 1.
    """
    radius = pf_radius(model.A)
    if radius >= 1:
        raise ValueError(
            "Sensitivity is bounded only if pf_radius(A) is below 1, and it "
            f"is {radius:.4g}."
        )
    inner = np.eye(len(model.A)) - np.abs(model.A)
    return np.linalg.solve(inner, np.abs(model.B))


def sensitivity(model: ImplicitModel) -> np.ndarray:
    """Return the matrix S with |y - y'| <= S |u - u'|, shape (q, p).

    S = |C| (I - |A|)^-1 |B| + |D|, entry by entry. Source: El Ghaoui et al.
    (2021).
    """
    return np.abs(model.C) @ state_sensitivity(model) + np.abs(model.D)


def gap_rates(model: ImplicitModel, free: np.ndarray | None = None):
    """Return how fast y_i - y_j can move, shape (q, q), per unit of max |du|.

    Parameters
    ----------
    model : ImplicitModel
    free : ndarray of bool, shape (p,), optional
        Inputs that may move; the input 1 of the biases may not.

    Notes
    -----
    Uses |c_i - c_j|, which is at most |c_i| + |c_j| and often far less.
    """
    p = model.B.shape[1]
    free = np.ones(p) if free is None else np.asarray(free, "float64")
    reach = state_sensitivity(model) @ free  # (n,)
    gap_c = np.abs(model.C[:, np.newaxis] - model.C)  # (q, q, n)
    gap_d = np.abs(model.D[:, np.newaxis] - model.D)  # (q, q, p)
    return gap_c @ reach + gap_d @ free


class Certified(NamedTuple):
    """Labels, and radii in which they cannot change.

    Attributes
    ----------
    labels : ndarray, shape (m,)
        Place of the largest output.
    radius : ndarray, shape (m,)
        No input that moves by less than this in any entry changes the label.
    """

    labels: np.ndarray
    radius: np.ndarray


def certified_radius(
    model: ImplicitModel,
    u: np.ndarray,
    free: np.ndarray | None = None,
    activation: str = "relu",
) -> Certified:
    """Return a radius in the max norm for each input, shape (m, p).

    The margin y_t - y_j divided by its rate in `gap_rates`, at its smallest
    over all j other than the label t.
    """
    y = answer(model, u, activation)  # (m, q)
    labels = y.argmax(axis=1)
    rows = np.arange(len(y))
    margins = y[rows, labels][:, np.newaxis] - y
    rates = gap_rates(model, free)[labels]  # (m, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        radii = margins / rates
    radii[rows, labels] = np.inf
    return Certified(labels, np.nanmin(radii, axis=1))


def sign_directions(
    model: ImplicitModel,
    u: np.ndarray,
    labels: np.ndarray,
    targets: np.ndarray,
    free: np.ndarray | None = None,
    activation: str = "relu",
) -> np.ndarray:
    """Return the signs of d(y_target - y_label)/du, shape (m, p)."""
    x = picard(model.A, u @ model.B.T, activation).x
    rows = np.arange(len(u))
    towards = np.zeros((len(u), len(model.C)))
    towards[rows, targets] += 1
    towards[rows, labels] -= 1
    grad = implicit_gradient(model, u, x, towards, activation, 1e-10).u
    return np.sign(grad) * (1 if free is None else np.asarray(free))


def attack_radius(
    model: ImplicitModel,
    u: np.ndarray,
    free: np.ndarray | None = None,
    largest: float = 1.0,
    steps: int = 14,
    activation: str = "relu",
) -> np.ndarray:
    """Return the smallest step along a sign direction that changes a label.

    Parameters
    ----------
    model, u, free, activation
        As in `certified_radius`.
    largest : float
        Longest step; where no target is reached, infinity is returned.
    steps : int
        Halvings of the interval, after a grid of eight.

    Returns
    -------
    ndarray, shape (m,)
        An upper bound of the radius in which the label is safe.
    """
    clean = answer(model, u, activation)
    labels = clean.argmax(axis=1)
    best = np.full(len(u), np.inf)
    for target in range(clean.shape[1]):
        goal = np.full(len(u), target)
        way = sign_directions(model, u, labels, goal, free, activation)

        def broken(size, way=way):
            moved = u + np.asarray(size)[:, np.newaxis] * way
            return answer(model, moved, activation).argmax(axis=1) != labels

        low, high = np.zeros(len(u)), np.full(len(u), np.inf)
        for size in largest * np.arange(8, 0, -1) / 8:
            hit = broken(np.full(len(u), size))
            high = np.where(hit, size, high)
        low = np.where(np.isfinite(high), high - largest / 8, low)
        for _ in range(steps):
            middle = (low + np.minimum(high, largest)) / 2
            hit = broken(middle) & np.isfinite(high)
            high = np.where(hit, middle, high)
            low = np.where(hit, low, middle)
        mine = labels != target
        best = np.where(mine, np.minimum(best, high), best)
    return best


class Relaxed(NamedTuple):
    """The answer of the linear program for one input and one target.

    Attributes
    ----------
    bound : float
        y_target - y_label is at most this in the whole box.
    u : ndarray, shape (p,)
        Input at which the program reaches it: a candidate for an attack.
    value : float
        y_target - y_label at that input, by the true equilibrium.
    """

    bound: float
    u: np.ndarray
    value: float


def lp_attack(
    model: ImplicitModel,
    u: np.ndarray,
    size: float,
    label: int,
    target: int,
    free: np.ndarray | None = None,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Relaxed:
    """Bound y_target - y_label over a box around one input, for ReLU.

    Parameters
    ----------
    model : ImplicitModel
        With ``pf_radius(A) < 1``.
    u : ndarray, shape (p,)
    size : float
        Each free input moves by at most this.
    label, target : int
    free : ndarray of bool, shape (p,), optional
    limits : pair of float
        Values that inputs can have at all, such as (0, 1) for pixels.

    Returns
    -------
    Relaxed

    Notes
    -----
    The equation x = relu(z), z = A x + B u, is replaced by linear
    inequalities that every equilibrium of the box satisfies: x >= 0, x >= z,
    |x - x0| <= (I - |A|)^-1 |B| size, and, where z lies between l < 0 and
    h > 0, the chord x <= h (z - l) / (h - l). A negative bound is a
    certificate. HiGHS solves the program.
    """
    n, p, _ = model.sizes
    free = np.ones(p) if free is None else np.asarray(free, "float64")
    x0 = picard(model.A, model.B @ u, "relu", 1e-12).x
    reach = state_sensitivity(model) @ (size * free)
    z0 = model.A @ x0 + model.B @ u
    wide = np.abs(model.A) @ reach + np.abs(model.B) @ (size * free)
    low, high = z0 - wide, z0 + wide
    z = np.hstack([model.A, model.B])  # z = [A B] (x, u)
    one = np.hstack([np.eye(n), np.zeros((n, p))])
    rows, right = [z - one], [np.zeros(n)]  # x >= z
    mixed = (low < 0) & (high > 0)
    chord = np.where(mixed, high / np.where(mixed, high - low, 1), 1.0)
    upper = one - chord[:, np.newaxis] * z  # x - chord z <= -chord low
    sure = low >= 0
    rows += [upper[mixed | sure]]
    right += [np.where(mixed, -chord * low, 0.0)[mixed | sure]]
    floor, roof = np.maximum(x0 - reach, 0), x0 + reach
    roof = np.where(high <= 0, 0.0, roof)
    floor = np.minimum(floor, roof)
    span = np.clip(np.stack([u - size * free, u + size * free]), *limits)
    span = np.where(free > 0, span, u)
    bounds = np.vstack([np.stack([floor, roof], 1), span.T])
    gain = np.concatenate(
        [
            model.C[target] - model.C[label],
            model.D[target] - model.D[label],
        ]
    )
    result = linprog(
        -gain,
        A_ub=np.vstack(rows),
        b_ub=np.concatenate(right) + 1e-9,
        bounds=bounds,
        method="highs",
    )
    if result.status != 0:
        raise RuntimeError(f"The linear program failed: {result.message}")
    found = result.x[n:]
    y = answer(model, found)
    return Relaxed(float(-result.fun), found, float(y[target] - y[label]))
