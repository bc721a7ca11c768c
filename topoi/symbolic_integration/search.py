"""Beam search over many problems at once, and solving with a check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from topoi.symbolic_integration import vocabulary
from topoi.symbolic_integration.expressions import (
    Expr,
    ExpressionError,
    add,
    from_prefix,
    mul,
    number,
    to_prefix,
)
from topoi.symbolic_integration.verification import Verdict, examine
from topoi.symbolic_integration.vocabulary import END, START

Stepper = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Hypothesis:
    """One finished answer of a beam.

    Attributes
    ----------
    tokens : tuple of str
        In prefix order, without the end mark.
    score : float
        Log-probability divided by the length, the end mark counted.
    """

    tokens: tuple[str, ...]
    score: float


def beam_search(
    model,
    problems: Sequence[Sequence[str]],
    beam: int,
    max_length: int = 22,
    batch: int = 32,
    problem_width: int | None = None,
) -> list[list[Hypothesis]]:
    """Return the best answers of a model to each problem, best first.

    Parameters
    ----------
    model : Seq2Seq
    problems : sequence of token sequences
    beam : int
        Hypotheses kept, and at most returned, for a problem; 1 is greedy.
    max_length : int
        Longest answer in tokens, the end mark included.
    batch : int
        Problems searched at once.
    problem_width : int, optional
        Columns the problems are padded to; the longest one by default.

    Raises
    ------
    ValueError
        If `beam` is smaller than 1 or no problem was given.
    """
    if beam < 1 or not problems:
        raise ValueError(
            f"beam_search needs beam >= 1 and a problem, but got beam={beam} "
            f"and {len(problems)} problems."
        )
    width = problem_width or max(map(len, problems))
    found = []
    for start in range(0, len(problems), batch):
        part = list(problems[start : start + batch])
        rows = part + [part[-1]] * (min(batch, len(problems)) - len(part))
        array = vocabulary.to_array(rows, width)
        stepper = model_stepper(model, array, beam, max_length)
        best = search(stepper, len(rows), beam, max_length)
        found += best[: len(part)]
    return [
        [Hypothesis(tuple(vocabulary.decode(t)), s) for t, s in one]
        for one in found
    ]


def search(
    step: Stepper, problems: int, beam: int, max_length: int
) -> list[list[tuple[tuple[int, ...], float]]]:
    """Run a batched beam search on anything that scores next tokens.

    Parameters
    ----------
    step : callable
        ``step(tokens, parents, position)`` gets the last token of each live
        hypothesis, int array (problems, beam), and the row of the previous
        call that each one continues; it returns log-probabilities of the
        next token, (problems, beam, vocabulary).
    problems, beam, max_length : int

    Returns
    -------
    list of lists of (token numbers with the end mark, score)
        At most `beam` for each problem, best first.

    Notes
    -----
    The 2 * beam best continuations are looked at in each step: at most half
    of them end, so `beam` live ones always remain. The score of a finished
    hypothesis is its log-probability over its length. A problem stops when
    `beam` answers are finished, or at `max_length`.
    """
    live = np.full((problems, beam), -np.inf)
    live[:, 0] = 0.0  # all rows are equal at first: keep one
    tokens = np.full((problems, beam), START)
    parents = np.tile(np.arange(beam), (problems, 1))
    histories = np.zeros((problems, beam, 0), int)
    done: list[list] = [[] for _ in range(problems)]
    for position in range(max_length):
        # (problems, beam, 1) + (problems, beam, vocabulary)
        scores = live[..., None] + step(tokens, parents, position)
        size = scores.shape[-1]
        flat = scores.reshape(problems, -1)  # (problems, beam * vocabulary)
        best = _largest(flat, 2 * beam)
        origin, token = best // size, best % size  # of each column
        value = np.take_along_axis(flat, best, 1)  # (problems, 2 beam)
        _collect(done, histories, origin, token, value, beam)
        live, parents, tokens = _continue(origin, token, value, beam)
        histories = np.concatenate(
            [
                np.take_along_axis(histories, parents[..., None], axis=1),
                tokens[..., None],
            ],
            axis=2,
        )
        for p in range(problems):
            if len(done[p]) >= beam:
                live[p] = -np.inf
        if not np.isfinite(live).any():
            break
    return [sorted(one, key=lambda h: -h[1])[:beam] for one in done]


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    """Return the columns of the `count` largest entries, in falling order."""
    count = min(count, scores.shape[1])
    some = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(scores, some, 1), kind="stable")
    return np.take_along_axis(some, order, 1)


def _collect(done, histories, origin, token, value, beam) -> None:
    """Move continuations that end to the finished answers.

    Only the first `beam` columns may end; a later one would displace live
    hypotheses that are better.
    """
    for p, c in np.argwhere((token == END) & np.isfinite(value)):
        if c < beam and len(done[p]) < beam:
            past = histories[p, origin[p, c]]
            length = len(past) + 1
            answer = (*past.tolist(), END)
            done[p].append((answer, float(value[p, c]) / length))


def _continue(origin, token, value, beam):
    """Return score, parent and token of the best unfinished ones."""
    value = np.where(token == END, -np.inf, value)
    keep = np.argsort(-value, axis=1, kind="stable")[:, :beam]
    chosen = (np.take_along_axis(a, keep, 1) for a in (value, origin, token))
    return tuple(chosen)


def model_stepper(
    model, problems: np.ndarray, beam: int, max_length: int
) -> Stepper:
    """Return a stepper that runs the decoder on stored keys and values.

    The encoder runs once; its keys and values are shared by the beam of a
    problem. All arrays keep their shape from step to step, so a backend
    that compiles does so once.
    """
    from keras import ops

    count = len(problems)
    rows = count * beam
    memory, bias = model.encode(ops.convert_to_tensor(problems))
    bias = ops.repeat(bias, beam, axis=0)
    stored, caches = [], []
    for block in model.decoder:
        pair = block.cross.keys_values(memory)
        stored.append(tuple(ops.repeat(a, beam, axis=0) for a in pair))
        shape = (rows, max_length, block.own.heads, block.own.size)
        caches.append((ops.zeros(shape), ops.zeros(shape)))

    def step(tokens, parents, position):
        # (problems, beam) -> one row of the caches each
        flat = parents + beam * np.arange(count)[:, None]
        order = ops.convert_to_tensor(flat.reshape(-1).astype("int32"))
        # (problems, beam) -> (rows, 1) -> (rows, 1, width)
        x = model._embed(ops.convert_to_tensor(tokens.reshape(-1, 1)))
        for i, block in enumerate(model.decoder):
            past = tuple(ops.take(a, order, axis=0) for a in caches[i])
            x, caches[i] = block.step(x, position, past, stored[i], bias)
        logits = ops.convert_to_numpy(model.logits(x))
        # (rows, 1, vocabulary) -> (problems, beam, vocabulary)
        return log_softmax(logits.reshape(count, beam, -1))

    return step


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the log-probabilities along the last axis, in float64."""
    logits = logits.astype(np.float64)
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Solution:
    """A verified answer and how it was found.

    Attributes
    ----------
    answer : Expr
    rank : int
        Place of the hypothesis in the beam, from 0.
    verdict : Verdict
    """

    answer: Expr
    rank: int
    verdict: Verdict


def first_verified(
    problem: Expr | list[str], beam: Sequence[Hypothesis]
) -> Solution | None:
    """Return the best hypothesis that differentiates back, or None."""
    for rank, hypothesis in enumerate(beam):
        try:
            answer = from_prefix(hypothesis.tokens)
            verdict = examine(problem, answer)
        except (ExpressionError, ArithmeticError, RecursionError):
            continue
        if verdict.true:
            return Solution(answer, rank, verdict)
    return None


def solved_at(
    problems: Sequence[Sequence[str]],
    beams: Sequence[Sequence[Hypothesis]],
) -> np.ndarray:
    """Return the rank of the first verified answer, -1 where there is none.

    Returns
    -------
    ndarray of int, shape (len(problems),)
    """
    ranks = []
    for problem, beam in zip(problems, beams, strict=True):
        solution = first_verified(list(problem), beam)
        ranks.append(-1 if solution is None else solution.rank)
    return np.array(ranks)


def solve(
    model,
    integrand: Expr,
    beam: int = 10,
    max_length: int = 34,
) -> Solution | None:
    """Return a verified antiderivative found by the model, or None.

    The model is asked for the whole integrand first. If that fails and the
    integrand is a sum, each term is asked for on its own, because integrals
    add; the sum of the answers is verified again.
    """
    whole = _solve_terms(model, [integrand], beam, max_length)
    terms = split_terms(integrand)
    if whole is not None or len(terms) == 1:
        return whole
    return _solve_terms(model, terms, beam, max_length)


def split_terms(integrand: Expr) -> list[Expr]:
    """Return the terms of a sum, or the expression alone."""
    if integrand[0] != "Add":
        return [integrand]
    terms = [mul(number(q), t) for t, q in integrand[1]]
    return terms + ([number(integrand[2])] if integrand[2] else [])


def _solve_terms(model, terms: list[Expr], beam: int, max_length: int):
    problems = [to_prefix(term) for term in terms]
    beams = beam_search(model, problems, beam, max_length)
    found = []
    for problem, hypotheses in zip(problems, beams, strict=True):
        solution = first_verified(list(problem), hypotheses)
        if solution is None:
            return None
        found.append(solution)
    if len(found) == 1:
        return found[0]
    answer = add(*(s.answer for s in found))
    verdict = examine(add(*terms), answer)
    worst = max(s.rank for s in found)
    return Solution(answer, worst, verdict) if verdict.true else None
