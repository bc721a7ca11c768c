"""Tropical geometry of ReLU networks, and their linear regions, exactly.

- `layers`: a network as a list of affine maps, rounded or exact
- `polygons`: the domain, a strictly convex polygon
- `mesh`: a subdivided polygon as half-edges in flat arrays
- `preactivations`: values and signs of a layer at the vertices of a mesh
- `crossings`: where the neurons of one layer cross edges and each other
- `cutting`: cutting all faces by one layer after another
- `regions`: the regions of a network in a polygon, drawn and counted
- `polytopes`: arrangements, zonotopes, and bounds, without drawing
- `algebra`: tropical polynomials, and a network as a difference of maxima
- `networks`: networks of many regions, Keras models, margins, pruning
- `figures`: figures that answer to sliders and buttons
"""

from topoi.tropical.algebra import (
    TropicalPolynomial,
    TropicalRational,
    network_to_tropical,
    tropical_unit,
)
from topoi.tropical.crossings import (
    crossing_chords,
)
from topoi.tropical.cutting import (
    link_crossings,
)
from topoi.tropical.layers import (
    Layer,
    exact_layers,
    float_layers,
    fractions,
    read_layers,
)
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
from topoi.tropical.polygons import (
    box,
)
from topoi.tropical.polytopes import (
    RegionBounds,
    Zonotope,
    arrangement_cells,
    arrangement_count,
    decision_polytope,
    deletion_restriction,
    distinct_hyperplanes,
    region_bounds,
    restrict,
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
    "crossing_chords",
    "decision_polytope",
    "deletion_restriction",
    "distinct_hyperplanes",
    "enumerate_regions",
    "exact_layers",
    "exact_margin",
    "float_layers",
    "fractions",
    "from_keras",
    "generator_scores",
    "in_plane",
    "link_crossings",
    "montufar_network",
    "network_to_tropical",
    "perturb_first_layer",
    "product_tent",
    "read_layers",
    "region_bounds",
    "restrict",
    "shrink_generators",
    "tent",
    "tropical_unit",
    "zigzag",
    "zonotope_vertices",
]
