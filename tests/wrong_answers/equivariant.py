"""Wrong answers to the lab on equivariant networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: products ---------------------------------------------------

_PRODUCTS = [
    WrongAnswer(
        "products",
        "turns added without the sign",
        """
def d4_mul(a, b):
    return 4 * ((a // 4 + b // 4) % 2) + (a + b) % 4
""",
        r"right on 48 of the 64 pairs.*wrong on 16",
    ),
    WrongAnswer(
        "products",
        "the factors exchanged",
        """
right = d4_mul


def d4_mul(a, b):
    return right(b, a)
""",
        r"applies a first",
    ),
    WrongAnswer(
        "products",
        "turns not reduced",
        """
def d4_mul(a, b):
    turns = a % 4 - b % 4 if a >= 4 else a % 4 + b % 4
    return 4 * ((a // 4 + b // 4) % 2) + turns
""",
        r"numbers from -3 to \d+.*Take the turns modulo 4",
    ),
    WrongAnswer(
        "products",
        "the sign decided by the second factor",
        """
def d4_mul(a, b):
    turns = a - b if b >= 4 else a + b
    return 4 * ((a // 4 + b // 4) % 2) + turns % 4
""",
        r"differs from the product of matrices on \d+ of 64",
    ),
    WrongAnswer(
        "products",
        "the turn of a mirror reversed as well",
        "def d4_inv(a):\n    return 4 * (a // 4) + -a % 4\n",
        r"d4_inv\(5\) = 7, but an element with a mirror undoes itself",
    ),
    WrongAnswer(
        "products",
        "every element its own inverse",
        "def d4_inv(a):\n    return a\n",
        r"Each element times its inverse is 0, but yours give \[0, 2, 0, 2",
    ),
]

# -- exercise 2: sizes ------------------------------------------------------

_SIZES = [
    WrongAnswer(
        "sizes",
        "even sides",
        """
def safe_sizes(k, s):
    return [n for n in range(8, 41) if n % 2 == 0]
""",
        r"N = 16 is even, and that is the trouble.*error .* 1\d\d %",
    ),
    WrongAnswer(
        "sizes",
        "odd sides",
        """
def safe_sizes(k, s):
    return [n for n in range(8, 41) if n % 2]
""",
        r"N = 8 is exact.*Odd sides are right for k = 3 only",
    ),
    WrongAnswer(
        "sizes",
        "multiples of the stride",
        """
def safe_sizes(k, s):
    return [n for n in range(8, 41) if n % s == 0]
""",
        r"N = 16 is even",
    ),
    WrongAnswer(
        "sizes",
        "the last position forgotten",
        """
def safe_sizes(k, s):
    return [n for n in range(8, 41) if (n - (k if k > 1 else 0)) % s == 0]
""",
        r"its last position is N - 1, not N",
    ),
]

# -- exercise 3: filters ----------------------------------------------------

_LIFT = """
def lift_filters(w):
    return np.stack([{copy} for g in range(8)])
"""
_GROUP = """
def group_filters(w):
    turned = lift_filters(w)
    return np.stack(
        [turned[g][:, :, [{source} for h in range(8)]] for g in range(8)]
    )
"""

_FILTERS = [
    WrongAnswer(
        "filters",
        "filters turned clockwise",
        _LIFT.format(copy="np.rot90(np.flip(w, 1) if g > 3 else w, -g)"),
        r"turn clockwise while pictures turn anticlockwise",
    ),
    WrongAnswer(
        "filters",
        "turned first and flipped then",
        _LIFT.format(
            copy="np.flip(np.rot90(w, g), 1) if g > 3 else np.rot90(w, g)"
        ),
        r"copies 5 and 7 are turned first",
    ),
    WrongAnswer(
        "filters",
        "flipped up and down",
        _LIFT.format(copy="np.rot90(np.flip(w, 0) if g > 3 else w, g)"),
        r"not flipped left and right",
    ),
    WrongAnswer(
        "filters",
        "no turns at all",
        _LIFT.format(copy="w"),
        r"turned by 0 to 3 quarters, but copy 1 is not",
    ),
    WrongAnswer(
        "filters",
        "the group axis left alone",
        _GROUP.format(source="h"),
        r"leaves the group axis alone",
    ),
    WrongAnswer(
        "filters",
        "g h instead of g^-1 h",
        _GROUP.format(source="d4_mul(g, h)"),
        r"takes place h from g h",
    ),
    WrongAnswer(
        "filters",
        "h g^-1 instead of g^-1 h",
        _GROUP.format(source="d4_mul(h, d4_inv(g))"),
        r"takes place h from h g\^-1",
    ),
    WrongAnswer(
        "filters",
        "the group axis permuted and the pixels left alone",
        """
def group_filters(w):
    orders = [[d4_mul(d4_inv(g), h) for h in range(8)] for g in range(8)]
    return np.stack([w[:, :, order] for order in orders])
""",
        r"Both the pixels and axis 2 must move",
    ),
]

# -- exercise 4: Wigner's matrix --------------------------------------------

_SMALL_D = """
def small_d(l, beta):
    m = np.arange(-l, l)
    raising = np.diag(np.sqrt(l * (l + 1) - m * (m + 1)), {below})
    _, vectors = np.linalg.eigh((raising - raising.T) / 2j)
    phases = np.exp({sign}1j * beta * np.arange(-l, l + 1))
    return ((vectors * phases) @ vectors.conj().T){real}
"""
_FACTORIALS = """
from math import exp, factorial, lgamma, prod, sqrt


def small_d(l, beta):
    c, s = np.cos(beta / 2), np.sin(beta / 2)
    d = np.zeros((2 * l + 1, 2 * l + 1))
    for m, n in np.ndindex(d.shape):
        for k in range(max(0, n - m), min(n, 2 * l - m) + 1):
            above = (m, 2 * l - m, n, 2 * l - n)
            below = (n - k, k, m - n + k, 2 * l - m - k)
            sign = (-1) ** (m - n + k)
            powers = c ** (2 * l + n - m - 2 * k) * s ** (m - n + 2 * k)
            d[m, n] += sign * powers * {quotient}
    return d
"""

_WIGNER = [
    WrongAnswer(
        "wigner",
        "the sum over factorials, in integers",
        _FACTORIALS.format(
            quotient="sqrt(prod(map(factorial, above)))"
            " / prod(map(factorial, below))"
        ),
        r"At l = 60 .* inf only.*overflow or\s+cancel",
    ),
    WrongAnswer(
        "wigner",
        "the sum over factorials, in logarithms",
        _FACTORIALS.format(
            quotient="exp(sum(lgamma(j + 1) for j in above) / 2"
            " - sum(lgamma(j + 1) for j in below))"
        ),
        r"At l = 60 .* only\. A sum over factorials",
    ),
    WrongAnswer(
        "wigner",
        "the sign of the exponent lost",
        _SMALL_D.format(below=-1, sign="", real=".real"),
        r"is transposed\. Either the sign",
    ),
    WrongAnswer(
        "wigner",
        "raising above the diagonal",
        _SMALL_D.format(below=1, sign="-", real=".real"),
        r"is transposed.*m = l down to -l",
    ),
    WrongAnswer(
        "wigner",
        "complex numbers returned",
        _SMALL_D.format(below=-1, sign="-", real=""),
        r"returns complex numbers",
    ),
    WrongAnswer(
        "wigner",
        "the generator J_x",
        _SMALL_D.format(below=-1, sign="-", real=".real").replace(
            "(raising - raising.T) / 2j", "(raising + raising.T) / 2"
        ),
        r"but the closed form is",
    ),
    WrongAnswer(
        "wigner",
        "wrong from degree two on",
        _SMALL_D.format(below=-1, sign="-", real=".real").replace(
            "l * (l + 1) - m * (m + 1)", "2 - m * (m + 1) % 2 + 0 * m"
        ),
        r"the Legendre polynomial P_2",
    ),
]

# -- exercise 5: Clebsch-Gordan products ------------------------------------

_PRODUCT = """
def cg_product(f, g, l):
    l1, l2 = len(f) // 2, len(g) // 2
    f, g = {first}, {second}
    h = np.einsum("mnk,m,n->k", coupling(l1, l2, l), f, g)
    h = {back}
    return {result}
"""
_RIGHT = {
    "first": "to_real(l1).T @ f",
    "second": "to_real(l2).T @ g",
    "back": "to_real(l).conj() @ h",
    "result": "(1j * h if (l1 + l2 + l) % 2 else h).real",
}


def _product(**changes: str) -> str:
    return _PRODUCT.format(**_RIGHT | changes)


_COUPLING = [
    WrongAnswer(
        "coupling",
        "the factor i dropped",
        _product(result="h.real"),
        r"product \(1, 1, 1\) is zero.*multiply by i",
    ),
    WrongAnswer(
        "coupling",
        "complex numbers returned",
        _product(result="h"),
        r"returns complex numbers",
    ),
    WrongAnswer(
        "coupling",
        "real coefficients with the complex table",
        _product(first="f", second="g", back="h", result="h"),
        r"fed real coefficients to the complex numbers",
    ),
    WrongAnswer(
        "coupling",
        "absolute values",
        _product(result="np.abs(h)"),
        r"is \+2\.8868\. The absolute value",
    ),
    WrongAnswer(
        "coupling",
        "real and imaginary parts added",
        _product(result="h.real + abs(h.imag)"),
        r"no entry needs a repair of its own",
    ),
    WrongAnswer(
        "coupling",
        "the way back without the conjugate",
        _product(back="to_real(l) @ h"),
        r"The way back to the real basis is U\.conj\(\)",
    ),
    WrongAnswer(
        "coupling",
        "the matrix not transposed on the way in",
        _product(first="to_real(l1) @ f", second="to_real(l2) @ g"),
        r"but -\(f \. g\) / sqrt\(3\)",
    ),
    WrongAnswer(
        "coupling",
        "the factor i for degree one only",
        _product(result="(1j * h if l1 == l2 == l == 1 else h).real"),
        r"Degrees 1, 2, 2: the product is zero",
    ),
]

# -- exercise 6: transport --------------------------------------------------

_ANGLES = """
def transport_angles(normals, first, second, edges):
    p, q = edges.T
    axis = np.cross(normals[{start}], normals[{end}])
    c = (normals[q] * normals[p]).sum(1, keepdims=True)
    along = (axis * first[{start}]).sum(1, keepdims=True)
    carried = {carried}
    carried = carried + {rest}
    x = (carried * first[{end}]).sum(1)
    y = (carried * second[{end}]).sum(1)
    return np.arctan2(y, x)
"""
_CARRIED = {
    "start": "q",
    "end": "p",
    "carried": "c * first[q] + np.cross(axis, first[q])",
    "rest": "axis * along / (1 + c)",
}
_CONV = """
def gauge_conv(f, theta, g, edges, w):
    p, q = edges.T
    c, s = np.cos(g), {sine}
    x, y = f[q].T
    x, y = {carried}
    u, v = np.cos(theta), np.sin(theta)
    terms = w[0] * (u * x + v * y) + w[1] * ({second})
    result = np.zeros(len(f))
    {add}
    return result
"""
_SUMMED = {
    "sine": "np.sin(g)",
    "carried": "c * x - s * y, s * x + c * y",
    "second": "v * x - u * y",
    "add": "np.add.at(result, p, terms)",
}


def _angles(**changes: str) -> str:
    return _ANGLES.format(**_CARRIED | changes)


def _conv(**changes: str) -> str:
    return _CONV.format(**_SUMMED | changes)


_TRANSPORT = [
    WrongAnswer(
        "transport",
        "no transport",
        """
def transport_angles(normals, first, second, edges):
    return np.zeros(len(edges))
""",
        r"returns 0: the frames at p and q are unrelated",
    ),
    WrongAnswer(
        "transport",
        "the frame read without being turned",
        _angles(carried="first[q]", rest="0"),
        r"without turning it first",
    ),
    WrongAnswer(
        "transport",
        "carried from p to q",
        _angles(start="p", end="q")
        .replace("first[q] + np", "first[p] + np")
        .replace("np.cross(axis, first[q])", "np.cross(axis, first[p])"),
        r"you carried e1 from p to q",
    ),
    WrongAnswer(
        "transport",
        "the last term of the rotation forgotten",
        _angles(rest="0"),
        r"The angle is 3\.1416\. The rotation about the y axis",
    ),
    WrongAnswer(
        "transport",
        "the last term of the rotation not divided",
        _angles(rest="axis * along"),
        r"On an icosahedron \d+ of 60 angles",
    ),
    WrongAnswer(
        "transport",
        "the layer ignores the transport",
        _conv(carried="x, y"),
        r"Without transport 1 comes out",
    ),
    WrongAnswer(
        "transport",
        "the layer turns arrows the other way",
        _conv(sine="-np.sin(g)"),
        r"2 if it is turned from p to q",
    ),
    WrongAnswer(
        "transport",
        "the sign of the second kernel",
        _conv(second="u * y - v * x"),
        r"here minus the second",
    ),
    WrongAnswer(
        "transport",
        "terms overwritten instead of added up",
        _conv(add="result[p] += terms"),
        r"counts a p only once",
    ),
]

# -- slips of the usual kinds ------------------------------------------------

_SLIPS = [
    WrongAnswer(
        "products",
        "printed",
        "def d4_mul(a, b):\n    print((a + b) % 8)\n",
        r"returned None",
    ),
    WrongAnswer(
        "products",
        "mirror and turn as a pair",
        "def d4_mul(a, b):\n    return divmod((a + b) % 8, 4)\n",
        r"a tuple of 2, but a whole number is due",
    ),
    WrongAnswer(
        "products",
        "a negative inverse",
        "def d4_inv(a):\n    return a if a >= 4 else -a\n",
        r"but the elements are 0 to 7",
    ),
    WrongAnswer(
        "products",
        "divided with one stroke",
        """
def d4_mul(a, b, right=d4_mul):
    return 4 * (right(a, b) / 4)
""",
        r"a whole number \(int\) is due",
    ),
    WrongAnswer(
        "sizes",
        "how many sides",
        """
def safe_sizes(k, s, right=safe_sizes):
    return len(right(k, s))
""",
        r"but a list is due",
    ),
    WrongAnswer(
        "sizes",
        "made one by one",
        """
def safe_sizes(k, s):
    return (n for n in range(8, 41) if (n - k) % s == 0)
""",
        r"but a list is due",
    ),
    WrongAnswer(
        "sizes",
        "no side at all",
        "def safe_sizes(k, s):\n    return []\n",
        r"N = 9 is exact, .* missing from your list",
    ),
    WrongAnswer(
        "sizes",
        "the last side left out",
        """
def safe_sizes(k, s):
    return [n for n in range(8, 40) if (n - k) % s == 0]
""",
        r"N = 40 is exact",
    ),
    WrongAnswer(
        "sizes",
        "any stride is two",
        """
def safe_sizes(k, s):
    return [n for n in range(8, 41) if (n - k) % min(s, 3 - k % 2) == 0]
""",
        r"is exact|you call N = \d+ safe",
    ),
    WrongAnswer(
        "filters",
        "a list of copies",
        """
def lift_filters(w, right=lift_filters):
    return list(right(w))
""",
        r"a list of 8, but an array of shape \(8, 3, 3, 2, 1\) is due",
    ),
    WrongAnswer(
        "filters",
        "the copies on the last axis",
        """
def lift_filters(w, right=lift_filters):
    return np.moveaxis(right(w), 0, -1)
""",
        r"but shape \(8, 3, 3, 2, 1\) is due",
    ),
    WrongAnswer(
        "filters",
        "four turns only",
        "def lift_filters(w):\n"
        "    return np.stack([np.rot90(w, g) for g in range(4)])\n",
        r"shape \(4, 3, 3, 2, 1\)",
    ),
    WrongAnswer(
        "filters",
        "the filter turned in place",
        """
def group_filters(w, right=group_filters):
    copies = right(w)
    w[:] = copies[1]
    return copies
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "wigner",
        "the eigenvalues alone",
        """
def small_d(l, beta):
    return np.exp(-1j * beta * np.arange(-l, l + 1)).real
""",
        r"shape \(3,\), but shape \(3, 3\) is due",
    ),
    WrongAnswer(
        "wigner",
        "nothing returned",
        "def small_d(l, beta):\n    np.eye(2 * l + 1)\n",
        r"returned None",
    ),
    WrongAnswer(
        "coupling",
        "a list",
        """
def cg_product(f, g, l, right=cg_product):
    return list(right(f, g, l))
""",
        r"but an array of shape \(1,\) is due",
    ),
    WrongAnswer(
        "coupling",
        "one number for a feature of one",
        """
def cg_product(f, g, l, right=cg_product):
    return right(f, g, l).squeeze()
""",
        r"but an array of shape \(1,\) is due",
    ),
    WrongAnswer(
        "coupling",
        "features normalised in place",
        """
def cg_product(f, g, l, right=cg_product):
    product = right(f, g, l)
    f /= np.linalg.norm(f)
    return product
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "transport",
        "angles as a column",
        """
def transport_angles(normals, first, second, edges, right=transport_angles):
    return right(normals, first, second, edges)[:, None]
""",
        r"Drop the axes of length 1",
    ),
    WrongAnswer(
        "transport",
        "one number an edge",
        """
def gauge_conv(f, theta, g, edges, w, right=gauge_conv):
    return right(f, theta, g, edges, w)[edges[:, 0]]
""",
        r"but shape \(2,\) is due",
    ),
    WrongAnswer(
        "transport",
        "the arrows turned in place",
        """
def gauge_conv(f, theta, g, edges, w, right=gauge_conv):
    y = right(f, theta, g, edges, w)
    f[edges[:, 1]] *= -1
    return y
""",
        r"changed its argument .* in place",
    ),
]

WRONG_ANSWERS = [
    *_PRODUCTS,
    *_SIZES,
    *_FILTERS,
    *_WIGNER,
    *_COUPLING,
    *_TRANSPORT,
    *_SLIPS,
]

# Changes of a solution that make no difference (`make mutants`).
_MIRRORS = "return 4 * ((f_a + f_b) % 2) + turns % 4"
_SOURCES = (
    "sources = [[times(inverse(g), h) for h in range(8)] for g in range(8"
)
_FACTOR = "return (1j * h if (l1 + l2 + l) % 2 else h).real"
SAME = {
    (
        "products",
        f"{_MIRRORS} => {_MIRRORS.replace('f_a + f_b', 'f_a - f_b')}",
    ): "plus and minus are the same modulo 2",
    (
        "filters",
        f"{_SOURCES})] => {_SOURCES} + 1)]",
    ): "one more row of sources, which nobody reads",
    (
        "filters",
        f"{_SOURCES})] => {_SOURCES[:-1]}9)]",
    ): "one more row of sources, which nobody reads",
    (
        "wigner",
        "_, vectors = np.linalg.eigh((raising - raising.T) / 2j) => "
        "_, vectors = np.linalg.eigh((raising + raising.T) / 2j)",
    ): "eigh reads the lower triangle alone, where raising.T is zero",
    **{
        (
            "coupling",
            f"{_FACTOR} => {_FACTOR.replace('l1 + l2 + l', other)}",
        ): "plus and minus are the same modulo 2"
        for other in ("l1 + l2 - l", "l1 - l2 + l")
    },
}
