"""Pictures: a row becomes a vector, and a threshold to explore."""

import numpy as np
from scipy.special import ndtr

from topoi.plotting import CORAL, INDIGO, LAGOON, MUTED, diagram, explorable
from topoi.tabular.ranking import binormal_auc
from topoi.tabular.tables import credit_encoder, credit_table, rows_of

DISTANCE = 1.8  # between the scores' means, in standard deviations
SHARES = (0.5, 0.2, 0.05, 0.01)
THRESHOLDS = tuple(np.arange(-1.0, 4.1, 0.5).round(1).tolist())
CASES = 10_000


def draw_encoding(row: int = 571) -> diagram.Canvas:
    """Draw how one applicant of the credit table becomes a vector.

    Numbers are those of an encoder that was fitted on the whole table.
    """
    columns, _ = credit_table()
    one = rows_of(columns, np.array([row]))
    encoder = credit_encoder().fit(columns)
    values = encoder.transform(one)[0]  # (features,)
    feature = dict(zip(encoder.names, values, strict=True))
    canvas = diagram.Canvas(height=4.9)
    canvas.text(1.6, 4.65, "cell", MUTED)
    canvas.text(10.3, 4.65, "features", MUTED)
    places = iter((4.05, 3.45, 2.55, 1.65, 1.05, 0.45))
    for name, how, color, made in (
        ("income", "fill, log, scale", CORAL, ("income", "income missing")),
        ("age", "scale", LAGOON, ("age",)),
        ("job", "one place per word", INDIGO,
         ("job = fixed", "job = freelance", "job = partime")),
    ):  # fmt: skip
        heights = [next(places) for _ in made]
        middle = float(np.mean(heights))
        cell = canvas.box(1.6, middle, _shown(one[name][0]), color, name)
        step = canvas.box(5.4, middle, how, width=3.2)
        canvas.arrow(cell, step)
        for label, y in zip(made, heights, strict=True):
            number = f"{feature[label]:.2f}".removesuffix(".00")
            box = canvas.box(8.9, y, number, color, width=1.2, height=0.46)
            canvas.arrow(step, box)
            canvas.text(9.75, y, label, ha="left")
    return canvas


def _shown(cell) -> str:
    """Return a cell as it is written into a box."""
    if isinstance(cell, str):
        return str(cell) or "missing"
    return "missing" if np.isnan(cell) else f"{cell:g}"


def alarms(
    share: float, threshold: float
) -> tuple[float, float, float, float]:
    """Return hits, false alarms, misses and quiet ones per 10,000 cases.

    Scores are N(0, 1) for negatives and N(1.8, 1) for positives, a `share`
    of the cases is positive, and a score above the threshold is an alarm.
    """
    positives, negatives = CASES * share, CASES * (1 - share)
    hits = positives * ndtr(DISTANCE - threshold)
    false = negatives * ndtr(-threshold)
    return hits, false, positives - hits, negatives - false


def explore_threshold() -> explorable.Explorable:
    """Return a figure of ROC and precision for a threshold and a share."""
    drawing = explorable.Drawing(400, 250)
    left = _Panel(drawing, 36, "false alarms", "hits")
    right = _Panel(drawing, 236, "recall (hits)", "precision")
    grid = np.linspace(-4, 6, 60)
    left.line(ndtr(-grid), ndtr(DISTANCE - grid), "lagoon")
    drawing.path("", "coral", 2, id="curve")
    drawing.circle(0, 0, 5, "ink", id="roc")
    drawing.circle(0, 0, 5, "ink", id="point")
    drawing.text(125, 130, f"area {binormal_auc(DISTANCE):.2f}", "lagoon-text")

    def state(positive: float, threshold: float) -> dict:
        hits, false, missed, quiet = alarms(positive, threshold)
        recall, precision = hits / (hits + missed), hits / (hits + false)
        curve = [alarms(positive, t)[:2] for t in grid]
        some = np.array(curve)  # (60, 2)
        x, y = right.place(
            some[:, 0] / (CASES * positive), some[:, 0] / some.sum(axis=1)
        )
        a, b = left.place(false / (false + quiet), recall)
        c, d = right.place(recall, precision)
        return {
            "say": [
                f"Of {CASES * positive:,.0f} positives among {CASES:,}, ",
                f"{hits:,.0f} raise the alarm, and so do ",
                f"{false:,.0f} negatives: ",
                f"{precision:.0%} of the alarms are right.",
            ],
            "curve": {"d": explorable.path(x, y)},
            "roc": {"cx": float(a), "cy": float(b)},
            "point": {"cx": float(c), "cy": float(d)},
        }

    return explorable.explore(
        state,
        [
            explorable.slider("share of positives", SHARES, start=0.5),
            explorable.slider("threshold", THRESHOLDS, start=1.0),
        ],
        drawing,
        "One threshold, two pictures",
        "Left, a curve of hits against false alarms with a dot on it. Right, "
        "precision against recall with a dot. Moving the threshold moves both "
        "dots; a smaller share of positives lowers the right curve only.",
    )


class _Panel:
    """A unit square of a drawing with axes."""

    def __init__(self, drawing, x, below, beside):
        self.drawing, self.x = drawing, x
        frame = explorable.path([x, x, x + 140], [40, 180, 180])
        drawing.path(frame, "line", 1)
        drawing.text(x + 70, 216, below, "muted")
        drawing.text(x, 28, beside, "muted", "start")
        for value in (0, 1):
            drawing.text(x + 140 * value, 197, str(value), "muted")
        drawing.text(x - 8, 45, "1", "muted", "end")

    def place(self, a, b):
        """Return coordinates of the drawing for places in the square."""
        return self.x + 140 * np.asarray(a), 180 - 140 * np.asarray(b)

    def line(self, a, b, color):
        """Draw a curve."""
        self.drawing.path(explorable.path(*self.place(a, b)), color, 2)
