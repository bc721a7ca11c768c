"""Right answers written differently pass the lab on symbolic integration."""

import pytest
from right_answers import assert_passes, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "counts": (
        """
from functools import cache


@cache
def completions(e, n):
    if e == 0 or n == 0:
        return int(n == 0)
    return (completions(e - 1, n) + completions(e, n - 1)
            + completions(e + 1, n - 1))


def tree_counts(n):
    return tuple(completions(1, m) for m in range(n + 1))
""",
        """
def completions(e, n):
    if e == 0:
        return 0 if n else 1
    table = {(j, 0): 1 for j in range(e + n + 1)}
    for m in range(1, n + 1):
        table[0, m] = 0
        for j in range(1, e + n - m + 1):
            table[j, m] = table[j - 1, m] + table[j, m - 1] + table[
                j + 1, m - 1]
    return table[e, n]
""",
        """
def completions(e, n):
    if n == 0:
        return 1
    if e == 0:
        return 0
    # ballot numbers: k binary nodes among n operators, e trees
    return sum(math.comb(n + k + e - 1, n - k)
               * (e * math.comb(2 * k + e, k) // (2 * k + e))
               for k in range(n + 1))
""",
    ),
    "read": (
        """
def read(tokens):
    stack = []
    for token in reversed(tokens):
        n = ARITY.get(token, 0)
        if n > len(stack):
            raise ValueError("operand missing")
        parts = [stack.pop() for _ in range(n)]
        leaf = token if token == "x" or n else int(token)
        stack.append((token, *parts) if n else leaf)
    if len(stack) != 1:
        raise ValueError("not one expression")
    return stack[0]
""",
        """
def read(tokens):
    def one(rest):
        if not rest:
            raise ValueError("operand missing")
        head, rest = rest[0], rest[1:]
        if head not in ARITY:
            return (head if head == "x" else int(head)), rest
        left, rest = one(rest)
        if ARITY[head] == 1:
            return (head, left), rest
        right, rest = one(rest)
        return (head, left, right), rest

    tree, rest = one(tuple(tokens))
    if rest:
        raise ValueError("left over")
    return tree
""",
        """
def read(tokens):
    stream = iter(tokens)

    def one():
        token = next(stream, None)
        if token is None:
            raise ValueError
        if token in ARITY:
            return (token,) + tuple(one() for _ in range(ARITY[token]))
        return "x" if token == "x" else int(token)

    tree = one()
    for token in stream:
        raise ValueError(token)
    return tree
""",
    ),
    "derive": (
        """
def derive(tree):
    if isinstance(tree, int):
        return 0
    if tree == "x":
        return 1
    if tree[0] == "+":
        return ("+", derive(tree[1]), derive(tree[2]))
    if tree[0] == "*":
        _, u, v = tree
        return ("+", ("*", v, derive(u)), ("*", derive(v), u))
    if tree[0] == "^":
        _, u, n = tree
        return ("*", ("*", n, derive(u)), ("^", u, ("+", n, -1)))
    name, u = tree
    if name == "sin":
        return ("*", derive(u), ("cos", u))
    if name == "cos":
        return ("*", ("*", derive(u), -1.0), ("sin", u))
    if name == "exp":
        return ("*", tree, derive(u))
    return ("*", derive(u), ("^", u, -1))
""",
        """
def derive(tree):
    zero = 0
    if not isinstance(tree, tuple):
        return 1 if tree == "x" else zero
    name, u = tree[:2]
    du = derive(u)
    if du == zero and name not in "+*":
        return zero
    if name == "+":
        dv = derive(tree[2])
        return dv if du == zero else du if dv == zero else ("+", du, dv)
    if name == "*":
        return ("+", ("*", du, tree[2]), ("*", u, derive(tree[2])))
    if name == "^":
        n = tree[2]
        return ("*", du, ("*", n, ("^", u, n - 1))) if n else zero
    factor = {"sin": ("cos", u), "exp": tree, "ln": ("^", u, -1),
              "cos": ("+", ("*", -2, ("sin", u)), ("sin", u))}[name]
    return factor if du == 1 else ("*", factor, du)
""",
        """
def derive(tree):
    rules = {
        "+": lambda u, v: ["+", derive(u), derive(v)],
        "*": lambda u, v: ["+", ["*", derive(u), v], ["*", u, derive(v)]],
        "^": lambda u, n: ["*", derive(u), ["*", n, ["^", u, n - 1]]],
        "sin": lambda u: ["*", derive(u), ["cos", u]],
        "cos": lambda u: ["*", derive(u), ["*", ["sin", u], -1]],
        "exp": lambda u: ["*", derive(u), ["exp", u]],
        "ln": lambda u: ["*", derive(u), ["^", u, -1]],
    }
    if isinstance(tree, str):
        return 1
    return rules[tree[0]](*tree[1:]) if isinstance(tree, tuple) else 0
""",
    ),
    "verify": (
        """
def verify(f, F):
    f, g = si.parse(f), si.diff(si.parse(F))
    pairs = [(number_at(f, x), number_at(g, x)) for x in POINTS]
    pairs = [pair for pair in pairs if pair[0] is not None]
    return len(pairs) > 3 and all(
        b is not None and math.isclose(a, b, rel_tol=1e-8) for a, b in pairs)
""",
        """
def verify(f, F):
    f, g = si.parse(f), si.diff(si.parse(F))
    xs = [x for x in POINTS if number_at(f, x) is not None]
    if len(xs) < 4 or any(number_at(g, x) is None for x in xs):
        return False
    a = np.array([number_at(f, x) for x in xs])
    b = np.array([number_at(g, x) for x in xs])
    return np.allclose(b, a, rtol=1e-8, atol=0)
""",
        """
def verify(f, F):
    left = 0
    for x in POINTS:
        a = number_at(si.parse(f), x)
        if a is not None:
            left += 1
            b = number_at(si.diff(si.parse(F)), x)
            if b is None or not abs(b - a) <= 1e-8 * max(abs(a), abs(b)):
                return False
    return not left < 4
""",
    ),
    "beam": (
        """
def beam_search(table, k, steps):
    import heapq
    beam, done = {(START,): 0.0}, []
    for _ in range(steps):
        nxt = {(*h, b): s + np.log(p)
               for h, s in beam.items() for b, p in enumerate(table[h[-1]])}
        beam = {h: nxt[h] for h in heapq.nlargest(k, nxt, key=nxt.get)}
        for h in [h for h in beam if h[-1] == END]:
            done.append((beam.pop(h) / (len(h) - 1), h))
    done.sort(reverse=True)
    return done
""",
        """
def beam_search(table, k, steps):
    live, done = [([START], 1.0)], []
    for _ in range(steps):
        longer = [(h + [b], p * q) for h, p in live
                  for b, q in enumerate(table[h[-1]])]
        longer.sort(key=lambda pair: -pair[1])
        live = []
        for h, p in longer[:k]:
            if h[-1] == END:
                done.append((math.log(p) / (len(h) - 1), h))
            else:
                live.append((h, p))
    return sorted(done, key=lambda pair: -pair[0])
""",
        """
def beam_search(table, k, steps):
    logs = np.log(table)

    def go(live, left):
        if not live or not left:
            return []
        longer = sorted(((s + logs[h[-1], b], h + (b,)) for s, h in live
                         for b in range(logs.shape[1])))[::-1][:k]
        done = [(s / (len(h) - 1), h) for s, h in longer if h[-1] == END]
        return done + go([p for p in longer if p[1][-1] != END], left - 1)

    return sorted(go([(0.0, (START,))], steps))[::-1]
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("symbolic_integration", name, RIGHT[name][n])
