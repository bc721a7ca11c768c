"""`guard` calls an answer, so that a usual slip meets a sentence.

A check calls a student's function through it before it does any mathematics.
What comes back has the kind, shape and dtype that is due; every other outcome
is an `AssertionError` that says what happened and what to look at. Only an
unanswered stub keeps its `NotImplementedError`.
"""

import contextlib
import io
import linecache
import os
import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType
from typing import Any, NoReturn

import numpy as np

from topoi.lab import values
from topoi.lab.clock import TooLong, answers_run_elsewhere, time_limit

ECHO = 300  # characters of what an answer prints that are shown
QUOTE = 60

# What Python says, and what it usually means in a lab.
MEANINGS = (
    (
        r"truth value of an array",
        "Between arrays write & and | with brackets, not `and` and `or`; an "
        "`if` needs .all() or .any().",
    ),
    (
        r"could not be broadcast|mismatch in its core dimension|not aligned",
        "Print the shapes just before that line.",
    ),
    (
        r"'?NoneType'?",
        "Something there is None: does the function that made it return its "
        "result?",
    ),
    (
        r"'(list|tuple)' object has no attribute|list indices must be "
        r"integers or slices, not tuple|can't multiply sequence|"
        r"can only concatenate|unsupported operand .*'list'",
        "A list is no array: make one with np.array(...).",
    ),
    (
        r"Cannot cast ufunc .* to dtype\('u?int",
        "An array of integers cannot hold fractions: make it of floats.",
    ),
    (
        r"out of bounds|out of range",
        "Indices run from 0 to the length minus 1.",
    ),
    (
        r"is not defined|referenced before assignment|not associated with",
        "Is it misspelt, or defined in a cell that has not been run?",
    ),
)


def guard(
    function: Callable,
    *arguments: Any,
    returns: Any = None,
    shape: tuple | list | None = None,
    dtype: Any = None,
    finite: bool = False,
    seconds: float | None = 3,
    name: str | None = None,
    keywords: dict[str, Any] | None = None,
    changes: bool = False,
) -> Any:
    """Call an answer on copies of its arguments and return what it returns.

    Parameters
    ----------
    function : callable
        The student's; in the grader a stand-in for it.
    *arguments
        Arrays, lists, tuples, dictionaries and sets are copied, so the
        check keeps its own; anything else is handed over as it is.
    returns : type or str or tuple, optional
        What is due: "array", "tensor" (an array, or a tensor of any
        backend, which is returned as an array), `float`, `int`, `bool`,
        `complex`, `str`, `list`, `tuple`, `dict`, `set`, `callable`, or a
        tuple of these for several values. Without it, "array" if a shape or
        dtype is due, and otherwise anything but None.
    shape : tuple, optional
        Shape of an array; None in it stands for any size. For several
        values a list with one shape, or None, for each.
    dtype : type or str, optional
        `float`, `int`, `bool` or `complex` for a kind of numbers, or one
        dtype as "float32"; for several values a list.
    finite : bool
        Whether NaN and infinity are wrong.
    seconds : float, optional
        Longest time for the call; None means no limit.
    name : str, optional
        What the messages call the function.
    keywords : dict, optional
        Arguments by name.
    changes : bool
        Whether the exercise asks to change arguments in place; then they
        are not copied.

    Returns
    -------
    object
        Numbers as they came (a 0-d array as a scalar), a tuple where several
        values are due, even if a list came.

    Raises
    ------
    AssertionError
        If the answer is not what is due; the message says why.
    NotImplementedError
        If the stub has not been replaced.
    ValueError
        If `returns` is no known kind.
    """
    __tracebackhide__ = True
    wanted = values.due(returns, shape, dtype, finite)
    if not callable(function):
        what = values.describe(function)
        _fail(f"{name or 'The answer'} should be a function, but is {what}.")
    call = _Call(function, name, arguments, keywords or {}, changes)
    with _echo() as printed:
        value = call.run(seconds)
    if value is None and wanted.kind is None and changes:
        return None
    try:
        value = values.judge(value, wanted, f"{call.name} returned")
    except values.Slip as slip:
        _fail(_with_reason(str(slip), printed.getvalue()))
    call.compare()
    return value


def guarded(function: Callable, **expected: Any) -> Callable:
    """Return a function that calls an answer through `guard`.

    Parameters
    ----------
    function : callable
        The student's.
    **expected
        What `guard` takes by name, except `keywords`: the function that is
        returned is called as the answer is.
    """

    def call(*arguments: Any, **keywords: Any) -> Any:
        __tracebackhide__ = True
        return guard(function, *arguments, keywords=keywords, **expected)

    return call


def _fail(message: str) -> NoReturn:
    __tracebackhide__ = True
    raise AssertionError(message) from None


def _with_reason(slip: str, printed: str) -> str:
    """Complete the message about None by what was printed."""
    if not slip.endswith(" None"):
        return slip
    if printed.strip():
        shown = printed.strip().split("\n")[0][:QUOTE]
        return f"{slip}. It printed {shown!r}: return the result instead."
    return (
        f"{slip}. Did you print the result instead of returning it? Is there "
        "a `return` at the end of every way through the function?"
    )


# -- the call ---------------------------------------------------------------


class _Call:
    """One call of an answer: its name, its arguments, their originals."""

    def __init__(
        self,
        function: Callable,
        name: str | None,
        arguments: tuple,
        keywords: dict,
        changes: bool,
    ):
        self.function, self.given_name = function, name
        self.originals = [*arguments, *keywords.values()]
        self.changes = changes
        if not changes:
            arguments, keywords = copied(arguments), copied(keywords)
        self.arguments, self.keywords = arguments, keywords

    @property
    def name(self) -> str:
        """What messages call the function."""
        if self.given_name:
            return self.given_name
        name = getattr(self.function, "__name__", None)
        plain = type(name) is str and name.isidentifier()
        return name if plain else "Your function"

    def run(self, seconds: float | None) -> Any:
        """Return what the call returns."""
        __tracebackhide__ = True
        try:
            with time_limit(seconds):
                return self.function(*self.arguments, **self.keywords)
        except NotImplementedError as error:
            if not str(error):
                raise  # the stub
            self._explain(error)
        except TooLong as error:
            place, (after, *_) = _place(error), (*error.args, seconds)
            _fail(
                f"{self.name} was stopped after {after:g} seconds{place}. "
                "Does a loop or a recursion never end, or do the same work "
                "again and again?"
            )
        except (Exception, SystemExit) as error:
            self._explain(error)

    def _explain(self, error: BaseException) -> NoReturn:
        """Say which error it was, and where."""
        __tracebackhide__ = True
        if self._is_a_checks_own(error):
            raise error
        kind, text = type(error).__name__, str(error)
        if kind == "StudentError":  # the grader's name for unknown kinds
            kind, _, text = text.partition(": ")
        place = _place(error)
        if isinstance(error, RecursionError):
            _fail(
                f"{self.name} calls itself without end{place}. Which case "
                "ends the recursion, and does each call come nearer to it?"
            )
        if kind == "SystemExit":
            _fail(f"{self.name} ends Python{place}: use return, not exit.")
        if isinstance(error, TypeError) and _never_began(error):
            _fail(
                f"{self.name} cannot be called like that ({text}). Keep the "
                "parameters of the stub, in their order."
            )
        told = f"{kind}: {text}" if text else kind
        _fail(f"{self.name} stopped with {told}{place}.{_meaning(text)}")

    def _is_a_checks_own(self, error: BaseException) -> bool:
        """Whether a function that the check handed over has said why."""
        if not isinstance(error, AssertionError) or not str(error):
            return False
        frames = _frames(error)
        if not (frames and isinstance(self.function, FunctionType)):
            return True
        return frames[-1][0].f_code is not self.function.__code__

    def compare(self) -> None:
        """Name an argument that the call has changed."""
        __tracebackhide__ = True
        if self.changes:
            return
        after = [*self.arguments, *self.keywords.values()]
        for n, (old, new) in enumerate(
            zip(self.originals, after, strict=True)
        ):
            if not same(old, new):
                _fail(
                    f"{self.name} changed its argument {self._parameter(n)} "
                    "in place, so whoever called it has lost the old one. "
                    "Work on a copy (.copy()), or write `x = x + ...` "
                    "instead of `x += ...` or `x[...] = ...`."
                )

    def _parameter(self, n: int) -> str:
        """Return the name of an argument, or which one it is."""
        place = n - len(self.arguments)
        if place >= 0:
            return list(self.keywords)[place]
        function = self.function
        if isinstance(function, FunctionType):
            code = function.__code__
            if n < code.co_argcount:
                return code.co_varnames[n]
        return f"number {n + 1}"


# -- where it happened ------------------------------------------------------


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Return frames and lines below this module's, outermost first."""
    found, trace = [], error.__traceback__
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    while found and found[0][0].f_code.co_filename == __file__:
        del found[0]
    return found


def _is_library(file: str) -> bool:
    """Whether a file is none that a student writes."""
    if file.startswith("<frozen") or "site-packages" in file:
        return True
    here = os.path.dirname(os.path.dirname(__file__))
    roots = here + os.sep, os.path.dirname(os.__file__) + os.sep
    return file.startswith(roots)


def _place(error: BaseException) -> str:
    """Return the line of the student's cell in which an error arose."""
    if answers_run_elsewhere():
        return ""
    for frame, line in reversed(_frames(error)):
        file = frame.f_code.co_filename
        if not _is_library(file):
            source = linecache.getline(file, line, frame.f_globals).strip()
            shown = f": `{source[:QUOTE]}`" if source else ""
            return f" (line {line} of its cell{shown})"
    return ""


def _never_began(error: BaseException) -> bool:
    """Whether the call failed before the first line of the function."""
    return not (answers_run_elsewhere() or _frames(error))


def _meaning(text: str) -> str:
    for pattern, meaning in MEANINGS:
        if re.search(pattern, text):
            return f" {meaning}"
    return ""


# -- arguments --------------------------------------------------------------


def copied(value: Any) -> Any:
    """Return a copy of arrays and containers, however deep; else the same."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(copied, value))
    if type(value) in (tuple, list):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return set(value) if type(value) is set else value


def same(old: Any, new: Any) -> bool:
    """Whether a copy is still what it was copied from."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, np.ndarray):
        return _same_arrays(old, new)
    if isinstance(old, list | tuple):
        pairs = zip(old, new, strict=False)
        return len(old) == len(new) and all(same(a, b) for a, b in pairs)
    if type(old) is dict:
        return list(old) == list(new) and all(
            same(old[key], new[key]) for key in old
        )
    plain = type(old).__module__ in ("builtins", "numpy", "fractions")
    return plain and bool(old == new or old != old)


def _same_arrays(old: np.ndarray, new: np.ndarray) -> bool:
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    if old.dtype == object:
        return all(map(same, old.flat, new.flat))
    return old.tobytes() == new.tobytes()


# -- what it prints ---------------------------------------------------------


class _Echo(io.StringIO):
    """Keep what is printed, and pass its beginning on."""

    def __init__(self, outer: Any):
        super().__init__()
        self.outer, self.left = outer, ECHO

    def write(self, text: str) -> int:
        """Keep a text and pass on what may be shown of it."""
        if self.left > 0:
            self.outer.write(text[: self.left])
            if len(text) > self.left:
                self.outer.write("...\n")
            self.left -= len(text)
        return super().write(text) if self.tell() < 100 * ECHO else len(text)


@contextlib.contextmanager
def _echo() -> Iterator[_Echo]:
    echo = _Echo(sys.stdout)
    with contextlib.redirect_stdout(echo):
        yield echo
