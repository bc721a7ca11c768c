"""Deep Q-learning: replay buffer, target network, Double DQN."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from topoi.autodiff import make_step
from topoi.rl.lanes import (
    Actor,
    Lanes,
    Run,
    Transition,
    evaluate,
    forward,
    greedy_actor,
)
from topoi.rl.returns import (
    double_target_value,
    max_target_value,
    td_target,
)


class ReplayBuffer:
    """The last `capacity` transitions, sampled uniformly with replacement.

    Parameters
    ----------
    capacity : int
        At least 1.
    size : int
        Length of an observation.

    Raises
    ------
    ValueError
        If `capacity` is below 1.

    Notes
    -----
    All arrays are allocated once; adding and sampling take constant time a
    row. When the buffer is full, the oldest transitions are overwritten.
    """

    def __init__(self, capacity: int, size: int):
        if capacity < 1:
            raise ValueError(
                f"A replay buffer holds at least one step, got {capacity}."
            )
        self.observation = np.zeros((capacity, size), np.float32)
        self.action = np.zeros(capacity, np.int32)
        self.reward = np.zeros(capacity, np.float32)
        self.next_observation = np.zeros((capacity, size), np.float32)
        self.terminated = np.zeros(capacity, np.float32)
        self.added = 0

    def __len__(self) -> int:
        """Return the number of stored transitions."""
        return min(self.added, len(self.action))

    def add(self, step: Transition) -> None:
        """Store the valid rows of one step of all lanes; skip resets."""
        rows = np.flatnonzero(step.valid)
        places = (self.added + np.arange(len(rows))) % len(self.action)
        self.observation[places] = step.observation[rows]
        self.action[places] = step.action[rows]
        self.reward[places] = step.reward[rows]
        self.next_observation[places] = step.next_observation[rows]
        self.terminated[places] = step.terminated[rows]
        self.added += len(rows)

    def sample(
        self, batch: int, generator: np.random.Generator
    ) -> tuple[np.ndarray, ...]:
        """Return `batch` rows: (obs, action, reward, next_obs, terminated).

        Raises
        ------
        ValueError
            If nothing has been stored yet.
        """
        if len(self) == 0:
            raise ValueError(
                "The replay buffer is empty, so there is nothing to sample. "
                "Collect some steps with buffer.add first."
            )
        rows = generator.integers(len(self), size=batch)
        return (
            self.observation[rows],
            self.action[rows],
            self.reward[rows],
            self.next_observation[rows],
            self.terminated[rows],
        )


def q_network(
    size: int, actions: int, width: int, seed: int
) -> keras.Sequential:
    """Return a network observation (size,) -> values (actions,).

    Two hidden layers of `width` rectified units; weights drawn from `seed`.
    """
    seeds = np.random.SeedSequence(seed).generate_state(3)
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation, kernel_initializer=start)
            for units, activation, start in zip(
                (width, width, actions),
                ("relu", "relu", None),
                [keras.initializers.GlorotUniform(int(s)) for s in seeds],
                strict=True,
            )
        ]
    )
    model.build((None, size))
    return model


def dqn_loss(
    online: keras.Model, target: keras.Model, gamma: float, double: bool
) -> Callable[..., tuple[Any, Any]]:
    """Return the loss of one batch of transitions, for `make_step`.

    The loss is half the mean squared distance of Q(s, a) to the target
    r + gamma (1 - terminated) v(s'), through which no gradient flows. DQN
    takes v = max_a Q_target(s', a); Double DQN lets the online network
    choose the action.

    Returns
    -------
    callable
        (obs, action, reward, next_obs, terminated) -> (loss, mean of Q(s,a))

    Notes
    -----
    Sources: Mnih et al. (2015); van Hasselt et al. (2016). Both clip the
    error to [-1, 1]; then many small errors outvote a rare large one, the
    fit is no mean any more, and where values far exceed 1 it is biased.
    """

    def loss(observation, action, reward, next_observation, terminated):
        q = online(observation)  # (batch, actions)
        chosen = ops.sum(q * ops.one_hot(action, q.shape[-1]), axis=-1)
        q_target = target(next_observation)
        if double:
            value = double_target_value(online(next_observation), q_target)
        else:
            value = max_target_value(q_target)
        wanted = td_target(reward, terminated, value, gamma)
        error = chosen - ops.stop_gradient(wanted)
        return ops.mean(error * error) / 2, ops.mean(chosen)

    return loss


@dataclass(frozen=True)
class DQNSettings:
    """Every number of a DQN run; the defaults are meant for CartPole-v1.

    Like RL Zoo's settings for CartPole they work in bursts: act for
    `act_steps` steps, then make `updates` gradient steps, then copy the
    target. The bursts are half as long, so that the target is copied twice
    as often, and the rate is half as large.

    Attributes
    ----------
    steps : int
        Environment steps, all lanes together.
    act_steps, updates, lanes : int
        Steps between two bursts; gradient steps a burst; copies of the
        environment.
    batch, width, capacity : int
    gamma : float
    learning_rate : float
        Falls linearly to 0 over the run.
    clip_norm : float
        Bound of the gradient's global norm.
    explore_share, epsilon_end : float
        Epsilon falls linearly from 1 to `epsilon_end` over this share.
    warm_up : int
        Steps before the first gradient.
    double : bool
        Double DQN instead of DQN.
    checks, check_episodes : int
        Evaluations on the way, and the episodes of each.
    """

    steps: int = 50_000
    act_steps: int = 128
    updates: int = 64
    lanes: int = 8
    batch: int = 64
    width: int = 128
    capacity: int = 100_000
    gamma: float = 0.99
    learning_rate: float = 1e-3
    clip_norm: float = 10.0
    explore_share: float = 0.16
    epsilon_end: float = 0.04
    warm_up: int = 1_000
    double: bool = True
    checks: int = 25
    check_episodes: int = 20


def train_dqn(env_id: str, settings: DQNSettings, seed: int) -> Run:
    """Train DQN or Double DQN and evaluate it on the way.

    Parameters
    ----------
    env_id : str
        See `Lanes` for what is supported.
    settings : DQNSettings
    seed : int
        Seeds weights, environments, exploration, sampling and evaluation,
        each with a stream of its own.

    Returns
    -------
    Run
        Evaluated on episodes of its own; report the result on yet others.

    Raises
    ------
    TypeError
        If the action space is not Discrete.
    """
    s = settings
    lanes = Lanes(env_id, s.lanes, seed)
    generator = np.random.default_rng(seed)
    online = q_network(lanes.size, lanes.actions, s.width, seed)
    target = q_network(lanes.size, lanes.actions, s.width, seed)
    optimizer = keras.optimizers.Adam(
        s.learning_rate, global_clipnorm=s.clip_norm
    )
    step = make_step(
        dqn_loss(online, target, s.gamma, s.double),
        optimizer,
        online.trainable_variables,
        state=target.variables,
    )
    buffer = ReplayBuffer(s.capacity, lanes.size)
    run = Run("relu", weights=online.get_weights())
    bursts = s.steps // s.act_steps
    for burst in range(bursts):
        _act(lanes, buffer, run.weights, s, generator)
        if lanes.steps >= s.warm_up:
            optimizer.learning_rate = s.learning_rate * (1 - burst / bursts)
            for _ in range(s.updates):
                step(*buffer.sample(s.batch, generator))
            run.updates += s.updates
            run.weights = online.get_weights()
            target.set_weights(run.weights)
        if (burst + 1) * s.checks % bursts < s.checks:
            _check(run, env_id, s, lanes.steps, seed)
    run.steps, run.episodes = lanes.steps, lanes.finished
    return run


def _act(lanes, buffer, weights, s: DQNSettings, generator) -> None:
    """Fill the buffer with `act_steps` epsilon-greedy steps."""
    greedy = greedy_actor(weights, "relu")
    for _ in range(s.act_steps // s.lanes):
        share = min(1.0, lanes.steps / (s.explore_share * s.steps))
        epsilon = 1 + share * (s.epsilon_end - 1)
        buffer.add(lanes.step(_explore(lanes, greedy, epsilon, generator)))


def _explore(lanes, greedy: Actor, epsilon: float, generator) -> np.ndarray:
    action = greedy(lanes.observation)
    random = generator.integers(lanes.actions, size=len(action))
    return np.where(generator.random(len(action)) < epsilon, random, action)


def _check(run: Run, env_id: str, s: DQNSettings, steps: int, seed: int):
    """Evaluate greedily; compare predicted with true start values."""
    score = evaluate(
        env_id, run.actor(), s.check_episodes, seed + 10_000, s.gamma
    )
    q = forward(run.weights, score.start, "relu")
    run.record(steps, score, float(q.max(axis=-1).mean()))
