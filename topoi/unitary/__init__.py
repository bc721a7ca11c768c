"""Unitary networks: weights that keep lengths, in any shape.

`lie`        skew-symmetric to orthonormal columns, in double precision;
`maps`       the same in `keras.ops`: exponential and Cayley map;
`layers`     `StiefelDense`, `StiefelConv2D`, `PixelNorm`, `MaxMin`;
`depth`      norms through a stack of matrices and activations;
`spectrum`   all singular values of a convolution;
`networks`   networks that differ in one thing, and ResNet-44;
`inference`  weights fixed, batch normalisation folded away.
"""

from topoi.unitary.depth import (
    ACTIVATIONS,
    Norms,
    draw_weights,
    norms_through_depth,
    sort_pairs,
)
from topoi.unitary.inference import (
    fold_batchnorm,
    folded_weights,
    freeze_stiefel,
)
from topoi.unitary.layers import (
    MaxMin,
    OrthonormalWeights,
    PixelNorm,
    StiefelConv2D,
    StiefelDense,
)
from topoi.unitary.lie import (
    cayley_columns,
    cayley_parameters,
    exp_columns,
    lower_from_flat,
    random_stiefel,
    skew_from_lower,
    stiefel_dimension,
    thin_exp,
)
from topoi.unitary.maps import expm, polish, stiefel
from topoi.unitary.networks import (
    VARIANTS,
    build_chain,
    build_digit_network,
    build_resnet44,
    conv_unit,
    resnet44_shapes,
)
from topoi.unitary.spectrum import conv_singular_values, flat_kernel

__all__ = [
    "ACTIVATIONS",
    "MaxMin",
    "Norms",
    "OrthonormalWeights",
    "PixelNorm",
    "StiefelConv2D",
    "StiefelDense",
    "VARIANTS",
    "build_chain",
    "build_digit_network",
    "build_resnet44",
    "cayley_columns",
    "cayley_parameters",
    "conv_singular_values",
    "conv_unit",
    "draw_weights",
    "exp_columns",
    "expm",
    "flat_kernel",
    "fold_batchnorm",
    "folded_weights",
    "freeze_stiefel",
    "lower_from_flat",
    "norms_through_depth",
    "polish",
    "random_stiefel",
    "resnet44_shapes",
    "skew_from_lower",
    "sort_pairs",
    "stiefel",
    "stiefel_dimension",
    "thin_exp",
]
