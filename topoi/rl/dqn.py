"""Deep Q-learning: replay buffer, target network, Double DQN."""

from collections.abc import Callable
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
from topoi.rl.settings import DQNSettings, check_finite, check_trained


class ReplayBuffer:
    """The last `buffer_size` transitions, sampled uniformly with replacement.

    Parameters
    ----------
    buffer_size : int
        At least 1.
    size : int
        Length of an observation.

    Raises
    ------
    ValueError
        If `buffer_size` is below 1.

    Notes
    -----
    All arrays are allocated once; adding and sampling take constant time a
    row. When the buffer is full, the oldest transitions are overwritten.
    """

    def __init__(self, buffer_size: int, size: int):
        if buffer_size < 1:
            raise ValueError(
                f"A replay buffer holds at least one step, got {buffer_size}."
            )
        self.observation = np.zeros((buffer_size, size), np.float32)
        self.action = np.zeros(buffer_size, np.int32)
        self.reward = np.zeros(buffer_size, np.float32)
        self.next_observation = np.zeros((buffer_size, size), np.float32)
        self.terminated = np.zeros(buffer_size, np.float32)
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
        self, batch_size: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, ...]:
        """Return rows (obs, action, reward, next_obs, terminated).

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
        rows = rng.integers(len(self), size=batch_size)
        return (
            self.observation[rows],
            self.action[rows],
            self.reward[rows],
            self.next_observation[rows],
            self.terminated[rows],
        )


def build_q_network(
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
        # (batch, actions) * (batch, actions) -> (batch,)
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
    ValueError
        If the run ends before `learning_starts` valid steps.
    FloatingPointError
        If a weight becomes NaN or infinite.
    """
    s = settings
    lanes = Lanes(env_id, s.num_envs, seed)
    rng = np.random.default_rng(seed)
    online = build_q_network(lanes.size, lanes.actions, s.width, seed)
    target = build_q_network(lanes.size, lanes.actions, s.width, seed)
    optimizer = keras.optimizers.Adam(
        s.learning_rate, global_clipnorm=s.max_grad_norm
    )
    step = make_step(
        dqn_loss(online, target, s.gamma, s.double),
        optimizer,
        online.trainable_variables,
        state=target.variables,
    )
    buffer = ReplayBuffer(s.buffer_size, lanes.size)
    run = Run("relu", weights=online.get_weights())
    bursts, copied = s.total_timesteps // s.train_freq, 0
    for burst in range(bursts):
        _act(lanes, buffer, run.weights, s, rng)
        if lanes.steps >= s.learning_starts:
            optimizer.learning_rate = s.learning_rate * (1 - burst / bursts)
            for _ in range(s.gradient_steps):
                step(*buffer.sample(s.batch_size, rng))
            run.updates += s.gradient_steps
            run.weights = online.get_weights()
            check_finite(run.weights, run.updates)
            if (burst + 1) * s.train_freq - copied >= s.target_update_interval:
                target.set_weights(run.weights)
                copied = (burst + 1) * s.train_freq
        if (burst + 1) * s.n_evaluations % bursts < s.n_evaluations:
            _check(run, env_id, s, lanes.steps, seed)
    check_trained(run.updates, lanes.steps, s)
    run.steps, run.episodes = lanes.steps, lanes.finished
    return run


def _act(lanes, buffer, weights, s: DQNSettings, rng) -> None:
    """Fill the buffer with `train_freq` epsilon-greedy steps."""
    greedy = greedy_actor(weights, "relu")
    exploring = s.exploration_fraction * s.total_timesteps
    for _ in range(s.train_freq // s.num_envs):
        share = min(1.0, lanes.steps / exploring) if exploring else 1.0
        epsilon = 1 + share * (s.exploration_final_eps - 1)
        buffer.add(lanes.step(_explore(lanes, greedy, epsilon, rng)))


def _explore(lanes, greedy: Actor, epsilon: float, rng) -> np.ndarray:
    action = greedy(lanes.observation)  # (lanes,)
    random = rng.integers(lanes.actions, size=len(action))
    return np.where(rng.random(len(action)) < epsilon, random, action)


def _check(run: Run, env_id: str, s: DQNSettings, steps: int, seed: int):
    """Evaluate greedily; compare predicted with true start values."""
    score = evaluate(
        env_id, run.actor(), s.n_eval_episodes, seed + 10_000, s.gamma
    )
    q = forward(run.weights, score.start, "relu")
    run.record(steps, score, float(q.max(axis=-1).mean()))
