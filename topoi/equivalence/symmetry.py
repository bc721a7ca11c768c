"""Parameters of one function: scalings, orders, canonical form, ranks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from topoi.equivalence.bounds import is_exact
from topoi.tropical import Layer, fractions, read_layers

PRIME = 2**31 - 1  # for ranks; products of two residues fit into 64 bits


def rescale(
    layers: Sequence[tuple], factors: Sequence[np.ndarray]
) -> list[Layer]:
    """Return the network with each hidden unit scaled: the same function.

    Weights and bias of a unit are multiplied by a positive factor and its
    outgoing weights divided by it.

    Parameters
    ----------
    layers : sequence of Layer
    factors : sequence of array-like, shape (units,)
        One for each hidden layer, all positive: relu(-z) is not -relu(z).
    """
    scaled = read_layers(layers)
    hidden = sum(layer.relu for layer in scaled)
    if len(factors) != hidden:
        raise ValueError(
            f"There are {hidden} hidden layers, but {len(factors)} lists of "
            "factors."
        )
    for number, by in enumerate(factors):
        by = np.asarray(by)
        w, b, relu = scaled[number]
        if by.shape != b.shape or not (by > 0).all():
            raise ValueError(
                f"Hidden layer {number} needs {len(b)} positive factors, one "
                "for each unit: ReLU is positively homogeneous only."
            )
        scaled[number] = Layer(by[:, None] * w, by * b, relu)
        if number + 1 < len(scaled):
            after = scaled[number + 1]
            scaled[number + 1] = after._replace(weights=after.weights / by)
    return scaled


def reorder(
    layers: Sequence[tuple], orders: Sequence[np.ndarray]
) -> list[Layer]:
    """Return the network with the units of its hidden layers in other orders.

    Parameters
    ----------
    layers : sequence of Layer
    orders : sequence of array-like of int
        For each hidden layer a permutation: which unit comes first, and so on.
    """
    moved = read_layers(layers)
    for number, order in enumerate(orders):
        w, b, relu = moved[number]
        order = np.asarray(order)
        if sorted(order.tolist()) != list(range(len(b))):
            raise ValueError(
                f"Hidden layer {number} needs a permutation of "
                f"0 ... {len(b) - 1}, but got {order.tolist()}."
            )
        moved[number] = Layer(w[order], b[order], relu)
        if number + 1 < len(moved):
            after = moved[number + 1]
            moved[number + 1] = after._replace(weights=after.weights[:, order])
    return moved


def canonical(layers: Sequence[tuple]) -> list[Layer]:
    """Return the member of a network's orbit that stands for all of it.

    From the first hidden layer on, each unit is scaled so that the absolute
    values of its weights and bias add up to 1, and the units are sorted by
    these numbers. Networks that differ by scalings and orders alone have the
    same canonical form; with fractions it is the same exactly. No roots are
    needed.
    """
    found = read_layers(layers)
    for number in range(sum(layer.relu for layer in found)):
        w, b, _ = found[number]
        size = np.abs(w).sum(1) + np.abs(b)
        one = [1 if s == 0 else 1 / s for s in size]
        by = np.array(one, dtype=w.dtype)
        w, b = by[:, None] * w, by * b
        order = np.lexsort(np.column_stack([w, b]).astype(float).T[::-1])
        after = found[number + 1]
        found[number] = Layer(w[order], b[order])
        found[number + 1] = after._replace(
            weights=(after.weights / by)[:, order]
        )
    return found


def flatten(layers: Sequence[tuple], bias: bool = True) -> np.ndarray:
    """Return all parameters of a network as one vector."""
    parts = []
    for weights, b, _ in layers:
        parts.append(np.ravel(weights))
        if bias:
            parts.append(np.ravel(b))
    return np.concatenate(parts)


def parameter_distance(
    a: Sequence[tuple], b: Sequence[tuple], up_to_symmetry: bool = False
) -> float:
    """Return the largest difference of two networks' parameters.

    With `up_to_symmetry`, their canonical forms are compared.
    """
    if up_to_symmetry:
        a, b = canonical(a), canonical(b)
    return float(np.abs(flatten(a) - flatten(b)).max())


# -- dimensions -------------------------------------------------------------


def parameter_jacobian(
    layers: Sequence[tuple], x: np.ndarray, bias: bool = True
) -> np.ndarray:
    """Return the derivatives of all outputs by all parameters.

    Parameters
    ----------
    layers : sequence of Layer
        Its last layer is linear.
    x : ndarray, shape (n, in)
        Inputs at which no preactivation is 0.
    bias : bool
        Whether biases are parameters.

    Returns
    -------
    ndarray, shape (n * out, parameters)
        In the order of `flatten`; fractions for exact layers and inputs.
    """
    network = read_layers(layers)
    inputs, gates = [], []
    for weights, b, relu in network:
        inputs.append(x)
        z = x @ weights.T + b
        gates.append((z > 0).astype(int) if relu else np.ones_like(z))
        x = z * gates[-1]
    n, out = x.shape
    one = np.eye(out, dtype=int).astype(x.dtype)
    back = np.repeat(one[None], n, 0)  # (n, out, units of this layer)
    blocks = []
    for layer, before, gate in zip(
        network[::-1], inputs[::-1], gates[::-1], strict=True
    ):
        back = back * gate[:, None]
        if bias:
            blocks.append(back.reshape(n * out, -1))
        # (n, out, units, 1) * (n, 1, 1, in) -> (n * out, units * in)
        slopes = back[..., None] * before[:, None, None]
        blocks.append(slopes.reshape(n * out, -1))
        back = back @ layer.weights  # (n, out, in)
    return np.concatenate(blocks[::-1], 1)


def exact_rank(matrix: np.ndarray) -> int:
    """Return a lower bound of the rank of a matrix of fractions.

    The rank modulo a prime: never larger than the rank, and smaller only if
    the prime divides a certain determinant.
    """
    rows = fractions(matrix)
    table = np.array(
        [
            [v.numerator * pow(v.denominator, -1, PRIME) % PRIME for v in row]
            for row in rows
        ],
        dtype=np.int64,
    )
    rank = 0
    for column in range(table.shape[1]):
        pivots = np.flatnonzero(table[rank:, column])
        if not len(pivots):
            continue
        swap = rank + pivots[0]
        table[[rank, swap]] = table[[swap, rank]]
        inverse = pow(int(table[rank, column]), -1, PRIME)
        table[rank] = table[rank] * inverse % PRIME
        below = table[rank + 1 :, column]
        table[rank + 1 :] -= below[:, None] * table[rank] % PRIME
        table[rank + 1 :] %= PRIME
        rank += 1
        if rank == len(table):
            break
    return rank


class Dimension(NamedTuple):
    """Ranks of a network's Jacobian.

    Attributes
    ----------
    parameters : int
    rank : int
        Directions of the parameters that change the outputs.
    free : int
        parameters - rank: directions that do not, to first order.
    gap : float
        The smallest singular value that counts over the largest that does
        not; infinite if there is none, or if the rank is exact. A small gap
        says that the rank is a matter of taste.
    """

    parameters: int
    rank: int
    free: int
    gap: float


def equivalence_dimension(
    layers: Sequence[tuple],
    x: np.ndarray,
    bias: bool = True,
    tolerance: float = 1e-9,
) -> Dimension:
    """Return how many directions of the parameters leave a network as it is.

    Parameters
    ----------
    layers : sequence of Layer
        With fractions, and `x` of fractions, the rank is computed without
        rounding.
    x : ndarray, shape (n, in)
        More outputs than parameters, in general position.
    bias : bool
        Whether biases are parameters.
    tolerance : float
        Singular values below this, relative to the largest, count as 0.

    Raises
    ------
    ValueError
        If there are fewer outputs than parameters: the rank would be too
        small for want of data.
    """
    jacobian = parameter_jacobian(layers, x, bias)
    size, parameters = jacobian.shape
    if size < parameters:
        raise ValueError(
            f"{size} outputs cannot show the rank of {parameters} "
            "parameters: pass more inputs."
        )
    if is_exact(layers) and jacobian.dtype == object:
        rank = exact_rank(jacobian)
        return Dimension(parameters, rank, parameters - rank, np.inf)
    values = np.linalg.svd(jacobian.astype(float), compute_uv=False)
    rank = int((values > tolerance * values[0]).sum())
    rest = values[rank] if rank < parameters else 0.0
    gap = np.inf if rest == 0 else float(values[rank - 1] / rest)
    return Dimension(parameters, rank, parameters - rank, gap)
