"""Frames and values that may cross between worker and checker.

A frame is two little-endian uint32 lengths, a JSON header and a body of raw
bytes. Values are copied: plain built-in types, fractions, NumPy arrays and
scalars, and the state of random generators. Nothing is unpickled and nothing
is evaluated, so a forged frame is a wrong value or a `WireError`.
"""

import contextlib
import json
import os
import random
import select
import struct
import time
from collections import namedtuple
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

LENGTHS = struct.Struct("<II")
FRAME_BYTES = 64 * 2**20
DEPTH = 32
ITEMS = 200_000
BITS = 400_000  # of an integer
PLAIN_INT = 2**53  # beyond it, JSON readers may lose digits
KINDS = "biufc"
NARROW = ("bfloat16", "float8_e4m3fn", "float8_e5m2")  # of ml_dtypes


class WireError(Exception):
    """What arrived is no frame or no value; or a limit is passed."""


# -- frames -----------------------------------------------------------------


class Channel:
    """Frames over two pipes.

    Parameters
    ----------
    reader, writer : int
        File descriptors.

    Raises
    ------
    EOFError, WireError, TimeoutError
        By `receive` and `send`: the other end is gone, sends no frame, or
        is late.
    """

    def __init__(self, reader: int, writer: int):
        self.reader, self.writer = reader, writer
        self.deadline: float | None = None  # on the clock of time.monotonic
        for fd in (reader, writer):
            os.set_blocking(fd, False)

    def send(self, header: dict, body: bytes = b"") -> None:
        """Write one frame."""
        text = json.dumps(header).encode()
        _check_size(len(text), len(body))
        view = memoryview(LENGTHS.pack(len(text), len(body)) + text + body)
        while view:
            self._wait([], [self.writer])
            with contextlib.suppress(BlockingIOError):
                try:
                    view = view[os.write(self.writer, view[: 2**20]) :]
                except BrokenPipeError:
                    raise EOFError from None

    def receive(self) -> tuple[dict, bytes]:
        """Read one frame."""
        lengths = LENGTHS.unpack(self._read(LENGTHS.size))
        _check_size(*lengths)
        text, body = (self._read(length) for length in lengths)
        try:
            header = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WireError(f"The header is no JSON: {error}") from None
        if type(header) is not dict:
            raise WireError("The header is no JSON object.")
        return header, body

    def _read(self, length: int) -> bytes:
        parts = []
        while length:
            self._wait([self.reader], [])
            with contextlib.suppress(BlockingIOError):
                part = os.read(self.reader, min(length, 2**20))
                if not part:
                    raise EOFError
                parts.append(part)
                length -= len(part)
        return b"".join(parts)

    def _wait(self, readers: list, writers: list) -> None:
        left = None
        if self.deadline is not None:
            left = max(self.deadline - time.monotonic(), 0)
        if not any(select.select(readers, writers, [], left)):
            raise TimeoutError


def _check_size(header: int, body: int) -> None:
    if header + body > FRAME_BYTES:
        raise WireError(
            f"A frame of {header + body} bytes is too large: at most "
            f"{FRAME_BYTES} may cross at once."
        )


# -- values to JSON ---------------------------------------------------------


class Encoder:
    """Turn values into JSON and a body of raw bytes.

    Parameters
    ----------
    other : callable, optional
        ``other(value, encoder)`` returns the JSON of a value that is no
        data; without it such a value is a `WireError`.
    """

    def __init__(self, other: Callable | None = None):
        self.parts: list[bytes] = []
        self.size = self.items = self.depth = 0
        self.other = other

    @property
    def body(self) -> bytes:
        """What belongs into the frame behind the header."""
        return b"".join(self.parts)

    def encode(self, value: Any) -> Any:
        """Return the JSON of a value."""
        self.items += 1
        if self.items > ITEMS or self.depth > DEPTH:
            raise WireError(
                f"The value has more than {ITEMS} parts or more than {DEPTH} "
                "levels: return an array, or less."
            )
        self.depth += 1
        try:
            return self._encode(value)
        finally:
            self.depth -= 1

    def raw(self, data: bytes) -> list[int]:
        """Append bytes to the body; return where they are."""
        self.size += len(data)
        _check_size(0, self.size)
        self.parts.append(data)
        return [self.size - len(data), len(data)]

    def many(self, values: Any) -> list:
        """Return the JSON of several values."""
        return [self.encode(value) for value in values]

    def _encode(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        writer = _WRITERS.get(kind)
        if writer is None:
            writer = next(
                (w for base, w in _BASES if isinstance(value, base)), None
            )
        if writer is not None:
            return writer(self, value)
        if self.other is not None:
            return self.other(value, self)
        raise WireError(f"A value of type {kind.__name__} is no data.")


def _int(encoder: Encoder, value: int) -> Any:
    value = int(value)
    if value.bit_length() > BITS:
        raise WireError(f"The integer has {value.bit_length()} binary digits.")
    return (
        value
        if abs(value) <= PLAIN_INT
        else {"tag": "int", "value": hex(value)}
    )


def _fraction(encoder: Encoder, value: Fraction) -> dict:
    parts = _int(encoder, value.numerator), _int(encoder, value.denominator)
    return {"tag": "fraction", "value": parts}


def _complex(encoder: Encoder, value: complex) -> dict:
    return {"tag": "complex", "value": [value.real.hex(), value.imag.hex()]}


def _sequence(tag: str) -> Callable:
    return lambda encoder, value: {"tag": tag, "value": encoder.many(value)}


def _dict(encoder: Encoder, value: dict) -> dict:
    pairs = [encoder.many(pair) for pair in value.items()]
    return {"tag": "dict", "value": pairs}


def _tuple(encoder: Encoder, value: tuple) -> dict:
    fields = getattr(value, "_fields", None)
    if fields is None:
        return {"tag": "tuple", "value": encoder.many(value)}
    return {
        "tag": "named",
        "fields": list(fields),
        "value": encoder.many(value),
    }


def _array(encoder: Encoder, value: Any) -> dict:
    scalar = isinstance(value, np.generic)
    value = np.asarray(value)
    header = {
        "tag": "scalar" if scalar else "array",
        "shape": list(value.shape),
    }
    if value.dtype.kind == "O":
        return header | {
            "tag": "objects",
            "value": encoder.many(value.ravel()),
        }
    name = value.dtype.str
    if value.dtype.name in NARROW:
        name = value.dtype.name
    elif value.dtype.kind not in KINDS + "U":
        raise WireError(f"An array of dtype {value.dtype} is no data.")
    where = encoder.raw(np.ascontiguousarray(value).tobytes())
    return header | {"dtype": name, "span": where}


def _generator(encoder: Encoder, value: np.random.Generator) -> dict:
    state = value.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise WireError("Of generators only np.random.default_rng crosses.")
    inner = state["state"]
    numbers = inner["state"], inner["inc"]
    rest = state["has_uint32"], state["uinteger"]
    return {"tag": "generator", "value": [hex(n) for n in (*numbers, *rest)]}


def _random(encoder: Encoder, value: random.Random) -> dict:
    return {"tag": "random", "value": encoder.encode(value.getstate())}


def _slice(encoder: Encoder, value: Any) -> dict:
    tag = type(value).__name__
    parts = encoder.many((value.start, value.stop, value.step))
    return {"tag": tag, "value": parts}


_WRITERS: dict[type, Callable] = {
    int: _int,
    float: lambda encoder, value: {"tag": "float", "value": value.hex()},
    complex: _complex,
    bytes: lambda encoder, value: {"tag": "bytes", "span": encoder.raw(value)},
    list: _sequence("list"),
    set: _sequence("set"),
    frozenset: _sequence("frozenset"),
    tuple: _tuple,
    dict: _dict,
    Fraction: _fraction,
    range: _slice,
    slice: _slice,
    type(...): lambda encoder, value: {"tag": "ellipsis"},
    np.ndarray: _array,
    np.random.Generator: _generator,
    random.Random: _random,
}
_BASES = (  # subclasses arrive as their plain base
    (np.generic, _array),
    (np.ndarray, _array),
    (np.dtype, lambda encoder, value: {"tag": "dtype", "value": value.str}),
    (Fraction, _fraction),
    (int, _int),
    (
        float,
        lambda encoder, value: {"tag": "float", "value": float.hex(value)},
    ),
    (complex, _complex),
    (str, lambda encoder, value: str.__str__(value)),
    (list, _sequence("list")),
    (tuple, _tuple),
    (dict, _dict),
    (type({}.keys()), _sequence("list")),
    (type({}.values()), _sequence("list")),
    (type({}.items()), _sequence("list")),
)


# -- JSON to values ---------------------------------------------------------


class Decoder:
    """Turn JSON and a body back into values of exact built-in types.

    Parameters
    ----------
    body : bytes
    other : callable, optional
        ``other(tag, json, decoder)`` returns the value of another tag.

    Raises
    ------
    WireError
        By `decode`, if the JSON is not of a known form.
    """

    def __init__(self, body: bytes = b"", other: Callable | None = None):
        self.body, self.other = body, other
        self.items = self.depth = 0

    def decode(self, data: Any) -> Any:
        """Return the value of a piece of JSON."""
        self.items += 1
        if self.items > ITEMS or self.depth > DEPTH:
            raise WireError("The value has too many parts or levels.")
        self.depth += 1
        try:
            return self._decode(data)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            MemoryError,
            TypeError,
            ValueError,
        ) as error:
            raise WireError(f"Not a value: {error!r:.200}") from None
        finally:
            self.depth -= 1

    def many(self, data: Any) -> list:
        """Return the values of a list of JSON."""
        if type(data) is not list:
            raise WireError("A list was expected.")
        return [self.decode(item) for item in data]

    def raw(self, span: list) -> bytes:
        """Return some bytes of the body."""
        start, length = span
        if not 0 <= start <= start + length <= len(self.body):
            raise WireError("A span outside the body.")
        return self.body[start : start + length]

    def _decode(self, data: Any) -> Any:
        if data is None or type(data) in (bool, int, str):
            return data
        if type(data) is not dict:
            raise WireError(f"Not a value: {type(data).__name__}.")
        tag = data.get("tag")
        reader = _READERS.get(tag)
        if reader is not None:
            return reader(self, data)
        if self.other is not None:
            return self.other(tag, data, self)
        raise WireError(f"Unknown tag {tag!r:.50}.")


def _read_int(decoder: Decoder, data: dict) -> int:
    if len(data["value"]) > BITS // 4 + 4:
        raise WireError("The integer is too long.")
    return int(data["value"], 16)


def _read_named(decoder: Decoder, data: dict) -> tuple:
    names = data["fields"]
    if len(names) > 64 or not all(type(n) is str for n in names):
        raise WireError("Too many fields, or fields without names.")
    if not all(n.isidentifier() and len(n) < 64 for n in names):
        raise WireError("A field's name is no identifier.")
    return namedtuple("Result", names, rename=True)(
        *decoder.many(data["value"])
    )


def _dtype(name: str) -> np.dtype:
    if name in NARROW:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    if type(name) is not str or len(name) > 16:
        raise WireError("A dtype has a short name.")
    dtype = np.dtype(name)
    if dtype.kind not in KINDS + "U":
        raise WireError(f"The dtype {dtype} is no data.")
    return dtype


def _shape(data: dict) -> tuple[int, ...]:
    shape = tuple(data["shape"])
    if len(shape) > DEPTH or not all(type(n) is int and n >= 0 for n in shape):
        raise WireError("A shape is a short list of sizes.")
    return shape


def _read_array(decoder: Decoder, data: dict) -> np.ndarray:
    raw = decoder.raw(data["span"])
    array = np.frombuffer(raw, _dtype(data["dtype"])).reshape(_shape(data))
    if array.dtype.kind == "b":  # any byte may arrive: make it 0 or 1
        array = array.view(np.uint8) != 0
    return array.copy()


def _read_objects(decoder: Decoder, data: dict) -> np.ndarray:
    values = decoder.many(data["value"])
    array = np.empty(len(values), object)
    for i, value in enumerate(values):
        array[i] = value
    return array.reshape(_shape(data))


def _read_generator(decoder: Decoder, data: dict) -> np.random.Generator:
    numbers = [int(text, 16) for text in data["value"]]
    state, inc, has, last = numbers
    bits = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state % 2**128, "inc": inc % 2**128 | 1},
        "has_uint32": has % 2,
        "uinteger": last % 2**32,
    }
    return np.random.Generator(bits)


def _read_random(decoder: Decoder, data: dict) -> random.Random:
    generator = random.Random()
    generator.setstate(decoder.decode(data["value"]))
    return generator


_READERS: dict[str, Callable] = {
    "int": _read_int,
    "float": lambda decoder, data: float.fromhex(data["value"]),
    "complex": lambda decoder, data: complex(
        *map(float.fromhex, data["value"])
    ),
    "bytes": lambda decoder, data: decoder.raw(data["span"]),
    "list": lambda decoder, data: decoder.many(data["value"]),
    "set": lambda decoder, data: set(decoder.many(data["value"])),
    "frozenset": lambda decoder, data: frozenset(decoder.many(data["value"])),
    "tuple": lambda decoder, data: tuple(decoder.many(data["value"])),
    "named": _read_named,
    "dict": lambda decoder, data: dict(map(decoder.many, data["value"])),
    "fraction": lambda decoder, data: Fraction(*decoder.many(data["value"])),
    "range": lambda decoder, data: _range(decoder, data),
    "slice": lambda decoder, data: slice(*decoder.many(data["value"])),
    "ellipsis": lambda decoder, data: ...,
    "array": _read_array,
    "scalar": lambda decoder, data: _read_array(decoder, data)[()],
    "objects": _read_objects,
    "dtype": lambda decoder, data: _dtype(data["value"]),
    "generator": _read_generator,
    "random": _read_random,
}


def _range(decoder: Decoder, data: dict) -> range:
    start, stop, step = decoder.many(data["value"])
    return range(start, stop, 1 if step is None else step)


def copied(value: Any) -> Any:
    """Return what the other side would receive."""
    encoder = Encoder()
    data = SimpleNamespace(json=json.dumps(encoder.encode(value)))
    return Decoder(encoder.body).decode(json.loads(data.json))
