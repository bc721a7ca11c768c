"""Cutting a polygon into the regions of a ReLU network, exactly.

One layer is one step: all neurons cut all faces at once (`cut_at_once`).
Neurons that pass through an old vertex, or meet another neuron in a common
point, are cut afterwards, one by one (`cut_in_turn`), where such
coincidences need no special case.
"""

from collections.abc import Sequence

import numpy as np

from topoi.tropical.crossings import (
    Crossings,
    find_crossings,
    order_crossings,
)
from topoi.tropical.layers import Layer
from topoi.tropical.mesh import (
    OUTSIDE,
    Mesh,
    extent,
    insert_points,
    number_faces,
)
from topoi.tropical.preactivations import Preactivations, between

# -- all neurons of a layer at once -----------------------------------------


def cut_at_once(mesh: Mesh, pre, packed, generic, label: int) -> tuple:
    """Cut a mesh by all generic units; return (mesh or None, offenders)."""
    plan, offenders = find_crossings(mesh, pre, packed, generic)
    if plan is None:
        return None, offenders
    visits = order_crossings(plan, extent(mesh))
    if visits[-1] is not None:
        return None, visits[-1]
    wanted = mesh.faces + len(plan.start) + len(plan.first)
    mesh, arriving, leaving = insert_points(mesh, plan.edge, plan.points)
    mesh = _draw_chords(mesh, plan, visits, arriving, leaving, label)
    mesh.face, mesh.faces = number_faces(mesh.successor)
    if mesh.faces != wanted:
        return None, np.flatnonzero(generic)
    return mesh, None


def _draw_chords(mesh, plan, visits, arriving, leaving, label) -> Mesh:
    """Add the pieces of all chords and link them at points and crossings."""
    chord, crossing, points, _ = visits
    chords, visited = len(plan.start), len(chord)
    base, bound = len(mesh.source), len(mesh.points)
    count = chords + visited
    # Piece q + c ends at visit q, if q lies on chord c; one more ends each.
    into = base + np.arange(visited) + chord
    last = base + np.cumsum(np.bincount(chord, minlength=chords) + 1) - 1
    first = np.concatenate([[base], last[:-1] + 1])[:chords]
    ends = plan.incidence[np.stack([plan.start, plan.end])]
    origin = np.empty(2 * count, np.int64)
    origin[2 * (first - base)] = bound - len(plan.edge) + ends[0]
    origin[2 * (last - base) + 1] = bound - len(plan.edge) + ends[1]
    origin[2 * (into - base) + 1] = bound + crossing
    origin[2 * (into - base) + 2] = bound + crossing
    successor = np.concatenate([mesh.successor, np.empty(2 * count, np.int64)])
    for at, out, back in (
        (plan.start, 2 * first, 2 * first + 1),
        (plan.end, 2 * last + 1, 2 * last),
    ):
        side = 1 - plan.forward[at].astype(int), plan.incidence[at]
        successor[arriving[side]] = out
        successor[back] = leaving[side]
    link_crossings(successor, plan, chord, crossing, into)
    unit = plan.unit[ends[0]]
    pieces = last - first + 1
    return Mesh(
        np.concatenate([mesh.points, points]),
        np.concatenate([mesh.origin, origin]),
        successor,
        mesh.face,
        np.concatenate([mesh.source, label + np.repeat(unit, pieces)]),
        mesh.faces,
    )


def link_crossings(
    successor: np.ndarray,
    plan: Crossings,
    chord: np.ndarray,
    crossing: np.ndarray,
    into: np.ndarray,
) -> None:
    """Turn left at each crossing: set four successors, in place.

    The chord that starts earlier around the face sees the other one pass
    from its right to its left: call them east and north.

    Parameters
    ----------
    successor : ndarray of int
        Of all half-edges, those of the new pieces included.
    plan : Crossings
    chord, crossing : ndarray of int, shape (2 X,)
        The visits of crossings along the chords.
    into : ndarray of int, shape (2 X,)
        The piece that ends at each visit; the next one begins there.
    """
    east = np.empty(len(plan.first), np.int64)
    north = np.empty(len(plan.first), np.int64)
    is_first = plan.first[crossing] == chord
    east[crossing[is_first]] = 2 * into[is_first]
    north[crossing[~is_first]] = 2 * into[~is_first]
    successor[east] = north + 2
    successor[north] = east + 1
    successor[east + 3] = north + 1
    successor[north + 3] = east + 2


# -- one neuron after another -----------------------------------------------


def cut_in_turn(mesh: Mesh, pre, units: np.ndarray, label: int) -> Mesh:
    """Cut a mesh by some units, one by one; coincidences are allowed."""
    start, widths = pre.columns(units)
    values = _Rows(start)
    for column, unit in enumerate(units):
        sign = _signs(values.all()[:, column], widths[column])
        ends = mesh.ends
        edge = np.flatnonzero(sign[ends[:, 0]] * sign[ends[:, 1]] < 0)
        if len(edge):
            left, right = (
                np.hstack([mesh.points[v], values.all()[v]])
                for v in ends[edge].T
            )
            k = mesh.points.shape[1]
            new = between(
                left, right, left[:, k + column], right[:, k + column]
            )
            new[:, k + column] = 0
            mesh, _, _ = insert_points(mesh, edge, new[:, :k])
            values.append(new[:, k:])
            sign = np.append(sign, np.zeros(len(edge), np.int8))
        _split_faces(mesh, sign, label + int(unit))
    return mesh


def _signs(values: np.ndarray, width: float) -> np.ndarray:
    """Return 1, -1, or 0 within the zero width, as int8."""
    return (values > width).astype(np.int8) - (values < -width)


class _Rows:
    """An array that grows by rows; doubling keeps the cost linear."""

    def __init__(self, rows: np.ndarray):
        self.buffer, self.count = rows, len(rows)

    def all(self) -> np.ndarray:
        return self.buffer[: self.count]

    def append(self, rows: np.ndarray) -> None:
        need = self.count + len(rows)
        if need > len(self.buffer):
            shape = (2 * need, self.buffer.shape[1])
            larger = np.zeros(shape, self.buffer.dtype)
            larger[: self.count] = self.all()
            self.buffer = larger
        self.buffer[self.count : need] = rows
        self.count = need


def _split_faces(mesh: Mesh, sign: np.ndarray, label: int) -> None:
    """Draw a chord in each face that has vertices of both signs, in place.

    Such a face is convex, so its zeros are two vertices: one half-edge
    leaves a zero upwards, one leaves a zero downwards.
    """
    begins, leads = sign[mesh.origin], sign[mesh.origin[mesh.successor]]
    leaving_zero = (begins == 0) & (mesh.face != OUTSIDE)
    upward = np.full((2, mesh.faces), -1)
    for row, wanted in enumerate((1, -1)):
        found = np.flatnonzero(leaving_zero & (leads == wanted))
        upward[row, mesh.face[found]] = found
    split = np.flatnonzero((upward >= 0).all(0))
    if not len(split):
        return
    up, down = upward[:, split]
    before = np.empty(len(mesh.successor), np.int64)
    before[mesh.successor] = np.arange(len(before))
    old, count = len(mesh.source), len(split)
    chord = 2 * (old + np.arange(count))  # its left face is the upper one
    mesh.origin = np.concatenate(
        [
            mesh.origin,
            np.stack([mesh.origin[down], mesh.origin[up]], 1).ravel(),
        ]
    )
    successor = np.concatenate(
        [mesh.successor, np.stack([up, down], 1).ravel()]
    )
    successor[before[down]] = chord
    successor[before[up]] = chord + 1
    number = mesh.faces + np.arange(count)
    face = np.concatenate([mesh.face, np.stack([split, number], 1).ravel()])
    here, name = down, number
    while len(here):
        face[here] = name
        here = successor[here]
        going = face[here] != name
        here, name = here[going], name[going]
    mesh.successor, mesh.face = successor, face
    mesh.source = np.concatenate([mesh.source, np.full(count, label)])
    mesh.faces += count


# -- layer by layer ---------------------------------------------------------


def cut_by_layer(mesh: Mesh, earlier, layer, label: int, singly=False):
    """Return a mesh cut by one layer; `earlier` are the ReLU layers before.

    Units that the fast step finds in coincidences are left to the slow one;
    `singly` sends all units there, which is a second way to every count.
    """
    pre = Preactivations(mesh, earlier, layer)
    if mesh.exact or singly:
        units = np.arange(len(layer.bias))
        return cut_in_turn(mesh, pre, units, label)
    packed, generic = pre.signs()
    while generic.any():
        finer, offenders = cut_at_once(mesh, pre, packed, generic, label)
        if finer is not None:
            mesh = finer
            break
        generic[offenders] = False
    if generic.all():
        return mesh
    pre = Preactivations(mesh, earlier, layer)
    return cut_in_turn(mesh, pre, np.flatnonzero(~generic), label)


def cut_by_layers(mesh: Mesh, layers: Sequence[Layer], singly=False) -> Mesh:
    """Return a mesh cut by ReLU layers; neurons are labelled throughout."""
    label = 0
    for depth, layer in enumerate(layers):
        mesh = cut_by_layer(mesh, layers[:depth], layer, label, singly)
        label += len(layer.bias)
    return mesh
