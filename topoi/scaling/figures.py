"""Explorable figures on speed-up; see `topoi.plotting.explore`."""

import math
from collections.abc import Sequence

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, slider, toggle
from topoi.scaling.laws import amdahl, gustafson

LEFT, WIDTH = 20, 360  # of bars and plot, in units of the drawing
BARS, PLOT, LOW = 40, 150, 290


def speed_limits(
    workers: Sequence[int], serial: Sequence[float]
) -> Explorable:
    """Return how a step's time splits, and the speed-up it allows.

    Parameters
    ----------
    workers : sequence of int
        Powers of two from 1 on.
    serial : sequence of float
        Shares of a step that one worker has to do alone.
    """
    most = max(workers)

    def state(share: float, count: int, grows: bool) -> explorable.State:
        law = gustafson if grows else amdahl
        gain = law(1 - share, count)
        shared = 1 - share if grows else (1 - share) / count
        marks = [law(1 - share, w) for w in workers]
        return {
            "serial": {"width": WIDTH * share},
            "shared": {"x": LEFT + WIDTH * share, "width": WIDTH * shared},
            "curve": {"d": _curve(workers, marks, most)},
            "dot": {
                "cx": _x(count, most),
                "cy": _y(gain, most),
            },
            "say": [
                f"{share:.1%} of the work cannot be shared. ",
                f"{count} workers make it ",
                f"{gain:.3g} times as fast",
                f", {gain / count:.0%} of what they could. ",
                _limit(share, grows),
            ],
        }

    return explore(
        state,
        [
            slider(
                "serial share",
                serial,
                serial[len(serial) // 2],
                [f"{s:.1%}" for s in serial],
            ),
            slider("workers", workers, workers[len(workers) // 2]),
            toggle("the work grows with the workers"),
        ],
        _speed_drawing(most),
        title="How much faster can many workers be?",
        alt="Above, the time of a step as a bar: a serial part that stays "
        "and a shared part that shrinks. Below, the speed-up over the "
        "number of workers, both on scales of powers of two, with the "
        "perfect line.",
    )


def _limit(share: float, grows: bool) -> str:
    if grows:
        return "With work that grows along, there is no limit."
    return f"No number of workers makes it more than {1 / share:.3g} times."


def _x(workers: float, most: int) -> float:
    return LEFT + 24 + (WIDTH - 40) * math.log2(workers) / math.log2(most)


def _y(gain: float, most: int) -> float:
    return LOW - (LOW - PLOT) * math.log2(gain) / math.log2(most)


def _curve(workers: Sequence[int], gains: Sequence[float], most: int) -> str:
    return explorable.path(
        [_x(w, most) for w in workers], [_y(g, most) for g in gains]
    )


def _speed_drawing(most: int) -> Drawing:
    picture = Drawing(400, LOW + 44)
    picture.text(LEFT, 16, "time of a step", "muted", "start")
    picture.rect(LEFT, BARS - 14, WIDTH, 34, "surface", rx=4)
    picture.rect(LEFT, BARS - 14, 0, 34, "coral", id="serial")
    picture.rect(LEFT, BARS - 14, 0, 34, "lagoon", id="shared")
    picture.rect(LEFT, 74, 12, 12, "coral")
    picture.text(LEFT + 20, 85, "serial", "coral-text", "start")
    picture.rect(LEFT + 100, 74, 12, 12, "lagoon")
    picture.text(LEFT + 120, 85, "shared", "lagoon-text", "start")
    picture.text(LEFT, 122, "speed-up", "muted", "start")
    for power in range(0, int(math.log2(most)) + 1, 2):
        x, y = _x(2**power, most), _y(2**power, most)
        picture.line(x, PLOT - 6, x, LOW, "faint", 1)
        picture.line(LEFT + 24, y, LEFT + WIDTH - 16, y, "faint", 1)
        picture.text(x, LOW + 18, f"{2**power}", "muted")
        picture.text(LEFT + 18, y + 4, f"{2**power}", "muted", "end")
    picture.text(LEFT + WIDTH / 2, LOW + 38, "workers", "muted")
    ends = _x(1, most), _y(1, most), _x(most, most), _y(most, most)
    picture.line(*ends, "line", 1.5, stroke_dasharray="4 4")
    picture.path("", "indigo", 2.5, id="curve")
    picture.circle(0, 0, 6, "indigo", id="dot")
    return picture
