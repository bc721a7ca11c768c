"""Wrong answers to the lab on tropical geometry."""

from wrong_answers import WrongAnswer

# -- exercise 1: the semiring -----------------------------------------------

_SEMIRING = [
    WrongAnswer(
        "semiring",
        "coefficients of equal exponents added in the sum",
        """
def oplus(f, g):
    terms = dict(f)
    for exponent, c in g.items():
        terms[exponent] = c + terms.get(exponent, 0)
    return terms
""",
        r"puts 3 and 5 together to 8",
    ),
    WrongAnswer(
        "semiring",
        "the argument changed in place",
        """
def oplus(f, g):
    for exponent, c in g.items():
        f[exponent] = max(c, f.get(exponent, c))
    return f
""",
        r"changed its argument f",
    ),
    WrongAnswer(
        "semiring",
        "later pairs overwrite earlier ones in the product",
        """
def odot(f, g):
    return {a + b: c + e for a, c in f.items() for b, e in g.items()} | {
        2: f.get(0, 0) + g.get(2, 0)
    }
""",
        r"must not overwrite the larger one",
    ),
    WrongAnswer(
        "semiring",
        "coefficients multiplied in the product",
        """
def odot(f, g):
    terms = {}
    for a, c in f.items():
        for b, e in g.items():
            terms[a + b] = max(c * e, terms.get(a + b, c * e))
    return terms
""",
        r"coefficients add, and equal exponents keep the maximum",
    ),
    WrongAnswer(
        "semiring",
        "the power as a repeated product",
        """
def power(f, a):
    result = {0: 0}
    for _ in range(a):
        result = odot(result, f)
    return result
""",
        r"stores the cross term 1: 3",
    ),
    WrongAnswer(
        "semiring",
        "coefficients not multiplied in the power",
        """
def power(f, a):
    return {a * exponent: c for exponent, c in f.items()}
""",
        r"= \{0: 0, 2: 3\}, not",
    ),
    WrongAnswer(
        "semiring",
        "zeroth power keeps a maximum of constants",
        """
def power(f, a):
    if a == 0:
        return {0: 1}
    return {a * exponent: a * c for exponent, c in f.items()}
""",
        r"0 times a function is the function 0",
    ),
]

# -- exercise 2: lines ------------------------------------------------------

_LINES = [
    WrongAnswer(
        "lines",
        "all sign patterns",
        "def line_regions(lines):\n    return 2 ** len(lines)\n",
        r"16 = 2 \*\* 4 counts all sign patterns",
    ),
    WrongAnswer(
        "lines",
        "the formula for general position",
        """
def line_regions(lines):
    m = len(lines)
    return 1 + m + comb(m, 2)
""",
        r"7 is the formula for general position",
    ),
    WrongAnswer(
        "lines",
        "crossings counted with multiplicity",
        """
def line_regions(lines):
    regions = 1
    for i, (a, b, _) in enumerate(lines):
        regions += 1 + sum(a * e - b * d != 0 for d, e, _ in lines[:i])
    return regions
""",
        r"11 counts the same crossing several times",
    ),
]

# -- exercise 3: a network as a difference ----------------------------------

_QUOTIENT = [
    WrongAnswer(
        "quotient",
        "only the positive parts of the weights",
        """
def quotient(w, b, v):
    f = {0: 0}
    for wj, bj, vj in zip(w, b, v, strict=True):
        unit = oplus({max(wj, 0): bj}, {0: 0})
        f = odot(f, power(unit, max(vj, 0)))
    return f, {0: 0}
""",
        r"A negative weight needs w\^-",
    ),
    WrongAnswer(
        "quotient",
        "negative exponents kept",
        """
def quotient(w, b, v):
    f, g = {0: 0}, {0: 0}
    for wj, bj, vj in zip(w, b, v, strict=True):
        unit = oplus({wj: bj}, {0: 0})
        f = odot(f, power(unit, max(vj, 0)))
        g = odot(g, power(unit, max(-vj, 0)))
    return f, g
""",
        r"exponent -1 is negative",
    ),
    WrongAnswer(
        "quotient",
        "the sign of the output weight ignored",
        """
def quotient(w, b, v):
    f, g = {0: 0}, {0: 0}
    for wj, bj, vj in zip(w, b, v, strict=True):
        plus, minus = max(wj, 0), max(-wj, 0)
        f = odot(f, power(oplus({plus: bj}, {minus: 0}), abs(vj)))
        g = odot(g, power({minus: 0}, abs(vj)))
    return f, g
""",
        r"A negative v puts `above` into G",
    ),
    WrongAnswer(
        "quotient",
        "cross terms of negative output weights forgotten",
        """
def quotient(w, b, v):
    f, g = {0: 0}, {0: 0}
    for wj, bj, vj in zip(w, b, v, strict=True):
        plus, minus = max(wj, 0), max(-wj, 0)
        above = oplus({plus: bj}, {minus: 0})
        f = odot(f, power(above, max(vj, 0)))
        g = odot(g, power(above, max(-vj, 0)))
        g = odot(g, power({minus: 0}, max(vj, 0)))
    return f, g
""",
        r"Both splittings together fail",
    ),
]

# -- exercise 4: regions as vertices ----------------------------------------

_VERTICES = [
    WrongAnswer(
        "vertices",
        "all vertices of the zonotope",
        """
def linear_pieces(w, b):
    return len(tropical.zonotope_vertices(np.column_stack([w, b])))
""",
        r"8 are all vertices of the zonotope",
    ),
    WrongAnswer(
        "vertices",
        "kinks instead of pieces",
        "def linear_pieces(w, b):\n    return len(set(-b / w))\n",
        r"4 kinks separate 5 pieces",
    ),
    WrongAnswer(
        "vertices",
        "units counted",
        "def linear_pieces(w, b):\n    return len(w) + 1\n",
        r"Two units with the same kink make 2 pieces, not 3",
    ),
]

# -- exercise 5: the margin -------------------------------------------------

_MARGIN = """
def margin(x, segments):
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    t = ((x - start) * along).sum(1) / (along**2).sum(1)
    feet = {feet}
    distance = np.linalg.norm(feet - x, axis=1)
    return {result}
"""
_BEST = "distance.min(), feet[distance.argmin()]"

_MARGINS = [
    WrongAnswer(
        "margin",
        "distance to the supporting line",
        _MARGIN.format(feet="start + t[:, None] * along", result=_BEST),
        r"The distance 1 is that to the supporting line",
    ),
    WrongAnswer(
        "margin",
        "distance to the nearest end",
        _MARGIN.format(
            feet="start + np.round(np.clip(t, 0, 1))[:, None] * along",
            result=_BEST,
        ),
        r"The nearest \*end\* is farther",
    ),
    WrongAnswer(
        "margin",
        "the first segment instead of the nearest",
        _MARGIN.format(
            feet="start + np.clip(t, 0, 1)[:, None] * along",
            result="distance[0], feet[0]",
        ),
        r"is not the nearest",
    ),
    WrongAnswer(
        "margin",
        "the squared distance",
        _MARGIN.format(
            feet="start + np.clip(t, 0, 1)[:, None] * along",
            result="distance.min() ** 2, feet[distance.argmin()]",
        ),
        r"5\.0000, but sqrt\(5\)",
    ),
]

# -- exercise 6: the zigzag -------------------------------------------------

_ZIGZAG = [
    WrongAnswer(
        "zigzag",
        "three units that look to the right",
        """
def zigzag():
    kinks = [Fraction(-1, 4), Fraction(-1, 2), Fraction(-3, 4)]
    return [1, 1, 1], kinks, [4, -8, 8], Fraction(0)
""",
        r"All three units look to the right",
    ),
    WrongAnswer(
        "zigzag",
        "two kinks only",
        """
def zigzag():
    kinks = [Fraction(0), Fraction(-1, 3), Fraction(-2, 3)]
    return [1, 1, 1], kinks, [3, -6, 6], Fraction(0)
""",
        r"Four pieces need three kinks",
    ),
    WrongAnswer(
        "zigzag",
        "pieces that do not reach both ends",
        """
def zigzag():
    b = [Fraction(-1, 4), Fraction(-1, 2), Fraction(3, 4)]
    return [1, 1, -1], b, [-8, 8, -4], Fraction(3)
""",
        r"each piece should map onto \[0, 1\]",
    ),
    WrongAnswer(
        "zigzag",
        "four units",
        """
def zigzag():
    b = [Fraction(-n, 4) for n in range(4)]
    return [1] * 4, b, [4, -8, 8, -8], Fraction(0)
""",
        r"Three units are allowed",
    ),
]

WRONG_ANSWERS = [
    *_SEMIRING,
    *_QUOTIENT,
    *_LINES,
    *_ZIGZAG,
    *_VERTICES,
    *_MARGINS,
]
