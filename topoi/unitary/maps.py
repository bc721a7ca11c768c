"""The same maps in `keras.ops`, to be differentiated on every backend."""

import numpy as np
from keras import ops

METHODS = ("cayley", "exp")


def expm(matrix, squarings: int = 4, terms: int = 12):
    """Return the exponential of a square matrix by scaling and squaring.

    Parameters
    ----------
    matrix : tensor, shape (n, n)
    squarings : int
        The matrix is divided by 2 to this power, and the result is squared
        as often. Enough if the quotient has a norm of at most 1.
    terms : int
        Of Taylor's series; 12 leave less than 2e-10 at norm 1.
    """
    if squarings < 0 or terms < 1:
        raise ValueError(
            "expm needs squarings >= 0 and terms >= 1, got squarings = "
            f"{squarings}, terms = {terms}."
        )
    eye = ops.eye(matrix.shape[-1], dtype=matrix.dtype)
    scaled = matrix / 2**squarings
    total = eye
    for j in range(terms, 0, -1):  # Horner's rule
        total = eye + ops.matmul(scaled, total) / j
    for _ in range(squarings):
        total = ops.matmul(total, total)
    return total


def polish(columns):
    """Return columns, shape (n, r), that are closer to orthonormal ones.

    One step of Newton and Schulz: an error e becomes about 3 e^2 / 4.
    """
    gram = ops.matmul(ops.transpose(columns), columns)  # (r, r)
    eye = ops.eye(gram.shape[-1], dtype=columns.dtype)
    return ops.matmul(columns, 3 * eye - gram) / 2


def stiefel(lower, method: str = "cayley"):
    """Return orthonormal columns, shape (n, r), from a tensor of that shape.

    Parameters
    ----------
    lower : tensor, shape (n, r)
        Entries below the diagonal count, n >= r.
    method : {"cayley", "exp"}
        Which map; both cost O(n r^2 + r^3). "exp" expects a skew-symmetric
        matrix of norm at most 16.
    """
    if method not in METHODS:
        raise ValueError(f'method is "cayley" or "exp", not {method!r}.')
    r = lower.shape[1]
    T = ops.tril(lower[:r], -1)
    A1, B = T - ops.transpose(T), lower[r:]  # (r, r), (n - r, r)
    columns = (_cayley if method == "cayley" else _exp)(A1, B)
    return polish(columns)


def _cayley(A1, B):
    eye = ops.eye(A1.shape[0], dtype=A1.dtype)
    gram = ops.matmul(ops.transpose(B), B)  # (r, r)
    S = ops.linalg.inv(eye + gram / 4 - A1 / 2)
    return ops.concatenate([2 * S - eye, ops.matmul(B, S)])


def _exp(A1, B):
    r, eye = A1.shape[0], ops.eye(A1.shape[0], dtype=A1.dtype)
    if B.shape[0] <= r:  # 2 r is not smaller than n
        corner = ops.zeros((B.shape[0], B.shape[0]), A1.dtype)
        left = ops.concatenate([A1, B])
        right = ops.concatenate([-ops.transpose(B), corner])
        return expm(ops.concatenate([left, right], axis=1))[:, :r]
    gram = ops.matmul(ops.transpose(B), B)
    # Any factor gives the same columns; this one keeps the matrix small.
    size = ops.stop_gradient(ops.sqrt(ops.sqrt(ops.sum(gram * gram))) + 1e-3)
    top = ops.concatenate([A1, -gram / size], axis=1)
    bottom = ops.concatenate([eye * size, ops.zeros_like(A1)], axis=1)
    X = expm(ops.concatenate([top, bottom]))[:, :r]  # (2 r, r)
    return ops.concatenate([X[:r], ops.matmul(B, X[r:]) / size])


def lower_places(n: int, r: int) -> np.ndarray:
    """Return where each entry of an (n, r) matrix stands in a flat list.

    The list holds the entries below the diagonal, row by row, and then one
    zero, to which all other entries point.
    """
    count = n * r - r * (r + 1) // 2
    places = np.full((n, r), count)
    places[np.tril_indices(n, -1, r)] = np.arange(count)
    return places
