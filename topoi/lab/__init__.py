"""What labs and their checks share.

guards.py   `guard`: call an answer so that a usual slip meets a sentence
values.py   is what came back of the kind, shape and dtype that is due?
clock.py    time limits, and a sign of life for checks that take seconds
results.py  `progress` in the notebook, `check` of the file

In a notebook, ``lab.progress("cnn")`` shows which exercises pass. On the
command line, ``python -m topoi.lab check cnn-student.ipynb`` runs the whole
notebook in a fresh kernel.
"""

from topoi.lab.clock import sign_of_life
from topoi.lab.guards import guard, guarded
from topoi.lab.results import (
    PROGRESS_TAG,
    Progress,
    Result,
    check,
    is_answer,
    is_check,
    progress,
)

__all__ = [
    "PROGRESS_TAG",
    "Progress",
    "Result",
    "check",
    "guard",
    "guarded",
    "is_answer",
    "is_check",
    "progress",
    "sign_of_life",
]
