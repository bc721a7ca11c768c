"""CCP as a diagram, dots of a survey, and roots to explore."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from topoi import plotting
from topoi.plotting import Drawing, explorable, explore
from topoi.polynomial.filters import lcn_flow

MIDDLES = (3, 2.5, 2.1, 1.8, 1.5, 1.2)
SHOWN = (0, 10, 30, 60, 100, 200, 400, 4000)


def draw_ccp() -> plotting.diagram.Canvas:
    """Draw CCP of degree three."""
    canvas = plotting.diagram.Canvas(height=4.4)
    places = 1.2, 4.4, 8.6
    boxes = [
        canvas.box(x, 2.2, f"$U_{n}$", plotting.LAGOON)
        for n, x in enumerate(places, 1)
    ]
    for box in boxes:
        canvas.arrow((box.x, 0.75), box)
    canvas.text(4.9, 0.45, "the same input $z$, three times")
    canvas.arrow(boxes[0], (1.2, 3.4))
    start, labels = (1.2, 3.4), ("$x_1$", "$x_2$")
    for box, label in zip(boxes[1:], labels, strict=True):
        times = canvas.node(box.x, 3.4, "×", plotting.CORAL)
        plus = canvas.node(box.x + 1.7, 3.4, "+")
        canvas.arrow(box, times)
        canvas.arrow(start, times, label)
        canvas.arrow(times, plus)
        canvas.arrow((box.x - 1.0, 3.4), plus, around=4.15)
        start = plus
    end = canvas.box(11.9, 3.4, r"$C, \beta$", plotting.LAGOON)
    canvas.arrow(start, end, "$x_3$")
    return canvas


def draw_seeds(
    rows: Mapping[str, np.ndarray], label: str, height: float = 2.6
) -> Axes:
    """Draw one row of dots per method, one dot per seed.

    Parameters
    ----------
    rows : mapping
        Name to the values of all seeds. Names with "ReLU" are coral.
    label : str
        Of the horizontal axis.
    height : float
        In inches.
    """
    _, ax = plt.subplots(figsize=(6.5, height))
    for y, (name, values) in enumerate(rows.items()):
        color = plotting.CORAL if "ReLU" in name else plotting.LAGOON
        places = np.full(len(values), y)
        ax.plot(values, places, "o", color=color, alpha=0.7)
        ax.plot(np.mean(values), y, "|", color=plotting.INK, ms=14)
    ax.set(yticks=range(len(rows)), yticklabels=list(rows), xlabel=label)
    ax.set(ylim=(len(rows) - 0.5, -0.5))
    return ax


def shadow(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (a - c) / (a + c) and b / (a + c) of filters (n, 3).

    Filters without real roots fill the open unit disc.
    """
    a, b, c = np.transpose(products)
    return (a - c) / (a + c), b / (a + c)


# -- roots to explore -------------------------------------------------------


def _place(root: complex) -> tuple[float, float]:
    """Return the point of the figure for a complex number."""
    return 350 + 100 * root.real, 100 - 70 * root.imag


def _picture() -> Drawing:
    picture = Drawing(400, 220)
    picture.line(10, 100, 390, 100, color="line")
    for value in (-3, -2, -1, 0):
        x, y = _place(complex(value))
        picture.line(x, y, x, y + 8, color="line")
        picture.text(x, y + 24, explorable.decimal(value, 0), "muted")
    for n in (0, 1):
        picture.circle(0, 0, 9, "none", stroke="coral", id=f"target {n}")
        picture.circle(0, 0, 5, "lagoon", id=f"root {n}")
    picture.text(200, 180, "", id="loss")
    picture.text(200, 204, "", "muted", id="filters")
    return picture


def explore_roots() -> explorable.Explorable:
    """Return a figure: roots of two filters on their way to x^2 + b x + 1."""
    start = [np.array([1.0, 0.3]), np.array([1.0, 2.0])]
    paths = {b: lcn_flow([1, b, 1], start, 0.02, 4000, 10) for b in MIDDLES}

    def state(b, steps):
        path, drawn = paths[b], {}
        at = steps // 10
        for n, root in enumerate(np.roots([1, b, 1]) + 0j):
            drawn[f"target {n}"] = _at(root)
        for n, (first, second) in enumerate(path.filters[at]):
            drawn[f"root {n}"] = _at(complex(-second / first))
        return drawn | _texts(path.losses[at], *path.filters[at])

    controls = [
        explorable.slider("b of the target", MIDDLES, start=3),
        explorable.slider("steps", SHOWN, start=0),
    ]
    alt = "A real line with two dots on it, and the two roots of a target."
    title = "Roots during training"
    return explore(state, controls, _picture(), title=title, alt=alt)


def _at(root: complex) -> dict[str, str]:
    x, y = _place(root)
    return {"cx": f"{x:.1f}", "cy": f"{y:.1f}"}


def _texts(loss: float, first: np.ndarray, second: np.ndarray) -> dict:
    """Return what stands below the line, and what is read aloud."""
    number = explorable.decimal
    pair = [f"({number(a)}, {number(b)})" for a, b in (first, second)]
    told = f"filters {pair[0]} and {pair[1]}"
    return {
        "loss": {"text": f"loss {number(loss, 3)}"},
        "filters": {"text": told},
        "say": ["Loss ", number(loss, 3), ", ", told, "."],
    }
