"""Silence sphinx-thebe, which jupyter-book loads even when switched off."""


def setup(app):
    """Disconnect its handlers before a page is written."""
    app.connect("config-inited", disconnect_thebe)


def disconnect_thebe(app, config):
    """Keep sphinx-thebe from writing anything into the pages.

    jupyter-book loads it even when it is switched off. It then declares one
    constant twice, an error in every page's console, and names a content
    server that a reader without a network cannot reach. Its style sheet, to
    which every page links, stays.
    """
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            handler = listener.handler
            name = f"{handler.__module__}.{getattr(handler, '__name__', '')}"
            if name.startswith("sphinx_thebe") and "static_path" not in name:
                app.disconnect(listener.id)
