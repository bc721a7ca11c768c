"""What was found for a claim: one run's value, or a survey of seeds."""

from dataclasses import dataclass
from typing import NamedTuple

from topoi.claims.verdicts import Value


class Spread(NamedTuple):
    """What a survey says about a claim.

    Attributes
    ----------
    value : float
        What decides the verdict: the reduction over all seeds.
    text, low, high : str
        The value and the quartiles over the seeds, as the card shows them.
    name : str
        How the value came from the seeds, such as "median".
    seeds : tuple of float
        The claim's value for each seed.
    """

    value: float
    text: str
    low: str
    high: str
    name: str
    seeds: tuple[float, ...]


@dataclass(frozen=True)
class Measurement:
    """A checked value as it is stored in a notebook's output.

    `kind` is empty in outputs that are older than the kinds of claims.
    """

    id: str
    value: Value
    text: str
    verdict: str
    scale: str
    backend: str
    device: str
    kind: str = ""
