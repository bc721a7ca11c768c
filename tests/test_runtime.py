"""`topoi.runtime`: scale, seeds, threads, what a long run keeps."""

import json
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

import gates
from topoi import runtime


def test_pick_takes_what_the_scale_asks_for():
    assert runtime.pick("small", small=1, full=2) == 1
    assert runtime.pick("full", small=1, full=2) == 2


@pytest.mark.parametrize("call", [runtime.setup, runtime.pick])
def test_unknown_scale_names_the_known_ones(call):
    arguments = {} if call is runtime.setup else {"small": 1, "full": 2}
    with pytest.raises(ValueError, match=r"small, full, but SCALE = 'huge'"):
        call("huge", **arguments)


def test_same_seed_same_numbers():
    import keras

    def draw():
        runtime.setup("small", seed=3)
        backend = keras.random.normal((4,), seed=None)
        legacy = np.random.random(4)  # noqa: NPY002, what setup seeds
        return legacy, keras.ops.convert_to_numpy(backend)

    first, second = draw(), draw()
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_setup_sets_threads_logs_and_scale_before_libraries_start():
    """A fresh process, so that nothing was imported before."""
    code = (
        "from topoi import runtime; runtime.setup('small'); import os, keras;"
        "print(os.environ['OMP_NUM_THREADS'], os.environ['TOPOI_SCALE'])"
    )
    run = _python("-c", code, env=_unset("TOPOI_SCALE"))
    assert run.stdout.split() == ["1", "small"]
    assert run.stderr == ""


def test_a_value_of_the_user_wins(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    runtime.setup("small")
    assert os.environ["OMP_NUM_THREADS"] == "5"


# -- without a backend of Keras ----------------------------------------------

LIGHT = """
from topoi import runtime
runtime.setup("small", seed=3, backend=None)
import json, random, sys
import numpy as np
from topoi import claims  # its cards ask for the device
heavy = [m for m in ("keras", "tensorflow", "jax", "torch")
         if m in sys.modules]
print(json.dumps([runtime.device_report(), heavy, random.random(),
                  np.random.random()]))
{more}
"""


def test_a_notebook_of_numpy_alone_imports_no_keras(tmp_path):
    """Oracle for the seeds: the generators, seeded by hand."""
    import random

    path = tmp_path / "report.json"
    environment = os.environ | {"TOPOI_REPORT": str(path)}
    run = _python("-c", LIGHT.format(more=""), env=environment)
    assert run.returncode == 0, run.stderr
    report, heavy, first, second = json.loads(run.stdout)
    assert report["backend"] == "numpy"
    assert report["numpy"] == np.__version__
    assert report["device"].startswith("CPU")
    assert heavy == []
    assert first == random.Random(3).random()
    assert second == np.random.RandomState(3).random()
    assert json.loads(path.read_text())["gpu_peak_mb"] is None


def test_a_setup_with_keras_ends_one_without():
    more = "runtime.setup('small'); print(runtime.current_backend())"
    run = _python("-c", LIGHT.format(more=more))
    assert run.stdout.split()[-1] in runtime.BACKENDS, run.stderr


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="KERAS_BACKEND"):
        runtime.setup("small", backend="jax")


# -- one table of threads -----------------------------------------------------


def test_importing_runtime_loads_no_numerical_library_and_no_doctor():
    code = "import sys; from topoi import runtime; print(*sys.modules)"
    loaded = set(_python("-c", code).stdout.split())
    assert "topoi.runtime" in loaded
    assert not loaded & {"numpy", "keras", "threadpoolctl", "topoi.doctor"}


def test_the_hub_s_environment_can_read_the_table():
    """A Python without any package, as the hub's has none of ours."""
    code = f"import sys; sys.path.append({str(gates.ROOT)!r})\n"
    code += "from topoi import runtime; print(runtime.threads())"
    run = _python("-I", "-S", "-c", code)
    assert "OMP_NUM_THREADS" in run.stdout, run.stderr


def test_threads_are_words_for_a_shell():
    code = "export $({0} -m topoi.runtime threads {1}); env"
    for count in (1, 6):
        run = subprocess.run(
            ["sh", "-c", code.format(shlex.quote(sys.executable), count)],
            cwd=gates.ROOT,
            env=_unset(),
            capture_output=True,
            text=True,
        )
        given = dict(w.split("=", 1) for w in run.stdout.splitlines())
        assert runtime.threads(count).items() <= given.items()
        assert given["TF_NUM_INTRAOP_THREADS"] == str(count)


@pytest.mark.parametrize("count", [0, -1])
def test_a_process_has_a_thread(count):
    with pytest.raises(ValueError, match="at least 1 thread"):
        runtime.threads(count)


# Where a variable of the table may be set by hand, and why.
COPIES = {
    "topoi/runtime.py": "the table",
    "topoi/scaling/workers.py": "devices of JAX",
    "topoi/scaling/sweep.py": "a script that a chapter prints",
    "labs/scaling.ipynb": "students write such a script",
    "chapters/scaling.ipynb": "devices of JAX; prints that script",
    "tests/wrong_answers/scaling.py": "students write such a script",
    "tests/test_scaling.py": "devices of JAX",
    "tests/test_scaling_lab.py": "students write such a script",
    "tests/test_runtime.py": "tries the table",
    "tests/test_doctor.py": "tries the table",
    "tests/test_containers.py": "compares the Dockerfile",
    "tests/benchmarks/bench_cnn.py": "TensorFlow at its fastest",
    "datasets/symbolic_integration/card.md": "how weights came about",
    "servers/container/Dockerfile": "compared in test_containers.py",
    "servers/hub/values.yaml": "compared in test_hub_files.py",
}
KINDS = ("*.py", "*.ipynb", "*.sbatch", "*.yaml", "*.md", "Makefile", "*file")


def _copies(root) -> set[str]:
    """Return the files that set a variable of the table."""
    names = "|".join([*runtime.environment(), "OPENBLAS_NUM_THREADS"])
    setting = re.compile(rf"({names})\b[^\n]{{0,9}}[=:,]", re.MULTILINE)
    listed = ("*", "tests/**/*", "tools/**/*", "servers/**/*", "topoi/**/*")
    listed += ("datasets/**/*", "book/*", "chapters/*", "labs/*", ".ci/*")
    files = {f for g in listed for f in root.glob(g) if f.is_file()}
    files = {f for f in files if any(f.match(kind) for kind in KINDS)}
    return {
        file.relative_to(root).as_posix()
        for file in files
        if setting.search(file.read_text(encoding="utf-8"))
    }


def test_the_table_of_threads_stands_once():
    found = _copies(gates.ROOT)
    assert not found - set(COPIES), "take them from topoi.runtime"
    assert not set(COPIES) - found, "these need no exception any more"


def test_a_copy_of_the_table_is_found(tmp_path):
    (tmp_path / "tools").mkdir()
    planted = 'os.environ["TF_NUM_INTEROP_THREADS"] = "2"\n'
    (tmp_path / "tools" / "new.py").write_text(planted)
    (tmp_path / "Makefile").write_text("all:\n\tOMP_NUM_THREADS=1 run\n")
    (tmp_path / "words.md").write_text("`OMP_NUM_THREADS` is a variable.\n")
    assert _copies(tmp_path) == {"tools/new.py", "Makefile"}


# -- reports and what is kept -------------------------------------------------


def test_device_report_names_the_backend():
    import keras

    report = runtime.device_report()
    assert report["backend"] == keras.backend.backend()
    assert all(isinstance(text, str) and text for text in report.values())


def test_nothing_is_kept_outside_a_full_size_run(monkeypatch):
    monkeypatch.delenv("TOPOI_CHECKPOINTS", raising=False)
    assert runtime.checkpoint_folder() is None
    values = iter([1, 2])
    assert [runtime.resume("a", next, values) for _ in "ab"] == [1, 2]


def test_a_resumed_notebook_computes_what_an_uninterrupted_one_does(
    tmp_path, monkeypatch
):
    """Oracle: the same three stages in one go, without an interruption."""
    import keras

    def stage():
        noise = keras.ops.convert_to_numpy(keras.random.normal((3,)))
        return noise + np.random.normal(size=3)  # noqa: NPY002, as seeded

    def notebook(folder, until):
        monkeypatch.setenv("TOPOI_CHECKPOINTS", str(tmp_path / folder))
        runtime.setup("small", seed=5)
        return [runtime.resume(f"s{i}", stage) for i in range(until)]

    notebook("killed", until=2)
    resumed = notebook("killed", until=3)
    np.testing.assert_array_equal(resumed, notebook("whole", until=3))


def test_a_model_is_kept_with_its_weights(tmp_path, monkeypatch):
    import keras

    monkeypatch.setenv("TOPOI_CHECKPOINTS", str(tmp_path))
    layers = [keras.Input((2,)), keras.layers.Dense(1)]
    first, second = (
        runtime.resume("net", keras.Sequential, layers) for _ in range(2)
    )
    x = np.ones((1, 2), np.float32)
    np.testing.assert_array_equal(first(x), second(x))


def test_an_interrupted_stage_leaves_nothing_half_done(tmp_path, monkeypatch):
    monkeypatch.setenv("TOPOI_CHECKPOINTS", str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        runtime.resume("a", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert list(tmp_path.iterdir()) == []


def test_a_kernel_leaves_a_report_when_it_ends(tmp_path):
    """A fresh process, because the report is written at its exit."""
    path = tmp_path / "report.json"
    code = "from topoi import runtime; runtime.setup('small')"
    _python("-c", code, env=os.environ | {"TOPOI_REPORT": str(path)})
    report = json.loads(path.read_text())
    assert report["device"]
    assert report["gpu_peak_mb"] is None or report["gpu_peak_mb"] > 0


def test_command_line_explains_itself():
    for words in (["heal"], ["threads", "two"], ["threads", "0"]):
        run = _python("-m", "topoi.runtime", *words)
        assert run.returncode == 2
        assert "usage" in run.stderr


def _unset(*more):
    """Return this environment without what `runtime` sets."""
    names = {*runtime.environment(), *more}
    return {k: v for k, v in os.environ.items() if k not in names}


def _python(*arguments, env=None):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=gates.ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
