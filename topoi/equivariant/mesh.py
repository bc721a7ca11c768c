"""Convolution on a triangulated surface, whatever frames are chosen.

Each vertex has a tangent frame of arbitrary angle, its *gauge*. A neighbour's
vectors are carried over by parallel transport before a kernel that depends
on the direction of the neighbour is applied to them.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from topoi.equivariant.groups import check_count
from topoi.equivariant.steerable import (
    FieldMixer,
    Fields,
    angular_basis,
    channels_of,
    scalar_bias,
)

FLAT = 1e-12  # below this, relative to what is expected, an area is zero


def icosphere(level: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the icosahedron with each face split into 4**level.

    Returns
    -------
    vertices : ndarray of float64, shape (10 * 4**level + 2, 3)
        On the unit sphere.
    faces : ndarray of int64, shape (20 * 4**level, 3)
        Anticlockwise as seen from outside.

    Raises
    ------
    ValueError
        If `level` is no whole number from 0.
    """
    check_count("level", level, least=0)
    g = (1 + 5**0.5) / 2
    ring = [(0, s, t * g) for s in (-1, 1) for t in (-1, 1)]
    vertices = np.array([np.roll(v, k) for k in range(3) for v in ring])
    gaps = np.linalg.norm(vertices[:, None] - vertices, axis=-1)
    near = np.isclose(gaps, 2)
    faces = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    faces = np.array(faces)
    inward = np.linalg.det(vertices[faces]) < 0
    faces[inward] = faces[inward][:, ::-1]
    vertices = vertices / np.linalg.norm(vertices[0])
    for _ in range(level):
        vertices, faces = _split(vertices, faces)
    return vertices, faces


def _split(vertices: np.ndarray, faces: np.ndarray) -> tuple:
    """Split each face into four; push the new vertices onto the sphere."""
    sides = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], axis=-1)
    edges, index = np.unique(sides.reshape(-1, 2), axis=0, return_inverse=True)
    middle = vertices[edges].sum(1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    ab, bc, ca = index.reshape(-1, 3).T + len(vertices)
    a, b, c = faces.T
    parts = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    faces = np.concatenate([np.stack(part, axis=1) for part in parts])
    return np.concatenate([vertices, middle]), faces


class MeshGeometry:
    """Neighbours, directions and parallel transport of an oriented mesh.

    Parameters
    ----------
    vertices : ndarray of float64, shape (V, 3)
        Points in space.
    faces : ndarray of int, shape (F, 3)
        Triangles, anticlockwise as seen from outside. Two that share an
        edge run along it in opposite directions; an edge of one triangle
        only is a border.
    gauge : ndarray of float64, shape (V,), optional
        Angle in radians by which each frame is turned from its default.

    Attributes
    ----------
    normals, first, second : ndarray, shape (V, 3)
        Unit normals (mean of the faces, weighted by area), and the frames.
    neighbours : ndarray of int32, shape (V, K)
        Adjacent vertices, filled up to the largest valence K with
        the vertex itself.
    present : ndarray of bool, shape (V, K)
        Which of them are real.
    theta, transport : ndarray of float64, shape (V, K)
        Direction of the neighbour q in the frame at p; the angle in p's
        frame at which q's first axis arrives, q's normal being turned into
        p's by the smallest rotation.

    Raises
    ------
    ValueError
        If shapes are wrong, a value is not finite, a face names a vertex
        that does not exist, a vertex has no face, a face has no area, two
        faces run along an edge in the same direction (one is turned over,
        or more than two meet there), or the surface folds back on itself,
        so that a normal or a transport is undefined.
    """

    def __init__(self, vertices, faces, gauge=None):
        self.vertices = np.asarray(vertices, float)
        self.faces = np.asarray(faces)
        count = len(self.vertices)
        self.gauge = np.zeros(count) if gauge is None else np.asarray(gauge)
        self._check()
        _check_areas(self.vertices, self.faces)
        _check_orientation(self.faces)
        self.normals = self._normals()
        self.first, self.second = self._frames()
        self.neighbours, self.present = self._neighbours()
        self.theta, self.transport = self._angles()

    def _check(self) -> None:
        v, f, g = self.vertices, self.faces, self.gauge
        if (
            v.ndim != 2
            or v.shape[1:] != (3,)
            or f.ndim != 2
            or f.shape[1:] != (3,)
            or g.shape != v.shape[:1]
        ):
            raise ValueError(
                "A mesh has vertices (V, 3), faces (F, 3) and one gauge "
                f"angle a vertex, but got shapes {v.shape}, {f.shape} and "
                f"{g.shape}. Split larger faces into triangles."
            )
        if not (np.isfinite(v).all() and np.isfinite(g).all()):
            raise ValueError(
                "A mesh needs finite vertices and angles, but got NaN or "
                f"infinite values at vertices "
                f"{np.flatnonzero(~np.isfinite(v).all(1))}. Remove them."
            )
        if f.dtype.kind not in "iu":
            raise ValueError(
                f"Faces hold the numbers of vertices, but got {f.dtype}. "
                "Convert them to integers."
            )
        if not np.array_equal(np.unique(f), np.arange(len(v))):
            raise ValueError(
                f"Faces must name each of the {len(v)} vertices, 0 to "
                f"{len(v) - 1}, but got {len(np.unique(f))} indices, from "
                f"{f.min(initial=0)} to {f.max(initial=0)}. Remove unused "
                "vertices."
            )

    def _normals(self) -> np.ndarray:
        areas = _area_vectors(self.vertices, self.faces)  # (F, 3)
        normals = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(normals, self.faces[:, corner], areas)
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        folded = np.flatnonzero(lengths[:, 0] <= FLAT * np.abs(areas).max())
        if len(folded):
            raise ValueError(
                f"The faces around vertex {folded[0]} cancel, so it has no "
                "normal: the surface folds back on itself. Split the mesh."
            )
        return normals / lengths

    def _frames(self) -> tuple[np.ndarray, np.ndarray]:
        """Project the axis least parallel to the normal; turn by the gauge."""
        least = np.abs(self.normals).argmin(axis=1)
        axis = np.eye(3)[least]
        along = (axis * self.normals).sum(1, keepdims=True)
        first = axis - along * self.normals
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(self.normals, first)
        c, s = np.cos(self.gauge)[:, None], np.sin(self.gauge)[:, None]
        return c * first + s * second, c * second - s * first

    def _neighbours(self) -> tuple[np.ndarray, np.ndarray]:
        sides = _sides(self.faces)  # (3 F, 2)
        edges = np.unique(np.concatenate([sides, sides[:, ::-1]]), axis=0)
        valence = np.bincount(edges[:, 0], minlength=len(self.vertices))
        present = np.arange(valence.max()) < valence[:, None]
        own = np.arange(len(present), dtype=np.int32)[:, None]
        neighbours = np.repeat(own, present.shape[1], axis=1)  # (V, K)
        neighbours[present] = edges[:, 1]  # edges are sorted by their start
        return neighbours, present

    def _angles(self) -> tuple[np.ndarray, np.ndarray]:
        q = self.neighbours
        step = self.vertices[q] - self.vertices[:, None]  # (V, K, 3)
        cosine = (self.normals[q] * self.normals[:, None]).sum(-1)  # (V, K)
        opposite = np.argwhere(self.present & (cosine < FLAT - 1))
        if len(opposite):
            p, k = opposite[0]
            raise ValueError(
                f"The normals of the neighbours {p} and {q[p, k]} are "
                "opposite, so no smallest rotation carries one to the other. "
                "Refine the mesh."
            )
        carried = _carry(self.normals[q], self.normals[:, None], self.first[q])
        return self._direction(step), self._direction(carried)

    def _direction(self, vectors: np.ndarray) -> np.ndarray:
        """Return angles of vectors (V, K, 3) in the frames at V."""
        u = (vectors * self.first[:, None]).sum(-1)
        v = (vectors * self.second[:, None]).sum(-1)
        return np.where(self.present, np.arctan2(v, u), 0.0)

    def holonomy(self) -> float:
        """Return the turn of transport around a face, summed over faces.

        4 pi up to its sign for a fine mesh of a sphere, by Gauss and Bonnet.
        """
        angle = {
            (p, int(q)): turn
            for p, (row, turns, real) in enumerate(
                zip(self.neighbours, self.transport, self.present, strict=True)
            )
            for q, turn in zip(row[real], turns[real], strict=True)
        }
        a, b, c = self.faces.T
        turns = np.zeros(len(self.faces))
        for start, end in ((a, b), (b, c), (c, a)):
            pairs = zip(end.tolist(), start.tolist(), strict=True)
            turns += [angle[pair] for pair in pairs]
        return float(np.angle(np.exp(1j * turns)).sum())


def _area_vectors(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return normals of the faces as long as twice their areas, (F, 3)."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)  # (F, corner, 3)
    return np.cross(b - a, c - a)


def _sides(faces: np.ndarray) -> np.ndarray:
    """Return the directed sides of all faces, (3 F, 2)."""
    return faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)


def _check_areas(vertices: np.ndarray, faces: np.ndarray) -> None:
    corners = vertices[faces]
    longest = np.linalg.norm(
        corners - np.roll(corners, 1, axis=1), axis=-1
    ).max(axis=1)
    areas = np.linalg.norm(_area_vectors(vertices, faces), axis=1)
    bad = np.flatnonzero(areas <= FLAT * longest**2)
    if len(bad):
        raise ValueError(
            f"Each face needs an area, but face {bad[0]} with vertices "
            f"{faces[bad[0]].tolist()} has none: a corner is named twice, or "
            f"the three lie on a line. Remove such faces ({len(bad)} in all)."
        )


def _check_orientation(faces: np.ndarray) -> None:
    sides, counts = np.unique(_sides(faces), axis=0, return_counts=True)
    bad = sides[counts > 1]
    if len(bad):
        raise ValueError(
            "Two faces that share an edge must run along it in opposite "
            f"directions, but {counts[counts > 1][0]} faces run from vertex "
            f"{bad[0][0]} to {bad[0][1]}: one is turned over, or more than "
            "two meet there. Reverse the order of its vertices, or split "
            "the mesh."
        )


def _carry(n_from, n_to, vectors) -> np.ndarray:
    """Apply the smallest rotation that takes n_from to n_to."""
    axis = np.cross(n_from, n_to)
    c = (n_from * n_to).sum(-1, keepdims=True)
    along = (axis * vectors).sum(-1, keepdims=True)
    return c * vectors + np.cross(axis, vectors) + along * axis / (1 + c)


@keras.saving.register_keras_serializable(package="topoi")
class GaugeConv(layers.Layer):
    """Fields on a mesh: (batch, V, c_in) -> (batch, V, c_out).

    out(p) = K_self f(p) + mean over neighbours q of K(theta_pq) f(q
    carried to p), with kernels that steer. Changing the frames changes the
    output as it changes any field, and nothing else.

    Parameters
    ----------
    fields_in, fields_out : tuple of int
        Multiplicities of the frequencies 0, 1, ...; see
        `topoi.equivariant.steerable`.
    geometry : MeshGeometry
        The mesh with its frames.
    transport : bool
        Without it, neighbours are read in their own frames; kept to show
        that this fails.

    Raises
    ------
    ValueError
        If `fields` is malformed, or the input is not (batch, V, c_in).

    Notes
    -----
    O(edges c_in + V c_in c_out) operations: neighbours are first summed
    into Fourier coefficients of their direction. Source: Cohen et al.
    (2019); de Haan et al. (2021).
    """

    def __init__(
        self,
        fields_in: Fields,
        fields_out: Fields,
        geometry: MeshGeometry,
        transport: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channels = channels_of(fields_in), channels_of(fields_out)
        self.fields_in, self.fields_out = tuple(fields_in), tuple(fields_out)
        self.geometry = geometry
        self.transport = transport

    def build(self, input_shape):
        """Create the weights of all kernels, and the bias of the scalars."""
        self._check_input(input_shape)
        highest = len(self.fields_in) + len(self.fields_out) - 2
        self._waves = _direction_waves(self.geometry, highest)
        self._set_turns()

        def kernels(n: int, m: int) -> np.ndarray:
            around = _kernels_around(n, m, highest)
            return np.concatenate([around, _kernels_here(n, m, highest)])

        self.mixer = FieldMixer(self, self.fields_in, self.fields_out, kernels)
        if self.fields_out[0]:
            self.bias = self.add_weight(
                shape=self.fields_out[:1], initializer="zeros", name="bias"
            )

    def _set_turns(self) -> None:
        """Store cosine and sine of each transport, (V, K, c_in)."""
        frequency, self._partner, sign = _channel_table(self.fields_in)
        turn = self.geometry.transport[..., None] * frequency * self.transport
        self._cos, self._sin = np.cos(turn), np.sin(turn) * sign

    def call(self, inputs):
        """Carry, sum by direction, and mix the channels."""
        self._check_input(inputs.shape)
        carried = self._carry_neighbours(inputs)  # (batch, V, K, c_in)
        waves = ops.convert_to_tensor(self._waves, inputs.dtype)
        summed = waves @ carried  # (batch, V, waves, c_in)
        # the vertex itself is the last place: (batch, V, places, c_in)
        summed = ops.concatenate([summed, inputs[:, :, None]], axis=2)
        flat = ops.reshape(
            summed, (-1, summed.shape[1], summed.shape[2] * summed.shape[3])
        )
        # (places, c_in, c_out) -> (places * c_in, c_out)
        matrix = ops.reshape(self.mixer.matrix(), (-1, self.channels[1]))
        y = flat @ matrix  # (batch, V, c_out)
        bias = scalar_bias(self, inputs.dtype)
        return y if bias is None else y + bias

    def _carry_neighbours(self, inputs):
        """Return neighbours' values in the frames at V, (batch, V, K, c_in).

        A turn by t makes cos(m t) f + sin(m t) J f of a vector f, where J f
        exchanges the two channels of a vector.
        """
        cos, sin = (
            ops.convert_to_tensor(part, inputs.dtype)
            for part in (self._cos, self._sin)
        )
        around = self.geometry.neighbours  # (V, K)
        exchanged = ops.take(inputs, self._partner, axis=2)  # J f up to signs
        carried = cos * ops.take(inputs, around, axis=1)
        return carried + sin * ops.take(exchanged, around, axis=1)

    def compute_output_shape(self, input_shape):
        """Return (batch, V, channels out)."""
        self._check_input(input_shape)
        return (*input_shape[:-1], self.channels[1])

    def get_config(self):
        """Return the arguments of the constructor; the mesh as lists."""
        mesh = self.geometry
        return {
            **super().get_config(),
            "fields_in": self.fields_in,
            "fields_out": self.fields_out,
            "geometry": {
                "vertices": mesh.vertices.tolist(),
                "faces": mesh.faces.tolist(),
                "gauge": mesh.gauge.tolist(),
            },
            "transport": self.transport,
        }

    @classmethod
    def from_config(cls, config):
        """Rebuild the mesh and the layer."""
        geometry = MeshGeometry(**config["geometry"])
        return cls(**{**config, "geometry": geometry})

    def _check_input(self, shape: Any) -> None:
        wanted = (len(self.geometry.vertices), self.channels[0])
        if len(shape) != 3 or tuple(shape[1:]) != wanted:
            raise ValueError(
                "GaugeConv needs input of shape (batch, vertices, channels) "
                f"= (batch, {wanted[0]}, {wanted[1]}) for this mesh and the "
                f"fields {self.fields_in}, but got {tuple(shape)}. Count a "
                "scalar once and any other field twice."
            )


def _direction_waves(mesh: MeshGeometry, highest: int) -> np.ndarray:
    """Return cos(f theta), sin(f theta) of each neighbour, over its number.

    The result has shape (V, 2 (highest + 1), K): frequencies 0, 1, ..., for
    each the cosine before the sine, and 0 where there is no neighbour. A
    product with it takes the mean over neighbours, sorted by direction.
    """
    frequency = np.arange(highest + 1)[:, None]
    angle = frequency * mesh.theta[:, None]  # (V, frequency, K)
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    # (V, frequency, 2, K) -> (V, 2 (highest + 1), K)
    waves = waves.reshape(len(angle), -1, angle.shape[-1])
    share = mesh.present / mesh.present.sum(1, keepdims=True)  # (V, K)
    return waves * share[:, None]


def _kernels_around(n: int, m: int, highest: int) -> np.ndarray:
    """Return the kernels from frequency n to m that read neighbours.

    Shape (count, places, dim m, dim n). The places are those of
    `_direction_waves` and, last, the vertex itself, which these leave out.
    """
    series = angular_basis(n, m)  # (count, n + m + 1, 2, dim m, dim n)
    count, frequencies, _, dim_m, dim_n = series.shape
    waves = series.reshape(count, 2 * frequencies, dim_m, dim_n)
    kernels = np.zeros((count, 2 * (highest + 1) + 1, dim_m, dim_n))
    kernels[:, : 2 * frequencies] = waves
    return kernels


def _kernels_here(n: int, m: int, highest: int) -> np.ndarray:
    """Return the kernels from frequency n to m that read the vertex itself.

    It lies in no direction, so they must commute with every turn: none if n
    and m differ, a number between scalars, and between vectors a multiple
    of the identity plus one of the quarter turn. Shape and places are those
    of `_kernels_around`.
    """
    dim_m, dim_n = min(m, 1) + 1, min(n, 1) + 1
    commuting = np.zeros((0, dim_m, dim_n))
    if n == m == 0:
        commuting = np.ones((1, 1, 1))
    elif n == m:
        commuting = np.array([np.eye(2), [[0, 1], [-1, 0]]])
    kernels = np.zeros((len(commuting), 2 * (highest + 1) + 1, dim_m, dim_n))
    kernels[:, -1] = commuting
    return kernels


def _channel_table(fields: Fields) -> tuple:
    """Return each channel's frequency, its partner, and the sign of J.

    A turn by t gives cos(m t) f + sin(m t) J f, (J f)_c = sign f_partner.
    """
    frequency, partner, sign = [], [], []
    for m, count in enumerate(fields):
        for _ in range(count):
            place = len(frequency)
            if m == 0:
                frequency, partner = [*frequency, 0], [*partner, place]
                sign = [*sign, 0.0]
            else:
                frequency = [*frequency, m, m]
                partner = [*partner, place + 1, place]
                sign = [*sign, -1.0, 1.0]
    return np.array(frequency), np.array(partner, np.int32), np.array(sign)
