"""Right answers written differently pass the lab on temporal logic."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "windows": (
        """
from numpy.lib.stride_tricks import sliding_window_view


def always(r, start, stop):
    return sliding_window_view(r[start:], stop - start + 1).min(axis=1)


def eventually(r, start, stop):
    return sliding_window_view(r[start:], stop - start + 1).max(axis=1)
""",
        """
def always(r, start, stop):
    n = len(r) - stop
    return np.stack([r[d:d + n] for d in range(start, stop + 1)]).min(0)


def eventually(r, start, stop):
    n = len(r) - stop
    found = r[start:start + n].copy()
    for d in range(start, stop + 1):
        found = np.maximum(found, r[d:d + n])
    return found
""",
        """
def always(r, start, stop):
    return np.array([
        min(r[t + d] for d in range(start, stop + 1))
        for t in range(len(r) - stop)
    ])


def eventually(r, start, stop):
    out = np.empty(len(r) - stop)
    for t in range(len(out)):
        out[t] = max(r[t + start:t + stop + 1])
    return out
""",
    ),
    "soft": (
        """
def soft_minimum(r, w, sigma):
    with np.errstate(divide="ignore"):
        e = np.log(w) - r / sigma
    q = np.exp(e - e.max())
    return np.average(r, weights=q)
""",
        """
def soft_minimum(r, w, sigma):
    least = min(a for a, b in zip(r, w) if b)
    top = bottom = 0.0
    for a, b in zip(r, w):
        if b:
            share = b * np.exp(-(a - least) / sigma)
            top += share * a
            bottom += share
    return top / bottom
""",
        """
def soft_minimum(r, w, sigma):
    rows = np.flatnonzero(w)
    a = r[rows]
    shift = a.min()
    q = w[rows] / w.sum() * np.exp((shift - a) / sigma)
    return shift + (q * (a - shift)).sum() / q.sum()
""",
    ),
    "gradient": (
        """
def gradients(r, w, sigma):
    e = w * np.exp(-r / sigma)
    z, top = e.sum(), (e * r).sum()
    by_r = ((e - e * r / sigma) * z + top * e / sigma) / z**2
    by_w = (e / w) * (r * z - top) / z**2
    return by_r, by_w
""",
        """
def gradients(r, w, sigma):
    q = w * np.exp(-r / sigma)
    q /= q.sum()
    jacobian = (np.outer(q, q) - np.diag(q)) / sigma
    return q + r @ jacobian, (q * (r - q @ r)) / w
""",
        """
def gradients(r, w, sigma):
    q = np.exp(np.log(w) - r / sigma)
    q = q / q.sum()
    mean = sum(q * r)
    by_r = [a * (1 + (mean - b) / sigma) for a, b in zip(q, r)]
    by_w = [a * (b - mean) / c for a, b, c in zip(q, r, w)]
    return np.array(by_r), np.array(by_w)
""",
    ),
    "faults": (
        """
def falls():
    return np.array([0.0, 0.0, 3.0]), 2, 2.0


def outvoted():
    return np.array([-0.5, 1.2, 1.2, 1.2, 1.2])
""",
        """
def falls():
    return np.array([4, 1]), 0, 5


def outvoted():
    return np.array([2, -1, 1, 1, 1, 1, 1, 1, 1, 1])
""",
        """
def falls():
    rng = np.random.default_rng(0)
    while True:
        r = rng.uniform(-3, 3, 4)
        j = int(rng.integers(4))
        values = []
        for s in (r, r + 1.5 * np.eye(4)[j]):
            q = np.exp(-s)
            values.append(q @ s / q.sum())
        if values[1] < values[0] - 0.05:
            return r, j, 1.5


def outvoted():
    return np.concatenate([np.ones(7), [-0.6]])
""",
    ),
    "rule": (
        """
def best_rule(x, y):
    found = []
    for t in range(x.shape[1]):
        v = np.unique(x[:, t])
        for low, high in zip(v[:-1], v[1:]):
            b = low + (high - low) / 2
            found.append((np.mean((x[:, t] >= b) == y), t, b))
    best = max(found)
    return best[1], best[2]
""",
        """
def best_rule(x, y):
    best = (-1, 0, 0.0)
    for t in range(x.shape[1]):
        order = np.argsort(x[:, t], kind="stable")
        v, lab_ = x[order, t], y[order]
        right = np.cumsum(~lab_)[:-1] + lab_.sum() - np.cumsum(lab_)[:-1]
        right = np.where(v[1:] > v[:-1], right, -1)
        i = right.argmax()
        if right[i] > best[0]:
            best = (right[i], t, (v[i] + v[i + 1]) / 2)
    return best[1:]
""",
        """
def best_rule(x, y):
    scores = {}
    for t, column in enumerate(x.T):
        v = np.sort(list(set(column.tolist())))
        b = 0.5 * (v[1:] + v[:-1])
        wrong = ((column[:, None] >= b) != y[:, None]).sum(0)
        for c, e in zip(b, wrong):
            scores[t, float(c)] = e
    return min(scores, key=scores.get)
""",
    ),
    "shorten": (
        """
def shorten(w, r, sigma, k):
    e = np.log(w) + r / sigma
    q = np.exp(e - e.max(1)[:, None])
    q = q / q.sum(1)[:, None]
    rank = np.argsort(np.argsort(-q.mean(0)))
    return np.where(rank < k, w, 0) / w[rank < k].sum()
""",
        """
def shorten(w, r, sigma, k):
    total = np.zeros(len(w))
    for row in r:
        q = w * np.exp((row - row.max()) / sigma)
        total += q / q.sum()
    new = w.copy()
    new[np.argsort(total)[:len(w) - k]] = 0
    return new / np.sum(new)
""",
        """
def shorten(w, r, sigma, k):
    top = r.max(axis=1, keepdims=True)
    q = w[None, :] * np.exp((r - top) / sigma)
    share = np.sum(q / np.sum(q, axis=1, keepdims=True), axis=0)
    kept = sorted(range(len(w)), key=lambda j: -share[j])[:k]
    mask = np.isin(np.arange(len(w)), kept)
    return mask * w / (mask @ w)
""",
    ),
}


def test_each_exercise_has_three():
    assert_three_each("temporal_logic", RIGHT)


@pytest.mark.parametrize(("name", "number"), cases(RIGHT))
def test_right_answers_pass(name, number):
    assert_passes("temporal_logic", name, RIGHT[name][number])
