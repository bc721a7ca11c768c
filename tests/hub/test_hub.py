"""A student logs in, opens a lab through a link, runs a check, hands in."""

import re
import stat
import subprocess
from urllib.parse import quote

import pytest

import wrong_answers.rl
from servers.hub import collect
from tools.notebooks import ROOT

pytestmark = pytest.mark.hub

LAB = "rl"
WRONG = wrong_answers.rl.WRONG_ANSWERS[0]


def log_in(page, hub):
    page.goto(f"{hub.address}/hub/login")
    page.fill("#username_input", "jane")
    page.fill("#password_input", "open sesame")
    page.click("#login_submit")
    page.wait_for_url(re.compile("/user/jane/lab"))


def open_lab(page, hub, release):
    """Follow the link that README.md describes."""
    repository = quote(f"file://{release}", safe="")
    target = quote(f"lab/tree/{release.name}/{LAB}-student.ipynb", safe="")
    page.goto(
        f"{hub.address}/hub/user-redirect/git-pull?repo={repository}"
        f"&branch=main&urlpath={target}"
    )
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()


def answer(page, code):
    """Write over the first answer cell, and run the notebook."""
    cell = page.locator(".jp-CodeCell", has_text="YOUR CODE HERE").first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code.strip())
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


def test_a_wrong_answer_meets_its_message_in_the_browser(page, hub, release):
    log_in(page, hub)
    open_lab(page, hub, release)
    answer(page, WRONG.code)
    error = page.locator(".jp-OutputArea-output", has_text="AssertionError")
    error.first.wait_for(timeout=180_000)  # a kernel with Keras starts
    assert re.search(
        WRONG.message, " ".join(error.first.text_content().split())
    )
    menu = page.get_by_role("menuitem", name="Nbgrader", exact=True)
    menu.click()
    assert page.get_by_text("Assignment List").count() == 1
    assert page.get_by_text("Create Assignment").count() == 0
    copy = hub.folder / "home" / "jane" / release.name
    assert (copy / "topoi" / "lab" / "__init__.py").exists()


def nbgrader(hub, *arguments):
    """Run nbgrader as Jane's terminal would."""
    home = hub.folder / "home" / "jane"
    environment = hub.environment | {
        "JUPYTER_CONFIG_PATH": str(ROOT / "servers" / "hub"),
        "TOPOI_EXCHANGE": str(hub.folder / "exchange" / "jane"),
        "JUPYTERHUB_USER": "jane",
        "HOME": str(home),
    }
    run = subprocess.run(
        [hub.programs / "nbgrader", *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr


def test_handing_in_through_a_folder_of_ones_own(page, hub, release, tmp_path):
    """The hub made it when Jane's server started, in the test above."""
    root = hub.folder / "exchange" / "jane"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    nbgrader(hub, "fetch_assignment", LAB)
    nbgrader(hub, "submit", LAB)
    assert collect.collect(root.parent, LAB, tmp_path)[0].startswith("jane: 2")
    name = f"{LAB}-student.ipynb"
    given = (tmp_path / "jane" / name).read_bytes()
    assert given == (release / name).read_bytes()
