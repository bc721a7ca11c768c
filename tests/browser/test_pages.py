"""Every page of the book in a browser: two themes, three widths, no network.

`TOPIC` in the environment leaves the pages of that topic.
"""

import os
import re

import pytest
import visits
from visits import DESKTOP, NARROW, PHONE, Look

from tools import toc

pytestmark = pytest.mark.browser

TOPIC = os.environ.get("TOPIC")
PAGES = [
    page
    for page in [*toc.pages(), "404", "search"]
    if not TOPIC or page.split("/")[-1] == TOPIC
]

# What a reader sees of the elements of a page: place, size and colours.
SNAPSHOT = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}))
  .map((one) => {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    return [one.localName, ...[box.x, box.y, box.width, box.height]
      .map(Math.round), style.color, style.backgroundColor,
      style.borderTopColor, style.opacity, style.fontSize, one.tabIndex]
      .join(" ");
  })"""


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


@pytest.mark.parametrize("page", ["index", "labs/cnn", "book/reproductions"])
def test_a_page_that_was_changed_is_like_a_fresh_one(browser, book, page):
    """A visit changes width and theme of one page instead of loading four."""
    with visits.opened(browser) as changed:
        visits.load(changed, f"{book}{page}.html")
        for look in (Look("dark", NARROW), Look("light", PHONE)):
            visits.show(changed, look)
            with visits.opened(browser, look) as fresh:
                visits.load(fresh, f"{book}{page}.html")
                for one in (changed, fresh):
                    one.wait_for_timeout(400)
                assert changed.evaluate(SNAPSHOT) == fresh.evaluate(SNAPSHOT)
        visits.show(changed, Look("light", DESKTOP))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_word_a_style_says_what_all_words_say(browser, book, theme):
    """The fullest page of code: the same colours meet the same verdict."""
    look = Look(theme, DESKTOP)
    with visits.opened(browser, look) as page:
        visits.load(page, f"{book}labs/precision.html")
        every = page.evaluate(COLOURS)
        visits.keep_one_word_a_style(page)
        visits.show(page, look)
        assert page.evaluate(COLOURS) == every
        assert page.locator(".highlight pre span").count() < 100


COLOURS = """() => [...new Set(
  [...document.querySelectorAll(".highlight pre span")].map((word) => {
    const style = getComputedStyle(word);
    return [word.className, style.color, style.backgroundColor].join(" ");
  }))].sort()"""


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
