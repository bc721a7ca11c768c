"""A reverse-mode tape: values forward, adjoints backward.

A `Var` is an array that remembers how it was made. Arithmetic on it writes a
tape; `Var.backward` reads that tape from the end and leaves in every `Var`
the derivative of the result with respect to it, its adjoint.
"""

from collections.abc import Callable

import numpy as np

Pull = Callable[[np.ndarray], np.ndarray]


class Var:
    """An array on the tape: its value, its parents and its adjoint.

    Parameters
    ----------
    value : array_like
        Stored as float64. An array of dtype object is kept as it is, so that
        fractions stay exact and counted numbers stay counted.
    parents : tuple of (Var, callable)
        What the value was made of. The callable turns the adjoint of this
        value into the share of it that belongs to the parent.
    name : str
        What a drawing writes beside the value: a symbol or an operation.

    Attributes
    ----------
    adjoint : ndarray or None
        Derivative of the result by this value, of the same shape; None until
        `backward` has come through here.

    Notes
    -----
    Source: Rumelhart, Hinton and Williams (1986); for arbitrary programs
    Griewank and Walther (2008), chapter 3.
    """

    __array_ufunc__ = None  # array + Var calls Var.__radd__

    def __init__(self, value, parents=(), name=""):
        value = np.asarray(value)
        exact = value.dtype == object
        self.value = value if exact else value.astype(np.float64)
        self.parents = tuple(parents)
        self.name = name
        self.adjoint = None

    def __repr__(self):
        return f"Var({self.name or 'value'}: {self.value.tolist()})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return self.value.shape

    # -- operations: value first, then one pull per parent ------------------

    def __add__(self, other):
        return _record(
            "+",
            self.value + value_of(other),
            (self, lambda g: _fold(g, self.shape)),
            (other, lambda g: _fold(g, np.shape(value_of(other)))),
        )

    def __mul__(self, other):
        a, b = self.value, value_of(other)
        return _record(
            "*",
            a * b,
            (self, lambda g: _fold(g * b, np.shape(a))),
            (other, lambda g: _fold(g * a, np.shape(b))),
        )

    def __matmul__(self, other):
        a, b = self.value, value_of(other)
        _check_matrices(a, b)
        return _record(
            "@",
            a @ b,
            (self, lambda g: g @ b.T),
            (other, lambda g: a.T @ g),
        )

    def __rmatmul__(self, other):
        a, b = np.asarray(other), self.value
        _check_matrices(a, b)
        return _record("@", a @ b, (self, lambda g: a.T @ g))

    def __pow__(self, exponent):
        if isinstance(exponent, Var):
            raise TypeError(
                "Var ** needs a number as its exponent, got a Var. Write "
                "(b * a.log()).exp() for a ** b."
            )
        a = self.value
        return _record(
            f"**{exponent}",
            a**exponent,
            (self, lambda g: g * exponent * a ** (exponent - 1)),
        )

    def exp(self):
        """Return e to the power of every entry."""
        y = np.exp(self.value)
        return _record("exp", y, (self, lambda g: g * y))

    def log(self):
        """Return the natural logarithm of every entry."""
        return _record(
            "log", np.log(self.value), (self, lambda g: g / self.value)
        )

    def tanh(self):
        """Return the hyperbolic tangent of every entry."""
        y = np.tanh(self.value)
        return _record("tanh", y, (self, lambda g: g * (1 - y * y)))

    def relu(self):
        """Return max(entry, 0); the derivative at 0 counts as 0."""
        on = self.value > 0
        return _record(
            "relu",
            np.where(on, self.value, 0),
            (self, lambda g: np.where(on, g, 0)),
        )

    def sum(self, axis=None, keepdims=False):
        """Return the sum over an axis, or of all entries."""
        shape = self.shape

        def spread(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return np.broadcast_to(g, shape)

        total = self.value.sum(axis=axis, keepdims=keepdims)
        return _record("sum", total, (self, spread))

    # -- what follows from the operations above -----------------------------

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return (-self) + other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__ = __add__
    __rmul__ = __mul__

    # -- the way back -------------------------------------------------------

    def backward(self) -> None:
        """Leave in every ancestor the derivative of this value by it.

        Adjoints of earlier calls are replaced, not added to.

        Raises
        ------
        ValueError
            If this value is not one number.
        """
        if self.value.size != 1:
            raise ValueError(
                "backward starts from one number, usually the loss, but this "
                f"value has shape {self.shape}. Reduce it first: .sum()."
            )
        order = topological_order(self)
        for var in order:
            var.adjoint = None
        self.adjoint = np.ones_like(self.value)
        for var in reversed(order):
            for parent, pull in var.parents:
                share = pull(var.adjoint)
                if parent.adjoint is not None:
                    share = parent.adjoint + share
                parent.adjoint = np.asarray(share)


def topological_order(root: Var) -> list[Var]:
    """Return `root` and its ancestors, every parent before its children.

    Each `Var` appears once, however many paths lead to it. Takes time
    proportional to the number of recorded operations, and no recursion: a
    chain of a million operations is in order.
    """
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        var, parents_done = stack.pop()
        if parents_done:
            order.append(var)
        elif id(var) not in seen:
            seen.add(id(var))
            stack.append((var, True))
            stack += [(parent, False) for parent, _ in reversed(var.parents)]
    return order


def value_of(x) -> np.ndarray | float:
    """Return the value of a `Var`; anything else as it is."""
    return x.value if isinstance(x, Var) else x


def _record(name: str, value, *inputs) -> Var:
    """Return a new `Var`; constants need no adjoint and are left out."""
    parents = [(x, pull) for x, pull in inputs if isinstance(x, Var)]
    return Var(value, parents, name)


def _fold(adjoint: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum an adjoint over the axes along which a value was broadcast."""
    adjoint = np.asarray(adjoint)
    new = adjoint.ndim - len(shape)
    adjoint = adjoint.sum(axis=tuple(range(new))) if new else adjoint
    stretched = tuple(
        axis
        for axis, size in enumerate(shape)
        if size == 1 and adjoint.shape[axis] != 1
    )
    if stretched:
        adjoint = adjoint.sum(axis=stretched, keepdims=True)
    return adjoint


def _check_matrices(a: np.ndarray, b: np.ndarray) -> None:
    if np.ndim(a) != 2 or np.ndim(b) != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(
            "Var @ multiplies matrices of shapes (n, k) and (k, m), but got "
            f"{np.shape(a)} and {np.shape(b)}. A single example is a matrix "
            "with one row: x[np.newaxis]."
        )
