"""`servers`: one runner, its records, what is left, and the queues' calls."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import gates
from servers import run_notebook, runs
from servers.slurm import submit
from tools import notebooks

RUNNER = Path(run_notebook.__file__)
NEEDED = {"python", "keras", "numpy", "commit", "dirty", "host", "job"}


def chapter(root, *sources, name="demo", full=None, room="chapters"):
    """Write a notebook; each of its runs adds a line to a trace file."""
    trace = f"open({str(root / 'trace')!r}, 'a').write('{name}\\n')"
    cells = [new_code_cell(s) for s in ("SCALE = 'small'", trace, *sources)]
    cells[0].metadata["tags"] = ["parameters"]
    metadata = {"kernelspec": notebooks.KERNEL}
    if full is not None:
        metadata["topoi"] = {"full": full}
    path = root / room / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def starts(root) -> list[str]:
    trace = root / "trace"
    return trace.read_text().split() if trace.exists() else []


def start(path, root, scale="small", **options):
    """Start the runner as a queue does."""
    command = [sys.executable, RUNNER, path, "--runs", root / "runs"]
    command += ["--scale", scale]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **pipes, **options)


def finish(process) -> tuple[int, str]:
    out, err = process.communicate(timeout=100)
    return process.returncode, out + err


def record_of(path, root, scale="small"):
    return runs.Run(path, scale, "tensorflow", root / "runs").record


def names_of(root) -> set[str]:
    folder = root / "runs" / "small" / "tensorflow" / "chapters"
    return {file.name for file in folder.iterdir()}


# -- one run ----------------------------------------------------------------


def test_a_run_is_recorded_once(tmp_path):
    path = chapter(tmp_path, "print(SCALE)")
    code, text = finish(start(path, tmp_path))
    assert (code, "passed" in text) == (0, True), text
    record = json.loads(record_of(path, tmp_path).read_text())
    assert set(record) >= NEEDED
    assert record["notebook"] == "chapters/demo.ipynb"
    assert record["seconds"] > 0
    assert 10 < record["memory_mb"] < 2000
    assert record["claims"] == []
    code, text = finish(start(path, tmp_path))
    assert (code, "already recorded" in text) == (0, True)
    assert starts(tmp_path) == ["demo"]
    assert names_of(tmp_path) == {"demo.ipynb", "demo.json", "demo.lock"}


def test_stored_outputs_hold_no_progress_and_no_log(tmp_path):
    path = chapter(tmp_path, "print(SCALE)")
    finish(start(path, tmp_path, scale="full"))
    copy = record_of(path, tmp_path, "full").with_suffix(".ipynb")
    outputs = [o for c in notebooks.read(copy).cells for o in c.outputs]
    assert [o.get("text") for o in outputs if "text" in o] == ["full\n"]


def test_a_failing_run_keeps_its_traceback_until_it_is_mended(tmp_path):
    path = chapter(tmp_path, "1 / 0")
    code, text = finish(start(path, tmp_path))
    assert (code, "ZeroDivisionError" in text) == (1, True)
    assert names_of(tmp_path) == {"demo.failed.ipynb", "demo.lock"}
    chapter(tmp_path, "1 / 1")
    assert finish(start(path, tmp_path))[0] == 0
    assert names_of(tmp_path) == {"demo.ipynb", "demo.json", "demo.lock"}


def test_a_killed_run_takes_its_kernel_along(tmp_path):
    """The same command again completes what a kill -9 left."""
    wait = "import os, time, pathlib; time.sleep(60 * (SCALE == 'small'))"
    pid = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    path = chapter(tmp_path, f"import os; {pid}", wait)
    process = start(path, tmp_path)
    kernel = int(appears(tmp_path / "pid"))
    process.kill()
    process.communicate()
    assert gone(kernel), "the kernel outlives its runner"
    assert not record_of(path, tmp_path).exists()
    chapter(tmp_path, "print('quick now')")
    assert finish(start(path, tmp_path))[0] == 0
    assert names_of(tmp_path) == {"demo.ipynb", "demo.json", "demo.lock"}


def test_a_polite_stop_clears_up(tmp_path):
    pid = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    path = chapter(
        tmp_path, f"import os; {pid}", "import time; time.sleep(60)"
    )
    process = start(path, tmp_path)
    kernel = int(appears(tmp_path / "pid"))
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 143
    assert gone(kernel)


def test_two_runners_at_once_make_one_start(tmp_path):
    path = chapter(tmp_path, "import time; time.sleep(2)")
    both = [start(path, tmp_path) for _ in range(2)]
    ended = [finish(process) for process in both]
    assert [code for code, _ in ended] == [0, 0]
    assert starts(tmp_path) == ["demo"]
    assert sum("already recorded" in text for _, text in ended) == 1


def test_what_a_run_kept_is_removed_when_the_code_changed(
    tmp_path, monkeypatch
):
    one = runs.Run(chapter(tmp_path, "1"), "full", "jax", tmp_path)
    folder = one.record.with_suffix(".ckpt")
    (folder / "same").mkdir(parents=True)
    monkeypatch.setattr(run_notebook.os, "environ", dict(os.environ))
    for digest, there in (("same", True), ("other", False)):
        with run_notebook._kernel_settings(one, digest):
            kept = Path(os.environ["TOPOI_CHECKPOINTS"])
        assert kept == folder / digest
        assert (folder / "same").exists() == there


def appears(path, seconds=60) -> str:
    stop = time.monotonic() + seconds
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < stop, f"{path} does not appear"
        time.sleep(0.1)
    return path.read_text()


def gone(pid, seconds=10) -> bool:
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.ipynb"], "nothing.ipynb is not a notebook"),
        (["README.md"], "The book has: chapters/audio.ipynb"),
        (["chapters/cnn.ipynb", "--scale", "huge"], "invalid choice: 'huge'"),
    ],
)
def test_the_command_line_refuses_with_a_remedy(arguments, words):
    done = subprocess.run(
        [sys.executable, RUNNER, *arguments],
        cwd=gates.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert words in done.stderr


def test_a_backend_that_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run", "chapters/cnn.ipynb"])
    monkeypatch.chdir(gates.ROOT)
    monkeypatch.setattr(
        run_notebook.importlib.util, "find_spec", lambda n: None
    )
    with pytest.raises(SystemExit):
        run_notebook.main()
    assert "make backend BACKEND=tensorflow" in capsys.readouterr().err


# -- devices ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("slot", "gpus", "before", "chosen"),
    [
        (0, 0, None, None),
        (1, 2, None, "1"),
        (3, 2, None, "1"),
        (1, 2, "4,7", "7"),
        (5, 4, "4,7", "7"),
        (3, 0, "4,7", "4,7"),
        (1, 2, "GPU-5d5b, MIG-cba6,", "MIG-cba6"),
        (3, 3, "MIG-c6d4,MIG-cba6", "MIG-cba6"),
    ],
)
def test_a_slot_gets_its_gpu(slot, gpus, before, chosen, monkeypatch):
    name = "CUDA_VISIBLE_DEVICES"
    monkeypatch.delenv(name, raising=False)
    if before:
        monkeypatch.setenv(name, before)
    run_notebook.choose_gpu(slot, gpus)
    assert os.environ.get(name) == chosen
    monkeypatch.delenv(name, raising=False)


# -- commands ---------------------------------------------------------------


def test_programs_are_modules_and_mend_no_path():
    """`python -m` finds the folders; a planted insertion is found."""
    pattern = re.compile(r"sys\.path\.(insert|append)")
    folders = ("tools", "servers", "datasets", "topoi")
    files = [f for n in folders for f in (gates.ROOT / n).rglob("*.py")]
    found = [f.name for f in files if pattern.search(f.read_text("utf-8"))]
    assert found == ["jupyterhub_config.py"], "an environment of its own"
    assert pattern.search("sys.path.insert(0, str(ROOT))")


# -- needs, digests, what is left -------------------------------------------


@pytest.mark.parametrize("path", notebooks.notebooks(), ids=lambda p: p.stem)
def test_every_notebook_of_the_book_says_what_it_needs(path):
    needs = runs.needs(path, "full")
    assert needs.minutes <= 24 * 60
    assert needs.cpus >= 1
    assert runs.needs(path, "small") == runs.Needs()


def test_needs_have_defaults_only_at_full_size(tmp_path):
    path = chapter(tmp_path, "1", full={"gpu": 2, "minutes": 90})
    assert runs.needs(path, "full") == (2, 4000, 90, 4)
    assert runs.needs(path, "small") == (0, 4000, 10, 1)
    path = chapter(tmp_path, "1", full={"cpus": 8})
    assert runs.needs(path, "full") == (0, 4000, 10, 8)


@pytest.mark.parametrize(
    "full", [{"gpus": 1}, {"minutes": 0}, {"mem_mb": "8G"}, {"gpu": -1}]
)
def test_an_odd_need_is_refused(full, tmp_path):
    path = chapter(tmp_path, "1", full=full)
    with pytest.raises(ValueError, match=r"demo.ipynb.*gpu, mem_mb, minutes"):
        runs.needs(path, "full")


def test_the_digest_changes_with_code_and_not_with_prose(tmp_path):
    path = chapter(tmp_path, "x = 1")
    first = runs.digest(path)
    nb = notebooks.read(path)
    nb.cells[1].outputs = []
    nb.cells.append(nbformat.v4.new_markdown_cell("prose"))
    notebooks.write(nb, path)
    assert runs.digest(path) == first
    chapter(tmp_path, "x = 2")
    assert runs.digest(path) != first


def test_the_digest_follows_imports_into_the_library(tmp_path, monkeypatch):
    """A small library: a imports b; c stands alone."""
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    monkeypatch.setattr(runs, "_shared_files", lambda topic: [])
    (tmp_path / "topoi" / "b").mkdir(parents=True)
    (tmp_path / "topoi" / "a.py").write_text("from topoi.b import inner\n")
    (tmp_path / "topoi" / "b" / "inner.py").write_text("X = 1\n")
    (tmp_path / "topoi" / "c.py").write_text("X = 1\n")
    path = chapter(tmp_path, "def f():\n    import topoi.a")
    magic = chapter(tmp_path, "%time 1", name="magic")
    seen = [(runs.digest(path), runs.digest(magic))]
    for name in ("c.py", "b/inner.py"):
        (tmp_path / "topoi" / name).write_text("X = 2\n")
        seen.append((runs.digest(path), runs.digest(magic)))
    assert [a == b for a, b in zip(seen[0], seen[1], strict=True)] == [
        True,
        False,
    ]
    assert seen[1][0] != seen[2][0]


def test_what_is_left_comes_with_the_longest_first(tmp_path):
    paths = [chapter(tmp_path, "1", name=n) for n in ("old", "new", "done")]
    for path, seconds, digest in (
        (paths[0], 5.0, "of other code"),
        (paths[2], 9.0, runs.digest(paths[2])),
    ):
        one = runs.Run(path, "full", "jax", tmp_path)
        notebooks.write_text(
            one.record,
            json.dumps(one.key() | {"seconds": seconds, "digest": digest}),
        )
    left = runs.pending("full", "jax", tmp_path, paths)
    assert [run.name for run in left] == ["chapters/new", "chapters/old"]


def test_kept_records_leave_the_machine_unnamed(tmp_path):
    record = tmp_path / "full" / "jax" / "labs" / "cnn.json"
    facts = {"host": "secret", "backend": "jax", "device": "Big GPU"}
    notebooks.write_text(record, json.dumps(facts))
    (file,) = runs.publish(tmp_path, tmp_path / "kept")
    assert file.name == "labs-cnn-jax.json"
    assert json.loads(file.read_text()) == {
        "backend": "jax",
        "device": "Big GPU",
    }


DAMAGED = ["", "{", "[]", "null", "7", '{"seconds"']


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_counts_as_none(tmp_path, capsys, text):
    """One file that a full disk has cut off must not stop the others."""
    paths = [chapter(tmp_path, "1", name=name) for name in ("hurt", "whole")]
    hurt, whole = (runs.Run(p, "full", "jax", tmp_path) for p in paths)
    notebooks.write_text(hurt.record, text)
    facts = whole.key() | {"seconds": 3.0, "host": "secret"}
    notebooks.write_text(whole.record, json.dumps(facts))
    assert runs.pending("full", "jax", tmp_path, paths) == [hurt]
    (kept,) = runs.publish(tmp_path, tmp_path / "kept")
    assert kept.name == "chapters-whole-jax.json"
    assert "hurt.json: damaged, counts as none" in capsys.readouterr().err


# -- Slurm ------------------------------------------------------------------


def test_runs_are_submitted_by_what_they_need(tmp_path):
    big = {"gpu": 1, "mem_mb": 9000, "minutes": 40, "cpus": 8}
    paths = [
        chapter(tmp_path, "1", name=name, full=full)
        for name, full in (("a", None), ("b", big), ("c", None))
    ]
    left = [runs.Run(p, "full", "jax", tmp_path / "out dir") for p in paths]
    grouped = runs.groups(left)
    calls = [submit.command(n, g, slots=3) for n, g in grouped.items()]
    assert "--array=1-2%3" in calls[0]
    assert not any("--gres" in word for word in calls[0])
    assert {"--mem=9000", "--time=40", "--gres=gpu:1"} <= set(calls[1])
    assert "--cpus-per-task=4" in calls[0]
    assert "--cpus-per-task=8" in calls[1]
    (needs, group), *_ = grouped.items()
    assert "--cpus-per-task=2" in submit.command(needs, group, cpus=2)
    listed = Path(calls[0][calls[0].index(str(submit.JOB)) + 1])
    assert listed.read_text() == f"{paths[0]}\n{paths[2]}\n"
    assert (tmp_path / "out dir" / "logs").is_dir()


def test_what_a_site_has_set_is_not_overridden(tmp_path, monkeypatch):
    """On its command line sbatch would obey us instead of the site."""
    path = chapter(tmp_path, "1", full={"gpu": 1, "mem_mb": 9000})
    run = runs.Run(path, "full", "jax", tmp_path)
    monkeypatch.setenv("SBATCH_GRES", "gpu:a100:1")
    monkeypatch.setenv("SBATCH_TIMELIMIT", "02:00:00")
    call = submit.command(runs.needs(path, "full"), [run])
    given = [word.split("=")[0] for word in call]
    assert "--mem" in given
    assert not {"--gres", "--time"} & set(given)


@pytest.mark.parametrize(
    "site", ["export GREETING=hello", "export TOPOI_WRAP='env GREETING=hello'"]
)
def test_a_task_reads_the_file_of_its_site(site, tmp_path):
    """With a stand-in for Python that says how it is called."""
    (tmp_path / "site.sh").write_text(site)
    (tmp_path / "list").write_text("a.ipynb\nb.ipynb\n")
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\n[ "$2" != topoi.runtime ] || exec echo T="$4"\n'
        'echo "$GREETING" "$T" "$@"\n'
    )
    python.chmod(0o755)
    task = {"SLURM_ARRAY_TASK_ID": "2", "SLURM_CPUS_PER_TASK": "3"}
    done = subprocess.run(
        ["bash", submit.JOB, tmp_path / "list", python, "--scale", "full"],
        env=os.environ | task | {"TOPOI_SITE": str(tmp_path / "site.sh")},
        capture_output=True,
        text=True,
    )
    expected = "hello 3 -m servers.run_notebook b.ipynb --scale full\n"
    assert done.stdout == expected, done.stderr


def test_a_machine_without_slurm_is_told_the_other_command(
    monkeypatch, capsys
):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["submit"])
    with pytest.raises(SystemExit):
        submit.main()
    assert "make run-all" in capsys.readouterr().err


@pytest.mark.parametrize("gpus", [0, 2])
def test_the_local_queue_has_a_slot_for_each_gpu(gpus):
    done = subprocess.run(
        ["make", "-n", "run-all", f"GPUS={gpus}", "PER_GPU=3", "WORKERS=5"],
        cwd=gates.ROOT,
        capture_output=True,
        text=True,
    )
    slots = "-P $((2 * 3))" if gpus else "-P 5"
    assert f"{slots} -n 1" in done.stdout
