"""Tropical geometry of ReLU networks, and their linear regions, exactly.

`enumerate_regions` and `count_regions` cut a polygon into the cells of a
network; `TropicalPolynomial` and `network_to_tropical` write a network as a
difference of maxima; `zonotope_vertices`, `arrangement_count` and
`region_bounds` count without drawing.
"""

from topoi.tropical.algebra import (
    TropicalPolynomial,
    TropicalRational,
    network_to_tropical,
)
from topoi.tropical.cutting import Layer, box, read_layers
from topoi.tropical.networks import (
    Margin,
    exact_margin,
    from_keras,
    generator_scores,
    in_plane,
    montufar_network,
    perturb_first_layer,
    product_tent,
    shrink_generators,
    tent,
    zigzag,
)
from topoi.tropical.polytopes import (
    RegionBounds,
    Zonotope,
    arrangement_cells,
    arrangement_count,
    decision_polytope,
    region_bounds,
    zonotope_vertices,
)
from topoi.tropical.regions import (
    Subdivision,
    count_regions,
    enumerate_regions,
)

__all__ = [
    "Layer",
    "Margin",
    "RegionBounds",
    "Subdivision",
    "TropicalPolynomial",
    "TropicalRational",
    "Zonotope",
    "arrangement_cells",
    "arrangement_count",
    "box",
    "count_regions",
    "decision_polytope",
    "enumerate_regions",
    "exact_margin",
    "from_keras",
    "generator_scores",
    "in_plane",
    "montufar_network",
    "network_to_tropical",
    "perturb_first_layer",
    "product_tent",
    "read_layers",
    "region_bounds",
    "shrink_generators",
    "tent",
    "zigzag",
    "zonotope_vertices",
]
