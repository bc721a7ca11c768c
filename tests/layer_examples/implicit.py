"""Examples of the layers of *implicit*."""

from layer_examples import Example
from topoi.implicit.layers import ImplicitDense


def relu(**kwargs):
    """Return five states whose rows are scaled down by their cap."""
    return ImplicitDense(5, 3, kappa=0.6, tol=1e-8, **kwargs)


EXAMPLES = {"ImplicitDense": Example(relu, (4,))}
