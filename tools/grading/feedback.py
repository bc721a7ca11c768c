"""Pages of feedback: without hidden tests, and readable without a network."""

import re
import shutil
from pathlib import Path

from nbformat import NotebookNode

from tools.notebooks import ROOT, write_text

HIDDEN = re.compile(
    r"^[^\n]*BEGIN HIDDEN TESTS.*?(END HIDDEN TESTS[^\n]*$|\Z)", re.S | re.M
)
STAND_IN = "# Here hidden tests ran, with other inputs."
LINE = "This does not hold: "  # how `inside.checker` quotes a line
FROM_OUTSIDE = re.compile(
    r"<script\b[^>]*\bsrc\s*=\s*[\"']?(https?:)?//[^>]*>.*?</script\s*>"
    r"|<script\b[^>]*text/x-mathjax-config.*?</script\s*>"
    r"|<link\b[^>]*\bhref\s*=\s*[\"']?(https?:)?//[^>]*>",
    re.S | re.I,
)
MATHJAX = "mathjax"  # a folder beside those of the students
# Nothing is loaded on demand, and texts of students make no links.
FORMULAS = """\
<script>MathJax = {tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]],
  packages: {"[-]": ["autoload", "require", "html"]}}};</script>
<script src="../../mathjax/tex-mml-chtml.js" async></script>
"""


def without_hidden(source: str) -> str:
    """Return a check as it is shown to students."""
    return HIDDEN.sub(STAND_IN, source)


def told(message: str, source: str) -> str:
    """Return a message, without a line that it quotes of a hidden test."""
    line = message.removeprefix(LINE)
    if line == message or line in without_hidden(source):
        return message
    return "A hidden test does not hold."


def hiding() -> type:
    """Return a step of nbgrader that takes hidden tests out of a page."""
    from nbgrader import preprocessors, utils

    class HideTests(preprocessors.NbGraderPreprocessor):
        def preprocess_cell(
            self, cell: NotebookNode, resources: dict, index: int
        ) -> tuple:
            if utils.is_grade(cell) and not utils.is_solution(cell):
                cell.source = without_hidden(cell.source)
            return cell, resources

    return HideTests


def offline(page: str) -> str:
    """Return a page that loads nothing from a network.

    Formulas are drawn by the book's own MathJax, if its folder lies where
    `keep_offline` puts it, and stay readable as TeX without it.
    """
    return FROM_OUTSIDE.sub("", page).replace(
        "</head>", f"{FORMULAS}</head>", 1
    )


def keep_offline(folder: Path, student: str, lab: str) -> None:
    """Make the page of a student, and what it needs, independent.

    Parameters
    ----------
    folder : Path
        Of all pages of feedback.
    student, lab : str
        Names of the page's folders.
    """
    page = folder / student / lab / f"{lab}.html"
    text = offline(page.read_text(encoding="utf-8"))
    page.chmod(0o600)
    write_text(page, text)
    if not (folder / MATHJAX).exists():
        _copy(ROOT / "vendor" / "mathjax", folder / MATHJAX)


def _copy(source: Path, place: Path) -> None:
    """Copy a folder, whole or not at all, for our own eyes only."""
    new = place.with_name(f".{place.name}")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(source, new)
    for path in (new, *new.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    new.rename(place)
