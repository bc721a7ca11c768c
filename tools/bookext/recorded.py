"""What notebooks, runs and surveys have recorded, as the pages need it."""

import os
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

from topoi import claims, records

ROOMS = ("chapters", "labs")
# Without these, a run cannot be shown.
RUN_KEYS = ("started", "notebook", "backend", "seconds", "memory_mb", "device")


def setup(app):
    """Read pages with records at every build: their files come and go."""
    app.connect("env-get-outdated", _pages_with_records)


def _pages_with_records(app, env, added, changed, removed) -> set[str]:
    return getattr(env, "tt_records", set()) & env.found_docs


class RecordDirective(SphinxDirective):
    """A directive whose page is read again at every build."""

    def run(self):
        if not hasattr(self.env, "tt_records"):
            self.env.tt_records = set()
        self.env.tt_records.add(self.env.docname)
        return self.content_nodes(Path(self.env.srcdir))


def build_folder(root: Path) -> Path:
    """Return where this copy builds, as the environment says."""
    return root / os.environ.get("BUILD", "build")


def notebooks(root: Path) -> list[Path]:
    """Return the chapters and the labs of a book, in a fixed order."""
    return [
        path
        for room in ROOMS
        for path in sorted((root / room).glob("*.ipynb"))
    ]


def stored_measurements(root: Path) -> dict[str, tuple[Path, object]]:
    """Return id -> (notebook, measurement) from the committed notebooks."""
    return {
        measured.id: (notebook.relative_to(root), measured)
        for notebook in notebooks(root)
        for measured in claims.read_stored(notebook)
    }


def refreshes(root: Path) -> dict[str, dict]:
    """Return notebook name -> record of its last refresh."""
    found = {}
    for notebook in notebooks(root):
        name = f"{notebook.parent.name}-{notebook.stem}.json"
        needs = ("seconds", "memory_mb", "executed")
        record = records.read(root / "records" / "small" / name, needs)
        if record is not None:
            found[notebook.relative_to(root).as_posix()] = record
    return found


def full_runs(root: Path) -> list[dict]:
    """Return the records of full-size runs, oldest first.

    Those kept in ``records/full`` come with the book; those of this copy
    lie in ``build/runs/full/<backend>/<room>``. One that is in both counts
    once, and one that cannot be read counts as none.
    """
    files = [
        *(root / "records" / "full").glob("*.json"),
        *(build_folder(root) / "runs" / "full").glob("*/*/*.json"),
    ]
    read = (records.read(file, RUN_KEYS) for file in files)
    runs = {
        (run["started"], run["notebook"], run["backend"]): run
        for run in read
        if run is not None
    }
    return [runs[key] for key in sorted(runs)]


def failed_runs(root: Path) -> list[tuple[str, str]]:
    """Return (notebook, backend) of full-size runs that stopped."""
    copies = (build_folder(root) / "runs" / "full").glob("*/*/*.failed.ipynb")
    return sorted(
        (f"{copy.parts[-2]}/{copy.name.split('.')[0]}.ipynb", copy.parts[-3])
        for copy in copies
    )


def full_measurements(root: Path) -> dict[str, dict]:
    """Return id -> measurement of the newest full-size run."""
    runs = full_runs(root)
    return {m["id"]: m for run in runs for m in run.get("claims", [])}


def survey_records(root: Path) -> dict[str, dict]:
    """Return id -> entry of every survey that has been recorded."""
    found = {}
    for file in sorted((root / "records" / "survey").glob("*.json")):
        found |= (records.read(file) or {}).get("surveys", {})
    return found
