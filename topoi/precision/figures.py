"""Explorable figures on narrow formats; see `topoi.plotting.explore`."""

import math

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, choice, toggle
from topoi.precision.formats import Format

BITS = 8
BOX, TOP = 44, 26  # of a bit, in units of the drawing
FIELDS = {"sign": "coral", "exponent": "indigo", "fraction": "lagoon"}
LINE, SCALE = 112, 160  # heights of the two number lines
POWERS = range(-16, 17, 8)


def decode(code: int, target: Format) -> float:
    """Return the number that a pattern of bits stands for.

    Parameters
    ----------
    code : int
        The pattern, read as an unsigned integer of `target.bits` bits.
    target : Format
    """
    fraction = code % 2**target.fraction_bits / 2**target.fraction_bits
    stored = code >> target.fraction_bits & 2**target.exponent_bits - 1
    sign = -1.0 if code >> (target.bits - 1) else 1.0
    if stored == 2**target.exponent_bits - 1:
        return math.nan if fraction else sign * math.inf
    if stored == 0:
        return sign * fraction * target.smallest_normal
    return sign * (1 + fraction) * 2.0 ** (stored - target.bias)


def byte_to_toggle(formats: tuple[Format, ...], start: int) -> Explorable:
    """Return eight bits to toggle, read in one format or another.

    Parameters
    ----------
    formats : tuple of Format
        Each of eight bits.
    start : int
        The byte that is shown first.

    Returns
    -------
    Explorable
        Value, neighbours and gaps of all 256 bytes in each format.
    """
    places = range(BITS - 1, -1, -1)

    def state(name: str, *bits: bool) -> explorable.State:
        target = next(f for f in formats if f.name == name)
        code = sum(
            bit << place for bit, place in zip(bits, places, strict=True)
        )
        return _boxes(bits, target) | _byte(code, target)

    names = [f.name for f in formats]
    bits = [toggle(f"bit {p}", bool(start >> p & 1)) for p in places]
    return explore(
        state,
        [choice("format", names), *bits],
        _byte_drawing(),
        title="Eight bits to toggle",
        alt="A row of eight bits, coloured as sign, exponent and fraction; "
        "below, the number that they stand for between its neighbours, and "
        "its place on a scale of powers of two.",
    )


def _byte_drawing() -> Drawing:
    picture = Drawing(400, 192)
    for n in range(BITS):
        x = 24 + n * BOX
        picture.rect(
            x + 2,
            TOP,
            BOX - 4,
            34,
            "surface",
            rx=5,
            stroke="line",
            stroke_width=2,
            id=f"box{n}",
        )
        picture.text(x + BOX / 2, TOP + 23, "", id=f"bit{n}", size=16)
    for field, hue in FIELDS.items():
        picture.text(0, 16, field, f"{hue}-text", id=field)
    picture.line(20, LINE, 380, LINE)
    for name in ("below", "value", "above"):
        hue = "coral" if name == "value" else "ink"
        picture.circle(0, LINE, 5, hue, id=f"dot-{name}")
        picture.text(0, 0, "", id=name)
    picture.line(20, SCALE, 380, SCALE)
    for power in POWERS:
        x = _on_scale(2.0**power)
        picture.line(x, SCALE - 4, x, SCALE + 4)
        picture.text(x, SCALE + 20, f"2^{power}".replace("-", "−"), "muted")
    picture.circle(0, SCALE, 6, "coral", id="place")
    return picture


def _on_scale(x: float) -> float:
    """Return where a magnitude stands on the scale of powers of two."""
    return 200 + 160 * math.log2(x) / 16


def _boxes(bits: tuple[bool, ...], target: Format) -> explorable.State:
    widths = (1, target.exponent_bits, target.fraction_bits)
    state: explorable.State = {}
    n = 0
    for (field, hue), width in zip(FIELDS.items(), widths, strict=True):
        state[field] = {"x": 24 + BOX * (n + width / 2)}
        for place in range(n, n + width):
            state[f"box{place}"] = {
                "stroke": hue,
                "fill": f"{hue}-wash" if bits[place] else "paper",
            }
            state[f"bit{place}"] = {"text": str(int(bits[place]))}
        n += width
    return state


def _words(x: float) -> str:
    """Return a number as readers write it, exactly."""
    if math.isnan(x):
        return "NaN"
    sign = "−" if math.copysign(1, x) < 0 else ""
    if math.isinf(x):
        return f"{sign}infinity"
    text = f"{abs(x):.10f}".rstrip("0").rstrip(".")
    if float(text) == abs(x):
        return sign + text
    mantissa, power = math.frexp(abs(x))
    return f"{sign}{2 * mantissa:g} × 2^−{1 - power}"


def _byte(code: int, target: Format) -> explorable.State:
    """Return what the lower half shows: a number among its neighbours."""
    value = decode(code, target)
    finite, magnitude = math.isfinite(value), abs(value)
    half = code % 2 ** (BITS - 1)
    above = decode(half + 1, target) if finite else math.inf
    below = decode(half - 1, target) if finite and half else -above
    gap = above - magnitude if math.isfinite(above) else magnitude - below
    share = (
        1.0 if above == math.inf or not finite else (magnitude - below) / gap
    )
    sign = math.copysign(1, value)
    spots = {
        "below": (200 - sign * 120 * share, sign * below),
        "value": (200, value),
        "above": (200 + sign * 120, sign * above),
    }
    state: explorable.State = {}
    for name, (x, number) in spots.items():
        shown = finite and math.isfinite(number)
        text = _words(number) if shown or name == "value" else ""
        height = LINE - 14 if name == "value" else LINE + 20
        state[name] = {"x": x, "y": height, "text": text}
        state[f"dot-{name}"] = {"cx": x, "r": 5 if shown else 0}
    on = finite and magnitude > 0
    state["place"] = {
        "cx": _on_scale(magnitude) if on else 200,
        "r": 6 if on else 0,
    }
    state["say"] = _said(value, gap, half, target)
    return state


def _said(value: float, gap: float, half: int, target: Format) -> list[str]:
    if not math.isfinite(value):
        meaning = "infinity" if math.isinf(value) else "not a number"
        return [
            f"The byte stands for {meaning}: ",
            "all bits of the exponent are 1.",
        ]
    subnormal = half < 2**target.fraction_bits
    kind = "subnormal: the exponent is 0, so no 1 is put in front"
    if half == 0:
        kind = "zero, and there are two of them"
    return [
        f"The byte stands for {_words(value)}. ",
        f"The gap to the next larger magnitude is {_words(gap)}. "
        if math.isfinite(decode(half + 1, target))
        else "Nothing finite is larger. ",
        f"This number is {kind}." if subnormal else "",
    ]
