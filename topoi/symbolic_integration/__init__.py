"""Symbolic integration as translation, checked by differentiation.

From the bottom up:

- `expressions`: functions of x, in one canonical form each
- `parsing`: infix text, in the syntax of SymPy
- `trees`: how many expressions there are, and drawing them uniformly
- `generators`: problems with known answers
- `verification`: whether F is an antiderivative of f
- `vocabulary`: tokens and their numbers
- `model`: the Transformer; the only file that imports Keras at once
- `search`: beams, and solving
- `peers`: computer algebra systems under a time limit
- `train`: settings, data on all cores, training with checkpoints
- `shipped`: stored weights, pairs and tables
- `tables`: the tables that take longer than a notebook may
- `figures`: figures that answer to sliders and buttons

``python -m topoi.symbolic_integration "x**2*exp(x)"`` asks the shipped
network.
"""

from topoi.symbolic_integration.expressions import (
    DomainError,
    Expr,
    ExpressionError,
    diff,
    from_prefix,
    to_infix,
    to_prefix,
    value_of,
)
from topoi.symbolic_integration.generators import (
    PAPER,
    SMALL,
    WIDE,
    bwd_pairs,
    ibp_pairs,
    is_held_out,
    ode1_pairs,
    ode2_pairs,
    substitution_pairs,
    table_pairs,
    take,
)
from topoi.symbolic_integration.parsing import parse
from topoi.symbolic_integration.peers import cas_integrate
from topoi.symbolic_integration.trees import (
    TreeSampler,
    random_tree,
    tree_counts,
)
from topoi.symbolic_integration.verification import examine, verify

__all__ = [
    "PAPER",
    "SMALL",
    "WIDE",
    "DomainError",
    "Expr",
    "ExpressionError",
    "TreeSampler",
    "bwd_pairs",
    "cas_integrate",
    "diff",
    "examine",
    "from_prefix",
    "ibp_pairs",
    "is_held_out",
    "ode1_pairs",
    "ode2_pairs",
    "parse",
    "random_tree",
    "substitution_pairs",
    "table_pairs",
    "take",
    "to_infix",
    "to_prefix",
    "tree_counts",
    "value_of",
    "verify",
]
