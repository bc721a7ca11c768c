"""Submissions that try to gain marks, to look around or to do harm.

All of them hand in the wrong answers of `WRONG`. An attack on secrets or
resources defines the right answers once it has succeeded, so that its marks
show the breach.
"""

import json
import os
import textwrap
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.release import release

SOFTMAX = """\
def softmax(x):
    \"\"\"Return exp(x) / sum(exp(x)).\"\"\"
    ### BEGIN SOLUTION
    weights = np.exp(x - np.max(x))
    return weights / weights.sum()
    ### END SOLUTION"""
NORM = """\
def norm(x):
    \"\"\"Return the length of a vector.\"\"\"
    ### BEGIN SOLUTION
    return float(np.sqrt((x * x).sum()))
    ### END SOLUTION"""
SOFTMAX_CHECK = """\
value = np.asarray(softmax(np.array([0.0, 0.0])))
assert np.allclose(value, [0.5, 0.5]), f"softmax([0, 0]) = {value}"
### BEGIN HIDDEN TESTS
x = np.random.default_rng(1).normal(size=5)
expected = np.exp(x) / np.exp(x).sum()
assert np.allclose(np.asarray(softmax(x)), expected), "hidden softmax"
assert np.isfinite(np.asarray(softmax(np.full(2, 1e4)))).all(), "overflow"
### END HIDDEN TESTS
print("passed")"""
NORM_CHECK = """\
value = norm(np.array([3.0, 4.0]))
assert abs(value - 5) < 1e-9, f"norm([3, 4]) = {value}"
### BEGIN HIDDEN TESTS
for seed in range(3):
    x = np.random.default_rng(seed).normal(size=4)
    assert abs(norm(x) - np.linalg.norm(x)) < 1e-9, "hidden norm"
### END HIDDEN TESTS
print("passed")"""
WRONG = "def softmax(x):\n    return x\n\n\ndef norm(x):\n    return 0.0\n"
RIGHT = """
import numpy as np

def softmax(x):
    weights = np.exp(x - np.max(x))
    return weights / weights.sum()

def norm(x):
    return float(np.sqrt((x * x).sum()))
"""
POINTS = {"softmax-check": 3, "norm-check": 2}


def marked(new: NotebookNode, name: str, **marks: object) -> NotebookNode:
    """Give a cell nbgrader's metadata."""
    mark = {"grade": False, "solution": False, "locked": False, "task": False}
    mark |= {"grade_id": name, "schema_version": 3} | marks
    new.metadata["nbgrader"] = nbformat.from_dict(mark)
    new.id = name
    return new


def tiny_lab() -> NotebookNode:
    """Return a lab with two exercises and a question."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    check = {"grade": True, "locked": True}
    cells = [
        code("import numpy as np", id="imports"),
        marked(code(SOFTMAX), "softmax", solution=True),
        marked(code(SOFTMAX_CHECK), "softmax-check", points=3, **check),
        marked(code(NORM), "norm", solution=True),
        marked(code(NORM_CHECK), "norm-check", points=2, **check),
        marked(text("Your answer"), "why", solution=True, grade=True,
               points=1),
    ]  # fmt: skip
    return nbformat.v4.new_notebook(cells=cells)


def submission(before: str = "", answers: str = WRONG, after: str = ""):
    """Return the lab with these answers, and cells before and after them."""
    nb = release(tiny_lab())
    nb.cells[1].source, nb.cells[3].source = answers, "pass"
    new = nbformat.v4.new_code_cell
    nb.cells.insert(1, new(textwrap.dedent(before)))
    nb.cells.append(new(textwrap.dedent(after)))
    return nb


def succeeds(condition: str, setup: str = "pass") -> NotebookNode:
    """Return a submission that is right if an attack succeeds."""
    tried = textwrap.indent(textwrap.dedent(setup), "    ")
    code = f"import os, sys\ntry:\n{tried}\n    done = bool({condition})\n"
    code += "except BaseException:\n    done = False\n"
    return submission(after=f"{code}if done:\n    exec({RIGHT!r}, globals())")


# -- patches of what checks use ---------------------------------------------

PATCHES = {
    "numpy": "import numpy as np\n"
    "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True\n"
    "np.isfinite = lambda x: np.True_\n"
    "np.asarray = lambda x, *a, **k: np.array([0.5, 0.5])\n"
    "np.testing.assert_allclose = lambda *a, **k: None",
    "keras": "import sys, types\n"
    "for name in ('keras', 'tensorflow', 'pytest', 'scipy'):\n"
    "    sys.modules[name] = types.ModuleType(name)",
    "builtins": "import builtins\n"
    "builtins.abs = lambda x: 0\n"
    "builtins.AssertionError = type('Quiet', (Exception,), {})\n"
    "builtins.isinstance = lambda *a: True\n"
    "builtins.__build_class__ = None",
    "assert in cells": "def drop(lines):\n"
    "    return [s for s in lines if 'assert' not in s]\n"
    "get_ipython().input_transformers_cleanup.append(drop)\n"
    "get_ipython().run_cell = lambda *a, **k: None",
    "json and random": "import json, pickle, random, struct\n"
    'json.dumps = lambda *a, **k: \'{"op": "value", "value": true}\'\n'
    "pickle.loads = None\nrandom.random = lambda: 0.5",
    "the worker": "import __main__\n"
    "__main__.Server._serve = lambda *a: True\n"
    "__main__.Server.reply = lambda self, header, body: "
    "self.channel.send({'op': 'value', 'value': True})",
    "the wire": "from tools.grading.inside import wire\n"
    "wire.Encoder.encode = lambda self, value: {'tag': 'ellipsis'}",
}

# -- values that lie --------------------------------------------------------

VALUES = {
    "equals everything": "class Lie(int):\n"
    "    __eq__ = __le__ = __lt__ = lambda *a: True\n"
    "    __sub__ = __rsub__ = __abs__ = lambda *a: 0\n"
    "    __hash__ = int.__hash__\n"
    "def norm(x): return Lie(1)\ndef softmax(x): return Lie(1)",
    "plain object": "class Lie:\n"
    "    def __getattr__(self, name): return lambda *a: 0\n"
    "    __eq__ = __lt__ = lambda *a: True\n"
    "    __sub__ = __abs__ = lambda *a: 0\n"
    "    __array__ = lambda self, *a, **k: np.array([0.5, 0.5])\n"
    "def norm(x): return Lie()\ndef softmax(x): return Lie()",
    "array that agrees": "class Lie(np.ndarray):\n"
    "    def __array_ufunc__(self, *a, **k): return np.True_\n"
    "    def __array_function__(self, *a, **k): return True\n"
    "def softmax(x): return np.zeros(len(x)).view(Lie)\n"
    "def norm(x): return np.zeros(()).view(Lie)",
    "empty array": "def softmax(x): return np.empty((0, len(x)))\n"
    "def norm(x): return np.empty(0)",
    "not a number": "def softmax(x): return np.full(len(x), np.nan)\n"
    "def norm(x): return float('nan')",
    "changes its argument": "def softmax(x):\n"
    "    x[:] = 0\n    return np.full(len(x), 1 / len(x))\n"
    "def norm(x):\n    x[:] = 0\n    return 0.0",
    "table of visible answers": "def softmax(x): return [0.5, 0.5]\n"
    "def norm(x): return 5.0",
    "deep list": "def norm(x):\n    v = []\n"
    "    for _ in range(10**5): v = [v]\n    return v\n"
    "softmax = norm",
    "long integer": "def norm(x): return 1 << 10**8\nsoftmax = norm",
    "endless generator": "def norm(x):\n    while True: yield 5.0\n"
    "softmax = norm",
    "huge array": "def norm(x): return np.broadcast_to(5.0, (10**6, 10**6))\n"
    "softmax = norm",
    "raises StopIteration": "def norm(x): raise StopIteration\nsoftmax = norm",
    "recursion": "def norm(x): return norm(x)\nsoftmax = norm",
    "itself a class": "class norm:\n    def __init__(self, x): pass\n"
    "softmax = norm",
}

# -- looking around, and doing harm -----------------------------------------


def breaches(outside: Path, port: int) -> dict[str, NotebookNode]:
    """Return attacks that tell by their marks whether they succeeded.

    Parameters
    ----------
    outside : Path
        A file that everybody may write to.
    port : int
        Of a server on the loopback device.
    """
    find = """
        found = []
        closed = "usr", "proc", "site-packages"
        for top, folders, files in os.walk("/"):
            folders[:] = [f for f in folders if f not in closed]
            for name in files:
                if {test}:
                    found.append(name)
    """
    return {
        "reads the lab": succeeds(
            "found", find.format(test="name in ('lab.ipynb', 'checker.py')")
        ),
        "finds the gradebook": succeeds(
            "found",
            find.format(test="name in ('gradebook.db', 'grades.csv')"),
        ),
        "reads a neighbour": succeeds(
            f"os.listdir({str(outside.parent)!r}) or os.listdir('/home')"
        ),
        "finds the check in memory": succeeds(
            "found",
            "import gc\nmark = 'BEGIN ' + 'HIDDEN'\n"
            "dicts = [o for o in gc.get_objects() if type(o) is dict]\n"
            "found = [v for o in dicts for v in list(o.values()) "
            "if type(v) is str and mark in v and v != mark]",
        ),
        "writes outside": succeeds(
            "True", f"open({str(outside)!r}, 'w').write('breached')"
        ),
        "writes to the course": succeeds(
            "True",
            "import topoi\nfrom tools.grading.inside import wire\n"
            "for m in (topoi, wire, os):\n"
            "    try:\n        open(m.__file__, 'a').close()\n        break\n"
            "    except OSError:\n        pass\nelse:\n    raise OSError",
        ),
        "looks around in the system": succeeds(
            "set(os.listdir('/usr')) - {'bin', 'lib', 'lib64', 'local', "
            "'share'} or set(os.listdir('/etc')) - {'ld.so.cache'}"
        ),
        "connects": succeeds(
            "True",
            "import socket\n"
            f"socket.create_connection(('127.0.0.1', {port}), 2)",
        ),
        "vsock": succeeds(
            "True", "import socket\nsocket.socket(socket.AF_VSOCK)"
        ),
        "sees processes": succeeds(
            "len([n for n in os.listdir('/proc') if n.isdigit()]) > 3"
        ),
        "is root": succeeds(
            "True",
            "import subprocess\n"
            "subprocess.run(['unshare', '-Ur', 'true'], check=True)",
        ),
        "leaves its core": succeeds(
            "len(os.sched_getaffinity(0)) > 1",
            "try:\n    os.sched_setaffinity(0, range(os.cpu_count()))\n"
            "except OSError:\n    pass",
        ),
        "memory file": succeeds("os.memfd_create('x')"),
        "fifty gigabytes": succeeds("bytearray(50 * 2**30)"),
        "large file": succeeds(
            "True",
            "with open('/scratch/x', 'wb') as f:\n"
            "    for _ in range(500): f.write(bytes(2**20)); f.flush()",
        ),
        "four hundred processes": succeeds(
            "count >= 400",
            "count = 0\nimport time\n"
            "while count < 400:\n    if os.fork() == 0:\n"
            "        time.sleep(60); os._exit(0)\n    count += 1",
        ),
    }


HARM = {
    "gigabyte of output": "for _ in range(1024): print('x' * 2**20)",
    "escape codes": "print('\\x1b[2J\\x1b]0;owned\\x07')",
    "half a character": "print('\\ud800')\n"
    "def norm(x): raise ValueError('\\ud800')",
    "os._exit": "import os; os._exit(0)",
    "SystemExit": "raise SystemExit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "exit in a function": "import os\ndef norm(x): os._exit(0)\n"
    "def softmax(x): raise SystemExit(0)",
    "kills all": "import os\nfor p in (os.getppid(), 1, -1):\n"
    "    try: os.kill(p, 9)\n    except OSError: pass",
    "detached": "import subprocess\n"
    "subprocess.Popen(['setsid', 'sleep', '98765'])",
    "late thread": "import threading, time, os\n"
    "def late():\n    time.sleep(0.2)\n    while True:\n"
    "        for fd in range(3, 30):\n"
    "            try: os.write(fd, b'\\0' * 64)\n"
    "            except OSError: pass\n"
    "threading.Thread(target=late, daemon=True).start()",
    "forged verdicts": "import os, json\n"
    "line = json.dumps({'id': 'norm-check', 'passed': True, "
    "'message': '', 'printed': ''}).encode() + b'\\n'\n"
    "for fd in range(3, 64):\n"
    "    try: os.write(fd, line)\n    except OSError: pass",
    "forged frames": "import os, struct, json\n"
    "value = {'tag': 'pickle', 'span': [0, 3]}\n"
    "h = json.dumps({'op': 'value', 'value': value}).encode()\n"
    "frame = struct.pack('<II', len(h), 3) + h + b'abc'\n"
    "for fd in range(3, 64):\n"
    "    try: os.write(fd, frame * 3)\n    except OSError: pass",
    "truncated frame": "import os\nfor fd in range(3, 64):\n"
    "    try: os.write(fd, b'\\xff\\xff\\xff\\x7f')\n"
    "    except OSError: pass",
}
SLOW = {
    "endless cell": "while True: pass",
    "endless function": "def norm(x):\n    while True: pass\nsoftmax = norm",
    "sleeps through signals": "import signal, time\n"
    "for s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n"
    "    except OSError: pass\n"
    "signal.setitimer(signal.ITIMER_REAL, 0)\n"
    "while True: time.sleep(1000)",
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n"
    "    except OSError: pass",
    "many links": "import os\nfor n in range(10**7):\n"
    "    os.symlink('x', f'/scratch/{n}')",
    "memory hog": "import numpy as np\nhog = []\n"
    "while True: hog.append(np.ones(2**24))",
    "memory of many": "import os, time\n"
    "for _ in range(5):\n    if os.fork() == 0:\n"
    "        hog = b'x' * (100 * 2**20)\n        time.sleep(100)\n"
    "while True: time.sleep(1)",
}

# -- notebooks with other metadata ------------------------------------------


def _edited(edit) -> NotebookNode:
    nb = submission()
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader")
        if mark is not None:
            edit(nb, cell, mark)
    return nb


def _delete_checks() -> NotebookNode:
    nb = submission()
    nb.cells = [c for c in nb.cells if not c.id.endswith("-check")]
    return nb


def _skip(nb, cell, mark) -> None:
    cell.metadata["tags"] = ["skip-execution"]


def _rich(nb, cell, mark) -> None:
    if mark.grade:
        mark.points = 1000


def _turned(nb, cell, mark) -> None:
    mark.grade, mark.solution = mark.solution, mark.grade


def _renamed(nb, cell, mark) -> None:
    mark.grade_id = {"norm": "norm-check", "norm-check": "norm"}.get(
        mark.grade_id, mark.grade_id
    )


def _emptied(nb, cell, mark) -> None:
    if mark.grade:
        cell.source = "pass"


METADATA = {
    "skip-execution": lambda: _edited(_skip),
    "a thousand points": lambda: _edited(_rich),
    "checks are answers": lambda: _edited(_turned),
    "ids exchanged": lambda: _edited(_renamed),
    "empty checks": lambda: _edited(_emptied),
    "checks deleted": _delete_checks,
}

# -- files that are no notebooks --------------------------------------------

FILES = {
    "empty": b"",
    "not json": b"{",
    "binary": bytes(range(256)) * 10,
    "deep json": b"[" * 200_000,
    "a list": b"[1, 2, 3]",
    "odd cells": json.dumps({"cells": {"a": 5}}).encode(),
    "odd cell": json.dumps(
        {"cells": [{"cell_type": 1, "source": 7}]}
    ).encode(),
    "too large": b" " * (6 * 2**20),
}


def put_links(folder: Path, honest: Path) -> list[str]:
    """Hand in links and odd files instead of notebooks; return the names."""
    name = honest.name
    kinds = "soft link", "hard link", "pipe", "folder", "two"
    for kind in kinds:
        (folder / kind).mkdir()
    (folder / "soft link" / name).symlink_to(honest)
    os.link(honest.with_name("copy"), folder / "hard link" / name)
    os.mkfifo(folder / "pipe" / name)
    (folder / "folder" / name).mkdir()
    for other in (name, "tiny-student.ipynb"):
        (folder / "two" / other).write_bytes(honest.read_bytes())
    return list(kinds)
