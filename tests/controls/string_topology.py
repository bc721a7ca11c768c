"""Controls of the chapter on string topology."""

from fractions import Fraction
from itertools import permutations, product

import numpy as np

from controls import control
from topoi import string_topology as st

TORUS, PANTS = st.Surface("abAB"), st.Surface("aAbB")
rng_of = np.random.default_rng


def words_to(length, first=1):
    return [w for n in range(first, length + 1) for w in st.cyclic_words(2, n)]


def without(case):
    return lambda x, y: TORUS.bracket(x, y, keep=lambda c: c.case != case)


@control("string_topology/lie-laws", "the signs are dropped")
def unsigned():
    rng = rng_of(0)

    def bracket(x, y):
        return TORUS.bracket(x, y, signed=False)

    triples = [[st.random_word(rng, 6) for _ in range(3)] for _ in range(10)]
    return sum(bool(st.symmetry_defect(bracket, x, y)) for x, y, _ in triples)


@control("string_topology/geometry-agrees", "segments are not followed")
def transverse_only():
    rng, oracle, wrong = rng_of(0), st.SchottkyOracle("abAB", 1), 0
    for _ in range(15):
        x, y = st.random_word(rng, 6), st.random_word(rng, 6)
        bare = TORUS.bracket(x, y, keep=lambda c: c.case == "transverse")
        wrong += oracle.bracket(x, y) != bare
    return wrong


@control("string_topology/laws-are-blind", "parallel segments are left out")
def no_parallel():
    rng, bracket = rng_of(0), without("parallel")
    triples = [[st.random_word(rng, 6) for _ in range(3)] for _ in range(20)]
    return sum(bool(st.jacobi_defect(bracket, *t)) for t in triples)


@control("string_topology/sum-of-signs", "antiparallel ones are left out")
def no_antiparallel():
    rng, bracket = rng_of(0), without("antiparallel")
    pairs = [[st.random_word(rng, 6) for _ in range(2)] for _ in range(20)]
    return sum(
        bracket(*pair).total() != TORUS.algebraic(*pair) for pair in pairs
    )


@control("string_topology/simple-counts", "x has one double point")
def one_double_point():
    single = [w for w in words_to(4) if PANTS.self_intersection(w) == 1]
    return sum(
        sum(map(abs, PANTS.bracket(x, y).values())) != PANTS.intersection(x, y)
        for x, y in product(single, words_to(3))
    )


@control("string_topology/zero-not-disjoint", "on the pair of pants")
def on_pants():
    for total in range(2, 9):
        for n in range(1, total // 2 + 1):
            pairs = product(
                st.cyclic_words(2, n), st.cyclic_words(2, total - n)
            )
            if any(
                PANTS.intersection(x, y) and not PANTS.bracket(x, y)
                for x, y in pairs
                if {x, st.canon(st.inverse(x))}.isdisjoint({y})
            ):
                return total
    return 0


@control("string_topology/undirected", "directions are kept")
def directed():
    pairs = product(st.cyclic_words(2, 2), st.cyclic_words(2, 3))
    return sum(
        PANTS.intersection(x, y) > 0 and not PANTS.bracket(x, y)
        for x, y in pairs
    )


@control("string_topology/powers-count", "x with itself")
def with_itself():
    return sum(
        6 * TORUS.self_intersection(w) != len(TORUS.bracket(w, w))
        for w in words_to(4, 2)
    )


@control("string_topology/torus-maximum", "powers are counted too")
def with_powers():
    wrong = 0
    for length in range(2, 7):
        found = [
            TORUS.self_intersection(w) for w in st.cyclic_words(2, length)
        ]
        even = length % 2 == 0
        most = (length - 2) ** 2 if even else (length - 1) * (length - 3)
        due = most // 4, most + 4 if even else 2 * most + 8
        wrong += (max(found), found.count(max(found))) != due
    return wrong


@control("string_topology/pants-bounds", "a power closes up for nothing")
def cheap_powers():
    wrong = 0
    for length in (2, 4, 6):
        most = 0
        for word in st.cyclic_words(2, length):
            k = st.root_power(word)[1]
            most = max(most, PANTS.self_intersection(word) - (k - 1))
        wrong += most != (length**2 + 2 * length - 4) // 4
    return wrong


@control("string_topology/pants-attained", "rotations are counted apart")
def linear_words():
    words = map("".join, product("abAB", repeat=4))
    reduced = [w for w in words if st.cyc_reduce(w) == w]
    return sum(PANTS.self_intersection(w) == 5 for w in reduced)


@control("string_topology/centre", "only powers of a are tried")
def powers_of_a():
    return sum(
        TORUS.is_boundary(w) == any(TORUS.bracket(w, "a" * k) for k in (1, 2))
        for w in words_to(3)
    )


@control("string_topology/lifts", "the words are not projected")
def not_projected():
    rng, orders = rng_of(0), {"a": 3, "b": 3}
    wrong = 0
    for _ in range(10):
        x, y = st.random_word(rng, 5), st.random_word(rng, 5)
        lift = st.random_lift(x, orders, rng)
        wrong += PANTS.bracket(lift, y) != PANTS.bracket(x, y)
    return wrong


@control("string_topology/double-cosets", "lines are not turned")
def no_turns():
    rng, orders, wrong = rng_of(0), {"a": 5, "b": 4}, 0
    for _ in range(20):
        x, y = st.random_word(rng, 9), st.random_word(rng, 9)
        ones = [at for at in st.orb_crossings(x, y, orders) if at.turn == 1]
        terms = st.double_coset_bracket(x, y, orders)
        wrong += sum(map(abs, terms.values())) > len(ones)
    return wrong


def primitive(orders):
    """Return the primitive classes of two or four syllables."""
    powers = [range(1, n) for n in orders.values()]
    words = ["a" * i + "b" * j for i, j in product(*powers)]
    found = words + ["".join(pair) for pair in product(words, repeat=2)]
    return sorted(
        {
            name
            for name in (st.orb_canon(w, orders) for w in found)
            if st.root_power(name)[1] == 1
        }
    )


@control("string_topology/crossings-drop", "the orders are raised to 30")
def nearly_holes():
    words, high = primitive({"a": 3, "b": 4}), {"a": 30, "b": 30}
    return np.mean(
        [
            len(st.orb_crossings(x, y, high)) < PANTS.intersection(x, y)
            for x, y in product(words, repeat=2)
        ]
    )


@control("string_topology/orbifold-powers", "first powers are taken")
def first_powers():
    orders, wrong = {"a": 3, "b": 4}, 0
    for x, y in product(primitive(orders)[:14], repeat=2):
        terms = st.double_coset_bracket(x, y, orders)
        crossed = len(st.orb_crossings(x, y, orders))
        wrong += sum(map(abs, terms.values())) != crossed
    return wrong


@control("string_topology/loop-components", "equal cycles are told apart")
def no_exchange():
    sums = [
        sum(Fraction(1, int(np.prod(c))) for c in st.partitions(m))
        for m in range(1, 6)
    ]
    return sum(total != 1 for total in sums)


@control("string_topology/weak-action", "the action is strict")
def strict():
    return st.characters(st.weak_quotient(st.cocycles(2, 2)[0], 2, 2), 2)


@control("string_topology/transfer", "a loop is lifted to one sheet")
def one_sheet():
    group = st.weak_quotient(st.cocycles(2, 2)[1], 2, 2)
    inside = {(0, 0), (1, 0)}
    single = {g: g if g in inside else (0, 0) for g in group.elements}
    return sum(single[g] != group.times(g, g) for g in group.elements)


@control("string_topology/spare-neuron", "weights move where a is not zero")
def moved_too_soon():
    rng = rng_of(0)
    theta, x = st.random_teacher(5, 3, rng), rng.normal(size=(400, 3))
    y = st.forward(theta, x)
    theta = np.vstack([theta, np.zeros(5)])
    corners = st.spare_neuron_loop(theta, 0, 1)
    short = [corners[0], corners[2], corners[-1]]
    losses = [st.square_loss(v, x, y) for v in st.walk_along(short, 11)]
    return max(losses) / y.var()


@control("string_topology/one-point", "signs are not allowed")
def permutations_only():
    rng = rng_of(1)
    teacher, x = st.random_teacher(3, 2, rng), rng.normal(size=(100, 2))
    y = st.forward(teacher, x)
    students = [st.train_student(x, y, 3, rng) for _ in range(6)]
    perfect = [s.theta for s in students if s.loss < 1e-24]
    same = [
        any(
            np.allclose(st.hidden_permutation(theta, p), teacher, atol=1e-6)
            for p in permutations(range(3))
        )
        for theta in perfect
    ]
    return np.mean(same)


@control("string_topology/barrier-varies", "neurons that move are counted")
def class_function():
    moved = {}
    for p in permutations(range(5)):
        count = sum(k != image for k, image in enumerate(p))
        moved.setdefault(st.cycle_type(p), []).append(count)
    del moved[1, 1, 1, 1, 1]
    within = np.sqrt(np.mean([np.var(v) for v in moved.values()]))
    return within / np.std([np.mean(v) for v in moved.values()])
