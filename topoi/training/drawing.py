"""An explorable valley, and what transfer copies."""

import itertools

import numpy as np

from topoi.plotting import CORAL, LAGOON, MUTED, diagram, explorable
from topoi.training.optimisers import momentum_step, walk
from topoi.training.valleys import contraction, valley_slope

CURVATURES = (1.0, 25.0)
START = (-4.0, 1.5)
STEPS = 40
RATES = (0.01, 0.03, 0.05, 0.07, 0.079, 0.082, 0.11)
MOMENTA = (0.0, 0.2, 0.44, 0.7, 0.9)


def explore_valley() -> explorable.Explorable:
    """Return a figure of forty steps for each learning rate and momentum."""
    drawing = explorable.Drawing(400, 230)
    for height in (0.5, 2, 8, 20, 40):
        angle = np.linspace(0, 2 * np.pi, 49)
        w1 = np.sqrt(2 * height / CURVATURES[0]) * np.cos(angle)
        w2 = np.sqrt(2 * height / CURVATURES[1]) * np.sin(angle)
        contour = explorable.path(*_place(w1, w2), close=True)
        drawing.path(contour, "faint", 1.2)
    drawing.path("", "coral", 1.5, id="walk")
    drawing.circle(*_place(*START), 4, "ink")
    drawing.circle(*_place(0.0, 0.0), 3, "muted")
    drawing.circle(0, 0, 5, "coral", id="end")
    drawing.text(*_place(-4.0, 1.72), "start")

    def state(learning_rate: float, momentum: float) -> dict:
        path = valley_walk(learning_rate, momentum)
        shown = np.clip(path, -40, 40)
        x, y = _place(shown[:, 0], shown[:, 1])
        factor = contraction(CURVATURES, learning_rate, momentum)
        distance = np.linalg.norm(path[-1])
        far = "far away" if distance > 100 else f"{distance:.2g}"
        verdict = "shrinks" if factor < 1 else "grows"
        return {
            "say": [
                f"After {STEPS} steps the distance to the bottom is ",
                far,
                ". In the long run it ",
                f"{verdict} by the factor {factor:.3f} per step.",
            ],
            "walk": {"d": explorable.path(x, y)},
            "end": {"cx": x[-1], "cy": y[-1]},
        }

    return explorable.explore(
        state,
        [
            explorable.slider("learning rate", RATES, start=0.07),
            explorable.slider("momentum", MOMENTA),
        ],
        drawing,
        "Forty steps in a valley",
        "Oval contour lines around the bottom. A red line starts at the upper "
        "left, bounces between the long walls and creeps towards the bottom.",
    )


def valley_walk(learning_rate: float, momentum: float) -> np.ndarray:
    """Return the places of the explorable walk, shape (STEPS + 1, 2)."""
    return walk(
        momentum_step,
        lambda w: valley_slope(w, CURVATURES),
        START,
        STEPS,
        learning_rate=learning_rate,
        momentum=momentum,
    )


def draw_transfer() -> None:
    """Draw two networks: the lower one copies all layers but the head."""
    canvas = diagram.Canvas(height=4.8)
    notes = {"layer 1": "40 × 64", "layer 2": "64 × 64", "head": "64 × 5"}
    rows = []
    for y, classes in ((4.1, "classes 0 to 4"), (1.6, "classes 5 to 9")):
        row = [canvas.text(0.9, y, "signal")]
        for k, (part, note) in enumerate(notes.items()):
            hue = CORAL if part == "head" and rows else LAGOON
            row.append(canvas.box(3.5 + 2.7 * k, y, part, hue, note))
        row.append(canvas.text(11.7, y, classes))
        for left, right in itertools.pairwise(row):
            canvas.arrow(left, right)
        rows.append(row)
    for above, below in zip(rows[0][1:3], rows[1][1:3], strict=True):
        canvas.arrow(above, below, "copy", dashed=True)
    canvas.group(rows[1][1:3])
    canvas.text(4.85, 0.4, "frozen or fine-tuned", MUTED)


def _place(w1, w2):
    """Return coordinates of the drawing for places in the valley."""
    return 20 + (np.asarray(w1) + 4.6) * 54, 115 - np.asarray(w2) * 52
