"""Kinds of claims, the verdicts of each kind, and intervals of values."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

Value = bool | int | float | str | Fraction
Interval = Mapping[str, Any]

VERDICTS = {
    "reproduced": "Reproduced",
    "partly": "Partly reproduced",
    "not-reproduced": "Not reproduced",
    "corrected": "Statement corrected",
    "not-tested": "Not tested",
    "holds": "Holds",
    "fails": "Fails",
    "measured": "Measured",
    "moved": "Moved",
    "undecided": "Undecided",
}
# A kind of claim, and the verdicts that such a claim can get.
KINDS = {
    "experiment": (
        "reproduced",
        "partly",
        "not-reproduced",
        "corrected",
        "not-tested",
    ),
    "theorem": ("holds", "fails", "corrected"),
    "ours": ("measured", "moved"),
}
# At full size a value may fall between the intervals of an entry.
UNDECIDED = "undecided"

# The book's style sheet recolours these; JupyterLab shows them as they are.
_STROKE = 'class="tt-stroke" fill="none" stroke="currentColor"'
_KNOCKOUT = 'class="tt-knockout" fill="none" stroke="#fff"'
_DISC = '<circle cx="10" cy="10" r="9" fill="currentColor"/>'
_RING = '<circle cx="10" cy="10" r="8" {stroke}/>'
_DIAMOND = (
    '<rect x="3" y="3" width="14" height="14" fill="currentColor" '
    'transform="rotate(45 10 10)"/>'
)
# 20 x 20; verdicts differ by shape, because their colours alone do not.
_ICONS = {
    "reproduced": _DISC + '<path d="M5.6 10.4l3 3 5.8-6.4" {knockout}/>',
    "partly": _RING + '<path d="M10 2a8 8 0 0 1 0 16z" fill="currentColor"/>',
    "not-reproduced": _DIAMOND + '<path d="M7 7l6 6M13 7l-6 6" {knockout}/>',
    "corrected": (
        '<rect x="1.5" y="1.5" width="17" height="17" rx="3.5" '
        'fill="currentColor"/>'
        '<path d="M6 14l.6-2.8 6.2-6.2 2.2 2.2-6.2 6.2z" '
        "{knockout}/>"
    ),
    "not-tested": _RING + '<path d="M6 10h8" {stroke}/>',
    "holds": '<path d="M3 10.8l4.6 4.7 9.4-11" {stroke}/>',
    "fails": '<path d="M4 4l12 12M16 4l-12 12" {stroke}/>',
    "measured": (
        '<rect x="1.5" y="6" width="17" height="8" rx="1.5" {stroke}/>'
        '<path d="M6 6v3M10 6v4M14 6v3" {stroke}/>'
    ),
    "moved": '<path d="M2 10h14M11 5l5 5-5 5" {stroke}/>',
    "undecided": (
        _RING + '<path d="M7.6 7.8a2.5 2.5 0 1 1 2.4 3.2v.8" {stroke}/>'
        '<circle cx="10" cy="14.6" r="1.2" fill="currentColor"/>'
    ),
}


def accepts(interval: Interval, value: Value) -> bool:
    """Return whether ``{equals}``, ``{min, max}`` or ``{}`` holds a value.

    ``{}`` holds everything. Exact values are compared as text, so that
    ``{equals: 14/17}`` holds ``Fraction(28, 34)`` and not ``14 / 17``.
    """
    if not interval:
        return True
    if "equals" in interval:
        return str(value) == str(interval["equals"])
    if not is_number(value):
        return False
    low = interval.get("min", -math.inf)
    return low <= value <= interval.get("max", math.inf)


def is_number(value: Value) -> bool:
    """Return whether a value can be compared with bounds."""
    if isinstance(value, (str, bool)):
        return False
    return not math.isnan(value)


def verdict_of(intervals: Mapping[str, Interval], value: Value) -> str:
    """Return the first verdict whose interval holds the value.

    Returns
    -------
    str
        A key of `intervals`, or "undecided" if none of them holds it.
    """
    for verdict, interval in intervals.items():
        if accepts(interval, value):
            return verdict
    return UNDECIDED


def describe(interval: Interval) -> str:
    """Return an interval in words."""
    if not interval:
        return "any other value"
    if "equals" in interval:
        return f"exactly {interval['equals']}"
    if "max" not in interval:
        return f"at least {interval['min']}"
    if "min" not in interval:
        return f"at most {interval['max']}"
    return f"{interval['min']} to {interval['max']}"


def interval_problem(interval: Any) -> str:
    """Return what is wrong with one interval in words, or ""."""
    form = "an interval is {equals: v}, {min: a, max: b}, a part of it, or {}"
    if not isinstance(interval, dict):
        return f"{form}, but it is {interval!r}"
    keys = set(interval)
    if keys - {"min", "max"} and keys != {"equals"}:
        return f"{form}, but it is {interval}"
    for key in sorted(keys - {"equals"}):
        if isinstance(interval[key], bool) or not isinstance(
            interval[key], (int, float)
        ):
            return (
                f"{key} is {interval[key]!r}, which YAML reads as text: "
                "write 1.0e-9, not 1e-9"
            )
    if {"min", "max"} <= keys and interval["min"] > interval["max"]:
        return f"min {interval['min']} is above max {interval['max']}"
    return ""


def hidden_by(interval: Interval, earlier: Interval) -> bool:
    """Return whether every value of an interval is taken by an earlier one."""
    if not earlier:
        return True
    if not interval:
        return False
    if "equals" in interval:
        return accepts(earlier, interval["equals"])
    if "equals" in earlier:
        return False
    low, high = (
        (i.get("min", -math.inf), i.get("max", math.inf))
        for i in (interval, earlier)
    )
    return high[0] <= low[0] and low[1] <= high[1]


def icon(verdict: str) -> str:
    """Return the inline SVG of a verdict (its own shape, current colour)."""
    shapes = _ICONS[verdict].format(stroke=_STROKE, knockout=_KNOCKOUT)
    return (
        '<svg class="tt-icon" viewBox="0 0 20 20" width="19" height="19" '
        f'stroke-width="2" aria-hidden="true">{shapes}</svg>'
    )
