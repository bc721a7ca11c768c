"""Layers that commute with a group: turns of the plane, sphere and mesh."""

from topoi.equivariant.groups import (
    Cyclic4,
    Dihedral4,
    SquareGroup,
    equivariance_error,
    is_exact_size,
)
from topoi.equivariant.planar import (
    FrozenGroupConv2D,
    GroupAveragePool2D,
    GroupConv2D,
    GroupPool,
    LiftingConv2D,
    freeze,
    group_batchnorm,
)

__all__ = [
    "Cyclic4",
    "Dihedral4",
    "FrozenGroupConv2D",
    "GroupAveragePool2D",
    "GroupConv2D",
    "GroupPool",
    "LiftingConv2D",
    "SquareGroup",
    "equivariance_error",
    "freeze",
    "group_batchnorm",
    "is_exact_size",
]
