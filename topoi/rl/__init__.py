"""Reinforcement learning: from a known model to learning by trial.

One idea a file: `mdp` (exact solutions of a known model), `tabular`
(Q-learning), `returns` (targets, advantages, the mask of valid steps),
`lanes` (vectorised environments, acting in NumPy, evaluation), `dqn` and
`policy_gradient` (REINFORCE and PPO).
"""

from topoi.rl.dqn import (
    DQNSettings,
    ReplayBuffer,
    dqn_loss,
    q_network,
    train_dqn,
)
from topoi.rl.lanes import (
    Lanes,
    Run,
    Score,
    Transition,
    evaluate,
    forward,
    greedy_actor,
    rollout,
)
from topoi.rl.mdp import (
    action_values,
    bellman_operator,
    finite_horizon_values,
    greedy_policy,
    model_of,
    policy_evaluation,
    policy_iteration,
    value_iteration,
)
from topoi.rl.policy_gradient import (
    PPOSettings,
    ReinforceSettings,
    actor_critic,
    expected_return,
    policy_gradient,
    ppo_loss,
    softmax,
    train_ppo,
    train_reinforce,
)
from topoi.rl.returns import (
    double_target_value,
    gae,
    max_target_value,
    returns_to_go,
    td_target,
    valid_steps,
)
from topoi.rl.tabular import epsilon_greedy, q_learning, random_argmax

__all__ = [
    "DQNSettings",
    "Lanes",
    "PPOSettings",
    "ReinforceSettings",
    "ReplayBuffer",
    "Run",
    "Score",
    "Transition",
    "action_values",
    "actor_critic",
    "bellman_operator",
    "double_target_value",
    "dqn_loss",
    "epsilon_greedy",
    "evaluate",
    "expected_return",
    "finite_horizon_values",
    "forward",
    "gae",
    "greedy_actor",
    "greedy_policy",
    "max_target_value",
    "model_of",
    "policy_evaluation",
    "policy_gradient",
    "policy_iteration",
    "ppo_loss",
    "q_learning",
    "q_network",
    "random_argmax",
    "returns_to_go",
    "rollout",
    "softmax",
    "td_target",
    "train_dqn",
    "train_ppo",
    "train_reinforce",
    "valid_steps",
    "value_iteration",
]
