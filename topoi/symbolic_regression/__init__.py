"""Symbolic regression by networks whose units are formulas.

- `units`: the formulas, with value, slope, and expression
- `penalties`: what makes weights vanish, smoothed L0.5 and relaxed L0
- `training`: many networks side by side in NumPy, in three phases
- `gated`: training with gates, the relaxed L0
- `formula`: from weights to a formula; reading a formula from text
- `known`: weights by hand, for formulas that are inside the network
- `discovery`: restarts, polishing, the choice, an answer to a reader
- `layers`: `EQLLayer` and networks of Keras (imports Keras)
- `arithmetic`: the sum of two handwritten digits (imports Keras)
- `dynamics`: systems with a hidden number (imports Keras)
"""

from topoi.symbolic_regression.discovery import (
    FUNCTIONS_OF_THE_PAPER,
    QUICK,
    Discovery,
    answer_reader,
    discover,
    exactly,
    read_out,
    sample,
)
from topoi.symbolic_regression.formula import (
    FormulaError,
    parse_formula,
    prune_dead,
    same_formula,
    tidy,
    to_numpy,
    to_sympy,
)
from topoi.symbolic_regression.gated import (
    expected_l0_slope,
    gate_slope,
    train_gated,
)
from topoi.symbolic_regression.known import EXACT_NETWORKS, exact_network
from topoi.symbolic_regression.penalties import (
    expected_l0,
    hard_concrete,
    l05_slope,
    l05_smooth,
    mean_gate,
)
from topoi.symbolic_regression.training import (
    STANDARD,
    Settings,
    Trained,
    forward,
    freeze_masks,
    initial_weights,
    jacobian,
    loss_and_grad,
    polish,
    run_phase,
    train_in_phases,
)
from topoi.symbolic_regression.units import (
    DEFAULT_UNITS,
    UNITS,
    Block,
    Unit,
    blocks,
    columns,
)

__all__ = [
    "DEFAULT_UNITS",
    "EXACT_NETWORKS",
    "FUNCTIONS_OF_THE_PAPER",
    "QUICK",
    "STANDARD",
    "UNITS",
    "Block",
    "Discovery",
    "FormulaError",
    "Settings",
    "Trained",
    "Unit",
    "answer_reader",
    "blocks",
    "columns",
    "discover",
    "exact_network",
    "exactly",
    "expected_l0",
    "expected_l0_slope",
    "forward",
    "freeze_masks",
    "gate_slope",
    "hard_concrete",
    "initial_weights",
    "jacobian",
    "l05_slope",
    "l05_smooth",
    "loss_and_grad",
    "mean_gate",
    "parse_formula",
    "polish",
    "prune_dead",
    "read_out",
    "run_phase",
    "same_formula",
    "sample",
    "tidy",
    "to_numpy",
    "to_sympy",
    "train_in_phases",
    "train_gated",
]
