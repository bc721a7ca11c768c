"""Planted mistakes: the claims of the chapter *Tabular data* notice them."""

from fractions import Fraction

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    train_test_split,
)
from sklearn.neighbors import LocalOutlierFactor

from controls import control
from topoi import data, tabular
from topoi.survey import paired
from topoi.tabular import Settings

# -- theorems ---------------------------------------------------------------


@control("tabular/auc-is-a-probability", "a tie counts as a whole win")
def ties_are_wins():
    rng = np.random.default_rng(0)
    gaps = []
    for _ in range(20):
        y = np.append([0, 1], rng.integers(2, size=18))
        score = rng.integers(8, size=20)
        wins = score[y == 1][:, None] >= score[y == 0]
        gaps.append(abs(tabular.auc(y, score) - wins.mean()))
    return max(gaps)


@control("tabular/brier-parts", "two bins instead of the values")
def brier_in_two_bins():
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(100):
        p = [Fraction(int(k), 5) for k in rng.integers(6, size=12)]
        y = [Fraction(int(k)) for k in rng.integers(2, size=12)]
        means = {
            half: sum(v for v in p if (v > 0.5) == half)
            / max(1, sum((v > 0.5) == half for v in p))
            for half in (False, True)
        }
        binned = np.array([means[v > 0.5] for v in p], dtype=object)
        parts = tabular.brier_parts(binned, np.array(y, dtype=object))
        whole = parts.reliability - parts.resolution + parts.uncertainty
        wrong += whole != tabular.brier_score(
            np.array(p, dtype=object), np.array(y, dtype=object)
        )
    return wrong


@control("tabular/isolation-path", "ln(n-1) + 0.5772 instead of H(n-1)")
def path_by_logarithm():
    gaps = [
        2 * (np.log(n - 1) + 0.5772) - 2 * (n - 1) / n
        - tabular.average_path(n)
        for n in range(2, 61)
    ]  # fmt: skip
    return max(map(abs, gaps))


# -- leaks ------------------------------------------------------------------


@control("tabular/selection-outside", "the columns are chosen in each fold")
def selection_inside():
    return np.mean([tabular.selection_error(s, True) for s in range(8)])


@control("tabular/target-leak", "the codes are made out of fold")
def codes_out_of_fold():
    return np.mean([tabular.target_leak_auc(s, True) for s in range(20)])


@control("tabular/best-epoch-leak", "the epoch is chosen on validation rows")
def epoch_of_the_validation():
    found = tabular.epoch_accuracies(np.random.default_rng(7))
    return found["best on validation"].mean()


@control("tabular/scaling-place", "no scaler instead of one in the fold")
def no_scaler():
    penguins = data.load("penguins")
    x = np.stack(penguins[2:6], axis=1).astype(float)
    whole = ~np.isnan(x).any(axis=1)
    found = tabular.scaling_gap(x[whole], penguins.species[whole], 0)
    return abs(found["all rows"] - found["none"])


@control("tabular/leak-flatters-memory", "ridge regression, no memory")
def ridge_has_no_memory():
    x, y, mixture = tabular.concrete_mixtures()
    errors = []
    for folds in (
        GroupKFold(5, shuffle=True, random_state=0).split(x, y, mixture),
        KFold(5, shuffle=True, random_state=0).split(x),
    ):
        rest = np.concatenate(
            [Ridge().fit(x[a], y[a]).predict(x[b]) - y[b] for a, b in folds]
        )
        errors.append(np.sqrt(np.mean(rest**2)))
    return errors[0] / errors[1]


@control("tabular/twins-do-not-flatter", "rows in conflict are taken out")
def without_conflicts():
    x, y = tabular.phishing_pages()
    groups = tabular.duplicate_groups(x)
    clean = ~(tabular.label_counts(groups, y) > 0).all(axis=1)[groups]
    x, y, groups = x[clean], y[clean], groups[clean]
    shares = []
    for folds in (
        StratifiedKFold(5, shuffle=True, random_state=0).split(x, y),
        GroupKFold(5, shuffle=True, random_state=0).split(x, y, groups),
    ):
        right = 0
        for train, test in folds:
            model = RandomForestClassifier(40, random_state=0)
            model.fit(x[train], y[train])
            right += np.sum(model.predict(x[test]) == y[test])
        shares.append(right / len(y))
    return shares[0] - shares[1]


# -- models -----------------------------------------------------------------


def _credit(seed, indicators=True):
    columns, y = tabular.credit_table()
    train, test = train_test_split(
        np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed
    )
    encoder = tabular.credit_encoder(indicators)
    encoder.fit(tabular.rows_of(columns, train))
    return encoder, encoder.transform(columns), y, train, test


@control("tabular/missing-speaks", "the flags are shuffled")
def shuffled_flags():
    areas = {"with": [], "without": []}
    for seed in range(4):
        for name, flags in (("with", True), ("without", False)):
            encoder, x, y, train, test = _credit(seed, flags)
            rng = np.random.default_rng(seed)
            for k, feature in enumerate(encoder.names):
                if feature.endswith("missing"):
                    x[:, k] = rng.permutation(x[:, k])
            model = LogisticRegression(max_iter=300).fit(x[train], y[train])
            p = model.predict_proba(x[test])[:, 1]
            areas[name].append(tabular.auc(y[test], p))
    return paired(areas["with"], areas["without"]).in_errors


@control("tabular/trees-win", "the trees learn from shuffled labels")
def trees_of_shuffled_labels():
    """One table; its verdict counts for all three."""
    _, x, y, train, test = _credit(0)
    model = tabular.build_table_network(x.shape[1], seed=1)
    tabular.train_network(
        model, x[train], y[train], Settings(2), "logits", seed=1
    )
    shuffled = np.random.default_rng(0).permutation(y[train])
    trees = HistGradientBoostingClassifier(
        max_iter=50, max_depth=2, early_stopping=False
    ).fit(x[train], shuffled)
    network = tabular.auc(y[test], tabular.predict_rows(model, x[test]))
    boosting = tabular.auc(y[test], trees.predict_proba(x[test])[:, 1])
    return 3 * float(boosting > network)


@control("tabular/temperature-repairs", "fitted on the training rows")
def temperature_of_the_training_rows():
    _, x, y, train, test = _credit(0)
    train = train[:1500]
    model = tabular.build_table_network(x.shape[1], seed=0)
    settings = Settings(epochs=40, batch_size=64, learning_rate=2e-3)
    tabular.train_network(model, x[train], y[train], settings, "logits")
    t = tabular.fit_temperature(
        tabular.predict_rows(model, x[train]), y[train]
    )
    logits = tabular.predict_rows(model, x[test])
    after, before = (
        tabular.expected_calibration_error(1 / (1 + np.exp(-z)), y[test])
        for z in (logits / t, logits)
    )
    return after / before


@control("tabular/embeddings-find-order", "the prices are shuffled")
def shuffled_prices():
    columns, y = tabular.diamonds_table()
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(y))[:2000]
    y = rng.permutation(y[rows])
    codes = [columns[name][rows].astype("int32") for name in tabular.GRADINGS]
    x = np.log(columns["carat"][rows]).astype("float32")[:, None]
    model = tabular.build_embedding_network(1, [5, 7, 8], seed=0)
    settings = Settings(epochs=3, batch_size=128, learning_rate=4e-3)
    tabular.train_network(model, [x, *codes], y - y.mean(), settings)
    found = 0
    for k in range(3):
        code = tabular.learned_codes(model, k)[:, 0]
        ranks = np.argsort(np.argsort(code))
        order = np.arange(len(code))
        found += abs(np.corrcoef(ranks, order)[0, 1]) >= 0.9
    return int(found)


# -- probabilities ----------------------------------------------------------


@control("tabular/perfect-is-not-zero", "20,000 forecasts")
def many_forecasts():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = (rng.random(20_000) < p).astype(int)
    return tabular.expected_calibration_error(p, y)


@control("tabular/rare-is-imprecise", "half of the rows are positive")
def half_are_positive():
    rng = np.random.default_rng(0)
    y = np.arange(20_000) % 2
    return tabular.average_precision(y, rng.normal(size=20_000) + 1.8 * y)


# -- anomalies --------------------------------------------------------------


@control("tabular/forest-beats-lof", "one tree of two rows")
def tiny_trees():
    found = data.load("shuttle")
    areas = {"forest": [], "factor": []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        rows = rng.choice(len(found.x), 2000, replace=False)
        x, y = found.x[rows].astype(float), found.anomaly[rows]
        forest = IsolationForest(
            n_estimators=1, max_samples=2, random_state=seed
        ).fit(x)
        factor = LocalOutlierFactor(n_neighbors=500).fit(x / x.std(axis=0))
        areas["forest"].append(tabular.auc(y, -forest.score_samples(x)))
        areas["factor"].append(
            tabular.auc(y, -factor.negative_outlier_factor_)
        )
    return paired(areas["forest"], areas["factor"]).in_errors
