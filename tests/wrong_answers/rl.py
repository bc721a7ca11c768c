"""Wrong answers to the lab on reinforcement learning."""

from wrong_answers import WrongAnswer

# -- exercise 1: one Bellman backup -----------------------------------------

_BACKUP = """
def backup(values, p, reward, ended, gamma):
    {}
"""

_BACKUPS = [
    WrongAnswer(
        "backup",
        "future behind the end",
        _BACKUP.format(
            "return (p * (reward + gamma * values)).sum(2).max(axis=1)"
        ),
        r"4/3 to you.*multiply the future by \(1 - ended\)",
    ),
    WrongAnswer(
        "backup",
        "average instead of maximum",
        _BACKUP.format(
            "return (p * (reward + gamma * (1 - ended) * values))"
            ".sum(axis=2).mean(axis=1)"
        ),
        r"0.25 is their average",
    ),
    WrongAnswer(
        "backup",
        "no maximum",
        _BACKUP.format(
            "return (p * (reward + gamma * (1 - ended) * values)).sum(2)"
        ),
        r"shape \(16, 4\), but there are 16 states",
    ),
    WrongAnswer(
        "backup",
        "gamma on the reward as well",
        _BACKUP.format(
            "return gamma * (p * (reward + gamma * (1 - ended) * values))"
            ".sum(axis=2).max(axis=1)"
        ),
        r"Does gamma multiply the future, and only it",
    ),
    WrongAnswer(
        "backup",
        "the end removes the reward",
        _BACKUP.format(
            "return (p * (1 - ended) * (reward + gamma * values))"
            ".sum(axis=2).max(axis=1)"
        ),
        r"slides into the goal with probability 1/3",
    ),
]

# -- exercise 2: epsilon-greedy ---------------------------------------------

_CHOOSE = """
def choose(values, epsilon, rng):
    best = np.flatnonzero(values == values.max())
    if rng.random() {compare} epsilon:
        return int({random})
    return int({greedy})
"""
_ANY = "rng.integers(len(values))"
_FAIR = "rng.choice(best)"

_CHOICES = [
    WrongAnswer(
        "choice",
        "argmax takes the first",
        _CHOOSE.format(compare="<", random=_ANY, greedy="values.argmax()"),
        r"Of two equal values the first is always chosen",
    ),
    WrongAnswer(
        "choice",
        "epsilon turned round",
        _CHOOSE.format(compare=">=", random=_ANY, greedy=_FAIR),
        r"taken when the draw is below epsilon",
    ),
    WrongAnswer(
        "choice",
        "random among the others only",
        _CHOOSE.format(
            compare="<",
            random="rng.choice(np.delete(np.arange(len(values)), best))",
            greedy=_FAIR,
        ),
        r"you draw among the others",
    ),
    WrongAnswer(
        "choice",
        "never random",
        """
def choose(values, epsilon, rng):
    best = np.flatnonzero(values == values.max())
    return int(rng.choice(best))
""",
        r"all four are due 0.25",
    ),
]

# -- exercise 3: termination and truncation ---------------------------------

_TARGET = """
def td_target(reward, terminated, truncated, next_value, gamma):
    return reward + gamma * {} * next_value
"""

_TARGETS = [
    WrongAnswer(
        "target",
        "done masks the future",
        _TARGET.format("(1 - (terminated | truncated))"),
        r"Mask with terminated alone, not with done",
    ),
    WrongAnswer(
        "target",
        "no mask",
        _TARGET.format("1"),
        r"It has no future",
    ),
    WrongAnswer(
        "target",
        "masked by truncated",
        _TARGET.format("(1 - truncated)"),
        r"It has no future",
    ),
    WrongAnswer(
        "target",
        "the reward masked too",
        """
def td_target(reward, terminated, truncated, next_value, gamma):
    return (1 - terminated) * (reward + gamma * next_value)
""",
        r"the target is its reward, 1",
    ),
]

# -- exercise 4: advantages -------------------------------------------------

_ADVANTAGE = """
def advantages(rewards, values, next_values, terminated, truncated, gamma,
               gae_lambda):
    result, running = np.zeros(len(rewards)), 0.0
    after = {after}
    for t in reversed(range(len(rewards))):
        future = 0.0 if {mask} else after[t]
        delta = rewards[t] + gamma * future - values[t]
        if {reset}:
            running = 0.0
        running = delta + {factor} * running
        result[t] = running
    return result
"""
_RIGHT = {
    "after": "next_values",
    "mask": "terminated[t]",
    "reset": "terminated[t] or truncated[t]",
    "factor": "gamma * gae_lambda",
}

_ADVANTAGES = [
    WrongAnswer(
        "advantage",
        "no reset at the end of an episode",
        _ADVANTAGE.format(**_RIGHT | {"reset": "False"}),
        r"was terminated, yet the first advantage is 3",
    ),
    WrongAnswer(
        "advantage",
        "no reset where the clock cut",
        _ADVANTAGE.format(**_RIGHT | {"reset": "terminated[t]"}),
        r"was truncated, yet the first advantage is 3",
    ),
    WrongAnswer(
        "advantage",
        "value of the next episode",
        _ADVANTAGE.format(
            **_RIGHT | {"after": "np.append(values[1:], next_values[-1])"}
        ),
        r"you used values\[t \+ 1\], the first state of the next episode",
    ),
    WrongAnswer(
        "advantage",
        "done masks the future",
        _ADVANTAGE.format(
            **_RIGHT | {"mask": "terminated[t] or truncated[t]"}
        ),
        r"Only terminated removes V\(s'\) from delta",
    ),
    WrongAnswer(
        "advantage",
        "lambda without gamma",
        _ADVANTAGE.format(**_RIGHT | {"factor": "gae_lambda"}),
        r"multiplied by gamma \* gae_lambda",
    ),
]

# -- exercise 5: Double DQN -------------------------------------------------

_DOUBLE = """
def double_value(q_online, q_target):
    rows = np.arange(len(q_target))
    return {}
"""

_DOUBLES = [
    WrongAnswer(
        "double",
        "maximum over the target network",
        _DOUBLE.format("q_target.max(axis=1)"),
        r"plain DQN",
    ),
    WrongAnswer(
        "double",
        "action and value both from the target network",
        _DOUBLE.format("q_target[rows, q_target.argmax(axis=1)]"),
        r"plain DQN",
    ),
    WrongAnswer(
        "double",
        "roles exchanged",
        _DOUBLE.format("q_online[rows, q_target.argmax(axis=1)]"),
        r"the roles are exchanged",
    ),
    WrongAnswer(
        "double",
        "maximum over the online network",
        _DOUBLE.format("q_online.max(axis=1)"),
        r"the target network's to say",
    ),
    WrongAnswer(
        "double",
        "columns instead of entries",
        _DOUBLE.format("q_target[:, q_online.argmax(axis=1)]"),
        r"Pick one entry of each row",
    ),
]

# -- exercise 6: reset steps ------------------------------------------------

_KEEP = """
def keep(terminated, truncated):
    ended = {}
    return ~np.concatenate([np.zeros_like(ended[:1]), ended[:-1]])
"""

_MASKS = [
    WrongAnswer(
        "mask",
        "drops the end itself",
        """
def keep(terminated, truncated):
    return ~(terminated | truncated)
""",
        r"You drop step 2, in which the episode ended",
    ),
    WrongAnswer(
        "mask",
        "keeps everything",
        """
def keep(terminated, truncated):
    return np.ones(terminated.shape, bool)
""",
        r"Step 2 was terminated, so step 3 is a reset",
    ),
    WrongAnswer(
        "mask",
        "forgets the clock",
        _KEEP.format("terminated"),
        r"Step 2 was truncated, so step 3 is a reset",
    ),
    WrongAnswer(
        "mask",
        "drops the first row as well",
        """
def keep(terminated, truncated):
    mask = ~np.roll(terminated | truncated, 1, axis=0)
    mask[0] = False
    return mask
""",
        r"Ordinary steps are dropped",
    ),
]

WRONG_ANSWERS = [
    *_BACKUPS,
    *_CHOICES,
    *_TARGETS,
    *_ADVANTAGES,
    *_DOUBLES,
    *_MASKS,
]

# Mutants of the solution that compute the same; see tests/mutants.py.
SAME = {
    (
        "choice",
        "if rng.random() < epsilon: => if rng.random() <= epsilon:",
    ): "they differ only when a draw equals epsilon to its last bit",
    (
        "advantage",
        "result = np.zeros(len(rewards)) => result = np.ones(len(rewards))",
    ): "every entry is overwritten in the loop",
}
