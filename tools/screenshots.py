"""Photograph pages of the built book, for the eye of their author.

    python -m tools.screenshots chapters/cnn labs/cnn
    python -m tools.screenshots --theme dark --width 390 index

Each page is photographed in light and dark at 1280 and 390 pixels, one
picture a screenful, into `build/screenshots/`:
`chapters-cnn.light.1280.00.png` and so on. Build the book first (`make
book`); its folder is read from BOOK_HTML as in the tests. Pictures are of the
viewport after scrolling, not of the whole page, because a headless browser
loses sticky elements and pictures that load late in the latter.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

from tools import serve

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
HEIGHTS = {1280: 1000, 390: 844}
OVERLAP = 80  # pixels that a picture repeats of the one before


def photograph(page, stem):
    """One picture a screenful of an open page; returns how many."""
    page.wait_for_load_state("networkidle")
    page.evaluate("window.MathJax?.startup?.promise")
    height = page.viewport_size["height"]
    total = page.evaluate("document.documentElement.scrollHeight")
    tops = range(0, max(total - OVERLAP, 1), height - OVERLAP)
    for number, top in enumerate(tops):
        page.evaluate("top => window.scrollTo(0, top)", top)
        page.wait_for_timeout(150)
        page.screenshot(path=f"{stem}.{number:02d}.png")
    return len(tops)


def parse(arguments):
    """Options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pages", nargs="+", help="as in _toc.yml")
    parser.add_argument("--theme", choices=("light", "dark"))
    parser.add_argument("--width", type=int, choices=tuple(HEIGHTS))
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / os.environ.get("BUILD", "build") / "screenshots",
    )
    return parser.parse_args(arguments)


def main(arguments=None):
    """Photograph the pages that the command line names."""
    from playwright.sync_api import sync_playwright

    options = parse(arguments)
    html = ROOT / os.environ.get("BOOK_HTML", "build/_build/html")
    absent = [p for p in options.pages if not (html / f"{p}.html").exists()]
    if absent:
        sys.exit(f"{html} has no page {', '.join(absent)}: run `make book`.")
    options.out.mkdir(parents=True, exist_ok=True)
    themes = [options.theme] if options.theme else ["light", "dark"]
    widths = [options.width] if options.width else list(HEIGHTS)
    with serve.server(html) as server, sync_playwright() as engine:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}"
        browser = engine.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS)
        )
        for theme in themes:
            for width in widths:
                page = browser.new_page(
                    color_scheme=theme,
                    viewport={"width": width, "height": HEIGHTS[width]},
                )
                for name in options.pages:
                    page.goto(f"{home}/{name}.html")
                    look = f"{name.replace('/', '-')}.{theme}.{width}"
                    count = photograph(page, options.out / look)
                    print(f"{look}: {count} pictures")
                page.close()
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
