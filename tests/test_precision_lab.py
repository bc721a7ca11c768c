"""Right answers written differently pass the lab on precision."""

import pytest
from right_answers import assert_passes, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "rounding": (
        """
def to_bfloat16(x):
    bits = x.view(np.uint32).astype(np.uint64)
    bits += 0x7FFF + (bits >> 16) % 2
    y = (bits // 2**16 * 2**16).astype(np.uint32).view(np.float32)
    y[np.isnan(x)] = np.nan
    return y
""",
        """
def to_bfloat16(x):
    bits = np.array(x).view(np.uint32)
    low, high = bits & 0xFFFF, bits >> 16
    up = (low > 0x8000) | ((low == 0x8000) & (high % 2 == 1))
    y = ((high + up) << 16).astype(np.uint32).view(np.float32)
    return np.where(x == x, y, x)
""",
        """
def to_bfloat16(x):
    flat = np.empty(x.size, np.float32)
    for n, bits in enumerate(x.view(np.uint32).ravel().tolist()):
        if bits & 0x7FFFFFFF > 0x7F800000:
            bits = 0x7FC00000
        bits += 0x7FFF + (bits >> 16 & 1)
        flat[n] = np.uint32(bits & 0xFFFF0000).view(np.float32)
    return flat.reshape(x.shape)
""",
    ),
    "scale": (
        """
def largest_scale(gradients):
    top = float(abs(gradients).max())
    scale = 1.0
    while scale * top <= 65504:
        scale *= 2
    while scale * top > 65504:
        scale /= 2
    return scale
""",
        """
def largest_scale(gradients):
    import math
    mantissa, exponent = math.frexp(65504 / float(np.max(np.abs(gradients))))
    return math.ldexp(1.0, exponent - 1)
""",
        """
def unscale(scaled, scale, max_norm):
    g = np.float32(scaled) * np.float32(1 / scale)
    length = np.sqrt((g.astype(float) ** 2).sum())
    return (g * min(1, max_norm / length)).astype("float32")
""",
    ),
    "mask": (
        """
def mask_24(kernel):
    groups = abs(kernel).reshape(-1, 4, kernel.shape[1])
    rank = np.argsort(np.argsort(-groups, 1, "stable"), 1, "stable")
    return (rank < 2).reshape(kernel.shape)
""",
        """
def mask_24(kernel):
    mask = np.zeros(kernel.shape, dtype=bool)
    for i in range(0, kernel.shape[0], 4):
        for j in range(kernel.shape[1]):
            some = np.abs(kernel[i : i + 4, j])
            for place in sorted(range(4), key=lambda p: -some[p])[:2]:
                mask[i + place, j] = True
    return mask
""",
        """
def mask_24(kernel):
    size = np.abs(kernel).reshape(len(kernel) // 4, 4, -1)
    ahead = np.zeros(size.shape, int)
    for p in range(4):
        for q in range(4):
            if p != q:
                beats = size[:, q] > size[:, p]
                ahead[:, p] += beats | ((q < p) & (size[:, q] == size[:, p]))
    return (ahead <= 1).reshape(kernel.shape)
""",
    ),
    "packing": (
        """
def pack(kernel):
    inputs, outputs = kernel.shape
    values = np.zeros((inputs // 2, outputs), kernel.dtype)
    codes = np.zeros((inputs // 8, outputs), np.uint8)
    for i in range(inputs // 4):
        for j in range(outputs):
            group = kernel[4 * i : 4 * i + 4, j]
            kept = list(np.flatnonzero(group))
            kept += [p for p in (3, 2, 1, 0) if p not in kept]
            a, b = sorted(kept[:2])
            values[2 * i : 2 * i + 2, j] = group[a], group[b]
            codes[i // 2, j] |= (a + 4 * b) << 4 * (i % 2)
    return values, codes
""",
        """
def unpack(values, codes):
    half, outputs = values.shape
    kernel = np.zeros((2 * half, outputs), values.dtype)
    for i in range(half // 2):
        for j in range(outputs):
            code = int(codes[i // 2, j]) >> 4 * (i % 2) & 15
            kernel[4 * i + code % 4, j] = values[2 * i, j]
            kernel[4 * i + code // 4, j] = values[2 * i + 1, j]
    return kernel
""",
        """
def unpack(values, codes):
    half, outputs = values.shape
    code = np.empty((half // 2, outputs), int)
    code[0::2], code[1::2] = codes & 15, codes >> 4
    where = np.arange(4)[None, :, None]
    pairs = values.reshape(-1, 2, outputs)
    first = (where == (code & 3)[:, None]) * pairs[:, :1]
    second = (where == (code >> 2)[:, None]) * pairs[:, 1:]
    return (first + second).reshape(-1, outputs).astype(values.dtype)
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("precision", name, RIGHT[name][n])
