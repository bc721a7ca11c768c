"""Do the checks of a lab notice when one place of its solution is changed?

    python tests/mutants.py cnn recurrent [--exercise NAME] [--limit N]

A *mutant* is the solution of an exercise with one change that a student could
make: another operator, a number one off, an axis, a bound or a line left out,
two arguments swapped. Each is given to the exercise's check, hidden tests
included. What passes is a *survivor*: either the check lacks a case, or the
change makes no difference. The latter are recorded, with the reason, in
``SAME`` of ``tests/wrong_answers/<topic>.py``::

    SAME = {
        ("sizes", "total = max(x, 0) => total = max(0, x)"): "max commutes",
    }

Labs without Keras run each mutant in a fork of the process that has run the
cells before; with Keras, whose threads a fork would lose, in the process
itself.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import io
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from tools import labs  # noqa: E402
from topoi.lab.clock import TooLong, time_limit  # noqa: E402

SECONDS = 10  # and three times what the solution takes
KEPT = 200  # characters of a message
OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitOr,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.Lt: (ast.LtE,),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE,),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
PAIRS = (
    "min max|minimum maximum|argmin argmax|any all|sum mean|floor ceil|"
    "zeros ones|zeros_like ones_like|sin cos|left right|append extend|"
    "rows columns"
)
TWINS = {
    a: b
    for pair in PAIRS.split("|")
    for a, b in (pair.split(), pair.split()[::-1])
}
ORDERED = ("range", "zip", "isinstance", "enumerate", "print", "getattr")
Path_ = tuple[tuple[str, int | None], ...]


class Mutant(NamedTuple):
    """A solution with one change.

    Attributes
    ----------
    name : str
        The statement before and after, "a + b => a - b".
    code : str
        The whole answer cell.
    """

    name: str
    code: str


class Fate(NamedTuple):
    """What became of a mutant: passed, refused, error or stopped."""

    kind: str
    message: str = ""


# -- making them ------------------------------------------------------------


def mutants(source: str) -> list[Mutant]:
    """Return all mutants of an answer cell, in the order of its lines."""
    tree, lines = ast.parse(source), solution_lines(source)
    found, seen = [], set()
    for path, node in _walk(tree):
        if getattr(node, "lineno", None) not in lines:
            continue
        for new in _changes(node):
            mutated = _replaced(tree, path, new)
            try:
                code = ast.unparse(ast.fix_missing_locations(mutated))
                compile(code, "<mutant>", "exec")
            except (SyntaxError, ValueError):
                continue
            if code in seen or code == ast.unparse(tree):
                continue
            seen.add(code)
            found.append(Mutant(_name(tree, mutated, path), code))
    return _numbered(found)


def solution_lines(source: str) -> set[int]:
    """Return the numbers of the lines between the markers."""
    inside, lines = False, set()
    for number, line in enumerate(source.split("\n"), start=1):
        inside &= "### END SOLUTION" not in line
        if inside:
            lines.add(number)
        inside |= "### BEGIN SOLUTION" in line
    return lines


def _walk(node: ast.AST, path: Path_ = ()) -> Iterator[tuple[Path_, ast.AST]]:
    """Yield every node with the fields that lead to it."""
    yield path, node
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield from _walk(value, (*path, (field, None)))
        elif isinstance(value, list):
            for n, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from _walk(item, (*path, (field, n)))


def _at(tree: ast.AST, path: Path_) -> ast.AST:
    for field, n in path:
        tree = getattr(tree, field)
        tree = tree if n is None else tree[n]
    return tree


def _replaced(tree: ast.AST, path: Path_, new: ast.AST) -> ast.AST:
    """Return a copy of the tree with another node at that place."""
    tree = copy.deepcopy(tree)
    *above, (field, n) = path
    parent = _at(tree, tuple(above))
    if n is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[n] = new
    return tree


def _name(tree: ast.AST, mutated: ast.AST, path: Path_) -> str:
    """Return the innermost statement before and after."""
    ends = [
        n
        for n in range(len(path) + 1)
        if isinstance(_at(tree, path[:n]), ast.stmt)
    ]
    place = path[: ends[-1]]
    before, after = (
        ast.unparse(_at(t, place)).split("\n") for t in (tree, mutated)
    )
    pairs = zip(before, after, strict=False)
    differ = [p for p in pairs if p[0] != p[1]] or [(before[0], after[0])]
    return " => ".join(part.strip() for part in differ[0])


def _numbered(found: list[Mutant]) -> list[Mutant]:
    """Return mutants with names that occur once."""
    counts: dict[str, int] = {}
    result = []
    for mutant in found:
        n = counts[mutant.name] = counts.get(mutant.name, 0) + 1
        name = mutant.name if n == 1 else f"{mutant.name} (place {n})"
        result.append(mutant._replace(name=name))
    return result


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        for op in OPERATORS.get(type(node.op), ()):
            yield _with(node, op=op())
    if isinstance(node, ast.Compare):
        for n, old in enumerate(node.ops):
            for op in OPERATORS.get(type(old), ()):
                ops = [*node.ops[:n], op(), *node.ops[n + 1 :]]
                yield _with(node, ops=ops)
    if isinstance(node, ast.UnaryOp):
        yield node.operand
    if isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    if isinstance(node, ast.Name) and node.id in TWINS:
        yield _with(node, id=TWINS[node.id])
    if isinstance(node, ast.Attribute) and node.attr in TWINS:
        yield _with(node, attr=TWINS[node.attr])
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield _with(node, **{bound: None})
    if isinstance(node, ast.Call):
        yield from _other_calls(node)
    if isinstance(node, ast.stmt):
        yield from _other_statements(node)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _other_constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value:
            yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value + 1.0)
        if value:
            yield ast.Constant(2 * value)


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    starred = any(isinstance(a, ast.Starred) for a in node.args)
    if len(node.args) == 2 and name not in ORDERED and not starred:
        yield _with(node, args=node.args[::-1])
    if name == "range" and not starred:
        for op in (ast.Add, ast.Sub):
            args = list(node.args)
            place = min(len(args) - 1, 1)  # the end
            args[place] = ast.BinOp(args[place], op(), ast.Constant(1))
            yield _with(node, args=args)
    for n in range(len(node.keywords)):
        keywords = node.keywords[:n] + node.keywords[n + 1 :]
        yield _with(node, keywords=keywords)


def _other_statements(node: ast.stmt) -> Iterator[ast.AST]:
    words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    droppable = ast.Assign | ast.AugAssign | ast.Expr | ast.Raise
    droppable |= ast.Break | ast.Continue
    if isinstance(node, droppable) and not words:
        yield ast.Pass()
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    if isinstance(node, ast.If | ast.While):
        yield _with(node, test=ast.Constant(False))
    if isinstance(node, ast.If):
        yield _with(node, test=ast.Constant(True))
    returned = getattr(node, "value", None)
    if isinstance(node, ast.Return) and isinstance(returned, ast.Tuple):
        turned = ast.Tuple(returned.elts[::-1], ast.Load())
        yield _with(node, value=turned)


# -- running them -----------------------------------------------------------


def light(cells: list) -> bool:
    """Whether no cell of a lab needs Keras."""
    text = "\n".join(cell.source for cell in cells)
    return "keras" not in text and "tensorflow" not in text


def run(source: str, names: dict) -> None:
    """Run a cell silently."""
    silent = io.StringIO()
    out, err = contextlib.redirect_stdout, contextlib.redirect_stderr
    with out(silent), err(silent):
        exec(compile(source, "<cell>", "exec"), names)


def judged(code: str, check: str, names: dict, seconds: float) -> Fate:
    """Run an answer and its check in these names."""
    try:
        with time_limit(seconds):
            run(code, names)
            run(check, names)
    except AssertionError as error:
        return Fate("refused", str(error)[:KEPT])
    except TooLong:
        return Fate("stopped")
    except (Exception, SystemExit) as error:
        return Fate("error", f"{type(error).__name__}: {error}"[:KEPT])
    return Fate("passed")


def forked(code: str, check: str, names: dict, seconds: float) -> Fate:
    """Judge in a fork; what it does to the names, or dies of, stays there."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            fate = judged(code, check, names, seconds)
            os.write(writer, json.dumps(fate).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return Fate(*json.loads(text)) if text else Fate("error", "Python ended")


def _seed_only(scale: str = "small", seed: int = 0, **_: object) -> None:
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002


def trials(
    topic: str, exercise: str | None = None, limit: int | None = None
) -> Iterator[tuple[str, Mutant, Fate]]:
    """Yield every mutant of a lab, or a fixed sample, with its fate."""
    import matplotlib

    from topoi import runtime

    matplotlib.use("Agg")
    nb = labs.read(labs.ROOT / "labs" / f"{topic}.ipynb")
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    judge, setup = judged, runtime.setup
    if light(cells):
        judge, runtime.setup = forked, _seed_only
    try:
        yield from _trials(cells, judge, topic, exercise, limit)
    finally:
        runtime.setup = setup


def _trials(cells, judge, topic, exercise, limit):
    names: dict = {"__name__": f"lab_{topic}"}
    answer, before = None, {}
    for cell in cells:
        if labs.is_answer(cell):
            answer, before = cell, dict(names)
        if not labs.is_check(cell):
            run(cell.source, names)
            continue
        start = time.process_time()
        run(cell.source, names)
        seconds = SECONDS + 3 * (time.process_time() - start)
        name = answer.metadata.nbgrader.grade_id
        if exercise not in (None, name):
            continue
        made = mutants(answer.source)
        if limit is not None and len(made) > limit:
            made = random.Random(name).sample(made, limit)
        for mutant in made:
            space = dict(before)
            fate = judge(mutant.code, cell.source, space, seconds)
            yield name, mutant, fate


def same(topic: str) -> dict[tuple[str, str], str] | None:
    """Return the recorded mutants that are no mistakes, with the reasons.

    None means that nobody has run the mutants of this lab yet.
    """
    module = importlib.import_module(f"wrong_answers.{topic}")
    return getattr(module, "SAME", None)


# -- the command ------------------------------------------------------------


def report(topic: str, exercise: str | None, limit: int | None) -> int:
    """Print the survivors of a lab and its score; return how many are new."""
    known, survivors, counts, raw = same(topic) or {}, [], {}, 0
    for name, mutant, fate in trials(topic, exercise, limit):
        equal = (name, mutant.name) in known
        counts[name] = counts.get(name, 0) + (not equal)
        raw += fate.kind == "error"
        if fate.kind == "error" and "-v" in sys.argv:
            print(f"  error in {name}: {mutant.name}\n    {fate.message}")
        if fate.kind == "passed" and not equal:
            survivors.append(name)
            print(f"  survives {name}: {mutant.name}", flush=True)
        if fate.kind != "passed" and equal:
            print(f"  recorded as the same, but refused: {mutant.name}")
    for name, made in counts.items():
        killed = made - survivors.count(name)
        print(f"  {name}: {killed} of {made} rejected")
    made = sum(counts.values())
    killed = made - len(survivors)
    share = killed / made if made else 1
    print(
        f"{topic}: {killed} of {made} mutants rejected ({share:.1%}); "
        f"{raw} by a raw error ({raw / max(made, 1):.1%}); "
        f"{len(known)} recorded as the same function",
        flush=True,
    )
    return len(survivors)


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--exercise", help="only this one")
    parser.add_argument("--limit", type=int, help="mutants of an exercise")
    parser.add_argument("-v", action="store_true", help="show raw errors")
    options = parser.parse_args()
    topics = options.topics or [path.stem for path in labs.labs()]
    left = [report(t, options.exercise, options.limit) for t in topics]
    return int(any(left))


if __name__ == "__main__":
    sys.exit(main())
