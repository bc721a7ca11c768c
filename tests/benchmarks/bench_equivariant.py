"""Time the equivariant layers beside escnn and e3nn, in one process.

    KERAS_BACKEND=torch python tests/benchmarks/bench_equivariant.py

Peers that are not installed are left out: ``pip install escnn e3nn`` (escnn
1.0.11 needs numpy below 2). With Keras on PyTorch all programs use the same
kernels of one library. CPU seconds, one thread, float32; the best of several
runs taken in turn, since other programs may share the machine. A ratio below
1 means faster than the first line of its table.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
warnings.simplefilter("ignore")

try:
    import torch
except ImportError:
    print("bench_equivariant needs PyTorch, as its peers do: left out")
    sys.exit(0)
try:
    import e3nn
    import e3nn.o3
except ImportError:
    e3nn = None
try:
    import escnn
    import escnn.gspaces
    import escnn.nn
except ImportError:
    escnn = None

import keras  # noqa: E402
import numpy as np  # noqa: E402

from topoi import equivariant  # noqa: E402

torch.set_num_threads(1)
REPEATS = 15


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


def report(title: str, calls: dict[str, Callable]) -> None:
    """Print one table."""
    print(title)
    times = best_times(calls)
    reference = next(iter(times.values()))
    for name, seconds in times.items():
        ratio = seconds / reference
        print(f"  {name:36}{seconds * 1e3:9.2f} ms{ratio:8.2f}")


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


def group_network(channels: int) -> keras.Model:
    """Return three p4 layers of 3 x 3 kernels with ReLU between them."""
    layers = [
        equivariant.LiftingConv2D(channels, 3, padding="same"),
        keras.layers.Activation("relu"),
        equivariant.GroupConv2D(channels, 3, padding="same"),
        keras.layers.Activation("relu"),
        equivariant.GroupConv2D(channels, 3, padding="same"),
    ]
    return keras.Sequential(layers)


def escnn_network(channels: int) -> tuple:
    """Return the same network by escnn, and its type of input."""
    space = escnn.gspaces.rot2dOnR2(4)
    image = escnn.nn.FieldType(space, [space.trivial_repr])
    feature = escnn.nn.FieldType(space, channels * [space.regular_repr])
    layers, before = [], image
    for i in range(3):
        layers.append(escnn.nn.R2Conv(before, feature, 3, padding=1))
        if i < 2:
            layers.append(escnn.nn.ReLU(feature))
        before = feature
    return escnn.nn.SequentialModule(*layers), image


def compare_planar(channels: int, batch: int, side: int) -> None:
    """Print training and inference of the p4 networks."""
    x = torch.randn(batch, side, side, 1)
    ours = group_network(channels)
    ours(x)
    frozen = equivariant.freeze(ours)
    train = {"topoi": training(ours, x)}
    test = {"topoi.freeze": inference(frozen, x)}
    test["topoi, bank gathered at each call"] = inference(ours, x)
    if escnn:
        network, kind = escnn_network(channels)
        picture = x.permute(0, 3, 1, 2).contiguous()
        train["escnn"] = training(lambda x: network(kind(x)), picture)
        eager, _ = escnn_network(channels)
        eager.eval()
        exported = eager.export().eval()
        test["escnn, eval mode"] = inference(eager, kind(picture))
        test["escnn, exported"] = inference(exported, picture)
    plain = plain_network(4 * channels)
    plain(x)
    train["ordinary Conv2D of that width"] = training(plain, x)
    test["ordinary Conv2D of that width"] = inference(plain, x)
    size = f"p4, {channels} fields, {batch} pictures of {side} x {side}"
    report(f"{size}: forward and backward", train)
    report(f"{size}: inference", test)


def plain_network(channels: int) -> keras.Model:
    """Return three ordinary convolutions."""
    layers = []
    for i in range(3):
        layers.append(keras.layers.Conv2D(channels, 3, padding="same"))
        if i < 2:
            layers.append(keras.layers.Activation("relu"))
    return keras.Sequential(layers)


def irreps(degree: int, channels: int) -> object:
    """Return e3nn's name for our features."""
    text = "+".join(f"{channels}x{l}e" for l in range(degree + 1))
    return e3nn.o3.Irreps(text)


def compare_spherical(degree: int, channels: int, batch: int) -> None:
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
    for title, (rivals, inputs, flat) in tables.items():
        for mode in (training, inference):
            calls = {
                name: mode(f, *(flat if "e3nn" in name else inputs))
                for name, f in rivals.items()
            }
            report(f"{title}, {size}: {mode.__name__}", calls)


def compare_wigner(degree: int, count: int) -> None:
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
    report(f"Wigner matrices, l = 0..{degree}, {count} rotations", calls)


def main() -> None:
    """Print all tables."""
    print(f"Keras on {keras.backend.backend()}, one thread, float32")
    for peer in ("escnn", "e3nn"):
        if not globals()[peer]:
            print(f"{peer} is not installed: left out")
    compare_planar(8, 32, 33)
    compare_planar(16, 16, 29)
    compare_spherical(4, 8, 256)
    compare_spherical(6, 4, 64)
    compare_wigner(10, 100)


if __name__ == "__main__":
    if keras.backend.backend() == "torch":
        main()
    else:
        print("The peers are PyTorch programs: set KERAS_BACKEND=torch")
