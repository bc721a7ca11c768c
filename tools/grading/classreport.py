"""A report on a class: which exercises were hard, and what went wrong.

It names nobody, so that it may be shown to the class and kept for the next
one. The page needs no network.
"""

import html
import importlib
import importlib.util
import re
import statistics
import sys
from collections import Counter
from dataclasses import dataclass

from tools.grading.grade import is_graded
from tools.grading.report import CHECK, by_lab, csv_text, points
from tools.notebooks import ROOT

UNTRIED = "Not answered yet"  # how `inside.checker` explains a stub
LENGTH = 160  # characters of a message
MESSAGES = 3
COLUMNS = (
    "lab",
    "exercise",
    "points",
    "handed in",
    "tried",
    "passed",
    "passed of tried",
    "discrimination",
    "most frequent message",
    "times",
    "failed with a named mistake",
    "failed without a name",
)


@dataclass(frozen=True)
class Exercise:
    """What a class made of one exercise.

    Attributes
    ----------
    lab, name : str
    most : float
        Its points.
    handed_in, tried, passed : int
        Students who handed in a notebook, who changed the stub, and who
        passed the check.
    discrimination : float or None
        Correlation of passing with the points in the other exercises: near
        0, the check says little about what a student knows. None if all
        passed, or nobody, or if there is nothing to compare with.
    messages : list of (str, int)
        The most frequent messages of those who tried and failed.
    mistakes : dict of str to int
        How many met each mistake that the lab has a name for.
    nameless : int
        How many failed with a message of no such mistake.
    """

    lab: str
    name: str
    most: float
    handed_in: int
    tried: int
    passed: int
    discrimination: float | None
    messages: list[tuple[str, int]]
    mistakes: dict[str, int]
    nameless: int


def analyse(results: list[dict]) -> list[Exercise]:
    """Return what is known of every exercise of every lab, in order."""
    found = []
    for lab, everybody in by_lab(results).items():
        sent = [r for r in everybody if is_graded(r) and r["cells"]]
        names = named_mistakes(lab)
        for place, check in enumerate(everybody[0]["checks"]):
            rows = [(r, r["checks"][place]) for r in sent]
            found.append(_exercise(lab, check, rows, names))
    return found


def _exercise(
    lab: str, check: dict, rows: list[tuple], names: list[tuple]
) -> Exercise:
    tried = [(r, c) for r, c in rows if UNTRIED not in c["message"]]
    failed = [c["message"] for _, c in tried if not c["passed"]]
    own = [
        (n, m) for exercise, n, m in names if exercise + CHECK == check["id"]
    ]
    met = Counter(
        next((n for n, m in own if re.search(m, text)), "") for text in failed
    )
    nameless = met.pop("", 0)
    lines = Counter(text.split("\n")[0][:LENGTH] for text in failed)
    return Exercise(
        lab,
        check["id"].removesuffix(CHECK),
        check["most"],
        len(rows),
        len(tried),
        sum(c["passed"] for _, c in rows),
        _discrimination(rows),
        lines.most_common(MESSAGES),
        dict(met.most_common()),
        nameless,
    )


def _discrimination(rows: list[tuple]) -> float | None:
    passed = [float(c["passed"]) for _, c in rows]
    rest = [points(r) - c["points"] for r, c in rows]
    if len(set(passed)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation(passed, rest)


def named_mistakes(lab: str) -> list[tuple[str, str, str]]:
    """Return exercise, name and pattern of the wrong answers that we store.

    A lab that is not the book's has none.
    """
    folder = ROOT / "tests" / "wrong_answers"
    if not (folder / f"{lab}.py").exists():
        return []
    if folder.name not in sys.modules:  # a package that no search path names
        spec = importlib.util.spec_from_file_location(
            folder.name, folder / "__init__.py"
        )
        package = importlib.util.module_from_spec(spec)
        sys.modules[folder.name] = package
        spec.loader.exec_module(package)
    module = importlib.import_module(f"{folder.name}.{lab}")
    return [(w.exercise, w.name, w.message) for w in module.WRONG_ANSWERS]


# -- as a table --------------------------------------------------------------


def table(exercises: list[Exercise]) -> str:
    """Return the report as CSV, a row an exercise."""
    return csv_text(COLUMNS, map(_row, exercises))


def _row(one: Exercise) -> tuple:
    message, times = one.messages[0] if one.messages else ("", 0)
    share = f"{one.passed / one.tried:.2f}" if one.tried else ""
    found = one.discrimination
    return (
        one.lab,
        one.name,
        one.most,
        one.handed_in,
        one.tried,
        one.passed,
        share,
        "" if found is None else f"{found:.2f}",
        message,
        times,
        sum(one.mistakes.values()),
        one.nameless,
    )


# -- as a page ---------------------------------------------------------------

STYLE = """
body { font: 17px/1.5 Georgia, serif; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; color: #1c2230; background: #fcfaf5; }
h1, h2 { color: #112535; line-height: 1.2; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid #ddd6c7; }
th { font-weight: 600; }
td.number { font-variant-numeric: tabular-nums; }
td:nth-child(2) { white-space: nowrap; }
ul { margin: 0; padding-left: 1.1rem; }
.muted { color: #596070; }
svg { display: block; }
@media (max-width: 40rem) { table, tbody, tr, td { display: block; }
  thead { display: none; }
  td::before { content: attr(data-label) " "; color: #596070; } }
"""
HEADS = ("exercise", "tried", "passed", "what it separates", "what went wrong")
INTRODUCTION = """
<p>For each exercise: how many tried it, of those who handed in a notebook, and
how many passed. <em>What it separates</em> is the correlation between passing
it and the points in the other exercises: near 0, or below, the check says
little about what somebody knows. A mistake in italics has a name in the lab;
if many fail without one, that is the next message to write.</p>
"""


def page(exercises: list[Exercise]) -> str:
    """Return the report as a page that stands alone."""
    labs: dict[str, list[Exercise]] = {}
    for one in exercises:
        labs.setdefault(one.lab, []).append(one)
    body = "".join(_section(lab, ones) for lab, ones in labs.items())
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Class report</title><style>{STYLE}</style></head>\n"
        f"<body><h1>Class report</h1>{INTRODUCTION}{body}</body></html>\n"
    )


def _section(lab: str, exercises: list[Exercise]) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    rows = "".join(map(_html_row, exercises))
    return (
        f"<h2>{html.escape(lab)}</h2>\n"
        f'<p class="muted">{exercises[0].handed_in} notebooks.</p>\n'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>\n"
    )


def _html_row(one: Exercise) -> str:
    found = one.discrimination
    cells = (
        f"{html.escape(one.name)} <span class='muted'>({one.most:g})</span>",
        f"{one.tried} of {one.handed_in}",
        f"{one.passed} of {one.tried}{_bar(one)}",
        "&ndash;" if found is None else f"{found:.2f}",
        _mistakes(one),
    )
    written = "".join(
        f'<td data-label="{head}"{" class=number" * (head == HEADS[3])}>'
        f"{cell}</td>"
        for head, cell in zip(HEADS, cells, strict=True)
    )
    return f"<tr>{written}</tr>\n"


def _bar(one: Exercise) -> str:
    width = round(100 * one.passed / one.tried) if one.tried else 0
    return (
        '<svg width="100" height="8" aria-hidden="true">'
        '<rect width="100" height="8" fill="#ddd6c7"/>'
        f'<rect width="{width}" height="8" fill="#17806f"/></svg>'
    )


def _mistakes(one: Exercise) -> str:
    items = [
        f"<li>{times} &times; <em>{html.escape(name)}</em></li>"
        for name, times in one.mistakes.items()
    ]
    items += [f"<li>{one.nameless} without a name</li>"] * (one.nameless > 0)
    items += [
        f'<li class="muted">{times} &times; {html.escape(text)}</li>'
        for text, times in one.messages
    ]
    return f"<ul>{''.join(items)}</ul>" if items else ""
