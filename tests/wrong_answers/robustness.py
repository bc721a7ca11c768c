"""Wrong answers to the lab on robustness."""

from wrong_answers import WrongAnswer

# -- exercise 1: the nearest class ------------------------------------------

_STEP = """
def shortest_step(weights, bias, x, norm=2):
    logits = x @ weights + bias
    own = logits.argmax()
    others = [k for k in range(len(bias)) if k != own]
    gaps = logits[own] - logits[others]
    v = (weights.T - {own})[others]
    dual = {dual}
    length = {length}
    k = ({key}).argmin()
    if norm == 2:
        return {step}
    return gaps[k] / length[k] * np.sign(v[k])
"""
_RIGHT_STEP = {
    "own": "weights[:, own]",
    "dual": "2 if norm == 2 else 1",
    "length": "np.linalg.norm(v, dual, axis=1)",
    "key": "gaps / length",
    "step": "gaps[k] / length[k] ** 2 * v[k]",
}


def _step(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _STEP.format(**(_RIGHT_STEP | mistake))
    return WrongAnswer("nearest", name, code, message)


_NEAREST = [
    _step("the smallest gap", r"has the smallest gap", key="gaps"),
    _step("the own slope forgotten", r"use w_k - w_own", own="0"),
    _step(
        "divided once",
        r"Divide by the square",
        step="gaps[k] / length[k] * v[k]",
    ),
    _step(
        "the wrong sign",
        r"walked away",
        step="-gaps[k] / length[k] ** 2 * v[k]",
    ),
    _step("Euclidean norm for both", r"you went to class 1", dual="2"),
    _step(
        "largest modulus",
        r"you (went to class 1|divided by the largest)",
        dual="2 if norm == 2 else np.inf",
    ),
    _step(
        "nearest by the Euclidean norm",
        r"you went to class 1",
        key="gaps / np.linalg.norm(v, axis=1)",
    ),
    WrongAnswer(
        "nearest",
        "a list",
        "def shortest_step(weights, bias, x, norm=2):\n    return [0.0, 1.25]",
        r"returned a list",
    ),
]

# -- exercise 2: DeepFool for a batch ---------------------------------------

_BATCH = """
def deepfool(logits, jacobian, x, eta=0.02, max_iter=20):
    r = np.zeros_like(x)
    start = logits(x).argmax(axis=1)
    active = np.arange(len(x))
    for _ in range(max_iter):
        at = {at}
        f, slope = logits(at), jacobian(at)
        {change}
        for i, n in enumerate(active):
            own = {own}
            gaps = f[i] - f[i, own]
            v = slope[i] - slope[i, own]
            length = np.linalg.norm(v, axis=1)
            length[own] = 1
            distance = {distance}
            distance[own] = np.inf
            k = distance.argmin()
            r[n] {add} np.abs(gaps[k]) * v[k] / length[k] ** 2
        moved = {test}
        keep = logits(moved).argmax(axis=1) == start[active]
        {rest}
        if {stop}:
            break
    return {result}
"""
_RIGHT_BATCH = {
    "at": "x[active] + r[active]",
    "change": "pass",
    "own": "start[n]",
    "distance": "np.abs(gaps) / length",
    "add": "+=",
    "test": "x[active] + (1 + eta) * r[active]",
    "rest": "active = active[keep]",
    "stop": "len(active) == 0",
    "result": "(1 + eta) * r",
}


def _batch(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _BATCH.format(**(_RIGHT_BATCH | mistake))
    return WrongAnswer("deepfool", name, code, message)


_DEEPFOOL = [
    _batch("no overshoot in the result", r"sum of the steps", result="r"),
    _batch(
        "finished examples move on",
        r"(finished\s+examples go on moving|keep their class)",
        rest="pass",
        stop="not keep.any()",
    ),
    _batch(
        "the class of the moment",
        r"(class of the\s+\*start\*|times as long|class of the start)",
        own="f[i].argmax()",
        rest="pass",
        stop="False",
    ),
    _batch(
        "the smallest gap",
        r"times as long",
        distance="np.abs(gaps)",
    ),
    _batch(
        "probabilities",
        r"(logits rather than probabilities|Some changes|keep their class)",
        change=(
            "p = np.exp(f - f.max(1, keepdims=True)); "
            "p /= p.sum(1, keepdims=True); "
            "slope = p[..., None] * (slope - np.einsum('nc,nci->ni', p, "
            "slope)[:, None]); f = p"
        ),
    ),
    _batch(
        "the authors' other form",
        r"linearise at x \+ r",
        at="x[active] + (1 + eta) * r[active]",
    ),
    _batch("steps do not add up", r"keep their class|No class", add="="),
    _batch("always from the start", r"(long|length)", at="x[active]"),
    WrongAnswer(
        "deepfool",
        "max_iter ignored",
        _BATCH.format(**_RIGHT_BATCH).replace("range(max_iter)", "range(20)"),
        r"max_iter=1 allows one",
    ),
    WrongAnswer(
        "deepfool",
        "eta ignored",
        _BATCH.format(**_RIGHT_BATCH).replace("(1 + eta)", "1.02"),
        r"eta is not used",
    ),
    WrongAnswer(
        "deepfool",
        "one example only",
        """
right_deepfool = deepfool
def deepfool(logits, jacobian, x, eta=0.02, max_iter=20):
    return right_deepfool(logits, jacobian, x[:1], eta, max_iter)[0]
""",
        r"One change an example",
    ),
]

# -- exercise 3: how strong is the sign step? -------------------------------

_MEASURE = [
    WrongAnswer(
        "measure",
        "ratio of means",
        """
def rho(r, x):
    size = [np.linalg.norm(a, axis=1).mean() for a in (r, x)]
    return size[0] / size[1]
""",
        r"a ratio of\s+means",
    ),
    WrongAnswer(
        "measure",
        "sum for mean",
        """
def rho(r, x):
    return float(sum(np.linalg.norm(r, axis=1) / np.linalg.norm(x, axis=1)))
""",
        r"Divide by the number",
    ),
    WrongAnswer(
        "measure",
        "moduli",
        """
def rho(r, x):
    return float(np.mean(abs(r).sum(1) / abs(x).sum(1)))
""",
        r"You added moduli",
    ),
    WrongAnswer(
        "measure",
        "norm of the batch",
        """
def rho(r, x):
    return float(np.linalg.norm(r) / np.linalg.norm(x))
""",
        r"norm of the whole batch",
    ),
    WrongAnswer(
        "measure",
        "prints",
        "def rho(r, x):\n    print(0.375)",
        r"return the result instead|print the result instead",
    ),
    WrongAnswer(
        "measure",
        "more than the rate",
        """
def common_eps(labels_of, x, direction, grid, rate=0.9):
    for eps in grid:
        if np.mean(labels_of(x + eps * direction) != labels_of(x)) > rate:
            return float(eps)
    return np.inf
""",
        r"(at least is asked|smallest\s+eps|At 1\.0)",
    ),
    WrongAnswer(
        "measure",
        "any label",
        """
def common_eps(labels_of, x, direction, grid, rate=0.9):
    for eps in grid:
        if np.any(labels_of(x + eps * direction) != labels_of(x)):
            return float(eps)
    return np.inf
""",
        r"only the first label",
    ),
    WrongAnswer(
        "measure",
        "own eps for each",
        """
def common_eps(labels_of, x, direction, grid, rate=0.9):
    done = np.zeros(len(x), bool)
    for eps in grid:
        done |= labels_of(x + eps * direction) != labels_of(x)
        if done.mean() >= rate:
            return float(eps)
    return np.inf
""",
        r"remember labels that had changed before",
    ),
    WrongAnswer(
        "measure",
        "label 0 is assumed",
        """
def common_eps(labels_of, x, direction, grid, rate=0.9):
    for eps in grid:
        if np.mean(labels_of(x + eps * direction) != 0) >= rate:
            return float(eps)
    return np.inf
""",
        r"(whatever they are|No common eps)",
    ),
    WrongAnswer(
        "measure",
        "the last of the grid",
        """
def common_eps(labels_of, x, direction, grid, rate=0.9):
    for eps in grid:
        if np.mean(labels_of(x + eps * direction) != labels_of(x)) >= rate:
            return float(eps)
    return float(grid[-1])
""",
        r"(No common eps|infinity)",
    ),
]

# -- exercise 4: a path inside of a region ----------------------------------

_PATH = """
def find_path(inside, project, a, b, depth=6):
    share = np.linspace(0, 1, {samples})[:, None]
    if {free}:
        return np.stack([a, b])
    nothing = np.empty((0, len(a)))
    if {stop}:
        return {none}
    middle = (a + b) / 2
    {guard}
        middle = project(middle)
    first = find_path(inside, project, a, middle, {less})
    second = find_path(inside, project, {start}, b, {less})
    if {failed}:
        return nothing
    return np.concatenate([first, {rest}])
"""
_RIGHT_PATH = {
    "samples": "100",
    "free": "inside((1 - share) * a + share * b).all()",
    "stop": "depth == 0",
    "none": "nothing",
    "guard": "if not inside(middle[None])[0]:",
    "less": "depth - 1",
    "start": "middle",
    "failed": "not len(first) or not len(second)",
    "rest": "second[1:]",
}


def _path(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _PATH.format(**(_RIGHT_PATH | mistake))
    return WrongAnswer("path", name, code, message)


_PATHS = [
    WrongAnswer(
        "path",
        "the straight segment",
        """
def find_path(inside, project, a, b, depth=6):
    return np.stack([a, b])
""",
        r"you return a path",
    ),
    WrongAnswer(
        "path",
        "never a path",
        """
def find_path(inside, project, a, b, depth=6):
    return np.empty((0, 2))
""",
        r"you found nothing",
    ),
    _path("ends only", r"you return a path", samples="2"),
    _path(
        "any point inside",
        r"you return a path",
        free=("inside((1 - share) * a + share * b).any()"),
    ),
    _path("failure of a half is lost", r"you return a path", failed="False"),
    _path(
        "failure of the second half is lost",
        r"(you return a path|begin in a and end in b)",
        failed="not len(first)",
    ),
    _path("None for nothing", r"Something there is None", none="None"),
    _path("always projected", r"in the region already", guard="if True:"),
    _path("never projected", r"did you project", guard="if False:"),
    _path("a corner twice", r"A corner stands twice", rest="second"),
    _path(
        "depth counted by two",
        r"(is depth counted down by 1|of these ends)",
        less="depth - 2",
        stop="depth <= 0",
    ),
    _path(
        "depth never counted",
        r"(no end|does not end|itself|RecursionError|recursion)",
        less="depth",
    ),
]

# -- exercise 5: how is the border curved? ----------------------------------

_CURVATURE = [
    WrongAnswer(
        "curvature",
        "with the zero of the normal",
        """
def principal(gradient, hessian):
    u = gradient / np.linalg.norm(gradient)
    p = np.eye(len(u)) - np.outer(u, u)
    return np.linalg.eigvalsh(p @ hessian @ p) / np.linalg.norm(gradient)
""",
        r"Leave out the zero",
    ),
    WrongAnswer(
        "curvature",
        "the last eigenvalue dropped",
        """
def principal(gradient, hessian):
    u = gradient / np.linalg.norm(gradient)
    p = np.eye(len(u)) - np.outer(u, u)
    return np.linalg.eigvalsh(p @ hessian @ p)[1:] / np.linalg.norm(gradient)
""",
        r"zero of the normal",
    ),
    WrongAnswer(
        "curvature",
        "the zeros dropped",
        """
def principal(gradient, hessian):
    u = gradient / np.linalg.norm(gradient)
    p = np.eye(len(u)) - np.outer(u, u)
    k = np.linalg.eigvalsh(p @ hessian @ p) / np.linalg.norm(gradient)
    return k[np.abs(k) > 1e-9]
""",
        r"this zero belongs to the result",
    ),
    WrongAnswer(
        "curvature",
        "not divided by the gradient",
        """
def principal(gradient, hessian):
    q = np.linalg.qr(gradient[:, None], mode="complete")[0][:, 1:]
    return np.linalg.eigvalsh(q.T @ hessian @ q)
""",
        r"Divide by the length of the gradient",
    ),
    WrongAnswer(
        "curvature",
        "the sign turned round",
        """
def principal(gradient, hessian):
    q = np.linalg.qr(gradient[:, None], mode="complete")[0][:, 1:]
    return -np.linalg.eigvalsh(q.T @ hessian @ q) / np.linalg.norm(gradient)
""",
        r"Your sign is turned round",
    ),
    WrongAnswer(
        "curvature",
        "not projected",
        """
def principal(gradient, hessian):
    return np.linalg.eigvalsh(hessian)[1:] / np.linalg.norm(gradient)
""",
        r"(project\s+it away|A cylinder)",
    ),
    WrongAnswer(
        "curvature",
        "falling order",
        """
def principal(gradient, hessian):
    q = np.linalg.qr(gradient[:, None], mode="complete")[0][:, 1:]
    k = np.linalg.eigvalsh(q.T @ hessian @ q) / np.linalg.norm(gradient)
    return k[::-1]
""",
        r"(Rising order|A cylinder)",
    ),
    WrongAnswer(
        "curvature",
        "the mean over d",
        """
def mean_curvature(gradient, hessian):
    return float(principal(gradient, hessian).sum() / len(gradient))
""",
        r"You divided by d = 3",
    ),
    WrongAnswer(
        "curvature",
        "the whole trace",
        """
def mean_curvature(gradient, hessian):
    size = np.linalg.norm(gradient)
    return float(np.trace(hessian) / (size * (len(gradient) - 1)))
""",
        r"normal's second derivative is in your trace",
    ),
]

# -- exercise 6: is the detector worth it? ----------------------------------

_DETECTOR = [
    WrongAnswer(
        "detector",
        "the wrong way round",
        """
def auc(clean, attacked):
    lower = attacked[:, None] < clean
    return float(np.mean(lower + 0.5 * (attacked[:, None] == clean)))
""",
        r"wrong\s+way round",
    ),
    WrongAnswer(
        "detector",
        "equal scores do not count",
        """
def auc(clean, attacked):
    return float(np.mean(attacked[:, None] > clean))
""",
        r"one is equal",
    ),
    WrongAnswer(
        "detector",
        "equal scores count fully",
        """
def auc(clean, attacked):
    return float(np.mean(attacked[:, None] >= clean))
""",
        r"one is equal",
    ),
    WrongAnswer(
        "detector",
        "pairs in order only",
        """
def auc(clean, attacked):
    return float(np.mean((attacked > clean) + 0.5 * (attacked == clean)))
""",
        r"(one is equal|of four pairs|Of four pairs)",
    ),
    WrongAnswer(
        "detector",
        "the largest",
        """
def second_class(logits):
    return logits.argmax(axis=1)
""",
        r"largest logit",
    ),
    WrongAnswer(
        "detector",
        "the smallest",
        """
def second_class(logits):
    return logits.argmin(axis=1)
""",
        r"smallest logit",
    ),
    WrongAnswer(
        "detector",
        "the middle",
        """
def second_class(logits):
    return np.argsort(logits, axis=1)[:, 1]
""",
        r"Of four logits",
    ),
]

WRONG_ANSWERS = [
    *_NEAREST,
    *_DEEPFOOL,
    *_MEASURE,
    *_PATHS,
    *_CURVATURE,
    *_DETECTOR,
]

# Changes of a solution that make no difference, and why.
_NAN = "the own class has 0 / 0, which is never smaller"
_SET = "the distance of the own class is set to infinity below"
_EMPTY = "rounds over no examples change nothing"
SAME = {
    ("nearest", "if k == own: => if False:"): _NAN,
    ("nearest", "continue => pass"): _NAN,
    ("nearest", "if distance < best: => if distance <= best:"): (
        "of two borders at one distance either will do"
    ),
    (
        "detector",
        "return np.argsort(logits, axis=1)[:, -2] => return "
        "np.argsort(logits)[:, -2]",
    ): "the last axis is the default",
    ("deepfool", "length[start[n]] = 1.0 => pass"): _SET,
    ("deepfool", "length[start[n]] = 1.0 => length[start[n]] = 2.0"): _SET,
    ("deepfool", "if len(active) == 0: => if False:"): _EMPTY,
    ("deepfool", "break => pass"): _EMPTY,
}
