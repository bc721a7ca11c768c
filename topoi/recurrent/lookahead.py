"""The carry-lookahead network: dilated causal convolutions and a cell."""

import keras
from keras import ops

from topoi.recurrent.checks import check_rank, output_shape, positive
from topoi.recurrent.masks import last_step, zero_masked


def causal_field(kernel: int, levels: int, convs: int = 1) -> int:
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
        positive("causal_field", name, value)
    return 1 + convs * (kernel - 1) * (2**levels - 1)


def levels_for(length: int, kernel: int = 2, convs: int = 1) -> int:
    """Return the fewest levels whose receptive field covers `length` steps.

    Raises
    ------
    ValueError
        If `kernel` is 1 (it never sees more than the present step), or an
        argument is not positive.
    """
    positive("levels_for", "length", length)
    if kernel < 2:
        raise ValueError(
            f"levels_for needs kernel >= 2, got {kernel}: with one tap no "
            "level looks back. Use kernel=2."
        )
    levels = 1
    while causal_field(kernel, levels, convs) < length:
        levels += 1
    return levels


@keras.saving.register_keras_serializable(package="topoi")
class CarryLookahead(keras.layers.Layer):
    """Dilated causal convolutions: (batch, time, n) -> (batch, time, filters).

    Level i looks 2**i steps back, so the output at t depends on the last R
    inputs, R = `causal_field(kernel, levels, convs)`. With
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
    give without padding. Padding at the end changes nothing before it.
    Source: Jiang et al. (2021) and their code.
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
        self.filters = positive("CarryLookahead", "filters", filters)
        self.levels = positive("CarryLookahead", "levels", levels)
        self.kernel = positive("CarryLookahead", "kernel", kernel)
        self.convs = positive("CarryLookahead", "convs", convs)
        self.residual, self.shift = residual, shift
        self.dropout, self.padding = dropout, padding
        self.supports_masking = True

    @property
    def reach(self) -> int:
        """The oldest input that still counts is x_{t - reach + 1}."""
        field = causal_field(self.kernel, self.levels, self.convs)
        return field + int(self.shift)

    def build(self, input_shape):
        """Create the convolutions, level by level."""
        check_rank("CarryLookahead", input_shape)
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
        # (batch, time, n), and from the first convolution on filters wide
        y = zero_masked(inputs, mask)
        for start in range(0, len(self.convolutions), self.convs):
            level = y
            for convolution in self.convolutions[start : start + self.convs]:
                y = convolution(zero_masked(y, mask))
                y = self.drop(y, training=training)
            if self.residual:
                first = start == 0 and self.shortcut is not None
                y = y + (self.shortcut(level) if first else level)
        if not self.shift:
            return y
        # y_t moves to t + 1, and a zero to the first step
        y = zero_masked(y, mask)[:, :-1]
        return ops.pad(y, [[0, 0], [1, 0], [0, 0]])

    def compute_output_shape(self, input_shape):
        """Return (batch, time, filters)."""
        check_rank("CarryLookahead", input_shape)
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
        All states, or the last one of shape (batch, units): with a mask,
        that of the last step which is not masked, and zero for a sequence
        without any.

    Raises
    ------
    ValueError
        As `CarryLookahead`.

    Notes
    -----
    An infinite input may leave finite states, since tanh is bounded.
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
        self.units = positive("CarryLookaheadRNN", "units", units)
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
        check_rank("CarryLookaheadRNN", input_shape)
        self.lookahead.build(input_shape)
        self.from_input.build(input_shape)
        self.from_lookahead.build((*input_shape[:-1], self.units))

    def call(self, inputs, mask=None, training=None):
        """Return the states of all steps, or of the last one."""
        inputs = zero_masked(inputs, mask)
        y = self.lookahead(inputs, mask=mask, training=training)
        # every step at once: (batch, time, units)
        h = self.from_input(inputs) + self.from_lookahead(y)
        # Keras' tanh turns float64 into float32 on JAX and PyTorch
        h = ops.cast(ops.tanh(h), self.compute_dtype)
        return h if self.return_sequences else last_step(h, mask)

    def compute_mask(self, inputs, mask=None):
        """Pass the mask on with sequences only."""
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        """Return the shape of the states, or of the last one."""
        check_rank("CarryLookaheadRNN", input_shape)
        return output_shape(input_shape, self.units, self.return_sequences)

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
