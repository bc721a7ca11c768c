"""Training with emulated formats: every product of matrices is rounded.

One small network, written out: forward pass, backward pass, momentum. The
operands of each matrix product are rounded to a narrow format, products are
accumulated in float32, and everything else stays float32. Several networks
(seeds, masks) train side by side: the first axis of every weight counts
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from topoi.precision.formats import FLOAT32, Format, round_to, truncate_to

Layers = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are stored while a network trains.

    Attributes
    ----------
    target : Format
        Of the operands of matrix products.
    truncate : bool
        Drop bits instead of rounding to nearest.
    master : bool
        Keep weights in float32 between the steps; otherwise they are rounded
        after each update.
    loss_scale : float
        The loss is multiplied by it, the gradients are divided by it.
    """

    target: Format = FLOAT32
    truncate: bool = False
    master: bool = True
    loss_scale: float = 1.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return x as the operand of a product."""
        if self.target == FLOAT32:
            return x
        return (truncate_to if self.truncate else round_to)(x, self.target)


@dataclass(frozen=True)
class Settings:
    """The hyper-parameters, which stay the same in every format.

    Attributes
    ----------
    steps, batch_size : int
        Updates, and examples in each.
    learning_rate : float
        At the start; it falls linearly to zero.
    momentum, weight_decay : float
        Of stochastic gradient descent.
    loss_weight : float
        Multiplies the loss and divides the learning rate: exact arithmetic
        does not notice it, and gradients become as small as one likes.

    Raises
    ------
    ValueError
        If a training with these numbers would change nothing.
    """

    steps: int = 1500
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 0.0
    loss_weight: float = 1.0

    def __post_init__(self):
        for name in ("steps", "batch_size", "learning_rate", "loss_weight"):
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(
                    f"Settings needs {name} above 0, but got {value}: a "
                    "training would change nothing."
                )


class Training(NamedTuple):
    """What a training leaves behind; `runs` networks were trained.

    Attributes
    ----------
    layers : list of (weights, bias)
        Shapes (runs, inputs, outputs) and (runs, outputs).
    losses : ndarray, shape (steps, runs)
        Mean cross-entropy of each batch, unscaled.
    flushed : ndarray, shape (runs,)
        Share of the errors sent back that were not zero, and are zero once
        rounded.
    skipped : ndarray of int, shape (runs,)
        Steps left out because a gradient was infinite or NaN.
    """

    layers: Layers
    losses: np.ndarray
    flushed: np.ndarray
    skipped: np.ndarray


def initial_layers(widths: Sequence[int], seeds: Sequence[int]) -> Layers:
    """Return He-normal weights and zero biases, one network a seed.

    Parameters
    ----------
    widths : sequence of int
        Inputs, hidden widths, classes.
    seeds : sequence of int

    Returns
    -------
    list of (weights, bias)
        float32, shapes (runs, inputs, outputs) and (runs, outputs).
    """
    rngs = [np.random.default_rng(seed) for seed in seeds]
    layers = []
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        spread = np.sqrt(2 / inputs)
        drawn = [rng.normal(0, spread, (inputs, outputs)) for rng in rngs]
        bias = np.zeros((len(rngs), outputs), np.float32)
        layers.append((np.array(drawn, np.float32), bias))
    return layers


def train(
    x: np.ndarray,
    y: np.ndarray,
    layers: Layers,
    arithmetic: Arithmetic,
    settings: Settings,
    seeds: Sequence[int],
    masks: Sequence[np.ndarray] | None = None,
) -> Training:
    """Train copies of some networks and return them.

    Parameters
    ----------
    x : ndarray of float32, shape (examples, inputs)
    y : ndarray of int, shape (examples,)
    layers : list of (weights, bias)
        Where to start; not changed.
    arithmetic : Arithmetic
    settings : Settings
    seeds : sequence of int
        Order of the examples, one seed a network.
    masks : sequence of ndarray, optional
        One a layer, broadcast to its weights: entries to keep. Weights are
        masked at the start and after every step.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        If the number of seeds is not that of the networks.
    FloatingPointError
        If every step was skipped, or a network ends with a loss that is not
        finite.
    """
    if len(seeds) != len(layers[0][0]):
        raise ValueError(
            "train needs one seed a network, but got "
            f"{len(seeds)} seeds for {len(layers[0][0])} networks. Repeat "
            "the seeds, or build as many networks."
        )
    state = Networks(layers, arithmetic, settings, masks)
    orders = [_order(len(x), settings, seed) for seed in seeds]
    losses = np.empty((settings.steps, len(seeds)), np.float32)
    for step in range(settings.steps):
        batch = np.stack([order[step] for order in orders])
        losses[step] = state.step(x[batch], y[batch], step)
    _check_trained(losses, state.skipped, arithmetic)
    flushed = state.flushed / np.maximum(state.sent, 1)
    return Training(state.layers, losses, flushed, state.skipped)


def _check_trained(
    losses: np.ndarray, skipped: np.ndarray, arithmetic: Arithmetic
) -> None:
    if (skipped == len(losses)).all():
        raise FloatingPointError(
            f"All {len(losses)} steps were skipped, because a gradient was "
            "infinite or NaN each time: nothing was learned. Look for NaN in "
            "the data; if there is none, lower the loss scale, "
            f"{arithmetic.loss_scale:g}."
        )
    lost = np.flatnonzero(~np.isfinite(losses[-1]))
    if len(lost):
        raise FloatingPointError(
            f"The loss of network {lost[0]} ends as {losses[-1, lost[0]]}. "
            "Look for NaN in its weights and data, or lower the learning "
            "rate."
        )


def predict(
    layers: Layers, x: np.ndarray, arithmetic: Arithmetic | None = None
) -> np.ndarray:
    """Return the class of each example, shape (runs, examples)."""
    arithmetic = arithmetic or Arithmetic()
    rounded = [arithmetic(w) for w, _ in layers]
    # (examples, inputs) -> (runs, examples, inputs)
    batch = np.broadcast_to(x, (len(rounded[0]), *x.shape))
    return forward(batch, rounded, layers, arithmetic)[1].argmax(-1)


def next_loss_scale(
    scale: float, good_steps: int, finite: bool, growth_steps: int = 2000
) -> tuple[float, int]:
    """Return the dynamic loss scale and its counter after a step.

    Parameters
    ----------
    scale : float
        The present loss scale, a power of two.
    good_steps : int
        Steps without overflow since it last changed.
    finite : bool
        Whether all gradients of this step were finite.
    growth_steps : int
        The scale doubles after so many good steps.

    Returns
    -------
    tuple of (float, int)
        Half the scale after an overflow, twice the scale after enough good
        steps, as in Keras' LossScaleOptimizer; after Micikevicius et al.
        (2018).
    """
    if not finite:
        return max(scale / 2, 1.0), 0
    if good_steps + 1 >= growth_steps:
        return scale * 2, 0
    return scale, good_steps + 1


def _order(examples: int, settings: Settings, seed: int) -> np.ndarray:
    """Return the examples of every step, shape (steps, batch_size)."""
    rng = np.random.default_rng([seed, 1])
    needed = settings.steps * settings.batch_size
    epochs = -(-needed // examples)
    order = np.concatenate([rng.permutation(examples) for _ in range(epochs)])
    # (needed,) -> (steps, batch_size)
    return order[:needed].reshape(settings.steps, settings.batch_size)


def forward(
    x: np.ndarray,
    rounded: list[np.ndarray],
    layers: Layers,
    arithmetic: Arithmetic,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the rounded input of every layer, and the logits."""
    inputs, last = [], len(layers) - 1
    for n, (w, (_, bias)) in enumerate(zip(rounded, layers, strict=True)):
        inputs.append(arithmetic(x))
        # (runs, batch, in) @ (runs, in, out) + (runs, 1, out)
        x = inputs[-1] @ w + bias[:, None]
        if n < last:
            x = np.maximum(x, 0)
    return inputs, x


def loss_and_error(
    logits: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean cross-entropy of each run, and its derivative."""
    logits = logits - logits.max(-1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    place = y[..., None].astype(np.intp)  # (runs, batch, 1)
    picked = np.take_along_axis(logs, place, -1)
    delta = np.exp(logs)  # (runs, batch, classes)
    np.put_along_axis(delta, place, np.exp(picked) - 1, -1)
    return -picked.mean((1, 2)), delta / np.float32(y.shape[1])


class Networks:
    """Weights and velocities of the networks, and one step for them all."""

    def __init__(self, layers, arithmetic, settings, masks):
        self.arithmetic, self.settings = arithmetic, settings
        self.masks = masks or [np.ones(1, np.float32)] * len(layers)
        self.layers = [
            ((w * m).astype(np.float32), b.copy())
            for (w, b), m in zip(layers, self.masks, strict=True)
        ]
        self.velocities = [
            (np.zeros_like(w), np.zeros_like(b)) for w, b in self.layers
        ]
        self.runs = len(layers[0][0])
        self.sent = np.zeros(self.runs)
        self.flushed = np.zeros(self.runs)
        self.skipped = np.zeros(self.runs, int)

    def step(self, x: np.ndarray, y: np.ndarray, number: int) -> np.ndarray:
        """Update all networks; return their losses, shape (runs,)."""
        rounded = [self.arithmetic(w) for w, _ in self.layers]
        inputs, logits = forward(x, rounded, self.layers, self.arithmetic)
        losses, delta = loss_and_error(logits, y)
        scale = self.settings.loss_weight * self.arithmetic.loss_scale
        with np.errstate(over="ignore", invalid="ignore"):
            gradients = self.backward(
                inputs, rounded, delta * np.float32(scale)
            )
        self.update(gradients, 1 - number / self.settings.steps)
        return losses

    def backward(self, inputs, rounded, delta) -> Layers:
        """Return the gradients of the scaled loss, layer by layer."""
        gradients = []
        for x, w in zip(inputs[::-1], rounded[::-1], strict=True):
            error = self.arithmetic(delta)
            self.sent += (delta != 0).sum((1, 2))
            self.flushed += ((delta != 0) & (error == 0)).sum((1, 2))
            # (runs, in, batch) @ (runs, batch, out); sums over the batch
            gradients.append((x.swapaxes(1, 2) @ error, error.sum(1)))
            # (runs, batch, out) @ (runs, out, in)
            delta = (error @ w.swapaxes(1, 2)) * (x > 0)
        return gradients[::-1]

    def update(self, gradients: Layers, fraction: float) -> None:
        """Make a step of momentum where all gradients are finite."""
        finite = np.ones(self.runs, bool)
        for pair in gradients:
            for gradient in pair:
                axes = tuple(range(1, gradient.ndim))
                finite &= np.isfinite(gradient).all(axes)
        self.skipped += ~finite
        s = self.settings
        rate = np.float32(s.learning_rate * fraction / s.loss_weight)
        unscale = np.float32(1 / self.arithmetic.loss_scale)
        for layer, velocity, gradient, mask in zip(
            self.layers, self.velocities, gradients, self.masks, strict=True
        ):
            for w, v, g in zip(layer, velocity, gradient, strict=True):
                decay = s.weight_decay * s.loss_weight * (w.ndim == 3)
                self._move(w, v, g * unscale + np.float32(decay) * w, finite)
                np.subtract(w, rate * v, out=w, where=_spread(finite, w))
                if not self.arithmetic.master:
                    w[:] = self.arithmetic(w)
            layer[0][:] *= mask

    def _move(self, w, v, gradient, finite) -> None:
        """Let the velocity follow the gradient, where that is finite."""
        momentum = np.float32(self.settings.momentum)
        moved = momentum * v + gradient
        np.copyto(v, moved, where=_spread(finite, w))


def _spread(flags: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return flags that broadcast to an array whose first axis is theirs."""
    return flags.reshape(-1, *[1] * (like.ndim - 1))  # (runs, 1, ...)
