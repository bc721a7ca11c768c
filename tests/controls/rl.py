"""Controls of the chapter on reinforcement learning."""

from functools import cache

import gymnasium as gym
import numpy as np
import sympy

from controls import control
from topoi import rl


@cache
def _lake():
    return rl.model_of(gym.make("FrozenLake-v1"))


@cache
def _large_lake():
    return rl.model_of(gym.make("FrozenLake8x8-v1"))


@control("rl/contraction", "the bound lacks its factor 1 / (1 - gamma)")
def bound_without_the_series():
    model, gamma = _lake(), 0.9
    operator = rl.bellman_operator(*model, gamma)
    _, exact, _ = rl.policy_iteration(*model, gamma)
    values = [np.zeros(len(exact))]
    for _ in range(50):
        values.append(operator(values[-1]))
    errors = np.abs(np.array(values) - exact).max(axis=1)
    first = np.abs(values[1]).max()
    return (errors / (gamma ** np.arange(51) * first)).max()


@control("rl/three-exact-methods", "value iteration stops at a change of 1e-6")
def stopped_early():
    values, _ = rl.value_iteration(*_lake(), 0.99, tolerance=1e-6)
    _, solved, _ = rl.policy_iteration(*_lake(), 0.99)
    return np.abs(values - solved).max()


@control("rl/lake-fourteen-seventeenths", "the discount is 99/100, not 1")
def discounted():
    transitions, rewards = _lake()
    policy, _, _ = rl.policy_iteration(transitions, rewards, 1.0)
    states = np.arange(len(policy))
    p = np.rint(3 * transitions[states, policy]).astype(int)
    r = np.rint(3 * rewards[states, policy]).astype(int)
    gamma = sympy.Rational(99, 100)
    system = sympy.Matrix(3 * np.eye(len(p), dtype=int) - gamma * p)
    return str(system.LUsolve(sympy.Matrix(r))[0])


@control("rl/lake-optimum-4x4", "the clock stops after 200 steps, not 100")
def limit_of_the_large_lake():
    return rl.finite_horizon_values(*_lake(), 200)[0]


@control("rl/lake-optimum-8x8", "the clock stops after 100 steps, not 200")
def limit_of_the_small_lake():
    return rl.finite_horizon_values(*_large_lake(), 100)[0]


def _best_table(gamma=0.99):
    _, values, _ = rl.policy_iteration(*_lake(), gamma)
    return rl.action_values(values, *_lake(), gamma)


@control("rl/q-learning-success", "the actions are read in the opposite order")
def actions_reversed():
    learned = rl.greedy_policy(_best_table()[:, ::-1])
    return rl.finite_horizon_values(*_lake(), 100, learned)[0]


@control(
    "rl/q-learning-value",
    "the exact value is that of the discount 1, not 0.99",
)
def against_the_undiscounted_value():
    return abs(_best_table()[0].max() - _best_table(1.0)[0].max())


def _tiny():
    rng = np.random.default_rng(7)
    theta = rng.normal(size=(2, 2))
    model = rng.dirichlet((1, 1), (2, 2)), rng.normal(size=(2, 2))
    return theta, model


@control(
    "rl/policy-gradient", "central differences are divided by h, not by 2 h"
)
def divided_by_h():
    theta, model = _tiny()
    differences = np.zeros((2, 2))
    for index in np.ndindex(2, 2):
        e = np.zeros((2, 2))
        e[index] = 1e-5
        rise = rl.expected_return(theta + e, *model, 0, 3)
        rise -= rl.expected_return(theta - e, *model, 0, 3)
        differences[index] = rise / 1e-5
    enumerated = rl.policy_gradient(theta, *model, 0, 3)
    return np.abs(enumerated - differences).max()


@control("rl/baseline", "the score lacks the mean over the policy")
def score_without_its_mean():
    theta, (_, rewards) = _tiny()
    policy = rl.softmax(theta)

    def gradient(baseline):  # of one step from state 0
        score = np.eye(2)  # the right score is np.eye(2) - policy[0]
        return policy[0] * (rewards[0] - baseline) @ score

    return np.abs(gradient(0.0) - gradient(-2.0)).max()


@control("rl/gae", "the sum runs on over truncated ends")
def not_cut_at_truncation():
    rng = np.random.default_rng(7)
    steps, gamma, gae_lambda = 40, 0.97, 0.9
    r, v, v_next = rng.normal(size=(3, steps))
    terminated = rng.random(steps) < 0.1
    truncated = ~terminated & (rng.random(steps) < 0.1)
    never = np.zeros(steps, bool)
    ours = rl.gae(r, v, v_next, terminated, never, gamma, gae_lambda)
    delta = r + gamma * ~terminated * v_next - v
    ends = np.flatnonzero(terminated | truncated)
    total = np.zeros(steps)
    for t in range(steps):
        last = next((e for e in ends if e >= t), steps - 1)
        powers = (gamma * gae_lambda) ** np.arange(last - t + 1)
        total[t] = (powers * delta[t : last + 1]).sum()
    return np.abs(ours - total).max()


def _noise():
    return np.random.default_rng(7).normal(size=(2, 20_000, 2))


@control("rl/maximum-bias", "an independent estimate judges the chosen action")
def judged_independently():
    return np.asarray(rl.double_target_value(*_noise())).mean()


@control("rl/double-estimator", "the estimate that chooses also judges")
def judged_by_itself():
    noise = _noise()[0]
    return abs(np.asarray(rl.double_target_value(noise, noise)).mean())


def _untrained_return():
    policy, _ = rl.build_actor_critic(4, 2, 64, seed=0)
    actor = rl.greedy_actor(policy.get_weights(), "tanh")
    return rl.evaluate("CartPole-v1", actor, 20, seed=99).returns.mean()


@control("rl/reinforce-cartpole", "the first weights are scored, not the best")
def reinforce_untrained():
    return _untrained_return()


@control("rl/ppo-cartpole", "the first weights are scored, not the best")
def ppo_untrained():
    return _untrained_return()


def _untrained_q():
    from topoi.rl.dqn import build_q_network

    return build_q_network(4, 2, 64, seed=0).get_weights()


@control("rl/dqn-cartpole", "the first weights are scored, not the best")
def dqn_untrained():
    actor = rl.greedy_actor(_untrained_q(), "relu")
    return rl.evaluate("CartPole-v1", actor, 20, seed=99).returns.mean()


@control(
    "rl/dqn-overestimates", "the predictions are those of the first weights"
)
def predictions_before_training():
    weights = _untrained_q()
    actor = rl.greedy_actor(weights, "relu")
    score = rl.evaluate("CartPole-v1", actor, 20, seed=99)
    predicted = rl.forward(weights, score.start, "relu").max(axis=-1).mean()
    return predicted / score.discounted.mean()


@control("rl/ppo-mountain-car", "the discounted return is reported")
def discounted_return():
    policy, _ = rl.build_actor_critic(2, 3, 64, seed=0)
    actor = rl.greedy_actor(policy.get_weights(), "tanh")
    score = rl.evaluate("MountainCar-v0", actor, 5, seed=99)
    return score.discounted.mean()
