"""Scaling: exact sums and counts, laws by hand, processes that end."""

import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from importlib.util import find_spec
from math import inf
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from topoi import scaling
from topoi.autodiff import value_and_grad
from topoi.scaling import workers
from topoi.scaling.sweep import _array_ids
from topoi.scaling.trials import train_spirals

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


# -- shards and means -------------------------------------------------------


@given(n=st.integers(1, 40), world=st.integers(1, 8))
def test_shards_are_a_partition(n, world):
    """Oracle: put together again they are the batch, sizes differ by 1."""
    if n < world:
        with pytest.raises(ValueError, match=f"{n} examples do not suffice"):
            scaling.shard(np.arange(n), 0, world)
        return
    parts = [scaling.shard(np.arange(n), r, world) for r in range(world)]
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(n))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("rank", [-1, 3])
def test_a_rank_that_is_no_worker_is_refused(rank):
    with pytest.raises(ValueError, match=f"rank = {rank} and world = 3.*from"):
        scaling.shard(np.arange(9), rank, 3)


def test_weighted_mean_by_hand():
    gradients = [[np.array([1.0, 0.0])], [np.array([4.0, 8.0])]]
    (mean,) = scaling.weighted_mean(gradients, [3, 1])
    assert mean.tolist() == [1.75, 2.0]
    with pytest.raises(ValueError, match=r"2 workers and sizes \[4\]: give"):
        scaling.weighted_mean(gradients, [4])
    with pytest.raises(ValueError, match=r"sizes \[0, 0\]: give one"):
        scaling.weighted_mean(gradients, [0, 0])


def regression(seed: int, n: int):
    """Return a network 3 - 4 - 1 with data, float32."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 3)).astype("float32")
    y = random.normal(size=(n, 1)).astype("float32")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, activation="tanh"),
            layers.Dense(1),
        ]
    )
    return model, x, y


@pytest.mark.parametrize("world", [1, 2, 3, 4])
def test_parallel_step_is_the_step_of_one_worker(world):
    """Oracle: Keras' own step on the whole batch; 10 is not divisible."""
    model, x, y = regression(3, 10)
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    step = scaling.make_parallel_step(
        lambda x, y: ops.mean((model(x) - y) ** 2),
        keras.optimizers.SGD(0.1, momentum=0.9),
        model.trainable_variables,
        world,
    )
    for _ in range(5):
        loss = step(x, y)
        theirs = twin.train_on_batch(x, y)
        np.testing.assert_allclose(loss, theirs, rtol=1e-5)
    for ours, right in zip(
        model.get_weights(), twin.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, right, atol=1e-6)


def test_batch_normalisation_sees_only_its_shard():
    """Oracle: the two gradients computed apart; they must differ."""
    random = np.random.default_rng(5)
    x = random.normal(size=(16, 3)).astype("float32")
    y = random.normal(size=(16, 1)).astype("float32")
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [keras.Input((3,)), layers.BatchNormalization(), layers.Dense(1)]
    )
    gradient = value_and_grad(
        lambda x, y: ops.mean(
            ops.square(ops.subtract(model(x, training=True), y))
        ),
        model.trainable_variables,
    )

    def flat(x, y):
        parts = [ops.convert_to_numpy(g) for g in gradient(x, y)[1]]
        return np.concatenate([np.ravel(part) for part in parts])

    halves = [flat(x[:8], y[:8]), flat(x[8:], y[8:])]
    gap = np.abs(np.mean(halves, 0) - flat(x, y)).max()
    assert gap > 1e-4


# -- the ring ---------------------------------------------------------------


@settings(deadline=None)
@given(world=st.integers(1, 7), n=st.integers(0, 30), data=st.data())
def test_ring_returns_the_sum_and_counts_what_it_sends(world, n, data):
    """Oracle: integer sums, and the formula of the docstring."""
    numbers = st.lists(
        st.lists(st.integers(-99, 99), min_size=n, max_size=n),
        min_size=world,
        max_size=world,
    )
    arrays = [np.array(a, int) for a in data.draw(numbers)]
    before = [a.copy() for a in arrays]
    sums, traffic = scaling.ring_allreduce(arrays)
    for ours in sums:
        np.testing.assert_array_equal(ours, np.sum(before, axis=0))
    np.testing.assert_array_equal(arrays, before)
    assert traffic.messages == (2 * (world - 1),) * world
    sizes = [n // world + (c < n % world) for c in range(world)]
    right = [
        2 * n - sizes[(r + 1) % world] - sizes[(r + 2) % world]
        for r in range(world)
    ]
    assert list(traffic.numbers) == (right if world > 1 else [0])


@pytest.mark.parametrize("world", [2, 3, 4, 5])
def test_volume_of_a_divisible_vector_is_the_formula(world):
    n = 60
    traffic = scaling.ring_allreduce([np.ones(n)] * world)[1]
    volume = Fraction(traffic.numbers[0], n)
    assert volume == Fraction(2 * (world - 1), world)
    assert len(traffic.held) == 2 * (world - 1) + 1
    half = traffic.held[world - 1]
    assert np.array_equal(np.sort(half.ravel())[-world:], [world] * world)
    assert (traffic.held[-1] == world).all()


def test_all_workers_hold_the_same_bits():
    """Floats: the order of summation differs by chunk, not by worker."""
    random = np.random.default_rng(0)
    arrays = [random.normal(size=1000) for _ in range(5)]
    sums = scaling.ring_allreduce(arrays)[0]
    assert all(s.tobytes() == sums[0].tobytes() for s in sums)
    np.testing.assert_allclose(sums[0], np.sum(arrays, 0), atol=1e-14)


@pytest.mark.parametrize(
    ("arrays", "shapes"),
    [([], r"\[\]"), ([np.ones(3), np.ones(4)], r"\[\(3,\), \(4,\)\]")],
)
def test_ring_refuses_other_shapes(arrays, shapes):
    with pytest.raises(ValueError, match=f"one vector a worker.*{shapes}"):
        scaling.ring_allreduce(arrays)


# -- laws -------------------------------------------------------------------


def test_amdahl_by_simulation():
    """Oracle: add up the times of 95 divisible and 5 other minutes."""
    for workers_now in (1, 5, 19, 95):
        minutes = 5 + 95 / workers_now
        ours = scaling.amdahl(0.95, workers_now)
        assert ours == pytest.approx(100 / minutes)
    assert scaling.amdahl(0.95, inf) == pytest.approx(20)
    assert scaling.amdahl(1, inf) == inf


@given(p=st.floats(0.01, 0.99), k=st.integers(1, 1000))
def test_gustafson_is_amdahl_for_the_grown_job(p, k):
    """Oracle: the job that K workers do in time 1, done by one."""
    grown = (1 - p) + p * k  # one worker's time for the larger job
    share = p * k / grown
    assert scaling.amdahl(share, k) == pytest.approx(scaling.gustafson(p, k))


@pytest.mark.parametrize(("p", "k"), [(95, 4), (-0.1, 4), (0.5, 0)])
@pytest.mark.parametrize("law", [scaling.amdahl, scaling.gustafson])
def test_laws_refuse_other_ranges(law, p, k):
    with pytest.raises(ValueError, match=f"p = {p} and K = {k}. Give p as"):
        law(p, k)


@given(p=st.floats(0, 1), scale=st.floats(0.01, 100))
def test_fit_finds_the_share_that_made_the_times(p, scale):
    counts = [1, 2, 4, 8]
    seconds = [scale / scaling.amdahl(p, k) for k in counts]
    assert scaling.fit_parallel_share(counts, seconds) == pytest.approx(
        p, abs=1e-9
    )


def test_fit_refuses_what_it_cannot_fit():
    with pytest.raises(ValueError, match=r"workers \[2, 2\] and 2 times"):
        scaling.fit_parallel_share([2, 2], [1, 1])
    with pytest.raises(ValueError, match=r"positive, but seconds = \[1.0, -"):
        scaling.fit_parallel_share([1, 2], [1, -1])


@given(once=st.floats(0, 5), slow=st.floats(0.01, 1), fast=st.floats(0.01, 1))
def test_break_even_is_the_first_step_that_pays(once, slow, fast):
    steps = scaling.break_even(once, slow, fast)
    if fast >= slow:
        assert steps == inf
        return
    slack = 1e-6 * (1 + steps)
    assert once + steps * fast <= steps * slow + slack
    assert steps == 0 or once + (steps - 1) * (fast - slow) > -slack


# -- schedules --------------------------------------------------------------


def brute_force(lengths, workers_now):
    """Return the least makespan over all K**n assignments."""
    return min(
        max(
            sum(x for x, w in zip(lengths, chosen, strict=True) if w == k)
            for k in range(workers_now)
        )
        for chosen in itertools.product(
            range(workers_now), repeat=len(lengths)
        )
    )


def test_graham_on_200_lists():
    """Oracle: every assignment of at most 8 jobs to 2 workers."""
    random = np.random.default_rng(7)
    for _ in range(200):
        lengths = random.integers(1, 20, random.integers(1, 9)).tolist()
        best = brute_force(lengths, 2)
        schedule = scaling.list_schedule(lengths, 2)
        assert scaling.best_makespan(lengths, 2) == best
        assert best <= schedule.makespan <= Fraction(3, 2) * best
        assert best >= max(max(lengths), sum(lengths) / 2)
        longest = scaling.list_schedule(sorted(lengths)[::-1], 2).makespan
        assert longest <= Fraction(7, 6) * best


@given(lengths=st.lists(st.integers(0, 9), max_size=12), k=st.integers(1, 4))
def test_a_schedule_is_one(lengths, k):
    """Oracle: second by second, nobody does two jobs, nobody idles early."""
    schedule = scaling.list_schedule(lengths, k)
    assert [job.length for job in schedule.jobs] == lengths
    busy = np.zeros((k, sum(lengths) + 1), int)
    for job in schedule.jobs:
        busy[job.worker, job.start : job.start + job.length] += 1
    assert busy.max(initial=0) <= 1
    ends = busy.sum(1)
    assert schedule.makespan == ends.max()
    for worker, end in enumerate(ends):
        assert busy[worker, :end].all()


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_bound_of_graham_is_attained(k):
    lengths = [1] * (k * (k - 1)) + [k]
    found = scaling.list_schedule(lengths, k).makespan
    assert Fraction(found, k) == 2 - Fraction(1, k)
    if len(lengths) < 9:
        assert brute_force(lengths, k) == k


def test_schedules_refuse_bad_input():
    with pytest.raises(ValueError, match=r"worker \(got 0\)"):
        scaling.list_schedule([1], 0)
    with pytest.raises(ValueError, match=r"not negative \(got \[-1\]\)"):
        scaling.list_schedule([-1], 1)
    with pytest.raises(ValueError, match="13 jobs have too many"):
        scaling.best_makespan([1] * 13, 2)


# -- sweeps -----------------------------------------------------------------


TRIALS = """
import time

def cube(x, seed):
    return x**3 + seed % 2

def fails(x, seed):
    if x == 1:
        raise RuntimeError("x is one")
    return x

def sleeps(x, seed):
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """A module that other processes import by name, and quickly."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / "scaling_trials.py").write_text(TRIALS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{folder}")
        patch.syspath_prepend(folder)
        yield importlib.import_module("scaling_trials")


def trials(n=4):
    return scaling.make_trials({"x": list(range(n))}, seed=7)


def test_trials_are_numbered_and_have_seeds_of_their_own():
    made = scaling.make_trials({"a": [1, 2], "b": "xyz"}, seed=7)
    assert [t.id for t in made] == list(range(6))
    right = [{"a": a, "b": b} for a in (1, 2) for b in "xyz"]
    assert [t.parameters for t in made] == right
    assert len({t.seed for t in made}) == 6
    assert made == scaling.make_trials({"a": [1, 2], "b": "xyz"}, seed=7)
    assert made[0].seed != scaling.make_trials({"a": [1]}, seed=8)[0].seed
    with pytest.raises(ValueError, match=r"\['b'\] is empty"):
        scaling.make_trials({"a": [1], "b": []})


@pytest.mark.parametrize(
    "executor",
    [scaling.serial, scaling.process_pool(2), scaling.emulated_array(2)],
    ids=["serial", "pool", "array"],
)
def test_every_executor_gives_the_known_lines(executor, tmp_path, functions):
    """Oracle: the function applied by hand."""
    records = scaling.sweep(
        functions.cube, trials(), executor, tmp_path / "run"
    )
    right = [
        json.dumps(
            {
                "id": t.id,
                "parameters": t.parameters,
                "seed": t.seed,
                "metric": float(functions.cube(**t.parameters, seed=t.seed)),
            }
        )
        for t in trials()
    ]
    assert scaling.comparable(records) == right
    files = sorted((tmp_path / "run" / "results").iterdir())
    assert [f.name for f in files] == [f"{i:04d}.jsonl" for i in range(4)]


def test_pool_gives_the_bits_of_the_serial_run(tmp_path):
    made = scaling.make_trials(
        {"width": [4, 8], "learning_rate": [0.1], "steps": [200]}, seed=1
    )
    one = scaling.sweep(train_spirals, made, scaling.serial, tmp_path / "a")
    two = scaling.sweep(
        train_spirals, made, scaling.process_pool(2), tmp_path / "b"
    )
    assert scaling.comparable(one) == scaling.comparable(two)
    assert {r["worker"] for r in one} == {os.getpid()}
    assert os.getpid() not in {r["worker"] for r in two}


def test_an_interrupted_sweep_goes_on(tmp_path, functions):
    calls = []

    def two_only(folder, ids):
        calls.append(ids)
        scaling.serial(folder, ids[:2])

    with pytest.raises(scaling.SweepError, match=r"missing \[2, 3\], more"):
        scaling.sweep(functions.cube, trials(), two_only, tmp_path)
    records = scaling.sweep(functions.cube, trials(), two_only, tmp_path)
    assert calls == [[0, 1, 2, 3], [2, 3]]
    assert len(records) == 4


def spoil(results, change):
    path = results / "0001.jsonl"
    record = json.loads(path.read_text())
    if change == "missing":
        path.unlink()
    elif change == "twice":
        (results / "again.jsonl").write_text(json.dumps(record))
    elif change == "unknown":
        path.write_text(json.dumps(record | {"id": 9}))
    elif change == "settings":
        path.write_text(json.dumps(record | {"seed": 1}))
    else:
        path.write_text('{"id": 1, "par')


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", r"missing \[1\], more than once \[\], unknown \[\]"),
        ("twice", r"missing \[\], more than once \[1\]"),
        ("unknown", r"missing \[1\], .* unknown \[9\]"),
        ("settings", "Record 1 was made with other settings"),
        ("broken", r"0001\.jsonl holds a broken line"),
    ],
)
def test_collector_refuses(change, message, tmp_path, functions):
    scaling.sweep(functions.cube, trials(), scaling.serial, tmp_path)
    spoil(tmp_path / "results", change)
    with pytest.raises(scaling.SweepError, match=message):
        scaling.collect(tmp_path)


def test_a_folder_holds_one_sweep(tmp_path, functions):
    scaling.sweep(functions.cube, trials(), scaling.serial, tmp_path)
    with pytest.raises(scaling.SweepError, match="holds another sweep"):
        scaling.sweep(functions.cube, trials(3), scaling.serial, tmp_path)


def test_a_function_without_a_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="<lambda>.*top level of a module"):
        scaling.sweep(lambda x, seed: x, trials(), scaling.serial, tmp_path)


def test_a_failing_trial_ends_the_pool(tmp_path, functions):
    with pytest.raises(RuntimeError, match="x is one"):
        scaling.sweep(
            functions.fails, trials(), scaling.process_pool(2), tmp_path
        )


def test_a_failing_task_is_reported_with_its_log(tmp_path, functions):
    array = scaling.emulated_array(2)
    with pytest.raises(scaling.SweepError, match=r"\[1\].*log.*x is one"):
        scaling.sweep(functions.fails, trials(3), array, tmp_path)


def test_a_hanging_pool_is_killed(tmp_path, functions):
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match="were not done after 3 s"):
        scaling.sweep(
            functions.sleeps, trials(), scaling.process_pool(2, 3), tmp_path
        )
    assert time.monotonic() - begin < 30
    assert children_of(os.getpid(), "spawn_main") == []


def test_a_trial_outside_the_plan_is_refused(tmp_path, functions):
    scaling.sweep(functions.cube, trials(), scaling.serial, tmp_path)
    command = [PYTHON, "-m", "topoi.scaling.sweep", str(tmp_path), "4"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert "Trial 4 is not in the plan" in run.stderr


# -- arrays -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("--array=0-3", [0, 1, 2, 3]),
        ("--array=2,5-6%2", [2, 5, 6]),
        ("-a 7", [7]),
    ],
)
def test_array_lines_are_read(line, ids):
    assert _array_ids(f"#!/bin/bash\n#SBATCH {line}\necho\n") == ids


@pytest.mark.parametrize("line", ["", "#SBATCH --array=a-b", "--array=1-2"])
def test_a_script_without_an_array_is_refused(line):
    with pytest.raises(ValueError, match="needs a line such as `#SBATCH"):
        scaling.run_array(f"#!/bin/bash\n{line}\n")


def test_tasks_of_an_array_know_their_numbers():
    script = "#SBATCH --array=3-4\necho $SLURM_ARRAY_TASK_ID $SLURM_JOB_ID"
    runs = scaling.run_array(script, job=50)
    assert {i: run.stdout for i, run in runs.items()} == {
        3: "3 53\n",
        4: "4 54\n",
    }


def test_a_hanging_task_is_killed_with_its_children():
    script = "#SBATCH --array=0\nsleep 601 &\nwait\n"
    with pytest.raises(TimeoutError, match="did not end within 0.5 s"):
        scaling.run_array(script, timeout=0.5)
    assert gone("sleep 601")


def test_sweep_by_slurm_is_the_serial_sweep(tmp_path, functions):
    """The real scheduler, two nodes on this machine."""
    local = pytest.importorskip("servers.slurm.local")
    if local.missing():
        pytest.skip(f"no Slurm here: lacks {', '.join(local.missing())}")
    one = scaling.sweep(
        functions.cube, trials(), scaling.serial, tmp_path / "a"
    )
    with local.cluster(nodes=2) as slurm:
        array = scaling.slurm_array(slurm.environment, timeout=60)
        two = scaling.sweep(functions.cube, trials(), array, tmp_path / "b")
    assert scaling.comparable(one) == scaling.comparable(two)
    script = (tmp_path / "b" / "array.sbatch").read_text()
    assert "#SBATCH --cpus-per-task=1\n" in script


# -- processes --------------------------------------------------------------


def processes_with(text: str) -> list[int]:
    """Return the processes whose command line contains a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if text in line and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def gone(text: str) -> bool:
    """Wait at most 5 s until no process has this command line."""
    deadline = time.monotonic() + 5
    while processes_with(text) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_with(text) == []


def children_of(parent: int, text: str) -> list[int]:
    status = f"PPid:\t{parent}\n"
    return [
        pid
        for pid in processes_with(text)
        if status in Path(f"/proc/{pid}/status").read_text()
    ]


def test_outputs_and_statuses_come_back():
    commands = [["sh", "-c", f"echo {w}; echo e >&2"] for w in "ab"]
    runs = scaling.run_processes(commands, 10)
    assert runs == [scaling.Finished(0, f"{w}\n", "e\n") for w in "ab"]


def test_environments_are_added():
    command = ["sh", "-c", "echo $RANK"]
    runs = scaling.run_processes(
        [command] * 2, 10, [{"RANK": r} for r in "01"]
    )
    assert [run.stdout for run in runs] == ["0\n", "1\n"]


def test_the_first_failure_ends_the_others():
    begin = time.monotonic()
    commands = [["sh", "-c", "exit 3"], ["sleep", "602"]]
    first, second = scaling.run_processes(commands, 60)
    assert (first.status, second.status) == (3, -signal.SIGKILL)
    assert time.monotonic() - begin < 30
    assert gone("sleep 602")


def test_a_program_that_does_not_exist_leaves_nothing():
    with pytest.raises(FileNotFoundError):
        scaling.run_processes([["sleep", "603"], ["no-such-program"]], 60)
    assert gone("sleep 603")


def test_a_worker_ends_itself_when_nobody_is_left():
    """Its starter is gone, its partner never comes; the alarm rings."""
    code = (
        "from topoi.scaling import workers; import time; "
        "workers.LIMIT = 1; workers.jax = lambda *a: time.sleep(604); "
        "workers.jax.__name__ = 'jax'; workers.main('jax', '0', '1')"
    )
    (run,) = scaling.run_processes([[PYTHON, "-c", code]], 30, cwd=ROOT)
    assert run.status == -signal.SIGALRM


# -- workers ----------------------------------------------------------------


def gradient_descent():
    """Return the weights of the workers' problem, by NumPy in float64."""
    x, y, weights = workers.problem()
    w, b, v, c = (a.astype(float) for a in weights)
    for _ in range(workers.STEPS):
        hidden = np.tanh(x @ w + b)
        error = 2 * (hidden @ v + c - y) / len(x)
        back = (error @ v.T) * (1 - hidden**2)
        w, b = w - workers.RATE * x.T @ back, b - workers.RATE * back.sum(0)
        v, c = (
            v - workers.RATE * hidden.T @ error,
            c - workers.RATE * error.sum(0),
        )
    return w, b, v, c


@pytest.mark.parametrize(
    ("name", "processes", "world"),
    [("tensorflow", 2, 2), ("torch", 2, 2), ("jax", 1, 4)],
)
def test_shared_training_is_gradient_descent(name, processes, world):
    """Oracle: the same steps written out in NumPy, on the whole batch."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    environment = {
        "KERAS_BACKEND": name,
        "XLA_FLAGS": workers.device_count(world) if name == "jax" else "",
    }
    answers = workers.launch(name, processes, world, environment)
    assert len(answers) == processes
    assert len({workers.weights_hash(a) for a in answers}) == 1
    for ours, right in zip(answers[0], gradient_descent(), strict=True):
        np.testing.assert_allclose(ours, right, atol=1e-6)


def test_a_failing_worker_is_quoted():
    with pytest.raises(RuntimeError, match="status 1: KeyError: 'nobody'"):
        workers.launch("nobody")


def test_jax_worker_counts_its_devices():
    if keras.backend.backend() != "jax":
        pytest.skip("needs the JAX backend")
    with pytest.raises(RuntimeError, match="needs 4 devices, but JAX sees 1"):
        workers.jax(0, 4, [])


def test_training_again_gives_the_same_bits():
    first = workers.seeded_training(7)
    again = workers.seeded_training(7)
    other = workers.seeded_training(8)
    assert workers.weights_hash(first) == workers.weights_hash(again)
    assert workers.weights_hash(first) != workers.weights_hash(other)


def test_a_hash_sees_every_bit():
    one = [np.zeros(3, "float32"), np.ones(2, "float32")]
    two = [np.zeros(3, "float32"), np.ones(2, "float32")]
    assert workers.weights_hash(one) == workers.weights_hash(two)
    two[0][1] = -0.0
    assert workers.weights_hash(one) != workers.weights_hash(two)


@pytest.mark.parametrize(
    "numbers", [(0, 0.1, 0, 5), (4, 0.0, 0, 5), (4, 0.1, 0, 0)]
)
def test_a_trial_that_trains_nothing_is_refused(numbers):
    with pytest.raises(ValueError, match="it would train nothing"):
        train_spirals(*numbers)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_trial_stops_at_nan():
    with pytest.raises(FloatingPointError, match="Lower the learning rate"):
        train_spirals(4, 1.7e308, 0, 40)  # the first step overflows
