"""Right answers written differently pass the labs of the first two topics."""

import pytest
from test_labs import environment, execute, labs, read, solved

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    ("foundations", "standardise"): (
        """
def standardise(train, other):
    mean = np.mean(train, 0, keepdims=True)
    deviation = np.sqrt(np.mean((train - mean) ** 2, 0, keepdims=True))
    deviation[deviation == 0] = 1.0
    return [(table - mean) / deviation for table in (train, other)]
""",
        """
def standardise(train, other):
    first, second = np.empty(train.shape), np.empty(other.shape)
    for c in range(train.shape[1]):
        column = train[:, c]
        s = column.std() or 1.0
        first[:, c] = (column - column.mean()) / s
        second[:, c] = (other[:, c] - column.mean()) / s
    return first, second
""",
        """
def standardise(train, other):
    shift, s = train.mean(axis=0), np.var(train, axis=0) ** 0.5
    s = s + (s == 0)
    return (train - shift) / s, (other - shift) / s
""",
    ),
    ("foundations", "by-hand"): (
        """
def logits_by_hand(weights, x):
    pairs = list(zip(weights[::2], weights[1::2]))
    for w, b in pairs[:-1]:
        x = (x @ w + b).clip(0)
    w, b = pairs[-1]
    return x @ w + b
""",
        """
def logits_by_hand(weights, x):
    if len(weights) == 2:
        return np.dot(x, weights[0]) + weights[1]
    hidden = np.dot(x, weights[0]) + weights[1]
    return logits_by_hand(weights[2:], np.where(hidden > 0, hidden, 0))
""",
        """
def logits_by_hand(weights, x):
    rows = []
    for row in x:
        for k in range(len(weights) // 2):
            row = weights[2 * k].T @ row + weights[2 * k + 1]
            if 2 * k + 2 != len(weights):
                row = row * (row > 0)
        rows.append(row)
    return np.array(rows)
""",
    ),
    ("foundations", "log-loss"): (
        """
def log_loss(z, labels):
    return np.logaddexp(0, z * np.where(labels == 1, -1, 1))
""",
        """
def log_loss(z, labels):
    return np.maximum(z, 0) - z * labels + np.log1p(np.exp(-np.abs(z)))
""",
        """
def log_loss(z, labels):
    losses = []
    for logit, label in zip(z, labels):
        s = logit if label == 0 else -logit
        small = np.log1p(np.exp(-abs(s)))
        losses.append(s + small if s > 0 else small)
    return np.array(losses)
""",
    ),
    ("foundations", "tanh-layer"): (
        """
def tanh_layer_backward(x, w, b, g):
    a = x @ w + b
    d = g / np.cosh(a) ** 2
    return d.dot(w.T), x.T.dot(d), np.ones(len(x)) @ d
""",
        """
def tanh_layer_backward(x, w, b, g):
    y = np.tanh(x @ w + b)
    d = g - g * y * y
    return (
        np.einsum("nu,iu->ni", d, w),
        np.einsum("ni,nu->iu", x, d),
        np.einsum("nu->u", d),
    )
""",
        """
def tanh_layer_backward(x, w, b, g):
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
    for n in range(len(x)):
        d = g[n] * (1 - np.tanh(x[n] @ w + b) ** 2)
        dx[n] = w @ d
        dw += np.outer(x[n], d)
        db += d
    return dx, dw, db
""",
    ),
    ("foundations", "tape"): (
        """
def adjoints(tape, values):
    grads = {len(tape) - 1: 1.0}
    for k in range(len(tape))[::-1]:
        g, kind, where = grads.get(k, 0.0), tape[k][0], tape[k][1:]
        if kind == "tanh":
            shares = [g * (1 + values[k]) * (1 - values[k])]
        elif kind == "mul":
            shares = [g * values[where[1]], g * values[where[0]]]
        else:
            shares = [g] * len(where)
        for i, share in zip(where, shares):
            grads[i] = grads.get(i, 0.0) + share
    return [grads.get(k, 0.0) for k in range(len(tape))]
""",
        """
def adjoints(tape, values):
    n = len(tape)
    local = np.zeros((n, n))
    for k, (kind, *i) in enumerate(tape):
        if kind == "tanh":
            local[i[0], k] += 1 - values[k] ** 2
        elif kind == "add":
            local[i[0], k] += 1
            local[i[1], k] += 1
        elif kind == "mul":
            local[i[0], k] += values[i[1]]
            local[i[1], k] += values[i[0]]
    end = np.zeros(n)
    end[-1] = 1
    return list(np.linalg.solve(np.eye(n) - local, end))
""",
        """
def adjoints(tape, values):
    def slope(k, by):
        if k == by:
            return 1.0
        kind, *i = tape[k]
        if k < by or kind == "input":
            return 0.0
        if kind == "tanh":
            return (1 - values[k] ** 2) * slope(i[0], by)
        a, b = slope(i[0], by), slope(i[1], by)
        if kind == "add":
            return a + b
        return a * values[i[1]] + b * values[i[0]]

    return [slope(len(tape) - 1, k) for k in range(len(tape))]
""",
    ),
}
CASES = [
    pytest.param(topic, name, n, id=f"{topic}-{name}-{n}")
    for (topic, name), answers in RIGHT.items()
    for n in range(len(answers))
]


@pytest.mark.parametrize(("topic", "name", "n"), CASES)
def test_a_right_answer_written_differently_passes(topic, name, n):
    """Visible and hidden checks accept it."""
    checks = {e.name: e.check for e in labs.exercises(read(topic))}
    names = dict(solved(topic).after[name])
    execute(RIGHT[topic, name][n], names)
    assert "passed" in execute(checks[name], names)


def test_every_exercise_has_three():
    asked = {
        (topic, exercise.name)
        for topic in ("foundations",)
        for exercise in labs.exercises(read(topic))
    }
    assert {key: len(answers) for key, answers in RIGHT.items()} == {
        key: 3 for key in asked
    }
