"""What ``datasets/symbolic_integration`` holds.

``shipped.npz`` contains the weights of the network trained longer and
integrals that Giac found (FWD); ``results.json`` the tables that take too
long for a notebook. ``card.md`` says where all came from.
"""

import io
import json
import os
from functools import cache
from pathlib import Path

import numpy as np

from topoi import data
from topoi.symbolic_integration.expressions import to_prefix
from topoi.symbolic_integration.generators import Pair
from topoi.symbolic_integration.parsing import parse

FOLDER = "symbolic_integration"
FILE = "shipped.npz"
RESULTS = "results.json"
WEIGHTS = "weights/"


@cache
def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        raise data.DataError(
            f"{path} is missing: restore it with `git checkout -- "
            f"datasets/{FOLDER}`."
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError) as error:
        raise data.DataError(
            f"{path} is damaged ({error}): restore it with `git checkout -- "
            f"datasets/{FOLDER}`."
        ) from None


def arrays() -> dict[str, np.ndarray]:
    """Return every array of the shipped file by name.

    Raises
    ------
    topoi.data.DataError
        If the file is missing or damaged.
    """
    return _arrays(data.folder() / FOLDER / FILE)


def _text(name: str) -> str:
    return bytes(arrays()[name]).decode()


def read_pairs(text: str) -> list[Pair]:
    """Read one ``problem|answer`` pair a line, tokens parted by spaces."""
    rows = (line.split("|") for line in text.splitlines() if line)
    return [(tuple(a.split()), tuple(b.split())) for a, b in rows]


def forward_pairs() -> list[Pair]:
    """Return the shipped pairs (integrand, antiderivative found by Giac)."""
    return read_pairs(_text("forward"))


@cache
def independent_problems() -> tuple[tuple[str, ...], ...]:
    """Return the integrands of Rubi's test suites as prefix tokens.

    Elementary problems in x alone, all different, in the order of the data
    set "rubi". `train` drops them from its pairs.
    """
    texts = map(str, data.load("rubi").integrand)
    return tuple(dict.fromkeys(to_prefix(parse(text)) for text in texts))


def results() -> dict:
    """Return the stored tables of `tables`: peers and transfer.

    Raises
    ------
    topoi.data.DataError
        If the file is missing or damaged.
    """
    path = data.folder() / FOLDER / RESULTS
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise data.DataError(
            f"{path} cannot be read ({error}): restore it with `git checkout "
            f"-- datasets/{FOLDER}`."
        ) from None


def save_weights(network, path: Path, settings, seed: int) -> None:
    """Write the weights of a network as float16, with how they were made."""
    packed = pack(network.get_weights())
    note = {"run": repr(settings), "seed": seed, **network.settings}
    packed["settings"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **packed)
    write_whole(path, buffer.getvalue())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, even if the process is killed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def pack(weights: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return float16 copies under the names weights/00, weights/01, ..."""
    return {
        f"{WEIGHTS}{i:02d}": w.astype(np.float16)
        for i, w in enumerate(weights)
    }


def load_network(path: Path | None = None):
    """Return the trained network that is shipped with the book.

    Parameters
    ----------
    path : Path, optional
        Another file written by `save_weights`.

    Raises
    ------
    topoi.data.DataError
        If the file is missing or damaged.
    """
    from topoi.symbolic_integration.model import Seq2Seq

    stored = _arrays(path) if path else arrays()
    note = json.loads(bytes(stored["settings"]).decode())
    names = ("width", "layers", "heads", "vocabulary_size")
    network = Seq2Seq(**{name: note[name] for name in names})
    network.build()
    keys = sorted(k for k in stored if k.startswith(WEIGHTS))
    network.set_weights([stored[k].astype(np.float32) for k in keys])
    return network
