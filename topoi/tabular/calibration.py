"""Does it rain on 70 % of the days with "70 %"? Probabilities, judged."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_expit


class Reliability(NamedTuple):
    """Forecasts in bins, without the empty ones."""

    count: np.ndarray  # forecasts in the bin
    forecast: np.ndarray  # their mean
    share: np.ndarray  # share of them that came true
    low: np.ndarray  # of Wilson's interval for that share
    high: np.ndarray


class BrierParts(NamedTuple):
    """Brier score = reliability - resolution + uncertainty."""

    reliability: float  # squared distance of forecasts from their shares
    resolution: float  # squared distance of the shares from the overall one
    uncertainty: float  # of the outcome itself, share (1 - share)


def check_forecasts(p: np.ndarray, y: np.ndarray) -> tuple:
    """Return forecasts and outcomes as arrays, both checked.

    Raises
    ------
    ValueError
        If shapes differ, there are none, a forecast is not from 0 to 1, or
        an outcome is neither 0 nor 1.
    """
    p, y = np.asarray(p), np.asarray(y)
    if p.ndim != 1 or p.shape != y.shape or not p.size:
        raise ValueError(
            f"p and y need one shape (n,), n > 0, but have {p.shape} and "
            f"{y.shape}."
        )
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p is no probability: it leaves 0 to 1, or is NaN.")
    if not np.isin(y.astype(float), (0, 1)).all():
        raise ValueError("y holds other outcomes than 0 and 1.")
    return p, y


def reliability(p: np.ndarray, y: np.ndarray, bins: int = 10) -> Reliability:
    """Return forecasts in bins of equal width beside what came true.

    Parameters
    ----------
    p : ndarray
        Forecast probabilities of a 1, shape (n,).
    y : ndarray
        What came, 0 or 1, shape (n,).
    bins : int
        Bins from 0 to 1; the upper edge belongs to the next bin, 1 to the
        last one.
    """
    p, y = check_forecasts(p, y)
    place = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    full = count > 0
    n = count[full]
    forecast = np.bincount(place, p, bins)[full] / n
    share = np.bincount(place, y, bins)[full] / n
    return Reliability(n, forecast, share, *wilson_interval(share, n))


def wilson_interval(
    share: np.ndarray, n: np.ndarray, z: float = 1.96
) -> tuple[np.ndarray, np.ndarray]:
    """Return which true shares a share of n trials is compatible with.

    `z` standard deviations, 1.96 for 95 %. The ends stay between 0 and 1,
    and a share of 0 or 1 still has an interval.
    """
    share, n = np.asarray(share, float), np.asarray(n, float)
    middle = share + z**2 / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def expected_calibration_error(
    p: np.ndarray, y: np.ndarray, bins: int = 10
) -> float:
    """Return the mean distance of bins' forecasts from what came true."""
    found = reliability(p, y, bins)
    gaps = np.abs(found.forecast - found.share)
    return float(np.sum(found.count * gaps) / np.sum(found.count))


def brier_score(p: np.ndarray, y: np.ndarray) -> float:
    """Return the mean squared distance of forecasts from outcomes."""
    p, y = check_forecasts(p, y)
    return np.mean((p - y) ** 2)


def brier_parts(p: np.ndarray, y: np.ndarray) -> BrierParts:
    """Split the Brier score of forecasts that take a few values.

    Exact for fractions: arrays of `fractions.Fraction` give fractions.

    Parameters
    ----------
    p : ndarray
        Forecasts, shape (n,); equal ones are judged together.
    y : ndarray
        Outcomes 0 and 1, shape (n,).
    """
    p, y = check_forecasts(p, y)
    overall = np.sum(y) / len(y)
    off, spread = 0, 0
    for value in np.unique(p):
        came = y[p == value]
        share = np.sum(came) / len(came)
        off += len(came) * (value - share) ** 2
        spread += len(came) * (share - overall) ** 2
    return BrierParts(off / len(y), spread / len(y), overall * (1 - overall))


def logit_loss(logits: np.ndarray, y: np.ndarray) -> float:
    """Return the mean of -log p(y), with p = 1 / (1 + exp(-logit))."""
    signs = 2 * np.asarray(y, float) - 1
    return float(-np.mean(log_expit(signs * logits)))


def fit_temperature(
    logits: np.ndarray, y: np.ndarray, steps: int = 60
) -> float:
    """Return the T for which logits / T have the smallest logit loss.

    In b = 1/T the loss is convex, with slope mean(z (expit(b z) - y)), so
    the slope's zero is found by halving an interval.

    Parameters
    ----------
    logits : ndarray
        Of rows that the model was not trained on, shape (n,).
    y : ndarray
        Labels 0 and 1, shape (n,).

    Raises
    ------
    ValueError
        If no temperature is best: the logits separate the labels (T = 0), or
        they rank no better than chance (T infinite).
    """
    z, y = np.asarray(logits, float), np.asarray(y, float)
    if z.ndim != 1 or z.shape != y.shape or not z.size:
        raise ValueError(
            f"logits and y need one shape (n,), but have {z.shape}, {y.shape}."
        )

    def slope(b: float) -> float:
        return float(np.mean(z * (expit(b * z) - y)))

    if ((2 * y - 1) * z > 0).all():
        raise ValueError("The logits separate the labels: T would be 0.")
    low, high = 0.0, 1.0
    if slope(low) >= 0:
        raise ValueError("The logits are no better than chance: T infinite.")
    while slope(high) < 0:
        low, high = high, 2 * high
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 2 / (low + high)
