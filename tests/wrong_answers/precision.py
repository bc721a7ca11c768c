"""Wrong answers to the lab on precision and sparsity."""

from wrong_answers import WrongAnswer

# -- exercise 1: rounding ---------------------------------------------------

_ROUNDING = [
    WrongAnswer(
        "rounding",
        "truncation",
        """
def to_bfloat16(x):
    return (x.view(np.uint32) & 0xFFFF0000).view(np.float32)
""",
        r"This is truncation: the half step is missing",
    ),
    WrongAnswer(
        "rounding",
        "ties always up",
        """
def to_bfloat16(x):
    bits = (x.view(np.uint32) + 0x8000) & 0xFFFF0000
    return np.where(np.isnan(x), x, bits.view(np.float32))
""",
        r"Adding 0x8000 sends every tie up",
    ),
    WrongAnswer(
        "rounding",
        "NaN treated as a number",
        """
def to_bfloat16(x):
    bits = x.view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.view(np.float32)
""",
        r"A NaN has become a number or infinite",
    ),
    WrongAnswer(
        "rounding",
        "the native type returned",
        "def to_bfloat16(x):\n    return x.astype(ml_dtypes.bfloat16)\n",
        r"Return float32, not bfloat16",
    ),
]

# -- exercise 2: sums -------------------------------------------------------

_SUMS = [
    WrongAnswer(
        "sums",
        "only the final sum rounded",
        """
def sum_in_bfloat16(values):
    return float(ml_dtypes.bfloat16(values.sum()))
""",
        r"41.0: the sum was rounded once, at the end",
    ),
    WrongAnswer(
        "sums",
        "pairs in float32",
        """
def sum_in_pairs(values):
    return np.float16(values.astype(np.float32).sum())
""",
        r"is the sum in float32, rounded at the end",
    ),
    WrongAnswer(
        "sums",
        "a running sum in float16",
        """
def sum_in_pairs(values):
    total = np.float16(0)
    for value in values:
        total = total + value
    return total
""",
        r"2048: this is the running sum",
    ),
    WrongAnswer(
        "sums",
        "the result in float32",
        """
def sum_in_pairs(values):
    return values.astype(np.float32).sum()
""",
        r"The result is float32, but float16 is due",
    ),
]

# -- exercise 3: the loss scale ---------------------------------------------

_SCALE = [
    WrongAnswer(
        "scale",
        "exponent rounded up",
        """
def largest_scale(gradients):
    return 2.0 ** np.ceil(np.log2(65504 / np.abs(gradients).max()))
""",
        r"2\^26 times 0.001 is 67109 and overflows",
    ),
    WrongAnswer(
        "scale",
        "not a power of two",
        """
def largest_scale(gradients):
    return 65504 / np.abs(gradients).max()
""",
        r"is no power of two",
    ),
    WrongAnswer(
        "scale",
        "the smallest gradient decides",
        """
def largest_scale(gradients):
    return 2.0 ** np.floor(np.log2(65504 / np.abs(gradients).min()))
""",
        r"looks at the smallest gradient",
    ),
    WrongAnswer(
        "scale",
        "signed maximum",
        """
def largest_scale(gradients):
    return 2.0 ** np.floor(np.log2(65504 / gradients.max()))
""",
        r"the absolute value counts",
    ),
    WrongAnswer(
        "scale",
        "unscaled in float16",
        """
def unscale(scaled, scale, max_norm):
    with np.errstate(all="ignore"):
        g = (scaled / np.float32(scale)).astype(np.float16)
    g = g.astype(np.float32)
    return g * min(1.0, max_norm / np.linalg.norm(g))
""",
        r"the division happened in float16",
    ),
    WrongAnswer(
        "scale",
        "clipped before unscaling",
        """
def unscale(scaled, scale, max_norm):
    g = scaled.astype(np.float32)
    g = g * np.float32(min(1.0, max_norm / np.linalg.norm(g)))
    return g / np.float32(scale)
""",
        r"clipping came before unscaling",
    ),
    WrongAnswer(
        "scale",
        "never unscaled",
        """
def unscale(scaled, scale, max_norm):
    g = scaled.astype(np.float32)
    return g * np.float32(min(1.0, max_norm / np.linalg.norm(g)))
""",
        r"The norm is below 1, so nothing",
    ),
]

# -- exercise 4: the mask ---------------------------------------------------

_MASK = [
    WrongAnswer(
        "mask",
        "groups along the outputs",
        """
def mask_24(kernel):
    groups = np.abs(kernel).reshape(len(kernel), -1, 4)
    rank = np.argsort(np.argsort(-groups, 2), 2)
    return (rank < 2).reshape(kernel.shape)
""",
        r"kept along axis 1, the outputs",
    ),
    WrongAnswer(
        "mask",
        "half of the whole matrix",
        """
def mask_24(kernel):
    return np.abs(kernel) >= np.median(np.abs(kernel))
""",
        r"A ranking of the whole matrix",
    ),
    WrongAnswer(
        "mask",
        "signed numbers compared",
        """
def mask_24(kernel):
    groups = kernel.reshape(len(kernel) // 4, 4, -1)
    rank = np.argsort(np.argsort(-groups, 1), 1)
    return (rank < 2).reshape(kernel.shape)
""",
        r"Compare magnitudes, not signed numbers",
    ),
    WrongAnswer(
        "mask",
        "the smallest kept",
        """
def mask_24(kernel):
    groups = np.abs(kernel).reshape(len(kernel) // 4, 4, -1)
    rank = np.argsort(np.argsort(groups, 1), 1)
    return (rank < 2).reshape(kernel.shape)
""",
        r"the two smallest are kept",
    ),
    WrongAnswer(
        "mask",
        "both of two equal weights lost or kept",
        """
def mask_24(kernel):
    groups = np.abs(kernel).reshape(len(kernel) // 4, 4, -1)
    rank = np.argsort(np.argsort(groups, 1, "stable"), 1, "stable")
    return (rank >= 2).reshape(kernel.shape)
""",
        r"Four equal weights: .* but the earlier two are kept",
    ),
]

# -- exercise 5: packing ----------------------------------------------------

_PACKING = [
    WrongAnswer(
        "packing",
        "masks of four bits",
        """
def pack(kernel):
    groups = kernel.reshape(-1, 4, kernel.shape[1])
    kept = groups != 0
    order = np.argsort(~kept, axis=1, kind="stable")[:, :2]
    values = np.take_along_axis(groups, order, 1)
    code = (kept * np.array([1, 2, 4, 8])[:, None]).sum(1)
    codes = (code[::2] + 16 * code[1::2]).astype(np.uint8)
    return values.reshape(-1, kernel.shape[1]), codes
""",
        r"58: this is a mask of four bits",
    ),
    WrongAnswer(
        "packing",
        "one byte a group",
        """
def pack(kernel):
    groups = kernel.reshape(-1, 4, kernel.shape[1])
    order = np.sort(np.argsort(groups == 0, 1, "stable")[:, :2], 1)
    values = np.take_along_axis(groups, order, 1)
    code = (order[:, 0] + 4 * order[:, 1]).astype(np.uint8)
    return values.reshape(-1, kernel.shape[1]), code
""",
        r"one byte a group",
    ),
    WrongAnswer(
        "packing",
        "halves of the byte swapped",
        """
def pack(kernel):
    groups = kernel.reshape(-1, 4, kernel.shape[1])
    order = np.sort(np.argsort(groups == 0, 1, "stable")[:, :2], 1)
    values = np.take_along_axis(groups, order, 1)
    code = order[:, 0] + 4 * order[:, 1]
    codes = (16 * code[::2] + code[1::2]).astype(np.uint8)
    return values.reshape(-1, kernel.shape[1]), codes
""",
        r"the earlier group belongs in the lower four bits",
    ),
    WrongAnswer(
        "packing",
        "missing weights named as place 0",
        """
def pack(kernel):
    groups = kernel.reshape(-1, 4, kernel.shape[1])
    place = np.where(groups != 0, np.arange(4)[:, None], 9)
    order = np.sort(place, 1)[:, :2] % 9
    values = np.take_along_axis(groups, order, 1)
    code = order[:, 0] + 4 * order[:, 1]
    codes = (code[::2] + 16 * code[1::2]).astype(np.uint8)
    return values.reshape(-1, kernel.shape[1]), codes
""",
        r"does not name two different places",
    ),
]

# -- exercise 6: retraining -------------------------------------------------

_RETRAIN = [
    WrongAnswer(
        "retrain",
        "only the gradient masked",
        """
def retrain(w, velocity, mask, steps):
    w = w * mask
    for _ in range(steps):
        velocity = 0.9 * velocity + gradient(w) * mask + 1e-3 * w
        w = w - 0.1 * velocity
    return w
""",
        r"pruned weights have come back",
    ),
    WrongAnswer(
        "retrain",
        "the mask chosen anew in each step",
        """
def retrain(w, velocity, mask, steps):
    w = w * mask
    for _ in range(steps):
        velocity = 0.9 * velocity + gradient(w) + 1e-3 * w
        w = w - 0.1 * velocity
        w = w * magnitude_mask(w)
    return w
""",
        r"Use the same mask in every step",
    ),
    WrongAnswer(
        "retrain",
        "pruned after the first step only",
        """
def retrain(w, velocity, mask, steps):
    for _ in range(steps):
        velocity = 0.9 * velocity + gradient(w) + 1e-3 * w
        w = (w - 0.1 * velocity) * mask
    return w
""",
        r"Prune before the first step",
    ),
    WrongAnswer(
        "retrain",
        "arguments changed in place",
        """
def retrain(w, velocity, mask, steps):
    w *= mask
    for _ in range(steps):
        velocity *= 0.9
        velocity += gradient(w) + 1e-3 * w
        w -= 0.1 * velocity
        w *= mask
    return w
""",
        r"retrain has changed its arguments",
    ),
]

WRONG_ANSWERS = [*_ROUNDING, *_SUMS, *_SCALE, *_MASK, *_PACKING, *_RETRAIN]
