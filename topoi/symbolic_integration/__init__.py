"""Symbolic integration as translation, checked by differentiation.

The package, from the bottom up: `expressions` and `parsing` (an algebra of
functions of x), `trees` (counting and sampling), `generators` (problems with
known answers), `verification`, `vocabulary` and `model` (the network),
`search` (beams and solving), `peers` (computer algebra systems), `train` and
`shipped` (recipes and stored weights).

``python -m topoi.symbolic_integration "x**2*exp(x)"`` asks the shipped
network.
Keras is imported by `model` alone, so everything else starts at once.
"""

from topoi.symbolic_integration.expressions import (
    DomainError,
    Expr,
    ExpressionError,
    diff,
    from_prefix,
    to_infix,
    to_prefix,
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
    "verify",
]
