"""The code of the library on a page: `show_source`, used by `runtime`."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable

LIBRARY = __name__.partition(".")[0]
DOCUMENTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def show_source(f: Callable) -> None:
    """Display the source of a library function, method or class.

    Of each docstring, nested ones included, only the first line is kept, so
    that the code stays in view. Outside a notebook the text is printed.

    Parameters
    ----------
    f : function, method or class
        Public, and defined in a file of this library; wrapped ones (by
        Keras, a backend or `functools`) are unwrapped.

    Raises
    ------
    TypeError
        If `f` is none of these.
    ValueError
        If its name, or that of a class or module around it, begins with an
        underscore, or if it comes from elsewhere.
    """
    source = source_of(f)
    if not _in_notebook():
        print(source)
        return
    from IPython.display import display

    bundle = {
        "text/plain": source,
        "text/markdown": f"```python\n{source}\n```",
    }
    display(bundle, raw=True)


def source_of(f: Callable) -> str:
    """Return what `show_source` displays."""
    f = _unwrapped(f)
    _check(f)
    return shortened(textwrap.dedent(inspect.getsource(f))).rstrip()


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def _unwrapped(f: Callable) -> Callable:
    """Return the function that somebody wrote, below its wrappers."""
    if isinstance(f, property):
        f = f.fget
    if isinstance(f, functools.partial):
        f = f.func
    f = getattr(f, "python_function", f)  # of tf.function
    f = inspect.unwrap(f)
    return getattr(f, "__func__", f)  # of a bound method


def _check(f: Callable) -> None:
    kinds = inspect.isfunction(f) or inspect.isclass(f)
    if not kinds:
        raise TypeError(
            "show_source needs a function, a method or a class, but got "
            f"an object of type {type(f).__name__}. Leave out the call?"
        )
    name = f"{f.__module__}.{f.__qualname__}"
    if f.__module__.partition(".")[0] != LIBRARY:
        raise ValueError(
            f"show_source shows code of the library {LIBRARY}, but {name} is "
            "not part of it. Code of a notebook is on the page already."
        )
    private = [
        part
        for part in name.split(".")
        if part.startswith("_") and not part.endswith("__")
    ]
    if private:
        raise ValueError(
            f"A page shows public names only, but {name} has {private[0]}. "
            "If readers need it, give it a public name and a docstring."
        )


def shortened(source: str) -> str:
    """Return code in which every docstring is its first line."""
    lines = source.splitlines()
    found = [
        n for n in ast.walk(ast.parse(source)) if isinstance(n, DOCUMENTED)
    ]
    for node in sorted(found, key=lambda n: n.lineno, reverse=True):
        text, first = ast.get_docstring(node), node.body[0]
        if text is None or first.lineno == first.end_lineno:
            continue
        start = lines[first.lineno - 1]
        opening = start[: start.index('"""') + 3]
        line = f'{opening}{text.split(chr(10))[0]}"""'
        lines[first.lineno - 1 : first.end_lineno] = [line]
    return "\n".join(lines)
