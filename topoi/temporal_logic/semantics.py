"""What a formula says about a signal: true or false, and by which margin.

Signals have shape (..., time, channels). The value of a formula at time t
needs the samples up to t + `horizon`, so it has that many entries fewer.
"""

import numpy as np

from topoi.temporal_logic.syntax import (
    Always,
    And,
    Atom,
    Eventually,
    Formula,
    FormulaError,
    Not,
    Or,
    atoms,
    horizon,
)


def soft_min(
    r: np.ndarray,
    w: np.ndarray | None = None,
    sigma: float = 1.0,
    axis: int = -1,
) -> np.ndarray:
    """Return the weighted soft minimum of values along an axis.

    Parameters
    ----------
    r : array
        Satisfactions.
    w : array, optional
        One weight >= 0 for each entry along `axis`, not all 0; equal weights
        by default. Only their ratios count.
    sigma : float
        Softness. At 0 the result is the least value with a positive weight.
    axis : int
        What is combined.

    Returns
    -------
    array
        The mean of r with weights ``w_j exp(-r_j / sigma)``.

    Raises
    ------
    ValueError
        If the weights do not fit, one is negative, or sigma is.

    Notes
    -----
    Exponents are shifted by their maximum, so nothing overflows. Source:
    the authors' sample code of Yan and Julius (2021), which has sigma = 1.
    """
    r = np.moveaxis(np.asarray(r, float), axis, -1)
    w = _weights(w, r.shape[-1])
    if not sigma >= 0:
        raise ValueError(f"sigma is a softness >= 0, got {sigma}.")
    r, w = r[..., w > 0], w[w > 0]
    if sigma == 0:
        return r.min(-1)
    return (_shares(r, w, sigma) * r).sum(-1)


def _weights(w, count: int) -> np.ndarray:
    w = np.ones(count) if w is None else np.asarray(w, float)
    if w.shape != (count,):
        raise ValueError(f"{count} weights are needed, got shape {w.shape}.")
    if not (w >= 0).all() or not w.any() or not np.isfinite(w).all():
        raise ValueError(
            "Weights are finite, >= 0, and at least one is positive, got "
            f"{w.tolist()}."
        )
    return w


def _shares(r: np.ndarray, w: np.ndarray, sigma: float) -> np.ndarray:
    """Return q: how much each entry takes part in the mean; rows sum to 1."""
    exponent = np.log(w) - r / sigma
    q = np.exp(exponent - exponent.max(-1, keepdims=True))
    return q / q.sum(-1, keepdims=True)


def soft_min_gradient(
    r: np.ndarray, w: np.ndarray, sigma: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives of `soft_min` of one vector by r and by w.

    Parameters
    ----------
    r, w : array, shape (n,)
        Satisfactions, and positive weights.
    sigma : float
        Softness, above 0.

    Returns
    -------
    array, shape (n,)
        ``q_j (1 - (r_j - A) / sigma)``: negative where r_j > A + sigma.
    array, shape (n,)
        ``q_j (r_j - A) / w_j``; its product with w is 0, because only the
        ratios of the weights count.
    """
    r, w = np.asarray(r, float), _weights(w, len(r))
    if not sigma > 0 or not (w > 0).all():
        raise ValueError(
            "Derivatives need sigma > 0 and positive weights, got sigma = "
            f"{sigma}, w = {w.tolist()}."
        )
    q = _shares(r, w, sigma)
    distance = r - q @ r
    return q * (1 - distance / sigma), q * distance / w


def soft_min_gap(r: np.ndarray, w: np.ndarray, sigma: float) -> float:
    """Return how far `soft_min` may lie above the minimum: its bound.

    ``sigma (1 - v) / (e v)``, where v is the share of all weights that
    belongs to the least r. Source: theorem of the chapter.
    """
    w = _weights(w, len(r))
    least = np.where(w > 0, r, np.inf).argmin()
    v = w[least] / w.sum()
    return sigma * (1 - v) / (np.e * v)


# -- whole formulas -----------------------------------------------------------


def satisfies(formula: Formula, x: np.ndarray) -> np.ndarray:
    """Return whether signals satisfy a formula, at each time.

    Parameters
    ----------
    formula : Formula
        Parts with weight 0 are left out; other weights do not matter.
    x : array, shape (..., time, channels)

    Returns
    -------
    array of bool, shape (..., time - horizon)
    """
    x = _signal(formula, x)
    return _truth(formula, x)


def _truth(formula: Formula, x: np.ndarray) -> np.ndarray:
    match formula:
        case Atom(a, b):
            return x @ np.array(a) >= b
        case Not(part):
            return ~_truth(part, x)
        case And(parts, weights):
            return _stack([_truth(p, x) for p in parts], weights).all(-1)
        case Or(parts, weights):
            return _stack([_truth(p, x) for p in parts], weights).any(-1)
        case Always(part, start, stop, weights):
            return _window(_truth(part, x), start, stop, weights).all(-1)
        case Eventually(part, start, stop, weights):
            return _window(_truth(part, x), start, stop, weights).any(-1)
    raise FormulaError(f"{formula!r} is no formula.")


def _stack(values: list[np.ndarray], weights) -> np.ndarray:
    """Return the parts that count, (..., time, parts)."""
    length = min(v.shape[-1] for v in values)
    joined = np.stack([v[..., :length] for v in values], -1)
    return joined if weights is None else joined[..., np.array(weights) > 0]


def _window(value: np.ndarray, start: int, stop: int, weights) -> np.ndarray:
    """Return each time's window, (..., time - stop, kept times)."""
    views = np.lib.stride_tricks.sliding_window_view(
        value, stop - start + 1, axis=-1
    )[..., start:, :]
    return views if weights is None else views[..., np.array(weights) > 0]


def stl_robustness(formula: Formula, x: np.ndarray) -> np.ndarray:
    """Return the margin of a formula by exact minima and maxima.

    Weights other than 0 do not matter. Its sign decides: a positive margin
    means that the formula holds, a negative one that it does not. Source:
    Donze and Maler (2010).

    Parameters
    ----------
    formula : Formula
    x : array, shape (..., time, channels)

    Returns
    -------
    array, shape (..., time - horizon)
    """
    return wstl_robustness(formula, x, sigma=0)


def wstl_robustness(
    formula: Formula, x: np.ndarray, sigma: float = 1.0
) -> np.ndarray:
    """Return the weighted quantitative satisfaction of a formula.

    Parameters
    ----------
    formula : Formula
    x : array, shape (..., time, channels)
    sigma : float
        Softness of every minimum and maximum; 0 makes them exact.

    Returns
    -------
    array, shape (..., time - horizon)
    """
    x = _signal(formula, x)
    return _margin(formula, x, sigma)


def _margin(formula: Formula, x: np.ndarray, sigma: float) -> np.ndarray:
    def soft(values, weights):
        w = None if weights is None else [w for w in weights if w > 0]
        return soft_min(values, w, sigma)

    match formula:
        case Atom(a, b):
            return x @ np.array(a) - b
        case Not(part):
            return -_margin(part, x, sigma)
        case And(parts, w):
            r = _stack([_margin(p, x, sigma) for p in parts], w)
            return soft(r, w)
        case Or(parts, w):
            r = _stack([_margin(p, x, sigma) for p in parts], w)
            return -soft(-r, w)
        case Always(part, start, stop, w):
            return soft(_window(_margin(part, x, sigma), start, stop, w), w)
        case Eventually(part, start, stop, w):
            r = _window(_margin(part, x, sigma), start, stop, w)
            return -soft(-r, w)
    raise FormulaError(f"{formula!r} is no formula.")


def _signal(formula: Formula, x) -> np.ndarray:
    """Return x as floats; refuse what the formula cannot be asked about."""
    x = np.asarray(x, float)
    if x.ndim < 2:
        raise ValueError(
            f"A signal has shape (..., time, channels), got {x.shape}; for "
            "one channel write x[:, None]."
        )
    if not np.isfinite(x).all():
        raise ValueError("The signal contains NaN or infinity.")
    width = _channels(formula)
    if x.shape[-1] != width:
        raise ValueError(
            f"The formula speaks about {width} channels, the signal has "
            f"{x.shape[-1]}."
        )
    needed = horizon(formula) + 1
    if x.shape[-2] < needed:
        raise ValueError(
            f"The formula looks at {needed} steps, the signal has only "
            f"{x.shape[-2]}."
        )
    return x


def _channels(formula: Formula) -> int:
    widths = {len(atom.a) for atom in atoms(formula)}
    if len(widths) != 1:
        raise FormulaError(
            f"The atoms speak about different numbers of channels: {widths}."
        )
    return widths.pop()
