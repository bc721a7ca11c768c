"""What the players minimise, the gradient penalty, gradient reversal."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from topoi import autodiff

Array = Any  # a NumPy array or a tensor of the backend


def logistic_critic_loss(real: Array, fake: Array) -> Array:
    """Return the cross-entropy of logits: real means 1, fake means 0."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def saturating_generator_loss(fake: Array) -> Array:
    """Return the mean of log(1 - s(fake)), the loss of the two-player game."""
    return -ops.mean(ops.softplus(fake))


def nonsaturating_generator_loss(fake: Array) -> Array:
    """Return the mean of -log s(fake): steep where the critic wins."""
    return ops.mean(ops.softplus(-fake))


def hinge_critic_loss(real: Array, fake: Array) -> Array:
    """Return the mean hinges: real above 1 and fake below -1 cost nothing."""
    return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))


def wasserstein_critic_loss(real: Array, fake: Array) -> Array:
    """Return the mean score of fakes minus that of real samples."""
    return ops.mean(fake) - ops.mean(real)


def wasserstein_generator_loss(fake: Array) -> Array:
    """Return minus the mean score; also the generator's loss of hinge."""
    return -ops.mean(fake)


class Losses(NamedTuple):
    """What the two players minimise; all take outputs of shape (n, 1)."""

    critic: Callable[[Array, Array], Array]
    generator: Callable[[Array], Array]


LOSSES = {
    "saturating": Losses(logistic_critic_loss, saturating_generator_loss),
    "logistic": Losses(logistic_critic_loss, nonsaturating_generator_loss),
    "hinge": Losses(hinge_critic_loss, wasserstein_generator_loss),
    "wasserstein": Losses(wasserstein_critic_loss, wasserstein_generator_loss),
}

# -- gradient penalty and reversal ------------------------------------------

ROOT_GUARD = 1e-12  # the root has no finite slope at 0; moves norms < 1e-6


def gradient_norms(critic: Callable[[Array], Array], x: Array) -> Array:
    """Return the length of the critic's input gradient at each sample.

    Parameters
    ----------
    critic : callable
        Maps (n, ...) to (n, 1), each row for itself: no batch statistics.
    x : array, shape (n, ...)

    Returns
    -------
    array, shape (n,)
        Euclidean norms, plus at most 1e-6; differentiable everywhere.
    """
    gradient = autodiff.input_gradient(critic, x)
    axes = tuple(range(1, len(gradient.shape)))  # (n, ...) -> (n,)
    return ops.sqrt(ops.sum(gradient**2, axis=axes) + ROOT_GUARD)


def gradient_penalty(
    critic: Callable[[Array], Array], real: Array, fake: Array, mix: Array
) -> Array:
    """Return the mean of (norm - 1)^2 between real and fake samples.

    Parameters
    ----------
    critic : callable
        As in `gradient_norms`.
    real, fake : array, shape (n, ...)
        Ends of the segments.
    mix : array, shape (n, 1, ..., 1)
        One number from 0 (fake) to 1 (real) for each pair.

    Returns
    -------
    array, scalar

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Source: Gulrajani et al. (2017), algorithm 1.
    """
    shapes = [tuple(a.shape) for a in (real, fake, mix)]
    per_sample = (1,) * (len(shapes[0]) - 1)
    if shapes[0][1:] != shapes[1][1:] or shapes[2][1:] != per_sample:
        raise ValueError(
            "gradient_penalty needs real and fake samples of one shape and "
            f"one mixing number a pair, of shape (n, {'1, ' * len(per_sample)}"
            f"), but got {shapes[0]}, {shapes[1]} and {shapes[2]}. Reshape "
            "`mix`; a number for each pixel would leave the segments."
        )
    norms = gradient_norms(critic, mix * real + (1 - mix) * fake)
    return ops.mean((norms - 1) ** 2)


def reverse_gradient(x: Array) -> Array:
    """Return `x`, exactly, with derivative -1 on every backend.

    2 x - x is exact in floating point unless 2 x overflows; subnormal
    numbers may be flushed to 0. Source of the idea: Ganin et al. (2016).
    """
    x = ops.convert_to_tensor(x)
    return 2 * ops.stop_gradient(x) - x


@keras.saving.register_keras_serializable(package="topoi")
class GradientReversal(layers.Layer):
    """Pass the input on, turn its gradient round: (n, ...) -> (n, ...)."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def call(self, inputs):
        """Return the inputs, with derivative -1."""
        return reverse_gradient(inputs)
