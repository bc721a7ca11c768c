"""The card of a claim as HTML, its line of text, and a survey's dots."""

import math
from collections.abc import Sequence
from html import escape

from topoi.claims.findings import Measurement, Spread
from topoi.claims.ledger import Claim
from topoi.claims.verdicts import VERDICTS, icon

KIND_WORDS = {
    "experiment": "experiment of the paper",
    "theorem": "theorem",
    "ours": "our measurement",
}
_SCALE_WORDS = {"small": "at small scale", "full": "at full size"}
_WIDTH, _HEIGHT, _MARGIN = 180, 22, 8  # of the dots, in pixels


def anchor(claim_id: str) -> str:
    """Return the HTML id of a claim's card: ``claim-topic-short-name``."""
    return "claim-" + claim_id.replace("/", "-")


def scale_words(kind: str, scale: str) -> str:
    """Return at which scale a verdict was reached, where that matters.

    Only an experiment depends on its size; a theorem does not.
    """
    return _SCALE_WORDS[scale] if kind == "experiment" else ""


def line(claim: Claim, measured: Measurement, found: Spread | None) -> str:
    """Return the card as one line of text."""
    parts = [f"measured {measured.text}"]
    if claim.paper_value:
        parts.insert(0, f"paper {claim.paper_value}")
    if found is not None:
        parts.append(survey_words(found))
    words = scale_words(claim.kind, measured.scale)
    parts.append(f"{VERDICTS[measured.verdict]} {words}".rstrip())
    return f"{claim.id}: {'; '.join(parts)}"


def card(
    claim: Claim, measured: Measurement, found: Spread | None = None
) -> str:
    """Return the HTML card: statement, their value, ours, verdict.

    Parameters
    ----------
    claim : Claim
        The entry of the ledger.
    measured : Measurement
        The value of this run, with its verdict.
    found : Spread, optional
        What the claim's survey says.
    """
    words = scale_words(claim.kind, measured.scale)
    verdict = f"{icon(measured.verdict)}<span>{VERDICTS[measured.verdict]}"
    facts = []
    if claim.paper_value:
        facts.append(_fact("Paper says", escape(claim.paper_value)))
    ours = "We measured" if found is None else "This run"
    facts.append(_fact(ours, escape(measured.text)))
    facts.append(
        _fact(
            f"Verdict {words}".rstrip(),
            f"{verdict}</span>",
            "tt-claim-verdict",
        )
    )
    if found is not None:
        facts.append(_survey_row(found))
    source = f"{KIND_WORDS[claim.kind]}"
    source += f": {claim.source}" if claim.source else ""
    return (
        f'<div class="tt-claim" id="{anchor(claim.id)}" '
        f'data-kind="{claim.kind}" data-verdict="{measured.verdict}">'
        f"<p>{escape(claim.statement)}</p><dl>{''.join(facts)}</dl>"
        f"<p><code>{claim.id}</code> <span>{escape(source)}</span></p>"
        "</div>"
    )


def _fact(name: str, html: str, css: str = "") -> str:
    css = f' class="{css}"' if css else ""
    return f"<div{css}><dt>{name}</dt><dd>{html}</dd></div>"


def _survey_row(found: Spread) -> str:
    words = f"{found.name} {found.text}"
    quartiles = f"half of them between {found.low} and {found.high}"
    return _fact(
        f"Survey of {len(found.seeds)} seeds",
        f"<span>{escape(words)}</span> {dots(found)} "
        f"<small>{escape(quartiles)}</small>",
        "tt-claim-survey",
    )


def survey_words(found: Spread) -> str:
    """Return median, spread and number of seeds of a survey in words."""
    return (
        f"survey of {len(found.seeds)} seeds: {found.name} {found.text}, "
        f"quartiles {found.low} to {found.high}"
    )


def dots(found: Spread) -> str:
    """Return a strip with one dot a seed and a bar at the survey's value.

    Equal values are stacked, so that every seed is seen. A value in standard
    errors has another unit than the seeds; then the bar stands at zero, from
    which the differences are to keep away. The inline SVG has the survey in
    words as its label; the style sheet colours it.
    """
    marked = 0.0 if found.name == "standard errors" else found.value
    finite = [v for v in found.seeds if math.isfinite(v)]
    shown = [*finite, marked] if math.isfinite(marked) else finite
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    scale = (_WIDTH - 2 * _MARGIN) / (high - low or 1.0)

    def x(value: float) -> float:
        return _MARGIN + (value - low) * scale

    places = _stacked([x(value) for value in sorted(finite)])
    circles = "".join(
        f'<circle cx="{across:.1f}" cy="{_HEIGHT - 5 - 4 * level}" r="3"/>'
        for across, level in places
    )
    bar = (
        f'<path d="M{_MARGIN} {_HEIGHT - 1}H{_WIDTH - _MARGIN}" fill="none" '
        'stroke="currentColor" stroke-opacity="0.35"/>'
    )
    if math.isfinite(marked):
        bar += (
            f'<path d="M{x(marked):.1f} 1V{_HEIGHT - 1}" fill="none" '
            'stroke="currentColor" stroke-width="1.5"/>'
        )
    return (
        f'<svg class="tt-dots" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(survey_words(found))}">{bar}'
        f'<g fill="currentColor" fill-opacity="0.55">{circles}</g></svg>'
    )


def _stacked(across: Sequence[float]) -> list[tuple[float, int]]:
    """Return (x, level) of each dot: a dot rises above one that it covers."""
    placed: list[tuple[float, int]] = []
    for x in across:
        taken = {level for near, level in placed if abs(near - x) < 5}
        level = next(n for n in range(len(placed) + 1) if n not in taken)
        placed.append((x, min(level, 3)))
    return placed
