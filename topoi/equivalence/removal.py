"""Removing stable units and folding layers, without changing the function."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from topoi.equivalence.bounds import Status, forward, is_exact
from topoi.tropical import Layer, enumerate_regions, fractions, read_layers

DEPENDENT = 1e-9  # of floats: residual of a linear combination, relative


class Reduced(NamedTuple):
    """A smaller network, and how it came about.

    Attributes
    ----------
    layers : list of Layer
        The network; computes the same function on the domain.
    off, dependent, folded : int
        Units that were removed because they are 0, or because they are a
        combination of other units that are on; layers that were multiplied
        into their successor.
    """

    layers: list[Layer]
    off: int
    dependent: int
    folded: int


def remove_stable(
    layers: Sequence[tuple], status: Sequence[np.ndarray]
) -> Reduced:
    """Return a network without the units whose sign is known.

    Parameters
    ----------
    layers : sequence of Layer
        Its last layer is linear. With fractions the result is exact.
    status : sequence of ndarray
        For each hidden layer, as `stable_units` returns it.

    Returns
    -------
    Reduced

    Raises
    ------
    ValueError
        If the statuses do not fit to the layers, or the last layer has a
        ReLU.

    Notes
    -----
    A unit that is off contributes 0. A unit i that is on is an affine
    function of the layer below; if its weights are a combination
    ``sum a_k w_k`` of others that are on, it is ``sum a_k h_k`` plus the
    constant ``b_i - sum a_k b_k``. If all units of a layer are on, the layer
    is affine and is multiplied into the next one; if all are off, the
    network is constant.
    """
    network = read_layers(layers)
    _check_status(network, status)
    off = dependent = folded = 0
    done: list[Layer] = []
    layer = network[0]
    for number, known in enumerate(status):
        following = network[number + 1]
        keep = known != Status.OFF
        off += int((~keep).sum())
        layer, following = _without(layer, following, keep)
        known = known[keep]
        if not len(known):
            rest = [following, *network[number + 2 :]]
            return Reduced([_constant(network, rest)], off, dependent, folded)
        layer, following, known, count = merge_dependent(
            layer, following, known
        )
        dependent += count
        if (known == Status.ON).all():
            layer = fold(layer, following)
            folded += 1
        else:
            done.append(layer)
            layer = following
    return Reduced([*done, layer], off, dependent, folded)


def fold(layer: Layer, following: Layer) -> Layer:
    """Return one layer for two, where the ReLU between them does nothing."""
    weights = following.weights @ layer.weights
    bias = following.weights @ layer.bias + following.bias
    return Layer(weights, bias, following.relu)


def _check_status(
    network: Sequence[Layer], status: Sequence[np.ndarray]
) -> None:
    widths = [len(layer.bias) for layer in network if layer.relu]
    if network[-1].relu:
        raise ValueError(
            "The last layer must be linear: Layer(weights, bias, relu=False)."
        )
    if [len(known) for known in status] != widths:
        raise ValueError(
            f"The network has hidden layers of {widths} units, but the "
            f"statuses are for {[len(known) for known in status]}."
        )


def _without(
    layer: Layer, following: Layer, keep: np.ndarray
) -> tuple[Layer, Layer]:
    """Remove units: their rows here, their columns in the next layer."""
    return (
        Layer(layer.weights[keep], layer.bias[keep], layer.relu),
        following._replace(weights=following.weights[:, keep]),
    )


def _constant(network: Sequence[Layer], rest: Sequence[Layer]) -> Layer:
    """Return the constant that the rest makes of no units at all."""
    nothing = np.zeros((1, 0), rest[0].weights.dtype)
    value = forward(rest, nothing)[0]  # (out,)
    weights = np.zeros((len(value), network[0].weights.shape[1]))
    weights = fractions(weights) if is_exact(network) else weights
    return Layer(weights, value, False)


def merge_dependent(
    layer: Layer, following: Layer, known: np.ndarray
) -> tuple[Layer, Layer, np.ndarray, int]:
    """Remove units that are on and a combination of others that are on.

    Parameters
    ----------
    layer, following : Layer
    known : ndarray of int
        Statuses of the units of `layer`.

    Returns
    -------
    layer, following : Layer
    known : ndarray of int
        Statuses of the units that are left.
    count : int
        How many units were removed.
    """
    basis: list[int] = []
    keep = np.ones(len(known), bool)
    weights, bias = following.weights.copy(), following.bias.copy()
    for unit in np.flatnonzero(known == Status.ON):
        a = combination(layer.weights[basis], layer.weights[unit])
        if a is None:
            basis.append(unit)
            continue
        keep[unit] = False
        out = following.weights[:, unit]  # (out of the next layer,)
        weights[:, basis] = weights[:, basis] + np.outer(out, a)
        bias = bias + out * (layer.bias[unit] - a @ layer.bias[basis])
    following = Layer(weights, bias, following.relu)
    layer, following = _without(layer, following, keep)
    return layer, following, known[keep], int((~keep).sum())


def combination(rows: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Return a with a @ rows = target, or None if there is none.

    Parameters
    ----------
    rows : ndarray, shape (k, n)
        Linearly independent.
    target : ndarray, shape (n,)
    """
    if rows.dtype == object:
        return _exact_combination(rows, target)
    size = np.linalg.norm(target)
    if not len(rows):
        return np.zeros(0) if size == 0 else None
    a = np.linalg.lstsq(rows.T, target, rcond=None)[0]
    miss = np.linalg.norm(a @ rows - target)
    return a if miss <= DEPENDENT * size else None


def _exact_combination(
    rows: np.ndarray, target: np.ndarray
) -> np.ndarray | None:
    """Solve by elimination over the fractions."""
    k = len(rows)
    table = np.vstack([rows, target[None]]).T.copy()  # (n, k + 1)
    for column in range(k):
        pivots = np.flatnonzero(table[column:, column] != 0)
        if not len(pivots):
            raise ValueError("The rows must be linearly independent.")
        swap = column + pivots[0]
        table[[column, swap]] = table[[swap, column]]
        table[column] = table[column] / table[column, column]
        for other in np.flatnonzero(table[:, column] != 0):
            if other != column:
                factor = table[other, column]
                table[other] = table[other] - factor * table[column]
    return None if (table[k:, k] != 0).any() else table[:k, k]


# -- equality, as a certificate ---------------------------------------------


def difference_network(a: Sequence[tuple], b: Sequence[tuple]) -> list[Layer]:
    """Return a network that computes a(x) - b(x).

    The two run side by side. The shallower one waits for the other: its last
    hidden layer holds no negative numbers, so further ReLUs do not change
    them.
    """
    a, b = read_layers(a), read_layers(b)
    if is_exact(a) != is_exact(b):
        a, b = ([_exactly(layer) for layer in net] for net in (a, b))
    depth = max(len(a), len(b))
    a, b = _deepened(a, depth), _deepened(b, depth)
    both = [_side_by_side(a[0], b[0], first=True)]
    both += [
        _side_by_side(p, q) for p, q in zip(a[1:-1], b[1:-1], strict=True)
    ]
    p, q = a[-1], b[-1]
    weights = np.concatenate([p.weights, -q.weights], 1)
    if depth == 1:  # both are affine
        return [Layer(p.weights - q.weights, p.bias - q.bias, False)]
    return [*both, Layer(weights, p.bias - q.bias, False)]


def _exactly(layer: Layer) -> Layer:
    return Layer(fractions(layer.weights), fractions(layer.bias), layer.relu)


def _deepened(network: list[Layer], depth: int) -> list[Layer]:
    """Insert layers that change nothing before the last one."""
    missing = depth - len(network)
    if not missing:
        return network
    last = network[-1]
    kind = fractions if is_exact(network) else np.asarray
    if len(network) == 1:  # affine: x becomes relu(x) - relu(-x)
        eye = kind(np.eye(last.weights.shape[1]))
        split = Layer(
            np.concatenate([eye, -eye]), kind(np.zeros(2 * len(eye)))
        )
        weights = np.concatenate([last.weights, -last.weights], 1)
        network, missing = [split, last._replace(weights=weights)], missing - 1
        last = network[-1]
    width = last.weights.shape[1]
    same = Layer(kind(np.eye(width)), kind(np.zeros(width)))
    return [*network[:-1], *[same] * missing, last]


def _side_by_side(p: Layer, q: Layer, first: bool = False) -> Layer:
    bias = np.concatenate([p.bias, q.bias])
    if first:
        return Layer(np.concatenate([p.weights, q.weights]), bias, p.relu)
    corner = np.zeros((len(p.bias), q.weights.shape[1]), p.weights.dtype)
    other = np.zeros((len(q.bias), p.weights.shape[1]), p.weights.dtype)
    weights = np.block([[p.weights, corner], [other, q.weights]])
    return Layer(weights, bias, p.relu)


class Comparison(NamedTuple):
    """What is known about the difference of two networks on a polygon.

    Attributes
    ----------
    cells : int
        Cells on which the difference is affine.
    different : int
        Those on which it is not zero.
    share : float
        Their share of the area.
    """

    cells: int
    different: int
    share: float


def compare_exactly(
    a: Sequence[tuple], b: Sequence[tuple], polygon: np.ndarray
) -> Comparison:
    """Compare two networks with two inputs on all points of a polygon.

    The polygon is cut into cells on which the difference of the two is
    affine, all in exact arithmetic, and its affine map is read off on each.
    ``different == 0`` is a proof that the functions are equal there.

    Parameters
    ----------
    a, b : sequence of Layer
    polygon : array-like, shape (corners, 2)
    """
    cells = enumerate_regions(difference_network(a, b), polygon, exact=True)
    slope, intercept = cells.affine()  # (cells, out, 2), (cells, out)
    nonzero = (slope != 0).any((1, 2)) | (intercept != 0).any(1)
    areas = cells.areas()
    share = areas[nonzero].sum() / areas.sum()
    return Comparison(len(cells), int(nonzero.sum()), float(share))


def outside_witness(
    a: Sequence[tuple], b: Sequence[tuple], unit: int, reach: int = 10**6
) -> tuple[np.ndarray, float]:
    """Return an input at which a removed unit of the first layer is seen.

    The input is ``reach`` times the signs of the unit's weights: far outside
    of most domains, and there the unit is on, if any direction turns it on.

    Parameters
    ----------
    a : sequence of Layer
        The network with the unit.
    b : sequence of Layer
        The network without it.
    unit : int
        Its number in the first layer of `a`.
    reach : int
        How far to go.

    Returns
    -------
    x : ndarray, shape (in,)
    change : float
        Largest difference of the outputs at x, computed without rounding.
    """
    weights = a[0].weights[unit].astype(float)
    x = fractions(reach * np.sign(weights).astype(int))[None]  # (1, in)
    a, b = ([_exactly(layer) for layer in net] for net in (a, b))
    change = np.abs(forward(a, x) - forward(b, x))
    return x[0].astype(float), float(change.max())
