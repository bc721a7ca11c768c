"""Generators that are given by their matrices, random ones and Hadamard's."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import hadamard


class Output(NamedTuple):
    """The last function of a generator, its derivative and its inverse."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]  # as a function of the value
    inverse: Callable[[np.ndarray], np.ndarray]
    low: float
    high: float


OUTPUTS = {
    "linear": Output(lambda t: t, np.ones_like, lambda y: y, -np.inf, np.inf),
    "tanh": Output(np.tanh, lambda y: 1 - y**2, np.arctanh, -1.0, 1.0),
    "sigmoid": Output(
        lambda t: 0.5 * (1 + np.tanh(t / 2)),
        lambda y: y * (1 - y),
        lambda y: np.log(y / (1 - y)),
        0.0,
        1.0,
    ),
}


class ReluGenerator:
    """G(z) = phi(W_L relu(W_(L-1) ... relu(W_0 z))), without biases.

    Parameters
    ----------
    weights : sequence of ndarray
        W_0, ..., W_L; W_i has shape (n_(i+1), n_i). At least two, so that
        there is a hidden layer.
    output : str
        phi, a key of `OUTPUTS`.

    Raises
    ------
    ValueError
        If the shapes do not chain, an entry is not finite, there is no
        hidden layer, or `output` is unknown.
    """

    def __init__(self, weights: Sequence[np.ndarray], output: str = "linear"):
        weights = [np.asarray(w, float) for w in weights]
        if len(weights) < 2 or any(w.ndim != 2 for w in weights):
            raise ValueError(
                "A generator needs at least two matrices, W_0 for a hidden "
                "layer and W_1 for the output, but the shapes are "
                f"{[w.shape for w in weights]}."
            )
        widths = [w.shape[1] for w in weights] + [len(weights[-1])]
        if [len(w) for w in weights] != widths[1:]:
            raise ValueError(
                "W_i needs the shape (n_(i+1), n_i), so that each matrix "
                "reads what the one before it returns. Got "
                f"{[w.shape for w in weights]}: transpose Keras' kernels."
            )
        if not all(np.isfinite(w).all() for w in weights):
            raise ValueError("A weight is NaN or infinite.")
        if output not in OUTPUTS:
            raise ValueError(
                f"output is one of {', '.join(OUTPUTS)}, but got {output!r}."
            )
        self.weights, self.output = weights, output

    @property
    def widths(self) -> list[int]:
        """n_0, ..., n_L, n: latent size, hidden layers, output."""
        return [w.shape[1] for w in self.weights] + [len(self.weights[-1])]

    def layers(self, z: np.ndarray) -> list[np.ndarray]:
        """Return the hidden layers [x_1, ..., x_L] of latents (..., n_0)."""
        x, hidden = np.asarray(z, float), []
        if x.shape[-1:] != (self.widths[0],):
            raise ValueError(
                f"The latent has {self.widths[0]} coordinates, but z has the "
                f"shape {x.shape}."
            )
        for w in self.weights[:-1]:
            x = np.maximum(x @ w.T, 0)  # (..., n_(i+1))
            hidden.append(x)
        return hidden

    def forward(self, z: np.ndarray) -> np.ndarray:
        """Return the signals (..., n) of latents (..., n_0)."""
        last = self.layers(z)[-1]
        return OUTPUTS[self.output].value(last @ self.weights[-1].T)

    def before_output(self, y: np.ndarray, margin: float = 1e-9):
        """Return the inverse of phi, after moving y into its open range.

        Near the ends of the range the inverse of tanh or sigmoid enlarges
        errors without bound; `margin` is the distance that is kept.
        """
        phi = OUTPUTS[self.output]
        y = np.clip(y, phi.low + margin, phi.high - margin)
        return phi.inverse(y)

    def observed(self, mask: np.ndarray) -> "ReluGenerator":
        """Return the generator of the outputs that a mask (n,) keeps.

        Leaving out pixels of a signal is leaving out rows of W_L.
        """
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (self.widths[-1],):
            raise ValueError(
                f"A mask is an array of {self.widths[-1]} booleans, True "
                f"where the output is observed, not {mask.dtype} of shape "
                f"{mask.shape}."
            )
        rows = self.weights[-1][mask]
        return ReluGenerator([*self.weights[:-1], rows], self.output)

    def active_map(self, z: np.ndarray) -> np.ndarray:
        """Return the matrix (n, n_0) that G, before phi, is around z."""
        product = self.weights[0]
        steps = zip(self.layers(z), self.weights[1:], strict=True)
        for x, w in steps:
            product = w @ (product * (x > 0)[:, np.newaxis])
        return product


def generator_from_keras(model) -> ReluGenerator:
    """Return the matrices of a Keras model of dense layers.

    Parameters
    ----------
    model : keras.Sequential
        Dense layers without biases: relu, ..., relu, then linear, tanh or
        sigmoid.

    Raises
    ------
    ValueError
        If a layer is none of these.
    """
    found = []
    for layer in model.layers:
        config, kinds = layer.get_config(), ("relu", *OUTPUTS)
        if config.get("activation") not in kinds or config.get("use_bias"):
            raise ValueError(
                f"The layer {layer.name} is no dense layer without biases "
                f"whose activation is one of {', '.join(kinds)}. Build it "
                "with keras.layers.Dense(units, activation, use_bias=False)."
            )
        found.append((layer.get_weights()[0].T, config["activation"]))
    *hidden, output = [activation for _, activation in found]
    if set(hidden) != {"relu"} or output == "relu":
        raise ValueError(
            "Hidden layers need relu and the last layer another activation, "
            f"but got {[*hidden, output]}."
        )
    return ReluGenerator([w for w, _ in found], output)


def random_generator(
    widths: Sequence[int], rng: np.random.Generator, output: str = "linear"
) -> ReluGenerator:
    """Return a generator with independent standard normal weights.

    Parameters
    ----------
    widths : sequence of int
        n_0, n_1, ..., n.
    rng : numpy.random.Generator
        Where the weights come from. W_i is divided by the root of n_i / 2,
        so that signals keep their size.
    output : str
        A key of `OUTPUTS`.
    """
    weights = [
        rng.normal(size=(after, before)) / np.sqrt(before / 2)
        for before, after in zip(widths[:-1], widths[1:], strict=True)
    ]
    return ReluGenerator(weights, output)


def identity_hadamard(n: int) -> np.ndarray:
    """Return [I | H / sqrt(n)], shape (n, 2 n), for n a power of two.

    H is Hadamard's matrix of Sylvester's kind: entries +-1, orthogonal
    columns. Two columns of the result have inner product 0 or
    +-1 / sqrt(n).
    """
    return np.hstack([np.eye(n), hadamard(n) / np.sqrt(n)])


def planted_generator(
    rng: np.random.Generator, n: int = 256
) -> tuple[ReluGenerator, np.ndarray]:
    """Return a generator 2-4-2n-n and a latent that `error_chain` covers.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the positions and the latent come from.
    n : int
        Outputs, a power of 4 that is at least 256.

    Notes
    -----
    The last matrix is [I | H / sqrt(n)]. Five of the 2 n rows of W_1 have
    orthonormal columns and are active; all other rows are negative, and
    hidden layers are not, so they stay off. Three of four first units are
    active.
    """
    first = np.array([[4.0, 0.0], [0.5, 1.0], [0.5, -1.0], [-1.0, -1.0]])
    middle = -np.abs(rng.normal(size=(2 * n, 4)))
    columns = np.column_stack([np.ones(5), rng.normal(size=(5, 3))])
    basis = np.linalg.qr(columns)[0]
    active = rng.choice(2 * n, 5, replace=False)
    middle[active] = basis * np.sign(basis[0, 0])
    z = np.array([1 + 0.3 * rng.random(), 0.4 * rng.random() - 0.2])
    return ReluGenerator([first, middle, identity_hadamard(n)]), z
