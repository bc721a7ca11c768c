"""Region enumeration beside Regioncam: same networks, one process.

``make bench TOPIC=tropical`` runs it; `harness` says how. A second peer,
edge subdivision (Berzins, 2023), is no package: it takes part if the
variable EDGE_SUBDIVISION names a folder with a clone of
github.com/arturs-berzins/relu_edge_subdivision.

He-normal weights, N(0, 1/4) biases, rounded to float32 so that all programs
see the same numbers; domain [-1, 1]^2. All return the number of regions.
"""

import contextlib
import io
import os
import sys
import time
import warnings

from benchmarks import harness

bench = harness.Bench("tropical", backend=None)

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


def compare(widths: tuple) -> None:
    """Compare drawing and counting at one size."""
    layers = random_network(widths)
    text = "-".join(map(str, widths))
    peers = {"regioncam": load_regioncam()}
    if count(layers) <= SLOW_PEER_LIMIT:
        peers["edge subdivision"] = load_edge_subdivision()
    peers = {
        name: lambda run=run: run(layers) for name, run in peers.items() if run
    }
    drawn = {"topoi.tropical.enumerate_regions": lambda: build(layers)}
    counted = {"topoi.tropical.count_regions": lambda: count(layers)}
    # Regioncam computes in float32 and may lose a sliver in ten thousand.
    for work, ours in (("draw", drawn), ("count", counted)):
        bench.compare(f"{work} the regions of 2-{text}", ours | peers, 1e-3)


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
    warnings.simplefilter("ignore")
    scaling()  # before the peers are loaded, so that the memory is ours
    for widths in SIZES:
        compare(widths)
    bench.store()
