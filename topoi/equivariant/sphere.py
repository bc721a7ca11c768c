"""Layers for functions on the sphere and on the group of rotations.

A feature on the sphere has shape ``(batch, (L + 1)**2, channels)``: real
coefficients in the order of `topoi.equivariant.rotations`. A feature on
SO(3) has shape ``(batch, K, channels)`` with K the sum of (2 l + 1)**2: the
matrices F^l of f(R) = sum F^l_nm D^l_nm(R), row after row. Products are
written ``a @ b``: keras.ops.matmul rounds float64 to float32 on PyTorch.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from topoi.equivariant.groups import check_count
from topoi.equivariant.rotations import (
    clebsch_gordan,
    degree_of,
    sph_harm_real,
    wigner_d,
)


class SphereGrid:
    """Points and weights that integrate products of harmonics exactly.

    Parameters
    ----------
    degree : int
        L, the largest degree of the functions sampled.
    oversample : float
        The grid integrates products of two functions of degree
        ceil(oversample * L); 1.5 is enough for the square of a function,
        analysed up to degree L.

    Attributes
    ----------
    theta, phi : ndarray, shape (n,)
        Gauss-Legendre colatitudes and equal longitudes, n = (M + 1) (2M + 1).
    weights : ndarray, shape (n,)
        They sum to 4 pi.
    synthesis : ndarray, shape (n, (L + 1)**2)
        Coefficients to values.
    analysis : ndarray, shape ((L + 1)**2, n)
        Values to coefficients: ``analysis @ synthesis`` is the identity.

    Raises
    ------
    ValueError
        If `degree` is no whole number from 0, or `oversample` below 1.
    """

    def __init__(self, degree: int, oversample: float = 1.0):
        size = _grid_size(degree, oversample)
        nodes, weights = np.polynomial.legendre.leggauss(size + 1)
        # every colatitude meets every longitude: n = (M + 1) (2M + 1) points
        longitudes = 2 * np.pi * np.arange(2 * size + 1) / (2 * size + 1)
        self.theta = np.repeat(np.arccos(nodes), 2 * size + 1)
        self.phi = np.tile(longitudes, size + 1)
        self.weights = np.repeat(weights, 2 * size + 1)
        self.weights *= 2 * np.pi / (2 * size + 1)
        self.synthesis = sph_harm_real(degree, self.theta, self.phi)
        self.analysis = self.synthesis.T * self.weights  # ((L + 1)**2, n)


class RotationGrid:
    """The counterpart of `SphereGrid` on SO(3), for F^l up to degree L.

    Attributes
    ----------
    alpha, beta, gamma : ndarray, shape (n,)
        Euler angles, n = (2M + 1)**2 (M + 1), M = ceil(oversample * L).
    synthesis, analysis : ndarray, shapes (n, K) and (K, n)
        K = (L + 1)(2L + 1)(2L + 3) / 3.

    Raises
    ------
    ValueError
        If `degree` is no whole number from 0, or `oversample` below 1.

    Notes
    -----
    n K numbers: 0.2 million for L = 4, but 27 million for L = 10 at 1.5.
    """

    def __init__(self, degree: int, oversample: float = 1.0):
        size = _grid_size(degree, oversample)
        nodes, weights = np.polynomial.legendre.leggauss(size + 1)
        turns = 2 * np.pi * np.arange(2 * size + 1) / (2 * size + 1)
        grid = np.meshgrid(turns, np.arccos(nodes), turns, indexing="ij")
        self.alpha, self.beta, self.gamma = (part.ravel() for part in grid)
        # (M + 1,) along beta -> (2M + 1, M + 1, 2M + 1) -> (n,)
        density = np.broadcast_to(weights[:, None], grid[0].shape).ravel()
        density = density / (2 * (2 * size + 1) ** 2)
        columns = [  # D^l at n rotations: (n, 2l+1, 2l+1) -> (n, (2l+1)**2)
            wigner_d(l, self.alpha, self.beta, self.gamma).reshape(
                len(density), -1
            )
            for l in range(degree + 1)
        ]
        norms = np.repeat(2 * np.arange(degree + 1) + 1, _block_sizes(degree))
        self.synthesis = np.concatenate(columns, axis=1)  # (n, K)
        self.analysis = self.synthesis.T * density * norms[:, None]


@keras.saving.register_keras_serializable(package="topoi")
class ZonalConv(layers.Layer):
    """Correlate with zonal filters: (b, (L+1)**2, c) -> (b, (L+1)**2, F).

    One matrix of channels a degree: by Schur's lemma, all equivariant
    linear maps between functions on the sphere.

    Parameters
    ----------
    filters : int
        Channels out.
    use_bias : bool
        A constant added to each function: degree 0 only.

    Raises
    ------
    ValueError
        If `filters` is not positive, or axis 1 is not (L + 1)**2.

    Notes
    -----
    (L + 1) c F weights. Source: Cohen et al. (2018), section 3, for filters
    that are symmetric about an axis.
    """

    def __init__(self, filters: int, use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        check_count("filters", filters)
        self.filters = filters
        self.use_bias = use_bias

    def build(self, input_shape):
        """Create a matrix a degree."""
        degree = _sphere_degree(self, input_shape)
        self._degrees = np.repeat(
            np.arange(degree + 1), 2 * np.arange(degree + 1) + 1
        ).astype(np.int32)
        self.kernel = self.add_weight(
            shape=(degree + 1, input_shape[-1], self.filters),
            initializer=_variance(1 / input_shape[-1]),
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.filters,), initializer="zeros", name="bias"
            )

    def call(self, inputs):
        """Multiply each degree by its matrix."""
        _sphere_degree(self, inputs.shape)
        # one matrix a coefficient: (L + 1, c, F) -> ((L + 1)**2, c, F)
        kernel = ops.take(self.kernel, self._degrees, axis=0)
        x = ops.transpose(inputs, (1, 0, 2))  # ((L + 1)**2, batch, c)
        y = ops.transpose(x @ kernel, (1, 0, 2))  # (batch, (L + 1)**2, F)
        if not self.use_bias:
            return y
        constant = math.sqrt(4 * math.pi) * (self._degrees == 0)[:, None]
        return y + ops.convert_to_tensor(constant, y.dtype) * self.bias

    def compute_output_shape(self, input_shape):
        """Return the shape with new channels."""
        _sphere_degree(self, input_shape)
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "use_bias": self.use_bias,
        }


class _GridActivation(layers.Layer):
    """Apply a function to the values on a grid, and transform back."""

    def __init__(
        self,
        activation: str | Callable = "relu",
        oversample: float = 1.5,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        _grid_size(0, oversample)
        self.oversample = oversample

    def call(self, inputs):
        """Synthesise, apply, analyse: two products of matrices."""
        synthesis, analysis = self._matrices(inputs.shape)
        synthesis = ops.convert_to_tensor(synthesis, inputs.dtype)
        analysis = ops.convert_to_tensor(analysis, inputs.dtype)
        # (n, K) @ (batch, K, c) -> (batch, n, c), a value at each point
        values = self.activation(synthesis @ inputs)
        return analysis @ values  # (K, n) @ (batch, n, c) -> (batch, K, c)

    def compute_output_shape(self, input_shape):
        """Return the shape, which does not change."""
        self._matrices(input_shape)
        return tuple(input_shape)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "oversample": self.oversample,
        }


@keras.saving.register_keras_serializable(package="topoi")
class SphericalActivation(_GridActivation):
    """Pointwise nonlinearity on the sphere: the shape stays.

    Values on a grid, the function, and back to degree L. What the function
    creates above the grid's degree is aliased, so equivariance is exact for
    ``ops.square`` at 1.5, and for no grid with a ReLU.

    Parameters
    ----------
    activation : str or callable
        Applied to each value. As everywhere in Keras, a function of one's
        own is loaded again only if it is registered.
    oversample : float
        See `SphereGrid`.

    Raises
    ------
    ValueError
        If `oversample` is below 1, or axis 1 is not (L + 1)**2.
    """

    def _matrices(self, shape):
        return _sphere_matrices(_sphere_degree(self, shape), self.oversample)


@keras.saving.register_keras_serializable(package="topoi")
class RotationActivation(_GridActivation):
    """Pointwise nonlinearity on SO(3): the shape stays.

    Parameters and errors are those of `SphericalActivation`; axis 1 has the
    length K of `RotationGrid`.
    """

    def _matrices(self, shape):
        degree = _rotation_degree(self, shape)
        return _rotation_matrices(degree, self.oversample)


@keras.saving.register_keras_serializable(package="topoi")
class SphereCorrelation(layers.Layer):
    """Sphere to SO(3): (batch, (L+1)**2, c) -> (batch, K, filters).

    The correlation h(R) = integral of psi(R^-1 x) f(x) with general
    filters. Degree by degree it is the outer product F^l = f_l psi_l^T,
    summed over channels.

    Parameters
    ----------
    filters : int
        Channels out.

    Raises
    ------
    ValueError
        If `filters` is not positive, or axis 1 is not (L + 1)**2.

    Notes
    -----
    (L + 1)**2 c F weights; O(L**3) multiplications a channel pair, one for
    each entry of all F^l. Source: Cohen et al. (2018), section 4.
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        check_count("filters", filters)
        self.filters = filters

    def build(self, input_shape):
        """Create the coefficients of the filters."""
        degree = _sphere_degree(self, input_shape)
        self.kernel = self.add_weight(
            shape=((degree + 1) ** 2, input_shape[-1], self.filters),
            initializer=_variance(1 / input_shape[-1]),
            name="kernel",
        )

    def call(self, inputs):
        """Take outer products, degree by degree."""
        degree = _sphere_degree(self, inputs.shape)
        blocks = []
        for l in range(degree + 1):
            at = slice(l * l, (l + 1) ** 2)
            # f_l (batch, n, c) times psi_l (m, c, F): F^l (batch, n, m, F)
            block = ops.einsum("bnc,mcf->bnmf", inputs[:, at], self.kernel[at])
            size = (2 * l + 1) ** 2  # n and m in one axis, row after row
            blocks.append(ops.reshape(block, (-1, size, self.filters)))
        return ops.concatenate(blocks, axis=1)  # (batch, K, F)

    def compute_output_shape(self, input_shape):
        """Return (batch, K, filters)."""
        degree = _sphere_degree(self, input_shape)
        return (input_shape[0], sum(_block_sizes(degree)), self.filters)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable(package="topoi")
class RotationConv(layers.Layer):
    """SO(3) to SO(3): (batch, K, c) -> (batch, K, filters).

    Degree by degree the product of matrices F^l Psi^l, summed over
    channels: rotations multiply F^l from the left, filters from the right.

    Parameters
    ----------
    filters : int
        Channels out.

    Raises
    ------
    ValueError
        If `filters` is not positive, or axis 1 has not the length K of a
        `RotationGrid`.

    Notes
    -----
    K c F weights. Source: Cohen et al. (2018), section 4.
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        check_count("filters", filters)
        self.filters = filters

    def build(self, input_shape):
        """Create the matrices Psi^l."""
        degree = _rotation_degree(self, input_shape)
        spread = np.repeat(2 * np.arange(degree + 1) + 1, _block_sizes(degree))
        self._scale = (1 / np.sqrt(spread * input_shape[-1]))[:, None, None]
        self.kernel = self.add_weight(
            shape=(input_shape[1], input_shape[-1], self.filters),
            initializer=_variance(1.0),
            name="kernel",
        )

    def call(self, inputs):
        """Multiply matrices, degree by degree."""
        degree = _rotation_degree(self, inputs.shape)
        channels, start, blocks = inputs.shape[-1], 0, []
        kernel = self.kernel * ops.convert_to_tensor(self._scale, inputs.dtype)
        for l, size in enumerate(_block_sizes(degree)):
            n = 2 * l + 1
            x = inputs[:, start : start + size]  # F^l: (batch, n * n, c)
            psi = kernel[start : start + size]  # Psi^l: (n * n, c, F)
            # The sum over columns of F^l and channels is one product:
            # (batch, row, column * c) @ (column * c, new column * F)
            x = ops.reshape(x, (-1, n, n * channels))
            psi = ops.reshape(psi, (n, n, channels, self.filters))
            psi = ops.transpose(psi, (0, 2, 1, 3))  # (n, c, n, F)
            psi = ops.reshape(psi, (n * channels, n * self.filters))
            # (batch, n, n * F) -> (batch, n * n, F)
            blocks.append(ops.reshape(x @ psi, (-1, size, self.filters)))
            start += size
        return ops.concatenate(blocks, axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape with new channels."""
        _rotation_degree(self, input_shape)
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable(package="topoi")
class CGProduct(layers.Layer):
    """Bilinear map of two features, weights for every allowed triple.

    Inputs are one feature, multiplied by itself, or a list of two, of
    shapes (batch, (L1+1)**2, c1) and (batch, (L2+1)**2, c2); the output has
    shape (batch, (degree_out+1)**2, filters). Exactly equivariant at any
    degree: nothing is sampled.

    Parameters
    ----------
    filters : int
        Channels out.
    degree_out : int
        Largest degree of the result, from 0.

    Raises
    ------
    ValueError
        If an argument is out of range, or an input no sphere feature.

    Notes
    -----
    c1 c2 filters weights a triple (l1, l2, l) with |l1-l2| <= l <= l1+l2.
    Outer products are carried to the basis of degrees by one orthogonal
    matrix a pair (l1, l2); weights act on channels last, by one product of
    matrices a degree. Source: Kondor, Lin and Trivedi (2018).
    """

    def __init__(self, filters: int, degree_out: int, **kwargs):
        super().__init__(**kwargs)
        check_count("filters", filters)
        check_count("degree_out", degree_out, least=0)
        self.filters = filters
        self.degree_out = degree_out

    def build(self, input_shape):
        """Create the weights of each degree."""
        first, second = _two_shapes(input_shape)
        degrees = _sphere_degree(self, first), _sphere_degree(self, second)
        pairs = first[-1] * second[-1]
        paths = _paths(*degrees, self.degree_out)
        self.kernels = [
            self.add_weight(
                shape=(count * pairs, self.filters),
                initializer=_variance(1 / (count * pairs)),
                name=f"kernel_{l}",
            )
            for l, count in enumerate(paths)
            if count
        ]

    def call(self, inputs):
        """Multiply, change the basis, mix the channels."""
        x, y = inputs if isinstance(inputs, (list, tuple)) else (inputs,) * 2
        degree_x = _sphere_degree(self, x.shape)
        degree_y = _sphere_degree(self, y.shape)
        parts = [[] for _ in range(self.degree_out + 1)]
        for l1 in range(degree_x + 1):
            for l2 in range(degree_y + 1):
                self._add_pair(parts, x, y, l1, l2)
        return self._mix(parts, x)

    def _add_pair(self, parts: list, x, y, l1: int, l2: int) -> None:
        """Append f_l1 times g_l2 to the degrees it contributes to."""
        degrees = range(abs(l1 - l2), min(l1 + l2, self.degree_out) + 1)
        if not degrees:
            return
        a = x[:, l1 * l1 : (l1 + 1) ** 2]
        b = y[:, l2 * l2 : (l2 + 1) ** 2]
        # every pair of orders and of channels: (batch, m1, m2, c1, c2)
        outer = a[:, :, None, :, None] * b[:, None, :, None, :]
        rows = a.shape[1] * b.shape[1]
        outer = ops.reshape(outer, (-1, rows, a.shape[2] * b.shape[2]))
        # rows (m1, m2) become rows (l, m): (batch, orders of all l, c1 * c2)
        basis = _pair_basis(l1, l2, self.degree_out)
        coupled = ops.convert_to_tensor(basis, x.dtype) @ outer
        start = 0
        for l in degrees:
            parts[l].append(coupled[:, start : start + 2 * l + 1])
            start += 2 * l + 1

    def _mix(self, parts: list, x):
        """Apply the weights of each degree to its channels."""
        kernels = iter(self.kernels)
        blocks = []
        for l, part in enumerate(parts):
            if part:
                # one entry a pair (l1, l2): (batch, 2l+1, pairs * c1 * c2)
                joined = ops.concatenate(part, axis=-1)
                kernel = ops.convert_to_tensor(next(kernels), x.dtype)
                blocks.append(joined @ kernel)  # (batch, 2l+1, F)
            else:  # no pair couples to this degree: (batch, 2l+1, F) zeros
                empty = ops.zeros_like(x[:, :1, :1])
                shape = (1, 2 * l + 1, self.filters)
                blocks.append(empty * ops.zeros(shape, x.dtype))
        return ops.concatenate(blocks, axis=1)

    def compute_output_shape(self, input_shape):
        """Return (batch, (degree_out + 1)**2, filters)."""
        first, second = _two_shapes(input_shape)
        _sphere_degree(self, first), _sphere_degree(self, second)
        return (first[0], (self.degree_out + 1) ** 2, self.filters)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "degree_out": self.degree_out,
        }


@keras.saving.register_keras_serializable(package="topoi")
class PowerSpectrum(layers.Layer):
    """Invariants ||f_l||**2: (b, (L+1)**2, c) -> (b, L+1, c).

    Raises
    ------
    ValueError
        If axis 1 is not (L + 1)**2.
    """

    def call(self, inputs):
        """Sum squares over each degree."""
        degree = _sphere_degree(self, inputs.shape)
        squares = ops.square(inputs)
        sums = [
            ops.sum(squares[:, l * l : (l + 1) ** 2], axis=1)
            for l in range(degree + 1)
        ]
        return ops.stack(sums, axis=1)  # (batch, L + 1, c)

    def compute_output_shape(self, input_shape):
        """Return (batch, L + 1, channels)."""
        degree = _sphere_degree(self, input_shape)
        return (input_shape[0], degree + 1, input_shape[-1])


def correlate_zonal(f: np.ndarray, psi: np.ndarray) -> np.ndarray:
    """Return the coefficients of h(x), the integral of psi(R_x^-1 y) f(y).

    Parameters
    ----------
    f : ndarray, shape ((L + 1)**2,)
        Coefficients of a function.
    psi : ndarray, shape (L + 1,)
        Those of a filter symmetric about the z axis, order m = 0.

    Raises
    ------
    ValueError
        If the lengths do not belong to one degree.
    """
    degree = degree_of(len(f))
    if len(psi) != degree + 1:
        raise ValueError(
            f"A zonal filter of degree {degree} has {degree + 1} "
            f"coefficients, but got {len(psi)}. Give one a degree."
        )
    l = np.arange(degree + 1)
    return f * np.repeat(np.sqrt(4 * np.pi / (2 * l + 1)) * psi, 2 * l + 1)


def rotate_matrices(f: np.ndarray, alpha, beta, gamma) -> np.ndarray:
    """Return the coefficients of f(R^-1 .) for a feature on SO(3).

    Parameters
    ----------
    f : ndarray, shape (batch, K, channels)
        The matrices F^l; each becomes D^l(R) F^l.
    alpha, beta, gamma : float
        One rotation.
    """
    blocks, start, l = [], 0, 0
    while start < f.shape[1]:
        n = 2 * l + 1
        # (batch, n * n, c) -> (batch, row, column * c): D^l acts on rows
        block = f[:, start : start + n * n].reshape(len(f), n, -1)
        turned = wigner_d(l, alpha, beta, gamma) @ block
        blocks.append(turned.reshape(len(f), n * n, -1))
        start, l = start + n * n, l + 1
    return np.concatenate(blocks, axis=1)


@cache
def _pair_basis(l1: int, l2: int, degree_out: int) -> np.ndarray:
    """Return the rows of all allowed (l, m): shape (rows, (2l1+1)(2l2+1))."""
    degrees = range(abs(l1 - l2), min(l1 + l2, degree_out) + 1)
    tables = [  # (2l1+1, 2l2+1, 2l+1) -> ((2l1+1)(2l2+1), 2l+1)
        clebsch_gordan(l1, l2, l).reshape(-1, 2 * l + 1) for l in degrees
    ]
    return np.concatenate(tables, axis=1).T.copy()


def _paths(degree1: int, degree2: int, degree_out: int) -> list[int]:
    """Return how many pairs (l1, l2) couple to l = 0, ..., degree_out."""
    counts = [0] * (degree_out + 1)
    for l1 in range(degree1 + 1):
        for l2 in range(degree2 + 1):
            for l in range(abs(l1 - l2), min(l1 + l2, degree_out) + 1):
                counts[l] += 1
    return counts


@cache
def _sphere_matrices(degree: int, oversample: float) -> tuple:
    grid = SphereGrid(degree, oversample)
    return grid.synthesis, grid.analysis


@cache
def _rotation_matrices(degree: int, oversample: float) -> tuple:
    grid = RotationGrid(degree, oversample)
    return grid.synthesis, grid.analysis


def _grid_size(degree: int, oversample: float) -> int:
    check_count("degree", degree, least=0)
    if not oversample >= 1:
        raise ValueError(
            "A grid needs oversample of at least 1, but got "
            f"{oversample!r}: coarser grids confuse degrees. Raise it."
        )
    return math.ceil(oversample * degree)


def _block_sizes(degree: int) -> list[int]:
    return [(2 * l + 1) ** 2 for l in range(degree + 1)]


def _sphere_degree(layer: layers.Layer, shape: Any) -> int:
    if len(shape) != 3:
        raise ValueError(
            f"{type(layer).__name__} needs input of shape (batch, "
            f"(L + 1)**2, channels), but got {tuple(shape)}. Transform "
            "values with SphereGrid.analysis first."
        )
    return degree_of(shape[1])


def _rotation_degree(layer: layers.Layer, shape: Any) -> int:
    """Return L from the length K of axis 1."""
    degree = total = 0
    if len(shape) == 3 and shape[1]:
        while total < shape[1]:
            total += (2 * degree + 1) ** 2
            degree += 1
        if total == shape[1]:
            return degree - 1
    raise ValueError(
        f"{type(layer).__name__} needs input of shape (batch, K, channels) "
        f"with K = 1, 10, 35, 84, ..., but got {tuple(shape)}. "
        "SphereCorrelation makes such features."
    )


def _two_shapes(shape: Any) -> tuple:
    return shape if isinstance(shape[0], (list, tuple)) else (shape, shape)


def _variance(value: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=math.sqrt(value))
