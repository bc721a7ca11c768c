"""Half the bits, half the weights: narrow formats and 2:4 sparsity.

- `formats`: rounding to bfloat16, float16 and others, bit by bit
- `accumulation`: sums that are rounded at every step
- `training`: a network whose products are rounded
- `layers`: the same as a layer of Keras
- `sparsity`: N:M masks, the compressed form, permutations of channels
- `speed`: what a GPU gains by them
- `figures`: figures that answer to sliders and buttons
"""

from topoi.precision.accumulation import (
    kahan_sum,
    pairwise_sum,
    running_sum,
    stagnation_point,
)
from topoi.precision.formats import (
    BFLOAT16,
    FLOAT8_E5M2,
    FLOAT16,
    FLOAT32,
    FORMATS,
    TFLOAT32,
    Format,
    round_block,
    round_to,
    truncate_to,
)
from topoi.precision.layers import (
    LowPrecisionDense,
    round_error,
    straight_through,
)
from topoi.precision.sparsity import (
    Compressed,
    FixedMask,
    Permutation,
    SwapTable,
    compress_24,
    decompress_24,
    is_nm,
    kept_magnitude,
    mask_nm,
    matmul_24,
    permute_channels,
    search_permutation,
)
from topoi.precision.speed import (
    Speed,
    find_device,
    measure_speeds,
)
from topoi.precision.training import (
    Arithmetic,
    Networks,
    Settings,
    Training,
    forward,
    initial_layers,
    loss_and_error,
    next_loss_scale,
    predict,
    train,
)

__all__ = [
    "BFLOAT16",
    "FLOAT16",
    "FLOAT32",
    "FLOAT8_E5M2",
    "FORMATS",
    "TFLOAT32",
    "Arithmetic",
    "Compressed",
    "FixedMask",
    "Format",
    "LowPrecisionDense",
    "Networks",
    "Permutation",
    "Settings",
    "Speed",
    "SwapTable",
    "Training",
    "compress_24",
    "decompress_24",
    "find_device",
    "forward",
    "initial_layers",
    "is_nm",
    "kahan_sum",
    "kept_magnitude",
    "loss_and_error",
    "mask_nm",
    "matmul_24",
    "measure_speeds",
    "next_loss_scale",
    "pairwise_sum",
    "permute_channels",
    "predict",
    "round_block",
    "round_error",
    "round_to",
    "running_sum",
    "search_permutation",
    "stagnation_point",
    "straight_through",
    "train",
    "truncate_to",
]
