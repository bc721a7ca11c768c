"""Sphinx extension of the book: generated pages, cards and lab pages."""

from . import labs, landing, records, teaching


def setup(app):
    """Register the directives and events of its modules."""
    for module in (landing, labs, records, teaching):
        module.setup(app)
    return {"version": "1", "parallel_read_safe": True}
