"""The equivariant layers beside escnn and e3nn, in one process.

``make bench TOPIC=equivariant`` runs it; `harness` says how. With Keras on
PyTorch all programs use the same kernels of one library. float32 but for the
Wigner matrices. Layers have weights of their own, so only what has none is
compared in value; tests/test_equivariant.py compares with closed forms.
"""

import warnings
from collections.abc import Callable

from benchmarks import harness

bench = harness.Bench("equivariant", backend="torch")
warnings.simplefilter("ignore")

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
import torch  # noqa: E402

from topoi import equivariant  # noqa: E402

torch.set_num_threads(1)


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
) -> None:
    """Compare training and inference of networks for p4 or p4m."""
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
    bench.compare(f"{size}: forward and backward", train, agree=None)
    bench.compare(f"{size}: inference", test, agree=None)


def irreps(degree: int, channels: int) -> object:
    """Return e3nn's name for our features."""
    text = "+".join(f"{channels}x{l}e" for l in range(degree + 1))
    return e3nn.o3.Irreps(text)


def compare_spherical(degree: int, channels: int, batch: int) -> None:
    """Compare the product of features, and the linear map."""
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
            bench.compare(
                f"{title}, {size}: {mode.__name__}", calls, agree=None
            )


def compare_activation(degree: int, channels: int, batch: int) -> None:
    """Compare ReLU on the coarsest grid that e3nn takes, and on our own."""
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
    for mode in (training, inference):
        calls = {name: mode(f, x) for name, (f, x) in rivals.items()}
        bench.compare(f"ReLU, {size}: {mode.__name__}", calls, agree=None)


def compare_wigner(degree: int, count: int) -> None:
    """Compare all matrices up to a degree, for many rotations."""
    angles = np.random.default_rng(7).uniform(0, 3, size=(3, count))

    def ours() -> list:
        return [equivariant.wigner_d(l, *angles) for l in range(degree + 1)]

    calls = {"topoi.wigner_d, float64": ours}
    if e3nn:
        theirs = torch.tensor(angles)

        def other() -> list:
            return [e3nn.o3.wigner_D(l, *theirs) for l in range(degree + 1)]

        calls["e3nn.o3.wigner_D, float64"] = other
    size = f"l = 0..{degree}, {count} rotations"
    bench.compare(f"Wigner matrices, {size}", calls, agree=same_traces)


def same_traces(ours: list, theirs: list) -> bool:
    """Compare traces, which do not depend on the choice of a basis.

    Those of e3nn 0.6.0 come from a table in single precision.
    """
    return all(
        np.allclose(
            np.trace(a, axis1=-2, axis2=-1),
            np.trace(b.numpy(), axis1=-2, axis2=-1),
            atol=1e-4,
        )
        for a, b in zip(ours, theirs, strict=True)
    )


if __name__ == "__main__":
    if escnn:
        mend_escnn()
    compare_planar(8, 32, 33, "p4")
    compare_planar(8, 1, 33, "p4")
    compare_planar(16, 16, 29, "p4")
    compare_planar(8, 32, 33, "p4", normal=True)
    compare_planar(6, 16, 29, "p4m")
    compare_planar(6, 1, 29, "p4m")
    compare_spherical(4, 8, 256)
    compare_spherical(4, 8, 1)
    compare_spherical(6, 4, 64)
    compare_activation(6, 16, 64)
    compare_activation(10, 16, 64)
    compare_wigner(10, 100)
    bench.store()
