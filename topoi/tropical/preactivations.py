"""Values and signs of a layer at the vertices of a mesh.

Every value at an exact point (X, Y, W) is an integer over the same W, so
signs need no fraction at all. Values at float points count as zero within
the rounding error of their sum.
"""

from collections.abc import Sequence
from math import gcd

import numpy as np

from topoi.tropical.layers import Layer
from topoi.tropical.mesh import Mesh

TOLERANCE = 1e-12  # values and gaps this small, relatively, count as zero
BLOCK = 2**28  # bytes of preactivations held at once; larger runs in parts


def affine_values(
    h: np.ndarray, points: np.ndarray, layer: Layer
) -> np.ndarray:
    """Return the preactivations of a layer with inputs h at some points."""
    z = h @ layer.weights.T  # (points, in) @ (in, out)
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


def between(left, right, za, zb) -> np.ndarray:
    """Return rows where a value vanishes that is za at left, zb at right."""
    za, zb = za[:, None], zb[:, None]
    if left.dtype == object:
        sign = np.where(za > 0, 1, -1)
        return _reduce_rows(sign * (za * right - zb * left))
    return left + za / (za - zb) * (right - left)


def _reduce_rows(rows: np.ndarray) -> np.ndarray:
    """Divide each row of integers by its greatest common divisor."""
    divisors = [gcd(*row) or 1 for row in rows.tolist()]
    return rows // np.array(divisors, object)[:, None]


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
            packed.append(pack(z > 0))
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


def pack(positive: np.ndarray) -> np.ndarray:
    """Pack booleans (rows, n) into 64-bit words (rows, ceil(n / 64))."""
    rows, n = positive.shape
    packed = np.zeros((rows, 8 * -(-n // 64)), np.uint8)
    packed[:, : -(-n // 8)] = np.packbits(positive, axis=1, bitorder="little")
    return packed.view("<u8")


def sign_changes(packed: np.ndarray, ends: np.ndarray) -> tuple:
    """Return all pairs (edge, unit) whose two ends differ in sign."""
    change = packed[ends[:, 0]] ^ packed[ends[:, 1]]
    edge, word = np.nonzero(change)
    # one word of 64 bits -> eight octets -> 64 booleans
    octets = change[edge, word].view(np.uint8).reshape(-1, 8)
    hit, bit = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
    return edge[hit], 64 * word[hit] + bit
