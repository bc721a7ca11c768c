"""Training step against sequence length: scans, a loop, Keras' LSTM and GRU.

``make bench TOPIC=recurrent`` runs it; `harness` says how. One step is
forward, backward and Adam on a batch of 32 sequences, all layers 64 wide.
Layers with different weights are compared in time only; that tree, doubling
and loop return the same numbers is a test of tests/test_recurrent.py.

* loop: the recurrence of MinGRU, one step after another (`keras.ops.scan`);
* tree, doubling: the same numbers by the two methods of `scan_linear`;
* lookahead: the carry-lookahead network whose receptive field covers the
  sequence.
"""

import sys
from collections.abc import Callable

from benchmarks import harness

bench = harness.Bench("recurrent", backend="tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402

from topoi import recurrent  # noqa: E402
from topoi.recurrent import CarryLookaheadRNN, MinGRU  # noqa: E402

BATCH, WIDTH = 32, 64
LENGTHS = (32, 128, 512)


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
        "MinGRU, tree": lambda: MinGRU(WIDTH, **last),
        "LSTM": lambda: layers.LSTM(WIDTH),
        "GRU": lambda: layers.GRU(WIDTH),
        "loop": lambda: LoopGRU(WIDTH, **last),
        "doubling": lambda: MinGRU(WIDTH, method="doubling", **last),
        "lookahead": lambda: CarryLookaheadRNN(WIDTH, levels, **last),
    }


def training_step(make: Callable, length: int) -> Callable[[], float]:
    """Return one step of training, compiled and warm."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((length, WIDTH)), make(), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, length, WIDTH)).astype("float32")
    y = rng.normal(size=(BATCH, 1)).astype("float32")

    def step() -> float:
        return float(model.train_on_batch(x, y))

    step()
    return step


if __name__ == "__main__":
    longest = int(sys.argv[1]) if len(sys.argv) > 1 else LENGTHS[-1]
    for length in (n for n in LENGTHS if n <= longest):
        steps = {
            name: training_step(make, length)
            for name, make in makers(length).items()
        }
        bench.compare(f"training step, length {length}", steps, agree=None)
        keras.backend.clear_session()
    bench.store()
