"""The browser, the built book, and a page that is broken on purpose."""

import os
from pathlib import Path

import pytest
import visits
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium; skips, with the remedy, when there is none."""
    if not visits.CHROMIUM.exists():
        pytest.skip(
            f"{visits.CHROMIUM} is missing: install Debian's package "
            "'chromium' to run the browser checks"
        )
    with sync_playwright() as engine:
        chromium = engine.chromium.launch(
            executable_path=str(visits.CHROMIUM), args=visits.FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def html():
    """The folder of the built book, as `make book` leaves it."""
    folder = ROOT / os.environ.get("BOOK_HTML", "build/_build/html")
    if not (folder / "index.html").exists():
        pytest.fail(f"{folder} holds no book: run `make book` first")
    return folder


@pytest.fixture(scope="session")
def book(html):
    """Address of the built book."""
    with visits.serving(html) as address:
        yield address


@pytest.fixture(scope="session")
def broken():
    """Address of the page that is broken on purpose."""
    with visits.serving(Path(__file__).parent / "broken") as address:
        yield address


@pytest.fixture(scope="session")
def visit(browser):
    """Open an address and report what happened, in every look."""

    def visit(address):
        with visits.opened(browser) as page:
            return visits.inspect_page(page, address)

    return visit
