"""Run a submission's cells, then answer the checker: inside a sandbox.

    python -m tools.grading.inside.worker NOTEBOOK OPTIONS READER WRITER REPORT

Nothing here is trusted by anybody: the student's code shares this process.
"""

import base64
import contextlib
import io
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np

from . import ship
from .wire import Channel, Decoder, Encoder, WireError

HANDLES = 10_000
PICTURE_BYTES = 300_000
PICTURES = 4  # of one cell
AGAIN = 0.25  # seconds after which an answer that goes on is stopped again


class Capped(io.TextIOBase):
    """A text stream that keeps the beginning and counts the rest."""

    def __init__(self, limit: int):
        self.limit, self.parts, self.size = limit, [], 0

    def write(self, text: str) -> int:
        kept = text[: max(self.limit - self.size, 0)]
        if kept:
            self.parts.append(kept)
        self.size += len(text)
        return len(text)

    def text(self) -> str:
        """Return what was kept, and how much was not."""
        left = self.size - self.limit
        note = f"\n... and {left} more characters" if left > 0 else ""
        return "".join(self.parts) + note


# -- the notebook -----------------------------------------------------------


def read_cells(path: str) -> list[dict]:
    """Return id, kind and source of every cell of a notebook.

    Raises
    ------
    ValueError
        If the file is no notebook; the text says what it is.
    """
    try:
        with open(path, "rb") as file:  # with or without a byte-order mark
            cells = json.loads(file.read())["cells"]
        return [_cell(cell) for cell in cells]
    except (LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a notebook") from None
    except ValueError:
        raise ValueError("not JSON, so not a notebook") from None


def _cell(cell: dict) -> dict:
    source = cell["source"]
    source = source if type(source) is str else "".join(source)
    mark = cell.get("metadata", {}).get("nbgrader", {})
    name = mark.get("grade_id")
    return {
        "id": name if type(name) is str else None,
        "kind": str(cell["cell_type"]),
        "check": bool(mark.get("grade")) and not mark.get("solution"),
        "source": source,
    }


def _interactive_shell() -> Any:
    """Return an IPython that obeys what it would obey in a notebook."""
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib_inline.config import InlineBackend
    from traitlets.config import Config

    class Quiet(InteractiveShell):
        """Pictures are taken after each cell, whatever ``%matplotlib``."""

        def enable_gui(self, gui: str | None = None) -> None:
            pass

        def enable_matplotlib(self, gui: str | None = None) -> tuple:
            return gui, "agg"

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.xmode = "Minimal"
    shell = Quiet.instance(config=config)
    shell.configurables.append(InlineBackend.instance(parent=shell))
    for name in ("pip", "conda", "mamba", "uv"):  # there is no network
        shell.register_magic_function(_installs_nothing, "line", name)
    return shell


def _installs_nothing(line: str) -> None:
    print("While a submission is graded, nothing is installed.")


class Shell:
    """IPython without a kernel; runs cells and keeps what they show."""

    def __init__(self, options: dict):
        self.shell = _interactive_shell()
        self.names = self.shell.user_ns
        self.output, self.seconds = options["output"], options["cell_seconds"]
        self.end = time.monotonic() + options["seconds"] / 2

    def run(self, source: str) -> list[dict]:
        """Run one cell; return its outputs as plain text and pictures.

        All cells together have half of the submission's time, so that some
        is left for the checks; after that a cell has a second.
        """
        stream, error = Capped(self.output), None
        left = max(self.end - time.monotonic(), 1)
        with redirected(stream), _alarm(min(self.seconds, left)):
            result = self.shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
        outputs = [{"text": stream.text()}] if stream.size else []
        outputs += [{"png": picture} for picture in _pictures()]
        if error is not None and not isinstance(error, NameError):
            # A name may come from a check, and checks do not run here.
            text = f"{type(error).__name__}: {error}"
            outputs.append({"error": text[: self.output]})
        return outputs


@contextlib.contextmanager
def redirected(stream: io.TextIOBase) -> Iterator[None]:
    """Send what is printed and logged into `stream`."""
    out, err = contextlib.redirect_stdout, contextlib.redirect_stderr
    with out(stream), err(stream):
        yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise TimeoutError(f"This cell ran for more than {seconds:g} seconds.")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _pictures() -> list[str]:
    if "matplotlib.pyplot" not in sys.modules:
        return []
    from matplotlib import pyplot

    pictures = []
    for number in pyplot.get_fignums()[:PICTURES]:
        file = io.BytesIO()
        with contextlib.suppress(Exception):
            pyplot.figure(number).savefig(file, format="png")
        if 0 < len(file.getvalue()) <= PICTURE_BYTES:
            pictures.append(base64.b64encode(file.getvalue()).decode())
    pyplot.close("all")
    return pictures


# -- the answers ------------------------------------------------------------


class TooLong(BaseException):
    """An answer had its time; no ``except Exception`` of it stops this."""


class Alarm:
    """Stop answers that do not end, so that the next one has its turn.

    What catches everything goes on, and so does one long call into a
    library; then the checker gives up this process.
    """

    def __init__(self) -> None:
        self.ends: list[float] = []  # of calls inside of one another
        self.crossing = False  # no frame is sent or read by halves

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Raise `TooLong` in the block after that time."""
        self.ends.append(time.monotonic() + seconds)
        crossing, self.crossing = self.crossing, False
        self._set()
        try:
            yield
        finally:
            self.crossing = crossing
            self.ends.pop()
            self._set()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let a block end that must not be interrupted."""
        crossing, self.crossing = self.crossing, True
        try:
            yield
        finally:
            self.crossing = crossing

    def _set(self) -> None:
        left = min(self.ends, default=0) - time.monotonic()
        signal.signal(signal.SIGALRM, self._ring)
        first = max(left, 0.001) if self.ends else 0
        signal.setitimer(signal.ITIMER_REAL, first, AGAIN)

    def _ring(self, *_: Any) -> None:
        late = min(self.ends, default=float("inf")) <= time.monotonic()
        if late and not self.crossing:
            raise TooLong


class Server:
    """Serve the checker's requests, also while a callback is on its way."""

    def __init__(self, channel: Channel, shell: Shell):
        self.channel, self.shell = channel, shell
        self.handles: list[Any] = []
        self.alarm = Alarm()

    def serve(self) -> None:
        """Serve until the checker is gone."""
        while True:
            self.reply(*self.channel.receive())

    def reply(self, header: dict, body: bytes) -> None:
        """Serve one request."""
        decoder, encoder = Decoder(body, self._unpack), Encoder(self._pack)
        try:
            with self.alarm.limit(header["seconds"]):
                value, changed = self._serve(header, decoder)
                answer = {"op": "value", "value": encoder.encode(value)}
                answer["changed"] = encoder.encode(changed)
        except BaseException as error:
            answer = {"op": "error", "type": type(error).__name__}
            answer["message"] = ""
            with contextlib.suppress(BaseException), self.alarm.limit(1):
                answer["message"] = str(error)[:2000]
            encoder = Encoder()
        self.channel.send(answer, encoder.body)

    def _serve(self, header: dict, decoder: Decoder) -> tuple[Any, dict]:
        """Return a value, and the arguments that the call has changed."""
        if header["op"] == "run":
            self.shell.run(header["source"])
            return None, {}
        if header["op"] == "names":
            names = self.shell.names
            return {n: names[n] for n in header["names"] if n in names}, {}
        function = decoder.decode(header["function"])
        args = decoder.many(header["arguments"])
        kwargs = decoder.decode(header["keywords"])
        before = list(map(_written, args))
        with redirected(Capped(0)):
            value = function(*args, **kwargs)
        pairs = enumerate(zip(args, before, strict=True))
        return value, {n: a for n, (a, b) in pairs if _written(a) != b}

    def callback(self, number: int, args: tuple, kwargs: dict) -> Any:
        """Ask the checker to call a function of its own."""
        encoder = Encoder(self._pack)
        header = {"op": "callback", "number": number}
        header["arguments"] = encoder.many(args)
        header["keywords"] = encoder.encode(kwargs)
        with self.alarm.held():
            self.channel.send(header, encoder.body)
            while True:
                header, body = self.channel.receive()
                if header["op"] == "value":
                    break
                if header["op"] == "error":
                    raise RuntimeError(header["message"])
                self.reply(header, body)
        return Decoder(body, self._unpack).decode(header["value"])

    def _pack(self, value: Any, encoder: Encoder) -> dict:
        number = getattr(value, "callback_number", None)
        if type(number) is int:
            return {"tag": "yours", "number": number}
        array = _as_array(value)
        if array is not None:
            return encoder.encode(array)
        if len(self.handles) >= HANDLES:
            raise WireError("Too many objects are in use.")
        self.handles.append(value)
        return {"tag": "handle", "number": len(self.handles) - 1}

    def _unpack(self, tag: str, data: dict, decoder: Decoder) -> Any:
        if tag == "mine":
            return self.handles[data["number"]]
        if tag == "name":
            return self.shell.names[data["name"]]
        if tag == "callback":
            return self._stand_in(data["number"], data["name"])
        return ship.unpack(tag, data, decoder)

    def _stand_in(self, number: int, name: str) -> FunctionType:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self.callback(number, args, kwargs)

        function.__name__ = name
        function.callback_number = number
        return function


def _written(value: Any) -> Any:
    """Return how a value that can change would be sent now, or nothing."""
    if not isinstance(value, list | dict | set | np.ndarray):
        return None
    encoder = Encoder()
    with contextlib.suppress(WireError):
        return encoder.encode(value), encoder.body
    return None


def _as_array(value: Any) -> Any:
    """Return a tensor as an array, and None for anything else."""
    if isinstance(value, type) or not hasattr(value, "__array__"):
        return None
    with contextlib.suppress(Exception):
        array = np.asarray(value)
        return array if array.dtype != object else None
    return None


# -- start ------------------------------------------------------------------


def lighten(sources: list[str]) -> None:
    """Start no Keras for a lab of which no cell speaks of it."""
    if any("keras" in s or "tensorflow" in s for s in sources):
        return
    from topoi import runtime

    whole = runtime.setup

    def setup(scale: str = "small", seed: int = 0, backend: Any = None):
        whole(scale, seed, backend=None)

    runtime.setup = setup


def main() -> None:
    """Run the cells, then serve."""
    path, options, *fds = sys.argv[1:]
    options, (reader, writer, report) = json.loads(options), map(int, fds)
    report = os.fdopen(report, "w", encoding="utf-8")
    channel = Channel(reader, writer)
    try:
        cells = read_cells(path)
    except ValueError as error:
        print(json.dumps({"broken": str(error)}), file=report, flush=True)
        return
    print(json.dumps({"cells": cells}), file=report, flush=True)
    code = [
        (place, cell["source"])
        for place, cell in enumerate(cells)
        if cell["kind"] == "code" and not cell["check"]
    ]
    lighten([options["lab"], *(source for _, source in code)])
    shell, budget = Shell(options), options["report"]
    for place, source in code:
        outputs = shell.run(source)
        line = json.dumps({"at": place, "outputs": outputs})
        budget -= len(line)
        if outputs and budget > 0:
            print(line, file=report, flush=True)
    channel.send({"op": "ready"})
    Server(channel, shell).serve()


if __name__ == "__main__":
    with contextlib.suppress(EOFError):
        main()
