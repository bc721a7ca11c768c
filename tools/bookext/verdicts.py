"""Role `{verdict}`: a verdict of the ledger, with its icon, in a sentence."""

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from topoi import claims


def setup(app):
    """Register the role."""
    app.add_role("verdict", VerdictRole())


class VerdictRole(SphinxRole):
    """A verdict of the ledger with its icon: {verdict}`partly`."""

    def run(self):
        if self.text not in claims.VERDICTS:
            message = self.inliner.reporter.error(
                f"A verdict is one of {', '.join(claims.VERDICTS)}, got "
                f"'{self.text}'. Mend the name.",
                line=self.lineno,
            )
            return [nodes.problematic("", self.rawtext)], [message]
        return [nodes.raw("", badge(self.text), format="html")], []


def badge(verdict: str, words: str = "") -> str:
    """Return a verdict as HTML: icon of its own shape, words, colour."""
    return (
        f'<span class="tt-verdict" data-verdict="{verdict}">'
        f"{claims.icon(verdict)}"
        f"<span>{words or claims.VERDICTS[verdict]}</span></span>"
    )
