"""First networks: arrays, neurons, and gradients from scratch.

- `tape`: a reverse-mode tape: values forward, adjoints backward
- `differences`: gradients by finite differences
- `network`: one hidden layer, by hand and in Keras
- `symmetry`: the network of 1986, which sees mirror symmetry
- `counting`: numbers that count the arithmetic done with them
- `drawing`: pictures of a tape, one of them explorable
- `puzzles`: small questions that answer back

Examples are rows: the first axis of every batch counts examples.
"""

from topoi.foundations.counting import Counted
from topoi.foundations.differences import (
    central_differences,
    grad_check,
    relative_gap,
)
from topoi.foundations.drawing import (
    draw_graph,
    explore_backward,
    graph_places,
    neuron_tape,
)
from topoi.foundations.network import (
    accuracy,
    build_network,
    cross_entropy,
    descend,
    forward,
    init_params,
    loss_and_gradients,
    one_hot,
    softmax,
    tape_loss,
)
from topoi.foundations.puzzles import PUZZLES, Puzzle, quiz, reply
from topoi.foundations.symmetry import (
    Symmetry,
    learn_symmetry,
    mirror_gap,
    sigmoid,
    symmetry_task,
    weight_ratios,
)
from topoi.foundations.tape import Var, topological_order

__all__ = [
    "Counted",
    "PUZZLES",
    "Puzzle",
    "Symmetry",
    "Var",
    "accuracy",
    "build_network",
    "central_differences",
    "cross_entropy",
    "descend",
    "draw_graph",
    "explore_backward",
    "forward",
    "grad_check",
    "graph_places",
    "init_params",
    "learn_symmetry",
    "loss_and_gradients",
    "mirror_gap",
    "neuron_tape",
    "one_hot",
    "quiz",
    "relative_gap",
    "reply",
    "sigmoid",
    "softmax",
    "symmetry_task",
    "tape_loss",
    "topological_order",
    "weight_ratios",
]
