"""Right answers written differently pass the lab on tropical geometry."""

import pytest
from right_answers import assert_passes, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "semiring": (
        """
def oplus(f, g):
    both = f.keys() | g.keys()
    return {a: max(h[a] for h in (f, g) if a in h) for a in both}
""",
        """
def odot(f, g):
    exponents = {a + b for a in f for b in g}
    return {n: max(f[a] + g[n - a] for a in f if n - a in g)
            for n in sorted(exponents)}
""",
        """
def power(f, a):
    return {exponent * a: c * a for exponent, c in f.items()}


def value(f, x):
    best = None
    for exponent in f:
        new = f[exponent] + x * exponent
        best = new if best is None or new > best else best
    return best
""",
    ),
    "lines": (
        """
def line_regions(lines):
    met = {}
    for i, (a, b, c) in enumerate(lines):
        for j, (d, e, f) in enumerate(lines[:i]):
            turn = a * e - b * d
            if turn != 0:
                point = Fraction(b * f - c * e, turn), Fraction(
                    c * d - a * f, turn)
                met.setdefault(point, set()).update((i, j))
    return 1 + len(lines) + sum(len(some) - 1 for some in met.values())
""",
        """
def line_regions(lines):
    from math import gcd

    def crossing(p, q):
        x = p[1] * q[2] - p[2] * q[1]
        y = p[2] * q[0] - p[0] * q[2]
        z = p[0] * q[1] - p[1] * q[0]
        scale = gcd(x, y, z) * (1 if z > 0 else -1)
        return (x // scale, y // scale, z // scale) if z else None

    if not lines:
        return 1
    *earlier, last = lines
    points = {crossing(last, line) for line in earlier} - {None}
    return line_regions(earlier) + len(points) + 1
""",
        """
def line_regions(lines):
    from itertools import pairwise

    total = 1
    for n, (a, b, c) in enumerate(lines):
        # the position along the line, in units of its own direction
        places = sorted(
            Fraction(-(f * (a * a + b * b) - c * (a * d + b * e)),
                     a * e - b * d)
            for d, e, f in lines[:n] if a * e != b * d)
        total += 1 + bool(places) + sum(p < q for p, q in pairwise(places))
    return total
""",
    ),
    "margin": (
        """
def margin(x, segments):
    best = np.inf, None
    for p, q in segments:
        t = np.dot(x - p, q - p) / np.dot(q - p, q - p)
        foot = p + min(max(t, 0.0), 1.0) * (q - p)
        best = min(best, (np.hypot(*(x - foot)), foot), key=lambda b: b[0])
    return best
""",
        """
def margin(x, segments):
    p, q = segments.transpose(1, 0, 2)
    d = q - p
    t = np.einsum("nk,nk->n", x - p, d) / np.einsum("nk,nk->n", d, d)
    t = np.maximum(0, np.minimum(1, t))[:, None]
    feet = (1 - t) * p + t * q
    squares = ((feet - x) ** 2).sum(axis=1)
    n = np.argsort(squares)[0]
    return [squares[n] ** 0.5, feet[n]]
""",
        """
def margin(x, segments):
    feet = []
    for p, q in segments:
        feet += [p, q]
        t = (x - p) @ (q - p) / ((q - p) @ (q - p))
        if 0 < t < 1:
            feet.append(p + t * (q - p))
    foot = min(feet, key=lambda f: np.linalg.norm(f - x))
    return float(np.linalg.norm(foot - x)), foot
""",
    ),
    "quotient": (
        """
def quotient(w, b, v):
    f, g = {0: 0}, {0: 0}
    for wj, bj, vj in zip(w, b, v):
        up, down = max(wj, 0), max(-wj, 0)
        one = multiple(larger({up: bj}, {down: 0}), abs(vj))
        two = {down * abs(vj): 0}
        if vj < 0:
            one, two = two, one
        f, g = added(f, one), added(g, two)
    return f, g
""",
        """
def quotient(w, b, v):
    f, g = {0: Fraction(0)}, {0: Fraction(0)}
    for wj, bj, vj in zip(w, b, v):
        for _ in range(abs(vj)):
            side = {0: 0, wj: bj} if wj > 0 else {-wj: 0, 0: bj}
            if wj == 0:
                side = {0: max(bj, 0)}
            below = {max(-wj, 0): 0}
            f = added(f, side if vj > 0 else below)
            g = added(g, below if vj > 0 else side)
    return f, g
""",
        """
def quotient(w, b, v):
    if not w:
        return {0: 0}, {0: 0}
    f, g = quotient(w[1:], b[1:], v[1:])
    unit = larger({max(w[0], 0): b[0]}, {max(-w[0], 0): 0})
    rest = {max(-w[0], 0): 0}
    if v[0] >= 0:
        return (added(f, multiple(unit, v[0])),
                added(g, multiple(rest, v[0])))
    return (added(f, multiple(rest, -v[0])), added(g, multiple(unit, -v[0])))
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("tropical", name, RIGHT[name][n])
