"""Implicit models: four matrices, and how networks become them."""

from typing import NamedTuple

import numpy as np

from topoi.implicit.checks import activation_named, square
from topoi.implicit.equilibrium import picard


class ImplicitModel(NamedTuple):
    """The rule x = phi(A x + B u), y = C x + D u.

    Attributes
    ----------
    A : ndarray, shape (n, n)
        From states to states.
    B : ndarray, shape (n, p)
        From inputs to states.
    C : ndarray, shape (q, n)
        From states to outputs.
    D : ndarray, shape (q, p)
        From inputs to outputs.

    Notes
    -----
    Biases belong to an input that is always 1: see `with_one`. Source: El
    Ghaoui et al. (2021), equation (1.1).
    """

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    D: np.ndarray

    @property
    def sizes(self) -> tuple[int, int, int]:
        """States n, inputs p, outputs q."""
        return len(self.A), self.B.shape[1], len(self.C)


def implicit_model(A, B, C, D=None) -> ImplicitModel:
    """Return an `ImplicitModel` whose shapes fit; D is 0 if left out.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """
    A, B, C = square(A), np.asarray(B), np.asarray(C)
    fits = B.ndim == 2 and C.ndim == 2 and len(B) == len(A)
    if not fits or C.shape[1] != len(A):
        raise ValueError(
            f"With A of shape {A.shape}, B needs {len(A)} rows and C "
            f"{len(A)} columns; got shapes {B.shape} and {C.shape}."
        )
    due = (len(C), B.shape[1])
    D = np.zeros(due, np.result_type(B, C)) if D is None else np.asarray(D)
    if D.shape != due:
        raise ValueError(f"D has shape {D.shape}, but {due} is due.")
    return ImplicitModel(A, B, C, D)


def with_one(u: np.ndarray) -> np.ndarray:
    """Append the input 1, which carries the biases: (..., p) -> (..., p+1)."""
    u = np.asarray(u)
    return np.concatenate([u, np.ones_like(u[..., :1])], axis=-1)


def answer(
    model: ImplicitModel,
    u: np.ndarray,
    activation: str = "relu",
    tol: float = 1e-10,
    max_steps: int = 10_000,
) -> np.ndarray:
    """Return the outputs of a model, (p,) -> (q,) or (m, p) -> (m, q).

    Raises
    ------
    FloatingPointError
        If the equilibrium is not found to `tol` in `max_steps` steps.
    """
    u = np.asarray(u)
    found = picard(model.A, u @ model.B.T, activation, tol, max_steps)
    if not found.converged:
        raise FloatingPointError(
            f"After {found.steps} steps the states still move by more than "
            f"{tol}. Is pf_radius(A) below 1?"
        )
    return found.x @ model.C.T + u @ model.D.T


# -- networks as implicit models --------------------------------------------


def from_feedforward(weights, biases) -> ImplicitModel:
    """Return the implicit model of a ReLU network.

    Parameters
    ----------
    weights : list of ndarray, shapes (h_1, p), (h_2, h_1), ..., (q, h_L)
        Each maps a layer to the next one, rows are outputs.
    biases : list of ndarray, shapes (h_1,), ..., (q,)

    Returns
    -------
    ImplicitModel
        Its input is ``with_one(u)``. The state holds the last hidden layer
        first, so A is strictly upper triangular.

    Raises
    ------
    ValueError
        If there is no hidden layer, or shapes do not fit.
    """
    if len(weights) < 2 or len(weights) != len(biases):
        raise ValueError(
            "from_feedforward needs a weight and a bias for each layer, and "
            f"a hidden layer at least; got {len(weights)} weights and "
            f"{len(biases)} biases."
        )
    weights = [np.asarray(w) for w in weights]
    biases = [np.asarray(b) for b in biases]
    for w, v in zip(weights[1:], weights, strict=False):
        if w.shape[1] != len(v):
            raise ValueError(
                f"A layer of {len(v)} units meets a weight for {w.shape[1]}."
            )
    kind = np.result_type(*weights, *biases)
    hidden = [len(w) for w in weights[:-1]][::-1]  # last layer first
    ends = np.cumsum([0, *hidden])
    n, p, q = ends[-1], weights[0].shape[1], len(weights[-1])
    A, B = np.zeros((n, n), kind), np.zeros((n, p + 1), kind)
    C, D = np.zeros((q, n), kind), np.zeros((q, p + 1), kind)
    for i in range(len(hidden)):
        layer = len(hidden) - 1 - i
        here = slice(ends[i], ends[i + 1])
        B[here, -1] = biases[layer]
        if layer:
            A[here, ends[i + 1] : ends[i + 2]] = weights[layer]
        else:
            B[here, :-1] = weights[0]
    C[:, : ends[1]], D[:, -1] = weights[-1], biases[-1]
    return ImplicitModel(A, B, C, D)


def from_residual(weight, back) -> ImplicitModel:
    """Return u + back relu(weight u): a block of a residual network."""
    weight, back = np.asarray(weight), np.asarray(back)
    n, p = weight.shape
    kind = np.result_type(weight, back)
    return implicit_model(
        np.zeros((n, n), kind), weight, back, np.eye(p, dtype=kind)
    )


def from_recurrent(recurrent, kernel, readout, length: int) -> ImplicitModel:
    """Return the implicit model of a recurrent network over all steps.

    Parameters
    ----------
    recurrent, kernel, readout : ndarray, shapes (h, h), (h, d), (q, h)
        h_t = phi(recurrent h_(t-1) + kernel u_t) from h_0 = 0, and
        y = readout h_length.
    length : int
        Steps; the input of the model is u_length, ..., u_1 in one vector.

    Notes
    -----
    The last step stands first, so A holds `recurrent` above the diagonal.
    """
    if length < 1:
        raise ValueError(f"length is the number of steps, got {length}.")
    recurrent, kernel = np.asarray(recurrent), np.asarray(kernel)
    readout = np.asarray(readout)
    above, every = np.eye(length, k=1), np.eye(length)
    kind = np.result_type(recurrent, kernel, readout)
    first = np.eye(length)[:1]
    return implicit_model(
        np.kron(above, recurrent).astype(kind),
        np.kron(every, kernel).astype(kind),
        np.kron(first, readout).astype(kind),
    )


# -- an algebra of models ---------------------------------------------------


def cascade(first: ImplicitModel, second: ImplicitModel) -> ImplicitModel:
    """Return u -> second(first(u)); the states of the second come first.

    Raises
    ------
    ValueError
        If the second does not take what the first returns.
    """
    (n1, _, q1), (n2, p2, _) = first.sizes, second.sizes
    if q1 != p2:
        raise ValueError(
            f"The first model returns {q1} numbers, the second takes {p2}."
        )
    kind = np.result_type(*first, *second)
    below = np.zeros((n1, n2), kind)
    return ImplicitModel(
        np.block([[second.A, second.B @ first.C], [below, first.A]]),
        np.concatenate([second.B @ first.D, first.B]),
        np.concatenate([second.C, second.D @ first.C], axis=1),
        second.D @ first.D,
    )


def add(first: ImplicitModel, second: ImplicitModel) -> ImplicitModel:
    """Return u -> first(u) + second(u)."""
    both = side_by_side(first, second)
    q = len(first.C)
    if len(second.C) != q:
        raise ValueError(
            f"Outputs of {q} and {len(second.C)} numbers have no sum."
        )
    return both._replace(C=both.C[:q] + both.C[q:], D=both.D[:q] + both.D[q:])


def side_by_side(first: ImplicitModel, second: ImplicitModel) -> ImplicitModel:
    """Return u -> (first(u), second(u)), one output after the other."""
    (n1, p1, q1), (n2, p2, q2) = first.sizes, second.sizes
    if p1 != p2:
        raise ValueError(
            f"Both models get one input, but take {p1} and {p2} numbers."
        )
    kind = np.result_type(*first, *second)

    def zeros(*shape):
        return np.zeros(shape, kind)

    return ImplicitModel(
        np.block([[first.A, zeros(n1, n2)], [zeros(n2, n1), second.A]]),
        np.concatenate([first.B, second.B]),
        np.block([[first.C, zeros(q1, n2)], [zeros(q2, n1), second.C]]),
        np.concatenate([first.D, second.D]),
    )


def feedback(model: ImplicitModel, gain) -> ImplicitModel:
    """Return the model whose output y is fed back: its input is u + gain y.

    Parameters
    ----------
    model : ImplicitModel
        With D = 0: an output that saw the input at once would meet itself.
    gain : ndarray, shape (p, q)

    Notes
    -----
    A becomes A + B gain C. Whether that is well-posed must be asked anew.
    """
    _, p, q = model.sizes
    gain = np.asarray(gain)
    if gain.shape != (p, q) or np.any(model.D != 0):
        raise ValueError(
            f"feedback needs a gain of shape {(p, q)} and D = 0; got shape "
            f"{gain.shape} and D of size {np.abs(model.D).max(initial=0)}."
        )
    return model._replace(A=model.A + model.B @ gain @ model.C)


def active_states(model: ImplicitModel) -> np.ndarray:
    """Tell which states matter, by the zeros of A, B and C, (n,) of bool.

    A state matters if some input reaches it along nonzero weights, and it
    reaches some output. All others can go: with phi(0) = 0 a state that no
    input reaches is 0, and what reaches no output is never read.
    """
    A = np.asarray(model.A) != 0
    fed = (np.asarray(model.B) != 0).any(axis=1)
    read = (np.asarray(model.C) != 0).any(axis=0)
    for _ in range(len(A)):
        fed = fed | (A & fed[np.newaxis, :]).any(axis=1)
        read = read | (A & read[:, np.newaxis]).any(axis=0)
    return fed & read


def reduce_states(model: ImplicitModel) -> ImplicitModel:
    """Return the same function with the states that matter alone."""
    keep = active_states(model)
    return ImplicitModel(
        model.A[np.ix_(keep, keep)], model.B[keep], model.C[:, keep], model.D
    )


def jacobian(
    model: ImplicitModel, u: np.ndarray, activation: str = "relu"
) -> np.ndarray:
    """Return dy/du at one input, shape (q, p), by one linear solve.

    C (I - Phi A)^-1 Phi B + D, where Phi holds the slopes of phi.
    """
    found = picard(model.A, np.asarray(u) @ model.B.T, activation, 1e-12)
    slope = activation_named(activation).slope(found.x)[:, np.newaxis]
    inner = np.eye(len(model.A)) - slope * model.A
    return model.C @ np.linalg.solve(inner, slope * model.B) + model.D
