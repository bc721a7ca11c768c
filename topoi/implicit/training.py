"""Training an implicit model by exact gradients and projections."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from topoi import data
from topoi.implicit.equilibrium import picard
from topoi.implicit.gradients import implicit_gradient
from topoi.implicit.models import ImplicitModel, answer, with_one
from topoi.implicit.projection import project_rows

LOSSES = ("cross entropy", "squared error")


@dataclass(frozen=True)
class Settings:
    """Numbers of one training.

    Attributes
    ----------
    states : int
    kappa : float
        Bound of ||A||_inf, below 1; 0 for a network with one hidden layer.
    learning_rate : float
        First rate of Adam; it falls to 0 along a cosine.
    steps, batch_size : int
    input_norm : float or None
        Bound of ||B||_inf without the biases.
    direct : bool
        Whether D, the way past the states, is trained; 0 otherwise. Its
        biases are trained in either case.
    shrink : float
        Price of the l1 norms of A and B: each step moves their entries
        towards 0 by the rate times this.
    loss : {"cross entropy", "squared error"}
    tol : float
        Of the equilibria and the adjoint equation during training.
    """

    states: int = 20
    kappa: float = 0.5
    learning_rate: float = 3e-3
    steps: int = 1200
    batch_size: int = 100
    input_norm: float | None = None
    direct: bool = True
    shrink: float = 0.0
    loss: str = "cross entropy"
    tol: float = 1e-5

    def __post_init__(self):
        if self.states < 1 or self.steps < 1 or self.batch_size < 1:
            raise ValueError(
                "states, steps and batch_size must be at least 1, got "
                f"{self.states}, {self.steps} and {self.batch_size}."
            )
        if not 0 <= self.kappa < 1:
            raise ValueError(
                f"kappa bounds ||A||_inf and lies in [0, 1), got {self.kappa}."
            )
        if not self.learning_rate > 0 or self.shrink < 0:
            raise ValueError(
                "learning_rate must be positive and shrink not negative, got "
                f"{self.learning_rate} and {self.shrink}."
            )
        if self.loss not in LOSSES:
            raise ValueError(f"loss is one of {LOSSES}, got {self.loss!r}.")


class Trained(NamedTuple):
    """A model, its loss over the steps, and the steps of the iteration."""

    model: ImplicitModel
    losses: np.ndarray  # (steps,)
    iterations: np.ndarray  # (steps,) Picard steps for each batch


def first_model(
    settings: Settings, p: int, q: int, rng: np.random.Generator
) -> ImplicitModel:
    """Return random matrices; A is projected, biases and D are 0."""
    n = settings.states
    A = rng.normal(size=(n, n)) / np.sqrt(n)
    A = project_rows(A, settings.kappa) if settings.kappa else 0 * A
    B = rng.normal(size=(n, p + 1)) * np.sqrt(2 / p)
    B[:, -1] = 0
    C = rng.normal(size=(q, n)) / np.sqrt(n)
    return ImplicitModel(A, B, C, np.zeros((q, p + 1)))


def output_gradient(y: np.ndarray, target: np.ndarray, loss: str):
    """Return the mean loss of a batch and its derivative, shape of y."""
    if loss == "squared error":
        gap = y - target
        return float((gap**2).mean()), 2 * gap / gap.size
    y = y - y.max(axis=1, keepdims=True)
    probabilities = np.exp(y)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    value = -np.log(probabilities[rows, target] + 1e-300).mean()
    probabilities[rows, target] -= 1
    return float(value), probabilities / len(y)


def constrained(model: ImplicitModel, settings: Settings, rate: float):
    """Return the model with entries shrunk, and A and B projected."""
    A, B = model.A, model.B
    if settings.shrink:
        A, B = (
            np.sign(w) * np.maximum(np.abs(w) - rate * settings.shrink, 0)
            for w in (A, B)
        )
        B[:, -1] = model.B[:, -1]  # biases are free
    A = project_rows(A, settings.kappa) if settings.kappa else 0 * A
    if settings.input_norm is not None:
        B = B.copy()
        B[:, :-1] = project_rows(B[:, :-1], settings.input_norm)
    D = model.D.copy()
    if not settings.direct:
        D[:, :-1] = 0
    return ImplicitModel(A, B, model.C, D)


def train_implicit(
    inputs: np.ndarray,
    target: np.ndarray,
    settings: Settings,
    seed: int,
) -> Trained:
    """Train an implicit ReLU model with Adam.

    Parameters
    ----------
    inputs : ndarray, shape (m, p)
        Without the input 1, which is appended here.
    target : ndarray
        Labels, shape (m,), for cross entropy; (m, q) for squared error.
    settings : Settings
    seed : int
        For the first weights and the batches.

    Returns
    -------
    Trained

    Raises
    ------
    FloatingPointError
        If the loss stops being finite.
    """
    rng = np.random.default_rng(seed)
    u = with_one(np.asarray(inputs, "float64"))
    labels = settings.loss == "cross entropy"
    q = int(target.max()) + 1 if labels else target.shape[1]
    model = first_model(settings, u.shape[1] - 1, q, rng)
    model = constrained(model, settings, 0.0)
    adam = Adam(model)
    losses, iterations = [], []
    for step in range(settings.steps):
        rate = settings.learning_rate
        rate *= (1 + np.cos(np.pi * step / settings.steps)) / 2
        some = rng.choice(len(u), min(settings.batch_size, len(u)), False)
        batch = u[some]
        found = picard(model.A, batch @ model.B.T, "relu", settings.tol)
        y = found.x @ model.C.T + batch @ model.D.T
        loss, grad_y = output_gradient(y, target[some], settings.loss)
        if not np.isfinite(loss):
            raise FloatingPointError(f"The loss is {loss} at step {step}.")
        tol = settings.tol * np.abs(grad_y).max()
        grads = implicit_gradient(model, batch, found.x, grad_y, tol=tol)
        model = constrained(adam.step(model, grads, rate), settings, rate)
        losses.append(loss)
        iterations.append(found.steps)
    return Trained(model, np.array(losses), np.array(iterations))


class Adam:
    """Moments of the gradients of four matrices, and the step they give."""

    def __init__(self, model: ImplicitModel):
        self.first = [np.zeros_like(w) for w in model]
        self.second = [np.zeros_like(w) for w in model]
        self.count = 0

    def step(self, model: ImplicitModel, grads, rate: float) -> ImplicitModel:
        """Return the model after one step of size `rate`."""
        self.count += 1
        new = []
        for i, (w, g) in enumerate(zip(model, grads[:4], strict=True)):
            self.first[i] = 0.9 * self.first[i] + 0.1 * g
            self.second[i] = 0.999 * self.second[i] + 0.001 * g**2
            mean = self.first[i] / (1 - 0.9**self.count)
            size = np.sqrt(self.second[i] / (1 - 0.999**self.count))
            new.append(w - rate * mean / (size + 1e-8))
        return ImplicitModel(*new)


def share_right(model: ImplicitModel, inputs, labels) -> float:
    """Return the share of inputs whose largest output is at the label."""
    y = answer(model, with_one(np.asarray(inputs, "float64")), tol=1e-8)
    return float((y.argmax(axis=1) == labels).mean())


# -- data -------------------------------------------------------------------


def small_digits(count: int, test: int, block: int = 4, name: str = "mnist"):
    """Return MNIST pictures as means over blocks, numbers between 0 and 1.

    Parameters
    ----------
    count, test : int
        Pictures to train with and to test with.
    block : int
        Side of the blocks, a divisor of 28: with 4, pictures are 7 x 7.
    name : {"mnist", "mnist60k"}
        The shipped set, or the whole one.

    Returns
    -------
    tuple of ndarray
        x_train (count, p), y_train, x_test (test, p), y_test, where p is
        (28 / block)^2.
    """
    images, side = data.load(name), 28 // block

    def pooled(pictures):
        blocks = pictures.reshape(-1, side, block, side, block) / 255.0
        return blocks.mean(axis=(2, 4)).reshape(-1, side**2)  # (m, p)

    return (
        pooled(images.x_train[:count]),
        images.y_train[:count].astype(int),
        pooled(images.x_test[:test]),
        images.y_test[:test].astype(int),
    )


def equilibrium_task(
    count: int, rng: np.random.Generator, states: int = 12, inputs: int = 4
):
    """Return inputs and outputs of a random model with strong feedback.

    Parameters
    ----------
    count : int
        Examples.
    rng : numpy.random.Generator
        For the model and the inputs.

    Returns
    -------
    tuple of ndarray
        Inputs (count, inputs), standard normal, and outputs (count, 1) of
        mean 0 and deviation 1. A is positive, with row sums of 0.9.
    """
    A = rng.random(size=(states, states))
    A *= 0.9 / A.sum(axis=1, keepdims=True)
    B = rng.normal(size=(states, inputs + 1))
    C = rng.normal(size=(1, states))
    teacher = ImplicitModel(A, B, C, np.zeros((1, inputs + 1)))
    u = rng.normal(size=(count, inputs))
    y = answer(teacher, with_one(u))
    return u, (y - y.mean()) / y.std()
