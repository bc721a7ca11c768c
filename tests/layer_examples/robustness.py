"""Examples of the layers of *robustness*."""

from layer_examples import Example
from topoi.robustness import SharpSoftplus

EXAMPLES = {
    "SharpSoftplus": Example(
        lambda **kwargs: SharpSoftplus(4.0, **kwargs),
        (5,),
        infinity="bounded",  # minus infinity becomes 0, as for relu
    ),
}
