"""String topology against listing, formulas and hyperbolic geometry.

Some tests draw a fresh seed at each run and name it when they fail. What they
compare is exact, so no seed can make them fail by chance: the geometric
oracles raise `Uncertain` where rounding could decide, and are asked again.
"""

import os
from collections import Counter
from fractions import Fraction
from itertools import pairwise, permutations, product
from math import comb, gcd

import numpy as np
import pytest

from topoi import string_topology as st

TORUS, PANTS = st.Surface("abAB"), st.Surface("aAbB")
ALL_SURFACES = [*st.SURFACES.values(), "abcABC"]
CONES = [(2, 3), (3, 3), (2, 4), (3, 4), (5, 2)]


@pytest.fixture
def fresh():
    """Return a generator with a seed of its own at each run, and its name."""
    seed = int.from_bytes(os.urandom(4), "big")
    rng = np.random.default_rng(seed)
    return rng, f"seed {seed}"


def words_to(length, first=1):
    return [w for n in range(first, length + 1) for w in st.cyclic_words(2, n)]


def confident(oracle, *arguments):
    """Ask `oracle(seed)` with other positions until it is certain."""
    for seed in range(50):
        try:
            return oracle(seed, *arguments)
        except st.Uncertain:
            continue
    raise AssertionError(f"50 seeds were uncertain about {arguments}.")


def totient(n):
    return sum(gcd(k, n) == 1 for k in range(1, n + 1))


# -- words --------------------------------------------------------------------


def test_a_class_has_one_name(fresh):
    rng, seed = fresh
    assert st.canon("bAabaB") == "ab"
    for _ in range(200):
        word, g = st.random_word(rng, 9), st.random_word(rng, 4)
        turned = word[3:] + word[:3]
        other = g + turned + st.inverse(g)
        assert st.canon(other) == st.canon(word), (seed, word, g)
        assert st.canon(word) in {
            word[k:] + word[:k] for k in range(len(word))
        }


def test_the_trivial_class_is_kept():
    assert st.canon("abBA") == st.cyc_reduce("aA") == ""
    assert st.root_power("") == ("", 1)
    assert TORUS.bracket("", "ab") == {}
    assert TORUS.self_intersection("") == 0


@pytest.mark.parametrize("length", range(2, 9))
def test_number_of_classes_by_necklace_formula_and_by_listing(length):
    traces = {d: 3**d + 2 + (-1) ** d for d in range(1, length + 1)}
    divisors = [d for d in traces if length % d == 0]
    count = sum(totient(length // d) * traces[d] for d in divisors)
    found = st.cyclic_words(2, length)
    assert len(found) == count // length
    if length < 7:
        words = map("".join, product("abAB", repeat=length))
        listed = {st.canon(w) for w in words if st.cyc_reduce(w) == w}
        assert found == sorted(listed)


def test_roots_by_trying_all_periods():
    for word in words_to(6):
        root, power = st.root_power(word)
        assert root * power == word
        shorter = [word[:k] for k in range(1, len(root))]
        assert not any(p * (len(word) // len(p)) == word for p in shorter)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: st.canon("a1"), "'a1' is no word"),
        (lambda: st.canon("a b"), "is no word"),
        (lambda: st.cyclic_words(0, 3), "1 to 26 generators"),
        (lambda: st.cyclic_words(2, -1), "a length of 0 or more"),
        (lambda: st.Surface("abA"), "'abA' is no surface word"),
        (lambda: st.Surface("aAaA"), "stand once"),
        (lambda: st.Surface(""), "is no surface word"),
        (lambda: TORUS.bracket("a", "ac"), "has the letter 'c'"),
        (lambda: TORUS.crossings("aA", "b"), "not cyclically reduced"),
        (lambda: st.orb_canon("a", {"a": 1}), "orders are 2 or more"),
        (lambda: st.orb_canon("a", {"A": 3}), "lower-case letters"),
        (
            lambda: st.orb_bracket(TORUS, "a", "b", {"a": 3}),
            "does not run around a hole",
        ),
        (lambda: st.orb_crossings("a", "b", {"a": 3}), "two cone points"),
        (
            lambda: st.orb_crossings("a", "c", {"a": 3, "b": 3}),
            "words in their letters",
        ),
        (lambda: st.FuchsianOracle(1, 3), "orders are 2 or more"),
        (
            lambda: st.FiniteGroup([0, 1], lambda g, h: g + h),
            "2 is no element",
        ),
        (
            lambda: st.FiniteGroup([0, 1], lambda g, h: g * h),
            "do not form a group",
        ),
        (
            lambda: st.transfer(
                st.symmetric_group(3), list(permutations(range(3)))
            ),
            "for abelian subgroups",
        ),
        (
            lambda: st.hidden_permutation(np.ones((2, 4)), [0, 0]),
            "no permutation of 2",
        ),
        (
            lambda: st.hidden_permutation(np.ones((2, 4)), [1, 0], [1, 2]),
            "a sign 1 or -1",
        ),
        (lambda: st.move_neuron(np.ones((2, 4)), 0, 1), "is not spare"),
        (
            lambda: st.spare_neuron_loop(np.zeros((3, 4)), 0, 2),
            "two different neurons from 0 to 1",
        ),
        (
            lambda: st.permutation_path(np.zeros((3, 4)), [2, 1, 0]),
            "must keep its place",
        ),
        (
            lambda: st.train_student(
                np.ones((9, 3)), np.ones(9), 2, np.random.default_rng(0)
            ),
            "as many examples as weights",
        ),
    ],
)
def test_documented_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- surfaces -----------------------------------------------------------------


def test_boundaries_and_genus():
    found = {word: st.Surface(word) for word in ALL_SURFACES}
    shape = {w: (s.genus, len(s.boundaries)) for w, s in found.items()}
    assert shape == {
        "abAB": (1, 1),
        "aAbB": (0, 3),
        "abABcdCD": (2, 1),
        "abABcC": (1, 2),
        "abcABC": (1, 2),
    }
    assert PANTS.boundaries == ("A", "B", "ab")
    for surface in found.values():  # boundaries cancel in homology
        total = Counter("".join(surface.boundaries))
        assert all(total[c] == total[c.swapcase()] for c in total)


FIXTURES = {  # worked out by hand and by two other programs
    ("abAB", "a", "b"): {"ab": 1},
    ("abAB", "a", "B"): {"Ba": -1},
    ("abAB", "a", "bb"): {"abb": 2},
    ("abAB", "aa", "b"): {"aab": 2},
    ("abAB", "ab", "aB"): {"aa": -1, "Baba": -1},
    ("abAB", "aab", "ab"): {"aabab": 1},
    ("abAB", "a", "abAB"): {},
    ("aAbB", "ab", "aB"): {},
    ("aAbB", "aB", "aab"): {"Baaba": 1, "Babaa": -1},
    ("aAbB", "aB", "abAB"): {
        "ABabaB": 1,
        "Ba": -1,
        "ABBaab": 1,
        "ABaBab": -1,
    },
    ("aAbB", "aabb", "aB"): {"Babbaa": 1, "Baabba": -1},
}


@pytest.mark.parametrize("case", FIXTURES)
def test_brackets_by_hand(case):
    word, x, y = case
    assert st.Surface(word).bracket(x, y) == FIXTURES[case]


def test_self_intersections_by_hand():
    torus = {"ab": 0, "aabb": 1, "aabAB": 1, "abab": 1, "abAB": 0}
    pants = {"aB": 1, "aab": 1, "aabb": 2, "abAB": 3, "aBaB": 5}
    assert {w: TORUS.self_intersection(w) for w in torus} == torus
    assert {w: PANTS.self_intersection(w) for w in pants} == pants


@pytest.mark.parametrize("word", ALL_SURFACES)
def test_combinatorics_is_geometry(word, fresh):
    """Formal sums, crossings and signs against chords of a polygon."""
    rng, seed = fresh
    surface = st.Surface(word)

    def drawn(k, x, y):
        oracle = st.SchottkyOracle(word, k)
        signs = Counter(sign for _, _, sign in oracle.crossings(x, y))
        return oracle.bracket(x, y), signs

    for _ in range(25):
        x, y = st.random_word(rng, 7, word), st.random_word(rng, 7, word)
        signs = Counter(c.sign for c in surface.crossings(x, y))
        ours = surface.bracket(x, y), signs
        assert ours == confident(drawn, x, y), (seed, x, y)


@pytest.mark.parametrize("surface", [TORUS, PANTS], ids=["torus", "pants"])
def test_self_intersections_are_geometry(surface):
    """All primitive classes of up to four letters, double points counted."""

    def double_points(k, word):
        return len(st.SchottkyOracle(surface.word, k).crossings(word, word))

    for word in words_to(4, 2):
        if st.root_power(word)[1] == 1:
            twice = confident(double_points, word)
            assert 2 * surface.self_intersection(word) == twice, word


@pytest.mark.parametrize("word", ALL_SURFACES)
def test_lie_algebra(word, fresh):
    rng, seed = fresh
    bracket = st.Surface(word).bracket
    for _ in range(25):
        x, y, z = (st.random_word(rng, 6, word) for _ in range(3))
        assert not st.symmetry_defect(bracket, x, y), (seed, x, y)
        assert not st.jacobi_defect(bracket, x, y, z), (seed, x, y, z)


@pytest.mark.parametrize("word", ALL_SURFACES)
def test_any_words_of_a_class_and_the_sum_of_signs(word, fresh):
    rng, seed = fresh
    surface = st.Surface(word)
    for _ in range(40):
        x, y, g = (st.random_word(rng, 8, word) for _ in range(3))
        bracket = surface.bracket(x, y)
        moved = surface.bracket(g + x[2:] + x[:2] + st.inverse(g), y)
        assert moved == bracket, (seed, x, y, g)
        assert bracket.total() == surface.algebraic(x, y), (seed, x, y)


def test_algebraic_number_of_the_torus_is_a_determinant(fresh):
    rng, seed = fresh
    for _ in range(50):
        x, y = st.random_word(rng, 9), st.random_word(rng, 9)
        (p, q), (r, s) = (
            [w.count(c) - w.count(c.upper()) for c in "ab"] for w in (x, y)
        )
        assert TORUS.algebraic(x, y) == p * s - q * r, (seed, x, y)
        assert PANTS.algebraic(x, y) == 0


def test_turning_curves_round(fresh):
    """The intersection number has no direction; the bracket mirrors words."""
    rng, seed = fresh
    for _ in range(40):
        x, y = st.random_word(rng, 7), st.random_word(rng, 7)
        back = st.inverse(y)
        n = PANTS.intersection(x, y)
        assert n == PANTS.intersection(x, back), (seed, x, y)
        assert n == PANTS.intersection(y, x), (seed, x, y)
        both = TORUS.bracket(st.inverse(x), back)
        mirrored = {
            st.canon(st.inverse(w)): k for w, k in TORUS.bracket(x, y).items()
        }
        assert both == mirrored, (seed, x, y)


def test_permuting_the_ends_renames_the_surface(fresh):
    """Rotating a surface word changes nothing; reflecting it, the signs."""
    rng, seed = fresh
    turned, mirror = st.Surface("bABa"), st.Surface("BAba")
    for _ in range(30):
        x, y = st.random_word(rng, 7), st.random_word(rng, 7)
        bracket = TORUS.bracket(x, y)
        assert turned.bracket(x, y) == bracket, (seed, x, y)
        flipped = {w: -k for w, k in bracket.items()}
        assert mirror.bracket(x, y) == flipped, (seed, x, y)


# -- counts -------------------------------------------------------------------

DISTRIBUTION = {
    2: {0: 4},
    3: {0: 8},
    4: {0: 10, 1: 8},
    5: {0: 16, 1: 8, 2: 24},
    6: {0: 8, 1: 16, 2: 32, 3: 40, 4: 20},
    7: {0: 24, 1: 16, 2: 32, 3: 48, 4: 112, 5: 24, 6: 56},
}


@pytest.mark.parametrize("length", range(2, 11))
def test_torus_counts_of_chas_and_phillips(length):
    primitive = [
        w for w in st.cyclic_words(2, length) if st.root_power(w)[1] == 1
    ]
    counts = Counter(map(TORUS.self_intersection, primitive))
    if length in DISTRIBUTION:
        assert counts == DISTRIBUTION[length]
    even = length % 2 == 0
    most = (length - 2) ** 2 if even else (length - 1) * (length - 3)
    assert max(counts) == most // 4
    assert counts[most // 4] == (most + 4 if even else 2 * most + 8)
    # simple closed curves are primitive vectors, or the boundary
    boundary = 2 if length == 4 else 0
    assert counts[0] == 4 * totient(length) + boundary


@pytest.mark.parametrize("length", range(2, 11))
def test_pants_bounds_of_chas_and_phillips(length):
    numbers = Counter(map(PANTS.self_intersection, st.cyclic_words(2, length)))
    even = length % 2 == 0
    assert min(numbers) == (length // 2 - 1 if even else length // 2)
    most = (length**2 + 2 * length - 4) // 4 if even else (length**2 - 1) // 4
    assert max(numbers) == most
    if even:
        assert numbers[most] == (6 if length == 2 else 2)


@pytest.mark.parametrize("surface", [TORUS, PANTS], ids=["torus", "pants"])
def test_powers_count_crossings(surface):
    for word in words_to(5, 2):
        if st.root_power(word)[1] > 1:
            continue
        n = surface.self_intersection(word)
        for p, q in ((1, 2), (1, 3), (2, 3)):
            bracket = surface.bracket(word * p, word * q)
            assert sum(map(abs, bracket.values())) == 2 * p * q * n


def test_undirected_brackets_by_names_of_both_directions(fresh):
    """(x + x^-1, y + y^-1) has four brackets; all say the same."""
    rng, seed = fresh
    for _ in range(20):
        x, y = st.random_word(rng, 6), st.random_word(rng, 6)
        double = Counter()
        for u, v in product((x, st.inverse(x)), (y, st.inverse(y))):
            double.update(PANTS.bracket(u, v))
        total = Counter()
        for word, count in double.items():
            total[min(word, st.canon(st.inverse(word)))] += count
        half = {w: k // 2 for w, k in total.items() if k}
        assert PANTS.undirected_bracket(x, y) == half, (seed, x, y)


def test_the_pair_with_zero_bracket():
    for p, q in product(range(1, 5), repeat=2):
        bracket = PANTS.bracket("Ab" * p, "aab" * q)
        terms = sum(map(abs, bracket.values()))
        assert terms == (0 if p == q == 1 else 2 * p * q)
    assert PANTS.intersection("Ab", "aab") == 2
    assert TORUS.bracket("Abab", "Ababb") == {}
    assert TORUS.intersection("Abab", "Ababb") == 2


@pytest.mark.parametrize("surface", [TORUS, PANTS], ids=["torus", "pants"])
def test_a_simple_curve_counts(surface):
    simple = [w for w in words_to(5) if surface.self_intersection(w) == 0]
    for x, y in product(simple, words_to(4)):
        bracket = surface.bracket(x, y)
        terms = sum(map(abs, bracket.values()))
        assert terms == surface.intersection(x, y)


@pytest.mark.parametrize("surface", [TORUS, PANTS], ids=["torus", "pants"])
def test_the_centre_is_the_boundary(surface):
    others = words_to(4)
    for word in words_to(4):
        central = not any(surface.bracket(word, y) for y in others)
        assert central == surface.is_boundary(word), word


def test_boundaries_meet_nothing():
    """All 550 classes of up to seven letters."""
    for surface, curves in (
        (TORUS, ["abAB", "abABabAB"]),
        (PANTS, ["ab", "a", "b", "abab", "AA"]),
    ):
        for curve, other in product(curves, words_to(7)):
            assert surface.intersection(curve, other) == 0


def test_what_is_left_without_antiparallel_segments_is_the_longest_part(
    fresh,
):
    rng, seed = fresh
    for _ in range(30):
        x, y = (st.cyc_reduce(st.random_word(rng, 8)) for _ in range(2))
        bare = PANTS.bracket(x, y, keep=lambda c: c.case != "antiparallel")
        full = PANTS.bracket(x, y)
        longest = {w: k for w, k in full.items() if len(w) == len(x) + len(y)}
        assert bare == longest, (seed, x, y)


def test_which_law_catches_which_mistake():
    """Without antiparallel segments both laws survive; the sum does not."""
    rng = np.random.default_rng(0)

    def planted(x, y):
        return TORUS.bracket(x, y, keep=lambda c: c.case != "antiparallel")

    sums = 0
    for _ in range(30):
        x, y, z = (st.random_word(rng, 6) for _ in range(3))
        assert not st.symmetry_defect(planted, x, y)
        assert not st.jacobi_defect(planted, x, y, z)
        sums += planted(x, y).total() != TORUS.algebraic(x, y)
    assert sums > 5
    positive = TORUS.bracket("ab", "aB", signed=False)
    assert positive == {"aa": 1, "Baba": 1}


# -- cone points --------------------------------------------------------------


@pytest.mark.parametrize(("p", "q"), CONES)
def test_three_brackets_agree(p, q, fresh):
    """Lifts and projection, lines in a tree, rotations of the plane."""
    rng, seed = fresh
    orders = {"a": p, "b": q}

    def drawn(k, x, y):
        oracle = st.FuchsianOracle(p, q, k)
        return oracle.bracket(x, y), len(oracle.crossings(x, y))

    for _ in range(25):
        x, y = st.random_word(rng, 9), st.random_word(rng, 9)
        bracket = st.orb_bracket(PANTS, x, y, orders)
        assert st.double_coset_bracket(x, y, orders) == bracket, (seed, x, y)
        if min(len(st.syllables(w, orders)) for w in (x, y)) > 1:
            crossed = len(st.orb_crossings(x, y, orders))
            assert confident(drawn, x, y) == (bracket, crossed), (seed, x, y)


@pytest.mark.parametrize(("p", "q"), CONES)
def test_lifts_make_no_difference(p, q, fresh):
    rng, seed = fresh
    orders = {"a": p, "b": q}
    for _ in range(25):
        x, y = st.random_word(rng, 6), st.random_word(rng, 6)
        lifts = [st.random_lift(w, orders, rng) for w in (x, y)]
        assert st.orb_canon(lifts[0], orders) == st.orb_canon(x, orders)
        assert st.orb_bracket(PANTS, *lifts, orders) == st.orb_bracket(
            PANTS, x, y, orders
        ), (seed, x, y, lifts)


def test_every_small_lift():
    """One full turn, put in anywhere: all cases, Z_3 * Z_3."""
    orders = {"a": 3, "b": 3}
    for x, y in product(["ab", "aab", "abb"], repeat=2):
        bracket = st.orb_bracket(PANTS, x, y, orders)
        for at, turn in product(range(len(x)), "aAbB"):
            lift = x[:at] + 3 * turn + x[at:]
            assert st.orb_bracket(PANTS, lift, y, orders) == bracket


def test_lie_laws_with_cone_points(fresh):
    rng, seed = fresh
    cases = [(PANTS, {"a": 3, "b": 4}), (PANTS, {"a": 5})]
    cases += [(st.Surface("abABcC"), {"c": 3})]
    cases += [(st.Surface("aAbBcC"), {"a": 3, "b": 3, "c": 2})]
    for surface, orders in cases:

        def bracket(x, y, surface=surface, orders=orders):
            return st.orb_bracket(surface, x, y, orders)

        for _ in range(10):
            words = [st.random_word(rng, 5, surface.word) for _ in range(3)]
            x, y, z = words
            assert not st.symmetry_defect(bracket, x, y), (seed, words)
            assert not st.jacobi_defect(bracket, x, y, z), (seed, words)
            lift = st.random_lift(x, orders, rng, 1)
            assert bracket(lift, y) == bracket(x, y), (seed, lift, y)


def test_large_orders_are_no_orders(fresh):
    """Lines in a tree against segments on the pair of pants."""
    rng, seed = fresh
    orders = {"a": 97, "b": 97}
    for _ in range(20):
        x, y = st.random_word(rng, 7), st.random_word(rng, 7)
        if min(len(st.syllables(w, orders)) for w in (x, y)) > 1:
            there = len(st.orb_crossings(x, y, orders))
            assert there == PANTS.intersection(x, y), (seed, x, y)


def test_cone_points_by_hand():
    three = {"a": 3, "b": 3}
    assert st.orb_canon("A", three) == "aa"
    assert st.orb_canon("abaa", three) == "b"
    assert st.orb_canon("babaab", {"a": 3, "b": 2}) == "b"
    assert st.orb_canon("aabbba", three) == ""
    assert PANTS.bracket("ababb", "aabb") == {
        "aabababbb": 1,
        "aabbbabab": -1,
    }
    assert st.orb_bracket(PANTS, "ababb", "aabb", three) == {}
    assert st.orb_crossings("ababb", "aabb", three) == []
    assert st.orb_crossings("abb", "abbb", {"a": 2, "b": 4}) == []
    assert PANTS.intersection("abb", "abbb") == 2
    bracket = st.orb_bracket(PANTS, "aab", "abb", three)
    assert bracket == {"aabbab": 1, "aababb": -1}


def test_torsion_is_central_and_crossings_only_drop():
    orders = {"a": 3, "b": 4}
    classes = {st.orb_canon(w, orders) for w in words_to(5)}
    torsion = [w for w in classes if len(st.syllables(w, orders)) < 2]
    assert sorted(torsion) == ["", "a", "aa", "b", "bb", "bbb"]
    for x, y in product(torsion, classes):
        assert st.orb_bracket(PANTS, x, y, orders) == {}
    for x, y in product(sorted(classes), repeat=2):
        if x and y:
            fewer = len(st.orb_crossings(x, y, orders))
            assert fewer <= PANTS.intersection(x, y)


# -- loops of a quotient ------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_loops_of_a_symmetric_group(n):
    group = st.symmetric_group(n)
    parts = list(st.partitions(n))
    found = st.loop_components(group)
    assert len(found) == len(parts) == [1, 2, 3, 5, 7][n - 1]
    assert group.commuting_pairs() == len(found) * len(group)
    orders = {st.cycle_type(c.loop[1]): c.automorphisms for c in found}
    assert orders == {c: st.centraliser_order(c) for c in parts}
    assert sum(st.class_sizes(n)) == 1
    for c in found:
        assert len(group.centraliser(c.loop[1])) == c.automorphisms
        assert c.loops * c.automorphisms == len(group)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_permutations_with_signs_by_listing(m):
    places, flips = permutations(range(m)), product((1, -1), repeat=m)
    elements = list(product(places, flips))

    def times(g, h):
        (p, s), (q, t) = g, h
        moved = tuple(p[k] for k in q)
        return moved, tuple(s[q[k]] * t[k] for k in range(m))

    group = st.FiniteGroup(elements, times)
    found = [c.automorphisms for c in st.loop_components(group)]
    sizes = sorted(Fraction(1, k) for k in found)
    assert sizes == sorted(st.class_sizes(m, flips=True))
    assert sum(st.class_sizes(5, flips=True)) == 1
    assert len(st.class_sizes(5, flips=True)) == 36


def test_loops_at_points_with_symmetry():
    """Four corners and the middle, turned by quarters; and equal neurons."""
    quarters = st.FiniteGroup(range(4), lambda g, h: (g + h) % 4)
    points = [0, 1, 2, 3, "middle"]

    def turn(g, x):
        return x if x == "middle" else (x + g) % 4

    found = st.loop_components(quarters, points, turn)
    assert sorted(c.automorphisms for c in found) == [1, 4, 4, 4, 4]
    swaps = st.symmetric_group(3)
    weights = list(product(range(2), repeat=3))
    found = st.loop_components(
        swaps, weights, lambda g, x: tuple(x[g.index(k)] for k in range(3))
    )
    # 000 and 111 have the three classes of S_3, 001 and 011 those of S_2
    assert len(found) == 3 + 3 + 2 + 2
    fixed = sum(c.loops for c in found)
    assert fixed == len(swaps) * comb(4, 3)  # Burnside: four multisets


def test_weak_actions_make_extensions():
    two = [st.weak_quotient(c, 2, 2) for c in st.cocycles(2, 2)]
    orders = [sorted(g.order_of(x) for x in g.elements) for g in two]
    assert orders == [[1, 2, 2, 2], [1, 2, 4, 4]]
    assert [st.characters(g, 2) for g in two] == [4, 2]
    three = [st.weak_quotient(c, 3, 3) for c in st.cocycles(3, 3)]
    cyclic = [max(g.order_of(x) for x in g.elements) == 9 for g in three]
    assert (len(three), sum(cyclic)) == (9, 6)  # coboundaries: 3 of 9


def test_transfer_is_a_power_and_a_homomorphism():
    for n, m in ((2, 2), (2, 3), (3, 3)):
        for c in st.cocycles(n, m):
            group = st.weak_quotient(c, n, m)
            down = st.transfer(group, [(s, 0) for s in range(m)])
            for g in group.elements:
                assert down[g] == group.times(*[g] * n)
            for g, h in product(group.elements, repeat=2):
                both = group.times(down[g], down[h])
                assert down[group.times(g, h)] == both
    six = st.symmetric_group(3)
    turns = [g for g in six.elements if st.cycle_type(g) in ((3,), (1, 1, 1))]
    assert set(st.transfer(six, turns).values()) == {(0, 1, 2)}


# -- weights ------------------------------------------------------------------


@pytest.fixture
def net():
    rng = np.random.default_rng(3)
    theta = st.random_teacher(4, 3, rng)
    return theta, rng.normal(size=(60, 3)), rng


def test_a_permutation_with_signs_changes_no_output(net):
    theta, x, _ = net
    outputs = st.forward(theta, x)
    by_hand = sum(row[4] * np.tanh(x @ row[:3] + row[3]) for row in theta)
    np.testing.assert_allclose(outputs, by_hand, atol=1e-13)
    for order in permutations(range(4)):
        moved = st.hidden_permutation(theta, order, [1, -1, -1, 1])
        np.testing.assert_allclose(st.forward(moved, x), outputs, atol=1e-13)
        np.testing.assert_array_equal(moved[order[0]], theta[0])


def test_matching_is_the_best_of_all_symmetries(net):
    theta, _, rng = net
    other = theta[[2, 0, 3, 1]] + rng.normal(size=theta.shape)
    found = st.hidden_permutation(theta, *st.match_neurons(theta, other))
    least = min(
        np.sum((st.hidden_permutation(theta, p, s) - other) ** 2)
        for p in permutations(range(4))
        for s in product((1, -1), repeat=4)
    )
    assert np.sum((found - other) ** 2) == pytest.approx(least)


def test_jacobian_by_differences(net):
    from topoi.string_topology.weights import square_jacobian

    theta, x, _ = net
    found = square_jacobian(theta, x)
    for k in range(theta.size):
        step = np.zeros(theta.size)
        step[k] = 1e-6
        step = step.reshape(theta.shape)  # (m, d + 2)
        slope = st.forward(theta + step, x) - st.forward(theta - step, x)
        np.testing.assert_allclose(found[:, k], slope / 2e-6, atol=1e-7)


def test_barrier_of_a_parabola():
    a, b = np.zeros((1, 3)), np.array([[2.0, 0, 0]])
    hill = st.barrier(lambda v: -float((v**2).sum()), a, b)
    assert hill == pytest.approx(1)  # |b - a|^2 / 4
    assert st.barrier(lambda v: float((v**2).sum()), a, b) == 0
    assert st.barrier(lambda v: float(v.sum()), a, b) == pytest.approx(0)


def test_the_spare_neuron_swaps_without_a_change(net):
    theta, x, rng = net
    theta = np.vstack([theta, rng.normal(size=(1, 5))])
    theta[-1, -1] = 0
    outputs = st.forward(theta, x)
    corners = st.spare_neuron_loop(theta, 0, 2)
    np.testing.assert_array_equal(corners[0], theta)
    np.testing.assert_array_equal(corners[-1], theta[[2, 1, 0, 3, 4]])
    for start, stop in pairwise(corners):  # weights move only where a is 0
        moved = (start != stop)[:, :-1].any(1)
        assert not start[moved, -1].any()
        assert not stop[moved, -1].any()
    for point in st.walk_along(corners, 11):
        np.testing.assert_allclose(st.forward(point, x), outputs, atol=1e-13)


def test_one_spare_neuron_reaches_every_permutation(net):
    theta, x, rng = net
    theta = np.vstack([theta, rng.normal(size=(1, 5))])
    theta[-1, -1] = 0
    outputs = st.forward(theta, x)
    for order in permutations(range(4)):
        corners = st.permutation_path(theta, [*order, 4])
        end = st.hidden_permutation(theta, [*order, 4])
        np.testing.assert_array_equal(corners[-1], end)
        middle = st.walk_along(corners, 3)[1::2]
        for point in middle:
            np.testing.assert_allclose(
                st.forward(point, x), outputs, atol=1e-13
            )


def test_students_without_error_are_the_teacher():
    rng = np.random.default_rng(1)
    teacher, x = st.random_teacher(3, 2, rng), rng.normal(size=(100, 2))
    y = st.forward(teacher, x)
    students = [st.train_student(x, y, 3, rng) for _ in range(6)]
    perfect = [s.theta for s in students if s.loss < 1e-24]
    assert perfect
    for theta in perfect:
        same = st.hidden_permutation(theta, *st.match_neurons(theta, teacher))
        np.testing.assert_allclose(same, teacher, atol=1e-6)


# -- pictures -----------------------------------------------------------------


def test_pictures_show_every_crossing():
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2)
    oracle = st.SchottkyOracle("abAB", 1)
    st.draw_polygon(axes[0], oracle, ["ab", "aB"])
    assert len(st.crossing_points(oracle, "ab", "aB")) == 2
    assert len(st.polygon_strands(oracle, "aab")) == 3
    cones = st.FuchsianOracle(3, 3, 1)
    assert st.draw_cone_points(axes[1], cones, ["aab", "abb"]) == 3 * len(
        st.orb_crossings("aab", "abb", cones.orders)
    )
    st.draw_closing_loop(*axes, order=4)
    plt.close("all")


def test_the_oracle_refuses_what_it_cannot_tell():
    oracle = st.SchottkyOracle("abAB")
    oracle.angle = {c: k * np.pi / 2 for k, c in enumerate("abAB")}
    with pytest.raises(st.Uncertain, match="on a side"):
        oracle.crossings("ab", "aB")
