"""What the tests of the grader share."""

import functools

import pytest

from tools.grading import sandbox


@functools.cache
def reason() -> str:
    """Return why no sandbox can be made here, or nothing."""
    try:
        with sandbox.temporary_folder(0) as folder:
            sandbox.probe(sandbox.Box(sandbox.Limits(), folder=folder))
    except sandbox.SandboxError as error:
        return str(error)
    return ""


needs_sandbox = pytest.mark.skipif(
    bool(reason()), reason=f"NOT TESTED, the grader's sandbox: {reason()}"
)
