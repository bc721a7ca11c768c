"""Wrong answers to the lab on recurrent networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: a GRU ------------------------------------------------------

_GRU = """
def gru_step(x, h, w, u, b):
    xz, xr, xh = np.split(x @ w + {input_bias}, 3, axis=-1)
    hz, hr, hh = np.split(h @ u + {state_bias}, 3, axis=-1)
    z, r = 1 / (1 + np.exp(-(xz + hz))), 1 / (1 + np.exp(-(xr + hr)))
    {reset}
    return {mix}
"""


def _gru(
    reset: str = "new = np.tanh(xh + r * hh)",
    mix: str = "z * h + (1 - z) * new",
    input_bias: str = "b[0]",
    state_bias: str = "b[1]",
) -> str:
    return _GRU.format(
        reset=reset, mix=mix, input_bias=input_bias, state_bias=state_bias
    )


_EARLY = (
    "new = np.tanh(xh + (r * h) @ np.split(u, 3, -1)[2] "
    "+ np.split(b[1], 3)[2])"
)
_GRUS = [
    WrongAnswer(
        "gru",
        "z and 1 - z exchanged",
        _gru(mix="(1 - z) * h + z * new"),
        r"z and 1 - z are exchanged",
    ),
    WrongAnswer(
        "gru",
        "reset before the product",
        _gru(reset=_EARLY),
        r"reset_after=False",
    ),
    WrongAnswer(
        "gru",
        "no reset gate",
        _gru(reset="new = np.tanh(xh + hh)"),
        r"Keras disagrees",
    ),
    WrongAnswer(
        "gru",
        "one bias forgotten",
        _gru(state_bias="0"),
        r"both biases",
    ),
]

# -- exercise 2: carries ----------------------------------------------------

_CARRIES = [
    WrongAnswer(
        "carries",
        "arguments swapped",
        """
def compose(left, right):
    (g_high, p_high), (g, p) = left, right
    return g_high | (p_high & g), p & p_high
""",
        r"swaps its arguments: .* full carry chain",
    ),
    WrongAnswer(
        "carries",
        "propagates if either half does",
        """
def compose(left, right):
    (g, p), (g_high, p_high) = left, right
    return g_high | (p_high & g), p | p_high
""",
        r"\(False, True\) gives \(False, True\)|is due",
    ),
    WrongAnswer(
        "carries",
        "compares generation only",
        """
def count_failures(operator):
    pairs = list(itertools.product((False, True), repeat=2))
    return sum(
        operator(operator(x, y), z)[0] != operator(x, operator(y, z))[0]
        for x, y, z in itertools.product(pairs, repeat=3)
    )
""",
        r"Compare both components",
    ),
    WrongAnswer(
        "carries",
        "the carry out instead of the carry in",
        """
def lookahead_add(a, b):
    g, p = a & b, a ^ b
    carry = recurrent.prefix_scan(compose, (g, p))[0]
    return np.concatenate([p ^ carry, carry[:, -1:]], axis=1)
""",
        r"the carry INTO it",
    ),
    WrongAnswer(
        "carries",
        "the carry out dropped",
        """
def lookahead_add(a, b):
    g, p = a & b, a ^ b
    carry = recurrent.prefix_scan(compose, (g, p))[0]
    return p ^ np.pad(carry[:, :-1], [(0, 0), (1, 0)])
""",
        r"last digit is the carry out",
    ),
]

# -- exercise 3: a scan -----------------------------------------------------

_SCANS = [
    WrongAnswer(
        "scan",
        "a loop over time",
        """
def scan(combine, a, b):
    states = [(a[0], b[0])]
    for t in range(1, len(a)):
        states.append(combine(states[-1], (a[t], b[t])))
    return np.stack([h for _, h in states])
""",
        r"8 steps took 7 calls, but doubling needs 3",
    ),
    WrongAnswer(
        "scan",
        "powers of two only",
        """
def scan(combine, a, b):
    length = len(a)
    reach = 1
    while reach < length:
        shape = (length // (2 * reach), 2, reach, -1)
        x, y = a.reshape(shape).copy(), b.reshape(shape).copy()
        left = np.repeat(x[:, 0, -1:], reach, 1), np.repeat(
            y[:, 0, -1:], reach, 1
        )
        x[:, 1], y[:, 1] = combine(left, (x[:, 1], y[:, 1]))
        a, b = x.reshape(length, -1), y.reshape(length, -1)
        reach *= 2
    return b
""",
        r"37 steps do not work.*Only powers of two\?",
    ),
    WrongAnswer(
        "scan",
        "arguments swapped",
        """
def scan(combine, a, b):
    reach = 1
    while reach < len(a):
        x, y = combine((a[reach:], b[reach:]), (a[:-reach], b[:-reach]))
        a = np.concatenate([a[:reach], x])
        b = np.concatenate([b[:reach], y])
        reach *= 2
    return b
""",
        r"arguments of combine are swapped",
    ),
    WrongAnswer(
        "scan",
        "the factors are not joined",
        """
def scan(combine, a, b):
    reach = 1
    while reach < len(a):
        _, y = combine((a[:-reach], b[:-reach]), (a[reach:], b[reach:]))
        b = np.concatenate([b[:reach], y])
        reach *= 2
    return b
""",
        r"the first wrong state is number 2.*both a and b joined",
    ),
]

# -- exercise 4: receptive field --------------------------------------------

_FIELD = """
def causal_field(kernel, levels, convs=1):
    return {}
"""
_FIELDS = [
    WrongAnswer(
        "field",
        "two to the levels",
        _FIELD.format("2**levels"),
        r"= 8 is 2\^L. That forgets the taps",
    ),
    WrongAnswer(
        "field",
        "the present input forgotten",
        _FIELD.format("convs * (kernel - 1) * (2**levels - 1)"),
        r"The present input is seen as well: add 1",
    ),
    WrongAnswer(
        "field",
        "one convolution a level",
        _FIELD.format("1 + (kernel - 1) * (2**levels - 1)"),
        r"ignores that each level holds two",
    ),
    WrongAnswer(
        "field",
        "kernel instead of kernel minus one",
        _FIELD.format("1 + convs * kernel * (2**levels - 1)"),
        r"but 1 \+ 2 \* \(1 \+ 2 \+ 4\) = 15",
    ),
    WrongAnswer(
        "field",
        "one level too many",
        """
def levels_for(length, kernel, convs=1):
    levels = 1
    while causal_field(kernel, levels, convs) <= length:
        levels += 1
    return levels
""",
        r"levels_for\(128, 2\) = 8, but 7 levels see 128",
    ),
]

# -- exercise 5: equal sizes ------------------------------------------------

_WIDTHS = """
def fair_widths(target):
    return {}
"""
_FAIR = [
    WrongAnswer(
        "fair",
        "equal widths",
        _WIDTHS.format('{"LSTM": 64, "GRU": 64, "lookahead": 64}'),
        r"equal widths are not equal sizes",
    ),
    WrongAnswer(
        "fair",
        "the baselines of the paper",
        _WIDTHS.format('{"LSTM": 1, "GRU": 1, "lookahead": 784}'),
        r"with 1 units has \d+ weights",
    ),
    WrongAnswer(
        "fair",
        "lookahead counted as one level",
        _WIDTHS.format('{"LSTM": 64, "GRU": 75, "lookahead": 94}'),
        r"lookahead with 94 units .* all levels\?",
    ),
]

# -- exercise 6: forecast ---------------------------------------------------

_PREPARE = """
def prepare(series):
    _, y = recurrent.windows(series, past=96)
    train, test = recurrent.time_split(len(y), test=0.2)
    {shuffle}
    known = {known}
    scaled = (series - known.mean(axis=0)) / known.std(axis=0)
    x, _ = recurrent.windows(scaled, past=96)
    y = {target}
    return x[train], y[train], x[test], y[test]
"""


def _prepare(
    shuffle: str = "",
    known: str = "series[: len(train) + 96]",
    target: str = "y",
) -> str:
    return _PREPARE.format(shuffle=shuffle, known=known, target=target)


_SHUFFLE = """order = np.random.default_rng(0).permutation(len(y))
    train, test = order[: len(train)], order[len(train) :]"""
_FORECASTS = [
    WrongAnswer(
        "forecast",
        "a shuffled split",
        _prepare(shuffle=_SHUFFLE),
        r"Shuffled\? A shuffled split tests",
    ),
    WrongAnswer(
        "forecast",
        "the scaler sees the test period",
        _prepare(known="series"),
        r"Your scaler has seen the test period",
    ),
    WrongAnswer(
        "forecast",
        "the target is inside the window",
        _prepare(target="series[95:-1, 0]"),
        r"The target is the value AFTER the window",
    ),
    WrongAnswer(
        "forecast",
        "standardised targets",
        _prepare(target="(y - y.mean()) / y.std()"),
        r"Targets stay in gigawatt",
    ),
    WrongAnswer(
        "forecast",
        "the mean of the training targets",
        """
def forecast(x_train, y_train, x_test):
    return np.full(len(x_test), y_train.mean())
""",
        r"below 0.05 something must be learnt",
    ),
]

WRONG_ANSWERS = [
    *_GRUS,
    *_CARRIES,
    *_SCANS,
    *_FIELDS,
    *_FAIR,
    *_FORECASTS,
]
