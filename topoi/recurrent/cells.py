"""Cells from their equations: plain, LSTM, GRU, in NumPy."""

import numpy as np
from scipy.special import expit as sigmoid

from topoi.recurrent.checks import check_sequences


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
    i, f, g, o = np.split(x @ w + h @ u + b, 4, axis=-1)  # each (batch, m)
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
    xz, xr, xh = np.split(x @ w + b[0], 3, axis=-1)  # each (batch, m)
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
    return np.stack(outputs, axis=1)  # (batch, time, m)


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
    return np.stack(outputs, axis=1)  # (batch, time, m)
