"""Style, spelling, pairs and normal form of everything in the house."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import code_gates
import gates
from tools import notebooks, toc

ROOT = gates.ROOT
NOTEBOOKS = notebooks.notebooks()


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_id)
def test_notebook_is_as_committed_notebooks_are(path):
    assert gates.notebook_problems(path) == []


def test_each_chapter_has_a_lab_and_both_are_in_the_contents():
    topics = {
        folder: {p.stem for p in NOTEBOOKS if p.parent.name == folder}
        for folder in ("chapters", "labs")
    }
    problems = gates.pair_problems(
        topics["chapters"], topics["labs"], toc.pages()
    )
    assert problems == []


def test_who_imports_whom():
    needs = code_gates.topic_needs()
    assert code_gates.layering_problems(ROOT, needs) == []
    assert code_gates.circle_problems(ROOT) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_id)
def test_pages_import_topics_alike_and_show_public_names(path):
    problems = code_gates.page_import_problems(path, code_gates.topic_needs())
    problems += code_gates.private_problems(path)
    code = code_gates.notebook_code(path)
    problems += code_gates.unseeded_problems(code)
    if path.parent.name == "chapters":
        problems += code_gates.long_cell_problems(path)
    assert problems == []


def test_no_name_means_two_things():
    topics = set(code_gates.topic_needs())
    assert code_gates.shared_name_problems(ROOT / "topoi", topics) == []


PACKAGES = sorted(p.parent for p in (ROOT / "topoi").rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=_id)
def test_every_package_is_a_map(package):
    elsewhere = set(code_gates.topic_needs())
    assert code_gates.map_problems(package, elsewhere) == []


@pytest.mark.parametrize(
    "folder", ["topoi", "tests", "surveys", "datasets", "servers"]
)
def test_all_randomness_has_a_seed(folder):
    problems = [
        f"{_id(path)}, {problem}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "fixtures" not in path.parts
        for problem in code_gates.unseeded_problems(path.read_text("utf-8"))
    ]
    assert problems == []


def test_topics_are_known_and_their_needs_have_no_cycle():
    entries = yaml.safe_load((ROOT / "topics.yml").read_text())["topics"]
    needs = {entry["id"]: set(entry["needs"]) for entry in entries}
    chapters = {p.stem for p in NOTEBOOKS if p.parent.name == "chapters"}
    assert chapters <= set(needs)
    while needs:
        ready = {topic for topic, before in needs.items() if not before}
        assert ready, f"a cycle, or an unknown topic, among {sorted(needs)}"
        needs = {t: b - ready for t, b in needs.items() if t not in ready}


def test_every_data_card_is_on_the_data_page():
    page = (ROOT / "book" / "data.md").read_text()
    cards = {card.name for card in (ROOT / "datasets").glob("*.md")}
    assert set(re.findall(r"datasets/(\w+\.md)", page)) == cards


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_code_and_notebooks_follow_the_style(command):
    run = _tool("ruff", *command.split(), "--no-cache", ".")
    assert run.returncode == 0, run.stdout + run.stderr


def test_spelling(tmp_path):
    for path in NOTEBOOKS:
        text = tmp_path / f"{path.parent.name}-{path.stem}.md"
        text.write_text(gates.prose(path), encoding="utf-8")
    sources = [str(p) for p in ROOT.glob("*.md")]
    folders = ["book", "topoi", "tests", "tools", "datasets", "servers"]
    folders += ["claims", "surveys"]
    run = _tool(
        "codespell_lib",
        "--toml=pyproject.toml",
        "--skip=*.npz,*.json,*.gz,__pycache__,*.csv",
        str(tmp_path),
        *sources,
        *folders,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_lock_has_hashes_and_no_address():
    text = (ROOT / "requirements" / "lock.txt").read_text()
    assert "://" not in text
    pins = re.findall(r"^\S+==\S+", text, flags=re.MULTILINE)
    assert len(pins) > 100
    assert text.count("--hash=sha256:") >= len(pins)


def _tool(module: str, *arguments: str):
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
