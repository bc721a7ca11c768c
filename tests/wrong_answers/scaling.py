"""Wrong answers to the lab on scaling."""

from wrong_answers import WrongAnswer

# -- exercise 1: one gradient from uneven shards ----------------------------

_MEAN = """
def mean_gradient(gradients, sizes):
    return {}
"""

_AVERAGE = [
    WrongAnswer(
        "average",
        "plain mean of the shard means",
        _MEAN.format("gradients.mean(axis=0)"),
        r"plain mean of the workers",
    ),
    WrongAnswer(
        "average",
        "sum over the examples",
        _MEAN.format("sizes @ gradients"),
        r"Divide by their number, 4",
    ),
    WrongAnswer(
        "average",
        "divided by the size instead of multiplied",
        _MEAN.format("(1 / sizes) @ gradients / (1 / sizes).sum()"),
        r"gives the small shard the large weight",
    ),
    WrongAnswer(
        "average",
        "mean over the weights",
        _MEAN.format("gradients.mean(axis=1)[:1]"),
        r"one number a weight, not one a worker",
    ),
]

# -- exercise 2: which outputs may be compared ------------------------------

_OUTPUTS = """
def comparable_outputs():
    return {}
"""

_AUDIT = [
    WrongAnswer(
        "audit",
        "a raw loss, since the seed is fixed",
        _OUTPUTS.format('{"shape", "fraction", "count", "band", "loss"}'),
        r"another processor adds in another order",
    ),
    WrongAnswer(
        "audit",
        "the device",
        _OUTPUTS.format('{"shape", "fraction", "count", "device"}'),
        r"belong to the machine",
    ),
    WrongAnswer(
        "audit",
        "every truth value",
        _OUTPUTS.format('{"shape", "fraction", "count", "band", "edge"}'),
        r"near to the threshold",
    ),
    WrongAnswer(
        "audit",
        "integers only",
        _OUTPUTS.format('{"shape", "fraction", "count"}'),
        r"far from both ends",
    ),
    WrongAnswer(
        "audit",
        "fractions forgotten",
        _OUTPUTS.format('{"shape", "count", "band"}'),
        r"\['fraction'\]: integers, shapes and exact fractions",
    ),
]

# -- exercise 3: Amdahl's law -----------------------------------------------

_SHARE = """
def parallel_share(workers, seconds):
    b, a = np.polyfit({x}, seconds, 1)
    return {share}
"""

_AMDAHL = [
    WrongAnswer(
        "amdahl",
        "the other share",
        _SHARE.format(x="1 / workers", share="a / (a + b)"),
        r"share that cannot be divided",
    ),
    WrongAnswer(
        "amdahl",
        "seconds instead of a share",
        _SHARE.format(x="1 / workers", share="b"),
        r"8 is b, in seconds",
    ),
    WrongAnswer(
        "amdahl",
        "slope over intercept",
        _SHARE.format(x="1 / workers", share="b / a"),
        r"4 is b / a",
    ),
    WrongAnswer(
        "amdahl",
        "a line in K",
        _SHARE.format(x="workers", share="b / (a + b)"),
        r"a line in 1/K|line one in 1/K",
    ),
    WrongAnswer(
        "amdahl",
        "the first time taken for the time on one worker",
        _SHARE.format(x="1 / workers", share="b / seconds[0]"),
        r"need not be among the measurements",
    ),
    WrongAnswer(
        "amdahl",
        "two measurements only",
        "def parallel_share(workers, seconds):\n"
        "    inverse = 1 / workers\n"
        "    b = (seconds[0] - seconds[-1]) / (inverse[0] - inverse[-1])\n"
        "    return b / (seconds[0] + b * (1 - inverse[0]))\n",
        r"Do not use two of them only",
    ),
]

# -- exercise 4: the queue --------------------------------------------------

_QUEUE = """
def queue(lengths, workers):
    free, places = [0] * workers, []
    for j, length in enumerate(lengths):
        worker = {worker}
        places.append((worker, {start}))
        free[worker] += length
    return places
"""
_FIRST = "free.index(min(free))"

_SCHEDULES = [
    WrongAnswer(
        "queue",
        "jobs dealt out in turn",
        _QUEUE.format(worker="j % workers", start="free[worker]"),
        r"You deal the jobs out in turn",
    ),
    WrongAnswer(
        "queue",
        "always the first worker",
        _QUEUE.format(worker="0", start="free[worker]"),
        r"All jobs went to worker 0",
    ),
    WrongAnswer(
        "queue",
        "sorted, longest first",
        "def queue(lengths, workers):\n"
        "    free, places = [0] * workers, [None] * len(lengths)\n"
        "    order = sorted(range(len(lengths)), key=lambda j: -lengths[j])\n"
        "    for j in order:\n"
        "        worker = free.index(min(free))\n"
        "        places[j] = (worker, free[worker])\n"
        "        free[worker] += lengths[j]\n"
        "    return places\n",
        r"You sorted the jobs",
    ),
    WrongAnswer(
        "queue",
        "the end instead of the start",
        _QUEUE.format(worker=_FIRST, start="free[worker] + length"),
        r"queue\(\[3, 1, 1, 2\], 2\) returned \[\(0, 3\)",
    ),
]

# -- exercise 5: the ring ---------------------------------------------------

_RING = """
def ring_sum(vectors):
    world, log = len(vectors), []
    chunks = [np.array_split({vector}, world) for v in vectors]
    for step in range({steps}):
        sent = [(r, (r - step) % world) for r in range(world)]
        {parcels}
        for (r, c), part in zip(sent, parcels):
            right = chunks[(r + 1) % world]
            {deliver}
            log.append((step, r, {count}))
    return [np.concatenate(c) for c in chunks], log
"""
_RIGHT = {
    "vector": "v",
    "steps": "2 * (world - 1)",
    "parcels": "parcels = [chunks[r][c] for r, c in sent]",
    "deliver": "right[c] = right[c] + part if step < world - 1 else part",
    "count": "len(part)",
}
_BOSS = """
def ring_sum(vectors):
    world, n = len(vectors), len(vectors[0])
    log = [(0, r, n) for r in range(1, world)]
    log += [(1, 0, n) for r in range(1, world)]
    return [sum(vectors)] * world, log
"""

_RINGS = [
    WrongAnswer(
        "ring",
        "gather and broadcast",
        _BOSS,
        r"a boss who adds is a bottleneck",
    ),
    WrongAnswer(
        "ring",
        "half of the steps",
        _RING.format(**_RIGHT | {"steps": "world - 1"}),
        r"K - 1 more steps spread them",
    ),
    WrongAnswer(
        "ring",
        "one step too many",
        _RING.format(**_RIGHT | {"steps": "2 * world - 1"}),
        r"5 messages a worker instead of 4",
    ),
    WrongAnswer(
        "ring",
        "adds in both halves",
        _RING.format(**_RIGHT | {"deliver": "right[c] = right[c] + part"}),
        r"add where it should replace",
    ),
    WrongAnswer(
        "ring",
        "the caller's vectors changed",
        _RING.format(
            **_RIGHT
            | {
                "parcels": "parcels = [chunks[r][c].copy() for r, c in sent]",
                "deliver": "right[c] *= step < world - 1; right[c] += part",
            }
        ),
        r"have changed the caller's",
    ),
    WrongAnswer(
        "ring",
        "whole vectors sent",
        _RING.format(**_RIGHT | {"count": "len(vectors[0])"}),
        r"send one chunk at a time",
    ),
]

# -- exercise 6: a job array ------------------------------------------------

_JOB = """
def array_job(tasks):
    return f'''#!/bin/bash
#SBATCH --array={array}
{cpus}{threads}"$PYTHON" -c "$TRIAL" $SLURM_ARRAY_TASK_ID {seed}
'''
"""
_GOOD = {
    "array": "0-{tasks - 1}%2",
    "cpus": "#SBATCH --cpus-per-task=1\n",
    "threads": "export OMP_NUM_THREADS=1\n",
    "seed": "$((100 + SLURM_ARRAY_TASK_ID))",
}

_ARRAYS = [
    WrongAnswer(
        "array",
        "seed made from the job number",
        _JOB.format(**_GOOD | {"seed": "$SLURM_JOB_ID"}),
        r"Is the seed made from the job number",
    ),
    WrongAnswer(
        "array",
        "one CPU not asked for",
        _JOB.format(**_GOOD | {"cpus": ""}),
        r"--cpus-per-task=1 is missing",
    ),
    WrongAnswer(
        "array",
        "threads not limited",
        _JOB.format(**_GOOD | {"threads": ""}),
        r"Export OMP_NUM_THREADS=1",
    ),
    WrongAnswer(
        "array",
        "counted from one",
        _JOB.format(**_GOOD | {"array": "1-{tasks}%2"}),
        r"count from 0",
    ),
    WrongAnswer(
        "array",
        "all at once",
        _JOB.format(**_GOOD | {"array": "0-{tasks - 1}"}),
        r"two at a time, are 0-7%2",
    ),
    WrongAnswer(
        "array",
        "one seed for all",
        _JOB.format(**_GOOD | {"seed": "100"}),
        r"The seeds are \[100, 100",
    ),
    WrongAnswer(
        "array",
        "the order of the lines kept",
        "def gather(lines, tasks):\n"
        "    return [json.loads(line) for line in lines]\n",
        r"gather must sort by id",
    ),
    WrongAnswer(
        "array",
        "missing records accepted",
        "def gather(lines, tasks):\n"
        "    records = map(json.loads, lines)\n"
        "    return sorted(records, key=lambda record: record['id'])\n",
        r"gather accepts 7 of 8 records",
    ),
    WrongAnswer(
        "array",
        "a dictionary hides a second record",
        "def gather(lines, tasks):\n"
        "    by_id = {r['id']: r for r in map(json.loads, lines)}\n"
        "    if len(by_id) != tasks:\n"
        "        raise ValueError('missing')\n"
        "    return [by_id[i] for i in range(tasks)]\n",
        r"a record that stands there twice",
    ),
]

WRONG_ANSWERS = [*_AVERAGE, *_AUDIT, *_AMDAHL, *_SCHEDULES, *_RINGS, *_ARRAYS]
