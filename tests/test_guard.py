"""`topoi.lab.guard`: every usual slip of an answer meets its sentence.

Each answer below is wrong in one known way, among them all kinds that ended
in a raw error when readers tried the labs by hand.
"""

import contextlib
import re
import sys
import threading
import time

import numpy as np
import pytest

from topoi import lab
from topoi.lab import clock
from topoi.lab.guards import copied, same

X = np.array([1.0, 2.0, 3.0])


def answer(body: str, head: str = "f(x)") -> object:
    """Return a function of a student, defined as a cell defines it."""
    names = {"np": np}
    lines = body.split("\n")
    source = f"def {head}:\n" + "\n".join(f"    {line}" for line in lines)
    exec(compile(source, "<cell>", "exec"), names)
    return names[head.split("(")[0]]


def message(function, *arguments, **expected) -> str:
    with pytest.raises(AssertionError) as caught:
        lab.guard(function, *arguments, **expected)
    assert caught.value.__suppress_context__, "no raw traceback behind it"
    return str(caught.value)


# body, what is due, what the message must contain
SLIPS = {
    "prints": (
        "print(x.sum())",
        {"returns": float},
        r"f returned None. It printed '6.0': return the result instead",
    ),
    "returns nothing": (
        "x = x + 1",
        {"shape": (3,)},
        r"returned None\. Did you print",
    ),
    "nothing, nothing said": ("pass", {}, r"returned None\. Did you print"),
    "list for array": (
        "return [1.0, 2.0, 3.0]",
        {"shape": (3,)},
        r"a list of 3, but an array of shape \(3,\) is due\. .*np\.array",
    ),
    "tuple for array": (
        "return 1.0, 2.0",
        {"returns": "array"},
        r"a tuple of 2, but an array is due",
    ),
    "number for array": (
        "return x.mean()",
        {"shape": (3,)},
        r"the number 2\.0, but an array .* sum or average over too much",
    ),
    "0-d array for array": (
        "return np.array(2.0)",
        {"shape": (3,)},
        r"the number 2\.0, but an array",
    ),
    "array for pair": (
        "return np.stack([x, x])",
        {"returns": ("array", "array")},
        r"an array of shape \(2, 3\), but 2 values, as in `return a, b`, are",
    ),
    "number for pair": (
        "return 3",
        {"returns": (int, int)},
        r"the number 3, but 2 values",
    ),
    "three for a pair": (
        "return 1, 2, 3",
        {"returns": (int, int)},
        r"returned 3 values, but 2 are due: `return a, b`\.",
    ),
    "the second is wrong": (
        "return 1, [2]",
        {"returns": (int, int)},
        r"The second of the 2 values is a list of 1, but a whole number",
    ),
    "None inside": (
        "return 1, None",
        {"returns": (int, int)},
        r"The second of the 2 values is None",
    ),
    "transposed": (
        "return np.zeros((3, 2))",
        {"shape": (2, 3)},
        r"shape \(3, 2\), but shape \(2, 3\) is due\. .*transposed",
    ),
    "axis of length 1 kept": (
        "return x[None]",
        {"shape": (3,)},
        r"shape \(1, 3\), but shape \(3,\) is due\. Drop the axes of length 1",
    ),
    "axis of length 1 lost": (
        "return x",
        {"shape": (3, 1)},
        r"shape \(3,\), but shape \(3, 1\) is due\. Keep the axes",
    ),
    "axis lost": (
        "return x",
        {"shape": (None, 2)},
        r"shape \(3,\), but shape \(any, 2\) is due\. An axis has been lost",
    ),
    "axis too many": ("return x[None]", {"shape": (None,)}, r"an axis too"),
    "integers": (
        "return np.array([1, 2, 3])",
        {"dtype": float},
        r"array of integers \(dtype int64\), but floating-point .*zeros_like",
    ),
    "floats": (
        "return x / 1",
        {"dtype": int},
        r"floating-point numbers .* but integers are due\. .*divide with /",
    ),
    "complex": ("return x + 0j", {"dtype": float}, r"array of complex numb"),
    "bool": ("return x > 0", {"dtype": float}, r"array of True and False"),
    "not bool": ("return x", {"dtype": bool}, r"Compare, as in `x > 0`"),
    "wrong width": (
        "return x",
        {"dtype": "float32"},
        r"\(dtype float64\), but float32 are due",
    ),
    "objects": (
        "return np.array([[1], None], object)",
        {"returns": "array"},
        r"Python objects, not of numbers\. .*different lengths",
    ),
    "NaN": (
        "y = x.copy()\ny[1] = np.nan\nreturn y",
        {"shape": (3,), "finite": True},
        r"returned NaN at index \[1\]\. Is something divided by zero",
    ),
    "infinity": (
        "return float('inf')",
        {"returns": float, "finite": True},
        r"returned infinity\.",
    ),
    "complex number": (
        "return 1 + 2j",
        {"returns": float},
        r"the complex number \(1\+2j\), not a real one",
    ),
    "float for int": (
        "return 6 / 2",
        {"returns": int},
        r"returned 3\.0, a float, but a whole number \(int\) is due\. .*//",
    ),
    "bool for number": (
        "return True",
        {"returns": int},
        r"returned True, but a whole number is due",
    ),
    "text for number": (
        "return '3'",
        {"returns": float},
        r"the text '3', but a number is due",
    ),
    "number for bool": ("return 1", {"returns": bool}, r"Compare, as in"),
    "array for bool": (
        "return x > 0",
        {"returns": bool},
        r"but True or False is due\. Use \.all\(\) or \.any\(\)",
    ),
    "generator": (
        "return (v for v in x)",
        {"returns": list},
        r"a generator, but a list is due\. .*list\(\.\.\.\)",
    ),
    "yields": ("yield 3", {"returns": "array"}, r"np\.array\(\.\.\.\)\."),
    "map": ("return map(abs, x)", {"returns": list}, r"one by one: collect"),
    "array for list": ("return x", {"returns": list}, r"\.tolist\(\)"),
    "function": ("return x.sum", {"returns": float}, r"forget the brackets"),
    "class": (
        "return object()",
        {"returns": float},
        r"an object \(object\), but a number is due",
    ),
    "dictionary": ("return [1]", {"returns": dict}, r"but a dictionary is"),
    "no function": ("return 3", {"returns": callable}, r"but a function is"),
    "changes an array": (
        "x += 1\nreturn x",
        {"shape": (3,)},
        r"f changed its argument x in place, .*copy",
    ),
    "endless": (
        "while True:\n    pass",
        {"seconds": 0.1},
        r"f was stopped after 0\.1 seconds \(line [23] of its cell",
    ),
    "endless, catches all": (
        "while True:\n    try:\n        1 / 0\n    except Exception:\n"
        "        pass",
        {"seconds": 0.1},
        r"stopped after 0\.1 seconds",
    ),
    "recursion without end": (
        "return f(x)",
        {},
        r"f calls itself without end \(line 2 of its cell\)\. Which case",
    ),
    "recursion without memory": (
        "fib = lambda n: fib(n - 1) + fib(n - 2) if n > 1 else n\n"
        "return fib(90)",
        {"seconds": 0.1},
        r"same work again and again",
    ),
    "division by zero": (
        "y = 1\nreturn y / 0",
        {},
        r"f stopped with ZeroDivisionError: .* \(line 3 of its cell\)",
    ),
    "and between arrays": (
        "return x > 0 and x < 2",
        {},
        r"ValueError: The truth value .* write & and \|",
    ),
    "shapes that do not fit": (
        "return x + np.ones(2)",
        {},
        r"could not be broadcast .*Print the shapes",
    ),
    "product that does not fit": (
        "return x @ np.ones((2, 2))",
        {},
        r"ValueError: .*Print the shapes",
    ),
    "None in a sum": (
        "g = lambda: None\nreturn g() + x",
        {},
        r"TypeError: .*does the function that made it return",
    ),
    "list arithmetic": (
        "return list(x) - list(x)",
        {},
        r"TypeError: .*A list is no array",
    ),
    "list index": ("y = [[1]]\nreturn y[0, 0]", {}, r"A list is no array"),
    "list attribute": ("return [1].shape", {}, r"A list is no array"),
    "fractions into integers": (
        "y = np.arange(3)\ny += x\nreturn y",
        {},
        r"An array of integers cannot hold fractions",
    ),
    "index": ("return x[3]", {}, r"Indices run from 0"),
    "name": ("return y", {}, r"NameError: .*misspelt"),
    "unbound": (
        "if False:\n    y = 1\nreturn y",
        {},
        r"UnboundLocalError: .*misspelt",
    ),
    "exit": ("raise SystemExit(3)", {}, r"f ends Python \(line 2 .*return"),
    "own assertion": (
        "assert len(x) == 4, 'four'",
        {},
        r"stopped with AssertionError: four \(line 2 of its cell\)",
    ),
    "operator left": (
        "return NotImplemented + x",
        {},
        r"stopped with TypeError",
    ),
    "library refuses": (
        "raise NotImplementedError('no such mode')",
        {},
        r"stopped with NotImplementedError: no such mode",
    ),
    "silent error": ("raise KeyError", {}, r"stopped with KeyError \(line"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_meets_its_sentence(slip):
    body, expected, pattern = SLIPS[slip]
    text = message(answer(body), X.copy(), **expected)
    assert re.search(pattern, text), text


GOOD = {
    "array": ("return 2 * x", {"shape": (3,), "dtype": float}),
    "any length": ("return 2 * x", {"shape": (None,)}),
    "NumPy scalar": ("return x.sum()", {"returns": float}),
    "integer for a float": ("return 3", {"returns": float}),
    "0-d array": ("return np.array(3.0)", {"returns": float}),
    "scalar of shape ()": ("return 3.0", {"shape": (), "dtype": float}),
    "NumPy integer": ("return np.int32(3)", {"returns": int}),
    "bool of NumPy": ("return np.all(x > 0)", {"returns": bool}),
    "complex": ("return 1j", {"returns": complex}),
    "infinity unasked": ("return x / 0.0", {"dtype": float}),
    "list": ("return [1]", {"returns": list}),
    "tuple for a list": ("return (1,)", {"returns": list}),
    "list for a pair": ("return [1, x]", {"returns": (int, "array")}),
    "text": ("return 'a'", {"returns": str}),
    "anything": ("return 'a'", {}),
    "empty": ("return np.zeros((0, 2))", {"shape": (None, 2)}),
    "strange order": ("return np.ones((3, 2)).T", {"shape": (2, 3)}),
}


@pytest.mark.parametrize("case", GOOD)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_other_right_answers_pass(case):
    body, expected = GOOD[case]
    function = answer(body)
    value = lab.guard(function, X, **expected)
    expected = function(X)
    if isinstance(expected, list | tuple):
        expected, value = repr(list(expected)), repr(list(value))
    assert np.all(value == expected)


def test_values_arrive_in_a_plain_form():
    pair = lab.guard(answer("return [1, 2]"), X, returns=(int, int))
    assert pair == (1, 2)
    assert isinstance(pair, tuple)
    zero = lab.guard(answer("return np.array(3.0)"), X, returns=float)
    assert np.ndim(zero) == 0
    assert not isinstance(zero, np.ndarray)
    assert lab.guard(answer("return (1,)"), X, returns=list) == [1]


def test_shapes_and_dtypes_of_several_values():
    two = answer("return x, 2 * x > 3")
    expected = {
        "returns": ("array", "array"),
        "shape": [(3,), (3,)],
        "dtype": [float, bool],
    }
    assert lab.guard(two, X, **expected)[1].tolist() == [False, True, True]
    text = message(two, X, **(expected | {"shape": [(3,), (2,)]}))
    assert text.startswith("The second of the 2 values is an array of shape")


@pytest.mark.parametrize("stub", ["raise NotImplementedError()"])
def test_an_untouched_stub_stays_one(stub):
    with pytest.raises(NotImplementedError):
        lab.guard(answer(stub), X, shape=(3,))


def test_what_is_no_function():
    assert "should be a function, but is the number 5" in message(5)
    assert message(None, name="area").startswith("area should be a function")


def test_parameters_of_the_stub_are_kept():
    text = message(answer("return 1"), 1, 2)
    assert "cannot be called like that" in text
    assert "takes 1 positional argument but 2 were given" in text
    inner = message(answer("g = lambda: 1\nreturn g(2)"), 1)
    assert "f stopped with TypeError" in inner


def test_arguments_by_name_and_the_name_of_the_function():
    scale = answer("return x * s", "f(x, s=1)")
    assert lab.guard(scale, 3, keywords={"s": 2}, returns=int) == 6
    text = message(scale, [3], keywords={"s": 2}, returns=int, name="scale")
    assert text.startswith("scale returned a list of 2")
    inplace = answer("s.append(1)\nreturn x", "f(x, s)")
    text = message(inplace, 1, keywords={"s": []})
    assert "argument s in place" in text


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ("x[0].append(3)\nreturn 1", [[1]]),
        ("x['a'] = 2\nreturn 1", {"a": 1}),
        ("x.add(3)\nreturn 1", {1}),
        ("x[1][0] = 5\nreturn 1", (1, np.zeros(2))),
        ("x.sort()\nreturn 1", [2, 1]),
    ],
)
def test_changes_in_containers_are_seen_and_the_original_is_safe(
    body, argument
):
    before = repr(argument)
    assert "changed its argument x in place" in message(answer(body), argument)
    assert repr(argument) == before


def test_a_change_that_is_asked_for():
    x = X.copy()
    assert lab.guard(answer("x *= 2"), x, changes=True) is None
    assert x.tolist() == [2, 4, 6]


def test_what_cannot_be_copied_is_handed_over():
    rng = np.random.default_rng(1)
    first = lab.guard(answer("return x.random()"), rng, returns=float)
    assert lab.guard(answer("return x.random()"), rng, returns=float) != first
    value = {"a": [np.array([np.nan]), (1, {2})]}
    assert same(value, copied(value))
    assert not same(value, {"a": [np.array([0.0]), (1, {2})]})


def test_a_functions_own_words_reach_the_student():
    """A check may hand over a function that looks at how it is called."""

    def strict(pair):
        if len(pair) != 2:
            raise AssertionError("combine takes pairs")

    with pytest.raises(AssertionError, match="^combine takes pairs$"):
        lab.guard(answer("return g(x)", "f(g, x)"), strict, [1, 2, 3])


def test_guarded_is_called_as_the_answer_is():
    double = lab.guarded(answer("return k * x", "f(x, k=2)"), returns=int)
    assert double(3) == 6
    assert double(3, k=3) == 9
    with pytest.raises(AssertionError, match="a list of 2, but a whole num"):
        double([1])


def test_prints_are_shown_but_cut(capsys):
    noisy = answer("print('x' * 1000)\nprint('more')\nreturn 1")
    assert lab.guard(noisy, X, returns=int) == 1
    shown = capsys.readouterr().out
    assert shown == "x" * 300 + "...\n"
    assert lab.guard(answer("print('seen')\nreturn 1"), X, returns=int) == 1
    assert capsys.readouterr().out == "seen\n"


def test_an_unknown_kind_is_the_checks_mistake():
    with pytest.raises(ValueError, match="guard knows returns=array, tensor"):
        lab.guard(answer("return 1"), X, returns="matrix")


def test_tensors_are_named_or_taken():
    import keras

    tensor = keras.ops.convert_to_tensor([1.0, 2.0])
    names = {"t": tensor}
    exec("def f(x): return t", names)
    text = message(names["f"], X, shape=(2,))
    assert re.search(r"a (TensorFlow|JAX|PyTorch) tensor, but an array", text)
    value = lab.guard(names["f"], X, returns="tensor", shape=(2,))
    assert isinstance(value, np.ndarray)
    assert value.tolist() == [1, 2]
    array = lab.guard(answer("return x"), X, returns="tensor", shape=(3,))
    assert array.tolist() == X.tolist()


# -- time -------------------------------------------------------------------


def test_a_limit_inside_of_another():
    """The outer one still rings, and the inner one ends only its own."""

    def forever():
        while True:
            pass

    def nested():
        with contextlib.suppress(clock.TooLong), clock.time_limit(0.05):
            forever()
        rung.append(time.process_time())
        forever()

    rung, start = [], time.process_time()
    with pytest.raises(clock.TooLong), clock.time_limit(0.3):
        nested()
    assert rung[0] - start < 0.28
    assert time.process_time() - start > 0.25  # 0.9 of it


def test_a_fast_block_is_not_stopped_later():
    with clock.time_limit(0.05):
        pass
    start = time.process_time()
    while time.process_time() < start + 0.2:
        pass


def test_without_signals_a_thread_stops_the_call():
    """As on Windows, and outside of the main thread."""
    found = []

    def run():
        try:
            lab.guard(answer("while True:\n    pass"), X, seconds=0.1)
        except AssertionError as error:
            found.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert len(found) == 1
    assert "stopped after 0.1 seconds" in found[0]


def test_a_grader_keeps_the_time_itself(monkeypatch):
    monkeypatch.setenv(clock.ELSEWHERE, "1")
    names = {"now": time.process_time}
    body = "end = now() + 0.2\nwhile now() < end:\n    pass\nreturn 1"
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    exec(f"def f():\n{lines}", names)
    assert lab.guard(names["f"], seconds=0.05, returns=int) == 1


def test_sign_of_life(capsys):
    lab.sign_of_life("Training", 8)
    assert capsys.readouterr().out == (
        "Training: about 8 seconds, please wait.\n"
    )


def test_the_line_of_a_cell_is_quoted_where_it_is_known():
    """IPython keeps the text of cells in `linecache`, as here."""
    import linecache

    source = "def f(x):\n    y = 0\n    return x / y\n"
    file = "<ipython-input-7-abc>"
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    names = {}
    exec(compile(source, file, "exec"), names)
    text = message(names["f"], 1)
    assert "(line 3 of its cell: `return x / y`)" in text
    del linecache.cache[file]


def test_errors_deep_in_a_library_name_the_line_of_the_cell():
    text = message(answer("a = np.ones(3)\nreturn np.linalg.inv(a)"), X)
    assert re.search(r"LinAlgError: .* \(line 3 of its cell\)", text), text


def test_standard_output_is_given_back():
    before = sys.stdout
    lab.guard(answer("return 1"), X, returns=int)
    with pytest.raises(AssertionError):
        lab.guard(answer("return None"), X)
    assert sys.stdout is before
