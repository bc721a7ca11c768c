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
        r"changed its argument .* in place",
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

# -- slips of the usual kinds ------------------------------------------------

_SLIPS = [
    WrongAnswer(
        "semiring",
        "the sum printed",
        "def oplus(f, g):\n    print({**f, **g})\n",
        "returned None",
    ),
    WrongAnswer(
        "semiring",
        "the product as a list of pairs",
        """
def odot(f, g):
    return [(a + b, c + e) for a, c in f.items() for b, e in g.items()]
""",
        r"a list of 4, but a dictionary is due",
    ),
    WrongAnswer(
        "semiring",
        "missing monomials are zero in the sum",
        """
def oplus(f, g):
    return {a: max(f.get(a, 0), g.get(a, 0)) for a in {**f, **g}}
""",
        r"A missing monomial is minus infinity, not 0",
    ),
    WrongAnswer(
        "semiring",
        "missing monomials are zero in the product",
        """
def odot(f, g):
    terms = {}
    for a, c in f.items():
        for b, e in g.items():
            terms[a + b] = max(c + e, terms.get(a + b, 0))
    return terms
""",
        r"the larger of -2 - 4 and -5 - 7 belongs to exponent 2",
    ),
    WrongAnswer(
        "semiring",
        "the first power is the zeroth",
        """
def power(f, a):
    if a <= 1:
        return {0: 0}
    return {a * exponent: a * c for exponent, c in f.items()}
""",
        r"It is the function itself; only the zeroth power",
    ),
    WrongAnswer(
        "semiring",
        "the value without the slopes",
        "def value(f, x):\n    return max(f.values())\n",
        r"each monomial is c \+ exponent \* x",
    ),
    WrongAnswer(
        "semiring",
        "the value is never below zero",
        """
def value(f, x):
    best = 0
    for exponent, c in f.items():
        best = max(best, c + exponent * x)
    return best
""",
        r"Begin the maximum with a monomial",
    ),
    WrongAnswer(
        "semiring",
        "the value in floats",
        """
def value(f, x):
    return max(float(c + exponent * x) for exponent, c in f.items())
""",
        r"fractions stay exact",
    ),
    WrongAnswer(
        "lines",
        "rounded crossings",
        """
def line_regions(lines):
    regions = 1
    for i, (a, b, c) in enumerate(lines):
        points = set()
        for d, e, f in lines[:i]:
            turn = a * e - b * d
            if turn:
                points.add((round((b * f - c * e) / turn, 6),
                            round((c * d - a * f) / turn, 6)))
        regions += 1 + len(points)
    return regions
""",
        r"different points: never round them",
    ),
    WrongAnswer(
        "lines",
        "a sign in the crossing",
        """
def line_regions(lines):
    regions = 1
    for i, (a, b, c) in enumerate(lines):
        points = set()
        for d, e, f in lines[:i]:
            turn = a * e - b * d
            if turn:
                points.add((Fraction(b * f + c * e, turn),
                            Fraction(c * d - a * f, turn)))
        regions += 1 + len(points)
    return regions
""",
        r"Look at the signs in the crossing's formula",
    ),
    WrongAnswer(
        "lines",
        "parallel only if the numbers are equal",
        """
def line_regions(lines):
    regions = 1
    for i, (a, b, c) in enumerate(lines):
        points = set()
        for d, e, f in lines[:i]:
            if (a, b) != (d, e):
                turn = a * e - b * d
                points.add((Fraction(b * f - c * e, turn),
                            Fraction(c * d - a * f, turn)))
        regions += 1 + len(points)
    return regions
""",
        r"line_regions stopped with ZeroDivisionError",
    ),
    WrongAnswer(
        "lines",
        "no lines, no regions",
        """
def line_regions(lines, right=line_regions):
    return right(lines) if lines else 0
""",
        r"Without a line the plane is one region",
    ),
    WrongAnswer(
        "lines",
        "the list of lines used up",
        """
def line_regions(lines, right=line_regions):
    total = right(lines)
    while lines:
        lines.pop()
    return total
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "lines",
        "the crossings printed",
        "def line_regions(lines):\n    print(len(lines))\n",
        "returned None",
    ),
    WrongAnswer(
        "quotient",
        "one polynomial only",
        "def quotient(w, b, v):\n    return {0: 0}\n",
        r"a dictionary of 1, but 2 values, as in `return a, b`",
    ),
    WrongAnswer(
        "quotient",
        "nothing at all to begin with",
        "def quotient(w, b, v):\n    return {}, {}\n",
        r"maximum of nothing is minus infinity",
    ),
    WrongAnswer(
        "quotient",
        "the units taken out of the lists",
        """
def quotient(w, b, v, right=quotient):
    f, g = {0: 0}, {0: 0}
    while w:
        one, two = right([w.pop()], [b.pop()], [v.pop()])
        f, g = added(f, one), added(g, two)
    return f, g
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "quotient",
        "zero weights send the bias to the wrong side",
        """
def quotient(w, b, v):
    f, g = {0: 0}, {0: 0}
    for wj, bj, vj in zip(w, b, v, strict=True):
        if wj == 0:
            continue
        plus, minus = max(wj, 0), max(-wj, 0)
        above, below = larger({plus: bj}, {minus: 0}), {minus: 0}
        f = added(f, multiple(above if vj > 0 else below, abs(vj)))
        g = added(g, multiple(below if vj > 0 else above, abs(vj)))
    return f, g
""",
        r"a unit with w = 0 is the constant",
    ),
    WrongAnswer(
        "vertices",
        "the vertices instead of their number",
        """
def linear_pieces(w, b):
    return tropical.zonotope_vertices(np.column_stack([w, b]), upper=True)
""",
        r"array of shape .* whole number is due|a whole number is due",
    ),
    WrongAnswer(
        "vertices",
        "a constant unit counted",
        """
def linear_pieces(w, b):
    with np.errstate(divide="ignore"):
        return len(set(-b / w)) + 1
""",
        r"A unit with w = 0 is constant",
    ),
    WrongAnswer(
        "vertices",
        "directions instead of lines",
        """
def linear_pieces(w, b):
    lengths = np.hypot(w, b)
    return len(set(zip(w / lengths, b / lengths))) + 1
""",
        r"3 pieces, not 4",
    ),
    WrongAnswer(
        "margin",
        "the distance alone",
        _MARGIN.format(
            feet="start + np.clip(t, 0, 1)[:, None] * along",
            result="distance.min()",
        ),
        r"but 2 values, as in `return a, b`",
    ),
    WrongAnswer(
        "margin",
        "the foot as a list",
        _MARGIN.format(
            feet="start + np.clip(t, 0, 1)[:, None] * along",
            result="distance.min(), list(feet[distance.argmin()])",
        ),
        r"second of the 2 values is a list of 2",
    ),
    WrongAnswer(
        "margin",
        "clipped above only",
        _MARGIN.format(
            feet="start + np.minimum(t, 1)[:, None] * along", result=_BEST
        ),
        r"Clip t on both sides",
    ),
    WrongAnswer(
        "margin",
        "divided by the length",
        _MARGIN.format(
            feet="start + np.clip(t * np.sqrt((along**2).sum(1)), 0, 1)"
            "[:, None] * along",
            result=_BEST,
        ),
        r"square of the length divides t",
    ),
    WrongAnswer(
        "margin",
        "the segments moved in place",
        """
def margin(x, segments, right=margin):
    segments -= x
    distance, foot = right(np.zeros(2), segments)
    return distance, foot + x
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "margin",
        "all feet instead of one",
        _MARGIN.format(
            feet="start + np.clip(t, 0, 1)[:, None] * along",
            result="distance.min(), feet",
        ),
        r"shape \(2,\) is due",
    ),
    WrongAnswer(
        "zigzag",
        "three lists without the constant",
        """
def zigzag():
    b = [Fraction(-1, 8), Fraction(-1, 2), Fraction(3, 4)]
    return [1, 1, -1], b, [Fraction(-32, 3), Fraction(20, 3), Fraction(-8)]
""",
        r"3 values, but 4 are due",
    ),
    WrongAnswer(
        "zigzag",
        "printed",
        "def zigzag():\n    print([1, 1, -1])\n",
        "returned None",
    ),
    WrongAnswer(
        "zigzag",
        "thirds in floats",
        """
def zigzag():
    b = [Fraction(-1, 8), Fraction(-1, 2), Fraction(3, 4)]
    return [1, 1, -1], b, [-32 / 3, 20 / 3, -8], 6
""",
        r"each piece should map onto \[0, 1\]",
    ),
]

WRONG_ANSWERS = [
    *_SEMIRING,
    *_QUOTIENT,
    *_LINES,
    *_ZIGZAG,
    *_VERTICES,
    *_MARGINS,
    *_SLIPS,
]

# Changes of a solution that make no difference (`make mutants`).
_ZIPPED = "for wj, bj, vj in zip(w, b, v, strict=True):"
_SPLIT = "plus, minus = (max(wj, 0), max(-wj, 0))"
SAME = {
    (
        "semiring",
        "terms[exponent] = max(c, terms.get(exponent, c)) => "
        "terms[exponent] = max(terms.get(exponent, c), c)",
    ): "the maximum does not mind the order",
    (
        "semiring",
        "terms[a + b] = max(c + e, terms.get(a + b, c + e)) => "
        "terms[a + b] = max(terms.get(a + b, c + e), c + e)",
    ): "the maximum does not mind the order",
    (
        "semiring",
        "if a == 0: => if False:",
    ): "all exponents and coefficients become 0 times themselves: {0: 0}",
    (
        "quotient",
        f"{_ZIPPED} => for wj, bj, vj in zip(w, b, v):",
    ): "the three lists have the same length",
    (
        "quotient",
        f"{_ZIPPED} => {_ZIPPED.replace('True', 'False')}",
    ): "the three lists have the same length",
    (
        "quotient",
        f"{_SPLIT} => {_SPLIT.replace('max(wj, 0)', 'max(0, wj)')}",
    ): "the maximum does not mind the order",
    (
        "quotient",
        f"{_SPLIT} => {_SPLIT.replace('max(-wj, 0)', 'max(0, -wj)')}",
    ): "the maximum does not mind the order",
    (
        "quotient",
        "above = larger({plus: bj}, {minus: 0}) => "
        "above = larger({minus: 0}, {plus: bj})",
    ): "the tropical sum does not mind the order",
    (
        "quotient",
        "if vj > 0: => if vj >= 0:",
    ): "a multiple by 0 adds the function 0",
    (
        "quotient",
        "if vj < 0: => if vj <= 0:",
    ): "a multiple by 0 adds the function 0",
    (
        "quotient",
        "if vj < 0: => if vj < 1:",
    ): "v are integers, and a multiple by 0 adds the function 0",
    **{
        (
            "quotient",
            f"{side} = added({side}, {part}) => "
            f"{side} = added({part}, {side})",
        ): "the tropical product does not mind the order"
        for side, part in (
            ("f", "multiple(above, vj)"),
            ("g", "multiple(below, vj)"),
            ("f", "multiple(below, -vj)"),
            ("g", "multiple(above, -vj)"),
        )
    },
}
