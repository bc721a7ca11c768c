"""Sphinx extension of the book: generated pages, cards and lab pages."""

from . import labs, landing, records


def setup(app):
    """Register the directives and events of the three modules."""
    for module in (landing, labs, records):
        module.setup(app)
    return {"version": "1", "parallel_read_safe": True}
