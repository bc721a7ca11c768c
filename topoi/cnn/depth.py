"""How strongly the gradient arrives at each layer of a deep stack."""

from collections.abc import Sequence

import numpy as np

from topoi.cnn.backward import conv2d_transpose
from topoi.cnn.forward import conv2d


def layer_gradient_norms(
    x: np.ndarray, kernels: Sequence[np.ndarray], residual: bool
) -> np.ndarray:
    """Return how strongly the gradient arrives at each layer of a stack.

    The stack is ``x[l + 1] = relu(conv2d(x[l], kernels[l]))``, or ``x[l]``
    plus that if `residual`; padding keeps the size. The function that is
    differentiated is the sum of the last layer's squares, halved.

    Parameters
    ----------
    x : ndarray, shape (n, height, width, channels)
        Input of the first layer.
    kernels : sequence of ndarray, shape (k, k, channels, channels)
        One a layer.
    residual : bool
        Whether each layer's input is added to its output.

    Returns
    -------
    ndarray, shape (len(kernels) + 1,)
        Norm of the gradient at ``x[0]``, ..., ``x[depth]``, relative to
        the last, which is 1.

    Raises
    ------
    ValueError
        If the last layer is zero everywhere, so that there is no gradient.
    """
    inputs, masks = [], []
    for w in kernels:
        inputs.append(x)
        z = conv2d(x, w, padding="same")
        masks.append(z > 0)
        x = z * masks[-1] + (x if residual else 0)
    gradient = x
    norms = [np.linalg.norm(gradient)]
    if norms[0] == 0:
        raise ValueError(
            f"The last of {len(kernels)} layers is zero everywhere, so no "
            "gradient flows back. Scale the kernels up."
        )
    for w, before, mask in reversed(
        list(zip(kernels, inputs, masks, strict=True))
    ):
        through = conv2d_transpose(
            gradient * mask, w, before.shape[1:3], padding="same"
        )
        gradient = through + (gradient if residual else 0)
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1]) / norms[0]
