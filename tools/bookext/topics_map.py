"""Which topic builds on which: directives `{topic-map}`, `{topic-list}`.

The map is drawn from topics.yml, once wide and once narrow; the list says
the same in words.
"""

from collections import namedtuple
from html import escape

from docutils import nodes

from .topics import ROMAN, TopicDirective, chapter_page, levels

Place = namedtuple("Place", "x y")

WIDE, BOX_WIDTH, BOX_HEIGHT, ROW = 924, 126, 44, 54  # the wide map
NARROW, ARCS, LINE = 350, 104, 32  # the narrow one


def setup(app):
    """Register the two directives."""
    app.add_directive("topic-map", TopicMap)
    app.add_directive("topic-list", TopicList)


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
