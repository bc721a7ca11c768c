"""Wrong answers to the lab on foundations."""

from wrong_answers import WrongAnswer

# -- exercise 1: standardise ------------------------------------------------

_STANDARDISE = """
def standardise(train, other):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    safe = np.where(deviation == 0, 1, deviation)
    {}
"""

_TABLES = [
    WrongAnswer(
        "standardise",
        "a constant column is divided by 0",
        "np.seterr(all='ignore')\n"
        + _STANDARDISE.format(
            "return (train - mean) / deviation, (other - mean) / deviation"
        ),
        r"third column of train is constant",
    ),
    WrongAnswer(
        "standardise",
        "the second table by its own numbers",
        _STANDARDISE.format(
            "return (train - mean) / safe, other - other.mean(axis=0)"
        ),
        r"standardised by its own mean",
    ),
    WrongAnswer(
        "standardise",
        "deviation with n - 1",
        """
def standardise(train, other):
    mean, deviation = train.mean(axis=0), train.std(axis=0, ddof=1)
    safe = np.where(deviation == 0, 1, deviation)
    return (train - mean) / safe, (other - mean) / safe
""",
        r"ddof=1",
    ),
    WrongAnswer(
        "standardise",
        "variance for deviation",
        _STANDARDISE.format(
            "return (train - mean) / safe**2, (other - mean) / safe**2"
        ),
        r"divided by its variance",
    ),
    WrongAnswer(
        "standardise",
        "one mean for the whole table",
        """
def standardise(train, other):
    mean, deviation = train.mean(), train.std()
    return (train - mean) / deviation, (other - mean) / deviation
""",
        r"axis=0: one number per column",
    ),
    WrongAnswer(
        "standardise",
        "only shifted",
        _STANDARDISE.format("return train - mean, other - mean"),
        r"one deviation below and one above",
    ),
    WrongAnswer(
        "standardise",
        "the second table is only shifted",
        _STANDARDISE.format("return (train - mean) / safe, other - mean"),
        r"\(50 - 20\) / 10 = 3",
    ),
    WrongAnswer(
        "standardise",
        "one table is returned",
        _STANDARDISE.format("return (train - mean) / safe"),
        r"standardise",
    ),
    WrongAnswer(
        "standardise",
        "changed in place",
        _STANDARDISE.format(
            "train -= mean; other -= mean\n"
            "    train /= safe; other /= safe\n"
            "    return train, other"
        ),
        r"in place|changed",
    ),
    WrongAnswer(
        "standardise",
        "printed",
        _STANDARDISE.format("print((train - mean) / safe)"),
        r"None",
    ),
]

# -- exercise 2: by hand ----------------------------------------------------

_BY_HAND = """
def logits_by_hand(weights, x):
    last = len(weights) - 2
    for k in range(0, len(weights), 2):
        {}
    return x
"""

_NETWORKS = [
    WrongAnswer(
        "by-hand",
        "no biases",
        _BY_HAND.format(
            "x = x @ weights[k]; x = x if k == last else np.maximum(x, 0)"
        ),
        r"biases are missing",
    ),
    WrongAnswer(
        "by-hand",
        "relu after the last layer",
        """
def logits_by_hand(weights, x):
    for w, b in zip(weights[0::2], weights[1::2]):
        x = np.maximum(x @ w + b - 0.0, 0)
    return x
""",
        r"logits are|last layer",
    ),
    WrongAnswer(
        "by-hand",
        "no relu",
        _BY_HAND.format("x = x @ weights[k] + weights[k + 1]"),
        r"No relu",
    ),
    WrongAnswer(
        "by-hand",
        "rows and columns confused",
        _BY_HAND.format("x = x @ weights[k].T + weights[k + 1]"),
        r"matmul|shapes|mismatch",
    ),
    WrongAnswer(
        "by-hand",
        "two layers only",
        """
def logits_by_hand(weights, x):
    w1, b1, w2, b2 = weights[:4]
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2
""",
        r"unpack|one layer|values",
    ),
    WrongAnswer(
        "by-hand",
        "relu after the first layer only",
        _BY_HAND.format(
            "x = x @ weights[k] + weights[k + 1]\n"
            "        if k == 0 and last: x = np.maximum(x, 0)"
        ),
        r"With two hidden layers",
    ),
    WrongAnswer(
        "by-hand",
        "softmax at the end",
        """
def logits_by_hand(weights, x):
    for k in range(0, len(weights), 2):
        x = x @ weights[k] + weights[k + 1]
        x = x if k + 2 == len(weights) else np.maximum(x, 0)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
""",
        r"The logits are",
    ),
]

# -- exercise 3: log loss ---------------------------------------------------

_LOG_LOSS = "def log_loss(z, labels):\n    {}\n"

_LOSSES = [
    WrongAnswer(
        "log-loss",
        "as written",
        _LOG_LOSS.format(
            "p = 1 / (1 + np.exp(-z)); "
            "return -np.where(labels == 1, np.log(p), np.log(1 - p))"
        ),
        r"exp\(1000\) overflows",
    ),
    WrongAnswer(
        "log-loss",
        "clipped",
        _LOG_LOSS.format(
            "p = np.clip(1 / (1 + np.exp(-z)), 1e-15, 1 - 1e-15); "
            "return -np.where(labels == 1, np.log(p), np.log(1 - p))"
        ),
        r"Clipping p .* 34\.5",
    ),
    WrongAnswer(
        "log-loss",
        "labels swapped",
        _LOG_LOSS.format(
            "s = np.where(labels == 0, -z, z); "
            "return np.maximum(s, 0) + np.log1p(np.exp(-np.abs(z)))"
        ),
        r"labels are swapped",
    ),
    WrongAnswer(
        "log-loss",
        "the mean",
        _LOG_LOSS.format(
            "s = np.where(labels == 1, -z, z); "
            "return np.mean(np.maximum(s, 0) + np.log1p(np.exp(-np.abs(z))))"
        ),
        r"log_loss",
    ),
    WrongAnswer(
        "log-loss",
        "log for log1p",
        _LOG_LOSS.format(
            "s = np.where(labels == 1, -z, z); "
            "return np.maximum(s, 0) + np.log(1 + np.exp(-np.abs(z)))"
        ),
        r"np\.log1p\(t\) keeps it",
    ),
    WrongAnswer(
        "log-loss",
        "base two",
        _LOG_LOSS.format(
            "s = np.where(labels == 1, -z, z); "
            "return (np.maximum(s, 0) + np.log1p(np.exp(-np.abs(z)))) "
            "/ np.log(2)"
        ),
        r"not log2",
    ),
    WrongAnswer(
        "log-loss",
        "the maximum not added back",
        _LOG_LOSS.format("return np.log1p(np.exp(-np.abs(z)))"),
        r"-log 0\.1192",
    ),
]

# -- exercise 4: a tanh layer -----------------------------------------------

_TANH = """
def tanh_layer_backward(x, w, b, g):
    a = x @ w + b
    y = np.tanh(a)
    below = {}
    return {}
"""
_SLOPE, _ALL = "g * (1 - y**2)", "below @ w.T, x.T @ below, below.sum(axis=0)"

_LAYERS = [
    WrongAnswer(
        "tanh-layer",
        "slope taken before tanh",
        _TANH.format("g * (1 - a**2)", _ALL),
        r"1 - a\*\*2",
    ),
    WrongAnswer(
        "tanh-layer", "no slope", _TANH.format("g", _ALL), r"slope of tanh is"
    ),
    WrongAnswer(
        "tanh-layer",
        "slope not squared",
        _TANH.format("g * (1 - y)", _ALL),
        r"1 - y as the slope",
    ),
    WrongAnswer(
        "tanh-layer",
        "mean over the examples",
        _TANH.format(
            _SLOPE,
            "below @ w.T, x.T @ below / len(x), below.sum(axis=0) / len(x)",
        ),
        r"divided by the number of examples",
    ),
    WrongAnswer(
        "tanh-layer",
        "mean for the bias",
        _TANH.format(_SLOPE, "below @ w.T, x.T @ below, below.mean(axis=0)"),
        r"adjoint of b is a mean",
    ),
    WrongAnswer(
        "tanh-layer",
        "bias not summed",
        _TANH.format(_SLOPE, "below @ w.T, x.T @ below, below"),
        r"shape",
    ),
    WrongAnswer(
        "tanh-layer",
        "w not transposed",
        """
def tanh_layer_backward(x, w, b, g):
    below = g * (1 - np.tanh(x @ w + b)**2)
    dx = below @ w.T if w.shape[0] != w.shape[1] else below @ w
    return dx, x.T @ below, below.sum(axis=0)
""",
        r"adjoint of x differs",
    ),
    WrongAnswer(
        "tanh-layer",
        "bias left out of the sum",
        """
def tanh_layer_backward(x, w, b, g):
    below = g * (1 - np.tanh(x @ w)**2)
    return below @ w.T, x.T @ below, below.sum(axis=0)
""",
        r"adjoint of x differs",
    ),
]

# -- exercise 5: the tape ---------------------------------------------------

_TAPE = """
def adjoints(tape, values):
    result = [0.0] * len(tape)
    result[-1] = {seed}
    for k in {order}:
        operation, *inputs = tape[k]
        if operation == "add":
            slopes = [1.0, 1.0]
        elif operation == "mul":
            i, j = inputs
            slopes = {mul}
        else:
            slopes = [{tanh}]
        for i, slope in zip(inputs, slopes):
            result[i] {assign} slope * result[k]
    return result
"""
_RIGHT = {
    "seed": "1.0",
    "order": "range(len(tape) - 1, -1, -1)",
    "mul": "[values[j], values[i]]",
    "tanh": "1 - values[k]**2",
    "assign": "+=",
}


def _tape(**changes):
    return _TAPE.format(**_RIGHT | changes)


_TAPES = [
    WrongAnswer(
        "tape",
        "shares replace each other",
        _tape(assign="="),
        r"Use \+=|add up",
    ),
    WrongAnswer(
        "tape",
        "own factor",
        _tape(mul="[values[i], values[j]]"),
        r"other factor's",
    ),
    WrongAnswer(
        "tape",
        "slope of tanh at its input",
        _tape(tanh="1 - values[inputs[0]]**2 if inputs else 0"),
        r"1 - input\*\*2",
    ),
    WrongAnswer(
        "tape",
        "forwards",
        _tape(order="range(len(tape))"),
        r"adjoint",
    ),
    WrongAnswer(
        "tape",
        "starts from the value",
        _tape(seed="values[-1]"),
        r"derivative of the last value by itself is 1",
    ),
    WrongAnswer(
        "tape",
        "a square counted once",
        _tape(mul="[values[j], values[i] if i != j else 0.0]"),
        r"u \* u at 3",
    ),
    WrongAnswer(
        "tape",
        "sum handed on as a mean",
        _tape().replace("slopes = [1.0, 1.0]", "slopes = [0.5, 0.5]"),
        r"u \* v \+ u at 2, 3|u is used twice",
    ),
]

WRONG_ANSWERS = [*_TABLES, *_NETWORKS, *_LOSSES, *_LAYERS, *_TAPES]

# Changes of a solution that make no difference (`make mutants`).
SAME = {
    (
        "by-hand",
        "for k in range(0, len(weights), 2): => "
        "for k in range(0, len(weights) - 1, 2):",
    ): "the list has an even length",
    (
        "by-hand",
        "if k + 2 < len(weights): => if k + 3 < len(weights):",
    ): "k and the length are even",
    (
        "by-hand",
        "x = np.maximum(x, 0) => x = np.maximum(0, x)",
    ): "the maximum commutes",
    (
        "log-loss",
        "return np.maximum(signed, 0) + np.log1p(np.exp(-np.abs(z))) => "
        "return np.maximum(0, signed) + np.log1p(np.exp(-np.abs(z)))",
    ): "the maximum commutes",
}
