"""The page Reproductions: directive `{reproductions}`.

Claims by kind, experiments first: a tally and a table each, made from the
ledger, the surveys, and the values stored in notebooks and full-size runs.
The value decides the verdict that is shown, not the entry.
"""

from collections import Counter
from html import escape
from pathlib import Path

from docutils import nodes

from topoi import claims

from . import recorded
from .recorded import RecordDirective
from .tables import EMPTY, raw, table
from .topics import read_topics
from .verdicts import badge

SECTIONS = {
    "experiment": (
        "Experiments of the papers",
        "Numbers and rankings that a paper measured.",
    ),
    "theorem": (
        "Theorems",
        "Statements that are proved, checked by exact or random cases.",
    ),
    "ours": (
        "Our own measurements",
        "No paper states these; the number may only not move.",
    ),
}


def setup(app):
    """Register the directive."""
    app.add_directive("reproductions", Reproductions)


class Reproductions(RecordDirective):
    """One section a kind: what it is, its tally, one row a claim."""

    def content_nodes(self, root):
        rows = judged_rows(
            in_order(claims.load_ledger(root / "claims"), root),
            recorded.stored_measurements(root),
            recorded.full_measurements(root),
        )
        return [section(kind, rows) for kind in SECTIONS]


def in_order(ledger: dict, root: Path) -> dict:
    """Return the ledger with its topics in the order of topics.yml."""
    order = [topic.id for topic in read_topics(root)[1]]
    ids = sorted(ledger, key=lambda i: order.index(claims.topic_of(i)))
    return {i: ledger[i] for i in ids}


def judged_rows(ledger, small, full) -> list[tuple]:
    """Return (claim, verdict, cells) of every claim.

    Parameters
    ----------
    ledger : dict of str to Claim
    small : dict
        Id -> (notebook, measurement) of the stored outputs.
    full : dict
        Id -> measurement, as a dict, of the newest full-size run.
    """
    rows = []
    for claim in ledger.values():
        stored = small.get(claim.id)
        found = survey_of(claim)
        verdict = verdict_now(claim, stored, found)
        row = claim_row(claim, verdict, stored, full.get(claim.id), found)
        rows.append((claim, verdict, row))
    return rows


def survey_of(claim) -> claims.Spread | None:
    """Return what a claim's survey says; None before it has been run."""
    if not claim.survey:
        return None
    try:
        return claims.spread(claim)
    except claims.LedgerError as error:
        print(error)
        return None


def verdict_now(claim, stored, found) -> str | None:
    """Return the verdict that the recorded value picks; None without one."""
    if claim.expected == "not-tested":
        return claim.expected
    if found is not None:
        return claims.judge(claim, found.value)
    if claim.survey or stored is None:
        return None
    return claims.judge(claim, stored[1].value)


def section(kind: str, rows: list[tuple]) -> nodes.section:
    """Return the section of one kind, with a title in the page's outline."""
    title, line = SECTIONS[kind]
    mine = [(verdict, row) for c, verdict, row in rows if c.kind == kind]
    part = nodes.section(ids=[f"kind-{kind}"])
    part += nodes.title("", title)
    html = f"<p>{escape(line)}</p>{tally([verdict for verdict, _ in mine])}"
    if mine:
        cells = [row for _, row in mine]
        heads = [name for name, _ in cells[0]]
        html += table(heads, cells, label=title, css="tt-ledger")
    part += raw(html)
    return part


def tally(verdicts) -> str:
    """Return how often each verdict occurs, as a list."""
    counts = Counter(verdicts)
    items = "".join(
        f'<li data-verdict="{verdict}">{claims.icon(verdict)} '
        f"<b>{counts[verdict]}</b> <span>{words}</span></li>"
        for verdict, words in claims.VERDICTS.items()
        if counts[verdict]
    )
    if counts[None]:
        items += f"<li><b>{counts[None]}</b> <span>not run yet</span></li>"
    return f'<ul class="tt-tally">{items}</ul>'


def claim_row(claim, verdict, stored, full, found) -> list[tuple[str, str]]:
    """Return the cells of one claim as (label, HTML) pairs."""
    statement = escape(claim.statement)
    if stored is not None:
        page = stored[0].with_suffix(".html").as_posix()
        link = f"../{page}#{claims.anchor(claim.id)}"
        statement = f'<a href="{link}">{statement}</a>'
    state = EMPTY if verdict is None else badge(verdict)
    row = [
        ("Paper", escape(claim.source)),
        ("Statement", statement),
        ("Theirs", escape(claim.paper_value)),
        ("Ours", ours(stored, found)),
        ("At full size", at_full_size(claim, verdict, full)),
        ("Verdict", state),
    ]
    if claim.kind == "ours":
        row = [cell for cell in row if cell[0] not in ("Paper", "Theirs")]
    return row


def ours(stored, found) -> str:
    """Return our value: of the survey with every seed, or of the page."""
    if found is not None:
        unit = " standard errors" * (found.name == "standard errors")
        words = f"{found.low} to {found.high}, {len(found.seeds)} seeds"
        return (
            f"{escape(found.text)}{unit} <small>{escape(words)}</small>"
            f"{claims.dots(found)}"
        )
    return EMPTY if stored is None else escape(stored[1].text)


def at_full_size(claim, small_verdict, full) -> str:
    """Return the value at full size, and its verdict if it is another."""
    if full is None:
        return EMPTY
    html = f"{escape(full['text'])} <small>{escape(full['device'])}</small>"
    try:
        verdict = claims.judge(claim, full["value"])
    except claims.ClaimError:
        return html  # an older entry measured something else
    return html if verdict == small_verdict else f"{html} {badge(verdict)}"
