"""Right answers written differently pass the lab on inversion."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "dictionary": (
        """
def coherence(W):
    return max(
        abs(a @ b) / np.sqrt((a @ a) * (b @ b))
        for a, b in combinations(W.T, 2)
    )


def spark(W):
    sizes = [
        k
        for k in range(1, W.shape[1] + 1)
        for c in combinations(range(W.shape[1]), k)
        if np.linalg.svd(W[:, c])[1][-1] < 1e-9 or k > len(W)
    ]
    return min(sizes, default=np.inf)
""",
        """
def coherence(W):
    gram = W.T @ W
    norms = np.sqrt(np.diag(gram))
    cosines = gram / np.outer(norms, norms)
    return float(np.abs(cosines - np.eye(len(gram))).max().round(12))


def spark(W):
    k = 0
    while k < W.shape[1]:
        k += 1
        if any(
            np.linalg.matrix_rank(W.T[list(c)]) != k
            for c in combinations(range(W.shape[1]), k)
        ):
            return k
    return float("inf")
""",
        """
def coherence(W):
    best = 0.0
    for i in range(W.shape[1]):
        for j in range(i):
            size = np.linalg.norm(W[:, i]) * np.linalg.norm(W[:, j])
            best = max(best, abs(np.dot(W[:, i], W[:, j])) / size)
    return best


def spark(W):
    found = math.inf
    for bits in range(1, 2 ** W.shape[1]):
        c = [j for j in range(W.shape[1]) if bits >> j & 1]
        if np.linalg.matrix_rank(W[:, c]) < len(c):
            found = min(found, len(c))
    return found
""",
    ),
    "coins": (
        """
def chance_unique(latent, units):
    few = sum(math.comb(units, s) for s in range(min(latent, units + 1)))
    return 1 - few / 2**units
""",
        """
def chance_unique(latent, units):
    row = np.array([1.0])
    for _ in range(units):
        row = np.convolve(row, [0.5, 0.5])
    return row[latent:].sum()
""",
        """
def chance_unique(latent, units):
    from scipy.stats import binom

    return float(binom.sf(latent - 1, units, 0.5))
""",
    ),
    "pursuit": (
        """
def pursue(M, b):
    m = M.shape[1]
    result = linprog(
        np.ones(m), A_eq=M, b_eq=b, bounds=[(0, None)] * m, method="highs-ds"
    )
    return np.array(result.x)
""",
        """
def pursue(M, b):
    found = linprog(c=[1.0] * M.shape[1], A_eq=M, b_eq=b, method="highs-ipm")
    return found["x"]
""",
        """
def pursue(M, b):
    m = M.shape[1]
    return linprog(
        np.ones(m),
        A_ub=-np.eye(m),
        b_ub=np.zeros(m),
        A_eq=M,
        b_eq=b,
        bounds=(None, None),
    ).x
""",
    ),
    "layers": (
        """
def invert(weights, y, solve, mask=None):
    if mask is None:
        mask = np.full(len(y), True)
    *hidden, last = weights[1:]
    x = solve(last[mask], y[mask])
    for W in hidden[::-1]:
        on = np.flatnonzero(x > 1e-7)
        x = solve(W[on], x[on])
    on = np.flatnonzero(x > 1e-7)
    return np.linalg.pinv(weights[0][on]) @ x[on]
""",
        """
def invert(weights, y, solve, mask=None):
    if len(weights) == 1:
        return np.linalg.lstsq(weights[0][mask], y[mask])[0]
    kept = slice(None) if mask is None else mask
    x = solve(weights[-1][kept], y[kept])
    return invert(weights[:-1], x, solve, x > 1e-7)
""",
        """
def invert(weights, y, solve, mask=None):
    rows = range(len(y)) if mask is None else np.where(mask)[0]
    x, k = y, len(weights) - 1
    while k > 0:
        x = solve(weights[k][list(rows)], x[list(rows)])
        rows = [i for i in range(len(x)) if x[i] > 1e-7]
        k -= 1
    A = weights[0][rows]
    return np.linalg.solve(A.T @ A, A.T @ x[rows])
""",
    ),
    "proof": (
        """
def is_proof(M, x, u):
    on = np.flatnonzero(x > 0)
    off = np.setdiff1d(np.arange(len(x)), on)
    if len(on) and np.linalg.matrix_rank(M[:, on]) < len(on):
        return False
    if any(abs(M[:, j] @ u) > 1e-9 for j in on):
        return False
    return all(M[:, j] @ u < -1e-9 for j in off)
""",
        """
def is_proof(M, x, u):
    products = M.T @ u
    fits = np.where(x > 0, abs(products) <= 1e-9, products < -1e-9)
    active = M[:, x > 0]
    return fits.all() and np.linalg.matrix_rank(active) == active.shape[1]
""",
        """
def is_proof(M, x, u):
    on = x > 0
    if on.sum() > len(M):
        return False
    s = np.linalg.svd(M[:, on])[1] if on.any() else np.ones(1)
    t = u @ M
    small = not on.any() or np.abs(t[on]).max() <= 1e-9
    large = on.all() or t[~on].max() < -1e-9
    return bool(s.min() > 1e-10 and small and large)
""",
    ),
    "baseline": (
        """
def slope(weights, z, y):
    J, x = np.eye(len(z)), z
    for W in weights[:-1]:
        on = W @ x > 0
        J, x = (W @ J) * on[:, None], np.where(on, W @ x, 0)
    return (weights[-1] @ J).T @ (weights[-1] @ x - y)


def best_start(weights, starts, y, steps, rate):
    def misfit(z):
        for W in weights[:-1]:
            z = np.maximum(W @ z, 0)
        return np.linalg.norm(weights[-1] @ z - y)

    def run(z):
        for _ in range(steps):
            z = z - rate * slope(weights, z, y)
        return z

    return min(map(run, starts), key=misfit)
""",
        """
def slope(weights, z, y):
    def down(k, x):
        if k == len(weights) - 1:
            return weights[k].T @ (weights[k] @ x - y)
        t = weights[k] @ x
        return weights[k].T @ ((t > 0) * down(k + 1, np.maximum(t, 0)))

    return down(0, z)


def best_start(weights, starts, y, steps, rate):
    best, least = None, np.inf
    for z in starts:
        for _ in range(steps):
            z = z - rate * slope(weights, z, y)
        x = z
        for W in weights[:-1]:
            x = (W @ x) * (W @ x > 0)
        misfit = ((weights[-1] @ x - y) ** 2).sum()
        if misfit < least:
            best, least = z, misfit
    return best
""",
        """
def slope(weights, z, y):
    x, kept = z, []
    for W in weights[:-1]:
        x = np.clip(W @ x, 0, None)
        kept.append((W, np.sign(x)))
    g = (weights[-1] @ x - y) @ weights[-1]
    while kept:
        W, on = kept.pop()
        g = (g * on) @ W
    return g


def best_start(weights, starts, y, steps, rate):
    zs = np.array(starts)
    for _ in range(steps):
        zs = zs - rate * np.array([slope(weights, z, y) for z in zs])
    X = zs.T
    for W in weights[:-1]:
        X = np.maximum(W @ X, 0)
    misfits = np.linalg.norm(weights[-1] @ X - y[:, None], axis=0)
    return zs[misfits.argmin()]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("inversion", name, RIGHT[name][n])


def test_every_exercise_has_three():
    assert_three_each("inversion", RIGHT)
