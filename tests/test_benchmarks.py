"""The harness of the benchmarks, and the table that shows its records."""

import time

import numpy as np
import pytest
from benchmarks import harness
from bs4 import BeautifulSoup

from tools.bookext import benchmarks


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """Return a bench that writes to a folder of the test."""
    for name, value in harness.KEEP_MEMORY.items():
        monkeypatch.setenv(name, value)  # else the program starts again
    monkeypatch.setattr(harness, "FOLDER", tmp_path)
    monkeypatch.setattr(harness, "SECONDS", 0.2)
    monkeypatch.setattr(harness.runtime, "setup", lambda *a, **k: None)
    return harness.Bench("toy", backend=None)


def busy(seconds: float, result: float = 1.0):
    """Return a program that computes for that CPU time."""

    def call() -> float:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return result

    return call


def test_a_ratio_above_one_means_that_ours_is_faster(bench, capsys):
    bench.compare("toy", {"ours": busy(0.002), "slow": busy(0.01)})
    (row,) = bench.rows
    low, middle, high = row["peers"][0]["ratio"]
    assert low <= middle <= high
    assert middle > 2
    assert "times ours" in capsys.readouterr().out


def test_another_result_is_not_timed(bench):
    programs = {"ours": busy(0.0), "wrong": busy(0.0, 1.01)}
    with pytest.raises(harness.Disagreement, match="ours and wrong differ"):
        bench.compare("toy", programs)
    assert bench.rows == []
    bench.compare("toy", programs, agree=None)
    assert len(bench.rows) == 1


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        (np.array([1.0, 2.0]), True),
        (np.array([1.0, 2.0001]), True),
        (np.array([1.0, 2.1]), False),
        (np.array([[1.0, 2.0]]), False),
        (np.array([1.0, np.nan]), False),
    ],
)
def test_results_agree_relative_to_the_largest_entry(theirs, same):
    assert harness.agrees(np.array([1.0, 2.0]), theirs, 1e-3) is same


def test_programs_take_turns():
    calls = []
    programs = {n: lambda n=n: calls.append(n) for n in ("a", "b")}
    seconds = harness.take_turns(programs)
    order = "".join(calls)
    # after one call each: blocks of repeats, alternating
    blocks = [order[0]]
    for name in order:
        if name != blocks[-1]:
            blocks.append(name)
    assert len(blocks) == 2 * (len(seconds["a"]) + 1)


def test_a_record_is_shown_and_a_damaged_one_is_not(bench, tmp_path, capsys):
    bench.compare("2 x 2 <toy>", {"ours": busy(0.001), "peer": busy(0.002)})
    path = bench.store()
    folder = tmp_path / "records" / "bench"
    folder.mkdir(parents=True)
    path.rename(folder / path.name)
    (folder / "broken.json").write_text("{")
    found = benchmarks.bench_records(tmp_path)
    assert list(found) == ["toy"]
    assert "counts as none" in capsys.readouterr().err
    soup = BeautifulSoup(benchmarks.benchmark_table(found), "html.parser")
    cells = [cell.get_text() for cell in soup.tbody.find_all("td")]
    assert cells[:2] == ["toy", "2 x 2 <toy>"]
    assert cells[3].startswith("peer, ")


def test_without_records_the_table_is_a_sentence(tmp_path):
    found = benchmarks.bench_records(tmp_path)
    assert "No benchmark" in benchmarks.benchmark_table(found)
