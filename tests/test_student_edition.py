"""What students receive holds no solution: a book, notebooks, a zip file.

Secrets are found in the stored labs by their markers: answers, model answers
and hidden tests. As code tokens they are cut into runs of ten; runs that the
chapters, the library or the student notebooks hold as well are no secrets.
"""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from html import unescape
from itertools import chain

import nbformat
import pytest

import gates
from tools import labs, toc
from tools.bookext import labs as pages
from tools.bookext.search import PlainEnglish

BUILD = gates.ROOT / os.environ.get("BUILD", "build")
HTML = BUILD / "student" / "_build" / "html"
FULL = BUILD / "_build" / "html"
LABS = [p for p in labs.labs() if f"labs/{p.stem}" in toc.pages()]
RUN = 10
REGION = re.compile(
    r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.S
)


def tokens(text):
    return re.findall(r"\w+|[^\w\s]", text)


def runs(text):
    words = tokens(text)
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def texts(nb):
    """Yield sources and printed outputs of a notebook."""
    for cell in nb.cells:
        yield cell.source
        for output in cell.get("outputs", []):
            yield output.get("text", "")


def secrets(path):
    """Yield the parts of a lab that are not for students."""
    for cell in labs.read(path).cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution") and cell.cell_type == "markdown":
            yield cell.source
        yield from (found[2] for found in REGION.finditer(cell.source))


def public():
    """Yield what students may see: other rooms, and their own notebooks."""
    for path in sorted(gates.ROOT.glob("chapters/*.ipynb")):
        yield from texts(labs.read(path))
    for path in LABS:
        yield from texts(labs.student_version(labs.read(path)))
    for path in sorted(gates.ROOT.glob("topoi/**/*.py")):
        yield path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def secret_runs():
    known = set().union(*map(runs, public()))
    found = {p.stem: set().union(*map(runs, secrets(p))) for p in LABS}
    return {topic: telling(some - known) for topic, some in found.items()}


def telling(some):
    """Return the runs with a word: figures and signs alone tell nothing."""
    return {
        run for run in some if any(re.search(r"[^\W\d_]{2}", w) for w in run)
    }


def words_of_site(folder):
    """Return every run of tokens that a built site shows."""
    found = set()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            text = re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8"))
            found |= runs(unescape(text))
        elif path.suffix == ".ipynb":
            found |= set().union(*map(runs, texts(labs.read(path))))
        elif path.name.endswith(".txt"):
            found |= runs(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (HTML / "index.html").exists():
        pytest.fail(f"{HTML} holds no book: run `make book EDITION=student`")


def test_the_student_edition_has_every_page():
    assert toc.missing(HTML) == []


def test_no_page_of_the_student_edition_holds_a_secret(secret_runs):
    """Control: the pages of the full edition do hold them."""
    student, full = words_of_site(HTML), words_of_site(FULL / "labs")
    for topic, secret in secret_runs.items():
        assert len(secret) > 100, topic
        assert len(secret & full) > 50, topic
        assert secret & student == set(), topic


def terms(folder):
    """Return the words under which the search offers a page of a lab."""
    text = (folder / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").rstrip(";)\n"))
    pages = {
        n
        for n, name in enumerate(index["docnames"])
        if name.startswith("labs/") or name == "book/teaching"
    }
    return {
        word
        for word, places in index["terms"].items()
        if pages & {*(places if isinstance(places, list) else [places])}
    }


def stems(texts):
    """Return words as the index has them."""
    language = PlainEnglish({})
    words = {word for text in texts for word in language.split(text)}
    return {language.stem(word) for word in words}


def test_the_search_of_the_student_edition_finds_no_secret():
    """Oracle: words that stand in secrets only; the full edition has them."""
    rooms = gates.ROOT.glob("book/*.md")
    shown = chain(public(), (p.read_text(encoding="utf-8") for p in rooms))
    known = stems(shown)
    hidden = stems(text for path in LABS for text in secrets(path))
    assert len(terms(FULL) & hidden - known) > 5
    assert terms(HTML) & hidden - known == set()


def test_lab_pages_of_the_student_edition_offer_nothing_to_unfold():
    for path in LABS:
        nb = labs.read(path)
        page = pages.lab_page(nb, "x", solutions=False)
        nbformat.validate(page)
        assert not any(c.id.endswith("-solution") for c in page.cells)
        text = nbformat.writes(page)
        assert "model answer" not in text
        assert "YOUR ANSWER HERE" in text
        for cell in page.cells:
            assert not (labs.is_answer(cell) and cell.get("outputs"))


def test_an_unknown_edition_is_refused(monkeypatch):
    monkeypatch.setenv("EDITION", "pupil")
    with pytest.raises(ValueError, match="full, student, but .* 'pupil'"):
        pages.edition()


# -- the zip file -----------------------------------------------------------


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zip")
    labs.write_zip(folder / "labs.zip", LABS)
    with zipfile.ZipFile(folder / "labs.zip") as archive:
        archive.extractall(folder)
    return folder / labs.FOLDER


def test_zip_file_holds_no_secret(unpacked, secret_runs):
    found = set()
    for path in unpacked.glob("*.ipynb"):
        found |= set().union(*map(runs, texts(labs.read(path))))
    secret = set().union(*secret_runs.values())
    assert found & secret == set()


def test_zip_file_needs_nothing_from_elsewhere(unpacked):
    """The library and each data set load in it, outside of this project."""
    code = (
        "import topoi, sys; from topoi import data, lab; "
        "[data.load(n) for n in data.names(shipped=True)]; "
        "print(topoi.__file__, lab.progress('cnn', {}).headline)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=unpacked,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(str(unpacked))
    assert "cnn: 0 of" in run.stdout


def test_zip_file_is_the_same_every_time(unpacked):
    labs.write_zip(unpacked / "again.zip", LABS)
    first = (unpacked.parent / "labs.zip").read_bytes()
    assert (unpacked / "again.zip").read_bytes() == first


def test_students_install_what_labs_import(unpacked):
    """Every list in the zip has hashes; the light one is for light labs."""
    imported = {name: set() for name in labs.LOCKS}
    for path in LABS:
        nb = labs.read(path)
        light = "keras" not in labs.needed(nb)
        found = set().union(
            *(imports(c.source) for c in nb.cells if c.cell_type == "code")
        )
        imported["requirements.txt"] |= found
        imported["light.txt"] |= found if light else set()
    for name in labs.LOCKS:
        text = (unpacked / name).read_text()
        pins = set(re.findall(r"^([\w-]+)==", text, re.M)) | {"sklearn"}
        assert text.count("--hash=sha256:") >= len(pins) - 1 > 90
        absent = imported[name] - {*sys.stdlib_module_names, "topoi"}
        assert absent <= {pin.replace("-", "_") for pin in pins}
    assert "tensorflow" not in (unpacked / "light.txt").read_text()


def imports(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]
