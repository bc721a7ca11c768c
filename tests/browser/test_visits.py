"""A visit saves work, and sees what visits without the savings would see."""

import pytest
import visits
from visits import DESKTOP, NARROW, PHONE, Look

pytestmark = pytest.mark.browser

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

# What the words of code look like, each way once.
COLOURS = """() => [...new Set(
  [...document.querySelectorAll(".highlight pre span")].map((word) => {
    const style = getComputedStyle(word);
    return [word.className, style.color, style.backgroundColor].join(" ");
  }))].sort()"""


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
