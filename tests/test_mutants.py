"""`mutants.py`: what it changes, what it runs, and a sample of the labs.

A lab whose wrong answers hold ``SAME`` (perhaps empty) has been through
``make mutants`` and is held to it: of a fixed sample of its mutants, each is
rejected or recorded. The whole is `make mutants TOPIC=...`.
"""

import ast
import os
import textwrap

import mutants
import nbformat
import pytest
from test_labs import TOPICS

from tools import labs

SAMPLE = 6  # of an exercise

ANSWER = '''
import numpy as np

GIVEN = 3 + 4


def f(x, k=1):
    """Words stay: 1 + 1."""
    ### BEGIN SOLUTION
    total = 0
    for i in range(k):
        total += max(x[i:], 2.5)
    if total > 3 and x:
        return total, k
    return np.sum(x, axis=1)
    ### END SOLUTION


OTHER = 5 - 6
'''


def names(source):
    return [mutant.name for mutant in mutants.mutants(source)]


EXPECTED = """
total = 0 => pass
total = 0 => total = 1
for i in range(k): => for i in range(k + 1):
for i in range(k): => for i in range(k - 1):
total += max(x[i:], 2.5) => pass
total += max(x[i:], 2.5) => total = max(x[i:], 2.5)
total += max(x[i:], 2.5) => total -= max(x[i:], 2.5)
total += max(x[i:], 2.5) => total += max(2.5, x[i:])
total += max(x[i:], 2.5) => total += min(x[i:], 2.5)
total += max(x[i:], 2.5) => total += max(x[:], 2.5)
total += max(x[i:], 2.5) => total += max(x[i:], 3.5)
total += max(x[i:], 2.5) => total += max(x[i:], 5.0)
if total > 3 and x: => if False:
if total > 3 and x: => if True:
if total > 3 and x: => if total > 3 or x:
if total > 3 and x: => if total >= 3 and x:
if total > 3 and x: => if total > 4 and x:
if total > 3 and x: => if total > 2 and x:
return (total, k) => return (k, total)
return np.sum(x, axis=1) => return np.sum(x)
return np.sum(x, axis=1) => return np.mean(x, axis=1)
return np.sum(x, axis=1) => return np.sum(x, axis=2)
return np.sum(x, axis=1) => return np.sum(x, axis=0)
"""


def test_every_change_of_a_solution_and_none_elsewhere():
    assert sorted(names(ANSWER)) == sorted(EXPECTED.strip().split("\n"))


def test_each_mutant_differs_in_one_statement():
    original = ast.unparse(ast.parse(ANSWER)).split("\n")
    for mutant in mutants.mutants(ANSWER):
        lines = mutant.code.split("\n")
        differ = set(lines) ^ set(original)
        assert 1 <= len(differ) <= 2, mutant.name
        assert "GIVEN = 3 + 4" in lines
        assert "OTHER = 5 - 6" in lines


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("return a << 1 | b & ~c", "a >> 1 | b & ~c"),
        ("return a << 1 | b & ~c", "a << 1 | b & c"),
        ("return a @ b.T if a in b else not c", "a @ b.T if a not in b else"),
        ("return a if a is not None else -1", "a if a is None else -1"),
        ("return a if a is not None else -1", "a if a is not None else 1"),
        ("return a[1:n:2]", "a[1:n]"),
        ("return a[1:n:2]", "a[:n:2]"),
        ("return f(b, a)", "f(a, b)"),
        ("return np.argmax(a, keepdims=True)", "np.argmax(a)"),
        ("return np.argmax(a, keepdims=True)", "np.argmin(a, keepdims=True)"),
        ("return np.argmax(a, keepdims=True)", "np.argmax(a, keepdims=False)"),
    ],
)
def test_kinds_of_change(line, changed):
    marks = "### BEGIN SOLUTION", "### END SOLUTION"
    body = textwrap.indent(f"{marks[0]}\n{line}\n{marks[1]}", "    ")
    found = names(f"def f(a, b, c, n):\n{body}")
    assert any(changed in name.split(" => ")[1] for name in found), found


# -- running ----------------------------------------------------------------


def judged(body, check="assert f(3) == 6, 'twice'", judge=mutants.forked):
    code = f"def f(x):\n{textwrap.indent(body, '    ')}"
    return judge(code, check, {}, 0.3)


@pytest.mark.parametrize(
    ("body", "fate"),
    [
        ("return 2 * x", ("passed", "")),
        ("return x", ("refused", "twice")),
        ("return x / 0", ("error", "ZeroDivisionError: division by zero")),
        ("while True: pass", ("stopped", "")),
        ("import os; os._exit(1)", ("error", "Python ended")),
        ("raise SystemExit(1)", ("error", "SystemExit: 1")),
        ("print('noise'); return 2 * x", ("passed", "")),
    ],
)
def test_fates(body, fate, capfd):
    assert judged(body) == fate
    assert capfd.readouterr().out == ""


def test_a_fork_keeps_what_a_mutant_spoils():
    shared = {"given": [1]}
    code = "def f(x):\n    given.append(2)\n    return 2 * x"
    check = "assert f(3) == 6 and given == [1, 2]"
    for _ in range(2):
        assert mutants.forked(code, check, dict(shared), 1).kind == "passed"
    assert shared == {"given": [1]}


def lab_with(answer, check):
    def cell(name, source, **marks):
        new = nbformat.v4.new_code_cell(source)
        mark = {"grade": False, "solution": False, "grade_id": name}
        new.metadata["nbgrader"] = nbformat.from_dict(mark | marks)
        return new

    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("LIMIT = 5"),
            cell("cut", answer, solution=True),
            cell("cut-check", check, grade=True, points=1),
        ]
    )


CUT = (
    "def cut(x):\n    ### BEGIN SOLUTION\n    return min(x, LIMIT)\n"
    "    ### END SOLUTION"
)


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """Return a function that makes a lab the only one."""

    def make(check, known=None):
        (tmp_path / "labs").mkdir()
        nbformat.write(lab_with(CUT, check), tmp_path / "labs" / "toy.ipynb")
        monkeypatch.setattr(labs, "ROOT", tmp_path)
        monkeypatch.setattr(mutants, "same", lambda topic: known or {})

    return make


SWAP = "return min(x, LIMIT) => return min(LIMIT, x)"
TURN = "return min(x, LIMIT) => return max(x, LIMIT)"


def test_survivors_are_named_and_counted(toy, capsys):
    toy("assert cut(5) == 5")
    assert mutants.report("toy", None, None) == 2
    told = capsys.readouterr().out
    assert f"survives cut: {SWAP}" in told
    assert f"survives cut: {TURN}" in told
    assert "toy: 0 of 2 mutants rejected (0.0%)" in told


def test_the_same_function_is_recorded_and_leaves_the_score(toy, capsys):
    reason = {("cut", SWAP): "the minimum does not mind the order"}
    toy("assert cut(9) == 5, 'cut at 5'", reason)
    assert mutants.report("toy", None, None) == 0
    told = capsys.readouterr().out
    assert "1 of 1 mutants rejected (100.0%)" in told
    assert "1 recorded as the same function" in told


def test_a_wrong_record_is_told(toy, capsys):
    toy("assert cut(9) == 5", {("cut", TURN): "no", ("cut", SWAP): "yes"})
    mutants.report("toy", None, None)
    told = capsys.readouterr().out
    assert f"recorded as the same, but refused: {TURN}" in told


# -- the labs ---------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_a_sample_of_mutants_is_rejected(topic):
    known = mutants.same(topic)
    if known is None:
        pytest.skip(f"no SAME: {topic} has not been through `make mutants`")
    environment = dict(os.environ)
    try:
        survivors = [
            (name, mutant.name)
            for name, mutant, fate in mutants.trials(topic, limit=SAMPLE)
            if fate.kind == "passed" and (name, mutant.name) not in known
        ]
    finally:
        os.environ.clear()
        os.environ.update(environment)
    assert survivors == [], f"make mutants TOPIC={topic}"


@pytest.mark.parametrize("topic", TOPICS)
def test_records_name_mutants_that_exist(topic):
    nb = labs.read(labs.ROOT / "labs" / f"{topic}.ipynb")
    made = {
        (exercise.name, mutant.name)
        for exercise in labs.exercises(nb)
        for mutant in mutants.mutants(exercise.answer.source)
    }
    known = mutants.same(topic) or {}
    assert known.keys() <= made, f"make mutants TOPIC={topic}"
    assert all(len(reason) > 10 for reason in known.values())
