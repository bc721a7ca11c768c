"""Examples of the layers of *precision*."""

from functools import partial

from layer_examples import Example
from topoi.precision import LowPrecisionDense

EXAMPLES = {
    f"LowPrecisionDense, {target}": Example(
        partial(LowPrecisionDense, 3, target),
        (5, 8),
        mask="passed",
        dtypes=("float32",),  # it emulates narrow formats in float32
        infinity="stays",
    )
    for target in ("bfloat16", "float16")
}
