"""Right answers written differently pass the lab on equivariant networks."""

import pytest
from right_answers import assert_passes, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "products": (
        """
def d4_mul(a, b):
    sign = -1 if a // 4 else 1
    return (a // 4 ^ b // 4) * 4 + (a + sign * b) % 4


def d4_inv(a):
    return [0, 3, 2, 1, 4, 5, 6, 7][a]
""",
        """
def d4_mul(a, b):
    return np.int64((a ^ b) & 4 | (a + (-b if a & 4 else b)) & 3)
""",
        """
def d4_mul(a, b):
    def places(g):
        corners = [0, 1, 2, 3]
        if g >= 4:
            corners = [1, 0, 3, 2]
        return [(c + g % 4) % 4 for c in corners]

    both = [places(a)[c] for c in places(b)]
    return next(g for g in range(8) if places(g) == both)


def d4_inv(a):
    return next(b for b in range(8) if d4_mul(a, b) == 0)
""",
    ),
    "sizes": (
        """
def safe_sizes(k, s):
    return [n for n in range(8, 41) if n % s == k % s]
""",
        """
def safe_sizes(k, s):
    first = 8 + (k - 8) % s
    return list(range(first, 41, s))
""",
        """
def safe_sizes(k, s):
    sides = []
    for n in range(8, 41):
        starts = set(range(0, n - k + 1, s))
        if {n - k - i for i in starts} == starts:
            sides.append(n)
    return tuple(sides)
""",
    ),
    "filters": (
        """
def lift_filters(w):
    copies = [np.rot90(w, s, axes=(0, 1)) for s in range(4)]
    copies += [np.rot90(w[:, ::-1], s, axes=(0, 1)) for s in range(4)]
    return np.array(copies)
""",
        """
def group_filters(w):
    result = np.empty((8, *w.shape), w.dtype)
    for g in range(8):
        pixels = np.rot90(w[:, ::-1] if g >= 4 else w, g % 4)
        for h in range(8):
            result[g, :, :, times(g, h)] = pixels[:, :, h]
    return result
""",
        """
def group_filters(w):
    copies = []
    for g in range(8):
        order = [next(j for j in range(8) if times(g, j) == h)
                 for h in range(8)]
        copies.append(np.take(lift_filters(w)[g], order, axis=2))
    return np.stack(copies)
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("equivariant", name, RIGHT[name][n])
