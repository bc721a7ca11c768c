"""Is F an antiderivative of f? The answer never needs a reference solution.

`verify` differentiates F exactly and compares with f, first as canonical
expressions, then as numbers at fixed points of the real line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from topoi.symbolic_integration.expressions import (
    Expr,
    ExpressionError,
    Rational,
    diff,
    from_prefix,
    value_of,
)
from topoi.symbolic_integration.parsing import parse

# Both signs, inside and outside [-1, 1], never a zero of a usual function.
REAL_POINTS = (
    "-4.21373", "-3.31719", "-2.33711", "-1.71931", "-1.28717", "-0.83173",
    "-0.54791", "-0.31193", "-0.09277", "0.07131", "0.23717", "0.47933",
    "0.71291", "0.91733", "1.31771", "1.89311", "2.77177", "3.87131",
)  # fmt: skip
# Further out, where a lost absolute value may have its corner. Values there
# are compared, but do not count among the points that must be comparable.
FAR_POINTS = (
    "-211.731", "-97.9171", "-40.3719", "-21.1373", "-12.7193", "-7.91337",
    "-5.31719", "5.23719", "6.71931", "9.83173", "17.2337", "31.7191",
    "77.3171", "163.913",
)  # fmt: skip
COMPLEX_POINTS = (
    ("0.41371", "0.27713"), ("-0.63719", "0.51731"), ("1.33713", "-0.38171"),
    ("2.21791", "0.83117"), ("-1.47133", "-0.67319"), ("0.17713", "-1.23791"),
)  # fmt: skip

LOOSE = 1e-8  # float64, before high precision is asked
DIGITS = 50
STRICT = 1e-25  # at DIGITS digits; wrong answers differ far earlier
ZERO_BELOW = 1e-44  # what rounding at DIGITS digits leaves of a zero
ENOUGH = 4  # points that must be comparable
SMALL, LARGE = 1e-10, 1e8  # sizes of f that count as comparable

_FAILURES = (ArithmeticError, ValueError)


@dataclass(frozen=True)
class Verdict:
    """What `examine` found.

    Attributes
    ----------
    true : bool
        Whether F' = f was established.
    how : str
        "identical expressions", "numbers at real points", "numbers at
        complex points", or the reason why not.
    points : int
        How many points were compared, 0 where none was needed.
    """

    true: bool
    how: str
    points: int = 0


def verify(
    f: Expr | str | list[str],
    F: Expr | str | list[str],  # noqa: N803
    points: Sequence[float | str] | None = None,
) -> bool:
    """Return whether F is an antiderivative of f.

    Parameters
    ----------
    f, F : Expr, str or list of str
        Expressions, infix text in the syntax of SymPy, or prefix tokens.
    points : sequence of float or str, optional
        Real points of comparison instead of `REAL_POINTS` and `FAR_POINTS`.

    Returns
    -------
    bool
        True if F' and f are the same canonical expression, or agree to 25
        digits at every one of `REAL_POINTS` where f is real and of moderate
        size, and nowhere differ at `FAR_POINTS`. Where fewer than four
        points are left, points where f is tiny or huge count too, and then
        complex points. False too if `F` cannot be read.

    Raises
    ------
    ExpressionError
        If `f` cannot be read.
    """
    return examine(f, F, points).true


def examine(
    f: Expr | str | list[str],
    F: Expr | str | list[str],  # noqa: N803
    points: Sequence[float | str] | None = None,
) -> Verdict:
    """Return the verdict of `verify` together with how it was reached."""
    integrand = as_expression(f)
    try:
        derivative = diff(as_expression(F))
    except (ExpressionError, RecursionError) as error:
        return Verdict(False, f"unreadable: {error}")
    except _FAILURES as error:
        return Verdict(False, f"no value: {error}")
    if derivative == integrand:
        return Verdict(True, "identical expressions")
    reals = _grid(tuple(map(str, points or REAL_POINTS)))
    far = _grid(() if points else FAR_POINTS)
    verdict = _differing(integrand, derivative, far) or compare_at_points(
        integrand, derivative, reals, "real"
    )
    if verdict is None:
        complexes = _grid(COMPLEX_POINTS)
        verdict = compare_at_points(
            integrand, derivative, complexes, "complex"
        )
    return verdict or Verdict(False, "too few points where f has a value")


def as_expression(value: Expr | str | list[str]) -> Expr:
    """Return the expression of an infix text, a token list or itself."""
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, list):
        return from_prefix(value)
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return value
    raise ExpressionError(
        f"An expression is a text, a list of tokens or a tuple made by this "
        f"package, but got {type(value).__name__}."
    )


def _differing(f: Expr, derivative: Expr, grid: tuple) -> Verdict | None:
    """Return a verdict if f is real at some point and F' differs there."""
    for machine, exact in grid:
        value, other = _number(f, machine), _number(derivative, machine)
        if value is None or isinstance(value, complex):
            continue
        if _far(value, other) and not _agree(f, derivative, exact):
            return Verdict(False, f"F' differs from f at x = {machine}")
    return None


def _far(value: complex, other: complex | None) -> bool:
    """Return whether machine numbers differ by more than rounding."""
    if abs(value) >= LARGE:
        return False
    return other is None or (
        abs(value - other) > LOOSE * max(abs(value), SMALL)
    )


def compare_at_points(
    f: Expr, derivative: Expr, grid: tuple, kind: str
) -> Verdict | None:
    """Return a verdict, or None where too few points can be compared.

    Parameters
    ----------
    f, derivative : Expr
    grid : tuple of (machine number, 50-digit number)
        The points.
    kind : {"real", "complex"}
        Whether points where f is not real are left out.
    """
    kept, extreme = [], []
    for machine, exact in grid:
        value, other = _number(f, machine), _number(derivative, machine)
        if value is None or (kind == "real" and isinstance(value, complex)):
            continue
        usual = SMALL < abs(value) < LARGE
        (kept if usual else extreme).append(exact)
        if _far(value, other) and not _agree(f, derivative, exact):
            return Verdict(False, f"F' differs from f at x = {machine}")
    if len(kept) < ENOUGH:
        kept += extreme  # f is nearly zero, or a power of high degree
    if len(kept) < ENOUGH:
        return None
    for exact in kept:
        if not _agree(f, derivative, exact):
            return Verdict(False, f"F' differs from f at x = {exact}")
    return Verdict(True, f"numbers at {kind} points", len(kept))


def _number(node: Expr, point: complex) -> complex | None:
    try:
        value = value_of(node, {"x": point})
        return value if abs(value) < 1e300 else None
    except _FAILURES:
        return None


def _agree(f: Expr, derivative: Expr, exact: object) -> bool:
    """Compare two values with `DIGITS` digits, or more if they cancel."""
    return _equal(f, derivative, exact, DIGITS) or (
        _equal(f, derivative, exact, 8 * DIGITS)  # machine numbers reach e308
    )


def _equal(f: Expr, derivative: Expr, exact: object, digits: int) -> bool:
    try:
        a, b = (_exact(node, exact, digits) for node in (f, derivative))
        if abs(a - b) <= STRICT * abs(a):
            return True
        if max(abs(a), abs(b)) >= ZERO_BELOW:
            return False
        return all(
            _vanishes(n, exact, v, digits)
            for n, v in ((f, a), (derivative, b))
        )
    except _FAILURES:
        return False


def _exact(node: Expr, point: object, digits: int):
    library = high_precision()
    with library.precision(digits):
        return value_of(node, {"x": point}, library)


def _vanishes(node: Expr, point: object, value, digits: int) -> bool:
    """Tell rounding from a tiny number: only rounding shrinks with digits."""
    finer = abs(_exact(node, point, 3 * digits))
    return value == 0 or finer < STRICT * abs(value)


@lru_cache(maxsize=8)
def _grid(points: tuple) -> tuple:
    """Return pairs of machine number and 50-digit number."""
    return tuple(high_precision().point(p) for p in points)


@lru_cache(maxsize=1)
def high_precision() -> "HighPrecision":
    """Return the one library of 50-digit numbers (imports mpmath)."""
    return HighPrecision()


class HighPrecision:
    """Numbers for `expressions.value_of` with 50 digits, by mpmath."""

    names = {"ln": "log"}

    def __init__(self):
        import mpmath

        self.mp = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else None
        self.mp = self.mp or mpmath.mp

    def precision(self, digits: int = DIGITS):
        """Return a context in which so many digits are carried."""
        return self.mp.workdps(digits)

    def point(self, text: str | tuple[str, str]) -> tuple:
        """Return a point as (machine number, 50-digit number)."""
        with self.precision():
            if isinstance(text, tuple):
                parts = [self.mp.mpf(t) for t in text]
                return complex(*map(float, text)), self.mp.mpc(*parts)
            return float(text), self.mp.mpf(text)

    def rational(self, q: Rational):
        """Return a fraction as a 50-digit number."""
        return self.mp.mpf(q.numerator) / q.denominator

    def clean(self, value):
        """Drop an imaginary part that is rounding; refuse nan and inf."""
        if not self.mp.isfinite(value):
            raise ValueError("no finite value")
        rounding = self.mp.mpf(10) ** -40 * abs(value.real)
        return value.real if abs(value.imag) <= rounding else value

    def power(self, base, e: Rational):
        """Return base**e by the principal branch."""
        if isinstance(e, int):
            return self.clean(base**e)
        if e.denominator == 2:
            return self.clean(self.mp.sqrt(base) ** e.numerator)
        return self.clean(self.mp.power(base, self.rational(e)))

    def call(self, name: str, value):
        """Return a function value by the principal branch."""
        function = getattr(self.mp, self.names.get(name, name))
        return self.clean(function(value))
