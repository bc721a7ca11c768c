"""Right answers written differently pass the lab on audio."""

import pytest
from right_answers import assert_passes, assert_three_each, cases
from test_labs import environment

__all__ = ["environment"]  # a fixture, used by its name

RIGHT = {
    "heard": (
        """
def heard(frequency, rate):
    return abs(frequency - rate * round(frequency / rate))
""",
        """
def heard(frequency, rate):
    frequency = abs(frequency)
    while frequency > rate:
        frequency -= rate
    return rate - frequency if frequency > rate / 2 else frequency
""",
        """
def heard(frequency, rate):
    turn = np.mod(frequency, rate)
    return float(np.where(turn > rate / 2, rate - turn, turn))
""",
    ),
    "stft": (
        """
def short_time(x, size, hop):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    count = (len(x) - size) // hop + 1
    rows = [np.fft.fft(window * x[m * hop:][:size]) for m in range(count)]
    return np.array(rows)[:, : size // 2 + 1]
""",
        """
def short_time(x, size, hop):
    window = np.hanning(size + 1)[:-1]
    views = np.lib.stride_tricks.sliding_window_view(x, size)[::hop]
    return np.fft.rfft(views * window, axis=1)
""",
        """
def short_time(x, size, hop):
    n = np.arange(size)
    waves = np.exp(-2j * np.pi * np.outer(n, n[: size // 2 + 1]) / size)
    waves *= (np.sin(np.pi * n / size) ** 2)[:, None]
    out = []
    start = 0
    while start + size <= len(x):
        out.append(x[start : start + size] @ waves)
        start += hop
    return np.array(out)
""",
    ),
    "inverse": (
        """
def rebuild(spectrum, hop):
    count, bins = spectrum.shape
    size = 2 * bins - 2
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    pieces = np.fft.irfft(spectrum) * window
    x, w = np.zeros((2, (count - 1) * hop + size))
    for m in range(count):
        x[m * hop : m * hop + size] += pieces[m]
        w[m * hop : m * hop + size] += window * window
    x[w > 0] /= w[w > 0]
    return x
""",
        """
def rebuild(spectrum, hop):
    size = 2 * (spectrum.shape[1] - 1)
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    length = (len(spectrum) - 1) * hop + size
    places = hop * np.arange(len(spectrum))[:, None] + np.arange(size)
    x, w = np.zeros(length), np.zeros(length)
    np.add.at(x, places, np.fft.irfft(spectrum, size, axis=1) * window)
    np.add.at(w, places, np.broadcast_to(window**2, places.shape))
    return np.divide(x, w, out=np.zeros(length), where=w > 1e-9)
""",
        """
def rebuild(spectrum, hop):
    full = np.concatenate([spectrum, spectrum[:, -2:0:-1].conj()], axis=1)
    size = full.shape[1]
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    pieces = np.fft.ifft(full).real
    out = []
    for n in range((len(spectrum) - 1) * hop + size):
        seen = [m for m in range(len(spectrum)) if 0 <= n - m * hop < size]
        top = sum(window[n - m * hop] * pieces[m, n - m * hop] for m in seen)
        low = sum(window[n - m * hop] ** 2 for m in seen)
        out.append(top / low if low > 0 else 0.0)
    return np.array(out)
""",
    ),
    "mel": (
        """
def mel_bank(rate, size, count):
    step = 2595 * np.log10(1 + rate / 1400) / (count + 1)
    c = 700 * (10 ** (step * np.arange(count + 2) / 2595) - 1)
    f = np.fft.rfftfreq(size, 1 / rate)[:, None]
    up, down = (f - c[:-2]) / np.diff(c)[:-1], (c[2:] - f) / np.diff(c)[1:]
    return np.maximum(0, np.minimum(up, down)).T
""",
        """
def mel_bank(rate, size, count):
    def hertz(mel):
        return 700 * (10 ** (mel / 2595) - 1)

    top = 2595 * np.log10(1 + rate / 2 / 700)
    bank = np.zeros((count, size // 2 + 1))
    for b in range(count):
        a, m, z = (hertz(top * (b + k) / (count + 1)) for k in range(3))
        for k in range(size // 2 + 1):
            f = k * rate / size
            if a < f <= m:
                bank[b, k] = (f - a) / (m - a)
            elif m < f < z:
                bank[b, k] = (z - f) / (z - m)
    return bank
""",
        """
def mel_bank(rate, size, count):
    top = 2595 * np.log(1 + rate / 2 / 700) / np.log(10)
    c = 700 * np.expm1(np.linspace(0, top, count + 2) / 2595 * np.log(10))
    f = np.linspace(0, rate / 2, size // 2 + 1)
    hats = [np.interp(f, c, np.eye(count + 2)[b]) for b in range(count + 2)]
    return np.array(hats[1:-1])
""",
    ),
    "warp": (
        """
def warp_cost(a, b):
    d = np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    c = np.zeros_like(d)
    for i in range(len(a)):
        for j in range(len(b)):
            before = []
            if i:
                before.append(c[i - 1, j])
            if j:
                before.append(c[i, j - 1])
            if i and j:
                before.append(c[i - 1, j - 1])
            c[i, j] = d[i, j] + min(before, default=0.0)
    return float(c[-1, -1])
""",
        """
def warp_cost(a, b):
    row = None
    for x in a:
        d = np.linalg.norm(b - x, axis=1)
        if row is None:
            row = np.cumsum(d)
            continue
        new = [row[0] + d[0]]
        for j in range(1, len(b)):
            new.append(d[j] + min(new[-1], row[j], row[j - 1]))
        row = np.array(new)
    return float(row[-1])
""",
        """
def warp_cost(a, b):
    from functools import cache

    @cache
    def best(i, j):
        d = float(np.linalg.norm(a[i] - b[j]))
        if i == 0 and j == 0:
            return d
        ways = [(i - 1, j), (i, j - 1), (i - 1, j - 1)]
        return d + min(best(*w) for w in ways if min(w) >= 0)

    for i in range(len(a)):
        for j in range(len(b)):
            best(i, j)
    return best(len(a) - 1, len(b) - 1)
""",
    ),
    "report": (
        """
def report(second, people):
    counts = [int(row.sum()) for row in second]
    k = counts.index(max(counts))
    n, p, z2 = people.shape[1], people[k].sum() / people.shape[1], 1.96**2
    half = np.sqrt(z2 * p * (1 - p) / n + z2**2 / (4 * n**2))
    low = (p + z2 / 2 / n - half) / (1 + z2 / n)
    return k, low, (p + z2 / 2 / n + half) / (1 + z2 / n)
""",
        """
def report(second, people):
    chosen = max(range(len(second)), key=lambda k: second[k].sum())
    n, right = len(people[chosen]), people[chosen].sum()
    # The ends solve (share - p)^2 = z^2 p (1 - p) / n.
    a, b, c = n + 1.96**2, -(2 * right + 1.96**2), right**2 / n
    root = np.sqrt(max(b * b - 4 * a * c, 0))
    return chosen, float((-b - root) / 2 / a), float((-b + root) / 2 / a)
""",
        """
def report(second, people):
    from topoi import audio

    k = int(np.argmax(second.mean(1)))
    return k, *audio.wilson(int(people[k].sum()), len(people[k]))
""",
    ),
}


@pytest.mark.parametrize(("name", "n"), cases(RIGHT))
def test_a_right_answer_written_differently_passes(name, n):
    assert_passes("audio", name, RIGHT[name][n])


def test_every_exercise_has_three():
    assert_three_each("audio", RIGHT)
