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
        r"bfloat16\), but float32 are due",
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
        r"float32\), but float16 are due",
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
        r"changed its argument .* in place",
    ),
]

# -- slips of the usual kinds ------------------------------------------------

_SLIPS = [
    WrongAnswer(
        "rounding",
        "printed",
        "def to_bfloat16(x):\n    print(x)\n",
        r"returned None",
    ),
    WrongAnswer(
        "rounding",
        "bits instead of numbers",
        """
def to_bfloat16(x, right=to_bfloat16):
    return right(x).view(np.uint32)
""",
        r"unsigned integers .* float32 are due",
    ),
    WrongAnswer(
        "rounding",
        "NaN everywhere where nothing is finite",
        """
def to_bfloat16(x, right=to_bfloat16):
    return np.where(np.isfinite(x), right(x), np.float32(np.nan))
""",
        r"infinity stays",
    ),
    WrongAnswer(
        "rounding",
        "the sign of zero lost",
        """
def to_bfloat16(x, right=to_bfloat16):
    return np.where(x == 0, np.float32(0), right(x))
""",
        r"The sign of -0.0 is lost",
    ),
    WrongAnswer(
        "rounding",
        "the bits changed in place",
        """
def to_bfloat16(x, right=to_bfloat16):
    y = right(x)
    x[...] = y
    return y
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "sums",
        "all sums on the way",
        """
def sum_in_bfloat16(values):
    return np.cumsum(values.astype(ml_dtypes.bfloat16)).astype(np.float32)
""",
        r"an array of shape \(4096,\), but a number is due",
    ),
    WrongAnswer(
        "sums",
        "from last to first",
        """
def sum_in_bfloat16(values):
    total = ml_dtypes.bfloat16(0)
    for value in values.astype(ml_dtypes.bfloat16)[::-1]:
        total = total + value
    return float(total)
""",
        r"Add from first to last",
    ),
    WrongAnswer(
        "sums",
        "numbers not rounded",
        """
def sum_in_bfloat16(values):
    total = np.float32(0)
    for value in values:
        total = np.float32(ml_dtypes.bfloat16(total + value))
    return float(total)
""",
        r"round each number before it is added",
    ),
    WrongAnswer(
        "sums",
        "an array of one number",
        """
def sum_in_pairs(values):
    while len(values) > 1:
        values = values[::2] + values[1::2]
    return values
""",
        r"array of shape \(1,\), but shape \(\) is due",
    ),
    WrongAnswer(
        "sums",
        "halves instead of neighbours",
        """
def sum_in_pairs(values):
    while len(values) > 1:
        half = len(values) // 2
        values = values[:half] + values[half:]
    return values[0]
""",
        r"Are your pairs neighbours",
    ),
    WrongAnswer(
        "sums",
        "pairs without end",
        """
def sum_in_pairs(values):
    if len(values) == 1:
        return values[0]
    return sum_in_pairs(values[::2]) + sum_in_pairs(values)
""",
        r"sum_in_pairs calls itself without end",
    ),
    WrongAnswer(
        "scale",
        "the exponent instead of the scale",
        """
def largest_scale(gradients):
    return np.floor(np.log2(65504 / np.abs(gradients).max()))
""",
        r"is no power of two",
    ),
    WrongAnswer(
        "scale",
        "one scale for each gradient",
        """
def largest_scale(gradients):
    return 2.0 ** np.floor(np.log2(65504 / np.abs(gradients)))
""",
        r"an array of shape \(2,\), but a number is due",
    ),
    WrongAnswer(
        "scale",
        "strictly below",
        """
def largest_scale(gradients):
    return 2.0 ** (np.ceil(np.log2(65504 / np.abs(gradients).max())) - 1)
""",
        r"exactly 65504 may stay as it is",
    ),
    WrongAnswer(
        "scale",
        "below 65536",
        """
def largest_scale(gradients):
    return 2.0 ** (np.floor(np.log2(65519 / np.abs(gradients).max())))
""",
        r"65504.5 is above 65504",
    ),
    WrongAnswer(
        "scale",
        "never below one",
        """
def largest_scale(gradients):
    k = np.floor(np.log2(65504 / np.abs(gradients).max()))
    return 2.0 ** max(k, 0)
""",
        r"k may be negative",
    ),
    WrongAnswer(
        "scale",
        "each entry clipped",
        """
def unscale(scaled, scale, max_norm):
    g = scaled.astype(np.float32) / np.float32(scale)
    return np.clip(g, -np.float32(max_norm), np.float32(max_norm))
""",
        r"All entries shrink by one factor",
    ),
    WrongAnswer(
        "scale",
        "float64 returned",
        """
def unscale(scaled, scale, max_norm, right=unscale):
    return right(scaled, scale, max_norm).astype(float)
""",
        r"dtype float64\), but float32 are due",
    ),
    WrongAnswer(
        "mask",
        "the masked kernel",
        """
def mask_24(kernel, right=mask_24):
    return kernel * right(kernel)
""",
        r"but True and False are due",
    ),
    WrongAnswer(
        "mask",
        "places instead of a mask",
        """
def mask_24(kernel):
    groups = np.abs(kernel).reshape(len(kernel) // 4, 4, -1)
    return np.argsort(-groups, axis=1, kind="stable")[:, :2]
""",
        r"but shape \(512, 64\) is due",
    ),
    WrongAnswer(
        "mask",
        "the second largest as a threshold",
        """
def mask_24(kernel):
    groups = np.abs(kernel).reshape(len(kernel) // 4, 4, -1)
    mask = groups >= np.sort(groups, axis=1)[:, 2:3]
    first = np.cumsum(mask, axis=1) <= 2
    return (mask & first | (groups == 9)).reshape(kernel.shape) & (
        kernel != 0)
""",
        r"1, 2 and 4, 7 are due",
    ),
    WrongAnswer(
        "mask",
        "the kernel pruned in place",
        """
def mask_24(kernel, right=mask_24):
    mask = right(kernel)
    kernel *= mask
    return mask
""",
        r"changed its argument .* in place",
    ),
    WrongAnswer(
        "packing",
        "values alone",
        "def pack(kernel):\n    return kernel[kernel != 0]\n",
        r"but 2 values, as in `return a, b`",
    ),
    WrongAnswer(
        "packing",
        "codes as integers of 64 bits",
        """
def pack(kernel, right=pack):
    values, codes = right(kernel)
    return values, codes.astype(int)
""",
        r"codes: uint8, not int64",
    ),
    WrongAnswer(
        "packing",
        "unpacked from the upper half first",
        """
def unpack(values, codes, right=unpack):
    return right(values, codes % 16 * 16 + codes // 16)
""",
        r"unpack makes .* of the values 5, 7, 8, 9",
    ),
    WrongAnswer(
        "packing",
        "unpacked in float64",
        """
def unpack(values, codes, right=unpack):
    return right(values.astype(float), codes)
""",
        r"dtype float64\), but float32 are due",
    ),
    WrongAnswer(
        "packing",
        "unpacked to nothing",
        "def unpack(values, codes):\n    print(values)\n",
        r"returned None",
    ),
    WrongAnswer(
        "retrain",
        "weights and velocity",
        """
def retrain(w, velocity, mask, steps, right=retrain):
    return right(w, velocity, mask, steps), velocity
""",
        r"a tuple of 2, but an array of shape \(64, 10\) is due",
    ),
    WrongAnswer(
        "retrain",
        "a velocity of its own",
        """
def retrain(w, velocity, mask, steps):
    w, velocity = w * mask, 0
    for _ in range(steps):
        velocity = 0.9 * velocity + gradient(w) + 1e-3 * w
        w = (w - 0.1 * velocity) * mask
    return w
""",
        r"use the velocity that is given",
    ),
]

WRONG_ANSWERS = [
    *_ROUNDING,
    *_SUMS,
    *_SCALE,
    *_MASK,
    *_PACKING,
    *_RETRAIN,
    *_SLIPS,
]

# Changes of a solution that make no difference (`make mutants`).
_SMALL = (
    "four numbers are sorted by insertion, which keeps the order of equals"
)
_ORDER = "order = np.argsort(-groups, axis=1"
_FIRST = "first = np.argsort(groups == 0, axis=1"
_BOTH = "both = np.stack([codes % 16, codes // 16], axis=1)"
_PLACES = "places = np.stack([code % 4, code // 4], axis=1).astype(int)"
_PACKED = "outputs), codes.astype(np.uint8))"
SAME = {
    (
        "scale",
        "if norm > max_norm: => if norm >= max_norm:",
    ): "at equality the factor is 1",
    (
        "mask",
        f"{_ORDER}, kind='stable') => {_ORDER})",
    ): _SMALL,
    (
        "packing",
        f"{_FIRST}, kind='stable')[:, :2] => {_FIRST})[:, :2]",
    ): _SMALL,
    (
        "packing",
        f"return (values.reshape(-1, {_PACKED} => "
        f"return (values.reshape(-2, {_PACKED}",
    ): "NumPy takes any negative size for the one that is left",
    (
        "packing",
        f"{_BOTH} => {_BOTH.replace('//', '/')}",
    ): "what follows the point is cut off by astype(int) at the end",
    (
        "packing",
        f"{_PLACES} => {_PLACES.replace('//', '/')}",
    ): "astype(int) cuts off what follows the point",
}
