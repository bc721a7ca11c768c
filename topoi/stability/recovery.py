"""Sparse recovery: exact linear programs, primal-dual steps, FIRENET.

An operator is anything with ``A(x)``, ``At(u)`` (the adjoint) and ``norm``,
an upper bound of its operator norm; `Matrix` makes one of an array.
"""

import math
from typing import NamedTuple, Protocol

import numpy as np
from scipy.optimize import linprog


class Operator(Protocol):
    """A linear map with its adjoint."""

    norm: float

    def A(self, x: np.ndarray) -> np.ndarray:
        """Return the measurements, (N,) -> (m,)."""

    def At(self, u: np.ndarray) -> np.ndarray:
        """Return the adjoint's values, (m,) -> (N,)."""


class Matrix:
    """An array as an operator.

    Parameters
    ----------
    array : ndarray, shape (m, N)
        Real or complex.

    Raises
    ------
    ValueError
        If `array` is no matrix, or has entries that are not finite.
    """

    def __init__(self, array: np.ndarray):
        array = np.asarray(array)
        if array.ndim != 2 or not np.isfinite(array).all():
            raise ValueError(
                "Matrix needs a finite array of shape (m, N), got shape "
                f"{array.shape}. One row? Write row[np.newaxis]."
            )
        self.array = array
        self.norm = float(np.linalg.norm(array, 2))

    def A(self, x: np.ndarray) -> np.ndarray:
        """Return the product with x, (N,) -> (m,)."""
        return self.array @ x

    def At(self, u: np.ndarray) -> np.ndarray:
        """Return the product of the adjoint with u, (m,) -> (N,)."""
        return self.array.conj().T @ u


def basis_pursuit(A: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return an x of smallest sum of abs(x_i) with A x = y.

    Parameters
    ----------
    A : ndarray, shape (m, N)
        Real matrix.
    y : ndarray, shape (m,)
        Real right-hand side.

    Returns
    -------
    ndarray of float64, shape (N,)
        A corner of the set of solutions, as the simplex method of HiGHS
        finds it: x = p - n with p, n >= 0 makes the problem linear.

    Raises
    ------
    ValueError
        If no x satisfies A x = y, or the shapes do not fit.
    """
    A, y = np.asarray(A, float), np.asarray(y, float)
    if A.ndim != 2 or y.shape != A.shape[:1]:
        raise ValueError(
            "basis_pursuit needs A of shape (m, N) and y of shape (m,), got "
            f"{A.shape} and {y.shape}."
        )
    result = linprog(
        np.ones(2 * A.shape[1]),
        A_eq=np.hstack([A, -A]),
        b_eq=y,
        method="highs-ds",
        options={
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
    )
    if result.x is None:
        raise ValueError(
            f"HiGHS found no x with A x = y: {result.message} Is y in the "
            "range of A?"
        )
    positive, negative = np.split(result.x, 2)
    return positive - negative


def soft(v: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """Return the vector nearest to `v` with a price on its entries' moduli.

    Parameters
    ----------
    v : ndarray, real or complex, any shape
        Where to start.
    threshold : float or ndarray
        At least 0: the prices.

    Returns
    -------
    ndarray, shape and type of `v`
        Minimiser of sum(threshold * abs(x)) + norm(x - v)**2 / 2: moduli
        shrink by the threshold, and signs or phases stay. Zeros stay zeros.
    """
    size = np.abs(v)
    left = np.maximum(size - threshold, 0)
    share = np.divide(left, size, out=np.zeros_like(left), where=size > 0)
    return v * share


def project_to_ball(q: np.ndarray) -> np.ndarray:
    """Return the nearest vector of norm at most 1."""
    return q / max(1.0, float(np.linalg.norm(q)))


class SquareRootLasso(NamedTuple):
    """The function F(x) = lam * sum(w_i abs(x_i)) + norm(A x - y).

    Attributes
    ----------
    lam : float
        Price of the first term.
    weights : float or ndarray, shape (N,)
        The w_i, positive.
    """

    lam: float
    weights: float | np.ndarray = 1.0

    def value(self, x: np.ndarray, y: np.ndarray, op: Operator) -> float:
        """Return F(x)."""
        price = self.lam * np.sum(self.weights * np.abs(x))
        return float(price + np.linalg.norm(op.A(x) - y))

    def lower_bound(self, u: np.ndarray, y: np.ndarray, op: Operator) -> float:
        """Return a number that no F(x) is below, from any dual vector `u`.

        `u` is scaled until norm(u) <= 1 and abs(A* u) <= lam w; then
        -Re<u, y> is such a bound, because
        F(x) >= Re<u, A x - y> + lam sum(w abs(x)) >= -Re<u, y>.
        """
        ratio = np.max(np.abs(op.At(u)) / (self.lam * self.weights))
        u = u / max(1.0, float(np.linalg.norm(u)), float(ratio))
        return float(-np.real(np.vdot(u, y)))


class PrimalDual(NamedTuple):
    """What a run of `primal_dual` leaves."""

    mean: np.ndarray  # (N,) of all iterates but the start
    last: np.ndarray  # (N,) the last iterate
    u: np.ndarray  # (m,) the last dual iterate


def primal_dual(
    y: np.ndarray,
    op: Operator,
    problem: SquareRootLasso,
    steps: int,
    start: np.ndarray | None = None,
) -> PrimalDual:
    """Return the result of primal-dual steps on the square-root LASSO.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Measurements.
    op : Operator
        The map A.
    problem : SquareRootLasso
        Price and weights.
    steps : int
        Number of steps, at least 1.
    start : ndarray, shape (N,), optional
        First iterate; zero by default. The dual iterate starts at zero.

    Returns
    -------
    PrimalDual
        The mean of the iterates has F(mean) - F(x) at most
        norm * (norm(x - start)**2 + 1) / steps for every x.

    Notes
    -----
    Source: Chambolle and Pock (2016), with both step sizes 1 / norm.
    """
    step = 1 / op.norm
    threshold = step * problem.lam * problem.weights
    x = op.At(y) * 0 if start is None else np.asarray(start)
    u, total = np.zeros_like(y), 0
    for _ in range(steps):
        new = soft(x - step * op.At(u), threshold)
        u = project_to_ball(u + step * (op.A(2 * new - x) - y))
        x, total = new, total + new
    return PrimalDual(total / steps, x, u)


def firenet(
    y: np.ndarray,
    op: Operator,
    problem: SquareRootLasso,
    p: int,
    n: int,
    delta: float = 0.0,
    start: np.ndarray | None = None,
    history: list[np.ndarray] | None = None,
) -> np.ndarray:
    """Return the output of FIRENET: `n` restarts of `p` primal-dual steps.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Measurements.
    op : Operator
        The map A.
    problem : SquareRootLasso
        Price and weights.
    p : int
        Steps between two restarts.
    n : int
        Number of restarts.
    delta : float
        Accuracy below which there is nothing to gain.
    start : ndarray, shape (N,), optional
        First guess; zero by default.
    history : list, optional
        The result of each restart is appended to it.

    Returns
    -------
    ndarray, shape (N,)
        The mean of the last restart's iterates.

    Raises
    ------
    ValueError
        If `p` or `n` is below 1, or y is zero or not finite.

    Notes
    -----
    Source: Colbrook, Antun and Hansen (2022); the order of the operations is
    that of the authors' published code.
    """
    level = float(np.linalg.norm(y))
    if min(p, n) < 1 or not 0 < level < math.inf:
        raise ValueError(
            "firenet needs p >= 1, n >= 1 and measurements that are finite "
            f"and not all zero; got p = {p}, n = {n}, norm(y) = {level}."
        )
    psi = op.At(y) * 0 if start is None else np.asarray(start)
    for _ in range(n):
        level = (level + delta) / math.e
        scale = 2 * op.norm / (level * p)
        inner = primal_dual(scale * y, op, problem, p, scale * psi)
        psi = inner.mean / scale
        if history is not None:
            history.append(psi)
    return psi


def affine_layers(p: int, n: int) -> int:
    """Return the number of affine layers of FIRENET: 3 a step, and one."""
    return 3 * n * p + 1


def restarts_for(accuracy: float) -> int:
    """Return how many restarts shrink an error by that factor."""
    if not 0 < accuracy < 1:
        raise ValueError(
            f"An accuracy lies between 0 and 1, got {accuracy}. It is the "
            "wanted error as a share of the first one."
        )
    return math.ceil(-math.log(accuracy))


def inner_steps(norm: float, sharpness: float) -> int:
    """Return the p of the theorem, the first above 2 e norm sharpness."""
    return math.ceil(2 * math.e * norm * sharpness)


def sharpness_from_null_space(
    rho: float, gamma: float, lam: float, s: int
) -> float:
    """Return C of ``norm(z - x) <= C (F(z) - F(x) + delta)``.

    Parameters
    ----------
    rho, gamma : float
        Constants of the robust null space property of order `s`.
    lam : float
        Price of the square-root LASSO.
    s : int
        Number of entries of x that differ from zero.

    Raises
    ------
    ValueError
        If rho is not in (0, 1), or `lam` is above
        (1 + rho)**2 / ((3 + rho) gamma sqrt(s)).

    Notes
    -----
    From Foucart and Rauhut (2013), theorem 4.25.
    """
    largest = (1 + rho) ** 2 / ((3 + rho) * gamma * math.sqrt(s))
    if not 0 < rho < 1 or not 0 < lam <= largest:
        raise ValueError(
            "The bound holds for 0 < rho < 1 and 0 < lam <= "
            f"{largest:.3g}, got rho = {rho} and lam = {lam}. Take a "
            "smaller lam."
        )
    return (1 + rho) ** 2 / ((1 - rho) * lam * math.sqrt(s))
