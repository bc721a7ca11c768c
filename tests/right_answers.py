"""Right answers to a lab, written differently than its solution."""

import pytest
from test_labs import execute, labs, read, solved

Answers = dict[str, tuple[str, ...]]  # exercise -> sources of answers


def cases(answers: Answers) -> list:
    """Return one parameter set (exercise, number) for each answer."""
    return [
        pytest.param(name, n, id=f"{name}-{n}")
        for name, found in answers.items()
        for n in range(len(found))
    ]


def assert_passes(topic: str, name: str, answer: str) -> None:
    """Visible and hidden checks of an exercise accept an answer."""
    checks = {e.name: e.check for e in labs.exercises(read(topic))}
    names = dict(solved(topic).after[name])
    execute(answer, names)
    assert execute(checks[name], names).strip()


def assert_three_each(topic: str, answers: Answers) -> None:
    """Each exercise of the lab has three of them."""
    asked = {exercise.name for exercise in labs.exercises(read(topic))}
    counted = {name: len(found) for name, found in answers.items()}
    assert counted == dict.fromkeys(asked, 3)
