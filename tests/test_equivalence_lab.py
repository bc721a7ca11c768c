"""Right answers written differently pass the lab on equivalent networks."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "bounds": (
        """
def bounds(w, b, lower, upper):
    centre, radius = (lower + upper) / 2, (upper - lower) / 2
    z = w @ centre + b
    return z - abs(w) @ radius, z + abs(w) @ radius
""",
        """
def bounds(w, b, lower, upper):
    low = np.minimum(w * lower, w * upper).sum(axis=1) + b
    high = np.maximum(w * lower, w * upper).sum(axis=1) + b
    return low, high
""",
        """
def bounds(w, b, lower, upper):
    low, high = [], []
    for row, shift in zip(w, b):
        low.append(sum(min(v * p, v * q) for v, p, q in
                       zip(row, lower, upper)) + shift)
        high.append(sum(max(v * p, v * q) for v, p, q in
                        zip(row, lower, upper)) + shift)
    return np.array(low), np.array(high)
""",
    ),
    "remove": (
        """
def remove(w, b, v, c, off, gone, a):
    both = [off, gone]
    new = v + v[:, [gone]] * a
    rest = c + v[:, gone] * b[gone] - v[:, gone] * (a * b).sum()
    return (np.delete(w, both, 0), np.delete(b, both),
            np.delete(new, both, 1), rest)
""",
        """
def remove(w, b, v, c, off, gone, a):
    keep = np.ones(len(b), bool)
    keep[off] = keep[gone] = False
    new, rest = v.copy(), c.copy()
    for k in range(len(b)):
        for o in range(len(v)):
            new[o, k] += v[o, gone] * a[k]
            rest[o] -= v[o, gone] * a[k] * b[k]
    for o in range(len(v)):
        rest[o] += v[o, gone] * b[gone]
    return w[keep], b[keep], new[:, keep], rest
""",
        """
def remove(w, b, v, c, off, gone, a):
    units = len(b)
    change = np.eye(units)
    change[gone] = a
    constant = np.zeros(units)
    constant[gone] = b[gone] - a @ b
    left = sorted(set(range(units)) - {off, gone})
    return w[left], b[left], (v @ change)[:, left], v @ constant + c
""",
    ),
    "stable": (
        """
def stable(w1, b1, w2, b2):
    def extremes(w, b, low, high):
        middle, radius = w @ (low + high) / 2 + b, abs(w) @ (high - low) / 2
        return middle - radius, middle + radius

    n = w1.shape[1]
    first = extremes(w1, b1, np.zeros(n), np.ones(n))
    second = extremes(w2, b2, *(np.clip(z, 0, None) for z in first))
    low, high = np.concatenate([first, second], axis=1)
    answer = np.zeros(len(low), int)
    answer[low >= 0] = 1
    answer[high <= 0] = -1
    return answer
""",
        """
def stable(w1, b1, w2, b2):
    answer = []
    box = [(0.0, 1.0)] * w1.shape[1]
    for w, b in ((w1, b1), (w2, b2)):
        following = []
        for row, shift in zip(w, b):
            ends = [(v * p, v * q) for v, (p, q) in zip(row, box)]
            low = shift + sum(min(pair) for pair in ends)
            high = shift + sum(max(pair) for pair in ends)
            answer.append(-1 if high <= 0 else 1 if low >= 0 else 0)
            following.append((max(low, 0), max(high, 0)))
        box = following
    return np.array(answer)
""",
        """
def stable(w1, b1, w2, b2):
    low1 = np.minimum(w1, 0).sum(1) + b1
    high1 = np.maximum(w1, 0).sum(1) + b1
    down, up = np.maximum(low1, 0), np.maximum(high1, 0)
    low2 = np.minimum(w2 * down, w2 * up).sum(1) + b2
    high2 = np.maximum(w2 * down, w2 * up).sum(1) + b2
    low, high = np.append(low1, low2), np.append(high1, high2)
    return np.select([high <= 0, low >= 0], [-1.0, 1.0], 0.0)
""",
    ),
    "maximum": (
        """
def max_of_five():
    one = [
        [1, -1, 0, 0, 0], [0, 1, 0, 0, 0], [0, -1, 0, 0, 0],
        [0, 0, 1, -1, 0], [0, 0, 0, 1, 0], [0, 0, 0, -1, 0],
        [0, 0, 0, 0, 1], [0, 0, 0, 0, -1],
    ]
    a, b, e = [1, 1, -1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, -1, 0, 0], [
        0, 0, 0, 0, 0, 0, 1, -1]
    a, b, e = map(np.array, (a, b, e))
    two = [a - b, b, -b, e, -e]
    c, d = np.array([1, 1, -1, 0, 0]), np.array([0, 0, 0, 1, -1])
    three = [c - d, d, -d]
    return [np.array(one), np.array(two), np.array(three),
            np.array([[1, 1, -1]])]
""",
        """
def max_of_five():
    matrices, read = [], np.eye(5)
    while len(read) > 1:
        rows, sums = [], []
        for k in range(0, len(read), 2):
            if k + 1 == len(read):
                new, signs = [read[k], -read[k]], [1, -1]
            else:
                p, q = read[k], read[k + 1]
                new, signs = [p - q, q, -q], [1, 1, -1]
            sums.append((len(rows), signs))
            rows += new
        matrices.append(np.array(rows))
        read = np.zeros((len(sums), len(rows)))
        for k, (start, signs) in enumerate(sums):
            read[k, start : start + len(signs)] = signs
    return [*matrices, read]
""",
        """
def max_of_five():
    # max(a, b) = a + relu(b - a), and x = relu(x) - relu(-x)
    def layer(rows):
        return np.array([r for row in rows for r in row])

    x = np.eye(5)
    one = layer([[x[1] - x[0], x[0], -x[0]], [x[3] - x[2], x[2], -x[2]],
                 [x[4], -x[4]]])
    u = np.eye(8)
    p, q, e = u[0] + u[1] - u[2], u[3] + u[4] - u[5], u[6] - u[7]
    two = layer([[q - p, p, -p], [e, -e]])
    u = np.eye(5)
    p, e = u[0] + u[1] - u[2], u[3] - u[4]
    three = layer([[e - p, p, -p]])
    return [one, two, three, np.array([[1, 1, -1]])]
""",
    ),
    "shallow": (
        """
def shallow(x, edges, slopes, offsets, C, M):
    v = np.maximum(np.maximum(edges[:-1, None] - x, x - edges[1:, None]), 0)
    f = slopes[:, None] * x + offsets[:, None]
    pairs = np.maximum(f + C - M * v, 0) - np.maximum(C - M * v, 0)
    return pairs.sum(axis=0)
""",
        """
def shallow(x, edges, slopes, offsets, C, M):
    def relu(z):
        return z * (z > 0)

    return sum(
        relu(slopes[k] * x + offsets[k] + C
             - M * (relu(edges[k] - x) + relu(x - edges[k + 1])))
        - relu(C - M * (relu(edges[k] - x) + relu(x - edges[k + 1])))
        for k in range(len(slopes))
    )
""",
        """
def shallow(x, edges, slopes, offsets, C, M):
    outputs = np.empty_like(x)
    for i, point in enumerate(x):
        v = np.maximum(edges[:-1] - point, 0)
        v = v + np.maximum(point - edges[1:], 0)
        room = C - M * v
        values = slopes * point + offsets
        outputs[i] = np.sum(np.maximum(values + room, 0) - np.maximum(room, 0))
    return outputs
""",
    ),
    "twin": (
        """
def twin(w, b, a):
    by = np.arange(len(b)) + 3.0
    return by[:, None] * w, by * b, a / by


def free_directions(w, b, a, x):
    rows = []
    for point in x:
        z = w @ point + b
        row = []
        for j in range(len(b)):
            row += list((z[j] > 0) * a[j] * point)
            row += [(z[j] > 0) * a[j], max(z[j], 0)]
        rows.append(row)
    rank = np.linalg.matrix_rank(np.array(rows))
    return len(rows[0]) - int(rank)
""",
        """
def twin(w, b, a):
    return w / 50, b / 50, 50 * a


def free_directions(w, b, a, x):
    extended = np.column_stack([x, np.ones(len(x))])
    z = extended @ np.column_stack([w, b]).T
    on = (z > 0).astype(float)
    blocks = [on[:, [j]] * a[j] * extended for j in range(len(b))]
    jacobian = np.hstack([*blocks, on * z])
    values = np.linalg.svd(jacobian, compute_uv=False)
    return w.size + b.size + a.size - int((values > 1e-9 * values[0]).sum())
""",
        """
def twin(w, b, a):
    by = 1000.0
    return by * w, by * b, a / by


def free_directions(w, b, a, x):
    n = len(x)
    z = np.einsum("ni,ji->nj", x, w) + b
    on = np.where(z > 0, a, 0.0)
    parts = np.einsum("nj,ni->nji", on, x).reshape(n, -1)
    jacobian = np.concatenate([parts, on, z.clip(0)], axis=1)
    return jacobian.shape[1] - np.linalg.matrix_rank(jacobian)
""",
    ),
}


def test_each_exercise_has_three():
    assert_three_each("equivalence", RIGHT)


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_right_answers_pass(name, n):
    assert_passes("equivalence", name, RIGHT[name][n])
