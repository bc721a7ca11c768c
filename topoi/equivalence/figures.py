"""Figures that answer: a box shrinks, and units become stable."""

from collections.abc import Sequence

import numpy as np

from topoi.equivalence.bounds import Status, to_fractions
from topoi.equivalence.milp import stable_units
from topoi.equivalence.removal import remove_stable
from topoi.plotting import Drawing, explorable, explore
from topoi.tropical import Layer, box, enumerate_regions

LEFT, TOP, SIDE = 12, 34, 208  # the square of the inputs
COLUMNS, ROW = (276, 346), 25
PLACES = {"middle": (0.0, 0.0), "right": (0.4, -0.5), "left": (-0.6, -0.4)}
RADII = (1.0, 0.6, 0.4, 0.25, 0.15, 0.08, 0.04)
PAINT = {
    Status.ON: ("lagoon", "lagoon"),
    Status.OFF: ("paper", "faint"),
    Status.UNSTABLE: ("coral", "coral"),
}


def explore_box(layers: Sequence[Layer], title: str, alt: str):
    """Show which units of a small network are stable on a box.

    Parameters
    ----------
    layers : sequence of Layer
        Two inputs, two hidden layers of at most eight units.
    title, alt : str
    """
    exact = to_fractions(layers)
    widths = [len(layer.bias) for layer in layers if layer.relu]
    picture = _drawing(layers, widths)

    def state(radius, place):
        low, high = _corners(radius, place)
        status = stable_units(exact, low, high)
        small = remove_stable(exact, status)
        left = [len(layer.bias) for layer in small.layers[:-1]]
        units = " + ".join(map(str, left)) or "0 (affine)"
        x, y = _point(low[0], high[1])
        shown = {"x": x, "y": y, "width": (high[0] - low[0]) * SIDE / 2}
        state = {"box": shown | {"height": (high[1] - low[1]) * SIDE / 2}}
        for number, known in enumerate(status):
            for unit, sign in enumerate(known):
                fill, edge = PAINT[Status(sign)]
                name = f"unit {number} {unit}"
                state[name] = {"fill": fill, "stroke": edge}
        state["left"] = {"text": f"remain: {units}"}
        stable = sum((known != 0).sum() for known in status)
        state["say"] = [
            f"{stable} of {sum(widths)} units are stable; "
            f"hidden units that remain: {units}."
        ]
        return state

    controls = [
        explorable.slider("radius of the box", RADII, start=0.4),
        explorable.choice("place", tuple(PLACES), start="middle"),
    ]
    return explore(state, controls, picture, title=title, alt=alt)


def _corners(radius: float, place: str) -> tuple[np.ndarray, np.ndarray]:
    centre = np.array(PLACES[place])
    low = np.maximum(centre - radius, -1)
    return low, np.minimum(centre + radius, 1)


def _point(x: float, y: float) -> tuple[float, float]:
    return LEFT + (x + 1) * SIDE / 2, TOP + (1 - y) * SIDE / 2


def _drawing(layers: Sequence[Layer], widths: list[int]) -> Drawing:
    picture = Drawing(400, 268)
    picture.text(LEFT + SIDE / 2, 20, "inputs")
    picture.rect(LEFT, TOP, SIDE, SIDE, "paper", stroke="line")
    cells = enumerate_regions(layers, box(1))
    ends = cells.vertices[cells.mesh.ends]  # (edges, 2, 2)
    lines = [
        explorable.path(*np.array([_point(*p) for p in edge]).T)
        for edge in ends
    ]
    picture.path("".join(lines), "line", 1)
    picture.rect(0, 0, 0, 0, "lagoon-wash", fill_opacity=0.6, id="box",
                 stroke="lagoon", stroke_width=2)  # fmt: skip
    for number, (x, width) in enumerate(zip(COLUMNS, widths, strict=True)):
        picture.text(x, 20, f"layer {number + 1}")
        for unit in range(width):
            picture.circle(
                x, TOP + 12 + ROW * unit, 8, "coral", stroke="coral",
                stroke_width=2, id=f"unit {number} {unit}",
            )  # fmt: skip
    picture.text(sum(COLUMNS) / 2, 258, "", id="left")
    picture.text(LEFT + SIDE / 2, 258, "box = inputs that can occur", "muted")
    return picture
