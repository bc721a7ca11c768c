"""Students of a small teacher, and barriers between its permuted copies."""

from itertools import permutations

import numpy as np

from topoi import string_topology as st
from topoi.survey import survey

WIDTH, INPUTS, EXAMPLES, STUDENTS = 5, 3, 400, 40


def task(seed):
    """Return a teacher, inputs, outputs, and the generator behind them."""
    rng = np.random.default_rng(seed)
    teacher = st.random_teacher(WIDTH, INPUTS, rng)
    x = rng.normal(size=(EXAMPLES, INPUTS))
    return teacher, x, st.forward(teacher, x), rng


@survey(
    "string_topology/one-point",
    seeds=range(8),
    value=lambda u: u["same"] / max(u["perfect"], 1),
    reduce="min",
)
def students(seed):
    """Train students; compare those without error with the teacher."""
    teacher, x, y, rng = task(seed)
    trained = [st.train_student(x, y, WIDTH, rng) for _ in range(STUDENTS)]
    perfect = [s.theta for s in trained if s.loss < 1e-24]
    before, after, same = [], [], 0
    for theta in perfect:
        matched = st.hidden_permutation(
            theta, *st.match_neurons(theta, teacher)
        )
        same += np.allclose(matched, teacher, rtol=1e-6, atol=1e-6)

        def loss(v):
            return st.square_loss(v, x, y) / y.var()

        before.append(st.barrier(loss, theta, teacher))
        after.append(st.barrier(loss, matched, teacher))
    return {
        "perfect": len(perfect),
        "same": int(same),
        "barrier before": float(np.mean(before)),
        "barrier after": float(np.max(after)),
    }


@survey(
    "string_topology/barrier-varies",
    seeds=range(8),
    value=lambda u: u["within"] / u["between"],
)
def barriers(seed):
    """Measure the straight path to each of the permuted teachers."""
    teacher, x, y, _ = task(seed)

    def loss(v):
        return st.square_loss(v, x, y) / y.var()

    heights = {}
    for p in permutations(range(WIDTH)):
        if p != tuple(range(WIDTH)):
            moved = st.hidden_permutation(teacher, p)
            height = st.barrier(loss, teacher, moved, 21)
            heights.setdefault(st.cycle_type(p), []).append(height)
    means = {kind: np.mean(v) for kind, v in heights.items()}
    within = np.sqrt(np.mean([np.var(v) for v in heights.values()]))
    return {
        "within": float(within),
        "between": float(np.std(list(means.values()))),
    } | {str(kind): float(mean) for kind, mean in means.items()}
