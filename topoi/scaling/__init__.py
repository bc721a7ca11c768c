"""Scaling: one training on many workers, many trainings on one cluster.

- `parallel`: shards, weighted means, the ring all-reduce, a parallel step
- `laws`: Amdahl, Gustafson, break-even, schedules of jobs on workers
- `sweep`: trials, executors, the collector
- `processes`: subprocesses under a hard time limit
- `workers`: one worker each of TensorFlow, PyTorch and JAX, as a process
- `trials`: the small training that the sweeps repeat
- `figures`: figures that answer to sliders and buttons

Nothing here imports Keras before a training step is asked for: the worker
processes of a sweep start in a fraction of a second. Import `workers` and
`trials` by name: ``from topoi.scaling import workers``.
"""

from topoi.scaling.laws import (
    Job,
    Schedule,
    amdahl,
    best_makespan,
    break_even,
    fit_parallel_share,
    gustafson,
    list_schedule,
)
from topoi.scaling.parallel import (
    Traffic,
    make_parallel_step,
    ring_allreduce,
    shard,
    weighted_mean,
)
from topoi.scaling.processes import Finished, free_port, run_processes
from topoi.scaling.sweep import (
    SweepError,
    Trial,
    array_script,
    collect,
    comparable,
    emulated_array,
    make_trials,
    process_pool,
    run_array,
    serial,
    slurm_array,
    sweep,
)

__all__ = [
    "Finished",
    "Job",
    "Schedule",
    "SweepError",
    "Traffic",
    "Trial",
    "amdahl",
    "array_script",
    "best_makespan",
    "break_even",
    "collect",
    "comparable",
    "emulated_array",
    "fit_parallel_share",
    "free_port",
    "gustafson",
    "list_schedule",
    "make_parallel_step",
    "make_trials",
    "process_pool",
    "ring_allreduce",
    "run_array",
    "run_processes",
    "serial",
    "shard",
    "slurm_array",
    "sweep",
    "weighted_mean",
]
