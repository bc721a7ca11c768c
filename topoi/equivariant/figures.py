"""Explorable figures on symmetric layers; see `topoi.plotting.explore`."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import ndimage

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, choice

CELL, TONES = 10, 4  # units of the drawing a pixel; shades of a colour
COLUMNS, ROWS = (10, 145, 280), (28, 190)
ACROSS = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
AROUND = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])
Layer = Callable[[np.ndarray], np.ndarray]


def one_kernel(x: np.ndarray) -> np.ndarray:
    """Correlate with a kernel that knows up from down."""
    return ndimage.correlate(x, ACROSS, mode="constant")


def symmetric_kernel(x: np.ndarray) -> np.ndarray:
    """Correlate with a kernel that looks the same from four sides."""
    return ndimage.correlate(x, AROUND, mode="constant")


def four_kernels(x: np.ndarray) -> np.ndarray:
    """Return the largest answer of a kernel in its four directions."""
    kernels = (np.rot90(ACROSS, k) for k in range(4))
    answers = [ndimage.correlate(x, k, mode="constant") for k in kernels]
    return np.max(answers, axis=0)


LAYERS: dict[str, Layer] = {
    "one kernel": one_kernel,
    "a symmetric kernel": symmetric_kernel,
    "largest of four turned": four_kernels,
}


def turned(x: np.ndarray, degrees: float) -> np.ndarray:
    """Turn a picture counterclockwise; quarter turns move pixels only."""
    if degrees % 90 == 0:
        return np.rot90(x, int(degrees // 90))
    return ndimage.rotate(x, degrees, reshape=False, order=1)


def round_the_square(
    image: np.ndarray, angles: Sequence[int] = (0, 45, 90, 180, 270)
) -> Explorable:
    """Return both ways round the square of turning and a layer.

    Parameters
    ----------
    image : ndarray, shape (n, n)
        Ink from 0 to 1.
    angles : sequence of int
        Degrees.
    """

    def state(name: str, degrees: int) -> explorable.State:
        layer = LAYERS[name]
        answer, x = layer(image), turned(image, degrees)
        first, second = layer(x), turned(answer, degrees)
        top = max(np.abs(answer).max(), 1e-9)
        gap = np.abs(first - second).max() / top
        return {
            **_tones("picture", x, 1.0, COLUMNS[0], ROWS[1]),
            **_tones("answer", answer, top, COLUMNS[1], ROWS[0]),
            **_tones("first", first, top, COLUMNS[1], ROWS[1]),
            **_tones("second", second, top, COLUMNS[2], ROWS[1]),
            "say": [
                f"{name.capitalize()}, ",
                f"turned by {degrees} degrees: ",
                _verdict(gap),
            ],
        }

    return explore(
        state,
        [
            choice("layer", list(LAYERS)),
            choice("turn", angles, 90, [f"{a}°" for a in angles]),
        ],
        _square(image),
        title="Turn first, or filter first?",
        alt="Above, a letter and the answer of a layer to it. Below, the "
        "turned letter, the layer's answer to that, and the first answer, "
        "turned. The last two should be equal, and differ.",
    )


def _verdict(gap: float) -> str:
    if gap == 0:
        return "both ways give the same numbers, exactly."
    return f"the two ways differ by {gap:.0%} of the largest answer."


def _runs(mask: np.ndarray, left: float, top: float) -> str:
    """Return one path over the marked pixels: thick strokes along rows."""
    parts = []
    for r, row in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            x, y = left + CELL * start, top + CELL * (r + 0.5)
            parts.append(f"M{x:g},{y:g}h{CELL * (end - start)}")
    return "".join(parts)


def _levels(x: np.ndarray, top: float) -> np.ndarray:
    """Return shades from 0 to TONES; less than 2 % of the top is none."""
    shares = np.where(np.abs(x) < 0.02 * top, 0, np.abs(x) / top)
    return np.ceil(TONES * np.minimum(shares, 1)).astype(int)


def _tones(
    name: str, x: np.ndarray, top: float, left: float, high: float
) -> explorable.State:
    levels = _levels(x, top)
    signs = (("p", 1),) if name == "picture" else (("p", 1), ("n", -1))
    return {
        f"{name}-{mark}{tone}": {
            "d": _runs((levels == tone) & (sign * x > 0), left, high)
        }
        for mark, sign in signs
        for tone in range(1, TONES + 1)
    }


def _square(image: np.ndarray) -> Drawing:
    side = CELL * len(image)
    picture = Drawing(400, ROWS[1] + side + 8)
    a, b, c = COLUMNS
    places = {
        "x": (a, ROWS[0]),
        "layer(x)": (b, ROWS[0]),
        "turned x": (a, ROWS[1]),
        "layer(turned x)": (b, ROWS[1]),
        "turned layer(x)": (c, ROWS[1]),
    }
    for text, (x, y) in places.items():
        picture.rect(x, y, side, side, "surface")
        picture.text(x + side / 2, y - 9, text)
    for tone in range(1, TONES + 1):
        shape = _runs(_levels(image, 1.0) == tone, a, ROWS[0])
        opacity = f"{tone / TONES:g}"
        thick = {"width": CELL, "stroke_opacity": opacity}
        picture.path(shape, "ink", **thick)
        for name in ("picture-p", *_names()):
            hue = "coral" if name.endswith("-n") else "lagoon"
            hue = "ink" if name == "picture-p" else hue
            picture.path("", hue, id=f"{name}{tone}", **thick)
    return picture


def _names() -> list[str]:
    return [f"{n}-{m}" for n in ("answer", "first", "second") for m in "pn"]
