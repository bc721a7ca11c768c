"""Four ways to let the test part into the training, each on pure noise."""

import numpy as np
from scipy.special import expit
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from topoi.tabular.encoding import (
    encode_by,
    out_of_fold_target,
    target_encode,
)
from topoi.tabular.ranking import auc


def best_columns(x: np.ndarray, y: np.ndarray, kept: int) -> np.ndarray:
    """Return the columns that correlate most with y, by absolute value."""
    centred = x - x.mean(axis=0)  # (rows, columns)
    covariance = (y - y.mean()) @ centred  # (columns,)
    correlation = np.abs(covariance) / np.linalg.norm(centred, axis=0)
    return np.argsort(-correlation)[:kept]


def selection_error(
    seed: int,
    inside: bool,
    rows: int = 50,
    columns: int = 5000,
    kept: int = 100,
) -> float:
    """Return the cross-validated error of a classifier of pure noise.

    Half of the rows have the label 1; no column knows it, so every rule is
    wrong half of the time on new rows. The best `kept` columns are chosen
    from all rows, or `inside` each of five folds from its training rows;
    then the nearest neighbour decides. The setting of Hastie, Tibshirani
    and Friedman (2009), section 7.10.2.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    y = np.arange(rows) % 2
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    everywhere = best_columns(x, y, kept)
    wrong = 0
    for train, test in folds.split(x, y):
        chosen = best_columns(x[train], y[train], kept)
        use = chosen if inside else everywhere
        model = KNeighborsClassifier(1).fit(x[train][:, use], y[train])
        wrong += np.sum(model.predict(x[test][:, use]) != y[test])
    return float(wrong / rows)


def target_leak_auc(
    seed: int, inside: bool, rows: int = 1000, levels: int = 300
) -> float:
    """Return the area of a score made of words that mean nothing.

    Each row has one of `levels` random words and a random label. The score
    is the word's target encoding, made of all rows, or `inside` each of
    five folds of its training rows.
    """
    rng = np.random.default_rng(seed)
    words = rng.integers(levels, size=rows)
    y = rng.integers(2, size=rows)
    if not inside:
        return auc(y, encode_by(words, target_encode(words, y), 0.5))
    folds = list(KFold(5, shuffle=True, random_state=seed).split(words))
    codes = out_of_fold_target(words, y, folds)
    return float(np.mean([auc(y[test], codes[test]) for _, test in folds]))


def scaling_gap(
    x: np.ndarray, y: np.ndarray, seed: int, neighbours: int = 5
) -> dict[str, float]:
    """Return accuracies of nearest neighbours with the scaler in 3 places.

    "none", "all rows" (fitted on everything) and "inside" (in each fold).
    """
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    right = {"none": 0, "all rows": 0, "inside": 0}
    for train, test in folds.split(x, y):
        inner = x[train].mean(axis=0), x[train].std(axis=0)
        places = {"none": (0, 1), "all rows": (mean, deviation)}
        for name, (m, s) in (places | {"inside": inner}).items():
            model = KNeighborsClassifier(neighbours)
            model.fit((x[train] - m) / s, y[train])
            right[name] += np.sum(model.predict((x[test] - m) / s) == y[test])
    return {name: float(count / len(y)) for name, count in right.items()}


def epoch_accuracies(
    rng: np.random.Generator,
    repetitions: int = 200,
    columns: int = 40,
    steps: int = 200,
) -> dict[str, np.ndarray]:
    """Return test accuracies on noise at three choices of the epoch.

    Logistic regression by gradient descent from random weights, on 60
    training, 30 validation and 30 test rows of noise. The epoch is the one
    that is "best on test", "best on validation", or the "last".

    Returns
    -------
    dict
        Arrays of shape (repetitions,).
    """
    x = rng.normal(size=(repetitions, 120, columns))
    y = rng.integers(2, size=(repetitions, 120))
    w = rng.normal(size=(repetitions, columns)) / np.sqrt(columns)
    right = np.empty((steps, repetitions, 120), bool)
    for step in range(steps):
        z = np.einsum("rnc,rc->rn", x, w)  # (repetitions, rows)
        right[step] = (z > 0) == y
        slope = expit(z[:, :60]) - y[:, :60]
        w = w - 0.5 * np.einsum("rn,rnc->rc", slope, x[:, :60]) / 60
    valid = right[:, :, 60:90].mean(axis=2)  # (steps, repetitions)
    test = right[:, :, 90:].mean(axis=2)  # (steps, repetitions)
    chosen = np.argmax(valid, axis=0)
    return {
        "best on test": test.max(axis=0),
        "best on validation": test[chosen, np.arange(repetitions)],
        "last": test[-1],
    }
