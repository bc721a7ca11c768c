"""The API reference: directive `library`, and links from pages to it.

Entries are read from the source, not from imported modules, because the
environment that builds the book has none of the packages that `topoi` needs.
Docstrings are turned into reStructuredText by Sphinx's own `napoleon`.
"""

import ast
import inspect
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.ext.napoleon import Config, NumpyDocstring
from sphinx.util.docutils import SphinxDirective

STYLE = Config(napoleon_use_ivar=True, napoleon_use_rtype=False)
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
# in a docstring: literals and references, or what lies between them
MARKED = re.compile(r"(``.*?``|`[^`]*`)")
# how pages shorten three long names of topics
SHORT = {
    "si": "symbolic_integration",
    "st": "string_topology",
    "tl": "temporal_logic",
}
# a call in highlighted code: cnn.conv2d
CALL = re.compile(
    r'(?P<open><span class="n">(?P<module>\w+)</span>'
    r'<span class="o">\.</span>)'
    r'(?P<name><span class="n">(?P<function>\w+)</span>)'
)
# a name in a sentence, as `cnn.conv2d` is written there
NAME = re.compile(
    r'(?P<open>)(?P<name><code class="docutils literal notranslate">'
    r'<span class="pre">(?P<module>\w+)\.(?P<function>\w+)(?:\(\))?'
    r"</span></code>)(?!</a>)"
)


def setup(app):
    """Register the directive; link names on the pages of the book."""
    app.add_directive("library", Library)
    app.connect("html-page-context", link_names)


class Library(SphinxDirective):
    """All public names of a module or package of `topoi`, with docstrings."""

    required_arguments = 1

    def run(self):
        module = f"topoi.{self.arguments[0]}"
        entries = public_entries(Path(self.env.srcdir), module)
        for file in {file for file, _ in entries.values()}:
            self.env.note_dependency(str(file))
        file, tree = entries.pop(module)
        lines = [f".. py:module:: {module}", "", *docstring(tree), ""]
        for name, (_, node) in entries.items():
            lines += [*entry(name, node), ""]
        section = nodes.Element()
        self.state.nested_parse(StringList(lines, str(file)), 0, section)
        return section.children


def public_entries(root, module):
    """Return the definitions of a module's public names.

    Parameters
    ----------
    root : Path
        The project's folder.
    module : str
        As it is imported, such as ``topoi.cnn``.

    Returns
    -------
    dict of str to (Path, ast node)
        First the module itself under its own name, then the names of
        ``__all__``, or else all that do not begin with an underscore.
    """
    file = module_file(root, module)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    here = definitions(tree)
    names = exported(tree) or [
        n for n, node in here.items() if n[0] != "_" and documented(node)
    ]
    found = {module: (file, tree)}
    for statement in tree.body:
        if not isinstance(statement, ast.ImportFrom):
            continue
        source = module_file(root, statement.module or "")
        wanted = {a.name for a in statement.names} & set(names)
        if source is None or not wanted:
            continue
        there = definitions(ast.parse(source.read_text(encoding="utf-8")))
        found |= {n: (source, there[n]) for n in sorted(wanted & set(there))}
    found |= {name: (file, here[name]) for name in names if name in here}
    return found


def module_file(root, module):
    """Return the file of a module of the project, or None."""
    path = root / module.replace(".", "/")
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def definitions(tree):
    """Return functions, classes and assigned names of a module by name."""
    found = {}
    for node in tree.body:
        if isinstance(node, FUNCTION | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in getattr(node, "targets", None) or [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        found[name.id] = node
    return found


def exported(tree):
    """Return what ``__all__`` lists, empty without one."""
    node = definitions(tree).get("__all__")
    return ast.literal_eval(node.value) if node else []


def documented(node):
    """Whether a definition has a docstring."""
    is_code = isinstance(node, FUNCTION | ast.ClassDef)
    return is_code and ast.get_docstring(node) is not None


def entry(name, node):
    """Return the reStructuredText of one name, methods included."""
    if isinstance(node, FUNCTION):
        return described("function", name + signature(node), node)
    if not isinstance(node, ast.ClassDef):
        return [f".. py:data:: {name}", ""]
    members = [m for m in node.body if isinstance(m, FUNCTION)]
    first = [m for m in members if m.name == "__init__"]
    head = name + (signature(first[0], bound=True) if first else "")
    lines = described("class", head, node)
    for member in members:
        if not member.name.startswith("_") and documented(member):
            head = member.name + signature(member, bound=True)
            lines += ["", *indented(described("method", head, member))]
    return lines


def described(kind, head, node):
    """Return a directive of Sphinx's Python domain, with the docstring."""
    return [f".. py:{kind}:: {head}", "", *indented(docstring(node))]


def docstring(node):
    """Return a docstring's lines; an absolute value |x| stays as it is."""
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    what = "class" if isinstance(node, ast.ClassDef) else "function"
    lines = NumpyDocstring(text, STYLE, what=what).lines()
    for k, line in enumerate(lines):
        parts = MARKED.split(line)
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[k] = "".join(parts)
    return lines


def indented(lines):
    """Return lines as the content of a directive."""
    return [f"   {line}" if line else "" for line in lines]


def signature(node, bound=False):
    """Return the arguments with their defaults; docstrings tell the types."""
    arguments = ast.parse(ast.unparse(node.args).join(("def f(", "): 0")))
    arguments = arguments.body[0].args
    for a in ast.walk(arguments):
        if isinstance(a, ast.arg):
            a.annotation = None
    plain = any("staticmethod" in ast.unparse(d) for d in node.decorator_list)
    if bound and not plain:
        del (arguments.posonlyargs or arguments.args)[:1]
    return f"({ast.unparse(arguments)})"


def link_names(app, pagename, templatename, context, doctree):
    """Turn names of the library on a page into links to their entries."""
    if not pagename.startswith(("chapters/", "labs/")) or doctree is None:
        return
    entries = app.env.get_domain("py").objects

    def link(match):
        module = SHORT.get(match["module"], match["module"])
        found = entries.get(f"topoi.{module}.{match['function']}")
        if found is None:
            return match[0]
        page = app.builder.get_relative_uri(pagename, found.docname)
        return (
            f'{match["open"]}<a class="tt-api" '
            f'href="{page}#{found.node_id}">{match["name"]}</a>'
        )

    context["body"] = NAME.sub(link, CALL.sub(link, context["body"]))
