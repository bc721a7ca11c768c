"""Examples of the layers of *gan*."""

from layer_examples import Example
from topoi.gan import GradientReversal

EXAMPLES = {
    "GradientReversal": Example(
        GradientReversal,
        (5, 3),
        mask="passed",
        infinity="spreads",  # 2 x - x overflows to NaN, as it says
    ),
}
