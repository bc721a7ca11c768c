"""Gates over code, read as syntax trees: who imports whom, names, seeds, maps.

Each returns what is wrong, in words. `test_code_gates.py` shows that each can
fail; `test_house.py` applies them to the house.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import nbformat
import yaml

from gates import MAX_CELL_LINES, ROOT

LIBRARY = "topoi"
SHORT_NAMES = {  # what a page writes instead of a long name
    "string_topology": "st",
    "symbolic_integration": "si",
    "temporal_logic": "tl",
}
TUPLE_METHODS = {"_asdict", "_fields", "_make", "_replace"}  # of NamedTuple
LEGACY = {  # of np.random: these draw from one global stream
    "beta", "binomial", "choice", "normal", "permutation", "poisson", "rand",
    "randint", "randn", "random", "random_sample", "shuffle",
    "standard_normal", "uniform",
}  # fmt: skip
GLOBAL_RANDOM = {  # of the module random
    "choice", "choices", "gauss", "getrandbits", "randbytes", "randint",
    "random", "randrange", "sample", "shuffle", "uniform",
}  # fmt: skip
# Public names that several topics export, because they mean the same there.
SHARED_NAMES = {
    "FormulaError": "a text or a tree is no formula; the message says where",
    "Trained": "what a training returns: the weights and its course",
    "forward": "the forward pass of a network given by its arrays",
    "jacobian": "the matrix of first derivatives of outputs",
    "parse_formula": "a text as a formula of the topic; none of it is run",
    "polish": "Newton-like steps on a good approximation, up to rounding",
    "softmax": "exp(x) / sum exp(x) along the last axis",
}


def topic_needs() -> dict[str, set[str]]:
    """Return what `topics.yml` lists under `needs`, by topic."""
    entries = yaml.safe_load((ROOT / "topics.yml").read_text())["topics"]
    return {entry["id"]: set(entry["needs"]) for entry in entries}


# -- layering ---------------------------------------------------------------


def layering_problems(
    root: Path, needs: dict[str, set[str]], library: str = LIBRARY
) -> list[str]:
    """Check who imports whom in a library, by the tree of each file.

    Shared rooms import no topic. A topic imports another one only if it
    lists it under `needs`, and only names that the other's `__init__` lists
    in `__all__`.
    """
    problems = []
    for path in sorted((root / library).rglob("*.py")):
        parts = path.relative_to(root / library).with_suffix("").parts
        here = [library, *parts]
        if here[-1] == "__init__":
            here.pop()
        package = here if path.stem == "__init__" else here[:-1]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for target, names in imports(tree, package):
            problems += [
                f"{path.relative_to(root)}: {problem}"
                for problem in _import_problems(
                    root, parts[0], target, names, needs
                )
            ]
    return problems


def circle_problems(root: Path, library: str = LIBRARY) -> list[str]:
    """Check that no files import each other in a circle, nested ones too."""
    files = {
        path.relative_to(root).with_suffix("").parts: path
        for path in sorted((root / library).rglob("*.py"))
    }
    graph = {
        here: {
            file
            for target, names in imports(
                ast.parse(path.read_text(encoding="utf-8")), list(here[:-1])
            )
            for file in _imported_files(target, names, files)
            if file != here
        }
        for here, path in files.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring = " imports ".join("/".join(f) for f in reversed(error.args[1]))
        return [f"a circle: {ring}"]
    return []


def _imported_files(
    target: list[str], names: list[str], files: dict[tuple, Path]
) -> Iterator[tuple]:
    """Yield the files that an import reads first: modules, or a package."""
    modules = [(*target, name) for name in names]
    modules = [module for module in modules if _file_of(module, files)]
    if len(modules) < len(names) or not names:
        modules.append(tuple(target))
    for module in modules:
        if file := _file_of(module, files):
            yield file


def _file_of(module: tuple, files: dict[tuple, Path]) -> tuple | None:
    """Return the key of a module's file, or of a package's `__init__`."""
    return next(
        (f for f in (module, (*module, "__init__")) if f in files), None
    )


def imports(
    tree: ast.AST, package: list[str] | None = None
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield (module, imported names) of every import, nested ones too.

    ``import a.b`` has no names. Relative imports are resolved against the
    package.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split("."), []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            if node.level:
                base = package or []
                module = base[: len(base) - node.level + 1] + module
            yield module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and _calls(node, "import_module"):
            yield from (
                (str(first.value).split("."), [])
                for first in node.args[:1]
                if isinstance(first, ast.Constant)
            )


def _import_problems(
    root: Path,
    room: str,
    target: list[str],
    names: list[str],
    needs: dict[str, set[str]],
) -> list[str]:
    """Return what is wrong with one import of one file of a room."""
    if target == [LIBRARY]:  # from topoi import a, b
        return [
            problem
            for name in names
            for problem in _import_problems(
                root, room, [LIBRARY, name], [], needs
            )
        ]
    other = target[1] if target[0] == LIBRARY and len(target) > 1 else room
    if other == room or other not in needs:
        return []
    if room not in needs:
        return [f"a shared room imports the topic {other}"]
    if other not in needs[room]:
        return [
            f"the topic {room} imports {other}, which topics.yml does not "
            "list under its needs"
        ]
    public = exported(root / LIBRARY / other)
    wanted = [*target[2:3], *names] if len(target) > 2 else names
    return [
        f"{other}.{name} is not public: it is not in __all__ of {other}"
        for name in wanted
        if name not in public
    ]


def exported(package: Path) -> set[str]:
    """Return the names in ``__all__`` of a package or a single file."""
    file = package / "__init__.py"
    file = file if file.exists() else package.with_suffix(".py")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and "__all__" in _names(node.targets):
            return set(ast.literal_eval(node.value))
    return set()


def page_import_problems(path: Path, needs: dict[str, set[str]]) -> list[str]:
    """Check how a chapter or a lab imports topics.

    As ``from topoi import rl``, by its full name (or the one short name that
    `SHORT_NAMES` gives it); classes and constants may be imported by their
    own names, functions not. Other topics only if they stand under `needs`.
    """
    topic, problems = path.stem, []
    for number, tree in _cells(path):
        found = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [
                    f"write `from topoi import ...` for {alias.name}"
                    for alias in node.names
                    if alias.name.startswith(f"{LIBRARY}.")
                ]
            elif isinstance(node, ast.ImportFrom):
                found += _page_import(node, topic, needs)
        problems += [f"cell {number}: {problem}" for problem in found]
    return problems


def _page_import(
    node: ast.ImportFrom, topic: str, needs: dict[str, set[str]]
) -> list[str]:
    module = (node.module or "").split(".")
    if module[0] != LIBRARY:
        return []
    pairs = [(alias.name, alias.asname) for alias in node.names]
    used = {module[1]} if len(module) > 1 else {name for name, _ in pairs}
    problems = [
        f"imports {other}, which is not under the needs of {topic}"
        for other in sorted(used & set(needs))
        if other != topic and other not in needs.get(topic, set())
    ]
    if len(module) == 1:
        problems += [
            f"calls {name} {alias}: import it under its own name"
            for name, alias in pairs
            if alias and SHORT_NAMES.get(name) != alias
        ]
        problems += [
            f"{name} is called {short} on pages"
            for name, short in SHORT_NAMES.items()
            if (name, None) in pairs
        ]
    elif module[1] in needs:
        package = ROOT / LIBRARY / module[1]
        problems += [
            f"imports the function {name}: write {module[1]}.{name}"
            for name, _ in pairs
            if not name[0].isupper()
            and not (len(module) == 2 and (package / f"{name}.py").exists())
        ]
    return problems


# -- names ------------------------------------------------------------------


def private_problems(path: Path) -> list[str]:
    """Check that a page neither shows nor calls what is private.

    Private is an attribute or an imported name with one leading underscore,
    except on ``self``. Code is shown by `runtime.show_source` alone.
    """
    problems = []
    for number, tree in _cells(path):
        found = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                found += [a.name for a in node.names if _private(a.name)]
            elif isinstance(node, ast.Attribute) and _private(node.attr):
                on_self = isinstance(node.value, ast.Name) and (
                    node.value.id in ("self", "cls")
                )
                found += [] if on_self else [ast.unparse(node)]
            elif isinstance(node, ast.Call) and (
                _calls(node, "getsource") or _calls(node, "getsourcelines")
            ):
                problems.append(
                    f"cell {number}: shows code by {ast.unparse(node.func)}: "
                    "use runtime.show_source"
                )
        problems += [f"cell {number}: the private name {n}" for n in found]
    return problems


def _private(name: str) -> bool:
    return (
        name.startswith("_")
        and name != "_"
        and not name.endswith("__")
        and name not in TUPLE_METHODS
    )


def shared_name_problems(library: Path, topics: set[str]) -> list[str]:
    """Check that no two topics export one name for two things."""
    owners = defaultdict(list)
    for topic in sorted(topics):
        if (library / topic).is_dir() or (library / f"{topic}.py").exists():
            for name in exported(library / topic):
                owners[name].append(topic)
    return [
        f"{name} is exported by {' and '.join(found)}: rename one, or say in "
        "SHARED_NAMES what it means in both"
        for name, found in sorted(owners.items())
        if len(found) > 1
        and name not in SHARED_NAMES
        # what is passed to a topic's own functions, and never shown alone
        and name not in {"Settings", "Training"}
    ]


def map_problems(
    package: Path, elsewhere: set[str] | frozenset[str] = frozenset()
) -> list[str]:
    """Check that the docstring of `__init__` names each file on a line.

    Packages inside count too, except what is listed `elsewhere`: a topic
    has its line in `topics.yml`.
    """
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    text = ast.get_docstring(tree) or ""
    inner = [path.parent.name for path in package.glob("*/__init__.py")]
    files = {path.stem for path in package.glob("*.py")} | set(inner)
    return [
        f"{package.name}/__init__.py: no line of the docstring says what "
        f"{name} holds, such as '- `{name}`: ...'"
        for name in sorted(files - set(elsewhere))
        if not name.startswith("_")
        and not re.search(
            rf"^(- )?`{{0,2}}{name}(\.py)?`{{0,2}}[:,]?\s+\S", text, re.M
        )
    ]


# -- cells ------------------------------------------------------------------


def long_cell_problems(path: Path) -> list[str]:
    """Check that no code cell of a chapter is longer than a screen."""
    nb = nbformat.read(path, as_version=4)
    lengths = [
        (number, len(cell.source.split("\n")))
        for number, cell in enumerate(nb.cells)
        if cell.cell_type == "code"
    ]
    return [
        f"cell {number}: {length} lines, over {MAX_CELL_LINES}: split it"
        for number, length in lengths
        if length > MAX_CELL_LINES
    ]


# -- randomness -------------------------------------------------------------


def unseeded_problems(source: str) -> list[str]:
    """Check that all random numbers of a file come from a seed.

    Wrong are generators without a seed and the global streams of NumPy and
    of `random`. A line that needs one says ``noqa: NPY002``, as for ruff, or
    ``unseeded on purpose``.
    """
    lines, problems = source.split("\n"), []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            line = lines[node.lineno - 1]
            told = "noqa: NPY002" in line or "unseeded on purpose" in line
            if not told and (reason := _unseeded(name, node)):
                problems.append(f"line {node.lineno}: {name}: {reason}")
    return problems


def _unseeded(name: str, node: ast.Call) -> str:
    *before, last = name.split(".")
    arguments = [*node.args, *(k.value for k in node.keywords)]
    none = all(
        isinstance(a, ast.Constant) and a.value is None for a in arguments
    )
    if last in ("default_rng", "Random", "RandomState", "SeedSequence"):
        return "needs a seed" if none else ""
    if before[-2:] in (["np", "random"], ["numpy", "random"]):
        return "is a global stream" if last in LEGACY else ""
    if before == ["random"] and last in GLOBAL_RANDOM:
        return "is a global stream"
    return ""


def notebook_code(path: Path) -> str:
    """Return the code of a notebook as one module, a blank line a cell."""
    nb = nbformat.read(path, as_version=4)
    return "\n\n".join(c.source for c in nb.cells if c.cell_type == "code")


# -- helpers ----------------------------------------------------------------


def _cells(path: Path) -> Iterator[tuple[int, ast.AST]]:
    """Yield number and syntax tree of each code cell."""
    nb = nbformat.read(path, as_version=4)
    for number, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            yield number, ast.parse(cell.source)


def _calls(node: ast.Call, name: str) -> bool:
    return ast.unparse(node.func).split(".")[-1] == name


def _names(targets: list[ast.expr]) -> set[str]:
    return {target.id for target in targets if isinstance(target, ast.Name)}
