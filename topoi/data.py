"""The shipped data sets, checked and offline.

``load(name)`` reads one ``.npz`` file of the folder ``datasets/``, compares
it with the hash recorded in ``datasets/checksums.json``, and returns a named
tuple of fresh NumPy arrays. No function here opens a socket or a pickle. Each
set has a card, ``datasets/<name>.md``: origin, licence, traps, baselines.
"""

import difflib
import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from topoi import runtime

FOLDER_VARIABLE = "TOPOI_DATA"


class DataError(Exception):
    """A data file is missing, damaged, or not the recorded one."""


class Images(NamedTuple):
    """Grey pictures of 28 x 28 pixels, 0 (paper) to 255 (ink).

    Pixels stay uint8 as shipped: divide a batch by 255 where it is used.
    """

    x_train: np.ndarray  # (n_train, 28, 28) uint8
    y_train: np.ndarray  # (n_train,) uint8, the digit
    x_test: np.ndarray  # (10000, 28, 28) uint8
    y_test: np.ndarray  # (10000,) uint8


class Signals(NamedTuple):
    """Short one-dimensional signals with a class each."""

    x_train: np.ndarray  # (4000, 40) float32
    y_train: np.ndarray  # (4000,) uint8
    x_test: np.ndarray  # (1000, 40) float32
    y_test: np.ndarray  # (1000,) uint8


class Demand(NamedTuple):
    """Half-hourly electricity demand; the fields are the columns."""

    demand: np.ndarray  # (17520,) float32, gigawatt
    temperature: np.ndarray  # (17520,) float32, degrees Celsius
    workday: np.ndarray  # (17520,) uint8, 1 on working days


class Penguins(NamedTuple):
    """One penguin a row; the fields are the columns."""

    species: np.ndarray  # (344,) text
    island: np.ndarray  # (344,) text
    bill_length_mm: np.ndarray  # (344,) float32, NaN where missing
    bill_depth_mm: np.ndarray  # (344,) float32, NaN where missing
    flipper_length_mm: np.ndarray  # (344,) float32, NaN where missing
    body_mass_g: np.ndarray  # (344,) float32, NaN where missing
    sex: np.ndarray  # (344,) text, "" where missing
    year: np.ndarray  # (344,) int16


class Concrete(NamedTuple):
    """One tested cylinder a row; ingredients in kg per cubic metre."""

    cement: np.ndarray  # (1030,) float32, like all ingredients
    slag: np.ndarray  # of blast furnaces
    ash: np.ndarray  # fly ash
    water: np.ndarray
    plasticizer: np.ndarray
    coarse: np.ndarray  # coarse aggregate
    fine: np.ndarray  # fine aggregate
    age: np.ndarray  # (1030,) int16, days
    strength: np.ndarray  # (1030,) float32, megapascal


class Credit(NamedTuple):
    """One applicant a row; -1 and "" mean that an answer is missing."""

    seniority: np.ndarray  # (4454,) int32, like all numbers; years in job
    time: np.ndarray  # months of the loan
    age: np.ndarray  # years
    expenses: np.ndarray
    income: np.ndarray
    assets: np.ndarray
    debt: np.ndarray
    amount: np.ndarray  # of the loan
    price: np.ndarray  # of the goods
    home: np.ndarray  # (4454,) text, like the next three
    marital: np.ndarray
    records: np.ndarray  # "yes" if earlier trouble is on record
    job: np.ndarray
    bad: np.ndarray  # (4454,) uint8, 1 if the loan was not paid back


class Diamonds(NamedTuple):
    """One diamond a row; lengths and shares in hundredths as shipped."""

    price: np.ndarray  # (21576,) uint16, US dollars
    carat: np.ndarray  # (21576,) uint16, hundredths of a carat
    depth: np.ndarray  # hundredths of a per cent
    table: np.ndarray  # hundredths of a per cent
    x: np.ndarray  # hundredths of a millimetre
    y: np.ndarray
    z: np.ndarray
    cut: np.ndarray  # (21576,) uint8, 0 Fair to 4 Ideal
    color: np.ndarray  # uint8, 0 J (worst) to 6 D
    clarity: np.ndarray  # uint8, 0 I1 (worst) to 7 IF


class Phishing(NamedTuple):
    """One web page a row; properties 0, 1 (doubtful) or 2 as in the source."""

    empty_server_form_handler: np.ndarray  # (1250,) uint8, like all
    popup_window: np.ndarray
    https: np.ndarray
    request_from_other_domain: np.ndarray
    anchor_from_other_domain: np.ndarray
    is_popular: np.ndarray
    long_url: np.ndarray
    age_of_domain: np.ndarray
    ip_in_url: np.ndarray
    is_phishing: np.ndarray  # 1 or 0


class Shuttle(NamedTuple):
    """Readings of nine sensors, most of them of a normal state."""

    x: np.ndarray  # (49097, 9) int16
    anomaly: np.ndarray  # (49097,) uint8, 1 on 3,511 rows


class PowerDays(NamedTuple):
    """Italian electricity demand, one day a row, each day standardised."""

    x_train: np.ndarray  # (67, 24) float32
    winter_train: np.ndarray  # (67,) uint8, 1 for October to March
    x_test: np.ndarray  # (1029, 24) float32
    winter_test: np.ndarray  # (1029,) uint8


class Motions(NamedTuple):
    """Ten seconds of a smart watch, ten readings a second."""

    x_train: np.ndarray  # (40, 100, 6) float32, accelerometer, gyroscope
    y_train: np.ndarray  # (40,) uint8, index into activities
    x_test: np.ndarray  # (40, 100, 6) float32
    y_test: np.ndarray  # (40,) uint8
    activities: np.ndarray  # (4,) text


class Integrals(NamedTuple):
    """One problem of integration a row, in Python's notation."""

    suite: np.ndarray  # (n,) text, the test suite it comes from
    integrand: np.ndarray  # (n,) text, a function of x
    antiderivative: np.ndarray  # (n,) text


class Book(NamedTuple):
    """A text in ASCII: ``book.text.tobytes().decode("ascii")``."""

    text: np.ndarray  # (n,) uint8, codes of characters


class Mails(NamedTuple):
    """One mail a row, as numbers of words; 0 fills up, 1 is a rare word."""

    tokens: np.ndarray  # (n, 200) uint16, places in `words`
    spam: np.ndarray  # (n,) uint8, 1 for spam
    words: np.ndarray  # (4000,) text, the most frequent words first


class Recordings(NamedTuple):
    """Spoken words, 8000 samples per second, one after the other.

    Byte ``128 + 127 s`` stands for ``sign(s) (256 ** |s| - 1) / 255``: see
    `topoi.audio.mu_law_inverse`.
    """

    audio: np.ndarray  # (samples,) uint8, all words
    length: np.ndarray  # (words,) uint16, samples of each
    digit: np.ndarray  # (words,) uint8
    language: np.ndarray  # (words,) text
    source: np.ndarray  # (words,) text, what has spoken
    voice: np.ndarray  # (words,) text


DataSet = (
    Book
    | Concrete
    | Credit
    | Demand
    | Diamonds
    | Images
    | Integrals
    | Mails
    | Motions
    | Penguins
    | Phishing
    | PowerDays
    | Recordings
    | Shuttle
    | Signals
)


class _Entry(NamedTuple):
    file: str
    kind: type
    shipped: bool = True


CATALOGUE = {
    "basic_motions": _Entry("basic_motions.npz", Motions),
    "concrete": _Entry("concrete.npz", Concrete),
    "credit": _Entry("credit.npz", Credit),
    "diamonds": _Entry("diamonds.npz", Diamonds),
    "devils_dictionary": _Entry("devils_dictionary.npz", Book),
    "elecdemand": _Entry("elecdemand.npz", Demand),
    "italy_power": _Entry("italy_power.npz", PowerDays),
    "mnist": _Entry("mnist20k.npz", Images),
    "mnist1d": _Entry("mnist1d.npz", Signals),
    "mnist60k": _Entry("mnist60k.npz", Images, shipped=False),
    "penguins": _Entry("penguins.npz", Penguins),
    "phishing": _Entry("phishing.npz", Phishing),
    "rubi": _Entry("rubi.npz", Integrals),
    "shuttle": _Entry("shuttle.npz", Shuttle),
    "spam": _Entry("spam.npz", Mails),
    "spoken_digits": _Entry("spoken_digits.npz", Recordings),
    "spoken_people": _Entry("spoken_people.npz", Recordings),
}


def names(shipped: bool = False) -> tuple[str, ...]:
    """Return the names that `load` knows, in alphabetical order.

    With `shipped`, only the sets that every checkout holds.
    """
    known = sorted(CATALOGUE)
    return tuple(n for n in known if CATALOGUE[n].shipped or not shipped)


def folder() -> Path:
    """Return the folder that `load` reads.

    It is the environment variable ``TOPOI_DATA`` where that is set, and else
    the folder ``datasets`` beside the package.
    """
    return Path(os.environ.get(FOLDER_VARIABLE) or runtime.shipped("datasets"))


def load(name: str) -> DataSet:
    """Return one data set as a named tuple of arrays.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    named tuple
        A member of `DataSet`. Arrays as stored: dtypes, shapes and units are
        those of the tuple's definition. Every call reads the file again, so
        the arrays belong to the caller, who may write into them.

    Raises
    ------
    ValueError
        If there is no set of that name.
    DataError
        If the file is missing or its content is not the recorded one; the
        message names the file and the command that restores it.

    Notes
    -----
    The file's SHA-256 is compared first. Where it differs, the content is
    compared instead: another zlib writes other bytes for the same arrays.
    """
    entry = _entry(name)
    path = folder() / entry.file
    recorded = _recorded(name)
    raw = _read(name, path)
    arrays = _decode(name, path, raw)
    same_bytes = hashlib.sha256(raw).hexdigest() == recorded["sha256"]
    if not same_bytes and fingerprint(arrays) != recorded["content"]:
        raise DataError(
            f"{path} holds other data than recorded in checksums.json. "
            + _remedy(name)
        )
    return entry.kind(**arrays)


def fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """Return a SHA-256 over names, dtypes, shapes and values of arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The members of one npz file, in any order and of any fixed dtype.

    Returns
    -------
    str
        64 hexadecimal digits. They depend on the content alone, neither on
        the order of the members nor on how the file was compressed.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _entry(name: str) -> _Entry:
    if name in CATALOGUE:
        return CATALOGUE[name]
    near = difflib.get_close_matches(str(name), CATALOGUE, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"No data set is called {name!r}.{hint} "
        f"The sets are: {', '.join(names())}."
    )


def _recorded(name: str) -> dict[str, str]:
    """Return the recorded hashes of a set's file."""
    path = folder() / "checksums.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))[_entry(name).file]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{path} should record the hash of {_entry(name).file}, but it "
            f"cannot be read ({type(error).__name__}). "
            + _remedy(name, "checksums.json")
        ) from error


def _read(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}). " + _remedy(name)
        ) from error


def _decode(name: str, path: Path, raw: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file; refuse pickles and wrong members."""
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # which one depends on the damaged byte
        raise DataError(
            f"{path} is damaged or no npz file ({type(error).__name__}). "
            + _remedy(name)
        ) from error
    expected = _entry(name).kind._fields
    if set(arrays) != set(expected):
        raise DataError(
            f"{path} should hold the arrays {', '.join(expected)}, but holds "
            f"{', '.join(sorted(arrays)) or 'none'}. " + _remedy(name)
        )
    return arrays


def _remedy(name: str, file: str | None = None) -> str:
    """Return the command that restores a file, as a sentence."""
    entry = _entry(name)
    if os.environ.get(FOLDER_VARIABLE):
        return (
            f"The folder comes from {FOLDER_VARIABLE}: copy datasets/ there, "
            f"or run `python -m datasets.build {name} --folder {folder()}`."
        )
    if entry.shipped or file:
        command = f"git checkout -- datasets/{file or entry.file}"
        return f"Restore it with `{command}`, or `make data NAME={name}`."
    return f"It is not shipped: build it with `make data NAME={name}`."
