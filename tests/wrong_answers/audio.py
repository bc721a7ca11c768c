"""Wrong answers to the lab on audio."""

from wrong_answers import WrongAnswer

# -- exercise 1: aliases ----------------------------------------------------

_HEARD = """
def heard(frequency, rate):
    return {}
"""

_ALIASES = [
    WrongAnswer(
        "heard",
        "not folded",
        _HEARD.format("frequency % rate"),
        r"only the first step: fold it",
    ),
    WrongAnswer(
        "heard",
        "half the rate as a period",
        _HEARD.format("frequency % (rate / 2)"),
        r"as if that were a period",
    ),
    WrongAnswer(
        "heard",
        "signed",
        _HEARD.format("(frequency + rate / 2) % rate - rate / 2"),
        r"from 0 to rate / 2 was asked for",
    ),
    WrongAnswer(
        "heard",
        "folded once",
        _HEARD.format("min(frequency, abs(rate - frequency))"),
        r"-500",
    ),
    WrongAnswer(
        "heard",
        "mirrored at the rate alone",
        _HEARD.format("rate - frequency"),
        r"its own alias",
    ),
    WrongAnswer(
        "heard",
        "nothing above the rate",
        _HEARD.format(
            "frequency if frequency <= rate / 2 else rate - frequency"
        ),
        r"one rate above 1000",
    ),
    WrongAnswer(
        "heard",
        "rounded",
        _HEARD.format("round(frequency / rate) * rate - frequency"),
        r"its own alias",
    ),
    WrongAnswer(
        "heard",
        "printed",
        "def heard(frequency, rate):\n    print(frequency % rate)",
        r"print",
    ),
]

# -- exercise 2: the transform ----------------------------------------------

_SHORT = """
def short_time(x, size, hop):
    window = {window}
    starts = {starts}
    pieces = np.stack([x[start : start + size] for start in starts])
    return {result}
"""
_CUT = {
    "window": "np.sin(np.pi * np.arange(size) / size) ** 2",
    "starts": "range(0, len(x) - size + 1, hop)",
    "result": "np.fft.rfft(pieces * window)",
}


def _short(**changes):
    return _SHORT.format(**_CUT | changes)


_TRANSFORMS = [
    WrongAnswer(
        "stft",
        "symmetric window",
        _short(window="np.hanning(size)"),
        r"symmetric one",
    ),
    WrongAnswer(
        "stft",
        "window not squared",
        _short(window="np.sin(np.pi * np.arange(size) / size)"),
        r"the square is missing",
    ),
    WrongAnswer(
        "stft", "no window", _short(window="1"), r"not multiplied by a window"
    ),
    WrongAnswer(
        "stft",
        "all bins",
        _short(result="np.fft.fft(pieces * window)"),
        r"mirror bins",
    ),
    WrongAnswer(
        "stft",
        "one frame too few",
        _short(starts="range(0, len(x) - size, hop)"),
        r"last frame ends with the last sample",
    ),
    WrongAnswer(
        "stft",
        "frames beyond the end",
        """
def short_time(x, size, hop):
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    starts = range(0, len(x), hop)
    x = np.pad(x, (0, size))
    pieces = np.stack([x[start : start + size] for start in starts])
    return np.fft.rfft(pieces * window)
""",
        r"22 fit",
    ),
    WrongAnswer(
        "stft",
        "hop and size confused",
        _short(starts="range(0, len(x) - size + 1, size - hop)"),
        r"1 \+ \(100 - 16\) // 4",
    ),
    WrongAnswer(
        "stft",
        "transposed",
        _short(result="np.fft.rfft(pieces * window).T"),
        r"transpose it",
    ),
    WrongAnswer(
        "stft",
        "magnitudes",
        _short(result="np.abs(np.fft.rfft(pieces * window))"),
        r"leave abs out",
    ),
    WrongAnswer(
        "stft",
        "scaled as in SciPy",
        _short(result="np.fft.rfft(pieces * window) / window.sum()"),
        r"as SciPy does",
    ),
    WrongAnswer(
        "stft",
        "transformed along the other axis",
        """
def short_time(x, size, hop):
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    starts = range(0, len(x) - size + 1, hop)
    pieces = np.stack([x[s : s + size] for s in starts])
    return np.fft.fft(pieces * window, axis=0)[:, : size // 2 + 1]
""",
        r"each is transformed by itself",
    ),
]

# -- exercise 3: the inverse ------------------------------------------------

_BACK = """
def rebuild(spectrum, hop):
    size = 2 * (spectrum.shape[1] - 1)
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    total = np.zeros((len(spectrum) - 1) * hop + size)
    weight = np.zeros(len(total))
    for m, piece in enumerate(np.fft.irfft(spectrum, size)):
        place = slice(m * hop, m * hop + size)
        total[place] += {piece}
        weight[place] += {weight}
    return {result}
"""
_SUM = {
    "piece": "window * piece",
    "weight": "window**2",
    "result": "np.where(weight > 0, total / np.maximum(weight, 1e-12), 0.0)",
}


def _back(**changes):
    return _BACK.format(**_SUM | changes)


_INVERSES = [
    WrongAnswer(
        "inverse",
        "no second window",
        _back(piece="piece"),
        r"second window is missing",
    ),
    WrongAnswer(
        "inverse",
        "not divided",
        _back(result="total"),
        r"1\.5 times too large",
    ),
    WrongAnswer(
        "inverse",
        "neither",
        _back(piece="piece", result="total"),
        r"twice as large",
    ),
    WrongAnswer(
        "inverse",
        "divided by the windows",
        _back(weight="window"),
        r"not of their squares",
    ),
    WrongAnswer(
        "inverse",
        "divided by their number",
        _back(weight="1", result="total / weight"),
        r"number of windows",
    ),
    WrongAnswer(
        "inverse",
        "the constant of 75 %",
        _back(result="total / 1.5"),
        r"constant at hop 4, but not at hop 8",
    ),
    WrongAnswer(
        "inverse",
        "0 / 0",
        _back(
            result="np.divide(total, weight) if 1 else 0",
            piece="window * piece",
        ).replace("    return", "    np.seterr(invalid='ignore')\n    return"),
        r"0 by 0",
    ),
    WrongAnswer(
        "inverse",
        "single window twice as a plain sum",
        _back(piece="piece", weight="window"),
        r"no signal, you do not return the nearest",
    ),
    WrongAnswer(
        "inverse",
        "ends divided by the middle",
        """
def rebuild(spectrum, hop):
    size = 2 * (spectrum.shape[1] - 1)
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    total = np.zeros((len(spectrum) - 1) * hop + size)
    for m, piece in enumerate(np.fft.irfft(spectrum, size)):
        total[m * hop : m * hop + size] += window * piece
    whole = sum(
        np.roll(np.pad(window**2, (0, 3 * size)), m * hop)
        for m in range(-4 * size // hop, 4 * size // hop)
    )[: 4 * size] / 2
    weight = np.resize(whole[:hop], len(total))
    out = total / np.maximum(weight, 1e-12)
    out[0] = 0
    return out
""",
        r"near the ends|does not come back",
    ),
]

# -- exercise 4: triangles --------------------------------------------------

_MEL = """
def mel_bank(rate, size, count):
    top = 2595 * {log}(1 + rate / 2 / 700)
    corners = {corners}
    hertz = {hertz}
    rows = [np.interp(hertz, corners[b:b+3], [0, 1, 0]) for b in range(count)]
    return {result}
"""
_BANK = {
    "log": "np.log10",
    "corners": "700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)",
    "hertz": "np.arange(size // 2 + 1) * rate / size",
    "result": "np.array(rows)",
}


def _mel(**changes):
    return _MEL.format(**_BANK | changes)


_BANKS = [
    WrongAnswer(
        "mel",
        "even in hertz",
        _mel(corners="np.linspace(0, rate / 2, count + 2)"),
        r"evenly spaced in hertz",
    ),
    WrongAnswer(
        "mel",
        "equal areas",
        _mel(
            result="np.array([2 * r / (corners[b + 2] - corners[b]) "
            "for b, r in enumerate(rows)])"
        ),
        r"same area",
    ),
    WrongAnswer(
        "mel",
        "natural logarithm",
        _mel(log="np.log"),
        r"sum to .* instead of 1|decimal",
    ),
    WrongAnswer(
        "mel",
        "too few corners",
        _mel(
            corners="700 * (10 ** (np.linspace(0, top, count + 3)[1:] "
            "/ 2595) - 1)"
        ),
        r"sum to|elsewhere",
    ),
    WrongAnswer(
        "mel",
        "triangles in mel",
        """
def mel_bank(rate, size, count):
    top = 2595 * np.log10(1 + rate / 2 / 700)
    corners = np.linspace(0, top, count + 2)
    hertz = np.arange(size // 2 + 1) * rate / size
    mels = 2595 * np.log10(1 + hertz / 700)
    return np.array(
        [np.interp(mels, corners[b:b+3], [0, 1, 0]) for b in range(count)]
    )
""",
        r"elsewhere|straight in hertz",
    ),
    WrongAnswer(
        "mel",
        "corners rounded to bins",
        _mel(
            corners="np.round(700 * (10 ** (np.linspace(0, top, count + 2) "
            "/ 2595) - 1) * size / rate) * rate / size"
        ),
        r"sum to|elsewhere",
    ),
    WrongAnswer(
        "mel",
        "up to the rate",
        _mel().replace("rate / 2 / 700", "rate / 700"),
        r"sum to|elsewhere",
    ),
    WrongAnswer(
        "mel",
        "negative outside",
        """
def mel_bank(rate, size, count):
    top = 2595 * np.log10(1 + rate / 2 / 700)
    c = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    f = np.arange(size // 2 + 1)[:, None] * rate / size
    rise = (f - c[:-2]) / (c[1:-1] - c[:-2])
    return np.minimum(rise, (c[2:] - f) / (c[2:] - c[1:-1])).T
""",
        r"negative outside",
    ),
    WrongAnswer(
        "mel", "transposed", _mel(result="np.array(rows).T"), r"shape"
    ),
]

# -- exercise 5: warping ----------------------------------------------------

_WARP = """
def warp_cost(a, b):
    distance = {distance}
    cost = np.full((len(a) + 1, len(b) + 1), {outside})
    cost[0, 0] = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            before = min({before})
            cost[i + 1, j + 1] = {new}
    return float({result})
"""
_TABLE = {
    "distance": "np.linalg.norm(a[:, None] - b, axis=2)",
    "outside": "np.inf",
    "before": "cost[i, j], cost[i, j + 1], cost[i + 1, j]",
    "new": "distance[i, j] + before",
    "result": "cost[-1, -1]",
}


def _warp(**changes):
    return _WARP.format(**_TABLE | changes)


_WARPS = [
    WrongAnswer(
        "warp",
        "no diagonal step",
        _warp(
            before="cost[i, j + 1], cost[i + 1, j], "
            "0.0 if i == j == 0 else np.inf"
        ),
        r"diagonal|stays at 1",
    ),
    WrongAnswer(
        "warp",
        "divided",
        _warp(result="cost[-1, -1] / (len(a) + len(b))"),
        r"Do not divide",
    ),
    WrongAnswer(
        "warp",
        "only the diagonal and one side",
        _warp(before="cost[i, j], cost[i, j + 1]"),
        r"inf|stays at 1",
    ),
    WrongAnswer(
        "warp",
        "zeros around the table",
        _warp(outside="0.0"),
        r"first pair|stays at 1|cheapest|less than",
    ),
    WrongAnswer(
        "warp",
        "squared distances",
        _warp(distance="((a[:, None] - b) ** 2).sum(axis=2)"),
        r"\(3, 4\) is 5",
    ),
    WrongAnswer(
        "warp",
        "sums of sizes",
        _warp(distance="np.abs(a[:, None] - b).sum(axis=2)"),
        r"\(3, 4\) is 5",
    ),
    WrongAnswer(
        "warp",
        "frames cut to one length",
        """
def warp_cost(a, b):
    n = min(len(a), len(b))
    return float(np.linalg.norm(a[:n] - b[:n], axis=1).sum())
""",
        r"slower copy|stays at 1",
    ),
    WrongAnswer(
        "warp",
        "the end is free",
        _warp(result="cost[-1, 1:].min()"),
        r"both last frames|less than|stays at 1",
    ),
    WrongAnswer(
        "warp",
        "greedy",
        """
def warp_cost(a, b):
    d = np.linalg.norm(a[:, None] - b, axis=2)
    i = j = 0
    total = d[0, 0]
    while (i, j) != (len(a) - 1, len(b) - 1):
        steps = [(i + 1, j + 1), (i + 1, j), (i, j + 1)]
        steps = [s for s in steps if s[0] < len(a) and s[1] < len(b)]
        i, j = min(steps, key=lambda s: d[s])
        total += d[i, j]
    return float(total)
""",
        r"cheapest next step",
    ),
    WrongAnswer(
        "warp",
        "all paths",
        """
def warp_cost(a, b):
    d = np.linalg.norm(a[:, None] - b, axis=2)
    def best(i, j):
        if i == j == 0:
            return d[0, 0]
        before = [(i - 1, j), (i, j - 1), (i - 1, j - 1)]
        return d[i, j] + min(best(*p) for p in before if min(p) >= 0)
    return float(best(len(a) - 1, len(b) - 1))
""",
        r"stopped after",
    ),
]

# -- exercise 6: the report -------------------------------------------------

_REPORT = """
def report(second, people):
    chosen = {chosen}
    right, z = {right}, 1.96
    n, share = len(right), right.mean()
    centre = share + z**2 / (2 * n)
    spread = z * np.sqrt({root})
    low, high = (centre - spread) / {below}, (centre + spread) / {below}
    return {result}
"""
_TOLD = {
    "chosen": "int(second.sum(axis=1).argmax())",
    "right": "people[chosen]",
    "root": "share * (1 - share) / n + z**2 / (4 * n**2)",
    "below": "(1 + z**2 / n)",
    "result": "chosen, float(low), float(high)",
}


def _report(**changes):
    return _REPORT.format(**_TOLD | changes)


_REPORTS = [
    WrongAnswer(
        "report",
        "chosen on the people",
        _report(chosen="int(people.sum(axis=1).argmax())"),
        r"for the report alone",
    ),
    WrongAnswer(
        "report",
        "chosen on both",
        _report(chosen="int((second.sum(1) + people.sum(1)).argmax())"),
        r"for the report alone|take the first",
    ),
    WrongAnswer(
        "report",
        "the last of equal ones",
        _report(
            chosen="len(second) - 1 - int(second.sum(axis=1)[::-1].argmax())"
        ),
        r"take the first",
    ),
    WrongAnswer(
        "report",
        "normal interval",
        """
def report(second, people):
    chosen = int(second.sum(axis=1).argmax())
    share, n = people[chosen].mean(), people.shape[1]
    error = 1.96 * np.sqrt(share * (1 - share) / n)
    return chosen, float(share - error), float(share + error)
""",
        r"use Wilson's formula",
    ),
    WrongAnswer(
        "report",
        "the share",
        """
def report(second, people):
    chosen = int(second.sum(axis=1).argmax())
    share = float(people[chosen].mean())
    return chosen, share, share
""",
        r"not an interval",
    ),
    WrongAnswer(
        "report",
        "report on the wrong test",
        _report(right="second[chosen]"),
        r"Report on people",
    ),
    WrongAnswer(
        "report", "not divided", _report(below="1"), r"Is everything divided"
    ),
    WrongAnswer(
        "report",
        "one term in the root",
        _report(root="share * (1 - share) / n"),
        r"both terms",
    ),
    WrongAnswer(
        "report",
        "ends swapped",
        _report(result="chosen, float(high), float(low)"),
        r"lower end comes first",
    ),
    WrongAnswer(
        "report",
        "worst model",
        _report(chosen="int(second.sum(axis=1).argmin())"),
        r"for the report alone",
    ),
]

WRONG_ANSWERS = [
    *_ALIASES,
    *_TRANSFORMS,
    *_INVERSES,
    *_BANKS,
    *_WARPS,
    *_REPORTS,
]

_FOLD = "return min(inside, rate - inside)"
_FLOOR = "return total / np.maximum(weight, 1e-12)"
_HERTZ = "hertz = np.arange(size // 2 + 1) * rate / size"
_CHOSEN = "chosen = int(second.sum(axis=1).argmax())"

# Changes of a solution that make no difference (`make mutants`).
SAME = {
    (
        "heard",
        f"{_FOLD} => return min(rate - inside, inside)",
    ): "the minimum is symmetric",
    (
        "inverse",
        f"{_FLOOR} => {_FLOOR.replace('weight, 1e-12', '1e-12, weight')}",
    ): "the maximum is symmetric",
    (
        "inverse",
        f"{_FLOOR} => {_FLOOR.replace('1e', '2e')}",
    ): "no squared window lies between 0 and 2e-12 at these sizes",
    (
        "mel",
        f"{_HERTZ} => {_HERTZ.replace('//', '/')}",
    ): "sizes are even, so the same numbers come as floats",
    (
        "report",
        f"{_CHOSEN} => {_CHOSEN.replace('sum', 'mean')}",
    ): "all models answered equally many words",
}
