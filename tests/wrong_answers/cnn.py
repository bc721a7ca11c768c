"""Wrong answers to the lab on convolutional networks."""

from wrong_answers import WrongAnswer

# -- exercise 1: sizes and padding ------------------------------------------

_OUT_SIZE = """
def out_size(n, k, s=1, d=1, p=0):
    return {}
"""
_PADDING = """
def same_padding(n, k, s=1, d=1):
    outputs = -(-n // s)
    total = {total}
    return {split}
"""
_TOTAL = "max((outputs - 1) * s + d * (k - 1) + 1 - n, 0)"
_SPLIT = "(total // 2, total - total // 2)"

_SIZES = [
    WrongAnswer(
        "sizes",
        "the one after the division forgotten",
        _OUT_SIZE.format("(n + p - d * (k - 1) - 1) // s"),
        r"Add 1 after the division",
    ),
    WrongAnswer(
        "sizes",
        "rounded up",
        _OUT_SIZE.format("-(-(n + p - d * (k - 1) - 1) // s) + 1"),
        r"= 14, .* round down",
    ),
    WrongAnswer(
        "sizes",
        "dilation forgotten in the size",
        _OUT_SIZE.format("(n + p - k) // s + 1"),
        r"= 26, but three taps at distance 2 span 5",
    ),
    WrongAnswer(
        "sizes",
        "padding counted twice",
        _OUT_SIZE.format("(n + 2 * p - d * (k - 1) - 1) // s + 1"),
        r"Keras returns \d+ outputs, out_size \d+",
    ),
    WrongAnswer(
        "sizes",
        "symmetric padding, k // 2 on each side",
        _PADDING.format(total="d * (k - 1)", split="(total // 2, total // 2)"),
        r"\(1, 1\) is symmetric padding",
    ),
    WrongAnswer(
        "sizes",
        "symmetric padding, half of an odd total on each side",
        _PADDING.format(total=_TOTAL, split="(total // 2, total // 2)"),
        r"= \(0, 0\), but 14 windows reach to pixel",
    ),
    WrongAnswer(
        "sizes",
        "the extra zero at the start",
        _PADDING.format(
            total=_TOTAL, split="(total - total // 2, total // 2)"
        ),
        r"The extra zero goes to the end",
    ),
    WrongAnswer(
        "sizes",
        "negative padding",
        _PADDING.format(
            total="(outputs - 1) * s + d * (k - 1) + 1 - n", split=_SPLIT
        ),
        r"Take the maximum with 0",
    ),
    WrongAnswer(
        "sizes",
        "dilation forgotten in the padding",
        _PADDING.format(
            total="max((outputs - 1) * s + k - n, 0)", split=_SPLIT
        ),
        r"= \(1, 1\), but the kernel spans 5 pixels",
    ),
]

# -- exercise 2: receptive field --------------------------------------------

_FIELD = """
def receptive_field(stack):
    field, distance = 1, 1
    for k, s, d in stack:
        {}
    return field
"""
_DESIGN = "def design():\n    return {}\n"

_FIELDS = [
    WrongAnswer(
        "field",
        "kernel sizes added",
        _FIELD.format("field += k * d * distance; distance *= s"),
        r"Two 3 x 3 layers: 7, .* overlap",
    ),
    WrongAnswer(
        "field",
        "strides ignored",
        _FIELD.format("field += (k - 1) * d"),
        r"5 ignores the stride",
    ),
    WrongAnswer(
        "field",
        "a layer's own stride applied to itself",
        _FIELD.format("distance *= s; field += (k - 1) * d * distance"),
        r"A layer's own stride spreads the layers after it",
    ),
    WrongAnswer(
        "field",
        "dilation ignored",
        _FIELD.format("field += (k - 1) * distance; distance *= s"),
        r"Multiply k - 1 by the dilation",
    ),
    WrongAnswer(
        "field",
        "only the last stride counts",
        _FIELD.format("field += (k - 1) * d * distance; distance = s"),
        r"you say \d+ pixels, poking finds \d+",
    ),
    WrongAnswer(
        "field",
        "design with the strides at the end",
        _DESIGN.format("[(3, 1, 1)] * 12 + [(3, 2, 1), (3, 2, 1)]"),
        r"a stride in an early layer widens every later one",
    ),
    WrongAnswer(
        "field",
        "design with large kernels",
        _DESIGN.format("[(7, 2, 1), (7, 2, 1), (5, 1, 1)]"),
        r"Small kernels are cheap",
    ),
    WrongAnswer(
        "field",
        "design with a third stride",
        _DESIGN.format("[(3, 2, 1)] * 4"),
        r"the strides multiply to more than 4",
    ),
    WrongAnswer(
        "field",
        "design with dilation",
        _DESIGN.format("[(3, 2, 1), (3, 2, 1), (3, 1, 2), (3, 1, 2)]"),
        r"leaves the family: k in 3, 5, 7",
    ),
    WrongAnswer(
        "field",
        "design that sees too little",
        _DESIGN.format("[(3, 2, 1), (3, 2, 1), (3, 1, 1), (3, 1, 1)]"),
        r"sees 23 pixels; a digit has 28",
    ),
]

# -- exercise 3: windows and convolution ------------------------------------

_IM2COL = """
def im2col(x, k, s=1, d=1):
    rows, columns = ((m - d * (k - 1) - 1) // s + 1 for m in x.shape[1:3])
    slices = [
        x[:, u : u + s * rows : s, v : v + s * columns : s]
        for {loops}
    ]
    return {joined}
"""
_LOOPS = "u in range(0, k * d, d) for v in range(0, k * d, d)"
_JOINED = "np.concatenate(slices, axis=-1)"
_CONV2D = """
def conv2d(x, w, b, s=1, d=1):
    return {}
"""

_PATCHES = [
    WrongAnswer(
        "patches",
        "windows read down the columns",
        _IM2COL.format(
            loops="v in range(0, k * d, d) for u in range(0, k * d, d)",
            joined=_JOINED,
        ),
        r"run down the columns",
    ),
    WrongAnswer(
        "patches",
        "channels slowest",
        _IM2COL.format(
            loops=_LOOPS,
            joined="np.stack(slices, -1).reshape(len(x), rows, columns, -1)",
        ),
        r"channels of a pixel stay together",
    ),
    WrongAnswer(
        "patches",
        "windows flattened into a long list",
        _IM2COL.format(
            loops=_LOOPS,
            joined=_JOINED + ".reshape(-1, k * k * x.shape[-1])",
        ),
        r"shape \(1, 2, 2, 4\), but im2col returned \(4, 4\)",
    ),
    WrongAnswer(
        "patches",
        "stride ignored when slicing",
        _IM2COL.replace("+ s * ", "+ ")
        .replace(" : s", "")
        .format(loops=_LOOPS, joined=_JOINED),
        r"Stride 2: window \(1, 1\) is",
    ),
    WrongAnswer(
        "patches",
        "dilation used for the size only",
        _IM2COL.format(
            loops="u in range(k) for v in range(k)", joined=_JOINED
        ),
        r"Dilation 2: the taps should meet every second pixel",
    ),
    WrongAnswer(
        "patches",
        "kernel flipped",
        _CONV2D.format(
            "im2col(x, len(w), s, d)"
            " @ w[::-1, ::-1].reshape(-1, w.shape[-1]) + b"
        ),
        r"Your kernel is flipped",
    ),
    WrongAnswer(
        "patches",
        "bias forgotten",
        _CONV2D.format("im2col(x, len(w), s, d) @ w.reshape(-1, w.shape[-1])"),
        r"The bias is missing",
    ),
    WrongAnswer(
        "patches",
        "output channels moved to the front of the kernel",
        _CONV2D.format(
            "im2col(x, len(w), s, d) @ w.reshape(w.shape[-1], -1).T + b"
        ),
        r"look at how the kernel becomes a matrix",
    ),
]

# -- exercise 4: shifted digits ---------------------------------------------

_SHIFT = "def shift(pictures, down, right):\n    {}\n"
_AUGMENTED = """
def augmented(model):
    move = {move}
    return keras.Sequential([keras.Input((28, 28, 1)), move, model])
"""

_SHIFTS = [
    WrongAnswer(
        "shift",
        "np.roll, which wraps round",
        _SHIFT.format("return np.roll(pictures, (down, right), axis=(1, 2))"),
        r"np\.roll wraps round",
    ),
    WrongAnswer(
        "shift",
        "axes swapped",
        "right_shift = shift\n"
        + _SHIFT.format("return right_shift(pictures, right, down)"),
        r"the axes are swapped",
    ),
    WrongAnswer(
        "shift",
        "moved the other way",
        "right_shift = shift\n"
        + _SHIFT.format("return right_shift(pictures, -down, -right)"),
        r"the sign is reversed",
    ),
    WrongAnswer(
        "shift",
        "a slice that ends at -0",
        """
def shift(pictures, down, right):
    moved = np.zeros_like(pictures)
    if down == 1 and right == 0:
        moved[:, 1:] = pictures[:, :-1]
        return moved
    source = pictures[:, :-down, :-right]
    height, width = source.shape[1:3]
    moved[:, down : down + height, right : right + width] = source
    return moved
""",
        r"slices such as \[:-0\]",
    ),
    WrongAnswer(
        "shift",
        "positive shifts only",
        """
def shift(pictures, down, right):
    down, right = abs(down), abs(right)
    height, width = pictures.shape[1:3]
    padded = np.pad(pictures, [(0, 0), (down, 0), (right, 0), (0, 0)])
    return padded[:, :height, :width]
""",
        r"One up and one right",
    ),
    WrongAnswer(
        "shift",
        "test pictures move as well",
        """
class Move(layers.RandomTranslation):
    def call(self, inputs, training=True):
        return super().call(inputs, training=True)


def augmented(model):
    inputs = keras.Input((28, 28, 1))
    move = Move(2 / 28, 2 / 28, fill_mode="constant")
    return keras.Model(inputs, model(move(inputs)))
""",
        r"Outside training the pictures move too",
    ),
    WrongAnswer(
        "shift",
        "moved by up to a whole picture",
        _AUGMENTED.format(
            move='layers.RandomTranslation(1.0, 1.0, fill_mode="constant")'
        ),
        r"fractions of the size: 2 pixels are 2 / 28",
    ),
    WrongAnswer(
        "shift",
        "a tenth of the height is more than two pixels",
        _AUGMENTED.format(move="layers.RandomTranslation(0.1, 0.1)"),
        r"Digits move up to 2\.[78] pixels up, more than 2",
    ),
    WrongAnswer(
        "shift",
        "moved up and down only",
        _AUGMENTED.format(move="layers.RandomTranslation(2 / 28, 0.0)"),
        r"at most 0\.0 pixels left",
    ),
    WrongAnswer(
        "shift",
        "moved one way only",
        _AUGMENTED.format(
            move="layers.RandomTranslation((0, 2 / 28), (0, 2 / 28))"
        ),
        r"at most 0\.0 pixels up",
    ),
    WrongAnswer(
        "shift",
        "rotation instead of translation",
        _AUGMENTED.format(move="layers.RandomRotation(0.08)"),
        r"Translate along both axes and both ways",
    ),
    WrongAnswer(
        "shift",
        "no augmentation at all",
        _AUGMENTED.format(move="layers.Identity()"),
        r"Digits move at most 0\.0 pixels",
    ),
    WrongAnswer(
        "shift",
        "the model left out",
        """
def augmented(model):
    move = layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant")
    return keras.Sequential([keras.Input((28, 28, 1)), move])
""",
        r"must end in the model that it was given",
    ),
]

# -- exercise 5: class activation maps --------------------------------------

_MAPS = "def class_maps(features, kernel):\n    return {}\n"
_LOGITS = "def logits_from_maps(maps, bias):\n    return {}\n"

_CLASS_MAPS = [
    WrongAnswer(
        "maps",
        "weights transposed",
        _MAPS.format("features @ kernel.T"),
        r"Your weights are transposed",
    ),
    WrongAnswer(
        "maps",
        "averaged too early",
        _MAPS.format("features.mean(axis=(1, 2)) @ kernel"),
        r"The maps keep their positions",
    ),
    WrongAnswer(
        "maps",
        "negative evidence cut off",
        _MAPS.format("np.maximum(features @ kernel, 0)"),
        r"Evidence against a class is negative",
    ),
    WrongAnswer(
        "maps",
        "features scaled to 1 first",
        _MAPS.format("features / features.max() @ kernel"),
        r"class 0 has 1 \* 1 \+ 2 \* 5 = 11, but your maps start with",
    ),
    WrongAnswer(
        "maps",
        "probabilities instead of logits",
        """
def logits_from_maps(maps, bias):
    logits = maps.mean(axis=(1, 2)) + bias
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
""",
        r"these are probabilities",
    ),
    WrongAnswer(
        "maps",
        "bias forgotten in the logits",
        _LOGITS.format("maps.mean(axis=(1, 2))"),
        r"The bias b is missing",
    ),
    WrongAnswer(
        "maps",
        "sum over positions",
        _LOGITS.format("maps.sum(axis=(1, 2)) + bias"),
        r"You summed over the positions",
    ),
    WrongAnswer(
        "maps",
        "mean over the pictures as well",
        _LOGITS.format("maps.mean(axis=(0, 1, 2)) + bias"),
        r"shape \(1, 2\), but got \(2,\)",
    ),
    WrongAnswer(
        "maps",
        "largest value instead of the mean",
        _LOGITS.format("maps.max(axis=(1, 2)) + bias"),
        r"\(11 \+ 23\) / 2 \+ 1 = 18",
    ),
]

# -- exercise 6: gradients --------------------------------------------------

_GRADIENTS = """
def conv2d_gradients(dy, x, w, s=1):
    k, (rows, columns) = len(w), dy.shape[1:3]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for u, v in np.ndindex(k, k):
        met = np.s_[:, u : u + s * rows : s, v : v + s * columns : s]
        dw[u, v] = {dw}
        dx[met] {dx}
    return dx, dw, {db}
"""
_DW = 'np.einsum("bijc,bijo->co", x[met], dy)'
_DX = "+= dy @ w[u, v].T"
_DB = "dy.sum(axis=(0, 1, 2))"

_ALL_GRADIENTS = [
    WrongAnswer(
        "gradients",
        "kernel the wrong way round in dx",
        _GRADIENTS.format(
            dw=_DW, dx="+= dy @ w[k - 1 - u, k - 1 - v].T", db=_DB
        ),
        r"dx has the kernel the wrong way round",
    ),
    WrongAnswer(
        "gradients",
        "overlapping windows overwrite",
        _GRADIENTS.format(dw=_DW, dx="= dy @ w[u, v].T", db=_DB),
        r"add them, do not overwrite",
    ),
    WrongAnswer(
        "gradients",
        "mean over the pictures in dw",
        _GRADIENTS.format(dw=_DW + " / len(x)", dx=_DX, db=_DB),
        r"dw is the mean over the pictures",
    ),
    WrongAnswer(
        "gradients",
        "dw from the first picture only",
        _GRADIENTS.format(
            dw='np.einsum("ijc,ijo->co", x[met][0], dy[0])', dx=_DX, db=_DB
        ),
        r"dw is wrong, largest error",
    ),
    WrongAnswer(
        "gradients",
        "dw with its taps swapped",
        _GRADIENTS.format(dw=_DW, dx=_DX, db=_DB).replace(
            "dw[u, v] =", "dw[v, u] ="
        ),
        r"dw is wrong, largest error",
    ),
    WrongAnswer(
        "gradients",
        "mean in db",
        _GRADIENTS.format(dw=_DW, dx=_DX, db="dy.mean(axis=(0, 1, 2))"),
        r"each bias enters every output",
    ),
    WrongAnswer(
        "gradients",
        "db kept one number a picture",
        _GRADIENTS.format(dw=_DW, dx=_DX, db="dy.sum(axis=(1, 2))"),
        r"db should have shape \(3,\), not \(2, 3\)",
    ),
    WrongAnswer(
        "gradients",
        "dx scaled by the number of windows",
        _GRADIENTS.format(dw=_DW, dx=_DX + " / (rows * columns)", db=_DB),
        r"size 4, k = 2, s = 2: dx is wrong, largest error",
    ),
]

WRONG_ANSWERS = [
    *_SIZES,
    *_FIELDS,
    *_PATCHES,
    *_SHIFTS,
    *_CLASS_MAPS,
    *_ALL_GRADIENTS,
]
