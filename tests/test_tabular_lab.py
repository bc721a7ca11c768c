"""Right answers written differently pass the lab on tabular data."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "encode": (
        """
def encode_column(train, rows):
    fill = np.nanmedian(train)
    known = np.nan_to_num(train, nan=fill)
    scale = np.std(known) or 1
    number = (np.nan_to_num(rows, nan=fill) - np.mean(known)) / scale
    return np.column_stack([number, 1.0 * np.isnan(rows)])
""",
        """
def encode_column(train, rows):
    present = sorted(t for t in train if t == t)
    half = len(present) // 2
    fill = present[half] if len(present) % 2 else (
        present[half - 1] + present[half]) / 2
    full = [t if t == t else fill for t in train]
    mean = sum(full) / len(full)
    spread = (sum((t - mean) ** 2 for t in full) / len(full)) ** 0.5 or 1.0
    found = np.zeros((len(rows), 2))
    for n, cell in enumerate(rows):
        found[n] = ((cell if cell == cell else fill) - mean) / spread, (
            cell != cell)
    return found
""",
        """
def encode_column(train, rows):
    fill = np.median(train[np.isfinite(train)])
    train = np.where(np.isfinite(train), train, fill)
    flags = np.isnan(rows)
    rows = rows.copy()
    rows[flags] = fill
    deviation = train.std()
    rows = (rows - train.mean()) / (deviation if deviation > 0 else 1)
    return np.array([rows, flags.astype(int)]).T
""",
    ),
    "area": (
        """
def ranking_area(y, score):
    values, places, counts = np.unique(
        score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    p, q = (y == 1).sum(), (y == 0).sum()
    return (ranks[y == 1].sum() - p * (p + 1) / 2) / (p * q)
""",
        """
def ranking_area(y, score):
    from sklearn.metrics import roc_auc_score
    return roc_auc_score(y, score)
""",
        """
def ranking_area(y, score):
    total = pairs = 0
    for a, s in zip(y, score):
        for b, t in zip(y, score):
            if a > b:
                pairs += 1
                total += 1 if s > t else 0.5 if s == t else 0
    return total / pairs
""",
    ),
    "honest": (
        """
def honest_accuracy(x, y, folds, kept):
    hits = tested = 0
    for train, test in folds:
        some = x[:, best_columns(x[train], y[train], kept)]
        hits += np.sum(nearer_mean(some[train], y[train], some[test])
                       == y[test])
        tested += len(test)
    return hits / tested
""",
        """
def honest_accuracy(x, y, folds, kept):
    right = []
    for train, test in folds:
        x_train, x_test = x[train], x[test]
        y_train, y_test = y[train], y[test]
        gap = x_train[y_train == 1].mean(0) - x_train[y_train == 0].mean(0)
        use = np.argsort(-abs(gap), kind="stable")[:kept]
        right.extend(
            nearer_mean(x_train[:, use], y_train, x_test[:, use]) == y_test)
    return np.mean(right)
""",
        """
def honest_accuracy(x, y, folds, kept):
    def part(train, test):
        use = best_columns(x[train], y[train], kept)
        return list(nearer_mean(x[np.ix_(train, use)], y[train],
                                x[np.ix_(test, use)]) == y[test])
    return float(np.mean(sum((part(*fold) for fold in folds), [])))
""",
    ),
    "twins": (
        """
def twin_report(x, y, train, test):
    _, g = np.unique(x, axis=0, return_inverse=True)
    g = g.ravel()
    ones = np.bincount(g, y)
    zeros = np.bincount(g) - ones
    return (np.isin(g[test], g[train]).mean(),
            int(((ones > 0) & (zeros > 0))[g].sum()),
            np.maximum(ones, zeros).sum() / len(y))
""",
        """
def twin_report(x, y, train, test):
    same = (x[:, None] == x[None]).all(axis=2)
    seen = same[np.ix_(test, train)].any(axis=1).mean()
    conflict = (same & (y[:, None] != y)).any(axis=1).sum()
    share = same @ y / same.sum(axis=1)
    return float(seen), int(conflict), float(
        np.maximum(share, 1 - share).mean())
""",
        """
def twin_report(x, y, train, test):
    from collections import Counter, defaultdict
    votes = defaultdict(Counter)
    rows = [tuple(row) for row in x]
    for row, label in zip(rows, y):
        votes[row][int(label)] += 1
    inside = {rows[n] for n in train}
    return (sum(rows[n] in inside for n in test) / len(test),
            sum(sum(v.values()) for v in votes.values() if len(v) == 2),
            sum(max(v.values()) for v in votes.values()) / len(rows))
""",
    ),
    "temperature": (
        """
def best_temperature(logits, y):
    from scipy.optimize import minimize_scalar
    sign = 1 - 2 * y
    found = minimize_scalar(
        lambda b: np.logaddexp(0, sign * logits * np.exp(-b)).mean(),
        bounds=(np.log(0.05), np.log(20)), method="bounded",
        options={"xatol": 1e-5})
    return float(np.exp(found.x))
""",
        """
def best_temperature(logits, y):
    low, high = 1 / 20, 1 / 0.05
    for _ in range(60):
        b = (low + high) / 2
        p = 0.5 * (1 + np.tanh(b * logits / 2))
        low, high = (b, high) if np.mean(logits * (p - y)) < 0 else (low, b)
    return 1 / b
""",
        """
def best_temperature(logits, y):
    best, t = (np.inf, 0.0), 0.05
    while t < 20:
        z = logits / t
        loss = np.mean(np.maximum(z, 0) - y * z
                       + np.log1p(np.exp(-np.abs(z))))
        best = min(best, (loss, t))
        t *= 1.004
    return best[1]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("tabular", name, RIGHT[name][n])


def test_every_exercise_has_three():
    assert_three_each("tabular", RIGHT)
