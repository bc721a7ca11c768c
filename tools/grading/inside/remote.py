"""The checker's view of the worker: proxies, calls, callbacks."""

import builtins
import copy
import operator
import sys
import time
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from . import ship
from .wire import Channel, Decoder, Encoder, WireError

CALLS = 20_000
PASSED = 100_000  # items that a loop over a proxy may take
GRACE = 3  # seconds, in which a worker that was told to stop must answer
LEAST = 0.05  # seconds that a call has at the end of a check's time
ERRORS = {  # what students may raise; anything else arrives as StudentError
    error.__name__: error
    for error in (
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        FileNotFoundError,
        IndexError,
        KeyError,
        LookupError,
        MemoryError,
        NameError,
        NotImplementedError,
        OSError,
        OverflowError,
        RecursionError,
        RuntimeError,
        TypeError,
        UnboundLocalError,
        ValueError,
        ZeroDivisionError,
    )
}


class StudentError(Exception):
    """The student's code raised an error of a type of its own."""


class Ended(StudentError):
    """StopIteration in the student's code; it must end no loop of a check."""


class TooLong(BaseException):
    """A call was stopped; its argument is the time in seconds."""


def stops() -> tuple[type[BaseException], ...]:
    """Return what a stopped call may raise, first what it raises now.

    That is the exception that `lab.guard` knows, if the lab uses it: its
    import would cost more time than a small lab takes.
    """
    clock = sys.modules.get("topoi.lab.clock")
    return (clock.TooLong, TooLong) if clock else (TooLong,)


class WorkerLost(BaseException):
    """The worker cannot be used any more; not for checks to catch."""


class Client:
    """Calls into the worker.

    Parameters
    ----------
    channel : Channel
    names : dict
        The names of the lab's cells in the checker.
    seconds : float
        What one call may take.
    patience : float
        How many times longer than a check says a call may take.
    """

    def __init__(
        self,
        channel: Channel,
        names: dict,
        seconds: float,
        patience: float = 1,
    ):
        self.channel, self.names = channel, names
        self.seconds, self.patience = seconds, patience
        self.begun, self.end = 0.0, float("inf")  # this check's time
        self.callbacks: list[Callable] = []
        self.calls = self.inside = 0
        self.allowed = seconds
        self.write_back = self.changed = False
        self.before: list[tuple[Any, Any]] = []  # arguments and old content

    def wait_ready(self, seconds: float) -> None:
        """Wait until the worker has run all cells."""
        self.channel.deadline = time.monotonic() + seconds
        header, _ = self._receive("The cells of the notebook did not end in")
        if header.get("op") != "ready":
            raise WorkerLost("The notebook broke the connection.")

    def run(self, source: str) -> None:
        """Run one more cell in the worker."""
        self._exchange({"op": "run", "source": source}, Encoder())

    def look_up(self, wanted: list[str]) -> dict[str, Any]:
        """Return what the student's names hold: data or proxies."""
        found = self._exchange({"op": "names", "names": wanted}, Encoder())
        if type(found) is not dict:
            raise WorkerLost("The notebook broke the connection.")
        return {name: found[name] for name in wanted if name in found}

    def call(self, f: Any, args: tuple, kwargs: dict, ship: bool) -> Any:
        """Call `f` in the worker.

        With `ship`, functions among the arguments travel as code; else the
        worker calls them back.
        """
        self.calls += 1
        if self.calls > CALLS:
            raise WorkerLost(f"More than {CALLS} calls in one submission.")
        encoder = Encoder(self._packer(ship))
        request = {
            "op": "call",
            "function": self._function(f, encoder),
            "arguments": encoder.many(args),
            "keywords": encoder.encode(kwargs),
        }
        value = self._exchange(request, encoder, args)
        _advance([*args, *kwargs.values()])
        return value

    def _function(self, f: Any, encoder: Encoder) -> Any:
        if isinstance(f, ship.Probe):
            return ship.pack_code(f.function, encoder)
        return encoder.encode(f)

    def _packer(self, shipped: bool) -> Callable:
        def pack(value: Any, encoder: Encoder) -> dict:
            if isinstance(value, Remote):
                return {"tag": "mine", "number": value.__dict__["_number"]}
            if isinstance(value, FunctionType) and ship.place(value) is None:
                if shipped:
                    return ship.pack_code(value, encoder)
                return self._callback(value)
            name = self._name_of(value)
            try:
                return ship.pack(value, encoder)
            except WireError:
                if name is None:
                    raise
                return {"tag": "name", "name": name}

        return pack

    def _callback(self, function: Callable) -> dict:
        if function not in self.callbacks:
            self.callbacks.append(function)
        number = self.callbacks.index(function)
        return {"tag": "callback", "number": number, "name": function.__name__}

    def _name_of(self, value: Any) -> str | None:
        """Return the name under which the worker has one of its own."""
        names = self.names.items()
        return next((name for name, v in names if v is value), None)

    # -- one request --------------------------------------------------------

    def _exchange(
        self, request: dict, encoder: Encoder, args: tuple = ()
    ) -> Any:
        if not self.inside:
            self.allowed = self._allowed()
            late = time.monotonic() + self.allowed + GRACE
            self.channel.deadline = late
        request["seconds"] = self.allowed
        self.inside += 1
        try:
            self._send(request, encoder.body)
            return self._answer(args)
        finally:
            self.inside -= 1

    def _allowed(self) -> float:
        """Return the seconds that a call has now."""
        clock = sys.modules.get("topoi.lab.clock")
        limit = clock.asked() if clock else None
        limits = [self.seconds, self.end - time.monotonic()]
        limits += [] if limit is None else [limit * self.patience]
        return max(min(limits), LEAST)

    def _answer(self, args: tuple) -> Any:
        raised = None
        while True:
            header, body = self._receive("A call did not return within")
            decoder = Decoder(body, self._unpack)
            try:
                if header.get("op") == "callback":
                    raised = self._called_back(header, decoder) or raised
                    continue
                if raised is not None:
                    raise raised
                if header.get("op") == "value":
                    self._take(decoder.decode(header.get("changed")), args)
                    return decoder.decode(header.get("value"))
            except WireError as error:
                raise WorkerLost(
                    f"What came back is no data: {error}"
                ) from error
            raise self._error(header)

    def _take(self, changed: Any, args: tuple) -> None:
        """Note that arguments were changed; see `Lab.verdict`."""
        if type(changed) is not dict or not changed:
            return
        self.changed = True
        for place, value in changed.items():
            if self.write_back and place in range(len(args)):
                self.before.append((args[place], copy.copy(args[place])))
                _overwrite(args[place], value)

    def take_back(self) -> None:
        """Give every argument that was written to its old content."""
        self.write_back = False
        while self.before:
            _overwrite(*self.before.pop())

    def _called_back(self, header: dict, decoder: Decoder) -> Any:
        """Serve one callback; return the exception that it raised."""
        function = self._own(header.get("number"))
        args = decoder.many(header.get("arguments"))
        kwargs = decoder.decode(header.get("keywords"))
        encoder, raised = Encoder(self._packer(False)), None
        try:
            value = function(*args, **kwargs)
            answer = {"op": "value", "value": encoder.encode(value)}
        except (Exception, *stops()) as error:
            raised, encoder = error, Encoder()
            answer = {"op": "error", "message": str(error)[:2000]}
        self._send(answer, encoder.body)
        return raised

    def _error(self, header: dict) -> BaseException:
        kind, text = header.get("type"), header.get("message")
        if header.get("op") != "error" or {type(kind), type(text)} != {str}:
            raise WorkerLost("The notebook broke the connection.")
        if kind in ERRORS:
            return ERRORS[kind](text)
        if kind == "StopIteration":
            return Ended(text)
        if kind == "TooLong":
            now, seconds = time.monotonic(), self.allowed
            if now >= self.end:  # all calls of the check together
                seconds = now - self.begun
            return stops()[0](round(seconds, 1))
        return StudentError(f"{kind[:100]}: {text}")

    def _unpack(self, tag: str, data: dict, decoder: Decoder) -> Any:
        if tag == "handle" and type(data.get("number")) is int:
            return Remote(self, data["number"])
        if tag == "yours":
            return self._own(data.get("number"))
        raise WireError(f"Unknown tag {tag!r:.50}.")

    def _own(self, number: Any) -> Callable:
        if type(number) is int and 0 <= number < len(self.callbacks):
            return self.callbacks[number]
        raise WireError("No such callback.")

    def _send(self, header: dict, body: bytes) -> None:
        try:
            self.channel.send(header, body)
        except (EOFError, TimeoutError):
            raise WorkerLost("The student's process has ended.") from None

    def _receive(self, late: str) -> tuple[dict, bytes]:
        try:
            return self.channel.receive()
        except EOFError:
            raise WorkerLost("The student's process has ended.") from None
        except TimeoutError:
            raise WorkerLost(f"{late} the time limit.") from None
        except WireError as error:
            text = f"The notebook broke the connection: {error}"
            raise WorkerLost(text) from None


def _overwrite(old: Any, new: Any) -> None:
    """Give a list, dict, set or array its new content."""
    import numpy as np

    if type(old) is not type(new):
        return
    if isinstance(old, np.ndarray) and old.shape == new.shape:
        old[...] = new
    elif isinstance(old, list):
        old[:] = new
    elif isinstance(old, dict | set):
        old.clear()
        old.update(new)


def _advance(arguments: list) -> None:
    """Give each random generator that was sent a new, independent stream."""
    import numpy as np

    for value in arguments:
        if isinstance(value, np.random.Generator):
            bits = value.bit_generator
            bits.state = bits.jumped().state


class Remote:
    """An object of the student's, which stays where it is.

    Calls, attributes, items and loops travel. Arithmetic does not, because
    the worker would see the expected value and could answer 0 to a
    difference; so a check fails that takes an object for a number. It equals
    only itself.
    """

    def __init__(self, client: Client, number: int):
        self.__dict__.update(_client=client, _number=number)

    def _do(self, f: Callable, *args: Any, **kwargs: Any) -> Any:
        return self._client.call(f, (self, *args), kwargs, ship=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.call(self, args, kwargs, ship=False)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__array", "_repr_", "_ipython_")):
            raise AttributeError(name)
        return self._do(builtins.getattr, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._do(builtins.setattr, name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._do(operator.getitem, key)

    def __len__(self) -> int:
        return self._do(builtins.len)

    def __iter__(self) -> Iterable:
        items = self._do(builtins.iter)
        for _ in range(PASSED):
            try:
                yield items._do(builtins.next)
            except Ended:
                return
        raise WireError(f"A loop took more than {PASSED} items.")

    def __str__(self) -> str:
        return self._text(builtins.str)

    def __repr__(self) -> str:
        return self._text(builtins.repr)

    def _text(self, f: Callable) -> str:
        value = self._do(f)
        return value if type(value) is str else "an object"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)
