"""Seconds of a product of matrices on a GPU: float32, bfloat16, 2:4.

The only file of the topic that needs PyTorch, because its sparse products
are the ones open to everybody. Nothing here runs without a CUDA device.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

WARM_UP, REPEATS = 10, 50


class Speed(NamedTuple):
    """Milliseconds of one product x @ w, both of side `size`."""

    size: int
    float32: float
    tfloat32: float
    bfloat16: float
    sparse: float  # bfloat16, 2:4

    def ratios(self) -> tuple[float, float]:
        """Return bfloat16 over float32, and 2:4 over bfloat16, as speeds."""
        return self.float32 / self.bfloat16, self.bfloat16 / self.sparse


def find_device(torch: Any = None) -> str:
    """Return the name of a GPU that multiplies 2:4 matrices, or "".

    Parameters
    ----------
    torch : module, optional
        PyTorch, or what stands for it in a test; imported by default. A
        missing PyTorch is a missing device.
    """
    try:
        torch = torch or _import_torch()
    except ImportError:
        return ""
    if not torch.cuda.is_available():
        return ""
    if torch.cuda.get_device_capability(0) < (8, 0):
        return ""  # sparse matrix units came with capability 8.0
    return torch.cuda.get_device_name(0)


def measure_speeds(
    sizes: Sequence[int], seed: int = 0, torch: Any = None
) -> list[Speed]:
    """Time dense and sparse products on the GPU.

    Parameters
    ----------
    sizes : sequence of int
        Sides of the square matrices, multiples of 64.
    seed : int
        Of the random entries.
    torch : module, optional
        As for `find_device`.

    Returns
    -------
    list of Speed
        Medians over `REPEATS` products after `WARM_UP` more.

    Raises
    ------
    RuntimeError
        If there is no suitable device.
    ValueError
        If a size is not a multiple of 64, as the sparse kernels need.
    """
    if not find_device(torch):
        raise RuntimeError(
            "measure_speeds needs PyTorch and a CUDA device of capability "
            "8.0 or more, and found none. On a GPU server: "
            "make backend BACKEND=torch, then run the chapter at SCALE=full."
        )
    odd = [size for size in sizes if size % 64]
    if odd:
        raise ValueError(
            f"Sparse kernels take sides that are multiples of 64, not {odd}. "
            "Round them up and pad with zeros."
        )
    torch = torch or _import_torch()
    return [_speed(torch, size, seed) for size in sizes]


def _speed(torch: Any, size: int, seed: int) -> Speed:
    """Time the four products at one size."""
    x, w = _operands(torch, size, seed)
    half_x, half_w = x.bfloat16(), w.bfloat16()
    linear = torch.nn.functional.linear  # x @ w.T: groups along the inputs
    sparse = torch.sparse.to_sparse_semi_structured(half_w)
    seconds = []
    for allowed in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = allowed
        seconds.append(_milliseconds(torch, lambda: linear(x, w)))
    torch.backends.cuda.matmul.allow_tf32 = False
    seconds.append(_milliseconds(torch, lambda: linear(half_x, half_w)))
    seconds.append(_milliseconds(torch, lambda: linear(half_x, sparse)))
    return Speed(size, *seconds)


def _operands(torch: Any, size: int, seed: int) -> tuple[Any, Any]:
    """Return x, and w with two of every four entries of a row kept."""
    from topoi.precision.sparsity import mask_nm

    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, size, size)).astype(np.float32)
    w = w * mask_nm(w, axis=1)
    return torch.from_numpy(x).cuda(), torch.from_numpy(w).cuda()


def _milliseconds(torch: Any, product: Callable) -> float:
    """Return the median time of a product, by the device's own clock."""
    for _ in range(WARM_UP):
        product()
    torch.cuda.synchronize()
    times = []
    for _ in range(REPEATS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in "ab")
        start.record()
        product()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return float(np.median(times))


def _import_torch() -> Any:
    import torch

    return torch
