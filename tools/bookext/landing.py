"""To be written."""


def setup(app):
    """Register."""
