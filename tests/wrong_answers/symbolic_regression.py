"""Wrong answers to the lab on symbolic regression."""

from wrong_answers import WrongAnswer

# -- exercise 1: the penalty --------------------------------------------------

_PENALTY_CODE = """
def penalty(w, a):
    inside = {inside}
    return {value}


def slope(w, a):
    rising = {rising}
    return np.where(np.abs(w) < a, rising, {outer}) / {under}
"""
_PENALTY_RIGHT = {
    "inside": "-(w**4) / (8 * a**3) + 3 * w**2 / (4 * a) + 3 * a / 8",
    "value": "np.sqrt(np.where(np.abs(w) < a, inside, np.abs(w)))",
    "rising": "-(w**3) / (2 * a**3) + 3 * w / (2 * a)",
    "outer": "np.sign(w)",
    "under": "(2 * penalty(w, a))",
}


def _penalty(**changed):
    return _PENALTY_CODE.format(**{**_PENALTY_RIGHT, **changed})


_PENALTY = [
    WrongAnswer(
        "penalty",
        "plain root with a small number",
        _penalty(value="np.sqrt(np.abs(w) + 1e-12)"),
        r"R\(0\) is",
    ),
    WrongAnswer(
        "penalty",
        "plain root",
        _penalty(value="np.sqrt(np.abs(w))"),
        r"3 a / 8 is missing|infinity|NaN",
    ),
    WrongAnswer(
        "penalty",
        "no root inside",
        _penalty(value="np.where(np.abs(w) < a, inside, np.sqrt(np.abs(w)))"),
        r"root of p",
    ),
    WrongAnswer(
        "penalty",
        "not even outside",
        _penalty(value="np.sqrt(np.where(np.abs(w) < a, inside, w))"),
        r"NaN|invalid value|R is even",
    ),
    WrongAnswer(
        "penalty",
        "sign of the fourth power",
        _penalty(inside="w**4 / (8 * a**3) + 3 * w**2 / (4 * a) + 3 * a / 8"),
        r"the penalties are",
    ),
    WrongAnswer(
        "penalty",
        "slope of p instead of the root",
        _penalty(under="1"),
        r"slopes at 0, 1, -1, 4",
    ),
    WrongAnswer(
        "penalty",
        "slope without a sign",
        _penalty(outer="1.0"),
        r"Left of 0",
    ),
    WrongAnswer(
        "penalty",
        "cubic term forgotten",
        _penalty(rising="3 * w / (2 * a)"),
        r"difference quotients",
    ),
    WrongAnswer(
        "penalty",
        "slope divides by the root of w",
        _penalty(under="(2 * np.sqrt(np.abs(w)))"),
        r"NaN|infinity|invalid value",
    ),
    WrongAnswer(
        "penalty",
        "the sum of all weights",
        _penalty(
            value="np.sqrt(np.where(np.abs(w) < a, inside, np.abs(w))).sum()"
        ),
        r"Three weights",
    ),
    WrongAnswer(
        "penalty",
        "printed",
        "def penalty(w, a):\n    print(w)\n",
        r"None",
    ),
]

# -- exercise 2: the layer ----------------------------------------------------

_LAYER_CODE = """
def eql_layer(h, w, unary, products):
    formulas = {{
        "identity": lambda g: g,
        "square": np.square,
        "sin": lambda g: {sin},
        "exp": lambda g: {exp},
    }}
    g = h @ w
    values = [formulas[name](g[:, k]) for k, name in {order}]
    for k in range(products):
        first = {first}
        values.append({product})
    return {result}
"""
_LAYER_RIGHT = {
    "sin": "np.sin(4 * np.pi * g)",
    "exp": "np.expm1(g) / np.e",
    "order": "enumerate(unary)",
    "first": "len(unary) + 2 * k",
    "product": "g[:, first] * g[:, first + 1] / 0.1",
    "result": "np.stack(values, axis=1)",
}


def _layer(**changed):
    return _LAYER_CODE.format(**{**_LAYER_RIGHT, **changed})


_LAYER = [
    WrongAnswer(
        "layer",
        "products share a column",
        _layer(first="len(unary) + k"),
        r"uses a column of the first",
    ),
    WrongAnswer(
        "layer",
        "far columns",
        _layer(
            first="len(unary) + k",
            product="g[:, first] * g[:, first + products] / 0.1",
        ),
        r"Neighbouring columns",
    ),
    WrongAnswer(
        "layer",
        "product without its scale",
        _layer(product="g[:, first] * g[:, first + 1]"),
        r"divided by 0.1",
    ),
    WrongAnswer(
        "layer",
        "product times its scale",
        _layer(product="g[:, first] * g[:, first + 1] * 0.1"),
        r"makes it larger",
    ),
    WrongAnswer(
        "layer",
        "sine without its scale",
        _layer(sin="np.sin(g)"),
        r"multiplies by 4 pi",
    ),
    WrongAnswer(
        "layer",
        "sine with two pi",
        _layer(sin="np.sin(2 * np.pi * g)"),
        r"At g = 1/8",
    ),
    WrongAnswer(
        "layer",
        "exponential without minus one",
        _layer(exp="np.exp(g) / np.e"),
        r"exponential unit gives",
    ),
    WrongAnswer(
        "layer",
        "exponential not divided",
        _layer(exp="np.expm1(g)"),
        r"exponential unit gives",
    ),
    WrongAnswer(
        "layer",
        "sorted units",
        _layer(order="enumerate(sorted(unary))"),
        r"order of the list",
    ),
    WrongAnswer(
        "layer",
        "units as rows",
        _layer(result="np.stack(values)"),
        r"shape",
    ),
    WrongAnswer(
        "layer",
        "a list",
        _layer(result="[list(v) for v in values]"),
        r"list",
    ),
]

# -- exercise 3: weights by hand ----------------------------------------------

_HAND_CODE = """
def by_hand():
    first = np.zeros((2, 5))
    first[{linear}, 0] = 1
    first[0, 1] = 1
    first[1, 2] = {wave}
    first[0, 3], first[1, 4] = 1, 1
    last = np.array({last})
    return {result}
"""
_HAND_RIGHT = {
    "linear": "1",
    "wave": "0.5",
    "last": "[[0.5], [3.0], [2.0], [-0.1]]",
    "result": "first, last",
}


def _hand(**changed):
    return _HAND_CODE.format(**{**_HAND_RIGHT, **changed})


_HAND = [
    WrongAnswer("byhand", "sine twice as fast", _hand(wave="1"), r"twice as"),
    WrongAnswer(
        "byhand",
        "two pi as a weight",
        _hand(wave="np.pi / 2"),
        r"leave pi out",
    ),
    WrongAnswer(
        "byhand",
        "product scale forgotten",
        _hand(last="[[0.5], [3.0], [2.0], [-1.0]]"),
        r"-0.1",
    ),
    WrongAnswer(
        "byhand",
        "product with plus",
        _hand(last="[[0.5], [3.0], [2.0], [0.1]]"),
        r"-x y",
    ),
    WrongAnswer("byhand", "x instead of y", _hand(linear="0"), r"At \(1, 0\)"),
    WrongAnswer(
        "byhand",
        "root of three inside of the square only",
        _hand(last="[[0.5], [np.sqrt(3)], [2.0], [-0.1]]"),
        r"At \(1, 0\)",
    ),
    WrongAnswer(
        "byhand",
        "amplitude forgotten",
        _hand(last="[[0.5], [3.0], [1.0], [-0.1]]"),
        r"At \(0, 1/8\)",
    ),
    WrongAnswer("byhand", "one array", _hand(result="first"), r"array|values"),
    WrongAnswer(
        "byhand", "last is flat", _hand(result="first, last[:, 0]"), r"shape"
    ),
]

# -- exercise 4: the freeze ---------------------------------------------------

_FREEZE_CODE = """
def train_frozen(w, features, y, threshold, learning_rate, steps):
    mask = {mask}
    w = {start}
    for _ in range(steps):
        miss = features @ w - y
        {again}
        gradient = {gradient}
        w = w - learning_rate * gradient{masked}
    return w{end}
"""
_FREEZE_RIGHT = {
    "mask": "np.abs(w) > threshold",
    "start": "w * mask",
    "again": "",
    "gradient": "2 / len(y) * miss @ features",
    "masked": " * mask",
    "end": "",
}


def _freeze(**changed):
    return _FREEZE_CODE.format(**{**_FREEZE_RIGHT, **changed})


_FREEZE = [
    WrongAnswer(
        "freeze", "masked once", _freeze(masked=""), r"mask in every step"
    ),
    WrongAnswer(
        "freeze",
        "masked only at the end",
        _freeze(masked="", end=" * mask"),
        r"three features alone|passes 0|should be 0.55",
    ),
    WrongAnswer(
        "freeze",
        "small weights are kept at their value",
        _freeze(start="w"),
        r"set to 0",
    ),
    WrongAnswer(
        "freeze",
        "the sign decides",
        _freeze(mask="w > threshold"),
        r"not the sign",
    ),
    WrongAnswer(
        "freeze",
        "the threshold itself is kept",
        _freeze(mask="np.abs(w) >= threshold"),
        r"itself is frozen",
    ),
    WrongAnswer(
        "freeze",
        "frozen anew in each step",
        _freeze(again="mask = np.abs(w) > threshold"),
        r"decided once",
    ),
    WrongAnswer(
        "freeze",
        "sum instead of mean",
        _freeze(gradient="2 * miss @ features"),
        r"factor 2 / n",
    ),
    WrongAnswer(
        "freeze",
        "the two is missing",
        _freeze(gradient="miss @ features / len(y)"),
        r"derivative of r",
    ),
    WrongAnswer(
        "freeze",
        "in place",
        """
def train_frozen(w, features, y, threshold, learning_rate, steps):
    mask = np.abs(w) > threshold
    w *= mask
    for _ in range(steps):
        g = 2 / len(y) * ((features @ w - y) @ features)
        w -= learning_rate * g * mask
    return w
""",
        r"changed|in place",
    ),
]

# -- exercise 5: the choice ---------------------------------------------------

_CHOOSE_CODE = """
def choose(errors, sizes, points):
    bounded = {bounded}
    criterion = {criterion}
    return {result}
"""
_CHOOSE_RIGHT = {
    "bounded": "np.maximum(errors, 1e-20)",
    "criterion": "points * np.log(bounded) + sizes * np.log(points)",
    "result": "int(np.argmin(criterion))",
}


def _choose(**changed):
    return _CHOOSE_CODE.format(**{**_CHOOSE_RIGHT, **changed})


_CHOOSE = [
    WrongAnswer(
        "choose", "not bounded", _choose(bounded="errors"), r"pure rounding"
    ),
    WrongAnswer(
        "choose",
        "smallest error",
        _choose(criterion="bounded"),
        r"pure rounding|by the error alone",
    ),
    WrongAnswer(
        "choose",
        "smallest size",
        _choose(criterion="sizes"),
        r"by the size alone",
    ),
    WrongAnswer(
        "choose",
        "largest criterion",
        _choose(result="int(np.argmax(criterion))"),
        r"pure rounding|largest instead",
    ),
    WrongAnswer(
        "choose",
        "two for each weight",
        _choose(criterion="points * np.log(bounded) + 2 * sizes"),
        r"k is multiplied by log n|11 log 20",
    ),
    WrongAnswer(
        "choose",
        "error not multiplied by the points",
        _choose(criterion="np.log(bounded) + sizes * np.log(points)"),
        r"worth 21 weights|multiplied by the number of points",
    ),
    WrongAnswer(
        "choose",
        "bounded from above",
        _choose(bounded="np.minimum(errors, 1e-20)"),
        r"rounding|hundredth|21 weights",
    ),
    WrongAnswer(
        "choose",
        "the criterion itself",
        _choose(result="float(criterion.min())"),
        r"int",
    ),
    WrongAnswer(
        "choose",
        "bounded far too high",
        _choose(bounded="np.maximum(errors, 1e-10)"),
        r"Above 1e-20",
    ),
]

# -- exercise 6: restarts -----------------------------------------------------

_RESTARTS_CODE = """
def restarts(hits, trials, goal):
    z, rate = {z}, hits / trials
    middle = rate + z**2 / (2 * trials)
    root = {root}
    ends = [
        (middle + sign * z * math.sqrt(root)) / (1 + z**2 / trials)
        for sign in {signs}
    ]
    if {nobody}:
        return {unknown}
    needed = {begin}
    while {more}:
        needed += 1
    return *ends, needed
"""
_RESTARTS_RIGHT = {
    "z": "1.96",
    "root": "rate * (1 - rate) / trials + z**2 / (4 * trials**2)",
    "signs": "(-1, 1)",
    "nobody": "hits == 0",
    "unknown": "(*ends, None)",
    "begin": "1",
    "more": "(1 - rate) ** needed > 1 - goal",
}


def _restarts(**changed):
    return _RESTARTS_CODE.format(**{**_RESTARTS_RIGHT, **changed})


_RESTARTS = [
    WrongAnswer(
        "restarts",
        "the simple interval",
        """
def restarts(hits, trials, goal):
    rate = hits / trials
    half = 1.96 * math.sqrt(rate * (1 - rate) / trials)
    needed = None
    if hits:
        needed = 1
        while (1 - rate) ** needed > 1 - goal:
            needed += 1
    return rate - half, rate + half, needed
""",
        r"simple interval",
    ),
    WrongAnswer(
        "restarts",
        "zero starts without a hit",
        _restarts(unknown="(*ends, 0)"),
        r"unknown",
    ),
    WrongAnswer(
        "restarts",
        "infinity without a hit",
        _restarts(unknown="(*ends, math.inf)"),
        r"unknown",
    ),
    WrongAnswer(
        "restarts",
        "ends exchanged",
        _restarts(signs="(1, -1)"),
        r"comes first",
    ),
    WrongAnswer(
        "restarts",
        "rounded down",
        """
def restarts(hits, trials, goal):
    low, high = 0.0, 0.0
    z, q, n = 1.96, hits / trials, trials
    half = z * math.sqrt(q * (1 - q) / n + z * z / 4 / n / n)
    low, high = ((q + z * z / 2 / n + s * half) / (1 + z * z / n)
                 for s in (-1, 1))
    if hits == 0:
        return low, high, None
    if hits == trials:
        return low, high, 1
    return low, high, int(math.log(1 - goal) / math.log(1 - q))
""",
        r"round up",
    ),
    WrongAnswer(
        "restarts",
        "one start too many in a tie",
        _restarts(more="(1 - rate) ** needed >= 1 - goal"),
        r"0.75 exactly",
    ),
    WrongAnswer(
        "restarts",
        "the goal is fixed",
        _restarts(more="(1 - rate) ** needed > 0.01"),
        r"use goal",
    ),
    WrongAnswer(
        "restarts",
        "wrong quantile",
        _restarts(z="1.645"),
        r"For 5 of 8",
    ),
    WrongAnswer(
        "restarts",
        "logarithm of zero",
        """
def restarts(hits, trials, goal):
    z, q, n = 1.96, hits / trials, trials
    half = z * math.sqrt(q * (1 - q) / n + z * z / 4 / n / n)
    low, high = ((q + z * z / 2 / n + s * half) / (1 + z * z / n)
                 for s in (-1, 1))
    return low, high, math.ceil(math.log(1 - goal) / math.log(1 - q))
""",
        r"zero|division|domain",
    ),
]

WRONG_ANSWERS = [
    *_PENALTY,
    *_LAYER,
    *_HAND,
    *_FREEZE,
    *_CHOOSE,
    *_RESTARTS,
]

_JOINED = "at w = a both branches have the same value and slope"
_ROOT = "return np.sqrt(np.where(np.abs(w) {} a, inside, np.abs(w)))"
_SLOPE = (
    "return np.where(np.abs(w) {} a, rising, np.sign(w)) / (2 * penalty(w, a))"
)

SAME = {
    ("penalty", f"{_ROOT.format('<')} => {_ROOT.format('<=')}"): _JOINED,
    ("penalty", f"{_SLOPE.format('<')} => {_SLOPE.format('<=')}"): _JOINED,
    (
        "choose",
        "bounded = np.maximum(errors, 1e-20) => "
        "bounded = np.maximum(1e-20, errors)",
    ): "the larger of two numbers does not depend on their order",
    (
        "restarts",
        "needed = 1 => needed = 0",
    ): "no start succeeds with probability 0, below every goal",
}
