"""The explorable lake: values by long sums over time, not by a solve."""

import gymnasium as gym
import numpy as np
import pytest
from test_explorable import picked, sentence, stored

from topoi import rl
from topoi.rl import figures

DISCOUNTS, SHARES = (0.5, 0.9, 0.99), (0.0, 0.3, 1.0)
WAYS = {"←": 0, "↓": 1, "→": 2, "↑": 3}


@pytest.fixture(scope="module")
def lake():
    env = gym.make("FrozenLake-v1")
    letters = env.unwrapped.desc
    return letters, *rl.model_of(env)


@pytest.fixture(scope="module")
def data(lake):
    return stored(figures.explore_lake(*lake, DISCOUNTS, SHARES).html)


def iterated(lake, gamma, epsilon):
    """Return values of the best policy with random moves mixed in."""
    _, transitions, rewards = lake
    best = np.zeros(16)
    for _ in range(6000):
        q = rewards + gamma * transitions @ best
        best = q.max(axis=1)
    greedy = np.round(q, 10).argmax(axis=1)
    values = np.zeros(16)
    for _ in range(6000):
        q = rewards + gamma * transitions @ values
        chosen = q[np.arange(16), greedy]
        values = (1 - epsilon) * chosen + epsilon * q.mean(axis=1)
    return values, greedy


@pytest.mark.parametrize("m", range(3))
@pytest.mark.parametrize("n", range(3))
def test_values_and_moves(lake, data, m, n):
    values, greedy = iterated(lake, DISCOUNTS[m], SHARES[n])
    shown = {(id, name): c for id, name, *c in data["set"]}
    for place, letter in enumerate(lake[0].ravel()):
        if letter in b"HG":
            assert (f"value{place}", "text") not in shown
            continue
        text = picked(data, [m, n], *shown[f"value{place}", "text"])
        assert text == f"{values[place]:.2f}"
        d = picked(data, [m, n], *shown[f"arrow{place}", "d"])
        start, tip = (
            np.array(point.split(","), float)
            for point in d.split("M")[1].split("L")
        )
        dx, dy = np.sign(tip - start)
        assert (dx, dy) == figures.WAYS[greedy[place]]
    said = sentence(data, [m, n])
    assert f"the start is worth {values[0]:.3f}" in said


def test_the_ways_are_those_of_the_environment(lake):
    """Deterministic moves from the second square of the first row."""
    env = gym.make("FrozenLake-v1", is_slippery=False)
    for action, (dx, dy) in enumerate(figures.WAYS):
        ((_, state, _, _),) = env.unwrapped.P[1][action]
        row, column = min(max(dy, 0), 3), 1 + dx
        assert state == 4 * row + column
