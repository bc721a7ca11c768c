"""Open a page in chromium and write down what happened.

Nothing leaves this machine: a request to another address is recorded and
blocked. The tests compare what is written down with what a page promises.
"""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe

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
AXE = {
    "resultTypes": ["violations"],
    "preload": False,  # else axe fetches the theme's sheets, some wrongly
    "runOnly": [
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice",
    ],
}
PHONE, DESKTOP = 390, 1280


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
    width: int = 0
    wide: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)


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

# Elements that stick out to the right and that no ancestor clips or scrolls.
WIDE = """() => {
  const free = (element) => {
    for (let up = element; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return false;
    return true;
  };
  const limit = document.documentElement.clientWidth + 1;
  return [...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > limit && free(one))
    .slice(0, 5)
    .map((one) => `${one.tagName.toLowerCase()}.${one.className}`);
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


def inspect_page(page, address):
    """Load one page and collect a `Visit`."""
    seen = Visit()
    listen(page, address, seen)
    page.goto(address, wait_until="load")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.MathJax?.startup?.promise")
    seen.formulae = page.locator(".math:not(.math .math)").count()
    seen.rendered = page.locator("mjx-container").count()
    seen.misread = page.locator("mjx-merror").all_inner_texts()
    seen.pictures = page.evaluate(PICTURES)
    seen.width = page.evaluate("document.documentElement.scrollWidth")
    seen.wide = page.evaluate(WIDE)
    for found in Axe().run(page, options=AXE).response["violations"]:
        nodes = [" ".join(map(str, n["target"])) for n in found["nodes"][:3]]
        seen.axe.append(f"{found['id']}: {found['help']} ({nodes})")
    return seen


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
