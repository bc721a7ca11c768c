"""One step of critic and generator: make_step beside Keras' own ways.

Run ``python tests/benchmarks/bench_gan.py``. Times are CPU milliseconds of
this process for one update of both players (one numeric thread, batch 64,
networks of `topoi.gan` of width 16), the median of some steps after the ones
that compile.

* make_step: one compiled step a player; also with a gradient penalty, and
  not compiled;
* train_on_batch: two compiled models, the flag `trainable` set before each;
* reversal: one compiled model with a gradient reversal between the players,
  which move at once and play the saturating game.

The same comparison for a step of deep Q-learning is in bench_rl.py.
"""

import statistics
import time
from collections.abc import Callable

from topoi import runtime

runtime.set_environment()

import keras  # noqa: E402
import numpy as np  # noqa: E402

from topoi import gan, runtime  # noqa: E402

BATCH = 64
RANDOM = np.random.default_rng(0)
REAL = RANDOM.uniform(-1, 1, (BATCH, 28, 28, 1)).astype("float32")
Z = RANDOM.normal(size=(BATCH, 64)).astype("float32")
MIX = RANDOM.random((BATCH, 1, 1, 1)).astype("float32")
ONES, ZEROS = (np.full((BATCH, 1), v, "float32") for v in (1, 0))


def by_make_step(settings: gan.Settings, jit: bool = True) -> Callable:
    """Return both steps of `Game`."""
    game = gan.Game(
        gan.build_generator(), gan.build_critic(), settings, jit=jit
    )

    def step():
        game.critic_step(REAL, Z, MIX)
        return game.generator_step(Z)[0]

    return step


def cross_entropy() -> keras.losses.Loss:
    """Return the loss of logits."""
    return keras.losses.BinaryCrossentropy(from_logits=True)


def adam() -> keras.optimizers.Optimizer:
    """Return the optimiser of the settings."""
    return keras.optimizers.Adam(5e-4, beta_1=0.5)


def by_train_on_batch() -> Callable:
    """Return a step of two compiled models that share the critic."""
    generator, critic = gan.build_generator(), gan.build_critic()
    critic.compile(adam(), cross_entropy(), jit_compile=False)
    both = keras.Sequential([generator, critic])
    both.compile(adam(), cross_entropy(), jit_compile=False)

    def step():
        critic.trainable = True
        fake = keras.ops.convert_to_numpy(generator(Z))
        samples = np.concatenate([REAL, fake])
        critic.train_on_batch(samples, np.concatenate([ONES, ZEROS]))
        critic.trainable = False
        return both.train_on_batch(Z, ONES)

    return step


def by_reversal() -> Callable:
    """Return a step of one model whose generator sees turned gradients."""
    generator, critic = gan.build_generator(), gan.build_critic()
    z, real = keras.Input((64,)), keras.Input((28, 28, 1))
    fake = gan.GradientReversal()(generator(z))
    model = keras.Model([z, real], [critic(fake), critic(real)])
    losses = [cross_entropy(), cross_entropy()]
    model.compile(adam(), losses, jit_compile=False)
    return lambda: model.train_on_batch([Z, REAL], [ZEROS, ONES])


def measure(step: Callable, repeats: int = 15) -> tuple[float, float]:
    """Return CPU milliseconds of a step, and CPU seconds of the first two."""
    start = time.process_time()
    step(), step()
    compiling = time.process_time() - start
    times = []
    for _ in range(repeats):
        start = time.process_time()
        float(np.ravel(keras.ops.convert_to_numpy(step()))[0])
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times), compiling


def main() -> None:
    """Print one row an idiom."""
    runtime.setup("small", seed=0)
    penalty = gan.Settings("wasserstein", penalty=10.0)
    idioms = {
        "make_step": lambda: by_make_step(gan.Settings()),
        "make_step, not compiled": lambda: by_make_step(gan.Settings(), False),
        "make_step, gradient penalty": lambda: by_make_step(penalty),
        "train_on_batch, flags": by_train_on_batch,
        "reversal, train_on_batch": by_reversal,
    }
    print(f"backend {keras.backend.backend()}, batch {BATCH}")
    print(f"{'':28}{'ms a step':>10}{'first two, s':>14}")
    for name, make in idioms.items():
        if keras.backend.backend() == "jax" and "not compiled" in name:
            continue  # minutes, and no one would do it
        row = measure(make())
        print(f"{name:28}{row[0]:10.1f}{row[1]:14.1f}", flush=True)


if __name__ == "__main__":
    main()
