"""Forecasting: windows of a series, an honest split, baselines."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from topoi.recurrent.checks import check_sequences, positive


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
    past = positive("windows", "past", past)
    horizon = positive("windows", "horizon", horizon)
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
