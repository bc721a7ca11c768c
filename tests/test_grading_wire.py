"""What may cross between worker and checker, and what may not."""

import ast
import contextlib
import json
import math
import os
import random
import re
import struct
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tools.grading.inside import wire
from tools.grading.inside.wire import Channel, Decoder, Encoder, WireError

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.fractions()
)
KEYS = st.integers() | st.text(max_size=5) | st.booleans()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=12,
)
DTYPES = (
    arrays.integer_dtypes()
    | arrays.floating_dtypes(sizes=(16, 32, 64))
    | arrays.boolean_dtypes()
)


@given(VALUES)
def test_plain_values_arrive_equal_and_of_the_same_type(value):
    arrived = wire.copied(value)
    assert arrived == value
    assert type(arrived) is type(value)


@given(arrays.arrays(DTYPES, arrays.array_shapes(min_side=0)))
def test_arrays_arrive_bit_by_bit(array):
    arrived = wire.copied(array)
    assert type(arrived) is np.ndarray
    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    assert arrived.tobytes() == array.tobytes()
    assert arrived.flags.writeable


def test_numbers_beyond_json():
    for value in (2**80, -(2**60), math.inf, -math.inf, -0.0):
        assert repr(wire.copied(value)) == repr(value)
    assert math.isnan(wire.copied(math.nan))
    for scalar in (np.float32(1.5), np.int8(-3), np.bool_(True)):
        arrived = wire.copied(scalar)
        assert arrived == scalar
        assert arrived.dtype == scalar.dtype


def test_narrow_formats_cross():
    import ml_dtypes

    for dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn):
        array = np.array([0.5, -2.0], dtype)
        arrived = wire.copied(array)
        assert arrived.dtype == array.dtype
        assert (arrived == array).all()


def test_generators_go_on_where_they_were():
    for generator in (np.random.default_rng(3), random.Random(3)):
        generator.random()
        assert wire.copied(generator).random() == generator.random()


def test_named_tuples_keep_names_and_lose_methods():
    from collections import namedtuple

    class Point(namedtuple("Point", "x y")):
        def __eq__(self, other):
            return True

        __hash__ = tuple.__hash__

    arrived = wire.copied(Point(1, 2))
    assert (arrived.x, arrived.y) == (1, 2)
    assert arrived != (3, 4)


def test_subclasses_arrive_as_their_base():
    class Lie(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    class Agreeing(np.ndarray):
        pass

    assert type(wire.copied(Lie(3))) is int
    assert wire.copied(Lie(3)) != 4
    assert type(wire.copied(np.zeros(2).view(Agreeing))) is np.ndarray


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda: 0,
        nested(100),
        [0] * 300_000,
        1 << 10**6,
        np.zeros(3, "datetime64[s]"),
        np.zeros(2**23 + 1),
        np.random.Generator(np.random.MT19937()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_data_is_refused(value):
    with pytest.raises(WireError):
        wire.copied(value)


@pytest.mark.parametrize(
    "data",
    [
        1.5,
        {"tag": "pickle", "value": "x"},
        {"tag": "handle", "number": 0},
        {"tag": "code", "code": [0, 1]},
        {"tag": "import", "module": "os", "name": "system"},
        {"tag": "int", "value": "0x" + "f" * 200_000},
        {"tag": "int", "value": "12 monkeys"},
        {"tag": "array", "dtype": "<f8", "shape": [2], "span": [0, 16]},
        {"tag": "array", "dtype": "<f8", "shape": [-1], "span": [0, 8]},
        {"tag": "array", "dtype": "|O", "shape": [1], "span": [0, 8]},
        {"tag": "array", "dtype": "<f8," * 9, "shape": [1], "span": [0, 8]},
        {
            "tag": "array",
            "dtype": "<f8",
            "shape": [10**9, 10**9],
            "span": [0, 8],
        },
        {"tag": "array", "dtype": "<f8", "shape": [1], "span": [-8, 8]},
        {"tag": "objects", "shape": [2], "value": [1]},
        {"tag": "dict", "value": [[[], 1]]},
        {"tag": "dict", "value": [[{"tag": "list", "value": []}, 1]]},
        {"tag": "named", "fields": ["x; import os"], "value": [1]},
        {"tag": "named", "fields": ["a"] * 100, "value": [1] * 100},
        {"tag": "generator", "value": ["1", "2"]},
        {"tag": "random", "value": {"tag": "tuple", "value": [1, 2, 3]}},
        {"tag": "fraction", "value": [1, 0]},
        {"tag": ["list"], "value": []},
        {"tag": "range", "value": [0, 1, 0]},
        {"tag": "float", "value": "xyz"},
        {},
    ],
    ids=str,
)
def test_forged_values_are_refused(data):
    with pytest.raises(WireError):
        Decoder(b"12345678").decode(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["tag", "value", "dtype", "shape", "span", "fields", "x"]
                ),
                inner | st.sampled_from([*wire._READERS]),
                max_size=5,
            )
        ),
    )
)
def test_any_json_is_a_value_or_a_wire_error(data):
    with contextlib.suppress(WireError):
        Decoder(b"12345678").decode(data)


# -- frames -----------------------------------------------------------------


@pytest.fixture
def ends():
    """Return a channel and the two ends by which it can be deceived."""
    theirs, ours, answers, requests = *os.pipe(), *os.pipe()
    channel = Channel(theirs, requests)
    channel.deadline = time.monotonic() + 0.3
    yield channel, ours, answers
    for fd in (theirs, ours, answers, requests):
        try:
            os.close(fd)
        except OSError:
            continue


def frame(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<II", len(header), len(body)) + header + body


def test_a_frame_arrives_whole(ends):
    channel, ours, _ = ends
    encoder = Encoder()
    header = {"value": encoder.encode(np.arange(3))}
    os.write(ours, frame(json.dumps(header).encode(), encoder.body))
    arrived, body = channel.receive()
    assert Decoder(body).decode(arrived["value"]).tolist() == [0, 1, 2]


def test_a_frame_is_sent_as_it_is_read(ends):
    channel, _, answers = ends
    channel.send({"op": "x"}, b"abc")
    assert os.read(answers, 100) == frame(b'{"op": "x"}', b"abc")


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<II", 2**31, 2**31),
        frame(b"{"),
        frame(b"[1]"),
        frame(b"\xff\xfe"),
        frame(b"[" * 50_000),
    ],
    ids=["length", "json", "list", "utf-8", "deep"],
)
def test_a_forged_frame_is_refused(ends, data):
    channel, ours, _ = ends
    os.write(ours, data)
    with pytest.raises(WireError):
        channel.receive()


def test_a_truncated_frame_is_late_or_ends(ends):
    channel, ours, _ = ends
    os.write(ours, frame(b'{"op": "x"}')[:-3])
    with pytest.raises(TimeoutError):
        channel.receive()
    os.close(ours)
    with pytest.raises(EOFError):
        channel.receive()


def test_a_reader_that_is_gone_ends_the_channel(ends):
    channel, _, answers = ends
    os.close(answers)
    with pytest.raises(EOFError):
        channel.send({})


def test_a_reader_that_does_not_read_is_late(ends):
    channel, _, _ = ends
    with pytest.raises(TimeoutError):
        channel.send({}, bytes(10**6))


def test_fractions_in_arrays_of_objects():
    array = np.array([[Fraction(1, 3), 2]], object)
    arrived = wire.copied(array)
    assert arrived.tolist() == [[Fraction(1, 3), 2]]


# -- the page of the protocol -------------------------------------------------

INSIDE = Path(wire.__file__).parent
FORMAT = {  # of notebooks
    *("cell_type", "metadata", "nbgrader", "grade", "grade_id", "solution"),
}
OTHERS = {  # NumPy's names, and names that never leave a process
    *("bit_generator", "state", "inc", "has_uint32", "uinteger"),
    *("__builtins__", "__name__", "__probe__", "_number", "lost"),
    *("TOPOI_ANSWERS_ELSEWHERE", "topoi.lab.clock"),
}
TABLES = ("op", "tag", "key")  # what may head the first column of one


def documented(page: str) -> set[str]:
    """Return the code in the first columns of the tables of a page."""
    words, columns = set(), 0
    for line in page.split("\n"):
        if not line.startswith("|"):
            columns = 0
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in TABLES:
            columns = 2 if cells[1:2] == ["keys"] else 1
        for cell in cells[:columns]:
            words |= set(re.findall("`([^`]+)`", cell))
    return words


def used(source: str) -> set[str]:
    """Return the keys, tags and kinds of messages in a source."""
    words = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                for key, value in pairs:
                    words |= {text(key)}
                    words |= {text(value)} if text(key) in TABLES else set()
            case ast.Subscript():
                words |= {text(node.slice)}
            case ast.Call(func=ast.Attribute(attr="get" | "pop")):
                words |= set(map(text, node.args[:1]))
            case ast.Call(
                func=ast.Attribute(attr="emit") | ast.Name(id="emit")
            ):
                words |= {keyword.arg for keyword in node.keywords}
    return words - {"", None}


def text(node) -> str:
    value = getattr(node, "value", "")
    return value if isinstance(value, str) else ""


def test_the_page_of_the_protocol_has_the_keys_of_the_code():
    files = INSIDE.glob("*.py")
    found = set().union(*(used(f.read_text()) for f in files))
    found |= set(wire._READERS)
    page = documented((INSIDE / "README.md").read_text(encoding="utf-8"))
    assert not page - found
    assert found - page - FORMAT - OTHERS == {"op", "tag"}
    assert found >= FORMAT | OTHERS, "an exception that nothing needs"
    assert not [word for word in page if len(word) == 1]


def test_a_key_that_no_page_tells_is_found():
    assert used('x = {"op": "leak", "secret": 1}; x["more"]') == {
        *("op", "leak", "secret", "more"),
    }
    assert documented("| op | keys |\n|-|-|\n| `a` | `b` |\n\n`c`") == {
        *("a", "b"),
    }
