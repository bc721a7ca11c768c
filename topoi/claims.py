"""The reproduction ledger: what papers claim and what we measured.

``claims.yml`` holds one entry a claim. A notebook asserts it::

    claims.check("cnn/lenet-parameters", model.count_params())

The call raises when the value leaves the accepted range; otherwise it shows
a small card and stores the value in the notebook's output, where the page
*Reproductions* and the tests find it again.
"""

import json
import math
import os
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from topoi import runtime

MIME = "application/vnd.topoi.claim+json"
Value = bool | int | float | str | Fraction

VERDICTS = {
    "reproduced": "Reproduced",
    "reproduced-small": "Reproduced at small scale",
    "partly": "Partly reproduced",
    "not-reproduced": "Not reproduced",
    "corrected": "Statement corrected",
}
# The book's style sheet recolours these; JupyterLab shows them as they are.
_STROKE = 'class="tt-stroke" fill="none" stroke="currentColor"'
_KNOCKOUT = 'class="tt-knockout" fill="none" stroke="#fff"'
# 20 x 20; verdicts differ by shape, because their colours alone do not.
_ICONS = {
    "reproduced": (
        '<circle cx="10" cy="10" r="9" fill="currentColor"/>'
        '<path d="M5.6 10.4l3 3 5.8-6.4" {knockout}/>'
    ),
    "reproduced-small": (
        '<circle cx="10" cy="10" r="8" {stroke}/>'
        '<path d="M6.4 10.3l2.5 2.5 4.7-5.2" {stroke}/>'
    ),
    "partly": (
        '<circle cx="10" cy="10" r="8" {stroke}/>'
        '<path d="M10 2a8 8 0 0 1 0 16z" fill="currentColor"/>'
    ),
    "not-reproduced": (
        '<rect x="3" y="3" width="14" height="14" fill="currentColor" '
        'transform="rotate(45 10 10)"/>'
        '<path d="M7 7l6 6M13 7l-6 6" {knockout}/>'
    ),
    "corrected": (
        '<rect x="1.5" y="1.5" width="17" height="17" rx="3.5" '
        'fill="currentColor"/>'
        '<path d="M6 14l.6-2.8 6.2-6.2 2.2 2.2-6.2 6.2z" '
        "{knockout}/>"
    ),
}


class LedgerError(ValueError):
    """The ledger has no such claim, or an entry is malformed."""


class ClaimError(AssertionError):
    """A measured value lies outside what the ledger accepts."""


@dataclass(frozen=True)
class Claim:
    """One entry of ``claims.yml``.

    Attributes
    ----------
    id : str
        ``topic/short-name``.
    paper : str
        Key in ``references.bib``.
    source : str
        How a card names the place: paper, section or table.
    statement : str
        One sentence with its conditions.
    paper_value : str
        As printed there, or "theorem".
    accept : dict
        ``{equals: v}`` or ``{min: a, max: b}`` (one side may be missing).
    why : str
        Why the accepted range is what it is.
    verdict : str
        A key of `VERDICTS`.
    show : str
        Format specification of the value on the card, such as ".1%".
    full : dict
        Replaces `accept` (and `verdict`) at scale ``full``, where needed.
    """

    id: str
    paper: str
    source: str
    statement: str
    paper_value: str
    accept: dict[str, Any]
    why: str
    verdict: str
    show: str = ""
    full: dict[str, Any] | None = None

    def at_scale(self, scale: str) -> tuple[dict[str, Any], str]:
        """Return what is accepted at `scale`, and the verdict there."""
        other = self.full if scale == "full" and self.full else {}
        return (
            other.get("accept", self.accept),
            other.get("verdict", self.verdict),
        )


@dataclass(frozen=True)
class Measurement:
    """A checked value as it is stored in a notebook's output."""

    id: str
    value: Value
    text: str
    verdict: str
    scale: str
    backend: str
    device: str


def check(claim_id: str, value: Value) -> None:
    """Assert a claim of the ledger and display its card.

    Parameters
    ----------
    claim_id : str
        An id of ``claims.yml``.
    value : bool, int, float, str or Fraction
        What this run measured; NumPy scalars are accepted.

    Raises
    ------
    LedgerError
        If the ledger has no such id.
    ClaimError
        If `value` is not what the ledger accepts at this scale.
    """
    claim = _find(claim_id)
    value = _plain(claim_id, value)
    scale = runtime.current_scale()
    accept, verdict = claim.at_scale(scale)
    if not accepts(accept, value):
        raise ClaimError(
            f"{claim_id}: measured {_text(value, claim.show)}, but the "
            f"ledger accepts {describe(accept)} at scale {scale}. Why this "
            f"range: {claim.why} Find out why the value moved before you "
            "change claims.yml."
        )
    report = runtime.device_report()
    _display(
        claim,
        Measurement(
            id=claim_id,
            value=str(value) if isinstance(value, Fraction) else value,
            text=_text(value, claim.show),
            verdict=verdict,
            scale=scale,
            backend=report["backend"],
            device=report["device"],
        ),
    )


def accepts(accept: dict[str, Any], value: Value) -> bool:
    """Return whether `value` is what ``{equals}`` or ``{min, max}`` asks."""
    if "equals" in accept:
        return str(value) == str(accept["equals"])
    if isinstance(value, (str, bool)) or math.isnan(value):
        return False
    low, high = accept.get("min", -math.inf), accept.get("max", math.inf)
    return low <= value <= high


def describe(accept: dict[str, Any]) -> str:
    """Return an accepted range in words."""
    if "equals" in accept:
        return f"exactly {accept['equals']}"
    if "max" not in accept:
        return f"at least {accept['min']}"
    if "min" not in accept:
        return f"at most {accept['max']}"
    return f"{accept['min']} to {accept['max']}"


@cache
def load_ledger(path: Path | None = None) -> dict[str, Claim]:
    """Read and validate the ledger.

    Parameters
    ----------
    path : Path, optional
        A ledger file; by default ``claims.yml`` beside the library, or what
        the environment variable ``TOPOI_CLAIMS`` names.

    Returns
    -------
    dict of str to Claim
        In the order of the file.

    Raises
    ------
    LedgerError
        If the file is missing or an entry is incomplete or contradictory.
    """
    import yaml

    default = os.environ.get("TOPOI_CLAIMS", runtime.ROOT / "claims.yml")
    path = Path(path or default)
    if not path.exists():
        raise LedgerError(f"{path} is missing: restore it with git checkout.")
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    ledger: dict[str, Claim] = {}
    for entry in entries:
        claim = _claim(entry)
        if claim.id in ledger:
            raise LedgerError(f"{claim.id} stands twice in {path.name}.")
        ledger[claim.id] = claim
    return ledger


def read_stored(notebook: Path) -> list[Measurement]:
    """Return the values that `check` left in a notebook, in order.

    Raises
    ------
    ValueError
        If the file is not a notebook.
    """
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    outputs = (out for cell in cells for out in cell.get("outputs", []))
    stored = (out["data"] for out in outputs if MIME in out.get("data", {}))
    return [Measurement(**data[MIME]) for data in stored]


def icon(verdict: str) -> str:
    """Return the inline SVG of a verdict (its own shape, current colour)."""
    shapes = _ICONS[verdict].format(stroke=_STROKE, knockout=_KNOCKOUT)
    return (
        '<svg class="tt-icon" viewBox="0 0 20 20" width="19" height="19" '
        f'stroke-width="2" aria-hidden="true">{shapes}</svg>'
    )


def anchor(claim_id: str) -> str:
    """Return the HTML id of a claim's card: ``claim-topic-short-name``."""
    return "claim-" + claim_id.replace("/", "-")


def card(claim: Claim, measured: Measurement) -> str:
    """Return the HTML card: statement, their value, ours, verdict."""
    verdict = f"{icon(measured.verdict)}<span>{VERDICTS[measured.verdict]}"
    return (
        f'<div class="tt-claim" id="{anchor(claim.id)}" '
        f'data-verdict="{measured.verdict}">'
        f"<p>{escape(claim.statement)}</p><dl>"
        f"<div><dt>Paper says</dt><dd>{escape(claim.paper_value)}</dd></div>"
        f"<div><dt>We measured</dt><dd>{escape(measured.text)}</dd></div>"
        '<div class="tt-claim-verdict"><dt>Verdict</dt>'
        f"<dd>{verdict}</span></dd></div></dl>"
        f"<p><code>{claim.id}</code> <span>{escape(claim.source)}</span></p>"
        "</div>"
    )


def _find(claim_id: str) -> Claim:
    ledger = load_ledger()
    if claim_id not in ledger:
        topic = claim_id.split("/")[0] + "/"
        near = [i for i in ledger if i.startswith(topic)] or list(ledger)
        raise LedgerError(
            f"{claim_id!r} is not in claims.yml. Known ids: "
            f"{', '.join(near) or 'none'}. Add an entry, or mend the id."
        )
    return ledger[claim_id]


def _claim(entry: dict[str, Any]) -> Claim:
    try:
        claim = Claim(**entry)
    except TypeError as error:
        raise LedgerError(
            f"Entry {entry.get('id', entry)!r} of claims.yml: {error}. The "
            f"fields are {', '.join(Claim.__dataclass_fields__)}."
        ) from None
    ranges = [claim.accept, (claim.full or {}).get("accept", claim.accept)]
    keys_known = all(
        set(r) == {"equals"} or (r and set(r) <= {"min", "max"})
        for r in ranges
    )
    if not keys_known:
        raise LedgerError(
            f"{claim.id}: accept must be {{equals: v}} or {{min: a, max: b}}, "
            f"but it is {claim.accept}."
        )
    if claim.at_scale("full")[1] not in VERDICTS or (
        claim.verdict not in VERDICTS
    ):
        raise LedgerError(
            f"{claim.id}: verdict {claim.verdict!r} is not one of "
            f"{', '.join(VERDICTS)}."
        )
    return claim


def _plain(claim_id: str, value: Any) -> Value:
    """Return a Python scalar for a Python or NumPy one."""
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()
    if isinstance(value, (bool, int, float, str, Fraction)):
        return value
    raise TypeError(
        f"{claim_id}: a claim is one number, text or truth value, but got "
        f"{type(value).__name__}. Reduce it first, for example with max()."
    )


def _text(value: Value, spec: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, spec) if spec else str(value)


def _display(claim: Claim, measured: Measurement) -> None:
    """Show the card in a notebook; print one line elsewhere."""
    line = (
        f"{claim.id}: paper {claim.paper_value}; measured {measured.text}; "
        f"{VERDICTS[measured.verdict]}"
    )
    try:
        from IPython import get_ipython
    except ImportError:
        print(line)
        return
    if get_ipython() is None:
        print(line)
        return
    from IPython.display import display

    bundle = {
        "text/plain": line,
        "text/html": card(claim, measured),
        MIME: asdict(measured),
    }
    display(bundle, raw=True)
