"""Examples of the layers of *unitary*."""

from layer_examples import Example
from topoi.unitary import MaxMin, PixelNorm, StiefelConv2D, StiefelDense


def expanding(**kwargs):
    """Return a dense layer with more outputs than inputs."""
    return StiefelDense(7, method="exp", gain=1.5, use_bias=True, **kwargs)


def contracting(**kwargs):
    """Return a convolution with fewer filters than inputs to one."""
    return StiefelConv2D(
        4, 3, strides=2, padding="valid", gain=0.5, use_bias=True, **kwargs
    )


EXAMPLES = {
    "StiefelDense": Example(expanding, (4,)),
    "StiefelConv2D": Example(contracting, (6, 5, 3)),
    "PixelNorm": Example(PixelNorm, (5, 6), mask="passed"),
    "MaxMin": Example(MaxMin, (5, 6), mask="passed", infinity="stays"),
}
