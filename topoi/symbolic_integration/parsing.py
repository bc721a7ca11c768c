"""Reading ordinary infix text (the syntax of SymPy) into expressions.

A hand-written recursive-descent parser: nothing is evaluated by Python, the
depth of nesting and the length are bounded, and every error says where.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from topoi.symbolic_integration.expressions import (
    FUNCTIONS,
    Expr,
    ExpressionError,
    add,
    apply,
    divide,
    general_power,
    mul,
    negate,
    number,
    power,
    subtract,
    symbol,
)

MAX_LENGTH = 4000
MAX_DEPTH = 60

_ALIASES = {
    "log": "ln",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}
_RECIPROCALS = {
    "sec": "cos",
    "csc": "sin",
    "cot": "tan",
    "sech": "cosh",
    "csch": "sinh",
    "coth": "tanh",
}
_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|([A-Za-z_]\w*)|(\*\*|[-+*/^(),]))"
)


def parse(text: str, symbols: Sequence[str] = ("x",)) -> Expr:
    """Return the canonical expression of an infix text.

    Parameters
    ----------
    text : str
        Numbers, the symbols, ``+ - * / **`` (``^`` is read as ``**``),
        brackets, the functions of `FUNCTIONS` with their usual aliases,
        sec, csc, cot and their hyperbolic twins, ``pi`` and ``E``.
    symbols : sequence of str
        Names that may stand as variables.

    Raises
    ------
    ExpressionError
        If the text is empty, too long, too deeply nested, unbalanced, or
        uses a name outside the alphabet.
    DomainError
        If a constant part has no real value, such as 1/0 or log(-2).
    """
    if not isinstance(text, str) or not text.strip():
        raise ExpressionError(
            "The expression is empty: write something like x*cos(x)."
        )
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"The text has {len(text)} characters; at most {MAX_LENGTH} are "
            "read. Shorten the expression."
        )
    reader = _Reader(_tokens(text), symbols)
    result = reader.sum()
    reader.expect_end()
    return result


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """Return (kind, text, position) of each token, and a final end mark."""
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            where = (
                position + len(text[position:]) - len(text[position:].lstrip())
            )
            raise ExpressionError(
                f"Character {text[where]!r} at position {where + 1} is not "
                "part of the alphabet. Use x, numbers, + - * / ** and "
                "function names."
            )
        kind = ("number", "name", "sign")[match.lastindex - 1]
        found.append((kind, match[match.lastindex], match.start() + 1))
        position = match.end()
    return [*found, ("end", "", end + 1)]


class _Reader:
    """Recursive descent: sum, product, sign, power, atom."""

    def __init__(self, tokens: list[tuple], symbols: Sequence[str]):
        self.tokens, self.symbols = tokens, symbols
        self.place = self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.place][1]

    def take(self) -> tuple[str, str, int]:
        token = self.tokens[self.place]
        self.place = min(self.place + 1, len(self.tokens) - 1)
        return token

    def fail(self, problem: str) -> ExpressionError:
        return ExpressionError(
            f"{problem} at position {self.tokens[self.place][2]}."
        )

    def expect_end(self) -> None:
        kind, text, _ = self.tokens[self.place]
        if kind == "end":
            return
        if text == ")":
            raise self.fail("A closing bracket without an opening one")
        if text == ",":
            raise self.fail("A comma: functions take one argument here,")
        raise self.fail(
            f"An operator is missing before {text!r} (write 2*x, not 2x)"
        )

    def sum(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(
                f"Brackets or signs nested deeper than {MAX_DEPTH}"
            )
        result = self.product()
        while self.peek() in ("+", "-"):
            rule = add if self.take()[1] == "+" else subtract
            result = rule(result, self.product())
        self.depth -= 1
        return result

    def product(self) -> Expr:
        result = self.signed()
        while self.peek() in ("*", "/"):
            rule = mul if self.take()[1] == "*" else divide
            result = rule(result, self.signed())
        return result

    def signed(self) -> Expr:
        negative = False
        while self.peek() in ("+", "-"):
            negative ^= self.take()[1] == "-"
        result = self.power()
        return negate(result) if negative else result

    def power(self) -> Expr:
        base = self.atom()
        if self.peek() not in ("**", "^"):
            return base
        self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"Powers nested deeper than {MAX_DEPTH}")
        exponent = self.signed()  # ** leans to the right
        self.depth -= 1
        return general_power(base, exponent)

    def atom(self) -> Expr:
        kind, text, _ = self.tokens[self.place]
        if kind == "number":
            self.take()
            return number(Fraction(text[:80]))
        if text == "(":
            self.take()
            return self.closed(self.sum())
        if kind != "name":
            wanted = "A number, x, a function or a bracket is missing"
            raise self.fail(wanted)
        return self.named()

    def closed(self, inner: Expr) -> Expr:
        if self.peek() != ")":
            if self.peek() == ",":
                raise self.fail("A comma: functions take one argument here,")
            raise self.fail("A closing bracket is missing")
        self.take()
        return inner

    def named(self) -> Expr:
        name = self.tokens[self.place][1]
        if name in self.symbols:
            self.take()
            return symbol(name)
        if name == "pi":
            self.take()
            return mul(number(4), apply("atan", number(1)))
        if name == "E":
            self.take()
            return apply("exp", number(1))
        function = _RECIPROCALS.get(name) or _ALIASES.get(name, name)
        if function not in FUNCTIONS:
            raise self.fail(
                f"Unknown name {name!r} (known: {', '.join(self.symbols)}, "
                f"pi, E, log, {', '.join(FUNCTIONS)})"
            )
        self.take()
        if self.peek() != "(":
            raise self.fail(f"{name} needs its argument in brackets")
        self.take()
        value = apply(function, self.closed(self.sum()))
        return power(value, -1) if name in _RECIPROCALS else value
