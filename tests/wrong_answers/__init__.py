"""Typical wrong answers to the labs, one module a topic.

Each module has a list ``WRONG_ANSWERS``. `test_labs.py` gives every one of
them to the check meant for it and compares the message.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class WrongAnswer:
    """One mistake that a student may make, and what the check must say.

    Attributes
    ----------
    exercise : str
        Name (``grade_id``) of the answer cell.
    name : str
        The mistake in a few words; unique within its exercise.
    code : str
        Python that runs after the right answer, so that it need only define
        anew what is wrong.
    message : str
        Regular expression that the check's message must contain.
    """

    exercise: str
    name: str
    code: str
    message: str
