"""HTML tables that stay tables when the style sheet makes them blocks."""

from docutils import nodes

EMPTY = "–"


def raw(html: str) -> nodes.raw:
    """Return HTML as a node of the page."""
    return nodes.raw("", html, format="html")


def table(heads, rows, label: str, css: str) -> str:
    """Return an HTML table that stays a table when CSS makes it blocks."""
    head = "".join(
        f'<th role="columnheader" scope="col">{h}</th>' for h in heads
    )
    body = "".join(f'<tr role="row">{cells(row)}</tr>' for row in rows)
    return (
        f'<div class="tt-scroll" role="region" aria-label="{label}" '
        f'tabindex="0"><table class="{css}" role="table">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def cells(row) -> str:
    """Return the cells of one row, given as (label, HTML) pairs."""
    return "".join(
        f'<td role="cell" data-label="{label}">{html}</td>'
        for label, html in row
    )
