"""The reproduction ledger against the notebooks."""

import re

import gates
from tools import notebooks
from topoi import claims

NOTEBOOKS = notebooks.notebooks()


def test_ledger_and_notebooks_agree():
    stored = [m for path in NOTEBOOKS for m in claims.read_stored(path)]
    checked = set().union(*(gates.checked_ids(path) for path in NOTEBOOKS))
    checked |= {m.id for m in stored}  # an id may be put together in a loop
    ledger = claims.load_ledger()
    assert gates.ledger_problems(ledger, stored, checked) == []


def test_every_paper_is_in_the_bibliography():
    text = (gates.ROOT / "references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"@\w+\{([^,]+),", text))
    papers = {claim.paper for claim in claims.load_ledger().values()}
    assert papers - keys == set()


def test_ids_name_their_topic():
    topics = {path.stem for path in NOTEBOOKS}
    assert {i.split("/")[0] for i in claims.load_ledger()} <= topics
