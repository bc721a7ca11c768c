"""Decks: what they show of a page, and that they load nothing from outside.

The page is a small one of the kind that `make book` writes.
"""

import re

import pytest
from bs4 import BeautifulSoup

from tools import slides

CARD = '<div class="tt-claim" id="claim-toy-{n}"><p>Claim {n}</p></div>'
PAGE = f"""<html><head>
<link rel="stylesheet" href="../_static/styles/theme.css?digest=1">
<link rel="stylesheet" href="../_static/topoi.css?v=1">
<link rel="stylesheet" href="../_static/copybutton.css">
<script src="../_static/../mathjax/tex-mml-chtml.js"></script>
<script src="../_static/copybutton.js"></script></head><body>
<article class="bd-article"><section id="toy">
<h1>A toy<a class="headerlink" href="#toy">#</a></h1>
<div class="tt-lead"><p>You will see a toy.</p></div>
<div class="tt-facts tt-part-2"><p>Time: none</p></div>
<section id="one"><h2>What <em>is</em> it?<a class="headerlink">#</a></h2>
<p>It is \\(a. b\\) and <b>small. Not</b> much. The rest is said.</p>
<div class="math" id="eq-toy"><span class="eqno">(1)</span>\\[ a = b \\]</div>
<div class="proof theorem admonition" id="thm-toy"><p>Theorem 1</p>
<div class="math">\\[ inner \\]</div></div>
<div class="proof admonition proof"><p>Proof. Secret.</p></div>
<figure id="fig-toy"><img alt="" src="../_images/toy.png"></figure>
<div class="tt-explore"><script class="tt-script">copied()</script></div>
<details><div class="math">folded</div></details></section>
<section id="two"><h2>What we measured</h2><p>We do differ in:</p>
{"".join(CARD.format(n=n) for n in (1, 2, 3))}</section>
<section id="three"><h2>Summary</h2><p>That was it. And more.</p></section>
</section></article></body></html>"""


@pytest.fixture(scope="module")
def deck():
    title, count, html = slides.make_deck(PAGE, "toy")
    found = BeautifulSoup(html, "html.parser").select(".tt-slide")
    assert (title, count) == ("A toy", len(found))
    return html, found


def test_a_deck_has_a_slide_for_what_fits_together(deck):
    shown = [[t.name for t in s.find_all(recursive=False)] for s in deck[1]]
    assert shown == [
        ["h1", "div", "div"],
        ["h2", "p", "div", "div"],  # sentence, formula and theorem
        ["h2", "figure"],
        ["h2", "div"],  # the explorable figure
        ["h2", "div", "div"],
        ["h2", "div"],
        ["h2", "p"],
    ]


def test_headings_keep_their_words_and_lose_their_links(deck):
    assert "<h2>What <em>is</em> it?</h2>" in deck[0]
    assert "headerlink" not in deck[0]


def test_a_sentence_is_cut_at_its_end_and_never_in_a_tag(deck):
    assert deck[1][1].p.get_text() == r"It is \(a. b\) and small."
    assert deck[1][-1].p.get_text() == "That was it."
    assert "We do differ in" not in deck[0]  # it announces a list


def test_proofs_folds_and_copied_scripts_stay_in_the_chapter(deck):
    for word in ("Secret", "folded", "copied()", "(1)"):
        assert word not in deck[0]
    assert deck[0].count("inner") == 1  # a theorem's formula, once


def test_nothing_comes_from_outside_and_no_id_twice(deck):
    html = deck[0]
    assert re.findall(r'(?:src|href)="https?:', html) == []
    ids = re.findall(r' id="([^"]*)"', html)
    assert ids == [str(n) for n in range(1, len(deck[1]) + 1)]
    assert "topoi.css" in html
    assert "mathjax" in html
    assert "copybutton" not in html
    assert 'class="bd-main tt-deck tt-part-2"' in html


def test_all_decks_are_listed(tmp_path, monkeypatch, capsys):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "toy.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["slides", str(tmp_path)])
    slides.main()
    assert "1 decks, 7 slides" in capsys.readouterr().out
    names = {file.name for file in (tmp_path / "slides").iterdir()}
    assert names == {"index.html", "toy.html", "slides.css", "slides.js"}
    listed = (tmp_path / "slides" / "index.html").read_text("utf-8")
    assert '<a href="toy.html">A toy</a>, 7 slides' in listed


def test_without_a_book_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["slides", str(tmp_path)])
    with pytest.raises(SystemExit, match="make book"):
        slides.main()


def test_the_script_is_small():
    assert (slides.DECK / "slides.js").stat().st_size < 5000
