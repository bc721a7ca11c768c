"""Explorable figures: by keyboard, in every state, light, dark and small.

The first half runs on a page with a toy figure, the second on every figure of
the built book. What is shown is compared with the stored states, which
`tests/test_explorable.py` compares with the computed ones.
"""

import itertools
import re
import shutil

import explorable_toy
import pytest
import visits
from test_explorable import picked, sentence, stored

from conftest import ROOT
from tools import toc

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en" data-theme="light"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Toy</title>{head}</head><body><main class="bd-main">
<div class="bd-content"><article class="bd-article"><h1>Toy</h1>
<div class="cell_output"><div class="text_html">{figure}</div></div>
</article></div></main></body></html>"""
HEAD = """<link rel="stylesheet" href="topoi.css">
<style>body {background: var(--tt-bg); color: var(--tt-text)}</style>"""
SCRIPT = '<script src="explore.js"></script>'
BARE = re.compile(r'<script class="tt-script">.*?</script>', re.DOTALL)
WIDTHS = (visits.DESKTOP, visits.PHONE, visits.NARROW)

# What a figure shows: its sentence, and the attributes that states set.
SHOWN = """(figure) => {
  const data = JSON.parse(
    figure.querySelector("script[type='application/json']").textContent);
  return {
    say: figure.querySelector(".tt-say").textContent,
    set: data.set.map(([id, name]) => {
      const element = figure.querySelector(`[data-id="${id}"]`);
      return name === "text" ? element.textContent
        : element.getAttribute(name);
    }),
  };
}"""
# Texts smaller than 9 px, and targets lower than 44 px.
SMALL = """(figure) => {
  const texts = [...figure.querySelectorAll("svg text")].filter((text) => {
    const scale = text.getScreenCTM().a;
    return parseFloat(getComputedStyle(text).fontSize) * scale < 9;
  });
  const targets = [...figure.querySelectorAll(
    ".tt-controls input, .tt-controls button")].filter((one) => {
      const label = one.closest(".tt-toggle, fieldset label") ?? one;
      return label.getBoundingClientRect().height < 44;
    });
  return [...texts, ...targets].map((one) => one.outerHTML.slice(0, 120));
}"""
# Texts of the picture that lie over one another or outside of it.
CROWDED = """(figure) => {
  const frame = figure.querySelector("svg").getBoundingClientRect();
  const boxes = [...figure.querySelectorAll("svg text")]
    .filter((text) => text.textContent.trim())
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, p], n) => {
    if (p.left < frame.left - 2 || p.right > frame.right + 2
        || p.top < frame.top - 2 || p.bottom > frame.bottom + 2)
      found.push(`${a} lies outside`);
    for (const [b, q] of boxes.slice(n + 1)) {
      const width = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const height = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (width > 2 && height > 0.4 * Math.min(p.height, q.height))
        found.push(`${a} on ${b}`);
    }
  });
  return found;
}"""


@pytest.fixture(scope="session")
def toy_pages(tmp_path_factory):
    """Address of pages with the toy: as in the book, as in JupyterLab."""
    folder = tmp_path_factory.mktemp("toy")
    for name in ("topoi.css", "explore.js"):
        shutil.copy(ROOT / "_static" / name, folder)
    html = explorable_toy.figure().html
    book = PAGE.format(head=HEAD + SCRIPT, figure=BARE.sub("", html) * 2)
    (folder / "book.html").write_text(book)
    lab = PAGE.format(head="", figure=html)
    (folder / "lab.html").write_text(lab)
    (folder / "both.html").write_text(
        PAGE.format(head=HEAD + SCRIPT, figure=html)
    )
    with visits.serving(folder) as address:
        yield address


@pytest.fixture
def opened(browser):
    """Return a function that opens an address and keeps what went wrong."""
    contexts = []

    def opened(address, theme="light", width=visits.DESKTOP, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.seen = visits.Visit()
        visits.listen(page, address, page.seen)
        page.goto(address, wait_until="load")
        if theme == "dark":
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
        return page

    yield opened
    for context in contexts:
        context.close()


def figures(page):
    """Return each figure of a page with its stored states."""
    found = page.locator(".tt-explore")
    return [
        (found.nth(n), stored(found.nth(n).evaluate("e => e.outerHTML")))
        for n in range(found.count())
    ]


def expected(data, at):
    """Return what a figure should show in a state."""
    values = [picked(data, at, *column[2:]) for column in data["set"]]
    return {"say": sentence(data, at), "set": values}


def starts(data):
    return [control["start"] for control in data["controls"]]


def press(page, figure, data, n, before, after):
    """Move control n from one place to another, with keys only."""
    control = figure.locator(".tt-control").nth(n)
    kind = data["controls"][n]["kind"]
    if kind == "steps":
        way = control.locator("button").nth(int(after > before))
        way.focus()
        for _ in range(abs(after - before)):
            page.keyboard.press("Enter")
        return
    inputs = control.locator("input")
    inputs.nth(before if kind == "choice" else 0).focus()
    if kind == "toggle":
        if before != after:
            page.keyboard.press("Space")
        return
    key = "ArrowRight" if after > before else "ArrowLeft"
    for _ in range(abs(after - before)):
        page.keyboard.press(key)


def walk(page, figure, data):
    """Visit every value of each control by keyboard; compare what shows."""
    at = starts(data)
    assert figure.evaluate(SHOWN) == expected(data, at)
    for n, control in enumerate(data["controls"]):
        start = at[n]
        last = len(control["values"]) - 1
        for value in (*range(last + 1), last, start):
            press(page, figure, data, n, at[n], value)
            at[n] = value
            assert figure.evaluate(SHOWN) == expected(data, at), (n, value)


SET = """(figure, at) => {
  figure.querySelectorAll(".tt-control").forEach((control, n) => {
    const inputs = control.querySelectorAll("input");
    const tell = (input, type) => input.dispatchEvent(new Event(type));
    if (control.classList.contains("tt-slider")) {
      inputs[0].value = at[n];
      tell(inputs[0], "input");
    } else if (control.classList.contains("tt-choice")) {
      inputs[at[n]].checked = true;
      tell(inputs[at[n]], "change");
    } else if (control.classList.contains("tt-toggle")) {
      inputs[0].checked = at[n] === 1;
      tell(inputs[0], "change");
    } else {
      const [back, next] = control.querySelectorAll("button");
      while (back.ariaDisabled !== "true") back.click();
      for (let i = 0; i < at[n]; i++) next.click();
    }
  });
}"""
# One call for many states: what each shows, and which texts collide.
VISIT = f"""(figure, grid) => grid.map((at) => {{
  ({SET})(figure, at);
  return [({SHOWN})(figure), ({CROWDED})(figure)];
}})"""


def everywhere(figure, data, most=400):
    """Compare all states, or a regular choice of many."""
    sizes = [len(control["values"]) for control in data["controls"]]
    grid = list(itertools.product(*map(range, sizes)))
    grid = grid[:: -(-len(grid) // most)]
    for at, found in zip(grid, figure.evaluate(VISIT, grid), strict=True):
        shown, crowded = found
        assert shown == expected(data, at), at
        assert crowded == [], f"{at}: {crowded}"
    figure.evaluate(SET, starts(data))


# -- the toy ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["book", "lab", "both"])
def test_by_keyboard_and_in_every_state(opened, toy_pages, name):
    page = opened(f"{toy_pages}{name}.html")
    found = figures(page)
    assert len(found) == (2 if name == "book" else 1)
    for figure, data in found:
        walk(page, figure, data)
        everywhere(figure, data)
    assert page.seen.errors == []
    assert page.seen.outside == []


def test_figures_of_a_page_do_not_disturb_each_other(opened, toy_pages):
    page = opened(f"{toy_pages}book.html")
    (first, data), (second, _) = figures(page)
    before = second.evaluate(SHOWN)
    second.locator("[type=radio]").nth(1).check()
    first.locator("[type=radio]").nth(0).check()
    assert second.locator("[type=radio]").nth(1).is_checked()
    first.evaluate(SET, [3, 2, 1, 1])
    second.locator("[type=radio]").nth(0).check()
    assert second.evaluate(SHOWN) == before


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_looks(opened, toy_pages, theme, width):
    page = opened(f"{toy_pages}book.html", theme, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for figure, _ in figures(page):
        assert figure.evaluate(SMALL) == []
    assert visits.violations(page) == []


def test_the_ends_of_steps_stay_in_reach(opened, toy_pages):
    """A disabled button would drop the focus of who pressed it."""
    page = opened(f"{toy_pages}book.html")
    back = page.locator("button", has_text="Back").first
    back.focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    assert back.get_attribute("aria-disabled") == "true"
    assert page.evaluate("document.activeElement.textContent") == "Back"
    assert page.locator(".tt-steps output").first.inner_text() == "1 of 3"


def test_without_script_and_in_print_the_first_state_remains(
    opened, toy_pages
):
    still = opened(f"{toy_pages}book.html", java_script_enabled=False)
    text = still.locator(".tt-say").first.inner_text()
    assert text == explorable_toy.figure().sentence
    assert still.locator("svg").first.is_visible()
    assert still.locator("input, button").count() == 0
    page = opened(f"{toy_pages}book.html")
    page.emulate_media(media="print")
    assert page.locator("svg").first.is_visible()
    assert page.locator(".tt-say").first.is_visible()
    assert not page.locator(".tt-controls").first.is_visible()


def test_colours_follow_the_theme(opened, toy_pages):
    page = opened(f"{toy_pages}book.html")
    fill = "getComputedStyle(document.querySelector('circle')).fill"
    light = page.evaluate(fill)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert (light, page.evaluate(fill)) == (
        "rgb(28, 143, 214)",
        "rgb(63, 167, 230)",
    )


# -- the book ---------------------------------------------------------------


CHAPTERS = [p for p in toc.pages() if p.startswith("chapters/")]


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_has_a_figure_that_answers(opened, book, html, name):
    """By keyboard and in all states, on a desktop and on a phone."""
    assert "tt-explore" in (html / f"{name}.html").read_text(encoding="utf-8")
    for width in (visits.DESKTOP, visits.NARROW):
        page = opened(f"{book}{name}.html", width=width)
        for figure, data in figures(page):
            figure.scroll_into_view_if_needed()
            assert figure.evaluate(SMALL) == []
            if width == visits.DESKTOP:
                walk(page, figure, data)
            everywhere(figure, data, 100)
        assert page.seen.errors == []
        assert page.seen.outside == []
