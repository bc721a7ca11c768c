"""Controls of the chapter on training at scale."""

import os
from fractions import Fraction
from functools import cache

import numpy as np

from controls import control
from topoi import data, scaling
from topoi.scaling import workers


def _gradient(weights):
    """Return (x, y) -> gradients of a mean squared error, as a list."""
    return lambda x, y: [2 * x.T @ (x @ weights - y) / len(x)]


def _regression():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(62, 5)), rng.normal(size=(62, 1))
    return x, y, _gradient(rng.normal(size=(5, 1)))


def _gap(ours, right):
    flat = [np.concatenate([np.ravel(g) for g in gs]) for gs in (ours, right)]
    return np.linalg.norm(flat[0] - flat[1]) / np.linalg.norm(flat[1])


def _uneven():
    cuts = np.cumsum([0, 32, 20, 8, 2])
    return [slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False)]


@control("scaling/shards-are-exact", "shards of all sizes weigh the same")
def equal_weights():
    x, y, gradient = _regression()
    parts = [gradient(x[s], y[s]) for s in _uneven()]
    return _gap(scaling.weighted_mean(parts, [1] * 4), gradient(x, y))


@control("scaling/unequal-shards", "the mean is weighted by size after all")
def weighted_by_size():
    x, y, gradient = _regression()
    parts = [gradient(x[s], y[s]) for s in _uneven()]
    mean = scaling.weighted_mean(parts, [32, 20, 8, 2])
    return _gap(mean, gradient(x, y))


@control(
    "scaling/batch-norm", "all shards use the statistics of the whole batch"
)
def statistics_of_the_batch():
    x, y, gradient = _regression()
    mean, deviation = x.mean(0), x.std(0)

    def normalised(x, y):  # the right one: mean and deviation of this shard
        return gradient((x - mean) / deviation, y)

    parts, sizes = [], []
    for r in range(4):
        shard = scaling.shard(x, r, 4), scaling.shard(y, r, 4)
        parts.append(normalised(*shard))
        sizes.append(len(shard[0]))
    return _gap(scaling.weighted_mean(parts, sizes), normalised(x, y))


def _traffic(world):
    vectors = [np.arange(60) * (r + 1) for r in range(world)]
    return scaling.ring_allreduce(vectors)[1]


@control("scaling/ring-messages", "the messages of all workers are added")
def messages_of_all():
    counts = [sum(_traffic(world).messages) for world in range(2, 7)]
    return " ".join(map(str, counts))


@control("scaling/ring-volume", "only the first of two phases is counted")
def first_phase_only():
    volumes = [
        Fraction(set(_traffic(world).numbers).pop(), 2 * 60)
        for world in range(2, 7)
    ]
    return " ".join(map(str, volumes))


@control("scaling/real-workers", "gradients are not exchanged")
def gradients_not_exchanged():
    x, y, (first, _, last, _) = workers.problem()

    def train(x, y):
        u, v = first.astype(float), last.astype(float)
        for _ in range(workers.STEPS):
            h = np.tanh(x @ u)
            error = 2 * (h @ v - y) / len(x)
            slopes = x.T @ (error @ v.T * (1 - h**2)), h.T @ error
            u, v = u - workers.RATE * slopes[0], v - workers.RATE * slopes[1]
        return [u, v]

    alone = train(scaling.shard(x, 0, 2), scaling.shard(y, 0, 2))
    return _gap(alone, train(x, y))


@cache
def _loss(batch, rate, epochs=2):
    """Return the training loss of a network of 32 units on 2,000 digits."""
    mnist, rng = data.load("mnist"), np.random.default_rng(7)
    x = np.float32(mnist.x_train[:2000].reshape(2000, -1)) / 255
    y = np.eye(10, dtype="float32")[mnist.y_train[:2000]]
    u = rng.normal(size=(784, 32)).astype("float32") / 28
    v = rng.normal(size=(32, 10)).astype("float32") / 6
    for _ in range(epochs):
        for rows in np.split(rng.permutation(2000), 2000 // batch):
            h = np.maximum(x[rows] @ u, 0)
            error = (_softmax(h @ v) - y[rows]) / batch
            du, dv = x[rows].T @ (error @ v.T * (h > 0)), h.T @ error
            u, v = u - rate * du, v - rate * dv
    p = (_softmax(np.maximum(x @ u, 0) @ v) * y).sum(1)
    return -np.log(p).mean()


def _softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@control("scaling/linear-rate", "the rate grows with the root of the batch")
def root_of_the_batch():
    base, kept = _loss(25, 0.05), _loss(400, 0.05)
    ruled = _loss(400, 0.05 * 16**0.5)
    return (kept - ruled) / (kept - base)


@control("scaling/linear-rate-limit", "the rate is not multiplied by 50")
def rate_kept():
    return _loss(1000, 0.05) / _loss(1000, 0.05 * 50**0.5)


@control("scaling/amdahl-1024", "the job grows with the processors")
def law_of_gustafson():
    return scaling.gustafson(1 - 0.004, 1024)


@control("scaling/gustafson-1024", "Amdahl's law is solved for the share")
def share_by_amdahl():
    return (1024 / 1016 - 1) / 1023


@control(
    "scaling/sweep-executors", "seeds belong to the order, not to the trials"
)
def seeds_by_order():
    plan = scaling.make_trials({"width": [8, 32, 64]}, seed=7)
    lines = []
    for order in (plan, plan[::-1]):  # as two executors may start them
        rng = np.random.default_rng(7)
        records = [{"id": t.id, "metric": rng.random()} for t in order]
        lines.append(scaling.comparable(records))
    return lines[0] == lines[1]


def _ratios(best, arrange=list):
    random, ratios = np.random.default_rng(7), []
    for _ in range(200):
        jobs = random.integers(1, 20, random.integers(2, 9)).tolist()
        makespan = scaling.list_schedule(arrange(jobs), 2).makespan
        ratios.append(makespan / best(jobs))
    return ratios


@control("scaling/graham-bound", "half of the work is taken for the best")
def half_of_the_work():
    return max(_ratios(lambda jobs: sum(jobs) / 2))


@control("scaling/graham-attained", "the long job comes first")
def long_job_first():
    jobs = [3] + [1] * 6
    late = scaling.list_schedule(jobs, 3).makespan
    return f"{late / scaling.best_makespan(jobs, 3):g}"


@control("scaling/longest-first", "the jobs are not sorted")
def not_sorted():
    return max(_ratios(lambda jobs: scaling.best_makespan(jobs, 2)))


@cache
def _trained(seed):
    return workers.seeded_training(seed)


def _same_bits(one, two):
    hashes = {workers.weights_hash(_trained(seed)) for seed in (one, two)}
    return len(hashes) == 1


@control("scaling/same-process-bits", "the second training has another seed")
def another_seed():
    return _same_bits(7, 8)


@control("scaling/new-process-bits", "the process id is added to the seed")
def seed_from_the_process():
    return _same_bits(7, 7 + os.getpid())


@control("scaling/threads-close", "the second training has another seed")
def another_seed_and_threads():
    return _gap(_trained(8), _trained(7))
