"""Wrong answers that the checks of labs/implicit.ipynb must recognise."""

from wrong_answers import WrongAnswer

# -- exercise 1: when may you stop? -----------------------------------------

_STOP = """
def equilibrium(A, q, rate, accuracy):
    x, bound = np.zeros(len(q)), np.inf
    while {test} > accuracy:
        new = {step}
        bound = {bound}
        x = new
    return {result}
"""
_RIGHT = {
    "test": "bound",
    "step": "np.maximum(A @ x + q, 0)",
    "bound": "np.abs(new - x).max() * rate / (1 - rate)",
    "result": "x, float(bound)",
}


def _stop(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _STOP.format(**(_RIGHT | mistake))
    return WrongAnswer("stop", name, code, message)


_STOPS = [
    _stop(
        "the last change is the bound",
        r"The last step alone is no bound",
        bound="np.abs(new - x).max()",
    ),
    _stop(
        "the bound of the step before",
        r"not one step earlier or later",
        bound="np.abs(new - x).max() / (1 - rate)",
    ),
    _stop(
        "stops at a small change",
        r"go on to 1e-4|not one step earlier",
        test="bound * (1 - rate) / rate if bound < np.inf else bound",
        bound="np.abs(new - x).max() * rate / (1 - rate)",
    ),
    _stop("no maximum", r"the maximum is missing", step="A @ x + q"),
    _stop(
        "x A for A x",
        r"Is it A x, and not x A",
        step="np.maximum(x @ A + q, 0)",
    ),
    _stop(
        "the change of the first state",
        r"largest\s+change of all entries",
        bound="abs(new - x)[0] * rate / (1 - rate)",
    ),
    _stop("only the states", r"returned an array", result="x"),
    WrongAnswer(
        "stop",
        "the bound is promised",
        """
def equilibrium(A, q, rate, accuracy):
    x = np.maximum(A @ np.zeros(len(q)) + q, 0)
    return x, accuracy
""",
        r"solution 2, you return",
    ),
]

# -- exercise 2: two hidden layers ------------------------------------------

_EMBED = """
def embed(W0, b0, W1, b1, W2, b2):
    first, p = W0.shape
    second, out = len(W1), len(W2)
    n = first + second
    A, B = np.zeros((n, n)), np.zeros((n, p + 1))
    C, D = np.zeros((out, n)), np.zeros((out, p + 1))
{lines}
    return A, B, C, D
"""
_LINES = {
    "A": "A[:second, second:] = W1",
    "B": "B[second:, :p] = W0",
    "b0": "B[second:, p] = b0",
    "b1": "B[:second, p] = b1",
    "C": "C[:, :second] = W2",
    "D": "D[:, p] = b2",
}


def _embed(name: str, message: str, **mistake: str) -> WrongAnswer:
    lines = "\n".join(f"    {v}" for v in (_LINES | mistake).values())
    return WrongAnswer("embed", name, _EMBED.format(lines=lines), message)


_EMBEDS = [
    _embed(
        "first layer first",
        r"That is the state \(x1, x2\)|that is the state \(x1, x2\)",
        A="A[first:, :first] = W1",
        B="B[:first, :p] = W0",
        b0="B[:first, p] = b0",
        b1="B[first:, p] = b1",
        C="C[:, first:] = W2",
    ),
    _embed("b0 forgotten", r"b0 in the last column", b0="pass"),
    _embed("b1 forgotten", r"Is b1 in the\s+last\s+column", b1="pass"),
    _embed("b2 forgotten", r"D holds b2 in its last column", D="pass"),
    _embed(
        "biases in the first column",
        r"rows of B hold W0, and b0",
        B="B[second:, 1:] = W0",
        b0="B[second:, 0] = b0",
        b1="B[:second, 0] = b1",
        D="D[:, 0] = b2",
    ),
    _embed(
        "states read themselves",
        r"on or below its diagonal",
        A="A[:] = np.eye(n); A[:second, second:] = W1",
    ),
    _embed(
        "no room for the 1",
        r"shape",
        D="D[:, p] = b2; B = B[:, :p]",
    ),
]

# -- exercise 3: units of measurement ---------------------------------------

_UNITS = """
def rescale(A, B, C, rate):
    v = np.linalg.solve({inner}, np.ones(len(A)))
    return {A}, {B}, {C}
"""
_FITS = {
    "inner": "np.eye(len(A)) - np.abs(A) / rate",
    "A": "A * v / v[:, None]",
    "B": "B / v[:, None]",
    "C": "C * v",
}


def _units(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _UNITS.format(**(_FITS | mistake))
    return WrongAnswer("units", name, code, message)


_UNIT = [
    _units(
        "S = diag(v)",
        r"not the other way round",
        A="A * v[:, None] / v",
        B="B * v[:, None]",
        C="C / v",
    ),
    _units(
        "no absolute values",
        r"Is v made of \|A\|",
        inner="np.eye(len(A)) - A / rate",
    ),
    _units(
        "the rate is forgotten",
        r"should become 5/11|above|Singular|went wrong|row norm",
        inner="np.eye(len(A)) - np.abs(A)",
    ),
    _units("B stays", r"rows of B are\s+divided by v", B="B"),
    _units("B multiplied", r"rows of B are\s+divided", B="B * v[:, None]"),
    _units("C stays", r"columns of C\s+are multiplied", C="C"),
    _units("C divided", r"columns of C\s+are multiplied", C="C / v"),
    _units(
        "all of A divided by one number",
        r"not the old ones in other units",
        A="A * rate / max(rate, np.abs(A).sum(axis=1).max())",
        B="B",
        C="C",
    ),
]

# -- exercise 4: the adjoint equation ---------------------------------------

_ADJOINT = """
def gradient(A, u, x, g):
    on = (x > 0).astype(float)
    inner = {inner}
    adjoint = {solve}
    return {result}
"""
_EXACT = {
    "inner": "np.eye(len(x)) - on[:, None] * A.T",
    "solve": "np.linalg.solve(inner, on * g)",
    "result": "np.outer(adjoint, x), np.outer(adjoint, u)",
}


def _adjoint(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _ADJOINT.format(**(_EXACT | mistake))
    return WrongAnswer("adjoint", name, code, message)


_ADJOINTS = [
    _adjoint(
        "one step",
        r"should|For one unit, d x / d B = 2",
        solve="on * g",
    ),
    _adjoint(
        "A not transposed",
        r"A is transposed in it|Phi is missing",
        inner="np.eye(len(x)) - on[:, None] * A",
    ),
    _adjoint(
        "Phi on columns",
        r"Phi acts on both terms|Phi is missing",
        inner="np.eye(len(x)) - on[None, :] * A.T",
    ),
    _adjoint(
        "no Phi",
        r"Phi is missing",
        inner="np.eye(len(x)) - A.T",
        solve="np.linalg.solve(inner, g)",
    ),
    _adjoint(
        "no Phi before g",
        r"Phi is missing",
        solve="np.linalg.solve(inner, g)",
    ),
    _adjoint(
        "outer product turned round",
        r"entry \(i, j\) is\s+lambda_i x_j|Phi is missing",
        result="np.outer(x, adjoint), np.outer(adjoint, u)",
    ),
    _adjoint(
        "another sign",
        r"x = b / \(1 - a\)",
        inner="np.eye(len(x)) + on[:, None] * A.T",
    ),
    _adjoint(
        "the input for the state",
        r"x / \(1 - a\) = 4|shape",
        result="np.outer(adjoint, u), np.outer(adjoint, u)",
    ),
    _adjoint("only A", r"returned an array", result="np.outer(adjoint, x)"),
]

# -- exercise 5: the nearest row --------------------------------------------

_ROWS = [
    WrongAnswer(
        "row",
        "divided by its norm",
        """
def nearest_row(a, radius):
    return a * min(1, radius / np.abs(a).sum())
""",
        r"you scaled the\s+vector",
    ),
    WrongAnswer(
        "row",
        "onto the sphere always",
        """
def nearest_row(a, radius):
    return a * radius / np.abs(a).sum()
""",
        r"it stays as it is",
    ),
    WrongAnswer(
        "row",
        "a ball of the Euclidean norm",
        """
def nearest_row(a, radius):
    return a * min(1, radius / np.linalg.norm(a))
""",
        r"do not take the Euclidean norm",
    ),
    WrongAnswer(
        "row",
        "clipped entries",
        """
def nearest_row(a, radius):
    return np.clip(a, -radius, radius)
""",
        r"or the largest entry",
    ),
    WrongAnswer(
        "row",
        "no floor",
        """
def nearest_row(a, radius):
    extra = max(np.abs(a).sum() - radius, 0)
    return a - np.sign(a) * extra / len(a)
""",
        r"stop at zero",
    ),
    WrongAnswer(
        "row",
        "one threshold, then a floor",
        """
def nearest_row(a, radius):
    extra = max(np.abs(a).sum() - radius, 0)
    return np.sign(a) * np.maximum(np.abs(a) - extra / len(a), 0)
""",
        r"above 2|the others must then shrink",
    ),
    WrongAnswer(
        "row",
        "signs lost",
        """
def nearest_row(a, radius):
    sizes = np.abs(a)
    if sizes.sum() <= radius:
        return a
    s = np.sort(sizes)[::-1]
    t = (np.cumsum(s) - radius) / np.arange(1, len(a) + 1)
    return np.maximum(sizes - t[s > t][-1], 0)
""",
        r"keep the signs",
    ),
    WrongAnswer(
        "row",
        "no absolute values",
        """
def nearest_row(a, radius):
    if a.sum() <= radius:
        return a
    s = np.sort(a)[::-1]
    t = (np.cumsum(s) - radius) / np.arange(1, len(a) + 1)
    return np.maximum(a - t[s > t][-1], 0)
""",
        r"look at absolute values",
    ),
    WrongAnswer(
        "row",
        "the first threshold",
        """
def nearest_row(a, radius):
    sizes = np.abs(a)
    if sizes.sum() <= radius:
        return a
    return np.sign(a) * np.maximum(sizes - (sizes.max() - radius), 0)
""",
        r"should become|above",
    ),
    WrongAnswer(
        "row",
        "smallest sizes first",
        """
def nearest_row(a, radius):
    sizes = np.abs(a)
    if sizes.sum() <= radius:
        return a
    s = np.sort(sizes)
    t = (np.cumsum(s) - radius) / np.arange(1, len(a) + 1)
    return np.sign(a) * np.maximum(sizes - t[s > t][-1], 0)
""",
        r"should become|above",
    ),
]

# -- exercise 6: a certificate ----------------------------------------------

_CERTIFIED = """
def certified(A, B, C, D, y):
    label = int(np.argmax(y))
    reach = {reach}
    radii = [
        (y[label] - y[j]) / ({rate})
        for j in range(len(y))
        if {test}
    ]
    return {result}
"""
_SOUND = {
    "reach": (
        "np.linalg.solve(np.eye(len(A)) - np.abs(A), np.abs(B).sum(axis=1))"
    ),
    "rate": (
        "np.abs(C[label] - C[j]) @ reach + np.abs(D[label] - D[j]).sum()"
    ),
    "test": "j != label",
    "result": "label, float(min(radii))",
}


def _certified(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _CERTIFIED.format(**(_SOUND | mistake))
    return WrongAnswer("radius", name, code, message)


_RADII = [
    _certified(
        "the inverse of I - A",
        r"inside of the inverse|is not proved|is proved as well",
        reach="np.linalg.solve(np.eye(len(A)) - A, np.abs(B).sum(axis=1))",
    ),
    _certified(
        "absolute values after the inverse",
        r"inside of the inverse|is not proved",
        reach="np.abs(np.linalg.solve(np.eye(len(A)) - A, B)).sum(axis=1)",
    ),
    _certified(
        "B without absolute values",
        r"too large|is not proved|is it \|B\|",
        reach="np.linalg.solve(np.eye(len(A)) - np.abs(A), B.sum(axis=1))",
    ),
    _certified(
        "no feedback",
        r"states move\s+twice as far",
        reach="np.abs(B).sum(axis=1)",
    ),
    _certified(
        "two bounds added",
        r"not \|C_t\| \+ \|C_j\|",
        rate=(
            "(np.abs(C[label]) + np.abs(C[j])) @ reach"
            " + (np.abs(D[label]) + np.abs(D[j])).sum()"
        ),
    ),
    _certified(
        "D forgotten",
        r"D\s+counts too|is not proved",
        rate="np.abs(C[label] - C[j]) @ reach",
    ),
    _certified(
        "only the closest rival",
        r"over all rivals|is not proved",
        test="j == int(np.argsort(y)[-2])",
    ),
    _certified(
        "the largest radius",
        r"over all rivals|is not proved",
        result="label, float(max(radii))",
    ),
    _certified(
        "the smallest output",
        r"largest output|larger output|first one",
        result="int(np.argmin(y)), float(min(radii))",
    ),
    _certified(
        "the label is its own rival",
        r"leave out j = t|radius is not finite|invalid value|divide by zero",
        test="True",
    ),
]

WRONG_ANSWERS = [*_STOPS, *_EMBEDS, *_UNIT, *_ADJOINTS, *_ROWS, *_RADII]

# Changes of a solution that make no difference, and why.
SAME = {
    (
        "stop",
        "new = np.maximum(A @ x + q, 0) => new = np.maximum(0, A @ x + q)",
    ): "the maximum commutes",
    ("row", "if sizes.sum() <= radius: => if sizes.sum() < radius:"): (
        "at equality the threshold is 0"
    ),
    (
        "row",
        "threshold = thresholds[ordered > thresholds][-1] => threshold = "
        "thresholds[ordered >= thresholds][-1]",
    ): "a size equal to its threshold does not change the threshold",
    (
        "row",
        "return np.sign(a) * np.maximum(sizes - threshold, 0) => return "
        "np.sign(a) * np.maximum(0, sizes - threshold)",
    ): "the maximum commutes",
}
