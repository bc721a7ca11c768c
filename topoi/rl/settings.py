"""What a training run is told, named as in the reference implementations.

The names are those of Stable-Baselines3 and RL Zoo, and of CleanRL where it
is clearer (`num_envs`), so that a published table of settings can be read
beside ours. Whatever a run cannot learn from is refused here, before a step
is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DQNSettings:
    """Every number of a DQN run; the defaults are meant for CartPole-v1.

    Like RL Zoo's settings for CartPole they work in bursts: act for
    `train_freq` steps, then make `gradient_steps` steps, then copy the
    target. The bursts are half as long, so that the target is copied twice
    as often, and the rate is half as large.

    Attributes
    ----------
    total_timesteps : int
        Environment steps, all copies of the environment together.
    num_envs : int
        Copies of the environment that step together.
    train_freq, gradient_steps : int
        Environment steps between two bursts, a multiple of `num_envs`;
        gradient steps a burst.
    target_update_interval : int
        Environment steps between two copies of the target network. A copy
        is made at the end of a burst, so a value up to `train_freq` means
        after every burst.
    batch_size, width, buffer_size : int
    gamma : float
    learning_rate : float
        Falls linearly to 0 over the run.
    max_grad_norm : float
        Bound of the gradient's global norm.
    exploration_fraction, exploration_final_eps : float
        Epsilon falls linearly from 1 to `exploration_final_eps` over this
        fraction of the steps.
    learning_starts : int
        Steps before the first gradient.
    double : bool
        Double DQN instead of DQN.
    n_evaluations, n_eval_episodes : int
        Evaluations on the way, and the episodes of each.

    Raises
    ------
    ValueError
        If a run with these numbers would train nothing.
    """

    total_timesteps: int = 50_000
    num_envs: int = 8
    train_freq: int = 128
    gradient_steps: int = 64
    target_update_interval: int = 10
    batch_size: int = 64
    width: int = 128
    buffer_size: int = 100_000
    gamma: float = 0.99
    learning_rate: float = 1e-3
    max_grad_norm: float = 10.0
    exploration_fraction: float = 0.16
    exploration_final_eps: float = 0.04
    learning_starts: int = 1_000
    double: bool = True
    n_evaluations: int = 25
    n_eval_episodes: int = 20

    def __post_init__(self):
        names = "num_envs train_freq gradient_steps target_update_interval "
        names += "batch_size width buffer_size n_evaluations n_eval_episodes"
        _check_positive(
            self,
            (*names.split(), "learning_rate", "max_grad_norm"),
        )
        _check_shares(
            self, ("gamma", "exploration_fraction", "exploration_final_eps")
        )
        if self.train_freq % self.num_envs:
            raise ValueError(
                f"train_freq = {self.train_freq} steps are no multiple of "
                f"num_envs = {self.num_envs}, which step together. Choose a "
                "multiple, so that each burst acts as often as it says."
            )
        if self.buffer_size < self.num_envs:
            raise ValueError(
                f"A buffer of buffer_size = {self.buffer_size} transitions "
                f"cannot hold one step of num_envs = {self.num_envs}."
            )
        _check_long_enough(
            self, "train_freq", self.train_freq, "the first burst"
        )
        if self.learning_starts >= self.total_timesteps:
            raise ValueError(
                f"learning_starts = {self.learning_starts} lies beyond "
                f"total_timesteps = {self.total_timesteps}, so no gradient "
                "step would be made. Start earlier, or run longer."
            )


@dataclass(frozen=True)
class ReinforceSettings:
    """Every number of a REINFORCE run.

    Attributes
    ----------
    total_timesteps : int
        Environment steps, all copies of the environment together; the last
        round is completed.
    num_envs : int
        Episodes a gradient step, one from each copy.
    max_episode_steps : int
        The time limit of the environment; episodes are padded to it.
    gamma, learning_rate : float
    width : int
    baseline : bool
        Subtract a learned value from the returns.
    n_evaluations, n_eval_episodes : int
        Evaluations on the way, and the episodes of each.

    Raises
    ------
    ValueError
        If a run with these numbers would train nothing.
    """

    total_timesteps: int = 100_000
    num_envs: int = 8
    max_episode_steps: int = 500
    gamma: float = 0.99
    learning_rate: float = 5e-3
    width: int = 64
    baseline: bool = True
    n_evaluations: int = 10
    n_eval_episodes: int = 20

    def __post_init__(self):
        names = "total_timesteps num_envs max_episode_steps learning_rate "
        names += "width n_evaluations n_eval_episodes"
        _check_positive(self, names.split())
        _check_shares(self, ("gamma",))
        if self.gamma == 1:
            raise ValueError(
                "train_reinforce divides returns by 1 / (1 - gamma), their "
                "largest size, so gamma must be below 1, but it is 1. Take "
                "0.999 for a far-sighted agent."
            )


@dataclass(frozen=True)
class PPOSettings:
    """Every number of a PPO run; the defaults solve CartPole-v1.

    Attributes
    ----------
    total_timesteps : int
        Environment steps, reset steps included; rounded down to rollouts.
    num_envs, n_steps : int
        Copies of the environment; steps of each before an update. A rollout
        has ``num_envs * n_steps`` rows.
    n_epochs, batch_size : int
        Passes over a rollout; rows of a gradient step.
    gamma, gae_lambda, clip_range, ent_coef, vf_coef : float
        Discount, lambda of the advantages, half width of the trusted
        interval of the probability ratio, weights of the entropy and of the
        value loss.
    learning_rate : float
        Falls linearly to 0 over the run.
    max_grad_norm : float
        Bound of the gradient's global norm.
    width : int
    n_evaluations, n_eval_episodes : int
        Evaluations on the way, and the episodes of each.

    Raises
    ------
    ValueError
        If a run with these numbers would train nothing, or if a rollout
        does not divide into minibatches.
    """

    total_timesteps: int = 100_000
    num_envs: int = 8
    n_steps: int = 128
    n_epochs: int = 4
    batch_size: int = 256
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    ent_coef: float = 0.01
    vf_coef: float = 0.5
    learning_rate: float = 1e-3
    max_grad_norm: float = 0.5
    width: int = 64
    n_evaluations: int = 10
    n_eval_episodes: int = 20

    @property
    def rollout_size(self) -> int:
        """Rows of a rollout: the steps of all copies together."""
        return self.num_envs * self.n_steps

    def __post_init__(self):
        names = "num_envs n_steps n_epochs batch_size learning_rate "
        names += "max_grad_norm width clip_range n_evaluations n_eval_episodes"
        _check_positive(self, names.split())
        _check_shares(self, ("gamma", "gae_lambda"))
        if self.rollout_size % self.batch_size:
            raise ValueError(
                f"A rollout of num_envs = {self.num_envs} times n_steps = "
                f"{self.n_steps} has {self.rollout_size} rows, which batches "
                f"of {self.batch_size} do not divide. Choose a divisor, so "
                "that every gradient step has one shape."
            )
        _check_long_enough(
            self, "num_envs * n_steps", self.rollout_size, "one rollout"
        )


def _check_positive(settings, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(settings, name)
        if not value > 0:
            raise ValueError(
                f"{type(settings).__name__} needs {name} above 0, but got "
                f"{value}: a run would train nothing."
            )


def _check_shares(settings, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(settings, name)
        if not 0 <= value <= 1:
            raise ValueError(
                f"{type(settings).__name__} needs {name} in [0, 1], but got "
                f"{value}."
            )


def _check_long_enough(settings, name: str, least: int, what: str) -> None:
    if settings.total_timesteps < least:
        raise ValueError(
            f"total_timesteps = {settings.total_timesteps} end before {what} "
            f"({name} = {least}), so no gradient step would be made. Run at "
            f"least {least} steps."
        )


def check_trained(updates: int, steps: int, settings: DQNSettings) -> None:
    """Raise ValueError if a run has ended without a gradient step.

    Reset steps are no experience, so that a run may fall short of
    `learning_starts` although `total_timesteps` lies above it.
    """
    if updates == 0:
        raise ValueError(
            f"The run ended after {steps} valid steps, before learning_starts "
            f"= {settings.learning_starts}, and trained nothing: reset steps "
            "do not count. Start earlier, or run longer."
        )


def check_finite(weights: Sequence[np.ndarray], updates: int) -> None:
    """Raise FloatingPointError if a weight is NaN or infinite."""
    bad = sum(int(np.sum(~np.isfinite(w))) for w in weights)
    if bad:
        raise FloatingPointError(
            f"{bad} weights are NaN or infinite after {updates} gradient "
            "steps, so the run is stopped. Lower the learning rate, and look "
            "for rewards or observations that are not finite."
        )
