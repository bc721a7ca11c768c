"""An explorable figure: one cosine, its samples, and the alias."""

import numpy as np

from topoi.audio.signal import alias
from topoi.plotting import explorable

RATE = 8000
SHOWN = 0.001  # seconds, that is eight steps
FREQUENCIES = (500, 1000, 2000, 3000, 3500, 4500, 5000, 6000, 7000, 7500, 8500)
LEFT, WIDTH, MIDDLE, HEIGHT = 16, 368, 92, 64


def samples_shown(frequency: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times and samples of a cosine, from 0 to `SHOWN` seconds."""
    times = np.arange(round(SHOWN * RATE) + 1) / RATE
    return times, np.cos(2 * np.pi * frequency * times)


def explore_aliasing() -> explorable.Explorable:
    """Return a figure of a cosine, eight samples a millisecond, its alias."""
    drawing = explorable.Drawing(400, 190)
    drawing.path("", "lagoon", 1.5, id="wave")
    drawing.path("", "coral", 2.5, id="alias")
    for k, time in enumerate(samples_shown(0)[0]):
        drawing.circle(*_place(time, 0.0), 4.5, "ink", id=f"dot{k}")
    drawing.text(LEFT, 18, "", id="label", anchor="start")
    drawing.text(200, 182, "one millisecond, 8 steps of sampling")

    def state(frequency: int, show_the_alias: bool) -> dict:
        low = alias(frequency, RATE)
        times, values = samples_shown(frequency)
        same = low == frequency
        dots = {
            f"dot{k}": {"cy": _place(t, y)[1]}
            for k, (t, y) in enumerate(zip(times, values, strict=True))
        }
        verdict = (
            "It lies below half the rate, so it is its own alias."
            if same
            else f"A cosine of {low:g} Hz has the same samples."
        )
        return {
            "say": [f"The cosine has {frequency} Hz. ", verdict],
            "wave": {"d": _wave(frequency)},
            "alias": {"d": _wave(low) if show_the_alias else ""},
            "label": {"text": f"{frequency} Hz, sampled at {RATE} Hz"},
            **dots,
        }

    return explorable.explore(
        state,
        [
            explorable.slider("frequency", FREQUENCIES, start=3000),
            explorable.toggle("show the alias"),
        ],
        drawing,
        "Which cosine do the dots come from?",
        "A blue cosine with nine black dots on it, evenly spaced. On request "
        "a slower red cosine goes through the same dots.",
    )


def _wave(frequency: float) -> str:
    count = max(48, int(16 * frequency * SHOWN))  # smooth peaks
    times = np.linspace(0, SHOWN, count + 1)
    waves = np.cos(2 * np.pi * frequency * times)
    return explorable.path(*_place(times, waves))


def _place(time, value):
    """Return coordinates of the drawing."""
    x = LEFT + np.asarray(time) / SHOWN * WIDTH
    return x, MIDDLE - np.asarray(value) * HEIGHT
