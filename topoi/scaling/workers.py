"""Workers: the same small training, shared by processes or devices.

Each function is one worker of one framework and is run as a process::

    python -m topoi.scaling.workers tensorflow 0 2 PORT PORT

`launch` does that. A worker prints one line of JSON. All of them take the
same steps from the same weights on the same data, so that their results can
be compared with each other and with one process. A worker ends itself after
`LIMIT` seconds, even if the process that has started it is dead by then.

This is, with `topoi.autodiff`, the only place where backends differ: what
they do not share is the subject.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping

import numpy as np

from topoi.runtime import ROOT, threads  # noqa: F401, for its callers
from topoi.scaling.parallel import shard
from topoi.scaling.processes import free_port, run_processes

LIMIT = 100  # seconds a worker lives at most
# The workers are processes of one machine, so they share no GPU.
NO_GPU = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
STEPS, RATE = 8, 0.25


def problem() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return inputs (64, 2), targets (64, 1) and first weights, float32."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(64, 2))
    y = np.sin(2 * x[:, :1]) + x[:, 1:]
    shapes = (2, 8), (8,), (8, 1), (1,)
    weights = [rng.normal(size=s) / np.sqrt(s[0]) for s in shapes]
    return *(a.astype("float32") for a in (x, y)), [
        w.astype("float32") for w in weights
    ]


def build_network(weights: list[np.ndarray]):
    """Return a Keras network 2 - 8 - 1 with these weights."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.Dense(1),
        ]
    )
    model.set_weights(weights)
    return model


# -- two processes of TensorFlow --------------------------------------------


def tensorflow(rank: int, world: int, ports: list[str]) -> list[np.ndarray]:
    """Return the weights after steps shared by `world` processes."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    task = {"type": "worker", "index": rank}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    x, y, weights = problem()
    x, y = (tf.constant(shard(a, rank, world)) for a in (x, y))
    with strategy.scope():
        model = build_network(weights)

    def replica_step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_weights)
        replica = tf.distribute.get_replica_context()
        for v, g in zip(
            model.trainable_weights,
            replica.all_reduce("mean", gradients),
            strict=True,
        ):
            v.value.assign_sub(RATE * g)

    step = tf.function(lambda: strategy.run(replica_step))
    for _ in range(STEPS):
        step()
    return model.get_weights()


# -- two processes of PyTorch -----------------------------------------------


def torch(rank: int, world: int, ports: list[str]) -> list[np.ndarray]:
    """Return the weights after steps shared by `world` processes."""
    import torch
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    distributed.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{ports[0]}",
        rank=rank,
        world_size=world,
    )
    x, y, weights = problem()
    x, y = (torch.tensor(shard(a, rank, world)) for a in (x, y))
    model = build_network(weights)
    parallel = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.mean((parallel(x) - y) ** 2).backward()  # averages gradients
        optimizer.step()
    result = model.get_weights()
    distributed.destroy_process_group()
    return result


# -- four devices in one process of JAX -------------------------------------


def jax(rank: int, world: int, ports: list[str]) -> list[np.ndarray]:
    """Return the weights after steps shared by `world` devices.

    One process and one Keras model; the ordinary `fit` is told how to lay
    out weights and batches, and `layout` prints how it did. Needs
    ``XLA_FLAGS`` with `device_count`.
    """
    import keras

    distribution = keras.distribution.DataParallel()
    devices = len(keras.distribution.list_devices())
    if devices != world:
        raise RuntimeError(
            f"This worker needs {world} devices, but JAX sees {devices}: set "
            f"XLA_FLAGS={device_count(world)} before the process starts."
        )
    keras.distribution.set_distribution(distribution)
    x, y, weights = problem()
    model = build_network(weights)
    model.compile(keras.optimizers.SGD(RATE), "mse")
    model.fit(x, y, batch_size=len(x), epochs=STEPS, verbose=0)
    print("\n".join(layout(model, x, y, distribution)))
    return model.get_weights()


def layout(model, x, y, distribution) -> list[str]:
    """Return in words where JAX keeps a batch and the weights.

    The last line counts the sums between devices in a compiled gradient, if
    the batch is shared, and if each device has all of it.
    """
    import jax
    import keras

    def place(array, shared):
        axes = distribution.get_data_layout(array.shape).axes
        axes = axes if shared else [None] * array.ndim
        where = keras.distribution.TensorLayout(axes, distribution.device_mesh)
        return keras.distribution.distribute_tensor(array, where)

    def loss(weights, x, y):
        answer, _ = model.stateless_call(weights, [], x)
        return keras.ops.mean((answer - y) ** 2)

    weights = [v.value for v in model.trainable_variables]
    arrays = {"batch": place(x, True)}
    names = (v.path.split("/", 1)[-1] for v in model.trainable_variables)
    arrays |= dict(zip(names, weights, strict=True))
    lines = [f"{name}: {_pieces(array)}" for name, array in arrays.items()]
    sums = []
    for shared in (True, False):
        gradient = jax.jit(jax.grad(loss))
        program = gradient.lower(weights, place(x, shared), place(y, shared))
        sums.append(program.compile().as_text().count(" all-reduce("))
    return [*lines, "sums between devices: {}, not shared: {}".format(*sums)]


def _pieces(array) -> str:
    """Return how many devices hold how much of a JAX array."""
    shards = array.addressable_shards
    different = len({str(shard.index) for shard in shards})
    return (
        f"{array.shape} as {different} x {shards[0].data.shape} "
        f"on {len(shards)} devices"
    )


def device_count(devices: int) -> str:
    """Return the flag that makes XLA split the processor into devices."""
    return f"--xla_force_host_platform_device_count={devices}"


# -- the same training twice ------------------------------------------------


def seeded_training(seed: int) -> list[np.ndarray]:
    """Return the weights of a small classifier after 16 steps.

    With convolution, batch normalisation and dropout, so that first weights,
    batches and dropout all draw random numbers.
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(256, 28, 28, 1)).astype("float32")
    y = rng.integers(0, 10, 256)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(x, y, batch_size=64, epochs=4, verbose=0)
    return model.get_weights()


def weights_hash(weights: list[np.ndarray]) -> str:
    """Return a SHA-256 over all bits of a list of arrays."""
    digest = hashlib.sha256()
    for array in weights:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def repeat(rank: int, world: int, ports: list[str]) -> list[np.ndarray]:
    """Return the weights of the classifier; `world` numeric threads."""
    from topoi import runtime

    runtime.setup("small", seed=7)
    if os.environ.get("KERAS_BACKEND") == "torch":
        import torch

        torch.set_num_threads(world)
    return seeded_training(7)


# -- starting them ----------------------------------------------------------


def launch(
    name: str,
    processes: int = 1,
    world: int = 1,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[list[np.ndarray]]:
    """Run a worker in one or more processes and return their weights.

    Parameters
    ----------
    name : {"tensorflow", "torch", "jax", "repeat"}
        Which worker.
    processes : int
        How many processes; they get the ranks 0, 1, ...
    world : int
        Number of workers or devices; for "repeat", of numeric threads.
    environment : mapping, optional
        Added to the environment of each process.
    tell : callable, optional
        Called with each line that the first process has printed besides.

    Returns
    -------
    list of (list of ndarray)
        One list of weights a process.

    Raises
    ------
    RuntimeError
        If a process fails; its last line is quoted.
    TimeoutError
        After `LIMIT` seconds.
    """
    ports = [str(free_port()) for _ in range(max(processes, 2))]
    command = [sys.executable, "-m", "topoi.scaling.workers", name]
    runs = run_processes(
        [[*command, str(r), str(world), *ports] for r in range(processes)],
        LIMIT,
        [NO_GPU | dict(environment or {})] * processes,
        ROOT,
    )
    for rank, run in enumerate(runs):
        if run.status:
            lines = run.stderr.strip().split("\n")
            raise RuntimeError(
                f"Worker {rank} of {name} ended with status {run.status}: "
                f"{lines[-1]}. Run it by hand to see more: "
                f"{' '.join(command[1:])} {rank} {world} {' '.join(ports)}"
            )
    for line in runs[0].stdout.strip().split("\n")[:-1] if tell else ():
        tell(line)
    return [
        [np.array(w, "float32") for w in json.loads(_last(run.stdout))]
        for run in runs
    ]


def _last(text: str) -> str:
    return text.strip().split("\n")[-1]


# -- command line -----------------------------------------------------------


def main(name: str, rank: str, world: str, *ports: str) -> None:
    """Run one worker and print its weights as a line of JSON."""
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(LIMIT)
    worker = {f.__name__: f for f in (tensorflow, torch, jax, repeat)}[name]
    weights = worker(int(rank), int(world), list(ports))
    print(json.dumps([w.tolist() for w in weights]))


if __name__ == "__main__":
    main(*sys.argv[1:])
