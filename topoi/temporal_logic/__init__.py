"""Temporal logic: formulas about signals, and networks made of them.

- `syntax`: formulas as trees, and what may be done to them
- `semantics`: true or false, exact margins, weighted soft margins
- `language`: sentences that are read and written; questions of a reader
- `layers`: predicates and operators as layers of Keras
- `learning`: networks of formulas: build, train, read out
- `settings`: steps, rate, batches
- `by_hand`: one formula trained in NumPy, for surveys
- `series`: rules of one threshold, splits, a simulated room
"""

from topoi.temporal_logic.by_hand import (
    Fitted,
    first_parameters,
    fit_formula,
    fit_restarts,
    keep_steps,
    loss_and_gradient,
    mean_shares,
    parameters_of,
)
from topoi.temporal_logic.language import (
    explain,
    formula_to_text,
    parse_formula,
    read_series,
)
from topoi.temporal_logic.layers import (
    AlwaysLayer,
    AndLayer,
    EventuallyLayer,
    OrLayer,
    PredicateLayer,
    soft_min_shares,
    weighted_soft_min,
)
from topoi.temporal_logic.learning import (
    build_formula_network,
    build_lstm,
    decide,
    keep_largest,
    margin_loss,
    margins,
    read_formula,
    set_softness,
    train_formulas,
    train_restarts,
)
from topoi.temporal_logic.semantics import (
    satisfies,
    soft_min,
    soft_min_gap,
    soft_min_gradient,
    stl_robustness,
    wstl_robustness,
)
from topoi.temporal_logic.series import (
    ROOM,
    OneRule,
    Split,
    Windows,
    cut_windows,
    one_rule,
    resampled_split,
    simulate_room,
    standardise,
    threshold_rule,
)
from topoi.temporal_logic.settings import FormulaSettings
from topoi.temporal_logic.syntax import (
    Always,
    And,
    Atom,
    Eventually,
    Formula,
    FormulaError,
    Not,
    Or,
    atoms,
    horizon,
    map_formula,
    original_units,
    time_reversed,
    topk_sparsify,
)

__all__ = [
    "ROOM",
    "Always",
    "AlwaysLayer",
    "And",
    "AndLayer",
    "Atom",
    "Eventually",
    "EventuallyLayer",
    "Fitted",
    "Formula",
    "FormulaError",
    "FormulaSettings",
    "Not",
    "OneRule",
    "Or",
    "OrLayer",
    "PredicateLayer",
    "Split",
    "Windows",
    "atoms",
    "build_formula_network",
    "build_lstm",
    "cut_windows",
    "decide",
    "explain",
    "first_parameters",
    "fit_formula",
    "fit_restarts",
    "formula_to_text",
    "horizon",
    "keep_largest",
    "keep_steps",
    "loss_and_gradient",
    "map_formula",
    "margin_loss",
    "margins",
    "mean_shares",
    "one_rule",
    "original_units",
    "parameters_of",
    "parse_formula",
    "read_formula",
    "read_series",
    "resampled_split",
    "satisfies",
    "set_softness",
    "simulate_room",
    "soft_min",
    "soft_min_gap",
    "soft_min_gradient",
    "soft_min_shares",
    "standardise",
    "stl_robustness",
    "threshold_rule",
    "time_reversed",
    "topk_sparsify",
    "train_formulas",
    "train_restarts",
    "weighted_soft_min",
    "wstl_robustness",
]
