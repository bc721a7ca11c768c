"""Explorable figures: every state is computed here, a script shows one.

`explore` takes a drawing, some controls, and a function that returns what
changes in the drawing for their values. It calls the function for every
combination and packs the results into one output: a static picture of the
first state, the states as JSON, and a sentence that says what is seen. The
page adds native controls (`explore.js`); without a script, and in print, the
first state remains.
"""

import gzip
import itertools
import json
import math
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LIMIT = 10_000  # bytes of a figure, compressed as a server would
SAY = ""  # stands for the sentence among the names of elements
TEXT_SIZE = 13  # units of the drawing; 400 of them are a phone's width
SCRIPT = Path(__file__).with_name("explore.js")
MONO = "var(--tt-mono, ui-monospace, monospace)"
HUES = ("lagoon", "indigo", "coral", "jade", "amber")
_LIGHT = {
    "p": ("#1C8FD6", "#4E3F9E", "#C23B3B", "#17806F", "#B08400"),
    "t": ("#0B6199", "#4E3F9E", "#AC2F2F", "#116A5B", "#7A5B00"),
    "w": ("#E6F1F8", "#EEEBF7", "#FAEAE7", "#E4F1ED", "#F8EFD6"),
}
# The book's colours follow its theme; JupyterLab's own stand in for some.
COLORS = {
    "ink": "currentColor",
    "muted": "var(--tt-muted, var(--jp-ui-font-color1, #596070))",
    "line": "var(--tt-strong, #8A8474)",
    "faint": "var(--tt-line, #DDD6C7)",
    "surface": "var(--tt-surface, #F5F1E7)",
    "paper": "var(--tt-bg, var(--jp-layout-color0, #FCFAF5))",
    "none": "none",
} | {
    hue + ending: f"var(--tt-{tone}{n}, {_LIGHT[tone][n - 1]})"
    for tone, ending in (("p", ""), ("t", "-text"), ("w", "-wash"))
    for n, hue in enumerate(HUES, start=1)
}


# -- numbers and paths ------------------------------------------------------


def decimal(x: float, digits: int = 2) -> str:
    """Return a number for a label: a true minus, and never minus zero."""
    text = f"{abs(x):.{digits}f}"
    return f"−{text}" if x < 0 and float(text) else text


def path(x: Sequence[float], y: Sequence[float], close: bool = False) -> str:
    """Return the path through points, in units of the drawing."""
    points = [f"{_number(a)},{_number(b)}" for a, b in zip(x, y, strict=True)]
    return f"M{'L'.join(points)}{'Z' if close else ''}"


def _number(x: float) -> str:
    """Return a coordinate, to a tenth of a unit."""
    if not math.isfinite(x):
        raise ValueError(f"A drawing needs finite numbers, but got {x}.")
    return f"{round(float(x), 1) + 0.0:g}"


def _attribute(name: str, value: Any) -> str:
    """Return the value of an attribute as the picture holds it."""
    if name in ("fill", "stroke"):
        if value not in COLORS:
            raise ValueError(
                f"{value!r} is no colour of a drawing: use one of "
                f"{', '.join(COLORS)}."
            )
        return COLORS[value]
    if isinstance(value, int | float | np.number) and name != "text":
        return _number(float(value))
    return str(value)


# -- the drawing ------------------------------------------------------------


class Drawing:
    """A picture in SVG whose named elements can change.

    Parameters
    ----------
    width, height : float
        Of the coordinates; y grows downwards. At a width of 400, a unit is
        about a pixel on a phone, and texts stay legible there.
    """

    def __init__(self, width: float = 400, height: float = 240):
        self.size = width, height
        self.elements: list[tuple[str, str | None, dict[str, str]]] = []

    def add(self, tag: str, id: str | None = None, **attributes: Any) -> None:
        """Add an element of SVG; ``stroke_width`` means stroke-width.

        Parameters
        ----------
        tag : str
        id : str, optional
            A name, so that states can change the element.
        **attributes
            `fill` and `stroke` are names of `COLORS`; `text` is what stands
            inside of the element.

        Raises
        ------
        ValueError
            If the name is taken, or a colour unknown.
        """
        if id is not None and id in self.names:
            raise ValueError(f"Two elements of the drawing are named {id!r}.")
        plain = {
            name.rstrip("_").replace("_", "-"): value
            for name, value in attributes.items()
        }
        plain = {name: _attribute(name, v) for name, v in plain.items()}
        self.elements.append((tag, id, plain))

    @property
    def names(self) -> set[str]:
        """Names of the elements that can change."""
        return {id for _, id, _ in self.elements if id is not None}

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        color: str = "line",
        width: float = 1.5,
        **more: Any,
    ) -> None:
        """Add a straight line."""
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        self.add("line", stroke=color, stroke_width=width, **ends, **more)

    def path(
        self,
        d: str,
        color: str = "ink",
        width: float = 2.5,
        fill: str = "none",
        **more: Any,
    ) -> None:
        """Add a path, such as `path(x, y)` returns."""
        more = {"stroke_linejoin": "round"} | more
        self.add(
            "path", d=d, stroke=color, stroke_width=width, fill=fill, **more
        )

    def circle(
        self,
        x: float,
        y: float,
        radius: float = 5,
        fill: str = "ink",
        **more: Any,
    ) -> None:
        """Add a disc."""
        self.add("circle", cx=x, cy=y, r=radius, fill=fill, **more)

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "surface",
        **more: Any,
    ) -> None:
        """Add a rectangle."""
        sides = {"x": x, "y": y, "width": width, "height": height}
        self.add("rect", fill=fill, **sides, **more)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        color: str = "ink",
        anchor: str = "middle",
        size: float = TEXT_SIZE,
        **more: Any,
    ) -> None:
        """Add a text; (x, y) lies on its base line.

        Raises
        ------
        ValueError
            If it would be too small to read on a phone.
        """
        if size < TEXT_SIZE:
            raise ValueError(
                f"A text of size {size} is too small for a phone: use "
                f"{TEXT_SIZE} or more, and shorten it."
            )
        self.add(
            "text",
            x=x,
            y=y,
            text=text,
            fill=color,
            text_anchor=anchor,
            font_size=size,
            **more,
        )

    def svg(self, changes: dict[tuple[str, str], str], alt: str) -> str:
        """Return the picture with these attributes of named elements."""
        width, height = map(_number, self.size)
        parts = [
            f'<svg viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{escape(alt)}" font-family="{MONO}" '
            'style="display:block;width:100%;max-width:36rem;height:auto">'
        ]
        for tag, id, attributes in self.elements:
            now = attributes | {
                name: value
                for (of, name), value in changes.items()
                if of == id
            }
            text = escape(now.pop("text", ""))
            mark = {} if id is None else {"data-id": id}
            pairs = (mark | now).items()
            inside = "".join(f' {n}="{escape(v)}"' for n, v in pairs)
            parts.append(f"<{tag}{inside}>{text}</{tag}>")
        return "".join([*parts, "</svg>"])


# -- the controls -----------------------------------------------------------


class Control(NamedTuple):
    """Something that a reader sets; made by `slider` and its kin.

    Attributes
    ----------
    kind : str
        A key of KINDS in explore.js.
    label : str
        What stands beside it.
    values : tuple
        What the states are computed for.
    words : tuple of str
        How they are shown.
    start : int
        The place of the first value that is shown.
    """

    kind: str
    label: str
    values: tuple
    words: tuple[str, ...]
    start: int


def slider(
    label: str,
    values: Sequence,
    start: Any = None,
    words: Sequence[str] | None = None,
) -> Control:
    """Return a slider over some values, in their order."""
    return _control("slider", label, values, start, words)


def choice(
    label: str,
    values: Sequence,
    start: Any = None,
    words: Sequence[str] | None = None,
) -> Control:
    """Return buttons of which one is chosen."""
    return _control("choice", label, values, start, words)


def toggle(label: str, start: bool = False) -> Control:
    """Return a box to tick; its values are False and True."""
    return _control("toggle", label, (False, True), start, ("off", "on"))


def steps(
    label: str,
    count: int,
    start: int = 0,
    words: Sequence[str] | None = None,
) -> Control:
    """Return two buttons that go through steps 0 to count - 1."""
    words = words or [f"{n + 1} of {count}" for n in range(count)]
    return _control("steps", label, range(count), start, words)


def _control(
    kind: str,
    label: str,
    values: Sequence,
    start: Any,
    words: Sequence[str] | None,
) -> Control:
    values = tuple(values)
    if words is None:
        words = [
            f"{v:g}".replace("-", "−") if isinstance(v, float) else str(v)
            for v in values
        ]
    start = values[0] if start is None else start
    if len(values) < 2 or len(words) != len(values) or start not in values:
        raise ValueError(
            f"{label!r} needs two values or more, a word for each, and one "
            f"of them to start with, but got {len(values)} values, "
            f"{len(words)} words and {start!r}."
        )
    return Control(kind, label, values, tuple(words), values.index(start))


# -- the figure -------------------------------------------------------------

Sentence = str | Sequence[str]
State = dict[str, Any]  # {"say": Sentence, name of element: {attribute: ...}}


class Explorable:
    """An explorable figure; notebooks and the book show it.

    Attributes
    ----------
    data : dict
        What the script reads; `explore.js` says what the parts mean.
    html : str
        The whole output.
    """

    def __init__(self, data: dict, drawing: Drawing, title: str, alt: str):
        self.data, self.title = data, title
        first = {(id, name): v for id, name, v in _shown(data)}
        self.sentence = "".join(_said(data))
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        self.html = (
            f'<div class="tt-explore" role="group" '
            f'aria-label="{escape(title)}">'
            f"{drawing.svg(first, alt)}"
            '<div class="tt-controls"></div>'
            f'<p class="tt-say" aria-live="polite">{escape(self.sentence)}'
            "</p>"
            '<script type="application/json">'
            f"{text.replace('</', '<' + chr(92) + '/')}</script>"
            f'<script class="tt-script">{_script()}</script></div>'
        )

    @property
    def weight(self) -> int:
        """Bytes of the figure, compressed, without the shared script."""
        own = self.html.replace(_script(), "")
        return len(gzip.compress(own.encode(), 9, mtime=0))

    def __repr__(self) -> str:
        return f"{self.title}. {self.sentence}"

    def _repr_html_(self) -> str:
        return self.html


def explore(
    state: Callable[..., State],
    controls: Sequence[Control],
    drawing: Drawing,
    title: str,
    alt: str,
) -> Explorable:
    """Return a figure that answers to its controls.

    Parameters
    ----------
    state : callable
        ``state(*values)`` returns, for one value of each control, what
        changes: ``{"say": sentence, name: {attribute: value}}``. Every
        state sets the same attributes of the same elements; ``text`` is
        what stands inside of one. A sentence may be given in parts, as in
        ``["The sum is ", total, "."]``: what does not depend on a control is
        then stored once.
    controls : sequence of Control
        In the order of the arguments.
    drawing : Drawing
        The picture, with a name for each element that changes.
    title : str
        Names the figure for who cannot see it.
    alt : str
        Says what is seen at first, as the text of a picture does.

    Raises
    ------
    ValueError
        If states set different things or unknown elements, or if the figure
        weighs more than 10 kB when compressed.
    """
    sizes = [len(control.values) for control in controls]
    grid = list(itertools.product(*(c.values for c in controls)))
    states = [_flat(state(*values), drawing) for values in grid]
    _check_alike(states, grid)
    table: dict[str, int] = {}
    columns = {}
    for key in states[0]:
        values = [one[key] for one in states]
        axes, kept = _factored(values, sizes)
        places = [table.setdefault(value, len(table)) for value in kept]
        columns[key] = axes, places
    texts = list(table)
    say = [
        [axes, places] if axes else texts[places[0]]
        for key, (axes, places) in columns.items()
        if key[0] == SAY
    ]
    data = {
        "controls": [
            {
                "kind": c.kind,
                "label": c.label,
                "values": c.words,
                "start": c.start,
            }
            for c in controls
        ],
        "table": texts,
        "set": [[*k, *column] for k, column in columns.items() if k[0] != SAY],
        "say": say,
    }
    figure = Explorable(data, drawing, title, alt)
    if figure.weight > LIMIT:
        raise ValueError(
            f"The figure weighs {figure.weight} bytes compressed, and "
            f"{LIMIT} are the limit: fewer values, or shorter paths."
        )
    return figure


def _flat(state: State, drawing: Drawing) -> dict[tuple[str, str], str]:
    """Return a state as texts, by element and attribute."""
    state = dict(state)
    sentence = state.pop("say")
    unknown = state.keys() - drawing.names
    if unknown:
        raise ValueError(
            f"A state sets {', '.join(sorted(unknown))}, but the drawing "
            f"names only {', '.join(sorted(drawing.names))}."
        )
    flat = {
        (id, name.replace("_", "-")): _attribute(name, value)
        for id, attributes in state.items()
        for name, value in attributes.items()
    }
    parts = [sentence] if isinstance(sentence, str) else sentence
    return flat | {(SAY, f"{n:02}"): str(p) for n, p in enumerate(parts)}


def _check_alike(states: list[dict], grid: list[tuple]) -> None:
    """Complete short sentences; anything else that differs is an error."""
    parts = {key for one in states for key in one if key[0] == SAY}
    for one, values in zip(states, grid, strict=True):
        for key in sorted(parts):
            one.setdefault(key, "")
        odd = one.keys() ^ states[0].keys()
        if odd:
            raise ValueError(
                f"The state of {values} and the first one do not set the "
                f"same attributes: {sorted(odd)}. Set all in every state."
            )


def _factored(
    values: list[str], sizes: list[int]
) -> tuple[list[int], list[str]]:
    """Return the controls that matter, and the values on their grid."""
    grid = np.array(values, object).reshape(sizes)
    axes = []
    for axis in range(len(sizes)):
        first = np.take(grid, [0], axis)
        if (grid == first).all():
            grid = first
        else:
            axes.append(axis)
    return axes, grid.ravel().tolist()


def _pick(data: dict, axes: list[int], places: list[int]) -> str:
    """Return the value at the start, as the script finds it."""
    place = 0
    for axis in axes:
        control = data["controls"][axis]
        place = place * len(control["values"]) + control["start"]
    return data["table"][places[place]]


def _shown(data: dict) -> list[tuple[str, str, str]]:
    return [(id, n, _pick(data, *rest)) for id, n, *rest in data["set"]]


def _said(data: dict) -> list[str]:
    return [p if isinstance(p, str) else _pick(data, *p) for p in data["say"]]


def _script() -> str:
    """Return the script without its comments, which readers need not load."""
    text = SCRIPT.read_text(encoding="utf-8")
    while "/*" in text:
        before, _, rest = text.partition("/*")
        text = before + rest.partition("*/")[2]
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())
