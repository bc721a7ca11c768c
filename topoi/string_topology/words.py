"""Words in the letters of a free group, as strings: 'aB' is a b^-1.

A lower-case letter is a generator and its upper-case letter the inverse. A
closed curve without a base point is a word up to rotation and cancellation.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import numpy as np

Bracket = Callable[[str, str], Counter]


def inverse(word: str) -> str:
    """Return the inverse of a word: backwards, every letter inverted."""
    return word[::-1].swapcase()


def free_reduce(word: str) -> str:
    """Return the word without neighbours that cancel, such as 'aA'."""
    kept: list[str] = []
    for letter in word:
        if kept and kept[-1] == letter.swapcase():
            kept.pop()
        else:
            kept.append(letter)
    return "".join(kept)


def cyc_reduce(word: str) -> str:
    """Return the word, cancelled also where its end meets its beginning.

    Parameters
    ----------
    word : str
        Letters; 'A' is the inverse of 'a'.

    Returns
    -------
    str
        A word of least length in the conjugacy class. It is unique up to
        rotation; '' is the curve that can be pulled to a point.

    Raises
    ------
    ValueError
        If something in the word is no letter from a to z or A to Z.
    """
    if not (word == "" or (word.isascii() and word.isalpha())):
        raise ValueError(
            f"{word!r} is no word: use letters only, an upper-case letter "
            "for an inverse."
        )
    word = free_reduce(word)
    k = 0
    while 2 * k + 1 < len(word) and word[k] == word[-1 - k].swapcase():
        k += 1
    return word[k : len(word) - k]


def least_rotation(word: str) -> str:
    """Return the first of all rotations in the order of ASCII."""
    double, length = word + word, len(word)
    return min((double[k : k + length] for k in range(length)), default="")


def canon(word: str) -> str:
    """Return the one name of a word's free homotopy class.

    Two words name the same closed curve, up to deformation, exactly if their
    `canon` is equal: it is the least rotation of the cyclically reduced
    word, where 'A' < 'B' < ... < 'a' < 'b'.
    """
    return least_rotation(cyc_reduce(word))


def root_power(word: str) -> tuple[str, int]:
    """Return the primitive root of a class, and how often it is run through.

    Returns
    -------
    root : str
        A cyclically reduced word that is no power; '' for the trivial class.
    power : int
        At least 1; 1 for the trivial class.
    """
    word = cyc_reduce(word)
    length = (word + word).find(word, 1)  # the least period that divides
    if length < 1:
        return word, 1
    return word[:length], len(word) // length


def cyclic_words(generators: int, length: int) -> list[str]:
    """Return all classes whose reduced words have this length, in order.

    Parameters
    ----------
    generators : int
        Number of generators: 2 means the letters a, b, A, B.
    length : int
        Letters of each word.

    Returns
    -------
    list of str
        Every cyclically reduced word that is its own least rotation.

    Raises
    ------
    ValueError
        For fewer than 1 or more than 26 generators, or a negative length.

    Notes
    -----
    Fredricksen, Kessler and Maiorana's generation of necklaces, which builds
    no word that is not the beginning of a necklace.
    """
    if not 1 <= generators <= 26 or length < 0:
        raise ValueError(
            f"cyclic_words needs 1 to 26 generators and a length of 0 or "
            f"more, but got {generators} and {length}."
        )
    lower = "abcdefghijklmnopqrstuvwxyz"[:generators]
    letters = lower.upper() + lower
    found: list[str] = []

    def extend(word: str, period: int) -> None:
        if len(word) == length:
            if length % period == 0 and word[:1] != word[-1:].swapcase():
                found.append(word)
            return
        bound = word[len(word) - period] if word else ""
        for letter in letters:
            if letter >= bound and letter.swapcase() != word[-1:]:
                same = letter == bound
                extend(word + letter, period if same else len(word) + 1)

    if length == 0:
        return [""]
    extend("", 1)
    return found


def curve_pairs(total: int) -> Iterator[tuple[str, str]]:
    """Yield pairs of different curves in two letters, `total` long together.

    Each pair of classes occurs once up to exchanging them and up to turning
    both around; a class is never paired with itself or its inverse.
    """
    for n in range(1, total // 2 + 1):
        for x in cyclic_words(2, n):
            back = canon(inverse(x))
            if back < x:
                continue
            for y in cyclic_words(2, total - n):
                if y not in (x, back):
                    yield x, y


def random_word(
    rng: np.random.Generator, longest: int, letters: str = "abAB"
) -> str:
    """Return a cyclically reduced word of 1 to `longest` letters.

    All lengths are equally likely, and so are all words of one length.
    """
    length = int(rng.integers(1, longest + 1))
    while True:
        word = "".join(rng.choice(list(letters), length))
        if cyc_reduce(word) == word:
            return word


# -- formal sums ------------------------------------------------------------


def formal_sum(terms: Mapping[str, int]) -> str:
    """Return a sum of classes as text, such as '2 aab - Ba'; 1 is trivial."""
    text = ""
    for word, count in sorted(terms.items()):
        if count:
            sign = "-" if count < 0 else "+" if text else ""
            size = f"{abs(count)} " if abs(count) != 1 else ""
            text += f" {sign} {size}" if text else sign + size
            text += word or "1"
    return text or "0"


def extend_bracket(bracket: Bracket) -> Callable[[Mapping, Mapping], Counter]:
    """Return the bracket of formal sums: linear in both arguments."""

    def extended(u: Mapping[str, int], v: Mapping[str, int]) -> Counter:
        total: Counter = Counter()
        for x, a in u.items():
            for y, b in v.items():
                for word, count in bracket(x, y).items():
                    total[word] += a * b * count
        return without_zeros(total)

    return extended


def without_zeros(terms: Mapping[str, int]) -> Counter:
    """Return a formal sum without the classes that have cancelled."""
    return Counter({word: count for word, count in terms.items() if count})


def symmetry_defect(bracket: Bracket, x: str, y: str) -> Counter:
    """Return [x, y] + [y, x]: empty for a Lie bracket."""
    total = Counter(bracket(x, y))
    total.update(bracket(y, x))
    return without_zeros(total)


def jacobi_defect(bracket: Bracket, x: str, y: str, z: str) -> Counter:
    """Return [[x, y], z] + [[y, z], x] + [[z, x], y]: empty if Lie."""
    extended = extend_bracket(bracket)
    total: Counter = Counter()
    for u, v, w in ((x, y, z), (y, z, x), (z, x, y)):
        total.update(extended(bracket(u, v), {w: 1}))
    return without_zeros(total)
