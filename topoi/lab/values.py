"""Is what an answer returned of the kind, shape and dtype that is due?

Each function returns the value in a plain form, or raises a `Slip` whose
text says what came, what is due, and what the usual reason is.
"""

import inspect
import numbers
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

TENSORS = {
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "jaxlib": "JAX",
    "torch": "PyTorch",
    "keras": "Keras",
}
KINDS = {float: "f", int: "iu", bool: "b", complex: "c"}
KIND_NAMES = {
    "f": "floating-point numbers",
    "i": "integers",
    "u": "unsigned integers",
    "b": "True and False",
    "c": "complex numbers",
    "O": "Python objects",
    "U": "texts",
    "S": "bytes",
}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
LAZY = (
    type(iter(map(abs, ()))),
    type(zip()),
    type(filter(None, ())),
    range,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
    type(enumerate(())),
    type(reversed([])),
)


class Slip(Exception):
    """A value is not what is due; the text says why, for students."""


class Due(NamedTuple):
    """What an answer should return.

    Attributes
    ----------
    kind : type, str or tuple
        One of `WORDS`, or a tuple of kinds for several values.
    shape : tuple, optional
        Sizes of an array; None stands for any size.
    dtype : type or str, optional
        `float`, `int`, `bool` or `complex` for a kind of numbers, or the
        name of one dtype.
    finite : bool
        Whether NaN and infinity are wrong.
    """

    kind: Any = None
    shape: tuple | None = None
    dtype: Any = None
    finite: bool = False

    def parts(self) -> list["Due"]:
        """Return what is due for each of several values."""
        count = len(self.kind)
        shapes, dtypes = (
            part if isinstance(part, list) else [part] * count
            for part in (self.shape, self.dtype)
        )
        finite = [self.finite] * count
        rows = zip(self.kind, shapes, dtypes, finite, strict=True)
        return [Due(*row) for row in rows]

    def words(self) -> str:
        """Return in words what is due."""
        if isinstance(self.kind, tuple):
            names = ", ".join("abcdefgh"[: len(self.kind)])
            return f"{len(self.kind)} values, as in `return {names}`,"
        if self.kind in ("array", "tensor") and self.shape is not None:
            return f"an array of shape {shape_words(self.shape)}"
        return WORDS[self.kind]


WORDS = {
    None: "something",
    "array": "an array",
    "tensor": "an array or a tensor",
    float: "a number",
    int: "a whole number",
    complex: "a number",
    bool: "True or False",
    str: "a text",
    list: "a list",
    tuple: "a tuple",
    dict: "a dictionary",
    set: "a set",
    callable: "a function",
}


def due(kind: Any, shape: Any, dtype: Any, finite: bool) -> Due:
    """Return what is due, as `guard` is told it.

    Raises
    ------
    ValueError
        If that is not one of the known kinds; a mistake in the check.
    """
    if kind is None and not (shape is None and dtype is None):
        kind = "array"
    kind = "array" if kind is np.ndarray else kind
    for one in kind if isinstance(kind, tuple) else (kind,):
        if one not in WORDS:
            known = ", ".join(
                k if isinstance(k, str) else k.__name__ for k in WORDS if k
            )
            raise ValueError(
                f"guard knows returns={known}, or a tuple of these for "
                f"several values, but got {one!r}."
            )
    return Due(kind, shape, dtype, finite)


def judge(value: Any, wanted: Due, lead: str) -> Any:
    """Return a value in a plain form.

    Parameters
    ----------
    value : object
        What came.
    wanted : Due
        What is due.
    lead : str
        Begins each message, as in "area returned".

    Raises
    ------
    Slip
        If the value is something else.
    """
    if value is None:
        raise Slip(f"{lead} None")
    if isinstance(wanted.kind, tuple):
        return _judge_several(value, wanted, lead)
    read = _READERS.get(wanted.kind, _read_plain)
    return read(value, wanted, lead)


# -- several values ---------------------------------------------------------


def _judge_several(value: Any, wanted: Due, lead: str) -> tuple:
    count = len(wanted.kind)
    if not isinstance(value, tuple | list):
        raise _other(value, wanted, lead)
    if len(value) != count:
        raise Slip(
            f"{lead} {len(value)} values, but {count} are due: "
            f"{wanted.words().split(' as in ')[-1].rstrip(',')}."
        )
    pairs = zip(value, wanted.parts(), strict=True)
    return tuple(
        judge(v, part, f"The {ORDINALS[n]} of the {count} values is")
        for n, (v, part) in enumerate(pairs)
    )


# -- arrays -----------------------------------------------------------------


def _read_array(value: Any, wanted: Due, lead: str) -> np.ndarray:
    if tensor_of(value):
        if wanted.kind != "tensor":
            raise Slip(
                f"{lead} {describe(value)}, but an array is due. Turn it "
                "into one with keras.ops.convert_to_numpy(...)."
            )
        value = _from_tensor(value)
    scalar = wanted.shape == () and _is_number(value)
    if not (scalar or isinstance(value, np.ndarray | np.generic)):
        raise _other(value, wanted, lead)
    array = np.asarray(value)
    if array.ndim == 0 and wanted.shape not in ((), None):
        raise _other(array[()], wanted, lead)
    _check_objects(array, lead)
    _check_shape(array.shape, wanted.shape, lead)
    _check_dtype(array.dtype, wanted.dtype, lead)
    if wanted.finite:
        _check_finite(array, lead)
    return value if isinstance(value, np.ndarray) else array


def _check_objects(array: np.ndarray, lead: str) -> None:
    if array.dtype == object:
        raise Slip(
            f"{lead} an array of Python objects, not of numbers. Does it "
            "hold rows of different lengths, None, or lists?"
        )


def _check_shape(got: tuple, wanted: tuple | None, lead: str) -> None:
    if wanted is None:
        return
    if len(got) == len(wanted) and all(
        w in (None, g) for g, w in zip(got, wanted, strict=True)
    ):
        return
    raise Slip(
        f"{lead} an array of shape {got}, but shape {shape_words(wanted)} is "
        f"due.{_shape_hint(got, wanted)}"
    )


def _shape_hint(got: tuple, wanted: tuple) -> str:
    """Return the usual reason for this pair of shapes, if there is one."""
    sizes = tuple(n for n in wanted if n is not None)
    if sizes == wanted and got != wanted:
        if sorted(got) == sorted(wanted):
            return " The sizes are right, their order is not: transposed?"
        if tuple(n for n in got if n != 1) == tuple(
            n for n in wanted if n != 1
        ):
            longer = "Drop" if len(got) > len(wanted) else "Keep"
            return f" {longer} the axes of length 1."
    if len(got) < len(wanted):
        return " An axis has been lost: summed, averaged or flattened away?"
    if len(got) > len(wanted):
        return " There is an axis too many."
    return ""


def _check_dtype(got: np.dtype, wanted: Any, lead: str) -> None:
    if wanted is None:
        return
    kinds = KINDS.get(wanted)
    if kinds is None and got == np.dtype(wanted):
        return
    if kinds is not None and got.kind in kinds:
        return
    due_name = KIND_NAMES[kinds[0]] if kinds else str(np.dtype(wanted))
    raise Slip(
        f"{lead} an array of {KIND_NAMES.get(got.kind, 'other things')} "
        f"(dtype {got}), but {due_name} are due."
        f"{_dtype_hint(got.kind, kinds)}"
    )


def _dtype_hint(got: str, kinds: str | None) -> str:
    if kinds is None:
        return " Say so where the array is made, or use .astype."
    if got in "iu" and kinds == "f":
        return (
            " Integers drop what follows the point: did you fill "
            "np.zeros_like of an array of integers, or divide with //?"
        )
    if got == "f" and kinds == "iu":
        return " Did you divide with /? Use // or .astype(int)."
    if kinds == "b":
        return " Compare, as in `x > 0`, or use .astype(bool)."
    if got == "b":
        return " Is a comparison where its numbers are meant?"
    return ""


def _check_finite(array: np.ndarray, lead: str) -> None:
    if array.dtype.kind not in "fc" or np.isfinite(array).all():
        return
    what = "NaN" if np.isnan(array).any() else "infinity"
    where = tuple(int(n) for n in np.argwhere(~np.isfinite(array))[0])
    place = "" if array.ndim == 0 else f" at index {list(where)}"
    raise Slip(
        f"{lead} {what}{place}. Is something divided by zero there, or is "
        "it the logarithm of zero, or the exponential of a large number?"
    )


def _from_tensor(value: Any) -> np.ndarray:
    if "keras" in sys.modules:
        from keras import ops

        return np.asarray(ops.convert_to_numpy(value))
    return np.asarray(value)


# -- single numbers ---------------------------------------------------------


def _read_number(value: Any, wanted: Due, lead: str) -> Any:
    if tensor_of(value):
        value = _from_tensor(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    number = _is_number(value) and not isinstance(value, bool | np.bool_)
    if not number:
        raise _other(value, wanted, lead)
    if isinstance(value, numbers.Complex) and not isinstance(
        value, numbers.Real
    ):
        if wanted.kind is not complex:
            raise Slip(f"{lead} the complex number {value}, not a real one.")
    elif wanted.kind is int and not isinstance(value, numbers.Integral):
        raise Slip(
            f"{lead} {value}, a {type(value).__name__}, but a whole number "
            "(int) is due. Divide with //, or round with int(...)."
        )
    if wanted.finite:
        _check_finite(np.asarray(value, dtype=complex), lead)
    return value


def _read_bool(value: Any, wanted: Due, lead: str) -> bool:
    if tensor_of(value):
        value = _from_tensor(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, bool | np.bool_):
        raise _other(value, wanted, lead)
    return bool(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Number | np.number | np.bool_)


# -- the rest ---------------------------------------------------------------


def _read_list(value: Any, wanted: Due, lead: str) -> list:
    if not isinstance(value, list | tuple):
        raise _other(value, wanted, lead)
    return list(value)


def _read_tuple(value: Any, wanted: Due, lead: str) -> tuple:
    if not isinstance(value, list | tuple):
        raise _other(value, wanted, lead)
    return value if isinstance(value, tuple) else tuple(value)


def _read_plain(value: Any, wanted: Due, lead: str) -> Any:
    if isinstance(wanted.kind, type) and not isinstance(value, wanted.kind):
        raise _other(value, wanted, lead)
    if wanted.kind is callable and not callable(value):
        raise _other(value, wanted, lead)
    return value


_READERS: dict[Any, Callable] = {
    "array": _read_array,
    "tensor": _read_array,
    float: _read_number,
    int: _read_number,
    complex: _read_number,
    bool: _read_bool,
    list: _read_list,
    tuple: _read_tuple,
}


# -- words ------------------------------------------------------------------


def _other(value: Any, wanted: Due, lead: str) -> Slip:
    """Return the slip for a value of another kind."""
    words = wanted.words()
    be = "are" if isinstance(wanted.kind, tuple) else "is"
    hint = _kind_hint(value, wanted)
    return Slip(f"{lead} {describe(value)}, but {words} {be} due.{hint}")


def _kind_hint(value: Any, wanted: Due) -> str:
    array_due = wanted.kind in ("array", "tensor")
    if isinstance(value, LAZY) or inspect.isgenerator(value):
        return (
            " It makes its items one by one: collect them with list(...)"
            f"{' and np.array(...)' if array_due else ''}."
        )
    if inspect.isroutine(value):
        return " Did you forget the brackets that call it?"
    if array_due and isinstance(value, list | tuple):
        return " Make one with np.array(...)."
    if array_due and _is_number(value):
        return " Did you sum or average over too much, or return too early?"
    if isinstance(wanted.kind, tuple):
        return " Return all of them, in this order."
    if isinstance(value, np.ndarray):
        if wanted.kind is bool:
            return " Use .all() or .any() to make one of many."
        if wanted.kind in (list, tuple):
            return " Turn it into one with .tolist()."
        return " Which of its entries, or their sum?"
    if wanted.kind is bool and _is_number(value):
        return " Compare, as in `x > 0`, and return the result."
    return ""


def describe(value: Any) -> str:
    """Return in words what a value is."""
    tensor = tensor_of(value)
    if tensor:
        return f"a {tensor} tensor"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, bool | np.bool_):
        return f"{value}"
    if _is_number(value):
        return f"the number {value}"[:60]
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, tuple | list | set | dict):
        kind = {dict: "dictionary"}.get(type(value), type(value).__name__)
        return f"a {kind} of {len(value)}"
    if inspect.isgenerator(value):
        return "a generator"
    if inspect.isroutine(value):
        return "a function"
    name = type(value).__name__
    return "an object" if name == "Remote" else f"an object ({name})"


def shape_words(shape: tuple) -> str:
    """Return a shape as Python prints it, with "any" for free sizes."""
    sizes = ["any" if n is None else str(n) for n in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def tensor_of(value: Any) -> str | None:
    """Return the name of the library that a tensor belongs to."""
    kind = type(value)
    name = TENSORS.get(kind.__module__.partition(".")[0])
    return name if name and hasattr(kind, "__array__") else None
