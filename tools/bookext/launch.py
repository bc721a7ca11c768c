"""A button that opens a lab on a hub, if `make book` is told where.

``HUB`` is the hub's address and ``LABS`` that of the repository with student
notebooks, which the hub pulls (page *Labs on a hub*).
"""

import os
import re
from urllib.parse import urlencode

ASKED = ("HUB", "LABS")


def setup(app):
    """Check the settings; add the button after the theme's own."""
    app.add_config_value("launch", None, "html")
    app.connect("config-inited", read_settings)
    app.connect("html-page-context", add_button, priority=600)


def read_settings(app, config):
    """Take the settings from the environment into the configuration."""
    config.launch = settings(os.environ)


def settings(environment):
    """Return what the variables ask for.

    Parameters
    ----------
    environment : mapping of str to str
        Variables that are empty count as not given.

    Returns
    -------
    dict
        The variables that are given.

    Raises
    ------
    ValueError
        If one of them lacks the other one that it needs, or is no address.
    """
    asked = {n: environment[n] for n in ASKED if environment.get(n)}
    if ("HUB" in asked) != ("LABS" in asked):
        raise ValueError(
            "HUB is the hub's address and LABS that of the repository with "
            "student notebooks, which the hub copies: give both or neither. "
            "The page 'Labs on a hub' says how to make the repository."
        )
    if not re.match(r"https?://", asked.get("HUB", "https://")):
        raise ValueError(
            f"HUB is an address like https://hub.example.org, got "
            f"{asked['HUB']!r}."
        )
    return asked


def hub_link(asked, pagename):
    """Return the address that opens a lab on the hub, None without one."""
    folder, _, name = pagename.partition("/")
    if folder != "labs" or not asked:
        return None
    repository = asked["LABS"].rstrip("/")
    clone = repository.rsplit("/", 1)[-1].removesuffix(".git")
    query = {
        "repo": repository,
        "branch": "main",
        "urlpath": f"lab/tree/{clone}/{name}-student.ipynb",
    }
    hub = asked["HUB"].rstrip("/")
    return f"{hub}/hub/user-redirect/git-pull?{urlencode(query)}"


def add_button(app, pagename, templatename, context, doctree):
    """Put the button into the header of a lab's page."""
    address = hub_link(app.config.launch, pagename)
    if address is None or doctree is None:
        return
    context.setdefault("header_buttons", []).append(
        {
            "type": "link",
            "url": address,
            "tooltip": "Open this lab on the hub",
            "icon": "fas fa-rocket",
            "label": "open-on-the-hub",
        }
    )
