"""Filters that steer: kernels between representations of SO(2).

A field of frequency 0 has one number a point, which a turn leaves alone; a
field of frequency m >= 1 has two, which a turn by t rotates by m t. A tuple
``fields = (8, 4, 2)`` means 8 fields of frequency 0, 4 of frequency 1 and 2
of frequency 2, in this order: 8 + 2 * 4 + 2 * 2 channels.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from topoi.convolution import convolve
from topoi.equivariant.groups import check_count, check_square

Fields = tuple[int, ...]


def rotation_of_fields(fields: Fields, angle: float) -> np.ndarray:
    """Return the matrix by which a turn acts on the channels of one point.

    Parameters
    ----------
    fields : tuple of int
        Multiplicity of each frequency.
    angle : float
        In radians, anticlockwise.

    Returns
    -------
    ndarray of float64, shape (channels, channels)

    Raises
    ------
    ValueError
        If `fields` is empty, or a multiplicity negative.
    """
    matrix = np.zeros((channels_of(fields),) * 2)
    place = 0
    for m, count in enumerate(fields):
        c, s = np.cos(m * angle), np.sin(m * angle)
        block = np.array([[c, -s], [s, c]]) if m else np.eye(1)
        for _ in range(count):
            at = slice(place, place + len(block))
            matrix[at, at] = block
            place += len(block)
    return matrix


def channels_of(fields: Fields) -> int:
    """Return the number of channels of a tuple of multiplicities.

    Raises
    ------
    ValueError
        If `fields` is empty, or a multiplicity negative.
    """
    good = isinstance(fields, (tuple, list)) and all(
        isinstance(count, (int, np.integer)) and count >= 0 for count in fields
    )
    if not good or sum(fields) == 0:
        raise ValueError(
            "fields is a tuple of how many fields there are of frequency 0, "
            f"1, 2, ..., but got {fields!r}. Write (8, 4) for 8 scalars and "
            "4 vectors."
        )
    return fields[0] + 2 * sum(fields[1:])


def angular_basis(n: int, m: int) -> np.ndarray:
    """Return all kernels K(phi) from frequency n to m, as Fourier series.

    They solve K(phi + t) = rho_m(t) K(phi) rho_n(t)^-1: on each circle the
    steering constraint leaves 1 kernel (0 to 0), 2 (0 to m, n to 0) or 4.

    Parameters
    ----------
    n, m : int
        Frequencies of input and output, from 0.

    Returns
    -------
    ndarray of float64, shape (count, n + m + 1, 2, dim m, dim n)
        Coefficient of cos(f phi) at [:, f, 0], of sin(f phi) at [:, f, 1].

    Raises
    ------
    ValueError
        If a frequency is no whole number from 0.

    Notes
    -----
    Source: Weiler and Cesa (2019); derived in the chapter.
    """
    check_count("n", n, least=0)
    check_count("m", m, least=0)
    cosine = np.array([[1.0, 0.0], [0.0, -1.0]])  # even: z and its quarter
    sine = np.array([[0.0, 1.0], [1.0, 0.0]])
    eye, quarter = np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]])
    terms = []  # (frequency, cosine part, sine part)
    if n and m:
        terms += [(m - n, eye, quarter), (m - n, -quarter, eye)]
        terms += [(m + n, cosine, sine), (m + n, sine, -cosine)]
    elif n or m:
        columns = [(eye[:, :1], eye[:, 1:]), (-eye[:, 1:], eye[:, :1])]
        for c, s in columns:
            terms.append((m, c, s) if m else (n, c.T, s.T))
    else:
        terms.append((0, np.eye(1), np.zeros((1, 1))))
    basis = np.zeros((len(terms), n + m + 1, 2, *terms[0][1].shape))
    for i, (frequency, c, s) in enumerate(terms):
        basis[i, abs(frequency), 0] = c
        if frequency:
            basis[i, abs(frequency), 1] = np.sign(frequency) * s
    return basis


def circular_harmonic_basis(
    kernel_size: int,
    n: int,
    m: int,
    radii: tuple[float, ...],
    width: float = 0.6,
) -> np.ndarray:
    """Sample steerable kernels, one ring a radius, on the pixel grid.

    Parameters
    ----------
    kernel_size : int
        Side k, odd.
    n, m : int
        Frequencies of input and output.
    radii : tuple of float
        Radii of Gaussian rings in pixels; a ring of radius 0 is a disc.
    width : float
        Their standard deviation in pixels.

    Returns
    -------
    ndarray of float64, shape (count, k, k, dim m, dim n)
        Normalised to unit sum of squares; kernels that vanish on the grid
        are left out. Zero beyond k / 2, and at the centre for every angular
        frequency but 0, where the angle is undefined.

    Raises
    ------
    ValueError
        If `kernel_size` is even or below 1, a radius is negative, or the
        width not positive.

    Notes
    -----
    Steers exactly by quarter turns; by other angles as well as the samples
    resolve the frequency. Source: Worrall et al. (2017).
    """
    _check_rings(kernel_size, radii, width)
    axis = np.arange(kernel_size) - kernel_size // 2
    row, column = np.meshgrid(axis, axis, indexing="ij")
    r, phi = np.hypot(row, column), np.arctan2(-row, column)
    f = np.arange(n + m + 1)[:, None, None]
    # (frequency f, cosine or sine p, row x, column y)
    waves = np.stack([np.cos(f * phi), np.sin(f * phi)], axis=1)
    waves = waves * ((r > 0) | (f == 0))[:, None]
    # basis b, dim m and dim n i and j: (b, k, k, dim m, dim n)
    angular = np.einsum("bfpij,fpxy->bxyij", angular_basis(n, m), waves)
    rings = np.exp(-0.5 * ((r - np.reshape(radii, (-1, 1, 1))) / width) ** 2)
    rings = rings * (r <= kernel_size / 2)  # (radii, k, k)
    # (radii, b, k, k, dim m, dim n), then radii and b in one axis
    kernels = rings[:, None, :, :, None, None] * angular
    kernels = kernels.reshape(-1, *angular.shape[1:])
    norms = np.sqrt(np.square(kernels).sum((1, 2, 3, 4)))
    kept = norms > 1e-9
    return kernels[kept] / norms[kept, None, None, None, None]


def _check_rings(kernel_size: int, radii: tuple, width: float) -> None:
    check_count("kernel_size", kernel_size)
    if kernel_size % 2 == 0 or not len(radii) or min(radii) < 0 or width <= 0:
        raise ValueError(
            "A steerable kernel needs an odd side, radii from 0 and a "
            f"positive width, but got kernel_size={kernel_size}, "
            f"radii={radii}, width={width}. Use for instance 5, (1, 2), 0.6."
        )


def act_fields(s: int, x: np.ndarray, fields: Fields) -> np.ndarray:
    """Turn a field (batch, side, side, channels) by s quarters.

    Pixels move, and the channels of each pixel turn with them.

    Raises
    ------
    ValueError
        If the picture is not square or the channels do not fit `fields`.
    """
    check_square(x.shape)
    _check_fields("act_fields", x.shape, fields)
    turn = rotation_of_fields(fields, s * np.pi / 2)
    return (np.rot90(x, s, (1, 2)) @ turn.T).astype(x.dtype)


@keras.saving.register_keras_serializable(package="topoi")
class SteerableConv2D(layers.Layer):
    """Convolution between fields: (b, N, N, c_in) -> (b, N', N', c_out).

    The kernel is a learnt combination of circular harmonics. Equivariant to
    every turn up to the sampling of the grid, and to quarter turns exactly.

    Parameters
    ----------
    fields_in, fields_out : tuple of int
        Multiplicities of the frequencies 0, 1, ...
    kernel_size : int
        Odd side.
    radii : tuple of float, optional
        Rings in pixels; 0, 1, ..., kernel_size // 2 by default.
    width : float
        Of a ring, in pixels.
    padding : {"valid", "same"}
        As in Keras.

    Raises
    ------
    ValueError
        If the kernel is even, the padding unknown, `fields` are malformed,
        or the input has another number of channels, or is not square.

    Notes
    -----
    A bias is added to fields of frequency 0 only. Source: Weiler and Cesa
    (2019).
    """

    def __init__(
        self,
        fields_in: Fields,
        fields_out: Fields,
        kernel_size: int,
        radii: tuple[float, ...] | None = None,
        width: float = 0.6,
        padding: str = "valid",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channels = channels_of(fields_in), channels_of(fields_out)
        self.fields_in, self.fields_out = tuple(fields_in), tuple(fields_out)
        self.kernel_size = kernel_size
        self.radii = tuple(radii or range(kernel_size // 2 + 1))
        _check_rings(kernel_size, self.radii, width)
        self.width = width
        if padding not in ("valid", "same"):
            raise ValueError(
                'SteerableConv2D needs padding "valid" or "same", but got '
                f"{padding!r}. Choose one of the two."
            )
        self.padding = padding

    def build(self, input_shape):
        """Create weights for each pair of frequencies, and the bias."""
        self._check_input(input_shape)

        def basis(n, m):
            kernels = circular_harmonic_basis(
                self.kernel_size, n, m, self.radii, self.width
            )
            # (count, k, k, dim m, dim n) -> (count, k * k, dim m, dim n)
            flat = kernels.reshape(len(kernels), -1, *kernels.shape[3:])
            return flat * np.sqrt(kernels.shape[3])

        self.mixer = FieldMixer(self, self.fields_in, self.fields_out, basis)
        if self.fields_out[0]:
            self.bias = self.add_weight(
                shape=self.fields_out[:1], initializer="zeros", name="bias"
            )

    def filter_bank(self):
        """Return the kernel, (k, k, channels in, channels out)."""
        k = self.kernel_size
        matrix = self.mixer.matrix()  # (k * k, channels in, channels out)
        return ops.reshape(matrix, (k, k, *self.channels))

    def call(self, inputs):
        """Correlate with the combined kernel."""
        self._check_input(inputs.shape)
        bias = scalar_bias(self, inputs.dtype)
        return convolve(inputs, self.filter_bank(), bias, 1, self.padding)

    def compute_output_shape(self, input_shape):
        """Return (batch, side, side, channels out)."""
        self._check_input(input_shape)
        lost = 0 if self.padding == "same" else self.kernel_size - 1
        side = input_shape[1] - lost
        return (input_shape[0], side, side, self.channels[1])

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "fields_in": self.fields_in,
            "fields_out": self.fields_out,
            "kernel_size": self.kernel_size,
            "radii": self.radii,
            "width": self.width,
            "padding": self.padding,
        }

    def _check_input(self, shape):
        _check_fields("SteerableConv2D", shape, self.fields_in)
        if len(shape) != 4:
            raise ValueError(
                "SteerableConv2D needs input of shape (batch, side, side, "
                f"channels), but got {tuple(shape)}. Add the missing axis."
            )
        check_square(shape)


@keras.saving.register_keras_serializable(package="topoi")
class NormActivation(layers.Layer):
    """ReLU on scalars and on lengths of vectors: the shape stays.

    A vector v of frequency m >= 1 becomes v relu(|v| + b) / |v|, with one b
    a field: only its length changes, so that turns pass through.

    Parameters
    ----------
    fields : tuple of int
        Multiplicities of the frequencies 0, 1, ...

    Raises
    ------
    ValueError
        If `fields` is malformed or the channels do not fit.

    Notes
    -----
    |v| is sqrt(v.v + 1e-6), which keeps the gradient finite at 0. Source:
    Worrall et al. (2017).
    """

    def __init__(self, fields: Fields, **kwargs):
        super().__init__(**kwargs)
        channels_of(fields)
        self.fields = tuple(fields)

    def build(self, input_shape):
        """Create one bias a vector field."""
        _check_fields("NormActivation", input_shape, self.fields)
        if sum(self.fields[1:]):
            self.bias = self.add_weight(
                shape=(sum(self.fields[1:]),), initializer="zeros", name="bias"
            )

    def call(self, inputs):
        """Rescale each vector."""
        _check_fields("NormActivation", inputs.shape, self.fields)
        scalars = ops.relu(inputs[..., : self.fields[0]])
        if not sum(self.fields[1:]):
            return scalars
        shape = (-1, *inputs.shape[1:-1], sum(self.fields[1:]), 2)
        # (batch, side, side, 2 * vectors) -> (batch, side, side, vectors, 2)
        vectors = ops.reshape(inputs[..., self.fields[0] :], shape)
        squares = ops.sum(ops.square(vectors), axis=-1)
        length = ops.sqrt(squares + 1e-6)  # (batch, side, side, vectors)
        gain = ops.relu(length + self.bias) / length
        # back to (batch, side, side, 2 * vectors)
        scaled = ops.reshape(
            vectors * gain[..., None], (*shape[:-2], 2 * shape[-2])
        )
        return ops.concatenate([scalars, scaled], axis=-1)

    def compute_output_shape(self, input_shape):
        """Return the shape, which does not change."""
        _check_fields("NormActivation", input_shape, self.fields)
        return tuple(input_shape)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "fields": self.fields}


class FieldMixer:
    """Weights of a layer for every pair of frequencies, and their matrix.

    Parameters
    ----------
    layer : keras.layers.Layer
        Owner of the weights.
    fields_in, fields_out : tuple of int
        Multiplicities.
    basis : callable
        ``basis(n, m)``, an array (count, places, dim m, dim n).
    """

    def __init__(self, layer: layers.Layer, fields_in, fields_out, basis: Any):
        fan_in = sum(
            count * len(basis(n, 0)) for n, count in enumerate(fields_in)
        )
        initializer = keras.initializers.RandomNormal(
            stddev=(1 / max(fan_in, 1)) ** 0.5
        )
        self.layer, self.rows = layer, []
        for n, count_in in enumerate(fields_in):
            row = []
            for m, count_out in enumerate(fields_out):
                kernels = basis(n, m)
                weight = layer.add_weight(
                    shape=(len(kernels), count_in, count_out),
                    initializer=initializer,
                    name=f"kernel_{n}_{m}",
                )
                row.append((kernels, weight))
            self.rows.append(row)

    def matrix(self):
        """Return the combined kernel, (places, channels in, channels out)."""
        rows = [
            ops.concatenate([self._block(*pair) for pair in row], axis=2)
            for row in self.rows
        ]
        return ops.concatenate(rows, axis=1)

    def _block(self, kernels: np.ndarray, weight):
        """Combine the kernels of one pair of frequencies."""
        _, places, dim_out, dim_in = kernels.shape
        kernels = ops.convert_to_tensor(kernels, self.layer.compute_dtype)
        # kernels (c, places p, dim out i, dim in j), weight (c, in n, out m):
        # the number of a field comes before the place inside it
        block = ops.einsum("cpij,cnm->pnjmi", kernels, weight)
        # (places, n * dim in, m * dim out): channels in, channels out
        shape = (places, weight.shape[1] * dim_in, weight.shape[2] * dim_out)
        return ops.reshape(block, shape)


def scalar_bias(layer: layers.Layer, dtype: Any):
    """Return the bias of all channels, or None.

    That of the fields of frequency 0, which come first; zero for the others.
    """
    scalars = layer.fields_out[0]
    if not scalars:
        return None
    # not ops.pad: TensorFlow's oneDNN pass takes it for padding of pictures
    zeros = ops.zeros((layer.channels[1] - scalars,), dtype)
    bias = ops.convert_to_tensor(layer.bias, dtype)
    return ops.concatenate([bias, zeros], axis=0)


def _check_fields(name: str, shape: Any, fields: Fields) -> None:
    if shape[-1] != channels_of(fields):
        raise ValueError(
            f"{name} expects {channels_of(fields)} channels for the fields "
            f"{tuple(fields)}, but got shape {tuple(shape)}. Count a scalar "
            "once and any other field twice."
        )
