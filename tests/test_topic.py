"""`make test TOPIC=x`: that topic, nothing else, and no misspelt topic."""

import os
import re
import shutil
import subprocess
import sys

import pytest

import gates


def run(*command, **environment):
    return subprocess.run(
        command,
        cwd=gates.ROOT,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize("target", ["test", "controls", "survey", "refresh"])
def test_an_unknown_topic_is_refused_with_the_list(target):
    # -o: neither the environment nor the book is made for this
    old = ("-o", ".venv/.ready", "-o", "build/_build/html/.built")
    done = run("make", "-s", *old, target, "TOPIC=ccn")
    assert done.returncode != 0
    assert "'ccn' is no topic. The topics are: foundations" in done.stdout


def test_selection_keeps_the_topic_and_drops_the_rest():
    files = ("tests/test_house.py", "tests/test_ledger.py")
    collect = ("-p", "no:cacheprovider", "-q", "--collect-only")
    done = run(sys.executable, "-m", "pytest", *collect, *files, TOPIC="rl")
    lines = [line for line in done.stdout.splitlines() if "::" in line]
    assert len(lines) >= 3, done.stdout + done.stderr
    assert all(re.search(r"\[(\w+/)?rl(\.ipynb)?\]$", s) for s in lines)
