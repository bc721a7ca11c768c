"""The API reference: every public name, its signature, links from pages."""

import ast
import importlib
import inspect
from types import SimpleNamespace

import pytest

import code_gates
import gates
from tools.bookext import api

MODULES = sorted(
    p.stem
    for p in (gates.ROOT / "topoi").iterdir()
    if p.stem[0] != "_" and (p.suffix == ".py" or (p / "__init__.py").exists())
)
NAMELESS = {"source"}  # what it offers is a name of `runtime`


def test_every_module_has_its_page():
    pages = {p.stem for p in (gates.ROOT / "book" / "api").glob("*.md")}
    assert pages == set(MODULES) - NAMELESS


@pytest.mark.parametrize("name", sorted(set(MODULES) - NAMELESS))
def test_every_public_name_has_an_entry_with_a_text(name):
    module = importlib.import_module(f"topoi.{name}")
    entries = api.public_entries(gates.ROOT, f"topoi.{name}")
    public = getattr(module, "__all__", None)
    if public is not None:
        modules = {n for n in public if inspect.ismodule(getattr(module, n))}
        assert set(entries) == {f"topoi.{name}", *public} - modules
    silent = [
        n
        for n, (_, node) in entries.items()
        if isinstance(node, api.FUNCTION | ast.ClassDef)
        and not api.documented(node)
    ]
    assert silent == []


def _function(text):
    return ast.parse(text).body[0]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "def f(x: int, *, y: str | None = None) -> int: ...",
            "(x, *, y=None)",
        ),
        ("def f(a, /, b=(1, 2), *c, **d): ...", "(a, /, b=(1, 2), *c, **d)"),
        ("def f(): ...", "()"),
    ],
)
def test_a_signature_has_defaults_and_no_types(source, shown):
    assert api.signature(_function(source)) == shown


def test_a_method_does_not_show_self_and_a_static_one_has_none():
    bound = _function("def f(self, x): ...")
    static = _function("@staticmethod\ndef f(x): ...")
    assert api.signature(bound, bound=True) == "(x)"
    assert api.signature(static, bound=True) == "(x)"


def test_an_absolute_value_is_no_substitution():
    text = 'def f():\n    """Return |x|, not `a|b` nor ``|c|``."""'
    assert api.docstring(_function(text)) == [
        r"Return \|x\|, not `a|b` nor ``|c|``."
    ]


def _linked(page, body):
    entry = SimpleNamespace(docname="book/api/cnn", node_id="topoi.cnn.conv2d")
    objects = {"topoi.cnn.conv2d": entry}
    app = SimpleNamespace(
        env=SimpleNamespace(
            get_domain=lambda name: SimpleNamespace(objects=objects)
        ),
        builder=SimpleNamespace(
            get_relative_uri=lambda page, doc: f"../{doc}.html"
        ),
    )
    context = {"body": body}
    api.link_names(app, page, "page.html", context, object())
    return context["body"]


CODE = (
    '<span class="n">cnn</span><span class="o">.</span>'
    '<span class="n">{}</span><span class="p">(</span>'
)
PROSE = (
    '<code class="docutils literal notranslate">'
    '<span class="pre">cnn.{}</span></code>'
)


@pytest.mark.parametrize("text", [CODE, PROSE])
def test_names_of_the_library_become_links(text):
    known, other = text.format("conv2d"), text.format("unknown")
    linked = _linked("chapters/cnn", known + other)
    assert linked.count('href="../book/api/cnn.html#topoi.cnn.conv2d"') == 1
    assert linked.endswith(other)
    assert _linked("book/notation", known) == known


def test_short_names_of_topics_are_those_of_the_pages():
    assert {v: k for k, v in api.SHORT.items()} == code_gates.SHORT_NAMES
