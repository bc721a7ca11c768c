"""The queues under fire: a real Slurm of two nodes, and kill -9 (minutes).

Each notebook writes a line to a trace file in its first and in its last
cell: what started and what ended is counted there, not in the records.
"""

import collections
import contextlib
import json
import os
import signal
import subprocess
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import gates
from servers.slurm import local
from tools import notebooks

TRACE = (
    "import os, time\n"
    "def trace(word):\n"
    "    node = os.environ.get('SLURMD_NODENAME', '-')\n"
    "    line = f'{word} {NAME} {node} {time.time()}\\n'\n"
    "    open(FOLDER + '/trace', 'a').write(line)\n"
    "trace('start')"
)
PASSING = ("long", "long2", "quick1", "quick2", "gpu")
needs_slurm = pytest.mark.skipif(
    bool(local.missing()),
    reason=f"no {', '.join(local.missing())}: {local.PACKAGES}",
)


@pytest.fixture
def house(tmp_path):
    """Notebooks: long ones, quick ones, one for a GPU, one that fails."""
    small = {"mem_mb": 500, "minutes": 5, "cpus": 1}
    write(tmp_path, "long", "time.sleep(16)", small)
    write(tmp_path, "long2", "time.sleep(8)", small)
    write(tmp_path, "long3", "time.sleep(8)", small)
    write(tmp_path, "quick1", "print(SCALE)", small)
    write(tmp_path, "quick2", "print(SCALE)", small)
    seen = "assert os.environ['CUDA_VISIBLE_DEVICES'] == '0'"
    write(tmp_path, "gpu", seen, small | {"gpu": 1})
    mended = "assert os.path.exists(FOLDER + '/mended'), 'not mended'"
    write(tmp_path, "failing", mended, small)
    return tmp_path


def write(root, name, source, full):
    constants = f"NAME, FOLDER = {name!r}, {str(root)!r}"
    sources = (constants, TRACE, source, "trace('end')")
    cells = [new_code_cell(s) for s in ("SCALE = 'small'", *sources)]
    cells[0].metadata["tags"] = ["parameters"]
    metadata = {"kernelspec": notebooks.KERNEL, "topoi": {"full": full}}
    path = root / "chapters" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)


def make(house, target, *options, environment=None, names=None):
    """Start ``make TARGET`` on the notebooks, in its own process group."""
    names = names or (*PASSING, "failing")
    paths = " ".join(str(house / "chapters" / f"{n}.ipynb") for n in names)
    # As typed by a person, also when these tests were started by make.
    given = dict(environment or os.environ)
    given = {k: v for k, v in given.items() if not k.startswith("MAKE")}
    build, scale = f"BUILD={house / 'build'}", "SCALE=full"
    return subprocess.Popen(
        ["make", target, f"NB={paths}", build, scale, *options],
        cwd=gates.ROOT,
        env=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process, seconds=240) -> tuple[int, str]:
    text, _ = process.communicate(timeout=seconds)
    return process.returncode, text


def traced(house) -> list[tuple[str, str, str, float]]:
    """Return (word, notebook, node, time), in the order of time."""
    if not (house / "trace").exists():
        return []
    rows = [r.split() for r in (house / "trace").read_text().splitlines()]
    return sorted(((*r[:3], float(r[3])) for r in rows), key=lambda r: r[3])


def count(house, word) -> collections.Counter:
    return collections.Counter(r[1] for r in traced(house) if r[0] == word)


def until(condition, seconds=180):
    stop = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < stop, "waited in vain"
        time.sleep(0.1)


def records(house) -> list[str]:
    folder = house / "build" / "runs" / "full" / "tensorflow" / "chapters"
    files = sorted(folder.glob("*.json"))
    names = [json.loads(file.read_text())["notebook"] for file in files]
    assert names == [f"chapters/{file.stem}.ipynb" for file in files]
    return [file.stem for file in files]


@needs_slurm
def test_nothing_is_lost_and_nothing_runs_twice(house):
    """Killed at submission, drained, submitted again, resumed, mended."""
    with local.cluster(nodes=2, gpus=1) as slurm:

        def submit():
            return make(house, "cluster-run", environment=slurm.environment)

        killed = submit()  # with one of two arrays submitted
        plan = [killed.stdout.readline() for _ in range(2)]
        assert all(line.startswith("sbatch --array=1-") for line in plan)
        assert killed.stdout.readline().startswith("job")
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()

        until(lambda: "long" in count(house, "start"))
        drain(slurm, "drain")
        code, text = finish(submit())
        assert (code, text.count("job ")) == (0, 2), text
        until(lambda: "long" in count(house, "end"))
        drain(slurm, "resume")
        slurm.wait(timeout=300)
        assert records(house) == sorted(PASSING)
        assert all(count(house, "start")[name] == 1 for name in PASSING)
        assert count(house, "end") == dict.fromkeys(PASSING, 1)

        (house / "mended").touch()
        before = count(house, "start")
        code, text = finish(submit())
        assert "1 notebooks" in text, "only what has no record is submitted"
        slurm.wait(timeout=300)
        assert count(house, "start") - before == {"failing": 1}
        assert records(house) == sorted((*PASSING, "failing"))
        assert "Every run is recorded." in finish(submit())[1]
        logs = list((house / "build" / "runs" / "logs").iterdir())
        assert any("already recorded" in log.read_text() for log in logs)
    assert two_at_a_time(house)
    assert {row[2] for row in traced(house) if row[1] == "gpu"} == {"n1"}
    assert left_behind(slurm.folder) == []


def drain(slurm, state):
    update = ["scontrol", "update", "nodename=n2", f"state={state}"]
    slurm.run(*update, "reason=test")


def two_at_a_time(house) -> bool:
    """Whether at most two notebooks ran at once, and two did.

    Those that end without a line, because they fail, are left out.
    """
    running, most = 0, 0
    for word, name, _, _ in traced(house):
        if name != "failing":
            running += 1 if word == "start" else -1
            most = max(most, running)
    return most == 2


def left_behind(folder) -> list[str]:
    """Return the processes that speak of a folder and still run."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        if str(folder) in words and process.info["status"] != "zombie":
            found.append(words)
    return found


@needs_slurm
def test_a_job_gets_its_cpus_and_as_many_threads(house):
    seen = (
        "names = ('SLURM_CPUS_PER_TASK', 'OMP_NUM_THREADS')\n"
        "assert [os.environ[n] for n in names] == ['2', '2']"
    )
    write(house, "threads", seen, {"mem_mb": 500, "minutes": 5, "cpus": 2})
    with local.cluster(nodes=1, cpus=2) as slurm:
        names, given = ["threads"], slurm.environment
        code, text = finish(
            make(house, "cluster-run", environment=given, names=names)
        )
        assert code == 0, text
        slurm.wait()
    assert records(house) == names


@needs_slurm
def test_the_daemons_stop_after_an_error():
    with contextlib.suppress(ZeroDivisionError), local.cluster() as slurm:
        slurm.run("sbatch", "--output=/dev/null", "--wrap", "sleep 60")
        raise ZeroDivisionError
    assert not slurm.folder.exists()
    assert left_behind(slurm.folder) == []


def test_missing_programs_are_named(monkeypatch):
    monkeypatch.setattr(local, "PATH", "/nowhere")
    with (
        pytest.raises(local.SlurmError, match="munged.*apt-get install slurm"),
        local.cluster(),
    ):
        pass


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_killed_queue_goes_on_where_it_was(house, whole_group):
    """kill -9 of make and xargs, their runners alive or killed as well."""
    passing = ["long2", "long3", "quick1"]
    names = (*passing, "failing")
    queue = make(house, "run-all", "WORKERS=2", names=names)
    until(lambda: len(count(house, "start")) == 2)  # both are long
    drivers = [queue.pid, *children(queue.pid, "xargs")]
    if whole_group:
        os.killpg(queue.pid, signal.SIGKILL)
    else:
        for pid in drivers:
            os.kill(pid, signal.SIGKILL)
    queue.stdout.close()
    queue.wait()
    assert records(house) == [], "killed in the middle"

    code, text = finish(make(house, "run-all", "WORKERS=2", names=names))
    assert code != 0
    assert "failing.failed.ipynb" in text
    assert records(house) == passing
    assert count(house, "end") == dict.fromkeys(passing, 1)
    starts = count(house, "start")
    times = 2 if whole_group else 1  # a killed one must start again
    assert [starts[name] for name in passing] == [times, times, 1]

    (house / "mended").touch()
    code, text = finish(make(house, "run-all", "WORKERS=2", names=names))
    assert code == 0, text
    assert records(house) == sorted(names)
    assert count(house, "start") - starts == {"failing": 1}


def children(pid, name) -> list[int]:
    below = psutil.Process(pid).children(recursive=True)
    return [process.pid for process in below if process.name() == name]
