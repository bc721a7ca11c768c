"""Slides for teachers, made from the pages of the book: `make slides`.

    python -m tools.slides build/_build/html

A deck shows what a chapter shows: its questions as headings, the figures
(explorable ones still answer), the displayed formulas, the theorems and the
claim cards. What is said in between is the speaker's. The decks lie beside
the book and use its styles, fonts and formulas, so they need no network.
"""

import argparse
import copy
import re
import shutil
import sys
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup

DECK = Path(__file__).with_name("deck")
ROOM = 6  # what one slide holds, in lines of a sort
# What a chapter shows, and how much room it takes.
SHOWN = {
    "figure": 6,
    "tt-explore": 6,
    "proof": 4,
    "tt-claim": 3,
    "math": 2,
    "tt-predict": 2,
}
SELECT = "figure, .tt-explore, div.proof, .tt-claim, div.math, .tt-predict"
SENTENCE = re.compile(
    r"(?:\\\(.*?\\\)|<[^>]*>|[^.?!:]|[.?!:](?!\s))*[.?!:]", re.DOTALL
)
LEFT_OUT = "a.headerlink, .eqno, .tt-script, button"
# The pieces of the page's head that make it look and work as it does.
STYLES = "theme.css|pydata-sphinx-theme.css|sphinx-book-theme.css"
STYLES += r"|pygments|mystnb|proof.css|sphinx-design|topoi.css"
SCRIPTS = "mathjax|explore.js"


def main():
    """Write a deck for each chapter, and a page that lists them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("html", type=Path, help="the built book")
    options = parser.parse_args()
    pages = sorted((options.html / "chapters").glob("*.html"))
    if not pages:
        sys.exit(f"{options.html} holds no chapters: `make book` first.")
    out = options.html / "slides"
    out.mkdir(exist_ok=True)
    for file in DECK.iterdir():
        shutil.copyfile(file, out / file.name)
    found = []
    for page in pages:
        title, slides, deck = make_deck(page.read_text("utf-8"), page.stem)
        (out / page.name).write_text(deck, encoding="utf-8")
        found.append((page.name, title, slides))
    contents = list_page(found, pages[0].read_text("utf-8"))
    (out / "index.html").write_text(contents, encoding="utf-8")
    total = sum(slides for *_, slides in found)
    print(f"{len(found)} decks, {total} slides: {out / 'index.html'}")


def make_deck(html, name):
    """Return title, number of slides, and the deck of a chapter's page.

    Parameters
    ----------
    html : str
        The page.
    name : str
        Of the chapter, for the link back to it.
    """
    page = BeautifulSoup(html, "html.parser")
    article = page.select_one("article.bd-article")
    for piece in article.select(LEFT_OUT):
        piece.decompose()
    title = article.h1.get_text()
    slides = [opening(article, title)]
    for section in article.section.find_all("section", recursive=False):
        slides += section_slides(section)
    words = f'<a href="../chapters/{name}.html">The chapter</a>'
    body = "\n".join(
        f'<section class="tt-slide" id="{n}" aria-label="Slide {n}">{text}'
        "</section>"
        for n, text in enumerate(slides, start=1)
    )
    return title, len(slides), document(page, title, body, words)


def opening(article, title):
    """Return the first slide: the title, and what it promises."""
    lead = article.select_one(".tt-lead")
    facts = article.select_one(".tt-facts")
    return f"<h1>{escape(title)}</h1>{lead or ''}{facts or ''}"


def section_slides(section):
    """Return the slides of one section, none if it shows nothing."""
    head = section.find(["h2", "h3"])
    title = head.decode_contents()
    slides, items, room = [], [], 0
    for item, needs in shown(section):
        if items and room + needs > ROOM:
            slides.append(items)
            items, room = [], 0
        items.append(item)
        room += needs
    if items:
        slides.append(items)
    first = first_sentence(section)
    if not slides:
        return [f"<h2>{title}</h2>{first}"]
    if not any(item.name == "figure" for item in slides[0]):
        slides[0].insert(0, first)
    return [f"<h2>{title}</h2>{''.join(map(str, some))}" for some in slides]


def shown(section):
    """Yield (element, room) for what a section shows, in its order."""
    taken = set()
    for item in section.select(SELECT):
        if any(id(parent) in taken for parent in item.parents):
            continue
        if item.find_parent(class_="proof") or item.find_parent("details"):
            continue
        if is_proof(item):
            continue
        taken.add(id(item))
        yield unnamed(item), room_of(item)


def room_of(item):
    """Return how much of a slide an element takes."""
    css = item.get("class", [])
    names = {item.name, *css}
    return next(room for name, room in SHOWN.items() if name in names)


def is_proof(item):
    """A proof is told at the board; its theorem is shown."""
    css = item.get("class", [])
    return css.count("proof") == 2 or (
        "proof" in css and item.get_text().strip().startswith("Proof.")
    )


def unnamed(item):
    """Return a copy without ids, which belong to the chapter."""
    item = copy.copy(item)
    for tag in [item, *item.find_all(True)]:
        if "tt-explore" not in tag.get("class", []):
            tag.attrs.pop("id", None)
    for link in item.select("a[href]"):
        if link["href"].startswith("#"):
            link.unwrap()
    return item


def first_sentence(section):
    """Return the sentence that opens a section, as a paragraph."""
    paragraph = section.find("p", recursive=False)
    if paragraph is None:
        return ""
    html = unnamed(paragraph).decode_contents()
    match = SENTENCE.match(html)
    text = html if match is None else match[0]
    if BeautifulSoup(text, "html.parser").decode() != text:  # cut in a tag
        text = escape(BeautifulSoup(html, "html.parser").get_text())
        match = SENTENCE.match(text)
        text = text if match is None else match[0]
    return "" if text.endswith(":") else f"<p>{text}</p>"


def document(page, title, body, links):
    """Return a whole page with the book's styles and scripts."""
    styles = [
        f'<link rel="stylesheet" href="{link["href"]}">'
        for link in page.select('link[rel="stylesheet"]')
        if re.search(STYLES, link.get("href", ""))
    ]
    scripts = [
        str(script)
        for script in page.select("head script, body script")
        if re.search(SCRIPTS, script.get("src", ""))
        or "window.MathJax" in (script.string or "")
    ]
    facts = page.select_one(".tt-facts")
    css = [c for c in (facts or {}).get("class", []) if "part" in c]
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}: slides</title>
{chr(10).join(dict.fromkeys(styles))}
<link rel="stylesheet" href="slides.css">
<script src="slides.js" defer></script>
{chr(10).join(dict.fromkeys(scripts))}
</head>
<body class="bd-main tt-deck {" ".join(css)}">
<main class="bd-article">
{body}
</main>
<nav class="tt-deck-bar" aria-label="Slides">
<button type="button" data-go="-1" aria-label="Previous">&#8592;</button>
<output aria-live="polite"></output>
<button type="button" data-go="1" aria-label="Next">&#8594;</button>
<button type="button" data-theme-switch>Light or dark</button>
<a href="index.html">All slides</a> {links}
</nav>
</body>
</html>
"""


def list_page(found, html):
    """Return the page that lists the decks."""
    items = "".join(
        f'<li><a href="{file}">{escape(title)}</a>, {count} slides</li>'
        for file, title, count in found
    )
    text = (
        '<section class="tt-slide" id="1"><h1>Slides</h1><p>Arrows, space '
        "and page keys turn the slides; Home and End go to the ends, "
        "<kbd>f</kbd> fills the screen, <kbd>t</kbd> changes between light "
        "and dark. Printing a deck gives a page for each slide.</p>"
        f"<ul>{items}</ul></section>"
    )
    page = BeautifulSoup(html, "html.parser")
    book = '<a href="../index.html">The book</a>'
    return document(page, "From Tensors to Topoi", text, book)


if __name__ == "__main__":
    main()
