"""Wrong answers to the lab on tabular data."""

from wrong_answers import WrongAnswer

# -- exercise 1: encode -----------------------------------------------------

_ENCODE = """
def encode_column(train, rows):
    median = {fill}
    filled = np.where(np.isnan(train), median, train)
    mean, deviation = {mean}, {deviation}
    deviation = {zero}
    missing = {missing}
    number = (np.where(np.isnan(rows), median, rows) - mean) / deviation
    return {returned}
"""
_CELLS = {
    "fill": "np.nanmedian(train)",
    "mean": "filled.mean()",
    "deviation": "filled.std()",
    "zero": "1.0 if deviation == 0 else deviation",
    "missing": "np.isnan(rows)",
    "returned": "np.stack([number, missing.astype(float)], axis=1)",
}


def _encode(**changes):
    return _ENCODE.format(**_CELLS | changes)


_ROWS = "np.where(np.isnan(rows), median, rows)"
_ENCODED = [
    WrongAnswer(
        "encode",
        "flags after filling",
        _encode(missing=f"np.isnan({_ROWS})"),
        r"Look for NaN before you fill",
    ),
    WrongAnswer(
        "encode",
        "flags turned round",
        _encode(missing="~np.isnan(rows)"),
        r"only the first cell",
    ),
    WrongAnswer(
        "encode",
        "the mean fills",
        _encode(fill="np.nanmean(train)"),
        r"filled it with the mean",
    ),
    WrongAnswer(
        "encode",
        "learned from rows",
        _encode(mean=f"{_ROWS}.mean()", deviation=f"{_ROWS}.std()"),
        r"come from rows",
    ),
    WrongAnswer(
        "encode",
        "median of both",
        _encode(fill="np.nanmedian(np.append(train, rows))"),
        r"the median included",
    ),
    WrongAnswer(
        "encode",
        "learned from both",
        """
def encode_column(train, rows):
    both = np.append(train, rows)
    median = np.nanmedian(both)
    both = np.where(np.isnan(both), median, both)
    missing = np.isnan(rows)
    number = (np.where(missing, median, rows) - both.mean()) / both.std()
    return np.stack([number, missing.astype(float)], axis=1)
""",
        r"come from rows",
    ),
    WrongAnswer(
        "encode",
        "present cells only",
        _encode(mean="np.nanmean(train)", deviation="np.nanstd(train)"),
        r"after it was filled",
    ),
    WrongAnswer(
        "encode",
        "variance",
        _encode(deviation="filled.var()"),
        r"divided by the variance",
    ),
    WrongAnswer(
        "encode",
        "deviation with n - 1",
        _encode(deviation="filled.std(ddof=1)"),
        r"The first feature is",
    ),
    WrongAnswer(
        "encode",
        "division by zero",
        _encode(zero="deviation"),
        r"divide by zero|NaN|finite",
    ),
    WrongAnswer(
        "encode",
        "missing cells stay",
        """
def encode_column(train, rows):
    mean, deviation = np.nanmean(train), np.nanstd(train)
    return np.stack([(rows - mean) / deviation, np.isnan(rows)], axis=1)
""",
        r"NaN|finite",
    ),
    WrongAnswer(
        "encode",
        "transposed",
        _encode(returned="np.stack([number, missing.astype(float)])"),
        r"shape",
    ),
]

# -- exercise 2: area -------------------------------------------------------

_RANKS = """
def ranking_area(y, score):
    ranks = np.empty(len(y))
    ranks[np.argsort(score, kind="stable")] = np.arange(len(y)) + {first}
    p, q = np.sum(y == 1), np.sum(y == 0)
    return float((ranks[y == 1].sum() - p * (p + 1) / 2) / (p * q))
"""
_PAIRS = """
def ranking_area(y, score):
    wins = score[y == 1][:, None] {compare} score[y == 0]
    return float(wins.mean())
"""
_AREAS = [
    WrongAnswer(
        "area", "ranks without ties", _RANKS.format(first=1), r"one half"
    ),
    WrongAnswer(
        "area", "ranks from 0", _RANKS.format(first=0), r"Ranks begin at 1"
    ),
    WrongAnswer(
        "area", "ties are nothing", _PAIRS.format(compare=">"), r"not nothing"
    ),
    WrongAnswer(
        "area", "ties are wins", _PAIRS.format(compare=">="), r"count a win"
    ),
    WrongAnswer(
        "area", "turned round", _PAIRS.format(compare="<"), r"turned round"
    ),
    WrongAnswer(
        "area",
        "accuracy at one half",
        """
def ranking_area(y, score):
    return float(np.mean((score > 0.5) == (y == 1)))
""",
        r"perfect ranking has area 1",
    ),
    WrongAnswer(
        "area",
        "scores as whole numbers",
        """
def ranking_area(y, score):
    score = score.astype(int)
    up = score[y == 1][:, None] - score[y == 0]
    return float(np.mean((up > 0) + 0.5 * (up == 0)))
""",
        r"do not round",
    ),
    WrongAnswer(
        "area",
        "first with first",
        """
def ranking_area(y, score):
    a, b = score[y == 1], score[y == 0]
    n = min(len(a), len(b))
    return float(np.mean((a[:n] > b[:n]) + 0.5 * (a[:n] == b[:n])))
""",
        r"one half",
    ),
]

# -- exercise 3: honest -----------------------------------------------------

_HONEST = """
def honest_accuracy(x, y, folds, kept):
    right = []
    for train, test in folds:
        columns = best_columns({see}, kept)
        guess = nearer_mean({model}, x[test][:, columns])
        right.append({right})
    return float({whole})
"""
_PIPE = {
    "see": "x[train], y[train]",
    "model": "x[train][:, columns], y[train]",
    "right": "guess == y[test]",
    "whole": "np.mean(np.concatenate(right))",
}


def _honest(**changes):
    return _HONEST.format(**_PIPE | changes)


_HONESTS = [
    WrongAnswer(
        "honest",
        "the leak stays",
        "honest_accuracy = leaky_accuracy",
        r"leak is still there",
    ),
    WrongAnswer(
        "honest",
        "the scaler is repaired",
        """
def honest_accuracy(x, y, folds, kept):
    x = x[:, best_columns(x, y, kept)]
    right = []
    for train, test in folds:
        mean = x[train].mean(axis=0)
        guess = nearer_mean(x[train] - mean, y[train], x[test] - mean)
        right.append(guess == y[test])
    return float(np.mean(np.concatenate(right)))
""",
        r"leak is still there",
    ),
    WrongAnswer(
        "honest",
        "columns from the test rows",
        _honest(see="x[test], y[test]"),
        r"from the training rows alone",
    ),
    WrongAnswer(
        "honest",
        "means from all rows",
        _honest(model="x[:, columns], y"),
        r"Noise still comes|You return",
    ),
    WrongAnswer(
        "honest",
        "errors instead of hits",
        _honest(right="guess != y[test]"),
        r"you reach",
    ),
    WrongAnswer(
        "honest",
        "mean over folds",
        _honest(
            right="np.mean(guess == y[test])",
            whole="np.mean(right)",
        ),
        r"average over rows",
    ),
    WrongAnswer(
        "honest",
        "the last fold alone",
        _honest(whole="np.mean(right[-1])"),
        r"every tested row",
    ),
    WrongAnswer(
        "honest",
        "the first columns",
        _honest().replace(
            "best_columns(x[train], y[train], kept)", "np.arange(kept)"
        ),
        r"you reach",
    ),
    WrongAnswer(
        "honest",
        "train and test exchanged",
        _honest().replace("for train, test", "for test, train"),
        r"You return|every tested row|you reach|Noise",
    ),
]

# -- exercise 4: twins ------------------------------------------------------

_TWINS = """
def twin_report(x, y, train, test):
    keys = [{key} for row, label in zip(x.tolist(), y.tolist())]
    labels = {{}}
    for n in {counted}:
        labels.setdefault(keys[n], []).append(int(y[n]))
    known = set(keys[n] for n in {known})
    seen = np.mean([keys[n] in known for n in test])
    mixed = [f for f in labels.values() if {mixed}]
    right = sum({best} for f in labels.values())
    total = sum(map(len, labels.values()))
    return float(seen), {conflict}, right / total
"""
_TWIN = {
    "key": "tuple(row)",
    "counted": "range(len(y))",
    "known": "train",
    "mixed": "len(set(f)) > 1",
    "best": "max(f.count(0), f.count(1))",
    "conflict": "sum(map(len, mixed))",
}


def _twins(**changes):
    return _TWINS.format(**_TWIN | changes)


_TWINNED = [
    WrongAnswer(
        "twins",
        "labels count",
        _twins(key="(*row, label)"),
        r"labels do not count",
    ),
    WrongAnswer(
        "twins", "groups counted", _twins(conflict="len(mixed)"), r"Count rows"
    ),
    WrongAnswer(
        "twins",
        "every twin is a conflict",
        _twins(mixed="len(f) > 1"),
        r"twins with one label",
    ),
    WrongAnswer(
        "twins",
        "conflicts are lost",
        _twins(best="len(f) if len(set(f)) == 1 else 0"),
        r"not all lost",
    ),
    WrongAnswer(
        "twins",
        "the test rows alone",
        _twins(counted="test"),
        r"whole table",
    ),
    WrongAnswer(
        "twins",
        "only the split's rows",
        _twins(counted="[*train, *test]"),
        r"whole table",
    ),
    WrongAnswer(
        "twins",
        "seen in the test part too",
        _twins(known="range(len(y))"),
        r"row 5 has none",
    ),
    WrongAnswer(
        "twins",
        "distinct test rows",
        _twins().replace(
            "for n in test", "for n in {keys[n]: n for n in test}.values()"
        ),
        r"Count test rows",
    ),
    WrongAnswer(
        "twins",
        "always the label 1",
        _twins(best="f.count(1)"),
        r"more frequent label|5/6",
    ),
    WrongAnswer(
        "twins",
        "two numbers",
        _twins().replace(", right / total", ""),
        r"twin_report",
    ),
]

# -- exercise 5: temperature ------------------------------------------------

_TEMPERATURE = """
def best_temperature(logits, y):
    wrong_way = np.where(y == 1, -logits, logits)
    grid = {grid}
    losses = [{loss} for t in grid]
    return float({best})
"""
_FIT = {
    "grid": "np.geomspace(0.05, 20, 1201)",
    "loss": "np.logaddexp(0, wrong_way / t).mean()",
    "best": "grid[np.argmin(losses)]",
}


def _temperature(**changes):
    return _TEMPERATURE.format(**_FIT | changes)


_TEMPERATURES = [
    WrongAnswer(
        "temperature",
        "multiplied",
        _temperature(loss="np.logaddexp(0, wrong_way * t).mean()"),
        r"not multiplied",
    ),
    WrongAnswer(
        "temperature",
        "the labels exchanged",
        _temperature(loss="np.logaddexp(0, -wrong_way / t).mean()"),
        r"each in its place",
    ),
    WrongAnswer(
        "temperature",
        "squares instead of logarithms",
        _temperature(loss="np.mean((1 / (1 + np.exp(-wrong_way / t))) ** 2)"),
        r"not a square",
    ),
    WrongAnswer(
        "temperature",
        "a coarse grid",
        _temperature(grid="np.linspace(0.5, 20, 40)"),
        r"fine enough|reach down|Twice",
    ),
    WrongAnswer(
        "temperature",
        "a grid that begins at 1",
        _temperature(grid="np.geomspace(1, 20, 1201)"),
        r"reach down",
    ),
    WrongAnswer(
        "temperature",
        "a grid that ends at 5",
        _temperature(grid="np.geomspace(0.05, 5, 1201)"),
        r"Twice the logits",
    ),
    WrongAnswer(
        "temperature",
        "overflow",
        """
def best_temperature(logits, y):
    grid = np.geomspace(0.05, 20, 1201)
    with np.errstate(over="ignore", invalid="ignore"):
        losses = [
            np.mean(
                y * np.log(1 + np.exp(-logits / t))
                + (1 - y) * np.log(1 + np.exp(logits / t))
            )
            for t in grid
        ]
    return float(grid[np.argmin(losses)])
""",
        r"logaddexp",
    ),
    WrongAnswer(
        "temperature",
        "the deviation of the logits",
        """
def best_temperature(logits, y):
    return float(logits.std())
""",
        r"not the minimum",
    ),
]

WRONG_ANSWERS = [
    *_ENCODED,
    *_AREAS,
    *_HONESTS,
    *_TWINNED,
    *_TEMPERATURES,
]

# Changes of a solution that make no difference (`make mutants`).
_ROWS_ZIPPED = "for row, label in zip(x.tolist(), y.tolist(), strict=True):"
_GRID = "grid = np.geomspace(0.05, 20, 1201)"
_LOSSES = "losses = [np.logaddexp(0, wrong_way / t).mean() for t in grid]"
SAME = {
    (
        "twins",
        _ROWS_ZIPPED + " => for row, label in zip(x.tolist(), y.tolist()):",
    ): "x and y have the same length",
    (
        "twins",
        _ROWS_ZIPPED + " => " + _ROWS_ZIPPED.replace("True", "False"),
    ): "x and y have the same length",
    (
        "twins",
        "right += max(ones, zeros) => right += max(zeros, ones)",
    ): "the maximum does not mind the order",
    (
        "temperature",
        f"{_GRID} => grid = np.geomspace(0.05, 21, 1201)",
    ): "the minimum of a longer grid is the same within 1 %",
    (
        "temperature",
        f"{_GRID} => grid = np.geomspace(0.05, 20, 1202)",
    ): "one more point moves the grid by less than 1 %",
    (
        "temperature",
        f"{_GRID} => grid = np.geomspace(0.05, 20, 1200)",
    ): "one point less moves the grid by less than 1 %",
    (
        "temperature",
        f"{_LOSSES} => {_LOSSES.replace('.mean', '.sum')}",
    ): "a sum has its minimum where the mean has it",
    (
        "temperature",
        f"{_LOSSES} => "
        + _LOSSES.replace("0, wrong_way / t", "wrong_way / t, 0"),
    ): "logaddexp is symmetric",
}
