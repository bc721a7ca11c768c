"""Training step against sequence length: scans, a loop, Keras' LSTM and GRU.

Run ``python tests/benchmarks/bench_recurrent.py [longest]``. One step is
forward, backward and Adam on a batch of 32 sequences, all layers 64 wide.
Times are CPU milliseconds of this process (one numeric thread), the best of
a few steps after the one that compiles; its seconds stand in brackets.

* loop: the recurrence of MinGRU, one step after another (`keras.ops.scan`);
* tree, doubling: the same numbers by the two methods of `scan_linear`;
* lookahead: the carry-lookahead network whose receptive field covers the
  sequence.
"""

import sys
import time
from collections.abc import Callable

from topoi import runtime

runtime.set_environment()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402

from topoi import recurrent  # noqa: E402
from topoi.recurrent import CarryLookaheadRNN, MinGRU  # noqa: E402

BATCH, WIDTH = 32, 64
LENGTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096)


class LoopGRU(MinGRU):
    """`MinGRU` computed step by step."""

    def call(self, inputs, mask=None):
        """Return the last state."""
        z, v = (
            ops.swapaxes(part, 0, 1) for part in self.gate_and_value(inputs)
        )

        def step(h, gates):
            h = (1 - gates[0]) * h + gates[1]
            return h, h

        _, states = ops.scan(step, ops.zeros_like(z[0]), (z, z * v))
        return states[-1]


def makers(length: int) -> dict[str, Callable[[], keras.layers.Layer]]:
    """Return what is compared at a length."""
    levels = recurrent.levels_for(length)
    last = {"return_sequences": False}
    return {
        "LSTM": lambda: layers.LSTM(WIDTH),
        "GRU": lambda: layers.GRU(WIDTH),
        "loop": lambda: LoopGRU(WIDTH, **last),
        "tree": lambda: MinGRU(WIDTH, **last),
        "doubling": lambda: MinGRU(WIDTH, method="doubling", **last),
        "lookahead": lambda: CarryLookaheadRNN(WIDTH, levels, **last),
    }


def measure(make: Callable, length: int) -> tuple[float, float]:
    """Return CPU milliseconds of a step, and CPU seconds to compile it."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((length, WIDTH)), make(), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, length, WIDTH)).astype("float32")
    y = rng.normal(size=(BATCH, 1)).astype("float32")
    times = []
    for _ in range(6 if length <= 512 else 3):
        start = time.process_time()
        model.train_on_batch(x, y)
        times.append(time.process_time() - start)
    return 1000 * min(times[1:]), times[0] - min(times[1:])


def main() -> None:
    """Print one row a length."""
    longest = int(sys.argv[1]) if len(sys.argv) > 1 else LENGTHS[-1]
    names = list(makers(32))
    print(f"backend {keras.backend.backend()}, batch {BATCH}, width {WIDTH}")
    print("length" + "".join(f"{name:>16}" for name in names))
    for length in (n for n in LENGTHS if n <= longest):
        row = f"{length:6}"
        for make in makers(length).values():
            step, compiling = measure(make, length)
            row += f"{step:9.1f} ({compiling:4.1f})"
            keras.backend.clear_session()
        print(row, flush=True)


if __name__ == "__main__":
    main()
