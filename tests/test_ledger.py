"""The reproduction ledger against the notebooks."""

import re

import pytest
import yaml

import gates
from tools import notebooks
from topoi import claims

NOTEBOOKS = notebooks.notebooks()
LEDGER = claims.load_ledger()
TOPICS = sorted({path.stem for path in NOTEBOOKS})


@pytest.mark.parametrize("topic", TOPICS)
def test_ledger_and_notebooks_agree(topic):
    paths = [path for path in NOTEBOOKS if path.stem == topic]
    stored = [m for path in paths for m in claims.read_stored(path)]
    checked = set().union(*(gates.checked_ids(path) for path in paths))
    checked |= {m.id for m in stored}  # an id may be put together in a loop
    entries = {i: c for i, c in LEDGER.items() if claims.topic_of(i) == topic}
    assert gates.ledger_problems(entries, stored, checked) == []


def test_every_paper_is_in_the_bibliography():
    text = (gates.ROOT / "references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"@\w+\{([^,]+),", text))
    papers = {claim.paper for claim in LEDGER.values() if claim.paper}
    assert papers - keys == set()


def test_each_file_of_the_ledger_is_a_topic():
    topics = yaml.safe_load((gates.ROOT / "topics.yml").read_text())["topics"]
    files = {path.stem for path in (gates.ROOT / "claims").glob("*.yml")}
    assert files <= {topic["id"] for topic in topics}
