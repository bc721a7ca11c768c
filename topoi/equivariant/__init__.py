"""Layers that commute with a group: turns of the plane, sphere and mesh.

One subject a file:

- `groups`: turns and mirrors of a square, and how to measure equivariance
- `planar`: p4 and p4m convolutions, pooling over the group, `freeze`
- `induced`: induced representations, and all maps that commute
- `steerable`: fields on the plane, circular harmonics, steerable filters
- `rotations`: Wigner matrices, spherical harmonics, Clebsch-Gordan
- `sphere`: layers on the sphere and on the group of rotations
- `mesh`: a triangulated surface, its frames, and gauge convolution
- `figures`: figures that answer to sliders and buttons

The batch comes first and channels last. A NaN in one example of a batch
spoils outputs of that example, and of no other.
"""

from topoi.equivariant.groups import (
    Cyclic4,
    Dihedral4,
    SquareGroup,
    equivariance_error,
    is_exact_size,
)
from topoi.equivariant.induced import (
    TorusGroup,
    induced_representation,
    intertwiner_basis,
    intertwiner_dimension,
    project_intertwiner,
)
from topoi.equivariant.mesh import GaugeConv, MeshGeometry, icosphere
from topoi.equivariant.planar import (
    FrozenGroupConv2D,
    GroupAveragePool2D,
    GroupConv2D,
    GroupPool,
    LiftingConv2D,
    freeze,
    group_batchnorm,
)
from topoi.equivariant.rotations import (
    clebsch_gordan,
    rotate_coefficients,
    rotation_matrix,
    sph_harm_real,
    to_real,
    wigner_d,
    wigner_small_d,
)
from topoi.equivariant.sphere import (
    CGProduct,
    PowerSpectrum,
    RotationActivation,
    RotationConv,
    RotationGrid,
    SphereCorrelation,
    SphereGrid,
    SphericalActivation,
    ZonalConv,
    correlate_zonal,
    rotate_matrices,
)
from topoi.equivariant.steerable import (
    NormActivation,
    SteerableConv2D,
    act_fields,
    angular_basis,
    circular_harmonic_basis,
    rotation_of_fields,
)

__all__ = [
    "CGProduct",
    "Cyclic4",
    "Dihedral4",
    "FrozenGroupConv2D",
    "GaugeConv",
    "GroupAveragePool2D",
    "GroupConv2D",
    "GroupPool",
    "LiftingConv2D",
    "MeshGeometry",
    "NormActivation",
    "PowerSpectrum",
    "RotationActivation",
    "RotationConv",
    "RotationGrid",
    "SphereCorrelation",
    "SphereGrid",
    "SphericalActivation",
    "SquareGroup",
    "SteerableConv2D",
    "TorusGroup",
    "ZonalConv",
    "act_fields",
    "angular_basis",
    "circular_harmonic_basis",
    "clebsch_gordan",
    "correlate_zonal",
    "equivariance_error",
    "freeze",
    "group_batchnorm",
    "icosphere",
    "induced_representation",
    "intertwiner_basis",
    "intertwiner_dimension",
    "is_exact_size",
    "project_intertwiner",
    "rotate_coefficients",
    "rotate_matrices",
    "rotation_matrix",
    "rotation_of_fields",
    "sph_harm_real",
    "to_real",
    "wigner_d",
    "wigner_small_d",
]
