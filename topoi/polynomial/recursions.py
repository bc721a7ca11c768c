"""The recursions of polynomial networks, on numbers of any kind.

Arrays may hold floats, Python integers, fractions or symbols of SymPy, so the
same lines train, prove and print.
"""

from collections.abc import Sequence
from itertools import permutations
from math import comb

import numpy as np


def ccp_forward(z: np.ndarray, U: Sequence[np.ndarray]) -> np.ndarray:
    """Return x_N of the coupled recursion, (..., d) -> (..., k).

    Parameters
    ----------
    z : array, shape (..., d)
    U : sequence of N arrays, shape (d, k)

    Notes
    -----
    ``x_1 = z U_1`` and ``x_n = (z U_n) * x_{n-1} + x_{n-1}``. Source:
    Chrysos et al. (2020), the model CCP.
    """
    x = z @ U[0]  # (..., k)
    for u in U[1:]:
        x = (z @ u) * x + x  # (..., k)
    return x


def ccp_closed_form(z: np.ndarray, U: Sequence[np.ndarray]) -> np.ndarray:
    """Return x_N as a product, (z U_1) (1 + z U_2) ... (1 + z U_N)."""
    product = z @ U[0]  # (..., k)
    for u in U[1:]:
        product = product * (1 + z @ u)
    return product


def ncp_forward(
    z: np.ndarray,
    A: Sequence[np.ndarray],
    S: Sequence[np.ndarray],
    b: Sequence[np.ndarray],
    V: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Return x_N of the nested recursion, (..., d) -> (..., k).

    Parameters
    ----------
    z : array, shape (..., d)
    A : sequence of N arrays, shape (d, k)
    S : sequence of N - 1 arrays, shape (k, k)
    b : sequence of N - 1 arrays, shape (k,)
    V : sequence of N - 1 arrays, shape (k, k), optional
        The skip connections of NCP-skip.

    Notes
    -----
    ``x_1 = z A_1`` and ``x_n = (z A_n) * (x_{n-1} S_n + b_n)``, plus
    ``x_{n-1} V_n`` with skips. Source: Chrysos et al. (2020).
    """
    x = z @ A[0]  # (..., k)
    for n, a in enumerate(A[1:]):
        new = (z @ a) * (x @ S[n] + b[n])  # (..., k)
        x = new if V is None else new + x @ V[n]
    return x


def ccp_tensor(
    U: Sequence[np.ndarray], C: np.ndarray, degree: int
) -> np.ndarray:
    """Return the symmetric tensor of one degree of the network x_N C.

    Parameters
    ----------
    U : sequence of N arrays, shape (d, k)
    C : array, shape (k, o)
    degree : int
        From 1 to N.

    Returns
    -------
    array, shape (o, d, ..., d) with `degree` axes of size d
        Fully contracted with z it gives the homogeneous part of that degree.
    """
    count = len(U)
    if not 1 <= degree <= count:
        raise ValueError(
            f"A network of degree {count} has parts of degree 1 to {count}, "
            f"not {degree}."
        )
    # the product over n of a_n + z U_n, with a_1 = 0 and all others 1
    chosen = {0: np.asarray(C).T[:, :, None][..., 0]}  # (o, k)
    for n, u in enumerate(U):
        grown = {}
        for size, part in chosen.items():
            taken = part[..., None, :] * u  # a new axis of size d
            _add(grown, size + 1, taken)
            if n:
                _add(grown, size, part)
        chosen = {s: p for s, p in grown.items() if s <= degree}
    return symmetrised(chosen[degree].sum(-1))


def _add(parts: dict, key: int, array: np.ndarray) -> None:
    parts[key] = parts[key] + array if key in parts else array


def symmetrised(T: np.ndarray) -> np.ndarray:
    """Return the mean over all orders of the axes after the first."""
    orders = list(permutations(range(1, T.ndim)))
    return sum(T.transpose(0, *order) for order in orders) / len(orders)


def contract(T: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return T(z, ..., z): tensor (o, d, ..., d), z (d,) -> (o,)."""
    while T.ndim > 1:
        T = T @ z
    return T


def ccp_parameters(d: int, rank: int, degree: int, outputs: int) -> int:
    """Return the numbers in a CCP with its output layer and its bias."""
    return rank * (degree * d + outputs) + outputs


def tensor_parameters(d: int, degree: int, outputs: int) -> int:
    """Return the coefficients of all polynomials up to a degree."""
    return outputs * comb(d + degree, degree)
