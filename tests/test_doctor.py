"""`topoi.doctor`: each check finds what it is made for, with fakes."""

import fcntl
import json

import numpy as np
import pytest

from topoi import doctor

CHECKS = (
    "_python",
    "_packages",
    "_bytecode",
    "_gpus",
    "_backends",
    "_data_files",
    "_locks",
    "_disk",
    "_threads",
    "_slurm",
)
SEEN = {"seconds": 2.0, "devices": "H", "rate": 5e4, "error": 1e-4}


def only(monkeypatch, *kept):
    """Silence all checks but some."""
    for name in set(CHECKS) - set(kept):
        monkeypatch.setattr(doctor, name, lambda lock=None: [], raising=True)


def program(folder, name, text, status=0):
    """Put a program on a path: it prints a text and ends."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {status}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without programs; tests add them to its only folder."""
    monkeypatch.setattr(
        doctor.shutil,
        "which",
        lambda name: name if (tmp_path / name).exists() else None,
    )
    path = doctor.os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    return tmp_path


def test_lock_lines_are_read_with_their_markers():
    text = (
        "six==1.17.0 \\\n    --hash=sha256:00 \\\n    # via x\n"
        "colorama==0.4.6 ; sys_platform == 'never'\n"
    )
    assert [str(pin) for pin in doctor._pins(text)] == ["six==1.17.0"]


def test_doctor_names_what_is_missing(tmp_path, monkeypatch, capsys):
    lock = tmp_path / "lock.txt"
    lock.write_text("numpy==0.0.1\nnot-a-package-of-ours==1.0\n")
    only(monkeypatch, "_packages")
    assert doctor.doctor(lock) == 1
    printed = capsys.readouterr().out
    assert f"numpy {np.__version__}, pinned is 0.0.1: `make env`" in printed
    assert "not-a-package-of-ours is not installed" in printed
    assert "2 problem(s)" in printed


def test_doctor_is_content_with_a_sound_house(monkeypatch, capsys, tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(f"numpy=={np.__version__}\n")
    only(monkeypatch, "_packages")
    monkeypatch.setattr(doctor, "_backends", lambda: [(True, "demo: GPU")])
    assert doctor.doctor(lock) == 0
    assert "Everything is in place." in capsys.readouterr().out


def test_doctor_reports_a_backend_that_does_not_start(monkeypatch):
    monkeypatch.setattr(doctor, "PROBE", "raise ImportError('no {name}')")
    monkeypatch.setattr(doctor, "BACKENDS", ("tensorflow",))
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda n: True)
    ((good, text),) = doctor._backends()
    assert not good
    assert "ImportError" in text


def test_gpus_are_listed_with_driver_and_memory(machine):
    line = "Big GPU, 550.1, 80000 MiB, 12 MiB"
    program(machine, "nvidia-smi", f"{line}\n{line}")
    found = list(doctor._gpus())
    assert [state for state, _ in found] == [True, True]
    assert found[1][1] == (
        "GPU 1: Big GPU, driver 550.1, 12 MiB of 80000 MiB used"
    )


LISTED = """\
GPU 0: NVIDIA Big 80GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 3g.40gb     Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
GPU 1: NVIDIA Small (UUID: GPU-1fa9d1f4-90ba-4c1e-a9f3-3a6c1f1a3c21)
"""
SMALL = "GPU-1fa9d1f4-90ba-4c1e-a9f3-3a6c1f1a3c21"
PART = "MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb"
BIG = "NVIDIA Big 80GB"


@pytest.mark.parametrize(
    ("visible", "names", "hides"),
    [
        (None, [BIG, "NVIDIA Small"], ""),
        ("", [], ""),
        ("1", ["NVIDIA Small"], ""),
        (SMALL, ["NVIDIA Small"], ""),
        ("1, GPU-5d5b", ["NVIDIA Small", BIG], ""),
        (PART, [f"{BIG} MIG 3g.40gb"], ""),
        (f"{PART},MIG-c6", [f"{BIG} MIG 3g.40gb", f"{BIG} MIG 1g.10gb"], ""),
        ("0,MIG-0,1", [BIG], "MIG-0"),
        ("MIG-c", [], "MIG-c"),
        ("-1", [], "-1"),
    ],
)
def test_devices_are_chosen_by_index_uuid_or_part(
    visible, names, hides, machine, monkeypatch
):
    """Two parts begin with MIG-c, so that word means none of them."""
    program(machine, "nvidia-smi", LISTED)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert doctor.visible_gpus() == (names, hides)
    told = list(doctor._chosen_gpus())
    assert [state for state, _ in told] == (
        [] if visible is None else [False if hides else None]
    )
    text = " ".join(text for _, text in told)
    assert f"no one device '{hides}'" in text if hides else True
    assert all(name in text for name in names) or hides or visible is None


def test_the_gpus_that_are_expected_are_the_chosen_ones(machine, monkeypatch):
    """Hidden on purpose: a backend without a GPU is no problem then."""
    program(machine, "nvidia-smi", LISTED)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda n: True)
    monkeypatch.setattr(doctor, "BACKENDS", ("jax",))
    monkeypatch.setattr(doctor, "_backend", lambda name, n: (True, str(n)))
    for visible, expected in (("", "0"), (PART, "1"), ("0,1", "2")):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert list(doctor._backends()) == [(True, expected)]


def test_a_driver_that_does_not_answer_is_a_problem(machine):
    program(machine, "nvidia-smi", "Failed to initialize NVML", status=9)
    ((state, text),) = doctor._gpus()
    assert state is False
    assert "lists no GPU" in text


def test_a_machine_without_gpu_is_fine(machine):
    ((state, _),) = doctor._gpus()
    assert state is None


@pytest.mark.parametrize(
    ("change", "expected", "state", "words"),
    [
        ({}, 1, True, "50,000 GFLOP/s"),
        ({"devices": ""}, 0, True, "no GPU"),
        ({"devices": ""}, 2, False, "make backend BACKEND=jax-cuda"),
        ({"error": 0.5}, 1, False, "NumPy disagrees by 0.5"),
        ({"error": float("nan")}, 1, False, "NumPy disagrees"),
    ],
)
def test_a_backend_is_judged_by_devices_and_product(
    change, expected, state, words, monkeypatch
):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    judged = doctor._judged("jax", expected, SEEN | change)
    assert judged[0] is state
    assert words in judged[1]


def test_a_backend_that_is_not_chosen_may_lack_the_gpu(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    state, _ = doctor._judged("torch", 1, SEEN | {"devices": ""})
    assert state is None


def test_the_answer_of_a_backend_is_its_last_line(monkeypatch):
    monkeypatch.setenv("ANSWER", json.dumps(SEEN))
    probe = "import os; print('noise'); print(os.environ['ANSWER'])"
    monkeypatch.setattr(doctor, "PROBE", probe)
    assert doctor._backend("jax", 1)[0] is True


def test_locks_are_tried_with_a_second_process(tmp_path, monkeypatch):
    monkeypatch.setenv("BUILD", str(tmp_path))
    ((state, text),) = doctor._locks()
    assert state is True
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    ((state, text),) = doctor._locks()
    assert state is False
    assert "do not exclude" in text


def test_packages_without_bytecode_get_the_command(monkeypatch):
    cached = "topoi.doctor.importlib.util.cache_from_source"
    monkeypatch.setattr(cached, lambda _: "/nowhere.pyc")
    ((state, text),) = doctor._bytecode()
    assert state is None
    assert "-m compileall" in text


def test_slurm_is_asked(machine):
    assert "run-all" in next(iter(doctor._slurm()))[1]
    program(machine, "sbatch", "")
    program(machine, "sinfo", "", status=1)
    assert "no answer" in next(iter(doctor._slurm()))[1]
    program(machine, "sinfo", "main* 2 nodes idle")
    assert list(doctor._slurm()) == [(True, "Slurm: main* 2 nodes idle")]


def test_small_disk_and_limited_threads_are_noted(monkeypatch):
    monkeypatch.setattr(doctor, "GIGABYTES", 1e9)
    ((state, _),) = doctor._disk()
    assert state is None
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    ((_, text),) = doctor._threads()
    assert "OMP_NUM_THREADS=3" in text
