"""The regions of a ReLU network in a polygon: drawing and counting them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial

import numpy as np

from topoi.tropical.crossings import cross, find_crossings, may_coincide
from topoi.tropical.cutting import cut_by_layer, cut_by_layers
from topoi.tropical.layers import (
    Layer,
    exact_layers,
    float_layers,
    fractions,
    read_layers,
)
from topoi.tropical.mesh import (
    OUTSIDE,
    Mesh,
    coordinates,
    extent,
    first_mesh,
    places,
)
from topoi.tropical.polygons import check_polygon
from topoi.tropical.preactivations import Preactivations, affine_values


def enumerate_regions(
    layers: Sequence[tuple],
    polygon: np.ndarray,
    exact: bool = False,
    *,
    one_by_one: bool = False,
) -> "Subdivision":
    """Cut a polygon into the activation cells of a ReLU network.

    Parameters
    ----------
    layers : sequence of Layer or of pairs (weights, bias)
        A network with two inputs; weights of shape (out, in). A pair stands
        for a ReLU layer; the last layer may be ``Layer(w, b, relu=False)``.
    polygon : array-like, shape (corners, 2)
        Convex domain, in either orientation.
    exact : bool
        Compute in integers of any size. The result is then a certificate
        for exactly these floats, at many times the cost.
    one_by_one : bool
        Cut by one neuron after another; a second, slower code path.

    Returns
    -------
    Subdivision
        Faces with their patterns and affine maps, computed on demand.

    Raises
    ------
    ValueError
        For a polygon that is not strictly convex, layers that do not fit
        together or to two inputs, or numbers that are not finite.

    Notes
    -----
    On a cell of the layers before, a layer's preactivations are affine, so
    its neurons draw straight chords; cells stay convex. Cost: one product
    (vertices, in) x (in, out) a layer, and linear work in the regions.
    """
    network = read_layers(layers, inputs=2)
    mesh = first_mesh(check_polygon(polygon), exact)
    hidden = [layer for layer in network if layer.relu]
    numbers = exact_layers(hidden) if exact else float_layers(hidden)
    return Subdivision(network, cut_by_layers(mesh, numbers, one_by_one))


def count_regions(
    layers: Sequence[tuple], polygon: np.ndarray, exact: bool = False
) -> int:
    """Return how many activation cells a ReLU network has in a polygon.

    The last layer is counted, not drawn: a face that is cut by c chords
    with x crossings becomes 1 + c + x faces. Parameters and errors as for
    `enumerate_regions`.
    """
    network = read_layers(layers, inputs=2)
    hidden = float_layers([layer for layer in network if layer.relu])
    corners = check_polygon(polygon)
    if exact or not hidden:
        return enumerate_regions(network, corners, exact).mesh.faces
    mesh = cut_by_layers(first_mesh(corners, False), hidden[:-1])
    pre = Preactivations(mesh, hidden[:-1], hidden[-1])
    packed, generic = pre.signs()
    if generic.all():
        plan, _ = find_crossings(mesh, pre, packed, generic)
        if plan and not may_coincide(plan, extent(mesh)):
            return mesh.faces + len(plan.start) + len(plan.first)
    return cut_by_layer(mesh, hidden[:-1], hidden[-1], 0).faces


@dataclass
class Subdivision:
    """The activation cells of a network in a polygon.

    Attributes
    ----------
    layers : list of Layer
        The network, as it was given.
    mesh : Mesh
        The half-edge arrays.
    """

    layers: list[Layer]
    mesh: Mesh
    _loops: tuple | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.mesh.faces

    @property
    def exact(self) -> bool:
        """Whether the cells were computed without rounding."""
        return self.mesh.exact

    @property
    def hidden(self) -> list[Layer]:
        """The ReLU layers."""
        return [layer for layer in self.layers if layer.relu]

    @property
    def output(self) -> Layer:
        """The linear last layer; the identity if there is none."""
        if not self.layers[-1].relu:
            return self.layers[-1]
        width = len(self.layers[-1].bias)
        return Layer(np.eye(width), np.zeros(width), False)

    def _numbers(self, layers: list[Layer]) -> list[Layer]:
        return exact_layers(layers) if self.exact else float_layers(layers)

    @property
    def vertices(self) -> np.ndarray:
        """Vertices, (V, 2): floats, or fractions in exact mode."""
        return coordinates(self.mesh.points)

    @property
    def euler_characteristic(self) -> int:
        """V - E + F without the outside: 1 for every sound subdivision."""
        mesh = self.mesh
        return len(mesh.points) - len(mesh.source) + mesh.faces

    def loops(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the vertices of all faces, counter-clockwise.

        Returns
        -------
        vertex : ndarray of int, shape (n,)
            Face after face.
        begin : ndarray of int, shape (faces + 1,)
            Face f is ``vertex[begin[f] : begin[f + 1]]``.
        """
        if self._loops is None:
            mesh = self.mesh
            place = places(mesh, np.arange(mesh.faces))
            inside = np.flatnonzero(mesh.face != OUTSIDE)
            face = mesh.face[inside]
            order = inside[np.lexsort((place[inside], face))]
            sizes = np.bincount(face, minlength=mesh.faces)
            begin = np.concatenate([[0], np.cumsum(sizes)])
            self._loops = mesh.origin[order], begin
        return self._loops

    def faces(self) -> list[np.ndarray]:
        """Return the corners of each face, a list of (k, 2) arrays."""
        vertex, begin = self.loops()
        return np.split(self.vertices[vertex], begin[1:-1])

    def areas(self) -> np.ndarray:
        """Return the areas of the faces, shape (faces,), as floats."""
        mesh = self.mesh
        p = np.asarray(self.vertices, float)
        p = p - p.mean(0)
        tail, head = p[mesh.origin], p[mesh.origin[mesh.successor]]
        inside = mesh.face != OUTSIDE
        doubled = cross(tail, head)[inside]
        return np.bincount(mesh.face[inside], doubled, mesh.faces) / 2

    def centres(self) -> np.ndarray:
        """Return the mean corner of each face: an interior point.

        Shape (faces, 2), or (faces, 3) homogeneous integers if exact.
        """
        vertex, begin = self.loops()
        if not self.exact:
            sums = np.add.reduceat(self.mesh.points[vertex], begin[:-1])
            return sums / np.diff(begin)[:, None]
        means = [corners.mean(0) for corners in self.faces()]
        rows = [[x, y, Fraction(1)] for x, y in means]
        unit = [x.denominator * y.denominator for x, y, _ in rows]
        whole = [
            [int(v * u) for v in r] for r, u in zip(rows, unit, strict=True)
        ]
        return np.array(whole, object)

    def patterns(self) -> np.ndarray:
        """Return which hidden units are active, bool (faces, units)."""
        points = self.centres()
        numbers = self._numbers(self.hidden)
        h, parts = points[:, :2], []
        for layer in numbers:
            z = affine_values(h, points, layer)
            parts.append(np.asarray(z > 0, bool))
            h = np.maximum(z, 0)
        none = np.zeros((len(points), 0), bool)
        return np.concatenate([none, *parts], 1)

    def affine(self, face: int | None = None) -> tuple:
        """Return the network on a face as x -> slope @ x + intercept.

        Parameters
        ----------
        face : int, optional
            One face; all of them by default.

        Returns
        -------
        slope : ndarray, shape (out, 2), or (faces, out, 2)
        intercept : ndarray, shape (out,), or (faces, out)
            Floats, or fractions in exact mode.
        """
        if face is not None and not 0 <= face < len(self):
            raise IndexError(
                f"There are {len(self)} faces, numbered from 0, but got face "
                f"{face}. Call affine() without a number for all of them."
            )
        active = self.patterns()
        active = active if face is None else active[face : face + 1]
        maps = self._masked_product(active)
        maps = maps if face is None else maps[0]
        return maps[..., :2], maps[..., 2]

    def _masked_product(self, active: np.ndarray) -> np.ndarray:
        """Return [slope | intercept] for some patterns, (faces, out, 3)."""
        numbers = fractions if self.exact else partial(np.asarray, dtype=float)
        maps = np.repeat(numbers(np.eye(2, 3))[None], len(active), 0)
        begin = 0
        for layer in [*self.hidden, self.output]:
            maps = numbers(layer.weights) @ maps
            maps[:, :, 2] += numbers(layer.bias)
            if layer.relu:
                end = begin + len(layer.bias)
                maps = maps * active[:, begin:end, None]
                begin = end
        return maps

    def merge_linear(self, tolerance: float = 1e-9) -> np.ndarray:
        """Return the linear region of each face, int (faces,).

        Neighbours with the same affine map belong to one region; equal maps
        on faces that do not touch are different regions.

        Parameters
        ----------
        tolerance : float
            Maps are equal up to this, relative to the largest entry; exact
            subdivisions compare exactly.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        slope, intercept = self.affine()
        maps = np.concatenate([slope, intercept[..., None]], -1)
        maps = maps.reshape(len(self), -1)  # (faces, out * 3)
        width = 0 if self.exact else tolerance * np.abs(maps).max()
        pairs = self.mesh.face.reshape(-1, 2)  # both sides of each edge
        pairs = pairs[(pairs != OUTSIDE).all(1)]
        one, two = pairs[
            (np.abs(maps[pairs[:, 0]] - maps[pairs[:, 1]]) <= width).all(1)
        ].T
        graph = coo_array((np.ones(len(one)), (one, two)), (len(self),) * 2)
        return connected_components(graph, directed=False)[1]

    def boundary_segments(
        self, level: float = 0.0, outputs: tuple[int, int] = (0, 1)
    ) -> np.ndarray:
        """Return the set where two outputs differ by `level`, as segments.

        Parameters
        ----------
        level : float
            Threshold c.
        outputs : (int, int)
            Which outputs are compared; a network with one output is compared
            with `level` itself.

        Returns
        -------
        ndarray, shape (segments, 2, 2)
            End points of each piece of {f_i - f_j = c}. If they tie on a
            whole cell, the edges of that cell are returned.
        """
        numbers = [*self.hidden, self._difference(level, outputs)]
        numbers = self._numbers(numbers)
        *hidden, last = numbers
        label = sum(len(layer.bias) for layer in hidden)
        mesh = cut_by_layer(replace(self.mesh), hidden, last, label)
        values, width = Preactivations(mesh, hidden, last).columns([0])
        zero = np.abs(values[:, 0]) <= width[0]
        on_line = zero[mesh.ends].all(1) | (mesh.source == label)
        nonzero = np.zeros(mesh.faces + 1, bool)
        nonzero[mesh.face[~zero[mesh.origin]]] = True
        nonzero[OUTSIDE] = False
        shown = on_line & nonzero[mesh.face.reshape(-1, 2)].any(1)
        return coordinates(mesh.points)[mesh.ends[shown]]

    def _difference(self, level: float, outputs: tuple[int, int]) -> Layer:
        """Return the layer of one unit f_i - f_j - level."""
        weights, bias, _ = self.output
        if self.exact:
            weights, bias, level = map(fractions, (weights, bias, level))
        if len(bias) == 1:
            return Layer(weights, bias - level, False)
        i, j = outputs
        if not (0 <= i < len(bias) and 0 <= j < len(bias) and i != j):
            raise ValueError(
                f"outputs must name two different outputs of 0 to "
                f"{len(bias) - 1}, but got {outputs}."
            )
        weights = weights[[i]] - weights[[j]]
        return Layer(weights, bias[[i]] - bias[[j]] - level, False)
