"""Settings, objectives, and the game that is played with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from topoi import autodiff
from topoi.gan.losses import LOSSES, Losses, gradient_penalty

Array = Any  # a NumPy array or a tensor of the backend
FINITE_EVERY = 50  # steps between two looks at the losses


@dataclass(frozen=True)
class Settings:
    """Every number of a game: what tells one way to train from another.

    Attributes
    ----------
    loss : str
        A key of `LOSSES`.
    critic_steps : int
        Updates of the critic before each one of the generator.
    learning_rate, beta_1, beta_2 : float
        Of both Adam optimisers.
    penalty : float
        Weight of the gradient penalty; 0 leaves it out.
    spectral : bool
        Whether the critic is meant to be spectrally normalised; `Game` does
        not change the network that it is given.

    Raises
    ------
    ValueError
        If one of the players would learn nothing.
    """

    loss: str = "logistic"
    critic_steps: int = 1
    learning_rate: float = 5e-4
    beta_1: float = 0.5
    beta_2: float = 0.999
    penalty: float = 0.0
    spectral: bool = False

    def __post_init__(self):
        if self.critic_steps < 1 or not self.learning_rate > 0:
            raise ValueError(
                "A game needs critic_steps of at least 1 and a learning_rate "
                f"above 0, but got {self.critic_steps} and "
                f"{self.learning_rate}: one of the players would learn "
                "nothing."
            )
        if not self.penalty >= 0:
            raise ValueError(
                f"The penalty's weight is 0 or more, but got {self.penalty}."
            )


# For training of seconds on a CPU: WGAN-GP's authors take 5 critic steps at a
# rate of 1e-4 and beta_1 = 0.
SETTINGS = {
    "dcgan": Settings("logistic"),
    "hinge": Settings("hinge", spectral=True),
    "wgan-gp": Settings(
        "wasserstein", 2, learning_rate=2e-3, beta_2=0.9, penalty=10.0
    ),
}


def critic_objective(
    generator: keras.Model, critic: keras.Model, settings: Settings
) -> Callable[..., Array]:
    """Return the critic's loss as a function of (real, z, mix).

    Real and fake samples pass the critic in one batch, which is the same as
    two as long as no layer mixes its rows.
    """
    loss = _losses(settings).critic

    def objective(real, z, mix):
        fake = ops.stop_gradient(generator(z, training=True))
        # (n, ...) twice -> (2 n, ...) -> scores (2 n, 1)
        scores = critic(ops.concatenate([real, fake]), training=True)
        n = ops.shape(real)[0]
        value = loss(scores[:n], scores[n:])
        if not settings.penalty:
            return value, value
        penalty = gradient_penalty(critic, real, fake, mix)
        return value + settings.penalty * penalty, value

    return objective


def generator_objective(
    generator: keras.Model, critic: keras.Model, settings: Settings
) -> Callable[[Array], Array]:
    """Return the generator's loss as a function of z.

    The critic runs with ``training=False``, so a spectral norm is used here
    but not estimated anew.
    """
    loss = _losses(settings).generator

    def objective(z):
        return loss(critic(generator(z, training=True), training=False))

    return objective


class Game:
    """A generator and a critic, with one compiled step for each.

    Parameters
    ----------
    generator : keras.Model
        (n, latent) -> (n, ...).
    critic : keras.Model
        (n, ...) -> (n, 1).
    settings : Settings
        Losses and optimisers.
    seed : int
        Of latent points, batches and mixing numbers, drawn by NumPy: alike
        on every backend.
    jit : bool
        As in `autodiff.make_step`.

    Raises
    ------
    ValueError
        If the networks do not fit together, or the loss is unknown.
    """

    def __init__(
        self,
        generator: keras.Model,
        critic: keras.Model,
        settings: Settings,
        seed: int = 0,
        jit: bool = True,
    ):
        _check_networks(generator, critic)
        self.generator, self.critic, self.settings = (
            generator,
            critic,
            settings,
        )
        self.jit, self.optimizers = jit, (_adam(settings), _adam(settings))
        self.latent = generator.input_shape[-1]
        self.rng = np.random.default_rng(seed)
        self.steps_done = 0
        both = generator.variables + critic.variables
        players = (
            (critic, critic_objective),
            (generator, generator_objective),
        )
        self.critic_step, self.generator_step = (
            autodiff.make_step(
                objective(generator, critic, settings),
                optimizer,
                player.trainable_variables,
                state=both,
                jit=jit,
            )
            for (player, objective), optimizer in zip(
                players, self.optimizers, strict=True
            )
        )

    def __reduce__(self):
        """Pickle a game between steps; the steps are compiled again."""
        slots = [
            [ops.convert_to_numpy(v) for v in optimizer.variables]
            for optimizer in self.optimizers
        ]
        networks = self.generator, self.critic
        state = self.rng, self.steps_done, slots
        return _revived, (networks, self.settings, self.jit, state)

    def train(
        self, data: np.ndarray, steps: int, batch_size: int = 64
    ) -> dict[str, np.ndarray]:
        """Make `steps` updates of the generator, and those of the critic.

        Parameters
        ----------
        data : ndarray of floats, shape (n, ...)
            Real samples, scaled as the generator's output.
        steps, batch_size : int
            Generator steps; samples a step.

        Returns
        -------
        dict of ndarray, shape (steps,)
            ``critic``: its loss without the penalty, of the last of its
            updates before each generator step; ``generator``: the loss of
            the generator.

        Raises
        ------
        ValueError
            If the data have another shape than the generator's output, are
            fewer than a batch, or are not finite, or if there is nothing to
            do: no step, or no sample in it.
        FloatingPointError
            If a loss becomes NaN or infinite.
        """
        data = self._check_data(data, steps, batch_size)
        history = {"critic": [], "generator": []}
        for step in range(steps):
            for _ in range(self.settings.critic_steps):
                _, value = self.critic_step(
                    *self._critic_batch(data, batch_size)
                )
            loss, _ = self.generator_step(self.draw_latent(batch_size))
            history["critic"].append(value)
            history["generator"].append(loss)
            if step % FINITE_EVERY == 0 or step == steps - 1:
                _check_finite(value, loss, self.steps_done + step + 1)
        self.steps_done += steps
        return {
            name: np.array([float(v) for v in values])
            for name, values in history.items()
        }

    def draw_latent(self, n: int) -> np.ndarray:
        """Return `n` standard normal latent points, (n, latent) float32."""
        return self.rng.normal(size=(n, self.latent)).astype("float32")

    def sample(self, z: np.ndarray) -> np.ndarray:
        """Return what the generator makes of latent points, as NumPy."""
        return ops.convert_to_numpy(self.generator(z, training=False))

    def _critic_batch(self, data, batch_size):
        rows = self.rng.integers(len(data), size=batch_size)
        # one number a sample: (batch, 1, ..., 1)
        mix = self.rng.random((batch_size,) + (1,) * (data.ndim - 1))
        return data[rows], self.draw_latent(batch_size), mix.astype("float32")

    def _check_data(self, data, steps, batch_size):
        if steps < 1 or batch_size < 1:
            raise ValueError(
                "train needs at least one step of at least one sample, but "
                f"got steps={steps} and batch_size={batch_size}."
            )
        data = np.asarray(data)
        expected = self.generator.output_shape[1:]
        if data.shape[1:] != expected or len(data) < batch_size:
            raise ValueError(
                f"train needs at least {batch_size} real samples of shape "
                f"{expected}, like the generator's output, but data has the "
                f"shape {data.shape}. Pictures? gan.scale_pictures adds the "
                "channel."
            )
        if not np.issubdtype(data.dtype, np.floating) or (
            not np.isfinite(data).all()
        ):
            raise ValueError(
                "train needs finite floating point numbers, but data is "
                f"{data.dtype} with {np.sum(~np.isfinite(data))} values that "
                "are NaN or infinite. Scale bytes, and drop or fill gaps."
            )
        return data.astype("float32")


def scale_pictures(pictures: np.ndarray) -> np.ndarray:
    """Turn bytes (n, 28, 28) into float32 (n, 28, 28, 1) from -1 to 1.

    Raises
    ------
    TypeError
        If the pictures are not uint8: they may have been scaled already.
    """
    pictures = np.asarray(pictures)
    if pictures.dtype != np.uint8:
        raise TypeError(
            f"scale_pictures needs bytes (uint8), got {pictures.dtype}. "
            "Scaling twice would leave a grey picture: scale once, from the "
            "pictures as shipped."
        )
    # (n, 28, 28) -> (n, 28, 28, 1)
    return pictures[..., None].astype("float32") / 127.5 - 1


def _check_finite(critic: Array, generator: Array, step: int) -> None:
    losses = float(critic), float(generator)
    if not np.isfinite(losses).all():
        raise FloatingPointError(
            f"After step {step} the losses of critic and generator are "
            f"{losses[0]} and {losses[1]}, so the game is stopped. Lower the "
            "learning rate, or take a loss whose critic cannot run away."
        )


def _losses(settings: Settings) -> Losses:
    if settings.loss not in LOSSES:
        raise ValueError(
            f"The loss is one of {', '.join(LOSSES)}, but got "
            f"{settings.loss!r}."
        )
    return LOSSES[settings.loss]


def _adam(settings: Settings) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(
        settings.learning_rate, settings.beta_1, settings.beta_2
    )


def _revived(networks, settings: Settings, jit: bool, state: tuple) -> Game:
    """Return a pickled game as it was."""
    game = Game(*networks, settings, jit=jit)
    game.rng, game.steps_done, slots = state
    for optimizer, values in zip(game.optimizers, slots, strict=True):
        for variable, value in zip(optimizer.variables, values, strict=True):
            variable.assign(value)
    return game


def _check_networks(generator: keras.Model, critic: keras.Model) -> None:
    made, read = generator.output_shape, critic.input_shape
    if made != read or critic.output_shape != (None, 1):
        raise ValueError(
            "The critic must read what the generator makes and return one "
            f"number a sample, but the generator makes {made}, and the "
            f"critic maps {read} to {critic.output_shape}."
        )
