"""Oracles for topoi.symbolic_integration: SymPy, mpmath, brute force."""

import json
import math
import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice, product
from pathlib import Path
from random import Random

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from topoi import data
from topoi.symbolic_integration import __main__ as tool
from topoi.symbolic_integration import (
    expressions,
    generators,
    peers,
    search,
    shipped,
    train,
    trees,
    verification,
    vocabulary,
)
from topoi.symbolic_integration.expressions import (
    ExpressionError,
    diff,
    from_prefix,
    to_infix,
    to_prefix,
)
from topoi.symbolic_integration.generators import PAPER, SMALL, WIDE, take
from topoi.symbolic_integration.model import train as train_network
from topoi.symbolic_integration.parsing import parse
from topoi.symbolic_integration.verification import verify

# -- trees --------------------------------------------------------------------


@cache
def all_trees(n):
    """Oracle: every unary-binary tree, written down by recursion."""
    if n == 0:
        return ((0,),)
    found = [(1, *t) for t in all_trees(n - 1)]
    for left in range(n):
        pairs = product(all_trees(left), all_trees(n - 1 - left))
        found += [(2, *a, *b) for a, b in pairs]
    return tuple(found)


def expression_sum(n, p1, p2, leaves):
    """Oracle: sum over the number k of binary nodes."""
    return sum(
        math.comb(n + k, 2 * k)
        * (math.comb(2 * k, k) // (k + 1))
        * p2**k
        * p1 ** (n - k)
        * leaves ** (k + 1)
        for k in range(n + 1)
    )


def test_tree_counts_equal_brute_force():
    counts = trees.tree_counts(7)
    assert counts == [1, 2, 6, 22, 90, 394, 1806, 8558]
    assert counts[:6] == [len(set(all_trees(n))) for n in range(6)]


def test_tree_counts_approach_their_asymptotic_law():
    n = 400
    law = (2 * n + 1) * math.log(1 + math.sqrt(2)) - math.log(
        2**0.75 * math.sqrt(math.pi * n**3)
    )
    assert (
        abs(math.log(trees.tree_counts(n)[n]) - law) < 2 / n
    )  # the next term of the law is O(1/n)


@pytest.mark.parametrize(
    ("p1", "p2", "leaves"), [(15, 4, 11), (1, 1, 1), (0, 2, 3), (5, 3, 2)]
)
def test_expression_recurrence_equals_the_sum(p1, p2, leaves):
    ours = trees.expression_counts(15, p1, p2, leaves)
    assert ours == [expression_sum(n, p1, p2, leaves) for n in range(16)]


def test_printed_recurrence_is_a_misprint():
    assert trees.expression_counts(3, 15, 4, 11)[3] == 8570045
    printed = trees.printed_expression_counts(3, 15, 4, 11)
    assert printed[3] == Fraction(17208235, 2)  # 8604117.5
    same = trees.printed_expression_counts(9, 1, 4, 11)
    assert same == trees.expression_counts(9, 1, 4, 11)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (15, 4, 11)])
def test_sampler_weights_sum_to_the_completion_count(sizes):
    sampler = trees.TreeSampler(12, *sizes)
    for n in range(1, 13):
        for e in range(1, 14 - n):
            assert sum(sampler.weights(e, n)) == sampler.table[n][e]
    counts = trees.expression_counts(12, *sizes)
    assert [row[1] for row in sampler.table] == counts


def chi_square(counter, expected):
    return sum((counter[k] - e) ** 2 / e for k, e in expected.items())


def test_trees_are_drawn_uniformly():
    """44,000 draws over the 22 trees with three operators."""
    rng, sampler = Random(2), trees.TreeSampler(3)
    counter = Counter(sampler.sample(3, rng) for _ in range(44_000))
    assert set(counter) == set(all_trees(3))
    value = chi_square(counter, dict.fromkeys(all_trees(3), 2000))
    assert chi2.sf(value, 21) > 1e-3, value


def test_weighted_trees_make_expressions_uniform():
    """Oracle: a tree's share is the number of its labellings."""
    p1, p2, leaves = 3, 2, 2
    rng, sampler = Random(3), trees.TreeSampler(2, p1, p2, leaves)
    counter = Counter(sampler.sample(2, rng) for _ in range(20_000))
    shares = {
        t: p1 ** t.count(1) * p2 ** t.count(2) * leaves ** t.count(0)
        for t in all_trees(2)
    }
    total = sum(shares.values())
    expected = {t: 20_000 * s / total for t, s in shares.items()}
    assert chi2.sf(chi_square(counter, expected), 5) > 1e-3


def test_naive_sampler_is_far_from_uniform():
    probabilities = [trees.naive_probability(t) for t in all_trees(4)]
    assert sum(probabilities) == 1
    assert max(probabilities) / min(probabilities) > 20
    rng = Random(1)
    counter = Counter(trees.naive_tree(2, rng) for _ in range(10_000))
    expected = {
        t: 10_000 * float(trees.naive_probability(t)) for t in all_trees(2)
    }
    assert chi2.sf(chi_square(counter, expected), 5) > 1e-3


@pytest.mark.parametrize("bad", [-1, 2.0, True, "3"])
def test_tree_sizes_are_checked(bad):
    with pytest.raises(ValueError, match="int >= 0, but got"):
        trees.tree_counts(bad)
    with pytest.raises(ValueError, match=r"Build TreeSampler\(5\)"):
        trees.TreeSampler(4).sample(5, Random(0))


# -- expressions --------------------------------------------------------------


def draw(family, seed, count):
    """Return random expressions of a family that contain x."""
    rng, found = Random(seed), []
    while len(found) < count:
        try:
            e = generators.random_expression(family, rng)
        except (ExpressionError, ArithmeticError):
            continue
        if expressions.has_symbol(e):
            found.append(e)
    return found


MP_NAMES = {"log": mpmath.log} | {
    name: getattr(mpmath, name)
    for name in expressions.FUNCTIONS
    if name != "ln"
}


def mp_function(text):
    """Oracle: the infix text as Python code over mpmath."""
    text = re.sub(r"(\d+)", r"mpf(\1)", text)
    code = compile(text, "expression", "eval")
    names = MP_NAMES | {"mpf": mpmath.mpf}
    return lambda x: eval(code, names, {"x": x})  # noqa: S307


@pytest.mark.parametrize(("family", "seed"), [(SMALL, 1), (PAPER, 2)])
def test_derivatives_agree_with_central_differences(family, seed):
    """Oracle: mpmath's numerical derivative with 40 digits, no diff rules."""
    compared = 0
    with mpmath.workdps(40):
        for F in draw(family, seed, 120):
            f, dF = mp_function(to_infix(F)), mp_function(to_infix(diff(F)))
            for x in (mpmath.mpf("0.3171"), mpmath.mpf("1.4193")):
                try:
                    value = f(x)
                    if mpmath.im(value) or abs(value) > 1e6:
                        continue
                    slope = (f(x + 1e-12) - f(x - 1e-12)) / mpmath.mpf(2e-12)
                    exact = dF(x)
                except (ZeroDivisionError, ValueError, OverflowError):
                    continue
                if mpmath.im(slope) or abs(exact) > 1e5:
                    continue
                compared += 1
                assert abs(slope - exact) < 1e-9 * (1 + abs(exact)) * 1e3, (
                    to_infix(F)
                )
    assert compared > 100


@pytest.mark.parametrize("family", [SMALL, WIDE, PAPER])
def test_prefix_and_infix_notation_are_read_back(family):
    for e in draw(family, 4, 300):
        for node in (e, diff(e)):
            tokens = to_prefix(node)
            assert from_prefix(tokens) == node, to_infix(node)
            assert to_prefix(from_prefix(tokens)) == tokens
            assert verification.as_expression(to_infix(node)) == node


def test_infix_texts_mean_the_same_to_sympy():
    """Oracle: SymPy reads our text and gets our numbers."""
    x = sympy.Symbol("x")
    for e in draw(WIDE, 5, 60):
        theirs = complex(sympy.sympify(to_infix(e)).subs(x, 0.4373).evalf())
        try:
            ours = complex(expressions.value_of(e, {"x": 0.4373}))
        except ArithmeticError:
            continue
        assert abs(ours - theirs) < 1e-9 * (1 + abs(ours)), to_infix(e)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("exp(x)*exp(2*x)", "exp(3*x)"),
        ("log(exp(x**2))", "x**2"),
        ("sin(-x) + cos(-x)", "cos(x) - sin(x)"),
        ("sqrt(8/9*2)", "4/3"),
        ("sqrt(x**2)", "sqrt(x**2)"),
        ("x*(2*x + 2)/(x + 1)", "2*x"),
        ("(x**2)**3/x", "x**5"),
        ("2**(3/2)", "2*sqrt(2)"),
        ("tan(atan(x)) - x", "0"),
        ("exp(3*log(x))", "x**3"),
        ("sqrt(4*x)", "2*sqrt(x)"),
        ("x^2", "x**2"),
        ("sec(x)*cos(x)", "1"),
    ],
)
def test_canonical_forms(text, canonical):
    assert to_infix(parse(text)) == canonical


@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=6),
    st.integers(-5, 5),
)
@settings(max_examples=60, deadline=None)
def test_sums_do_not_depend_on_their_order(numbers, shift):
    terms = [
        expressions.mul(
            expressions.number(n),
            expressions.power(expressions.X, i % 3),
        )
        for i, n in enumerate(numbers)
    ]
    forward = expressions.add(*terms, expressions.number(shift))
    backward = expressions.add(expressions.number(shift), *terms[::-1])
    assert forward == backward


NESTED = "(" * 5000 + "x" + ")" * 5000
BAD_TEXTS = [
    ("", "empty"),
    ("   ", "empty"),
    ("(x", "closing bracket is missing at position 3"),
    ("x)", "closing bracket without an opening one at position 2"),
    ("2x", r"write 2\*x"),
    ("x y", "operator is missing before 'y'"),
    ("y + 1", "Unknown name 'y'"),
    ("x**", "missing at position 4"),
    ("1/0", "Division by zero"),
    ("x/(1 - 1)", "Division by zero"),
    ("log(-1)", r"ln\(-1\) has no real value"),
    ("asin(2)*x", r"asin\(2\) has no real value"),
    ("sqrt(-2)", "no real value"),
    ("9**9**9", "exponent 387420489 is too large"),
    ("10**200", "bits appeared; at most 200"),
    (NESTED, "10001 characters; at most 4000"),
    ("(" * 1500 + "x", "nested deeper than 60"),
    ("exp(" * 200 + "x" + ")" * 200, "nested deeper than 60"),
    ("2**" * 300 + "x", "nested deeper than 60"),
    ("x @ 2", "Character '@' at position 3"),
    ("sin x", "argument in brackets"),
    ("atan(x, 2)", "functions take one argument"),
    ("__import__('os')", "Unknown name|not part of the alphabet"),
    ("1/(sin(1)**2 + cos(1)**2 - 1)", "Division by zero"),
]


@pytest.mark.parametrize(("text", "message"), BAD_TEXTS)
def test_bad_infix_input_has_a_clear_error(text, message):
    with pytest.raises(ExpressionError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("add INT+ 2", "'add' needs 2 operands, but 1 follow"),
        ("add INT+ 2 x x", "tokens that are left over"),
        ("", "one expression"),
        ("sin", "'sin' needs 1 operand"),
        ("INT+", "must be followed by digits"),
        ("add 3 x", "without a sign"),
        ("foo x", "Unknown token 'foo'"),
        ("div x INT+ 0", "Division by zero"),
    ],
)
def test_bad_prefix_input_has_a_clear_error(tokens, message):
    with pytest.raises(ExpressionError, match=message):
        from_prefix(tokens.split())


# -- verification -------------------------------------------------------------

HAND_MADE = [
    (
        "(x*tan(x) + log(x*cos(x)) - 1)/log(x*cos(x))**2",
        "x/log(x*cos(x))",
    ),
    ("x**2*(tan(x)**2 + 1) + 2*x*tan(x) + 1", "x**2*tan(x) + x"),
    ("1 + 2*cos(2*x)/sqrt(sin(2*x)**2 + 1)", "x + asinh(sin(2*x))"),
    (
        "(2*x*cos(x**2)**2*tan(x) + (2*x**2*sin(x**2)*cos(x**2)*0 + 1)"
        "*0)/1 - 2*x*cos(x**2)**2*tan(x) + cos(x)",
        "sin(x)",
    ),
    ("sin(x)*cos(x)", "sin(x)**2/2"),
    ("sin(x)*cos(x)", "-cos(2*x)/4"),
    ("1/(x**2 + 1)", "-atan(1/x)"),
    ("1/sqrt(x**2 - 1)", "log(x + sqrt(x**2 - 1))"),
    ("1/x", "log(-3*x)"),
    ("1/cos(x)", "log(sec(x) + tan(x))"),
]


@pytest.mark.parametrize(("f", "F"), HAND_MADE)
def test_true_antiderivatives_are_accepted(f, F):
    assert verify(f, F)
    assert verify(f, F + " + 7")
    assert verify(parse(f), list(to_prefix(parse(F))))


@pytest.mark.parametrize(("f", "F"), HAND_MADE)
def test_false_antiderivatives_are_rejected(f, F):
    for wrong in (f"-({F})", f"{F} + x", f, "0", f"1.000001*({F})"):
        assert not verify(f, wrong), wrong
    assert not verify(f, ["add", "x"])
    assert not verify(f, "(" + F)


def test_wrong_branches_are_rejected():
    """Right on one side of 0, or of pi/2, and wrong on the other."""
    assert not verify("x/sqrt(x**2)", "x")
    assert not verify("cos(x)/sqrt(1 - sin(x)**2)", "x")
    assert not verify("1/sqrt(x**2 - 1)", "acosh(x)")
    assert not verify("sqrt(x**2)", "x**2/2")
    assert not verify("exp(-400*x**2 - 200)", "0")  # tiny is not zero
    assert verify("sin(x)**2 + cos(x)**2 - 1", "3")  # zero is zero


def test_integrands_that_cannot_be_read_are_errors():
    with pytest.raises(ExpressionError, match="closing bracket"):
        verify("sin(x", "-cos(x)")
    with pytest.raises(ExpressionError, match="got float"):
        verify(1.5, "x")


def sympy_function(rng, depth):
    """Oracle side: a random function built by SymPy alone."""
    x = sympy.Symbol("x")
    if depth == 0 or rng.random() < 0.15:
        integer = sympy.Integer(rng.choice((-3, -2, 2, 3, 5)))
        return x if rng.random() < 0.8 else integer
    if rng.random() < 0.55:
        name = rng.choice(
            ["exp", "log", "sqrt", "sin", "cos", "tan", "atan", "asin",
             "sinh", "cosh", "tanh", "asinh"]
        )  # fmt: skip
        return getattr(sympy, name)(sympy_function(rng, depth - 1))
    a, b = (sympy_function(rng, depth - 1) for _ in range(2))
    return {0: a + b, 1: a * b, 2: a - b, 3: a / b}[rng.randrange(4)]


@cache
def sympy_truths(count=1000):
    """Return (F, f) as SymPy text, f differentiated by SymPy."""
    rng, x, found = Random(11), sympy.Symbol("x"), {}
    while len(found) < count:
        try:
            F = sympy_function(rng, 3)
            f = sympy.diff(F, x)
            if f.is_number or len(str(f)) > 250:
                continue
            parse(str(f)), parse(str(F))
        except (ExpressionError, TypeError, ArithmeticError):
            continue  # zoo, nan, complex constants
        value = complex(f.subs(x, 0.6137).evalf())
        if 1e-9 < abs(value) < 1e9:  # f = 0 has no false answers of this kind
            found[str(f)] = F
    return list(found.items())


def test_a_thousand_truths_from_sympy_are_accepted():
    """Oracle: SymPy's differentiation; no code of ours made the pairs."""
    missed = [(f, str(F)) for f, F in sympy_truths() if not verify(f, str(F))]
    assert not missed, missed[:3]


def corruptions(f, F):
    """Yield wrong answers: sign, factor, inner derivative, branch."""
    x = sympy.Symbol("x")
    yield f"-({F})"
    yield f"3/2*({F})"
    ends = [sympy.sympify(f).subs(x, q).evalf() for q in (0.31, 0.72)]
    if all(v.is_real and v.is_finite and v for v in ends):
        yield f"({F})*sqrt((x - 1/2)**2)/(x - 1/2)"  # sign changes at 1/2


def test_thousands_of_falsehoods_are_rejected():
    wrong = checked = 0
    for f, F in sympy_truths():
        for candidate in corruptions(f, F):
            checked += 1
            wrong += verify(f, candidate)
    assert checked >= 2500
    assert wrong == 0


def test_a_forgotten_inner_derivative_is_rejected():
    """F(2x + 1) and F(x**2) without the factor of the chain rule."""
    x = sympy.Symbol("x")
    accepted = 0
    for f, F in sympy_truths()[:120]:
        for u in (2 * x + 1, x**2 + x, 3 * x):
            inside = str(sympy.sympify(f).subs(x, u))
            try:
                accepted += verify(inside, str(F.subs(x, u)))
            except ExpressionError:
                continue
    assert accepted == 0


@pytest.mark.parametrize(
    ("f", "wrong", "right"),
    [
        (f"sqrt((x - {a})**2)", f"{a}*x - x**2/2",
         f"(x - {a})*sqrt((x - {a})**2)/2")
        for a in (5, 30, 150, -60)
    ],
)  # fmt: skip
def test_a_lost_absolute_value_is_found_far_from_zero(f, wrong, right):
    """Wrong on one side of a corner; right by the product rule."""
    assert not verify(f, wrong)
    assert verify(f, right)


@pytest.mark.parametrize(
    ("f", "answer"),
    [
        ("cosh(x)**2 - sinh(x)**2", "x"),
        ("(exp(x) + 1)**3 - exp(3*x) - 3*exp(2*x) - 3*exp(x)", "x"),
    ],
)
def test_cancellation_far_from_zero_is_no_objection(f, answer):
    """At 163.9 the terms reach 1e142 and their sum is 1."""
    assert verify(f, answer)


# -- generators ---------------------------------------------------------------

STREAMS = {
    "bwd small": lambda s: generators.bwd_pairs(SMALL, s),
    "bwd paper": lambda s: generators.bwd_pairs(PAPER, s),
    "ibp": lambda s: generators.ibp_pairs(SMALL, s),
    "table": lambda s: generators.table_pairs(WIDE, s),
    "substitution": lambda s: generators.substitution_pairs(WIDE, s),
}


@pytest.mark.parametrize("name", STREAMS)
def test_every_generated_pair_verifies_and_none_repeats(name):
    pairs = take(STREAMS[name](3), 150)
    assert len({p for p, _ in pairs}) == len(pairs)
    assert all(verify(list(p), list(a)) for p, a in pairs)
    assert pairs == take(STREAMS[name](3), 150)
    assert pairs != take(STREAMS[name](4), 150)


def test_backward_pairs_agree_with_sympy():
    """Oracle: SymPy differentiates the answer; 30 digits are compared."""
    x = sympy.Symbol("x")
    for p, a in take(generators.bwd_pairs(WIDE, 8), 60):
        F = sympy.sympify(to_infix(from_prefix(a)))
        f = sympy.sympify(to_infix(from_prefix(p)))
        values = [(sympy.diff(F, x) - f).subs(x, sympy.Rational(q, 97)).evalf(
            30, chop=True) for q in (23, 61)]  # fmt: skip
        for value in values:
            if value.is_number and value.is_finite:
                assert abs(complex(value)) < 1e-12, (F, f)


def test_no_problem_is_on_both_sides_of_the_split():
    train = take(generators.bwd_pairs(SMALL, 1), 3000, held_out=False)
    test = take(generators.bwd_pairs(SMALL, 2), 150, held_out=True)
    assert not {p for p, _ in train} & {p for p, _ in test}
    share = sum(
        generators.is_held_out(p)
        for p, _ in take(generators.bwd_pairs(SMALL, 3), 4000)
    )
    assert 150 < share < 250  # 200 expected, standard deviation 14


def numbers_of(tokens, values):
    node = from_prefix(tokens, symbols=vocabulary.SYMBOLS)
    return expressions.value_of(node, values)


@pytest.mark.parametrize("order", [1, 2])
def test_solutions_satisfy_their_differential_equations(order):
    """Oracle: numerical derivatives of the solution in the equation."""
    make = generators.ode1_pairs if order == 1 else generators.ode2_pairs
    checked = 0
    for equation, solution in take(make(WIDE, 5), 60):
        constants = {"c": 0.7319, "c1": 0.6137, "c2": 0.8171}
        text = to_infix(from_prefix(solution, symbols=vocabulary.SYMBOLS))
        code = compile(text, "solution", "eval")

        def y(t, code=code, constants=constants):
            names = MP_NAMES | constants | {"x": t}
            return eval(code, names)  # noqa: S307

        for point in (0.3377, 0.8713):
            try:
                with mpmath.workdps(30):
                    ys = [y(mpmath.mpf(point)), *(
                        mpmath.diff(y, mpmath.mpf(point), n)
                        for n in (1, 2))]  # fmt: skip
                if any(abs(mpmath.im(v)) > 0 for v in ys):
                    continue
                values = dict(
                    zip(("x", "y", "y1", "y2"), map(float, [point, *ys]),
                        strict=True)
                )  # fmt: skip
                residual = numbers_of(equation, values)
                near = numbers_of(equation, values | {
                    f"y{order}": values[f"y{order}"] * 1.01 + 0.01
                })  # fmt: skip
            except (ArithmeticError, ValueError):
                continue
            size = abs(near - residual)
            if isinstance(residual, complex) or not 1e-8 < size < 1e8:
                continue  # another branch of the inverse, or no slope
            if abs(residual) < 1e-6 * size:
                checked += 1
    assert checked >= 30


@pytest.mark.parametrize(
    ("before", "after"),
    [("3*c*x", "c*x"), ("c + 2", "c"), ("exp(2*c) + x", "exp(c) + x")],
)
def test_constants_absorb_numbers(before, after):
    node = parse(before, symbols=("x", "c"))
    cleaned = generators.clean_constants(node, ("c",))
    assert to_infix(cleaned) == to_infix(parse(after, symbols=("x", "c")))


def test_solving_needs_one_occurrence():
    with pytest.raises(ValueError, match="c to stand once"):
        generators.solve_for(parse("c*x + c**2", ("x", "c")), "c", parse("x"))


# -- vocabulary, model, search ------------------------------------------------


def test_vocabulary_round_trip_and_errors():
    tokens = to_prefix(parse("-12*x*sin(x) + 1/3"))
    numbers = vocabulary.encode(tokens)
    assert vocabulary.decode([*numbers, 2, 7, 7]) == list(tokens)
    array = vocabulary.to_array([tokens], 30, marks=True)
    assert array[0, 0] == 1
    assert array[0, len(tokens) + 1] == 2
    with pytest.raises(ExpressionError, match="'erf' is not in the vocab"):
        vocabulary.encode(["erf"])
    with pytest.raises(ValueError, match="Row 0 has 14 tokens"):
        vocabulary.to_array([tokens], 4)


@pytest.fixture(scope="module")
def network():
    import keras

    from topoi.symbolic_integration.model import Seq2Seq

    keras.utils.set_random_seed(3)
    network = Seq2Seq(16, 2, 2)
    network.build()
    return network


@pytest.fixture(scope="module")
def tokens():
    rng = np.random.default_rng(0)
    return rng.integers(3, 40, (3, 9)), rng.integers(3, 40, (3, 7))


def logits(network, problems, answers):
    from keras import ops

    return ops.convert_to_numpy(network((problems, answers)))


def test_padding_and_the_future_change_nothing(network, tokens):
    problems, answers = tokens
    full = logits(network, problems, answers)
    assert full.shape == (3, 7, len(vocabulary.TOKENS))
    padded = np.pad(problems, ((0, 0), (0, 5)))
    np.testing.assert_allclose(
        logits(network, padded, answers), full, atol=2e-5
    )
    later = answers.copy()
    later[:, 5:] = 4
    np.testing.assert_allclose(
        logits(network, problems, later)[:, :5], full[:, :5], atol=2e-5
    )
    np.testing.assert_allclose(
        logits(network, problems[1:2], answers[1:2])[0], full[1], atol=2e-5
    )


def test_order_of_the_input_matters(network, tokens):
    """Without positions a permuted problem would give the same logits."""
    problems, answers = tokens
    mirrored = logits(network, problems[:, ::-1].copy(), answers)
    assert np.abs(mirrored - logits(network, problems, answers)).max() > 1e-3


def test_stored_keys_and_values_give_the_same_logits(network, tokens):
    """Oracle: the decoder run on the whole answer at once."""
    problems, answers = tokens
    answers = answers.copy()
    answers[:, 0] = vocabulary.START
    step = search.model_stepper(network, problems, 1, 7)
    full = search.log_softmax(logits(network, problems, answers))
    for position in range(7):
        last = answers[:, position : position + 1]
        out = step(last, np.zeros((3, 1), int), position)
        np.testing.assert_allclose(out[:, 0], full[:, position], atol=1e-4)


def test_the_network_survives_saving(network, tokens, tmp_path):
    import keras

    problems, answers = tokens
    network((problems, answers))
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_allclose(
        logits(again, problems, answers), logits(network, problems, answers)
    )


def test_attention_refuses_a_width_that_heads_do_not_divide():
    from topoi.symbolic_integration.model import Attention

    with pytest.raises(ValueError, match="multiple of 6"):
        Attention(3).build((None, None, 8))


def table_stepper(table, problems, beam):
    """Return a stepper for a Markov chain: next token given the last."""

    def step(tokens, parents, position):
        return np.log(table)[np.minimum(tokens, len(table) - 1)]

    return step


def exhaustive(table, length):
    """Oracle: score every sequence that ends within `length` tokens."""
    size, found = len(table), []
    for n in range(1, length + 1):
        for body in product([t for t in range(size) if t != 2], repeat=n - 1):
            sequence = (1, *body, 2)
            logs = [
                np.log(table[a, b])
                for a, b in zip(sequence, sequence[1:], strict=False)
            ]
            found.append((sum(logs) / n, sequence[1:]))
    return sorted(found, reverse=True)


def test_a_wide_beam_equals_exhaustive_search():
    rng = np.random.default_rng(5)
    table = rng.dirichlet(np.ones(5), size=5)
    found = search.search(table_stepper(table, 1, 400), 1, 400, 4)[0]
    oracle = exhaustive(table, 4)
    for (sequence, score), (best, expected) in zip(
        found[:20], oracle[:20], strict=True
    ):
        assert score == pytest.approx(best)
        assert sequence == expected


def test_beam_one_is_greedy_and_finished_answers_stay_finished():
    rng = np.random.default_rng(6)
    for _ in range(20):
        table = rng.dirichlet(np.ones(6), size=6)
        greedy, last = [], 1
        while len(greedy) < 8 and last != 2:
            last = int(np.argmax(table[last]))
            greedy.append(last)
        found = search.search(table_stepper(table, 1, 1), 1, 1, 8)[0]
        if last == 2:
            assert found[0][0] == tuple(greedy)
        for beam in (1, 3, 5):
            for answer, _ in search.search(
                table_stepper(table, 1, beam), 1, beam, 8
            )[0]:
                assert answer.count(2) == 1
                assert answer[-1] == 2


def test_a_beam_finds_what_greedy_search_misses():
    """The first step favours 3, but 4 leads to the better ending."""
    table = np.full((5, 5), 1e-3)
    table[1, 3], table[1, 4] = 0.55, 0.44
    table[3, 2], table[3, 0], table[3, 4] = 0.3, 0.35, 0.34
    table[4, 2] = 0.99
    table /= table.sum(axis=1, keepdims=True)
    best = search.search(table_stepper(table, 1, 4), 1, 4, 5)[0][0]
    assert best[0] == (4, 2)


def test_beam_search_checks_its_arguments(network):
    with pytest.raises(ValueError, match="beam=0 and 1 problems"):
        search.beam_search(network, [("x",)], 0)


def test_batches_have_few_shapes_and_are_reproducible():
    from topoi.symbolic_integration.model import Batches

    pairs = take(generators.bwd_pairs(SMALL, 1), 400)
    first, second = (Batches(pairs, 16, 3, 30) for _ in range(2))
    assert len(first) == 30
    for i in range(30):
        (problems, answers), target = first[i]
        assert problems.shape[1] in (12, 20, 32)
        np.testing.assert_array_equal(answers[:, 1:], target[:, :-1])
        np.testing.assert_array_equal(problems, second[i][0][0])
    np.testing.assert_array_equal(first.cut(10, 20)[3][1], first[13][1])
    with pytest.raises(ValueError, match="do not fill one batch of 64"):
        Batches(pairs[:10], 64, 1, 5)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, monkeypatch):
    pairs = take(generators.bwd_pairs(SMALL, 1), 200)
    settings_ = replace(
        train.SETTINGS["minute"], width=8, layers=1, heads=2, steps=6,
        batch_size=16, chunks=2, widths=(32,),
    )  # fmt: skip
    whole, losses = train.run(
        settings_, 5, tmp_path / "a", pairs, verbose=False
    )
    assert len(losses) == 6
    assert not list((tmp_path / "a").glob("*.tmp"))
    state = json.loads((tmp_path / "a" / "state.json").read_text())
    assert state["done"] == 6
    again, same = train.run(settings_, 5, tmp_path / "a", pairs, verbose=False)
    assert same == losses
    stored = shipped.load_network(tmp_path / "a" / "weights.npz")
    for a, b, c in zip(whole.get_weights(), again.get_weights(),
                       stored.get_weights(), strict=True):  # fmt: skip
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, atol=2e-3)


@pytest.mark.parametrize("moment", ["checkpoint", "state"])
def test_a_run_killed_while_it_writes_is_resumed(
    moment, tmp_path, monkeypatch
):
    """Killed before the second checkpoint is whole, or before its state."""
    pairs = take(generators.bwd_pairs(SMALL, 1), 200)
    settings_ = tiny_settings()
    whole, losses = train.run(settings_, 5, None, pairs, verbose=False)
    write = shipped.write_whole
    replace_path = Path.replace

    def killed_at_state(path, content):
        if path.name == "state.json" and json.loads(content)["done"] == 6:
            raise KeyboardInterrupt
        write(path, content)

    def killed_at_checkpoint(path, target):
        if str(target).endswith("checkpoint-6.keras"):
            raise KeyboardInterrupt
        return replace_path(path, target)

    with monkeypatch.context() as patched:
        if moment == "state":
            patched.setattr(shipped, "write_whole", killed_at_state)
        else:
            patched.setattr(Path, "replace", killed_at_checkpoint)
        with pytest.raises(KeyboardInterrupt):
            train.run(settings_, 5, tmp_path, pairs, verbose=False)
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["done"] == 3
    resumed, same = train.run(settings_, 5, tmp_path, pairs, verbose=False)
    assert same == losses
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [p.name for p in tmp_path.glob("*.keras")] == ["checkpoint-6.keras"]


def tiny_settings(**changes):
    return replace(
        train.SETTINGS["minute"], width=8, layers=1, heads=2, steps=6,
        batch_size=16, chunks=2, widths=(32,), **changes,
    )  # fmt: skip


def test_a_folder_serves_one_seed_and_one_settings(tmp_path):
    pairs = take(generators.bwd_pairs(SMALL, 1), 200)
    train.run(tiny_settings(), 5, tmp_path, pairs, verbose=False)
    with pytest.raises(ValueError, match="seed = 5 instead of 6"):
        train.run(tiny_settings(), 6, tmp_path, pairs, verbose=False)
    other = tiny_settings(learning_rate=0.5)
    with pytest.raises(ValueError, match=r"learning_rate = 0.03 instead of"):
        train.run(other, 5, tmp_path, pairs, verbose=False)
    (tmp_path / "run.json").unlink()
    with pytest.raises(ValueError, match="holds a run, but not run.json"):
        train.run(tiny_settings(), 5, tmp_path, pairs, verbose=False)


@pytest.mark.parametrize(
    "changes", [{"steps": 0}, {"batch_size": 0}, {"learning_rate": 0.0}]
)
def test_settings_that_train_nothing_are_refused(changes):
    with pytest.raises(ValueError, match="a run would train nothing"):
        replace(train.SETTINGS["minute"], **changes)
    with pytest.raises(ValueError, match="parts to train on, got none"):
        replace(train.SETTINGS["minute"], parts=())


def test_a_training_stops_at_nan():
    pairs = take(generators.bwd_pairs(SMALL, 1), 200)
    settings_ = tiny_settings()
    network = train.build_network(settings_)
    network.set_weights(
        [np.full_like(w, np.nan) for w in network.get_weights()]
    )
    batches = train.batches_of(settings_, pairs, 0)
    with pytest.raises(FloatingPointError, match="The loss of step 1 is nan"):
        train_network(network, batches)


def test_problems_of_an_earlier_shard_are_dropped():
    """Repeats within a shard stay: they are its weight in the mixture."""
    a, b = (("cos", "x"), ("sin", "x")), (("exp", "x"), ("exp", "x"))
    other = (("cos", "x"), ("add", "INT+", "1", "sin", "x"))
    made = train._merged(train.SETTINGS["minute"], [[a, a], [other, b], [a]])
    assert made == [a, a, b]


def test_a_changed_family_draws_with_a_sampler_of_its_own():
    """The memo of one family served its copies, which then drew nothing."""
    assert SMALL.sampler.max_operators == 5
    larger = replace(SMALL, max_operators=9)
    assert larger.sampler.max_operators == 9
    assert SMALL.sampler.max_operators == 5
    assert SMALL.sampler is SMALL.sampler
    assert len(take(generators.bwd_pairs(larger, 1), 50)) == 50


def test_a_stream_that_finds_nothing_new_says_so(monkeypatch):
    monkeypatch.setattr(generators, "_PATIENCE", 2_000)
    tiny = replace(SMALL, min_operators=0, max_operators=1, max_output=2)
    with pytest.raises(RuntimeError, match="2,000 draws in a row made no new"):
        take(generators.bwd_pairs(tiny, 1), 10_000)


@pytest.mark.parametrize(
    "changes",
    [{"min_operators": 6}, {"min_operators": -1}, {"integer": 0},
     {"max_output": 0}],
)  # fmt: skip
def test_families_that_draw_nothing_are_refused(changes):
    with pytest.raises(ValueError, match="A family needs"):
        replace(SMALL, **changes)


# -- peers and shipped files ------------------------------------------------


def test_sympy_answers_and_is_verified():
    answer = peers.cas_integrate("sympy", "x*cos(x)", timeout=60)
    assert answer.outcome == "verified"
    assert verify("x*cos(x)", answer.text)


def test_a_peer_that_takes_too_long_is_stopped():
    slow = "sqrt(tan(x)**3 + x)*exp(sin(x))/log(x**2 + 1)"
    answer = peers.cas_integrate("sympy", slow, timeout=0.05)
    assert answer.outcome == "timeout"


def test_unknown_and_missing_peers(monkeypatch):
    with pytest.raises(ValueError, match="Unknown system 'mathematica'"):
        peers.cas_integrate("mathematica", "x")
    monkeypatch.setattr(peers.shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match="giac is not installed"):
        peers.cas_integrate("giac", "x")
    assert peers.available_systems() == ("sympy",)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("log(Abs(x))", "verified"),
        ("Integral(1/x, x)", "no answer"),
        ("", "no answer"),
        ("log(x) + Ei(x)", "not elementary"),
        ("log(x)/2", "not verified"),
        ("Unable to divide, perhaps due to rounding error", "no answer"),
        ("sign(x)*log(x)", "not verified"),
        ("Piecewise((log(x), x > 1), (2*x, True))", "verified"),
        ("x*log(x)", "not verified"),
    ],
)
def test_answers_of_peers_are_judged(text, outcome):
    assert peers.judge_answer(parse("1/x"), text).outcome == outcome


@pytest.mark.parametrize(
    ("integrand", "text", "outcome"),
    [
        ("1", "abs(x)", "not verified"),  # its derivative is the sign of x
        ("sqrt(x**2)", "x*abs(x)/2", "verified"),
        ("sqrt(x**2)/x", "Abs(x)", "verified"),
        ("sqrt(x**2)", "sign(x)*x**2/2", "verified"),
        ("1/sin(x)/cos(x)", "log(abs(tan(x)))", "verified"),
        ("x", "abs(x**2/2", "not verified"),  # the bracket does not close
    ],
)
def test_absolute_values_are_read_and_not_dropped(integrand, text, outcome):
    """Oracle: by hand, on either side of 0."""
    assert peers.judge_answer(parse(integrand), text).outcome == outcome


def test_giac_is_not_trusted():
    """Giac 1.9.0 gave this for (1 - 4 x^2)^(-1/2); 1 + 1/2 was meant."""
    wrong = "x*sqrt(1 - 4*x^2)/2 + asin(2*x)/4"
    assert peers.judge_answer(parse("(1-4*x**2)**(-1/2)"), wrong).outcome == (
        "not verified"
    )


def test_damaged_and_missing_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TOPOI_DATA", str(tmp_path))
    with pytest.raises(data.DataError, match="git checkout"):
        shipped.arrays()
    folder = tmp_path / shipped.FOLDER
    folder.mkdir()
    (folder / shipped.FILE).write_bytes(b"no archive")
    with pytest.raises(data.DataError, match="damaged"):
        shipped.arrays()
    (folder / shipped.RESULTS).write_text("{")
    with pytest.raises(data.DataError, match="cannot be read"):
        shipped.results()


def test_shipped_pairs_and_problems_are_sound():
    forward = shipped.forward_pairs()
    assert len(forward) >= 400
    for problem, answer in forward[::10]:
        assert verify(list(problem), list(answer))


def test_no_training_pair_is_an_independent_problem():
    tested = shipped.independent_problems()
    assert len(set(tested)) == len(data.load("rubi").integrand) == 932
    pairs = [(tested[5], ("x",)), (("cos", "x"), ("sin", "x"))]
    assert train._merged(train.SETTINGS["minute"], [pairs]) == pairs[1:]


def test_verify_accepts_the_answers_of_another_integrator():
    """Oracle: Rubi's test suites, written without any code of ours."""
    rubi = data.load("rubi")
    rejected = [
        str(f)
        for f, answer in zip(rubi.integrand, rubi.antiderivative, strict=True)
        if not verify(str(f), str(answer))
    ]
    assert rejected == [  # by hand: wrong, and divided by zero (see the card)
        "1 / (x * log(exp(x)))",
        "(2 * x ** 2 + 1) / (4 * x ** 4 - 6 * x ** 2 + 1)",
    ]


# -- the tool -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *BAD_TEXTS,
        ("+".join(f"x**{n}*exp({n}*x)" for n in range(2, 30)), "tokens"),
    ],
)
def test_the_tool_answers_bad_input_with_one_line(text, message, capsys):
    assert tool.main(["--", text]) in (tool.BAD_INPUT, tool.FOUND)
    error = capsys.readouterr().err
    if error:
        assert error.startswith("error: ")
        assert error.count("\n") == 1


def test_the_tool_needs_no_network_for_constants(capsys):
    assert tool.main(["2 + 1/2"]) == tool.FOUND
    assert "5*x/2" in capsys.readouterr().out
    assert tool.main(["x", "--beam", "99"]) == tool.BAD_INPUT
    assert "between 1 and 50" in capsys.readouterr().err


def test_generator_streams_are_endless():
    assert len(list(islice(generators.table_pairs(WIDE, 0), 5))) == 5
