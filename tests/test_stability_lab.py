"""Right answers written differently pass the lab on stability."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "jump": (
        """
def corners(row, t):
    points = np.diag(t / np.asarray(row))
    return points[np.asarray(row) == max(row)]


def distance(x, row, t):
    ends = corners(row, t)
    p, q = ends[0], ends[-1]
    if len(ends) == 2:
        s = np.clip(np.dot(x - p, q - p) / np.dot(q - p, q - p), 0, 1)
        p = (1 - s) * p + s * q
    return np.hypot(*(x - p))
""",
        """
def corners(row, t):
    if row[0] == row[1]:
        return np.array([[0, t / row[1]], [t / row[0], 0]])
    best = int(np.argmax(row))
    return t / row[best] * np.eye(2)[[best]]


def distance(x, row, t):
    ends = corners(row, t)
    to_ends = np.sqrt(((ends - x) ** 2).sum(axis=1)).min()
    if len(ends) == 1:
        return float(to_ends)
    foot = x - (np.dot(row, x) - t) / np.dot(row, row) * np.array(row)
    if (foot >= 0).all():
        return float(np.linalg.norm(x - foot))
    return float(to_ends)
""",
        """
def corners(row, t):
    (a, b), rows = row, []
    rows += [(t / a, 0)] if not a < b else []
    rows += [(0, t / b)] if not b < a else []
    return np.array(rows, dtype=float)


def distance(x, row, t):
    ends = corners(row, t)
    low, high = 0.0, 1.0
    for _ in range(200):
        one, two = low + (high - low) / 3, high - (high - low) / 3
        first, second = (
            np.linalg.norm(x - (1 - s) * ends[0] - s * ends[-1])
            for s in (one, two)
        )
        low, high = (low, two) if first <= second else (one, high)
    return float(np.linalg.norm(x - (1 - low) * ends[0] - low * ends[-1]))
""",
    ),
    "prox": (
        """
def shrink(v, threshold):
    size = abs(v)
    threshold = np.broadcast_to(threshold, v.shape)
    out = np.zeros_like(v)
    far = size > threshold
    out[far] = v[far] * (1 - threshold[far] / size[far])
    return out


def to_ball(u):
    length = np.sqrt(np.vdot(u, u).real)
    return u.copy() if length <= 1 else u / length
""",
        """
def shrink(v, threshold):
    if not np.iscomplexobj(v):
        return np.sign(v) * np.maximum(np.abs(v) - threshold, 0)
    return np.exp(1j * np.angle(v)) * np.maximum(np.abs(v) - threshold, 0)


def to_ball(u):
    return u * min(1, 1 / max(np.linalg.norm(u), 1e-300))
""",
        """
def shrink(v, threshold):
    size = np.abs(v)
    inside = v * np.minimum(1, threshold / np.maximum(size, 1e-200))
    return v - np.where(size > 0, inside, v)


def to_ball(u):
    length = np.hypot(np.linalg.norm(u.real), np.linalg.norm(u.imag))
    return u / np.clip(length, 1, None)
""",
    ),
    "depth": (
        """
def layers_needed(first, accuracy, p):
    restarts = 0
    while first > accuracy:
        first, restarts = first / math.e, restarts + 1
    return 1 + restarts * p * 3


def smallest_p(curves):
    for p in sorted(curves):
        if curves[p][-1] * 32 <= curves[p][-6]:
            return p
""",
        """
def layers_needed(first, accuracy, p):
    return 3 * p * int(np.ceil(np.log(first) - np.log(accuracy))) + 1


def smallest_p(curves):
    mean = {p: (e[-6] / e[-1]) ** 0.2 for p, e in curves.items()}
    return min(p for p, factor in mean.items() if factor > 2 - 1e-12)
""",
        """
def layers_needed(first, accuracy, p):
    return -3 * p * math.floor(math.log(accuracy / first)) + 1


def smallest_p(curves):
    best = math.inf
    for p, errors in curves.items():
        factors = errors[-6:-1] / errors[-5:]
        if np.prod(factors) >= 32 * (1 - 1e-9) and p < best:
            best = p
    return best
""",
    ),
    "game": (
        """
def safe(readings, t):
    a, b = map(float, readings[-1])
    return [t / (a + b), t / (a + b)] if len(readings) == 12 else []


def careful(readings, t):
    a, b = readings[-1]
    if a > b:
        return [t / float(a), 0]
    return [0, t / float(b)] if b > a else []
""",
        """
def safe(readings, t):
    return [0.5 * t] * 2


def careful(readings, t):
    for pair in readings:
        if pair[0] != pair[1]:
            j = pair.index(max(pair))
            answer = [0.0, 0.0]
            answer[j] = t / float(pair[j])
            return answer
    return []
""",
        """
def safe(readings, t):
    if len(readings) < 3:
        return []
    a, b = map(float, readings[-1])
    return [t / 2 / a, t / 2 / b]


def careful(readings, t):
    n = len(readings)
    a, b = readings[-1]
    if abs(a - b) < Fraction(1, 2**n):
        return []
    share = 1.0 if a > b else 0.0
    return [share * t / float(a), (1 - share) * t / float(b)]
""",
    ),
    "restart": (
        """
def restart(psi, epsilon, A, y, lam, p):
    L = np.linalg.svd(A, compute_uv=False)[0]
    alpha = 2 * L / epsilon / p
    x, u, seen = psi * alpha, np.zeros_like(y), []
    for _ in range(p):
        v = x - u @ A / L
        new = np.sign(v) * np.maximum(abs(v) - lam / L, 0)
        q = u + (A @ (new + new - x) - alpha * y) / L
        u = q / max(1, np.linalg.norm(q))
        seen.append(new)
        x = new
    return np.mean(seen, axis=0) / alpha
""",
        """
def restart(psi, epsilon, A, y, lam, p):
    L = np.linalg.norm(A, ord=2)
    scale = epsilon * p / (2 * L)
    x, u, mean = psi / scale, 0 * y, 0 * psi
    for k in range(1, p + 1):
        before = x
        x = stability.soft(x - A.T.dot(u) / L, lam / L)
        ahead = 2 * x - before
        u = stability.project_to_ball(u + (A.dot(ahead) - y / scale) / L)
        mean = mean + (x - mean) / k
    return scale * mean
""",
        """
def restart(psi, epsilon, A, y, lam, p):
    L = math.sqrt(np.linalg.eigvalsh(A @ A.T)[-1])
    alpha = 2 * L / (epsilon * p)

    def steps(x, u, left):
        if left == 0:
            return 0 * x
        new = stability.soft(x - A.T @ u / L, lam / L)
        u = stability.project_to_ball(u + (A @ (2 * new - x) - alpha * y) / L)
        return new + steps(new, u, left - 1)

    return steps(alpha * psi, np.zeros(y.shape), p) / alpha / p
""",
    ),
    "attack": (
        """
def worst(B, c, rho, r, steps):
    seen = [r]
    for _ in range(steps):
        r = seen[-1]
        g = np.cos(r) * ((c + B @ np.sin(r)) @ B)
        if not g.any():
            break
        r = r + 0.5 * rho * g / np.linalg.norm(g)
        seen.append(r / max(1, np.linalg.norm(r) / rho))
    return max(seen, key=lambda r: np.linalg.norm(c + B @ np.sin(r)))
""",
        """
def worst(B, c, rho, r, steps):
    def error(r):
        return ((c + B @ np.sin(r)) ** 2).sum()

    best = r.copy()
    while steps > 0:
        steps -= 1
        g = B.T.dot(c + B.dot(np.sin(r))) * np.cos(r)
        if np.linalg.norm(g) == 0:
            return best
        r = r + rho * g / (2 * np.linalg.norm(g))
        if np.linalg.norm(r) > rho:
            r = rho * r / np.linalg.norm(r)
        best = r if error(r) > error(best) else best
    return best
""",
        """
def worst(B, c, rho, r, steps):
    best = (np.linalg.norm(c + B @ np.sin(r)), r)
    for _ in range(steps):
        g = (np.cos(r)[:, None] * B.T) @ (c + B @ np.sin(r))
        length = math.sqrt(g @ g)
        if length == 0:
            break
        r = r + g * (rho / 2 / length)
        r = r * min(1.0, rho / math.sqrt(r @ r))
        now = (np.linalg.norm(c + B @ np.sin(r)), r)
        best = now if now[0] >= best[0] else best
    return best[1]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("stability", name, RIGHT[name][n])


def test_every_exercise_has_three():
    assert_three_each("stability", RIGHT)
