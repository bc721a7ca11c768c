"""Logical cells: units whose saturation excludes an answer.

The task and the reading follow Logical Information Cells I (Belfiore,
Bennequin, Giraud, arXiv 2108.04751) in spirit.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

CLASSES = ("disjoint", "overlapping", "one inside the other")


def bars(
    pixels: int = 16, shortest: int = 2, longest: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of bars on two lines of pixels.

    Returns
    -------
    x : float array (pairs, 2 * pixels)
        Pixels are +1 on a bar and -1 elsewhere.
    labels : int array (pairs,)
        0 if the bars share no pixel, 2 if one lies inside the other (or
        they are equal), else 1.
    """
    places = [
        (start, start + length)
        for length in range(shortest, longest + 1)
        for start in range(pixels - length + 1)
    ]
    rows, labels = [], []
    for (a, b), (c, d) in product(places, repeat=2):
        row = -np.ones((2, pixels))
        row[0, a:b] = row[1, c:d] = 1
        rows.append(row.ravel())  # (2 * pixels,)
        inside = (a <= c and d <= b) or (c <= a and b <= d)
        apart = b <= c or d <= a
        labels.append(0 if apart else 2 if inside else 1)
    return np.array(rows), np.array(labels)


class Score(NamedTuple):
    """What the cells of a layer say.

    Attributes
    ----------
    content : float
        Mean share of the classes that a layer excludes.
    decide : float
        Share of the inputs for which all wrong classes are excluded.
    cells : int
        Number of (unit, bin) that exclude a class.
    """

    content: float
    decide: float
    cells: int


def cell_score(
    activity: np.ndarray,
    labels: np.ndarray,
    edges: tuple[float, ...] = (-1 / 3, 1 / 3),
    tol: float = 0.002,
    min_share: float = 0.02,
) -> Score:
    """Read the units of a layer as propositions about the class.

    Parameters
    ----------
    activity : array (inputs, units)
        Values of tanh units.
    labels : int array (inputs,)
    edges : tuple of float
        Where the range of a unit is cut into bins.
    tol : float
        A bin excludes a class if at most this share of the class is in it.
    min_share : float
        A bin with a smaller share of all inputs is left out.
    """
    activity, labels = np.asarray(activity), np.asarray(labels)
    if activity.ndim != 2 or len(activity) != len(labels):
        raise ValueError(
            "activity needs shape (inputs, units) with one label per input, "
            f"got {activity.shape} and {labels.shape}."
        )
    classes = np.arange(labels.max() + 1)
    of_class = labels[:, None] == classes  # (inputs, classes)
    excluded = np.zeros_like(of_class)
    cells = 0
    for unit in np.digitize(activity, edges).T:  # (inputs,)
        for value in range(len(edges) + 1):
            inside = unit == value
            if inside.mean() < min_share:
                continue
            share = of_class[inside].sum(0) / of_class.sum(0)
            rules_out = share <= tol  # (classes,)
            cells += bool(rules_out.any())
            excluded[inside] |= rules_out
    wrong = excluded | of_class
    return Score(float(excluded.mean()), float(wrong.all(1).mean()), cells)


def train_bars(
    depth: int,
    seed: int,
    x: np.ndarray,
    labels: np.ndarray,
    epochs: int = 250,
    width: int = 16,
):
    """Train a tanh network of some hidden layers on the bars.

    Returns
    -------
    network : sklearn MLPClassifier
    activities : list of arrays (inputs, width)
        The values of each hidden layer.
    """
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(
        (width,) * depth,
        activation="tanh",
        solver="adam",
        learning_rate_init=3e-3,
        batch_size=128,
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=seed,
    )
    _fit_quietly(network, x, labels)
    activities, h = [], x
    for w, b in zip(
        network.coefs_[:-1], network.intercepts_[:-1], strict=True
    ):
        h = np.tanh(h @ w + b)
        activities.append(h)
    return network, activities


def _fit_quietly(network, x, labels) -> None:
    """Fit for the given number of epochs; reaching it is no warning."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(x, labels)
