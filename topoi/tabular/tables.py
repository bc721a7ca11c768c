"""The shipped tables as columns, with what is to be predicted."""

from typing import NamedTuple

import numpy as np

from topoi import data
from topoi.tabular.encoding import Table, TableEncoder
from topoi.tabular.groups import duplicate_groups

CREDIT_NUMBERS = (
    "seniority",
    "time",
    "age",
    "expenses",
    "income",
    "assets",
    "debt",
    "amount",
    "price",
)
CREDIT_WORDS = ("home", "marital", "records", "job")
GRADINGS = ("cut", "color", "clarity")


class TableData(NamedTuple):
    """A table and its target, row by row."""

    columns: dict[str, np.ndarray]
    y: np.ndarray


def rows_of(table: Table, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return some rows of all columns."""
    return {name: column[rows] for name, column in table.items()}


def credit_table() -> TableData:
    """Return 4,454 applicants and whether the loan went bad; NaN: missing."""
    found = data.load("credit")
    columns = {}
    for name in CREDIT_NUMBERS:
        column = getattr(found, name).astype(float)
        columns[name] = np.where(column < 0, np.nan, column)
    columns |= {name: getattr(found, name) for name in CREDIT_WORDS}
    return TableData(columns, found.bad.astype(int))


def credit_encoder(indicators: bool = True) -> TableEncoder:
    """Return an encoder for `credit_table`, not fitted."""
    logs = ("income", "assets", "debt", "price", "amount")
    return TableEncoder(CREDIT_NUMBERS, CREDIT_WORDS, logs, indicators)


def diamonds_table() -> TableData:
    """Return 21,576 diamonds and the logarithm of their prices.

    Numbers in carat, per cent and millimetres, impossible lengths (0, or
    above 20 mm) as NaN; gradings as codes, 0 the worst.
    """
    found = data.load("diamonds")
    columns = {
        name: getattr(found, name) / 100.0
        for name in ("carat", "depth", "table", "x", "y", "z")
    }
    for name in ("x", "y", "z"):
        wrong = (columns[name] == 0) | (columns[name] > 20)
        columns[name] = np.where(wrong, np.nan, columns[name])
    columns |= {name: getattr(found, name).astype(int) for name in GRADINGS}
    return TableData(columns, np.log(found.price.astype(float)))


class Mixtures(NamedTuple):
    """Concrete as arrays, with the number of each row's mixture."""

    x: np.ndarray  # (1030, 8): seven ingredients, log of the age in days
    y: np.ndarray  # (1030,) strength in megapascal
    mixture: np.ndarray  # (1030,) whole numbers


def concrete_mixtures() -> Mixtures:
    """Return 1,030 tested cylinders of 427 mixtures."""
    found = data.load("concrete")
    x = np.stack(found[:8], axis=1).astype(float)  # (1030, 8)
    mixture = duplicate_groups(x[:, :7])
    x[:, 7] = np.log(x[:, 7])
    return Mixtures(x, found.strength.astype(float), mixture)


def phishing_pages() -> tuple[np.ndarray, np.ndarray]:
    """Return nine properties of 1,250 pages (0, 1/2 or 1), and labels."""
    found = data.load("phishing")
    x = np.stack(found[:9], axis=1) / 2  # (1250, 9)
    return x, found.is_phishing.astype(int)
