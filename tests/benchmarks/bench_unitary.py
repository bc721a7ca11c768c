"""Maps to orthonormal columns beside SciPy, inference beside batch norm.

``make bench TOPIC=unitary`` runs it; `harness` says how. PyTorch's
``torch.nn.utils.parametrizations.orthogonal`` computes the exponential, or
the Cayley map, of the whole matrix and keeps its first columns; SciPy's
`expm` and `solve` stand for it here, with the same result.
"""

from benchmarks import harness

bench = harness.Bench("unitary")

import numpy as np  # noqa: E402
from scipy import linalg  # noqa: E402

from topoi import unitary  # noqa: E402

SHAPES = ((144, 16), (256, 256), (576, 64))


def maps(n: int, r: int) -> None:
    """Compute orthonormal columns by two maps, thin and whole."""
    lower = np.random.default_rng(0).normal(size=(n, r)) * 1.2 / np.sqrt(n)
    A, eye = unitary.skew_from_lower(lower), np.eye(n)
    programs = {
        "topoi.unitary.thin_exp": lambda: unitary.thin_exp(lower),
        "SciPy expm of the whole matrix": lambda: linalg.expm(A)[:, :r],
    }
    bench.compare(f"exponential, {n} x {r}", programs, 1e-10)
    programs = {
        "topoi.unitary.cayley_columns": lambda: unitary.cayley_columns(lower),
        "SciPy solve of the whole matrix": lambda: linalg.solve(
            eye - A / 2, eye + A / 2
        )[:, :r],
    }
    bench.compare(f"Cayley map, {n} x {r}", programs, 1e-10)


def inference(batch: int) -> None:
    """Use ResNet-44; the networks differ in what they compute."""
    x = np.random.default_rng(0).normal(size=(batch, 32, 32, 3))
    x = x.astype("float32")
    norm = unitary.build_resnet44("batch norm")
    networks = {
        "topoi.unitary, kernels stored": unitary.freeze_stiefel(
            unitary.build_resnet44("unitary")
        ),
        "batch normalisation": norm,
        "batch normalisation, folded": unitary.fold_batchnorm(norm),
        "no normalisation": unitary.build_resnet44("none"),
    }
    programs = {
        name: lambda network=network: network.predict_on_batch(x)
        for name, network in networks.items()
    }
    bench.compare(f"ResNet-44, batch of {batch}", programs, None)


if __name__ == "__main__":
    for shape in SHAPES:
        maps(*shape)
    for batch in (1, 8):
        inference(batch)
    bench.store()
