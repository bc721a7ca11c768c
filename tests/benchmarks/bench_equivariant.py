"""Time the equivariant layers beside escnn and e3nn, in one process.

    KERAS_BACKEND=torch python tests/benchmarks/bench_equivariant.py

Peers that are not installed are left out: ``pip install escnn e3nn`` (escnn
1.0.11 needs numpy below 2). With Keras on PyTorch all programs use the same
kernels of one library. CPU seconds, one thread, float32; the best of several
runs taken in turn, since other programs may share the machine. The C library
keeps freed memory: otherwise fresh pages, which hit one program or another by
chance, cost up to a third. A ratio below 1 means faster than the first line of
its table; the last table sets us beside the fastest peer of each.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "torch")
KEEP = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": "1" * 9,
}
if __name__ == "__main__" and not KEEP.items() <= os.environ.items():
    arguments = [sys.executable, *sys.argv]  # the C library reads them first
    os.execve(sys.executable, arguments, {**os.environ, **KEEP})
from topoi import runtime  # noqa: E402

runtime.set_environment()
warnings.simplefilter("ignore")

try:
    import torch
except ImportError:
    print("bench_equivariant needs PyTorch, as its peers do: left out")
    sys.exit(0)
try:
    import e3nn
    import e3nn.nn
    import e3nn.o3
except ImportError:
    e3nn = None
try:
    import escnn
    import escnn.group
    import escnn.gspaces
    import escnn.nn
except ImportError:
    escnn = None

import keras  # noqa: E402
import numpy as np  # noqa: E402

from topoi import equivariant  # noqa: E402

torch.set_num_threads(1)
REPEATS = 15
PEERS = ("escnn", "e3nn")


def best_times(calls: dict[str, Callable]) -> dict[str, float]:
    """Return the least CPU time of each call; rivals take turns."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    for _ in range(REPEATS):
        for name, call in calls.items():
            start = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - start)
    return best


def report(title: str, calls: dict[str, Callable]) -> list[tuple]:
    """Print one table; return (title, our seconds, the best peer's)."""
    print(title)
    times = best_times(calls)
    reference = next(iter(times.values()))
    for name, seconds in times.items():
        ratio = seconds / reference
        print(f"  {name:36}{seconds * 1e3:9.2f} ms{ratio:8.2f}")
    peers = [times[name] for name in times if name.startswith(PEERS)]
    return [(title, reference, min(peers))] if peers else []


def summarise(rows: list[tuple]) -> None:
    """Print how we stand beside the fastest peer of each table."""
    print("peer / topoi, above 1 where topoi is faster")
    for title, ours, peer in rows:
        print(f"  {title:68}{peer / ours:6.2f}")


def inference(f: Callable, *inputs) -> Callable:
    """Return a forward pass without gradients."""

    def call():
        with torch.no_grad():
            f(*inputs)

    return call


def training(f: Callable, *inputs) -> Callable:
    """Return a forward and a backward pass, to weights and inputs."""
    inputs = [x.clone().requires_grad_() for x in inputs]

    def call():
        output = f(*inputs)
        getattr(output, "tensor", output).square().sum().backward()

    return call


def group_network(channels: int, group: str, normal: bool) -> keras.Model:
    """Return three layers of 3 x 3 kernels, ReLU between them."""
    network = []
    for i in range(3):
        kind = equivariant.GroupConv2D if i else equivariant.LiftingConv2D
        network.append(kind(channels, 3, group, padding="same"))
        if i < 2:
            network += [equivariant.group_batchnorm()] * normal
            network.append(keras.layers.Activation("relu"))
    return keras.Sequential(network)


def mend_escnn() -> None:
    """Hand arrays to scikit-learn: escnn 1.0.11 hands it np.matrix."""
    module = escnn.group._numerical
    decompose = module.randomized_svd

    def accept(matrix, **kwargs):
        return decompose(np.asarray(matrix), **kwargs)

    module.randomized_svd = accept


def escnn_network(channels: int, group: str, normal: bool) -> tuple:
    """Return the same network by escnn, and its type of input."""
    spaces = escnn.gspaces
    make = spaces.rot2dOnR2 if group == "p4" else spaces.flipRot2dOnR2
    space = make(4)
    image = escnn.nn.FieldType(space, [space.trivial_repr])
    feature = escnn.nn.FieldType(space, channels * [space.regular_repr])
    network, before = [], image
    for i in range(3):
        network.append(escnn.nn.R2Conv(before, feature, 3, padding=1))
        if i < 2:
            network += [escnn.nn.InnerBatchNorm(feature)] * normal
            network.append(escnn.nn.ReLU(feature))
        before = feature
    return escnn.nn.SequentialModule(*network), image


def plain_network(channels: int) -> keras.Model:
    """Return three ordinary convolutions."""
    network = []
    for i in range(3):
        network.append(keras.layers.Conv2D(channels, 3, padding="same"))
        if i < 2:
            network.append(keras.layers.Activation("relu"))
    return keras.Sequential(network)


def compare_planar(
    channels: int, batch: int, side: int, group: str, normal: bool = False
) -> list[tuple]:
    """Print training and inference of networks for p4 or p4m."""
    x = torch.randn(batch, side, side, 1)
    ours = group_network(channels, group, normal)
    ours(x)
    frozen = equivariant.freeze(ours)
    train = {"topoi": training(lambda x: ours(x, training=True), x)}
    test = {"topoi.freeze": inference(frozen, x)}
    test["topoi, bank gathered at each call"] = inference(ours, x)
    if escnn:
        network, kind = escnn_network(channels, group, normal)
        picture = x.permute(0, 3, 1, 2).contiguous()
        train["escnn"] = training(lambda x: network(kind(x)), picture)
        eager, _ = escnn_network(channels, group, normal)
        eager.eval()
        exported = eager.export().eval()
        test["escnn, eval mode"] = inference(eager, kind(picture))
        test["escnn, exported"] = inference(exported, picture)
    if not normal:
        order = 4 if group == "p4" else 8
        plain = plain_network(order * channels)
        plain(x)
        train["ordinary Conv2D of that width"] = training(plain, x)
        test["ordinary Conv2D of that width"] = inference(plain, x)
    size = f"{group}, {channels} fields{', normalised' * normal}, {batch} x "
    size += f"{side} x {side}"
    return report(f"{size}: forward and backward", train) + report(
        f"{size}: inference", test
    )


def irreps(degree: int, channels: int) -> object:
    """Return e3nn's name for our features."""
    text = "+".join(f"{channels}x{l}e" for l in range(degree + 1))
    return e3nn.o3.Irreps(text)


def compare_spherical(degree: int, channels: int, batch: int) -> list[tuple]:
    """Print the product of features, and the linear map."""
    x, y = torch.randn(2, batch, (degree + 1) ** 2, channels)
    product = equivariant.CGProduct(channels, degree)
    linear = equivariant.ZonalConv(channels, use_bias=False)
    product([x, y]), linear(x)

    def multiply(x, y):
        return product([x, y])

    tables = {
        "product": ({"topoi.CGProduct": multiply}, [x, y], [x, y]),
        "linear map": ({"topoi.ZonalConv": linear}, [x], [x]),
    }
    if e3nn:
        kind = irreps(degree, channels)
        theirs = e3nn.o3.FullyConnectedTensorProduct(kind, kind, kind)
        tables["product"][0]["e3nn, tensor product"] = theirs
        tables["linear map"][0]["e3nn.o3.Linear"] = e3nn.o3.Linear(kind, kind)
        flat = [torch.randn(batch, kind.dim) for _ in range(2)]
        tables["product"] = (*tables["product"][:2], flat)
        tables["linear map"] = (*tables["linear map"][:2], flat[:1])
    size = f"l = 0..{degree}, {channels} channels, batch {batch}"
    rows = []
    for title, (rivals, inputs, flat) in tables.items():
        for mode in (training, inference):
            calls = {
                name: mode(f, *(flat if "e3nn" in name else inputs))
                for name, f in rivals.items()
            }
            rows += report(f"{title}, {size}: {mode.__name__}", calls)
    return rows


def compare_activation(degree: int, channels: int, batch: int) -> list[tuple]:
    """Print ReLU on the coarsest grid that e3nn takes, and on our own."""
    rows, columns = 2 * degree + 2, 4 * degree + 3
    x = torch.randn(batch, (degree + 1) ** 2, channels)
    same = equivariant.SphericalActivation("relu", (rows - 1) / degree)
    rivals = {"topoi.SphericalActivation": (same, x)}
    if e3nn:
        parts = [f"1x{l}{'eo'[l % 2]}" for l in range(degree + 1)]
        irreps_in = e3nn.o3.Irreps("+".join(parts))
        theirs = e3nn.nn.S2Activation(irreps_in, torch.relu, (rows, columns))
        rivals["e3nn.nn.S2Activation"] = (theirs, x.mT.contiguous())
    coarse = equivariant.SphericalActivation("relu", 1.5)
    rivals["ours at 1.5 times the degree"] = (coarse, x)
    size = f"l = 0..{degree}, {rows} x {columns} points, batch {batch}"
    tables = []
    for mode in (training, inference):
        calls = {name: mode(f, x) for name, (f, x) in rivals.items()}
        tables += report(f"ReLU, {size}: {mode.__name__}", calls)
    return tables


def compare_wigner(degree: int, count: int) -> list[tuple]:
    """Print all matrices up to a degree, for many rotations."""
    angles = np.random.default_rng(7).uniform(0, 3, size=(3, count))

    def ours():
        for l in range(degree + 1):
            equivariant.wigner_d(l, *angles)

    calls = {"topoi.wigner_d, float64": ours}
    if e3nn:
        theirs = torch.tensor(angles)

        def other():
            for l in range(degree + 1):
                e3nn.o3.wigner_D(l, *theirs)

        calls["e3nn.o3.wigner_D, float64"] = other
    size = f"l = 0..{degree}, {count} rotations"
    return report(f"Wigner matrices, {size}", calls)


def main() -> None:
    """Print all tables."""
    print(f"Keras on {keras.backend.backend()}, one thread, float32")
    for peer in PEERS:
        if not globals()[peer]:
            print(f"{peer} is not installed: left out")
    if escnn:
        mend_escnn()
    summarise(
        compare_planar(8, 32, 33, "p4")
        + compare_planar(16, 16, 29, "p4")
        + compare_planar(8, 32, 33, "p4", normal=True)
        + compare_planar(6, 16, 29, "p4m")
        + compare_spherical(4, 8, 256)
        + compare_spherical(6, 4, 64)
        + compare_activation(6, 16, 64)
        + compare_activation(10, 16, 64)
        + compare_wigner(10, 100)
    )


if __name__ == "__main__":
    if keras.backend.backend() == "torch":
        main()
    else:
        print("The peers are PyTorch programs: set KERAS_BACKEND=torch")
