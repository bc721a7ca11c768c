"""Records, and the pages Reproductions and Status that are made of them."""

import dataclasses
import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import notebooks
from tools.bookext import recorded, reproductions, status, tables
from topoi import claims, records

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


def row(claim=CLAIM, stored=None, full=None, found=None):
    verdict = reproductions.verdict_now(claim, stored, found)
    cells = reproductions.claim_row(claim, verdict, stored, full, found)
    return tables.cells(cells)


def test_row_links_to_the_card_and_shows_both_scales(book):
    stored = recorded.stored_measurements(book)["demo/count"]
    full = recorded.full_measurements(book)["demo/count"]
    html = row(CLAIM, stored, full)
    assert cells(html) == [
        "Author 2020",
        "a < b",
        "5",
        "4.0",
        "4.9 big GPU",
        "Partly reproduced",
    ]
    assert 'href="../chapters/demo.html#claim-demo-count"' in html


def test_the_value_and_not_the_entry_decides_the_verdict(book):
    notebook, stored = recorded.stored_measurements(book)["demo/count"]
    moved = dataclasses.replace(stored, value=9)
    full = {"value": 5, "text": "5.0", "device": "GPU"}
    assert cells(row(CLAIM, (notebook, moved), full))[4:] == [
        "5.0 GPU Partly reproduced",
        "Not reproduced",
    ]


def test_claim_without_a_value_keeps_its_row():
    assert cells(row())[3:] == [tables.EMPTY] * 3
    claim = dataclasses.replace(CLAIM, expected="not-tested", intervals={})
    assert cells(row(claim))[-1] == "Not tested"


def test_our_own_measurement_has_no_paper():
    intervals = {"measured": {"max": 6}, "moved": {}}
    claim = dataclasses.replace(
        CLAIM, kind="ours", intervals=intervals, expected="measured"
    )
    assert cells(row(claim)) == ["a < b", *[tables.EMPTY] * 3]


def test_a_survey_shows_its_seeds_and_decides():
    claim = dataclasses.replace(CLAIM, survey=True)
    seeds = (6.5, 7.0, 7.5)
    found = claims.Spread(7.0, "7.0", "6.8", "7.2", "median", seeds)
    html = row(claim, found=found)
    assert cells(html)[3] == "7.0 6.8 to 7.2, 3 seeds"
    assert cells(html)[-1] == "Not reproduced"
    assert html.count("<circle") == 3
    assert 'aria-label="survey of 3 seeds: median 7.0' in html


def test_kinds_are_counted_apart_and_experiments_come_first():
    names = {"experiment": "partly", "theorem": "holds", "ours": "moved"}
    rows = [
        (dataclasses.replace(CLAIM, kind=kind), verdict, [("A", "a")])
        for kind, verdict in reversed(names.items())
    ]
    sections = [
        reproductions.section(kind, rows) for kind in reproductions.SECTIONS
    ]
    for part, verdict in zip(sections, names.values(), strict=True):
        soup = BeautifulSoup(part[1].astext(), "html.parser")
        (item,) = soup.find_all("li")
        assert item["data-verdict"] == verdict
        assert item.b.get_text() == "1"


def test_topics_stand_in_the_order_of_the_book():
    ledger = dict.fromkeys(["tropical/b", "cnn/a", "tropical/a", "rl/a"])
    ids = list(reproductions.in_order(ledger, notebooks.ROOT))
    assert ids == ["cnn/a", "rl/a", "tropical/b", "tropical/a"]


def test_claims_that_were_not_run_are_counted_as_such():
    html = reproductions.tally(["partly", None, None])
    soup = BeautifulSoup(html, "html.parser")
    texts = [item.get_text(" ", strip=True) for item in soup.find_all("li")]
    assert texts == ["1 Partly reproduced", "2 not run yet"]


def test_status_shows_record_and_rerun(book):
    record = {"seconds": 20.0, "memory_mb": 700, "executed": "2026-01-01"}
    test = {"seconds": 31.2, "passed": False, "date": "2026-01-03"}
    (full,) = recorded.full_runs(book)
    line = status.status_row("chapters/demo.ipynb", record, test, full)
    html = tables.cells(line)
    assert cells(html) == [
        "chapters/demo",
        "20.0",
        "700 MB",
        "2026-01-01",
        "failed, 31 s, 2026-01-03",
        "12 s big GPU, jax",
    ]
    assert 'width="60.0"' in html, "half of the budget is half of the bar"


def test_surveys_are_listed_by_topic():
    entry = {"units": {"0": {}, "1": {}}, "cpu_seconds": 5.0}
    entry |= {"date": "2026-02-03", "device": "CPU"}
    html = status.survey_table({"demo/a": entry, "demo/b": entry})
    assert cells(html) == ["demo", "2", "4", "10", "2026-02-03", "CPU"]
    assert status.survey_table({}) == ""


def test_full_runs_are_listed_or_said_to_be_missing(book):
    runs, failed = recorded.full_runs(book), recorded.failed_runs(book)
    rows = cells(status.full_table(runs, failed))
    assert rows[:2] == ["chapters/demo", "12"]
    assert rows[4:7] == ["big GPU", "passed", "chapters/other"]
    assert rows[-1] == "failed"
    assert "No run at full size" in status.full_table([], [])


def test_kept_records_stand_beside_those_of_this_copy(book):
    """The newest run of a notebook is the one that the book shows."""
    (run,) = recorded.full_runs(book)
    kept = run | {"started": "2027-01-01T00:00:00", "claims": [STORED]}
    (book / "records" / "full").mkdir(parents=True)
    path = book / "records" / "full" / "chapters-demo-jax.json"
    path.write_text(json.dumps(run))
    assert recorded.full_runs(book) == [run], "the same run, kept"
    path.write_text(json.dumps(kept))
    assert len(recorded.full_runs(book)) == 2
    assert recorded.full_measurements(book)["demo/count"]["text"] == "4.0"


# -- damaged files ----------------------------------------------------------

DAMAGED = ["", "{", "[]", "null", "5", '{"seconds": 3}', "\xff\xfe"]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_run_counts_as_none_and_is_named(book, text, capsys):
    path = book / "records" / "full" / "chapters-demo-torch.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))
    (run,) = recorded.full_runs(book)
    assert run["device"] == "big GPU"
    assert "chapters-demo-torch.json: damaged" in capsys.readouterr().err


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_refresh_counts_as_none(book, text, capsys):
    path = book / "records" / "small" / "chapters-demo.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))
    assert recorded.refreshes(book) == {}
    assert "counts as none" in capsys.readouterr().err


def test_a_record_is_written_whole(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "record.json"
    records.write(path, {"a": 1})
    assert records.read(path) == {"a": 1}

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(records.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        records.write(path, {"a": 2})
    assert records.read(path) == {"a": 1}
    assert list(path.parent.iterdir()) == [path]
    assert records.read(tmp_path / "none.json") is None


def test_every_record_belongs_to_a_notebook():
    paths = notebooks.notebooks()
    names = {notebooks.record_file(path).name for path in paths}
    kept = {p.name for p in notebooks.RECORDS.glob("*.json")}
    assert kept <= names
