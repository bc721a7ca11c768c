"""Rounding and 2:4 pruning beside ml_dtypes, NumPy and PyTorch.

``make bench TOPIC=precision`` runs it; `harness` says how. What a student
would write first (a loop, a sort) stands among the peers.
"""

import itertools
import time

from benchmarks import harness

bench = harness.Bench("precision", backend=None)

import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402

from topoi import precision  # noqa: E402


def compare_rounding(size: int = 4_000_000) -> None:
    """Compare float32 -> narrow -> float32, bit for bit."""
    rng = np.random.default_rng(0)
    normal = rng.normal(size=size).astype(np.float32)
    cases = [
        ("normal numbers", precision.BFLOAT16, ml_dtypes.bfloat16, 1.0),
        ("normal numbers", precision.FLOAT16, np.float16, 1.0),
        ("times 1e-6", precision.FLOAT16, np.float16, 1e-6),
        ("normal numbers", precision.FLOAT8_E5M2, ml_dtypes.float8_e5m2, 1.0),
    ]
    for text, target, peer, factor in cases:
        x = normal * np.float32(factor)
        library = "NumPy" if peer is np.float16 else "ml_dtypes"
        bench.compare(
            f"round {size:,} numbers to {target.name}, {text}",
            {
                "topoi.precision.round_to": lambda x=x, target=target: (
                    precision.round_to(x, target)
                ),
                library: lambda x=x, peer=peer: x.astype(peer).astype(
                    np.float32
                ),
            },
            agree=np.array_equal,
        )


def loop_mask(weights: np.ndarray) -> np.ndarray:
    """Sort each group of four in a Python loop."""
    mask = np.zeros(weights.shape, bool)
    for first in range(0, len(weights), 4):
        for column in range(weights.shape[1]):
            group = np.abs(weights[first : first + 4, column])
            best = np.argsort(-group, kind="stable")[:2]
            mask[first + best, column] = True
    return mask


def sorted_mask(weights: np.ndarray) -> np.ndarray:
    """Sort all groups at once."""
    groups = np.abs(weights).reshape(len(weights) // 4, 4, -1)
    rank = np.argsort(np.argsort(-groups, 1, "stable"), 1, "stable")
    return (rank < 2).reshape(weights.shape)


def torch_mask(weights: np.ndarray):
    """Return a function that makes PyTorch's 2:4 mask, or None."""
    try:
        import torch
        from torch.ao.pruning import WeightNormSparsifier
    except ImportError:
        return None
    torch.set_num_threads(1)
    linear = torch.nn.Linear(*weights.shape, bias=False)
    linear.weight.data = torch.from_numpy(weights.T.copy())
    sparsifier = WeightNormSparsifier(1.0, (1, 4), zeros_per_block=2)
    sparsifier.prepare(
        torch.nn.Sequential(linear), [{"tensor_fqn": "0.weight"}]
    )

    def run() -> np.ndarray:
        sparsifier.step()
        return linear.parametrizations.weight[0].mask.numpy().T

    return run


def compare_masks(inputs: int = 512, outputs: int = 512) -> None:
    """Compare 2:4 masks, entry by entry."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(inputs, outputs)).astype(np.float32)
    programs = {
        "topoi.precision.mask_nm": lambda: precision.mask_nm(weights),
        "sorting": lambda: sorted_mask(weights),
        "loop": lambda: loop_mask(weights),
    }
    if (peer := torch_mask(weights)) is not None:
        programs["PyTorch"] = peer
    bench.compare(
        f"2:4 mask, {inputs} x {outputs}", programs, agree=np.array_equal
    )


def loop_search(weights: np.ndarray) -> float:
    """Search as we do, but prune anew for each swap of each step."""
    weights = np.abs(weights)
    kept = precision.kept_magnitude(weights)
    while True:
        best = (kept * (1 + 1e-9), None)
        for a, b in itertools.combinations(range(len(weights)), 2):
            if a // 4 == b // 4:
                continue
            order = np.arange(len(weights))
            order[[a, b]] = order[[b, a]]
            best = max(
                best,
                (precision.kept_magnitude(weights[order]), (a, b)),
                key=lambda pair: pair[0],
            )
        if best[1] is None:
            return kept
        kept, (a, b) = best
        weights[[a, b]] = weights[[b, a]]


def compare_search() -> None:
    """Compare the permutation search, and print how much it finds."""
    rng = np.random.default_rng(0)
    small = rng.standard_t(3, size=(32, 32))
    bench.compare(
        "permutation search, 32 x 32",
        {
            "topoi.precision.search_permutation": lambda: (
                precision.search_permutation(small).kept[-1]
            ),
            "loop": lambda: loop_search(small),
        },
    )
    for size in (64, 128, 256):
        weights = rng.standard_t(3, size=(size, size))
        start = time.process_time()
        found = precision.search_permutation(weights)
        seconds = time.process_time() - start
        gain = found.kept[-1] / found.kept[0] - 1
        print(
            f"permutation search, {size} x {size}: {seconds:.2f} s, "
            f"{len(found.kept) - 1} swaps, magnitude {gain:+.1%}"
        )


if __name__ == "__main__":
    compare_rounding()
    compare_masks()
    compare_search()
    bench.store()
