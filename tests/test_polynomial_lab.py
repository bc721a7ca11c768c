"""Right answers written differently pass the lab on polynomial networks."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "ccp": (
        """
def ccp(z, U):
    x = np.matmul(z, U[0])
    for n in range(1, U.shape[0]):
        x = x * (1 + np.matmul(z, U[n]))
    return x
""",
        """
def ccp(z, U):
    parts = np.einsum("bd,ndk->nbk", z, U)
    parts[1:] += 1
    return np.prod(parts, axis=0)
""",
        """
def ccp(z, U):
    if len(U) == 1:
        return z @ U[0]
    before = ccp(z, U[:-1])
    return before + before * (z @ U[-1])
""",
    ),
    "degree": (
        """
def degree(values):
    row, order = np.array(values, dtype=object), -1
    while len(row) > 1:
        row, order = np.diff(row), order + 1
        if all(v == 0 for v in row):
            return order
""",
        """
from math import comb


def degree(values):
    m = len(values)
    for N in range(m - 1):
        signs = [(-1) ** (N + 1 - i) * comb(N + 1, i) for i in range(N + 2)]
        sums = [
            sum(s * values[j + i] for i, s in enumerate(signs))
            for j in range(m - N - 1)
        ]
        if set(sums) == {0}:
            return N
    return None
""",
        """
def degree(values):
    if len(values) < 2:
        return None
    row = [values[i + 1] - values[i] for i in range(len(values) - 1)]
    if row.count(0) == len(row):
        return 0
    below = degree(row)
    return None if below is None else below + 1
""",
    ),
    "parity": (
        """
def parity_weights(n):
    U, C = np.zeros((n, n, 2 ** (n - 1)), int), []
    for j in range(2 ** (n - 1)):
        U[0, 0, j] = 1
        left = 0
        for i in range(1, n):
            if j >> (i - 1) & 1:
                U[i, i, j] = 1
            else:
                left += 1
        C.append(1 if left % 2 == 0 else -1)
    return U, np.array(C)
""",
        """
def parity_weights(n):
    if n == 1:
        return np.ones((1, 1, 1), int), np.ones(1, int)
    U, C = parity_weights(n - 1)
    k = len(C)
    new = np.zeros((n, n, 2 * k), int)
    new[: n - 1, : n - 1, :k] = U
    new[: n - 1, : n - 1, k:] = U
    new[n - 1, n - 1, :k] = 1
    return new, np.concatenate([C, -C])
""",
        """
def parity_weights(n):
    rows = list(product((1, 0), repeat=n - 1))
    U = np.zeros((n, n, len(rows)))
    C = np.ones(len(rows))
    for j, row in enumerate(rows):
        U[0, 0, j] = 1.0
        for i, bit in enumerate(row, 1):
            U[i, i, j] = bit
            C[j] *= 1 if bit else -1
    return [U, C]
""",
    ),
    "reachable": (
        """
def reachable(w, sizes):
    if all(v == 0 for v in w):
        return True
    roots, w = 0, list(w)
    while w[0] == 0:
        w.pop(0)
        roots += 1
    roots += finite_real_roots(w)
    return roots >= len([k for k in sizes if not k % 2])
""",
        """
def reachable(w, sizes):
    places = np.flatnonzero(w)
    if len(places) == 0:
        return True
    first = int(places[0])
    even = np.sum(np.array(sizes) % 2 == 0)
    return bool(first + finite_real_roots(w[first:]) >= even)
""",
        """
def reachable(w, sizes):
    if not np.any(w):
        return True
    if w[0] == 0:
        shorter = [k for k in sizes if k % 2 == 0]
        odd = [k for k in sizes if k % 2]
        if not shorter:
            return True
        return reachable(w[1:], tuple(shorter[1:] + odd))
    real = finite_real_roots(w)
    return not real < sum(1 - k % 2 for k in sizes)
""",
    ),
    "jacobian": (
        """
def jacobian(p, q):
    k = len(p) + len(q) - 1
    J = np.zeros((k, len(p) + len(q)))
    for a in range(len(p)):
        J[a : a + len(q), a] = q
    for b in range(len(q)):
        J[b : b + len(p), len(p) + b] = p
    return J
""",
        """
def jacobian(p, q):
    columns = []
    for n in range(len(p) + len(q)):
        dp, dq = np.zeros(len(p)), np.zeros(len(q))
        if n < len(p):
            dp[n] = 1
        else:
            dq[n - len(p)] = 1
        columns.append(np.convolve(dp, q) + np.convolve(p, dq))
    return np.array(columns).T
""",
        """
def jacobian(p, q):
    m, n = len(p), len(q)
    rows = []
    for i in range(m + n - 1):
        left = [q[i - a] if 0 <= i - a < n else 0 for a in range(m)]
        right = [p[i - b] if 0 <= i - b < m else 0 for b in range(n)]
        rows.append(left + right)
    return np.array(rows)
""",
    ),
    "descend": (
        """
def descend(t, p, q, rate, steps):
    p, q = p.copy(), q.copy()
    for _ in range(steps):
        r = np.convolve(p, q) - t
        a = np.convolve(r, q[::-1], mode="valid")
        b = np.convolve(r, p[::-1], mode="valid")
        p -= rate * a
        q -= rate * b
    return p, q
""",
        """
def descend(t, p, q, rate, steps):
    if steps == 0:
        return [p, q]
    for step in range(steps):
        old = p
        r = np.convolve(p, q) - t
        p = p - rate * np.array([r[a : a + len(q)] @ q for a in range(len(p))])
        q = q - rate * np.array(
            [r[b : b + len(old)] @ old for b in range(len(q))]
        )
    return [p, q]
""",
        """
def descend(t, p, q, rate, steps):
    both, m = np.concatenate([p, q]), len(p)
    for _ in range(steps):
        r = np.convolve(both[:m], both[m:]) - t
        both = both - rate * np.concatenate(
            [
                np.correlate(r, both[m:], "valid"),
                np.correlate(r, both[:m], "valid"),
            ]
        )
    return both[:m], both[m:]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_right_answer_passes(name, n):
    assert_passes("polynomial", name, RIGHT[name][n])


def test_three_for_each_exercise():
    assert_three_each("polynomial", RIGHT)
