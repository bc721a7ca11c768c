"""One script for all explorable figures of the book.

In JupyterLab each figure brings the script that it needs. A page of the book
loads `_static/explore.js` anyway, so the copies fall away: a mend of the
script reaches every figure without another run of its notebook.
"""

import re

from docutils import nodes

SCRIPT = re.compile(r'<script class="tt-script">.*?</script>', re.DOTALL)


def setup(app):
    """Connect to every document that has been read."""
    app.connect("doctree-read", drop_scripts)


def drop_scripts(app, doctree):
    """Take the script out of each explorable figure."""
    for raw in doctree.findall(nodes.raw):
        if 'class="tt-explore"' in raw.astext():
            text = SCRIPT.sub("", raw.astext())
            raw.rawsource, raw.children = text, [nodes.Text(text)]
