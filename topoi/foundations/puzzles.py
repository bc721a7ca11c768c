"""Small questions in the chapter that answer back.

``quiz("slice")`` asks; ``quiz("slice", [20, 30])`` says whether the answer
is right and, for the usual slips, which slip it was.
"""

from typing import Any, NamedTuple


class Puzzle(NamedTuple):
    """A question, its answer, and what usual wrong answers overlook."""

    question: str
    answer: Any
    why: str
    slips: tuple[tuple[Any, str], ...]  # pairs (wrong answer, what it misses)


PUZZLES = {
    "range": Puzzle(
        "What is sum(range(4))?",
        6,
        "range(4) gives 0, 1, 2, 3.",
        (
            (10, "range(4) stops before 4: it gives 0, 1, 2, 3."),
            (4, "that is how many numbers range(4) gives. Add them up."),
        ),
    ),
    "slice": Puzzle(
        "a = [10, 20, 30, 40, 50]. What is a[1:4]?",
        [20, 30, 40],
        "counting starts at 0, and the end, place 4, is left out.",
        (
            ([10, 20, 30, 40], "place 1 is the second entry, not the first."),
            (
                [10, 20, 30],
                "place 1 is the second entry: counting starts at 0.",
            ),
            (
                [20, 30, 40, 50],
                "the end is left out: place 4 is not in a[1:4].",
            ),
            (
                [20, 30],
                "4 is a place, not a number of entries: a[1:4] has "
                "places 1, 2, 3.",
            ),
        ),
    ),
    "view": Puzzle(
        "a = np.zeros(3); b = a[:2]; b[0] = 7. What is a[0]?",
        7,
        "a slice of an array is a view: b and a share their memory.",
        (
            (
                0,
                "that would be so for a list. A slice of an array is a view "
                "of the same memory; b = a[:2].copy() makes it independent.",
            ),
        ),
    ),
    "shape": Puzzle(
        "x has shape (4, 3). What is the shape of x[1:, 0]?",
        (3,),
        "three rows are left, and a plain number removes its axis.",
        (
            (
                (3, 1),
                "a plain number removes its axis. x[1:, :1] would keep it.",
            ),
            ((4,), "1: starts at the second row, so three rows are left."),
            (3, "a shape is a tuple, also when it has one entry: (3,)."),
        ),
    ),
    "axis": Puzzle(
        "x has shape (4, 3). What is the shape of x.sum(axis=0)?",
        (3,),
        "axis 0, of size 4, is summed away.",
        (
            (
                (4,),
                "the axis that you name is the one that disappears: axis "
                "0 has size 4.",
            ),
            ((1, 3), "the axis disappears. keepdims=True would leave a 1."),
            (3, "a shape is a tuple, also when it has one entry: (3,)."),
        ),
    ),
    "broadcast": Puzzle(
        "a has shape (5, 1), b has shape (3,). What is the shape of a + b?",
        (5, 3),
        "b counts as (1, 3), and both ones are stretched.",
        (
            ((5,), "align the shapes at the right: (5, 1) over (1, 3)."),
            ((3,), "align the shapes at the right: (5, 1) over (1, 3)."),
            (
                (5, 1),
                "b counts as (1, 3), and a 1 of either side is stretched.",
            ),
            ((3, 5), "no axis is swapped: align (5, 1) over (1, 3)."),
        ),
    ),
    "parameters": Puzzle(
        "A layer has 4 inputs and 3 units. How many numbers does it learn?",
        15,
        "4 x 3 weights and 3 biases.",
        (
            (12, "those are the weights. Each unit also has a bias."),
            (16, "each of the 3 units has a bias, not each of the inputs."),
            (13, "each of the 3 units has a bias of its own."),
        ),
    ),
    "shift": Puzzle(
        "softmax([0, 0]) is [0.5, 0.5]. What is softmax([5, 5])[0]?",
        0.5,
        "a number added to all logits cancels in the quotient.",
        ((1, "both logits grew alike, so neither class has gained."),),
    ),
    "paths": Puzzle(
        "y = x * x at x = 3. One * pulls back 3 to each of its two inputs. "
        "What is the adjoint of x?",
        6,
        "both inputs are x, so the two shares add up: 3 + 3.",
        (
            (3, "x is an input twice, and shares add up."),
            (9, "shares of different paths are added, not multiplied."),
        ),
    ),
}


def quiz(name: str, answer: Any = None) -> None:
    """Print the question, or what the book says to an answer.

    Parameters
    ----------
    name : str
        A key of `PUZZLES`.
    answer : number, list or tuple, optional
        Nothing prints the question.

    Raises
    ------
    ValueError
        If there is no such question.
    """
    if name not in PUZZLES:
        raise ValueError(
            f"There is no question {name!r}. There are: {', '.join(PUZZLES)}."
        )
    print(reply(PUZZLES[name], answer))


def reply(puzzle: Puzzle, answer: Any) -> str:
    """Return what the book says to an answer; None is no answer yet."""
    answer = _plain(answer)
    if answer is None:
        return puzzle.question
    if _same(answer, puzzle.answer):
        return f"Right: {puzzle.why}"
    for wrong, message in puzzle.slips:
        if _same(answer, wrong):
            return f"Not {answer}: {message}"
    if _kind(answer) != _kind(puzzle.answer):
        return f"The answer is {_kind(puzzle.answer)}, not {answer!r}."
    return f"Not {answer}. Try it in a new cell, and say why it is so."


def _kind(answer: Any) -> str:
    if isinstance(answer, (list, tuple)):
        return "a list or a shape"
    return "a number" if isinstance(answer, (int, float)) else "something"


def _plain(answer: Any) -> Any:
    """Return a list or a number for an array or a NumPy number."""
    return answer.tolist() if hasattr(answer, "tolist") else answer


def _same(answer: Any, expected: Any) -> bool:
    """Compare; a list is as good as a tuple, but not as good as a number."""
    if isinstance(expected, (list, tuple)):
        return isinstance(answer, (list, tuple)) and list(answer) == list(
            expected
        )
    return isinstance(answer, (int, float)) and abs(answer - expected) < 1e-9
