"""Formulas as sentences: read them from text, and write them down.

    always[0:15](light >= 300) and eventually[4:15](co2 - 0.5*light >= 20)

Weights stand in braces: ``always[0:2]{1, 2, 0}(x >= 0)``. Weighted
conjunctions and disjunctions are ``all{2, 1}(f, g)`` and ``any{2, 1}(f, g)``.
"""

import math
import re
from collections.abc import Sequence

import numpy as np

from topoi.temporal_logic.semantics import (
    satisfies,
    stl_robustness,
    wstl_robustness,
)
from topoi.temporal_logic.syntax import (
    Always,
    And,
    Atom,
    Eventually,
    Formula,
    FormulaError,
    Not,
    Or,
    horizon,
)

MAX_LENGTH, MAX_DEPTH = 2000, 40
KEYWORDS = {"always", "eventually", "not", "and", "or", "all", "any"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>>=|<=|==|[-+*()\[\]{},:<>=]))"
)


def parse_formula(text: str, names: Sequence[str]) -> Formula:
    """Return the formula that a text describes.

    Parameters
    ----------
    text : str
        See the module's examples. ``and`` binds stronger than ``or``.
    names : sequence of str
        Of the channels, in their order.

    Raises
    ------
    FormulaError
        With the place and what was expected there.
    """
    if not isinstance(text, str):
        raise FormulaError(f"A formula is a text, got {type(text).__name__}.")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"The text is longer than {MAX_LENGTH} characters.")
    reader = _Reader(text, list(names))
    formula = reader.disjunction(0)
    reader.expect_end()
    return formula


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, names: list[str]):
        self.names, self.text, self.at = names, text, 0
        self.tokens, place = [], 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                place += len(text[place:]) - len(text[place:].lstrip())
                self.fail(f"{text[place]!r} has no meaning here", place)
            kind = found.lastgroup
            self.tokens.append((kind, found[kind], found.start(kind)))
            place = found.end()
        self.tokens.append(("end", "the end", len(text)))

    def fail(self, problem: str, place: int | None = None):
        place = self.tokens[self.at][2] if place is None else place
        line = self.text.replace("\n", " ")
        start = max(0, place - 30)
        raise FormulaError(
            f"{problem}, at character {place + 1}:\n"
            f"  {line[start : place + 30]}\n  {' ' * (place - start)}^"
        )

    @property
    def now(self) -> str:
        return self.tokens[self.at][1]

    def take(self, *wanted: str) -> str | None:
        """Return the current token and step on, if it is one of these."""
        kind, value, _ = self.tokens[self.at]
        if value in wanted and kind != "end":
            self.at += 1
            return value
        return None

    def expect(self, wanted: str, where: str) -> None:
        if not self.take(wanted):
            self.fail(f"Expected {wanted!r} {where}, found {self.now!r}")

    def expect_end(self) -> None:
        if self.tokens[self.at][0] != "end":
            self.fail(
                f"The formula ends before {self.now!r}; join formulas with "
                "'and' or 'or'"
            )

    def disjunction(self, depth: int) -> Formula:
        if depth > MAX_DEPTH:
            self.fail(f"More than {MAX_DEPTH} formulas inside each other")
        parts = [self.conjunction(depth)]
        while self.take("or"):
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self, depth: int) -> Formula:
        parts = [self.unary(depth)]
        while self.take("and"):
            parts.append(self.unary(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def unary(self, depth: int) -> Formula:
        if depth > MAX_DEPTH:
            self.fail(f"More than {MAX_DEPTH} formulas inside each other")
        if self.take("not"):
            return Not(self.unary(depth + 1))
        place = self.at
        if word := self.take("always", "eventually"):
            kind = Always if word == "always" else Eventually
            start, stop = self.window(word)
            weights = self.weights()
            part = self.unary(depth + 1)
            return self.made(place, kind, part, start, stop, weights)
        if word := self.take("all", "any"):
            weights = self.weights()
            self.expect("(", f"after {word!r}")
            parts = [self.disjunction(depth + 1)]
            while self.take(","):
                parts.append(self.disjunction(depth + 1))
            self.expect(")", "after the last part")
            kind = And if word == "all" else Or
            return self.made(place, kind, tuple(parts), weights)
        if self.take("("):
            formula = self.disjunction(depth + 1)
            self.expect(")", "to close the bracket")
            return formula
        return self.atom()

    def made(self, place: int, kind: type, *arguments) -> Formula:
        try:
            return kind(*arguments)
        except FormulaError as error:
            self.at = place
            self.fail(str(error).rstrip("."))

    def window(self, word: str) -> tuple[int, int]:
        self.expect("[", f"after {word!r}, as in {word}[0:5]")
        start = self.integer()
        self.expect(":", "between the first and the last step")
        stop = self.integer()
        self.expect("]", "after the last step")
        return start, stop

    def integer(self) -> int:
        kind, value, _ = self.tokens[self.at]
        if kind != "number" or not value.isdigit() or len(value) > 6:
            self.fail(f"A step is a whole number >= 0, not {value!r}")
        self.at += 1
        return int(value)

    def number(self) -> float:
        sign = -1.0 if self.take("-") else 1.0
        kind, value, _ = self.tokens[self.at]
        if kind != "number":
            self.fail(f"Expected a number, found {value!r}")
        if not math.isfinite(float(value)):
            self.fail(f"{value} is too large")
        self.at += 1
        return sign * float(value)

    def weights(self) -> tuple[float, ...] | None:
        if not self.take("{"):
            return None
        found = [self.number()]
        while self.take(","):
            found.append(self.number())
        self.expect("}", "after the last weight")
        return tuple(found)

    def atom(self) -> Atom:
        a = np.zeros(len(self.names))
        sign = -1.0 if self.take("-") else 1.0
        while True:
            factor = sign
            if self.tokens[self.at][0] == "number":
                factor *= self.number()
                self.expect("*", "between a number and a channel")
            a[self.channel()] += factor
            if not (word := self.take("+", "-")):
                break
            sign = -1.0 if word == "-" else 1.0
        compare = self.take(">=", "<=")
        if not compare:
            self.fail(f"Expected '>=' or '<=', found {self.now!r}")
        b = self.number()
        if compare == "<=":
            a, b = -a, -b
        return Atom(tuple((a + 0.0).tolist()), b + 0.0)

    def channel(self) -> int:
        kind, value, _ = self.tokens[self.at]
        if kind != "name" or value in KEYWORDS:
            self.fail(f"Expected a channel, found {value!r}")
        if value not in self.names:
            known = ", ".join(self.names)
            self.fail(f"There is no channel {value!r}; there are: {known}")
        self.at += 1
        return self.names.index(value)


# -- writing ------------------------------------------------------------------


def formula_to_text(
    formula: Formula, names: Sequence[str], digits: int = 4
) -> str:
    """Return a sentence that `parse_formula` reads.

    Parameters
    ----------
    formula : Formula
    names : sequence of str
        Of the channels.
    digits : int
        Significant digits of every number; 17 loses nothing.
    """
    match formula:
        case Atom(a, b):
            return _atom_text(a, b, names, digits)
        case Not(part):
            return f"not ({formula_to_text(part, names, digits)})"
        case And(parts, weights) | Or(parts, weights):
            texts = [formula_to_text(part, names, digits) for part in parts]
            is_and = isinstance(formula, And)
            if weights is None and len(parts) > 1:
                word = " and " if is_and else " or "
                return word.join(f"({text})" for text in texts)
            head = ("all" if is_and else "any") + _braces(weights, digits)
            return f"{head}({', '.join(texts)})"
        case Always(part, start, stop, weights):
            word = "always"
        case Eventually(part, start, stop, weights):
            word = "eventually"
    inner = formula_to_text(part, names, digits)
    return f"{word}[{start}:{stop}]{_braces(weights, digits)}({inner})"


def _braces(weights, digits: int) -> str:
    if weights is None:
        return ""
    return "{" + ", ".join(f"{w:.{digits}g}" for w in weights) + "}"


def _atom_text(a, b, names, digits: int) -> str:
    kept = [(v, n) for v, n in zip(a, names, strict=True) if v]
    if not kept:
        kept = [(0.0, names[0])]
    sign = ">="
    if all(v <= 0 for v, _ in kept) and any(v for v, _ in kept):
        kept, b, sign = [(-v, n) for v, n in kept], -b, "<="
    text = ""
    for v, name in kept:
        text += " - " if v < 0 else " + " if text else ""
        text += name if abs(v) == 1 else f"{abs(v):.{digits}g}*{name}"
    return f"{text.strip()} {sign} {b + 0.0:.{digits}g}"


# -- questions of a reader ----------------------------------------------------


def read_series(text: str, names: Sequence[str]) -> np.ndarray:
    """Return a signal (time, channels) from a text of numbers.

    One line a step, numbers separated by commas or spaces; with one channel
    everything may stand in one line.

    Raises
    ------
    ValueError
        With the line, if something is no number or a line has another
        length.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(names) == 1:
        lines = [w for line in lines for w in re.split(r"[,\s]+", line) if w]
    if not lines:
        raise ValueError("There are no numbers in the text.")
    rows = []
    for number, line in enumerate(lines, 1):
        cells = [w for w in re.split(r"[,\s]+", line) if w]
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            raise ValueError(
                f"Step {number}: {line.strip()!r} is not a row of numbers."
            ) from None
        if len(row) != len(names) or not np.isfinite(row).all():
            raise ValueError(
                f"Step {number} needs {len(names)} finite numbers "
                f"({', '.join(names)}), got {line.strip()!r}."
            )
        rows.append(row)
    return np.array(rows)


def explain(
    formula: str, series: str | np.ndarray, names: Sequence[str]
) -> str:
    """Answer whether a series satisfies a formula now, and by which margin.

    Parameters
    ----------
    formula : str
        Read by `parse_formula`.
    series : str or array, shape (time, channels)
        A text is read by `read_series`.
    names : sequence of str
        Of the channels.

    Returns
    -------
    str
        The verdict at step 0, its exact margin and the soft one at softness
        1; or the error, beginning with ``Cannot answer``.
    """
    try:
        tree = parse_formula(formula, names)
        if isinstance(series, str):
            series = read_series(series, names)
        holds = bool(satisfies(tree, series)[..., 0])
        exact = float(stl_robustness(tree, series)[..., 0])
        soft = float(wstl_robustness(tree, series)[..., 0])
    except ValueError as error:
        return f"Cannot answer. {error}"
    verdict = "holds" if holds else "does not hold"
    return (
        f"The formula {verdict} at step 0; it looks at {horizon(tree) + 1} of "
        f"{len(series)} steps.\nMargin {exact:.4g}; soft margin {soft:.4g} at "
        "softness 1."
    )
