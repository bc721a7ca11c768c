"""Wrong answers to the lab on adversarial networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: the best discriminator -------------------------------------

_VALUE = """
def value_at_best(p, q, dx):
    d = best_discriminator(p, q)
    real = np.where(p > 0, p * {log}(np.where(p > 0, d, 1)), 0)
    fake = np.where(q > 0, q * {log}(np.where(q > 0, 1 - d, 1)), 0)
    return float({result})
"""

_BEST = [
    WrongAnswer(
        "best",
        "log to base 2",
        _VALUE.format(log="np.log2", result="np.sum(real + fake) * dx"),
        r"log2 instead of the natural",
    ),
    WrongAnswer(
        "best",
        "twice the divergence, without log 4",
        _VALUE.format(
            log="np.log", result="np.sum(real + fake) * dx + np.log(4)"
        ),
        r"2 JS alone; subtract log 4",
    ),
    WrongAnswer(
        "best",
        "sum instead of integral",
        _VALUE.format(log="np.log", result="np.sum(real + fake)"),
        r"a sum is no integral yet",
    ),
    WrongAnswer(
        "best",
        "mean of the two players",
        _VALUE.format(log="np.log", result="np.sum(real + fake) * dx / 2"),
        r"on the shared half both earn log 1/2",
    ),
    WrongAnswer(
        "best",
        "probability of being forged",
        """
def best_discriminator(p, q):
    total = p + q
    return np.where(total > 0, q / np.where(total > 0, total, 1), 0.5)
""",
        r"your D\* is q / \(p \+ q\)",
    ),
    WrongAnswer(
        "best",
        "nothing said where nothing is",
        """
def best_discriminator(p, q):
    return p / np.maximum(p + q, 1e-12)
""",
        r"D\* should be 1/2",
    ),
    WrongAnswer(
        "best",
        "0 log 0",
        """
def value_at_best(p, q, dx):
    d = best_discriminator(p, q)
    with np.errstate(all="ignore"):
        return float(np.sum(p * np.log(d) + q * np.log(1 - d)) * dx)
""",
        r"0 log 0 must count as 0",
    ),
]

# -- exercise 2: gradient reversal ------------------------------------------

_REVERSE = "def reverse(x):\n    return {}\n"

_REVERSAL = [
    WrongAnswer(
        "reversal",
        "sign of the value changed",
        _REVERSE.format("-x"),
        r"you changed the forward pass",
    ),
    WrongAnswer(
        "reversal",
        "stop_gradient of -x",
        _REVERSE.format("ops.stop_gradient(-x)"),
        r"The derivative is 0",
    ),
    WrongAnswer(
        "reversal",
        "nothing but stop_gradient",
        _REVERSE.format("ops.stop_gradient(x)"),
        r"The derivative is 0",
    ),
    WrongAnswer(
        "reversal",
        "the identity",
        _REVERSE.format("1 * x"),
        r"The derivative is \+1",
    ),
    WrongAnswer(
        "reversal",
        "twice too much",
        _REVERSE.format("3 * ops.stop_gradient(x) - 2 * x"),
        r"The derivative is -2\.0, not -1",
    ),
]

# -- exercise 3: the gradient penalty ---------------------------------------

_PENALTY = """
def penalty(critic, real, fake, rng):
    mix = rng.random({mix}).astype("float32")
    gradient = input_gradient(critic, {at})
    axes = {axes}
    norms = ops.sqrt(ops.sum(gradient**2, axis=axes) + {guard})
    return {result}
"""
_RIGHT = {
    "mix": "(len(real),) + (1,) * (real.ndim - 1)",
    "at": "mix * real + (1 - mix) * fake",
    "axes": "tuple(range(1, real.ndim))",
    "guard": "1e-12",
    "result": "ops.mean((norms - 1) ** 2)",
}


def _penalty(name: str, message: str, **wrong: str) -> WrongAnswer:
    code = _PENALTY.format(**_RIGHT | wrong)
    return WrongAnswer("penalty", name, code, message)


_PENALTIES = [
    _penalty(
        "norm over the batch as well",
        r"The norm runs over the batch as well",
        axes="tuple(range(real.ndim))",
    ),
    _penalty(
        "square forgotten",
        r"You forgot the square",
        result="ops.mean(ops.abs(norms - 1))",
    ),
    _penalty(
        "real samples only",
        r"You look at the real samples only",
        at="real",
    ),
    _penalty("forgeries only", r"You look at forgeries only", at="fake"),
    _penalty(
        "one number for the batch",
        r"One number for the whole batch",
        mix="(1,) * real.ndim",
    ),
    _penalty(
        "one number per pixel",
        r"one number per pixel leaves the segment",
        mix="real.shape",
    ),
    _penalty(
        "no guard under the root",
        r"A flat critic gets the gradient NaN",
        guard="0.0",
    ),
    _penalty(
        "a penalty on every slope",
        r"For f = 3 x_1: [89]\.\d+, but 4 is due",
        result="ops.mean(norms**2)",
    ),
]

# -- exercise 4: a game that cheats -----------------------------------------

_STEPS = """
def make_steps(generator, critic):
    losses = gan.LOSSES["logistic"]
    both = generator.variables + critic.variables
    trainable = generator.trainable_variables + critic.trainable_variables
    shared = keras.optimizers.Adam(1e-3)

    def critic_loss(real, z):
        return losses.critic(critic(real), critic(generator(z)))

    def generator_loss(z):
        return losses.generator(critic(generator(z)))

    def step(loss, variables, state=both, optimizer=None):
        optimizer = optimizer or keras.optimizers.Adam(1e-3)
        return make_step(loss, optimizer, variables, state)

    g, d = generator.trainable_variables, critic.trainable_variables
    return {}
"""

_FREEZE = [
    WrongAnswer(
        "freeze",
        "the generator's step trains everything",
        _STEPS.format("step(critic_loss, d), step(generator_loss, trainable)"),
        r"improves its loss by spoiling the judge",
    ),
    WrongAnswer(
        "freeze",
        "the critic's step trains everything",
        _STEPS.format("step(critic_loss, trainable), step(generator_loss, g)"),
        r"critic_step also changes the generator",
    ),
    WrongAnswer(
        "freeze",
        "lists exchanged",
        _STEPS.format("step(critic_loss, g), step(generator_loss, d)"),
        r"the lists are exchanged",
    ),
    WrongAnswer(
        "freeze",
        "opponent not declared",
        _STEPS.format("step(critic_loss, d, ()), step(generator_loss, g, ())"),
        r"pass the opponent's variables as `state`",
    ),
    WrongAnswer(
        "freeze",
        "one optimiser for both",
        _STEPS.format(
            "step(critic_loss, d, both, shared), "
            "step(generator_loss, g, both, shared)"
        ),
        r"Two steps share one optimiser",
    ),
]

# -- exercise 5: two judges -------------------------------------------------

_DISTANCE = """
def feature_distance(a, b):
    s_a, s_b = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(s_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ s_b @ root)
    cross = {cross}
    gap = {gap}
    return float(gap + np.trace(s_a) + np.trace(s_b) - {factor} * cross)
"""
_PARTS = {
    "cross": "np.sqrt(np.maximum(inner, 0)).sum()",
    "gap": "np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)",
    "factor": "2",
}
_COVERAGE = """
def covered_share(real, fake, k=5):
    def distances(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=2)

    radii = np.sort(distances(real, real), axis=1)[:, {k}]
    return float({result})
"""
_COVERED = "np.mean(distances(real, fake).min(axis=1) <= radii)"

_JUDGES = [
    WrongAnswer(
        "judges",
        "factor 2 forgotten",
        _DISTANCE.format(**_PARTS | {"factor": "1"}),
        r"is the factor 2 there",
    ),
    WrongAnswer(
        "judges",
        "outer root forgotten",
        _DISTANCE.format(**_PARTS | {"cross": "inner.sum()"}),
        r"and the outer root",
    ),
    WrongAnswer(
        "judges",
        "distance of the means not squared",
        _DISTANCE.format(
            **_PARTS
            | {"gap": "np.linalg.norm(a.mean(axis=0) - b.mean(axis=0))"}
        ),
        r"distance of the means is squared",
    ),
    WrongAnswer(
        "judges",
        "variances of the columns alone",
        _DISTANCE.format(
            **_PARTS | {"cross": "np.sqrt(np.diag(s_a) * np.diag(s_b)).sum()"}
        ),
        r"not the root of its entries or of its diagonal",
    ),
    WrongAnswer(
        "judges",
        "the sample counted as its own neighbour",
        _COVERAGE.format(k="k - 1", result=_COVERED),
        r"The nearest sample to itself is itself",
    ),
    WrongAnswer(
        "judges",
        "one radius for all",
        _COVERAGE.format(
            k="k", result=_COVERED.replace("radii", "radii.max()")
        ),
        r"with a radius for each",
    ),
    WrongAnswer(
        "judges",
        "density instead of coverage",
        _COVERAGE.format(
            k="k",
            result="np.mean([min(n, len(fake)) if len(fake) > 6 else n > 0 "
            "for n in (distances(real, fake) <= radii[:, None]).sum(axis=1)])",
        ),
        r"you count forgeries",
    ),
]

# -- exercise 6: invented penguins ------------------------------------------

_ROWS = """
def draw_rows(labels, rng):
    noise = {noise}
    z = np.concatenate([noise, {asked}], axis=1)
    return game.sample(z.astype("float32")){cut}
"""
_DRAWN = {
    "noise": "rng.normal(size=(len(labels), 8))",
    "asked": "np.eye(3)[labels]",
    "cut": "[:, :4]",
}
_SCORE = """
def synthetic_accuracy(draw, x_test, y_test, rng):
    labels = np.repeat(np.arange(3), 100)
    rows = draw(labels, rng)
    model = LogisticRegression(max_iter=1000).fit({fit})
    return float(model.score({score}))
"""

_PENGUINS = [
    WrongAnswer(
        "penguins",
        "species left in the rows",
        _ROWS.format(**_DRAWN | {"cut": ""}),
        r"cut off the three numbers of the species",
    ),
    WrongAnswer(
        "penguins",
        "the same latent point for all",
        _ROWS.format(**_DRAWN | {"noise": "np.zeros((len(labels), 8))"}),
        r"All rows of a species are equal",
    ),
    WrongAnswer(
        "penguins",
        "labels ignored",
        _ROWS.format(
            **_DRAWN | {"asked": "rng.normal(size=(len(labels), 3))"}
        ),
        r"Do the last three latent numbers carry the label",
    ),
    WrongAnswer(
        "penguins",
        "tested on invented rows",
        _SCORE.format(fit="rows, labels", score="rows, labels"),
        r"score the model on the rows that you are given",
    ),
    WrongAnswer(
        "penguins",
        "trained on real rows",
        _SCORE.format(fit="x_train, y_train", score="x_test, y_test"),
        r"did you train on real ones",
    ),
]

# -- slips of the usual kinds ------------------------------------------------

_SLIPS = [
    WrongAnswer(
        "best",
        "D* printed",
        "def best_discriminator(p, q):\n    print(p)\n",
        r"returned None",
    ),
    WrongAnswer(
        "best",
        "D* as a list",
        """
def best_discriminator(p, q):
    return [a / (a + b) if a + b else 0.5 for a, b in zip(p, q)]
""",
        r"a list of 3000, but an array of shape \(3000,\) is due",
    ),
    WrongAnswer(
        "best",
        "a small number below the fraction",
        """
def best_discriminator(p, q):
    return np.where(p + q > 0, p / (p + q + 1e-9), 0.5)
""",
        r"Nothing may be added below the fraction",
    ),
    WrongAnswer(
        "best",
        "the value of the real samples twice",
        """
def value_at_best(p, q, dx):
    d = best_discriminator(p, q)
    return float(2 * (p[p > 0] @ np.log(d[p > 0])) * dx)
""",
        r"Each player weighs the logarithm by its own density",
    ),
    WrongAnswer(
        "best",
        "a value at each point",
        """
def value_at_best(p, q, dx):
    d = np.clip(best_discriminator(p, q), 1e-12, 1 - 1e-12)
    return (p * np.log(d) + q * np.log(1 - d)) * dx
""",
        r"an array of shape \(3000,\), but a number is due",
    ),
    WrongAnswer(
        "best",
        "densities normalised in place",
        """
def value_at_best(p, q, dx, right=value_at_best):
    value = right(p, q, dx)
    p /= p.sum() * dx * 2
    return value
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "reversal",
        "nothing returned",
        "def reverse(x):\n    2 * ops.stop_gradient(x) - x\n",
        r"reverse returned None",
    ),
    WrongAnswer(
        "reversal",
        "one number",
        _REVERSE.format("ops.sum(2 * ops.stop_gradient(x) - x)"),
        r"shape \(100,\)",
    ),
    _penalty(
        "slopes above one only",
        r"Slopes below 1 cost as well",
        result="ops.mean(ops.maximum(norms - 1, 0) ** 2)",
    ),
    _penalty(
        "one penalty a sample",
        r"shape \(4000,\), but shape \(\) is due",
        result="(norms - 1) ** 2",
    ),
    _penalty(
        "nothing returned",
        r"returned None",
        result="None",
    ),
    WrongAnswer(
        "penalty",
        "other random numbers than those of rng",
        _PENALTY.format(**_RIGHT).replace(
            "rng.random(", "np.random.default_rng().random("
        ),
        r"draw the mixing numbers from rng",
    ),
    WrongAnswer(
        "freeze",
        "one step only",
        _STEPS.format("step(critic_loss, d)"),
        r"but 2 values, as in `return a, b`",
    ),
    WrongAnswer(
        "freeze",
        "the critic climbs",
        _STEPS.format(
            "step(lambda real, z: -critic_loss(real, z), d), "
            "step(generator_loss, g)"
        ),
        r"steps of the critic raise its loss",
    ),
    WrongAnswer(
        "freeze",
        "the generator learns from the critic's loss",
        _STEPS.format(
            "step(critic_loss, d), step(lambda z: -generator_loss(z), g)"
        ),
        r"steps of the generator raise its loss",
    ),
    WrongAnswer(
        "freeze",
        "networks instead of steps",
        "def make_steps(generator, critic):\n    return [1, 2]\n",
        r"first of the 2 values is the number 1, but a function is due",
    ),
    WrongAnswer(
        "judges",
        "the distance printed",
        "def feature_distance(a, b):\n    print(0.0)\n",
        r"returned None",
    ),
    WrongAnswer(
        "judges",
        "covariances divided by n",
        """
def feature_distance(a, b, right=feature_distance):
    ra = a.mean(0) + (a - a.mean(0)) * (1 - 1 / len(a)) ** 0.5
    rb = b.mean(0) + (b - b.mean(0)) * (1 - 1 / len(b)) ** 0.5
    return right(ra, rb)
""",
        r"np.cov divides by n - 1",
    ),
    WrongAnswer(
        "judges",
        "NaN from negative eigenvalues",
        _DISTANCE.format(**_PARTS | {"cross": "np.nan * inner.sum()"}),
        r"returned NaN",
    ),
    WrongAnswer(
        "judges",
        "the rim left out",
        _COVERAGE.format(k="k", result=_COVERED.replace("<=", "<")),
        r"a forgery at exactly the radius is within it|Real samples cover",
    ),
    WrongAnswer(
        "judges",
        "the nearest sample whatever k is",
        _COVERAGE.format(k="1", result=_COVERED),
        r"third \*other\* real sample",
    ),
    WrongAnswer(
        "judges",
        "which samples are covered",
        _COVERAGE.format(
            k="k", result="0) or (distances(real, fake).min(1) <= radii"
        ),
        r"an array of shape \(6,\), but a number is due",
    ),
    WrongAnswer(
        "judges",
        "samples centred in place",
        """
def feature_distance(a, b, right=feature_distance):
    value = right(a, b)
    a -= a.mean(axis=0)
    return value
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "penguins",
        "percent",
        """
def synthetic_accuracy(draw, x_test, y_test, rng, right=synthetic_accuracy):
    return 100 * right(draw, x_test, y_test, rng)
""",
        r"a share lies between 0 and 1\. Percent",
    ),
    WrongAnswer(
        "penguins",
        "100 rows in all",
        _SCORE.format(fit="rows, labels", score="x_test, y_test").replace(
            "np.repeat(np.arange(3), 100)", "np.arange(100) % 3"
        ),
        r"You drew \[34, 33, 33\] rows",
    ),
    WrongAnswer(
        "penguins",
        "the model instead of its accuracy",
        """
def synthetic_accuracy(draw, x_test, y_test, rng):
    labels = np.repeat(np.arange(3), 100)
    return LogisticRegression(max_iter=1000).fit(draw(labels, rng), labels)
""",
        r"but a number is due",
    ),
    WrongAnswer(
        "penguins",
        "rows not returned",
        "def draw_rows(labels, rng):\n    print(len(labels))\n",
        r"returned None",
    ),
    WrongAnswer(
        "penguins",
        "other random numbers than those of rng",
        _ROWS.format(
            **_DRAWN
            | {
                "noise": _DRAWN["noise"].replace(
                    "rng", "np.random.default_rng()"
                )
            }
        ),
        r"draw from rng",
    ),
]

WRONG_ANSWERS = [
    *_BEST,
    *_REVERSAL,
    *_PENALTIES,
    *_FREEZE,
    *_JUDGES,
    *_PENGUINS,
    *_SLIPS,
]

# Changes of a solution that make no difference (`make mutants`).
_STEP = (
    "return tuple((make_step(loss, keras.optimizers.Adam({rate}), "
    "player.trainable_variables, state=both) for loss, player in "
    "((critic_loss, critic), (generator_loss, generator))))"
)
_NORMS = "norms = ops.sqrt(ops.sum(gradient ** 2, axis=axes) + 1e-12)"
_ROOT = "root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T"
_CROSS = "cross = np.sqrt(np.maximum(inner, 0)).sum()"
_RADII = "radii = np.sort(distances(real), axis=1)[:, k]"
_MODEL = "model = LogisticRegression(max_iter=1000)"
_FREE = "the fit has converged long before"
SAME = {
    (
        "penalty",
        f"{_NORMS} => {_NORMS.replace('1e-12', '2e-12')}",
    ): "both are far below what is left of float32",
    (
        "freeze",
        f"{_STEP.format(rate='0.001')} => {_STEP.format(rate='0.002')}",
    ): "the learning rate is free",
    (
        "judges",
        f"{_ROOT} => {_ROOT.replace('values, 0', '0, values')}",
    ): "the maximum does not mind the order",
    (
        "judges",
        f"{_CROSS} => {_CROSS.replace('inner, 0', '0, inner')}",
    ): "the maximum does not mind the order",
    (
        "judges",
        f"{_RADII} => {_RADII.replace(', axis=1', '')}",
    ): "the last axis is number 1, and is sorted by default",
    **{
        ("penguins", f"{_MODEL} => model = LogisticRegression({other})"): _FREE
        for other in ("", "max_iter=1001", "max_iter=999")
    },
}
