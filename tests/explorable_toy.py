"""A small explorable figure with every kind of control, for the tests."""

from topoi.plotting import Drawing, explorable, explore

SPEEDS = (-1.0, 0.0, 0.5, 2.0)
SHAPES = ("disc", "square")


def state(speed, step, shape, loud):
    """Return where a thing is after some steps, and in words."""
    x = 60 + 20 * speed * step
    return {
        "disc": {"cx": x, "r": 12 if shape == "disc" else 0},
        "square": {"x": x - 10, "width": 20 if shape == "square" else 0},
        "label": {
            "x": x,
            "text": explorable.decimal(speed * step, 1),
            "fill": "coral-text" if loud else "ink",
        },
        "say": [
            f"After {step} steps at speed {explorable.decimal(speed, 1)} ",
            f"the {shape} stands at ",
            explorable.decimal(speed * step, 1),
            "!" if loud else ".",
        ],
    }


def drawing():
    """Return a line with two shapes and a label."""
    picture = Drawing(400, 120)
    picture.line(20, 80, 380, 80)
    picture.circle(0, 60, 12, "lagoon", id="disc")
    picture.rect(0, 50, 20, 20, "jade", id="square")
    picture.text(0, 110, "", id="label")
    return picture


def figure():
    """Return the figure."""
    controls = [
        explorable.slider("speed", SPEEDS, start=0.5),
        explorable.steps("time", 3, start=1),
        explorable.choice("shape", SHAPES),
        explorable.toggle("say it loudly"),
    ]
    return explore(
        state,
        controls,
        drawing(),
        title="A thing that moves",
        alt="A disc on a line, half a unit to the right of the start",
    )
