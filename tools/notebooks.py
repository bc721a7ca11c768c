"""Refresh and normalise the notebooks of the book.

    python -m tools.notebooks refresh [NB ...]    execute, normalise, store
    python -m tools.notebooks normalise [NB ...]  normalise without executing

`refresh` writes outputs back into the notebook and a record (seconds, memory,
versions, date) into ``records/small/<room>-<topic>.json``. Runs that leave
the notebook alone, at any scale, are those of ``servers/run_notebook.py``.
"""

import argparse
import base64
import contextlib
import datetime
import io
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from topoi import records, runtime

ROOT = runtime.ROOT
RECORDS = ROOT / "records" / "small"
CELL_TIMEOUT = 120  # seconds; a refresh is at small scale
SLOW = 2.0  # CPU seconds of a cell that a refresh tells its author
CHECK = "-check"  # ends the name of a lab's check
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT_METADATA = {"topoi"}  # what a run at full size needs
KEPT_CELL_METADATA = {"mystnb", "nbgrader", "tags"}


def notebooks() -> list[Path]:
    """Return all chapters and labs of the book, in a fixed order."""
    return sorted(ROOT.glob("chapters/*.ipynb")) + sorted(
        ROOT.glob("labs/*.ipynb")
    )


# -- normal form ------------------------------------------------------------


def normalise(nb: NotebookNode) -> NotebookNode:
    """Return a copy in the one form in which notebooks are committed.

    Execution counts run from 1, timing and editor metadata are dropped,
    sources end without a newline, consecutive streams are joined, and large
    pictures get a palette. Applying it twice changes nothing.
    """
    nb = nbformat.from_dict(json.loads(json.dumps(nb)))
    kept = {k: v for k, v in nb.metadata.items() if k in KEPT_METADATA}
    nb.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}, **kept}
    )
    nb.nbformat, nb.nbformat_minor = 4, 5
    count = 0
    for cell in nb.cells:
        cell.source = cell.source.rstrip("\n")
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in KEPT_CELL_METADATA}
        )
        if cell.cell_type == "code":
            executed = cell.execution_count is not None
            count += executed
            cell.execution_count = count if executed else None
            cell.outputs = [_output(o, count) for o in _joined(cell.outputs)]
    return nb


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive pieces of the same stream."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and (
            output.name == last.get("name")
        ):
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _output(output: NotebookNode, count: int) -> NotebookNode:
    output.pop("transient", None)
    if "execution_count" in output:
        output.execution_count = count
    if "metadata" in output:
        output.metadata = nbformat.from_dict({})
    if "image/png" in output.get("data", {}):
        output.data["image/png"] = _palette(output.data["image/png"])
    return output


def _palette(encoded: str) -> str:
    """Return a PNG with at most 256 colours: a third of the bytes."""
    from PIL import Image

    raw = base64.b64decode(encoded)
    image = Image.open(io.BytesIO(raw))
    if image.mode == "P":
        return encoded
    buffer = io.BytesIO()
    reduced = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def read(path: Path) -> NotebookNode:
    """Read a notebook as version 4."""
    return nbformat.read(path, as_version=4)


def write(nb: NotebookNode, path: Path) -> None:
    """Write a notebook; a killed run leaves the old file whole."""
    text = nbformat.writes(nb)
    write_text(path, text if text.endswith("\n") else text + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# -- refresh ----------------------------------------------------------------


def refresh(paths: list[Path]) -> None:
    """Execute notebooks at small scale and store outputs and records."""
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        print(f"{name} ...", flush=True)
        # A process of its own, so that its peak memory is its own.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            record = pool.submit(_execute_and_store, path).result()
        records.write(record_file(path), record)
        print(
            f"{name}: {record['seconds']} s, {record['memory_mb']} MB",
            flush=True,
        )


def _execute_and_store(path: Path) -> dict:
    from nbclient import NotebookClient

    os.environ.update(runtime.environment())
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise SystemExit(
            f"Stored outputs come from TensorFlow, but KERAS_BACKEND is "
            f"{backend!r}. Use `make run` to try another backend."
        )
    nb = read(path)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    start = time.perf_counter()
    client = NotebookClient(
        nb,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        record_timing=False,
    )
    cells = _CellSeconds(client)
    client.execute()
    seconds = time.perf_counter() - start
    write(normalise(nb), path)
    numpy_alone = any("backend=None" in cell.source for cell in nb.cells)
    if numpy_alone:  # what `runtime.setup` has told the kernel
        os.environ["TOPOI_BACKEND"] = "numpy"
    return record_of_run(seconds) | cells.report()


class _CellSeconds:
    """CPU seconds of a kernel, cell by cell, while a client executes.

    A kernel has one numeric thread, so they are what a reader waits on a
    quiet core, however busy this machine is.
    """

    def __init__(self, client):
        self.client, self.before, self.cells = client, 0.0, []
        client.on_cell_execute = self._begin
        client.on_cell_executed = self._end

    def _cpu(self) -> float:
        import psutil

        kernel = psutil.Process(self.client.km.provisioner.pid)
        return sum(kernel.cpu_times()[:4])  # its children's included

    def _begin(self, cell, cell_index):
        self.before = self._cpu()

    def _end(self, cell, cell_index, execute_reply):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        seconds = round(self._cpu() - self.before, 1)
        self.cells.append((seconds, cell_index, name))

    def report(self) -> dict:
        """Return the seconds of each check of a lab; print slow cells."""
        slow = [cell for cell in sorted(self.cells)[-5:] if cell[0] > SLOW]
        for seconds, index, name in reversed(slow):
            print(f"  cell {index} {name}: {seconds} CPU s", flush=True)
        checks = {
            name.removesuffix(CHECK): seconds
            for seconds, _, name in self.cells
            if name.endswith(CHECK)
        }
        return {"checks": checks} if checks else {}


def record_of_run(seconds: float) -> dict:
    """Return seconds, peak memory and versions after the kernel has ended."""
    import resource  # not on Windows, where the book is only built

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "memory_mb": round(usage.ru_maxrss / 1024),
        "executed": datetime.date.today().isoformat(),
        **device_report(),
    }


def device_report() -> dict:
    """Ask a fresh process for backend, device and versions."""
    run = subprocess.run(
        [sys.executable, "-m", "topoi.runtime", "report"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def record_file(notebook: Path) -> Path:
    """Return where the record of a notebook's last refresh lies."""
    return RECORDS / f"{notebook.parent.name}-{notebook.stem}.json"


# -- command line -----------------------------------------------------------


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("refresh", "normalise"):
        command = commands.add_parser(name)
        command.add_argument("notebooks", nargs="*", type=_notebook)
    options = parser.parse_args()
    chosen = options.notebooks or notebooks()
    if options.command == "refresh":
        refresh(chosen)
        return 0
    for path in chosen:
        write(normalise(read(path)), path)
    return 0


def _notebook(text: str) -> Path:
    path = Path(text).resolve()
    if path not in notebooks():
        names = ", ".join(str(p.relative_to(ROOT)) for p in notebooks())
        raise argparse.ArgumentTypeError(
            f"{text} is not a notebook of the book. There are: {names}."
        )
    return path


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
