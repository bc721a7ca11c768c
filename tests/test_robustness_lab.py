"""Right answers written differently pass the lab on robustness."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "nearest": (
        """
def shortest_step(weights, bias, x, norm=2):
    logits = x @ weights + bias
    own = np.argmax(logits)
    v = np.delete(weights - weights[:, [own]], own, axis=1)
    gaps = np.delete(logits[own] - logits, own)
    if norm == 2:
        size = np.sqrt((v**2).sum(axis=0))
        k = np.argmin(gaps / size)
        return gaps[k] / size[k] ** 2 * v[:, k]
    size = np.abs(v).sum(axis=0)
    k = np.argmin(gaps / size)
    return gaps[k] / size[k] * np.sign(v[:, k])
""",
        """
def shortest_step(weights, bias, x, norm=2):
    logits = bias + np.dot(weights.T, x)
    order = np.argsort(logits)
    own, steps = order[-1], []
    for k in order[:-1]:
        v = weights[:, k] - weights[:, own]
        unit = v / np.linalg.norm(v) if norm == 2 else np.sign(v)
        steps.append((logits[own] - logits[k]) / (v @ unit) * unit)
    return min(steps, key=lambda step: np.linalg.norm(step, norm))
""",
        """
def shortest_step(weights, bias, x, norm=2):
    logits = x @ weights + bias
    own = int(logits.argmax())
    dual = {2: 2, np.inf: 1}[norm]
    v = weights.T - weights.T[own]
    length = np.linalg.norm(v, dual, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (logits[own] - logits) / length
    far[own] = np.inf
    k = int(np.argmin(far))
    return far[k] * (v[k] / length[k] if norm == 2 else np.sign(v[k]))
""",
    ),
    "deepfool": (
        """
def deepfool(logits, jacobian, x, eta=0.02, max_iter=20):
    return np.array(
        [plain_deepfool(logits, jacobian, p, eta, max_iter) for p in x]
    )
""",
        """
def deepfool(logits, jacobian, x, eta=0.02, max_iter=20):
    rows = np.arange(len(x))
    start, r = logits(x).argmax(1), 0 * x
    moving = np.ones(len(x), bool)
    for _ in range(max_iter):
        f, slope = logits(x + r), jacobian(x + r)
        v = slope - slope[rows, start][:, None]
        size = np.linalg.norm(v, axis=2)
        size[rows, start] = 1
        far = abs(f - f[rows, start][:, None]) / size
        far[rows, start] = np.inf
        k = far.argmin(1)
        step = (far[rows, k] / size[rows, k])[:, None] * v[rows, k]
        r = r + moving[:, None] * step
        moving &= logits(x + (1 + eta) * r).argmax(1) == start
    return r * (1 + eta)
""",
        """
def deepfool(logits, jacobian, x, eta=0.02, max_iter=20):
    out = []
    for p in x:
        total, count = np.zeros(len(p)), 0
        own = int(np.argmax(logits(p[None])))
        while count < max_iter:
            q = (p + total)[None]
            f, s = logits(q)[0], jacobian(q)[0]
            best = None
            for k in range(len(f)):
                if k != own:
                    v = s[k] - s[own]
                    d = abs(f[k] - f[own]) / np.sqrt(v @ v)
                    if best is None or d < best[0]:
                        best = d, v / np.sqrt(v @ v)
            total = total + best[0] * best[1]
            count += 1
            if np.argmax(logits((p + total + eta * total)[None])) != own:
                break
        out.append(total + eta * total)
    return np.stack(out)
""",
    ),
    "measure": (
        """
def rho(r, x):
    return np.mean(np.sqrt((r**2).sum(1)) / np.sqrt((x**2).sum(1)))


def common_eps(labels_of, x, direction, grid, rate=0.9):
    before = labels_of(x)
    good = [
        e for e in grid
        if (labels_of(x + e * direction) != before).mean() >= rate
    ]
    return float(min(good, default=np.inf))
""",
        """
def rho(r, x):
    total = 0.0
    for a, b in zip(r, x):
        total += np.linalg.norm(a) / np.linalg.norm(b)
    return total / len(x)


def common_eps(labels_of, x, direction, grid, rate=0.9):
    before, result = labels_of(x), np.inf
    for eps in reversed(list(grid)):
        count = (labels_of(x + eps * direction) != before).sum()
        if count >= rate * len(x):
            result = eps
    return result
""",
        """
def rho(r, x):
    return float(np.average(np.hypot.reduce(r, 1) / np.hypot.reduce(x, 1)))


def common_eps(labels_of, x, direction, grid, rate=0.9):
    before, n = labels_of(x), 0
    while n < len(grid):
        same = labels_of(x + grid[n] * direction) == before
        if 1 - same.mean() >= rate:
            return grid[n]
        n += 1
    return float("inf")
""",
    ),
    "path": (
        """
def find_path(inside, project, a, b, depth=6):
    points = np.linspace(a, b, 100)
    if np.all(inside(points)):
        return np.array([a, b])
    if depth <= 0:
        return np.zeros((0, 2))
    c = 0.5 * (a + b)
    c = c if inside(c[np.newaxis]).all() else project(c)
    left, right = (
        find_path(inside, project, p, q, depth - 1)
        for p, q in ((a, c), (c, b))
    )
    if min(len(left), len(right)) == 0:
        return np.zeros((0, 2))
    return np.vstack([left[:-1], right])
""",
        """
def find_path(inside, project, a, b, depth=6):
    pieces, done = [(a, b, depth)], [a]
    while pieces:
        p, q, left = pieces.pop()
        share = np.arange(100)[:, None] / 99
        if inside(p + share * (q - p)).all():
            done.append(q)
        elif left == 0:
            return np.empty((0, len(a)))
        else:
            c = (p + q) / 2
            if not inside(c[None]).all():
                c = project(c)
            pieces += [(c, q, left - 1), (p, c, left - 1)]
    return np.stack(done)
""",
        """
def find_path(inside, project, a, b, depth=6):
    def search(p, q, left):
        if inside(np.linspace(p, q, 100)).all():
            return [p, q]
        if not left:
            return None
        c = (p + q) / 2
        if not inside(c.reshape(1, -1))[0]:
            c = project(c)
        one = search(p, c, left - 1)
        two = search(c, q, left - 1) if one else None
        return one + two[1:] if two else None

    found = search(a, b, depth)
    return np.array(found) if found else np.empty((0, a.size))
""",
    ),
    "curvature": (
        """
def principal(gradient, hessian):
    size = np.linalg.norm(gradient)
    u = gradient / size
    p = np.eye(len(u)) - np.outer(u, u)
    lifted = p @ hessian @ p / size + 1e6 * np.outer(u, u)
    return np.linalg.eigh(lifted)[0][:-1]


def mean_curvature(gradient, hessian):
    return principal(gradient, hessian).mean()
""",
        """
def principal(gradient, hessian):
    d = len(gradient)
    basis = np.linalg.svd(gradient[None])[2][1:]
    inner = basis @ hessian @ basis.T
    return np.sort(np.linalg.eigvalsh(inner)) / np.sqrt(gradient @ gradient)


def mean_curvature(gradient, hessian):
    square = gradient @ gradient
    total = np.trace(hessian) - gradient @ hessian @ gradient / square
    return float(total / np.sqrt(square) / (len(gradient) - 1))
""",
        """
def principal(gradient, hessian):
    size = np.linalg.norm(gradient)
    u = gradient / size
    p = np.eye(len(u)) - np.outer(u, u)
    lowered = p @ hessian @ p / size - 1e5 * np.outer(u, u)
    return np.linalg.eigh(lowered)[0][1:]


def mean_curvature(gradient, hessian):
    kappa = principal(gradient, hessian)
    return float(sum(kappa) / len(kappa))
""",
    ),
    "detector": (
        """
def auc(clean, attacked):
    total = 0
    for high in attacked:
        total += np.sum(high > clean) + np.sum(high == clean) / 2
    return total / (len(clean) * len(attacked))


def second_class(logits):
    rest = logits.copy()
    rest[np.arange(len(rest)), logits.argmax(axis=1)] = -np.inf
    return rest.argmax(axis=1)
""",
        """
def auc(clean, attacked):
    gap = np.subtract.outer(attacked, clean)
    return float((np.sign(gap).mean() + 1) / 2)


def second_class(logits):
    return np.argsort(-logits, axis=1)[:, 1]
""",
        """
def auc(clean, attacked):
    both = np.concatenate([clean, attacked])
    equal = (both[:, None] == both).sum(1)
    rank = (both[:, None] > both).sum(1) + (equal + 1) / 2
    n, m = len(clean), len(attacked)
    return float((rank[n:].sum() - m * (m + 1) / 2) / (n * m))


def second_class(logits):
    return np.array(
        [sorted(range(len(r)), key=lambda k: r[k])[-2] for r in logits]
    )
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("robustness", name, RIGHT[name][n])


def test_every_exercise_has_three():
    assert_three_each("robustness", RIGHT)
