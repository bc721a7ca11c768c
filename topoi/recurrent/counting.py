"""Counting: how many weights each recurrent layer holds."""


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
