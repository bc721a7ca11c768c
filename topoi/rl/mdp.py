"""Markov decision processes whose model is known: exact solutions.

A model is a pair of arrays. ``transitions[s, a, t]`` is the probability of
going on from state t after action a in state s; steps that end the episode
carry no such probability, so a row sums to less than 1 where an episode can
end. ``rewards[s, a]`` is the expected reward of that step.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np


def model_of(env: gym.Env) -> tuple[np.ndarray, np.ndarray]:
    """Read the model out of a tabular gymnasium environment.

    Parameters
    ----------
    env : gymnasium.Env
        An environment with a table ``P[s][a] = [(p, t, r, terminated), ..]``,
        such as FrozenLake, Taxi or CliffWalking. Its time limit is no part
        of the model.

    Returns
    -------
    transitions : ndarray of float64, shape (states, actions, states)
        Zero where the step ends the episode.
    rewards : ndarray of float64, shape (states, actions)

    Raises
    ------
    TypeError
        If the environment has no such table.
    """
    table = getattr(env.unwrapped, "P", None)
    if table is None:
        raise TypeError(
            "model_of needs an environment with a transition table `P`, but "
            f"{env.unwrapped} has none. Use one of the toy-text environments, "
            "or learn without a model: q_learning, train_dqn, train_ppo."
        )
    states, actions = len(table), len(table[0])
    transitions = np.zeros((states, actions, states))
    rewards = np.zeros((states, actions))
    for s in range(states):
        for a in range(actions):
            for p, t, r, terminated in table[s][a]:
                rewards[s, a] += p * r
                transitions[s, a, t] += p * (not terminated)
    return transitions, rewards


def action_values(
    values: np.ndarray,
    transitions: np.ndarray,
    rewards: np.ndarray,
    gamma: float,
) -> np.ndarray:
    """Return Q(s, a) = r(s, a) + gamma sum_t p(t | s, a) V(t).

    Parameters
    ----------
    values : ndarray, shape (states,)
        The value V(t) of the state in which one arrives.
    transitions : ndarray, shape (states, actions, states)
    rewards : ndarray, shape (states, actions)
    gamma : float in [0, 1]

    Returns
    -------
    ndarray of float64, shape (states, actions)
    """
    return rewards + gamma * transitions @ values


def bellman_operator(
    transitions: np.ndarray, rewards: np.ndarray, gamma: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the operator V -> max_a Q(., a), a gamma-contraction.

    Parameters
    ----------
    transitions : ndarray, shape (states, actions, states)
        Non-negative; each row sums to at most 1.
    rewards : ndarray, shape (states, actions)
    gamma : float in [0, 1]
        Discount.

    Returns
    -------
    callable
        Maps an ndarray of shape (states,) to one of the same shape.

    Raises
    ------
    ValueError
        If the shapes disagree, a row is no (sub)probability, a reward is
        not finite, or `gamma` lies outside [0, 1].

    Notes
    -----
    One application costs O(states^2 actions).
    """
    _check_model(transitions, rewards, gamma)

    def operator(values: np.ndarray) -> np.ndarray:
        return action_values(values, transitions, rewards, gamma).max(axis=1)

    return operator


def value_iteration(
    transitions: np.ndarray,
    rewards: np.ndarray,
    gamma: float,
    tolerance: float = 1e-15,
    max_sweeps: int = 100_000,
) -> tuple[np.ndarray, int]:
    """Iterate the Bellman operator from zero until it stands still.

    Returns
    -------
    values : ndarray of float64, shape (states,)
        Within ``gamma / (1 - gamma) * tolerance`` of the fixed point for
        gamma < 1. At gamma = 1 the sweeps rise monotonically to the smallest
        fixed point when no reward is negative, but nothing bounds the error.
    sweeps : int
        Applications of the operator, the last one included.

    Raises
    ------
    ValueError
        As `bellman_operator`.
    RuntimeError
        If `max_sweeps` did not suffice.

    Notes
    -----
    Source: Sutton and Barto (2018), section 4.4.
    """
    operator = bellman_operator(transitions, rewards, gamma)
    values = np.zeros(len(transitions))
    for sweep in range(1, max_sweeps + 1):
        previous, values = values, operator(values)
        if np.abs(values - previous).max() <= tolerance:
            return values, sweep
    change = np.abs(values - previous).max()
    raise RuntimeError(
        f"value_iteration stopped after {max_sweeps} sweeps with a change of "
        f"{change:.1e}, above the tolerance {tolerance:.1e}. Raise "
        "max_sweeps, or lower gamma: at gamma = 1 a reward that can be "
        "collected for ever has no finite value."
    )


def greedy_policy(q: np.ndarray, decimals: int = 10) -> np.ndarray:
    """Return the first best action of each state, shape (states,), int.

    Values that agree to `decimals` digits count as ties, so that rounding
    errors do not choose the action. Greedy for the optimal values is
    optimal if gamma < 1; at gamma = 1 it may go in circles for ever.
    """
    return np.round(q, decimals).argmax(axis=1)


def policy_evaluation(
    policy: np.ndarray,
    transitions: np.ndarray,
    rewards: np.ndarray,
    gamma: float,
) -> np.ndarray:
    """Solve V = r_pi + gamma P_pi V, the value of a fixed policy.

    Parameters
    ----------
    policy : ndarray
        Integers of shape (states,), the action of each state, or
        probabilities of shape (states, actions).
    transitions, rewards, gamma
        As in `bellman_operator`.

    Returns
    -------
    ndarray of float64, shape (states,)

    Raises
    ------
    ValueError
        If the policy has another shape, or if at gamma = 1 it can go on for
        ever, so that the linear system is singular.

    Notes
    -----
    O(states^3) by a dense solve.
    """
    _check_model(transitions, rewards, gamma)
    weights = _as_probabilities(policy, rewards.shape)
    # mean over the actions: (states, actions, states) -> (states, states)
    step = np.einsum("sa,sat->st", weights, transitions)
    reward = (weights * rewards).sum(axis=1)
    system = np.eye(len(step)) - gamma * step
    if np.linalg.cond(system) > 1e12:
        raise ValueError(
            "policy_evaluation needs a policy that ends every episode when "
            f"gamma = {gamma}, but here some state is never left. Use "
            "gamma < 1 or finite_horizon_values."
        )
    return np.linalg.solve(system, reward)


def policy_iteration(
    transitions: np.ndarray, rewards: np.ndarray, gamma: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Alternate exact evaluation and greedy improvement until no change.

    Returns
    -------
    policy : ndarray of int, shape (states,)
    values : ndarray of float64, shape (states,)
        The exact value of `policy`, which is optimal.
    improvements : int
        Evaluations made after the one of the uniform starting policy.

    Raises
    ------
    ValueError
        As `policy_evaluation`.

    Notes
    -----
    An action changes only where the gain exceeds 1e-10, so each round
    improves some state and no policy comes twice: at most actions ** states
    rounds, in practice fewer than ten. Source: Howard (1960).
    """
    _check_model(transitions, rewards, gamma)
    states, actions = rewards.shape
    uniform = np.full((states, actions), 1 / actions)
    values = policy_evaluation(uniform, transitions, rewards, gamma)
    policy = greedy_policy(action_values(values, transitions, rewards, gamma))
    improvements = 0
    while True:
        improvements += 1
        values = policy_evaluation(policy, transitions, rewards, gamma)
        q = action_values(values, transitions, rewards, gamma)
        better = q.max(axis=1) > q[np.arange(states), policy] + 1e-10
        if not better.any():
            return policy, values, improvements
        policy = np.where(better, q.argmax(axis=1), policy)


def finite_horizon_values(
    transitions: np.ndarray,
    rewards: np.ndarray,
    horizon: int,
    policy: np.ndarray | None = None,
) -> np.ndarray:
    """Return the undiscounted value of `horizon` steps from each state.

    This is what an environment with a time limit really pays. Without
    `policy` the best action may depend on the steps that are left.

    Parameters
    ----------
    transitions, rewards
        As in `bellman_operator`.
    horizon : int
        Steps until the environment truncates.
    policy : ndarray, optional
        As in `policy_evaluation`.

    Returns
    -------
    ndarray of float64, shape (states,)
    """
    _check_model(transitions, rewards, 1.0)
    values = np.zeros(len(transitions))
    weights = (
        None if policy is None else _as_probabilities(policy, rewards.shape)
    )
    for _ in range(horizon):
        q = action_values(values, transitions, rewards, gamma=1.0)
        values = q.max(axis=1) if weights is None else (weights * q).sum(1)
    return values


def _as_probabilities(
    policy: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    policy = np.asarray(policy)
    if policy.shape == shape:
        return policy
    if policy.shape == shape[:1] and np.issubdtype(policy.dtype, np.integer):
        return np.eye(shape[1])[policy]
    raise ValueError(
        f"A policy is an integer array of shape ({shape[0]},) or "
        f"probabilities of shape {shape}, but got {policy.dtype} of shape "
        f"{policy.shape}."
    )


def _check_model(
    transitions: np.ndarray, rewards: np.ndarray, gamma: float
) -> None:
    if (
        transitions.ndim != 3
        or transitions.shape[0] != transitions.shape[2]
        or rewards.shape != transitions.shape[:2]
        or transitions.size == 0
    ):
        raise ValueError(
            "A model needs transitions of shape (states, actions, states) and "
            f"rewards of shape (states, actions), but got {transitions.shape} "
            f"and {rewards.shape}. model_of(env) returns both."
        )
    total = transitions.sum(axis=2)
    if not ((transitions >= 0).all() and (total <= 1 + 1e-9).all()):
        raise ValueError(
            "transitions[s, a] needs non-negative entries with a sum of at "
            f"most 1, but the sums go up to {total.max():.6g} and the "
            f"smallest entry is {transitions.min():.6g}."
        )
    if not np.isfinite(rewards).all():
        raise ValueError(
            f"rewards need finite numbers, but {np.sum(~np.isfinite(rewards))}"
            " of them are NaN or infinite. Mend the model first."
        )
    if not 0 <= gamma <= 1:
        raise ValueError(
            f"gamma lies in [0, 1], but got {gamma}. It multiplies the value "
            "of the next state."
        )
