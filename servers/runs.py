"""What a run at a scale needs, what it depends on, and which are left.

    python -m servers.runs pending --scale full     notebooks without a record
    python -m servers.runs publish                  keep full-size records

A run is one notebook at one scale on one backend. Its record is the file
``build/runs/<scale>/<backend>/<room>/<topic>.json``.
"""

import argparse
import ast
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from topoi import claims, records, runtime

ROOT = runtime.ROOT
RUNS = ROOT / "build" / "runs"
KEPT = ROOT / "records" / "full"


class Needs(NamedTuple):
    """What a run asks of a queue: GPUs, memory in MB, minutes, CPUs."""

    gpu: int = 0
    mem_mb: int = 4000
    minutes: int = 10
    cpus: int = 1


FULL_CPUS = 4  # at full size, unless the notebook says another number


@dataclass(frozen=True)
class Run:
    """One notebook at one scale on one backend.

    Attributes
    ----------
    notebook : Path
        The committed notebook; a run never writes to it.
    scale, backend : str
        As in `topoi.runtime`.
    folder : Path
        Where the records of all runs lie.
    """

    notebook: Path
    scale: str
    backend: str
    folder: Path = RUNS

    @property
    def name(self) -> str:
        """``room/topic``, as in ``chapters/cnn``."""
        return f"{self.notebook.parent.name}/{self.notebook.stem}"

    @property
    def record(self) -> Path:
        """The file that is written last, when every cell has passed."""
        folder = self.folder.resolve() / self.scale / self.backend
        return folder / f"{self.name}.json"

    def key(self) -> dict[str, str]:
        """Return what makes a record that of this run."""
        return {
            "notebook": f"{self.name}.ipynb",
            "scale": self.scale,
            "backend": self.backend,
            "digest": digest(self.notebook),
        }

    def is_recorded(self) -> bool:
        """Whether there is a record of this run as the code stands now."""
        found = records.read(self.record)
        return found is not None and self.key().items() <= found.items()

    def seconds(self) -> float:
        """Return how long an earlier run took; infinity without one."""
        found = records.read(self.record, ("seconds",))
        return float("inf") if found is None else found["seconds"]


def all_notebooks() -> list[Path]:
    """Return all chapters and labs of the book."""
    from tools.notebooks import notebooks  # slow: it knows the format

    return notebooks()


# -- needs ------------------------------------------------------------------


def needs(notebook: Path, scale: str) -> Needs:
    """Return what a run needs: at full size, what the notebook says.

    A notebook says it in its metadata, ``{"topoi": {"full": {"gpu": 1,
    "mem_mb": 16000, "minutes": 30, "cpus": 8}}}``; what it leaves out has a
    default.

    Raises
    ------
    ValueError
        If the entry has an unknown key, or a value that is no number of
        things.
    """
    metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
    full = metadata.get("topoi", {}).get("full", {})
    wrong = {
        key: value
        for key, value in full.items()
        if key not in Needs._fields
        or type(value) is not int
        or value < (key != "gpu")
    }
    if wrong:
        raise ValueError(
            f"{notebook.name}: metadata.topoi.full holds whole numbers for "
            f"{', '.join(Needs._fields)}, but it has {wrong}."
        )
    if scale != "full":
        return Needs()
    return Needs(**{"cpus": FULL_CPUS, **full})


def groups(runs: Iterable[Run]) -> dict[Needs, list[Run]]:
    """Return the runs by what they need: one job array each."""
    grouped: dict[Needs, list[Run]] = {}
    for run in runs:
        grouped.setdefault(needs(run.notebook, run.scale), []).append(run)
    return grouped


# -- what a result depends on -----------------------------------------------


def digest(notebook: Path) -> str:
    """Return a SHA-256 of what a notebook's numbers depend on.

    That is its code cells, the parts of the library that they import
    (directly or not), its topic's claims and surveys, the checksums of the
    data sets and the pinned packages. Prose and outputs do not count.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    topic = f"{notebook.stem}/"
    entries = [
        repr(claim)
        for name, claim in claims.load_ledger().items()
        if name.startswith(topic)
    ]
    total = hashlib.sha256(json.dumps([code, entries]).encode())
    for file in (*_library(code), *_shared_files(notebook.stem)):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def _shared_files(topic: str) -> list[Path]:
    names = ["datasets/checksums.json", "requirements/lock.txt"]
    surveys = ROOT / "records" / "survey" / f"{topic}.json"
    return [ROOT / name for name in names] + [surveys] * surveys.exists()


def _library(code: Iterable[str]) -> list[Path]:
    """Return the library's files that some code imports, in a fixed order.

    Code that is no plain Python (a cell with a magic command) counts as
    importing everything.
    """
    seen: set[str] = set()
    todo = set().union(*map(_imported, code))
    while todo:
        part = todo.pop()
        seen.add(part)
        texts = (f.read_text(encoding="utf-8") for f in _files(part))
        todo |= set().union(*map(_imported, texts)) - seen
    return sorted(f for part in seen for f in _files(part))


@cache
def _imported(source: str) -> frozenset[str]:
    """Return the parts of the library that a source imports."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        everything = (ROOT / "topoi").glob("[!_.]*")
        return frozenset(path.stem for path in everything)
    parts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "topoi":
            parts |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts |= _part(node.module)
        elif isinstance(node, ast.Import):
            parts |= set().union(*(_part(a.name) for a in node.names))
    return frozenset(parts)


def _part(module: str) -> set[str]:
    package, _, rest = module.partition(".")
    return {rest.split(".")[0]} if package == "topoi" and rest else set()


def _files(part: str) -> list[Path]:
    library = ROOT / "topoi"
    return [*library.glob(f"{part}.py"), *library.glob(f"{part}/**/*.py")]


# -- which are left ---------------------------------------------------------


def pending(
    scale: str,
    backend: str,
    folder: Path = RUNS,
    chosen: Iterable[Path] = (),
) -> list[Run]:
    """Return the runs without a record, the longest first.

    Parameters
    ----------
    scale, backend : str
        As in `topoi.runtime`.
    folder : Path
        Where the records lie.
    chosen : iterable of Path
        Notebooks; by default all of the book.
    """
    paths = chosen or all_notebooks()
    runs = [Run(path, scale, backend, folder) for path in paths]
    left = [run for run in runs if not run.is_recorded()]
    return sorted(left, key=Run.seconds, reverse=True)


def publish(folder: Path = RUNS, kept: Path = KEPT) -> list[Path]:
    """Copy the full-size records of this copy into the book's own.

    The name of the machine stays behind; the name of its device is kept.

    Returns
    -------
    list of Path
        The files written, ready to be committed.
    """
    written = []
    for file in sorted((folder / "full").glob("*/*/*.json")):
        record = records.read(file, ("backend",))
        if record is None:
            continue
        record.pop("host", None)
        room, backend = file.parent.name, record["backend"]
        target = kept / f"{room}-{file.stem}-{backend}.json"
        records.write(target, record)
        written.append(target)
    return written


# -- command line -----------------------------------------------------------


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which run is meant."""
    parser.add_argument("--scale", default="small", choices=runtime.SCALES)
    parser.add_argument(
        "--backend", default="tensorflow", choices=runtime.BACKENDS
    )
    parser.add_argument("--runs", type=Path, default=RUNS)


def notebook_path(text: str) -> Path:
    """Return the path of a notebook; refuse what is not one."""
    path = Path(text).resolve()
    if path.suffix != ".ipynb" or not path.is_file():
        names = ", ".join(str(p.relative_to(ROOT)) for p in all_notebooks())
        raise argparse.ArgumentTypeError(
            f"{text} is not a notebook. The book has: {names}."
        )
    return path


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("pending")
    command.add_argument("notebooks", nargs="*", type=notebook_path)
    add_run_options(command)
    command = commands.add_parser("publish")
    command.add_argument("--runs", type=Path, default=RUNS)
    options = parser.parse_args()
    if options.command == "publish":
        lines = publish(options.runs)
    else:
        left = pending(
            options.scale, options.backend, options.runs, options.notebooks
        )
        lines = [run.notebook for run in left]
    for line in lines:
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
