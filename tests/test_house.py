"""Style, spelling, pairs and normal form of everything in the house."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
