"""When is the latent the only one? Coherence, spark, ranks, dual vectors."""

import math
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.stats import binom

from topoi.inversion.generators import ReluGenerator

MOST_SUBSETS = 200_000  # what a search over all subsets may visit
AT_ONCE = 20_000  # subsets whose ranks are computed together


def _matrix(W: np.ndarray, name: str) -> np.ndarray:
    W = np.asarray(W, float)
    if W.ndim != 2 or not W.size or not np.isfinite(W).all():
        raise ValueError(
            f"{name} needs a finite matrix with rows and columns, but got "
            f"shape {W.shape}."
        )
    return W


def coherence(W: np.ndarray) -> float:
    """Return the largest abs(cosine) between two columns of W.

    Raises
    ------
    ValueError
        If W has fewer than two columns, or a column is zero.
    """
    W = _matrix(W, "coherence")
    norms = np.linalg.norm(W, axis=0)
    if W.shape[1] < 2 or not norms.all():
        raise ValueError(
            "coherence compares directions, so it needs at least two columns "
            "and none of them zero."
        )
    unit = W / norms
    cosines = np.abs(unit.T @ unit)
    np.fill_diagonal(cosines, 0)
    return float(cosines.max())


def subsets(size: int, k: int):
    """Yield arrays (at most AT_ONCE, k) that hold all k-subsets of a range.

    Raises
    ------
    ValueError
        If there are more than MOST_SUBSETS of them.
    """
    if math.comb(size, k) > MOST_SUBSETS:
        raise ValueError(
            f"{size} things have {math.comb(size, k):,} subsets of {k}: too "
            "many to visit. Use coherence for a bound."
        )
    found = combinations(range(size), k)
    while block := list(islice(found, AT_ONCE)):
        yield np.array(block, int).reshape(len(block), k)


def spark(W: np.ndarray) -> float:
    """Return the least number of columns of W that are dependent.

    Parameters
    ----------
    W : ndarray, shape (n, m)
        Real matrix.

    Returns
    -------
    int, or inf
        Infinite if all columns together are independent.

    Notes
    -----
    Visits all subsets of columns, so it takes exponential time.
    Source: Donoho and Elad (2003).
    """
    W = _matrix(W, "spark")
    n, m = W.shape
    for k in range(1, min(n, m) + 1):
        for block in subsets(m, k):
            # columns of each subset: (subsets, n, k) -> rank (subsets,)
            ranks = np.linalg.matrix_rank(W[:, block].transpose(1, 0, 2))
            if (ranks < k).any():
                return k
    return n + 1 if m > n else math.inf


def sub_spark(W: np.ndarray, s: int) -> float:
    """Return the smallest spark that `s` rows of W have."""
    W = _matrix(W, "sub_spark")
    rows = [r for block in subsets(len(W), _count(s, W)) for r in block]
    return min(spark(W[r]) for r in rows)


def sub_rank(W: np.ndarray, s: int) -> int:
    """Return the smallest rank that `s` rows of W have."""
    W = _matrix(W, "sub_rank")
    blocks = subsets(len(W), _count(s, W))
    return int(min(np.linalg.matrix_rank(W[b]).min() for b in blocks))


def _count(s: int, W: np.ndarray) -> int:
    if not 1 <= s <= len(W):
        raise ValueError(f"s is between 1 and {len(W)} rows, but got {s}.")
    return s


def dual_vector(
    M: np.ndarray, active: np.ndarray, price: float = 0.0
) -> np.ndarray | None:
    """Return a vector that proves an x >= 0 with M x = b to be the only one.

    Parameters
    ----------
    M : ndarray, shape (r, m)
        The equations.
    active : ndarray of bool, shape (m,)
        Where x is positive.
    price : float
        0 for the only solution, 1 for the only solution of least sum.

    Returns
    -------
    ndarray of shape (r,), or None
        w with ``M.T @ w`` equal to `price` where x is positive and smaller
        elsewhere; None if there is no such vector, or if the active columns
        are dependent.
    """
    M, active = _matrix(M, "dual_vector"), np.asarray(active, bool)
    on, off = M[:, active], M[:, ~active]
    if active.any() and np.linalg.matrix_rank(on) < on.shape[1]:
        return None
    if not off.size:
        return np.linalg.lstsq(on.T, np.full(on.shape[1], price), None)[0]
    # unknowns: w (r,) and a margin t <= 1; maximise t
    result = linprog(
        np.append(np.zeros(len(M)), -1.0),
        A_ub=np.column_stack([off.T, np.ones(off.shape[1])]),
        b_ub=np.full(off.shape[1], price),
        A_eq=np.column_stack([on.T, np.zeros(on.shape[1])]),
        b_eq=np.full(on.shape[1], price),
        bounds=[(None, None)] * len(M) + [(None, 1.0)],
        method="highs",
    )
    found = result.x is not None and result.x[-1] > 1e-6
    return result.x[:-1] if found else None


class LayerReport(NamedTuple):
    """What is known about one step of an inversion, from x_(i+1) to x_i."""

    layer: int  # i; 0 is the latent
    units: int  # n_i
    active: int  # s_i, entries of x_i that are not zero
    equations: int  # rows that count: s_(i+1), or the outputs
    rank: int  # of these rows
    because: str  # "linear", "nonnegative", "least sum", or "unknown"


class Certificate(NamedTuple):
    """What is known about one signal: see `certify`."""

    layers: list[LayerReport]  # from the output to the latent
    unique: bool  # no other latent gives this signal
    recoverable: bool  # nonnegative pursuit finds it
    flat: bool  # latents next to it give the same signal


def certify(gen: ReluGenerator, z: np.ndarray) -> Certificate:
    """Return what proves that no other latent gives the signal of z.

    Parameters
    ----------
    gen : ReluGenerator
        The generator; of the observed outputs if some are missing.
    z : ndarray, shape (n_0,)
        The latent.

    Returns
    -------
    Certificate
        Each layer is "linear" if the rows that count have full column rank,
        "nonnegative" if a `dual_vector` of price 0 shows that x_i is the
        only solution without negative entries, "least sum" if one of price
        1 shows that pursuit finds it, and "unknown" otherwise.
    """
    hidden = gen.layers(z)
    states = [np.asarray(z, float), *hidden]
    rows, reports = np.ones(gen.widths[-1], bool), []
    for i in range(len(hidden), -1, -1):
        M, active = gen.weights[i][rows], states[i] != 0
        rank = int(np.linalg.matrix_rank(M)) if len(M) else 0
        why = _reason(M, active, rank, i)
        sizes = len(active), int(active.sum()), len(M)
        reports.append(LayerReport(i, *sizes, rank, why))
        rows = states[i] > 0
    reasons = {r.because for r in reports}
    flat = np.linalg.matrix_rank(gen.active_map(z)) < gen.widths[0]
    return Certificate(
        reports,
        unique=reasons <= {"linear", "nonnegative"},
        recoverable="unknown" not in reasons,
        flat=bool(flat),
    )


def _reason(M, active, rank, layer) -> str:
    """Return why a step has one solution, or "unknown"."""
    if rank == M.shape[1]:
        return "linear"
    if layer == 0 or not len(M):
        return "unknown"
    if dual_vector(M, active) is not None:
        return "nonnegative"
    if dual_vector(M, active, price=1.0) is not None:
        return "least sum"
    return "unknown"


def chance_in_halfspace(vectors: int, dimension: int) -> float:
    """Return the chance that random vectors lie in one open half space.

    For independent vectors whose distribution does not change under
    x -> -x, and in general position. Source: Wendel (1962).
    """
    if vectors <= dimension:
        return 1.0
    return float(binom.cdf(dimension - 1, vectors - 1, 0.5))


def chance_certified(latent: int, units: int, outputs: int) -> float:
    """Return the chance that `certify` calls a random latent unique.

    Parameters
    ----------
    latent, units, outputs : int
        n_0, n_1 and n of a generator with one hidden layer and independent
        standard normal weights; z is standard normal too.

    Notes
    -----
    s of the n_1 units are active, as heads of a fair coin. The latent needs
    s >= n_0. The n_1 - s other columns, projected on the n - s dimensions
    that the active ones leave, need a half space: `chance_in_halfspace`.
    """
    counts = np.arange(latent, min(units, outputs) + 1)
    chances = [chance_in_halfspace(units - s, outputs - s) for s in counts]
    return float(np.sum(binom.pmf(counts, units, 0.5) * chances))


def error_chain(
    gen: ReluGenerator, z: np.ndarray, noise: float
) -> tuple[list[float], float]:
    """Return the prices and the error bound of layered basis pursuit.

    Parameters
    ----------
    gen : ReluGenerator
        With linear output.
    z : ndarray, shape (n_0,)
        The latent.
    noise : float
        Euclidean norm of the noise on the signal, above 0.

    Returns
    -------
    prices : list of float
        lam for each layer, from the last one to the first.
    bound : float
        Of the Euclidean error of the latent; infinite if a layer has too
        many active units, s >= (1 + 1 / mu) / 3.

    Notes
    -----
    One layer whose data are wrong by eps finds the support and errs by at
    most (3 + sqrt(1.5)) eps in each entry, for lam = 2 eps and unit
    columns; other columns are scaled.
    """
    hidden, eps, prices = gen.layers(z), float(noise), []
    rows, safe = np.ones(gen.widths[-1], bool), True
    for W, x in zip(gen.weights[:0:-1], hidden[::-1], strict=True):
        M, s = W[rows], int(np.sum(x > 0))
        mu, least = coherence(M), np.linalg.norm(M, axis=0).min()
        safe &= 3 * s * mu < 1 + mu
        prices.append(2 * eps)
        error = (3 + math.sqrt(1.5)) * eps / least
        safe &= bool(x[x > 0].min(initial=math.inf) > error)
        eps, rows = error * math.sqrt(s), x > 0
    last = np.linalg.svd(gen.weights[0][rows], compute_uv=False)
    full = len(last) == gen.widths[0] and last[-1] > 1e-12
    return prices, eps / float(last[-1]) if safe and full else math.inf
