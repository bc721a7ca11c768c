"""The page Status: directive `{status}`.

Four totals, one row a notebook, the surveys, and the runs at full size; made
at each build from what they have recorded.
"""

from html import escape
from pathlib import Path

from topoi import records

from . import recorded
from .recorded import RecordDirective
from .tables import EMPTY, raw, table
from .verdicts import badge

# seconds that a notebook may take at small scale, by its room
BUDGET = {"chapters": 40.0, "labs": 15.0}


def setup(app):
    """Register the directive."""
    app.add_directive("status", Status)


class Status(RecordDirective):
    """Four totals, then one row a notebook."""

    def content_nodes(self, root):
        refreshed = recorded.refreshes(root)
        tested = tests(root)
        runs = recorded.full_runs(root)
        newest = {run["notebook"]: run for run in runs}
        names = [
            path.relative_to(root).as_posix()
            for path in recorded.notebooks(root)
        ]
        notebooks = table(
            (
                "Notebook",
                "Seconds",
                "Memory",
                "Executed",
                "Re-run",
                "At full size",
            ),
            [
                status_row(
                    name,
                    refreshed.get(name),
                    tested.get(name),
                    newest.get(name),
                )
                for name in names
            ],
            label="State of each notebook",
            css="tt-status",
        )
        totals = _totals(names, refreshed)
        versions = _versions(refreshed)
        surveys = survey_table(recorded.survey_records(root))
        full = full_table(runs, recorded.failed_runs(root))
        return [raw(totals + notebooks + versions + surveys + full)]


def tests(root) -> dict:
    """Return what the last test run of this copy says of each notebook."""
    path = recorded.build_folder(root) / "records" / "test.json"
    return records.read(path) or {}


def _totals(names, refreshed) -> str:
    runs = [refreshed[name] for name in names if name in refreshed]
    figures = {
        "Notebooks": str(len(names)),
        "Seconds in all": f"{sum(r['seconds'] for r in runs):.0f}",
        "Slowest": f"{max((r['seconds'] for r in runs), default=0):.0f} s",
        "Largest": f"{max((r['memory_mb'] for r in runs), default=0)} MB",
    }
    items = "".join(
        f"<div><dt>{label}</dt><dd>{value}</dd></div>"
        for label, value in figures.items()
    )
    return f'<div class="tt-figures"><dl>{items}</dl></div>'


def status_row(name, record, test, full) -> list[tuple[str, str]]:
    page = Path(name).with_suffix(".html").as_posix()
    link = f'<a href="../{page}">{escape(name.removesuffix(".ipynb"))}</a>'
    if record is None:
        seconds = memory = executed = EMPTY
    else:
        seconds = f"{_bar(record['seconds'], name)} {record['seconds']:.1f}"
        memory = f"{record['memory_mb']} MB"
        executed = record["executed"]
    state = EMPTY
    if test is not None:
        verdict = "holds" if test["passed"] else "fails"
        words = "same outputs" if test["passed"] else "failed"
        seconds_words = f"{test['seconds']:.0f} s, {escape(test['date'])}"
        state = badge(verdict, f"{words}, {seconds_words}")
    return [
        ("Notebook", link),
        ("Seconds", seconds),
        ("Memory", memory),
        ("Executed", executed),
        ("Re-run", state),
        ("At full size", EMPTY if full is None else _seconds_on(full)),
    ]


def _seconds_on(run: dict) -> str:
    return (
        f"{run['seconds']:.0f} s <small>{escape(run['device'])}, "
        f"{escape(run['backend'])}</small>"
    )


def full_table(runs: list[dict], failed: list[tuple[str, str]]) -> str:
    """Return the table of full-size runs, or a sentence saying none."""
    rows = [_full_row(run) for run in runs]
    rows += [
        _full_row({"notebook": notebook, "backend": backend})
        for notebook, backend in failed
    ]
    if not rows:
        return "<p>No run at full size has been recorded yet.</p>"
    heads = [label for label, _ in rows[0]]
    return table(heads, rows, label="Runs at full size", css="tt-status")


def _full_row(run: dict) -> list[tuple[str, str]]:
    """Return a row; a run without a record has failed."""
    passed = "seconds" in run
    return [
        ("Notebook", escape(run["notebook"].removesuffix(".ipynb"))),
        ("Seconds", f"{run['seconds']:.0f}" if passed else EMPTY),
        ("Memory", f"{run['memory_mb']} MB" if passed else EMPTY),
        ("Backend", escape(run["backend"])),
        ("Device", escape(run["device"]) if passed else EMPTY),
        ("State", "passed" if passed else "failed"),
    ]


def _bar(seconds: float, name: str) -> str:
    budget = BUDGET[name.split("/")[0]]
    width = min(seconds / budget, 1.0) * 120
    return (
        '<svg class="tt-bar" width="120" height="10" viewBox="0 0 120 10" '
        'aria-hidden="true"><rect width="120" height="10" rx="3"/>'
        f'<rect class="tt-bar-value" width="{width:.1f}" height="10" '
        'rx="3"/></svg>'
    )


def survey_table(surveys: dict[str, dict]) -> str:
    """Return the table of recorded surveys, one row a topic, or ""."""
    topics: dict[str, list[dict]] = {}
    for claim_id, entry in surveys.items():
        topics.setdefault(claim_id.split("/")[0], []).append(entry)
    if not topics:
        return ""
    rows = [_survey_row(topic, topics[topic]) for topic in sorted(topics)]
    heads = [label for label, _ in rows[0]]
    return table(heads, rows, label="Recorded surveys", css="tt-status")


def _survey_row(topic: str, entries: list[dict]) -> list[tuple[str, str]]:
    units = sum(len(entry.get("units", ())) for entry in entries)
    seconds = sum(entry.get("cpu_seconds", 0) for entry in entries)
    newest = max(entries, key=lambda entry: entry.get("date", ""))
    return [
        ("Survey", escape(topic)),
        ("Claims", str(len(entries))),
        ("Runs", str(units)),
        ("CPU seconds", f"{seconds:.0f}"),
        ("Recorded", escape(newest.get("date", EMPTY))),
        ("Device", escape(newest.get("device", EMPTY))),
    ]


def _versions(refreshed) -> str:
    newest = max(refreshed.values(), key=lambda r: r["executed"], default={})
    keys = ("device", "python", "keras", newest.get("backend"), "numpy")
    if not all(key in newest for key in keys):
        return ""
    words = ", ".join(
        f"{key} {newest[key]}" if key != "device" else newest[key]
        for key in keys
    )
    return f"<p>Stored outputs were made on: {escape(words)}.</p>"
