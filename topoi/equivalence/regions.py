"""The cells of a network on planes through its examples."""

from collections.abc import Sequence

import numpy as np

from topoi.tropical import Layer, box, count_regions, read_layers


def on_plane(
    layers: Sequence[tuple], points: np.ndarray
) -> tuple[list[Layer], np.ndarray]:
    """Return a network restricted to the plane through three inputs.

    Parameters
    ----------
    layers : sequence of Layer
    points : ndarray, shape (3, in)

    Returns
    -------
    layers : list of Layer
        The same network with two inputs, orthonormal coordinates around the
        mean of the points.
    places : ndarray, shape (3, 2)
        Where the three points lie.
    """
    network = read_layers(layers)
    centre = points.mean(0)
    axes = np.linalg.qr((points[1:] - points[0]).T)[0]  # (in, 2)
    first = network[0]
    moved = Layer(
        first.weights @ axes, first.weights @ centre + first.bias, first.relu
    )
    return [moved, *network[1:]], (points - centre) @ axes


def cells_per_plane(
    layers: Sequence[tuple],
    x: np.ndarray,
    planes: int,
    rng: np.random.Generator,
    half_width: float = 2.0,
) -> np.ndarray:
    """Return the numbers of activation cells on planes through examples.

    Each plane goes through three examples, drawn at random, and is seen
    through a square around their mean.

    Returns
    -------
    ndarray of int, shape (planes,)
    """
    counts = []
    for _ in range(planes):
        chosen = x[rng.choice(len(x), 3, replace=False)]
        flat, _ = on_plane(layers, chosen)
        counts.append(count_regions(flat, box(half_width)))
    return np.array(counts)
