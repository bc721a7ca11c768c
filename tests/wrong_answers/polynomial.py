"""Wrong answers to the lab on polynomial networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: CCP ----------------------------------------------------------

_CCP_CODE = """
def ccp(z, U):
    x = {start}
    for factor in {rest}:
        x = {step}
    return x
"""
_CCP_RIGHT = {
    "start": "z @ U[0]",
    "rest": "U[1:]",
    "step": "(z @ factor) * x + x",
}


def _ccp(**changed):
    return _CCP_CODE.format(**{**_CCP_RIGHT, **changed})


_CCP = [
    WrongAnswer(
        "ccp", "no skip", _ccp(step="(z @ factor) * x"), r"term \+ x_\{n-1\}"
    ),
    WrongAnswer(
        "ccp",
        "z U_n added",
        _ccp(step="(z @ factor) * x + z @ factor"),
        "9 is",
    ),
    WrongAnswer("ccp", "sum only", _ccp(step="(z @ factor) + x"), "5 is"),
    WrongAnswer(
        "ccp",
        "both added",
        _ccp(step="(z @ factor) * x + x + z @ factor"),
        "11 is",
    ),
    WrongAnswer("ccp", "last matrix left out", _ccp(rest="U[1:-1]"), "not 2"),
    WrongAnswer(
        "ccp",
        "stops after two",
        _ccp(rest="U[1:2]"),
        r"use every matrix once",
    ),
    WrongAnswer(
        "ccp",
        "starts with ones",
        _ccp(start="1 + z @ U[0]"),
        r"gives 3 \* 2 \+ 2 = 8",
    ),
    WrongAnswer(
        "ccp",
        "floats",
        _ccp(start="1.0 * (z @ U[0])"),
        r"floats came out",
    ),
    WrongAnswer(
        "ccp", "printed", "def ccp(z, U):\n    print(z @ U[0])\n", r"None"
    ),
    WrongAnswer(
        "ccp",
        "in place",
        """
def ccp(z, U):
    x = z @ U[0]
    for factor in U[1:]:
        x = (z @ factor) * x + x
        factor[:] = 0
    return x
""",
        r"chang",
    ),
]

# -- exercise 2: degree -------------------------------------------------------

_DEGREE_CODE = """
def degree(values):
    row = list(values)
    for order in range({last}):
        row = [b - a for a, b in zip(row, row[1:])]
        if {zero}:
            return {found}
    return {nothing}
"""
_DEGREE_RIGHT = {
    "last": "len(values) - 1",
    "zero": "not any(row)",
    "found": "order",
    "nothing": "None",
}


def _degree(**changed):
    return _DEGREE_CODE.format(**{**_DEGREE_RIGHT, **changed})


_DEGREE = [
    WrongAnswer(
        "degree",
        "order of zeros",
        _degree(found="order + 1"),
        r"3 is the order",
    ),
    WrongAnswer(
        "degree",
        "one too small",
        _degree(found="order - 1"),
        r"1 is too small",
    ),
    WrongAnswer(
        "degree",
        "first entry only",
        _degree(zero="row[0] == 0"),
        r"ALL differences",
    ),
    WrongAnswer(
        "degree",
        "sum of the row",
        _degree(zero="sum(row) == 0"),
        r"may cancel",
    ),
    WrongAnswer(
        "degree",
        "last row left out",
        _degree(last="len(values) - 2"),
        r"returned None|has one entry",
    ),
    WrongAnswer(
        "degree",
        "a degree at any price",
        _degree(nothing="len(values) - 1"),
        r"no row is zero",
    ),
    WrongAnswer(
        "degree",
        "constant row instead of zeros",
        _degree(zero="len(set(row)) == 1", found="order + 1"),
        r"A constant has degree 0",
    ),
    WrongAnswer(
        "degree",
        "float rounding",
        """
def degree(values):
    row = np.array(values, dtype=float)
    for order in range(len(values) - 1):
        row = np.diff(row)
        if np.all(abs(row) < 1e-9):
            return order
    return None
""",
        r"large numbers",
    ),
    WrongAnswer(
        "degree", "printed", "def degree(values):\n    print(2)\n", r"None"
    ),
]

# -- exercise 3: parity -------------------------------------------------------

_PARITY_CODE = """
def parity_weights(n):
    taken = np.array(list(product((0, 1), repeat=n)))
    taken = taken[{chosen}]
    U = np.zeros((n, n, len(taken)), int)
    for i in range(n):
        U[i, {place}] = taken[:, i]
    return U, {signs}
"""
_PARITY_RIGHT = {
    "chosen": "taken[:, 0] == 1",
    "place": "i",
    "signs": "(-1) ** (n - taken.sum(1))",
}


def _parity(**changed):
    return _PARITY_CODE.format(**{**_PARITY_RIGHT, **changed})


_PARITY = [
    WrongAnswer(
        "parity",
        "signs of what is taken",
        _parity(signs="(-1) ** taken.sum(1)"),
        r"minus the product|NOT taken",
    ),
    WrongAnswer(
        "parity",
        "no signs",
        _parity(signs="np.ones(len(taken), int)"),
        r"the network says",
    ),
    WrongAnswer(
        "parity",
        "only the product of all",
        _parity(chosen="taken.sum(1) == n"),
        r"the network says",
    ),
    WrongAnswer(
        "parity",
        "inputs in the wrong rows",
        _parity(place="0"),
        r"the network says",
    ),
    WrongAnswer(
        "parity",
        "C as a matrix",
        _parity(signs="((-1) ** (n - taken.sum(1)))[:, None]"),
        r"C should have the shape",
    ),
    WrongAnswer(
        "parity",
        "weights of n = 3 always",
        "_right = parity_weights\n\n\ndef parity_weights(n):\n"
        "    return _right(3)\n",
        r"U should have the shape",
    ),
    WrongAnswer(
        "parity",
        "fitted to the corners",
        """
def parity_weights(n):
    rng = np.random.default_rng(0)
    U = rng.integers(-2, 3, (n, n, 400)).astype(float)
    points = np.array(list(product((-1, 1), repeat=n)))
    x = points @ U[0]
    for factor in U[1:]:
        x = (points @ factor) * x + x
    return U, np.linalg.lstsq(x, points.prod(1), rcond=None)[0]
""",
        r"right for signs, but not",
    ),
    WrongAnswer(
        "parity",
        "only U",
        "def parity_weights(n):\n    return np.zeros((n, n, 1), int)\n",
        r"pair|two|2 values|tuple|several",
    ),
]

# -- exercise 4: reachable ----------------------------------------------------

_REACH_CODE = """
def reachable(w, sizes):
    needed = {needed}
    {empty}
    zeros = 0
    while w[zeros] == 0:
        zeros += 1
    return {answer}
"""
_REACH_RIGHT = {
    "needed": "sum(size % 2 == 0 for size in sizes)",
    "empty": "if not any(w): return True",
    "answer": "zeros + finite_real_roots(w[zeros:]) >= needed",
}


def _reach(**changed):
    return _REACH_CODE.format(**{**_REACH_RIGHT, **changed})


_REACH = [
    WrongAnswer(
        "reachable",
        "no roots at infinity",
        _reach(answer="finite_real_roots(w[zeros:]) >= needed"),
        r"at infinity",
    ),
    WrongAnswer(
        "reachable",
        "one root at infinity",
        _reach(
            answer="min(zeros, 1) + finite_real_roots(w[zeros:]) >= needed"
        ),
        r"two roots at infinity",
    ),
    WrongAnswer(
        "reachable",
        "distinct roots",
        _reach(
            answer='zeros + int(sympy.Poly(w[zeros:], sympy.Symbol("x"))'
            ".count_roots()) >= needed"
        ),
        r"two roots at infinity|double root counts twice",
    ),
    WrongAnswer(
        "reachable",
        "numerical roots",
        _reach(answer="zeros + sum(np.isreal(np.roots(w[zeros:]))) >= needed"),
        r"double root|complex by rounding",
    ),
    WrongAnswer(
        "reachable",
        "odd sizes",
        _reach(needed="sum(size % 2 == 1 for size in sizes)"),
        r"no real root|Filters of odd size",
    ),
    WrongAnswer(
        "reachable",
        "number of filters",
        _reach(needed="len(sizes)"),
        r"Filters of odd size",
    ),
    WrongAnswer(
        "reachable",
        "sizes of 2 only",
        _reach(needed="sum(size == 2 for size in sizes)"),
        r"not only 2",
    ),
    WrongAnswer(
        "reachable",
        "one more",
        _reach(answer="zeros + finite_real_roots(w[zeros:]) > needed"),
        r"make \(1, -3, 2\)",
    ),
    WrongAnswer(
        "reachable",
        "zero filter forgotten",
        _reach(empty="pass"),
        r"range|index|zero filter",
    ),
    WrongAnswer(
        "reachable",
        "zero filter refused",
        _reach(empty="if not any(w): return False"),
        r"zero filter is a product",
    ),
    WrongAnswer(
        "reachable",
        "the number",
        _reach(answer="zeros + finite_real_roots(w[zeros:])"),
        r"bool|True or False",
    ),
]

# -- exercise 5: Jacobian -----------------------------------------------------

_JACOBIAN_CODE = """
def jacobian(p, q):
    by_p = [{by_p} for unit in np.eye(len(p))]
    by_q = [{by_q} for unit in np.eye(len(q))]
    return {end}
"""
_JACOBIAN_RIGHT = {
    "by_p": "np.convolve(unit, q)",
    "by_q": "np.convolve(p, unit)",
    "end": "np.stack(by_p + by_q, axis=1)",
}


def _jacobian(**changed):
    return _JACOBIAN_CODE.format(**{**_JACOBIAN_RIGHT, **changed})


_JACOBIAN = [
    WrongAnswer(
        "jacobian",
        "transposed",
        _jacobian(end="np.stack(by_p + by_q)"),
        r"transposed",
    ),
    WrongAnswer(
        "jacobian",
        "q first",
        _jacobian(end="np.stack(by_q + by_p, axis=1)"),
        r"Columns of p come first",
    ),
    WrongAnswer(
        "jacobian",
        "only p",
        _jacobian(end="np.stack(by_p, axis=1)"),
        r"should have the shape",
    ),
    WrongAnswer(
        "jacobian",
        "correlation",
        _jacobian(
            by_p='np.correlate(unit, q, "full")',
            by_q='np.correlate(unit, p, "full")',
        ),
        r"turned round",
    ),
    WrongAnswer(
        "jacobian",
        "own filter",
        """
def jacobian(p, q):
    by_p = [np.convolve(unit, p) for unit in np.eye(len(q))]
    by_q = [np.convolve(unit, q) for unit in np.eye(len(p))]
    return np.stack(by_p + by_q, axis=1)
""",
        r"Columns of p come first|derivative by",
    ),
    WrongAnswer(
        "jacobian",
        "the units",
        _jacobian(by_p="np.convolve(unit, 1 + 0 * q)"),
        r"derivative by",
    ),
    WrongAnswer(
        "jacobian",
        "a list",
        _jacobian(end="by_p + by_q"),
        r"list",
    ),
]

# -- exercise 6: descent ------------------------------------------------------

_DESCEND_CODE = """
def descend(t, p, q, rate, steps):
    for _ in range({steps}):
        error = np.convolve(p, q) - t
        by_p = {factor}np.correlate(error, q, "valid")
        by_q = {factor}np.correlate(error, p, "valid")
        {move}
    return p, q
"""
_DESCEND_RIGHT = {
    "steps": "steps",
    "factor": "",
    "move": "p, q = p - rate * by_p, q - rate * by_q",
}


def _descend(**changed):
    return _DESCEND_CODE.format(**{**_DESCEND_RIGHT, **changed})


_DESCEND = [
    WrongAnswer(
        "descend",
        "climbs",
        _descend(move="p, q = p + rate * by_p, q + rate * by_q"),
        r"climb",
    ),
    WrongAnswer(
        "descend", "factor two", _descend(factor="2 * "), r"twice too long"
    ),
    WrongAnswer(
        "descend",
        "one after the other",
        """
def descend(t, p, q, rate, steps):
    for _ in range(steps):
        error = np.convolve(p, q) - t
        p = p - rate * np.correlate(error, q, "valid")
        error = np.convolve(p, q) - t
        q = q - rate * np.correlate(error, p, "valid")
    return p, q
""",
        r"NEW p",
    ),
    WrongAnswer(
        "descend",
        "new p, old error",
        """
def descend(t, p, q, rate, steps):
    for _ in range(steps):
        error = np.convolve(p, q) - t
        p = p - rate * np.correlate(error, q, "valid")
        q = q - rate * np.correlate(error, p, "valid")
    return p, q
""",
        r"NEW p",
    ),
    WrongAnswer(
        "descend",
        "q first",
        """
def descend(t, p, q, rate, steps):
    for _ in range(steps):
        error = np.convolve(p, q) - t
        q = q - rate * np.correlate(error, p, "valid")
        p = p - rate * np.correlate(error, q, "valid")
    return p, q
""",
        r"NEW q",
    ),
    WrongAnswer(
        "descend",
        "one step more",
        _descend(steps="steps + 1"),
        r"leads to",
    ),
    WrongAnswer(
        "descend",
        "only one step",
        _descend(steps="min(steps, 1)"),
        r"0 steps|can be reached",
    ),
    WrongAnswer(
        "descend",
        "in place",
        _descend(move="p -= rate * by_p; q -= rate * by_q"),
        r"chang",
    ),
    WrongAnswer(
        "descend",
        "the product",
        "_right = descend\n\n\ndef descend(t, p, q, rate, steps):\n"
        "    return np.convolve(*_right(t, p, q, rate, steps))\n",
        r"pair|two|2 values|tuple|several",
    ),
    WrongAnswer(
        "descend",
        "only p moves",
        _descend(move="p = p - rate * by_p"),
        r"p is right, q is not",
    ),
]

WRONG_ANSWERS = _CCP + _DEGREE + _PARITY + _REACH + _JACOBIAN + _DESCEND
_PAIRS = "row = [b - a for a, b in zip(row, row[1:]"
_SIGNS = "return (U, (-1) ** (n"
_BY_P, _BY_Q = "by_p = [np.convolve({})", "by_q = [np.convolve({})"
_FOR_P = " for unit in np.eye(len(p))]"
_FOR_Q = " for unit in np.eye(len(q))]"
SAME = {
    ("degree", f"{_PAIRS}, strict=False)] => {_PAIRS})]"): (
        "strict=False is the default"
    ),
    ("parity", "taken = taken[taken[:, 0] == 1] => pass"): (
        "columns with a zero first factor add nothing"
    ),
    (
        "parity",
        f"{_SIGNS} - taken.sum(1))) => {_SIGNS} + taken.sum(1)))",
    ): "the exponents differ by an even number",
    (
        "jacobian",
        f"{_BY_P.format('unit, q')}{_FOR_P} => "
        f"{_BY_P.format('q, unit')}{_FOR_P}",
    ): "convolution commutes",
    (
        "jacobian",
        f"{_BY_Q.format('p, unit')}{_FOR_Q} => "
        f"{_BY_Q.format('unit, p')}{_FOR_Q}",
    ): "convolution commutes",
    (
        "descend",
        "error = np.convolve(p, q) - t => error = np.convolve(q, p) - t",
    ): "convolution commutes",
}
