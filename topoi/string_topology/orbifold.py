"""Cone points: words with letters of finite order, and two brackets.

`orb_bracket` draws two curves on the surface without its cone points and
forgets afterwards what the cone points identify. `double_coset_bracket`
counts pairs of lines in a tree instead, for a disc with two cone points.
Both are integers; they share only the names of the classes.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from topoi.string_topology.surface import Surface
from topoi.string_topology.words import (
    cyc_reduce,
    least_rotation,
    without_zeros,
)

Orders = Mapping[str, int]


def syllables(word: str, orders: Orders) -> list[tuple[str, int]]:
    """Return the cyclic normal form of a word as syllables (letter, power).

    Parameters
    ----------
    word : str
        Any word.
    orders : mapping
        Lower-case letter -> order; letters that are left out have infinite
        order.

    Returns
    -------
    list of (str, int)
        Neighbours have different letters, the last and the first one too;
        a letter of order n has a power from 1 to n - 1.

    Raises
    ------
    ValueError
        If an order is below 2, or its letter is not a lower-case one.
    """
    check_orders(orders)
    kept: list[tuple[str, int]] = []
    for letter in word:
        step = 1 if letter.islower() else -1
        push(kept, letter.lower(), step, orders)
    while len(kept) > 1 and kept[0][0] == kept[-1][0]:
        letter, power = kept.pop()
        first = kept.pop(0)
        merged: list[tuple[str, int]] = [first]
        push(merged, letter, power, orders)
        kept = merged + kept
    return kept


def push(
    kept: list[tuple[str, int]], letter: str, power: int, orders: Orders
) -> None:
    """Append a power of a letter to syllables, merging it with the last."""
    if kept and kept[-1][0] == letter:
        power += kept.pop()[1]
    if letter in orders:
        power %= orders[letter]
    if power:
        kept.append((letter, power))


def check_orders(orders: Orders) -> None:
    """Raise ValueError unless orders are integers from 2 for small letters."""
    for letter, order in orders.items():
        if not (len(letter) == 1 and letter.islower() and order >= 2):
            raise ValueError(
                f"The order of {letter!r} is {order}: orders are 2 or more, "
                "and belong to lower-case letters."
            )


def orb_canon(word: str, orders: Orders) -> str:
    """Return the one name of a conjugacy class in a product of cyclic groups.

    With ``orders = {"a": 3}`` the words 'aa' and 'A' have one name, 'aa'.
    The name is the least rotation of the normal form of `syllables`.
    """
    form = syllables(word, orders)
    return least_rotation(spelled(form))


def orb_bracket(surface: Surface, x: str, y: str, orders: Orders) -> Counter:
    """Return the bracket of two classes on a surface with cone points.

    Parameters
    ----------
    surface : Surface
        The surface without the cone points.
    x, y : str
        Words; any words of the two classes give the same result.
    orders : mapping
        Letter -> order of the cone point that the letter runs around once.

    Returns
    -------
    Counter
        Class, as `orb_canon` names it -> coefficient, without zeros.

    Raises
    ------
    ValueError
        If a letter with an order does not run around a hole, that is, if it
        does not stand beside its inverse in the surface word.
    """
    check_orders(orders)
    for letter in orders:
        if letter not in surface.boundaries and (
            letter.upper() not in surface.boundaries
        ):
            raise ValueError(
                f"{letter!r} does not run around a hole of {surface}, so no "
                "cone point can close it."
            )
    total: Counter = Counter()
    for word, count in surface.bracket(x, y).items():
        total[orb_canon(word, orders)] += count
    return without_zeros(total)


# -- the same bracket from pairs of lines -----------------------------------


class Coset(NamedTuple):
    """A double coset whose lines cross, at their first common vertex.

    Attributes
    ----------
    i, j : int
        Syllables of x and of y at that vertex.
    turn : int
        The line of y is turned by this power of the letter.
    sign : int
        +1 if y crosses from the right of x to its left, else -1.
    """

    i: int
    j: int
    turn: int
    sign: int


def is_left(p: int, o: int, h: int, order: int) -> bool:
    """Tell whether edge h lies counter-clockwise between o and p."""
    return (h - o) % order < (p - o) % order


def line_crossings(
    x: list[tuple[str, int]], y: list[tuple[str, int]], orders: Orders
) -> list[Coset]:
    """Return the pairs of lines of two classes that cross, modulo the group.

    Parameters
    ----------
    x, y : list of (str, int)
        Cyclic normal forms from `syllables`, of even length, in two letters.
    orders : mapping
        The orders of both letters.

    Returns
    -------
    list of Coset
        One entry for each double coset with crossing lines.

    Notes
    -----
    The group of a disc with two cone points acts on a planar tree. A vertex
    over a cone point of order n has n edges in cyclic order. A line comes in
    by edge 0, after a turn, and leaves by the edge that its power names.
    """
    found = []
    m, n = len(x), len(y)
    for i, (letter, e) in enumerate(x):
        order = orders[letter]
        for j, (other, f) in enumerate(y):
            if other != letter:
                continue
            for turn in range(1, order):  # 0: they have met before
                q, r = turn, (turn + f) % order
                if r == 0:
                    continue  # they have met before, in opposite directions
                before, after = (is_left(0, e, h, order) for h in (q, r))
                k = 1
                if r == e:  # y goes on beside x
                    while x[(i + k) % m] == y[(j + k) % n]:
                        k += 1
                    split, power = x[(i + k) % m]
                    out = y[(j + k) % n][1]
                    after = is_left(0, power, out, orders[split])
                elif q == e:  # y comes against x
                    while x[(i + k) % m] == backward(y, j - k, orders):
                        k += 1
                    split, power = x[(i + k) % m]
                    out = backward(y, j - k, orders)[1]
                    before = is_left(0, power, out, orders[split])
                if before != after:
                    found.append(Coset(i, j, turn, 1 if after else -1))
    return found


def backward(
    y: list[tuple[str, int]], j: int, orders: Orders
) -> tuple[str, int]:
    """Return the syllable j of a line that is run through backwards."""
    letter, power = y[j % len(y)]
    return letter, -power % orders[letter]


def orb_crossings(x: str, y: str, orders: Orders) -> list[Coset]:
    """Return the double cosets of two classes whose lines cross.

    Parameters
    ----------
    x, y : str
        Words in two letters. Powers of one letter have no line, so nothing
        crosses them.
    orders : mapping
        The orders of exactly two letters.

    Raises
    ------
    ValueError
        If there are not two orders, or a word has another letter.
    """
    check_orders(orders)
    if len(orders) != 2 or not set((x + y).lower()) <= set(orders):
        raise ValueError(
            "orb_crossings knows a disc with two cone points: give two "
            f"orders and words in their letters, not {dict(orders)}, {x!r} "
            f"and {y!r}."
        )
    forms = syllables(x, orders), syllables(y, orders)
    if min(map(len, forms)) < 2:
        return []
    return line_crossings(*forms, orders)


def double_coset_bracket(x: str, y: str, orders: Orders) -> Counter:
    """Return the bracket of a disc with two cone points from its group.

    The sum of sign * <x g y g^-1> over the double cosets <x> g <y> whose
    lines cross. Arguments and errors are those of `orb_crossings`.
    """
    first, second = syllables(x, orders), syllables(y, orders)
    total: Counter = Counter()
    for at in orb_crossings(x, y, orders):
        letter = first[at.i][0]
        turned = [(letter, at.turn)]
        turned += second[at.j :] + second[: at.j]
        turned += [(letter, -at.turn)]
        word = spelled(first[at.i :] + first[: at.i] + turned)
        total[orb_canon(word, orders)] += at.sign
    return without_zeros(total)


def spelled(form: list[tuple[str, int]]) -> str:
    """Return syllables as a word."""
    return "".join(
        (letter if power > 0 else letter.upper()) * abs(power)
        for letter, power in form
    )


def random_lift(word: str, orders: Orders, rng, moves: int = 3) -> str:
    """Return another word of the same class: full turns are put in.

    Each move inserts g c^n g^-1 at a random place, where c is a letter of
    order n, up to direction, and g a random word of up to three letters.
    """
    letters = sorted(orders) + sorted(c.upper() for c in orders)
    for _ in range(moves):
        at = int(rng.integers(len(word) + 1))
        g = "".join(rng.choice(letters, int(rng.integers(4))))
        turn = str(rng.choice(letters))
        turns = turn * orders[turn.lower()]
        word = word[:at] + g + turns + g[::-1].swapcase() + word[at:]
    return cyc_reduce(word)
