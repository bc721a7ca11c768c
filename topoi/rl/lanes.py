"""Vectorised environments, acting in NumPy, and an honest evaluation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import gymnasium as gym
import numpy as np

Actor = Callable[[np.ndarray], np.ndarray]
_ACTIVATIONS = {"relu": lambda x: np.maximum(x, 0.0), "tanh": np.tanh}


class Transition(NamedTuple):
    """One step of every lane; each array has the lane as its first axis."""

    observation: np.ndarray  # (lanes, size), float32
    action: np.ndarray  # (lanes,), int
    reward: np.ndarray  # (lanes,), float
    next_observation: np.ndarray  # (lanes, size); the final one at an end
    terminated: np.ndarray  # (lanes,), bool: the task ended
    truncated: np.ndarray  # (lanes,), bool: a time limit cut it off
    valid: np.ndarray  # (lanes,), bool: False on reset steps


class Lanes:
    """Several copies of one environment that step together.

    gymnasium resets a finished copy in the step *after* its end; that step
    ignores the action and pays nothing. `step` marks it as not valid.

    Parameters
    ----------
    env_id : str
        A registered environment with a flat Box of observations and a
        Discrete action space. CartPole-v1 runs as one NumPy program, other
        environments as Python copies.
    num_envs : int
        The number of lanes.
    seed : int
        Seeds the copies once; later episodes continue their streams.

    Attributes
    ----------
    observation : ndarray of float32, shape (lanes, size)
        What the next action answers to.
    size, actions : int
        Length of an observation; number of actions.
    max_episode_steps : int or None
        The time limit that the environment is registered with.
    steps : int
        Valid steps so far, all lanes together.
    finished : list of (int, float)
        For each finished episode: `steps` at its end, and its return.

    Raises
    ------
    TypeError
        If the spaces are of another kind.
    """

    def __init__(self, env_id: str, num_envs: int, seed: int):
        self.envs = gym.make_vec(env_id, num_envs=num_envs)
        _check_spaces(env_id, self.envs)
        self.size = self.envs.single_observation_space.shape[0]
        self.actions = int(self.envs.single_action_space.n)
        self.max_episode_steps = self.envs.spec.max_episode_steps
        self.observation, _ = self.envs.reset(seed=seed)
        self.steps = 0
        self.finished: list[tuple[int, float]] = []
        self._ended = np.zeros(num_envs, bool)
        self._return = np.zeros(num_envs)

    def step(self, action: np.ndarray) -> Transition:
        """Take one action a lane, shape (lanes,); return what happened."""
        before, valid = self.observation, ~self._ended
        after, reward, terminated, truncated, _ = self.envs.step(action)
        after = np.array(after, np.float32)  # the environment may reuse its
        self.steps += int(valid.sum())
        self._return = np.where(valid, self._return + reward, 0.0)
        self._ended = terminated | truncated
        for lane in np.flatnonzero(self._ended):
            self.finished.append((self.steps, float(self._return[lane])))
        self.observation = after
        return Transition(
            before, action, reward, after, terminated, truncated, valid
        )

    def restart(self) -> None:
        """Begin a new episode in every lane; the random streams go on."""
        self.observation, _ = self.envs.reset()
        self._ended = np.zeros_like(self._ended)
        self._return = np.zeros_like(self._return)


def rollout(lanes: Lanes, act: Actor, steps: int) -> Transition:
    """Let `act` take `steps` steps in every lane.

    Returns
    -------
    Transition
        Arrays of shape (steps, lanes, ...), reset steps included but marked.
    """
    history = [lanes.step(act(lanes.observation)) for _ in range(steps)]
    return Transition(*map(np.stack, zip(*history, strict=True)))


def forward(
    weights: Sequence[np.ndarray], x: np.ndarray, activation: str
) -> np.ndarray:
    """Apply a fully connected network, given by its weights, in NumPy.

    Parameters
    ----------
    weights : sequence of ndarray
        Kernel, bias, kernel, bias, ... as ``model.get_weights()`` returns
        them for a stack of Dense layers; the last layer is linear.
    x : ndarray, shape (..., inputs)
    activation : {"relu", "tanh"}
        Between the layers.

    Returns
    -------
    ndarray, shape (..., outputs)

    Raises
    ------
    ValueError
        If the inputs do not fit the first kernel.

    Notes
    -----
    One small action costs about 10 microseconds here and a hundred times as
    much through a framework that must dispatch each operation.
    """
    if np.shape(x)[-1:] != weights[0].shape[:1]:
        raise ValueError(
            f"The first kernel has shape {weights[0].shape}, so the last axis "
            f"of x must be {weights[0].shape[0]}, but x has shape "
            f"{np.shape(x)}."
        )
    hidden = _ACTIVATIONS[activation]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = hidden(x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


def greedy_actor(weights: Sequence[np.ndarray], activation: str) -> Actor:
    """Return observations (n, size) -> best actions (n,) of a network."""

    def act(observation: np.ndarray) -> np.ndarray:
        return forward(weights, observation, activation).argmax(axis=-1)

    return act


@dataclass(frozen=True)
class Evaluation:
    """Result of an evaluation over fresh episodes.

    Attributes
    ----------
    returns : ndarray of float64, shape (episodes,)
        Undiscounted return of each episode.
    discounted : ndarray of float64, shape (episodes,)
        Discounted return from the start of each episode.
    start : ndarray of float32, shape (episodes, size)
        First observations, to compare predicted values with `discounted`.
    """

    returns: np.ndarray
    discounted: np.ndarray
    start: np.ndarray


def evaluate(
    env_id: str, act: Actor, episodes: int, seed: int, gamma: float = 0.99
) -> Evaluation:
    """Play `episodes` complete episodes, one a lane, without learning.

    Only the first episode of each lane counts: counting whichever episodes
    end first would favour short ones.

    Parameters
    ----------
    env_id : str
    act : callable
        Observations (episodes, size) -> actions (episodes,).
    episodes : int
        At least 1.
    seed : int
        Seeds the environments. Use another seed for the final report than
        for choosing a checkpoint.
    gamma : float
        For `Evaluation.discounted` only.

    Raises
    ------
    ValueError
        If `episodes` is below 1.
    """
    if episodes < 1:
        raise ValueError(
            f"evaluate needs at least one episode, but episodes = {episodes}."
        )
    lanes = Lanes(env_id, episodes, seed)
    start = lanes.observation
    returns, discounted = np.zeros(episodes), np.zeros(episodes)
    running, discount = np.ones(episodes, bool), 1.0
    while running.any():
        step = lanes.step(act(lanes.observation))
        returns += running * step.reward
        discounted += discount * running * step.reward
        discount *= gamma
        running &= ~(step.terminated | step.truncated)
    return Evaluation(returns, discounted, start)


@dataclass
class Run:
    """What a training run leaves behind.

    Attributes
    ----------
    weights : list of ndarray
        The last weights of the acting network, for `forward`.
    best_weights : list of ndarray
        Those of the best evaluation on the way.
    activation : str
    steps : int
        Environment steps.
    updates : int
        Gradient steps.
    episodes : list of (int, float)
        (environment steps, return) of every training episode.
    checks : list of (int, float, float, float)
        (environment steps, mean evaluation return, mean predicted value of
        the start states, mean discounted return); the predictions are NaN
        for an algorithm that has none.
    """

    activation: str
    weights: list = field(default_factory=list)
    best_weights: list = field(default_factory=list)
    steps: int = 0
    updates: int = 0
    episodes: list = field(default_factory=list)
    checks: list = field(default_factory=list)

    def record(self, steps: int, score: Evaluation, predicted: float) -> None:
        """Store an evaluation of `weights`; keep them if they are best."""
        mean = float(score.returns.mean())
        if not self.checks or mean >= max(check[1] for check in self.checks):
            self.best_weights = [w.copy() for w in self.weights]
        self.checks.append(
            (steps, mean, predicted, float(score.discounted.mean()))
        )

    def actor(self, best: bool = False) -> Actor:
        """Return the greedy policy of the last or of the best weights."""
        chosen = self.best_weights if best else self.weights
        return greedy_actor(chosen, self.activation)


def _check_spaces(env_id: str, envs: gym.vector.VectorEnv) -> None:
    actions, seen = envs.single_action_space, envs.single_observation_space
    if not isinstance(actions, gym.spaces.Discrete):
        raise TypeError(
            f"Lanes needs a Discrete action space, but {env_id} has "
            f"{actions}. These algorithms choose one of finitely many "
            "actions; discretise the actions with a wrapper."
        )
    if not isinstance(seen, gym.spaces.Box) or len(seen.shape) != 1:
        raise TypeError(
            f"Lanes needs observations in a Box of rank 1, but {env_id} has "
            f"{seen}. Use q_learning for Discrete states; flatten pictures "
            "with gymnasium.wrappers.FlattenObservation."
        )
    mode = envs.metadata.get("autoreset_mode")
    if mode is not gym.vector.AutoresetMode.NEXT_STEP:
        raise TypeError(
            f"Lanes needs autoreset in the next step, but {env_id} has "
            f"{mode}. Build it with autoreset_mode=NEXT_STEP, the default."
        )
