"""Explorable figures on beam search; see `topoi.plotting.explore`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, choice, steps
from topoi.symbolic_integration import vocabulary
from topoi.symbolic_integration.search import (
    Stepper,
    model_stepper,
    search,
)
from topoi.symbolic_integration.verification import verify

SHORT = {"add": "+", "mul": "*", "pow": "^", "div": "/", "sub": "-"}
ROW, TOP, LEFT = 24, 20, 8  # in units of the drawing
WIDEST = 38  # letters of a row; longer ones lose their beginning


class Followed(NamedTuple):
    """What a beam search held after each step.

    Attributes
    ----------
    live : list of lists of (tokens, log-probability)
        After 1, 2, ... tokens, the best first.
    finished : list of (tokens, score, right)
        Complete answers, the best first.
    """

    live: list[list[tuple[tuple[str, ...], float]]]
    finished: list[tuple[tuple[str, ...], float, bool]]


def follow(
    step: Stepper, beam: int, max_length: int, problem: Sequence[str]
) -> Followed:
    """Return what a beam search does with one problem, step by step.

    Parameters
    ----------
    step : callable
        As `search` takes it, for one problem.
    beam, max_length : int
    problem : sequence of str
        In prefix order; each answer is checked by differentiation.
    """
    scores, histories, live, last = np.zeros(beam), [()] * beam, [], []

    def watched(tokens, parents, position):
        nonlocal scores, histories, last
        if position:
            rows = parents[0]
            gained = [last[r, t] for r, t in zip(rows, tokens[0], strict=True)]
            scores = scores[rows] + gained
            histories = [
                (*histories[r], int(t))
                for r, t in zip(rows, tokens[0], strict=True)
            ]
            live.append(list(zip(histories, scores.tolist(), strict=True)))
        last = step(tokens, parents, position)
        answer, last = last, np.asarray(last)[0]
        return answer

    (found,) = search(watched, 1, beam, max_length)
    decode = vocabulary.decode
    return Followed(
        [[(tuple(decode(t)), s) for t, s in rows] for rows in live],
        [
            (tuple(decode(t)), s, bool(verify(list(problem), decode(t))))
            for t, s in found
        ],
    )


def beam_by_beam(
    model, problem: Sequence[str], beams: Sequence[int], max_length: int
) -> Explorable:
    """Return a beam search whose steps one can go through.

    Parameters
    ----------
    model : Seq2Seq
    problem : sequence of str
        In prefix order.
    beams : sequence of int
    max_length : int
    """
    array = vocabulary.to_array([list(problem)], len(problem))
    runs = {
        k: follow(
            model_stepper(model, array, k, max_length), k, max_length, problem
        )
        for k in beams
    }
    count = max(len(run.live) for run in runs.values()) + 1
    most = max(beams)

    def state(beam: int, step: int) -> explorable.State:
        return _beam_state(runs[beam], beam, step, most)

    return explore(
        state,
        [
            choice("beam", beams, beams[len(beams) // 2]),
            steps("step", count, min(10, count - 1)),
        ],
        _beam_drawing(most),
        title="A beam search, step by step",
        alt="Two lists of formulas in prefix order: above, the partial "
        "answers that are alive, and below, the finished ones with their "
        "scores, marked as right or wrong.",
    )


def _beam_drawing(most: int) -> Drawing:
    height = TOP + 2 * ROW * (most + 1) + 12
    picture = Drawing(400, height)
    picture.text(LEFT, TOP, "alive", "muted", "start")
    low = TOP + ROW * (most + 1) + 10
    picture.line(LEFT, low - 20, 392, low - 20, "faint")
    picture.text(LEFT, low, "finished", "muted", "start")
    for n in range(most):
        y = TOP + ROW * (n + 1)
        picture.text(LEFT, y, "", "ink", "start", id=f"live{n}")
        y = low + ROW * (n + 1)
        picture.text(LEFT, y, "", "ink", "start", id=f"done{n}")
    return picture


def _shown(tokens: Sequence[str]) -> str:
    """Return a formula in prefix order, short enough for a phone."""
    words, sign = [], ""
    for token in tokens:
        if token in ("INT+", "INT-"):
            sign = token[3:].replace("+", "")
            continue
        if token.isdigit() and sign is None:
            words[-1] += token
            continue
        words.append(f"{sign or ''}{SHORT.get(token, token)}")
        sign = None if token.isdigit() else ""
    text = " ".join(words)
    return text if len(text) <= WIDEST else f"… {text[2 - WIDEST :]}"


def _beam_state(
    run: Followed, beam: int, step: int, most: int
) -> explorable.State:
    rows = run.live[step] if step < len(run.live) else []
    done = [one for one in run.finished if len(one[0]) <= step]
    state: explorable.State = {}
    for n in range(most):
        text = f"{_shown(rows[n][0])}" if n < len(rows) else ""
        state[f"live{n}"] = {"text": text}
        state[f"done{n}"] = (
            _finished(*done[n])
            if n < len(done)
            else {
                "text": "",
                "fill": "ink",
            }
        )
    right = sum(one[2] for one in done)
    state["say"] = [
        f"Beam {beam}, ",
        f"{step + 1} tokens: " if step else "1 token: ",
        f"{len(rows)} alive, {len(done)} finished, {right} of them right."
        if rows
        else f"the search has ended; of its {len(done)} answers {right} "
        f"{'is' if right == 1 else 'are'} right.",
    ]
    return state


def _finished(tokens: Sequence[str], score: float, right: bool) -> dict:
    mark = "✓" if right else "✗"
    return {
        "text": f"{mark} {_shown(tokens)}  {explorable.decimal(score)}",
        "fill": "jade-text" if right else "coral-text",
    }
