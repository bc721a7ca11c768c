"""Robustness: how far an input may move before the answer changes.

- `networks`: a smooth dense network, its training, and fine-tuning
- `shapes`: classifiers given by a formula, whose boundaries are known
- `slopes`: labels, logits with their Jacobian, Hessians of a gap
- `perturb`: DeepFool in two norms, and the projection into a class
- `attacks`: one gradient sign step, L-BFGS, and how attacks are measured
- `regions`: paths between two points that stay in one class
- `curvature`: points of the boundary and its principal curvatures
- `detector`: curvature as a sign of an attack, and label recovery
"""

from topoi.robustness.attacks import (
    fgsm,
    fgsm_eps_for_rate,
    fgsm_own_eps,
    lbfgs_attack,
    rho_adv,
    sign_direction,
)
from topoi.robustness.curvature import (
    boundary_points,
    curved_subspace,
    fooling_rate,
    mean_curvature,
    principal_curvatures,
    sampled_curvature,
)
from topoi.robustness.detector import curvature_score
from topoi.robustness.networks import (
    Settings,
    SharpSoftplus,
    build_smooth_mlp,
    fine_tune,
    train_adam,
)
from topoi.robustness.perturb import (
    DeepFoolResult,
    batch_step,
    deepfool,
    hyperplane_step,
    move_into_class,
)
from topoi.robustness.regions import (
    find_path,
    length_ratio,
    points_along,
    stays_inside,
)
from topoi.robustness.shapes import (
    affine_classifier,
    disc_classifier,
    quadratic_classifier,
    spiral_classifier,
)
from topoi.robustness.slopes import (
    gap_hessians,
    gap_product,
    gap_weights,
    labels_of,
    logit_jacobian,
    logits_of,
)

__all__ = [
    "DeepFoolResult",
    "Settings",
    "SharpSoftplus",
    "affine_classifier",
    "batch_step",
    "boundary_points",
    "build_smooth_mlp",
    "curvature_score",
    "curved_subspace",
    "deepfool",
    "disc_classifier",
    "fgsm",
    "fgsm_eps_for_rate",
    "fgsm_own_eps",
    "find_path",
    "fine_tune",
    "fooling_rate",
    "gap_hessians",
    "gap_product",
    "gap_weights",
    "hyperplane_step",
    "labels_of",
    "lbfgs_attack",
    "length_ratio",
    "logit_jacobian",
    "logits_of",
    "mean_curvature",
    "move_into_class",
    "points_along",
    "principal_curvatures",
    "quadratic_classifier",
    "rho_adv",
    "sampled_curvature",
    "sign_direction",
    "spiral_classifier",
    "stays_inside",
    "train_adam",
]
