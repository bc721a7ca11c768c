"""Buttons that open a notebook elsewhere, if `make book` is told where.

- ``HUB`` and ``LABS``: labs open on a JupyterHub, which pulls the repository
  of student notebooks (page *Labs on a hub*)
- ``REPOSITORY`` with ``COLAB=1`` or ``BINDER=1``: chapters open there

Labs never open from the book's own repository, because it has the solutions.
"""

import os
import re
from urllib.parse import urlencode

PUBLIC = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
PLACES = {
    "COLAB": (
        "Colab",
        "https://colab.research.google.com/github/{}/{}/blob/main/{page}",
    ),
    "BINDER": (
        "Binder",
        "https://mybinder.org/v2/gh/{}/{}/main?urlpath=lab/tree/{page}",
    ),
}
ASKED = ("HUB", "LABS", "REPOSITORY", *PLACES)


def setup(app):
    """Check the settings; add the buttons after the theme's own."""
    app.add_config_value("launch", None, "html")
    app.connect("config-inited", read_settings)
    app.connect("html-page-context", add_buttons, priority=600)


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
    if {"COLAB", "BINDER"} & set(asked) and not PUBLIC.fullmatch(
        asked.get("REPOSITORY", "")
    ):
        raise ValueError(
            "COLAB=1 and BINDER=1 need REPOSITORY=https://github.com/NAME/"
            f"REPOSITORY, got {asked.get('REPOSITORY', 'none')!r}."
        )
    if not re.match(r"https?://", asked.get("HUB", "https://")):
        raise ValueError(
            f"HUB is an address like https://hub.example.org, got "
            f"{asked['HUB']!r}."
        )
    return asked


def targets(asked, pagename):
    """Return the buttons of a page: a list of (name, address)."""
    folder, _, name = pagename.partition("/")
    if folder == "labs" and "HUB" in asked:
        notebook = f"{name}-student.ipynb"
        repository = asked["LABS"].rstrip("/")
        clone = repository.rsplit("/", 1)[-1].removesuffix(".git")
        query = {
            "repo": repository,
            "branch": "main",
            "urlpath": f"lab/tree/{clone}/{notebook}",
        }
        hub = asked["HUB"].rstrip("/")
        return [
            ("the hub", f"{hub}/hub/user-redirect/git-pull?{urlencode(query)}")
        ]
    if folder != "chapters":
        return []
    owned = PUBLIC.fullmatch(asked.get("REPOSITORY", ""))
    return [
        (name, address.format(*owned.groups(), page=f"{pagename}.ipynb"))
        for variable, (name, address) in PLACES.items()
        if variable in asked
    ]


def add_buttons(app, pagename, templatename, context, doctree):
    """Put a menu with the buttons of a notebook's page into its header."""
    found = targets(app.config.launch or {}, pagename)
    if not found or doctree is None:
        return
    buttons = [
        {
            "type": "link",
            "url": address,
            "text": f"Open on {name}",
            "tooltip": f"Open this notebook on {name}",
            "icon": "fas fa-rocket",
        }
        for name, address in found
    ]
    context.setdefault("header_buttons", []).append(
        {
            "type": "group",
            "buttons": buttons,
            "icon": "fas fa-rocket",
            "tooltip": "Open this notebook elsewhere",
            "label": "launch-buttons",
        }
    )
