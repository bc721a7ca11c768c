"""`topoi.lab.guard` in the grader, where answers run behind the wire."""

import re

import nbformat
from grading_helpers import needs_sandbox

from tools.grading import sandbox, session, submissions
from tools.labs import CHECK

CELLS = {
    "given": "import numpy as np\n\nfrom topoi import lab\n",
    "half": "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n"
    "    ### END SOLUTION\n",
    "half-check": "x = np.array([2.0, 4.0])\n"
    "value = lab.guard(half, x, shape=(2,), dtype=float, seconds=1)\n"
    "assert np.allclose(value, [1, 2]), 'Halve each number.'\n",
    "both": "def both(x, y):\n    ### BEGIN SOLUTION\n    return y, x\n"
    "    ### END SOLUTION\n",
    "both-check": "swap = lab.guarded(both, returns=(int, list))\n"
    "assert swap([1], y=2) == (2, [1]), 'Swap them.'\n",
}
WRONG = {
    "half": {
        "def half(x): raise NotImplementedError()": "Not answered yet",
        "def half(x): print(x / 2)": r"half returned None\. Did you print",
        "def half(x): return list(x / 2)": r"a list of 2, but an array",
        "def half(x): return x.mean()": r"the number 3\.0, but an array",
        "def half(x): return x.astype(int) // 2": r"array of integers",
        "def half(x): return x[:, None] / 2": r"\(2, 1\), but shape \(2,\)",
        "def half(x):\n    x /= 2\n    return x": "number 1 in place",
        "def half(x): return half(x)": "calls itself without end",
        "def half(x): return x / 2 and x": "half stopped with ValueError: "
        "The truth value .* write & and",
        "def half(x): return (v / 2 for v in x)": "an object, but an array",
        "class Odd(Exception): pass\ndef half(x): raise Odd('?')": "half "
        r"stopped with Odd: \?\.",
        "def half(x): raise SystemExit(1)": "half ends Python",
        "half = 3": "should be a function, but is the number 3",
        "def half(x): return x": "Halve each number",
        "def half(x):\n    while True: pass": "half was stopped after 2 s",
    },
    "both": {
        "def both(x, y): return y": r"the number 2, but 2 values",
        "def both(x, y): return [y, x, y]": "3 values, but 2 are due",
        "def both(x, y): return y, y": "The second .* but a list is due",
        "def both(x): return 2, x": "stopped with TypeError: .*unexpected",
    },
}


def notebook():
    cells = []
    for name, source in CELLS.items():
        cell = nbformat.v4.new_code_cell(source)
        if name != "given":
            check = name.endswith(CHECK)
            mark = {"grade_id": name, "grade": check, "solution": not check}
            mark |= {"locked": check, "task": False, "schema_version": 3}
            mark |= {"points": 1} if check else {}
            cell.metadata["nbgrader"] = nbformat.from_dict(mark)
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


@needs_sandbox
def test_slips_meet_their_sentence_in_the_grader(tmp_path):
    path = tmp_path / "toy.ipynb"
    nbformat.write(notebook(), path)
    lab = submissions.read_lab(path)
    codes = {name + CHECK: list(wrong) for name, wrong in WRONG.items()}
    box = sandbox.Box(sandbox.Limits(seconds=300, patience=2))
    found = session.run(lab, path.read_bytes(), box, codes)
    for name, wrong in WRONG.items():
        assert found.verdicts[name + CHECK]["passed"], found.verdicts
        for number, (code, pattern) in enumerate(wrong.items()):
            verdict = found.verdicts[f"{name}{CHECK}/{number}"]
            assert not verdict["passed"], code
            assert re.search(pattern, verdict["message"]), verdict["message"]
