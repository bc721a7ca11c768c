"""Problems with known answers: BWD, IBP, substitution, ODE1 and ODE2.

Every generator is an endless iterator over distinct pairs of token tuples;
`take` cuts a number of them off. No generator integrates anything.
"""

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from random import Random
from zlib import crc32

from topoi.symbolic_integration.expressions import (
    FUNCTIONS,
    ZERO,
    Expr,
    ExpressionError,
    X,
    add,
    apply,
    combine,
    diff,
    divide,
    has_symbol,
    mul,
    nodes,
    number,
    power,
    subtract,
    symbol,
    to_prefix,
)
from topoi.symbolic_integration.trees import Tree, TreeSampler

Tokens = tuple[str, ...]
Pair = tuple[Tokens, Tokens]

TEST_SHARE = 20  # one problem in so many is held out
_DROPPED = (ExpressionError, ArithmeticError, RecursionError)
_PATIENCE = 100_000  # draws without a new pair before a stream gives up


@dataclass(frozen=True)
class Family:
    """A distribution of random functions.

    Attributes
    ----------
    name : str
    unary, binary : dict of str to float
        Operators with their relative weights.
    min_operators, max_operators : int
        The number of operators is uniform between them.
    integer : int
        Integer leaves lie between -integer and integer, without 0.
    x_share : float
        Probability that a leaf is x.
    max_input, max_output : int
        Longest problem and longest answer, in tokens.

    Raises
    ------
    ValueError
        If no function can be drawn with these numbers.
    """

    name: str
    unary: dict[str, float]
    binary: dict[str, float]
    min_operators: int
    max_operators: int
    integer: int = 5
    x_share: float = 0.75
    max_input: int = 512
    max_output: int = 512

    def __post_init__(self):
        if not 0 <= self.min_operators <= self.max_operators:
            raise ValueError(
                "A family needs 0 <= min_operators <= max_operators, but got "
                f"{self.min_operators} and {self.max_operators}."
            )
        if self.integer < 1 or min(self.max_input, self.max_output) < 1:
            raise ValueError(
                "A family needs integer, max_input and max_output of at "
                f"least 1, but got {self.integer}, {self.max_input} and "
                f"{self.max_output}."
            )

    @cached_property
    def sampler(self) -> TreeSampler:
        """The tree sampler of this family, built once for each instance."""
        return TreeSampler(self.max_operators)


# 15 unary and 4 binary operators, up to 15 of them (Lample and Charton).
PAPER = Family(
    "paper",
    dict.fromkeys(FUNCTIONS, 1.0)
    | {"exp": 4, "ln": 4, "sqrt": 4, "sin": 4, "cos": 4, "tan": 4},
    {"add": 10, "sub": 3, "mul": 10, "div": 5},
    min_operators=4,
    max_operators=15,
)
# What a small network can learn in a minute.
SMALL = Family(
    "small",
    dict.fromkeys(("exp", "ln", "sin", "cos", "sqrt"), 1.0),
    dict.fromkeys(("add", "sub", "mul"), 1.0),
    min_operators=1,
    max_operators=5,
    max_input=32,
    max_output=20,
)
# All operators, but short enough for the shipped network.
WIDE = Family(
    "wide",
    PAPER.unary,
    {"add": 10, "sub": 3, "mul": 10, "div": 5},
    min_operators=1,
    max_operators=6,
    max_input=48,
    max_output=32,
)
_SHORT = Family("short", PAPER.unary, WIDE.binary, 1, 4)
FAMILIES = {family.name: family for family in (PAPER, SMALL, WIDE)}


def random_expression(family: Family, rng: Random) -> Expr:
    """Return a random function of x of the family, in canonical form.

    Raises
    ------
    DomainError
        If a constant part has no real value; draw again.
    """
    n = rng.randint(family.min_operators, family.max_operators)
    return label(family.sampler.sample(n, rng), family, rng)


def label(tree: Tree, family: Family, rng: Random) -> Expr:
    """Put random operators and leaves of a family on a tree."""
    stack: list[Expr] = []
    for arity in reversed(tree):
        if arity == 0:
            stack.append(_leaf(family, rng))
        elif arity == 1:
            stack.append(apply(_choose(family.unary, rng), stack.pop()))
        else:
            name = _choose(family.binary, rng)
            stack.append(combine(name, stack.pop(), stack.pop()))
    return stack[0]


def _leaf(family: Family, rng: Random) -> Expr:
    if rng.random() < family.x_share:
        return X
    value = rng.randint(1, family.integer)
    return number(value if rng.random() < 0.5 else -value)


_SUMS: dict[int, tuple] = {}


def _choose(weights: dict[str, float], rng: Random) -> str:
    key = id(weights)
    if key not in _SUMS:
        sums = tuple(accumulate(weights.values()))
        _SUMS[key] = (tuple(weights), sums, weights)  # keeps the id in use
    names, sums, _ = _SUMS[key]
    return names[bisect(sums, rng.random() * sums[-1])]


def without_constant(F: Expr) -> Expr:  # noqa: N803
    """Drop the additive constant, which no derivative can show."""
    if F[0] == "Add":
        kept = [mul(number(q), t) for t, q in F[1] if has_symbol(t)]
        if F[2] or len(kept) < len(F[1]):
            return add(*kept)
    return F


def bwd_pairs(
    family: Family, seed: int, draw: Callable[[Random], Expr] | None = None
) -> Iterator[Pair]:
    """Yield distinct (problem, answer) pairs by differentiating functions.

    Parameters
    ----------
    family : Family
        What is drawn, and the longest problem and answer.
    seed : int
    draw : callable, optional
        Draws a function from a generator instead of `random_expression`.

    Raises
    ------
    RuntimeError
        If very many draws in a row made no new pair.
    """
    rng = Random(seed)
    seen: set[Tokens] = set()
    for _ in _draws(family, seen):
        try:
            if draw is None:
                F = random_expression(family, rng)
            else:
                F = draw(rng)
            F = without_constant(F)
            if not has_symbol(F):
                continue
            pair = _encoded(diff(F), F, family)
        except _DROPPED:
            continue
        if pair is not None and pair[0] not in seen:
            seen.add(pair[0])
            yield pair


def _draws(family: Family, seen: set[Tokens]) -> Iterator[int]:
    """Count draws for ever, unless too many in a row find nothing new."""
    found, idle = len(seen), 0
    while idle < _PATIENCE:
        yield idle
        found, idle = len(seen), idle + 1 if len(seen) == found else 0
    raise RuntimeError(
        f"{_PATIENCE:,} draws in a row made no new pair of the family "
        f"{family.name!r}, after {found:,} pairs: it is too small, or "
        "max_input and max_output leave nothing. Ask for fewer pairs."
    )


def _encoded(problem: Expr, answer: Expr, family: Family) -> Pair | None:
    """Return the token tuples, or None if one is too long or trivial."""
    if problem == ZERO:
        return None
    output = to_prefix(answer)
    if len(output) > family.max_output:
        return None
    tokens = to_prefix(problem)
    return (tokens, output) if len(tokens) <= family.max_input else None


def ibp_pairs(family: Family, seed: int, cache_size: int = 200_000):
    """Yield distinct pairs by integration by parts.

    For random F, G with derivatives f, g: if the integral of f G is known,
    that of F g is F G minus it. What becomes known is remembered, up to the
    rational content of the integrand, so the method feeds itself.
    """
    rng = Random(seed)
    known: dict[Expr, Expr] = {}
    functions: list[tuple[Expr, Expr]] = []
    seen: set[Tokens] = set()
    for _ in _draws(family, seen):
        try:
            F = without_constant(random_expression(family, rng))
            if not has_symbol(F):
                continue
            new = (F, diff(F))
            _remember(known, *new[::-1])
            functions.append(new)
            partners = [rng.choice(functions) for _ in range(4)]
            found = [by_parts(known, new, other) for other in partners]
        except _DROPPED:
            continue
        if len(known) > cache_size:
            known.clear()
            functions.clear()
        for problem, answer in filter(None, found):
            _remember(known, problem, answer)
            pair = _encoded(problem, answer, family)
            if pair is not None and pair[0] not in seen:
                seen.add(pair[0])
                yield pair


def by_parts(
    known: dict[Expr, Expr],
    first: tuple[Expr, Expr],
    second: tuple[Expr, Expr],
) -> tuple[Expr, Expr] | None:
    """Return (F g, F G - integral of f G), or the mirrored pair, or None.

    Parameters
    ----------
    known : dict
        Integrands with their antiderivatives, as `recall` reads them.
    first, second : (function, derivative)
        F with f, and G with g.
    """
    for (F, f), (G, g) in ((first, second), (second, first)):
        try:
            rest = recall(known, mul(f, G))
            if rest is None:
                continue
            answer = without_constant(subtract(mul(F, G), rest))
        except _DROPPED:
            continue
        if has_symbol(answer):
            return mul(F, g), answer
    return None


def _content_free(node: Expr) -> tuple[Expr, Fraction]:
    """Write an integrand as (primitive part, rational factor)."""
    if node[0] == "Mul":
        return mul(number(1 / Fraction(node[2])), node), Fraction(node[2])
    if node[0] == "Add":
        scale = Fraction(node[1][0][1])
        return mul(number(1 / scale), node), scale
    return node, Fraction(1)


def _remember(known: dict[Expr, Expr], problem: Expr, answer: Expr) -> None:
    if problem != ZERO:
        primitive, factor = _content_free(problem)
        known.setdefault(primitive, mul(number(1 / factor), answer))


def recall(known: dict[Expr, Expr], problem: Expr) -> Expr | None:
    """Return the integral of a known problem, or None.

    Constants and powers of x need no cache.
    """
    if problem == ZERO:
        return ZERO
    if problem[0] == "Number":
        return mul(problem, X)
    primitive, factor = _content_free(problem)
    if primitive in known:
        return mul(number(factor), known[primitive])
    return None


# -- problems of textbook shape ---------------------------------------------


def random_table_function(rng: Random) -> Expr:
    """Return a function of the shape that integral tables are full of.

    Sums of one to three terms: a rational number times powers of x or of a
    linear or quadratic polynomial, times at most one elementary function of
    such a polynomial. BWD on them reaches integrands that the uniform tree
    distribution almost never draws.
    """
    terms = [_table_term(rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    return add(*terms)


def _table_term(rng: Random) -> Expr:
    scale = number(
        Fraction(
            rng.choice((-1, 1)) * rng.choice(_SMALL_INTEGERS),
            rng.choice(_SMALL_INTEGERS),
        )
    )
    parts = [scale]
    kind = rng.random()
    if kind < 0.75:
        name = rng.choice(_TABLE_NAMES)
        inner = _polynomial(rng)
        parts.append(
            power(inner, _exponent(rng))
            if name == "power"
            else power(apply(name, inner), rng.choice((1, 1, 1, 2, 3, -1)))
        )
    if kind > 0.35 and rng.random() < 0.8:
        parts.append(power(X, rng.choice((1, 1, 2, 2, 3, 4, -1, -2))))
    return mul(*parts)


def random_integrand(rng: Random) -> Expr:
    """Return a function of the shape that people ask integrals of.

    One product of a rational number and one to three factors: powers of x,
    of polynomials, of elementary functions of polynomials; sometimes a sum
    of two such products, or a short random function.
    """
    kind = rng.random()
    if kind < 0.15:
        return random_expression(_SHORT, rng)
    first = _integrand_product(rng)
    if kind < 0.3:
        return add(first, _integrand_product(rng))
    return first


def _integrand_product(rng: Random) -> Expr:
    parts = [number(rng.choice((1, 1, 1, 1, -1, 2, 3)))]
    argument = _polynomial(rng)
    for _ in range(rng.choice((1, 2, 2, 3))):
        kind = rng.random()
        if kind < 0.35:
            parts.append(power(X, rng.choice((1, 1, 2, 3, 4, -1, -2, -3))))
        elif kind < 0.65:
            parts.append(power(_polynomial(rng), _exponent(rng)))
        else:
            if rng.random() < 0.2:
                argument = _polynomial(rng)
            factor = apply(rng.choice(_INTEGRAND_NAMES), argument)
            parts.append(power(factor, rng.choice((1, 1, 1, 2, 3, -1, -2))))
    return mul(*parts)


_INTEGRAND_NAMES = (
    "sin", "cos", "sin", "cos", "tan", "exp", "exp", "ln", "ln", "atan",
    "asin", "sinh", "cosh", "tanh",
)  # fmt: skip
_SMALL_INTEGERS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10)
_TABLE_NAMES = (
    "power", "power", "power", "power", "power", "ln", "ln", "exp", "sin",
    "cos", "sin", "cos", "tan", "atan", "asin", "sqrt", "sinh", "atanh",
    "asinh",
)  # fmt: skip


def _exponent(rng: Random) -> Fraction:
    if rng.random() < 0.4:
        return Fraction(rng.choice((-1, -1, -2, -3, 2, 3, 4)))
    return Fraction(
        rng.choice((1, 1, 3, 5, -1, -1, -3)), rng.choice((2, 2, 2, 3))
    )


def _polynomial(rng: Random) -> Expr:
    """Return x, x^k, a + b x, a + b x^2 or a + b x + c x^2."""
    kind = rng.random()
    a, b, c = (
        rng.choice((-1, 1)) * rng.choice(_SMALL_INTEGERS) for _ in range(3)
    )
    if kind < 0.35:
        return X
    if kind < 0.45:
        return mul(number(abs(a)), X)
    if kind < 0.5:
        return power(X, rng.choice((2, 3)))
    if kind < 0.7:
        return add(number(a), mul(number(b), X))
    square = mul(number(c), power(X, rng.choice((2, 2, 2, 3, 4))))
    if kind < 0.9:
        return add(number(a), square)
    return add(number(a), mul(number(b), X), square)


def substitution_pairs(family: Family, seed: int) -> Iterator[Pair]:
    """Yield distinct pairs h(u) u' with answer H(u), for short h = H'.

    The chain rule read backwards: H is a short function, u another one.
    """
    inner = Family(
        family.name, family.unary, family.binary, 1, 2, max_input=12
    )

    def draw(rng: Random) -> Expr:
        outer = random_expression(inner, rng)
        return substitute(outer, random_table_function(rng))

    yield from bwd_pairs(family, seed, draw)


def substitute(node: Expr, u: Expr, name: str = "x") -> Expr:
    """Return the expression with a symbol replaced by `u`."""
    kind = node[0]
    if kind == "Symbol":
        return u if node[1] == name else node
    if kind == "Number":
        return node
    if kind == "Add":
        parts = [mul(number(q), substitute(t, u, name)) for t, q in node[1]]
        return add(number(node[2]), *parts)
    if kind == "Mul":
        parts = [power(substitute(b, u, name), e) for b, e in node[1]]
        return mul(number(node[2]), *parts)
    return apply(kind, substitute(node[1], u, name))


def table_pairs(family: Family, seed: int) -> Iterator[Pair]:
    """Yield distinct pairs by differentiating `random_table_function`."""
    yield from bwd_pairs(family, seed, random_table_function)


# -- differential equations --------------------------------------------------

C, C1, C2, Y, Y1, Y2 = map(symbol, ("c", "c1", "c2", "y", "y1", "y2"))
_INVERSES = {
    "exp": "ln", "ln": "exp", "sin": "asin", "cos": "acos", "tan": "atan",
    "asin": "sin", "acos": "cos", "atan": "tan", "sinh": "asinh",
    "cosh": "acosh", "tanh": "atanh", "asinh": "sinh", "acosh": "cosh",
    "atanh": "tanh",
}  # fmt: skip


def count_symbol(node: Expr, name: str) -> int:
    """Return how often a symbol stands in an expression."""
    return sum(1 for part in nodes(node) if part == ("Symbol", name))


def solve_for(node: Expr, name: str, value: Expr) -> Expr:
    """Solve ``node = value`` for a symbol that stands in `node` once.

    The path from the root to the symbol is walked and each operation is
    inverted on `value` (one branch of each inverse).

    Raises
    ------
    ValueError
        If the symbol does not stand exactly once.
    """
    count = count_symbol(node, name)
    if count != 1:
        raise ValueError(
            f"solve_for needs {name} to stand once in the expression, but "
            f"it stands {count} times. Collect it first."
        )
    while node != ("Symbol", name):
        node, value = _inverted(node, name, value)
    return value


def _inverted(node: Expr, name: str, value: Expr) -> tuple[Expr, Expr]:
    kind = node[0]
    if kind == "Add":
        ((term, q),) = [p for p in node[1] if has_symbol(p[0], name)]
        others = [mul(number(f), t) for t, f in node[1] if t is not term]
        rest = subtract(value, add(number(node[2]), *others))
        return term, mul(number(1 / Fraction(q)), rest)
    if kind == "Mul":
        ((base, e),) = [p for p in node[1] if has_symbol(p[0], name)]
        others = [power(b, f) for b, f in node[1] if b is not base]
        rest = divide(value, mul(number(node[2]), *others))
        return base, power(rest, 1 / Fraction(e))
    return node[1], apply(_INVERSES[kind], value)


def ode1_pairs(family: Family, seed: int) -> Iterator[Pair]:
    """Yield distinct (first-order equation, solution) pairs.

    A function f(x, c) with one leaf c is solved for c = F(x, y); its total
    derivative, F_x + y' F_y = 0, no longer contains c. Problems use the
    symbols x, y, y1 (for y'), solutions x and c.

    Notes
    -----
    The inverse functions choose one branch, so the solution holds on an
    open set of x and c, not for all. Source: Lample and Charton, section 3.
    """
    yield from _ode_pairs(family, seed, first_order_equation)


def ode2_pairs(family: Family, seed: int) -> Iterator[Pair]:
    """Yield distinct (second-order equation, solution) pairs.

    A function f(x, c1, c2) is solved for c2, differentiated, the result
    solved for c1 (where that is possible) and differentiated again. Problems
    use x, y, y1, y2 for the derivatives of y, solutions x, c1 and c2.
    """
    yield from _ode_pairs(family, seed, second_order_equation)


def _ode_pairs(family: Family, seed: int, build: Callable) -> Iterator[Pair]:
    rng = Random(seed)
    seen: set[Tokens] = set()
    for _ in _draws(family, seen):
        n = rng.randint(family.min_operators, family.max_operators)
        tree = family.sampler.sample(n, rng)
        try:
            made = build(label(tree, family, rng), rng)
            pair = made and _encoded(*made, family)
        except _DROPPED:
            continue
        if pair and pair[0] not in seen:
            seen.add(pair[0])
            yield pair


def plant(node: Expr, rng: Random, constants: list[Expr]) -> Expr | None:
    """Replace one random leaf by each of the constants, else return None."""
    for constant in constants:
        paths = [p for p in _leaf_paths(node) if p[1] not in constants]
        if not paths:
            return None
        node = _replace(node, rng.choice(paths)[0], constant)
    return node


def _leaf_paths(node: Expr, path: tuple = ()) -> Iterator[tuple]:
    if node[0] in ("Symbol", "Number"):
        yield path, node
    elif node[0] in ("Add", "Mul"):
        for i, (part, _) in enumerate(node[1]):
            yield from _leaf_paths(part, (*path, i))
        if node[0] == "Add" and node[2]:
            yield (*path, -1), number(node[2])
    else:
        yield from _leaf_paths(node[1], (*path, 0))


def _replace(node: Expr, path: tuple, leaf: Expr) -> Expr:
    if not path:
        return leaf
    i, kind = path[0], node[0]
    if i == -1:
        return add(subtract(node, number(node[2])), leaf)
    if kind == "Add":
        t, q = node[1][i]
        new = mul(number(q), _replace(t, path[1:], leaf))
        others = [
            mul(number(f), s) for j, (s, f) in enumerate(node[1]) if j != i
        ]
        return add(new, *others, number(node[2]))
    if kind == "Mul":
        b, e = node[1][i]
        new = power(_replace(b, path[1:], leaf), e)
        others = [power(s, f) for j, (s, f) in enumerate(node[1]) if j != i]
        return mul(number(node[2]), new, *others)
    return apply(kind, _replace(node[1], path[1:], leaf))


def first_order_equation(
    function: Expr, rng: Random
) -> tuple[Expr, Expr] | None:
    """Return an equation for y and its solution f(x, c), or None.

    The function gets one leaf c; y = f(x, c) is solved for c, and the total
    derivative of the result no longer contains it.
    """
    function = plant(function, rng, [C])
    if function is None or not has_symbol(function, "x"):
        return None
    function = clean_constants(function, ("c",))
    if count_symbol(function, "c") != 1:
        return None
    invariant = solve_for(function, "c", Y)  # c = F(x, y)
    equation = total_derivative(invariant)
    equation = strip_factors(equation, "y1")
    return (equation, function) if has_symbol(equation, "y1") else None


def second_order_equation(
    function: Expr, rng: Random
) -> tuple[Expr, Expr] | None:
    """Return an equation for y and its solution f(x, c1, c2), or None."""
    function = plant(function, rng, [C1, C2])
    if function is None or not has_symbol(function, "x"):
        return None
    function = clean_constants(function, ("c1", "c2"))
    if count_symbol(function, "c2") != 1 or not has_symbol(function, "c1"):
        return None
    first = total_derivative(solve_for(function, "c2", Y))
    first = strip_factors(first, "c1")
    if count_symbol(first, "c1") != 1:
        return None
    second = total_derivative(solve_for(first, "c1", ZERO))
    second = strip_factors(second, "y2")
    return (second, function) if has_symbol(second, "y2") else None


def total_derivative(node: Expr) -> Expr:
    """Return d/dx along a curve y(x), with y1 and y2 for its derivatives."""
    return add(
        diff(node),
        mul(Y1, diff(node, "y")),
        mul(Y2, diff(node, "y1")),
    )


def strip_factors(equation: Expr, name: str) -> Expr:
    """Drop factors without the symbol from ``equation = 0``.

    They are assumed to differ from zero on the open set of interest. A sum
    is first freed of the factors that all its terms share.
    """
    if equation[0] == "Add":
        equation = _without_common(equation)
    if equation[0] != "Mul":
        return equation
    kept = [power(b, 1) for b, e in equation[1] if has_symbol(b, name)]
    return mul(*kept) if kept else equation


def _without_common(total: Expr) -> Expr:
    """Divide a sum by the powers that all its terms have in common."""
    if total[2]:
        return total
    tables = [dict(t[1]) if t[0] == "Mul" else {t: 1} for t, _ in total[1]]
    shared = set(tables[0]).intersection(*tables[1:])
    parts = [power(b, -min(t[b] for t in tables)) for b in sorted(shared)]
    scale = mul(*parts)
    return add(*(mul(scale, number(q), t) for t, q in total[1]))


def clean_constants(node: Expr, names: tuple[str, ...]) -> Expr:
    """Absorb numbers into an unknown constant: 3 c -> c, c + 2 -> c.

    This assumes that the constants run through an open set: the renamed
    constant need not take exactly the same values. Only a constant that
    stands alone in its sum or product absorbs.
    """
    kind = node[0]
    if kind in ("Symbol", "Number"):
        return node
    if kind == "Add":
        parts = [(clean_constants(t, names), q) for t, q in node[1]]
        free = any(t[0] == "Symbol" and t[1] in names for t, _ in parts)
        terms = [_absorbed(t, q, names) for t, q in parts]
        return add(*terms) if free else add(*terms, number(node[2]))
    if kind == "Mul":
        parts = [(clean_constants(b, names), e) for b, e in node[1]]
        free = any(b[0] == "Symbol" and b[1] in names for b, _ in parts)
        powers = [
            b if b[0] == "Symbol" and b[1] in names else power(b, e)
            for b, e in parts
        ]
        return mul(*powers) if free else mul(number(node[2]), *powers)
    return apply(kind, clean_constants(node[1], names))


def _absorbed(term: Expr, q, names: tuple[str, ...]) -> Expr:
    is_constant = term[0] == "Symbol" and term[1] in names
    return term if is_constant else mul(number(q), term)


# -- hold-out and mixing ------------------------------------------------------


def is_held_out(problem: Iterable[str]) -> bool:
    """Return whether a problem belongs to the test set.

    The decision is a hash of the input alone, after canonicalisation, so
    the same problem can never stand on both sides, whoever generated it.
    """
    return crc32(" ".join(problem).encode()) % TEST_SHARE == 0


def take(
    pairs: Iterator[Pair], count: int, held_out: bool | None = None
) -> list[Pair]:
    """Return the next pairs: of the training side, the test side, or all."""
    chosen = []
    for pair in pairs:
        if held_out is None or is_held_out(pair[0]) == held_out:
            chosen.append(pair)
            if len(chosen) >= count:
                break
    return chosen


GENERATORS: dict[str, Callable[[Family, int], Iterator[Pair]]] = {
    "bwd": bwd_pairs,
    "ibp": ibp_pairs,
    "table": table_pairs,
    "substitution": substitution_pairs,
}
