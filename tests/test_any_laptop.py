"""Labs on Windows, on a Mac, without TensorFlow, and downloaded alone."""

import ast
import importlib.util
import subprocess
import sys
from collections import namedtuple

import pytest

import gates
from tools import labs
from tools.platforms import PLATFORMS, PYTHONS

ROOT = gates.ROOT
POSIX = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"}
HEAVY = {"keras", "tensorflow", "jax", "torch"}
LABS = {path.stem: path for path in labs.labs()}
LIGHT = labs.light(labs.labs())


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "topoi").rglob("*.py")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_the_library_imports_nothing_of_posix_alone(path):
    """A name may be imported in a function that says what happens else."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    assert found & POSIX == set()


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "topoi").rglob("*.py")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_the_library_names_the_encoding_of_text(path):
    """Windows has another default; bytes and npz files need none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        name = getattr(call.func, "attr", "")
        positional = {"read_text": 0, "write_text": 1}.get(name)
        if positional is not None:
            named = any(word.arg == "encoding" for word in call.keywords)
            assert named or len(call.args) > positional, ast.unparse(call)


ALONE = """
import sys
blocked = set(sys.argv[1].split(","))
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"blocked: {name}", name=name)
sys.meta_path.insert(0, Block())
for name in blocked & set(sys.modules):
    sys.modules[name] = None
import matplotlib
matplotlib.use("Agg")
import os, signal
for module, names in (
    (os, "fork killpg getuid geteuid sched_getaffinity nice getloadavg"),
    (signal, "SIGALRM SIGKILL SIGUSR1 alarm setitimer ITIMER_REAL"),
):
    for name in names.split():
        delattr(module, name)
from tools import labs
nb = labs.read(labs.ROOT / "labs" / f"{sys.argv[2]}.ipynb")
names = {"__name__": "__main__"}
for cell in nb.cells:
    if cell.cell_type == "code":
        exec(compile(cell.source, "<cell>", "exec"), names)
print("all cells")
"""


@pytest.mark.parametrize("topic", LIGHT)
def test_a_light_lab_runs_without_keras_and_without_posix(topic):
    blocked = ",".join(sorted(POSIX | HEAVY))
    run = subprocess.run(
        [sys.executable, "-c", ALONE, blocked, topic],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "all cells" in run.stdout


def test_the_page_lists_the_light_labs():
    """And so do the zip file's README and a command."""
    page = (ROOT / "book" / "getting-labs.md").read_text()
    (row,) = [s for s in page.splitlines() if s.startswith("| `light.txt`")]
    assert row.split("|")[2].strip() == "{light-labs}`names`"
    readme = labs.student_readme(labs.labs())
    assert "{" not in readme
    assert ", ".join(LIGHT) in readme.replace("\n", " ")
    run = subprocess.run(
        [sys.executable, "-m", "tools.labs", "--light"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == LIGHT


def test_every_list_and_system_of_the_page_is_one_that_is_checked():
    page = (ROOT / "book" / "getting-labs.md").read_text()
    rows = [s for s in page.splitlines() if s.startswith("| ")]
    for system in PLATFORMS.values():
        assert any(s.startswith(f"| {system} |") for s in rows), system
    header = "| system |" + "".join(f" Python {p} |" for p in PYTHONS)
    assert header in page
    assert all(name in page for name in labs.LOCKS)


# -- the first cell ---------------------------------------------------------


def first_cell(topic):
    nb = labs.student_notebook(LABS[topic])
    return next(c.source for c in nb.cells if c.cell_type == "code")


@pytest.mark.parametrize("topic", LABS)
def test_the_first_cell_is_content_here(topic):
    exec(first_cell(topic), {})


def test_the_first_cell_can_be_read_by_an_old_python():
    ast.parse(first_cell("cnn"), feature_version=(3, 4))


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ({"topoi"}, "needs the library topoi, which lies in the zip file"),
        ({"topoi", "numpy"}, "needs the library topoi"),
        ({"numpy", "keras"}, "needs numpy and keras. In the folder of the"),
    ],
)
def test_the_first_cell_says_what_is_missing(absent, words, monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name in absent else known(name),
    )
    with pytest.raises(ImportError, match=words):
        exec(first_cell("cnn"), {})


@pytest.mark.parametrize("version", [(3, 8, 1), (3, 14, 0)])
def test_the_first_cell_names_an_unfit_python(version, monkeypatch):
    info = namedtuple("info", "major minor micro")(*version)
    monkeypatch.setattr(sys, "version_info", info)
    monkeypatch.setattr(
        sys, "version", ".".join(map(str, version)) + " (main)"
    )
    with pytest.raises(ImportError, match=r"and this is Python 3\.\d+\.\d$"):
        exec(first_cell("cnn"), {})
