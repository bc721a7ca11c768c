"""The topics of the book, read from topics.yml.

A topic is linked as soon as ``chapters/<id>.ipynb`` exists and ``_toc.yml``
lists it, and shown as "in preparation" until then.
"""

from collections import namedtuple
from pathlib import Path

import yaml
from sphinx.util.docutils import SphinxDirective

TOPICS = "topics.yml"
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
PART_KEYS = {"id", "number", "title", "line"}
TOPIC_KEYS = {"id", "part", "title", "line", "needs"}

Part = namedtuple("Part", "id number title line")
Topic = namedtuple("Topic", "id part title line needs written")


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


def chapter_page(topic, root):
    """Relative address of a chapter; `root` leads to the top of the book."""
    return f"{root}chapters/{topic.id}.html"


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
