"""Training: optimisers, initial weights, and what stops over-fitting.

- `optimisers`: descent, momentum, Adam: one step each, and a walk
- `valleys`: quadratic valleys, where the speed is known exactly
- `drawing`: such a valley to explore; what transfer copies
- `deep`: networks of any depth by hand, signals through untrained ones
- `fitting`: mini-batches, early stopping, dropout
- `transfer`: a trained network with a new head, its first layers frozen
"""

from topoi.training.deep import (
    GAINS,
    Signal,
    deep_forward,
    deep_gradients,
    init_layers,
    signal_by_depth,
)
from topoi.training.drawing import (
    draw_transfer,
    explore_valley,
    valley_walk,
)
from topoi.training.fitting import (
    Epochs,
    batches,
    build_signal_network,
    drop,
    loss_and_accuracy,
    stopped_epoch,
    train_layers,
    update_layer,
)
from topoi.training.optimisers import (
    AdamState,
    adam_step,
    descent_step,
    momentum_step,
    walk,
)
from topoi.training.transfer import (
    few_of_each,
    swap_head,
    train_top,
    transfer_starts,
)
from topoi.training.valleys import (
    best_settings,
    contraction,
    valley,
    valley_slope,
)

__all__ = [
    "AdamState",
    "Epochs",
    "GAINS",
    "Signal",
    "adam_step",
    "batches",
    "best_settings",
    "build_signal_network",
    "contraction",
    "deep_forward",
    "deep_gradients",
    "descent_step",
    "draw_transfer",
    "drop",
    "loss_and_accuracy",
    "explore_valley",
    "few_of_each",
    "init_layers",
    "momentum_step",
    "signal_by_depth",
    "stopped_epoch",
    "swap_head",
    "train_layers",
    "train_top",
    "transfer_starts",
    "update_layer",
    "valley",
    "valley_slope",
    "valley_walk",
    "walk",
]
