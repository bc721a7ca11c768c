"""Controls: one planted mistake a claim, which its intervals must notice.

``tests/controls/<topic>.py`` measures each claim of its topic under a
mistake (a wrong arithmetic, untrained weights, a dropped term)::

    from controls import control

    @control("cnn/output-size", "the division is rounded up")
    def rounded_up():
        return number_of_disagreements(...)

`test_controls.py` shows that the value leaves the expected verdict. A
control that takes more than some seconds is ``heavy=True``: only
`make controls` runs it.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from topoi import claims

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Control:
    """A claim measured under one mistake.

    Attributes
    ----------
    claim : str
        Id in the ledger.
    mistake : str
        What is planted, in a few words.
    measure : callable
        Returns the value, without arguments.
    heavy : bool
        Whether only `make controls` runs it.
    """

    claim: str
    mistake: str
    measure: Callable[[], claims.verdicts.Value]
    heavy: bool


_planted: list[Control] = []


def control(claim: str, mistake: str, *, heavy: bool = False):
    """Declare that a function measures `claim` under `mistake`.

    A claim may have several controls, each with a mistake of its own.
    """

    def declare(measure):
        _planted.append(Control(claim, mistake, measure, heavy))
        return measure

    return declare


def planted(topic: str) -> list[Control]:
    """Return the controls of a topic; none if it has no file yet."""
    if not (FOLDER / f"{topic}.py").exists():
        return []
    importlib.import_module(f"controls.{topic}")
    return [c for c in _planted if claims.topic_of(c.claim) == topic]


def problem(planted: Control, claim: claims.Claim, value) -> str:
    """Return why a control shows nothing, or ""."""
    if claims.judge(claim, value) != claim.expected:
        return ""
    return (
        f"{claim.id}: the control does not trip. Under the mistake "
        f"{planted.mistake!r} the value is {value}, which is still "
        f"{claim.expected!r}. Plant a mistake that matters, or narrow the "
        "interval before anything is measured."
    )
