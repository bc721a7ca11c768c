"""Examples of the layers of *language*."""

from functools import partial

from layer_examples import Example
from topoi.language import CausalAttention, PreNormBlock

EXAMPLES = {
    "CausalAttention": Example(partial(CausalAttention, 2), (6, 4)),
    "CausalAttention, relative and smeared": Example(
        partial(CausalAttention, 2, "relative", smear=True, use_bias=False),
        (6, 4),
    ),
    "PreNormBlock": Example(
        partial(PreNormBlock, 2, positions="relative"), (6, 4)
    ),
    "PreNormBlock, attention alone": Example(
        partial(PreNormBlock, 1, mlp=False, norm=False, use_bias=False),
        (6, 4),
    ),
}
