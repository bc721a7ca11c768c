"""Right answers written differently pass the lab on unitary networks."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "free": (
        """
def free_numbers(n, r):
    return sum(n - 1 - j for j in range(r))


def skew_matrix(lower):
    n, r = lower.shape
    A = np.zeros((n, n))
    for i in range(n):
        for j in range(min(i, r)):
            A[i, j], A[j, i] = lower[i, j], -lower[i, j]
    return A
""",
        """
def free_numbers(n, r):
    return int(np.tril(np.ones((n, r)), -1).sum())


def skew_matrix(lower):
    n, r = lower.shape
    places = np.tril_indices(n, -1, r)
    A = np.zeros((n, n))
    A[places] = lower[places]
    return A - A.transpose()
""",
        """
def free_numbers(n, r):
    return np.int64(r * (2 * n - r - 1) // 2)


def skew_matrix(lower):
    n, r = lower.shape
    T = np.tril(np.pad(lower, [(0, 0), (0, n - r)]), -1)
    return T + -T.T
""",
    ),
    "series": (
        """
import math


def matrix_exp(A, squarings, terms):
    C = A * 0.5**squarings
    total = sum(
        np.linalg.matrix_power(C, j) / math.factorial(j)
        for j in range(terms + 1)
    )
    return np.linalg.matrix_power(total, 2**squarings)
""",
        """
def matrix_exp(A, squarings, terms):
    eye = np.eye(A.shape[0])
    C = A / 2**squarings
    total = eye.copy()
    for j in range(terms, 0, -1):
        total = eye + np.dot(C, total) / j
    for _ in range(squarings):
        total = np.dot(total, total)
    return total
""",
        """
def matrix_exp(A, squarings, terms):
    if squarings:
        half = matrix_exp(A / 2, squarings - 1, terms)
        return half @ half
    last, result = np.identity(len(A)), np.identity(len(A))
    for j in range(terms):
        last = A @ last / (j + 1)
        result += last
    return result
""",
    ),
    "cayley": (
        """
def cayley(A1, B):
    r, m = len(A1), len(B)
    A = np.block([[A1, -B.T], [B, np.zeros((m, m))]])
    eye = np.eye(r + m)
    return ((eye + A / 2) @ np.linalg.inv(eye - A / 2))[:, :r]


def parameters(Q, r):
    S = (Q[:r] + np.eye(r)) / 2
    M = np.linalg.inv(S)
    B = Q[r:] @ M
    return 2 * (np.eye(r) + B.T @ B / 4 - M), B
""",
        """
def cayley(A1, B):
    eye = np.eye(len(A1))
    M = eye + 0.25 * (B.T @ B) - 0.5 * A1
    S = np.linalg.solve(M, eye)
    return np.vstack([S + S - eye, B @ S])


def parameters(Q, r):
    half = np.linalg.inv(Q[:r] + np.eye(r))
    return [2 * (half.T - half), 2 * Q[r:] @ half]
""",
        """
def cayley(A1, B):
    r = A1.shape[0]
    S = np.linalg.inv(np.eye(r) + np.einsum("ki,kj->ij", B, B) / 4 - A1 / 2)
    Q = np.empty((r + B.shape[0], r))
    Q[:r] = 2 * S - np.eye(r)
    Q[r:] = B.dot(S)
    return Q


def parameters(Q, r):
    top, bottom = np.split(Q, [r])
    M = 2 * np.linalg.inv(np.eye(r) + top)
    return -(M - M.T), bottom @ M
""",
    ),
    "thin": (
        """
def thin_exp(A1, B):
    r = len(A1)
    K = np.zeros((2 * r, 2 * r))
    K[:r, :r], K[:r, r:], K[r:, :r] = A1, -B.T @ B, np.eye(r)
    X = expm(K)
    return np.vstack([X[:r, :r], B @ X[r:, :r]])
""",
        """
def thin_exp(A1, B):
    r = len(A1)
    size = 1 + np.linalg.norm(B)
    K = np.block(
        [[A1, -(B.T @ B) / size], [size * np.eye(r), np.zeros((r, r))]]
    )
    X = expm(K)[:, :r]
    return np.concatenate([X[:r], B @ X[r:] / size])
""",
        """
def thin_exp(A1, B):
    r = len(A1)
    Q, R = np.linalg.qr(B)
    q = len(R)
    S = np.block([[A1, -R.T], [R, np.zeros((q, q))]])
    E = expm(S)[:, :r]
    return np.concatenate([E[:r], Q @ E[r:]])
""",
    ),
    "depth": (
        """
def log2_norm(weights, activation, x):
    logs = [-np.log2(np.linalg.norm(x))]
    for W in weights:
        z = W.dot(x)
        if activation == "maxmin":
            a, b = z[::2], z[1::2]
            x = np.stack([np.maximum(a, b), np.minimum(a, b)], 1).reshape(-1)
        else:
            x = {"relu": lambda v: v * (v > 0), "abs": abs}[activation](z)
        size = np.sqrt(np.sum(x**2))
        if not size:
            return float("-inf")
        logs.append(np.log2(size))
        x = x / size
    return float(sum(logs))
""",
        """
import math


def log2_norm(weights, activation, x):
    power, start = 0, math.log2(np.linalg.norm(x))
    for W in weights:
        x = W @ x
        if activation == "relu":
            x = np.where(x > 0, x, 0)
        elif activation == "abs":
            x = np.abs(x)
        else:
            x = -np.sort(-x.reshape(-1, 2), axis=1).reshape(-1)
        top = np.abs(x).max()
        if top == 0:
            return -math.inf
        shift = math.frexp(top)[1]
        x, power = x * 2.0**-shift, power + shift
    return power + math.log2(np.linalg.norm(x)) - start
""",
        """
def log2_norm(weights, activation, x):
    functions = {
        "relu": lambda z: np.clip(z, 0, None),
        "abs": np.absolute,
        "maxmin": lambda z: np.array(
            [f(p) for p in z.reshape(-1, 2) for f in (max, min)]
        ),
    }
    total = 0
    with np.errstate(divide="ignore"):
        for W in weights:
            before = np.linalg.norm(x)
            x = functions[activation](W @ (x / before))
            total += np.log2(np.linalg.norm(x))
            if total == -np.inf:
                break
    return total
""",
    ),
    "spectrum": (
        """
def conv_spectrum(kernel, size):
    k, l, c, f = kernel.shape
    padded = np.zeros((size, size, c, f))
    padded[:k, :l] = kernel
    found = []
    for row in np.fft.fft2(padded, axes=(0, 1)):
        for matrix in row:
            found += list(np.linalg.svd(matrix)[1])
    return np.array(sorted(found, reverse=True))
""",
        """
def conv_spectrum(kernel, size):
    at = np.exp(-2j * np.pi * np.outer(np.arange(size), range(size)) / size)
    k, l = kernel.shape[:2]
    all_of = np.einsum("au,bv,uvcf->abcf", at[:, :k], at[:, :l], kernel)
    values = np.linalg.svd(all_of.reshape(-1, *kernel.shape[2:]))[1]
    return -np.sort(-values.reshape(-1))
""",
        """
def conv_spectrum(kernel, size):
    whole = np.fft.ifft2(kernel, s=(size, size), axes=(0, 1)) * size**2
    values = [np.linalg.svd(whole[i, j], compute_uv=False)
              for i in range(size) for j in range(size)]
    return np.sort(np.concatenate(values))[::-1]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_right_answers_pass(name, n):
    assert_passes("unitary", name, RIGHT[name][n])


def test_there_are_three_each():
    assert_three_each("unitary", RIGHT)
