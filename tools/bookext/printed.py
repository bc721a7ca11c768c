"""The book on paper: what a page shows in HTML, as LaTeX can print it.

Cards, tables, explorable figures and players are HTML, which LaTeX drops.
Before the LaTeX builder writes, each becomes nodes that it can write: a
drawing in SVG becomes a PDF of its first state, a player becomes its words.
The HTML builder meets none of this.
"""

import hashlib
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from posixpath import dirname, join, normpath

import yaml
from bs4 import BeautifulSoup, NavigableString
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

BLOCKS = {"div", "p", "ul", "ol", "li", "dl", "dt", "dd", "table", "pre"}
BLOCKS |= {"section", "details", "summary", "h1", "h2", "h3", "figure"}
# What makes sense on a screen only.
DROPPED = ("tt-download", "tt-download-note", "tt-map", "tt-controls")
# The landing page's picture, its buttons, and its cards for each part.
SCREEN = {"tt-hero", "tt-buttons", "tt-part"}
SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
LABEL = re.compile(r'aria-label="([^"]*)"')
VARIABLE = re.compile(r"var\(\s*--[\w-]+\s*,\s*([^()]+?)\s*\)")
# Of the line at the left of a card, by its verdict.
COLORS = {
    "holds": "17806F",
    "reproduced": "17806F",
    "measured": "0B6199",
    "partly": "B08400",
    "corrected": "B08400",
    "moved": "B08400",
    "fails": "C23B3B",
    "not-reproduced": "C23B3B",
    "not-tested": "596070",
}
FONTS = r"""
\setmainfont{FreeSerif}[Extension=.otf, UprightFont=*, ItalicFont=*Italic,
  BoldFont=*Bold, BoldItalicFont=*BoldItalic]
\setsansfont{FreeSans}[Extension=.otf, UprightFont=*, ItalicFont=*Oblique,
  BoldFont=*Bold, BoldItalicFont=*BoldOblique]
\setmonofont{DejaVu Sans Mono}[Scale=0.8]
"""
PREAMBLE = r"""
\usepackage[most]{tcolorbox}
\newtcolorbox{ttclaim}[1]{enhanced, breakable, sharp corners, boxrule=0pt,
  frame hidden, colback=black!3, borderline west={2.5pt}{0pt}{#1},
  left=8pt, right=6pt, top=3pt, bottom=3pt, before skip=8pt, after skip=8pt,
  parbox=false, fontupper=\small}
\fvset{fontsize=\small}
\setcounter{tocdepth}{1}
\setlength{\headheight}{14pt}
\setlength{\emergencystretch}{3em}
\hypersetup{bookmarksdepth=3, bookmarksnumbered=true}
"""


def setup(app):
    """Set what the LaTeX builder reads; register the transform."""
    app.add_post_transform(Printed)
    app.connect("config-inited", settings)


def settings(app, config):
    """Give the book on paper its format and its fonts."""
    colors = "".join(
        rf"\definecolor{{tt-{verdict}}}{{HTML}}{{{color}}}" + "\n"
        for verdict, color in COLORS.items()
    )
    config.latex_elements = {
        "papersize": "a4paper",
        "pointsize": "11pt",
        "extraclassoptions": "openany,oneside",
        "fncychap": "",
        "fontpkg": FONTS,
        "printindex": "",
        "sphinxsetup": "hmargin={2.4cm,2.4cm}, vmargin={2.4cm,2.4cm}, "
        "VerbatimColor={HTML}{F7F5F0}, VerbatimBorderColor={HTML}{F7F5F0}",
        "preamble": PREAMBLE + colors,
    } | config.latex_elements
    config.latex_show_urls = "no"


class Printed(SphinxPostTransform):
    """Replace HTML by nodes, folds by what is read, SVG by PDF."""

    default_priority = 3  # before MyST-NB chooses among a cell's outputs
    builders = ("latex",)

    def run(self, **kwargs):
        self.adopt()
        for bundle in self.found(nodes.container, nb_element="mime_bundle"):
            keep_html(bundle)
        for cell in self.found(nodes.container, nb_element="cell_code"):
            unfold(cell)
        for node in list(self.document.findall(nodes.Element)):
            if set(node.get("classes", ())) & SCREEN and node.parent:
                node.parent.remove(node)
        for raw in list(self.document.findall(nodes.raw)):
            if "html" in raw.get("format", "").split():
                self.replace(raw)
        for image in list(self.document.findall(nodes.image)):
            if image["uri"].endswith(".svg"):
                self.redraw(image)
        self.divide()

    def adopt(self):
        """Tell what stands on a page that it does: the builder does not."""
        self.pages = {
            node["docname"]: node
            for node in self.document.findall()
            if node.tagname == "start_of_file"
        }
        for page in self.pages.values():
            for child in page.children:
                page.setup_child(child)

    def found(self, kind, **attributes):
        """Return the nodes of a kind with these attributes."""
        return [
            node
            for node in self.document.findall(kind)
            if all(node.get(n) == value for n, value in attributes.items())
        ]

    def replace(self, raw):
        """Put the content of an HTML node in its place."""
        html = raw.astext()
        page = page_of(raw, self.env.docname)
        writer = Writer(page, self.picture)
        if isinstance(raw.parent, nodes.TextElement):
            raw.replace_self(writer.words(html))
        else:
            raw.replace_self(writer.blocks(html))

    def redraw(self, image):
        """Let an image of the page show a PDF."""
        source = Path(self.env.srcdir) / image["uri"]
        page = page_of(image, self.env.docname)
        drawn = self.picture(source.read_text("utf-8"), page)
        if drawn is not None:
            image["uri"] = drawn["uri"]
            image["candidates"] = drawn["candidates"]

    def picture(self, svg, page):
        """Return an image node for a drawing; None if nothing draws it."""
        program = shutil.which("rsvg-convert")
        if program is None:
            return None
        svg = plain_colors(svg)
        name = hashlib.sha256(svg.encode()).hexdigest()[:16]
        folder = Path(self.app.outdir) / "drawn"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.pdf"
        if not file.exists():
            run = subprocess.run(
                [program, "--format=pdf", f"--output={file}"],
                input=svg.encode(),
                check=False,
                capture_output=True,
            )
            if run.returncode:
                file.unlink(missing_ok=True)
                return None
        uri = str(file)
        self.env.images.add_file(page, uri)
        return nodes.image(uri=uri, candidates={"*": uri})

    def divide(self):
        """Begin the parts of the book, which LaTeX's builder leaves out."""
        contents = Path(self.env.srcdir) / "_toc.yml"
        if not contents.exists():
            return
        toc = yaml.safe_load(contents.read_text("utf-8"))
        first = {
            part["chapters"][0]["file"]: part["caption"]
            for part in toc.get("parts", [])
        }
        for page, caption in first.items():
            if page in self.pages:
                place = self.pages[page].parent
                head = latex(rf"\part{{{caption}}}")
                place.insert(place.index(self.pages[page]), head)


def page_of(node, page):
    """Return the page that a node of the whole book comes from."""
    while node is not None:
        if node.tagname == "start_of_file":
            return node["docname"]
        node = node.parent
    return page


def latex(text):
    """Return a node that LaTeX alone reads."""
    return nodes.raw("", text, format="latex")


def keep_html(bundle):
    """Choose a cell's HTML, unless the cell also has a picture."""
    kinds = {child["mime_type"]: child for child in bundle.children}
    if "text/html" in kinds and not any(k.startswith("image") for k in kinds):
        bundle.replace_self(kinds["text/html"].children)


def unfold(cell):
    """Show what a lab's page folds: solutions, but not the checks."""
    if "input" not in (cell.get("hide_mode") or ""):
        return
    title = cell.get("prompt_show", "")
    if title == "Show the check":
        for child in list(cell.children):
            if child.get("nb_element") == "cell_code_source":
                cell.remove(child)
        words = "The check is in the notebook."
        cell.insert(0, nodes.paragraph("", "", nodes.emphasis("", words)))
    elif title == "Show the solution":
        words = "A solution:"
        cell.insert(0, nodes.paragraph("", "", nodes.emphasis("", words)))


def plain_colors(svg):
    """Return a drawing whose colours need no style sheet."""
    count = 1
    while count:
        svg, count = VARIABLE.subn(r"\1", svg)
    if "xmlns=" not in svg.split(">", 1)[0]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return svg


class Writer:
    """Turns a piece of a page's HTML into nodes.

    Parameters
    ----------
    page : str
        Where it stands: its links are relative to it.
    picture : function
        From the text of an SVG and a page to an image node, or None.
    """

    def __init__(self, page, picture):
        self.page, self.picture, self.drawings = page, picture, []

    def parse(self, html):
        """Return the HTML as a tree, its drawings as empty elements."""

        def keep(match):
            self.drawings.append(match[0])
            return f'<img data-drawing="{len(self.drawings) - 1}">'

        return BeautifulSoup(SVG.sub(keep, html), "html.parser")

    def words(self, html):
        """Return what stands inside of a sentence."""
        return self.inline(self.parse(html))

    def blocks(self, html):
        """Return paragraphs, lists and tables."""
        return self.children(self.parse(html))

    # -- blocks -------------------------------------------------------------

    def children(self, tag):
        """Return the blocks of an element; loose words become paragraphs."""
        found, loose = [], []

        def flush():
            if "".join(n.astext() for n in loose).strip() or any(
                isinstance(n, nodes.image) for n in loose
            ):
                found.append(nodes.paragraph("", "", *loose))
            loose.clear()

        for child in tag.children:
            if getattr(child, "name", None) in BLOCKS:
                flush()
                found += self.block(child)
            else:
                loose += self.piece(child)
        flush()
        return found

    def block(self, tag):
        """Return the nodes of one block."""
        css = tag.get("class", [])
        if any(name in DROPPED for name in css):
            return []
        if "tt-claim" in css:
            return self.claim(tag)
        if "tt-players" in css:
            return [self.players(tag)]
        write = {
            "p": self.paragraph,
            "summary": self.paragraph,
            "ul": partial(self.items, nodes.bullet_list()),
            "ol": partial(self.items, nodes.enumerated_list()),
            "dl": self.definitions,
            "table": self.table,
            "pre": lambda t: [nodes.literal_block(text=t.get_text())],
        }.get(tag.name, self.children)
        return write(tag)

    def paragraph(self, tag):
        inside = self.inline(tag)
        return [nodes.paragraph("", "", *inside)] if inside else []

    def items(self, found, tag):
        for li in tag.find_all("li", recursive=False):
            found += nodes.list_item("", *self.children(li))
        return [found] if found.children else []

    def definitions(self, tag):
        """Return a list of terms, each with what is said about it."""
        found = nodes.bullet_list()
        for term in tag.find_all("dt"):
            said = term.find_next_sibling("dd")
            line = nodes.paragraph(
                "", "", nodes.strong("", "", *self.inline(term))
            )
            line += [nodes.Text(" "), *self.inline(said)]
            found += nodes.list_item("", line)
        return [found]

    def players(self, tag):
        """Return what is heard, in words."""
        found = nodes.bullet_list()
        for item in tag.find_all("li"):
            text = item.img["alt"].replace("Spectrogram", "Sound", 1)
            found += nodes.list_item("", nodes.paragraph(text=f"{text}."))
        return found

    def claim(self, tag):
        """Return a card: its statement, the numbers, its name and source."""
        facts = nodes.paragraph()
        for row in tag.dl.find_all("div", recursive=False):
            if facts.children:
                facts += nodes.Text("  ·  ")
            facts += nodes.Text(f"{row.dt.get_text()}: ")
            facts += nodes.strong("", "", *self.inline(row.dd))
        first, *_, last = tag.find_all("p", recursive=False)
        color = f"tt-{tag['data-verdict']}"
        return [
            nodes.target(ids=[tag["id"]]),
            latex(rf"\begin{{ttclaim}}{{{color}}}"),
            nodes.paragraph("", "", *self.inline(first)),
            facts,
            nodes.paragraph("", "", *self.inline(last)),
            latex(r"\end{ttclaim}"),
        ]

    def table(self, tag):
        """Return a table whose columns are as wide as their texts ask."""
        heads = [row.find_all(["th", "td"]) for row in tag.select("thead tr")]
        rows = [row.find_all(["th", "td"]) for row in tag.select("tbody tr")]
        count = max((len(row) for row in heads + rows), default=0)
        if not count:
            return []
        group = nodes.tgroup(cols=count)
        for _ in range(count):
            group += nodes.colspec(colwidth=1)
        for kind, some in ((nodes.thead, heads), (nodes.tbody, rows)):
            part = kind()
            for row in some:
                part += self.row(row, count)
            if some:
                group += part
        table = nodes.table("", group, classes=["longtable"])
        columns = "".join(
            rf">{{\raggedright\arraybackslash}}\X{{{width}}}{{100}}"
            for width in widths(heads + rows, count)
        )
        return [
            latex(r"\begingroup\footnotesize"),
            addnodes.tabular_col_spec(spec=columns),
            table,
            latex(r"\endgroup"),
        ]

    def row(self, cells, count):
        found = nodes.row()
        for cell in cells:
            found += nodes.entry("", *self.children(cell))
        for _ in range(count - len(cells)):
            found += nodes.entry()
        return found

    # -- inside of a sentence -----------------------------------------------

    def inline(self, tag):
        """Return the nodes of everything inside of an element."""
        return [node for child in tag.children for node in self.piece(child)]

    def piece(self, child):
        """Return the nodes of a text or of an element in a sentence."""
        if isinstance(child, NavigableString):
            if type(child) is not NavigableString:  # a comment
                return []
            text = re.sub(r"\s+", " ", str(child))
            return [nodes.Text(text)] if text else []
        if child.name in ("script", "style", "audio", "template"):
            return []
        if child.name == "img":
            return self.drawn(child)
        if child.name == "br":
            return [nodes.Text("; ")]
        inside = self.inline(child)
        if child.name == "code":
            return [nodes.literal(text=child.get_text())]
        if child.name == "small":
            return [nodes.Text("("), *inside, nodes.Text(")")]
        if child.name in ("b", "strong", "th"):
            return [nodes.strong("", "", *inside)]
        if child.name in ("i", "em") and inside:
            return [nodes.emphasis("", "", *inside)]
        if child.name == "a" and child.get("href") and inside:
            return [self.link(child["href"], inside)]
        return inside

    def drawn(self, tag):
        """Return a drawing, or its words if it cannot be drawn."""
        if "data-drawing" not in tag.attrs:
            return []
        svg = self.drawings[int(tag["data-drawing"])]
        head = svg.split(">", 1)[0]
        label = LABEL.search(head)
        if "tt-icon" in head or "tt-dots" in head:
            return []
        image = self.picture(svg, self.page)
        if image is not None:
            image["width"] = "80%"
            image["align"] = "center"
            return [image]
        return [nodes.Text(label[1])] if label else []

    def link(self, href, inside):
        """Return a link: into the book, or out of it."""
        found = nodes.reference("", "", *inside)
        if re.match(r"[a-z]+:", href):
            found["refuri"] = href
            return found
        address, _, anchor = href.partition("#")
        page = self.page
        if address:
            page = normpath(join(dirname(self.page), address))
            page = page.removesuffix(".html")
        found["refuri"] = f"%{page}" + (f"#{anchor}" if anchor else "")
        found["internal"] = True
        return found


def widths(rows, count):
    """Return the widths of a table's columns in hundredths."""
    wanted = [6] * count
    for row in rows:
        for k, cell in enumerate(row):
            text = cell.get_text(" ").split()
            longest = max((len(word) for word in text), default=0)
            share = (sum(map(len, text)) + len(text)) ** 0.6
            wanted[k] = max(wanted[k], min(longest, 24), share)
    total = sum(wanted)
    return [max(4, round(100 * w / total)) for w in wanted]
