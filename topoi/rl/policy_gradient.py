"""Policy gradients: an exact small case, REINFORCE, and PPO."""

from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
from keras import ops

from topoi.autodiff import make_step
from topoi.rl.lanes import Lanes, Run, Transition, evaluate, forward, rollout
from topoi.rl.mdp import finite_horizon_values
from topoi.rl.returns import gae, returns_to_go
from topoi.rl.settings import PPOSettings, ReinforceSettings, check_finite

# -- the exact case ---------------------------------------------------------


def softmax(x: np.ndarray) -> np.ndarray:
    """Return exp(x) / sum exp(x) along the last axis, without overflow."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def expected_return(
    theta: np.ndarray,
    transitions: np.ndarray,
    rewards: np.ndarray,
    start: int,
    horizon: int,
) -> float:
    """Return J(theta), the undiscounted return of the softmax policy.

    Parameters
    ----------
    theta : ndarray, shape (states, actions)
        The policy is ``softmax(theta[s])`` in state s.
    transitions, rewards
        As in `topoi.rl.mdp.bellman_operator`.
    start, horizon : int
        First state; number of steps.
    """
    policy = softmax(theta)
    return finite_horizon_values(transitions, rewards, horizon, policy)[start]


def policy_gradient(
    theta: np.ndarray,
    transitions: np.ndarray,
    rewards: np.ndarray,
    start: int,
    horizon: int,
    baseline: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return E sum_t grad log pi(a_t | s_t) (G_t - b(s_t)), exactly.

    Every trajectory is enumerated and weighted with its probability, so
    nothing is sampled. The policy gradient theorem says that this is the
    gradient of `expected_return`, whatever the baseline.

    Parameters
    ----------
    theta, transitions, rewards, start, horizon
        As in `expected_return`; rows of `transitions` must sum to 1.
    baseline : ndarray, shape (states,), or float
        b(s), subtracted from the return to go.

    Returns
    -------
    ndarray of float64, shape (states, actions)

    Raises
    ------
    ValueError
        If more than a million trajectories would have to be visited.

    Notes
    -----
    O((states actions)^horizon). Source: Williams (1992); Sutton and Barto
    (2018), section 13.4.
    """
    states, actions = rewards.shape
    _check_count(states, actions, horizon)
    policy = softmax(theta)
    b = np.broadcast_to(baseline, states)
    gradient = np.zeros((states, actions))
    for acts in product(range(actions), repeat=horizon):
        for later in product(range(states), repeat=horizon - 1):
            visited = (start, *later)
            weight = _probability(visited, acts, policy, transitions)
            reward = rewards[list(visited), list(acts)]
            for t, (s, a) in enumerate(zip(visited, acts, strict=True)):
                score = np.eye(actions)[a] - policy[s]  # d log pi / d theta
                gradient[s] += weight * score * (reward[t:].sum() - b[s])
    return gradient


def _probability(visited, acts, policy, transitions) -> float:
    weight = policy[list(visited), list(acts)].prod()
    for t in range(len(visited) - 1):
        weight *= transitions[visited[t], acts[t], visited[t + 1]]
    return weight


def _check_count(states: int, actions: int, horizon: int) -> None:
    count = actions**horizon * states ** (horizon - 1)
    if count > 1_000_000:
        raise ValueError(
            "policy_gradient visits every trajectory, at most 1,000,000, but "
            f"{states} states, {actions} actions and horizon {horizon} make "
            f"{count:,}. Shorten the horizon."
        )


# -- networks ---------------------------------------------------------------


def build_actor_critic(
    size: int, actions: int, width: int, seed: int
) -> tuple[keras.Sequential, keras.Sequential]:
    """Return policy (size,) -> logits (actions,) and value (size,) -> (1,).

    Two hidden layers of `width` tanh units each, orthogonal weights with
    gain sqrt 2; the policy's last layer has gain 0.01, so that the first
    policy is close to uniform, the value's gain 1.
    """
    seeds = np.random.SeedSequence(seed).generate_state(2)
    policy = _tanh_network(size, actions, width, 0.01, int(seeds[0]))
    value = _tanh_network(size, 1, width, 1.0, int(seeds[1]))
    return policy, value


def _tanh_network(
    size: int, outputs: int, width: int, gain: float, seed: int
) -> keras.Sequential:
    orthogonal = keras.initializers.Orthogonal
    layers = [
        keras.layers.Dense(
            width, "tanh", kernel_initializer=orthogonal(2**0.5, seed + n)
        )
        for n in range(2)
    ]
    last = keras.layers.Dense(
        outputs, kernel_initializer=orthogonal(gain, seed + 2)
    )
    model = keras.Sequential([*layers, last])
    model.build((None, size))
    return model


def sample_actions(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw from softmax(logits) by the Gumbel trick: (n, k) -> (n,)."""
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)


def log_probability(logits: np.ndarray, action: np.ndarray) -> np.ndarray:
    """Return log softmax(logits)[action] in NumPy: (..., k) -> (...,)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    total = np.log(np.exp(shifted).sum(axis=-1))
    picked = np.take_along_axis(shifted, action[..., None], axis=-1)[..., 0]
    return picked - total


def _log_softmax(logits: Any, action: Any) -> tuple[Any, Any]:
    """Return log pi(a) and the entropy, as tensors of shape (batch,)."""
    log_pi = ops.log_softmax(logits)
    # (batch, actions) * (batch, actions) -> (batch,)
    chosen = ops.sum(log_pi * ops.one_hot(action, logits.shape[-1]), axis=-1)
    return chosen, -ops.sum(ops.exp(log_pi) * log_pi, axis=-1)


# -- REINFORCE --------------------------------------------------------------


def reinforce_loss(
    policy: keras.Model, value: keras.Model, baseline: bool
) -> Callable[..., tuple[Any, Any]]:
    """Return -sum log pi(a | s) (G - V(s)) plus the value's squared error.

    Returns
    -------
    callable
        (obs, action, returns, mask) -> (loss, mean squared value error);
        sums run over steps with mask 1, means divide by their number.
        No gradient flows through the baseline in the first term.
    """

    def loss(observation, action, returns, mask):
        count = ops.sum(mask)
        log_pi, _ = _log_softmax(policy(observation), action)
        estimate = ops.squeeze(value(observation), -1)
        squared = ops.sum(mask * (returns - estimate) ** 2) / count
        weight = float(baseline)
        advantage = returns - weight * ops.stop_gradient(estimate)
        score = -ops.sum(mask * log_pi * advantage) / count
        return score + weight * squared, squared

    return loss


def train_reinforce(
    env_id: str, settings: ReinforceSettings, seed: int
) -> Run:
    """Train by REINFORCE on complete episodes; see `train_dqn`.

    Returns are divided by ``1 / (1 - gamma)``, their largest size for
    rewards up to 1, so that one learning rate suits policy and value.

    Raises
    ------
    TypeError
        If the action space is not Discrete.
    ValueError
        If an episode is longer than `max_episode_steps`.
    FloatingPointError
        If a weight becomes NaN or infinite.
    """
    s = settings
    rng = np.random.default_rng(seed)
    lanes = Lanes(env_id, s.num_envs, seed)
    _check_time_limit(env_id, lanes.max_episode_steps, s)
    policy, value = build_actor_critic(
        lanes.size, lanes.actions, s.width, seed
    )
    step = make_step(
        reinforce_loss(policy, value, s.baseline),
        keras.optimizers.Adam(s.learning_rate),
        policy.trainable_variables + value.trainable_variables,
    )
    run = Run("tanh", weights=policy.get_weights())
    while run.steps < s.total_timesteps:
        seen = _episodes(lanes, run.weights, rng, s.max_episode_steps)
        returns = returns_to_go(seen.reward * seen.valid, s.gamma)
        arrays = (
            seen.observation,
            seen.action.astype(np.int32),
            returns * (1 - s.gamma),
            seen.valid,
        )
        step(*(_flat(_pad(a, s.max_episode_steps)) for a in arrays))
        run.updates += 1
        run.weights = policy.get_weights()
        check_finite(run.weights, run.updates)
        run.steps += int(seen.valid.sum())
        for total in (seen.reward * seen.valid).sum(axis=0):
            run.episodes.append((run.steps, float(total)))
        _check_on_time(run, env_id, s, run.steps, seed)
    return run


def _check_time_limit(
    env_id: str, limit: int | None, s: ReinforceSettings
) -> None:
    if limit is not None and limit > s.max_episode_steps:
        raise ValueError(
            f"{env_id} ends an episode after {limit} steps, but the settings "
            f"say max_episode_steps = {s.max_episode_steps}, to which every "
            f"episode is padded. Set it to {limit}."
        )


def _episodes(
    lanes: Lanes, weights: list, rng: np.random.Generator, limit: int
) -> Transition:
    """Play one episode a lane: (steps, lanes, ...), valid until its end."""

    def act(observation):
        return sample_actions(forward(weights, observation, "tanh"), rng)

    lanes.restart()
    running = np.ones(len(lanes.observation), bool)
    history = []
    while running.any():
        if len(history) == limit:
            raise ValueError(
                f"An episode goes on after max_episode_steps = {limit} steps. "
                "REINFORCE needs whole episodes: raise the limit, or wrap the "
                "environment in gymnasium.wrappers.TimeLimit."
            )
        step = lanes.step(act(lanes.observation))
        history.append(step._replace(valid=running.copy()))
        running &= ~(step.terminated | step.truncated)
    return Transition(*map(np.stack, zip(*history, strict=True)))


def _pad(array: np.ndarray, length: int) -> np.ndarray:
    """Append zeros along the first axis, so that every batch has one shape."""
    missing = length - len(array)
    return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1))


# -- PPO --------------------------------------------------------------------


def ppo_loss(
    policy: keras.Model,
    value: keras.Model,
    clip_range: float,
    ent_coef: float,
    vf_coef: float,
) -> Callable[..., tuple[Any, Any]]:
    """Return the clipped surrogate loss of one minibatch, for `make_step`.

    With the ratio r = pi(a | s) / pi_old(a | s), the loss is the mean of
    -min(r A, clip(r, 1 - clip_range, 1 + clip_range) A), plus the squared
    error of the value times `vf_coef`, minus the entropy times `ent_coef`.

    Returns
    -------
    callable
        (obs, action, old_log_pi, advantage, returns, mask) ->
        (loss, share of clipped ratios); means over rows with mask 1, and 0
        where no row has it.

    Notes
    -----
    Source: Schulman et al. (2017), equations 7 and 9.
    """

    def loss(observation, action, old_log_pi, advantage, returns, mask):
        count = ops.maximum(ops.sum(mask), 1.0)  # a batch may be all resets

        def mean(x):
            return ops.sum(mask * x) / count

        log_pi, entropy = _log_softmax(policy(observation), action)
        ratio = ops.exp(log_pi - old_log_pi)
        near = ops.clip(ratio, 1 - clip_range, 1 + clip_range)
        surrogate = ops.minimum(ratio * advantage, near * advantage)
        estimate = ops.squeeze(value(observation), -1)
        total = (
            -mean(surrogate)
            + vf_coef * mean((returns - estimate) ** 2)
            - ent_coef * mean(entropy)
        )
        outside = ops.cast(ops.abs(ratio - 1) > clip_range, mask.dtype)
        return total, mean(outside)

    return loss


def train_ppo(env_id: str, settings: PPOSettings, seed: int) -> Run:
    """Train proximal policy optimisation; see `train_dqn`.

    Raises
    ------
    TypeError
        If the action space is not Discrete.
    FloatingPointError
        If a weight becomes NaN or infinite.
    """
    s = settings
    rng = np.random.default_rng(seed)
    lanes = Lanes(env_id, s.num_envs, seed)
    policy, value = build_actor_critic(
        lanes.size, lanes.actions, s.width, seed
    )
    optimizer = keras.optimizers.Adam(
        s.learning_rate, epsilon=1e-5, global_clipnorm=s.max_grad_norm
    )
    step = make_step(
        ppo_loss(policy, value, s.clip_range, s.ent_coef, s.vf_coef),
        optimizer,
        policy.trainable_variables + value.trainable_variables,
    )
    run = Run("tanh", weights=policy.get_weights())
    rows = s.rollout_size
    rounds = s.total_timesteps // rows
    for n in range(rounds):
        optimizer.learning_rate = s.learning_rate * (1 - n / rounds)
        batch = _ppo_batch(lanes, run.weights, value.get_weights(), s, rng)
        for _ in range(s.n_epochs):
            # (rows,) -> (minibatches, batch_size)
            for part in rng.permutation(rows).reshape(-1, s.batch_size):
                step(*(array[part] for array in batch))
                run.updates += 1
        run.weights = policy.get_weights()
        check_finite(run.weights, run.updates)
        _check_on_time(run, env_id, s, (n + 1) * rows, seed)
    run.steps, run.episodes = lanes.steps, lanes.finished
    return run


def _ppo_batch(
    lanes: Lanes, policy: list, value: list, s: PPOSettings, rng
) -> tuple[np.ndarray, ...]:
    """Collect a rollout; return the flat arrays that `ppo_loss` takes."""

    def act(observation):
        return sample_actions(forward(policy, observation, "tanh"), rng)

    seen = rollout(lanes, act, s.n_steps)
    values = forward(value, seen.observation, "tanh")[..., 0]
    next_values = forward(value, seen.next_observation, "tanh")[..., 0]
    advantage = gae(
        seen.reward,
        values,
        next_values,
        seen.terminated,
        seen.truncated,
        s.gamma,
        s.gae_lambda,
    )
    kept = advantage[seen.valid]
    arrays = (
        seen.observation,
        seen.action.astype(np.int32),
        log_probability(
            forward(policy, seen.observation, "tanh"), seen.action
        ),
        (advantage - kept.mean()) / (kept.std() + 1e-8),
        advantage + values,
        seen.valid,
    )
    return tuple(_flat(a) for a in arrays)


def _flat(array: np.ndarray) -> np.ndarray:
    """(steps, lanes, ...) -> (steps * lanes, ...); float64 to float32."""
    flat = array.reshape(-1, *array.shape[2:])  # the lanes side by side
    keep = np.issubdtype(flat.dtype, np.integer)
    return flat if keep else flat.astype(np.float32)


def _check_on_time(
    run: Run,
    env_id: str,
    s: PPOSettings | ReinforceSettings,
    steps: int,
    seed: int,
) -> None:
    """Evaluate whenever another 1/checks of the steps has been made."""
    if steps >= (len(run.checks) + 1) * s.total_timesteps // s.n_evaluations:
        score = evaluate(
            env_id, run.actor(), s.n_eval_episodes, seed + 10_000, s.gamma
        )
        run.record(steps, score, float("nan"))
