"""The landing page's cards and the map of topics, drawn from topics.yml.

`{topic-cards}` writes the parts of the book, each with one card per topic;
`{topic-map}` draws which topic builds on which, and `{topic-list}` says the
same in words. A topic is linked as soon as `chapters/<id>.ipynb` exists and
`_toc.yml` lists it, and shown as "in preparation" until then. The role
`{verdict}` puts a verdict of the ledger into a sentence.
"""

from collections import namedtuple
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from topoi import claims

TOPICS = "topics.yml"
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
PART_KEYS = {"id", "number", "title", "line"}
TOPIC_KEYS = {"id", "part", "title", "line", "needs"}

Part = namedtuple("Part", "id number title line")
Topic = namedtuple("Topic", "id part title line needs written")
Place = namedtuple("Place", "x y")

WIDE, BOX_WIDTH, BOX_HEIGHT, ROW = 924, 126, 44, 54  # the wide map
NARROW, ARCS, LINE = 350, 104, 32  # the narrow one


# ------------------------------------------------------------------ reading


def read_topics(source):
    """Parts and topics of the book, checked.

    Parameters
    ----------
    source : Path
        The project's folder, which holds topics.yml and chapters/.

    Returns
    -------
    parts : list of Part
    topics : list of Topic
        In the order of the file; `written` says whether the chapter exists.

    Raises
    ------
    ValueError
        On missing or unknown keys, a repeated id, a part or a prerequisite
        that is not there, or prerequisites that run in a circle.
    """
    entries = yaml.safe_load((source / TOPICS).read_text(encoding="utf-8"))
    for kind, keys in (("parts", PART_KEYS), ("topics", TOPIC_KEYS)):
        for entry in entries[kind]:
            check_keys(kind, entry, keys)
    parts = [Part(**entry) for entry in entries["parts"]]
    topics = [
        Topic(
            **entry,
            written=chapter_file(source, entry["id"]).exists(),
        )
        for entry in entries["topics"]
    ]
    check_references(parts, topics)
    levels(topics)
    return parts, topics


def chapter_file(source, topic_id):
    """Where the chapter of a topic lies, whether or not it exists yet."""
    return source / "chapters" / f"{topic_id}.ipynb"


def check_keys(kind, entry, keys):
    """Raise if an entry of topics.yml lacks a key or has another one."""
    if set(entry) != keys:
        raise ValueError(
            f"{TOPICS}: an entry of '{kind}' needs the keys "
            f"{', '.join(sorted(keys))}, got {', '.join(sorted(entry))}. "
            "Add what is missing and remove the rest."
        )


def check_references(parts, topics):
    """Raise on repeated ids and on names that nothing in the file bears."""
    ids = [topic.id for topic in topics]
    for name in {name for name in ids if ids.count(name) > 1}:
        raise ValueError(
            f"{TOPICS}: ids are unique, got '{name}' twice. Rename one."
        )
    part_ids = {part.id for part in parts}
    for topic in topics:
        if topic.part not in part_ids:
            raise ValueError(
                f"{TOPICS}: topic '{topic.id}' is in part '{topic.part}', "
                f"which is not listed. Use one of {sorted(part_ids)}."
            )
        for need in topic.needs:
            if need not in ids:
                raise ValueError(
                    f"{TOPICS}: topic '{topic.id}' needs '{need}', which is "
                    "no topic. Correct the name or add the topic."
                )


def levels(topics):
    """Length of the longest chain of prerequisites below each topic.

    Returns
    -------
    dict
        Topic id to level; 0 for a topic that needs no other.

    Raises
    ------
    ValueError
        If the prerequisites run in a circle.
    """
    found = {}
    waiting = {topic.id: topic.needs for topic in topics}
    while waiting:
        ready = [
            name
            for name, needs in waiting.items()
            if all(need in found for need in needs)
        ]
        if not ready:
            raise ValueError(
                f"{TOPICS}: prerequisites must not run in a circle, got one "
                f"among {sorted(waiting)}. Remove one of the 'needs'."
            )
        for name in ready:
            needs = waiting.pop(name)
            found[name] = 1 + max((found[n] for n in needs), default=-1)
    return found


# -------------------------------------------------------------------- cards


def chapter_page(topic, root):
    """Relative address of a chapter; `root` leads to the top of the book."""
    return f"{root}chapters/{topic.id}.html"


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


class TopicDirective(SphinxDirective):
    """A directive that shows topics.yml and follows its changes."""

    def read(self):
        """Parts and topics; the page is read again when one changes.

        A chapter that does not exist yet counts as a dependency too. Sphinx
        reads a page with a missing dependency at every build, so the card
        turns into a link in the build after the chapter appears.
        """
        parts, topics = read_topics(Path(self.env.srcdir))
        for name in (TOPICS, "_toc.yml"):
            self.env.note_dependency(name)
        for topic in topics:
            self.env.note_dependency(f"chapters/{topic.id}.ipynb")
        return parts, [self.in_book(topic) for topic in topics]

    def in_book(self, topic):
        """The topic, not `written` while `_toc.yml` lacks its chapter."""
        listed = f"chapters/{topic.id}" in self.env.found_docs
        return topic._replace(written=topic.written and listed)

    @property
    def root(self):
        """Relative path from this page to the top of the book."""
        return "../" * self.env.docname.count("/")


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


# ---------------------------------------------------------------------- map


class TopicMap(TopicDirective):
    """Which topic builds on which, drawn once wide and once narrow."""

    def run(self):
        parts, topics = self.read()
        numbers = {part.id: part.number for part in parts}
        wide = wide_map(topics, numbers, self.root)
        narrow = narrow_map(parts, topics, numbers, self.root)
        html = f'<div class="tt-map">{legend(parts)}{wide}{narrow}</div>'
        return [nodes.raw("", html, format="html")]


class TopicList(TopicDirective):
    """The map in words: each topic with what it needs."""

    def run(self):
        parts, topics = self.read()
        titles = {topic.id: topic.title for topic in topics}
        sections = []
        for part in parts:
            items = "".join(
                list_item(topic, titles, self.root)
                for topic in topics
                if topic.part == part.id
            )
            sections.append(
                f'<p class="tt-part-line tt-part-{part.number}"><span>Part '
                f"{ROMAN[part.number]}</span> {escape(part.title)}</p>"
                f'<ul class="tt-topics">{items}</ul>'
            )
        return [nodes.raw("", "".join(sections), format="html")]


def list_item(topic, titles, root):
    """One topic in words, linked when its chapter exists."""
    name = escape(topic.title)
    if topic.written:
        name = f'<a href="{chapter_page(topic, root)}">{name}</a>'
    needs = " and ".join(escape(titles[need]) for need in topic.needs)
    words = f"needs {needs}" if needs else "needs no other chapter"
    state = "" if topic.written else "; in preparation"
    return f"<li>{name}: {words}{state}</li>"


def legend(parts):
    """The colours of the parts and the two kinds of box, in words."""
    items = "".join(
        f'<li class="tt-part-{part.number}"><i class="tt-swatch"></i>'
        f"{ROMAN[part.number]} {escape(part.title)}</li>"
        for part in parts
    )
    return (
        f'<ul class="tt-map-legend">{items}<li><i class="tt-swatch-written">'
        '</i>written</li><li><i class="tt-swatch-planned"></i>in '
        "preparation</li></ul>"
    )


def tree_rows(topics):
    """A row for each topic, so that subtrees never overlap.

    Each topic hangs under its deepest prerequisite. Topics on which nothing
    hangs get rows of their own, in the order of a walk through the tree; the
    others stand in the middle of what hangs below them.
    """
    depth = levels(topics)
    below = {topic.id: [] for topic in topics}
    roots = []
    for topic in topics:
        if topic.needs:
            below[max(topic.needs, key=depth.get)].append(topic.id)
        else:
            roots.append(topic.id)
    rows = {}

    def walk(name, free):
        if not below[name]:
            rows[name] = free
            return free + 1
        for child in below[name]:
            free = walk(child, free)
        first, last = (rows[below[name][k]] for k in (0, -1))
        rows[name] = (first + last) / 2
        return free

    count = 0
    for name in roots:
        count = walk(name, count)
    return rows, depth, count


def wide_map(topics, numbers, root):
    """Prerequisites on the left, what builds on them to the right."""
    rows, depth, count = tree_rows(topics)
    step = (WIDE - BOX_WIDTH - 4) / max(depth.values())
    at = {
        topic.id: Place(2 + step * depth[topic.id], 2 + ROW * rows[topic.id])
        for topic in topics
    }
    lines, boxes = [], []
    for topic in topics:
        end = at[topic.id]
        for need in topic.needs:
            lines.append(curve(at[need], end, numbers[topic.part]))
        boxes.append(box(topic, end, numbers[topic.part], root))
    height = ROW * (count - 1) + BOX_HEIGHT + 4
    return svg("wide", WIDE, height, lines + boxes)


def curve(start, end, number):
    """A line from the right of one box to the left of another."""
    x0, y0 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2
    x1, y1 = end.x, end.y + BOX_HEIGHT / 2
    bend = (x1 - x0) / 2 if x1 - x0 < BOX_WIDTH else 60
    return (
        f'<path class="tt-part-{number}" d="M{x0:.0f} {y0:.0f}'
        f"C{x0 + bend:.0f} {y0:.0f} {x1 - bend:.0f} {y1:.0f} "
        f'{x1:.0f} {y1:.0f}"/>'
    )


def box(topic, place, number, root):
    """A topic as a box with its name on one or two lines."""
    x, y = f"{place.x:.0f}", f"{place.y:.0f}"
    lines = two_lines(topic.title)
    first = place.y + BOX_HEIGHT / 2 + 5 - 9 * (len(lines) - 1)
    words = "".join(
        f'<tspan x="{place.x + 14:.0f}" y="{first + 18 * k:.0f}">'
        f"{escape(line)}</tspan>"
        for k, line in enumerate(lines)
    )
    shape = (
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
        f'rx="6"/><rect class="tt-box-part" x="{place.x - 1:.0f}" '
        f'y="{place.y - 1:.0f}" width="6" height="{BOX_HEIGHT + 2}" rx="2"/>'
        f"<text>{words}</text>"
    )
    return group(topic, number, shape, root)


def two_lines(title):
    """A title, broken at the space that leaves the shorter longest line."""
    if len(title) <= 14 or " " not in title:
        return [title]
    words = title.split()
    breaks = [
        [" ".join(words[:k]), " ".join(words[k:])]
        for k in range(1, len(words))
    ]
    return min(breaks, key=lambda lines: max(map(len, lines)))


def narrow_map(parts, topics, numbers, root):
    """One topic a line, with arcs from each topic to what it needs."""
    at, marks, y = {}, [], 16
    for part in parts:
        marks.append(
            f'<text class="tt-map-part tt-part-{part.number}" '
            f'x="{ARCS - 8}" y="{y}">{ROMAN[part.number]} '
            f"{escape(part.title)}</text>"
        )
        y += 26
        for topic in topics:
            if topic.part == part.id:
                at[topic.id] = Place(ARCS, y)
                y += LINE
        y += 14
    lines = [
        arc(at[need].y, at[topic.id].y, numbers[topic.part])
        for topic in topics
        for need in topic.needs
    ]
    dots = [
        dot(topic, at[topic.id], numbers[topic.part], root) for topic in topics
    ]
    return svg("narrow", NARROW, y - 20, marks + lines + dots)


def arc(top, bottom, number):
    """Half an ellipse to the left of the list, between two lines."""
    wide = min(ARCS - 6, 10 + abs(bottom - top) * 0.22)
    return (
        f'<path class="tt-part-{number}" d="M{ARCS} {top}C{ARCS - wide:.0f} '
        f'{top} {ARCS - wide:.0f} {bottom} {ARCS} {bottom}"/>'
    )


def dot(topic, place, number, root):
    """A topic as a dot on the line of its name."""
    shape = (
        f'<circle cx="{place.x}" cy="{place.y}" r="6"/>'
        f'<text x="{place.x + 16}" y="{place.y + 5}">'
        f"{escape(topic.title)}</text>"
    )
    return group(topic, number, shape, root)


def group(topic, number, shape, root):
    """The shape of a topic with its classes, linked if it is written."""
    if not topic.written:
        return f'<g class="tt-planned tt-part-{number}">{shape}</g>'
    return (
        f'<a class="tt-written tt-part-{number}" '
        f'href="{chapter_page(topic, root)}">{shape}</a>'
    )


def svg(kind, width, height, marks):
    """Marks as an inline picture; its links stay reachable."""
    return (
        f'<svg class="tt-map-{kind}" viewBox="0 0 {width} {height:.0f}" '
        'role="group" aria-label="Map of topics: a line leads from what is '
        f'needed to what builds on it">{"".join(marks)}</svg>'
    )


# ------------------------------------------------------------------ verdicts


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
        html = (
            f'<span class="tt-verdict" data-verdict="{self.text}">'
            f"{claims.icon(self.text)}"
            f"<span>{claims.VERDICTS[self.text]}</span></span>"
        )
        return [nodes.raw("", html, format="html")], []


# --------------------------------------------------------------------- thebe


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


def setup(app):
    """Register three directives and a role; silence thebe."""
    app.connect("config-inited", disconnect_thebe)
    app.add_role("verdict", VerdictRole())
    app.add_directive("topic-cards", TopicCards)
    app.add_directive("topic-map", TopicMap)
    app.add_directive("topic-list", TopicList)
