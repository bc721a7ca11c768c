"""Wrong answers to the lab on stability."""

from wrong_answers import WrongAnswer

# -- exercise 1: an answer that jumps ---------------------------------------

_JUMP = [
    WrongAnswer(
        "jump",
        "the smaller entry is used",
        """
def corners(row, t):
    a, b = row
    found = []
    if a <= b:
        found.append([t / a, 0.0])
    if b <= a:
        found.append([0.0, t / b])
    return np.array(found)
""",
        r"For the row \(2, 1\) you use the second entry",
    ),
    WrongAnswer(
        "jump",
        "not divided by the entry",
        """
def corners(row, t):
    a, b = row
    return np.array([[t, 0.0]] * (a >= b) + [[0.0, t]] * (b >= a))
""",
        r"Divide by the entry",
    ),
    WrongAnswer(
        "jump",
        "one corner in a tie",
        """
def corners(row, t):
    a, b = row
    return np.array([[t / a, 0.0] if a >= b else [0.0, t / b]])
""",
        r"both corners are answers",
    ),
    WrongAnswer(
        "jump",
        "distance to the nearest corner",
        """
def distance(x, row, t):
    return float(np.linalg.norm(corners(row, t) - x, axis=1).min())
""",
        r"You measured its distance to a corner",
    ),
    WrongAnswer(
        "jump",
        "distance to the line",
        """
def distance(x, row, t):
    ends = corners(row, t)
    if len(ends) == 1:
        return float(np.linalg.norm(x - ends[0]))
    return float(abs(np.dot(row, x) - t) / np.linalg.norm(row))
""",
        r"The set of answers ends at the corners",
    ),
    WrongAnswer(
        "jump",
        "a list of lists",
        """
def corners(row, t):
    a, b = row
    return [[t / a, 0.0]] * (a >= b) + [[0.0, t / b]] * (b >= a)
""",
        r"returned a list",
    ),
]

# -- exercise 2: two nonlinearities -----------------------------------------

_PROX = [
    WrongAnswer(
        "prox",
        "hard thresholding",
        """
def shrink(v, threshold):
    return np.where(np.abs(v) > threshold, v, 0)
""",
        r"that is hard\s+thresholding",
    ),
    WrongAnswer(
        "prox",
        "relu on one side",
        """
def shrink(v, threshold):
    return np.maximum(v - threshold, 0)
""",
        r"looks at one side only",
    ),
    WrongAnswer(
        "prox",
        "moves past zero",
        """
def shrink(v, threshold):
    return v - threshold * np.sign(v)
""",
        r"moved past 0",
    ),
    WrongAnswer(
        "prox",
        "real and imaginary part one by one",
        """
def shrink(v, threshold):
    def part(w):
        return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)

    return part(v.real) + 1j * part(v.imag) if np.iscomplexobj(v) else part(v)
""",
        r"shrunk one by one",
    ),
    WrongAnswer(
        "prox",
        "the sign of the real part",
        """
def shrink(v, threshold):
    return np.sign(v.real) * np.maximum(np.abs(v) - threshold, 0)
""",
        r"keep its phase",
    ),
    WrongAnswer(
        "prox",
        "zero divided by zero",
        """
def shrink(v, threshold):
    return v / np.abs(v) * np.maximum(np.abs(v) - threshold, 0)
""",
        r"0 / 0",
    ),
    WrongAnswer(
        "prox",
        "entries cut to one",
        """
def to_ball(u):
    return np.clip(u, -1, 1)
""",
        r"You cut each entry to 1",
    ),
    WrongAnswer(
        "prox",
        "always divided by the norm",
        """
def to_ball(u):
    return u / np.linalg.norm(u)
""",
        r"lies inside the ball and stays",
    ),
    WrongAnswer(
        "prox",
        "squares without moduli",
        """
def to_ball(u):
    return u / max(1.0, np.sqrt(abs((u**2).sum())))
""",
        r"sum the squares of the moduli",
    ),
    WrongAnswer(
        "prox",
        "changed in place",
        """
def to_ball(u):
    u /= max(1.0, np.linalg.norm(u))
    return u
""",
        r"changed its argument (u|number 1) in place",
    ),
]

# -- exercise 3: how deep must it be? ---------------------------------------

_DEPTH = [
    WrongAnswer(
        "depth",
        "restarts rounded down",
        """
def layers_needed(first, accuracy, p):
    return 3 * int(math.log(first / accuracy)) * p + 1
""",
        r"Round the number of restarts up",
    ),
    WrongAnswer(
        "depth",
        "one layer missing",
        """
def layers_needed(first, accuracy, p):
    return 3 * math.ceil(math.log(first / accuracy)) * p
""",
        r"One affine layer more",
    ),
    WrongAnswer(
        "depth",
        "one layer a step",
        """
def layers_needed(first, accuracy, p):
    return math.ceil(math.log(first / accuracy)) * p + 1
""",
        r"three affine layers",
    ),
    WrongAnswer(
        "depth",
        "halves instead of e",
        """
def layers_needed(first, accuracy, p):
    return 3 * math.ceil(math.log2(first / accuracy)) * p + 1
""",
        r"ln, not log2",
    ),
    WrongAnswer(
        "depth",
        "the first error is forgotten",
        """
def layers_needed(first, accuracy, p):
    return 3 * math.ceil(-math.log(accuracy)) * p + 1
""",
        r"the first error counts too",
    ),
    WrongAnswer(
        "depth",
        "any fall is enough",
        """
def smallest_p(curves):
    return min(p for p, e in curves.items() if e[-6] > 1.01 * e[-1])
""",
        r"A factor of 2 is\s+asked",
    ),
    WrongAnswer(
        "depth",
        "judged by the first restarts",
        """
def smallest_p(curves):
    return min(p for p, e in curves.items() if e[0] / e[2] >= 4)
""",
        r"Look at its\s+last five restarts",
    ),
    WrongAnswer(
        "depth",
        "the smallest error",
        """
def smallest_p(curves):
    return min(curves, key=lambda p: curves[p][-1])
""",
        r"not the smallest p",
    ),
    WrongAnswer(
        "depth",
        "judged by the last restart",
        """
def smallest_p(curves):
    return min(p for p, e in curves.items() if e[-2] / e[-1] >= 2)
""",
        r"falls in its last step only",
    ),
]

# -- exercise 4: the game ---------------------------------------------------

_GAME = [
    WrongAnswer(
        "game",
        "safe waits for a difference",
        """
def safe(readings, t):
    a, b = readings[-1]
    if a == b:
        return []
    return [t / 2, t / 2]
""",
        r"waiting for ever",
    ),
    WrongAnswer(
        "game",
        "safe chooses a corner",
        """
def safe(readings, t):
    if len(readings) < 15:
        return []
    a, b = readings[-1]
    return [t / float(a), 0.0] if a >= b else [0.0, t / float(b)]
""",
        r"it chose a corner",
    ),
    WrongAnswer(
        "game",
        "safe answers zero",
        """
def safe(readings, t):
    return [0.0, 0.0]
""",
        r"Half way between the corners",
    ),
    WrongAnswer(
        "game",
        "careful gives up on the tie",
        """
def careful(readings, t):
    a, b = readings[-1]
    if a == b:
        return [t / 2, t / 2] if len(readings) > 30 else []
    return [t / float(a), 0.0] if a > b else [0.0, t / float(b)]
""",
        r"careful answered on the tie",
    ),
    WrongAnswer(
        "game",
        "careful answers for the smaller entry",
        """
def careful(readings, t):
    a, b = readings[-1]
    if a == b:
        return []
    return [t / float(a), 0.0] if a < b else [0.0, t / float(b)]
""",
        r"chose the wrong corner",
    ),
    WrongAnswer(
        "game",
        "careful compares floats",
        """
def careful(readings, t):
    a, b = (round(float(v), 6) for v in readings[-1])
    if a == b:
        return []
    return [t / a, 0.0] if a > b else [0.0, t / b]
""",
        r"can be seen in digit 30",
    ),
    WrongAnswer(
        "game",
        "None to read on",
        """
def careful(readings, t):
    a, b = readings[-1]
    if a != b:
        return [t / float(a), 0.0] if a > b else [0.0, t / float(b)]
""",
        r"careful returned None",
    ),
]

# -- exercise 5: one restart ------------------------------------------------

_RESTART = """
def restart(psi, epsilon, A, y, lam, p):
    L = np.linalg.norm(A, 2)
    alpha = 2 * L / (epsilon * p)
    x, u, total = {start} * psi, np.zeros(len(y)), {first}
    for _ in range(p):
        new = stability.soft(x - A.T @ u / L, lam / L)
        u = {ball}(u + (A @ {ahead} - alpha * y) / L)
        x, total = new, {total}
    return {result}
"""
_RIGHT = {
    "start": "alpha",
    "first": "np.zeros(len(psi))",
    "ball": "stability.project_to_ball",
    "ahead": "(2 * new - x)",
    "total": "total + new",
    "result": "total / (p * alpha)",
}


def _restart(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _RESTART.format(**(_RIGHT | mistake))
    return WrongAnswer("restart", name, code, message)


_STEPS = [
    _restart("last iterate", r"last iterate", result="x / alpha"),
    _restart(
        "start in the mean",
        r"starting point is in your mean",
        first="alpha * psi",
        result="total / ((p + 1) * alpha)",
    ),
    _restart("start not scaled", r"was not scaled", start="1.0"),
    _restart("no extrapolation", r"A\(2 x_new - x\)", ahead="new"),
    _restart("no projection", r"left the unit ball", ball=""),
    _restart("not divided by alpha", r"Divide the mean", result="total / p"),
    _restart("sum for mean", r"Compare your signs", result="total / alpha"),
    WrongAnswer(
        "restart",
        "u kept between restarts",
        """
MEMORY = {}


def restart(psi, epsilon, A, y, lam, p):
    L = np.linalg.norm(A, 2)
    alpha = 2 * L / (epsilon * p)
    x, total = alpha * psi, np.zeros(len(psi))
    u = MEMORY.get(len(y), np.zeros(len(y)))
    for _ in range(p):
        new = stability.soft(x - A.T @ u / L, lam / L)
        u = stability.project_to_ball(u + (A @ (2 * new - x) - alpha * y) / L)
        x, total = new, total + new
    MEMORY[len(y)] = 1.0 + 0 * u
    return total / (p * alpha)
""",
        r"Is u\s+set to 0",
    ),
]

# -- exercise 6: the worst perturbation -------------------------------------

_WORST = """
def worst(B, c, rho, r, steps):
    best, most = r, np.linalg.norm(c + B @ np.sin(r))
    for _ in range(steps):
        g = {gradient}
        if not g.any():
            break
        r = r + {step}
        r = {back}
        error = np.linalg.norm(c + B @ np.sin(r))
        if error > most:
            best, most = r, error
    return {result}
"""
_GOOD = {
    "gradient": "np.cos(r) * (B.T @ (c + B @ np.sin(r)))",
    "step": "rho / 2 * g / np.linalg.norm(g)",
    "back": "r / max(1, np.linalg.norm(r) / rho)",
    "result": "best",
}


def _worst(name: str, message: str, **mistake: str) -> WrongAnswer:
    code = _WORST.format(**(_GOOD | mistake))
    return WrongAnswer("attack", name, code, message)


_ATTACK = [
    _worst("never pulled back", r"Pull r back", back="r"),
    _worst("down instead of up", r"go up along", step="-rho / 2 * g"),
    _worst("not normalised", r"normalised gradient", step="rho / 9 * g"),
    _worst("the last point", r"best r that was seen", result="r"),
    _worst(
        "onto the sphere",
        r"so it stays there",
        back="rho * r / np.linalg.norm(r)",
    ),
    _worst(
        "clean error left out",
        r"Is c in your gradient",
        gradient="np.cos(r) * (B.T @ (B @ np.sin(r)))",
    ),
]

WRONG_ANSWERS = [*_JUMP, *_PROX, *_DEPTH, *_GAME, *_STEPS, *_ATTACK]

# Changes of a solution that make no difference, and why.
SAME = {
    ("jump", "share = 0.0 => share = 1.0"): (
        "with one corner the segment has length 0"
    ),
    ("jump", "if along.any(): => if along.all():"): (
        "the two corners differ in both entries"
    ),
    (
        "jump",
        "nearest = ends[0] + min(max(share, 0.0), 1.0) * along => nearest = "
        "ends[0] + min(1.0, max(share, 0.0)) * along",
    ): "min commutes",
    (
        "jump",
        "nearest = ends[0] + min(max(share, 0.0), 1.0) * along => nearest = "
        "ends[0] + min(max(0.0, share), 1.0) * along",
    ): "max commutes",
    (
        "prox",
        "share = np.maximum(size - threshold, 0) / np.where(size > 0, size, 1)"
        " => share = np.maximum(0, size - threshold) / np.where(size > 0, "
        "size, 1)",
    ): "the maximum commutes",
    (
        "prox",
        "share = np.maximum(size - threshold, 0) / np.where(size > 0, size, 1)"
        " => share = np.maximum(size - threshold, 0) / np.where(size > 0, "
        "size, 2)",
    ): "any divisor of 0 gives 0",
    (
        "prox",
        "return u / max(1.0, np.linalg.norm(u)) => return u / "
        "max(np.linalg.norm(u), 1.0)",
    ): "max commutes",
    (
        "game",
        "return [t / float(a), 0.0] if a > b else [0.0, t / float(b)] => "
        "return [t / float(a), 0.0] if a >= b else [0.0, t / float(b)]",
    ): "equal entries have returned before",
    ("attack", "if length == 0: => if False:"): (
        "0 / 0 is NaN, which is never better than the best"
    ),
    ("attack", "if length == 0: => if length == 1:"): (
        "0 / 0 is NaN, which is never better than the best"
    ),
    ("attack", "break => pass"): (
        "0 / 0 is NaN, which is never better than the best"
    ),
    (
        "attack",
        "r = r / max(1, np.linalg.norm(r) / rho) => r = r / "
        "max(np.linalg.norm(r) / rho, 1)",
    ): "max commutes",
    ("attack", "if error > most: => if error >= most:"): (
        "of two equally bad perturbations either will do"
    ),
}
