"""Wrong answers to the lab on temporal logic."""

from wrong_answers import WrongAnswer

# -- exercise 1: windows ------------------------------------------------------


def _windows(
    always="r[t + start : t + stop + 1].min()",
    times="len(r) - stop",
    eventually="-always(-r, start, stop)",
):
    return f"""
def always(r, start, stop):
    return np.array([{always} for t in range({times})])


def eventually(r, start, stop):
    return {eventually}
"""


_WINDOWS = [
    WrongAnswer(
        "windows",
        "stop is left out",
        _windows("r[t + start : t + stop].min(initial=9)"),
        r"stop is included",
    ),
    WrongAnswer(
        "windows",
        "begins now",
        _windows("r[t : t + stop + 1].min()"),
        r"begins now",
    ),
    WrongAnswer(
        "windows",
        "one time too many",
        _windows(times="len(r) - stop + 1"),
        r"Three entries",
    ),
    WrongAnswer(
        "windows",
        "eventually is always",
        _windows(eventually="always(r, start, stop)"),
        r"eventually is always",
    ),
    WrongAnswer(
        "windows",
        "maximum from zero",
        _windows(
            eventually="np.array([max([0, *r[t + start : t + stop + 1]]) "
            "for t in range(len(r) - stop)])"
        ),
        r"do not start from 0",
    ),
    WrongAnswer(
        "windows",
        "a list",
        """
def always(r, start, stop):
    return [min(r[t + start : t + stop + 1]) for t in range(len(r) - stop)]
""",
        r"list",
    ),
]

# -- exercise 2: the soft minimum ---------------------------------------------


def _soft(body):
    lines = "\n".join(f"    {line}" for line in body.strip().split("\n"))
    return f"def soft_minimum(r, w, sigma):\n{lines}\n"


_SOFT = [
    WrongAnswer(
        "soft",
        "soft maximum",
        _soft(
            "q = w * np.exp((r - r.max()) / sigma)\n"
            "return float(q @ r / q.sum())"
        ),
        r"soft maximum",
    ),
    WrongAnswer(
        "soft",
        "exact",
        _soft("return float(r[w > 0].min())"),
        r"exact minimum",
    ),
    WrongAnswer(
        "soft",
        "log of the sum",
        _soft("return float(-sigma * np.log(np.sum(w * np.exp(-r / sigma))))"),
        r"another soft minimum",
    ),
    WrongAnswer(
        "soft",
        "softness forgotten",
        _soft("q = w * np.exp(r.min() - r)\nreturn float(q @ r / q.sum())"),
        r"divide by sigma",
    ),
    WrongAnswer(
        "soft",
        "weights forgotten",
        _soft(
            "q = np.exp((r.min() - r) / sigma)\nreturn float(q @ r / q.sum())"
        ),
        r"weights have no effect",
    ),
    WrongAnswer(
        "soft",
        "weights in the exponent",
        _soft("q = np.exp(-w * r / sigma)\nreturn float(q @ r / q.sum())"),
        r"multiplies the exponential",
    ),
    WrongAnswer(
        "soft",
        "weights before r alone",
        _soft(
            "q = np.exp((r.min() - r) / sigma)\n"
            "return float(2 * (q * w / w.sum()) @ r / q.sum())"
        ),
        r"neither in the exponent nor before r alone",
    ),
    WrongAnswer(
        "soft",
        "overflow",
        _soft("q = w * np.exp(-r / sigma)\nreturn float(q @ r / q.sum())"),
        r"subtract the least margin",
    ),
    WrongAnswer(
        "soft",
        "shifted by what does not count",
        _soft(
            "q = w * np.exp((r.min() - r) / sigma)\n"
            "return float(q @ r / q.sum())"
        ),
        r"weight 0 must not count",
    ),
    WrongAnswer("soft", "printed", _soft("print(r.min())"), r"None"),
]

# -- exercise 3: derivatives --------------------------------------------------


def _pair(by_r="q * (1 - distance / sigma)", by_w="q * distance / w"):
    return f"""
def gradients(r, w, sigma):
    q = w * np.exp((r.min() - r) / sigma)
    q = q / q.sum()
    distance = r - q @ r
    return {by_r}, {by_w}
"""


_GRADIENT = [
    WrongAnswer("gradient", "shares only", _pair("q"), r"return the shares q"),
    WrongAnswer(
        "gradient",
        "wrong sign",
        _pair("q * (1 + distance / sigma)"),
        r"By r: \[1\.0908",
    ),
    WrongAnswer(
        "gradient",
        "softness forgotten",
        _pair("q * (1 - distance)"),
        r"Divide the distance by sigma",
    ),
    WrongAnswer(
        "gradient",
        "not divided by w",
        _pair(by_w="q * distance"),
        r"Divide by w_j",
    ),
    WrongAnswer(
        "gradient",
        "r in place of the distance",
        _pair(by_w="q * r / w"),
        r"By w: \[-0\.21",
    ),
    WrongAnswer(
        "gradient",
        "one array",
        _pair().replace("return q * (1 - distance / sigma), ", "return "),
        r"two|pair|tuple|2 values",
    ),
]

# -- exercise 4: faults -------------------------------------------------------


def _faults(
    falls="np.array([0.0, 2.0]), 1, 1.0",
    outvoted="np.array([-0.5] + 9 * [1.0])",
):
    return f"""
def falls():
    return {falls}


def outvoted():
    return {outvoted}
"""


_FAULTS = [
    WrongAnswer(
        "faults",
        "it rises",
        _faults("np.array([0.0, 2.0]), 0, 1.0"),
        r"The value rises",
    ),
    WrongAnswer(
        "faults",
        "lowered",
        _faults("np.array([0.0, 0.5]), 1, -1.0"),
        r"must be raised",
    ),
    WrongAnswer(
        "faults",
        "a little",
        _faults("np.array([0.0, 2.0]), 1, 0.1"),
        r"0\.05 is asked for",
    ),
    WrongAnswer(
        "faults",
        "an index from one",
        _faults("np.array([0.0, 2.0]), 2, 1.0"),
        r"indices run from 0",
    ),
    WrongAnswer(
        "faults",
        "one margin",
        _faults("np.array([1.0]), 0, 1.0"),
        r"take two",
    ),
    WrongAnswer(
        "faults",
        "none is bad",
        _faults(outvoted="np.array([-0.4, 1.0, 1.0, 1.0])"),
        r"one must be -0\.5 or below",
    ),
    WrongAnswer(
        "faults",
        "too good to vote",
        _faults(outvoted="np.array([-0.5] + 9 * [20.0])"),
        r"margins near 1",
    ),
    WrongAnswer(
        "faults",
        "too many",
        _faults(outvoted="np.array([-0.5] + 90 * [1.0])"),
        r"one to ten margins",
    ),
    WrongAnswer(
        "faults",
        "not a number",
        _faults(outvoted="np.array([-0.5, np.nan])"),
        r"numbers of size 20",
    ),
]

# -- exercise 5: one rule -----------------------------------------------------


def _rule(
    candidates="(values[1:] + values[:-1]) / 2",
    decide="x[:, t] >= b",
    steps="range(x.shape[1])",
    better="errors < fewest",
):
    return f"""
def best_rule(x, y):
    fewest, rule = len(y) + 1, (0, 0.0)
    for t in {steps}:
        values = np.unique(x[:, t])
        for b in {candidates}:
            errors = np.sum(({decide}) != y)
            if {better}:
                fewest, rule = errors, (t, float(b))
    return rule
"""


_RULE = [
    WrongAnswer(
        "rule",
        "training values",
        _rule("values"),
        r"Half way between 2 and 4\.5",
    ),
    WrongAnswer(
        "rule",
        "at most",
        _rule(decide="x[:, t] <= b"),
        r"'At least 3\.25 at step 0' makes no error",
    ),
    WrongAnswer(
        "rule",
        "the first step only",
        _rule(steps="[0]"),
        r"Only 'at least' is allowed|Two errors",
    ),
    WrongAnswer(
        "rule",
        "the last of all",
        _rule(better="True"),
        r"makes no error",
    ),
    WrongAnswer(
        "rule",
        "both directions",
        """
def best_rule(x, y):
    fewest, rule = len(y) + 1, (0, 0.0)
    for t in range(x.shape[1]):
        values = np.unique(x[:, t])
        for b in (values[1:] + values[:-1]) / 2:
            wrong = np.sum((x[:, t] >= b) != y)
            errors = min(wrong, len(y) - wrong)
            if errors < fewest:
                fewest, rule = errors, (t, float(b))
    return rule
""",
        r"Only 'at least' is allowed",
    ),
    WrongAnswer(
        "rule",
        "threshold before step",
        _rule()
        + """
_ordered = best_rule


def best_rule(x, y):
    return _ordered(x, y)[::-1]
""",
        r"whole number",
    ),
]

# -- exercise 6: shorten ------------------------------------------------------


def _shorten(
    q="w * np.exp((r - r.max(axis=1, keepdims=True)) / sigma)",
    share="(q / q.sum(axis=1, keepdims=True)).mean(axis=0)",
    kept="np.argsort(share)[::-1][:k]",
    value="w[kept]",
    end="short / short.sum()",
):
    return f"""
def shorten(w, r, sigma, k):
    q = {q}
    share = {share}
    short = np.zeros(len(w))
    kept = {kept}
    short[kept] = {value}
    return {end}
"""


_SHORTEN = [
    WrongAnswer(
        "shorten",
        "largest weights",
        _shorten(share="w"),
        r"kept the largest weights",
    ),
    WrongAnswer(
        "shorten", "no sum", _shorten(end="short"), r"no longer add up to 1"
    ),
    WrongAnswer(
        "shorten", "equal weights", _shorten(value="1"), r"keep their ratio"
    ),
    WrongAnswer(
        "shorten",
        "smallest margins",
        _shorten("w * np.exp((r.min(axis=1, keepdims=True) - r) / sigma)"),
        r"kept the largest weights|is due",
    ),
    WrongAnswer(
        "shorten",
        "smallest shares",
        _shorten(kept="np.argsort(share)[:k]"),
        r"is due",
    ),
    WrongAnswer(
        "shorten",
        "cases not normalised",
        _shorten("w * np.exp(r / sigma)", "q.mean(axis=0)"),
        r"shares of each case add up to 1",
    ),
    WrongAnswer(
        "shorten",
        "overflow",
        _shorten("w * np.exp(r / sigma)"),
        r"exponential overflows",
    ),
    WrongAnswer(
        "shorten",
        "softness forgotten",
        _shorten("w * np.exp(r - r.max(axis=1, keepdims=True))"),
        r"divide the margins by sigma",
    ),
]

WRONG_ANSWERS = [*_WINDOWS, *_SOFT, *_GRADIENT, *_FAULTS, *_RULE, *_SHORTEN]

_EXAMPLE = "another right example"
_FALLS = "return (np.array([0.0, 2.0]), 1, 1.0)"
_VOTED = "return np.array([-0.5] + 9 * [1.0])"
_START = "fewest, rule = (len(y) + {}, ({}, {}))"
_ERRORS = "errors = np.sum((x[:, t] >= b) != y)"
_SHARE = "share = (q / q.sum(axis=1, keepdims=True)).mean(axis=0)"
_FIRST = "the first candidate replaces it"

SAME = {
    (
        "gradient",
        "q = w * np.exp((r.min() - r) / sigma) => "
        "q = w * np.exp((r.max() - r) / sigma)",
    ): "a common factor cancels, and margins of size 50 do not overflow",
    (
        "faults",
        f"{_FALLS} => return (np.array([0.0, 3.0]), 1, 1.0)",
    ): _EXAMPLE,
    (
        "faults",
        f"{_FALLS} => return (np.array([0.0, 2.0]), 1, 2.0)",
    ): _EXAMPLE,
    **{
        ("faults", f"{_VOTED} => return np.array({other})"): _EXAMPLE
        for other in (
            "[-1.0] + 9 * [1.0]",
            "[-0.5] + 8 * [1.0]",
            "[-0.5] + 9 * [2.0]",
        )
    },
    **{
        (
            "rule",
            f"{_START.format(1, 0, 0.0)} => {_START.format(*other)}",
        ): _FIRST
        for other in ((2, 0, 0.0), (0, 0, 0.0), (1, 1, 0.0), (1, 0, 1.0))
    },
    (
        "rule",
        f"{_START.format(1, 0, 0.0)} => fewest, rule = (len(y) - 1, (0, 0.0))",
    ): "a best rule makes fewer errors than that",
    (
        "rule",
        f"{_ERRORS} => errors = np.mean((x[:, t] >= b) != y)",
    ): "the share of errors orders rules as their number does",
    (
        "rule",
        f"{_ERRORS} => errors = np.sum((x[:, t] > b) != y)",
    ): "no value is equal to a midpoint",
    (
        "rule",
        "if errors < fewest: => if errors <= fewest:",
    ): "of equally good rules any will do",
    (
        "shorten",
        f"{_SHARE} => {_SHARE.replace('.mean(axis=0)', '.sum(axis=0)')}",
    ): "the sum over the cases ranks as the mean does",
    (
        "shorten",
        f"{_SHARE} => {_SHARE.replace('q.sum', 'q.mean')}",
    ): "each share is multiplied by the number of steps",
}
