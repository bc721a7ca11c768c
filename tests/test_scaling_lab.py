"""Right answers written differently pass the lab on scaling."""

import pytest
from right_answers import assert_passes, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "amdahl": (
        """
def parallel_share(workers, seconds):
    b, a = np.polyfit(1 / workers, seconds, 1)
    return b / (a + b)
""",
        """
def parallel_share(workers, seconds):
    u = 1 / workers - np.mean(1 / workers)
    b = (u * seconds).sum() / (u * u).sum()
    a = seconds.mean() - b * np.mean(1 / workers)
    return np.array(1 - a / (a + b))
""",
        """
def parallel_share(workers, seconds):
    from numpy.polynomial import Polynomial
    line = Polynomial.fit(1 / workers, seconds, deg=1).convert()
    return float((line(1) - line(0)) / line(1))
""",
    ),
    "queue": (
        """
def queue(lengths, workers):
    import heapq
    heap, told = [(0, k) for k in range(workers)], []
    for length in lengths:
        start, k = heapq.heappop(heap)
        told.append((k, start))
        heapq.heappush(heap, (start + length, k))
    return told
""",
        """
def queue(lengths, workers):
    free, told = np.zeros(workers, int), []
    for length in lengths:
        k = np.argmin(free)
        told.append([k, free[k]])
        free[k] += length
    return told
""",
        """
def queue(lengths, workers):
    told = []
    for n in range(len(lengths)):
        ends = [sum(lengths[m] for m in range(n) if told[m][0] == k)
                for k in range(workers)]
        start = min(ends)
        told += [(ends.index(start), start)]
    return tuple(told)
""",
    ),
    "ring": (
        """
def ring_sum(vectors):
    world, log = len(vectors), []
    chunks = [np.array_split(v.copy(), world) for v in vectors]
    for step in range(2 * world - 2):
        parcels = [chunks[r][(r - step) % world].copy()
                   for r in range(world)]
        for r, parcel in enumerate(parcels):
            mine = chunks[(r + 1) % world][(r - step) % world]
            if step < world - 1:
                mine += parcel
            else:
                mine[:] = parcel
            log.append([step, r, parcel.size])
    return [np.hstack(c) for c in chunks], log
""",
        """
def ring_sum(vectors):
    world, n = len(vectors), len(vectors[0])
    table = np.stack(vectors)
    places = np.array_split(np.arange(n), world)
    log = []
    for step in range(2 * (world - 1)):
        before = table.copy()
        for r in range(world):
            where, to = places[(r - step) % world], (r + 1) % world
            keep = step < world - 1
            table[to, where] = before[r, where] + keep * before[to, where]
            log.append((step, r, len(where)))
    return list(table), log
""",
        """
def ring_sum(vectors):
    world = len(vectors)
    total = sum(vectors)
    sizes = [len(c) for c in np.array_split(total, world)]
    log = [(s, r, sizes[(r - s) % world])
           for r in range(world) for s in range(2 * (world - 1))]
    return [total.copy() for _ in vectors], log
""",
    ),
    "array": (
        """
def array_job(tasks):
    lines = ["#!/bin/bash", f"#SBATCH --array=0-{tasks - 1}%2",
             "#SBATCH --cpus-per-task=1", "", "set -eu",
             "seed=$(( SLURM_ARRAY_TASK_ID + 100 ))",
             'OMP_NUM_THREADS=1 "$PYTHON" -c "$TRIAL" '
             '"$SLURM_ARRAY_TASK_ID" "$seed"']
    return "\\n".join(lines)
""",
        """
def gather(lines, tasks):
    found = {}
    for line in lines:
        record = json.loads(line)
        if record["id"] in found:
            raise ValueError("twice")
        found[record["id"]] = record
    if set(found) != set(range(tasks)):
        raise ValueError("missing")
    return [found[n] for n in range(tasks)]
""",
        """
def array_job(tasks):
    return '''#!/bin/bash
# eight trials, two at a time
#SBATCH --cpus-per-task=1
#SBATCH --array=0-%d%%2

OMP_NUM_THREADS=1
export OMP_NUM_THREADS
i=$SLURM_ARRAY_TASK_ID
exec "$PYTHON" -c "$TRIAL" $i $(expr 100 + $i)
''' % (tasks - 1)
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("scaling", name, RIGHT[name][n])
