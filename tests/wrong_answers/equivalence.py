"""Wrong answers to the lab on equivalent networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: bounds -------------------------------------------------------

_BOUNDS = [
    WrongAnswer(
        "bounds",
        "the corners as they are",
        """
def bounds(w, b, lower, upper):
    return w @ lower + b, w @ upper + b
""",
        r"negative weight",
    ),
    WrongAnswer(
        "bounds",
        "no bias",
        """
def bounds(w, b, lower, upper):
    up, down = np.maximum(w, 0), np.minimum(w, 0)
    return up @ lower + down @ upper, up @ upper + down @ lower
""",
        r"bias is missing",
    ),
    WrongAnswer(
        "bounds",
        "centre and absolute values, without the bias",
        """
def bounds(w, b, lower, upper):
    centre, radius = (lower + upper) / 2, (upper - lower) / 2
    return w @ centre - abs(w) @ radius, w @ centre + abs(w) @ radius
""",
        r"bias is missing",
    ),
    WrongAnswer(
        "bounds",
        "radius not halved",
        """
def bounds(w, b, lower, upper):
    centre, radius = (lower + upper) / 2, upper - lower
    z = w @ centre + b
    return z - abs(w) @ radius, z + abs(w) @ radius
""",
        r"over the corners",
    ),
    WrongAnswer(
        "bounds",
        "largest first",
        """
def bounds(w, b, lower, upper):
    up, down = np.maximum(w, 0), np.minimum(w, 0)
    low = up @ lower + down @ upper + b
    return up @ upper + down @ lower + b, low
""",
        r"Smallest first",
    ),
    WrongAnswer(
        "bounds",
        "one pair for all units",
        """
def bounds(w, b, lower, upper):
    corners = np.array(list(itertools.product(*zip(lower, upper))))
    z = corners @ w.T + b
    return np.array([z.min()]), np.array([z.max()])
""",
        r"one entry per unit",
    ),
    WrongAnswer(
        "bounds",
        "printed",
        "def bounds(w, b, lower, upper):\n    print(w @ lower + b)\n",
        r"None",
    ),
]

# -- exercise 2: removal ------------------------------------------------------

_REMOVE_CODE = """
def remove(w, b, v, c, off, gone, a):
    out = v[:, gone]
    v = {v}
    c = {c}
    left = {left}
    return {result}
"""
_REMOVE_RIGHT = {
    "v": "v + np.outer(out, a)",
    "c": "c + out * (b[gone] - a @ b)",
    "left": "[u for u in range(len(b)) if u not in (off, gone)]",
    "result": "w[left], b[left], v[:, left], c",
}


def _remove(**changed):
    return _REMOVE_CODE.format(**{**_REMOVE_RIGHT, **changed})


_REMOVE = [
    WrongAnswer(
        "remove", "no constant", _remove(c="c"), r"constant is missing"
    ),
    WrongAnswer(
        "remove",
        "the constant without the combination",
        _remove(c="c + out * b[gone]"),
        r"off by the constant",
    ),
    WrongAnswer(
        "remove",
        "the constant with the wrong sign",
        _remove(c="c - out * (b[gone] - a @ b)"),
        r"off by the constant",
    ),
    WrongAnswer(
        "remove",
        "outgoing weights as they were",
        _remove(v="v"),
        r"take over the work",
    ),
    WrongAnswer(
        "remove",
        "outgoing weights subtracted",
        _remove(v="v - np.outer(out, a)"),
        r"depends on the input",
    ),
    WrongAnswer(
        "remove",
        "only one unit leaves",
        _remove(left="[u for u in range(len(b)) if u != gone]"),
        r"should be left",
    ),
    WrongAnswer(
        "remove",
        "the other weights are changed instead",
        _remove(
            result="(w + np.outer(a, w[gone]))[left], b[left], v[:, left], c"
        ),
        r"keep their own weights",
    ),
    WrongAnswer(
        "remove",
        "rows of v instead of columns",
        _remove(result="w[left], b[left], v[left[: len(v)]], c"),
        r"Shapes of b, v, c",
    ),
    WrongAnswer(
        "remove",
        "changes v in place",
        _REMOVE_CODE.format(**_REMOVE_RIGHT).replace(
            "v = v + np.outer(out, a)", "v += np.outer(out, a)"
        ),
        r"changed|in place",
    ),
]

# -- exercise 3: statuses -----------------------------------------------------

_STABLE_CODE = """
def stable(w1, b1, w2, b2):
    low, high = np.zeros(w1.shape[1]), np.ones(w1.shape[1])
    found = []
    for w, b in ((w1, b1), (w2, b2)):
        up, down = np.maximum(w, 0), np.minimum(w, 0)
        least = up @ low + down @ high + b
        most = up @ high + down @ low + b
        found.append({status})
        low, high = {after}
    return np.concatenate(found)
"""
_STABLE_RIGHT = {
    "status": "np.where(most <= 0, -1, np.where(least >= 0, 1, 0))",
    "after": "np.maximum(least, 0), np.maximum(most, 0)",
}


def _stable(**changed):
    return _STABLE_CODE.format(**{**_STABLE_RIGHT, **changed})


_STABLE = [
    WrongAnswer(
        "stable",
        "no ReLU between the layers",
        _stable(after="least, most"),
        r"after the ReLU",
    ),
    WrongAnswer(
        "stable",
        "the cube again for layer 2",
        _stable(after="np.zeros(len(b)), np.ones(len(b))"),
        r"Layer 2",
    ),
    WrongAnswer(
        "stable",
        "on is tried first",
        _stable(status="np.where(least >= 0, 1, np.where(most <= 0, -1, 0))"),
        r"always 0 is off",
    ),
    WrongAnswer(
        "stable",
        "signs turned round",
        _stable(status="np.where(most <= 0, 1, np.where(least >= 0, -1, 0))"),
        r"turned round",
    ),
    WrongAnswer(
        "stable",
        "never switched on samples",
        """
def stable(w1, b1, w2, b2):
    x = np.random.default_rng(1).random((2000, w1.shape[1]))
    found = []
    for w, b in ((w1, b1), (w2, b2)):
        z = x @ w.T + b
        off, on = (z <= 0).all(0), (z >= 0).all(0)
        found.append(np.where(off, -1, np.where(on, 1, 0)))
        x = np.maximum(z, 0)
    return np.concatenate(found)
""",
        r"only bounds are a proof|Layer",
    ),
    WrongAnswer(
        "stable",
        "layer 2 alone",
        _stable().replace("np.concatenate(found)", "found[1]"),
        r"One integer per unit",
    ),
    WrongAnswer(
        "stable",
        "off only",
        _stable(status="np.where(most <= 0, -1, 0)"),
        r"Layer [12]",
    ),
]

# -- exercise 4: the maximum --------------------------------------------------

_MAX_CODE = """
def max_of_five():
    pair = np.array({pair})
    join = np.array({join})
    carry, uncarry = np.array({carry}), np.array({uncarry})

    def blocks(*parts):
        rows, columns = np.sum([p.shape for p in parts], 0)
        whole, i, j = np.zeros((rows, columns)), 0, 0
        for p in parts:
            whole[i : i + len(p), j : j + len(p.T)] = p
            i, j = i + len(p), j + len(p.T)
        return whole

    one = blocks(pair, pair, carry)
    two = blocks(pair, carry) @ blocks(join, join, uncarry)
    three = pair @ blocks(join, uncarry)
    return {result}
"""
_MAX_RIGHT = {
    "pair": "[[1, -1], [0, 1], [0, -1]]",
    "join": "[[1, 1, -1]]",
    "carry": "[[1], [-1]]",
    "uncarry": "[[1, -1]]",
    "result": "[one, two, three, join]",
}


def _max(**changed):
    return _MAX_CODE.format(**{**_MAX_RIGHT, **changed})


_MAX = [
    WrongAnswer(
        "maximum",
        "relu(a - b) + relu(b)",
        _max(pair="[[1, -1], [0, 1]]", join="[[1, 1]]"),
        r"Negative numbers",
    ),
    WrongAnswer(
        "maximum",
        "who waits loses the sign",
        _max(carry="[[1]]", uncarry="[[1]]"),
        r"Negative numbers",
    ),
    WrongAnswer(
        "maximum",
        "the minimum",
        _max(pair="[[-1, 1], [0, 1], [0, -1]]", join="[[-1, 1, -1]]"),
        r"not negative",
    ),
    WrongAnswer(
        "maximum",
        "halves",
        _max(result="[one / 2, two, three, 2 * join]"),
        r"Integers",
    ),
    WrongAnswer(
        "maximum",
        "the last matrix is missing",
        _max(result="[one, two, three]"),
        r"Four matrices",
    ),
    WrongAnswer(
        "maximum",
        "transposed",
        _max(result="[m.T for m in (one, two, three, join)]"),
        r"five columns",
    ),
    WrongAnswer(
        "maximum",
        "matrices that do not fit",
        _max(result="[one, three, two, join]"),
        r"cannot follow",
    ),
]

# -- exercise 5: two hidden layers --------------------------------------------

_SHALLOW_CODE = """
def shallow(x, edges, slopes, offsets, C, M):
    total = np.zeros(x.shape)
    for k in range(len(slopes)):
        v = {v}
        f = slopes[k] * x + offsets[k]
        total += {pair}
    return total
"""
_SHALLOW_RIGHT = {
    "v": "np.maximum(edges[k] - x, 0) + np.maximum(x - edges[k + 1], 0)",
    "pair": "np.maximum(f + C - M * v, 0) - np.maximum(C - M * v, 0)",
}


def _shallow(**changed):
    return _SHALLOW_CODE.format(**{**_SHALLOW_RIGHT, **changed})


_SHALLOW = [
    WrongAnswer(
        "shallow",
        "one unit without C",
        _shallow(pair="np.maximum(f - M * v, 0)"),
        r"Negative values",
    ),
    WrongAnswer(
        "shallow",
        "C is not taken away",
        _shallow(pair="np.maximum(f + C - M * v, 0)"),
        r"too large by C",
    ),
    WrongAnswer(
        "shallow",
        "only the right edge",
        _shallow(v="np.maximum(x - edges[k + 1], 0)"),
        r"Away from the edges",
    ),
    WrongAnswer(
        "shallow",
        "the function itself",
        """
def shallow(x, edges, slopes, offsets, C, M):
    k = np.clip(np.searchsorted(edges, x) - 1, 0, len(slopes) - 1)
    return slopes[k] * x + offsets[k]
""",
        r"function itself",
    ),
    WrongAnswer(
        "shallow",
        "the distance squared",
        _shallow(
            v="np.maximum(edges[k] - x, 0) ** 2"
            " + np.maximum(x - edges[k + 1], 0) ** 2"
        ),
        r"Away from the edges|Ten times the M",
    ),
    WrongAnswer(
        "shallow",
        "C subtracted without its strip",
        _shallow(pair="np.maximum(f + C - M * v, 0) - C"),
        r"Away from the edges",
    ),
    WrongAnswer(
        "shallow",
        "M only once",
        _shallow(pair="np.maximum(f + C - M * v, 0) - np.maximum(C - v, 0)"),
        r"Away from the edges",
    ),
    WrongAnswer(
        "shallow",
        "the last piece is left out",
        _shallow().replace("range(len(slopes))", "range(len(slopes) - 1)"),
        r"Away from the edges",
    ),
]

# -- exercise 6: the twin -----------------------------------------------------

_FREE_CODE = """
def free_directions(w, b, a, x):
    z = x @ w.T + b
    on = {on}
    by_w = on[:, :, None] * x[:, None, :]
    columns = {columns}
    jacobian = np.concatenate(columns, 1)
    return {result}
"""
_FREE_RIGHT = {
    "on": "(z > 0) * a",
    "columns": "[by_w.reshape(len(x), -1), on, np.maximum(z, 0)]",
    "result": "jacobian.shape[1] - int(np.linalg.matrix_rank(jacobian))",
}


def _free(**changed):
    return _FREE_CODE.format(**{**_FREE_RIGHT, **changed})


_TWIN = [
    WrongAnswer(
        "twin",
        "a negative factor",
        "def twin(w, b, a):\n    return -3 * w, -3 * b, -a / 3\n",
        r"negative factor",
    ),
    WrongAnswer(
        "twin",
        "the bias is forgotten",
        "def twin(w, b, a):\n    return 4 * w, b, a / 4\n",
        r"bias belongs to z",
    ),
    WrongAnswer(
        "twin",
        "multiplied twice",
        "def twin(w, b, a):\n    return 4 * w, 4 * b, 4 * a\n",
        r"outputs differ",
    ),
    WrongAnswer(
        "twin",
        "too near",
        "def twin(w, b, a):\n    return 1.01 * w, 1.01 * b, a / 1.01\n",
        r"more than 1",
    ),
    WrongAnswer(
        "twin",
        "another order",
        """
def twin(w, b, a):
    return 4 * w[::-1], 4 * b[::-1], a[::-1] / 4
""",
        r"order|negative factor",
    ),
    WrongAnswer(
        "twin",
        "the rank",
        _free(result="int(np.linalg.matrix_rank(jacobian))"),
        r"15 is the rank",
    ),
    WrongAnswer(
        "twin",
        "no columns for the biases",
        _free(columns="[by_w.reshape(len(x), -1), np.maximum(z, 0)]"),
        r"3 free directions|0 free directions",
    ),
    WrongAnswer(
        "twin",
        "the outgoing weight is missing in the derivative",
        _free(on="(z > 0) * 1.0"),
        r"factor a_j|7, not",
    ),
    WrongAnswer(
        "twin",
        "without the ReLU",
        _free(
            on="a * np.ones_like(z)",
            columns=("[by_w.reshape(len(x), -1), on, z]"),
        ),
        r"3 free directions",
    ),
]

WRONG_ANSWERS = [*_BOUNDS, *_REMOVE, *_STABLE, *_MAX, *_SHALLOW, *_TWIN]

# -- mutants that are the same function ---------------------------------------

_COMMUTES = "the larger and the smaller of two do not depend on their order"
_SPLIT = "up, down = (np.maximum({}), np.minimum({}))"
_CUT = "low, high = (np.maximum({}), np.maximum({}))"
_FAR = "v = np.maximum({}) + np.maximum({})"
_LIFT = "lifted = np.maximum({})"
_LESS = "total += lifted - np.maximum({})"
_Z = "slope * x + offset + C - M * v"
_COLUMNS = "columns = [by_w.reshape(len(x), -{}), on, np.maximum({})]"
_ONE, _TWO = (_COLUMNS.format(n, "{}") for n in (1, 2))
_PIECES = "pieces = zip(edges, edges[1:], slopes, offsets{})"


def _turned(name, form, *pairs):
    """Return the mutants that swap the two arguments of one call."""
    places = [f"{a}, {b}" for a, b in pairs]
    found = {}
    for n, (a, b) in enumerate(pairs):
        other = [*places[:n], f"{b}, {a}", *places[n + 1 :]]
        key = f"{form.format(*places)} => {form.format(*other)}"
        found[name, key] = _COMMUTES
    return found


SAME = {
    **_turned("bounds", _SPLIT, ("w", 0), ("w", 0)),
    **_turned("stable", _SPLIT, ("w", 0), ("w", 0)),
    **_turned("stable", _CUT, ("least", 0), ("most", 0)),
    **_turned("shallow", _FAR, ("left - x", 0), ("x - right", 0)),
    **_turned("shallow", _LIFT, (_Z, 0)),
    **_turned("shallow", _LESS, ("C - M * v", 0)),
    **_turned("twin", _ONE, ("z", 0)),
    (
        "shallow",
        f"{_PIECES.format(', strict=False')} => {_PIECES.format('')}",
    ): "zip is not strict unless it is told to be",
    (
        "twin",
        "on = (z > 0) * a => on = (z >= 0) * a",
    ): "no preactivation of the checks is exactly 0; there, both are right",
    (
        "twin",
        f"{_ONE} => {_TWO}".replace("{}", "z, 0"),
    ): "NumPy takes any negative size as the one to be found",
}
