"""From weights to a formula, and from a reader's text to a formula."""

import ast
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy

from topoi.symbolic_regression.units import DEFAULT_UNITS, blocks

LARGEST_TEXT = 200
LARGEST_POWER = 6
FUNCTIONS = {
    "sin": sympy.sin,
    "cos": sympy.cos,
    "exp": sympy.exp,
    "sqrt": sympy.sqrt,
    "log": sympy.log,
    "tanh": sympy.tanh,
}


class FormulaError(ValueError):
    """A text is no formula that the parser knows."""


# -- printing ---------------------------------------------------------------


def to_sympy(
    weights: Sequence[np.ndarray],
    names: Sequence[str],
    units: Sequence[str] = DEFAULT_UNITS,
) -> sympy.Expr:
    """Return the formula that one equation learner computes.

    Parameters
    ----------
    weights : sequence of array
        Shapes ``(rows, columns)``; the last one has one column. Entries may
        be floats or SymPy numbers, which are kept exact.
    names : sequence of str
        One name for each input.
    units : sequence of str
        The units of each hidden layer.

    Returns
    -------
    sympy.Expr
        Not simplified: `tidy` does that.
    """
    if len(names) != np.shape(weights[0])[0]:
        raise ValueError(
            f"The network has {np.shape(weights[0])[0]} inputs, but there are "
            f"{len(names)} names, {list(names)}."
        )
    h = [sympy.Symbol(name, real=True) for name in names]
    for w in weights[:-1]:
        g = _sums(w, h)
        h = [
            _printed(block.unit, *arguments)
            for block in blocks(units)
            for arguments in zip(*(g[c] for c in block.inputs), strict=True)
        ]
    return _sums(weights[-1], h)[0]


def _sums(w, h) -> list:
    """Return ``h W``, leaving out zeros."""
    return [
        sympy.Add(
            *(
                sympy.sympify(w[i, j]) * h[i]
                for i in range(w.shape[0])
                if w[i, j] != 0
            )
        )
        for j in range(w.shape[1])
    ]


def _printed(unit, *arguments):
    """Return a unit's expression; numbers stay numbers among floats."""
    floats = any(a.has(sympy.Float) for a in arguments)
    if unit.name == "exp" and floats:  # 2.718 / E would stay as it stands
        return (sympy.exp(arguments[0]) - 1) * sympy.Float(1 / math.e)
    return unit.sympy(*arguments)


def prune_dead(
    weights: Sequence[np.ndarray], units: Sequence[str] = DEFAULT_UNITS
) -> list[np.ndarray]:
    """Set to 0 what has no effect: ways that start or end at a zero.

    A unit without inputs is 0, or a number if it is a constant or a sigmoid;
    a product of 0 is 0. A unit that nobody reads needs no inputs.
    """
    weights = [np.array(w) for w in weights]
    runs = blocks(units)
    for w, after in zip(weights[:-1], weights[1:], strict=True):
        for block in runs:
            arguments = [w[:, c] != 0 for c in block.inputs]
            fed = np.all([a.any(axis=0) for a in arguments], axis=0)
            if block.unit.name not in ("constant", "sigmoid"):
                after[block.outputs][~fed] = 0
    for w, before in zip(weights[:0:-1], weights[-2::-1], strict=True):
        for block in runs:
            read = (w[block.outputs] != 0).any(axis=1)
            if block.unit.name == "constant":
                read = np.zeros_like(read)  # its argument does not matter
            for c in block.inputs:
                before[:, c] = np.where(read, before[:, c], 0)
    return weights


def tidy(
    expression: sympy.Expr, tolerance: float = 1e-4, digits: int = 4
) -> sympy.Expr:
    """Expand, drop terms with small coefficients, round numbers.

    Parameters
    ----------
    expression : sympy.Expr
        For example from `to_sympy`.
    tolerance : float
        A number becomes a fraction with a denominator up to 12 if it is that
        close to one; a term of a sum with a smaller coefficient is dropped.
    digits : int
        What other numbers keep.
    """
    rounded = _rounded(expression, tolerance, digits)
    return _rounded(sympy.expand(rounded), tolerance, digits)


def _rounded(e, tolerance, digits):
    if e.is_Float:
        value = float(e)
        near = Fraction(value).limit_denominator(12)
        if abs(value - near) <= tolerance:
            return sympy.Rational(near.numerator, near.denominator)
        return sympy.Float(value, digits)
    if not e.args:
        return e
    if e.is_Add:
        args = [
            _rounded(a, tolerance, digits)
            for a in e.args
            if not a.as_coeff_Mul()[0].is_Float
            or abs(a.as_coeff_Mul()[0]) > tolerance
        ]
        return sympy.Add(*args)
    return e.func(*(_rounded(a, tolerance, digits) for a in e.args))


def same_formula(found: sympy.Expr, wanted: sympy.Expr) -> bool:
    """Tell whether two formulas are equal, by algebra alone."""
    difference = sympy.expand(found - wanted)
    return difference == 0 or sympy.simplify(difference) == 0


# -- reading ----------------------------------------------------------------


def parse_formula(text: str) -> sympy.Expr:
    """Read a formula such as ``"x**2 + sin(2*pi*y)"``.

    Numbers, names, ``pi``, ``+ - * / **`` (or ``^``) and the functions of
    `FUNCTIONS` are known; nothing of the text is executed.

    Raises
    ------
    FormulaError
        If the text is empty, too long, or holds anything else.
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError('A formula is a text such as "x**2 + sin(y)".')
    if len(text) > LARGEST_TEXT:
        raise FormulaError(
            f"The formula has {len(text)} letters, at most {LARGEST_TEXT} "
            "are read."
        )
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise FormulaError(
            f"{text!r} is no formula: write every *, as in 2*x, and close "
            "every bracket."
        ) from error
    found = _read(tree.body, text)
    if not found.is_finite and found.is_number:
        raise FormulaError(f"{text!r} is not a finite number.")
    return found


_OPERATIONS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def _read(node: ast.AST, text: str) -> sympy.Expr:
    """Turn a syntax tree into an expression, one known node at a time."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(
            value, bool
        ):
            return sympy.nsimplify(value, rational=True)
        case ast.Name(id="pi"):
            return sympy.pi
        case ast.Name(id=name) if name not in FUNCTIONS:
            return sympy.Symbol(name, real=True)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_read(inner, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _read(inner, text)
        case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
            return _power(_read(base, text), _read(exponent, text), text)
        case ast.BinOp(op=op, left=a, right=b) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_read(a, text), _read(b, text))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if (
            name in FUNCTIONS
        ):
            return FUNCTIONS[name](_read(inner, text))
    raise FormulaError(
        f"In {text!r}, {ast.unparse(node)!r} is not known. A formula is made "
        f"of numbers, names, pi, + - * / ** and {', '.join(FUNCTIONS)}, each "
        "of one argument."
    )


def _power(base, exponent, text) -> sympy.Expr:
    if not exponent.is_number or abs(exponent) > LARGEST_POWER:
        raise FormulaError(
            f"In {text!r}, powers go up to {LARGEST_POWER} and are numbers; "
            "write exp(...) for an exponential."
        )
    return base**exponent


def to_numpy(expression: sympy.Expr, names: Sequence[str]):
    """Return a function of an array (n, inputs) that gives shape (n,)."""
    symbols = [sympy.Symbol(name, real=True) for name in names]
    strange = expression.free_symbols - set(symbols)
    if strange:
        raise FormulaError(
            f"{expression} has variables that are not among {list(names)}: "
            f"{sorted(map(str, strange))}."
        )
    plain = sympy.lambdify(symbols, expression, "numpy")

    def evaluate(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x)
        with np.errstate(all="ignore"):
            value = np.asarray(plain(*x.T))
        if np.iscomplexobj(value):
            value = np.where(value.imag == 0, value.real, np.nan)
        return np.broadcast_to(value.astype(float), x.shape[:1]).copy()

    return evaluate
