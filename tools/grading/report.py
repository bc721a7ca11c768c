"""Tables from the results: grades, and which checks fail most."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from tools.grading.grade import is_graded
from tools.grading.policy import Late

COLUMNS = (
    "student",
    "name",
    "lab",
    "state",
    "points",
    "of",
    "waiting for manual grading",
    "failed checks",
    "note",
    "run",
    "handed in",
    "days late",
    "penalty",
    "total",
)
FORMULA = "=+-@\t\r"  # a spreadsheet would compute such a cell
CHECK = "-check"  # how the name of a check ends


def table(results: list[dict], names: Mapping[str, str] | None = None) -> str:
    """Return the grades as CSV, one row a student and lab.

    Parameters
    ----------
    results : list of dict
    names : mapping, optional
        Names of students by their ids.
    """
    ordered = sorted(results, key=lambda r: (r["lab"], r["student"]))
    rows = (_row(result, names or {}) for result in ordered)
    return csv_text(COLUMNS, rows)


def csv_text(columns: Iterable, rows: Iterable) -> str:
    """Return a table as CSV; no cell is a formula."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def _row(result: dict, names: Mapping[str, str]) -> tuple:
    failed = [c["id"] for c in result["checks"] if not c["passed"]]
    graded = is_graded(result)
    return (
        result["student"],
        names.get(result["student"], ""),
        result["lab"],
        result["state"],
        points(result) if graded else "",
        most(result),
        waiting(result),
        " ".join(failed) if graded else "",
        result["note"],
        "TRUSTED, not isolated" if result["trusted"] else "isolated",
        late(result).handed_in,
        late(result).days,
        late(result).penalty,
        total(result) if graded else "",
    )


def late(result: dict) -> Late:
    """Return what is known of the time of a submission."""
    return result.get("late", Late())


def total(result: dict) -> float:
    """Return all points that were given, less what lateness costs."""
    given = points(result) + result.get("by hand", 0)
    return max(round(given - late(result).penalty, 2), 0)


def waiting(result: dict) -> float:
    """Return the points that a person has not decided about yet."""
    return result.get("waiting", sum(result["manual"].values()))


def lab_table(
    results: list[dict], names: Mapping[str, str] | None = None
) -> str:
    """Return the points of one lab as CSV: a column for each exercise.

    Answers that a person reads have a column too, which is empty. All
    columns together have as many points as the lab.
    """
    first = results[0]
    worth = {c["id"]: c["most"] for c in first["checks"]} | first["manual"]
    heads = [f"{k.removesuffix(CHECK)} (of {v:g})" for k, v in worth.items()]
    rows = []
    for result in sorted(results, key=lambda r: r["student"]):
        given = {c["id"]: c["points"] for c in result["checks"]}
        graded = is_graded(result)
        cells = [given.get(name, "") if graded else "" for name in worth]
        sums = (points(result) if graded else "", most(result))
        sums += (late(result).penalty, total(result) if graded else "")
        who = result["student"], (names or {}).get(result["student"], "")
        rows.append((*who, *sums, *cells))
    columns = "student", "name", "points", "of", "penalty", "total"
    return csv_text((*columns, *heads), rows)


def points(result: dict) -> float:
    """Return the points that the checks gave."""
    return sum(check["points"] for check in result["checks"])


def most(result: dict) -> float:
    """Return the points of the whole lab, as nbgrader counts them too."""
    checks = sum(check["most"] for check in result["checks"])
    return checks + sum(result["manual"].values())


def _cell(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"'{text}" if text[:1] in FORMULA and text else text


def by_lab(results: list[dict]) -> dict[str, list[dict]]:
    """Return the results of each lab."""
    labs = defaultdict(list)
    for result in results:
        labs[result["lab"]].append(result)
    return dict(sorted(labs.items()))


def summary(results: list[dict]) -> str:
    """Return in words which checks fail most, and with which messages."""
    labs = by_lab(results).items()
    return "\n".join(_lab_summary(lab, found) for lab, found in labs)


def _lab_summary(lab: str, everybody: list[dict]) -> str:
    results = [result for result in everybody if is_graded(result)]
    left = len(everybody) - len(results)
    lines = [f"{lab}: {left} students UNGRADED, see grades.csv"] * (left > 0)
    if not results:
        return "\n".join(lines) + "\n"
    mean = sum(map(points, results)) / len(results)
    hand = sum(results[0]["manual"].values())
    read = f", of which a person gives {hand:g}" if hand else ""
    lines.append(
        f"{lab}: {len(results)} students, mean {mean:.1f} of "
        f"{most(results[0]):g}{read}"
    )
    failures = Counter(
        c["id"] for r in results for c in r["checks"] if not c["passed"]
    )
    for name, count in failures.most_common():
        lines.append(f"  {name}: {count} of {len(results)} fail")
        lines += _messages(name, results)
    return "\n".join(lines) + "\n"


def _messages(name: str, results: list[dict]) -> list[str]:
    """Return the three commonest messages of one check."""
    found = Counter(
        c["message"].split("\n")[0][:110]
        for r in results
        for c in r["checks"]
        if c["id"] == name and not c["passed"]
    )
    return [f"    {n} x {text}" for text, n in found.most_common(3)]
