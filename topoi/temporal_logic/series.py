"""Series to decide about: rules of one threshold, splits, a simulated room."""

from typing import NamedTuple

import numpy as np

from topoi.temporal_logic.syntax import Always, Atom

ROOM = ("temperature", "humidity", "light", "co2", "humidity_ratio")


class OneRule(NamedTuple):
    """Compare one entry of a series with one threshold."""

    step: int
    channel: int
    threshold: float
    above: bool  # whether the class is above the threshold

    def decide(self, x: np.ndarray) -> np.ndarray:
        """Return the decisions on series (cases, time, channels)."""
        value = np.asarray(x)[:, self.step, self.channel]
        return (value >= self.threshold) == self.above


def one_rule(x: np.ndarray, y: np.ndarray) -> OneRule:
    """Return the rule of one entry with the fewest errors.

    Thresholds lie half way between neighbouring values. Of equally good
    rules the one with the widest gap, in units of the entry's deviation,
    is taken.

    Parameters
    ----------
    x : array, shape (cases, time, channels)
    y : array of bool, shape (cases,)
    """
    x, y = np.asarray(x, float), np.asarray(y).astype(bool)
    if x.ndim != 3 or y.shape != x.shape[:1] or y.all() or not y.any():
        raise ValueError(
            "one_rule needs series (cases, time, channels) and a label for "
            f"each, of both classes; got {x.shape} and {y.shape}."
        )
    best = (-1.0, -1.0)
    for step, channel in np.ndindex(x.shape[1:]):
        value = x[:, step, channel]
        order = np.argsort(value, kind="stable")
        low, high = value[order][:-1], value[order][1:]
        # decisions "above the cut": negatives below plus positives above
        below = np.cumsum(~y[order])[:-1]
        right = below + y.sum() - np.cumsum(y[order])[:-1]
        for above, hits in ((True, right), (False, len(y) - right)):
            hits = np.where(high > low, hits, -1)
            gap = (high - low) / (value.std() or 1)
            at = np.lexsort((gap, hits))[-1]
            if (hits[at], gap[at]) > best:
                best = hits[at], gap[at]
                middle = float((low[at] + high[at]) / 2)
                rule = OneRule(step, channel, middle, above)
    return rule


def threshold_rule(x: np.ndarray, y: np.ndarray, channel: int) -> Always:
    """Return ``always (x_channel >= b)`` with the best b over the window."""
    least = np.asarray(x, float).min(1)[:, channel]
    b = one_rule(least[:, None, None], y).threshold
    a = np.zeros(np.shape(x)[2])
    a[channel] = 1
    return Always(Atom(tuple(a), b), 0, np.shape(x)[1] - 1)


def standardise(
    train: np.ndarray, *others: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return mean and deviation of the training channels, and all scaled."""
    mean, scale = train.mean((0, 1)), train.std((0, 1))
    scale = np.where(scale > 0, scale, 1)
    return mean, scale, [(x - mean) / scale for x in (train, *others)]


class Windows(NamedTuple):
    """Windows of a recording with one constant label."""

    x: np.ndarray  # (windows, steps, channels)
    y: np.ndarray  # (windows,) bool
    first: np.ndarray  # (windows,) the step at which each begins


def cut_windows(
    signal: np.ndarray, label: np.ndarray, steps: int = 16, stride: int = 0
) -> Windows:
    """Cut a recording (time, channels) into windows; drop mixed ones.

    Windows follow each other unless `stride` makes them overlap.
    """
    stride = stride or steps
    if steps < 1 or stride < 1 or len(signal) != len(label):
        raise ValueError(
            "cut_windows needs steps >= 1, stride >= 1 and a label for each "
            f"step; got {steps}, {stride}, {len(signal)} and {len(label)}."
        )
    first = np.arange(0, len(signal) - steps + 1, stride)
    rows = first[:, None] + np.arange(steps)
    labels = np.asarray(label)[rows]
    same = (labels == labels[:, :1]).all(1)
    return Windows(
        np.asarray(signal)[rows[same]], labels[same, 0] == 1, first[same]
    )


def simulate_room(
    days: int, rng: np.random.Generator, forgotten: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Return sensors (minutes, 5) and occupancy (minutes,) of an office.

    People come around 8:30 and leave around 17:30, with breaks. They switch
    the light on; when they leave for long they forget it with probability
    `forgotten`. Carbon dioxide rises with people and decays, temperature and
    humidity follow slowly, daylight adds to the lamp. The channels are
    `ROOM`. The humidity ratio is computed from temperature and humidity at
    normal pressure, in kg of water per kg of air.
    """
    minutes = 1440 * days
    people, lamp = _presence(days, rng, forgotten)
    clock = np.arange(minutes) % 1440
    sun = np.maximum(0, np.sin((clock - 420) / 720 * np.pi)) * (clock > 420)
    cloud = np.repeat(rng.uniform(0.1, 1, days), 1440)
    light = 430 * lamp + 250 * cloud * sun + rng.normal(0, 8, minutes)
    co2, warm, damp = np.empty((3, minutes))
    c, t, h = 440.0, 20.5, 25.0
    for i in range(minutes):
        c += 5.0 * people[i] - (c - 430) / 90
        t += (20.3 + 1.2 * (people[i] > 0) + 0.6 * sun[i] - t) / 180
        h += (24 + 2.5 * (people[i] > 0) - h) / 240
        co2[i], warm[i], damp[i] = c, t, h
    co2 += rng.normal(0, 6, minutes)
    warm += rng.normal(0, 0.05, minutes)
    damp += np.repeat(rng.normal(0, 1.5, days), 1440)
    damp += rng.normal(0, 0.1, minutes)
    pressure = 6.112 * np.exp(17.62 * warm / (243.12 + warm)) * damp / 100
    ratio = 0.622 * pressure / (1013.25 - pressure)
    x = np.stack([warm, damp, np.maximum(light, 0), co2, ratio], 1)
    return x, people > 0


def _presence(days: int, rng, forgotten: float):
    """Return people and lamp, one entry a minute."""
    people, lamp = np.zeros((2, 1440 * days))
    for day in range(days):
        start = 1440 * day
        at = start + int(rng.normal(510, 20))
        end = start + int(rng.normal(1050, 30))
        while at < end:
            stay = int(rng.uniform(40, 150))
            until = min(at + stay, end)
            people[at:until] = rng.integers(1, 4)
            lamp[at:until] = 1
            away = int(rng.uniform(5, 60))
            if rng.random() < forgotten:  # the light burns on
                lamp[until : min(until + away, start + 1320)] = 1
            at = until + away
        if rng.random() < forgotten:
            lamp[end : start + 1320] = 1
    return people, lamp


class Split(NamedTuple):
    """Windows for training and testing, and where each came from."""

    x_train: np.ndarray
    y_train: np.ndarray
    source_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    source_test: np.ndarray


def resampled_split(
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    before: bool,
    noise: float = 1.0,
    share: float = 0.8,
) -> Split:
    """Balance the classes with noisy copies, before or after the split.

    The rarer class is drawn again with normal noise until both are equally
    large. With `before`, copies are made first and all windows are then
    shuffled and cut, so copies of one window fall on both sides. Otherwise
    the windows are cut first, and only the training part gets copies.

    Parameters
    ----------
    x : array, shape (windows, steps, channels)
    y : array of bool, shape (windows,)
    rng : numpy.random.Generator
    before : bool
        Whether copies are made before the split.
    noise : float
        Standard deviation of the noise, in the units of x.
    share : float
        Of the windows that are used for training.
    """
    source = np.arange(len(x))
    if before:
        source = _with_copies(source, y, rng)
    source = rng.permutation(source)
    cut = int(share * len(source))
    train, test = source[:cut], source[cut:]
    if not before:
        train = _with_copies(train, y[train], rng)
    parts = []
    for rows in (train, test):
        seen = np.zeros(len(x), bool)
        again = np.zeros(len(rows), bool)
        for i, row in enumerate(rows):
            again[i], seen[row] = seen[row], True
        copies = x[rows] + noise * again[:, None, None] * rng.normal(
            size=x[rows].shape
        )
        parts += [copies, y[rows], rows]
    return Split(*parts)


def _with_copies(source: np.ndarray, y: np.ndarray, rng) -> np.ndarray:
    """Return the rows, and copies of the rarer class up to balance."""
    rare = y if y.sum() * 2 < len(y) else ~y
    missing = (~rare).sum() - rare.sum()
    return np.concatenate([source, rng.choice(source[rare], missing)])
