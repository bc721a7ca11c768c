"""`topoi.runtime`: scale, seeds, threads, and the doctor."""

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


def test_lock_lines_are_read_with_their_markers():
    text = (
        "six==1.17.0 \\\n    --hash=sha256:00 \\\n    # via x\n"
        "colorama==0.4.6 ; sys_platform == 'never'\n"
    )
    assert [str(pin) for pin in runtime._pins(text)] == ["six==1.17.0"]


def test_doctor_names_what_is_missing(tmp_path, monkeypatch, capsys):
    lock = tmp_path / "lock.txt"
    lock.write_text("numpy==0.0.1\nnot-a-package-of-ours==1.0\n")
    for part in ("_backends", "_data_files"):
        monkeypatch.setattr(runtime, part, lambda: [])
    assert runtime.doctor(lock) == 1
    printed = capsys.readouterr().out
    assert (
        f"numpy {np.__version__}, pinned is 0.0.1: run `make env`" in printed
    )
    assert "not-a-package-of-ours is not installed" in printed
    assert "2 problem(s)" in printed


def test_doctor_is_content_with_a_sound_house(monkeypatch, capsys, tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(f"numpy=={np.__version__}\n")
    monkeypatch.setattr(runtime, "_backends", lambda: [(True, "demo: GPU")])
    monkeypatch.setattr(runtime, "_data_files", lambda: [])
    assert runtime.doctor(lock) == 0
    assert "Everything is in place." in capsys.readouterr().out


def test_doctor_reports_a_backend_that_does_not_start(monkeypatch):
    monkeypatch.setattr(runtime, "PROBE", "raise ImportError('no {name}')")
    monkeypatch.setattr(runtime, "BACKENDS", ("tensorflow",))
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda n: True)
    ((good, text),) = runtime._backends()
    assert not good
    assert "ImportError" in text


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
