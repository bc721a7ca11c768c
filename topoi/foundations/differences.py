"""Gradients by finite differences, the oracle of every other gradient."""

from collections.abc import Callable, Sequence

import numpy as np

from topoi.foundations.tape import Var


def central_differences(
    f: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-6
) -> np.ndarray:
    """Return the gradient of `f` at `x`, two evaluations per entry.

    Parameters
    ----------
    f : callable
        From an array like `x` to one number.
    x : array_like
        Where; float64 is used whatever comes.
    step : float
        How far each entry is moved, up and down. The error falls with its
        square until rounding, which grows like 1 / step, takes over.

    Returns
    -------
    ndarray of float64, shape of `x`

    Raises
    ------
    ValueError
        If `step` is not positive.
    """
    if not step > 0:
        raise ValueError(f"step must be positive, for example 1e-6: {step}.")
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        here = x[index]
        x[index] = here + step
        up = f(x.copy())
        x[index] = here - step
        down = f(x.copy())
        x[index] = here
        gradient[index] = (up - down) / (2 * step)
    return gradient


def relative_gap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference, as a share of the largest entry.

    Two arrays of zeros have gap 0. The measure has no unit and no floor, so
    a loss that is multiplied by 1000 leaves it alone.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    size = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    return float(np.abs(a - b).max(initial=0) / size) if size else 0.0


def grad_check(
    f: Callable[..., Var],
    params: Sequence[np.ndarray],
    step: float = 1e-6,
) -> float:
    """Compare the tape with central differences.

    Parameters
    ----------
    f : callable
        ``f(*params)`` computes one number from `Var` objects.
    params : sequence of array_like
        Where to compare; each becomes a `Var`.
    step : float
        Of the differences.

    Returns
    -------
    float
        The largest `relative_gap` of any parameter: about 1e-9 for a right
        gradient, near 1 for a wrong one. A relu that switches within `step`
        of its corner disturbs the comparison.

    Raises
    ------
    TypeError
        If `f` returns something else than a `Var`.
    ValueError
        If there are no parameters, or the result is not one number.
    """
    params = [np.array(p, dtype=np.float64) for p in params]
    if not params:
        raise ValueError("grad_check needs at least one parameter: f(w).")
    tape = [Var(p) for p in params]
    result = f(*tape)
    if not isinstance(result, Var):
        raise TypeError(
            "grad_check needs a function that returns a Var, got "
            f"{type(result).__name__}. Did it convert to NumPy on the way?"
        )
    result.backward()
    gaps = []
    for k, var in enumerate(tape):

        def only(p, k=k):
            others = [Var(q) for q in params]
            others[k] = Var(p)
            return f(*others).value.item()

        slope = np.zeros_like(params[k])
        slope = slope if var.adjoint is None else var.adjoint
        gaps.append(
            relative_gap(slope, central_differences(only, params[k], step))
        )
    return max(gaps)
