"""Examples of the layers of *polynomial*."""

from layer_examples import Example
from topoi.polynomial import CCP, NCP


def ccp(**kwargs):
    """Return four products of degree three."""
    return CCP(4, 3, **kwargs)


def ncp(**kwargs):
    """Return a nested polynomial of degree three with skips."""
    return NCP(4, 3, skip=True, **kwargs)


EXAMPLES = {"CCP": Example(ccp, (5,)), "NCP": Example(ncp, (5,))}
