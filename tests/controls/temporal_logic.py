"""Controls of the claims about temporal logic."""

import itertools
import math
from functools import cache

import keras
import numpy as np

from controls import control
from topoi import data
from topoi import temporal_logic as tl

EIGHT = (
    "x >= 0",
    "not (x >= 2)",
    "always[0:2](x >= 0)",
    "eventually[1:3](x >= 2)",
    "always[0:1](x >= 0) or always[2:4](x <= 0)",
    "always[0:2](eventually[0:2](x >= 2))",
    "eventually[0:2](always[0:2](x <= 2))",
    "not always[0:3](x >= 0 and eventually[0:1](x <= 2))",
)

# -- the logic ----------------------------------------------------------------


@control("temporal_logic/sign-is-sound", "softness 10")
def soft_signs():
    signals = np.array(list(itertools.product((-3.0, -1, 1, 3), repeat=5)))
    x, count = signals[:, :, None], 0
    for text in EIGHT:
        formula = tl.parse_formula(text, ["x"])
        margin = tl.wstl_robustness(formula, x, 10.0)
        count += int(np.sum(tl.satisfies(formula, x) != (margin > 0)))
    return count


@control("temporal_logic/higher-weight-counts-more", "all weights equal")
def equal_weights():
    rng, found = np.random.default_rng(1), []
    for _ in range(500):
        r = rng.normal(size=5)
        r[1] = r[0]
        influence = np.abs(tl.soft_min_gradient(r, np.ones(5))[0])
        found.append(influence[0] > influence[1])
    return float(np.mean(found))


@control("temporal_logic/heavier-may-count-less", "equal satisfactions")
def equal_satisfactions():
    rng, found = np.random.default_rng(1), []
    for _ in range(500):
        w = rng.uniform(0.05, 1, 5)
        heavy, light = (0, 1) if w[0] > w[1] else (1, 0)
        influence = np.abs(tl.soft_min_gradient(np.ones(5), w)[0])
        found.append(influence[heavy] < influence[light])
    return float(np.mean(found))


@cache
def network_of_four():
    keras.utils.set_random_seed(7)
    network = tl.build_formula_network(length=12, channels=2, parts=4)
    x = np.random.default_rng(7).normal(size=(50, 12, 2))
    return network, x


@control("temporal_logic/unit-is-a-subformula", '"or" in place of "and"')
def read_as_or():
    network, x = network_of_four()
    formula = tl.read_formula(network)
    wrong = tl.Or(formula.parts, formula.weights)
    margins = tl.margins(network, x)
    return np.abs(tl.wstl_robustness(wrong, x)[:, 0] - margins).max()


@control("temporal_logic/differentiable", "shares are constants")
def constant_shares():
    network, x = network_of_four()
    part = tl.read_formula(network).parts[0]
    signal = x[:1]
    r = tl.wstl_robustness(part.part, signal)[0]
    w = np.array(part.weights)
    q = w * np.exp(-r)
    wrong = np.outer(q / q.sum(), part.part.a)  # (12, 2)
    by_r, _ = tl.soft_min_gradient(r, w)
    return np.abs(wrong - np.outer(by_r, part.part.a)).max()


@control("temporal_logic/not-monotone", "the exact minimum")
def exact_minimum():
    return tl.soft_min((0, 3), sigma=0) - tl.soft_min((0, 2), sigma=0)


@control("temporal_logic/falls-beyond-sigma", "softness left out")
def softness_left_out():
    rng, agree = np.random.default_rng(2), []
    while len(agree) < 500:
        r, w = rng.normal(0, 2, 5), rng.uniform(0.05, 1, 5)
        sigma, h = rng.uniform(0.2, 2), 1e-6 * np.eye(5)[0]
        beyond = r[0] - tl.soft_min(r, w, sigma)
        slope = tl.soft_min(r + h, w, sigma) - tl.soft_min(r - h, w, sigma)
        if abs(beyond) > 1e-3 and abs(slope) > 1e-12:
            agree.append((slope < 0) == (beyond > 0))
    return float(np.mean(agree))


@control("temporal_logic/unsound-at-one", "softness 0.01")
def hardly_soft():
    rng = np.random.default_rng(3)
    r, w = rng.normal(size=(1000, 5)), rng.uniform(size=(1000, 5))
    soft = [tl.soft_min(a, b, 0.01) for a, b in zip(r, w, strict=True)]
    return float(np.mean((np.array(soft) > 0) != (r.min(1) > 0)))


@control("temporal_logic/gap-bound", "without the share of the weight")
def bound_without_share():
    rng, quotients = np.random.default_rng(4), []
    for _ in range(2000):
        r, w = rng.normal(0, 2, 4), rng.uniform(0.01, 1, 4)
        sigma = rng.uniform(0.05, 3)
        gap = tl.soft_min(r, w, sigma) - r.min()
        quotients.append(gap / (sigma / math.e))
    return max(quotients)


@control("temporal_logic/noisy-copies-leak", "copies after the split twice")
def copies_after_the_split():
    rng = np.random.default_rng(0)
    x, y = tl.simulate_room(4, rng)
    rooms = tl.cut_windows(x, y)

    def found(draw):
        rng = np.random.default_rng(draw)
        lot = rng.random(len(rooms.x)) < 0.2
        split = tl.resampled_split(rooms.x, lot, rng, before=False)
        train, test = (
            part.reshape(len(part), -1)
            for part in (split.x_train, split.x_test)
        )
        squares = (train**2).sum(1) - 2 * test @ train.T
        return split.y_train[squares.argmin(1)][split.y_test].mean()

    return np.mean([found(d) for d in range(5)]) - np.mean(
        [found(d) for d in range(5, 10)]
    )


# -- training -----------------------------------------------------------------

SETTINGS = tl.FormulaSettings(steps=600, learning_rate=0.03)


@cache
def power_days():
    """Return training and test days of the first draw, with labels."""
    days = data.load("italy_power")
    x = np.concatenate([days.x_train, days.x_test])[:, :, None]
    y = np.concatenate([days.winter_train, days.winter_test]) == 1
    rows = np.random.default_rng(0).permutation(len(x))
    train, test = rows[:67], rows[67:]
    _, _, (a, b) = tl.standardise(x[train].astype(float), x[test])
    return a, y[train], b, y[test]


@cache
def trained(rate=0.03, **options):
    """Return one formula on the days of the first draw."""
    a, y, _, _ = power_days()
    settings = tl.FormulaSettings(600, 128, rate)
    rng = np.random.default_rng(0)
    return tl.fit_restarts(a, y, rng, 5, settings=settings, **options).formula


def accuracy(found, truth) -> float:
    return float(np.mean(found == truth))


def soft(formula, x):
    return tl.wstl_robustness(formula, x)[:, 0] >= 0


def right(formula) -> float:
    """Return the accuracy of the soft margin's sign."""
    _, _, b, truth = power_days()
    return accuracy(soft(formula, b), truth)


def backwards() -> float:
    """Return the accuracy on test days that run backwards."""
    _, _, b, truth = power_days()
    return accuracy(soft(trained(), b[:, ::-1]), truth)


def rule_accuracy() -> float:
    a, y, b, truth = power_days()
    return accuracy(tl.one_rule(a, y).decide(b), truth)


@control("temporal_logic/against-one-rule", "the days run backwards")
def against_the_rule_backwards():
    return backwards() - rule_accuracy()


@control("temporal_logic/against-tree", "the days run backwards")
def against_the_tree_backwards():
    return backwards() - rule_accuracy()  # the best tree has depth 1


@control("temporal_logic/against-lstm", "the days run backwards", heavy=True)
def against_the_lstm_backwards():
    a, y, b, truth = power_days()
    keras.utils.set_random_seed(0)
    lstm = tl.build_lstm(24, 1)
    tl.train_formulas(lstm, a, y, tl.FormulaSettings(200, 128, 0.02))
    return backwards() - accuracy(tl.decide(lstm, b), truth)


@control("temporal_logic/schedules", "the middle rate is 1e-7")
def no_rate():
    return right(trained(1e-7)) - right(trained())


@control("temporal_logic/sentence-agrees", "no weight is dropped")
def whole_sentence():
    _, _, b, _ = power_days()
    exact = tl.satisfies(trained(), b)[:, 0]
    return accuracy(exact, soft(trained(), b))


def kept(rank) -> float:
    """Return the exact accuracy of three hours, chosen by a rank."""
    a, y, b, truth = power_days()
    start = tl.parameters_of(tl.keep_steps(trained(), rank, 3))
    short = tl.fit_formula(a, y, start, sigma=0.2, settings=SETTINGS)
    return accuracy(tl.satisfies(short.formula, b)[:, 0], truth)


def shares():
    return tl.mean_shares(trained(), power_days()[0])


@control("temporal_logic/top-k", "the smallest shares are kept")
def smallest_shares():
    return kept(-shares()) - right(trained())


@control("temporal_logic/weights-mislead", "both are ranked by share")
def both_by_share():
    return kept(shares()) - kept(shares())


@control("temporal_logic/gates", "gates cost nothing")
def free_gates():
    return right(trained(gates=True, gate_cost=0.0)) - right(trained())


@control("temporal_logic/room", "the threshold is its own rival")
def threshold_against_itself():
    x, y = tl.simulate_room(6, np.random.default_rng(0))
    rooms = tl.cut_windows(x, y)
    light = tl.ROOM.index("light")
    rule = tl.threshold_rule(rooms.x, rooms.y, light)
    again = tl.threshold_rule(rooms.x, rooms.y, light)
    return accuracy(tl.satisfies(rule, rooms.x)[:, 0], rooms.y) - accuracy(
        tl.satisfies(again, rooms.x)[:, 0], rooms.y
    )
