"""Wrong answers to the lab on symbolic integration."""

from wrong_answers import WrongAnswer

# -- exercise 1: counting trees ---------------------------------------------

_COUNTS = """
from functools import cache

@cache
def completions(e, n):
    if e == 0:
        return {empty}
    if n == 0:
        return {leaf}
    return {rule}

def tree_counts(n):
    return [completions(1, m) for m in range(n + 1)]
"""
_RULE = (
    "completions(e - 1, n) + completions(e, n - 1) + completions(e + 1, n - 1)"
)
_BINARY = "completions(e - 1, n) + completions(e + 1, n - 1)"

_TREES = [
    WrongAnswer(
        "counts",
        "unary nodes forgotten",
        _COUNTS.format(empty="int(n == 0)", leaf="1", rule=_BINARY),
        r"Catalan numbers",
    ),
    WrongAnswer(
        "counts",
        "no tree without operators",
        """
def tree_counts(n):
    return [0, 2, 6, 22, 90, 394][: n + 1]
""",
        r"starts with 0, .* D\(e, 0\) = 1",
    ),
    WrongAnswer(
        "counts",
        "operators without a place counted",
        _COUNTS.format(empty="1", leaf="1", rule=_RULE),
        r"listing gives",
    ),
]

# -- exercise 2: the misprint -----------------------------------------------

_RECURRENCE = """
def expressions(n, p1, p2, leaves):
    before, now = leaves, (p1 + leaves * p2) * leaves
    if n == 0:
        return before
    for k in range(2, n + 1):
        ahead = (p1 + 2 * leaves * p2) * (2 * k - 1) * now
        before, now = now, (ahead - {last} * (k - 2) * before) {by} (k + 1)
    return now
"""

_MISPRINT = [
    WrongAnswer(
        "recurrence",
        "as printed",
        _RECURRENCE.format(last="p1", by="/"),
        r"the printed formula",
    ),
    WrongAnswer(
        "recurrence",
        "as printed, rounded down",
        _RECURRENCE.format(last="p1", by="//"),
        r"missing a power",
    ),
    WrongAnswer(
        "recurrence",
        "floats",
        _RECURRENCE.format(last="p1**2", by="/"),
        r"returned float: divide with //",
    ),
    WrongAnswer(
        "recurrence",
        "cubed",
        _RECURRENCE.format(last="p1**3", by="//"),
        r"E_3 = -?\d+, but the sum gives 8570045",
    ),
]

# -- exercise 3: reading ----------------------------------------------------

_READ = """
def read(tokens):
    tokens = list(tokens)
    tree = read_one(tokens)
    {after}
    return tree

def read_one(tokens):
    {missing}
    token = tokens.pop(0)
    parts = [read_one(tokens) for _ in range(ARITY.get(token, 0))]
    if parts:
        return {order}
    return token if token == "x" else {leaf}
"""
_FULL = {
    "after": "if tokens: raise ValueError",
    "missing": "if not tokens: raise ValueError",
    "order": "(token, *parts)",
    "leaf": "int(token)",
}

_READING = [
    WrongAnswer(
        "read",
        "tokens left over",
        _READ.format(**_FULL | {"after": "pass"}),
        r"tokens are left over",
    ),
    WrongAnswer(
        "read",
        "runs off the end",
        _READ.format(**_FULL | {"missing": "pass"}),
        r"ran off the end",
    ),
    WrongAnswer(
        "read",
        "missing operand becomes None",
        _READ.format(**_FULL | {"missing": "if not tokens: return None"}),
        r"an operand is missing",
    ),
    WrongAnswer(
        "read",
        "operands in reverse",
        _READ.format(**_FULL | {"order": "(token, *parts[::-1])"}),
        r"operands stand in reading order",
    ),
]

# -- exercise 4: derivatives ------------------------------------------------

_DERIVE = """
def derive(tree):
    if not isinstance(tree, tuple):
        return int(tree == "x")
    name, u, *rest = tree
    inner = derive(u)
    if name == "+":
        return ("+", inner, derive(rest[0]))
    if name == "*":
        return {product}
    outer = {{"sin": ("cos", u), "cos": {cos},
             "exp": ("exp", u), "ln": ("^", u, -1)}}
    if name == "^":
        return {power}
    return {chain}
"""
_RULES = {
    "product": ('("+", ("*", inner, rest[0]), ("*", u, derive(rest[0])))'),
    "cos": '("*", -1, ("sin", u))',
    "power": '("*", rest[0], ("*", ("^", u, rest[0] - 1), inner))',
    "chain": '("*", outer[name], inner)',
}

_DERIVATIVES = [
    WrongAnswer(
        "derive",
        "inner derivative forgotten",
        _DERIVE.format(**_RULES | {"chain": "outer[name]"}),
        r"inner derivative u' is missing \(chain rule\)",
    ),
    WrongAnswer(
        "derive",
        "n u^n",
        _DERIVE.format(
            **_RULES
            | {
                "power": '("*", rest[0], ("*", ("^", u, rest[0]), inner))'
            }  # fmt: skip
        ),
        r"exponent falls by one",
    ),
    WrongAnswer(
        "derive",
        "inner derivative of a power forgotten",
        _DERIVE.format(
            **_RULES | {"power": '("*", rest[0], ("^", u, rest[0] - 1))'}
        ),
        r"missing in the power rule",
    ),
    WrongAnswer(
        "derive",
        "u'v'",
        _DERIVE.format(
            **_RULES | {"product": '("*", inner, derive(rest[0]))'}
        ),
        r"u'v \+ uv'",
    ),
    WrongAnswer(
        "derive",
        "sign of the cosine",
        _DERIVE.format(**_RULES | {"cos": '("sin", u)'}),
        r"derivative of cos is -sin",
    ),
]

# -- exercise 5: verification -----------------------------------------------

_VERIFY = """
def verify(f, F):
    integrand, derivative = si.parse(f), si.diff(si.parse(F))
    compared = agree = 0
    for x in {points}:
        wanted, found = number_at(integrand, x), number_at(derivative, x)
        if wanted is None:
            continue
        compared += 1
        agree += found is not None and (
            abs(found - wanted) <= 1e-8 * abs(wanted))
    return {decision}
"""

_VERIFICATION = [
    WrongAnswer(
        "verify",
        "canonical forms compared",
        "def verify(f, F):\n    return si.diff(si.parse(F)) == si.parse(f)",
        r"compare numbers",
    ),
    WrongAnswer(
        "verify",
        "f compared with F",
        _VERIFY.format(
            points="POINTS", decision="compared >= 4 and agree == compared"
        ).replace("si.diff(si.parse(F))", "si.parse(F)"),
        r"sin is an antiderivative|instead of F'",
    ),
    WrongAnswer(
        "verify",
        "most points are enough",
        _VERIFY.format(points="POINTS", decision="agree >= 4"),
        r"right for positive x only",
    ),
    WrongAnswer(
        "verify",
        "positive points only",
        _VERIFY.format(
            points="[abs(p) for p in POINTS]",
            decision="compared >= 4 and agree == compared",
        ),
        r"right for positive x only",
    ),
    WrongAnswer(
        "verify",
        "no point is enough",
        _VERIFY.format(points="POINTS", decision="agree == compared"),
        r"at least four points",
    ),
]

# -- exercise 6: beams ------------------------------------------------------

_BEAM = """
def beam_search(table, k, steps):
    live, finished = [(0.0, (START,))], []
    for _ in range(steps):
        longer = [
            (total + math.log(table[tokens[-1]][b]), (*tokens, b))
            for total, tokens in live
            for b in range(len(table))
        ]
        best = sorted(longer, reverse=True)[:{k}]
        live = {live}
        finished += [(total / {length}, tokens) for total, tokens in best
                     if tokens[-1] == END]
    return sorted(finished, reverse=True)
"""
_PARTS = {
    "k": "k",
    "live": "[p for p in best if p[1][-1] != END]",
    "length": "(len(tokens) - 1)",
}

_BEAMS = [
    WrongAnswer(
        "beam",
        "finished ones go on",
        _BEAM.format(**_PARTS | {"live": "best"}),
        r"stops there|after its end token",
    ),
    WrongAnswer(
        "beam",
        "no length normalisation",
        _BEAM.format(**_PARTS | {"length": "1"}),
        r"total log-probability",
    ),
    WrongAnswer(
        "beam",
        "the start token counted",
        _BEAM.format(**_PARTS | {"length": "len(tokens)"}),
        r"START itself does not count",
    ),
    WrongAnswer(
        "beam",
        "always greedy",
        _BEAM.format(**_PARTS | {"k": "1"}),
        r"With k = 3 the best is \(0, 2, 1\)",
    ),
]

WRONG_ANSWERS = [
    *_TREES,
    *_MISPRINT,
    *_READING,
    *_DERIVATIVES,
    *_VERIFICATION,
    *_BEAMS,
]
