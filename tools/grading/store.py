"""Put results into nbgrader's gradebook, and write feedback pages.

No submission comes near nbgrader: a clean notebook is made from the lab, the
student's text and the verdicts, and nbgrader's own ``autograde`` stores it,
with execution taken out of its steps. A failed check carries one error
output, a passed one none; that is what nbgrader scores.
"""

import base64
import contextlib
import logging
import os
import re
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from tools import labs
from tools.grading import feedback
from tools.grading.grade import clean
from tools.grading.report import late, points
from tools.grading.submissions import BYTES, Lab
from tools.notebooks import write, write_text

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

PNG = b"\x89PNG\r\n\x1a\n"
VERSION = 2  # of what is stored: a new one makes all pages again
TEXT = 20_000  # characters of one output in a page
OTHERS = "## Other cells of this submission"


class StoreError(RuntimeError):
    """nbgrader refused a lab or a submission; the text holds its words."""


class Store:
    """A course folder of nbgrader below `folder`, and its database.

    Parameters
    ----------
    folder : Path
    database : str, optional
        A URL of SQLAlchemy; by default a SQLite file in `folder`.
    show_hidden : bool
        Whether pages of feedback show hidden tests.
    """

    def __init__(
        self,
        folder: Path,
        database: str | None = None,
        show_hidden: bool = False,
    ):
        self.folder, self.show_hidden = folder.resolve(), show_hidden
        self.file = None if database else self.folder / "gradebook.db"
        self.database = database or f"sqlite:///{self.file}"
        self.course = self.folder / "course"
        self.api: NbGraderAPI | None = None

    @property
    def feedback(self) -> Path:
        """Folder of the pages for students."""
        return self.course / "feedback"

    def add_lab(self, lab: Lab) -> None:
        """Tell nbgrader about a lab: its checks and their points."""
        mark = self.folder / "stored" / lab.name / "lab"
        digest = sha256(lab.source).hexdigest() + self.database
        if _is(mark, digest):
            return
        source = self.course / "source" / lab.name / f"{lab.name}.ipynb"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(lab.source)
        with self._api() as api:
            found = api.generate_assignment(lab.name, force=True, create=True)
        _demand(found, f"The lab {lab.name}")
        write_text(mark, digest)

    def add(self, lab: Lab, result: dict) -> bool:
        """Store one result, unless it is stored already.

        Returns
        -------
        bool
            Whether something was done.
        """
        student = nbgrader_id(result["student"])
        name = sha256(student.encode()).hexdigest()[:32]
        mark = self.folder / "stored" / lab.name / name
        penalty = late(result).penalty
        digest = result["key"] + self.database
        digest += f" {VERSION} {penalty} {self.show_hidden}"
        if _is(mark, digest):
            return False
        place = self.course / "submitted_clean" / student / lab.name
        nb = clean_notebook(lab, result, self.show_hidden)
        write(nb, place / f"{lab.name}.ipynb")
        with self._api() as api:
            found = api.autograde(lab.name, student, force=True, create=True)
            _demand(found, f"The submission of {student!r}")
            self._set_penalty(lab.name, student, penalty)
            found = api.generate_feedback(lab.name, student, force=True)
            _demand(found, f"The feedback of {student!r}")
        feedback.keep_offline(self.feedback, student, lab.name)
        write_text(mark, digest)
        return True

    def _set_penalty(self, lab: str, student: str, penalty: float) -> None:
        """Take points off in the gradebook, no more than there are."""
        from nbgrader.api import Gradebook

        with Gradebook(self.database) as book:
            found = book.find_submission_notebook(lab, lab, student)
            found.late_submission_penalty = min(penalty, found.score) or None
            book.db.commit()

    def add_marks(self, lab: Lab, results: list[dict]) -> None:
        """Note in results what a person gave, and what still waits."""
        from nbgrader.api import Gradebook

        with Gradebook(self.database) as book:
            found = {
                s.student.id: (s.score, s.needs_manual_grade)
                for s in book.assignment_submissions(lab.name)
            }
        for result in results:
            score, waits = found.get(nbgrader_id(result["student"]), (0, True))
            given = round(score - points(result), 2)
            whole = sum(lab.manual.values())
            result["by hand"] = min(max(given, 0), whole)
            result["waiting"] = whole if waits else 0

    def back_up(self) -> None:
        """Copy the gradebook before it changes, if it is a SQLite file."""
        if self.file is None or not self.file.exists():
            return
        with (
            contextlib.closing(sqlite3.connect(self.file)) as old,
            contextlib.closing(
                sqlite3.connect(self.file.with_suffix(".backup.db"))
            ) as new,
        ):
            old.backup(new)

    @contextlib.contextmanager
    def _api(self) -> Iterator["NbGraderAPI"]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.api is None:
                config = _config(self.course, self.database, self.show_hidden)
                self.api = _start(config)
            yield self.api


def nbgrader_id(student: str) -> str:
    """Return a name for files that nbgrader does not take for a pattern."""
    plain = re.sub(r"[][*?]", "_", student)
    if plain == student and len(student.encode()) <= BYTES:
        return student
    plain = plain.encode()[:BYTES].decode(errors="ignore")
    return f"{plain}-{sha256(student.encode()).hexdigest()[:6]}"


def _start(config: "Config") -> "NbGraderAPI":
    from nbgrader.apps import NbGraderAPI

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    beside = str(Path(sys.executable).parent)  # nbgrader calls alembic
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ["PATH"]])
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.ERROR)
    return api


def _config(course: Path, database: str, show_hidden: bool) -> "Config":
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
    from nbgrader import preprocessors as steps
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.db_url = database
    config.CourseDirectory.submitted_directory = "submitted_clean"
    config.Autograde.sanitize_preprocessors = [
        steps.DeduplicateIds,
        steps.OverwriteKernelspec,
        steps.OverwriteCells,
        steps.CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        steps.LimitOutput,
        steps.SaveAutoGrades,
        steps.CheckCellMetadata,
    ]
    config.GenerateFeedback.preprocessors = [
        steps.GetGrades,
        *([] if show_hidden else [feedback.hiding()]),
        CSSHTMLHeaderPreprocessor,
    ]
    config.BaseConverter.permissions = 600
    config.HTMLExporter.sanitize_html = True
    return config


def _demand(found: dict, what: str) -> None:
    if not found["success"]:
        words = (found.get("log") or found.get("error") or "")[-1500:]
        raise StoreError(f"{what} could not be stored. nbgrader: {words}")


def _is(mark: Path, text: str) -> bool:
    return mark.exists() and mark.read_text(encoding="utf-8") == text


# -- the clean notebook -----------------------------------------------------


def clean_notebook(
    lab: Lab, result: dict, show_hidden: bool = True
) -> NotebookNode:
    """Return the lab with the student's text and the verdicts as outputs."""
    whole = nbformat.reads(lab.source.decode(), 4)
    sources = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in whole.cells
        if labs.is_check(cell)
    }
    nb = labs.student_version(whole)
    sent = list(enumerate(result["cells"]))
    answers = {c.get("id"): (n, c) for n, c in reversed(sent) if c.get("id")}
    verdicts = {check["id"]: check for check in result["checks"]}
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if labs.is_check(cell):
            check = dict(verdicts[name])
            if not show_hidden:
                check["message"] = feedback.told(
                    check["message"], sources[name]
                )
            cell.outputs = _verdict(check)
        elif labs.is_answer(cell) and name in answers:
            number, answer = answers[name]
            _fill(cell, answer, result["outputs"].get(str(number), []))
    nb.cells += _others(nb, result["cells"])
    return nb


def _fill(cell: NotebookNode, answer: dict, outputs: list) -> None:
    source = clean(str(answer.get("source", "")))[:200_000]
    if cell.cell_type == "markdown":
        cell.source = plain_markdown(source)
        return
    cell.source = source
    cell.outputs = [new for o in outputs[:20] if (new := _output(o))]


def plain_markdown(text: str) -> str:
    """Return Markdown in which HTML, links and pictures are text.

    A link could run a script in the reader's browser, and a picture could
    tell a server who has read the page.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return text.replace("](", "]&#40;").replace("]:", "]&#58;")


def _output(output: object) -> NotebookNode | None:
    """Return an output as text or picture; nothing else is shown."""
    if not isinstance(output, dict):
        return None
    for key in ("text", "error"):
        if isinstance(output.get(key), str):
            text = clean(output[key])[:TEXT]
            return nbformat.v4.new_output("stream", name="stdout", text=text)
    with contextlib.suppress(TypeError, ValueError):
        if base64.b64decode(output.get("png"), validate=True)[:8] == PNG:
            data = {"image/png": output["png"]}
            return nbformat.v4.new_output("display_data", data)
    return None


def _verdict(check: dict) -> list[NotebookNode]:
    if not check["passed"]:
        message = check["message"] or "This check failed."
        return [
            nbformat.v4.new_output(
                "error",
                ename="Failed",
                evalue=message,
                traceback=[message],
            )
        ]
    if not check["printed"]:
        return []
    text = check["printed"][:TEXT]
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]


def _others(nb: NotebookNode, sent: list[dict]) -> list[NotebookNode]:
    """Return cells that students added, as plain code."""
    known = {cell.source for cell in nb.cells}
    added = [
        clean(str(cell.get("source", "")))[:TEXT]
        for cell in sent
        if cell.get("kind") == "code" and not cell.get("id")
    ]
    cells = [
        nbformat.v4.new_code_cell(source)
        for source in added[:100]
        if source.strip() and source not in known
    ]
    return [nbformat.v4.new_markdown_cell(OTHERS), *cells] if cells else []
