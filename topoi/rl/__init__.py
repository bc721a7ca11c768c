"""Reinforcement learning: from a known model to learning by trial.

- `mdp`: exact solutions of a known model
- `tabular`: Q-learning: a table, learned from experience
- `returns`: targets, advantages, the mask of valid steps
- `settings`: what a run is told, and what it refuses
- `lanes`: vectorised environments, acting in NumPy, evaluation
- `dqn`: deep Q-learning: replay buffer, target network
- `policy_gradient`: the exact gradient, REINFORCE, PPO
- `figures`: figures that answer to sliders and buttons
"""

from topoi.rl.dqn import ReplayBuffer, build_q_network, dqn_loss, train_dqn
from topoi.rl.lanes import (
    Evaluation,
    Lanes,
    Run,
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
    build_actor_critic,
    expected_return,
    log_probability,
    policy_gradient,
    ppo_loss,
    reinforce_loss,
    sample_actions,
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
from topoi.rl.settings import DQNSettings, PPOSettings, ReinforceSettings
from topoi.rl.tabular import epsilon_greedy, q_learning, random_argmax

__all__ = [
    "DQNSettings",
    "Evaluation",
    "Lanes",
    "PPOSettings",
    "ReinforceSettings",
    "ReplayBuffer",
    "Run",
    "Transition",
    "action_values",
    "bellman_operator",
    "build_actor_critic",
    "build_q_network",
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
    "log_probability",
    "max_target_value",
    "model_of",
    "policy_evaluation",
    "policy_gradient",
    "policy_iteration",
    "ppo_loss",
    "q_learning",
    "random_argmax",
    "reinforce_loss",
    "returns_to_go",
    "rollout",
    "sample_actions",
    "softmax",
    "td_target",
    "train_dqn",
    "train_ppo",
    "train_reinforce",
    "valid_steps",
    "value_iteration",
]
