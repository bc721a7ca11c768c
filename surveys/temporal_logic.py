"""Surveys of the chapter on temporal logic: power days and a room.

Every seed draws its own 67 training days of the 1,096; the others test. The
rates were chosen on seeds 100 to 102, which the survey does not use: see
`schedules`, whose record holds the sweep. Formulas are trained by hand, in
NumPy (`fit_formula`), which has the loss and the derivatives of the layers.
"""

from functools import cache

import keras
import numpy as np
from sklearn.tree import DecisionTreeClassifier

from topoi import data
from topoi import temporal_logic as tl
from topoi.survey import survey

FORMULA = tl.FormulaSettings(steps=600, learning_rate=0.03)
LSTM = tl.FormulaSettings(steps=200, learning_rate=0.02)
DEPTH, KEPT, SHARP, STARTS = 1, 3, 0.2, 5


def power_days(seed: int):
    """Return standardised training and test days of one draw, with labels."""
    days = data.load("italy_power")
    x = np.concatenate([days.x_train, days.x_test])[:, :, None]
    y = np.concatenate([days.winter_train, days.winter_test]) == 1
    rows = np.random.default_rng(seed).permutation(len(x))
    train, test = rows[:67], rows[67:]
    _, _, (a, b) = tl.standardise(x[train].astype(float), x[test])
    return a, y[train], b, y[test]


@cache
def learned(seed: int, rate: float = 0.03, gates: bool = False):
    """Return a formula: of several starts the one of least loss."""
    a, y, _, _ = power_days(seed)
    settings = tl.FormulaSettings(steps=600, learning_rate=rate)
    rng = np.random.default_rng(seed)
    return tl.fit_restarts(a, y, rng, STARTS, gates, settings=settings).formula


def exactly(formula, x: np.ndarray) -> np.ndarray:
    """Return what a sentence says, word by word."""
    return tl.satisfies(formula, x)[:, 0]


def softly(formula, x: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Return the sign of the soft margin."""
    return tl.wstl_robustness(formula, x, sigma)[:, 0] >= 0


def accuracy(found: np.ndarray, y: np.ndarray) -> float:
    """Return the share of right decisions."""
    return float(np.mean(found == y))


def shortened(seed: int, rank: np.ndarray, k: int):
    """Return a formula that kept k hours and was trained further."""
    a, y, _, _ = power_days(seed)
    short = tl.keep_steps(learned(seed), rank, k)
    start = tl.parameters_of(short)
    return tl.fit_formula(a, y, start, sigma=SHARP, settings=FORMULA).formula


@cache
def formula_numbers(seed: int) -> dict[str, float]:
    """Return what one formula reaches, and its shortened sentences."""
    a, _, b, truth = power_days(seed)
    formula = learned(seed)
    found = {
        "formula": accuracy(softly(formula, b), truth),
        "whole sentence": accuracy(exactly(formula, b), truth),
        "whole agreement": accuracy(exactly(formula, b), softly(formula, b)),
    }
    share, weight = tl.mean_shares(formula, a), np.array(formula.weights)
    for name, rank, k in (
        ("by weight", weight, KEPT),
        ("by share", share, KEPT),
        ("one by share", share, 1),
    ):
        short = shortened(seed, rank, k)
        found[name] = accuracy(exactly(short, b), truth)
        if name == "by share":
            soft = softly(short, b, SHARP)
            found["agreement"] = accuracy(exactly(short, b), soft)
    return found


@cache
def rivals(seed: int) -> dict[str, float]:
    """Return the accuracy of one rule, a tree and an LSTM."""
    a, y, b, truth = power_days(seed)
    tree = DecisionTreeClassifier(max_depth=DEPTH, random_state=seed)
    tree.fit(a[:, :, 0], y)
    keras.utils.set_random_seed(seed)
    lstm = tl.build_lstm(24, 1)
    tl.train_formulas(lstm, a, y, LSTM)
    return {
        "one rule": accuracy(tl.one_rule(a, y).decide(b), truth),
        "tree": accuracy(tree.predict(b[:, :, 0]), truth),
        "lstm": accuracy(tl.decide(lstm, b), truth),
    }


def rate_of(name: str, values: tuple[float, ...], make) -> dict[str, float]:
    """Return the accuracy for each value of a setting."""
    return {f"{name} {value}": make(value) for value in values}


@survey(
    "temporal_logic/against-one-rule",
    seeds=range(5),
    value=lambda u: u["formula"] - u["one rule"],
    reduce="mean",
)
def against_one_rule(seed):
    """One formula against one threshold at one hour."""
    return formula_numbers(seed) | rivals(seed)


@survey(
    "temporal_logic/against-tree",
    seeds=range(5),
    value=lambda u: u["formula"] - u["tree"],
    reduce="mean",
)
def against_tree(seed):
    """One formula against a decision tree."""
    return formula_numbers(seed) | rivals(seed)


@survey(
    "temporal_logic/against-lstm",
    seeds=range(5),
    value=lambda u: u["formula"] - u["lstm"],
    reduce="mean",
)
def against_lstm(seed):
    """One formula against an LSTM."""
    return formula_numbers(seed) | rivals(seed)


@survey("temporal_logic/sentence-agrees", seeds=range(5), value="agreement")
def sentence_agrees(seed):
    """The shortened sentence, read word by word, and its network."""
    return formula_numbers(seed)


@survey(
    "temporal_logic/top-k",
    seeds=range(5),
    value=lambda u: u["by share"] - u["formula"],
    reduce="mean",
)
def top_k(seed):
    """Three weights of 24, ranked by share, against all of them."""
    return formula_numbers(seed)


@survey(
    "temporal_logic/weights-mislead",
    seeds=range(5),
    value=lambda u: u["by share"] - u["by weight"],
    reduce="mean",
)
def weights_mislead(seed):
    """Three weights, ranked by share and by weight."""
    return formula_numbers(seed)


@survey(
    "temporal_logic/gates",
    seeds=range(5),
    value=lambda u: u["gated"] - u["formula"],
    reduce="mean",
)
def gates(seed):
    """A gate for each weight; the closed ones are left out."""
    _, _, b, truth = power_days(seed)
    formula = learned(seed, gates=True)
    soft = softly(formula, b)
    return {
        "gated": accuracy(soft, truth),
        "open": float(np.count_nonzero(formula.weights)),
        **formula_numbers(seed),
    }


@survey(
    "temporal_logic/room",
    seeds=range(5),
    value=lambda u: u["formula"] - u["light threshold"],
    reduce="mean",
)
def room(seed):
    """A simulated office: eight days to train on, four new ones to test."""
    rng = np.random.default_rng(seed)
    x, y = tl.simulate_room(12, rng)
    train, test = (
        tl.cut_windows(x[part], y[part])
        for part in (slice(8 * 1440), slice(8 * 1440, None))
    )
    _, _, (a, b) = tl.standardise(train.x, test.x)
    settings = tl.FormulaSettings(600, len(a), 0.05)
    formula = tl.fit_restarts(
        a, train.y, rng, STARTS, kind=tl.Always, settings=settings
    ).formula
    light = tl.ROOM.index("light")
    rule = tl.threshold_rule(train.x, train.y, light)
    return {
        "formula": accuracy(softly(formula, b), test.y),
        "exact": accuracy(exactly(formula, b), test.y),
        "light threshold": accuracy(exactly(rule, test.x), test.y),
        "always empty": float(1 - test.y.mean()),
    }


def middle_rate(unit: dict[str, float]) -> float:
    """Return the lead of the middle rate over the better of the others."""
    return unit["formula 0.03"] - max(
        unit["formula 0.01"], unit["formula 0.1"]
    )


@survey(
    "temporal_logic/schedules",
    seeds=range(100, 105),
    value=lambda u: (
        u["formula 0.03"] - max(u["formula 0.01"], u["formula 0.1"])
    ),
)
def schedules(seed):
    """The sweep that chose the rates and the depth of the tree."""
    a, y, b, truth = power_days(seed)

    def formula(rate):
        return accuracy(softly(learned(seed, rate), b), truth)

    def lstm(rate):
        keras.utils.set_random_seed(seed)
        network = tl.build_lstm(24, 1)
        settings = tl.FormulaSettings(steps=200, learning_rate=rate)
        tl.train_formulas(network, a, y, settings)
        return accuracy(tl.decide(network, b), truth)

    def tree(depth):
        model = DecisionTreeClassifier(max_depth=depth, random_state=seed)
        return accuracy(model.fit(a[:, :, 0], y).predict(b[:, :, 0]), truth)

    return {
        **rate_of("formula", (0.01, 0.03, 0.1), formula),
        **rate_of("lstm", (0.005, 0.02, 0.08), lstm),
        **rate_of("tree", (1, 2, 3), tree),
    }
