"""Fixed points: is there exactly one, and how is it found?"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from topoi.implicit.checks import activation_named, square


class Equilibrium(NamedTuple):
    """What an iteration found.

    Attributes
    ----------
    x : ndarray, shape (..., n)
        The last states.
    steps : int
        Steps that were made.
    gap : float
        Largest change of an entry in the last step.
    converged : bool
        Whether the gap is at most the tolerance.
    """

    x: np.ndarray
    steps: int
    gap: float
    converged: bool


def picard(
    A: np.ndarray,
    q: np.ndarray,
    activation: str = "relu",
    tol: float = 1e-10,
    max_steps: int = 10_000,
    damping: float = 0.0,
    start: np.ndarray | None = None,
) -> Equilibrium:
    """Iterate x <- phi(A x + q) until it stops moving.

    Parameters
    ----------
    A : ndarray, shape (n, n)
    q : ndarray, shape (..., n)
        B u, one row per input.
    activation : {"relu", "tanh"}
    tol : float
        Largest change of an entry that counts as none.
    max_steps : int
    damping : float
        A share of the old states that each step keeps.
    start : ndarray, optional
        First states; zeros otherwise.

    Returns
    -------
    Equilibrium
        `converged` is False if the states diverged or went on moving.

    Notes
    -----
    If S|A|S^-1 has row sums of at most k < 1 for a positive diagonal S, the
    error is at most gap * k / (1 - k) in the norm max |S x|: see
    `error_bound`. O(n^2) per step and input.
    """
    A, q = square(A), np.asarray(q)
    if q.shape[-1:] != A.shape[:1]:
        raise ValueError(
            f"A has {len(A)} rows, so q has shape (..., {len(A)}); got "
            f"{q.shape}."
        )
    phi = activation_named(activation).value
    x = np.zeros_like(phi(q)) if start is None else np.asarray(start)
    step, gap = 0, np.inf
    for step in range(1, max_steps + 1):  # noqa: B007
        new = phi(x @ A.T + q)
        if damping:
            new = damping * x + (1 - damping) * new
        gap = float(np.abs(new - x).max(initial=0))
        x = new
        if gap <= tol or not gap < 1e100:
            break
    return Equilibrium(x, step, gap, gap <= tol)


def error_bound(gap: float, rate: float) -> float:
    """Return how far the limit can be, from the last change of an iteration.

    Parameters
    ----------
    gap : float
        Distance between the last two iterates.
    rate : float
        The iteration contracts by this factor, below 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"A contraction has a rate below 1, got {rate}.")
    return gap * rate / (1 - rate)


def newton(
    A: np.ndarray,
    q: np.ndarray,
    activation: str = "relu",
    tol: float = 1e-12,
    max_steps: int = 50,
) -> Equilibrium:
    """Solve x = phi(A x + q) by Newton's method, one row of q at a time.

    Each step replaces phi by its tangent at z = A x + q and solves the linear
    system that remains. For ReLU the tangent is the pattern of units that
    are on, so the method is exact as soon as the pattern is right.

    Returns
    -------
    Equilibrium
        `converged` is False if the patterns go round in a circle. The gap is
        the largest of |x - phi(A x + q)|.
    """
    A, q = square(A), np.asarray(q, "float64")
    phi, slope = activation_named(activation)
    one, rows = np.eye(len(A)), q.reshape(-1, len(A))
    x, step, gap = phi(rows), 0, np.inf
    for step in range(1, max_steps + 1):  # noqa: B007
        value = phi(x @ A.T + rows)
        rate = slope(value)[:, :, np.newaxis]  # (m, n, 1)
        residual = (value - x)[:, :, np.newaxis]
        x = x + np.linalg.solve(one - rate * A, residual)[:, :, 0]
        gap = float(np.abs(x - phi(x @ A.T + rows)).max(initial=0))
        if gap <= tol or not np.isfinite(gap):
            break
    return Equilibrium(x.reshape(q.shape), step, gap, gap <= tol)


# -- well-posedness ---------------------------------------------------------


def pf_radius(A: np.ndarray) -> float:
    """Return the Perron-Frobenius eigenvalue: the spectral radius of |A|.

    Below 1, x = phi(A x + q) has exactly one solution for every q.
    """
    A = np.abs(square(A).astype("float64"))
    return float(np.abs(np.linalg.eigvals(A)).max(initial=0))


def scaling(A: np.ndarray, rate: float) -> np.ndarray:
    """Return a positive v with |A| v <= rate v, for a rate above `pf_radius`.

    Raises
    ------
    ValueError
        If the rate is not above the Perron-Frobenius eigenvalue.

    Notes
    -----
    v = (I - |A| / rate)^-1 1, the sum of all (|A| / rate)^k 1. So v >= 1, and
    |A| v = rate (v - 1), whether or not |A| is irreducible.
    """
    A = np.abs(square(A).astype("float64"))
    if not rate > pf_radius(A):
        raise ValueError(
            f"The rate must lie above pf_radius(A) = {pf_radius(A):.4g}, got "
            f"{rate}."
        )
    return np.linalg.solve(np.eye(len(A)) - A / rate, np.ones(len(A)))


def pf_rescale(model, rate: float):
    """Return the same ReLU function with all row norms of A at most `rate`.

    Parameters
    ----------
    model : ImplicitModel
    rate : float
        Above ``pf_radius(model.A)``, as close as you like.

    Returns
    -------
    ImplicitModel
        (S A S^-1, S B, C S^-1, D) with S = diag(1 / v), v of `scaling`.

    Notes
    -----
    Needs phi(s z) = s phi(z) for s > 0, so it holds for ReLU and not for
    tanh.
    """
    v = scaling(model.A, rate)
    return model._replace(
        A=model.A * v / v[:, np.newaxis],
        B=model.B / v[:, np.newaxis],
        C=model.C * v,
    )


def certificate(A: np.ndarray) -> list[Fraction] | None:
    """Return an exact certificate that A is well-posed, or None.

    Returns
    -------
    list of Fraction or None
        Positive v with |A| v < v, checked in fractions, so no rounding is
        left. None if there is none, or if floats cannot find it.
    """
    A = square(A)
    radius = pf_radius(A)
    if radius >= 1:
        return None
    v = [Fraction(float(w)) for w in scaling(A, (1 + radius) / 2)]
    exact = [[abs(Fraction(a)) for a in row] for row in A.tolist()]
    sums = [sum(a * w for a, w in zip(row, v, strict=True)) for row in exact]
    good = all(0 <= s < w for s, w in zip(sums, v, strict=True))
    return v if good else None


def relu_solutions(A, q) -> list[list[Fraction]]:
    """Return every solution of x = relu(A x + q), exactly.

    Tries all 2^n patterns of units that are on. Meant for n up to about 12.

    Raises
    ------
    ValueError
        If a pattern leaves infinitely many solutions.
    """
    import sympy

    n = len(A)
    A = sympy.Matrix([[sympy.Rational(str(a)) for a in row] for row in A])
    q = sympy.Matrix([sympy.Rational(str(b)) for b in q])
    found = []
    for bits in range(2**n):
        on = [i for i in range(n) if bits >> i & 1]
        inner = sympy.eye(len(on)) - A.extract(on, on)
        right = q.extract(on, [0])
        if inner.det() == 0:
            if inner.row_join(right).rank() == inner.rank():
                raise ValueError(f"Infinitely many solutions with {on} on.")
            continue
        x = sympy.zeros(n, 1)
        for i, value in zip(on, inner.LUsolve(right), strict=True):
            x[i] = value
        z = A * x + q
        right_signs = all((z[i] > 0) == (i in on) for i in range(n))
        if right_signs:
            found.append([Fraction(int(v.p), int(v.q)) for v in x])
    return found
