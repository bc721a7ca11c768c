"""For teachers: directives `{lab-table}`, `{course-plan}` and `{rubrics}`.

Minutes, points and rubrics stand in the labs, prerequisites in topics.yml;
the page *Teaching with this book* only says in which order to take them. A
topic that is not in the book yet keeps its place in a plan, marked so.
"""

import re
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from tools import labs

from .topics import Topic, TopicDirective

RUBRIC = re.compile(r"(?:One|Two|Three|Four) marks?: .*", re.S)
STUDENT_NOTE = "The rubrics are left out of the student edition."


class TeachingError(ValueError):
    """A lab lacks what its teachers need, or a plan names an odd topic."""


class LabFacts(NamedTuple):
    """What a teacher wants to know about a lab."""

    minutes: int  # for a student who takes their time
    points: int
    by_reader: int  # points of the thinking question
    question: str
    rubric: str


def setup(app):
    """Register the three directives."""
    app.add_directive("lab-table", LabTable)
    app.add_directive("course-plan", CoursePlan)
    app.add_directive("rubrics", Rubrics)


# -- reading ----------------------------------------------------------------


def lab_facts(nb: NotebookNode) -> LabFacts:
    """Return the facts of a lab with its solutions.

    Raises
    ------
    TeachingError
        If its box names no minutes, or it has no thinking question.

    Notes
    -----
    A rubric that is missing stays empty: tests ask for it, a reader of a
    book in the making need not.
    """
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    minutes = re.search(r"^Time\n: .*?(\d+) minutes", text, re.M)
    question = re.search(r"^## Thinking question: (.*)", text, re.M)
    answers = labs.thinking(nb)
    if not (minutes and question and len(answers) == 1):
        raise TeachingError(
            "A lab tells its time, '... 60 minutes', and has one thinking "
            f"question with a model answer. Found: {minutes}, {question}, "
            f"{len(answers)} answers."
        )
    rubric = RUBRIC.match(answers[0].source.split("\n\n")[-1])
    by_reader = sum(c.metadata.nbgrader.points for c in answers)
    machine = sum(e.points for e in labs.exercises(nb))
    return LabFacts(
        int(minutes[1]),
        machine + by_reader,
        by_reader,
        question[1],
        " ".join(rubric[0].split()) if rubric else "",
    )


def read_plan(lines: list[str], known: set[str]) -> list[tuple[list, str]]:
    """Return topics and remark of each unit, from lines "a b | remark".

    Raises
    ------
    TeachingError
        If a line names a topic that is not known.
    """
    units = []
    for line in filter(str.strip, lines):
        names, _, remark = line.partition("|")
        unknown = set(names.split()) - known
        if unknown:
            raise TeachingError(
                "A line of a plan is 'topic topic | remark' with topics of "
                f"topics.yml, but {line!r} names {', '.join(unknown)}."
            )
        units.append((names.split(), remark.strip()))
    return units


# -- writing ----------------------------------------------------------------


class TeachingDirective(TopicDirective):
    """A directive that writes Markdown from topics and labs."""

    def run(self):
        """Parse what `markdown` returns."""
        _, topics = self.read()
        written = [topic for topic in topics if topic.written]
        facts = {topic.id: self.facts(topic) for topic in written}
        return self.parse_text_to_nodes(self.markdown(topics, facts))

    def facts(self, topic: Topic) -> LabFacts:
        """Return the facts of a topic's lab, and depend on the file."""
        name = f"labs/{topic.id}.ipynb"
        self.env.note_dependency(name)
        return lab_facts(labs.read(Path(self.env.srcdir) / name))


class LabTable(TeachingDirective):
    """One row a lab: time, points, what to read first."""

    def markdown(self, topics, facts):
        """Return the table; `facts` has an entry for each written topic."""
        titles = {topic.id: topic.title for topic in topics}
        rows = [
            (
                f"[{topic.title}](../labs/{topic.id}.ipynb)",
                str(facts[topic.id].minutes),
                str(facts[topic.id].points),
                str(facts[topic.id].by_reader),
                ", ".join(titles[need] for need in topic.needs),
            )
            for topic in topics
            if topic.id in facts
        ]
        heads = ("Lab", "Minutes", "Points", "By a reader", "After")
        return table(heads, rows)


class CoursePlan(TeachingDirective):
    """One row a unit; the argument names the unit, such as Week or Day."""

    has_content = True
    required_arguments = 1

    def markdown(self, topics, facts):
        """Return the plan as a table, with the minutes of its labs."""
        by_id = {topic.id: topic for topic in topics}
        units = read_plan(list(self.content), set(by_id))
        rows = [
            (
                str(number),
                "; ".join(planned(by_id[name]) for name in names),
                str(sum(facts[n].minutes for n in names if n in facts) or "–"),
                remark,
            )
            for number, (names, remark) in enumerate(units, 1)
        ]
        unit = self.arguments[0]
        return table((unit, "Chapters", "Lab minutes", "Remark"), rows)


def planned(topic: Topic) -> str:
    """Return a link to a chapter, or its title marked as planned."""
    if topic.written:
        return f"[{topic.title}](../chapters/{topic.id}.ipynb)"
    return f"{topic.title} (*in preparation*)"


class Rubrics(TeachingDirective):
    """Each thinking question with its marks; not for students."""

    def markdown(self, topics, facts):
        """Return a list, or one sentence in the student edition."""
        if self.config.edition == "student":
            return STUDENT_NOTE
        return "\n".join(
            f"- [{topic.title}](../labs/{topic.id}.ipynb), *"
            f"{facts[topic.id].question}* {facts[topic.id].rubric}"
            for topic in topics
            if topic.id in facts and facts[topic.id].rubric
        )


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
