"""Open a page in chromium and write down what happened.

Nothing leaves this machine: a request to another address is recorded and
blocked. A page is loaded once; then its width and its theme are changed, as
a reader does who turns a phone or presses the theme's button, and what each
look shows is written down. The tests compare it with what a page promises.
"""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import axe_playwright_python

from tools import serve

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_SOURCE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
]
CONTRAST = ["color-contrast"]
HEIGHT = 900
SETTLED = 350  # milliseconds: pages answer to a new width after up to 300
DESKTOP, PHONE, NARROW = 1280, 390, 320


class Look(NamedTuple):
    """A theme and a width in pixels."""

    theme: str
    width: int

    def __str__(self):
        return f"{self.theme}, {self.width} px"


# Widths move things, whatever the theme; a theme changes colours alone. Below
# 576 pixels a page has the same parts on view at every width.
LAYOUTS = [Look("light", width) for width in (DESKTOP, PHONE, NARROW)]
AXE = {
    Look("dark", DESKTOP): CONTRAST,
    Look("dark", NARROW): CONTRAST,
    Look("light", NARROW): RULES,
    Look("light", DESKTOP): RULES,
}


@dataclass
class Visit:
    """What one page did in the browser."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    formulae: int = 0
    rendered: int = 0
    misread: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    wide: dict[Look, list[str]] = field(default_factory=dict)
    cut: dict[Look, list[str]] = field(default_factory=dict)
    axe: dict[Look, list[str]] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """Return all that no page may do, each with what it is."""
        told = {
            "error in the console": self.errors,
            "request that leaves the book": self.outside,
            "file that the book lacks": self.failed,
            "formula that MathJax could not read": self.misread,
            "picture without a size": self.pictures,
        }
        for kind, looks in (
            ("sticks out", self.wide),
            ("cut off", self.cut),
            ("axe-core", self.axe),
        ):
            told |= {f"{look}: {kind}": found for look, found in looks.items()}
        return [f"{kind}: {one}" for kind, all in told.items() for one in all]


# Pictures without size are broken; lazy ones load once they are in view.
PICTURES = """async () => {
  const images = [...document.querySelectorAll("img")].filter(
    (image) => image.checkVisibility());
  for (const image of images) {
    image.loading = "eager";
    try { await image.decode(); } catch { /* reported below */ }
  }
  return images.filter((image) => !image.naturalWidth)
    .map((image) => image.getAttribute("src"));
}"""

# Elements that stick out to the right and that no ancestor clips or scrolls;
# the page itself, when it moves sideways for another reason.
WIDE = """() => {
  const boxed = (one) => getComputedStyle(one).display !== "inline";
  const free = (element) => {
    for (let up = element; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible" && boxed(up))
        return false;
    return true;
  };
  const page = document.documentElement;
  const wide = [...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1
      && free(one))
    .slice(0, 5)
    .map((one) => `${one.tagName.toLowerCase()}.${one.className}`);
  if (!wide.length && page.scrollWidth > page.clientWidth)
    wide.push(`the page is ${page.scrollWidth} px wide`);
  return wide;
}"""

# What a box cuts off on the right, where no reader can scroll to it.
CUT = """() => {
  const cutBy = (element) => {
    const right = element.getBoundingClientRect().right;
    for (let up = element.parentElement; up; up = up.parentElement) {
      const overflow = getComputedStyle(up).overflowX;
      if (["auto", "scroll"].includes(overflow)) return 0;
      if (["hidden", "clip"].includes(overflow)) {
        const over = right - up.getBoundingClientRect().right;
        if (over > 1) return Math.round(over);
      }
    }
    return 0;
  };
  return [...document.querySelectorAll(
      "main :is(mjx-container, img, svg, table, pre, code)")]
    .filter((one) => one.checkVisibility({visibilityProperty: true})
      && !one.closest("mjx-assistive-mml"))
    .map((one) => [one, cutBy(one)])
    .filter(([one, over]) => over)
    .map(([one, over]) => `${one.tagName.toLowerCase()} by ${over} px: `
      + (one.closest(".math") ?? one).textContent.trim().slice(0, 60));
}"""

# A code cell is hundreds of coloured words in twenty styles, and the contrast
# of a style needs one look. The key of a word is all that its contrast
# depends on, in the theme on view: its own style, and what is painted below.
KEYS = """() => {
  const painted = (element) => {
    const style = getComputedStyle(element);
    const own = [style.color, style.backgroundColor, style.backgroundImage,
      style.opacity, style.filter, style.fontSize, style.fontWeight].join();
    return own + (element.localName === "main" || !element.parentElement ? ""
      : painted(element.parentElement));
  };
  const words = [...document.querySelectorAll(".highlight pre span")];
  const below = new Map();
  for (const word of words) {
    const box = word.closest("pre");
    if (!below.has(box)) below.set(box, painted(box));
    const style = getComputedStyle(word);
    word.ttKey = (word.ttKey ?? "") + [word.className, style.color,
      style.backgroundColor, style.opacity, style.fontSize, style.fontWeight,
      word.parentElement.className, below.get(box), ""].join();
  }
}"""
ONE_A_STYLE = """() => {
  const seen = new Set(), repeated = [];
  for (const word of document.querySelectorAll(".highlight pre span")) {
    if (seen.has(word.ttKey)) repeated.push(word);
    seen.add(word.ttKey);
  }
  for (const word of repeated) word.replaceWith(...word.childNodes);
  document.querySelectorAll(".highlight pre").forEach((box) =>
    box.normalize());
}"""


@contextmanager
def serving(folder):
    """Serve a folder on loopback; yields its address."""
    with serve.server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@contextmanager
def opened(browser, look=LAYOUTS[0]):
    """Yield a page that nobody has used, in a theme and a width."""
    context = browser.new_context(
        viewport={"width": look.width, "height": HEIGHT},
        color_scheme=look.theme,
        reduced_motion="reduce",
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def inspect_page(page, address):
    """Load one page and collect a `Visit`."""
    seen = Visit()
    listen(page, address, seen)
    load(page, address)
    seen.formulae = page.locator(".math:not(.math .math)").count()
    seen.rendered = page.locator("mjx-container").count()
    seen.misread = page.locator("mjx-merror").all_inner_texts()
    for look in LAYOUTS:
        show(page, look)
        seen.pictures += page.evaluate(PICTURES)
        seen.wide[look] = page.evaluate(WIDE)
        seen.cut[look] = page.evaluate(CUT)
    keep_one_word_a_style(page)
    for look, rules in AXE.items():
        show(page, look)
        seen.axe[look] = violations(page, rules)
    return seen


def load(page, address):
    """Load an address and wait for files, fonts and formulae."""
    page.goto(address, wait_until="load")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.fonts.ready.then(() => true)")


def show(page, look):
    """Change the width and the theme of a loaded page."""
    if page.viewport_size["width"] != look.width:
        page.set_viewport_size({"width": look.width, "height": HEIGHT})
        page.wait_for_timeout(SETTLED)
    page.emulate_media(color_scheme=look.theme)
    page.wait_for_function(
        """(theme) => [undefined, theme].includes(
          document.documentElement.dataset.theme)""",
        arg=look.theme,
    )


def keep_one_word_a_style(page):
    """Of the words in code that look alike, in both themes, keep one."""
    for theme in ("light", "dark"):
        show(page, Look(theme, DESKTOP))
        page.evaluate(KEYS)
    page.evaluate(ONE_A_STYLE)


def violations(page, rules=RULES):
    """Return what axe-core finds in a page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SOURCE.read_text(encoding="utf-8"))
    options = {
        "resultTypes": ["violations"],
        "preload": False,  # else axe fetches the theme's sheets, some wrongly
        "runOnly": rules,
    }
    report = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{found['id']}: {found['help']} ("
        f"{[' '.join(map(str, n['target'])) for n in found['nodes'][:3]]})"
        for found in report["violations"]
    ]


def listen(page, address, seen):
    """Record errors and requests; nothing leaves this machine."""
    home = urlsplit(address).netloc

    def route(request):
        url = request.request.url
        if urlsplit(url).netloc in ("", home):  # "" is a data address
            request.continue_()
        else:
            seen.outside.append(url)
            request.abort()

    def answered(response):
        if response.status >= 400 and response.url != address:
            seen.failed.append(f"{response.status} {response.url}")

    def logged(message):
        # A blocked or missing file is reported by `outside` and `failed`.
        if message.type == "error" and "Failed to load" not in message.text:
            seen.errors.append(message.text)

    page.route("**/*", route)
    page.on("response", answered)
    page.on("console", logged)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
