"""Where the neurons of one layer cross the edges and each other.

A neuron draws one straight chord through each face that it cuts. The ends
of all chords, sorted around the faces, tell which chords cross, before any
crossing is computed.
"""

from dataclasses import dataclass

import numpy as np

from topoi.tropical.mesh import OUTSIDE, Mesh, extent, places
from topoi.tropical.preactivations import (
    TOLERANCE,
    Preactivations,
    pack,
    sign_changes,
)

PAIRS = 2**23  # pairs of chords examined at once


@dataclass
class Crossings:
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


def find_crossings(
    mesh: Mesh, pre: Preactivations, packed: np.ndarray, generic: np.ndarray
) -> tuple:
    """Return the `Crossings` of the generic units, and offending units."""
    edge, unit = sign_changes(packed & pack(generic[None]), mesh.ends)
    a, b = mesh.ends[edge].T  # (P, 2) -> twice (P,)
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
    first, second = crossing_chords(start, end)
    return Crossings(
        edge, unit, points, incidence, forward, start, end, first, second
    ), None


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


def crossing_chords(
    start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of chords whose ends alternate around a face.

    Parameters
    ----------
    start, end : ndarray of int, shape (chords,)
        Places of the two ends of each chord, sorted by `start`.

    Returns
    -------
    first, second : ndarray of int, shape (crossings,)
        Chord i crosses a later chord k exactly when k starts before i ends,
        and ends after i ends.
    """
    started = np.zeros(2 * len(start) + 1, np.int64)
    started[start + 1] = 1
    chord = np.arange(len(start))
    later = np.cumsum(started)[end] - chord - 1  # that start before i ends
    begin = np.cumsum(later) - later
    bounds = np.searchsorted(begin, np.arange(0, later.sum() + 1, PAIRS))
    firsts, seconds = [], []
    for low, high in zip(bounds, [*bounds[1:], len(start)], strict=True):
        first = np.repeat(chord[low:high], later[low:high])
        shift = chord[low:high] + 1 - begin[low:high] + begin[low : low + 1]
        second = np.arange(len(first)) + np.repeat(shift, later[low:high])
        cross = np.flatnonzero(end[second] > end[first])
        firsts.append(first[cross])
        seconds.append(second[cross])
    return np.concatenate(firsts), np.concatenate(seconds)


def _positions(plan: Crossings) -> tuple:
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


def order_crossings(plan: Crossings, extent: float) -> tuple:
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


def may_coincide(plan: Crossings, extent: float) -> bool:
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
