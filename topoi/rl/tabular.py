"""Q-learning: optimal values of a small environment without its model."""

from collections.abc import Callable

import gymnasium as gym
import numpy as np

from topoi.rl.returns import td_target


def random_argmax(values: np.ndarray, rng: np.random.Generator) -> int:
    """Return the index of a maximum, each maximum with equal probability.

    ``np.argmax`` takes the first; on a table of zeros it would try action 0
    for ever.
    """
    best = np.flatnonzero(values == values.max())
    return int(best[0] if len(best) == 1 else rng.choice(best))


def epsilon_greedy(
    values: np.ndarray, epsilon: float, rng: np.random.Generator
) -> int:
    """Return a random action with probability `epsilon`, else a best one.

    Parameters
    ----------
    values : ndarray, shape (actions,)
    epsilon : float in [0, 1]
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If a value is NaN: no comparison with it means anything.
    """
    if np.isnan(values).any():
        raise ValueError(
            f"epsilon_greedy needs numbers, but got {values}. Find the step "
            "that wrote NaN into the table."
        )
    if rng.random() < epsilon:
        return int(rng.integers(len(values)))
    return random_argmax(values, rng)


def q_learning(
    env: gym.Env,
    episodes: int,
    gamma: float,
    step_size: Callable[[int], float],
    epsilon: Callable[[int], float],
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn Q(s, a) from experience alone.

    Parameters
    ----------
    env : gymnasium.Env
        Observation and action spaces are Discrete.
    episodes : int
    gamma : float in [0, 1]
    step_size : callable
        Step size at the n-th visit of a pair (n = 1, 2, ...). Convergence
        with probability 1 needs a divergent sum and a convergent sum of
        squares.
    epsilon : callable
        Share of random actions in episode k (k = 0, 1, ...).
    seed : int
        Seeds the environment once, and the exploration.

    Returns
    -------
    q : ndarray of float64, shape (states, actions)
    visits : ndarray of int, same shape
        How often each pair was updated; their sum is the number of steps.

    Raises
    ------
    TypeError
        If a space is not Discrete.

    Notes
    -----
    The bootstrap is masked by ``terminated`` alone: a time limit ends the
    episode but not the value of its last state. Source: Watkins and Dayan
    (1992); Sutton and Barto (2018), section 6.5.
    """
    _check_discrete(env)
    rng = np.random.default_rng(seed)
    q = np.zeros((env.observation_space.n, env.action_space.n))
    visits = np.zeros(q.shape, int)
    for episode in range(episodes):
        state, _ = env.reset(seed=seed if episode == 0 else None)
        explore = epsilon(episode)
        ended = False
        while not ended:
            action = epsilon_greedy(q[state], explore, rng)
            after, reward, terminated, truncated, _ = env.step(action)
            visits[state, action] += 1
            alpha = step_size(visits[state, action])
            target = td_target(reward, terminated, q[after].max(), gamma)
            q[state, action] += alpha * (target - q[state, action])
            state, ended = after, terminated or truncated
    return q, visits


def _check_discrete(env: gym.Env) -> None:
    for name in ("observation_space", "action_space"):
        space = getattr(env, name)
        if not isinstance(space, gym.spaces.Discrete):
            raise TypeError(
                f"q_learning needs a Discrete {name}, but {env} has {space}. "
                "Bin the observations with a wrapper, or use train_dqn."
            )
