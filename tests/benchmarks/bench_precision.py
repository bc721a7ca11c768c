"""Rounding and 2:4 pruning beside other programs, in one process.

Run ``python tests/benchmarks/bench_precision.py``. PyTorch is a peer where
it is installed. Times are CPU seconds of one numeric thread, the best of
several runs; results are compared before they are timed.
"""

import itertools
import time
import warnings

from topoi import runtime

runtime.set_environment()

import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402

from topoi import precision  # noqa: E402


def best_time(run) -> float:
    """Return the smallest CPU time of a few runs, in seconds."""
    best, spent, runs = np.inf, 0.0, 0
    while runs < 2 or (spent < 0.5 and runs < 30):
        start = time.process_time()
        run()
        last = time.process_time() - start
        best, spent, runs = min(best, last), spent + last, runs + 1
    return best


def line(what: str, ours: float, peers: dict[str, float], unit: str) -> None:
    """Print our time, and each peer's with its ratio to ours."""
    text = f"{what:<38} ours {ours:8.2f} {unit}"
    for name, theirs in peers.items():
        text += f" | {name} {theirs:9.2f} ({theirs / ours:.1f} x ours)"
    print(text, flush=True)


def bench_rounding(size: int = 4_000_000) -> None:
    """Time float32 -> narrow -> float32."""
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
        theirs = x.astype(peer).astype(np.float32)
        assert np.array_equal(precision.round_to(x, target), theirs)
        ours = best_time(lambda: precision.round_to(x, target))  # noqa: B023
        cast = best_time(lambda: x.astype(peer).astype(np.float32))  # noqa: B023
        scale = 1e9 / size
        library = "NumPy" if peer is np.float16 else "ml_dtypes"
        what = f"round to {target.name}, {text}"
        line(what, ours * scale, {library: cast * scale}, "ns/number")


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


def bench_masks(inputs: int = 512, outputs: int = 512) -> None:
    """Time 2:4 masks."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(inputs, outputs)).astype(np.float32)
    peers = {
        "loop": lambda: loop_mask(weights),
        "sorting": lambda: sorted_mask(weights),
    }
    if (torch_run := torch_mask(weights)) is not None:
        peers["PyTorch"] = torch_run
    wanted = precision.mask_nm(weights)
    for name, run in peers.items():
        assert np.array_equal(run(), wanted), name
    ours = best_time(lambda: precision.mask_nm(weights))
    theirs = {name: 1e3 * best_time(run) for name, run in peers.items()}
    line(f"2:4 mask, {inputs} x {outputs}", 1e3 * ours, theirs, "ms")


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


def bench_search() -> None:
    """Time the permutation search, and how much it finds."""
    rng = np.random.default_rng(0)
    small = rng.standard_t(3, size=(32, 32))
    found = precision.search_permutation(small)
    start = time.process_time()
    theirs = loop_search(small)
    slow = time.process_time() - start
    assert np.isclose(found.kept[-1], theirs)
    ours = best_time(lambda: precision.search_permutation(small))
    line("permutation search, 32 x 32", 1e3 * ours, {"loop": 1e3 * slow}, "ms")
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


def main() -> None:
    """Print one line a kernel."""
    warnings.simplefilter("ignore")
    bench_rounding()
    bench_masks()
    bench_search()


if __name__ == "__main__":
    main()
