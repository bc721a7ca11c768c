"""`check`: the value decides the verdict; what notebooks store of it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from topoi import runtime, survey
from topoi.claims import cards
from topoi.claims.findings import Measurement, Spread
from topoi.claims.ledger import Claim, LedgerError, load_ledger, topic_of
from topoi.claims.verdicts import (
    VERDICTS,
    Value,
    accepts,
    describe,
    is_number,
    verdict_of,
)

MIME = "application/vnd.topoi.claim+json"


class ClaimError(AssertionError):
    """A measured value is not where the ledger expects it."""


def check(claim_id: str, value: Any = None) -> None:
    """Judge a measured value by the ledger and display its card.

    At small scale the verdict must be the expected one. At full size nothing
    is certified in advance: the value picks its verdict, whatever it is. A
    claim with a survey is judged by the survey's value over all seeds at
    small scale; the run on the page must agree with it.

    Parameters
    ----------
    claim_id : str
        An id of ``claims/<topic>.yml``.
    value : bool, int, float, str or Fraction
        What this run measured; NumPy scalars are accepted. May be left out
        where the claim has a survey.

    Raises
    ------
    LedgerError
        If the ledger has no such id, or a survey was not recorded.
    ClaimError
        If `value` is malformed (NaN, or text where a number is due), or at
        small scale not in the interval of the expected verdict.
    TypeError
        If `value` is not one number, text or truth value.
    """
    claim = _find(claim_id)
    found = spread(claim) if claim.survey else None
    if value is None and found is not None:
        value = found.value
    value = _plain(claim_id, value)
    scale = runtime.current_scale()
    verdict = judge(claim, value)
    if scale == "small":
        verdict = _expected_verdict(claim, value, found)
    report = runtime.device_report()
    measured = Measurement(
        id=claim_id,
        value=str(value) if isinstance(value, Fraction) else value,
        text=_text(value, claim.show),
        verdict=verdict,
        scale=scale,
        backend=report["backend"],
        device=report["device"],
        kind=claim.kind,
    )
    _display(claim, measured, found)


def judge(claim: Claim, value: Value) -> str:
    """Return the verdict that the value picks among the claim's intervals.

    Returns
    -------
    str
        A verdict of the claim's kind, or "undecided" between its intervals.

    Raises
    ------
    ClaimError
        If the value is NaN, or no number although the intervals have bounds.
    """
    is_nan = isinstance(value, float) and math.isnan(value)
    if is_nan or (claim.is_numeric and not is_number(value)):
        bounds = "; ".join(map(describe, claim.intervals.values()))
        raise ClaimError(
            f"{claim.id}: measured {value!r}, but the ledger compares a "
            f"number ({bounds}). Why: {claim.why} Find out what went wrong "
            "before the value was computed."
        )
    return verdict_of(claim.intervals, value)


def spread(claim: Claim) -> Spread:
    """Return what the recorded survey says about a claim.

    Raises
    ------
    LedgerError
        If the survey has no finished record.
    """
    try:
        recorded = survey.load(claim.id)
    except survey.SurveyError as error:
        raise LedgerError(str(error)) from None
    low, high = recorded.quartiles
    return Spread(
        recorded.value,
        *(_text(v, claim.show) for v in (recorded.value, low, high)),
        recorded.reduced_by,
        tuple(float(v) for v in recorded.by_seed),
    )


def _expected_verdict(claim: Claim, value: Value, found: Spread | None) -> str:
    """Return the expected verdict; raise if a value picks another one."""
    interval = claim.intervals.get(claim.expected, {})
    if found is not None:
        _demand(claim, found.value, interval, "the survey")
    if found is not None and claim.run is not None:
        if not accepts(claim.run, value):
            raise ClaimError(
                f"{claim.id}: this run measured {_text(value, claim.show)}, "
                f"but one run gives {describe(claim.run)}. Why: {claim.why} "
                "Find out why it moved."
            )
    else:
        _demand(claim, value, interval, "this run")
    return claim.expected


def _demand(claim: Claim, value: Value, interval: Mapping, who: str) -> None:
    verdict = judge(claim, value)
    if verdict == claim.expected:
        return
    got = claim.intervals.get(verdict)
    where = "" if got is None else f" ({describe(got)})"
    raise ClaimError(
        f"{claim.id}: {who} measured {_text(value, claim.show)}, which is "
        f'"{VERDICTS[verdict]}"{where}, but the ledger expects '
        f'"{VERDICTS[claim.expected]}" ({describe(interval)}) at small scale. '
        f"Why: {claim.why} Find out why the value moved before you change "
        f"claims/{topic_of(claim.id)}.yml."
    )


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


def _find(claim_id: str) -> Claim:
    ledger = load_ledger()
    if claim_id not in ledger:
        topic = topic_of(claim_id)
        near = [i for i in ledger if topic_of(i) == topic] or list(ledger)
        raise LedgerError(
            f"{claim_id!r} is not in claims/{topic}.yml. Known ids: "
            f"{', '.join(near) or 'none'}. Add an entry, or mend the id."
        )
    return ledger[claim_id]


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


def _display(
    claim: Claim, measured: Measurement, found: Spread | None
) -> None:
    """Show the card in a notebook; print one line elsewhere."""
    line = cards.line(claim, measured, found)
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
        "text/html": cards.card(claim, measured, found),
        MIME: asdict(measured),
    }
    display(bundle, raw=True)
