"""Right answers written differently pass the lab on implicit networks."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "stop": (
        """
def equilibrium(A, q, rate, accuracy):
    old = 0 * q
    while True:
        x = (A @ old + q).clip(0)
        bound = rate / (1 - rate) * max(abs(x - old))
        if bound <= accuracy:
            return x, bound
        old = x
""",
        """
def equilibrium(A, q, rate, accuracy):
    x = np.zeros_like(q)
    for _ in range(100000):
        z = q + np.einsum("ij,j->i", A, x)
        new = np.where(z > 0, z, 0.0)
        gap = np.linalg.norm(new - x, np.inf)
        x = new
        if gap * rate <= accuracy * (1 - rate):
            break
    return x, gap * rate / (1 - rate)
""",
        """
def equilibrium(A, q, rate, accuracy):
    def go(x):
        new = np.maximum(0, A.dot(x) + q)
        bound = rate * np.max(np.abs(new - x)) / (1 - rate)
        return (new, bound) if bound <= accuracy else go(new)

    return go(np.zeros(q.shape))
""",
    ),
    "embed": (
        """
def embed(W0, b0, W1, b1, W2, b2):
    k, n = len(W1), len(W1) + len(W0)
    p, out = W0.shape[1], len(W2)
    A = np.block([[np.zeros((k, k)), W1], [np.zeros((n - k, n))]])
    upper = np.hstack([np.zeros((k, p)), b1[:, None]])
    B = np.vstack([upper, np.column_stack([W0, b0])])
    C = np.pad(W2, ((0, 0), (0, n - k)))
    D = np.column_stack([np.zeros((out, p)), b2])
    return A, B, C, D
""",
        """
def embed(W0, b0, W1, b1, W2, b2):
    model = implicit.from_feedforward([W0, W1, W2], [b0, b1, b2])
    return model.A, model.B, model.C, model.D
""",
        """
def embed(W0, b0, W1, b1, W2, b2):
    k, m, p, out = len(b1), len(b0), W0.shape[1], len(b2)
    A = np.zeros((k + m, k + m))
    B = np.zeros((k + m, p + 1))
    C = np.zeros((out, k + m))
    D = np.zeros((out, p + 1))
    for i in range(k):
        A[i, k:] = W1[i]
        B[i, -1] = b1[i]
    for i in range(m):
        B[k + i] = [*W0[i], b0[i]]
    for i in range(out):
        C[i, :k] = W2[i]
        D[i, -1] = b2[i]
    return [A, B, C, D]
""",
    ),
    "units": (
        """
def rescale(A, B, C, rate):
    v = np.linalg.inv(np.eye(len(A)) - abs(A) / rate) @ np.ones(len(A))
    S, back = np.diag(1 / v), np.diag(v)
    return S @ A @ back, S @ B, C @ back
""",
        """
def rescale(A, B, C, rate):
    v = np.linalg.solve(rate * np.eye(len(A)) - abs(A), rate + 0 * A[:, 0])
    return A * np.outer(1 / v, v), (B.T / v).T, C * v
""",
        """
def rescale(A, B, C, rate):
    v = implicit.scaling(A, rate)
    A = np.array([[a * v[j] / v[i] for j, a in enumerate(row)]
                  for i, row in enumerate(A)])
    return A, B / v.reshape(-1, 1), C * v.reshape(1, -1)
""",
    ),
    "adjoint": (
        """
def gradient(A, u, x, g):
    on = x > 0
    adjoint = np.zeros(len(x))
    for _ in range(2000):
        adjoint = on * (A.T @ adjoint + g)
    return adjoint[:, None] * x, adjoint[:, None] * u
""",
        """
def gradient(A, u, x, g):
    Phi = np.diag(1.0 * (x > 0))
    adjoint = Phi @ np.linalg.inv(np.eye(len(x)) - A.T @ Phi) @ g
    return np.outer(adjoint, x), np.outer(adjoint, u)
""",
        """
def gradient(A, u, x, g):
    on = np.flatnonzero(x > 0)
    adjoint = 0.0 * x
    part = A[np.ix_(on, on)]
    adjoint[on] = np.linalg.solve(np.eye(len(on)) - part.T, g[on])
    return np.einsum("i,j->ij", adjoint, x), np.einsum("i,j->ij", adjoint, u)
""",
    ),
    "row": (
        """
def nearest_row(a, radius):
    return implicit.project_rows(a[None, :], radius)[0]
""",
        """
def nearest_row(a, radius):
    low, high = 0.0, np.abs(a).max()
    if np.abs(a).sum() <= radius:
        return a
    for _ in range(100):
        middle = (low + high) / 2
        if np.maximum(np.abs(a) - middle, 0).sum() > radius:
            low = middle
        else:
            high = middle
    return np.sign(a) * np.maximum(np.abs(a) - high, 0)
""",
        """
def nearest_row(a, radius):
    sizes = sorted(abs(a), reverse=True)
    if sum(sizes) <= radius:
        return np.array(a)
    total, t = 0.0, 0.0
    for k, size in enumerate(sizes, 1):
        total += size
        if size > (total - radius) / k:
            t = (total - radius) / k
    return np.copysign(np.clip(np.abs(a) - t, 0, None), a)
""",
    ),
    "radius": (
        """
def certified(A, B, C, D, y):
    t = int(y.argmax())
    R = np.linalg.inv(np.eye(len(A)) - np.abs(A)) @ np.abs(B)
    rates = (np.abs(C[t] - C) @ R + np.abs(D[t] - D)).sum(axis=1)
    keep = np.arange(len(y)) != t
    return t, ((y[t] - y)[keep] / rates[keep]).min()
""",
        """
def certified(A, B, C, D, y):
    t = np.argmax(y)
    reach, term = np.abs(B).sum(axis=1), np.abs(B).sum(axis=1)
    for _ in range(3000):
        term = np.abs(A) @ term
        reach = reach + term
    best = np.inf
    for j in set(range(len(y))) - {int(t)}:
        rate = np.abs(C[t] - C[j]) @ reach + np.abs(D[t] - D[j]).sum()
        best = min(best, (y[t] - y[j]) / rate)
    return int(t), best
""",
        """
def certified(A, B, C, D, y):
    model = implicit.ImplicitModel(A, B, C, D)
    t = max(range(len(y)), key=lambda j: y[j])
    rates = implicit.gap_rates(model)[t]
    return t, float(min((y[t] - y[j]) / rates[j]
                        for j in range(len(y)) if j != t))
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_right_answers_written_differently(name, n):
    assert_passes("implicit", name, RIGHT[name][n])


def test_there_are_three_for_each_exercise():
    assert_three_each("implicit", RIGHT)
