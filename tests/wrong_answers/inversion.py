"""Wrong answers to the lab on inverting a generator."""

from wrong_answers import WrongAnswer

# -- exercise 1: coherence and spark ------------------------------------------

_DICTIONARY = [
    WrongAnswer(
        "dictionary",
        "the columns keep their norms",
        """
def coherence(W):
    products = np.abs(W.T @ W)
    np.fill_diagonal(products, 0)
    return float(products.max())
""",
        r"Your coherence is 1",
    ),
    WrongAnswer(
        "dictionary",
        "the diagonal is left in",
        """
def coherence(W):
    unit = W / np.linalg.norm(W, axis=0)
    return float(np.abs(unit.T @ unit).max())
""",
        r"leave out the diagonal",
    ),
    WrongAnswer(
        "dictionary",
        "rows are normalised",
        """
def coherence(W):
    unit = W / np.linalg.norm(W, axis=1, keepdims=True)
    cosines = np.abs(unit.T @ unit)
    np.fill_diagonal(cosines, 0)
    return float(cosines.max())
""",
        r"0\.7071 is due",
    ),
    WrongAnswer(
        "dictionary",
        "cosines without abs",
        """
def coherence(W):
    unit = W / np.linalg.norm(W, axis=0)
    cosines = unit.T @ unit
    np.fill_diagonal(cosines, 0)
    return float(cosines.max())
""",
        r"take abs",
    ),
    WrongAnswer(
        "dictionary",
        "the rank",
        """
def spark(W):
    return int(np.linalg.matrix_rank(W))
""",
        r"Two is the rank",
    ),
    WrongAnswer(
        "dictionary",
        "the rank plus one",
        """
def spark(W):
    return int(np.linalg.matrix_rank(W)) + 1
""",
        r"the spark for the worst",
    ),
    WrongAnswer(
        "dictionary",
        "one more for independent columns",
        """
def spark(W):
    for k in range(1, W.shape[1] + 1):
        for columns in combinations(range(W.shape[1]), k):
            if np.linalg.matrix_rank(W[:, list(columns)]) < k:
                return k
    return W.shape[1] + 1
""",
        r"math\.inf, not their number plus one",
    ),
    WrongAnswer(
        "dictionary",
        "printed",
        """
def spark(W):
    print(3)
""",
        r"returned None",
    ),
]

# -- exercise 2: coins --------------------------------------------------------

_COINS = [
    WrongAnswer(
        "coins",
        "as many units as latents",
        """
def chance_unique(latent, units):
    return float(units >= latent)
""",
        r"half of them are active",
    ),
    WrongAnswer(
        "coins",
        "twice as many units",
        """
def chance_unique(latent, units):
    return float(units >= 2 * latent)
""",
        r"not a rule",
    ),
    WrongAnswer(
        "coins",
        "more than n_0",
        """
def chance_unique(latent, units):
    good = sum(math.comb(units, s) for s in range(latent + 1, units + 1))
    return good / 2**units
""",
        r"Exactly n_0 equations are enough",
    ),
    WrongAnswer(
        "coins",
        "exactly n_0",
        """
def chance_unique(latent, units):
    return math.comb(units, latent) / 2**units
""",
        r"more are fine too",
    ),
    WrongAnswer(
        "coins",
        "all units stay out",
        """
def chance_unique(latent, units):
    good = sum(math.comb(units, s) for s in range(latent, units))
    return good / 2**units
""",
        r"more are fine too|0\.5, not",
    ),
]

# -- exercise 3: pursuit ------------------------------------------------------

_PURSUIT = [
    WrongAnswer(
        "pursuit",
        "least squares",
        """
def pursue(M, b):
    return np.linalg.pinv(M) @ b
""",
        r"negative entries|least sum is 2",
    ),
    WrongAnswer(
        "pursuit",
        "the largest sum",
        """
def pursue(M, b):
    return linprog(-np.ones(M.shape[1]), A_eq=M, b_eq=b).x
""",
        r"the largest sum",
    ),
    WrongAnswer(
        "pursuit",
        "signed",
        """
def pursue(M, b):
    m = M.shape[1]
    x = linprog(np.ones(2 * m), A_eq=np.hstack([M, -M]), b_eq=b).x
    return x[:m] - x[m:]
""",
        r"signed pursuit",
    ),
    WrongAnswer(
        "pursuit",
        "signed, then cut at 0",
        """
def pursue(M, b):
    m = M.shape[1]
    x = linprog(np.ones(2 * m), A_eq=np.hstack([M, -M]), b_eq=b).x
    return np.maximum(x[:m] - x[m:], 0)
""",
        r"set negative entries",
    ),
    WrongAnswer(
        "pursuit",
        "inequalities",
        """
def pursue(M, b):
    return linprog(np.ones(M.shape[1]), A_ub=M, b_ub=b).x
""",
        r"M x = b fails",
    ),
    WrongAnswer(
        "pursuit",
        "the whole result",
        """
def pursue(M, b):
    return linprog(np.ones(M.shape[1]), A_eq=M, b_eq=b)
""",
        r"pursue returned",
    ),
]

# -- exercise 4: layer by layer -----------------------------------------------

_LAYERS = """
def invert(weights, y, solve, mask=None):
    rows = np.ones(len(y), bool) if mask is None else mask
    x = {start}
    for W in {order}:
        x = solve({matrix}, {values})
        rows = {rows}
    {last}
"""
_RIGHT = {
    "start": "y",
    "order": "reversed(weights[1:])",
    "matrix": "W[rows]",
    "values": "x[rows]",
    "rows": "x > 1e-7",
    "last": "return np.linalg.lstsq(weights[0][rows], x[rows])[0]",
}


def _layers(**changed):
    return _LAYERS.format(**{**_RIGHT, **changed})


_LAYER_BY_LAYER = [
    WrongAnswer(
        "layers",
        "inactive units as equations",
        _layers(last="return np.linalg.lstsq(weights[0], x)[0]"),
        r"an inactive unit as the equation",
    ),
    WrongAnswer(
        "layers",
        "all rows everywhere",
        _layers(rows="np.ones(len(x), bool)"),
        r"an inactive unit as the equation|no solution x >= 0",
    ),
    WrongAnswer(
        "layers",
        "the mask is forgotten",
        """
def invert(weights, y, solve, mask=None):
    x, rows = y, np.ones(len(y), bool)
    for W in reversed(weights[1:]):
        x = solve(W[rows], x[rows])
        rows = x > 1e-7
    return np.linalg.lstsq(weights[0][rows], x[rows])[0]
""",
        r"With a mask the latent is missed|no solution x >= 0",
    ),
    WrongAnswer(
        "layers",
        "missing entries are zeros",
        """
def invert(weights, y, solve, mask=None):
    x = y if mask is None else y * mask
    rows = np.ones(len(y), bool)
    for W in reversed(weights[1:]):
        x = solve(W[rows], x[rows])
        rows = x > 1e-7
    return np.linalg.lstsq(weights[0][rows], x[rows])[0]
""",
        r"With a mask the latent is missed|no solution x >= 0",
    ),
    WrongAnswer(
        "layers",
        "forwards",
        _layers(order="weights[1:]"),
        r"stopped with|no solution",
    ),
    WrongAnswer(
        "layers",
        "the hidden layer is returned",
        _layers(last="return x"),
        r"shape",
    ),
]

# -- exercise 5: a proof ------------------------------------------------------

_PROOF = """
def is_proof(M, x, u):
    on = x > 0
    products = u @ M
    independent = {independent}
    zero = {zero}
    return bool(zero and {others} and independent)
"""
_PROVED = {
    "independent": "np.linalg.matrix_rank(M[:, on]) == on.sum()",
    "zero": "np.all(np.abs(products[on]) <= 1e-9)",
    "others": "np.all(products[~on] < -1e-9)",
}


def _proof(**changed):
    return _PROOF.format(**{**_PROVED, **changed})


_CHECK = [
    WrongAnswer(
        "proof",
        "positive products",
        _proof(others="np.all(products[~on] > 1e-9)"),
        r"u = \(0, -1\) is a proof",
    ),
    WrongAnswer(
        "proof",
        "not strictly",
        _proof(others="np.all(products[~on] <= 0)"),
        r"strictly negative",
    ),
    WrongAnswer(
        "proof",
        "active columns are not looked at",
        _proof(zero="True"),
        r"product with its column is -1|product with the active column",
    ),
    WrongAnswer(
        "proof",
        "dependent columns pass",
        _proof(independent="True"),
        r"independent",
    ),
    WrongAnswer(
        "proof",
        "any product",
        _proof(others="np.any(products[~on] < -1e-9)"),
        r"stopped|positive|is a proof|is due|strictly|not 0",
    ),
    WrongAnswer(
        "proof",
        "exact zeros",
        _proof(zero="np.all(products[on] == 0)"),
        r"is due|up to 1e-9",
    ),
]

# -- exercise 6: the baseline -------------------------------------------------

_SLOPE = """
def slope(weights, z, y):
    states = [z]
    for W in weights[:-1]:
        states.append({forward})
    back = {first}
    for W, x in zip(weights[-2::-1], states[:0:-1]):
        back = {step}
    return back
"""
_CLIMB = {
    "forward": "np.maximum(W @ states[-1], 0)",
    "first": "weights[-1].T @ (weights[-1] @ states[-1] - y)",
    "step": "W.T @ (back * (x > 0))",
}


def _slope(**changed):
    return _SLOPE.format(**{**_CLIMB, **changed})


_STARTS = """
def best_start(weights, starts, y, steps, rate):
    found, residuals = [], []
    {before}
    for start in starts:
        {begin}
        for _ in range(steps):
            {step}
        x = z
        for W in weights[:-1]:
            x = np.maximum(W @ x, 0)
        found.append(z)
        residuals.append(np.linalg.norm(weights[-1] @ x - y))
    {last}
"""
_BEST = {
    "before": "pass",
    "begin": "z = start.copy()",
    "step": "z = z - rate * slope(weights, z, y)",
    "last": "return found[int(np.argmin(residuals))]",
}


def _starts(**changed):
    return _STARTS.format(**{**_BEST, **changed})


_BASELINE = [
    WrongAnswer(
        "baseline",
        "twice the gradient",
        _slope(first="2 * weights[-1].T @ (weights[-1] @ states[-1] - y)"),
        r"factor 1/2",
    ),
    WrongAnswer(
        "baseline",
        "y minus G(z)",
        _slope(first="weights[-1].T @ (y - weights[-1] @ states[-1])"),
        r"sign is turned",
    ),
    WrongAnswer(
        "baseline",
        "no masks",
        _slope(step="W.T @ back"),
        r"inactive units pass",
    ),
    WrongAnswer(
        "baseline",
        "the mask behind the product",
        _slope(step="(W.T @ back) * (x > 0)"),
        r"stopped with|central differences",
    ),
    WrongAnswer(
        "baseline",
        "the last start",
        _starts(last="return found[-1]"),
        r"Keep the best start, not the last",
    ),
    WrongAnswer(
        "baseline",
        "the first start",
        _starts(last="return found[0]"),
        r"Keep the best start",
    ),
    WrongAnswer(
        "baseline",
        "each start goes on from the one before",
        _starts(before="z = starts[0].copy()", begin="pass"),
        r"its own row",
    ),
    WrongAnswer(
        "baseline",
        "the worst start",
        _starts(last="return found[int(np.argmax(residuals))]"),
        r"Keep the best start",
    ),
    WrongAnswer(
        "baseline",
        "starts are changed in place",
        _starts(begin="z = start", step="z -= rate * slope(weights, z, y)"),
        r"change",
    ),
    WrongAnswer(
        "baseline",
        "one step too many",
        """
_steps = best_start


def best_start(weights, starts, y, steps, rate):
    return _steps(weights, starts, y, steps + 1, rate)
""",
        r"Without a step|best residual",
    ),
]

WRONG_ANSWERS = [
    *_DICTIONARY,
    *_COINS,
    *_PURSUIT,
    *_LAYER_BY_LAYER,
    *_CHECK,
    *_BASELINE,
]

_RANGE = "for k in range(1, m + 1):"
_MORE = "no set has more than all columns"
_COUNT = "good = sum((math.comb(units, s) for s in range(latent, units + 1)))"
_NONE = "math.comb is 0 beyond all units"
_ROWS = "rows = x > 1e-07"
_TINY = "active units of a random layer are far above any such threshold"
_ZERO = "zero = np.all(np.abs(products[on]) <= 1e-09)"
_STRICT = (
    "return bool(zero and np.all(products[~on] < -1e-09) and independent)"
)
_BORDER = "no product of the checks lies between the two thresholds"
_ZIP = "for W, x in zip(weights[-2::-1], states[:0:-1], strict=True):"
_EQUAL = "both lists are equally long, so nothing changes"
_MAX = "the maximum of two numbers does not know their order"

SAME = {
    ("dictionary", f"{_RANGE} => for k in range(1, m + 1 + 1):"): _MORE,
    ("dictionary", f"{_RANGE} => for k in range(1, m + 2):"): _MORE,
    (
        "dictionary",
        f"{_RANGE} => for k in range(2, m + 1):",
    ): "the task says that no column is zero",
    (
        "dictionary",
        f"{_RANGE} => for k in range(0, m + 1):",
    ): "the rank of no column is 0",
    ("coins", f"{_COUNT} => {_COUNT.replace('+ 1', '+ 1 + 1')}"): _NONE,
    ("coins", f"{_COUNT} => {_COUNT.replace('+ 1', '+ 2')}"): _NONE,
    ("layers", f"{_ROWS} => rows = x >= 1e-07"): _TINY,
    ("layers", f"{_ROWS} => rows = x > 2e-07"): _TINY,
    ("proof", f"{_ZERO} => {_ZERO.replace('<=', '<')}"): _BORDER,
    ("proof", f"{_ZERO} => {_ZERO.replace('1e-09', '2e-09')}"): _BORDER,
    ("proof", f"{_STRICT} => {_STRICT.replace('<', '<=')}"): _BORDER,
    ("proof", f"{_STRICT} => {_STRICT.replace('-1e', '-2e')}"): _BORDER,
    (
        "baseline",
        "states.append(np.maximum(W @ states[-1], 0)) => "
        "states.append(np.maximum(0, W @ states[-1]))",
    ): _MAX,
    (
        "baseline",
        "x = np.maximum(W @ x, 0) => x = np.maximum(0, W @ x)",
    ): _MAX,
    ("baseline", f"{_ZIP} => {_ZIP.replace(', strict=True', '')}"): _EQUAL,
    ("baseline", f"{_ZIP} => {_ZIP.replace('True', 'False')}"): _EQUAL,
}
