"""Numbers that count the arithmetic done with them."""

from typing import Any

import numpy as np


class Counted:
    """A number that adds 1 to `Counted.count` at every operation."""

    count = 0

    def __init__(self, value: float):
        self.value = float(value)

    def __add__(self, other):
        return _counted(self.value + _plain(other))

    def __sub__(self, other):
        return _counted(self.value - _plain(other))

    def __rsub__(self, other):
        return _counted(_plain(other) - self.value)

    def __mul__(self, other):
        return _counted(self.value * _plain(other))

    def __truediv__(self, other):
        return _counted(self.value / _plain(other))

    def __rtruediv__(self, other):
        return _counted(_plain(other) / self.value)

    def __gt__(self, other):
        return self.value > _plain(other)

    def tanh(self):
        """Return the hyperbolic tangent; NumPy calls it on arrays."""
        return _counted(np.tanh(self.value))

    __radd__, __rmul__ = __add__, __mul__


def _counted(value: float) -> Counted:
    Counted.count += 1
    return Counted(value)


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Counted) else x
