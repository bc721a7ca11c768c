"""Examples of the layers of *stability*."""

import numpy as np

from layer_examples import Example
from topoi.stability import FirenetLayer


def firenet(**kwargs):
    """Return FIRENET for four measurements of six numbers."""
    matrix = np.random.default_rng(7).normal(size=(4, 6)) / 3
    weights = np.linspace(1, 2, 6)
    return FirenetLayer(matrix, 0.1, weights, p=4, n=3, delta=1e-6, **kwargs)


EXAMPLES = {
    "FirenetLayer": Example(firenet, (4,), dtypes=("float32", "float64")),
}
