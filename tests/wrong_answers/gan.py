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

WRONG_ANSWERS = [
    *_BEST,
    *_REVERSAL,
    *_PENALTIES,
    *_FREEZE,
    *_JUDGES,
    *_PENGUINS,
]
