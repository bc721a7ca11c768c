"""Lab pages: tasks, stubs and checks, with the solutions folded away.

A lab is stored with its solutions. Before MyST-NB parses it, `lab_page` turns
it into what a reader should see; after the build, the student notebook lies
beside the page, and behind the theme's download button as well.

In a book built with ``EDITION=student`` a lab page holds no solutions.
"""

import copy
import os
import re
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from tools import labs
from tools.notebooks import write
from tools.release import release

EDITIONS = ("full", "student")
MARKER = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
DOWNLOAD = (
    f'<p class="tt-download"><a href="{labs.ZIP}" download>Download all labs'
    '</a> <a href="{name}" download>Download this notebook alone</a></p>\n'
    '<p class="tt-download-note">The zip file holds the notebooks, the '
    'library and the data; <a href="../book/getting-labs.html">Getting the '
    "labs</a> says how to start them on Windows, macOS and Linux. The "
    "notebook alone works only beside them.</p>"
)


def setup(app: Sphinx) -> None:
    """Change the sources of labs; write student notebooks at the end."""
    app.add_config_value("edition", edition(), "env", str)
    app.add_role("light-labs", LightLabsRole())
    app.connect("source-read", _read_lab)
    app.connect("build-finished", _write_students)


class LightLabsRole(SphinxRole):
    """The names of the labs that need no Keras: {light-labs}`names`."""

    def run(self):
        return [nodes.Text(", ".join(labs.light(labs.labs())))], []


def edition() -> str:
    """Return the edition that the environment variable EDITION asks for.

    Raises
    ------
    ValueError
        If it is neither "full" nor "student".
    """
    asked = os.environ.get("EDITION") or EDITIONS[0]
    if asked not in EDITIONS:
        raise ValueError(
            f"An edition is one of {', '.join(EDITIONS)}, but EDITION is "
            f"{asked!r}. Try `make book EDITION=student`."
        )
    return asked


def _is_lab(app: Sphinx, docname: str) -> bool:
    path = str(app.env.doc2path(docname))
    return docname.startswith("labs/") and path.endswith(".ipynb")


def _read_lab(app: Sphinx, docname: str, source: list[str]) -> None:
    if not _is_lab(app, docname):
        return
    # The page also depends on the code that makes it.
    for file in (__file__, labs.__file__):
        app.env.note_dependency(str(Path(file).resolve()))
    nb = nbformat.reads(source[0], as_version=4)
    name = labs.student_name(Path(app.env.doc2path(docname)))
    page = lab_page(nb, name, solutions=app.config.edition == "full")
    source[0] = nbformat.writes(page)


def _write_students(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    found = [n for n in sorted(app.env.found_docs) if _is_lab(app, n)]
    paths = [Path(app.env.doc2path(docname)) for docname in found]
    if paths:
        labs.write_zip(Path(app.outdir) / "labs" / labs.ZIP, paths)
    for docname, path in zip(found, paths, strict=True):
        student = labs.student_notebook(path)
        page = Path(app.outdir) / docname
        write(student, page.with_name(labs.student_name(path)))
        stored = Path(app.outdir) / "_sources" / f"{docname}.ipynb"
        if stored.exists():  # what the theme's download button offers
            write(student, stored)


def lab_page(
    nb: NotebookNode, download: str, solutions: bool = True
) -> NotebookNode:
    """Return the notebook that the page of a lab shows.

    Parameters
    ----------
    nb : NotebookNode
        A lab with its solutions and outputs.
    download : str
        File name of the student version, which will lie beside the page.
    solutions : bool
        Whether solutions and model answers are shown, folded.

    Returns
    -------
    NotebookNode
        Answers as stubs, checks with their outputs but without hidden tests,
        and after each check its solution. Checks and solutions are folded:
        open, the checks would be three quarters of the page, and they tell
        the usual mistakes before a reader has made them.
    """
    student = release(nb)
    cells, folded = [], []
    for cell, stub in zip(nb.cells, student.cells, strict=True):
        shown = copy.deepcopy(cell)
        shown.source = stub.source
        if labs.is_answer(cell) and cell.cell_type == "code":
            folded += [_solution(cell)] if solutions else []
            shown.outputs = []
        elif labs.is_answer(cell) and solutions:
            shown.source = _dropdown("Show a model answer", cell.source)
        cells.append(shown)
        if labs.is_check(cell):
            _fold(shown, "the check")
            cells += folded
            folded = []
    link = nbformat.v4.new_markdown_cell(DOWNLOAD.format(name=download))
    link.id = "download"
    cells.insert(1, link)
    page = copy.deepcopy(nb)
    page.cells = cells
    return page


def _solution(cell: NotebookNode) -> NotebookNode:
    """Return an answer without its markers, as a folded cell."""
    solution = copy.deepcopy(cell)
    solution.id += "-solution"
    solution.source = MARKER.sub("", cell.source).rstrip()
    solution.outputs = []
    solution.metadata = nbformat.from_dict({})
    _fold(solution, "the solution")
    return solution


def _fold(cell: NotebookNode, what: str) -> None:
    """Fold the input of a cell under "Show ..."; its output stays open."""
    tags = [*cell.metadata.get("tags", []), "hide-input"]
    prompts = cell.metadata.get("mystnb", {}) | {
        "code_prompt_show": f"Show {what}",
        "code_prompt_hide": f"Hide {what}",
    }
    cell.metadata |= nbformat.from_dict({"tags": tags, "mystnb": prompts})


def _dropdown(title: str, text: str) -> str:
    """Return Markdown text folded under a title."""
    longest = max(
        (len(m) for m in re.findall(r"^:{3,}", text, re.M)), default=2
    )
    fence = ":" * (longest + 1)
    return f"{fence}{{dropdown}} {title}\n{text}\n{fence}"
