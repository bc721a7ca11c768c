"""The landing page: directive `{topic-cards}`, one card a topic."""

from html import escape

from docutils import nodes

from .topics import ROMAN, TopicDirective, chapter_page


def setup(app):
    """Register the directive."""
    app.add_directive("topic-cards", TopicCards)


def card_html(topic, root):
    """One card: tile, name, one line; linked if the chapter is written."""
    tile = (
        f'<img src="{root}_static/tiles/{topic.id}.svg" alt="" '
        'loading="lazy" width="240" height="120">'
    )
    name, line = escape(topic.title), escape(topic.line)
    kind, state = "tt-card", ""
    if topic.written:
        name = f'<a href="{chapter_page(topic, root)}">{name}</a>'
    else:
        kind += " tt-card-planned"
        state = '<p class="tt-card-state">in preparation</p>'
    return (
        f'<li class="{kind}">{tile}<p class="tt-card-name">{name}</p>'
        f'<p class="tt-card-line">{line}</p>{state}</li>'
    )


class TopicCards(TopicDirective):
    """The parts of the book, each a section with a card for each topic."""

    def run(self):
        parts, topics = self.read()
        return [self.section(part, topics) for part in parts]

    def section(self, part, topics):
        """One part as a section, so that it is in the page's outline."""
        section = nodes.section(ids=[f"part-{part.id}"])
        section["classes"] += ["tt-part", f"tt-part-{part.number}"]
        section += nodes.title("", part.title)
        cards = "".join(
            card_html(topic, self.root)
            for topic in topics
            if topic.part == part.id
        )
        html = (
            f'<p class="tt-part-line"><span>Part {ROMAN[part.number]}</span> '
            f'{escape(part.line)}</p><ul class="tt-cards">{cards}</ul>'
        )
        section += nodes.raw("", html, format="html")
        return section
