"""Oracles of topoi.rl: closed forms, enumeration, simulation, laws."""

import itertools

import gymnasium as gym
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from topoi import rl
from topoi.autodiff import make_step, value_and_grad

RNG = np.random.default_rng(7)
# Start values, worked out by value iteration in a separate program.
START_VALUES = [
    ("FrozenLake-v1", 1.0, 14 / 17),
    ("FrozenLake-v1", 0.99, 0.542026),
    ("FrozenLake-v1", 0.9, 0.0688909),
    ("FrozenLake8x8-v1", 1.0, 1.0),
    ("FrozenLake8x8-v1", 0.99, 0.414640),
    ("FrozenLake8x8-v1", 0.9, 0.00641111),
]


def lake(name="FrozenLake-v1"):
    return rl.model_of(gym.make(name))


def random_model(states, actions, seed, ends=0.0):
    """A model whose steps end the episode with probability `ends`."""
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.ones(states), (states, actions))
    return (1 - ends) * transitions, rng.normal(size=(states, actions))


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


class Chain(gym.Env):
    """States 0..4 in a row; action 1 goes right, 0 left; 1 at the end."""

    observation_space = gym.spaces.Discrete(5)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = 0
        return 0, {}

    def step(self, action):
        self.state = max(0, self.state + (1 if action else -1))
        done = self.state == 4
        return self.state, float(done), done, False, {}


# -- exact solutions --------------------------------------------------------


@pytest.mark.parametrize(("name", "gamma", "start"), START_VALUES)
def test_three_exact_methods_agree(name, gamma, start):
    """Oracle: iteration, policy iteration and a linear solve differ."""
    model = lake(name)
    values, _ = rl.value_iteration(*model, gamma)
    policy, exact, rounds = rl.policy_iteration(*model, gamma)
    np.testing.assert_allclose(values, exact, atol=1e-10)
    solved = rl.policy_evaluation(policy, *model, gamma)
    np.testing.assert_allclose(solved, values, atol=1e-10)
    if gamma < 1:
        greedy = rl.greedy_policy(rl.action_values(values, *model, gamma))
        solved = rl.policy_evaluation(greedy, *model, gamma)
        np.testing.assert_allclose(solved, exact, atol=1e-10)
    assert abs(values[0] - start) < 5e-7
    assert rounds < 10


def test_start_of_the_small_lake_is_fourteen_seventeenths():
    values, _ = rl.value_iteration(*lake(), 1.0)
    assert abs(values[0] - 14 / 17) < 1e-12


@given(st.integers(1, 6), st.integers(1, 4), st.floats(0, 0.99))
@settings(deadline=None, max_examples=50)
def test_bellman_operator_is_a_contraction(states, actions, gamma):
    model = random_model(states, actions, seed=states)
    operator = rl.bellman_operator(*model, gamma)
    u, v = np.random.default_rng(actions).normal(size=(2, states))
    gap = np.abs(operator(u) - operator(v)).max()
    assert gap <= gamma * np.abs(u - v).max() + 1e-12


def test_every_sweep_obeys_the_error_bound():
    """Law: |V_k - V*| <= gamma^k / (1 - gamma) |V_1 - V_0|."""
    gamma = 0.9
    model = random_model(8, 3, seed=1)
    _, exact, _ = rl.policy_iteration(*model, gamma)
    operator = rl.bellman_operator(*model, gamma)
    iterates = [np.zeros(8)]
    for _ in range(60):
        iterates.append(operator(iterates[-1]))
    first = np.abs(iterates[1]).max()
    for k, values in enumerate(iterates):
        bound = gamma**k / (1 - gamma) * first
        assert np.abs(values - exact).max() <= bound + 1e-12


def test_greedy_can_fail_without_discount():
    """On the large lake every safe state is worth 1, so walking in circles
    looks as good as walking home; only gamma < 1 tells them apart."""
    model = lake("FrozenLake8x8-v1")
    values, _ = rl.value_iteration(*model, 1.0)
    greedy = rl.greedy_policy(rl.action_values(values, *model, 1.0))
    with pytest.raises(ValueError, match="some state is never left"):
        rl.policy_evaluation(greedy, *model, 1.0)


def test_model_has_no_future_after_the_end():
    """Oracle: holes and goal of the map, read by hand."""
    transitions, rewards = lake()
    ends = [5, 7, 11, 12, 15]
    assert transitions[:, :, ends].sum() == 0
    assert rewards.sum() == pytest.approx(1.0)  # 3 of 4 actions at 14, 1/3
    assert rewards[14, [1, 2, 3]] == pytest.approx([1 / 3] * 3)


def test_value_of_a_policy_is_what_it_earns():
    """Oracle: 1,000 episodes of the environment, standard error 0.014."""
    env = gym.make("FrozenLake-v1")
    model = rl.model_of(env)
    policy, _, _ = rl.policy_iteration(*model, 0.99)
    exact = rl.finite_horizon_values(*model, 100, policy)[0]
    earned = 0.0
    for episode in range(1_000):
        state, _ = env.reset(seed=7 if episode == 0 else None)
        ended = False
        while not ended:
            state, reward, *flags, _ = env.step(policy[state])
            earned, ended = earned + reward, any(flags)
    assert exact == pytest.approx(0.74016, abs=5e-6)
    assert abs(earned / 1_000 - exact) < 4 * 0.014


def test_time_limit_can_only_cost():
    model = lake()
    best = rl.finite_horizon_values(*model, 100)
    fixed = rl.finite_horizon_values(
        *model, 100, rl.policy_iteration(*model, 0.99)[0]
    )
    forever, _ = rl.value_iteration(*model, 1.0)
    assert (fixed <= best + 1e-12).all()
    assert (best <= forever + 1e-12).all()
    assert best[0] == pytest.approx(0.74419, abs=5e-6)


# -- Q-learning -------------------------------------------------------------


def test_q_learning_finds_the_closed_form_of_a_chain():
    """Closed form: Q*(s, right) = gamma^(3 - s); left costs two steps."""
    q, visits = rl.q_learning(
        Chain(), 300, 0.9, lambda n: 1.0, lambda k: 0.3, seed=0
    )
    right = 0.9 ** np.array([3, 2, 1, 0])
    left = 0.9 ** np.array([4, 4, 3, 2])
    np.testing.assert_allclose(q[:4, 1], right, atol=1e-12)
    np.testing.assert_allclose(q[:4, 0], left, atol=1e-12)
    assert (q[4] == 0).all()
    assert (visits[4] == 0).all()


class ShortChain(Chain):
    """The chain from a random state, cut off after every single step."""

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = int(self.np_random.integers(4))
        return self.state, {}

    def step(self, action):
        state, reward, terminated, _, info = super().step(action)
        return state, reward, terminated, not terminated, info


def test_truncation_keeps_the_future():
    """Each episode has one step, yet values reach back three: a mask of
    ``terminated or truncated`` would leave them all at zero."""
    q, _ = rl.q_learning(
        ShortChain(), 500, 0.9, lambda n: 1.0, lambda k: 1.0, seed=0
    )
    np.testing.assert_allclose(q[:4, 1], 0.9 ** np.array([3, 2, 1, 0]))


def test_ties_are_broken_evenly():
    rng = np.random.default_rng(3)
    values = np.array([0.0, 1.0, 1.0])
    picks = np.bincount([rl.random_argmax(values, rng) for _ in range(10_000)])
    assert picks[0] == 0
    assert abs(picks[1] / 10_000 - 0.5) < 0.02  # four standard errors


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_epsilon_is_the_share_of_random_actions(epsilon):
    rng = np.random.default_rng(4)
    values = np.array([0.0, 2.0, 1.0, 0.0])
    picks = [rl.epsilon_greedy(values, epsilon, rng) for _ in range(10_000)]
    share = np.mean(np.array(picks) == 1)
    assert abs(share - (1 - 0.75 * epsilon)) < 0.02


# -- returns and advantages -------------------------------------------------


def slow_gae(rewards, values, following, terminated, truncated, gamma, lam):
    """The double sum of the definition, one advantage at a time."""
    result = np.zeros(len(rewards))
    for t in range(len(rewards)):
        for n in range(t, len(rewards)):
            future = 0.0 if terminated[n] else following[n]
            delta = rewards[n] + gamma * future - values[n]
            result[t] += (gamma * lam) ** (n - t) * delta
            if terminated[n] or truncated[n]:
                break
    return result


@given(st.integers(1, 30), st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_gae_is_the_double_sum(steps, seed):
    rng = np.random.default_rng(seed)
    rewards, values, following = rng.normal(size=(3, steps))
    terminated = rng.random(steps) < 0.2
    truncated = ~terminated & (rng.random(steps) < 0.2)
    stretch = (rewards, values, following, terminated, truncated)
    np.testing.assert_allclose(
        rl.gae(*stretch, 0.97, 0.9), slow_gae(*stretch, 0.97, 0.9), atol=1e-12
    )


def test_gae_works_lane_by_lane():
    stretch = (*RNG.normal(size=(3, 12, 4)), *(RNG.random((2, 12, 4)) < 0.2))
    together = rl.gae(*stretch, 0.9, 0.8)
    for lane in range(4):
        alone = rl.gae(*(array[:, lane] for array in stretch), 0.9, 0.8)
        np.testing.assert_array_equal(together[:, lane], alone)


def test_limits_of_lambda():
    """lambda 0: TD error; lambda 1: return minus baseline."""
    rewards, values, following = RNG.normal(size=(3, 9))
    following[:-1] = values[1:]
    ended = np.arange(9) == 8
    stretch = (rewards, values, following, ended, ~ended & False)
    td = rewards + 0.9 * (1 - ended) * following - values
    np.testing.assert_allclose(rl.gae(*stretch, 0.9, 0.0), td)
    total = rl.returns_to_go(rewards, 0.9) - values
    np.testing.assert_allclose(rl.gae(*stretch, 0.9, 1.0), total)


def test_returns_to_go_by_definition():
    rewards = RNG.normal(size=(6, 2))
    powers = 0.8 ** np.arange(6)
    slow = [
        (powers[: 6 - t, None] * rewards[t:]).sum(axis=0) for t in range(6)
    ]
    np.testing.assert_allclose(rl.returns_to_go(rewards, 0.8), slow)


def test_td_target_on_four_transitions():
    """Goes on, terminated, truncated, both flags of interest by hand."""
    reward = np.array([1.0, 1.0, 1.0, 0.0])
    terminated = np.array([0.0, 1.0, 0.0, 1.0])
    target = rl.td_target(reward, terminated, np.full(4, 10.0), 0.9)
    np.testing.assert_allclose(target, [10.0, 1.0, 10.0, 0.0])


def test_double_target_takes_action_and_value_apart():
    online = np.float32([[1.0, 2.0, 0.0], [5.0, 4.0, 3.0]])
    target = np.float32([[9.0, 3.0, 4.0], [0.0, 7.0, 8.0]])
    double = rl.double_target_value(online, target)
    single = rl.max_target_value(target)
    np.testing.assert_array_equal(ops.convert_to_numpy(double), [3, 0])
    np.testing.assert_array_equal(ops.convert_to_numpy(single), [9, 8])


def test_maximum_of_noise_is_biased_and_the_double_value_is_not():
    """Closed form: E max of two standard normals is 1 / sqrt(pi)."""
    noise = np.random.default_rng(0).normal(size=(2, 100_000, 2))
    single = ops.convert_to_numpy(rl.max_target_value(noise[0])).mean()
    double = ops.convert_to_numpy(rl.double_target_value(*noise)).mean()
    assert abs(single - np.pi**-0.5) < 0.01
    assert abs(double) < 0.0127  # four standard errors


# -- the policy gradient ----------------------------------------------------


def small_problem():
    transitions, rewards = random_model(2, 2, seed=5)
    return RNG.normal(size=(2, 2)), transitions, rewards, 0, 3


def test_policy_gradient_is_the_derivative_of_the_return():
    """Oracle: central differences of the dynamic programme."""
    theta, *problem = small_problem()
    gradient = rl.policy_gradient(theta, *problem)
    for index in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[index] = 1e-5
        high = rl.expected_return(theta + step, *problem)
        low = rl.expected_return(theta - step, *problem)
        assert abs((high - low) / 2e-5 - gradient[index]) < 1e-8


def test_automatic_gradient_agrees():
    """Oracle: the backend differentiates the enumerated return."""
    theta, transitions, rewards, start, horizon = small_problem()
    variable = keras.Variable(theta)

    def objective():
        policy = ops.softmax(variable, axis=-1)
        total = 0.0
        for acts in itertools.product((0, 1), repeat=horizon):
            for later in itertools.product((0, 1), repeat=horizon - 1):
                seen = (start, *later)
                weight, reward = 1.0, 0.0
                for t in range(horizon):
                    weight = weight * policy[seen[t], acts[t]]
                    reward += rewards[seen[t], acts[t]]
                    if t + 1 < horizon:
                        weight = weight * float(
                            transitions[seen[t], acts[t], seen[t + 1]]
                        )
                total = total + weight * float(reward)
        return total

    _, (gradient,) = value_and_grad(objective, [variable])()
    np.testing.assert_allclose(
        ops.convert_to_numpy(gradient),
        rl.policy_gradient(theta, transitions, rewards, start, horizon),
        atol=1e-6,
    )


@pytest.mark.parametrize("baseline", [3.0, np.array([-2.0, 5.0])])
def test_baseline_changes_nothing(baseline):
    theta, *problem = small_problem()
    np.testing.assert_allclose(
        rl.policy_gradient(theta, *problem, baseline=baseline),
        rl.policy_gradient(theta, *problem),
        atol=1e-12,
    )


def test_too_many_trajectories_are_refused():
    transitions, rewards = random_model(4, 4, seed=0)
    with pytest.raises(ValueError, match="Shorten the horizon"):
        rl.policy_gradient(np.zeros((4, 4)), transitions, rewards, 0, 9)


# -- lanes ------------------------------------------------------------------


def test_vectorised_cart_pole_is_cart_pole():
    """Oracle: the scalar environment, from the same state."""
    lanes = rl.Lanes("CartPole-v1", 1, seed=0)
    env = gym.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    env.state = np.array(lanes.envs.state[:, 0], float)
    lanes.envs.state = lanes.envs.state.astype(float)
    for action in [0, 1, 1, 0, 1, 0, 0, 1]:
        ours = lanes.step(np.array([action])).next_observation[0]
        theirs = env.step(action)[0]
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def always(action):
    return lambda observation: np.full(len(observation), action)


def test_no_transition_spans_two_episodes():
    """Law: a valid step continues where the last one arrived, and moves
    the pole as the equations say; reset steps do neither."""
    lanes = rl.Lanes("CartPole-v1", 3, seed=1)
    seen = rl.rollout(lanes, always(1), 60)
    moved = seen.next_observation[..., 0] - seen.observation[..., 0]
    predicted = 0.02 * seen.observation[..., 1]
    np.testing.assert_allclose(
        moved[seen.valid], predicted[seen.valid], atol=1e-6
    )
    resets = (~seen.valid).sum()
    assert resets > 10
    assert (seen.reward[~seen.valid] == 0).all()
    assert lanes.steps == 180 - resets
    ended = seen.terminated | seen.truncated
    assert len(lanes.finished) == ended.sum()


def test_mask_of_valid_steps():
    """Oracle: the mask that the lanes keep while they step."""
    lanes = rl.Lanes("CartPole-v1", 3, seed=1)
    seen = rl.rollout(lanes, always(0), 50)
    mask = rl.valid_steps(seen.terminated, seen.truncated, np.zeros(3, bool))
    np.testing.assert_array_equal(mask, seen.valid)


def test_finished_episodes_carry_their_returns():
    """Oracle: count the valid steps up to each end, lane by lane."""
    lanes = rl.Lanes("CartPole-v1", 2, seed=1)
    seen = rl.rollout(lanes, always(0), 40)
    lengths = []
    for lane in range(2):
        ends = np.flatnonzero(seen.terminated[:, lane])
        for start, end in itertools.pairwise([-1, *ends]):
            lengths.append(seen.valid[start + 1 : end + 1, lane].sum())
    assert sorted(lengths) == sorted(total for _, total in lanes.finished)


def test_restart_begins_anew():
    lanes = rl.Lanes("CartPole-v1", 2, seed=1)
    rl.rollout(lanes, always(0), 15)
    lanes.restart()
    assert np.abs(lanes.observation).max() <= 0.05
    assert lanes.step(np.array([0, 0])).valid.all()


def test_forward_is_the_network():
    """Oracle: Keras on the same weights."""
    model = rl.build_q_network(4, 3, 8, seed=0)
    x = RNG.normal(size=(5, 4)).astype(np.float32)
    ours = rl.forward(model.get_weights(), x, "relu")
    theirs = ops.convert_to_numpy(model(x))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_evaluate_counts_one_episode_a_lane():
    """A constant push falls within 8 to 11 steps in every episode."""
    score = rl.evaluate("CartPole-v1", always(0), 30, seed=5, gamma=0.5)
    assert score.returns.shape == (30,)
    assert (score.returns >= 8).all()
    assert (score.returns <= 11).all()
    np.testing.assert_allclose(score.discounted, 2 - 2 * 0.5**score.returns)
    again = rl.evaluate("CartPole-v1", always(0), 30, seed=5)
    np.testing.assert_array_equal(score.returns, again.returns)


def test_time_limit_ends_an_evaluation():
    score = rl.evaluate("MountainCar-v0", always(1), 2, seed=0)
    np.testing.assert_array_equal(score.returns, [-200, -200])


# -- DQN --------------------------------------------------------------------


def one_step(values, valid):
    values = np.asarray(values, float)
    return rl.Transition(
        values[:, None],
        values.astype(int),
        values,
        values[:, None] + 0.5,
        values > 3,
        values < 0,
        np.asarray(valid),
    )


def test_buffer_wraps_around_and_skips_resets():
    buffer = rl.ReplayBuffer(5, 1)
    buffer.add(one_step([0, 1, 2], [True, False, True]))
    assert len(buffer) == 2
    buffer.add(one_step([3, 4, 5], [True] * 3))
    buffer.add(one_step([6, 7], [True, True]))
    assert len(buffer) == 5
    assert sorted(buffer.reward) == [3, 4, 5, 6, 7]  # 0, 2 are gone, 1 reset
    np.testing.assert_array_equal(
        buffer.next_observation[:, 0], buffer.reward + 0.5
    )
    np.testing.assert_array_equal(buffer.terminated, buffer.reward > 3)


def test_buffer_samples_uniformly_with_fixed_types():
    buffer = rl.ReplayBuffer(10, 1)
    buffer.add(one_step([0, 1, 2, 3], [True] * 4))
    rows = buffer.sample(8_000, np.random.default_rng(0))
    assert [a.dtype.name for a in rows] == [
        "float32",
        "int32",
        "float32",
        "float32",
        "float32",
    ]
    shares = np.bincount(rows[1]) / 8_000
    assert np.abs(shares - 0.25).max() < 0.02


def random_batch(actions=2, n=16):
    return (
        RNG.normal(size=(n, 4)).astype(np.float32),
        RNG.integers(actions, size=n).astype(np.int32),
        RNG.normal(size=n).astype(np.float32),
        RNG.normal(size=(n, 4)).astype(np.float32),
        (RNG.random(n) < 0.3).astype(np.float32),
    )


@pytest.mark.parametrize("double", [False, True])
def test_dqn_loss_by_hand(double):
    """Oracle: the same loss with loops in NumPy."""
    online, target = (rl.build_q_network(4, 2, 8, seed) for seed in (0, 1))
    batch = random_batch()
    tensors = map(ops.convert_to_tensor, batch)
    loss, _ = rl.dqn_loss(online, target, 0.9, double)(*tensors)
    q, q_next, q_target = (
        rl.forward(net.get_weights(), x, "relu")
        for net, x in (
            (online, batch[0]),
            (online, batch[3]),
            (target, batch[3]),
        )
    )
    total = 0.0
    for n in range(16):
        best = (q_next if double else q_target)[n].argmax()
        wanted = batch[2][n]
        if not batch[4][n]:
            wanted = wanted + 0.9 * q_target[n, best]
        total += (q[n, batch[1][n]] - wanted) ** 2 / 2
    assert number(loss) == pytest.approx(total / 16, rel=1e-5)


def test_one_step_moves_the_online_network_only():
    online, target = (rl.build_q_network(4, 2, 8, seed) for seed in (0, 1))
    before = target.get_weights()
    start = online.get_weights()
    step = make_step(
        rl.dqn_loss(online, target, 0.9, True),
        keras.optimizers.SGD(0.1),
        online.trainable_variables,
        target.variables,
    )
    step(*random_batch())
    for old, new in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert any(
        (old != new).any()
        for old, new in zip(start, online.get_weights(), strict=True)
    )


def test_step_reads_the_target_of_today():
    """A target copied after tracing must change the loss."""
    online, target = (rl.build_q_network(4, 2, 8, seed) for seed in (0, 1))
    step = make_step(
        rl.dqn_loss(online, target, 0.9, False),
        keras.optimizers.SGD(0.0),
        online.trainable_variables,
        target.variables,
    )
    batch = random_batch()
    first = float(step(*batch)[0])
    target.set_weights([w + 0.5 for w in target.get_weights()])
    assert abs(float(step(*batch)[0]) - first) > 0.01


def test_dqn_runs_and_is_repeatable():
    """Two runs from one seed end in the same weights, bit by bit."""
    settings_ = rl.DQNSettings(
        total_timesteps=600,
        train_freq=64,
        gradient_steps=4,
        learning_starts=64,
        width=16,
        n_evaluations=2,
    )
    one, two = (rl.train_dqn("CartPole-v1", settings_, 3) for _ in range(2))
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.steps <= 600
    assert len(one.checks) == 2
    assert one.updates % 4 == 0


# -- PPO and REINFORCE ------------------------------------------------------


def test_ppo_loss_by_hand():
    """Oracle: loops in NumPy; the mask removes its rows."""
    policy, value = rl.build_actor_critic(4, 3, 8, seed=0)
    x, action, old, _, _ = random_batch(actions=3)
    old = old - 1.0
    advantage, returns = RNG.normal(size=(2, 16)).astype(np.float32)
    mask = (np.arange(16) % 3 > 0).astype(np.float32)
    arrays = (x, action, old, advantage, returns, mask)
    loss, share = rl.ppo_loss(policy, value, 0.2, 0.01, 0.5)(
        *map(ops.convert_to_tensor, arrays)
    )
    logits = rl.forward(policy.get_weights(), x, "tanh")
    p = rl.softmax(logits)
    v = rl.forward(value.get_weights(), x, "tanh")[:, 0]
    total, outside = 0.0, 0
    for n in np.flatnonzero(mask):
        ratio = p[n, action[n]] / np.exp(old[n])
        near = min(max(ratio, 0.8), 1.2)
        total -= min(ratio * advantage[n], near * advantage[n])
        total += 0.5 * (returns[n] - v[n]) ** 2
        total += 0.01 * (p[n] * np.log(p[n])).sum()
        outside += abs(ratio - 1) > 0.2
    assert number(loss) == pytest.approx(total / mask.sum(), rel=1e-5)
    assert number(share) == pytest.approx(outside / mask.sum())
    np.testing.assert_allclose(
        rl.log_probability(logits, action),
        np.log(p[np.arange(16), action]),
        atol=1e-6,
    )


def test_sampled_actions_follow_the_softmax():
    logits = np.log([[0.1, 0.6, 0.3]]).repeat(20_000, axis=0)
    actions = rl.sample_actions(logits, np.random.default_rng(0))
    shares = np.bincount(actions) / 20_000
    np.testing.assert_allclose(shares, [0.1, 0.6, 0.3], atol=0.015)


def test_first_policy_is_nearly_uniform():
    policy, value = rl.build_actor_critic(4, 2, 64, seed=3)
    x = RNG.normal(size=(50, 4)).astype(np.float32)
    p = rl.softmax(rl.forward(policy.get_weights(), x, "tanh"))
    assert np.abs(p - 0.5).max() < 0.02
    kernel = value.get_weights()[2]  # orthogonal with gain sqrt 2
    np.testing.assert_allclose(kernel.T @ kernel, 2 * np.eye(64), atol=1e-5)


def test_reinforce_solves_cart_pole():
    """Band, not a number: the mean of 20 fresh greedy episodes."""
    run = rl.train_reinforce(
        "CartPole-v1",
        rl.ReinforceSettings(total_timesteps=25_000, n_evaluations=5),
        seed=0,
    )
    score = rl.evaluate("CartPole-v1", run.actor(best=True), 20, seed=777)
    assert score.returns.mean() > 300
    assert len(run.episodes) == 8 * run.updates
    assert sum(r for _, r in run.episodes) == run.steps


def test_ppo_solves_cart_pole():
    """Band, not a number: the mean of 20 fresh greedy episodes."""
    run = rl.train_ppo(
        "CartPole-v1", rl.PPOSettings(total_timesteps=40_000), seed=0
    )
    score = rl.evaluate("CartPole-v1", run.actor(best=True), 20, seed=777)
    assert score.returns.mean() > 300
    assert run.updates == 39 * 16
    assert run.steps < 39 * 1024  # reset steps are no experience


def test_best_checkpoint_is_kept_beside_the_last():
    run = rl.Run("tanh", weights=[np.ones(2)])
    score = rl.Evaluation(np.array([5.0]), np.array([4.0]), np.zeros((1, 4)))
    worse = rl.Evaluation(np.array([3.0]), np.array([2.0]), np.zeros((1, 4)))
    run.record(10, score, 1.0)
    run.weights = [np.zeros(2)]
    run.record(20, worse, 2.0)
    assert run.best_weights[0].tolist() == [1, 1]
    assert run.checks == [(10, 5.0, 1.0, 4.0), (20, 3.0, 2.0, 2.0)]


# -- bad input --------------------------------------------------------------


def test_models_are_checked():
    transitions, rewards = random_model(3, 2, seed=0)
    with pytest.raises(ValueError, match=r"got \(3, 2, 3\) and \(2, 3\)"):
        rl.bellman_operator(transitions, rewards.T, 0.9)
    with pytest.raises(ValueError, match="sums go up to 2"):
        rl.bellman_operator(2 * transitions, rewards, 0.9)
    bad = rewards.copy()
    bad[0, 0] = np.nan
    with pytest.raises(ValueError, match="1 of them are NaN"):
        rl.value_iteration(transitions, bad, 0.9)
    with pytest.raises(ValueError, match=r"gamma lies in \[0, 1\], but got 2"):
        rl.bellman_operator(transitions, rewards, 2)
    with pytest.raises(ValueError, match="shape"):
        rl.bellman_operator(np.zeros((0, 2, 0)), np.zeros((0, 2)), 0.9)
    with pytest.raises(ValueError, match="A policy is an integer array"):
        rl.policy_evaluation(np.zeros(3), transitions, rewards, 0.9)
    with pytest.raises(ValueError, match="some state is never left"):
        rl.policy_evaluation(np.zeros(3, int), transitions, rewards, 1.0)
    with pytest.raises(RuntimeError, match="after 5 sweeps"):
        rl.value_iteration(transitions, rewards, 0.9, max_sweeps=5)


def test_environments_without_a_model_are_refused():
    with pytest.raises(TypeError, match="transition table `P`"):
        rl.model_of(gym.make("CartPole-v1"))
    with pytest.raises(TypeError, match="Discrete observation_space"):
        rl.q_learning(
            gym.make("CartPole-v1"), 1, 0.9, lambda n: 1, lambda k: 1, 0
        )


@pytest.mark.parametrize(
    ("train", "settings_"),
    [
        (rl.train_dqn, rl.DQNSettings()),
        (rl.train_ppo, rl.PPOSettings()),
        (rl.train_reinforce, rl.ReinforceSettings()),
    ],
)
def test_continuous_actions_are_refused(train, settings_):
    with pytest.raises(TypeError, match="Discrete action space, but Pendulum"):
        train("Pendulum-v1", settings_, 0)


def test_discrete_observations_are_refused():
    with pytest.raises(TypeError, match="Box of rank 1"):
        rl.Lanes("FrozenLake-v1", 2, 0)


@pytest.mark.parametrize(
    ("kind", "numbers", "message"),
    [
        (rl.DQNSettings, {"train_freq": 4}, "no multiple of num_envs = 8"),
        (rl.DQNSettings, {"buffer_size": 7}, "cannot hold one step"),
        (rl.DQNSettings, {"total_timesteps": 100}, "before the first burst"),
        (rl.DQNSettings, {"learning_starts": 50_000}, "lies beyond"),
        (rl.DQNSettings, {"gradient_steps": 0}, "gradient_steps above 0"),
        (rl.DQNSettings, {"learning_rate": 0.0}, "would train nothing"),
        (rl.DQNSettings, {"gamma": 1.1}, r"gamma in \[0, 1\], but got 1.1"),
        (rl.PPOSettings, {"total_timesteps": 1023}, "before one rollout"),
        (rl.PPOSettings, {"batch_size": 1000}, "1024 rows, which batches of"),
        (rl.PPOSettings, {"n_epochs": 0}, "n_epochs above 0, but got 0"),
        (rl.PPOSettings, {"n_steps": 0}, "n_steps above 0"),
        (rl.PPOSettings, {"learning_rate": float("nan")}, "but got nan"),
        (rl.ReinforceSettings, {"total_timesteps": 0}, "above 0, but got 0"),
        (rl.ReinforceSettings, {"gamma": 1}, "gamma must be below 1"),
    ],
)
def test_settings_that_train_nothing_are_refused(kind, numbers, message):
    with pytest.raises(ValueError, match=message):
        kind(**numbers)


def test_settings_have_the_names_of_the_reference_implementations():
    """Oracle: the arguments of Stable-Baselines3's DQN and PPO."""
    dqn = "train_freq gradient_steps target_update_interval batch_size "
    dqn += "buffer_size gamma learning_rate max_grad_norm learning_starts "
    dqn += "exploration_fraction exploration_final_eps"
    assert set(dqn.split()) <= set(rl.DQNSettings.__dataclass_fields__)
    ppo = "n_steps n_epochs batch_size gamma gae_lambda clip_range ent_coef "
    ppo += "vf_coef learning_rate max_grad_norm"
    assert set(ppo.split()) <= set(rl.PPOSettings.__dataclass_fields__)


def test_a_run_that_never_reaches_its_first_gradient_is_an_error():
    """Reset steps do not count: 1,000 steps hold fewer valid ones."""
    short = rl.DQNSettings(
        total_timesteps=1_024, learning_starts=1_000, n_evaluations=1
    )
    with pytest.raises(ValueError, match=r"valid steps, before learning_sta"):
        rl.train_dqn("CartPole-v1", short, 0)


def test_the_target_is_copied_when_its_interval_has_passed():
    """A target that is never copied leaves other weights behind."""
    numbers = {"total_timesteps": 640, "learning_starts": 64, "width": 8}
    numbers |= {"train_freq": 64, "gradient_steps": 4, "n_evaluations": 1}
    runs = [
        rl.train_dqn(
            "CartPole-v1",
            rl.DQNSettings(target_update_interval=every, **numbers),
            seed=0,
        )
        for every in (1, 64, 10_000)
    ]
    same, never = (
        all((a == b).all() for a, b in zip(r.weights, s.weights, strict=True))
        for r, s in ((runs[0], runs[1]), (runs[0], runs[2]))
    )
    assert same
    assert not never


def test_reinforce_refuses_episodes_beyond_its_limit(monkeypatch):
    short = rl.ReinforceSettings(max_episode_steps=100)
    with pytest.raises(ValueError, match="ends an episode after 500 steps"):
        rl.train_reinforce("CartPole-v1", short, 0)
    # an environment that does not know its own limit
    init = rl.Lanes.__init__

    def without_limit(self, *arguments):
        init(self, *arguments)
        self.max_episode_steps = None

    monkeypatch.setattr(rl.Lanes, "__init__", without_limit)
    short = rl.ReinforceSettings(max_episode_steps=5)
    with pytest.raises(ValueError, match="goes on after max_episode_steps"):
        rl.train_reinforce("CartPole-v1", short, 0)


def test_a_minibatch_of_reset_steps_only_leaves_the_weights():
    """The mean over no row is 0 and has the gradient 0, not NaN."""
    policy, value = rl.build_actor_critic(4, 2, 8, seed=0)
    before = policy.get_weights() + value.get_weights()
    step = make_step(
        rl.ppo_loss(policy, value, 0.2, 0.01, 0.5),
        keras.optimizers.SGD(0.1),
        policy.trainable_variables + value.trainable_variables,
    )
    x, action, old, advantage, returns = random_batch()
    advantage, mask = advantage[:, 0], np.zeros(16, np.float32)
    loss, share = step(x, action, old, advantage, returns, mask)
    assert float(loss) == 0
    assert float(share) == 0
    after = policy.get_weights() + value.get_weights()
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("train", "settings_"),
    [
        (rl.train_dqn, rl.DQNSettings(total_timesteps=4_096)),
        (rl.train_ppo, rl.PPOSettings(total_timesteps=4_096)),
        (rl.train_reinforce, rl.ReinforceSettings(total_timesteps=4_096)),
    ],
    ids=["dqn", "ppo", "reinforce"],
)
def test_a_run_stops_at_nan(train, settings_, monkeypatch):
    """Rewards that are NaN make every target NaN."""
    step = rl.Lanes.step

    def broken(self, action):
        return step(self, action)._replace(reward=np.full(len(action), np.nan))

    monkeypatch.setattr(rl.Lanes, "step", broken)
    with pytest.raises(
        (FloatingPointError, ValueError), match="NaN or infinite"
    ):
        train("CartPole-v1", settings_, 0)


def test_stretches_are_checked():
    good = np.zeros(4)
    with pytest.raises(ValueError, match="of one shape"):
        rl.gae(good, np.zeros(5), good, good, good, 0.9, 0.9)
    with pytest.raises(ValueError, match="at least one step"):
        rl.gae(*[np.zeros(0)] * 5, 0.9, 0.9)
    bad = np.array([0, np.nan, 0, 0])
    with pytest.raises(ValueError, match="finite values, but 1 of them"):
        rl.gae(good, bad, good, good, good, 0.9, 0.9)


def test_other_bad_input():
    with pytest.raises(ValueError, match="at least one episode"):
        rl.evaluate("CartPole-v1", always(0), 0, 0)
    with pytest.raises(ValueError, match="at least one step, got 0"):
        rl.ReplayBuffer(0, 4)
    with pytest.raises(ValueError, match="empty"):
        rl.ReplayBuffer(3, 4).sample(2, np.random.default_rng(0))
    with pytest.raises(ValueError, match="first kernel has shape"):
        rl.forward(
            rl.build_q_network(4, 2, 8, 0).get_weights(), np.ones(3), "relu"
        )
    with pytest.raises(ValueError, match="needs numbers"):
        rl.epsilon_greedy(np.array([np.nan, 1]), 0.1, RNG)
    with pytest.raises(ValueError, match="1024 rows, which batches of 1000"):
        rl.train_ppo("CartPole-v1", rl.PPOSettings(batch_size=1000), 0)
