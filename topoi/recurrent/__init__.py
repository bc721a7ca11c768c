"""Recurrent networks, adders and scans.

One subject a file:

- `checks`: what the other files refuse
- `cells`: plain, LSTM and GRU cells from their equations, in NumPy
- `counting`: how many weights each layer holds
- `scans`: prefixes of an associative product, and linear recurrences
- `adders`: carries that ripple or look ahead, and sums to learn from
- `min_gru`: `MinGRU`, a gated recurrence that one scan solves
- `masks`: what masked steps hold, and the last step that counts
- `lookahead`: the carry-lookahead network, and how far it sees
- `dependence`: which outputs of a sequence model move with which inputs
- `forecasting`: windows of a series, an honest split, baselines
- `figures`: figures that answer to sliders and buttons

Time is axis 1 of a batch of sequences, shape (batch, time, features). A NaN
in one sequence spoils states of that sequence, and of no other.
"""

from topoi.recurrent.adders import (
    addition_task,
    carry_compose,
    carry_distance,
    lookahead_add,
    ripple_add,
    to_bits,
    to_integers,
)
from topoi.recurrent.cells import (
    gru_forward,
    gru_step,
    lstm_forward,
    lstm_step,
    rnn_step,
)
from topoi.recurrent.checks import check_sequences
from topoi.recurrent.counting import (
    gru_parameters,
    lookahead_parameters,
    lstm_parameters,
    min_gru_parameters,
    rnn_parameters,
)
from topoi.recurrent.dependence import dependence
from topoi.recurrent.forecasting import (
    persistence,
    ridge_forecast,
    seasonal_naive,
    time_split,
    windows,
)
from topoi.recurrent.lookahead import (
    CarryLookahead,
    CarryLookaheadRNN,
    causal_field,
    levels_for,
)
from topoi.recurrent.min_gru import MinGRU
from topoi.recurrent.scans import (
    SCAN_METHODS,
    linear_compose,
    prefix_scan,
    scan_linear,
)

__all__ = [
    "CarryLookahead",
    "CarryLookaheadRNN",
    "MinGRU",
    "SCAN_METHODS",
    "addition_task",
    "carry_compose",
    "carry_distance",
    "causal_field",
    "check_sequences",
    "dependence",
    "gru_forward",
    "gru_parameters",
    "gru_step",
    "levels_for",
    "linear_compose",
    "lookahead_add",
    "lookahead_parameters",
    "lstm_forward",
    "lstm_parameters",
    "lstm_step",
    "min_gru_parameters",
    "persistence",
    "prefix_scan",
    "ridge_forecast",
    "ripple_add",
    "rnn_parameters",
    "rnn_step",
    "scan_linear",
    "seasonal_naive",
    "time_split",
    "to_bits",
    "to_integers",
    "windows",
]
