"""FIRENET as a layer of Keras, and a small network that is trained."""

import math

import keras
import numpy as np
from keras import ops

_TINY = 1e-20  # keeps the derivative of a norm finite at zero


@keras.saving.register_keras_serializable(package="topoi")
class FirenetLayer(keras.layers.Layer):
    """FIRENET with fixed weights, (..., m) -> (..., N).

    Parameters
    ----------
    matrix : array, shape (m, N)
        The real matrix A, which the layer holds as constants.
    lam : float
        Price of the l1 norm.
    weights : float or array, shape (N,)
        Weights of the l1 norm.
    p, n : int
        Steps between restarts, and restarts.
    delta : float
        Accuracy below which there is nothing to gain.

    Notes
    -----
    ``3 * p * n + 1`` affine layers; nothing is trained. A row of zeros is
    mapped to zeros. Source: Colbrook, Antun and Hansen (2022).
    """

    def __init__(
        self, matrix, lam, weights=1.0, p=20, n=8, delta=1e-9, **kwargs
    ):
        super().__init__(**kwargs)
        self.matrix = np.asarray(matrix, "float64")
        if self.matrix.ndim != 2:
            raise ValueError(
                "FirenetLayer needs a matrix of shape (m, N), got shape "
                f"{self.matrix.shape}."
            )
        if p < 1 or n < 1 or lam <= 0:
            raise ValueError(
                "FirenetLayer needs p >= 1, n >= 1 and lam > 0, got "
                f"p = {p}, n = {n}, lam = {lam}."
            )
        self.lam, self.p, self.n, self.delta = lam, p, n, delta
        self.price = np.broadcast_to(
            np.asarray(weights, "float64"), self.matrix.shape[1:]
        )
        self.norm = float(np.linalg.norm(self.matrix, 2))

    def compute_output_shape(self, input_shape):
        """Return (..., N)."""
        self._check(input_shape)
        return (*input_shape[:-1], self.matrix.shape[1])

    def call(self, inputs):
        """Return the means of the last restart's iterates."""
        self._check(inputs.shape)
        forward = ops.cast(self.matrix.T, self.compute_dtype)  # (N, m)
        backward = ops.cast(self.matrix, self.compute_dtype)  # (m, N)
        level = _norm(inputs)  # (..., 1)
        psi = ops.matmul(inputs, backward) * 0  # (..., N)
        for _ in range(self.n):
            level = (level + self.delta) / math.e
            scale = 2 * self.norm / (level * self.p)
            inner = self.restart(
                scale * inputs, scale * psi, forward, backward
            )
            psi = inner / scale
        return psi

    def restart(self, y, x, forward, backward):
        """Return the mean of `p` primal-dual iterates."""
        step = 1 / self.norm
        price = ops.cast(step * self.lam * self.price, self.compute_dtype)
        u, total = ops.zeros_like(y), ops.zeros_like(x)
        for _ in range(self.p):
            v = x - step * ops.matmul(u, backward)
            new = ops.sign(v) * ops.relu(ops.abs(v) - price)
            q = u + step * (ops.matmul(2 * new - x, forward) - y)
            u = q / ops.maximum(1.0, _norm(q))
            x, total = new, total + new
        return total / self.p

    def _check(self, shape):
        if shape[-1] != self.matrix.shape[0]:
            raise ValueError(
                f"FirenetLayer holds a matrix of shape {self.matrix.shape} "
                f"and needs inputs (..., {self.matrix.shape[0]}), got "
                f"{tuple(shape)}."
            )

    def get_config(self):
        """Return what the constructor needs."""
        return {
            **super().get_config(),
            "matrix": self.matrix.tolist(),
            "lam": self.lam,
            "weights": self.price.tolist(),
            "p": self.p,
            "n": self.n,
            "delta": self.delta,
        }


def _norm(x):
    """Return the norms of the last axis, which is kept."""
    return ops.sqrt(ops.sum(x * x, axis=-1, keepdims=True) + _TINY)


def build_reconstructor(
    matrix: np.ndarray,
    width: int = 12,
    depth: int = 4,
    hidden: int = 64,
) -> keras.Model:
    """Return an untrained network from measurements to square pictures.

    Parameters
    ----------
    matrix : ndarray, shape (m, size * size)
        How pictures are measured; rows are orthonormal.
    width, depth : int
        Channels and layers of the 3 x 3 convolutions that repair A^T y.
    hidden : int
        Units of a dense branch that sees all measurements at once.

    Returns
    -------
    keras.Model
        (batch, m) -> (batch, size * size): A^T y + convolutions + dense
        branch. The map A^T is fixed, everything else is trained.
    """
    measured, pixels = matrix.shape
    size = math.isqrt(pixels)
    y = keras.Input((measured,))
    adjoint = keras.layers.Dense(pixels, use_bias=False, trainable=False)
    filled = keras.layers.Reshape((size, size, 1))(adjoint(y))
    adjoint.set_weights([np.asarray(matrix, "float32")])
    h = filled  # (batch, size, size, channels)
    for _ in range(depth - 1):
        h = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(h)
    h = filled + keras.layers.Conv2D(1, 3, padding="same")(h)
    dense = keras.layers.Dense(hidden, activation="relu")(y)
    dense = keras.layers.Dense(pixels)(dense)
    return keras.Model(y, keras.layers.Flatten()(h) + dense)
