"""A subdivided polygon as half-edges in flat arrays.

Half-edge ``h`` starts at ``origin[h]``, its twin is ``h ^ 1``,
``successor[h]`` follows it around the face on its left, and edge ``h // 2``
remembers in ``source`` which neuron drew it.

Float points are rows (x, y). Exact points are rows of Python integers
(X, Y, W) with W > 0 and (x, y) = (X, Y) / W.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

OUTSIDE = -1  # the face around the polygon
SIDE = -1  # the source of the polygon's own sides


@dataclass
class Mesh:
    """Half-edge arrays of a subdivided convex polygon.

    Attributes
    ----------
    points : ndarray, shape (V, 2) floats or (V, 3) integers
        Vertices; three homogeneous integers each in exact mode.
    origin, successor, face : ndarray of int, shape (2 E,)
        Start vertex, next half-edge of the same face, face on the left
        (-1 outside). Half-edges 2e and 2e + 1 are twins.
    source : ndarray of int, shape (E,)
        Neuron that drew the edge, numbered through all layers; -1: a side.
    faces : int
        Number of faces inside.
    """

    points: np.ndarray
    origin: np.ndarray
    successor: np.ndarray
    face: np.ndarray
    source: np.ndarray
    faces: int

    @property
    def exact(self) -> bool:
        """Whether vertices are exact."""
        return self.points.dtype == object

    @property
    def ends(self) -> np.ndarray:
        """Both vertices of each edge, shape (E, 2)."""
        return self.origin.reshape(-1, 2)  # (2 E,) -> (E, 2)


def first_mesh(corners: np.ndarray, exact: bool) -> Mesh:
    """Return a polygon as a mesh of one face."""
    k = len(corners)
    here, after = np.arange(k), np.roll(np.arange(k), -1)
    before = np.roll(here, 1)
    return Mesh(
        points=_exact_points(corners) if exact else corners.copy(),
        origin=np.column_stack([here, after]).ravel(),
        successor=np.column_stack([2 * after, 2 * before + 1]).ravel(),
        face=np.tile([0, OUTSIDE], k),
        source=np.full(k, SIDE),
        faces=1,
    )


def _exact_points(corners: np.ndarray) -> np.ndarray:
    rows = []
    for corner in corners.tolist():
        x, y = map(Fraction, corner)
        common = x.denominator * y.denominator
        rows.append([int(x * common), int(y * common), common])
    return np.array(rows, object)


def coordinates(points: np.ndarray) -> np.ndarray:
    """Return (n, 2) floats, or fractions of homogeneous integers."""
    if points.shape[1] == 2:
        return points
    pairs = [[Fraction(x, w), Fraction(y, w)] for x, y, w in points.tolist()]
    return np.array(pairs, object).reshape(-1, 2)


def extent(mesh: Mesh) -> float:
    """Return the largest coordinate, the unit of rounding errors."""
    return float(np.abs(mesh.points).max())


def places(mesh: Mesh, faces: np.ndarray) -> np.ndarray:
    """Return the place of each half-edge in its loop, for some faces."""
    place = np.zeros(len(mesh.face), np.int64)
    entry = np.zeros(mesh.faces + 1, np.int64)
    entry[mesh.face] = np.arange(len(mesh.face))
    wanted = np.zeros(mesh.faces + 1, bool)
    wanted[faces] = True
    wanted[OUTSIDE] = False
    stop = entry[wanted]
    here, step = mesh.successor[stop], 0
    while len(here):
        step += 1
        going = np.flatnonzero(here != stop)
        here, stop = here[going], stop[going]
        place[here] = step
        here = mesh.successor[here]
    return place


def insert_points(mesh: Mesh, edge: np.ndarray, points: np.ndarray) -> tuple:
    """Put points on edges; return the new mesh and links at the points.

    Parameters
    ----------
    edge : ndarray of int, shape (P,)
        Edge of each point, sorted, from its even to its odd half.
    points : ndarray, shape (P, columns)

    Returns
    -------
    mesh : Mesh
        With P more vertices and edges. Piece 0 of an edge keeps its number.
    arriving, leaving : ndarray of int, shape (2, P)
        Half-edges that end and start at each point, on the even side (row
        0) and on the odd side (row 1).
    """
    count, old = len(edge), len(mesh.source)
    vertex = len(mesh.points) + np.arange(count)
    piece = old + np.arange(count)
    first = np.diff(edge, prepend=-1) != 0
    last = np.diff(edge, append=old) != 0
    before = np.where(first, edge, piece - 1)  # the piece that ends here
    origin = np.concatenate([mesh.origin, np.empty(2 * count, np.int64)])
    origin[2 * piece] = vertex
    origin[2 * piece[last] + 1] = mesh.origin[2 * edge[last] + 1]
    origin[2 * before + 1] = vertex
    head = np.arange(2 * old)  # where the loop now enters each half-edge
    head[2 * edge[last] + 1] = 2 * piece[last] + 1
    successor = np.concatenate(
        [head[mesh.successor], np.empty(2 * count, np.int64)]
    )
    successor[2 * piece[last]] = successor[2 * edge[last]]
    arriving = np.stack([2 * before, 2 * piece + 1])
    leaving = np.stack([2 * piece, 2 * before + 1])
    successor[arriving] = leaving
    both = mesh.face.reshape(-1, 2)  # faces of the two halves, (E, 2)
    face = np.concatenate(
        [both, both[edge]]  # (E + P, 2)
    )
    mesh = Mesh(
        np.concatenate([mesh.points, points]),
        origin,
        successor,
        face.ravel(),
        np.concatenate([mesh.source, mesh.source[edge]]),
        mesh.faces,
    )
    return mesh, arriving, leaving


def number_faces(successor: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the loops; the loop of half-edge 1 is the outside."""
    label, jump = np.arange(len(successor)), successor
    while True:
        smaller = np.minimum(label, label[jump])
        if (smaller == label).all():
            break
        label, jump = smaller, jump[jump]
    root = label == np.arange(len(label))
    root[label[1]] = False
    number = np.cumsum(root) - 1
    number[label[1]] = OUTSIDE
    return number[label], int(root.sum())
