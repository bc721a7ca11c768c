"""The table of *Status* that sets our kernels beside their peers.

Directive `{benchmarks}`: made at each build from ``records/bench/*.json``,
which ``make bench`` writes.
"""

from html import escape

from topoi import records

from .recorded import RecordDirective
from .tables import EMPTY, raw, table

# Without these, a record cannot be shown.
KEYS = ("date", "device", "rows")


def setup(app):
    """Register the directive."""
    app.add_directive("benchmarks", Benchmarks)


class Benchmarks(RecordDirective):
    """One row for each peer of each comparison."""

    def content_nodes(self, root):
        return [raw(benchmark_table(bench_records(root)))]


def bench_records(root) -> dict[str, dict]:
    """Return topic -> record, for those that can be read."""
    found = {}
    for path in sorted((root / "records" / "bench").glob("*.json")):
        record = records.read(path, needs=KEYS)
        if record is not None:
            found[path.stem] = record
    return found


def benchmark_table(found: dict[str, dict]) -> str:
    """Return all comparisons as a table, or a sentence saying none."""
    rows = [
        comparison_row(topic, row, peer, record)
        for topic, record in found.items()
        for row in record["rows"]
        for peer in row["peers"]
    ]
    if not rows:
        return "<p>No benchmark has been recorded yet.</p>"
    heads = [label for label, _ in rows[0]]
    return table(heads, rows, label="Beside other programs", css="tt-status")


def comparison_row(topic, row, peer, record) -> list[tuple[str, str]]:
    low, middle, high = peer["ratio"]
    return [
        ("Topic", escape(topic)),
        ("What is computed", escape(row["kernel"])),
        ("Ours", f"{milliseconds(row['ours'])}"),
        ("Peer", f"{escape(peer['name'])}, {milliseconds(peer)}"),
        ("Peer / ours", f"{middle:.2f} <small>{low:.2f}–{high:.2f}</small>"),
        ("Recorded", escape(record.get("date", EMPTY))),
    ]


def milliseconds(program: dict) -> str:
    """Return the median time of a program in words."""
    return f"{program['ms'][1]:.3g} ms"
