"""Every page of the book in a browser: two themes, three widths, offline."""

import re

import pytest

from tools import toc
from tools.bookext.search import PlainEnglish

pytestmark = pytest.mark.browser

# Of the API reference, which one directive writes, the page with most names.
PAGES = [p for p in toc.pages() if not p.startswith("book/api/")]
PAGES += ["book/api/topos", "404", "search"]


def formulae_in_source(path):
    """Formulae that Sphinx wrote, counted in the file itself.

    An oracle that shares nothing with the browser: Sphinx wraps every formula
    in an element of class "math", inline ones in a span, others in a div.
    """
    return len(
        re.findall(
            r'<(?:span|div)[^>]*class="[^"]*\bmath\b[^"]*"',
            path.read_text(encoding="utf-8"),
        )
    )


@pytest.mark.parametrize("page", PAGES)
def test_page(visit, book, html, page):
    seen = visit(f"{book}{page}.html")
    assert seen.faults() == []
    assert seen.rendered == formulae_in_source(html / f"{page}.html")


def test_an_unknown_address_leads_home(visit, browser, book):
    """The 404 page stands on its own feet at any depth of the address."""
    seen = visit(f"{book}no/such/folder/page.html")
    assert seen.faults() == []
    page = browser.new_page()
    page.goto(f"{book}no/such/folder/page.html")
    page.locator("article a", has_text="contents").click()
    assert page.url == f"{book}index.html"
    assert "From Tensors to Topoi" in page.title()
    page.close()


def test_search_finds_a_word_without_a_network(browser, book):
    page = browser.new_page()
    page.goto(f"{book}search.html?q=verdict")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    assert "How to read this book" in " ".join(found.all_inner_texts())
    page.close()


@pytest.mark.parametrize("query", ["Poincaré", "Erdős 1998", "Łukasz (2nd)"])
def test_a_query_is_split_as_the_index_is(browser, book, query):
    page = browser.new_page()
    page.goto(f"{book}search.html")
    seen = page.evaluate("query => splitQuery(query)", query)
    assert seen == PlainEnglish({}).split(query)
    page.close()


def test_downloads_download(browser, book):
    """The theme's button and the links of a lab page, all by attribute."""
    page = browser.new_page()
    page.goto(f"{book}labs/topos.html")
    links = page.locator('a[href$=".ipynb"], a[href$=".zip"]').evaluate_all(
        "links => links.map(a => [a.getAttribute('href'), a.download, "
        "a.target, a.hasAttribute('download')])"
    )
    names = {href.rpartition("/")[2] for href, *_ in links}
    assert {"topoi-labs.zip", "topos-student.ipynb", "topos.ipynb"} <= names
    for href, _, target, attribute in links:
        assert attribute, href
        assert target == "", href
    page.close()


def test_search_finds_a_year(browser, book):
    page = browser.new_page()
    page.goto(f"{book}search.html?q=1998")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    assert "Bibliography" in " ".join(found.all_inner_texts())
    page.close()
