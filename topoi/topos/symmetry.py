"""Groups in the fibres: equivariant maps, counted and computed exactly."""

from collections.abc import Sequence
from itertools import product

import numpy as np

Permutation = tuple[int, ...]


def hom_dim(
    gens_x: Sequence[Permutation], gens_y: Sequence[Permutation]
) -> int:
    """Return the dimension of the equivariant linear maps R^X -> R^Y.

    It is the number of orbits of the group on X x Y.

    Parameters
    ----------
    gens_x, gens_y : sequences of permutations
        The same generators of the group, as they act on X and on Y.

    Raises
    ------
    ValueError
        If the numbers of generators differ.
    """
    if len(gens_x) != len(gens_y):
        raise ValueError(
            f"one permutation per generator is due on both sides, got "
            f"{len(gens_x)} and {len(gens_y)}."
        )
    left = set(product(range(len(gens_x[0])), range(len(gens_y[0]))))
    orbits = 0
    while left:
        edge = [left.pop()]
        orbits += 1
        while edge:
            a, b = edge.pop()
            for g, h in zip(gens_x, gens_y, strict=True):
                image = g[a], h[b]
                if image in left:
                    left.remove(image)
                    edge.append(image)
    return orbits


def torus_actions(n: int) -> dict[str, list[Permutation]]:
    """Return how the group p4 acts on an n x n torus.

    Returns
    -------
    dict
        ``"plane"``: down, right and quarter turn as permutations of the
        n * n pixels; ``"group"``: the same generators on the n * n * 4
        elements of the group.
    """

    def plane(move):
        return tuple(
            (i % n) * n + j % n
            for i, j in (move(*divmod(p, n)) for p in range(n * n))
        )

    moves = [
        lambda i, j: (i + 1, j),
        lambda i, j: (i, j + 1),
        lambda i, j: (-j, i),
    ]
    on_plane = [plane(move) for move in moves]
    on_group = [
        tuple(4 * g[q // 4] + (q + turns) % 4 for q in range(4 * n * n))
        for g, turns in zip(on_plane, (0, 0, 1), strict=True)
    ]
    return {"plane": on_plane, "group": on_group}


def turn(image: np.ndarray) -> np.ndarray:
    """Turn a picture on a torus by a quarter about pixel (0, 0).

    ``turn(x)[i, j] = x[-j, i]``; shape (n, n) -> (n, n).
    """
    n = len(image)
    i, j = np.indices((n, n))
    return image[-j % n, i]


def correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate two pictures of shape (n, n) on a torus, in integers."""
    total = np.zeros_like(image)
    for i, j in np.argwhere(kernel):
        total += kernel[i, j] * np.roll(image, (-i, -j), (0, 1))
    return total


def _turned(kernel: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times % 4):
        kernel = turn(kernel)
    return kernel


def lift(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate with all four turns of a kernel: (n, n) -> (4, n, n)."""
    return np.stack([correlate(image, _turned(kernel, s)) for s in range(4)])


def group_correlate(maps: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Correlate over the group p4: (4, n, n), (4, n, n) -> (4, n, n)."""
    return np.stack(
        [
            sum(
                correlate(maps[t], _turned(kernels[(t - s) % 4], s))
                for t in range(4)
            )
            for s in range(4)
        ]
    )


def turn_maps(maps: np.ndarray) -> np.ndarray:
    """Turn four maps of a lifted picture: turn each, and move on by one."""
    return np.stack([turn(maps[(s - 1) % 4]) for s in range(4)])


def right_ideals(table: Sequence[Sequence[int]]) -> list[frozenset[int]]:
    """List the truth values of a category with one object.

    Parameters
    ----------
    table : square table
        ``table[a][b]`` is the product of elements a and b of a monoid.

    Returns
    -------
    list of frozensets
        The sets S with s m in S for all s in S and all m.
    """
    size = range(len(table))
    found = []
    for bits in range(1 << len(table)):
        part = frozenset(a for a in size if bits >> a & 1)
        if all(table[s][m] in part for s in part for m in size):
            found.append(part)
    return found
