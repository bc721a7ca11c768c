"""The explorable beam: a language whose probabilities are known by hand."""

import numpy as np
import pytest

from topoi.symbolic_integration import figures, vocabulary
from topoi.symbolic_integration.vocabulary import END

X, SIN = (vocabulary.encode([t])[0] for t in ("x", "sin"))
SIZE = len(vocabulary.TOKENS)


def language(table):
    """Return a stepper that knows the last token only."""

    def step(tokens, parents, position):
        scores = np.full((1, tokens.shape[1], SIZE), -np.inf)
        for row, token in enumerate(tokens[0]):
            for after, share in table.get(int(token), table[None]).items():
                scores[0, row, after] = np.log(share)
        return scores

    return step


TABLE = {None: {X: 0.6, SIN: 0.4}, X: {END: 1.0}, SIN: {X: 0.5, SIN: 0.5}}


def test_live_rows_carry_their_probability():
    run = figures.follow(language(TABLE), 2, 4, ["x"])
    first, second = run.live[:2]
    assert [tokens for tokens, _ in first] == [("x",), ("sin",)]
    np.testing.assert_allclose(
        np.exp([score for _, score in first]), [0.6, 0.4]
    )
    finite = [(t, s) for t, s in second if np.isfinite(s)]
    assert {t for t, _ in finite} == {("sin", "x"), ("sin", "sin")}
    np.testing.assert_allclose(np.exp([s for _, s in finite]), 0.2)


def test_finished_answers_are_checked_by_differentiation():
    """The integral of cos x is sin x, and not x."""
    run = figures.follow(language(TABLE), 2, 4, ["cos", "x"])
    judged = {tokens: right for tokens, _, right in run.finished}
    assert judged == {("x",): False, ("sin", "x"): True}


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("mul pow x INT+ 3 exp x", "* ^ x 3 exp x"),
        ("add INT- 1 2 x", "+ -12 x"),
        ("mul INT+ 3 INT- 4", "* 3 -4"),
        ("sin x", "sin x"),
    ],
)
def test_formulas_are_short(tokens, text):
    assert figures._shown(tokens.split()) == text


def test_long_formulas_lose_their_beginning():
    text = figures._shown(["mul"] * 60 + ["x"])
    assert len(text) == figures.WIDEST
    assert text.startswith("… ")
    assert text.endswith("* x")
