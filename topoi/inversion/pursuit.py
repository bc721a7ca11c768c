"""Inversion layer by layer: linear programs, FISTA, linearised ADMM.

A solver of one layer is a function ``solve(M, b, A)`` that returns an x with
M x = b, at least approximately; the rows of A are those of the inactive
units, for which A x <= 0 holds.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from topoi import stability
from topoi.inversion.generators import ReluGenerator

Solver = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
SUPPORT = 1e-7  # entries below this share of the largest one count as 0


class Inversion(NamedTuple):
    """What an inversion layer by layer returns."""

    z: np.ndarray  # (n_0,) the latent
    layers: list[np.ndarray]  # [x_1, ..., x_L] as they were found
    solved: bool  # False if a layer had no solution; z is then 0


def invert_layerwise(
    gen: ReluGenerator,
    y: np.ndarray,
    solve: Solver,
    support: float = SUPPORT,
) -> Inversion:
    """Return the latent of a signal, found from the last layer to the first.

    Parameters
    ----------
    gen : ReluGenerator
        The generator, of the observed outputs if some are missing.
    y : ndarray, shape (n,)
        The signal.
    solve : callable
        Solver of one layer: ``solve(M, b, A) -> x``; it raises ValueError
        if there is no solution.
    support : float
        Entries above this share of the largest one count as active.
    """
    x = gen.before_output(_signal(gen, y))
    rows, found = np.ones(len(x), bool), []
    for W in gen.weights[:0:-1]:  # W_L, ..., W_1
        try:
            x = solve(W[rows], x[rows], W[~rows])
        except ValueError:
            return Inversion(np.zeros(gen.widths[0]), found, False)
        rows = x > support * np.abs(x).max()
        found.insert(0, x)
    z = np.linalg.lstsq(gen.weights[0][rows], x[rows], None)[0]
    return Inversion(z, found, True)


def _signal(gen: ReluGenerator, y: np.ndarray) -> np.ndarray:
    y = np.asarray(y, float)
    if y.shape != (gen.widths[-1],) or not np.isfinite(y).all():
        raise ValueError(
            f"A signal has {gen.widths[-1]} finite entries, but got shape "
            f"{y.shape}. For a masked one pass gen.observed(mask) and "
            "y[mask]."
        )
    return y


def independent_rows(
    M: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return equations with the same solutions and orthonormal rows.

    Rounding makes equations that repeat each other contradictory; a linear
    program has no use for them. With M = U S V^T, M x = b says
    V^T x = S^-1 U^T b.
    """
    U, S, Vt = np.linalg.svd(M, full_matrices=False)
    keep = S.max(initial=0) * max(M.shape) * 1e-14 < S
    return Vt[keep], (U[:, keep].T @ b) / S[keep]


def nonnegative_pursuit(
    M: np.ndarray, b: np.ndarray, A: np.ndarray | None = None
) -> np.ndarray:
    """Return the x >= 0 of least sum with M x = b and A x <= 0.

    Parameters
    ----------
    M : ndarray, shape (r, m)
        Equations: rows of the active units.
    b : ndarray, shape (r,)
        Their values.
    A : ndarray, shape (q, m), optional
        Rows of the inactive units.

    Returns
    -------
    ndarray, shape (m,)
        A corner of the set of solutions, found by HiGHS and then refined by
        least squares on its support. Where M has full column rank, least
        squares alone.

    Raises
    ------
    ValueError
        If there is no solution, or the shapes do not fit.
    """
    _check_equations(M, b, A)
    if np.linalg.matrix_rank(M) == M.shape[1]:
        return _solved(M, b, np.maximum(np.linalg.lstsq(M, b, None)[0], 0))
    rows, values = independent_rows(M, b)
    result = linprog(
        np.ones(M.shape[1]),
        A_ub=A if A is not None and len(A) else None,
        b_ub=np.zeros(len(A)) if A is not None and len(A) else None,
        A_eq=rows,
        b_eq=values,
        method="highs-ds",
    )
    if result.x is None:
        raise ValueError(
            f"HiGHS found no x >= 0 with M x = b: {result.message} Is the "
            "signal in the generator's range, and M the observed rows?"
        )
    return _solved(M, b, _refined(M, b, result.x))


def signed_pursuit(
    M: np.ndarray, b: np.ndarray, A: np.ndarray | None = None
) -> np.ndarray:
    """Return an x of least sum of abs(x_i) with M x = b; A is not used."""
    _check_equations(M, b, A)
    if np.linalg.matrix_rank(M) == M.shape[1]:
        return _solved(M, b, np.linalg.lstsq(M, b, None)[0])
    x = stability.basis_pursuit(*independent_rows(M, b))
    return _solved(M, b, _refined(M, b, x))


def _refined(M: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return least squares on the support of x, if x is determined by it.

    Where inequalities hold x in place, its columns may be dependent; then x
    is returned as it is.
    """
    on = np.abs(x) > SUPPORT * np.abs(x).max(initial=0)
    if np.linalg.matrix_rank(M[:, on]) < on.sum():
        return x
    better = np.zeros_like(x)
    better[on] = np.linalg.lstsq(M[:, on], b, None)[0]
    return better


def _solved(M: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return x if it solves the equations up to rounding.

    Raises
    ------
    ValueError
        If it does not.
    """
    misfit = np.linalg.norm(M @ x - b)
    if misfit > 1e-6 * max(np.linalg.norm(b), 1e-300):
        raise ValueError(
            f"M x = b has no solution of this kind: the misfit is {misfit:.1e}"
            f" for b of norm {np.linalg.norm(b):.1e}. Is the signal in the "
            "generator's range, and M the observed rows? For a noisy one "
            "give a price."
        )
    return x


def _check_equations(M, b, A):
    fits = M.ndim == 2 and b.shape == M.shape[:1]
    if not fits or (A is not None and A.shape[1:] != M.shape[1:]):
        raise ValueError(
            "M x = b and A x <= 0 need M of shape (r, m), b of shape (r,) "
            f"and A of shape (q, m), but got {M.shape}, {b.shape} and "
            f"{None if A is None else A.shape}."
        )


def nonnegative_lasso(
    M: np.ndarray,
    b: np.ndarray,
    lam: float,
    steps: int = 1000,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Return the x >= 0 that minimises norm(M x - b)**2 / 2 + lam p^T x.

    Parameters
    ----------
    M, b : ndarray, shapes (r, m) and (r,)
        Equations that hold up to noise.
    lam : float
        Price, at least 0; p_j is the norm of column j, so that units are
        treated as if their columns had norm 1.
    steps : int
        Steps of FISTA, each with two products by M.
    start : ndarray, shape (m,), optional
        First guess; 0 by default.

    Notes
    -----
    Source: Beck and Teboulle (2009); the momentum starts afresh whenever it
    points uphill.
    """
    _check_price(lam, steps)
    gram, target = M.T @ M, M.T @ b - lam * np.linalg.norm(M, axis=0)
    step = 1 / max(np.linalg.norm(M, 2) ** 2, 1e-300)
    x = np.zeros(M.shape[1]) if start is None else np.asarray(start, float)
    ahead, t = x, 1.0
    for _ in range(steps):
        new = np.maximum(ahead - step * (gram @ ahead - target), 0)
        if (ahead - new) @ (new - x) > 0:
            t = 1.0
        after = (1 + np.sqrt(1 + 4 * t * t)) / 2
        ahead = new + (t - 1) / after * (new - x)
        x, t = new, after
    return x


def constrained_lasso(
    M: np.ndarray,
    b: np.ndarray,
    A: np.ndarray,
    lam: float,
    steps: int = 2000,
    rho: float = 1.0,
) -> np.ndarray:
    """Return the minimiser of `nonnegative_lasso` under A x <= 0.

    Parameters
    ----------
    M, b, lam, steps : as for `nonnegative_lasso`
    A : ndarray, shape (q, m)
        Rows of the inactive units.
    rho : float
        Weight of the copy u = A x, relative to norm(M)**2 / norm(A)**2.

    Notes
    -----
    Linearised ADMM: u <= 0 is a copy of A x, and q counts how much they
    differ. Each step improves x a little, projects u, and updates q.
    """
    _check_price(lam, steps)
    if not len(A):
        return nonnegative_lasso(M, b, lam, steps)
    size, push = np.linalg.norm(M, 2) ** 2, np.linalg.norm(A, 2) ** 2
    rho = rho * size / max(push, 1e-300)
    price, step = lam * np.linalg.norm(M, axis=0), 1 / (size + rho * push)
    gram, target = M.T @ M, M.T @ b - price
    x, u, q = np.zeros(M.shape[1]), np.zeros(len(A)), np.zeros(len(A))
    for _ in range(steps):
        slope = gram @ x - target + rho * (A.T @ (A @ x - u + q))
        x = np.maximum(x - step * slope, 0)
        u = np.minimum(A @ x + q, 0)
        q = q + A @ x - u
    return x


def _check_price(lam, steps):
    if not lam >= 0 or steps < 1:
        raise ValueError(
            f"lam is at least 0 and steps at least 1, but got {lam} and "
            f"{steps}."
        )


def latent_pursuit(
    gen: ReluGenerator,
    y: np.ndarray,
    lam: float | None = None,
    steps: int = 500,
    support: float = 0.03,
) -> Inversion:
    """Return the inversion that uses what is known about relu.

    Parameters
    ----------
    gen : ReluGenerator
        The generator, of the observed outputs if some are missing.
    y : ndarray, shape (n,)
        The signal.
    lam : float, optional
        Price for a noisy signal, about the noise of one output; None solves
        the layers exactly, by linear programs.
    steps, support : int, float
        With a price: steps at each layer, and the share of the largest
        entry below which a unit gives no equation. An inactive unit that is
        taken for an active one gives a wrong equation; an active one that
        is left out costs an equation only.

    Notes
    -----
    Source: Latent-Pursuit of Aberdam, Simon and Elad (2020): entries are
    not negative, and inactive units give inequalities.
    """
    if lam is None:
        return invert_layerwise(gen, y, nonnegative_pursuit)

    def solve(M, b, A):
        x = constrained_lasso(M, b, A, lam, steps)
        return debiased(M, b, x)

    return invert_layerwise(gen, y, solve, support)


def debiased(
    M: np.ndarray, b: np.ndarray, x: np.ndarray, share: float = 1e-3
) -> np.ndarray:
    """Return least squares on the support of x, without its price.

    The price makes every entry smaller, and the next layer would inherit
    that. Entries below `share` of the largest one count as 0, and so does
    what least squares would make negative.
    """
    on = x > share * x.max(initial=0)
    found = np.zeros_like(x)
    found[on] = np.maximum(np.linalg.lstsq(M[:, on], b, None)[0], 0)
    return found


def layered_basis_pursuit(
    gen: ReluGenerator,
    y: np.ndarray,
    prices: list[float] | None = None,
    steps: int = 1000,
) -> Inversion:
    """Return the inversion that solves a sparse problem for each layer.

    Parameters
    ----------
    gen, y, steps : as for `latent_pursuit`
    prices : list of float, optional
        lam for each layer, the last one first (`error_chain` gives them for
        a known noise); None solves the layers exactly.

    Notes
    -----
    Source: layered basis pursuit of Aberdam, Simon and Elad (2020), after
    Papyan, Romano and Elad (2017): hidden layers are sparse, and nothing
    else is used.
    """
    if prices is None:
        return invert_layerwise(gen, y, signed_pursuit)
    if len(prices) != len(gen.weights) - 1:
        raise ValueError(
            f"One price for each of {len(gen.weights) - 1} hidden layers, "
            f"but got {len(prices)}."
        )
    left = list(prices)

    def solve(M, b, A):
        return signed_lasso(M, b, left.pop(0), steps)

    return invert_layerwise(gen, y, solve)


def signed_lasso(
    M: np.ndarray, b: np.ndarray, lam: float, steps: int = 1000
) -> np.ndarray:
    """Return the x that minimises norm(M x - b)**2 / 2 + lam p^T abs(x).

    Positive and negative parts are the two halves of a nonnegative problem.
    """
    both = nonnegative_lasso(np.hstack([M, -M]), b, lam, steps)
    positive, negative = np.split(both, 2)
    return positive - negative
