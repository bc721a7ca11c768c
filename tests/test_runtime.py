"""`topoi.runtime`: scale, seeds, threads, what a long run keeps."""

import json
import os
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
    names = ("OMP_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL", "TOPOI_SCALE")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    run = _python("-c", code, env=environment)
    assert run.stdout.split() == ["1", "small"]
    assert run.stderr == ""


def test_a_value_of_the_user_wins(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    runtime.setup("small")
    assert os.environ["OMP_NUM_THREADS"] == "5"


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
    run = _python("-m", "topoi.runtime", "heal")
    assert run.returncode == 2
    assert "usage" in run.stderr


def _python(*arguments, env=None):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=gates.ROOT,
        env=env,
        capture_output=True,
        text=True,
    )


def documented(x):
    """Return x.

    This paragraph is for the reference, not for the chapter.
    """
    return x


def bare(x):
    return x


@pytest.mark.parametrize(
    ("f", "kept"),
    [(documented, ["def documented", "Return x.", "return x"]), (bare, [])],
)
def test_shown_source_keeps_one_line_of_the_docstring(f, kept, capsys):
    runtime.show_source(f)
    shown = capsys.readouterr().out
    assert "for the reference" not in shown
    assert shown.rstrip().endswith("return x")
    assert all(words in shown for words in kept)
    compile(shown, "shown", "exec")
