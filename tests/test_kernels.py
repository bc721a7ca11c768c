"""A forked kernel is like a fresh one, and ends like one."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from nbclient import NotebookClient

from tools import kernels
from topoi import runtime

# All that a notebook can see of its kernel before and after its imports.
BEFORE = """
import locale, logging, os, signal, sys, threading, warnings
for value in (
    os.getcwd(), sys.path, sys.flags, __name__, sys.stdin is None,
    sys.modules["__main__"].__dict__ is globals(),
    [os.path.basename(word) for word in sys.argv[:2]],
    sorted(name for name in os.environ
           if os.environ[name] != OUTSIDE.get(name)
           and name not in ("JPY_PARENT_PID", "JPY_SESSION_NAME")),
    [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
    os.getpgid(0) == os.getpid(), os.nice(0), locale.getlocale(),
    sys.getrecursionlimit(), sorted(t.name for t in threading.enumerate()),
):
    print(value)
"""
AFTER = """
from topoi import runtime
runtime.setup("small", seed=3)
import keras, matplotlib, numpy as np, scipy.optimize, scipy.stats
import matplotlib.pyplot as plt
print(sorted(map(str, warnings.filters)), np.geterr(), keras.config.floatx())
print(logging.root.handlers, logging.root.level)
print(sorted(map(str, matplotlib.rcParams.items())))
print(np.random.normal(), keras.random.normal((2,)), flush=True)
warnings.warn("once", stacklevel=1)
"""
TRAIN = """
layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile("adam", "mse")
x = np.linspace(-1, 1, 64)[:, None]
history = model.fit(x, x**2, epochs=3, verbose=0)
print(history.history, model.predict(x, verbose=0).sum())
"""
PLOT = """
figure, axes = plt.subplots()
axes.plot(x, model.predict(x, verbose=0))
"""
WRONG = "np.linalg.inv(np.ones((2, 3)))"


def run(kernel, folder, *sources):
    """Execute cells and return their outputs."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nb = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        nb,
        kernel_name=kernel,
        resources={"metadata": {"path": str(folder)}},
        allow_errors=True,
        extra_arguments=["--HistoryManager.enabled=False"],
    ).execute()
    return [cell.outputs for cell in nb.cells]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "")
    for name, value in runtime.environment().items():
        monkeypatch.setenv(name, value)
    kernels.register()


def test_a_notebook_sees_the_same_in_both(tmp_path):
    outside = f"OUTSIDE = {dict(os.environ)!r}"
    cells = outside, BEFORE, AFTER, TRAIN, PLOT, WRONG
    forked = run("forked", tmp_path, *cells)
    fresh = run("python3", tmp_path, *cells)
    assert kernels.nursery().safe, kernels.nursery().why
    for ours, theirs in zip(forked, fresh, strict=True):
        assert plain(ours) == plain(theirs)
    kinds = [plain(outputs)[0] for outputs in forked[1:]]
    assert kinds[:3] == ["stdout"] * 3
    assert "image/png" in kinds[3] + str(forked[4])
    assert "LinAlgError" in kinds[4]


def plain(outputs):
    """Return outputs as text, without what numbers processes and memory.

    Into how many pieces a stream is cut is a matter of milliseconds.
    """
    told = []
    for output in outputs:
        if output.output_type == "stream" and output.name in told[-2:-1]:
            told[-1] += output.text
        elif output.output_type == "stream":
            told += [output.name, output.text]
        else:
            told.append(str(output))
    numbers = r"0x[0-9a-f]+|ipykernel_\d+|Thread-\d+"
    return [re.sub(numbers, "#", text) for text in told]


def test_forks_draw_different_unseeded_numbers(tmp_path):
    draw = (
        "import random, numpy as np\n"
        "print(random.random(), np.random.random(), np.random.default_rng())"
    )
    one, two = (run("forked", tmp_path, draw) for _ in range(2))
    assert one != two


def test_forks_run_side_by_side_and_are_gone_afterwards(tmp_path):
    nursery = kernels.nursery()
    env = dict(os.environ)
    forks = [
        nursery.fork(
            ["-m", "ipykernel_launcher", "-f", str(tmp_path / name)],
            tmp_path,
            env,
        )
        for name in ("one", "two")
    ]
    assert [fork.poll() for fork in forks] == [None, None]
    forks[0].kill()
    assert forks[0].wait() == -signal.SIGKILL
    assert forks[1].poll() is None
    forks[1].terminate()
    assert forks[1].wait() != 0
    assert forks[1].poll() == forks[1].wait()
    forks[1].kill()  # nothing is left: no other process gets the signal


def test_the_end_of_a_nursery_is_the_end_of_its_kernels(tmp_path):
    nursery = kernels.Nursery()
    fork = nursery.fork(
        ["-m", "ipykernel_launcher"], tmp_path, dict(os.environ)
    )
    nursery.close()
    deadline = time.monotonic() + 20
    while _runs(fork.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(fork.pid)
    with pytest.raises(RuntimeError, match="forked from has died"):
        nursery.fork(["-m", "ipykernel_launcher"], tmp_path, dict(os.environ))


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            "import threading; threading.Thread(target=wait).start()",
            "2 threads",
        ),
        (
            "import warnings; warnings.warn('old', stacklevel=1)",
            "importing warns: old",
        ),
        ("import json", ""),
    ],
)
def test_a_nursery_says_why_it_must_not_be_forked(tmp_path, code, why):
    (tmp_path / "odd.py").write_text(
        f"from time import sleep\ndef wait(): sleep(3)\n{code}\n"
    )
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tools import nursery\n"
            "nursery.IMPORTED = ('odd',)\nprint(nursery._import_all())",
        ],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=runtime.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == why


def test_where_forks_are_not_safe_kernels_start_afresh(tmp_path, monkeypatch):
    class Unsafe:
        safe, why = False, "2 threads"

    monkeypatch.setattr(kernels, "nursery", Unsafe)
    probe = "import os; print(os.getppid())"
    ((output,),) = run("forked", tmp_path, probe)
    assert output.text.strip() == str(os.getpid())


FAULTS = {
    "good": "print(1)",
    "dead": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "hung": "while True: pass",
    "deaf": (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "time.sleep(60)"
    ),
    "wrong": "assert 1 == 2",
}


def test_a_killed_or_hung_kernel_fails_by_name(tmp_path):
    """Under nbval; the notebooks after them are not touched."""
    for name, code in FAULTS.items():
        cells = [nbformat.v4.new_code_cell(c) for c in ("x = 1", code, "x")]
        nb = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(nb, tmp_path / f"{name}.ipynb")
    (tmp_path / "conftest.py").write_text(
        "from tools import kernels\nkernels.register()\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["-q", "--nbval-lax"]
    command += ["--nbval-kernel-name=forked", "--nbval-cell-timeout=4"]
    told = subprocess.run(
        [*command, "."], cwd=tmp_path, capture_output=True, text=True
    )
    failed = {
        line.split("::")[0].removeprefix("FAILED ")
        for line in told.stdout.splitlines()
        if line.startswith("FAILED")
    }
    assert failed == {f"{n}.ipynb" for n in FAULTS} - {"good.ipynb"}, (
        told.stdout
    )
    assert _left(tmp_path) == []


def _left(folder):
    """Return processes that still stand in a folder."""
    left = []
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if os.readlink(f"{entry.path}/cwd") == str(folder):
                left.append(entry.name)
    return left
