"""The convolutions of topoi.cnn beside Keras, PyTorch and SciPy.

``make bench TOPIC=cnn`` runs it; `harness` says how. float32; results are
NumPy arrays on both sides. TensorFlow runs with oneDNN, its fastest.
"""

import os
from collections.abc import Callable

from benchmarks import harness

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # its fastest
bench = harness.Bench("cnn", backend="tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import scipy.signal  # noqa: E402
from keras import ops  # noqa: E402

from topoi import autodiff, cnn  # noqa: E402

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(1)

# pictures, side, channels in, kernel side, channels out
FORWARD = [
    (1, 28, 16, 3, 32),
    (64, 28, 1, 3, 16),
    (64, 28, 16, 3, 32),
    (16, 56, 32, 3, 32),
    (64, 28, 1, 5, 6),
    (8, 64, 8, 11, 8),
]
SMALL = (2, 12, 3, 3, 4)


def scipy_correlate(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Sum scipy.signal.correlate over pairs of channels."""
    y = [
        sum(
            scipy.signal.correlate(x[..., c], w[None, ..., c, o], "valid")
            for c in range(x.shape[3])
        )
        for o in range(w.shape[3])
    ]
    return np.stack(y, axis=-1)


def scatter_add(dy: np.ndarray, w: np.ndarray, shape: tuple) -> np.ndarray:
    """Return dx by np.add.at over all windows: what `stamp` avoids."""
    dx = np.zeros(shape, dy.dtype)
    n, rows, columns, _ = dy.shape
    i = np.arange(rows)[:, None, None, None] + np.arange(w.shape[0])[:, None]
    j = np.arange(columns)[:, None, None] + np.arange(w.shape[1])
    stamps = np.einsum("nijo,uvco->nijuvc", dy, w)
    np.add.at(dx, (slice(None), i, j), stamps)
    return dx


def arrays(case: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return random pictures and kernels."""
    n, side, channels_in, k, channels_out = case
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n, side, side, channels_in))
    w = rng.normal(size=(k, k, channels_in, channels_out))
    return x.astype(np.float32), w.astype(np.float32)


def keras_forward(x: np.ndarray, w: np.ndarray) -> Callable[[], np.ndarray]:
    """Return keras.ops.conv on tensors of the backend."""
    x, w = ops.convert_to_tensor(x), ops.convert_to_tensor(w)
    return lambda: ops.convert_to_numpy(ops.conv(x, w))


def keras_gradients(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray
) -> Callable[[], list[np.ndarray]]:
    """Return the backend's gradients of sum(dy * conv(x, w))."""
    x, w = keras.Variable(x), keras.Variable(w)
    dy = ops.convert_to_tensor(dy)
    gradients = autodiff.value_and_grad(
        lambda: ops.sum(dy * ops.conv(x.value, w.value)), [x, w]
    )
    return lambda: [ops.convert_to_numpy(g) for g in gradients()[1]]


def torch_forward(x: np.ndarray, w: np.ndarray) -> Callable[[], np.ndarray]:
    """Return PyTorch's convolution on its own layout."""
    # (batch, channels, height, width) and (out, in, height, width)
    x = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    w = torch.from_numpy(w.transpose(3, 2, 0, 1).copy())

    def call() -> np.ndarray:
        with torch.no_grad():
            y = torch.nn.functional.conv2d(x, w)
        return y.numpy().transpose(0, 2, 3, 1)

    return call


def compare(case: tuple[int, ...], naive: bool) -> None:
    """Compare one size, forward and backward."""
    x, w = arrays(case)
    n, side, channels_in, k, channels_out = case
    size = f"{n} x {side}x{side}x{channels_in}, {channels_out} of {k}x{k}"
    programs = {
        "topoi.cnn.conv2d": lambda: cnn.conv2d(x, w),
        "keras.ops.conv, TensorFlow": keras_forward(x, w),
        "scipy.signal.correlate": lambda: scipy_correlate(x, w),
    }
    if torch:
        programs["torch conv2d"] = torch_forward(x, w)
    if naive:
        programs["conv2d_naive"] = lambda: cnn.conv2d_naive(x, w)
    bench.compare(f"convolution, {size}", programs)
    dy = cnn.conv2d(x, w)
    bench.compare(
        f"gradients of a convolution, {size}",
        {
            "topoi.cnn.conv2d_backward": lambda: cnn.conv2d_backward(dy, x, w),
            "TensorFlow's gradients": keras_gradients(dy, x, w),
        },
        agree=same_gradients,
    )
    bench.compare(
        f"gradient of the pictures alone, {size}",
        {
            "topoi.cnn.conv2d_transpose": lambda: cnn.conv2d_transpose(dy, w),
            "numpy.add.at": lambda: scatter_add(dy, w, x.shape),
        },
    )


def same_gradients(ours: tuple, theirs: list) -> bool:
    """Return whether the gradients of pictures and kernels agree."""
    return all(
        harness.agrees(a, b, 1e-3)
        for a, b in zip(ours[:2], theirs, strict=True)
    )


if __name__ == "__main__":
    compare(SMALL, naive=True)
    for case in FORWARD:
        compare(case, naive=False)
    bench.store()
