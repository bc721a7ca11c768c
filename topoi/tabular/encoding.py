"""Rows of a table as vectors: columns of numbers, columns of words."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

Table = Mapping[str, np.ndarray]


class TableEncoder:
    """Turn the columns of a table into one array; learn from training rows.

    A column of numbers becomes one feature: its logarithm where asked for,
    missing cells filled by the median, then standardised. Where cells were
    missing among the rows of `fit`, a second feature says so by 0 or 1. A
    column of words becomes one feature per word, 1 in its rows, else 0.

    Parameters
    ----------
    numbers : sequence of str
        Names of columns of numbers; NaN is a missing cell.
    words : sequence of str
        Names of columns of text or codes; every value is a word of its own,
        "" too.
    logs : sequence of str
        Which numbers x become log(1 + x) first; they may not be negative.
    indicators : bool
        Whether missing cells get features of their own.
    """

    def __init__(
        self,
        numbers: Sequence[str] = (),
        words: Sequence[str] = (),
        logs: Sequence[str] = (),
        indicators: bool = True,
    ):
        unknown = set(logs) - set(numbers)
        if unknown:
            raise ValueError(f"{sorted(unknown)} are logs, but not numbers.")
        self.numbers, self.words = tuple(numbers), tuple(words)
        self.logs, self.indicators = frozenset(logs), indicators
        self.fitted = False

    def fit(self, table: Table) -> "TableEncoder":
        """Learn medians, means, deviations and words from training rows."""
        self.median, self.mean, self.deviation = {}, {}, {}
        self.incomplete, self.levels = [], {}
        for name in self.numbers:
            column = self._number(table, name)
            present = column[~np.isnan(column)]
            if not present.size:
                raise ValueError(f"The column {name!r} has no number at all.")
            if self.indicators and present.size < column.size:
                self.incomplete.append(name)
            self.median[name] = np.median(present)
            filled = np.where(np.isnan(column), self.median[name], column)
            self.mean[name] = filled.mean()
            self.deviation[name] = filled.std() or 1.0
        for name in self.words:
            self.levels[name] = np.unique(self._column(table, name))
        self.fitted = True
        return self

    def transform(self, table: Table) -> np.ndarray:
        """Return the features of rows, shape (rows, features) float32.

        A word that `fit` has not seen has 0 in all features of its column.

        Raises
        ------
        ValueError
            If the encoder was not fitted, or a column is missing.
        """
        if not self.fitted:
            raise ValueError("Call fit with the training rows first.")
        features = []
        for name in self.numbers:
            column = self._number(table, name)
            filled = np.where(np.isnan(column), self.median[name], column)
            features.append((filled - self.mean[name]) / self.deviation[name])
        for name in self.incomplete:
            features.append(np.isnan(self._number(table, name)))
        for name in self.words:
            column = self._column(table, name)
            features += [column == level for level in self.levels[name]]
        return np.stack(features, axis=1).astype("float32")  # (rows, features)

    @property
    def names(self) -> list[str]:
        """What each feature is called."""
        return [
            *self.numbers,
            *(f"{name} missing" for name in self.incomplete),
            *(
                f"{n} = {level}"
                for n in self.words
                for level in self.levels[n]
            ),
        ]

    def _column(self, table: Table, name: str) -> np.ndarray:
        if name not in table:
            raise ValueError(
                f"The table has no column {name!r}; it has {sorted(table)}."
            )
        return np.asarray(table[name])

    def _number(self, table: Table, name: str) -> np.ndarray:
        column = self._column(table, name).astype(float)
        if name not in self.logs:
            return column
        if (column < 0).any():
            raise ValueError(f"{name!r} has negative numbers: no logarithm.")
        return np.log1p(column)


def target_encode(
    levels: np.ndarray, y: np.ndarray, prior: float = 1.0
) -> dict:
    """Return for each word the mean of y over its rows, drawn to the mean.

    A word with n rows gets (sum of y + prior * mean of all y) / (n + prior).

    Parameters
    ----------
    levels, y : ndarray
        Words and targets of the training rows, shape (n,).
    prior : float
        How many rows of average target are added to each word.
    """
    levels, y = np.asarray(levels), np.asarray(y, float)
    if levels.shape != y.shape or not y.size:
        raise ValueError(
            f"levels and y need one shape (n,), n > 0, but have "
            f"{levels.shape} and {y.shape}."
        )
    found, places = np.unique(levels, return_inverse=True)
    sums, counts = np.bincount(places, y), np.bincount(places)
    values = (sums + prior * y.mean()) / (counts + prior)
    return dict(zip(found.tolist(), values.tolist(), strict=True))


def encode_by(
    levels: np.ndarray, encoding: Mapping, default: float
) -> np.ndarray:
    """Return the number of each word; `default` for a word it lacks."""
    return np.array([encoding.get(w, default) for w in levels.tolist()])


def out_of_fold_target(
    levels: np.ndarray,
    y: np.ndarray,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    prior: float = 1.0,
) -> np.ndarray:
    """Return target encodings in which no row has seen its own target.

    Parameters
    ----------
    levels, y : ndarray
        Words and targets, shape (n,).
    folds : iterable of (train, test)
        Indices as scikit-learn's splitters give them; each row is in one
        test part.
    """
    codes = np.full(len(y), np.nan)
    for train, test in folds:
        encoding = target_encode(levels[train], y[train], prior)
        codes[test] = encode_by(levels[test], encoding, y[train].mean())
    if np.isnan(codes).any():
        raise ValueError("Some rows are in no test part of the folds.")
    return codes
