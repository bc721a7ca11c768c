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
        r"an array of shape \(1,\), but shape \(3,\) is due",
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
        r"Do not take the first measurement",
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
        r"changed its argument .* in place",
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
        "    if sorted(by_id) != list(range(tasks)):\n"
        "        raise ValueError('missing')\n"
        "    return [by_id[i] for i in range(tasks)]\n",
        r"a record that stands there twice",
    ),
]

# -- slips of the usual kinds ------------------------------------------------

_SLIPS = [
    WrongAnswer(
        "average",
        "printed",
        "def mean_gradient(gradients, sizes):\n"
        "    print(sizes @ gradients / sizes.sum())\n",
        r"returned None",
    ),
    WrongAnswer(
        "average",
        "a list",
        _MEAN.format("(sizes @ gradients / sizes.sum()).tolist()"),
        r"a list of 3, but an array of shape \(3,\) is due",
    ),
    WrongAnswer(
        "average",
        "one number",
        _MEAN.format("np.average(gradients)"),
        r"but an array of shape \(3,\) is due",
    ),
    WrongAnswer(
        "average",
        "divided by the number of workers",
        _MEAN.format("sizes @ gradients / len(sizes)"),
        r"you divide by the number of workers",
    ),
    WrongAnswer(
        "average",
        "the rows scaled in place",
        """
def mean_gradient(gradients, sizes):
    for row, size in zip(gradients, sizes):
        row *= size
    return gradients.sum(axis=0) / sizes.sum()
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "audit",
        "a list",
        _OUTPUTS.format('["shape", "fraction", "band", "count"]'),
        r"a list of 4, but a set is due",
    ),
    WrongAnswer(
        "audit",
        "nothing may be compared",
        _OUTPUTS.format("set()"),
        r"An empty set compares nothing",
    ),
    WrongAnswer(
        "amdahl",
        "printed",
        "def parallel_share(workers, seconds):\n    print(0.8)\n",
        r"returned None",
    ),
    WrongAnswer(
        "amdahl",
        "both coefficients",
        _SHARE.format(x="1 / workers", share="np.array([a, b])"),
        r"an array of shape \(2,\), but a number is due",
    ),
    WrongAnswer(
        "amdahl",
        "mean of pairs",
        """
def parallel_share(workers, seconds):
    base = seconds[workers == workers.min()].mean()
    rest = workers > workers.min()
    if not rest.any() or workers.min() > 1:
        b, a = np.polyfit(1 / workers, seconds, 1)
        return b / (a + b)
    gain = (base - seconds[rest]) / (1 - 1 / workers[rest])
    return float((gain / base).mean())
""",
        r"least squares in 1/K over all four",
    ),
    WrongAnswer(
        "queue",
        "one worker only",
        "def queue(lengths, workers):\n    return 0, 0\n",
        r"4 jobs need as many pairs, but you return 2",
    ),
    WrongAnswer(
        "queue",
        "extended instead of appended",
        """
def queue(lengths, workers):
    free, places = [0] * workers, []
    for length in lengths[: len(lengths) // 2]:
        worker = free.index(min(free))
        places.extend((worker, free[worker]))
        free[worker] += length
    return places
""",
        r"a pair \(worker, start\) is due for each job",
    ),
    WrongAnswer(
        "queue",
        "of several the highest number",
        """
def queue(lengths, workers):
    free, places = [0] * workers, []
    for length in lengths:
        ties = [k for k in range(workers) if free[k] == min(free)]
        worker = ties[-1] if min(free) else ties[0]
        places.append((worker, free[worker]))
        free[worker] += length
    return places
""",
        r"the one with the lowest number takes the job",
    ),
    WrongAnswer(
        "queue",
        "a worker for each job",
        """
def queue(lengths, workers, right=queue):
    return right(lengths, min(workers, len(lengths)) or 1)[: len(lengths)] or [
        (0, 0)]
""",
        r"0 jobs need as many pairs, but you return 1",
    ),
    WrongAnswer(
        "queue",
        "the list used up",
        """
def queue(lengths, workers, right=queue):
    places = right(lengths, workers)
    while lengths:
        lengths.pop()
    return places
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "ring",
        "no sums",
        """
def ring_sum(vectors, right=ring_sum):
    return [], right(vectors)[1]
""",
        r"you return 0 sums, but one a worker is due",
    ),
    WrongAnswer(
        "ring",
        "the messages alone",
        """
def ring_sum(vectors, right=ring_sum):
    return np.array(right(vectors)[1])
""",
        r"but 2 values, as in `return a, b`",
    ),
    WrongAnswer(
        "ring",
        "chunks not put together",
        """
def ring_sum(vectors, right=ring_sum):
    held, log = right(vectors)
    return [np.array_split(v, len(v))[0] for v in held], log
""",
        r"not all 10 numbers\. Put its chunks together",
    ),
    WrongAnswer(
        "ring",
        "messages without their step",
        """
def ring_sum(vectors, right=ring_sum):
    held, log = right(vectors)
    return held, [(r, n) for _, r, n in log]
""",
        r"a message is a triple",
    ),
    WrongAnswer(
        "ring",
        "the steps of the second half counted anew",
        """
def ring_sum(vectors, right=ring_sum):
    held, log = right(vectors)
    return held, [(s % (len(vectors) - 1 or 1), r, n) for s, r, n in log]
""",
        r"sends once in each of the steps 0 to 3",
    ),
    WrongAnswer(
        "ring",
        "the receiver's chunk logged",
        _RING.format(**_RIGHT | {"count": "len(chunks[r][r])"}),
        r"but chunk \d has \d|The workers send",
    ),
    WrongAnswer(
        "array",
        "the script printed",
        "def array_job(tasks):\n    print('#!/bin/bash')\n",
        r"returned None",
    ),
    WrongAnswer(
        "array",
        "options below a command",
        _JOB.format(
            **_GOOD
            | {"cpus": "export OMP_NUM_THREADS=1\n" + _GOOD["cpus"]}
            | {"threads": ""}
        ),
        r"below a command, where Slurm no longer reads",
    ),
    WrongAnswer(
        "array",
        "threads limited after the command",
        _JOB.format(
            **_GOOD
            | {"threads": ""}
            | {"seed": _GOOD["seed"] + "\nexport OMP_NUM_THREADS=1"}
        ),
        r"Export OMP_NUM_THREADS=1 before the command",
    ),
    WrongAnswer(
        "array",
        "threads set but not exported",
        _JOB.format(**_GOOD | {"threads": "OMP_NUM_THREADS=1\n"}),
        r"Export OMP_NUM_THREADS=1 before the command",
    ),
    WrongAnswer(
        "array",
        "every task runs all trials",
        """
def array_job(tasks, right=array_job):
    *head, last = right(tasks).strip().split("\\n")
    return "\\n".join([*head, last, last, ""])
""",
        r"Eight tasks print 16 lines",
    ),
    WrongAnswer(
        "array",
        "records sorted as texts",
        """
def gather(lines, tasks):
    records = [json.loads(line) for line in sorted(lines)]
    if sorted(r["id"] for r in records) != list(range(tasks)):
        raise ValueError("not all")
    return records
""",
        r"Sorted as texts, task 10 comes before task 2",
    ),
    WrongAnswer(
        "array",
        "ids alone",
        """
def gather(lines, tasks):
    return sorted(json.loads(line)["id"] for line in lines)
""",
        r"not the records as json.loads reads them",
    ),
    WrongAnswer(
        "array",
        "the last task not missed",
        """
def gather(lines, tasks, right=gather):
    records = [json.loads(line) for line in lines]
    records.sort(key=lambda record: record["id"])
    if any(record["id"] != n for n, record in enumerate(records)):
        raise ValueError("not all")
    return records
""",
        r"does not miss the last of 8 records",
    ),
    WrongAnswer(
        "array",
        "only the number of lines counted",
        """
def gather(lines, tasks):
    records = sorted(map(json.loads, lines), key=lambda record: record["id"])
    if len({record["id"] for record in records}) != tasks:
        raise ValueError("not all")
    return records
""",
        r"ids 1 to 8, but the tasks are numbered from 0",
    ),
]

WRONG_ANSWERS = [
    *_AVERAGE,
    *_AUDIT,
    *_AMDAHL,
    *_SCHEDULES,
    *_RINGS,
    *_ARRAYS,
    *_SLIPS,
]

# Changes of a solution that make no difference (`make mutants`).
_LSTSQ = "(a, b), *_ = np.linalg.lstsq(columns, seconds, rcond=None)"
_RAISED = "raise ValueError(f'ids {ids} are not 0 to {tasks - 1}, once each')"
SAME = {
    (
        "amdahl",
        f"{_LSTSQ} => {_LSTSQ.replace(', rcond=None', '')}",
    ): "the cut-off for small singular values is about the same by default",
    **{
        (
            "array",
            f"{_RAISED} => {_RAISED.replace('tasks - 1', other)}",
        ): "only the words of the error change"
        for other in ("tasks + 1", "tasks - 2", "tasks - 0")
    },
}
