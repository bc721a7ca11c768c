"""Two oracles that see lines instead of words: hyperbolic geometry, floats.

Both use the Klein model, in which the lines of the hyperbolic plane are the
chords of a disc. `SchottkyOracle` draws any surface with boundary as a
polygon whose sides are glued in pairs; `FuchsianOracle` draws a disc with two
cone points by rotations. They share no code with the combinatorics except
the names of classes, and refuse to answer when rounding could decide.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from topoi.string_topology.orbifold import (
    check_orders,
    orb_canon,
    spelled,
    syllables,
)
from topoi.string_topology.words import canon, cyc_reduce, without_zeros

SAFE = 1e-9  # a decision nearer than this to its opposite is refused
DEEP = 80  # letters that are followed towards an end of a line


T = TypeVar("T")


class Uncertain(ArithmeticError):
    """The positions are so special that rounding could decide."""


def meet(c: np.ndarray, d: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Return where two chords cross, or None, and the sine between them.

    Parameters
    ----------
    c, d : ndarray, shape (2, 2)
        Beginning and end, points of the unit circle.

    Raises
    ------
    Uncertain
        If two ends nearly coincide, or only one pair does.
    """
    gaps = np.linalg.norm(c[:, None] - d[None], axis=-1)  # (2, 2)
    close = gaps < SAFE
    if close.any():
        if close.sum() == 2 and gaps[close].max() < 1e-12:
            return None, 0.0  # the same line
        raise Uncertain("Two lines nearly share an end: use another seed.")
    u, v = c[1] - c[0], d[1] - d[0]
    cross = u[0] * v[1] - u[1] * v[0]
    start = d[0] - c[0]
    if cross == 0:
        return None, 0.0
    s = (start[0] * v[1] - start[1] * v[0]) / cross
    t = (start[0] * u[1] - start[1] * u[0]) / cross
    inside = 0 < s < 1 and 0 < t < 1
    return (c[0] + s * u if inside else None), cross


def certain(question: Callable[[int], T], seeds: int = 50) -> T:
    """Return ``question(seed)`` for the first seed without `Uncertain`."""
    for seed in range(seeds):
        try:
            return question(seed)
        except Uncertain:
            continue
    raise Uncertain(f"All {seeds} positions are too special.")


class SchottkyOracle:
    """A surface with boundary as a polygon in the hyperbolic plane.

    Parameters
    ----------
    word : str
        A surface word.
    seed : int
        Moves the sides of the polygon at random, so that no crossing lies
        on a side; symmetric polygons have such crossings.
    """

    def __init__(self, word: str, seed: int = 0):
        rng = np.random.default_rng(seed)
        n = len(word)
        shift = rng.uniform(-0.12, 0.12, n) * np.pi / n
        self.word = word
        self.angle = dict(
            zip(word, 2 * np.pi * np.arange(n) / n + shift, strict=True)
        )
        self.half_width = 0.8 * np.pi / n

    def apply(self, letter: str, z: complex) -> complex:
        """Glue: map the outside of the side of -letter into that of letter."""
        theta, back = self.angle[letter], self.angle[letter.swapcase()]
        c = np.exp(1j * back) / np.cos(self.half_width)
        moved = np.conj(c) + (abs(c) ** 2 - 1) / (z - c)
        return np.exp(1j * (theta + back)) * moved

    def end(self, word: str) -> np.ndarray:
        """Return the point of the circle that word, word, ... leads to."""
        z = 0j
        for letter in (word * (DEEP // len(word) + 1))[::-1]:
            z = self.apply(letter, z)
        z /= abs(z)
        return np.array([z.real, z.imag])

    def chords(self, word: str) -> np.ndarray:
        """Return the chords along which a curve crosses the polygon.

        Returns
        -------
        ndarray, shape (len(word), 2, 2)
            Beginning and end of the line through each letter.
        """
        turns = [word[i:] + word[:i] for i in range(len(word))]
        return np.array(
            [[self.end(w[::-1].swapcase()), self.end(w)] for w in turns]
        )

    def side_distance(self, point: np.ndarray) -> float:
        """Return the distance to the nearest side, negative outside."""
        angles = np.array(list(self.angle.values()))
        heights = point[0] * np.cos(angles) + point[1] * np.sin(angles)
        return float(np.cos(self.half_width) - heights.max())

    def crossings(self, x: str, y: str) -> list[tuple[int, int, int]]:
        """Return the crossings of two curves inside of the polygon.

        Returns
        -------
        list of (i, j, sign)
            Letters that the curves stand at, and +1 if y crosses from the
            right of x to its left.

        Raises
        ------
        Uncertain
            If a crossing lies on a side, up to rounding.
        """
        found = []
        for i, c in enumerate(self.chords(x)):
            for j, d in enumerate(self.chords(y)):
                point, cross = meet(c, d)
                if point is None:
                    continue
                depth = self.side_distance(point)
                if abs(depth) < SAFE:
                    raise Uncertain("A crossing lies on a side.")
                if depth > 0:
                    found.append((i, j, 1 if cross > 0 else -1))
        return found

    def bracket(self, x: str, y: str) -> Counter:
        """Return the Goldman bracket, read off the crossing chords."""
        x, y = cyc_reduce(x), cyc_reduce(y)
        total: Counter = Counter()
        for i, j, sign in self.crossings(x, y):
            total[canon(x[i:] + x[:i] + y[j:] + y[:j])] += sign
        return without_zeros(total)


class FuchsianOracle:
    """A disc with two cone points, as rotations of the hyperbolic plane.

    The letter a turns by 2 pi / p about a point A on the left, and b by
    2 pi / q about a point B on the right, both counter-clockwise. A *wall*
    runs between A and B. Its images under the powers of a enclose a piece
    of the plane around A, and every line of a class of two letters crosses
    such pieces around images of A and B alternately.

    Parameters
    ----------
    p, q : int
        Orders of the cone points, 2 or more.
    seed : int
        Tilts the wall at random.

    Raises
    ------
    ValueError
        If an order is below 2.

    Notes
    -----
    All crossings of two curves lie in the pieces around A and B, up to the
    group. There are finitely many candidates, and all of them are looked
    at, so no depth of a search enters.
    """

    def __init__(self, p: int, q: int, seed: int = 0):
        self.orders = {"a": p, "b": q}
        check_orders(self.orders)
        rng = np.random.default_rng(seed)
        tilt = rng.uniform(-0.1, 0.1, 2) / max(p, q)
        top, low = np.pi / 2 + tilt[0], -np.pi / 2 + tilt[1]
        self.wall = np.array(
            [[np.cos(top), np.sin(top)], [np.cos(low), np.sin(low)]]
        )
        # Seen from A, the wall fills 0.85 of the angle 2 pi / p: its images
        # stay apart. The Klein radius of that distance is a cosine.
        self.centre = {
            "a": np.array([-np.cos(0.85 * np.pi / max(p, 2.5)), 0.0]),
            "b": np.array([np.cos(0.85 * np.pi / max(q, 2.5)), 0.0]),
        }
        self.turn = {
            letter: rotation(self.centre[letter], 2 * np.pi / order)
            for letter, order in self.orders.items()
        }

    def power(self, letter: str, k: int) -> np.ndarray:
        """Return the matrix of a power of a letter, shape (3, 3)."""
        return np.linalg.matrix_power(
            self.turn[letter], k % self.orders[letter]
        )

    def end(self, form: list[tuple[str, int]]) -> np.ndarray:
        """Return the point of the circle that a form leads to."""
        point = np.array([0.0, 0.0, 1.0])
        for letter, k in (form * (DEEP // len(form) + 1))[::-1]:
            point = self.power(letter, k) @ point
            point /= point[2]
        return point[:2] / np.linalg.norm(point[:2])

    def chords(self, word: str) -> list[tuple[str, np.ndarray]]:
        """Return letter and line of each syllable, as it leaves the wall."""
        form = syllables(word, self.orders)
        found = []
        for i in range(len(form)):
            ahead = form[i:] + form[:i]
            back = [(letter, -k) for letter, k in ahead[::-1]]
            found.append(
                (form[i][0], np.array([self.end(back), self.end(ahead)]))
            )
        return found

    def moved(self, letter: str, k: int, chord: np.ndarray) -> np.ndarray:
        """Return a chord turned by a power of a letter."""
        lifted = np.column_stack([chord, np.ones(2)])  # (2, 3)
        image = lifted @ self.power(letter, k).T
        image = image[:, :2] / image[:, 2:]
        return image / np.linalg.norm(image, axis=1, keepdims=True)

    def depth(self, letter: str, point: np.ndarray) -> float:
        """Return the least distance to the walls around A or B."""
        centre, least = self.centre[letter], np.inf
        for k in range(self.orders[letter]):
            start, stop = self.moved(letter, k, self.wall)
            along = (stop - start) / np.linalg.norm(stop - start)
            normal = np.array([-along[1], along[0]])
            side = np.sign(normal @ (centre - start))
            least = min(least, side * (normal @ (point - start)))
        return float(least)

    def crossings(self, x: str, y: str) -> list[tuple[int, int, int, int]]:
        """Return (i, j, k, sign) for each crossing modulo the group.

        Syllable i of x meets syllable j of y, turned by power k.

        Raises
        ------
        Uncertain
            If a crossing lies on a wall, up to rounding.
        """
        found = []
        second = self.chords(y)
        for i, (letter, c) in enumerate(self.chords(x)):
            for j, (other, d) in enumerate(second):
                for k in range(self.orders[letter] * (letter == other)):
                    point, cross = meet(c, self.moved(letter, k, d))
                    if point is None:
                        continue
                    depth = self.depth(letter, point)
                    if abs(depth) < SAFE:
                        raise Uncertain("A crossing lies on a wall.")
                    if depth > 0:
                        found.append((i, j, k, 1 if cross > 0 else -1))
        return found

    def bracket(self, x: str, y: str) -> Counter:
        """Return the sum over crossing lines of sign * <x g y g^-1>."""
        first = syllables(x, self.orders)
        second = syllables(y, self.orders)
        total: Counter = Counter()
        if min(len(first), len(second)) < 2:
            return total
        for i, j, k, sign in self.crossings(x, y):
            letter = first[i][0]
            form = [*first[i:], *first[:i], (letter, k)]
            form += [*second[j:], *second[:j], (letter, -k)]
            total[orb_canon(spelled(form), self.orders)] += sign
        return without_zeros(total)


def rotation(centre: np.ndarray, angle: float) -> np.ndarray:
    """Return the hyperbolic rotation about a point of the Klein disc.

    Parameters
    ----------
    centre : ndarray, shape (2,)
        On the horizontal diameter.
    angle : float
        Counter-clockwise, in radians.

    Returns
    -------
    ndarray, shape (3, 3)
        A Lorentz matrix, acting on (x, y, 1).
    """
    rapid = np.arctanh(centre[0])
    c, s = np.cosh(rapid), np.sinh(rapid)
    boost = np.array([[c, 0, s], [0, 1, 0], [s, 0, c]])
    u, v = np.cos(angle), np.sin(angle)
    turn = np.array([[u, -v, 0], [v, u, 0], [0, 0, 1]])
    return boost @ turn @ np.linalg.inv(boost)
