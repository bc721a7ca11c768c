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
    """Neighbours, directions and parallel transport of a closed mesh.

    Parameters
    ----------
    vertices : ndarray of float64, shape (V, 3)
        Points in space.
    faces : ndarray of int, shape (F, 3)
        Triangles, anticlockwise as seen from outside.
    gauge : ndarray of float64, shape (V,), optional
        Angle in radians by which each frame is turned from its default.

    Attributes
    ----------
    normals, first, second : ndarray, shape (V, 3)
        Unit normals (mean of the faces, weighted by area), and the frames.
    neighbours : ndarray of int32, shape (V, K)
        Adjacent vertices, filled up to the largest valence K with 0.
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
        that does not exist, or a vertex has no neighbour.
    """

    def __init__(self, vertices, faces, gauge=None):
        self.vertices = np.asarray(vertices, float)
        self.faces = np.asarray(faces, int)
        count = len(self.vertices)
        self.gauge = np.zeros(count) if gauge is None else np.asarray(gauge)
        self._check()
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
        if not np.array_equal(np.unique(f), np.arange(len(v))):
            raise ValueError(
                f"Faces must name each of the {len(v)} vertices, 0 to "
                f"{len(v) - 1}, but got indices from {f.min()} to {f.max()}, "
                f"{len(np.unique(f))} in all. Remove unused vertices."
            )

    def _normals(self) -> np.ndarray:
        a, b, c = np.moveaxis(self.vertices[self.faces], 1, 0)
        areas = np.cross(b - a, c - a)
        normals = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(normals, self.faces[:, corner], areas)
        return normals / np.linalg.norm(normals, axis=1, keepdims=True)

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
        sides = self.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
        edges = np.unique(np.concatenate([sides, sides[:, ::-1]]), axis=0)
        valence = np.bincount(edges[:, 0], minlength=len(self.vertices))
        present = np.arange(valence.max()) < valence[:, None]
        neighbours = np.zeros(present.shape, np.int32)
        neighbours[present] = edges[:, 1]
        return neighbours, present

    def _angles(self) -> tuple[np.ndarray, np.ndarray]:
        q = self.neighbours
        step = self.vertices[q] - self.vertices[:, None]
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
        """Create the weights, and the constants of the mesh."""
        self._check_input(input_shape)
        top = len(self.fields_in) + len(self.fields_out) - 2
        self._constants(top)
        places = 2 * (top + 1) + 1  # cos and sin of each frequency, self

        def basis(n, m):
            series = angular_basis(n, m)
            flat = series.reshape(len(series), -1, *series.shape[3:])
            steady = flat[:2, :1] if n == m else flat[:0, :1]
            if n == m == 0:
                steady = flat[:, :1]
            table = np.zeros(
                (len(flat) + len(steady), places, *flat.shape[2:])
            )
            table[: len(flat), : flat.shape[1]] = flat
            table[len(flat) :, -1:] = steady
            return table

        self.mixer = FieldMixer(self, self.fields_in, self.fields_out, basis)
        if self.fields_out[0]:
            self.bias = self.add_weight(
                shape=self.fields_out[:1], initializer="zeros", name="bias"
            )

    def _constants(self, top: int) -> None:
        """Store directions (V, 2 top + 2, K) and transport (V, K, c_in)."""
        mesh = self.geometry
        f = np.arange(top + 1)[:, None]
        angle = f * mesh.theta[:, None]
        waves = np.stack([np.cos(angle), np.sin(angle)], axis=2)
        weight = mesh.present / mesh.present.sum(1, keepdims=True)
        waves = waves.reshape(len(angle), -1, angle.shape[-1])
        self._waves = waves * weight[:, None]
        m, self._partner, self._sign = _channel_table(self.fields_in)
        turn = mesh.transport[..., None] * m * self.transport
        self._cos, self._sin = np.cos(turn), np.sin(turn) * self._sign

    def call(self, inputs):
        """Carry, sum by direction, and mix the channels."""
        self._check_input(inputs.shape)
        cos, sin, waves = (
            ops.convert_to_tensor(part, inputs.dtype)
            for part in (self._cos, self._sin, self._waves)
        )
        crossed = ops.take(inputs, self._partner, axis=2)
        around = self.geometry.neighbours
        carried = cos * ops.take(inputs, around, axis=1)
        carried = carried + sin * ops.take(crossed, around, axis=1)
        summed = waves @ carried  # (batch, V, 2 top + 2, c_in)
        summed = ops.concatenate([summed, inputs[:, :, None]], axis=2)
        flat = ops.reshape(
            summed, (-1, summed.shape[1], summed.shape[2] * summed.shape[3])
        )
        matrix = ops.reshape(self.mixer.matrix(), (-1, self.channels[1]))
        bias = scalar_bias(self, inputs.dtype)
        y = flat @ matrix
        return y if bias is None else y + bias

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
