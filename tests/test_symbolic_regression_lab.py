"""Right answers written differently pass the lab on symbolic regression."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "penalty": (
        """
def penalty(w, a):
    t = np.minimum(np.abs(w), a) / a
    joined = a * (3 + 6 * t**2 - t**4) / 8
    return np.sqrt(np.maximum(joined, np.abs(w)))


def slope(w, a):
    t = np.clip(np.asarray(w) / a, -1, 1)
    return t * (3 - t**2) / 4 / penalty(w, a)
""",
        """
def penalty(w, a):
    out = np.empty(w.shape)
    for at in np.ndindex(w.shape):
        v = abs(w[at])
        if v >= a:
            out[at] = v ** 0.5
        else:
            out[at] = (3*a/8 + 3*v*v/4/a - v**4/8/a**3) ** 0.5
    return out


def slope(w, a):
    out = np.empty(w.shape)
    for at in np.ndindex(w.shape):
        v = w[at]
        if abs(v) >= a:
            out[at] = math.copysign(0.5 / math.sqrt(abs(v)), v)
        else:
            p = 3*a/8 + 3*v*v/4/a - v**4/8/a**3
            out[at] = (3*v/2/a - v**3/2/a**3) / (2 * math.sqrt(p))
    return out
""",
        """
def penalty(w, a):
    p = np.polynomial.Polynomial(
        [3 * a / 8, 0, 3 / (4 * a), 0, -1 / (8 * a**3)])
    v = np.abs(w)
    return np.where(v < a, np.sqrt(p(np.minimum(v, a))), np.sqrt(v))


def slope(w, a):
    p = np.polynomial.Polynomial(
        [3 * a / 8, 0, 3 / (4 * a), 0, -1 / (8 * a**3)])
    v = np.abs(w)
    inside = p.deriv()(np.minimum(v, a))
    return np.sign(w) * np.where(v < a, inside, 1) / (2 * penalty(w, a))
""",
    ),
    "layer": (
        """
def eql_layer(h, w, unary, products):
    g = (h @ w).T
    out = []
    for name, row in zip(unary, g):
        if name == "identity":
            out.append(row)
        elif name == "square":
            out.append(row ** 2)
        elif name == "sin":
            out.append(np.sin(row * 4 * math.pi))
        else:
            out.append((np.exp(row) - 1) / math.e)
    rest = g[len(unary):]
    for a, b in zip(rest[::2], rest[1::2]):
        out.append(10 * a * b)
    return np.array(out).T
""",
        """
def eql_layer(h, w, unary, products):
    g = np.einsum("nd,dc->nc", h, w)
    s = len(unary)
    out = np.zeros((len(h), s + products))
    for k in range(s):
        c = g[:, k]
        out[:, k] = {
            "identity": c, "square": c * c,
            "sin": np.sin(12.566370614359172 * c),
            "exp": np.exp(c - 1) - np.exp(-1),
        }[unary[k]]
    pairs = g[:, s:].reshape(len(h), products, 2)
    out[:, s:] = pairs.prod(axis=2) * 10
    return out
""",
        """
def eql_layer(h, w, unary, products):
    rows = []
    for point in h:
        g = point @ w
        row = []
        for k, name in enumerate(unary):
            row.append({"identity": lambda v: v, "square": lambda v: v * v,
                        "sin": lambda v: math.sin(4 * math.pi * v),
                        "exp": lambda v: (math.exp(v) - 1) / math.e,
                        }[name](g[k]))
        for k in range(products):
            a, b = g[len(unary) + 2 * k:len(unary) + 2 * k + 2]
            row.append(a * b / 0.1)
        rows.append(row)
    return np.array(rows)
""",
    ),
    "byhand": (
        """
def by_hand():
    first = np.array([[0, 2, 0, -0.2, 0], [4, 0, 0.5, 0, 0.5]])
    return first, np.array([[0.125], [0.75], [2], [1]])
""",
        """
def by_hand():
    first = np.array([[0, -3 ** 0.5, 0, 0, 0.1], [0.5, 0, -0.5, -1, 0]])
    return first, np.array([[1.0], [1.0], [-2.0], [1.0]])
""",
        """
def by_hand():
    x, y = np.eye(2)
    first = np.stack([y, x, y / 2, y, x], axis=1)
    return [first, np.array([1 / 2, 3, 2, -1 / 10]).reshape(4, 1)]
""",
    ),
    "freeze": (
        """
def train_frozen(w, features, y, threshold, learning_rate, steps):
    kept = np.flatnonzero(np.abs(w) > threshold)
    part, small = w[kept].copy(), features[:, kept]
    for _ in range(steps):
        part -= learning_rate * 2 * small.T @ (small @ part - y) / len(y)
    out = np.zeros(len(w))
    out[kept] = part
    return out
""",
        """
def train_frozen(w, features, y, threshold, learning_rate, steps):
    frozen = np.abs(w) <= threshold
    w = np.where(frozen, 0.0, w)
    for _ in range(steps):
        gradient = np.mean(2 * (features @ w - y)[:, None] * features, axis=0)
        gradient[frozen] = 0
        w = w - learning_rate * gradient
    return w
""",
        """
def train_frozen(w, features, y, threshold, learning_rate, steps):
    w, dead = w.copy(), abs(w) <= threshold
    w[dead] = 0
    for _ in range(steps):
        w = w - learning_rate * 2 / len(y) * features.T @ (features @ w - y)
        w[dead] = 0
    return w
""",
    ),
    "choose": (
        """
def choose(errors, sizes, points):
    best, found = math.inf, 0
    for k, (e, size) in enumerate(zip(errors, sizes)):
        score = points * math.log(max(e, 1e-20)) + size * math.log(points)
        if score < best:
            best, found = score, k
    return found
""",
        """
def choose(errors, sizes, points):
    e = np.clip(errors, 1e-20, None)
    return np.argsort(np.log(e) + sizes * np.log(points) / points,
                      kind="stable")[0]
""",
        """
def choose(errors, sizes, points):
    score = lambda k: (points * np.log10(max(errors[k], 1e-20))
                       + sizes[k] * np.log10(points))
    return min(range(len(errors)), key=score)
""",
    ),
    "restarts": (
        """
def restarts(hits, trials, goal):
    n, q, z = trials, hits / trials, 1.96
    a, b, c = 1 + z * z / n, -2 * q - z * z / n, q * q
    root = math.sqrt(b * b - 4 * a * c)
    low, high = (-b - root) / (2 * a), (-b + root) / (2 * a)
    if hits == 0:
        return low, high, None
    if hits == trials:
        return low, high, 1
    m = math.log(1 - goal) / math.log(1 - q)
    return low, high, max(1, math.ceil(m - 1e-9))
""",
        """
def restarts(hits, trials, goal):
    z2 = 1.96 ** 2
    centre = (hits + z2 / 2) / (trials + z2)
    half = 1.96 * np.sqrt(hits * (trials - hits) / trials + z2 / 4)
    half /= trials + z2
    starts = None
    if hits > 0:
        starts, fail = 0, 1.0
        while starts == 0 or 1 - fail < goal:
            starts += 1
            fail *= 1 - hits / trials
    return centre - half, centre + half, starts
""",
        """
def restarts(hits, trials, goal):
    p, n, z = hits / trials, trials, 1.96
    d = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    ends = (p + z**2 / (2 * n) + np.array([-d, d])) / (1 + z**2 / n)
    m = next((m for m in range(1, 10**5) if (1 - p) ** m <= 1 - goal + 1e-15),
             None)
    return [ends[0], ends[1], m]
""",
    ),
}


def test_each_exercise_has_three():
    assert_three_each("symbolic_regression", RIGHT)


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("symbolic_regression", name, RIGHT[name][n])
