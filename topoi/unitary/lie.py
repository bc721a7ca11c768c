"""From free numbers to orthonormal columns, in double precision.

A matrix `lower` of shape (n, r), n >= r, holds the parameters: its entries
below the diagonal count, all others are ignored. Its columns become the first
columns of a skew-symmetric matrix A, and a map takes A to a rotation, of which
the first r columns are kept.
"""

import numpy as np
from scipy.linalg import expm as scipy_expm


def stiefel_dimension(n: int, r: int) -> int:
    """Return how many free numbers r orthonormal columns of length n have.

    Raises
    ------
    ValueError
        Unless 1 <= r <= n.
    """
    if not 1 <= r <= n:
        raise ValueError(
            f"r orthonormal columns of length n need 1 <= r <= n, got n = {n},"
            f" r = {r}. For a wide matrix swap the two and transpose."
        )
    return n * r - r * (r + 1) // 2


def lower_from_flat(flat: np.ndarray, n: int, r: int) -> np.ndarray:
    """Return the (n, r) matrix whose entries below the diagonal are `flat`.

    Row by row. `flat` has shape (stiefel_dimension(n, r),).
    """
    flat = np.asarray(flat)
    due = stiefel_dimension(n, r)
    if flat.shape != (due,):
        raise ValueError(
            f"{n} x {r} needs {due} numbers in one axis, got shape "
            f"{flat.shape}."
        )
    lower = np.zeros((n, r), flat.dtype)
    lower[np.tril_indices(n, -1, r)] = flat
    return lower


def skew_from_lower(lower: np.ndarray) -> np.ndarray:
    """Return the skew-symmetric (n, n) matrix with these first columns.

    Entries of `lower`, shape (n, r), on and above the diagonal are ignored;
    the last n - r rows and columns meet in zeros.
    """
    lower = _tall(lower)
    n, r = lower.shape
    T = np.zeros((n, n), lower.dtype)
    T[:, :r] = np.tril(lower, -1)
    return T - T.T


def _tall(lower: np.ndarray) -> np.ndarray:
    """Return an array of floats that has no more columns than rows."""
    lower = np.asarray(lower)
    if lower.ndim != 2 or not 1 <= lower.shape[1] <= lower.shape[0]:
        raise ValueError(
            "lower has shape (n, r) with 1 <= r <= n, got shape "
            f"{lower.shape}."
        )
    if not np.isfinite(lower).all():
        raise ValueError("lower holds NaN or infinity.")
    return lower.astype(np.result_type(lower, np.float32), copy=False)


def _blocks(lower: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return A1 (r, r), skew-symmetric, and B (n - r, r)."""
    lower = _tall(lower)
    r = lower.shape[1]
    T = np.tril(lower[:r], -1)
    return T - T.T, lower[r:]


def exp_columns(lower: np.ndarray) -> np.ndarray:
    """Return exp(A)[:, :r], shape (n, r), from the whole of A.

    Costs O(n^3). Source: Chang and Wang (2021), as in their published code.
    """
    return scipy_expm(skew_from_lower(lower))[:, : np.shape(lower)[1]]


def thin_exp(lower: np.ndarray) -> np.ndarray:
    """Return exp(A)[:, :r], shape (n, r), from a matrix of size 2 r.

    Costs O(n r^2 + r^3), and equals `exp_columns`, which takes over where
    2 r would not be smaller than n.

    Notes
    -----
    A maps the columns of (I, 0) and (0, B) to combinations of the same
    columns, so its exponential does, too.
    """
    A1, B = _blocks(lower)
    r, eye = len(A1), np.eye(len(A1))
    if len(B) <= r:
        return exp_columns(lower)
    small = np.block([[A1, -B.T @ B], [eye, np.zeros((r, r))]])  # (2 r, 2 r)
    X = scipy_expm(small)[:, :r]  # (2 r, r)
    return np.concatenate([X[:r], B @ X[r:]])  # (n, r)


def cayley_columns(lower: np.ndarray) -> np.ndarray:
    """Return the first r columns of (I - A/2)^-1 (I + A/2), shape (n, r).

    Costs O(n r^2 + r^3): one inverse of size r.
    """
    A1, B = _blocks(lower)
    eye = np.eye(len(A1))
    S = np.linalg.inv(eye + B.T @ B / 4 - A1 / 2)  # (r, r)
    return np.concatenate([2 * S - eye, B @ S])  # (n, r)


def cayley_parameters(columns: np.ndarray) -> np.ndarray:
    """Return the `lower` that `cayley_columns` takes to orthonormal columns.

    Raises
    ------
    ValueError
        If the columns are not orthonormal, or if -1 is an eigenvalue of
        their first r rows: the map misses these. Flip the sign of a column.
    """
    columns = _tall(columns)
    r = columns.shape[1]
    eye = np.eye(r)
    if np.abs(columns.T @ columns - eye).max() > 1e-6:
        raise ValueError("The columns are not orthonormal.")
    S = (eye + columns[:r]) / 2
    if np.linalg.cond(S) > 1e12:
        raise ValueError(
            "I + Q1 is singular, where Q1 is the first r rows: the Cayley map"
            " does not reach these columns. Flip the sign of one of them."
        )
    inverse = np.linalg.inv(S)
    A1 = inverse.T - inverse
    return np.concatenate([np.tril(A1, -1), columns[r:] @ inverse])


def random_stiefel(n: int, r: int, rng: np.random.Generator) -> np.ndarray:
    """Return r random orthonormal columns, shape (n, r), no direction liked.

    QR of normal numbers; with the signs of R the distribution is uniform.
    """
    stiefel_dimension(n, r)  # refuses r > n
    Q, R = np.linalg.qr(rng.normal(size=(n, r)))
    return Q * np.sign(np.diag(R))
