"""Wrong answers to the lab on string topology."""

from wrong_answers import WrongAnswer

# -- exercise 1: names --------------------------------------------------------

_NAME_CODE = """
def class_name(word):
    kept = []
    for letter in word:
        if kept and kept[-1] == letter.swapcase():
            kept.pop()
        else:
            kept.append(letter)
    {ends}
        kept = kept[1:-1]
    short = "".join(kept)
    return {least}
"""
_NAME_RIGHT = {
    "ends": "while len(kept) > 1 and kept[0] == kept[-1].swapcase():",
    "least": "min((short[k:] + short[:k] for k in range(len(short))), "
    'default="")',
}


def _name(**changed):
    return _NAME_CODE.format(**{**_NAME_RIGHT, **changed})


_NAME = [
    WrongAnswer(
        "name",
        "free reduction only",
        _name(ends="if False:"),
        r"last letter meets the first one",
    ),
    WrongAnswer(
        "name",
        "ends cancel once",
        _name(ends="if len(kept) > 1 and kept[0] == kept[-1].swapcase():"),
        r"the next pair cancels",
    ),
    WrongAnswer(
        "name",
        "sorted letters",
        _name(least='"".join(sorted(short))'),
        r"may be rotated, not sorted",
    ),
    WrongAnswer(
        "name", "not rotated", _name(least="short"), r"'ba' and 'ab' are one"
    ),
    WrongAnswer(
        "name",
        "small letters first",
        _name(
            least="min((short[k:] + short[:k] for k in range(len(short))), "
            'key=str.swapcase, default="")'
        ),
        r"Capitals come first",
    ),
    WrongAnswer(
        "name",
        "one pass of replacing",
        """
def class_name(word):
    for pair in ("aA", "Aa", "bB", "Bb", "cC", "Cc"):
        word = word.replace(pair, "")
    turns = [word[k:] + word[:k] for k in range(len(word))]
    return min(turns, default="")
""",
        r"brings 'aA' together|last letter meets the first one",
    ),
    WrongAnswer(
        "name",
        "equal letters cancel",
        """
def class_name(word):
    kept = []
    for letter in word:
        if kept and kept[-1].lower() == letter.lower():
            kept.pop()
        else:
            kept.append(letter)
    while len(kept) > 1 and kept[0] == kept[-1].swapcase():
        kept = kept[1:-1]
    short = "".join(kept)
    return min((short[k:] + short[:k] for k in range(len(short))), default="")
""",
        r"different curves|Equal letters do not cancel",
    ),
    WrongAnswer(
        "name",
        "no default for the empty word",
        _name(least="min(short[k:] + short[:k] for k in range(len(short)))"),
        r"empty|min\(\)",
    ),
    WrongAnswer(
        "name",
        "printed",
        "def class_name(word):\n    print(word)\n",
        r"None",
    ),
]

# -- exercise 2: sides --------------------------------------------------------

_SIDES_CODE = """
def is_left(ends, p, o, h):
    p, o, h = (ends.index(end) for end in (p, o, h))
    return {left}


def transverse(ends, x, y):
    found = []
    for i, j in product(range(len(x)), range(len(y))):
        p, o = {come}, x[i]
        q, r = y[j - 1].swapcase(), y[j]
        {skip}
            continue
        before, after = is_left(ends, p, o, q), is_left(ends, p, o, r)
        {cross}
            found.append((i, j, {sign}))
    return found
"""
_SIDES_RIGHT = {
    "left": "(h - o) % len(ends) < (p - o) % len(ends)",
    "come": "x[i - 1].swapcase()",
    "skip": "if len({p, o, q, r}) < 4:",
    "cross": "if before != after:",
    "sign": "1 if after else -1",
}


def _sides(**changed):
    return _SIDES_CODE.format(**{**_SIDES_RIGHT, **changed})


_SIDES = [
    WrongAnswer(
        "sides",
        "clockwise",
        _sides(left="(o - h) % len(ends) < (o - p) % len(ends)"),
        r"Your left is right",
    ),
    WrongAnswer(
        "sides",
        "no wrapping",
        _sides(left="o < h < p"),
        r"wrap around|Use %|b lies left|B lies",
    ),
    WrongAnswer(
        "sides",
        "signs flipped",
        _sides(sign="-1 if after else 1"),
        r"with sign 1",
    ),
    WrongAnswer("sides", "no signs", _sides(sign="1"), r"cross with sign -1"),
    WrongAnswer(
        "sides",
        "shared bands count",
        _sides(skip="if p in (q, r):"),
        r"all four ends must be different",
    ),
    WrongAnswer(
        "sides",
        "every meeting counts",
        _sides(cross="if True:"),
        r"both ends of b lie on one side",
    ),
    WrongAnswer(
        "sides",
        "the letter behind instead of the end",
        _sides(come="x[i - 1]"),
        r"a and b cross once|transverse crossing|aab and abb",
    ),
    WrongAnswer(
        "sides",
        "a tuple",
        _sides() + "\n\ndef is_left(ends, p, o, h):\n    return (p, o, h)\n",
        r"bool|True",
    ),
]

# -- exercise 3: segments -----------------------------------------------------

_SEGMENTS_CODE = """
def all_crossings(ends, x, y):
    left_of, m, n = st.Surface(ends).left, len(x), len(y)
    found = []
    for i, j in product(range(m), range(n)):
        p, o = x[i - 1].swapcase(), x[i]
        q, r = y[j - 1].swapcase(), y[j]
        {skip}
            continue
        before, after = left_of(p, o, q), left_of(p, o, r)
        k = 1
        {parallel}
            while x[(i + k) % m] == y[(j + k) % n]{bound}:
                k += 1
            come, go = x[(i + k - 1) % m].swapcase(), x[(i + k) % m]
            after = left_of(come, go, y[(j + k) % n])
        {anti}
            while x[(i + k) % m] == y[(j - 1 - k) % n].swapcase(){bound}:
                k += 1
            come, go = x[(i + k - 1) % m].swapcase(), x[(i + k) % m]
            side = left_of(come, go, y[(j - 1 - k) % n].swapcase())
            {assign}
        if before != after:
            found.append((i, j, {sign}))
    return found
"""
_SEGMENTS_RIGHT = {
    "skip": "if p in (q, r):",
    "parallel": "if r == o:",
    "anti": "elif q == o:",
    "assign": "before = side",
    "sign": "1 if after else -1",
    "bound": "",
}


def _segments(**changed):
    return _SEGMENTS_CODE.format(**{**_SEGMENTS_RIGHT, **changed})


_SEGMENTS = [
    WrongAnswer(
        "segments",
        "transverse only",
        _segments(skip="if len({p, o, q, r}) < 4:"),
        r"follow the common segments",
    ),
    WrongAnswer(
        "segments",
        "no antiparallel case",
        _segments(skip="if p in (q, r) or q == o:"),
        r"run antiparallel",
    ),
    WrongAnswer(
        "segments",
        "no parallel case",
        _segments(skip="if p in (q, r) or r == o:"),
        r"run parallel",
    ),
    WrongAnswer(
        "segments",
        "every disc of a segment",
        _segments(skip="if p == r:", bound=" and k < m + n"),
        r"at its first disc|algebraic|crosses its copy|are due",
    ),
    WrongAnswer(
        "segments",
        "signs turned round",
        _segments(sign="-1 if after else 1"),
        r"a and b|signs are turned",
    ),
    WrongAnswer(
        "segments",
        "the sides of the antiparallel case mixed up",
        _segments(assign="before, after = after, side"),
        r"are due|algebraic|turned round|is missing",
    ),
    WrongAnswer(
        "segments",
        "an array",
        "def all_crossings(ends, x, y):\n    return np.zeros(3)\n",
        r"list",
    ),
]

# -- exercise 4: self-intersection --------------------------------------------

_DOUBLE_CODE = """
def double_points(surface, word):
    {root}
    single = {single}
    return {formula}


def most(surface, length):
    numbers = [
        double_points(surface, word)
        for word in st.cyclic_words(2, length)
        {primitive}
    ]
    return {result}
"""
_DOUBLE_RIGHT = {
    "root": "root, k = st.root_power(word)",
    "single": "len(surface.crossings(root, root)) // 2",
    "formula": "k * k * single + k - 1",
    "primitive": "if st.root_power(word)[1] == 1",
    "result": "max(numbers), numbers.count(max(numbers))",
}


def _double(**changed):
    return _DOUBLE_CODE.format(**{**_DOUBLE_RIGHT, **changed})


_DOUBLE = [
    WrongAnswer(
        "selfcross",
        "not halved",
        _double(single="len(surface.crossings(root, root))"),
        r"once from each strand",
    ),
    WrongAnswer(
        "selfcross",
        "powers close up for nothing",
        _double(formula="k * k * single"),
        r"must close up",
    ),
    WrongAnswer(
        "selfcross",
        "k instead of k^2",
        _double(formula="k * single + k - 1"),
        r"k\^2 times",
    ),
    WrongAnswer(
        "selfcross",
        "no roots taken",
        _double(root="root, k = word, 1"),
        r"must close up",
    ),
    WrongAnswer(
        "selfcross",
        "powers included",
        _double(primitive=""),
        r"leave powers out",
    ),
    WrongAnswer(
        "selfcross",
        "the number of classes instead of the maximum",
        _double(result="max(numbers), len(numbers)"),
        r"Length 4 gives \(1, 8\)",
    ),
    WrongAnswer(
        "selfcross",
        "one number",
        _double(result="max(numbers)"),
        r"most|two|pair",
    ),
    WrongAnswer(
        "selfcross",
        "a fixed surface",
        _double()
        + """

def most(surface, length):
    numbers = [
        st.Surface("abAB").self_intersection(word)
        for word in st.cyclic_words(2, length)
        if st.root_power(word)[1] == 1
    ]
    return max(numbers), numbers.count(max(numbers))
""",
        r"does `most` use its surface",
    ),
]

# -- exercise 5: cone points --------------------------------------------------

_CONES_CODE = """
def cone_name(word, orders):
    form = []
    for letter in word:
        g, e = letter.lower(), {power}
        if form and form[-1][0] == g:
            e += form.pop()[1]
        {keep}
            form.append((g, {reduced}))
    {ends}
        g, e = form.pop()
        e = (e + form.pop(0)[1]) % orders[g]
        if e:
            form.append((g, e))
    flat = "".join(g * e for g, e in form)
    return {least}


def cone_bracket(x, y, orders):
    total = Counter()
    for word, count in st.Surface("aAbB").bracket(x, y).items():
        total[cone_name(word, orders)] {add} count
    return {result}
"""
_CONES_RIGHT = {
    "power": "1 if letter.islower() else -1",
    "keep": "if e % orders[g]:",
    "reduced": "e % orders[g]",
    "ends": "while len(form) > 1 and form[0][0] == form[-1][0]:",
    "least": "min((flat[k:] + flat[:k] for k in range(len(flat))), "
    'default="")',
    "add": "+=",
    "result": "{word: count for word, count in total.items() if count}",
}


def _cones(**changed):
    return _CONES_CODE.format(**{**_CONES_RIGHT, **changed})


_CONES = [
    WrongAnswer(
        "cones",
        "last and first are not merged",
        _cones(ends="while False:"),
        r"a meets|meet the first one|merge again",
    ),
    WrongAnswer(
        "cones",
        "merged once",
        _cones(ends="if len(form) > 1 and form[0][0] == form[-1][0]:"),
        r"Go on until nothing changes|a meets a",
    ),
    WrongAnswer(
        "cones",
        "inverse letters become small",
        _cones(power="1"),
        r"inverse of a is aa",
    ),
    WrongAnswer(
        "cones",
        "powers are not reduced",
        _cones(keep="if e:", reduced="e"),
        r"a\^3 = 1|inverse of a",
    ),
    WrongAnswer(
        "cones",
        "not rotated",
        _cones(least="flat"),
        r"rotations of each other|aa is due|across the end|a meets",
    ),
    WrongAnswer(
        "cones",
        "order three for all letters",
        _cones().replace("% orders[g]", "% 3"),
        r"orders 3 and 2|With order 4",
    ),
    WrongAnswer(
        "cones",
        "zeros are kept",
        _cones(result="dict(total)"),
        r"Leave out classes",
    ),
    WrongAnswer(
        "cones",
        "equal names overwrite",
        _cones(add="="),
        r"opposite signs",
    ),
    WrongAnswer(
        "cones",
        "not projected",
        _cones()
        + """

def cone_bracket(x, y, orders):
    return dict(st.Surface("aAbB").bracket(x, y))
""",
        r"opposite signs",
    ),
]

# -- exercise 6: the spare neuron ---------------------------------------------

_SPARE_CODE = """
def quiet_swap(theta, i, j):
    corners = [theta.copy()]

    def move(k, spare):
        here = corners[-1].copy()
        here[spare, :-1] = here[k, :-1]
        {copied}
        there = here.copy()
        there[spare, -1], there[k, -1] = here[k, -1], {left}
        corners.append(there)

    last = len(theta) - 1
    {moves}
    home = corners[-1].copy()
    home[last] = theta[last]
    return [*corners{home}]
"""
_SPARE_RIGHT = {
    "copied": "corners.append(here)",
    "left": "0",
    "moves": "move(i, last); move(j, i); move(last, j)",
    "home": ", home",
}


def _spare(**changed):
    return _SPARE_CODE.format(**{**_SPARE_RIGHT, **changed})


_SPARE = [
    WrongAnswer(
        "spare",
        "both at once",
        _spare(copied=""),
        r"Move incoming weights only where",
    ),
    WrongAnswer(
        "spare",
        "the old neuron keeps its output",
        _spare(left="here[k, -1]"),
        r"outputs change|must end with rows",
    ),
    WrongAnswer(
        "spare",
        "the spare one does not come home",
        _spare(home=""),
        r"must come back",
    ),
    WrongAnswer(
        "spare",
        "straight",
        """
def quiet_swap(theta, i, j):
    end = theta.copy()
    end[[i, j]] = theta[[j, i]]
    return [theta.copy(), end]
""",
        r"outputs change",
    ),
    WrongAnswer(
        "spare",
        "only one neuron moves",
        _spare(moves="move(i, last); move(last, i)"),
        r"exchanged, exactly",
    ),
    WrongAnswer(
        "spare",
        "the third move is missing",
        _spare(moves="move(i, last); move(j, i)"),
        r"exchanged, exactly|outputs change",
    ),
    WrongAnswer(
        "spare",
        "theta itself is changed",
        """
def quiet_swap(theta, i, j):
    theta[[i, j]] = theta[[j, i]]
    return [theta, theta]
""",
        r"changed|in place|must begin",
    ),
    WrongAnswer(
        "spare",
        "an array",
        _spare()
        + """

def quiet_swap(theta, i, j):
    return theta
""",
        r"list",
    ),
]

WRONG_ANSWERS = [
    *_NAME,
    *_SIDES,
    *_SEGMENTS,
    *_DOUBLE,
    *_CONES,
    *_SPARE,
]

_ENDS = "while len(kept) > 1 and kept[0] == kept[-1].swapcase():"
_NO_INVERSE = (
    "no letter is its own inverse, and two neighbours have cancelled before"
)
_LEAST = (
    "return min(({0}[k:] + {0}[:k] for k in range(len({0}){1})), default='')"
)
_AGAIN = "the last rotation is the word itself again"
_SIDE = "return (h - o) % len(ends) {} (p - o) % len(ends)"
_MERGE = "while len(form) > {} and form[0][0] == form[-1][0]:"

SAME = {
    (
        "name",
        "kept.append(letter) => kept.extend(letter)",
    ): "a letter is a string of length one",
    **{
        ("name", f"{_ENDS} => {_ENDS.replace('> 1', bound)}"): _NO_INVERSE
        for bound in (">= 1", "> 2", "> 0")
    },
    (
        "name",
        f"{_LEAST.format('short', '')} => {_LEAST.format('short', ' + 1')}",
    ): _AGAIN,
    (
        "cones",
        f"{_LEAST.format('flat', '')} => {_LEAST.format('flat', ' + 1')}",
    ): _AGAIN,
    (
        "sides",
        f"{_SIDE.format('<')} => {_SIDE.format('<=')}",
    ): "they differ for h = p only, and no path has its own end beside it",
    ("segments", "k = 1 => k = 0"): "at k = 0 the two letters are equal",
    (
        "cones",
        f"{_MERGE.format(1)} => {_MERGE.format(2)}",
    ): "two neighbours with one letter have been merged before",
}
