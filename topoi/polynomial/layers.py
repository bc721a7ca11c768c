"""Polynomial layers of Keras: CCP, NCP and NCP-skip."""

import keras
from keras import ops


class _Polynomial(keras.layers.Layer):
    """What the layers share: sizes, shapes, one affine part each."""

    def __init__(self, rank, degree, **kwargs):
        super().__init__(**kwargs)
        if int(rank) != rank or rank < 1:
            raise ValueError(f"rank counts factors: at least 1, got {rank}.")
        if int(degree) != degree or degree < 1:
            raise ValueError(
                f"degree is an integer of at least 1, got {degree}."
            )
        self.rank, self.degree = int(rank), int(degree)

    def compute_output_shape(self, input_shape):
        """Return (..., rank)."""
        return (*input_shape[:-1], self.rank)

    def get_config(self):
        """Return the configuration."""
        config = {"rank": self.rank, "degree": self.degree}
        return {**super().get_config(), **config}

    def _weight(self, name, shape, start="glorot_uniform"):
        return self.add_weight(name=name, shape=shape, initializer=start)

    def _size(self, input_shape):
        size = input_shape[-1]
        if size is None:
            raise ValueError(
                f"{type(self).__name__} needs the size of the last axis, got "
                f"an input of shape {tuple(input_shape)}."
            )
        return size


@keras.saving.register_keras_serializable(package="topoi")
class CCP(_Polynomial):
    """Coupled polynomial of the input, (..., d) -> (..., rank).

    Parameters
    ----------
    rank : int
        Number of products.
    degree : int
        Degree N of the polynomial.

    Notes
    -----
    ``x_1 = z U_1`` and ``x_n = (z U_n) * x_{n-1} + x_{n-1}``, so
    ``x_N = (z U_1) (1 + z U_2) ... (1 + z U_N)``, entry by entry. There is
    no constant term; a `Dense` layer behind it supplies the output and its
    bias. Holds ``rank * N * d`` weights. Source: Chrysos et al. (2020).
    """

    def build(self, input_shape):
        """Make one matrix per degree."""
        size = self._size(input_shape)
        self.factors = [
            self._weight(f"U{n + 1}", (size, self.rank))
            for n in range(self.degree)
        ]

    def call(self, z):
        """Return the products."""
        x = ops.matmul(z, self.factors[0])  # (..., rank)
        for factor in self.factors[1:]:
            x = ops.matmul(z, factor) * x + x  # (..., rank)
        return x


@keras.saving.register_keras_serializable(package="topoi")
class NCP(_Polynomial):
    """Nested polynomial of the input, (..., d) -> (..., rank).

    Parameters
    ----------
    rank : int
        Size of each x_n.
    degree : int
        Degree N of the polynomial.
    skip : bool
        Whether a linear map of ``x_{n-1}`` is added: NCP-skip.
    activation : str or None
        Applied to each ``x_n`` with n < N. Anything but None, and the
        network is no polynomial.

    Notes
    -----
    ``x_1 = z A_1`` and ``x_n = (z A_n) * (x_{n-1} S_n + b_n)``, plus
    ``x_{n-1} V_n`` with `skip`. The b_n start at 1, which makes an untrained
    layer a sum of all degrees. Source: Chrysos et al. (2020).
    """

    def __init__(self, rank, degree, skip=False, activation=None, **kwargs):
        super().__init__(rank, degree, **kwargs)
        self.skip = bool(skip)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Make the matrices of each step."""
        size, k = self._size(input_shape), self.rank
        steps = range(2, self.degree + 1)
        self.first = self._weight("A1", (size, k))
        self.inputs = [self._weight(f"A{n}", (size, k)) for n in steps]
        self.states = [self._weight(f"S{n}", (k, k)) for n in steps]
        self.shifts = [self._weight(f"b{n}", (k,), "ones") for n in steps]
        self.skips = []
        if self.skip:
            self.skips = [self._weight(f"V{n}", (k, k)) for n in steps]

    def call(self, z):
        """Return x_N."""
        x = ops.matmul(z, self.first)  # (..., rank)
        for n in range(self.degree - 1):
            x = self.activation(x)
            state = ops.matmul(x, self.states[n]) + self.shifts[n]
            new = ops.matmul(z, self.inputs[n]) * state  # (..., rank)
            x = new + ops.matmul(x, self.skips[n]) if self.skip else new
        return x

    def get_config(self):
        """Return the configuration."""
        activation = keras.activations.serialize(self.activation)
        config = {"skip": self.skip, "activation": activation}
        return {**super().get_config(), **config}
