"""Right answers written differently pass the lab on string topology."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "name": (
        """
def class_name(word):
    for k in range(len(word)):
        if word[k] == word[k - 1].swapcase():
            turned = word[k:] + word[:k]
            return class_name(turned[1:-1])
    return min([word[k:] + word[:k] for k in range(len(word))] or [""])
""",
        """
def class_name(word):
    letters = list(word)
    changed = True
    while changed:
        changed = False
        for k in range(len(letters)):
            if letters[k - 1] == letters[k].swapcase():
                for place in sorted({k - 1, k} if k else {0, len(letters) - 1},
                                    reverse=True):
                    del letters[place]
                changed = True
                break
    best = "".join(letters)
    for _ in letters:
        letters.append(letters.pop(0))
        best = min(best, "".join(letters))
    return best
""",
        """
import re


def class_name(word):
    pairs = [c + c.swapcase() for c in set(word)]
    before = None
    while before != word:
        before = word
        for pair in pairs:
            word = word.replace(pair, "")
        while word and word[0] == word[-1].swapcase():
            word = word[1:-1]
    double = word * 2
    return sorted(double[k:k + len(word)] for k in range(len(word) + 1))[0]
""",
    ),
    "sides": (
        """
def is_left(ends, p, o, h):
    at = ends.index(o)
    turned = ends[at:] + ends[:at]
    return turned.index(h) < turned.index(p)


def transverse(ends, x, y):
    found = []
    for i in range(len(x)):
        for j in range(len(y)):
            p, o = x[i - 1].swapcase(), x[i]
            q, r = y[j - 1].swapcase(), y[j]
            if p in (q, r) or o in (q, r):
                continue
            go = is_left(ends, p, o, r)
            if is_left(ends, p, o, q) is not go:
                found.append((i, j, 2 * go - 1))
    return found
""",
        """
def is_left(ends, p, o, h):
    k = ends.index(o)
    while ends[k % len(ends)] not in (p, h):
        k += 1
    return ends[k % len(ends)] == h and h != p


def transverse(ends, x, y):
    return [
        (i, j, int(is_left(ends, p, o, r)) - int(is_left(ends, p, o, q)))
        for i, (p, o) in enumerate(zip((x[-1:] + x[:-1]).swapcase(), x))
        for j, (q, r) in enumerate(zip((y[-1:] + y[:-1]).swapcase(), y))
        if len({p, o, q, r}) == 4
        and is_left(ends, p, o, r) != is_left(ends, p, o, q)
    ]
""",
        """
def is_left(ends, p, o, h):
    a, b, c = map(ends.index, (o, h, p))
    return a == b or a < b < c or b < c < a or c < a < b


def transverse(ends, x, y):
    found = []
    for i, o in enumerate(x):
        for j, r in enumerate(y):
            p, q = x[i - 1].swapcase(), y[j - 1].swapcase()
            sides = [is_left(ends, p, o, h) for h in (q, r)]
            if len({p, o, q, r}) == 4 and sides == [True, False]:
                found.append((i, j, -1))
            elif len({p, o, q, r}) == 4 and sides == [False, True]:
                found.append((i, j, 1))
    return found
""",
    ),
    "segments": (
        """
def all_crossings(ends, x, y):
    found = st.Surface(ends).crossings(x, y)
    return [(c.i, c.j, c.sign) for c in found]
""",
        """
def all_crossings(ends, x, y):
    back = y[::-1].swapcase()
    side, m, n = st.Surface(ends).left, len(x), len(y)

    def parted(i, j, other):
        while x[i % m] == other[j % n]:
            i, j = i + 1, j + 1
        return side(x[(i - 1) % m].swapcase(), x[i % m], other[j % n])

    found = []
    for i in range(m):
        for j in range(n):
            p, q = x[i - 1].swapcase(), y[j - 1].swapcase()
            if p == q or p == y[j]:
                continue
            if y[j] == x[i]:
                pair = side(p, x[i], q), parted(i, j, y)
            elif q == x[i]:
                pair = parted(i, n - j, back), side(p, x[i], y[j])
            else:
                pair = side(p, x[i], q), side(p, x[i], y[j])
            found += [(i, j, pair[1] - pair[0])] * (pair[0] != pair[1])
    return found
""",
        """
def all_crossings(ends, x, y):
    left, m, n = st.Surface(ends).left, len(x), len(y)
    result = []
    for i in range(m):
        for j in range(n):
            p, o = x[i - 1].swapcase(), x[i]
            q, r = y[j - 1].swapcase(), y[j]
            if p in (q, r):
                continue
            first = left(p, o, q)
            second = left(p, o, r)
            for k in range(1, m + n + 2):
                a, b = x[(i + k - 1) % m].swapcase(), x[(i + k) % m]
                ahead = y[(j + k) % n]
                behind = y[(j - 1 - k) % n].swapcase()
                if r == o and ahead != b:
                    second = left(a, b, ahead)
                    break
                if q == o and behind != b:
                    first = left(a, b, behind)
                    break
                if o not in (q, r):
                    break
            if first != second:
                result.append((i, j, 1 if second else -1))
    return result
""",
    ),
    "selfcross": (
        """
def double_points(surface, word):
    return surface.self_intersection(word)


def most(surface, length):
    counts = Counter(
        double_points(surface, w)
        for w in st.cyclic_words(2, length)
        if len(st.root_power(w)[0]) == length
    )
    return max(counts.items())
""",
        """
def double_points(surface, word):
    if not word:
        return 0
    root, k = st.root_power(word)
    pairs = {
        frozenset([(c.i, c.j), (c.j, c.i)])
        for c in surface.crossings(root, root)
    }
    n = len(surface.crossings(root, root)) / 2
    return round(k**2 * n) + (k - 1)


def most(surface, length):
    best, times = -1, 0
    for word in st.cyclic_words(2, length):
        if st.root_power(word)[1] > 1:
            continue
        n = double_points(surface, word)
        if n > best:
            best, times = n, 1
        elif n == best:
            times += 1
    return best, times
""",
        """
def double_points(surface, word):
    root, k = st.root_power(word)
    twice = sum(1 for _ in surface.crossings(root, root))
    return (k * k * twice) // 2 + max(k - 1, 0)


def most(surface, length):
    words = st.cyclic_words(2, length)
    primitive = [w for w in words if w not in (w + w)[1:-1]]
    numbers = sorted(double_points(surface, w) for w in primitive)
    return [numbers[-1], numbers.count(numbers[-1])]
""",
    ),
    "cones": (
        """
def cone_name(word, orders):
    return st.orb_canon(word, orders)


def cone_bracket(x, y, orders):
    return st.orb_bracket(st.Surface("aAbB"), x, y, orders)
""",
        """
def cone_name(word, orders):
    for letter, n in orders.items():
        word = word.replace(letter.upper(), letter * (n - 1))
    done = False
    while not done:
        done = True
        for letter, n in orders.items():
            turns = [word[k:] + word[:k] for k in range(len(word))] or [word]
            for turned in turns:
                if letter * n in turned:
                    word = turned.replace(letter * n, "", 1)
                    done = False
                    break
    return min([word[k:] + word[:k] for k in range(len(word))] or [""])


def cone_bracket(x, y, orders):
    terms = {}
    for word, count in st.Surface("aAbB").bracket(x, y).items():
        name = cone_name(word, orders)
        terms[name] = terms.get(name, 0) + count
    return {name: count for name, count in terms.items() if count != 0}
""",
        """
from itertools import groupby


def cone_name(word, orders):
    flat = "".join(
        c if c.islower() else c.lower() * (orders[c.lower()] - 1)
        for c in word
    )
    while True:
        runs = [(g, len(list(r)) % orders[g]) for g, r in groupby(flat)]
        new = "".join(g * e for g, e in runs)
        k = len(new) - len(new.lstrip(new[:1])) if new else 0
        if new and k < len(new) and new[0] == new[-1]:
            new = new[k:] + new[:k]
        if new == flat:
            break
        flat = new
    return min((flat[k:] + flat[:k] for k in range(len(flat))), default="")


def cone_bracket(x, y, orders):
    total = Counter()
    for word, count in st.Surface("aAbB").bracket(x, y).items():
        total.update({cone_name(word, orders): count})
    return {w: c for w, c in total.items() if c}
""",
    ),
    "spare": (
        """
def quiet_swap(theta, i, j):
    return st.spare_neuron_loop(theta, i, j)
""",
        """
def quiet_swap(theta, i, j):
    now, corners = theta.copy(), [theta.copy()]
    free = len(theta) - 1
    for source in (j, i, free):
        target = len(theta) - 1 if source == j else (j if source == i else i)
        now[target, :-1] = now[source, :-1]
        corners.append(now.copy())
        now[target, -1] += now[source, -1]
        now[source, -1] -= now[source, -1]
        corners.append(now.copy())
    now[-1] = theta[-1]
    return corners + [now]
""",
        """
def quiet_swap(theta, i, j):
    a, b, s = theta[i], theta[j], theta[-1]

    def rows(first, second, third):
        new = theta.copy()
        new[i], new[j], new[-1] = first, second, third
        return new

    def off(row):
        return np.append(row[:-1], 0.0)

    return [
        theta.copy(),
        rows(a, b, off(a)),
        rows(off(a), b, a),
        rows(off(b), b, a),
        rows(b, off(b), a),
        rows(b, off(a), a),
        rows(b, a, off(a)),
        rows(b, a, s),
    ]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("string_topology", name, RIGHT[name][n])


def test_every_exercise_has_three():
    assert_three_each("string_topology", RIGHT)
