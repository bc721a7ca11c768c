"""`topoi.survey`: units by seed, killed and resumed, read and compared."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from topoi import runtime, survey
from topoi.survey import SurveyError, paired

TOY = '''
import os
from pathlib import Path

import numpy as np

from topoi.survey import survey

FOLDER = Path(__file__).parent


def lead(unit):
    return unit["ours"] - unit["baseline"]


@survey("toy/lead", seeds=range(6), value=lead)
def two_methods(seed):
    """Draws from generators that nobody here has seeded."""
    with (FOLDER / "started.txt").open("a") as file:
        file.write(f"{seed}\\n")
    if seed == 3 and (FOLDER / "trap").exists():
        (FOLDER / "trap").unlink()
        os.kill(os.getpid(), 9)
    import keras

    ours = float(keras.random.uniform(()))
    return {"ours": ours, "baseline": float(np.random.rand())}


@survey("toy/share", seeds=[4, 9], reduce="mean")
def one_number(seed):
    return {"right": seed > 5}
'''


def command(folder, *more):
    return [
        *(sys.executable, "-m", "topoi.survey", "--topic", "toy"),
        *("--folder", str(folder), "--out", str(folder / "records"), *more),
    ]


def finish(folder, *more):
    done = subprocess.run(
        command(folder, *more),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=runtime.ROOT,
    )
    return done.returncode, done.stdout + done.stderr


def surveys(folder):
    text = (folder / "records" / "toy.json").read_text()
    return json.loads(text)["surveys"]


def started(folder):
    return (folder / "started.txt").read_text().split()


def fresh(folder, name):
    place = folder / name
    place.mkdir()
    (place / "toy.py").write_text(TOY)
    return place


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A survey that ran undisturbed."""
    folder = fresh(tmp_path_factory.mktemp("survey"), "whole")
    code, text = finish(folder)
    assert code == 0, text
    return folder


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_killed_with_9_it_loses_one_unit_and_resumes_to_the_same(
    whole, tmp_path
):
    folder = fresh(tmp_path, "killed")
    (folder / "trap").touch()
    code, _ = finish(folder)
    assert code == -signal.SIGKILL
    kept = surveys(folder)["toy/lead"]
    assert list(kept["units"]) == ["0", "1", "2"]
    assert "value" not in kept, "an unfinished survey decides nothing"
    code, text = finish(folder)
    assert code == 0, text
    assert started(folder) == ["0", "1", "2", "3", "3", "4", "5"]
    for name, entry in surveys(whole).items():
        again = surveys(folder)[name]
        assert again["value"] == entry["value"]
        for seed, unit in entry["units"].items():
            assert again["units"][seed]["values"] == unit["values"]


def test_a_finished_survey_is_not_measured_again(whole):
    before = started(whole)
    code, text = finish(whole)
    assert code == 0
    assert "toy/lead: 0 of 6 seeds to run" in text
    assert started(whole) == before


def test_record_says_when_and_on_what(whole):
    entry = surveys(whole)["toy/lead"]
    assert {"date", "device", "backend", "keras", "numpy"} <= set(entry)
    assert len(entry["commit"]) in (0, 40)
    assert all(u["seconds"] >= 0 for u in entry["units"].values())


def test_load_gives_values_by_seed_and_the_decisive_one(whole):
    found = survey.load("toy/lead", whole / "records")
    difference = found.values["ours"] - found.values["baseline"]
    np.testing.assert_allclose(found.by_seed, difference)
    assert found.seeds == tuple(range(6))
    assert found.value == found.median == pytest.approx(np.median(difference))
    assert found.paired("ours", "baseline").n == 6
    low, high = found.quartiles
    assert low <= found.median <= high
    share = survey.load("toy/share", whole / "records")
    assert (share.value, share.reduced_by) == (0.5, "mean")


def test_changed_code_is_measured_anew_and_more_seeds_are_added(
    tmp_path, monkeypatch
):
    """In this process: only the seeds that are missing are run."""
    ran = []

    def declare(seeds, factor):
        source = (
            "from topoi.survey import survey\n"
            f"@survey('demo/x', seeds={seeds})\n"
            "def unit(seed):\n"
            f"    return {{'x': {factor} * seed}}\n"
        )
        (tmp_path / "demo.py").write_text(source)

    measure = survey._measure
    monkeypatch.setattr(
        survey,
        "_measure",
        lambda declared, seed: ran.append(seed) or measure(declared, seed),
    )
    monkeypatch.setattr(survey, "_facts", dict)
    for seeds, factor, expected in (
        ([0, 1], 1, [0, 1]),
        ([0, 1, 2], 1, [2]),
        ([1, 2], 1, []),
        ([1, 2], 10, [1, 2]),
    ):
        declare(seeds, factor)
        survey.run("demo", tmp_path, tmp_path)
        assert ran == expected
        found = survey.load("demo/x", tmp_path)
        assert list(found.values["x"]) == [factor * seed for seed in seeds]
        ran.clear()
    survey.run("demo", tmp_path, tmp_path, only="demo/x", again=True)
    assert ran == [1, 2]


# -- what is refused --------------------------------------------------------


def demo(folder, body, head="@survey('demo/x', seeds=range(2))"):
    text = f"from topoi.survey import survey\n{head}\ndef unit(seed):\n"
    (folder / "demo.py").write_text(text + f"    return {body}\n")
    survey.run("demo", folder, folder)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("0.5", "a unit returns a dict of numbers"),
        ("{}", "a unit returns a dict of numbers"),
        ("{'x': float('nan')}", "seed 0 measured NaN for x"),
    ],
)
def test_unit_that_is_no_measurement_is_refused(tmp_path, body, message):
    with pytest.raises(SurveyError, match=message):
        demo(tmp_path, body)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("@survey('demo/x', seeds=[])", "needs seeds, each once"),
        ("@survey('demo/x', seeds=[1, 1])", "needs seeds, each once"),
        ("@survey('demo/x', seeds=[1], reduce='best')", "reduce is one of"),
        ("@survey('other/x', seeds=[1])", "declares other/x"),
    ],
)
def test_wrong_declaration_is_refused(tmp_path, head, message):
    with pytest.raises(SurveyError, match=message):
        demo(tmp_path, "{'x': 1.0}", head)


def test_unknown_topic_lists_those_with_surveys(tmp_path):
    (tmp_path / "cnn.py").touch()
    with pytest.raises(SurveyError, match="Topics with surveys: cnn"):
        survey.declared_in("gna", tmp_path)


def test_missing_and_unfinished_surveys_name_the_command(tmp_path):
    with pytest.raises(SurveyError, match="make survey TOPIC=demo"):
        survey.load("demo/x", tmp_path)
    entry = {"seeds": [0, 1], "units": {"0": {"values": {"x": 1.0}}}}
    record = {"surveys": {"demo/x": entry}}
    survey.records.write(tmp_path / "demo.json", record)
    with pytest.raises(SurveyError, match="1 of 2 seeds are recorded"):
        survey.load("demo/x", tmp_path)


def test_damaged_record_counts_as_none(tmp_path, capsys):
    (tmp_path / "demo.json").write_text('{"surveys"')
    with pytest.raises(SurveyError, match="no recorded survey"):
        survey.load("demo/x", tmp_path)
    assert "damaged, counts as none" in capsys.readouterr().err


# -- statistics -------------------------------------------------------------


def test_paired_difference_by_hand():
    """Differences 1, 2, 3: mean 2, deviation 1, error 1 / sqrt(3)."""
    found = paired([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert found.difference == 2.0
    assert found.error == pytest.approx(1 / np.sqrt(3))
    assert found.n == 3
    assert found.in_errors == pytest.approx(2 * np.sqrt(3))
    assert not found.equal


def test_paired_agrees_with_the_t_test_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9))
    assert paired(a, b).in_errors == pytest.approx(
        stats.ttest_rel(a, b).statistic
    )


@pytest.mark.parametrize(
    ("differences", "equal"),
    [([1, -1, 1, -1], True), ([3, 3, 3, 3], False), ([0, 0], True)],
)
def test_equal_is_within_two_standard_errors(differences, equal):
    found = paired(differences, [0] * len(differences))
    assert found.equal is equal
    assert np.isfinite(found.in_errors) or differences[0] == 3


@pytest.mark.parametrize(
    ("a", "b"), [([1.0], [2.0]), ([1, 2], [1]), ([[1, 2]], [[1, 2]])]
)
def test_paired_refuses_what_has_no_pairs(a, b):
    with pytest.raises(ValueError, match="at least two"):
        paired(a, b)


# -- this book's surveys ----------------------------------------------------

TOPICS = sorted(p.stem for p in survey.FOLDER.glob("[!_]*.py"))
MINUTES = 20  # of CPU that a topic's surveys may take


@pytest.mark.parametrize("topic", TOPICS)
def test_surveys_of_the_book_are_recorded_within_their_budget(topic):
    from topoi import claims

    ledger = claims.load_ledger()
    declared = survey.declared_in(topic)
    asked = {
        i
        for i, c in ledger.items()
        if c.survey and claims.topic_of(i) == topic
    }
    assert asked - set(declared) == set(), "survey: true, but none declared"
    assert set(declared) - asked == set(), "the entry needs survey: true"
    found = [survey.load(name) for name in declared]
    assert all(len(one.seeds) >= 5 for one in found)
    seconds = sum(one.facts["cpu_seconds"] for one in found)
    assert seconds <= 60 * MINUTES


def test_every_surveyed_claim_has_a_file_of_surveys():
    from topoi import claims

    ledger = claims.load_ledger()
    asked = {claims.topic_of(i) for i, c in ledger.items() if c.survey}
    assert asked <= set(TOPICS)
