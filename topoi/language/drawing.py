"""An explorable picture of an induction head."""

import numpy as np

from topoi.language.circuits import induction_formula
from topoi.plotting import Drawing, explorable, explore

WORD = "abracadabra"
LETTERS = "abcdr"
STRENGTHS = (0, 1, 2, 3, 5, 8)
LEFT, STEP, FLOOR, HIGH = 30, 34, 118, 80


def look(word: str, place: int, beta: float) -> np.ndarray:
    """Return where the head looks, shape (place + 1,)."""
    matches = [
        float(j > 0 and word[j - 1] == word[place]) for j in range(place + 1)
    ]
    weights = np.exp(beta * np.array(matches))
    return weights / weights.sum()


def explore_induction(word: str = WORD):
    """Return a figure in which readers set a head's place and strength.

    Parameters
    ----------
    word : str
        Of the letters a, b, c, d and r; at most eleven.

    Raises
    ------
    ValueError
        If the word is too long, too short or has other letters.
    """
    if not 2 <= len(word) <= len(WORD) or set(word) - set(LETTERS):
        raise ValueError(
            f"The figure has room for 2 to {len(WORD)} of the letters "
            f"{LETTERS}, but got {word!r}."
        )

    def state(place, beta):
        return _state(word, place - 1, beta)

    places = range(2, len(word) + 1)
    controls = [
        explorable.slider("letters read", places, start=min(8, len(word))),
        explorable.slider("strength", STRENGTHS, start=3),
    ]
    return explore(
        state,
        controls,
        _picture(word),
        title="An induction head reads a word",
        alt=(
            "The letters of a word in a row with a bar above each: its share "
            "of the attention. Below, a bar for each letter that may follow."
        ),
    )


def _picture(word: str) -> Drawing:
    picture = Drawing(400, 300)
    picture.text(8, 18, "where it looks", "muted", "start")
    picture.line(12, FLOOR, 392, FLOOR, "faint")
    for j, letter in enumerate(word):
        x = LEFT + STEP * j
        picture.rect(x - 11, FLOOR, 22, 0, "lagoon", id=f"bar {j}")
        picture.text(x, FLOOR + 22, letter, "ink", size=17, id=f"letter {j}")
    picture.rect(0, FLOOR + 28, 22, 3, "coral", id="here")
    picture.text(8, 182, "what may follow", "muted", "start")
    picture.line(12, 262, 392, 262, "faint")
    for n, letter in enumerate(LETTERS):
        x = 40 + 73 * n
        picture.rect(x - 18, 262, 36, 0, "jade", id=f"share {n}")
        picture.text(x, 284, letter, size=17)
        picture.text(x + 38, 256, "", "jade-text", id=f"number {n}")
    return picture


def _state(word: str, place: int, beta: float) -> dict:
    weights = look(word, place, beta)
    numbers = [LETTERS.index(letter) for letter in word[: place + 1]]
    shares = induction_formula(numbers, len(LETTERS), beta)
    changes: dict = {"here": {"x": LEFT + STEP * place - 11}}
    for j in range(len(word)):
        tall = HIGH * weights[j] if j <= place else 0
        changes[f"bar {j}"] = {"y": FLOOR - tall, "height": tall}
        color = "ink" if j <= place else "line"
        changes[f"letter {j}"] = {"fill": color}
    for n, share in enumerate(shares):
        changes[f"share {n}"] = {"y": 262 - 60 * share, "height": 60 * share}
        changes[f"number {n}"] = {"text": f"{100 * share:.0f}%"}
    best = LETTERS[int(np.argmax(shares))]
    top = f"{best} with {100 * shares.max():.0f} percent."
    if np.isclose(shares, shares.max()).sum() > 1:
        top = "several letters alike."
    changes["say"] = [f"At the {word[place]} of place {place + 1}", ", ", top]
    return changes
