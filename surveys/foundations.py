"""The network of 1986, for a hundred seeds."""

import numpy as np

from topoi import foundations
from topoi.survey import survey

SWEEPS = 10_000


def _run(seed: int) -> foundations.Symmetry:
    return foundations.learn_symmetry(seed, SWEEPS)


@survey("foundations/symmetry-sweeps", seeds=range(100))
def symmetry_sweeps(seed):
    """Sweeps until solved; 10,000 stands for at least so many."""
    solved = _run(seed).solved
    return {"sweeps": SWEEPS if solved is None else solved}


@survey("foundations/symmetry-solved", seeds=range(100), reduce="mean")
def symmetry_solved(seed):
    """Whether the run was solved at all."""
    return {"solved": float(_run(seed).solved is not None)}


@survey("foundations/symmetry-weights", seeds=range(50), reduce="mean")
def symmetry_weights(seed):
    """Whether the next run that is solved ends as printed in the paper."""
    run = _run(seed)
    while run.solved is None:
        seed += 1000
        run = _run(seed)
    w1 = run.params[0]
    gap = np.abs(foundations.weight_ratios(w1) / [1, 2, 4] - 1).max()
    mirror = foundations.mirror_gap(w1)
    as_printed = gap < 0.1 and mirror < 0.1
    return {
        "as_printed": float(as_printed),
        "ratio_gap": gap,
        "mirror_gap": mirror,
    }
