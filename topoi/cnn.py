"""Convolution from scratch, and the small networks of the chapter *cnn*.

Layout is that of Keras: pictures ``(n, height, width, channels)``, kernels
``(kernel_height, kernel_width, channels_in, channels_out)``. As everywhere
in deep learning, "convolution" means cross-correlation: the kernel is not
flipped. Read from top to bottom: sizes, the loop, the matrix product, its
backward pass, three other views of the same map, counting, networks,
pictures to learn from, and ways to look inside.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops
from numpy.lib.stride_tricks import as_strided

Padding = str | int | tuple[int, int]

# -- sizes ------------------------------------------------------------------


def out_size(
    n: int,
    k: int,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> int:
    """Return how many positions a kernel takes along one axis.

    Parameters
    ----------
    n, k : int
        Length of the axis, length of the kernel.
    stride, dilation : int
        Step between positions; distance between neighbouring taps.
    padding : {"valid", "same", "circular"}, int or (before, after)
        Nothing; as much as Keras adds; wrapped around; zeros on each side.

    Returns
    -------
    int
        ``floor((n + pad - dilation * (k - 1) - 1) / stride) + 1``.

    Raises
    ------
    ValueError
        If a number is below 1, the padding is unknown, or the kernel does
        not fit.

    Notes
    -----
    Source: Dumoulin and Visin (2016), relationships 1 to 6.
    """
    before, after = _pads(n, k, stride, padding, dilation)
    room = n + before + after - dilation * (k - 1) - 1
    if room < 0:
        raise ValueError(
            f"The kernel must fit into the padded input: it covers "
            f"{dilation * (k - 1) + 1} pixels, but only "
            f"{n + before + after} are there (n={n}, k={k}, "
            f"dilation={dilation}, padding={padding!r}). Pad more, or take "
            "a smaller kernel."
        )
    return room // stride + 1


def same_padding(
    n: int, k: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """Return the zeros (before, after) that give ``ceil(n / stride)``.

    An odd total leaves its extra zero at the end, as in Keras; frameworks
    that pad both sides alike compute other values for even `n`.

    Raises
    ------
    ValueError
        If an argument is below 1.
    """
    _check_counts(n=n, k=k, stride=stride, dilation=dilation)
    reach = (-(-n // stride) - 1) * stride + dilation * (k - 1) + 1
    total = max(reach - n, 0)
    return total // 2, total - total // 2


def _pads(
    n: int, k: int, stride: int, padding: Padding, dilation: int
) -> tuple[int, int]:
    """Return the pixels added before and after one axis."""
    _check_counts(n=n, k=k, stride=stride, dilation=dilation)
    if isinstance(padding, (int, np.integer)) and padding >= 0:
        return int(padding), int(padding)
    if isinstance(padding, tuple) and len(padding) == 2 and min(padding) >= 0:
        return padding
    if padding == "valid":
        return 0, 0
    if padding == "same":
        return same_padding(n, k, stride, dilation)
    if padding == "circular":  # every pixel is a centre, whatever the stride
        return same_padding(n, k, 1, dilation)
    raise ValueError(
        'padding is "valid", "same", "circular", a number of zeros or a '
        f"pair (before, after), none negative, but got {padding!r}."
    )


def _check_counts(**counts: int) -> None:
    for name, value in counts.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(
                f"{name} must be a whole number of at least 1, but got "
                f"{name}={value!r}."
            )


# -- the loop ---------------------------------------------------------------


def conv2d_naive(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Correlate pictures with kernels, one output pixel at a time.

    The definition written out: slow, and the oracle of everything below.
    Arguments, result and errors are those of `conv2d`.
    """
    x, w, (rows, columns) = _prepare(x, w, b, stride, padding, dilation)
    k_rows, k_columns, _, channels_out = w.shape
    y = np.zeros((len(x), rows, columns, channels_out), x.dtype)
    for i in range(rows):
        for j in range(columns):
            for u in range(k_rows):
                for v in range(k_columns):
                    row = i * stride + u * dilation
                    column = j * stride + v * dilation
                    y[:, i, j] += x[:, row, column] @ w[u, v]
    return y if b is None else y + b


# -- the matrix product -----------------------------------------------------


def im2col(
    x: np.ndarray,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Return every window that the kernel sees, flattened to a row.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels)
        Pictures of any dtype.
    kernel : int or (int, int)
        Height and width of the window.
    stride, padding, dilation
        As in `out_size`, alike for both axes.

    Returns
    -------
    ndarray, shape (n, height_out, width_out, k_rows * k_columns * channels)
        A copy; a row is ordered like ``w.reshape(-1, channels_out)``.

    Raises
    ------
    ValueError
        If `x` is not a batch, or the kernel does not fit.
    """
    k_rows, k_columns = _pair(kernel)
    x, (rows, columns) = _pad(
        x, (k_rows, k_columns), stride, padding, dilation
    )
    n, _, _, channels = x.shape
    windows = _windows(
        x, (rows, columns), (k_rows, k_columns), stride, dilation
    )
    return windows.reshape(n, rows, columns, k_rows * k_columns * channels)


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Correlate pictures with kernels: `im2col`, then one matrix product.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels_in)
        Pictures. Integers stay integers, so small cases can be exact; a NaN
        reaches those outputs whose window contains it.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        Kernels, one an output channel.
    b : ndarray, shape (channels_out,), optional
        Added to every pixel.
    stride, padding, dilation
        As in `out_size`, alike for both axes.

    Returns
    -------
    ndarray, shape (n, height_out, width_out, channels_out)
        In the common dtype of `x` and `w` (int64 if both are integers).

    Raises
    ------
    ValueError
        If a rank or the channels disagree, or the kernel does not fit.

    Notes
    -----
    ``k_rows * k_columns * channels_in`` multiply-adds an output number.
    """
    x, w, size = _prepare(x, w, b, stride, padding, dilation)
    windows = _windows(x, size, w.shape[:2], stride, dilation)
    y = np.empty((len(x), *size, w.shape[3]), x.dtype)
    for part in _parts(len(x), windows[:1].nbytes):
        y[part] = _rows(windows[part]) @ w.reshape(-1, w.shape[3])
    return y if b is None else y + b


def _windows(
    x: np.ndarray,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    dilation: int,
) -> np.ndarray:
    """View padded `x` as (n, rows, columns, k_rows, k_columns, channels)."""
    n, rows, columns, channels = x.strides
    return as_strided(
        x,
        shape=(len(x), *size, *kernel, x.shape[3]),
        strides=(
            n,
            rows * stride,
            columns * stride,
            rows * dilation,
            columns * dilation,
            channels,
        ),
        writeable=False,
    )


def _rows(windows: np.ndarray) -> np.ndarray:
    """Copy windows into the rows of `im2col`."""
    return windows.reshape(*windows.shape[:3], math.prod(windows.shape[3:]))


def _parts(n: int, bytes_each: int, cache: int = 2**21) -> list[slice]:
    """Cut a batch so that the rows of one part stay in the cache."""
    size = max(1, cache // max(bytes_each, 1))
    return [slice(start, start + size) for start in range(0, n, size)]


# -- the way back -----------------------------------------------------------


def conv2d_backward(
    dy: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of ``sum(dy * conv2d(x, w, b))``.

    Parameters
    ----------
    dy : ndarray, shape (n, height_out, width_out, channels_out)
        Gradient with respect to the output.
    x, w, stride, padding, dilation
        As they were given to `conv2d`.

    Returns
    -------
    dx, dw, db : ndarray
        Shaped like `x`, `w` and the bias.

    Raises
    ------
    ValueError
        If `dy` has not the shape of the output.
    """
    dx = conv2d_transpose(dy, w, x.shape[1:3], stride, padding, dilation)
    padded, w, size = _prepare(x, w, None, stride, padding, dilation)
    _check_dy(dy, (len(x), *size, w.shape[3]))
    windows = _windows(padded, size, w.shape[:2], stride, dilation)
    dw = np.zeros((w[..., 0].size, w.shape[3]), np.result_type(x, dy))
    for part in _parts(len(x), windows[:1].nbytes):
        rows = _rows(windows[part]).reshape(-1, len(dw))
        dw += rows.T @ dy[part].reshape(-1, w.shape[3])
    return dx, dw.reshape(w.shape), dy.sum(axis=(0, 1, 2))


def conv2d_transpose(
    y: np.ndarray,
    w: np.ndarray,
    size: tuple[int, int] | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Apply the adjoint of ``x -> conv2d(x, w)``: the transposed convolution.

    Parameters
    ----------
    y : ndarray, shape (n, height, width, channels_out)
        What the convolution would have returned.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        The kernels of that convolution.
    size : (int, int), optional
        Height and width of the result. Several sizes can have the same
        ``out_size``; by default "same" and "circular" give stride times the
        size of `y`, everything else the smallest that fits.
    stride, padding, dilation
        Of that convolution.

    Returns
    -------
    ndarray, shape (n, *size, channels_in)

    Raises
    ------
    ValueError
        If ranks or channels disagree, or `size` does not lead to `y`.

    Notes
    -----
    The work is done by `stamp`; padding is cut off, or folded back.
    """
    y, w = _common(y, w)
    _check_ranks(y, w, axis=3)
    size = size or _smallest(y.shape[1:3], w, stride, padding, dilation)
    pads = [
        _pads(n, k, stride, padding, dilation)
        for n, k in zip(size, w.shape[:2], strict=True)
    ]
    expected = tuple(
        out_size(n, k, stride, padding, dilation)
        for n, k in zip(size, w.shape[:2], strict=True)
    )
    _check_dy(y, (len(y), *expected, w.shape[3]))
    padded = tuple(n + sum(p) for n, p in zip(size, pads, strict=True))
    x = stamp(y, w, padded, stride, dilation)
    if padding == "circular":
        return _fold(_fold(x, 1, pads[0]), 2, pads[1])
    (top, _), (left, _) = pads
    return x[:, top : top + size[0], left : left + size[1]]


def stamp(
    y: np.ndarray,
    w: np.ndarray,
    size: tuple[int, int],
    stride: int = 1,
    dilation: int = 1,
) -> np.ndarray:
    """Let each pixel of `y` stamp the kernels, scaled; overlaps add up.

    The loop runs over the taps of the kernel: for one tap no two stamps
    overlap, so a strided slice may take the sum. A scatter over all windows
    at once would need the slower ``np.add.at``.

    Parameters
    ----------
    y : ndarray, shape (n, rows, columns, channels_out)
        What to stamp with.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        The stamps.
    size : (int, int)
        Height and width of the paper; no stamp may reach beyond.
    stride, dilation : int
        Distance between stamps, and between the taps of one.

    Returns
    -------
    ndarray, shape (n, *size, channels_in)
    """
    x = np.zeros((len(y), *size, w.shape[2]), y.dtype)
    tall, wide = (stride * (n - 1) + 1 for n in y.shape[1:3])
    for u, v in np.ndindex(w.shape[:2]):
        top, left = u * dilation, v * dilation
        rows = slice(top, top + tall, stride)
        columns = slice(left, left + wide, stride)
        x[:, rows, columns] += y @ w[u, v].T
    return x


def _fold(x: np.ndarray, axis: int, pads: tuple[int, int]) -> np.ndarray:
    """Undo circular padding: what was wrapped around is added back."""
    x = np.moveaxis(x, axis, 0)
    length = len(x) - sum(pads)
    folded = np.zeros((length, *x.shape[1:]), x.dtype)
    np.add.at(folded, (np.arange(len(x)) - pads[0]) % length, x)
    return np.moveaxis(folded, 0, axis)


def _smallest(
    size: Sequence[int],
    w: np.ndarray,
    stride: int,
    padding: Padding,
    dilation: int,
) -> tuple[int, ...]:
    """Return the default size of a transposed convolution."""
    if padding in ("same", "circular"):
        return tuple(stride * n for n in size)
    return tuple(
        (n - 1) * stride
        + dilation * (k - 1)
        + 1
        - sum(_pads(n, k, stride, padding, dilation))
        for n, k in zip(size, w.shape[:2], strict=True)
    )


# -- the same map, seen as a spectrum and as a matrix -------------------------


def conv2d_fft(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Correlate on a torus by multiplying spectra.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels_in)
        Pictures, taken as periodic.
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        Kernels, not larger than the picture.

    Returns
    -------
    ndarray, shape (n, height, width, channels_out)
        Equal to ``conv2d(x, w, padding="circular")`` up to rounding, in
        floating point. One NaN spoils its whole picture.

    Raises
    ------
    ValueError
        If ranks or channels disagree, or the kernel is larger than `x`.

    Notes
    -----
    O(N log N) a channel for N pixels, independent of the kernel's size.
    """
    x, w = _common(x, w)
    _check_ranks(x, w)
    size, kernel = x.shape[1:3], w.shape[:2]
    if kernel[0] > size[0] or kernel[1] > size[1]:
        raise ValueError(
            "conv2d_fft needs a kernel not larger than the picture, but the "
            f"kernel is {kernel} and the picture {size}. Use conv2d."
        )
    centred = np.zeros((*size, *w.shape[2:]), w.dtype)
    centred[: kernel[0], : kernel[1]] = w
    shift = [-same_padding(n, k)[0] for n, k in zip(size, kernel, strict=True)]
    centred = np.roll(centred, shift, axis=(0, 1))
    spectrum = np.fft.rfft2(x, axes=(1, 2)).transpose(1, 2, 0, 3)
    gain = np.fft.rfft2(centred, axes=(0, 1)).conj()
    product = (spectrum @ gain).transpose(2, 0, 1, 3)
    return np.fft.irfft2(product, s=size, axes=(1, 2))


def conv_matrix(
    w: np.ndarray,
    size: tuple[int, int],
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Return the matrix A with ``conv2d(x, w).ravel() == A @ x.ravel()``.

    Parameters
    ----------
    w : ndarray, shape (k_rows, k_columns, channels_in, channels_out)
        Kernels.
    size : (int, int)
        Height and width of the one picture x; keep it small.
    stride, padding, dilation
        As in `out_size`.

    Returns
    -------
    ndarray, shape (rows * columns * channels_out, size * channels_in)
        Mostly zeros: a picture of the layer, not a way to compute it.

    Raises
    ------
    ValueError
        If `w` is not of rank 4 or does not fit.
    """
    x = np.zeros((1, *size, np.shape(w)[2] if np.ndim(w) == 4 else 1))
    _, _, (rows, columns) = _prepare(x, w, None, stride, padding, dilation)
    k_rows, k_columns, channels_in, channels_out = w.shape
    above = _pads(size[0], k_rows, stride, padding, dilation)[0]
    left = _pads(size[1], k_columns, stride, padding, dilation)[0]
    matrix = np.zeros(
        (rows, columns, channels_out, *size, channels_in), w.dtype
    )
    for i, j, u, v in np.ndindex(rows, columns, k_rows, k_columns):
        row = i * stride + u * dilation - above
        column = j * stride + v * dilation - left
        if padding == "circular":
            row, column = row % size[0], column % size[1]
        if 0 <= row < size[0] and 0 <= column < size[1]:
            matrix[i, j, :, row, column] += w[u, v].T
    return matrix.reshape(rows * columns * channels_out, -1)


# -- checks that the functions above share ------------------------------------


def _prepare(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    stride: int,
    padding: Padding,
    dilation: int,
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Return padded `x`, `w` in a common dtype, and the output's size."""
    x, w = _common(x, w)
    _check_ranks(x, w)
    if b is not None and np.shape(b) != w.shape[3:]:
        raise ValueError(
            f"The bias needs one number an output channel, shape "
            f"{w.shape[3:]}, but got {np.shape(b)}."
        )
    x, size = _pad(x, w.shape[:2], stride, padding, dilation)
    return x, w, size


def _common(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert to one dtype; small integers to int64, lest sums overflow."""
    dtype = np.result_type(x, w)
    if dtype.kind in "bui":
        dtype = np.dtype(np.int64)
    return np.asarray(x, dtype), np.asarray(w, dtype)


def _pad(
    x: np.ndarray,
    kernel: tuple[int, int],
    stride: int,
    padding: Padding,
    dilation: int,
) -> tuple[np.ndarray, tuple[int, int]]:
    """Pad both axes and return the output's height and width."""
    x = np.asarray(x)
    _check_batch(x)
    pads = [(0, 0)] * 4
    size = []
    for axis, (n, k) in enumerate(zip(x.shape[1:3], kernel, strict=True), 1):
        size.append(out_size(n, k, stride, padding, dilation))
        pads[axis] = _pads(n, k, stride, padding, dilation)
    if any(map(any, pads)):
        x = np.pad(x, pads, "wrap" if padding == "circular" else "constant")
    return x, tuple(size)


def _pair(kernel: int | tuple[int, int]) -> tuple[int, int]:
    return kernel if isinstance(kernel, tuple) else (kernel, kernel)


def _check_batch(x: np.ndarray) -> None:
    if x.ndim != 4:
        raise ValueError(
            "Pictures come as a batch (n, height, width, channels), but got "
            f"shape {x.shape}. One grey picture? Write "
            "x[np.newaxis, :, :, np.newaxis]."
        )


def _check_ranks(x: np.ndarray, w: np.ndarray, axis: int = 2) -> None:
    """Check ranks, and the channels of `x` against `axis` of the kernel."""
    _check_batch(x)
    if w.ndim != 4:
        raise ValueError(
            "A kernel has shape (k_rows, k_columns, channels_in, "
            f"channels_out), but got {w.shape}. One grey kernel? Write "
            "w[:, :, np.newaxis, np.newaxis]."
        )
    if x.shape[3] != w.shape[axis]:
        raise ValueError(
            f"The picture has {x.shape[3]} channels and the kernel takes "
            f"{w.shape[axis]}: shapes {x.shape} and {w.shape}. Channels come "
            "last in pictures, and third in kernels."
        )


def _check_dy(dy: np.ndarray, expected: tuple[int, ...]) -> None:
    if np.shape(dy) != expected:
        raise ValueError(
            f"The convolution returns shape {expected}, so its gradient or "
            f"its adjoint's argument has that shape too, but got "
            f"{np.shape(dy)}. Give stride, padding, dilation and size as "
            "they were on the way forward."
        )


# -- counting -----------------------------------------------------------------


class ReceptiveField(NamedTuple):
    """The input pixels that output pixel i of a stack sees, on one axis.

    They are ``start + i * jump, ..., start + i * jump + size - 1``.
    """

    size: int
    jump: int
    start: int


def receptive_field(stack: Iterable[tuple[int, ...]]) -> ReceptiveField:
    """Return what one output pixel of a stack of layers can see.

    Parameters
    ----------
    stack : iterable of (k, stride), (k, stride, dilation) or
        (k, stride, dilation, pad_before)
        One entry a layer, from the input on; pooling layers count too.

    Returns
    -------
    ReceptiveField
        Size, jump and start. A negative start lies in the padding.

    Raises
    ------
    ValueError
        If an entry has another length or holds numbers below 1.

    Notes
    -----
    Layer l widens the field by ``dilation * (k - 1)`` times the product of
    all earlier strides (the jump).
    """
    size, jump, start = 1, 1, 0
    for entry in stack:
        if not 2 <= len(entry) <= 4:
            raise ValueError(
                "A layer is (k, stride), (k, stride, dilation) or (k, "
                f"stride, dilation, pad_before), but got {entry}."
            )
        k, stride, dilation, before = (*entry, *(1, 0)[len(entry) - 2 :])
        _check_counts(k=k, stride=stride, dilation=dilation)
        size += dilation * (k - 1) * jump
        start -= before * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def conv_parameters(
    k: int, channels_in: int, channels_out: int, bias: bool = True
) -> int:
    """Return ``k**2 * channels_in * channels_out`` (+ ``channels_out``)."""
    _check_counts(k=k, channels_in=channels_in, channels_out=channels_out)
    return k * k * channels_in * channels_out + bias * channels_out


def conv_macs(
    k: int, channels_in: int, channels_out: int, height: int, width: int
) -> int:
    """Return the multiply-adds of a layer whose *output* is height x width.

    Without the additions of the bias.
    """
    _check_counts(height=height, width=width)
    weights = conv_parameters(k, channels_in, channels_out, bias=False)
    return weights * height * width


def model_macs(model: keras.Model) -> int:
    """Return the multiply-adds of all Conv2D and Dense layers, a picture.

    Raises
    ------
    ValueError
        If the model has no such layer.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            total += (
                layer.kernel.shape[0]
                * layer.kernel.shape[1]
                * (layer.kernel.shape[2] * math.prod(layer.output.shape[1:]))
            )
        elif isinstance(layer, layers.Dense):
            total += math.prod(layer.kernel.shape)
    if total == 0:
        raise ValueError(
            f"model_macs counts Conv2D and Dense layers, but {model.name!r} "
            "has none at its top level. Pass the inner model."
        )
    return total


# -- networks -----------------------------------------------------------------


def lenet(
    input_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10
) -> keras.Model:
    """Return a LeNet-5 with plain pooling and a linear last layer.

    Two 5 x 5 convolutions with average pooling, then Dense 120, 84 and
    `classes`, all tanh; the output is logits. 61,706 parameters for 28 x 28.

    Notes
    -----
    Source: LeCun et al. (1998), figure 2. There the pooling has trainable
    gains, C3 sees only some maps of S2, and the output is Gaussian.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
            layers.Dense(classes),
        ],
        name="lenet",
    )


def small_cnn(
    norm: str | None = None,
    head: str = "flatten",
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    momentum: float = 0.9,
) -> keras.Model:
    """Return a small convolutional classifier that outputs logits.

    Parameters
    ----------
    norm : {None, "batch"}
        Whether each convolution is followed by batch normalisation.
    head : {"flatten", "gap"}
        Two convolutions (16 and 32 channels) and Dense 64, or a third
        convolution (64 channels) and global average pooling.
    input_shape : (height, width, channels)
        Of one picture.
    classes : int
        Number of outputs; 1 for a regression.
    momentum : float
        Of the running averages. The 0.99 of Keras needs thousands of steps.

    Raises
    ------
    ValueError
        If `norm` or `head` is unknown.
    """
    if norm not in (None, "batch") or head not in ("flatten", "gap"):
        raise ValueError(
            'small_cnn takes norm=None or "batch" and head="flatten" or '
            f'"gap", but got norm={norm!r}, head={head!r}.'
        )
    gap = head == "gap"
    x = inputs = keras.Input(input_shape)
    for filters in (16, 32):
        x = _convolution(x, filters, norm, momentum, same=gap)
        x = layers.MaxPooling2D(2)(x)
    if gap:
        x = _convolution(x, 64, norm, momentum, same=True)
        x = layers.GlobalAveragePooling2D()(x)
    else:
        x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(classes)(x), name=f"cnn_{head}")


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    norm: str | None,
    momentum: float,
    same: bool,
) -> keras.KerasTensor:
    """Add a 3 x 3 convolution, perhaps batch normalisation, and relu."""
    padding = "same" if same else "valid"
    x = layers.Conv2D(filters, 3, padding=padding, use_bias=not norm)(x)
    if norm:
        x = layers.BatchNormalization(momentum=momentum)(x)
    return layers.ReLU()(x)


class RunningAverages(keras.callbacks.Callback):
    """Follow batch normalisation with several momenta in one training run.

    Training does not depend on the running averages, so one run shows what
    each momentum would have left for inference. The statistics of a batch
    are read off the averages that the model itself keeps.

    Parameters
    ----------
    momenta : sequence of float
        Each in [0, 1).
    evaluate : callable
        ``evaluate(model)`` is called at each epoch's end, once a momentum,
        with that momentum's averages in place.

    Attributes
    ----------
    results : list of list
        What `evaluate` returned; one row an epoch, one entry a momentum.

    Raises
    ------
    ValueError
        When training starts, if the model has no batch normalisation, or
        layers with different momenta.
    """

    def __init__(
        self,
        momenta: Sequence[float],
        evaluate: Callable[[keras.Model], float],
    ):
        super().__init__()
        self.momenta = momenta
        self.evaluate = evaluate
        self.results: list[list[float]] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Start every average where the model starts its own."""
        norms = [
            layer
            for layer in self.model.layers
            if isinstance(layer, layers.BatchNormalization)
        ]
        if len({layer.momentum for layer in norms}) != 1:
            raise ValueError(
                "RunningAverages needs batch normalisation layers of one "
                f"momentum, but found {[n.momentum for n in norms]}. Use "
                'small_cnn(norm="batch").'
            )
        self._own = norms[0].momentum
        self._variables = [
            v for n in norms for v in (n.moving_mean, n.moving_variance)
        ]
        self._now = self._read()
        self._averages = [self._now] * len(self.momenta)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Recover the statistics of the batch and average them anew."""
        before, self._now = self._now, self._read()
        batch_values = (self._now - self._own * before) / (1 - self._own)
        self._averages = [
            m * average + (1 - m) * batch_values
            for m, average in zip(self.momenta, self._averages, strict=True)
        ]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Evaluate with each average, then put the model's own back."""
        row = []
        for average in self._averages:
            self._write(average)
            row.append(self.evaluate(self.model))
        self._write(self._now)
        self.results.append(row)

    def _read(self) -> np.ndarray:
        _ = self.model  # on JAX, brings the variables up to date
        values = [ops.convert_to_numpy(v.value) for v in self._variables]
        return np.concatenate(values).astype(np.float64)

    def _write(self, values: np.ndarray) -> None:
        lengths = [v.shape[0] for v in self._variables]
        parts = np.split(values, np.cumsum(lengths)[:-1])
        for variable, part in zip(self._variables, parts, strict=True):
            variable.assign(part.astype(np.float32))


def residual_block(
    x: keras.KerasTensor, filters: int, stride: int = 1, momentum: float = 0.9
) -> keras.KerasTensor:
    """Add ``relu(x + F(x))`` with two normalised 3 x 3 convolutions in F.

    A 1 x 1 convolution takes the place of the identity when the stride or
    the channels change the shape.

    Notes
    -----
    Source: He et al. (2016), figure 2 and option B.
    """
    _check_counts(filters=filters, stride=stride)
    shortcut = x
    f = layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
    f = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(f))
    f = layers.Conv2D(filters, 3, padding="same", use_bias=False)(f)
    f = layers.BatchNormalization(momentum=momentum)(f)
    if stride > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization(momentum=momentum)(shortcut)
    return layers.ReLU()(layers.Add()([shortcut, f]))


def resnet(
    blocks: int = 3,
    filters: int = 16,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
) -> keras.Model:
    """Return a residual network of depth ``6 * blocks + 2``.

    Three stages of `blocks` residual blocks with `filters`, twice and four
    times as many channels, the picture halved in between; global average
    pooling; logits. ``blocks=3`` is ResNet-20.

    Notes
    -----
    Source: He et al. (2016), section 4.2; there the shortcuts are option A.
    """
    _check_counts(blocks=blocks)
    x = inputs = keras.Input(input_shape)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for stage, block in itertools.product(range(3), range(blocks)):
        stride = 2 if stage and not block else 1
        x = residual_block(x, filters * 2**stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes)(x), name="resnet")


def gradient_norms(
    x: np.ndarray, kernels: Sequence[np.ndarray], residual: bool
) -> np.ndarray:
    """Return how strongly the gradient arrives at each layer of a stack.

    The stack is ``x[l + 1] = relu(conv2d(x[l], kernels[l]))``, or ``x[l]``
    plus that if `residual`; padding keeps the size. The function that is
    differentiated is the sum of the last layer's squares, halved.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels)
        Input of the first layer.
    kernels : sequence of ndarray, shape (k, k, channels, channels)
        One a layer.
    residual : bool
        Whether each layer's input is added to its output.

    Returns
    -------
    ndarray, shape (len(kernels) + 1,)
        Norm of the gradient at ``x[0]``, ..., ``x[depth]``, relative to
        the last, which is 1.

    Raises
    ------
    ValueError
        If the last layer is zero everywhere, so that there is no gradient.
    """
    inputs, masks = [], []
    for w in kernels:
        inputs.append(x)
        z = conv2d(x, w, padding="same")
        masks.append(z > 0)
        x = z * masks[-1] + (x if residual else 0)
    gradient = x
    norms = [np.linalg.norm(gradient)]
    if norms[0] == 0:
        raise ValueError(
            f"The last of {len(kernels)} layers is zero everywhere, so no "
            "gradient flows back. Scale the kernels up."
        )
    for w, before, mask in reversed(
        list(zip(kernels, inputs, masks, strict=True))
    ):
        through = conv2d_transpose(
            gradient * mask, w, before.shape[1:3], padding="same"
        )
        gradient = through + (gradient if residual else 0)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1]) / norms[0]


# -- pictures to learn from ---------------------------------------------------


def count_discs(
    n: int, seed: int, size: int = 32, most: int = 9
) -> tuple[np.ndarray, np.ndarray]:
    """Draw pictures of 0 to `most` white discs that do not touch.

    Parameters
    ----------
    n : int
        Number of pictures.
    seed : int
        The same seed draws the same pictures.
    size, most : int
        Side of a picture in pixels; largest count.

    Returns
    -------
    images : ndarray of float32, shape (n, size, size, 1)
        0 outside and 1 inside the discs, radius 1.5 to 3.5 pixels.
    counts : ndarray of int64, shape (n,)
        Uniform on 0, ..., `most`.

    Raises
    ------
    ValueError
        If so many discs do not find room.
    """
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    images = np.zeros((n, size, size, 1), np.float32)
    counts = rng.integers(most + 1, size=n)
    for image, count in zip(images, counts, strict=True):
        for row, column, radius in _place_discs(rng, int(count), size):
            inside = np.hypot(rows - row, columns - column) <= radius
            image[inside] = 1
    return images, counts


def _place_discs(
    rng: np.random.Generator, count: int, size: int, tries: int = 2000
) -> list[tuple[float, float, float]]:
    """Return (row, column, radius) of discs at least 2 pixels apart."""
    discs: list[tuple[float, float, float]] = []
    for _ in range(tries):
        if len(discs) == count:
            return discs
        radius = rng.uniform(1.5, 3.5)
        row, column = rng.uniform(radius, size - 1 - radius, 2)
        if all(
            math.hypot(row - r, column - c) > radius + other + 2
            for r, c, other in discs
        ):
            discs.append((row, column, radius))
    raise ValueError(
        f"{count} discs found no room in {size} x {size} pixels after "
        f"{tries} tries: take a larger size or fewer discs."
    )


def shift_images(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move pictures by whole pixels; what enters is zero.

    Parameters
    ----------
    images : ndarray, shape (n, height, width) or (n, height, width, channels)
        Any dtype.
    down, right : int
        Pixels; negative for up and left.

    Returns
    -------
    ndarray
        A copy of the same shape and dtype.

    Raises
    ------
    ValueError
        If `images` is not a batch.
    """
    if np.ndim(images) not in (3, 4):
        raise ValueError(
            "shift_images needs a batch (n, height, width) or with channels, "
            f"but got shape {np.shape(images)}. One picture? Write "
            "image[np.newaxis]."
        )
    moved = np.zeros_like(images)
    height, width = images.shape[1:3]
    to_rows, from_rows = _overlap(down, height)
    to_columns, from_columns = _overlap(right, width)
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved


def _overlap(shift: int, length: int) -> tuple[slice, slice]:
    """Return where pixels arrive and where they come from."""
    shift = max(-length, min(length, shift))
    low, high = max(shift, 0), length + min(shift, 0)
    return slice(low, high), slice(low - shift, high - shift)


# -- looking inside -----------------------------------------------------------


def class_activation_map(
    model: keras.Model, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a network with global average pooling finds each class.

    Parameters
    ----------
    model : keras.Model
        Its last two layers are GlobalAveragePooling2D and a linear Dense.
    images : ndarray, shape (n, height, width, channels)
        As the model takes them.

    Returns
    -------
    maps : ndarray of float32, shape (n, rows, columns, classes)
        ``sum_k features[..., k] * weights[k, class]``.
    logits : ndarray of float32, shape (n, classes)
        ``maps.mean(axis=(1, 2)) + bias``, exactly the model's output.

    Raises
    ------
    ValueError
        If the model does not end that way.

    Notes
    -----
    Source: Zhou et al. (2016), section 2.
    """
    pooling, dense = model.layers[-2:]
    good = isinstance(pooling, layers.GlobalAveragePooling2D) and (
        isinstance(dense, layers.Dense)
        and dense.activation is keras.activations.linear
    )
    if not good:
        raise ValueError(
            "class_activation_map needs a model that ends in "
            "GlobalAveragePooling2D and a linear Dense, but the last layers "
            f"are {pooling.name!r} and {dense.name!r}. Try "
            'small_cnn(head="gap"), or occlusion_map.'
        )
    features = keras.Model(model.inputs, pooling.input)
    weights, bias = dense.get_weights()
    maps = features.predict(images, verbose=0) @ weights
    return maps, maps.mean(axis=(1, 2)) + bias


def occlusion_map(
    model: keras.Model,
    image: np.ndarray,
    label: int,
    patch: int = 6,
    stride: int = 2,
    fill: float = 0.0,
) -> np.ndarray:
    """Return how much hiding each part of a picture costs its class.

    Parameters
    ----------
    model : keras.Model
        Returns logits.
    image : ndarray, shape (height, width, channels)
        One picture.
    label : int
        The class whose probability is watched.
    patch, stride : int
        Side of the square that hides, and its step, in pixels.
    fill : float
        Grey value of the square.

    Returns
    -------
    ndarray of float, shape (rows, columns)
        Probability of the class with nothing hidden, minus with the square
        there; positive where the square hides evidence for the class.

    Raises
    ------
    ValueError
        If `image` is a batch, or the patch does not fit.
    """
    image = np.asarray(image)
    if image.ndim != 3:
        raise ValueError(
            "occlusion_map takes one picture (height, width, channels), but "
            f"got shape {image.shape}. Pick one of the batch: images[0]."
        )
    rows = out_size(image.shape[0], patch, stride)
    columns = out_size(image.shape[1], patch, stride)
    hidden = np.repeat(image[np.newaxis], rows * columns + 1, axis=0)
    for n, (i, j) in enumerate(np.ndindex(rows, columns)):
        top, left = i * stride, j * stride
        hidden[n, top : top + patch, left : left + patch] = fill
    logits = model.predict(hidden, verbose=0, batch_size=256)
    probability = _softmax(logits)[:, label]
    return (probability[-1] - probability[:-1]).reshape(rows, columns)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
