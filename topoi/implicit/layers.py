"""The implicit model as a layer of Keras, on every backend."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="topoi")
class RowL1Ball(keras.constraints.Constraint):
    """Project a matrix so that no row has an l1 norm above `radius`.

    Keras applies it after every step of the optimiser: `project_rows` with
    Keras' operations.
    """

    def __init__(self, radius: float):
        if not radius > 0:
            raise ValueError(f"radius must be positive, got {radius}.")
        self.radius = radius

    def __call__(self, w):
        """Return the nearest matrix with short rows."""
        sizes = ops.flip(ops.sort(ops.abs(w), axis=1), axis=1)
        excess = ops.cumsum(sizes, axis=1) - self.radius
        places = ops.cast(ops.arange(1, w.shape[1] + 1), w.dtype)
        stay = ops.cast(places * sizes > excess, "int32")
        stay = ops.maximum(ops.sum(stay, axis=1, keepdims=True), 1)  # (n, 1)
        last = ops.take_along_axis(excess, stay - 1, axis=1)
        threshold = ops.maximum(last / ops.cast(stay, w.dtype), 0)
        return ops.sign(w) * ops.relu(ops.abs(w) - threshold)

    def get_config(self):
        """Return what the constructor needs."""
        return {"radius": self.radius}


SLOPES = {
    "relu": lambda x: ops.cast(x > 0, x.dtype),
    "tanh": lambda x: 1 - x * x,
}


@keras.saving.register_keras_serializable(package="topoi")
class ImplicitDense(keras.layers.Layer):
    """x = phi(A x + B u + b), y = C x + D u + d, (batch, p) -> (batch, out).

    Parameters
    ----------
    n : int
        States.
    out : int
        Outputs.
    kappa : float
        Largest l1 norm of a row of A, below 1: then there is one x.
    activation : {"relu", "tanh"}
    tol : float
        Accuracy of x relative to the first step of the iteration.

    Raises
    ------
    ValueError
        If a setting makes no sense.

    Notes
    -----
    The equilibrium is found without derivatives; one more step, and one
    linear solve per example, then give the exact derivative of the implicit
    function theorem. Second derivatives are not exact. The solve costs
    O(n^3) per example, which suits n up to about 100. The work is done in
    the dtype of the variables.

    After each step of an optimiser A is projected by `RowL1Ball`. Weights
    that are set by hand are scaled down row by row where a norm is too large.
    Source: El Ghaoui et al. (2021).
    """

    def __init__(
        self, n, out, kappa=0.5, activation="relu", tol=1e-6, **kwargs
    ):
        super().__init__(**kwargs)
        if n < 1 or out < 1 or not 0 < kappa < 1 or not 0 < tol < 1:
            raise ValueError(
                "ImplicitDense needs n >= 1, out >= 1 and kappa and tol "
                f"between 0 and 1; got {n}, {out}, {kappa} and {tol}."
            )
        if activation not in SLOPES:
            raise ValueError(
                f"The activations are {sorted(SLOPES)}, got {activation!r}."
            )
        self.n, self.out, self.kappa = n, out, kappa
        self.activation, self.tol = activation, tol
        self.cap = min(kappa * (1 + 1e-4), (1 + kappa) / 2)
        self.steps = math.ceil(math.log(tol) / math.log(self.cap)) + 1

    def build(self, input_shape):
        """Make the matrices for inputs with the last axis of the shape."""
        p, n, out = input_shape[-1], self.n, self.out

        def matrix(name, rows, columns, **kwargs):
            return self.add_weight(
                shape=(rows, columns), name=name, autocast=False, **kwargs
            )

        self.A = matrix("A", n, n, constraint=RowL1Ball(self.kappa))
        self.A.assign(self.A.constraint(self.A))
        self.B, self.C = matrix("B", n, p), matrix("C", out, n)
        self.D = matrix("D", out, p)
        zeros = {"initializer": "zeros", "autocast": False}
        self.b = self.add_weight(shape=(n,), name="b", **zeros)
        self.d = self.add_weight(shape=(out,), name="d", **zeros)

    def call(self, inputs):
        """Return the outputs at the equilibrium."""
        u = ops.cast(inputs, self.variable_dtype)
        x = self.equilibrium(u)
        y = ops.matmul(x, ops.transpose(self.C)) + self.d
        y = y + ops.matmul(u, ops.transpose(self.D))
        return ops.cast(y, self.compute_dtype)

    def equilibrium(self, u):
        """Return x with the derivative of the implicit function theorem."""
        phi = getattr(ops, self.activation)
        A = self.well_posed()
        q = ops.matmul(u, ops.transpose(self.B)) + self.b  # (batch, n)
        frozen_A, frozen_q = ops.stop_gradient(A), ops.stop_gradient(q)
        x = phi(frozen_q)
        for _ in range(self.steps):
            x = phi(ops.matmul(x, ops.transpose(frozen_A)) + frozen_q)
        x = ops.stop_gradient(x)
        step = phi(ops.matmul(x, ops.transpose(A)) + q)  # the same value
        slope = ops.stop_gradient(SLOPES[self.activation](step))
        inner = ops.eye(self.n, dtype=A.dtype) - slope[:, :, None] * frozen_A
        change = (step - ops.stop_gradient(step))[:, :, None]  # value 0
        return x + ops.solve(inner, change)[:, :, 0]  # (batch, n)

    def well_posed(self):
        """Return A, with rows scaled down whose norm is above the cap."""
        A = ops.convert_to_tensor(self.A)
        norms = ops.sum(ops.abs(A), axis=1, keepdims=True)
        return A * ops.minimum(1.0, self.cap / ops.maximum(norms, 1e-9))

    def compute_output_shape(self, input_shape):
        """Return (batch, out)."""
        return (*input_shape[:-1], self.out)

    def get_config(self):
        """Return what the constructor needs."""
        return {
            **super().get_config(),
            "n": self.n,
            "out": self.out,
            "kappa": self.kappa,
            "activation": self.activation,
            "tol": self.tol,
        }
