"""One step of critic and generator: make_step beside Keras' own ways.

``make bench TOPIC=gan`` runs it; `harness` says how. One update of both
players, batch 64, networks of `topoi.gan` of width 16. Each way has networks
of its own, so losses are not compared.

* make_step: one compiled step a player; also with a gradient penalty, and
  not compiled;
* train_on_batch: two compiled models, the flag `trainable` set before each;
* reversal: one compiled model with a gradient reversal between the players,
  which move at once and play the saturating game.

The same comparison for a step of deep Q-learning is in bench_rl.py.
"""

from collections.abc import Callable

from benchmarks import harness

bench = harness.Bench("gan", backend="tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from topoi import gan  # noqa: E402

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


def finished(step: Callable) -> Callable:
    """Return the step with its loss read, so that it has run."""
    return lambda: float(np.ravel(keras.ops.convert_to_numpy(step()))[0])


if __name__ == "__main__":
    penalty = gan.Settings("wasserstein", penalty=10.0)
    idioms = {
        "make_step": lambda: by_make_step(gan.Settings()),
        "make_step, not compiled": lambda: by_make_step(gan.Settings(), False),
        "make_step, gradient penalty": lambda: by_make_step(penalty),
        "train_on_batch, flags": by_train_on_batch,
        "reversal, train_on_batch": by_reversal,
    }
    steps = {name: finished(make()) for name, make in idioms.items()}
    for step in steps.values():
        step()  # Keras compiles at the first two calls
    bench.compare("one step of both players, batch 64", steps, agree=None)
    bench.store()
