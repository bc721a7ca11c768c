"""Oracles of topoi.tabular: brute force, fractions, scikit-learn, laws."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.optimize import minimize_scalar
from sklearn import metrics
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from topoi import data, tabular
from topoi.tabular import Settings, TableEncoder

LABELS_AND_SCORES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(-5, 5)), min_size=2, max_size=60
).filter(lambda pairs: len({label for label, _ in pairs}) == 2)


def scored(n=200, seed=0, values=20):
    """Return labels and scores with many ties."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    return y, (rng.normal(size=n) + y).round(1) * values / 20


# -- ranking ----------------------------------------------------------------


def area_by_pairs(y, score):
    """Every positive against every negative; a tie is half a win."""
    wins = [
        (a > b) + 0.5 * (a == b) for a in score[y == 1] for b in score[y == 0]
    ]
    return np.mean(wins)


@given(LABELS_AND_SCORES)
def test_area_is_the_share_of_pairs_in_order(pairs):
    y, score = np.array(pairs).T
    assert tabular.auc(y, score) == pytest.approx(area_by_pairs(y, score))


def test_area_and_curves_are_scikit_learns():
    y, score = scored()
    assert tabular.auc(y, score) == pytest.approx(
        metrics.roc_auc_score(y, score), abs=1e-15
    )
    assert tabular.average_precision(y, score) == pytest.approx(
        metrics.average_precision_score(y, score), abs=1e-15
    )
    theirs = metrics.roc_curve(y, score, drop_intermediate=False)
    for ours, other in zip(tabular.roc_curve(y, score), theirs, strict=True):
        np.testing.assert_allclose(ours, other, atol=1e-15)
    precision, recall, thresholds = metrics.precision_recall_curve(y, score)
    found = tabular.precision_recall(y, score)
    first = np.flatnonzero(thresholds <= found.thresholds[0])[-1]
    assert first == len(thresholds) - 1
    np.testing.assert_allclose(found.precision[::-1], precision[:-1])
    np.testing.assert_allclose(found.recall[::-1], recall[:-1])
    np.testing.assert_allclose(found.thresholds[::-1], thresholds)


@given(LABELS_AND_SCORES)
def test_area_sees_nothing_but_the_order(pairs):
    y, score = np.array(pairs).T
    area = tabular.auc(y, score)
    assert tabular.auc(y, np.exp(score) - 7) == area
    assert tabular.auc(y, -score) == pytest.approx(1 - area)
    assert tabular.auc(1 - y, score) == pytest.approx(1 - area)


@given(LABELS_AND_SCORES)
def test_area_below_the_curve_is_the_area_from_ranks(pairs):
    y, score = np.array(pairs).T
    curve = tabular.roc_curve(y, score)
    area = np.trapezoid(curve.hits, curve.false_alarms)
    assert area == pytest.approx(tabular.auc(y, score))


def test_equal_scores_rank_nothing():
    y = np.array([0, 1, 1, 0, 1])
    assert tabular.auc(y, np.ones(5)) == 0.5
    assert tabular.average_precision(y, np.ones(5)) == 0.6


def test_area_of_two_bells_is_the_closed_form():
    rng = np.random.default_rng(1)
    score = rng.normal(size=200_000)
    y = np.arange(200_000) % 2
    found = tabular.auc(y, score + 1.8 * y)
    assert found == pytest.approx(tabular.binormal_auc(1.8), abs=0.003)
    assert tabular.binormal_auc(0) == 0.5


@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([0, 1], [1.0], r"one shape \(n,\), but have \(2,\) and \(1,\)"),
        ([0, 2], [1.0, 2.0], "other labels than 0 and 1"),
        ([1, 1], [1.0, 2.0], "one label only"),
        ([0, 1], [1.0, np.nan], "score is NaN"),
        ([], [], "one label only|one shape"),
        ([[0, 1]], [[0.0, 1.0]], "one shape"),
    ],
)
@pytest.mark.parametrize(
    "measure", [tabular.auc, tabular.roc_curve, tabular.average_precision]
)
def test_scores_that_cannot_be_ranked_are_refused(measure, y, score, message):
    with pytest.raises(ValueError, match=message):
        measure(np.array(y), np.array(score))


# -- calibration ------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 1)),
        min_size=1,
        max_size=40,
    )
)
def test_brier_parts_add_up_exactly(pairs):
    p = np.array([Fraction(k, 6) for k, _ in pairs], dtype=object)
    y = np.array([Fraction(came) for _, came in pairs], dtype=object)
    parts = tabular.brier_parts(p, y)
    total = parts.reliability - parts.resolution + parts.uncertainty
    assert total == sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(
        pairs
    )
    assert total == tabular.brier_score(p, y)


def test_brier_score_and_loss_are_scikit_learns():
    y, logits = scored()
    p = 1 / (1 + np.exp(-logits))
    assert tabular.brier_score(p, y) == pytest.approx(
        metrics.brier_score_loss(y, p)
    )
    assert tabular.logit_loss(logits, y) == pytest.approx(
        metrics.log_loss(y, p)
    )
    assert tabular.logit_loss(np.array([1000.0, -1000.0]), [1, 0]) == 0


def test_reliability_by_hand():
    p = np.array([0.1, 0.1, 0.15, 0.9, 1.0])
    y = np.array([0, 0, 1, 1, 1])
    found = tabular.reliability(p, y, bins=5)
    assert found.count.tolist() == [3, 2]
    np.testing.assert_allclose(found.forecast, [0.35 / 3, 0.95])
    np.testing.assert_allclose(found.share, [1 / 3, 1])
    error = (3 * (1 / 3 - 0.35 / 3) + 2 * 0.05) / 5
    assert tabular.expected_calibration_error(p, y, 5) == pytest.approx(error)
    assert (found.low < found.share).all()
    assert found.high[1] == pytest.approx(1)


def test_wilson_ends_solve_its_equation():
    """Oracle: the ends q have (share - q)^2 = z^2 q (1 - q) / n."""
    for n in (1, 7, 100):
        for share in (0.0, 0.5, 1.0):
            for q in tabular.wilson_interval(share, n):
                residual = (share - q) ** 2 - 1.96**2 * q * (1 - q) / n
                assert abs(residual) < 1e-12


def test_temperature_is_the_minimum():
    rng = np.random.default_rng(5)
    logits = rng.normal(size=20_000) * 2
    y = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(int)
    found = tabular.fit_temperature(logits, y)
    assert found == pytest.approx(1, abs=0.05)
    other = minimize_scalar(
        lambda t: tabular.logit_loss(logits / t, y), bounds=(0.2, 5)
    )
    assert found == pytest.approx(other.x, abs=1e-3)
    assert tabular.fit_temperature(2 * logits, y) == pytest.approx(2 * found)


@pytest.mark.parametrize(
    ("logits", "y", "message"),
    [
        ([1.0, -1.0], [1, 0], "separate"),
        ([-1.0, 1.0], [1, 0], "no better than chance"),
        ([1.0], [1, 0], "one shape"),
        ([], [], "one shape"),
    ],
)
def test_no_best_temperature_is_said(logits, y, message):
    with pytest.raises(ValueError, match=message):
        tabular.fit_temperature(np.array(logits), np.array(y))


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([0.5, 1.2], [0, 1], "no probability"),
        ([0.5, np.nan], [0, 1], "no probability"),
        ([0.5, 0.5], [0, 3], "other outcomes"),
        ([0.5], [0, 1], "one shape"),
        ([], [], "one shape"),
    ],
)
@pytest.mark.parametrize(
    "measure", [tabular.reliability, tabular.brier_parts, tabular.brier_score]
)
def test_bad_forecasts_are_refused(measure, p, y, message):
    with pytest.raises(ValueError, match=message):
        measure(np.array(p), np.array(y))


# -- encoding ---------------------------------------------------------------


def small_table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    number = rng.normal(size=n)
    number[rng.random(n) < 0.2] = np.nan
    return {
        "a": number,
        "b": rng.exponential(size=n),
        "w": rng.choice(["x", "y", "z"], n),
    }


def test_encoder_is_scikit_learns_pipeline():
    table = small_table()
    train = {name: column[:40] for name, column in table.items()}
    ours = TableEncoder(["a", "b"], ["w"]).fit(train).transform(table)
    theirs = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(strategy="median"),
                                StandardScaler()), [0, 1]),
            ("w", OneHotEncoder(handle_unknown="ignore"), [2]),
        ]
    )  # fmt: skip
    _, words = np.unique(table["w"], return_inverse=True)
    array = np.column_stack([table["a"], table["b"], words])
    expected = theirs.fit(array[:40]).transform(array)
    expected = np.insert(expected, 2, np.isnan(table["a"]), axis=1)
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_encoder_learns_nothing_from_the_rows_it_transforms():
    """Whatever the test rows hold, the training rows look the same."""
    train, test = small_table(seed=1), small_table(seed=2)
    encoder = TableEncoder(["a", "b"], ["w"], logs=["b"]).fit(train)
    before = encoder.transform(train)
    test["b"] *= 1e6
    encoder.transform(test)
    assert encoder.transform(train).tobytes() == before.tobytes()
    features = dict(zip(encoder.names, before.T, strict=True))
    logs = np.log1p(train["b"])
    np.testing.assert_allclose(
        features["b"], (logs - logs.mean()) / logs.std(), atol=1e-6
    )


def test_words_are_one_place_each_and_unknown_ones_none():
    encoder = TableEncoder(words=["w"]).fit({"w": np.array(["x", "y", "x"])})
    assert encoder.names == ["w = x", "w = y"]
    found = encoder.transform({"w": np.array(["y", "other"])})
    assert found.tolist() == [[0, 1], [0, 0]]


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match="Call fit"):
        TableEncoder(["a"]).transform({"a": np.ones(2)})
    with pytest.raises(ValueError, match="no column 'a'; it has"):
        TableEncoder(["a"]).fit({"b": np.ones(2)})
    with pytest.raises(ValueError, match="no number at all"):
        TableEncoder(["a"]).fit({"a": np.full(3, np.nan)})
    with pytest.raises(ValueError, match="negative numbers"):
        TableEncoder(["a"], logs=["a"]).fit({"a": np.array([1.0, -1])})
    with pytest.raises(ValueError, match="are logs, but not numbers"):
        TableEncoder(["a"], logs=["b"])


def test_target_encoding_by_hand():
    words, y = np.array(["u", "u", "v"]), np.array([1, 0, 1])
    encoding = tabular.target_encode(words, y, prior=1.0)
    assert encoding == {"u": (1 + 2 / 3) / 3, "v": (1 + 2 / 3) / 2}
    codes = tabular.encode_by(np.array(["v", "?"]), encoding, 0.25)
    assert codes.tolist() == [encoding["v"], 0.25]
    with pytest.raises(ValueError, match="one shape"):
        tabular.target_encode(words, y[:2])


def test_out_of_fold_codes_do_not_see_their_own_target():
    """Change one target: the codes of its own fold must stay."""
    rng = np.random.default_rng(3)
    words, y = rng.integers(5, size=40), rng.integers(2, size=40)
    folds = list(KFold(4, shuffle=True, random_state=0).split(words))
    before = tabular.out_of_fold_target(words, y, folds)
    changed = y.copy()
    changed[folds[0][1]] = 1 - changed[folds[0][1]]
    after = tabular.out_of_fold_target(words, changed, folds)
    same = before == after
    assert same[folds[0][1]].all()
    assert not same[folds[1][1]].all()
    with pytest.raises(ValueError, match="no test part"):
        tabular.out_of_fold_target(words, y, folds[:2])


# -- groups -----------------------------------------------------------------


def test_groups_by_brute_force():
    rng = np.random.default_rng(2)
    x, y = rng.integers(2, size=(30, 3)), rng.integers(2, size=30)
    groups = tabular.duplicate_groups(x)
    for i in range(30):
        for j in range(30):
            assert (groups[i] == groups[j]) == (x[i] == x[j]).all()
    train, test = np.arange(20), np.arange(20, 30)
    report = tabular.leak_report(x, y, train, test)
    rows = [tuple(row) for row in x]
    assert report.seen == np.mean([rows[i] in rows[:20] for i in test])
    labels = {r: [y[i] for i in range(30) if rows[i] == r] for r in rows}
    assert report.conflicted == sum(len(set(labels[r])) == 2 for r in rows)
    best = sum(max(v.count(0), v.count(1)) for v in labels.values())
    assert report.ceiling == best / 30


def test_phishing_counts_of_the_page():
    x, y = tabular.phishing_pages()
    groups = tabular.duplicate_groups(x)
    assert len(np.unique(groups)) == 625
    folds = GroupKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(x, y, groups):
        report = tabular.leak_report(x, y, train, test)
        assert report == (0.0, 110, 0.9672)
    assert (tabular.label_counts(groups, y) > 0).all(axis=1).sum() == 38


def test_bad_groups_are_refused():
    x, y = np.ones((4, 2)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match="in the training and in the test"):
        tabular.leak_report(x, y, np.array([0, 1]), np.array([1, 2]))
    with pytest.raises(ValueError, match="shape"):
        tabular.duplicate_groups(np.ones(3))
    with pytest.raises(ValueError, match="NaN"):
        tabular.duplicate_groups(np.array([[np.nan, 1.0]]))


# -- leaks ------------------------------------------------------------------


def test_leaks_leak_and_their_repairs_do_not():
    leaky = [tabular.selection_error(s, False) for s in range(3)]
    honest = [tabular.selection_error(s, True) for s in range(3)]
    assert max(leaky) < 0.1 < 0.3 < min(honest)
    leaky = [tabular.target_leak_auc(s, False) for s in range(5)]
    honest = [tabular.target_leak_auc(s, True) for s in range(40)]
    assert min(leaky) > 0.75
    assert abs(np.mean(honest) - 0.5) < 0.02
    found = tabular.epoch_accuracies(np.random.default_rng(0))
    assert found["best on test"].mean() > 0.56
    assert abs(found["best on validation"].mean() - 0.5) < 0.03


def test_best_columns_are_those_of_corrcoef():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(30, 12)), rng.integers(2, size=30)
    size = np.abs(np.corrcoef(x.T, y)[-1, :-1])
    expected = set(np.argsort(-size)[:3])
    assert set(tabular.best_columns(x, y, 3)) == expected


# -- boosting ---------------------------------------------------------------


def regression(seed=0, n=80):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return x, np.sin(2 * x[:, 0]) + 0.3 * x[:, 2] + rng.normal(size=n) / 5


def test_a_stump_is_scikit_learns_tree_of_depth_one():
    x, y = regression()
    ours = tabular.fit_stump(x, y)
    tree = DecisionTreeRegressor(max_depth=1).fit(x, y)
    assert ours.column == tree.tree_.feature[0]
    assert ours.threshold == pytest.approx(tree.tree_.threshold[0])
    np.testing.assert_allclose(ours.predict(x), tree.predict(x))


def test_boosting_is_scikit_learns():
    x, y = regression()
    stumps = tabular.boost(x, y, 30, 0.3)
    ours = tabular.boosted(stumps, x, y.mean(), 0.3)
    theirs = GradientBoostingRegressor(
        n_estimators=30, learning_rate=0.3, max_depth=1, random_state=0
    ).fit(x, y)
    staged = np.array(list(theirs.staged_predict(x)))
    np.testing.assert_allclose(ours, staged, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.floats(0.05, 1.95))
def test_the_training_error_never_rises(seed, rate):
    x, y = regression(seed, 30)
    fits = tabular.boosted(tabular.boost(x, y, 12, rate), x, y.mean(), rate)
    errors = np.mean((fits - y) ** 2, axis=1)
    assert (np.diff(errors) <= 1e-12).all()


def test_bad_boosting_is_refused():
    with pytest.raises(ValueError, match="learning_rate is 2"):
        tabular.boost(np.ones((3, 1)), np.ones(3), 1, 2)
    with pytest.raises(ValueError, match="constant"):
        tabular.fit_stump(np.ones((3, 2)), np.arange(3.0))


# -- isolation --------------------------------------------------------------


def paths_by_recursion(n):
    """Mean depth of a leaf when every gap is as likely to be cut."""
    total = {1: Fraction(0)}
    for m in range(2, n + 1):
        parts = sum(total[i] + total[m - i] for i in range(1, m))
        total[m] = m + parts / Fraction(m - 1)
    return total[n] / n


def test_average_path_is_that_of_random_trees():
    for n in (1, 2, 3, 10, 256):
        assert tabular.average_path(n) == pytest.approx(
            float(paths_by_recursion(n)), abs=1e-12
        )
    assert tabular.average_path(256) == pytest.approx(10.249, abs=1e-3)
    with pytest.raises(ValueError, match="at least one leaf"):
        tabular.average_path(0)


def test_depths_of_three_points_by_hand():
    """Of 0, 1, 10 a cut isolates 10 first with probability 9/10."""
    points = np.array([[0.0], [1.0], [10.0]])
    rng = np.random.default_rng(0)
    depths = np.mean(
        [
            tabular.isolation_depths(points, points, rng, 9)
            for _ in range(2000)
        ],
        axis=0,
    )
    np.testing.assert_allclose(depths, [1.9, 2.0, 1.1], atol=0.04)


def test_forest_ranks_like_scikit_learns():
    shuttle = data.load("shuttle")
    rows = np.random.default_rng(0).choice(len(shuttle.x), 3000, False)
    x, y = shuttle.x[rows].astype(float), shuttle.anomaly[rows]
    ours = tabular.isolation_scores(x, x, np.random.default_rng(1), trees=40)
    forest = IsolationForest(n_estimators=40, random_state=0).fit(x)
    theirs = -forest.score_samples(x)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.93
    assert tabular.auc(y, ours) > 0.98
    assert 0 < ours.min() < ours.max() < 1


def test_bad_rows_for_isolation_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="shapes"):
        tabular.isolation_scores(np.ones((5, 2)), np.ones((5, 3)), rng)
    with pytest.raises(ValueError, match="shapes"):
        tabular.isolation_scores(np.ones((1, 2)), np.ones((5, 2)), rng)


# -- networks ---------------------------------------------------------------


def test_network_is_its_formula():
    x = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")
    model = tabular.build_table_network(4, (5, 3), seed=2)
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    hidden = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0)
    np.testing.assert_allclose(
        tabular.predict_rows(model, x), (hidden @ w3 + b3)[:, 0], atol=1e-5
    )
    again = tabular.build_table_network(4, (5, 3), seed=2)
    assert np.array_equal(again.get_weights()[0], w1)


def test_embedding_is_one_hot_times_a_matrix():
    """Look-up of a code = its one-hot row times the table of vectors."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, 2)).astype("float32")
    codes = rng.integers(4, size=9).astype("int32")
    model = tabular.build_embedding_network(2, [4], size=2, units=(6,), seed=3)
    vectors = tabular.learned_codes(model, 0)
    assert vectors.shape == (4, 2)
    one_hot = np.eye(4)[codes] @ vectors
    plain = tabular.build_table_network(4, (6,))
    plain.set_weights(model.get_weights()[1:])
    np.testing.assert_allclose(
        tabular.predict_rows(model, [x, codes]),
        tabular.predict_rows(plain, np.hstack([x, one_hot]).astype("float32")),
        atol=1e-5,
    )


def test_losses_are_their_formulas():
    y, z = np.float32([[0], [1], [1]]), np.float32([[0.5], [-2], [30]])
    found = {
        name: ops.convert_to_numpy(loss(*map(ops.convert_to_tensor, (y, z))))
        for name, loss in tabular.TABLE_LOSSES.items()
    }
    assert found["squares"] == pytest.approx(np.mean((y - z) ** 2))
    due = tabular.logit_loss(z[:, 0], y[:, 0])
    assert found["logits"] == pytest.approx(due)


def test_training_repeats_and_learns_a_line():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)).astype("float32")
    y = x @ [1.0, -2.0, 0.5]
    runs = []
    for _ in range(2):
        model = tabular.build_table_network(3, (16,), seed=1)
        runs.append(tabular.train_network(model, x, y, Settings(20, 32, 1e-2)))
    assert runs[0] == runs[1]
    assert runs[0][-1] < 0.05 * runs[0][0]


def test_training_that_breaks_says_so():
    x = np.full((8, 2), np.nan, "float32")
    model = tabular.build_table_network(2, (4,))
    with pytest.raises(FloatingPointError, match="no number any more"):
        tabular.train_network(model, x, np.ones(8), Settings(1, 4))
    for wrong in ({"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0}):
        with pytest.raises(ValueError, match="train nothing"):
            Settings(**wrong)


def test_best_linear_code_is_scikit_learns():
    rng = np.random.default_rng(0)
    train, x = rng.normal(size=(50, 6)), rng.normal(size=(20, 6))
    pca = PCA(2).fit(train)
    back = pca.inverse_transform(pca.transform(x))
    np.testing.assert_allclose(
        tabular.linear_reconstruction_error(train, x, 2),
        np.mean((x - back) ** 2, axis=1),
    )


def test_autoencoder_passes_through_its_code():
    model = tabular.build_autoencoder(5, code=2, units=4, seed=0)
    assert [layer.units for layer in model.layers[1:]] == [4, 2, 4, 5]
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    found = ops.convert_to_numpy(model(x))
    np.testing.assert_allclose(
        tabular.reconstruction_error(model, x),
        np.mean((found - x) ** 2, axis=1),
        atol=1e-6,
    )
    assert isinstance(model, keras.Model)


# -- tables -----------------------------------------------------------------


def test_tables_have_the_counts_of_their_cards():
    credit = tabular.credit_table()
    missing = {
        name: int(np.isnan(credit.columns[name]).sum())
        for name in ("income", "assets", "debt")
    }
    assert missing == {"income": 381, "assets": 47, "debt": 18}
    assert credit.y.mean() == pytest.approx(0.2815, abs=1e-4)
    mixtures = tabular.concrete_mixtures()
    assert mixtures.x.shape == (1030, 8)
    assert mixtures.mixture.max() + 1 == 427
    diamonds = tabular.diamonds_table()
    assert len(diamonds.y) == 21_576
    lengths = np.column_stack([diamonds.columns[c] for c in "xyz"])
    assert np.nanmin(lengths) > 1
    assert np.nanmax(lengths) < 20
    assert np.isnan(lengths).sum(axis=0).tolist() == [3, 3, 8]
    some = tabular.rows_of(diamonds.columns, np.array([0, 2]))
    assert {len(column) for column in some.values()} == {2}
    encoder = tabular.credit_encoder().fit(credit.columns)
    assert encoder.incomplete == ["income", "assets", "debt"]


# -- pictures ---------------------------------------------------------------


def test_alarms_are_bayes_rule():
    hits, false, missed, quiet = tabular.alarms(0.01, 1.0)
    assert hits + missed == pytest.approx(100)
    assert false + quiet == pytest.approx(9900)
    assert hits / 100 == pytest.approx(0.7881, abs=1e-4)  # P(Z > -0.8)
    assert false / 9900 == pytest.approx(0.1587, abs=1e-4)  # P(Z > 1)


def test_threshold_figure_shows_its_numbers():
    shown = tabular.explore_threshold()
    html = shown._repr_html_()
    assert "Of 5,000 positives among 10,000" in html
