"""Polynomial networks: products of inputs, and products of filters.

- `recursions`: CCP and NCP on numbers of any kind; tensors; counts
- `layers`: `CCP` and `NCP` as layers of Keras
- `degrees`: the degree of a black box; expansion by SymPy
- `networks`: classifiers, residual blocks, generators, their training
- `filters`: linear convolutional networks as products of polynomials
- `landscape`: all critical points of two filters of size two
- `drawing`: CCP as a diagram, dots of a survey, roots to explore
"""

from topoi.polynomial.degrees import (
    expand,
    integer_weights,
    polynomial_degree,
)
from topoi.polynomial.drawing import (
    draw_ccp,
    draw_seeds,
    explore_roots,
    shadow,
)
from topoi.polynomial.filters import (
    FilterPath,
    alignment,
    even_sizes,
    lcn_apply,
    lcn_compose,
    lcn_contains,
    lcn_factor,
    lcn_flow,
    lcn_gradient,
    lcn_hessian,
    lcn_jacobian,
    real_root_count,
    shared_degree,
)
from topoi.polynomial.landscape import (
    CriticalPoint,
    critical_points,
    discriminant,
    double_roots,
    nearest_square,
    stationary_form,
    strided_critical_points,
)
from topoi.polynomial.layers import CCP, NCP
from topoi.polynomial.networks import (
    PolySettings,
    build_dense,
    build_maker,
    build_polynomial,
    build_residual,
    correct_share,
    energy_distance,
    energy_loss,
    make,
    mean_distance,
    polynomial_block,
    train_maker,
    train_polynomial,
)
from topoi.polynomial.recursions import (
    ccp_closed_form,
    ccp_forward,
    ccp_parameters,
    ccp_tensor,
    contract,
    ncp_forward,
    symmetrised,
    tensor_parameters,
)

__all__ = [
    "CCP",
    "CriticalPoint",
    "FilterPath",
    "NCP",
    "PolySettings",
    "alignment",
    "build_dense",
    "build_maker",
    "build_polynomial",
    "build_residual",
    "ccp_closed_form",
    "ccp_forward",
    "ccp_parameters",
    "ccp_tensor",
    "contract",
    "correct_share",
    "critical_points",
    "discriminant",
    "double_roots",
    "draw_ccp",
    "draw_seeds",
    "energy_distance",
    "energy_loss",
    "even_sizes",
    "expand",
    "explore_roots",
    "integer_weights",
    "lcn_apply",
    "lcn_compose",
    "lcn_contains",
    "lcn_factor",
    "lcn_flow",
    "lcn_gradient",
    "lcn_hessian",
    "lcn_jacobian",
    "make",
    "mean_distance",
    "ncp_forward",
    "nearest_square",
    "polynomial_block",
    "polynomial_degree",
    "real_root_count",
    "shadow",
    "shared_degree",
    "stationary_form",
    "strided_critical_points",
    "symmetrised",
    "tensor_parameters",
    "train_maker",
    "train_polynomial",
]
