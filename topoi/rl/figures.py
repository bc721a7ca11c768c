"""Explorable figures on known rules; see `topoi.plotting.explore`."""

from collections.abc import Sequence

import numpy as np

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, slider
from topoi.rl.mdp import policy_evaluation, policy_iteration

CELL, LEFT, TOP = 72, 56, 6  # in units of the drawing
TONES = 8
WORDS = {b"S": "start", b"H": "hole", b"G": "goal"}
WAYS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # left, down, right, up


def explore_lake(
    letters: np.ndarray,
    transitions: np.ndarray,
    rewards: np.ndarray,
    discounts: Sequence[float],
    shares: Sequence[float],
) -> Explorable:
    """Return the best policy on a lake and what exploration costs it.

    Parameters
    ----------
    letters : ndarray of bytes, shape (n, n)
        The map: S, F, H and G.
    transitions, rewards
        As `topoi.rl.model_of` returns them.
    discounts : sequence of float
        Values of gamma below 1.
    shares : sequence of float
        Shares epsilon of random actions.
    """
    states, actions = rewards.shape
    best = {g: policy_iteration(transitions, rewards, g)[0] for g in discounts}

    def state(gamma: float, epsilon: float) -> explorable.State:
        mixed = np.full((states, actions), epsilon / actions)
        mixed[np.arange(states), best[gamma]] += 1 - epsilon
        values = policy_evaluation(mixed, transitions, rewards, gamma)
        return _lake_state(letters.ravel(), values, best[gamma]) | {
            "say": [
                f"With discount {gamma:g} ",
                f"and {epsilon:.0%} random moves, ",
                f"the start is worth {values[0]:.3f}, ",
                f"a state beside the goal {values[-2]:.3f}.",
            ],
        }

    return explore(
        state,
        [
            slider("discount γ", discounts, discounts[-2]),
            slider(
                "exploration ε",
                shares,
                shares[0],
                [f"{s:.0%}" for s in shares],
            ),
        ],
        _lake_drawing(letters),
        title="Values and best moves on the frozen lake",
        alt="A lake of four by four squares, each with an arrow for the best "
        "move and its value; four squares are holes. The values grow from "
        "the start at the upper left to the goal at the lower right.",
    )


def _corner(n: int, side: int) -> tuple[float, float]:
    return LEFT + CELL * (n % side), TOP + CELL * (n // side)


def _lake_drawing(letters: np.ndarray) -> Drawing:
    side = len(letters)
    picture = Drawing(400, 2 * TOP + side * CELL)
    for n, letter in enumerate(letters.ravel()):
        x, y = _corner(n, side)
        size = CELL - 4
        picture.rect(x, y, size, size, "surface", rx=6)
        name = WORDS.get(letter, "")
        if letter in b"HG":
            hue = "coral" if letter == b"H" else "jade"
            picture.rect(
                x + 1,
                y + 1,
                size - 2,
                size - 2,
                f"{hue}-wash",
                rx=6,
                stroke=hue,
                stroke_width=2,
            )
            picture.text(x + size / 2, y + size / 2 + 5, name)
            continue
        picture.rect(x, y, size, size, "lagoon", rx=6, id=f"shade{n}")
        picture.path("", "ink", 2.5, id=f"arrow{n}")
        picture.text(x + size / 2, y + 17, "", id=f"value{n}")
        if name:
            picture.text(x + size / 2, y + size - 5, name, "muted")
    return picture


def _lake_state(
    letters: np.ndarray, values: np.ndarray, policy: np.ndarray
) -> explorable.State:
    side = round(len(letters) ** 0.5)
    state: explorable.State = {}
    for n, letter in enumerate(letters):
        if letter in b"HG":
            continue
        x, y = _corner(n, side)
        tone = np.ceil(TONES * values[n]) / TONES
        state[f"shade{n}"] = {"fill_opacity": f"{0.5 * tone:.2f}"}
        state[f"value{n}"] = {"text": f"{values[n]:.2f}"}
        state[f"arrow{n}"] = {
            "d": _arrow(x + CELL / 2 - 2, y + CELL / 2 + 2, policy[n])
        }
    return state


def _arrow(x: float, y: float, action: int) -> str:
    """Return an arrow around a point, for an action of the lake."""
    dx, dy = WAYS[action]
    tip = x + 11 * dx, y + 11 * dy
    wings = [
        (tip[0] - 6 * dx + s * 5 * dy, tip[1] - 6 * dy + s * 5 * dx)
        for s in (1, -1)
    ]
    shaft = explorable.path([x - 11 * dx, tip[0]], [y - 11 * dy, tip[1]])
    return shaft + explorable.path(*zip(wings[0], tip, wings[1], strict=True))
