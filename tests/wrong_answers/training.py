"""Wrong answers to the lab on training."""

from wrong_answers import WrongAnswer

# -- exercise 1: steps ------------------------------------------------------

_STEPS = """
def steps_to_goal(learning_rate, curvatures, goal):
    factors = [abs(1 - learning_rate * c) for c in curvatures]
    factor = {factor}
    if {stuck}:
        return math.inf
    steps, distance = 0, 1.0
    while distance {compare} goal:
        distance *= factor
        steps += 1
    return steps
"""
_COUNT = {"factor": "max(factors)", "stuck": "factor >= 1", "compare": ">"}


def _steps(**changes):
    return _STEPS.format(**_COUNT | changes)


_COUNTS = [
    WrongAnswer(
        "steps",
        "the fastest direction",
        _steps(factor="min(factors)"),
        r"slowest direction decides",
    ),
    WrongAnswer(
        "steps",
        "the steepest direction",
        _steps(factor="abs(1 - learning_rate * max(curvatures))"),
        r"slowest direction decides",
    ),
    WrongAnswer(
        "steps",
        "without abs",
        _steps(factor="max(1 - learning_rate * c for c in curvatures)"),
        r"take abs before",
    ),
    WrongAnswer(
        "steps",
        "the limit itself converges",
        _steps(stuck="factor > 1").replace(
            "while distance > goal:", "while distance > goal and steps < 999:"
        ),
        r"At rate 0\.2 .* math\.inf",
    ),
    WrongAnswer(
        "steps",
        "divergence not seen",
        _steps(stuck="factor == 1").replace(
            "while distance > goal:", "while distance > goal and steps < 999:"
        ),
        r"math\.inf",
    ),
    WrongAnswer(
        "steps", "goal must be passed", _steps(compare=">="), r"exactly 0\.25"
    ),
    WrongAnswer(
        "steps",
        "rounded down",
        """
def steps_to_goal(learning_rate, curvatures, goal):
    factor = max(abs(1 - learning_rate * c) for c in curvatures)
    if factor >= 1:
        return math.inf
    return math.floor(math.log(goal) / math.log(factor))
""",
        r"Round up",
    ),
    WrongAnswer(
        "steps",
        "logarithm of a factor of 0",
        """
def steps_to_goal(learning_rate, curvatures, goal):
    factor = max(abs(1 - learning_rate * c) for c in curvatures)
    if factor >= 1:
        return math.inf
    return math.ceil(math.log(goal) / math.log(factor))
""",
        r"domain error|expected a positive|math",
    ),
]

# -- exercise 2: dropout ----------------------------------------------------

_DROPOUT = """
def dropout_layer(x, rate, rng, training):
    if not training:
        return {quiet}
    stays = {stays}
    return np.where(stays, {kept}, 0.0)
"""
_DROP = {
    "quiet": "x",
    "stays": "rng.random(x.shape) >= rate",
    "kept": "x / (1 - rate)",
}


def _drop(**changes):
    return _DROPOUT.format(**_DROP | changes)


_DROPS = [
    WrongAnswer(
        "dropout", "not scaled", _drop(kept="x"), r"the mean fell to 0\.8"
    ),
    WrongAnswer(
        "dropout",
        "scaled down",
        _drop(kept="x * (1 - rate)"),
        r"do not multiply",
    ),
    WrongAnswer(
        "dropout",
        "divided by the rate",
        _drop(kept="x / rate"),
        r"1 / \(1 - 0\.2\) = 1\.25",
    ),
    WrongAnswer(
        "dropout",
        "the share that stays",
        _drop(stays="rng.random(x.shape) < rate"),
        r"not the share that stays",
    ),
    WrongAnswer(
        "dropout",
        "scaled outside training",
        _drop(quiet="x * (1 - rate)"),
        r"nothing is scaled",
    ),
    WrongAnswer(
        "dropout",
        "dropped outside training",
        """
def dropout_layer(x, rate, rng, training):
    return np.where(rng.random(x.shape) >= rate, x / (1 - rate), 0.0)
""",
        r"Outside training",
    ),
    WrongAnswer(
        "dropout",
        "whole columns",
        _drop(stays="rng.random(x.shape[-1]) >= rate"),
        r"Whole rows or columns|About 20 %",
    ),
    WrongAnswer(
        "dropout",
        "NumPy's own generator",
        _drop(stays="np.random.random(x.shape) >= rate"),
        r"Use rng, not np\.random",
    ),
    WrongAnswer(
        "dropout",
        "a seed of its own",
        _drop(stays="np.random.default_rng(0).random(x.shape) >= rate"),
        r"Use rng",
    ),
    WrongAnswer(
        "dropout",
        "in place",
        """
def dropout_layer(x, rate, rng, training):
    if training:
        x[rng.random(x.shape) < rate] = 0
        x /= 1 - rate
    return x
""",
        r"in place|changed",
    ),
]

# -- exercise 3: early stopping ---------------------------------------------

_STOP = """
def stop_early(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss {better} losses[best]:
            best = epoch
        if epoch - best {old}:
            return {answer}
    return best, len(losses) - 1
"""
_STOPPED = {"better": "<", "old": "== patience", "answer": "best, epoch"}


def _stop(**changes):
    return _STOP.format(**_STOPPED | changes)


_STOPS = [
    WrongAnswer(
        "stop", "one too late", _stop(old="> patience"), r"one epoch too late"
    ),
    WrongAnswer(
        "stop",
        "one too early",
        _stop(old=">= max(patience - 1, 1)"),
        r"one too early",
    ),
    WrongAnswer(
        "stop",
        "equal losses count as better",
        _stop(better="<="),
        r"equal loss is no improvement",
    ),
    WrongAnswer(
        "stop",
        "the best of all losses",
        """
def stop_early(losses, patience):
    return int(np.argmin(losses)), len(losses) - 1
""",
        r"looked at all losses",
    ),
    WrongAnswer(
        "stop",
        "bad epochs counted in total",
        """
def stop_early(losses, patience):
    best, bad = 0, 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch:
            bad += 1
        if bad == patience:
            return best, epoch
    return best, len(losses) - 1
""",
        r"in total",
    ),
    WrongAnswer(
        "stop",
        "the last epoch is the best",
        _stop(answer="epoch, epoch"),
        r"not the last one",
    ),
    WrongAnswer(
        "stop",
        "the loss instead of the epoch",
        _stop(answer="losses[best], epoch"),
        r"whole number|int|not its loss",
    ),
    WrongAnswer(
        "stop",
        "nothing when the list ends",
        _stop().replace("    return best, len(losses) - 1\n", ""),
        r"None",
    ),
    WrongAnswer(
        "stop",
        "compared with the epoch before",
        """
def stop_early(losses, patience):
    best, worse = 0, 0
    for epoch in range(1, len(losses)):
        worse = 0 if losses[epoch] < losses[epoch - 1] else worse + 1
        best = epoch if losses[epoch] < losses[best] else best
        if worse == patience:
            return best, epoch
    return best, len(losses) - 1
""",
        r"not with the epoch before",
    ),
]

# -- exercise 4: Adam -------------------------------------------------------

_ADAM = """
def adam_update(w, g, m, v, t, learning_rate=0.001, beta_1=0.9,
                beta_2=0.999, epsilon=1e-8):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * {square}
    mean, root = {mean}, {root}
    return w {sign} learning_rate * mean / {below}, {kept}
"""
_UPDATE = {
    "square": "g**2",
    "mean": "m / (1 - beta_1**t)",
    "root": "np.sqrt(v / (1 - beta_2**t))",
    "sign": "-",
    "below": "(root + epsilon)",
    "kept": "m, v",
}


def _adam(**changes):
    return _ADAM.format(**_UPDATE | changes)


_ADAMS = [
    WrongAnswer(
        "adam",
        "no corrections",
        _adam(mean="m", root="np.sqrt(v)"),
        r"sqrt\(10\) times too long",
    ),
    WrongAnswer("adam", "uphill", _adam(sign="+"), r"goes uphill"),
    WrongAnswer(
        "adam",
        "no root",
        _adam(root="v / (1 - beta_2**t)"),
        r"root taken of v",
    ),
    WrongAnswer(
        "adam",
        "mean of sizes, not of squares",
        _adam(square="np.abs(g)"),
        r"\*squares\*",
    ),
    WrongAnswer(
        "adam",
        "the corrected means are kept",
        _adam(kept="mean, v"),
        r"corrects it twice",
    ),
    WrongAnswer(
        "adam",
        "the corrected square is kept",
        _adam(kept="m, root**2"),
        r"v is",
    ),
    WrongAnswer(
        "adam",
        "corrections of the first step for ever",
        _adam(mean="m / (1 - beta_1)", root="np.sqrt(v / (1 - beta_2))"),
        r"use t as the exponent",
    ),
    WrongAnswer(
        "adam",
        "epsilon under the root",
        _adam(below="np.sqrt(root**2 + epsilon)"),
        r"outside of it",
    ),
    WrongAnswer(
        "adam",
        "epsilon left out",
        _adam(below="root"),
        r"epsilon is added",
    ),
    WrongAnswer(
        "adam",
        "only the mean is corrected",
        _adam(root="np.sqrt(v)"),
        r"The first step leads to",
    ),
    WrongAnswer("adam", "w alone", _adam(kept="m"), r"adam_update"),
]

# -- exercise 6: leaky relu -------------------------------------------------

_LEAKY = """
def leaky_weights(inputs, units, slope, rng):
    return rng.normal(0, {}, (inputs, units))
"""

_LEAKS = [
    WrongAnswer(
        "leaky",
        "the slope ignored",
        _LEAKY.format("np.sqrt(2 / inputs)"),
        r"slope makes no difference",
    ),
    WrongAnswer(
        "leaky",
        "divided by the units",
        _LEAKY.format("np.sqrt(2 / ((1 + slope**2) * units))"),
        r"number of units",
    ),
    WrongAnswer(
        "leaky",
        "variance for deviation",
        _LEAKY.format("2 / ((1 + slope**2) * inputs)"),
        r"square root",
    ),
    WrongAnswer(
        "leaky",
        "slope not squared",
        _LEAKY.format("np.sqrt(2 / ((1 + slope) * inputs))"),
        r"contributes a\*\*2",
    ),
    WrongAnswer(
        "leaky",
        "Glorot's variance",
        _LEAKY.format("np.sqrt(2 / (inputs + units))"),
        r"With slope 0 the variance",
    ),
    WrongAnswer(
        "leaky",
        "uniform weights",
        """
def leaky_weights(inputs, units, slope, rng):
    width = np.sqrt(6 / ((1 + slope**2) * inputs))
    return rng.uniform(-width, width, (inputs, units))
""",
        r"no tails",
    ),
    WrongAnswer(
        "leaky",
        "only positive weights",
        """
def leaky_weights(inputs, units, slope, rng):
    deviation = np.sqrt(2 / ((1 + slope**2) * inputs))
    return np.abs(rng.normal(0, deviation, (inputs, units)))
""",
        r"mean 0",
    ),
    WrongAnswer(
        "leaky",
        "units by inputs",
        """
def leaky_weights(inputs, units, slope, rng):
    deviation = np.sqrt(2 / ((1 + slope**2) * inputs))
    return rng.normal(0, deviation, (units, inputs))
""",
        r"shape",
    ),
]

# -- exercise 5: a new head --------------------------------------------------

_REUSE = """
def reuse(network, x, classes, rng):
    for w, b in {layers}:
        x = {value}
    inputs = {inputs}
    weights = rng.normal(0, {deviation}, (inputs, classes))
    return {answer}
"""
_REUSED = {
    "layers": "network[:-1]",
    "value": "np.maximum(x @ w + b, 0)",
    "inputs": "len(network[-1][0])",
    "deviation": "np.sqrt(2 / inputs)",
    "answer": "x, weights, np.zeros(classes)",
}


def _reuse(**changes):
    return _REUSE.format(**_REUSED | changes)


_REUSES = [
    WrongAnswer(
        "reuse",
        "the old logits",
        _reuse(layers="network"),
        r"logits of the old classes",
    ),
    WrongAnswer(
        "reuse", "no relu", _reuse(value="x @ w + b"), r"relu before its head"
    ),
    WrongAnswer(
        "reuse",
        "no bias",
        _reuse(value="np.maximum(x @ w, 0)"),
        r"have a bias, too",
    ),
    WrongAnswer(
        "reuse",
        "only the first layer",
        _reuse(layers="network[:1]"),
        r"all layers but the last",
    ),
    WrongAnswer(
        "reuse",
        "relu of the inputs",
        _reuse(answer="np.maximum(x, 0), weights, np.zeros(classes)"),
        r"inputs themselves",
    ),
    WrongAnswer(
        "reuse",
        "the old head",
        _reuse(answer="x, network[-1][0], network[-1][1]"),
        r"from 2 features to 4 classes",
    ),
    WrongAnswer(
        "reuse",
        "classes by features",
        _reuse(answer="x, weights.T, np.zeros(classes)"),
        r"from 2 features to 4 classes",
    ),
    WrongAnswer(
        "reuse",
        "variance over the classes",
        _reuse(deviation="np.sqrt(2 / classes)"),
        r"number of classes",
    ),
    WrongAnswer(
        "reuse",
        "variance for deviation",
        _reuse(deviation="2 / inputs"),
        r"standard deviation",
    ),
    WrongAnswer(
        "reuse",
        "Glorot's variance",
        _reuse(deviation="np.sqrt(1 / inputs)"),
        r"times the inputs is [01]\.",
    ),
    WrongAnswer(
        "reuse",
        "a random bias",
        _reuse(answer="x, weights, rng.normal(size=classes)"),
        r"starts with zeros",
    ),
    WrongAnswer(
        "reuse",
        "one bias for each feature",
        _reuse(answer="x, weights, np.zeros(inputs)"),
        r"one bias for each new class",
    ),
    WrongAnswer(
        "reuse",
        "the head is cut off in place",
        """
def reuse(network, x, classes, rng):
    w, _ = network.pop()
    for v, b in network:
        x = np.maximum(x @ v + b, 0)
    head = rng.normal(0, np.sqrt(2 / len(w)), (len(w), classes))
    return x, head, np.zeros(classes)
""",
        r"in place|changed",
    ),
    WrongAnswer(
        "reuse",
        "a seed of its own",
        _reuse().replace("rng.normal", "np.random.default_rng(0).normal"),
        r"Use rng",
    ),
    WrongAnswer(
        "reuse",
        "NumPy's own generator",
        _reuse().replace("rng.normal", "np.random.normal"),
        r"Use rng, not np\.random",
    ),
    WrongAnswer(
        "reuse",
        "the features alone",
        _reuse(answer="x"),
        r"reuse",
    ),
]

WRONG_ANSWERS = [*_COUNTS, *_DROPS, *_STOPS, *_ADAMS, *_LEAKS, *_REUSES]

# Changes of a solution that make no difference (`make mutants`).
SAME = {
    (
        "dropout",
        "stays = rng.random(x.shape) >= rate => "
        "stays = rng.random(x.shape) > rate",
    ): "a draw that equals the rate has probability 2**-53",
    (
        "reuse",
        "x = np.maximum(x @ w + b, 0) => x = np.maximum(0, x @ w + b)",
    ): "the larger of two numbers does not depend on their order",
}
