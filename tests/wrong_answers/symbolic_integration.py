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
        r"a whole number \(int\) is due\. Divide with //",
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

# -- slips of the usual kinds ------------------------------------------------

_SLIPS = [
    WrongAnswer(
        "counts",
        "printed",
        "def tree_counts(n):\n    print([1, 2, 6, 22, 90, 394][: n + 1])\n",
        r"returned None",
    ),
    WrongAnswer(
        "counts",
        "the last number alone",
        "def tree_counts(n):\n    return completions(1, n)\n",
        r"the number 394, but a list is due",
    ),
    WrongAnswer(
        "counts",
        "one number short",
        "def tree_counts(n):\n"
        "    return [completions(1, m) for m in range(max(n, 1))]\n",
        r"but listing gives",
    ),
    WrongAnswer(
        "counts",
        "a recursion without memory",
        """
def completions(e, n):
    if e == 0 or n == 0:
        return int(n == 0)
    return (completions(e - 1, n) + completions(e, n - 1)
            + completions(e + 1, n - 1))
""",
        r"stopped after",
    ),
    WrongAnswer(
        "counts",
        "a complete tree counted as none",
        _COUNTS.format(empty="0", leaf="1", rule=_RULE),
        r"Nothing open and nothing left",
    ),
    WrongAnswer(
        "counts",
        "64-bit integers",
        """
def completions(e, n):
    row = [1] * (e + n + 1)
    for _ in range(n):
        new = [0]
        for k in range(1, len(row) - 1):
            new.append((new[k - 1] + row[k] + row[k + 1]) % 2**63)
        row = new
    return row[e]
""",
        r"is not exact: stay with Python's integers",
    ),
    WrongAnswer(
        "recurrence",
        "printed",
        "def expressions(n, p1, p2, leaves):\n    print(n)\n",
        r"returned None",
    ),
    WrongAnswer(
        "recurrence",
        "all numbers",
        """
def expressions(n, p1, p2, leaves, right=expressions):
    return [right(m, p1, p2, leaves) for m in range(n + 1)]
""",
        r"a list of 4, but a number is due",
    ),
    WrongAnswer(
        "recurrence",
        "the numbers of the example put in",
        """
def expressions(n, p1, p2, leaves, right=expressions):
    return right(n, 15, 4, 11)
""",
        r"for the numbers \(2, 3, 5\)",
    ),
    WrongAnswer(
        "read",
        "printed",
        "def read(tokens):\n    print(tokens)\n",
        r"returned None",
    ),
    WrongAnswer(
        "read",
        "lists instead of tuples",
        _READ.format(**_FULL | {"order": "[token, *parts]"}),
        r"tuples are due at every level",
    ),
    WrongAnswer(
        "read",
        "tokens taken out of the list",
        _READ.format(**_FULL).replace("tokens = list(tokens)", "pass"),
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "read",
        "no sign before an integer",
        _READ.format(
            **_FULL | {"leaf": "int(token) if token.isdigit() else token"}
        ),
        r"integers may have a sign and several digits",
    ),
    WrongAnswer(
        "read",
        "a TypeError for a missing operand",
        _READ.format(
            **_FULL | {"missing": "if not tokens: raise TypeError('none')"}
        ),
        r"stops with TypeError: none",
    ),
    WrongAnswer(
        "read",
        "one operand is enough",
        _READ.format(**_FULL | {"missing": "if not tokens: return 0"}),
        r"an operand is missing",
    ),
    WrongAnswer(
        "derive",
        "a branch returns nothing",
        _DERIVE.format(**_RULES).replace(
            'return int(tree == "x")', "return 1 if tree == 'x' else None"
        ),
        r"derive returned None",
    ),
    WrongAnswer(
        "derive",
        "None inside of the tree",
        _DERIVE.format(**_RULES | {"chain": '("*", outer[name], None)'}),
        r"A leaf of your tree is None",
    ),
    WrongAnswer(
        "derive",
        "other names",
        _DERIVE.format(**_RULES | {"cos": '("-", ("sin", u))'}),
        r"Your tree has '-' with 1 operands",
    ),
    WrongAnswer(
        "derive",
        "inner derivative of exp forgotten",
        _DERIVE.format(
            **_RULES
            | {"chain": '("*", outer[name], 1 if name == "exp" else inner)'}
        ),
        r"chain rule hold for exp",
    ),
    WrongAnswer(
        "derive",
        "inner derivative of cos forgotten",
        _DERIVE.format(
            **_RULES
            | {"chain": '("*", outer[name], 1 if name == "cos" else inner)'}
        ),
        r"chain rule hold for cos",
    ),
    WrongAnswer(
        "derive",
        "inner derivative of ln forgotten",
        _DERIVE.format(
            **_RULES
            | {"chain": '("*", outer[name], 1 if name == "ln" else inner)'}
        ),
        r"u'/u, not 1/u",
    ),
    WrongAnswer(
        "derive",
        "the size of a negative exponent",
        _DERIVE.format(
            **_RULES
            | {
                "power": '("*", rest[0], ("*", ("^", u, abs(rest[0]) - 1), '
                "inner))"
            }
        ),
        r"-2 becomes -3",
    ),
    WrongAnswer(
        "derive",
        "without end",
        "def derive(tree):\n    return derive(tree)\n",
        r"derive calls itself without end",
    ),
    WrongAnswer(
        "verify",
        "a number instead of a decision",
        _VERIFY.format(points="POINTS", decision="compared"),
        r"the number 9, but True or False is due",
    ),
    WrongAnswer(
        "verify",
        "nothing returned at the end",
        _VERIFY.format(points="POINTS", decision="None"),
        r"returned None",
    ),
    WrongAnswer(
        "verify",
        "three points are enough",
        _VERIFY.format(
            points="POINTS", decision="compared >= 3 and agree == compared"
        ),
        r"real at three of the points only",
    ),
    WrongAnswer(
        "verify",
        "five points",
        _VERIFY.format(
            points="POINTS", decision="compared >= 5 and agree == compared"
        ),
        r"Four are left, which is enough",
    ),
    WrongAnswer(
        "verify",
        "skipped where either has no value",
        _VERIFY.format(
            points="POINTS", decision="compared >= 4 and agree == compared"
        ).replace("if wanted is None:", "if None in (wanted, found):"),
        r"Skip a point only where f has no value",
    ),
    WrongAnswer(
        "verify",
        "an absolute error",
        _VERIFY.format(
            points="POINTS", decision="compared >= 4 and agree == compared"
        ).replace("1e-8 * abs(wanted)", "1e-8"),
        r"Compare the \*relative\* error",
    ),
    WrongAnswer(
        "verify",
        "np.isclose with its absolute tolerance",
        _VERIFY.format(
            points="POINTS", decision="compared >= 4 and agree == compared"
        ).replace(
            "abs(found - wanted) <= 1e-8 * abs(wanted)",
            "np.isclose(found, wanted, rtol=1e-8)",
        ),
        r"without an absolute one beside it",
    ),
    WrongAnswer(
        "verify",
        "divided by the value of f",
        _VERIFY.format(
            points="POINTS", decision="compared >= 4 and agree == compared"
        ).replace(
            "abs(found - wanted) <= 1e-8 * abs(wanted)",
            "abs(found - wanted) / abs(wanted) <= 1e-8",
        ),
        r"ZeroDivisionError",
    ),
    WrongAnswer(
        "verify",
        "a tolerance of a thousandth",
        _VERIFY.format(
            points="POINTS", decision="compared >= 4 and agree == compared"
        ).replace("1e-8", "1e-3"),
        r"the tolerance is too wide",
    ),
    WrongAnswer(
        "beam",
        "the best hypothesis alone",
        """
def beam_search(table, k, steps, right=beam_search):
    return right(table, k, steps)[0]
""",
        r"pairs \(score, hypothesis\) are due",
    ),
    WrongAnswer(
        "beam",
        "nothing finished",
        "def beam_search(table, k, steps):\n    return []\n",
        r"With k = 1 you return nothing",
    ),
    WrongAnswer(
        "beam",
        "hypothesis before score",
        """
def beam_search(table, k, steps, right=beam_search):
    return [(h, s) for s, h in right(table, k, steps)]
""",
        r"pairs \(score, hypothesis\) are due, in this order",
    ),
    WrongAnswer(
        "beam",
        "k continuations of each hypothesis",
        """
def beam_search(table, k, steps):
    live, finished = [(0.0, (START,))], []
    for _ in range(steps):
        best = []
        for total, tokens in live:
            longer = [(total + math.log(table[tokens[-1]][b]), (*tokens, b))
                      for b in range(len(table))]
            best += sorted(longer, reverse=True)[:k]
        live = [p for p in best if p[1][-1] != END]
        finished += [(total / (len(tokens) - 1), tokens)
                     for total, tokens in best if tokens[-1] == END]
    return sorted(finished, reverse=True)
""",
        r"The two best continuations of \*all\*",
    ),
    WrongAnswer(
        "beam",
        "never pruned",
        _BEAM.format(**_PARTS | {"k": "10**6 if k > 1 else 1"}),
        r"With k = 2 you return",
    ),
    WrongAnswer(
        "beam",
        "unfinished ones returned",
        _BEAM.format(**_PARTS).replace(
            "return sorted(finished",
            "finished += [(t / steps, h) for t, h in live]\n"
            "    return sorted(finished",
        ),
        r"only finished hypotheses are returned",
    ),
    WrongAnswer(
        "beam",
        "worst first",
        """
def beam_search(table, k, steps, right=beam_search):
    found = right(table, k, steps)
    return found[:1] + found[:0:-1]
""",
        r"the best comes first",
    ),
    WrongAnswer(
        "beam",
        "the table made of logarithms in place",
        """
def beam_search(table, k, steps, right=beam_search):
    found = right(table, k, steps)
    table[:] = np.log(table)
    return found
""",
        r"changed its argument .* in place",
    ),
]

WRONG_ANSWERS = [
    *_TREES,
    *_MISPRINT,
    *_READING,
    *_DERIVATIVES,
    *_VERIFICATION,
    *_BEAMS,
    *_SLIPS,
]

# Changes of a solution that make no difference (`make mutants`).
SAME = {
    (
        "counts",
        "row = [1] * (e + n + 1) => row = [1] * (e + n + 2)",
    ): "a longer row than is needed",
    (
        "read",
        "raise ValueError(f'left over: {tokens[end:]}') => "
        "raise ValueError(f'left over: {tokens[:]}')",
    ): "only the words of the error change",
}
