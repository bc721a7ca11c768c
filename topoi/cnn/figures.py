"""Explorable figures on convolutions; see `topoi.plotting.explore`."""

from collections.abc import Sequence

import numpy as np

from topoi.cnn.forward import conv2d_naive
from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, choice, slider

PIXEL, CELL, TAP = 10, 11, 40  # of picture, map and window, in its units
TOP, MIDDLE, RIGHT = 26, 147, 274
INKS = 9  # levels of grey
TONES = 4  # levels of each colour of the map


def coarse(image: np.ndarray) -> np.ndarray:
    """Return a picture at half the size, its ink as integers from 0 to 9.

    Parameters
    ----------
    image : ndarray, shape (2 n, 2 n)
        Ink from 0 to 1.
    """
    n = len(image) // 2
    blocks = image.reshape(n, 2, n, 2).mean(axis=(1, 3))  # (n, n)
    return np.rint(INKS * blocks).astype(int)


def window_on_a_digit(
    image: np.ndarray, kernels: dict[str, Sequence]
) -> Explorable:
    """Return a window that reads a small picture with one of some kernels.

    Parameters
    ----------
    image : ndarray of int, shape (n, n)
        Ink from 0 to 9, as `coarse` returns.
    kernels : dict of str to sequence
        Kernels of shape (3, 3), by what they are called.
    """
    taps = {name: np.array(k) for name, k in kernels.items()}
    maps = {
        name: conv2d_naive(image[None, :, :, None], k[:, :, None, None])
        for name, k in taps.items()
    }  # (1, n - 2, n - 2, 1)
    maps = {name: m[0, :, :, 0].astype(int) for name, m in maps.items()}
    places = range(len(image) - 2)

    def state(name: str, row: int, column: int) -> explorable.State:
        window = image[row : row + 3, column : column + 3]
        total = maps[name][row, column]
        return (
            _places(row, column)
            | _taps(window, taps[name], total)
            | {
                **_tones(maps[name]),
                "say": [
                    f"{name.capitalize()}: with its corner at row {row}, ",
                    f"column {column}, the nine products add up to ",
                    f"{total}.".replace("-", "−"),
                ],
            }
        )

    middle = len(places) // 3
    return explore(
        state,
        [
            choice("kernel", list(taps)),
            slider("row", places, middle),
            slider("column", places, middle),
        ],
        _window_drawing(image),
        title="A kernel that reads a digit",
        alt="Left, a digit of 14 by 14 pixels with a window of 3 by 3. In "
        "the middle, the nine pixels under the window, each times a tap of "
        "the kernel. Right, the map of all sums: blue for positive, red for "
        "negative ones.",
    )


def _squares(mask: np.ndarray, left: float, size: float) -> str:
    """Return one path over all cells of a mask."""
    return "".join(
        f"M{left + size * c:g},{TOP + size * r:g}h{size}v{size}h-{size}z"
        for r, c in np.argwhere(mask)
    )


def _window_drawing(image: np.ndarray) -> Drawing:
    n = len(image)
    picture = Drawing(400, 182)
    for x, text in (
        (70, "picture"),
        (MIDDLE + 60, "window"),
        (RIGHT + 62, "map"),
    ):
        picture.text(x, 14, text, "muted")
    picture.rect(2, TOP, n * PIXEL, n * PIXEL, "surface")
    for ink in range(1, INKS + 1):
        shape = _squares(image == ink, 2, PIXEL)
        if shape:
            picture.path(
                shape, "none", 0, "ink", fill_opacity=f"{ink / INKS:.2f}"
            )
    side = CELL * (n - 2)
    picture.rect(RIGHT, TOP, side, side, "surface")
    for hue in ("lagoon", "coral"):
        for tone in range(1, TONES + 1):
            picture.path(
                "",
                "none",
                0,
                hue,
                fill_opacity=f"{tone / TONES:g}",
                id=f"{hue}{tone}",
            )
    for name, size in (("window", 3 * PIXEL), ("cell", CELL)):
        picture.rect(
            0, 0, size, size, "none", stroke="amber", stroke_width=3, id=name
        )
    for r, c in np.ndindex(3, 3):
        x, y = MIDDLE + TAP * c, TOP + TAP * r
        picture.rect(x, y, TAP - 3, TAP - 3, "surface", rx=4)
        picture.text(x + 18, y + 16, "", id=f"ink{r}{c}")
        picture.text(x + 18, y + 32, "", "lagoon-text", id=f"tap{r}{c}")
    picture.text(MIDDLE + 58, TOP + 142, "", id="sum", size=15)
    return picture


def _places(row: int, column: int) -> explorable.State:
    return {
        "window": {"x": 2 + PIXEL * column, "y": TOP + PIXEL * row},
        "cell": {"x": RIGHT + CELL * column, "y": TOP + CELL * row},
    }


def _taps(
    window: np.ndarray, kernel: np.ndarray, total: int
) -> explorable.State:
    state: explorable.State = {}
    for r, c in np.ndindex(3, 3):
        tap = f"×{kernel[r, c]}".replace("-", "−")
        state[f"ink{r}{c}"] = {"text": str(window[r, c])}
        state[f"tap{r}{c}"] = {"text": tap}
    state["sum"] = {"text": f"sum {total}".replace("-", "−")}
    return state


def _tones(values: np.ndarray) -> explorable.State:
    """Return the map as one path a colour and tone."""
    top = max(np.abs(values).max(), 1)
    level = np.ceil(TONES * np.abs(values) / top)
    return {
        f"{hue}{tone}": {
            "d": _squares((sign * values > 0) & (level == tone), RIGHT, CELL)
        }
        for hue, sign in (("lagoon", 1), ("coral", -1))
        for tone in range(1, TONES + 1)
    }
