"""Wrong answers to the lab on unitary networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: free numbers and a skew-symmetric matrix ---------------------

_FREE_CODE = """
def free_numbers(n, r):
    return {count}


def skew_matrix(lower):
    n, r = lower.shape
    T = np.zeros((n, n))
    {fill}
    return {matrix}
"""
_FREE_RIGHT = {
    "count": "n * r - r * (r + 1) // 2",
    "fill": "T[:, :r] = np.tril(lower, -1)",
    "matrix": "T - T.T",
}


def _free(**changed):
    return _FREE_CODE.format(**{**_FREE_RIGHT, **changed})


_FREE = [
    WrongAnswer("free", "all entries", _free(count="n * r"), r"12 is nr"),
    WrongAnswer(
        "free",
        "all columns",
        _free(count="n * (n - 1) // 2"),
        r"counts all columns",
    ),
    WrongAnswer(
        "free",
        "diagonal counted",
        _free(count="n * r - r * (r - 1) // 2"),
        r"diagonal of a skew-symmetric",
    ),
    WrongAnswer(
        "free",
        "a fraction",
        _free(count="n * r - r * (r + 1) / 2"),
        r"int|whole",
    ),
    WrongAnswer(
        "free", "symmetric", _free(matrix="T + T.T"), r"subtract the transpose"
    ),
    WrongAnswer(
        "free", "signs", _free(matrix="T.T - T"), r"signs are turned round"
    ),
    WrongAnswer(
        "free",
        "upper part kept",
        _free(fill="T[:, :r] = lower"),
        r"signs|first column|second column",
    ),
    WrongAnswer(
        "free",
        "columns only",
        _free(matrix="(T - T.T)[:, :r]"),
        r"shape",
    ),
    WrongAnswer(
        "free",
        "in place",
        """
def free_numbers(n, r):
    return n * r - r * (r + 1) // 2


def skew_matrix(lower):
    n, r = lower.shape
    lower[np.triu_indices(n, 0, r)] = 0
    T = np.pad(lower, ((0, 0), (0, n - r)))
    return T - T.T
""",
        r"changed|in place|Leave",
    ),
    WrongAnswer(
        "free",
        "printed",
        "def free_numbers(n, r):\n    print(n * r)\n",
        r"None",
    ),
]

# -- exercise 2: the exponential ----------------------------------------------

_SERIES_CODE = """
def matrix_exp(A, squarings, terms):
    scaled = {scaled}
    power = total = np.eye(len(A))
    for j in range(1, {last}):
        power = {power}
        total = total + power{divide}
    {finish}
    return total
"""
_SERIES_RIGHT = {
    "scaled": "A / 2**squarings",
    "last": "terms + 1",
    "power": "power @ scaled / j",
    "divide": "",
    "finish": "for _ in range(squarings): total = total @ total",
}


def _series(**changed):
    return _SERIES_CODE.format(**{**_SERIES_RIGHT, **changed})


_SERIES = [
    WrongAnswer(
        "series",
        "entry by entry",
        "def matrix_exp(A, squarings, terms):\n    return np.exp(A)\n",
        r"each entry",
    ),
    WrongAnswer(
        "series",
        "one term too few",
        _series(last="terms"),
        r"belongs to the sum",
    ),
    WrongAnswer(
        "series",
        "powers entry by entry",
        _series(power="scaled**j / [1, 1, 2, 6, 24][min(j, 4)]"),
        r"square of each entry",
    ),
    WrongAnswer(
        "series",
        "no factorial",
        _series(power="power @ scaled"),
        r"2! = 2",
    ),
    WrongAnswer(
        "series",
        "j for j!",
        _series(power="power @ scaled", divide=" / j"),
        r"3! = 6",
    ),
    WrongAnswer(
        "series", "never squared", _series(finish="pass"), r"After the series"
    ),
    WrongAnswer(
        "series",
        "multiplied",
        _series(finish="total = total * 2**squarings"),
        r"do not multiply",
    ),
    WrongAnswer(
        "series", "not divided", _series(scaled="A"), r"before the series"
    ),
    WrongAnswer(
        "series",
        "divided by s",
        _series(scaled="A / max(squarings, 1)"),
        r"you divide by s",
    ),
    WrongAnswer(
        "series",
        "squared once",
        _series(finish="total = total @ total if squarings else total"),
        r"here twice",
    ),
    WrongAnswer(
        "series",
        "squared entry by entry",
        _series(finish="for _ in range(squarings): total = total * total"),
        r"quarter turn",
    ),
    WrongAnswer(
        "series",
        "a list",
        "def matrix_exp(A, squarings, terms):\n    return A.tolist()\n",
        r"list|I \+ C|I \+ A|sum",
    ),
]

# -- exercise 3: Cayley -------------------------------------------------------

_CAYLEY_CODE = """
def cayley(A1, B):
    eye = np.eye(len(A1))
    S = np.linalg.inv({inside})
    return np.concatenate([{upper}, {lower}])


def parameters(Q, r):
    M = np.linalg.inv((np.eye(r) + Q[:r]) / 2)
    return {back}
"""
_CAYLEY_RIGHT = {
    "inside": "eye + B.T @ B / 4 - A1 / 2",
    "upper": "2 * S - eye",
    "lower": "B @ S",
    "back": "M.T - M, Q[r:] @ M",
}


def _cayley(**changed):
    return _CAYLEY_CODE.format(**{**_CAYLEY_RIGHT, **changed})


_CAYLEY = [
    WrongAnswer(
        "cayley",
        "sign of A1",
        _cayley(inside="eye + B.T @ B / 4 + A1 / 2"),
        r"other way",
    ),
    WrongAnswer(
        "cayley",
        "no half",
        _cayley(inside="eye + B.T @ B / 4 - A1"),
        r"factor of 1/2",
    ),
    WrongAnswer("cayley", "S above", _cayley(upper="S"), r"That is S"),
    WrongAnswer(
        "cayley",
        "B left out",
        _cayley(inside="eye - A1 / 2"),
        r"must contain",
    ),
    WrongAnswer("cayley", "B below", _cayley(lower="B"), r"B S, not B"),
    WrongAnswer(
        "cayley",
        "a quarter left out",
        _cayley(inside="eye + B.T @ B - A1 / 2"),
        r"gives the column",
    ),
    WrongAnswer(
        "cayley",
        "the wrong product",
        _cayley(inside="eye + np.sum(B @ B.T) / 4 - A1 / 2"),
        r"has the size of A1|B\^T B",
    ),
    WrongAnswer(
        "cayley",
        "the exponential",
        """
def cayley(A1, B):
    m = len(B)
    A = np.block([[A1, -B.T], [B, np.zeros((m, m))]])
    return expm(A)[:, : len(A1)]
""",
        r"gives \[\[\.6|exponential",
    ),
    WrongAnswer(
        "cayley",
        "back with the wrong sign",
        _cayley(back="M - M.T, Q[r:] @ M"),
        r"sign of A1",
    ),
    WrongAnswer(
        "cayley",
        "half of A1",
        _cayley(back="(M.T - M) / 2, Q[r:] @ M"),
        r"factor of 2",
    ),
    WrongAnswer(
        "cayley",
        "S not undone",
        _cayley(back="M.T - M, Q[r:]"),
        r"Undo the S",
    ),
    WrongAnswer(
        "cayley",
        "one of the pair",
        _cayley(back="M.T - M"),
        r"two|pair|2 values|tuple",
    ),
]

# -- exercise 4: the thin exponential -----------------------------------------

_THIN_CODE = """
def thin_exp(A1, B):
    r = len(A1)
    small = np.block([[{a}, {b}], [{c}, np.zeros((r, r))]])
    X = expm(small)[:, :r]
    return np.concatenate([X[:r], {lower}])
"""
_THIN_RIGHT = {
    "a": "A1",
    "b": "-B.T @ B",
    "c": "np.eye(r)",
    "lower": "B @ X[r:]",
}


def _thin(**changed):
    return _THIN_CODE.format(**{**_THIN_RIGHT, **changed})


_THIN = [
    WrongAnswer("thin", "sign", _thin(b="B.T @ B"), r"hyperbolic"),
    WrongAnswer(
        "thin",
        "the other way",
        _thin(c="-np.eye(r)", b="B.T @ B"),
        r"other way",
    ),
    WrongAnswer(
        "thin",
        "B forgotten",
        _thin(lower="np.resize(X[r:] * 2, B.shape)"),
        r"has to be multiplied|gives \(cos",
    ),
    WrongAnswer(
        "thin", "sign of A1", _thin(a="-A1"), r"in its place|exp\(A1\)"
    ),
    WrongAnswer(
        "thin",
        "A1 left out",
        _thin(a="np.zeros((r, r))"),
        r"in its place|not orthonormal",
    ),
    WrongAnswer(
        "thin",
        "the Cayley map",
        """
def thin_exp(A1, B):
    eye = np.eye(len(A1))
    S = np.linalg.inv(eye + B.T @ B / 4 - A1 / 2)
    return np.concatenate([2 * S - eye, B @ S])
""",
        r"gives \(cos|Cayley",
    ),
    WrongAnswer(
        "thin",
        "QR",
        """
def thin_exp(A1, B):
    return np.linalg.qr(np.concatenate([A1, B]))[0]
""",
        r"gives \(cos|QR",
    ),
    WrongAnswer(
        "thin",
        "the whole matrix",
        """
def thin_exp(A1, B):
    if len(B) > 5000:
        raise MemoryError("Unable to allocate 298. GiB")
    m = len(B)
    A = np.block([[A1, -B.T], [B, np.zeros((m, m))]])
    return expm(A)[:, : len(A1)]
""",
        r"Unable to allocate",
    ),
    WrongAnswer(
        "thin",
        "all columns",
        """
def thin_exp(A1, B):
    m = len(B)
    return expm(np.block([[A1, -B.T], [B, np.zeros((m, m))]]))
""",
        r"shape",
    ),
]

# -- exercise 5: depth --------------------------------------------------------

_DEPTH_CODE = """
def log2_norm(weights, activation, x):
    x, total = {start}, 0.0
    for W in {order}:
        z = {product}
        if activation == "relu":
            x = np.maximum(z, 0)
        elif activation == "abs":
            x = np.abs(z)
        else:
            x = {pairs}
        norm = np.linalg.norm(x)
        if norm == 0:
            return {zero}
        x, total = x / norm, total + {log}
    return total
"""
_DEPTH_RIGHT = {
    "start": "x / np.linalg.norm(x)",
    "order": "weights",
    "product": "W @ x",
    "pairs": "np.sort(z.reshape(-1, 2))[:, ::-1].ravel()",
    "zero": "-np.inf",
    "log": "np.log2(norm)",
}


def _depth(**changed):
    return _DEPTH_CODE.format(**{**_DEPTH_RIGHT, **changed})


_DEPTH = [
    WrongAnswer(
        "depth",
        "natural logarithm",
        _depth(log="np.log(norm)"),
        r"binary logarithm",
    ),
    WrongAnswer(
        "depth",
        "not relative",
        _depth(start="x"),
        r"norm of the input",
    ),
    WrongAnswer(
        "depth",
        "the ratio",
        """
def log2_norm(weights, activation, x):
    start = np.linalg.norm(x)
    for W in weights:
        x = np.maximum(W @ x, 0)
    return np.linalg.norm(x) / start
""",
        r"logarithm of the ratio",
    ),
    WrongAnswer(
        "depth",
        "energy",
        _depth(log="2 * np.log2(norm)"),
        r"not of its square",
    ),
    WrongAnswer(
        "depth",
        "smaller first",
        _depth(pairs="np.sort(z.reshape(-1, 2)).ravel()"),
        r"larger one first",
    ),
    WrongAnswer(
        "depth",
        "all entries sorted",
        _depth(pairs="np.sort(z)[::-1]"),
        r"do not leave their pair",
    ),
    WrongAnswer(
        "depth",
        "relu for all",
        _depth(pairs="np.maximum(z, 0)"),
        r"maxmin keeps",
    ),
    WrongAnswer("depth", "transposed", _depth(product="W.T @ x"), r"W @ x"),
    WrongAnswer(
        "depth", "backwards", _depth(order="weights[::-1]"), r"comes first"
    ),
    WrongAnswer(
        "depth",
        "only at the end",
        """
def log2_norm(weights, activation, x):
    start = np.linalg.norm(x)
    for W in weights:
        z = W @ x
        if activation == "relu":
            x = np.maximum(z, 0)
        elif activation == "abs":
            x = np.abs(z)
        else:
            x = np.sort(z.reshape(-1, 2))[:, ::-1].ravel()
    norm = np.linalg.norm(x)
    return np.log2(norm / start) if norm else -np.inf
""",
        r"no float holds",
    ),
    WrongAnswer(
        "depth",
        "abs sorts",
        _depth(pairs="np.abs(z)").replace(
            "x = np.abs(z)\n        else",
            "x = np.sort(z.reshape(-1, 2))[:, ::-1].ravel()\n        else",
        ),
        r"larger one first|abs makes",
    ),
    WrongAnswer(
        "depth", "zero for nothing", _depth(zero="0.0"), r"gives -inf"
    ),
]

# -- exercise 6: the spectrum -------------------------------------------------

_SPECTRUM_CODE = """
def conv_spectrum(kernel, size):
    transforms = {transforms}
    values = np.linalg.svd({matrices}, compute_uv=False)
    return {collected}
"""
_SPECTRUM_RIGHT = {
    "transforms": "np.fft.fft2(kernel, (size, size), axes=(0, 1))",
    "matrices": "transforms",
    "collected": "np.sort(values.ravel())[::-1]",
}


def _spectrum(**changed):
    return _SPECTRUM_CODE.format(**{**_SPECTRUM_RIGHT, **changed})


_SPECTRUM = [
    WrongAnswer(
        "spectrum",
        "of the flattened kernel",
        """
def conv_spectrum(kernel, size):
    k, _, c, f = kernel.shape
    flat = np.linalg.svd(kernel.reshape(-1, f), compute_uv=False)
    return np.sort(np.resize(flat, size * size * min(c, f)))[::-1]
""",
        r"flattened kernel|two neighbours",
    ),
    WrongAnswer(
        "spectrum",
        "not padded",
        _spectrum(transforms="np.fft.fft2(kernel, axes=(0, 1))"),
        r"one set for each|two neighbours",
    ),
    WrongAnswer(
        "spectrum",
        "the last axes",
        _spectrum(transforms="np.fft.fft2(kernel, (size, size))"),
        r"one set for each|two neighbours",
    ),
    WrongAnswer(
        "spectrum",
        "divided",
        _spectrum(
            transforms="np.fft.fft2(kernel, (size, size), axes=(0, 1), "
            'norm="ortho")'
        ),
        r"two neighbours|divided by the size",
    ),
    WrongAnswer(
        "spectrum",
        "real part",
        _spectrum(matrices="transforms.real"),
        r"are 3|add up",
    ),
    WrongAnswer(
        "spectrum",
        "smallest first",
        _spectrum(collected="np.sort(values.ravel())"),
        r"largest first",
    ),
    WrongAnswer(
        "spectrum",
        "a set for each frequency",
        _spectrum(collected="values"),
        r"shape|axes|axis",
    ),
    WrongAnswer(
        "spectrum",
        "unsorted",
        _spectrum(collected="values.ravel()"),
        r"largest first",
    ),
    WrongAnswer(
        "spectrum",
        "squares",
        _spectrum(collected="np.sort(values.ravel() ** 2)[::-1]"),
        r"are 3",
    ),
    WrongAnswer(
        "spectrum",
        "printed",
        "def conv_spectrum(kernel, size):\n    print(size)\n",
        r"None",
    ),
]

WRONG_ANSWERS = [
    *_FREE,
    *_SERIES,
    *_CAYLEY,
    *_THIN,
    *_DEPTH,
    *_SPECTRUM,
]

SAME = {
    (
        "free",
        "T[:, :r] = np.tril(lower, -1) => T[:, :r] = np.tril(lower, -0)",
    ): "the diagonal is subtracted from itself",
    (
        "depth",
        "x = np.maximum(z, 0) => x = np.maximum(0, z)",
    ): "max commutes",
    (
        "depth",
        "x = np.sort(z.reshape(-1, 2))[:, ::-1].ravel() => "
        "x = np.sort(z.reshape(-2, 2))[:, ::-1].ravel()",
    ): "any negative size stands for the one that fits",
}
