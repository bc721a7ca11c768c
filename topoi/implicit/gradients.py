"""Derivatives of an equilibrium: exact, cut short, or unrolled."""

from typing import NamedTuple

import numpy as np

from topoi.implicit.checks import activation_named
from topoi.implicit.models import ImplicitModel


class ModelGradients(NamedTuple):
    """Derivatives of a loss with respect to A, B, C, D and the inputs."""

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    D: np.ndarray
    u: np.ndarray  # (m, p)


def implicit_gradient(
    model: ImplicitModel,
    u: np.ndarray,
    x: np.ndarray,
    grad_y: np.ndarray,
    activation: str = "relu",
    tol: float = 1e-12,
    max_steps: int = 10_000,
) -> ModelGradients:
    """Return the derivatives of a loss by the implicit function theorem.

    Parameters
    ----------
    model : ImplicitModel
    u, x : ndarray, shapes (m, p) and (m, n)
        Inputs and their equilibria.
    grad_y : ndarray, shape (m, q)
        Derivative of the loss with respect to the outputs.
    activation : {"relu", "tanh"}
    tol, max_steps : float, int
        The adjoint equation is iterated like the forward one. With
        `max_steps` = k only the first k terms of its series are summed.

    Returns
    -------
    ModelGradients

    Notes
    -----
    Solves adj = Phi (A^T adj + C^T grad_y), Phi the slopes of phi at x, whose
    iteration contracts as fast as the forward one. Memory is O(m n), however
    many steps were made.
    """
    slope = activation_named(activation).slope(x)
    source = grad_y @ model.C  # (m, n)
    adj = slope * source
    for _ in range(max_steps - 1):
        new = slope * (adj @ model.A + source)
        gap = np.abs(new - adj).max(initial=0)
        adj = new
        if gap <= tol:
            break
    return ModelGradients(
        adj.T @ x,
        adj.T @ u,
        grad_y.T @ x,
        grad_y.T @ u,
        adj @ model.B + grad_y @ model.D,
    )


def unrolled_gradient(
    model: ImplicitModel,
    u: np.ndarray,
    grad_y: np.ndarray,
    steps: int,
    activation: str = "relu",
) -> ModelGradients:
    """Return the derivatives through `steps` steps of Picard from x = 0.

    Back-propagation through the iteration as if it were a network of so many
    layers with shared weights. It keeps all iterates: O(steps m n) memory.
    `grad_y` is taken as a constant.
    """
    phi, slope = activation_named(activation)
    q = u @ model.B.T
    xs = [np.zeros_like(q, dtype=np.result_type(q, 1.0))]
    for _ in range(steps):
        xs.append(phi(xs[-1] @ model.A.T + q))
    back = grad_y @ model.C  # derivative with respect to the last states
    total_A, total_B = np.zeros_like(model.A), np.zeros_like(model.B)
    grad_u = grad_y @ model.D
    for before, after in zip(xs[-2::-1], xs[:0:-1], strict=True):
        adj = slope(after) * back
        total_A = total_A + adj.T @ before
        total_B = total_B + adj.T @ u
        grad_u = grad_u + adj @ model.B
        back = adj @ model.A
    return ModelGradients(
        total_A, total_B, grad_y.T @ xs[-1], grad_y.T @ u, grad_u
    )
