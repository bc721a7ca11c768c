"""Time the convolutions of topoi.cnn against Keras and SciPy.

    python tests/benchmarks/bench_cnn.py

One process, one thread, float32, CPU seconds; a median over repeats, after
one warm-up call. A ratio below 1 means faster than ``keras.ops.conv`` (for
gradients: than its backend's own). Before it is timed, each result is
compared with that of Keras.
"""

import os
import statistics
import time
from collections.abc import Callable

from topoi import runtime

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # TensorFlow at its fastest
runtime.setup("small", seed=7)

import keras  # noqa: E402
import numpy as np  # noqa: E402
import scipy.signal  # noqa: E402
from keras import ops  # noqa: E402

from topoi import autodiff, cnn  # noqa: E402

REPEATS = 7
# pictures, side, channels in, kernel side, channels out
FORWARD = [
    (64, 28, 1, 3, 16),
    (64, 28, 16, 3, 32),
    (16, 56, 32, 3, 32),
    (64, 28, 1, 5, 6),
    (8, 64, 8, 11, 8),
]
SMALL = (2, 12, 3, 3, 4)


def cpu_seconds(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median CPU time of a call, after one that warms up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


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


def report(name: str, seconds: float, reference: float) -> None:
    """Print one line of the table."""
    ratio = seconds / reference
    print(f"  {name:34}{seconds * 1e3:10.2f} ms{ratio:10.2f}")


def compare(case: tuple[int, ...], naive: bool) -> None:
    """Print all timings of one size."""
    x, w = arrays(case)
    n, side, channels_in, k, channels_out = case
    print(f"{n} x {side}x{side}x{channels_in}, {channels_out} of {k}x{k}")
    theirs = keras_forward(x, w)
    y = theirs()
    reference = cpu_seconds(theirs)
    report("keras.ops.conv", reference, reference)
    rivals = {"conv2d": cnn.conv2d, "scipy.signal.correlate": scipy_correlate}
    if naive:
        rivals["conv2d_naive"] = cnn.conv2d_naive
    for name, rival in rivals.items():
        np.testing.assert_allclose(rival(x, w), y, rtol=1e-3, atol=1e-3)
        repeats = 3 if rival is scipy_correlate else REPEATS
        report(name, cpu_seconds(lambda f=rival: f(x, w), repeats), reference)
    fft = cpu_seconds(lambda: cnn.conv2d_fft(x, w))
    report("conv2d_fft (circular)", fft, reference)
    compare_gradients(x, w, y)


def compare_gradients(x: np.ndarray, w: np.ndarray, dy: np.ndarray) -> None:
    """Print the timings of the backward pass."""
    theirs = keras_gradients(dy, x, w)
    for ours, other in zip(
        cnn.conv2d_backward(dy, x, w), theirs(), strict=False
    ):
        scale = np.abs(other).max()
        np.testing.assert_allclose(ours, other, atol=1e-4 * scale)
    reference = cpu_seconds(theirs)
    report("gradients by Keras' backend", reference, reference)
    ours = cpu_seconds(lambda: cnn.conv2d_backward(dy, x, w))
    report("conv2d_backward", ours, reference)
    only_dx = cpu_seconds(lambda: cnn.conv2d_transpose(dy, w))
    report("dx alone, by stamp", only_dx, reference)
    scatter = cpu_seconds(lambda: scatter_add(dy, w, x.shape), 3)
    report("dx alone, by np.add.at", scatter, reference)


def main() -> None:
    """Print the table."""
    print(f"backend {keras.backend.backend()}, one thread, float32")
    print(f"  {'':34}{'CPU time':>13}{'ratio':>10}")
    compare(SMALL, naive=True)
    for case in FORWARD:
        compare(case, naive=False)


if __name__ == "__main__":
    main()
