"""N:M sparsity: masks, the compressed 2:4 form, channel permutations.

Kernels have the layout of Keras, (inputs, outputs): groups of m weights lie
along the axis that a matrix product sums over. Masks are boolean, true where
a weight is kept.
"""

from typing import NamedTuple

import keras
import numpy as np

# -- masks ------------------------------------------------------------------


def mask_nm(
    weights: np.ndarray, n: int = 2, m: int = 4, axis: int = 0
) -> np.ndarray:
    """Return the mask that keeps the n largest of every m weights.

    Parameters
    ----------
    weights : ndarray, any shape
        Compared by absolute value; of equal ones the first is kept.
    n, m : int
        Kept weights, and weights in a group.
    axis : int
        The axis that is summed over: 0 for a dense kernel, 2 for a kernel
        (height, width, channels_in, channels_out) of a convolution.

    Returns
    -------
    ndarray of bool, same shape

    Raises
    ------
    ValueError
        If the axis is not a multiple of m, if not 0 < n <= m, or if there
        is a NaN.

    Notes
    -----
    A weight's rank in its group is counted by m (m - 1) / 2 comparisons, so
    nothing is sorted. Source: Mishra et al. (2021).
    """
    if np.isnan(weights).any():
        raise ValueError(
            "mask_nm ranks absolute values, but the weights hold NaN. Look "
            "for the training step that produced it."
        )
    sizes = np.abs(_groups(weights, n, m, axis))
    rank = np.zeros(sizes.shape, np.uint8)
    for i in range(m):
        for j in range(i + 1, m):
            later_wins = sizes[:, j] > sizes[:, i]
            rank[:, i] += later_wins
            rank[:, j] += ~later_wins
    return _ungroup(rank < n, weights.shape, axis)


def is_nm(weights: np.ndarray, n: int = 2, m: int = 4, axis: int = 0) -> bool:
    """Return whether at most n of every m weights are not zero.

    Parameters and errors are those of `mask_nm`.
    """
    kept = np.count_nonzero(_groups(weights, n, m, axis), axis=1)
    return bool((kept <= n).all())


def _groups(weights: np.ndarray, n: int, m: int, axis: int) -> np.ndarray:
    """Return shape (groups, m, everything else), or say what is wrong."""
    if not 0 < n <= m:
        raise ValueError(
            f"n of every m weights are kept, so 0 < n <= m, but n = {n} and "
            f"m = {m}. Half of the weights: n = 2, m = 4."
        )
    length = weights.shape[axis]
    if length % m:
        raise ValueError(
            f"Groups of {m} must fill axis {axis}, but it has {length} "
            f"entries (shape {weights.shape}). Pad it with zeros, or leave "
            "this layer dense."
        )
    front = np.moveaxis(weights, axis, 0)
    return front.reshape(length // m, m, -1)  # (groups, m, the rest)


def _ungroup(groups: np.ndarray, shape: tuple, axis: int) -> np.ndarray:
    rest = shape[:axis] + shape[axis:][1:]
    # (groups, m, the rest) -> (length, ...) -> the axis in its place
    front = groups.reshape(shape[axis], *rest)
    return np.moveaxis(front, 0, axis)


@keras.saving.register_keras_serializable(package="topoi")
class FixedMask(keras.constraints.Constraint):
    """Set the same weights to zero again after every step of an optimiser.

    Use it as ``kernel_constraint``. Masking gradients is not enough: momentum
    from before the pruning moves a weight whose gradient is zero.

    Parameters
    ----------
    mask : array of bool or of zeros and ones, shape of the weight
        True where a weight is kept.
    """

    def __init__(self, mask):
        self.mask = np.array(mask, dtype=bool)

    def __call__(self, weight):
        """Return the weight with zeros where the mask is false."""
        if tuple(weight.shape) != self.mask.shape:
            raise ValueError(
                f"FixedMask holds a mask of shape {self.mask.shape}, but the "
                f"weight has {tuple(weight.shape)}. Make the mask from this "
                "weight."
            )
        return weight * keras.ops.cast(self.mask, weight.dtype)

    def get_config(self):
        """Return the mask as nested lists."""
        return {"mask": self.mask.tolist()}


# -- the compressed form ----------------------------------------------------


class Compressed(NamedTuple):
    """A 2:4 kernel without its zeros.

    Attributes
    ----------
    values : ndarray, shape (inputs / 2, outputs)
        The kept weights, two a group, in the order of the inputs.
    codes : ndarray of uint8, shape (ceil(inputs / 8), outputs)
        Four bits a group: places i0 < i1 of its two weights as i0 + 4 i1;
        the earlier group has the lower half of the byte.
    """

    values: np.ndarray
    codes: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        return self.values.nbytes + self.codes.nbytes

    def rows(self) -> np.ndarray:
        """Return the input of each value, shape (inputs / 2, outputs)."""
        half, outputs = self.values.shape
        nibbles = np.stack([self.codes & 15, self.codes >> 4], axis=1)
        code = nibbles.reshape(-1, outputs)[: half // 2]  # one a group
        places = np.stack([code & 3, code >> 2], axis=1).astype(np.intp)
        first = 4 * np.arange(half // 2)[:, None, None]
        # (groups, 2, outputs) -> (inputs / 2, outputs)
        return (places + first).reshape(half, outputs)


def compress_24(weights: np.ndarray) -> Compressed:
    """Store a 2:4 kernel as values and four bits a group.

    Parameters
    ----------
    weights : ndarray, shape (inputs, outputs)
        At most two of every four weights along axis 0 are not zero. A group
        with fewer still names two places.

    Returns
    -------
    Compressed
        9/16 of the bytes in float16 if `inputs` is a multiple of 8.

    Raises
    ------
    ValueError
        If `weights` is no matrix, or has more than two weights in a group.

    Notes
    -----
    The layout that a GPU reads is interleaved on top of this.
    """
    if weights.ndim != 2 or not is_nm(weights):
        raise ValueError(
            "compress_24 needs a matrix with at most two of every four "
            f"weights along axis 0; this one of shape {weights.shape} has "
            "more. Prune it first: weights * mask_nm(weights)."
        )
    groups = _groups(weights, 2, 4, 0)  # (inputs / 4, 4, outputs)
    kept = mask_nm(np.where(weights != 0, 1.0, 0.0))  # two places in each
    places = np.argsort(~_groups(kept, 2, 4, 0), axis=1, kind="stable")[:, :2]
    values = np.take_along_axis(groups, places, axis=1)
    code = (places[:, 0] | places[:, 1] << 2).astype(np.uint8)
    code = np.concatenate([code, np.zeros_like(code[: len(code) % 2])])
    codes = code[::2] | code[1::2] << 4
    # (groups, 2, outputs) -> (inputs / 2, outputs)
    return Compressed(values.reshape(-1, weights.shape[1]), codes)


def decompress_24(compressed: Compressed) -> np.ndarray:
    """Return the kernel of shape (inputs, outputs) with its zeros."""
    half, outputs = compressed.values.shape
    weights = np.zeros((2 * half, outputs), compressed.values.dtype)
    np.put_along_axis(weights, compressed.rows(), compressed.values, axis=0)
    return weights


def matmul_24(x: np.ndarray, compressed: Compressed) -> np.ndarray:
    """Return x times a compressed kernel with half the multiplications.

    Parameters
    ----------
    x : ndarray, shape (batch, inputs)
    compressed : Compressed

    Returns
    -------
    ndarray, shape (batch, outputs)

    Raises
    ------
    ValueError
        If `x` has another number of inputs.
    """
    inputs = 2 * len(compressed.values)
    if x.ndim != 2 or x.shape[1] != inputs:
        raise ValueError(
            f"matmul_24 needs x of shape (batch, {inputs}), but got "
            f"{x.shape}: the kernel was compressed from {inputs} inputs."
        )
    rows, values = compressed.rows(), compressed.values
    columns = [x[:, rows[:, o]] @ values[:, o] for o in range(values.shape[1])]
    return np.stack(columns, axis=1)


# -- permutations of the channels -------------------------------------------


class Permutation(NamedTuple):
    """What `search_permutation` found.

    Attributes
    ----------
    order : ndarray of int, shape (inputs,)
        ``weights[order]`` is the kernel to prune.
    kept : ndarray of float, shape (swaps + 1,)
        Sum of kept absolute values before, and after each swap.
    """

    order: np.ndarray
    kept: np.ndarray


def kept_magnitude(weights: np.ndarray) -> float:
    """Return the sum of absolute values that 2:4 pruning keeps."""
    return float(np.abs(weights * mask_nm(weights)).sum(dtype=np.float64))


def search_permutation(weights: np.ndarray) -> Permutation:
    """Reorder inputs by swaps until no swap keeps more magnitude.

    Parameters
    ----------
    weights : ndarray, shape (inputs, outputs)
        The kernel; `inputs` is a multiple of 4.

    Returns
    -------
    Permutation

    Raises
    ------
    ValueError
        As for `mask_nm`.

    Notes
    -----
    If r1 >= r2 are the two largest of the three weights that stay, a
    newcomer b makes the group keep r1 + max(r2, b). So the gain of every
    swap of two channels comes from one table, of which a swap changes eight
    rows and columns: O(inputs^2 outputs) at the start, O(inputs outputs) a
    swap. The result is a local optimum. After Pool and Yu (2021), who search
    larger neighbourhoods.
    """
    sizes = np.abs(np.asarray(weights, np.float64))
    kept = [kept_magnitude(sizes)]
    order = np.arange(len(sizes))
    table = SwapTable(sizes)
    while (swap := table.best_swap()) is not None:
        a, b, gain = swap
        order[[a, b]] = order[[b, a]]
        table.swap(a, b)
        kept.append(kept[-1] + gain)
    return Permutation(order, np.array(kept))


class SwapTable:
    """The gain of every swap of two rows, kept up to date.

    Parameters
    ----------
    sizes : ndarray, shape (inputs, outputs)
        Absolute values of the kernel, in the present order of its inputs.
    """

    def __init__(self, sizes: np.ndarray):
        self.sizes = sizes.copy()
        inputs = len(sizes)
        self.first = np.empty_like(self.sizes)  # r1: largest without row i
        self.second = np.empty_like(self.sizes)  # r2: second largest
        self.group = np.empty(inputs)  # magnitude kept by the group of row i
        self.joined = np.empty((inputs, inputs))  # b joins in the place of a
        self._refresh(np.arange(inputs))

    def swap(self, a: int, b: int) -> None:
        """Exchange two rows."""
        self.sizes[[a, b]] = self.sizes[[b, a]]
        starts = np.array([a, b]) // 4 * 4
        # (2, 1) + (4,) -> (8,): the rows of both groups
        self._refresh((starts[:, None] + np.arange(4)).reshape(-1))

    def best_swap(self) -> tuple[int, int, float] | None:
        """Return the best two rows and their gain; None if there is none."""
        before = self.group[:, None] + self.group[None, :]
        gain = self.joined + self.joined.T - before  # (inputs, inputs)
        number = np.arange(len(gain)) // 4
        gain[number[:, None] == number[None, :]] = -np.inf
        a, b = np.unravel_index(gain.argmax(), gain.shape)
        if gain[a, b] <= 1e-9 * self.group.sum():  # rounding is no gain
            return None
        return int(a), int(b), float(gain[a, b])

    def _refresh(self, rows: np.ndarray) -> None:
        """Recompute what depends on these rows, which fill whole groups."""
        # (rows, outputs) -> (groups, 4, outputs)
        groups = self.sizes[rows].reshape(len(rows) // 4, 4, -1)
        top = np.sort(groups, axis=1)[:, 2:].sum((1, 2))
        self.group[rows] = np.repeat(top, 4)
        for place in range(4):
            others = np.delete(groups, place, axis=1)
            others.sort(axis=1)
            self.first[rows[place::4]] = others[:, 2]
            self.second[rows[place::4]] = others[:, 1]
        for a in rows:  # a leaves, anyone joins
            joins = np.maximum(self.second[a], self.sizes).sum(1)
            self.joined[a] = self.first[a].sum() + joins
        for b in rows:  # anyone leaves, b joins
            joins = np.maximum(self.second, self.sizes[b]).sum(1)
            self.joined[:, b] = self.first.sum(1) + joins


def permute_channels(
    before: np.ndarray, bias: np.ndarray, after: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reorder the channels between two layers; their function stays.

    Parameters
    ----------
    before, bias : ndarray, shapes (..., channels) and (channels,)
        The earlier layer: its outputs are reordered.
    after : ndarray, shape (channels, outputs)
        The later layer: its inputs are reordered.
    order : ndarray of int, shape (channels,)
        From `search_permutation`.

    Returns
    -------
    tuple of three ndarray
        The reordered `before`, `bias` and `after`.

    Raises
    ------
    ValueError
        If `order` is no permutation of the channels.
    """
    if not np.array_equal(np.sort(order), np.arange(len(after))):
        raise ValueError(
            f"order must hold each of 0 to {len(after) - 1} once, but it is "
            f"{np.asarray(order).tolist()}. Take it from search_permutation."
        )
    return before[..., order], bias[order], after[order]
