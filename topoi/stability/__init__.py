"""Stability: what no algorithm computes, and what FIRENET does.

`barrier`   problems that jump, the oracle, the adversary;
`recovery`  exact linear programs, primal-dual steps, FIRENET;
`imaging`   Haar wavelets, Fourier masks, test pictures;
`networks`  `FirenetLayer`, and a network that is trained;
`attack`    search for the worst perturbation.
"""

from topoi.stability.attack import Attack, momentum_search, worst_case
from topoi.stability.barrier import (
    DyadicOracle,
    JumpInstance,
    ReadLimitError,
    Sample,
    Verdict,
    adversary,
    block_instance,
    jump_instance,
    row_solutions,
)
from topoi.stability.imaging import (
    FourierHaar,
    ellipse_images,
    frequency_mask,
    grid_detail,
    haar2,
    haar_levels,
    haar_matrix,
    hide_detail,
    ihaar2,
    level_weights,
    phantom,
    real_matrix,
)
from topoi.stability.networks import FirenetLayer, build_reconstructor
from topoi.stability.recovery import (
    Matrix,
    PrimalDual,
    SquareRootLasso,
    affine_layers,
    basis_pursuit,
    firenet,
    inner_steps,
    primal_dual,
    project_to_ball,
    restarts_for,
    sharpness_from_null_space,
    soft,
)

__all__ = [
    "Attack",
    "DyadicOracle",
    "FirenetLayer",
    "FourierHaar",
    "JumpInstance",
    "Matrix",
    "PrimalDual",
    "ReadLimitError",
    "Sample",
    "SquareRootLasso",
    "Verdict",
    "adversary",
    "affine_layers",
    "basis_pursuit",
    "block_instance",
    "build_reconstructor",
    "ellipse_images",
    "firenet",
    "frequency_mask",
    "grid_detail",
    "haar2",
    "haar_levels",
    "haar_matrix",
    "hide_detail",
    "ihaar2",
    "inner_steps",
    "jump_instance",
    "level_weights",
    "momentum_search",
    "phantom",
    "primal_dual",
    "project_to_ball",
    "real_matrix",
    "restarts_for",
    "row_solutions",
    "sharpness_from_null_space",
    "soft",
    "worst_case",
]
