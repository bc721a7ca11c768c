"""Make the student notebooks of the labs.

    python -m tools.labs --out build/labs [--zip FILE] [labs/cnn.ipynb ...]

A lab is stored with its solutions, in nbgrader's format. Its student version
is what nbgrader would release: stubs for the solutions, no hidden tests, no
outputs, checks locked. It is generated where it is needed, never committed.

A notebook that is already there and differs may hold somebody's work: it is
kept, and the command says so. The zip file holds everything a student needs,
always fresh: notebooks, library, data sets, pinned requirements.
"""

import argparse
import re
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from tools.notebooks import ROOT, read, write
from tools.release import release
from topoi import data
from topoi.lab import PROGRESS_TAG, is_answer, is_check

CHECK = "-check"  # ends the name of a check: "sizes" has "sizes-check"
FOLDER = "topoi-labs"  # what the zip file unpacks to
# what a student installs: all labs, or those that train no network
LOCKS = {"requirements.txt": "labs.txt", "light.txt": "labs-light.txt"}
ZIP = "topoi-labs.zip"
# The first cell of a student notebook, for one that was downloaded alone;
# even a Python that cannot read the library can read it.
LIBRARY = """\
# Does this Python have what the lab needs?
import importlib.util
import sys

needed = {needed}
missing = [n for n in needed if importlib.util.find_spec(n) is None]
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    raise ImportError(
        "This lab needs Python 3.11, 3.12 or 3.13, and this is Python "
        + sys.version.split()[0]
    )
if "topoi" in missing:
    raise ImportError(
        "This lab needs the library topoi, which lies in the zip file of all "
        "labs: take that from the book's page 'Getting the labs', unpack it, "
        "and open this notebook in its folder."
    )
if missing:
    raise ImportError(
        "This lab needs " + " and ".join(missing) + ". In the folder of the "
        "labs: " + sys.executable + " -m pip install --require-hashes "
        "-r requirements.txt"
    )
"""
HOW_FAR = """\
## How far am I?

The cell below runs the check of every exercise and shows which ones pass.
"""


class LabError(ValueError):
    """A lab breaks a rule of the house; the message says which."""


class Exercise(NamedTuple):
    """One exercise: the cells of its answer and of its check."""

    name: str
    answer: NotebookNode
    check: NotebookNode

    @property
    def points(self) -> int:
        """Points that the check gives."""
        return self.check.metadata.nbgrader.points


def labs() -> list[Path]:
    """Return the notebooks of all labs, in a fixed order."""
    return sorted(ROOT.glob("labs/*.ipynb"))


def exercises(nb: NotebookNode) -> list[Exercise]:
    """Return the exercises that are checked by machine, in order.

    Raises
    ------
    LabError
        If an answer is not followed by its check before the next answer.
    """
    cells = [c for c in nb.cells if c.cell_type == "code"]
    cells = [c for c in cells if is_answer(c) or is_check(c)]
    names = [c.metadata.nbgrader.grade_id for c in cells]
    wanted = [name + CHECK for name in names[::2]]
    if names[1::2] != wanted or any(map(is_check, cells[::2])):
        raise LabError(
            "Each answer cell NAME needs one check cell NAME-check before "
            f"the next answer, but the cells are {', '.join(names)}."
        )
    pairs = zip(names[::2], cells[::2], cells[1::2], strict=True)
    return [Exercise(*pair) for pair in pairs]


def thinking(nb: NotebookNode) -> list[NotebookNode]:
    """Return the answers that a person reads: free text, graded by hand."""
    return [c for c in nb.cells if is_answer(c) and c.cell_type == "markdown"]


def student_version(nb: NotebookNode) -> NotebookNode:
    """Return what students receive; the argument stays as it is.

    A release whose text needs no extension of Jupyter: see `plain_text`.
    """
    student = release(nb)
    for cell in student.cells:
        if cell.cell_type == "markdown":
            cell.source = plain_text(cell.source)
    return student


def plain_text(text: str) -> str:
    """Return Markdown without MyST, so that plain Jupyter folds the hints.

    Dropdowns become HTML details, other boxes quotations under their title,
    definition lists bullet points; marks such as ``{.tt-level}`` and links
    into the book fall away.
    """
    text = re.sub(r"^(\w.*)\n: ", r"- **\1:** ", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^]]*)\]\{[^}]*\}", r"*\1*,", text)
    text = re.sub(r"\[([^]]*)\]\(\.\./[^)]*\)", r"\1", text)
    return BOX.sub(_plain_box, text)


BOX = re.compile(
    r"^(:{3,})\{(\w+)\}([^\n]*)\n(?::[^\n]*\n)*(.*?)\n\1$", re.M | re.S
)


def _plain_box(match: re.Match) -> str:
    kind, title, body = match[2], match[3].strip(), match[4]
    if kind == "dropdown":
        summary = f"<details>\n<summary>{title}</summary>"
        return f"{summary}\n\n{body}\n\n</details>"
    if kind == "admonition":
        lines = [f"**{title}**", "", *body.split("\n")]
        return "\n".join(f"> {line}".rstrip() for line in lines)
    return body


def student_name(path: Path) -> str:
    """Return the file name of a lab's student version."""
    return f"{path.stem}-student.ipynb"


def student_notebook(path: Path) -> NotebookNode:
    """Return a lab's student version with a first and a last cell of ours.

    The first one says what to do where the library is missing; the last one
    asks how far the student is.
    """
    student = student_version(read(path))
    code = [c.cell_type == "code" for c in student.cells]
    guard = LIBRARY.format(needed=needed(student)).rstrip()
    student.cells.insert(
        code.index(True), nbformat.v4.new_code_cell(guard, id="library")
    )
    call = f'from topoi import lab\n\nlab.progress("{path.stem}")'
    student.cells += [
        nbformat.v4.new_markdown_cell(HOW_FAR.rstrip(), id="how-far"),
        nbformat.v4.new_code_cell(
            call, id="progress", metadata={"tags": [PROGRESS_TAG]}
        ),
    ]
    return student


def needed(nb: NotebookNode) -> tuple[str, ...]:
    """Return the modules without which a lab cannot begin."""
    sources = "\n".join(c.source for c in nb.cells if c.cell_type == "code")
    light = re.search(r"runtime\.setup\(.*backend=None", sources)
    return ("topoi", "numpy") if light else ("topoi", "numpy", "keras")


def light(paths: list[Path]) -> list[str]:
    """Return the topics whose labs need neither Keras nor a backend."""
    return [p.stem for p in paths if "keras" not in needed(read(p))]


def student_readme(paths: list[Path]) -> str:
    """Return the text that stands beside the notebooks in the zip file."""
    text = (ROOT / "labs" / "README.txt").read_text(encoding="utf-8")
    names = ", ".join(light(paths))
    return text.replace("{light}", textwrap.fill(names, 79))


def write_student(path: Path, folder: Path) -> str:
    """Write a student notebook unless one is there; return what was done."""
    target = folder / student_name(path)
    student = student_notebook(path)
    if not target.exists():
        write(student, target)
        return str(target)
    if target.read_text(encoding="utf-8") == nbformat.writes(student) + "\n":
        return str(target)
    return f"{target} was edited or is older: kept. Delete it for a fresh one."


# -- the zip file -----------------------------------------------------------


def library_files() -> list[Path]:
    """Return the library and the shipped data sets, in a fixed order."""
    absent = {e.file for e in data.CATALOGUE.values() if not e.shipped}
    files = [p for p in ROOT.glob("topoi/**/*") if p.suffix != ".pyc"]
    files += ROOT.glob("datasets/**/*")
    return sorted(
        p for p in files if p.is_file() and p.name not in absent | {"build.py"}
    )


def write_zip(target: Path, chosen: list[Path]) -> None:
    """Write everything that a student needs into one file."""
    texts = (
        {
            "README.txt": student_readme(chosen),
        }
        | {
            name: (ROOT / "requirements" / lock).read_text(encoding="utf-8")
            for name, lock in LOCKS.items()
        }
        | {
            student_name(p): nbformat.writes(student_notebook(p)) + "\n"
            for p in chosen
        }
    )
    contents = {name: text.encode() for name, text in texts.items()} | {
        p.relative_to(ROOT).as_posix(): p.read_bytes() for p in library_files()
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            # A fixed date: the same sources give the same bytes.
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}")
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def main() -> int:
    """Parse the command line and write student notebooks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, metavar="DIR")
    parser.add_argument(
        "--light", action="store_true", help="print the labs without Keras"
    )
    parser.add_argument("--zip", type=Path, metavar="FILE")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NB")
    options = parser.parse_args()
    chosen = options.notebooks or labs()
    if options.light:
        print(*light(chosen))
        return 0
    if options.out is None:
        parser.error("the following arguments are required: --out")
    for path in chosen:
        try:
            print(write_student(path, options.out))
        except (OSError, ValueError, RuntimeError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
    if options.zip:
        write_zip(options.zip, chosen)
        print(options.zip)
    return 0


if __name__ == "__main__":
    sys.exit(main())
