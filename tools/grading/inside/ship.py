"""What only the checker may send: functions, modules, Keras objects.

The checker is trusted and the worker is not, so this way is open wider than
the way back. A function of the lab travels as its code together with the
globals that it reads; Keras objects travel as configuration and weights;
what can be imported travels by name. `unpack` runs in the worker only.
"""

import builtins
import dis
import importlib
import json
import marshal
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .wire import Decoder, Encoder, WireError


class Probe:
    """A function of the lab that runs beside the student's answers."""

    def __init__(self, function: FunctionType, call: Callable):
        self.function, self.call = function, call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(self, args, kwargs, ship=True)


# -- in the checker ---------------------------------------------------------


def pack(value: Any, encoder: Encoder) -> dict:
    """Return the JSON of a value that is no data.

    Raises
    ------
    WireError
        If the value cannot travel.
    """
    if isinstance(value, Probe):
        return pack_code(value.function, encoder)
    if isinstance(value, ModuleType):
        return {"tag": "module", "name": value.__name__}
    where = place(value)
    if where is not None:
        return {"tag": "import", "module": where[0], "name": where[1]}
    if "keras" in sys.modules:
        found = _pack_keras(value, encoder)
        if found is not None:
            return found
    raise WireError(
        f"A {type(value).__name__} cannot travel to the student's code. Make "
        "it inside a function marked `# probe`, or pass arrays."
    )


def place(value: Any) -> list[str] | None:
    """Return module and name under which a value can be imported."""
    name = getattr(value, "__qualname__", None)
    module = getattr(value, "__module__", None)
    if type(name) is not str or module not in sys.modules:
        return None
    found = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return [module, name] if found is value else None


def pack_code(function: FunctionType, encoder: Encoder) -> dict:
    """Return the JSON of a function with all that it reads."""
    memo = encoder.__dict__.setdefault("shipped", {})
    if id(function) in memo:
        return {"tag": "again", "number": memo[id(function)]}
    number = memo[id(function)] = len(memo)
    names = {
        name: function.__globals__[name]
        for name in sorted(set(_globals(function.__code__)))
        if name in function.__globals__
    }
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return {
        "tag": "code",
        "number": number,
        "code": encoder.raw(marshal.dumps(function.__code__)),
        "name": function.__name__,
        "globals": {
            name: encoder.encode(value) for name, value in names.items()
        },
        "closure": encoder.many(cells),
        "defaults": encoder.many(function.__defaults__ or ()),
        "keyword_defaults": encoder.encode(function.__kwdefaults__ or {}),
    }


def _globals(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _pack_keras(value: Any, encoder: Encoder) -> dict | None:
    import keras

    if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
        array = keras.ops.convert_to_numpy(value)
        return {"tag": "tensor", "value": encoder.encode(array)}
    if not type(value).__module__.startswith("keras"):
        return None
    config = keras.saving.serialize_keras_object(value)
    weights = value.get_weights() if hasattr(value, "get_weights") else []
    return {
        "tag": "keras",
        "config": encoder.encode(json.dumps(config)),
        "weights": encoder.many(weights),
    }


# -- in the worker ----------------------------------------------------------


def unpack(tag: str, data: dict, decoder: Decoder) -> Any:
    """Return a value that `pack` made."""
    if tag == "module":
        return importlib.import_module(data["name"])
    if tag == "import":
        found = importlib.import_module(data["module"])
        for part in data["name"].split("."):
            found = getattr(found, part)
        return found
    if tag == "code":
        return _unpack_code(data, decoder)
    if tag == "again":
        return decoder.shipped[data["number"]]
    if tag == "tensor":
        from keras import ops

        return ops.convert_to_tensor(decoder.decode(data["value"]))
    if tag == "keras":
        return _unpack_keras(data, decoder)
    raise WireError(f"Unknown tag {tag!r:.50}.")


def _unpack_code(data: dict, decoder: Decoder) -> FunctionType:
    memo = decoder.__dict__.setdefault("shipped", {})
    code = marshal.loads(decoder.raw(data["code"]))
    names = {"__builtins__": builtins, "__name__": "probe"}
    cells = tuple(_cell() for _ in data["closure"])
    function = FunctionType(code, names, data["name"], None, cells)
    memo[data["number"]] = function
    for name, value in data["globals"].items():
        names[name] = decoder.decode(value)
    for cell, value in zip(cells, decoder.many(data["closure"]), strict=True):
        cell.cell_contents = value
    function.__defaults__ = tuple(decoder.many(data["defaults"]))
    function.__kwdefaults__ = decoder.decode(data["keyword_defaults"])
    return function


def _cell() -> Any:
    content = None
    return (lambda: content).__closure__[0]


def _unpack_keras(data: dict, decoder: Decoder) -> Any:
    import keras

    config = json.loads(decoder.decode(data["config"]))
    value = keras.saving.deserialize_keras_object(config)
    weights = decoder.many(data["weights"])
    if weights:
        value.set_weights(weights)
    return value
