"""The book on paper: what LaTeX is given, and what `make pdf` refuses.

A toy book goes through Sphinx's LaTeX builder; no TeX is needed. The whole
book is made by the test marked `heavy` (`pytest -m heavy tests/test_pdf.py`).
"""

import os
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output
from sphinx.application import Sphinx

import gates
from tools import pdf
from tools.bookext import labs, printed
from topoi import audio, claims
from topoi.claims import cards
from topoi.plotting import Drawing, explorable, explore

ROOT = gates.ROOT
RAW = "```{{raw}} html\n{}\n```\n"
TABLE = """<table><thead><tr><th>Claim</th><th>Verdict</th></tr></thead>
<tbody><tr><td><a href="../chapters/toy.html#claim-toy-one">toy/one</a></td>
<td><span><svg class="tt-icon"><path d="M0 0"/></svg>Holds</span></td></tr>
</tbody></table><p class="tt-download">Never printed</p>
<dl><div><dt>Term.</dt><dd>Its meaning.</dd></div></dl>"""
PAGE = f"# A page\n\nA drawing:\n\n{RAW.format(TABLE)}\n"
INDEX = """# The book

:::{div} tt-buttons
Not on paper
:::

```{toctree}
chapters/toy
book/page
```
"""
TOC = """parts:
  - caption: Practice
    chapters: [{file: chapters/toy}]
  - caption: The record
    chapters: [{file: book/page}]
"""


def output(html, plain):
    """Return an output as notebooks store one that has HTML."""
    data = {"text/html": html, "text/plain": plain}
    return new_output("display_data", data)


def a_card():
    claim = claims.Claim(
        id="toy/one",
        kind="theorem",
        statement="One & one are 100 % two.",
        source="Peano (1889)",
        paper_value="two",
        intervals={"holds": {"equals": 2}},
        expected="holds",
        why="counted",
        control="three",
    )
    measured = claims.Measurement(
        *("toy/one", 2.0, "2", "holds", "small", "numpy", "a processor")
    )
    return cards.card(claim, measured)


def a_figure():
    picture = Drawing(40, 20)
    picture.path("M0,0L9,9", id="curve")
    return explore(
        lambda slope: {
            "curve": {"stroke": "lagoon"},
            "say": ["The slope is ", str(slope), "."],
        },
        [explorable.slider("slope", (1, 2))],
        picture,
        title="Toy",
        alt="A line that rises.",
    )


def notebook():
    tone = audio.player(np.sin(np.arange(1600)), "A tone", rate=8000)
    cell = new_code_cell("show()")
    figure = a_figure()
    cell.outputs = [
        output(a_card(), "one line of the card"),
        output(figure.html, repr(figure)),
        output(tone._repr_html_(), repr(tone)),
    ]
    check, solution = new_code_cell("assert_it()"), new_code_cell("solved()")
    labs._fold(check, "the check")
    labs._fold(solution, "the solution")
    check.outputs = [new_output("stream", text="passes")]
    head = nbformat.v4.new_markdown_cell("# A toy\n\nText.")
    return new_notebook(cells=[head, cell, check, solution])


def build(folder, monkeypatch, drawing=True):
    """Return the LaTeX of a book of two pages."""
    source, out = folder / "source", folder / "out"
    for room in ("chapters", "book"):
        (source / room).mkdir(parents=True)
    (source / "index.md").write_text(INDEX)
    (source / "_toc.yml").write_text(TOC)
    (source / "book" / "page.md").write_text(PAGE)
    nbformat.write(notebook(), source / "chapters" / "toy.ipynb")
    if not drawing:
        monkeypatch.setattr(printed.shutil, "which", lambda name: None)
    app = Sphinx(
        source,
        None,
        out,
        folder / "trees",
        "latex",
        {
            "extensions": "myst_nb,sphinx_design,tools.bookext.printed",
            "nb_execution_mode": "off",
            "myst_enable_extensions": ["colon_fence"],
            "latex_engine": "xelatex",
            "project": "toy",
        },
        status=None,
        warning=sys.stderr,
    )
    app.build()
    return next(out.glob("*.tex")).read_text("utf-8"), out


@pytest.fixture(scope="module")
def tex(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return build(tmp_path_factory.mktemp("pdf"), patch, drawing=False)[0]


def after(tex, place, *words):
    """Say whether words follow one another after a place."""
    at = tex.index(place)
    for word in words:
        at = tex.index(word, at)
    return True


def test_a_card_keeps_statement_numbers_verdict_and_source(tex):
    assert after(
        tex,
        r":claim-toy-one}",
        r"\begin{ttclaim}{tt-holds}",
        r"One \& one are 100 \% two.",
        "two",
        "Holds",
        "Peano (1889)",
        r"\end{ttclaim}",
    )
    assert "one line of the card" not in tex


def test_a_player_and_a_figure_leave_their_words(tex):
    assert "Sound, 0.20 seconds: A tone." in tex
    assert "A line that rises." in tex  # nothing here draws SVG
    assert "The slope is 1." in tex
    assert '"controls"' not in tex


def test_a_table_is_a_table_whose_links_stay_in_the_book(tex):
    assert after(
        tex,
        r"\footnotesize",
        r"\begin{longtable}",
        r"\raggedright",
        r"\hyperref[\detokenize{chapters/toy:claim-toy-one}]",
        "Holds",
        r"\end{longtable}",
    )
    assert "Never printed" not in tex
    assert "Not on paper" not in tex
    assert after(tex, "Term.", "Its meaning.")


def test_checks_are_left_to_the_notebook_and_solutions_are_shown(tex):
    assert "assert\\_it" not in tex
    assert after(tex, "The check is in the notebook.", "passes")
    assert after(tex, "A solution:", "solved")


def test_parts_begin_where_the_contents_say(tex):
    assert after(tex, r"\part{Practice}", "A toy", r"\part{The record}")


@pytest.mark.skipif(
    printed.shutil.which("rsvg-convert") is None,
    reason="rsvg-convert is missing: install Debian's librsvg2-bin",
)
def test_a_drawing_becomes_a_pdf_of_its_first_state(tmp_path, monkeypatch):
    text, out = build(tmp_path, monkeypatch)
    name = text.split(r"{{", 1)[1].split("}", 1)[0]
    assert (out / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_colours_of_the_page_become_colours_of_the_paper():
    svg = '<svg><path stroke="var(--a, var(--b, #1C8FD6))"/></svg>'
    plain = printed.plain_colors(svg)
    assert 'stroke="#1C8FD6"' in plain
    assert 'xmlns="http://www.w3.org/2000/svg"' in plain


def test_columns_get_the_width_that_their_texts_need():
    html = "<tr><td>1</td><td>" + "many words " * 20 + "</td></tr>"
    rows = [BeautifulSoup(html, "html.parser").find_all("td")]
    narrow, wide = printed.widths(rows, 2)
    assert 90 < narrow + wide < 110
    assert wide > 3 * narrow > 0


# -- the command ------------------------------------------------------------


def test_a_missing_package_of_debian_is_named():
    nothing = pdf.missing(lambda name: None)
    assert "texlive-xetex" in nothing
    assert "texlive-latex-extra" in nothing
    assert pdf.missing(lambda name: "/bin/it", lambda name: True) == []
    one = pdf.missing(lambda name: "/bin/it", lambda n: n != "FreeSerif.otf")
    assert one == ["fonts-freefont-otf"]


def test_without_tex_the_command_says_what_to_install(tmp_path):
    environment = os.environ | {"PATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "tools.pdf", "--out", str(tmp_path / "pdf")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "apt install texlive-xetex latexmk" in run.stderr
    assert not (tmp_path / "pdf").exists()


def test_errors_of_tex_are_found_in_its_log():
    log = "fine\n! Undefined control sequence.\n<read> \\foo\nl.7 \\foo\n"
    assert pdf.errors(log) == [log[5:].strip()]
    assert pdf.errors("LaTeX Warning: Reference undefined\n") == []
    assert pdf.pages("Output written on a.xdv (1043 pages, 9 bytes).") == 1043


@pytest.mark.heavy
def test_the_whole_book(tmp_path):
    if pdf.missing():
        pytest.skip(f"TeX is missing: {' '.join(pdf.missing())}")
    source = pdf.write_sources(ROOT, tmp_path)
    made, log = pdf.typeset(source)
    assert pdf.pages(log) > 500
    assert made.stat().st_size > 5e6
    assert "Missing character" not in log
    assert log.count("Reference `") < 20
