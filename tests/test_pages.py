"""The built pages, as files; the browser looks at them in tests/browser."""

import os
from pathlib import Path

import pytest

import gates
from tools import toc

HTML = gates.ROOT / os.environ.get("BOOK_HTML", "build/_build/html")


def test_every_page_of_the_contents_was_built():
    assert toc.missing(HTML) == []


@pytest.mark.parametrize("page", [*toc.pages(), "404", "search"])
def test_page(page):
    path = HTML / f"{page}.html"
    assert path.exists(), f"{path} is missing: run `make book`"
    assert gates.page_problems(path, HTML) == []


def test_titles_are_unique():
    titles = {}
    for page in toc.pages():
        text = (HTML / f"{page}.html").read_text(encoding="utf-8")
        title = text.split("<title>")[1].split("</title>")[0].strip()
        titles.setdefault(title, []).append(page)
    assert [pages for pages in titles.values() if len(pages) > 1] == []


def test_styles_load_nothing_from_outside():
    for sheet in Path(HTML / "_static").glob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "url(http" not in text.replace("'", "").replace('"', "")
        assert "@import" not in text, sheet
