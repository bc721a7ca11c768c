"""Models on tables, over splits; leaks, temperatures, anomalies.

Depths, rounds, epochs and learning rates were chosen on splits 100 to 102, on
a validation part of the training rows.
"""

import numpy as np
from scipy.special import expit
from scipy.stats import spearmanr
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedKFold,
    train_test_split,
)
from sklearn.neighbors import LocalOutlierFactor

from topoi import data, tabular
from topoi.survey import survey
from topoi.tabular import Settings

CREDIT = Settings(epochs=8, batch_size=64, learning_rate=2e-3)
LONG = Settings(epochs=60, batch_size=64, learning_rate=2e-3)
DIAMONDS = Settings(epochs=30, batch_size=128, learning_rate=4e-3)
CONCRETE = Settings(epochs=60, batch_size=64, learning_rate=4e-3)
NUMBERS = ("carat", "depth", "table", "x", "y", "z")
LOGS = ("carat", "x", "y", "z")


def rmse(found, y):
    """Return the root mean square error."""
    return float(np.sqrt(np.mean((found - y) ** 2)))


def network_error(inputs, y, train, test, build, settings, seed):
    """Return the root mean square error of a network, and the network."""
    mean, scale = y[train].mean(), y[train].std()
    model = build(seed)
    tabular.train_network(
        model,
        [a[train] for a in inputs] if isinstance(inputs, list)
        else inputs[train],
        (y[train] - mean) / scale,
        settings,
        seed=seed,
    )  # fmt: skip
    some = (
        [a[test] for a in inputs] if isinstance(inputs, list) else inputs[test]
    )
    return rmse(tabular.predict_rows(model, some) * scale + mean, y[test]), (
        model
    )


# -- concrete ---------------------------------------------------------------


def concrete_split(seed, grouped):
    """Return training and test rows, a fifth to test."""
    table = tabular.concrete_mixtures()
    kind = GroupShuffleSplit if grouped else ShuffleSplit
    splits = kind(1, test_size=0.2, random_state=seed)
    groups = table.mixture if grouped else None
    return next(splits.split(table.x, table.y, groups))


def concrete_errors(seed, grouped):
    """Return the errors in megapascal of four models on one split."""
    x, y, _ = tabular.concrete_mixtures()
    train, test = concrete_split(seed, grouped)
    z = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    models = {
        "ridge": Ridge(),
        "forest": RandomForestRegressor(100, random_state=seed),
        "boosting": HistGradientBoostingRegressor(
            max_iter=2000, max_depth=2, early_stopping=False
        ),
    }
    errors = {
        name: rmse(model.fit(z[train], y[train]).predict(z[test]), y[test])
        for name, model in models.items()
    }
    errors["network"], _ = network_error(
        z.astype("float32"),
        y,
        train,
        test,
        lambda seed: tabular.build_table_network(8, seed=seed),
        CONCRETE,
        seed,
    )
    return errors


@survey(
    "tabular/leak-flatters-memory",
    seeds=range(8),
    value=lambda unit: unit["boosting mixtures"] / unit["boosting rows"],
)
def leak_flatters_memory(seed):
    """Errors of four models by random rows and by whole mixtures."""
    unit = {}
    for name, grouped in (("rows", False), ("mixtures", True)):
        errors = concrete_errors(seed, grouped)
        unit |= {f"{model} {name}": error for model, error in errors.items()}
    return unit


# -- three tables -----------------------------------------------------------


def credit_split(seed):
    """Return features, labels, training and test rows of the credit table."""
    columns, y = tabular.credit_table()
    train, test = train_test_split(
        np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed
    )
    encoder = tabular.credit_encoder()
    encoder.fit(tabular.rows_of(columns, train))
    return encoder.transform(columns), y, train, test


def credit_areas(seed):
    """Return the areas under the ROC curve of four models."""
    x, y, train, test = credit_split(seed)
    models = {
        "line": LogisticRegression(max_iter=1000),
        "forest": RandomForestClassifier(
            200, min_samples_leaf=3, random_state=seed
        ),
        "boosting": HistGradientBoostingClassifier(
            max_iter=100, max_depth=2, early_stopping=False
        ),
    }
    areas = {}
    for name, model in models.items():
        model.fit(x[train], y[train])
        p = model.predict_proba(x[test])[:, 1]
        areas[name] = tabular.auc(y[test], p)
    model = tabular.build_table_network(x.shape[1], seed=seed)
    tabular.train_network(
        model, x[train], y[train], CREDIT, "logits", seed=seed
    )
    logits = tabular.predict_rows(model, x[test])
    return areas | {"network": tabular.auc(y[test], logits)}


def diamonds_split(seed):
    """Return columns, log prices, 10,000 training and the test rows."""
    columns, y = tabular.diamonds_table()
    order = np.random.default_rng(seed).permutation(len(y))
    return columns, y, order[:10_000], order[10_000:]


def diamonds_features(columns, train, words=tabular.GRADINGS):
    """Return encoded features of all rows, fitted on the training rows."""
    encoder = tabular.TableEncoder(NUMBERS, words, LOGS, indicators=False)
    encoder.fit(tabular.rows_of(columns, train))
    return encoder.transform(columns)


def diamonds_errors(seed):
    """Return the errors in log price of four models."""
    columns, y, train, test = diamonds_split(seed)
    x = diamonds_features(columns, train)
    line = np.column_stack([x, np.log(columns["carat"])])
    plain = np.stack(
        [columns[name] for name in (*NUMBERS, *tabular.GRADINGS)], axis=1
    )
    models = {
        "line": (Ridge(0.1), line),
        "forest": (RandomForestRegressor(30, random_state=seed), x),
        "boosting": (
            HistGradientBoostingRegressor(max_iter=300, early_stopping=False),
            plain,
        ),
    }
    errors = {
        name: rmse(model.fit(a[train], y[train]).predict(a[test]), y[test])
        for name, (model, a) in models.items()
    }
    errors["network"], _ = network_error(
        x,
        y,
        train,
        test,
        lambda seed: tabular.build_table_network(x.shape[1], seed=seed),
        DIAMONDS,
        seed,
    )
    return errors


@survey(
    "tabular/trees-win",
    seeds=range(6),
    value=lambda unit: (
        (unit["boosting credit"] > unit["network credit"])
        + (unit["boosting diamonds"] < unit["network diamonds"])
        + (unit["boosting concrete"] < unit["network concrete"])
    ),
    reduce="mean",
)
def trees_win(seed):
    """Four models on three tables: areas on credit, errors on the others."""
    unit = {}
    for name, measured in (
        ("credit", credit_areas(seed)),
        ("diamonds", diamonds_errors(seed)),
        ("concrete", concrete_errors(50 + seed, grouped=True)),
    ):
        unit |= {f"{model} {name}": value for model, value in measured.items()}
    return unit


@survey("tabular/embeddings-find-order", seeds=range(6), value="found")
def embeddings_find_order(seed):
    """Rank correlations of learned codes with the trade's orders."""
    columns, y, train, test = diamonds_split(seed)
    x = diamonds_features(columns, train, words=())
    codes = [columns[name].astype("int32") for name in tabular.GRADINGS]
    error, model = network_error(
        [x, *codes],
        y,
        train,
        test,
        lambda seed: tabular.build_embedding_network(6, [5, 7, 8], seed=seed),
        DIAMONDS,
        seed,
    )
    unit = {"error": error}
    for k, name in enumerate(tabular.GRADINGS):
        found = tabular.learned_codes(model, k)[:, 0]
        unit[name] = float(spearmanr(found, np.arange(len(found)))[0])
    unit["found"] = sum(abs(unit[n]) >= 0.9 - 1e-9 for n in tabular.GRADINGS)
    return unit


# -- credit: probabilities and missing cells --------------------------------


@survey(
    "tabular/temperature-repairs",
    seeds=range(6),
    value=lambda unit: unit["error after"] / unit["error before"],
)
def temperature_repairs(seed):
    """Calibration of a network of 60 epochs before and after a temperature."""
    x, y, train, test = credit_split(seed)
    train, held = train_test_split(
        train, test_size=0.25, stratify=y[train], random_state=seed
    )
    model = tabular.build_table_network(x.shape[1], seed=seed)
    tabular.train_network(model, x[train], y[train], LONG, "logits", seed=seed)
    t = tabular.fit_temperature(tabular.predict_rows(model, x[held]), y[held])
    logits = tabular.predict_rows(model, x[test])
    unit = {"temperature": t, "area": tabular.auc(y[test], logits)}
    for name, z in (("before", logits), ("after", logits / t)):
        p = expit(z)
        unit |= {
            f"error {name}": tabular.expected_calibration_error(p, y[test]),
            f"loss {name}": tabular.logit_loss(z, y[test]),
            f"Brier {name}": float(tabular.brier_score(p, y[test])),
        }
    return unit


@survey(
    "tabular/missing-speaks",
    seeds=range(10),
    value=lambda unit: unit["with"] - unit["without"],
    reduce="standard errors",
)
def missing_speaks(seed):
    """Areas of logistic regression with and without flags."""
    columns, y = tabular.credit_table()
    train, test = train_test_split(
        np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed
    )
    unit = {}
    for name, flags in (("with", True), ("without", False)):
        encoder = tabular.credit_encoder(indicators=flags)
        x = encoder.fit(tabular.rows_of(columns, train)).transform(columns)
        model = LogisticRegression(max_iter=1000).fit(x[train], y[train])
        p = model.predict_proba(x[test])[:, 1]
        unit[name] = tabular.auc(y[test], p)
    return unit


# -- leaks ------------------------------------------------------------------


@survey("tabular/selection-outside", seeds=range(50), reduce="mean")
def selection_outside(seed):
    """Cross-validated error with columns chosen from all rows, or inside."""
    return {
        "outside": tabular.selection_error(seed, inside=False),
        "inside": tabular.selection_error(seed, inside=True),
    }


@survey(
    "tabular/twins-do-not-flatter",
    seeds=range(5),
    value=lambda unit: unit["forest rows"] - unit["forest groups"],
    reduce="mean",
)
def twins_do_not_flatter(seed):
    """Accuracies on phishing pages by random rows and by groups."""
    x, y = tabular.phishing_pages()
    groups = tabular.duplicate_groups(x)
    several = (tabular.label_counts(groups, y) > 0).all(axis=1)[groups]
    unit = {}
    for name, splitter in (
        ("rows", StratifiedKFold(5, shuffle=True, random_state=seed)),
        ("groups", GroupKFold(5, shuffle=True, random_state=seed)),
    ):
        right = {"forest": np.empty(len(y)), "line": np.empty(len(y))}
        for train, test in splitter.split(x, y, groups):
            for kind, model in (
                ("forest", RandomForestClassifier(100, random_state=seed)),
                ("line", LogisticRegression()),
            ):
                model.fit(x[train], y[train])
                right[kind][test] = model.predict(x[test]) == y[test]
        for kind, hits in right.items():
            unit[f"{kind} {name}"] = float(hits.mean())
            unit[f"{kind} {name} clean"] = float(hits[~several].mean())
            unit[f"{kind} {name} conflicted"] = float(hits[several].mean())
    return unit


# -- anomalies --------------------------------------------------------------


AUTOENCODER = Settings(epochs=30, batch_size=128, learning_rate=4e-3)


def shuttle_draw(seed, rows=8000):
    """Return some rows of Shuttle and their labels."""
    found = data.load("shuttle")
    some = np.random.default_rng(seed).choice(len(found.x), rows, False)
    return found.x[some].astype(float), found.anomaly[some].astype(int)


def trained_on_normal_rows(x, y, seed):
    """Return scores of the second half by detectors of normal first rows."""
    half = len(x) // 2
    normal = x[:half][y[:half] == 0]
    mean, scale = normal.mean(axis=0), normal.std(axis=0)
    z = ((x[half:] - mean) / scale).astype("float32")
    train = ((normal - mean) / scale).astype("float32")
    forest = IsolationForest(n_estimators=100, random_state=seed).fit(train)
    model = tabular.build_autoencoder(9, code=3, seed=seed)
    tabular.train_network(model, train, train, AUTOENCODER, seed=seed)
    return {
        "isolation forest": -forest.score_samples(z),
        "auto-encoder": tabular.reconstruction_error(model, z),
        "linear code": tabular.linear_reconstruction_error(train, z),
        "one column": x[half:, 8],
    }


@survey(
    "tabular/forest-beats-lof",
    seeds=range(6),
    value=lambda unit: unit["forest"] - unit["factor"],
    reduce="standard errors",
)
def forest_beats_lof(seed):
    """Areas of detectors on all rows; and of some trained on normal rows."""
    x, y = shuttle_draw(seed)
    forest = IsolationForest(n_estimators=100, random_state=seed).fit(x)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    areas = []
    for neighbours in (30, 100, 300, 1000, 2000):
        factor = LocalOutlierFactor(n_neighbors=neighbours).fit(z)
        areas.append(tabular.auc(y, -factor.negative_outlier_factor_))
    unit = {
        "forest": tabular.auc(y, -forest.score_samples(x)),
        "factor": max(areas),
    }
    later = y[len(y) // 2 :]
    for name, score in trained_on_normal_rows(x, y, seed).items():
        unit[name] = tabular.auc(later, score)
        unit[f"{name} precision"] = tabular.average_precision(later, score)
    return unit
