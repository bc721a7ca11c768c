"""Tables from the results: grades, and which checks fail most."""

import csv
import io
from collections import Counter, defaultdict

COLUMNS = (
    "student",
    "lab",
    "points",
    "of",
    "waiting for manual grading",
    "failed checks",
    "note",
    "run",
)
FORMULA = "=+-@\t\r"  # a spreadsheet would compute such a cell


def table(results: list[dict]) -> str:
    """Return the grades as CSV, one row a student and lab."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in sorted(results, key=lambda r: (r["lab"], r["student"])):
        writer.writerow([_cell(value) for value in _row(result)])
    return file.getvalue()


def _row(result: dict) -> tuple:
    failed = [c["id"] for c in result["checks"] if not c["passed"]]
    return (
        result["student"],
        result["lab"],
        points(result),
        sum(check["most"] for check in result["checks"]),
        sum(result["manual"].values()),
        " ".join(failed),
        result["note"],
        "TRUSTED, not isolated" if result["trusted"] else "isolated",
    )


def points(result: dict) -> float:
    """Return the points that the checks gave."""
    return sum(check["points"] for check in result["checks"])


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text[:1] in FORMULA and text else text


def summary(results: list[dict]) -> str:
    """Return in words which checks fail most, and with which messages."""
    labs = defaultdict(list)
    for result in results:
        labs[result["lab"]].append(result)
    return "\n".join(_lab_summary(lab, labs[lab]) for lab in sorted(labs))


def _lab_summary(lab: str, results: list[dict]) -> str:
    mean = sum(map(points, results)) / len(results)
    most = sum(check["most"] for check in results[0]["checks"])
    lines = [f"{lab}: {len(results)} students, mean {mean:.1f} of {most:g}"]
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
