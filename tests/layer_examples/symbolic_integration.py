"""Examples of the layers of *symbolic_integration*."""

from functools import partial

from layer_examples import Example
from topoi.symbolic_integration.model import Attention, Block, FeedForward

EXAMPLES = {
    "Attention": Example(partial(Attention, 2, rotary=False), (5, 8)),
    "FeedForward": Example(partial(FeedForward, 12), (5, 8)),
    "Block": Example(
        partial(Block, 2, 12, False), (5, 8), arguments={"bias": 0.0}
    ),
}
