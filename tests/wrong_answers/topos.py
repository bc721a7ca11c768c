"""Wrong answers to the lab on the topos of a network."""

from wrong_answers import WrongAnswer

# -- exercise 1: the site -----------------------------------------------------

_ARROWS = """
def site_arrows(graph):
    arrows = []
    for a, read in graph.items():
        if len(read) {one}:
            {chain}
        if len(read) {many}:
            arrows += [(a, f"A_{{a}}"), (f"A*_{{a}}", f"A_{{a}}")]
            for p in read:
                {tips}
    return arrows
"""
_RIGHT = {
    "one": "== 1",
    "chain": "arrows.append((a, read[0]))",
    "many": "> 1",
    "tips": 'arrows += [(f"{p}:{a}", f"A*_{a}"), (f"{p}:{a}", p)]',
}


def _site(**changed):
    return _ARROWS.format(**{**_RIGHT, **changed})


_SITE = [
    WrongAnswer(
        "site",
        "no copies",
        _site(tips='arrows.append((p, f"A*_{a}"))'),
        r"your tips are not copied",
    ),
    WrongAnswer(
        "site",
        "with the data",
        _site(chain="arrows.append((read[0], a))"),
        r"with the data",
    ),
    WrongAnswer(
        "site",
        "arrows to everything that is read",
        _site(one=">= 1", chain="arrows += [(a, p) for p in read]"),
        r"neither of them decides it",
    ),
    WrongAnswer(
        "site", "forks for all", _site(many=">= 1"), r"gave it a fork"
    ),
    WrongAnswer(
        "site",
        "the star left out",
        _site(tips='arrows += [(f"{p}:{a}", f"A_{a}"), (f"{p}:{a}", p)]'),
        r"the star is missing",
    ),
    WrongAnswer(
        "site",
        "copies without originals",
        _site(tips='arrows.append((f"{p}:{a}", f"A*_{a}"))'),
        r"lost its original",
    ),
    WrongAnswer(
        "site",
        "the star's arrow twice",
        _site(
            tips='arrows += [(f"{p}:{a}", f"A*_{a}"), (f"{p}:{a}", p), '
            '(f"A*_{a}", f"A_{a}")]'
        ),
        r"stands twice",
    ),
]

# -- exercise 2: negation -----------------------------------------------------

_HEYTING = [
    WrongAnswer(
        "heyting",
        "complement",
        """
def implies(below, u, v):
    return {x for x in below if x not in u or x in v}
""",
        r"is the complement of \{'a'\}, but it is not open",
    ),
    WrongAnswer(
        "heyting",
        "closure instead of interior",
        """
def implies(below, u, v):
    good = {x for x in below if x not in u or x in v}
    return {x for x in below if below[x] & good}
""",
        r"is the complement of \{'a'\}, but it is not open",
    ),
    WrongAnswer(
        "heyting",
        "negation of all points below at once",
        """
def negate(below, u):
    return {x for x in below if not below[x] <= u}
""",
        r"is the complement of \{'a'\}",
    ),
    WrongAnswer(
        "heyting",
        "true where V is true only",
        """
def implies(below, u, v):
    return {x for x in below if below[x] <= v or not below[x] & u}
""",
        r"too small",
    ),
    WrongAnswer(
        "heyting",
        "a list",
        """
def negate(below, u):
    return [x for x in below if not below[x] & u]
""",
        r"A set of points is due, not list",
    ),
    WrongAnswer(
        "heyting",
        "one point of V is enough",
        """
def implies(below, u, v):
    return {x for x in below if not below[x] & u or below[x] & v}
""",
        r"holds at c, but below c lies a",
    ),
]

# -- exercise 3: sections -----------------------------------------------------

_SECTIONS = [
    WrongAnswer(
        "sections",
        "along the chain only",
        """
def broken(graph, tables, values):
    found = set()
    for a, read in graph.items():
        if read and tables[a][tuple(values[p] for p in read)] != values[a]:
            found.add((a, read[0] if len(read) == 1 else f"A_{a}"))
    return found - {("y", "A_y")}
""",
        r"along the chain only",
    ),
    WrongAnswer(
        "sections",
        "the tang is computed anew",
        """
_right = broken


def broken(graph, tables, values):
    joint = {
        f"A_{a}": tuple(values[p] for p in read)
        for a, read in graph.items()
        if len(read) > 1
    }
    return _right(graph, tables, values | joint)
""",
        r"Behind g nothing was edited",
    ),
    WrongAnswer(
        "sections",
        "always the first entry",
        """
_right = broken


def broken(graph, tables, values):
    found = _right(graph, tables, values)
    for a, read in graph.items():
        if len(read) > 1:
            for p in read[:1]:
                if values[f"A_{a}"][-1] != values[f"{p}:{a}"]:
                    found.add((f"{p}:{a}", f"A_{a}"))
    return found
""",
        r"Pick entry number k|A forward pass breaks nothing",
    ),
    WrongAnswer(
        "sections",
        "nothing is ever broken",
        """
def broken(graph, tables, values):
    return set()
""",
        r"Editing g breaks two",
    ),
    WrongAnswer(
        "sections",
        "a number of arrows",
        """
_right = broken


def broken(graph, tables, values):
    return len(_right(graph, tables, values))
""",
        r"A set of arrows is due, not int",
    ),
]

# -- exercise 4: the step -----------------------------------------------------

_CHAIN = """
def step(k, x_k, weights, target):
    later = weights[k:]
    outs = [{start}]
    for w in later:
        outs.append(w * outs[-1])
    error = outs[-1] - target
    new = []
    for j, w in enumerate(later):
        rest = 1
        for v in later[j + 1:]:
            rest *= v
        new.append(w {sign} error * {x} * {rest})
    return new
"""


def _chain(start="x_k", sign="-", x="outs[j]", rest="rest"):
    return _CHAIN.format(start=start, sign=sign, x=x, rest=rest)


_STEP = [
    WrongAnswer("step", "uphill", _chain(sign="+"), r"step uphill"),
    WrongAnswer(
        "step",
        "the first activity for every weight",
        _chain(x="outs[0]"),
        r"multiplies the error by x_0",
    ),
    WrongAnswer(
        "step",
        "without the later weights",
        _chain(rest="1"),
        r"does not commute|The first step gives",
    ),
    WrongAnswer(
        "step",
        "always from the raw input",
        _chain(start="1"),
        r"does not commute",
    ),
    WrongAnswer(
        "step",
        "all weights are returned",
        """
_right = step


def step(k, x_k, weights, target):
    return weights[:k] + _right(k, x_k, weights, target)
""",
        r"there are 3 weights, but you return 4",
    ),
    WrongAnswer(
        "step",
        "the last weight stays",
        """
_right = step


def step(k, x_k, weights, target):
    return _right(k, x_k, weights, target)[:-1] + weights[-1:]
""",
        r"w_1 did not move|The last weight",
    ),
]

# -- exercise 5: conditioning -------------------------------------------------

_CONDITION = [
    WrongAnswer(
        "condition",
        "by subtraction",
        """
def conditioned(f, x, *columns):
    return f(x, *columns) - f(x)
""",
        r"You subtract F\(X\) from F\(X, Y\)",
    ),
    WrongAnswer(
        "condition",
        "plain mean of the groups",
        """
def conditioned(f, x, *columns):
    groups = [x == value for value in np.unique(x)]
    return float(np.mean([f(*(c[g] for c in columns)) for g in groups]))
""",
        r"weigh it with 1/3",
    ),
    WrongAnswer(
        "condition",
        "sum of the groups",
        """
def conditioned(f, x, *columns):
    groups = [x == value for value in np.unique(x)]
    return float(sum(f(*(c[g] for c in columns)) for g in groups))
""",
        r"sum over groups",
    ),
    WrongAnswer(
        "condition",
        "sign turned round",
        """
_right = three_way


def three_way(x, y, z):
    return -_right(x, y, z)
""",
        r"sign is turned round",
    ),
    WrongAnswer(
        "condition",
        "values from 0 on only",
        """
def conditioned(f, x, *columns):
    total = 0.0
    for value in range(3):
        rows = x == value
        if rows.any():
            total += rows.mean() * f(*(c[rows] for c in columns))
    return float(total)
""",
        r"names of the values must not matter",
    ),
]

# -- exercise 6: the repair ---------------------------------------------------

_REPAIR = [
    WrongAnswer(
        "repair",
        "T and T' turned round",
        """
def counterexample():
    half = frozenset([0])
    return half, half, frozenset()
""",
        r"order turned round",
    ),
    WrongAnswer(
        "repair",
        "a set that is not open",
        """
def counterexample():
    return frozenset([1]), frozenset(), frozenset([1])
""",
        r"not open",
    ),
    WrongAnswer(
        "repair",
        "a triple where both agree",
        """
def counterexample():
    return frozenset([0, 1]), frozenset(), frozenset([0])
""",
        r"Delta is 0 there|the least is -1/2",
    ),
    WrongAnswer(
        "repair",
        "number of points",
        """
def precision(n):
    return n
""",
        r"two minimal points under one",
    ),
    WrongAnswer(
        "repair",
        "floats",
        """
def precision(n):
    return -(0.5**n)
""",
        r"Return integers or fractions",
    ),
    WrongAnswer(
        "repair",
        "minus one over n",
        """
def precision(n):
    return -Fraction(1, 1 + n)
""",
        r"Negative information",
    ),
    WrongAnswer(
        "repair",
        "falling",
        """
def precision(n):
    return Fraction(1, 2**n)
""",
        r"must grow strictly",
    ),
    WrongAnswer(
        "repair",
        "stops growing",
        """
def precision(n):
    return -Fraction(1, 2 ** min(n, 20))
""",
        r"stops growing",
    ),
]

WRONG_ANSWERS = [
    *_SITE,
    *_HEYTING,
    *_SECTIONS,
    *_STEP,
    *_CONDITION,
    *_REPAIR,
]

_ZIP = "for w, x in zip(later[::-1], activities[-2::-1], strict=True):"
_WEIGHT = "weight = {0: Fraction(1), 1: Fraction(1, 2)}"
_SUM = (
    "found = topos.concavity_defect(space, lambda t: sum("
    "(weight[x] for x in t), Fraction({})))"
)
_EQUAL = "both lists are equally long, so nothing changes"
_LEAST = "other numbers, but the same triple has the least value"
_SHARED = "mutual information is symmetric"
_INFO = "return topos.entropy(a) + topos.entropy(b) - topos.entropy({})"
_HALF = "return -Fraction(1, 2 ** n)"
_PRECISION = "another right precision"

SAME = {
    ("step", f"{_ZIP} => {_ZIP.replace(', strict=True', '')}"): _EQUAL,
    ("step", f"{_ZIP} => {_ZIP.replace('True', 'False')}"): _EQUAL,
    (
        "condition",
        f"{_INFO.format('a, b')} => {_INFO.format('b, a')}",
    ): "joint entropy is symmetric",
    (
        "condition",
        "return shared(x, y) - conditioned(shared, z, x, y) => "
        "return shared(y, x) - conditioned(shared, z, x, y)",
    ): _SHARED,
    **{
        (
            "repair",
            f"{_WEIGHT} => weight = {{0: Fraction({a}), 1: Fraction({b})}}",
        ): _LEAST
        for a, b in [
            ("2", "1, 2"),
            ("0", "1, 2"),
            ("1", "2, 1"),
            ("1", "2, 2"),
            ("1", "1, 3"),
            ("1", "1, 1"),
        ]
    },
    ("repair", f"{_SUM.format(0)} => {_SUM.format(1)}"): _LEAST,
    ("repair", f"{_HALF} => return -Fraction(2, 2 ** n)"): _PRECISION,
    ("repair", f"{_HALF} => return -Fraction(1, 3 ** n)"): _PRECISION,
}
