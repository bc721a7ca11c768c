"""The page Papers, made from papers.yml: `{papers}` and `{answers-of}`.

Each work behind the book promises something, statement by statement. The
book answers every statement: by claims of the ledger, by sections, by one
sentence why not, or it is open until its topic has a chapter. The directive
`{answers-of} <key>` shows one work as a short table: which chapter answers
which line.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

import yaml
from docutils import nodes

from topoi import claims

from . import recorded
from .recorded import RecordDirective
from .reproductions import survey_of, verdict_now
from .tables import raw, table
from .topics import read_topics
from .verdicts import badge

FILE = "papers.yml"
WORK_KEYS = {"work", "by", "topic", "statements"}
ANSWERS = ("claims", "sections", "why_not", "open")


class Statement(NamedTuple):
    """One thing that a work promises, and how the book answers it."""

    says: str
    claims: list[str] = []
    sections: list[str] = []  # page#anchor, or page
    why_not: str = ""
    open: str = ""  # a topic that has no chapter yet

    @property
    def state(self) -> str:
        """One of "answered", "open", "not answered" and "" (nothing)."""
        if self.claims or self.sections:
            return "answered"
        if self.why_not:
            return "not answered"
        return "open" if self.open else ""


class Work(NamedTuple):
    """One work: `key` is its entry in the bibliography, if it has one."""

    work: str
    by: str
    topic: str
    statements: list[Statement]
    key: str = ""


def setup(app):
    """Register the two directives."""
    app.add_directive("papers", Papers)
    app.add_directive("answers-of", AnswersOf)


# -- reading ----------------------------------------------------------------


def read_papers(root: Path) -> list[Work]:
    """Return the works of papers.yml.

    Raises
    ------
    ValueError
        On missing or unknown keys, or a value of another kind.
    """
    listed = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    works = []
    for entry in listed:
        name = entry.get("work", entry)
        _check_keys(name, entry, WORK_KEYS, {"key"})
        for line in entry["statements"]:
            _check_keys(name, line, {"says"}, set(ANSWERS))
        statements = [Statement(**line) for line in entry["statements"]]
        works.append(Work(**entry | {"statements": statements}))
    return works


def _check_keys(name, entry: dict, needed: set, allowed: set) -> None:
    keys = set(entry)
    if needed - keys or keys - needed - allowed:
        raise ValueError(
            f"{FILE}: {name!r} needs {', '.join(sorted(needed))} and may "
            f"have {', '.join(sorted(allowed))}, but {entry} has "
            f"{', '.join(sorted(keys))}."
        )
    for key in {"claims", "sections"} & keys:
        if not isinstance(entry[key], list):
            raise ValueError(f"{FILE}: {name!r}: {key} is a list: [a, b].")


# -- checking ---------------------------------------------------------------


def problems(root: Path, works: list[Work]) -> list[str]:
    """Return statements that nothing answers, and answers that lead nowhere.

    Claims must be in the ledger, sections on a page, keys in the
    bibliography; a statement is open only while its topic has no chapter.
    """
    ledger = claims.load_ledger(root / "claims")
    _, topics = read_topics(root)
    written = {topic.id: topic.written for topic in topics}
    bibliography = (root / "references.bib").read_text(encoding="utf-8")
    found = []
    for work in works:
        if work.key and f"{{{work.key}," not in bibliography:
            found.append(f"{work.work}: {work.key} is not in references.bib")
        if work.topic not in written:
            found.append(f"{work.work}: {work.topic} is no topic")
        for statement in work.statements:
            found += [
                f"{work.work}: {statement.says!r}: {problem}"
                for problem in _problems(root, statement, ledger, written)
            ]
    return found


def _problems(root, statement, ledger, written) -> Iterator[str]:
    if not statement.state:
        yield f"nothing answers it: give one of {', '.join(ANSWERS)}"
    for claim in statement.claims:
        if claim not in ledger:
            yield f"no claim {claim} in the ledger"
    for section in statement.sections:
        page, _, anchor = section.partition("#")
        if anchor not in headings(root, page):
            yield f"no section {section}"
    if statement.open and statement.open not in written:
        yield f"open for {statement.open}, which is no topic"
    elif written.get(statement.open):
        yield (
            f"open, but {statement.open} has a chapter now: answer it with "
            "claims, sections or why_not"
        )


def headings(root: Path, page: str) -> dict[str, str]:
    """Return anchor -> heading of a page; "" stands for its title.

    An explicit label leads to the heading after it. Nothing if the page has
    no source.
    """
    text = _markdown(root / page)
    if text is None:
        return {}
    found: dict[str, str] = {}
    label = ""
    pattern = r"^\(([\w:-]+)\)=|^#{1,6} +(.*?) *$"
    for match in re.finditer(pattern, text, flags=re.M):
        if match[1]:
            label = nodes.make_id(match[1])
            found[label] = label
            continue
        words = re.sub(r"[`*$]", "", match[2])
        found.setdefault("", words)
        found[nodes.make_id(words)] = words
        if label:
            found[label], label = words, ""
    return found


def _markdown(path: Path) -> str | None:
    if path.with_suffix(".md").exists():
        return path.with_suffix(".md").read_text(encoding="utf-8")
    notebook = path.with_suffix(".ipynb")
    if not notebook.exists():
        return None
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = (c["source"] for c in cells if c["cell_type"] == "markdown")
    return "\n".join("".join(text) for text in texts)


# -- writing ----------------------------------------------------------------


class Papers(RecordDirective):
    """The tally, then one section a work, in the order of the topics."""

    def content_nodes(self, root):
        works = read_papers(root)
        _, topics = read_topics(root)
        order = {topic.id: number for number, topic in enumerate(topics)}
        titles = {topic.id: topic.title for topic in topics}
        answers = claim_links(root)
        works = sorted(works, key=lambda work: order[work.topic])
        for statement in (s for work in works for s in work.statements):
            for place in statement.sections:
                answers[place] = section_link(root, place)
        sections = [section(work, answers, titles) for work in works]
        return [raw(tally(works)), *sections]


class AnswersOf(RecordDirective):
    """One work as a table: its lines, and the chapters that answer them."""

    required_arguments = 1  # the key of the work in the bibliography

    def content_nodes(self, root):
        works = {work.key: work for work in read_papers(root) if work.key}
        key = self.arguments[0]
        if key not in works:
            raise self.error(f"{FILE} has no work with the key {key}.")
        _, topics = read_topics(root)
        titles = {topic.id: topic.title for topic in topics}
        return [raw(answers_table(root, works[key], titles))]


def answers_table(root: Path, work: Work, titles: dict[str, str]) -> str:
    """Return a row for each statement: its words, and links to the answers."""
    heads = "The work promises", "The book answers in"
    rows = []
    for statement in work.statements:
        cells = (
            escape(statement.says),
            "<br>".join(answering_places(root, statement, titles)),
        )
        rows.append(list(zip(heads, cells, strict=True)))
    caption = f"Answers to {escape(work.work)}"
    return table(heads, rows, caption, "tt-status tt-answers")


def answering_places(root, statement: Statement, titles) -> list[str]:
    """Return links to the sections, else to the chapters of the claims."""
    chapters = {f"chapters/{c.partition('/')[0]}" for c in statement.claims}
    places = statement.sections or sorted(chapters)
    found = [section_link(root, place) for place in places]
    if statement.open:
        title = titles.get(statement.open, statement.open)
        found.append(f"{escape(title)}, in preparation")
    return found or [escape(statement.why_not)]


def claim_links(root: Path) -> dict[str, str]:
    """Return claim id -> its verdict as HTML, linked to its card."""
    stored = recorded.stored_measurements(root)
    links = {}
    for claim in claims.load_ledger(root / "claims").values():
        place = stored.get(claim.id)
        verdict = verdict_now(claim, place, survey_of(claim))
        words = f"<code>{claim.id}</code>"
        if place is not None:
            page = place[0].with_suffix(".html").as_posix()
            href = f"../{page}#{claims.anchor(claim.id)}"
            words = f'<a href="{href}">{words}</a>'
        mark = "not run yet" if verdict is None else badge(verdict)
        links[claim.id] = f"{mark} {words}"
    return links


def tally(works: list[Work]) -> str:
    """Return how many statements are answered, open, or neither."""
    counts = Counter(s.state for work in works for s in work.statements)
    total = sum(counts.values())
    return (
        f"<p>{len(works)} works make {total} statements: "
        f"{counts['answered']} are answered by claims or sections, for "
        f"{counts['not answered']} the page says why not, and "
        f"{counts['open']} wait for their chapter.</p>"
    )


def section(work: Work, answers: dict[str, str], titles: dict) -> nodes.Node:
    """Return one work as a section, so that it is in the page's outline."""
    part = nodes.section(ids=[nodes.make_id(f"work {work.work}")])
    part += nodes.title("", work.work)
    items = "".join(item(s, answers, titles) for s in work.statements)
    part += raw(f'<p>{escape(work.by)}</p><ol class="tt-papers">{items}</ol>')
    return part


def item(statement: Statement, answers: dict, titles: dict) -> str:
    """Return one statement with its answers."""
    places = [*statement.claims, *statement.sections]
    found = [answers.get(place, escape(place)) for place in places]
    if statement.why_not:
        found.append(escape(statement.why_not))
    if statement.open:
        title = titles.get(statement.open, statement.open)
        found.append(f"in preparation: {escape(title)}")
    listed = "".join(f"<li>{answer}</li>" for answer in found)
    return f"<li><p>{escape(statement.says)}</p><ul>{listed}</ul></li>"


def section_link(root: Path, place: str) -> str:
    """Return a link to a section, named by its page and its heading."""
    page, _, anchor = place.partition("#")
    known = headings(root, page)
    words = known.get("", page)
    if anchor:
        words += f": {known.get(anchor, anchor)}"
    href = f"../{page}.html" + (f"#{anchor}" if anchor else "")
    return f'<a href="{href}">{escape(words)}</a>'
