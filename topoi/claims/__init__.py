"""The reproduction ledger: what papers claim and what we measured.

``claims/<topic>.yml`` holds one entry a claim. A notebook measures it::

    claims.check("cnn/lenet-parameters", model.count_params())

The value decides the verdict. The call raises when that is not the verdict
that the ledger expects; otherwise it shows a small card and stores the value
in the notebook's output, where the page *Reproductions* and the tests find
it again.

- `verdicts`: kinds of claims, names of verdicts, intervals, icons
- `ledger`: the entries, read and validated
- `findings`: what one run or a survey found for a claim
- `measurements`: `check`, and the values that notebooks store
- `cards`: the card as HTML, and the dots of a survey
"""

from topoi.claims.cards import anchor, card, dots
from topoi.claims.findings import Measurement, Spread
from topoi.claims.ledger import Claim, LedgerError, load_ledger, topic_of
from topoi.claims.measurements import (
    MIME,
    ClaimError,
    check,
    judge,
    read_stored,
    spread,
)
from topoi.claims.verdicts import (
    KINDS,
    VERDICTS,
    accepts,
    describe,
    icon,
    verdict_of,
)

__all__ = [
    "KINDS",
    "MIME",
    "VERDICTS",
    "Claim",
    "ClaimError",
    "LedgerError",
    "Measurement",
    "Spread",
    "accepts",
    "anchor",
    "card",
    "check",
    "describe",
    "dots",
    "icon",
    "judge",
    "load_ledger",
    "read_stored",
    "spread",
    "topic_of",
    "verdict_of",
]
