"""Implicit networks: layers that are defined by an equation.

- `checks`: what the other files refuse, and the activations
- `equilibrium`: is there one fixed point, and how is it found
- `models`: four matrices, networks as implicit models, their algebra
- `gradients`: derivatives of an equilibrium, exact and unrolled
- `projection`: the nearest matrix with short rows
- `robustness`: bounds, certificates, and attacks by linear programs
- `training`: exact gradients and projections, in NumPy
- `layers`: `ImplicitDense`, a layer of Keras on every backend; it is not
  imported here, so that everything else works without Keras
"""

from topoi.implicit.checks import Activation
from topoi.implicit.equilibrium import (
    Equilibrium,
    certificate,
    error_bound,
    newton,
    pf_radius,
    pf_rescale,
    picard,
    relu_solutions,
    scaling,
)
from topoi.implicit.gradients import (
    ModelGradients,
    implicit_gradient,
    unrolled_gradient,
)
from topoi.implicit.models import (
    ImplicitModel,
    active_states,
    add,
    answer,
    cascade,
    feedback,
    from_feedforward,
    from_recurrent,
    from_residual,
    implicit_model,
    jacobian,
    reduce_states,
    side_by_side,
    with_one,
)
from topoi.implicit.projection import project_rows, row_norm
from topoi.implicit.robustness import (
    Certified,
    Relaxed,
    attack_radius,
    certified_radius,
    gap_rates,
    lp_attack,
    sensitivity,
    sign_directions,
    state_sensitivity,
)
from topoi.implicit.training import (
    Settings,
    Trained,
    equilibrium_task,
    share_right,
    small_digits,
    train_implicit,
)

__all__ = [
    "Activation",
    "Certified",
    "Equilibrium",
    "ImplicitModel",
    "ModelGradients",
    "Relaxed",
    "Settings",
    "Trained",
    "active_states",
    "add",
    "answer",
    "attack_radius",
    "cascade",
    "certificate",
    "certified_radius",
    "equilibrium_task",
    "error_bound",
    "feedback",
    "from_feedforward",
    "from_recurrent",
    "from_residual",
    "gap_rates",
    "implicit_gradient",
    "implicit_model",
    "jacobian",
    "lp_attack",
    "newton",
    "pf_radius",
    "pf_rescale",
    "picard",
    "project_rows",
    "reduce_states",
    "relu_solutions",
    "row_norm",
    "scaling",
    "sensitivity",
    "share_right",
    "side_by_side",
    "sign_directions",
    "small_digits",
    "state_sensitivity",
    "train_implicit",
    "unrolled_gradient",
    "with_one",
]
