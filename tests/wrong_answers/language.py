"""Wrong answers to the lab on language."""

from wrong_answers import WrongAnswer

# -- exercise 1: encode a piece ---------------------------------------------

_ENCODE = """
def to_tokens(piece, merges):
    tokens = {start}
    while True:
        pairs = list(zip(tokens, tokens[1:]))
        pair = {choose}
        if pair is None:
            return tokens
        joined, i = [], 0
        while i < len(tokens):
            if tuple(tokens[i : i + 2]) == pair{only}:
                joined.append(tokens[i] + tokens[i + 1])
                i += 2
            else:
                joined.append(tokens[i])
                i += 1
        tokens = joined
        {end}
"""
_RIGHT_ENCODE = {
    "start": "[bytes([b]) for b in piece.encode()]",
    "choose": "next((m for m in merges if m in pairs), None)",
    "only": "",
    "end": "",
}


def _encode(**changed):
    return _ENCODE.format(**(_RIGHT_ENCODE | changed))


_ENCODES = [
    WrongAnswer(
        "encode",
        "characters instead of bytes",
        _encode(start="list(piece)"),
        r"Your tokens are characters",
    ),
    WrongAnswer(
        "encode",
        "numbers instead of byte strings",
        """
def to_tokens(piece, merges):
    return list(piece.encode())
""",
        r"Tokens are byte strings",
    ),
    WrongAnswer(
        "encode",
        "the leftmost pair first",
        _encode(choose="next((p for p in pairs if p in merges), None)"),
        r"You read from the left",
    ),
    WrongAnswer(
        "encode",
        "longest match",
        """
def to_tokens(piece, merges):
    known = {a + b for a, b in merges}
    raw, tokens = piece.encode(), []
    while raw:
        ends = range(len(raw), 0, -1)
        end = next(e for e in ends if e == 1 or raw[:e] in known)
        tokens.append(raw[:end])
        raw = raw[end:]
    return tokens
""",
        r"You read from the left",
    ),
    WrongAnswer(
        "encode",
        "one round only",
        _encode(end="return tokens"),
        r"go on until no pair",
    ),
    WrongAnswer(
        "encode",
        "a merge joins one place of the piece",
        """
def to_tokens(piece, merges):
    tokens = [bytes([b]) for b in piece.encode()]
    for pair in merges:
        for i in range(len(tokens) - 1):
            if tuple(tokens[i : i + 2]) == pair:
                tokens[i : i + 2] = [pair[0] + pair[1]]
                break
    return tokens
""",
        r"join it everywhere",
    ),
    WrongAnswer(
        "encode",
        "joined from the right",
        """
def to_tokens(piece, merges):
    tokens = [bytes([b]) for b in piece.encode()]
    for pair in merges:
        i = len(tokens) - 2
        while i >= 0:
            if tuple(tokens[i : i + 2]) == pair:
                tokens[i : i + 2] = [pair[0] + pair[1]]
                i -= 1
            i -= 1
    return tokens
""",
        r"from left to right",
    ),
    WrongAnswer(
        "encode",
        "the tokens are printed",
        """
def to_tokens(piece, merges):
    print([bytes([b]) for b in piece.encode()])
""",
        r"returned None",
    ),
]

# -- exercise 2: keep the accounts ------------------------------------------


def _bits(formula):
    return f"""
def bits_per_character(losses, sizes, characters):
    return float({formula})
"""


_ACCOUNTS = [
    WrongAnswer("accounts", name, _bits(formula), message)
    for name, formula, message in (
        ("nats", "losses @ sizes / characters", r"but in nats"),
        (
            "times ln 2",
            "losses @ sizes / characters * math.log(2)",
            r"You multiplied by ln 2",
        ),
        (
            "bits per token",
            "losses @ sizes / math.log(2) / sizes.sum()",
            r"bits per token",
        ),
        (
            "batches count alike",
            "losses.mean() * sizes.sum() / math.log(2) / characters",
            r"as if the batches were equally large",
        ),
        (
            "means are added",
            "losses.sum() / math.log(2) / characters",
            r"You added the mean losses",
        ),
        (
            "perplexity",
            "2 ** (losses @ sizes / math.log(2) / characters)",
            r"not 2 to their power",
        ),
    )
]

# -- exercise 3: smooth the counts ------------------------------------------

_SMOOTH = """
def kneser_ney(tokens, vocabulary, discount):
    counts = np.zeros((vocabulary, vocabulary))
    for a, c in zip(tokens[:-1], tokens[1:]):
        counts[a, c] += 1
    seen = counts > 0
    lower = {lower}
    P = np.zeros((vocabulary, vocabulary))
    for a in range(vocabulary):
        total = counts[a].sum()
        if total == 0:
            P[a] = {unseen}
            continue
        kept = np.maximum(counts[a] - discount, 0)
        P[a] = ({kept} + {back}) / total
    return {out}
"""
_RIGHT_SMOOTH = {
    "lower": "seen.sum(0) / seen.sum()",
    "unseen": "lower",
    "kept": "kept",
    "back": "discount * seen[a].sum() * lower",
    "out": "P",
}


def _smooth(**changed):
    return _SMOOTH.format(**(_RIGHT_SMOOTH | changed))


_SMOOTHS = [
    WrongAnswer(
        "smooth",
        "the result is transposed",
        _smooth(out="P.T"),
        r"P is transposed",
    ),
    WrongAnswer(
        "smooth",
        "the discount is not given back",
        _smooth(back="0"),
        r"did not give it back",
    ),
    WrongAnswer(
        "smooth",
        "nothing is discounted",
        _smooth(kept="counts[a]", back="0"),
        r"Nothing was discounted",
    ),
    WrongAnswer(
        "smooth",
        "shares of counts below",
        _smooth(
            lower="np.bincount(tokens, minlength=vocabulary) / len(tokens)"
        ),
        r"p_1 is the share of counts",
    ),
    WrongAnswer(
        "smooth",
        "counts of pairs below",
        _smooth(lower="counts.sum(0) / counts.sum()"),
        r"Francisco is frequent",
    ),
    WrongAnswer(
        "smooth",
        "zeros for an unseen context",
        _smooth(unseen="0"),
        r"Nothing follows token 2",
    ),
    WrongAnswer(
        "smooth",
        "the mass of one token is given back",
        _smooth(back="discount * lower"),
        r"Row 0 should be",
    ),
    WrongAnswer(
        "smooth",
        "a list of rows",
        _smooth(out="P.tolist()"),
        r"returned a list",
    ),
]

# -- exercise 4: look back --------------------------------------------------

_LOOK = """
def causal_attention(q, k, v):
    scores = q @ k.T {scale}
    mask = {mask}
    scores = np.where(mask, scores, -np.inf)
    {shift}
    weights = np.exp(scores)
    weights = weights / weights.sum(axis={axis}, keepdims=True)
    {after}
    return weights @ v
"""
_RIGHT_LOOK = {
    "scale": "/ np.sqrt(q.shape[1])",
    "mask": "np.tri(len(q)) > 0",
    "shift": "scores = scores - scores.max(axis=1, keepdims=True)",
    "axis": "1",
    "after": "",
}


def _look(**changed):
    return _LOOK.format(**(_RIGHT_LOOK | changed))


_LOOKS = [
    WrongAnswer("look", name, _look(**changed), message)
    for name, changed, message in (
        ("no mask", {"mask": "np.tri(len(q)) >= 0"}, r"no mask"),
        (
            "the mask is transposed",
            {"mask": "np.tri(len(q)).T > 0"},
            r"Your mask is transposed",
        ),
        (
            "a step may not see itself",
            {"mask": "np.tri(len(q), k=-1) > 0"},
            r"Some outputs are NaN",
        ),
        (
            "masked after the softmax",
            {
                "mask": "np.ones((len(q), len(q)), bool)",
                "after": "weights = weights * np.tri(len(q))",
            },
            r"masked after the softmax",
        ),
        ("not scaled", {"scale": ""}, r"did not divide the scores"),
        ("divided by d", {"scale": "/ q.shape[1]"}, r"not by d = 4"),
        (
            "multiplied by the root",
            {"scale": "* np.sqrt(q.shape[1])"},
            r"do not multiply",
        ),
        (
            "the root of T",
            {"scale": "/ np.sqrt(len(q))"},
            r"not T",
        ),
        (
            "softmax over the queries",
            {"axis": "0"},
            r"With queries of zeros",
        ),
        ("exp of large scores", {"shift": ""}, r"Subtract the largest"),
    )
]

# -- exercise 5: set an induction head --------------------------------------

_HEAD = """
def set_head(vocabulary, beta):
    one = np.eye(vocabulary)
    zero = np.zeros((vocabulary, vocabulary))
    query = np.vstack([{query}])
    key = np.vstack([{key}])
    value = np.zeros((3 * vocabulary, 3 * vocabulary))
    here = slice(0, vocabulary)
    before = slice(vocabulary, 2 * vocabulary)
    answer = slice(2 * vocabulary, None)
    value[{copied}] = one
    return query, key, value
"""
_RIGHT_HEAD = {
    "query": "beta * one, zero, zero",
    "key": "zero, one, zero",
    "copied": "here, answer",
}


def _head(**changed):
    return _HEAD.format(**(_RIGHT_HEAD | changed))


_HEADS = [
    WrongAnswer("head", name, _head(**changed), message)
    for name, changed, message in (
        (
            "looks at copies of the token",
            {"key": "one, zero, zero"},
            r"predicts the present token 1 again",
        ),
        (
            "copies the token before",
            {"copied": "before, answer"},
            r"predicts the present token 1 again",
        ),
        (
            "writes into the token's slot",
            {"copied": "here, here"},
            r"The answer slot is empty",
        ),
        (
            "query and key never meet",
            {"key": "zero, zero, one"},
            r"All places weigh the same",
        ),
        (
            "beta twice",
            {"key": "zero, beta * one, zero"},
            r"not in both",
        ),
        (
            "also writes elsewhere",
            {"copied": "here, answer] = one\n    value[here, before"},
            r"also writes into the slots",
        ),
    )
]
_HEADS.append(
    WrongAnswer(
        "head",
        "columns and rows exchanged",
        """
def set_head(vocabulary, beta):
    one = np.eye(vocabulary)
    zero = np.zeros((vocabulary, vocabulary))
    value = np.zeros((3 * vocabulary, 3 * vocabulary))
    value[:vocabulary, 2 * vocabulary :] = one
    query = np.hstack([beta * one, zero, zero])
    return query, np.hstack([zero, one, zero]), value
""",
        r"shape \(12, 4\)",
    )
)

# -- exercise 6: the fewest words -------------------------------------------

_FEWEST = """
def fewest_words(counts, weights, score):
    have = counts.astype(float){forget}
    weights = weights.copy()
    {usable}
    added = []
    while score {stop}:
        change = weights * np.log((have + 2) / (have + 1))
        word = int({choose})
        score += change[word]
        have[word] += 1
        added.append(word)
    return {out}
"""
_RIGHT_FEWEST = {
    "forget": "",
    "usable": "weights[:2] = 0",
    "stop": "> 0",
    "choose": "change.argmin()",
    "out": "added",
}


def _fewest(**changed):
    return _FEWEST.format(**(_RIGHT_FEWEST | changed))


_FEWESTS = [
    WrongAnswer("fewest", name, _fewest(**changed), message)
    for name, changed, message in (
        (
            "always the smallest weight",
            {"choose": "weights.argmin()"},
            r"Two words are enough",
        ),
        ("one word short", {"out": "added[:-1]"}, r"must not be positive"),
        (
            "a score of 0 is called spam",
            {"stop": ">= 0"},
            r"A score of 0 is not positive",
        ),
        (
            "ignores what the mail holds",
            {"forget": " * 0"},
            r"holds word 2 five times",
        ),
        (
            "uses the column of unknown words",
            {"usable": ""},
            r"cannot be added",
        ),
        (
            "the change is not negative",
            {"choose": "np.abs(change).argmax()"},
            r"log\(1 \+ n\) times 0\.5|stopped after",
        ),
        (
            "the number of words",
            {"out": "len(added)"},
            r"returned an? (int|number)|int|list",
        ),
    )
]
_FEWESTS.append(
    WrongAnswer(
        "fewest",
        "each word once, sorted by weight",
        """
def fewest_words(counts, weights, score):
    added = []
    for word in np.argsort(weights):
        if score <= 0 or weights[word] >= 0:
            break
        if word > 1:
            n = counts[word]
            score += weights[word] * np.log((n + 2) / (n + 1))
            added.append(int(word))
    return added
""",
        r"not enough for a score of 1\.9",
    )
)

WRONG_ANSWERS = [
    *_ENCODES,
    *_ACCOUNTS,
    *_SMOOTHS,
    *_LOOKS,
    *_HEADS,
    *_FEWESTS,
]

_P = "p = (kept + discount * kinds * lower) / np.maximum(total, 1)"

SAME = {
    (
        "encode",
        "pairs = set(zip(tokens, tokens[1:], strict=False)) => "
        "pairs = set(zip(tokens, tokens[1:]))",
    ): "zip is not strict unless told to be",
    (
        "smooth",
        "kept = np.maximum(counts - discount, 0) => "
        "kept = np.maximum(0, counts - discount)",
    ): "the maximum commutes",
    ("smooth", f"{_P} => {_P.replace('(total, 1)', '(1, total)')}"): (
        "the maximum commutes"
    ),
    ("smooth", f"{_P} => {_P.replace('(total, 1)', '(total, 0)')}"): (
        "0 / 0 is replaced in the next line"
    ),
    ("fewest", "change[:2] = 0 => change[:2] = 1"): (
        "neither is ever the smallest, since some change is negative"
    ),
}
