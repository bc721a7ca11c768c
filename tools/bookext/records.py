"""The record: directives `{reproductions}` and `{status}`.

Their pages hold prose only; the tables are made at each build from the
ledger, the outputs stored in the notebooks, and the run records.
"""

import json
import os
from collections import Counter
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from topoi import claims

BUDGET = 60.0  # seconds a notebook may take at small scale
EMPTY = "–"


def setup(app):
    """Register the two directives."""
    app.add_directive("reproductions", Reproductions)
    app.add_directive("status", Status)
    # These pages depend on files that come and go: read them every time.
    app.connect("env-get-outdated", _pages_with_records)


def _pages_with_records(app, env, added, changed, removed) -> set[str]:
    return getattr(env, "tt_records", set()) & env.found_docs


class RecordDirective(SphinxDirective):
    """A directive whose page is read again at every build."""

    def run(self):
        if not hasattr(self.env, "tt_records"):
            self.env.tt_records = set()
        self.env.tt_records.add(self.env.docname)
        return self.content_nodes(Path(self.env.srcdir))


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


# -- Reproductions ----------------------------------------------------------


class Reproductions(RecordDirective):
    """The tally and one table row a claim."""

    def content_nodes(self, root):
        ledger = claims.load_ledger(root / "claims")
        small = stored_measurements(root)
        full = full_measurements(root)
        rows = [
            _claim_row(claim, small.get(claim.id), full.get(claim.id))
            for claim in ledger.values()
        ]
        table = _table(
            (
                "Paper",
                "Statement",
                "Theirs",
                "Ours",
                "At full size",
                "Verdict",
            ),
            rows,
            label="Claims and measurements",
            css="tt-ledger",
        )
        return [raw(_tally(ledger) + table)]


def stored_measurements(root: Path) -> dict[str, tuple[Path, object]]:
    """Return id -> (notebook, measurement) from the committed notebooks."""
    found = {}
    for folder in ("chapters", "labs"):
        for notebook in sorted((root / folder).glob("*.ipynb")):
            for measured in claims.read_stored(notebook):
                found[measured.id] = (notebook.relative_to(root), measured)
    return found


def full_runs(root: Path) -> list[dict]:
    """Return the records of full-size runs, oldest first.

    Those kept in ``records/full`` come with the book; those of this copy
    lie in ``build/runs/full/<backend>/<room>``. One that is in both counts
    once.
    """
    files = [
        *(root / "records" / "full").glob("*.json"),
        *(_build(root) / "runs" / "full").glob("*/*/*.json"),
    ]
    runs = {
        (run["started"], run["notebook"], run["backend"]): run
        for run in map(_json, files)
    }
    return [runs[key] for key in sorted(runs)]


def failed_runs(root: Path) -> list[tuple[str, str]]:
    """Return (notebook, backend) of full-size runs that stopped."""
    copies = (_build(root) / "runs" / "full").glob("*/*/*.failed.ipynb")
    return sorted(
        (f"{copy.parts[-2]}/{copy.name.split('.')[0]}.ipynb", copy.parts[-3])
        for copy in copies
    )


def full_measurements(root: Path) -> dict[str, dict]:
    """Return id -> measurement of the newest full-size run."""
    runs = full_runs(root)
    return {m["id"]: m for run in runs for m in run.get("claims", [])}


def _build(root: Path) -> Path:
    return root / os.environ.get("BUILD", "build")


def _tally(ledger) -> str:
    counts = Counter(claim.expected for claim in ledger.values())
    items = "".join(
        f'<li data-verdict="{verdict}">{claims.icon(verdict)} '
        f"<b>{counts[verdict]}</b> <span>{words}</span></li>"
        for verdict, words in claims.VERDICTS.items()
        if counts[verdict]
    )
    return f'<ul class="tt-tally">{items}</ul>'


def _claim_row(claim, stored, full) -> list[tuple[str, str]]:
    ours, link = EMPTY, ""
    if stored is not None:
        notebook, measured = stored
        page = notebook.with_suffix(".html").as_posix()
        ours = escape(measured.text)
        link = f"../{page}#{claims.anchor(claim.id)}"
    statement = escape(claim.statement)
    if link:
        statement = f'<a href="{link}">{statement}</a>'
    at_full = EMPTY
    if full is not None:
        at_full = f"{escape(full['text'])} <small>{escape(full['device'])}"
        at_full += "</small>"
    verdict = (
        f'<span class="tt-verdict" data-verdict="{claim.expected}">'
        f"{claims.icon(claim.expected)} "
        f"<span>{claims.VERDICTS[claim.expected]}</span></span>"
    )
    return [
        ("Paper", escape(claim.source)),
        ("Statement", statement),
        ("Theirs", escape(claim.paper_value) or EMPTY),
        ("Ours", ours),
        ("At full size", at_full),
        ("Verdict", verdict),
    ]


# -- Status -----------------------------------------------------------------


class Status(RecordDirective):
    """Four totals, then one row a notebook."""

    def content_nodes(self, root):
        refreshed = _json(root / "records" / "refresh.json")
        tested = _json(_build(root) / "records" / "test.json")
        runs = full_runs(root)
        newest = {run["notebook"]: run for run in runs}
        names = [
            path.relative_to(root).as_posix()
            for folder in ("chapters", "labs")
            for path in sorted((root / folder).glob("*.ipynb"))
        ]
        table = _table(
            (
                "Notebook",
                "Seconds",
                "Memory",
                "Executed",
                "Re-run",
                "At full size",
            ),
            [
                _status_row(
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
        versions = _versions(refreshed)
        full = _full_table(runs, failed_runs(root))
        return [raw(_totals(names, refreshed) + table + versions + full)]


def _totals(names, refreshed) -> str:
    records = [refreshed[name] for name in names if name in refreshed]
    figures = {
        "Notebooks": str(len(names)),
        "Seconds in all": f"{sum(r['seconds'] for r in records):.0f}",
        "Slowest": f"{max((r['seconds'] for r in records), default=0):.0f} s",
        "Largest": f"{max((r['memory_mb'] for r in records), default=0)} MB",
    }
    items = "".join(
        f"<div><dt>{label}</dt><dd>{value}</dd></div>"
        for label, value in figures.items()
    )
    return f'<div class="tt-figures"><dl>{items}</dl></div>'


def _status_row(name, record, test, full) -> list[tuple[str, str]]:
    page = Path(name).with_suffix(".html").as_posix()
    link = f'<a href="../{page}">{escape(name.removesuffix(".ipynb"))}</a>'
    if record is None:
        seconds = memory = executed = EMPTY
    else:
        seconds = f"{_bar(record['seconds'])} {record['seconds']:.1f}"
        memory = f"{record['memory_mb']} MB"
        executed = record["executed"]
    state = EMPTY
    if test is not None:
        verdict = "reproduced" if test["passed"] else "not-reproduced"
        words = "same outputs" if test["passed"] else "failed"
        state = (
            f'<span class="tt-verdict" data-verdict="{verdict}">'
            f"{claims.icon(verdict)} <span>{words}, {test['seconds']:.0f} s, "
            f"{escape(test['date'])}</span></span>"
        )
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


def _full_table(runs: list[dict], failed: list[tuple[str, str]]) -> str:
    """Return the table of full-size runs, or a sentence saying none."""
    rows = [_full_row(run) for run in runs]
    rows += [
        _full_row({"notebook": notebook, "backend": backend})
        for notebook, backend in failed
    ]
    if not rows:
        return "<p>No run at full size has been recorded yet.</p>"
    heads = [label for label, _ in rows[0]]
    return _table(heads, rows, label="Runs at full size", css="tt-status")


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


def _bar(seconds: float) -> str:
    width = min(seconds / BUDGET, 1.0) * 120
    return (
        '<svg class="tt-bar" width="120" height="10" viewBox="0 0 120 10" '
        'aria-hidden="true"><rect width="120" height="10" rx="3"/>'
        f'<rect class="tt-bar-value" width="{width:.1f}" height="10" '
        'rx="3"/></svg>'
    )


def _versions(refreshed) -> str:
    newest = max(refreshed.values(), key=lambda r: r["executed"], default=None)
    if newest is None:
        return ""
    keys = ("device", "python", "keras", newest["backend"], "numpy")
    words = ", ".join(
        f"{key} {newest[key]}" if key != "device" else newest[key]
        for key in keys
    )
    return f"<p>Stored outputs were made on: {escape(words)}.</p>"


# -- tables -----------------------------------------------------------------


def _table(heads, rows, label: str, css: str) -> str:
    """Return an HTML table that stays a table when CSS makes it blocks."""
    head = "".join(
        f'<th role="columnheader" scope="col">{h}</th>' for h in heads
    )
    body = "".join(f'<tr role="row">{_cells(row)}</tr>' for row in rows)
    return (
        f'<div class="tt-scroll" role="region" aria-label="{label}" '
        f'tabindex="0"><table class="{css}" role="table">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def _cells(row) -> str:
    return "".join(
        f'<td role="cell" data-label="{label}">{html}</td>'
        for label, html in row
    )


def _json(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}
