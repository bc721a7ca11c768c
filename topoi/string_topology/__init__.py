"""String topology of surfaces and orbifolds, exactly.

`words`     curves as words: one name for each class, formal sums;
`surface`   crossings, the Goldman bracket, self-intersection;
`orbifold`  cone points: projected bracket, double cosets;
`geometry`  two oracles in the hyperbolic plane, floats;
`drawing`   curves in a polygon and around cone points;
`loops`     loop stacks of finite quotients, weak actions, transfer;
`weights`   networks up to permutations: barriers, the spare neuron.
"""

from topoi.string_topology.drawing import (
    crossing_points,
    draw_closing_loop,
    draw_cone_points,
    draw_polygon,
    polygon_strands,
)
from topoi.string_topology.geometry import (
    FuchsianOracle,
    SchottkyOracle,
    Uncertain,
    certain,
)
from topoi.string_topology.loops import (
    Component,
    FiniteGroup,
    centraliser_order,
    characters,
    class_sizes,
    cocycles,
    compose,
    cycle_type,
    loop_components,
    partitions,
    symmetric_group,
    transfer,
    weak_quotient,
)
from topoi.string_topology.orbifold import (
    Coset,
    double_coset_bracket,
    line_crossings,
    orb_bracket,
    orb_canon,
    orb_crossings,
    random_lift,
    syllables,
)
from topoi.string_topology.surface import (
    CASES,
    SURFACES,
    Crossing,
    Surface,
)
from topoi.string_topology.weights import (
    Student,
    barrier,
    forward,
    hidden_permutation,
    match_neurons,
    move_neuron,
    permutation_path,
    random_teacher,
    spare_neuron_loop,
    square_loss,
    train_student,
    walk_along,
)
from topoi.string_topology.words import (
    canon,
    cyc_reduce,
    cyclic_words,
    extend_bracket,
    formal_sum,
    free_reduce,
    inverse,
    jacobi_defect,
    least_rotation,
    random_word,
    root_power,
    symmetry_defect,
)

__all__ = [
    "CASES",
    "SURFACES",
    "Component",
    "Coset",
    "Crossing",
    "FiniteGroup",
    "FuchsianOracle",
    "SchottkyOracle",
    "Student",
    "Surface",
    "Uncertain",
    "barrier",
    "canon",
    "centraliser_order",
    "certain",
    "characters",
    "class_sizes",
    "cocycles",
    "compose",
    "crossing_points",
    "cyc_reduce",
    "cycle_type",
    "cyclic_words",
    "double_coset_bracket",
    "draw_closing_loop",
    "draw_cone_points",
    "draw_polygon",
    "extend_bracket",
    "formal_sum",
    "forward",
    "free_reduce",
    "hidden_permutation",
    "inverse",
    "jacobi_defect",
    "least_rotation",
    "line_crossings",
    "loop_components",
    "match_neurons",
    "move_neuron",
    "orb_bracket",
    "orb_canon",
    "orb_crossings",
    "partitions",
    "permutation_path",
    "polygon_strands",
    "random_lift",
    "random_teacher",
    "random_word",
    "root_power",
    "spare_neuron_loop",
    "square_loss",
    "syllables",
    "symmetric_group",
    "symmetry_defect",
    "train_student",
    "transfer",
    "walk_along",
    "weak_quotient",
]
