"""Examples of the layers of *temporal_logic*."""

from functools import partial

from layer_examples import Example
from topoi.temporal_logic import (
    AlwaysLayer,
    AndLayer,
    EventuallyLayer,
    OrLayer,
    PredicateLayer,
)

EXAMPLES = {
    "PredicateLayer": Example(partial(PredicateLayer, 3), (5, 2)),
    "AlwaysLayer": Example(
        partial(AlwaysLayer, 1, 3, sigma=0.5, gates=True),
        (6, 2),
        infinity="spreads",
    ),
    "EventuallyLayer": Example(
        partial(EventuallyLayer, 0, 2, sigma=0.7), (5, 3), infinity="spreads"
    ),
    "AndLayer": Example(
        partial(AndLayer, sigma=0.5), (4, 3), infinity="spreads"
    ),
    "OrLayer": Example(
        partial(OrLayer, sigma=2.0, gates=True), (4, 3), infinity="spreads"
    ),
}
