"""Data parallelism: shards, their mean, and the ring that computes it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


def shard(batch: np.ndarray, rank: int, world: int) -> np.ndarray:
    """Return the part of a batch that one worker gets.

    Parameters
    ----------
    batch : ndarray, shape (n, ...)
        Examples along the first axis.
    rank : int
        The worker, 0 to `world` - 1.
    world : int
        Number of workers.

    Returns
    -------
    ndarray, shape (n // world or n // world + 1, ...)
        A view. The first ``n % world`` workers get one example more.

    Raises
    ------
    ValueError
        If `rank` is no worker, or a worker would get no example.
    """
    if not 0 <= rank < world:
        raise ValueError(
            f"shard needs 0 <= rank < world, but rank = {rank} and world = "
            f"{world}. Ranks count from 0."
        )
    if len(batch) < world:
        raise ValueError(
            f"{len(batch)} examples do not suffice for {world} workers: "
            "every worker needs at least one. Use a larger batch or fewer "
            "workers."
        )
    size, extra = divmod(len(batch), world)
    start = rank * size + min(rank, extra)
    return batch[start : start + size + (rank < extra)]


def weighted_mean(
    gradients: Sequence[Sequence[np.ndarray]], sizes: Sequence[int]
) -> list[np.ndarray]:
    """Return sum_k (n_k / n) g_k: the gradient of the whole batch.

    Parameters
    ----------
    gradients : sequence of (sequence of ndarray)
        For each worker one array a variable, of the same shapes everywhere.
    sizes : sequence of int
        Examples n_k of each worker.

    Returns
    -------
    list of ndarray
        One array a variable.

    Raises
    ------
    ValueError
        If there is not one size a worker, or no example at all.
    """
    if len(gradients) != len(sizes) or sum(sizes) <= 0:
        raise ValueError(
            f"weighted_mean got gradients of {len(gradients)} workers and "
            f"sizes {list(sizes)}: give one positive size a worker."
        )
    shares = np.asarray(sizes) / sum(sizes)
    return [
        sum(share * np.asarray(g) for share, g in zip(shares, gs, strict=True))
        for gs in zip(*gradients, strict=True)
    ]


@dataclass(frozen=True)
class Traffic:
    """What a ring all-reduce has sent.

    Attributes
    ----------
    messages : tuple of int
        Messages that each worker has sent.
    numbers : tuple of int
        Numbers that each worker has sent, in all its messages together.
    held : tuple of ndarray, each of shape (K, K)
        Before the first step and after each step: how many workers'
        contributions chunk c on worker r contains, at [r, c].
    """

    messages: tuple[int, ...]
    numbers: tuple[int, ...]
    held: tuple[np.ndarray, ...]


def ring_allreduce(
    arrays: Sequence[np.ndarray],
) -> tuple[list[np.ndarray], Traffic]:
    """Add up one array a worker, so that every worker holds the sum.

    Parameters
    ----------
    arrays : sequence of ndarray, all of shape (n,)
        What worker r = 0..K-1 brings; they are not changed.

    Returns
    -------
    sums : list of ndarray, shape (n,)
        The sum as each worker holds it: bit for bit the same.
    traffic : Traffic
        Messages and numbers sent, counted.

    Raises
    ------
    ValueError
        If there is no array, or one that is not a vector of the same length.

    Notes
    -----
    In K - 1 steps each worker passes a chunk to its right neighbour, which
    adds it; in K - 1 more steps the finished chunks go round. Worker r sends
    2n numbers less the two chunks that it never passes on, r + 1 and r + 2
    modulo K: 2 (K-1)/K n if K divides n.
    Source: Patarasuk and Yuan (2009).
    """
    arrays = [np.array(a) for a in arrays]
    if not arrays or any(
        a.ndim != 1 or a.shape != arrays[0].shape for a in arrays
    ):
        raise ValueError(
            "ring_allreduce needs one vector a worker, all of one length, "
            f"but got shapes {[a.shape for a in arrays]}. Flatten and "
            "concatenate the gradients first."
        )
    world = len(arrays)
    chunks = [np.array_split(a, world) for a in arrays]
    messages, numbers = [0] * world, [0] * world
    held = [np.ones((world, world), int)]
    for step in range(2 * (world - 1)):
        adds = step < world - 1
        sent = [(r - step) % world for r in range(world)]
        parcels = [chunks[r][c] for r, c in enumerate(sent)]
        count = held[-1].copy()
        for r, (c, parcel) in enumerate(zip(sent, parcels, strict=True)):
            right = (r + 1) % world
            chunks[right][c] = chunks[right][c] + parcel if adds else parcel
            count[right, c] = held[-1][r, c] + adds * held[-1][right, c]
            messages[r] += 1
            numbers[r] += parcel.size
        held.append(count)
    traffic = Traffic(tuple(messages), tuple(numbers), tuple(held))
    return [np.concatenate(c) for c in chunks], traffic


def make_parallel_step(
    loss_fn: Callable,
    optimizer: Any,
    trainable: Iterable,
    world: int,
) -> Callable[..., float]:
    """Return a training step that shares each batch among `world` workers.

    The workers take turns in this process: the arithmetic of data
    parallelism, without its speed. Works on TensorFlow, JAX and PyTorch.

    Parameters
    ----------
    loss_fn : callable
        ``loss_fn(*arrays)`` returns the mean loss over its examples, a
        scalar; it is called once a worker, with that worker's shard.
    optimizer : keras.optimizers.Optimizer
        Takes one step with the mean gradient.
    trainable : iterable of keras.Variable
        What the step changes.
    world : int
        Number of workers.

    Returns
    -------
    callable
        ``step(*arrays) -> loss``: the mean loss over the batch before the
        step; the arrays have the examples along their first axis.

    Notes
    -----
    Gradients are scaled by n_k / n, flattened into one vector a worker, and
    added by `ring_allreduce`.
    """
    from keras import ops

    from topoi.autodiff import value_and_grad

    trainable = list(trainable)
    differentiated = value_and_grad(loss_fn, trainable)

    def worker(rank: int, arrays: tuple) -> tuple[float, np.ndarray]:
        part = [shard(a, rank, world) for a in arrays]
        share = len(part[0]) / len(arrays[0])
        loss, gradients = differentiated(*map(ops.convert_to_tensor, part))
        flat = [np.ravel(ops.convert_to_numpy(g)) for g in gradients]
        value = float(ops.convert_to_numpy(loss))
        return share * value, share * np.concatenate(flat)

    def step(*arrays: np.ndarray) -> float:
        losses, vectors = zip(
            *(worker(rank, arrays) for rank in range(world)), strict=True
        )
        mean = ring_allreduce(vectors)[0][0]
        optimizer.apply(_unflatten(mean, trainable), trainable)
        return sum(losses)

    return step


def _unflatten(vector: np.ndarray, variables: list) -> list:
    """Cut a vector into tensors of the variables' shapes."""
    from keras import ops

    ends = np.cumsum([int(np.prod(v.shape)) for v in variables])
    parts = np.split(vector, ends[:-1])
    return [
        ops.convert_to_tensor(part.reshape(v.shape), v.dtype)  # (size,) back
        for part, v in zip(parts, variables, strict=True)
    ]
