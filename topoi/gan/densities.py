"""The game on known densities: best answers, divergences, distances."""

import numpy as np
import scipy.special


def optimal_discriminator(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the best answer to a generator of density `q`: p / (p + q).

    Parameters
    ----------
    p, q : ndarray, same shape
        Densities of data and generator at the same points.

    Returns
    -------
    ndarray, same shape
        Probability that a sample found there is real; 1/2 where neither
        density puts any mass.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is negative or not finite.

    Notes
    -----
    Source: Goodfellow et al. (2014), proposition 1.
    """
    p, q = _densities(p, q)
    total = p + q
    return np.divide(p, total, out=np.full(p.shape, 0.5), where=total > 0)


def game_value(
    d: np.ndarray, p: np.ndarray, q: np.ndarray, dx: float
) -> float:
    """Return the discriminator's expected log score, in nats.

    Parameters
    ----------
    d : ndarray
        Answers of the discriminator on a grid, from 0 to 1.
    p, q : ndarray, same shape
        Densities of data and generator on that grid.
    dx : float
        Length, area or volume that belongs to one point.

    Returns
    -------
    float
        Sum of ``p log d + q log(1 - d)``, times dx; 0 log 0 counts as 0.
        Minus infinity where `d` is exactly 0 or 1 beside a density that says
        otherwise; `optimal_discriminator` is rounded to that where one
        density is 1e16 times the other.

    Raises
    ------
    ValueError
        As for `optimal_discriminator`, or if `d` leaves [0, 1].
    """
    p, q = _densities(p, q)
    d = np.asarray(d, float)
    if d.shape != p.shape or not ((d >= 0) & (d <= 1)).all():
        raise ValueError(
            "d must hold one probability a grid point, of shape "
            f"{p.shape}, but has shape {d.shape} and values "
            f"{d.min(initial=0)} to {d.max(initial=0)}. Logits? Apply the "
            "logistic function first."
        )
    xlogy, xlog1py = scipy.special.xlogy, scipy.special.xlog1py
    return float(np.sum(xlogy(p, d) + xlog1py(q, -d)) * dx)


def js_divergence(p: np.ndarray, q: np.ndarray, dx: float) -> float:
    """Return the Jensen-Shannon divergence of two densities, in nats.

    Half the Kullback-Leibler divergences of `p` and of `q` from their mean:
    between 0, for equal densities, and log 2, for disjoint ones. Arguments
    and errors are those of `game_value`.
    """
    p, q = _densities(p, q)
    mean = (p + q) / 2
    entropies = scipy.special.rel_entr(p, mean)
    entropies = entropies + scipy.special.rel_entr(q, mean)
    return float(np.sum(entropies) * dx / 2)


def wasserstein_1d(p: np.ndarray, q: np.ndarray, dx: float) -> float:
    """Return the Wasserstein-1 distance of two densities on a line.

    The area between the two distribution functions. Arguments and errors
    are those of `game_value`, for one-dimensional grids of even spacing.
    """
    p, q = _densities(p, q)
    if p.ndim != 1:
        raise ValueError(
            "wasserstein_1d needs densities on a line, but they have shape "
            f"{p.shape}. In more dimensions, solve the transport problem."
        )
    return float(np.abs(np.cumsum(p - q)).sum() * dx**2)


def _densities(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, q = np.asarray(p, float), np.asarray(q, float)
    if p.shape != q.shape:
        raise ValueError(
            "p and q must be given at the same points, but their shapes are "
            f"{p.shape} and {q.shape}. Evaluate both on one grid."
        )
    for name, values in (("p", p), ("q", q)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise ValueError(
                f"The density {name} must be finite and not negative, but "
                f"its values run from {values.min()} to {values.max()}."
            )
    return p, q
