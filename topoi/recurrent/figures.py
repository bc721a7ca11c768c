"""Explorable figures on recurrences; see `topoi.plotting.explore`."""

import numpy as np

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, choice, steps
from topoi.recurrent.adders import carry_compose, to_bits

WIDTH = 8
LEFT, COLUMN = 62, 43  # of the digits, in units of the drawing
TOP, ROW = 78, 52  # of the levels
HUES = {"G": "jade", "P": "amber", "K": "coral"}


def carry_levels(a: np.ndarray, b: np.ndarray) -> list[list[str]]:
    """Return what each position knows about carries, level by level.

    Parameters
    ----------
    a, b : ndarray of bool, shape (width,)
        Digits, the lowest first.

    Returns
    -------
    list of list of str
        "G" where the digits seen so far make a carry, "P" where they pass
        one on, "K" where they stop it. Level k sees 2**k digits.
    """
    pairs, reach, levels = (a & b, a ^ b), 1, []
    while True:
        g, p = pairs
        levels.append(np.where(g, "G", np.where(p, "P", "K")).tolist())
        if reach >= len(a):
            return levels
        joined = carry_compose(
            tuple(e[:-reach] for e in pairs), tuple(e[reach:] for e in pairs)
        )
        pairs = tuple(
            np.concatenate([e[:reach], j])
            for e, j in zip(pairs, joined, strict=True)
        )
        reach *= 2


def carry_tree(sums: list[tuple[int, int]]) -> Explorable:
    """Return the levels of a carry scan, step by step.

    Parameters
    ----------
    sums : list of (int, int)
        Pairs of numbers below 256 to choose from.
    """
    words = [f"{a} + {b}" for a, b in sums]
    levels = {
        word: carry_levels(to_bits([a], WIDTH)[0], to_bits([b], WIDTH)[0])
        for word, (a, b) in zip(words, sums, strict=True)
    }
    digits = {
        word: (to_bits([a], WIDTH)[0], to_bits([b], WIDTH)[0])
        for word, (a, b) in zip(words, sums, strict=True)
    }

    def state(word: str, step: int) -> explorable.State:
        return _tree_state(levels[word], digits[word], step)

    count = len(levels[words[0]])
    return explore(
        state,
        [
            choice("sum", words),
            steps(
                "rounds done",
                count,
                words=[f"{n} of {count - 1}" for n in range(count)],
            ),
        ],
        _tree_drawing(count),
        title="The carries of a sum, round by round",
        alt="Two rows of binary digits, the lowest on the left, and below "
        "them four rows of circles. Each circle is fed by the one above and "
        "by one further left, at distance 1, 2 and 4.",
    )


def _x(digit: int) -> float:
    return LEFT + COLUMN * digit


def _tree_drawing(count: int) -> Drawing:
    picture = Drawing(400, TOP + ROW * (count - 1) + 24)
    for name, y in (("a", 16), ("b", 38)):
        picture.text(20, y, name, "muted")
        for n in range(WIDTH):
            picture.text(_x(n), y, "", id=f"{name}{n}")
    for level in range(count):
        y = TOP + ROW * level
        picture.text(20, y + 5, f"{2**level}", "muted")
        for n in range(WIDTH if level else 0):
            for start in {n, max(n - 2 ** (level - 1), -1)} - {-1}:
                picture.line(
                    _x(start),
                    y - ROW,
                    _x(n),
                    y,
                    "faint",
                    2,
                    id=f"e{level}{start}{n}",
                )
    for level in range(count):
        for n in range(WIDTH):
            y = TOP + ROW * level
            picture.circle(
                _x(n),
                y,
                15,
                "paper",
                stroke="line",
                stroke_width=2,
                id=f"c{level}{n}",
            )
            picture.text(_x(n), y + 5, "", id=f"t{level}{n}")
    return picture


def _tree_state(levels: list, digits: tuple, step: int) -> explorable.State:
    state: explorable.State = {}
    for name, row in zip("ab", digits, strict=True):
        for n in range(WIDTH):
            state[f"{name}{n}"] = {"text": str(int(row[n]))}
    for level, letters in enumerate(levels):
        seen = level <= step
        for n, letter in enumerate(letters):
            hue = HUES[letter]
            state[f"c{level}{n}"] = {
                "stroke": hue if seen else "faint",
                "fill": f"{hue}-wash" if seen else "paper",
            }
            state[f"t{level}{n}"] = {"text": letter if seen else ""}
            for start in (
                {n, max(n - 2 ** (level - 1), -1)} - {-1} if level else ()
            ):
                state[f"e{level}{start}{n}"] = {
                    "stroke": "ink" if level == step else "faint"
                }
    state["say"] = _tree_words(levels, step)
    return state


def _tree_words(levels: list, step: int) -> list[str]:
    letters = levels[step]
    # Nothing arrives below the lowest digit, so a P that sees it is a K.
    known = [
        n for n, letter in enumerate(letters) if letter != "P" or n < 2**step
    ]
    seen = "1 digit" if step == 0 else f"up to {2**step} digits"
    end = "" if step < len(levels) - 1 else " No carry is open any more."
    return [
        f"Each circle sees {seen}. ",
        f"The carry out of {len(known)} of {WIDTH} positions is settled.{end}",
    ]
