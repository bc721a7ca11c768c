"""Equivalent networks: which parameters, and which sizes, give one function.

- `bounds`: values of units on a box: intervals, fractions, signs on data
- `milp`: exact stability with HiGHS
- `removal`: stable units removed, layers folded; equality as a certificate
- `shallow`: any network in two hidden layers, networks for maxima
- `symmetry`: scalings, orders, the canonical form, dimensions by ranks
- `genni`: students of one teacher, slices through their parameters
- `networks`: classifiers trained with an l1 penalty or on attacked inputs
- `figures`: the figure with the shrinking box
- `regions`: a network's cells on planes through examples
"""

from topoi.equivalence.bounds import (
    Interval,
    Status,
    data_statuses,
    forward,
    interval_bounds,
    local_box,
    preactivations,
    random_network,
    statuses,
    to_fractions,
)
from topoi.equivalence.figures import (
    explore_box,
)
from topoi.equivalence.genni import (
    Slice,
    Students,
    draw_teacher,
    function_losses,
    genni_slice,
    one_hidden_layer,
    segment_losses,
    student_gradients,
    train_students,
)
from topoi.equivalence.milp import (
    StabilityProgram,
    stable_units,
)
from topoi.equivalence.networks import (
    Settings,
    build_relu_network,
    model_accuracy,
    penalised_loss,
    train_compressible,
)
from topoi.equivalence.regions import (
    cells_per_plane,
    on_plane,
)
from topoi.equivalence.removal import (
    Comparison,
    Reduced,
    compare_exactly,
    difference_network,
    fold,
    merge_dependent,
    outside_witness,
    remove_stable,
)
from topoi.equivalence.shallow import (
    Term,
    cell_walls,
    five_terms,
    max_network,
    max_of_five,
    orbit,
    sorted_form,
    two_hidden_layers,
)
from topoi.equivalence.symmetry import (
    Dimension,
    canonical,
    equivalence_dimension,
    exact_rank,
    flatten,
    parameter_distance,
    parameter_jacobian,
    reorder,
    rescale,
)

__all__ = [
    "Comparison",
    "Dimension",
    "Interval",
    "Reduced",
    "Settings",
    "Slice",
    "StabilityProgram",
    "Status",
    "Students",
    "Term",
    "build_relu_network",
    "canonical",
    "cell_walls",
    "cells_per_plane",
    "compare_exactly",
    "data_statuses",
    "difference_network",
    "draw_teacher",
    "equivalence_dimension",
    "exact_rank",
    "explore_box",
    "five_terms",
    "flatten",
    "fold",
    "forward",
    "function_losses",
    "genni_slice",
    "interval_bounds",
    "local_box",
    "max_network",
    "max_of_five",
    "merge_dependent",
    "model_accuracy",
    "on_plane",
    "one_hidden_layer",
    "orbit",
    "outside_witness",
    "parameter_distance",
    "parameter_jacobian",
    "penalised_loss",
    "preactivations",
    "random_network",
    "remove_stable",
    "reorder",
    "rescale",
    "segment_losses",
    "sorted_form",
    "stable_units",
    "statuses",
    "student_gradients",
    "to_fractions",
    "train_compressible",
    "train_students",
    "two_hidden_layers",
]
