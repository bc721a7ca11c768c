"""Examples of the layers of *equivariant*."""

from functools import partial

from layer_examples import Example
from topoi import equivariant


def gauge_conv(**kwargs):
    """Return a gauge convolution on the icosahedron."""
    mesh = equivariant.MeshGeometry(*equivariant.icosphere())
    return equivariant.GaugeConv((1, 1), (2, 1), mesh, **kwargs)


EXAMPLES = {
    "LiftingConv2D": Example(
        partial(equivariant.LiftingConv2D, 3, 3, "p4m", 2), (7, 7, 2)
    ),
    "GroupConv2D": Example(
        partial(equivariant.GroupConv2D, 3, 3, padding="same"), (5, 5, 4, 2)
    ),
    "GroupConv2D without bias": Example(
        partial(equivariant.GroupConv2D, 3, 2, "p4m", use_bias=False),
        (5, 5, 8, 2),
    ),
    "FrozenGroupConv2D": Example(
        partial(equivariant.FrozenGroupConv2D, 3, 3, 4, activation="relu"),
        (5, 5, 4, 2),
    ),
    "GroupAveragePool2D": Example(
        partial(equivariant.GroupAveragePool2D, 3, 2), (5, 5, 4, 2)
    ),
    "GroupPool, max": Example(
        partial(equivariant.GroupPool, "max"),
        (3, 3, 4, 2),
        infinity="bounded",  # a maximum leaves minus infinity out
    ),
    "GroupPool, mean": Example(
        partial(equivariant.GroupPool, "mean"), (3, 3, 4, 2)
    ),
    "SteerableConv2D": Example(
        partial(equivariant.SteerableConv2D, (1, 1), (2, 1), 3), (5, 5, 3)
    ),
    "NormActivation": Example(
        partial(equivariant.NormActivation, (2, 1)), (5, 5, 4)
    ),
    "ZonalConv": Example(partial(equivariant.ZonalConv, 3), (16, 2)),
    "SphericalActivation": Example(
        partial(equivariant.SphericalActivation, "gelu", 2.0), (16, 2)
    ),
    "RotationActivation": Example(
        partial(equivariant.RotationActivation, "softplus"), (10, 2)
    ),
    "SphereCorrelation": Example(
        partial(equivariant.SphereCorrelation, 3), (9, 2)
    ),
    "RotationConv": Example(partial(equivariant.RotationConv, 3), (10, 2)),
    "CGProduct": Example(partial(equivariant.CGProduct, 3, 2), (9, 2)),
    "CGProduct of two": Example(
        partial(equivariant.CGProduct, 3, 1), [(9, 2), (4, 3)]
    ),
    "PowerSpectrum": Example(
        equivariant.PowerSpectrum, (9, 2), infinity="stays"
    ),
    "GaugeConv": Example(gauge_conv, (12, 3)),
}
