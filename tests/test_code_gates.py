"""Every gate over code can fail: it is shown something wrong on purpose."""

import textwrap

import nbformat
import pytest

import code_gates as gates

NEEDS = {"cnn": set(), "gan": {"cnn"}, "rl": set()}


@pytest.fixture
def house(tmp_path):
    """A library of a shared room and three topics, all in order."""
    write(tmp_path, "cnn/__init__.py", '__all__ = ["conv2d"]')
    write(tmp_path, "cnn/forward.py", "def conv2d(): ...")
    write(tmp_path, "gan/__init__.py", "from topoi.cnn import conv2d")
    write(tmp_path, "gan/losses.py", "from topoi import autodiff, cnn")
    write(tmp_path, "rl.py", "from . import autodiff")
    write(tmp_path, "autodiff.py", "import numpy")
    return tmp_path


def write(root, name, source):
    path = root / "topoi" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source))


def page(tmp_path, *cells, topic="gan"):
    """Write a notebook of these code cells; return its path."""
    nb = nbformat.v4.new_notebook()
    nb.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    path = tmp_path / f"{topic}.ipynb"
    nbformat.write(nb, path)
    return path


# -- layering ---------------------------------------------------------------


def test_a_house_in_order_has_no_problem(house):
    assert gates.layering_problems(house, NEEDS) == []


@pytest.mark.parametrize(
    ("file", "source", "words"),
    [
        ("autodiff.py", "import topoi.cnn", "shared room imports the topic"),
        ("autodiff.py", "from topoi import cnn", "shared room imports the"),
        ("plotting/a.py", "from ..cnn import conv2d", "shared room imports"),
        ("data.py", "def f():\n    from topoi.rl import x", "the topic rl"),
        (
            "data.py",
            "import importlib\nimportlib.import_module('topoi.rl')",
            "a shared room imports the topic rl",
        ),
        ("rl.py", "from topoi.cnn import conv2d", "does not list under"),
        ("cnn/x.py", "from topoi import gan", "the topic cnn imports gan"),
        ("gan/x.py", "from topoi.cnn import _pad", "cnn._pad is not public"),
        (
            "gan/x.py",
            "from topoi.cnn.forward import conv2d",
            "cnn.forward is not public",
        ),
        ("gan/x.py", "import topoi.cnn.forward", "cnn.forward is not public"),
    ],
)
def test_a_planted_import_is_found(house, file, source, words):
    write(house, file, source)
    (problem,) = gates.layering_problems(house, NEEDS)
    assert problem.startswith(f"topoi/{file}: ")
    assert words in problem


@pytest.mark.parametrize(
    "planted",
    [
        {"autodiff.py": "from topoi import rl"},  # rl reads autodiff
        {
            "data.py": "def f():\n    import topoi.lab",
            "lab.py": "from . import data",
        },
        {
            "cnn/forward.py": "from topoi.cnn import conv2d",
            "cnn/__init__.py": "from topoi.cnn.forward import conv2d",
        },
    ],
)
def test_a_planted_circle_is_found(house, planted):
    assert gates.circle_problems(house) == []
    for file, source in planted.items():
        write(house, file, source)
    (problem,) = gates.circle_problems(house)
    for file in planted:
        assert file.removesuffix(".py") in problem


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("from topoi import rl", "imports rl, which is not under the needs"),
        ("def f():\n    from topoi.rl import gae", "imports rl, which is not"),
        ("from topoi import gan as g", "calls gan g: import it under its"),
        ("import topoi.gan", "write `from topoi import ...` for topoi.gan"),
        ("from topoi.gan import coverage", "write gan.coverage"),
        ("from topoi.gan.losses import Losses, f", "write gan.f"),
    ],
)
def test_an_import_on_a_page_is_found(tmp_path, cell, words):
    problems = gates.page_import_problems(page(tmp_path, "1", cell), NEEDS)
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith("cell 1: ") for problem in problems)


def test_imports_that_pages_may_write(tmp_path):
    path = page(
        tmp_path,
        "from topoi import runtime",
        "from topoi import cnn, gan\nfrom topoi.autodiff import make_step",
        "from topoi.gan import LOSSES, Game\nfrom topoi.gan import losses",
    )
    assert gates.page_import_problems(path, NEEDS) == []


def test_the_short_name_of_a_topic_is_one(tmp_path):
    topic = "symbolic_integration"
    needs = {topic: set()}
    short = page(tmp_path, f"from topoi import {topic} as si", topic=topic)
    assert gates.page_import_problems(short, needs) == []
    other = page(tmp_path, f"from topoi import {topic} as s", topic=topic)
    assert len(gates.page_import_problems(other, needs)) == 1
    full = page(tmp_path, f"from topoi import {topic}", topic=topic)
    assert len(gates.page_import_problems(full, needs)) == 1


# -- names ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("runtime.show_source(gan._losses)", "private name gan._losses"),
        ("x = gan.training._losses(1)", "private name gan.training._losses"),
        ("from topoi.gan.training import _adam", "private name _adam"),
        ("print(inspect.getsource(gan.Game))", "use runtime.show_source"),
        ("from inspect import getsource\ngetsource(f)", "shows code by get"),
    ],
)
def test_a_private_name_on_a_page_is_found(tmp_path, cell, words):
    (problem,) = gates.private_problems(page(tmp_path, cell))
    assert words in problem


def test_names_that_are_not_private(tmp_path):
    cell = """
    class Point:
        def __init__(self):
            self._x = 1

    _, y = pair._replace(a=1)
    z = y.__class__
    """
    path = page(tmp_path, textwrap.dedent(cell).strip())
    assert gates.private_problems(path) == []


def test_one_name_for_two_things_is_found(house):
    write(house, "gan/__init__.py", '__all__ = ["conv2d", "softmax"]')
    write(house, "rl.py", '__all__ = ["gae", "softmax"]')
    (problem,) = gates.shared_name_problems(house / "topoi", set(NEEDS))
    assert problem.startswith("conv2d is exported by cnn and gan")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("- `losses`: what the players minimise", False),
        ("losses.py   what the players minimise", False),
        ("`losses`  what the players minimise;", False),
        ("One idea a file: `losses` (what they minimise).", True),
        ("- `losses`", True),
        ("- `measures`: how good a sample is", True),
    ],
)
def test_a_package_without_a_map_is_found(house, line, found):
    write(house, "gan/__init__.py", f'"""Games.\n\n{line}\n"""')
    problems = gates.map_problems(house / "topoi" / "gan")
    assert len(problems) == found
    if found:
        assert "says what losses holds" in problems[0]


def test_the_map_of_the_house_leaves_topics_out(house):
    text = '"""The house.\n\n- `autodiff`: gradients\n"""'
    (house / "topoi" / "__init__.py").write_text(text)
    assert gates.map_problems(house / "topoi", set(NEEDS)) == []
    write(house, "plotting/__init__.py", "")
    (problem,) = gates.map_problems(house / "topoi", set(NEEDS))
    assert "says what plotting holds" in problem


# -- cells and randomness ---------------------------------------------------


def test_a_long_cell_is_found(tmp_path):
    lines = ["x = 1"] * 10 + ["", "# a comment counts"]
    path = page(
        tmp_path, "\n".join(lines + lines[:3]), "\n".join(lines + lines[:4])
    )
    assert gates.long_cell_problems(path) == [
        "cell 1: 16 lines, over 15: split it"
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rng = np.random.default_rng()", "np.random.default_rng: needs a"),
        ("rng = default_rng(None)", "default_rng: needs a seed"),
        ("rng = default_rng(seed=None)", "default_rng: needs a seed"),
        ("x = np.random.normal(size=3)", "is a global stream"),
        ("x = numpy.random.rand()", "is a global stream"),
        ("rng = Random()", "Random: needs a seed"),
        ("x = random.choice([1, 2])", "random.choice: is a global stream"),
    ],
)
def test_unseeded_randomness_is_found(line, words):
    (problem,) = gates.unseeded_problems(f"import random\n{line}\n")
    assert problem.startswith("line 2: ")
    assert words in problem
    assert gates.unseeded_problems(f"{line}  # unseeded on purpose") == []


def test_seeded_randomness_is_no_problem():
    source = """
    rng = np.random.default_rng([seed, 1])
    x = rng.normal() + np.random.default_rng(0).random() + Random(3).random()
    y = keras.random.normal((2,))
    """
    assert gates.unseeded_problems(textwrap.dedent(source)) == []
