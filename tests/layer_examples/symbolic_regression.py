"""Examples of the layers of *symbolic regression*."""

from layer_examples import Example
from topoi.symbolic_regression.layers import EQLLayer


def small(**kwargs):
    """Return a layer with one unit of each kind."""
    units = ("identity", "square", "sin", "exp", "sigmoid", "product")
    return EQLLayer(units, deviation=0.1, **kwargs)


EXAMPLES = {
    "EQLLayer": Example(small, (4,), dtypes=("float32", "float64")),
}
