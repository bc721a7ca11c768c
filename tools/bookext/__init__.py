"""Sphinx extension of the book: generated pages, cards and lab pages.

- `topics`: topics.yml, read and checked; the base of what shows it
- `landing`: the cards of the landing page
- `topics_map`: which topic builds on which, as a picture and in words
- `teaching`: lab table, course plans and rubrics
- `labs`: lab pages with folded solutions, and the student notebooks
- `verdicts`: a verdict of the ledger in a sentence
- `recorded`: what notebooks, runs and surveys have recorded
- `reproductions`, `status`, `papers`: the pages made from it
- `benchmarks`: our kernels beside their peers, on *Status*
- `tables`: HTML tables that stay tables
- `search`: names without accents, and years
- `explorables`: one script for all explorable figures
- `launch`: a button that opens a lab on a hub
- `api`: names on a page lead to their entries in the API reference
- `printed`: what LaTeX can print instead of HTML
- `thebe`: switches off what jupyter-book loads in vain
"""

from . import (
    api,
    benchmarks,
    explorables,
    labs,
    landing,
    launch,
    papers,
    printed,
    recorded,
    reproductions,
    search,
    status,
    teaching,
    thebe,
    topics_map,
    verdicts,
)

MODULES = (
    *(
        thebe,
        search,
        explorables,
        landing,
        topics_map,
        verdicts,
        labs,
        teaching,
    ),
    *(recorded, reproductions, status, papers, benchmarks, api, launch),
    printed,
)


def setup(app):
    """Register the directives, roles and events of its modules."""
    for module in MODULES:
        module.setup(app)
    return {"version": "1", "parallel_read_safe": True}
