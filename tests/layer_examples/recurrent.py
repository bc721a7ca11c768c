"""Examples of the layers of *recurrent*."""

from functools import partial

from layer_examples import Example
from topoi.recurrent import CarryLookahead, CarryLookaheadRNN, MinGRU

EXAMPLES = {
    "MinGRU": Example(
        partial(MinGRU, 4, method="doubling"), (7, 3), mask="read"
    ),
    "MinGRU by the tree, last state": Example(
        partial(MinGRU, 4, activation="tanh", return_sequences=False),
        (7, 3),
        mask="read",
        infinity="bounded",
        rounds=True,
    ),
    "CarryLookahead": Example(
        partial(CarryLookahead, 4, 2, residual=True), (7, 3), mask="read"
    ),
    "CarryLookaheadRNN": Example(
        partial(CarryLookaheadRNN, 4, 2, shift=False, dropout=0.1),
        (7, 3),
        mask="read",
        infinity="bounded",
        rounds=True,
    ),
    "CarryLookaheadRNN, last state": Example(
        partial(
            CarryLookaheadRNN,
            4,
            3,
            kernel=3,
            convs=2,
            residual=True,
            return_sequences=False,
        ),
        (7, 3),
        mask="read",
        infinity="bounded",
        rounds=True,
    ),
}
