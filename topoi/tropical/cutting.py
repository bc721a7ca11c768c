"""Cutting a polygon into the regions of a ReLU network, exactly.

The plane picture is a half-edge structure in flat arrays. Half-edge ``h``
starts at ``origin[h]``, its twin is ``h ^ 1``, ``successor[h]`` follows it
around the face on its left, and edge ``h // 2`` remembers in ``source``
which neuron drew it. One layer is one step: all neurons cut all faces at
once (`_cut_at_once`). Neurons that pass through an old vertex, or meet
another neuron in a common point, are cut afterwards, one by one
(`_cut_in_turn`), where such coincidences need no special case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-12  # values and gaps this small, relatively, count as zero
BLOCK = 2**28  # bytes of preactivations held at once; larger runs in parts
OUTSIDE = -1  # the face around the polygon
SIDE = -1  # the source of the polygon's own sides


class Layer(NamedTuple):
    """An affine map, with or without a ReLU behind it.

    Attributes
    ----------
    weights : ndarray, shape (out, in)
    bias : ndarray, shape (out,)
    relu : bool
        False for the last, linear layer of a network.
    """

    weights: np.ndarray
    bias: np.ndarray
    relu: bool = True


def read_layers(
    layers: Sequence[tuple], inputs: int | None = None
) -> list[Layer]:
    """Return checked layers of float64 (or fractions, if given so).

    Parameters
    ----------
    layers : sequence of Layer or of pairs (weights, bias)
        Weights of shape (out, in), bias of shape (out,); a pair stands for a
        ReLU layer. Only the last layer may be linear.
    inputs : int, optional
        How many inputs the first layer must have; any number by default.

    Raises
    ------
    ValueError
        If there is no layer, shapes do not fit, a linear layer is not the
        last, or a number is not finite.
    """
    if not len(layers):
        raise ValueError(
            "A network needs at least one layer, but got an empty list: "
            "pass [(weights, bias), ...]."
        )
    checked: list[Layer] = []
    for number, entry in enumerate(layers):
        layer = Layer(*entry)
        layer = Layer(
            _numbers(layer.weights),
            _numbers(layer.bias),
            bool(layer.relu),
        )
        _check_layer(number, layer, inputs)
        if checked and not checked[-1].relu:
            raise ValueError(
                f"Layer {number - 1} is linear, but only the last layer may "
                "be. Multiply it into its successor: (W2 W1, W2 b1 + b2)."
            )
        checked.append(layer)
        inputs = len(layer.bias)
    return checked


def _numbers(values: np.ndarray) -> np.ndarray:
    """Return float64, or the fractions of an object array as they are."""
    array = np.asarray(values)
    return array if array.dtype == object else array.astype(float)


def _check_layer(number: int, layer: Layer, inputs: int | None) -> None:
    weights, bias, _ = layer
    fits = weights.ndim == 2 and bias.shape == weights.shape[:1]
    if not fits or (inputs is not None and weights.shape[1] != inputs):
        wanted = "in" if inputs is None else inputs
        raise ValueError(
            f"Layer {number} needs weights of shape (out, {wanted}) and a "
            f"bias of shape (out,), but got {weights.shape} and "
            f"{bias.shape}. A Keras kernel has shape (in, out): transpose it."
        )
    numbers = np.append(weights.ravel(), bias).astype(float)
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"Layer {number} holds NaN or infinite numbers: no region can "
            "be computed. Look at the training run that produced it."
        )


def check_polygon(polygon: np.ndarray) -> np.ndarray:
    """Return a strictly convex polygon, counter-clockwise, as (k, 2) floats.

    Raises
    ------
    ValueError
        If it is not a strictly convex polygon with at least 3 corners.
    """
    corners = np.asarray(polygon, float)
    good = corners.ndim == 2 and corners.shape[1:] == (2,)
    if not (good and len(corners) >= 3 and np.isfinite(corners).all()):
        raise ValueError(
            "The domain is a polygon of shape (corners, 2) with at least 3 "
            f"finite corners, but got shape {corners.shape}: {polygon!r}."
        )
    exact = [(Fraction(x), Fraction(y)) for x, y in corners.tolist()]
    if sum(_turns(exact)) < 0:
        corners, exact = corners[::-1].copy(), exact[::-1]
    turns = _turns(exact)
    if min(turns) <= 0 or _winding(corners) != 1:
        worst = turns.index(min(turns))
        raise ValueError(
            "The domain must be a strictly convex polygon, but it does not "
            f"turn left at corner {corners[worst].tolist()}. Pass the "
            "corners of its convex hull in order, without repeats."
        )
    return corners


def _turns(corners: list) -> list:
    """Return the exact cross product of the two sides at each corner."""
    k, turns = len(corners), []
    for i in range(k):
        (ax, ay), (bx, by) = corners[i - 1], corners[i]
        cx, cy = corners[(i + 1) % k]
        turns.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return turns


def _winding(corners: np.ndarray) -> int:
    sides = np.roll(corners, -1, 0) - corners
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    turn = np.diff(angles, append=angles[0])
    return round((turn % (2 * np.pi)).sum() / (2 * np.pi))


def box(half_width: float = 1.0) -> np.ndarray:
    """Return the square [-half_width, half_width]^2 as (4, 2) corners."""
    corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    return half_width * np.array(corners, float)


# -- numbers: rounded or exact ----------------------------------------------
#
# Float points are rows (x, y). Exact points are rows of Python integers
# (X, Y, W) with W > 0 and (x, y) = (X, Y) / W; every value at such a point
# is an integer over the same W, so signs need no fraction at all.


def _exact_points(corners: np.ndarray) -> np.ndarray:
    rows = []
    for corner in corners.tolist():
        x, y = map(Fraction, corner)
        common = x.denominator * y.denominator
        rows.append([int(x * common), int(y * common), common])
    return np.array(rows, object)


def float_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers with float64 numbers."""
    return [
        Layer(w.astype(float), b.astype(float), relu) for w, b, relu in layers
    ]


def exact_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return integer layers with the same signs at every point.

    A float is an integer over a power of two, so a layer times a power of
    two is integer; its bias also carries the factors of earlier layers.
    """
    scale, scaled = 1, []
    for weights, bias, relu in layers:
        rows = fractions(np.column_stack([weights, bias]))
        unit = lcm(*(entry.denominator for entry in rows.flat))
        whole = np.array([int(entry * unit) for entry in rows.flat], object)
        whole = whole.reshape(rows.shape)
        scaled.append(Layer(whole[:, :-1], whole[:, -1] * scale, relu))
        scale *= unit
    return scaled


def fractions(values: np.ndarray) -> np.ndarray:
    """Return the exact values of numbers, an object array of Fractions."""
    values = np.asarray(values)
    exact = [Fraction(value) for value in values.ravel().tolist()]
    return np.array(exact, object).reshape(values.shape)


def _reduce_rows(rows: np.ndarray) -> np.ndarray:
    """Divide each row of integers by its greatest common divisor."""
    divisors = [gcd(*row) or 1 for row in rows.tolist()]
    return rows // np.array(divisors, object)[:, None]


def affine_values(
    h: np.ndarray, points: np.ndarray, layer: Layer
) -> np.ndarray:
    """Return the preactivations of a layer with inputs h at some points."""
    z = h @ layer.weights.T
    if points.shape[1] == 3:
        return z + points[:, 2:] * layer.bias
    z += layer.bias
    return z


def _activations(points: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """Return the values behind some ReLU layers, shape (points, out)."""
    h = points[:, :2]
    for layer in layers:
        z = affine_values(h, points, layer)
        h = np.maximum(z, 0, out=z)
    return h


def _zero_width(h: np.ndarray, layer: Layer) -> np.ndarray | int:
    """Return below which size a preactivation counts as zero, (out,)."""
    if h.dtype == object:
        return 0
    reach = np.abs(h).max(initial=0.0)
    size = np.abs(layer.weights).sum(1) * reach + np.abs(layer.bias)
    return TOLERANCE * size


def _between(left, right, za, zb) -> np.ndarray:
    """Return rows where a value vanishes that is za at left, zb at right."""
    za, zb = za[:, None], zb[:, None]
    if left.dtype == object:
        sign = np.where(za > 0, 1, -1)
        return _reduce_rows(sign * (za * right - zb * left))
    return left + za / (za - zb) * (right - left)


# -- the subdivision --------------------------------------------------------


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
        return self.origin.reshape(-1, 2)


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


class Preactivations:
    """Values of one layer at the vertices of a mesh, in blocks of rows.

    One block is kept; if there are more, values that are asked for again are
    computed again, so memory stays bounded.
    """

    def __init__(self, mesh: Mesh, earlier: Sequence[Layer], layer: Layer):
        self.mesh, self.earlier, self.layer = mesh, earlier, layer
        width = max(len(part.bias) for part in [*earlier, layer])
        step = max(1, BLOCK // (8 * width))
        count = len(mesh.points)
        self.rows = [slice(i, i + step) for i in range(0, count, step)]
        self.kept: tuple | None = None

    def block(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return preactivations (rows, out) and their zero widths."""
        if self.kept is None or self.kept[0] != number:
            points = self.mesh.points[self.rows[number]]
            h = _activations(points, self.earlier)
            z = affine_values(h, points, self.layer)
            self.kept = number, z, _zero_width(h, self.layer)
        return self.kept[1:]

    def signs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return packed signs, (V, words), and which columns have no zero."""
        generic = np.ones(len(self.layer.bias), bool)
        packed = []
        for number in range(len(self.rows)):
            z, width = self.block(number)
            generic &= ~(np.abs(z) <= width).any(0)
            packed.append(_pack(z > 0))
        return np.concatenate(packed), generic

    def at(self, vertices: np.ndarray, units: np.ndarray) -> np.ndarray:
        """Return the preactivation of a unit at a vertex, pair by pair."""
        if len(self.rows) == 1:
            return self.block(0)[0][vertices, units]
        values = np.empty(len(units))
        step = self.rows[0].stop
        where = vertices // step
        for number in range(len(self.rows)):
            mine = np.flatnonzero(where == number)
            z = self.block(number)[0]
            values[mine] = z[vertices[mine] - number * step, units[mine]]
        return values

    def columns(self, units: np.ndarray) -> tuple:
        """Return the columns of some units, and their zero widths."""
        parts, widths = [], []
        for number in range(len(self.rows)):
            z, width = self.block(number)
            parts.append(z[:, units])
            widths.append(np.broadcast_to(width, z.shape[1])[units])
        return np.concatenate(parts), np.max(widths, 0)


def _pack(positive: np.ndarray) -> np.ndarray:
    """Pack booleans (rows, n) into 64-bit words (rows, ceil(n / 64))."""
    rows, n = positive.shape
    packed = np.zeros((rows, 8 * -(-n // 64)), np.uint8)
    packed[:, : -(-n // 8)] = np.packbits(positive, axis=1, bitorder="little")
    return packed.view("<u8")


def _sign_changes(packed: np.ndarray, ends: np.ndarray) -> tuple:
    """Return all pairs (edge, unit) whose two ends differ in sign."""
    change = packed[ends[:, 0]] ^ packed[ends[:, 1]]
    edge, word = np.nonzero(change)
    octets = change[edge, word].view(np.uint8).reshape(-1, 8)
    hit, bit = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
    return edge[hit], 64 * word[hit] + bit


# -- all neurons of a layer at once -----------------------------------------


@dataclass
class _Crossings:
    """Where the units of a layer cross the edges and each other.

    Points lie on edges, sorted by (edge, position). A chord joins two points
    across one face; its two ends are *incidences*, sorted around each face.
    Crossings are pairs of chords of one face.
    """

    edge: np.ndarray  # of each point
    unit: np.ndarray
    points: np.ndarray  # (P, 2)
    incidence: np.ndarray  # point at each incidence
    forward: np.ndarray  # whether the face lies left of the even half-edge
    start: np.ndarray  # of each chord: its first incidence
    end: np.ndarray  # and its second
    first: np.ndarray  # of each crossing: chord that begins earlier
    second: np.ndarray  # and the one that begins later


def find_crossings(mesh: Mesh, pre, packed, generic) -> tuple:
    """Return the `_Crossings` of the generic units, and offending units."""
    edge, unit = _sign_changes(packed & _pack(generic[None]), mesh.ends)
    a, b = mesh.ends[edge].T
    za, zb = pre.at(a, unit), pre.at(b, unit)
    t = za / (za - zb)
    order = np.argsort(_keys(edge, t, len(mesh.source))[0])
    edge, unit, a, b, t = (x[order] for x in (edge, unit, a, b, t))
    side = mesh.points[b] - mesh.points[a]
    points = mesh.points[a] + t[:, None] * side
    gap = np.diff(t) * np.abs(side[1:]).sum(1)
    close = (np.diff(edge) == 0) & (gap <= TOLERANCE * extent(mesh))
    if close.any():
        return None, np.unique(unit[1:][close])
    incidence, forward, where = _incidences(mesh, edge)
    partner = _partners(where * len(generic) + unit[incidence])
    if partner is None:
        return None, np.flatnonzero(generic)
    start = np.flatnonzero(partner > np.arange(len(partner)))
    end = partner[start]
    first, second = _crossing_chords(start, end)
    return _Crossings(
        edge, unit, points, incidence, forward, start, end, first, second
    ), None


def extent(mesh: Mesh) -> float:
    """Return the largest coordinate, the unit of rounding errors."""
    return float(np.abs(mesh.points).max())


def _incidences(mesh: Mesh, edge: np.ndarray) -> tuple:
    """Return both sides of the edge points, sorted around each face.

    Returns the point of each incidence, whether it lies on the even
    half-edge, and its face.
    """
    count = len(edge)
    point = np.tile(np.arange(count), 2)
    half_edge = np.concatenate([2 * edge, 2 * edge + 1])
    along = np.concatenate([np.arange(count), count - np.arange(count)])
    face = mesh.face[half_edge]
    place = places(mesh, face)[half_edge] * (count + 1) + along
    inside = np.flatnonzero(face != OUTSIDE)
    place = place[inside]
    keys = face[inside] * (place.max(initial=0) + 1) + place
    order = inside[np.argsort(keys)]
    return point[order], order < count, face[order]


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


def _partners(keys: np.ndarray) -> np.ndarray | None:
    """Match equal keys in pairs; None if some key does not come twice."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    if len(keys) % 2 or (ordered[::2] != ordered[1::2]).any():
        return None
    if (ordered[1:-1:2] == ordered[2::2]).any():
        return None
    partner = np.empty(len(keys), np.int64)
    partner[order[::2]], partner[order[1::2]] = order[1::2], order[::2]
    return partner


def _crossing_chords(start, end) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of chords whose ends alternate around a face.

    Chords come sorted by their start. Chord i crosses a later chord k just
    when k starts before i ends, and ends after i ends.
    """
    started = np.zeros(2 * len(start) + 1, np.int64)
    started[start + 1] = 1
    chord = np.arange(len(start))
    later = np.cumsum(started)[end] - chord - 1  # that start before i ends
    begin = np.cumsum(later) - later
    block = BLOCK // 32  # pairs examined at once
    bounds = np.searchsorted(begin, np.arange(0, later.sum() + 1, block))
    firsts, seconds = [], []
    for low, high in zip(bounds, [*bounds[1:], len(start)], strict=True):
        first = np.repeat(chord[low:high], later[low:high])
        shift = chord[low:high] + 1 - begin[low:high] + begin[low : low + 1]
        second = np.arange(len(first)) + np.repeat(shift, later[low:high])
        cross = np.flatnonzero(end[second] > end[first])
        firsts.append(first[cross])
        seconds.append(second[cross])
    return np.concatenate(firsts), np.concatenate(seconds)


def _positions(plan: _Crossings) -> tuple:
    """Return where chords cross, as fractions of their lengths.

    Returns
    -------
    on_first, on_second : ndarray, shape (X,)
        Position of each crossing along its two chords.
    points : ndarray, shape (X, 2)
    length : ndarray, shape (C,)
        Size of each chord.
    """
    ends = plan.points[plan.incidence]
    tail = ends[plan.start]
    along = ends[plan.end] - tail
    one, two = plan.first, plan.second
    gap, ray, other = tail[two] - tail[one], along[one], along[two]
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = cross(ray, other)
        on_first, on_second = (
            cross(gap, other) / turn,
            cross(gap, ray) / turn,
        )
        points = tail[one] + on_first[:, None] * ray
    return on_first, on_second, points, np.abs(along).sum(1)


def _keys(group: np.ndarray, position: np.ndarray, groups: int) -> tuple:
    """Return integers that sort by (group, position), and the bits below."""
    bits = 62 - int(groups).bit_length()
    inside = np.clip(np.nan_to_num(position), 0, 1)
    fine = (inside * (2**bits - 1)).astype(np.int64)
    return (group << bits) + fine, bits


def _order_crossings(plan: _Crossings, extent: float) -> tuple:
    """Return crossings in their order along each chord.

    Returns
    -------
    chord, crossing : ndarray of int, shape (2 X,)
        Chord and crossing of each visit, sorted along the chords.
    points : ndarray, shape (X, 2)
    offenders : ndarray or None
        Units that meet others in a common point, if there are any.
    """
    on_first, on_second, points, length = _positions(plan)
    chord = np.concatenate([plan.first, plan.second])
    position = np.concatenate([on_first, on_second])
    order = np.argsort(_keys(chord, position, len(length))[0])
    chord, position = chord[order], position[order]
    size, near = length[chord], TOLERANCE * extent
    # A comparison with NaN is False, and then counts as a coincidence.
    apart = (position * size > near) & ((1 - position) * size > near)
    step = np.diff(position) * size[1:]
    apart[1:] &= (np.diff(chord) != 0) | (step > near)
    crossing = order % max(len(points), 1)
    if apart.all():
        return chord, crossing, points, None
    bad = crossing[~apart]
    chords = np.concatenate([plan.first[bad], plan.second[bad]])
    units = plan.unit[plan.incidence[plan.start[chords]]]
    return chord, crossing, points, np.unique(units)


def may_coincide(plan: _Crossings, extent: float) -> bool:
    """Return whether three chords may pass through one point.

    If they do, two crossings coincide on the chord that starts first, so
    half of the visits suffice. A cheap test: it may be wrong by a hair, and
    then on the side of caution.
    """
    position, other, _, length = _positions(plan)
    near = TOLERANCE * extent
    for chord, s in ((plan.first, position), (plan.second, other)):
        size = length[chord]
        if not ((s * size > near) & ((1 - s) * size > near)).all():
            return True
    keys, bits = _keys(plan.first, position, len(length))
    keys = np.sort(keys)
    step = np.diff(keys)
    chord = keys[1:] >> bits
    return bool((step <= 1 + near / length[chord] * 2.0**bits).any())


def cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the cross products of the rows of two (n, 2) arrays."""
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def _insert_points(mesh: Mesh, edge: np.ndarray, points: np.ndarray) -> tuple:
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
    face = np.concatenate(
        [mesh.face.reshape(-1, 2), mesh.face.reshape(-1, 2)[edge]]
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


def _cut_at_once(mesh: Mesh, pre, packed, generic, label: int) -> tuple:
    """Cut a mesh by all generic units; return (mesh or None, offenders)."""
    plan, offenders = find_crossings(mesh, pre, packed, generic)
    if plan is None:
        return None, offenders
    visits = _order_crossings(plan, extent(mesh))
    if visits[-1] is not None:
        return None, visits[-1]
    wanted = mesh.faces + len(plan.start) + len(plan.first)
    mesh, arriving, leaving = _insert_points(mesh, plan.edge, plan.points)
    mesh = _draw_chords(mesh, plan, visits, arriving, leaving, label)
    mesh.face, mesh.faces = _number_faces(mesh.successor)
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
    _link_crossings(successor, plan, chord, crossing, into)
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


def _link_crossings(successor, plan, chord, crossing, into) -> None:
    """Turn left at each crossing.

    The chord that starts earlier around the face sees the other one pass
    from its right to its left: call them east and north.
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


def _number_faces(successor: np.ndarray) -> tuple[np.ndarray, int]:
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


# -- one neuron after another -----------------------------------------------


def _cut_in_turn(mesh: Mesh, pre, units: np.ndarray, label: int) -> Mesh:
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
            new = _between(
                left, right, left[:, k + column], right[:, k + column]
            )
            new[:, k + column] = 0
            mesh, _, _ = _insert_points(mesh, edge, new[:, :k])
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


def cut_by_layer(mesh: Mesh, earlier, layer, label: int, singly=False):
    """Return a mesh cut by one layer; `earlier` are the ReLU layers before.

    Units that the fast step finds in coincidences are left to the slow one;
    `singly` sends all units there, which is a second way to every count.
    """
    pre = Preactivations(mesh, earlier, layer)
    if mesh.exact or singly:
        units = np.arange(len(layer.bias))
        return _cut_in_turn(mesh, pre, units, label)
    packed, generic = pre.signs()
    while generic.any():
        finer, offenders = _cut_at_once(mesh, pre, packed, generic, label)
        if finer is not None:
            mesh = finer
            break
        generic[offenders] = False
    if generic.all():
        return mesh
    pre = Preactivations(mesh, earlier, layer)
    return _cut_in_turn(mesh, pre, np.flatnonzero(~generic), label)


def cut_by_layers(mesh: Mesh, layers: Sequence[Layer], singly=False) -> Mesh:
    """Return a mesh cut by ReLU layers; neurons are labelled throughout."""
    label = 0
    for depth, layer in enumerate(layers):
        mesh = cut_by_layer(mesh, layers[:depth], layer, label, singly)
        label += len(layer.bias)
    return mesh


def coordinates(points: np.ndarray) -> np.ndarray:
    """Return (n, 2) floats, or fractions of homogeneous integers."""
    if points.shape[1] == 2:
        return points
    pairs = [[Fraction(x, w), Fraction(y, w)] for x, y, w in points.tolist()]
    return np.array(pairs, object).reshape(-1, 2)
