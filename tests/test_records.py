"""`tools.bookext.records`: rows of the pages Reproductions and Status."""

import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.bookext import records
from topoi import claims

CLAIM = claims.Claim(
    id="demo/count",
    kind="experiment",
    paper="key",
    source="Author 2020",
    statement="a < b",
    paper_value="5",
    intervals={"partly": {"max": 6}, "not-reproduced": {}},
    expected="partly",
    why="w",
)
STORED = {
    "id": "demo/count",
    "value": 4,
    "text": "4.0",
    "verdict": "partly",
    "scale": "small",
    "backend": "jax",
    "device": "CPU",
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with one notebook, one measurement and one full-size run."""
    monkeypatch.setenv("BUILD", "build")
    data = {claims.MIME: STORED}
    cell = new_code_cell("1", outputs=[new_output("display_data", data=data)])
    (tmp_path / "chapters").mkdir()
    path = tmp_path / "chapters" / "demo.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    run = {
        "notebook": "chapters/demo.ipynb",
        "seconds": 12.4,
        "memory_mb": 900,
        "backend": "jax",
        "device": "big GPU",
        "started": "2026-01-02T10:00:00",
        "claims": [STORED | {"text": "4.9", "device": "big GPU"}],
    }
    folder = tmp_path / "build" / "runs" / "full" / "jax" / "chapters"
    folder.mkdir(parents=True)
    (folder / "demo.json").write_text(json.dumps(run))
    (folder / "other.failed.ipynb").write_text("{}")
    return tmp_path


def cells(html):
    soup = BeautifulSoup(html, "html.parser")
    return [td.get_text(" ", strip=True) for td in soup.find_all("td")]


def test_row_links_to_the_card_and_shows_both_scales(book):
    stored = records.stored_measurements(book)["demo/count"]
    full = records.full_measurements(book)["demo/count"]
    html = records._cells(records._claim_row(CLAIM, stored, full))
    assert cells(html) == [
        "Author 2020",
        "a < b",
        "5",
        "4.0",
        "4.9 big GPU",
        "Partly reproduced",
    ]
    assert 'href="../chapters/demo.html#claim-demo-count"' in html


def test_claim_without_a_value_keeps_its_row(book):
    row = records._claim_row(CLAIM, None, None)
    assert cells(records._cells(row))[3:5] == [records.EMPTY] * 2


def test_tally_counts_each_verdict():
    soup = BeautifulSoup(records._tally({"a": CLAIM}), "html.parser")
    counts = [item.b.get_text() for item in soup.find_all("li")]
    assert counts == ["1"]


def test_status_shows_record_and_rerun(book):
    record = {"seconds": 30.0, "memory_mb": 700, "executed": "2026-01-01"}
    test = {"seconds": 31.2, "passed": False, "date": "2026-01-03"}
    (full,) = records.full_runs(book)
    row = records._status_row("chapters/demo.ipynb", record, test, full)
    html = records._cells(row)
    assert cells(html) == [
        "chapters/demo",
        "30.0",
        "700 MB",
        "2026-01-01",
        "failed, 31 s, 2026-01-03",
        "12 s big GPU, jax",
    ]
    assert 'width="60.0"' in html, "half of the budget is half of the bar"


def test_full_runs_are_listed_or_said_to_be_missing(book):
    runs, failed = records.full_runs(book), records.failed_runs(book)
    rows = cells(records._full_table(runs, failed))
    assert rows[:2] == ["chapters/demo", "12"]
    assert rows[4:7] == ["big GPU", "passed", "chapters/other"]
    assert rows[-1] == "failed"
    assert "No run at full size" in records._full_table([], [])


def test_kept_records_stand_beside_those_of_this_copy(book):
    """The newest run of a notebook is the one that the book shows."""
    (run,) = records.full_runs(book)
    kept = run | {"started": "2027-01-01T00:00:00", "claims": [STORED]}
    (book / "records" / "full").mkdir(parents=True)
    path = book / "records" / "full" / "chapters-demo-jax.json"
    path.write_text(json.dumps(run))
    assert records.full_runs(book) == [run], "the same run, kept"
    path.write_text(json.dumps(kept))
    assert len(records.full_runs(book)) == 2
    assert records.full_measurements(book)["demo/count"]["text"] == "4.0"
