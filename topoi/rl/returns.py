"""Targets and advantages: what a step was worth, and which steps count."""

from typing import Any

import numpy as np
from keras import ops


def td_target(
    reward: Any, terminated: Any, next_value: Any, gamma: float
) -> Any:
    """Return r + gamma (1 - terminated) V(next), elementwise.

    Only arithmetic operators are used, so NumPy arrays stay NumPy and
    tensors of any backend stay tensors.

    Parameters
    ----------
    reward : array, any shape
    terminated : array of 0 and 1, same shape
        1 where the task itself ended. A step that a time limit cut off
        (``truncated``) has a future and must be 0 here.
    next_value : array, same shape
        The estimate of the state after the step.
    gamma : float in [0, 1]

    Returns
    -------
    array, same shape
    """
    return reward + gamma * (1 - terminated) * next_value


def max_target_value(q_target: Any) -> Any:
    """Return max_a Q_target(s', a): (batch, actions) -> (batch,).

    One table selects the action and judges it, so noise is always read
    upwards: the maximum of noisy values exceeds the value of the maximum.
    Source: Mnih et al. (2015).
    """
    return ops.max(q_target, axis=-1)


def double_target_value(q_online: Any, q_target: Any) -> Any:
    """Return Q_target(s', argmax_a Q_online(s', a)), shape (batch,).

    The online network selects the action, the target network judges it.
    Source: van Hasselt, Guez and Silver (2016).

    Parameters
    ----------
    q_online, q_target : array, shape (batch, actions)

    Returns
    -------
    tensor, shape (batch,)
    """
    chosen = ops.argmax(q_online, axis=-1)
    mask = ops.one_hot(chosen, q_target.shape[-1])
    return ops.sum(ops.multiply(q_target, mask), axis=-1)


def returns_to_go(rewards: np.ndarray, gamma: float) -> np.ndarray:
    """Return G_t = sum_l gamma^l r_(t+l) along the first axis.

    Parameters
    ----------
    rewards : ndarray, shape (steps, ...)
        Zero after the end of an episode.
    gamma : float in [0, 1]

    Returns
    -------
    ndarray of float64, same shape
    """
    total = np.zeros(np.shape(rewards))
    running = np.zeros(np.shape(rewards)[1:])
    for t in reversed(range(len(rewards))):
        running = rewards[t] + gamma * running
        total[t] = running
    return total


def gae(
    rewards: np.ndarray,
    values: np.ndarray,
    next_values: np.ndarray,
    terminated: np.ndarray,
    truncated: np.ndarray,
    gamma: float,
    gae_lambda: float,
) -> np.ndarray:
    """Return the generalised advantage estimates of a stretch of steps.

    With delta_t = r_t + gamma (1 - terminated_t) V(s'_t) - V(s_t) the
    advantage is A_t = delta_t + gamma gae_lambda A_(t+1), and the sum is
    cut after every step that ends an episode, terminated or truncated.

    Parameters
    ----------
    rewards, values, next_values : ndarray, shape (steps, ...)
        ``next_values[t]`` is the estimate of the state in which step t
        arrived: the final observation of an episode, never the first one of
        the next.
    terminated, truncated : ndarray of bool, same shape
    gamma, gae_lambda : float in [0, 1]
        ``gae_lambda = 0`` is the one-step TD error; ``gae_lambda = 1`` is
        the return minus the baseline.

    Returns
    -------
    ndarray of float64, same shape

    Raises
    ------
    ValueError
        If the shapes disagree, there is no step, or a number is not finite.

    Notes
    -----
    O(steps). Source: Schulman et al. (2016), equations 11 to 16.
    """
    arrays = (rewards, values, next_values, terminated, truncated)
    _check_stretch(arrays)
    delta = td_target(rewards, terminated, next_values, gamma) - values
    goes_on = ~(np.asarray(terminated, bool) | np.asarray(truncated, bool))
    advantages = np.zeros(delta.shape)
    running = np.zeros(delta.shape[1:])
    for t in reversed(range(len(delta))):
        running = delta[t] + gamma * gae_lambda * goes_on[t] * running
        advantages[t] = running
    return advantages


def valid_steps(
    terminated: np.ndarray, truncated: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Mark the real transitions of vectorised environments.

    With gymnasium's next-step autoreset, the step after the end of an
    episode ignores its action and returns the first observation of the next
    episode with reward 0. It is no transition and belongs in no buffer.

    Parameters
    ----------
    terminated, truncated : ndarray of bool, shape (steps, lanes)
    before : ndarray of bool, shape (lanes,)
        Whether the step before the stretch ended an episode.

    Returns
    -------
    ndarray of bool, shape (steps, lanes)
        False exactly on the reset steps.
    """
    ended = np.asarray(terminated, bool) | np.asarray(truncated, bool)
    return ~np.concatenate([np.asarray(before, bool)[None], ended[:-1]])


def _check_stretch(arrays: tuple[np.ndarray, ...]) -> None:
    shapes = [np.shape(a) for a in arrays]
    if len(set(shapes)) > 1 or shapes[0][:1] in ((), (0,)):
        raise ValueError(
            "gae needs rewards, values, next_values, terminated and truncated "
            f"of one shape (steps, ...) with at least one step, but got "
            f"{shapes}. For values of length steps + 1 pass values[:-1] and "
            "values[1:]."
        )
    names = ("rewards", "values", "next_values")
    for name, array in zip(names, arrays[:3], strict=True):
        if not np.isfinite(array).all():
            raise ValueError(
                f"gae needs finite {name}, but "
                f"{np.sum(~np.isfinite(array))} of them are NaN or infinite. "
                "A network that diverged? Lower the learning rate."
            )
