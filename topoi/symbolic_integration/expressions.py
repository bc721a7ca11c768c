r"""Expressions of one real variable: canonical form, derivative, notations.

An expression is an immutable nested tuple, so that equality, hashing and
sorting are those of Python::

    ("Number", q)                 q an int, or a Fraction that is no int
    ("Symbol", "x")
    ("Add", ((term, q), ...), c)  q * term + ... + c
    ("Mul", ((base, e), ...), c)  c * base**e * ...
    ("sin", argument)             and the other names of FUNCTIONS

Build expressions with `add`, `mul`, `power` and `apply` only. They collect
equal terms and equal bases, so that one function tends to have one tuple;
they never cancel what would change the domain, as in sqrt(x**2).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import gcd

Expr = tuple
Rational = int | Fraction

FUNCTIONS = (
    "exp", "ln", "sqrt",
    "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
)  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow")

MAX_BITS = 200  # of a numerator or denominator
MAX_EXPONENT = 1000

_STRUCTURE = {"Number", "Add", "Mul"}
_ODD = {"sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh"}
_EVEN = {"cos", "cosh"}
_VALUE_AT_0 = {"cos": 1, "cosh": 1, "exp": 1} | dict.fromkeys(_ODD, 0)
_VALUE_AT_1 = {"ln": 0, "acos": 0, "acosh": 0}
# name(inverse(u)) = u wherever inverse(u) is defined
_CANCELS = {
    ("exp", "ln"),
    ("ln", "exp"),
    ("sin", "asin"),
    ("cos", "acos"),
    ("tan", "atan"),
    ("sinh", "asinh"),
    ("cosh", "acosh"),
    ("tanh", "atanh"),
}  # fmt: skip


class ExpressionError(ValueError):
    """The text or the token list is not an expression we can read."""


class DomainError(ExpressionError):
    """A constant sub-expression has no real value, such as ln(-1) or 1/0."""


# -- building blocks --------------------------------------------------------


def number(value: Rational) -> Expr:
    """Return the expression of a rational number.

    Raises
    ------
    DomainError
        If numerator or denominator has more than `MAX_BITS` bits.
    """
    return ("Number", _reduced(value))


def symbol(name: str) -> Expr:
    """Return the expression of a variable or an unknown constant."""
    return ("Symbol", name)


ZERO, ONE, X = ("Number", 0), ("Number", 1), ("Symbol", "x")


def _reduced(value: Rational) -> Rational:
    """Return an int where the value is one; refuse runaway numbers."""
    if type(value) is int:
        bits = value.bit_length()
    elif value.denominator == 1:
        value = value.numerator
        bits = value.bit_length()
    else:
        bits = max(
            value.numerator.bit_length(), value.denominator.bit_length()
        )
    if bits > MAX_BITS:
        raise DomainError(
            f"A number of {bits} bits appeared; at most {MAX_BITS} are kept. "
            "Use smaller numbers or exponents."
        )
    return value


def _split(term: Expr) -> tuple[Expr, Rational]:
    """Write a term as (monic term, rational factor)."""
    if term[0] == "Mul" and term[2] != 1:
        factors = term[1]
        if len(factors) == 1 and factors[0][1] == 1:
            return factors[0][0], term[2]
        return ("Mul", factors, 1), term[2]
    return term, 1


def add(*terms: Expr) -> Expr:
    """Return the sum; equal terms are collected, sums inside are opened."""
    collected: dict[Expr, Rational] = {}
    constant: Rational = 0
    for term in terms:
        if term[0] == "Number":
            constant += term[1]
            continue
        if term[0] == "Add":
            parts, constant = term[1], constant + term[2]
        else:
            parts = (_split(term),)
        for monic, factor in parts:
            collected[monic] = collected.get(monic, 0) + factor
    return _sum(collected, constant)


def _sum(collected: dict[Expr, Rational], constant: Rational) -> Expr:
    parts = tuple(sorted((t, _reduced(q)) for t, q in collected.items() if q))
    constant = _reduced(constant)
    if not parts:
        return ("Number", constant)
    if len(parts) == 1 and not constant:
        return _scaled(*parts[0])
    return ("Add", parts, constant)


def _scaled(term: Expr, factor: Rational) -> Expr:
    """Return factor * term for a monic term that is neither sum nor number."""
    if factor == 1:
        return term
    if term[0] == "Mul":
        return ("Mul", term[1], factor)
    return ("Mul", ((term, 1),), factor)


def mul(*factors: Expr) -> Expr:
    """Return the product; equal bases are collected, exponentials merged.

    A sum that stands beside other factors gives its rational content to the
    leading coefficient; a number times a single sum is multiplied out.
    """
    coefficient: Rational = 1
    powers: dict[Expr, Rational] = {}
    exponents: list[Expr] = []
    for factor in factors:
        kind = factor[0]
        if kind == "Number":
            coefficient *= factor[1]
        elif kind == "Mul":
            coefficient *= factor[2]
            for base, e in factor[1]:
                if base[0] == "exp":
                    exponents.append(base[1])
                else:
                    powers[base] = powers.get(base, 0) + e
        elif kind == "exp":
            exponents.append(factor[1])
        else:
            powers[factor] = powers.get(factor, 0) + 1
    if not coefficient:
        return ZERO
    if exponents:
        merged = apply("exp", add(*exponents))
        if merged[0] != "exp":
            rest = _product(powers, coefficient)
            return rest if merged == ONE else mul(merged, rest)
        powers[merged] = 1
    return _product(powers, coefficient)


def _product(powers: dict[Expr, Rational], coefficient: Rational) -> Expr:
    powers, coefficient = _tidy(powers, coefficient)
    if len(powers) == 1:
        ((base, e),) = powers.items()
        if e == 1:
            if coefficient == 1:
                return base
            if base[0] == "Add":
                return _distributed(base, coefficient)
    if not powers:
        return number(coefficient)
    return ("Mul", tuple(sorted(powers.items())), _reduced(coefficient))


def _distributed(total: Expr, factor: Rational) -> Expr:
    parts = tuple((t, _reduced(q * factor)) for t, q in total[1])
    return ("Add", parts, _reduced(total[2] * factor))


def _tidy(
    powers: dict[Expr, Rational], coefficient: Rational
) -> tuple[dict[Expr, Rational], Rational]:
    """Drop exponents 0, move rational content into the coefficient.

    A base that changes on the way may meet an equal one, so the powers are
    collected again until nothing moves.
    """
    kept = {base: _reduced(e) for base, e in powers.items() if e}
    alone = len(kept) == 1
    result: dict[Expr, Rational] = {}
    met = False
    for base, e in kept.items():
        if base[0] not in _STRUCTURE and base not in result:
            result[base] = e
            continue
        factor, parts = _opened(base, e, keep_content=alone and e == 1)
        if factor != 1:
            coefficient = coefficient * factor
        for part, f in parts:
            met = met or part in result or (part != base and part in kept)
            result[part] = result.get(part, 0) + f
    coefficient = _reduced(coefficient)
    return _tidy(result, coefficient) if met else (result, coefficient)


def _opened(
    base: Expr, e: Rational, keep_content: bool
) -> tuple[Rational, tuple]:
    """Write base**e as a rational factor times powers in canonical form."""
    kind = base[0]
    if kind == "Number":
        new, e, factor = _number_power(base[1], e)
        return factor, ((new, e),) if new else ()
    if kind == "Mul" and isinstance(e, int):
        inner = tuple((b, f * e) for b, f in base[1])
        return Fraction(base[2]) ** e, inner
    if kind == "Add" and isinstance(e, int) and not keep_content:
        content = _content(base)
        if content != 1:
            primitive = _distributed(base, 1 / Fraction(content))
            return Fraction(content) ** e, ((primitive, e),)
    return 1, ((base, e),)


def _content(total: Expr) -> Rational:
    """Return the signed rational content: the parts become coprime ints."""
    values = [q for _, q in total[1]]
    sign = 1 if values[0] > 0 else -1
    if total[2]:
        values.append(total[2])
    if all(type(v) is int for v in values):
        return sign * gcd(*values)
    top = gcd(*(v.numerator for v in values))
    bottom = math.lcm(*(v.denominator for v in values))
    return sign * _reduced(Fraction(top, bottom))


def _number_power(
    base: Rational, e: Rational
) -> tuple[Expr | None, Rational, Rational]:
    """Write base**e as (irrational base or None, exponent in (0, 1), q)."""
    whole = e.numerator // e.denominator
    if abs(whole) > MAX_EXPONENT:
        raise DomainError(
            f"The exponent {e} of a number is too large: at most "
            f"{MAX_EXPONENT}."
        )
    if base == 0 and e < 0:
        raise DomainError("Division by zero: 0 has a negative exponent.")
    if (
        abs(whole)
        * max(base.numerator.bit_length(), base.denominator.bit_length())
        > 4 * MAX_BITS
    ):
        raise DomainError(f"The number ({base})**({e}) is too large.")
    rest = _reduced(e - whole)
    factor = _reduced(Fraction(base) ** whole) if base else 0
    if not rest or base in (0, 1):
        return None, 1, (factor if base else int(e == 0))
    if base < 0:
        raise DomainError(
            f"({base})**({e}) has no real value: a negative number under a "
            "fractional exponent."
        )
    root = _exact_root(base, rest.denominator)
    if root is not None:
        return None, 1, factor * root**rest.numerator
    return ("Number", base), rest, factor


def _exact_root(value: Rational, degree: int) -> Fraction | None:
    """Return the rational root of a positive rational, or None."""
    parts = []
    for part in (value.numerator, value.denominator):
        guess = round(part ** (1 / degree))
        if guess**degree != part:
            return None
        parts.append(guess)
    return Fraction(*parts)


def power(base: Expr, exponent: Rational) -> Expr:
    """Return base**exponent for a rational exponent.

    Raises
    ------
    DomainError
        For 0 to a negative power, a negative number to a fractional one, or
        an exponent beyond `MAX_EXPONENT`.
    """
    exponent = _reduced(exponent)
    if exponent == 0:
        return ONE
    if exponent == 1:
        return base
    if max(abs(exponent.numerator), exponent.denominator) > MAX_EXPONENT:
        raise DomainError(
            f"The exponent {exponent} is too large: numerator and "
            f"denominator may be at most {MAX_EXPONENT}."
        )
    if base[0] == "exp":
        return apply("exp", mul(("Number", exponent), base[1]))
    if base[0] == "Mul":
        return _power_of_product(base, exponent)
    if base[0] not in ("Number", "Symbol"):
        _check_constant_base(base, exponent)
    return _product({base: exponent}, 1)


def _power_of_product(base: Expr, exponent: Rational) -> Expr:
    """(c u v)**e: opened where that is true for every real u and v."""
    _, factors, coefficient = base
    if isinstance(exponent, int):
        parts = [power(b, e * exponent) for b, e in factors]
        return mul(power(("Number", coefficient), exponent), *parts)
    if len(factors) == 1 and coefficient == 1:
        inner, e = factors[0]
        if -1 < e <= 1:  # the argument stays in (-pi, pi]
            return power(inner, e * exponent)
    if coefficient > 0 and coefficient != 1:
        outside = _exact_root(coefficient, exponent.denominator)
        if outside is not None:
            scale = number(outside**exponent.numerator)
            return mul(scale, power(_split(base)[0], exponent))
    _check_constant_base(base, exponent)
    return ("Mul", ((base, exponent),), 1)


def _check_constant_base(base: Expr, exponent: Rational) -> None:
    """Refuse 1/0 and roots of negative constants, such as sqrt(sin(4))."""
    if has_symbol(base):
        return
    value = value_of(base, {})
    if abs(value) < 1e-12 and exponent < 0:
        raise DomainError(f"Division by zero: {to_infix(base)} is 0.")
    if not isinstance(exponent, int) and not _is_real(value, low=0.0):
        raise DomainError(
            f"({to_infix(base)})**({exponent}) has no real value."
        )


def _is_real(value: complex, low: float = -math.inf) -> bool:
    return not isinstance(value, complex) and low <= value


def apply(name: str, argument: Expr) -> Expr:
    """Return a function of an expression, in canonical form.

    Parameters
    ----------
    name : str
        One of `FUNCTIONS`.
    argument : Expr

    Raises
    ------
    DomainError
        If a constant argument lies outside the real domain.
    """
    if name == "sqrt":
        return power(argument, Fraction(1, 2))
    if argument == ZERO and name in _VALUE_AT_0:
        return ("Number", _VALUE_AT_0[name])
    if argument == ONE and name in _VALUE_AT_1:
        return ("Number", _VALUE_AT_1[name])
    if (name, argument[0]) in _CANCELS:
        return argument[1]
    if not has_symbol(argument):
        _check_constant(name, argument)
    if name == "exp" and argument[0] == "Mul":
        monic, factor = _split(argument)
        if monic[0] == "ln":
            return power(monic[1], factor)
    elif name in _ODD and _is_negative(argument):
        return mul(("Number", -1), (name, mul(("Number", -1), argument)))
    elif name in _EVEN and _is_negative(argument):
        return (name, mul(("Number", -1), argument))
    return (name, argument)


def _is_negative(argument: Expr) -> bool:
    """Return whether the leading coefficient is negative."""
    kind = argument[0]
    if kind == "Add":
        return argument[1][0][1] < 0
    if kind == "Number":
        return argument[1] < 0
    return kind == "Mul" and argument[2] < 0


def _check_constant(name: str, argument: Expr) -> None:
    try:
        value = value_of((name, argument), {})
    except (ValueError, ZeroDivisionError, OverflowError):
        value = math.nan
    if not (_is_real(value) and math.isfinite(value)):
        raise DomainError(f"{name}({to_infix(argument)}) has no real value.")


def has_symbol(node: Expr, name: str | None = None) -> bool:
    """Return whether the expression contains any symbol, or the one named."""
    kind = node[0]
    if kind == "Symbol":
        return name is None or node[1] == name
    if kind == "Number":
        return False
    if kind in ("Add", "Mul"):
        return any(has_symbol(part, name) for part, _ in node[1])
    return has_symbol(node[1], name)


def negate(node: Expr) -> Expr:
    """Return -node."""
    return mul(("Number", -1), node)


def subtract(left: Expr, right: Expr) -> Expr:
    """Return left - right."""
    return add(left, negate(right))


def divide(left: Expr, right: Expr) -> Expr:
    """Return left / right; raises DomainError where right is 0."""
    return mul(left, power(right, -1))


def general_power(base: Expr, exponent: Expr) -> Expr:
    """Return base**exponent; exp(exponent * ln(base)) if that is no number."""
    if exponent[0] == "Number":
        return power(base, exponent[1])
    return apply("exp", mul(exponent, apply("ln", base)))


# -- derivative -------------------------------------------------------------


def diff(node: Expr, name: str = "x") -> Expr:
    """Return the derivative with respect to a symbol, in canonical form.

    Recursion over the structure with the sum, product, power and chain
    rules; the result is built by the same constructors as everything else.
    """
    kind = node[0]
    if kind == "Number":
        return ZERO
    if kind == "Symbol":
        return ONE if node[1] == name else ZERO
    if kind == "Add":
        parts = [mul(("Number", q), diff(t, name)) for t, q in node[1]]
        return add(*parts)
    if kind == "Mul":
        return _diff_product(node, name)
    inner = diff(node[1], name)
    return inner if inner == ZERO else mul(inner, _outer(kind, node[1]))


def _diff_product(node: Expr, name: str) -> Expr:
    _, factors, coefficient = node
    terms = []
    for i, (base, e) in enumerate(factors):
        inner = diff(base, name)
        if inner == ZERO:
            continue
        others = factors[:i] + factors[i + 1 :]
        rest = ("Mul", others, 1) if others else ONE
        scale = ("Number", _reduced(coefficient * e))
        terms.append(mul(scale, rest, power(base, e - 1), inner))
    return add(*terms)


def _outer(name: str, u: Expr) -> Expr:
    """Return the derivative of a function at u."""
    square = power(u, 2)
    if name == "exp":
        return ("exp", u)
    if name == "ln":
        return power(u, -1)
    if name in ("sin", "sinh"):
        return apply("cos" if name == "sin" else "cosh", u)
    if name == "cos":
        return negate(apply("sin", u))
    if name == "cosh":
        return apply("sinh", u)
    if name == "tan":
        return add(ONE, power(apply("tan", u), 2))
    if name == "tanh":
        return subtract(ONE, power(apply("tanh", u), 2))
    if name in ("asin", "acos"):
        root = power(subtract(ONE, square), Fraction(-1, 2))
        return root if name == "asin" else negate(root)
    if name == "atan":
        return power(add(ONE, square), -1)
    if name == "atanh":
        return power(subtract(ONE, square), -1)
    if name == "asinh":
        return power(add(ONE, square), Fraction(-1, 2))
    below = power(subtract(u, ONE), Fraction(-1, 2))  # acosh: two roots, so
    return mul(below, power(add(u, ONE), Fraction(-1, 2)))  # u < -1 is right


# -- numbers ----------------------------------------------------------------


def value_of(
    node: Expr, values: dict[str, complex], library: object = None
) -> complex:
    """Return the value of an expression at a point, by principal branches.

    Real results stay real floats, so that no rounding in an imaginary part
    can choose the wrong side of a branch cut.

    Parameters
    ----------
    node : Expr
    values : dict of str to float or complex
        One value a symbol.
    library : object, optional
        Numbers and functions: machine numbers by default, or an object like
        `verification.HighPrecision`.

    Raises
    ------
    ZeroDivisionError, OverflowError, ValueError
        Where the expression has no finite value.
    """
    return _value(node, values, library or _MACHINE)


def _value(node: Expr, values: dict, lib: object) -> complex:
    kind = node[0]
    if kind == "Symbol":
        return values[node[1]]
    if kind == "Number":
        return lib.rational(node[1])
    if kind == "Add":
        total = lib.rational(node[2])
        for term, q in node[1]:
            value = _value(term, values, lib)
            total = total + (value if q == 1 else lib.rational(q) * value)
        return lib.clean(total)
    if kind == "Mul":
        product = lib.rational(node[2])
        for base, e in node[1]:
            factor = _value(base, values, lib)
            product = product * (factor if e == 1 else lib.power(factor, e))
        return lib.clean(product)
    return lib.call(kind, _value(node[1], values, lib))


class _Machine:
    """Float64 and complex128; functions of ``math``, else of ``cmath``."""

    import cmath as complex_library
    import math as real_library

    names = {"ln": "log"}
    tolerance = 1e-13

    @staticmethod
    def rational(q: Rational) -> float:
        return float(q)

    def clean(self, value: complex) -> complex:
        """Drop an imaginary part that is rounding."""
        small = self.tolerance * abs(value.real)
        if isinstance(value, complex) and abs(value.imag) <= small:
            return value.real
        return value

    def power(self, base: complex, e: Rational) -> complex:
        if isinstance(e, int):
            return self.clean(base**e)
        if e.denominator == 2:  # exact on the cut: i * sqrt(-base)
            return self.clean(self.call("sqrt", base) ** e.numerator)
        if isinstance(base, float) and base >= 0:
            return base ** float(e)
        return self.clean(complex(base) ** float(e))

    def call(self, name: str, value: complex) -> complex:
        name = self.names.get(name, name)
        if not isinstance(value, complex):
            try:
                return getattr(self.real_library, name)(value)
            except ValueError:
                value = complex(value)
        if name == "sqrt" and value.imag == 0 and value.real < 0:
            return complex(0.0, math.sqrt(-value.real))
        return self.clean(getattr(self.complex_library, name)(value))


_MACHINE = _Machine()


# -- prefix notation --------------------------------------------------------


def to_prefix(node: Expr) -> tuple[str, ...]:
    """Return the tokens in prefix order, every operator before its operands.

    An integer is a sign token, ``INT+`` or ``INT-``, and its digits. Sums
    and products lean to the right; there is no unary minus; negative
    exponents become the denominator of one ``div``.
    """
    out: list[str] = []
    _write(node, out)
    return tuple(out)


def _write(node: Expr, out: list[str]) -> None:
    kind = node[0]
    if kind == "Symbol":
        out.append(node[1])
    elif kind == "Number":
        _write_number(node[1], out)
    elif kind == "Add":
        parts = [_scaled(t, q) for t, q in node[1]]
        if node[2]:
            parts.append(("Number", node[2]))
        _write_chain("add", parts, out)
    elif kind == "Mul":
        _write_product(node, out)
    else:
        out.append(kind)
        _write(node[1], out)


def _write_number(value: Rational, out: list[str]) -> None:
    if value.denominator != 1:
        out.append("div")
    out.append("INT+" if value >= 0 else "INT-")
    out.extend(str(abs(value.numerator)))
    if value.denominator != 1:
        _write_number(value.denominator, out)


def _write_chain(name: str, parts: Sequence[Expr], out: list[str]) -> None:
    for part in parts[:-1]:
        out.append(name)
        _write(part, out)
    _write(parts[-1], out)


def _write_product(node: Expr, out: list[str]) -> None:
    """Write c * u**2 / v as ``div mul c pow u 2 v``."""
    above, below = _fraction(node)
    if below:
        out.append("div")
    for parts in (above, below):
        for i, (base, e) in enumerate(parts):
            if i < len(parts) - 1:
                out.append("mul")
            _write_power(base, e, out)


def _fraction(node: Expr) -> tuple[list, list]:
    """Return numerator and denominator as lists of (base, exponent > 0)."""
    _, factors, c = node
    above = [(b, e) for b, e in factors if e > 0]
    below = [(b, -e) for b, e in factors if e < 0]
    if c.denominator != 1:
        below.insert(0, (("Number", c.denominator), 1))
    if c.numerator != 1 or not above:
        above.insert(0, (("Number", c.numerator), 1))
    return above, below


def _write_power(base: Expr, e: Rational, out: list[str]) -> None:
    if e == Fraction(1, 2):
        out.append("sqrt")
        _write(base, out)
    elif e == 1:
        _write(base, out)
    else:
        out.append("pow")
        _write(base, out)
        _write_number(e, out)


def from_prefix(
    tokens: Iterable[str], symbols: Sequence[str] = ("x",)
) -> Expr:
    """Read a token list and return its canonical expression.

    Parameters
    ----------
    tokens : iterable of str
        As `to_prefix` writes them; ``sub`` is read too.
    symbols : sequence of str
        The names that may stand as leaves.

    Raises
    ------
    ExpressionError
        If an operand is missing, tokens are left over, or one is unknown.
    DomainError
        If a constant part has no real value.
    """
    tokens = list(tokens)
    stack: list[Expr | str] = []
    digits: list[str] = []
    for token in reversed(tokens):  # operands come off the stack in order
        if len(token) == 1 and token in "0123456789":
            digits.append(token)
            continue
        if token in ("INT+", "INT-"):
            stack.append(_read_integer(token, digits))
            digits = []
            continue
        if digits:
            raise ExpressionError(
                f"The digits {''.join(reversed(digits))} follow {token!r} "
                "without a sign: write INT+ or INT- before them."
            )
        stack.append(_combine(token, stack, symbols))
    if digits or len(stack) != 1:
        raise ExpressionError(
            f"A prefix list holds one expression, but {len(stack)} complete "
            f"ones were found in {' '.join(tokens)[:80]!r}. Remove the "
            "tokens that are left over."
        )
    return stack[0]


def _read_integer(sign: str, digits: list[str]) -> Expr:
    if not digits:
        raise ExpressionError(f"{sign} must be followed by digits.")
    value = int("".join(reversed(digits[-70:])))
    return number(value if sign == "INT+" else -value)


def _combine(token: str, stack: list[Expr], symbols: Sequence[str]) -> Expr:
    if token in symbols:
        return ("Symbol", token)
    arity = 2 if token in BINARY else 1 if token in FUNCTIONS else 0
    if not arity:
        raise ExpressionError(
            f"Unknown token {token!r}. The alphabet: {', '.join(symbols)}, "
            f"{', '.join(BINARY)}, {', '.join(FUNCTIONS)}, INT+, INT-, 0-9."
        )
    if len(stack) < arity:
        raise ExpressionError(
            f"{token!r} needs {arity} operand{'s' * (arity - 1)}, but "
            f"{len(stack)} follow. Complete the expression."
        )
    if arity == 1:
        return apply(token, stack.pop())
    left, right = stack.pop(), stack.pop()
    return combine(token, left, right)


def combine(name: str, left: Expr, right: Expr) -> Expr:
    """Return ``left name right`` for a name of `BINARY`."""
    rules = {
        "add": add,
        "sub": subtract,
        "mul": mul,
        "div": divide,
        "pow": general_power,
    }
    return rules[name](left, right)


# -- infix notation ---------------------------------------------------------

_PRECEDENCE = {"add": 1, "mul": 2, "neg": 2, "pow": 4, "atom": 5}


def to_infix(node: Expr) -> str:
    """Return the expression in the infix syntax of Python and SymPy."""
    return _infix(node)[0]


def _infix(node: Expr) -> tuple[str, str]:
    """Return the text and the kind of its outermost operation."""
    kind = node[0]
    if kind == "Symbol":
        return node[1], "atom"
    if kind == "Number":
        value = node[1]
        if value.denominator != 1:
            return str(value), "mul"
        return str(value), "atom" if value >= 0 else "add"
    if kind == "Add":
        return _infix_sum(node), "add"
    if kind == "Mul":
        return _infix_product(node)
    name = "log" if kind == "ln" else kind
    return f"{name}({to_infix(node[1])})", "atom"


def _infix_sum(node: Expr) -> str:
    parts = [to_infix(_scaled(t, q)) for t, q in node[1]]
    if node[2]:
        parts.append(to_infix(("Number", node[2])))
    text = parts[0]
    for part in parts[1:]:
        text += f" - {part[1:]}" if part[0] == "-" else f" + {part}"
    return text


def _infix_product(node: Expr) -> tuple[str, str]:
    above, below = _fraction(node)
    sign = ""
    if above[0][0][0] == "Number" and above[0][0][1] < 0:
        sign = "-"
        above = [(("Number", -above[0][0][1]), 1), *above[1:]]
        if above[0][0] == ONE and len(above) > 1:
            above = above[1:]
    top = _joined(above)
    if not below:
        alone = len(above) == 1 and not sign and above[0][1] != 1
        is_root = alone and above[0][1] == Fraction(1, 2)
        kind = "atom" if is_root else "pow" if alone else "mul"
        return sign + top, kind if not sign else "add"
    bottom = _joined(below)
    if len(below) > 1:
        bottom = f"({bottom})"
    return f"{sign}{top}/{bottom}", "add" if sign else "mul"


def _joined(parts: list[tuple[Expr, Rational]]) -> str:
    texts = []
    for base, e in parts:
        if e == Fraction(1, 2):
            texts.append(f"sqrt({to_infix(base)})")
        elif e == 1:
            texts.append(_wrapped(base, "mul"))
        else:
            shown = str(e) if e.denominator == 1 else f"({e})"
            texts.append(f"{_wrapped(base, 'atom')}**{shown}")
    return "*".join(texts)


def _wrapped(node: Expr, outer: str) -> str:
    """Return the text, in brackets where `outer` binds more tightly."""
    text, kind = _infix(node)
    needs = _PRECEDENCE[kind] <= _PRECEDENCE[outer] and kind != "atom"
    return f"({text})" if needs else text


def nodes(node: Expr) -> Iterator[Expr]:
    """Yield the expression and every sub-expression."""
    yield node
    if node[0] in ("Add", "Mul"):
        for part, _ in node[1]:
            yield from nodes(part)
    elif node[0] not in ("Number", "Symbol"):
        yield from nodes(node[1])
