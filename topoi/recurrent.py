"""Recurrent networks, adders and scans.

The cells of LSTM and GRU from their equations (NumPy), binary addition by
rippling and by lookahead, linear recurrences by an associative scan, the
carry-lookahead network, and what an honest forecast needs.

Time is axis 1 of a batch of sequences, shape (batch, time, features).
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import expit as sigmoid

Arrays = tuple[np.ndarray, ...]
Operator = Callable[[Arrays, Arrays], Arrays]
SCAN_METHODS = ("tree", "doubling")


# -- cells from their equations --------------------------------------------


def rnn_step(
    x: np.ndarray, h: np.ndarray, w: np.ndarray, u: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """Return the next state of a plain recurrent cell, tanh(x W + h U + b).

    Parameters
    ----------
    x : ndarray, shape (batch, n)
        The input of this step.
    h : ndarray, shape (batch, m)
        The state before it.
    w, u, b : ndarray, shapes (n, m), (m, m), (m,)
        Weights in the order of `keras.layers.SimpleRNN`.

    Returns
    -------
    ndarray, shape (batch, m)
    """
    return np.tanh(x @ w + h @ u + b)


def lstm_step(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    w: np.ndarray,
    u: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return output and memory of an LSTM cell after one step.

    Parameters
    ----------
    x : ndarray, shape (batch, n)
        The input of this step.
    h, c : ndarray, shape (batch, m)
        Output and memory before it.
    w, u, b : ndarray, shapes (n, 4 m), (m, 4 m), (4 m,)
        Weights in the order of `keras.layers.LSTM`: input gate, forget
        gate, candidate, output gate. PyTorch uses the same order and
        splits the bias in two.

    Returns
    -------
    h, c : ndarray, shape (batch, m)

    Notes
    -----
    Source: Hochreiter and Schmidhuber (1997), with the forget gate of
    Gers et al. (2000).
    """
    i, f, g, o = np.split(x @ w + h @ u + b, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(
    x: np.ndarray, h: np.ndarray, w: np.ndarray, u: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """Return the next state of a GRU cell.

    Parameters
    ----------
    x : ndarray, shape (batch, n)
        The input of this step.
    h : ndarray, shape (batch, m)
        The state before it.
    w, u, b : ndarray, shapes (n, 3 m), (m, 3 m), (2, 3 m)
        Weights in the order of `keras.layers.GRU` with its default
        ``reset_after=True``: update, reset, candidate; the first row of
        `b` belongs to x, the second to h. PyTorch's order is reset,
        update, candidate.

    Returns
    -------
    ndarray, shape (batch, m)

    Notes
    -----
    The update gate z keeps the *old* state, h' = z h + (1 - z) candidate.
    Cho et al. (2014) write it so, too; others exchange z and 1 - z.
    """
    xz, xr, xh = np.split(x @ w + b[0], 3, axis=-1)
    hz, hr, hh = np.split(h @ u + b[1], 3, axis=-1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    candidate = np.tanh(xh + r * hh)  # the reset gate acts after the product
    return z * h + (1 - z) * candidate


def lstm_forward(
    x: np.ndarray, w: np.ndarray, u: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """Return the outputs of an LSTM at every step, from zero states.

    Parameters
    ----------
    x : ndarray, shape (batch, time, n)
        Finite input sequences.
    w, u, b : ndarray
        As in `lstm_step`.

    Returns
    -------
    ndarray, shape (batch, time, m)

    Raises
    ------
    ValueError
        If `x` has another rank, no step, or a value that is not finite.
    """
    check_sequences(x)
    h = c = np.zeros((len(x), u.shape[0]), x.dtype)
    outputs = []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, w, u, b)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def gru_forward(
    x: np.ndarray, w: np.ndarray, u: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """Return the states of a GRU at every step, from a zero state.

    Parameters and errors are those of `lstm_forward`, weights those of
    `gru_step`; the result has shape (batch, time, m).
    """
    check_sequences(x)
    h = np.zeros((len(x), u.shape[0]), x.dtype)
    outputs = []
    for t in range(x.shape[1]):
        h = gru_step(x[:, t], h, w, u, b)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def check_sequences(x: np.ndarray) -> None:
    """Raise unless `x` is a finite batch of sequences with a step.

    Raises
    ------
    ValueError
        If `x` is not of rank 3, has no sequence or no step, or holds NaN or
        infinity.
    """
    shape = np.shape(x)
    if len(shape) != 3:
        raise ValueError(
            "A batch of sequences has shape (batch, time, features), but got "
            f"shape {shape}. One sequence? Write x[np.newaxis]. One feature? "
            "Write x[..., np.newaxis]."
        )
    if 0 in shape:
        raise ValueError(
            f"A batch of sequences needs at least one step, got shape {shape}."
            " Drop empty sequences before the call."
        )
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        raise ValueError(
            f"Sequences must be finite, but {len(bad)} values are not; the "
            f"first is {x[tuple(bad[0])]} at (sequence, step, feature) = "
            f"{tuple(bad[0].tolist())}. Impute or mask them first."
        )


# -- how many parameters ----------------------------------------------------


def rnn_parameters(inputs: int, units: int) -> int:
    """Return the number of weights of `keras.layers.SimpleRNN`."""
    return inputs * units + units**2 + units


def lstm_parameters(inputs: int, units: int) -> int:
    """Return the number of weights of `keras.layers.LSTM`: four gates."""
    return 4 * rnn_parameters(inputs, units)


def gru_parameters(inputs: int, units: int) -> int:
    """Return the number of weights of `keras.layers.GRU`: two biases."""
    return 3 * (rnn_parameters(inputs, units) + units)


def min_gru_parameters(inputs: int, units: int) -> int:
    """Return the number of weights of `MinGRU`: no recurrent matrix."""
    return 2 * (inputs * units + units)


def lookahead_parameters(
    inputs: int,
    units: int,
    levels: int,
    kernel: int = 2,
    convs: int = 1,
    residual: bool = False,
) -> int:
    """Return the number of weights of `CarryLookaheadRNN`."""
    first = kernel * inputs * units + units
    others = (levels * convs - 1) * (kernel * units**2 + units)
    shortcut = inputs * units + units if residual and inputs != units else 0
    cell = inputs * units + units**2 + 2 * units  # two biases, as published
    return first + others + shortcut + cell


# -- adders -----------------------------------------------------------------


def to_bits(numbers: Sequence[int], width: int) -> np.ndarray:
    """Return binary digits, least significant first.

    Parameters
    ----------
    numbers : sequence of int
        Non-negative, of any size.
    width : int
        Digits a number.

    Returns
    -------
    ndarray of bool, shape (len(numbers), width)

    Raises
    ------
    ValueError
        If a number is negative or needs more than `width` digits.
    """
    numbers = [int(n) for n in numbers]
    for n in numbers:
        if n < 0 or n.bit_length() > width:
            raise ValueError(
                f"to_bits needs numbers from 0 to 2**{width} - 1, got {n}. "
                f"Use width={max(n.bit_length(), 1)} or more, and no sign."
            )
    digits = [[n >> t & 1 for t in range(width)] for n in numbers]
    return np.array(digits, bool).reshape(len(numbers), width)


def to_integers(bits: np.ndarray) -> list[int]:
    """Return the integers whose digits, lowest first, are rows of `bits`."""
    return [
        sum(1 << t for t, bit in enumerate(row) if bit)
        for row in np.asarray(bits)
    ]


def ripple_add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Add binary numbers digit by digit, each carry after the one before.

    Parameters
    ----------
    a, b : ndarray of bool, shape (..., width)
        Digits, least significant first.

    Returns
    -------
    ndarray of bool, shape (..., width + 1)
        Digits of the sum; the last one is the carry out.

    Raises
    ------
    ValueError
        If shapes differ, are empty, or a digit is neither 0 nor 1.
    """
    a, b = _check_bits(a, b)
    carry = np.zeros(a.shape[:-1], bool)
    digits = []
    for t in range(a.shape[-1]):
        g, p = a[..., t] & b[..., t], a[..., t] ^ b[..., t]
        digits.append(p ^ carry)
        carry = g | (p & carry)
    return np.stack([*digits, carry], axis=-1)


def carry_compose(left: Arrays, right: Arrays) -> Arrays:
    """Return (generate, propagate) of two neighbouring blocks as one block.

    Parameters
    ----------
    left, right : pair of ndarray of bool
        (g, p) of the lower and of the higher block. A block sends a carry
        out if the higher half generates one, or passes on what the lower
        half generates; it propagates if both halves do.

    Returns
    -------
    pair of ndarray of bool

    Notes
    -----
    Associative, with neutral element (0, 1); not commutative.
    """
    (g_low, p_low), (g_high, p_high) = left, right
    return g_high | (p_high & g_low), p_low & p_high


def prefix_scan(operator: Operator, elements: Arrays) -> Arrays:
    """Return all prefix products e_0 o e_1 o ... o e_t, along the last axis.

    Parameters
    ----------
    operator : callable
        Associative; takes and returns tuples of arrays, earlier part first.
    elements : tuple of ndarray, each of shape (..., length)
        One element of the monoid a position.

    Returns
    -------
    tuple of ndarray, shapes of `elements`

    Raises
    ------
    ValueError
        If there is no element.

    Notes
    -----
    Doubling: after level k a position holds the product of the 2**k
    elements that end there. ceil(log2(length)) calls of `operator`,
    O(length log length) work. Source: Hillis and Steele (1986).
    """
    result = tuple(np.asarray(e) for e in elements)
    length = result[0].shape[-1]
    if length == 0:
        raise ValueError(
            f"A scan needs at least one element, got shape {result[0].shape}."
        )
    reach = 1
    while reach < length:
        earlier = tuple(e[..., :-reach] for e in result)
        later = tuple(e[..., reach:] for e in result)
        joined = operator(earlier, later)
        result = tuple(
            np.concatenate([e[..., :reach], j], axis=-1)
            for e, j in zip(result, joined, strict=True)
        )
        reach *= 2
    return result


def lookahead_add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Add binary numbers with all carries from one prefix scan.

    Parameters, result and errors are those of `ripple_add`; the number of
    array operations grows like log2(width) instead of width.
    """
    a, b = _check_bits(a, b)
    p = a ^ b
    carry_out, _ = prefix_scan(carry_compose, (a & b, p))
    zero = np.zeros((*a.shape[:-1], 1), bool)
    carry_in = np.concatenate([zero, carry_out[..., :-1]], axis=-1)
    return np.concatenate([p ^ carry_in, carry_out[..., -1:]], axis=-1)


def carry_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far back the digits lie that decide the carry into a place.

    Parameters
    ----------
    a, b : ndarray of bool, shape (..., width)
        Digits, least significant first.

    Returns
    -------
    ndarray of int, shape (..., width)
        t - s for the last s < t where the digits of `a` and `b` agree; they
        generate a carry or kill it, and every place between passes it on.
        Before the lowest digit both numbers are zero: they agree at -1.

    Raises
    ------
    ValueError
        As `ripple_add`.
    """
    a, b = _check_bits(a, b)
    distance = np.ones(a.shape, int)
    for t in range(1, a.shape[-1]):
        passes = a[..., t - 1] ^ b[..., t - 1]
        distance[..., t] = np.where(passes, distance[..., t - 1] + 1, 1)
    return distance


def addition_task(
    count: int,
    width: int,
    generator: np.random.Generator,
    propagate: float | np.ndarray = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw sums as sequences of digit pairs, lowest digit first.

    Parameters
    ----------
    count, width : int
        Number of sums, and digits of each summand.
    generator : numpy.random.Generator
        Source of randomness.
    propagate : float or ndarray, shape (count,)
        Probability that a position is forced to hold two different digits,
        so that it passes a carry on. Fair digits do so half of the time.

    Returns
    -------
    x : ndarray of float32, shape (count, width, 2)
        The two digits of each position.
    y : ndarray of float32, shape (count, width, 1)
        The digits of the sum, without the carry out.

    Raises
    ------
    ValueError
        If `count` or `width` is not positive, or a probability leaves
        [0, 1].
    """
    chance = np.broadcast_to(np.asarray(propagate, float), (count,))
    bad_chance = ((chance < 0) | (chance > 1)).any()
    if count < 1 or width < 1 or bad_chance:
        raise ValueError(
            "addition_task needs count >= 1, width >= 1 and propagate in "
            f"[0, 1], got count={count}, width={width}, "
            f"propagate={propagate}."
        )
    a, b = generator.integers(0, 2, size=(2, count, width)).astype(bool)
    forced = generator.random((count, width)) < chance[:, np.newaxis]
    b = np.where(forced, ~a, b)
    y = lookahead_add(a, b)[:, :-1, np.newaxis]
    return np.stack([a, b], axis=-1).astype("float32"), y.astype("float32")


def _check_bits(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim == 0 or a.shape[-1] == 0:
        raise ValueError(
            "An adder needs two arrays of digits of one shape (..., width) "
            f"with width >= 1, got {a.shape} and {b.shape}. Pad the shorter "
            "number with zeros at its end."
        )
    for digits in (a, b):
        if not np.isin(digits, (0, 1)).all():
            raise ValueError(
                "Digits must be 0 or 1, but got a value "
                f"{digits[~np.isin(digits, (0, 1))].flat[0]}. Use "
                "to_bits(numbers, width) to make digits."
            )
    return a.astype(bool), b.astype(bool)


# -- linear recurrences by a scan -------------------------------------------


def linear_compose(left: Sequence, right: Sequence) -> tuple:
    """Return the composition of two maps h -> a h + b as one such map.

    Parameters
    ----------
    left, right : pair of tensor
        (a, b) of the map that is applied first, and of the second.

    Returns
    -------
    pair of tensor

    Notes
    -----
    The same operator as `carry_compose`, with sum and product in place of
    "or" and "and". It never divides, so a small product of the a does no
    harm beyond rounding to zero.
    """
    return left[0] * right[0], right[0] * left[1] + right[1]


def scan_linear(a, b, axis: int = 1, initial=None, method: str = "tree"):
    """Solve h_t = a_t h_{t-1} + b_t for all t by an associative scan.

    Parameters
    ----------
    a, b : tensor, the same shape
        Factors and summands; the length of `axis` must be known.
    axis : int
        The axis of time.
    initial : tensor, optional
        h before the first step, of the shape of `a` without `axis`; zero
        by default.
    method : {"tree", "doubling"}
        "tree" is `keras.ops.associative_scan`: O(length) work, long to
        compile. "doubling" does O(length log length) work in few, large
        operations: the better choice for some hundred steps.

    Returns
    -------
    tensor, the shape of `b`

    Raises
    ------
    ValueError
        If the shapes differ, time is empty or of unknown length, or the
        method is unknown.

    Notes
    -----
    Both take O(log length) dependent steps. Source: Blelloch (1990) for the
    tree, Hillis and Steele (1986) for doubling; Martin and Cundy (2018) for
    recurrences.
    """
    a, b = ops.convert_to_tensor(a), ops.convert_to_tensor(b)
    shape = tuple(b.shape)
    _check_scan(tuple(a.shape), shape, axis)
    if method not in SCAN_METHODS:
        raise ValueError(
            f"scan_linear knows the methods {', '.join(SCAN_METHODS)}, got "
            f"{method!r}."
        )
    if method == "doubling":
        products, h = _doubling(a, b, axis % len(shape))
    else:
        products, h = ops.associative_scan(linear_compose, (a, b), axis=axis)
    if initial is not None:
        h = h + products * ops.expand_dims(initial, axis)
    # Inside the tree TensorFlow forgets the shape, PyTorch half precision.
    h = ops.cast(h, keras.backend.standardize_dtype(b.dtype))
    return ops.reshape(h, [-1 if n is None else n for n in shape])


def _doubling(a, b, axis: int) -> tuple:
    """Compose each map with the one `reach` steps earlier, then double."""
    length, reach = b.shape[axis], 1
    while reach < length:
        kept = [slice(None)] * len(b.shape)
        kept[axis] = slice(length - reach)
        width = [[0, 0]] * len(b.shape)
        width[axis] = [reach, 0]  # before the start: the map h -> 1 h + 0
        earlier_a = ops.pad(a[tuple(kept)], width, constant_values=1)
        earlier_b = ops.pad(b[tuple(kept)], width)
        a, b = linear_compose((earlier_a, earlier_b), (a, b))
        reach *= 2
    return a, b


def _check_scan(shape_a: tuple, shape_b: tuple, axis: int) -> None:
    if shape_a != shape_b:
        raise ValueError(
            "scan_linear needs a and b of one shape, got "
            f"{shape_a} and {shape_b}. Broadcast the smaller one first."
        )
    if not -len(shape_b) <= axis < len(shape_b):
        raise ValueError(
            f"scan_linear got axis={axis} for shape {shape_b}. Time is axis "
            "1 of (batch, time, features)."
        )
    if not shape_b[axis]:
        raise ValueError(
            "scan_linear needs a known length of at least one step, got "
            f"shape {shape_b}, axis {axis}. Give the time length to the "
            "model: keras.Input((length, features))."
        )


@keras.saving.register_keras_serializable(package="topoi")
class MinGRU(keras.layers.Layer):
    """Gated linear recurrence: (batch, time, n) -> (batch, time, units).

    h_t = (1 - z_t) h_{t-1} + z_t v_t, where gate and candidate read the
    input only, z_t = sigmoid(x_t W_z + b_z) and v_t = act(x_t W_v + b_v).
    Without h in the gates the recurrence is linear, and one scan solves it.

    Parameters
    ----------
    units : int
        Width of the state.
    activation : str or callable, optional
        Applied to the candidate; none by default.
    return_sequences : bool
        All states, or the last one of shape (batch, units).
    method : {"tree", "doubling"}
        How `scan_linear` computes them.

    Raises
    ------
    ValueError
        If `units` is not positive, the method is unknown, the input is not
        of rank 3, or its time length is unknown.

    Notes
    -----
    A masked step leaves the state as it is. z here takes the *new* value,
    the other way round than in `gru_step`. Source: Feng et al. (2024).
    """

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = None,
        return_sequences: bool = True,
        method: str = "tree",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = _positive("MinGRU", "units", units)
        self.method = method
        self.activation = keras.activations.get(activation)
        self.return_sequences = return_sequences
        self.supports_masking = True

    def build(self, input_shape):
        """Create kernel (n, 2 units) and bias, gate first."""
        _check_rank("MinGRU", input_shape, known_length=True)
        shape = (input_shape[-1], 2 * self.units)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.bias = self.add_weight(
            shape=shape[1:], initializer="zeros", name="bias"
        )

    def gate_and_value(self, inputs):
        """Return z and v, each of shape (batch, time, units)."""
        z, v = ops.split(ops.matmul(inputs, self.kernel) + self.bias, 2, -1)
        return ops.sigmoid(z), self.activation(v)

    def call(self, inputs, mask=None):
        """Return the states; a masked step keeps the state."""
        z, v = self.gate_and_value(inputs)
        if mask is not None:
            z = z * ops.cast(ops.expand_dims(mask, -1), z.dtype)
        h = scan_linear(1 - z, z * v, method=self.method)
        return h if self.return_sequences else h[:, -1]

    def compute_mask(self, inputs, mask=None):
        """Pass the mask on with sequences only."""
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        """Return the shape of the states, or of the last one."""
        _check_rank("MinGRU", input_shape, known_length=True)
        return _output_shape(input_shape, self.units, self.return_sequences)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "return_sequences": self.return_sequences,
            "method": self.method,
        }


# -- the carry-lookahead network --------------------------------------------


def receptive_field(kernel: int, levels: int, convs: int = 1) -> int:
    """Return how many inputs one output of `CarryLookahead` sees.

    Parameters
    ----------
    kernel : int
        Taps of each convolution.
    levels : int
        Levels, with dilations 1, 2, 4, ...
    convs : int
        Convolutions a level.

    Returns
    -------
    int
        1 + convs (kernel - 1) (2**levels - 1), the present step included.

    Raises
    ------
    ValueError
        If an argument is not a positive integer.
    """
    for name, value in (
        ("kernel", kernel),
        ("levels", levels),
        ("convs", convs),
    ):
        _positive("receptive_field", name, value)
    return 1 + convs * (kernel - 1) * (2**levels - 1)


def levels_for(length: int, kernel: int = 2, convs: int = 1) -> int:
    """Return the fewest levels whose receptive field covers `length` steps.

    Raises
    ------
    ValueError
        If `kernel` is 1 (it never sees more than the present step), or an
        argument is not positive.
    """
    _positive("levels_for", "length", length)
    if kernel < 2:
        raise ValueError(
            f"levels_for needs kernel >= 2, got {kernel}: with one tap no "
            "level looks back. Use kernel=2."
        )
    levels = 1
    while receptive_field(kernel, levels, convs) < length:
        levels += 1
    return levels


@keras.saving.register_keras_serializable(package="topoi")
class CarryLookahead(keras.layers.Layer):
    """Dilated causal convolutions: (batch, time, n) -> (batch, time, filters).

    Level i looks 2**i steps back, so the output at t depends on the last R
    inputs, R = `receptive_field(kernel, levels, convs)`. With
    ``shift=True`` it is delayed by one step and depends on x_{t-1} and
    earlier only, as the carry *into* a position does.

    Parameters
    ----------
    filters : int
        Width of every level.
    levels, kernel, convs : int
        Levels; taps of a convolution; convolutions a level.
    residual : bool
        Add the input of a level to its output (through a 1 x 1 convolution
        where widths differ). The published network has no such shortcut.
    shift : bool
        Delay the output by one step. The published code does not.
    dropout : float
        Rate after each convolution.
    padding : str
        Only "causal": any other padding would let the future leak in.

    Raises
    ------
    ValueError
        If a number is not positive, the padding is not causal, or the input
        is not of rank 3.

    Notes
    -----
    Convolutions know no mask; here masked steps are set to zero before each
    of them, so that sequences padded at the *front* give what they would
    give without padding. Source: Jiang et al. (2021) and their code.
    """

    def __init__(
        self,
        filters: int,
        levels: int,
        kernel: int = 2,
        convs: int = 1,
        residual: bool = False,
        shift: bool = True,
        dropout: float = 0.0,
        padding: str = "causal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if padding != "causal":
            raise ValueError(
                "CarryLookahead needs padding='causal', got "
                f"{padding!r}: other padding shows the network its future. "
                "For a network that may look ahead use keras.layers.Conv1D."
            )
        self.filters = _positive("CarryLookahead", "filters", filters)
        self.levels = _positive("CarryLookahead", "levels", levels)
        self.kernel = _positive("CarryLookahead", "kernel", kernel)
        self.convs = _positive("CarryLookahead", "convs", convs)
        self.residual, self.shift = residual, shift
        self.dropout, self.padding = dropout, padding
        self.supports_masking = True

    @property
    def reach(self) -> int:
        """The oldest input that still counts is x_{t - reach + 1}."""
        field = receptive_field(self.kernel, self.levels, self.convs)
        return field + int(self.shift)

    def build(self, input_shape):
        """Create the convolutions, level by level."""
        _check_rank("CarryLookahead", input_shape)
        self.convolutions = [
            self._convolution(2 ** (n // self.convs), n, input_shape)
            for n in range(self.levels * self.convs)
        ]
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        self.shortcut = None
        if self.residual and input_shape[-1] != self.filters:
            self.shortcut = keras.layers.Dense(
                self.filters, name="shortcut", dtype=self.dtype_policy
            )
            self.shortcut.build(input_shape)

    def _convolution(self, dilation: int, n: int, input_shape: tuple):
        layer = keras.layers.Conv1D(
            self.filters,
            self.kernel,
            padding=self.padding,
            dilation_rate=dilation,
            activation="relu",
            name=f"conv_{n}",
            dtype=self.dtype_policy,
        )
        channels = input_shape[-1] if n == 0 else self.filters
        layer.build((*input_shape[:-1], channels))
        return layer

    def call(self, inputs, mask=None, training=None):
        """Return the lookahead estimate y_t of every step."""
        keep = None
        if mask is not None:
            keep = ops.cast(ops.expand_dims(mask, -1), self.compute_dtype)
        y = inputs
        for start in range(0, len(self.convolutions), self.convs):
            level = y
            for convolution in self.convolutions[start : start + self.convs]:
                y = convolution(y if keep is None else y * keep)
                y = self.drop(y, training=training)
            if self.residual:
                first = start == 0 and self.shortcut is not None
                y = y + (self.shortcut(level) if first else level)
        if not self.shift:
            return y
        y = y if keep is None else y * keep
        return ops.pad(y[:, :-1], [[0, 0], [1, 0], [0, 0]])

    def compute_output_shape(self, input_shape):
        """Return (batch, time, filters)."""
        _check_rank("CarryLookahead", input_shape)
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        """Return the constructor's arguments."""
        names = (
            "filters",
            "levels",
            "kernel",
            "convs",
            "residual",
            "shift",
            "dropout",
            "padding",
        )
        config = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="topoi")
class CarryLookaheadRNN(keras.layers.Layer):
    """A cell fed by a lookahead: (batch, time, n) -> (batch, time, units).

    h_t = tanh(x_t W + b + y_t U + c) for all t at once, where y comes from
    `CarryLookahead` and takes the place of h_{t-1}. Nothing is carried from
    step to step: memory ends where the receptive field ends.

    Parameters
    ----------
    units : int
        Width of the state and of the lookahead.
    levels, kernel, convs, residual, shift, dropout
        As in `CarryLookahead`. ``shift=True``, the default, is the causal
        analogue of a carry; ``shift=False``, with one convolution a level
        and no shortcut, is the published network.
    return_sequences : bool
        All states, or the last one of shape (batch, units).

    Raises
    ------
    ValueError
        As `CarryLookahead`.

    Notes
    -----
    Source: Jiang et al. (2021), arXiv:2106.12901, and the authors' code.
    """

    def __init__(
        self,
        units: int,
        levels: int,
        kernel: int = 2,
        convs: int = 1,
        residual: bool = False,
        shift: bool = True,
        dropout: float = 0.0,
        return_sequences: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = _positive("CarryLookaheadRNN", "units", units)
        self.return_sequences = return_sequences
        self.supports_masking = True
        self.lookahead = CarryLookahead(
            units,
            levels,
            kernel,
            convs,
            residual=residual,
            shift=shift,
            dropout=dropout,
            name="lookahead",
            dtype=self.dtype_policy,
        )
        self.from_input = keras.layers.Dense(
            units, name="from_input", dtype=self.dtype_policy
        )
        self.from_lookahead = keras.layers.Dense(
            units, name="from_lookahead", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        """Create lookahead and cell."""
        _check_rank("CarryLookaheadRNN", input_shape)
        self.lookahead.build(input_shape)
        self.from_input.build(input_shape)
        self.from_lookahead.build((*input_shape[:-1], self.units))

    def call(self, inputs, mask=None, training=None):
        """Return the states of all steps, or of the last one."""
        y = self.lookahead(inputs, mask=mask, training=training)
        h = ops.tanh(self.from_input(inputs) + self.from_lookahead(y))
        return h if self.return_sequences else h[:, -1]

    def compute_mask(self, inputs, mask=None):
        """Pass the mask on with sequences only."""
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        """Return the shape of the states, or of the last one."""
        _check_rank("CarryLookaheadRNN", input_shape)
        return _output_shape(input_shape, self.units, self.return_sequences)

    def get_config(self):
        """Return the constructor's arguments."""
        inner = self.lookahead.get_config()
        names = ("levels", "kernel", "convs", "residual", "shift", "dropout")
        return {
            **super().get_config(),
            "units": self.units,
            **{name: inner[name] for name in names},
            "return_sequences": self.return_sequences,
        }


def dependence(function: Callable, x: np.ndarray) -> np.ndarray:
    """Return which outputs move when one step of the input is changed.

    Parameters
    ----------
    function : callable
        Maps (batch, time, n) to (batch, time, m).
    x : ndarray of float32, shape (time, n)
        One sequence; each of its steps is increased by 1 in turn.

    Returns
    -------
    ndarray of bool, shape (time, time)
        Entry (t, s): does the output at t depend on the input at s?

    Notes
    -----
    Two calls with `time` sequences each, which differ in one step a row. The
    comparison is exact: an output that does not read the step is computed
    from the same numbers at the same place of the batch.
    """
    length = len(x)
    batch = np.repeat(x[np.newaxis], length, axis=0)
    before = ops.convert_to_numpy(function(batch))
    steps = np.arange(length)
    batch[steps, steps] += 1
    after = ops.convert_to_numpy(function(batch))
    return (after != before).any(axis=-1).T


def _positive(where: str, name: str, value: int) -> int:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(
            f"{where} needs a positive integer {name}, got {value!r}."
        )
    return int(value)


def _check_rank(
    layer: str, shape: Sequence, known_length: bool = False
) -> None:
    if len(shape) != 3:
        raise ValueError(
            f"{layer} needs sequences of shape (batch, time, features), got "
            f"shape {tuple(shape)}. One feature? Add an axis: "
            "keras.layers.Reshape((length, 1))."
        )
    if shape[1] == 0 or (known_length and shape[1] is None):
        raise ValueError(
            f"{layer} needs {'a known length of ' if known_length else ''}at "
            f"least one step, got shape {tuple(shape)}. Give the time length "
            "to the model: keras.Input((length, features))."
        )


def _output_shape(shape: Sequence, units: int, sequences: bool) -> tuple:
    return (*shape[:-1], units) if sequences else (shape[0], units)


# -- forecasting ------------------------------------------------------------


def windows(
    series: np.ndarray, past: int, horizon: int = 1, target: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into inputs and the value that lies `horizon` ahead.

    Parameters
    ----------
    series : ndarray, shape (length, channels)
        Finite values, oldest first.
    past : int
        Steps of each input.
    horizon : int
        Steps from the last input to the target; 1 is the next step.
    target : int
        The channel to predict.

    Returns
    -------
    x : ndarray, shape (n, past, channels)
        x[i] = series[i : i + past], with n = length - past - horizon + 1.
        A view: it takes no memory of its own.
    y : ndarray, shape (n,)
        y[i] = series[i + past - 1 + horizon, target].

    Raises
    ------
    ValueError
        If `series` is not of rank 2, not finite, or too short.
    """
    series = np.asarray(series)
    past = _positive("windows", "past", past)
    horizon = _positive("windows", "horizon", horizon)
    if series.ndim != 2:
        raise ValueError(
            "windows needs a series of shape (length, channels), got "
            f"{series.shape}. One channel? Write series[:, np.newaxis]."
        )
    count = len(series) - past - horizon + 1
    if count < 1:
        raise ValueError(
            f"A series of {len(series)} steps has no window of {past} steps "
            f"with a target {horizon} ahead: it needs {past + horizon}."
        )
    check_sequences(series[np.newaxis])
    x = sliding_window_view(series, past, axis=0)[:count]
    y = series[past - 1 + horizon :, target]
    return x.swapaxes(1, 2), y


def time_split(count: int, test: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return indices of training and test windows, the test ones last.

    Every training target is older than every test target. The inputs of the
    first test windows reach back into the training period, as they would in
    use: the past is known.

    Parameters
    ----------
    count : int
        Number of windows.
    test : float
        Share of them to test on.

    Returns
    -------
    train, test : ndarray of int
        In order of time.

    Raises
    ------
    ValueError
        If `test` is not between 0 and 1, or one part would be empty.
    """
    first = count - round(count * test)
    if not 0 < test < 1 or not 0 < first < count:
        raise ValueError(
            "time_split needs a share between 0 and 1 that leaves windows "
            f"on both sides, got test={test} of {count} windows."
        )
    return np.arange(first), np.arange(first, count)


def persistence(x: np.ndarray, target: int = 0) -> np.ndarray:
    """Return the last seen value of each window, shape (n,)."""
    return x[:, -1, target]


def seasonal_naive(
    x: np.ndarray, period: int, horizon: int = 1, target: int = 0
) -> np.ndarray:
    """Return the value one period before the target, shape (n,).

    Raises
    ------
    ValueError
        If that value lies outside the window.
    """
    index = x.shape[1] - 1 + horizon - period
    if not 0 <= index < x.shape[1]:
        raise ValueError(
            f"A window of {x.shape[1]} steps does not hold the value "
            f"{period} steps before a target {horizon} ahead: use "
            f"{horizon} <= period <= {x.shape[1] - 1 + horizon}."
        )
    return x[:, index, target]


def ridge_forecast(
    x: np.ndarray, y: np.ndarray, x_test: np.ndarray, strength: float = 1.0
) -> np.ndarray:
    """Return the forecast of a ridge regression on all values of a window.

    Parameters
    ----------
    x, y : ndarray, shapes (n, past, channels) and (n,)
        Training windows and targets.
    x_test : ndarray, shape (k, past, channels)
        Windows to predict from.
    strength : float
        Weight of the squared coefficients.

    Returns
    -------
    ndarray, shape (k,)
    """
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=strength)
    model.fit(x.reshape(len(x), -1), y)
    return model.predict(x_test.reshape(len(x_test), -1))
