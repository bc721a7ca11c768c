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
    ("training", "steps"): (
        """
def steps_to_goal(learning_rate, curvatures, goal):
    factor = np.abs(1 - learning_rate * np.array(curvatures)).max()
    if factor >= 1:
        return float("inf")
    if factor == 0:
        return 1
    return int(np.ceil(np.log(goal) / np.log(factor) - 1e-12))
""",
        """
def steps_to_goal(learning_rate, curvatures, goal):
    counts = []
    for c in curvatures:
        factor, n = abs(1 - learning_rate * c), 0
        if factor >= 1:
            return math.inf
        while factor**n > goal:
            n += 1
        counts.append(n)
    return max(counts)
""",
        """
def steps_to_goal(learning_rate, curvatures, goal):
    places = np.ones(len(curvatures))
    for n in range(1, 100_000):
        places = places - learning_rate * np.array(curvatures) * places
        if np.abs(places).max() <= goal:
            return n
        if np.abs(places).max() >= 1:
            return np.inf
""",
    ),
    ("training", "dropout"): (
        """
def dropout_layer(x, rate, rng, training):
    if training:
        x = x * rng.binomial(1, 1 - rate, x.shape) / (1 - rate)
    return x
""",
        """
def dropout_layer(x, rate, rng, training):
    y = x.copy()
    if training:
        y[rng.random(x.shape) < rate] = 0
        y = y / (1 - rate)
    return y
""",
        """
def dropout_layer(x, rate, rng, training):
    if not training:
        return x
    mask = rng.choice([0.0, 1 / (1 - rate)], size=x.shape, p=[rate, 1 - rate])
    return mask * x
""",
    ),
    ("training", "stop"): (
        """
def stop_early(losses, patience):
    for last in range(len(losses)):
        best = int(np.argmin(losses[: last + 1]))
        if last - best >= patience:
            break
    return best, last
""",
        """
def stop_early(losses, patience):
    best, value, waited = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss < value:
            best, value, waited = epoch, loss, 0
        else:
            waited += 1
            if waited == patience:
                break
    return [best, epoch]
""",
        """
def stop_early(losses, patience):
    epoch, best = 0, 0
    while epoch + 1 < len(losses) and epoch - best < patience:
        epoch += 1
        if losses[epoch] < losses[best]:
            best = epoch
    return best, epoch
""",
    ),
    ("training", "adam"): (
        """
def adam_update(w, g, m, v, t, learning_rate=0.001, beta_1=0.9,
                beta_2=0.999, epsilon=1e-8):
    m = m + (1 - beta_1) * (g - m)
    v = v + (1 - beta_2) * (g * g - v)
    step = m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return [w - learning_rate * step, m, v]
""",
        """
def adam_update(w, g, m, v, t, learning_rate=0.001, beta_1=0.9,
                beta_2=0.999, epsilon=1e-8):
    c, d = 1 - beta_1**t, np.sqrt(1 - beta_2**t)
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * np.square(g)
    return w - learning_rate * d / c * m / (np.sqrt(v) + epsilon * d), m, v
""",
        """
def adam_update(w, g, m, v, t, learning_rate=0.001, beta_1=0.9,
                beta_2=0.999, epsilon=1e-8):
    new = [np.empty(w.shape) for _ in range(3)]
    for k in np.ndindex(w.shape):
        a = beta_1 * m[k] + (1 - beta_1) * g[k]
        b = beta_2 * v[k] + (1 - beta_2) * g[k] ** 2
        root = (b / (1 - beta_2**t)) ** 0.5 + epsilon
        new[0][k] = w[k] - learning_rate * a / (1 - beta_1**t) / root
        new[1][k], new[2][k] = a, b
    return tuple(new)
""",
    ),
    ("training", "reuse"): (
        """
def reuse(network, x, classes, rng):
    features = x
    for weights, bias in network[: len(network) - 1]:
        z = features @ weights + bias
        features = z * (z > 0)
    inputs = network[-1][0].shape[0]
    head = rng.standard_normal((inputs, classes)) * (2 / inputs) ** 0.5
    return features, head, np.zeros((classes,))
""",
        """
def reuse(network, x, classes, rng):
    *below, (old, _) = network
    for layer in below:
        x = np.clip(np.einsum("nm,mk->nk", x, layer[0]) + layer[1], 0, None)
    scale = np.sqrt(2) / np.sqrt(len(old))
    head = rng.normal(scale=scale, size=(len(old), classes))
    return x, head, np.full(classes, 0.0)
""",
        """
def reuse(network, x, classes, rng):
    if len(network) == 1:
        fan_in = network[0][0].shape[0]
        head = np.sqrt(2 / fan_in) * rng.normal(size=(fan_in, classes))
        return x, head, head[0] * 0
    w, b = network[0]
    z = np.dot(x, w) + b
    return reuse(network[1:], np.where(z > 0, z, 0), classes, rng)
""",
    ),
    ("training", "leaky"): (
        """
def leaky_weights(inputs, units, slope, rng):
    w = rng.standard_normal((inputs, units))
    return w * (2 / (inputs * (1 + slope**2))) ** 0.5
""",
        """
def leaky_weights(inputs, units, slope, rng):
    kept = (1 + slope * slope) / 2
    return rng.normal(scale=1 / np.sqrt(inputs * kept), size=(inputs, units))
""",
        """
def leaky_weights(inputs, units, slope, rng):
    deviation = math.sqrt(2 / inputs) / math.hypot(1, slope)
    return deviation * rng.normal(size=(units, inputs)).T
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
        for topic in ("foundations", "training")
        for exercise in labs.exercises(read(topic))
    }
    assert {key: len(answers) for key, answers in RIGHT.items()} == {
        key: 3 for key in asked
    }
