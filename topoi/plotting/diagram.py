"""Pictures of mechanisms: boxes, arrows, tensors as blocks, small graphs.

A `Canvas` is 13 units wide unless you say otherwise, one unit being half an
inch of the book's figures; y grows upwards. Everything that is drawn returns
a `Part`, and arrows run from part to part::

    canvas = diagram.Canvas(height=3)
    x = canvas.block(1.5, 1.5, (32, 28, 28, 1), "x")
    layer = canvas.box(5, 1.5, "Conv2D", note="3 x 3, 16")
    canvas.arrow(x, layer)

The cell that draws it needs a caption and an alternative text like any other
figure.
"""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon
from matplotlib.path import Path

from topoi.plotting.style import (
    AMBER,
    CORAL,
    INDIGO,
    INK,
    JADE,
    LAGOON,
    MUTED,
    PAPER,
    TEXT,
    TEXT_SHADE,
)

WASH = {  # behind text, for each hue
    LAGOON: "#E6F1F8",
    INDIGO: "#EEEBF7",
    CORAL: "#FAEAE7",
    JADE: "#E4F1ED",
    AMBER: "#F8EFD6",
}
PLAIN, PLAIN_WASH = "#8A8474", "#F5F1E7"
WIDTH = 6.5  # inches of a figure
SIZE, SMALL = 9, 7.5  # points
MONO = "DejaVu Sans Mono"
ROUND = 0.14  # radius of corners
SHOWN_UNITS = 6  # of a layer; larger ones show three dots


class Part(NamedTuple):
    """Something on a canvas: its centre and its size."""

    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    round: bool = False

    @property
    def left(self) -> tuple[float, float]:
        """Middle of the left side."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> tuple[float, float]:
        """Middle of the right side."""
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> tuple[float, float]:
        """Middle of the upper side."""
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> tuple[float, float]:
        """Middle of the lower side."""
        return self.x, self.y - self.height / 2


Place = Part | tuple[float, float]


class Canvas:
    """A figure to draw a mechanism on.

    Parameters
    ----------
    width, height : float
        In units; the figure is 6.5 inches wide.

    Attributes
    ----------
    figure : Figure
    ax : Axes
        Both of matplotlib, for whatever is missing here.
    """

    def __init__(self, width: float = 13, height: float = 4):
        size = WIDTH, WIDTH * height / width
        self.figure: Figure = plt.figure(figsize=size, layout="none")
        self.ax = self.figure.add_axes((0, 0, 1, 1))
        self.ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        self.ax.axis("off")

    # -- parts --------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        text: str,
        color: str = TEXT,
        size: float = SIZE,
        **options: object,
    ) -> Part:
        """Write a text around (x, y); `options` are matplotlib's."""
        options = {"ha": "center", "va": "center", "zorder": 4} | options
        shade = TEXT_SHADE.get(color, color)
        drawn = self.ax.text(x, y, text, color=shade, size=size, **options)
        box = drawn.get_window_extent()
        box = box.transformed(self.ax.transData.inverted())
        middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        return Part(*middle, box.width, box.height)

    def box(
        self,
        x: float,
        y: float,
        text: str,
        color: str | None = None,
        note: str = "",
        width: float | None = None,
        height: float | None = None,
    ) -> Part:
        """Draw a layer or a step as a box that fits its text.

        Parameters
        ----------
        x, y : float
            Its centre.
        text, note : str
            What it does; a smaller second line such as "3 x 3, 64".
        color : str, optional
            One of the five hues of the book.
        width, height : float, optional
            Larger than the text needs.
        """
        shift = 0.17 if note else 0.0
        inside = [self.text(x, y + shift, text)]
        if note:
            inside.append(self._small(x, y - 0.24, note))
        width = width or max(p.width for p in inside) + 0.5
        height = height or sum(p.height for p in inside) + 0.45
        style = f"round,pad=0,rounding_size={ROUND}"
        corner = x - width / 2, y - height / 2
        colors = _colors(color)
        self.ax.add_patch(
            FancyBboxPatch(
                corner, width, height, style, lw=1.2, zorder=3, **colors
            )
        )
        return Part(x, y, width, height)

    def node(
        self,
        x: float,
        y: float,
        text: str,
        color: str | None = None,
        value: str = "",
        adjoint: str = "",
        radius: float = 0.32,
    ) -> Part:
        """Draw an operation as a circle.

        Parameters
        ----------
        x, y : float
            Its centre.
        text : str
            The operation or the variable.
        color : str, optional
            One of the five hues of the book.
        value, adjoint : str
            Written above and, in coral, below: what the forward and the
            backward pass leave there.
        radius : float
        """
        self.ax.add_patch(
            Circle((x, y), radius, lw=1.2, zorder=3, **_colors(color))
        )
        self.text(x, y, text)
        if value:
            self.text(x, y + radius + 0.22, value, INK, SMALL, family=MONO)
        if adjoint:
            self.text(x, y - radius - 0.24, adjoint, CORAL, SMALL, family=MONO)
        return Part(x, y, 2 * radius, 2 * radius, round=True)

    def block(
        self,
        x: float,
        y: float,
        shape: Sequence[int | str],
        name: str = "",
        color: str = LAGOON,
        size: tuple[float, float, float] | None = None,
    ) -> Part:
        """Draw a tensor as a block, its name above and its shape below.

        Parameters
        ----------
        x, y : float
            Centre of the front face.
        shape : sequence of int or str
            Sizes, or what they are called: (32, 28, 28, 1) or
            ("batch", "time", "size").
        name : str
        color : str
            One of the five hues of the book.
        size : (width, height, depth), optional
            In units; by default after the number of axes.
        """
        defaults = (0.34, 0.34, 0), (0.34, 1.2, 0), (0.8, 1.2, 0)
        rank = len(shape)
        width, height, depth = size or (
            defaults[rank] if rank < 3 else (0.85, 0.95, 0.32)
        )
        left, bottom = x - width / 2, y - height / 2
        right, top = left + width, bottom + height
        edge = {
            "edgecolor": color,
            "lw": 1.2,
            "zorder": 3,
            "joinstyle": "round",
        }
        faces = [[(left, bottom), (right, bottom), (right, top), (left, top)]]
        if depth:
            far = right + depth, top + depth
            lid = [(left + depth, far[1]), far, (right, top), (left, top)]
            side = [(right, bottom), (far[0], bottom + depth), far]
            faces += [lid, [*side, (right, top)]]
        for face, alpha in zip(faces, (0.0, 0.16, 0.32), strict=False):
            fill = _mixed(WASH[color], color, alpha)
            self.ax.add_patch(Polygon(face, facecolor=fill, **edge))
        if name:
            middle = x + depth / 2
            self.text(middle, top + depth + 0.25, name)
        sizes = ", ".join(map(str, shape))
        comma = "," if rank == 1 else ""
        self._small(x + depth / 2, bottom - 0.25, f"({sizes}{comma})")
        return Part(x + depth / 2, y, width + depth, height)

    def group(
        self,
        parts: Sequence[Part],
        text: str = "",
        color: str | None = None,
        pad: float = 0.35,
    ) -> Part:
        """Draw a dashed frame around parts, with a name on its upper edge."""
        left = min(p.left[0] for p in parts) - pad
        right = max(p.right[0] for p in parts) + pad
        low = min(p.bottom[1] for p in parts) - pad
        high = max(p.top[1] for p in parts) + pad
        style = f"round,pad=0,rounding_size={2 * ROUND}"
        width, height = right - left, high - low
        self.ax.add_patch(
            FancyBboxPatch(
                (left, low),
                width,
                height,
                style,
                facecolor="none",
                edgecolor=color or PLAIN,
                ls=(0, (4, 3)),
                lw=1,
                zorder=1,
            )
        )
        if text:
            paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 2}
            shade = {"ha": "left", "bbox": paper}
            self.text(left + 0.3, high, text, color or MUTED, SMALL, **shade)
        return Part(left + width / 2, low + height / 2, width, height)

    # -- arrows -------------------------------------------------------------

    def arrow(
        self,
        start: Place,
        end: Place,
        text: str = "",
        color: str = INK,
        dashed: bool = False,
        around: float | None = None,
        shift: tuple[float, float] | None = None,
    ) -> list[tuple[float, float]]:
        """Draw an arrow from a part, or a point, to another.

        Parameters
        ----------
        start, end : Part or (x, y)
        text : str
            Its label.
        color : str
        dashed : bool
        around : float, optional
            Height at which the arrow runs past what lies between: out of
            the start vertically, along, and vertically into the end.
        shift : (dx, dy), optional
            Where the label stands, from the middle of the arrow.

        Returns
        -------
        list of (x, y)
            The corners of the arrow, both ends included.
        """
        points = _route(start, end, around)
        line = FancyArrowPatch(
            path=_rounded(points),
            arrowstyle="-|>,head_length=4,head_width=2",
            mutation_scale=1.2,
            color=color,
            lw=1.2,
            ls=(0, (3, 2)) if dashed else "-",
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
        self.ax.add_patch(line)
        if text:
            middle = len(points) // 2
            (x0, y0), (x1, y1) = points[middle - 1 : middle + 1]
            if shift is None:
                flat = abs(x1 - x0) >= abs(y1 - y0)
                shift = (0, 0.24) if flat else (0.16, 0)
            x, y = (x0 + x1) / 2 + shift[0], (y0 + y1) / 2 + shift[1]
            side = "left" if shift[0] > 0 else "center"
            side = "right" if shift[0] < 0 else side
            self.text(x, y, text, MUTED, SMALL, ha=side)
        return points

    # -- whole mechanisms ---------------------------------------------------

    def layers(
        self,
        x: float,
        y: float,
        sizes: Sequence[int],
        names: Sequence[str] = (),
        gap: float = 2.4,
        step: float = 0.62,
    ) -> list[list[Part]]:
        """Draw a network of dense layers, unit by unit.

        Parameters
        ----------
        x, y : float
            Centre of the first layer.
        sizes : sequence of int
            Units of each layer; of more than six, five are shown.
        names : sequence of str
            Below each layer.
        gap, step : float
            Between layers, and between units.

        Returns
        -------
        list of list of Part
            The units that are shown, lowest first.
        """
        drawn: list[list[Part]] = []
        for n, size in enumerate(sizes):
            places = _unit_places(size, step)
            column = x + n * gap
            color = (LAGOON, INDIGO)[0 < n < len(sizes) - 1]
            color = JADE if n == len(sizes) - 1 else color
            units = [
                self.node(column, y + h, "", color, radius=0.2) for h in places
            ]
            if len(places) < size:
                self.text(column, y + places[-1] - 0.62 * step, "⋮", MUTED, 11)
            drawn.append(units)
        low = min(unit.y for units in drawn for unit in units) - 0.75
        for units, name in zip(drawn, names, strict=False):
            self._small(units[0].x, low, name)
        for before, after in zip(drawn, drawn[1:], strict=False):
            for a in before:
                for b in after:
                    ends = (a.right[0], b.left[0]), (a.y, b.y)
                    self.ax.plot(*ends, color=PLAIN, lw=0.6, zorder=1)
        return drawn

    def unrolled(
        self,
        x: float,
        y: float,
        steps: int,
        cell: str = "cell",
        names: tuple[str, str, str] = ("x", "h", "y"),
        gap: float = 2.6,
    ) -> list[Part]:
        """Draw a recurrence step by step.

        Parameters
        ----------
        x, y : float
            Centre of the first cell.
        steps : int
        cell : str
            What stands in each box.
        names : (str, str, str)
            Input, state and output, without the index of time; an empty
            one is left out.
        gap : float
            Between cells.

        Returns
        -------
        list of Part
            The cells.
        """
        below, state, above = names
        cells = [
            self.box(x + t * gap, y, cell, INDIGO, width=1.3, height=0.9)
            for t in range(steps)
        ]
        first = (x - 0.62 * gap, y)
        for t, part in enumerate(cells):
            self.arrow(cells[t - 1] if t else first, part)
            place = part.left[0] - 0.5 * (gap - 1.3) if t else first[0] + 0.2
            self.text(place, y + 0.3, f"${state}_{{{t}}}$", MUTED)
            if below:
                low = self.text(part.x, y - 1.35, f"${below}_{{{t + 1}}}$")
                self.arrow((part.x, low.top[1] + 0.06), part)
            if above:
                high = self.text(part.x, y + 1.35, f"${above}_{{{t + 1}}}$")
                self.arrow(part, (part.x, high.bottom[1] - 0.06))
        last = cells[-1].right
        self.arrow(cells[-1], (last[0] + 0.7, y))
        self.text(last[0] + 0.35, y + 0.3, f"${state}_{{{steps}}}$", MUTED)
        return cells

    def _small(self, x: float, y: float, text: str) -> Part:
        return self.text(x, y, text, MUTED, SMALL, family=MONO)


# -- geometry ---------------------------------------------------------------


def _colors(color: str | None) -> dict[str, str]:
    if color is None:
        return {"facecolor": PLAIN_WASH, "edgecolor": PLAIN}
    if color not in WASH:
        raise ValueError(
            f"Diagrams use the five hues of topoi.plotting, but got {color}."
        )
    return {"facecolor": WASH[color], "edgecolor": color}


def _mixed(wash: str, color: str, share: float) -> tuple[float, float, float]:
    """Return a wash with some of its full colour in it."""
    a, b = (np.array(plt.matplotlib.colors.to_rgb(c)) for c in (wash, color))
    return tuple((1 - share) * a + share * b)


def _unit_places(size: int, step: float) -> list[float]:
    """Return heights of the units that are shown, highest first."""
    if size <= SHOWN_UNITS:
        return [((size - 1) / 2 - n) * step for n in range(size)]
    top = (SHOWN_UNITS - 1) / 2 * step
    return [top - n * step for n in range(SHOWN_UNITS - 1)]


def _route(
    start: Place, end: Place, around: float | None
) -> list[tuple[float, float]]:
    """Return the corners of an arrow."""
    a, b = (p if isinstance(p, Part) else Part(*p) for p in (start, end))
    if around is not None:
        leave = a.top if around > a.y else a.bottom
        enter = b.top if around > b.y else b.bottom
        return [leave, (a.x, around), (b.x, around), enter]
    if abs(a.y - b.y) < max(a.height, b.height) / 2:
        y = a.y if a.height <= b.height else b.y
        rightwards = b.x > a.x
        from_, to = (a.right, b.left) if rightwards else (a.left, b.right)
        straight = not (a.round or b.round) or a.y == b.y
        return [(from_[0], y), (to[0], y)] if straight else [from_, to]
    if abs(a.x - b.x) < max(a.width, b.width) / 2:
        x = a.x if a.width <= b.width else b.x
        from_, to = (a.top, b.bottom) if b.y > a.y else (a.bottom, b.top)
        return [(x, from_[1]), (x, to[1])]
    return [_border(a, b), _border(b, a)]


def _border(a: Part, b: Part) -> tuple[float, float]:
    """Return where the line from the middle of `a` to `b` leaves `a`."""
    dx, dy = b.x - a.x, b.y - a.y
    if a.round:
        share = a.width / 2 / np.hypot(dx, dy)
    else:
        share = min(
            a.width / 2 / abs(dx) if dx else np.inf,
            a.height / 2 / abs(dy) if dy else np.inf,
        )
    return a.x + share * dx, a.y + share * dy


def _rounded(points: list[tuple], radius: float = 0.18) -> Path:
    """Return a path through points with rounded corners."""
    corners, codes = [points[0]], [Path.MOVETO]
    for before, here, after in zip(
        points, points[1:], points[2:], strict=False
    ):
        for other in (before, after):
            way = np.subtract(other, here)
            length = np.hypot(*way)
            cut = min(radius, length / 2) / length
            corners.append(tuple(np.add(here, cut * way)))
        corners.insert(-1, here)
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*corners, points[-1]], [*codes, Path.LINETO])
