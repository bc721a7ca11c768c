"""`runtime.show_source`: what a page shows of the library."""

import ast
import functools
import importlib.util
import inspect
import sys

import keras
import numpy as np
import pytest

from topoi import plotting, runtime, source
from topoi.lab import results

PLANTED = '''\
import functools
import keras


def doubled(f):
    @functools.wraps(f)
    def wrapper(*arguments):
        return 2 * f(*arguments)

    return wrapper


@doubled
def decorated(x):
    """Return x.

    This paragraph is for the reference.
    """
    return x


def raw(x):
    r"""Return $\\alpha$.

    This paragraph is for the reference.
    """
    return x


def late(x):
    """
    Return x, said late.

    This paragraph is for the reference.
    """
    return x


def bare(x):
    return """not a
docstring"""


def only_words():
    """Do nothing.

    This paragraph is for the reference.
    """


def with_inner():
    """Return a function."""

    def inner():
        """Return one.

        This paragraph is for the reference.
        """
        return 1

    return inner


class Twice(keras.layers.Layer):
    """Double its input.

    This paragraph is for the reference.
    """

    def build(self, shape):
        """Make nothing.

        This paragraph is for the reference.
        """
        self.made = True

    def call(self, x):
        """Return 2 x."""
        return 2 * x

    @property
    def size(self):
        """Return no size.

        This paragraph is for the reference.
        """
        return None

    def _hidden(self):
        return None


class _Private:
    def method(self):
        return 1


def _private():
    return 1
'''


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Return a module that counts as one of the library."""
    path = tmp_path_factory.mktemp("planted") / "planted.py"
    path.write_text(PLANTED)
    spec = importlib.util.spec_from_file_location("topoi.planted", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["topoi.planted"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["topoi.planted"]


SHOWN = {
    "decorated": ["@doubled", "def decorated(x):", '"""Return x."""'],
    "raw": ['r"""Return $\\alpha$."""'],
    "late": ['"""Return x, said late."""'],
    "bare": ['return """not a\ndocstring"""'],
    "only_words": ['"""Do nothing."""'],
    "with_inner": ['"""Return one."""', "return inner"],
    "Twice": ['"""Double its input."""', '"""Make nothing."""', "_hidden"],
    "Twice.build": ["def build", '"""Make nothing."""', "self.made = True"],
    "Twice.call": ['"""Return 2 x."""'],
    "Twice.size": ["def size", '"""Return no size."""'],
}


@pytest.mark.parametrize("name", SHOWN)
def test_docstrings_are_one_line_and_code_is_whole(planted, name, capsys):
    """Oracle: the syntax trees agree, docstrings left out."""
    f = functools.reduce(getattr, name.split("."), planted)
    runtime.show_source(f)
    shown = capsys.readouterr().out
    assert "for the reference" not in shown
    assert all(words in shown for words in SHOWN[name])
    original = inspect.getsource(source._unwrapped(f))
    assert _code(shown) == _code(inspect.cleandoc("\n" + original))


def _code(text):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, source.DOCUMENTED) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)


def test_methods_of_objects_and_wrapped_functions(planted):
    layer = planted.Twice()
    layer(np.ones(2))  # Keras wraps what it has built
    assert source.source_of(layer.build).startswith("def build")
    assert source.source_of(layer.call).startswith("def call")
    part = functools.partial(planted.raw, 3)
    assert source.source_of(part).startswith("def raw")


def test_real_functions_of_the_library(capsys):
    runtime.show_source(plotting.label_line)
    runtime.show_source(results.Progress)
    shown = capsys.readouterr().out
    assert "def label_line(" in shown
    assert '"""Exercises and points in one sentence."""' in shown


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("_private", "_private"),
        ("_Private.method", "_Private"),
        ("Twice._hidden", "_hidden"),
    ],
)
def test_private_names_are_refused(planted, name, part):
    f = functools.reduce(getattr, name.split("."), planted)
    with pytest.raises(ValueError, match=f"public names only.* has {part}"):
        runtime.show_source(f)


def test_special_methods_are_public():
    assert "def __call__" in source.source_of(_called())


def _called():
    from topoi.precision import FixedMask

    return FixedMask.__call__


@pytest.mark.parametrize("f", [np.mean, keras.layers.Dense, _code])
def test_code_from_elsewhere_is_refused(f):
    with pytest.raises(ValueError, match="not part of it"):
        runtime.show_source(f)


@pytest.mark.parametrize("f", [3, np.ones(2), None, "plotting.label_line"])
def test_what_is_no_code_is_refused(f):
    with pytest.raises(TypeError, match="a function, a method or a class"):
        runtime.show_source(f)


def test_in_a_notebook_it_is_a_block_of_code(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    shown = []
    monkeypatch.setattr("IPython.get_ipython", InteractiveShell)
    monkeypatch.setattr(
        "IPython.display.display", lambda b, raw: shown.append((b, raw))
    )
    runtime.show_source(plotting.label_line)
    (bundle, raw), text = shown[0], source.source_of(plotting.label_line)
    assert raw
    assert bundle["text/plain"] == text
    assert bundle["text/markdown"] == f"```python\n{text}\n```"
