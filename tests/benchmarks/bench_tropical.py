"""Region enumeration beside other programs: same networks, one process.

Run ``python tests/benchmarks/bench_tropical.py``. Peers that are not
installed are left out:

* Regioncam: ``pip install regioncam``;
* edge subdivision (Berzins, 2023): PyTorch, and a clone of
  github.com/arturs-berzins/relu_edge_subdivision whose folder is named by
  the variable EDGE_SUBDIVISION.

Times are CPU seconds of the whole process (one numeric thread), the best of
several runs. He-normal weights, N(0, 1/4) biases, rounded to float32 so that
all programs see the same numbers; domain [-1, 1]^2.
"""

import contextlib
import io
import os
import sys
import time
import warnings

from topoi import runtime

runtime.set_environment()

import numpy as np  # noqa: E402

from topoi import tropical  # noqa: E402

SIZES = (
    (64,),
    (64, 64),
    (64, 64, 64),
    (128, 128),
    (128, 128, 128),
    (256, 256),
    (256, 256, 256),
)
SLOW_PEER_LIMIT = 20_000  # regions; larger networks take it minutes


def random_network(widths: tuple, seed: int = 0) -> list:
    """Return hidden layers (weights, bias), exact in float32."""
    rng = np.random.default_rng(seed)
    layers, inputs = [], 2
    for width in widths:
        weights = rng.normal(size=(width, inputs)) * np.sqrt(2 / inputs)
        bias = rng.normal(size=width) / 2
        pair = (weights.astype(np.float32), bias.astype(np.float32))
        layers.append(tuple(part.astype(float) for part in pair))
        inputs = width
    return layers


def build(layers: list) -> int:
    """Draw the subdivision with topoi."""
    return len(tropical.enumerate_regions(layers, tropical.box()))


def count(layers: list) -> int:
    """Count without drawing the last layer."""
    return tropical.count_regions(layers, tropical.box())


def load_regioncam():
    """Return a function layers -> faces, or None."""
    try:
        import regioncam
    except ImportError:
        return None

    def run(layers: list) -> int:
        camera = regioncam.Regioncam(size=1.0)
        for weights, bias in layers:
            camera.linear(
                weights.T.astype(np.float32).copy(), bias.astype(np.float32)
            )
            camera.relu()
        return camera.num_faces

    return run


def load_edge_subdivision():
    """Return a function layers -> faces by Euler's formula, or None."""
    folder = os.environ.get("EDGE_SUBDIVISION")
    if not folder:
        return None
    sys.path.insert(0, folder)
    try:
        import torch
        from edge_subdivision import skeletal_subdivision
        from NN import Net
    except ImportError:
        return None
    torch.set_num_threads(1)

    def run(layers: list) -> int:
        network = Net([2, *(len(bias) for _, bias in layers)])
        for linear, (weights, bias) in zip(network.fcs, layers, strict=True):
            linear.weight.data = torch.tensor(weights, dtype=torch.float32)
            linear.bias.data = torch.tensor(bias, dtype=torch.float32)
        quiet = contextlib.redirect_stdout(io.StringIO())
        with torch.no_grad(), quiet:
            points, edges, *_ = skeletal_subdivision(
                network,
                bbox=(-1, 1),
                device=torch.device("cpu"),
                verbose=False,
            )
        return 1 - len(points) + len(edges)

    return run


def best_time(run, layers: list) -> tuple[float, int]:
    """Return the smallest CPU time of a few runs, and the result."""
    best, spent, runs = np.inf, 0.0, 0
    while runs < 1 or (spent < 1.0 and runs < 20):
        start = time.process_time()
        result = run(layers)
        last = time.process_time() - start
        best, spent, runs = min(best, last), spent + last, runs + 1
    return best, result


def main() -> None:
    """Print one line a size: milliseconds and regions of each program."""
    warnings.simplefilter("ignore")
    scaling()  # before the peers are loaded, so that the memory is ours
    programs = {
        "topoi build": build,
        "topoi count": count,
        "regioncam": load_regioncam(),
        "edge subdivision": load_edge_subdivision(),
    }
    programs = {name: run for name, run in programs.items() if run}
    print(f"{'widths':>12} {'regions':>8}", end="")
    print("".join(f" {name + ' ms':>26}" for name in programs))
    for widths in SIZES:
        layers = random_network(widths)
        regions = count(layers)
        print(f"{'-'.join(map(str, widths)):>12} {regions:>8}", end="")
        for name, run in programs.items():
            if name == "edge subdivision" and regions > SLOW_PEER_LIMIT:
                print(f" {'not run':>26}", end="")
                continue
            seconds, found = best_time(run, layers)
            note = "" if found == regions else f" ({found})"
            print(f" {1e3 * seconds:>{26 - len(note)}.1f}{note}", end="")
        print(flush=True)


def scaling() -> None:
    """Print cost and memory up to a million regions."""
    import resource

    print(f"{'network':>22} {'regions':>9} {'s':>8} {'us/region':>10}")
    cases = [
        (f"one layer of {n}", random_network((n,)))
        for n in (250, 500, 1000, 1820)
    ]
    cases += [
        (f"product tent, depth {n}", tropical.product_tent(n))
        for n in (7, 8, 9, 10)
    ]
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    for name, layers in cases:
        domain = square if "tent" in name else tropical.box()
        start = time.process_time()
        regions = len(tropical.enumerate_regions(layers, domain))
        seconds = time.process_time() - start
        rate = 1e6 * seconds / regions
        print(f"{name:>22} {regions:>9} {seconds:>8.2f} {rate:>10.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory so far: {peak:.2f} GiB\n")


if __name__ == "__main__":
    main()
